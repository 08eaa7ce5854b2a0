//! What C holds for a context, name or credential: not an address, but kind, generation and index of a slot under a tag
//! that no address of user space has. Whatever value comes in, the answer is the right object or none.

use gss_core::slots::Handle;
use std::ffi::c_void;

/// The top 16 bits. Addresses of user space have them clear (or all set, in the kernel's half).
const TAG: u64 = 0x6753 << 48;
const TAG_MASK: u64 = 0xffff << 48;

/// What a handle stands for: two bits above the slot's own.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    Context = 1,
    Name = 2,
    Credential = 3,
}

const _: () = assert!(Handle::BITS + 2 <= 48);

/// The value for C.
pub(crate) fn to_c(kind: Kind, handle: Handle) -> *mut c_void {
    let bits = TAG | (kind as u64) << Handle::BITS | handle.to_bits();
    // Not an address: it is never dereferenced, neither here nor by C.
    std::ptr::without_provenance_mut(bits as usize)
}

/// The slot that a value from C stands for, if it is one of ours and of this kind. NULL is none.
#[inline]
pub(crate) fn from_c(kind: Kind, value: *mut c_void) -> Option<Handle> {
    let bits = value.addr() as u64;
    let expected = TAG | (kind as u64) << Handle::BITS;
    let slot = bits ^ expected;
    (bits & TAG_MASK == TAG && slot >> Handle::BITS == 0).then(|| Handle::from_bits(slot))
}
