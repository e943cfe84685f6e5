#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::{NONE, advice, policy};

#[test]
fn shadow_of_the_whole_policy() {
    assert_eq!(
        policy(r#""mode":"shadow""#),
        ["/mode: nothing is enforced: in `shadow` a call that the policy refuses goes through and is only \
             reported; take `mode` out to enforce [shadow]"]
    );
    assert_eq!(
        advice(r#"{"mode":"shadow","policy":{"version":"1","default":"deny","mode":"shadow"}}"#),
        [
            "/mode: nothing is enforced: in `shadow` a call that the policy refuses goes through and is only \
             reported; take `mode` out to enforce [shadow]",
            "/policy/mode: nothing is enforced: in `shadow` a call that the policy refuses goes through and is only \
             reported; take `mode` out to enforce [shadow]"
        ]
    );
    assert_eq!(policy(r#""mode":"enforce""#), NONE);
}

#[test]
fn allow_with_hide() {
    assert_eq!(
        advice(r#"{"version":"1","default":"allow","hide":["delete_*"]}"#),
        ["/hide: `default` is `allow`, so only what is listed here is kept back, and a tool that the server adds \
             later is open; write `\"default\": \"deny\"` and name what may be called [allow-with-hide]"]
    );
    assert_eq!(advice(r#"{"version":"1","default":"allow","hide":[]}"#), NONE);
    assert_eq!(policy(r#""hide":["delete_*"]"#), NONE);
}

#[test]
fn open_star() {
    assert_eq!(
        policy(r#""tools":{"*":{}},"resources":{"**":{}},"prompts":{"*":{"action":"allow"}}"#),
        [
            "/tools/*: `*` lets every tool through, so `default` `deny` keeps none back; name what may be used, or \
             give `*` a rule [open-star]",
            "/resources/**: `**` lets every resource through, so `default` `deny` keeps none back; name what may be \
             used, or give `**` a rule [open-star]",
            "/prompts/*: `*` lets every prompt through, so `default` `deny` keeps none back; name what may be used, \
             or give `*` a rule [open-star]"
        ]
    );
    assert_eq!(policy(r#""tools":{"*":{"rate_limit":"10/minute"}}"#), NONE);
    assert_eq!(policy(r#""all_tools":{"rate_limit":"10/minute"},"tools":{"*":{}}"#), NONE);
    assert_eq!(advice(r#"{"version":"1","default":"allow","tools":{"*":{}}}"#), NONE);
}
