//! The messages, whole.

#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::{Cursor, Keys};
use crate::json::{self, diagnostic::Problems};

#[track_caller]
fn problems(text: &str, read: impl Fn(&Cursor<'_, '_>)) -> Vec<String> {
    let node = json::parse(text.as_bytes(), 16).unwrap();
    let problems = Problems::default();
    read(&Cursor::top(&node, &problems));
    problems.take().iter().map(ToString::to_string).collect()
}

const KEYS: Keys = Keys { known: &["limits", "hide"] };

#[test]
fn unknown_keys_are_reported_with_the_nearest_known_one() {
    let found = problems(r#"{"limts":1,"Hide":2,"x":3}"#, |at| assert!(at.fields(KEYS).is_some()));
    let expected = [
        "/limts: unknown key `limts` (did you mean `limits`?); allowed: `limits` or `hide`",
        "/Hide: unknown key `Hide` (did you mean `hide`?); allowed: `limits` or `hide`",
        "/x: unknown key `x`; allowed: `limits` or `hide`",
    ];
    assert_eq!(found, expected);
}

#[test]
fn a_repeated_key_is_reported() {
    let found = problems(r#"{"hide":1,"hide":2,"hid\u0065":3}"#, |at| assert!(at.fields(KEYS).is_some()));
    assert_eq!(found, ["/hide: the key is repeated; keep one", "/hide: the key is repeated; keep one"]);
    let found = problems(r#"{"a":{"x":1,"x":2}}"#, |at| drop(at.entries().unwrap()[0].1.entries()));
    assert_eq!(found, ["/a/x: the key is repeated; keep one"]);
}

#[test]
fn a_problem_with_a_key_is_reported_at_the_key() {
    let node = json::parse(br#"{ "hid": 1, "hide": 2 }"#, 16).unwrap();
    let problems = Problems::default();
    let fields = Cursor::top(&node, &problems).fields(KEYS).unwrap();
    fields.get("hide").unwrap().string();
    assert_eq!(problems.take().iter().map(|problem| problem.at).collect::<Vec<_>>(), [2, 20]);
}

#[test]
fn pointers_escape_slashes_and_tildes() {
    let found = problems(r#"{"a/b~c":[1]}"#, |at| {
        let entries = at.entries().unwrap();
        entries[0].1.items().unwrap()[0].string();
    });
    assert_eq!(found, ["/a~1b~0c/0: found the number `1`, expected a string"]);
}

#[test]
fn a_wrong_word_is_reported_with_the_allowed_ones() {
    let choices = [("grant", 1), ("global", 2)];
    assert_eq!(
        problems(r#""galaxy""#, |at| assert_eq!(at.choice(&choices), None)),
        ["(top level): found `galaxy`, expected `grant` or `global`"]
    );
    assert_eq!(
        problems(r#""globl""#, |at| assert_eq!(at.choice(&choices), None)),
        ["(top level): found `globl`, expected `grant` or `global` (did you mean `global`?)"]
    );
    assert_eq!(
        problems("null", |at| assert_eq!(at.choice(&choices), None)),
        ["(top level): found `null`, expected a string: `grant` or `global`"]
    );
}

#[test]
fn whole_numbers_may_be_spelled_in_any_way() {
    for text in ["10", "1e1", "10.0"] {
        assert_eq!(problems(text, |at| assert_eq!(at.integer(0, 10), Some(10))), [""; 0]);
    }
    for text in ["11", "-1", "1.5", "\"10\"", "true"] {
        let found = problems(text, |at| assert_eq!(at.integer(0, 10), None));
        let shown = text.trim_matches('"');
        let what = match text.as_bytes()[0] {
            b'"' => format!("the string `{shown}`"),
            b't' => format!("`{shown}`"),
            _ => format!("the number `{shown}`"),
        };
        assert_eq!(found, [format!("(top level): found {what}, expected a whole number from 0 to 10")]);
    }
}

#[test]
fn a_missing_key_is_reported_where_it_belongs() {
    let found = problems("{}", |at| assert!(at.fields(KEYS).unwrap().required("hide").is_none()));
    assert_eq!(found, ["(top level): the key `hide` is missing"]);
}

#[test]
fn a_value_is_found_by_its_pointer() {
    let found = problems(r#"{"a/b~":[{"c":1},2]}"#, |at| {
        for (pointer, value) in [("", "whole"), ("/a~1b~0/0/c", "1"), ("/a~1b~0/1", "2")] {
            at.at_pointer(pointer).unwrap().report(value);
        }
        for nothing in ["/a", "/a~1b~0/2", "/a~1b~0/x", "/a~1b~0/1/c", "/a~1b~0/0/c/d"] {
            assert!(at.at_pointer(nothing).is_none(), "{nothing}");
        }
    });
    assert_eq!(found, ["(top level): whole", "/a~1b~0/0/c: 1", "/a~1b~0/1: 2"]);
}

#[test]
fn the_first_hundred_problems_are_listed_and_the_others_counted() {
    let list = |count: usize| format!("[{}]", vec!["1"; count].join(","));
    // Looked at from the back: what counts is the order of the text.
    let read = |at: &Cursor<'_, '_>| at.items().unwrap().iter().rev().for_each(|item| assert_eq!(item.string(), None));
    assert_eq!(problems(&list(100), read).len(), 100);
    let found = problems(&list(1000), read);
    assert_eq!(found.len(), 101);
    assert_eq!(found[99], "/99: found the number `1`, expected a string");
    assert_eq!(found[100], "(top level): 900 more problems are not listed; correct these first");
}

#[test]
fn messages_are_short_whatever_the_document_holds() {
    let long = "k".repeat(100_000);
    let found = problems(&format!(r#"{{"{long}":1}}"#), |at| assert!(at.fields(KEYS).is_some()));
    let cut = "k".repeat(64) + "…";
    assert_eq!(found, [format!("/{cut}: unknown key `{cut}`; allowed: `limits` or `hide`")]);
    let words: Vec<String> = (0..40).map(|n| format!("word{n:02}")).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let found = problems(r#""x""#, |at| assert_eq!(at.index_of(&words), None));
    assert!(found[0].ends_with("`word31` or one of 8 others"), "{found:?}");
}

#[test]
fn only_an_object_has_names() {
    for (text, expected) in [(r#"{"b":1,"a":{"c":2}}"#, &["b", "a"][..]), ("{}", &[]), (r#"["a"]"#, &[]), ("5", &[])] {
        assert_eq!(problems(text, |at| assert_eq!(at.names(), expected, "{text}")), [""; 0]);
    }
}
