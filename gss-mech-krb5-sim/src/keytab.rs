//! Keytabs: files of long-term keys, in the format that MIT calls 0x0502. This module knows the bytes and which key to
//! take; `keytab/file.rs` knows the files.
//!
//! ```text
//! offset 0   05 02
//! then, until the end or a size of 0, all numbers big endian:
//!   i32      size of the record; a negative one is a hole of that many bytes
//!   u16      number of components
//!   u16, …   the realm, then each component, with their lengths
//!   u32      name type
//!   u32      time when the record was made, in seconds since 1970
//!   u8       key version, its low 8 bits
//!   u16      encryption type
//!   u16, …   the key, with its length
//!   u32      key version, if there are four bytes left and they are not 0
//!   …        the rest of a hole that was filled
//! ```

mod file;
#[cfg(test)]
mod tests;

pub use file::{load, update};

use crate::messages::EncryptionKey;
use crate::principal::{MAX_COMPONENTS, Principal, PrincipalError, PrincipalName, Realm};
use zeroize::Zeroizing;

/// The most bytes of a keytab.
pub const MAX_BYTES: usize = 4 << 20;
/// The most bytes of a key. That of AES-256 has 32.
pub const MAX_KEY: usize = 256;

const VERSION: [u8; 2] = [5, 2];

/// Why a keytab cannot be read or changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeytabError {
    /// The file does not begin as a keytab.
    #[error("not a keytab: it begins with neither 05 02 nor 05 01")]
    NotAKeytab,
    /// Version 0x0501, whose numbers are in the byte order of the machine that wrote them.
    #[error("keytabs of version 1 are not supported: make a new one, ktutil's rkt and wkt will do")]
    Version1,
    /// A record ends within a field, or the file within a record.
    #[error("the record at byte {offset} of the keytab ends too early")]
    Truncated {
        /// Where the record's size is, in bytes from the beginning.
        offset: usize,
    },
    /// A record's principal is none.
    #[error("the record at byte {offset} of the keytab: {source}")]
    Principal {
        /// Where the record's size is, in bytes from the beginning.
        offset: usize,
        /// What is wrong with it.
        source: PrincipalError,
    },
    /// A key has more than [`MAX_KEY`] bytes.
    #[error("the record at byte {offset} of the keytab has a key of {length} bytes")]
    KeyLength {
        /// Where the record's size is, in bytes from the beginning.
        offset: usize,
        /// The key's length.
        length: usize,
    },
    /// The keytab has more than [`MAX_BYTES`] bytes.
    #[error("a keytab has at most {MAX_BYTES} bytes")]
    TooLarge,
    /// An encryption type that has no place in the format's 16 bits.
    #[error("a keytab cannot hold a key of encryption type {0}")]
    EncryptionType(i32),
    /// There is a key of this principal, version and type already.
    #[error("the keytab has a key of {principal} with version {kvno} and encryption type {etype} already")]
    Exists {
        /// Whose.
        principal: Principal,
        /// Its version.
        kvno: u32,
        /// Its encryption type.
        etype: i32,
    },
    /// Another program has changed the file while it was read.
    #[error("keytab {0} was changed while it was read")]
    Changed(std::path::PathBuf),
    /// The path has no file name.
    #[error("{0} names no file")]
    NoFileName(std::path::PathBuf),
    /// The system says no.
    #[error("keytab {path}: {source}")]
    Io {
        /// The keytab.
        path: std::path::PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
}

/// A key and whose it is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KeytabEntry {
    /// Whose.
    pub principal: Principal,
    /// When the entry was made, in seconds since 1970.
    pub timestamp: u32,
    /// The key's version.
    pub kvno: u32,
    /// The key.
    pub key: EncryptionKey,
}

impl KeytabEntry {
    fn is(&self, principal: &Principal, kvno: u32, etype: i32) -> bool {
        self.kvno == kvno && self.key.etype() == etype && self.principal.same(principal)
    }
}

/// The entries of a keytab, in the order of the file.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Keytab {
    entries: Vec<KeytabEntry>,
}

impl Keytab {
    /// Reads the bytes of a keytab file.
    ///
    /// # Errors
    /// [`KeytabError`].
    pub fn parse(bytes: &[u8]) -> Result<Self, KeytabError> {
        if bytes.len() > MAX_BYTES {
            return Err(KeytabError::TooLarge);
        }
        let mut rest = match bytes.split_first_chunk() {
            Some((&VERSION, rest)) => rest,
            Some(([5, 1], _)) => return Err(KeytabError::Version1),
            _ => return Err(KeytabError::NotAKeytab),
        };
        let mut entries = Vec::new();
        while !rest.is_empty() {
            let offset = bytes.len() - rest.len();
            let truncated = || KeytabError::Truncated { offset };
            let (size, after) = rest.split_first_chunk().ok_or_else(truncated)?;
            let size = i32::from_be_bytes(*size);
            if size == 0 {
                // The end, for MIT: it makes room for a record before it writes the record's size.
                break;
            }
            let length = usize::try_from(size.unsigned_abs()).map_err(|_| truncated())?;
            let (record, after) = after.split_at_checked(length).ok_or_else(truncated)?;
            if size > 0 {
                entries.push(parse_record(record, offset)?);
            }
            rest = after;
        }
        Ok(Self { entries })
    }

    /// Writes a keytab file without holes.
    ///
    /// # Errors
    /// [`KeytabError::TooLarge`], [`KeytabError::EncryptionType`].
    pub fn to_bytes(&self) -> Result<Zeroizing<Vec<u8>>, KeytabError> {
        // Sized once, so that no key stays behind in a buffer that was outgrown.
        let records = self.entries.iter().map(record_length);
        let length = records.sum::<usize>() + VERSION.len();
        if length > MAX_BYTES {
            return Err(KeytabError::TooLarge);
        }
        let mut out = Zeroizing::new(Vec::with_capacity(length));
        out.extend_from_slice(&VERSION);
        for entry in &self.entries {
            write_record(entry, &mut out)?;
        }
        Ok(out)
    }

    /// The entries, in the order of the file.
    pub fn entries(&self) -> &[KeytabEntry] {
        &self.entries
    }

    /// Adds an entry behind the others.
    ///
    /// # Errors
    /// [`KeytabError::Exists`], [`KeytabError::EncryptionType`], [`KeytabError::KeyLength`] with offset 0.
    pub fn add(&mut self, entry: KeytabEntry) -> Result<(), KeytabError> {
        let (kvno, etype, length) = (entry.kvno, entry.key.etype(), entry.key.value().len());
        if self.entries.iter().any(|other| other.is(&entry.principal, kvno, etype)) {
            return Err(KeytabError::Exists { principal: entry.principal, kvno, etype });
        }
        stored_etype(etype)?;
        if length > MAX_KEY {
            return Err(KeytabError::KeyLength { offset: 0, length });
        }
        self.entries.push(entry);
        Ok(())
    }

    /// Removes the entries of a principal, all or those of one key version and those of one encryption type, and
    /// answers how many they were.
    pub fn remove(&mut self, principal: &Principal, kvno: Option<u32>, etype: Option<i32>) -> usize {
        let before = self.entries.len();
        self.entries.retain(|entry| {
            !(entry.principal.same(principal)
                && kvno.is_none_or(|kvno| kvno == entry.kvno)
                && etype.is_none_or(|etype| etype == entry.key.etype()))
        });
        before - self.entries.len()
    }

    /// The key to issue a ticket with: the highest version of the principal's keys, and of those the first encryption
    /// type in `permitted`.
    ///
    /// Versions in which no type is permitted do not count.
    pub fn newest(&self, principal: &Principal, permitted: &[i32]) -> Option<&KeytabEntry> {
        let rank = |entry: &KeytabEntry| permitted.iter().position(|etype| *etype == entry.key.etype());
        self.entries
            .iter()
            .filter(|entry| entry.principal.same(principal))
            .filter_map(|entry| Some((entry, rank(entry)?)))
            // Of two that are the same, the later one in the file: that is the one that was added last.
            .max_by_key(|(entry, rank)| (entry.kvno, std::cmp::Reverse(*rank)))
            .map(|(entry, _)| entry)
    }

    /// The keys that a ticket of this encryption type could be under: those of the principal, or of anyone. First those
    /// of version `kvno`, then the others from the highest version down.
    ///
    /// A ticket's kvno and name are not protected, so that they are a hint: the right key is the one that decrypts.
    pub fn candidates(&self, principal: Option<&Principal>, kvno: Option<u32>, etype: i32) -> Vec<&KeytabEntry> {
        let mut candidates: Vec<_> = self
            .entries
            .iter()
            .filter(|entry| entry.key.etype() == etype && principal.is_none_or(|wanted| wanted.same(&entry.principal)))
            .collect();
        candidates.sort_by_key(|entry| (kvno != Some(entry.kvno), std::cmp::Reverse(entry.kvno)));
        candidates
    }

    /// The realms of the entries with this name, each once.
    pub fn realms_of(&self, name: &PrincipalName) -> Vec<&Realm> {
        let mut realms = Vec::new();
        for entry in self.entries.iter().filter(|entry| entry.principal.name().same(name)) {
            if !realms.contains(&entry.principal.realm()) {
                realms.push(entry.principal.realm());
            }
        }
        realms
    }
}

/// What is left of a record.
struct Record<'a> {
    rest: &'a [u8],
    offset: usize,
}

impl<'a> Record<'a> {
    fn array<const N: usize>(&mut self) -> Result<[u8; N], KeytabError> {
        let (head, rest) = self.rest.split_first_chunk().ok_or(KeytabError::Truncated { offset: self.offset })?;
        self.rest = rest;
        Ok(*head)
    }

    fn u16(&mut self) -> Result<u16, KeytabError> {
        self.array().map(u16::from_be_bytes)
    }

    fn u32(&mut self) -> Result<u32, KeytabError> {
        self.array().map(u32::from_be_bytes)
    }

    fn counted(&mut self) -> Result<&'a [u8], KeytabError> {
        let length = self.u16()?;
        let parts = self.rest.split_at_checked(length.into());
        let (head, rest) = parts.ok_or(KeytabError::Truncated { offset: self.offset })?;
        self.rest = rest;
        Ok(head)
    }
}

fn parse_record(record: &[u8], offset: usize) -> Result<KeytabEntry, KeytabError> {
    let mut record = Record { rest: record, offset };
    let wrong = |source| KeytabError::Principal { offset, source };
    let count = usize::from(record.u16()?);
    if count > MAX_COMPONENTS {
        return Err(wrong(PrincipalError::TooManyComponents(count)));
    }
    let realm = Realm::new(record.counted()?).map_err(wrong)?;
    let components = (0..count).map(|_| record.counted()).collect::<Result<Vec<_>, _>>()?;
    let name_type = i32::from_be_bytes(record.array()?);
    let timestamp = record.u32()?;
    let [short_kvno] = record.array()?;
    let etype = i16::from_be_bytes(record.array()?);
    let value = record.counted()?;
    if value.len() > MAX_KEY {
        return Err(KeytabError::KeyLength { offset, length: value.len() });
    }
    let kvno = match record.u32() {
        Ok(kvno @ 1..) => kvno,
        _ => short_kvno.into(),
    };
    let name = PrincipalName::new(name_type, components).map_err(wrong)?;
    let principal = Principal::new(name, realm).map_err(wrong)?;
    Ok(KeytabEntry { principal, timestamp, kvno, key: EncryptionKey::new(etype.into(), value) })
}

fn stored_etype(etype: i32) -> Result<i16, KeytabError> {
    i16::try_from(etype).map_err(|_| KeytabError::EncryptionType(etype))
}

/// The bytes of a record, its size included.
fn record_length(entry: &KeytabEntry) -> usize {
    let name = entry.principal.name().components().iter().map(|component| component.len() + 2).sum::<usize>();
    4 + 2 + 2 + entry.principal.realm().as_bytes().len() + name + 4 + 4 + 1 + 2 + 2 + entry.key.value().len() + 4
}

fn write_record(entry: &KeytabEntry, out: &mut Vec<u8>) -> Result<(), KeytabError> {
    // All lengths are within the limits of principals and keys, far below 64 KiB.
    let counted = |octets: &[u8], out: &mut Vec<u8>| {
        out.extend_from_slice(&(octets.len() as u16).to_be_bytes());
        out.extend_from_slice(octets);
    };
    let name = entry.principal.name();
    out.extend_from_slice(&(record_length(entry) as u32 - 4).to_be_bytes());
    out.extend_from_slice(&(name.components().len() as u16).to_be_bytes());
    counted(entry.principal.realm().as_bytes(), out);
    for component in name.components() {
        counted(component, out);
    }
    out.extend_from_slice(&name.name_type().to_be_bytes());
    out.extend_from_slice(&entry.timestamp.to_be_bytes());
    out.push(entry.kvno.to_be_bytes()[3]);
    out.extend_from_slice(&stored_etype(entry.key.etype())?.to_be_bytes());
    counted(entry.key.value(), out);
    out.extend_from_slice(&entry.kvno.to_be_bytes());
    Ok(())
}
