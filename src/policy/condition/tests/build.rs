//! What a policy may write, and what is said of the rest.

#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::policy::path::Path;

use super::{
    super::{Condition, ConditionError, NAMES, Part},
    build, sides,
};

#[test]
fn every_operator_can_be_built() {
    for op in NAMES {
        let condition = build("args.x", op, sides::value(op)).unwrap();
        assert_eq!(condition.to_string(), format!("`args.x` `{op}` `{}`", sides::value(op)));
        assert_eq!(condition.args_path().unwrap().to_string(), "args.x");
    }
}

#[test]
fn names_are_exact_and_the_known_ones_are_listed() {
    let known = "allowed is one of `eq`, `neq`, `in`, `not_in`, `lt`, `lte`, `gt`, `gte`, `regex`, `contains`, \
                 `includes`, `exists`, `starts_with`, `ends_with`, `path_within`, `url_host_in`, `max_length`, \
                 `max_items`, `has_scope`";
    assert_eq!(build("args.x", "frob", "1").unwrap_err(), format!("/op: found `frob`, {known}"));
    assert_eq!(build("args.x", "", "1").unwrap_err(), format!("/op: found ``, {known}"));
    assert_eq!(build("args.x", "<=", "1").unwrap_err(), format!("/op: found `<=`, {known}; did you mean `lte`?"));
    for (aliases, meant) in [
        (&["=", "==", "===", "equals", "EQ", " eq"][..], "eq"),
        (&["!=", "!==", "<>", "ne", "not_eq"], "neq"),
        (&["<"], "lt"),
        (&["<=", "le", "LTE"], "lte"),
        (&[">"], "gt"),
        (&[">=", "ge"], "gte"),
        (&["one_of", "any_of"], "in"),
        (&["nin", "not in", "notIn", "NotIn", "not-in", "none_of"], "not_in"),
        (&["~", "=~", "match", "matches", "pattern", "like", "Regex"], "regex"),
        (&["has"], "contains"),
        (&["include", "has_item"], "includes"),
        (&["exist", "present", "is_present"], "exists"),
        (&["startsWith", "StartsWith", "starts-with", "prefix", "has_prefix"], "starts_with"),
        (&["endsWith", "suffix", "has_suffix"], "ends_with"),
        (&["maxLength", "max_len"], "max_length"),
        (&["maxItems", "max_size"], "max_items"),
        (&["scope", "has_scopes", "hasScope"], "has_scope"),
        (&["urlHostIn", "url-host-in"], "url_host_in"),
        (&["pathWithin"], "path_within"),
    ] {
        for alias in aliases {
            let message = format!("/op: found `{alias}`, {known}; did you mean `{meant}`?");
            assert_eq!(build("args.x", alias, "1").unwrap_err(), message);
        }
    }
}

#[test]
fn a_value_of_the_wrong_kind_is_refused() {
    let literal = "a string, a number, a boolean, a list or an object, without `null`";
    let literals = "a list of one or more values, such as `[\"dev\", \"staging\"]`, without `null`";
    let number = "a number, such as `100` or `0.5`";
    let pattern = "a regular expression without look-around, back-references and `\\p{…}`, at most 64 KiB compiled";
    let folders = "a list of one or more folders, such as `[\"/srv/files\"]`, or \
                   `{\"folders\": [\"/srv/files\"], \"base\": \"/srv\"}`";
    let not_kept = "an IEEE 754 double cannot hold it, so servers read another number";
    let hosts = "a list of one or more hosts, such as `[\"example.com\", \"*.example.com\"]`";
    let cases = [
        ("eq", "null", format!("/value: found `null` (`null` counts as missing; use `exists`), allowed is {literal}")),
        (
            "neq",
            r#"{"a":[null]}"#,
            format!("/value: found `{{\"a\": [null]}}` (`null` counts as missing; use `exists`), allowed is {literal}"),
        ),
        (
            "eq",
            r#"{"a":1,"A":2}"#,
            format!("/value: found `{{\"a\": 1, \"A\": 2}}` (two of its names are alike), allowed is {literal}"),
        ),
        ("in", "\"dev\"", format!("/value: found `\"dev\"`, allowed is {literals}")),
        ("not_in", "[]", format!("/value: found `[]`, allowed is {literals}")),
        (
            "in",
            "[1, null, 2, null]",
            format!(
                "/value/1: found `null` (`null` counts as missing; use `exists`), allowed is {literal}\n\
                 /value/3: found `null` (`null` counts as missing; use `exists`), allowed is {literal}"
            ),
        ),
        ("gt", "\"100\"", format!("/value: found `\"100\"`, allowed is {number}")),
        ("lte", "[100]", format!("/value: found `[100]`, allowed is {number}")),
        ("regex", "5", format!("/value: found `5`, allowed is {pattern}")),
        ("regex", "\"\"", format!("/value: found `\"\"` (it matches every string), allowed is {pattern}")),
        (
            "regex",
            "\"[invalid(\"",
            format!(
                "/value: found `\"[invalid(\"` (non-empty character class has no closing bracket), allowed is {pattern}"
            ),
        ),
        (
            "regex",
            r#""(a)\\1""#,
            format!("/value: found `\"(a)\\\\1\"` (backreferences are not supported), allowed is {pattern}"),
        ),
        (
            "regex",
            r#""(?=a)""#,
            format!("/value: found `\"(?=a)\"` (look-around is not supported), allowed is {pattern}"),
        ),
        (
            "contains",
            "null",
            format!("/value: found `null` (`null` counts as missing; use `exists`), allowed is {literal}"),
        ),
        ("contains", "\"\"", format!("/value: found `\"\"` (every string contains it), allowed is {literal}")),
        (
            "includes",
            "null",
            format!("/value: found `null` (`null` counts as missing; use `exists`), allowed is {literal}"),
        ),
        ("eq", "9007199254740993", format!("/value: found `9007199254740993` ({not_kept}), allowed is {literal}")),
        ("in", "[1, [1e-400]]", format!("/value/1: found `[1e-400]` ({not_kept}), allowed is {literal}")),
        (
            "includes",
            "{\"a\":0.1000000000000000055}",
            format!("/value: found `{{\"a\": 0.1000000000000000055}}` ({not_kept}), allowed is {literal}"),
        ),
        (
            "gt",
            "13.0000000000000000001",
            format!("/value: found `13.0000000000000000001` ({not_kept}), allowed is {number}"),
        ),
        (
            "max_items",
            "9007199254740993",
            format!("/value: found `9007199254740993` ({not_kept}), allowed is a whole number from 0"),
        ),
        ("exists", "\"yes\"", "/value: found `\"yes\"`, allowed is `true` or `false`".to_owned()),
        ("starts_with", "\"\"", "/value: found `\"\"`, allowed is a string that is not empty".to_owned()),
        ("ends_with", "[\"a\"]", "/value: found `[\"a\"]`, allowed is a string that is not empty".to_owned()),
        ("path_within", "\"/srv\"", format!("/value: found `\"/srv\"`, allowed is {folders}")),
        ("path_within", "[]", format!("/value: found `[]`, allowed is {folders}")),
        ("url_host_in", "{}", format!("/value: found `{{}}`, allowed is {hosts}")),
        ("max_length", "-1", "/value: found `-1`, allowed is a whole number from 0".to_owned()),
        ("max_length", "1.5", "/value: found `1.5`, allowed is a whole number from 0".to_owned()),
        ("max_length", "1e30", "/value: found `1e30`, allowed is a whole number from 0".to_owned()),
    ];
    for (op, value, message) in cases {
        assert_eq!(build("args.x", op, value).unwrap_err(), message);
    }
}

#[test]
fn a_missing_value_is_refused_by_every_operator() {
    for op in NAMES {
        let complaints = Condition::new(Path::new("args.x").unwrap(), op, None).unwrap_err();
        assert!(
            matches!(&*complaints, [ConditionError { part: Part::Value, found, .. }] if found == "nothing"),
            "{op}"
        );
    }
}

#[test]
fn several_wrong_elements_are_all_named() {
    let complaints = build("args.x", "url_host_in", r#"["a.com", "b.com:1", 5, "c.com", "http://d"]"#).unwrap_err();
    let places: Vec<&str> = complaints.lines().filter_map(|line| line.split(':').next()).collect();
    assert_eq!(places, ["/value/1", "/value/2", "/value/4"]);
}
