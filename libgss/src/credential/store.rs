//! Where credentials are kept when nobody uses them: in a mechanism's store (RFC 5588), and as bytes in a token.

use super::usage_of;
use crate::boundary::*;
use crate::memory::MallocBuf;
use gss_core::{Credential, Error, Major, Oid, SecretBuf, Sink, StoreRequest};

/// `gss_store_cred` (RFC 5588 section 4).
#[allow(clippy::too_many_arguments, reason = "the C signature")]
pub(crate) fn store(
    credential: CredentialIn,
    usage: i32,
    mechanism: OidIn,
    overwrite: u32,
    make_default: u32,
    elements: OidSetOut,
    usage_stored: Out<i32>,
) -> Outcome {
    let store = CredentialStoreIn::none();
    store_into(credential, usage, mechanism, overwrite, make_default, store, elements, usage_stored)
}

/// `gss_store_cred_into`: as [`store`](store()), into a store that the caller describes.
#[allow(clippy::too_many_arguments, reason = "the C signature")]
pub(crate) fn store_into(
    credential: CredentialIn,
    usage: i32,
    mechanism: OidIn,
    overwrite: u32,
    make_default: u32,
    store: CredentialStoreIn<'_>,
    mut elements: OidSetOut,
    mut usage_stored: Out<i32>,
) -> Outcome {
    let mut credential = credential.required()?.clone();
    let usage = usage_of(usage)?;
    let store = match store.optional()? {
        // Nowhere is not the same as wherever the mechanism likes.
        Some([]) => return Err(Failure::Core(Error::Argument("the credential store has no keys"))),
        store => store.unwrap_or_default(),
    };
    if let Some(mechanism) = mechanism.optional(Major::BAD_MECH)? {
        credential = switch().credential_element(&credential, mechanism)?;
    }
    let (overwrite, make_default) = (overwrite != 0, make_default != 0);
    let stored = credential.store(&StoreRequest { usage, overwrite, make_default, store })?;
    usage_stored.set(usage as i32);
    elements.put(&stored)?;
    COMPLETE
}

/// `gss_export_cred`. The token holds, for each element: length and octets of the mechanism's OID, length and bytes of
/// what the mechanism exported; lengths are of 4 bytes, big endian.
pub(crate) fn export(credential: CredentialIn, mut output: BufferOut) -> Outcome {
    let credential = credential.required()?.clone();
    output.required()?;
    output.give(token_of(&credential.export()?)?);
    COMPLETE
}

/// The token of the elements, in memory that is allocated once, so that no keys are left behind by moving it.
fn token_of(elements: &[(Oid, SecretBuf)]) -> Partial<MallocBuf> {
    let parts = || elements.iter().flat_map(|(oid, bytes)| [oid.as_bytes(), bytes.as_bytes()]);
    let too_long = || Failure::Core(Error::OutOfMemory("a credential of 4 GiB"));
    let mut total = 0_usize;
    for part in parts() {
        u32::try_from(part.len()).map_err(|_| too_long())?;
        total = total.checked_add(4 + part.len()).ok_or_else(too_long)?;
    }
    let mut token = MallocBuf::new();
    let mut rest = token.append(total).ok_or_else(|| out_of_memory("an exported credential"))?;
    for part in parts() {
        // Never cut short: the lengths were added up above.
        let (length, after) = rest.split_at_mut(4);
        length.copy_from_slice(&u32::try_from(part.len()).unwrap_or(0).to_be_bytes());
        let (bytes, after) = after.split_at_mut(part.len());
        bytes.copy_from_slice(part);
        rest = after;
    }
    Ok(token)
}

/// `gss_import_cred`.
pub(crate) fn import(token: BytesIn<'_>, mut output: CredentialOut) -> Outcome {
    output.required()?;
    let token = token.required(Major::DEFECTIVE_TOKEN)?;
    let elements = parse(token).ok_or(Failure::Call(Major::DEFECTIVE_TOKEN))?;
    let mut credential = Credential::default();
    for (oid, bytes) in &elements {
        let element = switch().import_credential(oid, bytes)?;
        // No exporter has two elements for one mechanism.
        credential.add(&element).map_err(|_| Failure::Call(Major::DEFECTIVE_TOKEN))?;
    }
    output.put(credential)?;
    COMPLETE
}

/// The elements of a token. There is at least one, and nothing else.
fn parse(mut token: &[u8]) -> Option<Vec<(Oid, &[u8])>> {
    let mut elements = Vec::new();
    while !token.is_empty() || elements.is_empty() {
        let oid = Oid::from_content(part(&mut token)?).ok()?;
        elements.push((oid, part(&mut token)?));
    }
    Some(elements)
}

/// Takes a length of 4 bytes and as many bytes off the front.
fn part<'a>(token: &mut &'a [u8]) -> Option<&'a [u8]> {
    let (length, rest) = token.split_first_chunk::<4>()?;
    let (part, rest) = rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
    *token = rest;
    Some(part)
}
