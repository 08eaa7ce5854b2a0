//! Our C headers: they compile wherever a program may include them, and mean what MIT's mean. What both declare is read
//! by the compiler and compared, so nothing has to be listed here but the differences.
#![allow(clippy::expect_used, clippy::panic, reason = "tests")]

mod headers;

use gss_tests::here;
use headers::{ALL, Headers, STRICT, Work, include, run};
use std::collections::BTreeMap;
use std::process::Command;

/// Declared by MIT, and in no library of MIT's.
const NOWHERE: &[&str] = &["gss_import_name_object", "gss_export_name_object", "krb5_gss_oid_array"];

/// Macros of MIT that serve its own headers only: include guards, and the braces of `extern "C"`.
const PRIVATE: &[&str] = &[
    "_GSSAPI_H_",
    "GSSAPI_EXT_H_",
    "_GSSAPI_KRB5_H_",
    "_GSSAPI_GENERIC_H_",
    "GSSAPIGENERIC_BEGIN_DECLS",
    "GSSAPIGENERIC_END_DECLS",
];

#[test]
fn headers_compile_alone_and_in_any_order() {
    let orders = permutations(&ALL);
    assert_eq!(orders.len(), 120);
    let work = Work::new();
    let alone = ALL.iter().map(|header| vec![*header]);
    let mut sources = Vec::new();
    for (index, headers) in alone.chain(orders).enumerate() {
        let text = include(&headers) + "typedef OM_uint32 (*used)(OM_uint32 *, gss_buffer_t);\n";
        sources.push(work.write(&format!("{index}.c"), &text));
    }
    for language in [&["-xc", "-std=c99"][..], &["-xc", "-std=gnu17"], &["-xc++", "-std=c++98"], &["-xc++"]] {
        let compiler = if language[0] == "-xc" { "gcc" } else { "g++" };
        run(Command::new(compiler).args(language).args(STRICT).arg("-fsyntax-only").args(&sources).arg(ours()));
    }
}

/// A program may have libkrb5's types too, which `gssapi_krb5.h` names without including its header.
#[test]
fn gssapi_krb5_takes_the_types_of_libkrb5() {
    let work = Work::new();
    let call = "
        OM_uint32 call(gss_cred_id_t *credential, gss_ctx_id_t context, krb5_ccache cache, krb5_principal principal,
                       krb5_keytab keytab, krb5_rcache replays, krb5_enctype *types, krb5_flags *flags,
                       krb5_timestamp *time)
        {
            OM_uint32 minor;
            gss_krb5_copy_ccache(&minor, *credential, cache);
            gss_krb5_set_cred_rcache(&minor, *credential, replays);
            gss_krb5_set_allowable_enctypes(&minor, *credential, 1, types);
            gss_krb5_get_tkt_flags(&minor, context, flags);
            gsskrb5_extract_authtime_from_sec_context(&minor, context, time);
            gsskrb5_register_acceptor_identity(\"keytab\");
            return gss_krb5_import_cred(&minor, cache, principal, keytab, credential);
        }";
    for order in [["krb5.h", "gssapi/gssapi_krb5.h"], ["gssapi/gssapi_krb5.h", "krb5.h"]] {
        let source = work.write("call.c", &(include(&order) + call));
        for (compiler, language) in [("gcc", ["-xc", "-std=c99"]), ("g++", ["-xc++", "-std=c++98"])] {
            let flags = ["-Wall", "-Wextra", "-Werror", "-fsyntax-only"];
            run(Command::new(compiler).args(language).args(flags).arg(&source).arg(ours()));
        }
    }
}

/// C lets a program declare a thing again, as long as the type is the same.
#[test]
fn our_declarations_repeat_mits() {
    let (ours, mits) = (Headers::ours(), Headers::mit());
    let mut text = include(&ALL);
    for (ours, mut mits) in [(ours.functions(), mits.functions()), (ours.variables(), mits.variables())] {
        assert!(ours.len() > 60, "{ours:?}");
        mits.retain(|name, _| !NOWHERE.contains(&name.as_str()));
        assert_eq!(names(&ours), names(&mits));
        text.extend(ours.into_values().map(|declaration| declaration + "\n"));
    }
    let work = Work::new();
    let source = work.write("again.c", &text);
    run(Command::new("gcc").arg("-fsyntax-only").arg(source).arg(mits.include()));
}

/// A program that includes one header finds what it would find with MIT's.
#[test]
fn each_header_brings_what_mits_brings() {
    for header in ALL {
        let (ours, mits) = (Headers::ours().only(header), Headers::mit().only(header));
        for (ours, mut mits) in [(ours.functions(), mits.functions()), (ours.variables(), mits.variables())] {
            mits.retain(|name, _| !NOWHERE.contains(&name.as_str()));
            assert_eq!(names(&ours), names(&mits), "{header}");
        }
    }
}

#[test]
fn macros_have_the_types_and_values_of_mits() {
    let (ours, mut mits) = (our_macros(), Headers::mit().macros());
    mits.retain(|name, _| !PRIVATE.contains(&name.as_str()));
    // By name and number of parameters; what the parameters are called does not matter.
    let shape = |head: &String| match head.split_once('(') {
        Some((name, parameters)) => format!("{name}/{}", parameters.split(',').count()),
        None => head.clone(),
    };
    assert_eq!(ours.keys().map(shape).collect::<Vec<_>>(), mits.keys().map(shape).collect::<Vec<_>>());
    for (head, body) in ours.iter().filter(|(head, body)| !head.contains('(') && !is_expression(body)) {
        assert_eq!(body, &mits[head], "{head}");
    }

    let (values, count) = values(ours.iter());
    assert!(count > 120, "{values}");
    let source = format!(
        r#"
        #include <stdio.h>
        #define TYPE(x) _Generic((x), int: "int", unsigned: "unsigned", gss_name_t: "gss_name_t", \
            gss_cred_id_t: "gss_cred_id_t", gss_ctx_id_t: "gss_ctx_id_t", gss_OID: "gss_OID", \
            gss_OID_set: "gss_OID_set", gss_buffer_t: "gss_buffer_t", gss_buffer_set_t: "gss_buffer_set_t", \
            gss_channel_bindings_t: "gss_channel_bindings_t", gss_iov_buffer_t: "gss_iov_buffer_t", \
            gss_const_key_value_set_t: "gss_const_key_value_set_t")
        #define SHOW(x) printf("%s: %s %#llx\n", #x, TYPE(x), (unsigned long long)(x))
        int main(void)
        {{
            gss_buffer_desc empty = GSS_C_EMPTY_BUFFER, one = {{1, "x"}}, hollow = {{1, NULL}};
            gss_buffer_t none = GSS_C_NO_BUFFER;
            printf("%d%d%d%d\n", GSS_EMPTY_BUFFER(&empty), GSS_EMPTY_BUFFER(&one), GSS_EMPTY_BUFFER(&hollow),
                   GSS_EMPTY_BUFFER(none));
            {values}
            return 0;
        }}"#
    );
    assert_same_output("macros.c", &source, &Headers::mit(), &[]);
}

#[test]
fn macros_have_the_values_of_heimdals() {
    let (ours, heimdals) = (our_macros(), Headers::heimdal().macros());
    let shared = ours.iter().filter(|(head, _)| heimdals.get(*head).is_some_and(|body| is_expression(body)));
    let (values, count) = values(shared);
    assert!(count > 100, "{values}");
    let source = format!(
        r#"
        #include <stdio.h>
        #define SHOW(x) printf("%s: %#llx\n", #x, (unsigned long long)(x))
        int main(void)
        {{
            {values}
            return 0;
        }}"#
    );
    assert_same_output("macros.c", &source, &Headers::heimdal(), &[]);
}

/// Our macros, but for the include guards.
fn our_macros() -> BTreeMap<String, String> {
    let mut macros = Headers::ours().macros();
    macros.retain(|name, _| !name.starts_with("GSS_SWITCH_"));
    macros
}

/// Whether a macro has a value that can be printed: neither nothing, an initializer, nor another name for an object or
/// function of the library.
fn is_expression(body: &str) -> bool {
    let of_the_library = ["gss_", "krb5_gss_", "GSS_C_NT_", "GSS_C_INQ_", "GSS_C_ATTR_", "(&"];
    !(body.is_empty() || body.starts_with('{') || of_the_library.iter().any(|start| body.starts_with(start)))
}

/// Statements that show each macro's value, for several arguments where it takes one; and how many there are.
fn values<'a>(macros: impl Iterator<Item = (&'a String, &'a String)>) -> (String, usize) {
    let mut statements = Vec::new();
    for (head, body) in macros.filter(|(_, body)| is_expression(body)) {
        match head.split_once('(') {
            None => statements.push(format!("SHOW({head});")),
            // The test of MIT's has its own arguments for it.
            Some(("GSS_EMPTY_BUFFER", _)) => {}
            Some((name, _)) => {
                let arguments = ["0", "0x1f", "(OM_uint32)0x01090000", "(OM_uint32)0xffffffff", "(OM_uint32)0x2000b"];
                statements.extend(arguments.map(|argument| format!("SHOW({name}({argument}));")));
            }
        }
        assert!(!body.contains('"'), "{head} is text: {body}");
    }
    (statements.join("\n            "), statements.len())
}

#[test]
fn types_have_the_layouts_of_others() {
    let source = std::fs::read_to_string(here().join("c/layout.c")).expect("tests/c/layout.c");
    assert_same_output("layout.c", &source, &Headers::mit(), &[]);
    assert_same_output("layout.c", &source, &Headers::heimdal(), &["-DHEIMDAL"]);
}

/// The tags of structs are part of the names of C++ functions.
#[test]
fn types_have_the_names_of_mits_in_cpp() {
    let work = Work::new();
    let types = [
        "gss_name_t",
        "gss_cred_id_t",
        "gss_ctx_id_t",
        "gss_OID",
        "gss_OID_set",
        "gss_buffer_t",
        "gss_buffer_set_t",
        "gss_channel_bindings_t",
        "gss_iov_buffer_t",
        "gss_const_key_value_set_t",
        "gss_any_t",
        "gss_const_name_t",
        "gss_const_cred_id_t",
        "gss_const_ctx_id_t",
        "gss_const_OID",
        "gss_const_OID_set",
        "gss_const_buffer_t",
        "gss_const_channel_bindings_t",
        "OM_uint32",
        "gss_uint32",
        "gss_int32",
        "gss_qop_t",
        "gss_cred_usage_t",
        "gss_OID_desc",
        "gss_OID_set_desc",
        "gss_buffer_desc",
        "gss_buffer_set_desc",
        "gss_iov_buffer_desc",
        "gss_key_value_element_desc",
        "gss_key_value_set_desc",
        "gss_krb5_lucid_key_t",
        "gss_krb5_rfc1964_keydata_t",
        "gss_krb5_cfx_keydata_t",
        "gss_krb5_lucid_context_v1_t",
        "gss_krb5_lucid_context_version_t",
    ];
    let functions: String =
        types.iter().enumerate().map(|(index, name)| format!("void f{index}({name} *) {{}}\n")).collect();
    let source = work.write("names.cc", &(include(&ALL) + &functions));
    let names = |headers: &Headers| {
        let object = work.path("names.o");
        run(Command::new("g++").arg("-c").arg(&source).arg("-o").arg(&object).arg(headers.include()));
        run(Command::new("nm").args(["--format=just-symbols"]).arg(object))
    };
    assert_eq!(names(&Headers::ours()), names(&Headers::mit()));
}

fn ours() -> String {
    Headers::ours().include()
}

/// Compiles and runs a program with our headers and with others': it has to print the same.
fn assert_same_output(name: &str, source: &str, others: &Headers, arguments: &[&str]) {
    let work = Work::new();
    let output = |headers: &Headers| {
        let source = work.write(name, &(include(headers.files) + source));
        let program = work.path("program");
        let compile = ["-std=gnu11", "-Wall", "-Wextra", "-Werror", "-o"];
        run(Command::new("gcc").args(compile).arg(&program).arg(&source).arg(headers.include()).args(arguments));
        run(&mut Command::new(program))
    };
    let (ours, others) = (output(&Headers::ours()), output(others));
    assert!(!ours.is_empty());
    for (ours, others) in ours.lines().zip(others.lines()) {
        assert_eq!(ours, others);
    }
    assert_eq!(ours, others);
}

fn names(declared: &BTreeMap<String, String>) -> Vec<&str> {
    declared.keys().map(String::as_str).collect()
}

fn permutations<'a>(items: &[&'a str]) -> Vec<Vec<&'a str>> {
    if items.is_empty() {
        return vec![Vec::new()];
    }
    let mut all = Vec::new();
    for (index, first) in items.iter().enumerate() {
        let rest = [&items[..index], &items[index + 1..]].concat();
        all.extend(permutations(&rest).into_iter().map(|order| [&[*first], &order[..]].concat()));
    }
    all
}
