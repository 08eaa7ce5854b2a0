//! libgss beside MIT's and Heimdal's libraries: the same C program compiled against each, each in a process of its own,
//! taking turns.

use crate::harness::{Variant, compare};
use crate::subject::Site;
use crate::{kerberos, table};
use std::cell::RefCell;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

const OPERATIONS: &[(&str, &str)] = &[
    ("context_time", "gss_context_time"),
    ("inquire_context", "gss_inquire_context, no names"),
    ("compare_name", "gss_compare_name"),
    ("import_name", "gss_import_name + gss_release_name"),
    ("indicate_mechs", "gss_indicate_mechs + gss_release_oid_set"),
];

/// Prints a table for each operation, and one for the start of a process.
pub(crate) fn run(site: &Site) {
    let programs = Program::all(site);
    let running: Vec<Running> = programs.iter().map(Program::measuring).collect();
    // All on one thread first: a process that has had two pays for locks ever after.
    for threads in [1, 2] {
        for (operation, title) in OPERATIONS {
            let variants: Vec<Variant<'_>> = running
                .iter()
                .map(|library| Variant::timed(library.name, |count| library.run(operation, threads, count)))
                .collect();
            let on = if threads == 1 { "1 thread" } else { "2 threads, each on objects of its own" };
            table(&format!("{title}: {on}"), &compare(&variants));
        }
    }
    start(&programs, &Program::without_library(site));
}

/// From nothing to a process's first `gss_indicate_mechs`.
fn start(programs: &[Program], nothing: &Program) {
    let variants: Vec<Variant<'_>> = std::iter::once(nothing)
        .chain(programs)
        .map(|program| Variant::timed(program.name, |count| (0..count).map(|_| program.first()).sum()))
        .collect();
    let mut timings = compare(&variants);
    for timing in &mut timings {
        timing.median /= 1e3;
        timing.least /= 1e3;
    }
    table("start of a process to its first gss_indicate_mechs, in us", &timings);
}

/// The C program, compiled against one library.
struct Program {
    name: &'static str,
    path: PathBuf,
    arguments: [&'static str; 2],
    environment: Vec<(&'static str, PathBuf)>,
}

impl Program {
    /// Ours first: the others are compared with it.
    fn all(site: &Site) -> Vec<Self> {
        kerberos::write(site.folder());
        let kerberos = |name, package| Self {
            name,
            path: compile(site.folder(), package, &from_pkg_config(package)),
            arguments: ["krb5", kerberos::TARGET],
            environment: vec![
                ("KRB5_CONFIG", site.folder().join("krb5.conf")),
                ("KRB5CCNAME", site.folder().join("ccache")),
                // No mechanism of other packages.
                ("GSS_MECH_CONFIG", "/dev/null".into()),
            ],
        };
        vec![
            Self {
                name: "libgss, dummy",
                path: compile(site.folder(), "libgss", &ours(site)),
                arguments: ["dummy", "bench@localhost"],
                environment: vec![("GSS_PLUGINS_CONF", site.config()), ("GSS_PLUGIN_DIR", site.folder().to_owned())],
            },
            kerberos("MIT, krb5", "mit-krb5-gssapi"),
            kerberos("Heimdal, krb5", "heimdal-gssapi"),
        ]
    }

    /// What any process costs.
    fn without_library(site: &Site) -> Self {
        let path = compile(site.folder(), "nothing", &["-DNO_LIBRARY".to_owned()]);
        Self { name: "no library", path, arguments: ["", ""], environment: Vec::new() }
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.path);
        command.envs(self.environment.iter().map(|(name, value)| (name, value))).stdout(Stdio::piped());
        command
    }

    fn measuring(&self) -> Running {
        let mut process =
            self.command().args(self.arguments).stdin(Stdio::piped()).spawn().expect("the program was compiled");
        let questions = process.stdin.take().expect("piped");
        let answers = BufReader::new(process.stdout.take().expect("piped"));
        Running { name: self.name, process, talk: RefCell::new(Talk { questions, answers }) }
    }

    /// How long a fresh process takes to say that it has had the library's first answer.
    fn first(&self) -> Duration {
        let start = Instant::now();
        let mut process = self.command().arg("first").spawn().expect("the program was compiled");
        let mut said = [0];
        let answer = process.stdout.take().expect("piped").read_exact(&mut said);
        let took = start.elapsed();
        let status = process.wait().expect("our own child");
        assert!(answer.is_ok() && status.success(), "{}: {status}", self.name);
        took
    }
}

/// A process that measures.
struct Running {
    name: &'static str,
    process: Child,
    talk: RefCell<Talk>,
}

struct Talk {
    questions: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Running {
    fn run(&self, operation: &str, threads: u32, count: u32) -> Duration {
        let mut talk = self.talk.borrow_mut();
        writeln!(talk.questions, "{operation} {threads} {count}").expect("the process lives");
        let mut answer = String::new();
        talk.answers.read_line(&mut answer).expect("the process lives");
        Duration::from_nanos(answer.trim().parse().expect("a failure is on standard error"))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The compiler's arguments for our library, which lies where this program does.
fn ours(site: &Site) -> Vec<String> {
    let program = std::env::current_exe().expect("the path of this program");
    let built = program.parent().map(|built| built.join("libgss.so")).expect("a folder");
    for name in ["libgss.so", "libgss.so.1"] {
        symlink(&built, site.folder().join(name)).expect("a temporary folder");
    }
    let folder = site.folder().display();
    let include = Path::new(env!("CARGO_MANIFEST_DIR")).join("../libgss/include");
    vec![format!("-I{}", include.display()), format!("-L{folder}"), "-lgss".to_owned(), format!("-Wl,-rpath,{folder}")]
}

fn from_pkg_config(package: &str) -> Vec<String> {
    let missing = "run tests/setup-system.sh bench";
    let output = Command::new("pkg-config").args(["--cflags", "--libs", package]).output().expect(missing);
    assert!(output.status.success(), "{package} is not there: {missing}");
    String::from_utf8_lossy(&output.stdout).split_whitespace().map(str::to_owned).collect()
}

fn compile(folder: &Path, name: &str, library: &[String]) -> PathBuf {
    let program = folder.join(format!("library-{name}"));
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("c/library.c");
    let status = Command::new("cc").args(["-O2", "-pthread", "-o"]).arg(&program).arg(source).args(library).status();
    assert!(status.is_ok_and(|status| status.success()), "c/library.c does not compile against {name}");
    program
}
