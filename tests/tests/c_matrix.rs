//! The cases in which the other switches fall over: lost minors, zombie handles, garbage in outputs, crashes. Measured
//! on MIT 1.20, two Heimdals and libgssglue; here is what ours answers, as C programs see it.
//!
//! A mechanism of our own contract does not destroy its context by exporting it: `serialize` has no side effects. The
//! cases about mechanisms that do, or fail to, have a C mechanism.

use gss_tests::c::{Build, Library, finished};
use gss_tests::c_mechanism::CMechanism;
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

/// What the functions of the C mechanism are told to do (see tests/c_mechanism/faults.c), the same. One of its contexts is
/// the initiator's.
const C_CASES: &[(&str, &str, &str)] = &[
    (
        "",
        "at-export",
        "\
export: COMPLETE, handle NO_CONTEXT, token 0000000a || oid || state
the mechanism has contexts=1
",
    ),
    (
        "gss_export_sec_context=fail",
        "at-export",
        "export: FAILURE, minor 1234, handle kept, no token\nthe mechanism has contexts=2\n",
    ),
    (
        "gss_export_sec_context=fail:0xc0000",
        "at-export",
        "export: CONTEXT_EXPIRED, minor 1234, handle kept, no token\nthe mechanism has contexts=2\n",
    ),
    (
        "gss_export_sec_context=fail:0x100000",
        "at-export",
        "export: UNAVAILABLE, minor 1234, handle kept, no token\nthe mechanism has contexts=2\n",
    ),
    // Fails, and has deleted its context.
    (
        "gss_export_sec_context=fail+delete",
        "at-export",
        "export: NO_CONTEXT, handle NO_CONTEXT, no token\nthe mechanism has contexts=1\n",
    ),
    // The same, with a token.
    (
        "gss_export_sec_context=say",
        "at-export",
        "export: NO_CONTEXT, handle NO_CONTEXT, no token\nthe mechanism has contexts=1\n",
    ),
    // Succeeds without a token, and the context is gone: said, not lost in silence.
    (
        "gss_export_sec_context=empty",
        "at-export",
        "export: FAILURE, handle NO_CONTEXT, no token\nthe mechanism has contexts=1\n",
    ),
    (
        "gss_export_sec_context=hollow",
        "at-export",
        "export: FAILURE, handle NO_CONTEXT, no token\nthe mechanism has contexts=1\n",
    ),
    (
        "gss_export_sec_context=long",
        "at-export",
        "export: FAILURE, handle NO_CONTEXT, no token\nthe mechanism has contexts=1\n",
    ),
    // The same, and it is not.
    (
        "gss_export_sec_context=empty+keep",
        "at-export",
        "export: FAILURE, handle kept, no token\nthe mechanism has contexts=2\n",
    ),
    (
        "gss_export_sec_context=hollow+keep",
        "at-export",
        "export: FAILURE, handle kept, no token\nthe mechanism has contexts=2\n",
    ),
    // Succeeds and leaves its context alive.
    (
        "gss_export_sec_context=keep",
        "at-export",
        "\
export: COMPLETE, handle NO_CONTEXT, token 0000000a || oid || state
the mechanism has contexts=1
",
    ),
    // Has expired without a word of it at export.
    (
        "gss_context_time=fail:0xc0000",
        "at-export",
        "export: CONTEXT_EXPIRED, handle kept, no token\nthe mechanism has contexts=2\n",
    ),
    (
        "gssspi_import_sec_context_by_mech=fail",
        "at-import",
        "import: FAILURE, minor 1234, handle NO_CONTEXT\nthe mechanism has contexts=1\n",
    ),
    (
        "gssspi_import_sec_context_by_mech=fail:0x80000",
        "at-import",
        "import: NO_CONTEXT, minor 1234, handle NO_CONTEXT\nthe mechanism has contexts=1\n",
    ),
    (
        "gssspi_import_sec_context_by_mech=fail:0xf0000",
        "at-import",
        "import: UNAUTHORIZED, minor 1234, handle NO_CONTEXT\nthe mechanism has contexts=1\n",
    ),
    // Succeeds without a context.
    (
        "gssspi_import_sec_context_by_mech=none",
        "at-import",
        "import: FAILURE, handle NO_CONTEXT\nthe mechanism has contexts=1\n",
    ),
    // Fails with one.
    (
        "gssspi_import_sec_context_by_mech=say",
        "at-import",
        "import: FAILURE, minor 1234, handle NO_CONTEXT\nthe mechanism has contexts=1\n",
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

fn each_case_of_the_c_mechanism_has_its_answer(build: Build) {
    let program = Library::ours().program("matrix.c", build);
    for transfer in ["once", "portable"] {
        let site = CMechanism::whole().build(build).site(&format!("gss.default=yes,gss.transfer={transfer}"));
        for (faults, set, expected) in C_CASES {
            let said = finished(program.command(&site, &["c-mechanism", set]).env("GSS_TEST_FAULTS", faults));
            assert_eq!(said, *expected, "with {faults}, {transfer}");
        }
    }
}

#[test]
fn each_case_of_a_mechanism_that_ends_its_context_has_its_answer() {
    each_case_of_the_c_mechanism_has_its_answer(Build::Plain);
}

#[test]
fn each_case_of_a_mechanism_that_ends_its_context_is_clean_under_the_sanitizers() {
    each_case_of_the_c_mechanism_has_its_answer(Build::Sanitized);
}

#[test]
fn a_mechanism_that_ends_its_context_is_clean_under_valgrind() {
    let program = Library::ours().program("matrix.c", Build::Plain);
    let site = CMechanism::whole().site("gss.default=yes,gss.transfer=portable");
    // The others are under it in c_faults.rs.
    let special = |faults: &str| ["=fail+delete", "=keep"].iter().any(|fault| faults.ends_with(fault));
    for (faults, set, expected) in C_CASES.iter().filter(|(faults, ..)| special(faults)) {
        let mut command = program.valgrind_command(&site, &["c-mechanism", set]);
        assert_eq!(finished(command.env("GSS_TEST_FAULTS", faults)), *expected, "with {faults}");
    }
}

#[test]
fn the_matrix_is_clean_under_valgrind() {
    let program = Library::ours().program("matrix.c", Build::Plain);
    let output = program.run_in_valgrind(&site(""), &["exports", "imports", "others"]);
    let expected = CASES.iter().filter(|(options, ..)| options.is_empty()).map(|(.., expected)| *expected);
    assert_eq!(output, expected.collect::<String>());
}
