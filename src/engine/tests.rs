//! Verdicts and answers, whole.

mod answers;
mod approvals;
mod arguments;
mod batches;
mod bodiless;
mod callouts;
mod charges;
mod denials;
mod elicitation;
mod facts;
mod fleet;
#[cfg(not(target_family = "wasm"))]
mod fleet_approvals;
mod heads;
mod lists;
mod protocol;
mod records;
mod requests;
mod results;
mod steps;
mod texts;
mod watches;
mod work;

#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::{AuthorizationResponse, BoundRequest, Disposition, HeadersVerdict, RequestInfo, authorize, check_headers};
use crate::{
    config::Config,
    http::Headers,
    identity::{Grant, IdentityError},
    store::InMemory,
    time::Timestamp,
};

/// 2026-01-01T00:00:42.500Z
const NOW: Timestamp = Timestamp(1_767_225_642_500);

fn call(grant: &str) -> RequestInfo {
    let pairs = [(":method", "POST"), ("content-type", "application/json")];
    let pairs = pairs.map(|(name, value)| (name.to_owned(), value.as_bytes().to_vec()));
    let grant = Ok(Grant::from_name(&format!("constant:{grant}")));
    RequestInfo { request_id: Some("r-1".into()), ..RequestInfo::new(Headers::new(pairs.into()), grant) }
}

struct Gateway {
    config: Config,
    store: InMemory,
}

impl Gateway {
    fn new(policy: &str) -> Self {
        let config = Config::load(policy.as_bytes()).unwrap_or_else(|invalid| panic!("{invalid}"));
        Self { config, store: InMemory::new([3; 16]) }
    }

    fn bound(&self, grant: &str) -> BoundRequest {
        BoundRequest::new(&self.config, call(grant))
    }

    fn judge(&self, call: &RequestInfo, body: &str) -> AuthorizationResponse {
        self.judge_at(NOW, call, body)
    }

    fn judge_at(&self, now: Timestamp, call: &RequestInfo, body: &str) -> AuthorizationResponse {
        let request = BoundRequest::new(&self.config, call.clone());
        authorize(&self.config, &request, body.as_bytes(), "filter", now, &self.store)
    }

    /// The answer to a body; `None` where it is forwarded.
    fn answer(&self, body: &str) -> Option<(u16, String)> {
        match self.judge(&call("alice"), body).answer {
            Disposition::Forward(_) => None,
            Disposition::Reply(reply) => Some((reply.status, reply.body)),
            Disposition::Callout(inquiry) => panic!("{inquiry:?}"),
        }
    }

    fn tool(&self, name: &str) -> Option<(u16, String)> {
        self.answer(&format!(r#"{{"jsonrpc":"2.0","id":"\u0061","method":"tools/call","params":{{"name":"{name}"}}}}"#))
    }
}

#[track_caller]
fn assert_answer(answer: Option<(u16, String)>, expected: &str) {
    assert_eq!(answer, Some((200, expected.to_owned())));
}

const POLICY: &str = r#"{"version":"1","default":"deny","hide":["secret*"],
    "tools":{"ok":{},"pay":{"deny_if":[{"conditions":[],"on_deny":"Requires human approval."}]},
             "drop":{"action":"deny"},
             "draw":{"limits":[{"counter":"draw_rate","window":"minute","max":1,"scope":"grant"}]},
             "send":{"rate_limit":{"max":1,"window":90},"reason":"Mail is slow"},
             "never":{"rate_limit":"0/day"}}}"#;

#[test]
fn what_no_entry_names_is_denied_by_default() {
    let expected = r#"{"jsonrpc":"2.0","id":"\u0061","error":{"code":-31403,"message":"Policy violation: the policy denies the tool `x`, because no rule allows it; if you need it, ask the policy's owner","data":{"kind":"denied","rule":"(default deny)","policy":"default","tool":"x","reason":"the policy denies the tool `x`, because no rule allows it; if you need it, ask the policy's owner","requestId":"r-1"}}}"#;
    assert_answer(Gateway::new(POLICY).tool("x"), expected);
    assert_eq!(Gateway::new(r#"{"version":"1","default":"allow"}"#).tool("x"), None);
}

#[test]
fn a_hidden_tool_is_denied_whatever_names_it() {
    let expected = r#"{"jsonrpc":"2.0","id":"\u0061","error":{"code":-31403,"message":"Policy violation: the policy denies the tool `secret_x`, because it is hidden; if you need it, ask the policy's owner","data":{"kind":"denied","rule":"(hidden)","policy":"default","tool":"secret_x","reason":"the policy denies the tool `secret_x`, because it is hidden; if you need it, ask the policy's owner","requestId":"r-1"}}}"#;
    assert_answer(Gateway::new(POLICY).tool("secret_x"), expected);
}

#[test]
fn a_denial_tells_the_agent_what_the_author_wrote() {
    let expected = r#"{"jsonrpc":"2.0","id":"\u0061","error":{"code":-31403,"message":"Policy violation: the policy denies the tool `pay`: Requires human approval.","data":{"kind":"denied","rule":"/tools/pay/deny_if/0","policy":"default","tool":"pay","reason":"the policy denies the tool `pay`: Requires human approval.","requestId":"r-1"}}}"#;
    assert_answer(Gateway::new(POLICY).tool("pay"), expected);
    let expected = r#"{"jsonrpc":"2.0","id":"\u0061","error":{"code":-31403,"message":"Policy violation: the policy denies the tool `drop`; if you need it, ask the policy's owner","data":{"kind":"denied","rule":"/tools/drop/action","policy":"default","tool":"drop","reason":"the policy denies the tool `drop`; if you need it, ask the policy's owner","requestId":"r-1"}}}"#;
    assert_answer(Gateway::new(POLICY).tool("drop"), expected);
}

#[test]
fn a_full_limit_tells_when_to_come_back() {
    let gateway = Gateway::new(POLICY);
    assert_eq!(gateway.tool("draw"), None);
    let expected = r#"{"jsonrpc":"2.0","id":"\u0061","error":{"code":-31429,"message":"Policy violation: the tool `draw` has reached the rate limit of 1 call a minute; retry in 18 seconds","data":{"kind":"rate_limited","rule":"/tools/draw/limits/0","policy":"default","tool":"draw","reason":"the tool `draw` has reached the rate limit of 1 call a minute","requestId":"r-1","limit":{"counter":"draw_rate","window":"minute","max":1,"scope":"grant","cost":1,"remaining":0},"retryAfterMs":17500,"resetAt":"2026-01-01T00:01:00Z"}}}"#;
    assert_answer(gateway.tool("draw"), expected);
    let body = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"draw"}}"#;
    assert!(
        matches!(gateway.judge(&call("bob"), body).answer, Disposition::Forward(_)),
        "another grant has its own count"
    );
    let Disposition::Reply(reply) = gateway.judge(&call("alice"), body).answer else { panic!("forwarded") };
    assert_eq!(reply.retry_after, Some(18));
}

#[test]
fn a_short_form_counts_under_the_pointer_of_its_rule() {
    let gateway = Gateway::new(POLICY);
    assert_eq!(gateway.tool("send"), None);
    let expected = r#"{"jsonrpc":"2.0","id":"\u0061","error":{"code":-31429,"message":"Policy violation: the tool `send` has reached the rate limit of 1 call in 90 seconds: Mail is slow; retry in 48 seconds","data":{"kind":"rate_limited","rule":"/tools/send/rate_limit","policy":"default","tool":"send","reason":"the tool `send` has reached the rate limit of 1 call in 90 seconds: Mail is slow","requestId":"r-1","limit":{"counter":"/tools/send","window":90,"max":1,"scope":"grant","cost":1,"remaining":0},"retryAfterMs":47500,"resetAt":"2026-01-01T00:01:30Z"}}}"#;
    assert_answer(gateway.tool("send"), expected);
}

#[test]
fn a_limit_of_nothing_has_no_moment_to_come_back() {
    let expected = r#"{"jsonrpc":"2.0","id":"\u0061","error":{"code":-31429,"message":"Policy violation: the policy allows no calls of the tool `never`; do not retry","data":{"kind":"rate_limited","rule":"/tools/never/rate_limit","policy":"default","tool":"never","reason":"the policy allows no calls of the tool `never`","requestId":"r-1","limit":{"counter":"/tools/never","window":"day","max":0,"scope":"grant","cost":1,"remaining":0}}}}"#;
    assert_answer(Gateway::new(POLICY).tool("never"), expected);
}

#[test]
fn a_counter_that_two_rules_name_is_charged_once_against_the_smaller_maximum() {
    let limit = |max: u32| format!(r#"{{"limits":[{{"counter":"c","window":"day","max":{max},"scope":"grant"}}]}}"#);
    let policy = |all: u32, own: u32| {
        let (all, own) = (limit(all), limit(own));
        format!(r#"{{"version":"1","default":"allow","all_tools":{all},"tools":{{"a":{own}}}}}"#)
    };
    for (all, own, rule) in [(3, 2, "/tools/a/limits/0"), (2, 3, "/all_tools/limits/0")] {
        let gateway = Gateway::new(&policy(all, own));
        assert_eq!((gateway.tool("a"), gateway.tool("a")), (None, None));
        let (_, body) = gateway.tool("a").unwrap();
        assert!(body.contains(&format!(r#""rule":"{rule}""#)), "{body}");
    }
}

#[test]
fn a_call_that_costs_more_than_a_shared_counter_ever_holds_is_denied() {
    let limit = |max: u32, cost: &str| {
        format!(r#"{{"limits":[{{"counter":"c","window":"day","max":{max},"scope":"grant","increment":{cost}}}]}}"#)
    };
    let (all, own) = (limit(3, "1"), limit(10, "5"));
    let policy = format!(r#"{{"version":"1","default":"allow","all_tools":{all},"tools":{{"a":{own}}}}}"#);
    let (_, body) = Gateway::new(&policy).tool("a").unwrap();
    assert!(body.contains(r#""kind":"denied","rule":"/all_tools/limits/0""#), "{body}");
}

#[test]
fn the_tool_s_own_entries_come_before_all_tools() {
    let gateway = Gateway::new(
        r#"{"version":"1","default":"allow","all_tools":{"deny_if":[{"conditions":[],"on_deny":"all"}]},
            "tools":{"a":{"deny_if":[{"conditions":[],"on_deny":"own"}]}}}"#,
    );
    assert!(gateway.tool("a").unwrap().1.contains("Policy violation: the policy denies the tool `a`: own"));
    assert!(gateway.tool("b").unwrap().1.contains("Policy violation: the policy denies the tool `b`: all"));
}

#[test]
fn what_must_always_work_passes_under_default_deny() {
    let gateway = Gateway::new(r#"{"version":"1","default":"deny"}"#);
    for method in [
        "initialize",
        "ping",
        "server/discover",
        "tools/list",
        "prompts/list",
        "resources/list",
        "resources/templates/list",
        "logging/setLevel",
        "subscriptions/listen",
    ] {
        assert_eq!(gateway.answer(&format!(r#"{{"jsonrpc":"2.0","id":1,"method":"{method}"}}"#)), None, "{method}");
    }
    for method in ["tasks/get", "tasks/result", "tasks/cancel", "tasks/update"] {
        let body = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"{method}","params":{{"taskId":"t"}}}}"#);
        assert_eq!(gateway.answer(&body), None, "{method}");
    }
    for method in ["initialized", "cancelled", "progress", "roots/list_changed", "tasks/status"] {
        assert_eq!(
            gateway.answer(&format!(r#"{{"jsonrpc":"2.0","method":"notifications/{method}"}}"#)),
            None,
            "{method}"
        );
    }
    assert_eq!(gateway.answer(r#"{"jsonrpc":"2.0","id":1,"result":{}}"#), None);
}

#[test]
fn everything_else_falls_to_the_default() {
    let bodies = [
        r#"{"jsonrpc":"2.0","id":1,"method":"tasks/list"}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"skills/list"}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"resources/read","params":{"uri":"file:///a"}}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"prompts/get","params":{"name":"ok"}}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"subscriptions/listen","params":{"notifications":{"resourceSubscriptions":["a:b"]}}}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"completion/complete","params":{"ref":{"type":"ref/prompt","name":"ok"}}}"#,
    ];
    for body in bodies {
        let (status, answer) = Gateway::new(POLICY).answer(body).unwrap();
        let rule = ["(default deny)", "(method)"].map(|rule| format!(r#""rule":"{rule}""#));
        assert!(status == 200 && rule.iter().any(|rule| answer.contains(rule)), "{body} {answer}");
        assert_eq!(Gateway::new(r#"{"version":"1","default":"allow"}"#).answer(body), None, "{body}");
    }
}

#[test]
fn a_method_that_resembles_a_known_one_is_refused_under_both_defaults() {
    for policy in [POLICY, r#"{"version":"1","default":"allow"}"#] {
        for method in ["tools/call ", "Tools/Call", "\\u00a0tools/call", "tool\u{17f}/call"] {
            let body = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"{method}","params":{{"name":"ok"}}}}"#);
            let (_, answer) = Gateway::new(policy).answer(&body).unwrap();
            assert!(answer.contains(r#""rule":"(folded name)""#), "{method} {answer}");
        }
    }
}

#[test]
fn a_notification_that_is_denied_is_dropped_without_a_word() {
    let gateway = Gateway::new(POLICY);
    for method in ["notifications/other", "notifications/Initialized"] {
        let body = format!(r#"{{"jsonrpc":"2.0","method":"{method}"}}"#);
        assert_eq!(gateway.answer(&body), Some((202, String::new())), "{method}");
    }
}

#[test]
fn a_caller_without_identity_is_refused_everything() {
    let gateway = Gateway::new(r#"{"version":"1","default":"allow"}"#);
    let unidentified = RequestInfo { grant: Err(IdentityError::NoIdentity), ..call("") };
    let Disposition::Reply(reply) = gateway.judge(&unidentified, r#"{"jsonrpc":"2.0","id":7,"method":"ping"}"#).answer
    else {
        panic!("forwarded")
    };
    let expected = r#"{"jsonrpc":"2.0","id":7,"error":{"code":-31403,"message":"Policy violation: the gateway cannot identify the caller; send the credential that it expects","data":{"kind":"denied","rule":"(no identity)","policy":"default","reason":"the gateway cannot identify the caller; send the credential that it expects","requestId":"r-1"}}}"#;
    assert_eq!(reply.body, expected);
    let notification = gateway.judge(&unidentified, r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#);
    let Disposition::Reply(reply) = notification.answer else { panic!("forwarded") };
    assert_eq!((reply.status, reply.body.as_str()), (202, ""));
}

#[test]
fn what_cannot_be_read_is_refused_with_the_id_where_it_is_beyond_doubt() {
    let gateway = Gateway::new(POLICY);
    let cases = [
        ("{", 400, "null", -32700, "the body is not strict JSON: the text ends too early (byte 1)"),
        ("[]", 400, "null", -32600, "the body is not a JSON object; send one message per request, not a batch"),
        (
            r#"{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"ok","name":"x"}}"#,
            200,
            "7",
            -32600,
            "the member `name` is repeated (byte 68); send each name once, spelled as in the specification",
        ),
        (
            r#"{"jsonrpc":"2.0","id":7,"ID":8,"method":"ping"}"#,
            400,
            "null",
            -32600,
            "the member `ID` resembles another (byte 24); send each name once, spelled as in the specification",
        ),
        (
            r#"{"jsonrpc":"2.0","id":7,"method":"tools/call"}"#,
            200,
            "7",
            -32600,
            "`params.name` is missing; the method needs it",
        ),
        (
            r#"{"jsonrpc":"2.0","id":1.0,"method":"ping"}"#,
            400,
            "null",
            -32600,
            "`id` is not valid; send a string of at most 256 bytes, or an integer within 2^53-1 in plain digits",
        ),
    ];
    for (body, status, id, code, why) in cases {
        let data = format!(r#"{{"kind":"refused","reason":"{why}","requestId":"r-1"}}"#);
        let error = format!(r#"{{"code":{code},"message":"Request refused: {why}","data":{data}}}"#);
        assert_eq!(gateway.answer(body), Some((status, format!(r#"{{"jsonrpc":"2.0","id":{id},"error":{error}}}"#))));
    }
}

#[test]
fn a_body_over_the_limit_is_refused() {
    let gateway = Gateway::new(r#"{"policy":{"version":"1","default":"allow"},"protocol":{"max_body_bytes":50}}"#);
    let body = r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#;
    assert_eq!(gateway.answer(body), None);
    assert_eq!(gateway.answer(&format!("{body}{}", " ".repeat(20))).unwrap().0, 413);
}

#[test]
fn every_request_leaves_a_record() {
    let gateway = Gateway::new(POLICY);
    let record = |body: &str| {
        let json = gateway.judge(&call("alice"), body).record.to_json();
        json.replace(&*gateway.config.digest, "D")
    };
    let tool = |name: &str| format!(r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{"name":"{name}"}}}}"#);
    assert_eq!(
        record(&tool("draw")),
        r#"{"decision":"allowed","policy":"default","config":"D","grant":"constant:alice","method":"tools/call","tool":"draw","requestId":"r-1","remaining":{"draw_rate":0}}"#
    );
    assert_eq!(
        record(&tool("draw")),
        r#"{"decision":"rate_limited","rule":"/tools/draw/limits/0","policy":"default","config":"D","grant":"constant:alice","method":"tools/call","tool":"draw","requestId":"r-1"}"#
    );
    assert_eq!(
        record("{"),
        r#"{"decision":"refused","reason":"unreadable","why":"the body is not strict JSON: the text ends too early (byte 1)","policy":"default","config":"D","grant":"constant:alice","requestId":"r-1"}"#
    );
}

#[test]
fn the_head_alone_can_close_a_request() {
    let gateway = Gateway::new(POLICY);
    let request = BoundRequest::new(&gateway.config, call("alice"));
    assert!(matches!(check_headers(&gateway.config, &request, true), HeadersVerdict::NeedBody));
    let HeadersVerdict::Reply(response) = check_headers(&gateway.config, &request, false) else { panic!("not closed") };
    let Disposition::Reply(reply) = response.answer else { panic!("forwarded") };
    let why = "the POST has no body; send one JSON-RPC message";
    let expected = format!(
        r#"{{"jsonrpc":"2.0","id":null,"error":{{"code":-32600,"message":"Request refused: {why}","data":{{"kind":"refused","reason":"{why}","requestId":"r-1"}}}}}}"#
    );
    assert_eq!((reply.status, reply.body), (400, expected));
}

#[test]
fn in_the_old_transport_a_refusal_is_a_status() {
    let policy = |legacy: &str| {
        let policy = r#"{"version":"1","default":"deny"}"#;
        Gateway::new(&format!(r#"{{"policy":{policy},"protocol":{{"legacy_sse":"{legacy}"}}}}"#))
    };
    let post = |path: &str| {
        let pairs = [(":method", "POST"), (":path", path), ("content-type", "application/json")];
        let pairs = pairs.map(|(name, value)| (name.to_owned(), value.as_bytes().to_vec()));
        RequestInfo { headers: Headers::new(pairs.into()), ..call("alice") }
    };
    let body = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"x"}}"#;
    for (legacy, path, status) in
        [("allow", "/messages?session_id=1", 403), ("allow", "/mcp", 200), ("refuse", "/messages?session_id=1", 200)]
    {
        let Disposition::Reply(reply) = policy(legacy).judge(&post(path), body).answer else { panic!("forwarded") };
        assert_eq!(reply.status, status, "{legacy} {path}");
        assert!(reply.body.contains("-31403"), "{}", reply.body);
    }
    let Disposition::Reply(reply) = policy("allow").judge(&post("/messages?sessionId=1"), "{").answer else { panic!() };
    assert_eq!(reply.status, 403);
}

fn batch(tools: &[&str]) -> String {
    let call = |(id, tool): (usize, &&str)| {
        format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"tools/call","params":{{"name":"{tool}"}}}}"#)
    };
    format!("[{}]", tools.iter().enumerate().map(call).collect::<Vec<_>>().join(","))
}
