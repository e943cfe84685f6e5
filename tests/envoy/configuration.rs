//! A configuration that is wrong is refused with every mistake named; one that is right takes over and forgets nothing.

mod start;
mod update;

use serde_json::{Value, json};

/// A policy that allows `tools`, each for `max` calls of one shared counter a day.
fn policy(description: &str, tools: &[&str], max: u64) -> Value {
    let limit = json!({"counter": "calls", "window": crate::clock::long_window(), "max": max, "scope": "grant"});
    let tools: serde_json::Map<String, Value> =
        tools.iter().map(|tool| ((*tool).to_owned(), json!({ "limits": [limit] }))).collect();
    json!({ "version": "1", "default": "deny", "description": description, "tools": tools })
}

/// A policy with two mistakes, and what a readable report of them contains.
fn two_mistakes() -> (Value, [&'static str; 7]) {
    let mut wrong = policy("wrong", &["a"], 10);
    wrong["tools"]["a"]["limits"][0]["window"] = "fortnight".into();
    wrong["defualt"] = "deny".into();
    // Where, what was found, what is allowed, and for a near miss what was probably meant.
    (wrong, ["/tools/a/limits/0/window", "fortnight", "minute", "hour", "/defualt", "did you mean", "default"])
}

/// Asserts that a log names everything in `expected`.
#[track_caller]
fn assert_names(log: &str, expected: &[&str]) {
    let missing: Vec<&&str> = expected.iter().filter(|part| !log.contains(**part)).collect();
    assert!(missing.is_empty(), "{missing:?} should be in the log:\n{log}");
}
