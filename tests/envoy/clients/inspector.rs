//! The page of MCP Inspector, in a browser: it shows what the gateway asks for, leads to the console, and repeats the call by itself.

use super::places;
use crate::{
    gateway::{Gateway, Listener, json_text},
    prerequisites::find,
    process::{Process, fresh_folder},
    runtime::{run, until},
    sdk_servers::Server,
};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::{
    net::TcpListener,
    path::Path,
    process::{Command, Stdio},
};
use tokio::task::spawn_blocking;

/// The approver's token.
const TOKEN: &str = "a-token-for-tests";
/// That of the Inspector's page.
const PAGE_TOKEN: &str = "a-token-for-the-inspector";

/// A gateway in front of a server, where a tool needs approval, and the console.
async fn start(server: &Server) -> Gateway {
    let asks = json!({ "action": "require_approval", "reason": "Sums need a person" });
    let configuration = json!({
        "policy": { "version": "1", "default": "deny", "tools": { "get-sum": asks } },
        "identity": [{ "constant": "inspector" }],
        "protocol": { "headers": "hold" },
        "approvals": { "url": "http://localhost:10001/", "elicit": true },
    });
    let digest: String = Sha256::digest(TOKEN).iter().map(|byte| format!("{byte:02x}")).collect();
    let console = json!({ "console": { "approvers": [format!("bearer:{digest}")] } });
    let gate = Listener::new("inspector", json_text(&configuration.to_string()));
    let console = Listener::new("console", json_text(&console.to_string())).without_server();
    Gateway::start("clients-inspector", &[gate.in_front_of(server.name, server.address), console]).await
}

/// Starts the Inspector for a server's address; where its page is.
async fn serve_page(clients: &Path, url: &str) -> (Process, String) {
    let folder = fresh_folder("clients-inspector-page");
    // Free a moment ago; the program takes none of its own choice.
    let free = [(); 3].map(|()| TcpListener::bind("127.0.0.1:0").expect("a free port"));
    let [page, sandbox, apps] = free.map(|listener| listener.local_addr().expect("the port").port().to_string());
    let mut command = Command::new("node");
    command
        .arg(clients.join("inspector/node_modules/@modelcontextprotocol/inspector/clients/launcher/build/index.js"))
        .args(["--web", "--transport", "http", "--server-url", url])
        .env("HOME", &folder)
        .env("MCP_AUTO_OPEN_ENABLED", "false")
        .env("MCP_INSPECTOR_API_TOKEN", PAGE_TOKEN)
        .env("MCP_INSPECTOR_SECRET_STORE", "memory")
        .env("CLIENT_PORT", &page)
        .env("MCP_SANDBOX_PORT", sandbox)
        .env("MCP_APP_ORIGIN_PORT", apps)
        .stdin(Stdio::null());
    let process = Process::start(&mut command, folder.join("inspector.log")).expect("node");
    until("the Inspector listens", || async {
        assert!(process.ended().is_none(), "{}", process.log_tail());
        process.log().contains("up and running").then_some(())
    })
    .await;
    (process, format!("http://127.0.0.1:{page}/?MCP_INSPECTOR_API_TOKEN={PAGE_TOKEN}"))
}

/// What a person sees at the page.
async fn visit(browser: &Path, page: &str, console: &str) -> Value {
    let mut command = Command::new("node");
    command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/browser/inspector.mjs")).args([page, console]);
    command.env("MCP_POLICY_BROWSER", browser).env("MCP_POLICY_TOKEN", TOKEN);
    let done = spawn_blocking(move || command.output()).await.expect("it ends").expect("node");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    serde_json::from_slice(&done.stdout).expect("what the page shows")
}

#[test]
fn the_inspectors_page_shows_the_request_opens_the_console_and_repeats_the_call() {
    let (Some(places), Some(browser)) = (places(), find("browser")) else { return };
    run(async {
        let server = Server::start_everything("clients-inspector", &places.servers).await;
        let gateway = start(&server).await;
        let url = format!("http://{}/mcp", gateway.at(&format!("{}-inspector", server.name)));
        let (_inspector, page) = serve_page(&places.clients, &url).await;
        let console = format!("http://{}", gateway.at("console"));
        let seen = visit(&browser, &page, &console).await;
        let text = |value: &Value| value.as_str().unwrap_or_else(|| panic!("{seen}")).to_owned();
        assert!(text(&seen["server"]).contains("MCP 2025-11-25"), "{seen}");
        let calls = seen["calls"].as_array().expect("calls");
        assert_eq!(calls.len(), 3, "{seen}");
        for call in calls {
            let dialog = text(&call["dialog"]);
            let message = "Approval required: a person must approve this call of the tool `get-sum`: Sums need a person; an approver \
                           can decide on this page";
            assert!(dialog.contains(message), "{dialog}");
            let (_, rest) = dialog.split_once("http://localhost:10001/#").unwrap_or_else(|| panic!("{dialog}"));
            let shown = format!("http://localhost:10001/#{}", rest.get(..20).expect("an id"));
            assert!(call["opened"].is_null() || call["opened"] == shown, "{call}");
        }
        let [approved, pretended, cancelled] = [0, 1, 2].map(|number| text(&calls[number]["result"]));
        assert!(approved.contains("The sum of 1 and 2 is 3."), "{approved}");
        // The approval is used up, and no approver has decided on the next.
        let first = &calls[0]["opened"];
        assert!(first.is_string() && calls[1]["opened"].is_string() && *first != calls[1]["opened"], "{seen}");
        assert!(pretended.contains("The server asked for the same URL elicitation again"), "{pretended}");
        assert!(cancelled.contains("required URL elicitation was cancelled"), "{cancelled}");
    });
}
