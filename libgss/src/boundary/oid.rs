//! OIDs and sets of OIDs, in and out.

use super::*;

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
