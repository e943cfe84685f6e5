//! Against `prost`, which reads and writes the same messages from their definitions.
#![cfg(not(target_family = "wasm"))]

use std::collections::{BTreeMap, HashMap};

use proptest::prelude::*;
use prost::Message as _;
use prost_types::{ListValue, Struct, Value as Their, value::Kind};

use super::{DecodeError, StructValue, find_entry, find_metadata, read};
use crate::json::{Node, Value};

/// Deeper than what [`values`] makes.
const MAX_DEPTH: u32 = 16;

/// `envoy.config.core.v3.Metadata`
#[derive(Clone, PartialEq, prost::Message)]
struct Metadata {
    #[prost(btree_map = "string, message", tag = "1")]
    filter_metadata: BTreeMap<String, Struct>,
}

fn value(kind: Kind) -> Their {
    Their { kind: Some(kind) }
}

fn structure(fields: BTreeMap<String, Their>) -> Struct {
    Struct { fields }
}

fn names() -> impl Strategy<Value = String> {
    prop::sample::select(vec!["", "a", "b", "é", "envoy.filters.http.jwt_authn"]).prop_map(str::to_owned)
}

fn values() -> impl Strategy<Value = Their> {
    let leaf = prop_oneof![
        Just(Their { kind: None }),
        Just(value(Kind::NullValue(0))),
        any::<bool>().prop_map(|flag| value(Kind::BoolValue(flag))),
        "[a-zé\0]{0,200}".prop_map(|text| value(Kind::StringValue(text))),
        any::<i32>().prop_map(|number| value(Kind::NumberValue(f64::from(number) / 1000.0))),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::btree_map(names(), inner.clone(), 0..4)
                .prop_map(|fields| value(Kind::StructValue(structure(fields)))),
            prop::collection::vec(inner, 0..4).prop_map(|values| value(Kind::ListValue(ListValue { values }))),
        ]
    })
}

fn structures() -> impl Strategy<Value = Struct> {
    prop::collection::btree_map(names(), values(), 0..4).prop_map(structure)
}

/// Whether our tree says what theirs says. Of a name that is repeated, theirs has the last.
fn same(ours: &Value<'_>, theirs: &Their) -> bool {
    match (ours, theirs.kind.as_ref()) {
        (Value::Null, None | Some(Kind::NullValue(_))) => true,
        (Value::Bool(one), Some(Kind::BoolValue(other))) => one == other,
        (Value::Number(one), Some(Kind::NumberValue(other))) => one.parse::<f64>() == Ok(*other),
        (Value::String(one), Some(Kind::StringValue(other))) => one == other,
        (Value::Array(one), Some(Kind::ListValue(other))) => {
            one.len() == other.values.len() && one.iter().zip(&other.values).all(|(one, other)| same(&one.value, other))
        }
        (Value::Object(_), Some(Kind::StructValue(other))) => same_structure(ours, other),
        _ => false,
    }
}

fn same_structure(ours: &Value<'_>, theirs: &Struct) -> bool {
    let Value::Object(members) = ours else { return false };
    let last: HashMap<&str, &Node<'_>> = members.iter().map(|member| (&*member.name, &member.node)).collect();
    last.len() == theirs.fields.len()
        && theirs.fields.iter().all(|(name, value)| last.get(&**name).is_some_and(|ours| same(&ours.value, value)))
}

/// What [`entry`] says of a value.
fn shown(value: &Their) -> Option<String> {
    match value.kind.as_ref()? {
        Kind::StringValue(text) => Some(text.clone()),
        _ => None,
    }
}

proptest! {
    #[test]
    fn a_struct_is_read_as_prost_wrote_it(theirs in structures()) {
        let bytes = theirs.encode_to_vec();
        let ours = read(&bytes, MAX_DEPTH).expect("a `Struct`");
        prop_assert!(same_structure(&ours.value, &theirs), "{:?} {:?}", ours, theirs);
    }

    #[test]
    fn bytes_that_are_read_mean_the_same_to_prost(
        theirs in structures(), changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..3),
        repeated in any::<[prop::sample::Index; 2]>(),
    ) {
        let mut bytes = theirs.encode_to_vec();
        if !bytes.is_empty() {
            changes.iter().for_each(|(at, byte)| bytes[at.index(theirs.encoded_len())] = *byte);
            // A part that is repeated: a field that is there twice, often.
            let [from, to] = repeated.map(|at| at.index(bytes.len()));
            bytes.extend_from_within(from.min(to)..);
        }
        if let Some(ours) = read(&bytes, MAX_DEPTH) {
            let theirs = Struct::decode(&*bytes);
            prop_assert!(theirs.as_ref().is_ok_and(|theirs| same_structure(&ours.value, theirs)), "{:?} {:?}", ours, theirs);
        }
    }

    #[test]
    fn claims_are_found_as_prost_finds_them(
        filters in prop::collection::btree_map(names(), structures(), 0..4), filter in names(), name in names(), claim in names(),
    ) {
        let found = filters.get(&filter).and_then(|all| all.fields.get(&name)).map(|value| value.kind.clone());
        let is_there = found.is_some();
        let metadata = Metadata { filter_metadata: filters }.encode_to_vec();
        let payload = match found.flatten() {
            Some(Kind::StructValue(payload)) => payload,
            other => {
                let expected = if is_there { Err(DecodeError) } else { Ok(None) };
                prop_assert_eq!(find_metadata(&metadata, &filter, &name), expected, "{:?}", other);
                return Ok(());
            }
        };
        let bytes = find_metadata(&metadata, &filter, &name).expect("metadata").expect("a payload");
        let ours = find_entry(bytes, &claim).expect("a payload");
        let theirs = payload.fields.get(&claim);
        prop_assert_eq!(ours.is_some(), theirs.is_some());
        let text = ours.and_then(|value| match value {
            StructValue::Text(text) => Some(text.to_owned()),
            StructValue::Null | StructValue::Object(_) | StructValue::Other => None,
        });
        prop_assert_eq!(text, theirs.and_then(shown));
    }
}

/// A message of one field, of wire type 2.
fn field(number: u8, content: &[u8]) -> Vec<u8> {
    [&[number << 3 | 2, u8::try_from(content.len()).unwrap()], content].concat()
}

#[test]
fn a_value_that_is_there_twice_is_refused() {
    let text = |text: &str| field(3, text.as_bytes());
    let structure = |value: &[u8]| field(1, &[field(1, b"a"), field(2, value)].concat());
    let once = structure(&text("x"));
    assert_eq!(find_entry(&once, "a"), Ok(Some(StructValue::Text("x"))));
    assert!(read(&once, MAX_DEPTH).is_some());
    let twice = structure(&[text("x"), text("y")].concat());
    assert_eq!(find_entry(&twice, "a"), Err(DecodeError));
    assert_eq!(read(&twice, MAX_DEPTH), None);
    let metadata = |claims: &[u8]| field(1, &[field(1, b"f"), field(2, claims)].concat());
    assert_eq!(find_metadata(&metadata(&structure(&field(5, &once))), "f", "a"), Ok(Some(&*once)));
    let merged = structure(&[field(5, &once), field(5, &once)].concat());
    assert_eq!(find_metadata(&metadata(&merged), "f", "a"), Err(DecodeError));
}

#[test]
fn an_entry_that_is_there_twice_is_refused() {
    let entry_of = |value: &str| field(1, &[field(1, b"a"), field(2, &field(3, value.as_bytes()))].concat());
    assert_eq!(find_entry(&[entry_of("x"), entry_of("y")].concat(), "a"), Err(DecodeError));
    let two_values = field(1, &[field(1, b"a"), field(2, &field(3, b"x")), field(2, &field(3, b"y"))].concat());
    assert_eq!(find_entry(&two_values, "a"), Err(DecodeError));
    assert_eq!(read(&two_values, MAX_DEPTH), None);
}
