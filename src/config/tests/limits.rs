//! `limits.service`, and the limits that a service counts.

#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::{load, problems};
use crate::config::{LimitService, OnFailure};

/// A configuration whose policy has these rules, with a service that counts.
fn with(rules: &str) -> String {
    format!(r#"{{"policy":{{"version":"1","default":"deny",{rules}}},"limits":{{"service":{{"cluster":"rls"}}}}}}"#)
}

#[test]
fn a_service_counts_where_one_is_named() {
    let service = |options: &str| {
        let limits = format!(r#""limits":{{"service":{options}}}"#);
        format!(r#"{{"policy":{{"version":"1","default":"deny"}},{limits}}}"#)
    };
    let expected = LimitService {
        cluster: "rls".into(),
        domain: "mcp-policy".into(),
        timeout_ms: 100,
        on_failure: OnFailure::Deny,
    };
    assert_eq!(load(&service(r#"{"cluster":"rls"}"#)).limits.service, Some(expected));
    let expected =
        LimitService { cluster: "rls".into(), domain: "agents".into(), timeout_ms: 20, on_failure: OnFailure::Local };
    let all = r#"{"cluster":"rls","domain":"agents","timeout_ms":20,"on_failure":"local"}"#;
    assert_eq!(load(&service(all)).limits.service, Some(expected));
    let found = problems(&service(r#"{"domain":"","timeout_ms":0,"on_failure":"allow","path":"/"}"#));
    let expected = [
        "/limits/service: the key `cluster` is missing",
        "/limits/service/domain: found the string ``, expected a name, such as `mcp-policy`",
        "/limits/service/timeout_ms: found the number `0`, expected a whole number from 1 to 60000",
        "/limits/service/on_failure: found `allow`, expected `deny` or `local`",
        "/limits/service/path: unknown key `path`; allowed: `cluster`, `domain`, `timeout_ms` or `on_failure`",
    ];
    assert_eq!(found, expected);
}

/// See `host::dispatch_grpc_call`: a longer name could not be sent.
#[test]
fn the_cluster_of_a_service_that_counts_has_at_most_125_characters() {
    let named = |name: &str| with("").replace(",}", "}").replace("rls", name);
    let longest = "x".repeat(125);
    assert_eq!(load(&named(&longest)).limits.service.map(|service| service.cluster), Some(longest.into()));
    let found = problems(&named(&"x".repeat(126)));
    let long = format!(
        "/limits/service/cluster: found the string `{}…`, expected at most 125 characters: give the cluster a shorter name \
         in Envoy",
        "x".repeat(64)
    );
    assert_eq!(found, [long]);
}

#[test]
fn a_service_counts_calendar_windows_and_whole_amounts() {
    let limit = |rest: &str| {
        format!(r#""all_tools":{{"limits":[{{"counter":"c","scope":"grant","window":"day","max":5{rest}}}]}}"#)
    };
    for rules in [
        limit(""),
        limit(r#","increment":2"#),
        limit(r#","increment_from":"args.amount""#),
        limit("").replace(r#""day""#, "60"),
        limit("").replace("5}", "4294967295}"),
        r#""tools":{"a/b~":{"rate_limit":"10/hour"},"c":{"rate_limit":{"max":1,"window":86400}}}"#.to_owned(),
    ] {
        load(&with(&rules));
    }
    let wrong = r#""all_tools":{"limits":[{"counter":"c","scope":"grant","window":45,"max":4294967296,"algorithm":"sliding","increment":0.5}]},
        "tools":{"a/b~":{"rate_limit":{"max":1,"window":61}}},
        "resources":{"file:///*":{"limits":[{"counter":"d","scope":"grant","window":"day","max":0.5,"increment_from":"args.x"}]}}"#;
    let window = "`limits.service` counts by `second`, `minute`, `hour` or `day`; take one of them";
    let max = "`limits.service` counts by whole numbers up to 4294967295; take one";
    let expected = [
        format!("/policy/all_tools/limits/0/window: {window}"),
        format!("/policy/all_tools/limits/0/max: {max}"),
        "/policy/all_tools/limits/0/algorithm: `limits.service` counts by fixed windows; remove `algorithm`".to_owned(),
        "/policy/all_tools/limits/0/increment: `limits.service` counts by whole numbers; take one".to_owned(),
        format!("/policy/tools/a~1b~0/rate_limit/window: {window}"),
        format!("/policy/resources/file:~1~1~1*/limits/0/max: {max}"),
    ];
    assert_eq!(problems(&with(wrong)), expected);
    load(&with(wrong).replace(r#","limits":{"service":{"cluster":"rls"}}"#, ""));
}

#[test]
fn each_policy_has_to_be_countable() {
    let policy = |window: &str| {
        format!(r#"{{"version":"1","default":"deny","tools":{{"t":{{"rate_limit":{{"max":1,"window":{window}}}}}}}}}"#)
    };
    let found = problems(&format!(
        r#"{{"policies":{{"one":{},"t/wo":{}}},"limits":{{"service":{{"cluster":"rls"}}}}}}"#,
        policy("60"),
        policy("7")
    ));
    let expected = "/policies/t~1wo/tools/t/rate_limit/window: `limits.service` counts by `second`, `minute`, `hour` or `day`; take one of them";
    assert_eq!(found, [expected]);
}
