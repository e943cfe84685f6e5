//! Callouts: requests to services, and what they answer.

use std::time::Duration;

use proxy_wasm::{
    hostcalls,
    types::{BufferType, MapType, Status},
};

use crate::{
    approval::etcd::{MAX_RESPONSE_BYTES, Rpc},
    config::{EtcdStore, LimitService, Notify, Service},
    engine::callout::CalloutResponse,
    filter::unsafe_code,
    http::Header,
    limit::rate_limit_service,
    protobuf::wire::Message,
};

use super::{buffer, header_map};

/// How long a webhook may take, in milliseconds.
const NOTICE_TIMEOUT_MS: u32 = 5000;

/// Sends a request to an approval service, and returns the number of the callout.
pub(in crate::filter) fn dispatch_http_call(service: &Service, body: &str) -> Result<u32, Status> {
    post(&service.cluster, &service.path, &service.authority, service.timeout_ms, body)
}

/// Sends a notice to a webhook. Call it in a callback of the root only: a stream's callouts end with it.
pub(in crate::filter) fn post_notice(webhook: &Notify, body: &str) -> Result<u32, Status> {
    post(&webhook.cluster, webhook.path.expose(), &webhook.authority, NOTICE_TIMEOUT_MS, body)
}

fn post(cluster: &str, path: &str, authority: &str, timeout_ms: u32, body: &str) -> Result<u32, Status> {
    let headers = vec![
        (":method", "POST"),
        (":path", path),
        (":authority", authority),
        ("content-type", "application/json"),
        ("accept", "application/json"),
    ];
    let timeout = Duration::from_millis(timeout_ms.into());
    hostcalls::dispatch_http_call(cluster, headers, Some(body.as_bytes()), Vec::new(), timeout)
}

/// The response to [`dispatch_http_call`]; `None` if there is none, or its status is not given exactly once.
pub(in crate::filter) fn http_call_response(header_count: usize, body_size: usize) -> Option<CalloutResponse> {
    // Without headers there is no response, and Envoy has no map of them.
    let map = if header_count == 0 { None } else { unsafe_code::header_map(MapType::HttpCallResponseHeaders) };
    let headers = header_map::read(map?)?;
    let Header::Once(status) = headers.get(":status") else { return None };
    // None that is read is as long.
    let body = buffer(BufferType::HttpCallResponseBody, body_size.min(MAX_RESPONSE_BYTES))?;
    Some(CalloutResponse { status: status.to_vec(), body })
}

/// Sends a request to a rate-limit service, and returns the number of the callout.
pub(in crate::filter) fn dispatch_rate_limit_call(service: &LimitService, message: &[u8]) -> Result<u32, Status> {
    let names = (rate_limit_service::SERVICE, rate_limit_service::METHOD);
    dispatch_grpc_call(&service.cluster, service.timeout_ms, names, message)
}

/// Asks etcd, and returns the number of the callout.
pub(in crate::filter) fn dispatch_etcd_call(store: &EtcdStore, rpc: &Rpc) -> Result<u32, Status> {
    dispatch_grpc_call(&store.cluster, store.timeout_ms, rpc.method.names(), &rpc.message)
}

/// Calls a method of a gRPC service at a cluster.
fn dispatch_grpc_call(
    cluster: &str,
    timeout_ms: u32,
    (service, method): (&str, &str),
    message: &[u8],
) -> Result<u32, Status> {
    // `envoy.config.core.v3.GrpcService { envoy_grpc = 1 { cluster_name = 1 } }`. Envoy takes a bare name, too, unless it
    // happens to be a message.
    let cluster = Message::default().add_string(1, cluster);
    let target = Message::default().add_message(1, &cluster).finish();
    // Lengths below 128 are ASCII; the configuration accepts no longer names.
    let target = String::from_utf8(target).map_err(|_| Status::ParseFailure)?;
    let timeout = Duration::from_millis(timeout_ms.into());
    hostcalls::dispatch_grpc_call(&target, service, method, Vec::new(), Some(message), timeout)
}

/// The response to [`dispatch_grpc_call`]; `None` if there is none, or if it is too long to be one that was asked for.
pub(in crate::filter) fn grpc_response(status: u32, size: usize) -> Option<CalloutResponse> {
    // A call that ends without a message, too, comes with a status and no bytes.
    let is_message = status == 0 && size > 0 && size <= MAX_RESPONSE_BYTES;
    let body = if is_message { buffer(BufferType::GrpcReceiveBuffer, size) } else { None };
    Some(CalloutResponse { status: b"0".to_vec(), body: body? })
}
