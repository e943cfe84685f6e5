//! Counters that stay where they are.

use std::collections::HashSet;

use crate::policy::Rule;

use super::{Lint, Lints, quoted, view::Entry};

pub(super) fn look(found: &mut Lints<'_>) {
    let view = found.view;
    let charged = view.live().filter(|live| !(live.entry.is_some() && view.is_idle(live.rule)));
    let mut told: HashSet<&str> = charged.flat_map(|live| counters(live.rule)).collect();
    for entry in &view.entries {
        for limit in &entry.rule.limits {
            if told.insert(&limit.counter) {
                let message = format!(
                    "no call is ever charged to {}: {}; take the limit out, or mend that",
                    quoted(&limit.counter),
                    why(entry)
                );
                found.add(Lint::NeverCharged, view.part(&limit.pointer, "counter"), message);
            }
        }
    }
}

fn counters(rule: &Rule) -> impl Iterator<Item = &str> {
    rule.limits.iter().map(|limit| &*limit.counter)
}

fn why(entry: &Entry<'_>) -> String {
    match &entry.barrier {
        Some(barrier) => barrier.why.clone(),
        None if entry.rule.denies_unconditionally() => "its rule denies every call".to_owned(),
        None => "its rule is in shadow, and `default` `deny` refuses the call".to_owned(),
    }
}
