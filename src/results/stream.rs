//! The chunks of one response. A message is held until it is complete, and judged as a whole: what goes on does not depend on how
//! the response was cut.

use super::{
    events::Events,
    inspected::MessageKind,
    judge::{Inspections, Judged, ResultReport, ResultWork},
    refusal::{RefusalReply, ResultRefusal},
};
use crate::mcp::{ResponseFormat, sse};

/// The request whose answer is judged.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ResultRequest {
    /// The ids of its requests, as they were sent. Empty for a stream that a GET opens.
    pub ids: Vec<String>,
    /// Whether it was a batch.
    pub is_batch: bool,
    /// Whether its stream stays open for messages of any call. So does one that a GET opens.
    pub is_subscription: bool,
    /// How its answer is refused.
    pub reply: RefusalReply,
}

/// Judges one response.
#[derive(Debug)]
pub struct ResultStream {
    pub(super) request: ResultRequest,
    pub(super) inspections: Inspections,
    pub(super) report: ResultReport,
    /// For the current result: a call's answer, and the messages before it.
    pub(super) work: ResultWork,
    /// How many bytes longer the messages may get by their replacements, as far as is known.
    pub(super) room: usize,
    /// The calls whose answers have not come.
    open_calls: usize,
    /// Whether the whole text is a message, since the server says so: clients decode one as they like, whatever it begins with.
    is_message: bool,
    form: Form,
}

#[derive(Debug)]
enum Form {
    /// One message, several in an array, or another text, held up to its end.
    Whole(Vec<u8>),
    Events(Events),
    /// Only rules in shadow apply, and it is longer than they look at.
    Passing,
    /// Replaced by an error.
    Refused(ResultRefusal),
}

impl ResultRequest {
    /// The message in place of the whole answer.
    #[must_use]
    pub fn refused(&self, why: &ResultRefusal) -> String {
        let errors: Vec<String> = self.ids.iter().map(|id| self.reply.write(Some(id), why)).collect();
        match errors.as_slice() {
            [] => self.reply.write(None, why),
            [only] if !self.is_batch => only.clone(),
            _ => format!("[{}]", errors.join(",")),
        }
    }

    /// Whether each message of its stream counts as a result of its own: the stream has no end, so work for all of it
    /// would end some day.
    pub(super) fn is_open_ended(&self) -> bool {
        self.is_subscription || self.ids.is_empty()
    }

    /// Whether a message with this id answers a call that its client waits for. On a stream for any call, it may.
    pub(super) fn may_wait_for(&self, id: &str) -> bool {
        self.is_open_ended() || self.ids.iter().any(|asked| asked == id)
    }

    /// The id of the only request.
    pub(super) fn only_id(&self) -> Option<&str> {
        match self.ids.as_slice() {
            [only] if !self.is_batch => Some(only),
            _ => None,
        }
    }
}

impl ResultStream {
    /// Judges a response in this format; a text if it has none, such as an error that a proxy writes.
    #[must_use]
    pub fn new(request: ResultRequest, inspections: Inspections, format: Option<ResponseFormat>) -> Self {
        let form = match format {
            Some(ResponseFormat::Sse) => Form::Events(Events::default()),
            Some(ResponseFormat::Json) | None => Form::Whole(Vec::new()),
        };
        let open_calls = request.ids.len();
        let is_message = format == Some(ResponseFormat::Json);
        let (report, work) = (ResultReport::default(), ResultWork::default());
        Self { request, inspections, report, work, room: 0, open_calls, is_message, form }
    }

    /// Takes the next chunk, and returns the bytes to forward now. Of the response, `room` bytes may be held besides what is
    /// held.
    #[must_use]
    pub fn push(&mut self, chunk: &[u8], room: usize) -> Vec<u8> {
        self.room = room.saturating_sub(chunk.len());
        match &mut self.form {
            Form::Whole(text) => {
                let length = text.len().saturating_add(chunk.len());
                let max = self.inspections.max_bytes();
                if length <= max && chunk.len() <= room {
                    sse::append(text, chunk);
                    return Vec::new();
                }
                let why = if length > max { self.inspections.too_large() } else { ResultRefusal::NoRoom };
                if self.inspections.enforced.is_none() {
                    let mut held = std::mem::take(text);
                    sse::append(&mut held, chunk);
                    self.report.shadow_refusal.get_or_insert(why);
                    self.form = Form::Passing;
                    return held;
                }
                self.report.refusal.get_or_insert_with(|| why.clone());
                self.form = Form::Refused(why);
                Vec::new()
            }
            Form::Events(events) => {
                let mut events = std::mem::take(events);
                let out = events.push(chunk, room, self);
                self.form = Form::Events(events);
                out
            }
            Form::Passing => chunk.to_vec(),
            Form::Refused(_) => Vec::new(),
        }
    }

    /// The bytes to forward at the end of the response.
    #[must_use]
    pub fn end(&mut self) -> Vec<u8> {
        match std::mem::replace(&mut self.form, Form::Passing) {
            Form::Whole(text) if text.is_empty() => Vec::new(),
            Form::Whole(text) => {
                let is_message = self.is_message || matches!(text.trim_ascii_start().first(), Some(b'{' | b'[' | 0xEF));
                match self.inspections.judge(&text, is_message, self.room, &self.work, &mut self.report).0 {
                    Judged::Same => text,
                    Judged::Rewritten(text) => text,
                    Judged::Refused(why) => self.request.refused(&why).into_bytes(),
                }
            }
            Form::Events(mut events) => events.end(self),
            Form::Refused(why) => self.request.refused(&why).into_bytes(),
            Form::Passing => Vec::new(),
        }
    }

    /// Gives the next result work of its own after a message of these kinds, if that was an answer: as often as there are calls,
    /// so that no server gets more by answers to other ids.
    pub(super) fn begin_next_result(&mut self, kinds: &[MessageKind]) {
        let is_answer =
            |kind: &MessageKind| kind.is_response() && kind.id.as_ref().is_some_and(|id| self.request.ids.contains(id));
        if self.request.is_open_ended() {
            self.work = ResultWork::default();
        } else if self.open_calls > 0 && kinds.iter().any(is_answer) {
            self.open_calls = self.open_calls.saturating_sub(1);
            self.work = ResultWork::default();
        }
    }

    /// The bytes that are held.
    #[must_use]
    pub fn held(&self) -> usize {
        match &self.form {
            Form::Whole(text) => text.len(),
            Form::Events(events) => events.held(),
            Form::Passing | Form::Refused(_) => 0,
        }
    }

    /// Whether nothing goes on before the end.
    #[must_use]
    pub fn holds_all(&self) -> bool {
        matches!(self.form, Form::Whole(_) | Form::Refused(_))
    }

    /// Whether anything can be refused or rewritten: not if all rules are in shadow.
    #[must_use]
    pub fn is_enforced(&self) -> bool {
        self.inspections.enforced.is_some()
    }

    /// What was found and refused since the last time.
    #[must_use]
    pub fn take_report(&mut self) -> ResultReport {
        std::mem::take(&mut self.report)
    }
}
