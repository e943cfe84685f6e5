//! A request that is held while a callout is pending: whether it is approved (product contract, section 7), or
//! whether its limits have room in the whole fleet (section 6).
//!
//! Bounded here is what held requests take. Envoy bounds the callouts, also those of clients that left: each ends by its
//! timeout, and the circuit breakers of the service's cluster let 1,024 be pending unless they say otherwise.

use std::{cell::Cell, mem};

use proxy_wasm::types::{Action, MetricType};

use crate::engine::{
    self, BoundRequest, Disposition,
    callout::{Callout, CalloutResponse},
};

use super::{Phase, PolicyFilter, SharedData};
use crate::filter::{host, metrics, root::Filter};

/// Requests of one worker that may be held at the same time.
const MAX_HELD: usize = 1024;
/// What their bodies may take together, in bytes: each is held as a copy.
const MAX_HELD_BYTES: usize = 64 << 20;

thread_local! {
    static HELD: Cell<Held> = const { Cell::new(Held { requests: 0, bytes: 0 }) };
}

/// What the requests that this worker holds take together.
#[derive(Clone, Copy)]
struct Held {
    requests: usize,
    bytes: usize,
}

/// The room that one held request takes, until it is dropped.
#[derive(Debug)]
pub(super) struct HeldRequest {
    bytes: usize,
}

impl HeldRequest {
    /// Takes room for a body of so many bytes; `None` if there is not enough.
    fn new(bytes: usize) -> Option<Self> {
        let held = HELD.get();
        let held = Held { requests: held.requests.checked_add(1)?, bytes: held.bytes.checked_add(bytes)? };
        if held.requests > MAX_HELD || held.bytes > MAX_HELD_BYTES {
            return None;
        }
        HELD.set(held);
        Some(Self { bytes })
    }
}

impl Drop for HeldRequest {
    fn drop(&mut self) {
        let held = HELD.get();
        HELD.set(Held { requests: held.requests.saturating_sub(1), bytes: held.bytes.saturating_sub(self.bytes) });
    }
}

impl PolicyFilter {
    /// Asks a service about a request, which is held meanwhile.
    pub(super) fn dispatch(&mut self, request: BoundRequest, body: Vec<u8>, ask: Callout) -> Action {
        let held = HeldRequest::new(body.len());
        let sent = held.and_then(|held| Some((dispatch(self.filter.as_deref()?, &ask)?, held)));
        let Some((callout, held)) = sent else {
            log::debug!("mcp-policy: #{} could not dispatch a callout", self.id);
            return self.resume(request, body, &ask, None);
        };
        log::debug!("mcp-policy: #{} waits for callout {callout}", self.id);
        self.phase = Phase::AwaitCallout { request, body, ask, held };
        Action::Pause
    }

    /// Takes the response of a service; `None` if there is none.
    pub(super) fn on_callout_response(&mut self, response: Option<&CalloutResponse>) {
        match mem::replace(&mut self.phase, Phase::Replied) {
            Phase::AwaitCallout { request, body, ask, held } => {
                // A further callout takes its own room.
                drop(held);
                let action = self.resume(request, body, &ask, response);
                if action == Action::Continue && host::resume_http_request().is_err() {
                    log::error!("a request that was held could not go on; it stays paused");
                }
            }
            other => self.phase = other,
        }
    }

    /// Judges a request again, with a service's response. It may need another callout; each response leaves fewer.
    fn resume(
        &mut self,
        mut request: BoundRequest,
        body: Vec<u8>,
        ask: &Callout,
        response: Option<&CalloutResponse>,
    ) -> Action {
        let (Some(filter), Some(now)) = (&self.filter, host::current_time()) else { return self.fail() };
        if !request.callouts().record(ask, response) {
            metrics::add_to_series(MetricType::Counter, ask.unanswered_metric(), &[], 1);
        }
        let judgement = engine::authorize(&filter.config, &request, &body, &filter.name, now, &SharedData);
        match judgement.answer {
            Disposition::Callout(ask) => self.dispatch(request, body, ask),
            _ => self.apply(judgement, Some(now)),
        }
    }
}

/// Dispatches a callout, and returns its number; `None` if Envoy does not.
fn dispatch(filter: &Filter, ask: &Callout) -> Option<u32> {
    match ask {
        Callout::Approval(inquiry) => {
            host::dispatch_http_call(filter.config.approvals.service.as_ref()?, &inquiry.body).ok()
        }
        Callout::Charge { message, .. } => {
            host::dispatch_grpc_call(filter.config.limits.service.as_ref()?, message).ok()
        }
    }
}
