//! The objects for Kubernetes. `tests/envoy/kubernetes/` reads them with other YAML readers, and checks them against schemas.

use std::collections::BTreeSet;

use serde_json::Value;

use super::render_for;
use crate::render::{kubernetes::Name, yaml::write_document};

const POLICY: &str = r#"{"version":"1","default":"deny"}"#;
/// The same policy in a filter that releases headers.
const RELEASING: &str = r#"{"policy":{"version":"1","default":"deny"},"protocol":{"headers":"release"}}"#;
/// Word after `render`, and the file that is shipped.
const GATEWAYS: [(&str, &str); 3] = [
    ("sidecar", "envoy/sidecar/mcp-policy.yaml"),
    ("istio", "envoy/istio/mcp-policy.yaml"),
    ("envoy-gateway", "envoy/envoy-gateway/mcp-policy.yaml"),
];

#[test]
fn the_shipped_objects_are_what_render_prints() {
    let root = env!("CARGO_MANIFEST_DIR");
    let policy = std::fs::read_to_string(format!("{root}/envoy/policies/krea.json")).unwrap();
    for (gateway, file) in GATEWAYS {
        let shipped = std::fs::read_to_string(format!("{root}/{file}")).unwrap_or_default();
        assert!(
            shipped == render_for(gateway, &policy, &[]).unwrap(),
            "{file} is out of date: cargo run -- render {gateway} envoy/policies/krea.json > {file}"
        );
    }
}

#[test]
fn templates_leave_no_tag_and_no_trailing_space() {
    for (gateway, _) in GATEWAYS {
        for document in [POLICY, RELEASING] {
            let rendered = render_for(gateway, document, &[]).unwrap();
            assert!(!rendered.contains("{%") && !rendered.contains("{{"), "{rendered}");
            assert!(!rendered.lines().any(|line| line.ends_with(' ')), "{rendered}");
        }
    }
}

#[test]
fn options_reach_their_lines() {
    let image = format!("registry.example.org:5000/a/b@sha256:{}", "ab".repeat(32));
    let options = ["--image", &image, "--namespace", "agents"];
    let istio = render_for("istio", POLICY, &[&options[..], &["--app", "tools"]].concat()).unwrap();
    for line in [
        "matchLabels: { app: tools }",
        "labels: { app: tools }",
        &format!("url: oci://{image}"),
        &format!("uri: \"oci://{image}\""),
        &format!("sha256: \"{}\"", "ab".repeat(32)),
        "name: extensions.istio.io/trafficextension/agents.mcp-policy-tools~istio-translated-wasmplugin",
    ] {
        assert!(istio.contains(line), "{line}");
    }
    let gateway =
        render_for("envoy-gateway", POLICY, &[&options[..], &["--service", "tools", "--port", "81"]].concat());
    let gateway = gateway.unwrap();
    for line in [
        "- { name: tools, port: 81 }",
        "name: agents/mcp-policy-tools/mcp",
        "name: tcp-80",
        "envoyextensionpolicy/agents/mcp-policy-tools/wasm/0",
    ] {
        assert!(gateway.contains(line), "{line}");
    }
    let upstream = ["--upstream", "http://127.0.0.1:81", "--port", "82"];
    let sidecar = render_for("sidecar", POLICY, &[&options[..], &upstream].concat()).unwrap();
    for line in ["port_value: 81 }", "0.0.0.0, port_value: 82 }", "containerPort: 82 }", &format!("reference: {image}")]
    {
        assert!(sidecar.contains(line), "{line}");
    }
}

/// The objects of a file.
fn objects(rendered: &str) -> Vec<Value> {
    serde_saphyr::from_multiple(rendered).unwrap()
}

/// The object of a kind, and its name.
fn of_kind<'o>(objects: &'o [Value], kind: &str) -> (&'o Value, &'o str) {
    let object = objects.iter().find(|object| object["kind"] == kind).unwrap();
    (object, object["metadata"]["name"].as_str().unwrap())
}

#[test]
fn objects_of_two_servers_never_replace_each_other() {
    let long = "a".repeat(62);
    for (gateway, option) in [("sidecar", "--app"), ("istio", "--app"), ("envoy-gateway", "--service")] {
        let servers = ["one", "two", &format!("{long}1"), &format!("{long}2")];
        let mut names = BTreeSet::new();
        let mut count = 0;
        for server in servers {
            for object in objects(&render_for(gateway, POLICY, &[option, server]).unwrap()) {
                let name = object["metadata"]["name"].as_str().unwrap();
                assert!(name.trim_end_matches(".tcp-80").parse::<Name>().is_ok(), "{name}");
                names.insert(format!("{} {name}", object["kind"]));
                count += 1;
            }
        }
        assert_eq!(names.len(), count, "{gateway}: {names:#?}");
    }
}

#[test]
fn a_sidecar_that_would_read_another_file_is_another_pod() {
    let pod = |policy: &str, options: &[&str]| {
        let objects = objects(&render_for("sidecar", policy, options).unwrap());
        let (map, name) = of_kind(&objects, "ConfigMap");
        assert_eq!(map["immutable"], true);
        assert!(map["data"]["envoy.yaml"].is_string());
        assert_eq!(map["metadata"]["labels"], serde_json::json!({ "app": "mcp-server" }));
        let template = &of_kind(&objects, "Deployment").0["spec"]["template"];
        assert_eq!(template["spec"]["volumes"][0]["configMap"]["name"], name);
        template.to_string()
    };
    let approver = ["--approver", "peer:spiffe://a"];
    let changed = [
        pod(POLICY, &[]),
        pod(POLICY, &approver),
        pod(POLICY, &["--approver", "peer:spiffe://b"]),
        pod(POLICY, &["--upstream", "http://127.0.0.1:3001"]),
    ];
    assert_eq!(changed.iter().collect::<BTreeSet<_>>().len(), changed.len());
    // The same file is the same pod.
    assert_eq!(pod(POLICY, &approver), pod(POLICY, &approver));
}

#[test]
fn another_policy_is_another_content_of_the_same_object_in_the_same_pod() {
    let rendered = |policy: &str| objects(&render_for("sidecar", policy, &[]).unwrap());
    let (before, after) = (rendered(POLICY), rendered(&POLICY.replace("deny", "allow")));
    let changed: Vec<usize> = (0..before.len()).filter(|at| before[*at] != after[*at]).collect();
    assert_eq!(changed, [1], "the ConfigMap with the policy alone");
    let [old, new] = [&before[1], &after[1]];
    assert_eq!((&old["kind"], &old["immutable"]), (&"ConfigMap".into(), &Value::Null));
    assert_eq!(old["metadata"]["name"], new["metadata"]["name"]);
    let pod = &of_kind(&before, "Deployment").0["spec"]["template"]["spec"];
    assert_eq!(pod["volumes"][2]["configMap"]["name"], old["metadata"]["name"]);
    // What needs more than the policy is another configuration of Envoy, and so another object with another pod.
    let larger = format!(r#"{{"policy":{POLICY},"protocol":{{"max_body_bytes":9999999}}}}"#);
    let larger = rendered(&larger);
    assert_ne!(larger[1]["metadata"]["name"], old["metadata"]["name"]);
    assert_ne!(of_kind(&larger, "Deployment").0, of_kind(&before, "Deployment").0);
}

#[test]
fn connections_to_the_server_have_bounds_and_end_before_the_server_closes_them() {
    let option = ["--upstream-idle-timeout", "7"];
    let places = [
        ("istio", "Sidecar", "/spec/inboundConnectionPool/http/idleTimeout"),
        ("envoy-gateway", "BackendTrafficPolicy", "/spec/timeout/http/connectionIdleTimeout"),
    ];
    for (gateway, kind, pointer) in places {
        let timeout = |options: &[&str]| {
            of_kind(&objects(&render_for(gateway, POLICY, options).unwrap()), kind).0.pointer(pointer).cloned()
        };
        assert_eq!([timeout(&[]), timeout(&option)], [Some("4s".into()), Some("7s".into())], "{gateway}");
    }
    let istio = objects(&render_for("istio", POLICY, &[]).unwrap());
    let pool = &of_kind(&istio, "Sidecar").0["spec"]["inboundConnectionPool"];
    assert_eq!(pool["tcp"]["maxConnections"], 2176);
    assert_eq!([&pool["http"]["http2MaxRequests"], &pool["http"]["http1MaxPendingRequests"]], [2048, 128]);
    let gateway = objects(&render_for("envoy-gateway", POLICY, &[]).unwrap());
    assert_eq!(
        of_kind(&gateway, "BackendTrafficPolicy").0["spec"]["circuitBreaker"],
        serde_json::json!({ "maxParallelRequests": 2048, "maxPendingRequests": 128, "maxConnections": 2176 })
    );
    for gateway in ["envoy", "sidecar"] {
        let rendered = render_for(gateway, POLICY, &option).unwrap();
        assert!(rendered.contains("idle_timeout: 7s }") && rendered.contains("max_concurrent_streams: 100"));
        assert!(rendered.contains("{ max_requests: 2048, max_pending_requests: 128, max_connections: 2176 }"));
    }
}

#[test]
fn filters_of_two_servers_in_one_envoy_have_counters_of_their_own() {
    let istio = objects(&render_for("istio", POLICY, &["--app", "one"]).unwrap());
    let (filter, _) = of_kind(&istio, "EnvoyFilter");
    let extension = &filter["spec"]["configPatches"][2]["patch"]["value"];
    assert_eq!(extension["name"], "mcp-policy-one.default");
    assert_eq!(extension["typed_config"]["config"]["name"], "mcp-policy-one");
    let gateway = objects(&render_for("envoy-gateway", POLICY, &["--service", "one"]).unwrap());
    let (policy, name) = of_kind(&gateway, "EnvoyExtensionPolicy");
    assert_eq!(policy["spec"]["wasm"][0]["name"], name);
}

#[test]
fn envoy_gateway_identifies_callers_by_their_tokens_unless_the_document_has_a_source() {
    let sources = |document: &str| {
        let rendered = render_for("envoy-gateway", document, &[]).unwrap();
        // Without the comment beside the provider.
        let lines = rendered.lines().filter(|line| !line.trim_start().starts_with('#'));
        let lines: Vec<_> = lines.collect();
        let count = |text| lines.iter().filter(|line| line.contains(text)).count();
        (count(r#""jwt_claim": "sub", "payload": "mcp""#), count(r#""constant""#))
    };
    // In each of the two objects with patches.
    assert_eq!(sources(POLICY), (2, 0));
    assert_eq!(sources(RELEASING), (1, 0));
    assert_eq!(sources(&format!(r#"{{"policy":{POLICY},"identity":[{{"constant":"all"}}]}}"#)), (0, 2));
}

#[test]
fn the_policy_is_in_the_one_object_that_can_enforce_it_and_the_other_denies_every_request() {
    let own = [("istio", "WasmPlugin", "EnvoyFilter"), ("envoy-gateway", "EnvoyExtensionPolicy", "EnvoyPatchPolicy")];
    let marked = |document: &str| document.replace("\"deny\"", "\"deny\",\"description\":\"the policy\"");
    for (gateway, plugin, patches) in own {
        let kinds = |document: &str| -> BTreeSet<String> {
            let objects = objects(&render_for(gateway, &marked(document), &[]).unwrap());
            let with_policy = objects.iter().filter(|object| object.to_string().contains("the policy"));
            with_policy.map(|object| object["kind"].as_str().unwrap().to_owned()).collect()
        };
        assert_eq!(kinds(POLICY), BTreeSet::from([patches.to_owned()]));
        assert_eq!(kinds(RELEASING), BTreeSet::from([plugin.to_owned()]));

        let objects = objects(&render_for(gateway, POLICY, &[]).unwrap());
        let spec = &of_kind(&objects, plugin).0["spec"];
        let configuration = if gateway == "istio" { &spec["pluginConfig"] } else { &spec["wasm"][0]["config"] };
        let config = mcp_policy::config::Config::load(configuration.to_string().as_bytes()).unwrap();
        assert!(config.bindings.is_empty());
    }
}

#[test]
fn headers_are_held_only_where_envoy_allows_it() {
    for (gateway, count) in [("istio", 1), ("envoy-gateway", 2)] {
        let hold = format!(r#"{{"policy":{POLICY},"protocol":{{"headers":"hold"}}}}"#);
        for (document, count) in [(POLICY, count), (hold.as_str(), count), (RELEASING, 0)] {
            let rendered = render_for(gateway, document, &[]).unwrap();
            let held =
                rendered.matches(r#""headers": "hold""#).count() + rendered.matches(r#""headers":"hold""#).count();
            let lines = rendered.lines().filter(|line| !line.trim_start().starts_with('#'));
            let allowed = lines.filter(|line| line.contains("allow_on_headers_stop_iteration")).count();
            assert_eq!((held, allowed), (count, count), "{rendered}");
        }
    }
}

#[test]
fn istio_inspects_calls_on_the_port_of_the_option_only() {
    let objects = |options: &[&str]| objects(&render_for("istio", POLICY, options).unwrap());
    let places = |objects: &[Value]| {
        let plugin = of_kind(objects, "WasmPlugin").0["spec"]["match"].clone();
        let patches = of_kind(objects, "EnvoyFilter").0["spec"]["configPatches"].as_array().unwrap();
        let chains = patches.iter().filter_map(|patch| patch.pointer("/match/listener/filterChain"));
        (plugin, chains.map(|chain| chain["destinationPort"].clone()).collect::<Vec<_>>())
    };
    let every = (serde_json::json!([{ "mode": "SERVER" }]), vec![Value::Null; 3]);
    assert_eq!(places(&objects(&[])), every);
    let one = (serde_json::json!([{ "mode": "SERVER", "ports": [{ "number": 3000 }] }]), vec![3000.into(); 3]);
    assert_eq!(places(&objects(&["--port", "3000"])), one);
}

#[test]
fn a_part_of_an_object_is_yaml_on_which_readers_agree() {
    let configuration =
        r#"{"a\u00e9\ud83e\udd80":[],"b":{},"c":[1,{"d":null}],"t":true,"n":[1e2,-0.50,1E-3,100.0],"s":"\/\u0085 %"}"#;
    assert_eq!(
        write_document(configuration).unwrap(),
        "{\n    \"aé🦀\": [],\n    \"b\": {},\n    \"c\": [ 1, { \"d\": null } ],\n    \"t\": true,\n    \
         \"n\": [ 100, -0.5, 0.001, 100 ],\n    \"s\": \"/\\u0085 %\"\n  }"
    );
    let long = "k".repeat(1000);
    assert_eq!(write_document(&format!(r#"{{"{long}":1}}"#)).unwrap(), format!("{{\n    ? \"{long}\" : 1\n  }}"));
}

#[test]
fn numbers_that_doubles_cannot_keep_are_refused() {
    for (number, arrives) in
        [("9007199254740993", "9007199254740992"), ("0.12345678901234567890", "0.12345678901234568")]
    {
        assert_eq!(
            write_document(&format!(r#"{{"a/b":[{number}]}}"#)).unwrap_err(),
            format!(
                "`/a~1b/0`: `{number}` would reach the filter as `{arrives}`, since Kubernetes keeps numbers as doubles; \
                 write one of at most 15 digits"
            )
        );
    }
}

#[test]
fn names_are_dns_labels_and_no_words_of_yaml() {
    assert_eq!("mcp-server-2".parse::<Name>().unwrap().as_str(), "mcp-server-2");
    for name in ["", "A", "-a", "a-", "a.b", "a b", &"a".repeat(64)] {
        let message =
            format!("`{name}` is not a DNS label: use 1 to 63 of `a` to `z`, `0` to `9` and, between them, `-`");
        assert_eq!(name.parse::<Name>().unwrap_err(), message);
    }
    for name in ["on", "1e3", "true"] {
        let message = format!("some YAML readers take `{name}` for a number or a boolean: choose another name");
        assert_eq!(name.parse::<Name>().unwrap_err(), message);
    }
}

#[test]
fn the_pod_monitor_reads_the_pods_of_a_sidecar() {
    let file = format!("{}/envoy/observe/podmonitor.yaml", env!("CARGO_MANIFEST_DIR"));
    let monitor: Value = serde_saphyr::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    let objects = objects(&render_for("sidecar", POLICY, &[]).unwrap());
    let deployment = of_kind(&objects, "Deployment").0;
    let pod = &deployment["spec"]["template"];
    assert_eq!(monitor["metadata"]["namespace"], deployment["metadata"]["namespace"]);
    assert_eq!(monitor["spec"]["selector"]["matchLabels"], pod["metadata"]["labels"]);
    let endpoint = &monitor["spec"]["podMetricsEndpoints"][0];
    assert_eq!(endpoint["path"], pod["metadata"]["annotations"]["prometheus.io/path"]);
    let ports = pod["spec"]["initContainers"][0]["ports"].as_array().unwrap();
    let port = ports.iter().find(|port| port["name"] == endpoint["port"]).unwrap();
    assert_eq!(
        port["containerPort"].to_string(),
        pod["metadata"]["annotations"]["prometheus.io/port"].as_str().unwrap()
    );
}
