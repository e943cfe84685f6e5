#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::{NONE, policy, warnings};

#[test]
fn shadow_of_the_whole_policy() {
    assert_eq!(
        policy(r#""mode":"shadow""#),
        ["/mode: nothing is enforced: `shadow` mode only reports the calls that the policy denies, and lets them \
          through; remove `mode` to enforce the policy [shadow]"]
    );
    assert_eq!(
        warnings(r#"{"mode":"shadow","policy":{"version":"1","default":"deny","mode":"shadow"}}"#),
        [
            "/mode: nothing is enforced: `shadow` mode only reports the calls that the policy denies, and lets them \
             through; remove `mode` to enforce the policy [shadow]",
            "/policy/mode: nothing is enforced: `shadow` mode only reports the calls that the policy denies, and lets \
             them through; remove `mode` to enforce the policy [shadow]"
        ]
    );
    assert_eq!(policy(r#""mode":"enforce""#), NONE);
}

#[test]
fn allow_with_hide() {
    assert_eq!(
        warnings(r#"{"version":"1","default":"allow","hide":["delete_*"]}"#),
        ["/hide: `default` is `allow`, so a tool that the server adds later is open until it is listed here; write \
          `\"default\": \"deny\"` and list the tools that agents may call [allow-with-hide]"]
    );
    assert_eq!(warnings(r#"{"version":"1","default":"allow","hide":[]}"#), NONE);
    assert_eq!(policy(r#""hide":["delete_*"]"#), NONE);
}

#[test]
fn open_star() {
    assert_eq!(
        policy(r#""tools":{"*":{}},"resources":{"**":{}},"prompts":{"*":{"action":"allow"}}"#),
        [
            "/tools/*: `*` allows every tool, so `\"default\": \"deny\"` denies none; list the tools that agents may \
             use, or restrict `*` [open-star]",
            "/resources/**: `**` allows every resource, so `\"default\": \"deny\"` denies none; list the resources \
             that agents may use, or restrict `**` [open-star]",
            "/prompts/*: `*` allows every prompt, so `\"default\": \"deny\"` denies none; list the prompts that agents \
             may use, or restrict `*` [open-star]"
        ]
    );
    assert_eq!(policy(r#""tools":{"*":{"rate_limit":"10/minute"}}"#), NONE);
    assert_eq!(policy(r#""all_tools":{"rate_limit":"10/minute"},"tools":{"*":{}}"#), NONE);
    assert_eq!(warnings(r#"{"version":"1","default":"allow","tools":{"*":{}}}"#), NONE);
}

#[test]
fn size_over_share() {
    assert_eq!(
        warnings(
            r#"{"policy":{"version":"1","default":"deny"},"lists":{"max_bytes":16777216},
                "protocol":{"max_body_bytes":9000000}}"#
        ),
        [
            "/lists/max_bytes: one caller may hold 8388608 bytes (an eighth of `protocol.max_held_bytes`), so a longer list \
             becomes an error even if this permits it; set `protocol.max_held_bytes` to at least 134217728, or lower this \
             [size-over-share]",
            "/protocol/max_body_bytes: one caller may hold 8388608 bytes (an eighth of `protocol.max_held_bytes`), so the \
             gateway refuses a larger body even if this permits it; set `protocol.max_held_bytes` to at least 72000000, or lower this \
             [size-over-share]"
        ]
    );
    let enough = r#"{"policy":{"version":"1","default":"deny"},"protocol":{"max_body_bytes":8388608}}"#;
    assert_eq!(warnings(enough), NONE);
}
