//! Keys that decide instead of others, which asked for more.

use crate::policy::{Mode, Rule};

use super::{
    Findings, Kind, quoted,
    view::{Entry, Map},
};

pub(super) fn look(found: &mut Findings<'_>) {
    let view = found.view;
    for entry in view.entries.iter().filter(|entry| entry.barrier.is_none()) {
        let Some((pattern, rule)) = displaced(entry, entry.map.of(view.policy).patterns()) else { continue };
        if entry.rule.denies_unconditionally() {
            continue;
        }
        let (key, other) = (quoted(entry.key), quoted(pattern.text()));
        if rule.denies_unconditionally() {
            let message = format!(
                "{key} passes although {other} denies: a name that is written out beats every pattern; take the entry \
                 out if that is not meant"
            );
            found.add(Kind::DroppedRestriction, &entry.pointer, message);
            continue;
        }
        let dropped: Vec<&str> = asked(rule).filter(|part| !asked(entry.rule).any(|kept| kept == *part)).collect();
        if !dropped.is_empty() {
            let or = if entry.map == Map::Tools { ", or move it to `all_tools`" } else { "" };
            let message = format!(
                "{key} decides instead of {other} and drops its `{}`, since entries never merge; repeat it here{or}",
                dropped.join("` and `")
            );
            found.add(Kind::DroppedRestriction, &entry.pointer, message);
        }
    }
}

/// The pattern that would decide on everything an entry decides on, were the entry not there. Patterns come best first.
fn displaced<'p, P>(entry: &Entry<'_>, patterns: P) -> Option<P::Item>
where
    P: Iterator<Item = (&'p crate::policy::pattern::Pattern, &'p Rule)>,
{
    let mut behind = entry.pattern.is_none();
    let mut others = patterns.filter(|(pattern, _)| {
        let is_other = behind;
        behind = behind || pattern.text() == entry.key;
        is_other
    });
    // A pattern covers another if it fits its text: nothing but a `*` takes in a `*`.
    others.find(|(pattern, _)| pattern.matches(entry.key))
}

/// The parts of a rule that ask something of a call.
fn asked(rule: &Rule) -> impl Iterator<Item = &'static str> {
    let parts = [
        ("require", !rule.require.is_empty()),
        ("deny_if", !rule.deny_if.is_empty()),
        ("require_approval", !rule.approval.is_empty()),
        ("limits", !rule.limits.is_empty()),
    ];
    let enforced = rule.mode == Mode::Enforce;
    parts.into_iter().filter(move |(_, asks)| enforced && *asks).map(|(part, _)| part)
}
