//! `gssctl demo`: the product's main job with four real processes. Client and acceptor establish a context, the
//! acceptor exports it to worker 1, and worker 1 to worker 2, while the client goes on talking.
//!
//! ```text
//! gssctl demo ─┬─ acceptor ─┬─ worker 1      a line is a process and its parent, with a socket pair between them
//!              │            └─ worker 2      worker 1 hands over to worker 2 through the acceptor
//!              └─ client                     connects to the acceptor through a socket with a name
//! ```
//!
//! Each process reads the config and loads the mechanisms by itself. The demo itself loads none: a mechanism that
//! takes its process down takes down the demo's subject, not the demo.

mod acceptor;
mod child;
mod client;
mod protocol;
mod show;
mod wire;
mod worker;

use crate::arguments::{DemoArguments, Options, Role, RoleArguments};
use crate::{Verdict, output, switch};
use anyhow::{Context as _, Result, bail};
use child::Process;
use gss_core::Mechanism;
use protocol::{Failure, FromAcceptor, FromClient, Served, Talked, Target, ToAcceptor, ToTheClient};
use serde::Serialize;
use std::fs::{self, DirBuilder};
use std::io::{self, Write};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use wire::{Channel, Frame, Lost};

/// How much longer the demo waits than the processes that it waits for, so that they can tell what was wrong.
const GRACE: Duration = Duration::from_secs(3);

/// Does the work of one of the processes; [`Process::start`] has started this one for it.
pub(crate) fn run_role(options: &Options, role: &RoleArguments) -> Result<Verdict> {
    child::end_with_parent()?;
    let step = Duration::from_secs(role.timeout.into());
    let parent = Channel::inherited(step).context("demo-role is for `gssctl demo` to start")?;
    let gss = gss_core::Gss::with(options.sources());
    let socket = || role.socket.as_deref().context("--socket is missing");
    let ended = match role.role {
        Role::Client => client::run(&gss, &parent, socket()?, step),
        Role::Acceptor => acceptor::run(options, &gss, &parent, socket()?, step),
        Role::Worker => worker::run(&gss, &parent, step),
    };
    match ended {
        // The parent is gone, or has had enough; why is for it to say.
        Err(error) if matches!(error.downcast_ref(), Some(Lost::Closed)) => Ok(Verdict::Good),
        ended => ended.map(|()| Verdict::Good),
    }
}

pub(crate) fn run(options: &Options, arguments: &DemoArguments, out: &mut impl Write) -> Result<Verdict> {
    let gss = switch::open(options)?;
    let mechanisms = switch::chosen(&gss, &arguments.mech)?;
    if mechanisms.is_empty() {
        bail!("no mechanism is configured; add a line to the config, or name one with --conf");
    }
    let mut tally = show::Tally::default();
    // Whatever goes wrong with the processes is a result of the demo: it was to show that they work.
    if let Err(error) = perform(options, arguments, &mechanisms, &mut tally, out) {
        if error.is::<io::Error>() {
            // The demo is well, and there is nowhere to show it.
            return Err(error);
        }
        output::complain(&output::with_causes(error.as_ref()));
        tally.stopped = true;
    }
    show::conclusion(out, &tally)?;
    Ok(if tally.is_good() { Verdict::Good } else { Verdict::Bad })
}

/// A mechanism that is about to be shown.
struct Candidate<'a> {
    mechanism: &'a Mechanism,
    target: Target,
}

fn perform(
    options: &Options,
    arguments: &DemoArguments,
    mechanisms: &[Arc<Mechanism>],
    tally: &mut show::Tally,
    out: &mut impl Write,
) -> Result<()> {
    let mut processes = Processes::start(options, arguments, mechanisms.len())?;
    let mut candidates = Vec::new();
    for mechanism in mechanisms {
        match processes.open(mechanism)? {
            Ok(target) => candidates.push(Candidate { mechanism, target }),
            Err(reason) => {
                tally.unusable += 1;
                show::unusable(out, mechanism, &reason)?;
            }
        }
    }
    for candidate in &candidates {
        let ends = processes.use_mechanism(candidate, arguments.messages)?;
        let section = show::Section {
            mechanism: candidate.mechanism,
            messages: arguments.messages,
            client: processes.client.pid(),
            acceptor: processes.acceptor.pid(),
            workers: processes.workers,
        };
        match ends {
            (Ok(served), Ok(talked)) => tally.count(section.show(out, &served, &talked)?),
            (served, talked) => {
                let failures: Vec<Failure> = served.err().into_iter().chain(talked.err()).collect();
                section.show_failures(out, &failures)?;
                tally.count(false);
                if failures.iter().any(|failure| failure.fatal) {
                    bail!("the demo cannot go on without all of its processes");
                }
            }
        }
    }
    Ok(())
}

/// The processes that the demo talks to.
struct Processes {
    acceptor: Process,
    /// The acceptor's children.
    workers: [u32; 2],
    client: Process,
}

/// How a connection ended, as both of its sides tell.
type Ends = (Result<Served, Failure>, Result<Talked, Failure>);

impl Processes {
    fn start(options: &Options, arguments: &DemoArguments, connections: usize) -> Result<Self> {
        let step = Duration::from_secs(arguments.timeout.into());
        let folder = Folder::new()?;
        let socket = folder.0.join("acceptor");
        let start = |title, role| Process::start(title, role, options, Some(&socket), step, step + GRACE);
        let mut processes = Self {
            acceptor: start("acceptor", Role::Acceptor)?,
            workers: [0; 2],
            client: start("client", Role::Client)?,
        };
        let FromAcceptor::Listening { workers } = processes.hear_acceptor()? else {
            bail!("the acceptor was to listen, and does not");
        };
        processes.workers = workers;
        // All at once: when the folder is gone, nothing is left behind, however this process ends.
        processes.tell_client(&ToTheClient::Connect { connections })?;
        let FromClient::Connected = processes.hear_client()? else {
            bail!("the client was to connect, and does not");
        };
        Ok(processes)
    }

    /// Lets the acceptor open a mechanism. Answers under which name a client reaches it, or why it cannot be used.
    fn open(&mut self, mechanism: &Mechanism) -> Result<Result<Target, String>> {
        self.tell_acceptor(&ToAcceptor::Open { oid: mechanism.line().oid.to_string() })?;
        match self.hear_acceptor().with_context(|| format!("while {} was being loaded", mechanism.line().name))? {
            FromAcceptor::Opened(target) => Ok(Ok(target)),
            FromAcceptor::Unusable(reason) => Ok(Err(reason)),
            _ => bail!("the acceptor was to open a mechanism, and did not"),
        }
    }

    fn tell_acceptor(&mut self, order: &ToAcceptor) -> Result<()> {
        send(&mut self.acceptor, order)
    }

    fn tell_client(&mut self, order: &ToTheClient) -> Result<()> {
        send(&mut self.client, order)
    }

    fn hear_acceptor(&mut self) -> Result<FromAcceptor> {
        receive(&mut self.acceptor)
    }

    /// The client's next answer that is more than a sign of life.
    fn hear_client(&mut self) -> Result<FromClient> {
        loop {
            match receive(&mut self.client)? {
                FromClient::Alive => {}
                answer => return Ok(answer),
            }
        }
    }

    /// One connection from its handshake to its end.
    fn use_mechanism(&mut self, candidate: &Candidate<'_>, messages: u32) -> Result<Ends> {
        let oid = candidate.mechanism.line().oid.to_string();
        self.tell_acceptor(&ToAcceptor::Serve { oid: oid.clone(), messages })?;
        self.tell_client(&ToTheClient::Talk { oid, target: candidate.target.clone(), messages })?;
        let while_showing = || format!("while {} was being shown", candidate.mechanism.line().name);
        let FromClient::Talked(talked) = self.hear_client().with_context(while_showing)? else {
            bail!("the client was to talk, and did not");
        };
        let FromAcceptor::Served(served) = self.hear_acceptor().with_context(while_showing)? else {
            bail!("the acceptor was to serve, and did not");
        };
        Ok((served, talked))
    }
}

fn send(process: &mut Process, order: &impl Serialize) -> Result<()> {
    process.channel()?.send(order, b"").map_err(|lost| process.fate(lost).into())
}

fn receive<A: serde::de::DeserializeOwned>(process: &mut Process) -> Result<A> {
    match process.channel()?.receive() {
        Ok(Frame { head, .. }) => Ok(head),
        Err(lost) => Err(process.fate(lost).into()),
    }
}

/// A folder of our own for the acceptor's socket, which nobody else can enter. Removed when dropped.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Result<Self> {
        let base = std::env::temp_dir();
        for attempt in 0..100 {
            let path = base.join(format!("gssctl-demo-{}-{attempt}", std::process::id()));
            match DirBuilder::new().mode(0o700).create(&path) {
                Ok(()) => return Ok(Self(path)),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error).with_context(|| advice(&base)),
            }
        }
        bail!("cannot find a free name for a folder in {}", base.display());
    }
}

fn advice(base: &Path) -> String {
    format!("cannot make a folder in {}; TMPDIR names another place", base.display())
}

impl Drop for Folder {
    fn drop(&mut self) {
        // Only the socket lies in it. Where it cannot be removed, there is nothing better to do.
        let _ = fs::remove_dir_all(&self.0);
    }
}
