//! What a call has to pass: the lists of its entry and of `all_tools`, or what denies it whatever it says.

use std::collections::BTreeMap;

use crate::{
    amount::Amount,
    policy::{
        ArgumentCheck, Checks, Cost, Effect, Limit, LimitKey, Mode, Policy, Predicate, ResultRules, Rule,
        condition::{Condition, Operand},
        path::Path,
        policy_json,
    },
};

use super::{Kind, methods, names::Outcome};

/// All that decides on a call of one target.
#[derive(Debug, Default)]
pub(super) struct Effective<'p> {
    /// Why no call passes, if none does.
    pub(super) denied: Option<String>,
    /// Whether a reference to it (`completion/complete`, `resources/unsubscribe`) is denied, too.
    pub(super) denies_references: bool,
    /// All must hold.
    pub(super) require: Vec<&'p Condition>,
    /// One that holds denies.
    pub(super) deny_if: Vec<&'p Predicate>,
    /// One that holds asks for approval.
    pub(super) approval: Vec<&'p Predicate>,
    /// By counter.
    pub(super) limits: BTreeMap<&'p str, Charge<'p>>,
    /// By each counter that conditions read, the rule in shadow that charges it, too.
    pub(super) shadow_counts: BTreeMap<&'p str, String>,
    /// What answers may hold.
    pub(super) results: Vec<&'p ResultRules>,
    /// How arguments are compared with the pinned schema; `None` if they are not.
    pub(super) arguments: Option<ArgumentCheck>,
}

/// What a call costs of one counter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Charge<'p> {
    /// Window, scope and algorithm, which all limits on a counter share.
    pub(super) terms: String,
    /// `None` if it is only counted.
    pub(super) max: Option<Amount>,
    pub(super) costs: Vec<&'p Cost>,
    /// Whether conditions read the counter.
    pub(super) is_observed: bool,
    key: Option<&'p LimitKey>,
}

impl<'p> Effective<'p> {
    pub(super) fn new(policy: &'p Policy, kind: Kind, outcome: Outcome<'p>) -> Self {
        let (denied, rule) = match outcome {
            Outcome::Hidden => (Some("hidden".to_owned()), None),
            Outcome::NoMatch if policy.default() == Effect::Deny => (Some("denied by `default`".to_owned()), None),
            Outcome::NoMatch => (None, None),
            Outcome::Rule(rule) if rule.mode == Mode::Shadow && policy.default() == Effect::Deny => {
                (Some("denied by `default`, since its rule is in shadow".to_owned()), Some(rule))
            }
            Outcome::Rule(rule) => (None, Some(rule)),
        };
        let all_tools = (kind == Kind::Tool).then(|| policy.all_tools());
        let arguments = policy.argument_rule(rule, Mode::Enforce).filter(|_| kind == Kind::Tool);
        let (rules, in_shadow): (Vec<&Rule>, Vec<&Rule>) =
            rule.into_iter().chain(all_tools).partition(|rule| rule.mode == Mode::Enforce);
        let denies = rules.iter().any(|rule| rule.denies_unconditionally());
        let denied = denied.or_else(|| denies.then(|| "denied".to_owned()));
        let has_no_method = |names: &[&str]| names.iter().all(|name| methods::is_denied(policy, name));
        let denies_references = denied.is_some() || has_no_method(methods::references_to(kind));
        let closed = || format!("denied by `methods` (`{}`)", methods::methods_of(kind).join("`, `"));
        let denied = denied.or_else(|| has_no_method(methods::methods_of(kind)).then(closed));
        let arguments = arguments.map(|rule| rule.check);
        let mut effective = Self { denied, denies_references, arguments, ..Self::default() };
        rules.iter().flat_map(|rule| rule.checks()).for_each(|checks| effective.add(checks));
        let is_observed = |counter: &str| policy.observed().iter().any(|observed| *observed.name == *counter);
        for (counter, charge) in &mut effective.limits {
            charge.is_observed = is_observed(counter);
        }
        for rule in in_shadow {
            let counted = rule.limits().map(|limit| &*limit.counter).filter(|counter| is_observed(counter));
            effective.shadow_counts.extend(counted.map(|counter| (counter, policy_json::rule(rule))));
        }
        if effective.limits.values().any(Charge::never_has_room) {
            effective.denied.get_or_insert_with(|| "denied by a limit that never has room".to_owned());
        }
        effective
    }

    fn add(&mut self, checks: &'p Checks) {
        self.require.extend(checks.require.iter().flat_map(|predicate| &predicate.conditions));
        self.deny_if.extend(&checks.deny_if);
        self.approval.extend(&checks.approval);
        self.results.extend(&checks.results);
        for limit in &checks.limits {
            let charge = self.limits.entry(&limit.counter).or_insert_with(|| Charge::new(limit));
            charge.max = charge.max.into_iter().chain(limit.max).min();
            if !charge.costs.contains(&&limit.cost) {
                charge.costs.push(&limit.cost);
            }
        }
    }

    /// The counters that conditions read.
    pub(super) fn observed(&self) -> impl Iterator<Item = &'p str> {
        self.conditions().filter_map(|condition| match condition.operand() {
            Operand::Counter(name) => Some(&**name),
            Operand::Path(_) => None,
        })
    }

    pub(super) fn conditions(&self) -> impl Iterator<Item = &'p Condition> {
        let predicates = self.deny_if.iter().chain(&self.approval).flat_map(|predicate| &predicate.conditions);
        self.require.iter().copied().chain(predicates)
    }

    /// Every path that is walked in a call's arguments: on the way, a name that resembles another denies.
    pub(super) fn paths(&self) -> Vec<&'p Path> {
        let costs = self.limits.values().flat_map(|charge| &charge.costs).filter_map(|cost| match cost {
            Cost::Argument(path) => Some(path),
            Cost::Fixed(_) => None,
        });
        let keys = self.limits.values().flat_map(|charge| charge.key).flat_map(LimitKey::paths);
        self.conditions().filter_map(Condition::args_path).chain(costs).chain(keys).collect()
    }
}

impl<'p> Charge<'p> {
    fn new(limit: &'p Limit) -> Self {
        let Limit { window, scope, algorithm, key, .. } = limit;
        let key = key.as_ref().map(|key| format!(", by its {key}")).unwrap_or_default();
        let terms = format!("{} s, scope `{}`, {}{key}", window.seconds(), scope.name(), algorithm.name());
        Self { terms, max: limit.max, costs: Vec::new(), is_observed: false, key: limit.key.as_ref() }
    }

    fn never_has_room(&self) -> bool {
        let exceeds = |max| self.costs.iter().any(|cost| matches!(cost, Cost::Fixed(cost) if *cost > max));
        self.max.is_some_and(|max| max == Amount::ZERO || exceeds(max))
    }
}
