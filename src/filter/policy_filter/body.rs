//! The body of a request: it is held back until it is complete, and judged then.

use std::mem;

use proxy_wasm::types::{Action, Status};

use crate::{
    audit::AuditRecord,
    budget::ShareExhausted,
    config::HeaderMode,
    engine::{self, BoundRequest, Disposition},
    http::Header,
    mcp::head::RETRY_HEADERS,
};

use super::{Phase, PolicyFilter};
use crate::filter::{
    attributes, audit, host, lease::Lease, pinned, response::ResponseHandler, root::Filter, shared_data::SharedData,
};

impl PolicyFilter {
    /// Holds the request's body back until it is complete, and its head if the configuration says so. `record` is that of a
    /// request without a message.
    pub(super) fn start_buffering(
        &mut self,
        filter: &Filter,
        mut request: BoundRequest,
        record: Option<Box<AuditRecord>>,
    ) -> Action {
        if remove_headers(filter, &request).is_err() {
            return self.fail();
        }
        let lease = match take_lease(filter, &mut request) {
            Ok(lease) => lease,
            Err(exhausted) => return self.apply(engine::no_room(&filter.config, &request, exhausted), None, None),
        };
        self.phase = match record {
            None => Phase::AwaitBody { request, size: 0, lease },
            Some(record) => Phase::AwaitEmptyBody { request, record, lease },
        };
        match filter.config.protocol.headers {
            HeaderMode::Hold => Action::Pause,
            HeaderMode::Release => Action::Continue,
        }
    }

    /// Goes on once the request has ended.
    pub(super) fn on_request_complete(&mut self) -> Action {
        let Some(filter) = self.filter.clone() else { return self.current_action() };
        let (request, size, lease) = match mem::replace(&mut self.phase, Phase::Replied) {
            Phase::AwaitBody { request, size, lease } => (request, size, lease),
            Phase::AwaitEmptyBody { request, record, lease } => {
                log::debug!("#{} is forwarded without a body", self.id);
                audit::write(&filter.config, &record, None);
                return self
                    .forward(ResponseHandler::for_request_without_message(&filter.config, &request, &record), lease);
            }
            Phase::Discarding { reply, lease, .. } => {
                drop(lease);
                return self.reply_to_discarded(&reply);
            }
            Phase::Start => return self.fail(),
            other => {
                self.phase = other;
                return self.current_action();
            }
        };
        self.on_body_complete(&filter, request, size, lease)
    }

    fn on_body_complete(&mut self, filter: &Filter, mut request: BoundRequest, size: usize, lease: Lease) -> Action {
        let (Some(body), Some(now)) = (host::request_body(size), host::current_time()) else { return self.fail() };
        // A head that was released has gone on by the route that Envoy has now.
        if filter.config.reads_route() && filter.config.protocol.headers == HeaderMode::Release {
            match attributes::route_name() {
                Ok(route) => request.set_route(route.as_deref()),
                Err(_) => request.lose_route(),
            }
        }
        let judgement = engine::authorize(&filter.config, &request, &body, &filter.name, now, &SharedData);
        if let Some(policy) = judgement.record.policy.as_ref().filter(|_| filter.config.pins_definitions()) {
            pinned::register(&filter.config, policy);
        }
        match judgement.answer {
            Disposition::Callout(ask) => self.dispatch(request, body, ask, judgement.record, lease),
            _ => self.apply(judgement, Some(now), Some(lease)),
        }
    }
}

/// Takes the place of a stream whose head Envoy keeps, and forgets the headers that no later step reads.
///
/// # Errors
/// Its caller's share has no room for it.
pub(super) fn take_lease(filter: &Filter, request: &mut BoundRequest) -> Result<Lease, ShareExhausted> {
    // Envoy keeps the whole head, whatever is forgotten here.
    let head = request.info().headers.size().saturating_add(request.info().claims.size());
    request.forget_headers();
    Lease::new(request.info(), head, filter.config.protocol.max_held_bytes)
}

/// Removes what would have Envoy send the request twice, and, if the response has to be read, what would have the server
/// compress it.
pub(super) fn remove_headers(filter: &Filter, request: &BoundRequest) -> Result<(), Status> {
    let headers = &request.info().headers;
    headers.present(&RETRY_HEADERS).try_for_each(host::remove_request_header)?;
    let is_compressible = headers.get("accept-encoding") != Header::Absent;
    if is_compressible && engine::removes_accept_encoding(&filter.config, request) {
        host::remove_request_header("accept-encoding")?;
    }
    Ok(())
}
