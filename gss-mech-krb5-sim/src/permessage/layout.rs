//! Where the parts of a token lie among the elements of a message in pieces.
//!
//! ```text
//! with a trailer    header | confounder       data …    filler | header copy | checksum
//! without           header | filler | header copy | checksum | confounder       data …
//! ```
//!
//! Without confidentiality there are neither confounder, filler nor copy. Without a trailer it is a token that was
//! rotated to the right by the length of what would be in it; in DCE's style RRC does not count the filler.

use super::header::HEADER;
use super::{PermessageError, Result};
use crate::crypto::{CONFOUNDER, Piece};
use gss_plugin::{Iov, IovKind, IovResult};
use zeroize::Zeroize;

/// How long the parts are, in bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Lengths {
    pub(super) confidential: bool,
    pub(super) filler: usize,
    pub(super) mac: usize,
    pub(super) has_trailer: bool,
}

impl Lengths {
    /// What is encrypted behind the data.
    pub(super) fn encrypted_tail(self) -> usize {
        if self.confidential { self.filler + HEADER } else { 0 }
    }

    fn confounder(self) -> usize {
        if self.confidential { CONFOUNDER } else { 0 }
    }

    /// All that follows the data.
    pub(super) fn tail(self) -> usize {
        self.encrypted_tail() + self.mac
    }

    pub(super) fn header(self) -> usize {
        HEADER + self.confounder() + if self.has_trailer { 0 } else { self.tail() }
    }

    pub(super) fn trailer(self) -> usize {
        if self.has_trailer { self.tail() } else { 0 }
    }

    /// What stands in RRC.
    pub(super) fn rotation(self, dce_style: bool) -> usize {
        let uncounted = if dce_style && self.confidential { self.filler } else { 0 };
        if self.has_trailer { 0 } else { self.tail() - uncounted }
    }
}

/// The elements that a call works on, found by their kinds.
pub(super) struct Found {
    pub(super) header: Option<usize>,
    pub(super) trailer: Option<usize>,
    pub(super) stream: Option<usize>,
    pub(super) mic: Option<usize>,
    /// How many elements of data there are.
    pub(super) data: usize,
    /// Whether there is padding in the elements for it: the encryption types need none.
    pub(super) padded: bool,
}

impl Found {
    pub(super) fn among(iov: &[Iov<'_>]) -> Result<Self> {
        let (mut header, mut trailer, mut stream, mut mic, mut data, mut padded) = (None, None, None, None, 0, false);
        for (at, element) in iov.iter().enumerate() {
            let single = match element.kind {
                IovKind::Header => &mut header,
                IovKind::Trailer => &mut trailer,
                IovKind::Stream => &mut stream,
                IovKind::MicToken => &mut mic,
                IovKind::Data => {
                    data += 1;
                    continue;
                }
                IovKind::Padding => {
                    padded |= !element.buffer.is_empty();
                    continue;
                }
                _ => continue,
            };
            if single.replace(at).is_some() {
                return Err(PermessageError::Layout);
            }
        }
        Ok(Self { header, trailer, stream, mic, data, padded })
    }

    /// A message in pieces: one header, and no token that is whole.
    pub(super) fn in_pieces(&self) -> Result<usize> {
        match (self.header, self.stream, self.mic) {
            (Some(header), None, None) => Ok(header),
            _ => Err(PermessageError::Layout),
        }
    }
}

/// The bytes of header and trailer, taken apart.
pub(super) struct Frame<'b> {
    pub(super) header: &'b mut [u8; HEADER],
    /// Empty without confidentiality.
    pub(super) confounder: &'b mut [u8],
    /// Filler and header copy; empty without confidentiality.
    pub(super) encrypted_tail: &'b mut [u8],
    pub(super) checksum: &'b mut [u8],
}

impl<'b> Frame<'b> {
    /// Takes the two apart, which have to be of the right lengths.
    pub(super) fn of(header: &'b mut [u8], trailer: &'b mut [u8], lengths: Lengths) -> Result<Self> {
        if header.len() != lengths.header() || trailer.len() != lengths.trailer() {
            return Err(PermessageError::PieceLength);
        }
        let (header, rest) = header.split_first_chunk_mut().ok_or(PermessageError::PieceLength)?;
        let (moved, confounder) = rest.split_at_mut(rest.len() - lengths.confounder());
        let tail = if lengths.has_trailer { trailer } else { moved };
        let (encrypted_tail, checksum) = tail.split_at_mut(lengths.encrypted_tail());
        Ok(Self { header, confounder, encrypted_tail, checksum })
    }
}

/// Elements, lent to the cipher.
pub(super) struct Lent<'i> {
    pub(super) header: &'i mut [u8],
    pub(super) trailer: &'i mut [u8],
    /// Data and what is only signed, in the caller's order, with room for one more.
    pub(super) pieces: Vec<Piece<'i>>,
}

impl<'i> Lent<'i> {
    pub(super) fn of(iov: &'i mut [Iov<'_>]) -> Result<Self> {
        let mut pieces = Vec::new();
        pieces.try_reserve_exact(iov.len() + 1).map_err(|_| PermessageError::Memory)?;
        let (mut header, mut trailer): (&mut [u8], &mut [u8]) = (&mut [], &mut []);
        for element in iov {
            match element.kind {
                IovKind::Header => header = element.buffer,
                IovKind::Trailer => trailer = element.buffer,
                IovKind::Data => pieces.push(Piece::Data(element.buffer)),
                IovKind::SignOnly => pieces.push(Piece::Signed(element.buffer)),
                _ => {}
            }
        }
        Ok(Self { header, trailer, pieces })
    }
}

/// What a checksum by itself is made over.
pub(super) fn signed<'p>(pieces: &'p [Piece<'_>]) -> impl Iterator<Item = &'p [u8]> {
    pieces.iter().map(|piece| match piece {
        Piece::Data(data) => &**data,
        Piece::Signed(bytes) => bytes,
    })
}

/// Zeros over the data.
pub(super) fn wipe(pieces: &mut [Piece<'_>]) {
    for piece in pieces {
        if let Piece::Data(data) = piece {
            data.zeroize();
        }
    }
}

/// A place of `length` bytes for an element that is to be made: its own, or one that is handed over.
pub(super) struct Made {
    length: usize,
    own: Option<Vec<u8>>,
}

impl Made {
    pub(super) fn new(element: &Iov<'_>, length: usize) -> Result<Self> {
        if !element.allocate {
            let fits = element.buffer.len() >= length;
            return if fits { Ok(Self { length, own: None }) } else { Err(PermessageError::Room) };
        }
        let mut own = Vec::new();
        own.try_reserve_exact(length).map_err(|_| PermessageError::Memory)?;
        own.resize(length, 0);
        Ok(Self { length, own: Some(own) })
    }

    /// The place, where `buffer` is the element's own.
    pub(super) fn place<'p>(&'p mut self, buffer: &'p mut [u8]) -> &'p mut [u8] {
        match &mut self.own {
            Some(own) => own,
            None => buffer.get_mut(..self.length).unwrap_or_default(),
        }
    }

    pub(super) fn result(self) -> IovResult {
        self.own.map_or(IovResult::Length(self.length), IovResult::Allocated)
    }
}
