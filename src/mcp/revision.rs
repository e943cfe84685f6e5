//! Two lifecycles: since 2026-07-28 there are no sessions, headers repeat parts of the body, and a reader of the body must
//! refuse a mismatch.
//!
//! The body alone decides what is permitted, in both. But servers disagree on whether headers or body declare the revision, so
//! a request is stateless as soon as either says so, and then both must agree.

use std::borrow::Cow;

use super::{Code, Message, Refusal, Request, Target, base64, refusal_text};
use crate::{
    http::{Header, Headers},
    json::{Reader, outline},
};

/// The first revision whose headers repeat parts of the body.
const FIRST_STATELESS: &[u8; 10] = b"2026-07-28";

/// How client and server of a protocol revision find each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lifecycle {
    /// Up to 2025-11-25: `initialize` and sessions; headers need not repeat anything.
    Session,
    /// Since 2026-07-28: each request by itself; headers repeat parts of the body.
    Stateless,
}

/// Finds the lifecycle, and checks the headers of a stateless request against its body.
///
/// # Errors
/// A required header of a stateless request is missing, repeated or differs from the body; `_meta` has no version; or the revision
/// does not have the method.
pub fn check_headers(headers: &Headers, message: &Message<'_>) -> Result<Lifecycle, Refusal> {
    let declared = declared_version(message);
    if !is_stateless(headers, declared) {
        return Ok(Lifecycle::Session);
    }
    match message {
        Message::Request(request) => check_request(headers, request),
        Message::Notification { method, .. } => {
            let version = if declared.is_some() { check_version(headers, declared) } else { Ok(()) };
            version.and_then(|()| check_mirrored(headers, METHOD, "method", method).map_err(Refusal::mismatch))
        }
        Message::Response => Err(Refusal::invalid(refusal_text::RESPONSE_FROM_CLIENT)),
    }
    .map(|()| Lifecycle::Stateless)
}

/// Whether a request is stateless: its headers or its body, which declares `declared`, name a stateless revision.
pub(super) fn is_stateless(headers: &Headers, declared: Option<&str>) -> bool {
    let by_header = match headers.get("mcp-protocol-version") {
        Header::Absent => false,
        Header::Once(version) => is_stateless_version(version),
        Header::Repeated => true,
    };
    by_header || declared.is_some_and(|declared| is_stateless_version(declared.as_bytes()))
}

/// The refusal of a method that a stateless revision does not have.
pub(super) fn method_not_found(method: &str) -> Refusal {
    let message = refusal_text::method_not_found(method);
    Refusal { status: 404, ..Refusal::new(Code::MethodNotFound, "method", message) }
}

/// Checks the headers `Mcp-Method` and `Mcp-Name` of messages of a session revision, which need not have them: something before
/// or behind the gateway may route by them.
///
/// # Errors
/// A header differs from the body.
pub fn check_routing_headers(headers: &Headers, messages: &[Message<'_>]) -> Result<(), Refusal> {
    messages.iter().try_for_each(|message| match message {
        Message::Request(request) => {
            check_if_present(headers, METHOD, "method", Some(&request.method))?;
            match mirrored_name(request) {
                Some((place, name)) => check_if_present(headers, NAME, place, Some(name)),
                None => Ok(()),
            }
        }
        Message::Notification { method, .. } => check_if_present(headers, METHOD, "method", Some(method)),
        Message::Response => check_if_present(headers, METHOD, "method", None),
    })
}

/// Checks that messages of this lifecycle declare a revision that is accepted, and that `initialize` asks for one.
///
/// # Errors
/// A revision is not `accepted`.
pub fn check_accepted(headers: &Headers, messages: &[Message<'_>], accepted: &[&str]) -> Result<(), Refusal> {
    let check = |revision: Option<&str>| match revision {
        Some(revision) if accepted.contains(&revision) => Ok(()),
        _ => Err(not_accepted(revision.unwrap_or("(unreadable)"), accepted)),
    };
    let header = headers.get("mcp-protocol-version");
    if header != Header::Absent {
        check(headers.str_value("mcp-protocol-version"))?;
    }
    messages.iter().try_for_each(|message| {
        if let Some(declared) = declared_version(message) {
            check(Some(declared))?;
        }
        match message {
            Message::Request(request) if request.method == "initialize" => check(requested(request).as_deref()),
            // The oldest revision does not have the header.
            _ if accepted.contains(&OLDEST) => Ok(()),
            // A message of a session revision without the header is taken for one of this revision; MCP 2025-06-18, transports.
            _ if header == Header::Absent => check(Some(BATCHES)),
            _ => Ok(()),
        }
    })
}

/// The reason, for statistics, of the refusal of a revision.
pub(crate) const NOT_ACCEPTED: &str = "revision";

/// The refusal of a revision that `protocol.revisions` does not list.
fn not_accepted(revision: &str, accepted: &[&str]) -> Refusal {
    let message = refusal_text::not_accepted(revision, accepted);
    Refusal::new(Code::UnsupportedVersion, NOT_ACCEPTED, message)
}

/// The revision that `initialize` asks for.
fn requested(request: &Request<'_>) -> Option<String> {
    let mut revision = None;
    outline::members(request.params, |name, value| {
        if name == "protocolVersion" {
            let text = Reader::new(value, 1).and_then(|mut reader| reader.string().map(Cow::into_owned));
            revision = text.ok();
        }
    })?;
    revision
}

const METHOD: &str = "mcp-method";
const NAME: &str = "mcp-name";

/// The revision before the header.
const OLDEST: &str = "2024-11-05";

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
    Err(Refusal::invalid(refusal_text::no_batches(BATCHES)))
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
fn is_stateless_version(version: &[u8]) -> bool {
    let Ok(version): Result<&[u8; 10], _> = version.try_into() else { return true };
    let is_right = |(at, byte): (usize, &u8)| match at {
        4 | 7 => *byte == b'-',
        _ => byte.is_ascii_digit(),
    };
    let is_date = version.iter().enumerate().all(is_right);
    !is_date || version >= FIRST_STATELESS
}

fn check_request(headers: &Headers, request: &Request<'_>) -> Result<(), Refusal> {
    if let Some(method) = request.known.filter(|method| !method.is_stateless) {
        return Err(method_not_found(method.name));
    }
    check_version(headers, request.version.as_deref())?;
    check_mirrored(headers, METHOD, "method", &request.method).map_err(Refusal::mismatch)?;
    match (mirrored_name(request), &*request.method) {
        (None, _) => Ok(()),
        // This method need not have the header.
        (Some((place, name)), "completion/complete") => check_if_present(headers, NAME, place, Some(name)),
        (Some((place, name)), _) => check_mirrored(headers, NAME, place, name).map_err(Refusal::mismatch),
    }
}

/// What `Mcp-Name` repeats of a request, and where the body has it.
fn mirrored_name<'m>(request: &'m Request<'_>) -> Option<(&'static str, &'m str)> {
    match (&request.target, &*request.method) {
        (Target::Prompt(name), "completion/complete") => Some(("params.ref.name", name)),
        (Target::Resource(uri), "completion/complete") => Some(("params.ref.uri", uri)),
        (Target::Tool(name) | Target::Prompt(name), _) => Some(("params.name", name)),
        (Target::Resource(uri), _) => Some(("params.uri", uri)),
        (Target::Task(task), _) => Some(("params.taskId", task)),
        (Target::Nothing | Target::Subscriptions { .. }, _) => None,
    }
}

fn check_version(headers: &Headers, declared: Option<&str>) -> Result<(), Refusal> {
    match (headers.get("mcp-protocol-version"), declared) {
        (Header::Once(version), Some(declared)) if version == declared.as_bytes() => Ok(()),
        (Header::Absent, _) => Err(Refusal::mismatch(refusal_text::NO_VERSION_HEADER)),
        (_, None) => Err(Refusal { code: Code::InvalidParams, ..Refusal::invalid(refusal_text::NO_VERSION_IN_BODY) }),
        _ => Err(Refusal::mismatch(refusal_text::VERSIONS_DIFFER)),
    }
}

/// Checks that the header `name`, if there is one, has the value of `place` in the body.
fn check_if_present(headers: &Headers, name: &str, place: &str, body: Option<&str>) -> Result<(), Refusal> {
    match (headers.get(name), body) {
        (Header::Absent, _) => Ok(()),
        (Header::Once(value), Some(body)) if is_value_of(value, body) => Ok(()),
        _ => Err(Refusal::mismatch(refusal_text::different_header(name, place))),
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
