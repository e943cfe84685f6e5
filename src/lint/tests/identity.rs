#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::{NONE, advice};

fn identity(sources: &str, rule: &str) -> Vec<String> {
    let policy = format!(r#"{{"version":"1","default":"deny","tools":{{"get":{rule}}}}}"#);
    advice(&format!(r#"{{"policy":{policy},"identity":[{sources}]}}"#))
}

#[test]
fn unverified_identity() {
    let sources = r#"{"peer":"uri_san"},{"header":"X-Agent-Id"},{"bearer":true},{"address":true}"#;
    assert_eq!(
        identity(sources, "{}"),
        [
            "/identity/1: the header `x-agent-id` is taken as it was sent, so callers can name themselves as they \
             like; keep it only where a filter before this one checks it [unverified-identity]",
            "/identity/2: bearer tokens are not verified here, so callers can make up as many as they like; keep \
             this only where a filter before this one checks them [unverified-identity]"
        ]
    );
    assert_eq!(identity(r#"{"peer":"uri_san"},{"address":true}"#, "{}"), NONE);
}

#[test]
fn an_address_that_callers_write_is_unverified() {
    assert_eq!(
        identity(r#"{"address":"forwarded"}"#, "{}"),
        ["/identity/0: an address from a forwarding header is one that callers write, so they can make up as many as \
             they like; keep this only behind a proxy that overwrites the header [unverified-identity]"]
    );
}

#[test]
fn dotted_claim() {
    let of = |claim: &str| identity(&format!(r#"{{"jwt_claim":{claim},"payload":"p"}}"#), "{}");
    assert_eq!(
        of(r#""user.email""#),
        [
            "/identity/0/jwt_claim: `user.email` is a claim at the top of the token, with a dot in its name; for a claim \
             inside others write `[\"user\", \"email\"]` [dotted-claim]"
        ]
    );
    for claim in [r#""sub""#, r#"["user","email"]"#, r#""https://example.com/email""#, r#"["a.b","c"]"#] {
        assert_eq!(of(claim), NONE, "{claim}");
    }
}

#[test]
fn constant_grant() {
    assert_eq!(
        identity(r#"{"constant":"agents"}"#, r#"{"rate_limit":"10/minute"}"#),
        ["/identity/0: every caller is `agents`, so limits of scope `grant`, such as `/tools/get`, count them \
             all together; write scope `global` if that is meant, or name a source that tells callers apart \
             [constant-grant]"]
    );
    assert_eq!(
        identity(r#"{"address":true},{"constant":"agents"}"#, r#"{"rate_limit":"10/minute"}"#),
        ["/identity/1: every caller that no source before this one names is `agents`, so limits of scope \
             `grant`, such as `/tools/get`, count them all together; write scope `global` if that is meant, or name \
             a source that tells callers apart [constant-grant]"]
    );
    assert_eq!(identity(r#"{"constant":"agents"}"#, "{}"), NONE);
}
