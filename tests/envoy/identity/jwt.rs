//! Callers by a claim of the token that Envoy's `jwt_authn` has checked.

use super::{
    forgeries,
    token::{KEY, PAYLOAD, filter, signed, unsigned},
    twice,
};
use crate::{
    answer::{assert_allowed, assert_denied, assert_denied_by, assert_limited_by},
    client::{Response, call},
    gateway::{Gateway, Listener, json_text},
    runtime::run,
};
use serde_json::{Value, json};

/// A listener behind the filter for tokens.
fn listener(configuration: &Value) -> Listener {
    Listener::new("mcp", json_text(&configuration.to_string())).behind(filter()).access_log()
}

/// Alice may call `paint`, others with a token `read`; callers without a token nothing.
fn by_subject(sources_besides: &[Value]) -> Value {
    let identity = [&[json!({ "jwt_claim": "sub", "payload": PAYLOAD })], sources_besides].concat();
    json!({
        "policies": { "painters": twice("paint"), "readers": twice("read") },
        "bindings": [{ "grant": "jwt:alice", "policy": "painters" }, { "grant": "jwt:*", "policy": "readers" }],
        "identity": identity,
    })
}

/// Calls a tool with these headers.
async fn ask(gateway: &Gateway, tool: &str, headers: &[(&str, &str)]) -> Response {
    gateway.send("mcp", &call(tool, &json!({}), "1", headers)).await
}

/// Calls a tool with a token that holds these claims.
async fn ask_as(gateway: &Gateway, tool: &str, claims: Value) -> Response {
    let token = format!("Bearer {}", signed(KEY, claims));
    ask(gateway, tool, &[("authorization", &token)]).await
}

#[test]
fn subjects_have_policies_and_counts_of_their_own() {
    run(async {
        let gateway = Gateway::start("jwt-subjects", &[listener(&by_subject(&[]))]).await;
        let subject = |name: &str| json!({ "sub": name });
        for (name, tool, other, policy) in [
            ("alice", "paint", "read", "painters"),
            ("bob", "read", "paint", "readers"),
            ("eve", "read", "paint", "readers"),
        ] {
            assert_denied_by(policy, &ask_as(&gateway, other, subject(name)).await, "1", other, "(default deny)");
            for _ in 0..2 {
                assert_allowed(&ask_as(&gateway, tool, subject(name)).await);
            }
            let rule = format!("/tools/{tool}/limits/0");
            assert_limited_by(policy, &ask_as(&gateway, tool, subject(name)).await, "1", tool, &rule);
        }
        let request = call("paint", &json!({}), "1", &[])
            .header("authorization", &format!("Bearer {}", signed(KEY, subject("alice"))));
        gateway.send("mcp", &request).await;
        let record: Value = serde_json::from_str(&gateway.record(&request).await).expect("a record");
        assert_eq!([&record["grant"], &record["policy"]], ["jwt:alice", "painters"]);
    });
}

#[test]
fn a_claim_that_is_missing_or_null_leaves_it_to_the_next_source() {
    run(async {
        let configuration = json!({
            "policy": twice("t"),
            "identity": [{ "jwt_claim": "team", "payload": PAYLOAD }, { "address": true }],
        });
        let gateway = Gateway::start("jwt-claims", &[listener(&configuration)]).await;
        for (claims, grant) in [
            (json!({ "sub": "a", "team": "red" }), "jwt:red"),
            (json!({ "sub": "a" }), "address:127.0.0.1"),
            (json!({ "sub": "a", "team": null }), "address:127.0.0.1"),
        ] {
            let token = format!("Bearer {}", signed(KEY, claims));
            let request = call("t", &json!({}), "1", &[("authorization", &token)]);
            assert_allowed(&gateway.send("mcp", &request).await);
            let record: Value = serde_json::from_str(&gateway.record(&request).await).expect("a record");
            assert_eq!(record["grant"], grant);
        }
    });
}

#[test]
fn a_claim_inside_others_is_named_by_the_names_that_lead_to_it() {
    run(async {
        let configuration = json!({
            "policy": twice("t"),
            "identity": [{ "jwt_claim": ["user", "email"], "payload": PAYLOAD }, { "address": true }],
        });
        let gateway = Gateway::start("jwt-nested", &[listener(&configuration)]).await;
        for (claims, grant) in [
            (json!({ "user": { "email": "a@example.com", "id": 7 }, "email": "eve" }), "jwt:a@example.com"),
            (json!({ "user": { "id": 7 }, "user.email": "eve" }), "address:127.0.0.1"),
        ] {
            let token = format!("Bearer {}", signed(KEY, claims));
            let request = call("t", &json!({}), "1", &[("authorization", &token)]);
            assert_allowed(&gateway.send("mcp", &request).await);
            let record: Value = serde_json::from_str(&gateway.record(&request).await).expect("a record");
            assert_eq!(record["grant"], grant);
        }
        let answer = ask_as(&gateway, "t", json!({ "user": "a@example.com" })).await;
        let data = assert_denied(&answer, "1", "t", "(no identity)");
        assert_eq!(
            data["reason"],
            "the gateway cannot identify the caller: `user` in the claim `user.email` is not an object"
        );
    });
}

#[test]
fn a_claim_that_is_not_a_string_identifies_no_caller() {
    run(async {
        let configuration = json!({
            "policy": { "version": "1", "default": "allow" },
            "identity": [{ "jwt_claim": "team", "payload": PAYLOAD }, { "address": true }],
        });
        let gateway = Gateway::start("jwt-odd-claims", &[listener(&configuration)]).await;
        let no_text = "the claim `team` is not a string";
        for (team, why) in [
            (json!(7), no_text),
            // Its eight bytes are letters: without its type it would pass for the text `AAAAAAAA`.
            (json!(f64::from_le_bytes(*b"AAAAAAAA")), no_text),
            (json!(["red"]), no_text),
            (json!({ "name": "red" }), no_text),
            (json!(true), no_text),
            (json!(""), "the claim `team` has no readable name"),
        ] {
            let answer = ask_as(&gateway, "t", json!({ "sub": "a", "team": team })).await;
            let data = assert_denied(&answer, "1", "t", "(no identity)");
            assert_eq!(data["reason"], format!("the gateway cannot identify the caller: {why}"));
        }
        // Without a token the next source tells, so it was the claim.
        assert_allowed(&ask(&gateway, "t", &[]).await);
    });
}

#[test]
fn no_header_makes_a_caller_a_subject() {
    run(async {
        let header = json!({ "header": "x-agent-id" });
        let configuration = by_subject(&[header, json!({ "address": true })]);
        let gateway = Gateway::start("jwt-forged", &[listener(&configuration)]).await;
        for (name, value) in forgeries("jwt:alice") {
            let answer = ask(&gateway, "paint", &[(name, &value)]).await;
            let error = &answer.json()["error"];
            assert_eq!(
                [&error["code"], &error["data"]["rule"]],
                [&json!(-31403), &json!("(no policy)")],
                "{name}: {answer}"
            );
        }
        for (name, value) in forgeries("jwt:alice") {
            let token = format!("Bearer {}", signed(KEY, json!({ "sub": "bob" })));
            let answer = ask(&gateway, "paint", &[("authorization", &token), (name, &value)]).await;
            assert_denied_by("readers", &answer, "1", "paint", "(default deny)");
        }
        let alice = json!({ "sub": "alice" });
        for token in [unsigned(alice.clone()), signed(b"another key", alice)] {
            let answer = ask(&gateway, "paint", &[("authorization", &format!("Bearer {token}"))]).await;
            assert_eq!((answer.status, answer.is_upstreams()), (401, false), "{answer}");
        }
        assert!(
            gateway.metrics().await.keys().all(|name| !name.contains("painters")),
            "no caller was identified as alice"
        );
    });
}
