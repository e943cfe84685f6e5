//! What differs beside the policies: who is bound to which, and the options that decide on calls.

use crate::{
    config::Config,
    json::{Node, Value},
    policy::{Mode, Policy},
};

use super::{Difference, Direction, member};

/// Two policies that judge the same calls.
pub(super) struct Pair<'c> {
    pub(super) old: &'c Policy,
    pub(super) new: &'c Policy,
    pub(super) name: String,
}

/// The options whose change may change decisions. The others are about answers, lists and records.
const OPTIONS: [&str; 7] = ["identity", "protocol", "limits", "approvals", "clock", "claims", "tasks"];

/// Reports differences of options, and pairs the policies.
pub(super) fn compare<'c>(
    [old, new]: [&'c Config; 2],
    documents: [Option<&Node<'_>>; 2],
    differences: &mut Vec<Difference>,
) -> Vec<Pair<'c>> {
    let mut add = |direction: Direction, is_certain: bool, what: String| {
        differences.push(Difference { direction, is_certain, policy: String::new(), targets: Vec::new(), what });
    };
    match (old.mode, new.mode) {
        (Mode::Shadow, Mode::Shadow) => return Vec::new(),
        (Mode::Enforce, Mode::Shadow) => {
            add(Direction::Wider, true, "`mode` is `shadow`: nothing is enforced".to_owned());
            return Vec::new();
        }
        (Mode::Shadow, Mode::Enforce) => {
            add(Direction::Narrower, true, "`mode` is `enforce`: before, nothing was enforced".to_owned());
            return Vec::new();
        }
        (Mode::Enforce, Mode::Enforce) => {}
    }
    let both = [Direction::Wider, Direction::Narrower];
    for option in OPTIONS {
        let [old, new] = documents.map(|document| member(document, option));
        if !same(old, new) {
            both.into_iter().for_each(|direction| add(direction, false, format!("`{option}` differs")));
        }
    }
    let bound = same_bindings(documents);
    if !bound {
        let what = "`bindings` differ, so callers may be bound to other policies; policies of one name are compared";
        both.into_iter().for_each(|direction| add(direction, false, what.to_owned()));
    }
    if bound && old.bindings.len() == new.bindings.len() {
        let policies =
            old.bindings.iter().zip(&new.bindings).filter_map(|(one, other)| {
                Some((old.policies.get(one.policy()?)?, new.policies.get(other.policy()?)?))
            });
        let mut pairs: Vec<(String, Pair<'c>)> = Vec::new();
        for (one, other) in policies {
            let name =
                if one.name == other.name { one.name.to_string() } else { format!("{}, now {}", one.name, other.name) };
            if pairs.iter().all(|(known, _)| *known != name) {
                pairs.push((name.clone(), Pair { old: &one.policy, new: &other.policy, name }));
            }
        }
        return pairs.into_iter().map(|(_, pair)| pair).collect();
    }
    let of_one_name = old.policies.iter().filter_map(|one| {
        let other = new.policies.iter().find(|other| other.name == one.name)?;
        Some(Pair { old: &one.policy, new: &other.policy, name: one.name.to_string() })
    });
    of_one_name.collect()
}

/// Whether the bindings match the same requests, one by one, whatever their policies are called.
fn same_bindings(documents: [Option<&Node<'_>>; 2]) -> bool {
    let [old, new] = documents.map(|document| match member(document, "bindings").map(|node| &node.value) {
        Some(Value::Array(bindings)) => bindings.iter().collect(),
        // A single policy is bound to everything; of several, none is.
        _ if member(document, "policies").is_some() => Vec::new(),
        _ => vec![],
    });
    let kinds = documents.map(|document| member(document, "policies").is_some());
    kinds.first() == kinds.last()
        && old.len() == new.len()
        && old.into_iter().zip(new).all(|(one, other): (&Node<'_>, &Node<'_>)| same_binding(one, other))
}

fn same_binding(one: &Node<'_>, other: &Node<'_>) -> bool {
    ["route", "host", "path", "path_prefix", "grant", "bypass"]
        .into_iter()
        .all(|key| same(member(Some(one), key), member(Some(other), key)))
}

/// Whether two values are written alike, but for the order of members.
fn same(one: Option<&Node<'_>>, other: Option<&Node<'_>>) -> bool {
    match (one.map(|node| &node.value), other.map(|node| &node.value)) {
        (None, None) => true,
        (Some(Value::Array(ones)), Some(Value::Array(others))) => {
            ones.len() == others.len() && ones.iter().zip(others).all(|(one, other)| same(Some(one), Some(other)))
        }
        (Some(Value::Object(ones)), Some(Value::Object(others))) => {
            ones.len() == others.len()
                && ones.iter().all(|one| {
                    let other = others.iter().find(|other| other.name == one.name);
                    other.is_some_and(|other| same(Some(&one.node), Some(&other.node)))
                })
        }
        (Some(one), Some(other)) => one == other,
        _ => false,
    }
}
