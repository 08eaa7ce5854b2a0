//! Our library in a process that has MIT's, too: each side's calls and variables are its own library's, whoever comes
//! first.
#![allow(clippy::expect_used, clippy::panic, reason = "tests")]

use gss_tests::c::{Library, compile_with_mit};
use gss_tests::{Site, dummy_site, here};
use std::fs;
use std::path::{Path, PathBuf};

const OURS: &str = "libgss.so";
const MIT: &str = "libgssapi_krb5.so.2";

#[test]
fn neighbours_that_are_linked_keep_to_themselves() {
    let pair = Pair::new();
    for order in [["-lgss", "-lneighbour"], ["-lneighbour", "-lgss"]] {
        let program = pair.program(&["-DLINKED", "-Wl,--no-as-needed", order[0], order[1]]);
        pair.check(&program, &[], None);
    }
}

#[test]
fn neighbour_that_is_loaded_keeps_to_itself() {
    let pair = Pair::new();
    let program = pair.program(&[]);
    pair.check(&program, &[&pair.helper], None);
}

#[test]
fn neighbour_before_all_others_captures_nothing() {
    let pair = Pair::new();
    let program = pair.program(&["-DLINKED", "-Wl,--no-as-needed", "-lneighbour"]);
    for first in [PathBuf::from(MIT), Library::ours().path()] {
        pair.check(&program, &[], Some(&first));
    }
}

/// A library that uses MIT's, and a site for a program that uses ours.
struct Pair {
    site: Site,
    helper: PathBuf,
}

impl Pair {
    fn new() -> Self {
        let site = dummy_site("");
        let helper = site.path("libneighbour.so");
        let source = here().join("c/neighbours_mit.c");
        compile_with_mit(&helper, &[&source], &["-Wall", "-Wextra", "-Werror", "-shared", "-fPIC"]);
        Self { site, helper }
    }

    fn program(&self, arguments: &[&str]) -> PathBuf {
        let program = self.site.path("program");
        let folder = self.site.path("");
        let (find, run) = (format!("-L{}", folder.display()), format!("-Wl,-rpath,{}", folder.display()));
        let mut all = vec!["-Wall", "-Wextra", "-Werror", &find, &run];
        all.extend(arguments);
        Library::ours().compile(&program, &[&here().join("c/neighbours.c")], &all);
        program
    }

    /// Runs the program and looks whose every call was.
    fn check(&self, program: &Path, arguments: &[&Path], preloaded: Option<&Path>) {
        let debug = self.site.path("bindings");
        let mut command = self.site.command(program);
        command.env("GSS_MECH_CONFIG", "/dev/null");
        command.args(arguments).env("LD_DEBUG", "bindings").env("LD_DEBUG_OUTPUT", &debug).env("LD_BIND_NOW", "1");
        if let Some(first) = preloaded {
            command.env("LD_PRELOAD", first);
        }
        let child = command.stdout(std::process::Stdio::piped()).spawn().expect("the program runs");
        let debug = self.site.path(&format!("bindings.{}", child.id()));
        let output = child.wait_with_output().expect("our own child");
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{}: {said}", output.status);
        check_owners(&said);
        check_work(&said);
        check_bindings(&fs::read_to_string(debug).expect("the dynamic linker's account"));
    }
}

/// `dladdr` of what each side calls and uses.
fn check_owners(said: &str) {
    for (side, library) in [("ours", OURS), ("mit", MIT)] {
        let mut seen = 0;
        for line in said.lines() {
            let [whose, what, name, owner] = line.split(' ').collect::<Vec<_>>()[..] else { continue };
            if whose == side && ["function", "variable"].contains(&what) {
                assert!(owner.contains(library), "{side}'s {name} is of {owner}");
                seen += 1;
            }
        }
        assert!(seen >= 50, "{side} said {seen} names only:\n{said}");
    }
}

/// Each library works, with mechanisms of its own.
fn check_work(said: &str) {
    for side in ["ours", "mit"] {
        for expected in ["work name someone", "work status 00000000"] {
            assert!(said.contains(&format!("{side} {expected}\n")), "{side} does not say {expected:?}:\n{said}");
        }
    }
    let dummy = "mechanism { 1 3 6 1 4 1 42 2 26 1 2 } .";
    let krb5 = "mechanism { 1 2 840 113554 1 2 2 } .";
    for (line, expected) in [
        (format!("ours {dummy}"), true),
        (format!("ours {krb5}"), false),
        (format!("mit {dummy}"), false),
        (format!("mit {krb5}"), true),
        // MIT's own type of a name is one of two objects with these octets.
        ("ours work type own".to_owned(), true),
        // BAD_NAME, and nobody looked where it points to.
        ("ours foreign name 00020000".to_owned(), true),
        ("ours own name 00000000".to_owned(), true),
    ] {
        assert_eq!(said.contains(&line), expected, "{line}:\n{said}");
    }
}

/// What the dynamic linker bound: every symbol of the GSS-API, for whichever library asked.
fn check_bindings(account: &str) {
    let (mut of_mit, mut of_ours) = (0, 0);
    for line in account.lines() {
        // …: binding file FROM [0] to TO [0]: normal symbol `NAME' [VERSION]
        let Some((_, binding)) = line.split_once("binding file ") else { continue };
        let words: Vec<&str> = binding.split(' ').collect();
        let (from, to) = (words[0], words[3]);
        let name = binding.split(['`', '\'']).nth(1).expect("a symbol's name");
        if !["gss_", "GSS_", "gsskrb5_", "krb5_gss_"].iter().any(|prefix| name.starts_with(prefix)) {
            continue;
        }
        let library = if from.ends_with("/program") || from.contains(OURS) { OURS } else { MIT };
        // A program's copies of our variables are the program's.
        let copy = name.to_lowercase().starts_with("gss_") && to.ends_with("/program") && library == OURS;
        assert!(to.contains(library) || copy, "{from} has {name} of {to}");
        *if library == OURS { &mut of_ours } else { &mut of_mit } += 1;
    }
    assert!(of_mit > 150 && of_ours > 50, "{of_mit} bindings for MIT's library, {of_ours} for ours:\n{account}");
}
