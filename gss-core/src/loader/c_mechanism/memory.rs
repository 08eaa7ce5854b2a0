//! What a C mechanism allocated: buffers, OID sets and buffer sets, each piece from `malloc` by itself, and freed here
//! by the rules of C's `gss_release_…` functions. None of it is believed before it was checked: a length without bytes,
//! or beyond what was allocated, is `FAILURE` with a text.

use super::ffi::{BufferDesc, BufferSetDesc, OidDesc, OidSetDesc};
use gss_plugin_abi::{IMPOSSIBLE_ANSWER, MAX_OID_OCTETS, MechError, Oid, Result};
use std::ffi::c_void;
use std::{fmt, ptr, slice};
use zeroize::Zeroize as _;

/// The mechanism's answer cannot be.
#[cold]
pub(super) fn lie(what: impl fmt::Display) -> MechError {
    MechError::failure(format!("the mechanism answered {what}")).minor(IMPOSSIBLE_ANSWER)
}

/// Frees an allocation of the mechanism's; null is none.
fn free(allocation: *mut c_void) {
    // SAFETY: the pointer is null, or the mechanism gave it up to be freed with `free`, and the owner in this module,
    // which alone has it, goes away.
    unsafe { libc::free(allocation) };
}

/// The allocation's `count` elements at `start`, unless that cannot be.
///
/// # Safety
/// `start` is null or an allocation of `malloc` that holds initialized elements and is nobody else's for as long as `'a`.
unsafe fn elements<'a, T>(start: *mut T, count: usize, what: &str) -> Result<&'a mut [T]> {
    if count == 0 {
        return Ok(&mut []);
    }
    let size = count.checked_mul(size_of::<T>()).filter(|size| *size <= isize::MAX as usize);
    let Some(size) = size else {
        return Err(lie(format_args!("{what} of an impossible length ({count})")));
    };
    if start.is_null() {
        return Err(lie(format_args!("{what} of length {count} without anything in it")));
    }
    if !start.is_aligned() {
        return Err(lie(format_args!("{what} at an odd address")));
    }
    // SAFETY: an allocation of `malloc`.
    let room = unsafe { libc::malloc_usable_size(start.cast()) };
    if size > room {
        return Err(lie(format_args!("{what} of length {count}, which is more than it allocated")));
    }
    // SAFETY: aligned, inside the allocation, and exclusive as the caller says.
    Ok(unsafe { slice::from_raw_parts_mut(start, count) })
}

/// A buffer that a call fills.
pub(super) struct Buffer(BufferDesc);

// SAFETY: an owner of memory, like a box.
unsafe impl Send for Buffer {}

impl Buffer {
    /// An empty one.
    pub(super) const fn new() -> Self {
        Self(BufferDesc::EMPTY)
    }

    /// For the call.
    pub(super) const fn output(&mut self) -> *mut BufferDesc {
        &raw mut self.0
    }

    /// What the call put there.
    ///
    /// # Errors
    /// `FAILURE` for what cannot be.
    pub(super) fn bytes(&self) -> Result<&[u8]> {
        // SAFETY: by the rules of C the value is an allocation, and its bytes are the buffer's alone.
        let bytes = unsafe { elements(self.0.value.cast::<u8>(), self.0.length, "a buffer") };
        bytes.map(|bytes| &*bytes)
    }

    /// A copy.
    ///
    /// # Errors
    /// `FAILURE` for what cannot be.
    pub(super) fn to_vec(&self) -> Result<Vec<u8>> {
        self.bytes().map(<[u8]>::to_vec)
    }

    /// Wipes the bytes, which hold keys.
    pub(super) fn wipe(&mut self) {
        // SAFETY: as in `bytes`; exclusive by the receiver.
        if let Ok(bytes) = unsafe { elements(self.0.value.cast::<u8>(), self.0.length, "a buffer") } {
            bytes.zeroize();
        }
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        // As C's gss_release_buffer: mechanisms answer a constant for what is empty.
        if self.0.length != 0 {
            free(self.0.value);
        }
    }
}

/// A buffer with key material: wiped before it is freed.
pub(super) struct SecretBuffer(pub(super) Buffer);

impl Drop for SecretBuffer {
    fn drop(&mut self) {
        self.0.wipe();
    }
}

/// A token that a call made, which cannot be empty.
///
/// # Errors
/// `FAILURE` for what cannot be.
pub(super) fn made(token: &Buffer) -> Result<&[u8]> {
    match token.bytes()? {
        [] => Err(lie("success, and an empty token")),
        bytes => Ok(bytes),
    }
}

/// An OID that a call answered: the mechanism's own, which is copied and never freed. `None` for a null pointer.
///
/// # Errors
/// `FAILURE` for what is no OID.
///
/// # Safety
/// The pointer is null or to an OID of the mechanism that stays during the call.
pub(super) unsafe fn oid_of(answered: *const OidDesc) -> Result<Option<Oid>> {
    if answered.is_null() {
        return Ok(None);
    }
    if !answered.is_aligned() {
        return Err(lie("an OID at an odd address"));
    }
    // SAFETY: as demanded.
    let OidDesc { length, elements } = unsafe { answered.read() };
    let length = length as usize;
    if length == 0 || length > MAX_OID_OCTETS || elements.is_null() {
        return Err(lie(format_args!("an OID of {length} octets")));
    }
    // SAFETY: an OID has as many octets as it says; the length is small.
    let content = unsafe { slice::from_raw_parts(elements.cast::<u8>(), length) };
    Oid::from_content(content).map(Some).map_err(|error| lie(format_args!("an OID that is none: {error}")))
}

/// An OID that a call answered, if it is another than `own`: nearly always it is not, and then nothing is copied.
///
/// # Errors
/// As [`oid_of`].
///
/// # Safety
/// As [`oid_of`].
pub(super) unsafe fn other_oid(answered: *const OidDesc, own: &Oid) -> Result<Option<Oid>> {
    if !answered.is_null() && answered.is_aligned() {
        // SAFETY: as demanded.
        let OidDesc { length, elements } = unsafe { answered.read() };
        if length as usize == own.as_bytes().len() && !elements.is_null() {
            // SAFETY: an OID has as many octets as it says; as many as one of ours.
            let content = unsafe { slice::from_raw_parts(elements.cast::<u8>(), length as usize) };
            if content == own.as_bytes() {
                return Ok(None);
            }
        }
    }
    // SAFETY: as demanded.
    unsafe { oid_of(answered) }
}

/// An OID set that a call makes.
pub(super) struct OidSet(*mut OidSetDesc);

impl OidSet {
    pub(super) const fn new() -> Self {
        Self(ptr::null_mut())
    }

    /// For the call.
    pub(super) const fn output(&mut self) -> *mut *mut OidSetDesc {
        &raw mut self.0
    }

    fn members(&self) -> Result<&[OidDesc]> {
        // SAFETY: null, or an allocation with one set in it, ours alone.
        let set = unsafe { elements(self.0, usize::from(!self.0.is_null()), "an OID set") }?;
        match set {
            // SAFETY: the set's own allocation.
            [set] => unsafe { elements(set.elements, set.count, "an OID set") }.map(|members| &*members),
            _ => Ok(&[]),
        }
    }

    /// The OIDs; none for a null pointer.
    ///
    /// # Errors
    /// `FAILURE` for what cannot be.
    pub(super) fn oids(&self) -> Result<Vec<Oid>> {
        let mut oids = Vec::new();
        for member in self.members()? {
            // SAFETY: a member of the set stays as long as the set.
            oids.extend(unsafe { oid_of(member) }?);
        }
        Ok(oids)
    }
}

impl Drop for OidSet {
    fn drop(&mut self) {
        let Ok(members) = self.members() else {
            // What cannot be is left alone rather than freed; but for a set without anything in it.
            // SAFETY: null, or an allocation with one set in it, ours alone.
            if let Ok([set]) = unsafe { elements(self.0, usize::from(!self.0.is_null()), "an OID set") }
                && set.elements.is_null()
            {
                free(self.0.cast());
            }
            return;
        };
        let start = members.as_ptr();
        let octets: Vec<*mut c_void> = members.iter().map(|member| member.elements).collect();
        octets.iter().for_each(|octets| free(*octets));
        if !octets.is_empty() {
            free(start.cast_mut().cast());
        }
        free(self.0.cast());
    }
}

/// A buffer set that a call makes. It may hold session keys: it is wiped.
pub(super) struct BufferSet(*mut BufferSetDesc);

impl BufferSet {
    pub(super) const fn new() -> Self {
        Self(ptr::null_mut())
    }

    /// For the call.
    pub(super) const fn output(&mut self) -> *mut *mut BufferSetDesc {
        &raw mut self.0
    }

    /// Takes the members out, as buffers that free themselves, and frees the set.
    fn take(&mut self) -> Result<Vec<SecretBuffer>> {
        let start = std::mem::replace(&mut self.0, ptr::null_mut());
        // SAFETY: null, or an allocation with one set in it, ours alone.
        let set = unsafe { elements(start, usize::from(!start.is_null()), "a buffer set") }?;
        let [set] = set else { return Ok(Vec::new()) };
        let members_start = set.elements;
        // SAFETY: the set's own allocation.
        let members = match unsafe { elements(members_start, set.count, "a buffer set") } {
            Ok(members) => members,
            Err(lie) => {
                // How many members there really are is not known. Without any there is no doubt about the rest.
                if members_start.is_null() {
                    free(start.cast());
                }
                return Err(lie);
            }
        };
        let members = members.iter().map(|member| SecretBuffer(Buffer(*member))).collect();
        free(members_start.cast());
        free(start.cast());
        Ok(members)
    }

    /// The buffers; none for a null pointer.
    ///
    /// # Errors
    /// `FAILURE` for what cannot be.
    pub(super) fn into_vec(mut self) -> Result<Vec<Vec<u8>>> {
        self.take()?.iter().map(|member| member.0.to_vec()).collect()
    }
}

impl Drop for BufferSet {
    fn drop(&mut self) {
        // What cannot be is left alone rather than freed.
        let _ = self.take();
    }
}

/// Bytes that a call allocated in the place of an IOV element's.
pub(super) fn adopt(buffer: BufferDesc) -> Buffer {
    Buffer(buffer)
}
