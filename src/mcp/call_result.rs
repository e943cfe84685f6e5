//! Whether a server's answer to a call says that the call failed: a JSON-RPC error, or a result with `isError`.
//!
//! A pure state machine over chunks, for JSON and for event streams. It only listens: nothing is held back or changed.

use crate::json::{Fault, Names, Reader, ValueType};

use super::{
    ResponseFormat,
    sse::{Token, Tokenizer, data},
};

/// Listens to one answer.
#[derive(Clone, Debug)]
pub struct CallResult {
    form: ResponseFormat,
    /// The answer so far, or the event so far.
    text: Vec<u8>,
    lines: Tokenizer,
    /// Whether the line that is coming has bytes: one without ends an event.
    in_line: bool,
    failed: Option<bool>,
}

/// More than this of one message is not kept, and its outcome is not known.
const MAX_BYTES: usize = 1 << 20;
/// Deeper answers are not understood.
const MAX_DEPTH: u32 = 128;

impl CallResult {
    /// Listens to an answer that is written in this form.
    #[must_use]
    pub fn of(form: ResponseFormat) -> Self {
        Self { form, text: Vec::new(), lines: Tokenizer::default(), in_line: false, failed: None }
    }

    /// Takes the next chunk.
    pub fn push(&mut self, mut chunk: &[u8]) {
        if self.failed.is_some() {
            return;
        }
        match self.form {
            ResponseFormat::Json => self.keep(chunk),
            ResponseFormat::Sse => {
                // The first answer counts, whatever the same chunk says behind it.
                while let (None, Some(piece)) = (self.failed, self.lines.next(&mut chunk)) {
                    let (Token::Text(bytes) | Token::End(bytes) | Token::Ignored(bytes)) = piece;
                    self.keep(bytes);
                    match piece {
                        Token::Text(_) => self.in_line = true,
                        Token::End(_) if self.in_line => self.in_line = false,
                        Token::End(_) => self.event(),
                        Token::Ignored(_) => {}
                    }
                }
            }
        }
    }

    /// Whether the answer says that the call failed; `false` where that was not understood.
    #[must_use]
    pub fn has_failed(mut self) -> bool {
        if self.failed.is_none() && self.form == ResponseFormat::Json {
            self.failed = failure(&self.text).unwrap_or_default();
        }
        self.failed.unwrap_or(false)
    }

    fn keep(&mut self, bytes: &[u8]) {
        if self.text.len().saturating_add(bytes.len()) > MAX_BYTES {
            self.failed = Some(false);
            self.text = Vec::new();
        } else {
            self.text.extend_from_slice(bytes);
        }
    }

    fn event(&mut self) {
        let text = std::mem::take(&mut self.text);
        if self.failed.is_none() {
            self.failed = failure(&data(&text)).unwrap_or_default();
        }
    }
}

/// What a message says, if it is the answer to a request.
fn failure(text: &[u8]) -> Result<Option<bool>, Fault> {
    let mut reader = Reader::new(text, MAX_DEPTH)?;
    let (mut error, mut result) = (false, None);
    reader.members(Names::Distinct, |reader, name| match (&*name, reader.kind()?) {
        ("result", ValueType::Object) => {
            let mut is_error = false;
            let members = reader.members(Names::Distinct, |reader, name| {
                let value = reader.skip()?;
                is_error |= name == "isError" && value == b"true";
                Ok(())
            });
            result = Some(is_error);
            members
        }
        (other, _) => {
            error |= other == "error";
            reader.skip().map(drop)
        }
    })?;
    reader.finish()?;
    Ok(if error { Some(true) } else { result })
}

#[cfg(test)]
mod tests {
    #[cfg(target_family = "wasm")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::{CallResult, MAX_BYTES, ResponseFormat};

    /// Whether an answer is heard as a failure, whole and in every two chunks.
    #[track_caller]
    fn failed(form: ResponseFormat, text: &str) -> bool {
        let listen = |chunks: &[&[u8]]| {
            let mut outcome = CallResult::of(form);
            chunks.iter().for_each(|chunk| outcome.push(chunk));
            outcome.has_failed()
        };
        let whole = listen(&[text.as_bytes()]);
        for index in 0..text.len() {
            let (front, back) = text.as_bytes().split_at(index);
            assert_eq!(listen(&[front, back]), whole, "split at {index}");
        }
        whole
    }

    const ERROR: &str = r#"{"jsonrpc":"2.0","id":1,"error":{"code":-1,"message":"x"}}"#;
    const IS_ERROR: &str = r#"{"jsonrpc":"2.0","id":1,"result":{"content":[],"isError":true}}"#;
    const FINE: &str = r#"{"jsonrpc":"2.0","id":1,"result":{"content":[{"isError":true}],"isError":false}}"#;

    #[test]
    fn an_error_and_a_result_with_is_error_are_failures() {
        for (text, expected) in [(ERROR, true), (IS_ERROR, true), (FINE, false), ("not json", false), ("", false)] {
            assert_eq!(failed(ResponseFormat::Json, text), expected, "{text}");
        }
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
        let second = format!("data: {FINE}\n\ndata: {ERROR}\n\n");
        assert!(!failed(ResponseFormat::Sse, &second), "only the first answer counts");
        assert!(failed(ResponseFormat::Sse, &format!("data: {ERROR}\n\ndata: {progress}\n\n")));
        let split = "data: {\"jsonrpc\":\"2.0\",\"id\":1,\ndata:\"error\":{}}\n\n";
        assert!(failed(ResponseFormat::Sse, split));
        assert!(!failed(ResponseFormat::Sse, &format!("data: {ERROR}\n")), "an event without its blank line is none");
    }

    #[test]
    fn what_is_too_long_is_not_understood() {
        let mut outcome = CallResult::of(ResponseFormat::Json);
        outcome.push(&vec![b' '; MAX_BYTES]);
        outcome.push(ERROR.as_bytes());
        assert!(!outcome.has_failed());
    }
}
