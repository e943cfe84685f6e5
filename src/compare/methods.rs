//! Methods, which `methods`, `default` and the entries of what they name decide on.

use std::collections::BTreeSet;

use super::{Direction, Extent, Findings, Kind, Reach, rules::Finding};
use crate::{
    mcp::{Method, MethodClass},
    policy::{Effect, Policy},
};

/// Reports which methods one policy lets pass and the other denies. `reach` says what the entries of each policy let pass.
pub(super) fn compare(policies: [&Policy; 2], reach: [&Reach; 2], found: &mut Findings) {
    let [old_reach, new_reach] = reach;
    let named = policies.iter().flat_map(|policy| policy.methods()).map(|(name, _)| name);
    // An entry for another spelling of a known method denies that method.
    let names: BTreeSet<&str> = named.flat_map(|name| [Some(name), Method::folded_match(name)]).flatten().collect();
    for name in names {
        let target = format!("the method `{name}`");
        let finding = match policies.map(|policy| effect(policy, name)) {
            // Whether a call of it passes, the entries of what it names say: one finding for each.
            _ if matches!(class(name), Some(MethodClass::Tool | MethodClass::Prompt)) => None,
            [Effect::Allow, Effect::Deny] => Some((Direction::Narrower, old_reach, "is denied")),
            [Effect::Deny, Effect::Allow] => Some((Direction::Wider, new_reach, "is allowed")),
            [Effect::Allow, Effect::Allow] | [Effect::Deny, Effect::Deny] => None,
        };
        if let Some((direction, reach, what)) = finding {
            let is_certain = match reach.extent(name) {
                Extent::Something => Some(true),
                Extent::Perhaps => Some(false),
                // No message with it passes anyway.
                Extent::Nothing => None,
            };
            if let Some(is_certain) = is_certain {
                found.add(&target, Finding { is_certain, ..Finding::new(direction, what) });
            }
        }
        // Where every method passes, an entry denies the spellings that a server may read as the one that it names.
        let denies_spellings = policies.map(|policy| policy.method(name).is_some());
        if is_unknown(name) && policies.iter().all(|policy| policy.default() == Effect::Allow) {
            let finding = match denies_spellings {
                [false, true] => Some((Direction::Narrower, "are denied")),
                [true, false] => Some((Direction::Wider, "are allowed")),
                _ => None,
            };
            if let Some((direction, what)) = finding {
                found.add(&format!("other spellings of the method `{name}`"), Finding::new(direction, what));
            }
        }
    }
    let [old, new] = policies.map(Policy::default);
    if old != new {
        let (direction, what) = match new {
            Effect::Allow => (Direction::Wider, "`default` allows them"),
            Effect::Deny => (Direction::Narrower, "`default` denies them"),
        };
        found.add("methods that the filter does not know", Finding::new(direction, what));
    }
}

/// The methods by which entries of one kind are reached.
pub(super) fn methods_of(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Tool => &["tools/call"],
        Kind::Prompt => &["prompts/get"],
        Kind::Resource => &["resources/read", "resources/subscribe", "subscriptions/listen"],
    }
}

/// The methods that refer to something of one kind without using it.
pub(super) fn references_to(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Tool => &[],
        Kind::Prompt => &["completion/complete"],
        Kind::Resource => &["completion/complete", "resources/unsubscribe"],
    }
}

/// Whether `methods` denies a method, by its name or by another spelling of it.
pub(super) fn is_denied(policy: &Policy, name: &str) -> bool {
    policy.method(name).map_or_else(|| policy.folded_method(name).is_some(), |rule| rule.effect == Effect::Deny)
}

/// Whether a message with this method gets past `methods` and `default`.
fn effect(policy: &Policy, name: &str) -> Effect {
    let rule = policy.method(name).map(|rule| rule.effect);
    match class(name) {
        _ if is_denied(policy, name) => Effect::Deny,
        None if Method::is_client_notification(name) => Effect::Allow,
        // It is refused as another spelling of a method that the filter knows.
        None if Method::folded_match(name).is_some() => Effect::Deny,
        None | Some(MethodClass::Closed) => rule.unwrap_or(policy.default()),
        Some(_) => Effect::Allow,
    }
}

fn class(name: &str) -> Option<MethodClass> {
    Method::known(name).map(|method| method.class)
}

/// Whether it is neither a method of the specification nor another spelling of one.
fn is_unknown(name: &str) -> bool {
    class(name).is_none() && !Method::is_client_notification(name) && Method::folded_match(name).is_none()
}

impl Reach {
    /// Whether a message with this method can name something that the entries let pass.
    fn extent(&self, name: &str) -> Extent {
        match class(name) {
            Some(MethodClass::Resource) => self.resource,
            Some(MethodClass::Reference) => self.prompt_reference.max(self.resource_reference),
            Some(MethodClass::Unsubscribe) => self.resource_reference,
            // Those that name nothing, or need not.
            _ => Extent::Something,
        }
    }
}
