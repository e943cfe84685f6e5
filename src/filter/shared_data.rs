//! The store in Envoy's shared data: a fixed table of cells.
//!
//! Shared data has no delete, and a write to a missing key always succeeds. So the cells are made while configuring,
//! which Envoy does first on its main thread, before any worker; the seed last, so that its presence proves that
//! all cells exist. A request never makes a key, and no code here overwrites one: a thread that comes late, or fails to
//! read a key, takes no count away.

use std::cell::Cell;

use proxy_wasm::types::MetricType;

use crate::{
    audit::metric,
    store::{self, Cas, Event, Seed, Store, Unavailable, Versioned},
};

use super::{host, metrics};

/// Names the product and the format, since other filters may share the name space; a new format starts a new table.
const PREFIX: &str = "mcp-policy/1/";

thread_local! {
    static SEED: Cell<Option<Seed>> = const { Cell::new(None) };
}

/// Counters that all workers of this Envoy share, and that outlive configurations.
#[derive(Clone, Copy, Debug)]
pub(super) struct SharedData;

impl SharedData {
    /// Makes what is missing. Whether that works has no say in configuring: a request that finds a cell missing is
    /// refused.
    pub(super) fn prepare() {
        // The last cell, too: a module before this one may have made fewer.
        let last = store::CELLS.end.saturating_sub(1);
        if Self.seed().is_ok() && Self.read(last).is_ok() {
            return;
        }
        let has_cells = store::CELLS.map(cell_key).all(|key| host::init_shared_data(&key, store::HEADER).is_ok());
        let seed = if has_cells { random_seed() } else { None };
        if seed.is_none_or(|seed| host::init_shared_data(&seed_key(), &seed).is_err()) {
            log::error!("the table of counters could not be made: calls with limits will be refused");
        }
    }
}

impl Store for SharedData {
    fn record_event(&self, event: Event) {
        match event {
            Event::CountersChanged(more) => metrics::add_to_series(MetricType::Gauge, metric::COUNTERS, &[], more),
            Event::Overflow => metrics::add_to_series(MetricType::Counter, metric::OVERFLOWS, &[], 1),
            Event::Conflict => metrics::add_to_series(MetricType::Counter, metric::CONFLICTS, &[], 1),
        }
    }

    /// Once it is there it stays what it is, so each worker reads it once.
    fn seed(&self) -> Result<Seed, Unavailable> {
        if let Some(seed) = SEED.get() {
            return Ok(seed);
        }
        let stored = host::get_shared_data(&seed_key())?;
        let seed = Seed::try_from(stored.bytes.as_slice()).map_err(|_| Unavailable)?;
        SEED.set(Some(seed));
        Ok(seed)
    }

    fn read(&self, cell: u16) -> Result<Versioned, Unavailable> {
        host::get_shared_data(&cell_key(cell))
    }

    fn set(&self, cell: u16, bytes: &[u8]) -> Result<(), Unavailable> {
        host::set_shared_data(&cell_key(cell), bytes)
    }

    fn compare_and_swap(&self, cell: u16, bytes: &[u8], version: u32) -> Result<Cas, Unavailable> {
        host::cas_shared_data(&cell_key(cell), bytes, version)
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

/// Sixteen bytes that no caller can foresee; `None` if the host has no random bytes.
fn random_seed() -> Option<Seed> {
    let mut seed = Seed::default();
    getrandom::fill(&mut seed).ok()?;
    Some(seed)
}
