//! What differs beside the policies: who is bound to which, and the options that decide on calls.

use crate::{
    config::Config,
    json::{Node, Value},
    policy::{Mode, Policy},
    text::excerpt,
};

use super::{Difference, Direction, members};

/// Two policies that judge the same calls.
pub(super) struct Pair<'c> {
    pub(super) old: &'c Policy,
    pub(super) new: &'c Policy,
    pub(super) name: String,
    /// Whose calls, by the bindings; none if there are no bindings.
    pub(super) callers: Vec<String>,
}

/// The options whose change may change decisions. The others are about answers, lists and records.
const OPTIONS: [&str; 7] = ["identity", "protocol", "limits", "approvals", "clock", "claims", "tasks"];

/// The keys by which a binding selects requests.
const MATCHERS: [&str; 5] = ["grant", "route", "host", "path", "path_prefix"];

/// Reports differences of options, and pairs the policies.
pub(super) fn compare<'c>(
    [old, new]: [&'c Config; 2],
    documents: [Option<&Node<'_>>; 2],
    differences: &mut Vec<Difference>,
) -> Vec<Pair<'c>> {
    let mut add_for = |direction: Direction, is_certain: bool, callers: Vec<String>, what: String| {
        let (policy, targets) = (String::new(), Vec::new());
        differences.push(Difference { direction, is_certain, policy, callers, targets, what });
    };
    let mut add = |direction, is_certain, what| add_for(direction, is_certain, Vec::new(), what);
    match (old.mode, new.mode) {
        (Mode::Enforce, Mode::Shadow) => {
            add(Direction::Wider, true, "`mode` is `shadow`: nothing is enforced".to_owned())
        }
        (Mode::Shadow, Mode::Enforce) => {
            add(Direction::Narrower, true, "`mode` is `enforce`: before, nothing was enforced".to_owned());
        }
        (Mode::Shadow, Mode::Shadow) | (Mode::Enforce, Mode::Enforce) => {}
    }
    // In shadow, too, a message that cannot be read is refused, but not on a route that a binding bypasses.
    let is_shadow = [old.mode, new.mode].contains(&Mode::Shadow);
    let options: &[&str] = if is_shadow { &["protocol"] } else { &OPTIONS };
    let both = [Direction::Wider, Direction::Narrower];
    for option in options {
        let [old, new] = documents.map(|document| document?.member(option));
        for what in members::differences(option, old, new) {
            both.into_iter().for_each(|direction| add(direction, false, what.clone()));
        }
    }
    let bound = same_bindings(documents);
    if is_shadow {
        let bypasses = |config: &Config| config.bindings.iter().any(|binding| binding.policy().is_none());
        if !bound && (bypasses(old) || bypasses(new)) {
            let what = "`bindings` differ, and what a route with `bypass` gets is not read";
            both.into_iter().for_each(|direction| add(direction, false, what.to_owned()));
        }
        return Vec::new();
    }
    let [old_bindings, new_bindings] = documents.map(bindings);
    if !bound {
        let what = "`bindings` differ, so callers may be bound to other policies; policies of one name are compared";
        let callers = changed(&old_bindings, &new_bindings);
        both.into_iter().for_each(|direction| add_for(direction, false, callers.clone(), what.to_owned()));
    }
    if bound && old.bindings.len() == new.bindings.len() {
        let mut pairs: Vec<Pair<'c>> = Vec::new();
        for (index, (one, other)) in old.bindings.iter().zip(&new.bindings).enumerate() {
            let policy = |config: &'c Config, binding: Option<usize>| config.policies.get(binding?);
            let (Some(one), Some(other)) = (policy(old, one.policy()), policy(new, other.policy())) else { continue };
            let name =
                if one.name == other.name { one.name.to_string() } else { format!("{}, now {}", one.name, other.name) };
            let callers = new_bindings.get(index).map(|binding| describe(binding, index));
            // By the policies, not by the name, which a policy may have that is called `a, now b`.
            let is_same =
                |known: &&mut Pair<'c>| std::ptr::eq(known.old, &one.policy) && std::ptr::eq(known.new, &other.policy);
            match pairs.iter_mut().find(is_same) {
                Some(known) => known.callers.extend(callers),
                None => {
                    let callers = callers.into_iter().collect();
                    pairs.push(Pair { old: &one.policy, new: &other.policy, name, callers });
                }
            }
        }
        return pairs;
    }
    let of_one_name = old.policies.iter().filter_map(|one| {
        let other = new.policies.iter().find(|other| other.name == one.name)?;
        let name = one.name.to_string();
        let bound = old_bindings.iter().enumerate().chain(new_bindings.iter().enumerate());
        let bound = bound.filter(|(_, binding)| binding.member("policy").and_then(Node::as_str) == Some(&name));
        let mut callers: Vec<String> = Vec::new();
        for (index, binding) in bound {
            let caller = describe(binding, index);
            if !callers.contains(&caller) {
                callers.push(caller);
            }
        }
        Some(Pair { old: &one.policy, new: &other.policy, name, callers })
    });
    of_one_name.collect()
}

/// The bindings of a document.
fn bindings<'n>(document: Option<&'n Node<'n>>) -> Vec<&'n Node<'n>> {
    match document.and_then(|node| node.member("bindings")).map(|node| &node.value) {
        Some(Value::Array(bindings)) => bindings.iter().collect(),
        _ => Vec::new(),
    }
}

/// The callers of the bindings that only one of the two has, or that they have at other places: the first that matches decides.
fn changed(old: &[&Node<'_>], new: &[&Node<'_>]) -> Vec<String> {
    let is_same = |one: &Node<'_>, other: &Node<'_>| {
        same_binding(one, other) && same(one.member("policy"), other.member("policy"))
    };
    let front = old.iter().zip(new).take_while(|(one, other)| is_same(one, other)).count();
    let behind = |bindings: &[&Node<'_>]| bindings.len().saturating_sub(front);
    let back = old.iter().rev().zip(new.iter().rev()).take_while(|(one, other)| is_same(one, other)).count();
    let back = back.min(behind(old)).min(behind(new));
    let mut callers: Vec<String> = Vec::new();
    for bindings in [old, new] {
        let between = bindings.iter().enumerate().skip(front).take(behind(bindings).saturating_sub(back));
        for caller in between.map(|(index, binding)| describe(binding, index)) {
            if !callers.contains(&caller) {
                callers.push(caller);
            }
        }
    }
    callers
}

/// Whose calls a binding selects, at its place among others: an earlier one that matches comes first.
fn describe(binding: &Node<'_>, index: usize) -> String {
    let matchers = MATCHERS.into_iter().filter_map(|key| {
        let text = binding.member(key)?.as_str()?;
        Some(format!("`{key}` `{}`", excerpt(text)))
    });
    let matchers: Vec<String> = matchers.collect();
    match (matchers.is_empty(), index) {
        (true, 0) => "every caller".to_owned(),
        (true, _) => "every other caller".to_owned(),
        (false, _) => matchers.join(" and "),
    }
}

/// Whether the bindings match the same requests, one by one, whatever their policies are called.
fn same_bindings(documents: [Option<&Node<'_>>; 2]) -> bool {
    let is_single = |document: Option<&Node<'_>>| match bindings(document).as_slice() {
        [] => document.is_none_or(|node| node.member("policies").is_none()),
        [binding] => !MATCHERS.into_iter().chain(["bypass"]).any(|key| binding.member(key).is_some()),
        _ => false,
    };
    // One policy alone is bound to every caller.
    if documents.into_iter().all(is_single) {
        return true;
    }
    let [old, new] = documents.map(bindings);
    let kinds = documents.map(|document| document.is_some_and(|node| node.member("policies").is_some()));
    kinds.first() == kinds.last()
        && old.len() == new.len()
        && old.into_iter().zip(new).all(|(one, other): (&Node<'_>, &Node<'_>)| same_binding(one, other))
}

fn same_binding(one: &Node<'_>, other: &Node<'_>) -> bool {
    MATCHERS.into_iter().chain(["bypass"]).all(|key| same(one.member(key), other.member(key)))
}

/// Whether two values are written alike, but for the order of members.
pub(super) fn same(one: Option<&Node<'_>>, other: Option<&Node<'_>>) -> bool {
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
