//! Parameters for people to read: a member a line, numbers as they were sent, no escape that is not needed.
//!
//! As a text, since a browser would round numbers that a server may not.

use crate::json::{Node, Reader, Value, quoted};

/// The parameters of a call but for `_meta`, which no approval speaks of; `None` if they cannot be read.
pub(super) fn params(bytes: &[u8]) -> Option<String> {
    let mut reader = Reader::new(bytes, u32::MAX).ok()?;
    let mut node = Node::read(&mut reader).ok()?;
    if let Value::Object(members) = &mut node.value {
        members.retain(|member| member.name != "_meta");
    }
    let mut out = String::new();
    write(&node.value, 0, &mut out);
    Some(out)
}

fn write(value: &Value<'_>, depth: usize, out: &mut String) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(true) => out.push_str("true"),
        Value::Bool(false) => out.push_str("false"),
        Value::Number(text) => out.push_str(text),
        Value::String(text) => out.push_str(&quoted(text)),
        Value::Array(nodes) => {
            let items = nodes.iter().map(|node| (None, &node.value));
            block('[', ']', items, depth, out);
        }
        Value::Object(members) => {
            let items = members.iter().map(|member| (Some(&*member.name), &member.node.value));
            block('{', '}', items, depth, out);
        }
    }
}

fn block<'v>(
    open: char,
    close: char,
    items: impl Iterator<Item = (Option<&'v str>, &'v Value<'v>)>,
    depth: usize,
    out: &mut String,
) {
    out.push(open);
    let mut is_empty = true;
    for (name, value) in items {
        if !is_empty {
            out.push(',');
        }
        is_empty = false;
        line(depth.saturating_add(1), out);
        if let Some(name) = name {
            out.push_str(&quoted(name));
            out.push_str(": ");
        }
        write(value, depth.saturating_add(1), out);
    }
    if !is_empty {
        line(depth, out);
    }
    out.push(close);
}

/// A new line. Deep values stand no further in: what nests only to be large must not grow.
fn line(depth: usize, out: &mut String) {
    out.push('\n');
    out.push_str("  ".repeat(depth.min(16)).as_str());
}

#[cfg(test)]
mod tests {
    #[cfg(target_family = "wasm")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::params;

    #[test]
    fn a_member_has_a_line_and_a_number_its_spelling() {
        let sent = r#"{"name":"p\u0061y","_meta":{"x":1},"arguments":{"amount":1e2,"big":12345678901234567890,"to":["a\n",null,true],"none":{},"no":[]}}"#;
        let shown = r#"{
  "name": "pay",
  "arguments": {
    "amount": 1e2,
    "big": 12345678901234567890,
    "to": [
      "a\n",
      null,
      true
    ],
    "none": {},
    "no": []
  }
}"#;
        assert_eq!(params(sent.as_bytes()).as_deref(), Some(shown));
        assert_eq!(params(b"{"), None);
    }
}
