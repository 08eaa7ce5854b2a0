//! Where C's arguments become Rust's, and Rust's answers C's. Every exported function goes through [`run`]; each type of
//! argument is converted by its [`Arg`], which clears outputs before anything else is looked at.
//!
//! The functions behind the exports see no raw pointer. What they may rely on is what the C API demands of a caller:
//! a pointer is NULL, or good for what its type says.

mod bindings;
mod buffer_set;
mod handles;
mod iov;
mod local_user;
mod oid;
mod opaque;
mod sets;
mod text;
mod values;

pub(crate) use bindings::BindingsIn;
pub(crate) use buffer_set::BufferSetOut;
pub(crate) use handles::{
    CREDENTIALS, ContextIn, ContextOut, CredentialIn, CredentialOut, HandleVariable, NAMES, NameIn, NameOut,
};
pub(crate) use iov::{IovArray, Use};
pub(crate) use local_user::{UidOut, uid_of};
pub(crate) use oid::{OidIn, OidOut, OidSetIn, OidSetOut};
pub(crate) use opaque::{OpaqueIn, OpaqueOut};
pub(crate) use sets::{BufferSetVariable, OctetsIn, OidSetVariable, OidVariable, ReleasedBuffer, SearchedSet};
pub(crate) use text::{CredentialStoreIn, TextIn};
pub(crate) use values::{BufferInOut, BufferOut, BytesIn, InOut, Out, bytes_of};

use crate::handle::{self, Kind};
use crate::memory::MallocBuf;
use crate::oids;
use crate::status;
use crate::trace;
use crate::types::*;
use gss_core::slots::{ExclusiveGuard, ReadGuard, Slots};
use gss_core::{ChannelBindings, Context, Credential, Error, Gss, Major, Name, Oid, OidError};
use once_cell::race::OnceBox;
use std::ffi::c_void;
use std::mem::ManuallyDrop;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;

/// Why a call fails.
pub(crate) enum Failure {
    /// What the core or a mechanism says.
    Core(Error),
    /// What is wrong with the call itself.
    Call(Major),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Core(error)
    }
}

/// An answer: `GSS_S_COMPLETE` or supplementary bits.
pub(crate) type Outcome = Result<Major, Failure>;
/// A part of an answer.
pub(crate) type Partial<T> = Result<T, Failure>;

pub(crate) const COMPLETE: Outcome = Ok(Major::COMPLETE);

pub(crate) const UNREADABLE: Failure = Failure::Call(Major::CALL_INACCESSIBLE_READ);
pub(crate) const UNWRITABLE: Failure = Failure::Call(Major::CALL_INACCESSIBLE_WRITE);

/// A required argument is missing, with the routine error that goes with it.
pub(crate) const fn missing(routine: Major) -> Failure {
    Failure::Call(Major::CALL_INACCESSIBLE_READ.with(routine))
}

/// `malloc` failed.
pub(crate) fn out_of_memory(what: &'static str) -> Failure {
    Failure::Core(Error::OutOfMemory(what))
}

/// Runs the body of an exported function: no panic leaves it, and its failure becomes the two status codes.
#[inline]
pub(crate) fn run(minor: *mut OM_uint32, body: impl FnOnce() -> Outcome) -> OM_uint32 {
    if minor.is_null() {
        return Major::CALL_INACCESSIBLE_WRITE.0;
    }
    let (major, value) = match catch_unwind(AssertUnwindSafe(body)) {
        Ok(Ok(major)) => (major, 0),
        Ok(Err(failure)) => status::report(failure),
        Err(_) => status::report_panic(),
    };
    // SAFETY: not NULL, so the caller's to write to.
    unsafe { *minor = value };
    major.0
}

/// Runs the body of an exported function that has no minor status: no panic leaves it.
pub(crate) fn run_plain<R>(on_panic: R, body: impl FnOnce() -> R) -> R {
    catch_unwind(AssertUnwindSafe(body)).unwrap_or(on_panic)
}

static SWITCH: OnceBox<Gss> = OnceBox::new();

/// The switch of this process, if anything has been asked of it yet.
pub(crate) fn started_switch() -> Option<&'static Gss> {
    SWITCH.get()
}

/// The switch of this process.
pub(crate) fn switch() -> &'static Gss {
    // Two threads that are first may both read the config; one of them keeps its own.
    SWITCH.get_or_init(|| {
        trace::start();
        Box::new(Gss::system())
    })
}

/// How a C argument becomes a Rust one.
pub(crate) trait Arg {
    /// Its type in C.
    type C: Copy;

    /// # Safety
    /// A pointer is NULL or good for what its type in C says, for as long as the call lasts.
    unsafe fn from_c(value: Self::C) -> Self;
}

macro_rules! plain_values {
    ($($type:ty),*) => {
        $(impl Arg for $type {
            type C = $type;
            unsafe fn from_c(value: $type) -> Self {
                value
            }
        })*
    };
}
plain_values!(u32, i32, usize, isize);
