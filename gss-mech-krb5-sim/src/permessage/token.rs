//! Tokens in one piece. They are made and opened in the caller's output: the message is copied there once and nothing
//! else is allocated.

use super::header::{HEADER, Header, Kind, SEALED, Unrotated};
use super::{PermessageError, Protection, Result, append, check_qop};
use crate::crypto::{CONFOUNDER, Piece, UsageKeys};
use gss_plugin::{MessageInfo, Output};
use zeroize::Zeroize;

/// The longest checksum of any encryption type.
const MAX_MAC: usize = 24;
/// The length of the filler in DCE's encrypted tokens: Windows takes none without (MS-KILE section 3.4.5.4.1).
pub(super) const DCE_FILLER: usize = 16;

impl Protection {
    /// Appends the Wrap token of a message (RFC 4121 section 4.2.6.2), and answers whether it is encrypted. The token
    /// is not rotated.
    ///
    /// # Errors
    ///
    /// [`PermessageError::Qop`], [`PermessageError::Memory`], [`PermessageError::Random`]; the output is then as it
    /// was.
    pub fn wrap(&self, confidential: bool, qop: u32, message: &[u8], out: &mut Output<'_>) -> Result<bool> {
        check_qop(qop)?;
        if confidential {
            self.seal(0, &[], message, out)?;
        } else {
            self.sign(&[], message, out)?;
        }
        Ok(confidential)
    }

    /// Appends the Wrap token of a message with associated data, which the checksum covers and the token does not hold.
    /// In DCE's style there is filler, as [`wrap_iov`](Self::wrap_iov) has it.
    ///
    /// # Errors
    ///
    /// As [`wrap`](Self::wrap).
    pub fn wrap_aead(
        &self,
        confidential: bool,
        qop: u32,
        associated: &[u8],
        message: &[u8],
        out: &mut Output<'_>,
    ) -> Result<bool> {
        check_qop(qop)?;
        if confidential {
            self.seal(self.filler(), associated, message, out)?;
        } else {
            self.sign(associated, message, out)?;
        }
        Ok(confidential)
    }

    /// Verifies a Wrap token and appends its message.
    ///
    /// # Errors
    ///
    /// Those of RFC 2743 section 2.3.4: [`PermessageError::major`] is `DEFECTIVE_TOKEN` or `BAD_MIC`. Also
    /// [`PermessageError::Memory`]. The output is then as it was, and the message does not count as arrived.
    pub fn unwrap(&self, token: &[u8], out: &mut Output<'_>) -> Result<MessageInfo> {
        self.unwrap_aead(token, &[], out)
    }

    /// Verifies a Wrap token with associated data and appends its message.
    ///
    /// # Errors
    ///
    /// As [`unwrap`](Self::unwrap).
    pub fn unwrap_aead(&self, token: &[u8], associated: &[u8], out: &mut Output<'_>) -> Result<MessageInfo> {
        let header = Header::parse(Kind::Wrap, self.role.peer(), token)?;
        let body = Unrotated::new(token.get(HEADER..).unwrap_or_default(), header.rotated_by(self.dce_style()));
        if header.sealed() {
            self.open(header, body, associated, out)?;
        } else {
            self.verify(header, body, associated, out)?;
        }
        Ok(self.arrived(header))
    }

    /// Appends the MIC of a message (RFC 4121 section 4.2.6.1).
    ///
    /// # Errors
    ///
    /// [`PermessageError::Qop`], [`PermessageError::Memory`].
    pub fn get_mic(&self, qop: u32, message: &[u8], out: &mut Output<'_>) -> Result<()> {
        check_qop(qop)?;
        let key = self.sending().mic(self.role)?;
        let room = append(out, HEADER + key.enctype().mac_len())?;
        let header = Header::mic(self.token_flags(), self.take_number()).bytes();
        let checksum = key.sign([message, &header]);
        let (start, end) = room.split_at_mut(HEADER);
        start.copy_from_slice(&header);
        end.copy_from_slice(&checksum);
        Ok(())
    }

    /// Verifies the MIC of a message.
    ///
    /// # Errors
    ///
    /// Those of RFC 2743 section 2.3.2: [`PermessageError::major`] is `DEFECTIVE_TOKEN` or `BAD_MIC`.
    pub fn verify_mic(&self, message: &[u8], mic: &[u8]) -> Result<MessageInfo> {
        self.verify_mic_over([message], mic)
    }

    /// Verifies a MIC over pieces.
    pub(super) fn verify_mic_over<'a>(
        &self,
        pieces: impl IntoIterator<Item = &'a [u8]>,
        mic: &'a [u8],
    ) -> Result<MessageInfo> {
        let header = Header::parse(Kind::Mic, self.role.peer(), mic)?;
        let key = self.receiving(header).mic(self.role.peer())?;
        let (start, checksum) = mic.split_at_checked(HEADER).ok_or(PermessageError::Truncated)?;
        if checksum.len() != key.enctype().mac_len() {
            return Err(PermessageError::PieceLength);
        }
        key.verify(pieces.into_iter().chain([start]), checksum)?;
        Ok(self.arrived(header))
    }

    /// How much filler encrypted messages in pieces have.
    pub(super) fn filler(&self) -> usize {
        if self.dce_style() { DCE_FILLER } else { 0 }
    }

    /// `header | encrypt(message | filler | header)`
    fn seal(&self, filler: usize, associated: &[u8], message: &[u8], out: &mut Output<'_>) -> Result<()> {
        let keys = self.sending().encryption(self.role)?;
        let before = out.len();
        // A slice has at most half as many bytes as a `usize` can count.
        let tail = filler + HEADER;
        let room = append(out, HEADER + CONFOUNDER + message.len() + tail + keys.enctype().mac_len())?;
        // At most `DCE_FILLER`.
        let extra = filler as u16;
        let header = Header::wrap(self.token_flags() | SEALED, extra, self.take_number()).bytes();
        let (start, body) = room.split_at_mut(HEADER);
        start.copy_from_slice(&header);
        let sealed = seal_body(keys, body, &header, associated, message, tail);
        if sealed.is_err() {
            room.zeroize();
            out.truncate(before);
        }
        sealed
    }

    /// `header | message | checksum(message | header)`
    fn sign(&self, associated: &[u8], message: &[u8], out: &mut Output<'_>) -> Result<()> {
        let key = self.sending().wrap(self.role)?;
        let mac = key.enctype().mac_len();
        let room = append(out, HEADER + message.len() + mac)?;
        let header = Header::wrap(self.token_flags(), 0, self.take_number());
        let checksum = key.sign([associated, message, &header.bytes()]);
        let (start, rest) = room.split_at_mut(HEADER);
        let (data, end) = rest.split_at_mut(message.len());
        // What was signed has no count; what is sent has the checksum's length.
        start.copy_from_slice(&Header { extra: mac as u16, ..header }.bytes());
        data.copy_from_slice(message);
        end.copy_from_slice(&checksum);
        Ok(())
    }

    fn open(&self, header: Header, body: Unrotated<'_>, associated: &[u8], out: &mut Output<'_>) -> Result<()> {
        let keys = self.receiving(header).encryption(self.role.peer())?;
        let mac = keys.enctype().mac_len();
        let tail = header.extra() + HEADER;
        let text = body.len().checked_sub(CONFOUNDER + tail + mac).ok_or(PermessageError::Truncated)?;
        let length = text + tail;
        let (mut confounder, mut checksum) = ([0; CONFOUNDER], [0; MAX_MAC]);
        let checksum = checksum.get_mut(..mac).ok_or(PermessageError::Key)?;
        let (first, rest) = body.split_at(CONFOUNDER);
        let (data, last) = rest.split_at(length);
        first.copy_to(&mut confounder);
        last.copy_to(checksum);

        let before = out.len();
        let room = append(out, length)?;
        data.copy_to(room);
        let mut pieces = [Piece::Signed(associated), Piece::Data(&mut *room)];
        let opened = keys.open_pieces(&mut confounder, &mut pieces, checksum).map_err(PermessageError::from);
        let opened = opened.and_then(|()| check_copy(header, room.split_at(length - HEADER).1));
        if opened.is_err() {
            room.zeroize();
        }
        out.truncate(if opened.is_ok() { before + text } else { before });
        opened
    }

    fn verify(&self, header: Header, body: Unrotated<'_>, associated: &[u8], out: &mut Output<'_>) -> Result<()> {
        let key = self.receiving(header).wrap(self.role.peer())?;
        let mac = key.enctype().mac_len();
        if header.extra() != mac {
            return Err(PermessageError::ExtraCount);
        }
        let length = body.len().checked_sub(mac).ok_or(PermessageError::Truncated)?;
        let (message, last) = body.split_at(length);
        let mut checksum = [0; MAX_MAC];
        let checksum = checksum.get_mut(..mac).ok_or(PermessageError::Key)?;
        last.copy_to(checksum);
        key.verify([associated, message.front, message.back, &header.signed().bytes()], checksum)?;
        message.copy_to(append(out, length)?);
        Ok(())
    }
}

/// Fills the body of a token: confounder, message, tail (filler and header), checksum.
fn seal_body(
    keys: &UsageKeys,
    body: &mut [u8],
    header: &[u8; HEADER],
    associated: &[u8],
    message: &[u8],
    tail: usize,
) -> Result<()> {
    let text = message.len();
    let Some((confounder, rest)) = body.split_first_chunk_mut::<CONFOUNDER>() else {
        return Err(PermessageError::Memory);
    };
    let (data, checksum) = rest.split_at_mut(text + tail);
    let (place, end) = data.split_at_mut(text);
    place.copy_from_slice(message);
    write_tail(end, header);
    if associated.is_empty() {
        return Ok(keys.seal(body)?);
    }
    Ok(keys.seal_pieces(confounder, &mut [Piece::Signed(associated), Piece::Data(data)], checksum)?)
}

/// What is encrypted after the data: filler, and the header at the end.
pub(super) fn write_tail(tail: &mut [u8], header: &[u8; HEADER]) {
    let (filler, copy) = tail.split_at_mut(tail.len().saturating_sub(HEADER));
    filler.fill(0xff);
    if let Some(copy) = copy.first_chunk_mut() {
        *copy = *header;
    }
}

/// Whether the header that was encrypted is the one that stands in the clear, but for the rotation.
pub(super) fn check_copy(header: Header, copy: &[u8]) -> Result<()> {
    if copy == header.encrypted().bytes() { Ok(()) } else { Err(PermessageError::HeaderCopy) }
}

#[cfg(test)]
mod tests;
