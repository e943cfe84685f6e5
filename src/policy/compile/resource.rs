//! `resources`: keys and conditions in the form in which URIs are compared.

use std::collections::{HashMap, HashSet};

use crate::{
    json::{Node, Value, cursor::Cursor},
    policy::{document, uri},
};

/// An entry of `resources` as written.
type Entry<'w, 'a> = (document::Name<'w, 'a>, document::Rule<'w, 'a>);

/// Maps each normalized key to its written form, if the two differ. Reports duplicates, and conditions that no URI could satisfy,
/// also in the shared rules that entries use.
pub(super) fn map_uri_keys(
    entries: &[Entry<'_, '_>],
    shared: &[(document::Name<'_, '_>, document::Checks<'_, '_>)],
) -> HashMap<Box<str>, Box<str>> {
    let mut first: HashMap<Box<str>, &str> = HashMap::new();
    let used: HashSet<&str> = entries.iter().flat_map(|(_, rule)| &rule.uses).map(|(_, name)| *name).collect();
    for (_, checks) in shared.iter().filter(|(name, _)| used.contains(name.text)) {
        checks.predicates().for_each(|predicate| check_conditions(&predicate.at));
    }
    for (_, rule) in entries {
        rule.checks.predicates().for_each(|predicate| check_conditions(&predicate.at));
    }
    for (name, _) in entries {
        if let Some(other) = first.insert(uri::normalize(name.text).into(), name.text) {
            name.at.report(format!("this is the same URI as `{other}`; remove one of the two"));
        }
    }
    let differs = |(normal, written): (Box<str>, &str)| (*normal != *written).then(|| (normal, written.into()));
    first.into_iter().filter_map(differs).collect()
}

/// Reports values that hold characters a compared URI never has.
fn check_conditions(predicate: &Cursor<'_, '_>) {
    let conditions = predicate.get("conditions").and_then(|list| list.items()).unwrap_or_default();
    for value in conditions.iter().filter_map(|condition| condition.get("value")) {
        if let Some(text) = find_non_ascii(value.node()) {
            let encoded = uri::normalize(text);
            value.report(format!("URIs are compared percent-encoded, so this never matches; write `{encoded}`"));
        }
    }
}

/// The first text in a value that is not ASCII.
fn find_non_ascii<'n>(node: &'n Node<'_>) -> Option<&'n str> {
    match &node.value {
        Value::String(text) => (!text.is_ascii()).then_some(&**text),
        Value::Array(elements) => elements.iter().find_map(find_non_ascii),
        Value::Object(members) => members.iter().find_map(|member| find_non_ascii(&member.node)),
        Value::Null | Value::Bool(_) | Value::Number(_) => None,
    }
}
