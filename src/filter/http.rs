//! The phases of a request: head, body, trailers. The body is judged when it is complete, and not a byte of it goes on
//! before.

pub(super) mod waiting;

use std::{mem, rc::Rc};

use crate::{
    config::{HeaderMode, Refund},
    engine::{
        self, AuthorizationResponse, Disposition, HeadersVerdict, RequestInfo,
        callout::{Callout, CalloutResponse},
    },
    http::Headers,
    mcp::{
        answer::{self, Reply},
        head::REPEATING,
    },
    time::Timestamp,
};

use super::{
    audit,
    edit::{Broken, Edit, Pass},
    host::{self, Action},
    paid::Paid,
    root::Filter,
    seen,
    shared::SharedTable,
    stream::Stream,
};

/// One request.
#[derive(Debug)]
pub(super) struct Http {
    /// The number of its context.
    id: u32,
    filter: Option<Rc<Filter>>,
    phase: Phase,
}

/// Where a request stands.
#[derive(Debug)]
enum Phase {
    /// Nothing has come yet.
    Start,
    /// The body is coming; it has `size` bytes so far.
    Body { call: RequestInfo, size: usize },
    /// The end is coming, and no body before it.
    Nothing { call: RequestInfo },
    /// It is complete, and a service is asked about it.
    Waiting { call: RequestInfo, body: Vec<u8>, ask: Callout },
    /// Nobody looks at it.
    Bypassed,
    /// It goes on to the server; what it was charged is settled with the answer, which may have to be edited.
    Passed { paid: Option<Paid>, edit: Edit },
    /// Its answer was broken off: nothing more of it goes on.
    Broken,
    /// Nothing of it goes on any more: it was answered here.
    Stopped,
}

impl Stream for Http {
    fn on_request_headers(&mut self, end_of_stream: bool) -> Action {
        if !matches!(self.phase, Phase::Start) {
            return self.stay();
        }
        let Some(filter) = self.filter.clone() else { return self.answer(&unconfigured()) };
        let Some(call) = seen::call(&filter) else { return self.answer(&answer::failed()) };
        let held = match engine::check_headers(&filter.config, &call, !end_of_stream) {
            HeadersVerdict::Reply(judgement) => self.settle(*judgement, None),
            HeadersVerdict::Bypass => {
                self.phase = Phase::Bypassed;
                return Action::Continue;
            }
            HeadersVerdict::NeedBody => self.hold_back(&filter, call, true),
            HeadersVerdict::Continue | HeadersVerdict::ExpectEmptyBody => self.hold_back(&filter, call, false),
        };
        // A head may announce a body and yet be the end, or announce none and not be it.
        if end_of_stream { self.end() } else { held }
    }

    fn on_request_body(&mut self, body_size: usize, end_of_stream: bool) -> Action {
        let (phase, Some(filter)) = (&mut self.phase, &self.filter) else { return self.stay() };
        let closed = match phase {
            Phase::Body { call, size } => {
                *size = body_size;
                (body_size > filter.config.protocol.max_body_bytes).then(|| engine::too_large(&filter.config, call))
            }
            Phase::Nothing { call } => (body_size > 0).then(|| engine::unexpected_body(&filter.config, call)),
            // More after the end: nobody has judged it.
            Phase::Passed { .. } if body_size > 0 => return self.break_off("more came after the end of a request"),
            // The same of one that waits; what is held goes on as a whole, or not at all.
            Phase::Waiting { body, .. } if body_size != body.len() => return self.answer(&answer::failed()),
            // A body without a head: nobody could judge it.
            Phase::Start => return self.answer(&answer::failed()),
            Phase::Bypassed => return Action::Continue,
            Phase::Waiting { .. } | Phase::Passed { .. } | Phase::Broken | Phase::Stopped => None,
        };
        match closed {
            Some(judgement) => self.settle(judgement, None),
            None if end_of_stream => self.end(),
            None => self.stay(),
        }
    }

    /// Trailers end a body: with them, the body callback never sees its end.
    fn on_request_trailers(&mut self) -> Action {
        self.end()
    }

    fn on_response_headers(&mut self, end_of_stream: bool) -> Action {
        // A server need not wait for the end of a request that has nothing to say.
        if let Phase::Nothing { .. } = self.phase {
            self.end();
        }
        self.with_paid(|paid| {
            let paid = paid.answer_begins()?;
            if end_of_stream { paid.answer_ends() } else { Some(paid) }
        });
        let begun = match (&mut self.phase, &self.filter) {
            (Phase::Passed { edit, .. }, _) => edit.begin(end_of_stream),
            (Phase::Body { call, .. } | Phase::Waiting { call, .. }, Some(filter)) => {
                Edit::unjudged(&filter.config, call, end_of_stream)
            }
            (Phase::Broken, _) => return Action::Pause,
            _ => Ok(()),
        };
        if let Phase::Waiting { .. } = self.phase {
            // The server wants no body any more: whatever the service says, none goes there.
            self.phase = Phase::Stopped;
        }
        match begun {
            Ok(()) => Action::Continue,
            Err(reply) => self.answer_instead(&reply),
        }
    }

    fn on_response_body(&mut self, body_size: usize, end_of_stream: bool) -> Action {
        self.with_paid(|paid| paid.answer_goes_on(body_size, end_of_stream));
        self.with_edit(|edit, filter| edit.go_on(&filter.config, body_size, end_of_stream))
    }

    fn on_response_trailers(&mut self) -> Action {
        self.with_paid(Paid::answer_ends);
        self.with_edit(|edit, filter| edit.end(&filter.config).map(|()| Pass::Now))
    }

    fn on_said(&mut self, said: Option<CalloutResponse>) {
        self.hear(said.as_ref());
    }

    fn on_log(&mut self) {
        self.with_paid(|paid| {
            paid.stream_ends();
            None
        });
    }
}

impl Http {
    pub(super) fn new(id: u32, filter: Option<Rc<Filter>>) -> Self {
        Self { id, filter, phase: Phase::Start }
    }

    /// Lets nothing of the request's body go on before it is complete; of its head, what the configuration says.
    fn hold_back(&mut self, filter: &Filter, call: RequestInfo, has_message: bool) -> Action {
        let stripped = strip(&call.headers).and_then(|()| uncompressed(filter, &call));
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
                self.phase = Phase::Passed { paid: None, edit: Edit::of_stream(&filter.config, call) };
                return Action::Continue;
            }
            Phase::Start => return self.answer(&answer::failed()),
            Phase::Waiting { .. } | Phase::Bypassed | Phase::Passed { .. } | Phase::Broken | Phase::Stopped => {
                return self.stay();
            }
        };
        let (Some(body), Some(now)) = (host::request_body(*size), host::now()) else {
            return self.answer(&answer::failed());
        };
        let judgement = engine::authorize(&filter.config, call, &body, &filter.name, now, &SharedTable);
        match judgement.answer {
            Disposition::Callout(ask) => match mem::replace(&mut self.phase, Phase::Stopped) {
                Phase::Body { call, .. } => self.ask(call, body, ask),
                _ => self.answer(&answer::failed()),
            },
            _ => self.settle(judgement, Some(now)),
        }
    }

    /// Does what was decided, at `now` if that is known, and notes it.
    fn settle(&mut self, judgement: AuthorizationResponse, now: Option<Timestamp>) -> Action {
        if let Some(filter) = &self.filter {
            audit::write(&filter.config, &judgement.record, now);
        }
        match judgement.answer {
            Disposition::Forward(receipt) => {
                let refund = self.filter.as_ref().map_or(Refund::Never, |filter| filter.config.limits.refund);
                let edit = judgement.lists.map_or(Edit::Nothing, Edit::List);
                self.phase = Phase::Passed { paid: Paid::new(refund, receipt), edit };
                Action::Continue
            }
            Disposition::Reply(reply) => self.answer(&reply),
            // Not here: whoever asks goes on with the answer.
            Disposition::Callout(_) => self.answer(&answer::failed()),
        }
    }

    /// Settles what a call was charged, as far as that can be told; the answer itself goes on.
    fn with_paid(&mut self, settle: impl FnOnce(Paid) -> Option<Paid>) {
        if let Phase::Passed { paid, .. } = &mut self.phase {
            *paid = paid.take().and_then(settle);
        }
    }

    /// Edits the next part of the answer, or ends it.
    fn with_edit(&mut self, edit: impl FnOnce(&mut Edit, &Filter) -> Result<Pass, Broken>) -> Action {
        let (Phase::Passed { edit: state, .. }, Some(filter)) = (&mut self.phase, &self.filter) else {
            return if matches!(self.phase, Phase::Broken) { Action::Pause } else { Action::Continue };
        };
        match edit(state, filter) {
            Ok(Pass::Now) => Action::Continue,
            Ok(Pass::AtTheEnd) => Action::Pause,
            Err(Broken(why)) => self.break_off(why),
        }
    }

    /// Answers in place of the server, whose answer has begun.
    fn answer_instead(&mut self, reply: &Reply) -> Action {
        self.phase = Phase::Stopped;
        match host::reply(reply) {
            Ok(()) => Action::Pause,
            Err(_) => self.break_off("a refusal could not be sent"),
        }
    }

    /// Lets nothing more of the answer go on.
    fn break_off(&mut self, why: &str) -> Action {
        log::warn!("{why}");
        self.phase = Phase::Broken;
        if host::end_response().is_err() {
            log::error!("the answer could not be ended; it stays paused");
        }
        Action::Pause
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
            Phase::Bypassed | Phase::Passed { .. } => Action::Continue,
            Phase::Waiting { .. }
            | Phase::Broken
            | Phase::Start
            | Phase::Body { .. }
            | Phase::Nothing { .. }
            | Phase::Stopped => Action::Pause,
        }
    }
}

/// Takes off what would make Envoy send the request twice.
fn strip(headers: &Headers) -> Result<(), Reply> {
    headers.present(&REPEATING).try_for_each(host::remove_request_header).map_err(|_| answer::failed())
}

/// Asks for an answer that can be read, where it may have to be.
fn uncompressed(filter: &Filter, call: &RequestInfo) -> Result<(), Reply> {
    if !engine::inspects_response(&filter.config, call) {
        return Ok(());
    }
    call.headers.present(&["accept-encoding"]).try_for_each(host::remove_request_header).map_err(|_| answer::failed())
}

/// A stream that Envoy opened without a configuration: nothing is permitted.
fn unconfigured() -> Reply {
    log::error!("a request came before the configuration; it was refused");
    answer::failed()
}
