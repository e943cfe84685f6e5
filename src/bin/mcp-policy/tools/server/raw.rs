//! A client that asks a server for its tools and keeps each answer as it was sent: a pin is of every member of a definition, also
//! of those that a library for clients does not know.

use std::{collections::HashSet, time::Duration};

use reqwest::{
    Client,
    header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderValue},
    redirect::Policy,
};
use serde_json::{Value, json};
use tokio::{runtime::Builder, time::timeout};

use super::{CHECK_URL, Era, innermost, status_text};
use crate::{
    sanitize, tls,
    tools::listing::{self, Page},
};

/// For the whole list.
const TIMEOUT: Duration = Duration::from_secs(60);
/// The client reads no more of one answer, in bytes.
const MAX_BYTES: usize = 64 << 20;
/// Pages that are read: each has a cursor of its own.
const MAX_PAGES: usize = 10_000;
const HANDSHAKE: &str = "2025-11-25";
const STATELESS: &str = "2026-07-28";

/// Reads all pages of a server's list of tools.
///
/// # Errors
/// A sentence on why there is none.
pub(super) fn list_pages(url: &str, headers: HeaderMap, era: Era) -> Result<Vec<Page>, String> {
    let runtime = Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| format!("cannot start a client: {error}"))?;
    let pages = runtime.block_on(async { timeout(TIMEOUT, read(url, headers, era)).await });
    let pages = pages.unwrap_or_else(|_| Err(format!("the list is incomplete after {} s", TIMEOUT.as_secs())));
    pages.map_err(|why| format!("cannot list the tools of `{url}`: {}", sanitize::line(&why)))
}

async fn read(url: &str, headers: HeaderMap, era: Era) -> Result<Vec<Page>, String> {
    // The headers may be credentials: they reach this server only, and no target of a redirect.
    let client = tls::client().default_headers(headers).redirect(Policy::none()).build();
    let client = client.map_err(|error| format!("cannot start a client: {error}"))?;
    let connection = Connection { client, url: url.to_owned(), headers: HeaderMap::new(), is_stateless: false };
    match era {
        Era::Handshake => connection.read_with_handshake().await,
        Era::Stateless => connection.read_stateless().await,
        Era::Auto => match connection.clone().read_stateless().await {
            Ok(pages) => Ok(pages),
            // A server of another revision refuses it in one way or another.
            Err(_) => connection.read_with_handshake().await,
        },
    }
}

/// A server, and the headers that every request has from now on.
#[derive(Clone)]
struct Connection {
    client: Client,
    url: String,
    headers: HeaderMap,
    is_stateless: bool,
}

impl Connection {
    async fn read_stateless(mut self) -> Result<Vec<Page>, String> {
        self.is_stateless = true;
        self.headers.insert("mcp-protocol-version", HeaderValue::from_static(STATELESS));
        self.headers.insert("mcp-method", HeaderValue::from_static("tools/list"));
        self.read_pages().await
    }

    async fn read_with_handshake(mut self) -> Result<Vec<Page>, String> {
        let client = json!({ "name": "mcp-policy", "version": env!("CARGO_PKG_VERSION") });
        let params = json!({ "protocolVersion": HANDSHAKE, "capabilities": {}, "clientInfo": client });
        let (answer, session) = self.request(0, "initialize", params).await?;
        let answer: Value =
            serde_json::from_str(&answer).map_err(|_| format!("its answer is not JSON; {CHECK_URL}"))?;
        let revision = answer.pointer("/result/protocolVersion").and_then(Value::as_str).unwrap_or(HANDSHAKE);
        let revision = HeaderValue::from_str(revision).map_err(|_| "the server names no revision".to_owned())?;
        self.headers.insert("mcp-protocol-version", revision);
        if let Some(session) = session {
            self.headers.insert("mcp-session-id", session);
        }
        self.send(&json!({ "jsonrpc": "2.0", "method": "notifications/initialized" })).await?;
        let pages = self.read_pages().await;
        if self.headers.contains_key("mcp-session-id") {
            // The list is complete, so a failure does not matter.
            let _ = self.client.delete(&self.url).headers(self.headers.clone()).send().await;
        }
        pages
    }

    async fn read_pages(&self) -> Result<Vec<Page>, String> {
        let (mut pages, mut seen, mut cursor) = (Vec::new(), HashSet::new(), None::<String>);
        for id in 1..=MAX_PAGES {
            let mut params = json!({});
            if let (Some(cursor), Some(params)) = (&cursor, params.as_object_mut()) {
                params.insert("cursor".to_owned(), cursor.as_str().into());
            }
            if let (true, Some(params)) = (self.is_stateless, params.as_object_mut()) {
                let meta = json!({
                    "io.modelcontextprotocol/protocolVersion": STATELESS,
                    "io.modelcontextprotocol/clientInfo": { "name": "mcp-policy", "version": env!("CARGO_PKG_VERSION") },
                    "io.modelcontextprotocol/clientCapabilities": {},
                });
                params.insert("_meta".to_owned(), meta);
            }
            let (answer, _) = self.request(id, "tools/list", params).await?;
            let page = listing::read_page(&answer)?;
            cursor.clone_from(&page.next);
            pages.push(page);
            match &cursor {
                None => return Ok(pages),
                Some(next) if !seen.insert(next.clone()) => {
                    return Err("its pages repeat: two have the same `nextCursor`".to_owned());
                }
                Some(_) => {}
            }
        }
        Err(format!("it has more than {MAX_PAGES} pages"))
    }

    /// Sends a request, and returns the message that answers it, and the session that it names.
    async fn request(&self, id: usize, method: &str, params: Value) -> Result<(String, Option<HeaderValue>), String> {
        let message = json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params });
        let mut answer = self.send(&message).await?;
        let session = answer.headers().get("mcp-session-id").cloned();
        let media = answer.headers().get(CONTENT_TYPE).and_then(|media| media.to_str().ok()).unwrap_or_default();
        let is_stream = media.starts_with("text/event-stream");
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(|error| describe(&error))? {
            body.extend_from_slice(&chunk);
            if body.len() > MAX_BYTES {
                return Err(format!("an answer is longer than {MAX_BYTES} bytes"));
            }
            // A stream may stay open behind the answer.
            if let Some(found) = is_stream.then(|| find(&body, id)).flatten() {
                return Ok((found, session));
            }
        }
        let found = if is_stream { find(&body, id) } else { String::from_utf8(body).ok() };
        found.map(|found| (found, session)).ok_or_else(|| format!("it does not answer the request; {CHECK_URL}"))
    }

    async fn send(&self, message: &Value) -> Result<reqwest::Response, String> {
        let request = self.client.post(&self.url).headers(self.headers.clone());
        let request = request.header(ACCEPT, "application/json, text/event-stream");
        let request = request.header(CONTENT_TYPE, "application/json").body(message.to_string());
        let answer = request.send().await.map_err(|error| describe(&error))?;
        match answer.status() {
            status if status.is_success() => Ok(answer),
            status => Err(status_text(status.as_u16())),
        }
    }
}

/// The message of an event stream that answers the request with this id, once it is complete.
fn find(stream: &[u8], id: usize) -> Option<String> {
    let text = std::str::from_utf8(stream).ok()?;
    let has_id = |event: &String| {
        let message: Option<Value> = serde_json::from_str(event).ok();
        message.is_some_and(|message| message.get("id").and_then(Value::as_u64) == u64::try_from(id).ok())
    };
    listing::events(text).into_iter().find(has_id)
}

/// Why the server did not answer.
fn describe(error: &reqwest::Error) -> String {
    format!("{}; {CHECK_URL}", innermost(error))
}
