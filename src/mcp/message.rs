//! One JSON-RPC message as MCP defines it. Any other body is refused.

use std::{borrow::Cow, mem};

use crate::{
    json::{Fault, KnownNames, NameComparison, Reader, ValueType},
    text::has_control,
};

use super::{
    Code, Id, Method, MethodClass, Refusal, Target,
    params::{Field, Params},
    refusal_text,
};

/// Members of the envelope; JSON-RPC 2.0, sections 4 and 5.
const ENVELOPE: KnownNames<'_> = KnownNames::new(&["error", "id", "jsonrpc", "method", "params", "result"]);

/// A message that every server reads in the same way.
///
/// ```
/// # use mcp_policy::mcp::{Message, Target};
/// let body = br#"{"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "get_weather"}}"#;
/// let Ok(Message::Request(request)) = Message::read(body, 64) else { panic!("refused") };
/// assert_eq!(request.target, Target::Tool("get_weather".into()));
/// let refusal = Message::read(br#"{"jsonrpc": "2.0", "id": 1, "Method": "ping", "method": "ping"}"#, 64).unwrap_err();
/// assert!(refusal.message.ends_with("send each name once, spelled as in the specification"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message<'a> {
    /// A request; the server responds with its id.
    Request(Request<'a>),
    /// A notification; it has no response.
    Notification {
        /// The `method`.
        method: Cow<'a, str>,
        /// The protocol revision in `params._meta`.
        version: Option<Cow<'a, str>>,
    },
    /// The response to a request of the server; revisions up to 2025-11-25.
    Response,
}

/// A request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request<'a> {
    /// The id token, which the response echoes exactly.
    pub id: Id<'a>,
    /// The `method` as sent.
    pub method: Cow<'a, str>,
    /// The method, if the specification defines it.
    pub known: Option<&'static Method>,
    /// The tool, prompt, resource or task that it names.
    pub target: Target<'a>,
    /// The bytes of `params`, an object; empty if there are none.
    pub params: &'a [u8],
    /// The bytes of `params.arguments`, an object.
    pub arguments: Option<&'a [u8]>,
    /// The names of its members, the first 32, each cut to 64 bytes: a JSON list.
    pub argument_names: String,
    /// The protocol revision in `params._meta`.
    pub version: Option<Cow<'a, str>>,
    /// `traceparent` in `params._meta`, as sent.
    pub traceparent: Option<Cow<'a, str>>,
}

impl<'a> Message<'a> {
    /// Reads a body; values may nest `max_depth` deep.
    ///
    /// # Errors
    /// If the body is not strict JSON, is not a single message, or is one that some server reads differently.
    pub fn read(body: &'a [u8], max_depth: u32) -> Result<Self, Refusal> {
        Self::read_only(&mut Reader::new(body, max_depth)?)
    }

    /// Reads a text that is one message.
    pub(super) fn read_only(reader: &mut Reader<'a>) -> Result<Self, Refusal> {
        if reader.value_type()? != ValueType::Object {
            reader.skip().and_then(|_| reader.finish())?;
            return Err(Refusal::invalid(refusal_text::BATCH));
        }
        let message = Self::parse(reader)?;
        reader.finish()?;
        match reader.name_fault() {
            Some(fault) => Err(Refusal::invalid(refusal_text::name_fault(fault))),
            None => message,
        }
    }

    /// Reads the next object: the message, or why it is not one.
    pub(super) fn parse(reader: &mut Reader<'a>) -> Result<Result<Self, Refusal>, Fault> {
        let mut envelope = Envelope::default();
        envelope.read(reader)?;
        Ok(envelope.message())
    }
}

/// The members of the envelope as they were sent.
#[derive(Debug, Default)]
struct Envelope<'a> {
    version_is_right: bool,
    id: Field<Id<'a>>,
    method: Field<Cow<'a, str>>,
    params: Params<'a>,
    params_are_wrong: bool,
    is_response: bool,
    /// How many of `result` and `error` there are, but for `null`, which some libraries write beside the other.
    outcomes: u8,
}

impl<'a> Envelope<'a> {
    fn read(&mut self, reader: &mut Reader<'a>) -> Result<(), Fault> {
        reader.members_by_bytes(NameComparison::Unmistakable(&ENVELOPE), |reader, name| self.member(reader, &name))
    }

    fn member(&mut self, reader: &mut Reader<'a>, name: &[u8]) -> Result<(), Fault> {
        match (name, reader.value_type()?) {
            (b"jsonrpc", ValueType::String) => self.version_is_right = reader.string_is("2.0")?,
            (b"id", _) => self.id = Id::read(reader)?.map_or(Field::WrongType, Field::Present),
            (b"method", ValueType::String) => self.method = Field::Present(reader.string()?),
            (b"params", ValueType::Object) => self.params.read(reader)?,
            (other, value) => {
                match other {
                    b"method" => self.method = Field::WrongType,
                    b"params" => self.params_are_wrong = true,
                    b"result" | b"error" => {
                        self.is_response = true;
                        self.outcomes = self.outcomes.saturating_add(u8::from(value != ValueType::Null));
                    }
                    _ => {}
                }
                reader.skip()?;
            }
        }
        Ok(())
    }

    fn message(mut self) -> Result<Message<'a>, Refusal> {
        if !self.version_is_right {
            return Err(Refusal::invalid(refusal_text::VERSION));
        }
        let method = match (self.method, self.is_response) {
            (Field::WrongType, _) => return Err(Refusal::invalid(refusal_text::METHOD_TYPE)),
            (Field::Present(_), true) => return Err(Refusal::invalid(refusal_text::METHOD_AND_RESULT)),
            (Field::Absent, false) => return Err(Refusal::invalid(refusal_text::NO_METHOD)),
            (Field::Present(method), false) => Some(method),
            (Field::Absent, true) => None,
        };
        if self.params_are_wrong {
            return Err(Refusal::invalid(refusal_text::not_an_object("params")));
        }
        let id = match self.id {
            Field::WrongType => return Err(Refusal::invalid(refusal_text::ID)),
            Field::Absent => None,
            Field::Present(id) => Some(id),
        };
        match (method, id) {
            (Some(method), id) => classify(method, id, &mut self.params),
            (None, Some(_)) if self.outcomes > 1 => Err(Refusal::invalid(refusal_text::RESULT_AND_ERROR)),
            (None, Some(_)) => Ok(Message::Response),
            (None, None) => Err(Refusal::invalid(refusal_text::RESPONSE_WITHOUT_ID)),
        }
    }
}

/// A request or a notification, by the form of its method.
fn classify<'a>(method: Cow<'a, str>, id: Option<Id<'a>>, params: &mut Params<'a>) -> Result<Message<'a>, Refusal> {
    if params.meta_is_wrong {
        return Err(malformed_meta(&refusal_text::not_an_object("params._meta")));
    }
    let version = match mem::take(&mut params.version) {
        Field::Absent => None,
        Field::Present(version) => Some(version),
        Field::WrongType => {
            return Err(malformed_meta(refusal_text::META_VERSION_TYPE));
        }
    };
    // Some servers drop control characters, or end the method there: they would run another method than the policy sees.
    let known = Method::known(&method);
    if known.is_none() && has_control(&method) {
        return Err(Refusal::invalid(refusal_text::METHOD_CONTROL));
    }
    match (id, Method::is_notification(&method)) {
        (Some(_), true) => Err(Refusal::invalid(refusal_text::NOTIFICATION_WITH_ID)),
        (None, true) => match params.target(MethodClass::Open, false) {
            Ok(_) => Ok(Message::Notification { method, version }),
            Err(message) => Err(Refusal::invalid(message)),
        },
        (None, false) => Err(Refusal::invalid(refusal_text::REQUEST_WITHOUT_ID)),
        (Some(id), false) => {
            let (class, task) = known.map_or((MethodClass::Open, false), |known| (known.class, known.task));
            let arguments = match params.arguments {
                Field::Present(bytes) => Some(bytes),
                Field::Absent | Field::WrongType => None,
            };
            let traceparent = match mem::take(&mut params.traceparent) {
                Field::Present(trace) => Some(trace),
                Field::Absent | Field::WrongType => None,
            };
            let (argument_names, bytes) = (mem::take(&mut params.argument_names).into_text(), params.bytes);
            let target = params.target(class, task).map_err(Refusal::invalid)?;
            Ok(Message::Request(Request {
                id,
                method,
                known,
                target,
                params: bytes,
                arguments,
                argument_names,
                version,
                traceparent,
            }))
        }
    }
}

/// Revision 2026-07-28 has a code of its own for it.
fn malformed_meta(why: &str) -> Refusal {
    Refusal { code: Code::InvalidParams, ..Refusal::invalid(why) }
}

#[cfg(test)]
mod tests;
