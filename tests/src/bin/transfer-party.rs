//! One side of a transfer, as a process of its own: the Rust API over the system's sources, for tests that race many
//! such processes or kill them. `tests/c/transfer_party.c` is the same over the C library.
//!
//! ```text
//! transfer-party worker GATE   imports what it is told, once the gate is open, again and again (gss_tests::party)
//! transfer-party exporter      accepts the handshake on its standard input; exports the context to standard output
//! transfer-party importer      imports the token on its standard input; writes a message to standard output
//! ```
//!
//! The last two tell on standard error where the transfer begins and ends. Up to there nothing may depend on chance,
//! such as on a second thread: their system calls are counted.
#![allow(clippy::expect_used, clippy::panic, reason = "a process of a test that cannot go on has failed")]

use gss_core::{Error, Gss, Major, PendingImport, Result, TransferError};
use gss_tests::DUMMY;
use gss_tests::party::{BEGINS, CLAIMED, ENDS, FAILED, MESSAGE, NO_CONTEXT, PREPARED, READY, WHOLE, receive, send};
use rustix::fs::{FlockOperation, Mode, flock};
use std::fs::File;
use std::io::{Read, Write, stderr, stdin, stdout};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["worker", gate] => worker(&File::open(gate).expect("the gate")),
        ["exporter"] => exporter(),
        ["importer"] => importer(),
        _ => panic!("no such side: {words:?}"),
    }
}

fn worker(gate: &File) {
    let gss = Gss::system();
    while let Some((kind, token)) = receive(&mut stdin()) {
        let pending = match kind {
            WHOLE => None,
            PREPARED => Some(gss.prepare_import(&token)),
            _ => panic!("no such order: {kind}"),
        };
        send(&mut stdout(), READY, b"");
        // Held alone by the test: this waits with all others until it lets go.
        flock(gate, FlockOperation::LockShared).expect("the gate can be locked");
        let imported = match pending {
            None => gss.import_context(&token),
            Some(pending) => pending.and_then(PendingImport::commit),
        };
        flock(gate, FlockOperation::Unlock).expect("the gate can be unlocked");
        match imported.and_then(|context| context.wrap(true, MESSAGE)) {
            Ok(message) => send(&mut stdout(), CLAIMED, &message),
            // This and no other: a context that is refused for a reason of its own is no context that is gone.
            Err(error @ Error::Transfer(TransferError::NotWaiting { .. })) if error.major() == Major::NO_CONTEXT => {
                send(&mut stdout(), NO_CONTEXT, b"");
            }
            Err(error) => send(&mut stdout(), FAILED, error.to_string().as_bytes()),
        }
    }
}

fn input() -> Vec<u8> {
    let mut bytes = Vec::new();
    stdin().read_to_end(&mut bytes).expect("standard input");
    bytes
}

/// One write each, so that each is one system call in the trace.
fn mark(words: &str) {
    assert_eq!(stderr().write(words.as_bytes()).expect("standard error"), words.len());
}

fn exporter() {
    side(|gss| {
        let mut acceptor = gss.acceptor();
        assert!(acceptor.step(&input())?.complete);
        let context = acceptor.into_context()?;
        mark(BEGINS);
        let token = context.export()?;
        output(token.as_bytes());
        mark(ENDS);
        Ok(())
    });
}

fn importer() {
    side(|gss| {
        let token = input();
        // A mechanism is loaded once; that belongs to no transfer.
        gss.mechanism(&DUMMY)?.open()?;
        mark(BEGINS);
        let context = gss.import_context(&token)?;
        output(&context.wrap(true, MESSAGE)?);
        mark(ENDS);
        Ok(())
    });
}

fn side(transfer: impl FnOnce(&Gss) -> Result<()>) {
    // A group's folders and files have modes that this umask forbids: to set them is part of the transfer.
    rustix::process::umask(Mode::from_raw_mode(0o077));
    transfer(&Gss::system()).expect("the transfer");
}

/// Past the buffer of standard output, which would hold it back until a newline comes.
fn output(bytes: &[u8]) {
    let written = rustix::io::write(rustix::stdio::stdout(), bytes).expect("standard output");
    assert_eq!(written, bytes.len());
}
