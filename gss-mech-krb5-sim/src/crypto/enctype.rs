//! The encryption types and their numbers: what RFC 3962 section 7 and RFC 8009 sections 5 and 9 fix for each.

use super::{Error, Result};
use std::fmt;

/// The length of a confounder, in bytes, the same for all types: one block.
pub const CONFOUNDER: usize = 16;

/// The longest protocol key.
pub(super) const MAX_KEY: usize = 32;
/// The longest transmitted checksum.
pub(super) const MAX_MAC: usize = 24;
/// The longest output of a pseudo-random function, and of an untruncated HMAC.
pub(super) const MAX_PRF: usize = 48;

/// An encryption type (RFC 3961 section 3): a cipher, a hash and how the two are put together.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Enctype {
    /// aes128-cts-hmac-sha1-96 (RFC 3962).
    Aes128Sha1,
    /// aes256-cts-hmac-sha1-96 (RFC 3962).
    Aes256Sha1,
    /// aes128-cts-hmac-sha256-128 (RFC 8009).
    Aes128Sha256,
    /// aes256-cts-hmac-sha384-192 (RFC 8009).
    Aes256Sha384,
}

impl Enctype {
    /// All that are supported, in the order in which they are preferred.
    pub const ALL: [Self; 4] = [Self::Aes256Sha1, Self::Aes128Sha1, Self::Aes256Sha384, Self::Aes128Sha256];

    /// The type with this number.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownEnctype`].
    pub const fn from_number(number: i32) -> Result<Self> {
        match number {
            17 => Ok(Self::Aes128Sha1),
            18 => Ok(Self::Aes256Sha1),
            19 => Ok(Self::Aes128Sha256),
            20 => Ok(Self::Aes256Sha384),
            other => Err(Error::UnknownEnctype(other)),
        }
    }

    /// The type with this name, one of MIT's aliases for it, or this number in decimal; case does not count.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownEnctypeName`]; [`Error::UnknownEnctype`] for a number.
    pub fn from_name(name: &str) -> Result<Self> {
        if let Ok(number) = name.parse() {
            return Self::from_number(number);
        }
        Self::ALL
            .into_iter()
            .find(|known| {
                name.eq_ignore_ascii_case(known.name())
                    || known.aliases().iter().any(|alias| name.eq_ignore_ascii_case(alias))
            })
            .ok_or(Error::UnknownEnctypeName)
    }

    /// The number in IANA's registry.
    pub const fn number(self) -> i32 {
        match self {
            Self::Aes128Sha1 => 17,
            Self::Aes256Sha1 => 18,
            Self::Aes128Sha256 => 19,
            Self::Aes256Sha384 => 20,
        }
    }

    /// The name in IANA's registry.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Aes128Sha1 => "aes128-cts-hmac-sha1-96",
            Self::Aes256Sha1 => "aes256-cts-hmac-sha1-96",
            Self::Aes128Sha256 => "aes128-cts-hmac-sha256-128",
            Self::Aes256Sha384 => "aes256-cts-hmac-sha384-192",
        }
    }

    const fn aliases(self) -> &'static [&'static str] {
        match self {
            Self::Aes128Sha1 => &["aes128-cts", "aes128-sha1"],
            Self::Aes256Sha1 => &["aes256-cts", "aes256-sha1"],
            Self::Aes128Sha256 => &["aes128-sha2"],
            Self::Aes256Sha384 => &["aes256-sha2"],
        }
    }

    /// The length of a protocol key, in bytes.
    pub const fn key_len(self) -> usize {
        match self {
            Self::Aes128Sha1 | Self::Aes128Sha256 => 16,
            Self::Aes256Sha1 | Self::Aes256Sha384 => 32,
        }
    }

    /// The length of a checksum as it is sent, in bytes, of one by itself and of one in a ciphertext.
    pub const fn mac_len(self) -> usize {
        match self {
            Self::Aes128Sha1 | Self::Aes256Sha1 => 12,
            Self::Aes128Sha256 => 16,
            Self::Aes256Sha384 => 24,
        }
    }

    /// How much longer a ciphertext is than its plaintext, in bytes.
    pub const fn overhead(self) -> usize {
        CONFOUNDER + self.mac_len()
    }

    /// The number of the checksum type that goes with this encryption type.
    pub const fn checksum_type(self) -> i32 {
        match self {
            Self::Aes128Sha1 => 15,
            Self::Aes256Sha1 => 16,
            Self::Aes128Sha256 => 19,
            Self::Aes256Sha384 => 20,
        }
    }

    /// The length of what the pseudo-random function returns, in bytes (RFC 3962 section 7, RFC 8009 section 5).
    pub const fn prf_len(self) -> usize {
        match self {
            Self::Aes128Sha1 | Self::Aes256Sha1 => 16,
            Self::Aes128Sha256 => 32,
            Self::Aes256Sha384 => 48,
        }
    }

    /// How often string-to-key iterates where nobody says how often (RFC 3962 section 4, RFC 8009 section 4).
    pub const fn default_iterations(self) -> u32 {
        match self {
            Self::Aes128Sha1 | Self::Aes256Sha1 => 4096,
            Self::Aes128Sha256 | Self::Aes256Sha384 => 32768,
        }
    }

    /// The length of the keys of checksums, in bytes: for RFC 8009 that of the truncated HMAC, not of the protocol key.
    pub(super) const fn mac_key_len(self) -> usize {
        match self {
            Self::Aes128Sha1 | Self::Aes128Sha256 => 16,
            Self::Aes256Sha1 => 32,
            Self::Aes256Sha384 => 24,
        }
    }

    /// Whether the checksum is made over the ciphertext (RFC 8009), not over the plaintext (RFC 3962).
    pub(super) const fn encrypts_then_macs(self) -> bool {
        matches!(self, Self::Aes128Sha256 | Self::Aes256Sha384)
    }
}

/// The registered name.
impl fmt::Display for Enctype {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_is_found_by_its_number_and_its_names() {
        for enctype in Enctype::ALL {
            assert_eq!(Enctype::from_number(enctype.number()), Ok(enctype));
            assert_eq!(Enctype::from_name(&enctype.number().to_string()), Ok(enctype));
            for name in [enctype.name()].iter().chain(enctype.aliases()) {
                assert_eq!(Enctype::from_name(&name.to_uppercase()), Ok(enctype));
            }
        }
    }

    #[test]
    fn other_types_are_refused_by_number_and_name() {
        for number in [i32::MIN, -1, 0, 1, 16, 21, 23, 25, 26, i32::MAX] {
            assert_eq!(Enctype::from_number(number), Err(Error::UnknownEnctype(number)));
        }
        assert_eq!(Enctype::from_name("23"), Err(Error::UnknownEnctype(23)));
        assert_eq!(Enctype::from_name("arcfour-hmac"), Err(Error::UnknownEnctypeName));
        assert_eq!(Enctype::from_name(""), Err(Error::UnknownEnctypeName));
    }

    #[test]
    fn the_longest_is_no_shorter_than_any() {
        for enctype in Enctype::ALL {
            assert!(enctype.key_len() <= MAX_KEY && enctype.mac_key_len() <= MAX_KEY);
            assert!(enctype.mac_len() <= MAX_MAC && enctype.prf_len() <= MAX_PRF);
        }
    }
}
