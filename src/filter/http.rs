//! The phases of a request: head, body, trailers. The body is judged when it is complete, and not a byte of it goes on
//! before.

use std::{cell::Cell, rc::Rc};

use crate::{
    caller::{self, Facts, Peer},
    config::{HeaderMode, Refund},
    engine::{self, Answer, Call, Judgement, Opening},
    http::{Header, Headers},
    mcp::{
        answer::{self, Reply},
        first_event::{First, FirstEvent},
        head::REPEATING,
    },
};

use super::{
    host::{self, Action},
    paid::Paid,
    root::Filter,
    shared::SharedTable,
};

/// One request.
#[derive(Debug)]
pub(super) struct Http {
    filter: Option<Rc<Filter>>,
    phase: Phase,
}

/// Where a request stands.
#[derive(Debug)]
enum Phase {
    /// Nothing has come yet.
    Start,
    /// The body is coming; it has `size` bytes so far.
    Body { call: Call, size: usize },
    /// The end is coming, and no body before it.
    Nothing { call: Call },
    /// It goes on to the server; what it was charged is settled with the answer.
    Passed(Option<Paid>),
    /// It carries no message; the first event of the answer is looked at before anything of it goes on.
    Listening { events: FirstEvent, heard: usize },
    /// Nothing of it goes on any more: it was answered here.
    Stopped,
}

/// What Envoy tells.
impl Http {
    pub(super) fn on_http_request_headers(&mut self, end_of_stream: bool) -> Action {
        if !matches!(self.phase, Phase::Start) {
            return self.stay();
        }
        let Some(filter) = self.filter.clone() else { return self.answer(&unconfigured()) };
        let Some(call) = call(&filter) else { return self.answer(&answer::failed()) };
        let held = match engine::open(&filter.config, &call, !end_of_stream) {
            Opening::Closed(judgement) => self.settle(*judgement),
            Opening::Await => self.hold_back(&filter, call, true),
            Opening::Pass | Opening::AwaitNothing => self.hold_back(&filter, call, false),
        };
        // A head may announce a body and yet be the end, or announce none and not be it.
        if end_of_stream { self.end() } else { held }
    }

    pub(super) fn on_http_request_body(&mut self, body_size: usize, end_of_stream: bool) -> Action {
        let (phase, Some(filter)) = (&mut self.phase, &self.filter) else { return self.stay() };
        let closed = match phase {
            Phase::Body { call, size } => {
                *size = body_size;
                (body_size > filter.config.protocol.max_body_bytes).then(|| engine::too_large(&filter.config, call))
            }
            Phase::Nothing { call } => (body_size > 0).then(|| engine::unexpected_body(&filter.config, call)),
            // More after the end: nobody has judged it.
            Phase::Passed(_) | Phase::Listening { .. } if body_size > 0 => {
                self.phase = Phase::Stopped;
                return Action::Pause;
            }
            // A body without a head: nobody could judge it.
            Phase::Start => return self.answer(&answer::failed()),
            Phase::Passed(_) | Phase::Listening { .. } | Phase::Stopped => None,
        };
        match closed {
            Some(judgement) => self.settle(judgement),
            None if end_of_stream => self.end(),
            None => self.stay(),
        }
    }

    /// Trailers end a body: with them, the body callback never sees its end.
    pub(super) fn on_http_request_trailers(&mut self) -> Action {
        self.end()
    }

    pub(super) fn on_http_response_headers(&mut self, end_of_stream: bool) -> Action {
        if let Phase::Listening { .. } = self.phase {
            let content_type = host::response_header("content-type").unwrap_or_default().to_ascii_lowercase();
            if !content_type.trim_ascii_start().starts_with(b"text/event-stream") {
                self.phase = Phase::Passed(None);
            }
            return Action::Continue;
        }
        self.with_paid(|paid| {
            let paid = paid.answer_begins()?;
            if end_of_stream { paid.answer_ends() } else { Some(paid) }
        })
    }

    pub(super) fn on_http_response_body(&mut self, body_size: usize, end_of_stream: bool) -> Action {
        if let Phase::Listening { events, heard } = &mut self.phase {
            let fresh = body_size.saturating_sub(*heard);
            let chunk = if fresh == 0 { Some(Vec::new()) } else { host::response_part(*heard, fresh) };
            *heard = body_size;
            // What cannot be read is not passed on.
            let first = chunk.map_or(First::Endpoint, |chunk| events.hear(&chunk));
            return self.heard(first, end_of_stream);
        }
        self.with_paid(|paid| paid.answer_goes_on(body_size, end_of_stream))
    }

    pub(super) fn on_http_response_trailers(&mut self) -> Action {
        self.with_paid(Paid::answer_ends)
    }

    pub(super) fn on_log(&mut self) {
        self.with_paid(|paid| {
            paid.stream_ends();
            None
        });
    }
}

impl Http {
    pub(super) fn new(filter: Option<Rc<Filter>>) -> Self {
        Self { filter, phase: Phase::Start }
    }

    /// Lets nothing of the request's body go on before it is complete; of its head, what the configuration says.
    fn hold_back(&mut self, filter: &Filter, call: Call, has_message: bool) -> Action {
        let stripped = strip(&call.headers);
        let stripped = if has_message { stripped.and_then(|()| uncompressed(filter, &call.headers)) } else { stripped };
        if let Err(refused) = stripped {
            return self.answer(&refused);
        }
        self.phase = if has_message { Phase::Body { call, size: 0 } } else { Phase::Nothing { call } };
        match filter.config.protocol.headers {
            HeaderMode::Hold => Action::Pause,
            HeaderMode::Release => Action::Continue,
        }
    }

    /// The request is complete.
    fn end(&mut self) -> Action {
        let (phase, Some(filter)) = (&self.phase, &self.filter) else { return self.stay() };
        let (call, size) = match phase {
            Phase::Body { call, size } => (call, size),
            Phase::Nothing { call } => {
                self.phase = passed(filter, call);
                return Action::Continue;
            }
            Phase::Start => return self.answer(&answer::failed()),
            Phase::Passed(_) | Phase::Listening { .. } | Phase::Stopped => return self.stay(),
        };
        let (Some(body), Some(now)) = (host::request_body(*size), host::now()) else {
            return self.answer(&answer::failed());
        };
        let judgement = engine::judge(&filter.config, call, &body, &filter.name, now, &SharedTable);
        self.settle(judgement)
    }

    /// Does what was decided, and notes it.
    fn settle(&mut self, judgement: Judgement) -> Action {
        if host::note(&judgement.record.to_json()).is_err() {
            log::warn!("the audit record of a request was lost");
        }
        match judgement.answer {
            Answer::Forward(receipt) => {
                let refund = self.filter.as_ref().map_or(Refund::Never, |filter| filter.config.refund);
                self.phase = Phase::Passed(Paid::new(refund, receipt));
                Action::Continue
            }
            Answer::Reply(reply) => self.answer(&reply),
        }
    }

    /// Lets a stream go on once its first event opens no other way to the server.
    fn heard(&mut self, first: First, end_of_stream: bool) -> Action {
        match first {
            First::Coming if !end_of_stream => Action::Pause,
            First::Coming | First::Other => {
                self.phase = Phase::Passed(None);
                Action::Continue
            }
            First::Endpoint => {
                log::warn!(
                    "a stream opens the transport of 2024-11-05, which `protocol.legacy_sse` refuses; it was ended"
                );
                if host::end_response().is_err() {
                    log::error!("the stream could not be ended; it stays paused");
                }
                Action::Pause
            }
        }
    }

    /// Settles what a call was charged, as far as that can be told; the answer itself always goes on.
    fn with_paid(&mut self, settle: impl FnOnce(Paid) -> Option<Paid>) -> Action {
        if let Phase::Passed(paid) = &mut self.phase {
            *paid = paid.take().and_then(settle);
        }
        Action::Continue
    }

    fn answer(&mut self, reply: &Reply) -> Action {
        self.phase = Phase::Stopped;
        if host::reply(reply).is_err() {
            log::error!("a refusal could not be sent; the request stays paused");
        }
        Action::Pause
    }

    /// What a callback does that has nothing left to decide.
    fn stay(&self) -> Action {
        match self.phase {
            Phase::Passed(_) | Phase::Listening { .. } => Action::Continue,
            Phase::Start | Phase::Body { .. } | Phase::Nothing { .. } | Phase::Stopped => Action::Pause,
        }
    }
}

/// A request without a message goes on.
fn passed(filter: &Filter, call: &Call) -> Phase {
    if engine::listens_for_endpoint(&filter.config, call) {
        Phase::Listening { events: FirstEvent::default(), heard: 0 }
    } else {
        Phase::Passed(None)
    }
}

/// Takes off what would make Envoy send the request twice.
fn strip(headers: &Headers) -> Result<(), Reply> {
    headers.present(&REPEATING).try_for_each(host::remove_request_header).map_err(|_| answer::failed())
}

/// Asks for an answer that can be listened to, where it has to be.
fn uncompressed(filter: &Filter, headers: &Headers) -> Result<(), Reply> {
    if filter.config.refund != Refund::Failed {
        return Ok(());
    }
    headers.present(&["accept-encoding"]).try_for_each(host::remove_request_header).map_err(|_| answer::failed())
}

/// Everything about a request but its body. Headers and properties are in reach only now; `None` if they are not: a
/// caller would be taken for another.
fn call(filter: &Filter) -> Option<Call> {
    let headers = host::request_headers()?;
    let request_id = match headers.get("x-request-id") {
        Header::Once(id) => std::str::from_utf8(id).ok().map(|id| id.chars().take(128).collect()),
        Header::Absent | Header::Repeated => None,
    };
    let seen = Seen { headers: &headers, failed: Cell::new(false) };
    let grant = caller::identify(&filter.config.identity, &seen);
    if seen.failed.get() {
        return None;
    }
    Some(Call { headers, grant, request_id })
}

/// What Envoy knows of the caller.
struct Seen<'h> {
    headers: &'h Headers,
    /// Whether it failed to say something.
    failed: Cell<bool>,
}

impl Seen<'_> {
    fn property(&self, path: &[&str]) -> Option<Vec<u8>> {
        host::property(path).unwrap_or_else(|_| {
            self.failed.set(true);
            None
        })
    }
}

impl Facts for Seen<'_> {
    fn header(&self, name: &str) -> Header<'_> {
        self.headers.get(name)
    }

    fn peer(&self, name: Peer) -> Option<Vec<u8>> {
        let property = match name {
            Peer::UriSan => "uri_san_peer_certificate",
            Peer::DnsSan => "dns_san_peer_certificate",
            Peer::Subject => "subject_peer_certificate",
        };
        self.property(&["connection", property])
    }

    fn address(&self) -> Option<Vec<u8>> {
        self.property(&["source", "address"])
    }
}

/// A stream that Envoy opened without a configuration: nothing is permitted.
fn unconfigured() -> Reply {
    log::error!("a request came before the configuration; it was refused");
    answer::failed()
}
