//! The sidecar: the Envoy file of its ConfigMap, in a real Envoy.

use super::{
    assert_enforces,
    objects::{Objects, check, packages},
    policy, render,
};
use crate::{
    answer::{assert_allowed, assert_denied, assert_limited_by},
    client::{Connection, Request, Stream, call, send},
    gateway::{Gateway, module, validate},
    runtime::{run, until},
};
use serde_json::{Value, json};
use std::{fs, net::TcpListener, path::Path, path::PathBuf, process::Command};

/// The objects of the policy, in front of a server.
fn objects(packages: &Path, folder: &Path, upstream: &str) -> Objects {
    objects_of(packages, folder, &policy(), upstream)
}

/// The objects of a document.
pub(super) fn objects_of(packages: &Path, folder: &Path, document: &Value, upstream: &str) -> Objects {
    let file = folder.join("sidecar.yaml");
    let options = ["--port", "0", "--upstream", upstream];
    fs::write(&file, render(folder, "sidecar", &document.to_string(), &options)).expect("a file");
    let objects = check(packages, &[file]);
    assert_eq!(objects.faults, Vec::<String>::new());
    objects
}

/// What the objects of a pod make of its folders: Envoy's configuration, to be started here with this module. The file with the policy
/// is where a kubelet puts it, in `folder`.
pub(crate) fn mounted<'o>(objects: impl IntoIterator<Item = &'o Value>, folder: &Path, module: &Path) -> String {
    let maps: Vec<&Value> = objects.into_iter().filter(|object| object["kind"] == "ConfigMap").collect();
    let [own, policy] = &maps[..] else { panic!("{} ConfigMaps", maps.len()) };
    mount_policy(policy, folder, module);
    let text = here(own["data"]["envoy.yaml"].as_str().expect("text"), module);
    text.replace("/etc/mcp-policy-filter", policy_folder(folder).to_str().expect("text"))
}

/// The folder in which Envoy watches the policy.
fn policy_folder(folder: &Path) -> PathBuf {
    folder.join("policy")
}

/// Puts the policy there as a kubelet does: each version has a folder of its own, and one link is moved from the old to the new one.
pub(crate) fn mount_policy(map: &Value, folder: &Path, module: &Path) {
    let place = policy_folder(folder);
    let text = map["data"]["mcp-policy.json"].as_str().expect("text");
    let text = text.replace("/etc/mcp-policy/plugin.wasm", module.to_str().expect("text"));
    let version =
        (0..).map(|number| format!("..version_{number}")).find(|name| !place.join(name).exists()).expect("a name");
    fs::create_dir_all(place.join(&version)).expect("a folder");
    fs::write(place.join(&version).join("mcp-policy.json"), text).expect("a file");
    std::os::unix::fs::symlink(&version, place.join("..data_tmp")).expect("a link");
    fs::rename(place.join("..data_tmp"), place.join("..data")).expect("the link in its place");
    if !place.join("mcp-policy.json").exists() {
        std::os::unix::fs::symlink("..data/mcp-policy.json", place.join("mcp-policy.json")).expect("a link");
    }
}

/// The file, to be started here with this module.
fn here(text: &str, module: &Path) -> String {
    // Free a moment ago: the cluster `admin` wants to know it.
    let admin = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a free port").port();
    assert_eq!(text.matches("port_value: 9901").count(), 2);
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
            let config = mounted(&objects.all, folder, &module());
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
        assert_eq!(get("/live").await.status, 200);
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
    let gateway = &pod["initContainers"][0];
    assert_eq!(gateway["restartPolicy"], "Always");
    let pause = pod["containers"][0]["lifecycle"]["preStop"]["sleep"]["seconds"].as_u64().expect("a number");
    assert!(pause < pod["terminationGracePeriodSeconds"].as_u64().expect("a number"));
    assert_eq!(
        gateway["securityContext"],
        json!({
            "runAsNonRoot": true, "runAsUser": 101, "runAsGroup": 101,
            "readOnlyRootFilesystem": true, "allowPrivilegeEscalation": false,
            "capabilities": { "drop": ["ALL"] }, "seccompProfile": { "type": "RuntimeDefault" },
        })
    );
    for (probe, path) in [("startupProbe", "/live"), ("livenessProbe", "/live"), ("readinessProbe", "/ready")] {
        assert_eq!(gateway[probe]["httpGet"], json!({ "path": path, "port": "health" }));
    }
    // What is mounted is there, and the module is where Envoy looks for it.
    let named = |list: &Value| -> Vec<Value> {
        list.as_array().expect("a list").iter().map(|one| one["name"].clone()).collect()
    };
    assert_eq!(named(&gateway["volumeMounts"]), named(&pod["volumes"]));
    let envoy = objects.all.iter().find_map(|object| object["data"]["envoy.yaml"].as_str()).expect("text");
    let place = gateway["volumeMounts"][1]["mountPath"].as_str().expect("text");
    assert!(envoy.contains(&format!("filename: \"{place}/plugin.wasm\"")));
    assert!(pod["volumes"][1]["image"]["reference"].as_str().expect("text").contains("@sha256:"));
}

#[test]
fn another_policy_takes_over_in_the_same_pod_and_an_older_one_comes_back() {
    run(async {
        let mut place = PathBuf::new();
        let limit = json!({ "counter": "reads", "window": crate::clock::long_window(), "max": 2, "scope": "grant" });
        let policy = |tool: &str| json!({ "version": "1", "default": "deny", "tools": { "read": { "limits": [limit] }, tool: {} } });
        let rendered = |folder: &Path, tool: &str, upstream: &str| -> Vec<Value> {
            let options = ["--port", "0", "--upstream", upstream];
            serde_saphyr::from_multiple(&render(folder, "sidecar", &policy(tool).to_string(), &options)).expect("YAML")
        };
        let gateway = Gateway::start_with("sidecar-policy", |folder, upstream| {
            place = folder.to_owned();
            mounted(&rendered(folder, "first", &format!("http://{upstream}")), folder, &module())
        });
        let gateway = gateway.await;
        let upstream = format!("http://{}", gateway.upstream().address);
        let request = Request::new("GET", "/mcp").header("accept", "text/event-stream");
        let mut script = gateway.upstream().script(&request, 200, &[("content-type", "text/event-stream")]);
        let mut stream = Stream::open(gateway.at("mcp"), &request).await;
        let ask = async |tool: &str| gateway.send("mcp", &call(tool, &json!({}), "1", &[])).await;
        assert_allowed(&ask("read").await);
        assert_allowed(&ask("first").await);
        for (tool, other) in [("second", "first"), ("first", "second")] {
            let objects = rendered(&place, tool, &upstream);
            mount_policy(&objects[1], &place, &module());
            until("both workers have the policy", || async {
                for _ in 0..10 {
                    if !ask(tool).await.is_upstreams() {
                        return None;
                    }
                }
                Some(())
            })
            .await;
            assert_denied(&ask(other).await, "1", other, "(default deny)");
        }
        // The stream and the counter are those of before.
        script.send_data(": on\n\n".into()).await.expect("the stream is open");
        stream.expect(": on\n\n").await;
        assert_allowed(&ask("read").await);
        assert_limited_by("default", &ask("read").await, "1", "read", "/tools/read/limits/0");
    });
}

#[test]
fn a_gateway_whose_server_is_down_lives_and_is_not_ready() {
    let Some(packages) = packages() else { return };
    run(async {
        let gateway = Gateway::start_with("sidecar-server-down", |folder, _| {
            let objects = objects(&packages, folder, "http://127.0.0.1:1");
            mounted(&objects.all, folder, &module())
        });
        let gateway = gateway.await;
        let status = async |path: &str| send(gateway.at("health"), &Request::new("GET", path)).await.status;
        assert_eq!((status("/live").await, status("/ready").await), (200, 503));
    });
}

#[test]
fn a_gateway_that_ends_is_not_ready_closes_connections_and_answers_calls() {
    let Some(packages) = packages() else { return };
    run(async {
        let mut stop = Vec::new();
        let gateway = Gateway::start_with("sidecar-drain", |folder, upstream| {
            let objects = objects(&packages, folder, &format!("http://{upstream}"));
            let gateway = &objects.one("Deployment")["spec"]["template"]["spec"]["initContainers"][0];
            let command = gateway["lifecycle"]["preStop"]["exec"]["command"].as_array().expect("a command");
            stop = command.iter().map(|word| word.as_str().expect("text").to_owned()).collect();
            mounted(&objects.all, folder, &module())
        });
        let gateway = gateway.await;
        let ask = || call("ok", &json!({}), "1", &[]);
        let mut connection = Connection::open(gateway.at("mcp")).await;
        let before = connection.send(&ask()).await;
        assert_allowed(&before);
        assert_eq!(before.header("connection"), None);

        let script = stop[2].replace("9901", &gateway.admin().port().to_string());
        assert!(Command::new(&stop[0]).args([&stop[1], &script]).status().expect("Bash").success());
        let status = async |path: &str| send(gateway.at("health"), &Request::new("GET", path)).await.status;
        assert_eq!((status("/live").await, status("/ready").await), (200, 503));
        // On the connection of before, and on a new one.
        let last = connection.send(&ask()).await;
        assert_allowed(&last);
        assert_eq!(last.header("connection"), Some("close"));
        assert_allowed(&gateway.send("mcp", &ask()).await);
    });
}
