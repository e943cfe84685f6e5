//! Forwards of an event stream what every client reads alike, and nothing else.
//!
//! Clients differ in where a line ends (Python's `str.splitlines` knows ten separators, Go reads up to an LF), in what precedes the
//! first line, in which spellings of a field they take, and in whether several data lines are one text. So of a stream in which
//! something is enforced, each event goes on with one data line, each line with an LF as its end, and what the standard ignores does
//! not go on: <https://html.spec.whatwg.org/multipage/server-sent-events.html>, section 9.2.6.

use super::{StreamPart, Tokenizer, append, parse_field};
use crate::text::is_printable_ascii;

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

#[cfg(test)]
mod tests {
    #[cfg(target_family = "wasm")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::{MAX_BEHIND, MAX_LINE, UniformEvents};

    /// What goes on of a stream, which must not depend on its chunks.
    #[track_caller]
    fn uniform(text: impl AsRef<[u8]>) -> String {
        let push_all = |chunks: &[&[u8]]| {
            let mut events = UniformEvents::default();
            let last = chunks.len() - 1;
            let all = chunks.iter().enumerate().flat_map(|(index, chunk)| events.push(chunk, index == last)).collect();
            String::from_utf8(all).unwrap()
        };
        let text = text.as_ref();
        let whole = push_all(&[text]);
        for index in 0..text.len().min(200) {
            let (front, back) = text.split_at(index);
            assert_eq!(push_all(&[front, back]), whole, "split at {index} of {}", text.escape_ascii());
        }
        assert_eq!(push_all(&text.chunks(1).chain([&b""[..]]).collect::<Vec<_>>()), whole);
        whole
    }

    #[test]
    fn a_stream_that_every_client_reads_alike_stays_as_it_is() {
        for text in [
            ": hello\n\nid: 1\ndata:\n\nevent: message\nid: 2\nretry: 10\ndata: {\"a\":\"\u{e9} \u{2603} \u{20ac}\"}\n\n",
            "data:{\"a\":1}\nid:2\n\n\n:\n\ndata: /messages?s=1\n\n",
            "",
        ] {
            assert_eq!(uniform(text), text);
        }
    }

    #[test]
    fn each_line_ends_in_lf_and_a_byte_order_mark_does_not_go_on() {
        for end in ["\n", "\r\n", "\r"] {
            let text = ["\u{feff}: a", "", "id: 1", "data: {}", "", "data: 1", "", ""].join(end);
            assert_eq!(uniform(text), ": a\n\nid: 1\ndata: {}\n\ndata: 1\n\n");
        }
        // Go reads this as one line, and with it a whole message.
        assert_eq!(uniform("data: {\"jsonrpc\":\"2.0\",\r\"id\":7}\n\n"), "data: {\"jsonrpc\":\"2.0\",\n\n");
    }

    #[test]
    fn lines_that_clients_read_in_different_ways_do_not_go_on() {
        for line in [
            "foo: bar",
            "Data: x",
            "data : x",
            " data: x",
            "database: x",
            "dat",
            "{\"id\":7}",
            // The TypeScript SDK's parser takes these characters for a byte order mark.
            "\u{ef}\u{bb}\u{bf}data: {}",
            "\u{feff}\u{feff}data: {}",
            ":x\u{b}data: {}",
            ":x\u{c}data: {}",
            ":x\u{1c}data: {}",
            ":x\u{1d}data: {}",
            ":x\u{1e}data: {}",
            ":x\u{85}data: {}",
            ":x\u{2028}data: {}",
            ":x\u{2029}data: {}",
            "id: 1\u{0}",
            "id: 1\u{b}data: {}",
            "event: message\u{2028}data: {}",
            "retry: 1\tx",
            // Go's SDKs trim values.
            "event: endpoint ",
            "event:  endpoint",
            "id",
            "event",
        ] {
            assert_eq!(uniform(format!("{line}\n\n")), "\n", "{line:?}");
            assert_eq!(uniform(format!("data: 1\n{line}\n\n")), "data: 1\n\n", "{line:?}");
        }
        assert_eq!(uniform(b"id: \xFF\n:\xC2\n\n"), "\n");
    }

    #[test]
    fn what_separates_lines_for_some_client_is_escaped_in_data() {
        for (separator, escape) in [
            ("\u{b}", "\\u000b"),
            ("\u{c}", "\\u000c"),
            ("\u{0}", "\\u0000"),
            ("\u{1f}", "\\u001f"),
            ("\u{85}", "\\u0085"),
            ("\u{2028}", "\\u2028"),
            ("\u{2029}", "\\u2029"),
        ] {
            let text = |separator: &str| format!("data: {{\"a\":\"x{separator}{separator}data: {{}}\"}}\n\n");
            assert_eq!(uniform(text(separator)), text(escape));
        }
        // Their first bytes begin other characters, too.
        for other in ["\u{84}", "\u{2027}", "\u{202a}", "\u{e2}\u{2603}\u{a9}", "\u{20ac}\u{c2}\t\u{7f}"] {
            let text = format!("data: {other}{other}\n\n");
            assert_eq!(uniform(&text), text);
        }
        let cut = b"data: \xE2\n\ndata: \xE2\x80\n\ndata: \xC2\xE2\x80\xA8\xE2\xC2\x85\n\n";
        let mut events = UniformEvents::default();
        let out = events.push(cut, true);
        assert_eq!(out, b"data: \xE2\n\ndata: \xE2\x80\n\ndata: \xC2\\u2028\xE2\\u0085\n\n");
    }

    #[test]
    fn the_data_of_an_event_goes_on_in_one_line_before_its_other_lines() {
        let text = "id: 1\ndata: {\"a\":\nid: 2\ndata\ndata:1,\n: x\ndata: \"b\":2}\nevent: message\n\n";
        assert_eq!(uniform(text), "id: 1\ndata: {\"a\":  1,  \"b\":2}\nid: 2\n: x\nevent: message\n\n");
        assert_eq!(uniform("data\n\ndata\ndata\n\n"), "data:\n\ndata: \n\n");
    }

    #[test]
    fn of_a_last_event_without_its_blank_line_the_data_goes_on() {
        assert_eq!(uniform("data: 1\n\nid: 2\ndata: {}\nid: 3"), "data: 1\n\nid: 2\ndata: {}\n");
        assert_eq!(uniform("data: {"), "data: {\n");
        assert_eq!(uniform("id: 12"), "");
    }

    #[test]
    fn no_more_than_bounds_is_held_and_what_is_longer_does_not_go_on() {
        let line = |size: usize| format!(":{}\n", "x".repeat(size - 1));
        assert_eq!(uniform(line(MAX_LINE)), line(MAX_LINE));
        assert_eq!(uniform(line(MAX_LINE + 1)), "");
        let mut events = UniformEvents::default();
        assert_eq!(events.push(line(1 << 20).trim_end().as_bytes(), false), b"");
        assert!(events.held() <= MAX_LINE + 1);
        let mut events = UniformEvents::default();
        assert_eq!(events.push(format!("data: 1\n{}", line(MAX_LINE).repeat(20)).as_bytes(), false), b"data: 1");
        assert!(events.held() <= MAX_BEHIND + 4);
    }
}
