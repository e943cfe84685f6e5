//! What the head of a request decides, and what it says of the response.

#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::{
    AuthorizationResponse, BoundRequest, Disposition, Gateway, HeadersVerdict, RequestInfo, call, check_headers,
};
use crate::{
    budget::{MAX_DISCARDED, ShareExhausted},
    engine::{blocks_legacy_sse, inspects_response, no_room, removes_accept_encoding, too_large, unexpected_body},
    http::Headers,
};

const ALLOW: &str = r#""policy":{"version":"1","default":"allow"}"#;
/// The same, with a binding that names a route.
const ROUTES: &str = r#""policies":{"a":{"version":"1","default":"allow"}},
    "bindings":[{"route":"oauth","bypass":true},{"policy":"a"}]"#;

fn gateway(members: &str) -> Gateway {
    Gateway::new(&format!("{{{members}}}"))
}

fn info(method: &str, extra: &[(&str, &str)]) -> RequestInfo {
    let pairs = [&[(":method", method), ("content-type", "application/json")], extra].concat();
    let pairs = pairs.into_iter().map(|(name, value)| (name.to_owned(), value.as_bytes().to_vec()));
    RequestInfo { headers: Headers::new(pairs.collect()), ..call("alice") }
}

/// The status of a reply, and the reason in its record.
fn refusal(response: &AuthorizationResponse) -> String {
    let Disposition::Reply(reply) = &response.answer else { panic!("{response:?}") };
    format!("{} {}", reply.status, response.record.reason_code.unwrap_or("-"))
}

fn verdict(gateway: &Gateway, info: RequestInfo, has_body: bool) -> String {
    match check_headers(&gateway.config, &BoundRequest::new(&gateway.config, info), has_body) {
        HeadersVerdict::Bypass => "bypass".to_owned(),
        HeadersVerdict::Continue(record) => format!("continue {}", record.method),
        HeadersVerdict::NeedBody => "body".to_owned(),
        HeadersVerdict::ExpectEmptyBody(record) => format!("expect none {}", record.method),
        HeadersVerdict::Reply(response) => format!("reply {}", refusal(&response)),
        HeadersVerdict::Discard(response) => format!("discard {}", refusal(&response)),
    }
}

#[test]
fn the_head_says_whether_the_body_decides_is_thrown_away_or_must_be_empty() {
    let gateway = gateway(&format!(r#"{ALLOW},"protocol":{{"max_body_bytes":50}}"#));
    let (most, more) = (MAX_DISCARDED.to_string(), (MAX_DISCARDED + 1).to_string());
    for (method, extra, has_body, expected) in [
        ("POST", &[][..], true, "body"),
        ("POST", &[("content-length", "50")], true, "body"),
        ("POST", &[("content-length", "51")], true, "discard 413 too_large"),
        ("POST", &[("content-length", &most)], true, "discard 413 too_large"),
        ("POST", &[("content-length", &more)], true, "reply 413 too_large"),
        ("POST", &[("content-length", "10"), ("content-encoding", "gzip")], true, "reply 415 media_type"),
        ("POST", &[("content-length", "10"), ("content-type", "text/plain")], true, "reply 400 ambiguous"),
        ("POST", &[], false, "reply 400 ambiguous"),
        ("GET", &[], false, "continue (GET)"),
        ("GET", &[], true, "expect none (GET)"),
        ("DELETE", &[], true, "expect none (DELETE)"),
        ("GET", &[("content-length", "5")], true, "reply 405 method"),
        ("PUT", &[], false, "reply 405 method"),
    ] {
        assert_eq!(verdict(&gateway, info(method, extra), has_body), expected, "{method} {extra:?}");
    }
}

#[test]
fn a_bypassed_request_passes_whatever_its_head() {
    let gateway = gateway(ROUTES);
    let bypassed = |method| RequestInfo { route: Some("oauth".to_owned()), ..info(method, &[("content-length", "x")]) };
    assert_eq!(["GET", "POST", "PUT"].map(|method| verdict(&gateway, bypassed(method), true)), ["bypass"; 3]);
    let response = gateway.judge(&bypassed("POST"), "no JSON");
    assert!(matches!(response.answer, Disposition::Forward(_)), "{response:?}");
    let expected = r#"{"decision":"allowed","config":"D","grant":"constant:alice","requestId":"r-1"}"#;
    assert_eq!(response.record.to_json().replace(&*gateway.config.digest, "D"), expected);
}

#[test]
fn a_header_that_repeats_a_request_is_refused_only_where_it_cannot_be_removed() {
    let repeated = || info("POST", &[("x-envoy-retry-on", "5xx")]);
    assert_eq!(verdict(&gateway(ALLOW), repeated(), true), "body");
    assert_eq!(verdict(&gateway(ROUTES), repeated(), true), "reply 400 ambiguous");
    assert_eq!(verdict(&gateway(ROUTES), info("POST", &[]), true), "body");
}

#[test]
fn a_refusal_for_the_body_or_for_room_says_why_and_is_recorded() {
    let gateway = gateway(&format!(r#"{ALLOW},"protocol":{{"max_body_bytes":50}}"#));
    let (config, request) = (&gateway.config, gateway.bound("alice"));
    let memory = "the open requests of this caller use up its share of the gateway's memory; wait for one of them to end, then \
                  repeat this request";
    let streams = "this caller has as many requests and event streams open as the gateway lets one have; close one of them, \
                   then repeat this request";
    let by_method = "only a POST request may have a body; send the message with POST";
    let large = "the body is larger than 50 bytes; send a smaller message";
    for (response, status, code, retry_after, reason, why) in [
        (unexpected_body(config, &request), 405, -32600, None, "method", by_method),
        (too_large(config, &request), 413, -32600, None, "too_large", large),
        (no_room(config, &request, ShareExhausted::Bytes), 503, -32603, Some(1), "no_room", memory),
        (no_room(config, &request, ShareExhausted::Streams), 503, -32603, Some(1), "no_room", streams),
    ] {
        let Disposition::Reply(reply) = response.answer else { panic!("forwarded") };
        let data = format!(r#"{{"kind":"refused","reason":"{why}","requestId":"r-1"}}"#);
        let error = format!(r#"{{"code":{code},"message":"Request refused: {why}","data":{data}}}"#);
        assert_eq!(reply.body, format!(r#"{{"jsonrpc":"2.0","id":null,"error":{error}}}"#));
        assert_eq!((reply.status, reply.retry_after), (status, retry_after), "{why}");
        let record = format!(
            r#"{{"decision":"refused","reason":"{reason}","why":"{why}","policy":"default","config":"D","grant":"constant:alice","requestId":"r-1"}}"#
        );
        assert_eq!(response.record.to_json().replace(&*config.digest, "D"), record);
        assert!(response.lists.is_none() && response.results.is_none() && response.session.is_none());
    }
}

#[test]
fn a_body_may_have_exactly_as_many_bytes_as_the_configuration_says() {
    let gateway = gateway(&format!(r#"{ALLOW},"protocol":{{"max_body_bytes":50}}"#));
    let ping = r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#;
    let padded = |bytes: usize| format!("{ping}{}", " ".repeat(bytes - ping.len()));
    assert_eq!(gateway.answer(&padded(50)), None);
    let refused = gateway.judge(&call("alice"), &padded(51));
    assert_eq!(refusal(&refused), "413 too_large");
}

/// Of each HTTP method that opens a response, whether the predicate holds.
fn of_methods(members: &str, extra: &[(&str, &str)], predicate: fn(&Gateway, &BoundRequest) -> bool) -> [bool; 3] {
    let gateway = gateway(members);
    ["GET", "POST", "DELETE"]
        .map(|method| predicate(&gateway, &BoundRequest::new(&gateway.config, info(method, extra))))
}

/// Lists that go on as they are, and the old transport: no response is read but for other options.
const UNREAD: &str = r#","lists":{"show":"full"},"protocol":{"legacy_sse":"allow"}"#;

#[test]
fn only_the_streams_that_a_get_opens_are_tested_for_the_old_transport() {
    let blocks = |options: &str| {
        of_methods(&format!("{ALLOW}{options}"), &[], |gateway, request| blocks_legacy_sse(&gateway.config, request))
    };
    assert_eq!(blocks(""), [true, false, false]);
    assert_eq!(blocks(r#","protocol":{"legacy_sse":"refuse"}"#), [true, false, false]);
    assert_eq!(blocks(r#","protocol":{"legacy_sse":"allow"}"#), [false; 3]);
}

#[test]
fn a_response_may_be_read_for_refunds_results_tasks_lists_or_the_old_transport() {
    let inspects =
        |members: &str| of_methods(members, &[], |gateway, request| inspects_response(&gateway.config, request));
    let with = |options: &str| inspects(&format!("{ALLOW}{UNREAD}{options}"));
    assert_eq!(with(""), [false; 3]);
    assert_eq!(with(r#","limits":{"refund":"failed"}"#), [false, true, false]);
    assert_eq!(with(r#","limits":{"refund":"undelivered"}"#), [false; 3]);
    assert_eq!(with(r#","tasks":{"owner":true}"#), [false, true, false]);
    assert_eq!(inspects(&format!(r#"{ALLOW},"lists":{{"show":"full"}}"#)), [true, false, false], "the old transport");
    assert_eq!(inspects(&format!(r#"{ALLOW},"protocol":{{"legacy_sse":"allow"}}"#)), [true; 3], "lists are filtered");
    let judged = r#""policy":{"version":"1","default":"allow","all_tools":{"results":{"max_bytes":9}}}"#;
    assert_eq!(inspects(&format!("{judged}{UNREAD}")), [true; 3], "results");
}

#[test]
fn accept_encoding_is_removed_with_the_head_where_that_chooses_no_other_route() {
    let removes = |members: &str, extra: &[(&str, &str)]| {
        of_methods(members, extra, |gateway, request| removes_accept_encoding(&gateway.config, request))
    };
    let (list, tool) = ([("mcp-method", "tools/list")], [("mcp-method", "tools/call")]);
    assert_eq!(removes(ALLOW, &[]), [true; 3]);
    assert_eq!(removes(&format!("{ALLOW}{UNREAD}"), &list), [false; 3], "no response is read");
    assert_eq!(removes(ROUTES, &[]), [false; 3]);
    assert_eq!(removes(ROUTES, &tool), [false; 3]);
    assert_eq!(removes(ROUTES, &list), [false, true, false], "the route of a list alone is read again");
    assert_eq!(removes(&format!(r#"{ROUTES},"protocol":{{"headers":"hold"}}"#), &list), [false; 3]);
    assert_eq!(removes(&format!(r#"{ALLOW},"protocol":{{"headers":"hold"}}"#), &list), [true; 3]);
}
