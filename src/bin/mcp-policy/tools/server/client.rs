//! The client that asks a server for its tools.

use std::{collections::HashSet, sync::Arc, time::Duration};

use reqwest::{header::HeaderMap, redirect::Policy};
use rmcp::{
    ClientLifecycleMode, ClientServiceExt,
    model::{self, ClientConfig, PaginatedRequestParams, ProtocolVersion},
    service::{ClientInitializeError, Peer, RoleClient, ServiceError},
    transport::{
        StreamableHttpClientTransport,
        streamable_http_client::{StreamableHttpClientTransportConfig, StreamableHttpError},
    },
};
use tokio::{runtime::Builder, time::timeout};

use serde_json::Value;

#[cfg(feature = "editor")]
use crate::tools::Other;
use crate::{
    tls,
    tools::{Listing, Tool},
};

use super::{CHECK_URL, Era, LOGIN, excerpt, innermost, status_text};

/// For the whole list. With `--era auto` the client waits 10 s of it before it tries the handshake.
const TIMEOUT: Duration = Duration::from_secs(60);

/// No policy can hold a longer list. The bound keeps a server whose list never ends from filling the memory.
const MAX_TOOLS: usize = 100_000;

/// Reads all pages of a server's list of tools.
///
/// # Errors
/// A sentence on why there is none.
pub(super) fn list(url: &str, headers: HeaderMap, era: Era) -> Result<Listing, String> {
    run(url, headers, era, async |_, _| {})
}

/// The same, with the server's prompts and resources.
///
/// # Errors
/// A sentence on why there are no tools.
#[cfg(feature = "editor")]
pub(super) fn list_everything(url: &str, headers: HeaderMap, era: Era) -> Result<Listing, String> {
    run(url, headers, era, add_others)
}

/// Connects, lists the tools, and lets `add` ask for more.
fn run(
    url: &str,
    headers: HeaderMap,
    era: Era,
    add: impl AsyncFn(&Peer<RoleClient>, &mut Listing),
) -> Result<Listing, String> {
    let runtime = Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| format!("cannot start a client: {error}"))?;
    let listed = runtime.block_on(async { timeout(TIMEOUT, request(url, headers, era, add)).await });
    let listed = listed.unwrap_or_else(|_| Err(format!("the list is incomplete after {} s", TIMEOUT.as_secs())));
    listed.map_err(|why| format!("cannot list the tools of `{url}`: {why}"))
}

async fn request(
    url: &str,
    headers: HeaderMap,
    era: Era,
    add: impl AsyncFn(&Peer<RoleClient>, &mut Listing),
) -> Result<Listing, String> {
    let preferred_versions = vec![ProtocolVersion::V_2026_07_28];
    let lifecycle = match era {
        Era::Auto => ClientLifecycleMode::Auto { preferred_versions, legacy_version: None },
        Era::Handshake => ClientLifecycleMode::Initialize,
        Era::Stateless => ClientLifecycleMode::Discover { preferred_versions },
    };
    // The headers may be credentials: they reach this server only, and no target of a redirect.
    let client = tls::client().default_headers(headers).redirect(Policy::none()).build();
    let client = client.map_err(|error| format!("cannot start a client: {}", innermost(&error)))?;
    let transport =
        StreamableHttpClientTransport::with_client(client, StreamableHttpClientTransportConfig::with_uri(url));
    let client = ClientConfig::default().serve_with_lifecycle(transport, lifecycle).await;
    let client = client.map_err(|error| describe_refusal(&error))?;
    let tools =
        read_pages("tools", async |page| client.list_tools(page).await.map(|read| (read.tools, read.next_cursor)));
    let mut listed =
        tools.await.map(|tools| Listing { tools: tools.into_iter().map(Tool::from).collect(), ..Listing::default() });
    if let Ok(listing) = &mut listed {
        add(&client, listing).await;
    }
    // Ends a session. The list is complete, so a failure does not matter.
    let _ = client.cancel().await;
    listed
}

/// Adds prompts and resources, of a server that says that it has them.
#[cfg(feature = "editor")]
async fn add_others(client: &Peer<RoleClient>, listing: &mut Listing) {
    let capabilities = client.peer_info().map(|info| info.capabilities.clone()).unwrap_or_default();
    if capabilities.prompts.is_some() {
        let read = async |page| client.list_prompts(page).await.map(|read| (read.prompts, read.next_cursor));
        match read_pages("prompts", read).await {
            Ok(prompts) => listing.others.extend(prompts.into_iter().map(Other::from)),
            Err(why) => listing.remarks.push(format!("its prompts are not known: {why}")),
        }
    }
    if capabilities.resources.is_some() {
        let read = async |page| client.list_resources(page).await.map(|read| (read.resources, read.next_cursor));
        match read_pages("resources", read).await {
            Ok(resources) => listing.others.extend(resources.into_iter().map(Other::from)),
            Err(why) => listing.remarks.push(format!("its resources are not known: {why}")),
        }
        let read = async |page| match client.list_resource_templates(page).await {
            // Many servers with resources have none.
            Err(ServiceError::McpError(error)) if error.code == model::ErrorCode::METHOD_NOT_FOUND => {
                Ok((Vec::new(), None))
            }
            read => read.map(|read| (read.resource_templates, read.next_cursor)),
        };
        match read_pages("templates of resources", read).await {
            Ok(templates) => listing.others.extend(templates.into_iter().map(Other::from)),
            Err(why) => listing.remarks.push(format!("its templates of resources are not known: {why}")),
        }
    }
}

/// Reads a list page by page. `page` asks for one, and returns its entries and the cursor of the next.
async fn read_pages<T>(
    what: &str,
    page: impl AsyncFn(Option<PaginatedRequestParams>) -> Result<(Vec<T>, Option<String>), ServiceError>,
) -> Result<Vec<T>, String> {
    let mut all = Vec::new();
    let mut seen = HashSet::new();
    let mut cursor = None;
    loop {
        let read = page(Some(PaginatedRequestParams::default().with_cursor(cursor))).await;
        let (entries, next) = read.map_err(|error| describe_service_error(&error))?;
        all.extend(entries);
        cursor = next;
        match &cursor {
            None => return Ok(all),
            Some(_) if all.len() > MAX_TOOLS => return Err(format!("it lists more than {MAX_TOOLS} {what}")),
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
        error if error.is_authorization_required() => LOGIN.to_owned(),
        // The last attempt was the handshake.
        ClientInitializeError::LegacyFallbackFailed { fallback, .. } => describe_refusal(fallback),
        // Without the names of the client's types, and with the cause that they leave out.
        ClientInitializeError::TransportError { error, .. } => describe_transport(error.error.as_ref()),
        ClientInitializeError::ConnectionClosed(_) => format!("it closed the connection; {CHECK_URL}"),
        ClientInitializeError::JsonRpcError(error) => {
            format!("{}; {CHECK_URL}", describe_error(error))
        }
        _ => format!("{NO_MCP}; {CHECK_URL}"),
    }
}

/// What is said of a server whose answer is none of MCP.
const NO_MCP: &str = "it does not answer as an MCP server";

/// Why the server did not answer a request.
fn describe_service_error(error: &ServiceError) -> String {
    match error {
        ServiceError::McpError(error) => describe_error(error),
        ServiceError::TransportSend(error) => describe_transport(error.error.as_ref()),
        ServiceError::TransportClosed => format!("it closed the connection; {CHECK_URL}"),
        _ => "its answer is not one to the request".to_owned(),
    }
}

/// What a server says of a request that it refuses.
fn describe_error(error: &model::ErrorData) -> String {
    format!("it answers with the error {}: {}", error.code.0, excerpt(&error.message))
}

/// What went wrong between the client and the server, and what to do.
fn describe_transport(error: &(dyn std::error::Error + 'static)) -> String {
    let status = match error.downcast_ref::<StreamableHttpError<reqwest::Error>>() {
        Some(StreamableHttpError::Client(error)) => error.status().map(|status| status.as_u16()),
        Some(StreamableHttpError::HttpStatus(error)) => Some(error.status),
        // The library writes the status of an answer that it does not expect before its body.
        Some(StreamableHttpError::UnexpectedServerResponse(text)) => {
            text.strip_prefix("HTTP ").and_then(|rest| rest.get(..3)).and_then(|status| status.parse().ok())
        }
        _ => None,
    };
    if let Some(status) = status {
        return status_text(status);
    }
    let what = match error.downcast_ref::<StreamableHttpError<reqwest::Error>>() {
        Some(StreamableHttpError::Client(error)) => innermost(error),
        Some(StreamableHttpError::UnexpectedContentType(Some(found))) => {
            format!("it answers with `{}`, where JSON or an event stream is expected", excerpt(found))
        }
        Some(_) => NO_MCP.to_owned(),
        None => innermost(error),
    };
    format!("{what}; {CHECK_URL}")
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
            input_schema: Value::Object(Arc::unwrap_or_clone(tool.input_schema)),
            definition: String::new(),
        }
    }
}
