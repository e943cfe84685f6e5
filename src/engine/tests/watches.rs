//! What is kept of a request until its response has come: receipts, how results are judged, and whose tasks and sessions are whose.

#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::{BoundRequest, Disposition, Gateway, NOW, RequestInfo, batch, call};
use crate::{
    config::Refund,
    engine::{
        refund::{Receipt, is_refundable},
        results::{ResultFilter, filter_for_stream, may_inspect},
    },
    http::Headers,
    mcp::ResponseFormat,
    results::{RefusalReply, ResultRequest},
};

fn info(method: &str, extra: &[(&str, &str)]) -> RequestInfo {
    let pairs = [&[(":method", method), ("content-type", "application/json")], extra].concat();
    let pairs = pairs.into_iter().map(|(name, value)| (name.to_owned(), value.as_bytes().to_vec()));
    RequestInfo { headers: Headers::new(pairs.collect()), ..call("alice") }
}

fn request(method: &str, params: &str) -> String {
    format!(r#"{{"jsonrpc":"2.0","id":7,"method":"{method}","params":{params}}}"#)
}

const JUDGED: &str = r#"{"policy":{"version":"1","default":"allow",
    "all_tools":{"results":{"max_bytes":1000}},
    "prompts":{"p":{"results":{"redact":[{"find":"email"}]}}},
    "resources":{"note:*":{"results":{"redact":[{"find":"iban"}]}}}},
    "protocol":{"batches":"judge"}OPTIONS}"#;

fn judged(options: &str) -> Gateway {
    Gateway::new(&JUDGED.replace("OPTIONS", options))
}

/// What the judge of a response knows of its request.
fn result_request(gateway: &Gateway, info: &RequestInfo, body: &str) -> Option<ResultRequest> {
    gateway.judge(info, body).results.map(|filter| filter.request)
}

fn reply(target: Option<(&'static str, &str)>) -> RefusalReply {
    RefusalReply {
        policy: Some("default".into()),
        target: target.map(|(kind, name)| (kind, name.into())),
        request_id: Some("r-1".into()),
        ..RefusalReply::default()
    }
}

#[test]
fn a_result_is_judged_with_the_ids_and_the_target_of_its_request() {
    let gateway = judged("");
    let of = |body: &str| result_request(&gateway, &call("alice"), body);
    let one =
        |target| Some(ResultRequest { ids: vec!["7".to_owned()], reply: reply(target), ..ResultRequest::default() });
    assert_eq!(of(&request("tools/call", r#"{"name":"t"}"#)), one(Some(("tool", "t"))));
    assert_eq!(of(&request("prompts/get", r#"{"name":"p"}"#)), one(Some(("prompt", "p"))));
    assert_eq!(of(&request("resources/read", r#"{"uri":"note:a"}"#)), one(Some(("resource", "note:a"))));
    assert_eq!(of(&request("tasks/result", r#"{"taskId":"t"}"#)), one(None));
    let listen = request("subscriptions/listen", r#"{"notifications":{"resourceSubscriptions":["note:a"]}}"#);
    let expected = one(Some(("resource", "note:a"))).map(|one| ResultRequest { is_subscription: true, ..one });
    assert_eq!(of(&listen), expected);
    let everything = one(None).map(|one| ResultRequest { is_subscription: true, ..one });
    assert_eq!(of(&request("subscriptions/listen", "{}")), everything);
    let two = ResultRequest {
        ids: ["0", "1"].map(str::to_owned).into(),
        is_batch: true,
        reply: reply(None),
        ..ResultRequest::default()
    };
    assert_eq!(of(&batch(&["a", "b"])), Some(two));
    let long = "x".repeat(300);
    let cut = of(&request("resources/read", &format!(r#"{{"uri":"note:{long}"}}"#))).unwrap().reply.target.unwrap();
    assert_eq!((cut.0, cut.1.len()), ("resource", 256));
}

#[test]
fn no_other_request_has_its_result_judged() {
    let gateway = judged("");
    for (method, params) in [
        ("ping", "{}"),
        ("tools/list", "{}"),
        ("prompts/get", r#"{"name":"q"}"#),
        ("resources/read", r#"{"uri":"file:///a"}"#),
        ("resources/subscribe", r#"{"uri":"note:a"}"#),
        ("resources/unsubscribe", r#"{"uri":"note:a"}"#),
        ("completion/complete", r#"{"ref":{"type":"ref/prompt","name":"p"},"argument":{"name":"a","value":"b"}}"#),
        (
            "completion/complete",
            r#"{"ref":{"type":"ref/resource","uri":"note:a"},"argument":{"name":"a","value":"b"}}"#,
        ),
    ] {
        let response = gateway.judge(&call("alice"), &request(method, params));
        assert!(matches!(response.answer, Disposition::Forward(_)), "{method}: {response:?}");
        assert!(response.results.is_none(), "{method} {params}");
    }
    let denied = Gateway::new(&JUDGED.replace("OPTIONS", "").replace("allow", "deny"));
    assert!(denied.judge(&call("alice"), &request("tools/call", r#"{"name":"t"}"#)).results.is_none());
}

#[test]
fn a_refused_result_has_the_form_that_its_client_expects() {
    let gateway = judged(r#","answers":{"deny_as":"tool_result"}"#);
    let of = |info: &RequestInfo, body: &str| {
        let reply = result_request(&gateway, info, body).unwrap().reply;
        (reply.as_tool_result, reply.is_stateless)
    };
    let tool = request("tools/call", r#"{"name":"t"}"#);
    assert_eq!(of(&call("alice"), &tool), (true, false));
    assert_eq!(of(&call("alice"), &batch(&["a", "b"])), (true, false));
    let mixed = format!("[{tool},{}]", r#"{"jsonrpc":"2.0","id":8,"method":"ping"}"#);
    assert_eq!(of(&call("alice"), &mixed), (false, false));
    assert_eq!(of(&call("alice"), &request("prompts/get", r#"{"name":"p"}"#)), (false, false));
    let head = [("mcp-protocol-version", "2026-07-28"), ("mcp-method", "tools/call"), ("mcp-name", "t")];
    let meta = r#"{"name":"t","_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}}"#;
    assert_eq!(of(&info("POST", &head), &request("tools/call", meta)), (true, true));
    let plain = result_request(&judged(""), &call("alice"), &tool).unwrap().reply;
    assert!(!plain.as_tool_result);
}

#[test]
fn the_stream_of_a_get_is_judged_by_the_results_of_every_rule() {
    let gateway = judged("");
    let bound = |method| BoundRequest::new(&gateway.config, info(method, &[]));
    let filter = filter_for_stream(&gateway.config, &bound("GET")).expect("it may carry any result");
    assert_eq!(filter.request, ResultRequest { reply: reply(None), ..ResultRequest::default() });
    let ResultFilter { inspections, tasks, .. } = filter;
    let mut pointers: Vec<String> =
        inspections.enforced.unwrap().entries().map(|(_, pointer)| pointer.to_owned()).collect();
    pointers.sort();
    assert_eq!(pointers, ["/prompts/p/results/redact/0", "/resources/note:*/results/redact/0"]);
    assert!(inspections.shadow.is_none() && tasks.is_none());
    assert!(["POST", "DELETE"].iter().all(|method| filter_for_stream(&gateway.config, &bound(method)).is_none()));
    assert!(may_inspect(&bound("GET")) && may_inspect(&bound("POST")));
    assert!(!may_inspect(&Gateway::new(r#"{"version":"1","default":"allow"}"#).bound("alice")));
}

#[test]
fn only_calls_may_create_tasks_and_their_owner_is_the_identified_caller() {
    let owned = r#"{"policy":{"version":"1","default":"allow"},"tasks":{"owner":true},"protocol":{"batches":"judge"}}"#;
    let gateway = Gateway::new(owned);
    let watched = |body: &str| gateway.judge(&call("alice"), body).results.is_some_and(|filter| filter.tasks.is_some());
    let tool = request("tools/call", r#"{"name":"t"}"#);
    assert!(watched(&tool) && watched(&request("prompts/get", r#"{"name":"p"}"#)));
    assert!(watched(&request("resources/read", r#"{"uri":"a:b"}"#)) && watched(&batch(&["t"])));
    assert!(!watched(&request("tools/list", "{}")) && !watched(&request("x/other", "{}")));
    let unowned = Gateway::new(&owned.replace("true", "false"));
    assert!(unowned.judge(&call("alice"), &tool).results.is_none());
    let filter = gateway.judge(&call("alice"), &tool).results.unwrap();
    assert_eq!(filter.request.ids, ["7"]);
    assert!(filter.inspections.is_empty());
}

/// The receipt of a request that passes.
fn receipt(gateway: &Gateway, body: &str) -> Receipt {
    let response = gateway.judge(&call("alice"), body);
    let Disposition::Forward(receipt) = response.answer else { panic!("{response:?}") };
    receipt
}

const LIMITED: &str = r#"{"policy":{"version":"1","default":"allow",
    "tools":{"t":{"limits":[{"counter":"c","window":"day","max":5,"scope":"grant"}]}}}OPTIONS}"#;

#[test]
fn a_receipt_lists_what_was_charged_and_whether_the_answer_may_bring_it_back() {
    let tool = request("tools/call", r#"{"name":"t"}"#);
    let charged = |options: &str, body: &str| {
        let receipt = receipt(&Gateway::new(&LIMITED.replace("OPTIONS", options)), body);
        let counters: Vec<String> = receipt.counters().iter().map(|charged| charged.counter.to_string()).collect();
        (counters, receipt.reads_response(), receipt.holds_stored_approval())
    };
    let failed = r#","limits":{"refund":"failed"}"#;
    assert_eq!(charged("", &tool), (vec!["c".to_owned()], false, false));
    assert_eq!(charged(failed, &tool), (vec!["c".to_owned()], true, false));
    assert_eq!(charged(failed, &request("ping", "{}")), (vec![], false, false));
    assert_eq!(charged(failed, &request("tools/call", r#"{"name":"free"}"#)), (vec![], false, false));
}

#[test]
fn an_answer_of_failure_brings_the_quota_back_and_one_of_success_does_not() {
    let gateway = Gateway::new(&LIMITED.replace("OPTIONS", r#","limits":{"refund":"failed"}"#));
    let tool = request("tools/call", r#"{"name":"t"}"#);
    let left = |gateway: &Gateway| gateway.judge(&call("alice"), &tool).record.remaining[0].1.to_string();
    for (answer, is_failed) in [
        (r#"{"jsonrpc":"2.0","id":7,"result":{"content":[],"isError":true}}"#, true),
        (r#"{"jsonrpc":"2.0","id":7,"result":{"content":[]}}"#, false),
        (r#"{"jsonrpc":"2.0","id":8,"result":{"content":[],"isError":true}}"#, false),
    ] {
        let mut result = receipt(&gateway, &tool).read_result(ResponseFormat::Json);
        result.push(answer.as_bytes(), usize::MAX);
        assert_eq!(result.has_failed(), is_failed, "{answer}");
    }
    assert_eq!(left(&gateway), "1", "three calls, and this one");
    let charged = receipt(&gateway, &tool);
    charged.refund_quota(&gateway.store);
    assert_eq!(left(&gateway), "0", "the last one was given back");
}

#[test]
fn a_call_gets_something_back_only_if_it_was_charged_and_the_configuration_says_so() {
    let gateway = Gateway::new(&LIMITED.replace("OPTIONS", ""));
    let charged = receipt(&gateway, &request("tools/call", r#"{"name":"t"}"#));
    let refunds = [Refund::Never, Refund::Undelivered, Refund::Failed];
    assert_eq!(refunds.map(|refund| is_refundable(refund, &charged)), [false, true, true]);
    assert_eq!(refunds.map(|refund| is_refundable(refund, &Receipt::EMPTY)), [false; 3]);
    assert_eq!(charged.give_back(&gateway.store, || Some(NOW)), None);
    let again = gateway.judge(&call("alice"), &request("tools/call", r#"{"name":"t"}"#));
    assert_eq!(again.record.remaining[0].1.to_string(), "4", "the first charge was given back");
}
