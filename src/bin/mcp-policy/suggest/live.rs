//! Tools of a running server, over streamable HTTP, in both eras of MCP.

use std::{collections::HashSet, time::Duration};

use clap::ValueEnum;
use rmcp::{
    ClientLifecycleMode, ClientServiceExt,
    model::{self, ClientConfig, PaginatedRequestParams, ProtocolVersion},
    service::{ClientInitializeError, Peer, RoleClient, ServiceError},
    transport::StreamableHttpClientTransport,
};
use tokio::{runtime::Builder, time::timeout};

use super::tool::{Listing, Tool};

/// How to talk to a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Era {
    /// As 2026-07-28, else with the handshake
    Auto,
    /// With the handshake: 2025-11-25 and earlier
    #[value(name = "2025")]
    Handshake,
    /// Without: 2026-07-28
    #[value(name = "2026")]
    Stateless,
}

/// For the whole list. A client that looks for the era waits 10 s of it for an old server.
const PATIENCE: Duration = Duration::from_secs(60);

/// A list that is longer is none for a policy; it keeps a server that never ends from filling the memory.
const MAX_TOOLS: usize = 100_000;

/// Reads all pages of a server's list.
///
/// # Errors
/// Why there is none.
pub(super) fn list(url: &str, era: Era) -> Result<Listing, String> {
    let runtime = Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| format!("cannot start a client: {error}"))?;
    let tools = runtime.block_on(async { timeout(PATIENCE, ask(url, era)).await });
    let tools = tools.unwrap_or_else(|_| Err(format!("no whole list after {} s", PATIENCE.as_secs())));
    let tools = tools.map_err(|why| format!("cannot list the tools of `{url}`: {why}"))?;
    Ok(Listing { tools: tools.into_iter().map(Tool::from).collect(), remarks: Vec::new() })
}

async fn ask(url: &str, era: Era) -> Result<Vec<model::Tool>, String> {
    let preferred_versions = vec![ProtocolVersion::V_2026_07_28];
    let lifecycle = match era {
        Era::Auto => ClientLifecycleMode::Auto { preferred_versions, legacy_version: None },
        Era::Handshake => ClientLifecycleMode::Initialize,
        Era::Stateless => ClientLifecycleMode::Discover { preferred_versions },
    };
    let transport = StreamableHttpClientTransport::from_uri(url);
    let client = ClientConfig::default().serve_with_lifecycle(transport, lifecycle).await;
    let client = client.map_err(|error| refused(&error))?;
    let tools = pages(&client).await;
    // Ends the session, where there is one; the list is here already.
    let _ = client.cancel().await;
    tools
}

async fn pages(client: &Peer<RoleClient>) -> Result<Vec<model::Tool>, String> {
    let mut tools = Vec::new();
    let mut seen = HashSet::new();
    let mut cursor = None;
    loop {
        let page = client.list_tools(Some(PaginatedRequestParams::default().with_cursor(cursor))).await;
        let page = page.map_err(|error| match &error {
            ServiceError::TransportSend(error) => chain(error.error.as_ref()),
            error => chain(error),
        })?;
        tools.extend(page.tools);
        cursor = page.next_cursor;
        match &cursor {
            None => return Ok(tools),
            Some(_) if tools.len() > MAX_TOOLS => return Err(format!("it lists more than {MAX_TOOLS} tools")),
            Some(next) if !seen.insert(next.clone()) => return Err("its pages go round in a circle".into()),
            Some(_) => {}
        }
    }
}

/// Why there is no conversation.
fn refused(error: &ClientInitializeError) -> String {
    match error {
        error if error.is_authorization_required() => {
            "it asks for a login; save its answer to `tools/list` and name that file".into()
        }
        // What the old era said is the last word.
        ClientInitializeError::LegacyFallbackFailed { fallback, .. } => refused(fallback),
        // Without the names of the client's types around it.
        ClientInitializeError::TransportError { error, .. } => {
            format!("{}; is the server running, and is this its MCP endpoint?", chain(error.error.as_ref()))
        }
        error => format!("{}; is the server running, and is this its MCP endpoint?", chain(error)),
    }
}

/// An error and its causes, which the client keeps apart. What a server sent is not for a terminal as it is.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        if !text.contains(&more) {
            text.push_str(": ");
            text.push_str(&more);
        }
        cause = error.source();
    }
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(1000).collect()
}

impl From<model::Tool> for Tool {
    fn from(tool: model::Tool) -> Self {
        let annotations = tool.annotations.unwrap_or_default();
        Self {
            name: tool.name.into_owned(),
            titles: tool.title.into_iter().chain(annotations.title).collect(),
            description: tool.description.unwrap_or_default().into_owned(),
            read_only: annotations.read_only_hint,
            destructive: annotations.destructive_hint,
        }
    }
}
