//! `results` of all rules, for answers whose call is not known: one list for each mode. Each of its entries has something that those
//! before it lack, so it is short, however many rules there are.

use std::collections::HashSet;

use crate::{
    json::cursor::Cursor,
    policy::{
        document,
        model::{Finder, Mode, ResultRules, Rule},
    },
};

use super::rule::Compiler;

/// Expressions that one policy may have: each is looked for in every text of an answer whose call is not known.
const MAX_EXPRESSIONS: usize = 64;

impl Compiler {
    pub(super) fn compile_results(&self, document: &document::Results<'_, '_>) -> ResultRules {
        let redact = document
            .redact
            .iter()
            .map(|(finder, replace)| crate::policy::Redaction { finder: finder.clone(), replace: (*replace).into() });
        ResultRules {
            pointer: self.pointer(&document.at),
            max_bytes: document.max_bytes,
            redact: redact.collect(),
            deny_if: document.deny_if.clone(),
            on_deny: document.on_deny.map(Into::into),
        }
    }
}

/// The rules of one mode, together. Reports a policy with too many expressions at `at`.
#[inline(never)]
pub(super) fn collect(rules: &[&Rule], mode: Mode, at: &Cursor<'_, '_>) -> Vec<ResultRules> {
    let mut seen: HashSet<Box<str>> = HashSet::new();
    let mut kept: Vec<ResultRules> = Vec::new();
    let (mut expressions, mut max_bytes) = (0_usize, usize::MAX);
    for rule in rules.iter().filter(|rule| rule.mode == mode) {
        for results in rule.results() {
            // A shared rule is read once, however many entries use it. A place begins with `/`, so it equals no key of a finder.
            if !seen.insert(results.pointer.clone()) {
                continue;
            }
            max_bytes = max_bytes.min(results.max_bytes);
            let redactions = results.redact.iter().map(|redaction| ("redact", &redaction.finder));
            let all = redactions.chain(results.deny_if.iter().map(|finder| ("deny_if", finder)));
            let mut is_new = kept.is_empty();
            for (list, finder) in all {
                if seen.insert(key(list, finder)) {
                    is_new = true;
                    expressions = expressions.saturating_add(usize::from(matches!(finder, Finder::Expression(_))));
                }
            }
            if is_new {
                kept.push(results.clone());
            }
        }
    }
    if expressions > MAX_EXPRESSIONS {
        at.report(format!("more than {MAX_EXPRESSIONS} expressions in `results`; use fewer and wider ones"));
    }
    if let Some(first) = kept.first_mut() {
        first.max_bytes = max_bytes;
    }
    kept
}

fn key(list: &str, finder: &Finder) -> Box<str> {
    let [one, other] = match finder {
        Finder::BuiltIn(built_in) => [built_in.name(), ""],
        Finder::Expression(expression) => [&*expression.near, expression.regex.as_str()],
    };
    [list, "\n", one, "\n", other].concat().into()
}
