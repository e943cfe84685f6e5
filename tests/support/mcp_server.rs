//! An MCP server for tests of `mcp-policy suggest --url`: three tools that draw nothing, behind streamable HTTP at `/mcp`.
//!
//! It keeps no sessions. Clients of the 2025 handshake and of 2026-07-28 are both served.

use std::{net::SocketAddr, process::ExitCode};

use axum::Router;
use clap::Parser;
use rmcp::{
    ServerHandler,
    handler::server::wrapper::Parameters,
    schemars, tool, tool_handler, tool_router,
    transport::streamable_http_server::{
        StreamableHttpServerConfig, StreamableHttpService, session::never::NeverSessionManager,
    },
};
use tokio::net::TcpListener;

/// An example MCP server with the tools `generate_image`, `image.generate.gemini` and `image_gen`.
#[derive(Parser)]
struct Options {
    /// Where to listen; port 0 takes a free one.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:10002")]
    listen: SocketAddr,
    /// Answer with event streams instead of plain JSON.
    #[arg(long)]
    sse: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    match serve(&Options::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::FAILURE
        }
    }
}

async fn serve(options: &Options) -> Result<(), String> {
    let address = options.listen;
    let listener = TcpListener::bind(address)
        .await
        .map_err(|error| format!("cannot listen on `{address}`: {error}; choose another address with `--listen`"))?;
    let bound = listener.local_addr().map_err(|error| format!("cannot read the bound address: {error}"))?;
    println!("listening on http://{bound}/mcp");

    let app = Router::new().route_service("/mcp", mcp(options.sse));
    tokio::select! {
        ended = axum::serve(listener, app).into_future() => ended.map_err(|error| format!("stopped serving: {error}")),
        // Open streams do not delay the end: the test reuses the port.
        asked = end_signal() => asked.map_err(|error| format!("cannot wait for signals: {error}")),
    }
}

fn mcp(sse: bool) -> StreamableHttpService<ImageServer, NeverSessionManager> {
    let config = StreamableHttpServerConfig::default()
        .with_legacy_session_mode(false)
        .with_json_response(!sse)
        // The gateway passes the client's `Host` through, and this server cannot know by which
        // names clients reach the gateway. A real server lists those names instead.
        .disable_allowed_hosts();
    StreamableHttpService::new(|| Ok(ImageServer), NeverSessionManager::default().into(), config)
}

#[cfg(unix)]
async fn end_signal() -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};

    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted,
        _ = terminate.recv() => Ok(()),
    }
}

#[cfg(not(unix))]
async fn end_signal() -> std::io::Result<()> {
    tokio::signal::ctrl_c().await
}

/// What each tool takes.
#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Drawing {
    /// What to draw.
    prompt: String,
}

impl Drawing {
    fn with(&self, tool: &str) -> String {
        format!("drew `{}` with {tool}", self.prompt)
    }
}

struct ImageServer;

#[tool_router]
impl ImageServer {
    #[tool(description = "Draws what the prompt says.")]
    async fn generate_image(&self, Parameters(drawing): Parameters<Drawing>) -> String {
        drawing.with("generate_image")
    }

    #[tool(name = "image.generate.gemini", description = "Draws what the prompt says, with another model.")]
    async fn generate_with_gemini(&self, Parameters(drawing): Parameters<Drawing>) -> String {
        drawing.with("image.generate.gemini")
    }

    #[tool(description = "Draws what the prompt says, quickly.")]
    async fn image_gen(&self, Parameters(drawing): Parameters<Drawing>) -> String {
        drawing.with("image_gen")
    }
}

#[tool_handler(name = "example-image-server")]
impl ServerHandler for ImageServer {}
