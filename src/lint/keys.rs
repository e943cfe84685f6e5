//! Lints on entries that take precedence over stricter ones.

use crate::policy::{Mode, Policy, Rule, pattern::Pattern};

use super::{Lint, Lints, policy_section::PolicySection, quoted, view::Entry};

/// A pattern and its rule.
type PatternRule<'v> = (&'v Pattern, &'v Rule);

pub(super) fn check(lints: &mut Lints<'_>) {
    let view = lints.view;
    let entries = view.entries.iter().filter(|entry| entry.blocker.is_none() && !entry.rule.denies_unconditionally());
    for entry in entries {
        // In order of precedence.
        let others: Vec<PatternRule<'_>> = lower(entry, entry.map.entries(view.policy).patterns()).collect();
        // A pattern covers another if it matches its text: only a `*` matches a `*`.
        if let Some(other) = others.iter().find(|(pattern, _)| pattern.matches(entry.key)) {
            covered(lints, entry, *other);
        }
        crossed(lints, entry, &others);
    }
}

/// The pattern that would decide on all names of an entry without that entry.
fn covered(lints: &mut Lints<'_>, entry: &Entry<'_>, (pattern, rule): PatternRule<'_>) {
    let (key, other) = (quoted(entry.key), quoted(pattern.as_str()));
    if rule.denies_unconditionally() {
        let message = format!(
            "{key} is allowed although {other} is denied: an exact name takes precedence over every pattern; remove this \
             entry if you do not intend that"
        );
        lints.add(Lint::DroppedRestriction, &entry.pointer, message);
    } else if let Some(dropped) = dropped(lints.view.policy, entry, rule) {
        let message = format!(
            "{key} takes precedence over {other} and drops its {dropped}, since entries never merge; {}",
            repeat(entry.map)
        );
        lints.add(Lint::DroppedRestriction, &entry.pointer, message);
    }
}

/// The first pattern that would decide on some of the names of an entry without that entry.
fn crossed(lints: &mut Lints<'_>, entry: &Entry<'_>, others: &[PatternRule<'_>]) {
    let Some(own) = entry.pattern else { return };
    let crossing = others.iter().filter(|(pattern, _)| own.overlaps(pattern) && !pattern.matches(entry.key));
    let policy = lints.view.policy;
    let first = crossing.filter_map(|(pattern, rule)| Some((pattern, dropped(policy, entry, rule)?))).next();
    if let Some((pattern, dropped)) = first {
        let message = format!(
            "{} takes precedence on names that {} matches, too, and drops its {dropped}, since entries never merge; {}",
            quoted(entry.key),
            quoted(pattern.as_str()),
            repeat(entry.map)
        );
        lints.add(Lint::DroppedRestriction, &entry.pointer, message);
    }
}

fn repeat(map: PolicySection) -> &'static str {
    if map == PolicySection::Tools { "repeat that here, or move it to `all_tools`" } else { "repeat that here" }
}

/// The patterns over which an entry takes precedence.
fn lower<'v>(
    entry: &'v Entry<'_>,
    patterns: impl Iterator<Item = PatternRule<'v>> + 'v,
) -> impl Iterator<Item = PatternRule<'v>> + 'v {
    let mut is_past = entry.pattern.is_none();
    patterns.filter(move |(pattern, _)| {
        let is_lower = is_past;
        is_past = is_past || pattern.as_str() == entry.key;
        is_lower
    })
}

/// The restrictions of another rule that an entry's rule does not have, as text.
fn dropped(policy: &Policy, entry: &Entry<'_>, rule: &Rule) -> Option<String> {
    let parts = restrictions(rule).filter(|part| !restrictions(entry.rule).any(|kept| kept == *part));
    // Without `arguments` of its own, an entry has those of the policy.
    let check = |rule| policy.argument_rule(Some(rule), Mode::Enforce).map(|arguments| arguments.check);
    let is_laxer = entry.map == PolicySection::Tools && check(entry.rule) < check(rule);
    let dropped: Vec<&str> = parts.chain(is_laxer.then_some("arguments")).collect();
    (!dropped.is_empty()).then(|| format!("`{}`", dropped.join("` and `")))
}

/// The restrictions of a rule, if it enforces them.
fn restrictions(rule: &Rule) -> impl Iterator<Item = &'static str> {
    let parts = [
        ("require", rule.require().next().is_some()),
        ("deny_if", rule.deny_if().next().is_some()),
        ("require_approval", rule.asks_for_approval()),
        ("limits", rule.limits().next().is_some()),
        ("results", rule.results().next().is_some()),
    ];
    let enforced = rule.mode == Mode::Enforce;
    parts.into_iter().filter(move |(_, present)| enforced && *present).map(|(part, _)| part)
}
