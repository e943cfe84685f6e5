//! The cells that all workers of one Envoy share: the store of limits, approvals and the decision log.
//!
//! Envoy's shared data has no delete and no create-if-absent, and a write to a missing key always succeeds. So a store
//! has a fixed number of cells, which exist before the first request, and a missing cell is a failure, never an empty one.
//! Every cell starts as [`HEADER`].
//!
//! * [`Store`]: reads, writes and updates cells; the filter implements it on shared data
//! * [`InMemory`]: the same for the command and for tests
//! * [`framing`]: several texts in one cell

pub mod framing;
mod in_memory;

#[cfg(test)]
mod tests;

use std::ops::Range;

pub use in_memory::InMemory;

/// Sixteen random bytes that all workers of one Envoy share. Callers do not know them, so that no caller chooses the cell
/// of its counters.
pub type Seed = [u8; 16];

/// What a cell holds at first: the name and the version of the cells' format. It is part of each cell's key, too, so a new
/// version starts with new cells.
pub const HEADER: &[u8] = b"mcp\x01";

/// The shards of the table of counters.
pub const COUNTER_SHARDS: Range<u16> = 0..4096;
/// How many counters the table holds.
pub const TOTALS: u16 = 4096;
/// The approvals: pending, approved and rejected.
pub const APPROVALS: u16 = 4097;
/// The details of each approval.
pub const APPROVAL_DETAILS: Range<u16> = 4098..4354;
/// The position in [`DECISIONS`] of the next block of records.
pub const NEXT_DECISION: u16 = 4354;
/// The newest decisions, for the console.
pub const DECISIONS: Range<u16> = 4355..4611;
/// What some counters count, for the console.
pub const COUNTER_INFO: Range<u16> = 4611..4867;
/// The pinned tools whose definition in some list was another one.
pub const DRIFTS: u16 = 4867;
/// What the lists showed.
pub const DRIFT_DETAILS: Range<u16> = 4868..5124;
/// What lists say of tools whose calls need approval.
pub const TOOL_NOTES: Range<u16> = 5124..5188;
/// All cells.
pub const CELLS: Range<u16> = 0..5188;

/// Attempts of one update. Each that fails means that another worker's succeeded, so with 64 attempts even 64 workers in
/// lock step all finish.
const MAX_CAS_ATTEMPTS: u32 = 64;

/// The cell with this index in one of the ranges of 256.
#[must_use]
pub fn cell(cells: &Range<u16>, index: u8) -> u16 {
    cells.start.saturating_add(u16::from(index))
}

/// The bytes of a cell, and their version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Versioned {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// Opaque; for [`Store::compare_and_swap`].
    pub version: u32,
}

/// The outcome of a compare-and-swap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cas {
    /// The cell has the new bytes.
    Done,
    /// Another worker wrote the cell since it was read; nothing has changed.
    Mismatch,
}

/// A cell could not be read or written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unavailable;

/// Something that happened to the store, for statistics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// The table holds that many counters more, or fewer.
    CountersChanged(i64),
    /// The table had no room for a caller's own counter.
    Overflow,
    /// Another worker wrote a cell between the reading and the writing of this one.
    Conflict,
}

/// Cells that all workers share.
pub trait Store {
    /// Counts an event in a statistic, if there are any.
    fn record_event(&self, event: Event) {
        let _ = event;
    }

    /// The secret that chooses the cells of counters.
    ///
    /// # Errors
    /// It cannot be read, or was never made.
    fn seed(&self) -> Result<Seed, Unavailable>;

    /// Reads a cell.
    ///
    /// # Errors
    /// It cannot be read, or was never made.
    fn read(&self, cell: u16) -> Result<Versioned, Unavailable>;

    /// Writes a cell if it still has `version`.
    ///
    /// # Errors
    /// It cannot be written.
    fn compare_and_swap(&self, cell: u16, bytes: &[u8], version: u32) -> Result<Cas, Unavailable>;

    /// Writes a cell, whatever other workers write. For data that is only displayed.
    ///
    /// # Errors
    /// It cannot be written.
    fn set(&self, cell: u16, bytes: &[u8]) -> Result<(), Unavailable> {
        self.update(cell, |_| Ok(((), Some(bytes.to_vec()))))
    }

    /// Replaces the bytes of a cell by those that `step` makes of them, and returns the step's outcome. If another worker
    /// writes in between, `step` runs again on the new bytes; no more than 64 times, and each time is an
    /// [`Event::Conflict`]. Nothing is written if `step` returns no bytes or the bytes that it was given.
    ///
    /// ```
    /// # use mcp_policy::store::{InMemory, Store as _, TOTALS, Unavailable};
    /// let store = InMemory::new([0; 16]);
    /// let size = store.update(TOTALS, |bytes| {
    ///     let longer = [bytes, b"!"].concat();
    ///     Ok::<_, Unavailable>((longer.len(), Some(longer)))
    /// })?;
    /// assert_eq!((size, store.read(TOTALS)?.bytes), (5, b"mcp\x01!".to_vec()));
    /// # Ok::<(), Unavailable>(())
    /// ```
    ///
    /// # Errors
    /// What `step` returns; or the cell cannot be read or written, or other workers were faster each time.
    fn update<T, E: From<Unavailable>>(
        &self,
        cell: u16,
        step: impl Fn(&[u8]) -> Result<(T, Option<Vec<u8>>), E>,
    ) -> Result<T, E> {
        for _ in 0..MAX_CAS_ATTEMPTS {
            let stored = self.read(cell)?;
            let (outcome, bytes) = step(&stored.bytes)?;
            let Some(bytes) = bytes.filter(|bytes| *bytes != stored.bytes) else { return Ok(outcome) };
            match self.compare_and_swap(cell, &bytes, stored.version)? {
                Cas::Done => return Ok(outcome),
                Cas::Mismatch => self.record_event(Event::Conflict),
            }
        }
        Err(Unavailable.into())
    }
}
