//! Framing that belongs to the switch: initial context tokens and which mechanism they are for (RFC 2743 section 3.1), and
//! the header of exported names (section 3.2).

use gss_plugin_abi::{MAX_OID_OCTETS, Oid, OidError, Sink};

/// NTLMSSP, whose tokens have a signature of their own.
pub const NTLMSSP: Oid = Oid::from_static(b"\x2b\x06\x01\x04\x01\x82\x37\x02\x02\x0a");
/// Kerberos 5, some of whose initiators send a bare AP-REQ.
pub const KERBEROS: Oid = Oid::from_static(b"\x2a\x86\x48\x86\xf7\x12\x01\x02\x02");
/// SPNEGO, whose initiators may send nothing.
pub const SPNEGO: Oid = Oid::from_static(b"\x2b\x06\x01\x05\x05\x02");

/// Why octets are framed wrongly.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FramingError {
    /// The first octet is none that a token begins with.
    #[error("the token begins with octet {0:#04x}, and no known mechanism's does")]
    UnknownStart(u8),
    /// It ends within its framing.
    #[error("the token ends within its framing")]
    Truncated,
    /// A length that is indefinite, longer than it need be, or not that of what follows.
    #[error("a length in the token's framing is not the DER length of what follows")]
    BadLength,
    /// No OID where one belongs.
    #[error("no OID in the token's framing: {0}")]
    BadOid(#[source] OidError),
    /// Not an exported name.
    #[error("not an exported name: it begins with neither 04 01 nor 04 02")]
    NotExportedName,
}

/// The mechanism of an initial context token.
///
/// # Errors
/// A [`FramingError`]: the token is defective, whatever mechanism it was meant for.
pub fn mechanism_of(token: &[u8]) -> Result<Oid, FramingError> {
    let Some(first) = token.first() else { return Ok(SPNEGO) };
    if token.starts_with(b"NTLMSSP\0") {
        return Ok(NTLMSSP);
    }
    match first {
        0x6e => Ok(KERBEROS),
        0x60 => decapsulate(token).map(|(oid, _)| oid),
        other => Err(FramingError::UnknownStart(*other)),
    }
}

/// The OID of a framed token and what the frame holds (`gss_decapsulate_token`, RFC 6339). The frame must be DER and hold
/// all octets.
///
/// # Errors
/// A [`FramingError`].
pub fn decapsulate(token: &[u8]) -> Result<(Oid, &[u8]), FramingError> {
    let (first, rest) = token.split_first().ok_or(FramingError::Truncated)?;
    if *first != 0x60 {
        return Err(FramingError::UnknownStart(*first));
    }
    let (length, rest) = der_length(rest)?;
    if length != rest.len() {
        return Err(if length > rest.len() { FramingError::Truncated } else { FramingError::BadLength });
    }
    der_oid(rest)
}

/// Frames a token of a mechanism (`gss_encapsulate_token`, RFC 6339), at the end of the caller's buffer. `None` when
/// memory runs out, or for more than the frame can hold (4 GiB).
pub fn encapsulate<S: Sink>(mechanism: &Oid, token: &[u8], out: &mut S) -> Option<()> {
    let mut oid = der_of(mechanism);
    let mut frame = vec![0x60];
    push_der_length(&mut frame, oid.len().checked_add(token.len())?)?;
    frame.append(&mut oid);
    let framed = out.append(frame.len().checked_add(token.len())?)?;
    let (start, rest) = framed.split_at_mut_checked(frame.len())?;
    start.copy_from_slice(&frame);
    rest.copy_from_slice(token);
    Some(())
}

/// An OID in DER.
pub(crate) fn der_of(oid: &Oid) -> Vec<u8> {
    let mut der = vec![0x06];
    // At most MAX_OID_OCTETS, so there is a length for it.
    let _ = push_der_length(&mut der, oid.as_bytes().len());
    der.extend_from_slice(oid.as_bytes());
    der
}

/// Appends a length in DER; `None` for one that takes more than four octets.
fn push_der_length(octets: &mut Vec<u8>, length: usize) -> Option<()> {
    let value = u32::try_from(length).ok()?.to_be_bytes();
    let significant = value.iter().position(|octet| *octet != 0).map_or(&value[3..], |first| &value[first..]);
    if length >= 0x80 {
        // One to four octets follow.
        octets.push(0x80 | significant.len() as u8);
    }
    octets.extend_from_slice(significant);
    Some(())
}

/// A DER length and what follows it. Indefinite and non-minimal forms are refused.
fn der_length(octets: &[u8]) -> Result<(usize, &[u8]), FramingError> {
    let (first, rest) = octets.split_first().ok_or(FramingError::Truncated)?;
    if *first < 0x80 {
        return Ok((usize::from(*first), rest));
    }
    let count = usize::from(first & 0x7f);
    if count == 0 || count > 4 {
        return Err(FramingError::BadLength);
    }
    let (value, rest) = rest.split_at_checked(count).ok_or(FramingError::Truncated)?;
    let length = value.iter().fold(0_usize, |length, octet| (length << 8) | usize::from(*octet));
    if value[0] == 0 || length < 0x80 {
        return Err(FramingError::BadLength);
    }
    Ok((length, rest))
}

fn der_oid(octets: &[u8]) -> Result<(Oid, &[u8]), FramingError> {
    match octets.split_first() {
        Some((0x06, rest)) => {
            let (length, rest) = der_length(rest)?;
            if length > MAX_OID_OCTETS {
                return Err(FramingError::BadOid(OidError::TooLong(length)));
            }
            let (content, rest) = rest.split_at_checked(length).ok_or(FramingError::Truncated)?;
            Ok((Oid::from_content(content).map_err(FramingError::BadOid)?, rest))
        }
        Some(_) => Err(FramingError::BadOid(OidError::Empty)),
        None => Err(FramingError::Truncated),
    }
}

/// The parts of an exported name (RFC 2743 section 3.2; RFC 6680 section 7.8 for the composite form).
#[derive(Debug, PartialEq, Eq)]
pub struct ExportedName<'a> {
    /// Whose name.
    pub mechanism: Oid,
    /// Whether it has attributes.
    pub composite: bool,
    /// The mechanism's bytes.
    pub content: &'a [u8],
}

impl ExportedName<'_> {
    /// Reads an exported name; all octets must belong to it.
    ///
    /// # Errors
    /// A [`FramingError`].
    pub fn parse(octets: &[u8]) -> Result<ExportedName<'_>, FramingError> {
        let (composite, rest) = match octets {
            [4, 1, rest @ ..] => (false, rest),
            [4, 2, rest @ ..] => (true, rest),
            _ => return Err(FramingError::NotExportedName),
        };
        let (length, rest) = rest.split_first_chunk::<2>().ok_or(FramingError::Truncated)?;
        let length = usize::from(u16::from_be_bytes(*length));
        let (oid, rest) = rest.split_at_checked(length).ok_or(FramingError::Truncated)?;
        let (mechanism, after_oid) = der_oid(oid)?;
        if !after_oid.is_empty() {
            return Err(FramingError::BadLength);
        }
        let (length, content) = rest.split_first_chunk::<4>().ok_or(FramingError::Truncated)?;
        if usize::try_from(u32::from_be_bytes(*length)) != Ok(content.len()) {
            return Err(FramingError::BadLength);
        }
        Ok(ExportedName { mechanism, composite, content })
    }

    /// The octets, or `None` for more content than the form can hold (4 GiB).
    pub fn to_octets(&self) -> Option<Vec<u8>> {
        let der = der_of(&self.mechanism);
        let mut octets = vec![4, if self.composite { 2 } else { 1 }];
        octets.extend_from_slice(&u16::try_from(der.len()).ok()?.to_be_bytes());
        octets.extend_from_slice(&der);
        octets.extend_from_slice(&u32::try_from(self.content.len()).ok()?.to_be_bytes());
        octets.extend_from_slice(self.content);
        Some(octets)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn initial_tokens_name_their_mechanism() {
        let dummy: Oid = "1.3.6.1.4.1.42.2.26.1.2".parse().unwrap();
        let mut framed = vec![0x60, 0x0d, 0x06, 0x0a];
        framed.extend_from_slice(dummy.as_bytes());
        framed.push(7);
        assert_eq!(mechanism_of(&framed), Ok(dummy));
        assert_eq!(mechanism_of(b"NTLMSSP\0\x01"), Ok(NTLMSSP));
        assert_eq!(mechanism_of(b"\x6e\x82"), Ok(KERBEROS));
        assert_eq!(mechanism_of(b""), Ok(SPNEGO));
    }

    #[test]
    fn each_bad_framing_has_its_error() {
        for (token, expected) in [
            (&b"\x30\x00"[..], FramingError::UnknownStart(0x30)),
            (b"NTLMSSP", FramingError::UnknownStart(b'N')),
            (b"\x60", FramingError::Truncated),
            (b"\x60\x80\x06\x01\x2a\0\0", FramingError::BadLength),
            (b"\x60\x81\x03\x06\x01\x2a", FramingError::BadLength),
            (b"\x60\x82\x00\x80", FramingError::BadLength),
            (b"\x60\x05\x06\x01\x2a", FramingError::Truncated),
            (b"\x60\x03\x06\x01\x2a\x00", FramingError::BadLength),
            (b"\x60\x02\x30\x00", FramingError::BadOid(OidError::Empty)),
            (b"\x60\x02\x06\x00", FramingError::BadOid(OidError::Empty)),
            (b"\x60\x85\x01\x01\x01\x01\x01", FramingError::BadLength),
            (b"\x60\x03\x06\x02\x2a", FramingError::Truncated),
        ] {
            assert_eq!(mechanism_of(token), Err(expected), "{token:02x?}");
        }
    }

    #[test]
    fn frames_are_of_another_mechanism_or_none() {
        let oid = Oid::from_content(b"\x2a").unwrap();
        assert_eq!(decapsulate(b"\x60\x04\x06\x01\x2a\x05"), Ok((oid, &b"\x05"[..])));
        assert_eq!(decapsulate(b""), Err(FramingError::Truncated));
        assert_eq!(decapsulate(b"\x6e\x00"), Err(FramingError::UnknownStart(0x6e)));
    }

    proptest! {
        #[test]
        fn framed_tokens_come_back(
            size in prop_oneof![0_usize..300, 65_400_usize..65_600],
            oid in proptest::collection::vec(0_u8..0x7f, 1..200),
        ) {
            let (oid, token) = (Oid::from_content(&oid).unwrap(), vec![7; size]);
            let mut framed = b"before".to_vec();
            encapsulate(&oid, &token, &mut framed).unwrap();
            let framed = framed.strip_prefix(b"before").unwrap();
            prop_assert_eq!(mechanism_of(framed), Ok(oid.clone()));
            prop_assert_eq!(decapsulate(framed), Ok((oid, &token[..])));
            prop_assert!(decapsulate(&framed[..framed.len() - 1]).is_err());
            prop_assert!(decapsulate(&[framed, b"x"].concat()).is_err());
        }

        #[test]
        fn exported_names_come_back(
            content in proptest::collection::vec(any::<u8>(), 0..40),
            oid in proptest::collection::vec(0_u8..0x7f, 1..200),
            composite: bool,
        ) {
            let name = ExportedName { mechanism: Oid::from_content(&oid).unwrap(), composite, content: &content };
            let octets = name.to_octets().unwrap();
            prop_assert_eq!(ExportedName::parse(&octets).unwrap(), name);
            prop_assert!(ExportedName::parse(&octets[..octets.len() - 1]).is_err());
        }

        #[test]
        fn no_octets_make_the_parsers_panic(octets in proptest::collection::vec(any::<u8>(), 0..64)) {
            let _ = mechanism_of(&octets);
            let _ = decapsulate(&octets);
            let _ = ExportedName::parse(&octets);
        }
    }
}
