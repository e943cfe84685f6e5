//! The phases of a request: head, body, trailers. The body is judged when it is complete, and not a byte of it goes on
//! before.

use std::rc::Rc;

use proxy_wasm::{
    traits::{Context, HttpContext},
    types::Action,
};

use crate::{
    caller::{self, Facts, Peer},
    config::HeaderMode,
    engine::{self, Answer, Call, Judgement, Opening},
    http::{Header, Headers},
    mcp::{
        answer::{self, Reply},
        head::{self, REPEATING},
    },
};

use super::{host, root::Filter, shared::SharedTable};

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
    /// It goes on to the server.
    Passed,
    /// It was answered here, and stays paused.
    Answered,
}

impl Context for Http {}

impl HttpContext for Http {
    fn on_http_request_headers(&mut self, _: usize, end_of_stream: bool) -> Action {
        let Some(filter) = self.filter.clone() else { return self.answer(&unconfigured()) };
        let call = call(&filter, host::request_headers());
        match engine::open(&filter.config, &call, !end_of_stream) {
            Opening::Closed(judgement) => self.settle(&judgement),
            Opening::Pass => self.let_go(&call.headers),
            Opening::Await => {
                if let Err(refused) = strip(&call.headers) {
                    return self.answer(&refused);
                }
                self.phase = Phase::Body { call, size: 0 };
                match filter.config.protocol.headers {
                    HeaderMode::Hold => Action::Pause,
                    HeaderMode::Release => Action::Continue,
                }
            }
        }
    }

    fn on_http_request_body(&mut self, body_size: usize, end_of_stream: bool) -> Action {
        let (Phase::Body { call, size }, Some(filter)) = (&mut self.phase, &self.filter) else { return self.stay() };
        *size = body_size;
        let limit = filter.config.protocol.max_body_bytes;
        if body_size > limit {
            let judgement = engine::refuse(&filter.config, call, &head::too_large(limit));
            return self.settle(&judgement);
        }
        if end_of_stream { self.judge() } else { Action::Pause }
    }

    /// Trailers end a body: with them, the body callback never sees its end.
    fn on_http_request_trailers(&mut self, _: usize) -> Action {
        self.judge()
    }
}

impl Http {
    pub(super) fn new(filter: Option<Rc<Filter>>) -> Self {
        Self { filter, phase: Phase::Start }
    }

    fn judge(&mut self) -> Action {
        let (Phase::Body { call, size }, Some(filter)) = (&self.phase, &self.filter) else { return self.stay() };
        let (Some(body), Some(now)) = (host::request_body(*size), host::now()) else {
            return self.answer(&answer::failed());
        };
        let judgement = engine::judge(&filter.config, call, &body, &filter.name, now, &SharedTable);
        self.settle(&judgement)
    }

    /// Does what was decided, and notes it.
    fn settle(&mut self, judgement: &Judgement) -> Action {
        if host::note(&judgement.record.to_json()).is_err() {
            log::warn!("the audit record of a request was lost");
        }
        match &judgement.answer {
            Answer::Forward(_) => {
                self.phase = Phase::Passed;
                Action::Continue
            }
            Answer::Reply(reply) => self.answer(reply),
        }
    }

    /// Lets a request without a message go on.
    fn let_go(&mut self, headers: &Headers) -> Action {
        if let Err(refused) = strip(headers) {
            return self.answer(&refused);
        }
        self.phase = Phase::Passed;
        Action::Continue
    }

    fn answer(&mut self, reply: &Reply) -> Action {
        self.phase = Phase::Answered;
        if host::reply(reply).is_err() {
            log::error!("a refusal could not be sent; the request stays paused");
        }
        Action::Pause
    }

    /// What a callback does that has nothing left to decide.
    fn stay(&self) -> Action {
        match self.phase {
            Phase::Passed => Action::Continue,
            Phase::Start | Phase::Body { .. } | Phase::Answered => Action::Pause,
        }
    }
}

/// Takes off what would make Envoy send the request twice.
fn strip(headers: &Headers) -> Result<(), Reply> {
    headers.present(&REPEATING).try_for_each(host::remove_request_header).map_err(|_| answer::failed())
}

/// Everything about a request but its body. Headers and properties are in reach only now.
fn call(filter: &Filter, headers: Headers) -> Call {
    let request_id = match headers.get("x-request-id") {
        Header::Once(id) => std::str::from_utf8(id).ok().map(|id| id.chars().take(128).collect()),
        Header::Absent | Header::Repeated => None,
    };
    let grant = caller::identify(&filter.config.identity, &Seen(&headers));
    Call { headers, grant, request_id }
}

/// What Envoy knows of the caller.
struct Seen<'h>(&'h Headers);

impl Facts for Seen<'_> {
    fn header(&self, name: &str) -> Header<'_> {
        self.0.get(name)
    }

    fn peer(&self, name: Peer) -> Option<Vec<u8>> {
        let property = match name {
            Peer::UriSan => "uri_san_peer_certificate",
            Peer::DnsSan => "dns_san_peer_certificate",
            Peer::Subject => "subject_peer_certificate",
        };
        host::property(&["connection", property])
    }

    fn address(&self) -> Option<Vec<u8>> {
        host::property(&["source", "address"])
    }
}

/// A stream that Envoy opened without a configuration: nothing is permitted.
fn unconfigured() -> Reply {
    log::error!("a request came before the configuration; it was refused");
    answer::failed()
}
