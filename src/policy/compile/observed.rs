//! What conditions read besides arguments, in the whole policy: the claims of tokens, and counters, each of which a limit has to
//! declare.

use std::collections::{BTreeSet, HashSet};

use crate::policy::{
    condition::{Condition, Operand},
    document,
    model::ObservedCounter,
    path::{Root, Segment},
};

use super::rule::Compiler;

/// The top-level names of the claims that conditions read.
pub(super) fn claims<'c>(conditions: impl Iterator<Item = &'c Condition>) -> Vec<Box<str>> {
    let claim = |condition: &'c Condition| match condition.operand() {
        Operand::Path(path) if path.root() == Root::Caller => match path.segments() {
            [_, Segment::Key(name), ..] => Some(name.as_str()),
            _ => None,
        },
        Operand::Path(_) | Operand::Counter(_) => None,
    };
    let names: BTreeSet<&str> = conditions.filter_map(claim).collect();
    names.into_iter().map(Into::into).collect()
}

/// The counters that conditions of a policy read. Reports those that no limit counts.
pub(super) fn counters(document: &document::Policy<'_, '_>, compiler: &Compiler) -> Vec<ObservedCounter> {
    let rules = || {
        let entries = [&document.tools, &document.resources, &document.prompts].into_iter().flatten();
        document.all_tools.iter().chain(entries.map(|(_, rule)| rule))
    };
    let used: HashSet<&str> = rules().flat_map(|rule| &rule.uses).map(|(_, name)| *name).collect();
    let shared = document.shared_rules.iter().filter(|(name, _)| used.contains(name.text)).map(|(_, checks)| checks);
    let (mut observed, mut seen) = (Vec::new(), HashSet::new());
    for predicate in shared.chain(rules().map(|rule| &rule.checks)).flat_map(document::Checks::predicates) {
        for (index, condition) in predicate.conditions.iter().enumerate() {
            let Operand::Counter(name) = condition.operand() else { continue };
            match compiler.observed(name) {
                Ok(counter) if seen.insert(name) => observed.push(counter),
                Ok(_) => {}
                Err(reason) => {
                    let place = predicate.at.at_pointer(&format!("/conditions/{index}/counter"));
                    place.unwrap_or(predicate.at).report(reason);
                }
            }
        }
    }
    observed
}
