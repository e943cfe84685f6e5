//! Parameters as bytes that are equal if the values are: the order of members, white space, escapes and the spelling of
//! numbers make no difference.

use crate::json::{Decimal, Member, Node, Value, decimal_digits};

/// The key under which a client is sent to the page, and answers that its user has seen it; MCP 2026-07-28, multi round-trip requests.
pub const INPUT_REQUEST: &str = "mcp-policy/approval";

/// Writes a value; `None` if it holds a number that is not one.
pub(super) fn write(value: &Value<'_>, out: &mut Vec<u8>) -> Option<()> {
    write_with(value, |text| Some(Decimal::new(text)?.comparison_key()), out)
}

/// Writes a value as servers read it: numbers that a double does not hold are all alike, since a server reads another number.
pub(crate) fn write_as_doubles(value: &Value<'_>, out: &mut Vec<u8>) {
    let number = |text: &str| {
        Some(Decimal::kept_by_double(text).map_or_else(|| "?".to_owned(), |number| number.comparison_key()))
    };
    // Every number is written, so nothing stops it.
    let _: Option<()> = write_with(value, number, out);
}

/// The work of writing a value beyond a few units a byte: the members of an object are sorted by insertion, in half the square of
/// their number.
pub(crate) fn sort_work(value: &Value<'_>) -> usize {
    match value {
        Value::Array(nodes) => nodes.iter().fold(0, |sum: usize, node| sum.saturating_add(sort_work(&node.value))),
        Value::Object(members) => members.iter().fold(members.len().saturating_pow(2) / 2, |sum: usize, member| {
            sum.saturating_add(sort_work(&member.node.value))
        }),
        _ => 0,
    }
}

fn write_with(value: &Value<'_>, number: fn(&str) -> Option<String>, out: &mut Vec<u8>) -> Option<()> {
    match value {
        Value::Null => out.push(b'n'),
        Value::Bool(true) => out.push(b't'),
        Value::Bool(false) => out.push(b'f'),
        Value::Number(text) => {
            out.push(b'#');
            write_sized(number(text)?.as_bytes(), out);
        }
        Value::String(text) => {
            out.push(b'"');
            write_sized(text.as_bytes(), out);
        }
        Value::Array(nodes) => {
            out.push(b'[');
            write_size(nodes.len(), out);
            nodes.iter().try_for_each(|node| write_with(&node.value, number, out))?;
        }
        Value::Object(members) => {
            let mut sorted: Vec<&Member<'_>> = Vec::with_capacity(members.len());
            for member in members {
                let index = sorted.partition_point(|other| other.name < member.name);
                sorted.insert(index, member);
            }
            out.push(b'{');
            write_size(sorted.len(), out);
            sorted.iter().try_for_each(|member| {
                write_sized(member.name.as_bytes(), out);
                write_with(&member.node.value, number, out)
            })?;
        }
    }
    Some(())
}

/// The parameters of a call without what makes it no other call: `_meta`, `arguments` that are `null` or an empty object, which is
/// what a call without arguments means, and the answer to the request for approval itself.
pub(crate) fn canonical_params(params: Node<'_>) -> Value<'_> {
    match params.value {
        Value::Object(members) => Value::Object(members.into_iter().filter(is_significant).collect()),
        other => other,
    }
}

fn is_significant(member: &Member<'_>) -> bool {
    match &*member.name {
        "_meta" => false,
        "arguments" => match &member.node.value {
            Value::Null => false,
            Value::Object(arguments) => !arguments.is_empty(),
            _ => true,
        },
        "inputResponses" => match &member.node.value {
            Value::Object(responses) => !matches!(&**responses, [only] if only.name == INPUT_REQUEST),
            _ => true,
        },
        _ => true,
    }
}

/// Writes the length of some bytes and then the bytes, so that no text can pass for its neighbour.
pub(crate) fn write_sized(bytes: &[u8], out: &mut Vec<u8>) {
    write_size(bytes.len(), out);
    out.extend_from_slice(bytes);
}

fn write_size(size: usize, out: &mut Vec<u8>) {
    out.extend_from_slice(decimal_digits(u64::try_from(size).unwrap_or(u64::MAX)).as_bytes());
    out.push(b':');
}
