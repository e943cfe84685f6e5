//! A request whose body is too large: what comes of it is thrown away, so that Envoy holds nothing, and the reply waits for
//! its end. [`crate::budget::Discarded`] says why, and how long.

use std::mem;

use proxy_wasm::types::Action;

use crate::{
    config::HeaderMode,
    engine::{AuthorizationResponse, BoundRequest, Disposition},
    mcp::answer::Reply,
};

use super::{
    Phase, PolicyFilter, REFUSED,
    body::{remove_headers, take_lease},
};
use crate::filter::{audit, discarding::WaitingReply, host, lease::Lease, root::Filter};

impl PolicyFilter {
    /// Begins with the head, which announces such a body. A head that is not held goes on, as that of any message: without it,
    /// Envoy would not hand over the body.
    pub(super) fn start_discarding(
        &mut self,
        filter: &Filter,
        mut request: BoundRequest,
        refused: AuthorizationResponse,
    ) -> Action {
        if remove_headers(filter, &request).is_err() {
            return self.fail();
        }
        let Ok(lease) = take_lease(filter, &mut request) else {
            return self.apply(refused, None, None);
        };
        let action = self.wait_for_end(request, lease, refused, 0);
        match (&self.phase, filter.config.protocol.headers) {
            (Phase::Discarding { .. }, HeaderMode::Release) => Action::Continue,
            _ => action,
        }
    }

    /// Begins with the first `size` bytes of the body.
    pub(super) fn discard_first(&mut self, refused: AuthorizationResponse, size: usize, is_end: bool) -> Action {
        match mem::replace(&mut self.phase, Phase::Replied) {
            Phase::AwaitBody { request, mut lease, .. } if !is_end && host::empty_request_body(size).is_ok() => {
                // Holding less never fails.
                let _: Result<(), _> = lease.hold_body(0);
                self.wait_for_end(request, lease, refused, size)
            }
            _ => self.apply(refused, None, None),
        }
    }

    /// Throws away the `size` bytes that Envoy has of the body.
    pub(super) fn discard(&mut self, size: usize, is_end: bool) -> Action {
        let Phase::Discarding { reply, .. } = &self.phase else { return self.current_action() };
        if !is_end && reply.push(size) && host::empty_request_body(size).is_ok() {
            return Action::Pause;
        }
        self.on_request_complete()
    }

    /// Sends the reply, unless a tick has sent it.
    pub(super) fn reply_to_discarded(&mut self, reply: &WaitingReply) -> Action {
        match reply.take() {
            Some(reply) => self.send_reply(&reply, REFUSED),
            None => Action::Pause,
        }
    }

    fn wait_for_end(
        &mut self,
        request: BoundRequest,
        lease: Lease,
        refused: AuthorizationResponse,
        size: usize,
    ) -> Action {
        let Disposition::Reply(reply) = refused.answer else { return self.fail() };
        if let Some(filter) = &self.filter {
            audit::write(&filter.config, &refused.record, None);
        }
        match WaitingReply::start(self.id, reply, size) {
            Ok(reply) => {
                self.phase = Phase::Discarding { request, reply, lease };
                Action::Pause
            }
            Err(reply) => self.send_reply(&reply, REFUSED),
        }
    }
}

/// Sends a reply that has waited long enough, in a tick. The stream's own callbacks find that it is sent.
pub(in crate::filter) fn send_late(reply: &Reply) {
    if host::send_reply(reply, REFUSED).is_err() {
        log::error!("a refusal could not be sent; the request stays paused");
    }
}
