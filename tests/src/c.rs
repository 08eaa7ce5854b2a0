//! C programs and the C library: compiled with gcc against its headers, linked with it, run over a site.

use crate::{Site, built, here, product};
use std::ffi::OsStr;
use std::io::ErrorKind;
use std::os::unix::fs::symlink;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;

/// How a program is compiled.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Build {
    /// As a distribution would.
    Plain,
    /// With AddressSanitizer, LeakSanitizer and UndefinedBehaviorSanitizer. The library itself is not instrumented, but
    /// its `malloc` and `free` are theirs: leaks, double frees and frees of what is no allocation are found there too.
    Sanitized,
}

/// What the programs of `tests/c` are compiled with.
const FLAGS: &[&str] = &["-std=gnu11", "-Wall", "-Wextra", "-Werror", "-O1", "-g", "-pthread", "-rdynamic"];
const SANITIZERS: &[&str] = &["-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-fno-omit-frame-pointer"];
/// With it a leak of what nothing points to is an error, too.
const VALGRIND: &[&str] = &[
    "--quiet",
    "--error-exitcode=99",
    "--leak-check=full",
    "--show-leak-kinds=definite",
    "--errors-for-leak-kinds=definite",
];

/// The C library as it was built, in a folder with the names that the linker and the dynamic linker look for.
pub struct Library {
    folder: PathBuf,
}

impl Library {
    /// Builds it.
    pub fn ours() -> Self {
        product("libgss", "libgss.so");
        let folder = built().join("c-library");
        std::fs::create_dir_all(&folder).expect("the target folder is writable");
        for name in ["libgss.so", "libgss.so.1"] {
            match symlink("../libgss.so", folder.join(name)) {
                // Another test was first.
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                result => result.expect("the target folder is writable"),
            }
        }
        Self { folder }
    }

    /// The library by the name that programs ask for.
    pub fn path(&self) -> PathBuf {
        self.folder.join("libgss.so.1")
    }

    /// The folder with its headers.
    pub fn headers() -> PathBuf {
        here().join("../libgss/include")
    }

    /// Compiles a program from any sources with these arguments, against the headers, and links it with the library.
    pub fn compile(&self, program: &Path, sources: &[impl AsRef<Path>], arguments: &[&str]) {
        let mut gcc = Command::new("gcc");
        gcc.args(arguments).arg("-I").arg(Self::headers()).arg("-o").arg(program);
        gcc.args(sources.iter().map(AsRef::as_ref));
        gcc.arg("-L").arg(&self.folder).arg(format!("-Wl,-rpath,{}", self.folder.display())).arg("-lgss");
        compile(&mut gcc);
    }

    /// Compiles a program of `tests/c`.
    pub fn program(&self, source: &str, build: Build) -> Program {
        self.program_of(&here().join("c").join(source), build)
    }

    /// Compiles a program of `tests/c` that does without the library.
    pub fn unlinked_program(&self, source: &str) -> Program {
        let folder = tempfile::Builder::new().prefix("gss-test-c-").tempdir().expect("a temporary folder");
        let program = folder.path().join("program");
        // The linker leaves out what nothing needs.
        self.compile(&program, &[here().join("c").join(source)], &[FLAGS, &["-Wl,--as-needed"]].concat());
        Program { program, _folder: folder }
    }

    /// Compiles a program from one source file, which may include what lies in `tests/c`.
    pub fn program_of(&self, source: &Path, build: Build) -> Program {
        let folder = tempfile::Builder::new().prefix("gss-test-c-").tempdir().expect("a temporary folder");
        let program = folder.path().join(source.file_stem().unwrap_or(OsStr::new("program")));
        let include = format!("-I{}", here().join("c").display());
        let sanitizers = if build == Build::Sanitized { SANITIZERS } else { &[] };
        self.compile(&program, &[source], &[FLAGS, sanitizers, &[&include]].concat());
        Program { program, _folder: folder }
    }
}

/// Compiles a program, or a library, with MIT's headers and library: for tests that compare or that have both.
pub fn compile_with_mit(program: &Path, sources: &[impl AsRef<Path>], arguments: &[&str]) {
    let mut gcc = Command::new("gcc");
    gcc.args(arguments).arg("-o").arg(program).args(sources.iter().map(AsRef::as_ref)).arg("-lgssapi_krb5");
    compile(&mut gcc);
}

/// Runs gcc, which must have nothing to say against it.
pub(crate) fn compile(gcc: &mut Command) {
    let output = gcc.output().expect("gcc is there; run tests/setup-system.sh");
    assert!(output.status.success(), "{gcc:?}:\n{}", String::from_utf8_lossy(&output.stderr));
}

/// A compiled program of the tests.
pub struct Program {
    program: PathBuf,
    _folder: TempDir,
}

impl Program {
    /// Where it lies.
    pub fn path(&self) -> &Path {
        &self.program
    }

    /// The program over a site, about to be run.
    pub fn command(&self, site: &Site, arguments: &[&str]) -> Command {
        let mut command = site.command(&self.program);
        command.args(arguments);
        // Whoever handles signals in these programs knows more than the sanitizer does.
        command.env("ASAN_OPTIONS", "detect_leaks=1:detect_stack_use_after_return=1:allow_user_segv_handler=1");
        command.env("UBSAN_OPTIONS", "print_stacktrace=1");
        command
    }

    /// Runs it over a site, and answers what it printed. It has to end well and to say nothing on standard error: neither
    /// the library nor a mechanism may.
    pub fn run(&self, site: &Site, arguments: &[&str]) -> String {
        finished(&mut self.command(site, arguments))
    }

    /// The same under valgrind.
    pub fn run_in_valgrind(&self, site: &Site, arguments: &[&str]) -> String {
        finished(&mut self.valgrind_command(site, arguments))
    }

    /// The program over a site, about to be run under valgrind.
    pub fn valgrind_command(&self, site: &Site, arguments: &[&str]) -> Command {
        self.valgrind_command_with(site, &[], arguments)
    }

    /// The same with options of valgrind's.
    pub fn valgrind_command_with(&self, site: &Site, options: &[&str], arguments: &[&str]) -> Command {
        let mut command = site.command(Path::new("valgrind"));
        command.args(VALGRIND).args(options).arg(&self.program).args(arguments);
        command
    }
}

impl Site {
    /// A program that uses the C library over this site, about to be run.
    pub fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.env("GSS_PLUGINS_CONF", self.path("plugins.conf")).env("GSS_PLUGIN_DIR", self.plugins());
        command
    }
}

/// Runs a program to a good end, and answers what it printed, and to what libraries the dynamic linker bound which symbols,
/// a line each. What mechanisms and their libraries say on standard error does not matter.
pub fn bindings(command: &mut Command, site: &Site) -> (String, String) {
    let output = command.env("LD_DEBUG", "bindings").env("LD_DEBUG_OUTPUT", site.path("bindings")).output();
    let Output { status, stdout, stderr } = output.expect("the program starts");
    let (stdout, errors) = (String::from_utf8_lossy(&stdout).into_owned(), String::from_utf8_lossy(&stderr));
    assert!(status.success(), "{command:?}: {status}\n{stdout}\n{errors}");
    let files = std::fs::read_dir(site.path("")).expect("the site can be read").filter_map(Result::ok);
    // One for each process, with its id.
    let files = files.filter(|file| file.file_name().to_string_lossy().starts_with("bindings."));
    let texts = files.map(|file| std::fs::read_to_string(file.path()).expect("the dynamic linker's output"));
    (stdout, texts.collect())
}

/// Runs a program to its end, which has to be a good one with nothing on standard error, and answers what it printed.
pub fn finished(command: &mut Command) -> String {
    let Output { status, stdout, stderr } =
        command.output().expect("the program starts; if it is not there, run tests/setup-system.sh");
    let (output, errors) = (String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
    let signal = status.signal().map(|signal| format!(", signal {signal}")).unwrap_or_default();
    assert!(status.success() && errors.is_empty(), "{command:?}: {status}{signal}\n{output}\n{errors}");
    output.into_owned()
}
