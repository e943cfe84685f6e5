//! Lists show only what may be called, however the server writes and cuts them, and nothing else is touched or held
//! back.

mod bodies;
mod refusals;
mod streams;

use crate::{
    client::{Request, Response, message},
    gateway::{Gateway, Listener, json_text},
};
use hyper::body::Bytes;
use serde_json::json;

/// A filter that permits one tool.
fn listener(name: &str, headers: &str) -> Listener {
    let configuration = json!({
        "policy": { "version": "1", "default": "deny", "tools": { "ok": {} } },
        "protocol": { "headers": headers },
        "lists": { "max_bytes": 1 << 20 },
    });
    Listener::new(name, json_text(&configuration.to_string()))
}

/// A request for the tools.
fn list() -> Request {
    message(r#"{"jsonrpc":"2.0","id":7,"method":"tools/list"}"#)
}

/// A list of tools, byte for byte.
fn tools(entries: &str) -> String {
    format!(
        "{{ \"jsonrpc\":\"2.0\",\"id\":7, \"result\":{{\"_meta\":{{\"x\":[1]}},\"tools\":[{entries}],\"nextCursor\":\"c\"}} }}"
    )
}

const OK: &str = r#"{"name": "ok", "inputSchema": {"type":"object", "title":"évil"}}"#;
const EVIL: &str = r#"{"name":"evil","description":"drops \"all\""}"#;

/// What the server says, and what of it is shown.
fn both() -> (String, String) {
    (tools(&format!("{EVIL} ,\n {OK},{EVIL}")), tools(OK))
}

/// Sends a request that the server answers with these pieces, and with a trailer where one is wanted.
async fn answered(
    gateway: &Gateway,
    listener: &str,
    request: &Request,
    headers: &[(&str, &str)],
    pieces: &[&[u8]],
    trailer: bool,
) -> Response {
    let mut script = gateway.upstream().script(request, 200, headers);
    let pieces: Vec<Bytes> = pieces.iter().map(|piece| Bytes::copy_from_slice(piece)).collect();
    tokio::spawn(async move {
        for piece in pieces {
            // Envoy may have ended the answer meanwhile.
            let _ = script.send_data(piece).await;
            tokio::task::yield_now().await;
        }
        if trailer {
            let trailers = [("x-late".parse().expect("a name"), "yes".parse().expect("a value"))];
            let _ = script.send_trailers(trailers.into_iter().collect()).await;
        }
    });
    gateway.send(listener, request).await
}
