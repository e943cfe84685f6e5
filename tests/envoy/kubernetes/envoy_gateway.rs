//! The objects for Envoy Gateway: what it makes of them, in a real Envoy.

use super::{
    WASM, assert_enforces, bootstrap, large, listener, local_module,
    objects::{Objects, check, packages, patch},
    policy, render,
};
use crate::{
    answer::assert_allowed,
    client::call,
    gateway::{Gateway, extension, validate},
    identity::token::{KEY, filter as token_filter, signed},
    runtime::run,
};
use serde_json::{Value, json};
use std::{fs, net::SocketAddr, path::Path};

/// The filter's name in the listener that Envoy Gateway makes (`internal/xds/translator/wasm.go`).
const FILTER: &str = "envoy.filters.http.wasm/envoyextensionpolicy/default/mcp-policy-mcp-server/wasm/0";

/// The names of the listener, up to Envoy Gateway 1.9 and since 1.10 (`internal/xds/translator/listener.go`).
pub(super) const LISTENERS: [&str; 2] = ["default/mcp-policy-mcp-server/mcp", "tcp-80"];

/// A configuration whose filter releases headers.
fn releasing() -> Value {
    json!({ "policy": policy(), "protocol": { "headers": "release" } })
}

/// Renders the objects of a document.
pub(super) fn objects(packages: &Path, folder: &Path, document: &Value) -> Objects {
    let file = folder.join("envoy-gateway.yaml");
    fs::write(&file, render(folder, "envoy-gateway", &document.to_string(), &[])).expect("a file");
    let objects = check(packages, &[file]);
    assert_eq!(objects.faults, Vec::<String>::new());
    objects
}

/// What Envoy Gateway makes of the objects but for the patches.
pub(super) fn translated(objects: &Objects) -> Value {
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
    let tokens = objects.of_kind("SecurityPolicy").into_iter().map(|policy| {
        let mut tokens = token_filter();
        let provider = &policy["spec"]["jwt"]["providers"][0]["name"];
        tokens["typed_config"]["providers"]["issuer"]["payload_in_metadata"] = provider.clone();
        tokens
    });
    let filters: Vec<Value> = tokens.chain([wasm]).collect();
    let mut listener = listener("mcp", &filters, &json!({}));
    let manager = &mut listener["default_filter_chain"]["filters"][0]["typed_config"];
    manager["route_config"]["virtual_hosts"][0]["routes"] = routes(objects);
    add_cors(objects, manager);
    let client = &objects.one("ClientTrafficPolicy")["spec"];
    assert_eq!(client["connection"]["bufferLimit"], "5Mi");
    listener["per_connection_buffer_limit_bytes"] = (5 << 20).into();
    listener
}

/// The routes that Envoy Gateway makes of the HTTPRoute (`internal/xds/translator/route.go`).
fn routes(objects: &Objects) -> Value {
    let rules = &objects.one("HTTPRoute")["spec"]["rules"];
    let enabled = json!({ "@type": "type.googleapis.com/envoy.config.route.v3.FilterConfig", "config": {} });
    let marked = &rules[0]["matches"][0]["headers"][0];
    assert_eq!(marked["type"], "RegularExpression");
    let filters = objects.of_kind("HTTPRouteFilter");
    let answer =
        &filters.iter().find(|filter| filter["metadata"]["name"] == "mcp-policy-mcp-server").expect("a filter")["spec"]
            ["directResponse"];
    let added = &rules[1]["filters"][0]["requestHeaderModifier"]["add"][0];
    let expression = json!({ "safe_regex": { "regex": marked["value"] } });
    let header = json!({ "key": added["name"], "value": added["value"] });
    // Envoy Gateway makes a route of each match.
    let regex = |header: &Value| json!({ "name": header["name"], "string_match": { "safe_regex": { "regex": header["value"] } } });
    let to_match = |one: &Value| {
        let method =
            one["method"].as_str().map(|method| json!({ "name": ":method", "string_match": { "exact": method } }));
        let headers = one["headers"].as_array().into_iter().flatten().map(regex);
        json!({ "prefix": "/", "headers": method.into_iter().chain(headers).collect::<Value>() })
    };
    let to_server: Vec<Value> = match rules[1]["matches"].as_array() {
        Some(matches) => matches.iter().map(to_match).collect(),
        None => vec![json!({ "prefix": "/" })],
    };
    let to_server = to_server.into_iter().map(|to_server| {
        json!({
            "match": to_server,
            "route": { "cluster": "server", "timeout": rules[1]["timeouts"]["request"] },
            "request_headers_to_add": [{ "header": header, "append_action": "APPEND_IF_EXISTS_OR_ADD" }],
            "typed_per_filter_config": { FILTER: enabled },
        })
    });
    let looped = json!([
        {
            "match": { "prefix": "/", "headers": [{ "name": marked["name"], "string_match": expression }] },
            "direct_response": { "status": answer["statusCode"], "body": { "inline_string": answer["body"]["inline"] } },
            "typed_per_filter_config": { FILTER: enabled },
        },
    ]);
    looped.as_array().cloned().unwrap_or_default().into_iter().chain(to_server).collect()
}

/// What Envoy Gateway makes of `cors` (`internal/xds/translator/cors.go`): the first filter, with a policy for each route.
fn add_cors(objects: &Objects, manager: &mut Value) {
    const CORS: &str = "envoy.filters.http.cors";
    let policies = objects.of_kind("SecurityPolicy");
    let Some(cors) = policies.first().map(|policy| &policy["spec"]["cors"]) else { return };
    let Some(origins) = cors["allowOrigins"].as_array() else { return };
    let matcher = |origin: &Value| match origin.as_str().expect("text") {
        text if text.contains('*') => json!({ "safe_regex": { "regex": text.replace('.', "\\.").replace('*', ".*") } }),
        text => json!({ "exact": text }),
    };
    let joined = |list: &Value| {
        let words = list.as_array().expect("a list").iter().map(|word| word.as_str().expect("text"));
        words.collect::<Vec<_>>().join(", ")
    };
    let policy = json!({
        "@type": "type.googleapis.com/envoy.extensions.filters.http.cors.v3.CorsPolicy",
        "allow_origin_string_match": origins.iter().map(matcher).collect::<Vec<_>>(),
        "allow_methods": joined(&cors["allowMethods"]),
        "allow_headers": joined(&cors["allowHeaders"]),
        "expose_headers": joined(&cors["exposeHeaders"]),
        "max_age": cors["maxAge"].as_str().expect("text").trim_end_matches('s'),
        "allow_credentials": false,
    });
    for route in manager["route_config"]["virtual_hosts"][0]["routes"].as_array_mut().expect("routes") {
        route["typed_per_filter_config"][CORS] = policy.clone();
    }
    let filter = extension(CORS, "filters.http.cors.v3.Cors", json!({}));
    manager["http_filters"].as_array_mut().expect("filters").insert(0, filter);
}

/// The Envoy with this listener, and that it finds no fault in it; with the labels of the EnvoyProxy.
pub(super) fn configure(
    packages: &Path,
    folder: &Path,
    upstream: SocketAddr,
    objects: &Objects,
    listener: &Value,
) -> String {
    configure_with(packages, folder, upstream, objects, listener, &json!([]))
}

/// The same with these secrets.
fn configure_with(
    packages: &Path,
    folder: &Path,
    upstream: SocketAddr,
    objects: &Objects,
    listener: &Value,
    secrets: &Value,
) -> String {
    let mut config = bootstrap(&json!([listener]), upstream);
    config["static_resources"]["secrets"] = secrets.clone();
    config["stats_config"] = json!({ "stats_tags": [] });
    config["overload_manager"] = overload_manager(objects);
    let patches = objects.one("EnvoyProxy")["spec"]["bootstrap"]["jsonPatches"].as_array().expect("patches");
    let config = patch(packages, folder, &config, patches).to_string();
    let file = folder.join("validated.json");
    fs::write(&file, &config).expect("a file");
    assert_eq!(validate(&file), None);
    config
}

/// The part of the bootstrap that follows from the container's memory limit (`internal/xds/bootstrap/bootstrap.yaml.tpl`).
fn overload_manager(objects: &Objects) -> Value {
    let container = &objects.one("EnvoyProxy")["spec"]["provider"]["kubernetes"]["envoyDeployment"]["container"];
    assert_eq!(container["resources"]["limits"]["memory"], "1Gi");
    let heap = "envoy.resource_monitors.fixed_heap";
    let monitor = "type.googleapis.com/envoy.extensions.resource_monitors.fixed_heap.v3.FixedHeapConfig";
    let action = |name: &str, value: f64| {
        json!({
            "name": format!("envoy.overload_actions.{name}"),
            "triggers": [{ "name": heap, "threshold": { "value": value } }],
        })
    };
    json!({
        "refresh_interval": "0.25s",
        "resource_monitors": [
            { "name": heap, "typed_config": { "@type": monitor, "max_heap_size_bytes": (1u64 << 30) * 8 / 10 } },
        ],
        "actions": [action("shrink_heap", 0.95), action("stop_accepting_requests", 0.98)],
    })
}

/// The listener of this name after the one EnvoyPatchPolicy that fits it; Envoy Gateway patches resources by name.
pub(super) fn patched(packages: &Path, folder: &Path, objects: &Objects, listener: &Value, name: &str) -> Value {
    let mut operations = Vec::new();
    let mut programmed = 0;
    for object in objects.of_kind("EnvoyPatchPolicy") {
        let patches = object["spec"]["jsonPatches"].as_array().expect("patches");
        for patch in patches {
            assert_eq!(patch["type"], "type.googleapis.com/envoy.config.listener.v3.Listener");
            assert_eq!(patch["name"], patches[0]["name"]);
        }
        if patches[0]["name"] == name {
            operations.extend(patches.iter().map(|patch| patch["operation"].clone()));
            programmed += 1;
        }
    }
    assert_eq!(programmed, 1, "{name}");
    patch(packages, folder, listener, &operations)
}

/// The gateway with all objects.
pub(crate) fn configure_patched(packages: &Path, folder: &Path, upstream: SocketAddr, objects: &Objects) -> String {
    let listener = patched(packages, folder, objects, &translated(objects), LISTENERS[1]);
    configure(packages, folder, upstream, objects, &listener)
}

/// The gateway with all objects, in which a Secret holds this credential. Envoy Gateway puts the filter that sends it behind ours, whatever
/// the order of filters in the route (`internal/xds/translator/httpfilters.go`).
pub(crate) fn configure_all(
    packages: &Path,
    folder: &Path,
    upstream: SocketAddr,
    objects: &Objects,
    credential: &str,
) -> String {
    let mut listener = patched(packages, folder, objects, &translated(objects), LISTENERS[1]);
    let filters = objects.of_kind("HTTPRouteFilter");
    let injection =
        filters.iter().find_map(|filter| filter["spec"].get("credentialInjection").map(|spec| (filter, spec)));
    let (filter, injection) = injection.expect("a filter with the credential");
    let reference = &objects.one("HTTPRoute")["spec"]["rules"][1]["filters"][1]["extensionRef"];
    assert_eq!([&reference["kind"], &reference["name"]], [&filter["kind"], &filter["metadata"]["name"]]);
    assert_eq!(injection["credential"]["valueRef"], json!({ "name": "mcp-key" }));
    let generic = json!({
        "@type": "type.googleapis.com/envoy.extensions.http.injected_credentials.generic.v3.Generic",
        "credential": { "name": "credential" },
    });
    let injector = extension(
        "envoy.filters.http.credential_injector",
        "filters.http.credential_injector.v3.CredentialInjector",
        json!({
            "overwrite": injection["overwrite"],
            "credential": { "name": "envoy.http.injected_credentials.generic", "typed_config": generic },
        }),
    );
    let filters = &mut listener["default_filter_chain"]["filters"][0]["typed_config"]["http_filters"];
    let filters = filters.as_array_mut().expect("filters");
    filters.insert(filters.len() - 1, injector);
    let secret = json!({ "name": "credential", "generic_secret": { "secret": { "inline_string": credential } } });
    configure_with(packages, folder, upstream, objects, &listener, &json!([secret]))
}

pub(super) fn bearer(subject: &str) -> String {
    format!("Bearer {}", signed(KEY, json!({ "sub": subject })))
}

#[test]
fn an_extension_policy_that_releases_headers_enforces_by_itself_for_each_subject() {
    let Some(packages) = packages() else { return };
    run(async {
        let gateway = Gateway::start_with("mesh-gateway-extension", |folder, upstream| {
            let objects = objects(&packages, folder, &releasing());
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
fn if_no_patch_fits_the_listener_every_call_is_denied() {
    let Some(packages) = packages() else { return };
    run(async {
        let gateway = Gateway::start_with("mesh-gateway-unpatched", |folder, upstream| {
            let objects = objects(&packages, folder, &policy());
            configure(&packages, folder, upstream, &objects, &translated(&objects))
        });
        let gateway = gateway.await;
        for tool in ["ok", "once", "other"] {
            let request = call(tool, &json!({}), "1", &[("authorization", &bearer("alice"))]);
            let answer = gateway.send("mcp", &request).await;
            assert_eq!(answer.json()["error"]["data"]["rule"], "(no policy)", "{answer}");
            let seen = gateway.upstream().settled(&request).await;
            assert!(seen.iter().all(|seen| seen.body.is_empty()), "{seen:?}");
        }
    });
}

#[test]
fn with_the_patch_policy_the_server_sees_nothing_of_a_refused_call() {
    let Some(packages) = packages() else { return };
    run(async {
        for (name, test) in LISTENERS.into_iter().zip(["mesh-gateway-1.9", "mesh-gateway-1.10"]) {
            let mut marker = Value::Null;
            let gateway = Gateway::start_with(test, |folder, upstream| {
                let objects = objects(&packages, folder, &policy());
                let listener = patched(&packages, folder, &objects, &translated(&objects), name);
                marker = objects.one("HTTPRoute")["spec"]["rules"][1]["filters"][0]["requestHeaderModifier"]["add"][0]
                    ["value"]
                    .clone();
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
            // What the gateway has forwarded itself, after another gateway.
            let marker = format!("another, {}", marker.as_str().expect("text"));
            let headers = [("authorization", token.as_str()), ("x-mcp-policy-gateway", &marker)];
            let looped = call("ok", &json!({}), "1", &headers);
            let answer = gateway.send("mcp", &looped).await;
            assert_eq!((answer.status, gateway.upstream().seen(&looped).len()), (508, 0), "{answer}");
        }
    });
}

#[test]
fn the_patches_fit_listeners_with_tls_too() {
    let Some(packages) = packages() else { return };
    let folder = crate::process::fresh_folder("mesh-gateway-tls");
    let objects = objects(&packages, &folder, &policy());
    // Envoy Gateway keeps the chain of a listener with TLS in a list.
    let mut listener = translated(&objects);
    let chain = listener["default_filter_chain"].take();
    listener.as_object_mut().expect("a listener").remove("default_filter_chain");
    listener["filter_chains"] = json!([chain]);
    for name in LISTENERS {
        let patched = patched(&packages, &folder, &objects, &listener, name);
        let config =
            &patched["filter_chains"][0]["filters"][0]["typed_config"]["http_filters"][1]["typed_config"]["config"];
        assert_eq!(config["allow_on_headers_stop_iteration"], true);
        assert_eq!([&config["failure_policy"], &config["vm_config"]["vm_id"]], ["FAIL_RELOAD", "mcp-policy"]);
        assert!(config["configuration"]["value"].as_str().expect("text").contains(r#""headers": "hold""#));
    }
}
