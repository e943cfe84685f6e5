//! Every call into Envoy. What fails is a value; nothing is retried, and nothing is guessed.

use std::time::UNIX_EPOCH;

use proxy_wasm::{
    hostcalls,
    types::{BufferType, MapType, Status},
};

use crate::{
    engine::refund::Delivery,
    http::Headers,
    limit::{Moment, store::Unavailable, store::Versioned, store::Written},
    mcp::answer::Reply,
};

/// The filter's configuration as Envoy holds it; empty if there is none.
pub(super) fn configuration() -> Vec<u8> {
    hostcalls::get_buffer(BufferType::PluginConfiguration, 0, usize::MAX).ok().flatten().unwrap_or_default()
}

/// The filter's name in Envoy: what keeps the counters of two filters apart.
pub(super) fn filter_name() -> Option<String> {
    String::from_utf8(property(&["plugin_name"])?).ok()
}

/// A property of the stream; <https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/advanced/attributes>.
pub(super) fn property(path: &[&str]) -> Option<Vec<u8>> {
    hostcalls::get_property(path.to_vec()).ok().flatten()
}

/// All headers of the request. Only while the headers are in reach: not after they were let go.
pub(super) fn request_headers() -> Headers {
    Headers::new(hostcalls::get_map_bytes(MapType::HttpRequestHeaders).unwrap_or_default())
}

/// A header of the response, by its name in lower case; only while the response's headers are in reach.
pub(super) fn response_header(name: &str) -> Option<Vec<u8>> {
    hostcalls::get_map_value_bytes(MapType::HttpResponseHeaders, name).ok().flatten()
}

/// The chunk of the response's body that is passing, which has `size` bytes.
pub(super) fn response_chunk(size: usize) -> Option<Vec<u8>> {
    hostcalls::get_buffer(BufferType::HttpResponseBody, 0, size).ok().flatten()
}

/// A part of the response's body as far as it is held back.
pub(super) fn response_part(start: usize, size: usize) -> Option<Vec<u8>> {
    let part = hostcalls::get_buffer(BufferType::HttpResponseBody, start, size).ok().flatten()?;
    (part.len() == size).then_some(part)
}

/// Ends the response where it stands.
pub(super) fn end_response() -> Result<(), Status> {
    hostcalls::reset_http_response()
}

/// How far the request got on its way to a server.
pub(super) fn delivery() -> Delivery {
    let number = |path: &[&str]| property(path)?.try_into().ok().map(u64::from_le_bytes);
    Delivery {
        attempts: number(&["upstream", "request_attempt_count"]),
        has_server: property(&["upstream", "address"]).is_some_and(|address| !address.is_empty()),
        flags: number(&["response", "flags"]).unwrap_or(0),
    }
}

/// Takes a header off the request.
pub(super) fn remove_request_header(name: &str) -> Result<(), Status> {
    hostcalls::remove_map_value(MapType::HttpRequestHeaders, name)
}

/// The body so far, which has `size` bytes; `None` if the host hands out anything else.
pub(super) fn request_body(size: usize) -> Option<Vec<u8>> {
    if size == 0 {
        return Some(Vec::new());
    }
    let body = hostcalls::get_buffer(BufferType::HttpRequestBody, 0, size).ok().flatten()?;
    (body.len() == size).then_some(body)
}

/// Answers the request here. The stream must stay paused after this.
pub(super) fn reply(reply: &Reply) -> Result<(), Status> {
    let retry_after = reply.retry_after.map(|seconds| seconds.to_string());
    let mut headers = Vec::with_capacity(2);
    if !reply.body.is_empty() {
        headers.push(("content-type", "application/json"));
    }
    if let Some(seconds) = &retry_after {
        headers.push(("retry-after", seconds));
    }
    hostcalls::send_http_response(u32::from(reply.status), headers, Some(reply.body.as_bytes()))
}

/// Leaves the audit record where access logs find it: `%FILTER_STATE(wasm.mcp_policy:PLAIN)%`.
pub(super) fn note(record: &str) -> Result<(), Status> {
    hostcalls::set_property(vec!["mcp_policy"], Some(record.as_bytes()))
}

/// The wall clock. It may step back.
pub(super) fn now() -> Option<Moment> {
    let since = hostcalls::get_current_time().ok()?.duration_since(UNIX_EPOCH).ok()?;
    u64::try_from(since.as_millis()).ok().map(Moment)
}

/// Reads a key that all workers share. A key that is missing or empty is unavailable.
pub(super) fn shared(key: &str) -> Result<Versioned, Unavailable> {
    match hostcalls::get_shared_data(key) {
        Ok((Some(bytes), Some(version))) => Ok(Versioned { bytes, version }),
        _ => Err(Unavailable),
    }
}

/// Writes a shared key that nobody has written since it had `version`.
pub(super) fn share(key: &str, bytes: &[u8], version: u32) -> Result<Written, Unavailable> {
    match hostcalls::set_shared_data(key, Some(bytes), Some(version)) {
        Ok(()) => Ok(Written::Committed),
        Err(Status::CasMismatch) => Ok(Written::Outdated),
        Err(_) => Err(Unavailable),
    }
}

/// Makes a shared key, or writes over it.
pub(super) fn create_shared(key: &str, bytes: &[u8]) -> Result<(), Status> {
    hostcalls::set_shared_data(key, Some(bytes), None)
}
