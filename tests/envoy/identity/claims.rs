//! Rules on the claims of the token that Envoy's `jwt_authn` has checked, on what a caller did before, and lists that know the
//! caller.

use super::token::{KEY, PAYLOAD, filter, signed};
use crate::{
    answer::{assert_allowed, assert_denied, assert_limited},
    client::{Request, Response, call, message},
    gateway::{Gateway, Listener, json_text},
    runtime::run,
};
use hyper::body::Bytes;
use serde_json::{Value, json};

fn require(path: &str, op: &str, value: Value) -> Value {
    json!({ "require": [{ "conditions": [{ "path": path, "op": op, "value": value }] }] })
}

/// Listeners behind the filter for tokens, one whose callers a token names and one whose callers have the address.
fn listeners(tools: &Value) -> [Listener; 2] {
    let policy = json!({ "version": "1", "default": "deny", "tools": tools });
    let named =
        json!({ "policy": policy, "identity": [{ "jwt_claim": "sub", "payload": PAYLOAD }, { "address": true }] });
    let beside = json!({ "policy": policy, "identity": [{ "address": true }], "claims": PAYLOAD });
    [("named", named), ("beside", beside)].map(|(name, configuration)| {
        Listener::new(name, json_text(&configuration.to_string())).behind(filter()).access_log()
    })
}

/// The header with a token that holds these claims; none without.
fn authorization(claims: Option<Value>) -> Option<String> {
    claims.map(|claims| format!("Bearer {}", signed(KEY, claims)))
}

fn request(tool: &str, arguments: &Value, claims: Option<Value>) -> Request {
    let token = authorization(claims);
    let headers: Vec<_> = token.iter().map(|token| ("authorization", token.as_str())).collect();
    call(tool, arguments, "1", &headers)
}

async fn ask(gateway: &Gateway, listener: &str, tool: &str, claims: Option<Value>) -> Response {
    gateway.send(listener, &request(tool, &json!({}), claims)).await
}

#[test]
fn a_group_of_the_token_decides_and_no_answer_and_no_log_has_its_value() {
    run(async {
        let tools = json!({
            "refund": require("caller.claims.groups", "has_scope", json!("billing")),
            "deploy": require("caller.claims.act.sub", "eq", json!("ci")),
            "read": require("caller.claims.level", "gte", json!(3)),
            "url": require("caller.claims[\"https://x.test/roles\"][*]", "in", json!(["a", "b"])),
            "who": require("caller.authenticated", "eq", json!(true)),
        });
        let gateway = Gateway::start("claims-decide", &listeners(&tools)).await;
        let with = |claims: Value| {
            let mut claims = claims;
            claims["sub"] = json!("ann");
            Some(claims)
        };
        for listener in ["named", "beside"] {
            for (tool, claims, passes) in [
                ("refund", with(json!({ "groups": ["support", "billing"] })), true),
                ("refund", with(json!({ "groups": "support billing" })), true),
                ("refund", with(json!({ "groups": ["support"] })), false),
                ("refund", with(json!({ "groups": ["billing_all"] })), false),
                ("refund", with(json!({ "groups": 7 })), false),
                ("refund", with(json!({ "groups": { "billing": true } })), false),
                ("refund", with(json!({ "groups": null })), false),
                ("refund", with(json!({})), false),
                ("refund", None, false),
                ("deploy", with(json!({ "act": { "sub": "ci" } })), true),
                ("deploy", with(json!({ "act": { "sub": "eve", "act": { "sub": "ci" } } })), false),
                ("deploy", with(json!({ "act": "ci" })), false),
                ("read", with(json!({ "level": 3 })), true),
                ("read", with(json!({ "level": 3.5 })), true),
                ("read", with(json!({ "level": "3" })), false),
                ("read", with(json!({ "level": 9_007_199_254_740_994_u64 })), false),
                ("url", with(json!({ "https://x.test/roles": ["a", "b"] })), true),
                ("url", with(json!({ "https://x.test/roles": ["a", "c"] })), false),
                ("url", with(json!({ "https://x.test/roles": [] })), false),
            ] {
                let answer = ask(&gateway, listener, tool, claims.clone()).await;
                if passes {
                    assert_allowed(&answer);
                    continue;
                }
                let data = assert_denied(&answer, "1", tool, &format!("/tools/{tool}/require/0"));
                let reason = data["reason"].as_str().expect("a reason");
                assert!(reason.contains("caller.claims"), "{reason}");
                for secret in ["support", "billing", "\"eve\"", "\"ci\""] {
                    assert!(!answer.text().contains(secret), "{answer}");
                }
            }
        }
        assert_allowed(&ask(&gateway, "named", "who", with(json!({}))).await);
        assert_denied(&ask(&gateway, "named", "who", None).await, "1", "who", "/tools/who/require/0");
        // The caller is an address here, whatever the token says.
        assert_denied(&ask(&gateway, "beside", "who", with(json!({}))).await, "1", "who", "/tools/who/require/0");
        let refused = request("refund", &json!({}), with(json!({ "groups": ["a-secret-group"] })));
        gateway.send("named", &refused).await;
        let record = gateway.record(&refused).await;
        assert!(record.contains("/tools/refund/require/0") && !record.contains("a-secret-group"), "{record}");
        assert!(!gateway.log().contains("a-secret-group"), "no value is logged");
    });
}

#[test]
fn lists_differ_by_caller() {
    run(async {
        let tools = json!({
            "open": {},
            "refund": require("caller.claims.groups", "has_scope", json!("billing")),
            "guarded": { "deny_if": [{ "conditions": [{ "path": "caller.claims.groups", "op": "has_scope", "value": "guests" }] }] },
            // No hour satisfies it, but lists do not consider the time.
            "later": require("now.date", "eq", json!("2020-01-01")),
        });
        let gateway = Gateway::start("claims-lists", &listeners(&tools)).await;
        let body = |names: &[&str]| {
            let tools: Vec<Value> = names.iter().map(|name| json!({ "name": name })).collect();
            json!({ "jsonrpc": "2.0", "id": 7, "result": { "tools": tools } }).to_string()
        };
        let everything = body(&["open", "refund", "guarded", "later", "other"]);
        for (claims, shown) in [
            (Some(json!({ "sub": "a", "groups": ["billing"] })), &["open", "refund", "guarded", "later"][..]),
            (Some(json!({ "sub": "b", "groups": ["guests"] })), &["open", "later"]),
            (Some(json!({ "sub": "b", "groups": ["guests", "billing"] })), &["open", "refund", "later"]),
            (Some(json!({ "sub": "c" })), &["open", "guarded", "later"]),
            (Some(json!({ "sub": "d", "groups": 5 })), &["open", "later"]),
            (None, &["open", "guarded", "later"]),
        ] {
            let list = message(r#"{"jsonrpc":"2.0","id":7,"method":"tools/list"}"#);
            let list = match authorization(claims.clone()) {
                Some(token) => list.header("authorization", &token),
                None => list,
            };
            let mut script = gateway.upstream().script(&list, 200, &[("content-type", "application/json")]);
            let sent = everything.clone();
            tokio::spawn(async move { script.send_data(Bytes::from(sent)).await });
            let answer = gateway.send("named", &list).await;
            assert_eq!(answer.text(), body(shown), "{claims:?}");
        }
    });
}

#[test]
fn what_a_caller_did_before_decides_and_a_key_counts_by_itself() {
    run(async {
        let window = crate::clock::long_window();
        let tools = json!({
            "read": { "limits": [{ "counter": "private", "window": window, "scope": "grant", "algorithm": "sliding" }] },
            "send": { "deny_if": [{ "conditions": [{ "counter": "private", "op": "gt", "value": 0 }] }] },
            "push": { "limits": [{ "counter": "pushes", "window": window, "max": 1, "scope": "grant", "key": ["args.repo"] }] },
        });
        let gateway = Gateway::start("claims-history", &listeners(&tools)).await;
        let ann = || Some(json!({ "sub": "ann" }));
        assert_allowed(&ask(&gateway, "named", "send", ann()).await);
        assert_allowed(&ask(&gateway, "named", "read", ann()).await);
        // Whichever worker decides.
        for _ in 0..8 {
            assert_denied(&ask(&gateway, "named", "send", ann()).await, "1", "send", "/tools/send/deny_if/0");
        }
        assert_allowed(&ask(&gateway, "named", "send", Some(json!({ "sub": "bob" }))).await);
        for repo in ["a", "b"] {
            let push = || request("push", &json!({ "repo": repo }), ann());
            assert_allowed(&gateway.send("named", &push()).await);
            let data = assert_limited(&gateway.send("named", &push()).await, "1", "push", "/tools/push/limits/0");
            assert_eq!([&data["limit"]["cost"], &data["limit"]["remaining"]], [1, 0]);
        }
    });
}
