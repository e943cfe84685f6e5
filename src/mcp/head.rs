//! Checks of the HTTP head, before the body is read.
//!
//! Headers can only make a request be refused; the body decides what it asks for. MCP 2025-11-25 and 2026-07-28, streamable
//! HTTP; RFC 9110, sections 5.5 and 8.3.

#[cfg(test)]
mod tests;

use super::{Code, Refusal, refusal_text};
use crate::{
    bytes::whole_number,
    http::{Header, Headers, Names},
};

/// What kind of request a head begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RequestKind {
    /// It has no message.
    WithoutBody,
    /// It has no message, if the body that may follow is empty.
    ExpectEmptyBody,
    /// A message follows in the body.
    Message,
}

/// Headers that a request may have once: if one is repeated, servers read different requests.
const UNREPEATABLE_HEADERS: Names = Names::new(&[
    "authorization",
    "content-encoding",
    "content-type",
    "mcp-method",
    "mcp-name",
    "mcp-protocol-version",
    "mcp-session-id",
]);

/// Headers that make the connection another protocol's.
const UPGRADE_HEADERS: Names = Names::new(&[":protocol", "upgrade"]);

/// Headers from which some servers take the method.
const METHOD_OVERRIDE_HEADERS: Names =
    Names::new(&["x-http-method", "x-http-method-override", "x-method-override", "x-original-method"]);

/// Headers by which a client makes Envoy send a request twice: it would be executed twice for one charge.
pub const RETRY_HEADERS: Names = Names::new(&[
    "x-envoy-hedge-on-per-try-timeout",
    "x-envoy-max-retries",
    "x-envoy-retry-grpc-on",
    "x-envoy-retry-on",
]);

/// Checks the head of a request whose body, if `has_body`, is still to come.
///
/// # Errors
/// 405 for an unsupported method, 415 for a body that servers may decode in different ways, 413 for one that announces
/// more than `max_body` bytes, 400 for ambiguous headers.
pub fn check_head(headers: &Headers, has_body: bool, max_body: usize) -> Result<RequestKind, Refusal> {
    let method = headers.get(":method");
    let post = match method {
        Header::Once(b"POST") => true,
        Header::Once(b"GET" | b"HEAD" | b"OPTIONS" | b"DELETE") => false,
        _ => return Err(Refusal::head(405, refusal_text::METHOD)),
    };
    if headers.present(&UPGRADE_HEADERS).next().is_some() {
        return Err(Refusal::head(400, refusal_text::PROTOCOL_UPGRADE));
    }
    if let Some(name) = headers.present(&METHOD_OVERRIDE_HEADERS).next() {
        return Err(Refusal::head(400, refusal_text::method_override(name)));
    }
    if let Some(name) = headers.repeated(&UNREPEATABLE_HEADERS) {
        return Err(Refusal::head(400, refusal_text::repeated_header(name)));
    }
    if joined_credentials(headers.get("authorization")) {
        return Err(Refusal::head(400, refusal_text::TWO_CREDENTIALS));
    }
    let length = content_length(headers)?;
    match (post, length.map_or(has_body, |length| length > 0)) {
        (false, false) => return Ok(RequestKind::WithoutBody),
        // HTTP/2 may end a request without a body by an empty frame.
        (false, true) if length.is_none() => return Ok(RequestKind::ExpectEmptyBody),
        (false, true) => return Err(no_body_expected()),
        (true, false) => return Err(Refusal::head(400, refusal_text::NO_BODY)),
        (true, true) => {}
    }
    let media = headers.get("content-type");
    if !is_json(media) {
        let message = if is_form(media) { refusal_text::FORM } else { refusal_text::MEDIA_TYPE };
        return Err(Refusal::head(415, message));
    }
    match headers.get("content-encoding") {
        Header::Absent => {}
        Header::Once(coding) if coding.eq_ignore_ascii_case(b"identity") => {}
        _ => return Err(Refusal::head(415, refusal_text::COMPRESSED)),
    }
    if length.is_some_and(|length| length > max_body) {
        return Err(too_large(max_body));
    }
    Ok(RequestKind::Message)
}

/// The refusal of a header of [`RETRY_HEADERS`], if it cannot be removed.
#[must_use]
pub fn retry_header_refusal(name: &str) -> Refusal {
    Refusal::head(400, refusal_text::repeating_header(name))
}

/// The refusal of a page whose origin is not listed.
#[must_use]
pub fn origin_not_accepted() -> Refusal {
    Refusal { status: 403, ..Refusal::new(Code::Invalid, "origin", refusal_text::ORIGIN) }
}

/// The refusal of a body in a request that must have none.
#[must_use]
pub fn no_body_expected() -> Refusal {
    Refusal::head(405, refusal_text::UNEXPECTED_BODY)
}

/// The refusal of a body of more than `max_body` bytes.
#[must_use]
pub fn too_large(max_body: usize) -> Refusal {
    Refusal::head(413, refusal_text::too_large(max_body))
}

/// Whether an `Authorization` was sent twice: Envoy joins the values by a comma, which neither scheme allows (RFC 6750,
/// section 2.1; RFC 7617, section 2).
fn joined_credentials(header: Header<'_>) -> bool {
    let Header::Once(value) = header else { return false };
    let scheme = value.split(|byte| *byte == b' ').next().unwrap_or_default();
    let single = [&b"bearer"[..], b"basic"].iter().any(|known| scheme.eq_ignore_ascii_case(known));
    single && value.contains(&b',')
}

/// Whether the query of a path names a session, as the POSTs of the transport of revision 2024-11-05 do.
#[must_use]
pub fn has_session_in_query(path: &str) -> bool {
    let query = path.split_once('?').map_or("", |(_, query)| query);
    let names = query.split(['&', ';']).map(|pair| pair.split('=').next().unwrap_or_default());
    let bare = |name: &str| name.replace(['_', '-'], "").to_ascii_lowercase();
    names.map(bare).any(|name| name == "sessionid" || name == "session")
}

/// Whether a head announces a body of at most so many bytes.
#[must_use]
pub fn announces_at_most(headers: &Headers, bytes: usize) -> bool {
    content_length(headers).is_ok_and(|length| length.is_some_and(|length| length <= bytes))
}

/// The value of `Content-Length`.
fn content_length(headers: &Headers) -> Result<Option<usize>, Refusal> {
    let refused = || Refusal::head(400, refusal_text::LENGTH);
    match headers.get("content-length") {
        Header::Absent => Ok(None),
        Header::Repeated => Err(refused()),
        Header::Once(digits) => {
            let length = whole_number(digits).ok_or_else(refused)?;
            // A number that does not fit in a `usize` is larger than any limit.
            Ok(Some(usize::try_from(length).unwrap_or(usize::MAX)))
        }
    }
}

/// Whether a content type is `application/json` in any case, alone or with one `charset` of UTF-8.
///
/// Any other parameter is refused: readers of RFC 2231 take `charset*` and `charset*0` for a charset (Python's
/// `email.message`, and with it aiohttp), and decode the body into another text than the policy was applied to.
fn is_json(header: Header<'_>) -> bool {
    let Header::Once(value) = header else { return false };
    // As nearly all clients write it.
    if value == b"application/json" {
        return true;
    }
    let Ok(value) = std::str::from_utf8(value) else { return false };
    let mut parts = value.split(';').map(|part| part.trim_matches([' ', '\t']));
    if !parts.next().is_some_and(|media| media.eq_ignore_ascii_case("application/json")) {
        return false;
    }
    let mut parameters = parts.filter(|parameter| !parameter.is_empty());
    parameters.next().is_none_or(is_utf8_charset) && parameters.next().is_none()
}

/// Whether a content type is that of a form, as OAuth's token endpoint takes it; RFC 6749, section 4.1.3.
fn is_form(header: Header<'_>) -> bool {
    const FORM: &[u8] = b"application/x-www-form-urlencoded";
    matches!(header, Header::Once(value) if value.get(..FORM.len()).is_some_and(|media| media.eq_ignore_ascii_case(FORM)))
}

/// Whether a parameter is `charset=utf-8`; the value may be quoted (RFC 9110, section 5.6.6).
fn is_utf8_charset(parameter: &str) -> bool {
    let Some((name, value)) = parameter.split_once('=') else { return false };
    let bare = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(value);
    name.eq_ignore_ascii_case("charset") && bare.eq_ignore_ascii_case("utf-8")
}
