//! Splits event streams into lines, however they are cut into chunks;
//! <https://html.spec.whatwg.org/multipage/server-sent-events.html>, section 9.2.6.
//!
//! * [`HeldEvent`]: the current event of a stream that is judged event by event
//! * [`Messages`]: the messages of a response that is only read
//! * [`UniformEvents`]: what every client reads alike, before the others see it

mod held_event;
mod messages;
mod uniform;

pub use self::uniform::UniformEvents;
pub(crate) use self::{
    held_event::{EventPart, EventState, HeldEvent},
    messages::{Collected, Messages},
};

/// Splits a stream into lines. They end in LF, CR or both.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tokenizer {
    /// Bytes of a byte order mark that have come; its length as soon as any other byte has come.
    marked: usize,
    after_return: bool,
}

/// A piece of a stream; all pieces in order are the stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StreamPart<'c> {
    /// A part of a line.
    Text(&'c [u8]),
    /// The line ends.
    End(&'c [u8]),
    /// Belongs to no line: the byte order mark before the first line, or the LF after a CR that has ended a line.
    Ignored(&'c [u8]),
}

/// A stream may begin with this; it has no meaning.
const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

impl Tokenizer {
    /// Takes the next piece off the front of `chunk`.
    #[inline(never)]
    pub(crate) fn next<'c>(&mut self, chunk: &mut &'c [u8]) -> Option<StreamPart<'c>> {
        let first = *chunk.first()?;
        let after_return = std::mem::replace(&mut self.after_return, first == b'\r');
        let is_mark = BYTE_ORDER_MARK.get(self.marked) == Some(&first);
        self.marked = if is_mark { self.marked.saturating_add(1) } else { BYTE_ORDER_MARK.len() };
        let (piece, size): (fn(&'c [u8]) -> StreamPart<'c>, usize) = match first {
            _ if is_mark => (StreamPart::Ignored, 1),
            b'\n' if after_return => (StreamPart::Ignored, 1),
            b'\n' | b'\r' => (StreamPart::End, 1),
            _ => (StreamPart::Text, chunk.iter().position(|byte| matches!(byte, b'\n' | b'\r')).unwrap_or(chunk.len())),
        };
        let (taken, rest) = chunk.split_at_checked(size)?;
        *chunk = rest;
        Some(piece(taken))
    }
}

/// The name and the value of the field in a line. A comment has an empty name.
#[inline(never)]
pub(crate) fn parse_field(line: &[u8]) -> (&[u8], &[u8]) {
    let colon = line.iter().position(|byte| *byte == b':').unwrap_or(line.len());
    let (name, value) = line.split_at_checked(colon).unwrap_or_default();
    let value = value.strip_prefix(b":").unwrap_or(value);
    (name, value.strip_prefix(b" ").unwrap_or(value))
}

/// The data of an event: the values of its data lines, joined by LF.
pub(crate) fn data(event: &[u8]) -> Vec<u8> {
    let (mut data, mut is_first) = (Vec::new(), true);
    for (line, _) in lines(event) {
        if let (b"data", value) = parse_field(line) {
            if !std::mem::replace(&mut is_first, false) {
                data.push(b'\n');
            }
            append(&mut data, value);
        }
    }
    data
}

/// Appends bytes: a call takes less room in the module than the same inline.
#[inline(never)]
pub(crate) fn append(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend_from_slice(bytes);
}

/// The event with its data replaced by `text`; other lines stay as they are. Each line has its end.
pub(crate) fn with_data(event: &[u8], text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut is_written = false;
    for (line, end) in lines(event) {
        let end = if end.is_empty() { b"\n" } else { end };
        if parse_field(line).0 != b"data" {
            append(&mut out, line);
            append(&mut out, end);
        } else if !std::mem::replace(&mut is_written, true) {
            for part in text.split(|byte| *byte == b'\n') {
                append(&mut out, b"data: ");
                append(&mut out, part);
                append(&mut out, end);
            }
        }
    }
    out
}

/// Whether some client may read the data of an event as a message: one has a brace, and readers differ in what may come before it.
/// Other texts are, for example, the address in an `endpoint` event.
pub(crate) fn may_be_message(data: &[u8]) -> bool {
    data.contains(&b'{')
}

/// The lines of a text, each with its end.
pub(crate) fn lines(mut text: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    std::iter::from_fn(move || next_line(&mut text))
}

#[inline(never)]
fn next_line<'t>(text: &mut &'t [u8]) -> Option<(&'t [u8], &'t [u8])> {
    let is_end = |byte: &u8| matches!(byte, b'\n' | b'\r');
    let size = text.iter().position(is_end).unwrap_or(text.len());
    let (line, rest) = text.split_at_checked(size)?;
    let ends = if rest.starts_with(b"\r\n") { 2 } else { rest.len().min(1) };
    let (end, rest) = rest.split_at_checked(ends)?;
    let is_over = text.is_empty();
    *text = rest;
    (!is_over).then_some((line, end))
}

#[cfg(test)]
mod tests {
    #[cfg(target_family = "wasm")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::{StreamPart, Tokenizer, parse_field};

    /// The lines of chunks; the last may have no end.
    fn lines(chunks: &[&[u8]]) -> Vec<Vec<u8>> {
        let (mut lines, mut all) = (Tokenizer::default(), vec![Vec::new()]);
        for chunk in chunks {
            let mut chunk = *chunk;
            while let Some(piece) = lines.next(&mut chunk) {
                match piece {
                    StreamPart::Text(text) => all.last_mut().unwrap().extend_from_slice(text),
                    StreamPart::End(_) => all.push(Vec::new()),
                    StreamPart::Ignored(_) => {}
                }
            }
        }
        all
    }

    #[test]
    fn lines_end_in_any_of_three_ways_wherever_chunks_are_cut() {
        let text = b"\xEF\xBB\xBFa\rb\r\nc\n\r\n\n\r\rd";
        let expected: Vec<&[u8]> = vec![b"a", b"b", b"c", b"", b"", b"", b"", b"d"];
        for index in 0..=text.len() {
            let (front, back) = text.split_at(index);
            assert_eq!(lines(&[front, back]), expected, "cut at {index}");
        }
        let each: Vec<&[u8]> = text.chunks(1).collect();
        assert_eq!(lines(&each), expected);
    }

    #[test]
    fn a_byte_order_mark_is_ignored_at_the_front_only() {
        assert_eq!(lines(&[b"\n\xEF\xBB\xBFa"]), [&b""[..], b"\xEF\xBB\xBFa"]);
    }

    #[test]
    fn one_space_before_the_value_of_a_field_is_dropped() {
        for (line, expected) in [
            ("data: x", ("data", "x")),
            ("data:  x", ("data", " x")),
            ("data:x:y", ("data", "x:y")),
            ("data", ("data", "")),
            (": ping", ("", "ping")),
            ("", ("", "")),
        ] {
            assert_eq!(parse_field(line.as_bytes()), (expected.0.as_bytes(), expected.1.as_bytes()), "{line}");
        }
    }
}
