#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::{NONE, warnings};

/// A configuration with two policies.
fn bound(bindings: &str) -> Vec<String> {
    warnings(&format!(
        r#"{{"policies":{{"a":{{"version":"1","default":"deny"}},"b":{{"version":"1","default":"deny"}}}},"bindings":[{bindings}]}}"#
    ))
}

#[test]
fn client_chosen_binding() {
    let message = "clients choose the host and the path, so they choose the policy that applies to them; add `route` \
                   or `grant` to the binding [client-chosen-binding]";
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
            "/policies/{name}: no binding selects the policy `{name}`, so it never applies; bind it or remove it \
             [unbound-policy]"
        )
    };
    assert_eq!(bound(r#"{"policy":"a"}"#), [message("b")]);
    assert_eq!(bound(""), [message("a"), message("b")]);
    assert_eq!(bound(r#"{"route":"r","policy":"a"},{"policy":"b"}"#), NONE);
}

#[test]
fn a_warning_on_one_of_several_policies_names_it() {
    let text = r#"{"policies":{"a":{"version":"1","default":"deny"},"b":{"version":"1","default":"deny","tools":{"*":{}}}},
        "bindings":[{"route":"r","policy":"a"},{"policy":"b"}],"mode":"shadow"}"#;
    let warnings = warnings(text);
    assert_eq!(warnings.len(), 2, "{warnings:?}");
    assert!(warnings[0].starts_with("/policies/b/tools/*: `*` allows every tool"), "{warnings:?}");
    assert!(warnings[1].starts_with("/mode: nothing is enforced"), "{warnings:?}");
}

#[test]
fn any_origin() {
    let origins = |list: &str| {
        warnings(&format!(r#"{{"policy":{{"version":"1","default":"deny"}},"protocol":{{"origins":{list}}}}}"#))
    };
    let message =
        "every web page may send requests and read the answers; list the origins of your own pages [any-origin]";
    assert_eq!(origins(r#"["https://a.example","*"]"#), [format!("/protocol/origins/1: {message}")]);
    assert_eq!(origins(r#"["http://localhost:*"]"#), NONE);
}
