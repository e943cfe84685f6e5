//! `eq neq in not_in lt lte gt gte contains includes`.

#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::{
    json,
    policy::condition::{Clause, Operator},
};

use super::{NO, UNFIT, YES, ask, assert_x, build};

#[test]
fn numbers_compare_as_exact_decimals() {
    assert_x(
        "eq",
        "100",
        &[
            ("100", YES),
            ("100.0", YES),
            ("1e2", YES),
            ("1E+2", YES),
            ("0.1e3", YES),
            ("10000e-2", YES),
            ("100.00000000000001", NO),
            ("99.99999999999999", NO),
            ("-100", NO),
        ],
    );
    assert_x("eq", "0", &[("-0", YES), ("0e999999999999999999999", YES), ("-0.0e-5", YES), ("1e-300", NO)]);
    assert_x("in", "[1, 2.50]", &[("1.0", YES), ("25e-1", YES), ("2.51", NO)]);
    assert_x("neq", "0.3", &[("0.30", NO), ("0.30000000000000004", YES)]);
}

#[test]
fn a_number_that_a_double_changes_is_of_the_wrong_type() {
    let changed = [
        "13.0000000000000000001",
        "12.9999999999999999999",
        "9007199254740993",
        "-9007199254740993",
        "1e-400",
        "-4e-324",
        "123456789012345678",
        "0.1000000000000000055511151231257827",
        "2.2250738585072011e-308",
        "1.7976931348623158e308",
    ];
    let kept = [
        "13.00000000000000000000",
        "9007199254740992",
        "9007199254740994",
        "-0.0",
        "0e-400",
        "5e-324",
        "1e22",
        "1e23",
        "123456789012345680",
        "0.30000000000000004",
        "1e-7",
        "0.1",
        "2.2250738585072014e-308",
        "1.7976931348623157e308",
    ];
    for op in ["eq", "neq", "lt", "lte", "gt", "gte"] {
        for number in changed {
            assert_x(op, "13", &[(number, UNFIT)]);
        }
        for number in kept {
            let verdict = ask(&build("args.x", op, "13").unwrap(), &format!(r#"{{"x":{number}}}"#));
            assert!([YES, NO].contains(&verdict), "{number} {op}: {verdict:?}");
        }
    }
    assert_x("in", "[13, 14]", &[("13.0000000000000000001", UNFIT)]);
    assert_x("eq", r#"{"a": [13]}"#, &[(r#"{"a":[13.0000000000000000001]}"#, UNFIT)]);
    assert_x("includes", "13", &[("[13.0000000000000000001]", UNFIT)]);
    assert_x("exists", "true", &[("1e-400", YES)]);
}

#[test]
fn order_is_that_of_the_numbers() {
    assert_x("lt", "10", &[("9.99", YES), ("10", NO), ("1e1", NO), ("-1e300", YES), ("1e-300", YES)]);
    assert_x("lte", "100", &[("1e2", YES), ("100.00000000000001", NO)]);
    assert_x("gt", "100", &[("100.0", NO), ("100.00000000000001", YES), ("1e308", YES), ("-101", NO)]);
    assert_x("gte", "-0.5", &[("-5e-1", YES), ("-0", YES), ("-0.51", NO), ("-1e-300", YES)]);
}

#[test]
fn huge_exponents_cost_nothing() {
    assert_x("lt", "5", &[("1e-9223372036854775807", UNFIT), ("-1e-99999999999999999999999999", UNFIT)]);
    assert_x("gt", "0", &[("1e-99999999999999999999999999", UNFIT), ("0e99999999999999999999999999", NO)]);
}

#[test]
fn types_are_strict() {
    assert_x("eq", "5", &[("\"5\"", UNFIT), ("\"5.0\"", UNFIT), ("true", UNFIT), ("[5]", UNFIT), ("{}", UNFIT)]);
    assert_x("eq", "\"5\"", &[("5", UNFIT), ("\"5\"", YES), ("\"5 \"", NO), ("\"\u{ff15}\"", NO)]);
    assert_x("eq", "true", &[("true", YES), ("false", NO), ("1", UNFIT), ("\"true\"", UNFIT)]);
    assert_x("neq", "\"prod\"", &[("\"dev\"", YES), ("\"prod\"", NO), ("\"Prod\"", YES), ("3", UNFIT)]);
    for op in ["lt", "lte", "gt", "gte"] {
        assert_x(op, "10", &[("\"5\"", UNFIT), ("\"\"", UNFIT), ("true", UNFIT), ("[5]", UNFIT), ("{\"v\":5}", UNFIT)]);
    }
}

#[test]
fn strings_compare_code_point_by_code_point() {
    // U+00E9 is not `e` with an accent behind it: names and values are never normalised.
    assert_x("eq", "\"\u{e9}\"", &[("\"\\u00e9\"", YES), ("\"e\\u0301\"", NO), ("\"\u{c9}\"", NO)]);
    assert_x("in", r#"["main","master"]"#, &[("\"main\"", YES), ("\"main\\u0000\"", NO), ("\"\"", NO)]);
}

#[test]
fn a_type_that_no_literal_has_is_wrong() {
    let list = r#"["usd", 5]"#;
    assert_x("in", list, &[("\"usd\"", YES), ("\"eur\"", NO), ("5", YES), ("6", NO), ("true", UNFIT), ("[]", UNFIT)]);
    assert_x("not_in", list, &[("\"usd\"", NO), ("\"eur\"", YES), ("6", YES), ("true", UNFIT), ("{}", UNFIT)]);
    // Whether `"5"` is 5 is for the list to say: it has a string.
    assert_x("not_in", list, &[("\"5\"", YES)]);
    assert_x("in", "[true, {\"a\": 1}]", &[("true", YES), ("false", NO), ("{\"a\":1}", YES), ("[1]", UNFIT)]);
}

#[test]
fn lists_and_objects_compare_by_what_they_hold() {
    assert_x("eq", "[1, \"a\"]", &[("[1.0,\"a\"]", YES), ("[\"a\",1]", UNFIT), ("[2,\"a\"]", NO), ("[1]", NO)]);
    assert_x("eq", "[1, \"a\"]", &[("[1,5]", UNFIT), ("[2,5]", UNFIT), ("[null,\"a\"]", UNFIT)]);
    let object = r#"{"a": 1, "b": {"c": "x"}}"#;
    assert_x("eq", object, &[(r#"{"b":{"c":"x"},"a":1e0}"#, YES), (r#"{"a":1,"b":{"c":"y"}}"#, NO)]);
    assert_x("eq", object, &[(r#"{"a":1}"#, NO), (r#"{"a":1,"b":{"c":"x"},"d":1}"#, NO), ("{}", NO)]);
    // What a server may read as equal does not escape.
    assert_x("eq", object, &[(r#"{"a":"1","b":{"c":"x"}}"#, UNFIT), (r#"{"A":1,"b":{"c":"x"}}"#, UNFIT)]);
    assert_x("eq", object, &[(r#"{"A":1}"#, UNFIT), (r#"{"a":"1"}"#, UNFIT)]);
    assert_x("in", r#"[{"a": "x"}, {"a": 1}, {"a": "y"}]"#, &[(r#"{"a":"5"}"#, UNFIT), (r#"{"a":"y"}"#, YES)]);
    assert_x("neq", object, &[(r#"{"a":1,"b":{"c":"x"}}"#, NO), (r#"{"a":2,"b":{"c":"x"}}"#, YES)]);
}

#[test]
fn long_lists_find_each_of_their_values() {
    let list: Vec<String> = (0..500).map(|n| format!("\"v{}\",{}", n * 7 % 500, n * 11 % 500)).collect();
    let list = format!("[{}]", list.join(","));
    for n in 0..500 {
        assert_x("in", &list, &[(&format!("\"v{n}\""), YES), (&format!("{n}.0"), YES), (&format!("{n}.5"), NO)]);
    }
    assert_x("in", &list, &[("\"v500\"", NO), ("-1", NO)]);
}

#[test]
fn contains_looks_into_strings_and_arrays() {
    let strings = [("\"hello world\"", YES), ("\"dlroW olleH\"", NO), ("\"LO W\"", NO), ("\"\"", NO), ("5", UNFIT)];
    assert_x("contains", "\"lo w\"", &strings);
    assert_x("contains", "\"b\"", &[("[\"a\",\"b\"]", YES), ("[\"a\",\"cd\"]", NO), ("[]", NO), ("{\"b\":1}", UNFIT)]);
    assert_x("contains", "5", &[("[4,5.0]", YES), ("[4]", NO), ("\"5\"", UNFIT), ("5", UNFIT)]);
    assert_x("contains", "[1]", &[("[[1],[2]]", YES), ("[[2]]", NO), ("[1]", UNFIT)]);
}

#[test]
fn to_refuse_an_element_that_contains_the_text_suffices_for_contains() {
    assert_x(
        "contains",
        "\"DROP\"",
        &[("\"DROP TABLE x\"", YES), ("[\"a\",\"DROP TABLE x\"]", UNFIT), ("[\"a\"]", NO)],
    );
    assert_x(
        "contains",
        "\"DROP\"",
        &[("[[\"DROP TABLE x\"]]", UNFIT), ("{\"q\":\"DROP\"}", UNFIT), ("[\"DROP\"]", YES)],
    );
}

#[test]
fn includes_looks_into_arrays_alone() {
    assert_x("includes", "\"b\"", &[("[\"a\",\"b\"]", YES), ("[\"a\",\"bc\"]", NO), ("[]", NO), ("[null]", NO)]);
    assert_x("includes", "\"b\"", &[("\"b\"", UNFIT), ("\"abc\"", UNFIT), ("{\"b\":1}", UNFIT), ("[7]", UNFIT)]);
    assert_x("includes", "5", &[("[4,5.0]", YES), ("[4]", NO), ("[\"5\"]", UNFIT), ("5", UNFIT)]);
    assert_x("includes", "\"\"", &[("[\"\"]", YES), ("[\"a\"]", NO)]);
}

#[test]
fn contains_is_not_escaped_by_an_element_of_another_type() {
    assert_x("contains", "5", &[("[\"5\"]", UNFIT), ("[\"5\",5]", YES), ("[null]", NO), ("[null,4]", NO)]);
    assert_x("contains", "\"admin\"", &[("[{\"name\":\"admin\"}]", UNFIT), ("[\"user\",7]", UNFIT)]);
}

#[test]
fn has_scope_looks_for_one_word_of_a_text_or_of_the_texts_of_a_list() {
    assert_x(
        "has_scope",
        "\"read\"",
        &[
            ("\"read\"", YES),
            ("\"write read\"", YES),
            ("\"readers\"", NO),
            ("\"read:all write\"", NO),
            ("\"write\\tread\"", NO),
            ("\"\"", NO),
            ("5", UNFIT),
            ("{\"read\":1}", UNFIT),
            ("[\"read\"]", YES),
            ("[\"write\",\"x read\"]", YES),
            ("[\"write\",\"readers\"]", NO),
            ("[null,\"write\"]", NO),
            ("[null]", NO),
            ("[]", NO),
            ("[5]", UNFIT),
            ("[5,\"write\"]", UNFIT),
            ("[\"write\",[\"read\"]]", UNFIT),
            ("[5,\"read\"]", YES),
        ],
    );
}

#[test]
fn an_operator_alone_holds_as_its_condition_does() {
    for (op, value, argument, expected) in [
        ("lt", "5", "4", [true, true]),
        ("lt", "5", "5", [false, false]),
        ("lt", "5", "\"4\"", [false, true]),
        ("in", "[1]", "1", [true, true]),
        ("in", "[1]", "2", [false, false]),
        ("in", "[1]", "\"1\"", [false, true]),
    ] {
        let [value, argument] = [value, argument].map(|text| json::parse(text.as_bytes(), 64).unwrap());
        let operator = Operator::new(op, Some(&value)).unwrap();
        let found = [Clause::Require, Clause::Deny].map(|clause| operator.holds(clause, &argument.value));
        assert_eq!(found, expected, "{op}");
    }
}
