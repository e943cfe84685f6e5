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
use crate::mcp::{
    notice, refusal_text,
    sse::{EventPart, EventState, HeldEvent, data, may_be_message, with_data},
};

/// Filters one stream.
#[derive(Clone, Debug, Default)]
pub(super) struct Events {
    event: HeldEvent,
    sniffer: Sniffer,
    /// Why a list was refused, the last of them.
    refusal: Option<&'static str>,
}

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
        loop {
            let room = limit.bytes.saturating_sub(self.event.bytes.len()).saturating_add(1);
            match self.event.next(&mut chunk, room, &mut out) {
                Some(EventPart::Text(value)) => self.push_value(value, request.is_unchanged, &mut out)?,
                Some(EventPart::End(end)) => self.end_event(end, request, shows, &mut out)?,
                // A client joins data lines by LF, which is white space between the parts of a message.
                Some(EventPart::LineEnd | EventPart::Ignored) => {}
                None => return Ok(out),
            }
            if self.event.has_data && self.event.bytes.len() > limit.bytes && request.is_unchanged {
                self.event.pass(&mut out);
            } else if self.event.has_data && self.event.bytes.len() > limit.bytes {
                self.event.drop_unfinished_line();
                self.replace_event(limit.reason, request)?;
                self.event.release(b"\n", &mut out);
                self.event.state = EventState::Dropped;
            }
        }
    }

    /// The bytes that are held.
    pub(super) fn held(&self) -> usize {
        self.event.bytes.len()
    }

    /// Why a list was refused, if one was.
    pub(super) fn refusal(&self) -> Option<&'static str> {
        self.refusal
    }

    /// The bytes to forward at the end of the stream. Some clients act on a last event that lacks its blank line.
    pub(super) fn end(&mut self, request: &ListRequest, shows: &dyn Visibility) -> Result<Vec<u8>, StreamAborted> {
        let mut out = Vec::new();
        self.end_event(b"", request, shows, &mut out)?;
        Ok(out)
    }

    fn push_value(&mut self, value: &[u8], is_unchanged: bool, out: &mut Vec<u8>) -> Result<(), StreamAborted> {
        self.sniffer.push(value);
        match self.event.state {
            // Its front has been forwarded, or would have been, had it come in smaller chunks.
            EventState::Held | EventState::Passing if self.sniffer.is_contradictory() && !is_unchanged => {
                self.refusal = Some(Unreadable::Ambiguous.message());
                return Err(StreamAborted);
            }
            EventState::Held if self.sniffer.is_not_list() => self.event.pass(out),
            _ => {}
        }
        Ok(())
    }

    fn end_event(
        &mut self,
        end: &[u8],
        request: &ListRequest,
        shows: &dyn Visibility,
        out: &mut Vec<u8>,
    ) -> Result<(), StreamAborted> {
        if self.event.state == EventState::Held && self.event.has_data {
            let data = data(&self.event.bytes);
            match message::filter(&data, request.private, shows) {
                _ if request.is_unchanged => {}
                Ok(None) => {}
                Ok(Some(text)) => self.event.bytes = with_data(&self.event.bytes, &text),
                Err(Unreadable::Ambiguous) if !may_be_message(&data) => {}
                // It answers nothing that is known, so the stream need not end.
                Err(Unreadable::Ambiguous) if !self.sniffer.may_contain_list() && self.id(request).is_none() => {
                    let dropped = notice::dropped(refusal_text::UNREADABLE_MESSAGE);
                    self.event.bytes = with_data(&self.event.bytes, dropped.as_bytes());
                }
                Err(why) => self.replace_event(why.message(), request)?,
            }
        }
        self.event.end(end, out);
        self.sniffer = Sniffer::default();
        Ok(())
    }

    /// Replaces the event by an error.
    fn replace_event(&mut self, why: &'static str, request: &ListRequest) -> Result<(), StreamAborted> {
        self.refusal = Some(why);
        let error = refused(Some(self.id(request).ok_or(StreamAborted)?), why);
        self.event.bytes = with_data(&self.event.bytes, error.as_bytes());
        Ok(())
    }

    /// The id that an error in place of the event has.
    fn id<'i>(&'i self, request: &'i ListRequest) -> Option<&'i str> {
        match request.ids.as_slice() {
            [only] if !request.is_batch => Some(only),
            _ => self.sniffer.id(),
        }
    }
}
