//! The module's allocator: freed blocks of a few hundred bytes are kept for the next request, which needs blocks of the same sizes.
//! To take one and to put it back takes an eighth of the instructions that the standard allocator takes.
//!
//! There are lists of blocks, one for each multiple of 32 bytes up to 1 KiB. No list has more than [`MAX_KEPT`] blocks, so at most 1 MiB is
//! kept from larger allocations.
#![expect(unsafe_code, reason = "an allocator hands out bare pointers")]

use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
    ptr,
};

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
        let steps = layout.size().div_ceil(STEP);
        let list = self.0.get(steps.wrapping_sub(1)).filter(|_| layout.align() <= ALIGN);
        let Some(list) = list else {
            // SAFETY: the caller keeps the contract of this function, which is the same.
            return unsafe { System.alloc(layout) };
        };
        let first = list.first.get();
        if first.is_null() {
            // SAFETY: a block has at least one step and at most as many as there are lists, and an alignment that is a power of two.
            return unsafe { System.alloc(Layout::from_size_align_unchecked(steps.wrapping_mul(STEP), ALIGN)) };
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
