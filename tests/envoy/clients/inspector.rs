//! The page of MCP Inspector, in a browser: it shows what the gateway asks for, leads to the console, and repeats the call by itself.

use super::{Places, places};
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

/// How the page is used in a revision: what it calls, with which arguments, and what it says if the approver has decided, if none has,
/// and if the person cancels.
struct Visit {
    /// The Inspector's word for it.
    era: &'static str,
    revision: &'static str,
    tool: &'static str,
    fields: &'static [&'static str],
    outcomes: [&'static str; 3],
}

const SESSIONS: Visit = Visit {
    era: "legacy",
    revision: "MCP 2025-11-25",
    tool: "get-sum",
    fields: &["a", "b"],
    outcomes: [
        "Results\nThe sum of 1 and 1 is 2.",
        "The server asked for the same URL elicitation again",
        "required URL elicitation was cancelled",
    ],
};

const STATELESS: Visit = Visit {
    era: "modern",
    revision: "MCP 2026-07-28",
    tool: "value_count",
    fields: &["value"],
    outcomes: [
        "Results\n1\n",
        "Sums need a person; ask for approval at http://localhost:10001/#",
        "Sums need a person; ask for approval at http://localhost:10001/#",
    ],
};

/// A gateway in front of a server, where a tool needs approval, and the console.
async fn start(server: &Server, visit: &Visit) -> Gateway {
    let asks = json!({ "action": "require_approval", "reason": "Sums need a person" });
    let configuration = json!({
        "policy": { "version": "1", "default": "deny", "tools": { visit.tool: asks } },
        "identity": [{ "constant": "inspector" }],
        "protocol": { "headers": "hold" },
        "approvals": { "url": "http://localhost:10001/", "elicit": true },
    });
    let digest: String = Sha256::digest(TOKEN).iter().map(|byte| format!("{byte:02x}")).collect();
    let console = json!({ "console": { "approvers": [format!("bearer:{digest}")] } });
    let gate = Listener::new("inspector", json_text(&configuration.to_string()));
    let console = Listener::new("console", json_text(&console.to_string())).without_server();
    Gateway::start(
        &format!("clients-inspector-{}", visit.era),
        &[gate.in_front_of(server.name, server.address), console],
    )
    .await
}

/// Starts the Inspector for a server's address; where its page is.
async fn serve_page(clients: &Path, url: &str, visit: &Visit) -> (Process, String) {
    let folder = fresh_folder(&format!("clients-inspector-{}-page", visit.era));
    // Free a moment ago; the program takes none of its own choice.
    let free = [(); 3].map(|()| TcpListener::bind("127.0.0.1:0").expect("a free port"));
    let [page, sandbox, apps] = free.map(|listener| listener.local_addr().expect("the port").port().to_string());
    let mut command = Command::new("node");
    command
        .arg(clients.join("inspector/node_modules/@modelcontextprotocol/inspector/clients/launcher/build/index.js"))
        .args(["--web", "--transport", "http", "--server-url", url, "--protocol-era", visit.era])
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
async fn look(browser: &Path, page: &str, console: &str, visit: &Visit) -> Value {
    let mut command = Command::new("node");
    command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/browser/inspector.mjs"));
    command
        .args([page, console, visit.tool])
        .args(visit.fields)
        .env("MCP_POLICY_BROWSER", browser)
        .env("MCP_POLICY_TOKEN", TOKEN);
    let done = spawn_blocking(move || command.output()).await.expect("it ends").expect("node");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    serde_json::from_slice(&done.stdout).expect("what the page shows")
}

/// Asserts what the page does with a call in front of this server: it shows the request, opens the console and repeats the call.
async fn assert_dialogue(places: &Places, browser: &Path, server: &Server, visit: &Visit) {
    let gateway = start(server, visit).await;
    let url = format!("http://{}/mcp", gateway.at(&format!("{}-inspector", server.name)));
    let (_inspector, page) = serve_page(&places.clients, &url, visit).await;
    let seen = look(browser, &page, &format!("http://{}", gateway.at("console")), visit).await;
    let text = |value: &Value| value.as_str().unwrap_or_else(|| panic!("{seen}")).to_owned();
    assert!(text(&seen["server"]).contains(visit.revision), "{seen}");
    let calls = seen["calls"].as_array().expect("calls");
    assert_eq!(calls.len(), visit.outcomes.len(), "{seen}");
    for (call, outcome) in calls.iter().zip(visit.outcomes) {
        let dialog = text(&call["dialog"]);
        let message = format!(
            "Approval required: a person must approve this call of the tool `{}`: Sums need a person; an approver can decide on this page",
            visit.tool
        );
        assert!(dialog.contains(&message), "{dialog}");
        let (_, rest) = dialog.split_once("http://localhost:10001/#").unwrap_or_else(|| panic!("{dialog}"));
        let shown = format!("http://localhost:10001/#{}", rest.get(..20).expect("an id"));
        assert!(call["opened"].is_null() || call["opened"] == shown, "{call}");
        let result = text(&call["result"]);
        assert!(result.contains(outcome), "{result}");
    }
    // The approval is used up, and no approver has decided on the next.
    let [first, second] = [0, 1].map(|number| text(&calls[number]["opened"]));
    assert_ne!(first, second);
}

#[test]
fn the_inspectors_page_shows_the_request_opens_the_console_and_repeats_the_call() {
    let (Some(places), Some(browser)) = (places(), find("browser")) else { return };
    run(async {
        let everything = Server::start_everything("clients-inspector", &places.servers).await;
        assert_dialogue(&places, &browser, &everything, &SESSIONS).await;
        let both = Server::start_both_lifecycles("clients-inspector", &places.servers).await;
        assert_dialogue(&places, &browser, &both, &STATELESS).await;
    });
}
