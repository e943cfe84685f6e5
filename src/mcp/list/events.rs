//! Filters the messages of an event stream, each when its event is complete.
//!
//! What cannot be a list is forwarded as it comes: comments, ids, and the data of an event as soon as its first members
//! show that it lists nothing. Any other event is held back up to its blank line, without which no client acts on it.

use super::{
    HoldLimit, ListRequest, StreamAborted, Visibility,
    message::{self, Unreadable},
    refused,
    sniff::Sniffer,
};
use crate::mcp::sse::{StreamPart, Tokenizer, data, with_data};

/// Filters one stream.
#[derive(Clone, Debug, Default)]
pub(super) struct Events {
    lines: Tokenizer,
    line: Line,
    sniffer: Sniffer,
    state: EventState,
    /// The bytes of the current event that are held back.
    held: Vec<u8>,
    has_data: bool,
}

/// What happens to the current event.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum EventState {
    /// It may be a list, so it is held back.
    #[default]
    Open,
    /// It lists nothing, so it is forwarded as it comes.
    Passing,
    /// An error was sent in its place.
    Dropped,
}

/// The current line.
#[derive(Clone, Debug, Default)]
struct Line {
    /// Its first bytes: enough to see whether it is a data line.
    head: Vec<u8>,
}

const DATA: &[u8] = b"data:";

impl Events {
    /// Takes the next chunk, and returns the bytes to forward now.
    pub(super) fn push(
        &mut self,
        mut chunk: &[u8],
        request: &ListRequest,
        limit: HoldLimit,
        shows: &dyn Visibility,
    ) -> Result<Vec<u8>, StreamAborted> {
        let mut out = Vec::with_capacity(chunk.len());
        while let Some(piece) = self.next(&mut chunk, limit.bytes) {
            match piece {
                StreamPart::Text(text) => self.push_text(text, request.is_unchanged, &mut out)?,
                StreamPart::End(end) if self.line.head.is_empty() => self.end_event(end, request, shows, &mut out)?,
                StreamPart::End(end) => self.end_line(end, &mut out),
                StreamPart::Ignored(byte) if self.held.is_empty() && self.state == EventState::Open => {
                    out.extend_from_slice(byte)
                }
                StreamPart::Ignored(byte) => self.push_bytes(byte, &mut out),
            }
            if self.has_data && self.held.len() > limit.bytes && request.is_unchanged {
                self.state = EventState::Passing;
                out.append(&mut self.held);
            } else if self.has_data && self.held.len() > limit.bytes {
                self.drop_unfinished_line();
                self.replace_event(limit.reason, request)?;
                self.release(b"\n", &mut out);
                self.state = EventState::Dropped;
            }
        }
        Ok(out)
    }

    /// The bytes that are held.
    pub(super) fn held(&self) -> usize {
        self.held.len()
    }

    /// Takes the next piece, up to what may still be held back: which event is too long must not depend on the chunks.
    fn next<'c>(&mut self, chunk: &mut &'c [u8], most: usize) -> Option<StreamPart<'c>> {
        let room = match self.state {
            EventState::Open => most.saturating_sub(self.held.len()).saturating_add(1),
            EventState::Passing | EventState::Dropped => usize::MAX,
        };
        let (mut front, back) = chunk.split_at_checked(room).unwrap_or((chunk, &[]));
        let piece = self.lines.next(&mut front)?;
        let left = front.len().saturating_add(back.len());
        *chunk = chunk.get(chunk.len().saturating_sub(left)..).unwrap_or_default();
        Some(piece)
    }

    /// The bytes to forward at the end of the stream. Some clients act on a last event that lacks its blank line.
    pub(super) fn end(&mut self, request: &ListRequest, shows: &dyn Visibility) -> Result<Vec<u8>, StreamAborted> {
        let mut out = Vec::new();
        self.end_event(b"", request, shows, &mut out)?;
        Ok(out)
    }

    fn push_text(&mut self, text: &[u8], is_unchanged: bool, out: &mut Vec<u8>) -> Result<(), StreamAborted> {
        let value = self.line.push(text);
        self.has_data |= self.line.is_data();
        self.sniffer.push(value);
        self.push_bytes(text, out);
        match self.state {
            // Its front has been forwarded, or would have been, had it come in smaller chunks.
            EventState::Open | EventState::Passing if self.sniffer.is_contradictory() && !is_unchanged => {
                return Err(StreamAborted);
            }
            EventState::Open if self.sniffer.is_not_list() => {
                self.state = EventState::Passing;
                out.append(&mut self.held);
            }
            EventState::Open if !self.has_data && self.line.is_not_data() => out.append(&mut self.held),
            _ => {}
        }
        Ok(())
    }

    fn end_line(&mut self, end: &[u8], out: &mut Vec<u8>) {
        self.has_data |= self.line.head == b"data";
        // A client joins data lines by LF, which is white space between the parts of a message.
        self.line = Line::default();
        self.push_bytes(end, out);
        if self.state == EventState::Open && !self.has_data {
            out.append(&mut self.held);
        }
    }

    fn end_event(
        &mut self,
        end: &[u8],
        request: &ListRequest,
        shows: &dyn Visibility,
        out: &mut Vec<u8>,
    ) -> Result<(), StreamAborted> {
        if self.state == EventState::Open && self.has_data {
            let data = data(&self.held);
            match message::filter(&data, request.private, shows) {
                _ if request.is_unchanged => {}
                Ok(None) => {}
                Ok(Some(text)) => self.held = with_data(&self.held, &text),
                Err(Unreadable::Ambiguous) if !may_be_message(&data) => {}
                Err(Unreadable::Ambiguous) if request.ids.is_empty() && !self.sniffer.may_contain_list() => {}
                Err(why) => self.replace_event(why.message(), request)?,
            }
        }
        self.release(end, out);
        (self.line, self.sniffer, self.state, self.has_data) = Default::default();
        Ok(())
    }

    /// Drops an incomplete line other than data: half an id is another id.
    fn drop_unfinished_line(&mut self) {
        if !self.line.is_data() {
            let ends = self.held.iter().rposition(|byte| matches!(byte, b'\n' | b'\r'));
            self.held.truncate(ends.map_or(0, |end| end.saturating_add(1)));
        }
    }

    /// Replaces the event by an error.
    fn replace_event(&mut self, why: &str, request: &ListRequest) -> Result<(), StreamAborted> {
        let id = match request.ids.as_slice() {
            [only] if !request.is_batch => Some(&**only),
            _ => self.sniffer.id(),
        };
        let error = refused(Some(id.ok_or(StreamAborted)?), why);
        self.held = with_data(&self.held, error.as_bytes());
        Ok(())
    }

    /// Forwards the held bytes of the event, and its blank line.
    fn release(&mut self, end: &[u8], out: &mut Vec<u8>) {
        // The CR and the LF are one line end now if a line between them was removed.
        if end == b"\n" && self.held.ends_with(b"\r") {
            self.held.push(b'\n');
        }
        self.push_bytes(end, out);
        out.append(&mut self.held);
    }

    /// Holds, forwards or drops bytes of the event, by its state.
    fn push_bytes(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        match self.state {
            EventState::Open => self.held.extend_from_slice(bytes),
            EventState::Passing => out.extend_from_slice(bytes),
            EventState::Dropped => {}
        }
    }
}

impl Line {
    /// Takes the next part of the line, and returns the data in it.
    fn push<'t>(&mut self, text: &'t [u8]) -> &'t [u8] {
        let missing = DATA.len().saturating_sub(self.head.len()).min(text.len());
        let (head, rest) = text.split_at_checked(missing).unwrap_or_default();
        self.head.extend_from_slice(head);
        if self.is_data() { rest } else { &[] }
    }

    fn is_data(&self) -> bool {
        self.head == DATA
    }

    /// Whether the line is known not to be a data line.
    fn is_not_data(&self) -> bool {
        !DATA.starts_with(&self.head)
    }
}

/// Whether any client can read a text as a message. Other texts are, for example, the address in an `endpoint` event.
fn may_be_message(data: &[u8]) -> bool {
    matches!(data.trim_ascii_start().first(), Some(b'{' | b'[' | 0xEF))
}
