//! The C mechanism of the tests under MIT's own switch: it is a mechanism in MIT's form, and does there what it does
//! under ours.
#![allow(clippy::expect_used, reason = "a test that cannot be set up has failed")]

use gss_tests::Site;
use gss_tests::c::{compile_with_mit, finished};
use gss_tests::c_mechanism::{C_MECHANISM, CMechanism, Headers};
use gss_tests::here;
use std::process::Command;

const PROGRAM: &[&str] = &["-std=gnu11", "-Wall", "-Wextra", "-Werror", "-O1", "-g", "-pthread"];

fn under_mit(mechanism: &CMechanism, what: &str) -> String {
    let site = Site::new();
    let (library, program) = (site.path("c_mechanism.so"), site.path("program"));
    mechanism.compile(&library);
    compile_with_mit(&program, &[here().join("c/c_mechanism.c")], PROGRAM);
    site.write("mech", &format!("c-mechanism {C_MECHANISM} {}\n", library.display()));
    finished(Command::new(program).arg(what).env("GSS_MECH_CONFIG", site.path("mech")))
}

#[test]
fn each_call_reaches_the_mechanism_and_succeeds() {
    for headers in [Headers::Ours, Headers::Mit] {
        let said = under_mit(&CMechanism::whole().headers(headers), "tour");
        let mut calls = 0;
        for line in said.lines() {
            let Some((call, status)) = line.split_once(": ") else { continue };
            let expected = match call {
                "gss_init_sec_context" => "CONTINUE_NEEDED",
                "text" => "c-mechanism: no such name",
                "the mechanism" => "contexts=0 names=0 credentials=0 strays=0 overlaps=0",
                _ => "COMPLETE",
            };
            assert_eq!(status, expected, "{call}, compiled against the headers of {headers:?}");
            calls += 1;
        }
        assert!(calls > 55, "{said}");
    }
}

#[test]
fn contexts_are_exported_and_imported_at_every_leg() {
    let expected = "\
1 legs: alive
2 legs: alive
3 legs: alive
the mechanism: contexts=0 names=0 credentials=0 strays=0 overlaps=0
";
    assert_eq!(under_mit(&CMechanism::whole(), "legs"), expected);
}

#[test]
fn a_mechanism_without_functions_is_one_that_cannot_do_that() {
    let functions = ["gss_process_context_token", "gss_wrap_size_limit", "gss_inquire_saslname_for_mech"];
    let said = under_mit(&CMechanism::without(&functions), "tour");
    assert!(said.contains("gss_process_context_token: UNAVAILABLE\n"), "{said}");
    // MIT's own, over gss_wrap_iov_length and the OID.
    assert!(said.contains("gss_wrap_size_limit: COMPLETE\n") && said.contains("SASL GS2-"), "{said}");
}
