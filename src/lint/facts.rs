//! Lints on conditions that look at the caller or at a counter, and on limits with `key`.

use std::collections::HashSet;

use crate::{
    identity::Source,
    policy::{
        Limit, ObservedCounter, Predicate, Scope,
        condition::{Condition, Operand, Operator},
        path::{Root, Segment},
    },
    window::Algorithm,
};

use super::{Lint, Lints, quoted, view::ReachableRule};

pub(super) fn check(lints: &mut Lints<'_>) {
    let view = lints.view;
    let mut warned = HashSet::new();
    for reachable in view.reachable_rules() {
        key_alone(lints, reachable);
        for predicate in reachable.rule.require().chain(reachable.rule.deny_if()).chain(reachable.rule.approval()) {
            for (index, condition) in predicate.conditions.iter().enumerate() {
                let place = format!("{}/conditions/{index}", predicate.pointer);
                match condition.operand() {
                    Operand::Path(path) if reads_claims(path.segments()) && path.root() == Root::Caller => {
                        claims_without_token(lints, condition, &place);
                    }
                    Operand::Path(_) => {}
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

fn reads_claims(segments: &[Segment]) -> bool {
    matches!(segments, [Segment::Key(member), ..] if member == "claims")
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

/// A `deny_if` on a claim that does not hold for a caller without it.
fn claim_unguarded(lints: &mut Lints<'_>, reachable: ReachableRule<'_>, predicate: &Predicate) {
    use crate::policy::condition::Clause;
    let on_claim = |condition: &Condition| match condition.operand() {
        Operand::Path(path) => path.root() == Root::Caller && reads_claims(path.segments()),
        Operand::Counter(_) => false,
    };
    for (index, condition) in predicate.conditions.iter().enumerate().filter(|(_, condition)| on_claim(condition)) {
        let is_exists = matches!(condition.operator(), Operator::Exists(_));
        let mut required = reachable.rules().flat_map(|rule| rule.require()).flat_map(|require| &require.conditions);
        let is_required =
            required.any(|other| other.operand() == condition.operand() && !other.holds_without(Clause::Require));
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
    let is_minted = lints
        .view
        .config
        .identity
        .iter()
        .any(|source| matches!(source, Source::Header { .. } | Source::Bearer | Source::Address { .. }));
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
