//! Forwards of an event stream what every client reads alike, and nothing else.
//!
//! Clients differ in where a line ends (Python's `str.splitlines` knows ten separators, Go reads up to an LF), in what precedes the
//! first line, in which spellings of a field they take, and in whether several data lines are one text. So of a stream in which
//! something is enforced, each event goes on with one data line, each line with an LF as its end, and what the standard ignores does
//! not go on: <https://html.spec.whatwg.org/multipage/server-sent-events.html>, section 9.2.6.

#[cfg(test)]
mod tests;

use super::{StreamPart, Tokenizer, append, parse_field};
use crate::bytes::is_printable_ascii;

/// Makes the lines of one stream uniform. The messages in it stay the same JSON.
#[derive(Clone, Debug, Default)]
pub struct UniformEvents {
    lines: Tokenizer,
    /// The front of the current line, up to one byte more than [`MAX_LINE`], unless it is a data line.
    line: Vec<u8>,
    in_data: bool,
    /// The last bytes of the data so far that may begin a separator of lines. They have not gone on.
    begun: Begun,
    /// Whether the current event has data. The end of its line has not gone on: another data line may follow.
    has_data: bool,
    /// The other lines of the event behind its data.
    behind: Vec<u8>,
}

/// The front of a character that may separate lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Begun {
    #[default]
    Nothing,
    C2,
    E2,
    E280,
}

const DATA: &[u8] = b"data:";
/// Bytes of a line other than data; a longer one does not go on. Servers fill comments up to 2 KiB, to get them through proxies.
const MAX_LINE: usize = 4096;
/// Bytes of other lines behind the data of an event; more of them do not go on.
const MAX_BEHIND: usize = 4 * MAX_LINE;

impl UniformEvents {
    /// Takes the next chunk, and returns the bytes to forward now. Some clients act on a last event that lacks its blank line: of one,
    /// the data goes on.
    #[must_use]
    pub fn push(&mut self, mut chunk: &[u8], is_last: bool) -> Vec<u8> {
        let mut out = Vec::with_capacity(chunk.len());
        while let Some(part) = self.lines.next(&mut chunk) {
            match part {
                StreamPart::Text(text) if self.in_data => self.push_data(text, &mut out),
                StreamPart::Text(text) => self.push_front(text, &mut out),
                StreamPart::End(_) => self.end_line(&mut out),
                // Go's readers take a byte order mark for a part of the first line.
                StreamPart::Ignored(_) => {}
            }
        }
        if is_last && self.has_data {
            self.flush(&mut out);
            out.push(b'\n');
        }
        out
    }

    /// The bytes that are held.
    #[must_use]
    pub fn held(&self) -> usize {
        self.line.len().saturating_add(self.behind.len())
    }

    /// Takes a part of a line that may not be a data line.
    fn push_front(&mut self, text: &[u8], out: &mut Vec<u8>) {
        let missing = DATA.len().saturating_sub(self.line.len()).min(text.len());
        let (front, rest) = text.split_at_checked(missing).unwrap_or_default();
        append(&mut self.line, front);
        if self.line == DATA {
            self.line.clear();
            self.in_data = true;
            self.begin_data(out);
            return self.push_data(rest, out);
        }
        let room = MAX_LINE.saturating_add(1).saturating_sub(self.line.len()).min(rest.len());
        append(&mut self.line, rest.get(..room).unwrap_or_default());
    }

    /// Begins the data line of the event, or goes on with it: the LF that would join two lines is white space between the parts of a
    /// message, as is a space.
    fn begin_data(&mut self, out: &mut Vec<u8>) {
        append(out, if std::mem::replace(&mut self.has_data, true) { b" " } else { DATA });
    }

    /// Takes a part of data. What separates lines for some client goes on as JSON's strings spell it; nowhere else in JSON may it be.
    fn push_data(&mut self, mut text: &[u8], out: &mut Vec<u8>) {
        while let Some((&byte, behind)) = text.split_first() {
            let (begun, separator) = match (self.begun, byte) {
                (Begun::Nothing, 0xC2) => (Begun::C2, None),
                (Begun::Nothing, 0xE2) => (Begun::E2, None),
                (Begun::E2, 0x80) => (Begun::E280, None),
                (Begun::Nothing, _) if is_control(byte) => (Begun::Nothing, Some(u32::from(byte))),
                // U+0085, U+2028 and U+2029
                (Begun::C2, 0x85) => (Begun::Nothing, Some(0x85)),
                (Begun::E280, 0xA8 | 0xA9) => (Begun::Nothing, Some(0x2000 | u32::from(byte & 0x7F))),
                _ => {
                    // What has begun is another character, and this byte may begin one, too.
                    self.flush(out);
                    let is_special = |byte: &u8| is_control(*byte) || matches!(byte, 0xC2 | 0xE2);
                    let size = text.iter().position(is_special).unwrap_or(text.len());
                    let (plain, rest) = text.split_at_checked(size).unwrap_or_default();
                    append(out, plain);
                    text = rest;
                    continue;
                }
            };
            self.begun = begun;
            text = behind;
            if let Some(separator) = separator {
                append(out, b"\\u");
                for shift in [12, 8, 4, 0] {
                    out.extend(char::from_digit(separator >> shift & 15, 16).map(|digit| digit as u8));
                }
            }
        }
    }

    /// Forwards the bytes that may have begun a separator, and did not.
    fn flush(&mut self, out: &mut Vec<u8>) {
        let begun: &[u8] = match std::mem::take(&mut self.begun) {
            Begun::Nothing => b"",
            Begun::C2 => b"\xC2",
            Begun::E2 => b"\xE2",
            Begun::E280 => b"\xE2\x80",
        };
        append(out, begun);
    }

    fn end_line(&mut self, out: &mut Vec<u8>) {
        self.flush(out);
        if std::mem::take(&mut self.in_data) {
            return;
        }
        if self.line.is_empty() {
            if std::mem::take(&mut self.has_data) {
                out.push(b'\n');
            }
            append(out, &std::mem::take(&mut self.behind));
            out.push(b'\n');
        } else if self.line == b"data" {
            self.begin_data(out);
        } else if is_uniform(&self.line) {
            let full = self.behind.len().saturating_add(self.line.len()) > MAX_BEHIND;
            let lines = if self.has_data { &mut self.behind } else { out };
            if !full {
                append(lines, &self.line);
                lines.push(b'\n');
            }
        }
        self.line.clear();
    }
}

/// Whether a byte is a control character that a line may hold, but for tabs.
fn is_control(byte: u8) -> bool {
    byte < b' ' && byte != b'\t'
}

/// Whether every client reads a line other than data alike: a comment, or a field with a value without white space around it, in
/// characters that no client takes for the end of a line. Some clients ignore a field without a colon.
fn is_uniform(line: &[u8]) -> bool {
    let is_known = match parse_field(line) {
        (b"", _) => true,
        (b"event" | b"id" | b"retry", value) => line.contains(&b':') && value.trim_ascii() == value,
        _ => false,
    };
    is_known && line.len() <= MAX_LINE && is_printable_ascii(line)
}
