//! The pseudo-random functions of the types (RFC 3962 section 7, RFC 8009 section 5), and what GSS-API makes of them
//! (RFC 4402 as clarified by RFC 7802).

use super::cts::Block;
use super::derive::kdf;
use super::enctype::MAX_PRF;
use super::{Enctype, Error, Key, Result};
use aes::cipher::consts::U16;
use aes::cipher::{BlockCipherEncrypt, BlockSizeUser};
use aes::{Aes128Enc, Aes256Enc};
use hmac::{Hmac, KeyInit};
use sha1::{Digest, Sha1};
use sha2::{Sha256, Sha384};
use zeroize::Zeroizing;

impl Key {
    /// The pseudo-random function (RFC 3961 section 3): [`Enctype::prf_len`] bytes.
    ///
    /// # Errors
    ///
    /// None: the length of the key was checked when it was made.
    pub fn prf(&self, input: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
        let prf = Prf::new(self)?;
        let mut out = Zeroizing::new(vec![0; self.enctype().prf_len()]);
        prf.run(&[input], &mut out);
        Ok(out)
    }

    /// GSS_Pseudo_random (RFC 4402 section 2): fills `out` with the outputs of the pseudo-random function for a
    /// counter, from 0 on in four bytes, big endian, before the input.
    ///
    /// # Errors
    ///
    /// [`Error::OutputLength`], beyond 2^32 outputs.
    pub fn prf_plus(&self, input: &[u8], out: &mut [u8]) -> Result<()> {
        let prf = Prf::new(self)?;
        let mut output = Zeroizing::new([0; MAX_PRF]);
        let len = self.enctype().prf_len();
        let output = output.get_mut(..len).unwrap_or_default();
        for (counter, out) in out.chunks_mut(len).enumerate() {
            let counter = u32::try_from(counter).map_err(|_| Error::OutputLength)?;
            prf.run(&[&counter.to_be_bytes(), input], output);
            for (to, from) in out.iter_mut().zip(output.iter()) {
                *to = *from;
            }
        }
        Ok(())
    }
}

/// A pseudo-random function, keyed.
#[expect(clippy::large_enum_variant, reason = "lives on the stack, for as long as one call takes")]
enum Prf {
    Aes128(Aes128Enc),
    Aes256(Aes256Enc),
    Sha256(Hmac<Sha256>),
    Sha384(Hmac<Sha384>),
}

impl Prf {
    fn new(key: &Key) -> Result<Self> {
        let enctype = key.enctype();
        let derived;
        let bytes = if enctype.encrypts_then_macs() {
            key.bytes()
        } else {
            derived = key.deriver()?.derive_by_name(b"prf");
            derived.bytes()
        };
        match enctype {
            Enctype::Aes128Sha1 => Aes128Enc::new_from_slice(bytes).map(Self::Aes128),
            Enctype::Aes256Sha1 => Aes256Enc::new_from_slice(bytes).map(Self::Aes256),
            Enctype::Aes128Sha256 => Hmac::new_from_slice(bytes).map(Self::Sha256),
            Enctype::Aes256Sha384 => Hmac::new_from_slice(bytes).map(Self::Sha384),
        }
        .map_err(|_| Error::KeyLength { enctype, actual: bytes.len() })
    }

    /// One output, of the full length, for an input in parts.
    fn run(&self, input: &[&[u8]], out: &mut [u8]) {
        match self {
            Self::Aes128(aes) => block(aes, input, out),
            Self::Aes256(aes) => block(aes, input, out),
            Self::Sha256(mac) => kdf(mac, b"prf", input, out),
            Self::Sha384(mac) => kdf(mac, b"prf", input, out),
        }
    }
}

/// RFC 3962: the hash of the input, cut to one block and encrypted.
fn block<C: BlockCipherEncrypt + BlockSizeUser<BlockSize = U16>>(cipher: &C, input: &[&[u8]], out: &mut [u8]) {
    let mut hash = Sha1::new();
    for part in input {
        hash.update(part);
    }
    let mut block = Block::default();
    for (to, from) in block.iter_mut().zip(hash.finalize()) {
        *to = from;
    }
    cipher.encrypt_block(&mut block);
    for (to, from) in out.iter_mut().zip(block) {
        *to = from;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::testing::{any_key, hex, key};

    /// RFC 8009 appendix A; for RFC 3962, which has none, the values that MIT's own tests hold.
    #[test]
    fn outputs_are_those_of_the_specifications() {
        let long = "C01F157211F7B77EAAF457C3E156690127EE127D810BA6392E97BAA243EB0616";
        let other = "9D520D2D980AA7CB6B693682B62DA258B333867951642CE647AE62B1E5E0B5E9";
        let cases = [
            (Enctype::Aes128Sha1, "AE272E7CDEC86AC5138CDB196D8E297D", "0161", "77B39A37A868920F2A51F9DD150C5717"),
            (Enctype::Aes128Sha1, "67AB1CFEF35E4C27FFDEAC60385A3E9C", "0162", "E06C0DD31FF02091994F2EF5178BFE3D"),
            (Enctype::Aes256Sha1, long, "0161", "B2628C788E2E9C4A9BB4644678C29F2F"),
            (Enctype::Aes256Sha1, long, "0261", "B406373350CEE8A6126F4A9B65A0CD21"),
            (Enctype::Aes256Sha1, other, "0162", "FF0E289EA756C0559A0E911856961A49"),
            (Enctype::Aes256Sha1, other, "0262", "0D674DD0F9A6806525A4D92E828BD15A"),
            (
                Enctype::Aes128Sha256,
                "3705D96080C17728A0E800EAB6E0D23C",
                "74657374",
                "9D188616F63852FE86915BB840B4A886FF3E6BB0F819B49B893393D393854295",
            ),
            (
                Enctype::Aes256Sha384,
                "6D404D37FAF79F9DF0D33568D320669800EB4836472EA8A026D16B7182460C52",
                "74657374",
                "9801F69A368C2BF675E59521E177D9A07F67EFE1CFDE8D3C8D6F6A0256E3B17DB3C1B62AD1B8553360D17367EB1514D2",
            ),
        ];
        for (enctype, base, input, output) in cases {
            assert_eq!(**key(enctype, base).prf(&hex(input)).unwrap(), hex(output), "{enctype} {input}");
        }
    }

    #[test]
    fn prf_plus_is_the_outputs_for_each_counter_end_to_end() {
        for enctype in Enctype::ALL {
            let key = any_key(enctype, 1);
            let expected: Vec<u8> = (0_u8..8).flat_map(|n| key.prf(&[0, 0, 0, n, b's']).unwrap().to_vec()).collect();
            for len in [0, 1, enctype.prf_len(), enctype.prf_len() + 1, 100] {
                let mut out = vec![0; len];
                key.prf_plus(b"s", &mut out).unwrap();
                assert_eq!(out, expected[..len], "{enctype} {len}");
            }
        }
    }
}
