//! A real Prometheus reads the gateway. `./build.sh test` fetches it; `MCP_POLICY_SKIP=prometheus` leaves this out.

use super::{
    queries::{is_missing_here, of_dashboard, of_rules, shipped},
    start_gateway, traffic,
};
use crate::{
    client::{Request, try_send},
    prerequisites::find,
    process::{Process, fresh_folder},
    runtime::{run, until},
};
use serde_json::Value;
use std::{
    fmt::Write as _,
    fs,
    net::{SocketAddr, TcpListener},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// The shipped configuration, with another gateway to read, and often.
fn configure(folder: &Path, gateway: SocketAddr) -> PathBuf {
    let text = fs::read_to_string(shipped().join("prometheus.yaml")).expect("the configuration");
    assert!(text.contains("127.0.0.1:9901"), "the admin port of envoy/envoy.yaml");
    let text = text.replace("127.0.0.1:9901", &gateway.to_string()).replace(": 15s", ": 200ms");
    fs::copy(shipped().join("rules.yaml"), folder.join("rules.yaml")).expect("the rules");
    let file = folder.join("prometheus.yaml");
    fs::write(&file, text).expect("the configuration");
    file
}

/// Starts it; where it listens.
fn start(program: &Path, gateway: SocketAddr) -> (Process, SocketAddr) {
    let folder = fresh_folder("observe-prometheus");
    // Free a moment ago; the program takes none of its own choice.
    let address = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a free port");
    let mut command = Command::new(program);
    command
        .arg(format!("--config.file={}", configure(&folder, gateway).display()))
        .arg(format!("--storage.tsdb.path={}", folder.join("data").display()))
        .arg(format!("--web.listen-address={address}"))
        .stdin(Stdio::null());
    (Process::start(&mut command, folder.join("prometheus.log")).expect("Prometheus starts"), address)
}

/// What a page of its API says; nothing while it does not listen.
async fn get(address: SocketAddr, path: &str) -> Option<Value> {
    let answer = try_send(address, &Request::new("GET", path)).await.ok()?;
    let page: Value = serde_json::from_slice(&answer.body).ok()?;
    assert_eq!(page["status"], "success", "{path}: {page}");
    Some(page["data"].clone())
}

/// The series that a query yields now.
async fn ask(address: SocketAddr, query: &str) -> Vec<Value> {
    let mut path = "/api/v1/query?query=".to_owned();
    for byte in query.bytes() {
        write!(path, "%{byte:02X}").expect("text");
    }
    get(address, &path).await.and_then(|data| data["result"].as_array().cloned()).unwrap_or_default()
}

#[test]
fn prometheus_reads_the_shipped_gateway_and_the_dashboards_queries_have_data() {
    let Some(program) = find("prometheus") else { return };
    run(async {
        let gateway = start_gateway("observe-gateway").await;
        traffic(&gateway).await;
        let (process, address) = start(&program, gateway.admin());
        let mut queries = of_dashboard();
        queries.retain(|query| !is_missing_here(query));
        until("each query of the dashboard yields series", || async {
            assert!(process.ended().is_none(), "{}", process.log_tail());
            traffic(&gateway).await;
            for query in &queries {
                let series = ask(address, query).await;
                if series.is_empty() {
                    return None;
                }
            }
            Some(())
        })
        .await;
        let denied = ask(address, r#"sum by (tool) (mcp_policy_decisions{decision="denied"})"#).await;
        assert_eq!(denied.len(), 1);
        assert_eq!(denied[0]["metric"]["tool"], "no%251");

        let (rules, _) = of_rules();
        let healthy = until("all rules were evaluated", || async {
            let groups = get(address, "/api/v1/rules").await?;
            let rules = groups["groups"][0]["rules"].as_array()?.clone();
            rules.iter().all(|rule| rule["health"] != "unknown").then_some(rules)
        });
        let healthy = healthy.await;
        assert_eq!(healthy.len(), rules.len());
        for rule in &healthy {
            assert_eq!(rule["health"], "ok", "{rule}");
        }
        let fires = |name: &str| {
            let rule = healthy.iter().find(|rule| rule["name"] == name).unwrap_or_else(|| panic!("no {name}"));
            rule["state"] == "firing"
        };
        assert!(!fires("McpPolicyFailed") && !fires("McpPolicyModuleFailed") && !fires("McpPolicyOverflow"));
    });
}
