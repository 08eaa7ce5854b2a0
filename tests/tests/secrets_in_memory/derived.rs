//! The keys that Kerberos derives for messages, and what becomes of them in memory: worked out here by the RFCs, apart
//! from the mechanism.

use aes::cipher::{Block, BlockCipherEncrypt, KeyInit};
use aes::{Aes128Enc, Aes256Enc};
use gss_tests::memory::Secret;
use hmac::{Hmac, Mac};
use sha2::{Sha256, Sha384};

/// The key usages of messages (RFC 4121 section 2), with what each derives.
const USAGES: [(u32, &[Purpose]); 4] = [
    (22, &[Purpose::Checksum, Purpose::Encryption, Purpose::Integrity]),
    (23, &[Purpose::Checksum]),
    (24, &[Purpose::Checksum, Purpose::Encryption, Purpose::Integrity]),
    (25, &[Purpose::Checksum]),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Purpose {
    Checksum = 0x99,
    Encryption = 0xaa,
    Integrity = 0x55,
}

/// What a live context has of its derived keys, and what only the derivation has for a moment.
pub(crate) struct Derived {
    /// Expanded AES keys, which begin with the key; the states of hashes that have taken a key in.
    pub(crate) kept: Vec<Secret>,
    /// The keys that went into hashes.
    pub(crate) passing: Vec<Secret>,
}

/// All that is derived from the protocol key for messages.
pub(crate) fn derived(enctype: i32, key: &[u8]) -> Derived {
    let mut all = Derived { kept: Vec::new(), passing: Vec::new() };
    for (usage, purposes) in USAGES {
        for purpose in purposes {
            let name = format!("the {purpose:?} key of usage {usage}");
            let bytes = derive(enctype, key, usage, *purpose);
            if *purpose == Purpose::Encryption {
                all.kept.push(Secret::new(name, &bytes));
                continue;
            }
            for (pad, side) in [(0x36, "inner"), (0x5c, "outer")] {
                all.kept.push(Secret::new(format!("the {side} state of {name}"), &state(enctype, &bytes, pad)));
            }
            all.passing.push(Secret::new(name, &bytes));
        }
    }
    all
}

fn derive(enctype: i32, key: &[u8], usage: u32, purpose: Purpose) -> Vec<u8> {
    let constant = [&usage.to_be_bytes()[..], &[purpose as u8]].concat();
    let kdf = |length: usize| {
        let bits = u32::try_from(8 * length).unwrap();
        [&1_u32.to_be_bytes()[..], &constant, &[0], &bits.to_be_bytes()].concat()
    };
    match (enctype, purpose) {
        (17, _) => dk(&Aes128Enc::new_from_slice(key).unwrap(), &constant, 16),
        (18, _) => dk(&Aes256Enc::new_from_slice(key).unwrap(), &constant, 32),
        (19, _) => hash(Hmac::<Sha256>::new_from_slice(key).unwrap(), &kdf(16), 16),
        (20, Purpose::Encryption) => hash(Hmac::<Sha384>::new_from_slice(key).unwrap(), &kdf(32), 32),
        (20, _) => hash(Hmac::<Sha384>::new_from_slice(key).unwrap(), &kdf(24), 24),
        _ => panic!("enctype {enctype}"),
    }
}

fn hash(mut mac: impl Mac, input: &[u8], length: usize) -> Vec<u8> {
    mac.update(input);
    mac.finalize().into_bytes()[..length].to_vec()
}

/// RFC 3961 section 5.1.
fn dk<C: BlockCipherEncrypt>(cipher: &C, constant: &[u8], length: usize) -> Vec<u8> {
    let mut block = Block::<C>::default();
    block.copy_from_slice(&n_fold(constant));
    let mut key = Vec::new();
    while key.len() < length {
        cipher.encrypt_block(&mut block);
        key.extend_from_slice(&block);
    }
    key
}

/// RFC 3961 section 5.1 to 16 bytes, bit by bit.
fn n_fold(input: &[u8]) -> [u8; 16] {
    let bits = 8 * input.len();
    // Up to a common multiple of the lengths. Either has its power of two as the greatest common divisor with 16.
    let copies = 16 / (1 << input.len().trailing_zeros().min(4));
    let bit = |position: usize| {
        let (copy, at) = (position / bits, position % bits);
        let from = (at + copies * bits - 13 * copy) % bits;
        input[from / 8] >> (7 - from % 8) & 1
    };
    let mut sum = [0_u8; 16];
    for number in 0..copies * bits / 128 {
        let mut carry = 0;
        for at in (0..16).rev() {
            let byte = (0..8).fold(0, |byte, index| byte << 1 | u16::from(bit(128 * number + 8 * at + index)));
            let total = u16::from(sum[at]) + byte + carry;
            (sum[at], carry) = (total as u8, total >> 8);
        }
        // In ones' complement what is carried out comes in again at the end.
        for at in (0..16).rev() {
            let total = u16::from(sum[at]) + carry;
            (sum[at], carry) = (total as u8, total >> 8);
        }
    }
    sum
}

/// The words of a hash that has taken in the key and the pad of HMAC (RFC 2104), as they lie in memory.
fn state(enctype: i32, key: &[u8], pad: u8) -> Vec<u8> {
    let mut block = [pad; 128];
    block.iter_mut().zip(key).for_each(|(pad, key)| *pad ^= key);
    let short: &[u8; 64] = block.first_chunk().unwrap();
    match enctype {
        17 | 18 => {
            let mut words = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476, 0xc3d2_e1f0];
            sha1::block_api::compress(&mut words, &[*short]);
            words.iter().flat_map(|word| word.to_ne_bytes()).collect()
        }
        19 => {
            let mut words = [
                0x6a09_e667,
                0xbb67_ae85,
                0x3c6e_f372,
                0xa54f_f53a,
                0x510e_527f,
                0x9b05_688c,
                0x1f83_d9ab,
                0x5be0_cd19,
            ];
            sha2::block_api::compress256(&mut words, &[*short]);
            words.iter().flat_map(|word| word.to_ne_bytes()).collect()
        }
        20 => {
            let mut words = [
                0xcbbb_9d5d_c105_9ed8,
                0x629a_292a_367c_d507,
                0x9159_015a_3070_dd17,
                0x152f_ecd8_f70e_5939,
                0x6733_2667_ffc0_0b31,
                0x8eb4_4a87_6858_1511,
                0xdb0c_2e0d_64f9_8fa7,
                0x47b5_481d_befa_4fa4,
            ];
            sha2::block_api::compress512(&mut words, &[block]);
            words.iter().flat_map(|word| word.to_ne_bytes()).collect()
        }
        _ => panic!("enctype {enctype}"),
    }
}

/// RFC 3961 appendix A.1.
#[test]
fn folding_is_that_of_the_rfc() {
    let kerberos: Vec<u8> =
        vec![0x6b, 0x65, 0x72, 0x62, 0x65, 0x72, 0x6f, 0x73, 0x7b, 0x9b, 0x5b, 0x2b, 0x93, 0x13, 0x2b, 0x93];
    assert_eq!(n_fold(b"kerberos").to_vec(), kerberos);
}
