//! Lints on conditions that look at the caller or at a counter, and on limits with `key`.

use std::collections::HashSet;

use crate::{
    identity::Source,
    policy::{
        Limit, ObservedCounter, Predicate, Rule, Scope,
        condition::{Clause, Condition, Literal, Operand, Operator},
        path::{Path, Root},
    },
    window::Algorithm,
};

use super::{Lint, Lints, quoted, regex_anchors, view::ReachableRule};

pub(super) fn check(lints: &mut Lints<'_>) {
    let view = lints.view;
    let mut warned = HashSet::new();
    for reachable in view.reachable_rules() {
        key_alone(lints, reachable);
        for predicate in reachable.rule.require().chain(reachable.rule.deny_if()).chain(reachable.rule.approval()) {
            for (index, condition) in predicate.conditions.iter().enumerate() {
                let place = format!("{}/conditions/{index}", predicate.pointer);
                match condition.operand() {
                    Operand::Path(_) if condition.operand().reads_claims() => {
                        claims_without_token(lints, condition, &place)
                    }
                    Operand::Path(path) => grant_without_source(lints, condition, path, &place),
                    Operand::Counter(name) => {
                        out_of_reach(lints, condition, name, &place);
                        let counter = view.policy.observed().iter().find(|counter| counter.name == *name);
                        if let Some(counter) = counter.filter(|_| warned.insert(name)) {
                            history(lints, counter, &place);
                        }
                    }
                }
            }
        }
        reachable.rule.deny_if().for_each(|predicate| claim_unguarded(lints, reachable, predicate));
    }
}

/// The conditions of a rule on values without which no call passes: those in `require` that hold for no missing value, and a
/// `deny_if` that denies every call without its value.
pub(super) fn needed_conditions(rule: &Rule) -> impl Iterator<Item = &Condition> {
    let required = rule.require().flat_map(|predicate| &predicate.conditions);
    let required = required.filter(|condition| !condition.holds_without(Clause::Require));
    // An empty list is not missing, so only a path to one place covers every call without a value.
    let denies_absence = |condition: &&Condition| {
        let is_single = matches!(condition.operand(), Operand::Path(path) if path.is_single());
        is_single && matches!(condition.operator(), Operator::Exists(false))
    };
    let denied = rule.deny_if().filter_map(|predicate| match predicate.conditions.as_slice() {
        [condition] => Some(condition),
        _ => None,
    });
    required.chain(denied.filter(denies_absence))
}

// === claims ===

fn claims_without_token(lints: &mut Lints<'_>, condition: &Condition, place: &str) {
    let config = lints.view.config;
    let has_token = config.identity.iter().any(|source| matches!(source, Source::Jwt { .. }));
    if has_token || config.claims.is_some() {
        return;
    }
    let message = format!(
        "no caller has {}, since no source of `identity` is a `jwt_claim` and the option `claims` names no payload; add one of \
         the two",
        condition.operand()
    );
    lints.add(Lint::ClaimsWithoutToken, lints.view.text.absolute(&format!("{place}/path")), message);
}

/// A condition on a grant, on a source of grants, or on whether the caller is authenticated, which no source of `identity` yields.
fn grant_without_source(lints: &mut Lints<'_>, condition: &Condition, path: &Path, place: &str) {
    let sources = &lints.view.config.identity;
    let yields = |literal: &Literal| match (path.keys().last(), literal) {
        (Some("grant"), Literal::Text(text)) => {
            sources.iter().any(|source| source.yields(text, &|grant| grant == text))
        }
        (Some("source"), Literal::Text(text)) => sources.iter().any(|source| source.kind().name() == text),
        (Some("authenticated"), Literal::Flag(flag)) => {
            sources.iter().any(|source| source.kind().is_authenticated() == *flag)
        }
        _ => true,
    };
    let shown = |literal: &Literal| match literal {
        Literal::Text(text) => quoted(text),
        Literal::Flag(flag) => format!("`{flag}`"),
        _ => String::new(),
    };
    let unyielded = match (path.root(), condition.operator()) {
        // A set has no order.
        (Root::Caller, Operator::Among(set) | Operator::NotAmong(set)) => {
            set.literals().filter(|literal| !yields(literal)).map(|literal| format!("is {}", shown(&literal))).min()
        }
        (Root::Caller, Operator::StartsWith(front)) if path.keys().last() == Some("grant") => {
            let yields = sources.iter().any(|source| source.yields(front, &|grant| grant.starts_with(front)));
            (!yields).then(|| format!("begins with {}", quoted(front)))
        }
        (Root::Caller, Operator::Regex(regex)) if path.keys().last() == Some("grant") => {
            let yields =
                |front: &str| sources.iter().any(|source| source.yields(front, &|grant| grant.starts_with(front)));
            let starts = regex_anchors::starts_of(regex.as_str());
            let is_unyielded = !starts.is_empty() && !starts.iter().any(|start| yields(start));
            is_unyielded.then(|| format!("begins as {} says", quoted(regex.as_str())))
        }
        _ => None,
    };
    let Some(unyielded) = unyielded else { return };
    let message = format!(
        "no source of `identity` yields a caller whose {} {unyielded}; add one, or correct the value",
        condition.operand()
    );
    lints.add(Lint::GrantWithoutSource, lints.view.text.absolute(&format!("{place}/value")), message);
}

/// A `deny_if` on a claim that does not hold for a caller without it.
fn claim_unguarded(lints: &mut Lints<'_>, reachable: ReachableRule<'_>, predicate: &Predicate) {
    for (index, condition) in
        predicate.conditions.iter().enumerate().filter(|(_, condition)| condition.operand().reads_claims())
    {
        let is_exists = matches!(condition.operator(), Operator::Exists(_));
        let is_required =
            reachable.rules().flat_map(needed_conditions).any(|other| other.operand() == condition.operand());
        if is_exists || is_required || condition.holds_without(Clause::Deny) {
            continue;
        }
        let message = format!(
            "this does not deny a caller without {}, and no rule requires that claim; add a `require` with `exists` `true`, or \
             with the allowed values",
            condition.operand()
        );
        let place = format!("{}/conditions/{index}/path", predicate.pointer);
        lints.add(Lint::UnguardedDeny, lints.view.text.absolute(&place), message);
    }
}

// === counters ===

/// What a count forgets, and who can shed it.
fn history(lints: &mut Lints<'_>, counter: &ObservedCounter, place: &str) {
    let pointer = lints.view.text.absolute(&format!("{place}/counter"));
    let name = quoted(&counter.name);
    if counter.algorithm == Algorithm::Fixed {
        let message = format!(
            "{name} forgets everything at the end of each window, so a call right after it sees nothing of the one before; write \
             `\"algorithm\": \"sliding\"`, which remembers for at least one whole window"
        );
        lints.add(Lint::CounterForgets, pointer.clone(), message);
    }
    let message = format!(
        "each Envoy counts {name} on its own and forgets it at a restart, so this sees only the calls through the same Envoy; run \
         one replica, or have a caller's calls go to the same one"
    );
    lints.add(Lint::CounterPerEnvoy, pointer.clone(), message);
    let is_minted = lints.view.config.identity.iter().any(|source| source.kind().is_chosen_by_caller());
    let who = match counter.scope {
        Scope::Global => return,
        Scope::Session => "a caller that opens another session",
        Scope::Grant if is_minted => "a caller that takes another identity, such as another address,",
        Scope::Grant => return,
    };
    let message = format!(
        "{who} starts at zero of {name}; use sources of `identity` that callers cannot choose, such as `jwt_claim`, `peer` or \
         `tokens`, and the scope `grant`"
    );
    lints.add(Lint::CounterIdentity, pointer, message);
}

/// A comparison that no count can satisfy: counts are at least 0 and at most the largest `max`.
fn out_of_reach(lints: &mut Lints<'_>, condition: &Condition, name: &str, place: &str) {
    let limits: Vec<&Limit> = lints.view.policy.limits().filter(|limit| *limit.counter == *name).collect();
    // Without a maximum a count has no bound.
    let bounds: Option<Vec<_>> = limits.iter().map(|limit| limit.max).collect();
    let most = bounds.and_then(|bounds| bounds.into_iter().max());
    let number = |text: &str| crate::json::Decimal::new(text);
    let (Some(zero), most) = (number("0"), most.and_then(|most| number(&most.to_string()))) else { return };
    let never = match condition.operator() {
        Operator::Less(value) => *value <= zero,
        Operator::LessOrEqual(value) => *value < zero,
        Operator::Greater(value) => most.as_ref().is_some_and(|most| value >= most),
        Operator::GreaterOrEqual(value) => most.as_ref().is_some_and(|most| value > most),
        _ => return,
    };
    if !never {
        return;
    }
    let range = most.map_or_else(|| "at least 0".to_owned(), |most| format!("0 to {most}"));
    let message =
        format!("the count of {} is {range}, so this never holds; compare it with a value inside", quoted(name));
    lints.add(Lint::CounterOutOfReach, lints.view.text.absolute(&format!("{place}/value")), message);
}

// === limits with `key` ===

fn key_alone(lints: &mut Lints<'_>, reachable: ReachableRule<'_>) {
    let has_whole = reachable.limits().any(|limit| limit.key.is_none() && limit.max.is_some());
    let Some(keyed) = reachable.rule.limits().find(|limit| limit.key.is_some()) else { return };
    if has_whole {
        return;
    }
    let message = format!(
        "a caller that varies the values has {} for each of 256 of them, since no limit here counts all its calls; add one without \
         `key`",
        quoted(&keyed.counter)
    );
    lints.add(Lint::KeyAlone, lints.view.member_pointer(&keyed.pointer, "key"), message);
}
