//! Values to bytes and back, for all that the mechanism writes: tokens, states, exported names and credentials.
//!
//! Big endian. The reader takes nothing that is not there and allocates nothing; [`Reader::end`] makes sure that
//! nothing is left over.

use crate::checksum::Checksum;

/// The bytes of a checksum at the end of what is sealed.
const SEAL: usize = 8;

pub(crate) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// Over what [`Writer::sealed`] gave, if its checksum holds.
    pub(crate) fn sealed(bytes: &'a [u8]) -> Option<Self> {
        let (rest, seal) = bytes.split_last_chunk::<SEAL>()?;
        (u64::from_be_bytes(*seal) == Checksum::of(rest)).then_some(Self { rest })
    }

    pub(crate) fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (head, rest) = self.rest.split_at_checked(count)?;
        self.rest = rest;
        Some(head)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (head, rest) = self.rest.split_first_chunk::<N>()?;
        self.rest = rest;
        Some(*head)
    }

    pub(crate) fn u8(&mut self) -> Option<u8> {
        self.array().map(u8::from_be_bytes)
    }

    pub(crate) fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_be_bytes)
    }

    pub(crate) fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_be_bytes)
    }

    /// 0 or 1; one value has one form only.
    pub(crate) fn flag(&mut self) -> Option<bool> {
        match self.u8()? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }

    /// A length of four bytes, then so many bytes.
    pub(crate) fn bytes(&mut self) -> Option<&'a [u8]> {
        let length = self.u32()?;
        self.take(usize::try_from(length).ok()?)
    }

    /// `Some` if these very bytes come next.
    pub(crate) fn literal(&mut self, expected: &[u8]) -> Option<()> {
        (self.take(expected.len())? == expected).then_some(())
    }

    /// All that is left.
    pub(crate) fn rest(self) -> &'a [u8] {
        self.rest
    }

    /// `Some` if nothing is left.
    pub(crate) fn end(self) -> Option<()> {
        self.rest.is_empty().then_some(())
    }
}

#[derive(Default)]
pub(crate) struct Writer(Vec<u8>);

impl Writer {
    pub(crate) fn raw(&mut self, bytes: &[u8]) -> &mut Self {
        self.0.extend_from_slice(bytes);
        self
    }

    pub(crate) fn u8(&mut self, value: u8) -> &mut Self {
        self.raw(&[value])
    }

    pub(crate) fn u32(&mut self, value: u32) -> &mut Self {
        self.raw(&value.to_be_bytes())
    }

    pub(crate) fn u64(&mut self, value: u64) -> &mut Self {
        self.raw(&value.to_be_bytes())
    }

    pub(crate) fn flag(&mut self, value: bool) -> &mut Self {
        self.u8(u8::from(value))
    }

    /// A length of four bytes, then the bytes. What is written so has a limit far below 4 GiB.
    pub(crate) fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        self.count(bytes.len()).raw(bytes)
    }

    pub(crate) fn count(&mut self, count: usize) -> &mut Self {
        self.u32(u32::try_from(count).unwrap_or(u32::MAX))
    }

    pub(crate) fn finish(self) -> Vec<u8> {
        self.0
    }

    /// The bytes with a checksum behind them, so that an altered byte is noticed wherever it lies.
    pub(crate) fn sealed(mut self) -> Vec<u8> {
        let seal = Checksum::of(&self.0);
        self.u64(seal);
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_beyond_the_end_is_refused() {
        assert_eq!(Reader::new(b"\x00\x00\x00\x03abc").bytes(), Some(&b"abc"[..]));
        assert_eq!(Reader::new(b"\x00\x00\x00\x04abc").bytes(), None);
        assert_eq!(Reader::new(b"\xff\xff\xff\xffabc").bytes(), None);
        assert_eq!(Reader::new(b"\x00\x00\x00").bytes(), None);
    }

    #[test]
    fn a_seal_notices_every_altered_byte() {
        let mut writer = Writer::default();
        writer.bytes(b"some bytes").u64(7).flag(true);
        let sealed = writer.sealed();
        assert!(Reader::sealed(&sealed).is_some());
        for position in 0..sealed.len() {
            for bit in 0..8 {
                let mut altered = sealed.clone();
                altered[position] ^= 1 << bit;
                assert!(Reader::sealed(&altered).is_none(), "byte {position}, bit {bit}");
            }
            assert!(Reader::sealed(&sealed[..position]).is_none());
        }
    }
}
