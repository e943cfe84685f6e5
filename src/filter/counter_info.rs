//! What each counter counts, for the console: written when a worker charges it first, a few times a second at most.

use std::cell::{Cell, RefCell};

use crate::{
    audit::log_throttle::{LogThrottle, ThrottledLine},
    limit::{Charge, CounterInfos, CounterSlot},
    time::Timestamp,
};

use super::shared_data::SharedData;

/// Counters that a worker remembers.
const KNOWN: usize = 256;

thread_local! {
    /// Those that this worker has described, each by a part of its fingerprint and its maximum.
    static DESCRIBED: RefCell<[u64; KNOWN]> = const { RefCell::new([0; KNOWN]) };
    static PACE: Cell<LogThrottle> = const { Cell::new(LogThrottle::new()) };
}

/// Describes a counter that was charged, unless this worker has done so.
pub(super) fn describe(charge: &Charge<'_>, place: &CounterSlot, now: Timestamp) {
    let [index, .., last] = place.fingerprint;
    let tag = place.fingerprint.last_chunk().copied().map_or(0, u64::from_le_bytes) ^ charge.quota.max.millionths();
    // A tag of zero would pass for an empty place.
    let tag = tag | u64::from(last == 0);
    let is_new = DESCRIBED.with(|described| {
        let Ok(mut described) = described.try_borrow_mut() else { return false };
        let Some(known) = described.get_mut(usize::from(index)) else { return false };
        if *known == tag || !may_write(now) {
            return false;
        }
        *known = tag;
        true
    });
    if is_new {
        CounterInfos(&SharedData).set(charge, place, now);
    }
}

fn may_write(now: Timestamp) -> bool {
    let mut pace = PACE.get();
    let paced = pace.admit(now);
    PACE.set(pace);
    matches!(paced, ThrottledLine::Line { .. })
}
