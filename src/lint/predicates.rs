//! Lints on conditions that hold for other calls than they seem to.

use crate::policy::{
    Cost, Predicate,
    condition::{Clause, Condition, Literal, Operator},
    path::{Path, Root},
};

use super::{
    Lint, Lints,
    facts::needed_conditions,
    loose_regex,
    loose_text::{self, RuleKind},
    policy_section::PolicySection,
    quoted, regex_anchors,
    view::ReachableRule,
};

pub(super) fn check(lints: &mut Lints<'_>) {
    let view = lints.view;
    for reachable in view.reachable_rules() {
        let rule = reachable.rule;
        for (condition, place) in conditions(rule.require()) {
            let kind = rule_kind(reachable, condition);
            check_regex(lints, condition, Some(kind), &place);
            check_contains(lints, condition, &place);
            check_text(lints, condition, kind, &place);
        }
        let (deny_if, approval): (Vec<_>, Vec<_>) = (rule.deny_if().collect(), rule.approval().collect());
        for (predicates, kind) in [(deny_if, Lint::UnguardedDeny), (approval, Lint::UnguardedApproval)] {
            check_unguarded(lints, reachable, &predicates, kind);
            for (condition, place) in conditions(predicates.iter().copied()) {
                check_regex(lints, condition, None, &place);
                check_avoidable(lints, condition, rule_kind(reachable, condition), &place);
                match condition.operator() {
                    Operator::MaxLength(_) => check_inverted(lints, kind, "max_length", &place),
                    Operator::MaxItems(_) => check_inverted(lints, kind, "max_items", &place),
                    _ => {}
                }
            }
        }
    }
}

/// Conditions with their pointers into the policy.
fn conditions<'p>(predicates: impl Iterator<Item = &'p Predicate>) -> impl Iterator<Item = (&'p Condition, String)> {
    predicates.flat_map(|predicate| {
        let conditions = predicate.conditions.iter().enumerate();
        conditions.map(|(index, condition)| (condition, format!("{}/conditions/{index}", predicate.pointer)))
    })
}

/// The kind of the rule that a condition belongs to: one on a resource only if the condition looks at the URI.
fn rule_kind(reachable: ReachableRule<'_>, condition: &Condition) -> RuleKind {
    let is_resource = reachable.entry.is_some_and(|entry| entry.map == PolicySection::Resources);
    if is_resource && condition.args_path().is_some_and(|path| path.to_string() == "args.uri") {
        RuleKind::Resource
    } else {
        RuleKind::Other
    }
}

/// Conditions on an argument that do not hold for a call without it.
fn check_unguarded(lints: &mut Lints<'_>, reachable: ReachableRule<'_>, predicates: &[&Predicate], kind: Lint) {
    let mut warned: Vec<&Path> = Vec::new();
    let all = predicates
        .iter()
        .flat_map(|predicate| conditions([*predicate].into_iter()).map(move |found| (predicate, found)));
    for (predicate, (condition, place)) in all {
        let Some(path) = condition.args_path() else { continue };
        // `exists` is about calls without it, and says so of the conditions beside it.
        let is_exists =
            |other: &Condition| other.args_path() == Some(path) && matches!(other.operator(), Operator::Exists(_));
        let ignores_absence = !condition.holds_without(Clause::Deny) && !predicate.conditions.iter().any(is_exists);
        if !ignores_absence || warned.contains(&path) || is_required(reachable, path) {
            continue;
        }
        warned.push(path);
        let what = if kind == Lint::UnguardedDeny { "does not deny" } else { "requires no approval for" };
        let message = format!(
            "this {what} a call without `{path}`, and no rule requires that argument; add a `require` with `exists` \
             `true`, or with the allowed values"
        );
        lints.add(kind, lints.view.text.absolute(&format!("{place}/path")), message);
    }
}

/// Whether a call without this argument is denied anyway.
fn is_required(reachable: ReachableRule<'_>, path: &Path) -> bool {
    // The filter refuses a request for a resource without a URI.
    if reachable.entry.is_some_and(|entry| entry.map == PolicySection::Resources) && path.to_string() == "args.uri" {
        return true;
    }
    reachable.rules().any(|rule| {
        let needed = needed_conditions(rule).filter_map(Condition::args_path);
        let counted = rule.limits().filter_map(|limit| match &limit.cost {
            Cost::Argument(path) => Some(path),
            Cost::Fixed(_) => None,
        });
        // A required value requires every value on its path.
        needed.chain(counted).any(|needed| needed.segments().starts_with(path.segments()))
    })
}

fn check_inverted(lints: &mut Lints<'_>, kind: Lint, operator: &str, place: &str) {
    let what = if kind == Lint::UnguardedDeny { "denies" } else { "requires approval for" };
    let message = format!(
        "`{operator}` holds for short values, so this {what} short values; put it under `require` to deny long ones"
    );
    lints.add(Lint::InvertedMaxLength, lints.view.text.absolute(&format!("{place}/op")), message);
}

/// A condition that holds for a string that contains the value, and for a list that has it as an element. The grant and its source
/// are always strings.
fn check_contains(lints: &mut Lints<'_>, condition: &Condition, place: &str) {
    if !matches!(condition.operator(), Operator::Contains(Literal::Text(_))) {
        return;
    }
    let message = match condition.operand().root() {
        Some(Root::Args) => {
            "`contains` holds for a string with this text and for a list with this element, and the caller chooses which to send; \
             use `includes` for a list, or `regex` for a string"
        }
        Some(Root::Caller) if condition.operand().reads_claims() => {
            "`contains` holds for a claim that is a string with this text, in a longer word too, and for one that is a list with this \
             element; use `has_scope`, which compares whole words of both, or `includes` for a list"
        }
        _ => return,
    };
    lints.add(Lint::ContainsInRequire, lints.view.text.absolute(&format!("{place}/op")), message);
}

/// A condition on a part of a text that says nothing of the rest.
fn check_text(lints: &mut Lints<'_>, condition: &Condition, kind: RuleKind, place: &str) {
    if let Some(message) = loose_text::describe_loose_text(condition, kind) {
        lints.add(Lint::LooseText, lints.view.text.absolute(&format!("{place}/value")), message);
    }
}

/// A condition that is to stop calls and looks at a part of a text: a caller writes the same in another way.
fn check_avoidable(lints: &mut Lints<'_>, condition: &Condition, kind: RuleKind, place: &str) {
    if let Some(message) = loose_text::describe_avoidable_text(condition, kind) {
        lints.add(Lint::LooseText, lints.view.text.absolute(&format!("{place}/value")), message);
    }
}

/// `required` says of what kind the rule is, if the condition belongs to `require`.
fn check_regex(lints: &mut Lints<'_>, condition: &Condition, required: Option<RuleKind>, place: &str) {
    let Operator::Regex(regex) = condition.operator() else { return };
    let clause = if required.is_some() { Clause::Require } else { Clause::Deny };
    let found = required.and_then(|kind| loose_regex::describe_loose_match(regex.as_str(), condition, kind));
    if let Some(message) = found.or_else(|| regex_anchors::describe_loose_regex(regex.as_str(), clause)) {
        lints.add(Lint::LooseRegex, lints.view.text.absolute(&format!("{place}/value")), message);
    }
    if let Some(part) = regex.exhausting_part(None) {
        let message = format!(
            "a text of 16 KiB uses up the work that one request may take, so a call with one is denied as `(too much to \
             check)`; nearly all of it is for {}: repeat it less often, or limit the text by `max_length`",
            quoted(part)
        );
        lints.add(Lint::CostlyRegex, lints.view.text.absolute(&format!("{place}/value")), message);
    }
}
