//! Batches: several messages in one array. Only revision 2025-03-26 has them; unless `protocol.batches` is `judge`, they are
//! refused.

use crate::{
    http::Headers,
    json::{Reader, ValueType},
};

use super::{
    Message, Method, MethodClass, Refusal, Request, refusal_text,
    revision::{self, Lifecycle},
};

/// The content of a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body<'a> {
    /// One message.
    Single(Message<'a>),
    /// One to 64 messages in an array; the ids of its requests differ.
    Batch(Vec<Message<'a>>),
}

/// Messages that one batch may contain.
const MAX_MESSAGES: usize = 64;

impl<'a> Body<'a> {
    /// Reads a body; values may nest `max_depth` deep, and an array is a batch if `batches` is set.
    ///
    /// # Errors
    /// If the body is not strict JSON, or a message is malformed or is one that some server reads differently. A batch is
    /// also refused if it has more than 64 messages, two requests with ids that some client takes for the same, or
    /// `initialize`.
    pub fn read(body: &'a [u8], max_depth: u32, batches: bool) -> Result<Self, Refusal> {
        let mut reader = Reader::new(body, max_depth)?;
        match reader.value_type()? {
            ValueType::Array if batches => read_batch(&mut reader).map(Self::Batch),
            _ => Message::read_only(&mut reader).map(Self::Single),
        }
    }
}

impl<'a> Body<'a> {
    /// The messages, in order.
    #[must_use]
    pub fn messages(&self) -> &[Message<'a>] {
        match self {
            Self::Single(message) => std::slice::from_ref(message),
            Self::Batch(messages) => messages,
        }
    }

    /// The lifecycle of the body's protocol revision.
    ///
    /// # Errors
    /// Headers and body name different revisions, or the revision has no batches.
    pub fn lifecycle(&self, headers: &Headers) -> Result<Lifecycle, Refusal> {
        match self {
            Self::Single(message) => revision::check_headers(headers, message),
            Self::Batch(messages) => revision::has_batches(headers, messages).map(|()| Lifecycle::Session),
        }
    }
}

fn read_batch<'a>(reader: &mut Reader<'a>) -> Result<Vec<Message<'a>>, Refusal> {
    let mut messages = Vec::new();
    let mut count: usize = 0;
    reader.elements(|reader| {
        count = count.saturating_add(1);
        // Messages beyond the bound are checked like any other, but not kept.
        match reader.value_type()? {
            _ if count > MAX_MESSAGES => reader.skip().map(drop),
            ValueType::Object => Message::parse(reader).map(|message| messages.push(message)),
            _ => {
                messages.push(Err(Refusal::invalid(refusal_text::NOT_A_MESSAGE)));
                reader.skip().map(drop)
            }
        }
    })?;
    reader.finish()?;
    if let Some(fault) = reader.name_fault() {
        return Err(Refusal::invalid(refusal_text::name_fault(fault)));
    }
    if !(1..=MAX_MESSAGES).contains(&count) {
        return Err(Refusal::invalid(refusal_text::batch_size(count, MAX_MESSAGES)));
    }
    let invalid = |refusal: Refusal| Refusal::invalid(refusal_text::invalid_in_batch(&refusal.message));
    let messages: Vec<Message<'a>> = messages.into_iter().collect::<Result<_, Refusal>>().map_err(invalid)?;
    let requests: Vec<&Request<'a>> = requests(&messages).collect();
    if requests.iter().any(|request| request.method == "initialize") {
        return Err(Refusal::invalid(refusal_text::INITIALIZE_IN_BATCH));
    }
    let seen_before = |(index, request): (usize, &&Request<'a>)| {
        requests.iter().take(index).any(|other| other.id.resembles(request.id)).then_some(request.id)
    };
    match requests.iter().enumerate().find_map(seen_before) {
        Some(id) => Err(Refusal::invalid(refusal_text::duplicate_id_in_batch(id.token()))),
        None => Ok(messages),
    }
}

/// The requests among some messages.
pub fn requests<'m, 'a>(messages: &'m [Message<'a>]) -> impl Iterator<Item = &'m Request<'a>> {
    messages.iter().filter_map(|message| match message {
        Message::Request(request) => Some(request),
        Message::Notification { .. } | Message::Response => None,
    })
}

/// The requests among some messages that name a tool, a prompt or a resource. Only these are charged.
pub fn calls<'m, 'a>(messages: &'m [Message<'a>]) -> impl Iterator<Item = &'m Request<'a>> {
    requests(messages).filter(|request| {
        Method::known(&request.method).is_some_and(|method| {
            use MethodClass::{Listen, Prompt, Resource, Tool};
            matches!(method.class, Tool | Prompt | Resource | Listen)
        })
    })
}

#[cfg(test)]
mod tests {
    #[cfg(target_family = "wasm")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::{Body, MAX_MESSAGES};

    fn read(body: &str) -> Result<usize, String> {
        match Body::read(body.as_bytes(), 64, true) {
            Ok(Body::Batch(messages)) => Ok(messages.len()),
            Ok(Body::Single(_)) => Ok(0),
            Err(refusal) => Err(refusal.message),
        }
    }

    fn pings(ids: &[&str]) -> String {
        let pings = ids.iter().map(|id| format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"ping"}}"#));
        format!("[{}]", pings.collect::<Vec<_>>().join(","))
    }

    #[test]
    fn a_batch_is_read_only_if_batches_are_enabled() {
        let mixed = r#" [{"jsonrpc":"2.0","id":1,"method":"ping"},{"jsonrpc":"2.0","method":"notifications/initialized"},
            {"jsonrpc":"2.0","id":1,"result":{}}]"#;
        assert_eq!(read(mixed), Ok(3));
        assert_eq!(read(&pings(&["1"])), Ok(1));
        assert_eq!(read(r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#), Ok(0));
        let refusal = Body::read(mixed.as_bytes(), 64, false).unwrap_err();
        assert_eq!(refusal.message, "the body is not a JSON object; send one message per request, not a batch");
    }

    #[test]
    fn one_bad_message_refuses_all() {
        for (body, why) in [
            ("[]", "the batch has 0 messages, and 1 to 64 are allowed; send each message by itself"),
            ("[1]", "a message of the batch is not valid: it is not a JSON object"),
            ("[[]]", "a message of the batch is not valid: it is not a JSON object"),
            (
                r#"[{"jsonrpc":"2.0","id":1}]"#,
                "a message of the batch is not valid: the message has no `method`; send one",
            ),
            (
                r#"[{"jsonrpc":"2.0","id":1,"method":"initialize"}]"#,
                "`initialize` must not be in a batch; send each message by itself",
            ),
            (
                r#"[{"jsonrpc":"2.0","id":1,"method":"ping","id":2}]"#,
                "the member `id` is repeated (byte 41); send each name once, spelled as in the specification",
            ),
        ] {
            assert_eq!(read(body), Err(why.to_owned()), "{body}");
        }
        let ids: Vec<String> = (0..=MAX_MESSAGES).map(|id| id.to_string()).collect();
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        assert_eq!(read(&pings(&ids[..MAX_MESSAGES])), Ok(MAX_MESSAGES));
        assert_eq!(
            read(&pings(&ids)),
            Err("the batch has 65 messages, and 1 to 64 are allowed; send each message by itself".to_owned())
        );
    }

    #[test]
    fn ids_that_some_client_takes_for_one_are_refused() {
        for ids in [["1", "1"], ["1", "\"1\""], ["0", "-0"], ["\"a\"", "\"\\u0061\""]] {
            let why = format!("two requests of the batch have the id `{}`; send each message by itself", ids[1]);
            assert_eq!(read(&pings(&ids)), Err(why));
        }
        assert_eq!(read(&pings(&["1", "2", "\"a\"", "\"A\""])), Ok(4));
    }
}
