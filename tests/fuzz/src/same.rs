//! Our tree against the one of `serde_json`, which keeps numbers as they are written here (`arbitrary_precision`).

use mcp_policy::json::{Decimal, Node, Value};

/// Whether the two say the same.
pub fn same(ours: &Node<'_>, theirs: &serde_json::Value) -> bool {
    match (&ours.value, theirs) {
        (Value::Null, serde_json::Value::Null) => true,
        (Value::Bool(one), serde_json::Value::Bool(other)) => one == other,
        (Value::Number(one), serde_json::Value::Number(other)) => Decimal::new(one) == Decimal::new(other.as_str()),
        (Value::String(one), serde_json::Value::String(other)) => one == other,
        (Value::Array(one), serde_json::Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
        }
        (Value::Object(one), serde_json::Value::Object(other)) => {
            let found = |name: &str| other.get(name);
            one.len() == other.len()
                && one.iter().all(|member| found(&member.name).is_some_and(|value| same(&member.node, value)))
        }
        _ => false,
    }
}
