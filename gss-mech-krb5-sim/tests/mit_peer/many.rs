//! Messages of many sizes in one go, in binary: `make` and `take` of `tests/c/mit_peer.c`.

use super::{Library, Mit, moved, written};
use gss_mech_krb5_sim::{Krb5Context, Krb5Sim};
use gss_plugin::{Iov, IovKind, IovResult, Major, MessageInfo, Output, SecurityContext};
use std::io::{BufRead, Read, Write};
use std::ops::Range;
use std::sync::OnceLock;

const LONGEST: usize = 70_000;

/// Sizes in one command; our side is moved after each. Of one block of the cipher: so each form meets every remainder.
const AT_ONCE: usize = 16;

/// The sizes that are tried where not all are: the short ones, and those about powers of two and about the end.
pub(crate) fn some_sizes() -> impl Iterator<Item = Range<usize>> {
    let about = (10..=16).map(|power| (1 << power) - 20..(1 << power) + 12);
    std::iter::once(0..320).chain(about).chain(std::iter::once(LONGEST - 16..LONGEST + 1))
}

pub(crate) fn all_sizes() -> impl Iterator<Item = Range<usize>> {
    std::iter::once(0..LONGEST + 1)
}

/// Who protects the messages.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum From {
    Us,
    Them,
}

/// Protects messages of all these sizes on one side and has them taken on the other: each of them encrypted, signed, and
/// with a MIC apart. From block to block of sizes the two sides take turns in working on pieces or on whole messages.
/// After each block our side is exported and imported.
pub(crate) fn exchange(
    mechanism: &Krb5Sim,
    mut ours: Krb5Context,
    mit: &mut Mit,
    from: From,
    sizes: impl IntoIterator<Item = Range<usize>>,
) -> Krb5Context {
    for range in sizes {
        for first in range.clone().step_by(AT_ONCE) {
            let block = first / AT_ONCE;
            // Heimdal has no stream elements.
            let theirs_in_pieces = block % 2 == 1 && mit.library == Library::Mit;
            let kinds = if theirs_in_pieces { "ESm" } else { "esm" };
            let sizes = first..range.end.min(first + AT_ONCE);
            match from {
                From::Us => send(&ours, mit, kinds, block / 2 % 2 == 1, sizes),
                From::Them => receive(&ours, mit, kinds, block / 2 % 2 == 1, sizes),
            }
            ours = moved(mechanism, &ours);
        }
    }
    ours
}

fn send(ours: &Krb5Context, mit: &mut Mit, kinds: &str, in_pieces: bool, sizes: Range<usize>) {
    let ask = mit.ask.as_mut().unwrap();
    writeln!(ask, "take {kinds} {} {}", sizes.start, sizes.end).unwrap();
    for size in sizes {
        for kind in kinds.chars() {
            let token = token_of(ours, kind, in_pieces, message_of(size));
            ask.write_all(&u32::try_from(token.len()).unwrap().to_be_bytes()).unwrap();
            ask.write_all(&token).unwrap();
        }
    }
    let mut answer = String::new();
    mit.answers.read_line(&mut answer).unwrap();
    assert_eq!(answer, "ok\n", "of our tokens");
}

fn receive(ours: &Krb5Context, mit: &mut Mit, kinds: &str, in_pieces: bool, sizes: Range<usize>) {
    writeln!(mit.ask.as_mut().unwrap(), "make {kinds} {} {}", sizes.start, sizes.end).unwrap();
    for size in sizes {
        for kind in kinds.chars() {
            let mut length = [0; 4];
            mit.answers.read_exact(&mut length).unwrap();
            let mut token = vec![0; u32::from_be_bytes(length) as usize];
            mit.answers.read_exact(&mut token).unwrap();
            check(ours, kind, in_pieces, &mut token, message_of(size));
        }
    }
}

/// The message of that many bytes, as the C program knows it.
fn message_of(size: usize) -> &'static [u8] {
    static TEXT: OnceLock<Vec<u8>> = OnceLock::new();
    &TEXT.get_or_init(|| (0..LONGEST).map(|at| (at * 7 + (at >> 8)) as u8).collect())[..size]
}

fn token_of(ours: &Krb5Context, kind: char, in_pieces: bool, message: &[u8]) -> Vec<u8> {
    let confidential = kind.eq_ignore_ascii_case(&'e');
    if kind == 'm' {
        written(|out| ours.get_mic(0, message, out)).unwrap()
    } else if in_pieces {
        let mut data = message.to_vec();
        let mut iov =
            [Iov::allocated(IovKind::Header), Iov::new(IovKind::Data, &mut data), Iov::allocated(IovKind::Trailer)];
        assert_eq!(ours.wrap_iov(confidential, 0, &mut iov).unwrap(), confidential);
        let [header, data, trailer] = iov;
        match (header.result, trailer.result) {
            (IovResult::Allocated(header), IovResult::Allocated(trailer)) => {
                [&header, &*data.buffer, &trailer].concat()
            }
            other => panic!("{other:?}"),
        }
    } else {
        written(|out| ours.wrap(confidential, 0, message, out).map(drop)).unwrap()
    }
}

fn check(ours: &Krb5Context, kind: char, in_pieces: bool, token: &mut [u8], message: &[u8]) {
    let confidential = kind.eq_ignore_ascii_case(&'e');
    let size = message.len();
    let told = if kind == 'm' {
        ours.verify_mic(message, token).unwrap()
    } else if in_pieces {
        let mut iov = [Iov::new(IovKind::Stream, token), Iov::new(IovKind::Data, &mut [])];
        let told = ours.unwrap_iov(&mut iov).unwrap();
        let IovResult::InStream(range) = &iov[1].result else { panic!("{:?}", iov[1].result) };
        assert!(iov[0].buffer[range.clone()] == *message, "{kind} of {size} bytes");
        told
    } else {
        let mut out = Vec::with_capacity(size);
        let told = ours.unwrap(token, &mut Output::over(&mut out)).unwrap();
        assert!(out == message, "{kind} of {size} bytes");
        told
    };
    let expected = MessageInfo { confidential, qop: 0, supplementary: Major::COMPLETE };
    assert_eq!(told, expected, "{kind} of {size} bytes");
}
