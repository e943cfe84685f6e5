//! The sidecar: the Envoy file of its ConfigMap, in a real Envoy.

use super::{
    assert_enforces,
    objects::{check, packages},
    policy, render,
};
use crate::{
    client::{Request, send},
    gateway::{Gateway, module, validate},
    runtime::run,
};
use serde_json::{Value, json};
use std::{fs, net::TcpListener, path::Path};

/// The objects, in front of a server.
fn objects(packages: &Path, folder: &Path, upstream: &str) -> super::objects::Objects {
    let file = folder.join("sidecar.yaml");
    let options = ["--port", "0", "--upstream", upstream];
    fs::write(&file, render(folder, "sidecar", &policy().to_string(), &options)).expect("a file");
    let objects = check(packages, &[file]);
    assert_eq!(objects.faults, Vec::<String>::new());
    objects
}

/// The file, to be started here.
fn here(text: &str) -> String {
    // Free a moment ago: the cluster `admin` wants to know it.
    let admin = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a free port").port();
    assert_eq!(text.matches("port_value: 9901").count(), 2);
    let module = module();
    text.replace("0.0.0.0", "127.0.0.1")
        .replace("port_value: 15021", "port_value: 0")
        .replace("port_value: 9901", &format!("port_value: {admin}"))
        .replace("/etc/mcp-policy/plugin.wasm", module.to_str().expect("text"))
}

#[test]
fn the_sidecar_enforces_and_serves_probes_and_metrics_only() {
    let Some(packages) = packages() else { return };
    run(async {
        let gateway = Gateway::start_with("mesh-sidecar", |folder, upstream| {
            let objects = objects(&packages, folder, &format!("http://{upstream}"));
            let config = here(objects.one("ConfigMap")["data"]["envoy.yaml"].as_str().expect("text"));
            let file = folder.join("validated.yaml");
            fs::write(&file, &config).expect("a file");
            assert_eq!(validate(&file), None);
            config
        });
        let gateway = gateway.await;
        assert_eq!(assert_enforces(&gateway, &[]).await.len(), 0);

        let ask = |path: &str| Request::new("GET", path);
        let get = async |path: &str| send(gateway.at("health"), &ask(path)).await;
        assert_eq!(get("/ready").await.status, 200);
        let statistics = get("/stats/prometheus").await;
        let line = r#"mcp_policy_decisions{policy="default",tool="other",decision="denied"} 1"#;
        assert!(statistics.text().lines().any(|found| found == line), "{statistics}");
        for path in ["/", "/config_dump", "/stats", "/quitquitquit", "/stats/prometheus/../../config_dump", "/ready/x"]
        {
            assert_eq!(get(path).await.status, 404, "{path}");
        }
    });
}

#[test]
fn the_pod_can_do_no_more_than_it_must() {
    let Some(packages) = packages() else { return };
    let folder = crate::process::fresh_folder("mesh-pod");
    let objects = objects(&packages, &folder, "http://127.0.0.1:3000");
    let template = &objects.one("Deployment")["spec"]["template"];
    let pod = &template["spec"];
    assert_eq!(pod["automountServiceAccountToken"], false);
    let gateway = &pod["containers"][1];
    assert_eq!(
        gateway["securityContext"],
        json!({
            "runAsNonRoot": true, "runAsUser": 101, "runAsGroup": 101,
            "readOnlyRootFilesystem": true, "allowPrivilegeEscalation": false,
            "capabilities": { "drop": ["ALL"] }, "seccompProfile": { "type": "RuntimeDefault" },
        })
    );
    for probe in ["startupProbe", "readinessProbe", "livenessProbe"] {
        assert_eq!(gateway[probe]["httpGet"], json!({ "path": "/ready", "port": "health" }));
    }
    // What is mounted is there, and the module is where Envoy looks for it.
    let named = |list: &Value| -> Vec<Value> {
        list.as_array().expect("a list").iter().map(|one| one["name"].clone()).collect()
    };
    assert_eq!(named(&gateway["volumeMounts"]), named(&pod["volumes"]));
    let envoy = objects.one("ConfigMap")["data"]["envoy.yaml"].as_str().expect("text");
    let place = gateway["volumeMounts"][1]["mountPath"].as_str().expect("text");
    assert!(envoy.contains(&format!("filename: \"{place}/plugin.wasm\"")));
    assert!(pod["volumes"][1]["image"]["reference"].as_str().expect("text").contains("@sha256:"));
}

#[test]
fn another_policy_is_another_pod() {
    let folder = crate::process::fresh_folder("mesh-digest");
    let digest = |document: &Value| -> String {
        let rendered = render(&folder, "sidecar", &document.to_string(), &[]);
        rendered.lines().find(|line| line.contains("mcp-policy/configuration: ")).expect("an annotation").to_owned()
    };
    let other = json!({ "version": "1", "default": "deny" });
    assert_eq!(digest(&policy()), digest(&policy()));
    assert_ne!(digest(&policy()), digest(&other));
}
