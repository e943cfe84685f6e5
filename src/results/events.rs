//! The messages of an event stream, each judged when its event is complete.
//!
//! Comments and other lines before the data of an event go on as they come; from its first data line on, the event is held up to
//! its blank line, without which no client acts on it. A stream never breaks: where something is refused, an event says why.

use std::slice;

use crate::{
    json::{NameComparison, Reader},
    mcp::{
        Id,
        sse::{EventPart, EventState, HeldEvent, data, lines, may_be_message, parse_field, with_data},
    },
};

use super::{inspected::MessageKind, judge::Judged, refusal::ResultRefusal, stream::ResultStream};

/// Judges the events of one stream.
#[derive(Debug, Default)]
pub(super) struct Events {
    event: HeldEvent,
    /// Bytes of its message, and of the value of the current line.
    message: usize,
    value: usize,
    /// Why answers on this stream are refused.
    refusal: Option<ResultRefusal>,
    /// The requests that have their answer: an error. A second one goes nowhere.
    answered: Vec<String>,
}

/// What becomes of the message of an event.
enum Fate {
    Keep,
    Replace(Vec<u8>),
    Drop,
}

/// Bytes of other lines in an event that are held with its data.
const MAX_OTHER_LINES: usize = 16 * 1024;
/// Errors in place of one message: as many as a batch may have requests. An error is much longer than what it answers.
const MAX_ERRORS: usize = 64;
/// A message that is cut off is read as deep as others.
const MAX_DEPTH: u32 = 128;

impl Events {
    /// Takes the next chunk, and returns the bytes to forward now.
    pub(super) fn push(&mut self, mut chunk: &[u8], room: usize, stream: &mut ResultStream) -> Vec<u8> {
        let mut out = Vec::with_capacity(chunk.len());
        let start = self.event.bytes.len();
        let max = stream.inspections.max_bytes();
        loop {
            let left = max.saturating_sub(self.message).saturating_add(1);
            match self.event.next(&mut chunk, left, &mut out) {
                Some(EventPart::Text(value)) => self.push_value(value),
                Some(EventPart::LineEnd) => self.value = 0,
                Some(EventPart::End(end)) => self.end_event(end, stream, &mut out),
                Some(EventPart::Ignored) => {}
                None => return out,
            }
            if self.event.state == EventState::Held && self.event.has_data {
                let held = self.event.bytes.len();
                if self.message > max || held > max.saturating_add(MAX_OTHER_LINES) {
                    self.overflow(stream.inspections.too_large(), stream, &mut out);
                } else if held.saturating_sub(start) > room {
                    self.overflow(ResultRefusal::NoRoom, stream, &mut out);
                }
            }
        }
    }

    /// The bytes to forward at the end of the stream. Some clients act on a last event that lacks its blank line.
    pub(super) fn end(&mut self, stream: &mut ResultStream) -> Vec<u8> {
        let mut out = Vec::new();
        self.end_event(b"", stream, &mut out);
        out
    }

    pub(super) fn held(&self) -> usize {
        self.event.bytes.len()
    }

    /// Counts the bytes of a message in a part of a line.
    fn push_value(&mut self, value: &[u8]) {
        // One space before a value is not a part of it.
        let space = usize::from(self.value == 0 && value.first() == Some(&b' '));
        self.value = self.value.saturating_add(value.len());
        self.message = self.message.saturating_add(value.len().saturating_sub(space));
    }

    fn end_event(&mut self, end: &[u8], stream: &mut ResultStream, out: &mut Vec<u8>) {
        if self.event.state == EventState::Held && self.event.has_data {
            let data = data(&self.event.bytes);
            let fate = self.judge(&data, stream);
            drop(data);
            match fate {
                Fate::Keep => {}
                Fate::Replace(text) => self.event.bytes = with_data(&self.event.bytes, &text),
                Fate::Drop => self.drop_data(),
            }
        }
        self.event.end(end, out);
        (self.message, self.value) = (0, 0);
    }

    /// Judges the message of an event.
    fn judge(&mut self, data: &[u8], stream: &mut ResultStream) -> Fate {
        if data.is_empty() {
            return Fate::Keep;
        }
        let (judged, mut kinds) =
            stream.inspections.judge(data, may_be_message(data), stream.room, &stream.work, &mut stream.report);
        stream.begin_next_result(&kinds);
        // Rules that only say a size read no message.
        if kinds.is_empty() && self.refusal.is_some() && matches!(data.trim_ascii_start().first(), Some(b'{' | b'[')) {
            kinds.push(read_front(data));
        }
        let answers = || kinds.iter().filter(|kind| kind.is_response()).filter_map(|kind| kind.id.as_deref());
        match judged {
            Judged::Refused(why) => {
                self.note_refusal(&kinds, &why, stream);
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

    /// Notes why the answers that follow are refused. Where calls are not known, those that follow an answer are of other ones.
    fn note_refusal(&mut self, kinds: &[MessageKind], why: &ResultRefusal, stream: &ResultStream) {
        if !(stream.request.is_open_ended() && kinds.iter().any(MessageKind::is_response)) {
            self.refusal.get_or_insert_with(|| why.clone());
        }
    }

    /// Refuses messages of these kinds: answers become errors, one for each call that may wait for it. A request of the server that is
    /// dropped would never be answered, and an answer with another id ends no call. So then the call gets its error at once.
    fn refuse(&mut self, kinds: &[MessageKind], why: &ResultRefusal, stream: &ResultStream) -> Fate {
        let mut ids: Vec<String> = Vec::new();
        for id in kinds.iter().filter(|kind| kind.is_response()).filter_map(|kind| kind.id.as_ref()) {
            if ids.len() < MAX_ERRORS && !ids.contains(id) && stream.request.may_wait_for(id) {
                ids.push(id.clone());
            }
        }
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
            self.event.pass(out);
            return;
        }
        stream.report.refusal.get_or_insert_with(|| why.clone());
        let front = read_front(&data(&self.event.bytes));
        self.note_refusal(slice::from_ref(&front), &why, stream);
        self.event.drop_unfinished_line();
        let fate = match front {
            // A notification belongs to no request: the answer will say why.
            MessageKind { id: None, has_method: true } => Fate::Drop,
            MessageKind { id: None, has_method: false } => self.refuse_unknown(&why, stream),
            kind => self.refuse(&[kind], &why, stream),
        };
        match fate {
            Fate::Replace(text) => {
                self.event.bytes = with_data(&self.event.bytes, &text);
                self.event.release(b"\n", out);
            }
            // The lines that have gone on are an event without data, which clients ignore.
            Fate::Keep | Fate::Drop => {
                self.drop_data();
                self.event.release(b"\n", out);
            }
        }
        self.event.state = EventState::Dropped;
    }

    /// Drops the data lines of the event. Its id counts all the same: a client resumes behind it.
    fn drop_data(&mut self) {
        let mut rest = Vec::new();
        for (line, end) in lines(&self.event.bytes) {
            if parse_field(line).0 != b"data" {
                rest.extend_from_slice(line);
                rest.extend_from_slice(end);
            }
        }
        self.event.bytes = rest;
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
