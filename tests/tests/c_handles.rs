//! No argument is undefined behaviour as long as C's own contract holds: every function of the C library, called with
//! every value that an argument may have, alone and beside others, answers a status.
#![allow(clippy::panic, clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use gss_tests::c::{Build, Library, Program};
use gss_tests::{Site, dummy_site, here};
use std::fmt::Write;
use std::fs;

/// Functions of which every call fails, since the dummy mechanism has nothing for them.
const NEVER_GOOD: &[&str] = &[
    "gss_krb5_get_tkt_flags",
    "gsskrb5_extract_authtime_from_sec_context",
    "gsskrb5_extract_authz_data_from_sec_context",
    "gss_krb5_export_lucid_sec_context",
    "gss_krb5_free_lucid_sec_context",
    "gss_krb5_set_allowable_enctypes",
    "gss_krb5_copy_ccache",
    "gss_krb5_set_cred_rcache",
    "gss_krb5_import_cred",
    "gss_krb5_ccache_name",
    "gss_map_name_to_any",
    "gss_release_any_name_mapping",
    "gss_set_neg_mechs",
    "krb5_gss_register_acceptor_identity",
];

/// An exported function.
struct Function {
    name: String,
    /// Its arguments behind the minor status: name and type.
    arguments: Vec<(String, String)>,
    /// Whether it has a minor status.
    minor: bool,
    /// Whether it answers a major status, and not yes or no.
    major: bool,
}

/// The library's list of exports: those with a minor status, and the others.
fn exports() -> Vec<Function> {
    let source = fs::read_to_string(here().join("../libgss/src/exports.rs")).unwrap();
    let mut functions = list(&source, "\nexports! {", true);
    functions.extend(list(&source, "\nplain_exports! {", false));
    functions
}

fn list(source: &str, begin: &str, minor: bool) -> Vec<Function> {
    let (_, list) = source.split_once(begin).unwrap();
    let (list, _) = list.split_once("\n}").unwrap();
    // Comments may contain anything.
    let list: String = list.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
    let functions = list.split("fn ").skip(1).map(|text| {
        let (name, rest) = text.split_once('(').unwrap();
        let (arguments, rest) = rest.split_once(')').unwrap();
        let arguments = arguments.split(',').filter_map(|argument| argument.split_once(':'));
        let arguments =
            arguments.map(|(name, of_type)| (name.trim().to_owned(), of_type.trim().replace("<'_>", ""))).collect();
        let major = !rest.trim_start().starts_with("-> i32");
        Function { name: name.to_owned(), arguments, minor, major }
    });
    functions.collect()
}

/// What `calls.c` calls an argument of this type, and whether it is a pointer.
fn kind(function: &str, argument: &str, of_type: &str) -> (&'static str, bool) {
    match of_type {
        "u32" | "i32" if argument == "count" => ("COUNT", false),
        "u32" | "i32" => ("NUMBER", false),
        "usize" | "isize" => ("COUNT", false),
        "ContextIn" => ("CONTEXT", true),
        "NameIn" => ("NAME", true),
        "CredentialIn" => ("CREDENTIAL", true),
        "HandleVariable" => ("VARIABLE", true),
        "OidIn" => ("OID", true),
        "OctetsIn" => ("OCTETS", true),
        "OidSetIn" => ("OID_SET", true),
        "SearchedSet" => ("OCTETS_SET", true),
        "BytesIn" => ("BYTES", true),
        "BindingsIn" => ("BINDINGS", true),
        "TextIn" => ("TEXT", true),
        "CredentialStoreIn" => ("STORE", true),
        "IovArray" => ("IOV", true),
        "OpaqueIn" => ("OPAQUE", true),
        "Out<u32>" | "Out<i32>" => ("WORD_OUT", true),
        "InOut<u32>" | "InOut<i32>" => ("WORD_IN_OUT", true),
        "UidOut" => ("UID_OUT", true),
        "BufferOut" => ("BUFFER_OUT", true),
        "BufferInOut" => ("BUFFER_IN_OUT", true),
        "ReleasedBuffer" => ("BUFFER_RELEASED", true),
        "OidVariable" => ("OID_RELEASED", true),
        "OidOut" => ("OID_OUT", true),
        "Out<*mut c_void>" | "OpaqueOut" => ("POINTER_OUT", true),
        "OidSetOut" => ("OID_SET_OUT", true),
        "OidSetVariable" => ("OID_SET_IN_OUT", true),
        "BufferSetOut" => ("BUFFER_SET_OUT", true),
        "BufferSetVariable" => ("BUFFER_SET_IN_OUT", true),
        "ContextOut" => ("CONTEXT_OUT", true),
        "NameOut" => ("NAME_OUT", true),
        "CredentialOut" => ("CREDENTIAL_OUT", true),
        other => panic!("{function}: calls.c has no values for arguments of type {other}; add some"),
    }
}

/// `functions.h` for `calls.c`.
fn table(functions: &[Function]) -> String {
    let (mut calls, mut table) = (String::new(), String::new());
    for function in functions {
        let name = &function.name;
        let mut values = Vec::new();
        let mut kinds = Vec::new();
        if function.minor {
            values.push("minor".to_owned());
        }
        for (index, (argument, of_type)) in function.arguments.iter().enumerate() {
            let (kind, pointer) = kind(name, argument, of_type);
            values.push(format!("({})v[{index}]", if pointer { "void *" } else { "ssize_t" }));
            kinds.push(kind);
        }
        let (values, count, kinds) = (values.join(", "), kinds.len(), kinds.join(", "));
        writeln!(calls, "static OM_uint32 call_{name}(OM_uint32 *minor, const uintptr_t *v)").unwrap();
        writeln!(calls, "{{\n\t(void)minor, (void)v;\n\treturn {name}({values});\n}}").unwrap();
        let (minor, major) = (i32::from(function.minor), i32::from(function.major));
        writeln!(table, "\t{{\"{name}\", call_{name}, {minor}, {major}, {count}, {{{kinds}}}}},").unwrap();
    }
    format!("{calls}\nstatic const struct function functions[] = {{\n{table}}};\n")
}

fn program(site: &Site, build: Build) -> Program {
    site.write("functions.h", &table(&exports()));
    fs::copy(here().join("c/calls.c"), site.path("calls.c")).unwrap();
    Library::ours().program_of(&site.path("calls.c"), build)
}

fn every_function_answers_a_status_whatever_it_is_called_with(build: Build) {
    let site = dummy_site("gss.default=yes");
    let output = program(&site, build).run(&site, &[]);
    let never: Vec<&str> = output.lines().filter(|line| line.ends_with(" 0")).collect();
    let never: Vec<&str> = never.iter().filter_map(|line| line.split_whitespace().next()).collect();
    assert_eq!(never, NEVER_GOOD, "no call of these succeeds: the values do not reach far enough\n{output}");
    assert_eq!(output.lines().count(), exports().len());
}

#[test]
fn every_function_answers_a_status_for_every_value() {
    every_function_answers_a_status_whatever_it_is_called_with(Build::Plain);
}

#[test]
fn no_value_makes_a_function_leak_or_free_twice() {
    every_function_answers_a_status_whatever_it_is_called_with(Build::Sanitized);
}

#[test]
fn threads_with_all_kinds_of_handles_do_each_other_no_harm() {
    let site = dummy_site("gss.default=yes");
    program(&site, Build::Sanitized).run(&site, &["5"]);
}
