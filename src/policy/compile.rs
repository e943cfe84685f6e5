//! From what was written to what was meant, and every contradiction on the way.

use std::collections::HashMap;

use crate::walk::At;

use super::{
    document,
    model::{Denial, Limit, Policy, Rule, Scope, Stance},
    pattern::{Pattern, Table},
};

/// Patterns that one policy may have; product contract, section 1. Each costs time in every call that no name matches.
const MAX_PATTERNS: usize = 1000;

/// Compiles the policy at `at`; `None` if anything is wrong with it, which is then reported.
pub fn compile(at: &At<'_, '_>) -> Option<Policy> {
    let document = document::Policy::read(at)?;
    let base = at.pointer().len();
    let patterns = document.hide.iter().map(|name| name.text).chain(document.tools.iter().map(|(name, _)| name.text));
    if patterns.filter(|name| Pattern::new(name).is_some()).count() > MAX_PATTERNS {
        at.wrong(format!("more than {MAX_PATTERNS} patterns; write names out, or fewer and wider patterns"));
    }
    let mut compiler = Compiler { base, counters: HashMap::new() };
    let all_tools = document.all_tools.as_ref().map(|rule| compiler.rule(rule)).unwrap_or_default();
    let tools = document.tools.iter().map(|(name, rule)| (name.text.to_owned(), compiler.rule(rule)));
    let tools = Table::new(tools.collect::<Vec<_>>(), Rule::denies_unconditionally);
    let hidden = Table::new(document.hide.iter().map(|name| (name.text.to_owned(), ())), |()| true);
    Some(Policy { default: document.default, hidden, all_tools, tools })
}

/// What all rules that name one counter must agree on.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Terms {
    seconds: u32,
    scope: Scope,
    sliding: bool,
}

struct Compiler {
    /// Length of the policy's own pointer: the rules' pointers start behind it.
    base: usize,
    /// Where each counter was first named, and on which terms.
    counters: HashMap<String, (String, Terms)>,
}

impl Compiler {
    fn rule(&mut self, rule: &document::Rule<'_, '_>) -> Rule {
        let reason = rule.reason.as_ref().map(|(_, text)| (*text).into());
        let mut denials: Vec<Denial> = Vec::new();
        for predicate in &rule.deny_if {
            denials.push(Denial { pointer: self.pointer(&predicate.at), text: predicate.on_deny.map(Into::into) });
        }
        if let Some((at, stance)) = &rule.action {
            match (stance, denials.is_empty()) {
                (_, false) => {
                    at.wrong("`deny_if` with empty conditions already denies every call; leave one of the two")
                }
                (Stance::Deny, true) => denials.push(Denial { pointer: self.pointer(at), text: reason.clone() }),
                (Stance::Allow, true) => {}
            }
        }
        if let (Some((at, _)), None, None) = (&rule.reason, &rule.action, &rule.rate_limit) {
            at.wrong("`reason` is the text of `action` or `rate_limit`; in `deny_if` write `on_deny`");
        }
        let mut limits: Vec<Limit> = Vec::new();
        for limit in rule.limits.iter().flat_map(|(_, limits)| limits) {
            if limits.iter().any(|other| *other.counter == *limit.counter) {
                limit.at.wrong(format!("the counter `{}` stands twice in one rule; leave one", limit.counter));
            }
            let limit = self.limit(limit);
            limits.push(limit);
        }
        if let Some(rate) = &rule.rate_limit {
            if let Some((at, _)) = &rule.limits {
                at.wrong("`rate_limit` is the short form of `limits`; leave one of the two");
            }
            let counter = self.pointer(&rule.at);
            let (scope, sliding) = (Scope::Grant, false);
            self.agree(&rate.at, &counter, Terms { seconds: rate.period.seconds(), scope, sliding });
            let pointer = self.pointer(&rate.at);
            limits.push(Limit { pointer, counter, period: rate.period, max: rate.max, scope, sliding, text: reason });
        }
        Rule { denials, limits }
    }

    fn limit(&mut self, limit: &document::Limit<'_, '_>) -> Limit {
        let document::Limit { at, counter, period, max, scope, sliding } = limit;
        self.agree(at, counter, Terms { seconds: period.seconds(), scope: *scope, sliding: *sliding });
        Limit {
            pointer: self.pointer(at),
            counter: (*counter).into(),
            period: *period,
            max: *max,
            scope: *scope,
            sliding: *sliding,
            text: None,
        }
    }

    /// One name is one counter: all that name it must mean the same count.
    fn agree(&mut self, at: &At<'_, '_>, counter: &str, terms: Terms) {
        let here = self.pointer(at);
        let (first, agreed) = self.counters.entry(counter.to_owned()).or_insert_with(|| (here.into(), terms));
        if *agreed != terms {
            at.wrong(format!(
                "the counter `{counter}` has another window, scope or algorithm at `{first}`; one name is one counter, \
                 so make them agree or choose another name"
            ));
        }
    }

    /// The place inside the policy, as verdicts name it.
    fn pointer(&self, at: &At<'_, '_>) -> Box<str> {
        at.pointer().get(self.base..).unwrap_or_default().into()
    }
}
