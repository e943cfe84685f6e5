//! Every call into Envoy. What fails is a value; nothing is retried, and nothing is guessed.
//!
//! * [`abi`] is the only place that is unsafe: the imports, and what they hand over
//! * [`pairs`] reads and writes serialised headers
//! * [`logger`] is where `log` goes

mod abi;
mod logger;
mod pairs;

use std::time::Duration;

use crate::{
    config::{LimitService, Service},
    engine::{callout::CalloutResponse, refund::Delivery},
    http::{Header, Headers, Response},
    limit::rate_limit_service,
    mcp::answer::Reply,
    protobuf::wire::Message,
    store::{Cas, Unavailable, Versioned},
    time::Timestamp,
};

use self::abi::{Buffer, Map};

pub(super) use self::{
    abi::{Action, Metric, Status},
    logger::start as start_log,
};

/// The filter's configuration as Envoy holds it; empty if there is none.
pub(super) fn configuration() -> Result<Vec<u8>, Status> {
    found(abi::buffer(Buffer::Configuration, usize::MAX)).map(Option::unwrap_or_default)
}

/// The filter's name in Envoy: what keeps the counters of two filters apart.
pub(super) fn filter_name() -> Result<Option<String>, Status> {
    Ok(property("plugin_name")?.and_then(|name| String::from_utf8(name).ok()))
}

/// A property of the stream, by the parts of its path with a NUL between them; <https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/advanced/attributes>.
/// `None` if there is none, or it is `null` or empty.
pub(super) fn property(path: &'static str) -> Result<Option<Vec<u8>>, Status> {
    Ok(found(abi::property(path))?.filter(|value| !value.is_empty()))
}

/// All headers of the request. Only while the headers are in reach: not after they were let go.
pub(super) fn request_headers() -> Option<Headers> {
    pairs::read(abi::headers(Map::Request).ok()?)
}

/// A header of the response, by its name in lower case; only while the response's headers are in reach.
pub(super) fn response_header(name: &str) -> Result<Option<Vec<u8>>, Status> {
    match abi::header(Map::Response, name) {
        Ok(value) => Ok(Some(value)),
        Err(Status::NOT_FOUND) => Ok(None),
        Err(failed) => Err(failed),
    }
}

/// The chunk of the response's body that is passing, which has `size` bytes; `None` if the host hands out anything else.
pub(super) fn response_chunk(size: usize) -> Option<Vec<u8>> {
    if size == 0 {
        return Some(Vec::new());
    }
    abi::buffer(Buffer::ResponseBody, size).ok().filter(|chunk| chunk.len() == size)
}

/// Puts `bytes` in the place of the chunk of the response's body that is passing, which has `size` bytes.
pub(super) fn replace_response_chunk(size: usize, bytes: &[u8]) -> Result<(), Status> {
    abi::set_buffer(Buffer::ResponseBody, size, bytes)
}

/// Takes a header off the response.
pub(super) fn remove_response_header(name: &str) -> Result<(), Status> {
    abi::remove_header(Map::Response, name)
}

/// Ends the response where it stands.
pub(super) fn end_response() -> Result<(), Status> {
    abi::end_response()
}

/// How far the request got on its way to a server; `None` where that cannot be told.
pub(super) fn delivery() -> Option<Delivery> {
    let number = |path| property(path).ok()?.map(|bytes| bytes.try_into().map(u64::from_le_bytes)).transpose().ok();
    Some(Delivery {
        attempts: number("upstream\0request_attempt_count")?,
        has_server: property("upstream\0address").ok()?.is_some(),
        flags: number("response\0flags")?.unwrap_or(0),
    })
}

/// Takes a header off the request.
pub(super) fn remove_request_header(name: &str) -> Result<(), Status> {
    abi::remove_header(Map::Request, name)
}

/// The body so far, which has `size` bytes; `None` if the host hands out anything else.
pub(super) fn request_body(size: usize) -> Option<Vec<u8>> {
    if size == 0 {
        return Some(Vec::new());
    }
    abi::buffer(Buffer::RequestBody, size).ok().filter(|body| body.len() == size)
}

/// Sends an approval service what it is asked, and answers the number of the call.
pub(super) fn ask(service: &Service, body: &str) -> Result<u32, Status> {
    let headers = [
        (":method", "POST"),
        (":path", &*service.path),
        (":authority", &*service.authority),
        ("content-type", "application/json"),
        ("accept", "application/json"),
    ];
    abi::http_call(&service.cluster, &pairs::write(&headers), body.as_bytes(), service.timeout_ms)
}

/// Sends a rate-limit service what it is asked, and answers the number of the call.
pub(super) fn count(service: &LimitService, message: &[u8]) -> Result<u32, Status> {
    // `envoy.config.core.v3.GrpcService { envoy_grpc = 1 { cluster_name = 1 } }`. Envoy takes a bare name, too, unless it
    // happens to be a message.
    let cluster = Message::default().text(1, &service.cluster);
    let target = Message::default().message(1, &cluster).finish();
    abi::grpc_call(&target, rate_limit_service::SERVICE, rate_limit_service::METHOD, message, service.timeout_ms)
}

/// The answer to [`count`], which has `size` bytes.
pub(super) fn counted(size: usize) -> Option<CalloutResponse> {
    let body = if size == 0 { Vec::new() } else { abi::buffer(Buffer::GrpcMessage, size).ok()? };
    Some(CalloutResponse { status: b"0".to_vec(), body })
}

/// The answer to [`ask`], whose body has `size` bytes.
pub(super) fn said(size: usize) -> Option<CalloutResponse> {
    let headers = pairs::read(abi::headers(Map::RequestInfo).ok()?)?;
    let Header::Once(status) = headers.get(":status") else { return None };
    let body = if size == 0 { Vec::new() } else { abi::buffer(Buffer::CallBody, size).ok()? };
    Some(CalloutResponse { status: status.to_vec(), body })
}

/// Has what follows be about a stream, in a callback that is about none.
pub(super) fn enter_stream(context: u32) -> Result<(), Status> {
    abi::set_context(context)
}

/// Lets the request go on that was held back.
pub(super) fn continue_request() -> Result<(), Status> {
    abi::continue_request()
}

/// Answers the request here, as [`reply`] does.
pub(super) fn respond(response: &Response) -> Result<(), Status> {
    abi::local_reply(u32::from(response.status), &pairs::write(&response.headers), &response.body)
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
    abi::local_reply(u32::from(reply.status), &pairs::write(&headers), reply.body.as_bytes())
}

/// Leaves the audit record where access logs find it: `%FILTER_STATE(wasm.mcp_policy:PLAIN)%`.
pub(super) fn note(record: &str) -> Result<(), Status> {
    abi::set_property("mcp_policy", record.as_bytes())
}

/// Defines a metric by its name, once for each VM.
pub(super) fn define_metric(kind: Metric, name: &str) -> Result<u32, Status> {
    abi::define_metric(kind, name)
}

/// Adds to a metric.
pub(super) fn add_to_metric(metric: u32, by: i64) -> Result<(), Status> {
    abi::increment_metric(metric, by)
}

/// Has the current root, or that of the current stream, called after so many milliseconds, and no more after [`called`].
pub(super) fn call_me_in(milliseconds: u32) -> Result<(), Status> {
    abi::set_tick(milliseconds.max(1))
}

/// Ends what [`call_me_in`] began.
pub(super) fn called() -> Result<(), Status> {
    abi::set_tick(0)
}

/// The wall clock. It may step back.
pub(super) fn now() -> Option<Timestamp> {
    let since = Duration::from_nanos(abi::time().ok()?);
    u64::try_from(since.as_millis()).ok().map(Timestamp)
}

/// Reads a key that all workers share. A key that is missing is unavailable, as is one without a version: written back,
/// it would overwrite whatever is there.
pub(super) fn shared(key: &str) -> Result<Versioned, Unavailable> {
    match abi::shared(key) {
        Ok((bytes, version)) if version != ANY_VERSION => Ok(Versioned { bytes, version }),
        _ => Err(Unavailable),
    }
}

/// Writes a shared key that nobody has written since it had `version`.
pub(super) fn share(key: &str, bytes: &[u8], version: u32) -> Result<Cas, Unavailable> {
    match abi::set_shared(key, bytes, version) {
        Ok(()) => Ok(Cas::Done),
        Err(Status::CAS_MISMATCH) => Ok(Cas::Mismatch),
        Err(_) => Err(Unavailable),
    }
}

/// Writes a shared key, whoever has written it.
pub(super) fn overwrite(key: &str, bytes: &[u8]) -> Result<(), Unavailable> {
    abi::set_shared(key, bytes, ANY_VERSION).map_err(|_| Unavailable)
}

/// Makes a shared key, unless it is there.
pub(super) fn make_shared(key: &str, bytes: &[u8]) -> Result<(), Status> {
    match abi::set_shared(key, bytes, NO_VERSION) {
        Ok(()) | Err(Status::CAS_MISMATCH) => Ok(()),
        failed => failed,
    }
}

/// Overwrites a key whatever its version.
const ANY_VERSION: u32 = 0;
/// A version that keys do not have: Envoy gives each write the next number, so this is the four-billionth. To write
/// with it is to make a key that is missing, and to leave alone one that is there.
const NO_VERSION: u32 = u32::MAX;

/// A failure that only says that there is nothing is none.
fn found(read: Result<Vec<u8>, Status>) -> Result<Option<Vec<u8>>, Status> {
    match read {
        Ok(bytes) => Ok(Some(bytes)),
        Err(Status::NOT_FOUND | Status::SERIALIZATION_FAILURE) => Ok(None),
        Err(failed) => Err(failed),
    }
}
