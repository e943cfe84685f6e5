//! A policy in its document: where it is, and what the compiled policy does not keep.

use crate::{
    config::NamedPolicy,
    json::{Node, Value},
};

use super::offsets::child;

/// A policy in its document.
#[derive(Debug)]
pub(super) struct PolicyText<'v> {
    /// `hide`, in order.
    pub(super) hide: Vec<&'v str>,
    /// The pointer of the policy.
    base: String,
}

impl<'v> PolicyText<'v> {
    pub(super) fn new(named: &NamedPolicy, document: &'v Node<'_>) -> Self {
        let among = member(document, "policies").and_then(|policies| member(policies, &named.name));
        let (base, policy) = match (among, member(document, "policy")) {
            (Some(policy), _) => (child("/policies", &named.name), policy),
            (None, Some(policy)) => ("/policy".to_owned(), policy),
            (None, None) => (String::new(), document),
        };
        Self { hide: strings(member(policy, "hide")), base }
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

fn member<'v>(node: &'v Node<'_>, name: &str) -> Option<&'v Node<'v>> {
    let Value::Object(members) = &node.value else { return None };
    members.iter().find(|member| member.name == name).map(|member| &member.node)
}

fn strings<'v>(node: Option<&'v Node<'_>>) -> Vec<&'v str> {
    let Some(Value::Array(nodes)) = node.map(|node| &node.value) else { return Vec::new() };
    let strings = nodes.iter().map(|node| match &node.value {
        Value::String(text) => text.as_ref(),
        _ => "",
    });
    strings.collect()
}
