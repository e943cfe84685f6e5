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
        let make = |cell| host::init_shared_data(CellKey::new(cell).text(), store::HEADER);
        let has_cells = store::CELLS.map(make).all(|made| made.is_ok());
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
        host::get_shared_data(CellKey::new(cell).text())
    }

    fn set(&self, cell: u16, bytes: &[u8]) -> Result<(), Unavailable> {
        host::set_shared_data(CellKey::new(cell).text(), bytes)
    }

    fn compare_and_swap(&self, cell: u16, bytes: &[u8], version: u32) -> Result<Cas, Unavailable> {
        host::cas_shared_data(CellKey::new(cell).text(), bytes, version)
    }
}

fn seed_key() -> String {
    [PREFIX, "seed"].concat()
}

/// The key of a cell, [`PREFIX`] and its number: by hand, since each charge needs two.
struct CellKey {
    bytes: [u8; PREFIX.len() + 8],
    length: usize,
}

impl CellKey {
    fn new(cell: u16) -> Self {
        let digits = [cell / 10_000, cell / 1000 % 10, cell / 100 % 10, cell / 10 % 10, cell % 10];
        let [a, b, c, d, e] = digits.map(|digit| b'0'.wrapping_add(u8::try_from(digit).unwrap_or_default()));
        let zeros: u32 = [10, 100, 1000, 10_000].iter().map(|power| u32::from(cell < *power)).sum();
        // The lowest byte comes first.
        let digits = u64::from_le_bytes([a, b, c, d, e, 0, 0, 0]) >> zeros.wrapping_mul(8);
        let mut bytes = [0; PREFIX.len() + 8];
        let (front, back) = bytes.split_at_mut(PREFIX.len());
        front.copy_from_slice(PREFIX.as_bytes());
        back.copy_from_slice(&digits.to_le_bytes());
        Self { bytes, length: PREFIX.len().saturating_add(5).saturating_sub(zeros as usize) }
    }

    fn text(&self) -> &str {
        self.bytes.get(..self.length).and_then(|bytes| std::str::from_utf8(bytes).ok()).unwrap_or_default()
    }
}

/// Sixteen bytes that no caller can foresee; `None` if the host has no random bytes.
fn random_seed() -> Option<Seed> {
    let mut seed = Seed::default();
    getrandom::fill(&mut seed).ok()?;
    Some(seed)
}
