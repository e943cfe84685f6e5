//! Host calls that the SDK lacks; <https://github.com/proxy-wasm/spec/tree/main/abi-versions/v0.2.1>.
//!
//! * `proxy_send_local_response`: the SDK cannot set response code details
//! * `proxy_get_header_map_pairs`: the SDK copies each name and value apart, and panics upon a name that is not UTF-8
//! * `proxy_get_property` and `proxy_set_property`: the SDK makes a path of its parts, in two allocations, each time
//! * `proxy_get_log_level`: the SDK's enumeration lacks `off`, which Envoy returns under `--log-level off`
#![expect(unsafe_code, reason = "imports are foreign functions, and the host returns bytes as a bare pointer")]

use std::ptr;

use proxy_wasm::types::{MapType, Status};

#[link(wasm_import_module = "env")]
unsafe extern "C" {
    fn proxy_send_local_response(
        status: u32,
        details: *const u8,
        details_size: usize,
        body: *const u8,
        body_size: usize,
        headers: *const u8,
        headers_size: usize,
        grpc_status: i32,
    ) -> u32;
    fn proxy_get_header_map_pairs(map: u32, data: *mut *mut u8, size: *mut usize) -> u32;
    fn proxy_get_property(path: *const u8, path_size: usize, data: *mut *mut u8, size: *mut usize) -> u32;
    fn proxy_set_property(path: *const u8, path_size: usize, data: *const u8, size: usize) -> u32;
    fn proxy_get_log_level(level: *mut u32) -> u32;
}

/// The status of a host call that succeeded.
const OK: u32 = 0;
/// The gRPC status of a response that is not one of gRPC.
const NO_GRPC: i32 = -1;

/// Answers the request; the host does that when the callback returns. Returns whether the host took it.
pub(super) fn send_local_response(status: u32, details: &str, headers: &[u8], body: &[u8]) -> bool {
    // SAFETY: the pointers and sizes are those of `details`, `body` and `headers`, which the host only reads.
    let result = unsafe {
        proxy_send_local_response(
            status,
            details.as_ptr(),
            details.len(),
            body.as_ptr(),
            body.len(),
            headers.as_ptr(),
            headers.len(),
            NO_GRPC,
        )
    };
    result == OK
}

/// All headers of a map, serialized; `None` if the call failed.
pub(super) fn header_map(map: MapType) -> Option<Vec<u8>> {
    let (mut data, mut size) = (ptr::null_mut::<u8>(), 0);
    // SAFETY: there is room for a pointer and a size.
    let result = unsafe { proxy_get_header_map_pairs(map as u32, &raw mut data, &raw mut size) };
    if result != OK {
        return None;
    }
    // SAFETY: the host has just returned them.
    unsafe { returned(data, size) }
}

/// A property, by the parts of its path with a NUL between each two; `None` if it is missing, or `null`, which Envoy cannot
/// serialize.
pub(super) fn property(path: &str) -> Result<Option<Vec<u8>>, Status> {
    const NOT_FOUND: u32 = Status::NotFound as u32;
    const NULL: u32 = Status::SerializationFailure as u32;
    let (mut data, mut size) = (ptr::null_mut::<u8>(), 0);
    // SAFETY: the pointer and size are those of `path`, which the host only reads; there is room for a pointer and a size.
    let result = unsafe { proxy_get_property(path.as_ptr(), path.len(), &raw mut data, &raw mut size) };
    match result {
        // SAFETY: the host has just returned them.
        OK => Ok(unsafe { returned(data, size) }),
        NOT_FOUND | NULL => Ok(None),
        _ => Err(Status::InternalFailure),
    }
}

/// Sets a property of the stream. Returns whether the host took it.
pub(super) fn set_property(path: &str, value: &[u8]) -> bool {
    // SAFETY: the pointers and sizes are those of `path` and `value`, which the host only reads.
    let result = unsafe { proxy_set_property(path.as_ptr(), path.len(), value.as_ptr(), value.len()) };
    result == OK
}

/// The bytes that a host call has just returned; `None` if it returned none and says otherwise.
///
/// # Safety
/// `data` is null, or the host had these `size` bytes from the SDK's `proxy_on_memory_allocate`, which allocates them as a boxed slice
/// of bytes; it filled them, keeps no pointer to them, and returns each allocation once.
unsafe fn returned(data: *mut u8, size: usize) -> Option<Vec<u8>> {
    if data.is_null() {
        return (size == 0).then(Vec::new);
    }
    // SAFETY: by the contract of this function.
    Some(unsafe { Vec::from_raw_parts(data, size, size) })
}

/// The level of Envoy's log for Wasm filters, from 0 for `trace` to 6 for `off`; that of `info` if the call failed.
pub(super) fn log_level() -> u32 {
    const INFO: u32 = 2;
    let mut level = INFO;
    // SAFETY: there is room for a number.
    let result = unsafe { proxy_get_log_level(&raw mut level) };
    if result == OK { level } else { INFO }
}
