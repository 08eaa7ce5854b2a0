//! Kerberos encryption (RFC 3961, RFC 3962, RFC 8009) over the primitives of the RustCrypto crates.
//!
//! A [`Key`] is what tickets and keytabs hold. From it and a key usage number come the keys that do the work:
//! [`UsageKeys`] encrypt, [`ChecksumKey`] signs. Deriving them costs more than a short message, so whoever uses one
//! twice keeps it.

mod checksum;
mod cts;
mod derive;
mod enctype;
mod key;
mod pieces;
mod prf;
mod string_to_key;
#[cfg(test)]
mod testing;
mod usage;

pub use checksum::{Checksum, ChecksumKey};
pub use derive::Deriver;
pub use enctype::{CONFOUNDER, Enctype};
pub use key::Key;
pub use pieces::Piece;
pub use string_to_key::{MAX_ITERATIONS, default_salt};
pub use usage::UsageKeys;

/// Why a cryptographic operation failed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The number is none of 17 to 20.
    #[error("encryption type {0} is not supported (17, 18, 19 and 20 are)")]
    UnknownEnctype(i32),
    /// A name that [`Enctype::from_name`] does not know, such as one in a config option.
    #[error("unknown encryption type (known are aes256-cts-hmac-sha1-96 and its like, by name, alias or number)")]
    UnknownEnctypeName,
    /// The bytes given are not as long as keys of this type are.
    #[error("a key of type {enctype} has {} bytes, not {actual}", enctype.key_len())]
    KeyLength {
        /// What the key was to be.
        enctype: Enctype,
        /// How many bytes there were.
        actual: usize,
    },
    /// String-to-key parameters that are not the four bytes of an iteration count.
    #[error("string-to-key parameters have 4 bytes, not {0}")]
    ParametersLength(usize),
    /// An iteration count that would keep this process busy for too long. Zero stands for 2^32 (RFC 3962 section 4).
    #[error("{0} string-to-key iterations are not accepted (1 to {MAX_ITERATIONS} are)")]
    Iterations(u32),
    /// A ciphertext, or a buffer to encrypt in, without room for confounder and checksum.
    #[error("{actual} bytes cannot hold a confounder and a checksum: at least {} are needed", enctype.overhead())]
    TooShort {
        /// The type of the key.
        enctype: Enctype,
        /// How many bytes there were.
        actual: usize,
    },
    /// A checksum that is not as long as checksums of this type are.
    #[error("a checksum of type {} has {} bytes, not {actual}", enctype.checksum_type(), enctype.mac_len())]
    ChecksumLength {
        /// The type of the key.
        enctype: Enctype,
        /// How many bytes there were.
        actual: usize,
    },
    /// A checksum of a type that the key does not make.
    #[error("checksum type {actual} does not go with a key of type {enctype}, whose is {}", enctype.checksum_type())]
    ChecksumType {
        /// The type of the key.
        enctype: Enctype,
        /// The checksum type that was given.
        actual: i32,
    },
    /// The checksum does not match: altered, or made with another key or for another usage.
    #[error("the checksum does not match: altered, or made with another key")]
    Integrity,
    /// More pseudo-random output than the counter of RFC 7802 can number.
    #[error("too much pseudo-random output asked for: the counter has 32 bits")]
    OutputLength,
    /// The system has no random numbers.
    #[error("no random numbers from the system")]
    Random(#[source] getrandom::Error),
}

/// The outcome of a cryptographic operation.
pub type Result<T> = std::result::Result<T, Error>;

/// Fills the buffer with bytes that nobody may guess or meet twice, and that are worth nothing once they were used:
/// confounders and first sequence numbers. Keys are not of that kind, and come from the system itself.
pub(crate) fn random(bytes: &mut [u8]) -> Result<()> {
    // Where the switch has none, the system says why.
    gss_plugin::random(bytes).or_else(|_| getrandom::fill(bytes)).map_err(Error::Random)
}
