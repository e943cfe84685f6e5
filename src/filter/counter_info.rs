//! What each counter counts, for the console: written when a worker charges it first, a few times a second at most.

use std::cell::{Cell, RefCell};

use crate::{
    amount::Amount,
    audit::AuditRecord,
    audit::log_throttle::{LogThrottle, ThrottledLine},
    limit::{Charged, CounterInfo, CounterInfos},
    time::Timestamp,
};

use super::shared_data::SharedData;

/// Counters that a worker remembers.
const MAX_DESCRIBED: usize = 256;

thread_local! {
    /// Those that this worker has described, each by a part of its fingerprint and its maximum.
    static DESCRIBED: RefCell<[u64; MAX_DESCRIBED]> = const { RefCell::new([0; MAX_DESCRIBED]) };
    static WRITE_THROTTLE: Cell<LogThrottle> = const { Cell::new(LogThrottle::new()) };
}

/// Describes the counters that a call was charged to, but for those that this worker has described.
pub(super) fn describe(filter: &str, record: &AuditRecord, charged: &[Charged], now: Timestamp) {
    let [policy, grant] = [record.policy.as_deref(), record.grant.as_deref()].map(Option::unwrap_or_default);
    // A caller chooses the values of keys, whose counters would take the places of others.
    for charged in charged.iter().filter(|charged| charged.scope != "key" && is_new(charged, now)) {
        CounterInfos(&SharedData).set(&CounterInfo::new(filter, policy, grant, charged), now);
    }
}

fn is_new(charged: &Charged, now: Timestamp) -> bool {
    let [index, .., last] = charged.slot.fingerprint;
    let tag = charged.slot.fingerprint.last_chunk().copied().map_or(0, u64::from_le_bytes);
    // A tag of zero would pass for an empty place.
    let tag = (tag ^ charged.quota.max.map_or(u64::MAX, Amount::millionths)) | u64::from(last == 0);
    DESCRIBED.with(|described| {
        let Ok(mut described) = described.try_borrow_mut() else { return false };
        let Some(known) = described.get_mut(usize::from(index)) else { return false };
        if *known == tag || !may_write(now) {
            return false;
        }
        *known = tag;
        true
    })
}

fn may_write(now: Timestamp) -> bool {
    let mut pace = WRITE_THROTTLE.get();
    let paced = pace.admit(now);
    WRITE_THROTTLE.set(pace);
    matches!(paced, ThrottledLine::Line { .. })
}
