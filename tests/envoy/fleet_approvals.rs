//! Two Envoys and their consoles share one set of approvals, which an etcd of three nodes keeps.

mod failing;
mod meshes;
mod nodes;
mod notices;
mod relay;
mod rendered;
mod shared;

use crate::{
    answer::assert_error,
    approvals::{TOKEN, decide, listed, visit},
    client::{Request, Response, call},
    forwarding::MODES,
    gateway::{Gateway, Listener, json_text},
};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::net::SocketAddr;

/// How long etcd may take where it is expected to answer, in milliseconds.
const PATIENT: u32 = 10_000;
/// What is counted if etcd gives no usable answer.
const UNANSWERED: &str = "mcp_policy_approvals_unanswered";

/// Payments need approval.
fn policy(expires: &str) -> Value {
    json!({ "version": "1", "default": "deny", "tools": {
        "pay": { "require_approval": [{ "conditions": [], "on_deny": "A person decides.", "expires": expires }] },
        "look": {},
    } })
}

/// An Envoy with a gateway in each header mode, one whose server refuses connections, and a console, whose approvals these nodes of etcd keep.
async fn envoy(name: &str, etcd: &[SocketAddr], timeout_ms: u32, expires: &str) -> Gateway {
    let store = json!({ "etcd": { "cluster": "etcd", "timeout_ms": timeout_ms } });
    let gate = |name: &str, mode: &str| {
        let configuration = json!({
            "policy": policy(expires),
            "identity": [{ "header": "x-agent" }],
            "protocol": { "headers": mode },
            "approvals": { "url": "http://localhost:10001/", "store": store },
        });
        Listener::new(name, json_text(&configuration.to_string())).access_log().in_mode(mode)
    };
    let [hold, release] = MODES.map(|mode| gate(mode, mode));
    let unreachable = gate("unreachable", "hold").cluster("refusing");
    let digest: String = Sha256::digest(TOKEN).iter().map(|byte| format!("{byte:02x}")).collect();
    let console = json!({ "console": { "approvers": [format!("bearer:{digest}")], "store": store } });
    let console = Listener::new("console", json_text(&console.to_string())).without_server().access_log();
    Gateway::start(name, &[hold.approvals_in(etcd), release, unreachable, console]).await
}

/// A payment by an agent.
fn pay(agent: &str) -> Request {
    call("pay", &json!({ "amount": 250 }), "7", &[("x-agent", agent)])
}

/// Asserts that a call waits for approval, and returns the id of its request.
#[track_caller]
fn assert_waits(answer: &Response) -> String {
    let error = assert_error(answer, 200, -31428, "7");
    let data = &error["data"];
    assert_eq!(data["rule"], "/tools/pay/require_approval/0", "{answer}");
    let id = data["approval"]["id"].as_str().expect("a name").to_owned();
    assert_eq!(data["approval"]["url"], format!("http://localhost:10001/#{id}"), "{answer}");
    id
}

/// Asserts that a call is denied since etcd gave no usable answer.
#[track_caller]
fn assert_unavailable(answer: &Response) {
    let data = crate::answer::assert_denied(answer, "7", "pay", "(approvals unavailable)");
    let reason = "the tool `pay` needs approval, and the gateway cannot read the approvals; repeat the call later";
    assert_eq!(data["reason"], reason, "{answer}");
}
