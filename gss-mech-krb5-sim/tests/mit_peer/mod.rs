//! MIT's library as the other side of a context, in a process of its own (`tests/c/mit_peer.c`), and our side beside it.

pub(crate) mod kdc;
pub(crate) mod many;

use gss_mech_krb5_sim::{Krb5Context, Krb5Sim, oids};
use gss_plugin::{
    AcceptorLeg, ChannelBindings, Flags, InitiatorLeg, Lifetime, Line, Mechanism, Name, Oid, Output, Result,
    SecurityContext, Step, name_type,
};
use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::OnceLock;

pub(crate) const SERVICE: &str = "host@server.test";

static KERBEROS: Oid = oids::KERBEROS;

/// Our mechanism under Kerberos' own OID.
pub(crate) fn open(options: &str) -> Krb5Sim {
    let line = Line { name: "krb5", oid: &KERBEROS, aliases: &[], options, place: "test.conf:1" };
    Krb5Sim::open(&line).unwrap()
}

fn bindings(data: &[u8]) -> Option<ChannelBindings<'_>> {
    (!data.is_empty()).then(|| ChannelBindings { application_data: data, ..ChannelBindings::default() })
}

/// A leg of our initiator.
pub(crate) fn initiate(
    mechanism: &Krb5Sim,
    context: Option<Krb5Context>,
    flags: Flags,
    data: &[u8],
    input: &[u8],
) -> Result<(Krb5Context, Step<Krb5Sim>)> {
    let target = mechanism.import_name(SERVICE.as_bytes(), Some(&name_type::HOSTBASED_SERVICE))?;
    let (lifetime, bindings) = (Lifetime::DEFAULT, bindings(data));
    let leg =
        InitiatorLeg { credential: None, target: &target, mechanism: &KERBEROS, flags, lifetime, bindings, input };
    match context {
        None => mechanism.initiate(leg),
        Some(mut context) => context.initiate_leg(leg).map(|step| (context, step)),
    }
}

/// A leg of our acceptor.
pub(crate) fn accept(
    mechanism: &Krb5Sim,
    context: Option<Krb5Context>,
    data: &[u8],
    input: &[u8],
) -> Result<(Krb5Context, Step<Krb5Sim>)> {
    let leg = AcceptorLeg { credential: None, bindings: bindings(data), input };
    match context {
        None => mechanism.accept(leg),
        Some(mut context) => context.accept_leg(leg).map(|step| (context, step)),
    }
}

/// What a leg of MIT's side has led to.
#[derive(Debug)]
pub(crate) struct Leg {
    pub(crate) major: u32,
    pub(crate) minor: u32,
    pub(crate) complete: bool,
    pub(crate) flags: Flags,
    pub(crate) token: Vec<u8>,
    pub(crate) name: String,
    pub(crate) delegated: bool,
}

/// Whose library the other side is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Library {
    Mit,
    Heimdal,
}

/// A process with MIT's library, or Heimdal's.
pub(crate) struct Mit {
    library: Library,
    child: Child,
    ask: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Mit {
    /// With this krb5.conf, and `KRB5CCNAME` or `KRB5_KTNAME`.
    pub(crate) fn start(config: &Path, variable: &str, value: &Path) -> Self {
        Self::start_library(Library::Mit, config, variable, value)
    }

    pub(crate) fn start_library(library: Library, config: &Path, variable: &str, value: &Path) -> Self {
        let mut child = Command::new(program(library))
            .env("KRB5_CONFIG", config)
            .env(variable, value)
            .env("KRB5RCACHENAME", "none:")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (ask, answers) = (child.stdin.take(), BufReader::new(child.stdout.take().unwrap()));
        Self { library, child, ask, answers }
    }

    fn ask(&mut self, words: &[&str]) -> Vec<String> {
        writeln!(self.ask.as_mut().unwrap(), "{}", words.join(" ")).unwrap();
        let mut line = String::new();
        assert!(self.answers.read_line(&mut line).unwrap() > 0, "MIT's library ended");
        line.split_whitespace().map(str::to_owned).collect()
    }

    fn leg(&mut self, words: &[&str]) -> Leg {
        let answer = self.ask(words);
        Leg {
            major: answer[0].parse().unwrap(),
            minor: answer[1].parse().unwrap(),
            complete: answer[2] == "1",
            flags: Flags(answer[3].parse().unwrap()),
            token: bytes(&answer[4]),
            name: String::from_utf8(bytes(&answer[5])).unwrap(),
            delegated: answer.get(6).is_some_and(|flag| flag == "1"),
        }
    }

    pub(crate) fn initiate(&mut self, flags: Flags, data: &[u8], token: &[u8]) -> Leg {
        self.leg(&["initiate", SERVICE, &flags.0.to_string(), &hex(data), &hex(token)])
    }

    pub(crate) fn accept(&mut self, data: &[u8], token: &[u8]) -> Leg {
        self.leg(&["accept", &hex(data), &hex(token)])
    }

    pub(crate) fn reset(&mut self) {
        self.ask(&["reset"]);
    }

    /// The answer of a command on the context; `None` for an error.
    pub(crate) fn message(&mut self, words: &[&str]) -> Option<Vec<u8>> {
        let answer = self.ask(words);
        if answer[0] == "error" { None } else { Some(bytes(&answer[0])) }
    }

    /// The answer to `GSS_C_INQ_SSPI_SESSION_KEY`.
    pub(crate) fn session_key(&mut self) -> Vec<Vec<u8>> {
        self.ask(&["key"]).iter().map(|word| bytes(word)).collect()
    }
}

impl Drop for Mit {
    fn drop(&mut self) {
        self.ask = None;
        let status = self.child.wait().unwrap();
        assert!(status.success() || std::thread::panicking(), "{status}");
    }
}

/// Exchanges messages of some sizes both ways; our side moves on the way. Answers where it is then.
pub(crate) fn exchange(mechanism: &Krb5Sim, ours: Krb5Context, mit: &mut Mit) -> Krb5Context {
    let ours = many::exchange(mechanism, ours, mit, many::From::Us, many::some_sizes());
    many::exchange(mechanism, ours, mit, many::From::Them, many::some_sizes())
}

/// Both sides have the same keys.
pub(crate) fn same_keys(ours: &Krb5Context, mit: &mut Mit) {
    assert_eq!(ours.inquire_by_oid(&oids::SESSION_KEY).unwrap(), mit.session_key());
    let prf = written(|out| ours.pseudo_random(gss_plugin::PrfKey::Full, b"seed", 64, out)).unwrap();
    assert_eq!(mit.message(&["prf", &hex(b"seed")]), Some(prf));
}

/// Our side exported and imported by another instance.
pub(crate) fn moved(mechanism: &Krb5Sim, context: &Krb5Context) -> Krb5Context {
    mechanism.import_context(&written(|out| context.serialize(out)).unwrap()).unwrap()
}

pub(crate) fn written(call: impl FnOnce(&mut Output<'_>) -> Result<()>) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    call(&mut Output::over(&mut bytes))?;
    Ok(bytes)
}

pub(crate) fn shown(name: &impl Name) -> String {
    String::from_utf8(name.display().unwrap().0).unwrap()
}

/// The C program, built once for each test program and library.
fn program(library: Library) -> &'static Path {
    static PROGRAMS: [OnceLock<PathBuf>; 2] = [OnceLock::new(), OnceLock::new()];
    PROGRAMS[library as usize].get_or_init(|| {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/c/mit_peer.c");
        let program = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{library:?}_peer.{}", std::process::id()));
        // On Debian the two lie side by side.
        let (config, define) = match library {
            Library::Mit => ("krb5-config.mit", "-DMIT"),
            Library::Heimdal => ("krb5-config.heimdal", "-DHEIMDAL"),
        };
        let told = Command::new(config).args(["--cflags", "--libs", "gssapi"]).output();
        let told = told.unwrap_or_else(|error| panic!("{config}: {error}; krb5-multidev or heimdal-multidev"));
        let status = Command::new("cc")
            .args([define, "-std=gnu11", "-Wall", "-Wextra", "-Werror", "-O1", "-o"])
            .args([&program, &source])
            .args(String::from_utf8(told.stdout).unwrap().split_whitespace())
            .status()
            .expect("a C compiler");
        assert!(status.success(), "mit_peer.c does not build with {library:?}");
        program
    })
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    if bytes.is_empty() {
        return "-".to_owned();
    }
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut digits, byte| {
        write!(digits, "{byte:02x}").unwrap();
        digits
    })
}

fn bytes(hex: &str) -> Vec<u8> {
    let hex = if hex == "-" { "" } else { hex };
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}
