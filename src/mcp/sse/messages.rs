//! Collects the messages of a response that is read beside its way: nothing is held back, and nothing is changed.

use super::{StreamPart, Tokenizer, append, data};
use crate::mcp::ResponseFormat;

/// The message of one response that is being read; the whole text of JSON, or the data of the current event.
#[derive(Clone, Debug)]
pub(crate) struct Messages {
    format: ResponseFormat,
    text: Vec<u8>,
    lines: Tokenizer,
    /// Whether the current line has bytes: an empty line ends an event.
    in_line: bool,
    /// Whether the message is too long to be read.
    is_long: bool,
}

/// A message, or why there is none.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Collected {
    /// The text of a complete message; empty for an event without data.
    Text(Vec<u8>),
    /// The current message is too long: nothing of it will come.
    TooLong,
}

impl Messages {
    pub(crate) fn new(format: ResponseFormat) -> Self {
        Self { format, text: Vec::new(), lines: Tokenizer::default(), in_line: false, is_long: false }
    }

    /// The next message of an event stream, as soon as `chunk` completes it. At most `max` bytes of a message are held.
    pub(crate) fn next(&mut self, chunk: &mut &[u8], max: usize) -> Option<Collected> {
        if self.format == ResponseFormat::Json {
            return self.hold(std::mem::take(chunk), max);
        }
        while let Some(part) = self.lines.next(chunk) {
            let (StreamPart::Text(bytes) | StreamPart::End(bytes) | StreamPart::Ignored(bytes)) = part;
            let too_long = self.hold(bytes, max);
            match part {
                StreamPart::Text(_) => self.in_line = true,
                StreamPart::End(_) if self.in_line => self.in_line = false,
                StreamPart::End(_) => {
                    let event = std::mem::take(&mut self.text);
                    if !std::mem::take(&mut self.is_long) {
                        return Some(Collected::Text(data(&event)));
                    }
                }
                StreamPart::Ignored(_) => {}
            }
            if too_long.is_some() {
                return too_long;
            }
        }
        None
    }

    /// The text of a JSON response that has ended. An event without its blank line is incomplete.
    pub(crate) fn end(&mut self) -> Option<Vec<u8>> {
        let text = std::mem::take(&mut self.text);
        (self.format == ResponseFormat::Json && !self.is_long).then_some(text)
    }

    /// The bytes that are held.
    pub(crate) fn held(&self) -> usize {
        self.text.len()
    }

    fn hold(&mut self, bytes: &[u8], max: usize) -> Option<Collected> {
        if self.is_long {
            return None;
        }
        if self.text.len().saturating_add(bytes.len()) <= max {
            append(&mut self.text, bytes);
            return None;
        }
        self.is_long = true;
        self.text = Vec::new();
        Some(Collected::TooLong)
    }
}
