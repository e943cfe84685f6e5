//! Every host call. A failure is a value; nothing is retried, and nothing is guessed.
//!
//! [`callouts`] sends requests to services, and takes what they answer; [`header_map`] reads and writes serialized headers;
//! [`unsafe_code`] has the host calls that the SDK lacks.

mod callouts;
mod header_map;

use std::time::{Duration, UNIX_EPOCH};

use proxy_wasm::{
    hostcalls,
    types::{BufferType, LogLevel, MapType, MetricType, Status},
};

use crate::{
    engine::refund::Delivery,
    http::{Headers, Response},
    json,
    mcp::answer::Reply,
    store::{Cas, Unavailable, Versioned},
    time::Timestamp,
};

use super::unsafe_code;

pub(super) use self::callouts::{
    dispatch_etcd_call, dispatch_http_call, dispatch_rate_limit_call, grpc_response, http_call_response, post_notice,
};

/// Sets the level of this module's log to that of Envoy's, so that a line that Envoy would drop costs nothing.
pub(super) fn follow_log_level() {
    let level = match unsafe_code::log_level() {
        0 => LogLevel::Trace,
        1 => LogLevel::Debug,
        2 => LogLevel::Info,
        3 => LogLevel::Warn,
        4 => LogLevel::Error,
        // Envoy also knows `critical` and `off`.
        _ => LogLevel::Critical,
    };
    proxy_wasm::set_log_level(level);
}

/// The plugin configuration; empty if there is none.
pub(super) fn plugin_configuration() -> Result<Vec<u8>, Status> {
    hostcalls::get_buffer(BufferType::PluginConfiguration, 0, usize::MAX).map(Option::unwrap_or_default)
}

/// The filter's name in Envoy.
pub(super) fn plugin_name() -> Result<Option<String>, Status> {
    Ok(property("plugin_name")?.and_then(|name| String::from_utf8(name).ok()))
}

/// A property of the stream, by the parts of its path with a NUL between each two; <https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/advanced/attributes>.
/// `None` if it is missing, `null` or empty.
pub(super) fn property(path: &str) -> Result<Option<Vec<u8>>, Status> {
    Ok(unsafe_code::property(path)?.filter(|value| !value.is_empty()))
}

/// All headers of the request. Call it in the request-headers callback only: later, Envoy has an empty map.
pub(super) fn request_headers() -> Option<Headers> {
    header_map::read(unsafe_code::header_map(MapType::HttpRequestHeaders)?)
}

/// Removes a header from the request, which makes Envoy choose the route again. Call it in the request-headers callback, or
/// while the head is held; later, the SDK panics.
pub(super) fn remove_request_header(name: &str) -> Result<(), Status> {
    hostcalls::remove_map_value(MapType::HttpRequestHeaders, name)
}

/// The first value of a response header, by its name in lower case. Call it in the response-headers callback only:
/// later, the SDK panics.
pub(super) fn response_header(name: &str) -> Result<Option<Vec<u8>>, Status> {
    hostcalls::get_map_value_bytes(MapType::HttpResponseHeaders, name)
}

/// Removes a header from the response. Call it in the response-headers callback only: later, the SDK panics.
pub(super) fn remove_response_header(name: &str) -> Result<(), Status> {
    hostcalls::remove_map_value(MapType::HttpResponseHeaders, name)
}

/// The request's body so far, which has `size` bytes; `None` if the host returns anything else.
pub(super) fn request_body(size: usize) -> Option<Vec<u8>> {
    buffer(BufferType::HttpRequestBody, size)
}

/// Throws away the `size` bytes that Envoy has of the request's body.
pub(super) fn empty_request_body(size: usize) -> Result<(), Status> {
    // Without a chunk Envoy has no buffer, and the SDK panics.
    if size == 0 { Ok(()) } else { hostcalls::set_buffer(BufferType::HttpRequestBody, 0, size, &[]) }
}

/// The chunk of the response's body that a callback is for, which has `size` bytes; `None` if the host returns anything
/// else.
pub(super) fn response_chunk(size: usize) -> Option<Vec<u8>> {
    buffer(BufferType::HttpResponseBody, size)
}

/// Replaces the `size` bytes of the chunk that a callback is for. Call it in the response-body callback only, and never pause in that:
/// else Envoy has no chunk, or one in a buffer with a limit, and the SDK panics.
pub(super) fn replace_response_chunk(size: usize, bytes: &[u8]) -> Result<(), Status> {
    hostcalls::set_buffer(BufferType::HttpResponseBody, 0, size, bytes)
}

/// The first `size` bytes of a buffer.
fn buffer(buffer: BufferType, size: usize) -> Option<Vec<u8>> {
    if size == 0 {
        return Some(Vec::new());
    }
    hostcalls::get_buffer(buffer, 0, size).ok()?.filter(|bytes| bytes.len() == size)
}

/// How far the request got on its way to a server; `None` if Envoy does not say.
pub(super) fn delivery() -> Option<Delivery> {
    let number = |path| property(path).ok()?.map(|bytes| bytes.try_into().map(u64::from_le_bytes)).transpose().ok();
    Some(Delivery {
        attempts: number("upstream\0request_attempt_count")?,
        has_server: property("upstream\0address").ok()?.is_some(),
        flags: number("response\0flags")?.unwrap_or(0),
    })
}

/// Lets a request go on that was paused.
pub(super) fn resume_http_request() -> Result<(), Status> {
    hostcalls::resume_http_request()
}

/// Has the host calls that follow be about another context.
pub(super) fn set_effective_context(context: u32) -> Result<(), Status> {
    hostcalls::set_effective_context(context)
}

/// Resets the response's stream.
pub(super) fn reset_http_response() -> Result<(), Status> {
    hostcalls::reset_http_response()
}

/// Answers the request here; `details` are Envoy's response code details. The stream must stay paused after this.
pub(super) fn send_reply(reply: &Reply, details: &str) -> Result<(), Unsent> {
    let body = reply.body.as_bytes();
    let retry_after = match reply.retry_after {
        None if !body.is_empty() => return send_serialized(reply.status, details, header_map::JSON, body),
        retry_after => retry_after.map(json::decimal_digits),
    };
    let mut headers = Vec::with_capacity(2);
    if !body.is_empty() {
        headers.push(("content-type", "application/json"));
    }
    if let Some(seconds) = &retry_after {
        headers.push(("retry-after", seconds));
    }
    send_local_response(reply.status, details, &headers, body)
}

/// The same as [`send_reply`] for a response of the console.
pub(super) fn send_response(response: &Response, details: &str) -> Result<(), Unsent> {
    let headers: Vec<(&str, &str)> = response.headers.iter().map(|(name, value)| (*name, &**value)).collect();
    send_local_response(response.status, details, &headers, &response.body)
}

/// The host did not take a local response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Unsent;

fn send_local_response(status: u16, details: &str, headers: &[(&str, &str)], body: &[u8]) -> Result<(), Unsent> {
    send_serialized(status, details, &header_map::write(headers), body)
}

fn send_serialized(status: u16, details: &str, headers: &[u8], body: &[u8]) -> Result<(), Unsent> {
    let is_sent = unsafe_code::send_local_response(status.into(), details, headers, body);
    if is_sent { Ok(()) } else { Err(Unsent) }
}

/// The property that holds the audit record.
const RECORD: &str = "mcp_policy";

/// The host did not take a property.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Unset;

/// Leaves the audit record where access logs find it: `%FILTER_STATE(wasm.mcp_policy:PLAIN)%`. Call it in a stream's callback only:
/// elsewhere, Envoy takes nothing.
pub(super) fn set_filter_state(record: &str) -> Result<(), Unset> {
    if unsafe_code::set_property(RECORD, record.as_bytes()) { Ok(()) } else { Err(Unset) }
}

/// Leaves a field of the audit record where access logs find it: `%FILTER_STATE(wasm.mcp_policy.decision:PLAIN)%`. Call it in a
/// stream's callback only: elsewhere, Envoy takes nothing.
pub(super) fn set_audit_field(name: &str, value: &str) -> Result<(), Unset> {
    if unsafe_code::set_property(&["mcp_policy.", name].concat(), value.as_bytes()) { Ok(()) } else { Err(Unset) }
}

/// What [`set_filter_state`] set last for this stream; `None` if it did not.
pub(super) fn filter_state() -> Result<Option<Vec<u8>>, Status> {
    property(RECORD)
}

/// Defines a metric by its name, and returns its number. Envoy takes a new number each time, also for a name that it knows.
pub(super) fn define_metric(kind: MetricType, name: &str) -> Result<u32, Status> {
    hostcalls::define_metric(kind, name)
}

/// Adds to a metric.
pub(super) fn increment_metric(metric: u32, by: i64) -> Result<(), Status> {
    hostcalls::increment_metric(metric, by)
}

/// Sets a gauge.
pub(super) fn record_metric(metric: u32, value: u64) -> Result<(), Status> {
    hostcalls::record_metric(metric, value)
}

/// Has the current root, or that of the current stream, tick every so many milliseconds from now on.
pub(super) fn set_tick_period(milliseconds: u32) -> Result<(), Status> {
    hostcalls::set_tick_period(Duration::from_millis(milliseconds.into()))
}

/// The wall clock. It may step back.
pub(super) fn current_time() -> Option<Timestamp> {
    let since = hostcalls::get_current_time().ok()?.duration_since(UNIX_EPOCH).ok()?;
    // Not `as_millis`, which multiplies with 128 bits.
    let seconds = since.as_secs().checked_mul(1000)?;
    seconds.checked_add(since.subsec_millis().into()).map(Timestamp)
}

/// Reads a key that all workers share. A missing key is unavailable, as is one without a version: a write with it would
/// overwrite whatever is there.
pub(super) fn get_shared_data(key: &str) -> Result<Versioned, Unavailable> {
    match hostcalls::get_shared_data(key) {
        Ok((Some(bytes), Some(version))) => Ok(Versioned { bytes, version }),
        _ => Err(Unavailable),
    }
}

/// Writes a shared key if it still has this `version`.
pub(super) fn cas_shared_data(key: &str, bytes: &[u8], version: u32) -> Result<Cas, Unavailable> {
    match hostcalls::set_shared_data(key, Some(bytes), Some(version)) {
        Ok(()) => Ok(Cas::Done),
        Err(Status::CasMismatch) => Ok(Cas::Mismatch),
        Err(_) => Err(Unavailable),
    }
}

/// Writes a shared key, whatever its version.
pub(super) fn set_shared_data(key: &str, bytes: &[u8]) -> Result<(), Unavailable> {
    hostcalls::set_shared_data(key, Some(bytes), None).map_err(|_| Unavailable)
}

/// Makes a shared key if it is missing.
pub(super) fn init_shared_data(key: &str, bytes: &[u8]) -> Result<(), Status> {
    match hostcalls::set_shared_data(key, Some(bytes), Some(NO_VERSION)) {
        Ok(()) | Err(Status::CasMismatch) => Ok(()),
        failed => failed,
    }
}

/// A version that no key has: Envoy gives each write the next number, so this is the four-billionth. A write with it makes
/// a missing key, and leaves an existing one alone.
const NO_VERSION: u32 = u32::MAX;
