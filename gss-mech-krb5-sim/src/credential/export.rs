//! A credential as bytes and back (`gss_export_cred`). They hold names and the paths of keytabs, and no key: whoever
//! imports them needs the right to read the keytabs, too.

use super::{Krb5Credential, source_at};
use crate::Krb5Sim;
use crate::keysource::KeySource;
use crate::name::Krb5Name;
use crate::principal::{Principal, Realm};
use crate::state;
use crate::wire::{Reader, Writer};
use gss_plugin::CredentialUsage;
use gss_plugin::Deadline;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::sync::Arc;
use zeroize::Zeroizing;

const MAGIC: &[u8] = b"K5SC\x01";

/// More than two short names and paths; there is nothing in it that an outgrown buffer could leave behind.
const USUAL: usize = 256;

pub(super) fn write(credential: &Krb5Credential) -> Zeroizing<Vec<u8>> {
    // With all fields by name, so that a new one cannot be forgotten here. Tickets are made anew.
    let Krb5Credential { usage, name, client, issuing, accepting, deadline, tickets: _ } = credential;
    let mut out = Writer::with_capacity(USUAL);
    out.raw(MAGIC).u8(*usage as u8).u64(deadline.0);
    for name in [name, client] {
        out.flag(name.is_some());
        if let Some(name) = name {
            write_name(&mut out, name);
        }
    }
    for source in [issuing, accepting] {
        out.flag(source.is_some());
        if let Some(source) = source {
            // The system's own limit for paths is 4 096 bytes.
            out.bytes(source.path().as_os_str().as_bytes());
        }
    }
    out.finish()
}

pub(super) fn read(mechanism: &Krb5Sim, bytes: &[u8]) -> Option<Krb5Credential> {
    let mut reader = Reader::new(bytes);
    reader.literal(MAGIC)?;
    let usage = CredentialUsage::from_code(reader.u8()?.into())?;
    let deadline = Deadline(reader.u64()?);
    let name = optional(&mut reader, |reader| read_name(mechanism, reader))?;
    let client = optional(&mut reader, |reader| read_name(mechanism, reader))?;
    let issuing = optional(&mut reader, |reader| read_source(mechanism, reader))?;
    let accepting = optional(&mut reader, |reader| read_source(mechanism, reader))?;
    reader.end()?;
    Some(Krb5Credential { usage, name, client, issuing, accepting, deadline, tickets: Arc::default() })
}

fn optional<'a, T>(reader: &mut Reader<'a>, read: impl FnOnce(&mut Reader<'a>) -> Option<T>) -> Option<Option<T>> {
    if reader.flag()? { read(reader).map(Some) } else { Some(None) }
}

fn write_name(out: &mut Writer, name: &Krb5Name) {
    state::write_name(out, &name.name);
    out.flag(name.realm.is_some());
    if let Some(realm) = &name.realm {
        out.bytes(realm.as_bytes());
    }
}

fn read_name(mechanism: &Krb5Sim, reader: &mut Reader<'_>) -> Option<Krb5Name> {
    let name = state::read_name(reader)?;
    let realm = optional(reader, |reader| Realm::new(reader.bytes()?).ok())?;
    if let Some(realm) = &realm {
        // Both together have a limit of their own.
        Principal::new(name.clone(), realm.clone()).ok()?;
    }
    Some(Krb5Name { name, realm, home: mechanism.home().cloned() })
}

fn read_source(mechanism: &Krb5Sim, reader: &mut Reader<'_>) -> Option<Arc<KeySource>> {
    source_at(mechanism, OsStr::from_bytes(reader.bytes()?).into()).ok()
}
