//! The C mechanism of `tests/c_mechanism`: compiled whole or with functions missing, dropped into a site, and told what
//! to do wrong. What it can be told stands in `faults.c` there.

use crate::c::{Build, Library, compile};
use crate::{Site, built, here};
use gss_core::{Gss, Oid};
use std::collections::HashMap;
use std::fs;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Its OID.
pub static C_MECHANISM: Oid = Oid::from_static(b"\x2b\x06\x01\x04\x01\x2a\x02\x1a\x01\x03");
/// The other one that it serves.
pub static C_MECHANISM_TOO: Oid = Oid::from_static(b"\x2b\x06\x01\x04\x01\x2a\x02\x1a\x01\x04");
/// The minor status of a fault that does not say another.
pub const FAULT: u32 = 1234;

const SET_FAULTS: Oid = Oid::from_static(b"\x2b\x06\x01\x04\x01\x2a\x02\x1a\x01\x03\x01");
const COUNTS: Oid = Oid::from_static(b"\x2b\x06\x01\x04\x01\x2a\x02\x1a\x01\x03\x02");
const RESET: Oid = Oid::from_static(b"\x2b\x06\x01\x04\x01\x2a\x02\x1a\x01\x03\x03");

const FLAGS: &[&str] = &[
    "-std=c99",
    "-Wall",
    "-Wextra",
    "-Werror",
    "-pedantic",
    "-O1",
    "-g",
    "-pthread",
    "-fPIC",
    "-fvisibility=hidden",
    "-shared",
    "-Wl,-z,defs",
];
const SANITIZERS: &[&str] = &["-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-fno-omit-frame-pointer"];

/// Whose headers the mechanism is compiled against.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Headers {
    /// Ours.
    Ours,
    /// MIT's, which are the system's.
    Mit,
}

/// How the mechanism is to be compiled.
#[derive(Clone, Debug)]
pub struct CMechanism {
    headers: Headers,
    build: Build,
    missing: Vec<&'static str>,
    only: Option<&'static str>,
}

impl CMechanism {
    /// With all functions.
    pub fn whole() -> Self {
        Self { headers: Headers::Ours, build: Build::Plain, missing: Vec::new(), only: None }
    }

    /// Without functions of these names, as mechanisms are that never had them.
    pub fn without(functions: &[&'static str]) -> Self {
        Self { missing: functions.to_vec(), ..Self::whole() }
    }

    /// A library with no function of a mechanism, but what `only.c` has under this name (`ONLY_TABLE`,
    /// `ONLY_INTERPOSER`), or nothing.
    pub fn only(what: &'static str) -> Self {
        Self { only: Some(what), ..Self::whole() }
    }

    /// Compiled like this.
    pub fn build(self, build: Build) -> Self {
        Self { build, ..self }
    }

    /// Compiled against these headers.
    pub fn headers(self, headers: Headers) -> Self {
        Self { headers, ..self }
    }

    /// Compiles it. What was compiled before from the same sources in the same way is copied.
    pub fn compile(&self, library: &Path) {
        let folder = built().join("c-mechanism");
        fs::create_dir_all(&folder).expect("the target folder is writable");
        let kept = folder.join(format!("{:016x}.so", self.hash()));
        if !kept.exists() {
            // Under a name of this process's own first: other tests compile the same at the same time.
            self.compile_anew(library);
            let new = kept.with_extension(std::process::id().to_string());
            fs::copy(library, &new).and_then(|_| fs::rename(&new, &kept)).expect("the target folder is writable");
        }
        fs::copy(&kept, library).expect("the site is writable");
    }

    /// Of everything that the library is made of, but for the compiler and the system's headers.
    fn hash(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        format!("{self:?} {FLAGS:?} {SANITIZERS:?}").hash(&mut hasher);
        for folder in [here().join("c_mechanism"), Library::headers().join("gssapi")] {
            for path in files(&folder) {
                fs::read(path).expect("a source").hash(&mut hasher);
            }
        }
        hasher.finish()
    }

    fn compile_anew(&self, library: &Path) {
        let mut gcc = Command::new("gcc");
        gcc.args(FLAGS).args(if self.build == Build::Sanitized { SANITIZERS } else { &[] });
        if self.headers == Headers::Ours {
            gcc.arg("-I").arg(Library::headers());
        }
        // Whatever else is exported stays so: the symbols have no versions either way.
        let script = library.with_extension("map");
        if !self.missing.is_empty() {
            fs::write(&script, format!("{{ global: *; local: {}; }};\n", self.missing.join("; ")))
                .expect("the folder is writable");
            gcc.arg(format!("-Wl,--version-script={}", script.display()));
        }
        if let Some(what) = self.only {
            gcc.arg(format!("-D{what}"));
        }
        gcc.arg("-o").arg(library).args(sources(self.only.is_some()));
        compile(&mut gcc);
    }

    /// A site with this mechanism under these options.
    pub fn site(&self, options: &str) -> Site {
        let site = Site::new();
        self.install(&site, options);
        site
    }

    /// Drops it into the plugin directory of a site, and adds its line.
    pub fn install(&self, site: &Site, options: &str) {
        self.compile(&site.plugins().join("c_mechanism.so"));
        site.configure("50-c", &format!("c-mechanism {C_MECHANISM} c_mechanism.so [{options}]"));
    }
}

/// The sources: of the mechanism, or of a library that is none.
fn sources(only: bool) -> Vec<PathBuf> {
    let folder = here().join("c_mechanism");
    let is_wanted = |path: &PathBuf| path.extension().is_some_and(|it| it == "c") && path.ends_with("only.c") == only;
    let sources: Vec<_> = files(&folder).into_iter().filter(is_wanted).collect();
    assert!(!sources.is_empty(), "no sources in {}", folder.display());
    sources
}

/// What lies in a folder, in order.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> =
        fs::read_dir(folder).expect("the sources").map(|entry| entry.expect("a source").path()).collect();
    files.sort();
    files
}

/// Tells the mechanism what to do wrong from now on; an empty text ends it.
pub fn set_faults(gss: &Gss, settings: &str) {
    gss.invoke(&C_MECHANISM, &SET_FAULTS, settings.as_bytes()).expect("a setting that faults.c knows");
}

/// What the mechanism has counted.
#[derive(Debug)]
pub struct Counts(HashMap<String, u64>);

impl Counts {
    /// The counts as they are.
    pub fn of(gss: &Gss) -> Self {
        let text = gss.invoke(&C_MECHANISM, &COUNTS, b"").expect("the counts");
        let text = String::from_utf8(text).expect("text");
        let pair = |word: &str| {
            let (name, number) = word.split_once('=')?;
            Some((name.to_owned(), number.parse().ok()?))
        };
        Self(text.split(' ').map(|word| pair(word).expect("NAME=NUMBER")).collect())
    }

    /// One of them. Objects that are alive: `contexts`, `names`, `credentials`. Since the last [`reset_counts`]:
    /// `strays`, calls on what was not alive; `overlaps`, calls on a context that another call was inside of;
    /// `parallel`, the most contexts that had calls inside at once; `calls`; `callbacks`.
    pub fn get(&self, name: &str) -> u64 {
        *self.0.get(name).expect("a count of this name")
    }

    /// The objects that are alive: contexts, names, credentials.
    pub fn alive(&self) -> [u64; 3] {
        ["contexts", "names", "credentials"].map(|name| self.get(name))
    }
}

/// Begins to count anew what went on. What is alive stays counted.
pub fn reset_counts(gss: &Gss) {
    gss.invoke(&C_MECHANISM, &RESET, b"").expect("the counts");
}
