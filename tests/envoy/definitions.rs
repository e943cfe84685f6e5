//! Pinned definitions: a server cannot change a tool behind anybody's back.
//!
//! | suite | shows |
//! |---|---|
//! | `changes` | what a server may change of a tool: it is not listed any more, and denied on both workers |
//! | `reports` | what reports it: records, statistics, log lines, shadow mode, `on_drift: report` |
//! | `accepted` | an approver accepts what was seen, on the console and by the command |
//! | `arguments` | calls whose arguments do not fit the pinned schema: `declared`, `strict`, shadow mode, both eras |
//! | `servers` | real servers: pinned by the command, no drift over restarts, eras and forms |

mod accepted;
mod arguments;
mod changes;
mod reports;
mod servers;

use crate::{
    client::{Request, Response, call, message},
    gateway::{Gateway, Listener, json_text},
};
use mcp_policy::mcp::list::definition;
use serde_json::{Value, json};

/// What the server lists at first.
fn pay() -> Value {
    json!({
        "name": "pay", "description": "Pays an invoice.",
        "inputSchema": { "type": "object", "properties": { "amount": { "type": "number" } }, "required": ["amount"] },
        "annotations": { "destructiveHint": true },
        "_meta": { "ui": { "resourceUri": "ui://pay" }, "version": 1 },
        "icons": [{ "src": "https://example.com/pay.png" }],
    })
}

fn get() -> Value {
    json!({
        "name": "get", "description": "Reads an invoice.",
        "inputSchema": { "type": "object", "properties": { "id": { "type": "string" } } },
    })
}

fn digest(definition: &Value) -> String {
    definition::digest(definition.to_string().as_bytes()).expect("an object").to_string()
}

/// A policy that pins [`pay`] and [`get`], with further keys.
fn policy(more: &Value) -> Value {
    let mut policy = json!({ "version": "1", "default": "allow", "definitions": {
        "pay": { "sha256": digest(&pay()) },
        "get": { "sha256": [digest(&get())] },
    } });
    let members = more.as_object().expect("an object").clone();
    policy.as_object_mut().expect("an object").extend(members);
    policy
}

fn listener(name: &str, policy: &Value) -> Listener {
    let configuration = json!({ "policy": policy, "identity": [{ "header": "x-agent" }] });
    Listener::new(name, json_text(&configuration.to_string())).access_log().without_stop_iteration()
}

/// A request for the tools, by an agent.
fn list_request() -> Request {
    message(r#"{"jsonrpc":"2.0","id":7,"method":"tools/list"}"#).header("x-agent", "alice")
}

/// Lists tools, which the server answers with these entries; the request and the answer.
pub(crate) async fn list(gateway: &Gateway, listener: &str, tools: &[Value]) -> (Request, Response) {
    let request = list_request();
    let text = json!({ "jsonrpc": "2.0", "id": 7, "result": { "tools": tools } }).to_string();
    let mut script = gateway.upstream().script(&request, 200, &[("content-type", "application/json")]);
    let send = tokio::spawn(async move {
        // Envoy may have ended the answer meanwhile.
        let _ = script.send_data(text.into()).await;
    });
    let answer = gateway.send(listener, &request).await;
    send.await.expect("the server's answer");
    (request, answer)
}

/// The names that a list shows.
fn names(answer: &Response) -> Vec<String> {
    let tools = answer.json()["result"]["tools"].as_array().cloned().unwrap_or_else(|| panic!("no list: {answer}"));
    tools.iter().map(|tool| tool["name"].as_str().expect("a name").to_owned()).collect()
}

/// Connections enough to meet both workers.
const CALLS: usize = 16;

/// The rules by which calls of a tool are denied, on connections of their own; empty for those that pass.
async fn rules(gateway: &Gateway, listener: &str, tool: &str) -> Vec<String> {
    let mut rules = Vec::new();
    for _ in 0..CALLS {
        let answer = gateway.send(listener, &call(tool, &json!({}), "7", &[("x-agent", "bob")])).await;
        let rule = answer.json()["error"]["data"]["rule"].as_str().unwrap_or_default().to_owned();
        assert_eq!(answer.is_upstreams(), rule.is_empty(), "{answer}");
        rules.push(rule);
    }
    rules.dedup();
    rules
}
