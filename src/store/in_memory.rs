//! A store in memory.

use std::cell::RefCell;

use super::{CELLS, Cas, HEADER, Seed, Store, Unavailable, Versioned};

/// A store in memory: the command and the tests count in it.
#[derive(Debug)]
pub struct InMemory {
    seed: Seed,
    cells: RefCell<Vec<Versioned>>,
}

impl InMemory {
    /// A store whose cells are all empty.
    #[must_use]
    pub fn new(seed: Seed) -> Self {
        let cells = CELLS.map(|_| Versioned { bytes: HEADER.to_vec(), version: 1 }).collect();
        Self { seed, cells: RefCell::new(cells) }
    }
}

impl Store for InMemory {
    fn seed(&self) -> Result<Seed, Unavailable> {
        Ok(self.seed)
    }

    fn read(&self, cell: u16) -> Result<Versioned, Unavailable> {
        self.cells.borrow().get(usize::from(cell)).cloned().ok_or(Unavailable)
    }

    fn compare_and_swap(&self, cell: u16, bytes: &[u8], version: u32) -> Result<Cas, Unavailable> {
        let mut cells = self.cells.borrow_mut();
        let stored = cells.get_mut(usize::from(cell)).ok_or(Unavailable)?;
        if stored.version != version {
            return Ok(Cas::Mismatch);
        }
        *stored = Versioned { bytes: bytes.to_vec(), version: version.wrapping_add(1) };
        Ok(Cas::Done)
    }
}
