//! Requests as an MCP client sends them.

use crate::{
    http::Headers,
    json::Writer,
    mcp::{Message, Method, Target, base64},
};

use super::RequestOrigin;

/// The body of a tool call; `args` is JSON.
pub(super) fn tool_call_body(name: &str, args: Option<&str>) -> String {
    let mut params = Writer::default();
    params.add_string("name", name).add_json("arguments", args.unwrap_or("{}"));
    message_body("tools/call", Some(&params.finish()))
}

/// The body of a request whose `params` have these texts and, if there are any, these `arguments`, which are JSON.
pub(crate) fn request_body(method: &str, texts: &[(&'static str, &str)], arguments: Option<&str>) -> String {
    let mut params = Writer::default();
    for (name, text) in texts {
        params.add_string(*name, text);
    }
    if let Some(arguments) = arguments {
        params.add_json("arguments", arguments);
    }
    message_body(method, Some(&params.finish()))
}

/// The body of a request that refers to a prompt or resource by this member of `params.ref`.
pub(crate) fn reference_body(method: &str, member: &'static str, name: &str) -> String {
    let mut params = Writer::default();
    params.add_object("ref", |reference| {
        reference.add_string(member, name);
    });
    message_body(method, Some(&params.finish()))
}

/// The body of any message; `params` is JSON.
pub(super) fn message_body(name: &str, params: Option<&str>) -> String {
    let mut message = Writer::default();
    message.add_string("jsonrpc", "2.0");
    if !Method::is_notification(name) {
        message.add_json("id", 1);
    }
    message.add_string("method", name);
    if let Some(params) = params {
        message.add_json("params", params);
    }
    message.finish()
}

/// The headers of a request with this HTTP method and body: since 2026-07-28 they repeat parts of it.
pub(super) fn headers(http_method: &str, body: &str, session: Option<&str>, origin: &RequestOrigin) -> Headers {
    let mut pairs: Vec<(&str, String)> = vec![
        (":method", http_method.to_owned()),
        (":path", origin.path.clone().unwrap_or_else(|| "/mcp".to_owned())),
        ("content-type", "application/json".to_owned()),
    ];
    if let Some(host) = &origin.host {
        pairs.push((":authority", host.clone()));
    }
    if let Some(session) = session {
        pairs.push(("mcp-session-id", session.to_owned()));
    }
    let message = Message::read(body.as_bytes(), super::MAX_DEPTH);
    let (version, method, target) = match &message {
        Ok(Message::Request(request)) => (&request.version, Some(&request.method), Some(&request.target)),
        Ok(Message::Notification { method, version }) => (version, Some(method), None),
        Ok(Message::Response) | Err(_) => (&None, None, None),
    };
    if let (Some(version), Some(method)) = (version, method) {
        pairs.push(("mcp-protocol-version", version.to_string()));
        pairs.push(("mcp-method", encode_value(method)));
    }
    if let (Some(_), Some(Target::Tool(name) | Target::Prompt(name) | Target::Resource(name) | Target::Task(name))) =
        (version, target)
    {
        pairs.push(("mcp-name", encode_value(name)));
    }
    Headers::new(pairs.into_iter().map(|(name, value)| (name.to_owned(), value.into_bytes())).collect())
}

/// A header's value, encoded as the specification requires if a header cannot carry the text.
fn encode_value(text: &str) -> String {
    let plain = text.bytes().all(|byte| matches!(byte, b' '..=b'~')) && text.trim() == text && !text.starts_with("=?");
    if plain { text.to_owned() } else { format!("=?base64?{}?=", base64::encode(text)) }
}
