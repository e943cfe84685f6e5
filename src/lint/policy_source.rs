//! A policy in its document: where it is, and what the compiled policy does not keep.

use std::collections::HashSet;

use crate::{
    config::NamedPolicy,
    json::{Node, Value},
};

use super::value_offsets::child;

/// A policy in its document.
#[derive(Debug)]
pub(super) struct PolicySource<'v> {
    /// `hide`, in order.
    pub(super) hide: Vec<&'v str>,
    /// The keys of `methods`, in order.
    pub(super) methods: Vec<&'v str>,
    /// The names of `rules`, in order.
    pub(super) rules: Vec<&'v str>,
    /// The names in every `use`.
    pub(super) uses: HashSet<&'v str>,
    /// The pointer of the policy.
    base: String,
}

impl<'v> PolicySource<'v> {
    pub(super) fn new(named: &NamedPolicy, document: &'v Node<'_>) -> Self {
        let among = document.member("policies").and_then(|policies| policies.member(&named.name));
        let (base, policy) = match (among, document.member("policy")) {
            (Some(policy), _) => (child("/policies", &named.name), policy),
            (None, Some(policy)) => ("/policy".to_owned(), policy),
            (None, None) => (String::new(), document),
        };
        let maps = ["tools", "resources", "prompts"].into_iter().filter_map(|map| policy.member(map));
        let entries = maps.flat_map(values).chain(policy.member("all_tools"));
        Self {
            hide: strings(policy.member("hide")),
            methods: names(policy.member("methods")),
            rules: names(policy.member("rules")),
            uses: entries.flat_map(|entry| strings(entry.member("use"))).collect(),
            base,
        }
    }

    /// The pointer of a member of the policy.
    pub(super) fn pointer(&self, name: &str) -> String {
        child(&self.base, name)
    }

    /// The pointer into the document for a pointer into the policy.
    pub(super) fn absolute(&self, pointer: &str) -> String {
        [&*self.base, pointer].concat()
    }

    /// Whether the document is the policy itself, without options.
    pub(super) fn is_bare(&self) -> bool {
        self.base.is_empty()
    }
}

fn values<'v>(node: &'v Node<'_>) -> Vec<&'v Node<'v>> {
    let Value::Object(members) = &node.value else { return Vec::new() };
    members.iter().map(|member| &member.node).collect()
}

fn names<'v>(node: Option<&'v Node<'_>>) -> Vec<&'v str> {
    let Some(Value::Object(members)) = node.map(|node| &node.value) else { return Vec::new() };
    members.iter().map(|member| &*member.name).collect()
}

fn strings<'v>(node: Option<&'v Node<'_>>) -> Vec<&'v str> {
    let Some(Value::Array(nodes)) = node.map(|node| &node.value) else { return Vec::new() };
    let strings = nodes.iter().map(|node| match &node.value {
        Value::String(text) => text.as_ref(),
        _ => "",
    });
    strings.collect()
}
