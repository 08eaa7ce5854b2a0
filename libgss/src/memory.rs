//! Memory that C frees: each buffer, set and element is a `malloc` of its own, since programs and mechanisms free them
//! with `free`, or with the release functions of another GSS-API library.

use gss_core::Sink;
use std::ffi::c_void;
use std::ptr::{self, NonNull};
use zeroize::Zeroize as _;

/// Bytes in `malloc`ed memory, growing as they are written. Freed when dropped, unless given away.
pub(crate) struct MallocBuf {
    start: *mut u8,
    length: usize,
    capacity: usize,
}

impl MallocBuf {
    pub(crate) const fn new() -> Self {
        Self { start: ptr::null_mut(), length: 0, capacity: 0 }
    }

    /// A copy of `bytes`, or `None` when memory runs out.
    pub(crate) fn copy_of(bytes: &[u8]) -> Option<Self> {
        let mut buffer = Self::new();
        buffer.append(bytes.len())?.copy_from_slice(bytes);
        Some(buffer)
    }

    /// Start and length for C, which frees the start. NULL for no bytes.
    pub(crate) fn into_c(self) -> (*mut c_void, usize) {
        let this = std::mem::ManuallyDrop::new(self);
        if this.length == 0 {
            // SAFETY: NULL, or from malloc and freed nowhere else.
            unsafe { libc::free(this.start.cast()) };
            return (ptr::null_mut(), 0);
        }
        (this.start.cast(), this.length)
    }
}

impl Sink for MallocBuf {
    fn reserve(&mut self, count: usize) -> Option<()> {
        let needed = self.length.checked_add(count).filter(|needed| *needed <= isize::MAX as usize)?;
        if needed > self.capacity {
            let capacity = if self.capacity == 0 { needed } else { needed.max(self.capacity.saturating_mul(2)) };
            // SAFETY: NULL, or from malloc and not freed yet.
            let start = unsafe { libc::realloc(self.start.cast(), capacity) };
            self.start = NonNull::new(start.cast::<u8>())?.as_ptr();
            self.capacity = capacity;
        }
        Some(())
    }

    fn append(&mut self, count: usize) -> Option<&mut [u8]> {
        self.reserve(count)?;
        let needed = self.length + count;
        if count == 0 {
            return Some(&mut []);
        }
        // SAFETY: `length` is within the allocation, whose end it may be one past.
        let start = unsafe { self.start.add(self.length) };
        // SAFETY: the `count` bytes from there are within the allocation.
        unsafe { ptr::write_bytes(start, 0, count) };
        self.length = needed;
        // SAFETY: initialized just now, within the allocation, and borrowed from `self` exclusively.
        Some(unsafe { std::slice::from_raw_parts_mut(start, count) })
    }

    fn len(&self) -> usize {
        self.length
    }

    /// What is cut off is wiped: it may be the beginning of a token that came to nothing.
    fn truncate(&mut self, length: usize) {
        let Some(cut) = self.length.checked_sub(length).filter(|cut| *cut > 0) else {
            return;
        };
        // SAFETY: `length` is within the allocation.
        let start = unsafe { self.start.add(length) };
        // SAFETY: so are the `cut` bytes from there, which were initialized when they were appended.
        unsafe { std::slice::from_raw_parts_mut(start, cut) }.zeroize();
        self.length = length;
    }
}

impl Drop for MallocBuf {
    fn drop(&mut self) {
        // SAFETY: NULL, or from malloc and freed nowhere else.
        unsafe { libc::free(self.start.cast()) };
    }
}

/// `count` zeroed elements in `malloc`ed memory; `None` when memory runs out. At least one is allocated.
pub(crate) fn array<T>(count: usize) -> Option<NonNull<T>> {
    // SAFETY: calloc checks the product for overflow.
    let start = unsafe { libc::calloc(count.max(1), size_of::<T>()) };
    NonNull::new(start.cast())
}

/// The same without the zeros, which cost twice the price of the memory: glibc's calloc goes past the thread's own cache
/// of small pieces. Nothing may be read that was not written.
pub(crate) fn room<T>(count: usize) -> Option<NonNull<T>> {
    let size = size_of::<T>().checked_mul(count.max(1))?;
    // SAFETY: any size may be asked for.
    let start = unsafe { libc::malloc(size) };
    NonNull::new(start.cast())
}

/// Frees what C got from us, or what a mechanism got from `malloc`.
///
/// # Safety
/// NULL, or a start from `malloc` that nobody uses any more.
pub(crate) unsafe fn free<T>(start: *mut T) {
    // SAFETY: as demanded.
    unsafe { libc::free(start.cast()) };
}
