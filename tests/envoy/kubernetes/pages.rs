//! Pages before each gateway of Kubernetes: those of `protocol.origins` read denials, and others reach nothing.

use super::{envoy_gateway, istio, objects::packages, policy, sidecar};
use crate::{
    client::{Request, call},
    gateway::{Gateway, module},
    pages::assert_readable,
    runtime::run,
};
use serde_json::{Value, json};
use std::{fs, process::Command};

fn document() -> Value {
    json!({
        "policy": policy(),
        "protocol": { "origins": ["https://app.example.com", "https://*.example.org"] },
    })
}

/// `headers` identify the caller.
async fn assert_pages_read(gateway: &Gateway, headers: &[(&str, &str)]) {
    let from = |page: &str, tool: &str| call(tool, &json!({}), "1", headers).header("origin", page);
    for page in ["https://app.example.com", "https://a.example.org"] {
        let preflight = Request::new("OPTIONS", "/mcp").header("origin", page);
        let preflight = preflight.header("access-control-request-method", "POST");
        let allowed = gateway.send("mcp", &preflight).await;
        assert_eq!((allowed.status, allowed.header("access-control-allow-origin")), (200, Some(page)), "{allowed}");
        assert_eq!(allowed.header("access-control-allow-headers"), Some("*, authorization"), "{allowed}");
        let denied = gateway.send("mcp", &from(page, "other")).await;
        assert_eq!((denied.status, denied.json()["error"]["code"].as_i64()), (200, Some(-31403)), "{denied}");
        assert_readable(&denied, page);
        let passed = gateway.send("mcp", &from(page, "ok")).await;
        assert!(passed.is_upstreams(), "{passed}");
        assert_readable(&passed, page);
    }
    let foreign = from("https://evil.example", "ok");
    let refused = gateway.send("mcp", &foreign).await;
    assert_eq!((refused.status, refused.header("access-control-allow-origin")), (403, None), "{refused}");
    assert_eq!(gateway.upstream().settled(&foreign).await.len(), 0);
}

#[test]
fn listed_pages_read_denials_through_istio() {
    let Some(packages) = packages() else { return };
    run(async {
        let gateway = Gateway::start_with("mesh-istio-pages", |folder, upstream| {
            let objects = istio::objects(&packages, folder, &document());
            let mut listener = istio::inbound(istio::NAMES[0]);
            let (added, _) = istio::apply(&objects, &mut listener);
            istio::configure(folder, upstream, &objects, listener, &added)
        });
        assert_pages_read(&gateway.await, &[]).await;
    });
}

#[test]
fn listed_pages_read_denials_through_envoy_gateway() {
    let Some(packages) = packages() else { return };
    run(async {
        let gateway = Gateway::start_with("mesh-gateway-pages", |folder, upstream| {
            let objects = envoy_gateway::objects(&packages, folder, &document());
            let listener = envoy_gateway::translated(&objects);
            let listener = envoy_gateway::patched(&packages, folder, &objects, &listener, envoy_gateway::LISTENERS[1]);
            envoy_gateway::configure(&packages, folder, upstream, &objects, &listener)
        });
        assert_pages_read(&gateway.await, &[("authorization", &envoy_gateway::bearer("alice"))]).await;
    });
}

#[test]
fn listed_pages_read_denials_through_a_sidecar() {
    let Some(packages) = packages() else { return };
    run(async {
        let gateway = Gateway::start_with("sidecar-pages", |folder, upstream| {
            let objects = sidecar::objects_of(&packages, folder, &document(), &format!("http://{upstream}"));
            sidecar::mounted(&objects.all, folder, &module())
        });
        assert_pages_read(&gateway.await, &[]).await;
    });
}

#[test]
fn render_names_the_origins_that_envoy_gateway_cannot() {
    let folder = crate::process::fresh_folder("mesh-gateway-origins");
    let file = folder.join("policy.json");
    let origins = ["https://app.example.com", "http://localhost:*", "null"];
    let document = json!({ "policy": policy(), "protocol": { "origins": origins } });
    fs::write(&file, document.to_string()).expect("a file");
    let command = |gateway: &str| {
        Command::new(env!("CARGO_BIN_EXE_mcp-policy"))
            .args(["render", gateway])
            .arg(&file)
            .output()
            .expect("the command")
    };
    let rendered = command("envoy-gateway");
    let (objects, warnings) = (String::from_utf8_lossy(&rendered.stdout), String::from_utf8_lossy(&rendered.stderr));
    let names: Vec<&str> = objects.lines().skip_while(|line| *line != "    allowOrigins:").skip(1).take(2).collect();
    assert_eq!(names, ["    - \"https://app.example.com\"", "    allowMethods: [GET, POST, DELETE, OPTIONS]"]);
    for origin in &origins[1..] {
        let warning = format!("Envoy Gateway cannot name the origin `{origin}` in a `cors` policy");
        assert!(warnings.contains(&warning), "{warnings}");
    }
    assert_eq!(warnings.lines().count(), 2, "{warnings}");
    for gateway in ["envoy", "sidecar", "istio"] {
        let rendered = command(gateway);
        let objects = String::from_utf8_lossy(&rendered.stdout);
        assert!(rendered.stderr.is_empty() && objects.contains(r#"exact: "null""#), "{gateway}: {rendered:?}");
    }
}
