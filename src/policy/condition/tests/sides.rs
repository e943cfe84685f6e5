//! Missing, of the wrong type, many: what each side makes of it.

#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::{super::NAMES, Args, Clause, ConditionResult, NO, UNFIT, YES, ask, assert_args, assert_x, build, finding};

/// A value that each operator takes.
pub(super) fn value(op: &str) -> &'static str {
    match op {
        "eq" | "neq" => "\"v\"",
        "in" | "not_in" => "[\"v\"]",
        "lt" | "lte" | "gt" | "gte" | "max_length" | "max_items" => "5",
        "exists" => "true",
        "path_within" => "[\"/srv\"]",
        "url_host_in" => "[\"example.com\"]",
        _ => "\"v\"",
    }
}

#[test]
fn missing_satisfies_nothing_but_exists_false_and_to_refuse_neq_and_not_in() {
    for op in NAMES {
        let expected = if ["neq", "not_in"].contains(&op) { UNFIT } else { NO };
        let condition = build("args.x", op, value(op)).unwrap();
        for args in ["{}", r#"{"x":null}"#, r#"{"y":1}"#] {
            assert_eq!(ask(&condition, args), expected, "{op} on {args}");
        }
        let deep = build("args.a.b[0].c", op, value(op)).unwrap();
        for args in ["{}", r#"{"a":null}"#, r#"{"a":{}}"#, r#"{"a":{"b":[]}}"#, r#"{"a":{"b":[null]}}"#] {
            assert_eq!(ask(&deep, args), expected, "{op} on {args}");
        }
    }
    assert_x("exists", "false", &[("null", YES), ("1", NO), ("false", NO), ("\"\"", NO), ("[]", NO), ("{}", NO)]);
    assert_args("args.x", "exists", "false", &[("{}", YES), (r#"{"y":1}"#, YES)]);
    assert_x("exists", "true", &[("null", NO), ("1", YES), ("false", YES), ("\"\"", YES), ("[]", YES)]);
}

#[test]
fn absent_arguments_are_an_empty_object() {
    let condition = build("args.x", "exists", "false").unwrap();
    assert!(matches!(
        condition.holds(Clause::Require, &Args::new(None), &super::no_facts()),
        ConditionResult::Holds(_)
    ));
    assert_eq!(ask(&condition, "null"), YES);
    assert_eq!(ask(&condition, "[]"), UNFIT);
}

#[test]
fn a_value_where_the_path_needs_an_object_or_array_is_wrong_for_every_operator() {
    for op in NAMES {
        for value in [value(op), "false"].iter().filter(|value| op == "exists" || **value != "false") {
            let through_object = build("args.a.b", op, value).unwrap();
            for args in [r#"{"a":"v"}"#, r#"{"a":5}"#, r#"{"a":true}"#, r#"{"a":[{"b":"v"}]}"#] {
                assert_eq!(ask(&through_object, args), UNFIT, "{op} on {args}");
            }
            for path in ["args.a[0]", "args.a[*]"] {
                let through_array = build(path, op, value).unwrap();
                for args in [r#"{"a":"v"}"#, r#"{"a":{"0":"v"}}"#, r#"{"a":0}"#] {
                    assert_eq!(ask(&through_array, args), UNFIT, "{path} {op} on {args}");
                }
            }
        }
    }
}

#[test]
fn every_element_must_satisfy_a_requirement_and_there_must_be_one() {
    assert_args(
        "args.files[*].size",
        "lte",
        "10",
        &[
            (r#"{"files":[{"size":1},{"size":10}]}"#, YES),
            (r#"{"files":[{"size":11},{"size":12}]}"#, NO),
            (r#"{"files":[]}"#, NO),
            (r#"{"files":[{"size":"1"}]}"#, UNFIT),
            (r#"{"files":[{"size":1},7]}"#, UNFIT),
            (r#"{}"#, NO),
            (r#"{"files":null}"#, NO),
        ],
    );
    let some = [Some(false), Some(true)];
    assert_args("args.t[*]", "eq", "1", &[(r#"{"t":[2,1,2]}"#, some), (r#"{"t":[1,null]}"#, some)]);
}

#[test]
fn one_element_suffices_to_refuse_but_one_there_must_be() {
    let some = [Some(false), Some(true)];
    assert_args("args.t[*]", "neq", "1", &[(r#"{"t":[1,2]}"#, some), (r#"{"t":[1,null]}"#, some), (r#"{"t":[]}"#, NO)]);
    assert_args("args.t[*]", "exists", "false", &[(r#"{"t":[1,null]}"#, some), (r#"{"t":[]}"#, NO), ("{}", YES)]);
    assert_args("args.t[*]", "exists", "true", &[(r#"{"t":[1,null]}"#, some), (r#"{"t":[]}"#, NO), ("{}", NO)]);
}

#[test]
fn every_inside_every_leaves_no_inner_array_empty() {
    let some = [Some(false), Some(true)];
    let cases = [
        (r#"{"a":[[1],[1,1]]}"#, YES),
        (r#"{"a":[[1],[]]}"#, some),
        (r#"{"a":[[],[2]]}"#, NO),
        (r#"{"a":[[]]}"#, NO),
        (r#"{"a":[[1],1]}"#, some),
    ];
    assert_args("args.a[*][*]", "eq", "1", &cases);
}

#[test]
fn an_index_means_one_element() {
    assert_args("args.a[1]", "eq", "1", &[(r#"{"a":[0,1]}"#, YES), (r#"{"a":[1]}"#, NO), (r#"{"a":[1,0]}"#, NO)]);
}

#[test]
fn says_why_it_holds_or_not() {
    let cases = [
        (
            "args.amount",
            "lte",
            "100",
            r#"{"amount":250}"#,
            "does not hold: `args.amount` is `250`; compared with `lte` `100`",
        ),
        ("args.amount", "lte", "1e2", r#"{"amount":9}"#, "holds: `args.amount` is `9`; compared with `lte` `1e2`"),
        ("args.amount", "lte", "100", "{}", "does not hold: `args.amount` is missing; compared with `lte` `100`"),
        (
            "args.amount",
            "lte",
            "100",
            r#"{"amount":"5"}"#,
            "does not hold: `args.amount` is of the wrong type: `\"5\"` where a number is needed; compared with `lte` `100`",
        ),
        (
            "args.a[*].b[*]",
            "eq",
            "\"x\"",
            r#"{"a":[{"b":["x"]},{"b":["x","y\n"]}]}"#,
            "does not hold: `args.a[1].b[1]` is `\"y\\u{a}\"`; compared with `eq` `\"x\"`",
        ),
        ("args.a[*]", "eq", "1", r#"{"a":[]}"#, "does not hold: `args.a[*]` has no element; compared with `eq` `1`"),
        (
            "args.a[*].b",
            "eq",
            "1",
            r#"{"a":[{"b":1},7]}"#,
            "does not hold: `args.a[1].b` is of the wrong type: `7` where an object is needed; compared with `eq` `1`",
        ),
        (
            "args.a.b",
            "eq",
            "1",
            r#"{"a":{"B":1}}"#,
            "the argument name `B` resembles another one; send each name once, spelled as the tool declares it",
        ),
    ];
    for (path, op, value, args, expected) in cases {
        assert_eq!(finding(path, op, value, Clause::Require, args), expected);
    }
}

#[test]
fn shows_a_long_value_cut() {
    let args = format!(r#"{{"x":["{}"]}}"#, "a'b".repeat(1000));
    let shown = finding("args.x", "eq", "1", Clause::Deny, &args);
    let value = format!("[\"{}", "a'b".repeat(21).get(..62).unwrap());
    let expected = "holds: `args.x` is of the wrong type: `VALUE…` where a value of a type in the policy is needed";
    assert_eq!(shown, format!("{}; compared with `eq` `1`", expected.replace("VALUE", &value)));
}
