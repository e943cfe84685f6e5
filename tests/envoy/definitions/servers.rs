//! Real servers, pinned by the command.

use crate::{
    client::{self, Request, Response, message},
    command::try_command,
    gateway::{Gateway, Listener, json_text},
    prerequisites::find,
    process::fresh_folder,
    runtime::run,
    sdk_servers::Server,
};
use std::{fs, sync::Arc};

/// The servers take only this host, without a port.
const HOST: &str = "Host: localhost";

/// Runs the command beside the servers. One of them runs in this process.
async fn command(arguments: Vec<String>) -> (i32, String, String) {
    let run = move || {
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        try_command(&arguments, "")
    };
    tokio::task::spawn_blocking(run).await.expect("the command")
}

/// Requests for the tools, in each era that a server speaks.
fn lists(is_modern: bool) -> Vec<Request> {
    let meta = r#"{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{},"io.modelcontextprotocol/clientInfo":{"name":"t","version":"1"}}"#;
    let modern = message(format!(r#"{{"jsonrpc":"2.0","id":7,"method":"tools/list","params":{{"_meta":{meta}}}}}"#))
        .header("mcp-protocol-version", "2026-07-28")
        .header("mcp-method", "tools/list");
    let session =
        message(r#"{"jsonrpc":"2.0","id":7,"method":"tools/list"}"#).header("mcp-protocol-version", "2025-06-18");
    if is_modern { vec![session, modern] } else { vec![session] }
}

fn shows_ok(answer: &Response) -> bool {
    answer.status == 200 && answer.text().contains(r#""name":"ok""#)
}

#[test]
fn servers_of_every_sdk_are_pinned_without_false_drift_over_restarts_eras_and_forms() {
    let Some(place) = find("servers") else { return };
    run(async {
        let folder = fresh_folder("definitions-servers-policies");
        let policy = |name: &str| folder.join(format!("{name}.json")).to_str().expect("a name").to_owned();
        let servers = Server::start_all("definitions-1", &place, "json").await;
        let mut pinned = Vec::new();
        for server in &servers {
            let file = policy(server.name);
            fs::write(&file, "{\n  \"version\": \"1\",\n  \"default\": \"allow\",\n  \"unpinned\": \"deny\",\n  \"definitions\": {}\n}\n").expect("a policy");
            let url = format!("http://localhost:{}/mcp", server.address.port());
            let arguments = ["pin", &file, "--url", &url, "--header", HOST].map(str::to_owned).to_vec();
            let (code, text, error) = command(arguments).await;
            assert_eq!(code, 0, "{}: {text}{error}", server.name);
            pinned.push(fs::read_to_string(&file).expect("a policy"));
        }
        drop(servers);
        // Other processes, which answer in another form.
        for form in ["events", "json"] {
            let servers = Server::start_all(&format!("definitions-{form}"), &place, form).await;
            let listeners: Vec<Listener> = servers
                .iter()
                .zip(&pinned)
                .map(|(server, policy)| {
                    Listener::new("pins", json_text(policy)).in_front_of(server.name, server.address)
                })
                .collect();
            let gateway = Gateway::start(&format!("definitions-servers-{form}"), &listeners).await;
            for server in &servers {
                let arguments = [
                    "pin",
                    &policy(server.name),
                    "--check",
                    "--url",
                    &format!("http://localhost:{}/mcp", server.address.port()),
                    "--header",
                    HOST,
                ];
                let (code, text, error) = command(arguments.map(str::to_owned).to_vec()).await;
                assert_eq!(code, 0, "{}: {text}{error}", server.name);
                check(&gateway, server).await;
            }
            let metrics = gateway.metrics().await;
            assert!(!metrics.keys().any(|name| name.contains("mcp_policy_drifts")), "{metrics:?}");
        }
    });
}

async fn check(gateway: &Gateway, server: &Arc<Server>) {
    for request in lists(server.modern) {
        let direct = client::send(server.address, &request).await;
        // Some answer only within a session; those have been asked by the command.
        if !shows_ok(&direct) {
            continue;
        }
        let answer = gateway.send(&format!("{}-pins", server.name), &request).await;
        assert!(shows_ok(&answer), "{}: {answer}", server.name);
        let tools = |answer: &Response| answer.text().matches(r#""inputSchema""#).count();
        assert_eq!(tools(&answer), tools(&direct), "{}: {answer}", server.name);
    }
}
