//! Pointers to other libraries' objects (`krb5_ccache` and its like), which only a mechanism understands.

use super::{Arg, Partial, UNWRITABLE};
use std::ffi::c_void;
use std::ptr;

/// Bytes of a pointer.
const POINTER: usize = size_of::<*mut c_void>();

/// A pointer that a mechanism gets.
pub(crate) struct OpaqueIn(*mut c_void);

impl Arg for OpaqueIn {
    type C = *mut c_void;
    unsafe fn from_c(value: *mut c_void) -> Self {
        Self(value)
    }
}

impl OpaqueIn {
    pub(crate) fn is_null(&self) -> bool {
        self.0.is_null()
    }

    /// The pointer's own bytes.
    pub(crate) fn to_bytes(&self) -> [u8; POINTER] {
        self.0.expose_provenance().to_ne_bytes()
    }

    /// As the covers of MIT's library pass it: a buffer that claims a pointer's length, and lies where the object does.
    pub(crate) fn as_value(&self) -> &[u8] {
        if self.0.is_null() {
            return &[];
        }
        // SAFETY: not NULL, so an object of the caller's; these are all structures longer than a pointer.
        unsafe { std::slice::from_raw_parts(self.0.cast(), POINTER) }
    }
}

/// The caller's variable for a pointer that comes from a mechanism.
pub(crate) struct OpaqueOut(*mut *mut c_void);

impl Arg for OpaqueOut {
    type C = *mut *mut c_void;
    unsafe fn from_c(value: *mut *mut c_void) -> Self {
        if !value.is_null() {
            // SAFETY: not NULL, so the caller's to write to.
            unsafe { *value = ptr::null_mut() };
        }
        Self(value)
    }
}

impl OpaqueOut {
    /// Fails if the caller gave no place for it.
    pub(crate) fn required(&self) -> Partial<()> {
        if self.0.is_null() { Err(UNWRITABLE) } else { Ok(()) }
    }

    /// The bytes of the variable's address, for a mechanism that fills it.
    pub(crate) fn address(&self) -> [u8; POINTER] {
        self.0.expose_provenance().to_ne_bytes()
    }

    /// Takes over a pointer from a mechanism's bytes; false where they are not those of one.
    pub(crate) fn set_from(&mut self, bytes: &[u8]) -> bool {
        let Ok(bytes) = <[u8; POINTER]>::try_from(bytes) else { return false };
        let value: *mut c_void = ptr::with_exposed_provenance_mut(usize::from_ne_bytes(bytes));
        if self.0.is_null() || value.is_null() {
            return false;
        }
        // SAFETY: not NULL, so the caller's to write to while the call lasts.
        unsafe { *self.0 = value };
        true
    }
}
