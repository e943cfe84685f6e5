//! A call that shows a difference: one that a rule stops, and that passes another.
//!
//! For each argument that either rule looks at, a few values are made from the conditions on it: those that they name, and
//! others beside them. Calls with these values are judged, so what is found is certain; where none is found there may be
//! one.

use std::{borrow::Cow, collections::BTreeMap};

use crate::{
    json::{Member, Node, Value},
    policy::{
        Cost, Predicate,
        condition::{Args, Clause, Condition, ConditionResult, Facts, NoFacts},
        path::{Path, Segment},
    },
};

use super::{effective::Effective, samples::samples};

/// Calls that are judged for one difference.
const MAX_CALLS: usize = 2_000;
/// Values that are tried for one argument.
const MAX_VALUES: usize = 24;
/// Arguments of a call that is made.
const MAX_ARGUMENTS: usize = 6;

/// What stops a call under one of the rules.
#[derive(Clone, Copy, Debug)]
pub(super) enum Stop<'p> {
    /// A predicate of `deny_if` that holds.
    Denial(&'p Predicate),
    /// A predicate of `require_approval` that holds.
    Approval(&'p Predicate),
}

/// The arguments of a call that a predicate stops, and that the other rule lets pass.
pub(super) fn find(stop: Stop<'_>, passes: &Effective<'_>) -> Option<String> {
    let (Stop::Denial(predicate) | Stop::Approval(predicate)) = stop;
    // What an argument may cost is not tried.
    let costs = passes.limits.values().flat_map(|charge| &charge.costs);
    if costs.into_iter().any(|cost| matches!(cost, Cost::Argument(_))) {
        return None;
    }
    let others = passes.deny_if.iter().chain(&passes.approval).flat_map(|predicate| &predicate.conditions);
    let conditions: Vec<&Condition> =
        predicate.conditions.iter().chain(passes.require.iter().copied()).chain(others).collect();
    let mut by_path: BTreeMap<String, Vec<&Condition>> = BTreeMap::new();
    for condition in conditions {
        // Who calls, when, and what was counted is not tried.
        let path = condition.args_path()?;
        by_path.entry(path.to_string()).or_default().push(condition);
    }
    if by_path.len() > MAX_ARGUMENTS {
        return None;
    }
    let arguments: Vec<(&Path, Vec<Option<Value<'static>>>)> = by_path
        .values()
        .filter_map(|conditions| {
            let path = conditions.first()?.args_path()?;
            let fits = |value: &Option<Value<'static>>| {
                let mut place = BTreeMap::new();
                place.insert(0, (path, value));
                let Some(call) = call(place.values().copied()) else { return false };
                passes
                    .require
                    .iter()
                    .filter(|one| one.args_path() == Some(path))
                    .all(|one| holds(one, Clause::Require, &call))
                    && predicate
                        .conditions
                        .iter()
                        .filter(|one| one.args_path() == Some(path))
                        .all(|one| holds(one, Clause::Deny, &call))
            };
            let values = samples(conditions).into_iter().map(Some).chain([None]).filter(fits);
            Some((path, values.take(MAX_VALUES).collect()))
        })
        .collect();
    combinations(&arguments).find_map(|call| {
        let stops = |predicate: &&Predicate| predicate.conditions.iter().all(|one| holds(one, Clause::Deny, &call));
        let is_asked = matches!(stop, Stop::Approval(_)) && passes.approval.iter().any(stops);
        (stops(&predicate)
            && passes.require.iter().all(|one| holds(one, Clause::Require, &call))
            && !passes.deny_if.iter().any(stops)
            && !is_asked)
            .then(|| show(&call))
    })
}

/// The calls with one value for each argument.
fn combinations<'v>(
    arguments: &'v [(&'v Path, Vec<Option<Value<'static>>>)],
) -> impl Iterator<Item = Node<'static>> + 'v {
    let count = arguments.iter().fold(1_usize, |count, (_, values)| count.saturating_mul(values.len()));
    (0..count.min(MAX_CALLS)).filter_map(move |number| {
        let mut left = number;
        let chosen = arguments.iter().filter_map(|(path, values)| {
            let value = values.get(left.checked_rem(values.len())?)?;
            left = left.checked_div(values.len())?;
            Some((*path, value))
        });
        call(chosen.collect::<Vec<_>>().into_iter())
    })
}

/// Arguments with these values; `None` if two paths cannot be in one call.
fn call<'v>(values: impl Iterator<Item = (&'v Path, &'v Option<Value<'static>>)>) -> Option<Node<'static>> {
    let mut root = node(Value::Object(Vec::new()));
    for (path, value) in values {
        let Some(value) = value else { continue };
        put(&mut root, path.segments(), value)?;
    }
    Some(root)
}

/// Puts a value where a path leads; a list gets one element. Recursion ends with the path, which has a bound.
fn put(at: &mut Node<'static>, path: &[Segment], value: &Value<'static>) -> Option<()> {
    let Some((segment, rest)) = path.split_first() else {
        let is_free = matches!(at.value, Value::Null);
        at.value = value.clone();
        return is_free.then_some(());
    };
    let inner = match segment {
        Segment::Key(key) => {
            if matches!(at.value, Value::Null) {
                at.value = Value::Object(Vec::new());
            }
            let Value::Object(members) = &mut at.value else { return None };
            if !members.iter().any(|member| member.name == *key) {
                members.push(Member { at: 0, name: Cow::Owned(key.clone()), node: node(Value::Null) });
            }
            members.iter_mut().find(|member| member.name == *key).map(|member| &mut member.node)
        }
        Segment::Index(0) | Segment::Every => {
            if matches!(at.value, Value::Null) {
                at.value = Value::Array(vec![node(Value::Null)]);
            }
            let Value::Array(elements) = &mut at.value else { return None };
            elements.first_mut()
        }
        Segment::Index(_) => None,
    };
    put(inner?, rest, value)
}

fn node(value: Value<'static>) -> Node<'static> {
    Node { at: 0, value }
}

fn holds(condition: &Condition, clause: Clause, call: &Node<'_>) -> bool {
    let facts = Facts::new(&NoFacts, std::iter::empty());
    matches!(condition.holds(clause, &Args::new(Some(call)), &facts), ConditionResult::Holds(_))
}

/// The call as JSON, short.
fn show(call: &Node<'_>) -> String {
    crate::text::excerpt(&json(call))
}

fn json(node: &Node<'_>) -> String {
    let list = |parts: Vec<String>| parts.join(",");
    match &node.value {
        Value::Null => "null".to_owned(),
        Value::Bool(flag) => flag.to_string(),
        Value::Number(text) => text.to_string(),
        Value::String(text) => crate::json::quoted(text),
        Value::Array(elements) => format!("[{}]", list(elements.iter().map(json).collect())),
        Value::Object(members) => {
            let members =
                members.iter().map(|member| format!("{}:{}", crate::json::quoted(&member.name), json(&member.node)));
            format!("{{{}}}", list(members.collect()))
        }
    }
}
