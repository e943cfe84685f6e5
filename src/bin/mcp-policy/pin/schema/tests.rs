//! What is enforced of schemas: by hand, against a validator on random schemas, and with the official test suite.

mod random;
mod suite;

use mcp_policy::{
    budget::Work,
    json::{
        self,
        cursor::{Cursor, Problems},
    },
    policy::schema::Schema,
};
use serde_json::{Value, json};

use super::{Enforced, enforced};

/// Whether a value fits a pinned schema.
fn fits(schema: &Value, value: &Value) -> bool {
    let text = schema.to_string();
    let node = json::parse(text.as_bytes(), 128).expect("JSON");
    let problems = Problems::default();
    let schema = Schema::read(&Cursor::top(&node, &problems)).unwrap_or_else(|| panic!("{:?}", problems.take()));
    let value = value.to_string();
    let value = json::parse(value.as_bytes(), 128).expect("JSON");
    schema.find_violation(&value, false, &Work::default()).expect("little work").is_none()
}

/// A schema, what is kept of it, and what is left out where.
#[track_caller]
fn assert_enforced(schema: &Value, kept: &Value, left_out: &[(&str, &[&str])]) {
    let Enforced { schema: found, left_out: places } = enforced(schema);
    assert_eq!(found.as_ref(), Some(kept), "{schema}");
    let places: Vec<(&str, Vec<&str>)> =
        places.iter().map(|(what, places)| (what.as_str(), places.iter().map(String::as_str).collect())).collect();
    let expected: Vec<(&str, Vec<&str>)> = left_out.iter().map(|(what, places)| (*what, places.to_vec())).collect();
    assert_eq!(places, expected, "{schema}");
}

#[test]
fn what_only_describes_is_dropped_and_what_is_not_enforced_is_named_by_its_place() {
    assert_enforced(
        &json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema", "title": "T", "description": "D", "type": "object",
            "properties": {
                "a": { "type": "string", "format": "email", "default": "x", "pattern": "^a\\s", "minLength": 1 },
                "b/c": { "type": ["integer", "null"], "multipleOf": 5, "exclusiveMinimum": true, "minimum": 0 },
                "d": { "type": "array", "items": [{ "type": "string" }], "uniqueItems": true },
                "e": { "enum": [{ "x": null }] },
                "f": { "type": "string", "format": "date" },
                "g": { "anyOf": [{}, {}, {}, {}, {}, {}, {}, {}, {}] },
                "h": { "type": "any" },
            },
            "required": ["a"], "additionalProperties": false, "minProperties": 1,
        }),
        &json!({
            "type": "object",
            "properties": {
                "a": { "type": "string", "minLength": 1 },
                "b/c": { "type": ["integer", "null"], "minimum": 0 },
                "d": { "type": "array" },
                "e": {},
                "f": { "type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$" },
                "g": {},
                "h": {},
            },
            "required": ["a"], "additionalProperties": false,
        }),
        &[
            ("`anyOf`", &["/properties/g/anyOf"]),
            ("`enum`", &["/properties/e/enum"]),
            ("`exclusiveMinimum`", &["/properties/b~1c/exclusiveMinimum"]),
            ("`format`", &["/properties/a/format"]),
            ("`items`", &["/properties/d/items"]),
            ("`minProperties`", &["/minProperties"]),
            ("`multipleOf`", &["/properties/b~1c/multipleOf"]),
            ("`pattern`", &["/properties/a/pattern"]),
            ("`type`", &["/properties/h/type"]),
            ("`uniqueItems`", &["/properties/d/uniqueItems"]),
        ],
    );
}

#[test]
fn references_are_resolved_and_recursion_ends() {
    assert_enforced(
        &json!({
            "properties": {
                "a": { "$ref": "#/$defs/x~1y", "description": "D" },
                "b": { "$ref": "#/%24defs/x~1y", "maxLength": 5 },
                "c": { "$ref": "https://example.com/x" },
            },
            "$defs": { "x/y": { "type": "string" } },
        }),
        &json!({ "properties": {
            "a": { "type": "string" },
            "b": { "allOf": [{ "type": "string" }, { "maxLength": 5 }] },
            "c": {},
        } }),
        &[("a `$ref` to another document or to nothing", &["/properties/c"])],
    );
    assert_enforced(
        &json!({
            "$schema": "http://json-schema.org/draft-07/schema#",
            "properties": { "b": { "$ref": "#/definitions/x", "maxLength": 5 } }, "definitions": { "x": { "type": "string" } },
        }),
        &json!({ "properties": { "b": { "type": "string" } } }),
        &[],
    );
    let tree = |inside: Value| json!({ "type": "object", "properties": { "next": inside } });
    assert_enforced(
        &json!({ "$ref": "#/$defs/tree", "$defs": { "tree": tree(json!({ "$ref": "#/$defs/tree" })) } }),
        &tree(tree(tree(tree(json!({}))))),
        &[("a `$ref` inside what it refers to", &["/$defs/tree/properties/next"])],
    );
    // The more often it refers to itself, the less often it is resolved.
    let wide: serde_json::Map<String, Value> =
        (0..30).map(|number| (format!("m{number}"), json!({ "$ref": "#" }))).collect();
    let Enforced { schema: Some(schema), left_out } = enforced(&json!({ "properties": wide })) else {
        panic!("a schema")
    };
    assert_eq!(schema.to_string().matches("\"m29\"").count(), 31);
    assert_eq!(left_out.len(), 1);
    let many: serde_json::Map<String, Value> = (0..5000).map(|number| (format!("m{number}"), json!({}))).collect();
    assert_eq!(enforced(&json!({ "properties": many })).schema, None);
}

#[test]
fn what_is_left_out_beside_a_keyword_never_makes_it_stricter() {
    let others = "`patternProperties` (a member fits one of its schemas or the others')";
    assert_enforced(
        &json!({ "properties": { "a": {} }, "patternProperties": { "^x-": { "type": "string" } }, "additionalProperties": false }),
        &json!({ "properties": { "a": {} }, "additionalProperties": { "anyOf": [{ "type": "string" }] } }),
        &[(others, &["/patternProperties"])],
    );
    assert_enforced(
        &json!({ "items": { "type": "string" }, "prefixItems": [{ "type": "integer" }] }),
        &json!({}),
        &[("`items`", &["/items"]), ("`prefixItems`", &["/prefixItems"])],
    );
    assert_enforced(
        &json!({ "properties": { "a": {} }, "if": { "properties": { "a": { "const": 1 } } }, "then": { "properties": { "b": { "type": "string" } } } }),
        &json!({ "properties": { "a": {}, "b": {} } }),
        &[("`if`", &["/if"]), ("`then`", &["/then"])],
    );
}
