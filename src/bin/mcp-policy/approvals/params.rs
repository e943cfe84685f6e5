//! Parameters for people to read: one member on each line, numbers as they were sent, and only necessary escapes.

use mcp_policy::json::{Value, parse, quoted};

/// Parameters with one member on each line; unchanged if they are not JSON.
pub(super) fn format(params: &str) -> String {
    // The filter has read them with its own bound on depth.
    let Ok(node) = parse(params.as_bytes(), u32::MAX) else { return params.to_owned() };
    let mut out = String::new();
    write(&node.value, 0, &mut out);
    out
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
            write_block('[', ']', items, depth, out);
        }
        Value::Object(members) => {
            let items = members.iter().map(|member| (Some(&*member.name), &member.node.value));
            write_block('{', '}', items, depth, out);
        }
    }
}

fn write_block<'v>(
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
        break_line(depth.saturating_add(1), out);
        if let Some(name) = name {
            out.push_str(&quoted(name));
            out.push_str(": ");
        }
        write(value, depth.saturating_add(1), out);
    }
    if !is_empty {
        break_line(depth, out);
    }
    out.push(close);
}

/// Starts a line. The indentation is bounded, so that deep parameters do not grow beyond measure.
fn break_line(depth: usize, out: &mut String) {
    out.push('\n');
    out.push_str("  ".repeat(depth.min(16)).as_str());
}

#[cfg(test)]
mod tests {
    use super::format;

    #[test]
    fn each_member_has_a_line_and_each_number_its_spelling() {
        let sent = r#"{"name":"pay","arguments":{"amount":1e2,"big":12345678901234567890,"to":["a\n",null,true],"none":{},"no":[]}}"#;
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
        assert_eq!(format(sent), shown);
        assert_eq!(format("{"), "{");
    }
}
