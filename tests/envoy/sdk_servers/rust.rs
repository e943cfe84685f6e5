//! The server of the Rust SDK, for both eras, without sessions. It runs in this process and ends with it.

use axum::{Router, routing::get};
use rmcp::{
    ServerHandler,
    handler::server::{router::tool::ToolRouter, wrapper::Parameters},
    tool, tool_handler, tool_router,
    transport::streamable_http_server::{
        StreamableHttpServerConfig, StreamableHttpService, session::never::NeverSessionManager,
    },
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
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
        .with_allowed_hosts(["localhost"]);
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

/// The argument of a tool that answers with the value that it received.
#[derive(Deserialize, JsonSchema)]
struct Value<T> {
    value: T,
}

#[derive(Deserialize, Serialize, JsonSchema)]
struct Named {
    name: String,
}

/// The argument of a tool that can do without.
#[derive(Deserialize, JsonSchema)]
struct Optional {
    #[serde(default = "default_text")]
    value: String,
}

fn default_text() -> String {
    "default".to_owned()
}

fn received(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("a value")
}

#[tool_router(router = value_tools)]
impl Attacked {
    #[tool]
    async fn value_text(&self, Parameters(Value { value }): Parameters<Value<String>>) -> String {
        received(&value)
    }

    #[tool]
    async fn value_count(&self, Parameters(Value { value }): Parameters<Value<i64>>) -> String {
        received(&value)
    }

    #[tool]
    async fn value_amount(&self, Parameters(Value { value }): Parameters<Value<f64>>) -> String {
        received(&value)
    }

    #[tool]
    async fn value_flag(&self, Parameters(Value { value }): Parameters<Value<bool>>) -> String {
        received(&value)
    }

    #[tool]
    async fn value_names(&self, Parameters(Value { value }): Parameters<Value<Vec<String>>>) -> String {
        received(&value)
    }

    #[tool]
    async fn value_object(&self, Parameters(Value { value }): Parameters<Value<Named>>) -> String {
        received(&value)
    }

    #[tool]
    async fn value_any(&self, Parameters(Value { value }): Parameters<Value<serde_json::Value>>) -> String {
        received(&value)
    }

    #[tool]
    async fn value_default(&self, Parameters(Optional { value }): Parameters<Optional>) -> String {
        received(&value)
    }
}

impl Attacked {
    fn all_tools() -> ToolRouter<Self> {
        Self::tool_router() + Self::value_tools()
    }
}

#[tool_handler(name = "attacked", router = Self::all_tools())]
impl ServerHandler for Attacked {}
