//! Which policy judges a request: the first binding that fits, by Envoy's route, host, path and caller, and none where
//! none fits.

mod place;
mod reroutes;
mod routes;

use crate::{
    client::{Response, call},
    gateway::Gateway,
};
use serde_json::{Value, json};

/// A policy that allows one tool.
fn allowing(tool: &str) -> Value {
    json!({ "version": "1", "default": "deny", "tools": { tool: {} } })
}

/// Which policy judges a call to a host and path; nothing if none does.
async fn judge_of(gateway: &Gateway, host: &str, path: &str) -> Option<String> {
    let answer = gateway.send("mcp", &call("nothing", &json!({}), "1", &[]).host(host).path(path)).await;
    assert_eq!(answer.status, 200, "{answer}");
    let data = refusal(&answer);
    data["policy"].as_str().map(ToOwned::to_owned).or_else(|| {
        assert_eq!(data["rule"], "(no policy)", "{answer}");
        None
    })
}

/// What a denial says.
#[track_caller]
fn refusal(answer: &Response) -> Value {
    let error = &answer.json()["error"];
    assert_eq!(error["code"], -31403, "{answer}");
    error["data"].clone()
}
