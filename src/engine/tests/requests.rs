//! A request between its head and its body: its route, its headers and its claims.

#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::{BoundRequest, Disposition, Gateway, NOW, RequestInfo, call};
use crate::{
    engine::{self, trace::Step},
    http::{Header, Headers},
    identity::Claims,
    json::{Node, Reader},
    time::Timestamp,
};

const PING: &str = r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#;

fn with_headers(pairs: &[(&str, &str)]) -> RequestInfo {
    let pairs = pairs.iter().map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec()));
    RequestInfo { headers: Headers::new(pairs.collect()), ..call("alice") }
}

/// The rule that denies a bound request; empty if it passes.
fn rule(gateway: &Gateway, request: &BoundRequest) -> String {
    engine::authorize(&gateway.config, request, PING.as_bytes(), "filter", NOW, &gateway.store).record.rule
}

#[test]
fn another_route_than_the_one_the_policy_was_chosen_by_denies_the_request() {
    let gateway = Gateway::new(r#"{"version":"1","default":"allow"}"#);
    let on = |route: Option<&str>| {
        BoundRequest::new(&gateway.config, RequestInfo { route: route.map(str::to_owned), ..call("alice") })
    };
    for (before, now, expected) in [
        (Some("a"), Some("a"), ""),
        (None, None, ""),
        (Some("a"), Some("b"), "(no policy)"),
        (Some("a"), None, "(no policy)"),
        (None, Some("a"), "(no policy)"),
    ] {
        let mut request = on(before);
        request.set_route(now);
        assert_eq!(rule(&gateway, &request), expected, "{before:?} {now:?}");
    }
    let mut lost = on(Some("a"));
    lost.lose_route();
    assert_eq!(rule(&gateway, &lost), "(no policy)");
    assert_eq!(on(Some("a")).info().route.as_deref(), Some("a"));
}

#[test]
fn of_a_large_head_only_the_headers_that_are_read_later_are_kept() {
    let gateway = Gateway::new(r#"{"version":"1","default":"allow"}"#);
    // Whether a header that no rule reads is kept of a head of so many bytes.
    let of_size = |size: usize| {
        let read = [(":method", "POST"), ("mcp-session-id", "s"), ("traceparent", "t"), ("x-other", "")];
        let fixed: usize = read.iter().map(|(name, value)| name.len() + value.len()).sum();
        let filler = "x".repeat(size - fixed);
        let mut pairs = read;
        pairs[3].1 = &filler;
        let mut request = BoundRequest::new(&gateway.config, with_headers(&pairs));
        assert_eq!(request.info().headers.size(), size);
        request.forget_headers();
        let headers = &request.info().headers;
        for (name, value) in &pairs[..3] {
            assert_eq!(headers.get(name), Header::Once(value.as_bytes()), "{name}");
        }
        headers.get("x-other") != Header::Absent
    };
    assert_eq!([of_size(100), of_size(2048), of_size(2049)], [true, true, false]);
}

#[test]
fn claims_are_read_only_where_rules_read_them() {
    let rule = r#"{"require":[{"conditions":[{"path":"caller.claims.team","op":"eq","value":"sales"}]}]}"#;
    let options = r#""identity":[{"jwt_claim":"sub","payload":"p"}]"#;
    let gateway =
        Gateway::new(&format!(r#"{{"policy":{{"version":"1","default":"deny","tools":{{"t":{rule}}}}},{options}}}"#));
    let mut request = gateway.bound("alice");
    let needed: Vec<&str> = request.needed_claims().iter().map(|name| &**name).collect();
    assert_eq!(needed, ["team"]);
    let body = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"t"}}"#;
    let passes = |request: &BoundRequest| {
        let response = engine::authorize(&gateway.config, request, body.as_bytes(), "f", NOW, &gateway.store);
        matches!(response.answer, Disposition::Forward(_))
    };
    assert!(!passes(&request), "without claims");
    for (team, expected) in [("sales", true), ("support", false)] {
        let text = format!(r#"{{"team":"{team}"}}"#);
        let claims = Node::read(&mut Reader::new(text.as_bytes(), 8).unwrap()).unwrap();
        request.set_claims(Claims::from_json(&claims));
        assert_eq!(passes(&request), expected, "{team}");
    }
    request.set_claims(Claims::Unreadable);
    assert!(!passes(&request), "unreadable claims");
    let free = Gateway::new(r#"{"version":"1","default":"allow"}"#);
    assert!(free.bound("alice").needed_claims().is_empty());
}

#[test]
fn an_explanation_names_the_binding_that_selects_the_policy() {
    let steps = |text: &str, route: Option<&str>| {
        let gateway = Gateway::new(text);
        let info = RequestInfo { route: route.map(str::to_owned), ..call("alice") };
        let request = BoundRequest::new(&gateway.config, info);
        let mut steps: Vec<Step> = Vec::new();
        let _response =
            engine::explain(&gateway.config, &request, PING.as_bytes(), "f", NOW, &gateway.store, &mut steps);
        steps
    };
    let ping = || Step::new("(method)", "`ping` passes whatever `default` says");
    assert_eq!(steps(r#"{"version":"1","default":"deny"}"#, None), [ping()]);
    let bound = r#"{"policies":{"p":{"version":"1","default":"deny"}},"bindings":[{"route":"o","bypass":true},{"route":"r","policy":"p"}]}"#;
    assert_eq!(steps(bound, Some("r")), [Step::new("/bindings/1", "selects the policy `p`"), ping()]);
    assert_eq!(steps(bound, Some("o")), [Step::new("/bindings/0", "lets the request pass uninspected")]);
    let why = "does not match: its `route` is";
    let unmatched = "no policy applies to this route and caller; ask the gateway's operator to bind one";
    let expected = |found: &str| {
        [
            Step::new("/bindings/0", format!("{why} `o`, and {found}")),
            Step::new("/bindings/1", format!("{why} `r`, and {found}")),
            Step::new("(no policy)", unmatched),
        ]
    };
    assert_eq!(steps(bound, None), expected("the name of Envoy's route is not known"));
    assert_eq!(steps(bound, Some("x")), expected("Envoy's route is `x`"));
}

#[test]
fn an_explanation_says_of_each_condition_on_time_by_which_clock() {
    let policy = r#"{"version":"1","default":"deny","tools":{"t":{"require":[{"conditions":[
        {"path":"now.hour","op":"lt","value":18},{"path":"caller.source","op":"eq","value":"constant"}]}],
        "deny_if":[{"conditions":[{"path":"now.weekday","op":"eq","value":"sun"}]}]}}}"#;
    let body = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"t"}}"#;
    for (option, hour, clock) in [("", 8, "UTC"), (r#","clock":{"offset":"-05:30"}"#, 2, "UTC-05:30")] {
        let gateway = Gateway::new(&format!(r#"{{"policy":{policy}{option}}}"#));
        let mut steps: Vec<Step> = Vec::new();
        let request = BoundRequest::new(&gateway.config, call("alice"));
        let now = Timestamp::from_seconds(1_795_681_200);
        let _response =
            engine::explain(&gateway.config, &request, body.as_bytes(), "f", now, &gateway.store, &mut steps);
        let texts: Vec<&str> = steps.iter().map(|step| &*step.text).collect();
        let expected = [
            "the key `t` applies to the tool `t`",
            &format!("holds: `now.hour` is `{hour}`; compared with `lt` `18`; the clock is {clock}"),
            "holds: `caller.source` is `\"constant\"`; compared with `eq` `\"constant\"`",
            &format!("does not hold: `now.weekday` is `\"thu\"`; compared with `eq` `\"sun\"`; the clock is {clock}"),
        ];
        assert_eq!(texts, expected);
    }
}
