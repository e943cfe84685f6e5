//! The tools of a running server, over streamable HTTP, in every MCP revision.

use std::{collections::HashSet, time::Duration};

use clap::ValueEnum;
use rmcp::{
    ClientLifecycleMode, ClientServiceExt,
    model::{self, ClientConfig, PaginatedRequestParams, ProtocolVersion},
    service::{ClientInitializeError, Peer, RoleClient, ServiceError},
    transport::StreamableHttpClientTransport,
};
use tokio::{runtime::Builder, time::timeout};

use crate::sanitize;

use super::tool::{Listing, Tool};

/// The MCP revisions to speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Era {
    /// 2026-07-28, or else one with a handshake
    Auto,
    /// With a handshake: 2025-11-25 and earlier
    #[value(name = "2025")]
    Handshake,
    /// Without a handshake: 2026-07-28
    #[value(name = "2026")]
    Stateless,
}

/// For the whole list. With `--era auto` the client waits 10 s of it before it tries the handshake.
const TIMEOUT: Duration = Duration::from_secs(60);

/// No policy can hold a longer list. The bound keeps a server whose list never ends from filling the memory.
const MAX_TOOLS: usize = 100_000;

/// Reads all pages of a server's list of tools.
///
/// # Errors
/// A sentence on why there is none.
pub(super) fn list_tools(url: &str, era: Era) -> Result<Listing, String> {
    let runtime = Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| format!("cannot start a client: {error}"))?;
    let tools = runtime.block_on(async { timeout(TIMEOUT, connect_and_list(url, era)).await });
    let tools = tools.unwrap_or_else(|_| Err(format!("the list is incomplete after {} s", TIMEOUT.as_secs())));
    let tools = tools.map_err(|why| format!("cannot list the tools of `{url}`: {why}"))?;
    Ok(Listing { tools: tools.into_iter().map(Tool::from).collect(), remarks: Vec::new() })
}

async fn connect_and_list(url: &str, era: Era) -> Result<Vec<model::Tool>, String> {
    let preferred_versions = vec![ProtocolVersion::V_2026_07_28];
    let lifecycle = match era {
        Era::Auto => ClientLifecycleMode::Auto { preferred_versions, legacy_version: None },
        Era::Handshake => ClientLifecycleMode::Initialize,
        Era::Stateless => ClientLifecycleMode::Discover { preferred_versions },
    };
    let transport = StreamableHttpClientTransport::from_uri(url);
    let client = ClientConfig::default().serve_with_lifecycle(transport, lifecycle).await;
    let client = client.map_err(|error| describe_refusal(&error))?;
    let tools = read_pages(&client).await;
    // Ends a session. The list is complete, so a failure does not matter.
    let _ = client.cancel().await;
    tools
}

async fn read_pages(client: &Peer<RoleClient>) -> Result<Vec<model::Tool>, String> {
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
            Some(next) if !seen.insert(next.clone()) => {
                return Err("its pages repeat: two have the same `nextCursor`".into());
            }
            Some(_) => {}
        }
    }
}

/// Why the client cannot list the tools.
fn describe_refusal(error: &ClientInitializeError) -> String {
    match error {
        error if error.is_authorization_required() => {
            "it requires a login; save its answer to `tools/list` and name that file".into()
        }
        // The last attempt was the handshake.
        ClientInitializeError::LegacyFallbackFailed { fallback, .. } => describe_refusal(fallback),
        // Without the names of the client's types.
        ClientInitializeError::TransportError { error, .. } => {
            format!("{}; {CHECK_URL}", chain(error.error.as_ref()))
        }
        error => format!("{}; {CHECK_URL}", chain(error)),
    }
}

/// What to do if the server does not answer as an MCP server.
const CHECK_URL: &str = "check that the server runs and that this is its MCP endpoint";

/// An error and its causes. It may quote what the server sent, so it is one line of bounded length.
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
    sanitize::line(&text).chars().take(1000).collect()
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
