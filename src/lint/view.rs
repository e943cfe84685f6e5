//! A configuration as the lints read it.

use std::iter;

use crate::{
    config::{Config, NamedPolicy},
    json::Node,
    policy::{Effect, Limit, Mode, Policy, Rule, pattern::Pattern},
};

use super::{
    blocker::Blocker,
    policy_section::PolicySection,
    policy_source::PolicySource,
    value_offsets::{ValueOffsets, child},
};

/// A policy of a configuration, with its entries in the order of the text.
#[derive(Debug)]
pub(super) struct PolicyView<'v> {
    pub(super) config: &'v Config,
    pub(super) policy: &'v Policy,
    pub(super) text: PolicySource<'v>,
    pub(super) offsets: ValueOffsets,
    pub(super) entries: Vec<Entry<'v>>,
}

/// An entry of `tools`, `resources` or `prompts`.
#[derive(Debug)]
pub(super) struct Entry<'v> {
    pub(super) map: PolicySection,
    pub(super) key: &'v str,
    pub(super) pattern: Option<&'v Pattern>,
    pub(super) rule: &'v Rule,
    pub(super) pointer: String,
    /// What keeps every call from its rule.
    pub(super) blocker: Option<Blocker>,
}

/// A rule that some call reaches.
#[derive(Clone, Copy, Debug)]
pub(super) struct ReachableRule<'v> {
    pub(super) rule: &'v Rule,
    /// `None` for `all_tools`.
    pub(super) entry: Option<&'v Entry<'v>>,
    /// `all_tools`, if it applies to the same calls.
    all_tools: Option<&'v Rule>,
}

// === impl PolicyView ===

impl<'v> PolicyView<'v> {
    pub(super) fn new(
        config: &'v Config,
        named: &'v NamedPolicy,
        document: &'v Node<'_>,
        offsets: ValueOffsets,
    ) -> Self {
        let (policy, text) = (&named.policy, PolicySource::new(named, document));
        let mut entries = Vec::new();
        for map in PolicySection::ALL {
            let table = map.entries(policy);
            let exact = table.names().map(|(key, rule)| (key, None, rule));
            let patterns = table.patterns().map(|(pattern, rule)| (pattern.as_str(), Some(pattern), rule));
            entries.extend(exact.chain(patterns).map(|(key, pattern, rule)| {
                let written = if map == PolicySection::Resources { policy.written_uri(key) } else { key };
                let pointer = child(&text.pointer(map.key()), written);
                Entry { map, key, pattern, rule, pointer, blocker: Blocker::find(policy, &text, map, key, pattern) }
            }));
        }
        entries.sort_by_key(|entry| offsets.at(&entry.pointer));
        Self { config, policy, text, offsets, entries }
    }

    /// The pointer into the document of a member of something in the policy; of that itself if it has no such member.
    pub(super) fn member_pointer(&self, pointer: &str, name: &str) -> String {
        let member = self.text.absolute(&child(pointer, name));
        if self.offsets.has(&member) { member } else { self.text.absolute(pointer) }
    }

    /// The rules that some call reaches and that do not deny every call.
    pub(super) fn reachable_rules(&'v self) -> impl Iterator<Item = ReachableRule<'v>> {
        let all_tools = self.policy.all_tools();
        let entries = self.entries.iter().filter(|entry| entry.blocker.is_none()).map(move |entry| ReachableRule {
            rule: entry.rule,
            entry: Some(entry),
            all_tools: (entry.map == PolicySection::Tools).then_some(all_tools),
        });
        let all = iter::once(ReachableRule { rule: all_tools, entry: None, all_tools: None }).chain(entries);
        all.filter(|reachable| !reachable.rule.denies_unconditionally())
    }

    /// Those that are enforced: none if the policy, or the configuration around it, is in shadow.
    pub(super) fn enforced_rules(&'v self) -> impl Iterator<Item = ReachableRule<'v>> {
        let is_enforced = self.config.mode_of(self.policy) == Mode::Enforce;
        self.reachable_rules().filter(move |reachable| is_enforced && reachable.rule.mode == Mode::Enforce)
    }

    /// Whether the default denies what a rule in shadow mode names.
    pub(super) fn is_denied_by_default(&self, rule: &Rule) -> bool {
        rule.mode == Mode::Shadow && self.policy.default() == Effect::Deny
    }
}

// === impl ReachableRule ===

impl<'v> ReachableRule<'v> {
    /// The rule, and `all_tools` if it restricts the same calls at least as strictly as the rule's mode.
    pub(super) fn rules(&self) -> impl Iterator<Item = &'v Rule> {
        let mode = self.rule.mode;
        let all_tools = self.all_tools.filter(move |rule| rule.mode == Mode::Enforce || rule.mode == mode);
        iter::once(self.rule).chain(all_tools)
    }

    /// All limits that a call has to meet together with this rule's.
    pub(super) fn limits(&self) -> impl Iterator<Item = &'v Limit> {
        self.rules().flat_map(Rule::limits)
    }
}
