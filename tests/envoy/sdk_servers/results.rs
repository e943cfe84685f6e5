//! What the servers send back, under `results`: each answer is redacted or refused, in JSON and in event streams, and clients parse it.

use super::{
    protected::{BARE, send},
    server::Server,
    with_servers,
};
use crate::{
    client::{Request, VERSIONS, message},
    corpus::{assert_none, failures},
    forwarding::{MODES, listener_under},
    gateway::{Gateway, Listener},
};
use serde_json::{Value, json};
use std::sync::Arc;

#[test]
fn answers_of_every_server_are_redacted_and_refused() {
    judge_all("results", "json");
}

#[test]
fn answers_of_every_server_are_redacted_and_refused_in_event_streams() {
    judge_all("results-events", "events");
}

fn judge_all(test: &str, form: &'static str) {
    with_servers(test, form, async |servers| {
        let policy = json!({
            "version": "1",
            "default": "deny",
            "tools": { "ok": {}, "value_text": { "results": {
                "max_bytes": 20_000,
                "redact": [{ "find": "email" }],
                "deny_if": [{ "find": "iban" }],
                "on_deny": "no accounts",
            } } },
        });
        let mut listeners = Vec::new();
        for server in &servers {
            let judged = MODES.map(|mode| listener_under(&policy, mode, &json!({})));
            let all = judged.into_iter().chain([Listener::bare(BARE)]);
            listeners.extend(all.map(|listener| listener.in_front_of(server.name, server.address)));
        }
        let gateway = Gateway::start(&format!("servers-{test}"), &listeners).await;
        let checks = servers.into_iter().map(|server| judge(gateway.clone(), server));
        assert_none(&failures(checks).await);
    });
}

/// A call in a revision with sessions, or in 2026-07-28.
fn call(text: &str, is_stateless: bool) -> Request {
    let mut parameters = json!({ "name": "value_text", "arguments": { "value": text } });
    if is_stateless {
        parameters["_meta"] = json!({
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientCapabilities": {},
            "io.modelcontextprotocol/clientInfo": { "name": "t", "version": "1" },
        });
    }
    let body = json!({ "jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": parameters });
    let request = message(body.to_string());
    if !is_stateless {
        return request;
    }
    request
        .header("mcp-protocol-version", "2026-07-28")
        .header("mcp-method", "tools/call")
        .header("mcp-name", "value_text")
}

/// The message of an answer in either form.
fn message_of(text: &str) -> Option<Value> {
    let data: String = text.lines().filter_map(|line| line.strip_prefix("data:")).collect();
    serde_json::from_str(if data.is_empty() { text } else { &data }).ok()
}

async fn judge(gateway: Gateway, server: Arc<Server>) -> Vec<String> {
    let mut wrong = Vec::new();
    let long = "x".repeat(30_000);
    for (text, expected, absent) in [
        ("hello", "hello", "redacted"),
        ("write to bob@example.com", "write to [redacted]", "bob@"),
        ("b\u{200b}ob&#64;example.com", "[redacted]", "example"),
        ("DE89 3704 0044 0532 0130 00", "Result refused: no accounts", "3704"),
        (&*long, "-31413", "xxxx"),
    ] {
        let eras = [false, true].into_iter().take(1 + usize::from(server.modern));
        for (listener, is_stateless) in eras.clone().flat_map(|era| MODES.map(|mode| (mode, era))) {
            for version in VERSIONS {
                let request = call(text, is_stateless);
                let mut answer = send(&gateway, listener, version, &server, &request).await;
                // On a slow machine, a server closes an idle connection while Envoy uses it.
                if answer.as_ref().is_ok_and(|answer| answer.text().starts_with("upstream connect error")) {
                    answer = send(&gateway, listener, version, &server, &request).await;
                }
                let answer = match answer {
                    Ok(answer) => answer,
                    Err(none) => {
                        wrong.push(none);
                        continue;
                    }
                };
                let body = answer.text();
                let is_message = message_of(&body).is_some_and(|message| message["id"] == 7);
                if answer.status != 200 || !is_message || !body.contains(expected) || body.contains(absent) {
                    let era = if is_stateless { "2026-07-28" } else { "sessions" };
                    wrong.push(format!(
                        "{text:.20} ({era}) in mode {listener} over {version} to {}: {answer}",
                        server.name
                    ));
                }
            }
        }
        // Without the filter, the server sends it.
        for is_stateless in eras {
            match send(&gateway, BARE, VERSIONS[0], &server, &call(text, is_stateless)).await {
                Ok(answer) if message_of(&answer.text()).is_some_and(|message| message["id"] == 7) => {}
                Ok(answer) => wrong.push(format!("without the filter to {}: {answer}", server.name)),
                Err(none) => wrong.push(none),
            }
        }
    }
    wrong
}
