#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::{NONE, advice};

/// A configuration with two policies.
fn bound(bindings: &str) -> Vec<String> {
    advice(&format!(
        r#"{{"policies":{{"a":{{"version":"1","default":"deny"}},"b":{{"version":"1","default":"deny"}}}},"bindings":[{bindings}]}}"#
    ))
}

#[test]
fn client_chosen_binding() {
    let message = "clients choose host and path, and with them the policy that judges them; bind by `route`, or by \
                   `grant`, besides [client-chosen-binding]";
    let other = r#"{"route":"r","policy":"b"}"#;
    for by in [r#""host":"h""#, r#""path":"/p""#, r#""path_prefix":"/p""#] {
        assert_eq!(bound(&format!(r#"{{{by},"policy":"a"}},{other}"#)), [format!("/bindings/0: {message}")]);
        assert_eq!(bound(&format!(r#"{{{by},"route":"r","policy":"a"}},{other}"#)), NONE);
        assert_eq!(bound(&format!(r#"{{{by},"grant":"jwt:*","policy":"a"}},{other}"#)), NONE);
    }
}

#[test]
fn unbound_policy() {
    let message = |name: &str| {
        format!(
            "/policies/{name}: nothing is bound to the policy `{name}`, so it judges no call; bind it, or take it out \
             [unbound-policy]"
        )
    };
    assert_eq!(bound(r#"{"policy":"a"}"#), [message("b")]);
    assert_eq!(bound(""), [message("a"), message("b")]);
    assert_eq!(bound(r#"{"route":"r","policy":"a"},{"policy":"b"}"#), NONE);
}

#[test]
fn advice_on_one_of_several_policies_tells_which() {
    let text = r#"{"policies":{"a":{"version":"1","default":"deny"},"b":{"version":"1","default":"deny","tools":{"*":{}}}},
        "bindings":[{"route":"r","policy":"a"},{"policy":"b"}],"mode":"shadow"}"#;
    let advice = advice(text);
    assert_eq!(advice.len(), 2, "{advice:?}");
    assert!(advice[0].starts_with("/policies/b/tools/*: `*` lets every tool through"), "{advice:?}");
    assert!(advice[1].starts_with("/mode: nothing is enforced"), "{advice:?}");
}
