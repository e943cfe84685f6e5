//! The server's credential in a pod, in Istio and in Envoy Gateway.

use super::{FIRST, SECOND, assert_seen_with, bodiless, configuration, put, read, wait_for};
use crate::{
    answer::assert_allowed,
    gateway::{Gateway, module, validate},
    kubernetes::{envoy_gateway, istio, objects, render, sidecar},
    runtime::run,
};
use std::{fs, path::Path};

/// Where the objects mount the Secret.
const MOUNTED: &str = "/etc/mcp-policy-credential";

/// The Secret as the kubelet mounts it: the files are links, and one of a folder is replaced when the Secret changes.
fn mount(folder: &Path, round: u32, credential: &str) {
    let data = folder.join(format!("..{round}"));
    fs::create_dir_all(&data).expect("a folder");
    put(&data.join("credential.json"), credential);
    let link = |target: &str, name: &str| {
        let draft = folder.join("draft");
        std::os::unix::fs::symlink(target, &draft).expect("a link");
        fs::rename(draft, folder.join(name)).expect("a link in its place");
    };
    if round == 0 {
        link("..data/credential.json", "credential.json");
    }
    link(&format!("..{round}"), "..data");
}

/// Asserts that the gateway sends the server's credential and takes up the next; without a token, no request reaches the server.
async fn assert_sends(gateway: &Gateway, secret: Option<&Path>, without: u16) {
    let request = read(super::TOKEN);
    assert_allowed(&gateway.send("mcp", &request).await);
    assert_seen_with(FIRST, &gateway.upstream().settled(&request).await);
    let get = bodiless("GET");
    assert_eq!(gateway.send("mcp", &get).await.status, without);
    assert_eq!(gateway.upstream().seen(&get).len(), 0);
    if let Some(secret) = secret {
        mount(secret, 1, SECOND);
        wait_for(gateway, SECOND).await;
    }
}

#[test]
fn a_sidecar_sends_the_credential_of_its_secret() {
    let Some(packages) = objects::packages() else { return };
    run(async {
        let mut secret = std::path::PathBuf::new();
        let gateway = Gateway::start_with("credential-sidecar", |folder, upstream| {
            secret = folder.join("secret");
            mount(&secret, 0, FIRST);
            let file = folder.join("sidecar.yaml");
            let options =
                ["--port", "0", "--upstream", &format!("http://{upstream}"), "--upstream-credential", "mcp-key"];
            fs::write(&file, render(folder, "sidecar", &configuration("hold").to_string(), &options)).expect("a file");
            let objects = objects::check(&packages, &[file]);
            assert_eq!(objects.faults, Vec::<String>::new());
            let pod = &objects.one("Deployment")["spec"]["template"]["spec"];
            assert_eq!(pod["volumes"][3]["secret"]["secretName"], "mcp-key");
            assert_eq!(pod["initContainers"][0]["volumeMounts"][3]["mountPath"], MOUNTED);
            assert_eq!(
                pod["containers"][0]["volumeMounts"],
                serde_json::Value::Null,
                "the server does not need the file"
            );
            let text =
                sidecar::mounted(&objects.all, folder, &module()).replace(MOUNTED, secret.to_str().expect("text"));
            let checked = folder.join("checked.yaml");
            fs::write(&checked, &text).expect("a file");
            assert_eq!(validate(&checked), None);
            text
        });
        assert_sends(&gateway.await, Some(&secret), 403).await;
    });
}

#[test]
fn an_istio_sidecar_sends_the_credential_of_its_secret() {
    let Some(packages) = objects::packages() else { return };
    run(async {
        for (mode, name) in [("hold", "credential-istio"), ("release", "credential-istio-released")] {
            let mut secret = std::path::PathBuf::new();
            let gateway = Gateway::start_with(name, |folder, upstream| {
                secret = folder.join("secret");
                mount(&secret, 0, FIRST);
                let options = ["--upstream-credential", "mcp-key"];
                let text = render(folder, "istio", &configuration(mode).to_string(), &options);
                assert!(text.contains(r#"'{"mcp-policy-credential":{"secret":{"secretName":"mcp-key"}}}'"#), "{text}");
                let file = folder.join("istio.yaml");
                fs::write(&file, text.replace(MOUNTED, secret.to_str().expect("text"))).expect("a file");
                let objects = objects::check(&packages, &[file]);
                assert_eq!(objects.faults, Vec::<String>::new());
                istio::configure_all(folder, upstream, &objects)
            });
            assert_sends(&gateway.await, Some(&secret), 403).await;
        }
    });
}

#[test]
fn envoy_gateway_sends_the_credential_of_its_secret() {
    let Some(packages) = objects::packages() else { return };
    run(async {
        for (mode, name) in [("hold", "credential-gateway"), ("release", "credential-gateway-released")] {
            let gateway = Gateway::start_with(name, |folder, upstream| {
                let options = ["--upstream-credential", "mcp-key"];
                let text = render(folder, "envoy-gateway", &configuration(mode).to_string(), &options);
                let file = folder.join("envoy-gateway.yaml");
                fs::write(&file, text).expect("a file");
                let objects = objects::check(&packages, &[file]);
                assert_eq!(objects.faults, Vec::<String>::new());
                // No JWT is required of callers with tokens of `grant`.
                assert_eq!(objects.of_kind("SecurityPolicy").len(), 0);
                envoy_gateway::configure_all(&packages, folder, upstream, &objects, &format!("Bearer {FIRST}"))
            });
            assert_sends(&gateway.await, None, 404).await;
        }
    });
}
