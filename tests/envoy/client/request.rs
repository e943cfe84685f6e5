//! A request as it goes over the wire.

use serde_json::Value;
use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

/// One request. `case` is unique and travels as the header `x-case`, by which the upstream is asked what it saw.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    /// What tells this request from every other one.
    pub(crate) case: String,
    /// The method, not checked.
    pub(crate) method: String,
    /// `Host`, or `:authority`.
    pub(crate) host: String,
    /// The request target, not checked.
    pub(crate) path: String,
    /// Headers in order; a name may repeat. `host`, `x-case` and the framing are added when the request is written.
    pub(crate) headers: Vec<(String, String)>,
    /// The body and how it is cut and framed.
    pub(crate) body: Body,
    /// The address that a PROXY protocol line claims before the request.
    pub(crate) proxied_from: Option<&'static str>,
    /// Whether the answer's body is left unread: a stream may have no end.
    pub(crate) head_only: bool,
}

/// A body and how it is sent.
#[derive(Clone, Debug, Default)]
pub(crate) struct Body {
    /// What is written at once, piece by piece.
    pub(crate) pieces: Vec<Vec<u8>>,
    /// Says `Content-Length` (HTTP/1.1 is chunked otherwise).
    pub(crate) length: Option<usize>,
    /// What follows the last piece.
    pub(crate) trailers: Vec<(String, String)>,
    /// How long to wait after each piece.
    pub(crate) pause: Duration,
    /// HTTP/2: the stream ends with an empty frame instead of with the last piece.
    pub(crate) empty_end: bool,
}

impl Body {
    /// A body in one piece whose length is announced.
    pub(crate) fn sized(bytes: impl Into<Vec<u8>>) -> Self {
        let bytes = bytes.into();
        Self { length: Some(bytes.len()), pieces: vec![bytes], ..Self::default() }
    }

    /// A body in pieces of `size` bytes whose length is not announced.
    pub(crate) fn chunked(bytes: &[u8], size: usize) -> Self {
        Self { pieces: bytes.chunks(size).map(<[u8]>::to_vec).collect(), ..Self::default() }
    }

    /// The same body with a trailer after it.
    pub(crate) fn with_trailer(mut self, name: &str, value: &str) -> Self {
        self.trailers.push((name.into(), value.into()));
        self
    }

    /// The bytes that make up the body.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.pieces.concat()
    }
}

impl Request {
    /// A request without headers and body.
    pub(crate) fn new(method: &str, path: &str) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        Self {
            case: NEXT.fetch_add(1, Ordering::Relaxed).to_string(),
            method: method.into(),
            host: "localhost".into(),
            path: path.into(),
            headers: Vec::new(),
            body: Body::default(),
            proxied_from: None,
            head_only: false,
        }
    }

    /// The same request with one more header.
    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// The same request to another host.
    pub(crate) fn host(mut self, host: &str) -> Self {
        self.host = host.into();
        self
    }

    /// The same request for another target.
    pub(crate) fn path(mut self, path: &str) -> Self {
        self.path = path.into();
        self
    }

    /// The same request with another body.
    pub(crate) fn body(mut self, body: Body) -> Self {
        self.body = body;
        self
    }

    /// The same request from a connection whose PROXY protocol line names `address`.
    pub(crate) fn proxied_from(mut self, address: &'static str) -> Self {
        self.proxied_from = Some(address);
        self
    }
}

/// A POST of one JSON-RPC message as an MCP client sends it.
pub(crate) fn message(body: impl Into<Vec<u8>>) -> Request {
    Request::new("POST", "/mcp")
        .header("content-type", "application/json")
        .header("accept", "application/json, text/event-stream")
        .body(Body::sized(body))
}

/// A call of `tool`. `id` is the token as it is in the JSON text.
pub(crate) fn call(tool: &str, arguments: &Value, id: &str, headers: &[(&str, &str)]) -> Request {
    let name = Value::from(tool);
    let text = format!(
        r#"{{"jsonrpc":"2.0","id":{id},"method":"tools/call","params":{{"name":{name},"arguments":{arguments}}}}}"#
    );
    headers.iter().fold(message(text), |request, (name, value)| request.header(name, value))
}
