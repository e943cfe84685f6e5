//! `arguments`: how strictly, and with which schema.

#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::{NONE, differences};

#[test]
fn arguments_that_are_compared_less_strictly_are_wider() {
    let digest = "0".repeat(64);
    let pinned = |schema: &str, more: &str| {
        format!(r#""tools":{{"t":{{}}}},"definitions":{{"t":{{"sha256":"{digest}","schema":{schema}}}}}{more}"#)
    };
    let text = r#"{"type":"object"}"#;
    let [any, declared, strict] =
        ["any", "declared", "strict"].map(|check| pinned(text, &format!(r#","arguments":"{check}""#)));
    assert_eq!(differences(&any, &pinned(text, "")), NONE);
    assert_eq!(differences(&strict, &strict), NONE);
    assert_eq!(
        differences(&strict, &declared),
        ["+? the tool `t`: compares arguments with the pinned schema as `declared`; it was `strict`"]
    );
    assert_eq!(
        differences(&any, &strict),
        ["-? the tool `t`: compares arguments with the pinned schema as `strict`; it was `any`"]
    );
    let other = pinned(r#"{"type":"object","required":["a"]}"#, r#","arguments":"strict""#);
    let what = "the tool `t`: another schema of its arguments is pinned";
    assert_eq!(differences(&strict, &other), [format!("+? {what}"), format!("-? {what}")]);
}

#[test]
fn arguments_that_are_to_be_compared_with_no_schema_deny_every_call() {
    let digest = "0".repeat(64);
    let policy =
        |check: &str, pin: &str| format!(r#""tools":{{"t":{{"arguments":"{check}"}}}},"definitions":{{{pin}}}"#);
    let with = format!(r#""t":{{"sha256":"{digest}","schema":{{"type":"object"}}}}"#);
    let without = format!(r#""t":{{"sha256":"{digest}"}}"#);
    let narrower = "- the tool `t`: every call of it is denied, since no schema of its arguments is pinned";
    let wider =
        "+ the tool `t`: calls of it can pass; they were all denied, since no schema of its arguments was pinned";
    for check in ["declared", "strict"] {
        for none in [&*without, ""] {
            assert_eq!(differences(&policy(check, &with), &policy(check, none)), [narrower]);
            assert_eq!(differences(&policy(check, none), &policy(check, &with)), [wider]);
        }
        // Without a schema no definition matters.
        assert_eq!(differences(&policy(check, &without), &policy(check, "")), NONE);
    }
    assert_eq!(differences(&policy("any", &with), &policy("any", &without)), NONE);
    let both = differences(&policy("declared", &without), &policy("any", &without));
    assert_eq!(
        both,
        [
            wider.to_owned(),
            "+? the tool `t`: compares arguments with the pinned schema as `any`; it was `declared`".to_owned()
        ]
    );
}
