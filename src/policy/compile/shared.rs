//! `rules`, which entries share by `use`. Each is compiled once, and checked once for each mode in which it is used, so that
//! the time stays linear in the document however many entries use one.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use crate::{
    json::cursor::Cursor,
    policy::{
        document::{self, Name},
        model::{Checks, Mode},
    },
};

use super::rule::Compiler;

/// The rules of `rules`.
pub(super) struct SharedRules<'w> {
    names: Vec<&'w str>,
    by_name: HashMap<&'w str, usize>,
    rules: Vec<SharedRule>,
    /// A counter that two rules name, for each pair that some entry uses.
    common: HashMap<(usize, usize), Option<Box<str>>>,
}

struct SharedRule {
    checks: Arc<Checks>,
    counters: HashSet<Box<str>>,
    /// The modes of the entries that use it so far.
    modes: Vec<Mode>,
}

impl<'w> SharedRules<'w> {
    /// Compiles all of them.
    pub(super) fn new(documents: &[(Name<'w, '_>, document::Checks<'w, '_>)], compiler: &Compiler) -> Self {
        let names: Vec<&str> = documents.iter().map(|(name, _)| name.text).collect();
        let rules = documents.iter().map(|(_, document)| {
            let mut checks = compiler.compile_checks(document);
            checks.note_contents();
            let counters = checks.limits.iter().map(|limit| (&*limit.counter).into()).collect();
            SharedRule { checks: Arc::new(checks), counters, modes: Vec::new() }
        });
        let by_name = names.iter().enumerate().map(|(index, name)| (*name, index)).collect();
        Self { rules: rules.collect(), names, by_name, common: HashMap::new() }
    }

    /// The rules that an entry's `use` names. Names that `rules` does not have are reported, and so is a counter that
    /// the entry would charge twice.
    pub(super) fn used_by(&mut self, document: &document::Rule<'_, '_>, compiler: &mut Compiler) -> Vec<Arc<Checks>> {
        let mut used: Vec<usize> = Vec::new();
        for (at, name) in &document.uses {
            let Some(&index) = self.by_name.get(name) else {
                self.report_unknown(at);
                continue;
            };
            for other in &used {
                if let Some(counter) = self.common_counter(*other, index) {
                    at.report(format!("two rules of this `use` name the counter `{counter}`; use one of them"));
                }
            }
            used.push(index);
            self.note_use(at, index, document.mode, compiler);
        }
        let rules: Vec<&SharedRule> = used.iter().filter_map(|index| self.rules.get(*index)).collect();
        for limit in document.checks.limits.iter().flat_map(|(_, limits)| limits) {
            if rules.iter().any(|rule| rule.counters.contains(limit.counter)) {
                let counter = limit.counter;
                limit.at.report(format!("a rule of `use` names the counter `{counter}` already; keep one"));
            }
        }
        rules.into_iter().map(|rule| Arc::clone(&rule.checks)).collect()
    }

    /// Those that some entry uses.
    pub(super) fn used(&self) -> Vec<Arc<Checks>> {
        let used = self.rules.iter().filter(|rule| !rule.modes.is_empty());
        used.map(|rule| Arc::clone(&rule.checks)).collect()
    }

    fn report_unknown(&self, at: &Cursor<'_, '_>) {
        if self.names.is_empty() {
            at.report("`use` names rules of `rules`, which this policy does not have");
        } else {
            at.report_unlisted(&self.names);
        }
    }

    /// Has the counters of a rule agree with those of other rules, in the mode of the entry that uses it.
    fn note_use(&mut self, at: &Cursor<'_, '_>, index: usize, mode: Mode, compiler: &mut Compiler) {
        let Some(rule) = self.rules.get_mut(index) else { return };
        if !rule.modes.contains(&mode) {
            rule.modes.push(mode);
            rule.checks.limits.iter().for_each(|limit| compiler.check_terms(at, limit, mode));
        }
    }

    fn common_counter(&mut self, one: usize, other: usize) -> Option<&str> {
        let (one, other) = (one.min(other), one.max(other));
        let rules = &self.rules;
        let common = self.common.entry((one, other)).or_insert_with(|| {
            let (one, other) = (&rules.get(one)?.counters, &rules.get(other)?.counters);
            one.intersection(other).min().cloned()
        });
        common.as_deref()
    }
}
