//! The messages of an event stream, each judged when its event is complete.
//!
//! Comments and other lines before the data of an event go on as they come; from its first data line on, the event is held up to
//! its blank line, without which no client acts on it. A stream never breaks: where something is refused, an event says why.

use crate::{
    json::{NameComparison, Reader},
    mcp::{
        Id,
        sse::{StreamPart, Tokenizer, data, with_data},
    },
};

use super::{judge::Judged, refusal::ResultRefusal, stream::ResultStream, walk::MessageKind};

/// Judges the events of one stream.
#[derive(Debug, Default)]
pub(super) struct Events {
    lines: Tokenizer,
    line: Line,
    /// The bytes of the current event that are held.
    held: Vec<u8>,
    /// Bytes of its message.
    message: usize,
    has_data: bool,
    state: State,
    /// Why answers on this stream are refused.
    refusal: Option<ResultRefusal>,
    /// The requests that have their answer: an error. A second one goes nowhere.
    answered: Vec<String>,
}

/// What happens to the current event.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Held,
    /// It is too long for rules that only report.
    Passing,
    /// Another event was sent in its place.
    Dropped,
}

/// The current line.
#[derive(Debug, Default)]
struct Line {
    /// Its first bytes: enough to see whether it is a data line.
    head: Vec<u8>,
    /// Bytes of its value.
    value: usize,
}

/// What becomes of the message of an event.
enum Fate {
    Keep,
    Replace(Vec<u8>),
    Drop,
}

const DATA: &[u8] = b"data:";
/// Bytes of other lines in an event that are held with its data.
const MAX_OTHER_LINES: usize = 16 * 1024;
/// A message that is cut off is read as deep as others.
const MAX_DEPTH: u32 = 128;

impl Events {
    /// Takes the next chunk, and returns the bytes to forward now.
    pub(super) fn push(&mut self, mut chunk: &[u8], room: usize, stream: &mut ResultStream) -> Vec<u8> {
        let mut out = Vec::with_capacity(chunk.len());
        let start = self.held.len();
        let max = stream.inspections.max_bytes();
        while let Some(part) = self.next(&mut chunk, max) {
            match part {
                StreamPart::Text(text) => self.push_text(text, &mut out),
                StreamPart::End(end) if self.line.head.is_empty() => self.end_event(end, stream, &mut out),
                StreamPart::End(end) => self.end_line(end, &mut out),
                StreamPart::Ignored(byte) if self.held.is_empty() && self.state == State::Held => {
                    out.extend_from_slice(byte)
                }
                StreamPart::Ignored(byte) => self.push_bytes(byte, &mut out),
            }
            if self.state == State::Held && self.has_data {
                let is_long = self.message > max || self.held.len() > max.saturating_add(MAX_OTHER_LINES);
                if is_long {
                    self.overflow(stream.inspections.too_large(), stream, &mut out);
                } else if self.held.len().saturating_sub(start) > room {
                    self.overflow(ResultRefusal::NoRoom, stream, &mut out);
                }
            }
        }
        out
    }

    /// The bytes to forward at the end of the stream. Some clients act on a last event that lacks its blank line.
    pub(super) fn end(&mut self, stream: &mut ResultStream) -> Vec<u8> {
        let mut out = Vec::new();
        self.end_event(b"", stream, &mut out);
        out
    }

    pub(super) fn held(&self) -> usize {
        self.held.len()
    }

    /// Takes the next part, up to what may still be held: which event is too long must not depend on the chunks.
    fn next<'c>(&mut self, chunk: &mut &'c [u8], max: usize) -> Option<StreamPart<'c>> {
        let room = match self.state {
            State::Held => max.saturating_sub(self.message).saturating_add(1),
            State::Passing | State::Dropped => usize::MAX,
        };
        let (mut front, back) = chunk.split_at_checked(room).unwrap_or((chunk, &[]));
        let part = self.lines.next(&mut front)?;
        let left = front.len().saturating_add(back.len());
        *chunk = chunk.get(chunk.len().saturating_sub(left)..).unwrap_or_default();
        Some(part)
    }

    fn push_text(&mut self, text: &[u8], out: &mut Vec<u8>) {
        self.message = self.message.saturating_add(self.line.push(text));
        self.has_data |= self.line.is_data();
        self.push_bytes(text, out);
        if self.state == State::Held && !self.has_data && self.line.is_not_data() {
            out.append(&mut self.held);
        }
    }

    fn end_line(&mut self, end: &[u8], out: &mut Vec<u8>) {
        self.has_data |= self.line.head == b"data";
        self.line = Line::default();
        self.push_bytes(end, out);
        if self.state == State::Held && !self.has_data {
            out.append(&mut self.held);
        }
    }

    fn end_event(&mut self, end: &[u8], stream: &mut ResultStream, out: &mut Vec<u8>) {
        if self.state == State::Held && self.has_data {
            match self.judge(&data(&self.held), stream) {
                Fate::Keep => {}
                Fate::Replace(text) => self.held = with_data(&self.held, &text),
                Fate::Drop => self.drop_data(),
            }
        }
        self.release(end, out);
        (self.line, self.message, self.state, self.has_data) = Default::default();
    }

    /// Judges the message of an event.
    fn judge(&mut self, data: &[u8], stream: &mut ResultStream) -> Fate {
        if data.is_empty() {
            return Fate::Keep;
        }
        let (judged, mut kinds) = stream.inspections.judge(data, &mut stream.report);
        // Rules that only say a size read no message.
        if kinds.is_empty() && self.refusal.is_some() && matches!(data.trim_ascii_start().first(), Some(b'{' | b'[')) {
            kinds.push(read_front(data));
        }
        let answers = || kinds.iter().filter(|kind| kind.is_response()).filter_map(|kind| kind.id.as_deref());
        match judged {
            Judged::Refused(why) => {
                self.refusal.get_or_insert_with(|| why.clone());
                if matches!(why, ResultRefusal::Unreadable) {
                    return self.refuse_unknown(&why, stream);
                }
                // A notification is dropped, and the answer to the call will be an error.
                self.refuse(&kinds, &why, stream)
            }
            // An answer whose place an error has taken.
            _ if answers().any(|id| self.answered.iter().any(|other| other == id)) => Fate::Drop,
            Judged::Same | Judged::Rewritten(_)
                if self.refusal.is_some() && kinds.iter().any(MessageKind::is_response) =>
            {
                match self.refusal.clone() {
                    Some(why) => self.refuse(&kinds, &why, stream),
                    None => Fate::Drop,
                }
            }
            Judged::Same => Fate::Keep,
            Judged::Rewritten(text) => Fate::Replace(text),
        }
    }

    /// Refuses messages of these kinds: answers become errors. A request of the server that is dropped would never be answered, so the
    /// call gets its error at once.
    fn refuse(&mut self, kinds: &[MessageKind], why: &ResultRefusal, stream: &ResultStream) -> Fate {
        let mut ids: Vec<String> =
            kinds.iter().filter(|kind| kind.is_response()).filter_map(|kind| kind.id.clone()).collect();
        let is_notification = |kind: &MessageKind| kind.has_method && kind.id.is_none();
        if ids.is_empty() && (kinds.is_empty() || !kinds.iter().all(is_notification)) {
            ids.extend(stream.request.only_id().map(str::to_owned));
        }
        ids.retain(|id| !self.answered.contains(id));
        let errors: Vec<String> = ids.iter().map(|id| stream.request.reply.write(Some(id), why)).collect();
        // Of streams whose calls are not known, ids may occur again.
        self.answered.extend(ids.into_iter().filter(|id| stream.request.ids.contains(id)));
        match errors.as_slice() {
            [] => Fate::Drop,
            [only] if kinds.len() < 2 => Fate::Replace(only.clone().into_bytes()),
            several => Fate::Replace(format!("[{}]", several.join(",")).into_bytes()),
        }
    }

    /// Refuses what cannot be read.
    fn refuse_unknown(&mut self, why: &ResultRefusal, stream: &ResultStream) -> Fate {
        match self.refuse(&[], why, stream) {
            Fate::Drop => Fate::Replace(stream.request.reply.notice(why).into_bytes()),
            fate => fate,
        }
    }

    /// The event is too long to be held.
    fn overflow(&mut self, why: ResultRefusal, stream: &mut ResultStream, out: &mut Vec<u8>) {
        if stream.inspections.enforced.is_none() {
            stream.report.shadow_refusal.get_or_insert(why);
            out.append(&mut self.held);
            self.state = State::Passing;
            return;
        }
        stream.report.refusal.get_or_insert_with(|| why.clone());
        self.refusal.get_or_insert_with(|| why.clone());
        let front = read_front(&data(&self.held));
        self.drop_unfinished_line();
        let fate = match front {
            // A notification belongs to no request: the answer will say why.
            MessageKind { id: None, has_method: true } => Fate::Drop,
            MessageKind { id: None, has_method: false } => self.refuse_unknown(&why, stream),
            kind => self.refuse(&[kind], &why, stream),
        };
        match fate {
            Fate::Replace(text) => {
                self.held = with_data(&self.held, &text);
                self.release(b"\n", out);
            }
            // The lines that have gone on are an event without data, which clients ignore.
            Fate::Keep | Fate::Drop => {
                self.drop_data();
                self.release(b"\n", out);
            }
        }
        self.state = State::Dropped;
    }

    /// Drops an incomplete line other than data: half an id is another id.
    fn drop_unfinished_line(&mut self) {
        if !self.line.is_data() {
            let ends = self.held.iter().rposition(|byte| matches!(byte, b'\n' | b'\r'));
            self.held.truncate(ends.map_or(0, |end| end.saturating_add(1)));
        }
    }

    /// Drops the data lines of the event. Its id counts all the same: a client resumes behind it.
    fn drop_data(&mut self) {
        let mut rest = Vec::new();
        for (line, end) in crate::mcp::sse::lines(&self.held) {
            if crate::mcp::sse::parse_field(line).0 != b"data" {
                rest.extend_from_slice(line);
                rest.extend_from_slice(end);
            }
        }
        self.held = rest;
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
            State::Held => self.held.extend_from_slice(bytes),
            State::Passing => out.extend_from_slice(bytes),
            State::Dropped => {}
        }
    }
}

impl Line {
    /// Takes the next part of the line, and returns how many bytes of a message are in it.
    fn push(&mut self, text: &[u8]) -> usize {
        let missing = DATA.len().saturating_sub(self.head.len()).min(text.len());
        let (head, value) = text.split_at_checked(missing).unwrap_or_default();
        self.head.extend_from_slice(head);
        if !self.is_data() || value.is_empty() {
            return 0;
        }
        // One space before a value is not a part of it.
        let space = usize::from(self.value == 0 && value.first() == Some(&b' '));
        self.value = self.value.saturating_add(value.len());
        value.len().saturating_sub(space)
    }

    fn is_data(&self) -> bool {
        self.head == DATA
    }

    fn is_not_data(&self) -> bool {
        !DATA.starts_with(&self.head)
    }
}

/// What the front of a message shows of it.
fn read_front(text: &[u8]) -> MessageKind {
    let mut kind = MessageKind::default();
    // The text ends somewhere, so reading it ends with a fault.
    if let Ok(mut reader) = Reader::new(text, MAX_DEPTH) {
        let _ = reader.members(NameComparison::Unchecked, |reader, name| {
            kind.has_method |= name == "method";
            if name == "id" {
                kind.id = Id::read(reader)?.map(|id| id.token().to_owned());
                return Ok(());
            }
            reader.skip().map(drop)
        });
    }
    kind
}
