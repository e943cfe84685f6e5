//! What is shipped to watch the gateway with fits what a gateway shows: labels, rules and the dashboard.

mod alerts;
mod labels;
mod prometheus;
mod queries;

use crate::{
    client::{call, message},
    definitions,
    gateway::Gateway,
};
use serde_json::{Value, json};

/// The gateway that `mcp-policy render envoy` makes of a policy under which everything can happen that is counted.
async fn start_gateway(name: &str) -> Gateway {
    let notify = json!({ "cluster": "hooks", "path": "/" });
    let approvals = json!({ "url": "http://localhost:10001/", "notify": notify });
    let configuration = json!({ "policy": policy(), "approvals": approvals });
    // No request is announced here: the webhook is nowhere.
    let here =
        |rendered: String| rendered.replace("address: notices, port_value: 8080", "address: 127.0.0.1, port_value: 1");
    Gateway::start_changed(name, &configuration.to_string(), here).await
}

/// The policy.
fn policy() -> Value {
    let once = json!({ "counter": "c", "window": "day", "max": 1, "scope": "grant" });
    let always = json!([{ "conditions": [] }]);
    let tools = json!({
        "ok": {},
        "no%1": { "deny_if": always },
        "once": { "limits": [once] },
        "soon": { "mode": "shadow", "deny_if": always },
        "note": { "results": { "redact": [{ "find": "email" }] } },
        "soon_note": { "mode": "shadow", "results": { "redact": [{ "find": "email" }] } },
    });
    let definitions = json!({ "changed": { "sha256": "0".repeat(64) } });
    json!({ "version": "1", "default": "allow", "tools": tools, "definitions": definitions })
}

/// Makes all of it happen.
async fn traffic(gateway: &Gateway) {
    for tool in ["ok", "no%1", "once", "once", "soon", "else"] {
        gateway.send("mcp", &call(tool, &json!({}), "1", &[])).await;
    }
    for tool in ["note", "soon_note"] {
        let text = json!({ "jsonrpc": "2.0", "id": 1, "result": { "note": "bob@example.com" } });
        let request = call(tool, &json!({}), "1", &[]);
        let mut script = gateway.upstream().script(&request, 200, &[("content-type", "application/json")]);
        let answer = tokio::spawn(async move { drop(script.send_data(text.to_string().into()).await) });
        gateway.send("mcp", &request).await;
        answer.await.expect("the server's answer");
    }
    gateway.send("mcp", &message("{")).await;
    definitions::list(gateway, "mcp", &[json!({ "name": "changed" })]).await;
}
