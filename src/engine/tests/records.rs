//! Whole records, one for each kind of outcome.

#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::{BoundRequest, Disposition, Gateway, HeadersVerdict, RequestInfo, batch, call, check_headers};
use crate::{
    audit::{AuditRecord, chain::MAX_LINK, record::MAX_BYTES},
    engine::{refuse_list, refused_stream},
    http::Headers,
    identity::IdentityError,
};

const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const META_PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

fn info(method: &str, extra: &[(&str, &str)]) -> RequestInfo {
    let pairs = [&[(":method", method), ("content-type", "application/json")], extra].concat();
    let pairs = pairs.into_iter().map(|(name, value)| (name.to_owned(), value.as_bytes().to_vec()));
    RequestInfo { headers: Headers::new(pairs.collect()), ..call("alice") }
}

fn text(gateway: &Gateway, record: &AuditRecord) -> String {
    record.to_json().replace(&*gateway.config.digest, "D")
}

/// The record without what all of these have in common.
fn record(gateway: &Gateway, info: &RequestInfo, body: &str) -> String {
    let text = text(gateway, &gateway.judge(info, body).record);
    let usual = [(r#""policy":"default","config":"D","grant":"constant:alice""#, "…"), (r#""requestId":"r-1""#, "r")];
    usual.iter().fold(text, |text, (usual, mark)| text.replace(usual, mark))
}

const POLICY: &str = r#"{"policy":{"version":"1","default":"allow","hide":["secret*"],
    "methods":{"x/open":"allow","x/shut":"deny"},
    "tools":{"ok":{},"limited":{"rate_limit":"0/day"},"counted":{"limits":[
                 {"counter":"a","window":"day","max":5,"scope":"grant"},{"counter":"b","window":"hour","scope":"global"}]},
             "paid":{"limits":[{"counter":"money","window":"day","max":5,"scope":"grant","increment_from":"args.amount"}]},
             "tried":{"mode":"shadow","deny_if":[{"conditions":[]}]}},
    "prompts":{"p":{}},"resources":{"note:*":{}}},
    "protocol":{"batches":"judge"}}"#;

#[test]
fn each_outcome_of_a_message_leaves_its_own_record() {
    let gateway = Gateway::new(POLICY);
    let request =
        |method: &str, params: &str| format!(r#"{{"jsonrpc":"2.0","id":1,"method":"{method}","params":{params}}}"#);
    let tool =
        |name: &str, arguments: &str| request("tools/call", &format!(r#"{{"name":"{name}","arguments":{arguments}}}"#));
    for (body, expected) in [
        (request("ping", "{}"), r#"{"decision":"allowed",…,"method":"ping",r}"#),
        (request("x/open", "{}"), r#"{"decision":"allowed",…,"method":"x/open",r}"#),
        (request("x/shut", "{}"), r#"{"decision":"denied","rule":"/methods/x~1shut",…,"method":"x/shut",r}"#),
        (request("Tools/Call", "{}"), r#"{"decision":"denied","rule":"(folded name)",…,"method":"Tools/Call",r}"#),
        (request("tasks/get", r#"{"taskId":"t"}"#), r#"{"decision":"allowed",…,"method":"tasks/get",r}"#),
        (request("prompts/get", r#"{"name":"p"}"#), r#"{"decision":"allowed",…,"method":"prompts/get","tool":"p",r}"#),
        (
            request("resources/read", r#"{"uri":"note:a?token=1#x"}"#),
            r#"{"decision":"allowed",…,"method":"resources/read","tool":"note:a",r}"#,
        ),
        (
            request("subscriptions/listen", r#"{"notifications":{"resourceSubscriptions":["note:a"]}}"#),
            r#"{"decision":"allowed",…,"method":"subscriptions/listen",r}"#,
        ),
        (
            tool("ok", r#"{"a":1,"b":2}"#),
            r#"{"decision":"allowed",…,"method":"tools/call","tool":"ok",r,"arguments":["a","b"]}"#,
        ),
        (
            tool("secret_x", "{}"),
            r#"{"decision":"denied","rule":"(hidden)",…,"method":"tools/call","tool":"secret_x",r,"arguments":[]}"#,
        ),
        (
            tool("limited", "{}"),
            r#"{"decision":"rate_limited","rule":"/tools/limited/rate_limit",…,"method":"tools/call","tool":"limited",r,"arguments":[]}"#,
        ),
        (
            tool("counted", "{}"),
            r#"{"decision":"allowed",…,"method":"tools/call","tool":"counted",r,"arguments":[],"remaining":{"a":4}}"#,
        ),
        (
            tool("paid", r#"{"amount":"x"}"#),
            r#"{"decision":"denied","rule":"/tools/paid/limits/0",…,"method":"tools/call","tool":"paid",r,"arguments":["amount"]}"#,
        ),
        (
            tool("tried", "{}"),
            r#"{"decision":"allowed",…,"method":"tools/call","tool":"tried",r,"arguments":[],"shadow":{"decision":"denied","rule":"/tools/tried/deny_if/0"}}"#,
        ),
        (
            r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#.to_owned(),
            r#"{"decision":"allowed",…,"method":"notifications/initialized",r}"#,
        ),
        (r#"{"jsonrpc":"2.0","id":1,"result":{}}"#.to_owned(), r#"{"decision":"allowed",…,r}"#),
        (batch(&["ok"]), r#"{"decision":"allowed",…,"method":"(batch)",r}"#),
        (batch(&["ok", "secret_x"]), r#"{"decision":"denied","rule":"(hidden)",…,"method":"(batch)",r}"#),
        (
            "[".to_owned(),
            r#"{"decision":"refused","reason":"unreadable","why":"the body is not strict JSON: the text ends too early (byte 1)",…,r}"#,
        ),
    ] {
        assert_eq!(record(&gateway, &call("alice"), &body), expected, "{body}");
    }
}

#[test]
fn a_record_holds_at_most_256_characters_of_what_a_caller_names() {
    let gateway = Gateway::new(r#"{"version":"1","default":"allow"}"#);
    let long = "x".repeat(300);
    let bodies = [
        format!(r#"{{"jsonrpc":"2.0","id":1,"method":"requests/xxxxx{long}"}}"#),
        format!(r#"{{"jsonrpc":"2.0","method":"notifications/{long}"}}"#),
    ];
    for (body, start) in bodies.iter().zip(["requests/xxxxx", "notifications/"]) {
        let record = gateway.judge(&call("alice"), body).record;
        assert_eq!(record.method, format!("{start}{}", "x".repeat(242)), "{body}");
    }
    let body = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"resources/read","params":{{"uri":"a:{long}"}}}}"#);
    assert_eq!(gateway.judge(&call("alice"), &body).record.target, format!("a:{}", "x".repeat(254)));
}

#[test]
fn a_record_names_the_traces_of_the_header_and_of_the_message() {
    let gateway = Gateway::new(r#"{"version":"1","default":"allow"}"#);
    let traced = info("POST", &[("traceparent", PARENT)]);
    let plain = r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#;
    let meta =
        format!(r#"{{"jsonrpc":"2.0","id":1,"method":"ping","params":{{"_meta":{{"traceparent":"{META_PARENT}"}}}}}}"#);
    assert_eq!(record(&gateway, &call("alice"), plain), r#"{"decision":"allowed",…,"method":"ping",r}"#);
    assert_eq!(
        record(&gateway, &traced, plain),
        format!(r#"{{"decision":"allowed",…,"method":"ping",r,"traceparent":{{"header":"{PARENT}"}}}}"#)
    );
    assert_eq!(
        record(&gateway, &traced, &meta),
        format!(
            r#"{{"decision":"allowed",…,"method":"ping",r,"traceparent":{{"header":"{PARENT}","meta":"{META_PARENT}"}}}}"#
        )
    );
}

#[test]
fn a_record_says_where_a_fleet_keeps_its_approvals_and_who_could_not_be_identified() {
    let store = r#"{"policy":{"version":"1","default":"allow"},"approvals":{"url":"http://c/","store":{"etcd":{"cluster":"e"}}}}"#;
    let gateway = Gateway::new(store);
    let record = *gateway.judge(&call("alice"), r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#).record;
    assert_eq!(record.approval_store, Some("etcd"));
    let gateway = Gateway::new(r#"{"version":"1","default":"allow"}"#);
    let unknown = RequestInfo { grant: Err(IdentityError::NoIdentity), request_id: None, ..call("") };
    let record = gateway.judge(&unknown, r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#).record;
    let expected = r#"{"decision":"denied","rule":"(no identity)","policy":"default","config":"D","method":"ping"}"#;
    assert_eq!((text(&gateway, &record).as_str(), record.approval_store), (expected, None));
}

#[test]
fn a_refused_stream_is_recorded_as_the_request_that_opened_it_with_the_reason() {
    let gateway = Gateway::new(r#"{"version":"1","default":"allow"}"#);
    let request = BoundRequest::new(&gateway.config, info("GET", &[]));
    let HeadersVerdict::Continue(passed) = check_headers(&gateway.config, &request, false) else { panic!("refused") };
    let refused = refused_stream(&passed, "it is of the old transport");
    assert_eq!(
        text(&gateway, &refused),
        r#"{"decision":"refused","reason":"legacy_stream","why":"it is of the old transport","policy":"default","config":"D","grant":"constant:alice","method":"(GET)","requestId":"r-1"}"#
    );
    assert_eq!(refused_stream(&passed, &"x".repeat(300)).message, "x".repeat(256));
}

#[test]
fn the_record_of_a_request_whose_list_is_refused_says_so_and_why() {
    let gateway = Gateway::new(POLICY);
    let mut record = gateway.judge(&call("alice"), r#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#).record;
    refuse_list(&mut record, "it is not JSON");
    assert_eq!(
        text(&gateway, &record),
        r#"{"decision":"refused","reason":"list","why":"it is not JSON","policy":"default","config":"D","grant":"constant:alice","method":"tools/list","requestId":"r-1"}"#
    );
}

#[test]
fn the_gateways_own_failure_is_recorded_as_one() {
    let gateway = Gateway::new(
        r#"{"policy":{"version":"1","default":"deny","tools":{"t":{"rate_limit":"1/day"}}},"limits":{"service":{"cluster":"rls"}}}"#,
    );
    let body = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"t"}}"#;
    let waiting = gateway.judge(&call("alice"), body);
    assert!(matches!(waiting.answer, Disposition::Callout(_)), "{waiting:?}");
    assert_eq!((waiting.record.decision.name(), &*waiting.record.rule), ("failed", "/tools/t/rate_limit"));
    let mut failed = call("alice");
    let Disposition::Callout(ask) = waiting.answer else { panic!("answered") };
    let _unanswered = failed.callouts.record(ask, None, super::NOW);
    assert_eq!(record(&gateway, &failed, body), r#"{"decision":"failed",…,"method":"tools/call","tool":"t",r}"#);
}

#[test]
fn a_record_that_will_be_linked_has_room_for_its_link_whichever_callback_writes_it() {
    for (chain, longest) in [(false, MAX_BYTES), (true, MAX_BYTES - MAX_LINK)] {
        let policy = r#"{"version":"1","default":"allow"}"#;
        let audit = format!(r#"{{"arguments":"values","chain":{chain}}}"#);
        let gateway = Gateway::new(&format!(r#"{{"policy":{policy},"audit":{audit}}}"#));
        let length = |size: usize| {
            let arguments = format!(r#"{{"a":"{}"}}"#, "x".repeat(size));
            let body = format!(
                r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{"name":"ok","arguments":{arguments}}}}}"#
            );
            gateway.judge(&call("alice"), &body).record.to_json().len()
        };
        assert_eq!((3000..4096).map(length).max(), Some(longest), "{chain}");
    }
}
