//! Gateways in a pod, in Istio and in Envoy Gateway keep their approvals in one etcd, with the certificates of a mounted Secret. A console beside
//! them decides.

use super::{
    PATIENT, assert_unavailable, assert_waits,
    nodes::Etcd,
    policy,
    rendered::{approve, certificates, gateway},
};
use crate::{
    answer::assert_allowed,
    client::{Request, call},
    gateway::{Gateway, module},
    kubernetes::{envoy_gateway, istio, objects, render, sidecar},
    runtime::run,
};
use serde_json::{Value, json};
use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
};

/// Where the objects mount the Secret.
const MOUNTED: &str = "/etc/mcp-policy-etcd";
/// The name of etcd that the objects ask for.
const ADDRESS: &str = "socket_address: { address: etcd.default.svc, port_value: 2379 }";

/// What the objects mount, and where.
fn mount(objects: &objects::Objects, kind: &str, text: &str) -> [Value; 2] {
    let pick = |list: &Value, name: &str| -> Value {
        let list = list.as_array().expect("a list");
        list.iter().find(|one| one["name"] == name).unwrap_or_else(|| panic!("no {name} in {list:?}")).clone()
    };
    match kind {
        "sidecar" => {
            let pod = &objects.one("Deployment")["spec"]["template"]["spec"];
            [pick(&pod["volumes"], "etcd-tls"), pick(&pod["initContainers"][0]["volumeMounts"], "etcd-tls")]
        }
        "istio" => ["userVolume", "userVolumeMount"].map(|annotation| {
            let prefix = format!("#   sidecar.istio.io/{annotation}: '");
            let line = text.lines().find_map(|line| line.strip_prefix(&prefix)).expect("an annotation");
            let value: Value = serde_json::from_str(line.strip_suffix('\'').expect("a quote")).expect("JSON");
            value["mcp-policy-etcd"].clone()
        }),
        _ => {
            let deployment = &objects.one("EnvoyProxy")["spec"]["provider"]["kubernetes"]["envoyDeployment"];
            let gateway = &objects.one("Gateway")["spec"]["infrastructure"]["parametersRef"];
            assert_eq!(gateway["name"], objects.one("EnvoyProxy")["metadata"]["name"]);
            [
                pick(&deployment["pod"]["volumes"], "mcp-policy-etcd"),
                pick(&deployment["container"]["volumeMounts"], "mcp-policy-etcd"),
            ]
        }
    }
}

/// A gateway as it is rendered for Kubernetes, before this node. `secret` is what is mounted, if the objects say so.
async fn in_kubernetes(packages: &Path, kind: &str, test: &str, node: SocketAddr, secret: Option<&Path>) -> Gateway {
    let store = json!({ "etcd": { "cluster": "etcd", "timeout_ms": PATIENT } });
    let configuration = json!({
        "policy": policy("10m"),
        "identity": [{ "header": "x-agent" }],
        "approvals": { "url": "http://localhost:10001/", "store": store },
    });
    Gateway::start_with(test, |folder, upstream| {
        let server = format!("http://{upstream}");
        let mut options = if kind == "sidecar" { vec!["--port", "0", "--upstream", &server] } else { Vec::new() };
        options.extend(secret.iter().flat_map(|_| ["--etcd-tls", "etcd-client"]));
        let text = render(folder, kind, &configuration.to_string(), &options);
        assert_eq!(text.matches(ADDRESS).count(), 1, "one line to edit");
        let here = format!("socket_address: {{ address: 127.0.0.1, port_value: {} }}", node.port());
        let file: PathBuf = folder.join(format!("{kind}.yaml"));
        fs::write(&file, text.replace(ADDRESS, &here)).expect("a file");
        let mut objects = objects::check(packages, std::slice::from_ref(&file));
        assert_eq!(objects.faults, Vec::<String>::new());
        if let Some(secret) = secret {
            let [volume, place] = mount(&objects, kind, &text);
            assert_eq!(volume["secret"], json!({ "secretName": "etcd-client" }), "{kind}");
            assert_eq!((&place["mountPath"], &place["readOnly"]), (&json!(MOUNTED), &json!(true)), "{kind}");
            let mounted =
                fs::read_to_string(&file).expect("the objects").replace(MOUNTED, secret.to_str().expect("text"));
            fs::write(&file, mounted).expect("a file");
            objects = objects::check(packages, &[file]);
        }
        match kind {
            "sidecar" => sidecar::mounted(&objects.all, folder, &module()),
            "istio" => istio::configure_all(folder, upstream, &objects),
            _ => envoy_gateway::configure_patched(packages, folder, upstream, &objects),
        }
    })
    .await
}

fn pay() -> Request {
    call("pay", &json!({ "amount": 250 }), "7", &[("x-agent", "alice")])
}

#[test]
fn gateways_in_kubernetes_reach_etcd_with_the_certificates_of_a_mounted_secret() {
    let Some(packages) = objects::packages() else { return };
    run(async {
        let certificates = certificates("meshes");
        let Some(etcd) = Etcd::start_with("meshes", Some(certificates.clone())).await else { return };
        let nodes = etcd.addresses();
        let folder = certificates.to_str().expect("text").to_owned();
        let console = gateway("approvals-meshes-console", &[nodes[0]], &["--etcd-tls", &folder]).await;
        for (kind, node) in ["sidecar", "istio", "envoy-gateway"].into_iter().zip(nodes) {
            let test = format!("approvals-meshes-{kind}");
            let gateway = in_kubernetes(&packages, kind, &test, node, Some(&certificates)).await;
            let id = assert_waits(&gateway.send("mcp", &pay()).await);
            let decided = approve(&console, &id).await;
            assert_eq!(
                (decided.status, &decided.json()["state"]),
                (200, &Value::from("approved")),
                "{kind}: {decided}"
            );
            let passing = pay();
            assert_allowed(&gateway.send("mcp", &passing).await);
            assert_eq!(gateway.upstream().seen(&passing).len(), 1, "{kind}");
            assert_ne!(assert_waits(&gateway.send("mcp", &pay()).await), id, "{kind}: it is used");
            // Without the option etcd says nothing.
            let stranger = in_kubernetes(&packages, kind, &format!("{test}-stranger"), node, None).await;
            assert_unavailable(&stranger.send("mcp", &pay()).await);
        }
    });
}
