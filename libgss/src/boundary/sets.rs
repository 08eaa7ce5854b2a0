//! Buffers, OIDs and sets of the caller's that a call adds to or frees. They may have been made by another GSS-API
//! library in the same way: each part is an allocation of its own.

use super::{Arg, Outcome, Partial, UNREADABLE, UNWRITABLE, out_of_memory};
use crate::memory::{self, MallocBuf};
use crate::oids;
use crate::types::*;
use gss_core::Major;
use std::ptr;

/// The octets of an OID as they are, whether or not they make sense: for what compares and copies.
pub(crate) struct OctetsIn<'a>(Option<&'a [u8]>);

impl Arg for OctetsIn<'_> {
    type C = gss_OID;
    unsafe fn from_c(value: gss_OID) -> Self {
        if value.is_null() {
            return Self(None);
        }
        // SAFETY: not NULL, so an OID of the caller's.
        Self(unsafe { octets_of(value) })
    }
}

/// The octets of an OID; `None` where it claims some and has none.
///
/// # Safety
/// `object` points to an OID whose elements are NULL or good for its length.
unsafe fn octets_of<'a>(object: gss_OID) -> Option<&'a [u8]> {
    // SAFETY: as demanded.
    let object = unsafe { *object };
    match (object.elements.is_null(), object.length) {
        (_, 0) => Some(&[]),
        (true, _) => None,
        // SAFETY: as demanded.
        (false, length) => Some(unsafe { std::slice::from_raw_parts(object.elements.cast(), length as usize) }),
    }
}

impl<'a> OctetsIn<'a> {
    /// The octets, `None` for `GSS_C_NO_OID`.
    pub(crate) fn optional(&self) -> Option<&'a [u8]> {
        self.0
    }

    /// The octets, of which there have to be some.
    pub(crate) fn required(&self) -> Partial<&'a [u8]> {
        self.0.filter(|octets| !octets.is_empty()).ok_or(UNREADABLE)
    }
}

/// A set of OIDs that is searched.
pub(crate) struct SearchedSet(gss_OID_set);

impl Arg for SearchedSet {
    type C = gss_OID_set;
    unsafe fn from_c(value: gss_OID_set) -> Self {
        Self(value)
    }
}

impl SearchedSet {
    pub(crate) fn contains(&self, octets: &[u8]) -> Partial<bool> {
        if self.0.is_null() {
            return Err(UNREADABLE);
        }
        // SAFETY: not NULL, so a set of the caller's.
        let set = unsafe { &*self.0 };
        if set.elements.is_null() {
            return Ok(false);
        }
        let is_here = |index| {
            // SAFETY: `index` is below the set's count.
            let element = unsafe { set.elements.add(index) };
            // SAFETY: an element of a set of the caller's.
            unsafe { octets_of(element) }.is_some_and(|known| known == octets)
        };
        Ok((0..set.count).any(is_here))
    }
}

/// The caller's variable for a set of OIDs.
pub(crate) struct OidSetVariable(*mut gss_OID_set);

impl Arg for OidSetVariable {
    type C = *mut gss_OID_set;
    unsafe fn from_c(value: *mut gss_OID_set) -> Self {
        Self(value)
    }
}

impl OidSetVariable {
    /// Adds a copy of an OID to the set in it.
    pub(crate) fn add(&mut self, octets: &[u8]) -> Outcome {
        if self.0.is_null() {
            return Err(UNWRITABLE);
        }
        // SAFETY: not NULL, so a variable of the caller's.
        let set = unsafe { *self.0 };
        if set.is_null() {
            return Err(UNREADABLE);
        }
        // SAFETY: not NULL, so a set of the caller's.
        unsafe { oids::add(set, octets) }.ok_or_else(|| out_of_memory("a set of OIDs"))?;
        Ok(Major::COMPLETE)
    }

    /// Frees the set in it, if there is one, and leaves NULL.
    pub(crate) fn release(&mut self) {
        if self.0.is_null() {
            return;
        }
        // SAFETY: not NULL, so the caller's to read and write.
        let set = unsafe { ptr::replace(self.0, ptr::null_mut()) };
        if !set.is_null() {
            // SAFETY: a set that the caller gives up.
            unsafe { oids::free_set(set) };
        }
    }
}

/// The caller's variable for an OID.
pub(crate) struct OidVariable(*mut gss_OID);

impl Arg for OidVariable {
    type C = *mut gss_OID;
    unsafe fn from_c(value: *mut gss_OID) -> Self {
        Self(value)
    }
}

impl OidVariable {
    /// Frees the OID in it, unless it is one of ours, and leaves NULL.
    pub(crate) fn release(&mut self) -> Outcome {
        if self.0.is_null() {
            return Err(UNWRITABLE);
        }
        // SAFETY: not NULL, so the caller's to read and write.
        let object = unsafe { ptr::replace(self.0, ptr::null_mut()) };
        if !object.is_null() && !oids::is_ours(object) {
            // SAFETY: an OID that the caller gives up, and not one that stays for ever.
            unsafe { oids::free(object) };
        }
        Ok(Major::COMPLETE)
    }
}

/// A buffer that the caller gives up.
pub(crate) struct ReleasedBuffer(gss_buffer_t);

impl Arg for ReleasedBuffer {
    type C = gss_buffer_t;
    unsafe fn from_c(value: gss_buffer_t) -> Self {
        Self(value)
    }
}

impl ReleasedBuffer {
    /// Frees its bytes, those of an empty buffer too, and leaves it empty.
    pub(crate) fn release(&mut self) {
        if self.0.is_null() {
            return;
        }
        // SAFETY: not NULL, so the caller's to read and write.
        let buffer = unsafe { ptr::replace(self.0, gss_buffer_desc { length: 0, value: ptr::null_mut() }) };
        // SAFETY: NULL, or bytes that the caller gives up.
        unsafe { memory::free(buffer.value) };
    }
}

/// The caller's variable for a buffer set.
pub(crate) struct BufferSetVariable(*mut gss_buffer_set_t);

impl Arg for BufferSetVariable {
    type C = *mut gss_buffer_set_t;
    unsafe fn from_c(value: *mut gss_buffer_set_t) -> Self {
        Self(value)
    }
}

impl BufferSetVariable {
    /// Adds a copy to the set in it, which is made if there is none.
    pub(crate) fn add(&mut self, bytes: &[u8]) -> Outcome {
        if self.0.is_null() {
            return Err(UNWRITABLE);
        }
        let no_memory = || out_of_memory("a buffer set");
        let copy = MallocBuf::copy_of(bytes).ok_or_else(no_memory)?;
        // SAFETY: not NULL, so a variable of the caller's.
        let before = unsafe { *self.0 };
        // SAFETY: NULL, or a set of the caller's.
        let count = unsafe { before.as_ref() }.map_or(0, |set| set.count);
        let elements = count.checked_add(1).and_then(memory::array::<gss_buffer_desc>).ok_or_else(no_memory)?.as_ptr();
        let set = if before.is_null() {
            let Some(new) = memory::array::<gss_buffer_set_desc>(1) else {
                // SAFETY: allocated above.
                unsafe { memory::free(elements) };
                return Err(no_memory());
            };
            // SAFETY: not NULL, so the caller's to write.
            unsafe { *self.0 = new.as_ptr() };
            new.as_ptr()
        } else {
            before
        };
        // SAFETY: the caller's set, or the one that was made above.
        let set = unsafe { &mut *set };
        if count > 0 {
            // SAFETY: the new array has room for the old elements and one more.
            unsafe { ptr::copy_nonoverlapping(set.elements, elements, count) };
        }
        let (value, length) = copy.into_c();
        // SAFETY: the last element of the new array.
        let last = unsafe { elements.add(count) };
        // SAFETY: as above.
        unsafe { last.write(gss_buffer_desc { length, value }) };
        // SAFETY: NULL, or the old array, whose elements live on in the new one.
        unsafe { memory::free(set.elements) };
        set.elements = elements;
        set.count = count + 1;
        Ok(Major::COMPLETE)
    }

    /// Wipes and frees the set in it, if there is one, and leaves NULL: inquiries by OID answer with keys.
    pub(crate) fn release(&mut self) {
        if self.0.is_null() {
            return;
        }
        // SAFETY: not NULL, so the caller's to read and write.
        let set = unsafe { ptr::replace(self.0, ptr::null_mut()) };
        // SAFETY: NULL, or a set that the caller gives up.
        let Some(contents) = (unsafe { set.as_ref() }) else { return };
        let count = if contents.elements.is_null() { 0 } else { contents.count };
        for index in 0..count {
            // SAFETY: `index` is below the set's count.
            let element = unsafe { contents.elements.add(index) };
            // SAFETY: an element of the set.
            let element = unsafe { *element };
            if !element.value.is_null() {
                // SAFETY: the element's bytes, as many as it says.
                unsafe { libc::explicit_bzero(element.value, element.length) };
            }
            // SAFETY: each element's bytes are an allocation of their own.
            unsafe { memory::free(element.value) };
        }
        // SAFETY: the elements are an allocation of their own.
        unsafe { memory::free(contents.elements) };
        // SAFETY: and so is the set.
        unsafe { memory::free(set) };
    }
}
