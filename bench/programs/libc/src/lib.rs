//! For the floors, in which Rust is linked into a program in C: one allocator for both, and what C frees may come from here.
use std::alloc::{GlobalAlloc, Layout};
use std::ffi::c_void;

extern "C" {
    fn malloc(size: usize) -> *mut c_void;
    fn aligned_alloc(align: usize, size: usize) -> *mut c_void;
    fn realloc(pointer: *mut c_void, size: usize) -> *mut c_void;
    fn free(pointer: *mut c_void);
}

struct Libc;

const ALIGN: usize = 8; // of malloc, at least

unsafe impl GlobalAlloc for Libc {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if layout.align() <= ALIGN {
            malloc(layout.size()).cast()
        } else {
            aligned_alloc(layout.align(), layout.size().next_multiple_of(layout.align())).cast()
        }
    }
    unsafe fn dealloc(&self, pointer: *mut u8, _: Layout) {
        free(pointer.cast())
    }
    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        if layout.align() <= ALIGN {
            return realloc(pointer.cast(), size).cast();
        }
        let moved = self.alloc(Layout::from_size_align_unchecked(size, layout.align()));
        if !moved.is_null() {
            pointer.copy_to_nonoverlapping(moved, layout.size().min(size));
            self.dealloc(pointer, layout);
        }
        moved
    }
}

#[global_allocator]
static ALLOCATOR: Libc = Libc;

/// A string or list that the program in C owns from now on, and frees.
#[repr(C)]
pub struct Owned<T> {
    pointer: *mut T,
    length: usize,
}

impl<T> From<Vec<T>> for Owned<T> {
    fn from(items: Vec<T>) -> Owned<T> {
        let items = items.into_boxed_slice();
        let length = items.len();
        Owned {
            pointer: Box::into_raw(items).cast(),
            length,
        }
    }
}

/// # Safety
/// The bytes are there, and UTF-8.
pub unsafe fn text<'a>(pointer: *const u8, length: usize) -> &'a str {
    std::str::from_utf8_unchecked(bytes(pointer, length))
}

/// # Safety
/// The bytes are there; if there are none, the pointer may be anything.
pub unsafe fn bytes<'a>(pointer: *const u8, length: usize) -> &'a [u8] {
    if length == 0 {
        &[]
    } else {
        std::slice::from_raw_parts(pointer, length)
    }
}
