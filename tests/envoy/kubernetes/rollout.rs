//! Rollouts under load: configurations and modules are pushed while calls keep coming, as istiod pushes them (ECDS). No
//! call is lost, and no count.

use super::{WASM, bootstrap, listener};
use crate::{
    answer::{assert_allowed, assert_limited},
    client::{Connection, call, send},
    gateway::{Gateway, module},
    process::target,
    runtime::{run, until},
};
use serde_json::{Value, json};
use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};
use tokio::task::JoinSet;

/// The filter's name, and that of what Envoy discovers for it.
const NAME: &str = "mcp-policy";
/// How many clients call without a pause.
const CLIENTS: usize = 6;
/// How many configurations are pushed, one after the other.
const PUSHES: usize = 10;

/// A policy that counts `counted` up to `max`, and lets `probe` pass.
fn policy(probe: &str, max: u64) -> Value {
    let limit = json!({ "counter": "calls", "window": crate::clock::long_window(), "max": max, "scope": "global" });
    json!({ "version": "1", "default": "deny", "tools": { "counted": { "limits": [limit] }, probe: {} } })
}

/// What Envoy discovers: a module and its configuration.
fn discovered(vm: &str, module: &Path, configuration: &Value) -> Value {
    let config = json!({
        "name": NAME,
        "root_id": NAME,
        "failure_policy": "FAIL_RELOAD",
        "vm_config": {
            "vm_id": vm, "runtime": "envoy.wasm.runtime.v8", "code": { "local": { "filename": module } },
        },
        "configuration": {
            "@type": "type.googleapis.com/google.protobuf.StringValue", "value": configuration.to_string(),
        },
    });
    json!({
        "@type": "type.googleapis.com/envoy.config.core.v3.TypedExtensionConfig",
        "name": NAME,
        "typed_config": { "@type": WASM, "config": config },
    })
}

/// Puts a file beside its place and moves it there: Envoy watches for moves.
fn push(folder: &Path, module: &Path, configuration: &Value) {
    push_into(NAME, folder, module, configuration);
}

/// As [`push`], for VMs of this `vm_id`.
fn push_into(vm: &str, folder: &Path, module: &Path, configuration: &Value) {
    let draft = folder.join("filter.new");
    let resources = json!({ "resources": [discovered(vm, module, configuration)] });
    fs::write(&draft, resources.to_string()).expect("a file");
    fs::rename(draft, folder.join("filter.json")).expect("the file in its place");
}

/// Where the Envoy of a test has its files.
fn folder(name: &str) -> PathBuf {
    target().join("e2e").join(name)
}

/// An Envoy that discovers its filter.
async fn start(name: &str, configuration: &Value) -> Gateway {
    Gateway::start_with(name, |folder, upstream| {
        push(folder, &module(), configuration);
        let source =
            json!({ "resource_api_version": "V3", "path_config_source": { "path": folder.join("filter.json") } });
        let discovery = json!({ "config_source": source, "type_urls": [WASM] });
        let filter = json!({ "name": NAME, "config_discovery": discovery });
        let route = json!({ "match": { "prefix": "/" }, "route": { "cluster": "server" } });
        bootstrap(&json!([listener("mcp", &[filter], &route)]), upstream).to_string()
    })
    .await
}

/// Waits until both workers let a tool pass: calls over fresh connections in a row say so.
async fn at_work(gateway: &Gateway, probe: &str) {
    until("the push is at work", || async {
        for _ in 0..10 {
            if !gateway.send("mcp", &call(probe, &json!({}), "1", &[])).await.is_upstreams() {
                return None;
            }
        }
        Some(())
    })
    .await;
}

/// Clients that call `counted` without a pause, each over a connection that it keeps for a while.
struct Load {
    clients: JoinSet<()>,
    stop: Arc<AtomicBool>,
    answered: Arc<AtomicU64>,
}

impl Load {
    fn start(to: SocketAddr) -> Self {
        let (stop, answered) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let mut clients = JoinSet::new();
        for _ in 0..CLIENTS {
            let (stop, answered) = (Arc::clone(&stop), Arc::clone(&answered));
            clients.spawn(async move {
                while !stop.load(Ordering::Relaxed) {
                    let mut connection = Connection::open(to).await;
                    for _ in 0..50 {
                        // It panics where no whole answer comes.
                        assert_allowed(&connection.send(&call("counted", &json!({}), "1", &[])).await);
                        answered.fetch_add(1, Ordering::Relaxed);
                    }
                }
            });
        }
        Self { clients, stop, answered }
    }

    /// Waits until some more calls have been answered.
    async fn go_on(&self) {
        let before = self.answered.load(Ordering::Relaxed);
        until("calls are answered", || async { (self.answered.load(Ordering::Relaxed) > before + 100).then_some(()) })
            .await;
    }

    /// How many calls were answered, all of them by the server.
    async fn end(mut self) -> u64 {
        self.stop.store(true, Ordering::Relaxed);
        while let Some(client) = self.clients.join_next().await {
            client.expect("every call of every client is answered by the server");
        }
        self.answered.load(Ordering::Relaxed)
    }
}

/// Asserts that exactly `count` calls were counted: with room for three more, three more pass.
async fn assert_counted(gateway: &Gateway, folder: &Path, module: &Path, count: u64) {
    push(folder, module, &policy("last", count + 3));
    at_work(gateway, "last").await;
    let ask = async || send(gateway.at("mcp"), &call("counted", &json!({}), "1", &[])).await;
    for _ in 0..3 {
        assert_allowed(&ask().await);
    }
    assert_limited(&ask().await, "1", "counted", "/tools/counted/limits/0");
}

#[test]
fn configurations_are_pushed_under_load_and_neither_a_call_nor_a_count_is_lost() {
    run(async {
        let name = "rollout-configurations";
        let gateway = start(name, &policy("p0", 1_000_000)).await;
        let load = Load::start(gateway.at("mcp"));
        for number in 1..=PUSHES {
            let probe = format!("p{number}");
            push(&folder(name), &module(), &policy(&probe, 1_000_000));
            at_work(&gateway, &probe).await;
            load.go_on().await;
        }
        // A mistake changes nothing.
        push(&folder(name), &module(), &json!({ "version": "3" }));
        until("Envoy refuses it", || async {
            let refused = gateway.stats("extension_config_discovery.http_filter.mcp-policy.config_fail").await;
            refused.iter().any(|(_, value)| *value > 0).then_some(())
        })
        .await;
        load.go_on().await;
        let count = load.end().await;
        assert!(count > 1000, "{count} calls");
        assert_counted(&gateway, &folder(name), &module(), count).await;
    });
}

/// The module under test with another name on it: other code to Envoy, so VMs of its own.
fn other_module(folder: &Path, version: u8) -> PathBuf {
    let mut bytes = fs::read(module()).expect("the module");
    // A custom section, which is ignored: its length, that of its name, and its name.
    bytes.extend([0, 3, 1, b'v', version]);
    let file = folder.join(format!("{version}.wasm"));
    fs::write(&file, bytes).expect("a file");
    file
}

#[test]
fn another_module_of_the_same_vm_id_goes_on_counting_where_the_old_one_was() {
    run(async {
        let name = "rollout-modules";
        let gateway = start(name, &policy("p0", 1_000_000)).await;
        let load = Load::start(gateway.at("mcp"));
        let mut newest = module();
        for version in 1..=3 {
            newest = other_module(&folder(name), version);
            let probe = format!("p{version}");
            push(&folder(name), &newest, &policy(&probe, 1_000_000));
            at_work(&gateway, &probe).await;
            load.go_on().await;
        }
        let count = load.end().await;
        assert!(count > 1000, "{count} calls");
        // The old ones go, and what they have counted does not: a VM for each thread is left, and the one they come from.
        until("the old modules are gone", || async {
            let alive = gateway.stats("wasm.envoy.wasm.runtime.v8.active").await;
            alive.iter().any(|(_, alive)| *alive <= 4).then_some(())
        })
        .await;
        assert_counted(&gateway, &folder(name), &newest, count).await;

        // Another `vm_id` is another store.
        push_into("another", &folder(name), &newest, &policy("fresh", 1));
        at_work(&gateway, "fresh").await;
        let ask = async || gateway.send("mcp", &call("counted", &json!({}), "1", &[])).await;
        assert_allowed(&ask().await);
        assert_limited(&ask().await, "1", "counted", "/tools/counted/limits/0");
    });
}
