//! The console's API, over HTTP.

use std::time::Duration;

use reqwest::{
    Method, Response, StatusCode, Url,
    header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue, ORIGIN},
    redirect::Policy,
};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tokio::runtime::Builder;

/// For one request and its answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// All pages together: several times 256 approvals with parameters of 16 KiB.
const MAX_BYTES: usize = 64 << 20;

/// A console, and who we are to it.
pub(super) struct Client {
    /// Without path.
    console: Url,
    token: Option<Token>,
}

/// An approver's token, which nothing prints.
pub(super) struct Token(HeaderValue);

impl Token {
    /// Reads the text of a file or a variable.
    ///
    /// # Errors
    /// What is wrong with it, as the end of a sentence that does not repeat it.
    pub(super) fn read(text: &str) -> Result<Self, String> {
        let token = text.trim();
        if token.is_empty() {
            return Err("holds no token".to_owned());
        }
        if !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err("holds no token: there are spaces in it, or characters that are not ASCII".to_owned());
        }
        let header = HeaderValue::try_from(format!("Bearer {token}"));
        let mut header = header.map_err(|_| "holds no token that a header can carry".to_owned())?;
        header.set_sensitive(true);
        Ok(Self(header))
    }
}

/// The body of an answer to an approval.
#[derive(Serialize)]
struct Decision<'d> {
    decision: &'d str,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<&'d str>,
}

/// A page of approvals.
#[derive(Deserialize)]
struct Page<'p> {
    /// By the gateway's clock.
    #[serde(borrow)]
    now: &'p RawValue,
    /// The approver.
    you: Option<&'p RawValue>,
    approvals: Vec<&'p RawValue>,
    /// Where the next page begins.
    next: Option<String>,
}

/// All pages as one.
#[derive(Serialize)]
struct List {
    now: Box<RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    you: Option<Box<RawValue>>,
    approvals: Vec<Box<RawValue>>,
}

/// The body of every refusal.
#[derive(Deserialize)]
struct Refusal {
    error: String,
}

impl Client {
    /// A client of the console at `url`.
    ///
    /// # Errors
    /// A sentence on why there can be none.
    pub(super) fn new(url: &str, token: Option<Token>) -> Result<Self, String> {
        if url.starts_with("https://") {
            return Err(format!("`{url}`: this command speaks plain `http` only; reach the console over loopback"));
        }
        let expected = || format!("`{url}` is no address of a console; expected `http://HOST:PORT`");
        let mut console = Url::parse(url).map_err(|_| expected())?;
        let whole = console.scheme() == "http" && console.path() == "/" && console.query().is_none();
        if !whole || !console.username().is_empty() || console.password().is_some() {
            return Err(expected());
        }
        // Addresses of approvals have one.
        console.set_fragment(None);
        Ok(Self { console, token })
    }

    /// All approvals that have not expired, as JSON: `now`, `you` and `approvals`.
    ///
    /// # Errors
    /// A sentence on why there is no answer.
    pub(super) fn list(&self) -> Result<String, String> {
        let (mut list, mut query, mut bytes) = (None, None, 0_usize);
        loop {
            let text = self.send(Method::GET, "/api/approvals", query.as_deref(), None)?;
            bytes = bytes.saturating_add(text.len());
            let page: Page<'_> = serde_json::from_str(&text).map_err(|_| self.no_console())?;
            let Page { now, you, approvals, next } = page;
            let list = list.get_or_insert_with(|| List {
                now: now.to_owned(),
                you: you.map(ToOwned::to_owned),
                approvals: Vec::new(),
            });
            // A console whose pages are empty, or do not end, is none.
            let is_console = bytes <= MAX_BYTES && (next.is_none() || !approvals.is_empty());
            list.approvals.extend(approvals.into_iter().map(ToOwned::to_owned));
            match next {
                _ if !is_console => return Err(self.no_console()),
                Some(next) => query = Some(format!("after={next}")),
                None => return serde_json::to_string(list).map_err(|_| self.no_console()),
            }
        }
    }

    /// Decides on one; what has become of it, as JSON.
    ///
    /// # Errors
    /// A sentence on why it is not decided, or why that is not known.
    pub(super) fn answer(&self, id: &str, decision: &str, note: Option<&str>) -> Result<String, String> {
        // Texts always serialise.
        let body = serde_json::to_string(&Decision { decision, note }).unwrap_or_default();
        self.send(Method::POST, &format!("/api/approvals/{id}"), None, Some(body))
    }

    /// What to say of an answer that no console would give.
    pub(super) fn no_console(&self) -> String {
        format!("`{}` answered something else than a console would; is it its address?", self.console)
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
        // A token goes to nobody else: neither to a proxy nor where an answer points to.
        let client = reqwest::Client::builder().no_proxy().redirect(Policy::none()).timeout(PATIENCE).build();
        let client = client.map_err(|error| format!("cannot start a client: {}", chain(&error)))?;
        let mut request = client.request(method, address);
        if let Some(Token(header)) = &self.token {
            request = request.header(AUTHORIZATION, header.clone());
        }
        if let Some(body) = body {
            let origin = self.console.origin().ascii_serialization();
            request = request.header(ORIGIN, origin).header(CONTENT_TYPE, "application/json").body(body);
        }
        let unreachable = |error| format!("no answer from `{}`: {}", self.console, chain(&error));
        let answer = request.send().await.map_err(unreachable)?;
        let status = answer.status();
        let text = read(answer).await.map_err(unreachable)?.ok_or_else(|| self.no_console())?;
        if status == StatusCode::OK { Ok(text) } else { Err(self.refusal(status, &text)) }
    }

    fn refusal(&self, status: StatusCode, text: &str) -> String {
        let said: Option<Refusal> = serde_json::from_str(text).ok();
        let Some(Refusal { error }) = said else {
            let (console, status) = (&self.console, status.as_u16());
            return format!("`{console}` answered with status {status}, not as a console would; is it its address?");
        };
        match status {
            StatusCode::UNAUTHORIZED if self.token.is_none() => {
                format!("{error}; give a token with `--token-file`, or in the variable `MCP_POLICY_TOKEN`")
            }
            _ => error,
        }
    }
}

/// The body; nothing if it is no text, or longer than any console's.
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

/// An error and its causes, which the client keeps apart; without the address, which is told already.
fn chain(error: &reqwest::Error) -> String {
    let mut causes = Vec::new();
    let mut next = std::error::Error::source(error);
    while let Some(cause) = next {
        causes.push(cause.to_string());
        next = cause.source();
    }
    if error.is_timeout() {
        return format!("nothing came for {} s", PATIENCE.as_secs());
    }
    // The innermost says most: `connection refused`.
    causes.pop().unwrap_or_else(|| "it cannot be reached".to_owned())
}
