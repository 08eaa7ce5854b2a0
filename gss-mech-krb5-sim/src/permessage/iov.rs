//! Messages in pieces (`gss_wrap_iov` and its kin): the data is protected where it lies. Elements of other kinds than
//! those a call works on are left alone.

use super::header::{HEADER, Header, Kind, SEALED};
use super::layout::{Found, Frame, Lengths, Lent, Made, signed, wipe};
use super::token::{check_copy, write_tail};
use super::{PermessageError, Protection, Result, check_qop};
use crate::crypto::{CONFOUNDER, Piece};
use gss_plugin::{Iov, IovKind, IovResult, MessageInfo};
use std::ops::Range;

impl Protection {
    /// Says how long header and trailer of [`wrap_iov`](Self::wrap_iov) will be, and that there is no padding. Answers
    /// whether the message will be encrypted: one without data is not.
    ///
    /// # Errors
    ///
    /// [`PermessageError::Qop`], [`PermessageError::Layout`].
    pub fn wrap_iov_length(&self, confidential: bool, qop: u32, iov: &mut [Iov<'_>]) -> Result<bool> {
        check_qop(qop)?;
        let found = Found::among(iov)?;
        found.in_pieces()?;
        let lengths = self.lengths(confidential, &found);
        for element in iov {
            match element.kind {
                IovKind::Header => element.result = IovResult::Length(lengths.header()),
                IovKind::Trailer => element.result = IovResult::Length(lengths.trailer()),
                IovKind::Padding => element.result = IovResult::Length(0),
                _ => {}
            }
        }
        Ok(lengths.confidential)
    }

    /// Protects a message in pieces: the data in place, header and trailer in their elements, or all in the header
    /// where there is no trailer. Answers whether the message is encrypted: one without data is not.
    ///
    /// # Errors
    ///
    /// [`PermessageError::Qop`], [`PermessageError::Layout`], [`PermessageError::Room`], [`PermessageError::Memory`];
    /// the message is then untouched, and uses up no number. [`PermessageError::Random`].
    pub fn wrap_iov(&self, confidential: bool, qop: u32, iov: &mut [Iov<'_>]) -> Result<bool> {
        check_qop(qop)?;
        let found = Found::among(iov)?;
        found.in_pieces()?;
        let lengths = self.lengths(confidential, &found);
        let make = |kind, length| {
            let element = iov.iter().find(|element| element.kind == kind);
            element.map_or(Ok(None), |element| Made::new(element, length).map(Some))
        };
        let (mut header, mut trailer) =
            (make(IovKind::Header, lengths.header())?, make(IovKind::Trailer, lengths.trailer())?);
        let lent = Lent::of(iov)?;
        let header_place = header.as_mut().map_or(&mut [][..], |made| made.place(lent.header));
        let trailer_place = trailer.as_mut().map_or(&mut [][..], |made| made.place(lent.trailer));
        self.fill(Frame::of(header_place, trailer_place, lengths)?, lent.pieces, lengths)?;
        for element in iov {
            match element.kind {
                IovKind::Header => element.result = header.take().map_or(IovResult::Length(0), Made::result),
                IovKind::Trailer => element.result = trailer.take().map_or(IovResult::Length(0), Made::result),
                IovKind::Padding if element.allocate => element.result = IovResult::Allocated(Vec::new()),
                IovKind::Padding => element.result = IovResult::Length(0),
                _ => {}
            }
        }
        Ok(lengths.confidential)
    }

    /// Verifies a message in pieces and decrypts it in place. Either the elements are those of
    /// [`wrap_iov`](Self::wrap_iov), of exactly the lengths that it gave them; or there is a whole token in an element
    /// of kind `STREAM` and one of kind `DATA`, which is told where in it the message lies, or gets a copy.
    ///
    /// # Errors
    ///
    /// As [`unwrap`](Self::unwrap), and [`PermessageError::Layout`]. Data that could not be verified may be wiped.
    pub fn unwrap_iov(&self, iov: &mut [Iov<'_>]) -> Result<MessageInfo> {
        let found = Found::among(iov)?;
        let header = match (found.stream, found.header) {
            (Some(stream), None) if found.data == 1 && found.mic.is_none() => self.unwrap_stream(iov, stream)?,
            _ => self.unwrap_pieces(iov, &found)?,
        };
        Ok(self.arrived(header))
    }

    /// Says how long the MIC of [`get_mic_iov`](Self::get_mic_iov) will be.
    ///
    /// # Errors
    ///
    /// [`PermessageError::Qop`], [`PermessageError::Layout`].
    pub fn get_mic_iov_length(&self, qop: u32, iov: &mut [Iov<'_>]) -> Result<()> {
        check_qop(qop)?;
        let mic = Found::among(iov)?.mic.ok_or(PermessageError::Layout)?;
        if let Some(element) = iov.get_mut(mic) {
            element.result = IovResult::Length(HEADER + self.key().enctype().mac_len());
        }
        Ok(())
    }

    /// Makes a MIC over data and sign-only elements, in their order, into the element of kind `MIC_TOKEN`.
    ///
    /// # Errors
    ///
    /// [`PermessageError::Qop`], [`PermessageError::Layout`], [`PermessageError::Room`], [`PermessageError::Memory`].
    pub fn get_mic_iov(&self, qop: u32, iov: &mut [Iov<'_>]) -> Result<()> {
        check_qop(qop)?;
        let mic = Found::among(iov)?.mic.ok_or(PermessageError::Layout)?;
        let key = self.sending().mic(self.role)?;
        let mut made = match iov.get(mic) {
            Some(element) => Made::new(element, HEADER + key.enctype().mac_len())?,
            None => return Err(PermessageError::Layout),
        };
        let header = Header::mic(self.token_flags(), self.take_number()).bytes();
        let checksum = key.sign(covered(iov).chain([&header[..]]));
        if let Some(element) = iov.get_mut(mic) {
            for (to, from) in made.place(element.buffer).iter_mut().zip(header.iter().chain(checksum.iter())) {
                *to = *from;
            }
            element.result = made.result();
        }
        Ok(())
    }

    /// Verifies the MIC over data and sign-only elements that lies in the element of kind `MIC_TOKEN`.
    ///
    /// # Errors
    ///
    /// As [`verify_mic`](Self::verify_mic), and [`PermessageError::Layout`].
    pub fn verify_mic_iov(&self, iov: &mut [Iov<'_>]) -> Result<MessageInfo> {
        let mic = Found::among(iov)?.mic.and_then(|mic| iov.get(mic)).ok_or(PermessageError::Layout)?;
        self.verify_mic_over(covered(iov), mic.buffer)
    }

    fn lengths(&self, confidential: bool, found: &Found) -> Lengths {
        Lengths {
            confidential: confidential && found.data > 0,
            filler: self.filler(),
            mac: self.key().enctype().mac_len(),
            has_trailer: found.trailer.is_some(),
        }
    }

    /// Makes a token around the pieces.
    fn fill<'i>(&self, frame: Frame<'i>, mut pieces: Vec<Piece<'i>>, lengths: Lengths) -> Result<()> {
        let Frame { header: place, confounder, encrypted_tail, checksum } = frame;
        // Both are far below 2^16: they are sums of a few fixed lengths.
        let rotation = lengths.rotation(self.dce_style()) as u16;
        if lengths.confidential {
            let keys = self.sending().encryption(self.role)?;
            let confounder = confounder.first_chunk_mut::<CONFOUNDER>().ok_or(PermessageError::PieceLength)?;
            let header = Header::wrap(self.token_flags() | SEALED, lengths.filler as u16, self.take_number());
            write_tail(encrypted_tail, &header.bytes());
            pieces.push(Piece::Data(encrypted_tail));
            keys.seal_pieces(confounder, &mut pieces, checksum)?;
            *place = Header { rotation, ..header }.bytes();
        } else {
            let key = self.sending().wrap(self.role)?;
            let header = Header::wrap(self.token_flags(), 0, self.take_number());
            checksum.copy_from_slice(&key.sign(signed(&pieces).chain([&header.bytes()[..]])));
            *place = Header { rotation, extra: lengths.mac as u16, ..header }.bytes();
        }
        Ok(())
    }

    fn unwrap_pieces(&self, iov: &mut [Iov<'_>], found: &Found) -> Result<Header> {
        found.in_pieces()?;
        if found.padded {
            return Err(PermessageError::Padding);
        }
        let lent = Lent::of(iov)?;
        let header = Header::parse(Kind::Wrap, self.role.peer(), lent.header)?;
        let lengths = self.lengths_of(header, found.trailer.is_some());
        if usize::from(header.rotation) != lengths.rotation(self.dce_style()) {
            return Err(PermessageError::Rotation);
        }
        self.check(header, Frame::of(lent.header, lent.trailer, lengths)?, lent.pieces, lengths)?;
        Ok(header)
    }

    fn unwrap_stream(&self, iov: &mut [Iov<'_>], stream: usize) -> Result<Header> {
        let token = iov.get_mut(stream).map(|element| &mut *element.buffer).unwrap_or_default();
        let header = Header::parse(Kind::Wrap, self.role.peer(), token)?;
        let lengths = self.lengths_of(header, true);
        let text = token.len().checked_sub(lengths.header() + lengths.trailer()).ok_or(PermessageError::Truncated)?;
        straighten(token, header.rotated_by(self.dce_style()));
        let text = lengths.header()..lengths.header() + text;
        self.check_stream(header, iov, stream, text.clone(), lengths)?;

        let token = iov.get(stream).map(|element| &*element.buffer).unwrap_or_default();
        let message = token.get(text.clone()).unwrap_or_default();
        let mut copy = Vec::new();
        let copies = iov.iter().any(|element| element.kind == IovKind::Data && element.allocate);
        if copies {
            copy.try_reserve_exact(message.len()).map_err(|_| PermessageError::Memory)?;
            copy.extend_from_slice(message);
        }
        if let Some(data) = iov.iter_mut().find(|element| element.kind == IovKind::Data) {
            data.result = if copies { IovResult::Allocated(copy) } else { IovResult::InStream(text) };
        }
        Ok(header)
    }

    /// Verifies and decrypts a token in which the message lies at `text`; it takes the place of the element for data.
    fn check_stream(
        &self,
        header: Header,
        iov: &mut [Iov<'_>],
        stream: usize,
        text: Range<usize>,
        lengths: Lengths,
    ) -> Result<()> {
        let (before, rest) = iov.split_at_mut(stream);
        let (token, after) = rest.split_first_mut().ok_or(PermessageError::Layout)?;
        let (start, end) = token.buffer.split_at_mut_checked(text.end).ok_or(PermessageError::Truncated)?;
        let (start, message) = start.split_at_mut_checked(text.start).ok_or(PermessageError::Truncated)?;
        let mut message = Some(message);
        let mut pieces = Vec::new();
        pieces.try_reserve_exact(before.len() + after.len() + 1).map_err(|_| PermessageError::Memory)?;
        for element in before.iter().chain(&*after) {
            match element.kind {
                IovKind::Data => pieces.extend(message.take().map(Piece::Data)),
                IovKind::SignOnly => pieces.push(Piece::Signed(element.buffer)),
                _ => {}
            }
        }
        self.check(header, Frame::of(start, end, lengths)?, pieces, lengths)
    }

    /// The lengths that a token in has by its header.
    fn lengths_of(&self, header: Header, has_trailer: bool) -> Lengths {
        let mac = self.receiving(header).key().enctype().mac_len();
        Lengths { confidential: header.sealed(), filler: header.extra(), mac, has_trailer }
    }

    /// Verifies a token around the pieces, and decrypts them.
    fn check<'i>(&self, header: Header, frame: Frame<'i>, mut pieces: Vec<Piece<'i>>, lengths: Lengths) -> Result<()> {
        let Frame { header: _, confounder, encrypted_tail, checksum } = frame;
        let (ring, sender) = (self.receiving(header), self.role.peer());
        if !lengths.confidential {
            if header.extra() != lengths.mac {
                return Err(PermessageError::ExtraCount);
            }
            let bytes = header.signed().bytes();
            return Ok(ring.wrap(sender)?.verify(signed(&pieces).chain([&bytes[..]]), checksum)?);
        }
        let keys = ring.encryption(sender)?;
        let confounder = confounder.first_chunk_mut::<CONFOUNDER>().ok_or(PermessageError::PieceLength)?;
        pieces.push(Piece::Data(encrypted_tail));
        keys.open_pieces(confounder, &mut pieces, checksum)?;
        let copied = match pieces.last() {
            Some(Piece::Data(tail)) => check_copy(header, tail.get(lengths.filler..).unwrap_or_default()),
            _ => Err(PermessageError::HeaderCopy),
        };
        if copied.is_err() {
            wipe(&mut pieces);
        }
        copied
    }
}

/// Data and sign-only elements, which a MIC is made over.
fn covered<'i>(iov: &'i [Iov<'_>]) -> impl Iterator<Item = &'i [u8]> {
    let covered = iov.iter().filter(|element| matches!(element.kind, IovKind::Data | IovKind::SignOnly));
    covered.map(|element| &*element.buffer)
}

/// Undoes the rotation of a token where it lies, and notes in its header that this was done.
fn straighten(token: &mut [u8], rotated_by: usize) {
    let Some((header, body)) = token.split_first_chunk_mut::<HEADER>() else { return };
    if let Some(count) = rotated_by.checked_rem(body.len()) {
        body.rotate_left(count);
    }
    let [.., r0, r1, _, _, _, _, _, _, _, _] = header;
    (*r0, *r1) = (0, 0);
}

#[cfg(test)]
mod tests;
