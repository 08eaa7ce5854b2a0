//! The C library as a file: what it exports is the list in the source and what the headers declare; the exported data
//! are right wherever a program has its copy of them.
#![allow(clippy::expect_used, clippy::panic, reason = "tests")]

mod headers;

use gss_tests::{dummy_site, here, product};
use headers::{DECLARED_ONLY, Headers, Work, run};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::process::Command;

#[test]
fn exported_symbols_are_the_list_in_the_source() {
    let functions = listed("exports.rs", |line| {
        let line = line.trim_start();
        let line = line.strip_prefix("pub unsafe extern \"C\" ").unwrap_or(line);
        line.strip_prefix("fn ")?.split_once('(').map(|(name, _)| name)
    });
    assert_eq!(exported("FUNC"), functions);
    let objects = listed("data.rs", |line| {
        let (name, rest) = line.trim_start().split_once(": ")?;
        (name.to_lowercase().starts_with("gss_") && rest.contains("_desc = &raw const")).then_some(name)
    });
    assert_eq!(exported("OBJECT"), objects);
}

#[test]
fn exported_functions_are_those_that_the_headers_declare() {
    let exported = exported("FUNC");
    let declared = Headers::ours().functions().into_keys().collect::<BTreeSet<_>>();
    assert_eq!(&exported - &declared, BTreeSet::new(), "exported, and in no header");
    let declared_only = DECLARED_ONLY.iter().map(ToString::to_string).collect();
    assert_eq!(&declared - &exported, declared_only, "declared, and not exported");
}

/// The compiler of Rust knows nothing of the headers, so a forgotten or swapped argument would be found by a caller.
#[test]
fn functions_take_what_the_headers_declare() {
    let source = fs::read_to_string(here().join("../libgss/src/exports.rs")).expect("libgss's source");
    let declared = Headers::ours().functions();
    let list = source.split("\n    fn ").skip(1).filter(|function| !function.starts_with('$'));
    let mut compared = 0;
    for function in list {
        let (name, rest) = function.split_once('(').expect("a function of the list");
        let (arguments, rest) = rest.split_once(')').expect("arguments");
        let result = rest.strip_prefix(" -> ").map(|rest| rest.split_whitespace().next().expect("a type"));
        let types = arguments.split(',').filter_map(|argument| argument.split_once(": ")).map(|(_, rust)| rust.trim());
        // Those without a result of their own answer a major status, and have a place for the minor one.
        let types = result.is_none().then_some("Out<u32>").into_iter().chain(types);

        let declaration = &declared[name];
        let (head, parameters) = declaration.split_once(" (").expect("a declaration");
        let (parameters, _) = parameters.rsplit_once(");").expect("a declaration");
        let parameters: Vec<_> = parameters.split(", ").collect();
        assert!(in_c(result.unwrap_or("u32")).iter().any(|c| head == format!("extern {c} {name}")), "{function}");
        assert_eq!(types.clone().count(), parameters.len(), "{declaration}\n{function}");
        for (rust, c) in types.zip(parameters) {
            assert!(in_c(rust).contains(&c), "{rust} for {c}: {declaration}\n{function}");
        }
        compared += 1;
    }
    assert_eq!(compared, exported("FUNC").len());
}

/// The types in the headers that a type of argument stands for.
fn in_c(rust: &str) -> &'static [&'static str] {
    match rust {
        "u32" => &["OM_uint32", "gss_qop_t"],
        "i32" => &["int", "gss_cred_usage_t"],
        "isize" => &["ssize_t"],
        "Out<u32>" => &["OM_uint32 *", "gss_qop_t *"],
        "Out<i32>" => &["int *", "gss_cred_usage_t *", "int32_t *"],
        "InOut<u32>" => &["OM_uint32 *"],
        "InOut<i32>" => &["int *"],
        "Out<*mut c_void>" => &["gss_any_t *"],
        "UidOut" => &["uid_t *"],
        "TextIn<'_>" => &["const char *"],
        "BytesIn<'_>" => &["gss_buffer_t", "gss_const_buffer_t"],
        "BufferOut" | "BufferInOut<'_>" | "ReleasedBuffer" => &["gss_buffer_t"],
        "BufferSetOut" | "BufferSetVariable" => &["gss_buffer_set_t *"],
        "IovArray" => &["gss_iov_buffer_desc *"],
        "OidIn" | "OctetsIn<'_>" => &["gss_OID", "gss_const_OID"],
        "OidOut" | "OidVariable" => &["gss_OID *"],
        "OidSetIn" | "SearchedSet" => &["gss_OID_set", "gss_const_OID_set"],
        "OidSetOut" | "OidSetVariable" => &["gss_OID_set *"],
        "BindingsIn<'_>" => &["gss_channel_bindings_t"],
        "CredentialStoreIn<'_>" => &["gss_const_key_value_set_t"],
        "NameIn" => &["gss_name_t"],
        "NameOut" => &["gss_name_t *"],
        "CredentialIn" => &["gss_cred_id_t"],
        "CredentialOut" => &["gss_cred_id_t *"],
        "ContextIn" => &["gss_ctx_id_t"],
        "ContextOut" => &["gss_ctx_id_t *"],
        "HandleVariable" => &["gss_name_t *", "gss_cred_id_t *", "gss_ctx_id_t *", "gss_any_t *"],
        // What only a mechanism looks behind.
        "OpaqueIn" => &[
            "void *",
            "const char *",
            "int32_t *",
            "struct _krb5_ccache *",
            "struct _krb5_kt *",
            "struct krb5_rc_st *",
            "struct krb5_principal_data *",
        ],
        "OpaqueOut" => &["void **", "const char **"],
        other => panic!("which C type {other} stands for has to be added here"),
    }
}

#[test]
fn exported_objects_are_those_that_the_headers_declare() {
    assert_eq!(exported("OBJECT"), Headers::ours().variables().into_keys().collect());
}

/// MIT's library captures its own calls from whoever exports the same names without a version.
#[test]
fn every_symbol_has_our_version_and_default_visibility() {
    let symbols = symbols();
    assert!(symbols.len() > 60);
    for symbol in symbols {
        assert_eq!((symbol.version.as_str(), symbol.binding.as_str()), ("GSS_1.0", "GLOBAL"), "{symbol:?}");
        assert_eq!(symbol.visibility, "DEFAULT", "{symbol:?}");
        match symbol.kind.as_str() {
            "FUNC" => {}
            // Programs hold copies, whose size was fixed when they were linked.
            "OBJECT" => assert_eq!(symbol.size, 8, "{symbol:?}"),
            _ => panic!("{symbol:?}"),
        }
    }
}

#[test]
fn library_stays_loaded_and_needs_only_the_system() {
    let dynamic = run(Command::new("readelf").args(["--wide", "--dynamic"]).arg(product("libgss", "libgss.so")));
    let values = |tag: &str| -> Vec<String> {
        let lines = dynamic.lines().filter(|line| line.contains(&format!("({tag})")));
        lines.map(|line| line.rsplit(')').next().unwrap_or_default().trim().to_owned()).collect()
    };
    assert_eq!(values("SONAME"), ["Library soname: [libgss.so.1]"]);
    assert!(values("FLAGS_1").iter().any(|flags| flags.contains("NODELETE")), "{dynamic}");
    assert_eq!(values("TEXTREL"), [""; 0]);
    assert_eq!(values("RUNPATH"), [""; 0]);
    for library in values("NEEDED") {
        let known = ["[libc.so.", "[libgcc_s.so.", "[libm.so.", "[ld-linux"];
        assert!(known.iter().any(|known| library.contains(known)), "{library}");
    }
}

/// A program's own copy of an exported variable is made before any code of ours runs. What it points to, and which
/// variables point to the same, has to be right there too, and as with MIT's library.
#[test]
fn copied_objects_are_those_of_mits_library() {
    let work = Work::new();
    let names = Headers::ours().variables().into_keys();
    let objects: String = names.map(|name| format!("    {{\"{name}\", &{name}}},\n")).collect();
    let source = fs::read_to_string(here().join("c/objects.c")).expect("tests/c/objects.c");
    let source = work.write("objects.c", &source.replace("/* OBJECTS */", &objects));

    let mits = work.path("mits");
    let mit = Headers::mit();
    run(Command::new("gcc").arg("-o").arg(&mits).arg(&source).arg(mit.include()).arg("-lgssapi_krb5"));
    let mits = run(Command::new(&mits).env("GSS_MECH_CONFIG", "/dev/null"));
    assert!(mits.contains("gss_nt_user_name: 2a864886f71201020101 = GSS_C_NT_USER_NAME\n"), "{mits}");
    assert!(mits.contains(" = gss_mech_krb5_old at 16"), "{mits}");

    let library = library(&work);
    for kind in ["-pie", "-no-pie"] {
        let program = work.path(&format!("ours{kind}"));
        let compile = if kind == "-pie" { "-fPIE" } else { "-fno-pie" };
        let mut gcc = Command::new("gcc");
        gcc.args([compile, kind, "-o"]).arg(&program).arg(&source).arg(Headers::ours().include()).args(&library);
        run(&mut gcc);
        if kind == "-no-pie" {
            let relocations = run(Command::new("readelf").args(["--wide", "--relocs"]).arg(&program));
            let copies = relocations.lines().filter(|line| line.contains("_COPY") && line.contains("@GSS_1.0"));
            assert_eq!(copies.count(), objects.lines().count(), "{relocations}");
        }
        assert_eq!(by_name(&run(&mut Command::new(program))), by_name(&mits), "{kind}");
    }
}

#[test]
fn program_compiled_with_mits_headers_runs_with_our_library() {
    let site = dummy_site("gss.default=yes");
    let work = Work::new();
    for headers in [Headers::mit(), Headers::ours()] {
        let (object, program) = (work.path("hand_over.o"), work.path("hand_over"));
        let source = here().join("c/hand_over.c");
        let strict = ["-std=gnu11", "-Wall", "-Wextra", "-Werror", "-c", "-o"];
        run(Command::new("gcc").args(strict).arg(&object).arg(source).arg(headers.include()));
        run(Command::new("gcc").arg("-o").arg(&program).arg(&object).args(library(&work)));
        let mut program = Command::new(&program);
        program.env("GSS_PLUGINS_CONF", site.path("plugins.conf")).env("GSS_PLUGIN_DIR", site.plugins());
        assert_eq!(run(&mut program), "exported: gone here\nfrom the child: hello\n");
    }
}

/// A symbol that the library defines.
#[derive(Debug)]
struct Symbol {
    name: String,
    version: String,
    kind: String,
    size: u64,
    binding: String,
    visibility: String,
}

/// All that the library defines.
fn symbols() -> Vec<Symbol> {
    let library = product("libgss", "libgss.so");
    let table = run(Command::new("readelf").args(["--wide", "--dyn-syms"]).arg(library));
    let symbols = table.lines().filter_map(|line| {
        // Num: Value Size Type Bind Vis Ndx Name
        let [_, _, size, kind, binding, visibility, section, name] =
            line.split_whitespace().collect::<Vec<_>>().try_into().ok()?;
        // The version node is listed as well, by itself.
        if matches!(section, "UND" | "ABS" | "Ndx") {
            return None;
        }
        let (name, version) = name.split_once("@@").unwrap_or((name, "none"));
        Some(Symbol {
            name: name.to_owned(),
            version: version.to_owned(),
            kind: kind.to_owned(),
            size: size.parse().ok()?,
            binding: binding.to_owned(),
            visibility: visibility.to_owned(),
        })
    });
    symbols.collect()
}

/// The names of what it defines of a kind.
fn exported(kind: &str) -> BTreeSet<String> {
    symbols().into_iter().filter(|symbol| symbol.kind == kind).map(|symbol| symbol.name).collect()
}

/// The names in a file of libgss's source.
fn listed(file: &str, name: fn(&str) -> Option<&str>) -> BTreeSet<String> {
    let source = fs::read_to_string(here().join("../libgss/src").join(file)).expect("libgss's source");
    source.lines().filter_map(name).filter(|name| !name.contains('$')).map(str::to_owned).collect()
}

/// The library under the names that programs ask for, as arguments for the linker.
fn library(work: &Work) -> [String; 3] {
    let folder: PathBuf = work.path("lib");
    if !folder.exists() {
        fs::create_dir(&folder).expect("a temporary folder");
        for name in ["libgss.so", "libgss.so.1"] {
            symlink(product("libgss", "libgss.so"), folder.join(name)).expect("a temporary folder");
        }
    }
    [format!("-L{}", folder.display()), format!("-Wl,-rpath,{}", folder.display()), "-lgss".to_owned()]
}

fn by_name(output: &str) -> BTreeMap<&str, &str> {
    output.lines().filter_map(|line| line.split_once(": ")).collect()
}
