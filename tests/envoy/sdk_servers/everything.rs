//! The reference server, in sessions, over event streams: the same session without the filter and through it.

mod lists;
mod long_stream;
mod progress;
mod relay;
mod results;
mod resumption;
mod session;
mod tasks;

pub(crate) use long_stream::stays_open;

use super::{report, server::Server};
use crate::{
    forwarding::{MODES, listener_under},
    gateway::{Gateway, Listener},
    prerequisites::find,
    runtime::run,
};
use serde_json::json;
use std::net::SocketAddr;

/// The listener without the filter.
const BARE: &str = "bare";

/// Runs one test with the server and a gateway in front of it, unless `MCP_POLICY_SKIP` names it.
#[track_caller]
fn with_everything(test: &str, body: impl AsyncFnOnce(Gateway)) {
    if let Some(place) = find("servers") {
        run(async {
            let server = Server::start_everything(test, &place).await;
            let gateway = gateway(test, server.address).await;
            body(gateway).await;
        });
    }
}

/// One Envoy with a listener for each header mode, and one without the filter.
async fn gateway(test: &str, server: SocketAddr) -> Gateway {
    let policy = json!({
        "version": "1",
        "default": "deny",
        "tools": { "echo": {}, "get-sum": {}, "trigger-long-*": {}, "toggle-simulated-logging": {} },
        "prompts": { "simple-prompt": {}, "args-prompt": {} },
        "resources": {
            "demo://resource/static/document/features.md": {},
            "demo://resource/static/document/st*": {},
            "demo://resource/dynamic/text/*": {},
        },
    });
    let filtered = MODES.map(|mode| listener_under(&policy, mode, &json!({})));
    let listeners: Vec<Listener> = filtered.into_iter().chain([Listener::bare(BARE)]).collect();
    let listeners: Vec<Listener> =
        listeners.into_iter().map(|listener| listener.in_front_of("everything", server)).collect();
    Gateway::start(&format!("servers-{test}"), &listeners).await
}
