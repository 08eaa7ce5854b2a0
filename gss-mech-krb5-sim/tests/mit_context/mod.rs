//! A context of MIT's library in a process of its own (`tests/c/mit_permessage.c`), and ours in place of one of its
//! sides.

mod ticket;

use gss_mech_krb5_sim::crypto::{Enctype, Key};
use gss_mech_krb5_sim::permessage::{Parts, Protection, Role};
use gss_mech_krb5_sim::sequence::Window;
use gss_plugin::{Flags, Major, MessageInfo, Output};
use std::cell::RefCell;
use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::OnceLock;
use tempfile::TempDir;

const REALM: &str = "PERMESSAGE.TEST";

/// MIT's library, in a process of its own, with a context established in it.
pub(crate) struct Mit {
    child: Child,
    pipe: RefCell<Option<(ChildStdin, BufReader<ChildStdout>)>>,
    parts: [Parts; 2],
    _folder: TempDir,
}

impl Mit {
    /// A context with a ticket and session key of this type. The acceptor's subkey is of the type that `permitted`
    /// begins with, if the handshake is mutual.
    pub(crate) fn start(enctype: Enctype, permitted: &[Enctype], options: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let permitted: Vec<_> = permitted.iter().map(|enctype| enctype.name()).collect();
        let config = format!(
            "[libdefaults]\n default_realm = {REALM}\n dns_lookup_kdc = false\n dns_canonicalize_hostname = false\n \
             permitted_enctypes = {}\n",
            permitted.join(" ")
        );
        fs::write(path("krb5.conf"), config).unwrap();
        let (service, session) = (Key::random(enctype).unwrap(), Key::random(enctype).unwrap());
        fs::write(path("ccache"), ticket::cache(&service, &session)).unwrap();
        fs::set_permissions(path("ccache"), fs::Permissions::from_mode(0o600)).unwrap();
        fs::write(path("keytab"), ticket::keytab(&service)).unwrap();
        let mut child = Command::new(program())
            .arg(ticket::TARGET)
            .args(options)
            .env("KRB5_CONFIG", path("krb5.conf"))
            .env("KRB5CCNAME", path("ccache"))
            .env("KRB5_KTNAME", path("keytab"))
            .env("KRB5RCACHENAME", "none:")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (ask, mut answers) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
        let mut flags = Flags::REPLAY | Flags::SEQUENCE;
        if options.contains(&"dce") {
            flags |= Flags::DCE_STYLE;
        }
        let parts = [Role::Initiator, Role::Acceptor].map(|role| {
            let mut line = String::new();
            assert!(answers.read_line(&mut line).unwrap() > 0, "MIT's library established no context");
            let words: Vec<_> = line.split_whitespace().collect();
            let key = |at: usize| {
                let enctype = Enctype::from_number(words.get(at)?.parse().unwrap()).unwrap();
                Some(Key::new(enctype, &bytes(words[at + 1])).unwrap())
            };
            let number = |at: usize| words[at].parse().unwrap();
            let window = Window::expecting(number(1));
            Parts { role, flags, key: key(2).unwrap(), acceptor_subkey: key(4), next_number: number(0), window }
        });
        Self { child, pipe: RefCell::new(Some((ask, answers))), parts, _folder: folder }
    }

    /// Our own one in place of a side.
    pub(crate) fn ours(&self, role: Role) -> Protection {
        Protection::new(self.parts[usize::from(role == Role::Acceptor)].clone())
    }

    /// The words of the answer, or the major status.
    pub(crate) fn ask(&self, command: &str, side: Role, words: &[String]) -> Result<Vec<String>, Major> {
        let mut pipe = self.pipe.borrow_mut();
        let (ask, answers) = pipe.as_mut().unwrap();
        let side = if side == Role::Acceptor { "a" } else { "i" };
        writeln!(ask, "{command} {side} {}", words.join(" ")).unwrap();
        let mut line = String::new();
        assert!(answers.read_line(&mut line).unwrap() > 0, "MIT's library ended");
        let mut words = line.split_whitespace().map(str::to_owned);
        match words.next() {
            Some(word) if word == "error" => Err(Major(words.next().unwrap().parse().unwrap())),
            first => Ok(first.into_iter().chain(words).collect()),
        }
    }

    pub(crate) fn bytes(&self, command: &str, side: Role, words: &[String]) -> Vec<u8> {
        bytes(&self.ask(command, side, words).unwrap()[0])
    }

    pub(crate) fn message(&self, command: &str, side: Role, words: &[String]) -> Result<(Vec<u8>, MessageInfo), Major> {
        self.ask(command, side, words).map(|words| (words.get(2).map_or(Vec::new(), |word| bytes(word)), info(&words)))
    }
}

impl Drop for Mit {
    fn drop(&mut self) {
        *self.pipe.borrow_mut() = None;
        let status = self.child.wait().unwrap();
        assert!(status.success() || std::thread::panicking(), "{status}");
    }
}

/// From a major status and whether it was encrypted.
pub(crate) fn info(words: &[String]) -> MessageInfo {
    let confidential = words.get(1).is_some_and(|word| word == "1");
    MessageInfo { confidential, qop: 0, supplementary: Major(words[0].parse().unwrap()) }
}

fn program() -> &'static Path {
    static PROGRAM: OnceLock<(PathBuf, TempDir)> = OnceLock::new();
    let build = || {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("mit_permessage");
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/c/mit_permessage.c");
        let status = Command::new("cc")
            .args(["-std=gnu11", "-Wall", "-Wextra", "-Werror", "-O1", "-o"])
            .args([&program, &source])
            .args(flags())
            .status()
            .expect("a C compiler");
        assert!(status.success(), "mit_permessage.c does not build: is libkrb5-dev installed?");
        (program, folder)
    };
    &PROGRAM.get_or_init(build).0
}

/// Where MIT's headers and libraries are. On Debian they may lie beside Heimdal's, which then have the plain names.
fn flags() -> Vec<String> {
    let asked = |program| Command::new(program).args(["--cflags", "--libs", "gssapi"]).output();
    let told =
        asked("krb5-config.mit").or_else(|_| asked("krb5-config")).expect("krb5-config: is libkrb5-dev installed?");
    String::from_utf8(told.stdout).unwrap().split_whitespace().map(str::to_owned).collect()
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    if bytes.is_empty() {
        return "-".to_owned();
    }
    bytes.iter().fold(String::new(), |mut digits, byte| {
        write!(digits, "{byte:02x}").unwrap();
        digits
    })
}

pub(crate) fn bytes(hex: &str) -> Vec<u8> {
    let hex = if hex == "-" { "" } else { hex };
    (0..hex.len() / 2).map(|at| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).unwrap()).collect()
}

pub(crate) fn text(len: usize) -> Vec<u8> {
    (0..len).map(|at| (at * at % 251) as u8).collect()
}

pub(crate) fn conf(confidential: bool) -> String {
    u8::from(confidential).to_string()
}

pub(crate) fn written<T>(call: impl FnOnce(&mut Output<'_>) -> T) -> (Vec<u8>, T) {
    let mut bytes = Vec::new();
    let told = call(&mut Output::over(&mut bytes));
    (bytes, told)
}
