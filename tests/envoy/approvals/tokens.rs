//! Callers and approvers with tokens that the configuration lists: an approval is of one token.

use super::{assert_waits, policy};
use crate::{
    answer::assert_allowed,
    client::{Body, Request, Response, call},
    gateway::{Gateway, Listener, json_text},
    runtime::run,
};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

/// The configuration's list of these names; the token of each is `mcpg_` and its name.
fn tokens(names: &[&str]) -> Value {
    let token = |name: &&str| {
        let digest: String = Sha256::digest(format!("mcpg_{name}")).iter().map(|byte| format!("{byte:02x}")).collect();
        ((*name).to_owned(), json!({ "sha256": digest }))
    };
    json!([{ "tokens": names.iter().map(token).collect::<serde_json::Map<_, _>>() }])
}

fn pay(name: &str) -> Request {
    let bearer = format!("Bearer mcpg_{name}");
    call("pay", &json!({ "amount": 250, "to": "ACME" }), "7", &[("authorization", &bearer)])
}

async fn approve(gateway: &Gateway, name: &str, id: &str) -> Response {
    let host = gateway.at("console").to_string();
    let request = Request::new("POST", &format!("/api/approvals/{id}"))
        .host(&host)
        .header("authorization", &format!("Bearer mcpg_{name}"))
        .header("content-type", "application/json")
        .header("origin", &format!("http://{host}"));
    gateway.send("console", &request.body(Body::sized(json!({ "decision": "approve" }).to_string()))).await
}

#[test]
fn an_approval_is_of_the_token_that_asked_and_by_another_one() {
    run(async {
        let gate = json!({
            "policy": policy(),
            "identity": tokens(&["alice", "ci", "boss"]),
            "protocol": { "headers": "hold" },
            "approvals": { "url": "http://localhost:10001/" },
        });
        let console = json!({ "console": { "approvers": ["token:boss"], "identity": tokens(&["alice", "boss"]) } });
        let listeners = [
            Listener::new("mcp", json_text(&gate.to_string())),
            Listener::new("console", json_text(&console.to_string())).without_server(),
        ];
        let gateway = Gateway::start("approvals-tokens", &listeners).await;
        let id = assert_waits(&gateway.send("mcp", &pay("alice")).await);
        let other = assert_waits(&gateway.send("mcp", &pay("ci")).await);
        assert_ne!(id, other);
        // Neither the agent itself, nor a token that the console does not list.
        for name in ["alice", "ci", "mallory"] {
            let answer = approve(&gateway, name, &id).await;
            assert!([401, 403].contains(&answer.status), "{name}: {answer}");
        }
        assert_eq!(approve(&gateway, "boss", &id).await.status, 200);
        assert_waits(&gateway.send("mcp", &pay("ci")).await);
        assert_allowed(&gateway.send("mcp", &pay("alice")).await);
        assert_waits(&gateway.send("mcp", &pay("alice")).await);
        // An approver's own request needs another approver.
        let own = assert_waits(&gateway.send("mcp", &pay("boss")).await);
        assert_eq!(approve(&gateway, "boss", &own).await.status, 403);
    });
}
