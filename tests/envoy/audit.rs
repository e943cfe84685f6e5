//! What is written down of requests: the record in access logs, lines in Envoy's log, and no secret in either.

mod arguments;
mod chain;
mod lines;
mod records;
mod replayed;

use crate::{
    client::Request,
    gateway::{Gateway, Listener, json_text},
};
use serde_json::{Value, json};

/// A listener with an access log, under a policy with a tool of each kind.
fn listener(name: &str, options: &Value) -> Listener {
    let once = json!({ "counter": "c", "window": "day", "max": 1, "scope": "grant" });
    let mut configuration = json!({ "policy": {
        "version": "1",
        "default": "allow",
        "tools": {
            "ok": {},
            "no": { "deny_if": [{ "conditions": [] }] },
            "once": { "limits": [once] },
            "soon": { "mode": "shadow", "deny_if": [{ "conditions": [] }] },
        },
    } });
    for (key, value) in options.as_object().into_iter().flatten() {
        configuration[key] = value.clone();
    }
    Listener::new(name, json_text(&configuration.to_string())).access_log()
}

/// Sends a request and gives its record.
async fn record_of(gateway: &Gateway, listener: &str, request: &Request) -> Value {
    gateway.send(listener, request).await;
    let record = gateway.record(request).await;
    assert!(record.len() <= 4096, "{} bytes", record.len());
    serde_json::from_str(&record).unwrap_or_else(|error| panic!("{error}: {record}"))
}
