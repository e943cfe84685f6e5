//! Takes out of a response what the caller may not see: entries of lists, and an event stream that opens the transport of
//! revision 2024-11-05.
//!
//! What is held back is taken out of Envoy's buffer, which has no room for long responses, and goes on with the chunk that
//! completes it.

use log::Level;

use crate::{
    config::Config,
    engine::{self, BoundRequest, lists},
    filter::{audit, host},
    mcp::{
        ResponseFormat,
        answer::{self, Reply},
        legacy_sse::{EndpointGuard, Forwarded, LegacyEndpoint},
        refusal_text::UNKNOWN_FORMAT,
    },
};

use super::{
    Enforced, Forward, INCOMPLETE, ResponseAborted, head::ResponseHead, policy_list::PolicyListStream,
    record::ResponseRecord,
};

/// What is taken out of a response.
#[derive(Debug)]
pub(super) enum ResponseFilter {
    /// Nothing.
    Inactive,
    /// Entries of lists, if its head says that it can be read.
    Lists(Box<lists::ListFilter>, ResponseRecord),
    /// The same, and what opens the old transport, if some client may read it as an event stream.
    Stream { guard: Option<Box<EndpointGuard>>, lists: Option<Box<lists::ListFilter>>, record: ResponseRecord },
    /// Its body is coming.
    Body(Box<BodyFilter>),
}

/// Filters one body.
#[derive(Debug)]
pub(super) struct BodyFilter {
    guard: Option<Box<EndpointGuard>>,
    lists: Option<PolicyListStream>,
    /// The record of the request, to be written again if a list loses entries.
    record: ResponseRecord,
    /// Whether nothing goes on before the last chunk.
    is_whole: bool,
}

/// What goes on of a chunk.
enum FilteredChunk {
    Bytes(Vec<u8>),
    /// In place of it, an event that says why the stream is refused.
    LastEvent,
}

const UNREADABLE: ResponseAborted = ResponseAborted("Envoy does not return the response");
const UNREADABLE_STREAM: &str = "a stream that cannot be read was not passed on";
const WITHOUT_HEAD: ResponseAborted = ResponseAborted("a response comes without its head");

impl ResponseFilter {
    /// For the response to a message; `lists` if it lists what the caller may not see.
    pub(super) fn for_message(lists: Option<Box<lists::ListFilter>>, record: &ResponseRecord) -> Self {
        lists.map_or(Self::Inactive, |lists| Self::Lists(lists, record.clone()))
    }

    /// For the response to a request that carries no message.
    pub(super) fn for_request_without_message(
        config: &Config,
        request: &BoundRequest,
        record: &ResponseRecord,
    ) -> Self {
        let guard = engine::blocks_legacy_sse(config, request).then(Box::default);
        match (guard, lists::filter_for_stream(config, request)) {
            (None, None) => Self::Inactive,
            (guard, lists) => Self::Stream { guard, lists: lists.map(Box::new), record: record.clone() },
        }
    }

    /// Whether it needs anything of the response.
    pub(super) fn is_active(&self) -> bool {
        !matches!(self, Self::Inactive)
    }

    /// The bytes that are held.
    pub(super) fn held(&self) -> usize {
        let Self::Body(body) = self else { return 0 };
        let BodyFilter { guard, lists, .. } = &**body;
        let lists = lists.as_ref().map_or(0, |lists| lists.held());
        lists.saturating_add(guard.as_ref().map_or(0, |guard| guard.held_bytes()))
    }

    /// Takes the head; `None` if Envoy did not return it.
    ///
    /// # Errors
    /// What to reply in place of the response.
    pub(super) fn on_headers(&mut self, config: &Config, head: Option<&ResponseHead>) -> Result<(), Reply> {
        if matches!(self, Self::Inactive | Self::Body(_)) {
            return Ok(());
        }
        let Some(head) = head else { return Err(self.refuse(config, UNKNOWN_FORMAT)) };
        let body = match std::mem::replace(self, Self::Inactive) {
            // An error lists nothing, whether it is Envoy's own or a server's: clients read no result in it.
            _ if !head.is_success => None,
            Self::Lists(lists, record) => BodyFilter::for_message(config, *lists, record, head)?,
            Self::Stream { guard, lists, record } if head.is_stream => {
                BodyFilter::for_request_without_message(config, guard, lists, record, head)?
            }
            Self::Inactive | Self::Stream { .. } | Self::Body(_) => None,
        };
        if let Some(body) = body {
            *self = Self::Body(Box::new(body));
        }
        Ok(())
    }

    /// Refuses the response whose head has come: records why, and returns what to reply in its place.
    pub(super) fn refuse(&self, config: &Config, why: &str) -> Reply {
        match self {
            Self::Lists(lists, record) => refuse_lists(config, lists, record, why),
            Self::Stream { record, .. } => {
                record.refuse_list(config, why);
                answer::failed()
            }
            Self::Inactive | Self::Body(_) => answer::failed(),
        }
    }

    /// Takes a chunk, for which Envoy has these bytes, and replaces them by what goes on of it; `None` if Envoy did not return it. Of
    /// the response, `room` bytes may be held besides what is held. Nothing goes on behind the chunk that `is_last`.
    ///
    /// # Errors
    /// The response has to be reset.
    pub(super) fn on_body(
        &mut self,
        config: &Config,
        chunk: Option<&[u8]>,
        held: &[u8],
        room: usize,
        is_last: bool,
    ) -> Result<Forward, ResponseAborted> {
        let body = match self {
            Self::Body(body) => body,
            Self::Inactive => return Ok(Forward::Now),
            // A server began its answer before its request was judged.
            Self::Lists(lists, _) if lists.request.is_unchanged => return Ok(Forward::Now),
            Self::Lists(..) | Self::Stream { .. } => return Err(WITHOUT_HEAD),
        };
        let chunk = chunk.ok_or(UNREADABLE)?;
        let mut passes = body.push(config, chunk, room)?;
        if let (FilteredChunk::Bytes(out), true) = (&mut passes, is_last) {
            match body.finish(config)? {
                FilteredChunk::Bytes(rest) => out.extend(rest),
                FilteredChunk::LastEvent => passes = FilteredChunk::LastEvent,
            }
        }
        let out = match passes {
            FilteredChunk::Bytes(out) => out,
            FilteredChunk::LastEvent => {
                let refused = body.record.read(|record| engine::refused_stream(record, LegacyEndpoint::REASON));
                host::replace_response_chunk(held.len(), LegacyEndpoint::last_event().as_bytes())
                    .map_err(|_| UNREADABLE)?;
                *self = Self::Inactive;
                return Ok(Forward::Last(Box::new(refused)));
            }
        };
        if out != *held {
            host::replace_response_chunk(held.len(), &out).map_err(|_| UNREADABLE)?;
        }
        if body.guard.is_none() && body.lists.is_none() {
            // Its first event was all that mattered.
            *self = Self::Inactive;
        }
        Ok(Forward::Now)
    }

    /// Takes the trailers, which end a body.
    ///
    /// # Errors
    /// The response has to be reset, without them.
    pub(super) fn on_trailers(&mut self, config: &Config) -> Result<(), ResponseAborted> {
        let Self::Body(body) = self else { return Ok(()) };
        // What opens the old transport is dropped.
        let FilteredChunk::Bytes(out) = body.finish(config)? else { return Ok(()) };
        // Envoy lets nothing be added any more. What is left of an event stream is an incomplete event, which clients ignore.
        if body.is_whole && !out.is_empty() { Err(INCOMPLETE) } else { Ok(()) }
    }

    /// Whether one text is read as a whole, and whether anything of it can be refused.
    pub(super) fn whole_text(&self) -> Option<Enforced> {
        let Self::Body(body) = self else { return None };
        let is_unchanged = body.lists.as_ref().is_some_and(PolicyListStream::is_unchanged);
        body.is_whole.then_some(!is_unchanged)
    }

    /// Whether it takes anything out of an event stream.
    pub(super) fn is_enforced_on_events(&self) -> bool {
        let Self::Body(body) = self else { return false };
        !body.is_whole && (body.guard.is_some() || body.lists.as_ref().is_some_and(|lists| !lists.is_unchanged()))
    }
}

impl BodyFilter {
    /// `None` if the body cannot be read, and nothing is enforced.
    fn for_message(
        config: &Config,
        lists: lists::ListFilter,
        record: ResponseRecord,
        head: &ResponseHead,
    ) -> Result<Option<Self>, Reply> {
        let Some(format) = head.format.filter(|_| head.is_plain) else {
            if lists.request.is_unchanged {
                return Ok(None);
            }
            if head.defers_answer(config) {
                return Err(answer::accepted_empty());
            }
            return Err(refuse_lists(config, &lists, &record, UNKNOWN_FORMAT));
        };
        Self::new(None, Some(PolicyListStream::new(lists, format)), record, format == ResponseFormat::Json).map(Some)
    }

    fn for_request_without_message(
        config: &Config,
        guard: Option<Box<EndpointGuard>>,
        lists: Option<Box<lists::ListFilter>>,
        record: ResponseRecord,
        head: &ResponseHead,
    ) -> Result<Option<Self>, Reply> {
        if !head.is_plain || head.format != Some(ResponseFormat::Sse) {
            if guard.is_none() && lists.is_none_or(|lists| lists.request.is_unchanged) {
                return Ok(None);
            }
            audit::log_line(Level::Warn, UNREADABLE_STREAM);
            record.refuse_list(config, UNREADABLE_STREAM);
            return Err(answer::failed());
        }
        let lists = lists.map(|lists| PolicyListStream::new(*lists, ResponseFormat::Sse));
        Self::new(guard, lists, record, false).map(Some)
    }

    /// Removes the length of the body, since nothing tells yet how much of it goes on.
    fn new(
        guard: Option<Box<EndpointGuard>>,
        lists: Option<PolicyListStream>,
        record: ResponseRecord,
        is_whole: bool,
    ) -> Result<Self, Reply> {
        host::remove_response_header("content-length").map_err(|_| answer::failed())?;
        Ok(Self { guard, lists, record, is_whole })
    }

    fn push(&mut self, config: &Config, chunk: &[u8], room: usize) -> Result<FilteredChunk, ResponseAborted> {
        let Some(guard) = &mut self.guard else {
            return self.filter_lists(config, chunk, room).map(FilteredChunk::Bytes);
        };
        let Ok(Forwarded { passes, is_over }) = guard.push(chunk) else {
            return Ok(FilteredChunk::LastEvent);
        };
        if is_over {
            self.guard = None;
        }
        self.filter_lists(config, &passes, room).map(FilteredChunk::Bytes)
    }

    fn finish(&mut self, config: &Config) -> Result<FilteredChunk, ResponseAborted> {
        let rest = match self.guard.take() {
            None => Vec::new(),
            Some(mut guard) => match guard.rest() {
                Ok(rest) => rest,
                Err(LegacyEndpoint) => return Ok(FilteredChunk::LastEvent),
            },
        };
        let mut out = self.filter_lists(config, &rest, 0)?;
        if let Some(lists) = &mut self.lists {
            let end = lists.end(config);
            lists.record_lost(config, &self.record);
            out.extend(end?);
        }
        Ok(FilteredChunk::Bytes(out))
    }

    fn filter_lists(&mut self, config: &Config, chunk: &[u8], room: usize) -> Result<Vec<u8>, ResponseAborted> {
        let Some(lists) = &mut self.lists else { return Ok(chunk.to_vec()) };
        let out = lists.push(config, chunk, room);
        // Also if that ends the stream.
        lists.record_lost(config, &self.record);
        out
    }
}

/// Refuses the lists in the response to a message.
fn refuse_lists(config: &Config, lists: &lists::ListFilter, record: &ResponseRecord, why: &str) -> Reply {
    record.refuse_list(config, why);
    Reply { status: 200, retry_after: None, body: lists.request.refused(why) }
}
