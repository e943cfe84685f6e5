//! Whether the body of the server's response has to be read, so that the server must not compress it.

use crate::{
    config::{Config, HeaderMode, Refund},
    mcp::list::ListKind,
};

use super::{BoundRequest, lists, results};

/// Whether the first event of the response has to be read: `protocol.legacy_sse: refuse` ends a stream that opens the transport
/// of revision 2024-11-05.
#[must_use]
pub fn blocks_legacy_sse(config: &Config, request: &BoundRequest) -> bool {
    !config.protocol.legacy_sse && request.info.is_method("GET")
}

/// Whether the response may have to be read, so that the server must not compress it. The request's method is not known yet
/// when its head is forwarded.
#[must_use]
pub fn inspects_response(config: &Config, request: &BoundRequest) -> bool {
    let reads_result = config.limits.refund == Refund::Failed && request.info.is_method("POST");
    let judges_result = || results::may_inspect(request) || config.tasks.owner && request.info.is_method("POST");
    reads_result || judges_result() || lists::may_read(config, request) || blocks_legacy_sse(config, request)
}

/// Whether `accept-encoding` is removed with the head of a request: its response may have to be read. If a binding names a
/// route, that is done for lists only, since it makes Envoy choose the route again; and if the head is held, when the body
/// has said that it is one.
#[must_use]
pub fn removes_accept_encoding(config: &Config, request: &BoundRequest) -> bool {
    let method = || request.info.headers.str_value("mcp-method");
    let names_list = || method().is_some_and(|method| ListKind::by_method(method).is_some());
    // Nothing reads the route of a request without a message again.
    let is_list = || config.protocol.headers == HeaderMode::Release && request.info.is_method("POST") && names_list();
    inspects_response(config, request) && (!config.reads_route() || is_list())
}
