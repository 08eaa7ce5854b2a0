//! Processes that hold one context each and do with it what a test tells them: `context-holder` over the Rust API,
//! `tests/c/context_holder.c` over the C library. The test is none of them, and only carries tokens from one to another.
//!
//! Orders and answers are frames as in [`crate::party`].

use crate::Site;
use crate::party::{receive, send};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};

/// Take the next leg, with this token of the peer's.
pub const STEP: u8 = b's';
/// Import this interprocess token. Until then there is no context.
pub const IMPORT: u8 = b'i';
/// Export the context; the answer is the token, once every call on the old handle has been `NO_CONTEXT`.
pub const EXPORT: u8 = b'x';
/// Wrap this message, with confidentiality.
pub const WRAP: u8 = b'w';
/// Unwrap this token; the answer is the message, which has to be in sequence.
pub const UNWRAP: u8 = b'u';
/// Make a MIC of [`SIGNED`].
pub const MIC: u8 = b'm';
/// Verify this MIC of [`SIGNED`], which has to be in sequence.
pub const VERIFY: u8 = b'v';

/// It is done; for a leg: the last one.
pub const DONE: u8 = b'k';
/// The leg is taken, and the handshake goes on.
pub const GOES_ON: u8 = b'g';
/// `NO_CONTEXT`; with a text.
pub const NO_CONTEXT: u8 = b'n';
/// Any other failure; with a text.
pub const FAILED: u8 = b'f';

/// What MICs are made of.
pub const SIGNED: &[u8] = b"signed, and seen";

/// Which side of the handshake a holder takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// It initiates, or goes on with an imported context that does.
    Initiator,
    /// It accepts.
    Acceptor,
    /// Neither: it has no credential, and takes over established contexts alone.
    Worker,
}

/// What all holders of a test have in common.
pub struct Cast<'a> {
    /// Where their mechanism is configured.
    pub site: &'a Site,
    /// Its OID, dotted.
    pub mechanism: String,
    /// The host-based service that initiators talk to.
    pub service: &'a str,
    /// The user whose credential initiators have; empty for the default one.
    pub user: &'a str,
    /// The programs; with several, each next holder is of the next one.
    pub programs: Vec<PathBuf>,
}

/// A process with a context, or about to get one.
pub struct Holder {
    process: Child,
    to: ChildStdin,
    from: ChildStdout,
    side: Side,
    program: usize,
}

impl Cast<'_> {
    /// A process that begins.
    pub fn first(&self, side: Side) -> Holder {
        self.start(side, 0)
    }

    /// A process that takes over from this one.
    pub fn successor(&self, of: &Holder) -> Holder {
        self.start(of.side, (of.program + 1) % self.programs.len())
    }

    fn start(&self, side: Side, program: usize) -> Holder {
        let name = match side {
            Side::Initiator => "initiator",
            Side::Acceptor => "acceptor",
            Side::Worker => "worker",
        };
        let path: &Path = &self.programs[program];
        let mut command = self.site.command(path);
        command.args([name, &self.mechanism, self.service, self.user]);
        let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let mut process = child.expect("the program was built");
        let (to, from) = (process.stdin.take(), process.stdout.take());
        Holder { process, to: to.expect("a pipe"), from: from.expect("a pipe"), side, program }
    }
}

impl Holder {
    /// Gives an order, and waits for the answer: its kind and the bytes with it.
    pub fn ask(&mut self, order: u8, bytes: &[u8]) -> (u8, Vec<u8>) {
        send(&mut self.to, order, bytes);
        receive(&mut self.from).unwrap_or_else(|| panic!("the {:?} ended: {:?}", self.side, self.process.wait()))
    }

    /// An order that has to succeed.
    pub fn done(&mut self, order: u8, bytes: &[u8]) -> Vec<u8> {
        let (kind, bytes) = self.ask(order, bytes);
        let (order, text) = (char::from(order), String::from_utf8_lossy(&bytes));
        assert_eq!(char::from(kind), char::from(DONE), "{:?}, order {order}: {text}", self.side);
        bytes
    }

    /// An order that has to fail otherwise than with `NO_CONTEXT`, and the text.
    pub fn refused(&mut self, order: u8, bytes: &[u8]) -> String {
        let (kind, text) = self.ask(order, bytes);
        assert_eq!(char::from(kind), char::from(FAILED), "{:?}, order {}", self.side, char::from(order));
        String::from_utf8(text).expect("a text")
    }

    /// The next leg: whether it was the last, and the token for the peer.
    pub fn step(&mut self, token: &[u8]) -> (bool, Vec<u8>) {
        let (kind, bytes) = self.ask(STEP, token);
        let text = String::from_utf8_lossy(&bytes);
        assert!([DONE, GOES_ON].contains(&kind), "a leg of the {:?}: {text}", self.side);
        (kind == DONE, bytes)
    }

    /// Lets the process end by itself, which it has to do well: a sanitizer's verdict counts.
    pub fn dismiss(self) {
        let Self { mut process, to, from, side, .. } = self;
        drop((to, from));
        let status = process.wait().expect("our own child");
        assert!(status.success(), "the {side:?} ends with {status}");
    }
}

/// Proves that two processes have the two sides of a context, in step: messages and MICs both ways.
pub fn converse(one: &mut Holder, other: &mut Holder) {
    for _ in 0..2 {
        let wrapped = one.done(WRAP, b"between processes");
        assert!(!wrapped.windows(7).any(|window| window == b"between"), "confidentiality was asked for");
        assert_eq!(other.done(UNWRAP, &wrapped), b"between processes");
        let mic = one.done(MIC, b"");
        other.done(VERIFY, &mic);
        std::mem::swap(&mut *one, &mut *other);
    }
}

/// The handshake. Between any two legs, and after the last one, each side's process is what `moved` makes of it.
pub fn establish(cast: &Cast<'_>, mut moved: impl FnMut(Holder) -> Holder) -> (Holder, Holder) {
    let mut ours = cast.first(Side::Initiator);
    let mut theirs = cast.first(Side::Acceptor);
    let (mut ours_done, mut theirs_done, mut token) = (false, false, Vec::new());
    while !(ours_done && theirs_done) {
        if !ours_done {
            (ours_done, token) = ours.step(&token);
            ours = moved(ours);
        }
        if !theirs_done {
            (theirs_done, token) = theirs.step(&token);
            theirs = moved(theirs);
        }
    }
    (ours, theirs)
}
