//! The cases in which the other switches fall over: lost minors, zombie handles, garbage in outputs, crashes. Measured
//! on MIT 1.20, two Heimdals and libgssglue; here is what ours answers, as C programs see it.
//!
//! Two cases are about mechanisms that destroy their context by exporting it, or fail to (then the handle must be
//! `NO_CONTEXT` either way). A mechanism of our own contract cannot: `serialize` has no side effects. They come with
//! the C mechanisms.

use gss_tests::c::{Build, Library};
use gss_tests::{Site, dummy_site};

/// The options that make the dummy mechanism do something, and what a set of cases must print then.
const CASES: &[(&str, &str, &str)] = &[
    (
        "",
        "exports",
        "\
export: COMPLETE, handle NO_CONTEXT, token 0000000a || oid || state
export, NULL handle pointer: CALL_INACCESSIBLE_READ|NO_CONTEXT, no token
export, NO_CONTEXT: CALL_INACCESSIBLE_READ|NO_CONTEXT, no token
export, NULL token pointer: CALL_INACCESSIBLE_WRITE, handle kept
export, NULL minor pointer: CALL_INACCESSIBLE_WRITE, handle kept, no token
",
    ),
    ("fail=serialize", "at-export", "export: FAILURE, minor 1234, handle kept, no token\n"),
    ("fail=serialize:CONTEXT_EXPIRED", "at-export", "export: CONTEXT_EXPIRED, minor 1234, handle kept, no token\n"),
    ("fail=serialize:UNAVAILABLE", "at-export", "export: UNAVAILABLE, minor 1234, handle kept, no token\n"),
    ("lie=serialize", "at-export", "export: FAILURE, handle kept, no token\n"),
    ("lifetime=0", "at-export", "export: CONTEXT_EXPIRED, handle kept, expired, no token\n"),
    // A call that changes nothing may panic without harm.
    ("panic=serialize", "at-export", "export: FAILURE, handle kept, no token\n"),
    (
        "",
        "imports",
        "\
import, the same token twice: COMPLETE, then NO_CONTEXT
import, empty: CALL_INACCESSIBLE_READ|DEFECTIVE_TOKEN, handle NO_CONTEXT
import, empty, NULL value: CALL_INACCESSIBLE_READ|DEFECTIVE_TOKEN, handle NO_CONTEXT
import, NULL value: CALL_INACCESSIBLE_READ|DEFECTIVE_TOKEN, handle NO_CONTEXT
import, 1 byte: CALL_BAD_STRUCTURE|DEFECTIVE_TOKEN, handle NO_CONTEXT
import, 3 bytes: CALL_BAD_STRUCTURE|DEFECTIVE_TOKEN, handle NO_CONTEXT
import, OID length 0: CALL_BAD_STRUCTURE|DEFECTIVE_TOKEN, handle NO_CONTEXT
import, OID length 0x7fffffff: CALL_BAD_STRUCTURE|DEFECTIVE_TOKEN, handle NO_CONTEXT
import, OID length 0xffffffff: CALL_BAD_STRUCTURE|DEFECTIVE_TOKEN, handle NO_CONTEXT
import, OID longer than the token: CALL_BAD_STRUCTURE|DEFECTIVE_TOKEN, handle NO_CONTEXT
import, OID of bad octets: CALL_BAD_STRUCTURE|DEFECTIVE_TOKEN, handle NO_CONTEXT
import, unknown OID: BAD_MECH, handle NO_CONTEXT
import, nothing after the OID: CALL_BAD_STRUCTURE|DEFECTIVE_TOKEN, handle NO_CONTEXT
import, nonsense after the OID: UNAUTHORIZED, handle NO_CONTEXT
import, Heimdal 7.8's form: CALL_BAD_STRUCTURE|DEFECTIVE_TOKEN, handle NO_CONTEXT
import, later Heimdal's form: CALL_BAD_STRUCTURE|DEFECTIVE_TOKEN, handle NO_CONTEXT
import, 1 byte more: CALL_BAD_STRUCTURE|DEFECTIVE_TOKEN, handle NO_CONTEXT
import, the first N bytes: DEFECTIVE_TOKEN each
import, NULL buffer pointer: CALL_INACCESSIBLE_READ|DEFECTIVE_TOKEN, handle NO_CONTEXT
import, NULL handle pointer: CALL_INACCESSIBLE_WRITE
import, NULL minor pointer: CALL_INACCESSIBLE_WRITE
",
    ),
    ("fail=import_context", "at-import", "import: FAILURE, minor 1234, handle NO_CONTEXT\n"),
    ("fail=import_context:NO_CONTEXT", "at-import", "import: NO_CONTEXT, minor 1234, handle NO_CONTEXT\n"),
    ("fail=import_context:UNAUTHORIZED", "at-import", "import: UNAUTHORIZED, minor 1234, handle NO_CONTEXT\n"),
    ("fail=import_context:UNAVAILABLE", "at-import", "import: UNAVAILABLE, minor 1234, handle NO_CONTEXT\n"),
    (
        "",
        "others",
        "\
delete, NO_CONTEXT: CALL_INACCESSIBLE_WRITE|NO_CONTEXT, no token
delete, NULL handle pointer: CALL_INACCESSIBLE_WRITE|NO_CONTEXT
delete, twice: NO_CONTEXT, handle as it was
context_time, NO_CONTEXT: CALL_INACCESSIBLE_READ|NO_CONTEXT, no time
process_context_token, NO_CONTEXT: CALL_INACCESSIBLE_READ|NO_CONTEXT
process_context_token, NULL buffer: CALL_INACCESSIBLE_READ|DEFECTIVE_TOKEN
",
    ),
];

fn site(options: &str) -> Site {
    dummy_site(&format!("gss.default=yes,{options}"))
}

/// One line of the config is good, one names a library that is missing.
fn half_bad_site() -> Site {
    let site = site("");
    site.configure("10-missing", "missing 1.2.3.4 libmissing.so");
    site
}

const BAD_LINE: &str = "\
a missing library, the other mechanism: kept
a missing library, init: BAD_MECH, handle NO_CONTEXT, no token
a missing library, why: libmissing.so is named
a missing library, import: BAD_MECH, handle NO_CONTEXT
";

fn each_case_has_its_answer(build: Build) {
    let program = Library::ours().program("matrix.c", build);
    for (options, set, expected) in CASES {
        assert_eq!(program.run(&site(options), &[set]), *expected, "with [{options}]");
    }
    assert_eq!(program.run(&half_bad_site(), &["bad-line"]), BAD_LINE);
}

#[test]
fn each_case_of_the_matrix_has_its_answer() {
    each_case_has_its_answer(Build::Plain);
}

#[test]
fn each_case_of_the_matrix_is_clean_under_the_sanitizers() {
    each_case_has_its_answer(Build::Sanitized);
}

#[test]
fn the_matrix_is_clean_under_valgrind() {
    let program = Library::ours().program("matrix.c", Build::Plain);
    let output = program.run_in_valgrind(&site(""), &["exports", "imports", "others"]);
    let expected = CASES.iter().filter(|(options, ..)| options.is_empty()).map(|(.., expected)| *expected);
    assert_eq!(output, expected.collect::<String>());
}
