//! Programs that we did not write: the sample client and server of MIT's krb5, unchanged, against our headers and library,
//! with the dummy mechanism. Their source comes from the distribution's package, at test time.
#![allow(clippy::expect_used, clippy::panic, reason = "tests")]

use gss_tests::c::Library;
use gss_tests::{Site, built, dummy_site, here, product};
use std::fs::{self, File};
use std::io::Read;
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

/// The server asks for the default set of mechanisms.
const DEFAULT: &str = "gss.default=yes,lifetime=3600";
const DUMMY: [&str; 2] = ["-mech", "{ 1 3 6 1 4 1 42 2 26 1 2 }"];
/// The OID of krb5-sim in the shipped `plugins.conf`.
const KRB5_SIM: &str = "2.25.333408798203062771534613329954957484479";
const PATIENCE: Duration = Duration::from_secs(30);

#[test]
fn sample_programs_talk() {
    let sample = Sample::new(DEFAULT);
    let talk = sample.talk(&["-verbose"], &DUMMY, "hello there");
    talk.client_says(&["locally initiated, open", "Signature verified.", "supports"]);
    talk.server_says(&[
        "Accepted connection using mechanism OID { 1 3 6 1 4 1 42 2 26 1 2 }.",
        "Accepted connection: \"",
        "Received message: \"hello there\"",
        "NOOP token",
    ]);
    assert!(!talk.server.contains("Exported"));
}

#[test]
fn server_exports_and_imports_its_context_three_times() {
    let sample = Sample::new(DEFAULT);
    let talk = sample.talk(&["-verbose", "-export"], &DUMMY, "after three moves");
    assert_eq!(talk.server.matches("Exported context: ").count(), 3, "{talk:?}");
    assert_eq!(talk.server.matches("Importing context: ").count(), 3, "{talk:?}");
    talk.client_says(&["Signature verified."]);
    talk.server_says(&["Received message: \"after three moves\""]);
}

#[test]
fn server_exports_between_many_connections_and_messages() {
    let sample = Sample::new(DEFAULT);
    let options = [&DUMMY[..], &["-ccount", "3", "-mcount", "4"]].concat();
    let talk = sample.talk(&["-verbose", "-export"], &options, "many");
    assert_eq!(talk.client.matches("Signature verified.").count(), 12, "{talk:?}");
    assert_eq!(talk.server.matches("Received message: \"many\"").count(), 12, "{talk:?}");
    assert_eq!(talk.server.matches("Exported context: ").count(), 9, "{talk:?}");
}

#[test]
fn each_kind_of_message_arrives() {
    let sample = Sample::new(DEFAULT);
    for (options, answer) in [
        (&["-nw"][..], "Signature verified."),
        (&["-nx"], "Signature verified."),
        (&["-nm"], "Response received."),
        (&["-nx", "-nm"], "Response received."),
        (&["-nw", "-nm"], "Response received."),
        (&["-seq"], "Signature verified."),
        (&["-noreplay"], "Signature verified."),
        (&["-seq", "-noreplay"], "Signature verified."),
        (&["-nomutual"], "Signature verified."),
        (&["-d"], "Signature verified."),
        (&["-mcount", "40"], "Signature verified."),
    ] {
        let talk = sample.talk(&["-export"], &[&DUMMY[..], options].concat(), "one of a kind");
        talk.client_says(&[answer]);
        talk.server_says(&["Received message: \"one of a kind\""]);
    }
}

#[test]
fn kerberos_contexts_without_a_kdc_are_exported_too() {
    let sample = Sample::over(krb5_sim_site());
    let mechanism = format!("{{ {} }}", KRB5_SIM.replace('.', " "));
    let options = ["-mech", &mechanism, "-ccount", "2", "-mcount", "3", "-seq"];
    let talk = sample.talk(&["-verbose", "-export"], &options, "from a keytab");
    assert_eq!(talk.client.matches("Signature verified.").count(), 6, "{talk:?}");
    assert_eq!(talk.server.matches("Received message: \"from a keytab\"").count(), 6, "{talk:?}");
    assert_eq!(talk.server.matches("Exported context: ").count(), 6, "{talk:?}");
    talk.server_says(&["@EXAMPLE.ORG", &format!("Accepted connection using mechanism OID {mechanism}")]);
    talk.client_says(&["sample/localhost@EXAMPLE.ORG", "locally initiated, open"]);
    // It is the first line, and may serve by default: a client that names no mechanism gets it.
    sample.talk(&[], &[], "by default").client_says(&["Signature verified."]);
}

#[test]
fn quiet_client_says_nothing() {
    // Without encryption, since it would warn that the dummy has none.
    let talk = Sample::new(DEFAULT).talk(&[], &[&DUMMY[..], &["-q", "-nx"]].concat(), "hush");
    assert_eq!(talk.client, "");
    talk.server_says(&["Received message: \"hush\""]);
}

#[test]
fn client_without_authentication_is_served() {
    let talk = Sample::new(DEFAULT).talk(&[], &["-na"], "nobody in particular");
    talk.client_says(&["Response received."]);
    talk.server_says(&["Accepted unauthenticated connection.", "Received message: \"nobody in particular\""]);
}

#[test]
fn default_mechanism_serves_a_client_that_names_none() {
    let talk = Sample::new(DEFAULT).talk(&["-verbose"], &[], "whatever you have");
    talk.server_says(&["mechanism OID { 1 3 6 1 4 1 42 2 26 1 2 }", "Received message: \"whatever you have\""]);
}

#[test]
fn named_user_arrives() {
    let sample = Sample::new(DEFAULT);
    let talk = sample.talk(&[], &[&DUMMY[..], &["-user", "mallory"]].concat(), "it is me");
    talk.client_says(&["\"mallory"]);
    talk.server_says(&["Accepted connection: \"mallory", "Received message: \"it is me\""]);
}

#[test]
fn file_of_64_kib_arrives_whole() {
    let sample = Sample::new(DEFAULT);
    let text: String = (0..8192).map(|line| format!("{line:07}\n")).collect();
    sample.site.write("message", &text);
    let file = sample.site.path("message");
    let talk = sample.talk(&["-export"], &[&DUMMY[..], &["-f"]].concat(), file.to_str().expect("an ASCII path"));
    talk.client_says(&["Signature verified."]);
    assert!(talk.server.contains(&format!("Received message: \"{text}\"")), "{talk:?}");
}

#[test]
fn mechanism_that_is_no_default_serves_no_default_server() {
    let sample = Sample::new("lifetime=3600");
    let output = sample.server(free_port(), &[]).output().expect("the server runs");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(!output.status.success(), "{said}");
    assert!(said.contains("GSS-API error acquiring credentials: "), "{said}");
}

/// The two programs, and a site for them.
struct Sample {
    site: Site,
}

/// What both said.
#[derive(Debug)]
struct Talk {
    client: String,
    server: String,
}

impl Talk {
    fn client_says(&self, expected: &[&str]) {
        for text in expected {
            assert!(self.client.contains(text), "no {text:?} from the client in {self:?}");
        }
    }

    fn server_says(&self, expected: &[&str]) {
        for text in expected {
            assert!(self.server.contains(text), "no {text:?} from the server in {self:?}");
        }
    }
}

/// A site with krb5-sim, and a keytab with keys of the sample server.
fn krb5_sim_site() -> Site {
    let site = Site::new();
    site.install(&product("gss-mech-krb5-sim", "libgss_mech_krb5_sim.so"));
    let keytab = site.path("sample.keytab");
    let added = Command::new(product("gssctl-krb5-sim", "gssctl-krb5-sim"))
        .args(["keytab", "add"])
        .arg(&keytab)
        .arg("sample/localhost@EXAMPLE.ORG")
        .output()
        .expect("the tool was built");
    assert!(added.status.success(), "{}", said(&added));
    let (keytab, cache) = (keytab.display(), site.path("").display().to_string());
    site.configure(
        "krb5-sim",
        &format!(
            "krb5-sim {KRB5_SIM} libgss_mech_krb5_sim.so [realm=EXAMPLE.ORG keytab={keytab} replay-cache={cache}]"
        ),
    );
    site
}

impl Sample {
    fn new(options: &str) -> Self {
        Self::over(dummy_site(options))
    }

    fn over(site: Site) -> Self {
        let sources = sources();
        let (part, include) = (sources.join("appl/gss-sample"), sources.join("include"));
        // What their configure script finds out, and what they have from <krb5.h>, which MIT's header includes.
        let found = ["UNISTD_H", "STRING_H", "STDLIB_H", "SYS_TIME_H", "SYS_UIO_H", "NETDB_H_H_ERRNO", "SOCKLEN_T"];
        let found = found.map(|what| format!("#define HAVE_{what} 1\n")).concat();
        site.write("autoconf.h", &format!("{found}#define HAVE_STRUCT_SOCKADDR_STORAGE 1\n#define TRUE 1\n"));
        let arguments = [
            // Function definitions in the old style.
            "-std=gnu11".to_owned(),
            "-DUSE_AUTOCONF_H".to_owned(),
            "-DGSSAPI_V2".to_owned(),
            format!("-I{}", site.path("").display()),
            // After our headers: theirs of the same names lie elsewhere, but nothing shall be found by chance.
            format!("-idirafter{}", include.display()),
        ];
        let arguments = arguments.each_ref().map(String::as_str);
        let library = Library::ours();
        for program in ["gss-client", "gss-server"] {
            let source = part.join(program).with_extension("c");
            library.compile(&site.path(program), &[&source, &part.join("gss-misc.c")], &arguments);
        }
        Self { site }
    }

    fn server(&self, port: u16, options: &[&str]) -> Command {
        let mut server = self.site.command(&self.site.path("gss-server"));
        server.args(["-port", &port.to_string()]).args(options).arg("sample@localhost");
        server
    }

    /// Starts a server, lets a client with these options send it a message, and answers what both said.
    fn talk(&self, server: &[&str], client: &[&str], message: &str) -> Talk {
        let port = free_port();
        let log = self.site.path("server.log");
        let server = Server::start(self.server(port, server), port, &log);
        let output = self
            .site
            .command(&self.site.path("gss-client"))
            .args(["-port", &port.to_string()])
            .args(client)
            .args(["localhost", "sample@localhost", message])
            .output()
            .expect("the client runs");
        let said = said(&output);
        assert!(output.status.success(), "the client fails: {said}\nthe server: {}", server.said());
        for text in [&said, &server.said()] {
            assert!(!text.contains("error"), "{text}");
        }
        Talk { client: said, server: server.said_all() }
    }
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// A server that runs, and ends with the test.
struct Server {
    process: Child,
    port: u16,
    log: PathBuf,
}

impl Server {
    fn start(mut command: Command, port: u16, log: &Path) -> Self {
        let file = File::create(log).expect("the site is writable");
        let errors = file.try_clone().expect("a descriptor is left");
        let process = command.stdin(Stdio::null()).stdout(file).stderr(errors).spawn().expect("the server runs");
        let mut server = Self { process, port, log: log.to_owned() };
        server.wait_until(|said| said.contains("starting..."));
        let maps = fs::read_to_string(format!("/proc/{}/maps", server.process.id())).expect("it still runs");
        assert!(maps.contains("/libgss.so") && !maps.contains("libgssapi"), "not our library:\n{maps}");
        server
    }

    fn said(&self) -> String {
        String::from_utf8_lossy(&fs::read(&self.log).expect("the server's log")).into_owned()
    }

    fn wait_until(&mut self, done: impl Fn(&str) -> bool) {
        let start = Instant::now();
        while !done(&self.said()) {
            if let Some(status) = self.process.try_wait().expect("our own child") {
                panic!("the server ended with {status}: {}", self.said());
            }
            assert!(start.elapsed() < PATIENCE, "the server is silent: {}", self.said());
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// What it said once it is done with all connections: it flushes its output at the end of each.
    fn said_all(&self) -> String {
        // One more, without a word: the server takes it up, and drops it, after all before it.
        let mut last = TcpStream::connect(("127.0.0.1", self.port)).expect("the server still serves");
        last.shutdown(Shutdown::Write).expect("a fresh connection");
        last.set_read_timeout(Some(PATIENCE)).expect("a fresh connection");
        last.read_to_end(&mut Vec::new()).expect("the server closes");
        self.said()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It serves for ever.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A port that was free just now.
fn free_port() -> u16 {
    let listener = TcpListener::bind("0.0.0.0:0").expect("a free port");
    listener.local_addr().expect("a bound socket").port()
}

/// The folder `src` of the source package, with what is needed of it.
fn sources() -> PathBuf {
    let folder = built().join("krb5-source");
    let fetched = Command::new(here().join("krb5-source.sh")).arg(&folder).output().expect("bash");
    assert!(fetched.status.success(), "{}", said(&fetched));
    folder.join("src")
}
