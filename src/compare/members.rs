//! Which members of an option differ, with both values.

use crate::{
    json::{Node, Value},
    text::excerpt,
};

use super::options::same;

/// The one member that may be a credential (product contract, section 15): its values are not displayed.
const SECRET: &str = "approvals.notify.path";

/// A sentence on each member of the option `name` that the two do not have alike, however deep.
pub(super) fn differences(name: &str, old: Option<&Node<'_>>, new: Option<&Node<'_>>) -> Vec<String> {
    if same(old, new) {
        return Vec::new();
    }
    if [old, new].into_iter().flatten().any(|node| !matches!(node.value, Value::Object(_))) {
        return vec![sentence(name, old, new)];
    }
    let mut names: Vec<&str> = Vec::new();
    for node in [old, new].into_iter().flatten() {
        let Value::Object(members) = &node.value else { continue };
        let unknown = members.iter().map(|member| &*member.name);
        names.extend(unknown.filter(|name| !names.contains(name)).collect::<Vec<_>>());
    }
    let below = |key: &str| {
        let [old, new] = [old, new].map(|node| node?.member(key));
        differences(&[name, key].join("."), old, new)
    };
    names.into_iter().flat_map(below).collect()
}

fn sentence(name: &str, old: Option<&Node<'_>>, new: Option<&Node<'_>>) -> String {
    match [old, new].map(|node| display(name, node)) {
        [Some(old), Some(new)] if old != new => format!("`{name}` was {old} and is {new}"),
        _ if name == SECRET => format!("`{name}` differs; it may be a credential, so it is not displayed"),
        // Lists, and texts that differ behind what is displayed.
        _ => format!("`{name}` differs"),
    }
}

/// A value in a sentence; `None` for lists and objects.
fn display(name: &str, node: Option<&Node<'_>>) -> Option<String> {
    Some(match node.map(|node| &node.value) {
        None => "not given".to_owned(),
        Some(_) if name == SECRET => "given".to_owned(),
        Some(Value::String(text)) => format!("`{}`", excerpt(text)),
        Some(Value::Number(text)) => format!("`{}`", excerpt(text)),
        Some(Value::Bool(value)) => format!("`{value}`"),
        Some(Value::Null | Value::Array(_) | Value::Object(_)) => return None,
    })
}
