//! The frame of context tokens (RFC 2743 section 3.1, RFC 4121 section 4.1): the mechanism's OID, two bytes that say
//! which message it is, and the message.
//!
//! DCE-style contexts leave the frame out, as Windows began it, and so do some initiators.

mod checksum;

pub use checksum::{ChecksumError, GSS_CHECKSUM_TYPE, GssChecksum, hash_channel_bindings};

use std::fmt;

/// The longest context token that is looked at, in bytes. With a large PAC and a delegated ticket it has some 100 KB.
pub const MAX_TOKEN: usize = 1 << 20;

/// `TOK_ID` (RFC 4121 section 4.1).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TokenId {
    /// 01 00: an AP-REQ.
    ApReq,
    /// 02 00: an AP-REP.
    ApRep,
    /// 03 00: a KRB-ERROR.
    Error,
}

impl TokenId {
    const ALL: [Self; 3] = [Self::ApReq, Self::ApRep, Self::Error];

    fn bytes(self) -> [u8; 2] {
        match self {
            Self::ApReq => [1, 0],
            Self::ApRep => [2, 0],
            Self::Error => [3, 0],
        }
    }

    /// The first byte of the message: `[APPLICATION 14]`, 15 or 30.
    fn tag(self) -> u8 {
        match self {
            Self::ApReq => 0x6e,
            Self::ApRep => 0x6f,
            Self::Error => 0x7e,
        }
    }
}

impl fmt::Display for TokenId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ApReq => "AP-REQ",
            Self::ApRep => "AP-REP",
            Self::Error => "KRB-ERROR",
        })
    }
}

/// Why bytes are no context token.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    /// No byte at all.
    #[error("the token is empty")]
    Empty,
    /// More than [`MAX_TOKEN`] bytes.
    #[error("a token of {0} bytes is too long")]
    TooLong(usize),
    /// The first byte begins neither a frame nor a message.
    #[error("byte {0:#04x} begins no Kerberos context token")]
    FirstByte(u8),
    /// The frame's length is not in its only form, or not that of the token.
    #[error("the length in the token's frame is wrong")]
    Length,
    /// There is no OID where the frame has it.
    #[error("the token's frame holds no OID")]
    Oid,
    /// Another token, such as one of a message.
    #[error("token type {0:02x} {1:02x} is none of a context token")]
    Id(u8, u8),
    /// The message is not of the type that the frame says.
    #[error("the frame says {0}, the message in it is something else")]
    Message(TokenId),
}

/// The parts of a context token.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ContextToken<'a> {
    /// The mechanism's OID, its content octets; `None` for a message without a frame.
    pub oid: Option<&'a [u8]>,
    /// Which message it is.
    pub id: TokenId,
    /// The message; only its first byte has been looked at.
    pub message: &'a [u8],
}

impl<'a> ContextToken<'a> {
    /// Takes the frame off.
    ///
    /// # Errors
    /// [`TokenError`].
    pub fn parse(token: &'a [u8]) -> Result<Self, TokenError> {
        if token.len() > MAX_TOKEN {
            return Err(TokenError::TooLong(token.len()));
        }
        let (first, rest) = token.split_first().ok_or(TokenError::Empty)?;
        if let Some(id) = TokenId::ALL.into_iter().find(|id| id.tag() == *first) {
            return Ok(Self { oid: None, id, message: token });
        }
        if *first != 0x60 {
            return Err(TokenError::FirstByte(*first));
        }
        let (length, rest) = split_length(rest).ok_or(TokenError::Length)?;
        if length != rest.len() {
            return Err(TokenError::Length);
        }
        let rest = rest.strip_prefix(&[6]).ok_or(TokenError::Oid)?;
        let (length, rest) = split_length(rest).ok_or(TokenError::Oid)?;
        let (oid, rest) = rest.split_at_checked(length).ok_or(TokenError::Oid)?;
        if oid.is_empty() {
            return Err(TokenError::Oid);
        }
        let (bytes, message) = rest.split_first_chunk::<2>().ok_or(TokenError::Length)?;
        let id = TokenId::ALL.into_iter().find(|id| id.bytes() == *bytes);
        let id = id.ok_or(TokenError::Id(bytes[0], bytes[1]))?;
        if message.first() != Some(&id.tag()) {
            return Err(TokenError::Message(id));
        }
        Ok(Self { oid: Some(oid), id, message })
    }

    /// Puts the frame on, if there is an OID.
    pub fn to_bytes(&self) -> Vec<u8> {
        let Some(oid) = self.oid else { return self.message.to_vec() };
        let mut head = Vec::with_capacity(oid.len() + 8);
        head.push(6);
        push_length(oid.len(), &mut head);
        head.extend_from_slice(oid);
        head.extend_from_slice(&self.id.bytes());
        let length = head.len() + self.message.len();
        let mut token = Vec::with_capacity(length + 6);
        token.push(0x60);
        push_length(length, &mut token);
        token.extend_from_slice(&head);
        token.extend_from_slice(self.message);
        token
    }
}

/// Reads a DER length, in its shortest form only. What is longer than a token may be is no length.
fn split_length(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let (first, rest) = bytes.split_first()?;
    if *first < 0x80 {
        return Some((usize::from(*first), rest));
    }
    let (digits, rest) = rest.split_at_checked(usize::from(*first & 0x7f))?;
    if digits.is_empty() || digits.len() > 3 || digits.first() == Some(&0) {
        return None;
    }
    let length = digits.iter().fold(0, |sum, digit| sum << 8 | usize::from(*digit));
    (length >= 0x80).then_some((length, rest))
}

fn push_length(length: usize, out: &mut Vec<u8>) {
    if let Ok(short @ 0..0x80) = u8::try_from(length) {
        out.push(short);
        return;
    }
    let bytes = length.to_be_bytes();
    let digits = bytes.get(length.leading_zeros() as usize / 8..).unwrap_or_default();
    // At most eight digits.
    out.push(0x80 | digits.len() as u8);
    out.extend_from_slice(digits);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const OID: &[u8] = b"\x2a\x86\x48\x86\xf7\x12\x01\x02\x02";

    fn framed(length: usize) -> (Vec<u8>, Vec<u8>) {
        let mut message = vec![0; length];
        message[0] = 0x6e;
        let token = ContextToken { oid: Some(OID), id: TokenId::ApReq, message: &message }.to_bytes();
        (message, token)
    }

    #[test]
    fn the_frame_has_the_length_of_what_is_in_it() {
        for length in [1, 113, 114, 242, 243, 244, 65_522, 65_523, 65_524, 100_000] {
            let (message, token) = framed(length);
            let parsed = ContextToken::parse(&token).unwrap();
            assert_eq!((parsed.oid, parsed.id, parsed.message), (Some(OID), TokenId::ApReq, &message[..]));
        }
        assert_eq!(framed(114).1[..4], [0x60, 127, 6, 9]);
        assert_eq!(framed(115).1[..5], [0x60, 0x81, 128, 6, 9]);
        assert_eq!(framed(243).1[..6], [0x60, 0x82, 1, 0, 6, 9]);
        assert_eq!(framed(65_523).1[..7], [0x60, 0x83, 1, 0, 0, 6, 9]);
    }

    #[test]
    fn messages_come_without_a_frame_too() {
        for (first, id) in [(0x6e, TokenId::ApReq), (0x6f, TokenId::ApRep), (0x7e, TokenId::Error)] {
            let message = [first, 1, 2];
            let parsed = ContextToken::parse(&message).unwrap();
            assert_eq!(parsed, ContextToken { oid: None, id, message: &message });
            assert_eq!(parsed.to_bytes(), message);
        }
    }

    #[test]
    fn each_defect_has_its_error() {
        let (_, token) = framed(3);
        let altered = |position: usize, byte: u8| {
            let mut altered = token.clone();
            altered[position] = byte;
            ContextToken::parse(&altered).unwrap_err()
        };
        assert_eq!(ContextToken::parse(b""), Err(TokenError::Empty));
        assert_eq!(ContextToken::parse(&vec![0x6e; MAX_TOKEN + 1]), Err(TokenError::TooLong(MAX_TOKEN + 1)));
        assert_eq!(altered(0, 0x61), TokenError::FirstByte(0x61));
        assert_eq!(altered(1, token[1] + 1), TokenError::Length);
        assert_eq!(altered(1, 0x80), TokenError::Length);
        assert_eq!(altered(2, 5), TokenError::Oid);
        assert_eq!(altered(3, 200), TokenError::Oid);
        assert_eq!(altered(13, 4), TokenError::Id(4, 0));
        assert_eq!(altered(14, 1), TokenError::Id(1, 1));
        assert_eq!(altered(13, 2), TokenError::Message(TokenId::ApRep));
        assert_eq!(altered(15, 0x6f), TokenError::Message(TokenId::ApReq));
        for end in 0..token.len() {
            assert!(ContextToken::parse(&token[..end]).is_err());
        }
        assert!(ContextToken::parse(&[&token[..], b"x"].concat()).is_err());
        assert_eq!(ContextToken::parse(&[0x60, 2, 6, 0]), Err(TokenError::Oid));
        assert_eq!(ContextToken::parse(&[0x60, 3, 6, 1, 42]), Err(TokenError::Length));
    }

    #[test]
    fn lengths_have_one_form() {
        for defect in [
            &[0x60, 0x81, 5, 6, 1, 42, 1, 0, 0x6e][..],
            &[0x60, 0x82, 0, 6, 6, 1, 42, 1, 0, 0x6e],
            &[0x60, 0x88, 0, 0, 0, 0, 0, 0, 0, 6, 6, 1, 42, 1, 0, 0x6e],
            &[0x60, 7, 6, 0x81, 1, 42, 1, 0, 0x6e],
            &[0x60, 0xff, 6, 1, 42, 1, 0, 0x6e],
        ] {
            assert!(ContextToken::parse(defect).is_err(), "{defect:02x?}");
        }
        assert!(ContextToken::parse(&[0x60, 6, 6, 1, 42, 1, 0, 0x6e]).is_ok());
    }

    const HEADS: &[&[u8]] = &[&[], &[0x60], &[0x60, 9, 6, 1], &[0x6e], &[0x60, 0x81]];

    proptest! {
        #[test]
        fn whatever_is_read_is_written_the_same(
            mut token in prop::collection::vec(any::<u8>(), 0..300),
            head in prop::sample::select(HEADS),
        ) {
            token.splice(0..0, head.iter().copied());
            if let Ok(parsed) = ContextToken::parse(&token) {
                prop_assert_eq!(parsed.to_bytes(), token);
            }
        }
    }
}
