//! Tokens that the configuration lists.

use base16ct::lower;
use sha2::{Digest as _, Sha256};
#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::{Call, Timestamp, grant, sources, with_headers};
use crate::identity::grant_from_name;

fn sha256(token: &str) -> String {
    lower::encode_string(&Sha256::digest(token.as_bytes()))
}

/// A list of sources: tokens `mcpg_a` of `alice` and, until 2027-01-31, `mcpg_b` of `bob`, then the others.
fn listed(others: &str) -> String {
    let (alice, bob) = (sha256("mcpg_a"), sha256("mcpg_b"));
    format!(
        r#"[{{"tokens":{{"alice":{{"sha256":"{alice}"}},"bob":{{"sha256":"{bob}","expires":"2027-01-31"}}}}}}{others}]"#
    )
}

fn with_token(token: &str) -> Call {
    with_headers(&[("authorization", &["Bearer ", token].concat())])
}

const UNKNOWN: &str = "unknown token";

#[test]
fn a_listed_token_names_its_caller() {
    assert_eq!(grant(&listed(""), &with_token("mcpg_a")).as_deref(), Ok("token:alice"));
    assert_eq!(grant(&listed(""), &with_token("mcpg_b")).as_deref(), Ok("token:bob"));
    let verified = |name: &str| {
        grant_from_name(&sources(&listed("")).unwrap(), name, Timestamp(0)).map(|grant| grant.is_verified())
    };
    assert_eq!(verified("token:alice"), Ok(true));
}

#[test]
fn a_token_that_is_not_listed_is_left_to_the_next_source() {
    let own = Call { address: Some("10.0.0.7:52144"), ..with_token("mcpg_c") };
    assert_eq!(grant(&listed(r#",{"address":true}"#), &own).as_deref(), Ok("address:10.0.0.7"));
    let digest: String = sha256("mcpg_c").chars().take(16).collect();
    assert_eq!(grant(&listed(r#",{"bearer":true}"#), &own), Ok(format!("bearer:{digest}")));
}

#[test]
fn a_token_that_no_source_knows_differs_from_no_token() {
    for token in ["mcpg_c", "mcpg_", "mcpg_aa", "MCPG_A", "mcpg_amcpg_a"] {
        assert_eq!(grant(&listed(""), &with_token(token)), Err(UNKNOWN.to_owned()), "{token}");
    }
    for call in [Call::default(), with_headers(&[("authorization", "Basic mcpg_a")])] {
        assert_eq!(grant(&listed(""), &call), Err("no identity".to_owned()));
    }
}

#[test]
fn a_malformed_or_repeated_token_is_left_to_no_source() {
    let sources = listed(r#",{"constant":"all"}"#);
    assert_eq!(
        grant(&sources, &with_token("mcpg_a,mcpg_b")),
        Err("the header `authorization` has no bearer token".to_owned())
    );
    let twice = with_headers(&[("authorization", "Bearer mcpg_a"), ("authorization", "Bearer mcpg_a")]);
    assert_eq!(grant(&sources, &twice), Err("the header `authorization` is repeated; send it once".to_owned()));
}

#[test]
fn a_token_expires_at_the_start_of_its_day() {
    let sources = listed(r#",{"constant":"all"}"#);
    // 2027-01-31T00:00:00Z
    let expiry = 1_801_353_600_000;
    let at = |now| grant(&sources, &Call { now: Timestamp(now), ..with_token("mcpg_b") });
    let expired = Err("the token `bob` expired on 2027-01-31; ask for a new one".to_owned());
    assert_eq!(at(expiry - 1).as_deref(), Ok("token:bob"));
    assert_eq!(at(expiry), expired);
    assert_eq!(at(u64::MAX), expired);
    let alice = Call { now: Timestamp(u64::MAX), ..with_token("mcpg_a") };
    assert_eq!(grant(&sources, &alice).as_deref(), Ok("token:alice"));
}

#[test]
fn one_token_under_two_names_is_the_first_ones() {
    let digest = sha256("mcpg_a");
    let sources = format!(r#"[{{"tokens":{{"zoe":{{"sha256":"{digest}"}},"alice":{{"sha256":"{digest}"}}}}}}]"#);
    assert_eq!(grant(&sources, &with_token("mcpg_a")).as_deref(), Ok("token:zoe"));
}

#[test]
fn a_person_names_a_token_by_its_name() {
    let named = |name: &str, now| {
        grant_from_name(&sources(&listed("")).unwrap(), name, Timestamp(now)).map(|grant| grant.id().to_owned())
    };
    assert_eq!(named("token:alice", 0).as_deref(), Ok("token:alice"));
    for (name, now, why) in [
        ("token:carol", 0, "the configuration lists no token `carol`"),
        ("token:bob", u64::MAX, "the token `bob` expired on 2027-01-31; ask for a new one"),
    ] {
        assert_eq!(named(name, now), Err(super::IdentityError::Invalid(why.to_owned())), "{name}");
    }
}

#[test]
fn a_mistake_in_a_token_is_reported_at_its_place() {
    let digest = sha256("mcpg_a");
    let long = "x".repeat(257);
    let text = format!(
        r#"[{{"tokens":{{
            "a":{{}},
            "b":{{"sha256":"mcpg_b"}},
            "c":{{"sha256":"{upper}"}},
            "d":{{"sha256":"{digest}","expires":"2027-02-30"}},
            "e":{{"sha256":"{digest}","expires":"31.1.2027"}},
            "f":{{"sha":"{digest}"}},
            "":{{"sha256":"{digest}"}},
            "{long}":{{"sha256":"{digest}"}}
        }}}},{{"tokens":{{}}}}]"#,
        upper = digest.to_uppercase()
    );
    let form =
        "the SHA-256 of the token, in 64 lower-case hexadecimal digits; `printf %s \"$TOKEN\" | sha256sum` prints it";
    let name = "the name of a token has 1 to 256 bytes and no control characters; rename it";
    let problems = sources(&text).unwrap_err();
    let expected = [
        "/0/tokens/a: the key `sha256` is missing".to_owned(),
        format!("/0/tokens/b/sha256: found the string `mcpg_b`, expected {form}"),
        format!("/0/tokens/c/sha256: found the string `{}`, expected {form}", excerpt(&digest.to_uppercase())),
        "/0/tokens/d/expires: found the string `2027-02-30`, expected a date, such as `2027-01-31`".to_owned(),
        "/0/tokens/e/expires: found the string `31.1.2027`, expected a date, such as `2027-01-31`".to_owned(),
    ];
    assert_eq!(problems[..5], expected);
    assert!(problems.contains(&format!("/0/tokens/: {name}")), "{problems:?}");
    assert!(
        problems.iter().any(|problem| problem.ends_with(name) && problem.starts_with("/0/tokens/xxx")),
        "{problems:?}"
    );
}

fn excerpt(text: &str) -> String {
    crate::text::excerpt(text)
}

#[test]
fn two_lists_of_tokens_could_name_one_caller() {
    let problems = sources(r#"[{"tokens":{}},{"peer":"uri_san"},{"tokens":{}}]"#).unwrap_err();
    assert_eq!(problems, ["/2: this source is repeated; keep one"]);
}
