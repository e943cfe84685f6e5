//! Lints on counters that no call charges.

use std::collections::HashSet;

use crate::policy::Rule;

use super::{Lint, Lints, quoted, view::Entry};

pub(super) fn check(lints: &mut Lints<'_>) {
    let view = lints.view;
    let charged = view
        .reachable_rules()
        .filter(|reachable| !(reachable.entry.is_some() && view.is_denied_by_default(reachable.rule)));
    let mut known: HashSet<&str> = charged.flat_map(|reachable| counters(reachable.rule)).collect();
    for entry in &view.entries {
        for limit in entry.rule.limits() {
            if known.insert(&limit.counter) {
                let message = format!(
                    "no call charges {}, because {}; remove the limit, or let calls reach its rule",
                    quoted(&limit.counter),
                    why_uncharged(entry)
                );
                lints.add(Lint::NeverCharged, view.member_pointer(&limit.pointer, "counter"), message);
            }
        }
    }
}

fn counters(rule: &Rule) -> impl Iterator<Item = &str> {
    rule.limits().map(|limit| &*limit.counter)
}

fn why_uncharged(entry: &Entry<'_>) -> String {
    match &entry.blocker {
        Some(blocker) => blocker.why.clone(),
        None if entry.rule.denies_unconditionally() => "its rule denies every call".to_owned(),
        None => "its rule is in shadow mode, and `\"default\": \"deny\"` denies the call".to_owned(),
    }
}
