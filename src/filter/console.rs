//! A visit to the console. Its head is held until its body is there: an approver's token goes no further.

use std::{mem, rc::Rc};

use crate::{
    config::Console,
    console::{self, ConsoleResponse},
    engine::RequestInfo,
    http::Response,
};

use super::{
    audit,
    host::{self, Action},
    seen,
    shared::SharedTable,
    stream::Stream,
};

/// One request to the console.
#[derive(Debug)]
pub(super) struct Visit {
    console: Rc<Console>,
    /// Whether its head has come.
    has_begun: bool,
    /// The request, until it is answered.
    call: Option<RequestInfo>,
    size: usize,
}

impl Visit {
    pub(super) fn new(console: Rc<Console>) -> Self {
        Self { console, has_begun: false, call: None, size: 0 }
    }

    fn end(&mut self) -> Action {
        let Some(call) = self.call.take() else { return Action::Pause };
        let (Some(body), Some(now)) = (host::request_body(self.size), host::now()) else {
            return self.respond(&console::failed());
        };
        let ConsoleResponse { response, record } = console::answer(&self.console, &call, &body, now, &SharedTable);
        if let Some(record) = record {
            audit::write_answer(record);
        }
        self.respond(&response)
    }

    fn respond(&mut self, response: &Response) -> Action {
        self.call = None;
        if host::respond(response).is_err() {
            log::error!("an answer of the console could not be sent; the request stays paused");
        }
        Action::Pause
    }
}

impl Stream for Visit {
    fn on_request_headers(&mut self, end_of_stream: bool) -> Action {
        if mem::replace(&mut self.has_begun, true) {
            return Action::Pause;
        }
        self.call = seen::visit(&self.console.identity, false);
        match self.call {
            None => self.respond(&console::failed()),
            Some(_) if end_of_stream => self.end(),
            Some(_) => Action::Pause,
        }
    }

    fn on_request_body(&mut self, size: usize, end_of_stream: bool) -> Action {
        self.size = size;
        match self.call {
            Some(_) if size > console::MAX_BODY => self.respond(&console::too_large()),
            Some(_) if end_of_stream => self.end(),
            Some(_) | None => Action::Pause,
        }
    }

    fn on_request_trailers(&mut self) -> Action {
        self.end()
    }
}
