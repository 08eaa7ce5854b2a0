//! The 16 bytes that a token begins with (RFC 4121 section 4.2.6), and the rotation that they may tell of.
//!
//! ```text
//! offset 0    05 04 for a Wrap token, 04 04 for a MIC
//! offset 2    flags
//! offset 3    FF
//! offset 4    EC, the extra count, big endian; FF FF in a MIC
//! offset 6    RRC, the right rotation count, big endian; FF FF in a MIC
//! offset 8    the sequence number, 8 bytes, big endian
//! ```

use super::{PermessageError, Result, Role};

/// The length of a header, in bytes.
pub(super) const HEADER: usize = 16;

/// Flags (RFC 4121 section 4.2.2). A receiver has to ignore the other bits.
pub(super) const SENT_BY_ACCEPTOR: u8 = 1;
pub(super) const SEALED: u8 = 2;
pub(super) const ACCEPTOR_SUBKEY: u8 = 4;

/// The first byte of a token with the framing of RFC 2743 section 3.1, as those of RFC 1964 have it.
const FRAMED: u8 = 0x60;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    Wrap,
    Mic,
}

impl Kind {
    const fn token_id(self) -> [u8; 2] {
        match self {
            Self::Wrap => [5, 4],
            Self::Mic => [4, 4],
        }
    }
}

/// A header, its parts as they were sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Header {
    pub(super) kind: Kind,
    pub(super) flags: u8,
    pub(super) extra: u16,
    pub(super) rotation: u16,
    pub(super) number: u64,
}

impl Header {
    /// The header of a Wrap token. As it is signed or encrypted, there is no rotation, and no extra count unless there
    /// is filler (RFC 4121 section 4.2.4).
    pub(super) const fn wrap(flags: u8, extra: u16, number: u64) -> Self {
        Self { kind: Kind::Wrap, flags, extra, rotation: 0, number }
    }

    /// The header of a MIC.
    pub(super) const fn mic(flags: u8, number: u64) -> Self {
        Self { kind: Kind::Mic, flags, extra: u16::MAX, rotation: u16::MAX, number }
    }

    /// Reads the header of a token that `sender` has made.
    pub(super) fn parse(kind: Kind, sender: Role, token: &[u8]) -> Result<Self> {
        if token.first() == Some(&FRAMED) {
            return Err(PermessageError::OldToken);
        }
        let [id0, id1, flags, filler, e0, e1, r0, r1, number @ ..] =
            *token.first_chunk::<HEADER>().ok_or(PermessageError::Truncated)?;
        if [id0, id1] != kind.token_id() {
            return Err(PermessageError::TokenId);
        }
        if (flags & SENT_BY_ACCEPTOR != 0) != (sender == Role::Acceptor) {
            return Err(PermessageError::Direction);
        }
        let (extra, rotation) = (u16::from_be_bytes([e0, e1]), u16::from_be_bytes([r0, r1]));
        if filler != 0xff || kind == Kind::Mic && (extra, rotation) != (u16::MAX, u16::MAX) {
            return Err(PermessageError::Filler);
        }
        Ok(Self { kind, flags, extra, rotation, number: u64::from_be_bytes(number) })
    }

    pub(super) fn bytes(self) -> [u8; HEADER] {
        let ([i0, i1], [e0, e1], [r0, r1]) =
            (self.kind.token_id(), self.extra.to_be_bytes(), self.rotation.to_be_bytes());
        let [n0, n1, n2, n3, n4, n5, n6, n7] = self.number.to_be_bytes();
        [i0, i1, self.flags, 0xff, e0, e1, r0, r1, n0, n1, n2, n3, n4, n5, n6, n7]
    }

    pub(super) const fn sealed(self) -> bool {
        self.flags & SEALED != 0
    }

    /// How many bytes of filler there are, or how long the checksum is.
    pub(super) fn extra(self) -> usize {
        usize::from(self.extra)
    }

    /// The header as it is encrypted with the data.
    pub(super) const fn encrypted(self) -> Self {
        Self { rotation: 0, ..self }
    }

    /// The header as it is signed with the data in a Wrap token without confidentiality.
    pub(super) const fn signed(self) -> Self {
        Self { rotation: 0, extra: 0, ..self }
    }

    /// By how many bytes what follows the header was rotated to the right.
    ///
    /// Windows rotates DCE's encrypted tokens, where it does, by EC and RRC together (MS-KILE section 3.4.5.4.1), and
    /// so do all that talk to it.
    pub(super) fn rotated_by(self, dce_style: bool) -> usize {
        match usize::from(self.rotation) {
            0 => 0,
            rotation if dce_style && self.sealed() => rotation + self.extra(),
            rotation => rotation,
        }
    }
}

/// Bytes in their right order, of which those that end up at the front and those behind lie apart.
#[derive(Clone, Copy)]
pub(super) struct Unrotated<'a> {
    pub(super) front: &'a [u8],
    pub(super) back: &'a [u8],
}

impl<'a> Unrotated<'a> {
    /// Undoes a rotation by any count, larger than the length or not (RFC 4121 section 4.2.5).
    pub(super) fn new(bytes: &'a [u8], rotated_by: usize) -> Self {
        let (back, front) = bytes.split_at(rotated_by.checked_rem(bytes.len()).unwrap_or(0));
        Self { front, back }
    }

    pub(super) fn len(self) -> usize {
        self.front.len() + self.back.len()
    }

    /// The first `count` bytes and the others; all and nothing if there are fewer.
    pub(super) fn split_at(self, count: usize) -> (Self, Self) {
        if let Some((first, rest)) = self.front.split_at_checked(count) {
            return (Self { front: first, back: &[] }, Self { front: rest, back: self.back });
        }
        let (first, rest) = self.back.split_at((count - self.front.len()).min(self.back.len()));
        (Self { front: self.front, back: first }, Self { front: rest, back: &[] })
    }

    /// Copies to a place; what has no room there, or no counterpart, stays as it is.
    pub(super) fn copy_to(self, place: &mut [u8]) {
        let (front, back) = place.split_at_mut(self.front.len().min(place.len()));
        for (to, from) in [(front, self.front), (back, self.back)] {
            if to.len() == from.len() {
                to.copy_from_slice(from);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WRAP: [u8; HEADER] = [5, 4, 7, 0xff, 0, 16, 0, 28, 1, 2, 3, 4, 5, 6, 7, 8];
    const MIC: [u8; HEADER] = [4, 4, 1, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0, 9];

    #[test]
    fn headers_are_those_of_rfc_4121() {
        let wrap = Header::parse(Kind::Wrap, Role::Acceptor, &WRAP).unwrap();
        assert_eq!((wrap.extra(), wrap.rotation, wrap.number), (16, 28, 0x0102_0304_0506_0708));
        assert!(wrap.sealed());
        assert_eq!((wrap.rotated_by(false), wrap.rotated_by(true)), (28, 44));
        assert_eq!(wrap.bytes(), WRAP);
        assert_eq!(wrap.encrypted(), Header::wrap(7, 16, wrap.number));
        assert_eq!(wrap.signed(), Header::wrap(7, 0, wrap.number));
        assert_eq!(Header::parse(Kind::Mic, Role::Acceptor, &MIC), Ok(Header::mic(1, 9)));
        assert_eq!(Header::mic(1, 9).bytes(), MIC);
    }

    #[test]
    fn unknown_flags_are_kept_and_ignored() {
        let mut token = MIC;
        token[2] |= 0xf8;
        let header = Header::parse(Kind::Mic, Role::Acceptor, &token).unwrap();
        assert_eq!(header.bytes(), token);
    }

    #[test]
    fn each_defect_has_its_cause() {
        let parse = |kind, at: usize, value| {
            let mut token = if kind == Kind::Mic { MIC } else { WRAP };
            token[at] = value;
            Header::parse(kind, Role::Acceptor, &token).err()
        };
        for kind in [Kind::Mic, Kind::Wrap] {
            assert_eq!(parse(kind, 0, 0x60), Some(PermessageError::OldToken));
            assert_eq!(parse(kind, 0, 3), Some(PermessageError::TokenId));
            assert_eq!(parse(kind, 1, 5), Some(PermessageError::TokenId));
            assert_eq!(parse(kind, 2, 6), Some(PermessageError::Direction));
            assert_eq!(parse(kind, 3, 0xfe), Some(PermessageError::Filler));
        }
        for at in 4..8 {
            assert_eq!(parse(Kind::Mic, at, 0), Some(PermessageError::Filler));
        }
        for len in 0..HEADER {
            assert_eq!(Header::parse(Kind::Wrap, Role::Acceptor, &WRAP[..len]), Err(PermessageError::Truncated));
        }
        assert_eq!(Header::parse(Kind::Wrap, Role::Acceptor, &MIC), Err(PermessageError::TokenId));
        assert_eq!(Header::parse(Kind::Mic, Role::Initiator, &MIC), Err(PermessageError::Direction));
    }

    #[test]
    fn any_rotation_is_undone_and_split_anywhere() {
        for len in [0_u8, 1, 2, 5, 28] {
            let straight: Vec<u8> = (0..len).collect();
            for count in [0, 1, 2, 4, 5, 27, 28, 29, 100, 65_535, 131_070] {
                let mut rotated = straight.clone();
                if len > 0 {
                    rotated.rotate_right(count % usize::from(len));
                }
                let whole = Unrotated::new(&rotated, count);
                for cut in 0..usize::from(len) + 2 {
                    let (first, rest) = whole.split_at(cut);
                    let cut = cut.min(straight.len());
                    assert_eq!((first.len(), rest.len()), (cut, straight.len() - cut));
                    let mut copy = vec![0xee; straight.len()];
                    first.copy_to(&mut copy[..cut]);
                    rest.copy_to(&mut copy[cut..]);
                    assert_eq!(copy, straight, "{len} {count} {cut}");
                }
            }
        }
    }
}
