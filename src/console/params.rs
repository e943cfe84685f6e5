//! The parameters of a call as one line of JSON: numbers as they were sent, and no escape that is not needed.
//!
//! Line breaks and indentation are the reader's: they would multiply what deep values take. The text is a string in the
//! answer, since a browser would round numbers that a server may not.

use crate::json::{Node, Reader, Value, quoted};

/// The parameters of a call without `_meta`, which no approval covers; `None` if they cannot be read.
///
/// The text is no longer than `bytes`: an escape here is no longer than the one that was sent.
pub(super) fn compact(bytes: &[u8]) -> Option<String> {
    let mut reader = Reader::new(bytes, u32::MAX).ok()?;
    let mut node = Node::read(&mut reader).ok()?;
    if let Value::Object(members) = &mut node.value {
        members.retain(|member| member.name != "_meta");
    }
    let mut out = String::with_capacity(bytes.len());
    write(&node.value, &mut out);
    Some(out)
}

fn write(value: &Value<'_>, out: &mut String) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(true) => out.push_str("true"),
        Value::Bool(false) => out.push_str("false"),
        Value::Number(text) => out.push_str(text),
        Value::String(text) => out.push_str(&quoted(text)),
        Value::Array(nodes) => {
            let items = nodes.iter().map(|node| (None, &node.value));
            write_items('[', ']', items, out);
        }
        Value::Object(members) => {
            let items = members.iter().map(|member| (Some(&*member.name), &member.node.value));
            write_items('{', '}', items, out);
        }
    }
}

fn write_items<'v>(
    open: char,
    close: char,
    items: impl Iterator<Item = (Option<&'v str>, &'v Value<'v>)>,
    out: &mut String,
) {
    out.push(open);
    for (index, (name, value)) in items.enumerate() {
        if index > 0 {
            out.push(',');
        }
        if let Some(name) = name {
            out.push_str(&quoted(name));
            out.push(':');
        }
        write(value, out);
    }
    out.push(close);
}

#[cfg(test)]
mod tests {
    #[cfg(target_family = "wasm")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::compact;

    #[test]
    fn numbers_keep_their_spelling_and_white_space_goes() {
        let sent = "{ \"name\":\"p\\u0061y\",\r\n \"_meta\":{\"x\":1},\"arguments\":{\"amount\" : 1e2,\"big\":12345678901234567890,\"to\":[\"a\\n\",null,true ],\"none\":{},\"no\":[]}}";
        let shown = r#"{"name":"pay","arguments":{"amount":1e2,"big":12345678901234567890,"to":["a\n",null,true],"none":{},"no":[]}}"#;
        assert_eq!(compact(sent.as_bytes()).as_deref(), Some(shown));
        assert_eq!(compact(b"{"), None);
    }
}
