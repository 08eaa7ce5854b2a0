//! Encryption under the keys of one usage (RFC 3961 section 5.3, RFC 8009 section 5): Ke for the cipher, Ki for the
//! checksum.

use super::cts::{Decrypting, Encrypting};
use super::pieces::{Message, Order, Piece, Tally, transform};
use super::{CONFOUNDER, Enctype, Error, Result, random};
use aes::cipher::consts::U16;
use aes::cipher::{BlockCipherDecrypt, BlockCipherEncrypt, BlockSizeUser};
use aes::{Aes128, Aes256};
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::{Sha256, Sha384};
use std::fmt;
use subtle::ConstantTimeEq;

/// What encrypts and decrypts for one key and one key usage: the expanded AES key and the keyed state of the checksum.
///
/// Built by [`Key::usage_keys`](super::Key::usage_keys) or [`Deriver::usage_keys`](super::Deriver::usage_keys), and
/// meant to be kept: building one costs as much as a message of some hundred bytes. Calls take `&self`, so that several
/// threads can use one at once. Nothing is allocated and no data is copied.
pub struct UsageKeys {
    enctype: Enctype,
    suite: Suite,
}

/// The four combinations of cipher and hash. Each in a box of its own size: what a smaller one left free of a larger one's
/// room would be moved along with it, with whatever was on the stack there, and nobody would wipe it.
enum Suite {
    Aes128Sha1(Box<Pair<Aes128, Hmac<Sha1>>>),
    Aes256Sha1(Box<Pair<Aes256, Hmac<Sha1>>>),
    Aes128Sha256(Box<Pair<Aes128, Hmac<Sha256>>>),
    Aes256Sha384(Box<Pair<Aes256, Hmac<Sha384>>>),
}

impl UsageKeys {
    /// From Ke and Ki, which the caller has made of the right lengths.
    pub(super) fn new(enctype: Enctype, ke: &[u8], ki: &[u8]) -> Result<Self> {
        let suite = match enctype {
            Enctype::Aes128Sha1 => Pair::new(enctype, ke, ki).map(Suite::Aes128Sha1),
            Enctype::Aes256Sha1 => Pair::new(enctype, ke, ki).map(Suite::Aes256Sha1),
            Enctype::Aes128Sha256 => Pair::new(enctype, ke, ki).map(Suite::Aes128Sha256),
            Enctype::Aes256Sha384 => Pair::new(enctype, ke, ki).map(Suite::Aes256Sha384),
        }?;
        Ok(Self { enctype, suite })
    }

    /// The encryption type of the key.
    pub fn enctype(&self) -> Enctype {
        self.enctype
    }

    /// Encrypts in place. The buffer begins with room for the confounder ([`CONFOUNDER`] bytes), which is filled in,
    /// then has the plaintext, and ends with room for the checksum ([`Enctype::mac_len`] bytes).
    ///
    /// # Errors
    ///
    /// [`Error::TooShort`], [`Error::Random`]; the plaintext is then untouched.
    pub fn seal(&self, buffer: &mut [u8]) -> Result<()> {
        let (body, checksum) = self.split(buffer)?;
        // `split` has seen to it that there is room.
        if let Some(confounder) = body.first_chunk_mut::<CONFOUNDER>() {
            random(confounder)?;
        }
        self.encrypt(&mut Message::new(body, &mut []), checksum);
        Ok(())
    }

    /// Encrypts in place a message that lies in several buffers. Confounder and checksum are filled in; the ciphertext
    /// is what [`seal`](Self::seal) would make of the data in one piece. Data that is only signed counts for the
    /// checksum where it stands between the other pieces.
    ///
    /// # Errors
    ///
    /// [`Error::ChecksumLength`], [`Error::Random`]; the plaintext is then untouched.
    pub fn seal_pieces(
        &self,
        confounder: &mut [u8; CONFOUNDER],
        pieces: &mut [Piece<'_>],
        checksum: &mut [u8],
    ) -> Result<()> {
        self.check_length(checksum)?;
        random(confounder)?;
        self.encrypt(&mut Message::new(confounder, pieces), checksum);
        Ok(())
    }

    /// Decrypts in place what [`seal`](Self::seal) or a peer has made, and returns the part of the buffer that holds
    /// the plaintext.
    ///
    /// # Errors
    ///
    /// [`Error::TooShort`], the buffer untouched; [`Error::Integrity`], the buffer as it was (RFC 8009) or wiped (RFC
    /// 3962, whose checksum can only be verified once the plaintext is there).
    pub fn open<'b>(&self, buffer: &'b mut [u8]) -> Result<&'b mut [u8]> {
        let (body, checksum) = self.split(buffer)?;
        self.decrypt(&mut Message::new(body, &mut []), checksum)?;
        Ok(body.get_mut(CONFOUNDER..).unwrap_or_default())
    }

    /// Decrypts in place a message that lies in several buffers.
    ///
    /// # Errors
    ///
    /// [`Error::ChecksumLength`]; [`Error::Integrity`], with the same consequence as for [`open`](Self::open).
    pub fn open_pieces(
        &self,
        confounder: &mut [u8; CONFOUNDER],
        pieces: &mut [Piece<'_>],
        checksum: &[u8],
    ) -> Result<()> {
        self.check_length(checksum)?;
        self.decrypt(&mut Message::new(confounder, pieces), checksum)
    }

    /// Seals with a confounder that is there already.
    #[cfg(test)]
    pub(super) fn seal_with(&self, confounder: &mut [u8], pieces: &mut [Piece<'_>], checksum: &mut [u8]) {
        self.encrypt(&mut Message::new(confounder, pieces), checksum);
    }

    fn split<'b>(&self, buffer: &'b mut [u8]) -> Result<(&'b mut [u8], &'b mut [u8])> {
        let actual = buffer.len();
        let body = actual.checked_sub(self.enctype.mac_len()).filter(|body| *body >= CONFOUNDER);
        body.and_then(|body| buffer.split_at_mut_checked(body)).ok_or(Error::TooShort { enctype: self.enctype, actual })
    }

    fn check_length(&self, checksum: &[u8]) -> Result<()> {
        if checksum.len() == self.enctype.mac_len() {
            Ok(())
        } else {
            Err(Error::ChecksumLength { enctype: self.enctype, actual: checksum.len() })
        }
    }

    fn encrypt(&self, message: &mut Message<'_, '_>, checksum: &mut [u8]) {
        match &self.suite {
            Suite::Aes128Sha1(pair) => pair.encrypt(message, checksum),
            Suite::Aes256Sha1(pair) => pair.encrypt(message, checksum),
            Suite::Aes128Sha256(pair) => pair.encrypt(message, checksum),
            Suite::Aes256Sha384(pair) => pair.encrypt(message, checksum),
        }
    }

    fn decrypt(&self, message: &mut Message<'_, '_>, checksum: &[u8]) -> Result<()> {
        match &self.suite {
            Suite::Aes128Sha1(pair) => pair.decrypt(message, checksum),
            Suite::Aes256Sha1(pair) => pair.decrypt(message, checksum),
            Suite::Aes128Sha256(pair) => pair.decrypt(message, checksum),
            Suite::Aes256Sha384(pair) => pair.decrypt(message, checksum),
        }
    }
}

/// Shows the type of the key and nothing of the key.
impl fmt::Debug for UsageKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UsageKeys").field("enctype", &self.enctype).finish_non_exhaustive()
    }
}

/// A cipher and a checksum, ready for use. Both wipe themselves.
struct Pair<C, M> {
    cipher: C,
    /// Keyed, and for RFC 8009 past the cipher state that its checksum begins with.
    mac: M,
    /// How many bytes of the message, as the checksum sees it, `mac` has seen.
    seen: usize,
    encrypts_then_macs: bool,
}

impl<C, M> Pair<C, M>
where
    C: BlockCipherEncrypt + BlockCipherDecrypt + BlockSizeUser<BlockSize = U16> + KeyInit,
    M: Mac + BlockSizeUser + KeyInit + Clone,
{
    fn new(enctype: Enctype, ke: &[u8], ki: &[u8]) -> Result<Box<Self>> {
        let length = |actual| Error::KeyLength { enctype, actual };
        let cipher = C::new_from_slice(ke).map_err(|_| length(ke.len()))?;
        let mut mac = <M as KeyInit>::new_from_slice(ki).map_err(|_| length(ki.len()))?;
        let mut seen = 0;
        let encrypts_then_macs = enctype.encrypts_then_macs();
        if encrypts_then_macs {
            // The initial cipher state. It is all that RFC 4121 and RFC 4120 ever use.
            mac.update(&[0; CONFOUNDER]);
            seen = CONFOUNDER;
        }
        Ok(Box::new(Self { cipher, mac, seen, encrypts_then_macs }))
    }

    fn tally(&self) -> Tally<M> {
        Tally::new(self.mac.clone(), self.seen)
    }

    fn encrypt(&self, message: &mut Message<'_, '_>, checksum: &mut [u8]) {
        let order = if self.encrypts_then_macs { Order::CipherThenMac } else { Order::MacThenCipher };
        let mut tally = self.tally();
        transform(message, &mut Encrypting::new(&self.cipher), &mut tally, order);
        for (to, from) in checksum.iter_mut().zip(tally.finish()) {
            *to = from;
        }
    }

    fn decrypt(&self, message: &mut Message<'_, '_>, checksum: &[u8]) -> Result<()> {
        let mut tally = self.tally();
        let mut chain = Decrypting::new(&self.cipher);
        if self.encrypts_then_macs {
            tally.whole(message);
            verify(tally.finish().get(..checksum.len()), checksum)?;
            transform(message, &mut chain, &mut self.tally(), Order::CipherOnly);
            return Ok(());
        }
        transform(message, &mut chain, &mut tally, Order::CipherThenMac);
        verify(tally.finish().get(..checksum.len()), checksum).inspect_err(|_| message.wipe())
    }
}

/// Compares in a time that tells nothing about where they differ.
pub(super) fn verify(made: Option<&[u8]>, given: &[u8]) -> Result<()> {
    match made {
        Some(made) if bool::from(made.ct_eq(given)) => Ok(()),
        _ => Err(Error::Integrity),
    }
}

#[cfg(test)]
mod tests;
