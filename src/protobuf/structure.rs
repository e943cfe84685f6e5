//! The protobuf form of a `google.protobuf.Struct`: what reaches the module when Envoy's configuration holds one, and how
//! the claims of a token are in what Envoy's filters know of a request.
//!
//! `google/protobuf/struct.proto`: `Struct { map<string, Value> fields = 1 }`, `ListValue { repeated Value values = 1 }`,
//! `Value { null = 1, number = 2, string = 3, bool = 4, struct = 5, list = 6 }`. A `Struct` does not show
//! names that were repeated in the YAML it was made from.

use super::wire::{Field, Message, Wire, read_fields};
use crate::json::{Member, Node, Value};

#[cfg(test)]
mod tests;

/// A value of a `Struct`, as far as identities need to know it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StructValue<'a> {
    /// `null`
    Null,
    /// A string.
    Text(&'a str),
    /// A `Struct`, as bytes.
    Object(&'a [u8]),
    /// Anything else.
    Other,
}

/// The bytes are not a `Struct`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DecodeError;

/// Finds a `Struct` that a filter of Envoy's keeps under `name`, in `envoy.config.core.v3.Metadata`:
/// `Metadata { map<string, Struct> filter_metadata = 1 }`.
///
/// # Errors
/// The bytes are not such a message, hold it twice, or hold anything else there.
pub fn find_metadata<'a>(metadata: &'a [u8], filter: &str, name: &str) -> Result<Option<&'a [u8]>, DecodeError> {
    let Some(all) = find_value(metadata, filter)? else { return Ok(None) };
    let Some(value) = find_value(all, name)? else { return Ok(None) };
    match read_oneof(value).ok_or(DecodeError)? {
        Some(Field { number: 5, value: Wire::Bytes(structure) }) => Ok(Some(structure)),
        _ => Err(DecodeError),
    }
}

/// Finds one entry of a `Struct`.
///
/// # Errors
/// The bytes are not such a message, or hold the entry twice.
pub fn find_entry<'a>(bytes: &'a [u8], name: &str) -> Result<Option<StructValue<'a>>, DecodeError> {
    find_value(bytes, name)?.map(read_shallow).transpose()
}

/// The value of one entry of the map that is a message's first field; what other fields hold is of no interest.
fn find_value<'a>(bytes: &'a [u8], name: &str) -> Result<Option<&'a [u8]>, DecodeError> {
    let mut found = None;
    for field in read_fields(bytes).ok_or(DecodeError)? {
        let Field { number: 1, value } = field else { continue };
        let Wire::Bytes(member) = value else { return Err(DecodeError) };
        let (key, value) = read_map_entry(member).ok_or(DecodeError)?;
        if key == name.as_bytes() && found.replace(value).is_some() {
            return Err(DecodeError);
        }
    }
    Ok(found)
}

fn read_shallow(bytes: &[u8]) -> Result<StructValue<'_>, DecodeError> {
    Ok(match read_oneof(bytes).ok_or(DecodeError)? {
        None | Some(Field { number: 1, .. }) => StructValue::Null,
        Some(Field { number: 3, value: Wire::Bytes(text) }) => {
            StructValue::Text(std::str::from_utf8(text).map_err(|_| DecodeError)?)
        }
        Some(Field { number: 5, value: Wire::Bytes(structure) }) => StructValue::Object(structure),
        Some(_) => StructValue::Other,
    })
}

/// Reads a `Struct` into the tree that JSON is read into; `None` if the bytes are not a `Struct`.
#[must_use]
pub fn read(bytes: &[u8], max_depth: u32) -> Option<Node<'_>> {
    read_struct(bytes, max_depth, number_text)
}

/// Reads the claims of a token, as [`read`] does. A number that a configuration could not hold becomes one that no double holds,
/// so that it is of the wrong type wherever a rule compares it. The result shows
/// nothing of what Envoy rounded to a double before: 2^53+1 reads as 2^53.
#[must_use]
pub fn read_claims(bytes: &[u8], max_depth: u32) -> Option<Node<'_>> {
    read_struct(bytes, max_depth, claim_text)
}

/// Copies the entries of a `Struct` whose names are wanted.
///
/// # Errors
/// The bytes are not such a message, or hold a wanted name twice.
pub fn select_entries(bytes: &[u8], is_wanted: impl Fn(&str) -> bool) -> Result<Vec<u8>, DecodeError> {
    let (mut selected, mut seen) = (Message::default(), Vec::new());
    for field in read_fields(bytes).ok_or(DecodeError)? {
        let Field { number: 1, value: Wire::Bytes(entry) } = field else { continue };
        let (name, _) = read_map_entry(entry).ok_or(DecodeError)?;
        let name = std::str::from_utf8(name).map_err(|_| DecodeError)?;
        if is_wanted(name) {
            if seen.contains(&name) {
                return Err(DecodeError);
            }
            seen.push(name);
            selected = selected.add_bytes(1, entry);
        }
    }
    Ok(selected.finish())
}

/// Writes a JSON object as a `Struct`; `None` if it is anything else, or holds a number that is not one.
#[cfg(not(target_os = "wasi"))]
#[must_use]
pub fn encode(node: &Node<'_>) -> Option<Vec<u8>> {
    let Value::Object(members) = &node.value else { return None };
    let mut message = Message::default();
    for member in members {
        let value = encode_value(&member.node.value)?;
        let entry = Message::default().add_string(1, &member.name).add_bytes(2, &value);
        message = message.add_message(1, &entry);
    }
    Some(message.finish())
}

#[cfg(not(target_os = "wasi"))]
fn encode_value(value: &Value<'_>) -> Option<Vec<u8>> {
    Some(match value {
        // Field 1 with the value 0, and field 4 likewise: a field of a `oneof` is written even if it is zero.
        Value::Null => vec![1 << 3, 0],
        Value::Bool(flag) => vec![4 << 3, u8::from(*flag)],
        Value::Number(text) => [&[2 << 3 | 1][..], &text.parse::<f64>().ok()?.to_le_bytes()].concat(),
        Value::String(text) => Message::default().add_bytes(3, text.as_bytes()).finish(),
        Value::Object(_) => {
            let inner = encode(&Node { at: 0, value: value.clone() })?;
            Message::default().add_bytes(5, &inner).finish()
        }
        Value::Array(nodes) => {
            let mut list = Message::default();
            for node in nodes {
                list = list.add_bytes(1, &encode_value(&node.value)?);
            }
            Message::default().add_message(6, &list).finish()
        }
    })
}

/// How a number is written.
type NumberText = fn(f64) -> Option<String>;

fn read_struct(bytes: &[u8], depth: u32, text: NumberText) -> Option<Node<'_>> {
    let depth = depth.checked_sub(1)?;
    let members = read_fields(bytes)?.into_iter().map(|field| match field {
        Field { number: 1, value: Wire::Bytes(entry) } => read_member(entry, depth, text),
        _ => None,
    });
    Some(to_node(Value::Object(members.collect::<Option<_>>()?)))
}

fn read_member(bytes: &[u8], depth: u32, text: NumberText) -> Option<Member<'_>> {
    let (name, value) = read_map_entry(bytes)?;
    Some(Member { at: 0, name: std::str::from_utf8(name).ok()?.into(), node: read_value(value, depth, text)? })
}

/// The key and the value of an entry of a map: a message with the key as field 1 and the value as field 2, each there once
/// at most.
fn read_map_entry(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (mut key, mut value) = (None, None);
    for field in read_fields(bytes)? {
        let (place, content) = match field {
            Field { number: 1, value: Wire::Bytes(text) } => (&mut key, text),
            Field { number: 2, value: Wire::Bytes(inner) } => (&mut value, inner),
            _ => return None,
        };
        if place.replace(content).is_some() {
            return None;
        }
    }
    Some((key.unwrap_or_default(), value.unwrap_or_default()))
}

/// The field of a message that is one `oneof`, if it is set. Several are refused: of two values readers take the last one,
/// and two messages they merge.
fn read_oneof(bytes: &[u8]) -> Option<Option<Field<'_>>> {
    let mut fields = read_fields(bytes)?;
    let field = fields.pop();
    fields.is_empty().then_some(field)
}

fn read_value(bytes: &[u8], depth: u32, text: NumberText) -> Option<Node<'_>> {
    let Some(Field { number, value }) = read_oneof(bytes)? else { return Some(to_node(Value::Null)) };
    Some(match (number, value) {
        (1, Wire::Varint(_)) => to_node(Value::Null),
        (2, Wire::Fixed64(bits)) => to_node(Value::Number(text(f64::from_bits(bits))?.into())),
        (3, Wire::Bytes(bytes)) => to_node(Value::String(std::str::from_utf8(bytes).ok()?.into())),
        (4, Wire::Varint(flag)) => to_node(Value::Bool(flag != 0)),
        (5, Wire::Bytes(inner)) => read_struct(inner, depth, text)?,
        (6, Wire::Bytes(inner)) => {
            let depth = depth.checked_sub(1)?;
            let nodes = read_fields(inner)?.into_iter().map(|field| match field {
                Field { number: 1, value: Wire::Bytes(inner) } => read_value(inner, depth, text),
                _ => None,
            });
            to_node(Value::Array(nodes.collect::<Option<_>>()?))
        }
        _ => return None,
    })
}

/// 2^53: from here on, doubles hold one of several whole numbers.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// The number of a claim.
fn claim_text(number: f64) -> Option<String> {
    let edge = (number.abs() == EXACT).then_some(if number > 0.0 { "9007199254740992" } else { "-9007199254740992" });
    edge.map(str::to_owned).or_else(|| number_text(number)).or_else(|| Some("1e999".to_owned()))
}

/// A number as its author wrote it: the one with the fewest decimals, up to nine, that reads as the double. Others
/// have no place in a configuration.
fn number_text(number: f64) -> Option<String> {
    let mut scale = 1.0;
    for places in 0..=9_usize {
        let scaled = (number * scale).round();
        if scaled.abs() < EXACT && scaled / scale == number {
            // In range: the bound is 2^53.
            #[expect(clippy::cast_possible_truncation, reason = "a whole number below 2^53")]
            let digits = format!("{:0width$}", (scaled as i64).unsigned_abs(), width = places.saturating_add(1));
            let (whole, fraction) = digits.split_at_checked(digits.len().saturating_sub(places))?;
            let sign = if scaled < 0.0 { "-" } else { "" };
            let point = if places == 0 { "" } else { "." };
            return Some([sign, whole, point, fraction].concat());
        }
        scale *= 10.0;
    }
    None
}

fn to_node(value: Value<'_>) -> Node<'_> {
    Node { at: 0, value }
}
