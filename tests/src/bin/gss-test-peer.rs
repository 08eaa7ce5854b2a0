//! One process of a test: it does with the switch what it is told on standard input, a line for each call, and answers
//! each with a line: `ok` and bytes in hexadecimal, or `error`, the major status and the text.
#![allow(clippy::unwrap_used, reason = "a test's helper that cannot go on ends, which fails the test")]

use gss_core::config::Sources;
use gss_core::{Context, Error, Gss, Oid, PendingExport, PendingImport, SecretBuf};
use gss_tests::{converse, establish, peer};
use nix::unistd::{Gid, Uid};
use rustix::fs::Mode;
use std::collections::HashMap;
use std::io::{BufRead as _, Write as _};
use std::process::ExitCode;
use zeroize::Zeroizing;

/// What a command answers: wiped, for tests that look for what is left of a token.
type Answer = Result<Zeroizing<Vec<u8>>, Error>;

struct Peer {
    gss: Gss,
    mechanism: Oid,
    contexts: HashMap<String, Context>,
    exporting: Option<PendingExport>,
    importing: Option<PendingImport>,
    /// The last interprocess token, and where it may lie in memory.
    token: SecretBuf,
    given: Vec<u8>,
}

fn main() -> ExitCode {
    let mechanism = std::env::args().nth(1).and_then(|oid| oid.parse().ok());
    let Some(mechanism) = mechanism else {
        return ExitCode::FAILURE;
    };
    let mut peer = Peer {
        gss: Gss::with(Sources::system()),
        mechanism,
        contexts: HashMap::new(),
        exporting: None,
        importing: None,
        token: SecretBuf::default(),
        given: Vec::new(),
    };
    let mut line = String::new();
    while std::io::stdin().lock().read_line(&mut line).unwrap() > 0 {
        let mut words = line.split_whitespace();
        let command = words.next().unwrap_or_default();
        let answer = peer.obey(command, &words.collect::<Vec<_>>());
        let mut out = std::io::stdout().lock();
        match answer {
            Ok(bytes) => writeln!(out, "ok {}", peer::hex(&bytes)),
            Err(error) => writeln!(out, "error {} {error}", error.major().0),
        }
        .unwrap();
        line.clear();
    }
    ExitCode::SUCCESS
}

fn number(word: &str) -> u32 {
    word.parse().unwrap()
}

impl Peer {
    fn context(&self, name: &str) -> &Context {
        self.contexts.get(name).unwrap()
    }

    fn keep(&mut self, name: &str, context: Context) {
        self.contexts.insert(name.to_owned(), context);
    }

    fn obey(&mut self, command: &str, words: &[&str]) -> Answer {
        match (command, words) {
            ("establish", [ours, theirs]) => {
                let (initiator, acceptor) = establish(&self.gss, &self.mechanism)?;
                self.keep(ours, initiator);
                self.keep(theirs, acceptor);
            }
            ("converse", [ours, theirs]) => converse(self.context(ours), self.context(theirs)),
            ("wrap", [name, message]) => return Ok(self.context(name).wrap(true, &peer::bytes(message))?.into()),
            ("unwrap", [name, token]) => return Ok(self.context(name).unwrap(&peer::bytes(token))?.bytes.into()),
            ("sign", [name, message]) => return Ok(self.context(name).wrap(false, &peer::bytes(message))?.into()),
            ("verify", [name, message, mic]) => {
                self.context(name).verify_mic(&peer::bytes(message), &peer::bytes(mic))?;
            }
            ("mic", [name, message]) => return Ok(self.context(name).get_mic(&peer::bytes(message))?.into()),
            ("accept", [name, token]) => return self.accept(name, &peer::bytes(token)),
            ("load", []) => drop(self.gss.credential().mechanism(&self.mechanism).acquire()?),
            ("export", [name]) => {
                self.token = self.context(name).export()?;
                return Ok(self.token.as_bytes().to_vec().into());
            }
            ("prepare-export", [name]) => {
                let pending = self.context(name).prepare_export()?;
                let token = pending.token().to_vec().into();
                self.exporting = Some(pending);
                return Ok(token);
            }
            ("commit-export", []) => self.token = self.exporting.take().unwrap().commit(),
            ("import", [name, token]) => {
                self.given = peer::bytes(token);
                let context = self.gss.import_context(&self.given)?;
                self.keep(name, context);
            }
            ("prepare-import", [token]) => {
                self.given = peer::bytes(token);
                self.importing = Some(self.gss.prepare_import(&self.given)?);
            }
            ("commit-import", [name]) => {
                let context = self.importing.take().unwrap().commit()?;
                self.keep(name, context);
            }
            // The places of the token: addresses and lengths.
            ("token-places", []) => {
                let places = [self.token.as_bytes(), self.given.as_slice()].map(|bytes| {
                    let place = bytes.as_ptr().addr();
                    [place as u64, bytes.len() as u64].map(u64::to_be_bytes).concat()
                });
                return Ok(places.concat().into());
            }
            ("umask", [mode]) => {
                rustix::process::umask(Mode::from_raw_mode(u32::from_str_radix(mode, 8).unwrap()));
            }
            ("become", [uid, gid, groups @ ..]) => {
                let groups: Vec<Gid> = groups.iter().map(|group| Gid::from_raw(number(group))).collect();
                let (uid, gid) = (Uid::from_raw(number(uid)), Gid::from_raw(number(gid)));
                nix::unistd::setgroups(&groups).unwrap();
                nix::unistd::setresgid(gid, gid, gid).unwrap();
                nix::unistd::setresuid(uid, uid, uid).unwrap();
            }
            _ => return Err(Error::Argument("no such command of the tests' peer")),
        }
        Ok(Zeroizing::default())
    }

    /// One leg of an acceptor, which may be the first.
    fn accept(&mut self, name: &str, token: &[u8]) -> Answer {
        let credential = self.gss.credential().mechanism(&self.mechanism).acquire()?;
        let (progress, context) = {
            let mut acceptor = self.gss.acceptor().credential(&credential);
            if let Some(before) = self.contexts.remove(name) {
                acceptor = acceptor.resume(before);
            }
            let progress = acceptor.step(token)?;
            let context = if progress.complete { acceptor.into_context()? } else { acceptor.suspend()? };
            (progress, context)
        };
        self.keep(name, context);
        Ok(progress.token.into())
    }
}
