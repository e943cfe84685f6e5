//! The messages of an event stream, each trimmed when its event is complete.
//!
//! What cannot be a list goes on as it comes: comments, ids, and the data of an event from where its first members tell
//! that it lists nothing. Else an event is held back up to its blank line, without which no client acts on it.

use super::{
    IsVisible, ListRequest, StreamAborted, TOO_LONG,
    message::{self, Unreadable},
    refused,
    sniff::Sniffer,
};
use crate::mcp::sse::{Token, Tokenizer, data, field, lines};

/// Trims one stream.
#[derive(Clone, Debug, Default)]
pub(super) struct Events {
    lines: Tokenizer,
    line: Line,
    shape: Sniffer,
    fate: EventState,
    /// What is held back of the event.
    held: Vec<u8>,
    has_data: bool,
}

/// What becomes of the event that is coming.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum EventState {
    /// That is not known yet.
    #[default]
    Open,
    /// It lists nothing, so it goes on as it comes.
    Passing,
    /// Something else was sent in its place.
    Dropped,
}

/// The line that is coming.
#[derive(Clone, Debug, Default)]
struct Line {
    /// Its first bytes, as many as tell what it is.
    head: Vec<u8>,
}

const DATA: &[u8] = b"data:";

impl Events {
    /// Takes the next chunk, and answers what goes on now.
    pub(super) fn push(
        &mut self,
        mut chunk: &[u8],
        asked: &ListRequest,
        shows: IsVisible<'_>,
    ) -> Result<Vec<u8>, StreamAborted> {
        let mut out = Vec::with_capacity(chunk.len());
        while let Some(piece) = self.next(&mut chunk, asked) {
            match piece {
                Token::Text(text) => self.text(text, &mut out)?,
                Token::End(end) if self.line.head.is_empty() => self.event_ends(end, asked, shows, &mut out)?,
                Token::End(end) => self.line_ends(end, &mut out),
                Token::Ignored(byte) if self.held.is_empty() && self.fate == EventState::Open => {
                    out.extend_from_slice(byte)
                }
                Token::Ignored(byte) => self.put(byte, &mut out),
            }
            if self.has_data && self.held.len() > asked.max_bytes {
                self.drop_unfinished_line();
                self.instead(TOO_LONG, asked)?;
                self.let_go(b"\n", &mut out);
                self.fate = EventState::Dropped;
            }
        }
        Ok(out)
    }

    /// Takes the next piece: no more than is room for, since what is too long must not depend on the chunks.
    fn next<'c>(&mut self, chunk: &mut &'c [u8], asked: &ListRequest) -> Option<Token<'c>> {
        let room = match self.fate {
            EventState::Open => asked.max_bytes.saturating_sub(self.held.len()).saturating_add(1),
            EventState::Passing | EventState::Dropped => usize::MAX,
        };
        let (mut front, back) = chunk.split_at_checked(room).unwrap_or((chunk, &[]));
        let piece = self.lines.next(&mut front)?;
        let left = front.len().saturating_add(back.len());
        *chunk = chunk.get(chunk.len().saturating_sub(left)..).unwrap_or_default();
        Some(piece)
    }

    /// What goes on at the end of the stream. Some clients act on a last event that lacks its blank line.
    pub(super) fn end(&mut self, asked: &ListRequest, shows: IsVisible<'_>) -> Result<Vec<u8>, StreamAborted> {
        let mut out = Vec::new();
        self.event_ends(b"", asked, shows, &mut out)?;
        Ok(out)
    }

    fn text(&mut self, text: &[u8], out: &mut Vec<u8>) -> Result<(), StreamAborted> {
        let value = self.line.hear(text);
        self.has_data |= self.line.is_data();
        self.shape.push(value);
        self.put(text, out);
        match self.fate {
            // Its front is gone, or would be, had it come in smaller chunks.
            EventState::Open | EventState::Passing if self.shape.is_contradictory() => return Err(StreamAborted),
            EventState::Open if self.shape.is_not_list() => {
                self.fate = EventState::Passing;
                out.append(&mut self.held);
            }
            EventState::Open if !self.has_data && self.line.is_told() => out.append(&mut self.held),
            _ => {}
        }
        Ok(())
    }

    fn line_ends(&mut self, end: &[u8], out: &mut Vec<u8>) {
        self.has_data |= self.line.head == b"data";
        // Lines are joined by LF, which is nothing but white space between the parts of a message.
        self.line = Line::default();
        self.put(end, out);
        if self.fate == EventState::Open && !self.has_data {
            out.append(&mut self.held);
        }
    }

    fn event_ends(
        &mut self,
        end: &[u8],
        asked: &ListRequest,
        shows: IsVisible<'_>,
        out: &mut Vec<u8>,
    ) -> Result<(), StreamAborted> {
        if self.fate == EventState::Open && self.has_data {
            let data = data(&self.held);
            match message::filter(&data, asked.is_cacheable, shows) {
                Ok(None) => {}
                Ok(Some(text)) => self.held = rewritten(&self.held, &text),
                Err(Unreadable::Ambiguous) if !may_be_message(&data) => {}
                Err(Unreadable::Ambiguous) if asked.ids.is_empty() && !self.shape.may_list() => {}
                Err(why) => self.instead(why.message(), asked)?,
            }
        }
        self.let_go(end, out);
        (self.line, self.shape, self.fate, self.has_data) = Default::default();
        Ok(())
    }

    /// Forgets a line that is no data and not complete: half an id is another id.
    fn drop_unfinished_line(&mut self) {
        if !self.line.is_data() {
            let ends = self.held.iter().rposition(|byte| matches!(byte, b'\n' | b'\r'));
            self.held.truncate(ends.map_or(0, |end| end.saturating_add(1)));
        }
    }

    /// Puts an error in the place of the event.
    fn instead(&mut self, why: &str, asked: &ListRequest) -> Result<(), StreamAborted> {
        let id = match asked.ids.as_slice() {
            [only] if !asked.is_batch => Some(&**only),
            _ => self.shape.id(),
        };
        let error = refused(Some(id.ok_or(StreamAborted)?), why);
        self.held = rewritten(&self.held, error.as_bytes());
        Ok(())
    }

    /// Lets go what is held back of the event, and its blank line.
    fn let_go(&mut self, end: &[u8], out: &mut Vec<u8>) {
        // A line that was taken out may have kept a CR and an LF apart, which are one end.
        if end == b"\n" && self.held.ends_with(b"\r") {
            self.held.push(b'\n');
        }
        self.put(end, out);
        out.append(&mut self.held);
    }

    /// Lets bytes of the event go, as its fate wants.
    fn put(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        match self.fate {
            EventState::Open => self.held.extend_from_slice(bytes),
            EventState::Passing => out.extend_from_slice(bytes),
            EventState::Dropped => {}
        }
    }
}

impl Line {
    /// Takes the next part of the line, and answers what of it is data.
    fn hear<'t>(&mut self, text: &'t [u8]) -> &'t [u8] {
        let missing = DATA.len().saturating_sub(self.head.len()).min(text.len());
        let (head, rest) = text.split_at_checked(missing).unwrap_or_default();
        self.head.extend_from_slice(head);
        if self.is_data() { rest } else { &[] }
    }

    fn is_data(&self) -> bool {
        self.head == DATA
    }

    /// Whether enough of the line has come to tell whether it is data.
    fn is_told(&self) -> bool {
        !DATA.starts_with(&self.head)
    }
}

/// Whether any client can read a text as a message. Others tell an id, or open the transport of 2024-11-05.
fn may_be_message(data: &[u8]) -> bool {
    matches!(data.trim_ascii_start().first(), Some(b'{' | b'[' | 0xEF))
}

/// An event with other data, and everything else as it stands; each line has its end.
fn rewritten(event: &[u8], text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut is_written = false;
    for (line, end) in lines(event) {
        let end = if end.is_empty() { b"\n" } else { end };
        if field(line).0 != b"data" {
            out.extend_from_slice(line);
            out.extend_from_slice(end);
        } else if !std::mem::replace(&mut is_written, true) {
            for part in text.split(|byte| *byte == b'\n') {
                out.extend_from_slice(b"data: ");
                out.extend_from_slice(part);
                out.extend_from_slice(end);
            }
        }
    }
    out
}
