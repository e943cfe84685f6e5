//! A client of the server, in a session of its own.

use crate::{
    client::{self, Request, Stream, message},
    gateway::Gateway,
};
use serde_json::{Value, json};
use std::net::SocketAddr;

/// A session that has been opened through one of the listeners.
#[derive(Clone)]
pub(super) struct Session {
    to: SocketAddr,
    id: String,
    /// The header that names the caller; empty for none.
    caller: String,
}

/// One event of a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Event {
    /// By which a stream is resumed.
    pub(super) id: String,
    /// As it was sent; empty in the event that only tells an id.
    pub(super) data: String,
}

impl Session {
    /// Opens a session.
    pub(super) async fn open(gateway: &Gateway, listener: &str) -> Self {
        Self::open_as(gateway, listener, "").await
    }

    /// The same, as the caller that the header `x-caller` names.
    pub(super) async fn open_as(gateway: &Gateway, listener: &str, caller: &str) -> Self {
        let to = gateway.at(&format!("everything-{listener}"));
        let parameters = json!({
            "protocolVersion": "2025-11-25",
            "capabilities": {},
            "clientInfo": { "name": "test", "version": "1" },
        });
        let answer = client::send(to, &with_caller(ask("initialize", &parameters), caller)).await;
        let id = answer.header(ID).unwrap_or_else(|| panic!("no session: {answer}")).into();
        let session = Self { to, id, caller: caller.into() };
        let initialized = message(r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#);
        let answer = client::send(session.to, &session.of_session(initialized)).await;
        assert_eq!(answer.status, 202, "{answer}");
        session
    }

    /// The same session in the hands of another caller.
    pub(super) fn taken_by(&self, caller: &str) -> Self {
        Self { caller: caller.into(), ..self.clone() }
    }

    /// Asks for something, and gives all events of the answer.
    pub(super) async fn events(&self, version: &str, method: &str, parameters: &Value) -> Vec<Event> {
        let request = self.request(method, parameters);
        let answer = client::try_send_over(version, self.to, &request).await.unwrap_or_else(|none| panic!("{none}"));
        assert_eq!(answer.header("content-type"), Some("text/event-stream"), "{answer}");
        answer.text().split_inclusive("\n\n").map(Event::read).collect()
    }

    /// Asks for something, and gives the message that answers it.
    pub(super) async fn ask(&self, version: &str, method: &str, parameters: &Value) -> Value {
        let request = self.request(method, parameters);
        let answer = client::try_send_over(version, self.to, &request).await.unwrap_or_else(|none| panic!("{none}"));
        if answer.header("content-type") == Some("application/json") {
            return answer.json();
        }
        let text = answer.text();
        text.split_inclusive("\n\n").map(Event::read).last().unwrap_or_else(|| panic!("{answer}")).message()
    }

    /// Calls a tool, whose answer is read as it comes.
    pub(super) async fn call(&self, tool: &str, arguments: &Value) -> Stream {
        let parameters = json!({ "name": tool, "arguments": arguments, "_meta": { "progressToken": "p" } });
        Stream::open(self.to, &self.request("tools/call", &parameters)).await
    }

    /// Opens the session's stream, or resumes the one that an event was read from.
    pub(super) async fn stream(&self, last: Option<&str>) -> Stream {
        let request = self.of_session(Request::new("GET", "/mcp").header("accept", "text/event-stream"));
        let request = last.into_iter().fold(request, |request, last| request.header("last-event-id", last));
        Stream::open(self.to, &request).await
    }

    fn request(&self, method: &str, parameters: &Value) -> Request {
        self.of_session(ask(method, parameters))
    }

    fn of_session(&self, request: Request) -> Request {
        with_caller(request.header("mcp-protocol-version", "2025-11-25").header(ID, &self.id), &self.caller)
    }
}

fn with_caller(request: Request, caller: &str) -> Request {
    if caller.is_empty() { request } else { request.header("x-caller", caller) }
}

const ID: &str = "mcp-session-id";

/// A request outside of any session.
fn ask(method: &str, parameters: &Value) -> Request {
    message(json!({ "jsonrpc": "2.0", "id": 7, "method": method, "params": parameters }).to_string())
}

impl Event {
    /// Reads an event as the server writes it.
    pub(super) fn read(text: impl AsRef<str>) -> Self {
        let text = text.as_ref();
        let field = |name| text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
        let (Some(id), Some(data)) = (field("id"), field("data")) else { panic!("no event: {text:?}") };
        Self { id: id.into(), data: data.into() }
    }

    /// The message that it brings.
    pub(super) fn message(&self) -> Value {
        serde_json::from_str(&self.data).unwrap_or_else(|error| panic!("{error}: {}", self.data))
    }
}
