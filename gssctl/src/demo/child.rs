//! Child processes that do not outlive the demo: each is this program in another role, with a channel to its parent as
//! standard input.

use super::protocol::Fatal;
use super::wire::{Channel, Lost};
use crate::arguments::{Options, Role};
use anyhow::{Context as _, Result};
use clap::ValueEnum as _;
use rustix::process::{Signal, set_parent_process_death_signal};
use std::ffi::OsStr;
use std::fmt;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// How long a child has to end by itself once nobody talks to it any more.
const FAREWELL: Duration = Duration::from_secs(1);

/// A child process. When dropped, it is told to end, killed if it does not, and reaped.
pub(super) struct Process {
    /// How messages call it.
    title: String,
    child: Child,
    /// `None` once there is nothing more to say.
    channel: Option<Channel>,
}

impl Process {
    /// Starts this program in a role. `patience` is for this side: how long it waits for a frame.
    pub(super) fn start(
        title: &str,
        role: Role,
        options: &Options,
        socket: Option<&Path>,
        step: Duration,
        patience: Duration,
    ) -> Result<Self> {
        let (ours, theirs) = UnixStream::pair().context("cannot make a socket pair")?;
        let program = std::env::current_exe().context("cannot find this program's own file")?;
        let role = role.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default();
        let child = Command::new(program)
            .args(options.to_arguments())
            .args(["demo-role", &role, "--timeout", &step.as_secs().to_string()])
            .args(socket.map(|path| [OsStr::new("--socket"), path.as_os_str()]).into_iter().flatten())
            .stdin(Stdio::from(OwnedFd::from(theirs)))
            // Results are the demo's to print.
            .stdout(Stdio::null())
            .spawn()
            .with_context(|| format!("cannot start the {title}"))?;
        let channel = Channel::new(ours, patience).context("cannot set up a socket")?;
        Ok(Self { title: title.to_owned(), child, channel: Some(channel) })
    }

    pub(super) fn pid(&self) -> u32 {
        self.child.id()
    }

    pub(super) fn channel(&self) -> Result<&Channel> {
        self.channel.as_ref().with_context(|| format!("the {} was sent away", self.title))
    }

    /// Ends the conversation, upon which the child ends by itself.
    pub(super) fn dismiss(&mut self) {
        self.channel = None;
    }

    pub(super) fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// What became of a child that cannot be talked to: `worker 1 (pid 7) was killed by signal 9`.
    pub(super) fn fate(&mut self, lost: Lost) -> Fatal {
        // One that has closed its end is about to end; one that is silent is not.
        let patience = if matches!(lost, Lost::Closed) { FAREWELL } else { Duration::ZERO };
        Fatal(match self.wait_until(Instant::now() + patience) {
            None => format!("{self} does not answer: {lost}"),
            Some(status) => match (status.signal(), status.code()) {
                (Some(signal), _) => format!("{self} was killed by signal {signal}"),
                (None, code) => format!("{self} ended with exit code {}", code.unwrap_or_default()),
            },
        })
    }

    fn wait_until(&mut self, deadline: Instant) -> Option<ExitStatus> {
        loop {
            match self.child.try_wait() {
                Ok(Some(status)) => return Some(status),
                Ok(None) if Instant::now() < deadline => sleep(Duration::from_millis(2)),
                _ => return None,
            }
        }
    }
}

impl fmt::Display for Process {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (pid {})", self.title, self.pid())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.dismiss();
        if self.wait_until(Instant::now() + FAREWELL).is_none() {
            // It may have ended just now.
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

/// Makes the kernel kill this process when its parent ends, however that comes about.
pub(super) fn end_with_parent() -> Result<()> {
    set_parent_process_death_signal(Some(Signal::KILL)).context("cannot tie this process to its parent")
}
