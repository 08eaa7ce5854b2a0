//! Other processes for a test: a program of ours that does with the switch what it is told (`src/bin/gss-test-peer.rs`),
//! with rights, limits, environment and mounts of its own.

use crate::{DUMMY, Site, built};
use gss_core::{Major, Oid};
use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Output, Stdio};

/// Bytes in hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Bytes from hexadecimal, in a buffer of their length.
pub fn bytes(hex: &str) -> Vec<u8> {
    let digit = |at| u8::from_str_radix(hex.get(at..at + 2).expect("an even number of digits"), 16).expect("digits");
    let mut bytes = Vec::with_capacity(hex.len() / 2);
    bytes.extend((0..hex.len()).step_by(2).map(digit));
    bytes
}

/// Why a call failed over there.
#[derive(Debug, PartialEq, Eq)]
pub struct Failure {
    /// The major status.
    pub major: Major,
    /// The text.
    pub text: String,
}

/// How a process is to be started.
#[derive(Debug)]
pub struct Start<'a> {
    site: &'a Site,
    conf: PathBuf,
    mechanism: Oid,
    set_up: Option<String>,
    environment: Vec<(&'static str, PathBuf)>,
    folder: Option<PathBuf>,
}

impl<'a> Start<'a> {
    /// With the site's config and the dummy mechanism.
    pub fn new(site: &'a Site) -> Self {
        let conf = site.path("plugins.conf");
        Self { site, conf, mechanism: DUMMY.clone(), set_up: None, environment: Vec::new(), folder: None }
    }

    /// With another config.
    pub fn conf(mut self, conf: PathBuf) -> Self {
        self.conf = conf;
        self
    }

    /// With another mechanism.
    pub fn mechanism(mut self, mechanism: &Oid) -> Self {
        self.mechanism = mechanism.clone();
        self
    }

    /// With mounts of its own, which these shell commands make.
    pub fn mounts(mut self, commands: &str) -> Self {
        self.set_up = Some(commands.to_owned());
        self
    }

    /// With a variable in its environment.
    pub fn variable(mut self, name: &'static str, value: &Path) -> Self {
        self.environment.push((name, value.to_owned()));
        self
    }

    /// In another working directory.
    pub fn folder(mut self, folder: &Path) -> Self {
        self.folder = Some(folder.to_owned());
        self
    }

    /// Starts it.
    pub fn start(self) -> Peer {
        let program = built().join("gss-test-peer");
        let mut command = match &self.set_up {
            None => Command::new(&program),
            Some(commands) => {
                let mut command = Command::new("unshare");
                command.args(if is_root() { &[][..] } else { &["--map-root-user"] });
                command.args(["--mount", "--propagation", "private", "sh", "-ec"]);
                command.arg(format!("{commands}\nexec \"$0\" \"$@\"")).arg(&program);
                command
            }
        };
        command.arg(self.mechanism.to_string());
        command.env("GSS_PLUGINS_CONF", &self.conf).env("GSS_PLUGIN_DIR", self.site.plugins());
        command.envs(self.environment);
        if let Some(folder) = self.folder {
            command.current_dir(folder);
        }
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the peer starts");
        let input = child.stdin.take().expect("a pipe");
        let output = BufReader::new(child.stdout.take().expect("a pipe"));
        Peer { child, input: Some(input), output, apart: self.set_up.is_some() }
    }
}

/// A process that obeys the test.
#[derive(Debug)]
pub struct Peer {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
    apart: bool,
}

impl Peer {
    /// A process over this site, with the dummy mechanism.
    pub fn new(site: &Site) -> Self {
        Start::new(site).start()
    }

    /// Sends a command; the answer is for [`Peer::answer`].
    pub fn tell(&mut self, command: &str) {
        writeln!(self.input.as_mut().expect("open"), "{command}").expect("the peer lives");
    }

    /// The answer to the last command.
    pub fn answer(&mut self) -> Result<Vec<u8>, Failure> {
        let mut line = String::new();
        let length = self.output.read_line(&mut line).expect("the peer lives");
        if length == 0 {
            let status = self.child.wait();
            panic!("the peer has ended: {status:?}");
        }
        if let Some(answer) = line.strip_prefix("ok ") {
            return Ok(bytes(answer.trim_end()));
        }
        let error = line.strip_prefix("error ").and_then(|line| line.split_once(' '));
        let (major, text) = error.unwrap_or_else(|| panic!("an answer of the peer: {line:?}"));
        Err(Failure { major: Major(major.parse().expect("a number")), text: text.trim_end().to_owned() })
    }

    /// Has something done.
    pub fn ask(&mut self, command: &str) -> Result<Vec<u8>, Failure> {
        self.tell(command);
        self.answer()
    }

    /// Has something done that cannot fail.
    pub fn done(&mut self, command: &str) -> Vec<u8> {
        self.ask(command).unwrap_or_else(|failure| panic!("{command}: {failure:?}"))
    }

    /// Has something done that must fail, with this status and a text with these words in it.
    pub fn fails(&mut self, command: &str, major: Major, words: &str) {
        match self.ask(command) {
            Ok(_) => panic!("{command} succeeded, expected {major}: {words}"),
            Err(failure) => {
                assert_eq!(failure.major, major, "{command}: {failure:?}");
                assert!(failure.text.contains(words), "{command}: {failure:?}, expected {words:?}");
            }
        }
    }

    /// Imports a token, which succeeds.
    pub fn import(&mut self, name: &str, token: &[u8]) {
        self.done(&format!("import {name} {}", hex(token)));
    }

    /// Imports a token, which must fail.
    pub fn import_fails(&mut self, token: &[u8], major: Major, words: &str) {
        self.fails(&format!("import nothing {}", hex(token)), major, words);
    }

    /// Sends a message to another process both ways, over the two sides of a context.
    pub fn converse_with(&mut self, ours: &str, other: &mut Self, theirs: &str) {
        exchange(self, ours, other, theirs);
        exchange(other, theirs, self, ours);
    }

    /// Takes other ids, for good.
    pub fn becomes(&mut self, uid: u32, gid: u32, groups: &[u32]) {
        let groups: Vec<String> = groups.iter().map(u32::to_string).collect();
        self.done(&format!("become {uid} {gid} {}", groups.join(" ")));
    }

    /// The process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// A path as the process sees it, with the mounts that it has.
    pub fn sees(&self, path: &Path) -> PathBuf {
        let root = PathBuf::from(format!("/proc/{}/root", self.id()));
        root.join(path.strip_prefix("/").expect("an absolute path"))
    }

    /// Runs shell commands with the mounts of the process.
    pub fn shell(&self, commands: &str) {
        assert!(self.apart, "a process with mounts of its own");
        let mut command = Command::new("nsenter");
        command.arg("--target").arg(self.id().to_string()).arg("--mount");
        command.args(if is_root() { &[][..] } else { &["--user", "--preserve-credentials"] });
        run(command.args(["sh", "-ec", commands]));
    }

    /// Changes a resource limit of the process, as prlimit(1) names it.
    pub fn limit(&self, what: &str, value: &str) {
        run(Command::new("prlimit").arg(format!("--pid={}", self.id())).arg(format!("--{what}={value}:")));
    }

    /// Limits on file descriptors (`nofile`) under which the process gets none more, one more, and so on.
    pub fn free_descriptors(&self) -> Vec<usize> {
        let taken = std::fs::read_dir(format!("/proc/{}/fd", self.id())).expect("the peer lives");
        let taken: Vec<String> = taken.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect();
        (0..).filter(|number: &usize| !taken.contains(&number.to_string())).take(9).collect()
    }
}

fn exchange(from: &mut Peer, sender: &str, to: &mut Peer, receiver: &str) {
    let message = b"are you there?";
    let token = from.done(&format!("wrap {sender} {}", hex(message)));
    assert_eq!(to.done(&format!("unwrap {receiver} {}", hex(&token))), message);
}

impl Drop for Peer {
    fn drop(&mut self) {
        // It ends when it is told nothing more.
        self.input = None;
        if std::thread::panicking() {
            let _ = self.child.kill();
        }
        let _ = self.child.wait();
    }
}

/// Runs a program of the system to its end, which has to be a good one.
pub fn run(command: &mut Command) -> Vec<u8> {
    let Output { status, stdout, stderr } =
        command.output().unwrap_or_else(|error| panic!("{command:?}: {error}; run tests/setup-system.sh"));
    assert!(status.success(), "{command:?}: {status}\n{}", String::from_utf8_lossy(&stderr));
    stdout
}

/// Whether this is root, and not only in a namespace of its own making.
pub fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Fails the test unless this is root.
pub fn needs_root(what: &str) {
    assert!(
        is_root(),
        "needs root: {what}. Run it as root, as CI does; in a container or a virtual machine, if need be"
    );
}
