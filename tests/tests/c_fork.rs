//! Processes that are not as simple as one hopes: they fork, at any moment, and load and unload what uses the library.

use gss_tests::c::{Build, Library, finished};
use gss_tests::{DUMMY, Site, dummy_site, here, product};
use std::process::Command;

#[test]
fn a_forked_child_imports_and_uses_what_its_parent_had() {
    let site = dummy_site("gss.default=yes,legs=3");
    let library = Library::ours();
    for build in [Build::Plain, Build::Sanitized] {
        library.program("forks.c", build).run(&site, &["transfer"]);
    }
}

/// Not under the sanitizer: its own allocator takes no care of forks.
#[test]
fn a_fork_while_threads_are_at_work_leaves_the_child_no_lock() {
    let site = dummy_site("gss.default=yes");
    Library::ours().program("forks.c", Build::Plain).run(&site, &["busy", "100"]);
}

#[test]
fn a_fork_while_an_export_is_under_way_leaves_the_context_to_the_parent_alone() {
    let site = dummy_site("gss.default=yes,delay=serialize:3000");
    Library::ours().program("forks.c", Build::Plain).run(&site, &["exporting"]);
    assert!(site.waiting().is_empty());
}

/// Its context, and all that the library keeps of random bytes, are copies of its parent's.
#[test]
fn a_forked_child_wraps_the_same_message_under_another_confounder() {
    let site = Site::new();
    site.install(&product("gss-mech-krb5-sim", "libgss_mech_krb5_sim.so"));
    let (keytab, service) = (site.path("keytab"), "service/localhost@EXAMPLE.ORG");
    let tool = product("gssctl-krb5-sim", "gssctl-krb5-sim");
    finished(Command::new(tool).args(["keytab", "add"]).arg(&keytab).arg(service));
    let options = format!("gss.default=yes realm=EXAMPLE.ORG keytab={} replay-cache=off", keytab.display());
    // Under the OID that the program asks for.
    site.configure("krb5-sim", &format!("krb5-sim {DUMMY} libgss_mech_krb5_sim.so [{options}]"));
    Library::ours().program("forks.c", Build::Plain).run(&site, &["confounders"]);
}

#[test]
fn the_library_and_its_contexts_outlive_what_loaded_it() {
    let site = dummy_site("gss.default=yes");
    let library = Library::ours();
    let module = site.path("module.so");
    let include = format!("-I{}", here().join("c").display());
    library.compile(&module, &[here().join("c/module.c")], &["-shared", "-fPIC", &include]);
    let program = library.unlinked_program("reload.c");
    let paths = [module, library.path()].map(|path| path.to_string_lossy().into_owned());
    program.run(&site, &[&paths[0], &paths[1]]);
}
