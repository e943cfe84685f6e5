//! The table of counters in Envoy's shared data.
//!
//! Shared data has no delete, and a write to a key that is missing always succeeds. So the cells are made while
//! configuring, which Envoy does first on its main thread, before any worker; the seed last, so that its presence says
//! that all is there. A request never makes a key, and nothing here overwrites one: whichever thread comes late, or
//! fails to read what is there, it takes no count away.

use std::{
    cell::Cell,
    hash::{BuildHasher as _, RandomState},
};

use crate::{
    engine::metric,
    limit::{Charge, CounterSlot},
    store::{self, Cas, Event, Seed, Store, Unavailable, Versioned},
    time::Timestamp,
};

use super::{
    host::{self, Metric},
    labels, metrics,
};

/// Names the product and the format, since other filters may share the name space; a new format starts a new table.
const PREFIX: &str = "mcp-policy/1/";

thread_local! {
    static SEED: Cell<Option<Seed>> = const { Cell::new(None) };
}

/// Counters that all workers of this Envoy share, and that outlive configurations.
#[derive(Clone, Copy, Debug)]
pub(super) struct SharedTable;

impl SharedTable {
    /// Makes what is missing. Whether that works has no say in configuring: a request that finds a cell missing is
    /// refused.
    pub(super) fn prepare() {
        // The last cell, too: a module before this one may have made fewer.
        let last = store::CELLS.end.saturating_sub(1);
        if Self.seed().is_ok() && Self.read(last).is_ok() {
            return;
        }
        let made = store::CELLS.map(cell_key).all(|key| host::make_shared(&key, store::HEADER).is_ok());
        if !made || host::make_shared(&seed_key(), &random_seed()).is_err() {
            log::error!("the table of counters could not be made: calls with limits will be refused");
        }
    }
}

impl Store for SharedTable {
    fn charged(&self, charge: &Charge<'_>, place: &CounterSlot, now: Timestamp) {
        labels::note(charge, place, now);
    }

    fn record_event(&self, event: Event) {
        match event {
            Event::CountersChanged(more) => metrics::add(Metric::Gauge, metric::COUNTERS, &[], more),
            Event::Overflow => metrics::add(Metric::Counter, metric::OVERFLOWS, &[], 1),
            Event::Conflict => metrics::add(Metric::Counter, metric::CONFLICTS, &[], 1),
        }
    }

    /// Once it is there it stays what it is, so each worker reads it once.
    fn seed(&self) -> Result<Seed, Unavailable> {
        if let Some(seed) = SEED.get() {
            return Ok(seed);
        }
        let stored = host::shared(&seed_key())?;
        let seed = Seed::try_from(stored.bytes.as_slice()).map_err(|_| Unavailable)?;
        SEED.set(Some(seed));
        Ok(seed)
    }

    fn read(&self, cell: u16) -> Result<Versioned, Unavailable> {
        host::shared(&cell_key(cell))
    }

    fn set(&self, cell: u16, bytes: &[u8]) -> Result<(), Unavailable> {
        host::overwrite(&cell_key(cell), bytes)
    }

    fn compare_and_swap(&self, cell: u16, bytes: &[u8], version: u32) -> Result<Cas, Unavailable> {
        host::share(&cell_key(cell), bytes, version)
    }
}

fn seed_key() -> String {
    [PREFIX, "seed"].concat()
}

/// By hand, since each charge needs one.
fn cell_key(cell: u16) -> String {
    let mut key = String::with_capacity(PREFIX.len().saturating_add(5));
    key.push_str(PREFIX);
    let mut unit = 10_000;
    while unit > cell.max(1) {
        unit /= 10;
    }
    while unit > 0 {
        key.push(char::from(b'0'.saturating_add(u8::try_from(cell / unit % 10).unwrap_or_default())));
        unit /= 10;
    }
    key
}

/// The standard library draws the keys of its hasher from the host's random source; two hashes under such keys are
/// sixteen bytes that nobody can foresee.
fn random_seed() -> Seed {
    let state = RandomState::new();
    let mut seed = Seed::default();
    let (front, back) = seed.split_at_mut(8);
    front.copy_from_slice(&state.hash_one(0_u8).to_le_bytes());
    back.copy_from_slice(&state.hash_one(1_u8).to_le_bytes());
    seed
}
