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
        Value::Object(members) => {
            let mut before: &[u8] = b"{";
            for member in sorted(members) {
                sink.write(before);
                write_string(&member.name, sink);
                sink.write(b":");
                write(&member.node.value, sink);
                before = b",";
            }
            sink.write(if members.is_empty() { b"{}" } else { b"}" });
        }
    }
}

/// The members of an object in canonical order: names are compared by their UTF-16 code units (RFC 8785, section 3.2.3). Halves
/// are sorted and merged; the standard sorts would add 11 KB to the module.
fn sorted<'m, 'a>(members: &'m [Member<'a>]) -> Vec<&'m Member<'a>> {
    let (front, back) = members.split_at_checked(members.len() / 2).unwrap_or_default();
    if front.is_empty() {
        return members.iter().collect();
    }
    let [front, back] = [front, back].map(sorted);
    let mut all = Vec::with_capacity(members.len());
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

/// In the order of bytes, and so of code points, those beyond the basic plane come last; in UTF-16 code units they do not.
fn is_before(one: &str, other: &str) -> bool {
    one.encode_utf16().lt(other.encode_utf16())
}

fn write_string(text: &str, sink: &mut dyn Sink) {
    sink.write(write::quoted(text).as_bytes());
}
