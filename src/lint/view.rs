//! A configuration as advice looks at it.

use std::iter;

use crate::{
    config::{Config, NamedPolicy},
    json::{Node, Value},
    policy::{
        Effect, Limit, Mode, Policy, Rule,
        pattern::{Pattern, Table},
    },
};

use super::{
    offsets::{Places, below},
    reachability,
};

/// A configuration with its entries in the order of the text.
#[derive(Debug)]
pub(super) struct PolicyView<'v> {
    pub(super) config: &'v Config,
    pub(super) policy: &'v Policy,
    pub(super) places: Places,
    /// `hide`, in order.
    pub(super) hide: Vec<&'v str>,
    pub(super) entries: Vec<Entry<'v>>,
    /// The pointer of the policy.
    base: String,
}

/// An entry of `tools`, `resources` or `prompts`.
#[derive(Debug)]
pub(super) struct Entry<'v> {
    pub(super) map: Map,
    pub(super) key: &'v str,
    pub(super) pattern: Option<&'v Pattern>,
    pub(super) rule: &'v Rule,
    pub(super) pointer: String,
    /// Why no call gets to its rule.
    pub(super) barrier: Option<reachability::Blocker>,
}

/// A map of entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Map {
    Tools,
    Resources,
    Prompts,
}

/// A rule that some call gets to.
#[derive(Clone, Copy, Debug)]
pub(super) struct ReachableRule<'v> {
    pub(super) rule: &'v Rule,
    /// `None` for `all_tools`.
    pub(super) entry: Option<&'v Entry<'v>>,
    /// `all_tools` where it is asked, too.
    beside: Option<&'v Rule>,
}

impl<'v> PolicyView<'v> {
    pub(super) fn new(config: &'v Config, named: &'v NamedPolicy, document: &'v Node<'_>, places: Places) -> Self {
        let policy = &named.policy;
        let among = member(document, "policies").and_then(|policies| member(policies, &named.name));
        let (base, written) = match (among, member(document, "policy")) {
            (Some(policy), _) => (below("/policies", &named.name), policy),
            (None, Some(policy)) => ("/policy".to_owned(), policy),
            (None, None) => (String::new(), document),
        };
        let mut view = Self { config, policy, places, hide: names(member(written, "hide")), entries: Vec::new(), base };
        for map in Map::ALL {
            let table = map.of(policy);
            let exact = table.names().map(|(key, rule)| (key, None, rule));
            let patterns = table.patterns().map(|(pattern, rule)| (pattern.text(), Some(pattern), rule));
            let entries = exact.chain(patterns).map(|(key, pattern, rule)| {
                let written = if map == Map::Resources { policy.written_uri(key) } else { key };
                let pointer = below(&view.pointer(map.name()), written);
                Entry { map, key, pattern, rule, pointer, barrier: reachability::barrier(&view, map, key, pattern) }
            });
            let entries: Vec<_> = entries.collect();
            view.entries.extend(entries);
        }
        let places = &view.places;
        view.entries.sort_by_key(|entry| places.at(&entry.pointer));
        view
    }

    /// The pointer of a member of the policy.
    pub(super) fn pointer(&self, name: &str) -> String {
        below(&self.base, name)
    }

    /// Whether the document is the policy itself, with no options beside it.
    pub(super) fn is_bare(&self) -> bool {
        self.base.is_empty()
    }

    /// The pointer of something whose pointer into the policy is known.
    pub(super) fn whole(&self, pointer: &str) -> String {
        [&*self.base, pointer].concat()
    }

    /// The pointer of a member of something in the policy; of that itself where it is written without.
    pub(super) fn part(&self, pointer: &str, name: &str) -> String {
        let part = self.whole(&below(pointer, name));
        if self.places.has(&part) { part } else { self.whole(pointer) }
    }

    /// The rules that some call gets to and that do not deny whatever the call.
    pub(super) fn live(&'v self) -> impl Iterator<Item = ReachableRule<'v>> {
        let all = self.policy.all_tools();
        let entries = self.entries.iter().filter(|entry| entry.barrier.is_none()).map(move |entry| ReachableRule {
            rule: entry.rule,
            entry: Some(entry),
            beside: (entry.map == Map::Tools).then_some(all),
        });
        let live = iter::once(ReachableRule { rule: all, entry: None, beside: None }).chain(entries);
        live.filter(|live| !live.rule.denies_unconditionally())
    }

    /// Whether the default refuses what a rule in shadow names.
    pub(super) fn is_idle(&self, rule: &Rule) -> bool {
        rule.mode == Mode::Shadow && self.policy.default() == Effect::Deny
    }
}

impl<'v> ReachableRule<'v> {
    /// The rule, and `all_tools` beside it: what is asked of a call, as far as it binds one of the rule's mode.
    pub(super) fn rules(&self) -> impl Iterator<Item = &'v Rule> {
        let mode = self.rule.mode;
        let beside = self.beside.filter(move |rule| rule.mode == Mode::Enforce || rule.mode == mode);
        iter::once(self.rule).chain(beside)
    }

    /// All limits that a call has to pass together with this rule's.
    pub(super) fn limits(&self) -> impl Iterator<Item = &'v Limit> {
        self.rules().flat_map(|rule| &rule.limits)
    }
}

impl Map {
    pub(super) const ALL: [Self; 3] = [Self::Tools, Self::Resources, Self::Prompts];

    /// As it is written.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Tools => "tools",
            Self::Resources => "resources",
            Self::Prompts => "prompts",
        }
    }

    /// One of what it names.
    pub(super) fn one(self) -> &'static str {
        match self {
            Self::Tools => "tool",
            Self::Resources => "resource",
            Self::Prompts => "prompt",
        }
    }

    pub(super) fn of(self, policy: &Policy) -> &Table<Rule> {
        match self {
            Self::Tools => policy.tools(),
            Self::Resources => policy.resources(),
            Self::Prompts => policy.prompts(),
        }
    }
}

fn member<'v>(node: &'v Node<'_>, name: &str) -> Option<&'v Node<'v>> {
    let Value::Object(members) = &node.value else { return None };
    members.iter().find(|member| member.name == name).map(|member| &member.node)
}

fn names<'v>(node: Option<&'v Node<'_>>) -> Vec<&'v str> {
    let Some(Value::Array(nodes)) = node.map(|node| &node.value) else { return Vec::new() };
    let names = nodes.iter().map(|node| match &node.value {
        Value::String(text) => text.as_ref(),
        _ => "",
    });
    names.collect()
}
