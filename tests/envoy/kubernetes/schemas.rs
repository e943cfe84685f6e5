//! Objects against the schemas of Kubernetes, the Gateway API, Istio and Envoy Gateway, and their text read back.

use super::{
    objects::{Objects, check, packages},
    render,
};
use crate::process::fresh_folder;
use serde_json::{Value, json};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// What is shipped, as `mcp-policy render` calls it.
const GATEWAYS: [(&str, &[&str]); 3] = [
    ("istio", &["WasmPlugin", "Sidecar", "EnvoyFilter", "ConfigMap"]),
    (
        "envoy-gateway",
        &[
            "Gateway",
            "HTTPRoute",
            "HTTPRouteFilter",
            "ClientTrafficPolicy",
            "BackendTrafficPolicy",
            "SecurityPolicy",
            "EnvoyProxy",
            "EnvoyExtensionPolicy",
            "EnvoyPatchPolicy",
            "EnvoyPatchPolicy",
        ],
    ),
    ("sidecar", &["ConfigMap", "ConfigMap", "Deployment", "Service"]),
];

fn shipped(gateway: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("envoy").join(gateway).join("mcp-policy.yaml")
}

#[test]
fn every_shipped_object_fits_its_schema() {
    let Some(packages) = packages() else { return };
    for (gateway, kinds) in GATEWAYS {
        let objects = check(&packages, &[shipped(gateway)]);
        assert_eq!(objects.faults, Vec::<String>::new());
        assert_eq!(objects.all.iter().map(|object| &object["kind"]).collect::<Vec<_>>(), kinds);
    }
}

#[test]
fn a_mistake_in_any_object_would_be_seen() {
    let Some(packages) = packages() else { return };
    let folder = fresh_folder("mesh-mistakes");
    let mistakes = [
        ("istio", "failStrategy:", "failStrtegy:", "WasmPlugin: Object literal may only specify known properties"),
        ("istio", "phase: STATS", "phase: LAST", "WasmPlugin: data/spec/phase must be equal to one of"),
        ("istio", "workloadSelector:", "workloadSelect:", "Sidecar: Object literal may only specify known properties"),
        ("istio", "configPatches:", "configPatchs:", "EnvoyFilter: Object literal may only specify known properties"),
        (
            "istio",
            "operation: REPLACE",
            "operation: SWAP",
            "EnvoyFilter: data/spec/configPatches/0/patch/operation must",
        ),
        ("istio", "networking.istio.io/v1alpha3", "netwrking.istio.io/v1alpha3", "EnvoyFilter: no package has"),
        (
            "envoy-gateway",
            "gatewayClassName: eg",
            "",
            "Gateway: data/spec must have required property gatewayClassName",
        ),
        ("envoy-gateway", "bufferLimit:", "buferLimit:", "ClientTrafficPolicy: Object literal may only"),
        (
            "envoy-gateway",
            "failOpen: false",
            "failOpen: no way",
            "EnvoyExtensionPolicy: data/spec/wasm/0/failOpen must",
        ),
        ("envoy-gateway", "remoteJWKS:", "remoteJwks:", "SecurityPolicy: Object literal may only"),
        ("envoy-gateway", "jsonPath:", "jsonpath:", "EnvoyPatchPolicy: Object literal may only"),
        ("sidecar", "readinessProbe:", "readynessProbe:", "Deployment: Object literal may only"),
        ("sidecar", "replicas: 1", "replicas: one", "Deployment: data/spec/replicas must be integer"),
        ("sidecar", "runAsNonRoot: true", "runAsNonRoot: on", "reads differently as YAML 1.1"),
        ("sidecar", "targetPort: mcp", "targetPort: [", "object 4: Flow sequence"),
    ];
    let write = |(number, (gateway, right, wrong, _)): (usize, &(&str, &str, &str, &str))| {
        let text = fs::read_to_string(shipped(gateway)).expect("the objects");
        assert!(text.contains(right), "{right}");
        let file = folder.join(format!("{number}.yaml"));
        fs::write(&file, text.replacen(right, wrong, 1)).expect("a file");
        file
    };
    let files: Vec<PathBuf> = mistakes.iter().enumerate().map(write).collect();
    let faults = check(&packages, &files).faults;
    for (number, (_, _, wrong, seen)) in mistakes.iter().enumerate() {
        let own = faults.iter().filter(|fault| fault.starts_with(&format!("{number}.yaml")));
        let own: Vec<&String> = own.collect();
        assert!(own.iter().any(|fault| fault.contains(seen)), "{wrong}: {own:#?}");
    }
}

/// Texts of a policy that YAML, templates, C and Envoy's formats would make something else of.
const HOSTILE: [&str; 8] = [
    r#"it's \"quoted\" \\ and \/ and back`ticks"#,
    "a: b # no comment, - no list",
    "%YAML 1.2, %REQ(:PATH)%, ${namespace} {{ .Values }} $(POD) *a &b !c",
    "café 図 🦀 \\ud83e\\udd80",
    "\\u0000 \\u0007 \\u0085 \\u2028 \\u2029 \\ufeff \\uffff \\u007f",
    "next\u{85}line, \u{2028} and \u{2029}, \u{feff}, \u{7f}",
    "---",
    "\\ttab\\r\\nline ",
];

#[test]
fn whatever_a_policy_says_reaches_the_filter_as_it_was_written() {
    let Some(packages) = packages() else { return };
    let folder = fresh_folder("mesh-hostile");
    let policies = HOSTILE.map(hostile);
    let mut files = Vec::new();
    for (number, policy) in policies.iter().enumerate() {
        // With headers held, and released.
        for (mode, document) in [("hold", policy.clone()), ("release", releasing(policy))] {
            for (gateway, _) in GATEWAYS {
                let file = folder.join(format!("{number}-{mode}-{gateway}.yaml"));
                fs::write(&file, render(&folder, gateway, &document, &[])).expect("a file");
                files.push(file);
            }
        }
    }
    let objects = check(&packages, &files);
    assert_eq!(objects.faults, Vec::<String>::new());
    let each = GATEWAYS.iter().map(|(_, kinds)| kinds.len()).sum();
    assert_eq!(objects.all.len(), HOSTILE.len() * 2 * each);
    for (policy, all) in policies.iter().zip(objects.all.chunks(each * 2)) {
        let (held, released) = all.split_at(each);
        let [held, released] = [held, released].map(|all| Objects { all: all.to_vec(), faults: Vec::new() });
        assert_keeps(&held, &released, policy);
        let files = held.all.iter().filter_map(|object| object["data"]["mcp-policy.json"].as_str());
        let [filter]: [&str; 1] = files.collect::<Vec<_>>().try_into().expect("one file");
        let filter: Value = serde_json::from_str(filter).expect("JSON");
        let config = &filter["resources"][0]["typed_config"]["config"];
        let text = format!(r#"{{"audit": {{"fields": true}}, "policy": {policy}, "protocol": {{"headers": "hold"}}}}"#);
        assert_eq!(config["configuration"]["value"], *text);
        // A gateway by itself has it in its own file, and accepts pages of this machine besides.
        let origins = r#""origins": ["http://localhost:*", "http://127.0.0.1:*", "http://[::1]:*"], "headers": "hold""#;
        let local: Value = serde_saphyr::from_str(&render(&folder, "envoy", policy, &[])).expect("YAML");
        let filters = "/static_resources/listeners/0/filter_chains/0/filters/0/typed_config/http_filters";
        let filters = local.pointer(filters).and_then(Value::as_array).expect("filters");
        let own = filters.iter().find(|filter| filter["name"] == "mcp-policy").expect("the filter");
        let own = &own["typed_config"]["config"]["configuration"]["value"];
        assert_eq!(*own, *text.replacen(r#""headers": "hold""#, origins, 1));
    }
}

/// A configuration with this policy, whose filter releases headers.
fn releasing(policy: &str) -> String {
    format!(r#"{{"policy": {policy}, "protocol": {{"headers": "release"}}}}"#)
}

/// A policy with this text in it, as a name, too, and with numbers in all spellings.
fn hostile(text: &str) -> String {
    let key = "k".repeat(1100);
    format!(
        "{{\"version\": \"1\",\r\n\t\"default\":\t\"deny\", \"description\"  :\"{text}\",\n\n \"tools\":{{ \"{text}\":{{}},\
         \"{key}\": {{\"require\":[{{\"conditions\":[{{\"path\":\"args.n\",\"op\":\"in\",\
         \"value\":[1e2, 0.5, -0, 12.50, 1E-7, 123456789012345]}}]}}]}} }} }}"
    )
}

/// Asserts that the objects that hold headers, and those that release them, have a policy as it was written.
#[track_caller]
fn assert_keeps(held: &Objects, released: &Objects, policy: &str) {
    let document: Value = serde_json::from_str(policy).expect("JSON");
    let plugin = &released.one("WasmPlugin")["spec"]["pluginConfig"];
    let extension = &released.one("EnvoyExtensionPolicy")["spec"]["wasm"][0]["config"];
    for given in [plugin, extension] {
        assert_same(&given["policy"], &document);
        assert_eq!(given["protocol"], json!({ "headers": "release" }));
    }
    // There it is the user's own text.
    let text = format!(r#"{{"policy": {policy}, "protocol": {{"headers": "hold"}}}}"#);
    let patches = &held.one("EnvoyFilter")["spec"]["configPatches"];
    assert_eq!(patches[2]["patch"]["value"]["typed_config"]["config"]["configuration"]["value"], *text);
    let identity = r#"{"audit": {"fields": true}, "identity": [{"jwt_claim": "sub", "payload": "mcp"}],"#;
    for object in held.of_kind("EnvoyPatchPolicy") {
        let operation = &object["spec"]["jsonPatches"][3]["operation"];
        assert_eq!(operation["value"]["value"], *text.replacen('{', identity, 1));
    }
}

/// Asserts that two documents are the same, numbers by their value.
#[track_caller]
fn assert_same(given: &Value, wanted: &Value) {
    match (given, wanted) {
        (Value::Object(given), Value::Object(wanted)) => {
            assert_eq!(given.keys().collect::<Vec<_>>(), wanted.keys().collect::<Vec<_>>());
            for (key, value) in given {
                assert_same(value, &wanted[key]);
            }
        }
        (Value::Array(given), Value::Array(wanted)) => {
            assert_eq!(given.len(), wanted.len());
            given.iter().zip(wanted).for_each(|(given, wanted)| assert_same(given, wanted));
        }
        (Value::Number(given), Value::Number(wanted)) => assert_eq!(given.as_f64(), wanted.as_f64()),
        _ => assert_eq!(given, wanted),
    }
}
