//! The objects for Envoy Gateway: what it makes of them, in a real Envoy.

use super::{
    WASM, assert_enforces, bootstrap, large, listener, local_module,
    objects::{Objects, check, packages, patch},
    policy, render,
};
use crate::{
    answer::assert_allowed,
    gateway::{Gateway, validate},
    identity::token::{KEY, filter as token_filter, signed},
    runtime::run,
};
use serde_json::{Value, json};
use std::{fs, net::SocketAddr, path::Path};

/// The filter's name in the listener that Envoy Gateway makes (`internal/xds/translator/wasm.go`).
const FILTER: &str = "envoy.filters.http.wasm/envoyextensionpolicy/default/mcp-policy-mcp-server/wasm/0";

/// Renders the objects.
fn objects(packages: &Path, folder: &Path) -> Objects {
    let file = folder.join("envoy-gateway.yaml");
    fs::write(&file, render(folder, "envoy-gateway", &policy().to_string(), &[])).expect("a file");
    let objects = check(packages, &[file]);
    assert_eq!(objects.faults, Vec::<String>::new());
    objects
}

/// What Envoy Gateway makes of the objects but for the patches.
fn translated(objects: &Objects) -> Value {
    let spec = &objects.one("EnvoyExtensionPolicy")["spec"]["wasm"][0];
    let config = json!({
        "name": spec["name"],
        "root_id": spec["rootID"],
        "fail_open": spec["failOpen"],
        "vm_config": {
            "vm_id": FILTER.split_once('/').expect("a name").1,
            "runtime": "envoy.wasm.runtime.v8",
            "code": local_module(),
        },
        "configuration": {
            "@type": "type.googleapis.com/google.protobuf.StringValue", "value": spec["config"].to_string(),
        },
    });
    let wasm = json!({ "name": FILTER, "disabled": true, "typed_config": { "@type": WASM, "config": config } });
    // Claims are kept under the provider's name (`internal/xds/translator/jwt.go`).
    let mut tokens = token_filter();
    let provider = &objects.one("SecurityPolicy")["spec"]["jwt"]["providers"][0]["name"];
    tokens["typed_config"]["providers"]["issuer"]["payload_in_metadata"] = provider.clone();

    let timeout = &objects.one("HTTPRoute")["spec"]["rules"][0]["timeouts"]["request"];
    let enabled = json!({ "@type": "type.googleapis.com/envoy.config.route.v3.FilterConfig", "config": {} });
    let route = json!({
        "match": { "prefix": "/" },
        "route": { "cluster": "server", "timeout": timeout },
        "typed_per_filter_config": { FILTER: enabled },
    });
    let mut listener = listener("mcp", &[tokens, wasm], &route);
    let client = &objects.one("ClientTrafficPolicy")["spec"];
    assert_eq!(client["connection"]["bufferLimit"], "2Mi");
    listener["per_connection_buffer_limit_bytes"] = (2 << 20).into();
    listener
}

/// The Envoy with this listener, and that it finds no fault in it; with the labels of the EnvoyProxy.
fn configure(packages: &Path, folder: &Path, upstream: SocketAddr, objects: &Objects, listener: &Value) -> String {
    let mut config = bootstrap(&json!([listener]), upstream);
    config["stats_config"] = json!({ "stats_tags": [] });
    let patches = objects.one("EnvoyProxy")["spec"]["bootstrap"]["jsonPatches"].as_array().expect("patches");
    let config = patch(packages, folder, &config, patches).to_string();
    let file = folder.join("validated.json");
    fs::write(&file, &config).expect("a file");
    assert_eq!(validate(&file), None);
    config
}

/// The listener after the EnvoyPatchPolicy.
fn patched(packages: &Path, folder: &Path, objects: &Objects, listener: &Value) -> Value {
    let patches = objects.one("EnvoyPatchPolicy")["spec"]["jsonPatches"].as_array().expect("patches");
    for patch in patches {
        assert_eq!(patch["type"], "type.googleapis.com/envoy.config.listener.v3.Listener");
        assert_eq!(patch["name"], "default/mcp-policy-mcp-server/mcp");
    }
    let operations: Vec<Value> = patches.iter().map(|patch| patch["operation"].clone()).collect();
    patch(packages, folder, listener, &operations)
}

fn bearer(subject: &str) -> String {
    format!("Bearer {}", signed(KEY, json!({ "sub": subject })))
}

#[test]
fn the_extension_policy_alone_enforces_for_each_subject() {
    let Some(packages) = packages() else { return };
    run(async {
        let gateway = Gateway::start_with("mesh-gateway-extension", |folder, upstream| {
            let objects = objects(&packages, folder);
            configure(&packages, folder, upstream, &objects, &translated(&objects))
        });
        let gateway = gateway.await;
        for subject in ["alice", "bob"] {
            let seen = assert_enforces(&gateway, &[("authorization", &bearer(subject))]).await;
            assert!(seen.iter().all(|seen| seen.body.is_empty()), "{seen:?}");
        }
    });
}

#[test]
fn with_the_patch_policy_the_server_sees_nothing_of_a_refused_call() {
    let Some(packages) = packages() else { return };
    run(async {
        let gateway = Gateway::start_with("mesh-gateway-patched", |folder, upstream| {
            let objects = objects(&packages, folder);
            let listener = patched(&packages, folder, &objects, &translated(&objects));
            configure(&packages, folder, upstream, &objects, &listener)
        });
        let gateway = gateway.await;
        let token = bearer("alice");
        assert_eq!(assert_enforces(&gateway, &[("authorization", &token)]).await.len(), 0);
        assert_allowed(&gateway.send("mcp", &large(900_000, &[("authorization", &token)])).await);
        let counted = gateway.prometheus().await;
        for decision in [r#"tool="once",decision="rate_limited"} 1"#, r#"tool="other",decision="denied"} 1"#] {
            let line = format!(r#"mcp_policy_decisions{{policy="default",{decision}"#);
            assert!(counted.lines().any(|counted| counted == line), "{line}");
        }
    });
}

#[test]
fn the_patches_fit_listeners_with_tls_too() {
    let Some(packages) = packages() else { return };
    let folder = crate::process::fresh_folder("mesh-gateway-tls");
    let objects = objects(&packages, &folder);
    // Envoy Gateway keeps the chain of a listener with TLS in a list.
    let mut listener = translated(&objects);
    let chain = listener["default_filter_chain"].take();
    listener.as_object_mut().expect("a listener").remove("default_filter_chain");
    listener["filter_chains"] = json!([chain]);
    let patched = patched(&packages, &folder, &objects, &listener);
    let config =
        &patched["filter_chains"][0]["filters"][0]["typed_config"]["http_filters"][1]["typed_config"]["config"];
    assert_eq!(config["allow_on_headers_stop_iteration"], true);
    assert_eq!([&config["failure_policy"], &config["vm_config"]["vm_id"]], ["FAIL_RELOAD", "mcp-policy"]);
    assert!(config["configuration"]["value"].as_str().expect("text").contains(r#""headers": "hold""#));
}
