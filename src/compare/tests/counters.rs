//! Counters that several calls share.

#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::{NONE, differences, rules};

#[test]
fn what_is_denied_in_both_shares_no_counter() {
    let limited = r#""tools":{"a":{}},"all_tools":{"rate_limit":"60/minute"}"#;
    assert_eq!(differences(r#""tools":{"a":{}}"#, limited), ["- the tool `a`: is limited by `/all_tools`"]);
    assert_eq!(differences(limited, r#""tools":{"a":{}}"#), ["+ the tool `a`: is no longer limited by `/all_tools`"]);
    // One that is denied by its own rule neither.
    let entries = |b: &str| format!(r#""tools":{{"a":{{}},"b":{{"action":"deny"}}}},"all_tools":{{{b}}}"#);
    assert_eq!(
        differences(&entries(""), &entries(r#""rate_limit":"60/minute""#)),
        ["- the tool `a`: is limited by `/all_tools`"]
    );
}

/// A tool `t` that counts, with these members of its limit, and a tool `u` whose condition reads the count.
fn history(limit: &str) -> String {
    let limit = format!(r#"{{"counter":"c","window":"minute","scope":"grant"{limit}}}"#);
    let deny = r#""deny_if":[{"conditions":[{"counter":"c","op":"gt","value":0}]}]"#;
    format!(r#""tools":{{"t":{{"limits":[{limit}]}},"u":{{{deny}}}}}"#)
}

#[test]
fn calls_that_are_counted_otherwise_may_decide_others_otherwise() {
    assert_eq!(differences(&history(""), &history("")), NONE);
    let counted = "`c`, which conditions read, counts these calls otherwise";
    let shared = "shares a counter with calls that are decided otherwise";
    let expected = [
        format!("+? the tool `t`: {counted}"),
        format!("+? the tool `u`: {shared}"),
        format!("-? the tool `t`: {counted}"),
        format!("-? the tool `u`: {shared}"),
    ];
    let mut found = differences(&history(""), &history(r#","increment":2"#));
    found.sort();
    assert_eq!(found, expected);
    // Without a condition that reads it, nothing depends on the count.
    let alone =
        |limit: &str| format!(r#""tools":{{"t":{{"limits":[{{"counter":"c","window":{limit},"scope":"grant"}}]}}}}"#);
    assert_eq!(differences(&alone("60"), &alone("61")), NONE);
}

#[test]
fn a_maximum_where_there_was_none_permits_less() {
    let limit = |max: &str| format!(r#""limits":[{{"counter":"c","window":"minute","scope":"grant"{max}}}]"#);
    assert_eq!(
        rules(&limit(""), &limit(r#","max":5"#)),
        ["- the tool `t`: `c` has room for 5 (1 a call); it was any number (1 a call)"]
    );
    let keyed = rules(&limit(r#","max":5"#), &limit(r#","max":5,"key":"call""#));
    assert!(keyed.iter().all(|line| line.contains("is counted otherwise")) && keyed.len() == 2, "{keyed:?}");
}
