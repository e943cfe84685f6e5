//! What schemas say, and how arguments violate them.

#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::{MAX_DEPTH, MAX_SCHEMAS, Schema, Violation};
use crate::{
    budget::Work,
    json::{
        self,
        cursor::{Cursor, Problems},
    },
};

/// The schema, or its mistakes.
fn read(text: &str) -> Result<Schema, Vec<String>> {
    let document = json::parse(text.as_bytes(), 64).unwrap();
    let problems = Problems::default();
    let schema = Schema::read(&Cursor::top(&document, &problems));
    let found: Vec<String> = problems.take().iter().map(ToString::to_string).collect();
    match schema {
        Some(schema) if found.is_empty() => Ok(schema),
        _ => Err(found),
    }
}

fn schema(text: &str) -> Schema {
    read(text).unwrap_or_else(|problems| panic!("{text}: {problems:?}"))
}

fn violation(schema: &Schema, arguments: &str, is_strict: bool) -> Option<Violation> {
    let arguments = json::parse(arguments.as_bytes(), 64).unwrap();
    schema.find_violation(&arguments, is_strict, &Work::default()).unwrap()
}

/// The violation's argument, what was sent, what is expected, and the keyword.
#[track_caller]
fn assert_violates(schema_text: &str, arguments: &str, is_strict: bool, expected: [&str; 4]) {
    let found = violation(&schema(schema_text), arguments, is_strict);
    let found = found.unwrap_or_else(|| panic!("{arguments} fits {schema_text}"));
    let parts = [&*found.argument(), found.sent.name(), &*found.expected(), found.keyword()];
    assert_eq!(parts, expected, "{schema_text} {arguments}");
}

#[track_caller]
fn assert_fits(schema_text: &str, arguments: &str, is_strict: bool) {
    let found = violation(&schema(schema_text), arguments, is_strict);
    assert_eq!(found, None, "{schema_text} {arguments}");
}

const PAY: &str = r#"{"type":"object","required":["amount"],"properties":{
    "amount":{"type":"integer","minimum":1,"maximum":500},
    "to":{"anyOf":[{"type":"string","pattern":"^[A-Z]{2}","maxLength":4,"minLength":2},{"type":"null"}]},
    "items":{"type":"array","minItems":1,"maxItems":2,"items":{"type":"object","properties":{"price":{"type":"number","exclusiveMinimum":0}}}},
    "kind":{"enum":["a",null,1.5]}},
    "additionalProperties":{"type":"boolean"}}"#;

#[test]
fn a_violation_names_the_argument_the_type_that_was_sent_and_what_the_schema_says() {
    for (arguments, expected) in [
        (r#"{"amount":"5"}"#, ["/amount", "string", "type integer", "/properties/amount/type"]),
        (r#"{"amount":5.5}"#, ["/amount", "number", "type integer", "/properties/amount/type"]),
        (r#"{"amount":0}"#, ["/amount", "number", "minimum 1", "/properties/amount/minimum"]),
        (r#"{"amount":501}"#, ["/amount", "number", "maximum 500", "/properties/amount/maximum"]),
        (r#"{}"#, ["/amount", "missing", "`amount`, `items`, `kind`, `to`", "/required"]),
        ("5", ["", "number", "type object", "/type"]),
        (
            r#"{"amount":13.0000000000000000001}"#,
            ["/amount", "number", "a number that an IEEE 754 double can hold", "/properties/amount/type"],
        ),
        (r#"{"amount":1,"to":5}"#, ["/to", "number", "type string or type null", "/properties/to/anyOf/0/type"]),
        (r#"{"amount":1,"items":[]}"#, ["/items", "array", "minItems 1", "/properties/items/minItems"]),
        (r#"{"amount":1,"items":[{},{},{}]}"#, ["/items", "array", "maxItems 2", "/properties/items/maxItems"]),
        (
            r#"{"amount":1,"items":[{},{"price":0}]}"#,
            [
                "/items/1/price",
                "number",
                "exclusiveMinimum 0",
                "/properties/items/items/properties/price/exclusiveMinimum",
            ],
        ),
        (r#"{"amount":1,"kind":"b"}"#, ["/kind", "string", r#"enum ["a", null, 1.5]"#, "/properties/kind/enum"]),
        (r#"{"amount":1,"x/y":1}"#, ["/x~1y", "number", "type boolean", "/additionalProperties/type"]),
    ] {
        assert_violates(PAY, arguments, false, expected);
    }
    for arguments in [
        r#"{"amount":1e2,"to":null,"kind":null}"#,
        r#"{"amount":500.0,"to":"DEé","kind":15e-1,"x":true}"#,
        r#"{"amount":1,"items":[{"price":0.5,"y":{}}]}"#,
    ] {
        assert_fits(PAY, arguments, false);
    }
    let found = violation(&schema(PAY), r#"{"amount":1,"items":[{"price":"0"}]}"#, false).unwrap();
    assert_eq!(found.path(), "args.items[0].price");
    assert!(!format!("{found:?}").contains("\"0\""), "the value itself is in no violation");
}

#[test]
fn strict_refuses_what_the_schema_does_not_name_at_any_depth() {
    let nested = r#"{"properties":{"who":{"type":"object","properties":{"name":{"type":"string"}}},"free":{"type":"object"},
        "any":{},"map":{"type":"object","additionalProperties":{"type":"number"}},"list":{"type":"array"}}}"#;
    for (schema, arguments, expected) in [
        ("{}", r#"{"a":1}"#, ["/a", "unnamed", "", "/properties"]),
        (r#"{"additionalProperties":true}"#, r#"{"a":1}"#, ["/a", "unnamed", "", "/properties"]),
        (nested, r#"{"Who":{}}"#, ["/Who", "unnamed", "`any`, `free`, `list`, `map`, `who`", "/properties"]),
        (nested, r#"{"who":{"name ":"x"}}"#, ["/who/name ", "unnamed", "`name`", "/properties/who/properties"]),
        (nested, r#"{"any":"[5]"}"#, ["/any", "string", NO_TEXT, "/properties/any"]),
        (nested, r#"{"any":" null"}"#, ["/any", "string", NO_TEXT, "/properties/any"]),
        (nested, r#"{"free":{"a":[1e-400]}}"#, ["/free/a/0", "number", KEPT, "/properties/free"]),
        (nested, r#"{"list":[1e-400]}"#, ["/list/0", "number", KEPT, "/properties/list"]),
        (
            nested,
            r#"{"map":{"a":"1"}}"#,
            ["/map/a", "string", "type number", "/properties/map/additionalProperties/type"],
        ),
    ] {
        assert_violates(schema, arguments, true, expected);
    }
    for arguments in [
        "{}",
        r#"{"who":{"name":"[5]"},"free":{"a":"[5]","b":{}},"any":"x","map":{"a":1},"list":["[5]",{}]}"#,
        r#"{"any":"5"}"#,
    ] {
        assert_fits(nested, arguments, true);
    }
    assert_fits("{}", r#"{"a":1e-400}"#, false);
}

const NO_TEXT: &str = "the value itself, not a text that holds it, since the schema names no type";
const KEPT: &str = "a number that an IEEE 754 double can hold";

#[test]
fn strict_counts_all_names_of_the_schemas_that_apply_and_of_the_alternative_that_fits() {
    let text = r#"{"properties":{"a":{}},"allOf":[{"properties":{"b":{}}},{"anyOf":[{"properties":{"c":{}}},{"required":["d"]}]}],
        "oneOf":[{"properties":{"kind":{"const":1},"x":{}},"required":["kind"]},{"properties":{"kind":{"const":2},"y":{}},"required":["kind"]}]}"#;
    assert_fits(text, r#"{"a":1,"b":1,"c":1,"kind":1,"x":1}"#, true);
    assert_fits(text, r#"{"a":1,"b":1,"d":1,"kind":2,"y":1}"#, true);
    assert_violates(text, r#"{"kind":2,"x":1}"#, true, ["/x", "unnamed", "`kind`, `y`", "/oneOf/1/properties"]);
    assert_violates(
        text,
        r#"{"kind":3}"#,
        true,
        ["/kind", "number", "const 1 or const 2", "/oneOf/0/properties/kind/const"],
    );
    assert_fits(text, r#"{"kind":2,"x":1,"z":1}"#, false);
    // An alternative that says nothing allows everything, and one of another type nothing.
    let open = r#"{"properties":{"v":{"anyOf":[{"type":"string"},{"type":"object"}]}}}"#;
    assert_fits(open, r#"{"v":{"x":1}}"#, true);
    let closed = r#"{"properties":{"v":{"properties":{"x":{}},"anyOf":[{"type":"string"},{"type":"object"}]}}}"#;
    assert_violates(closed, r#"{"v":{"z":1}}"#, true, ["/v/z", "unnamed", "", "/properties/v/anyOf/1/properties"]);
}

#[test]
fn what_is_not_enforced_or_beyond_the_bounds_is_a_mistake() {
    let many: Vec<String> = (0..MAX_SCHEMAS).map(|number| format!("\"p{number}\":{{}}")).collect();
    let many = format!(r#"{{"properties":{{{}}}}}"#, many.join(","));
    let deep = (0..MAX_DEPTH).fold("{}".to_owned(), |inner, _| format!(r#"{{"items":{inner}}}"#));
    let nine = ["{}"; 9].join(",");
    let pointer = |pointer: &str, message: &str| vec![format!("{pointer}: {message}")];
    for (text, expected) in [
        ("[]".to_owned(), pointer("(top level)", "found a list, expected an object")),
        (
            r#"{"type":"text"}"#.to_owned(),
            pointer(
                "/type",
                "found `text`, expected `null`, `boolean`, `integer`, `number`, `string`, `array` or `object`",
            ),
        ),
        (
            format!(r#"{{"anyOf":[{nine}]}}"#),
            pointer("/anyOf", "found a list, expected a list of schemas, at least one, at most 8"),
        ),
        (r#"{"allOf":[]}"#.to_owned(), pointer("/allOf", "found a list, expected a list of schemas, at least one")),
        (
            r#"{"maximum":9007199254740993}"#.to_owned(),
            pointer(
                "/maximum",
                "found `9007199254740993` (an IEEE 754 double cannot hold it, so servers read another number), expected a number, such as `100` or `0.5`",
            ),
        ),
        (
            r#"{"enum":[{"a":null}]}"#.to_owned(),
            pointer(
                "/enum",
                "the filter cannot compare with this: `null` counts as missing; use `exists`; `mcp-policy pin` leaves it out",
            ),
        ),
        (
            many,
            pointer(
                "/properties/p4094",
                "the schemas of a tool are more than 4096; `mcp-policy pin` leaves out the rest",
            ),
        ),
        (
            deep,
            pointer(&"/items".repeat(16), "schemas nest deeper than 16; `mcp-policy pin` leaves out what is deeper"),
        ),
    ] {
        assert_eq!(read(&text).err(), Some(expected), "{text:.80}");
    }
    let unknown = read(r#"{"format":"date"}"#).unwrap_err();
    assert!(unknown[0].starts_with("/format: unknown key `format`; allowed: `type`"), "{unknown:?}");
    let deep = (1..MAX_DEPTH).fold("{}".to_owned(), |inner, _| format!(r#"{{"items":{inner}}}"#));
    assert!(read(&deep).is_ok());
}

#[test]
fn a_schema_is_written_as_it_is_read() {
    for text in [
        "{}",
        r#"{"type":["integer","null"]}"#,
        r#"{"enum":["a",1,true,null,[1,{"x":"y"}]],"const":5}"#,
        r#"{"const":null}"#,
        r#"{"properties":{"a":false,"b":{"const":[1]}},"required":["c","a"],"additionalProperties":{"minLength":1,"pattern":"x"}}"#,
        r#"{"allOf":[{"items":{"maximum":1.5}}],"anyOf":[true],"oneOf":[{"minItems":2,"maxItems":3}],"additionalProperties":false}"#,
    ] {
        let once = schema(text).to_json();
        assert_eq!(schema(&once).to_json(), once, "{text}");
    }
    assert_eq!(schema(r#"{"enum":[null]}"#).to_json(), r#"{"enum":[null]}"#);
}

#[test]
fn places_that_strict_cannot_close_are_found() {
    let text = r#"{"properties":{"a":{},"b":{"type":"object"},"c":{"type":"array"},"d":{"type":"string"},
        "e":{"type":"array","items":{"description":"x"}},"f":{"anyOf":[{"type":"string"},{"type":"null"}]},
        "g":{"type":"object","properties":{"h":{}}}}}"#;
    let expected =
        ["/properties/a", "/properties/b", "/properties/c", "/properties/e/items", "/properties/g/properties/h"];
    assert_eq!(schema(text).open_places(9), expected);
    assert_eq!(schema(text).open_places(1), expected[..1]);
}

#[test]
fn work_is_charged_before_it_is_done() {
    let nested = r#"{"properties":{"x":{"items":{"pattern":"^(?:(?:a{0,9}){0,9}){0,9}$"}}}}"#;
    let text = format!("{:?}", "a".repeat(16_000));
    let arguments = format!(r#"{{"x":[{}]}}"#, vec![text; 60].join(","));
    let arguments = json::parse(arguments.as_bytes(), 64).unwrap();
    assert!(schema(nested).find_violation(&arguments, false, &Work::default()).is_err());
    // Each alternative of each level would be tried for each value.
    let branches = |inner: &str| format!(r#"{{"anyOf":[{}]}}"#, [inner; 8].join(","));
    let text =
        format!(r#"{{"properties":{{"x":{{"items":{}}}}}}}"#, branches(&branches(&branches(r#"{"type":"null"}"#))));
    let arguments = format!(r#"{{"x":[{}"1"]}}"#, r#"null,"#.repeat(100_000));
    let arguments = json::parse(arguments.as_bytes(), 64).unwrap();
    assert!(schema(&text).find_violation(&arguments, false, &Work::default()).is_err());
}
