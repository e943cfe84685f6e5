//! Canonical JSON: RFC 8785, the JSON Canonicalization Scheme. Two texts have one canonical form if programs read the same
//! values in them, whatever the order of members, white space, escapes and the spelling of numbers.

#[cfg(test)]
mod tests;

use super::{Member, Value, decimal, write};

/// Appends the canonical form of a value that the strict reader has accepted; it nests no deeper than the reader allowed. A
/// number takes some microseconds at most and 25 bytes, and an object sorts its members: so the number of values bounds the time,
/// which the caller bounds.
///
/// ```
/// # use mcp_policy::json::{canonical, parse};
/// let node = parse(r#"{"b": [1e2, 0.50], "a": "\u20ac\n"}"#.as_bytes(), 8)?;
/// let mut text = String::new();
/// canonical::write(&node.value, &mut text);
/// assert_eq!(text, "{\"a\":\"€\\n\",\"b\":[100,0.5]}");
/// # Ok::<(), mcp_policy::json::Fault>(())
/// ```
pub fn write(value: &Value<'_>, out: &mut String) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(true) => out.push_str("true"),
        Value::Bool(false) => out.push_str("false"),
        Value::Number(text) => out.push_str(&decimal::ecmascript(text)),
        Value::String(text) => write::push_quoted(text, out),
        Value::Array(nodes) => {
            let mut before = '[';
            for node in nodes {
                out.push(before);
                write(&node.value, out);
                before = ',';
            }
            out.push_str(if nodes.is_empty() { "[]" } else { "]" });
        }
        Value::Object(members) => {
            let mut before = '{';
            for member in sorted(members) {
                out.push(before);
                write::push_quoted(&member.name, out);
                out.push(':');
                write(&member.node.value, out);
                before = ',';
            }
            out.push_str(if members.is_empty() { "{}" } else { "}" });
        }
    }
}

/// Members that are sorted by insertion: an object rarely has more.
const FEW: usize = 32;

/// The members of an object in canonical order. Halves are sorted and merged; the standard sorts would add 11 KB to the module.
fn sorted<'m, 'a>(members: &'m [Member<'a>]) -> Vec<&'m Member<'a>> {
    let mut all: Vec<&Member<'_>> = Vec::with_capacity(members.len());
    if members.len() <= FEW {
        for member in members {
            let later = all.iter().rev().take_while(|other| is_before(&member.name, &other.name)).count();
            all.insert(all.len().saturating_sub(later), member);
        }
        return all;
    }
    let (front, back) = members.split_at_checked(members.len() / 2).unwrap_or_default();
    let [front, back] = [front, back].map(sorted);
    let mut rest = back.as_slice();
    for member in front {
        while let Some((next, behind)) = rest.split_first().filter(|(next, _)| is_before(&next.name, &member.name)) {
            all.push(*next);
            rest = behind;
        }
        all.push(member);
    }
    all.extend_from_slice(rest);
    all
}

/// Whether one name comes before the other by their UTF-16 code units (RFC 8785, section 3.2.3). That is the order of their bytes,
/// but for characters from U+E000 on, which begin with such a byte: those beyond the basic plane come before the rest.
fn is_before(one: &str, other: &str) -> bool {
    match one.bytes().zip(other.bytes()).find(|(one, other)| one != other) {
        None => one.len() < other.len(),
        Some((byte, 0xEE..) | (0xEE.., byte)) if byte >= 0x80 => one.encode_utf16().lt(other.encode_utf16()),
        Some((one, other)) => one < other,
    }
}
