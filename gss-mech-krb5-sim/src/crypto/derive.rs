//! Keys from keys: n-fold and DR/DK (RFC 3961 section 5.1), KDF-HMAC-SHA2 (RFC 8009 section 3), and the keys of a
//! usage.

use super::cts::{BLOCK, Block};
use super::enctype::MAX_KEY;
use super::{ChecksumKey, Enctype, Error, Key, Result, UsageKeys};
use aes::cipher::consts::U16;
use aes::cipher::{BlockCipherEncrypt, BlockSizeUser};
use aes::{Aes128Enc, Aes256Enc};
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Sha256, Sha384};
use std::fmt;
use zeroize::{Zeroize, Zeroizing};

/// What a key of a usage is for. The discriminant is the last byte of the constant that it is derived with.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub(super) enum Purpose {
    /// Kc: checksums.
    Checksum = 0x99,
    /// Ke: encryption.
    Encryption = 0xaa,
    /// Ki: the checksum within a ciphertext.
    Integrity = 0x55,
}

/// A derived key, of no more bytes than its purpose has use for.
pub(super) struct Derived {
    bytes: Zeroizing<[u8; MAX_KEY]>,
    len: usize,
}

impl Derived {
    pub(super) fn bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }
}

/// A key that is ready to derive others from: of use where several are needed at once, as when a context is made.
///
/// ```
/// # use gss_mech_krb5_sim::crypto::{Enctype, Key, Result};
/// # fn main() -> Result<()> {
/// let subkey = Key::random(Enctype::Aes256Sha1)?;
/// let deriver = subkey.deriver()?;
/// // RFC 4121 section 2: what the initiator seals and signs with.
/// let (seal, sign) = (deriver.usage_keys(24)?, deriver.checksum_key(25)?);
/// # Ok(())
/// # }
/// ```
pub struct Deriver {
    enctype: Enctype,
    base: Base,
}

/// RFC 3962 derives with the cipher, RFC 8009 with the HMAC.
#[expect(clippy::large_enum_variant, reason = "lives on the stack, for as long as a context takes to make")]
enum Base {
    Aes128(Aes128Enc),
    Aes256(Aes256Enc),
    Sha256(Hmac<Sha256>),
    Sha384(Hmac<Sha384>),
}

impl Deriver {
    pub(super) fn new(key: &Key) -> Result<Self> {
        let (enctype, key) = (key.enctype(), key.bytes());
        let base = match enctype {
            Enctype::Aes128Sha1 => Aes128Enc::new_from_slice(key).map(Base::Aes128),
            Enctype::Aes256Sha1 => Aes256Enc::new_from_slice(key).map(Base::Aes256),
            Enctype::Aes128Sha256 => Hmac::new_from_slice(key).map(Base::Sha256),
            Enctype::Aes256Sha384 => Hmac::new_from_slice(key).map(Base::Sha384),
        };
        Ok(Self { enctype, base: base.map_err(|_| Error::KeyLength { enctype, actual: key.len() })? })
    }

    /// The keys that encrypt for this usage.
    ///
    /// # Errors
    ///
    /// None that a [`Key`] can cause: its length was checked when it was made.
    pub fn usage_keys(&self, usage: u32) -> Result<UsageKeys> {
        let [ke, ki] = self.derive(usage, [Purpose::Encryption, Purpose::Integrity]);
        UsageKeys::new(self.enctype, ke.bytes(), ki.bytes())
    }

    /// The key that signs for this usage.
    ///
    /// # Errors
    ///
    /// None that a [`Key`] can cause: its length was checked when it was made.
    pub fn checksum_key(&self, usage: u32) -> Result<ChecksumKey> {
        let [kc] = self.derive(usage, [Purpose::Checksum]);
        ChecksumKey::new(self.enctype, kc.bytes())
    }

    /// Several at once: the cipher works on several blocks in the time of one.
    pub(super) fn derive<const N: usize>(&self, usage: u32, purposes: [Purpose; N]) -> [Derived; N] {
        let len = self.enctype.key_len();
        let folded = || purposes.map(|purpose| folded(usage, purpose));
        match &self.base {
            Base::Aes128(aes) => dr(aes, folded()).map(|bytes| Derived { bytes, len }),
            Base::Aes256(aes) => dr(aes, folded()).map(|bytes| Derived { bytes, len }),
            Base::Sha256(mac) => purposes.map(|purpose| self.kdf(mac, usage, purpose)),
            Base::Sha384(mac) => purposes.map(|purpose| self.kdf(mac, usage, purpose)),
        }
    }

    /// The key that goes with a name instead of a usage: for string-to-key, and for the pseudo-random function of RFC
    /// 3962. As long as the protocol key.
    pub(super) fn derive_by_name(&self, name: &[u8]) -> Derived {
        let len = self.enctype.key_len();
        let folded = || [Block::from(n_fold(name))];
        let [bytes] = match &self.base {
            Base::Aes128(aes) => dr(aes, folded()),
            Base::Aes256(aes) => dr(aes, folded()),
            Base::Sha256(mac) => [kdf_key(mac, name, len)],
            Base::Sha384(mac) => [kdf_key(mac, name, len)],
        };
        Derived { bytes, len }
    }

    fn kdf<M: Mac + Clone>(&self, mac: &M, usage: u32, purpose: Purpose) -> Derived {
        let len = match purpose {
            Purpose::Encryption => self.enctype.key_len(),
            Purpose::Checksum | Purpose::Integrity => self.enctype.mac_key_len(),
        };
        Derived { bytes: kdf_key(mac, &constant(usage, purpose), len), len }
    }
}

/// Shows the type of the key and nothing of the key.
impl fmt::Debug for Deriver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Deriver").field("enctype", &self.enctype).finish_non_exhaustive()
    }
}

/// KDF-HMAC-SHA2 (RFC 8009 section 3) with the length of `out`, which is no longer than the hash.
pub(super) fn kdf<M: Mac + Clone>(keyed: &M, label: &[u8], context: &[&[u8]], out: &mut [u8]) {
    let bits = u32::try_from(out.len()).map_or(u32::MAX, |bytes| bytes.saturating_mul(8));
    let mut mac = keyed.clone();
    mac.update(&1_u32.to_be_bytes());
    mac.update(label);
    mac.update(&[0]);
    for part in context {
        mac.update(part);
    }
    mac.update(&bits.to_be_bytes());
    let mut hash = mac.finalize().into_bytes();
    for (to, from) in out.iter_mut().zip(&hash) {
        *to = *from;
    }
    hash.as_mut_slice().zeroize();
}

/// A key of `len` bytes, with zeros after it.
fn kdf_key<M: Mac + Clone>(keyed: &M, label: &[u8], len: usize) -> Zeroizing<[u8; MAX_KEY]> {
    let mut bytes = Zeroizing::new([0; MAX_KEY]);
    kdf(keyed, label, &[], bytes.get_mut(..len).unwrap_or_default());
    bytes
}

/// DR (RFC 3961 section 5.1) for several folded constants at once. For AES random-to-key changes nothing (RFC 3962
/// section 7), so this is DK too. Always [`MAX_KEY`] bytes: the shorter key is the beginning of the longer one.
fn dr<C, const N: usize>(cipher: &C, folded: [Block; N]) -> [Zeroizing<[u8; MAX_KEY]>; N]
where
    C: BlockCipherEncrypt + BlockSizeUser<BlockSize = U16>,
{
    let mut blocks = folded;
    let mut derived = std::array::from_fn(|_| Zeroizing::new([0; MAX_KEY]));
    for part in 0..MAX_KEY / BLOCK {
        cipher.encrypt_blocks(&mut blocks);
        for (key, block) in derived.iter_mut().zip(&blocks) {
            if let Some(part) = key.chunks_exact_mut(BLOCK).nth(part) {
                part.copy_from_slice(block);
            }
        }
    }
    blocks.iter_mut().for_each(|block| block.as_mut_slice().zeroize());
    derived
}

/// The constant of a usage and a purpose (RFC 3961 section 5.3).
const fn constant(usage: u32, purpose: Purpose) -> [u8; 5] {
    let [a, b, c, d] = usage.to_be_bytes();
    [a, b, c, d, purpose as u8]
}

/// The constant, folded to a block: looked up for the usages that Kerberos and the GSS-API number, since folding takes
/// longer than all else there is to do for a key.
fn folded(usage: u32, purpose: Purpose) -> Block {
    let row = usize::try_from(usage).ok().and_then(|usage| FOLDED.get(usage));
    match (row, purpose) {
        (Some([kc, _, _]), Purpose::Checksum) => Block::from(*kc),
        (Some([_, ke, _]), Purpose::Encryption) => Block::from(*ke),
        (Some([_, _, ki]), Purpose::Integrity) => Block::from(*ki),
        (None, purpose) => Block::from(n_fold(&constant(usage, purpose))),
    }
}

static FOLDED: [[[u8; BLOCK]; 3]; 32] = {
    let mut table = [[[0; BLOCK]; 3]; 32];
    let mut usage = 0_u32;
    while usage < 32 {
        table[usage as usize] = [
            n_fold(&constant(usage, Purpose::Checksum)),
            n_fold(&constant(usage, Purpose::Encryption)),
            n_fold(&constant(usage, Purpose::Integrity)),
        ];
        usage += 1;
    }
    table
};

/// n-fold (RFC 3961 section 5.1) to `N` bytes: copies of the input, each turned 13 bits further to the right, laid end
/// to end up to a common multiple of the lengths, and added up in ones' complement. Constants only: it is slow, and
/// tells by its time how long the input is.
const fn n_fold<const N: usize>(input: &[u8]) -> [u8; N] {
    let len = input.len();
    let mut sums = [0_u32; N];
    // The least common multiple: any other would add the same copies more than once.
    let mut total = if len == 0 { 0 } else { N };
    while total != 0 && total % len != 0 {
        total += N;
    }
    let mut at = 0;
    while at < total {
        let turn = 13 * (at / len) % (8 * len);
        let bit = (8 * (at % len) + 8 * len - turn) % (8 * len);
        let pair = (input[bit / 8] as u32) << 8 | input[(bit / 8 + 1) % len] as u32;
        sums[at % N] += pair >> (8 - bit % 8) & 0xff;
        at += 1;
    }
    // Carry from the last byte to the first, and from there around to the last, until nothing is left to carry.
    let mut carry = 0;
    loop {
        let mut at = N;
        while at > 0 {
            at -= 1;
            carry += sums[at];
            sums[at] = carry & 0xff;
            carry >>= 8;
        }
        if carry == 0 {
            break;
        }
    }
    let mut out = [0; N];
    let mut at = 0;
    while at < N {
        out[at] = sums[at] as u8;
        at += 1;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::testing::{any_key, hex, key};

    /// RFC 3961 appendix A.1.
    #[test]
    fn folds_are_those_of_rfc_3961() {
        assert_eq!(n_fold::<8>(b"012345"), *hex("be072631276b1955"));
        assert_eq!(n_fold::<7>(b"password"), *hex("78a07b6caf85fa"));
        assert_eq!(n_fold::<8>(b"Rough Consensus, and Running Code"), *hex("bb6ed30870b7f0e0"));
        assert_eq!(n_fold::<21>(b"password"), *hex("59e4a8ca7c0385c3c37b3f6d2000247cb6e6bd5b3e"));
        assert_eq!(
            n_fold::<24>(b"MASSACHVSETTS INSTITVTE OF TECHNOLOGY"),
            *hex("db3b0d8f0b061e603282b308a50841229ad798fab9540c1b")
        );
        assert_eq!(n_fold::<21>(b"Q"), *hex("518a54a215a8452a518a54a215a8452a518a54a215"));
        assert_eq!(n_fold::<21>(b"ba"), *hex("fb25d531ae8974499f52fd92ea9857c4ba24cf297e"));
        assert_eq!(n_fold::<8>(b"kerberos"), *b"kerberos");
        assert_eq!(n_fold::<16>(b"kerberos"), *hex("6b65726265726f737b9b5b2b93132b93"));
        assert_eq!(n_fold::<21>(b"kerberos"), *hex("8372c236344e5f1550cd0747e15d62ca7a5a3bcea4"));
        assert_eq!(n_fold::<32>(b"kerberos"), *hex("6b65726265726f737b9b5b2b93132b935c9bdcdad95c9899c4cae4dee6d6cae4"));
    }

    #[test]
    fn folding_nothing_gives_zeros() {
        assert_eq!(n_fold::<16>(b""), [0; 16]);
    }

    #[test]
    fn usages_beyond_the_table_are_folded_like_those_in_it() {
        for purpose in [Purpose::Checksum, Purpose::Encryption, Purpose::Integrity] {
            for usage in [0, 2, 22, 31, 32, 1024, u32::MAX] {
                assert_eq!(folded(usage, purpose)[..], n_fold::<16>(&constant(usage, purpose)));
            }
        }
    }

    /// The keys of RFC 3962 are those that MIT's own tests hold for the keys of RFC 3962 appendix B; those of RFC 8009
    /// come from its appendix A. All for usage 2.
    #[test]
    fn keys_of_a_usage_are_those_of_the_specifications() {
        let cases = [
            (
                Enctype::Aes128Sha1,
                "42263C6E89F4FC28B8DF68EE09799F15",
                "34280A382BC92769B2DA2F9EF066854B",
                "5B14FC4E250E14DDF9DCCF1AF6674F53",
                "4ED31063621684F09AE8D89991AF3E8F",
            ),
            (
                Enctype::Aes256Sha1,
                "FE697B52BC0D3CE14432BA036A92E65BBB52280990A2FA27883998D72AF30161",
                "BFAB388BDCB238E9F9C98D6A878304F04D30C82556375AC507A7A852790F4674",
                "C7CFD9CD75FE793A586A542D87E0D1396F1134A104BB1A9190B8C90ADA3DDF37",
                "97151B4C76945063E2EB0529DC067D97D7BBA90776D8126D91F34F3101AEA8BA",
            ),
            (
                Enctype::Aes128Sha256,
                "3705D96080C17728A0E800EAB6E0D23C",
                "B31A018A48F54776F403E9A396325DC3",
                "9B197DD1E8C5609D6E67C3E37C62C72E",
                "9FDA0E56AB2D85E1569A688696C26A6C",
            ),
            (
                Enctype::Aes256Sha384,
                "6D404D37FAF79F9DF0D33568D320669800EB4836472EA8A026D16B7182460C52",
                "EF5718BE86CC84963D8BBB5031E9F5C4BA41F28FAF69E73D",
                "56AB22BEE63D82D7BC5227F6773F8EA7A5EB1C825160C38312980C442E5C7E49",
                "69B16514E3CD8E56B82010D5C73012B622C4D00FFC23ED1F",
            ),
        ];
        for (enctype, base, kc, ke, ki) in cases {
            let derived = key(enctype, base)
                .deriver()
                .unwrap()
                .derive(2, [Purpose::Checksum, Purpose::Encryption, Purpose::Integrity]);
            for (derived, expected) in derived.iter().zip([kc, ke, ki]) {
                assert_eq!(derived.bytes(), hex(expected), "{enctype}");
            }
        }
    }

    #[test]
    fn debug_shows_no_key() {
        for enctype in Enctype::ALL {
            let key = any_key(enctype, 9);
            let shown = format!("{key:?} {:?} {:?} {:?}", key.deriver(), key.usage_keys(22), key.checksum_key(23));
            assert!(!shown.contains('['), "{shown}");
        }
    }
}
