//! The reply to a message that is refused: its id, its status and its code, as the protocol revision has them. Product contract,
//! sections 3 and 4.
//!
//! Clients of the session revisions end the whole session at a 4xx, so a message whose id is beyond doubt gets status 200 there.

use std::borrow::Cow;

use crate::{
    http::Headers,
    json::{Reader, ValueType, fold, outline},
};

use super::{Code, Id, Method, Refusal, params, refusal_text, revision};

/// What a refused message says of itself, as far as every server reads it alike.
#[derive(Debug, Default)]
struct RefusedMessage<'a> {
    id: Option<Id<'a>>,
    method: Option<Cow<'a, str>>,
    /// Whether it is a JSON-RPC 2.0 message with one `method` and one valid id.
    is_answerable: bool,
    /// Whether it has no member of a JSON-RPC message.
    is_other_json: bool,
    /// The protocol revision in `params._meta`.
    version: Option<Cow<'a, str>>,
}

/// Gives a refusal of `body` the id, the status and the code that its sender reads.
#[must_use]
pub fn complete_refusal(refusal: Refusal, headers: &Headers, body: &[u8]) -> Refusal {
    let Some(message) = RefusedMessage::read(body) else { return refusal };
    if message.is_other_json {
        return Refusal { message: refusal_text::OTHER_JSON.to_owned(), ..refusal };
    }
    let id = message.id.map(|id| id.token().to_owned());
    if !revision::is_stateless(headers, message.version.as_deref()) {
        return match id {
            Some(id) if message.is_answerable => Refusal { status: 200, code: Code::Invalid, id: Some(id), ..refusal },
            // The other codes are those of the stateless revision.
            id if refusal.code != Code::Parse => Refusal { code: Code::Invalid, id, ..refusal },
            id => Refusal { id, ..refusal },
        };
    }
    match message.method.as_deref().and_then(Method::known) {
        Some(method) if message.is_answerable && !method.is_stateless => {
            Refusal { id, ..revision::method_not_found(method.name) }
        }
        _ => Refusal { id, ..refusal },
    }
}

impl<'a> RefusedMessage<'a> {
    /// Reads a body; `None` if it is not an object that is strict JSON but for depth, half surrogate pairs and repeated names.
    fn read(body: &'a [u8]) -> Option<Self> {
        let (mut versions, mut methods, mut ids) = (0_u32, 0_u32, 0_u32);
        let (mut is_version_right, mut is_response) = (false, false);
        let mut message = Self::default();
        outline::members(body, |name, value| {
            for (known, count) in [("jsonrpc", &mut versions), ("method", &mut methods), ("id", &mut ids)] {
                *count = count.saturating_add(u32::from(fold::is_read_as(name, known)));
            }
            match name {
                "jsonrpc" => is_version_right = text(value).is_some_and(|version| version == "2.0"),
                "method" => message.method = text(value),
                "id" => {
                    message.id = Reader::new(value, 1).ok().and_then(|mut reader| Id::read(&mut reader).ok().flatten())
                }
                "params" => message.version = version(value),
                "result" | "error" => is_response = true,
                _ => {}
            }
        })?;
        message.id = message.id.filter(|_| ids == 1);
        message.is_answerable = is_version_right && versions == 1 && methods == 1 && message.id.is_some();
        message.is_other_json = versions == 0 && methods == 0 && ids == 0 && !is_response;
        Some(message)
    }
}

/// The protocol revision that `params` declares.
fn version(params: &[u8]) -> Option<Cow<'_, str>> {
    text(outline::last_member(outline::last_member(params, "_meta")?, params::VERSION)?)
}

/// A value, if it is a string that is strict JSON.
fn text(value: &[u8]) -> Option<Cow<'_, str>> {
    let mut reader = Reader::new(value, 1).ok()?;
    (reader.value_type().ok()? == ValueType::String).then(|| reader.string().ok())?
}

#[cfg(test)]
mod tests;
