//! `google.protobuf.Struct`, written: `fields = 1`, each an entry of a key and a `Value`.

use serde_json::{Map, Value};

/// An object as the bytes that Envoy hands over for it.
pub fn structure(object: &Map<String, Value>) -> Vec<u8> {
    let entries = object.iter().map(|(name, inner)| {
        let entry = [bytes(1, name.as_bytes()), bytes(2, &value(inner))].concat();
        bytes(1, &entry)
    });
    entries.collect::<Vec<_>>().concat()
}

fn value(value: &Value) -> Vec<u8> {
    match value {
        Value::Null => vec![1 << 3, 0],
        Value::Number(number) => {
            let bits = number.as_f64().unwrap_or_default().to_le_bytes();
            [&[2 << 3 | 1][..], &bits].concat()
        }
        Value::String(text) => bytes(3, text.as_bytes()),
        Value::Bool(flag) => vec![4 << 3, u8::from(*flag)],
        Value::Object(object) => bytes(5, &structure(object)),
        Value::Array(list) => {
            let items: Vec<u8> = list.iter().flat_map(|item| bytes(1, &self::value(item))).collect();
            bytes(6, &items)
        }
    }
}

/// A field of wire type 2.
fn bytes(number: u8, content: &[u8]) -> Vec<u8> {
    let mut field = vec![number << 3 | 2];
    let mut length = content.len();
    while length > 0x7F {
        field.push(u8::try_from(length & 0x7F).unwrap_or_default() | 0x80);
        length >>= 7;
    }
    field.push(u8::try_from(length).unwrap_or_default());
    field.extend_from_slice(content);
    field
}
