//! The Kerberos messages of the AP exchange (RFC 4120 section 5), as plain structs that are read from DER and written.
//!
//! Reading is strict DER, for one value has one form. It yields what the message says and decides nothing: versions and
//! message types are checked, all else is the caller's to judge. What is secret is written into zeroizing buffers.

mod ap;
mod authorization;
mod cred;
mod der;
mod error;
mod parts;
#[cfg(test)]
mod samples;
#[cfg(test)]
mod strategies;
mod ticket;

pub use ap::{ApOptions, ApRep, ApReq, Authenticator, EncApRepPart};
pub use authorization::{AuthorizationData, AuthorizationElement, FlatElement, ad_type};
pub use cred::KrbCred;
pub use der::EncodingError;
pub use error::{KrbError, error_code};
pub use parts::{Checksum, EncryptedData, EncryptionKey, HostAddress, Timestamp, TransitedEncoding};
pub use ticket::{EncTicketPart, Ticket, TicketFlags};

use crate::principal::PrincipalError;

/// `pvno`, `tkt-vno` and `authenticator-vno`.
const VERSION: i32 = 5;

/// Why bytes are not the message that was due, or a message cannot be written.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MessageError {
    /// The bytes are not DER, or hold another type than the one that is due.
    #[error("{message}: {source}")]
    Encoding {
        /// The type that was being read or written.
        message: &'static str,
        /// What the DER library says.
        source: EncodingError,
    },
    /// A required field is missing.
    #[error("{message} has no {field}")]
    Missing {
        /// The type.
        message: &'static str,
        /// The field, as RFC 4120 calls it.
        field: &'static str,
    },
    /// A field comes twice, or after one with a higher number.
    #[error("a field of {message} is out of place")]
    FieldOutOfPlace {
        /// The type.
        message: &'static str,
    },
    /// A number is outside the range of its type.
    #[error("{message} holds {value} where this is out of range")]
    OutOfRange {
        /// The type.
        message: &'static str,
        /// The number.
        value: i64,
    },
    /// Flags of fewer than 32 bits (RFC 4120 section 5.2.8).
    #[error("{message} has flags of {bits} bits, which must be 32 at least")]
    ShortFlags {
        /// The type.
        message: &'static str,
        /// How many there are.
        bits: usize,
    },
    /// The version is not 5.
    #[error("{message} is of version {found}, not {VERSION}")]
    Version {
        /// The type.
        message: &'static str,
        /// The version.
        found: i32,
    },
    /// The message type is not that of the message's tag.
    #[error("{message} says that it is of message type {found}")]
    MessageType {
        /// The type.
        message: &'static str,
        /// The message type.
        found: i32,
    },
    /// A name is none.
    #[error("{message}: {source}")]
    Principal {
        /// The type.
        message: &'static str,
        /// What is wrong with the name.
        source: PrincipalError,
    },
    /// Authorization data lies within authorization data, too deep.
    #[error("authorization data is nested more than {0} deep")]
    TooDeep(usize),
}

/// Gives messages that hold no secret their public face.
macro_rules! clear_message {
    ($($message:ty),*) => {$(
        impl $message {
            /// Reads the message, which takes up all of `bytes`.
            ///
            /// # Errors
            /// [`MessageError`].
            pub fn decode(bytes: &[u8]) -> Result<Self, MessageError> {
                der::decode(bytes)
            }

            /// Writes the message.
            ///
            /// # Errors
            /// A time after the year 9999, or microseconds beyond 999 999.
            pub fn encode(&self) -> Result<Vec<u8>, MessageError> {
                Ok(std::mem::take(&mut *der::encode(self)?))
            }
        }
    )*};
}

/// Gives what crosses the wire encrypted only its public face.
macro_rules! secret_message {
    ($($message:ty),*) => {$(
        impl $message {
            /// Reads the decrypted part, which takes up all of `bytes`.
            ///
            /// # Errors
            /// [`MessageError`].
            pub fn decode(bytes: &[u8]) -> Result<Self, MessageError> {
                der::decode(bytes)
            }

            /// Writes the part, to be encrypted.
            ///
            /// # Errors
            /// A time after the year 9999, or microseconds beyond 999 999.
            pub fn encode(&self) -> Result<zeroize::Zeroizing<Vec<u8>>, MessageError> {
                der::encode(self)
            }
        }
    )*};
}

clear_message!(Ticket, ApReq, ApRep, KrbError, KrbCred, EncryptedData, AuthorizationData);
secret_message!(EncTicketPart, Authenticator, EncApRepPart);
