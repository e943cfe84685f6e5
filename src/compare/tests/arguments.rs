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
