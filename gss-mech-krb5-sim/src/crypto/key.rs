//! A protocol key, as keytabs, tickets and contexts hold it, and what is done with one once.

use super::{CONFOUNDER, ChecksumKey, Deriver, Enctype, Error, Result, UsageKeys};
use std::fmt;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// A protocol key (RFC 3961 section 3) of one encryption type. Wiped when dropped; compared in constant time.
#[derive(Clone)]
pub struct Key {
    enctype: Enctype,
    // Not an array: moving one leaves a copy behind that nobody wipes.
    bytes: Zeroizing<Box<[u8]>>,
}

impl Key {
    /// A key that came from elsewhere. For AES this is random-to-key, too (RFC 3962 section 7, RFC 8009 section 5).
    ///
    /// # Errors
    ///
    /// [`Error::KeyLength`].
    pub fn new(enctype: Enctype, bytes: &[u8]) -> Result<Self> {
        if bytes.len() != enctype.key_len() {
            return Err(Error::KeyLength { enctype, actual: bytes.len() });
        }
        Ok(Self { enctype, bytes: Zeroizing::new(bytes.into()) })
    }

    /// A new key, straight from the system: see [`gss_plugin::random`] on why from no batch.
    ///
    /// # Errors
    ///
    /// [`Error::Random`].
    pub fn random(enctype: Enctype) -> Result<Self> {
        let mut bytes = Zeroizing::new(vec![0; enctype.key_len()].into_boxed_slice());
        getrandom::fill(&mut bytes).map_err(Error::Random)?;
        Ok(Self { enctype, bytes })
    }

    /// The encryption type.
    pub fn enctype(&self) -> Enctype {
        self.enctype
    }

    /// The key itself: [`Enctype::key_len`] bytes. Not for logs.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Prepares for deriving several keys from this one.
    ///
    /// # Errors
    ///
    /// None: the length of the key was checked when it was made.
    pub fn deriver(&self) -> Result<Deriver> {
        Deriver::new(self)
    }

    /// The keys that encrypt for this usage (RFC 4120 section 7.5.1, RFC 4121 section 2).
    ///
    /// # Errors
    ///
    /// None: the length of the key was checked when it was made.
    pub fn usage_keys(&self, usage: u32) -> Result<UsageKeys> {
        self.deriver()?.usage_keys(usage)
    }

    /// The key that signs for this usage.
    ///
    /// # Errors
    ///
    /// None: the length of the key was checked when it was made.
    pub fn checksum_key(&self, usage: u32) -> Result<ChecksumKey> {
        self.deriver()?.checksum_key(usage)
    }

    /// Encrypts one message: [`Enctype::overhead`] bytes longer than the plaintext.
    ///
    /// # Errors
    ///
    /// [`Error::Random`].
    pub fn encrypt(&self, usage: u32, plaintext: &[u8]) -> Result<Vec<u8>> {
        let keys = self.usage_keys(usage)?;
        let len = plaintext.len().saturating_add(self.enctype.overhead());
        let mut buffer = Zeroizing::new(Vec::with_capacity(len));
        buffer.resize(CONFOUNDER, 0);
        buffer.extend_from_slice(plaintext);
        buffer.resize(len, 0);
        keys.seal(&mut buffer)?;
        Ok(std::mem::take(&mut *buffer))
    }

    /// Decrypts one message.
    ///
    /// # Errors
    ///
    /// [`Error::TooShort`], [`Error::Integrity`].
    pub fn decrypt(&self, usage: u32, ciphertext: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
        let mut buffer = Zeroizing::new(ciphertext.to_vec());
        let len = self.usage_keys(usage)?.open(&mut buffer)?.len();
        // In place: a copy would be one more place to wipe.
        buffer.drain(..CONFOUNDER.min(ciphertext.len()));
        buffer.truncate(len);
        Ok(buffer)
    }

    /// Verifies one checksum over these pieces, of the type that the message says it has.
    ///
    /// # Errors
    ///
    /// [`Error::ChecksumType`], [`Error::ChecksumLength`], [`Error::Integrity`].
    pub fn verify<'a>(
        &self,
        usage: u32,
        checksum_type: i32,
        pieces: impl IntoIterator<Item = &'a [u8]>,
        checksum: &[u8],
    ) -> Result<()> {
        if checksum_type != self.enctype.checksum_type() {
            return Err(Error::ChecksumType { enctype: self.enctype, actual: checksum_type });
        }
        self.checksum_key(usage)?.verify(pieces, checksum)
    }
}

/// In constant time, except for the type.
impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.enctype == other.enctype && bool::from(self.bytes.ct_eq(&other.bytes))
    }
}

impl Eq for Key {}

/// Shows the type of the key and nothing of the key.
impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Key").field("enctype", &self.enctype).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::testing::{any_key, text};

    #[test]
    fn keys_of_any_other_length_are_refused() {
        for enctype in Enctype::ALL {
            for actual in (0..64).filter(|len| *len != enctype.key_len()) {
                assert_eq!(Key::new(enctype, &text(actual, 0)), Err(Error::KeyLength { enctype, actual }));
            }
        }
    }

    #[test]
    fn random_keys_differ() {
        for enctype in Enctype::ALL {
            let key = Key::random(enctype).unwrap();
            assert_eq!(key.bytes().len(), enctype.key_len());
            assert_ne!(key, Key::random(enctype).unwrap());
        }
    }

    #[test]
    fn keys_are_equal_by_type_and_bytes() {
        let key = any_key(Enctype::Aes256Sha1, 1);
        assert_eq!(key, any_key(Enctype::Aes256Sha1, 1));
        assert_ne!(key, any_key(Enctype::Aes256Sha1, 2));
        assert_ne!(key, Key::new(Enctype::Aes256Sha384, key.bytes()).unwrap());
    }

    #[test]
    fn one_message_there_and_back() {
        for enctype in Enctype::ALL {
            let key = any_key(enctype, 3);
            for len in [0, 1, 16, 100] {
                let ciphertext = key.encrypt(11, &text(len, 4)).unwrap();
                assert_eq!(ciphertext.len(), len + enctype.overhead());
                assert_eq!(key.decrypt(11, &ciphertext).as_deref(), Ok(&text(len, 4)));
                assert_eq!(key.decrypt(12, &ciphertext).err(), Some(Error::Integrity), "another usage");
            }
        }
    }

    #[test]
    fn a_checksum_of_another_type_is_refused() {
        let key = any_key(Enctype::Aes128Sha256, 5);
        let checksum = key.checksum_key(10).unwrap().sign([&b"body"[..]]);
        assert_eq!(key.verify(10, 19, [&b"body"[..]], &checksum), Ok(()));
        let refused = key.verify(10, 15, [&b"body"[..]], &checksum);
        assert_eq!(refused, Err(Error::ChecksumType { enctype: Enctype::Aes128Sha256, actual: 15 }));
    }
}
