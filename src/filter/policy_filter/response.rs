//! The response to a request: taken through, replaced, or reset.

use log::Level;
use proxy_wasm::types::Action;

use crate::{
    config::Config,
    filter::{
        audit, ending,
        host::{self, Unsent},
        lease::Lease,
        response::{self, Forward, RequestBody, ResponseAborted, ResponseHandler},
    },
    mcp::answer::Reply,
};

use super::{Phase, PolicyFilter, REFUSED};

impl PolicyFilter {
    /// Takes the head of a response, which may come before the end of its request.
    pub(super) fn on_response_head(&mut self, end_of_stream: bool) -> Action {
        // A server need not wait for the end of a request that has no body.
        if let Phase::AwaitEmptyBody { .. } = self.phase {
            self.on_request_complete();
        }
        let checked = match (&mut self.phase, &self.filter) {
            (Phase::Forwarded { response, .. }, Some(filter)) => {
                response.on_headers(&filter.config, end_of_stream).map(|()| RequestBody::MayBeNeeded)
            }
            (Phase::AwaitBody { request, .. }, Some(filter)) => {
                response::check_early_response(&filter.config, request, end_of_stream)
            }
            (Phase::Discarding { request, reply, .. }, Some(filter)) if reply.is_waiting() => {
                response::check_early_response(&filter.config, request, end_of_stream)
            }
            // Whatever the service says, no body goes to a server that has responded meanwhile.
            (Phase::AwaitCallout { request, .. }, Some(filter)) => {
                response::check_early_response(&filter.config, request, end_of_stream).map(|_| RequestBody::NotNeeded)
            }
            (Phase::Aborted, _) => return Action::Pause,
            _ => Ok(RequestBody::MayBeNeeded),
        };
        match checked {
            Ok(RequestBody::MayBeNeeded) => Action::Continue,
            // A refusal could only reset the response, which has begun.
            Ok(RequestBody::NotNeeded) => {
                self.abandon_callout();
                self.phase = Phase::Replied;
                Action::Continue
            }
            Err(reply) => {
                self.abandon_callout();
                self.replace_response(&reply)
            }
        }
    }

    /// Takes the next part of a forwarded request's response through, or resets it. Any other response passes.
    pub(super) fn with_response(
        &mut self,
        take: impl FnOnce(&mut ResponseHandler, &Config, &mut Lease) -> Result<Forward, ResponseAborted>,
    ) -> Action {
        let (Phase::Forwarded { response, lease }, Some(filter)) = (&mut self.phase, &self.filter) else {
            return if matches!(self.phase, Phase::Aborted) { Action::Pause } else { Action::Continue };
        };
        match take(response, &filter.config, lease) {
            Ok(Forward::Now) => Action::Continue,
            Ok(Forward::Last(record)) => {
                audit::write(&filter.config, &record, None);
                self.phase = Phase::Aborted;
                // Not here, since what goes on now would be lost.
                match ending::reset_soon(self.id) {
                    Ok(()) => Action::Continue,
                    Err(_) => self.abort_response("a refused stream could not be ended later"),
                }
            }
            Err(ResponseAborted(why)) => self.abort_response(why),
        }
    }

    /// Replies in place of the server, whose response has begun.
    pub(super) fn replace_response(&mut self, reply: &Reply) -> Action {
        self.phase = Phase::Replied;
        match host::send_reply(reply, REFUSED) {
            Ok(()) => Action::Pause,
            Err(Unsent) => self.abort_response("a refusal could not be sent"),
        }
    }

    /// Resets the response: nothing more of it goes on.
    pub(super) fn abort_response(&mut self, why: &str) -> Action {
        audit::log_line(Level::Warn, why);
        self.phase = Phase::Aborted;
        if host::reset_http_response().is_err() {
            audit::log_line(Level::Error, "a response could not be reset; it stays paused");
        }
        Action::Pause
    }
}
