//! One counter in its cell of the table: what the cell tells of it, and the write that keeps all limits correct.

use super::Counters;
use crate::{
    limit::{
        CounterSlot, LimitExceeded,
        quota::Count,
        shard::{Shard, StoredCount},
        totals::{CounterClass, CounterDelta, TableFull, Totals},
    },
    store::{Event, Store, TOTALS, Unavailable},
    time::Timestamp,
};

/// One counter was not charged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ChargeOneError {
    /// Its limit has no room.
    Full(LimitExceeded),
    /// The table has no room for it.
    NoRoom,
    /// It could not be read or written.
    Unavailable,
}

impl<S: Store> Counters<'_, S> {
    /// Reads what its cell tells of a counter.
    ///
    /// # Errors
    /// The cell cannot be read.
    pub(super) fn read_count(&self, slot: &CounterSlot) -> Result<StoredCount, Unavailable> {
        let stored = self.store.read(slot.cell)?;
        Ok(Shard::read(&stored.bytes).ok_or(Unavailable)?.find(&slot.fingerprint))
    }

    /// Replaces a count by the one that `step` makes of it, if the table has room. Returns that count, and what
    /// [`Self::update_totals`] has to add to the totals.
    ///
    /// # Errors
    /// What `step` returns; or the table has no room, or the cell cannot be read or written. Then the count stays.
    pub(super) fn replace_count(
        &self,
        slot: &CounterSlot,
        class: CounterClass,
        now: Timestamp,
        step: &dyn Fn(StoredCount) -> Result<Count, ChargeOneError>,
    ) -> Result<(Count, CounterDelta), ChargeOneError> {
        self.store.update(slot.cell, |bytes| {
            let shard = Shard::read(bytes).ok_or(Unavailable)?;
            let count = step(shard.find(&slot.fingerprint))?;
            let (bytes, delta) = shard.with(slot.fingerprint, class, count, now)?;
            if delta.needs_room() {
                let stored = self.store.read(TOTALS)?;
                Totals::read(&stored.bytes).ok_or(Unavailable)?.admit(delta, class, self.capacity)?;
            }
            Ok(((count, delta), Some(bytes)))
        })
    }

    /// Adds to the totals what [`Self::replace_count`] has changed.
    ///
    /// # Errors
    /// The totals cannot be read or written.
    pub(super) fn update_totals(&self, delta: CounterDelta) -> Result<(), Unavailable> {
        if delta == CounterDelta::default() {
            return Ok(());
        }
        self.store.update(TOTALS, |bytes| {
            let totals = Totals::read(bytes).ok_or(Unavailable)?;
            Ok::<_, Unavailable>(((), Some(totals.after(delta).to_bytes())))
        })?;
        self.store.record_event(Event::CountersChanged(delta.all));
        Ok(())
    }
}

impl From<LimitExceeded> for ChargeOneError {
    fn from(full: LimitExceeded) -> Self {
        Self::Full(full)
    }
}

impl From<TableFull> for ChargeOneError {
    fn from(TableFull: TableFull) -> Self {
        Self::NoRoom
    }
}

impl From<Unavailable> for ChargeOneError {
    fn from(Unavailable: Unavailable) -> Self {
        Self::Unavailable
    }
}
