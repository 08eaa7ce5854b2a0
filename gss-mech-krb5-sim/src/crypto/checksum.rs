//! Keyed checksums (RFC 3961 section 5.4, RFC 8009 section 6): the whole of a MIC, and of whatever Kerberos signs.

use super::enctype::MAX_MAC;
use super::usage::verify;
use super::{Enctype, Error, Result};
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::{Sha256, Sha384};
use std::fmt;
use std::ops::Deref;

/// What makes and verifies checksums for one key and one key usage: the keyed state of the HMAC.
///
/// Built by [`Key::checksum_key`](super::Key::checksum_key) or [`Deriver::checksum_key`](super::Deriver::checksum_key).
/// Calls take `&self`, so that several threads can use one at once.
pub struct ChecksumKey {
    enctype: Enctype,
    mac: Keyed,
}

/// Each in a box of its own size, for the reason that [`UsageKeys`](super::UsageKeys) have theirs.
enum Keyed {
    Sha1(Box<Hmac<Sha1>>),
    Sha256(Box<Hmac<Sha256>>),
    Sha384(Box<Hmac<Sha384>>),
}

/// A checksum as it is sent: [`Enctype::mac_len`] bytes, which it derefs to.
#[derive(Clone, Copy)]
pub struct Checksum {
    bytes: [u8; MAX_MAC],
    len: usize,
}

impl ChecksumKey {
    /// From Kc, which the caller has made of the right length.
    pub(super) fn new(enctype: Enctype, kc: &[u8]) -> Result<Self> {
        let mac = match enctype {
            Enctype::Aes128Sha1 | Enctype::Aes256Sha1 => Hmac::new_from_slice(kc).map(|mac| Keyed::Sha1(Box::new(mac))),
            Enctype::Aes128Sha256 => Hmac::new_from_slice(kc).map(|mac| Keyed::Sha256(Box::new(mac))),
            Enctype::Aes256Sha384 => Hmac::new_from_slice(kc).map(|mac| Keyed::Sha384(Box::new(mac))),
        };
        let mac = mac.map_err(|_| Error::KeyLength { enctype, actual: kc.len() })?;
        Ok(Self { enctype, mac })
    }

    /// The encryption type of the key. The type of the checksum is its [`checksum_type`](Enctype::checksum_type).
    pub fn enctype(&self) -> Enctype {
        self.enctype
    }

    /// The checksum over these pieces, one after the other.
    pub fn sign<'a>(&self, pieces: impl IntoIterator<Item = &'a [u8]>) -> Checksum {
        match &self.mac {
            Keyed::Sha1(mac) => self.run(&**mac, pieces),
            Keyed::Sha256(mac) => self.run(&**mac, pieces),
            Keyed::Sha384(mac) => self.run(&**mac, pieces),
        }
    }

    /// Whether `checksum` is the one over these pieces. It takes as long whether and wherever it differs.
    ///
    /// # Errors
    ///
    /// [`Error::ChecksumLength`], [`Error::Integrity`].
    pub fn verify<'a>(&self, pieces: impl IntoIterator<Item = &'a [u8]>, checksum: &[u8]) -> Result<()> {
        if checksum.len() != self.enctype.mac_len() {
            return Err(Error::ChecksumLength { enctype: self.enctype, actual: checksum.len() });
        }
        verify(Some(&self.sign(pieces)), checksum)
    }

    fn run<'a, M: Mac + Clone>(&self, mac: &M, pieces: impl IntoIterator<Item = &'a [u8]>) -> Checksum {
        let mut mac = mac.clone();
        for piece in pieces {
            mac.update(piece);
        }
        let mut bytes = [0; MAX_MAC];
        for (to, from) in bytes.iter_mut().zip(mac.finalize().into_bytes()) {
            *to = from;
        }
        Checksum { bytes, len: self.enctype.mac_len() }
    }
}

impl Deref for Checksum {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }
}

impl AsRef<[u8]> for Checksum {
    fn as_ref(&self) -> &[u8] {
        self
    }
}

/// Shows the length: the right checksum for a message that was not sent is a secret.
impl fmt::Debug for Checksum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Checksum").field("len", &self.len).finish_non_exhaustive()
    }
}

/// Shows the type of the key and nothing of the key.
impl fmt::Debug for ChecksumKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChecksumKey").field("enctype", &self.enctype).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::testing::{any_key, hex, key, text};

    /// RFC 8009 appendix A, "sample checksum values".
    #[test]
    fn checksums_are_those_of_rfc_8009() {
        let message = hex("000102030405060708090A0B0C0D0E0F1011121314");
        let cases = [
            (Enctype::Aes128Sha256, "3705D96080C17728A0E800EAB6E0D23C", "D78367186643D67B411CBA9139FC1DEE"),
            (
                Enctype::Aes256Sha384,
                "6D404D37FAF79F9DF0D33568D320669800EB4836472EA8A026D16B7182460C52",
                "45EE791567EEFCA37F4AC1E0222DE80D43C3BFA06699672A",
            ),
        ];
        for (enctype, digits, checksum) in cases {
            let key = key(enctype, digits).checksum_key(2).unwrap();
            assert_eq!(*key.sign([&message[..]]), hex(checksum), "{enctype}");
            assert_eq!(key.verify([&message[..]], &hex(checksum)), Ok(()));
        }
    }

    #[test]
    fn pieces_are_signed_as_one() {
        let message = text(300, 1);
        for enctype in Enctype::ALL {
            let key = any_key(enctype, 1).checksum_key(25).unwrap();
            let whole = key.sign([&message[..]]);
            for cut in [0, 1, 63, 64, 65, 128, 299, 300] {
                let (front, back) = message.split_at(cut);
                assert_eq!(*key.sign([front, &[], back]), *whole, "{enctype} {cut}");
            }
            assert_eq!(whole.len(), enctype.mac_len());
        }
    }

    #[test]
    fn what_is_altered_cut_or_made_with_another_key_is_refused() {
        let message = text(40, 2);
        for enctype in Enctype::ALL {
            let key = any_key(enctype, 1).checksum_key(23).unwrap();
            let good = key.sign([&message[..]]);
            assert_eq!(key.verify([&message[..]], &good), Ok(()));
            for at in 0..message.len() {
                let mut altered = message.clone();
                altered[at] ^= 1;
                assert_eq!(key.verify([&altered[..]], &good), Err(Error::Integrity), "{enctype} byte {at}");
            }
            for at in 0..good.len() {
                let mut altered = good.to_vec();
                altered[at] ^= 0x80;
                assert_eq!(key.verify([&message[..]], &altered), Err(Error::Integrity), "{enctype} checksum byte {at}");
            }
            for actual in (0..good.len()).chain([good.len() + 1]) {
                let cut: Vec<u8> = good.iter().copied().chain([0]).take(actual).collect();
                assert_eq!(key.verify([&message[..]], &cut), Err(Error::ChecksumLength { enctype, actual }));
            }
            for other in [any_key(enctype, 1).checksum_key(24), any_key(enctype, 2).checksum_key(23)] {
                assert_eq!(other.unwrap().verify([&message[..]], &good), Err(Error::Integrity), "{enctype}");
            }
        }
    }
}
