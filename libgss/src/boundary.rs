//! Where C's arguments become Rust's, and Rust's answers C's. Every exported function goes through [`run`]; each type of
//! argument is converted by its [`Arg`], which clears outputs before anything else is looked at.
//!
//! The functions behind the exports see no raw pointer. What they may rely on is what the C API demands of a caller:
//! a pointer is NULL, or good for what its type says.

mod buffer_set;
mod iov;
mod local_user;
mod opaque;
mod sets;
mod text;

pub(crate) use buffer_set::BufferSetOut;
pub(crate) use iov::{IovArray, Use};
pub(crate) use local_user::{UidOut, uid_of};
pub(crate) use opaque::{OpaqueIn, OpaqueOut};
pub(crate) use sets::{BufferSetVariable, OctetsIn, OidSetVariable, OidVariable, ReleasedBuffer, SearchedSet};
pub(crate) use text::{CredentialStoreIn, TextIn};

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

pub(crate) static NAMES: Slots<Name> = Slots::new();
pub(crate) static CREDENTIALS: Slots<Credential> = Slots::new();

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

/// A value that an output has before the call knows better.
pub(crate) trait Cleared: Copy {
    const CLEARED: Self;
}
impl Cleared for u32 {
    const CLEARED: Self = 0;
}
impl Cleared for i32 {
    const CLEARED: Self = 0;
}
impl<T> Cleared for *mut T {
    const CLEARED: Self = ptr::null_mut();
}

/// An output that the caller may not want.
pub(crate) struct Out<T>(*mut T);

impl<T: Cleared> Arg for Out<T> {
    type C = *mut T;
    unsafe fn from_c(value: *mut T) -> Self {
        let mut out = Self(value);
        out.set(T::CLEARED);
        out
    }
}

impl<T: Copy> Out<T> {
    pub(crate) fn is_wanted(&self) -> bool {
        !self.0.is_null()
    }

    /// Fails if the caller gave no place for an output that it has to take.
    pub(crate) fn required(&self) -> Partial<()> {
        if self.is_wanted() { Ok(()) } else { Err(UNWRITABLE) }
    }

    pub(crate) fn set(&mut self, value: T) {
        if self.is_wanted() {
            // SAFETY: not NULL, so the caller's to write to while the call lasts.
            unsafe { *self.0 = value };
        }
    }
}

impl Out<i32> {
    /// The same place for a number of the other type: the old names of calls have `int` where the new ones do not.
    pub(crate) fn unsigned(self) -> Out<u32> {
        Out(self.0.cast())
    }
}

/// A number that the call reads and may change; a failing one leaves it.
pub(crate) struct InOut<T>(*mut T);

impl<T: Copy> Arg for InOut<T> {
    type C = *mut T;
    unsafe fn from_c(value: *mut T) -> Self {
        Self(value)
    }
}

impl<T: Copy> InOut<T> {
    /// What it holds; fails if the caller gave no place for it.
    pub(crate) fn required(&self) -> Partial<T> {
        // SAFETY: not NULL, so the caller's to read while the call lasts.
        if self.0.is_null() { Err(UNWRITABLE) } else { Ok(unsafe { *self.0 }) }
    }

    pub(crate) fn set(&mut self, value: T) {
        if !self.0.is_null() {
            // SAFETY: not NULL, so the caller's to write to while the call lasts.
            unsafe { *self.0 = value };
        }
    }
}

/// A buffer that is read.
pub(crate) struct BytesIn<'a> {
    bytes: Option<&'a [u8]>,
    /// It says that it has some.
    claimed: bool,
}

impl Arg for BytesIn<'_> {
    type C = gss_buffer_t;
    unsafe fn from_c(value: gss_buffer_t) -> Self {
        if value.is_null() {
            return Self { bytes: None, claimed: false };
        }
        // SAFETY: not NULL, so a buffer of the caller's.
        let buffer = unsafe { *value };
        // SAFETY: a value that is not NULL is good for its length.
        Self { bytes: unsafe { bytes_of(buffer) }, claimed: buffer.length > 0 }
    }
}

/// The bytes of a buffer; `None` where it claims some and has none.
///
/// # Safety
/// A value that is not NULL is good for `length` bytes.
unsafe fn bytes_of<'a>(buffer: gss_buffer_desc) -> Option<&'a [u8]> {
    match (buffer.value.is_null(), buffer.length) {
        (_, 0) => Some(&[]),
        (true, _) => None,
        (false, length) if length > isize::MAX as usize => None,
        // SAFETY: as demanded; the length was checked just now.
        (false, length) => Some(unsafe { std::slice::from_raw_parts(buffer.value.cast::<u8>(), length) }),
    }
}

impl<'a> BytesIn<'a> {
    /// The bytes, none for `GSS_C_NO_BUFFER`.
    pub(crate) fn optional(&self) -> Option<&'a [u8]> {
        self.bytes
    }

    /// The bytes, none for `GSS_C_NO_BUFFER`; but a buffer that claims some and has none is not taken for an empty one.
    pub(crate) fn or_empty(&self) -> Partial<&'a [u8]> {
        match self.bytes {
            Some(bytes) => Ok(bytes),
            None if self.claimed => Err(UNREADABLE),
            None => Ok(&[]),
        }
    }

    /// The bytes of a buffer that has to be there; it may be empty.
    pub(crate) fn required(&self, routine: Major) -> Partial<&'a [u8]> {
        self.bytes.ok_or(missing(routine))
    }

    /// The bytes of a buffer that has to hold some.
    pub(crate) fn not_empty(&self, routine: Major) -> Partial<&'a [u8]> {
        self.bytes.filter(|bytes| !bytes.is_empty()).ok_or(missing(routine))
    }
}

/// A buffer that is filled, with memory that the caller frees.
pub(crate) struct BufferOut(*mut gss_buffer_desc);

impl Arg for BufferOut {
    type C = gss_buffer_t;
    unsafe fn from_c(value: gss_buffer_t) -> Self {
        let mut out = Self(value);
        out.set(ptr::null_mut(), 0);
        out
    }
}

impl BufferOut {
    pub(crate) fn is_wanted(&self) -> bool {
        !self.0.is_null()
    }

    pub(crate) fn required(&self) -> Partial<()> {
        if self.is_wanted() { Ok(()) } else { Err(UNWRITABLE) }
    }

    fn set(&mut self, value: *mut c_void, length: usize) {
        if self.is_wanted() {
            // SAFETY: not NULL, so the caller's to write to while the call lasts.
            unsafe { *self.0 = gss_buffer_desc { length, value } };
        }
    }

    /// Gives the bytes away.
    pub(crate) fn give(&mut self, bytes: MallocBuf) {
        if self.is_wanted() {
            let (value, length) = bytes.into_c();
            self.set(value, length);
        }
    }

    /// Gives copies, each to its buffer; either all of those that are wanted or none.
    pub(crate) fn put_all<const N: usize>(outputs: [(&mut Self, &[u8]); N]) -> Partial<()> {
        let copies = outputs.map(|(output, bytes)| {
            let copy = if output.is_wanted() { MallocBuf::copy_of(bytes) } else { Some(MallocBuf::new()) };
            (output, copy)
        });
        if copies.iter().any(|(_, copy)| copy.is_none()) {
            return Err(out_of_memory("an output buffer"));
        }
        for (output, copy) in copies {
            output.give(copy.unwrap_or_else(MallocBuf::new));
        }
        Ok(())
    }

    /// Gives a copy.
    pub(crate) fn put(&mut self, bytes: &[u8]) -> Partial<()> {
        if self.is_wanted() {
            self.give(MallocBuf::copy_of(bytes).ok_or_else(|| out_of_memory("an output buffer"))?);
        }
        Ok(())
    }
}

/// A buffer that is read, and whose bytes others may take the place of.
pub(crate) struct BufferInOut<'a> {
    bytes: BytesIn<'a>,
    place: BufferOut,
}

impl Arg for BufferInOut<'_> {
    type C = gss_buffer_t;
    unsafe fn from_c(value: gss_buffer_t) -> Self {
        // SAFETY: as demanded of the caller.
        Self { bytes: unsafe { BytesIn::from_c(value) }, place: BufferOut(value) }
    }
}

impl<'a> BufferInOut<'a> {
    /// The bytes, none for `GSS_C_NO_BUFFER`.
    pub(crate) fn bytes(&self) -> Partial<&'a [u8]> {
        if self.place.is_wanted() { self.bytes.required(Major::COMPLETE) } else { Ok(&[]) }
    }

    /// Gives bytes away in place of those that were there, which stay the caller's.
    pub(crate) fn give(&mut self, bytes: MallocBuf) {
        self.place.give(bytes);
    }
}

/// An OID that is read, or `GSS_C_NO_OID`.
pub(crate) struct OidIn(Result<Option<Oid>, OidError>);

impl Arg for OidIn {
    type C = gss_OID;
    unsafe fn from_c(value: gss_OID) -> Self {
        if value.is_null() {
            return Self(Ok(None));
        }
        // SAFETY: not NULL, so an OID of the caller's.
        Self(unsafe { oids::read(value) }.map(Some))
    }
}

impl OidIn {
    /// The OID if there is one; `routine` for octets that are none.
    pub(crate) fn optional(&self, routine: Major) -> Partial<Option<&Oid>> {
        match &self.0 {
            Ok(oid) => Ok(oid.as_ref()),
            Err(_) => Err(Failure::Call(Major::CALL_BAD_STRUCTURE.with(routine))),
        }
    }

    /// The OID, which has to be there.
    pub(crate) fn required(&self, routine: Major) -> Partial<&Oid> {
        self.optional(routine)?.ok_or(missing(routine))
    }
}

/// A set of OIDs that is read, or `GSS_C_NO_OID_SET`.
pub(crate) struct OidSetIn(Result<Option<Vec<Oid>>, OidError>);

impl Arg for OidSetIn {
    type C = gss_OID_set;
    unsafe fn from_c(value: gss_OID_set) -> Self {
        if value.is_null() {
            return Self(Ok(None));
        }
        // SAFETY: not NULL, so a set of the caller's.
        Self(unsafe { oids::read_set(value) }.map(Some))
    }
}

impl OidSetIn {
    pub(crate) fn optional(&self, routine: Major) -> Partial<Option<&[Oid]>> {
        match &self.0 {
            Ok(oids) => Ok(oids.as_deref()),
            Err(_) => Err(Failure::Call(Major::CALL_BAD_STRUCTURE.with(routine))),
        }
    }
}

/// An OID that is given out: always an object of ours, for ever.
pub(crate) type OidOut = Out<gss_OID>;

impl OidOut {
    pub(crate) fn put(&mut self, oid: &Oid) {
        if self.is_wanted() {
            self.set(oids::ours(oid));
        }
    }

    /// Gives one that is the caller's to free (`gss_str_to_oid`).
    pub(crate) fn put_own(&mut self, oid: &Oid) -> Partial<()> {
        if self.is_wanted() {
            self.set(oids::new_own(oid).ok_or_else(|| out_of_memory("an OID"))?);
        }
        Ok(())
    }
}

/// A set of OIDs that is given out, for the caller to release.
pub(crate) type OidSetOut = Out<gss_OID_set>;

impl OidSetOut {
    pub(crate) fn put(&mut self, oids: &[Oid]) -> Partial<()> {
        if self.is_wanted() {
            self.set(oids::new_set(oids).ok_or_else(|| out_of_memory("a set of OIDs"))?);
        }
        Ok(())
    }

    /// Releases a set that was given out in a call that fails after all.
    pub(crate) fn take_back(&mut self) {
        // SAFETY: not NULL, so the caller's; what is there came from `put`, since it was cleared before.
        let set = if self.is_wanted() { unsafe { *self.0 } } else { ptr::null_mut() };
        if !set.is_null() {
            self.set(ptr::null_mut());
            // SAFETY: made by `oids::new_set`, and the caller has not seen it yet.
            unsafe { oids::free_set(set) };
        }
    }
}

/// A context that is used.
pub(crate) struct ContextIn(gss_ctx_id_t);

impl Arg for ContextIn {
    type C = gss_ctx_id_t;
    unsafe fn from_c(value: gss_ctx_id_t) -> Self {
        Self(value)
    }
}

impl ContextIn {
    /// The context that the handle stands for. Whether it is still there shows when it is used.
    #[inline]
    pub(crate) fn get(&self) -> Partial<ManuallyDrop<Context>> {
        context(self.0)
    }
}

#[inline]
fn context(value: gss_ctx_id_t) -> Partial<ManuallyDrop<Context>> {
    match handle::from_c(Kind::Context, value) {
        Some(handle) => Ok(Context::by_handle(handle)),
        None if value.is_null() => Err(missing(Major::NO_CONTEXT)),
        None => Err(Failure::Core(Error::NoContext(gss_core::NoContext::Gone))),
    }
}

/// The caller's variable for a handle, which a call may change.
pub(crate) struct HandleVariable(*mut *mut c_void);

impl Arg for HandleVariable {
    type C = *mut *mut c_void;
    unsafe fn from_c(value: *mut *mut c_void) -> Self {
        Self(value)
    }
}

impl HandleVariable {
    pub(crate) fn required(&self, calling: Major) -> Partial<()> {
        if self.0.is_null() { Err(Failure::Call(calling)) } else { Ok(()) }
    }

    /// What it holds; NULL where there is no variable.
    pub(crate) fn value(&self) -> *mut c_void {
        // SAFETY: not NULL, so a variable of the caller's.
        if self.0.is_null() { ptr::null_mut() } else { unsafe { *self.0 } }
    }

    pub(crate) fn set(&mut self, value: *mut c_void) {
        if !self.0.is_null() {
            // SAFETY: not NULL, so the caller's to write to while the call lasts.
            unsafe { *self.0 = value };
        }
    }

    /// The context in it.
    pub(crate) fn context(&self) -> Partial<ManuallyDrop<Context>> {
        context(self.value())
    }

    /// Takes the name out of it and of the table, and leaves NULL.
    pub(crate) fn take_name(&mut self) -> Partial<Name> {
        let bad = || Failure::Call(Major::BAD_NAME);
        if self.value().is_null() {
            return Err(missing(Major::BAD_NAME));
        }
        let handle = handle::from_c(Kind::Name, self.value()).ok_or_else(bad)?;
        let name = NAMES.exclusive(handle).map_err(|_| bad())?.remove();
        self.set(ptr::null_mut());
        Ok(name)
    }

    /// Takes the credential out of it and of the table, and leaves NULL.
    pub(crate) fn take_credential(&mut self) -> Partial<Credential> {
        let defective = || Failure::Call(Major::DEFECTIVE_CREDENTIAL);
        let handle = handle::from_c(Kind::Credential, self.value()).ok_or_else(defective)?;
        let credential = CREDENTIALS.exclusive(handle).map_err(|_| defective())?.remove();
        self.set(ptr::null_mut());
        Ok(credential)
    }

    /// The credential in it.
    pub(crate) fn credential(&self) -> CredentialIn {
        CredentialIn(self.value())
    }

    /// Puts a credential into it.
    pub(crate) fn put_credential(&mut self, credential: Credential) -> Partial<()> {
        let handle = CREDENTIALS.insert(credential).map_err(|_| out_of_memory("a credential"))?;
        self.set(handle::to_c(Kind::Credential, handle));
        Ok(())
    }

    /// Puts a context into it.
    pub(crate) fn put_context(&mut self, context: Context) {
        self.set(handle::to_c(Kind::Context, context.into_handle()));
    }
}

/// A context that is given out.
pub(crate) struct ContextOut(Out<gss_ctx_id_t>);

impl Arg for ContextOut {
    type C = *mut gss_ctx_id_t;
    unsafe fn from_c(value: *mut gss_ctx_id_t) -> Self {
        // SAFETY: as demanded of the caller.
        Self(unsafe { Out::from_c(value) })
    }
}

impl ContextOut {
    pub(crate) fn required(&self) -> Partial<()> {
        self.0.required()
    }

    pub(crate) fn put(&mut self, context: Context) {
        self.0.set(handle::to_c(Kind::Context, context.into_handle()));
    }
}

/// A name that is used.
pub(crate) struct NameIn(gss_name_t);

impl Arg for NameIn {
    type C = gss_name_t;
    unsafe fn from_c(value: gss_name_t) -> Self {
        Self(value)
    }
}

impl NameIn {
    /// The name, or `None` for `GSS_C_NO_NAME`.
    pub(crate) fn optional(&self) -> Partial<Option<ReadGuard<'static, Name>>> {
        if self.0.is_null() { Ok(None) } else { self.required().map(Some) }
    }

    pub(crate) fn required(&self) -> Partial<ReadGuard<'static, Name>> {
        match handle::from_c(Kind::Name, self.0) {
            Some(handle) => NAMES.read(handle).map_err(|_| Failure::Call(Major::BAD_NAME)),
            None if self.0.is_null() => Err(missing(Major::BAD_NAME)),
            None => Err(Failure::Call(Major::BAD_NAME)),
        }
    }

    /// The name, to be changed.
    pub(crate) fn exclusive(&self) -> Partial<ExclusiveGuard<'static, Name>> {
        match handle::from_c(Kind::Name, self.0) {
            Some(handle) => NAMES.exclusive(handle).map_err(|_| Failure::Call(Major::BAD_NAME)),
            None if self.0.is_null() => Err(missing(Major::BAD_NAME)),
            None => Err(Failure::Call(Major::BAD_NAME)),
        }
    }
}

/// A name that is given out.
pub(crate) struct NameOut(Out<gss_name_t>);

impl Arg for NameOut {
    type C = *mut gss_name_t;
    unsafe fn from_c(value: *mut gss_name_t) -> Self {
        // SAFETY: as demanded of the caller.
        Self(unsafe { Out::from_c(value) })
    }
}

impl NameOut {
    pub(crate) fn is_wanted(&self) -> bool {
        self.0.is_wanted()
    }

    pub(crate) fn required(&self) -> Partial<()> {
        self.0.required()
    }

    /// Releases a name that was given out in a call that fails after all.
    pub(crate) fn take_back(&mut self) {
        let mut variable = HandleVariable(self.0.0);
        drop(variable.take_name());
    }

    pub(crate) fn put(&mut self, name: Name) -> Partial<()> {
        if self.is_wanted() {
            let handle = NAMES.insert(name).map_err(|_| out_of_memory("a name"))?;
            self.0.set(handle::to_c(Kind::Name, handle));
        }
        Ok(())
    }
}

/// A credential that is used.
pub(crate) struct CredentialIn(gss_cred_id_t);

impl Arg for CredentialIn {
    type C = gss_cred_id_t;
    unsafe fn from_c(value: gss_cred_id_t) -> Self {
        Self(value)
    }
}

impl CredentialIn {
    /// The credential, or `None` for `GSS_C_NO_CREDENTIAL`.
    pub(crate) fn optional(&self) -> Partial<Option<ReadGuard<'static, Credential>>> {
        if self.0.is_null() { Ok(None) } else { self.required().map(Some) }
    }

    pub(crate) fn required(&self) -> Partial<ReadGuard<'static, Credential>> {
        match handle::from_c(Kind::Credential, self.0) {
            Some(handle) => CREDENTIALS.read(handle).map_err(|_| Failure::Call(Major::DEFECTIVE_CREDENTIAL)),
            None if self.0.is_null() => Err(missing(Major::NO_CRED)),
            None => Err(Failure::Call(Major::DEFECTIVE_CREDENTIAL)),
        }
    }

    /// The credential, to be changed. The calling thread must not have a guard of it.
    pub(crate) fn exclusive(&self) -> Partial<ExclusiveGuard<'static, Credential>> {
        match handle::from_c(Kind::Credential, self.0) {
            Some(handle) => CREDENTIALS.exclusive(handle).map_err(|_| Failure::Call(Major::DEFECTIVE_CREDENTIAL)),
            None if self.0.is_null() => Err(missing(Major::NO_CRED)),
            None => Err(Failure::Call(Major::DEFECTIVE_CREDENTIAL)),
        }
    }
}

/// A credential that is given out.
pub(crate) struct CredentialOut(Out<gss_cred_id_t>);

impl Arg for CredentialOut {
    type C = *mut gss_cred_id_t;
    unsafe fn from_c(value: *mut gss_cred_id_t) -> Self {
        // SAFETY: as demanded of the caller.
        Self(unsafe { Out::from_c(value) })
    }
}

impl CredentialOut {
    pub(crate) fn is_wanted(&self) -> bool {
        self.0.is_wanted()
    }

    pub(crate) fn required(&self) -> Partial<()> {
        self.0.required()
    }

    pub(crate) fn put(&mut self, credential: Credential) -> Partial<()> {
        if self.is_wanted() {
            let handle = CREDENTIALS.insert(credential).map_err(|_| out_of_memory("a credential"))?;
            self.0.set(handle::to_c(Kind::Credential, handle));
        }
        Ok(())
    }
}

/// Channel bindings, or `GSS_C_NO_CHANNEL_BINDINGS`.
pub(crate) struct BindingsIn<'a>(Option<Option<ChannelBindings<'a>>>);

impl Arg for BindingsIn<'_> {
    type C = gss_channel_bindings_t;
    unsafe fn from_c(value: gss_channel_bindings_t) -> Self {
        if value.is_null() {
            return Self(Some(None));
        }
        // SAFETY: not NULL, so bindings of the caller's.
        let bindings = unsafe { &*value };
        let read = || {
            Some(ChannelBindings {
                initiator_address_type: bindings.initiator_addrtype,
                // SAFETY: the caller's buffers are good for their lengths.
                initiator_address: unsafe { bytes_of(bindings.initiator_address) }?,
                acceptor_address_type: bindings.acceptor_addrtype,
                // SAFETY: as above.
                acceptor_address: unsafe { bytes_of(bindings.acceptor_address) }?,
                // SAFETY: as above.
                application_data: unsafe { bytes_of(bindings.application_data) }?,
            })
        };
        Self(read().map(Some))
    }
}

impl<'a> BindingsIn<'a> {
    pub(crate) fn get(&self) -> Partial<Option<ChannelBindings<'a>>> {
        self.0.ok_or(Failure::Call(Major::CALL_BAD_STRUCTURE.with(Major::BAD_BINDINGS)))
    }
}
