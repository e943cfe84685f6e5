//! A request that is held while a callout is pending: whether it is approved (product contract, section 7), or
//! whether its limits have room in the whole fleet (section 6).
//!
//! Bounded here is how many are held; their bytes are counted by [`Lease`]. Envoy bounds the callouts, also those of clients that left: each ends by its
//! timeout, and the circuit breakers of the service's cluster let 1,024 be pending unless they say otherwise.

use std::{cell::Cell, mem};

use log::Level;
use proxy_wasm::types::{Action, MetricType, Status};

use crate::{
    audit::{AuditRecord, Decision},
    engine::{
        self, BoundRequest, Disposition,
        callout::{Callout, CalloutResponse, Recorded},
    },
};

use super::{Phase, PolicyFilter};
use crate::filter::{audit, host, lease::Lease, metrics, root::Filter, shared_data::SharedData};

/// Requests of one worker that may be held at the same time.
const MAX_HELD: usize = 1024;

thread_local! {
    static HELD: Cell<usize> = const { Cell::new(0) };
}

/// Why a call did not go on that has neither a verdict nor an answer of the service.
const ABANDONED: &str =
    "the call ended while a service was asked about it, so it did not go on; a rate-limit service may have charged it";

/// One of the requests that are held, until it is dropped.
#[derive(Debug)]
pub(super) struct HeldRequest(());

impl HeldRequest {
    /// `None` if too many are held.
    fn new() -> Option<Self> {
        let held = HELD.get().saturating_add(1);
        if held > MAX_HELD {
            return None;
        }
        HELD.set(held);
        Some(Self(()))
    }
}

impl Drop for HeldRequest {
    fn drop(&mut self) {
        HELD.set(HELD.get().saturating_sub(1));
    }
}

impl PolicyFilter {
    /// Asks a service about a request, which is held meanwhile. `record` says that it waits.
    pub(super) fn dispatch(
        &mut self,
        mut request: BoundRequest,
        body: Vec<u8>,
        ask: Callout,
        record: Box<AuditRecord>,
        mut lease: Lease,
    ) -> Action {
        // Envoy has the body, and so has this filter, which judges it again; a record may have its arguments.
        let copies = body.len().saturating_mul(2).saturating_add(ask.size()).saturating_add(record.argument_bytes());
        if let Err(exhausted) = lease.hold_body(copies) {
            put_back_approval(&mut request);
            let Some(filter) = &self.filter else { return self.fail() };
            return self.apply(engine::no_room(&filter.config, &request, exhausted), None, None);
        }
        let held = HeldRequest::new();
        let sent = held.and_then(|held| Some((dispatch(self.filter.as_deref()?, &ask)?, held)));
        let Some((callout, held)) = sent else {
            log::debug!("#{} could not dispatch a callout", self.id);
            return self.resume(request, body, ask, record, None, lease);
        };
        log::debug!("#{} waits for callout {callout}", self.id);
        self.phase = Phase::AwaitCallout { request, body, ask, record, lease, held };
        Action::Pause
    }

    /// Takes the response of a service; `None` if there is none.
    pub(super) fn on_callout_response(&mut self, response: Option<&CalloutResponse>) {
        match mem::replace(&mut self.phase, Phase::Replied) {
            Phase::AwaitCallout { request, body, ask, record, lease, held } => {
                // A further callout takes its own place.
                drop(held);
                let action = self.resume(request, body, ask, record, response, lease);
                if action == Action::Continue && host::resume_http_request().is_err() {
                    audit::log_line(Level::Error, "a request that was held could not go on; it stays paused");
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
        ask: Callout,
        record: Box<AuditRecord>,
        response: Option<&CalloutResponse>,
        lease: Lease,
    ) -> Action {
        let (Some(filter), Some(now)) = (&self.filter, host::current_time()) else {
            self.abandon(request, record);
            return self.fail();
        };
        let metric = ask.unanswered_metric();
        match request.callouts().record(ask, response, now) {
            Recorded::Next(ask) => return self.dispatch(request, body, ask, record, lease),
            Recorded::Answered => {}
            Recorded::Unanswered => metrics::add_to_series(MetricType::Counter, metric, &[], 1),
        }
        let judgement = engine::authorize(&filter.config, &request, &body, &filter.name, now, &SharedData);
        let keeps_approval = match judgement.answer {
            Disposition::Callout(ask) => return self.dispatch(request, body, ask, judgement.record, lease),
            // The receipt holds it from here.
            Disposition::Forward(ref receipt) => receipt.holds_stored_approval(),
            Disposition::Reply(_) => false,
        };
        if !keeps_approval {
            put_back_approval(&mut request);
        }
        self.apply(judgement, Some(now), Some(lease))
    }

    /// Ends the wait of a call that will not go on, if it waits.
    pub(super) fn abandon_callout(&mut self) {
        if matches!(self.phase, Phase::AwaitCallout { .. })
            && let Phase::AwaitCallout { request, record, .. } = mem::replace(&mut self.phase, Phase::Replied)
        {
            self.abandon(request, record);
        }
    }

    /// Puts back the approval of a call that will not go on, and records it: a service may have charged it.
    fn abandon(&self, mut request: BoundRequest, mut record: Box<AuditRecord>) {
        put_back_approval(&mut request);
        record.decision = Decision::Failed;
        ABANDONED.clone_into(&mut record.message);
        if let Some(filter) = &self.filter {
            audit::write(&filter.config, &record, None);
        }
    }
}

/// Puts back the approval of a call that will not reach a server, if a fleet's store gave it one.
fn put_back_approval(request: &mut BoundRequest) {
    let held = request.callouts().take_used_approval();
    let put_back = held.and_then(|held| held.put_back(host::current_time()?));
    if let Some((store, rpc)) = put_back {
        // If this fails, the approval is lost.
        let _: Result<u32, Status> = host::dispatch_etcd_call(&store, &rpc);
    }
}

/// Dispatches a callout, and returns its number; `None` if Envoy does not.
fn dispatch(filter: &Filter, ask: &Callout) -> Option<u32> {
    match ask {
        Callout::Approval(inquiry) => {
            host::dispatch_http_call(filter.config.approvals.service.as_ref()?, &inquiry.body).ok()
        }
        Callout::Store { store, call } => host::dispatch_etcd_call(store, &call.rpc()).ok(),
        Callout::Charge { message, .. } => {
            host::dispatch_rate_limit_call(filter.config.limits.service.as_ref()?, message).ok()
        }
    }
}
