//! A C mechanism whose every call fails, lies or keeps silent, as C programs see it through libgss: each call has a
//! status and a text, outputs are set, handles live or are dead, nothing is freed twice, and nothing is left.

use gss_tests::c::{Build, Library, Program, finished};
use gss_tests::c_mechanism::CMechanism;
use gss_tests::{Site, here};
use std::fs;

const BUILDS: [Build; 2] = [Build::Plain, Build::Sanitized];
const PORTABLE: &str = "gss.transfer=portable";
const ONCE: &str = "gss.transfer=once";
const NOTHING_LEFT: &str = "the mechanism: contexts=0 names=0 credentials=0 strays=0 overlaps=0\n";

/// The program, and a site with the mechanism, both built the same way.
fn scene(build: Build, options: &str) -> (Program, Site) {
    let program = Library::ours().program("c_mechanism.c", build);
    (program, CMechanism::whole().build(build).site(options))
}

#[test]
fn each_call_reaches_the_mechanism_and_succeeds() {
    for build in BUILDS {
        let (program, site) = scene(build, ONCE);
        let said = program.run(&site, &["tour"]);
        let mut calls = 0;
        for line in said.lines() {
            let Some((call, status)) = line.split_once(": ") else { continue };
            let expected = match call {
                "gss_init_sec_context" => "CONTINUE_NEEDED",
                "text" => "c-mechanism: no such name",
                "the mechanism" => continue,
                _ => "COMPLETE",
            };
            assert_eq!(status, expected, "{call}");
            calls += 1;
        }
        assert!(calls > 55 && said.ends_with(NOTHING_LEFT), "{said}");
    }
}

#[test]
fn contexts_are_exported_and_imported_at_every_leg() {
    for (build, options) in [(BUILDS[0], PORTABLE), (BUILDS[0], ONCE), (BUILDS[1], PORTABLE), (BUILDS[1], ONCE)] {
        let (program, site) = scene(build, options);
        let expected = format!("1 legs: alive\n2 legs: alive\n3 legs: alive\n{NOTHING_LEFT}");
        assert_eq!(program.run(&site, &["legs"]), expected, "{options}");
        assert!(site.waiting().is_empty(), "{:?}", site.waiting());
    }
}

/// gss-ntlmssp does the first of it by accident, moonshot-gss-eap the second.
#[test]
fn a_mechanism_that_gives_the_library_objects_of_its_own_gets_a_status() {
    for build in BUILDS {
        let (program, site) = scene(build, PORTABLE);
        let said = program.run(&site, &["callback"]);
        // Nobody looked where the pointer points to; the code has the mechanism's own text.
        let expected = format!("gss_release_name: BAD_NAME\ngss_display_status: COMPLETE\n{NOTHING_LEFT}");
        assert!(said.ends_with(&expected), "{said}");
    }
}

/// What the mechanism does wrong in each call, and what comes of it, as c_mechanism.c prints it.
fn expected(word: &str) -> String {
    let all = fs::read_to_string(here().join("c/c_mechanism.expected")).unwrap_or_default();
    let mut lines = all.lines().skip_while(|line| *line != format!("{word}:")).peekable();
    assert!(lines.peek().is_some(), "c_mechanism.expected says nothing of {word}");
    let (first, rest) = (lines.next(), lines.take_while(|line| line.starts_with(' ')));
    first.into_iter().chain(rest).map(|line| format!("{line}\n")).collect()
}

const WORDS: &[&str] = &[
    "fail",
    "fail+delete",
    "say:851968:1234",
    "say:1",
    "delete",
    "keep",
    "unset",
    "none",
    "empty",
    "hollow",
    "element",
    "odd",
    "oid-unknown",
    "oid-borrowed",
    "oid-hollow",
    "oid-huge",
    "oid-empty",
    "oid-none",
];
/// With these, nobody can know how much there is to free in a set: it stays.
const BEYOND_FREEING: &[&str] = &["huge", "long"];

/// What is left at the end of a run with these words: the contexts that the mechanism refused to delete.
fn left(words: &[&str]) -> String {
    let contexts = 2 * words.iter().filter(|word| ["fail", "unset"].contains(word)).count();
    NOTHING_LEFT.replace("contexts=0", &format!("contexts={contexts}"))
}

fn arguments(words: &[&'static str]) -> Vec<&'static str> {
    [&["faults"], words].concat()
}

#[test]
fn each_fault_of_each_call_has_its_answer() {
    let (program, site) = scene(Build::Plain, PORTABLE);
    for word in WORDS.iter().chain(BEYOND_FREEING) {
        assert_eq!(program.run(&site, &["faults", word]), expected(word) + &left(&[word]));
    }
}

#[test]
fn each_fault_of_each_call_is_clean_under_the_sanitizers() {
    let (program, site) = scene(Build::Sanitized, PORTABLE);
    site.write("suppressions", "leak:buffer_set_of\nleak:oid_set_of\n");
    let suppressions = format!("suppressions={}:print_suppressions=0", site.path("suppressions").display());
    for (words, options) in [(WORDS, ""), (BEYOND_FREEING, &*suppressions)] {
        let said = finished(program.command(&site, &arguments(words)).env("LSAN_OPTIONS", options));
        assert_eq!(said, words.iter().map(|word| expected(word)).collect::<String>() + &left(words));
    }
}

#[test]
fn each_fault_of_each_call_is_clean_under_valgrind() {
    let (program, site) = scene(Build::Plain, PORTABLE);
    let said = program.run_in_valgrind(&site, &arguments(WORDS));
    assert_eq!(said, WORDS.iter().map(|word| expected(word)).collect::<String>() + &left(WORDS));
}

/// A set that cannot be is the reason why the mechanism cannot be used; the rest is done without.
#[test]
fn faults_while_the_mechanism_is_loaded_end_it_or_nothing() {
    let (program, site) = scene(Build::Sanitized, PORTABLE);
    // The OID of a line that is refused stays: the mechanism may have kept a pointer to it. That is a leak.
    let (plain_program, plain_site) = scene(Build::Plain, PORTABLE);
    let good = program.run(&site, &["tour"]);
    for function in ["gss_inquire_attrs_for_mech", "gss_inquire_names_for_mech", "gss_inquire_saslname_for_mech"] {
        for word in ["fail", "unset", "none", "empty", "odd"] {
            let fault = format!("{function}={word}");
            let said = finished(program.command(&site, &["tour"]).env("GSS_TEST_FAULTS", &fault));
            let is_sasl = |line: &&str| line.starts_with("SASL ") || line.starts_with("gss_inquire_mech_for_saslname");
            let rest = |said: &str| said.lines().filter(|line| !is_sasl(line)).collect::<Vec<_>>().join("\n");
            assert_eq!(rest(&said), rest(&good), "with {fault}");
        }
        if function.contains("sasl") {
            continue;
        }
        for word in ["hollow", "element"] {
            let fault = format!("{function}={word}");
            let said = finished(plain_program.command(&plain_site, &["refusal"]).env("GSS_TEST_FAULTS", &fault));
            let is_reason = said.contains("c_mechanism.so refuses its line") && said.contains("the mechanism answered");
            assert!(said.starts_with("BAD_MECH: ") && is_reason, "with {fault}: {said}");
        }
    }
}
