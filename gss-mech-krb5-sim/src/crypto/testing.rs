//! What the tests of this layer share.

use super::{Enctype, Key};

/// Bytes from hexadecimal digits; whatever is no digit is skipped.
pub(super) fn hex(digits: &str) -> Vec<u8> {
    let digits: Vec<_> = digits.chars().filter_map(|c| c.to_digit(16)).collect();
    assert!(digits.len().is_multiple_of(2), "an even number of digits");
    digits.chunks(2).map(|pair| u8::try_from(pair[0] * 16 + pair[1]).unwrap()).collect()
}

/// A key from hexadecimal digits.
pub(super) fn key(enctype: Enctype, digits: &str) -> Key {
    Key::new(enctype, &hex(digits)).unwrap()
}

/// A key that differs from others by its seed.
pub(super) fn any_key(enctype: Enctype, seed: u8) -> Key {
    Key::new(enctype, &text(enctype.key_len(), seed)).unwrap()
}

/// Bytes without a visible pattern, the same for the same length and seed.
pub(super) fn text(len: usize, seed: u8) -> Vec<u8> {
    let mut state = u32::from(seed) << 8 | 0x9e37_79b1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state.to_le_bytes()[1]
    };
    (0..len).map(|_| next()).collect()
}
