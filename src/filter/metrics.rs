//! Envoy's metrics: `audit` names the series, this module keeps their numbers, once for each VM. A lost count changes no
//! decision.

use std::{
    cell::RefCell,
    collections::HashMap,
    hash::{BuildHasher as _, Hash as _, Hasher as _},
};

use proxy_wasm::types::{MetricType, Status};
use rustc_hash::FxBuildHasher;

use crate::{
    approval::ApprovalStore,
    audit::{
        AuditRecord,
        metric::{self, Label, MAX_SERIES, OTHER},
    },
    config::Config,
    results::FinderCounts,
};

use super::{host, shared_data::SharedData};

thread_local! {
    /// The numbers of the series, by [`series_key`]. Only the configuration chooses names and labels: a hash made for speed will do.
    static SERIES: RefCell<HashMap<u64, u32, FxBuildHasher>> = const { RefCell::new(HashMap::with_hasher(FxBuildHasher)) };
}

/// Makes the series without labels at zero: a scraper sees no rise in a series that was not there before.
pub(super) fn register_series() {
    for gauge in [metric::COUNTERS, metric::APPROVALS_PENDING, metric::APPROVALS_OLDEST] {
        add_to_series(MetricType::Gauge, gauge, &[], 0);
    }
    for counter in [metric::OVERFLOWS, metric::CONFLICTS, metric::APPROVALS_UNANSWERED, metric::LIMITS_UNANSWERED] {
        add_to_series(MetricType::Counter, counter, &[], 0);
    }
}

/// The same for notices, if a configuration has them sent.
pub(super) fn register_notices() {
    for counter in [metric::NOTICES_SENT, metric::NOTICES_FAILED] {
        add_to_series(MetricType::Counter, counter, &[], 0);
    }
}

/// Counts what was decided about a request.
pub(super) fn count_decision(config: &Config, record: &AuditRecord) {
    let labels = metric::decision_labels(config, record);
    add_to_series(MetricType::Counter, metric::DECISIONS, &labels, 1);
    if let ([policy, tool, _], true) = (labels, record.violates_schema) {
        add_to_series(MetricType::Counter, metric::INVALID_ARGUMENTS, &[policy, tool], 1);
    }
    if let Some(labels) = metric::shadow_labels(config, record) {
        add_to_series(MetricType::Counter, metric::SHADOW_DECISIONS, &labels, 1);
    }
    if let Some(reason) = record.reason_code {
        add_to_series(MetricType::Counter, metric::REFUSALS, &[("reason", reason)], 1);
    }
}

/// Sets the gauges of what waits for an approver. All workers see the same approvals, so all set the same values.
pub(super) fn set_pending_approvals() {
    let Some(now) = host::current_time() else { return };
    let Ok(pending) = ApprovalStore(&SharedData).pending(now) else { return };
    let count = u64::try_from(pending.count).unwrap_or(u64::MAX);
    let age = pending.oldest.map_or(0, |oldest| now.seconds().saturating_sub(oldest));
    for (gauge, value) in [(metric::APPROVALS_PENDING, count), (metric::APPROVALS_OLDEST, age)] {
        if let Ok(number) = number_of(MetricType::Gauge, gauge, &[]) {
            // A lost value comes again with the next tick.
            let _: Result<(), Status> = host::record_metric(number, value);
        }
    }
}

/// Counts what was found in an answer under a policy, and what rules in shadow found.
pub(super) fn count_redactions(policy: Option<&str>, found: &FinderCounts, shadow: &FinderCounts) {
    for (name, counts) in [(metric::REDACTIONS, found), (metric::SHADOW_REDACTIONS, shadow)] {
        for (finder, count) in counts.iter() {
            let labels = [("policy", policy.unwrap_or(metric::NONE)), ("finder", finder)];
            add_to_series(MetricType::Counter, name, &labels, count.into());
        }
    }
}

/// Adds to a series, which is made if it is new.
pub(super) fn add_to_series(kind: MetricType, name: &str, labels: &[Label<'_>], by: i64) {
    if let Ok(number) = number_of(kind, name, labels) {
        // A lost count changes no decision.
        let _: Result<(), Status> = host::increment_metric(number, by);
    }
}

/// A metric always has the same labels: their values tell its series apart.
fn series_key(name: &str, labels: &[Label<'_>]) -> u64 {
    let mut hasher = FxBuildHasher.build_hasher();
    name.hash(&mut hasher);
    labels.iter().for_each(|(_, value)| value.hash(&mut hasher));
    hasher.finish()
}

fn number_of(kind: MetricType, name: &str, labels: &[Label<'_>]) -> Result<u32, Status> {
    let key = series_key(name, labels);
    if let Some(number) = SERIES.with_borrow(|series| series.get(&key).copied()) {
        return Ok(number);
    }
    let is_other = labels.iter().all(|(_, value)| *value == OTHER);
    if !is_other && SERIES.with_borrow(HashMap::len) >= MAX_SERIES {
        let others: Vec<Label<'_>> = labels.iter().map(|(label, _)| (*label, OTHER)).collect();
        return number_of(kind, name, &others);
    }
    let number = host::define_metric(kind, &metric::series_name(name, labels))?;
    SERIES.with_borrow_mut(|series| series.insert(key, number));
    Ok(number)
}
