//! One HTTP stream of a gateway: head, body, trailers, response. The body is judged when it is complete, and not a byte
//! of it is forwarded before.

mod body;
mod callouts;
mod discard;
mod response;

use std::rc::Rc;

use log::Level;
use proxy_wasm::{
    traits::{Context, HttpContext},
    types::Action,
};

use crate::{
    audit::{AuditRecord, Decision},
    config::Refund,
    engine::{self, AuthorizationResponse, BoundRequest, Disposition, HeadersVerdict, callout::Callout},
    mcp::answer::{self, Reply},
    time::Timestamp,
};

pub(super) use self::discard::send_late;

use self::callouts::HeldRequest;
use super::{
    attributes, audit, counter_info,
    discarding::WaitingReply,
    host,
    lease::Lease,
    response::{Forward, ResponseHandler},
    root::Filter,
};

/// One request and its response.
#[derive(Debug)]
pub(super) struct PolicyFilter {
    /// The number of its context, which log lines give.
    id: u32,
    /// `None` before the first configuration; the request is then refused.
    filter: Option<Rc<Filter>>,
    phase: Phase,
}

/// How far a request has come.
#[derive(Debug)]
enum Phase {
    /// Nothing has come yet.
    Start,
    /// The body is coming; `size` bytes of it have come.
    AwaitBody { request: BoundRequest, size: usize, lease: Lease },
    /// The end is coming, and no body before it.
    AwaitEmptyBody { request: BoundRequest, record: Box<AuditRecord>, lease: Lease },
    /// The request is complete, and a callout is pending.
    AwaitCallout {
        request: BoundRequest,
        body: Vec<u8>,
        ask: Callout,
        record: Box<AuditRecord>,
        lease: Lease,
        held: HeldRequest,
    },
    /// The body is too large; what comes of it is thrown away, and the reply waits for its end.
    Discarding { request: BoundRequest, reply: WaitingReply, lease: Lease },
    /// No policy applies: Envoy passes on whatever comes.
    Bypassed { _lease: Lease },
    /// It goes on to the server.
    Forwarded { response: ResponseHandler, lease: Lease },
    /// Its response was reset: nothing more of that goes on.
    Aborted,
    /// This filter or the server has replied: nothing more of the request goes on.
    Replied,
}

/// Envoy's response code details of a reply that no policy decided.
const REFUSED: &str = "mcp_policy_refused";

impl Context for PolicyFilter {
    fn on_http_call_response(&mut self, callout: u32, header_count: usize, body_size: usize, _trailer_count: usize) {
        log::debug!("#{} on_http_call_response {callout}: {body_size} bytes", self.id);
        self.on_callout_response(host::http_call_response(header_count, body_size).as_ref());
    }

    fn on_grpc_call_response(&mut self, callout: u32, status: u32, body_size: usize) {
        log::debug!("#{} on_grpc_call_response {callout}: status {status}, {body_size} bytes", self.id);
        self.on_callout_response(host::grpc_response(status, body_size).as_ref());
    }
}

impl HttpContext for PolicyFilter {
    fn on_http_request_headers(&mut self, _count: usize, end_of_stream: bool) -> Action {
        log::debug!("#{} on_http_request_headers: end_of_stream {end_of_stream}", self.id);
        if !matches!(self.phase, Phase::Start) {
            return self.current_action();
        }
        let Some(filter) = self.filter.clone() else { return self.refuse_unconfigured() };
        let Some(request) = attributes::bound_request(&filter) else { return self.fail() };
        let action = match engine::check_headers(&filter.config, &request, !end_of_stream) {
            HeadersVerdict::Reply(judgement) => self.apply(*judgement, None, None),
            HeadersVerdict::Bypass => return self.bypass(&filter, &request),
            HeadersVerdict::Discard(judgement) => self.start_discarding(&filter, request, *judgement),
            HeadersVerdict::NeedBody => self.start_buffering(&filter, request, None),
            HeadersVerdict::Continue(record) | HeadersVerdict::ExpectEmptyBody(record) => {
                self.start_buffering(&filter, request, Some(record))
            }
        };
        // A head may announce a body and yet be the end, or announce none and not be it.
        if end_of_stream { self.on_request_complete() } else { action }
    }

    fn on_http_request_body(&mut self, body_size: usize, end_of_stream: bool) -> Action {
        log::debug!("#{} on_http_request_body: {body_size} bytes, end_of_stream {end_of_stream}", self.id);
        let (phase, Some(filter)) = (&mut self.phase, &self.filter) else { return self.current_action() };
        let refusal = match phase {
            Phase::AwaitBody { request, size, lease } => {
                *size = body_size;
                if body_size > filter.config.protocol.largest_body() {
                    let too_large = engine::too_large(&filter.config, request);
                    return self.discard_first(too_large, body_size, end_of_stream);
                }
                lease.hold_body(body_size).err().map(|exhausted| engine::no_room(&filter.config, request, exhausted))
            }
            Phase::AwaitEmptyBody { request, .. } => {
                (body_size > 0).then(|| engine::unexpected_body(&filter.config, request))
            }
            Phase::Discarding { .. } => return self.discard(body_size, end_of_stream),
            // More body after the end: it was not judged.
            Phase::Forwarded { .. } if body_size > 0 => {
                return self.abort_response("more came after the end of a request");
            }
            // The same while a callout is pending: only the buffered body was judged.
            Phase::AwaitCallout { body, .. } if body_size != body.len() => {
                self.abandon_callout();
                return self.fail();
            }
            // A body without a head cannot be judged.
            Phase::Start => return self.fail(),
            Phase::Bypassed { .. } => return Action::Continue,
            Phase::AwaitCallout { .. } | Phase::Forwarded { .. } | Phase::Aborted | Phase::Replied => None,
        };
        match refusal {
            Some(judgement) => self.apply(judgement, None, None),
            None if end_of_stream => self.on_request_complete(),
            None => self.current_action(),
        }
    }

    /// Trailers end a body: with them, the body callback never has `end_of_stream`.
    fn on_http_request_trailers(&mut self, _count: usize) -> Action {
        log::debug!("#{} on_http_request_trailers", self.id);
        self.on_request_complete()
    }

    fn on_http_response_headers(&mut self, _count: usize, end_of_stream: bool) -> Action {
        log::debug!("#{} on_http_response_headers: end_of_stream {end_of_stream}", self.id);
        self.on_response_head(end_of_stream)
    }

    fn on_http_response_body(&mut self, body_size: usize, end_of_stream: bool) -> Action {
        log::debug!("#{} on_http_response_body: {body_size} bytes, end_of_stream {end_of_stream}", self.id);
        self.with_response(|response, config, lease| response.on_body(config, lease, body_size, end_of_stream))
    }

    fn on_http_response_trailers(&mut self, _count: usize) -> Action {
        log::debug!("#{} on_http_response_trailers", self.id);
        self.with_response(|response, config, lease| response.on_trailers(config, lease).map(|()| Forward::Now))
    }

    fn on_log(&mut self) {
        log::debug!("#{} on_log", self.id);
        self.abandon_callout();
        if let Phase::Forwarded { response, .. } = &mut self.phase {
            response.on_stream_end();
        }
        if let Some(filter) = &self.filter {
            audit::link(filter);
        }
    }
}

impl PolicyFilter {
    pub(super) fn new(id: u32, filter: Option<Rc<Filter>>) -> Self {
        Self { id, filter, phase: Phase::Start }
    }

    /// Lets a request pass that no policy applies to. It takes a place like any other.
    fn bypass(&mut self, filter: &Filter, request: &BoundRequest) -> Action {
        match Lease::new(request.info(), 0, filter.config.protocol.max_held_bytes) {
            Ok(mut lease) => {
                log::debug!("#{} is bypassed", self.id);
                lease.release_request();
                self.phase = Phase::Bypassed { _lease: lease };
                Action::Continue
            }
            Err(exhausted) => self.apply(engine::no_room(&filter.config, request, exhausted), None, None),
        }
    }

    /// Lets a request go on, and gives back what it held.
    fn forward(&mut self, response: ResponseHandler, mut lease: Lease) -> Action {
        lease.release_request();
        self.phase = Phase::Forwarded { response, lease };
        Action::Continue
    }

    /// Does what was decided, at `now` if that is known, and records it. `lease` is what a request holds that may go on.
    fn apply(&mut self, mut judgement: AuthorizationResponse, now: Option<Timestamp>, lease: Option<Lease>) -> Action {
        let record = &judgement.record;
        log::debug!("#{} is {}, rule {:?}", self.id, record.decision.name(), record.rule);
        if let Some(filter) = &self.filter {
            audit::write(&filter.config, record, now);
            if let Some(notice) = judgement.notice.take() {
                filter.notices.push(notice);
            }
        }
        match judgement.answer {
            Disposition::Forward(receipt) => {
                let is_compressible = judgement.lists.as_ref().is_some_and(|lists| lists.is_compressible);
                if is_compressible && host::remove_request_header("accept-encoding").is_err() {
                    return self.fail();
                }
                if let (Some(filter), Some(now)) = (&self.filter, now) {
                    counter_info::describe(&filter.name, record, receipt.counters(), now);
                }
                let refund = self.filter.as_ref().map_or(Refund::Never, |filter| filter.config.limits.refund);
                // Nothing is forwarded that held nothing.
                let Some(lease) = lease else { return self.fail() };
                let AuthorizationResponse { lists, results, session, record, .. } = judgement;
                let response = ResponseHandler::for_message(refund, receipt, lists, results, session, record);
                self.forward(response, lease)
            }
            Disposition::Reply(reply) => self.send_reply(&reply, details(record.decision)),
            // Callers handle this before: a callout is dispatched with the body.
            Disposition::Callout(_) => self.fail(),
        }
    }

    fn send_reply(&mut self, reply: &Reply, details: &str) -> Action {
        log::debug!("#{} is answered here with HTTP {}, {details}", self.id, reply.status);
        self.phase = Phase::Replied;
        if host::send_reply(reply, details).is_err() {
            audit::log_line(Level::Error, "a refusal could not be sent; the request stays paused");
        }
        Action::Pause
    }

    fn fail(&mut self) -> Action {
        self.send_reply(&answer::failed(), REFUSED)
    }

    /// Envoy opened this stream before a configuration: nothing is permitted.
    fn refuse_unconfigured(&mut self) -> Action {
        audit::log_line(Level::Error, "a request came before the configuration; it was refused");
        self.fail()
    }

    /// What a callback returns that has nothing left to decide.
    fn current_action(&self) -> Action {
        match self.phase {
            Phase::Bypassed { .. } | Phase::Forwarded { .. } => Action::Continue,
            Phase::AwaitCallout { .. }
            | Phase::Aborted
            | Phase::Start
            | Phase::AwaitBody { .. }
            | Phase::AwaitEmptyBody { .. }
            | Phase::Discarding { .. }
            | Phase::Replied => Action::Pause,
        }
    }
}

/// Envoy's response code details of a reply; product contract, section 4.
fn details(decision: Decision) -> &'static str {
    match decision {
        Decision::Denied => "mcp_policy_denied",
        Decision::RateLimited => "mcp_policy_rate_limited",
        Decision::ApprovalRequired => "mcp_policy_approval_required",
        Decision::Allowed | Decision::Refused | Decision::Failed => REFUSED,
    }
}
