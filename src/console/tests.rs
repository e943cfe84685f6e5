//! Which requests are accepted, and what approvers see.

mod bounds;
#[cfg(not(target_family = "wasm"))]
mod fleet;

#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::{ConsoleResponse, answer};
use crate::{
    approval::{NotedTool, ToolNote, ToolNotes},
    audit::decision_log::{DecisionLog, SlotBlock},
    config::{Config, Console, LoadedConfig},
    engine::{self, BoundRequest, Disposition, RequestInfo},
    http::Headers,
    identity::{Grant, IdentityError},
    limit::{CounterInfo, CounterInfos},
    store::InMemory,
    time::Timestamp,
};

/// 2026-01-01T00:00:42.500Z
const NOW: Timestamp = Timestamp(1_767_225_642_500);
const POLICY: &[u8] =
    br#"{"version":"1","default":"deny","tools":{"pay":{"action":"require_approval","reason":"Ask <b>Bob</b>."}}}"#;
const PAY: &str =
    r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"pay","arguments":{"amount":1e2}}}"#;

fn console() -> Console {
    let text = br#"{"console":{"approvers":["jwt:boss","jwt:agent"],"identity":[{"jwt_claim":"sub","payload":"p"}]}}"#;
    match LoadedConfig::load(text) {
        Ok(LoadedConfig::Console(console)) => console,
        other => panic!("{other:?}"),
    }
}

fn headers(pairs: &[(&str, &str)]) -> Headers {
    Headers::new(pairs.iter().map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec())).collect())
}

/// A request of the approver `jwt:boss` by the right host, but for what `changed` says.
fn request(method: &str, path: &str, changed: &[(&str, &str)]) -> RequestInfo {
    let usual = [(":authority", "localhost:10001"), (":method", method), (":path", path)];
    let post = [("content-type", "application/json"), ("origin", "http://localhost:10001")];
    let usual = usual.iter().chain(if method == "POST" { &post[..] } else { &[] });
    let kept = usual.filter(|(name, _)| changed.iter().all(|(other, _)| other != name));
    let pairs: Vec<(&str, &str)> = kept.chain(changed.iter().filter(|(_, value)| !value.is_empty())).copied().collect();
    RequestInfo::new(headers(&pairs), Ok(Grant::from_name("jwt:boss")))
}

fn ask(store: &InMemory) -> String {
    let config = Config::load(POLICY).unwrap();
    let pairs = [(":method", "POST"), ("content-type", "application/json")];
    let call = RequestInfo::new(headers(&pairs), Ok(Grant::from_name("jwt:agent")));
    let judgement =
        engine::authorize(&config, &BoundRequest::new(&config, call.clone()), PAY.as_bytes(), "gate", NOW, store);
    assert!(!matches!(judgement.answer, Disposition::Forward(_)));
    judgement.record.approval.unwrap().id
}

#[track_caller]
fn said(answered: &ConsoleResponse, status: u16, body: &str) {
    let text = std::str::from_utf8(&answered.response.body).unwrap();
    assert_eq!((answered.response.status, text), (status, body));
}

#[test]
fn an_approver_sees_a_pending_call_and_decides_on_it_once() {
    let store = InMemory::new([1; 16]);
    let id = ask(&store);
    let config = Config::load(POLICY).unwrap().digest;
    let visit = |call: &RequestInfo, body: &str| answer(&console(), call, body.as_bytes(), NOW, &store);
    let item = |state: &str, more: &str| {
        format!(
            r#"{{"id":"{id}","state":"{state}","rule":"/tools/pay/action","policy":"default","config":"{config}","grant":"jwt:agent","method":"tools/call","tool":"pay","filter":"gate","params":"{{\"name\":\"pay\",\"arguments\":{{\"amount\":1e2}}}}","reason":"Ask <b>Bob</b>.","yours":false{more},"askedAt":"2026-01-01T00:00:42Z","expiresAt":"2026-01-01T00:10:42Z"}}"#
        )
    };
    let pending = item("pending", "");
    let list = format!(r#"{{"now":"2026-01-01T00:00:42Z","you":"jwt:boss","pending":1,"approvals":[{pending}]}}"#);
    said(&visit(&request("GET", "/api/approvals", &[]), ""), 200, &list);
    let path = format!("/api/approvals/{id}");
    let answered = visit(&request("POST", &path, &[]), r#"{"decision":"approve","note":"as <i>agreed</i>"}"#);
    said(&answered, 200, &item("approved", r#","approver":"jwt:boss","note":"as <i>agreed</i>""#));
    let record = format!(
        r#"{{"decision":"approved","rule":"/tools/pay/action","policy":"default","config":"{config}","grant":"jwt:agent","method":"tools/call","tool":"pay","approval":{{"id":"{id}","approver":"jwt:boss","note":"as <i>agreed</i>"}}}}"#
    );
    assert_eq!(answered.record, Some(record));
    let again = visit(&request("POST", &path, &[]), r#"{"decision":"reject","note":"no"}"#);
    said(&again, 409, r#"{"error":"an approver has already decided on this call; the list says who"}"#);
}

#[test]
fn an_approver_known_by_a_token_is_shown_by_name() {
    let digest = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
    let text = format!(
        r#"{{"console":{{"approvers":[{{"grant":"bearer:{digest}","name":"Bob Müller"}},"jwt:*"],"identity":[{{"bearer":true}},{{"jwt_claim":"sub","payload":"p"}}]}}}}"#
    );
    let Ok(LoadedConfig::Console(console)) = LoadedConfig::load(text.as_bytes()) else { panic!("{text}") };
    let store = InMemory::new([1; 16]);
    let path = format!("/api/approvals/{}", ask(&store));
    let bob = Ok(crate::identity::grant_from_name(&console.identity, &format!("bearer:{digest}"), NOW).unwrap());
    let from = |method, path| RequestInfo { grant: bob.clone(), ..request(method, path, &[]) };
    let list = answer(&console, &from("GET", "/api/approvals"), b"", NOW, &store).response;
    assert!(String::from_utf8_lossy(&list.body).contains(r#""you":"Bob Müller (bearer:9f86d081884c7d65)""#));
    let decided = answer(&console, &from("POST", &path), br#"{"decision":"approve"}"#, NOW, &store);
    let approver = r#""approver":"Bob Müller (bearer:9f86d081884c7d65)""#;
    assert!(decided.record.unwrap().contains(approver));
    assert!(String::from_utf8_lossy(&decided.response.body).contains(approver));
    let list = answer(&console, &request("GET", "/api/approvals", &[]), b"", NOW, &store).response;
    assert!(String::from_utf8_lossy(&list.body).contains(r#""you":"jwt:boss""#), "no name is given for this one");
}

#[test]
fn a_rejection_needs_a_note() {
    let store = InMemory::new([1; 16]);
    let path = format!("/api/approvals/{}", ask(&store));
    let visit = |body: &str| answer(&console(), &request("POST", &path, &[]), body.as_bytes(), NOW, &store);
    for body in
        [r#"{"decision":"reject"}"#, r#"{"decision":"reject","note":""}"#, r#"{"decision":"reject","note":"  "}"#]
    {
        said(&visit(body), 400, r#"{"error":"a rejection needs a note; say why, since the agent reads it"}"#);
    }
    assert_eq!(visit(r#"{"decision":"reject","note":"no budget"}"#).response.status, 200);
}

#[test]
fn an_approver_sees_what_the_server_says_of_the_tool() {
    let store = InMemory::new([1; 16]);
    ask(&store);
    let list = || {
        let list = answer(&console(), &request("GET", "/api/approvals", &[]), b"", NOW, &store).response;
        String::from_utf8(list.body.into_owned()).unwrap()
    };
    assert!(!list().contains(r#""description""#) && !list().contains(r#""class""#));
    let tool = NotedTool { filter: "gate", policy: "default", route: "", tool: "pay" };
    let note = ToolNote { description: "Pays <b>\u{202e}".to_owned(), class: "destructive" };
    ToolNotes(&store).set(NotedTool { tool: "other", ..tool }, &note);
    assert!(!list().contains(r#""description""#));
    ToolNotes(&store).set(tool, &note);
    assert!(list().contains("\"description\":\"Pays <b>\u{202e}\",\"class\":\"destructive\""), "{}", list());
}

#[test]
fn an_approver_sees_what_the_call_uses_of_its_limits() {
    let policy = br#"{"version":"1","default":"deny","tools":{"pay":{"action":"require_approval","limits":[
        {"counter":"paid","window":"day","max":30000,"scope":"grant","increment_from":"args.amount"},
        {"counter":"calls","window":3600,"scope":"global","algorithm":"sliding"},
        {"counter":"each","window":60,"max":5,"scope":"grant","key":["args.amount"]}]}}}"#;
    let (store, config) = (InMemory::new([1; 16]), Config::load(policy).unwrap());
    let pairs = [(":method", "POST"), ("content-type", "application/json")];
    let call = RequestInfo::new(headers(&pairs), Ok(Grant::from_name("jwt:agent")));
    let request_of_agent = BoundRequest::new(&config, call);
    let pay = || engine::authorize(&config, &request_of_agent, PAY.as_bytes(), "gate", NOW, &store);
    let decide = || {
        let asked = pay().record.approval.unwrap().id;
        let list = answer(&console(), &request("GET", "/api/approvals", &[]), b"", NOW, &store);
        let path = format!("/api/approvals/{asked}");
        assert_eq!(
            answer(&console(), &request("POST", &path, &[]), br#"{"decision":"approve"}"#, NOW, &store).response.status,
            200
        );
        String::from_utf8(list.response.body.into_owned()).unwrap()
    };
    for used in [0_u32, 1] {
        let listed = decide();
        let expected = format!(
            r#""uses":[{{"counter":"paid","cost":100,"window":86400,"scope":"grant","max":30000,"used":{}}},{{"counter":"calls","cost":1,"window":3600,"algorithm":"sliding","scope":"global","used":{used}}},{{"counter":"each","cost":1,"window":60,"scope":"key","max":5,"used":{used}}}]"#,
            used * 100
        );
        assert!(listed.contains(&expected), "{listed}");
        assert!(matches!(pay().answer, Disposition::Forward(_)));
    }
}

#[test]
fn only_an_approver_on_the_consoles_own_page_and_host_decides() {
    let store = InMemory::new([1; 16]);
    let id = ask(&store);
    let path = format!("/api/approvals/{id}");
    let visit = |call: &RequestInfo, body: &str| answer(&console(), call, body.as_bytes(), NOW, &store);
    let approve = r#"{"decision":"approve"}"#;
    let from = |grant: &str| RequestInfo { grant: Ok(Grant::from_name(grant)), ..request("POST", &path, &[]) };
    let own = r#"{"error":"you cannot approve your own call; ask another approver"}"#;
    said(&visit(&from("jwt:agent"), approve), 403, own);
    let stranger = r#"{"error":"`address:127.0.0.1` is not an approver; ask the console's owner to add it to `console.approvers`"}"#;
    said(&visit(&from("address:127.0.0.1"), approve), 403, stranger);
    let unidentified = RequestInfo { grant: Err(IdentityError::NoIdentity), ..request("GET", "/api/counters", &[]) };
    said(&visit(&unidentified, ""), 401, r#"{"error":"not signed in: send an approver's token"}"#);
    let odd = IdentityError::Invalid("the header `authorization` has no bearer token".to_owned());
    let odd = RequestInfo { grant: Err(odd), ..request("GET", "/api/decisions", &[]) };
    let text = r#"{"error":"not signed in: the header `authorization` has no bearer token"}"#;
    said(&visit(&odd, ""), 401, text);
    let origin = r#"{"error":"the request's `Origin` is not the console's own; decide on its page"}"#;
    for other in
        ["", "null", "http://evil.example", "localhost:10001", "file://localhost:10001", "http://localhost.evil:10001"]
    {
        said(&visit(&request("POST", &path, &[("origin", other)]), approve), 403, origin);
    }
    let media = r#"{"error":"the decision's media type is not JSON; set `Content-Type: application/json`"}"#;
    for other in ["", "text/plain", "application/x-www-form-urlencoded", "text/plain;application/json"] {
        said(&visit(&request("POST", &path, &[("content-type", other)]), approve), 415, media);
    }
    let host = r#"{"error":"the request's `Host` is not one of the console's; add it to `console.hosts`"}"#;
    for other in ["", "evil.example", "localhost.evil:10001"] {
        for path in ["/", "/console.js", "/api/approvals", "/nothing"] {
            said(&visit(&request("GET", path, &[(":authority", other)]), ""), 421, host);
        }
        said(&visit(&request("POST", &path, &[(":authority", other)]), approve), 421, host);
    }
    // After all this the call is still pending.
    assert_eq!(visit(&request("POST", &path, &[]), approve).response.status, 200);
}

#[test]
fn a_malformed_decision_or_path_is_refused_with_its_reason() {
    let store = InMemory::new([1; 16]);
    let id = ask(&store);
    let visit = |method: &str, path: &str, body: &str| {
        let answered = answer(&console(), &request(method, path, &[]), body.as_bytes(), NOW, &store);
        (answered.response.status, String::from_utf8(answered.response.body.into_owned()).unwrap())
    };
    let path = format!("/api/approvals/{id}");
    let long = format!(r#"{{"decision":"approve","note":"{}"}}"#, "é".repeat(501));
    for (body, why) in [
        ("", "the text ends too early (byte 0)"),
        ("[]", "(top level): found a list, expected an object"),
        ("{}", "(top level): the key `decision` is missing"),
        (r#"{"decision":"yes"}"#, "/decision: found `yes`, expected `approve` or `reject`"),
        (r#"{"decision":"reject","decision":"approve"}"#, "/decision: the key is repeated; keep one"),
        (
            r#"{"decision":"approve","not":""}"#,
            "/not: unknown key `not` (did you mean `note`?); allowed: `decision` or `note`",
        ),
        (
            r#"{"decision":"approve","note":"a\nb"}"#,
            "/note: found the string `a\\u{a}b`, expected a text of up to 500 characters on one line",
        ),
    ] {
        let (status, text) = visit("POST", &path, body);
        assert_eq!(status, 400, "{body}");
        let expected = crate::json::quoted(&format!("the decision is malformed: {why}"));
        assert_eq!(text, format!("{{\"error\":{expected}}}"), "{body}");
    }
    assert_eq!(visit("POST", &path, &long).0, 400);
    for (method, path, status) in [
        ("GET", &*path, 405),
        ("OPTIONS", &*path, 405),
        ("POST", "/api/approvals", 405),
        ("DELETE", "/", 405),
        ("GET", "/nothing", 404),
        ("POST", "/api/approvals/", 404),
        ("POST", "/api/approvals/0123456789ABCDEF0123", 404),
        ("POST", "/api/approvals/0123456789abcdef0123", 404),
        ("GET", "/../api/approvals", 404),
        ("GET", "/api/approvals?after=1", 400),
        ("GET", "/api/counters?after=x.1", 400),
        ("GET", "/api/decisions?x=1&after=1.256", 400),
    ] {
        assert_eq!(visit(method, path, r#"{"decision":"approve"}"#).0, status, "{method} {path}");
    }
    assert_eq!(visit("GET", "/", "x").0, 400);
    assert_eq!(visit("GET", "/", "").0, 406);
}

#[test]
fn every_visitor_gets_the_page_with_strict_headers() {
    let store = InMemory::new([1; 16]);
    for (path, kind) in [
        ("/", "text/html; charset=utf-8"),
        ("/?x=1", "text/html; charset=utf-8"),
        ("/console.js", "text/javascript; charset=utf-8"),
        ("/console.css", "text/css; charset=utf-8"),
    ] {
        let call = RequestInfo {
            grant: Err(IdentityError::NoIdentity),
            ..request("GET", path, &[("accept-encoding", "gzip")])
        };
        let response = answer(&console(), &call, b"", NOW, &store).response;
        assert_eq!(response.status, 200, "{path}");
        let header = |name: &str| response.headers.iter().find(|(other, _)| *other == name).map(|(_, value)| &**value);
        assert_eq!(header("content-type"), Some(kind));
        let policy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
        assert_eq!(header("content-security-policy"), Some(policy));
        assert_eq!(header("x-content-type-options"), Some("nosniff"));
        assert_eq!(header("cache-control"), Some("no-store"));
        assert_eq!(header("access-control-allow-origin"), None);
        assert_eq!((header("content-encoding"), &response.body[..2]), (Some("gzip"), &[0x1f, 0x8b][..]));
    }
}

#[test]
fn an_approver_sees_counters_and_decisions() {
    let store = InMemory::new([1; 16]);
    let policy = br#"{"version":"1","default":"deny","tools":{"pay":{"rate_limit":"3/minute"}}}"#;
    let config = Config::load(policy).unwrap();
    let pairs = [(":method", "POST"), ("content-type", "application/json")];
    let call = RequestInfo::new(headers(&pairs), Ok(Grant::from_name("jwt:agent")));
    for _ in 0..2 {
        let judgement =
            engine::authorize(&config, &BoundRequest::new(&config, call.clone()), PAY.as_bytes(), "gate", NOW, &store);
        let Disposition::Forward(receipt) = judgement.answer else { panic!("{judgement:?}") };
        for charged in receipt.counters() {
            CounterInfos(&store).set(&CounterInfo::new("gate", "default", "jwt:agent", charged), NOW);
        }
    }
    let visit = |path: &str| answer(&console(), &request("GET", path, &[]), b"", NOW, &store);
    let counters = r#"{"now":"2026-01-01T00:00:42Z","counters":[{"filter":"gate","policy":"default","counter":"/tools/pay","scope":"grant","grant":"jwt:agent","window":60,"max":3,"used":2,"resetAt":"2026-01-01T00:01:00Z"}]}"#;
    said(&visit("/api/counters"), 200, counters);
    DecisionLog(&store).append(SlotBlock::NONE, r#"{"decision":"denied"}"#, NOW);
    let decisions =
        r#"{"now":"2026-01-01T00:00:42Z","decisions":[{"at":"2026-01-01T00:00:42Z","record":{"decision":"denied"}}]}"#;
    said(&visit("/api/decisions"), 200, decisions);
}

#[test]
fn only_a_client_that_reads_gzip_gets_it() {
    let store = InMemory::new([1; 16]);
    let visit =
        |accepted: &str| answer(&console(), &request("GET", "/", &[("accept-encoding", accepted)]), b"", NOW, &store);
    for accepted in ["gzip", "deflate, GZIP;q=0.5, br", "*", "br;q=1, *;q=0.1", "gzip; q=0.001"] {
        assert_eq!(visit(accepted).response.status, 200, "{accepted}");
    }
    let why = "The page is compressed: use a browser, or send `Accept-Encoding: gzip` (`curl --compressed`).\n";
    for accepted in ["", "identity", "gzip;q=0", "gzip; q=0.000, br", "x-gzip", "*;q=0"] {
        let refused = visit(accepted);
        said(&refused, 406, why);
        assert!(refused.response.headers.iter().all(|(name, _)| *name != "content-encoding"), "{accepted}");
    }
}
