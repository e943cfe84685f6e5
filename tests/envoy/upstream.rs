//! A server behind the gateway that writes down whatever reaches it, complete or not.

use crate::{client::Request, runtime::until};
use axum::{
    Router,
    body::Body,
    http::{HeaderMap, Request as Incoming, Response, StatusCode},
};
use http_body_util::{BodyExt, Channel, channel::Sender};
use hyper::body::Bytes;
use serde_json::value::RawValue;
use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard},
};
use tokio::net::TcpListener;

/// The header that tells the upstream's answers from the gateway's own.
pub(crate) const MARK: &str = "x-answered-by";

/// Whether a request came to its end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum End {
    /// Headers arrived, the rest may still come.
    #[default]
    Open,
    /// The whole request arrived.
    Complete,
    /// The connection or the stream ended before the request did.
    Aborted,
}

/// One request whose headers arrived.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    /// The method.
    pub(crate) method: String,
    /// Path and query.
    pub(crate) path: String,
    /// Headers in order.
    pub(crate) headers: Vec<(String, String)>,
    /// What arrived of the body.
    pub(crate) body: Vec<u8>,
    /// What followed the body.
    pub(crate) trailers: Vec<(String, String)>,
    /// Whether all of it arrived.
    pub(crate) end: End,
}

/// An answer that a test writes, piece by piece; it ends when the test drops it.
pub(crate) type Script = Sender<Bytes>;

/// The answers that tests write, by case.
type Scripts = Arc<Mutex<HashMap<String, Scripted>>>;

/// An answer that a test writes, and what the server waits for before it begins it.
struct Scripted {
    answer: Response<Body>,
    begins: Begins,
}

/// When an answer begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Begins {
    /// When the request is complete.
    AtEnd,
    /// When its head has come, while its body may still come.
    AtHead,
}

/// Everything seen, by the case that the client numbered.
type Book = Arc<Mutex<HashMap<String, Vec<Seen>>>>;

/// The recording server; it ends with the test process.
#[derive(Clone)]
pub(crate) struct Upstream {
    /// Where it listens, for HTTP/1.1 and for HTTP/2 with prior knowledge.
    pub(crate) address: SocketAddr,
    book: Book,
    scripts: Scripts,
}

impl Upstream {
    /// Starts to listen on a free port.
    pub(crate) async fn start() -> Self {
        Self::start_at(SocketAddr::from(([127, 0, 0, 1], 0))).await
    }

    /// Starts to listen on an address.
    pub(crate) async fn start_at(address: SocketAddr) -> Self {
        let listener = TcpListener::bind(address).await.expect("a free port");
        let address = listener.local_addr().expect("the port");
        let book = Book::default();
        let scripts = Scripts::default();
        let (pages, answers) = (Arc::clone(&book), Arc::clone(&scripts));
        let app = Router::new().fallback(move |incoming| record(Arc::clone(&pages), Arc::clone(&answers), incoming));
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { address, book, scripts }
    }

    /// Has `request` answered by what the test writes, when it is complete.
    pub(crate) fn script(&self, request: &Request, status: u16, headers: &[(&str, &str)]) -> Script {
        self.answer_with(request, status, headers, Begins::AtEnd)
    }

    /// Has the head of `request` answered by what the test writes.
    pub(crate) fn script_at_head(&self, request: &Request, status: u16, headers: &[(&str, &str)]) -> Script {
        self.answer_with(request, status, headers, Begins::AtHead)
    }

    fn answer_with(&self, request: &Request, status: u16, headers: &[(&str, &str)], begins: Begins) -> Script {
        let (script, body) = Channel::new(64);
        let head = Response::builder().status(status).header(MARK, "upstream");
        let head = headers.iter().fold(head, |head, (name, value)| head.header(*name, *value));
        let answer = head.body(Body::new(body)).expect("an answer");
        self.scripts.lock().expect("no holder panics").insert(request.case.clone(), Scripted { answer, begins });
        script
    }

    /// What has been seen of `request` so far, once for every time that its headers arrived.
    pub(crate) fn seen(&self, request: &Request) -> Vec<Seen> {
        lock(&self.book).get(&request.case).cloned().unwrap_or_default()
    }

    /// What has been seen of `request` when nothing more of it can come.
    pub(crate) async fn settled(&self, request: &Request) -> Vec<Seen> {
        let what = format!("the upstream is done with case {}", request.case);
        until(&what, || async { Some(self.seen(request)).filter(|all| all.iter().all(|one| one.end != End::Open)) })
            .await
    }
}

/// The book, whether or not a test has panicked meanwhile.
fn lock(book: &Book) -> MutexGuard<'_, HashMap<String, Vec<Seen>>> {
    book.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// One line of the book, which is marked as aborted if the request is not read to its end.
struct Entry {
    book: Book,
    case: String,
    at: usize,
}

impl Entry {
    /// Writes down that headers arrived.
    fn open(book: Book, case: String, seen: Seen) -> Self {
        let mut pages = lock(&book);
        let page = pages.entry(case.clone()).or_default();
        page.push(seen);
        let at = page.len() - 1;
        drop(pages);
        Self { book, case, at }
    }

    /// The answer that the request asks for.
    fn asked(&self) -> Option<String> {
        let pages = lock(&self.book);
        let headers = &pages.get(&self.case)?.get(self.at)?.headers;
        headers.iter().find(|(name, _)| name == ASK).map(|(_, value)| value.clone())
    }

    /// Changes what is written down.
    fn edit(&self, change: impl FnOnce(&mut Seen)) {
        if let Some(seen) = lock(&self.book).get_mut(&self.case).and_then(|page| page.get_mut(self.at)) {
            change(seen);
        }
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.edit(|seen| {
            if seen.end == End::Open {
                seen.end = End::Aborted;
            }
        });
    }
}

/// The header by which a request asks for a certain answer.
pub(crate) const ASK: &str = "x-answer";

/// The answer that a request asked for: `error`, `is_error` or `fine`, with `-events` as an event stream; `status`.
fn asked_for(asked: &str, id: &RawValue) -> Response<Body> {
    let (kind, events) = asked.strip_suffix("-events").map_or((asked, false), |kind| (kind, true));
    let outcome = match kind {
        "error" => r#""error":{"code":-32000,"message":"failed"}"#,
        "is_error" => r#""result":{"content":[],"isError":true}"#,
        _ => r#""result":{"content":[],"isError":false}"#,
    };
    let message = format!(r#"{{"jsonrpc":"2.0","id":{id},{outcome}}}"#);
    match (kind, events) {
        ("status", _) => answer(StatusCode::INTERNAL_SERVER_ERROR, String::new()),
        (_, false) => answer(StatusCode::OK, message),
        (_, true) => stream(format!(": hello\r\n\r\nevent: message\r\ndata: {message}\r\n\r\n")),
    }
}

/// The first events of the stream that a request without a message asked for.
fn stream_asked_for(asked: &str) -> Option<String> {
    match asked {
        "endpoint" => Some(": hello\n\nevent: endpoint\ndata: /messages?session_id=1\n\n".to_owned()),
        "messages" => Some("event: message\ndata: {}\n\nevent: endpoint\ndata: /late\n\n".to_owned()),
        _ => None,
    }
}

/// An event stream.
fn stream(text: String) -> Response<Body> {
    let reply = Response::builder().header(MARK, "upstream").header("content-type", "text/event-stream");
    reply.body(Body::from(text)).expect("an answer")
}

/// Writes a request down as it arrives, and answers it when it is complete, or when its head has come if a test says so.
async fn record(book: Book, scripts: Scripts, incoming: Incoming<Body>) -> Response<Body> {
    let (head, body) = incoming.into_parts();
    let headers = pairs(&head.headers);
    let case = headers.iter().find(|(name, _)| name == "x-case").map_or(String::new(), |(_, value)| value.clone());
    let path = head.uri.path_and_query().map_or(String::new(), ToString::to_string);
    let seen = Seen { method: head.method.to_string(), path, headers, ..Seen::default() };
    let script = scripts.lock().expect("no holder panics").remove(&case);
    let entry = Entry::open(book, case, seen);
    if let Some(Scripted { answer, begins: Begins::AtHead }) = script {
        tokio::spawn(async move { read(&entry, body).await });
        return answer;
    }
    let Some(text) = read(&entry, body).await else { return answer(StatusCode::BAD_REQUEST, String::new()) };
    if let Some(Scripted { answer, .. }) = script {
        return answer;
    }
    let asked = entry.asked();
    if let Some(events) = asked.as_deref().and_then(stream_asked_for) {
        return stream(events);
    }
    let id = id_of(&text);
    if let (Some(id), Some(asked)) = (id, asked) {
        return asked_for(&asked, id);
    }
    let status = if id.is_some() { StatusCode::OK } else { StatusCode::ACCEPTED };
    answer(status, id.map_or(String::new(), |id| format!(r#"{{"jsonrpc":"2.0","id":{id},"result":{{}}}}"#)))
}

/// Writes a body down as it arrives; nothing if it does not come to its end.
async fn read(entry: &Entry, mut body: Body) -> Option<Vec<u8>> {
    let mut text = Vec::new();
    while let Some(frame) = body.frame().await {
        match frame.ok()?.into_data() {
            Ok(data) => {
                text.extend_from_slice(&data);
                entry.edit(|seen| seen.body.extend_from_slice(&data));
            }
            Err(other) => {
                let trailers = other.trailers_ref().map_or_else(Vec::new, pairs);
                entry.edit(|seen| seen.trailers.extend(trailers));
            }
        }
    }
    entry.edit(|seen| seen.end = End::Complete);
    Some(text)
}

/// The id of a JSON-RPC request, as it was sent.
fn id_of(text: &[u8]) -> Option<&RawValue> {
    let members: HashMap<String, &RawValue> = serde_json::from_slice(text).ok()?;
    members.get("method").and_then(|_| members.get("id").copied())
}

/// An answer that says who gave it.
fn answer(status: StatusCode, body: String) -> Response<Body> {
    let reply = Response::builder().status(status).header(MARK, "upstream").header("content-type", "application/json");
    reply.body(Body::from(body)).expect("an answer")
}

/// Headers in order.
fn pairs(headers: &HeaderMap) -> Vec<(String, String)> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    headers.iter().map(|(name, value)| (name.to_string(), text(value.as_bytes()))).collect()
}
