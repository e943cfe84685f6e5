//! Conditions that hold, or do not, where their author did not think of it.

use crate::policy::{
    Cost, Predicate, Rule,
    condition::{Clause, Condition},
    path::Path,
};

use super::{
    Lint, Lints, regex_anchors,
    view::{Map, ReachableRule},
};

pub(super) fn look(found: &mut Lints<'_>) {
    let view = found.view;
    for live in view.live() {
        let Rule { require, deny_if, approval, .. } = live.rule;
        for (condition, place) in conditions(require) {
            regex(found, condition, Clause::Require, &place);
            contains(found, condition, &place);
        }
        for (predicates, kind) in [(deny_if, Lint::UnguardedDeny), (approval, Lint::UnguardedApproval)] {
            unguarded(found, live, predicates, kind);
            for (condition, place) in conditions(predicates) {
                regex(found, condition, Clause::Deny, &place);
                if let operator @ ("max_length" | "max_items") = condition.operator() {
                    inverted(found, kind, operator, &place);
                }
            }
        }
    }
}

/// Conditions with their pointers into the policy.
fn conditions(predicates: &[Predicate]) -> impl Iterator<Item = (&Condition, String)> {
    predicates.iter().flat_map(|predicate| {
        let conditions = predicate.conditions.iter().enumerate();
        conditions.map(|(index, condition)| (condition, format!("{}/conditions/{index}", predicate.pointer)))
    })
}

/// What refuses because of an argument, and says nothing of a call without it.
fn unguarded(found: &mut Lints<'_>, live: ReachableRule<'_>, predicates: &[Predicate], kind: Lint) {
    let mut told: Vec<&Path> = Vec::new();
    for (condition, place) in conditions(predicates) {
        let path = condition.path();
        // `exists` is about nothing else.
        let passes = !condition.holds_without(Clause::Deny) && condition.operator() != "exists";
        if !passes || told.contains(&path) || is_sure(live, path) {
            continue;
        }
        told.push(path);
        let what = if kind == Lint::UnguardedDeny { "is not denied here" } else { "needs no approval here" };
        let message = format!(
            "a call without `{path}` {what}, and nothing requires the argument; add a `require` of `exists` `true`, or \
             of the values that are fine"
        );
        found.add(kind, found.view.whole(&format!("{place}/path")), message);
    }
}

/// Whether a call without this argument is refused anyway.
fn is_sure(live: ReachableRule<'_>, path: &Path) -> bool {
    // Rules on a resource look at its URI, and a request without one is refused.
    if live.entry.is_some_and(|entry| entry.map == Map::Resources) && path.to_string() == "args.uri" {
        return true;
    }
    live.rules().any(|rule| {
        let conditions = rule.require.iter().flat_map(|predicate| &predicate.conditions);
        let needed = conditions.filter(|condition| !condition.holds_without(Clause::Require)).map(Condition::path);
        let counted = rule.limits.iter().filter_map(|limit| match &limit.cost {
            Cost::Argument(path) => Some(path),
            Cost::Fixed(_) => None,
        });
        // What is needed further down needs all that leads there.
        needed.chain(counted).any(|needed| needed.segments().starts_with(path.segments()))
    })
}

fn inverted(found: &mut Lints<'_>, kind: Lint, operator: &str, place: &str) {
    let what = if kind == Lint::UnguardedDeny { "denies what is short" } else { "asks approval for what is short" };
    let message =
        format!("`{operator}` holds for short values, so this {what}; put it under `require` to keep long ones out");
    found.add(Lint::InvertedMaxLength, found.view.whole(&format!("{place}/op")), message);
}

/// A condition that holds for a text with the value in it, and for a list with the value among its elements.
fn contains(found: &mut Lints<'_>, condition: &Condition, place: &str) {
    if condition.takes_text_or_list() {
        let message = "`contains` holds for a text with this in it and for a list with this element, and the caller \
                       chooses which of the two it sends; use `includes` for a list, or `regex` for a text";
        found.add(Lint::ContainsInRequire, found.view.whole(&format!("{place}/op")), message);
    }
}

fn regex(found: &mut Lints<'_>, condition: &Condition, side: Clause, place: &str) {
    if let Some(message) = condition.regex().and_then(|regex| regex_anchors::loose(regex, side)) {
        found.add(Lint::LooseRegex, found.view.whole(&format!("{place}/value")), message);
    }
}
