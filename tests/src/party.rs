//! Processes that take part in transfers: what `transfer-party` and `tests/c/transfer_party.c` are told and answer.
//!
//! A frame is its kind (1 byte), the length of what follows (4 bytes, big endian), and that. A worker gets the token,
//! under [`WHOLE`] or [`PREPARED`]; it answers [`READY`], and once the gate is open one of the others.

use crate::Site;
use gss_core::Context;
use std::io::{ErrorKind, Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Stdio};

/// Import the token when the gate is open.
pub const WHOLE: u8 = b'w';
/// Prepare the import of the token now, and commit it when the gate is open.
pub const PREPARED: u8 = b'p';
/// The worker goes to the gate.
pub const READY: u8 = b'r';
/// The worker has the context; with [`MESSAGE`], wrapped.
pub const CLAIMED: u8 = b'c';
/// `NO_CONTEXT`: the token is good for nothing (any more).
pub const NO_CONTEXT: u8 = b'n';
/// Anything else; with a text.
pub const FAILED: u8 = b'f';

/// What whoever has the context sends, as a proof that he has.
pub const MESSAGE: &[u8] = b"I have it";
/// What a side of a transfer writes to standard error before it.
pub const BEGINS: &str = "the transfer begins";
/// And after it.
pub const ENDS: &str = "the transfer ends";

/// Sends a frame, in one write.
pub fn send(to: &mut impl Write, kind: u8, bytes: &[u8]) {
    let length = u32::try_from(bytes.len()).expect("a short frame");
    let frame = [&[kind][..], &length.to_be_bytes(), bytes].concat();
    to.write_all(&frame).and_then(|()| to.flush()).expect("the other side is there");
}

/// Receives a frame; `None` at the end.
pub fn receive(from: &mut impl Read) -> Option<(u8, Vec<u8>)> {
    let mut head = [0; 5];
    match from.read_exact(&mut head) {
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => return None,
        read => read.expect("the other side is there"),
    }
    let [kind, length @ ..] = head;
    let mut bytes = vec![0; u32::from_be_bytes(length) as usize];
    from.read_exact(&mut bytes).expect("a whole frame");
    Some((kind, bytes))
}

/// A process that imports what it is given.
pub struct Worker {
    process: Child,
    to: ChildStdin,
    from: ChildStdout,
}

/// How an import ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The worker has the context, and wrapped this message with it.
    Claimed(Vec<u8>),
    /// `NO_CONTEXT`.
    NoContext,
}

impl Worker {
    /// Starts a worker of this program over a site. It waits for tokens, and with each at the gate, a file.
    pub fn start(program: &Path, site: &Site, gate: &Path) -> Self {
        let mut command = site.command(program);
        command.arg("worker").arg(gate).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.spawn().expect("the program was built");
        let (to, from) = (process.stdin.take(), process.stdout.take());
        Self { process, to: to.expect("a pipe"), from: from.expect("a pipe") }
    }

    /// Hands it a token.
    pub fn give(&mut self, how: u8, token: &[u8]) {
        send(&mut self.to, how, token);
    }

    /// Waits until it goes to the gate.
    pub fn wait_until_ready(&mut self) {
        assert_eq!(receive(&mut self.from), Some((READY, Vec::new())));
    }

    /// What became of the token.
    pub fn outcome(&mut self) -> Outcome {
        match receive(&mut self.from).expect("the worker lives") {
            (CLAIMED, message) => Outcome::Claimed(message),
            (NO_CONTEXT, _) => Outcome::NoContext,
            (_, text) => panic!("neither a context nor NO_CONTEXT: {}", String::from_utf8_lossy(&text)),
        }
    }

    /// Lets it import a token; nobody holds the gate.
    pub fn import(&mut self, token: &[u8]) -> Outcome {
        self.give(WHOLE, token);
        self.wait_until_ready();
        self.outcome()
    }
}

impl Drop for Worker {
    /// Where a test fails others may still wait at the gate.
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Proves that whoever wrapped this message has the peer of a context, and that it is the next one in sequence.
pub fn prove(peer: &Context, message: &[u8]) {
    let received = peer.unwrap(message).expect("the message of a context's holder");
    assert_eq!(received.bytes, MESSAGE);
    assert_eq!(received.info.supplementary.0, 0, "out of sequence");
}
