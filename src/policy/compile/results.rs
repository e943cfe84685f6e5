//! `results` of all rules, for answers whose call is not known: one list for each mode, of which each entry has something that those
//! before it lack. So it is short, however many rules there are.

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
pub(super) fn collect<'r>(rules: impl Iterator<Item = &'r Rule>, mode: Mode, at: &Cursor<'_, '_>) -> Vec<ResultRules> {
    let mut seen: HashSet<(bool, String)> = HashSet::new();
    let mut kept: Vec<ResultRules> = Vec::new();
    let mut expressions = HashSet::new();
    let mut max_bytes = usize::MAX;
    for results in rules.filter(|rule| rule.mode == mode).flat_map(Rule::results) {
        max_bytes = max_bytes.min(results.max_bytes);
        let redactions = results.redact.iter().map(|redaction| (false, &redaction.finder));
        let all = redactions.chain(results.deny_if.iter().map(|finder| (true, finder)));
        let mut is_new = kept.is_empty();
        for (denies, finder) in all {
            let key = key(finder);
            if matches!(finder, Finder::Expression(_)) {
                expressions.insert(key.clone());
            }
            is_new |= seen.insert((denies, key));
        }
        if is_new {
            kept.push(results.clone());
        }
    }
    if expressions.len() > MAX_EXPRESSIONS {
        at.report(format!("more than {MAX_EXPRESSIONS} expressions in `results`; use fewer and wider ones"));
    }
    if let Some(first) = kept.first_mut() {
        first.max_bytes = max_bytes;
    }
    kept
}

fn key(finder: &Finder) -> String {
    match finder {
        Finder::BuiltIn(built_in) => built_in.name().to_owned(),
        Finder::Expression(expression) => format!("{}\n{}", expression.near, expression.regex.as_str()),
    }
}
