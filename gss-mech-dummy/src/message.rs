//! Per-message tokens: a header of 18 bytes, then for wrapped messages the message itself, in clear.
//!
//! ```text
//! offset 0   b'D'
//! offset 1   kind: b'W' wrapped, b'M' a MIC, b'C' the notice that the peer has closed the context
//! offset 2   sequence number, 8 bytes
//! offset 10  checksum over context, direction, kind, number, associated data and message, 8 bytes
//! ```
//!
//! The calls run on several threads at once, so that the next number is an atomic and the window has a lock.

use crate::checksum::{Checksum, mixed};
use crate::handshake::{Role, Session};
use crate::status::Minor;
use crate::window::Window;
use crate::wire::Reader;
use gss_plugin::{Flags, Major, Output, Result};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

/// The length of a header, and of a MIC token.
pub(crate) const HEADER: usize = 18;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub(crate) enum Kind {
    Wrap = b'W',
    Mic = b'M',
    Close = b'C',
}

/// What protects a context's messages.
#[derive(Debug)]
pub(crate) struct Messages {
    /// Sets this context's outgoing messages apart from those of others, and from the incoming ones.
    send_seed: u64,
    receive_seed: u64,
    /// The number of the next message out.
    next: AtomicU64,
    window: Mutex<Window>,
}

impl Messages {
    pub(crate) fn new(session: &Session, role: Role, next: u64, window: Window) -> Self {
        let seed = |sender: Role| {
            let mut sum = Checksum::new(sender as u64);
            sum.update(session);
            sum.finish()
        };
        Self {
            send_seed: seed(role),
            receive_seed: seed(role.peer()),
            next: AtomicU64::new(next),
            window: Mutex::new(window),
        }
    }

    /// The number of the next message out.
    pub(crate) fn next(&self) -> u64 {
        self.next.load(Ordering::Relaxed)
    }

    pub(crate) fn window(&self) -> Window {
        *self.window.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn wrap(&self, associated: &[u8], message: &[u8], out: &mut Output<'_>) -> Result<()> {
        // The room first: a message that cannot be made must not use up a number.
        let token = out.append(HEADER + message.len())?;
        let (header, body) = token.split_at_mut(HEADER);
        header.copy_from_slice(&self.header(Kind::Wrap, [associated], [message]));
        body.copy_from_slice(message);
        Ok(())
    }

    pub(crate) fn unwrap(&self, flags: Flags, associated: &[u8], token: &[u8], out: &mut Output<'_>) -> Result<Major> {
        let (header, message) = token.split_at_checked(HEADER).ok_or_else(|| Minor::MessageToken.error())?;
        let number = self.check(Kind::Wrap, header, [associated], [message])?;
        // The output first: a message that cannot be handed out must not count as seen.
        out.extend(message)?;
        Ok(self.arrived(number, flags))
    }

    /// Makes the header of the next message.
    pub(crate) fn header<'p>(
        &self,
        kind: Kind,
        associated: impl IntoIterator<Item = &'p [u8]>,
        message: impl IntoIterator<Item = &'p [u8]>,
    ) -> [u8; HEADER] {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        header(kind, number, sum(self.send_seed, kind, number, associated, message))
    }

    /// Checks the header of a message, and answers its number for [`Messages::arrived`].
    pub(crate) fn check<'p>(
        &self,
        kind: Kind,
        header: &[u8],
        associated: impl IntoIterator<Item = &'p [u8]>,
        message: impl IntoIterator<Item = &'p [u8]>,
    ) -> Result<u64> {
        let (number, checksum) = parse(kind, header).ok_or_else(|| Minor::MessageToken.error())?;
        if checksum != sum(self.receive_seed, kind, number, associated, message) {
            return Err(Minor::Checksum.error());
        }
        Ok(number)
    }

    /// Takes note of a checked message and answers the supplementary bits.
    pub(crate) fn arrived(&self, number: u64, flags: Flags) -> Major {
        if (flags & (Flags::REPLAY | Flags::SEQUENCE)) == Flags::NONE {
            return Major::COMPLETE;
        }
        self.window.lock().unwrap_or_else(PoisonError::into_inner).arrived(number, flags)
    }

    /// The notice that this side has closed the context. It takes no number: there is nothing after it.
    pub(crate) fn close_notice(&self) -> Vec<u8> {
        header(Kind::Close, 0, sum(self.send_seed, Kind::Close, 0, [], [])).to_vec()
    }

    /// The pseudo-random function. Anyone who sees the handshake can compute it, too.
    pub(crate) fn pseudo_random(session: &Session, key: u64, seed: &[u8], out: &mut [u8]) {
        let mut sum = Checksum::new(key);
        sum.update(session);
        sum.end_part();
        sum.update(seed);
        let start = sum.finish();
        for (counter, chunk) in (0u64..).zip(out.chunks_mut(8)) {
            // SplitMix64: its increment has all residues before it repeats.
            let word = mixed(start.wrapping_add(counter.wrapping_mul(0x9e37_79b9_7f4a_7c15)));
            chunk.copy_from_slice(&word.to_be_bytes()[..chunk.len()]);
        }
    }
}

fn header(kind: Kind, number: u64, checksum: u64) -> [u8; HEADER] {
    let mut header = [0; HEADER];
    header[0] = b'D';
    header[1] = kind as u8;
    header[2..10].copy_from_slice(&number.to_be_bytes());
    header[10..].copy_from_slice(&checksum.to_be_bytes());
    header
}

fn parse(kind: Kind, header: &[u8]) -> Option<(u64, u64)> {
    let mut reader = Reader::new(header);
    reader.literal(&[b'D', kind as u8])?;
    let parts = (reader.u64()?, reader.u64()?);
    reader.end()?;
    Some(parts)
}

fn sum<'p>(
    seed: u64,
    kind: Kind,
    number: u64,
    associated: impl IntoIterator<Item = &'p [u8]>,
    message: impl IntoIterator<Item = &'p [u8]>,
) -> u64 {
    let mut sum = Checksum::new(seed);
    sum.word(kind as u64);
    sum.word(number);
    associated.into_iter().for_each(|piece| sum.update(piece));
    sum.end_part();
    message.into_iter().for_each(|piece| sum.update(piece));
    sum.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::DummyContext;
    use crate::testing::{Wish, pair, pair_with, wrap, written};
    use gss_plugin::{MessageInfo, SecurityContext};
    use std::collections::HashSet;

    fn unwrap(context: &DummyContext, token: &[u8]) -> Result<(Vec<u8>, Major)> {
        let mut info = MessageInfo::default();
        let message = written(|out| {
            info = context.unwrap(token, out)?;
            Ok(())
        })?;
        assert!(!info.confidential && info.qop == 0);
        Ok((message, info.supplementary))
    }

    #[test]
    fn messages_of_any_size_arrive() {
        let (initiator, acceptor) = pair("");
        for size in (0..64).chain([1000, 65_536, 1 << 20]) {
            let message: Vec<u8> = (0..size).map(|byte| byte as u8).collect();
            let token = wrap(&initiator, &message);
            assert_eq!(token.len(), HEADER + size);
            assert_eq!(unwrap(&acceptor, &token).unwrap(), (message.clone(), Major::COMPLETE));
            let mic = written(|out| acceptor.get_mic(0, &message, out)).unwrap();
            assert_eq!(initiator.verify_mic(&message, &mic).unwrap(), MessageInfo::default());
            let limit = initiator.wrap_size_limit(true, 0, token.len() as u32).unwrap();
            assert_eq!(limit as usize, size, "the limit is exact");
        }
        assert_eq!(initiator.wrap_size_limit(false, 0, 5).unwrap(), 0);
    }

    #[test]
    fn confidentiality_is_never_claimed() {
        let (initiator, _) = pair("");
        let mut out = Vec::new();
        assert!(!initiator.wrap(true, 0, b"secret", &mut Output::over(&mut out)).unwrap());
        assert_eq!(written(|out| initiator.wrap(true, 1, b"", out)).unwrap_err().major, Major::BAD_QOP);
        assert_eq!(written(|out| initiator.get_mic(1, b"", out)).unwrap_err().major, Major::BAD_QOP);
        assert_eq!(initiator.wrap_size_limit(true, 1, 100).unwrap_err().major, Major::BAD_QOP);
    }

    #[test]
    fn what_a_call_writes_comes_after_what_was_there() {
        let (initiator, acceptor) = pair("");
        let mut out = b"before".to_vec();
        initiator.wrap(false, 0, b"message", &mut Output::over(&mut out)).unwrap();
        let token = out.split_off(6);
        acceptor.unwrap(&token, &mut Output::over(&mut out)).unwrap();
        assert_eq!(out, b"beforemessage");
    }

    #[test]
    fn no_altered_message_is_taken_for_another() {
        let (initiator, acceptor) = pair("");
        let message = b"a message of more than two words";
        let token = wrap(&initiator, message);
        let mic = written(|out| initiator.get_mic(0, message, out)).unwrap();
        for position in 0..token.len() {
            for bit in 0..8 {
                let mut altered = token.clone();
                altered[position] ^= 1 << bit;
                let error = unwrap(&acceptor, &altered).unwrap_err();
                let expected = if position < 2 { Major::DEFECTIVE_TOKEN } else { Major::BAD_MIC };
                assert_eq!(error.major, expected, "byte {position}, bit {bit}");
                if let Some(byte) = mic.get(position) {
                    let mut altered = mic.clone();
                    altered[position] = byte ^ (1 << bit);
                    assert_eq!(acceptor.verify_mic(message, &altered).unwrap_err().major, expected);
                }
            }
            assert!(unwrap(&acceptor, &token[..position]).is_err());
        }
        assert_eq!(unwrap(&acceptor, &[&token[..], b"x"].concat()).unwrap_err().major, Major::BAD_MIC);
        assert_eq!(acceptor.verify_mic(message, &[&mic[..], b"x"].concat()).unwrap_err().major, Major::DEFECTIVE_TOKEN);
        assert_eq!(acceptor.verify_mic(b"another message", &mic).unwrap_err().major, Major::BAD_MIC);
        // After all of that the true ones are still the first of their number.
        assert_eq!(unwrap(&acceptor, &token).unwrap(), (message.to_vec(), Major::COMPLETE));
        assert_eq!(acceptor.verify_mic(message, &mic).unwrap().supplementary, Major::COMPLETE);
    }

    #[test]
    fn reflected_and_strange_messages_are_refused() {
        let (initiator, acceptor) = pair("");
        let (_, stranger) = pair("");
        let token = wrap(&initiator, b"message");
        assert_eq!(unwrap(&initiator, &token).unwrap_err().major, Major::BAD_MIC, "its own one");
        assert_eq!(unwrap(&stranger, &token).unwrap_err().major, Major::BAD_MIC, "of another context");
        let mic = written(|out| initiator.get_mic(0, b"", out)).unwrap();
        assert_eq!(unwrap(&acceptor, &mic).unwrap_err().major, Major::DEFECTIVE_TOKEN, "a MIC is no wrapped message");
        let token = wrap(&initiator, b"");
        assert_eq!(acceptor.verify_mic(b"", &token).unwrap_err().major, Major::DEFECTIVE_TOKEN);
    }

    #[test]
    fn replays_and_gaps_are_told_if_they_were_asked_for() {
        const NONE: Major = Major::COMPLETE;
        let (duplicate, old, unseq, gap) =
            (Major::DUPLICATE_TOKEN, Major::OLD_TOKEN, Major::UNSEQ_TOKEN, Major::GAP_TOKEN);
        for (flags, expected) in [
            (Flags::NONE, [NONE, NONE, NONE, NONE, NONE, NONE]),
            (Flags::REPLAY, [NONE, duplicate, NONE, NONE, NONE, old]),
            (Flags::SEQUENCE, [NONE, unseq, gap, unseq, gap, unseq]),
            (Flags::REPLAY | Flags::SEQUENCE, [NONE, duplicate, gap, unseq, gap, old]),
        ] {
            let (initiator, acceptor) = pair_with("", &Wish { flags, ..Wish::default() });
            let tokens: Vec<_> = (0..=70u8).map(|number| wrap(&initiator, &[number])).collect();
            for (number, expected) in [0, 0, 2, 1, 70, 2].into_iter().zip(expected) {
                let told = unwrap(&acceptor, &tokens[usize::from(number)]).unwrap();
                assert_eq!(told, (vec![number], expected), "{flags:?}, message {number}");
            }
        }
    }

    #[test]
    fn threads_wrap_at_once_with_numbers_of_their_own() {
        let (initiator, acceptor) = pair_with("", &Wish { flags: Flags::REPLAY, ..Wish::default() });
        let mut tokens: Vec<Vec<u8>> = std::thread::scope(|scope| {
            let work = || (0..1000).map(|_| wrap(&initiator, b"message")).collect::<Vec<_>>();
            let threads: Vec<_> = (0..2).map(|_| scope.spawn(work)).collect();
            threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
        });
        let numbers: HashSet<_> = tokens.iter().map(|token| token[2..10].to_vec()).collect();
        assert_eq!((numbers.len(), initiator.messages.next()), (2000, 2000));
        tokens.sort();
        // Two threads get every message: none is new to both.
        let (one, two): (Vec<bool>, Vec<bool>) = std::thread::scope(|scope| {
            let work = || tokens.iter().map(|token| unwrap(&acceptor, token).unwrap().1 == Major::COMPLETE).collect();
            let threads = (scope.spawn(work), scope.spawn(work));
            (threads.0.join().unwrap(), threads.1.join().unwrap())
        });
        assert!(one.iter().zip(&two).all(|(one, two)| !(one & two)));
        assert!(one.iter().chain(&two).any(|new| *new));
    }

    #[test]
    fn a_message_without_room_uses_up_no_number() {
        struct Full;
        impl gss_plugin::Sink for Full {
            fn append(&mut self, _: usize) -> Option<&mut [u8]> {
                None
            }
            fn len(&self) -> usize {
                0
            }
            fn truncate(&mut self, _: usize) {}
        }
        let (initiator, acceptor) = pair("");
        assert!(initiator.wrap(false, 0, b"lost", &mut Output::over(&mut Full)).is_err());
        assert!(initiator.get_mic(0, b"lost", &mut Output::over(&mut Full)).is_err());
        let token = wrap(&initiator, b"found");
        assert!(acceptor.unwrap(&token, &mut Output::over(&mut Full)).is_err());
        assert_eq!(unwrap(&acceptor, &token).unwrap(), (b"found".to_vec(), Major::COMPLETE));
    }

    #[test]
    fn associated_data_is_covered_and_not_sent() {
        let (initiator, acceptor) = pair("");
        let token = written(|out| initiator.wrap_aead(true, 0, b"header", b"message", out)).unwrap();
        assert_eq!(token.len(), HEADER + 7);
        assert_eq!(written(|out| acceptor.unwrap_aead(&token, b"header", out)).unwrap(), b"message");
        for other in [&b"heade"[..], b"header ", b"Header", b""] {
            let error = written(|out| acceptor.unwrap_aead(&token, other, out)).unwrap_err();
            assert_eq!(error.major, Major::BAD_MIC);
        }
        let token = written(|out| initiator.wrap_aead(true, 0, b"", b"message", out)).unwrap();
        assert_eq!(unwrap(&acceptor, &token).unwrap().0, b"message");
    }
}
