//! The C program that measures a library: compiled against it, and each time in a process of its own.

use crate::built;
use crate::harness::Variant;
use std::cell::RefCell;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

/// The C program, compiled against one library, and what it runs with.
#[derive(Clone)]
pub struct Program {
    /// As tables have it.
    pub name: &'static str,
    path: PathBuf,
    arguments: [&'static str; 2],
    environment: Vec<(&'static str, PathBuf)>,
}

impl Program {
    /// With our library. `arguments` are the program's: mechanism and target.
    pub fn ours(name: &'static str, folder: &Path, config: PathBuf, arguments: [&'static str; 2]) -> Self {
        Self {
            name,
            path: compile(folder, "libgss", &ours(folder)),
            arguments,
            environment: vec![("GSS_PLUGINS_CONF", config), ("GSS_PLUGIN_DIR", folder.to_owned())],
        }
    }

    /// With a library that pkg-config knows.
    pub fn theirs(name: &'static str, folder: &Path, package: &str, arguments: [&'static str; 2]) -> Self {
        let path = compile(folder, package, &from_pkg_config(package));
        Self { name, path, arguments, environment: Vec::new() }
    }

    /// A C mechanism without any switch. What it takes from the switch's library (buffers, OIDs) is MIT's.
    pub fn direct(name: &'static str, folder: &Path, library: &str, arguments: [&'static str; 2]) -> Self {
        let mut flags = from_pkg_config("mit-krb5-gssapi");
        flags.push(format!("-DDIRECT=\"{library}\""));
        Self { name, path: compile(folder, "direct", &flags), arguments, environment: Vec::new() }
    }

    /// What any process costs.
    pub fn without_library(folder: &Path) -> Self {
        let path = compile(folder, "nothing", &["-DNO_LIBRARY".to_owned()]);
        Self { name: "no library", path, arguments: ["", ""], environment: Vec::new() }
    }

    /// The same with one more variable in its environment.
    pub fn env(mut self, name: &'static str, value: impl Into<PathBuf>) -> Self {
        self.environment.push((name, value.into()));
        self
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.path);
        command.envs(self.environment.iter().map(|(name, value)| (name, value))).stdout(Stdio::piped());
        command
    }

    /// Starts a process that measures.
    pub fn measuring(&self) -> Running {
        let mut process =
            self.command().args(self.arguments).stdin(Stdio::piped()).spawn().expect("the program was compiled");
        let questions = process.stdin.take().expect("piped");
        let answers = BufReader::new(process.stdout.take().expect("piped"));
        Running { name: self.name, process, talk: RefCell::new(Talk { questions, answers }) }
    }

    /// How long a fresh process takes to say that it has had the library's first answer.
    pub fn first(&self) -> Duration {
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
pub struct Running {
    name: &'static str,
    process: Child,
    talk: RefCell<Talk>,
}

struct Talk {
    questions: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Running {
    /// One of the program's operations, as something to compare.
    pub fn variant<'a>(&'a self, operation: &'a str, threads: u32) -> Variant<'a> {
        Variant::timed(self.name, move |count| self.run(operation, threads, count))
    }

    /// Runs an operation so many times on each of so many threads, and answers how long the slowest took.
    pub fn run(&self, operation: &str, threads: u32, count: u32) -> Duration {
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
fn ours(folder: &Path) -> Vec<String> {
    for name in ["libgss.so", "libgss.so.1"] {
        let link = folder.join(name);
        if !link.exists() {
            symlink(built("libgss.so"), link).expect("a temporary folder");
        }
    }
    let include = Path::new(env!("CARGO_MANIFEST_DIR")).join("../libgss/include");
    let folder = folder.display();
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
