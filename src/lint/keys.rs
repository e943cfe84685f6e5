//! Keys that decide instead of others, which asked for more.

use crate::policy::{Mode, Rule, pattern::Pattern};

use super::{
    Lint, Lints, quoted,
    view::{Entry, Map},
};

/// A pattern and its rule.
type Other<'v> = (&'v Pattern, &'v Rule);

pub(super) fn look(found: &mut Lints<'_>) {
    let view = found.view;
    let entries = view.entries.iter().filter(|entry| entry.barrier.is_none() && !entry.rule.denies_unconditionally());
    for entry in entries {
        // Best first, as they would decide.
        let others: Vec<Other<'_>> = behind(entry, entry.map.of(view.policy).patterns()).collect();
        // A pattern covers another if it fits its text: nothing but a `*` takes in a `*`.
        if let Some(other) = others.iter().find(|(pattern, _)| pattern.matches(entry.key)) {
            covered(found, entry, *other);
        }
        crossed(found, entry, &others);
    }
}

/// The pattern that would decide on everything an entry decides on, were the entry not there.
fn covered(found: &mut Lints<'_>, entry: &Entry<'_>, (pattern, rule): Other<'_>) {
    let (key, other) = (quoted(entry.key), quoted(pattern.text()));
    if rule.denies_unconditionally() {
        let message = format!(
            "{key} passes although {other} denies: a name that is written out beats every pattern; take the entry out \
             if that is not meant"
        );
        found.add(Lint::DroppedRestriction, &entry.pointer, message);
    } else if let Some(dropped) = dropped(entry, rule) {
        let message = format!(
            "{key} decides instead of {other} and drops its {dropped}, since entries never merge; repeat it here{}",
            or_for_all(entry.map)
        );
        found.add(Lint::DroppedRestriction, &entry.pointer, message);
    }
}

/// The first pattern that would decide on a part of what an entry decides on.
fn crossed(found: &mut Lints<'_>, entry: &Entry<'_>, others: &[Other<'_>]) {
    let Some(own) = entry.pattern else { return };
    let crossing = others.iter().filter(|(pattern, _)| own.overlaps(pattern) && !pattern.matches(entry.key));
    let first = crossing.filter_map(|(pattern, rule)| Some((pattern, dropped(entry, rule)?))).next();
    if let Some((pattern, dropped)) = first {
        let message = format!(
            "{} decides on names that fit {}, too, and drops its {dropped}, since entries never merge; repeat it \
             here{}",
            quoted(entry.key),
            quoted(pattern.text()),
            or_for_all(entry.map)
        );
        found.add(Lint::DroppedRestriction, &entry.pointer, message);
    }
}

fn or_for_all(map: Map) -> &'static str {
    if map == Map::Tools { ", or move it to `all_tools`" } else { "" }
}

/// The patterns that an entry beats.
fn behind<'v>(
    entry: &'v Entry<'_>,
    patterns: impl Iterator<Item = Other<'v>> + 'v,
) -> impl Iterator<Item = Other<'v>> + 'v {
    let mut behind = entry.pattern.is_none();
    patterns.filter(move |(pattern, _)| {
        let is_behind = behind;
        behind = behind || pattern.text() == entry.key;
        is_behind
    })
}

/// The parts of another rule that an entry's does not have, as text.
fn dropped(entry: &Entry<'_>, rule: &Rule) -> Option<String> {
    let dropped: Vec<&str> = asked(rule).filter(|part| !asked(entry.rule).any(|kept| kept == *part)).collect();
    (!dropped.is_empty()).then(|| format!("`{}`", dropped.join("` and `")))
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
