//! The response to a forwarded request, on its way through this filter. Its head and each chunk are read once, if anything here
//! needs them, and handed on:
//!
//! * [`refund`] gives back what the call was charged, if it did not reach a server or failed there
//! * [`UniformEvents`] leaves of an event stream what all clients read alike, if anything in it is enforced
//! * [`results`] judges what the answer to a call holds
//! * [`filter`] takes out what the caller may not see
//! * [`whole_text`] finds the end of an answer that is read as a whole

mod filter;
mod head;
mod policy_list;
mod record;
mod refund;
mod results;
mod whole_text;

use std::sync::Arc;

use log::Level;

use crate::{
    audit::AuditRecord,
    config::{Config, Refund},
    engine::{
        self, BoundRequest,
        elicitation::SessionWatch,
        lists::ListFilter,
        refund::Receipt,
        results::{ResultFilter, filter_for_stream},
    },
    mcp::{
        ResponseFormat, UniformEvents,
        answer::{self, Reply},
        refusal_text::OTHER_ROUTE,
    },
};

use self::{
    filter::ResponseFilter,
    head::ResponseHead,
    record::ResponseRecord,
    refund::PendingRefund,
    results::ResultStage,
    whole_text::{Enforced, WholeText},
};
use super::{attributes, audit, host, lease::Lease, shared_data::SharedData};

/// What happens to a response.
#[derive(Debug)]
pub(super) struct ResponseHandler {
    refund: Option<PendingRefund>,
    filter: ResponseFilter,
    results: Option<Box<ResultStage>>,
    /// Whose session it opens, if its client shows pages to its user.
    session: Option<Box<SessionWatch>>,
    /// The route that must still be Envoy's, where the policy was chosen by it and a header was removed since.
    route: Option<Arc<str>>,
    /// Where its body ends, if that is read as a whole.
    text: Option<WholeText>,
    /// Whether its request asks for an event stream by GET.
    asks_for_events: bool,
    /// Leaves of an event stream what all clients read alike, if anything in it is enforced.
    events: Option<Box<UniformEvents>>,
}

/// What becomes of a chunk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Forward {
    /// It goes on, as it now is.
    Now,
    /// It goes on, as it now is, and is the last: the stream is refused.
    Last(Box<AuditRecord>),
}

/// Something must not go on, and no reply can say so any more: the response has to be reset. Why, for the log.
#[derive(Debug)]
pub(super) struct ResponseAborted(pub(super) &'static str);

const UNREADABLE: ResponseAborted = ResponseAborted("Envoy does not return the response");
const INCOMPLETE: ResponseAborted = ResponseAborted(
    "an answer that is not one complete JSON text ends in trailers, before which nothing can be added any more; it was reset",
);
const NO_ROOM: ResponseAborted = ResponseAborted(
    "a response could not be read, since its caller's share of `protocol.max_held_bytes` is used up; it was reset",
);

impl ResponseHandler {
    /// Handles the response to a message that was charged, and whose lists are filtered; the record of the message is
    /// written again with what the lists lose.
    pub(super) fn for_message(
        refund: Refund,
        receipt: Receipt,
        lists: Option<Box<ListFilter>>,
        results: Option<Box<ResultFilter>>,
        session: Option<Box<SessionWatch>>,
        record: Box<AuditRecord>,
    ) -> Self {
        let route = lists.as_ref().and_then(|lists| lists.route.clone());
        let refund = PendingRefund::new(refund, receipt);
        let (filter, results) = if lists.is_some() || results.is_some() {
            let record = ResponseRecord::new(*record);
            (ResponseFilter::for_message(lists, &record), results::stage(results, &record))
        } else {
            (ResponseFilter::Inactive, None)
        };
        Self { refund, filter, results, session, route, text: None, asks_for_events: false, events: None }
    }

    /// Handles the response to a request that carries no message, such as an event stream; `record` is the request's.
    pub(super) fn for_request_without_message(config: &Config, request: &BoundRequest, record: &AuditRecord) -> Self {
        let record = ResponseRecord::new(record.clone());
        Self {
            refund: None,
            filter: ResponseFilter::for_request_without_message(config, request, &record),
            results: results::stage(filter_for_stream(config, request).map(Box::new), &record),
            session: None,
            route: None,
            text: None,
            asks_for_events: request.asks_for_events(),
            events: None,
        }
    }

    /// Takes the head.
    ///
    /// # Errors
    /// What to reply in place of the response.
    pub(super) fn on_headers(&mut self, config: &Config, end_of_stream: bool) -> Result<(), Reply> {
        let refund = self.refund.take().and_then(PendingRefund::on_headers);
        if let Some(route) = &self.route
            && attributes::route_name().map(Option::unwrap_or_default).as_deref() != Ok(route)
        {
            audit::log_line(Level::Warn, OTHER_ROUTE);
            return Err(self.filter.refuse(config, OTHER_ROUTE));
        }
        if let Some(session) = self.session.take() {
            keep_session(&session);
        }
        if end_of_stream || (refund.is_none() && !self.filter.is_active() && self.results.is_none()) {
            return Ok(());
        }
        let head = ResponseHead::read(self.asks_for_events).ok();
        if let Some(results) = &mut self.results {
            results.on_headers(config, head.as_ref())?;
        }
        self.refund = refund.and_then(|refund| refund.listen(head.as_ref()?));
        self.filter.on_headers(config, head.as_ref())?;
        if head.is_some_and(|head| head.format == Some(ResponseFormat::Json)) {
            let results = self.results.as_ref().and_then(|results| results.whole_text());
            self.text = WholeText::of([self.filter.whole_text(), results]);
        }
        let is_enforced = || self.results.as_ref().is_some_and(|results| results.is_enforced_on_events());
        if self.events.is_none() && (self.filter.is_enforced_on_events() || is_enforced()) {
            self.events = Some(Box::default());
        }
        Ok(())
    }

    /// Takes the chunk of the body that Envoy holds, which has `size` bytes, and replaces it by what goes on of it.
    ///
    /// # Errors
    /// The response has to be reset.
    pub(super) fn on_body(
        &mut self,
        config: &Config,
        lease: &mut Lease,
        size: usize,
        end_of_stream: bool,
    ) -> Result<Forward, ResponseAborted> {
        if self.refund.is_none() && !self.filter.is_active() && self.results.is_none() && self.events.is_none() {
            return Ok(Forward::Now);
        }
        let chunk = host::response_chunk(size);
        let is_last = match (&mut self.text, &chunk) {
            (Some(text), Some(chunk)) if text.has_ended() => return text.check_rest(chunk).map(|()| Forward::Now),
            (Some(text), Some(chunk)) if !end_of_stream => text.push(chunk),
            _ => end_of_stream,
        };
        let room = lease.response_room();
        self.refund = self.refund.take().and_then(|refund| refund.on_body(chunk.as_deref()?, room, is_last));
        // What goes on in place of the chunk.
        let mut changed = None;
        if let Some(events) = &mut self.events {
            changed = Some(events.push(chunk.as_deref().ok_or(UNREADABLE)?, is_last));
        }
        self.hold(lease)?;
        if let Some(results) = &mut self.results {
            let passes = changed.as_ref().or(chunk.as_ref()).ok_or(UNREADABLE)?;
            let mut judged = results.push(config, passes, lease.response_room())?;
            if is_last {
                let rest = results.finish(config);
                // Of an answer that is held up to its end, all comes now, and is not copied.
                if judged.is_empty() {
                    judged = rest;
                } else {
                    judged.extend(rest);
                }
            }
            changed = Some(judged);
            self.hold(lease)?;
        }
        let original = chunk.as_deref().unwrap_or_default();
        if self.filter.is_active() {
            let room = lease.response_room();
            let passes = changed.as_deref().or(chunk.as_deref());
            let forward = self.filter.on_body(config, passes, original, room, is_last)?;
            self.hold(lease)?;
            return Ok(forward);
        }
        if let Some(changed) = changed.filter(|changed| *changed != original) {
            host::replace_response_chunk(size, &changed).map_err(|_| UNREADABLE)?;
        }
        Ok(Forward::Now)
    }

    /// Counts what is held of the response now.
    fn hold(&self, lease: &mut Lease) -> Result<(), ResponseAborted> {
        let refund = self.refund.as_ref().map_or(0, PendingRefund::held);
        let results = self.results.as_ref().map_or(0, |results| results.held());
        let events = self.events.as_ref().map_or(0, |events| events.held());
        let held = refund.saturating_add(results).saturating_add(self.filter.held()).saturating_add(events);
        lease.hold_response(held).map_err(|_| NO_ROOM)
    }

    /// Takes the trailers, which end a body.
    ///
    /// # Errors
    /// The response has to be reset.
    pub(super) fn on_trailers(&mut self, config: &Config, lease: &mut Lease) -> Result<(), ResponseAborted> {
        self.refund = self.refund.take().and_then(PendingRefund::on_complete);
        if self.text.as_ref().is_some_and(WholeText::has_ended) {
            return self.hold(lease);
        }
        if let Some(results) = &mut self.results {
            let is_whole = results.whole_text().is_some();
            // Of an event stream, what is left is an incomplete event, which clients ignore.
            if !results.finish(config).is_empty() && is_whole {
                return Err(INCOMPLETE);
            }
        }
        self.filter.on_trailers(config)?;
        self.hold(lease)
    }

    /// The stream has ended, with or without a response.
    pub(super) fn on_stream_end(&mut self) {
        if let Some(refund) = self.refund.take() {
            refund.on_stream_end();
        }
    }
}

/// Remembers the session that a response opens, if it opens one.
#[cold]
fn keep_session(session: &SessionWatch) {
    if let (Ok(Some(id)), Some(now)) = (host::response_header("mcp-session-id"), host::current_time()) {
        session.keep(&id, &SharedData, now);
    }
}

/// Whether a server that has answered the head of a request may still want its body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RequestBody {
    /// It has begun a response that the body may change.
    MayBeNeeded,
    /// It has refused the request.
    NotNeeded,
}

/// Looks at the head of a response that comes before its message was judged: the server has seen the request's headers only.
///
/// # Errors
/// What to reply in its place, if it may list what the caller may not see.
pub(super) fn check_early_response(
    config: &Config,
    request: &BoundRequest,
    end_of_stream: bool,
) -> Result<RequestBody, Reply> {
    match ResponseHead::read(false) {
        Ok(head) if !head.is_success => Ok(RequestBody::NotNeeded),
        _ if end_of_stream
            || !engine::lists::may_filter(config, request) && !engine::results::may_change(config, request) =>
        {
            Ok(RequestBody::MayBeNeeded)
        }
        _ => {
            audit::log_line(Level::Warn, "a server answered a message before it came; the response was not passed on");
            Err(answer::failed())
        }
    }
}
