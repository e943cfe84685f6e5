//! The console in a real Envoy: who comes in, and what they see.

use super::{TOKEN, assert_waits, decide, listed, office, pay, visit};
use crate::{
    client::{self, Body, Request, VERSIONS, call},
    forwarding::MODES,
    runtime::{run, until},
};
use serde_json::{Value, json};

#[test]
fn the_console_shows_what_waits_what_counts_and_what_was_decided() {
    run(async {
        let gateway = office("console-shows").await;
        let hostile = "<img src=x onerror=alert(1)>\u{202e}\u{200b}";
        let arguments = json!({ "amount": 101, "to": hostile });
        let id = assert_waits(&gateway.send("hold", &call("pay", &arguments, "7", &[("x-agent", "alice")])).await);
        gateway.send("hold", &pay("alice", 5)).await;
        gateway.send("hold", &call("drop_table", &json!({}), "7", &[("x-agent", "alice")])).await;
        let [question] = <[Value; 1]>::try_from(listed(&gateway, "approvals").await).expect("one question");
        assert_eq!(question["id"], id);
        assert_eq!(question["state"], "pending");
        assert_eq!(question["grant"], "header:alice");
        assert_eq!(question["tool"], "pay");
        assert_eq!(question["yours"], false);
        let params: Value = serde_json::from_str(question["params"].as_str().expect("a text")).expect("JSON");
        assert_eq!(params, json!({ "name": "pay", "arguments": arguments }));
        let [counter] = <[Value; 1]>::try_from(listed(&gateway, "counters").await).expect("one counter");
        assert_eq!(
            (&counter["counter"], &counter["used"], &counter["max"]),
            (&json!("payments"), &json!(1), &json!(3))
        );
        assert_eq!(decide(&gateway, &id, "approve").await.status, 200);
        // A refusal right after another one is shown a quarter second later.
        let decisions = until("three decisions", || async {
            Some(listed(&gateway, "decisions").await).filter(|decisions| decisions.len() == 3)
        });
        let decisions = decisions.await;
        let mut kinds: Vec<&Value> = decisions.iter().map(|decision| &decision["record"]["decision"]).collect();
        kinds.sort_by_key(|kind| kind.to_string());
        assert_eq!(kinds, ["approval_required", "approved", "denied"]);
        let approved = decisions.iter().find(|decision| decision["record"]["decision"] == "approved");
        let record = &approved.expect("the approval")["record"];
        assert_eq!(record["approval"]["id"], id, "{record}");
        assert_eq!(record["approval"]["note"], "as agreed", "{record}");
        assert_eq!(record["grant"], "header:alice", "{record}");
    });
}

#[test]
fn the_persons_decision_is_in_the_audit_record_and_in_the_log() {
    run(async {
        let gateway = office("console-audit").await;
        let id = assert_waits(&gateway.send("hold", &pay("alice", 250)).await);
        let body = json!({ "decision": "reject", "note": "no \"budget\"" }).to_string();
        let request = visit(&gateway, "POST", &format!("/api/approvals/{id}")).body(Body::sized(body));
        assert_eq!(gateway.send("console", &request).await.status, 200);
        let record = gateway.record(&request).await;
        let value: Value = serde_json::from_str(&record).expect("a record");
        assert_eq!(value["decision"], "rejected");
        let who = value["approval"]["approver"].as_str().expect("an approver");
        assert!(who.starts_with("bearer:") && who.len() == "bearer:".len() + 16, "{who}");
        assert_eq!(value["approval"]["note"], "no \"budget\"");
        until("the log has it", || async { gateway.log().contains(&record).then_some(()) }).await;
        assert!(!gateway.log().contains(TOKEN));
    });
}

#[test]
fn requests_of_other_callers_hosts_and_pages_are_refused() {
    run(async {
        let gateway = office("console-strangers").await;
        let id = assert_waits(&gateway.send("hold", &pay("alice", 250)).await);
        let path = format!("/api/approvals/{id}");
        let approve = || visit(&gateway, "POST", &path).body(Body::sized(r#"{"decision":"approve"}"#));
        let without = |name: &str| {
            let mut request = approve();
            request.headers.retain(|(header, _)| header != name);
            request
        };
        let requests = [
            (401, without("authorization")),
            (403, without("authorization").header("authorization", "Bearer another-token")),
            (401, approve().header("authorization", &format!("Bearer {TOKEN}"))),
            (403, without("origin")),
            (403, without("origin").header("origin", "null")),
            (403, without("origin").header("origin", "http://evil.example")),
            (403, approve().header("origin", "http://evil.example")),
            (415, without("content-type").header("content-type", "text/plain")),
            (415, without("content-type").header("content-type", "application/x-www-form-urlencoded")),
            (421, approve().host("evil.example")),
            (421, approve().host("evil.example:10001")),
            (413, approve().body(Body::sized(vec![b' '; 9000]))),
            (413, approve().body(Body::chunked(&[b' '; 9000], 100))),
            (400, approve().body(Body::sized("{}"))),
            (405, visit(&gateway, "PUT", &path)),
            (405, visit(&gateway, "OPTIONS", "/api/approvals").header("access-control-request-method", "POST")),
        ];
        for (status, request) in requests {
            for version in VERSIONS {
                let answer = client::try_send_over(version, gateway.at("console"), &request).await;
                let answer = answer.unwrap_or_else(|none| panic!("{none}"));
                assert_eq!(answer.status, status, "{request:?}: {answer}");
                assert_eq!(answer.header("access-control-allow-origin"), None, "{answer}");
                if request.method != "PUT" || !answer.body.is_empty() {
                    assert!(answer.json()["error"].is_string(), "{answer}");
                }
            }
        }
        for path in ["/", "/console.js", "/console.css", "/api/approvals", "/api/counters", "/api/decisions"] {
            let answer = gateway.send("console", &Request::new("GET", path).host("rebound.example")).await;
            assert_eq!(answer.status, 421, "{path}: {answer}");
        }
        for path in ["/api/approvals", "/api/counters", "/api/decisions"] {
            let host = gateway.at("console").to_string();
            let answer = gateway.send("console", &Request::new("GET", path).host(&host)).await;
            assert_eq!(answer.status, 401, "{path}: {answer}");
        }
        let chunked = approve().body(Body::chunked(br#"{"decision":"approve"}"#, 1).with_trailer("x", "y"));
        let answer = gateway.send("console", &chunked).await;
        assert_eq!(answer.status, 200, "after all this the question still waits: {answer}");
    });
}

#[test]
fn a_list_that_has_not_changed_is_answered_with_304() {
    run(async {
        let gateway = office("console-unchanged").await;
        assert_waits(&gateway.send("hold", &pay("alice", 250)).await);
        for version in VERSIONS {
            for name in ["approvals", "counters", "decisions"] {
                let list = visit(&gateway, "GET", &format!("/api/{name}"));
                let send = |request| client::try_send_over(version, gateway.at("console"), request);
                let first = send(&list).await.unwrap_or_else(|none| panic!("{none}"));
                let tag = first.header("etag").expect("a version").to_owned();
                let again = send(&list.clone().header("if-none-match", &tag)).await;
                let again = again.unwrap_or_else(|none| panic!("{none}"));
                assert_eq!((again.status, again.body.len()), (304, 0), "{name}: {again}");
                assert_eq!(again.header("etag"), Some(&*tag), "{name}: {again}");
            }
        }
    });
}

#[test]
fn the_page_comes_with_what_keeps_browsers_strict() {
    run(async {
        let gateway = office("console-page").await;
        let host = gateway.at("console").to_string();
        for (path, kind) in [("/", "text/html"), ("/console.js", "text/javascript"), ("/console.css", "text/css")] {
            let answer = gateway.send("console", &Request::new("GET", path).host(&host)).await;
            assert_eq!(
                (answer.status, answer.header("content-encoding")),
                (406, None),
                "no client asked for gzip: {answer}"
            );
            let request = Request::new("GET", path).host(&host).header("accept-encoding", "gzip, br");
            let answer = gateway.send("console", &request).await;
            assert_eq!(answer.status, 200, "{answer}");
            assert_eq!(answer.header("content-type"), Some(&*format!("{kind}; charset=utf-8")));
            assert_eq!(answer.header("content-encoding"), Some("gzip"));
            let policy = answer.header("content-security-policy").expect("a policy");
            for part in ["default-src 'none'", "frame-ancestors 'none'", "form-action 'none'", "base-uri 'none'"] {
                assert!(policy.contains(part), "{policy}");
            }
            assert!(!policy.contains("unsafe"), "{policy}");
            assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        }
        for mode in MODES {
            let answer = gateway.send(mode, &Request::new("GET", "/api/approvals").header("x-agent", "alice")).await;
            assert!(answer.is_upstreams(), "a gateway has no console: {answer}");
        }
    });
}
