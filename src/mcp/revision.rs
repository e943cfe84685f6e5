//! Two lifecycles: since 2026-07-28 there are no sessions, headers repeat parts of the body, and a reader of the body must
//! refuse a mismatch.
//!
//! The body alone decides what is permitted, in both. But servers disagree on whether headers or body declare the revision, so
//! a request is stateless as soon as either says so, and then both must agree.

use super::{Message, Refusal, Request, Target, base64, refusal_text};
use crate::http::{Header, Headers};

/// The first revision whose headers repeat parts of the body.
const FIRST_STATELESS: &str = "2026-07-28";

/// How client and server of a protocol revision find each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lifecycle {
    /// Up to 2025-11-25: `initialize` and sessions; headers repeat nothing.
    Session,
    /// Since 2026-07-28: each request by itself; headers repeat parts of the body.
    Stateless,
}

/// Finds the lifecycle, and checks the headers of a stateless request against its body.
///
/// # Errors
/// A required header of a stateless request is missing, repeated or differs from the body.
pub fn check_headers(headers: &Headers, message: &Message<'_>) -> Result<Lifecycle, Refusal> {
    let header = headers.get("mcp-protocol-version");
    let declared = declared_version(message);
    let by_header = match header {
        Header::Absent => false,
        Header::Once(version) => std::str::from_utf8(version).map_or(true, is_stateless),
        Header::Repeated => true,
    };
    if !by_header && !declared.is_some_and(is_stateless) {
        return Ok(Lifecycle::Session);
    }
    match message {
        Message::Request(request) => check_request_headers(headers, header, request)
            .map_err(|why| Refusal::mismatch(Some(request.id.token().to_owned()), why)),
        Message::Notification { method, .. } => {
            let version = if declared.is_some() { check_version(header, declared) } else { Ok(()) };
            version
                .and_then(|()| check_mirrored(headers, "mcp-method", "method", method))
                .map_err(|why| Refusal::mismatch(None, why))
        }
        Message::Response => Err(Refusal::invalid(None, refusal_text::RESPONSE_FROM_CLIENT)),
    }
    .map(|()| Lifecycle::Stateless)
}

/// The one revision that has batches.
const BATCHES: &str = "2025-03-26";

/// Checks that a batch is of the revision that has batches: requests that declare none are of that revision.
///
/// # Errors
/// The header or a message declares another revision.
pub fn has_batches(headers: &Headers, messages: &[Message<'_>]) -> Result<(), Refusal> {
    let by_header = match headers.get("mcp-protocol-version") {
        Header::Absent => true,
        Header::Once(version) => version == BATCHES.as_bytes(),
        Header::Repeated => false,
    };
    if by_header && messages.iter().all(|message| declared_version(message).is_none_or(|declared| declared == BATCHES))
    {
        return Ok(());
    }
    Err(Refusal::invalid(None, refusal_text::no_batches(BATCHES)))
}

/// The revision that a message declares in its `_meta`.
fn declared_version<'m>(message: &'m Message<'_>) -> Option<&'m str> {
    match message {
        Message::Request(request) => request.version.as_deref(),
        Message::Notification { version, .. } => version.as_deref(),
        Message::Response => None,
    }
}

/// Whether a version is stateless: anything but an earlier date, since some servers read an unknown version as the newest.
fn is_stateless(version: &str) -> bool {
    let digits = |from: usize, to: usize| {
        version.as_bytes().get(from..to).is_some_and(|part| part.iter().all(u8::is_ascii_digit))
    };
    let dashes = version.as_bytes().get(4) == Some(&b'-') && version.as_bytes().get(7) == Some(&b'-');
    let is_date = version.len() == 10 && dashes && digits(0, 4) && digits(5, 7) && digits(8, 10);
    !is_date || version >= FIRST_STATELESS
}

fn check_request_headers(headers: &Headers, header: Header<'_>, request: &Request<'_>) -> Result<(), String> {
    check_version(header, request.version.as_deref())?;
    check_mirrored(headers, "mcp-method", "method", &request.method)?;
    let method = &*request.method;
    match (&request.target, method) {
        (Target::Tool(name), _) | (Target::Prompt(name), "prompts/get") => {
            check_mirrored(headers, "mcp-name", "params.name", name)
        }
        (Target::Resource(uri), "resources/read") => check_mirrored(headers, "mcp-name", "params.uri", uri),
        (Target::Task(task), _) => check_mirrored(headers, "mcp-name", "params.taskId", task),
        _ => Ok(()),
    }
}

fn check_version(header: Header<'_>, declared: Option<&str>) -> Result<(), String> {
    match (header, declared) {
        (Header::Once(version), Some(declared)) if version == declared.as_bytes() => Ok(()),
        (Header::Absent, _) => Err(refusal_text::NO_VERSION_HEADER.to_owned()),
        (_, None) => Err(refusal_text::NO_VERSION_IN_BODY.to_owned()),
        _ => Err(refusal_text::VERSIONS_DIFFER.to_owned()),
    }
}

/// Checks that the header `name` has the value of `place` in the body.
fn check_mirrored(headers: &Headers, name: &str, place: &str, body: &str) -> Result<(), String> {
    match headers.get(name) {
        Header::Absent => Err(refusal_text::missing_header(name, place)),
        Header::Once(value) if is_value_of(value, body) => Ok(()),
        _ => Err(refusal_text::different_header(name, place)),
    }
}

/// Whether a header value means `body`. A value `=?base64?…?=` has to be the canonical encoding: servers decode others in
/// different ways.
fn is_value_of(value: &[u8], body: &str) -> bool {
    let coded = value.strip_prefix(b"=?base64?").and_then(|rest| rest.strip_suffix(b"?="));
    match coded {
        Some(coded) => coded == base64::encode(body).as_bytes(),
        None => value == body.as_bytes() && value.iter().all(|byte| matches!(byte, b' '..=b'~')),
    }
}

#[cfg(test)]
mod tests;
