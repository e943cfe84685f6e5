//! Counters that several targets share, be it that conditions read them: where one of them is decided otherwise, the count of all of them is another.

use std::collections::BTreeSet;

use super::effective::Effective;

/// The counters that one target charges or reads in either policy, and whether the target itself is decided otherwise.
pub(super) struct TargetCounters {
    name: String,
    differs: bool,
    counters: BTreeSet<String>,
}

impl TargetCounters {
    pub(super) fn new(name: String, differs: bool, old: &Effective<'_>, new: &Effective<'_>) -> Self {
        // A call that is denied charges nothing, and no condition decides on it.
        let counting = [old, new].into_iter().filter(|side| side.denied.is_none());
        let names = counting.flat_map(|side| {
            side.limits.keys().chain(side.shadow_counts.keys()).copied().chain(side.observed()).map(str::to_owned)
        });
        Self { name, differs, counters: names.collect() }
    }
}

/// The targets without a difference of their own that share a counter with one that differs, directly or over others.
pub(super) fn affected(targets: &[TargetCounters]) -> Vec<&str> {
    let mut counters: BTreeSet<&String> = BTreeSet::new();
    let mut reached = vec![false; targets.len()];
    loop {
        let mut grew = false;
        for (target, reached) in targets.iter().zip(&mut reached) {
            if !*reached && (target.differs || target.counters.iter().any(|counter| counters.contains(counter))) {
                (*reached, grew) = (true, true);
                counters.extend(&target.counters);
            }
        }
        if !grew {
            break;
        }
    }
    let affected = targets.iter().zip(reached).filter(|(target, reached)| *reached && !target.differs);
    affected.map(|(target, _)| target.name.as_str()).collect()
}
