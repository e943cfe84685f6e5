//! A console whose approvals etcd keeps.

use std::sync::Arc;

use super::{Console, Grant, InMemory, LoadedConfig, NOW, Timestamp, request, said};
use crate::{
    approval::{
        ApprovalDetails, ApprovalKey, GrantDigest,
        etcd::{CallApproval, Outcome, Query, tests::model::Etcd},
    },
    console::{ConsoleResponse, QueryResults, answer_with},
    engine::RequestInfo,
};

fn prefix() -> Arc<str> {
    "mcp-policy/".into()
}

fn console() -> Console {
    let text = br#"{"console":{"approvers":["jwt:boss","jwt:agent"],"identity":[{"jwt_claim":"sub","payload":"p"}],"store":{"etcd":{"cluster":"etcd"}}}}"#;
    match LoadedConfig::load(text) {
        Ok(LoadedConfig::Console(console)) => console,
        other => panic!("{other:?}"),
    }
}

/// Answers a request with what etcd answers, if there is one; returns what etcd was asked.
fn visit(
    etcd: &mut Option<Etcd>,
    call: &RequestInfo,
    body: &str,
    now: Timestamp,
) -> (ConsoleResponse, Vec<&'static str>) {
    let (mut results, mut asked, store) = (QueryResults::default(), Vec::new(), InMemory::new([1; 16]));
    loop {
        let query = match answer_with(&console(), call, body.as_bytes(), now, &store, &results) {
            Ok(response) => return (response, asked),
            Err(query) => query,
        };
        asked.push(match &query {
            Query::List => "list",
            Query::Details(_) => "details",
            Query::Decide(_) => "decide",
        });
        let rpc = query.rpc(&prefix());
        let response = etcd.as_mut().and_then(|etcd| etcd.answer(rpc.method.names(), &rpc.message).ok());
        results.record(query.read(response.as_deref()));
    }
}

/// Requests an approval of a call with these parameters, and returns its id.
fn ask(etcd: &mut Option<Etcd>, grant: &str, params: &str, now: Timestamp) -> String {
    let key = ApprovalKey {
        filter: "gate",
        policy: "default",
        config: "c",
        rule: "/tools/pay/action",
        route: "",
        cluster: "",
        grant: GrantDigest::of(&Grant::from_name(grant)),
        method: "tools/call",
        name: "pay",
        params: params.as_bytes(),
    };
    let details = ApprovalDetails { key, caller: grant, reason: "It is much.", uses: "", approver: "", note: "" };
    let fingerprint = key.fingerprint().expect("short parameters");
    let mut steps = CallApproval::new(&prefix(), &details, fingerprint, 600, true);
    loop {
        let rpc = steps.rpc();
        let response = etcd.as_mut().and_then(|etcd| etcd.answer(rpc.method.names(), &rpc.message).ok());
        match steps.record(response.as_deref(), now) {
            Some(Outcome::Pending(requested)) => return requested.approval().id_text(),
            Some(other) => panic!("{other:?}"),
            None => {}
        }
    }
}

const PARAMS: &str = r#"{"name":"pay","arguments":{"amount":1e2}}"#;

fn list() -> RequestInfo {
    request("GET", "/api/approvals", &[])
}

#[test]
fn an_approver_sees_a_pending_call_and_decides_on_it_once() {
    let mut etcd = Some(Etcd::default());
    let id = ask(&mut etcd, "jwt:agent", PARAMS, NOW);
    let item = |state: &str, more: &str| {
        format!(
            r#"{{"id":"{id}","state":"{state}","rule":"/tools/pay/action","policy":"default","config":"c","grant":"jwt:agent","method":"tools/call","tool":"pay","filter":"gate","params":"{{\"name\":\"pay\",\"arguments\":{{\"amount\":1e2}}}}","reason":"It is much.","yours":false{more},"askedAt":"2026-01-01T00:00:42Z","expiresAt":"2026-01-01T00:10:42Z"}}"#
        )
    };
    let (listed, asked) = visit(&mut etcd, &list(), "", NOW);
    let page = |pending: usize, item: &str| {
        format!(
            r#"{{"now":"2026-01-01T00:00:42Z","you":"jwt:boss","pending":{pending},"store":"etcd","approvals":[{item}]}}"#
        )
    };
    said(&listed, 200, &page(1, &item("pending", "")));
    assert_eq!(asked, ["list", "details"]);
    let path = format!("/api/approvals/{id}");
    let decision = r#"{"decision":"approve","note":"as agreed"}"#;
    let (decided, asked) = visit(&mut etcd, &request("POST", &path, &[]), decision, NOW);
    let signed = item("approved", r#","approver":"jwt:boss","note":"as agreed""#);
    said(&decided, 200, &signed);
    assert_eq!(asked, ["list", "details", "decide"]);
    let record = decided.record.expect("a record");
    let expected = format!(r#""approval":{{"id":"{id}","approver":"jwt:boss","note":"as agreed","store":"etcd"}}"#);
    assert!(record.starts_with(r#"{"decision":"approved","#) && record.contains(&expected), "{record}");
    said(&visit(&mut etcd, &list(), "", NOW).0, 200, &page(0, &signed));
    let (late, _) = visit(&mut etcd, &request("POST", &path, &[]), r#"{"decision":"reject","note":"no"}"#, NOW);
    said(&late, 409, r#"{"error":"an approver has already decided on this call; the list says who"}"#);
    let (unknown, asked) =
        visit(&mut etcd, &request("POST", "/api/approvals/00ff0102030405060708", &[]), decision, NOW);
    said(&unknown, 404, r#"{"error":"no such approval is pending; it has expired, or its call was made"}"#);
    assert_eq!(asked, ["list"]);
}

#[test]
fn no_approver_decides_an_own_request() {
    let mut etcd = Some(Etcd::default());
    let path = format!("/api/approvals/{}", ask(&mut etcd, "jwt:agent", PARAMS, NOW));
    let own = RequestInfo { grant: Ok(Grant::from_name("jwt:agent")), ..request("POST", &path, &[]) };
    let (refused, asked) = visit(&mut etcd, &own, r#"{"decision":"approve"}"#, NOW);
    said(&refused, 403, r#"{"error":"you cannot approve your own call; ask another approver"}"#);
    assert_eq!(asked, ["list", "details"]);
}

#[test]
fn an_etcd_that_does_not_answer_is_named() {
    let why = r#"{"error":"etcd, which keeps the approvals, gave no usable answer; try again later"}"#;
    let decision = request("POST", "/api/approvals/00ff0102030405060708", &[]);
    for (call, body) in [(list(), ""), (decision, r#"{"decision":"approve"}"#)] {
        let (failed, asked) = visit(&mut None, &call, body, NOW);
        said(&failed, 503, why);
        assert_eq!(asked, ["list"]);
    }
    let (counters, asked) = visit(&mut None, &request("GET", "/api/counters", &[]), "", NOW);
    assert_eq!((counters.response.status, asked.len()), (200, 0), "counters are this Envoy's");
}

#[test]
fn a_list_that_has_not_changed_reads_no_details() {
    let mut etcd = Some(Etcd::default());
    ask(&mut etcd, "jwt:agent", PARAMS, NOW);
    let (first, _) = visit(&mut etcd, &list(), "", NOW);
    let tag = first.response.headers.iter().find(|(name, _)| *name == "etag").expect("a version").1.clone();
    let (again, asked) = visit(&mut etcd, &request("GET", "/api/approvals", &[("if-none-match", &tag)]), "", NOW);
    assert_eq!((again.response.status, asked), (304, vec!["list"]));
}

#[test]
fn pages_show_each_approval_once_in_the_order_of_the_requests() {
    let mut etcd = Some(Etcd::default());
    let long = |n: usize| format!(r#"{{"name":"pay","arguments":{{"n":{n},"text":"{}"}}}}"#, "x".repeat(14_000));
    let mut ids = Vec::new();
    for n in 0..20 {
        // Several in each second.
        let at = Timestamp(NOW.0 + 300 * n);
        ids.push(ask(&mut etcd, &format!("jwt:{n}"), &long(usize::try_from(n).expect("few")), at));
    }
    let (mut path, mut shown, mut pages) = ("/api/approvals".to_owned(), Vec::new(), 0);
    loop {
        let (page, _) = visit(&mut etcd, &request("GET", &path, &[]), "", Timestamp(NOW.0 + 9000));
        let page: serde_json::Value = serde_json::from_slice(&page.response.body).expect("JSON");
        let items = page["approvals"].as_array().expect("a list");
        shown.extend(items.iter().map(|item| item["id"].as_str().expect("an id").to_owned()));
        pages += 1;
        match page["next"].as_str() {
            Some(next) => path = format!("/api/approvals?after={next}"),
            None => break,
        }
    }
    assert_eq!(pages, 4, "five long calls a page");
    let (mut expected, mut found) = (ids, shown.clone());
    expected.sort();
    found.sort();
    assert_eq!(found, expected);
}
