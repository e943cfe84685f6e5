//! Reads from a server's response whether the calls of a request failed: a JSON-RPC error, or a result with `isError`.
//!
//! A pure state machine over chunks, for JSON and for event streams. It holds nothing back and changes nothing. Responses
//! are matched by id, since a stream may carry other responses, and requests of the server. A response that cannot be read
//! counts as a success, so that a malformed response never gives quota back.

use crate::json::{Fault, KnownNames, NameComparison, Reader, ValueType};

use super::{
    Id, ResponseFormat,
    sse::{Collected, Messages},
};

/// Members that are read here of a response, and of its result.
const RESPONSE: KnownNames<'_> = KnownNames::new(&["id", "method", "result", "error"]);
const RESULT: KnownNames<'_> = KnownNames::new(&["isError"]);

/// Reads the response to one request.
#[derive(Clone, Debug)]
pub struct CallResult {
    messages: Messages,
    /// The ids of the calls whose responses have not come.
    open: Vec<Box<str>>,
    verdict: Option<Verdict>,
}

/// The result of all calls together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    AllFailed,
    /// At least one call succeeded, or its response could not be read.
    Succeeded,
}

/// A longer message is not read, in bytes.
const MAX_BYTES: usize = 1 << 20;
/// A response that nests deeper is not read.
const MAX_DEPTH: u32 = 128;

impl CallResult {
    /// Reads a response in this format to the calls with these ids, as they were sent.
    #[must_use]
    pub fn new(form: ResponseFormat, ids: &[Box<str>]) -> Self {
        let verdict = ids.is_empty().then_some(Verdict::Succeeded);
        Self { messages: Messages::new(form), open: ids.to_vec(), verdict }
    }

    /// Takes the next chunk, and holds up to `room` bytes of it. A response that does not fit counts as a success.
    pub fn push(&mut self, mut chunk: &[u8], room: usize) {
        let max = self.messages.held().saturating_add(room).min(MAX_BYTES);
        while let (None, Some(message)) = (self.verdict, self.messages.next(&mut chunk, max)) {
            match message {
                Collected::Text(text) => self.read_message(&text),
                Collected::TooLong => self.verdict = Some(Verdict::Succeeded),
            }
        }
    }

    /// Whether the response says that every call failed.
    #[must_use]
    pub fn has_failed(mut self) -> bool {
        if let Some(text) = self.messages.end() {
            self.read_message(&text);
        }
        self.verdict == Some(Verdict::AllFailed)
    }

    /// The bytes that are held.
    #[must_use]
    pub fn held(&self) -> usize {
        self.messages.held()
    }

    /// Takes one message, or an array of them. An event without data holds none.
    fn read_message(&mut self, text: &[u8]) {
        if self.verdict.is_none() && !text.is_empty() && self.read(text).is_err() {
            self.verdict = Some(Verdict::Succeeded);
        }
    }

    fn read(&mut self, text: &[u8]) -> Result<(), Fault> {
        let mut reader = Reader::new(text, MAX_DEPTH)?;
        let mut answers = Vec::new();
        match reader.value_type()? {
            ValueType::Array => reader.elements(|reader| answer(reader).map(|answer| answers.extend(answer)))?,
            _ => answers.extend(answer(&mut reader)?),
        }
        reader.finish()?;
        if let Some(fault) = reader.name_fault() {
            return Err(fault.clone());
        }
        answers.iter().for_each(|answer| self.match_answer(answer));
        Ok(())
    }

    fn match_answer(&mut self, answer: &Answer<'_>) {
        let Some(index) = self.open.iter().position(|id| answer.id.is_same(id)) else { return };
        self.open.swap_remove(index);
        if !answer.failed {
            self.verdict = Some(Verdict::Succeeded);
        } else if self.open.is_empty() && self.verdict.is_none() {
            self.verdict = Some(Verdict::AllFailed);
        }
    }
}

/// The response to one call.
struct Answer<'a> {
    id: Id<'a>,
    failed: bool,
}

/// Reads the next message; `None` if it is not a response. The server's own requests have ids of their own.
fn answer<'a>(reader: &mut Reader<'a>) -> Result<Option<Answer<'a>>, Fault> {
    if reader.value_type()? != ValueType::Object {
        return reader.skip().map(|_| None);
    }
    let (mut id, mut is_request, mut failed, mut has_error, mut has_result) = (None, false, false, false, false);
    reader.members(NameComparison::Unmistakable(&RESPONSE), |reader, name| {
        match (&*name, reader.value_type()?) {
            ("id", _) => {
                id = Id::read(reader)?;
                return Ok(());
            }
            ("result", ValueType::Object) => {
                has_result = true;
                return reader.members(NameComparison::Unmistakable(&RESULT), |reader, name| {
                    let value = reader.skip()?;
                    failed |= name == "isError" && value == b"true";
                    Ok(())
                });
            }
            ("method", _) => is_request = true,
            ("error", kind) => has_error = kind != ValueType::Null,
            _ => {}
        }
        reader.skip().map(drop)
    })?;
    // Some readers look for the result first.
    failed |= has_error && !has_result;
    Ok(id.filter(|_| !is_request).map(|id| Answer { id, failed }))
}

#[cfg(test)]
mod tests {
    #[cfg(target_family = "wasm")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::{CallResult, MAX_BYTES, ResponseFormat};

    /// Whether an answer says that all calls with these ids failed; the same whole and in every two chunks.
    #[track_caller]
    fn all_failed(form: ResponseFormat, ids: &[&str], text: &str) -> bool {
        let ids: Vec<Box<str>> = ids.iter().map(|id| (*id).into()).collect();
        let listen = |chunks: &[&[u8]]| {
            let mut result = CallResult::new(form, &ids);
            chunks.iter().for_each(|chunk| result.push(chunk, usize::MAX));
            result.has_failed()
        };
        let whole = listen(&[text.as_bytes()]);
        for index in 0..text.len() {
            let (front, back) = text.as_bytes().split_at(index);
            assert_eq!(listen(&[front, back]), whole, "split at {index}");
        }
        whole
    }

    #[track_caller]
    fn failed(form: ResponseFormat, text: &str) -> bool {
        all_failed(form, &["1"], text)
    }

    const ERROR: &str = r#"{"jsonrpc":"2.0","id":1,"error":{"code":-1,"message":"x"}}"#;
    const IS_ERROR: &str = r#"{"jsonrpc":"2.0","id":1,"result":{"content":[],"isError":true}}"#;
    const FINE: &str = r#"{"jsonrpc":"2.0","id":1,"result":{"content":[{"isError":true}],"isError":false}}"#;

    #[test]
    fn an_error_and_a_result_with_is_error_are_failures() {
        for (text, expected) in [(ERROR, true), (IS_ERROR, true), (FINE, false), ("not json", false), ("", false)] {
            assert_eq!(failed(ResponseFormat::Json, text), expected, "{text}");
        }
        assert!(!failed(ResponseFormat::Json, r#"{"id":1,"error":null,"result":{}}"#), "a result is not a failure");
        assert!(!failed(ResponseFormat::Json, r#"{"id":1,"error":{},"error":null}"#), "readers differ");
        for (both, expected) in [
            (r#"{"id":1,"error":{},"result":{}}"#, false),
            (r#"{"id":1,"result":{"isError":false},"error":{}}"#, false),
            (r#"{"id":1,"result":{"isError":true},"error":{}}"#, true),
            (r#"{"id":1,"result":null,"error":{}}"#, true),
        ] {
            assert_eq!(failed(ResponseFormat::Json, both), expected, "{both}: readers differ in which they look for");
        }
        assert!(
            !failed(ResponseFormat::Json, r#"{"id":1,"result":{"isError":true,"iserror":false}}"#),
            "readers differ"
        );
    }

    #[test]
    fn an_event_stream_tells_it_in_the_event_that_answers() {
        let progress = r#"{"jsonrpc":"2.0","method":"notifications/progress","params":{"error":1}}"#;
        for end in ["\n", "\r\n", "\r"] {
            for (answer, expected) in [(ERROR, true), (IS_ERROR, true), (FINE, false)] {
                let text = format!(
                    ": hello{end}{end}id: 1{end}data: {progress}{end}{end}event: message{end}data: {answer}{end}{end}"
                );
                assert_eq!(failed(ResponseFormat::Sse, &text), expected, "{text:?}");
            }
        }
        assert!(!failed(ResponseFormat::Sse, &format!("data: {FINE}\n\ndata: {ERROR}\n\n")), "the first counts");
        assert!(failed(ResponseFormat::Sse, &format!("data: {ERROR}\n\ndata: {progress}\n\n")));
        assert!(failed(ResponseFormat::Sse, &format!("id: 0\ndata:\n\ndata: {ERROR}\n\n")), "after an empty event");
        let split = "data: {\"jsonrpc\":\"2.0\",\"id\":1,\ndata:\"error\":{}}\n\n";
        assert!(failed(ResponseFormat::Sse, split));
        assert!(
            !failed(ResponseFormat::Sse, &format!("data: {ERROR}\n")),
            "an event without its blank line is incomplete"
        );
    }

    #[test]
    fn answers_are_matched_by_id() {
        let other = r#"{"jsonrpc":"2.0","id":"1","error":{"code":-1,"message":"x"}}"#;
        let request = r#"{"jsonrpc":"2.0","id":1,"method":"ping","error":{}}"#;
        for first in [other, request, r#"{"id":2,"error":{}}"#, r#"{"id":1.0,"error":{}}"#, r#"{"error":{}}"#] {
            assert!(!failed(ResponseFormat::Json, first), "{first}");
            assert!(!failed(ResponseFormat::Sse, &format!("data: {first}\n\n")), "{first}");
            assert!(!failed(ResponseFormat::Sse, &format!("data: {first}\n\ndata: {FINE}\n\n")), "{first}");
            assert!(failed(ResponseFormat::Sse, &format!("data: {first}\n\ndata: {ERROR}\n\n")), "{first}");
        }
        assert!(all_failed(ResponseFormat::Json, &[r#""a""#], r#"{"id":"\u0061","error":{}}"#), "spelled otherwise");
    }

    #[test]
    fn several_calls_failed_only_if_each_of_them_did() {
        let one = |id: u32, failed: bool| format!(r#"{{"id":{id},"result":{{"isError":{failed}}}}}"#);
        for (results, expected) in [
            (vec![one(1, true), one(2, true)], true),
            (vec![one(2, true), one(1, true)], true),
            (vec![one(1, true), one(2, false)], false),
            (vec![one(1, false), one(2, true)], false),
            (vec![one(1, true)], false),
            (vec![one(1, true), one(1, true)], false),
            (vec![one(1, true), one(2, true), one(3, false)], true),
        ] {
            let json = format!("[{}]", results.join(","));
            assert_eq!(all_failed(ResponseFormat::Json, &["1", "2"], &json), expected, "{json}");
            let events: String = results.iter().map(|result| format!("data: {result}\n\n")).collect();
            assert_eq!(all_failed(ResponseFormat::Sse, &["1", "2"], &events), expected, "{events}");
        }
        assert!(!all_failed(ResponseFormat::Json, &[], ERROR), "no call, no failure");
    }

    #[test]
    fn what_is_not_understood_is_not_a_failure() {
        let mut result = CallResult::new(ResponseFormat::Json, &["1".into()]);
        result.push(&vec![b' '; MAX_BYTES], usize::MAX);
        result.push(ERROR.as_bytes(), usize::MAX);
        assert!(!result.has_failed());
        assert!(!failed(ResponseFormat::Sse, &format!("data: {{\n\ndata: {ERROR}\n\n")), "it may have been the answer");
    }
}
