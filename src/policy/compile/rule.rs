//! Rules: short forms, and counters that must agree.

use std::{
    cell::Cell,
    collections::{HashMap, HashSet},
};

use crate::{
    amount::Amount,
    json::cursor::Cursor,
    policy::{
        condition::Condition,
        document::{self, Action},
        model::{
            ArgumentCheck, ArgumentRule, Checks, Cost, Limit, LimitKey, Mode, ObservedCounter, Predicate, Rule, Scope,
            reads_caller,
        },
    },
    text::excerpt,
    window::{Algorithm, Window},
};

use super::shared::SharedRules;

/// Compiles the rules of one policy.
pub(super) struct Compiler {
    /// Length of the policy's own pointer: the rules' pointers start behind it.
    base: usize,
    counters: Vec<NamedCounter>,
    /// The place of each of them, by its name.
    places: HashMap<Box<str>, usize>,
    /// The counters of `all_tools`, by the rules that it uses, too.
    counters_of_all_tools: HashSet<Box<str>>,
    /// The predicates so far that can deny a caller whatever it sends.
    caller_predicates: Cell<u32>,
}

/// A counter, where it was first named, and on which terms.
struct NamedCounter {
    first: Box<str>,
    terms: CounterTerms,
}

/// What all rules that name one counter must agree on.
#[derive(Clone, PartialEq, Eq)]
struct CounterTerms {
    window: Window,
    scope: Scope,
    algorithm: Algorithm,
    mode: Mode,
    key: Option<LimitKey>,
}

impl Compiler {
    pub(super) fn new(policy: &Cursor<'_, '_>, document: &document::Policy<'_, '_>) -> Self {
        Self {
            base: policy.pointer().len(),
            counters: Vec::new(),
            places: HashMap::new(),
            counters_of_all_tools: counters_of_all_tools(document),
            caller_predicates: Cell::new(0),
        }
    }

    /// The predicates that can deny a caller whatever it sends.
    pub(super) fn caller_predicates(&self) -> u32 {
        self.caller_predicates.get()
    }

    /// The counter that conditions read under this name.
    ///
    /// # Errors
    /// Why there is none.
    pub(super) fn observed(&self, name: &str) -> Result<ObservedCounter, String> {
        let Some(NamedCounter { terms, .. }) = self.places.get(name).and_then(|place| self.counters.get(*place)) else {
            return Err(format!(
                "no limit of this policy counts `{}`; add one to the calls that it counts: without `max` it only counts",
                excerpt(name)
            ));
        };
        if terms.key.is_some() {
            return Err(format!(
                "the counter `{}` counts by `key`, so it has many counts; read one without `key`",
                excerpt(name)
            ));
        }
        let CounterTerms { window, scope, algorithm, .. } = *terms;
        Ok(ObservedCounter { name: name.into(), window, scope, algorithm })
    }

    /// The place inside the policy, as verdicts name it.
    pub(super) fn pointer(&self, at: &Cursor<'_, '_>) -> Box<str> {
        at.pointer().get(self.base..).unwrap_or_default().into()
    }

    /// Compiles the rule of an entry.
    pub(super) fn compile_rule(&mut self, document: &document::Rule<'_, '_>, shared: &mut SharedRules<'_>) -> Rule {
        let mut rule = Rule {
            mode: document.mode,
            shared: shared.used_by(document, self),
            own: self.compile_checks(&document.checks),
            ..Rule::default()
        };
        self.compile_action(document, &mut rule);
        self.compile_rate_limit(document, &mut rule);
        for (limit, place) in rule.own.limits.iter().zip(places(document)) {
            self.check_terms(place, limit, rule.mode);
        }
        rule.note_contents();
        rule
    }

    /// Compiles the lists of a rule, each by itself.
    pub(super) fn compile_checks(&self, document: &document::Checks<'_, '_>) -> Checks {
        Checks {
            require: self.compile_predicates(&document.require, |conditions| conditions.iter().any(reads_caller)),
            deny_if: self.compile_predicates(&document.deny_if, |conditions| {
                !conditions.is_empty() && conditions.iter().all(reads_caller)
            }),
            approval: self.compile_predicates(&document.require_approval, |_| false),
            limits: self.compile_limits(document),
            results: document.results.as_ref().map(|results| self.compile_results(results)),
            arguments: document.arguments.as_ref().map(|arguments| self.compile_arguments(arguments)),
            ..Checks::default()
        }
    }

    /// `arguments`, of a rule or of the policy.
    pub(super) fn compile_arguments(&self, (at, check): &(Cursor<'_, '_>, ArgumentCheck)) -> ArgumentRule {
        ArgumentRule { pointer: self.pointer(at), check: *check }
    }

    /// `decides` says whether conditions can deny a caller whatever it sends.
    fn compile_predicates(
        &self,
        documents: &[document::Predicate<'_, '_>],
        decides: fn(&[Condition]) -> bool,
    ) -> Vec<Predicate> {
        let number = || self.caller_predicates.replace(self.caller_predicates.get().saturating_add(1));
        let predicate = |document: &document::Predicate<'_, '_>| Predicate {
            pointer: self.pointer(&document.at),
            conditions: document.conditions.clone(),
            reason: document.on_deny.map(Into::into),
            expires: document.expires,
            caller_index: decides(&document.conditions).then(number),
        };
        documents.iter().map(predicate).collect()
    }

    /// `action`, which must not say again or deny what the long forms say.
    fn compile_action(&self, document: &document::Rule<'_, '_>, rule: &mut Rule) {
        if let (Some((at, _)), None, None) = (&document.reason, &document.action, &document.rate_limit) {
            at.report("`reason` is the text of `action` or `rate_limit`; in `deny_if` write `on_deny`");
        }
        let Some((at, action)) = &document.action else { return };
        let always = |predicates: &[Predicate]| predicates.iter().any(|predicate| predicate.conditions.is_empty());
        if always(&rule.own.deny_if) {
            at.report("`deny_if` with empty conditions already denies every call; remove one of the two");
        } else if *action != Action::Deny && always(&rule.own.approval) {
            at.report("`require_approval` with empty conditions already applies to every call; remove one of the two");
        }
        let short = Predicate {
            pointer: self.pointer(at),
            conditions: Vec::new(),
            reason: document.reason.as_ref().map(|(_, text)| (*text).into()),
            expires: document::DEFAULT_EXPIRES,
            caller_index: None,
        };
        match action {
            Action::Allow => {}
            Action::Deny => rule.own.deny_if.push(short),
            Action::RequireApproval => rule.own.approval.push(short),
        }
    }

    fn compile_limits(&self, document: &document::Checks<'_, '_>) -> Vec<Limit> {
        let (mut counters, mut compiled) = (HashSet::new(), Vec::new());
        for limit in document.limits.iter().flat_map(|(_, limits)| limits) {
            if !counters.insert(limit.counter) {
                limit.at.report(format!("the counter `{}` is repeated in one rule; keep one", limit.counter));
            }
            let document::Limit { at, counter, window, max, scope, algorithm, cost, key } = limit;
            compiled.push(Limit {
                pointer: self.pointer(at),
                counter: (*counter).into(),
                is_of_all_tools: self.counters_of_all_tools.contains(*counter),
                window: *window,
                max: *max,
                scope: *scope,
                algorithm: *algorithm,
                cost: cost.clone(),
                key: key.clone(),
                reason: None,
            });
        }
        compiled
    }

    /// `rate_limit`, the short form of one limit.
    fn compile_rate_limit(&self, document: &document::Rule<'_, '_>, rule: &mut Rule) {
        let Some(rate) = &document.rate_limit else { return };
        if let Some((at, _)) = &document.checks.limits {
            at.report("`rate_limit` is the short form of `limits`; remove one of the two");
        }
        let counter = self.pointer(&document.at);
        rule.own.limits.push(Limit {
            pointer: self.pointer(&rate.at),
            is_of_all_tools: self.counters_of_all_tools.contains(&*counter),
            counter: counter.into(),
            window: rate.window,
            max: Some(rate.max),
            scope: Scope::Grant,
            algorithm: Algorithm::Fixed,
            cost: Cost::Fixed(Amount::ONE),
            key: None,
            reason: document.reason.as_ref().map(|(_, text)| (*text).into()),
        });
    }

    /// One name is one counter: all that name it must mean the same count.
    pub(super) fn check_terms(&mut self, at: &Cursor<'_, '_>, limit: &Limit, mode: Mode) {
        let Limit { window, scope, algorithm, ref key, .. } = *limit;
        let terms = CounterTerms { window, scope, algorithm, mode, key: key.clone() };
        let Some(known) = self.places.get(&*limit.counter).and_then(|place| self.counters.get(*place)) else {
            self.places.insert((&*limit.counter).into(), self.counters.len());
            return self.counters.push(NamedCounter { first: limit.pointer.clone(), terms });
        };
        if known.terms != terms {
            at.report(format!(
                "the counter `{}` has another window, scope, algorithm, key or mode at `{}`; one name is one counter, so make \
                 them agree or choose another name",
                limit.counter, known.first
            ));
        }
    }
}

/// The counters that every call of a tool is charged to.
fn counters_of_all_tools(document: &document::Policy<'_, '_>) -> HashSet<Box<str>> {
    let Some(all_tools) = &document.all_tools else { return HashSet::new() };
    let is_used = |name: &str| all_tools.uses.iter().any(|(_, used)| *used == name);
    let shared = document.shared_rules.iter().filter(|(name, _)| is_used(name.text)).map(|(_, checks)| checks);
    let limits = shared.chain([&all_tools.checks]).filter_map(|checks| checks.limits.as_ref());
    let counters = limits.flat_map(|(_, limits)| limits).map(|limit| limit.counter);
    // `rate_limit` counts by the pointer of its rule.
    counters.chain(all_tools.rate_limit.as_ref().map(|_| "/all_tools")).map(Box::from).collect()
}

/// Where the limits of an entry's rule are written, in their order.
fn places<'d, 'w, 'a>(document: &'d document::Rule<'w, 'a>) -> impl Iterator<Item = &'d Cursor<'w, 'a>> {
    let limits = document.checks.limits.iter().flat_map(|(_, limits)| limits).map(|limit| &limit.at);
    limits.chain(document.rate_limit.as_ref().map(|rate| &rate.at))
}
