//! A call that needs approval passes once, after a person has approved it, and only with the same arguments.

mod console;
pub(crate) mod notices;
mod person;
mod refused;
mod service;
mod tokens;
mod used_once;

use crate::{
    answer::assert_error,
    client::{Body, Request, Response, call},
    forwarding::MODES,
    gateway::{Gateway, Listener, json_text},
};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

/// The approver's token.
pub(crate) const TOKEN: &str = "a-token-for-tests";

/// Payments over 100 need approval, and there are three an hour.
fn policy() -> Value {
    let large = json!({ "path": "args.amount", "op": "gt", "value": 100 });
    json!({ "version": "1", "default": "deny", "tools": {
        "pay": {
            "require_approval": [{ "conditions": [large], "on_deny": "Over 100, a person decides.", "expires": "1m" }],
            "limits": [{ "counter": "payments", "window": crate::clock::long_window(), "max": 3, "scope": "grant" }],
        },
    } })
}

/// A gateway for agents in one header mode.
fn gate(name: &str, mode: &str, policy: &Value) -> Listener {
    let configuration = json!({
        "policy": policy,
        "identity": [{ "header": "x-agent" }],
        "protocol": { "headers": mode },
        "approvals": { "url": "http://localhost:10001/" },
    });
    Listener::new(name, json_text(&configuration.to_string())).access_log().in_mode(mode)
}

/// The console, as the approver with [`TOKEN`].
fn console() -> Listener {
    let digest: String = Sha256::digest(TOKEN).iter().map(|byte| format!("{byte:02x}")).collect();
    let configuration = json!({ "console": { "approvers": [format!("bearer:{digest}")] } });
    Listener::new("console", json_text(&configuration.to_string())).without_server().access_log()
}

/// An Envoy with a gateway in each header mode, and the console.
async fn office(name: &str) -> Gateway {
    let [hold, release] = MODES.map(|mode| gate(mode, mode, &policy()));
    Gateway::start(name, &[hold, release, console()]).await
}

/// A payment by an agent.
fn pay(agent: &str, amount: u32) -> Request {
    call("pay", &json!({ "amount": amount, "to": "ACME" }), "7", &[("x-agent", agent)])
}

/// A request by the approver to the console.
pub(crate) fn visit(gateway: &Gateway, method: &str, path: &str) -> Request {
    let host = gateway.at("console").to_string();
    let request = Request::new(method, path).host(&host).header("authorization", &format!("Bearer {TOKEN}"));
    if method == "POST" {
        request.header("content-type", "application/json").header("origin", &format!("http://{host}"))
    } else {
        request
    }
}

/// What the console lists under a path.
pub(crate) async fn listed(gateway: &Gateway, name: &str) -> Vec<Value> {
    let answer = gateway.send("console", &visit(gateway, "GET", &format!("/api/{name}"))).await;
    assert_eq!(answer.status, 200, "{answer}");
    answer.json()[name].as_array().expect("a list").clone()
}

/// Answers a question at the console.
pub(crate) async fn decide(gateway: &Gateway, id: &str, decision: &str) -> Response {
    let body = json!({ "decision": decision, "note": "as agreed" }).to_string();
    let request = visit(gateway, "POST", &format!("/api/approvals/{id}")).body(Body::sized(body));
    gateway.send("console", &request).await
}

/// Asserts that a call waits for approval, and returns the name of its question.
#[track_caller]
fn assert_waits(answer: &Response) -> String {
    let error = assert_error(answer, 200, -31428, "7");
    let data = &error["data"];
    assert_eq!(data["kind"], "approval_required", "{answer}");
    assert_eq!(data["rule"], "/tools/pay/require_approval/0", "{answer}");
    let id = data["approval"]["id"].as_str().expect("a name").to_owned();
    let url = format!("http://localhost:10001/#{id}");
    assert_eq!(data["approval"]["url"], url, "{answer}");
    assert!(data["approval"]["expiresAt"].is_string(), "{answer}");
    let message = format!(
        "Approval required: a person must approve this call of the tool `pay`: Over 100, a person decides; ask for approval at {url}, then repeat the same call"
    );
    assert_eq!(error["message"], message, "{answer}");
    id
}
