//! AES in CBC mode with ciphertext stealing, as Kerberos has it (RFC 3962 section 5): the initial vector is zero, the
//! last two blocks of ciphertext change places, always, and the last one is cut to the length of the last of the
//! plaintext.
//!
//! Over a message that lies in several places: all but its end goes through [`Chain::bulk`], its end through
//! [`Chain::tail`]. `pieces.rs` cuts it.

use aes::cipher::consts::U16;
use aes::cipher::{
    Array, BlockCipherDecrypt, BlockCipherEncrypt, BlockModeDecrypt, BlockModeEncrypt, BlockSizeUser, InnerIvInit,
};

/// The length of a block of AES, in bytes.
pub(super) const BLOCK: usize = 16;

pub(super) type Block = Array<u8, U16>;

/// A message on its way through the cipher.
pub(super) trait Chain {
    /// How many bytes are best handed over at once, while a checksum is made as well.
    const STRIDE: usize;

    /// Transforms whole blocks, not the end of the message. What is left over beyond whole blocks stays as it was.
    fn bulk(&mut self, bytes: &mut [u8]);

    /// Transforms the end of the message: its last two blocks, the last of them cut to 1 to 16 bytes; or the only
    /// block.
    fn tail(&mut self, bytes: &mut [u8]);
}

/// The length of the end of a message of `len` bytes: what [`Chain::tail`] is for.
pub(super) fn tail_len(len: usize) -> usize {
    match len.checked_sub(BLOCK) {
        None | Some(0) => len,
        Some(beyond) => BLOCK + (beyond - 1) % BLOCK + 1,
    }
}

/// Encryption.
pub(super) struct Encrypting<'k, C: BlockCipherEncrypt>(cbc::Encryptor<&'k C>);

impl<'k, C: BlockCipherEncrypt + BlockSizeUser<BlockSize = U16>> Encrypting<'k, C> {
    pub(super) fn new(cipher: &'k C) -> Self {
        Self(cbc::Encryptor::inner_iv_init(cipher, &Block::default()))
    }
}

impl<C: BlockCipherEncrypt + BlockSizeUser<BlockSize = U16>> Chain for Encrypting<'_, C> {
    // Each block waits for the one before it, and so does each step of the hash. One block of the hash at a time, the
    // processor sees enough of both chains to work on them at once: a third more bytes a second than in long strides.
    const STRIDE: usize = 64;

    #[inline]
    fn bulk(&mut self, bytes: &mut [u8]) {
        let (blocks, _) = Array::slice_as_chunks_mut(bytes);
        self.0.encrypt_blocks(blocks);
    }

    fn tail(&mut self, bytes: &mut [u8]) {
        let Some((first, last)) = bytes.split_first_chunk_mut::<BLOCK>() else { return };
        let mut blocks = [Block::from(*first), Block::default()];
        let [before, end] = &mut blocks;
        if last.is_empty() {
            self.0.encrypt_block(before);
            *first = (*before).into();
            return;
        }
        copy(last, end);
        self.0.encrypt_blocks(&mut blocks);
        let [before, end] = blocks;
        *first = end.into();
        copy(&before, last);
    }
}

/// Decryption.
pub(super) struct Decrypting<'k, C: BlockCipherDecrypt> {
    cipher: &'k C,
    chain: cbc::Decryptor<&'k C>,
}

impl<'k, C: BlockCipherDecrypt + BlockSizeUser<BlockSize = U16>> Decrypting<'k, C> {
    pub(super) fn new(cipher: &'k C) -> Self {
        Self { cipher, chain: cbc::Decryptor::inner_iv_init(cipher, &Block::default()) }
    }
}

impl<C: BlockCipherDecrypt + BlockSizeUser<BlockSize = U16>> Chain for Decrypting<'_, C> {
    // Decryption does not wait for itself: several blocks at once, and still in the first-level cache for the hash.
    const STRIDE: usize = 1024;

    #[inline]
    fn bulk(&mut self, bytes: &mut [u8]) {
        let (blocks, _) = Array::slice_as_chunks_mut(bytes);
        self.chain.decrypt_blocks(blocks);
    }

    fn tail(&mut self, bytes: &mut [u8]) {
        let Some((first, last)) = bytes.split_first_chunk_mut::<BLOCK>() else { return };
        let end = Block::from(*first);
        if last.is_empty() {
            let mut only = end;
            self.chain.decrypt_block(&mut only);
            *first = only.into();
            return;
        }
        // The block before the end was cut; what was cut from it is what the end's padding, zeros, was mixed with.
        let mut before = end;
        self.cipher.decrypt_block(&mut before);
        copy(last, &mut before);
        let mut blocks = [before, end];
        self.chain.decrypt_blocks(&mut blocks);
        let [before, end] = blocks;
        *first = before.into();
        copy(&end, last);
    }
}

/// As many bytes as the shorter one has.
fn copy(from: &[u8], to: &mut [u8]) {
    for (to, from) in to.iter_mut().zip(from) {
        *to = *from;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::testing::hex;
    use aes::Aes128;
    use aes::cipher::KeyInit;

    fn run(chain: &mut impl Chain, text: &mut [u8]) {
        let (bulk, tail) = text.split_at_mut(text.len() - tail_len(text.len()));
        chain.bulk(bulk);
        chain.tail(tail);
    }

    /// RFC 3962 appendix B.
    #[test]
    fn ciphertexts_are_those_of_rfc_3962() {
        let plain = b"I would like the General Gau's Chicken, please, and wonton soup.";
        let stolen = "97687268d6ecccc0c07b25e25ecfe5";
        let cases = [
            (17, "c6353568f2bf8cb4d8a580362da7ff7f97".to_owned()),
            (31, format!("fc00783e0efdb2c1d445d4c8eff7ed22{stolen}")),
            (32, format!("39312523a78662d5be7fcbcc98ebf5a8{stolen}84")),
            (47, format!("{stolen}84b3fffd940c16a18c1b5549d2f838029e39312523a78662d5be7fcbcc98ebf5")),
            (48, format!("{stolen}849dad8bbb96c4cdc03bc103e1a194bbd839312523a78662d5be7fcbcc98ebf5a8")),
            (
                64,
                format!(
                    "{stolen}8439312523a78662d5be7fcbcc98ebf5a84807efe836ee89a526730dbc2f7bc840\
                     9dad8bbb96c4cdc03bc103e1a194bbd8"
                ),
            ),
        ];
        let cipher = Aes128::new(&Array::from(*b"chicken teriyaki"));
        for (len, expected) in cases {
            let mut text = plain[..len].to_vec();
            run(&mut Encrypting::new(&cipher), &mut text);
            assert_eq!(text, hex(&expected), "{len} bytes");
            run(&mut Decrypting::new(&cipher), &mut text);
            assert_eq!(text, &plain[..len], "{len} bytes");
        }
    }

    #[test]
    fn a_single_block_is_encrypted_by_itself() {
        let cipher = Aes128::new(&Array::from(*b"chicken teriyaki"));
        let mut text = *b"I would like the";
        run(&mut Encrypting::new(&cipher), &mut text);
        let mut block = Block::from(*b"I would like the");
        cipher.encrypt_block(&mut block);
        assert_eq!(text, block[..]);
        run(&mut Decrypting::new(&cipher), &mut text);
        assert_eq!(&text, b"I would like the");
    }

    #[test]
    fn the_tail_is_the_last_two_blocks() {
        let lens = [0, 1, 15, 16, 17, 31, 32, 33, 47, 48, 49].map(tail_len);
        assert_eq!(lens, [0, 1, 15, 16, 17, 31, 32, 17, 31, 32, 17]);
    }
}
