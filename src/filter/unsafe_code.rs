//! The only unsafe code of this crate.
//!
//! Host calls that the SDK lacks; <https://github.com/proxy-wasm/spec/tree/main/abi-versions/v0.2.1>:
//!
//! * `proxy_send_local_response`: the SDK cannot set response code details
//! * `proxy_get_header_map_pairs`: the SDK copies each name and value apart, and panics upon a name that is not UTF-8
//! * `proxy_get_property` and `proxy_set_property`: the SDK makes a path of its parts, in two allocations, each time
//! * `proxy_get_log_level`: the SDK's enumeration lacks `off`, which Envoy returns under `--log-level off`
//!
//! The allocator keeps freed blocks of a few hundred bytes for the next request, which needs blocks of the same sizes. To take one and to
//! put it back takes an eighth of the instructions that the standard allocator takes. There are lists of blocks, one for each multiple of 32
//! bytes up to 1 KiB. No list has more than [`MAX_KEPT`] blocks, so at most 1 MiB is kept from larger allocations.
#![expect(
    unsafe_code,
    reason = "imports are foreign functions, the host returns bytes as a bare pointer, and so does an allocator"
)]

use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
    ptr, slice,
};

use proxy_wasm::types::{MapType, Status};

use crate::bytes;

// === host calls

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

// === the C library's

/// Compares two texts, also for each `==` of bytes in this module; see [`bytes::order`]. In each place inlined, it would make the module
/// a fiftieth larger.
///
/// # Safety
/// There are `size` bytes at both addresses.
#[inline(never)]
#[unsafe(no_mangle)]
unsafe extern "C" fn memcmp(one: *const u8, other: *const u8, size: usize) -> i32 {
    if size == 0 {
        return 0;
    }
    // SAFETY: by the contract of this function; without bytes, C allows addresses that no slice may have.
    let (one, other) = unsafe { (slice::from_raw_parts(one, size), slice::from_raw_parts(other, size)) };
    bytes::order(one, other)
}

// === the allocator

#[global_allocator]
static ALLOCATOR: Allocator =
    Allocator([const { List { first: Cell::new(ptr::null_mut()), kept: Cell::new(0) } }; LISTS]);

/// The sizes of the blocks of two lists differ by this many bytes.
const STEP: usize = 32;
const LISTS: usize = 32;
const MAX_KEPT: u32 = 64;
/// The alignment of every block, which the system's allocator gives anyway.
const ALIGN: usize = 8;

unsafe extern "C" {
    /// The bytes that the C library has for what it allocated: at least as many as were asked for.
    fn malloc_usable_size(memory: *mut u8) -> usize;
}

/// The list with the index `i` has blocks of at least `i + 1` steps.
struct Allocator([List; LISTS]);

/// Blocks of one size. The first word of each points to the next.
struct List {
    first: Cell<*mut Block>,
    kept: Cell<u32>,
}

struct Block {
    next: *mut Block,
}

// SAFETY: this target has no threads, so no two of them meet here.
unsafe impl Sync for Allocator {}

// SAFETY: all memory comes from the system's allocator. A block is either in one list, which it is large enough for, or handed out.
unsafe impl GlobalAlloc for Allocator {
    #[inline(never)]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // No layout is so large that this wraps around.
        let steps = layout.size().wrapping_add(STEP - 1) / STEP;
        let list = self.0.get(steps.wrapping_sub(1)).filter(|_| layout.align() <= ALIGN);
        let Some(list) = list else {
            // SAFETY: the caller keeps the contract of this function, which is the same.
            return unsafe { system_alloc(layout) };
        };
        let first = list.first.get();
        if first.is_null() {
            // SAFETY: a block has at least one step and at most as many as there are lists, and an alignment that is a power of two.
            return unsafe { system_alloc(Layout::from_size_align_unchecked(steps.wrapping_mul(STEP), ALIGN)) };
        }
        // SAFETY: a block in a list is not used otherwise, and points to the next.
        list.first.set(unsafe { (*first).next });
        list.kept.set(list.kept.get().wrapping_sub(1));
        first.cast()
    }

    /// It does not look at the layout: to hand that over at each call would make the module a sixtieth larger.
    #[inline(never)]
    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: the system's allocator is that of the C library, and has allocated this.
        let steps = unsafe { malloc_usable_size(memory) } / STEP;
        match self.0.get(steps.wrapping_sub(1)) {
            Some(list) if list.kept.get() < MAX_KEPT => {
                let block: *mut Block = memory.cast();
                // SAFETY: the caller gives the block back. It has room for a pointer, and its alignment.
                unsafe { block.write(Block { next: list.first.get() }) };
                list.first.set(block);
                list.kept.set(list.kept.get().wrapping_add(1));
            }
            // SAFETY: the system's allocator has allocated this, and needs no size to free it.
            _ => unsafe { System.dealloc(memory, layout) },
        }
    }

    // Not that of the trait, which copies each time: the system's allocator may find room behind the memory.
    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: the caller keeps the contract of this function, which is the same.
        unsafe { System.realloc(memory, layout, size) }
    }
}

/// Apart, since it needs room on the stack, which blocks in a list do without.
///
/// # Safety
/// That of [`GlobalAlloc::alloc`].
#[cold]
#[inline(never)]
unsafe fn system_alloc(layout: Layout) -> *mut u8 {
    // SAFETY: by the contract of this function.
    unsafe { System.alloc(layout) }
}
