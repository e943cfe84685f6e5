//! Envoy's statistics: which series there are is the engine's to say, their numbers are kept here, once for each VM. A
//! count that is lost changes no verdict.

use std::{cell::RefCell, collections::HashMap, hash::BuildHasher as _};

use crate::{
    config::Config,
    engine::{
        AuditRecord,
        metric::{self, Label, MAX_SERIES, OTHER},
    },
};

use super::{
    host::{self, Metric, Status},
    spread::BuildSpread,
};

thread_local! {
    /// The numbers of the series, by a hash of what they count: their names are long.
    static SERIES: RefCell<HashMap<u64, u32, BuildSpread>> =
        const { RefCell::new(HashMap::with_hasher(BuildSpread::new())) };
}

/// Makes the series that have no labels: a statistic that is not there yet cannot be seen to rise.
pub(super) fn announce() {
    add(Metric::Gauge, metric::COUNTERS, &[], 0);
    for counter in [metric::OVERFLOWS, metric::CONFLICTS, metric::APPROVALS_UNANSWERED, metric::LIMITS_UNANSWERED] {
        add(Metric::Counter, counter, &[], 0);
    }
}

/// Counts what became of a request.
pub(super) fn count(config: &Config, record: &AuditRecord) {
    add(Metric::Counter, metric::DECISIONS, &metric::decision(config, record), 1);
    if let Some(labels) = metric::shadow(config, record) {
        add(Metric::Counter, metric::SHADOW_DECISIONS, &labels, 1);
    }
    if let Some(reason) = record.reason {
        add(Metric::Counter, metric::REFUSALS, &[("reason", reason)], 1);
    }
}

/// Adds to a series, which is made where it is new.
pub(super) fn add(kind: Metric, name: &str, labels: &[Label<'_>], by: i64) {
    if let Ok(number) = number_of(kind, name, labels) {
        // There is nobody to tell that a count was lost.
        let _: Result<(), Status> = host::add_to_metric(number, by);
    }
}

fn number_of(kind: Metric, name: &str, labels: &[Label<'_>]) -> Result<u32, Status> {
    let key = BuildSpread::new().hash_one((name, labels));
    if let Some(number) = SERIES.with_borrow(|series| series.get(&key).copied()) {
        return Ok(number);
    }
    let is_other = labels.iter().all(|(_, value)| *value == OTHER);
    if !is_other && SERIES.with_borrow(HashMap::len) >= MAX_SERIES {
        let others: Vec<Label<'_>> = labels.iter().map(|(label, _)| (*label, OTHER)).collect();
        return number_of(kind, name, &others);
    }
    let number = host::define_metric(kind, &metric::name(name, labels))?;
    SERIES.with_borrow_mut(|series| series.insert(key, number));
    Ok(number)
}
