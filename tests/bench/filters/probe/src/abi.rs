//! Calls into Envoy. The error is Envoy's status.

use std::ptr;

pub(crate) enum Buffer {
    RequestBody = 0,
    Configuration = 7,
}

pub(crate) enum Map {
    Request = 0,
}

type Got<T> = Result<T, u32>;

#[link(wasm_import_module = "env")]
unsafe extern "C" {
    fn proxy_get_current_time_nanoseconds(time: *mut u64) -> u32;
    fn proxy_get_buffer_bytes(kind: u32, start: usize, max: usize, data: *mut *mut u8, size: *mut usize) -> u32;
    fn proxy_get_header_map_pairs(kind: u32, data: *mut *mut u8, size: *mut usize) -> u32;
    fn proxy_get_header_map_value(kind: u32, name: *const u8, len: usize, data: *mut *mut u8, size: *mut usize) -> u32;
    fn proxy_get_property(path: *const u8, len: usize, data: *mut *mut u8, size: *mut usize) -> u32;
    fn proxy_set_property(path: *const u8, len: usize, value: *const u8, size: usize) -> u32;
    fn proxy_get_shared_data(key: *const u8, len: usize, data: *mut *mut u8, size: *mut usize, cas: *mut u32) -> u32;
    fn proxy_set_shared_data(key: *const u8, len: usize, value: *const u8, size: usize, cas: u32) -> u32;
    fn proxy_define_metric(kind: u32, name: *const u8, len: usize, metric: *mut u32) -> u32;
    fn proxy_increment_metric(metric: u32, by: i64) -> u32;
    fn proxy_send_local_response(
        code: u32,
        details: *const u8,
        details_size: usize,
        body: *const u8,
        body_size: usize,
        headers: *const u8,
        headers_size: usize,
        grpc_status: i32,
    ) -> u32;
}

pub(crate) fn time() -> Got<u64> {
    let mut time = 0;
    // SAFETY: the host writes eight bytes where there is room for them.
    check(unsafe { proxy_get_current_time_nanoseconds(&raw mut time) })?;
    Ok(time)
}

pub(crate) fn buffer(kind: Buffer) -> Got<Vec<u8>> {
    // SAFETY: as `taken` asks.
    taken(|data, size| unsafe { proxy_get_buffer_bytes(kind as u32, 0, usize::MAX, data, size) })
}

pub(crate) fn headers(map: Map) -> Got<Vec<u8>> {
    // SAFETY: as `taken` asks.
    taken(|data, size| unsafe { proxy_get_header_map_pairs(map as u32, data, size) })
}

pub(crate) fn header(map: Map, name: &str) -> Got<Vec<u8>> {
    // SAFETY: as `taken` asks; `name` is only read.
    taken(|data, size| unsafe { proxy_get_header_map_value(map as u32, name.as_ptr(), name.len(), data, size) })
}

pub(crate) fn property(path: &str) -> Got<Vec<u8>> {
    // SAFETY: as `taken` asks; `path` is only read.
    taken(|data, size| unsafe { proxy_get_property(path.as_ptr(), path.len(), data, size) })
}

pub(crate) fn set_property(path: &str, value: &[u8]) -> Got<()> {
    // SAFETY: pointers and sizes are those of what is only read.
    check(unsafe { proxy_set_property(path.as_ptr(), path.len(), value.as_ptr(), value.len()) })
}

pub(crate) fn shared(key: &str) -> Got<Vec<u8>> {
    let mut cas = 0;
    // SAFETY: as `taken` asks; there is room for the version.
    taken(|data, size| unsafe { proxy_get_shared_data(key.as_ptr(), key.len(), data, size, &raw mut cas) })
}

pub(crate) fn set_shared(key: &str, value: &[u8]) -> Got<()> {
    // SAFETY: pointers and sizes are those of what is only read.
    check(unsafe { proxy_set_shared_data(key.as_ptr(), key.len(), value.as_ptr(), value.len(), 0) })
}

pub(crate) fn define_metric(name: &str) -> Got<u32> {
    let mut metric = 0;
    // SAFETY: `name` is only read, and there is room for the number.
    check(unsafe { proxy_define_metric(0, name.as_ptr(), name.len(), &raw mut metric) })?;
    Ok(metric)
}

pub(crate) fn increment_metric(metric: u32) -> Got<()> {
    // SAFETY: numbers go in, and nothing comes out.
    check(unsafe { proxy_increment_metric(metric, 1) })
}

/// Answers the request here, with serialised headers.
pub(crate) fn answer(headers: &[u8], body: &[u8]) -> Got<()> {
    let (headers, headers_size) = (headers.as_ptr(), headers.len());
    // SAFETY: pointers and sizes are those of what is only read; there are no details.
    check(unsafe {
        proxy_send_local_response(200, ptr::null(), 0, body.as_ptr(), body.len(), headers, headers_size, -1)
    })
}

fn check(status: u32) -> Got<()> {
    if status == 0 { Ok(()) } else { Err(status) }
}

/// Where the host puts what it hands out.
#[unsafe(no_mangle)]
extern "C" fn proxy_on_memory_allocate(size: usize) -> *mut u8 {
    let mut memory = std::mem::ManuallyDrop::new(Vec::<u8>::with_capacity(size));
    memory.as_mut_ptr()
}

/// Takes over what `call` hands out: memory that the host had from [`proxy_on_memory_allocate`], or nothing.
fn taken(call: impl FnOnce(*mut *mut u8, *mut usize) -> u32) -> Got<Vec<u8>> {
    let (mut data, mut size) = (ptr::null_mut(), 0);
    check(call(&raw mut data, &raw mut size))?;
    if data.is_null() {
        return Ok(Vec::new());
    }
    // SAFETY: this was allocated for the host with just this capacity, and left to us.
    Ok(unsafe { Vec::from_raw_parts(data, size, size) })
}
