#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::{NONE, load};
use crate::lint::compare_counters;

const LIMIT: &str = r#"{"counter":"c","window":"minute","max":5,"scope":"grant"}"#;

/// What happens to counters when one tool's limits replace another's.
#[track_caller]
fn replace(old: &str, new: &str) -> Vec<String> {
    let policy = |limits: &str| {
        load(&format!(r#"{{"version":"1","default":"deny","tools":{{"a":{{"limits":[{limits}]}},"b*":{{}}}}}}"#))
    };
    let found = compare_counters(&policy(old), &policy(new));
    found.iter().map(|change| format!("{} {} {}", change.fate, change.pointer, change.message)).collect()
}

#[test]
fn another_window_scope_or_algorithm_restarts_a_counter() {
    let restarts = |what| [format!("restarts /tools/a/limits/0 `c` restarts at zero: {what}")];
    assert_eq!(replace(LIMIT, &LIMIT.replace("\"minute\"", "59")), restarts("`window` was `minute` and is `59`"));
    assert_eq!(replace(LIMIT, &LIMIT.replace("grant", "global")), restarts("`scope` was `grant` and is `global`"));
    assert_eq!(
        replace(LIMIT, &LIMIT.replace("}", r#","algorithm":"sliding"}"#)),
        restarts("`algorithm` was `fixed` and is `sliding`")
    );
    assert_eq!(
        replace(LIMIT, &LIMIT.replace("grant", "session").replace("minute", "day").replace("5", "6")),
        restarts("`window` was `minute` and is `day`, `scope` was `grant` and is `session`")
    );
}

#[test]
fn another_maximum_keeps_the_count() {
    assert_eq!(
        replace(LIMIT, &LIMIT.replace("5", "6")),
        ["kept /tools/a/limits/0 `c` keeps its count: `max` was `5` and is `6`"]
    );
}

#[test]
fn another_spelling_of_the_window_changes_nothing() {
    assert_eq!(replace(LIMIT, &LIMIT.replace("\"minute\"", "60")), NONE);
}

#[test]
fn another_name_is_another_counter() {
    assert_eq!(
        replace(LIMIT, &LIMIT.replace("\"c\"", "\"d\"")),
        ["gone /tools/a/limits/0 the new configuration does not count `c`", "new /tools/a/limits/0 `d` starts at zero"]
    );
}

#[test]
fn rules_that_share_a_counter_are_one_change() {
    let policy = |first: u8, second: u8| {
        let limit = |max| format!(r#"{{"limits":[{{"counter":"c","window":"minute","max":{max},"scope":"grant"}}]}}"#);
        let (first, second) = (limit(first), limit(second));
        load(&format!(r#"{{"version":"1","default":"deny","prompts":{{"p*":{first}}},"tools":{{"a":{second}}}}}"#))
    };
    assert_eq!(compare_counters(&policy(1, 2), &policy(2, 1)), []);
    let found = compare_counters(&policy(1, 2), &policy(3, 2));
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].message, "`c` keeps its count: `max` was `1` and `2` and is `2` and `3`");
}

#[test]
fn another_identity_restarts_the_counts_of_grants() {
    let policy = r#"{"version":"1","default":"deny"}"#;
    let found =
        compare_counters(&load(policy), &load(&format!(r#"{{"policy":{policy},"identity":[{{"bearer":true}}]}}"#)));
    let message = "`identity` has changed, so callers may get other grants; counts of scope `grant` and `session` \
                   continue only for callers whose grant stays the same";
    assert_eq!(found.iter().map(|change| change.message.as_str()).collect::<Vec<_>>(), [message]);
}
