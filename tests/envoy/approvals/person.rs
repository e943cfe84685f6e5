//! The whole of it, with nothing made up: an agent with the Rust SDK's client, its server, a person in a browser.

use super::{TOKEN, console, policy};
use crate::{
    forwarding::MODES,
    gateway::{Gateway, Listener, json_text},
    prerequisites::find,
    runtime::run,
};
use axum::Router;
use rmcp::{
    ServerHandler, ServiceExt as _,
    handler::server::wrapper::Parameters,
    model::{CallToolRequestParams, ClientConfig},
    schemars,
    service::{RoleClient, RunningService, ServiceError},
    tool, tool_handler, tool_router,
    transport::{
        StreamableHttpClientTransport,
        streamable_http_server::{
            StreamableHttpServerConfig, StreamableHttpService, session::never::NeverSessionManager,
        },
    },
};
use serde_json::{Value, json};
use std::{
    net::SocketAddr,
    path::Path,
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};
use tokio::{net::TcpListener, task::spawn_blocking};
use tokio_rustls::rustls::crypto::ring::default_provider;

/// A server that pays, and counts how often.
#[derive(Clone, Default)]
struct Bank(Arc<AtomicU64>);

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Payment {
    amount: u64,
    to: String,
}

#[tool_router]
impl Bank {
    #[tool(description = "Pays.")]
    async fn pay(&self, Parameters(payment): Parameters<Payment>) -> String {
        self.0.fetch_add(1, Ordering::SeqCst);
        format!("paid {} to {}", payment.amount, payment.to)
    }
}

#[tool_handler(name = "bank")]
impl ServerHandler for Bank {}

impl Bank {
    async fn start(&self) -> SocketAddr {
        let bank = self.clone();
        let config = StreamableHttpServerConfig::default().with_legacy_session_mode(false).disable_allowed_hosts();
        let mcp = StreamableHttpService::new(move || Ok(bank.clone()), NeverSessionManager::default().into(), config);
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("the port");
        tokio::spawn(async move { axum::serve(listener, Router::new().route_service("/mcp", mcp)).await });
        address
    }
}

/// The gateway in front of the bank, by its header mode.
fn gate(mode: &str, bank: SocketAddr) -> Listener {
    let configuration = json!({
        "policy": policy(),
        "protocol": { "headers": mode },
        "approvals": { "url": "http://localhost:10001/" },
    });
    Listener::new(mode, json_text(&configuration.to_string())).in_front_of("bank", bank).in_mode(mode)
}

type Agent = RunningService<RoleClient, ClientConfig>;

async fn agent(gateway: &Gateway, mode: &str) -> Agent {
    // The SDK's client wants a provider of cryptography, though no agent here speaks TLS. Another test may have set it.
    let _ = default_provider().install_default();
    let url = format!("http://{}/mcp", gateway.at(&format!("bank-{mode}")));
    ClientConfig::default().serve(StreamableHttpClientTransport::from_uri(url)).await.expect("a session")
}

/// Pays; the text that the agent gets: the result, or the message of the error.
async fn pay(agent: &Agent, to: &str) -> Result<String, (i32, String, Value)> {
    let arguments = json!({ "amount": 250, "to": to }).as_object().cloned().expect("an object");
    match agent.call_tool(CallToolRequestParams::new("pay").with_arguments(arguments)).await {
        Ok(result) => Ok(serde_json::to_value(result).expect("JSON")["content"][0]["text"].to_string()),
        Err(ServiceError::McpError(error)) => {
            Err((error.code.0, error.message.into_owned(), error.data.unwrap_or_default()))
        }
        Err(other) => panic!("{other}"),
    }
}

/// What a person does in the browser, and what the page says in the end.
async fn at_the_page(browser: &Path, gateway: &Gateway, step: &[&str]) -> Value {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/browser/drive.mjs");
    let page = format!("http://localhost:{}", gateway.at("console").port());
    let mut command = Command::new("node");
    command.arg(script).arg(page).args(step).env("MCP_POLICY_BROWSER", browser).env("MCP_POLICY_TOKEN", TOKEN);
    let done = spawn_blocking(move || command.output()).await.expect("it ends").expect("node");
    assert!(done.status.success(), "{step:?}: {}", String::from_utf8_lossy(&done.stderr));
    serde_json::from_slice(&done.stdout).expect("what the page says")
}

#[test]
fn a_payment_waits_for_a_person_in_a_browser_and_reaches_the_server_once() {
    let Some(browser) = find("browser") else { return };
    run(async {
        let bank = Bank::default();
        let address = bank.start().await;
        let [hold, release] = MODES.map(|mode| gate(mode, address));
        let gateway = Gateway::start("approvals-person", &[hold, release, console()]).await;
        for (round, mode) in MODES.into_iter().enumerate() {
            in_one_mode(&browser, &gateway, mode, &bank, round as u64 + 1).await;
        }
    });
}

async fn in_one_mode(browser: &Path, gateway: &Gateway, mode: &str, bank: &Bank, paid: u64) {
    let agent = agent(gateway, mode).await;
    let hostile = format!("{mode} <img src=x onerror=alert(1)>\u{202e}");
    let (code, message, data) = pay(&agent, &hostile).await.expect_err("it needs approval");
    assert_eq!(code, -31428);
    let url = data["approval"]["url"].as_str().expect("an address");
    let expected = format!(
        "Approval required: a person must approve this call of the tool `pay`: Over 100, a person decides; ask for approval at {url}, then repeat the same call"
    );
    assert_eq!(message, expected);
    let id = data["approval"]["id"].as_str().expect("a name");
    let shown = at_the_page(browser, gateway, &["list"]).await;
    let question = shown["approvals"].as_array().expect("a list").iter().find(|one| one["id"] == id);
    let question = question.unwrap_or_else(|| panic!("{id} should be shown: {shown}")).to_string();
    assert!(question.contains("<img src=x onerror=alert(1)>") && question.contains("u{202e}"), "{question}");
    if let Ok(folder) = std::env::var("MCP_POLICY_SCREENSHOTS") {
        let file = format!("{folder}/console.png");
        at_the_page(browser, gateway, &["screenshot", &file, "1200x800"]).await;
    }
    at_the_page(browser, gateway, &["approve", id, "as agreed"]).await;
    let answer = pay(&agent, &hostile).await.expect("it was approved");
    assert!(answer.contains("paid 250"), "{answer}");
    assert_eq!(bank.0.load(Ordering::SeqCst), paid, "once");
    let (code, _, data) = pay(&agent, &hostile).await.expect_err("another approval is needed");
    assert_eq!(code, -31428);
    let next = data["approval"]["id"].as_str().expect("a name");
    assert_ne!(next, id);
    at_the_page(browser, gateway, &["reject", next, "enough"]).await;
    let (code, message, _) = pay(&agent, &hostile).await.expect_err("it was rejected");
    let expected = "Policy violation: a person rejected this call of the tool `pay`: enough; do not repeat it";
    assert_eq!((code, &*message), (-31403, expected));
    assert_eq!(bank.0.load(Ordering::SeqCst), paid);
    let _ = agent.cancel().await;
}
