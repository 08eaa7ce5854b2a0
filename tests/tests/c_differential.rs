//! One C program on MIT's library and on ours, for all that needs no mechanism: both answer the same, but where the list
//! here says otherwise, and why.
#![allow(clippy::expect_used, clippy::panic, reason = "tests")]

use gss_tests::c::{Library, compile_with_mit};
use gss_tests::{Site, here};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Cases whose labels contain a text, what our answer to each of them contains, and why it is not MIT's.
struct Deliberate {
    cases: &'static str,
    answer: &'static str,
    reason: &'static str,
}

const fn deliberate(cases: &'static str, answer: &'static str, reason: &'static str) -> Deliberate {
    Deliberate { cases, answer, reason }
}

const FAILURE: &str = "000d0000 no OID";
const NO_OID: &str = "030d0000 0:";
const BAD_NAME: &str = "00020000 cleared";
const NO_CONTEXT: &str = "01080000";
const NOT_WRITABLE: &str = "02000000";
const NOT_READABLE: &str = "01000000";
const NOT_TRAILING: &str = "MIT's takes what it can read of a text, and ignores the rest";
const WHOLE: &str = "MIT's prints what is no OID, as another one or as none";
const NUL: &str = "one trailing NUL is the text's end, as old clients count it, and not part of the name";
const EXPORTED: &str = "RFC 2744 section 5.16: what is no exported name is BAD_NAME; it has no DEFECTIVE_TOKEN";
const ONE_TOO_LONG: &str = "MIT's token has an octet too many at its end, which its own gss_decapsulate_token refuses";
const ANONYMOUS: &str = "RFC 2744 section 5.3: an anonymous name is equal to none";
const NOT_MINIMAL: &str = "DER has one form for a length; another is no token that any library made";
const MINOR: &str = "RFC 2744 section 3.9.3: the minor status is an output that is always wanted";
const CONTEXT: &str = "a call on no context says so, before it looks at anything else";
const NEEDED: &str = "MIT's asks a mechanism without it, or answers nothing";

const DELIBERATE: &[Deliberate] = &[
    deliberate("str_to_oid 6:1.2.-3", FAILURE, NOT_TRAILING),
    deliberate("str_to_oid 7:1.2.0x3", FAILURE, NOT_TRAILING),
    deliberate("str_to_oid 12:1.2.3garbage", FAILURE, NOT_TRAILING),
    deliberate("str_to_oid 13:1.2.3 garbage", FAILURE, NOT_TRAILING),
    deliberate("str_to_oid 5:1.2,3", FAILURE, NOT_TRAILING),
    deliberate("str_to_oid 6:1.2.3}", FAILURE, NOT_TRAILING),
    deliberate("str_to_oid 15:{1.2.3} garbage", FAILURE, NOT_TRAILING),
    deliberate(r"str_to_oid 8:1.2.3\00.4", FAILURE, NOT_TRAILING),
    deliberate(r"str_to_oid 6:1.2.\d9\a3", FAILURE, NOT_TRAILING),
    deliberate(r"oid_to_str 1:\80", NO_OID, WHOLE),
    deliberate(r"oid_to_str 1:\86", NO_OID, WHOLE),
    deliberate(r"oid_to_str 2:*\86", NO_OID, WHOLE),
    deliberate(r"oid_to_str 2:*\80", NO_OID, WHOLE),
    deliberate(r"oid_to_str 3:*\80\01", NO_OID, WHOLE),
    deliberate(r"oid_to_str 2:\80\01", NO_OID, WHOLE),
    deliberate(r"oid_to_str 3:*\86\ff", NO_OID, WHOLE),
    deliberate("displayed: user, NUL counted", " 7:someone ", NUL),
    deliberate("displayed: service, NUL counted", " 16:host@example.org ", NUL),
    deliberate("displayed: no type, NUL counted", " 7:someone ", NUL),
    deliberate("NUL counted", "00000000 1", NUL),
    deliberate("bad name: a NUL", BAD_NAME, NUL),
    deliberate("names compared: anonymous, anonymous", "00000000 0", ANONYMOUS),
    deliberate("displayed: anonymous", "00000000 0", ANONYMOUS),
    deliberate("bad name: empty type", "03030000 cleared", "an OID without octets is none"),
    deliberate("bad name: exported", BAD_NAME, EXPORTED),
    deliberate("bad name: text as exported", BAD_NAME, EXPORTED),
    deliberate("encapsulate short 12", " same ", ONE_TOO_LONG),
    deliberate("encapsulate short 2", " same ", ONE_TOO_LONG),
    deliberate("encapsulate krb5 65524", " same ", ONE_TOO_LONG),
    deliberate("encapsulate one octet 123", " same ", ONE_TOO_LONG),
    deliberate("encapsulate with an empty OID", "03000000", "an OID without octets is none"),
    deliberate("decapsulate length not minimal", "00090000", NOT_MINIMAL),
    deliberate("text of routine error 19", "An unknown mechanism attribute", "RFC 5587 section 3.4.3: BAD_MECH_ATTR"),
    deliberate(
        "text of minor 0",
        "No further information",
        "0 is what comes with success, and with failures of the call",
    ),
    deliberate("gss_release_iov_buffer without argument 0", NOT_WRITABLE, MINOR),
    deliberate("gss_compare_name without argument 0", NOT_WRITABLE, MINOR),
    deliberate("gss_release_buffer without argument 0", NOT_WRITABLE, MINOR),
    deliberate("gss_release_oid_set without argument 0", NOT_WRITABLE, MINOR),
    deliberate("gss_oid_to_str without argument 0", NOT_WRITABLE, MINOR),
    deliberate("gss_complete_auth_token", NO_CONTEXT, CONTEXT),
    deliberate("gss_set_sec_context_option", NO_CONTEXT, CONTEXT),
    deliberate("gss_pname_to_uid without argument 3", NOT_WRITABLE, NEEDED),
    deliberate("gssspi_mech_invoke without argument 2", NOT_READABLE, NEEDED),
    deliberate("gss_krb5_free_lucid_sec_context with", NOT_READABLE, "NULL is no lucid context"),
];

#[test]
fn ours_answers_as_mits_does() {
    let ours = answers(|program, sources, arguments| Library::ours().compile(program, sources, arguments));
    let mit = answers(compile_with_mit);
    assert!(mit.len() > 1000, "the program ended early: {} cases", mit.len());
    assert!(ours.keys().eq(mit.keys()), "not the same cases");

    let mut used = vec![false; DELIBERATE.len()];
    let mut wrong = Vec::new();
    for (case, theirs) in &mit {
        let answer = &ours[case];
        // Where theirs crashes, ours may say what it likes.
        if answer != CRASHED && (answer == theirs || theirs == CRASHED) {
            continue;
        }
        match DELIBERATE.iter().position(|entry| case.contains(entry.cases) && answer.contains(entry.answer)) {
            Some(index) => used[index] = true,
            None => wrong.push(format!("{case}\n    MIT   {theirs}\n    ours  {answer}")),
        }
    }
    assert!(wrong.is_empty(), "{} cases differ:\n{}", wrong.len(), wrong.join("\n"));
    for (entry, used) in DELIBERATE.iter().zip(used) {
        assert!(used, "no longer a difference: {:?} ({})", entry.cases, entry.reason);
    }
}

const CRASHED: &str = "crashed";

/// The program's answers on a library, by case.
fn answers(compile: impl Fn(&Path, &[PathBuf], &[&str])) -> BTreeMap<String, String> {
    let site = Site::new();
    let program = site.path("differential");
    // The cast through which every function is called with every argument is what `-Wextra` warns of.
    let arguments = ["-Wall", "-Wextra", "-Werror", "-Wno-cast-function-type"];
    compile(&program, &[here().join("c/differential.c")], &arguments);
    let output = site.command(&program).env("GSS_MECH_CONFIG", "/dev/null").output().expect("the program runs");
    assert!(output.status.success(), "{}: {}", output.status, String::from_utf8_lossy(&output.stderr));
    let lines = String::from_utf8(output.stdout).expect("it prints ASCII");
    let parts = |line: &str| {
        let (case, answer) = line.split_once(" |").unwrap_or_else(|| panic!("not a case: {line}"));
        (case.to_owned(), answer.trim().to_owned())
    };
    let mut answers = BTreeMap::new();
    for (case, answer) in lines.lines().map(parts) {
        assert!(answers.insert(case.clone(), answer).is_none(), "two cases are called {case:?}");
    }
    answers
}
