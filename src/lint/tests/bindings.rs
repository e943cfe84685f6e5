#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::{NONE, warnings};

/// A configuration with two policies.
fn bound(bindings: &str) -> Vec<String> {
    warnings(&format!(
        r#"{{"policies":{{"a":{{"version":"1","default":"deny"}},"b":{{"version":"1","default":"deny"}}}},"bindings":[{bindings}],
            "identity":[{{"jwt_claim":"sub","payload":"p"}}]}}"#
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
fn unreachable_binding() {
    let earlier = "/bindings/1: `/bindings/0` matches every request that this binding matches, so no request reaches it; move it before \
                   that one, or remove it [unreachable-binding]";
    let reached = |bindings: &str| {
        let mut found = bound(bindings);
        found.retain(|warning| warning.ends_with("[unreachable-binding]"));
        found
    };
    for (first, second) in [
        ("", ""),
        ("", r#""route":"r","#),
        ("", r#""path_prefix":"/a","#),
        (r#""route":"r*","#, r#""route":"ro*","grant":"jwt:a","#),
        (r#""grant":"jwt:*","#, r#""grant":"jwt:a*","#),
        (r#""host":"a.com","#, r#""host":"A.com:443","#),
        (r#""host":"*.com","#, r#""host":"*.a.com","path":"/a","#),
        (r#""path_prefix":"/a","#, r#""path_prefix":"/a/b","#),
        (r#""path_prefix":"/a","#, r#""path":"/a","#),
        (r#""path":"/a*","#, r#""path_prefix":"/a","#),
        (r#""path":"/a","#, r#""path":"/a","path_prefix":"/a","#),
    ] {
        assert_eq!(
            reached(&format!(r#"{{{first}"policy":"a"}},{{{second}"policy":"b"}}"#)),
            [earlier],
            "{first} {second}"
        );
    }
    for (first, second) in [
        (r#""route":"r","#, ""),
        (r#""route":"r","#, r#""host":"h","#),
        (r#""grant":"jwt:a*","#, r#""grant":"jwt:*","#),
        (r#""host":"a.com:443","#, r#""host":"a.com","#),
        (r#""path_prefix":"/a","#, r#""path_prefix":"/ab","#),
        (r#""path":"/a","#, r#""path_prefix":"/a","#),
        (r#""path":"/a","#, r#""path":"/A","#),
    ] {
        assert_eq!(reached(&format!(r#"{{{first}"policy":"a"}},{{{second}"policy":"b"}}"#)), NONE, "{first} {second}");
    }
    let apart = "/bindings/0: no path is `path` and lies under `path_prefix` as well, so no request matches this binding; remove one of \
                 the two [unreachable-binding]";
    for (path, prefix, expected) in [
        ("/a", "/b", &[apart][..]),
        ("/a*/c", "/b", &[apart]),
        ("/ab", "/a", &[apart]),
        ("/a/b", "/a", &[]),
        ("/*/c", "/b", &[]),
    ] {
        assert_eq!(
            reached(&format!(r#"{{"route":"r","path":"{path}","path_prefix":"{prefix}","policy":"a"}}"#)),
            expected
        );
    }
}

#[test]
fn a_binding_by_a_grant_that_no_source_yields_is_reached_by_no_request() {
    let found = |grant: &str| {
        warnings(&format!(
            r#"{{"policies":{{"a":{{"version":"1","default":"deny"}}}},"bindings":[{{"grant":"{grant}","policy":"a"}}],
            "identity":[{{"tokens":{{"ann":{{"sha256":"{}","expires":"2027-01-31"}}}}}}]}}"#,
            "0".repeat(64)
        ))
    };
    for grant in ["token:bob", "token:b*", "alice", "TOKEN:ann", "jwt:*", "token:"] {
        let expected = format!(
            "/bindings/0/grant: no source of `identity` yields the grant `{grant}`, so no request reaches this binding; a grant begins with \
             its source, such as `jwt:alice`; correct it, add a source or a token, or remove the binding [grant-without-source]"
        );
        assert_eq!(found(grant), [expected]);
    }
    assert_eq!([found("token:ann"), found("token:a*"), found("*")].concat(), NONE);
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
