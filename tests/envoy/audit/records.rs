//! The record of each request that was judged.

use super::{listener, record_of};
use crate::{
    client::{Body, Request, call, message},
    gateway::{Gateway, Listener, json_text},
    runtime::run,
};
use serde_json::{Value, json};

#[test]
fn each_request_leaves_who_what_and_by_which_rule() {
    run(async {
        let gateway = Gateway::start("audit-records", &[listener("mcp", &json!({}))]).await;
        let tool = |name: &str| call(name, &json!({ "b": 1, "a": "x" }), "1", &[]);
        let called = |name: &str| json!({ "method": "tools/call", "tool": name, "arguments": ["a", "b"] });
        let shadow = json!({ "decision": "denied", "rule": "/tools/soon/deny_if/0" });
        let why = "the body is not strict JSON: ";
        for (request, decision, rest) in [
            (tool("ok"), "allowed", called("ok")),
            (tool("no"), "denied", merged(called("no"), json!({ "rule": "/tools/no/deny_if/0" }))),
            (tool("once"), "allowed", merged(called("once"), json!({ "remaining": { "c": 0 } }))),
            (tool("once"), "rate_limited", merged(called("once"), json!({ "rule": "/tools/once/limits/0" }))),
            (tool("soon"), "allowed", merged(called("soon"), json!({ "shadow": shadow }))),
            (
                message(r#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#),
                "allowed",
                json!({ "method": "tools/list" }),
            ),
            (message("{"), "refused", json!({ "reason": "unreadable", "why": why })),
        ] {
            let mut record = record_of(&gateway, "mcp", &request).await;
            assert_eq!(record["requestId"].take().as_str().map(str::len), Some(36), "{record}");
            assert_eq!(record["config"].take().as_str().map(str::len), Some(16), "{record}");
            if record["why"].as_str().is_some_and(|text| text.starts_with(why)) {
                record["why"] = why.into();
            }
            let common = json!({
                "decision": decision, "policy": "default", "grant": "address:127.0.0.1", "requestId": null, "config": null,
            });
            assert_eq!(record, merged(common, rest));
        }
    });
}

/// Two objects as one.
fn merged(mut one: Value, other: Value) -> Value {
    if let (Some(one), Value::Object(other)) = (one.as_object_mut(), other) {
        one.extend(other);
    }
    one
}

#[test]
fn each_local_reply_has_response_code_details_that_name_the_decision() {
    run(async {
        let approved = json!({ "policy": { "version": "1", "default": "allow", "tools": {
            "no": { "action": "deny" },
            "once": { "rate_limit": "1/day" },
            "asked": { "require_approval": [{ "conditions": [] }] },
        } } });
        let listener = Listener::new("mcp", json_text(&approved.to_string())).access_log();
        let gateway = Gateway::start("audit-details", &[listener]).await;
        let tool = |name: &str| call(name, &json!({}), "1", &[]);
        for (request, details) in [
            (tool("ok"), "via_upstream"),
            (tool("no"), "mcp_policy_denied"),
            (tool("once"), "via_upstream"),
            (tool("once"), "mcp_policy_rate_limited"),
            (tool("asked"), "mcp_policy_approval_required"),
            (message("{"), "mcp_policy_refused"),
        ] {
            gateway.send("mcp", &request).await;
            assert_eq!(gateway.response_code_details(&request).await, details, "{request:?}");
        }
    });
}

#[test]
fn a_request_without_a_message_leaves_a_record_too() {
    run(async {
        let gateway = Gateway::start("audit-get", &[listener("mcp", &json!({}))]).await;
        let request = Request::new("GET", "/mcp").header("accept", "text/event-stream");
        let mut record = record_of(&gateway, "mcp", &request).await;
        for varies in ["requestId", "config"] {
            record[varies].take();
        }
        let expected = json!({
            "decision": "allowed", "policy": "default", "grant": "address:127.0.0.1", "method": "(GET)",
            "requestId": null, "config": null,
        });
        assert_eq!(record, expected);
    });
}

#[test]
fn a_record_has_at_most_4096_bytes_whatever_a_caller_sends() {
    run(async {
        let values = json!({ "audit": { "arguments": "values" } });
        let gateway = Gateway::start("audit-size", &[listener("mcp", &json!({})), listener("values", &values)]).await;
        let quotes = "\"\\".repeat(128);
        let many: Value = (0..200).map(|n| (format!("{n}{}", "\"🦀".repeat(40)), json!("\"".repeat(100)))).collect();
        let one: Value = [("x".repeat(100_000), json!("y"))].into_iter().collect();
        let long_header = "\"".repeat(5000);
        let hostile = [
            call(&quotes, &many, "1", &[]),
            call(&"🦀".repeat(64), &one, "1", &[]),
            call("no", &many, &format!("\"{}\"", "i".repeat(5000)), &[("x-request-id", &long_header)]),
            call(&"\"".repeat(300), &many, "1", &[]),
            message(format!(r#"{{"jsonrpc":"2.0","id":1,"method":"{}"}}"#, "\\\"".repeat(3000))),
            message("[".repeat(5000)),
            message(r#"{"jsonrpc":"2.0","id":1,"method":"x"}"#).header("content-encoding", &long_header),
            Request::new("PUT", &format!("/{}", "'".repeat(5000))).body(Body::sized("x")),
        ];
        for listener in ["mcp", "values"] {
            for request in &hostile {
                let request = Request { case: Request::new("", "").case, ..request.clone() };
                let answer = gateway.send(listener, &request).await;
                let record = gateway.record(&request).await;
                assert!(record.len() <= 4096, "{} bytes", record.len());
                // Envoy itself refuses some of them.
                if answer.text().contains("jsonrpc") || answer.is_upstreams() {
                    let record: Value = serde_json::from_str(&record).unwrap_or_else(|none| panic!("{none}: {record}"));
                    assert!(record["decision"].is_string());
                    assert!(record["arguments"].as_array().is_none_or(|names| names.len() <= 32));
                }
            }
        }
    });
}
