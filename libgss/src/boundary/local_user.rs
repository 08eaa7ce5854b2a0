//! The users of this system.

use super::{Arg, Partial, UNWRITABLE};
use gss_core::{Error, Result};
use std::ffi::CString;
use std::{mem, ptr};

/// A uid that is given out. Cleared it is nobody's, which `setuid` refuses: 0 would be root's.
pub(crate) struct UidOut(*mut libc::uid_t);

impl Arg for UidOut {
    type C = *mut libc::uid_t;
    unsafe fn from_c(value: *mut libc::uid_t) -> Self {
        let mut out = Self(value);
        out.set(libc::uid_t::MAX);
        out
    }
}

impl UidOut {
    /// Fails if the caller gave no place for it.
    pub(crate) fn required(&self) -> Partial<()> {
        if self.0.is_null() { Err(UNWRITABLE) } else { Ok(()) }
    }

    pub(crate) fn set(&mut self, value: libc::uid_t) {
        if !self.0.is_null() {
            // SAFETY: not NULL, so the caller's to write to while the call lasts.
            unsafe { *self.0 = value };
        }
    }
}

/// More than this is not asked for to hold one user's entry.
const MOST: usize = 1 << 20;

/// The number of a user, as `getpwnam` knows it.
pub(crate) fn uid_of(name: &[u8]) -> Result<u32> {
    let unknown = Error::Argument("the local name is no user of this system");
    let Ok(name) = CString::new(name) else { return Err(unknown) };
    let mut room = vec![0_u8; 1024];
    loop {
        // SAFETY: a `passwd` is numbers and pointers, for which zero is a value.
        let mut entry: libc::passwd = unsafe { mem::zeroed() };
        let mut found = ptr::null_mut();
        // SAFETY: the name ends with NUL, and the room is as long as said; all live as long as the call.
        let error =
            unsafe { libc::getpwnam_r(name.as_ptr(), &mut entry, room.as_mut_ptr().cast(), room.len(), &mut found) };
        match error {
            0 if found.is_null() => return Err(unknown),
            0 => return Ok(entry.pw_uid),
            libc::ERANGE if room.len() < MOST => room.resize(room.len() * 4, 0),
            libc::EINTR => {}
            // Each of these means "not found" in one implementation or other (getpwnam(3)).
            libc::ENOENT | libc::ESRCH | libc::EBADF | libc::EPERM => return Err(unknown),
            _ => return Err(Error::Argument("the users of this system cannot be looked up")),
        }
    }
}
