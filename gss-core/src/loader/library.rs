//! A shared library, opened for good, and which symbols are its own. `dlsym` also finds those of a library's
//! dependencies: 28 of the functions that NTLMSSP seems to have are MIT's.

use super::LoadError;
use libloading::os::unix::{Library as Opened, RTLD_LOCAL, RTLD_NOW};
use std::error::Error as _;
use std::ffi::{CStr, c_int, c_void};
use std::mem::MaybeUninit;
use std::path::Path;
use std::ptr::{self, NonNull};

/// `RTLD_DL_LINKMAP` of `dladdr1(3)`, which the libc crate does not have.
const LINK_MAP_OF_ADDRESS: c_int = 2;

/// An opened library. It is never closed, so what is found in it is good for the life of the process.
pub(super) struct Library {
    handle: NonNull<c_void>,
    /// The dynamic linker's record of it: one for each loaded library.
    link_map: NonNull<c_void>,
}

impl Library {
    /// Opens a library that has been checked.
    ///
    /// # Errors
    /// [`LoadError::Dlopen`] with the dynamic linker's words.
    pub(super) fn open(path: &Path) -> Result<Self, LoadError> {
        // NODELETE: objects of the plugin live as long as the process, whoever closes what. No DEEPBIND: it breaks other
        // allocators and sanitizers.
        let flags = RTLD_NOW | RTLD_LOCAL | libc::RTLD_NODELETE;
        // SAFETY: the library's constructors run. The path is absolute, so that no search path decides what is opened,
        // and the file was checked as far as the policy demands: whoever can write it may run code here anyway.
        let library = unsafe { Opened::open(Some(path), flags) }.map_err(|error| LoadError::Dlopen(words(&error)))?;
        let unknown = || LoadError::Dlopen("the dynamic linker does not say what it has opened".to_owned());
        // Not closed: the raw handle has no drop.
        let handle = NonNull::new(library.into_raw()).ok_or_else(unknown)?;
        let mut link_map: *mut c_void = ptr::null_mut();
        // SAFETY: the handle is open, and for this request `dlinfo` writes one pointer.
        let result = unsafe { libc::dlinfo(handle.as_ptr(), libc::RTLD_DI_LINKMAP, (&raw mut link_map).cast()) };
        let link_map = NonNull::new(link_map).filter(|_| result == 0).ok_or_else(unknown)?;
        Ok(Self { handle, link_map })
    }

    /// Opens the libraries that a plugin needs, before it and each for itself, for good. The dynamic linker looks for a
    /// library's symbols first in what it was opened on behalf of: MIT's library, opened on behalf of NTLMSSP, takes 33
    /// functions of NTLMSSP's for its own, which have the same names. Opened by itself it keeps to its own.
    ///
    /// What cannot be opened is left to the plugin's own `dlopen`, which says why.
    pub(super) fn open_needed(names: &[String]) {
        for name in names {
            // SAFETY: constructors run that would run a moment later: the dynamic linker opens the same libraries on
            // behalf of the plugin, and finds them in the same places, since the plugin names none.
            match unsafe { Opened::open(Some(name), RTLD_NOW | RTLD_LOCAL | libc::RTLD_NODELETE) } {
                // Not closed: the raw handle has no drop.
                Ok(library) => _ = library.into_raw(),
                Err(error) => tracing::debug!(name, "not opened before the plugin: {}", words(&error)),
            }
        }
    }

    /// The address of a symbol, if this library itself defines it.
    pub(super) fn own(&self, symbol: &CStr) -> Option<NonNull<c_void>> {
        // SAFETY: the handle is open, and the name a C string.
        let address = unsafe { libc::dlsym(self.handle.as_ptr(), symbol.as_ptr()) };
        self.owned(address)
    }

    /// The address of a symbol in a version node, if this library itself defines it there.
    pub(super) fn own_in_version(&self, symbol: &CStr, version: &CStr) -> Option<NonNull<c_void>> {
        // SAFETY: the handle is open, and both names are C strings.
        let address = unsafe { libc::dlvsym(self.handle.as_ptr(), symbol.as_ptr(), version.as_ptr()) };
        self.owned(address)
    }

    fn owned(&self, address: *mut c_void) -> Option<NonNull<c_void>> {
        let address = NonNull::new(address)?;
        let mut info = MaybeUninit::<libc::Dl_info>::uninit();
        let mut owner: *mut c_void = ptr::null_mut();
        // SAFETY: `dladdr1` compares the address, and writes `info` and, for this flag, one pointer.
        let found = unsafe { libc::dladdr1(address.as_ptr(), info.as_mut_ptr(), &raw mut owner, LINK_MAP_OF_ADDRESS) };
        (found != 0 && owner == self.link_map.as_ptr()).then_some(address)
    }
}

/// dlerror's words: libloading's own say only which function failed.
fn words(error: &libloading::Error) -> String {
    error.source().map_or_else(|| error.to_string(), ToString::to_string)
}
