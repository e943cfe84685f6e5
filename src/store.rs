//! Where cells are kept.
//!
//! Envoy's shared data has no delete and no create-if-absent, and a write to a key that is missing always succeeds.
//! So a store here has a fixed number of cells that are made before the first request, and a cell that is missing is
//! a failure, never an empty one. Each begins as [`HEADER`], whatever it is for.

pub mod framing;

use std::{cell::RefCell, ops::Range};

use crate::{
    limit::{Charge, CounterSlot},
    time::Timestamp,
};

/// Sixteen random bytes that every worker of one Envoy shares; they keep callers from steering where they count.
pub type Seed = [u8; 16];

/// What a cell holds at first: the name and the version of every format there is. It is also part of each cell's name, so a
/// new version starts with new cells.
pub const HEADER: &[u8] = b"mcp\x01";

/// The cells that the table of counters lies in.
pub const TABLE: Range<u16> = 0..4096;
/// How many counters there are.
pub const TOTALS: u16 = 4096;
/// The questions that wait for approval, and those that were answered.
pub const APPROVALS: u16 = 4097;
/// What is asked, each question in a cell of its own.
pub const APPROVAL_DETAILS: Range<u16> = 4098..4354;
/// Where the next of the [`DECISIONS`] go.
pub const NEXT_DECISION: u16 = 4354;
/// The newest decisions, for people to see.
pub const DECISIONS: Range<u16> = 4355..4611;
/// What some counters count, for people to see: the table itself keeps no names.
pub const COUNTER_INFO: Range<u16> = 4611..4867;
/// All cells.
pub const CELLS: Range<u16> = 0..4867;

/// How often a write is tried again when other workers were faster. Each failure means that another one got through, so with
/// 64 tries even 64 workers in lock step all finish.
pub const MAX_CAS_ATTEMPTS: u32 = 64;

/// The cell of this index in one of the ranges of 256.
#[must_use]
pub fn cell(cells: &Range<u16>, index: u8) -> u16 {
    cells.start.saturating_add(u16::from(index))
}

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
pub enum Cas {
    /// It is done.
    Done,
    /// Somebody else wrote in between; nothing has changed.
    Mismatch,
}

/// A cell could not be read or written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unavailable;

/// Something that happened to the table, for statistics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// So many counters more are kept, or less.
    CountersChanged(i64),
    /// There was no room for a caller's own counter.
    Overflow,
    /// Another worker was faster.
    Conflict,
}

/// Cells that all workers see.
pub trait Store {
    /// Takes note of an event.
    fn record_event(&self, event: Event) {
        let _ = event;
    }

    /// Takes note of a charge: the table itself keeps no names for people to see.
    fn charged(&self, charge: &Charge<'_>, place: &CounterSlot, now: Timestamp) {
        let _ = (charge, place, now);
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

    /// Writes a cell, whoever has written it: what people look at, and no verdict hangs on.
    ///
    /// # Errors
    /// It cannot be written.
    fn set(&self, cell: u16, bytes: &[u8]) -> Result<(), Unavailable> {
        let version = self.read(cell)?.version;
        self.compare_and_swap(cell, bytes, version).map(drop)
    }

    /// Writes a cell that nobody has written since it had `version`.
    ///
    /// # Errors
    /// It cannot be written.
    fn compare_and_swap(&self, cell: u16, bytes: &[u8], version: u32) -> Result<Cas, Unavailable>;
}

/// A store in memory: what the command and the tests count in.
#[derive(Debug)]
pub struct InMemory {
    seed: Seed,
    cells: RefCell<Vec<Versioned>>,
}

impl InMemory {
    /// Cells that hold nothing.
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
