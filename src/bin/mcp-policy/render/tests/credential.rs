//! `--upstream-credential`: the filter is behind ours, overwrites what callers send, and lets no caller without an identity use it.

use mcp_policy::config::Config;
use serde_json::{Value, json};

use super::{render, render_for};
use crate::render::credential::warnings;

const TOKENS: &str = r#"{"policy":{"version":"1","default":"deny"},"identity":[{"tokens":{}}]}"#;
const ADDRESS: &str = r#"{"version":"1","default":"deny"}"#;

const INJECTOR: &str = "envoy.filters.http.credential_injector";

/// The connection manager of the listener `mcp`.
fn manager(rendered: &str) -> Value {
    let file: Value = serde_saphyr::from_str(rendered).unwrap();
    file.pointer("/static_resources/listeners/0/filter_chains/0/filters/0/typed_config").unwrap().clone()
}

fn names(filters: &Value) -> Vec<&str> {
    filters.as_array().unwrap().iter().map(|filter| filter["name"].as_str().unwrap()).collect()
}

#[test]
fn the_credential_replaces_what_the_caller_sent_behind_the_policy() {
    let manager = manager(&render(TOKENS, &["--upstream-credential", "secrets/credential.json"]));
    let filters = &manager["http_filters"];
    assert_eq!(names(filters), ["envoy.filters.http.cors", "mcp-policy", INJECTOR, "envoy.filters.http.router"]);
    let injector = &filters[2]["typed_config"];
    assert_eq!((&injector["overwrite"], &injector["allow_request_without_credential"]), (&json!(true), &json!(false)));
    let credential = &injector["credential"]["typed_config"]["credential"];
    assert_eq!(
        credential["sds_config"]["path_config_source"],
        json!({ "path": "secrets/credential.json", "watched_directory": { "path": "secrets" } })
    );
    assert!(!render(TOKENS, &[]).contains(INJECTOR));
}

#[test]
fn a_request_without_a_token_has_a_route_of_its_own_if_only_tokens_identify_callers() {
    let routes = |document: &str, options: &[&str]| {
        let manager = manager(&render(document, options));
        names(&manager["route_config"]["virtual_hosts"][0]["routes"]).join(" ")
    };
    let credential = ["--upstream-credential", "c.json"];
    assert_eq!(routes(TOKENS, &credential), "loop unidentified mcp");
    assert_eq!(routes(TOKENS, &[]), "loop mcp");
    assert_eq!(routes(ADDRESS, &credential), "loop mcp");
}

#[test]
fn a_path_that_is_not_inspected_gets_no_credential() {
    let manager = manager(&render(TOKENS, &["--upstream-credential", "c.json", "--bypass", "/token"]));
    let routes = manager["route_config"]["virtual_hosts"][0]["routes"].as_array().unwrap();
    let bypass = routes.iter().find(|route| route["name"] == "mcp-policy-bypass").unwrap();
    assert_eq!(bypass["typed_per_filter_config"][INJECTOR]["disabled"], true);
    assert_eq!(bypass["request_headers_to_remove"], json!(["authorization"]));
}

#[test]
fn templates_leave_no_tag_and_no_trailing_space() {
    for gateway in ["envoy", "sidecar", "istio", "envoy-gateway"] {
        for document in [TOKENS, ADDRESS] {
            let rendered = render_for(gateway, document, &["--upstream-credential", "mcp-key"]).unwrap();
            assert!(!rendered.contains("{%") && !rendered.contains("{{"), "{rendered}");
            assert!(!rendered.lines().any(|line| line.ends_with(' ')), "{rendered}");
            serde_saphyr::from_multiple::<Value>(&rendered).unwrap();
        }
    }
}

#[test]
fn only_an_issuers_tokens_need_a_security_policy() {
    let kinds = |document: &str| {
        let rendered = render_for("envoy-gateway", document, &[]).unwrap();
        let objects: Vec<Value> = serde_saphyr::from_multiple(&rendered).unwrap();
        objects.iter().filter(|object| object["kind"] == "SecurityPolicy").count()
    };
    assert_eq!([kinds(TOKENS), kinds(ADDRESS)], [0, 1]);
}

#[test]
fn callers_that_no_source_verifies_are_warned_of() {
    let found = |identity: &str, bindings: &str, checks_tokens: bool| {
        let policy = r#"{"version":"1","default":"deny"}"#;
        let text =
            format!(r#"{{"policies":{{"p":{policy}}},"bindings":[{bindings}{{"policy":"p"}}],"identity":{identity}}}"#);
        let warnings = warnings(&Config::load(text.as_bytes()).unwrap(), checks_tokens);
        warnings.iter().map(|warning| warning.chars().take(30).collect::<String>()).collect::<Vec<_>>().join("|")
    };
    let (unverified, bodiless, bypass) =
        ("with `--upstream-credential`, ", "a GET or DELETE without an ide", "a binding has `bypass`, and wi");
    for (identity, checks, warned) in [
        (r#"[{"tokens":{}}]"#, false, String::new()),
        (r#"[{"tokens":{}},{"bearer":true}]"#, false, unverified.to_owned()),
        (r#"[{"tokens":{}},{"address":true}]"#, false, unverified.to_owned()),
        (r#"[{"peer":"uri_san"}]"#, false, bodiless.to_owned()),
        (r#"[{"jwt_claim":"sub","payload":"mcp"}]"#, false, bodiless.to_owned()),
        (r#"[{"jwt_claim":"sub","payload":"mcp"}]"#, true, String::new()),
        (r#"[{"header":"x-agent"}]"#, false, [unverified, bodiless].join("|")),
    ] {
        assert_eq!(found(identity, "", checks), warned, "{identity}");
    }
    let shadow = r#"{"policy":{"version":"1","default":"deny","mode":"shadow"},"identity":[{"tokens":{}}]}"#;
    let warned = warnings(&Config::load(shadow.as_bytes()).unwrap(), false);
    assert!(warned.len() == 1 && warned[0].starts_with("in shadow, "), "{warned:?}");
    assert_eq!(found(r#"[{"tokens":{}}]"#, r#"{"route":"a","bypass":true},"#, false), bypass);
}
