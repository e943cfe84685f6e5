#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::{NONE, policy, warnings};

const JWT: &str = r#""identity":[{"jwt_claim":"sub","payload":"p"}]"#;

/// Warnings on a tool with this rule, whose callers a token names, and on others.
fn with_token(tools: &str) -> Vec<String> {
    warnings(&format!(r#"{{"policy":{{"version":"1","default":"deny","tools":{{{tools}}}}},{JWT}}}"#))
}

#[test]
fn claims_without_token() {
    let rule = r#""t":{"require":[{"conditions":[{"path":"caller.claims.groups","op":"has_scope","value":"a"}]}]}"#;
    assert_eq!(
        policy(&format!(r#""tools":{{{rule}}}"#)),
        [
            "/tools/t/require/0/conditions/0/path: no caller has `caller.claims.groups`, since no source of `identity` is a \
          `jwt_claim` and the option `claims` names no payload; add one of the two [claims-without-token]"
        ]
    );
    assert_eq!(with_token(rule), NONE);
    let named = format!(
        r#"{{"policy":{{"version":"1","default":"deny","tools":{{{rule}}}}},"identity":[{{"peer":"uri_san"}}],"claims":"p"}}"#
    );
    assert_eq!(warnings(&named), NONE);
}

#[test]
fn grant_without_source() {
    let found = |path: &str, op: &str, value: &str| {
        with_token(&format!(
            r#""t":{{"deny_if":[{{"conditions":[{{"path":"{path}","op":"{op}","value":{value}}}]}}]}}"#
        ))
    };
    for (path, op, value, what) in [
        ("caller.grant", "eq", r#""peer:a""#, "is `peer:a`"),
        ("caller.grant", "not_in", r#"["jwt:a","token:b","peer:a"]"#, "is `peer:a`"),
        ("caller.grant", "starts_with", r#""jwt.""#, "begins with `jwt.`"),
        ("caller.grant", "regex", r#""^alice$""#, "begins as `^alice$` says"),
        ("caller.grant", "regex", r#""^(?:peer|token):x""#, "begins as `^(?:peer|token):x` says"),
        ("caller.source", "eq", r#""token""#, "is `token`"),
        ("caller.authenticated", "eq", "false", "is `false`"),
    ] {
        let expected = format!(
            "/policy/tools/t/deny_if/0/conditions/0/value: no source of `identity` yields a caller whose `{path}` {what}; add one, or \
             correct the value [grant-without-source]"
        );
        assert_eq!(found(path, op, value), [expected]);
    }
    for (path, op, value) in [
        ("caller.grant", "eq", r#""jwt:a""#),
        ("caller.grant", "starts_with", r#""jwt""#),
        ("caller.grant", "ends_with", r#""@example.com""#),
        ("caller.grant", "regex", r#""^(?:peer|jwt):x""#),
        ("caller.grant", "regex", r#""^.*@example.com$""#),
        ("caller.grant", "regex", r#""alice$""#),
        ("caller.source", "in", r#"["jwt"]"#),
        ("caller.authenticated", "eq", "true"),
        ("now.weekday", "eq", r#""mon""#),
    ] {
        assert_eq!(found(path, op, value), NONE, "{path} {op}");
    }
    let listed = |grant: &str| {
        warnings(&format!(
            r#"{{"policy":{{"version":"1","default":"deny","tools":{{"t":{{"require":[{{"conditions":[
                {{"path":"caller.grant","op":"eq","value":"{grant}"}}]}}]}}}}}},
                "identity":[{{"tokens":{{"a":{{"sha256":"{}","expires":"2027-01-31"}}}}}},{{"constant":"c"}}]}}"#,
            "0".repeat(64)
        ))
    };
    assert_eq!([listed("token:a"), listed("constant:c")].concat(), NONE);
    assert_eq!([listed("token:b"), listed("constant:d")].concat().len(), 2);
}

#[test]
fn unguarded_deny_on_a_claim() {
    let deny = r#""deny_if":[{"conditions":[{"path":"caller.claims.groups","op":"has_scope","value":"guests"}]}]"#;
    assert_eq!(
        with_token(&format!(r#""t":{{{deny}}}"#)),
        [
            "/policy/tools/t/deny_if/0/conditions/0/path: this does not deny a caller without `caller.claims.groups`, and no rule \
          requires that claim; add a `require` with `exists` `true`, or with the allowed values [unguarded-deny]"
        ]
    );
    let require = r#""require":[{"conditions":[{"path":"caller.claims.groups","op":"exists","value":true}]}]"#;
    assert_eq!(with_token(&format!(r#""t":{{{require},{deny}}}"#)), NONE);
    let absent = r#"{"conditions":[{"path":"caller.claims.groups","op":"exists","value":false}]},{"#;
    assert_eq!(
        with_token(&format!(r#""t":{{{}}}"#, deny.replacen('{', absent, 1))),
        NONE,
        "the first denies a call without it"
    );
}

/// Warnings on a counter that `t` counts and `u` reads.
fn counter(limit: &str, condition: &str) -> Vec<String> {
    let limit = format!(r#"{{"counter":"c","window":"minute",{limit}}}"#);
    let condition = format!(r#"{{"counter":"c",{condition}}}"#);
    with_token(&format!(r#""t":{{"limits":[{limit}]}},"u":{{"deny_if":[{{"conditions":[{condition}]}}]}}"#))
}

const PER_ENVOY: &str = "/policy/tools/u/deny_if/0/conditions/0/counter: each Envoy counts `c` on its own and forgets it at a restart, \
                         so this sees only the calls through the same Envoy; run one replica, or have a caller's calls go to the \
                         same one [counter-per-envoy]";

#[test]
fn counter_forgets() {
    let forgets = "/policy/tools/u/deny_if/0/conditions/0/counter: `c` forgets everything at the end of each window, so a call right \
                   after it sees nothing of the one before; write `\"algorithm\": \"sliding\"`, which remembers for at least one \
                   whole window [counter-forgets]";
    assert_eq!(counter(r#""scope":"grant""#, r#""op":"gt","value":0"#), [forgets, PER_ENVOY]);
    assert_eq!(counter(r#""scope":"grant","algorithm":"sliding""#, r#""op":"gt","value":0"#), [PER_ENVOY]);
}

#[test]
fn counter_identity() {
    let session = r#""scope":"session","algorithm":"sliding""#;
    assert_eq!(
        counter(session, r#""op":"gt","value":0"#),
        [
            PER_ENVOY,
            "/policy/tools/u/deny_if/0/conditions/0/counter: a caller that opens another session starts at zero of `c`; use sources \
             of `identity` that callers cannot choose, such as `jwt_claim`, `peer` or `tokens`, and the scope `grant` \
             [counter-identity]",
        ]
    );
    let bare = policy(
        r#""tools":{"t":{"limits":[{"counter":"c","window":"minute","scope":"grant","algorithm":"sliding"}]},
           "u":{"deny_if":[{"conditions":[{"counter":"c","op":"gt","value":0}]}]}}"#,
    );
    assert!(bare.iter().any(|warning| warning.contains("a caller that takes another identity")), "{bare:?}");
}

#[test]
fn counter_out_of_reach() {
    let limit = r#""scope":"grant","algorithm":"sliding","max":10"#;
    let warning = |range: &str| {
        format!(
            "/policy/tools/u/deny_if/0/conditions/0/value: the count of `c` is {range}, so this never holds; compare it with a value \
             inside [counter-out-of-reach]"
        )
    };
    for (condition, is_out) in [
        (r#""op":"gt","value":10"#, true),
        (r#""op":"gte","value":10"#, false),
        (r#""op":"gte","value":10.5"#, true),
        (r#""op":"lt","value":0"#, true),
        (r#""op":"lte","value":0"#, false),
        (r#""op":"lt","value":0.5"#, false),
    ] {
        let expected = [Some(PER_ENVOY.to_owned()), is_out.then(|| warning("0 to 10"))];
        assert_eq!(counter(limit, condition), expected.into_iter().flatten().collect::<Vec<_>>(), "{condition}");
    }
    let unlimited = r#""scope":"grant","algorithm":"sliding""#;
    assert_eq!(counter(unlimited, r#""op":"lt","value":0"#), [PER_ENVOY.to_owned(), warning("at least 0")]);
}

#[test]
fn key_alone() {
    let keyed = r#"{"counter":"k","window":"minute","max":10,"scope":"grant","key":["args.repo"]}"#;
    let whole = r#"{"counter":"w","window":"minute","max":10,"scope":"grant"}"#;
    assert_eq!(
        with_token(&format!(r#""t":{{"limits":[{keyed}]}}"#)),
        [
            "/policy/tools/t/limits/0/key: a caller that varies the values has `k` for each of 256 of them, since no limit here counts \
          all its calls; add one without `key` [key-alone]"
        ]
    );
    assert_eq!(with_token(&format!(r#""t":{{"limits":[{keyed},{whole}]}}"#)), NONE);
}
