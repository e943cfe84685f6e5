//! The objects for Istio: what istiod and its agent make of them, in a real Envoy.

use super::{
    WASM, assert_enforces, bootstrap, large, listener, local_module,
    objects::{Objects, check, packages},
    policy, render,
};
use crate::{
    answer::assert_allowed,
    client::call,
    gateway::{Gateway, validate},
    runtime::run,
};
use serde_json::{Value, json};
use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
};

/// How Istio names the filter of a WasmPlugin: since 1.30, and before.
pub(super) const NAMES: [&str; 2] = [
    "extensions.istio.io/trafficextension/default.mcp-policy-mcp-server~istio-translated-wasmplugin",
    "extensions.istio.io/wasmplugin/default.mcp-policy-mcp-server",
];

/// A configuration whose filter releases headers.
fn releasing() -> Value {
    json!({ "policy": policy(), "protocol": { "headers": "release" } })
}

/// Renders the objects of a document.
pub(super) fn objects(packages: &Path, folder: &Path, document: &Value) -> Objects {
    let file = folder.join("istio.yaml");
    fs::write(&file, render(folder, "istio", &document.to_string(), &[])).expect("a file");
    let objects = check(packages, &[file]);
    assert_eq!(objects.faults, Vec::<String>::new());
    objects
}

/// What istiod makes of the WasmPlugin (`pilot/pkg/model/extensions.go`), once its agent has put the module into place.
fn of_plugin(objects: &Objects, name: &str) -> Value {
    let spec = &objects.one("WasmPlugin")["spec"];
    let text = spec["pluginConfig"].to_string();
    let config = json!({
        "name": "default.mcp-policy-mcp-server",
        "root_id": spec["pluginName"],
        "failure_policy": spec["failStrategy"],
        "vm_config": { "runtime": "envoy.wasm.runtime.v8", "code": local_module() },
        "configuration": { "@type": "type.googleapis.com/google.protobuf.StringValue", "value": text },
    });
    json!({ "name": name, "typed_config": { "@type": WASM, "config": config } })
}

/// The listener of a sidecar with these extensions, which it discovers, and the bounds of its bootstrap; and that Envoy finds
/// no fault in it.
pub(super) fn configure(
    folder: &Path,
    upstream: SocketAddr,
    objects: &Objects,
    mut listener: Value,
    extensions: &[Value],
) -> String {
    for extension in extensions {
        let mut resource = extension.clone();
        resource["@type"] = "type.googleapis.com/envoy.config.core.v3.TypedExtensionConfig".into();
        let file = place(folder, extension["name"].as_str().expect("a name"));
        fs::write(file, json!({ "resources": [resource] }).to_string()).expect("a file");
    }
    let filters = &mut listener["default_filter_chain"]["filters"][0]["typed_config"]["http_filters"];
    for filter in filters.as_array_mut().expect("filters") {
        let file = place(folder, filter["name"].as_str().expect("a name"));
        let Some(source) = filter.pointer_mut("/config_discovery/config_source") else { continue };
        // A file instead of istiod.
        let source = source.as_object_mut().expect("a source");
        source.remove("ads").expect("where from");
        source.insert("path_config_source".to_owned(), json!({ "path": file }));
    }
    let mut config = bootstrap(&json!([listener]), upstream);
    let patches = objects.one("EnvoyFilter")["spec"]["configPatches"].as_array().expect("patches").iter();
    let added = patches.filter(|patch| patch["applyTo"] == "CLUSTER").map(|patch| patch["patch"]["value"].clone());
    config["static_resources"]["clusters"].as_array_mut().expect("clusters").extend(added);
    // What Envoy makes of two files: its agent gives it the second in `--config-yaml`.
    let bounds = objects.one("ConfigMap")["data"]["custom_bootstrap.json"].as_str().expect("text");
    merge(&mut config, &serde_json::from_str(bounds).expect("JSON"));
    let config = config.to_string();
    let file = folder.join("validated.json");
    fs::write(&file, &config).expect("a file");
    assert_eq!(validate(&file), None);
    config
}

fn place(folder: &Path, name: &str) -> PathBuf {
    folder.join(name.replace('/', "_") + ".json")
}

/// A sidecar's listener with the filter that a WasmPlugin puts there.
pub(super) fn inbound(name: &str) -> Value {
    let discovery = json!({
        "config_source": { "ads": {}, "initial_fetch_timeout": "0s", "resource_api_version": "V3" },
        "type_urls": [WASM, "type.googleapis.com/envoy.extensions.filters.http.rbac.v3.RBAC"],
    });
    let filter = json!({ "name": name, "config_discovery": discovery });
    // Istio sets no timeout of its own there.
    listener(
        "mcp",
        &[filter],
        &json!({ "match": { "prefix": "/" }, "route": { "cluster": "server", "timeout": "0s" } }),
    )
}

/// Applies the EnvoyFilter (`pilot/pkg/networking/core/envoyfilter`); which extensions it adds, and how often it fits.
pub(super) fn apply(objects: &Objects, listener: &mut Value) -> (Vec<Value>, usize) {
    let mut added = Vec::new();
    let mut replaced = 0;
    for patch in objects.one("EnvoyFilter")["spec"]["configPatches"].as_array().expect("patches") {
        let value = &patch["patch"]["value"];
        assert_eq!(patch["match"]["context"], "SIDECAR_INBOUND");
        let manager = &mut listener["default_filter_chain"]["filters"][0];
        match (patch["applyTo"].as_str().expect("text"), patch["patch"]["operation"].as_str().expect("text")) {
            ("HTTP_FILTER", "REPLACE") => {
                let name = &patch["match"]["listener"]["filterChain"]["filter"]["subFilter"]["name"];
                let filters = manager["typed_config"]["http_filters"].as_array_mut().expect("filters");
                for filter in filters.iter_mut().filter(|filter| filter["name"] == *name) {
                    *filter = value.clone();
                    replaced += 1;
                }
            }
            ("HTTP_FILTER", "INSERT_BEFORE") => {
                let name = &patch["match"]["listener"]["filterChain"]["filter"]["subFilter"]["name"];
                let filters = manager["typed_config"]["http_filters"].as_array_mut().expect("filters");
                let place = filters.iter().position(|filter| filter["name"] == *name).expect("the filter");
                filters.insert(place, value.clone());
            }
            ("HTTP_FILTER", "INSERT_FIRST") => {
                manager["typed_config"]["http_filters"].as_array_mut().expect("filters").insert(0, value.clone());
            }
            ("VIRTUAL_HOST", "MERGE") => {
                let hosts = &mut manager["typed_config"]["route_config"]["virtual_hosts"];
                hosts.as_array_mut().expect("hosts").iter_mut().for_each(|host| merge(host, value));
            }
            ("EXTENSION_CONFIG", "ADD") => {
                let mut extension = value.clone();
                let code = &mut extension["typed_config"]["config"]["vm_config"]["code"];
                let remote = &code["remote"];
                let uri = remote["http_uri"]["uri"].as_str().expect("text");
                assert_eq!(uri.split_once("@sha256:").expect("pinned").1, remote["sha256"]);
                *code = local_module();
                added.push(extension);
            }
            ("LISTENER", "MERGE") => merge(listener, value),
            // In the bootstrap: see `configure`.
            ("CLUSTER", "ADD") => {}
            ("NETWORK_FILTER", "MERGE") => merge(manager, value),
            other => panic!("{other:?} is new here"),
        }
    }
    (added, replaced)
}

fn merge(into: &mut Value, from: &Value) {
    match (into, from) {
        (Value::Object(into), Value::Object(from)) => {
            for (key, value) in from {
                merge(into.entry(key.clone()).or_insert(Value::Null), value);
            }
        }
        (into, from) => *into = from.clone(),
    }
}

/// The sidecar with all objects.
pub(crate) fn configure_all(folder: &Path, upstream: SocketAddr, objects: &Objects) -> String {
    let mut listener = inbound(NAMES[0]);
    let (mut extensions, replaced) = apply(objects, &mut listener);
    if replaced == 0 {
        extensions.push(of_plugin(objects, NAMES[0]));
    }
    configure(folder, upstream, objects, listener, &extensions)
}

/// Asserts that every call is denied, as nothing says which policy judges it.
async fn assert_denies_everything(gateway: &Gateway) {
    for tool in ["ok", "once", "other"] {
        let request = call(tool, &json!({}), "1", &[]);
        let answer = gateway.send("mcp", &request).await;
        assert_eq!(answer.json()["error"]["data"]["rule"], "(no policy)", "{answer}");
        let seen = gateway.upstream().settled(&request).await;
        assert!(seen.iter().all(|seen| seen.body.is_empty()), "{seen:?}");
    }
}

#[test]
fn a_plugin_that_releases_headers_enforces_by_itself() {
    let Some(packages) = packages() else { return };
    run(async {
        let gateway = Gateway::start_with("mesh-istio-plugin", |folder, upstream| {
            let objects = objects(&packages, folder, &releasing());
            configure(folder, upstream, &objects, inbound(NAMES[0]), &[of_plugin(&objects, NAMES[0])])
        });
        let gateway = gateway.await;
        // The head of a refused call gets through, and nothing else.
        let seen = assert_enforces(&gateway, &[]).await;
        assert!(seen.iter().all(|seen| seen.body.is_empty()), "{seen:?}");
    });
}

#[test]
fn without_the_envoy_filter_that_has_the_policy_every_call_is_denied() {
    let Some(packages) = packages() else { return };
    run(async {
        let gateway = Gateway::start_with("mesh-istio-no-filter", |folder, upstream| {
            let objects = objects(&packages, folder, &policy());
            configure(folder, upstream, &objects, inbound(NAMES[0]), &[of_plugin(&objects, NAMES[0])])
        });
        assert_denies_everything(&gateway.await).await;
    });
}

#[test]
fn with_the_envoy_filter_the_server_sees_nothing_of_a_refused_call() {
    let Some(packages) = packages() else { return };
    run(async {
        for (name, test) in NAMES.into_iter().zip(["mesh-istio-1.30", "mesh-istio-1.29"]) {
            let gateway = Gateway::start_with(test, |folder, upstream| {
                let objects = objects(&packages, folder, &policy());
                let mut listener = inbound(name);
                let (added, replaced) = apply(&objects, &mut listener);
                assert_eq!(replaced, 1);
                configure(folder, upstream, &objects, listener, &added)
            });
            let gateway = gateway.await;
            assert_eq!(assert_enforces(&gateway, &[]).await.len(), 0);
            assert_other_lines_are_at_work(&gateway).await;
        }
    });
}

#[test]
fn the_other_lines_of_the_envoy_filter_are_at_work_if_headers_are_released_too() {
    let Some(packages) = packages() else { return };
    run(async {
        let gateway = Gateway::start_with("mesh-istio-released", |folder, upstream| {
            let objects = objects(&packages, folder, &releasing());
            let mut listener = inbound(NAMES[0]);
            assert_eq!(apply(&objects, &mut listener), (Vec::new(), 0));
            configure(folder, upstream, &objects, listener, &[of_plugin(&objects, NAMES[0])])
        });
        let gateway = gateway.await;
        assert_enforces(&gateway, &[]).await;
        assert_other_lines_are_at_work(&gateway).await;
    });
}

async fn assert_other_lines_are_at_work(gateway: &Gateway) {
    assert_allowed(&gateway.send("mcp", &large(900_000, &[])).await);
    for request in [large(1, &[("mcp_name", "x")]), large(1, &[]).path("/a%2Fb")] {
        let answer = gateway.send("mcp", &request).await;
        assert_eq!((answer.status, gateway.upstream().seen(&request).len()), (400, 0), "{answer}");
    }
}

#[test]
fn if_istio_renames_filters_every_call_is_denied() {
    let Some(packages) = packages() else { return };
    run(async {
        let gateway = Gateway::start_with("mesh-istio-renamed", |folder, upstream| {
            let objects = objects(&packages, folder, &policy());
            let mut listener = inbound("another/name");
            let (added, replaced) = apply(&objects, &mut listener);
            assert_eq!(replaced, 0);
            let extensions = [&added[..], &[of_plugin(&objects, "another/name")]].concat();
            configure(folder, upstream, &objects, listener, &extensions)
        });
        assert_denies_everything(&gateway.await).await;
    });
}
