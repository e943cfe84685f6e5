//! Where cells are kept.
//!
//! Envoy's shared data has no delete and no create-if-absent, and a write to a key that is missing always succeeds.
//! So a store here has a fixed number of cells that are made before the first request, and a cell that is missing is
//! a failure, never an empty one.

use std::cell::RefCell;

use super::{Seed, table, totals};

/// The bytes of a cell and the version they had when they were read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Versioned {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// Opaque; only for writing back.
    pub version: u32,
}

/// What became of a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// It is done.
    Committed,
    /// Somebody else wrote in between; nothing has changed.
    Outdated,
}

/// A cell could not be read or written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unavailable;

/// Something that happened to the table, for statistics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// So many counters more are kept, or less.
    Kept(i64),
    /// There was no room for a caller's own counter.
    Overflow,
    /// Another worker was faster.
    Conflict,
}

/// Cells that all workers see.
pub trait Store {
    /// Takes note of an event.
    fn note(&self, event: Event) {
        let _ = event;
    }

    /// The secret of the table.
    ///
    /// # Errors
    /// It cannot be read, or was never made.
    fn seed(&self) -> Result<Seed, Unavailable>;

    /// Reads a cell.
    ///
    /// # Errors
    /// It cannot be read, or was never made.
    fn read(&self, cell: u16) -> Result<Versioned, Unavailable>;

    /// Writes a cell that nobody has written since it had `version`.
    ///
    /// # Errors
    /// It cannot be written.
    fn write(&self, cell: u16, bytes: &[u8], version: u32) -> Result<Written, Unavailable>;
}

/// A store in memory: what the command and the tests count in.
#[derive(Debug)]
pub struct InMemory {
    seed: Seed,
    cells: RefCell<Vec<Versioned>>,
}

impl InMemory {
    /// A table of empty cells.
    #[must_use]
    pub fn new(seed: Seed) -> Self {
        let empty = Versioned { bytes: table::EMPTY.to_vec(), version: 1 };
        let mut cells = vec![empty; usize::from(table::CELLS)];
        cells.push(Versioned { bytes: totals::NONE.to_vec(), version: 1 });
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

    fn write(&self, cell: u16, bytes: &[u8], version: u32) -> Result<Written, Unavailable> {
        let mut cells = self.cells.borrow_mut();
        let stored = cells.get_mut(usize::from(cell)).ok_or(Unavailable)?;
        if stored.version != version {
            return Ok(Written::Outdated);
        }
        *stored = Versioned { bytes: bytes.to_vec(), version: version.wrapping_add(1) };
        Ok(Written::Committed)
    }
}
