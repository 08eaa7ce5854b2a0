//! The checksum of type 0x8003 in an authenticator (RFC 4121 section 4.1.1). It sums up nothing: it carries the channel
//! bindings' hash, the context flags and delegated credentials.
//!
//! ```text
//! offset 0    u32, little endian   16, the length of the hash
//! offset 4    16 bytes             MD5 of the channel bindings, or zeros
//! offset 20   u32, little endian   flags, as RFC 2744 has them
//! offset 24   u16, little endian   1                              with GSS_C_DELEG_FLAG only
//! offset 26   u16, little endian   length of the KRB-CRED         with GSS_C_DELEG_FLAG only
//! offset 28   …                    the KRB-CRED                   with GSS_C_DELEG_FLAG only
//! then        …                    extensions
//! ```

use gss_plugin::ChannelBindings;
use md5::{Digest, Md5};

/// The `cksumtype`.
pub const GSS_CHECKSUM_TYPE: i32 = 0x8003;

/// `GSS_C_DELEG_FLAG`.
const DELEG: u32 = 1;
const HASH: usize = 16;

/// Why the checksum's octets are wrong.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ChecksumError {
    /// It ends before its last field does.
    #[error("the authenticator's checksum ends after {0} bytes, within a field")]
    Short(usize),
    /// The hash's length is not 16.
    #[error("the hash of channel bindings has {0} bytes in place of {HASH}")]
    HashLength(u32),
    /// The delegation option is not 1.
    #[error("delegation option {0} is not known")]
    DelegationOption(u16),
    /// The KRB-CRED has more than 65 535 bytes.
    #[error("a KRB-CRED of {0} bytes is too long to be delegated")]
    CredentialTooLong(usize),
    /// The channel bindings have a part of 4 GiB or more.
    #[error("channel bindings of {0} bytes are too long")]
    BindingsTooLong(usize),
}

/// What an authenticator's checksum of type [`GSS_CHECKSUM_TYPE`] says.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct GssChecksum {
    /// [`hash_channel_bindings`]; `None` stands for zeros, no bindings.
    pub bindings: Option<[u8; HASH]>,
    /// The flags (RFC 2744 section 5.19) that the initiator wants or has, `GSS_C_DELEG_FLAG` left out.
    pub flags: u32,
    /// The delegated KRB-CRED; with it goes `GSS_C_DELEG_FLAG`.
    pub delegation: Option<Vec<u8>>,
}

impl GssChecksum {
    /// Reads the checksum's octets. Extensions after the known fields are passed over.
    ///
    /// # Errors
    /// [`ChecksumError`].
    pub fn parse(octets: &[u8]) -> Result<Self, ChecksumError> {
        let short = ChecksumError::Short(octets.len());
        let (length, rest) = octets.split_first_chunk().ok_or(short)?;
        match u32::from_le_bytes(*length) {
            16 => {}
            length => return Err(ChecksumError::HashLength(length)),
        }
        let (bindings, rest) = rest.split_first_chunk::<HASH>().ok_or(short)?;
        let (flags, rest) = rest.split_first_chunk().ok_or(short)?;
        let flags = u32::from_le_bytes(*flags);
        let delegation = if flags & DELEG == 0 {
            None
        } else {
            let (option, rest) = rest.split_first_chunk().ok_or(short)?;
            match u16::from_le_bytes(*option) {
                1 => {}
                option => return Err(ChecksumError::DelegationOption(option)),
            }
            let (length, rest) = rest.split_first_chunk().ok_or(short)?;
            Some(rest.get(..usize::from(u16::from_le_bytes(*length))).ok_or(short)?.to_vec())
        };
        Ok(Self { bindings: (*bindings != [0; HASH]).then_some(*bindings), flags: flags & !DELEG, delegation })
    }

    /// Writes the checksum's octets.
    ///
    /// # Errors
    /// [`ChecksumError::CredentialTooLong`].
    pub fn to_bytes(&self) -> Result<Vec<u8>, ChecksumError> {
        let flags = self.flags & !DELEG | u32::from(self.delegation.is_some());
        let mut octets = Vec::with_capacity(28 + self.delegation.as_ref().map_or(0, Vec::len));
        octets.extend_from_slice(&16u32.to_le_bytes());
        octets.extend_from_slice(&self.bindings.unwrap_or_default());
        octets.extend_from_slice(&flags.to_le_bytes());
        if let Some(cred) = &self.delegation {
            let length = u16::try_from(cred.len()).map_err(|_| ChecksumError::CredentialTooLong(cred.len()))?;
            octets.extend_from_slice(&1u16.to_le_bytes());
            octets.extend_from_slice(&length.to_le_bytes());
            octets.extend_from_slice(cred);
        }
        Ok(octets)
    }
}

/// The MD5 hash of channel bindings (RFC 4121 section 4.1.1.2), each number as four bytes, little endian.
///
/// # Errors
/// [`ChecksumError::BindingsTooLong`].
pub fn hash_channel_bindings(bindings: &ChannelBindings<'_>) -> Result<[u8; HASH], ChecksumError> {
    let mut hash = Md5::new();
    for (address_type, octets) in [
        (Some(bindings.initiator_address_type), bindings.initiator_address),
        (Some(bindings.acceptor_address_type), bindings.acceptor_address),
        (None, bindings.application_data),
    ] {
        if let Some(address_type) = address_type {
            hash.update(address_type.to_le_bytes());
        }
        let length = u32::try_from(octets.len()).map_err(|_| ChecksumError::BindingsTooLong(octets.len()))?;
        hash.update(length.to_le_bytes());
        hash.update(octets);
    }
    Ok(hash.finalize().into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn bindings_are_hashed_as_mit_does() {
        let bindings = ChannelBindings { application_data: b"binding", ..ChannelBindings::default() };
        // From an authenticator of MIT krb5 1.20.1, the sample `delegated-bound`.
        let expected = 0xbd7e_9b18_7a10_7a9e_fb74_0501_9cd7_e420_u128.to_be_bytes();
        assert_eq!(hash_channel_bindings(&bindings), Ok(expected));
    }

    #[test]
    fn each_part_of_the_bindings_counts() {
        let bindings = ChannelBindings {
            initiator_address_type: 2,
            initiator_address: &[127, 0, 0, 1],
            acceptor_address_type: 2,
            acceptor_address: &[127, 0, 0, 2],
            application_data: b"data",
        };
        let changed = [
            bindings,
            ChannelBindings { initiator_address_type: 3, ..bindings },
            ChannelBindings { initiator_address: &[127, 0, 0, 3], ..bindings },
            ChannelBindings { acceptor_address_type: 3, ..bindings },
            ChannelBindings { acceptor_address: &[127, 0, 0, 3], ..bindings },
            ChannelBindings { application_data: b"date", ..bindings },
        ];
        let hashes: std::collections::HashSet<_> =
            changed.iter().map(hash_channel_bindings).map(Result::unwrap).collect();
        assert_eq!(hashes.len(), changed.len());
    }

    #[test]
    fn each_field_has_its_place() {
        let checksum = GssChecksum { bindings: Some([9; 16]), flags: 0x203a, delegation: Some(b"cred".to_vec()) };
        let octets = checksum.to_bytes().unwrap();
        let expected = [&[16, 0, 0, 0][..], &[9; 16], &[0x3b, 0x20, 0, 0, 1, 0, 4, 0], b"cred"].concat();
        assert_eq!(octets, expected);
        assert_eq!(GssChecksum::parse(&octets), Ok(checksum.clone()));
        assert_eq!(GssChecksum::parse(&[&octets[..], b"extension"].concat()), Ok(checksum));
        for end in 0..octets.len() {
            assert_eq!(GssChecksum::parse(&octets[..end]), Err(ChecksumError::Short(end)));
        }
    }

    #[test]
    fn zeros_are_no_bindings() {
        let plain = GssChecksum { bindings: None, flags: 2, delegation: None };
        let octets = plain.to_bytes().unwrap();
        assert_eq!(octets[4..24], [&[0; 16][..], &[2, 0, 0, 0]].concat());
        assert_eq!(GssChecksum::parse(&octets), Ok(plain));
    }

    #[test]
    fn each_defect_has_its_error() {
        let altered = |position: usize, byte: u8| {
            let cred = GssChecksum { delegation: Some(vec![1]), ..GssChecksum::default() };
            let mut octets = cred.to_bytes().unwrap();
            octets[position] = byte;
            GssChecksum::parse(&octets)
        };
        assert_eq!(altered(0, 20), Err(ChecksumError::HashLength(20)));
        assert_eq!(altered(24, 2), Err(ChecksumError::DelegationOption(2)));
        assert_eq!(altered(26, 2), Err(ChecksumError::Short(29)));
        assert_eq!(altered(20, 0), Ok(GssChecksum::default()), "then they are extensions");
        let cred = GssChecksum { delegation: Some(vec![0; 65_536]), ..GssChecksum::default() };
        assert_eq!(cred.to_bytes(), Err(ChecksumError::CredentialTooLong(65_536)));
    }

    proptest! {
        #[test]
        fn whatever_is_read_is_the_beginning_of_what_it_was_read_from(
            mut octets in prop::collection::vec(any::<u8>(), 0..60),
            valid_length: bool,
        ) {
            if valid_length {
                octets.splice(0..0, [16, 0, 0, 0]);
            }
            if let Ok(checksum) = GssChecksum::parse(&octets) {
                prop_assert!(octets.starts_with(&checksum.to_bytes().unwrap()));
            }
        }
    }
}
