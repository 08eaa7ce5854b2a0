//! Handles of contexts, names and credentials, and the tables behind those of names and credentials.

use super::*;

pub(crate) static NAMES: Slots<Name> = Slots::new();
pub(crate) static CREDENTIALS: Slots<Credential> = Slots::new();

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
