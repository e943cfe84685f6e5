//! The server of the Rust SDK, for both eras, without sessions. It runs in this process and ends with it.

use axum::{Router, routing::get};
use rmcp::{
    ServerHandler, tool, tool_handler, tool_router,
    transport::streamable_http_server::{
        StreamableHttpServerConfig, StreamableHttpService, session::never::NeverSessionManager,
    },
};
use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};
use tokio::net::TcpListener;

/// Starts to listen on a free port.
pub(super) async fn start(form: &str) -> SocketAddr {
    let attacked = Attacked::default();
    let runs = Arc::clone(&attacked.evil_runs);
    let config = StreamableHttpServerConfig::default()
        .with_legacy_session_mode(false)
        .with_json_response(form == "json")
        .with_allowed_hosts(["mcp.test"]);
    let mcp = StreamableHttpService::new(move || Ok(attacked.clone()), NeverSessionManager::default().into(), config);
    let app = Router::new()
        .route_service("/mcp", mcp)
        .route("/evil-runs", get(async move || runs.load(Ordering::SeqCst).to_string()));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("the port");
    tokio::spawn(async move { axum::serve(listener, app).await });
    address
}

#[derive(Clone, Default)]
struct Attacked {
    evil_runs: Arc<AtomicU64>,
}

#[tool_router]
impl Attacked {
    #[tool(description = "Is permitted.")]
    async fn ok(&self) -> String {
        "ok has run".into()
    }

    #[tool(description = "Is never permitted.")]
    async fn evil(&self) -> String {
        self.evil_runs.fetch_add(1, Ordering::SeqCst);
        "evil has run".into()
    }
}

#[tool_handler(name = "attacked")]
impl ServerHandler for Attacked {}
