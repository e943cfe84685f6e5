//! Callers by the bearer tokens that the configuration lists.

use super::twice;
use crate::{
    answer::{assert_allowed, assert_denied_by, assert_limited_by},
    client::{Request, call, send},
    gateway::{Gateway, Listener, json_text},
    runtime::{run, until},
};
use serde_json::{Value, json};

/// Tokens whose SHA-256 the configuration lists.
const CI: &str = "mcpg_ci";
const ALICE: &str = "mcpg_alice";
const EXPIRED: &str = "mcpg_expired";

/// CI may call `build`, Alice `read`, each twice a day.
fn listener(tokens: &Value) -> Listener {
    let configuration = json!({
        "policies": { "builders": twice("build"), "readers": twice("read") },
        "bindings": [{ "grant": "token:ci-*", "policy": "builders" }, { "policy": "readers" }],
        "identity": [{ "tokens": tokens }],
    });
    Listener::new("mcp", json_text(&configuration.to_string())).access_log()
}

fn tokens() -> Value {
    json!({
        "ci-main": { "sha256": "14ac565e61a9ee0db14ba09046c1da5dd90294556bca21b3ac5ace01fd1d420e" },
        "alice-laptop": { "sha256": "ec9c9743bbae365d09de4ebc299aede907aa46b80dd9435c9617ea816cea4318" },
        "old": { "sha256": "5f1e1e9fae36c3608f3268f943930d58f8ee29a6462c4487fc72f65536cd46e1", "expires": "2026-01-01" },
    })
}

fn with_token(tool: &str, token: &str) -> Request {
    call(tool, &json!({}), "1", &[("authorization", &format!("Bearer {token}"))])
}

#[test]
fn tokens_have_policies_and_counts_of_their_own() {
    run(async {
        let gateway = Gateway::start("tokens", &[listener(&tokens())]).await;
        for (token, tool, other, policy) in [(CI, "build", "read", "builders"), (ALICE, "read", "build", "readers")] {
            let answer = gateway.send("mcp", &with_token(other, token)).await;
            assert_denied_by(policy, &answer, "1", other, "(default deny)");
            for _ in 0..2 {
                assert_allowed(&gateway.send("mcp", &with_token(tool, token)).await);
            }
            let answer = gateway.send("mcp", &with_token(tool, token)).await;
            assert_limited_by(policy, &answer, "1", tool, &format!("/tools/{tool}/limits/0"));
        }
    });
}

#[test]
fn a_token_that_is_not_one_of_the_list_names_no_caller() {
    run(async {
        let gateway = Gateway::start("tokens-unknown", &[listener(&tokens())]).await;
        let unknown = "the gateway cannot identify the caller, because it does not list the bearer token; ask the gateway's \
                       owner for a new one";
        let invalid = "the gateway cannot identify the caller: the header `authorization` has no bearer token";
        let expired =
            "the gateway cannot identify the caller: the token `old` expired on 2026-01-01; ask for a new one";
        let shortened = ALICE.trim_end_matches('e');
        let doubled = [ALICE, ALICE].concat();
        for (token, why) in [
            ("mcpg_mallory", unknown),
            (shortened, unknown),
            (&doubled, unknown),
            ("mcpg_alice!", invalid),
            (EXPIRED, expired),
        ] {
            let answer = gateway.send("mcp", &with_token("read", token)).await;
            let data = assert_denied_by("readers", &answer, "1", "read", "(no identity)");
            assert_eq!(data["reason"], why, "{token}");
            assert!(gateway.upstream().seen(&with_token("read", token)).is_empty());
        }
        let stream = Request::new("GET", "/mcp").header("authorization", "Bearer mcpg_mallory");
        assert_eq!(gateway.send("mcp", &stream).await.status, 403);
    });
}

#[test]
fn a_revoked_token_is_refused_and_the_others_keep_their_counts() {
    run(async {
        let gateway = Gateway::start_with_file("tokens-revoked", &[listener(&tokens())]).await;
        assert_allowed(&gateway.send("mcp", &with_token("read", ALICE)).await);
        assert_allowed(&gateway.send("mcp", &with_token("build", CI)).await);
        let mut left = tokens();
        left.as_object_mut().expect("an object").remove("ci-main");
        gateway.update(&[listener(&left)]);
        until("the token is revoked", || async {
            let answer = gateway.send("mcp", &with_token("other", CI)).await;
            (answer.json()["error"]["data"]["rule"] == "(no identity)").then_some(())
        })
        .await;
        assert_allowed(&gateway.send("mcp", &with_token("read", ALICE)).await);
        let answer = gateway.send("mcp", &with_token("read", ALICE)).await;
        assert_limited_by("readers", &answer, "1", "read", "/tools/read/limits/0");
    });
}

#[test]
fn a_token_appears_in_no_log_record_statistic_or_dump() {
    run(async {
        let gateway = Gateway::start("tokens-hidden", &[listener(&tokens())]).await;
        let request = with_token("read", ALICE);
        assert_allowed(&gateway.send("mcp", &request).await);
        let record: Value = serde_json::from_str(&gateway.record(&request).await).expect("a record");
        assert_eq!([&record["grant"], &record["policy"]], ["token:alice-laptop", "readers"]);
        let dump = send(gateway.admin(), &Request::new("GET", "/config_dump")).await.text();
        assert!(dump.contains("alice-laptop"), "{dump}");
        for text in [dump, gateway.prometheus().await, gateway.log(), gateway.access_log()] {
            assert!(!text.contains(ALICE), "{text}");
        }
    });
}
