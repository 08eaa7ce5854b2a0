//! A message that lies in one buffer or in several: the cipher goes over the data, the checksum over all of it, in
//! order, and both in one pass where that can be.
//!
//! Blocks that cross from one buffer to the next go through a copy of at most two blocks. Everything else stays in its
//! place.

use super::cts::{BLOCK, Chain, tail_len};
use hmac::Mac;
use hmac::digest::block_api::BlockSizeUser;
use zeroize::{Zeroize, Zeroizing};

/// A part of a message that lies in several buffers, as the IOV calls have it.
#[derive(Debug)]
pub enum Piece<'a> {
    /// Encrypted or decrypted where it lies, and covered by the checksum. Any length.
    Data(&'a mut [u8]),
    /// Covered by the checksum only. Any length.
    Signed(&'a [u8]),
}

/// All pieces of a message. The first is data: it holds at least the confounder.
pub(super) struct Message<'m, 'p> {
    first: &'m mut [u8],
    rest: &'m mut [Piece<'p>],
}

/// A place in a message: which piece, and how many bytes into it. The order is that in which the checksum sees them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Place {
    piece: usize,
    offset: usize,
}

const START: Place = Place { piece: 0, offset: 0 };
const END: Place = Place { piece: usize::MAX, offset: 0 };

impl<'m, 'p> Message<'m, 'p> {
    pub(super) fn new(first: &'m mut [u8], rest: &'m mut [Piece<'p>]) -> Self {
        Self { first, rest }
    }

    /// Zeros over all data.
    pub(super) fn wipe(&mut self) {
        self.first.zeroize();
        for piece in self.rest.iter_mut() {
            if let Piece::Data(data) = piece {
                data.zeroize();
            }
        }
    }

    /// The length of the data.
    fn data_len(&self) -> usize {
        let len = |piece: &Piece<'_>| match piece {
            Piece::Data(data) => data.len(),
            Piece::Signed(_) => 0,
        };
        // Slices that exist at the same time cannot add up to more than the address space.
        self.rest.iter().map(len).fold(self.first.len(), usize::saturating_add)
    }

    /// What the checksum sees of a piece.
    fn bytes(&self, piece: usize) -> Option<&[u8]> {
        let Some(index) = piece.checked_sub(1) else { return Some(self.first) };
        self.rest.get(index).map(|piece| match piece {
            Piece::Data(data) => &**data,
            Piece::Signed(bytes) => *bytes,
        })
    }

    /// What the cipher may change of a piece: nothing of one that is only signed.
    fn data(&mut self, piece: usize) -> Option<&mut [u8]> {
        let Some(index) = piece.checked_sub(1) else { return Some(self.first) };
        self.rest.get_mut(index).map(|piece| match piece {
            Piece::Data(data) => &mut **data,
            Piece::Signed(_) => &mut [],
        })
    }

    /// The data from a place to the end of its piece; the place moves on to where there is some. Empty at the end.
    fn run(&mut self, at: &mut Place) -> &mut [u8] {
        while self.data(at.piece).is_some_and(|data| data.len() <= at.offset) {
            *at = Place { piece: at.piece.saturating_add(1), offset: 0 };
        }
        self.data(at.piece).and_then(|data| data.get_mut(at.offset..)).unwrap_or_default()
    }

    /// Pairs as many bytes of data, from a place on, with the bytes of `other`; the place moves behind them.
    fn pair(&mut self, at: &mut Place, mut other: &mut [u8], each: impl Fn(&mut [u8], &mut [u8])) {
        while !other.is_empty() {
            let run = self.run(at);
            let len = run.len().min(other.len());
            if len == 0 {
                return;
            }
            let (now, later) = other.split_at_mut(len);
            each(run.split_at_mut(len).0, now);
            other = later;
            at.offset += len;
        }
    }

    fn gather(&mut self, mut at: Place, into: &mut [u8]) -> Place {
        self.pair(&mut at, into, |data, copy| copy.copy_from_slice(data));
        at
    }

    fn scatter(&mut self, mut at: Place, from: &mut [u8]) -> Place {
        self.pair(&mut at, from, |data, copy| data.copy_from_slice(copy));
        at
    }
}

/// A checksum in the making, and how far into the message it has come.
pub(super) struct Tally<M> {
    mac: M,
    at: Place,
    /// How many bytes it has seen in all; only the remainder by the block length matters.
    seen: usize,
}

impl<M: Mac + BlockSizeUser> Tally<M> {
    /// From a keyed state that has seen `seen` bytes.
    pub(super) fn new(mac: M, seen: usize) -> Self {
        Self { mac, at: START, seen }
    }

    /// Takes in the whole message, of which it has seen nothing.
    pub(super) fn whole(&mut self, message: &Message<'_, '_>) {
        self.advance(message, END);
    }

    pub(super) fn finish(self) -> hmac::digest::Output<M> {
        self.mac.finalize().into_bytes()
    }

    fn update(&mut self, bytes: &[u8]) {
        self.mac.update(bytes);
        self.seen = self.seen.wrapping_add(bytes.len());
    }

    /// Takes in what lies between where it is and `to`.
    fn advance(&mut self, message: &Message<'_, '_>, to: Place) {
        while self.at < to {
            let Some(bytes) = message.bytes(self.at.piece) else { return };
            let here = self.at.piece == to.piece;
            let end = if here { to.offset.min(bytes.len()) } else { bytes.len() };
            if let Some(bytes) = bytes.get(self.at.offset..end).filter(|bytes| !bytes.is_empty()) {
                self.update(bytes);
            }
            self.at = if here { to } else { Place { piece: self.at.piece.saturating_add(1), offset: 0 } };
        }
    }

    /// How many bytes to take in next, at most, so that whole blocks of the hash follow.
    fn stride(&self, usual: usize) -> usize {
        let block = M::block_size();
        match self.seen % block {
            // A lead that splits a block of the cipher would leave neither aligned.
            odd if odd != 0 && odd % BLOCK == 0 => block - odd,
            _ => usual.max(block),
        }
    }
}

/// Which sees the message first.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Order {
    /// The checksum is made over what goes into the cipher.
    MacThenCipher,
    /// The checksum is made over what comes out of the cipher.
    CipherThenMac,
    /// There is no checksum to make, or it is made already.
    CipherOnly,
}

/// Takes a message through the cipher, and through the checksum on the way.
pub(super) fn transform<C: Chain, M: Mac + BlockSizeUser>(
    message: &mut Message<'_, '_>,
    chain: &mut C,
    tally: &mut Tally<M>,
    order: Order,
) {
    let len = message.data_len();
    let mut left = len - tail_len(len);
    let mut at = START;
    while left > 0 {
        let run = message.run(&mut at).len().min(left);
        let whole = run - run % BLOCK;
        if whole > 0 {
            if order != Order::CipherOnly {
                tally.advance(message, at);
            }
            let Some((run, _)) = message.run(&mut at).split_at_mut_checked(whole) else { return };
            along(run, chain, tally, order);
            at.offset += whole;
            tally.at = at;
            left -= whole;
        } else {
            at = across(message, at, BLOCK, |bytes| chain.bulk(bytes), tally, order);
            left -= BLOCK;
        }
    }
    across(message, at, tail_len(len), |bytes| chain.tail(bytes), tally, order);
    if order != Order::CipherOnly {
        tally.advance(message, END);
    }
}

/// Whole blocks that lie side by side.
#[inline]
fn along<C: Chain, M: Mac + BlockSizeUser>(run: &mut [u8], chain: &mut C, tally: &mut Tally<M>, order: Order) {
    if order == Order::CipherOnly {
        return chain.bulk(run);
    }
    let mut rest = run;
    while !rest.is_empty() {
        let stride = tally.stride(C::STRIDE).min(rest.len());
        let (now, later) = rest.split_at_mut(stride);
        if order == Order::MacThenCipher {
            tally.update(now);
            chain.bulk(now);
        } else {
            chain.bulk(now);
            tally.update(now);
        }
        rest = later;
    }
}

/// At most two blocks, which may lie apart. Returns the place behind them.
fn across<M: Mac + BlockSizeUser>(
    message: &mut Message<'_, '_>,
    mut at: Place,
    len: usize,
    cipher: impl FnOnce(&mut [u8]),
    tally: &mut Tally<M>,
    order: Order,
) -> Place {
    // In one piece, as most are: a copy costs a short message a tenth of its time.
    if message.run(&mut at).len() >= len {
        let behind = Place { offset: at.offset + len, ..at };
        if order == Order::MacThenCipher {
            tally.advance(message, behind);
        }
        if let Some(run) = message.run(&mut at).get_mut(..len) {
            cipher(run);
        }
        if order == Order::CipherThenMac {
            tally.advance(message, behind);
        }
        return behind;
    }
    let mut copy = Zeroizing::new([0; 2 * BLOCK]);
    let Some(copy) = copy.get_mut(..len) else { return at };
    let behind = message.gather(at, copy);
    if order == Order::MacThenCipher {
        tally.advance(message, behind);
    }
    cipher(copy);
    message.scatter(at, copy);
    if order == Order::CipherThenMac {
        tally.advance(message, behind);
    }
    behind
}
