//! MIT's own library as a mechanism: a switch itself, whose functions have the public signatures and whose names,
//! credentials and tokens carry the header of a switch.

use super::ffi::{Handle, OidDesc, input};
use super::memory::lie;
use super::names::Name;
use super::status::call;
use super::{Binding, Credential};
use crate::framing::KERBEROS;
use crate::loader::library::Library;
use crate::secret::SecretBuf;
use gss_plugin_abi::{Major, MechError, Oid, Result, Sink as _};
use std::ffi::c_void;
use std::ptr;

type CanonicalizeName = unsafe extern "C" fn(*mut u32, Handle, *mut OidDesc, *mut Handle) -> u32;
type AuthorizeLocalname = unsafe extern "C" fn(*mut u32, Handle, Handle) -> u32;

/// Functions of MIT's switch that are no slots.
pub(super) struct Mit {
    canonicalize_name: CanonicalizeName,
    authorize_localname: AuthorizeLocalname,
}

/// The version node of all that MIT's library exports. It is part of its binary interface, so that every build of the
/// library has it and none but a replacement for the library does; file names and SONAMEs are copied more easily.
const VERSION: &std::ffi::CStr = c"gssapi_krb5_2_MIT";

/// Whether a library is MIT's.
pub(super) fn recognise(library: &Library) -> Option<Mit> {
    let canonicalize_name = library.own_in_version(c"gss_canonicalize_name", VERSION)?;
    let authorize_localname = library.own_in_version(c"gss_authorize_localname", VERSION)?;
    Some(Mit {
        // SAFETY: MIT's function of this name and version has this signature (gssapi.h).
        canonicalize_name: unsafe { std::mem::transmute::<*mut c_void, CanonicalizeName>(canonicalize_name.as_ptr()) },
        // SAFETY: as above (gssapi_ext.h).
        authorize_localname: unsafe {
            std::mem::transmute::<*mut c_void, AuthorizeLocalname>(authorize_localname.as_ptr())
        },
    })
}

/// Binds the slots that MIT's library has under other names, or with other signatures: its `gssspi_set_cred_option`
/// takes the credential by value.
pub(super) fn adapt(slots: &mut super::Slots, library: &Library) {
    // SAFETY: gss_set_cred_option has the signature of the slot (gssapi_ext.h).
    slots.set_cred_option = library
        .own(c"gss_set_cred_option")
        .map(|address| unsafe { std::mem::transmute::<*mut c_void, _>(address.as_ptr()) });
    // SAFETY: gss_acquire_cred_with_password has the signature of the slot (gssapi_ext.h).
    slots.acquire_cred_with_password = library
        .own(c"gss_acquire_cred_with_password")
        .map(|address| unsafe { std::mem::transmute::<*mut c_void, _>(address.as_ptr()) });
}

impl Mit {
    /// The mechanism's own form of an imported name, which is released.
    pub(super) fn canonicalize(&self, binding: &Binding, imported: Handle) -> Result<Handle> {
        let (mut minor, mut canonical) = (0, ptr::null_mut());
        // SAFETY: the name is the library's; the OID stays for ever, the other pointers during the call.
        let major = unsafe { (self.canonicalize_name)(&raw mut minor, imported, binding.oid(), &raw mut canonical) };
        binding.status(major, minor)?;
        Ok(canonical)
    }

    /// Whether a name may act as a local user, whom MIT takes as a name.
    pub(super) fn authorize(&self, binding: &'static Binding, name: Handle, user: &[u8], kind: &Oid) -> Result<()> {
        let (mut user, mut kind, mut imported) = (input(user), super::oid_desc(kind), ptr::null_mut());
        call!(binding, import_name, "import of names", &raw mut user, &raw mut kind, &raw mut imported)?;
        let user = Name::adopt(binding, imported).ok_or_else(|| lie("success, and no name"))?;
        let mut minor = 0;
        // SAFETY: both names are the library's and alive.
        let major = unsafe { (self.authorize_localname)(&raw mut minor, name, user.handle()) };
        binding.status(major, minor).map(drop)
    }
}

/// Whose OID stands in an exported name: MIT's mechanisms that are Kerberos under another name have its names.
pub(super) fn name_oid(own: &Oid) -> &Oid {
    const IAKERB: Oid = Oid::from_static(b"\x2b\x06\x01\x05\x02\x05");
    static NAMES: Oid = KERBEROS;
    if *own == IAKERB { &NAMES } else { own }
}

/// The mechanism's bytes of an exported context: what follows `{u32 length, OID}`, the header that our own switch writes
/// as well.
pub(super) fn context_state<'a>(oid: &Oid, token: &'a [u8]) -> Result<&'a [u8]> {
    let header = crate::token::prefix(oid);
    token.strip_prefix(&header[..]).ok_or_else(|| lie("an exported context of another mechanism"))
}

/// An exported context with its header.
pub(super) fn context_token(oid: &Oid, state: &[u8]) -> Result<SecretBuf> {
    joined(&[&crate::token::prefix(oid), state])
}

/// The one element of an exported credential, of which there may be several: `{u32 length, OID, u32 length, bytes}`.
pub(super) fn element_of<'a>(oid: &Oid, token: &'a [u8]) -> Result<&'a [u8]> {
    let mut rest = token;
    while let Some((name, after)) = counted(rest) {
        let (bytes, after) = counted(after).ok_or_else(|| lie("an exported credential that is cut off"))?;
        if name == oid.as_bytes() {
            return Ok(bytes);
        }
        rest = after;
    }
    Err(lie("an exported credential without an element of the mechanism"))
}

fn counted(octets: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = octets.split_first_chunk::<4>()?;
    rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)
}

/// An exported credential of one element.
pub(super) fn credential_token(oid: &Oid, element: &[u8]) -> Result<SecretBuf> {
    let too_long = |_| MechError::new(Major::DEFECTIVE_TOKEN, "the exported credential is too long");
    let length = u32::try_from(element.len()).map_err(too_long)?.to_be_bytes();
    joined(&[&crate::token::prefix(oid), &length, element])
}

fn joined(parts: &[&[u8]]) -> Result<SecretBuf> {
    let out_of_memory = || MechError::failure("out of memory for a token");
    let length = parts.iter().map(|part| part.len()).sum();
    let mut bytes = SecretBuf::with_capacity(length).map_err(|_| out_of_memory())?;
    for part in parts {
        bytes.append(part.len()).ok_or_else(out_of_memory)?.copy_from_slice(part);
    }
    Ok(bytes)
}

/// A delegated credential as an element of the line's mechanism. What SPNEGO's acceptor gets is one of the mechanism that
/// was negotiated; used with SPNEGO as it is, MIT's library would find nothing in it and silently take the default
/// credential. SPNEGO's own exported form holds such a credential: so it becomes one of SPNEGO.
pub(super) fn delegated(credential: Credential, binding: &'static Binding) -> Result<Credential> {
    if credential.mechanisms()?.contains(&binding.oid) {
        return Ok(credential);
    }
    let token = credential.token()?;
    Credential::import(binding, token.0.bytes()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_come_off_and_on_again() {
        let state = b"state";
        let token = context_token(&KERBEROS, state).unwrap();
        assert_eq!(token.as_bytes(), b"\0\0\0\x09\x2a\x86\x48\x86\xf7\x12\x01\x02\x02state");
        assert_eq!(context_state(&KERBEROS, token.as_bytes()).unwrap(), state);
        assert!(context_state(&crate::framing::SPNEGO, token.as_bytes()).is_err());
        assert!(context_state(&KERBEROS, b"").is_err());
    }

    #[test]
    fn the_element_of_a_credential_is_found_among_others() {
        let spnego = credential_token(&crate::framing::SPNEGO, b"other").unwrap();
        let kerberos = credential_token(&KERBEROS, b"ours").unwrap();
        let both = [spnego.as_bytes(), kerberos.as_bytes()].concat();
        assert_eq!(element_of(&KERBEROS, &both).unwrap(), b"ours");
        assert_eq!(element_of(&crate::framing::SPNEGO, &both).unwrap(), b"other");
        for length in 0..kerberos.len() {
            assert!(element_of(&KERBEROS, &kerberos.as_bytes()[..length]).is_err(), "{length}");
        }
    }
}
