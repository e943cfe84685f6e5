#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::{NONE, warnings};
use crate::{config::LoadedConfig, lint::check_console};

fn identity(sources: &str, rule: &str) -> Vec<String> {
    let policy = format!(r#"{{"version":"1","default":"deny","tools":{{"get":{rule}}}}}"#);
    warnings(&format!(r#"{{"policy":{policy},"identity":[{sources}]}}"#))
}

#[test]
fn unverified_identity() {
    let sources = r#"{"peer":"uri_san"},{"header":"X-Agent-Id"},{"bearer":true},{"address":true}"#;
    assert_eq!(
        identity(sources, "{}"),
        [
            "/identity/1: the filter does not verify the header `x-agent-id`, so callers can claim any identity; keep \
             this source only if a filter before this one verifies the header [unverified-identity]",
            "/identity/2: the filter does not verify bearer tokens, so callers can invent identities; keep this source \
             only if a filter before this one verifies the tokens [unverified-identity]"
        ]
    );
    assert_eq!(identity(r#"{"peer":"uri_san"},{"address":true}"#, "{}"), NONE);
}

#[test]
fn an_address_that_callers_write_is_unverified() {
    assert_eq!(
        identity(r#"{"address":"forwarded"}"#, "{}"),
        ["/identity/0: callers can write the forwarding header, so they can invent addresses; keep this source only \
          behind a proxy that overwrites the header [unverified-identity]"]
    );
}

#[test]
fn dotted_claim() {
    let of = |claim: &str| identity(&format!(r#"{{"jwt_claim":{claim},"payload":"p"}}"#), "{}");
    assert_eq!(
        of(r#""user.email""#),
        ["/identity/0/jwt_claim: `user.email` names a claim at the top of the token that has a dot in its name; for \
             a claim inside another, write `[\"user\", \"email\"]` [dotted-claim]"]
    );
    for claim in [r#""sub""#, r#"["user","email"]"#, r#""https://example.com/email""#, r#"["a.b","c"]"#] {
        assert_eq!(of(claim), NONE, "{claim}");
    }
}

#[test]
fn a_lasting_shared_or_unreachable_token() {
    let (one, two) = ("1".repeat(64), "2".repeat(64));
    let dated = format!(r#"{{"tokens":{{"a":{{"sha256":"{one}","expires":"2027-01-31"}}}}}}"#);
    assert_eq!(identity(&dated, "{}"), NONE);
    let lasting = format!(r#"{{"tokens":{{"a":{{"sha256":"{one}"}}}}}}"#);
    let end = ", so a stolen one works until you remove it; add `expires`, such as `\"2027-01-31\"` [lasting-token]";
    assert_eq!(identity(&lasting, "{}"), [format!("/identity/0/tokens/a: the token `a` never expires{end}")]);
    let shared =
        format!(r#"{{"tokens":{{"a":{{"sha256":"{two}"}},"b":{{"sha256":"{one}"}},"c":{{"sha256":"{two}"}}}}}}"#);
    assert_eq!(
        identity(&format!(r#"{{"peer":"uri_san"}},{shared}"#), "{}"),
        [
            format!("/identity/1/tokens/a: the token `a` and 2 more never expire{end}"),
            "/identity/1/tokens/c: `a` and `c` have the same SHA-256, so both callers are `a`; give each a token of its own \
             [shared-token]"
                .to_owned()
        ]
    );
    for always in [r#"{"bearer":true}"#, r#"{"address":true}"#, r#"{"constant":"all"}"#] {
        let unreachable = "/identity/1: `/identity/0` identifies every caller who sends a token, so this source identifies no one; \
                           move it before that one [unreachable-source]";
        assert!(identity(&format!("{always},{dated}"), "{}").contains(&unreachable.to_owned()), "{always}");
    }
    assert_eq!(
        identity(r#"{"peer":"uri_san"},{"constant":"all"},{"address":true},{"constant":"others"}"#, "{}"),
        [2, 3].map(|index| format!(
            "/identity/{index}: `/identity/1` identifies every caller, so this source identifies no one; move it before that one \
             [unreachable-source]"
        ))
    );
}

#[test]
fn a_source_without_a_token() {
    let end = "; add one with `mcp-policy grant new NAME FILE` [no-token]";
    assert_eq!(
        identity(r#"{"tokens":{}}"#, "{}"),
        [format!(
            "/identity/0/tokens: no token is listed, and there is no other source, so no request has an identity, and every call is denied{end}"
        )]
    );
    assert_eq!(
        identity(r#"{"peer":"uri_san"},{"tokens":{}}"#, "{}"),
        [format!("/identity/1/tokens: no token is listed, so this source identifies no one{end}")]
    );
}

#[test]
fn a_console_has_the_warnings_on_sources_that_approvers_have_too() {
    let console = |sources: &str| {
        let text = format!(r#"{{"console":{{"approvers":["token:a"],"identity":[{sources}]}}}}"#);
        let Ok(LoadedConfig::Console(console)) = LoadedConfig::load(text.as_bytes()) else { panic!("{text}") };
        check_console(&console, text.as_bytes()).iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    let one = "1".repeat(64);
    let token = format!(r#"{{"sha256":"{one}"}}"#);
    assert_eq!(
        console(&format!(
            r#"{{"bearer":true}},{{"tokens":{{"a":{token},"b":{token}}}}},{{"jwt_claim":"user.email","payload":"p"}}"#
        )),
        [
            "/console/identity/1: `/console/identity/0` identifies every caller who sends a token, so this source identifies no one; \
             move it before that one [unreachable-source]",
            "/console/identity/1/tokens/a: the token `a` and 1 more never expire, so a stolen one works until you remove it; add \
             `expires`, such as `\"2027-01-31\"` [lasting-token]",
            "/console/identity/1/tokens/b: `a` and `b` have the same SHA-256, so both callers are `a`; give each a token of its own \
             [shared-token]",
            "/console/identity/2/jwt_claim: `user.email` names a claim at the top of the token that has a dot in its name; for a claim \
             inside another, write `[\"user\", \"email\"]` [dotted-claim]",
        ]
    );
    // A console compares the digests of bearer tokens with those of its approvers.
    assert_eq!(
        console(&format!(r#"{{"tokens":{{"a":{{"sha256":"{one}","expires":"2027-01-31"}}}}}},{{"bearer":true}}"#)),
        NONE
    );
}

#[test]
fn constant_grant() {
    assert_eq!(
        identity(r#"{"constant":"agents"}"#, r#"{"rate_limit":"10/minute"}"#),
        ["/identity/0: every caller has the grant `agents`, so limits of scope `grant`, such as `/tools/get`, count \
          them all together; write scope `global` if you intend that, or add a source that tells callers apart \
          [constant-grant]"]
    );
    assert_eq!(
        identity(r#"{"address":true},{"constant":"agents"}"#, r#"{"rate_limit":"10/minute"}"#),
        ["/identity/1: every caller that no source before this one identifies has the grant `agents`, so limits of \
          scope `grant`, such as `/tools/get`, count them all together; write scope `global` if you intend that, or \
          add a source that tells callers apart [constant-grant]"]
    );
    assert_eq!(identity(r#"{"constant":"agents"}"#, "{}"), NONE);
}
