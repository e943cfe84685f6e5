//! One HTTP stream of the console. Its head is held until its body has come: an approver's token goes no further.

use std::{mem, rc::Rc};

use log::Level;
use proxy_wasm::{
    traits::{Context, HttpContext},
    types::Action,
};

use crate::{
    approval::etcd::Query,
    config::{Console, DEFAULT_MAX_HELD_BYTES},
    console::{self, ConsoleResponse, QueryResults},
    engine::RequestInfo,
    http::Response,
};

use super::{
    attributes::{self, Needed},
    audit, host,
    lease::Lease,
    shared_data::SharedData,
};

/// Envoy's response code details of every response of the console.
const DETAILS: &str = "mcp_policy_console";

/// What open streams may hold here, in bytes: twice as much as those of a gateway, so that people find room to approve calls
/// whatever its callers hold.
const MAX_HELD_BYTES: usize = 2 * DEFAULT_MAX_HELD_BYTES;

/// One request to the console.
#[derive(Debug)]
pub(super) struct ConsoleFilter {
    /// The number of its context, which log lines give.
    id: u32,
    console: Rc<Console>,
    /// Whether its head has come.
    has_begun: bool,
    /// The request and what it holds, until it is answered.
    call: Option<(Box<RequestInfo>, Lease)>,
    size: usize,
    /// The body, and what etcd is asked about it; `None` unless etcd has to answer first.
    waiting: Option<Waiting>,
}

/// A request that waits for etcd.
#[derive(Debug)]
struct Waiting {
    body: Vec<u8>,
    query: Query,
    results: QueryResults,
}

impl Context for ConsoleFilter {
    fn on_grpc_call_response(&mut self, callout: u32, status: u32, body_size: usize) {
        log::debug!("#{} on_grpc_call_response {callout}: status {status}, {body_size} bytes", self.id);
        let Some(Waiting { body, query, mut results }) = self.waiting.take() else { return };
        let response = host::grpc_response(status, body_size);
        results.record(query.read(response.as_ref().map(|response| &*response.body)));
        self.answer(body, results);
    }
}

impl HttpContext for ConsoleFilter {
    fn on_http_request_headers(&mut self, _count: usize, end_of_stream: bool) -> Action {
        log::debug!("#{} on_http_request_headers: end_of_stream {end_of_stream}", self.id);
        if mem::replace(&mut self.has_begun, true) {
            return Action::Pause;
        }
        let call = attributes::request_info(&self.console.identity, Needed::default());
        self.call = call.and_then(|call| {
            let lease = Lease::new(&call, call.headers.size(), MAX_HELD_BYTES).ok()?;
            Some((call, lease))
        });
        match self.call {
            None => self.respond(&console::failed()),
            Some(_) if end_of_stream => self.on_request_complete(),
            Some(_) => Action::Pause,
        }
    }

    fn on_http_request_body(&mut self, size: usize, end_of_stream: bool) -> Action {
        log::debug!("#{} on_http_request_body: {size} bytes, end_of_stream {end_of_stream}", self.id);
        self.size = size;
        let Some((_, lease)) = &mut self.call else { return Action::Pause };
        if size > console::MAX_BODY {
            self.respond(&console::too_large())
        } else if lease.hold_body(size).is_err() {
            self.respond(&console::failed())
        } else if end_of_stream {
            self.on_request_complete()
        } else {
            Action::Pause
        }
    }

    /// Trailers end a body: with them, the body callback never has `end_of_stream`.
    fn on_http_request_trailers(&mut self, _count: usize) -> Action {
        log::debug!("#{} on_http_request_trailers", self.id);
        self.on_request_complete()
    }
}

impl ConsoleFilter {
    pub(super) fn new(id: u32, console: Rc<Console>) -> Self {
        Self { id, console, has_begun: false, call: None, size: 0, waiting: None }
    }

    fn on_request_complete(&mut self) -> Action {
        // It is answered, or its end has come before.
        if self.call.is_none() || self.waiting.is_some() {
            return Action::Pause;
        }
        match host::request_body(self.size) {
            Some(body) => self.answer(body, QueryResults::default()),
            None => self.respond(&console::failed()),
        }
    }

    /// Answers with what etcd has answered so far, or asks it. Each answer leaves less to ask.
    fn answer(&mut self, body: Vec<u8>, mut results: QueryResults) -> Action {
        let (Some((call, _)), Some(now)) = (&self.call, host::current_time()) else {
            return self.respond(&console::failed());
        };
        let Some(store) = &self.console.store else {
            return self.send(console::answer(&self.console, call, &body, now, &SharedData));
        };
        loop {
            let query = match console::answer_with(&self.console, call, &body, now, &SharedData, &results) {
                Ok(response) => return self.send(response),
                Err(query) => query,
            };
            if host::dispatch_etcd_call(store, &query.rpc(&store.prefix)).is_ok() {
                self.waiting = Some(Waiting { body, query, results });
                return Action::Pause;
            }
            // The request is then answered without another question.
            results.record(None);
        }
    }

    fn send(&mut self, ConsoleResponse { response, record }: ConsoleResponse) -> Action {
        if let Some(record) = record {
            audit::write_approver_decision(record);
        }
        self.respond(&response)
    }

    fn respond(&mut self, response: &Response) -> Action {
        log::debug!("#{} is answered here with HTTP {}, {DETAILS}", self.id, response.status);
        (self.call, self.waiting) = (None, None);
        if host::send_response(response, DETAILS).is_err() {
            audit::log_line(Level::Error, "a response of the console could not be sent; the request stays paused");
        }
        Action::Pause
    }
}
