//! The interprocess token: bytes to parts and back, nothing else.
//!
//! ```text
//! offset 0      u32, big endian   length L of the mechanism's OID, in content octets
//! offset 4      L bytes           the OID
//! offset 4+L    the rest          the body
//! ```
//!
//! This prefix is what MIT, illumos and libgssglue write. The body belongs to the transfer kind: a [`Claim`], or the
//! mechanism's own bytes.

mod claim;

pub use claim::{Audience, Claim, TransferId};

use gss_plugin_abi::{MAX_OID_OCTETS, Oid, OidError};

/// The longest interprocess token, in bytes.
pub const MAX_TOKEN: usize = 16 << 20;

const LENGTH_OCTETS: usize = 4;

/// The parts of an interprocess token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parts<'a> {
    /// Which mechanism the context belongs to.
    pub mechanism: Oid,
    /// What the mechanism, or the transfer store, has to say; never empty.
    pub body: &'a [u8],
}

/// Why bytes are no interprocess token.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    /// No bytes at all.
    #[error("the interprocess token is empty")]
    Empty,
    /// Longer than [`MAX_TOKEN`].
    #[error("an interprocess token of {0} bytes is longer than the {MAX_TOKEN} that are accepted")]
    TooLong(usize),
    /// Ends before its OID does.
    #[error("the interprocess token ends after {have} bytes, within its prefix of {need}")]
    Truncated {
        /// How many bytes the prefix needs.
        need: u64,
        /// How many there are.
        have: usize,
    },
    /// The prefix claims an OID that is none.
    #[error("the interprocess token names no mechanism: {0}")]
    BadOid(#[source] OidError),
    /// A claim of another version.
    #[error("the interprocess token is a claim of version {0}, of which this version knows nothing")]
    ClaimVersion(u8),
    /// Not a claim's length, in bytes.
    #[error("the interprocess token's claim has {have} bytes, expected {need}")]
    ClaimLength {
        /// How many bytes a claim has.
        need: usize,
        /// How many there are.
        have: usize,
    },
    /// A claim with flags or reserved bytes that are not known.
    #[error("the interprocess token's claim has flags that this version does not know")]
    ClaimFlags,
    /// Nothing after the prefix.
    #[error("the interprocess token of mechanism {0} has no body")]
    NoBody(Oid),
}

/// Reads a token. Allocates for the OID only, once its bytes are known to be there.
///
/// # Errors
/// A [`TokenError`] for anything but a whole prefix followed by a body.
pub fn parse(token: &[u8]) -> Result<Parts<'_>, TokenError> {
    if token.is_empty() {
        return Err(TokenError::Empty);
    }
    if token.len() > MAX_TOKEN {
        return Err(TokenError::TooLong(token.len()));
    }
    let truncated = |need| TokenError::Truncated { need, have: token.len() };
    let (length, rest) = token.split_first_chunk::<LENGTH_OCTETS>().ok_or(truncated(LENGTH_OCTETS as u64))?;
    let length = u32::from_be_bytes(*length);
    let oid_octets = usize::try_from(length).ok().filter(|length| *length <= MAX_OID_OCTETS);
    let oid_octets = oid_octets.ok_or(TokenError::BadOid(OidError::TooLong(length as usize)))?;
    let (oid, body) = rest.split_at_checked(oid_octets).ok_or(truncated(LENGTH_OCTETS as u64 + u64::from(length)))?;
    let mechanism = Oid::from_content(oid).map_err(TokenError::BadOid)?;
    if body.is_empty() {
        return Err(TokenError::NoBody(mechanism));
    }
    Ok(Parts { mechanism, body })
}

/// The prefix of a mechanism's tokens, to be followed by a body.
pub fn prefix(mechanism: &Oid) -> Vec<u8> {
    let oid = mechanism.as_bytes();
    // An OID has at most MAX_OID_OCTETS octets.
    let length = u32::try_from(oid.len()).unwrap_or(u32::MAX);
    let mut prefix = Vec::with_capacity(LENGTH_OCTETS + oid.len());
    prefix.extend_from_slice(&length.to_be_bytes());
    prefix.extend_from_slice(oid);
    prefix
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn krb5() -> Oid {
        "1.2.840.113554.1.2.2".parse().unwrap()
    }

    #[test]
    fn prefix_is_that_of_mit() {
        assert_eq!(prefix(&krb5()), b"\0\0\0\x09\x2a\x86\x48\x86\xf7\x12\x01\x02\x02");
    }

    #[test]
    fn each_malformed_token_has_its_error() {
        let truncated = |need, have| TokenError::Truncated { need, have };
        let long = vec![0; MAX_TOKEN + 1];
        for (token, expected) in [
            (&b""[..], TokenError::Empty),
            (b"\0", truncated(4, 1)),
            (b"\0\0\0", truncated(4, 3)),
            (b"\0\0\0\0x", TokenError::BadOid(OidError::Empty)),
            (b"\0\0\0\x09\x2a", truncated(13, 5)),
            (b"\x7f\xff\xff\xff\x2a", TokenError::BadOid(OidError::TooLong(0x7fff_ffff))),
            (b"\xff\xff\xff\xff\x2a", TokenError::BadOid(OidError::TooLong(0xffff_ffff))),
            (b"\0\0\0\x02\x2a\x86x", TokenError::BadOid(OidError::BadEncoding(1))),
            (b"\0\0\0\x01\x2a", TokenError::NoBody(Oid::from_static(b"\x2a"))),
            (&long, TokenError::TooLong(MAX_TOKEN + 1)),
        ] {
            assert_eq!(parse(token), Err(expected));
        }
    }

    #[test]
    fn lengths_of_128_and_more_are_unsigned() {
        // MIT and illumos read this octet through a signed char.
        let oid = Oid::from_content(&[0x2a; 0x80]).unwrap();
        let mut token = prefix(&oid);
        token.push(1);
        assert_eq!(parse(&token).unwrap(), Parts { mechanism: oid, body: &[1] });
    }

    proptest! {
        #[test]
        fn whatever_parses_is_made_of_its_parts(token in proptest::collection::vec(any::<u8>(), 0..64)) {
            if let Ok(parts) = parse(&token) {
                let mut again = prefix(&parts.mechanism);
                again.extend_from_slice(parts.body);
                prop_assert_eq!(again, token);
            }
        }
    }
}
