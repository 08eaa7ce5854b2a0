//! The checksum in place of cryptography: 64 bits that notice an accident and stop no attacker, since everyone can
//! compute them. A real mechanism has a keyed MAC here, compared in constant time.

/// A checksum under way. How the input is cut into pieces does not matter, only what it is.
///
/// Each step is a bijection of the state, so that two inputs that differ in one word never agree.
#[derive(Clone)]
pub(crate) struct Checksum {
    state: u64,
    /// The begin of a word that is not whole yet.
    pending: [u8; 8],
    filled: usize,
    /// Bytes since the last [`Checksum::end_part`].
    length: u64,
}

impl Checksum {
    /// The FNV-1a offset and prime; the rotation carries a word's high bits down to where the product spreads them.
    const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
    const PRIME: u64 = 0x0000_0100_0000_01b3;

    pub(crate) fn new(seed: u64) -> Self {
        Self { state: Self::OFFSET ^ seed, pending: [0; 8], filled: 0, length: 0 }
    }

    /// The checksum of one piece.
    pub(crate) fn of(bytes: &[u8]) -> u64 {
        let mut sum = Self::new(0);
        sum.update(bytes);
        sum.finish()
    }

    pub(crate) fn word(&mut self, word: u64) {
        self.state = (self.state ^ word).wrapping_mul(Self::PRIME).rotate_left(29);
    }

    pub(crate) fn update(&mut self, mut bytes: &[u8]) {
        self.length = self.length.wrapping_add(bytes.len() as u64);
        if self.filled > 0 {
            let count = bytes.len().min(8 - self.filled);
            let (now, later) = bytes.split_at(count);
            self.pending[self.filled..self.filled + count].copy_from_slice(now);
            self.filled += count;
            bytes = later;
            if self.filled < 8 {
                return;
            }
            self.word(u64::from_le_bytes(self.pending));
            self.filled = 0;
        }
        let (words, tail) = bytes.as_chunks::<8>();
        for word in words {
            self.word(u64::from_le_bytes(*word));
        }
        self.pending[..tail.len()].copy_from_slice(tail);
        self.filled = tail.len();
    }

    /// Ends a part, so that bytes cannot move from it to the next one unnoticed.
    pub(crate) fn end_part(&mut self) {
        if self.filled > 0 {
            self.pending[self.filled..].fill(0);
            self.word(u64::from_le_bytes(self.pending));
            self.filled = 0;
        }
        self.word(self.length);
        self.length = 0;
    }

    pub(crate) fn finish(mut self) -> u64 {
        self.end_part();
        mixed(self.state)
    }
}

/// The finalizer of SplitMix64: spreads each bit over all of them.
pub(crate) fn mixed(mut bits: u64) -> u64 {
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_the_input_is_cut_does_not_matter() {
        let bytes: Vec<u8> = (0..=99).collect();
        for first in 0..bytes.len() {
            for second in first..bytes.len() {
                let mut sum = Checksum::new(0);
                sum.update(&bytes[..first]);
                sum.update(&bytes[first..second]);
                sum.update(&bytes[second..]);
                assert_eq!(sum.finish(), Checksum::of(&bytes), "{first} {second}");
            }
        }
    }

    #[test]
    fn parts_and_zeros_count() {
        let split = |at: usize| {
            let mut sum = Checksum::new(0);
            sum.update(&b"abcdef"[..at]);
            sum.end_part();
            sum.update(&b"abcdef"[at..]);
            sum.finish()
        };
        assert_ne!(split(2), split(3));
        assert_ne!(Checksum::of(b""), Checksum::of(b"\0"));
        assert_ne!(Checksum::of(b"a"), Checksum::of(b"a\0"));
    }
}
