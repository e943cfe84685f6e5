//! Safe calls of the [`imports`], and the memory that they hand over. A status is a number, since hosts know more of them than
//! the ABI does, and every failure a value.
#![expect(unsafe_code, reason = "imports are foreign functions, and what the host hands over comes as a bare pointer")]

mod imports;

use std::{
    alloc::{Layout, alloc},
    ptr::{self, NonNull},
};

use self::imports::{
    proxy_close_stream, proxy_continue_stream, proxy_define_metric, proxy_get_buffer_bytes,
    proxy_get_current_time_nanoseconds, proxy_get_header_map_pairs, proxy_get_header_map_value, proxy_get_property,
    proxy_get_shared_data, proxy_grpc_call, proxy_http_call, proxy_increment_metric, proxy_log,
    proxy_remove_header_map_value, proxy_send_local_response, proxy_set_buffer_bytes, proxy_set_effective_context,
    proxy_set_property, proxy_set_shared_data, proxy_set_tick_period_milliseconds,
};

/// What becomes of a part of a stream when a callback is over, by its number in the ABI.
#[derive(Clone, Copy, Debug, Default)]
#[repr(u32)]
pub(in crate::filter) enum Action {
    /// It goes on, with all that was held back.
    Continue = 0,
    /// It is held back.
    #[default]
    Pause = 1,
}

/// Why a call failed; the numbers are those of the ABI, and others may come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::filter) struct Status(u32);

impl Status {
    /// There is no such thing.
    pub(super) const NOT_FOUND: Self = Self(1);
    /// There is, and it has no value: Envoy cannot write `null`.
    pub(super) const SERIALIZATION_FAILURE: Self = Self(3);
    /// Somebody else has written in between.
    pub(super) const CAS_MISMATCH: Self = Self(8);
    /// The host said that all went well, and it did not.
    const NONSENSE: Self = Self(u32::MAX);

    fn check(status: u32) -> Result<(), Self> {
        if status == 0 { Ok(()) } else { Err(Self(status)) }
    }
}

/// A buffer of the host, by its number in the ABI.
#[derive(Clone, Copy, Debug)]
#[repr(u32)]
pub(super) enum Buffer {
    RequestBody = 0,
    ResponseBody = 1,
    /// Of the answer to a call of our own.
    CallBody = 4,
    /// Of the answer to a gRPC call of our own.
    GrpcMessage = 5,
    Configuration = 7,
}

/// A header map of the host, by its number in the ABI.
#[derive(Clone, Copy, Debug)]
#[repr(u32)]
pub(super) enum Map {
    Request = 0,
    Response = 2,
    /// Of the answer to a call of our own.
    RequestInfo = 6,
}

/// A kind of metric, by its number in the ABI.
#[derive(Clone, Copy, Debug)]
#[repr(u32)]
pub(in crate::filter) enum Metric {
    /// Goes up only.
    Counter = 0,
    /// Goes up and down.
    Gauge = 1,
}

/// A severity, by its number in the ABI.
#[derive(Clone, Copy, Debug)]
#[repr(u32)]
pub(super) enum Level {
    Trace = 0,
    Debug = 1,
    Info = 2,
    Warn = 3,
    Error = 4,
}

/// Writes a line to Envoy's log.
pub(super) fn log(level: Level, text: &str) -> Result<(), Status> {
    // SAFETY: the pointer and the size are those of `text`, which the host only reads.
    Status::check(unsafe { proxy_log(level as u32, text.as_ptr(), text.len()) })
}

/// The wall clock, in nanoseconds since the epoch.
pub(super) fn time() -> Result<u64, Status> {
    let mut time = 0;
    // SAFETY: the host writes eight bytes where there is room for them.
    Status::check(unsafe { proxy_get_current_time_nanoseconds(&raw mut time) })?;
    Ok(time)
}

/// Has the current root called again and again after so many milliseconds; never again if 0.
pub(super) fn set_tick(period: u32) -> Result<(), Status> {
    // SAFETY: nothing is handed over.
    Status::check(unsafe { proxy_set_tick_period_milliseconds(period) })
}

/// The first `max` bytes of a buffer.
pub(super) fn buffer(kind: Buffer, max: usize) -> Result<Vec<u8>, Status> {
    // SAFETY: as `taken` asks.
    taken(|data, size| unsafe { proxy_get_buffer_bytes(kind as u32, 0, max, data, size) })
}

/// Puts `bytes` in the place of the first `size` bytes of a buffer.
pub(super) fn set_buffer(kind: Buffer, size: usize, bytes: &[u8]) -> Result<(), Status> {
    // SAFETY: the pointer and the size are those of `bytes`, which the host only reads.
    Status::check(unsafe { proxy_set_buffer_bytes(kind as u32, 0, size, bytes.as_ptr(), bytes.len()) })
}

/// Ends the response: resets its stream.
pub(super) fn end_response() -> Result<(), Status> {
    // The stream of the response, by its number in the ABI.
    const RESPONSE: u32 = 1;
    // SAFETY: a number goes in, and nothing comes out.
    Status::check(unsafe { proxy_close_stream(RESPONSE) })
}

/// Has the request go on, which was held back.
pub(super) fn continue_request() -> Result<(), Status> {
    // The stream of the request, by its number in the ABI.
    const REQUEST: u32 = 0;
    // SAFETY: a number goes in, and nothing comes out.
    Status::check(unsafe { proxy_continue_stream(REQUEST) })
}

/// Has what follows be about another context than the one that was called.
pub(super) fn set_context(context: u32) -> Result<(), Status> {
    // SAFETY: a number goes in, and nothing comes out.
    Status::check(unsafe { proxy_set_effective_context(context) })
}

/// Sends a request of our own, and answers its number; the timeout is in milliseconds.
pub(super) fn http_call(cluster: &str, headers: &[u8], body: &[u8], timeout: u32) -> Result<u32, Status> {
    let (trailers, mut call) = ([0; 4], 0);
    // SAFETY: the pointers and sizes are those of `cluster`, `headers`, `body` and `trailers`, which is a map of no pairs; the
    // host only reads them. There is room for the number.
    Status::check(unsafe {
        proxy_http_call(
            cluster.as_ptr(),
            cluster.len(),
            headers.as_ptr(),
            headers.len(),
            body.as_ptr(),
            body.len(),
            trailers.as_ptr(),
            trailers.len(),
            timeout,
            &raw mut call,
        )
    })?;
    Ok(call)
}

/// Sends a gRPC request of our own to `target`, a serialised `GrpcService`, and answers its number; the timeout is in
/// milliseconds.
pub(super) fn grpc_call(
    target: &[u8],
    service: &str,
    method: &str,
    message: &[u8],
    timeout: u32,
) -> Result<u32, Status> {
    let (metadata, mut call) = ([0; 4], 0);
    // SAFETY: the pointers and sizes are those of the arguments and of `metadata`, which is a map of no pairs; the host only
    // reads them. There is room for the number.
    Status::check(unsafe {
        proxy_grpc_call(
            target.as_ptr(),
            target.len(),
            service.as_ptr(),
            service.len(),
            method.as_ptr(),
            method.len(),
            metadata.as_ptr(),
            metadata.len(),
            message.as_ptr(),
            message.len(),
            timeout,
            &raw mut call,
        )
    })?;
    Ok(call)
}

/// All headers of a map, serialised.
pub(super) fn headers(kind: Map) -> Result<Vec<u8>, Status> {
    // SAFETY: as `taken` asks.
    taken(|data, size| unsafe { proxy_get_header_map_pairs(kind as u32, data, size) })
}

/// The first value of a header.
pub(super) fn header(kind: Map, name: &str) -> Result<Vec<u8>, Status> {
    // SAFETY: as `taken` asks; `name` is only read.
    taken(|data, size| unsafe { proxy_get_header_map_value(kind as u32, name.as_ptr(), name.len(), data, size) })
}

/// Takes all values of a header off a map.
pub(super) fn remove_header(kind: Map, name: &str) -> Result<(), Status> {
    // SAFETY: the pointer and the size are those of `name`, which the host only reads.
    Status::check(unsafe { proxy_remove_header_map_value(kind as u32, name.as_ptr(), name.len()) })
}

/// A property by its path, the parts of which NUL separates.
pub(super) fn property(path: &str) -> Result<Vec<u8>, Status> {
    // SAFETY: as `taken` asks; `path` is only read.
    taken(|data, size| unsafe { proxy_get_property(path.as_ptr(), path.len(), data, size) })
}

/// Sets a property.
pub(super) fn set_property(path: &str, value: &[u8]) -> Result<(), Status> {
    // SAFETY: the pointers and sizes are those of `path` and `value`, which the host only reads.
    Status::check(unsafe { proxy_set_property(path.as_ptr(), path.len(), value.as_ptr(), value.len()) })
}

/// The value of a shared key, and its version.
pub(super) fn shared(key: &str) -> Result<(Vec<u8>, u32), Status> {
    let mut version = 0;
    // SAFETY: as `taken` asks; `key` is only read, and there is room for the version.
    let value =
        taken(|data, size| unsafe { proxy_get_shared_data(key.as_ptr(), key.len(), data, size, &raw mut version) })?;
    Ok((value, version))
}

/// Writes a shared key that has `version`, or that is missing; version 0 is any version.
pub(super) fn set_shared(key: &str, value: &[u8], version: u32) -> Result<(), Status> {
    // SAFETY: the pointers and sizes are those of `key` and `value`, which the host only reads.
    Status::check(unsafe { proxy_set_shared_data(key.as_ptr(), key.len(), value.as_ptr(), value.len(), version) })
}

/// Defines a metric, and answers its number. The host takes a new number each time, also for a name that it knows.
pub(super) fn define_metric(kind: Metric, name: &str) -> Result<u32, Status> {
    let mut metric = 0;
    // SAFETY: the pointer and the size are those of `name`, which the host only reads; there is room for the number.
    Status::check(unsafe { proxy_define_metric(kind as u32, name.as_ptr(), name.len(), &raw mut metric) })?;
    Ok(metric)
}

/// Adds to a metric.
pub(super) fn increment_metric(metric: u32, by: i64) -> Result<(), Status> {
    // SAFETY: numbers go in, and nothing comes out.
    Status::check(unsafe { proxy_increment_metric(metric, by) })
}

/// Answers the request; the host does that when the callback is over.
pub(super) fn local_reply(code: u32, headers: &[u8], body: &[u8]) -> Result<(), Status> {
    const NO_GRPC: i32 = -1;
    // SAFETY: the pointers and sizes are those of `body` and `headers`, which the host only reads; no details are a
    // null pointer of size 0.
    Status::check(unsafe {
        proxy_send_local_response(
            code,
            ptr::null(),
            0,
            body.as_ptr(),
            body.len(),
            headers.as_ptr(),
            headers.len(),
            NO_GRPC,
        )
    })
}

/// Gives the host memory for what it hands over. Where there is none left it is null, upon which the host has its call
/// fail; for nothing it is not, since Envoy takes that for a failure, too.
#[unsafe(no_mangle)]
extern "C" fn proxy_on_memory_allocate(size: usize) -> *mut u8 {
    match Layout::array::<u8>(size) {
        Ok(layout) if layout.size() == 0 => NonNull::dangling().as_ptr(),
        // SAFETY: the size is not zero.
        Ok(layout) => unsafe { alloc(layout) },
        Err(_) => ptr::null_mut(),
    }
}

/// Takes over the bytes that a call hands out. `call` must be an import that puts them into memory which it had from
/// [`proxy_on_memory_allocate`] and keeps no pointer to, or sets nothing.
fn taken(call: impl FnOnce(*mut *mut u8, *mut usize) -> u32) -> Result<Vec<u8>, Status> {
    let (mut data, mut size) = (ptr::null_mut(), 0);
    Status::check(call(&raw mut data, &raw mut size))?;
    if data.is_null() {
        return if size == 0 { Ok(Vec::new()) } else { Err(Status::NONSENSE) };
    }
    // SAFETY: this was allocated as `size` bytes for the host, which filled them and left them to us: each call hands out
    // its own.
    Ok(unsafe { Vec::from_raw_parts(data, size, size) })
}
