//! The current event of a stream that is judged event by event: it is held up to its blank line, without which no client acts on it.
//!
//! Comments and other lines before the data of an event go on as they come.

use super::{StreamPart, Tokenizer, append};

/// The current event of one stream.
#[derive(Clone, Debug, Default)]
pub(crate) struct HeldEvent {
    lines: Tokenizer,
    /// The first bytes of the current line: enough to see whether it is a data line.
    line: Vec<u8>,
    /// The bytes that are held. Each filter bounds them by its own limit.
    pub(crate) bytes: Vec<u8>,
    /// Whether it has a data line.
    pub(crate) has_data: bool,
    /// What happens to its bytes.
    pub(crate) state: EventState,
}

/// What happens to the bytes of the current event.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum EventState {
    /// They are held.
    #[default]
    Held,
    /// They are forwarded as they come.
    Passing,
    /// Another event was sent in its place.
    Dropped,
}

/// A piece of the current event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EventPart<'c> {
    /// A part of a line: what it has of the value of a data line, the space before it included.
    Text(&'c [u8]),
    /// A line has ended.
    LineEnd,
    /// The end of the blank line that ends the event. It is neither held nor forwarded yet.
    End(&'c [u8]),
    /// A byte without meaning.
    Ignored,
}

const DATA: &[u8] = b"data:";

impl HeldEvent {
    /// Takes the next piece off the front of `chunk`, of at most `room` bytes while the event is held: which event is too long must
    /// not depend on the chunks.
    pub(crate) fn next<'c>(&mut self, chunk: &mut &'c [u8], room: usize, out: &mut Vec<u8>) -> Option<EventPart<'c>> {
        let room = if self.state == EventState::Held { room } else { usize::MAX };
        let (mut front, back) = chunk.split_at_checked(room).unwrap_or((chunk, &[]));
        let part = self.lines.next(&mut front)?;
        let left = front.len().saturating_add(back.len());
        *chunk = chunk.get(chunk.len().saturating_sub(left)..).unwrap_or_default();
        Some(match part {
            StreamPart::Text(text) => EventPart::Text(self.push_text(text, out)),
            StreamPart::End(end) if self.line.is_empty() => EventPart::End(end),
            StreamPart::End(end) => {
                self.end_line(end, out);
                EventPart::LineEnd
            }
            StreamPart::Ignored(byte) => {
                if self.bytes.is_empty() && self.state == EventState::Held {
                    append(out, byte);
                } else {
                    self.push_bytes(byte, out);
                }
                EventPart::Ignored
            }
        })
    }

    /// Forwards what is held, and what follows of the event as it comes.
    pub(crate) fn pass(&mut self, out: &mut Vec<u8>) {
        self.state = EventState::Passing;
        out.append(&mut self.bytes);
    }

    /// Forwards the held bytes, and this line end as the blank line of the event.
    pub(crate) fn release(&mut self, end: &[u8], out: &mut Vec<u8>) {
        // The CR and the LF are one line end now if a line between them was removed.
        if end == b"\n" && self.bytes.ends_with(b"\r") {
            self.bytes.push(b'\n');
        }
        self.push_bytes(end, out);
        out.append(&mut self.bytes);
    }

    /// Forwards the held bytes and the blank line of the event, and goes on to the next event.
    pub(crate) fn end(&mut self, end: &[u8], out: &mut Vec<u8>) {
        self.release(end, out);
        self.line.clear();
        (self.has_data, self.state) = (false, EventState::Held);
    }

    /// Drops an incomplete line other than data: half an id is another id.
    pub(crate) fn drop_unfinished_line(&mut self) {
        if self.line != DATA {
            let ends = self.bytes.iter().rposition(|byte| matches!(byte, b'\n' | b'\r'));
            self.bytes.truncate(ends.map_or(0, |end| end.saturating_add(1)));
        }
    }

    /// Takes a part of a line, and returns the value in it.
    fn push_text<'c>(&mut self, text: &'c [u8], out: &mut Vec<u8>) -> &'c [u8] {
        let missing = DATA.len().saturating_sub(self.line.len()).min(text.len());
        let (head, value) = text.split_at_checked(missing).unwrap_or_default();
        append(&mut self.line, head);
        let is_data = self.line == DATA;
        self.has_data |= is_data;
        self.push_bytes(text, out);
        if !DATA.starts_with(&self.line) {
            self.forward_without_data(out);
        }
        if is_data { value } else { &[] }
    }

    fn end_line(&mut self, end: &[u8], out: &mut Vec<u8>) {
        self.has_data |= self.line == b"data";
        self.line.clear();
        self.push_bytes(end, out);
        self.forward_without_data(out);
    }

    fn forward_without_data(&mut self, out: &mut Vec<u8>) {
        if self.state == EventState::Held && !self.has_data {
            out.append(&mut self.bytes);
        }
    }

    /// Holds, forwards or drops bytes of the event, by its state.
    fn push_bytes(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        match self.state {
            EventState::Held => append(&mut self.bytes, bytes),
            EventState::Passing => append(out, bytes),
            EventState::Dropped => {}
        }
    }
}
