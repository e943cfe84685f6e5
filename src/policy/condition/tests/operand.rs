//! The values that an operand can have, and the operators that compare them.

#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::{
    json,
    policy::{condition::Operand, path::Path},
};

use super::{Condition, build};

const DAY: &str = "`mon`, `tue`, `wed`, `thu`, `fri`, `sat` or `sun`";
const HOUR: &str = "a whole number from 0 to 23";
const TIME: &str = "the minutes since midnight: a whole number from 0 to 1439";
const DATE: &str = "a date such as `2026-11-21`, as a string";
const SOURCE: &str = "`jwt`, `peer`, `token`, `header`, `bearer`, `address` or `constant`";
const FLAG: &str = "`true` or `false`";
const GRANT: &str = "a grant that begins with its source, such as `jwt:alice`: `jwt:`, `peer:`, `token:`, `header:`, `bearer:`, \
                     `address:` or `constant:`";

#[test]
fn a_fact_is_compared_with_values_that_it_can_have() {
    for (path, right, wrong, values) in [
        ("now.weekday", &["\"mon\"", "\"sun\""][..], &["\"monday\"", "\"Mon\"", "1"][..], DAY),
        ("now.hour", &["0", "23", "2.3e1"], &["24", "-1", "1.5", "\"7\""], HOUR),
        ("now.time", &["0", "1439"], &["1440", "0.5", "\"07:00\""], TIME),
        ("now.date", &["\"2026-11-21\""], &["\"2026-13-01\"", "\"today\"", "20261121"], DATE),
        ("caller.source", &["\"jwt\"", "\"constant\""], &["\"oauth\"", "\"JWT\"", "true"], SOURCE),
        ("caller.authenticated", &["true", "false"], &["\"true\"", "1"], FLAG),
        (
            "caller.grant",
            &["\"jwt:alice\"", "\"jwt.p.https://x/email:alice\"", "\"address:2001:db8::/64\""],
            &["5", "true"],
            GRANT,
        ),
    ] {
        for op in ["eq", "neq"] {
            for value in right {
                assert!(build(path, op, value).is_ok(), "{path} {op} {value}");
            }
            for value in wrong {
                let message = build(path, op, value).unwrap_err();
                assert_eq!(message, format!("/value: found `{value}`, allowed is {values}"), "{path} {op} {value}");
            }
        }
        let message = build(path, "in", &format!("[{},{}]", right[0], wrong[0])).unwrap_err();
        assert_eq!(message, format!("/value/1: found `{}`, allowed is {values}", wrong[0]), "{path}");
        assert!(build(path, "not_in", &format!("[{}]", right.join(","))).is_ok(), "{path}");
    }
    for path in ["caller.claims.source", "args.weekday", "args.source"] {
        assert!(build(path, "eq", "\"monday\"").is_ok(), "{path}");
    }
}

#[test]
fn a_fact_is_compared_by_operators_of_its_type() {
    // `text` is a part of a value.
    let ops = |path: &str, values: &str, text: &str, allowed: &[&str]| {
        let text = &*format!("\"{text}\"");
        for (op, value) in [
            ("lt", "1"),
            ("lte", "1"),
            ("gt", "1"),
            ("gte", "1"),
            ("regex", text),
            ("starts_with", text),
            ("ends_with", text),
            ("contains", text),
            ("exists", "true"),
            ("includes", "\"a\""),
            ("path_within", "[\"/a\"]"),
            ("url_host_in", "[\"a.com\"]"),
            ("max_length", "1"),
            ("max_items", "1"),
            ("has_scope", "\"a\""),
        ] {
            let expected = match allowed.contains(&op) {
                true => None,
                false => Some(format!("/op: found `{op}`, allowed is an operator that compares {values}")),
            };
            assert_eq!(build(path, op, value).err(), expected, "{path} {op}");
        }
    };
    ops("now.hour", HOUR, "1", &["lt", "lte", "gt", "gte", "exists"]);
    ops("now.weekday", DAY, "mon", &["regex", "starts_with", "ends_with", "contains", "exists"]);
    ops("caller.source", SOURCE, "jwt", &["regex", "starts_with", "ends_with", "contains", "exists"]);
    ops("caller.grant", GRANT, "jwt", &["regex", "starts_with", "ends_with", "contains", "exists"]);
    ops("caller.authenticated", FLAG, "true", &["exists"]);
}

#[test]
fn a_comparison_that_holds_for_no_value_is_refused() {
    for (path, op, value, values) in [
        ("now.hour", "gte", "24", HOUR),
        ("now.hour", "gt", "23", HOUR),
        ("now.hour", "lt", "0", HOUR),
        ("now.time", "lte", "-1", TIME),
        ("caller.source", "regex", "\"^JWT\"", SOURCE),
        ("now.date", "contains", "5", DATE),
    ] {
        let expected = format!("/value: found `{value}` (with `{op}` this never holds), allowed is {values}");
        assert_eq!(build(path, op, value).unwrap_err(), expected, "{path} {op} {value}");
    }
    for (path, op, value) in [
        ("now.hour", "gte", "23"),
        ("now.hour", "lt", "24"),
        ("now.hour", "gt", "22.5"),
        ("now.time", "lte", "0"),
        ("caller.source", "starts_with", "\"be\""),
        ("caller.grant", "starts_with", "\"jwt:a\""),
        ("caller.grant", "starts_with", "\"j\""),
        ("caller.grant", "ends_with", "\"alice\""),
    ] {
        assert!(build(path, op, value).is_ok(), "{path} {op} {value}");
    }
}

#[test]
fn a_counter_is_compared_as_a_number() {
    let counter = |op: &str, value: &str| {
        let value = json::parse(value.as_bytes(), 64).unwrap();
        let built = Condition::new(Operand::Counter("calls".into()), op, Some(&value));
        built.map(drop).map_err(|errors| errors.iter().map(ToString::to_string).collect::<Vec<_>>())
    };
    for (op, value) in [("lt", "5"), ("gte", "0.5"), ("eq", "5"), ("not_in", "[5,6]")] {
        assert_eq!(counter(op, value), Ok(()), "{op}");
    }
    for (op, value) in [("exists", "true"), ("regex", "\"5\""), ("contains", "\"5\""), ("max_length", "5")] {
        let message = format!("/op: found `{op}`, allowed is an operator that compares a number");
        assert_eq!(counter(op, value), Err(vec![message]));
    }
    assert_eq!(counter("eq", "\"5\""), Err(vec!["/value: found `\"5\"`, allowed is a number".to_owned()]));
    let misfits = ["a", "b"].map(|text| format!("found `\"{text}\"`, allowed is a number"));
    let expected = vec![format!("/value/0: {}", misfits[0]), format!("/value/2: {}", misfits[1])];
    assert_eq!(counter("in", "[\"a\",5,\"b\"]"), Err(expected));
}

#[test]
fn an_operand_is_named_in_messages() {
    let path = Operand::from(Path::new("args.a[*]").unwrap());
    assert_eq!((path.to_string(), path.args_path().is_some()), ("`args.a[*]`".to_owned(), true));
    let fact = Operand::from(Path::new("now.hour").unwrap());
    assert_eq!((fact.args_path(), fact.root().is_some()), (None, true));
    let counter = Operand::Counter("calls".into());
    assert_eq!((counter.to_string(), counter.root()), ("the counter `calls`".to_owned(), None));
}
