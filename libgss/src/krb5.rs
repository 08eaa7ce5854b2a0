//! The Kerberos calls of gssapi_krb5.h, as covers over inquiries, options and operations by OID. OIDs and values are
//! those of MIT's covers, so that its mechanism understands them; one that does not know them answers `UNAVAILABLE`.

use crate::boundary::*;
use crate::status;
use gss_core::framing::KERBEROS;
use gss_core::{Context, Error, Major, Oid};
use std::ptr;

/// 1.2.840.113554.1.2.2.5, then a number.
macro_rules! under_arc {
    ($($name:ident = $number:literal;)*) => {
        $(const $name: Oid =
            Oid::from_static(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x12, 0x01, 0x02, 0x02, 0x05, $number]);)*
    };
}
under_arc! {
    TICKET_FLAGS = 1;
    COPY_CCACHE = 2;
    CCACHE_NAME = 3;
    ALLOWABLE_ENCTYPES = 4;
    LUCID_CONTEXT = 6;
    FREE_LUCID_CONTEXT = 7;
    ACCEPTOR_IDENTITY = 9;
    AUTHORIZATION_DATA = 10;
    CRED_RCACHE = 11;
    AUTHENTICATION_TIME = 12;
    IMPORT_CRED = 13;
}

/// What a mechanism answered makes no sense.
const STRANGE: Error = Error::Argument("the mechanism's answer is not what was asked for");

/// An OID with one more number.
fn with_number(oid: &Oid, number: u32) -> Partial<Oid> {
    format!("{oid}.{number}").parse().map_err(|_| Failure::Call(Major::FAILURE))
}

/// The one buffer of an inquiry's answer.
fn inquire(context: &Context, object: &Oid) -> Partial<Vec<u8>> {
    match <[Vec<u8>; 1]>::try_from(context.inquire_by_oid(object)?) {
        Ok([answer]) => Ok(answer),
        Err(_) => Err(STRANGE.into()),
    }
}

/// An inquiry that is answered by a number in this machine's order.
fn inquire_number(context: &ContextIn, object: &Oid, mut output: Out<i32>) -> Outcome {
    output.required()?;
    let answer = inquire(&*context.get()?, object)?;
    output.set(i32::from_ne_bytes(answer.try_into().map_err(|_| STRANGE)?));
    COMPLETE
}

/// `gss_krb5_get_tkt_flags`.
pub(crate) fn ticket_flags(context: ContextIn, flags: Out<i32>) -> Outcome {
    inquire_number(&context, &TICKET_FLAGS, flags)
}

/// `gsskrb5_extract_authtime_from_sec_context`.
pub(crate) fn authentication_time(context: ContextIn, time: Out<i32>) -> Outcome {
    inquire_number(&context, &AUTHENTICATION_TIME, time)
}

/// `gsskrb5_extract_authz_data_from_sec_context`.
pub(crate) fn authorization_data(context: ContextIn, kind: i32, mut output: BufferOut) -> Outcome {
    output.required()?;
    let context = context.get()?;
    // The type is a part of the OID, where a negative number has no place.
    let kind = u32::try_from(kind).map_err(|_| Error::Argument("an authorization data type cannot be negative"))?;
    output.put(&inquire(&context, &with_number(&AUTHORIZATION_DATA, kind)?)?)?;
    COMPLETE
}

/// `gss_krb5_export_lucid_sec_context`: the context's keys as a structure of the mechanism's, and the end of the
/// context.
pub(crate) fn export_lucid(mut variable: HandleVariable, version: u32, mut output: OpaqueOut) -> Outcome {
    output.required()?;
    variable.required(Major::CALL_INACCESSIBLE_READ.with(Major::NO_CONTEXT))?;
    let context = variable.context()?;
    let answer = inquire(&context, &with_number(&LUCID_CONTEXT, version)?)?;
    if !output.set_from(&answer) {
        return Err(STRANGE.into());
    }
    // The structure is the caller's now. If another thread deletes the context first, it is gone as well.
    let _ = std::mem::ManuallyDrop::into_inner(context).delete();
    variable.set(ptr::null_mut());
    COMPLETE
}

/// `gss_krb5_free_lucid_sec_context`.
pub(crate) fn free_lucid(object: OpaqueIn) -> Outcome {
    if object.is_null() {
        return Err(UNREADABLE);
    }
    switch().invoke(&KERBEROS, &FREE_LUCID_CONTEXT, object.as_value())?;
    COMPLETE
}

/// Sets an option of a credential.
fn set_option(credential: &CredentialIn, option: &Oid, value: &[u8]) -> Outcome {
    let credential = credential.required()?.clone();
    credential.set_option(option, value)?;
    COMPLETE
}

/// `gss_krb5_set_allowable_enctypes`. The value is MIT's structure of a number and a pointer.
pub(crate) fn set_enctypes(credential: CredentialIn, count: u32, enctypes: OpaqueIn) -> Outcome {
    let value = [&count.to_ne_bytes()[..], &[0; 4], &enctypes.to_bytes()].concat();
    set_option(&credential, &ALLOWABLE_ENCTYPES, &value)
}

/// `gss_krb5_copy_ccache`.
pub(crate) fn copy_ccache(credential: CredentialIn, ccache: OpaqueIn) -> Outcome {
    if ccache.is_null() {
        return Err(UNWRITABLE);
    }
    set_option(&credential, &COPY_CCACHE, ccache.as_value())
}

/// `gss_krb5_set_cred_rcache`.
pub(crate) fn set_rcache(credential: CredentialIn, rcache: OpaqueIn) -> Outcome {
    set_option(&credential, &CRED_RCACHE, rcache.as_value())
}

/// `gss_krb5_import_cred`. The value is MIT's structure of three pointers.
pub(crate) fn import_cred(
    ccache: OpaqueIn,
    principal: OpaqueIn,
    keytab: OpaqueIn,
    mut output: CredentialOut,
) -> Outcome {
    output.required()?;
    let value = [ccache.to_bytes(), principal.to_bytes(), keytab.to_bytes()].concat();
    let credential = switch().credential_from_option(&IMPORT_CRED, &value).map_err(|error| match error {
        Error::NoCredential => Failure::Call(Major::UNAVAILABLE),
        other => other.into(),
    })?;
    output.put(credential)?;
    COMPLETE
}

/// `gss_krb5_ccache_name`. The value is MIT's structure of two pointers: the new name, and where the old one goes.
pub(crate) fn ccache_name(name: OpaqueIn, old_name: OpaqueOut) -> Outcome {
    let value = [name.to_bytes(), old_name.address()].concat();
    switch().invoke(&KERBEROS, &CCACHE_NAME, &value)?;
    COMPLETE
}

/// `krb5_gss_register_acceptor_identity`: which keytab acceptors use; NULL for the default one.
pub(crate) fn register_identity(keytab: TextIn<'_>) -> u32 {
    status::major(|| {
        switch().invoke(&KERBEROS, &ACCEPTOR_IDENTITY, keytab.optional().unwrap_or_default())?;
        COMPLETE
    })
}
