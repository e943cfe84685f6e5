//! Canonical JSON: RFC 8785, the JSON Canonicalization Scheme. Two texts have one canonical form if programs read the same
//! values in them, whatever the order of members, white space, escapes and the spelling of numbers.
//!
//! What it writes goes piece by piece to a [`Sink`], so that a digest needs no copy of the text.

#[cfg(test)]
mod tests;

use super::{Member, Value, decimal, write};

/// Takes the pieces of a canonical text, in order.
pub trait Sink {
    /// Takes the next piece.
    fn write(&mut self, piece: &[u8]);
}

impl Sink for Vec<u8> {
    fn write(&mut self, piece: &[u8]) {
        self.extend_from_slice(piece);
    }
}

impl Sink for sha2::Sha256 {
    fn write(&mut self, piece: &[u8]) {
        sha2::Digest::update(self, piece);
    }
}

/// Writes a value that the strict reader has accepted. Its depth is the reader's. An object's members are compared some twenty
/// times each, and a number takes some microseconds; so the time is bounded by the number of values, which the caller bounds.
///
/// ```
/// # use mcp_policy::json::{canonical, parse};
/// let node = parse(r#"{"b": [1e2, 0.50], "a": "\u20ac\n"}"#.as_bytes(), 8)?;
/// let mut text = Vec::new();
/// canonical::write(&node.value, &mut text);
/// assert_eq!(String::from_utf8_lossy(&text), "{\"a\":\"€\\n\",\"b\":[100,0.5]}");
/// # Ok::<(), mcp_policy::json::Fault>(())
/// ```
pub fn write(value: &Value<'_>, sink: &mut dyn Sink) {
    match value {
        Value::Null => sink.write(b"null"),
        Value::Bool(true) => sink.write(b"true"),
        Value::Bool(false) => sink.write(b"false"),
        Value::Number(text) => sink.write(decimal::ecmascript(text).as_bytes()),
        Value::String(text) => write_string(text, sink),
        Value::Array(nodes) => {
            let mut before: &[u8] = b"[";
            for node in nodes {
                sink.write(before);
                write(&node.value, sink);
                before = b",";
            }
            sink.write(if nodes.is_empty() { b"[]" } else { b"]" });
        }
        Value::Object(members) => write_object(members.iter().map(|member| (&*member.name, &member.node.value)), sink),
    }
}

/// Writes an object with these members, in the canonical order: names are compared by their UTF-16 code units (RFC 8785,
/// section 3.2.3).
pub fn write_object<'v, 'a: 'v>(members: impl Iterator<Item = (&'v str, &'v Value<'a>)>, sink: &mut dyn Sink) {
    let mut members: Vec<(&str, &Value<'_>)> = members.collect();
    members.sort_unstable_by(|(one, _), (other, _)| one.encode_utf16().cmp(other.encode_utf16()));
    let mut before: &[u8] = b"{";
    for (name, value) in &members {
        sink.write(before);
        write_string(name, sink);
        sink.write(b":");
        write(value, sink);
        before = b",";
    }
    sink.write(if members.is_empty() { b"{}" } else { b"}" });
}

fn write_string(text: &str, sink: &mut dyn Sink) {
    sink.write(write::quoted(text).as_bytes());
}

/// The members of an object.
#[must_use]
pub fn members<'v, 'a>(value: &'v Value<'a>) -> &'v [Member<'a>] {
    match value {
        Value::Object(members) => members,
        _ => &[],
    }
}
