//! The console's API, over HTTP.

use std::{collections::BTreeMap, time::Duration};

use reqwest::{
    Method, Response, StatusCode, Url,
    header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue, ORIGIN},
    redirect::Policy,
};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tokio::runtime::Builder;

use crate::{tls, tools::Header};

/// For one request and its answer.
const TIMEOUT: Duration = Duration::from_secs(30);

/// The client reads no more of all pages, in bytes. 256 approvals with parameters of 16 KiB come to a fraction.
const MAX_BYTES: usize = 64 << 20;

/// A console, and the token for it.
pub(super) struct Client {
    /// Its path is empty.
    console: Url,
    token: Option<Token>,
    headers: Vec<Header>,
}

/// An approver's token. Nothing prints it.
pub(super) struct Token(HeaderValue);

impl Token {
    /// Reads the text of a file or a variable.
    ///
    /// # Errors
    /// The predicate of a sentence on what is wrong. It does not repeat the token.
    pub(super) fn read(text: &str) -> Result<Self, String> {
        let token = text.trim();
        if token.is_empty() {
            return Err("holds no token".to_owned());
        }
        if !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err("holds no token: it has spaces or characters that are not ASCII".to_owned());
        }
        let header = HeaderValue::try_from(format!("Bearer {token}"));
        let mut header = header.map_err(|_| "holds no token that a header can carry".to_owned())?;
        header.set_sensitive(true);
        Ok(Self(header))
    }
}

/// The body of a decision.
#[derive(Serialize)]
struct DecisionBody<'d> {
    decision: &'d str,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<&'d str>,
}

/// A page of a list.
#[derive(Deserialize)]
struct Page<'p> {
    /// The gateway's time.
    #[serde(borrow)]
    now: &'p RawValue,
    /// The approver.
    you: Option<&'p RawValue>,
    #[serde(alias = "drifts")]
    approvals: Vec<&'p RawValue>,
    /// How many policies have no place for their drifts.
    full: Option<u64>,
    /// Where the next page begins.
    next: Option<String>,
}

/// All pages as one.
#[derive(Serialize)]
struct List {
    now: Box<RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    you: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    full: Option<u64>,
    #[serde(flatten)]
    items: BTreeMap<&'static str, Vec<Box<RawValue>>>,
}

/// The body of every error of the console.
#[derive(Deserialize)]
struct Refusal {
    error: String,
}

impl Client {
    /// A client of the console at `url`.
    ///
    /// # Errors
    /// A sentence on what is wrong with `url`.
    pub(super) fn new(url: &str, token: Option<Token>, headers: Vec<Header>) -> Result<Self, String> {
        let expected = || format!("`{url}` is not a console's address; expected `http://HOST:PORT` or `https://HOST`");
        let mut console = Url::parse(url).map_err(|_| expected())?;
        let is_http = ["http", "https"].contains(&console.scheme());
        let whole = is_http && console.path() == "/" && console.query().is_none();
        if !whole || !console.username().is_empty() || console.password().is_some() {
            return Err(expected());
        }
        // The address of an approval on the page has one.
        console.set_fragment(None);
        Ok(Self { console, token, headers })
    }

    /// All items of a list of the API, as JSON: `now`, and the items under the name of the list.
    ///
    /// # Errors
    /// A sentence on why there is no answer.
    pub(super) fn list(&self, name: &'static str) -> Result<String, String> {
        let (mut list, mut query, mut bytes) = (None, None, 0_usize);
        loop {
            let text = self.send(Method::GET, &format!("/api/{name}"), query.as_deref(), None)?;
            bytes = bytes.saturating_add(text.len());
            let page: Page<'_> = serde_json::from_str(&text).map_err(|_| self.not_a_console())?;
            let Page { now, you, approvals: items, full, next } = page;
            let list = list.get_or_insert_with(|| List {
                now: now.to_owned(),
                you: you.map(ToOwned::to_owned),
                full,
                items: BTreeMap::new(),
            });
            // A console sends no empty page before another, and its pages end.
            let is_console = bytes <= MAX_BYTES && (next.is_none() || !items.is_empty());
            list.items.entry(name).or_default().extend(items.into_iter().map(ToOwned::to_owned));
            match next {
                _ if !is_console => return Err(self.not_a_console()),
                Some(next) => query = Some(format!("after={next}")),
                None => return serde_json::to_string(list).map_err(|_| self.not_a_console()),
            }
        }
    }

    /// Decides on an item of a list; the item after that, as JSON.
    ///
    /// # Errors
    /// A sentence on why it is undecided, or why the result is unknown.
    pub(super) fn decide(&self, list: &str, id: &str, decision: &str, note: Option<&str>) -> Result<String, String> {
        // Texts always serialise.
        let body = serde_json::to_string(&DecisionBody { decision, note }).unwrap_or_default();
        self.send(Method::POST, &format!("/api/{list}/{id}"), None, Some(body))
    }

    /// The error for an answer that no console gives.
    pub(super) fn not_a_console(&self) -> String {
        format!("`{}` does not answer as a console does; check `--url`", self.console)
    }

    fn send(&self, method: Method, path: &str, query: Option<&str>, body: Option<String>) -> Result<String, String> {
        let mut address = self.console.clone();
        address.set_path(path);
        address.set_query(query);
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| format!("cannot start a client: {error}"))?;
        runtime.block_on(self.exchange(method, address, body))
    }

    async fn exchange(&self, method: Method, address: Url, body: Option<String>) -> Result<String, String> {
        // The token reaches only the console: no proxy, and no target of a redirect.
        let client = tls::client().no_proxy().redirect(Policy::none()).timeout(TIMEOUT).build();
        let client = client.map_err(|error| format!("cannot start a client: {}", chain(&error)))?;
        let mut request = client.request(method, address);
        if let Some(Token(header)) = &self.token {
            request = request.header(AUTHORIZATION, header.clone());
        }
        for Header(name, value) in &self.headers {
            request = request.header(name.clone(), value.clone());
        }
        if let Some(body) = body {
            let origin = self.console.origin().ascii_serialization();
            request = request.header(ORIGIN, origin).header(CONTENT_TYPE, "application/json").body(body);
        }
        let unreachable = |error| format!("cannot reach `{}`: {}", self.console, chain(&error));
        let answer = request.send().await.map_err(unreachable)?;
        let status = answer.status();
        let text = read(answer).await.map_err(unreachable)?.ok_or_else(|| self.not_a_console())?;
        if status == StatusCode::OK { Ok(text) } else { Err(self.refusal(status, &text)) }
    }

    fn refusal(&self, status: StatusCode, text: &str) -> String {
        let parsed: Option<Refusal> = serde_json::from_str(text).ok();
        let Some(Refusal { error }) = parsed else {
            let (console, status) = (&self.console, status.as_u16());
            return format!("`{console}` answers with status {status}, and not as a console does; check `--url`");
        };
        match status {
            StatusCode::UNAUTHORIZED if self.token.is_none() => {
                format!("{error}; give a token with `--token-file` or in the variable `MCP_POLICY_TOKEN`")
            }
            _ => error,
        }
    }
}

/// The body; `None` if it is not text or is longer than [`MAX_BYTES`].
async fn read(mut answer: Response) -> Result<Option<String>, reqwest::Error> {
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await? {
        body.extend_from_slice(&chunk);
        if body.len() > MAX_BYTES {
            return Ok(None);
        }
    }
    Ok(String::from_utf8(body).ok())
}

/// The cause of an error in words, without the address, which the message names already.
fn chain(error: &reqwest::Error) -> String {
    let mut causes = Vec::new();
    let mut next = std::error::Error::source(error);
    while let Some(cause) = next {
        causes.push(cause.to_string());
        next = cause.source();
    }
    if error.is_timeout() {
        return format!("no answer within {} s", TIMEOUT.as_secs());
    }
    // The innermost cause says most: `connection refused`.
    causes.pop().unwrap_or_else(|| "it is unreachable".to_owned())
}
