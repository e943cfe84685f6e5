//! Updates that other workers interrupt.

#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use std::cell::Cell;

use super::{CELLS, Cas, Event, HEADER, InMemory, Seed, Store, TOTALS, Unavailable, Versioned};

/// A store in which other workers are faster for a number of writes, and which counts conflicts.
struct Contended {
    inner: InMemory,
    faster: Cell<u32>,
    conflicts: Cell<u32>,
    writes: Cell<u32>,
}

impl Contended {
    fn new(faster: u32) -> Self {
        let [conflicts, writes] = [const { Cell::new(0) }; 2];
        Self { inner: InMemory::new([0; 16]), faster: Cell::new(faster), conflicts, writes }
    }
}

impl Store for Contended {
    fn record_event(&self, event: Event) {
        assert_eq!(event, Event::Conflict);
        self.conflicts.set(self.conflicts.get() + 1);
    }

    fn seed(&self) -> Result<Seed, Unavailable> {
        self.inner.seed()
    }

    fn read(&self, cell: u16) -> Result<Versioned, Unavailable> {
        self.inner.read(cell)
    }

    fn compare_and_swap(&self, cell: u16, bytes: &[u8], version: u32) -> Result<Cas, Unavailable> {
        self.writes.set(self.writes.get() + 1);
        if let Some(left) = self.faster.get().checked_sub(1) {
            self.faster.set(left);
            let theirs = [&self.inner.read(cell)?.bytes[..], b"x"].concat();
            self.inner.compare_and_swap(cell, &theirs, version)?;
        }
        self.inner.compare_and_swap(cell, bytes, version)
    }
}

/// Adds a byte, and returns how many there were.
fn append(bytes: &[u8]) -> Result<(usize, Option<Vec<u8>>), Unavailable> {
    Ok((bytes.len() - HEADER.len(), Some([bytes, b"o"].concat())))
}

#[test]
fn an_update_runs_again_on_what_other_workers_wrote_and_counts_each_conflict_once() {
    let store = Contended::new(63);
    assert_eq!(store.update(TOTALS, append), Ok(63));
    assert_eq!(store.read(TOTALS).unwrap().bytes, [HEADER, &[b'x'; 63], b"o"].concat());
    assert_eq!((store.conflicts.get(), store.writes.get()), (63, 64));
}

#[test]
fn an_update_gives_up_after_64_attempts() {
    let store = Contended::new(u32::MAX);
    assert_eq!(store.update(TOTALS, append), Err(Unavailable));
    assert_eq!((store.conflicts.get(), store.writes.get()), (64, 64));
}

#[test]
fn an_update_writes_nothing_if_nothing_changes_or_the_step_fails() {
    let store = Contended::new(0);
    assert_eq!(store.update(TOTALS, |_| Ok::<_, Unavailable>((1, None))), Ok(1));
    assert_eq!(store.update(TOTALS, |bytes| Ok::<_, Unavailable>((2, Some(bytes.to_vec())))), Ok(2));
    assert_eq!(store.update(TOTALS, |_| Err::<((), _), _>(Unavailable)), Err(Unavailable));
    assert_eq!(store.writes.get(), 0);
}

#[test]
fn a_cell_that_was_never_made_is_unavailable() {
    let store = Contended::new(0);
    assert_eq!(store.update(CELLS.end, append), Err(Unavailable));
    assert_eq!(store.set(CELLS.end, b""), Err(Unavailable));
}

#[test]
fn a_set_wins_over_other_workers() {
    let store = Contended::new(2);
    store.set(TOTALS, b"ours").unwrap();
    assert_eq!(store.read(TOTALS).unwrap().bytes, b"ours");
}

#[test]
fn a_store_in_memory_has_its_seed_and_empty_cells() {
    let store = InMemory::new([7; 16]);
    assert_eq!(store.seed(), Ok([7; 16]));
    let empty = Versioned { bytes: HEADER.to_vec(), version: 1 };
    assert_eq!([CELLS.start, CELLS.end - 1].map(|cell| store.read(cell)), [Ok(empty.clone()), Ok(empty)]);
    assert_eq!(store.read(CELLS.end), Err(Unavailable));
    assert_eq!(store.compare_and_swap(CELLS.end, b"", 1), Err(Unavailable));
}
