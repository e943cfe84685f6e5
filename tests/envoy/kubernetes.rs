//! What `mcp-policy render` makes for Kubernetes: that they are such objects, and that they enforce.
//!
//! There is no cluster here. The schemas are those of maintained packages; what Istio and Envoy Gateway make of the
//! objects is done as their sources do it, in as few lines, and given to a real Envoy.

mod bounds;
pub(crate) mod envoy_gateway;
mod faults;
mod image;
pub(crate) mod istio;
mod loops;
pub(crate) mod objects;
mod overload;
mod pages;
mod pods;
mod rollout;
mod schemas;
pub(crate) mod sidecar;
mod validate;

use crate::{
    answer::{assert_allowed, assert_denied, assert_limited},
    client::{Request, call},
    gateway::{Gateway, cluster, extension, module},
    upstream::Seen,
};
use serde_json::{Value, json};
use std::{fs, net::SocketAddr, path::Path, process::Command};

/// The filter's type.
const WASM: &str = "type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm";

/// A policy that lets `ok` pass and `once` once a day.
fn policy() -> Value {
    let once = json!({ "counter": "c", "window": crate::clock::long_window(), "max": 1, "scope": "grant" });
    json!({ "version": "1", "default": "deny", "tools": { "ok": {}, "once": { "limits": [once] } } })
}

/// What `mcp-policy render GATEWAY OPTIONS` prints for a document, which is put into `folder`.
pub(crate) fn render(folder: &Path, gateway: &str, document: &str, options: &[&str]) -> String {
    let file = folder.join(format!("{gateway}.policy.json"));
    fs::write(&file, document).expect("the policy");
    let mut command = Command::new(env!("CARGO_BIN_EXE_mcp-policy"));
    let rendered = command.args(["render", gateway]).args(options).arg(file).output().expect("the command");
    assert!(rendered.status.success(), "{}", String::from_utf8_lossy(&rendered.stderr));
    String::from_utf8(rendered.stdout).expect("text")
}

/// An Envoy with these listeners before the server, whose cluster is `server`.
fn bootstrap(listeners: &Value, upstream: SocketAddr) -> Value {
    let mut server = cluster("server", upstream, &json!({ "http_protocol_options": {} }));
    server["per_connection_buffer_limit_bytes"] = 2_097_152.into();
    json!({
        "node": { "id": "test", "cluster": "test" },
        "admin": { "address": { "socket_address": { "address": "127.0.0.1", "port_value": 0 } } },
        "static_resources": { "listeners": listeners, "clusters": [server] },
    })
}

/// A listener as a mesh makes it before anybody's objects change it.
fn listener(name: &str, filters: &[Value], route: &Value) -> Value {
    let router = extension("envoy.filters.http.router", "filters.http.router.v3.Router", json!({}));
    let filters = [filters, &[router]].concat();
    let manager = json!({
        "stat_prefix": name,
        "use_remote_address": true,
        "http_filters": filters,
        "route_config": { "virtual_hosts": [{ "name": "all", "domains": ["*"], "routes": [route] }] },
    });
    let kind = "filters.network.http_connection_manager.v3.HttpConnectionManager";
    let manager = extension("envoy.filters.network.http_connection_manager", kind, manager);
    json!({
        "name": name,
        "address": { "socket_address": { "address": "127.0.0.1", "port_value": 0 } },
        // The default of Istio and of Envoy Gateway.
        "per_connection_buffer_limit_bytes": 32_768,
        "default_filter_chain": { "filters": [manager] },
    })
}

/// Where the module is here, instead of the registry.
fn local_module() -> Value {
    json!({ "local": { "filename": module() } })
}

/// Asserts that the policy is enforced at the listener `mcp`; what the server saw of a refused call.
async fn assert_enforces(gateway: &Gateway, headers: &[(&str, &str)]) -> Vec<Seen> {
    let ask = |tool: &str| call(tool, &json!({}), "1", headers);
    assert_allowed(&gateway.send("mcp", &ask("ok")).await);
    assert_allowed(&gateway.send("mcp", &ask("once")).await);
    assert_limited(&gateway.send("mcp", &ask("once")).await, "1", "once", "/tools/once/limits/0");
    let denied = ask("other");
    assert_denied(&gateway.send("mcp", &denied).await, "1", "other", "(default deny)");
    gateway.upstream().settled(&denied).await
}

/// A call that passes, with a body of this many bytes.
fn large(bytes: usize, headers: &[(&str, &str)]) -> Request {
    call("ok", &json!({ "text": "x".repeat(bytes) }), "1", headers)
}
