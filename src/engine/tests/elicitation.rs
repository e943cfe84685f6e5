//! Calls that need approval, of clients that show pages to their users.

#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::{Disposition, Gateway, NOW, RequestInfo, Timestamp, authorize, call};
use crate::{
    approval::{ApprovalStore, ApproverDecision, GrantDigest},
    engine::{
        BoundRequest,
        callout::{CalloutResponse, Recorded},
    },
    http::Headers,
    identity::Grant,
};

const POLICY: &str = r#"{"policy":{"version":"1","default":"deny",
    "tools":{"pay":{"action":"require_approval","reason":"Ask Bob."}},
    "resources":{"file:///*":{"action":"require_approval"}}},
    "approvals":{"url":"http://localhost:10001","elicit":true}}"#;
const URL: &str = r#"{"elicitation":{"url":{}}}"#;

/// A request of the caller with these headers.
fn with_headers(grant: &str, pairs: &[(&str, &str)]) -> RequestInfo {
    let usual = [(":method", "POST"), ("content-type", "application/json")];
    let pairs = usual.iter().chain(pairs).map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec()));
    RequestInfo { headers: Headers::new(pairs.collect()), ..call(grant) }
}

/// A call of `pay` of revision 2026-07-28, whose client has these capabilities, with more members of `params`.
fn stateless(capabilities: &str, more: &str) -> (RequestInfo, String) {
    let headers = [("mcp-protocol-version", "2026-07-28"), ("mcp-method", "tools/call"), ("mcp-name", "pay")];
    let meta = format!(
        r#""io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{capabilities}"#
    );
    let body = format!(
        r#"{{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{{"name":"pay","arguments":{{"amount":25}},"_meta":{{{meta}}}{more}}}}}"#
    );
    (with_headers("alice", &headers), body)
}

/// A call of `pay` in a session of revision 2025-11-25.
const CALL: &str =
    r#"{"jsonrpc":"2.0","id":"a","method":"tools/call","params":{"name":"pay","arguments":{"amount":25}}}"#;

fn in_session(grant: &str, session: &str) -> RequestInfo {
    with_headers(grant, &[("mcp-protocol-version", "2025-11-25"), ("mcp-session-id", session)])
}

/// Has the caller open a session with these capabilities, which the server gives this id.
fn initialize(gateway: &Gateway, grant: &str, session: &[u8], capabilities: &str) {
    let body = format!(
        r#"{{"jsonrpc":"2.0","id":0,"method":"initialize","params":{{"protocolVersion":"2025-11-25","capabilities":{capabilities},"clientInfo":{{"name":"c","version":"1"}}}}}}"#
    );
    let opened = gateway.judge(&call(grant), &body);
    assert!(matches!(opened.answer, Disposition::Forward(_)), "{opened:?}");
    if let Some(watch) = opened.session {
        watch.keep(session, &gateway.store, NOW);
    }
}

fn reply_at(gateway: &Gateway, info: RequestInfo, body: &str, now: Timestamp) -> String {
    let request = BoundRequest::new(&gateway.config, info);
    match authorize(&gateway.config, &request, body.as_bytes(), "filter", now, &gateway.store).answer {
        Disposition::Reply(reply) => reply.body,
        Disposition::Forward(_) => "forwarded".to_owned(),
        Disposition::Callout(ask) => panic!("{ask:?}"),
    }
}

fn reply(gateway: &Gateway, (info, body): (RequestInfo, String)) -> String {
    reply_at(gateway, info, &body, NOW)
}

/// The id of the newest request for approval.
fn newest(gateway: &Gateway) -> String {
    ApprovalStore(&gateway.store).entries(NOW).unwrap().last().unwrap().id_text()
}

fn decide(gateway: &Gateway, approved: bool) {
    let approvals = ApprovalStore(&gateway.store);
    let id = approvals.entries(NOW).unwrap().last().unwrap().id;
    let decision = ApproverDecision {
        approved,
        grant: GrantDigest::of(&Grant::from_name("jwt:boss")),
        approver: "jwt:boss",
        note: "",
    };
    approvals.decide(id, &decision, NOW).unwrap();
}

const PLAIN: &str = r#""error":{"code":-31428,"message":"Approval required: "#;

#[test]
fn a_client_of_2026_is_sent_to_the_page_once_and_its_repeated_call_passes_once() {
    let gateway = Gateway::new(POLICY);
    let asked = reply(&gateway, stateless(URL, ""));
    let id = newest(&gateway);
    let expected = format!(
        r#"{{"jsonrpc":"2.0","id":7,"result":{{"resultType":"input_required","inputRequests":{{"mcp-policy/approval":{{"method":"elicitation/create","params":{{"mode":"url","url":"http://localhost:10001/#{id}","message":"Approval required: a person must approve this call of the tool `pay`: Ask Bob; an approver can decide on this page"}}}}}},"_meta":{{"mcp-policy/denial":{{"kind":"approval_required","rule":"/tools/pay/action","policy":"default","tool":"pay","reason":"a person must approve this call of the tool `pay`: Ask Bob","requestId":"r-1","approval":{{"id":"{id}","url":"http://localhost:10001/#{id}","expiresAt":"2026-01-01T00:10:42Z"}}}}}}}}}}"#
    );
    assert_eq!(asked, expected);
    // Whatever the client's user has done, the page alone decides.
    for answer in [
        r#"{"action":"accept"}"#,
        r#"{"action":"accept","content":{"approved":true}}"#,
        r#"{"action":"decline"}"#,
        r#"{"action":"cancel"}"#,
        "null",
    ] {
        let more = format!(r#","inputResponses":{{"mcp-policy/approval":{answer}}}"#);
        let pending = reply(&gateway, stateless(URL, &more));
        assert!(pending.contains(PLAIN) && pending.contains(&id), "{answer}: {pending}");
    }
    decide(&gateway, true);
    let consented = r#","inputResponses":{"mcp-policy/approval":{"action":"accept"}}"#;
    assert_eq!(reply(&gateway, stateless(URL, consented)), "forwarded");
    let again = reply(&gateway, stateless(URL, consented));
    assert!(again.contains(PLAIN), "it passes once, and a client that was there is not sent again: {again}");
    let fresh = reply(&gateway, stateless(URL, ""));
    assert!(fresh.contains("input_required") && fresh.contains(&newest(&gateway)), "a new call: {fresh}");
}

#[test]
fn a_declined_or_cancelled_dialogue_leaves_the_request_to_the_approver() {
    for action in ["decline", "cancel"] {
        let gateway = Gateway::new(POLICY);
        reply(&gateway, stateless(URL, ""));
        let more = format!(r#","inputResponses":{{"mcp-policy/approval":{{"action":"{action}"}}}}"#);
        assert!(reply(&gateway, stateless(URL, &more)).contains(PLAIN));
        decide(&gateway, false);
        let rejected = reply(&gateway, stateless(URL, &more));
        assert!(
            rejected.contains(r#""code":-31403,"message":"Policy violation: a person rejected this call"#),
            "{rejected}"
        );
    }
}

#[test]
fn what_a_server_has_asked_for_is_not_lost_to_a_dialogue_of_the_gateway() {
    let gateway = Gateway::new(POLICY);
    for more in [
        r#","inputResponses":{"city":{"action":"accept"}},"requestState":"s""#,
        r#","inputResponses":{"city":{},"mcp-policy/approval":{}}"#,
        r#","inputResponses":{}"#,
    ] {
        let answer = reply(&gateway, stateless(URL, more));
        assert!(answer.contains(PLAIN), "{more}: {answer}");
    }
}

#[test]
fn clients_that_show_no_pages_get_the_plain_answer() {
    let gateway = Gateway::new(POLICY);
    for capabilities in ["{}", r#"{"elicitation":{}}"#, r#"{"elicitation":{"form":{}}}"#] {
        let answer = reply(&gateway, stateless(capabilities, ""));
        assert!(answer.contains(PLAIN), "{capabilities}: {answer}");
    }
    let silent = Gateway::new(&POLICY.replace(r#","elicit":true"#, ""));
    assert!(reply(&silent, stateless(URL, "")).contains(PLAIN));
    // Input is asked for in the answers of some methods only.
    let headers = [("mcp-protocol-version", "2026-07-28"), ("mcp-method", "subscriptions/listen")];
    let body = format!(
        r#"{{"jsonrpc":"2.0","id":1,"method":"subscriptions/listen","params":{{"notifications":{{"resourceSubscriptions":["file:///a"]}},"_meta":{{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{URL}}}}}}}"#
    );
    assert!(reply(&gateway, (with_headers("alice", &headers), body.clone())).contains(PLAIN));
    let read = body.replace("subscriptions/listen", "resources/read");
    let read = read.replace(r#""notifications":{"resourceSubscriptions":["file:///a"]}"#, r#""uri":"file:///a""#);
    let headers = [("mcp-protocol-version", "2026-07-28"), ("mcp-method", "resources/read"), ("mcp-name", "file:///a")];
    assert!(reply(&gateway, (with_headers("alice", &headers), read)).contains("input_required"));
}

#[test]
fn a_client_of_2025_is_sent_to_the_page_in_a_session_that_declared_it() {
    let gateway = Gateway::new(POLICY);
    initialize(&gateway, "alice", b"s-1", URL);
    initialize(&gateway, "alice", b"s-2", r#"{"elicitation":{}}"#);
    let asked = reply_at(&gateway, in_session("alice", "s-1"), CALL, NOW);
    let id = newest(&gateway);
    let expected = format!(
        r#"{{"jsonrpc":"2.0","id":"a","error":{{"code":-32042,"message":"Approval required: a person must approve this call of the tool `pay`: Ask Bob; ask for approval at http://localhost:10001/#{id}, then repeat the same call","data":{{"kind":"approval_required","rule":"/tools/pay/action","policy":"default","tool":"pay","reason":"a person must approve this call of the tool `pay`: Ask Bob","requestId":"r-1","approval":{{"id":"{id}","url":"http://localhost:10001/#{id}","expiresAt":"2026-01-01T00:10:42Z"}},"elicitations":[{{"mode":"url","elicitationId":"{id}","url":"http://localhost:10001/#{id}","message":"Approval required: a person must approve this call of the tool `pay`: Ask Bob; an approver can decide on this page"}}]}}}}}}"#
    );
    assert_eq!(asked, expected);
    let older = with_headers("alice", &[("mcp-protocol-version", "2025-06-18"), ("mcp-session-id", "s-1")]);
    let without_version = with_headers("alice", &[("mcp-session-id", "s-1")]);
    for other in
        [in_session("alice", "s-2"), in_session("alice", "s-3"), in_session("bob", "s-1"), older, without_version]
    {
        let answer = reply_at(&gateway, other.clone(), CALL, NOW);
        assert!(answer.contains(PLAIN), "{other:?}: {answer}");
    }
    decide_oldest(&gateway);
    assert_eq!(reply_at(&gateway, in_session("alice", "s-1"), CALL, NOW), "forwarded");
    let again = reply_at(&gateway, in_session("alice", "s-1"), CALL, Timestamp(NOW.0 + 1));
    assert!(again.contains("-32042") && !again.contains(&id), "another request: {again}");
}

/// Approves the request that came first.
fn decide_oldest(gateway: &Gateway) {
    let approvals = ApprovalStore(&gateway.store);
    let id = approvals.entries(NOW).unwrap()[0].id;
    let decision = ApproverDecision {
        approved: true,
        grant: GrantDigest::of(&Grant::from_name("jwt:boss")),
        approver: "jwt:boss",
        note: "",
    };
    approvals.decide(id, &decision, NOW).unwrap();
}

#[test]
fn a_session_is_remembered_for_a_day_and_only_while_there_is_room() {
    let gateway = Gateway::new(POLICY);
    initialize(&gateway, "alice", b"s-1", URL);
    let at = |seconds: u64| reply_at(&gateway, in_session("alice", "s-1"), CALL, Timestamp(NOW.0 + seconds * 1000));
    assert!(at(86_400).contains("-32042"));
    assert!(at(86_402).contains(PLAIN));
    let small = Gateway::new(&POLICY.replace("\"approvals\"", r#""limits":{"max_counters":1},"approvals""#));
    initialize(&small, "alice", b"s-1", URL);
    initialize(&small, "alice", b"s-2", URL);
    let answers = ["s-1", "s-2"].map(|session| reply_at(&small, in_session("alice", session), CALL, NOW));
    assert!(answers[0].contains("-32042") && answers[1].contains(PLAIN), "{answers:?}");
    // A server's odd ids are not remembered.
    let gateway = Gateway::new(POLICY);
    let longest = "x".repeat(1024);
    initialize(&gateway, "alice", longest.as_bytes(), URL);
    assert!(reply_at(&gateway, in_session("alice", &longest), CALL, NOW).contains("-32042"));
    for session in [vec![0xff], vec![b'x'; 1025]] {
        initialize(&gateway, "alice", &session, URL);
        let text = String::from_utf8_lossy(&session).into_owned();
        assert!(reply_at(&gateway, in_session("alice", &text), CALL, NOW).contains(PLAIN));
    }
}

#[test]
fn a_call_that_makes_a_task_has_the_same_dialogue() {
    let gateway = Gateway::new(POLICY);
    initialize(&gateway, "alice", b"s-1", URL);
    let task = CALL.replace(r#""name":"pay""#, r#""name":"pay","task":{"ttl":60000}"#);
    assert!(reply_at(&gateway, in_session("alice", "s-1"), &task, NOW).contains("-32042"));
    decide(&gateway, true);
    let plain = reply_at(&gateway, in_session("alice", "s-1"), CALL, NOW);
    assert!(plain.contains("-32042"), "a call without a task is another one: {plain}");
    assert_eq!(reply_at(&gateway, in_session("alice", "s-1"), &task, NOW), "forwarded");
    // Since 2026-07-28 the server chooses whether a call makes a task, for a client that declares the extension.
    let extended = r#"{"elicitation":{"url":{}},"extensions":{"io.modelcontextprotocol/tasks":{}}}"#;
    let gateway = Gateway::new(POLICY);
    assert!(reply(&gateway, stateless(extended, "")).contains("input_required"));
    decide(&gateway, true);
    let consented = r#","inputResponses":{"mcp-policy/approval":{"action":"accept"}}"#;
    assert_eq!(reply(&gateway, stateless(extended, consented)), "forwarded");
}

#[test]
fn the_dialogue_goes_before_a_tool_result() {
    let gateway = Gateway::new(&POLICY.replace("\"approvals\"", r#""answers":{"deny_as":"tool_result"},"approvals""#));
    assert!(reply(&gateway, stateless(URL, "")).contains("input_required"));
    let shown = reply(&gateway, stateless("{}", ""));
    assert!(shown.contains(r#""isError":true,"resultType":"complete""#), "{shown}");
}

#[test]
fn a_service_can_name_the_page() {
    let policy = POLICY.replace(r#""url":"http://localhost:10001""#, r#""service":{"cluster":"desk","path":"/"}"#);
    let gateway = Gateway::new(&policy);
    let answer = |url: &str| {
        let (mut info, body) = stateless(URL, "");
        let Disposition::Callout(question) = gateway.judge(&info, &body).answer else { panic!("not asked") };
        let answer = format!(r#"{{"decision":"pending","id":"7","url":{}}}"#, crate::json::quoted(url));
        let answer = CalloutResponse { status: b"200".to_vec(), body: answer.into_bytes() };
        assert_eq!(info.callouts.record(question, Some(&answer), NOW), Recorded::Answered);
        reply(&gateway, (info, body))
    };
    let asked = answer("https://desk.example/7");
    assert!(asked.contains(r#""params":{"mode":"url","url":"https://desk.example/7""#), "{asked}");
    for url in ["javascript:alert(1)", "desk.example/7", "https://desk.example/a b", "https://desk.example/\u{202e}"] {
        let plain = answer(url);
        assert!(plain.contains(PLAIN), "{url}: {plain}");
    }
}
