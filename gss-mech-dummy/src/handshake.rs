//! The tokens of the handshake. There are as many as the initiator's `legs` option says, by turns, the initiator first.
//!
//! ```text
//! all      leg (1 byte), legs in all (1 byte), session (16 bytes), the leg's own part, checksum (8 bytes)
//! leg 1    flags, lifetime (4 bytes each), channel bindings (8 bytes), source, target (length and encoded name);
//!          all of it framed as RFC 2743 section 3.1 wants an initial token, so that an acceptor finds the mechanism
//! leg 2    flags granted, lifetime granted (4 bytes each)
//! refusal  instead of leg 2, with 0 for its number: major and minor status (4 bytes each)
//! others   nothing
//! ```

use crate::checksum::Checksum;
use crate::name::DummyName;
use crate::options::MAX_LEGS;
use crate::status::Minor;
use crate::wire::{Reader, Writer};
use gss_plugin::{ChannelBindings, Flags, Lifetime, Major, MechError, Oid, Result};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::SystemTime;

/// What both sides know a context by.
pub(crate) type Session = [u8; 16];

/// A side of the context.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub(crate) enum Role {
    Initiator = 1,
    Acceptor = 2,
}

impl Role {
    pub(crate) fn peer(self) -> Self {
        match self {
            Self::Initiator => Self::Acceptor,
            Self::Acceptor => Self::Initiator,
        }
    }

    pub(crate) fn from_code(code: u8) -> Option<Self> {
        [Self::Initiator, Self::Acceptor].into_iter().find(|role| *role as u8 == code)
    }
}

/// How far the handshake has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Progress {
    role: Role,
    legs: u8,
    done: u8,
}

impl Progress {
    /// After leg 1. An acceptor of more than one leg answers before it rests.
    pub(crate) fn first(role: Role, legs: u8) -> Self {
        Self { role, legs, done: 1 }
    }

    /// With `done` of `legs` tokens sent or taken, if that is a point where this side waits for the peer or has
    /// finished.
    pub(crate) fn resting(role: Role, legs: u8, done: u8) -> Option<Self> {
        let sent_last = (done % 2 == 1) == (role == Role::Initiator);
        let possible = (1..=MAX_LEGS).contains(&legs) && (1..=legs).contains(&done) && (sent_last || done == legs);
        possible.then_some(Self { role, legs, done })
    }

    pub(crate) fn role(self) -> Role {
        self.role
    }

    pub(crate) fn legs(self) -> u8 {
        self.legs
    }

    pub(crate) fn done(self) -> u8 {
        self.done
    }

    pub(crate) fn established(self) -> bool {
        self.done == self.legs
    }

    /// After one more token.
    pub(crate) fn advanced(self) -> Self {
        Self { done: self.done.saturating_add(1), ..self }
    }
}

/// A session that no other context of this host has. It need not be unpredictable, since it protects nothing.
pub(crate) fn new_session() -> Session {
    static COUNTER: AtomicU32 = AtomicU32::new(0);
    let time = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |time| time.as_nanos());
    let mut session = [0; 16];
    // The lower 64 bits of the nanoseconds last until the year 2554.
    session[..8].copy_from_slice(&time.to_be_bytes()[8..]);
    session[8..12].copy_from_slice(&std::process::id().to_be_bytes());
    session[12..].copy_from_slice(&COUNTER.fetch_add(1, Ordering::Relaxed).to_be_bytes());
    session
}

/// What the initiator says in leg 1.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Hello {
    pub(crate) legs: u8,
    pub(crate) session: Session,
    pub(crate) flags: Flags,
    pub(crate) lifetime: Lifetime,
    /// [`bindings_sum`].
    pub(crate) bindings: u64,
    pub(crate) source: DummyName,
    pub(crate) target: DummyName,
}

impl Hello {
    pub(crate) fn write(&self, mechanism: &Oid) -> Vec<u8> {
        let mut out = start(1, self.legs, &self.session);
        out.u32(self.flags.0).u32(self.lifetime.0).u64(self.bindings);
        out.bytes(&self.source.encode()).bytes(&self.target.encode());
        frame(mechanism, &out.sealed())
    }

    pub(crate) fn read(mechanism: &Oid, token: &[u8]) -> Result<Self> {
        unframe(mechanism, token).and_then(Self::parse).ok_or_else(|| Minor::HandshakeToken.error())
    }

    fn parse(body: &[u8]) -> Option<Self> {
        let mut reader = Reader::sealed(body)?;
        reader.literal(&[1])?;
        let hello = Self {
            legs: reader.u8().filter(|legs| (1..=MAX_LEGS).contains(legs))?,
            session: reader.array()?,
            flags: Flags(reader.u32()?),
            lifetime: Lifetime(reader.u32()?),
            bindings: reader.u64()?,
            source: DummyName::decode(reader.bytes()?)?,
            target: DummyName::decode(reader.bytes()?)?,
        };
        reader.end()?;
        Some(hello)
    }
}

/// What a later leg says: what the acceptor granted, in leg 2; nothing else in the others.
pub(crate) type Granted = Option<(Flags, Lifetime)>;

/// Writes the token of the leg that follows on `progress`.
pub(crate) fn write_leg(progress: Progress, session: &Session, granted: (Flags, Lifetime)) -> Vec<u8> {
    let leg = progress.done + 1;
    let mut out = start(leg, progress.legs, session);
    if leg == 2 {
        out.u32(granted.0.0).u32(granted.1.0);
    }
    out.sealed()
}

/// Reads the token of the leg that follows on `progress`.
pub(crate) fn read_leg(progress: Progress, session: &Session, token: &[u8]) -> Result<Granted> {
    let leg = progress.done.saturating_add(1);
    if leg == 2
        && let Some((major, minor)) = parse_refusal(progress, session, token)
    {
        let text = format!("{}: {major}, minor status {minor}", Minor::Refused.text());
        return Err(MechError::new(major, text).minor(Minor::Refused as u32));
    }
    let parse = || {
        let mut reader = Reader::sealed(token)?;
        reader.literal(&[leg, progress.legs])?;
        reader.literal(session)?;
        let granted = if leg == 2 { Some((Flags(reader.u32()?), Lifetime(reader.u32()?))) } else { None };
        reader.end()?;
        Some(granted)
    };
    parse().ok_or_else(|| Minor::HandshakeToken.error())
}

/// The acceptor's answer to an initiator that it refuses: a token that goes to the peer with the error.
pub(crate) fn refused(hello: &Hello, error: MechError) -> MechError {
    let mut out = start(0, hello.legs, &hello.session);
    out.u32(error.major.0).u32(error.minor);
    error.token(out.sealed())
}

fn parse_refusal(progress: Progress, session: &Session, token: &[u8]) -> Option<(Major, u32)> {
    let mut reader = Reader::sealed(token)?;
    reader.literal(&[0, progress.legs])?;
    reader.literal(session)?;
    // The peer's word is not taken for more than a routine error.
    let major = Major(reader.u32()?).routine();
    let minor = reader.u32()?;
    reader.end()?;
    major.is_error().then_some((major, minor))
}

fn start(leg: u8, legs: u8, session: &Session) -> Writer {
    let mut out = Writer::default();
    out.u8(leg).u8(legs).raw(session);
    out
}

/// The channel bindings as a number; 0 stands for none.
pub(crate) fn bindings_sum(bindings: Option<&ChannelBindings<'_>>) -> u64 {
    let Some(bindings) = bindings else { return 0 };
    let mut sum = Checksum::new(0);
    sum.word(u64::from(bindings.initiator_address_type));
    sum.word(u64::from(bindings.acceptor_address_type));
    for part in [bindings.initiator_address, bindings.acceptor_address, bindings.application_data] {
        sum.update(part);
        sum.end_part();
    }
    sum.finish().max(1)
}

/// The frame of an initial token: `60 length 06 length OID`, then the body.
fn frame(mechanism: &Oid, body: &[u8]) -> Vec<u8> {
    let oid = mechanism.as_bytes();
    let mut inner = vec![0x06];
    push_length(&mut inner, oid.len());
    inner.extend_from_slice(oid);
    inner.extend_from_slice(body);
    let mut token = vec![0x60];
    push_length(&mut token, inner.len());
    token.extend_from_slice(&inner);
    token
}

/// The body of an initial token for this mechanism.
fn unframe<'a>(mechanism: &Oid, token: &'a [u8]) -> Option<&'a [u8]> {
    let mut outer = Reader::new(token);
    outer.literal(&[0x60])?;
    let length = read_length(&mut outer)?;
    let mut inner = Reader::new(outer.take(length)?);
    outer.end()?;
    inner.literal(&[0x06])?;
    let length = read_length(&mut inner)?;
    (inner.take(length)? == mechanism.as_bytes()).then(|| inner.rest())
}

/// A DER length: below 128 itself, else the number of its bytes and the bytes.
fn push_length(out: &mut Vec<u8>, length: usize) {
    let bytes = length.to_be_bytes();
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    if length >= 128 {
        out.push(0x80 | (bytes.len() - zeros) as u8);
        out.extend_from_slice(&bytes[zeros..]);
    } else {
        out.push(length as u8);
    }
}

/// Reads a DER length, which has one form only: no indefinite length, no zeros in front.
fn read_length(reader: &mut Reader<'_>) -> Option<usize> {
    let first = reader.u8()?;
    if first < 128 {
        return Some(usize::from(first));
    }
    let bytes = reader.take(usize::from(first & 0x7f)).filter(|bytes| (1..=4).contains(&bytes.len()))?;
    let length = bytes.iter().fold(0, |length, byte| length << 8 | usize::from(*byte));
    (bytes[0] != 0 && length >= 128).then_some(length)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{OID, Wish, accept, handshake, initiate, open, serialized, wrap, written};
    use crate::{Dummy, DummyContext};
    use gss_plugin::{Line, Mechanism, SecurityContext};

    #[test]
    fn handshakes_of_1_to_16_legs_establish_both_sides() {
        for legs in 1..=16 {
            let mechanism = open(&format!("legs={legs}"));
            let mut contexts = 0;
            let count = |context: DummyContext| {
                contexts += 1;
                assert_eq!(context.context_time().is_ok(), context.progress.done == legs);
                context
            };
            let (initiator, acceptor) = handshake(&mechanism, &Wish::default(), count).unwrap();
            assert_eq!(contexts, legs + 1, "each token is made once, and the last one is taken");
            for (context, step) in [&initiator, &acceptor] {
                assert!(step.complete);
                assert_eq!(context.progress.done, legs);
                assert!(step.flags.contains(Flags::INTEG | Flags::PROT_READY | Flags::REPLAY | Flags::SEQUENCE));
                assert!(!step.flags.contains(Flags::CONF), "nothing is ever encrypted");
                assert_eq!(step.flags.contains(Flags::MUTUAL), legs >= 2);
            }
            let source = acceptor.1.source.unwrap();
            assert_eq!(source, DummyName::user(b"dummy-user").unwrap());
            let token = wrap(&initiator.0, b"hello");
            assert_eq!(written(|out| acceptor.0.unwrap(&token, out)).unwrap(), b"hello");
            let token = wrap(&acceptor.0, b"hello yourself");
            assert_eq!(written(|out| initiator.0.unwrap(&token, out)).unwrap(), b"hello yourself");
        }
    }

    /// All tokens of a handshake, with the contexts that wait for each.
    fn tokens(mechanism: &Dummy) -> Vec<(Role, Vec<u8>, Option<Vec<u8>>)> {
        let wish = Wish::default();
        let (mut initiator, step) = initiate(mechanism, None, &wish, &[]).unwrap();
        let mut tokens = vec![(Role::Acceptor, step.token.clone(), None)];
        let (mut acceptor, mut step) = accept(mechanism, None, &wish, &step.token).unwrap();
        while !step.token.is_empty() {
            tokens.push((Role::Initiator, step.token.clone(), Some(serialized(&initiator))));
            (initiator, step) = initiate(mechanism, Some(initiator), &wish, &step.token).unwrap();
            if step.token.is_empty() {
                break;
            }
            tokens.push((Role::Acceptor, step.token.clone(), Some(serialized(&acceptor))));
            (acceptor, step) = accept(mechanism, Some(acceptor), &wish, &step.token).unwrap();
        }
        tokens
    }

    fn take(mechanism: &Dummy, role: Role, state: Option<&Vec<u8>>, token: &[u8]) -> Result<DummyContext> {
        let context = state.map(|state| mechanism.import_context(state).unwrap());
        let taken = match role {
            Role::Initiator => initiate(mechanism, context, &Wish::default(), token),
            Role::Acceptor => accept(mechanism, context, &Wish::default(), token),
        };
        taken.map(|(context, _)| context)
    }

    #[test]
    fn no_altered_byte_gets_through() {
        let mechanism = open("legs=4");
        let tokens = tokens(&mechanism);
        assert_eq!(tokens.len(), 4);
        for (leg, (role, token, state)) in tokens.iter().enumerate() {
            assert!(take(&mechanism, *role, state.as_ref(), token).is_ok());
            let mut wrong = Vec::new();
            for position in 0..token.len() {
                for bit in 0..8 {
                    let mut altered = token.clone();
                    altered[position] ^= 1 << bit;
                    wrong.push(altered);
                }
                wrong.push(token[..position].to_vec());
                wrong.push([&token[..position], &[0], &token[position..]].concat());
            }
            wrong.push([token, &[0][..]].concat());
            for wrong in wrong {
                let error = take(&mechanism, *role, state.as_ref(), &wrong).unwrap_err();
                assert_eq!(error.major, Major::DEFECTIVE_TOKEN, "leg {}: {wrong:02x?}", leg + 1);
            }
        }
    }

    #[test]
    fn only_the_token_of_this_leg_and_session_is_taken() {
        let mechanism = open("legs=6");
        let (mine, others) = (tokens(&mechanism), tokens(&mechanism));
        for (leg, (role, _, state)) in mine.iter().enumerate() {
            for (other, (_, token, _)) in mine.iter().enumerate() {
                let taken = take(&mechanism, *role, state.as_ref(), token);
                assert_eq!(taken.is_ok(), leg == other, "token of leg {} in leg {}", other + 1, leg + 1);
            }
            let stranger = take(&mechanism, *role, state.as_ref(), &others[leg].1);
            assert_eq!(stranger.is_ok(), leg == 0, "leg {} of another session", leg + 1);
        }
    }

    #[test]
    fn a_token_for_another_oid_is_refused() {
        let other: Oid = "2.25.340282366920938463463374607431768211455.3".parse().unwrap();
        let line = Line { name: "other", oid: &other, aliases: &[], options: "", place: "test.conf:8" };
        let (here, there) = (open(""), Dummy::open(&line).unwrap());
        assert!(handshake(&there, &Wish::default(), |context| context).is_ok());
        let (_, step) = initiate(&there, None, &Wish::default(), &[]).unwrap();
        assert_eq!(accept(&here, None, &Wish::default(), &step.token).err().unwrap().major, Major::DEFECTIVE_TOKEN);
    }

    #[test]
    fn lengths_of_the_frame_have_one_form() {
        for length in [0, 1, 127, 128, 255, 256, 65_535, 65_536] {
            let mut written = Vec::new();
            push_length(&mut written, length);
            let mut reader = Reader::new(&written);
            assert_eq!(read_length(&mut reader), Some(length));
            assert!(reader.end().is_some());
        }
        for wrong in [&b"\x80"[..], b"\x81\x7f", b"\x82\x00\xff", b"\x85\x01\x00\x00\x00\x00", b"\x82\x01", b""] {
            assert_eq!(read_length(&mut Reader::new(wrong)), None, "{wrong:02x?}");
        }
        let long = Oid::from_content(&[0x2a; 200]).unwrap();
        assert_eq!(unframe(&long, &frame(&long, b"body")), Some(&b"body"[..]));
        assert_eq!(unframe(&OID, &frame(&long, b"body")), None);
    }

    fn bindings(data: &[u8]) -> Option<ChannelBindings<'_>> {
        Some(ChannelBindings { application_data: data, ..ChannelBindings::default() })
    }

    #[test]
    fn bindings_must_agree_where_both_sides_have_them() {
        for (initiator, acceptor, bound) in [
            (None, None, Some(false)),
            (bindings(b"one"), None, Some(false)),
            (None, bindings(b"one"), Some(false)),
            (bindings(b"one"), bindings(b"one"), Some(true)),
            (bindings(b"one"), bindings(b"two"), None),
            (bindings(b""), bindings(b""), Some(true)),
        ] {
            let wish = Wish { initiator_bindings: initiator, acceptor_bindings: acceptor, ..Wish::default() };
            match handshake(&open(""), &wish, |context| context) {
                Ok((initiator, acceptor)) => {
                    assert_eq!(Some(initiator.1.flags.contains(Flags::CHANNEL_BOUND)), bound);
                    assert_eq!(Some(acceptor.1.flags.contains(Flags::CHANNEL_BOUND)), bound);
                }
                Err(error) => {
                    assert_eq!((error.major, bound), (Major::BAD_BINDINGS, None));
                }
            }
        }
    }

    #[test]
    fn every_part_of_the_bindings_counts() {
        let own = ChannelBindings {
            initiator_address_type: 2,
            initiator_address: b"1234",
            acceptor_address_type: 3,
            acceptor_address: b"56",
            application_data: b"data",
        };
        let others = [
            ChannelBindings { initiator_address_type: 3, ..own },
            ChannelBindings { acceptor_address_type: 2, ..own },
            ChannelBindings { initiator_address: b"123", acceptor_address: b"456", ..own },
            ChannelBindings { acceptor_address: b"5", application_data: b"6data", ..own },
            ChannelBindings { application_data: b"dato", ..own },
            ChannelBindings::default(),
        ];
        for other in others {
            assert_ne!(bindings_sum(Some(&own)), bindings_sum(Some(&other)), "{other:?}");
            assert_ne!(bindings_sum(Some(&other)), 0);
        }
    }

    #[test]
    fn a_refusal_tells_the_peer_why() {
        let mechanism = open("");
        let wish = Wish { initiator_bindings: bindings(b"a"), acceptor_bindings: bindings(b"b"), ..Wish::default() };
        let (initiator, step) = initiate(&mechanism, None, &wish, &[]).unwrap();
        let refusal = accept(&mechanism, None, &wish, &step.token).err().unwrap();
        assert!(!refusal.token.is_empty());
        let told = initiate(&mechanism, Some(initiator), &wish, &refusal.token).err().unwrap();
        assert_eq!((told.major, told.minor), (Major::BAD_BINDINGS, Minor::Refused as u32));
    }

    #[test]
    fn sessions_differ() {
        let sessions: std::collections::HashSet<_> = (0..1000).map(|_| new_session()).collect();
        assert_eq!(sessions.len(), 1000);
    }
}
