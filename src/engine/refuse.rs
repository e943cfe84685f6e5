//! Refusals before any rule is evaluated: of requests that no server reads, that servers read differently, or for which there is no
//! room.

use crate::{
    budget::ShareExhausted,
    config::Config,
    mcp::{Refusal, head, refused},
};

use super::{
    AuthorizationResponse, BoundRequest, Disposition, audit_record, reply,
    trace::{Step, Tracer},
};

/// When to repeat a request for which there was no room, in seconds: it is free when another request of the caller ends.
const RETRY_SECONDS: u64 = 1;

/// The reply to a body that must not be there.
pub fn unexpected_body(config: &Config, request: &BoundRequest) -> AuthorizationResponse {
    refuse(config, request, &head::no_body_expected())
}

/// The reply to a body that is larger than [`crate::config::Protocol::largest_body`], for its end, as [`super::HeadersVerdict::Discard`].
pub fn too_large(config: &Config, request: &BoundRequest) -> AuthorizationResponse {
    refuse(config, request, &head::too_large(config.protocol.largest_body()))
}

/// The reply to a request for which its caller's share of `protocol.max_held_bytes`, or of open streams, has no room.
pub fn no_room(config: &Config, request: &BoundRequest, exhausted: ShareExhausted) -> AuthorizationResponse {
    let mut refused = refuse(config, request, &Refusal::no_room(exhausted));
    if let Disposition::Reply(reply) = &mut refused.answer {
        reply.retry_after = Some(RETRY_SECONDS);
    }
    refused
}

/// Refuses a body that no server reads, or that servers read differently.
pub(super) fn refuse_body(
    config: &Config,
    request: &BoundRequest,
    body: &[u8],
    refusal: Refusal,
    mut tracer: impl Tracer,
) -> AuthorizationResponse {
    tracer.step(|| Step::new("", format!("is refused before any rule is evaluated: {}", refusal.message)));
    refuse(config, request, &refused::complete_refusal(refusal, &request.info.headers, body))
}

/// Refuses a request that no server reads, or that servers read differently.
pub(super) fn refuse(config: &Config, request: &BoundRequest, refusal: &Refusal) -> AuthorizationResponse {
    let reply = reply::set_legacy_status(config, request, reply::refusal_reply(config, request, refusal));
    let record = audit_record::refused(config, request, refusal);
    AuthorizationResponse::new(Disposition::Reply(reply), record)
}
