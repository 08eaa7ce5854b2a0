//! What a set of C headers declares, as the compiler understands it.
#![allow(dead_code, reason = "each test uses a part of it")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// Each of our headers.
pub(crate) const ALL: [&str; 5] =
    ["gssapi.h", "gssapi/gssapi.h", "gssapi/gssapi_ext.h", "gssapi/gssapi_krb5.h", "gssapi/gssapi_generic.h"];

/// Declared, and not exported: what a C mechanism may export, so that its source finds the type.
pub(crate) const DECLARED_ONLY: &[&str] =
    &["gssspi_query_meta_data", "gssspi_exchange_meta_data", "gssspi_query_mechanism_info"];

/// As strict as a program may be that includes them.
pub(crate) const STRICT: &[&str] = &["-Wall", "-Wextra", "-Wundef", "-Werror", "-pedantic"];

/// Headers of the GSS-API, ours or others'.
pub(crate) struct Headers {
    /// What is given to `-I`.
    folder: PathBuf,
    /// Which there are.
    pub(crate) files: &'static [&'static str],
}

impl Headers {
    /// Ours, as they lie in the repository.
    pub(crate) fn ours() -> Self {
        let folder = gss_tests::here().join("../libgss/include").canonicalize().expect("our headers");
        Self { folder, files: &ALL }
    }

    /// Those of MIT krb5, from the distribution's package.
    pub(crate) fn mit() -> Self {
        Self { folder: PathBuf::from("/usr/include"), files: &ALL }
    }

    /// Those of Heimdal.
    pub(crate) fn heimdal() -> Self {
        Self { folder: PathBuf::from("/usr/include/heimdal"), files: &["gssapi/gssapi.h", "gssapi/gssapi_krb5.h"] }
    }

    /// The argument for the compiler.
    pub(crate) fn include(&self) -> String {
        format!("-I{}", self.folder.display())
    }

    /// Only what this one declares and includes.
    pub(crate) fn only(self, file: &'static str) -> Self {
        Self { files: std::slice::from_ref(ALL.iter().find(|known| **known == file).expect("a header")), ..self }
    }

    /// Each function with its declaration.
    pub(crate) fn functions(&self) -> BTreeMap<String, String> {
        let work = Work::new();
        let list = work.path("functions");
        let source = work.write("all.c", &include(self.files));
        run(Command::new("gcc").args(["-fsyntax-only", "-aux-info"]).args([&list, &source]).arg(self.include()));
        let list = fs::read_to_string(list).expect("gcc writes what -aux-info asks for");
        list.lines().filter_map(|line| self.function(line)).collect()
    }

    /// A line of `-aux-info`: `/* FILE:LINE:NC */ extern OM_uint32 gss_wrap (OM_uint32 *, gss_ctx_id_t, …);`
    fn function(&self, line: &str) -> Option<(String, String)> {
        let (place, declaration) = line.strip_prefix("/* ")?.split_once(" */ ")?;
        self.holds(Path::new(place.split(':').next()?)).then_some(())?;
        let (head, _) = declaration.split_once(" (")?;
        let (_, name) = head.rsplit_once([' ', '*'])?;
        Some((name.to_owned(), declaration.to_owned()))
    }

    /// Each variable with its declaration.
    pub(crate) fn variables(&self) -> BTreeMap<String, String> {
        let text: String = self.preprocessed(&["-E"]).into_iter().map(|line| line + " ").collect();
        let words = text.split(';').map(|statement| statement.split_whitespace().collect::<Vec<_>>());
        words
            .filter(|words| words.first() == Some(&"extern") && !words.iter().any(|word| word.contains('(')))
            .filter_map(|words| Some((words.last()?.trim_end_matches("[]").to_owned(), words.join(" ") + ";")))
            .collect()
    }

    /// Each macro, by its name and parameters, with its body.
    pub(crate) fn macros(&self) -> BTreeMap<String, String> {
        let lines = self.preprocessed(&["-E", "-dD"]);
        let definitions = lines.iter().filter_map(|line| line.strip_prefix("#define "));
        definitions
            .map(|definition| {
                let end = definition.find(' ').unwrap_or(definition.len());
                let (head, body) = definition.split_at(match definition.find('(') {
                    Some(parameters) if parameters < end => definition.find(')').map_or(end, |close| close + 1),
                    _ => end,
                });
                (head.to_owned(), body.trim().to_owned())
            })
            .collect()
    }

    /// The lines that come from these headers themselves.
    fn preprocessed(&self, arguments: &[&str]) -> Vec<String> {
        let work = Work::new();
        let source = work.write("all.c", &include(self.files));
        let output = run(Command::new("gcc").args(arguments).arg(source).arg(self.include()));
        let mut inside = false;
        let mut lines = Vec::new();
        for line in output.lines() {
            // `# 12 "/usr/include/gssapi/gssapi.h" 2`
            match line.strip_prefix("# ").and_then(|marker| marker.split('"').nth(1)) {
                Some(file) => inside = self.holds(Path::new(file)),
                None if inside => lines.push(line.to_owned()),
                None => {}
            }
        }
        lines
    }

    fn holds(&self, file: &Path) -> bool {
        file.starts_with(self.folder.join("gssapi")) || file == self.folder.join("gssapi.h")
    }
}

/// A source that includes these headers.
pub(crate) fn include(headers: &[&str]) -> String {
    headers.iter().map(|header| format!("#include <{header}>\n")).collect()
}

/// A folder for sources and what is made of them.
pub(crate) struct Work(TempDir);

impl Work {
    pub(crate) fn new() -> Self {
        Self(tempfile::Builder::new().prefix("gss-test-").tempdir().expect("a temporary folder"))
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        fs::write(self.path(name), text).expect("a temporary folder is writable");
        self.path(name)
    }
}

/// Runs a command that has to succeed, and answers what it printed.
pub(crate) fn run(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}; run tests/setup-system.sh"));
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {}\n{errors}", output.status);
    String::from_utf8(output.stdout).expect("text")
}
