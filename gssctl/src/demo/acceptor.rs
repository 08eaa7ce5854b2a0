//! The acceptor: takes connections, establishes contexts, and hands each with its connection to worker 1. It is the
//! parent of both workers, and carries what worker 1 hands on to worker 2.

use super::child::Process;
use super::protocol::{
    Checks, Failure, Fatal, FromAcceptor, FromWorker, GivenUp, Order, Outcome, Served, Target, ToAcceptor, ToClient,
    ToServer,
};
use super::wire::{Channel, Frame, Lost};
use crate::arguments::{Options, Role};
use anyhow::{Context as _, Result, anyhow, bail};
use gss_core::config::{Config, Settings};
use gss_core::token::{self, Claim};
use gss_core::transfer::admin::{self, Standing};
use gss_core::{Context, Credential, CredentialUsage, Error, Gss, Name, Oid, SecretBuf, Want};
use rustix::net::sockopt::{Timeout, set_socket_timeout};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

pub(super) fn run(options: &Options, gss: &Gss, demo: &Channel, socket: &Path, step: Duration) -> Result<()> {
    // A worker that waits for the client gives up first, and can say so.
    let start = |title| Process::start(title, Role::Worker, options, None, step, step + GRACE);
    let workers = [start("worker 1")?, start("worker 2")?];
    let listener = UnixListener::bind(socket).context("cannot listen on a socket")?;
    set_socket_timeout(&listener, Timeout::Recv, Some(step)).context("cannot set up a socket")?;
    demo.send(&FromAcceptor::Listening { workers: workers.each_ref().map(Process::pid) }, b"")?;
    let settings = Config::load(&options.sources()).settings;
    let mut acceptor = Acceptor { gss, listener, workers, step, settings };
    loop {
        let answer = match demo.receive::<ToAcceptor>() {
            Ok(Frame { head: ToAcceptor::Open { oid }, .. }) => acceptor.open(&oid.parse()?),
            Ok(Frame { head: ToAcceptor::Serve { oid, messages }, .. }) => {
                let served = acceptor.serve(&oid.parse()?, messages);
                FromAcceptor::Served(served.map_err(|error| Failure::of(&error)))
            }
            Err(Lost::Closed) => return Ok(()),
            // The client keeps the demo busy.
            Err(Lost::Silent(_)) => continue,
            Err(lost) => return Err(lost.into()),
        };
        demo.send(&answer, b"")?;
    }
}

/// How much longer a process waits than one that it waits for, so that the one nearest to the trouble speaks first.
const GRACE: Duration = Duration::from_secs(1);

/// What came of a context that was handed from worker to worker.
struct HandedOver {
    tokens: [usize; 2],
    worker: Checks,
    replayed: Outcome,
    left: Option<usize>,
}

struct Acceptor<'a> {
    gss: &'a Gss,
    listener: UnixListener,
    workers: [Process; 2],
    step: Duration,
    /// Where contexts wait.
    settings: Arc<Settings>,
}

impl Acceptor<'_> {
    fn open(&self, oid: &Oid) -> FromAcceptor {
        match self.gss.mechanism(oid).and_then(|mechanism| mechanism.open()) {
            Ok(()) => {}
            // Name and place are shown anyway.
            Err(Error::CannotLoad { reason, .. }) => return FromAcceptor::Unusable(reason.to_string()),
            Err(error) => return FromAcceptor::Unusable(error.to_string()),
        }
        let target = self.credential(oid).and_then(|credential| {
            let name = credential.inquire()?.into_iter().find_map(|element| element.name);
            Target::of(name.as_ref())
        });
        match target {
            Ok(target) => FromAcceptor::Opened(target),
            Err(error) => FromAcceptor::Unusable(format!("it gives no credential to accept with: {error}")),
        }
    }

    /// A credential of the mechanism's own, since some serve only where they are named.
    fn credential(&self, oid: &Oid) -> gss_core::Result<Credential> {
        self.gss.credential().mechanism(oid).usage(CredentialUsage::Accept).acquire()
    }

    /// Serves the next connection to its end.
    fn serve(&mut self, oid: &Oid, messages: u32) -> Result<Served> {
        let (stream, _) = self.listener.accept().context("no client has connected")?;
        let client = Channel::new(stream, self.step)?;
        let accepted = self.accept(oid, &client);
        if accepted.is_err() {
            // It may be gone.
            let _ = client.send(&ToClient::GivenUp, b"");
        }
        let (token, initiator, exported) =
            accepted.with_context(|| format!("acceptor (pid {})", std::process::id()))?;
        let handed_over = self.hand_over(&token, client, messages);
        if handed_over.as_ref().is_err_and(anyhow::Error::is::<Fatal>) {
            // The client is not to go on with the worker that is left.
            self.workers.iter_mut().for_each(Process::dismiss);
        }
        let HandedOver { tokens, worker, replayed, left } = handed_over?;
        Ok(Served { initiator, tokens, exported, worker, replayed, left })
    }

    /// Establishes a context and exports it.
    fn accept(&self, oid: &Oid, client: &Channel) -> Result<(SecretBuf, Option<String>, Outcome)> {
        let credential = self.credential(oid).context("credential")?;
        let (context, initiator) = self.establish(&credential, client).context("handshake")?;
        let initiator = initiator.map(|name| name.display().map(|(text, _)| shown(&text))).transpose()?;
        let token = context.export().with_context(|| match context.inquire(Want::NOTHING) {
            Ok(_) => "export failed, and the context is still usable".to_owned(),
            Err(error) => format!("export failed, and the context is of no use any more ({error})"),
        })?;
        let exported = Outcome::of(context.wrap(false, b"late"));
        Ok((token, initiator, exported))
    }

    /// Hands the context to worker 1 and from there to worker 2, and waits for the end.
    fn hand_over(&mut self, token: &SecretBuf, client: Channel, messages: u32) -> Result<HandedOver> {
        let [first, second] = &mut self.workers;
        let order = Order::Serve { hand_on_after: Some(messages / 2) };
        first.channel()?.send_with(&order, token.as_bytes(), &client).map_err(|lost| first.fate(lost))?;
        // Worker 1 has its own copy. If it dies, the client is to notice.
        drop(client);
        let Frame { head: FromWorker::HandOn(checks), body, descriptor } = answer(first, second)? else {
            bail!("worker 1 was to hand the context on, and did not");
        };
        let connection = descriptor.context("worker 1 handed a context on without its connection")?;
        let client = Channel::new(UnixStream::from(connection), self.step)?;

        // Somebody has kept a copy of the token that worker 1 has imported.
        second.channel()?.send(&Order::Replay, token.as_bytes()).map_err(|lost| second.fate(lost))?;
        let FromWorker::Replayed(replayed) = answer(second, first)?.head else {
            bail!("worker 2 was to try a token, and did not");
        };

        let order = Order::Serve { hand_on_after: None };
        second.channel()?.send_with(&order, &body, &client).map_err(|lost| second.fate(lost))?;
        drop(client);
        let FromWorker::Done = answer(second, first)?.head else {
            bail!("worker 2 was to serve the client to the end, and did not");
        };
        let left = self.left(&[token.as_bytes(), &body])?;
        Ok(HandedOver { tokens: [token.as_bytes().len(), body.len()], worker: checks, replayed, left })
    }

    /// How many of the contexts of these tokens wait in the transfer store.
    fn left(&self, tokens: &[&[u8]]) -> Result<Option<usize>> {
        let mut left = 0;
        for token in tokens {
            let Some(claim) = Claim::parse(token::parse(token)?.body)? else {
                return Ok(None);
            };
            left += usize::from(admin::standing(&self.settings, &claim) != Standing::Gone);
        }
        Ok(Some(left))
    }

    fn establish(&self, credential: &Credential, client: &Channel) -> Result<(Context, Option<Name>)> {
        let mut acceptor = self.gss.acceptor().credential(credential);
        let mut source = None;
        loop {
            let Frame { head, body, .. } = client.receive::<ToServer>()?;
            match head {
                ToServer::Leg => {}
                ToServer::GivenUp => return Err(GivenUp.into()),
                other => bail!("a token was expected, and {other:?} came"),
            }
            let leg = match acceptor.step(&body) {
                Ok(leg) => leg,
                Err(error) => {
                    if let Some(token) = error.peer_token() {
                        client.send(&ToClient::Leg, token)?;
                    }
                    return Err(error.into());
                }
            };
            if !leg.token.is_empty() {
                client.send(&ToClient::Leg, &leg.token)?;
            }
            source = leg.source.or(source);
            if leg.complete {
                return Ok((acceptor.into_context()?, source));
            }
        }
    }
}

/// The worker's next frame that is more than a sign of life. The other worker may be needed later; its end counts now.
fn answer(worker: &mut Process, other: &mut Process) -> Result<Frame<FromWorker>> {
    loop {
        match worker.channel()?.receive::<FromWorker>() {
            Ok(Frame { head: FromWorker::Alive, .. }) if other.is_running() => {}
            Ok(Frame { head: FromWorker::Alive, .. }) => return Err(other.fate(Lost::Closed).into()),
            Ok(Frame { head: FromWorker::Failed(failure), .. }) => {
                let error = anyhow!("{worker}: {}", failure.text);
                return Err(if failure.follows { error.context(GivenUp) } else { error });
            }
            Ok(frame) => return Ok(frame),
            Err(lost) => return Err(worker.fate(lost).into()),
        }
    }
}

/// A name for people, whatever bytes it has.
fn shown(name: &[u8]) -> String {
    String::from_utf8_lossy(name).escape_debug().to_string()
}
