//! Export and import as C programs see them where something goes wrong beside them: memory runs out, or other threads are
//! at work on the same context. All happens or nothing.

use gss_tests::c::{Build, Library};
use gss_tests::c_mechanism::CMechanism;
use gss_tests::dummy_site;

/// The program replaces `malloc`, so that it is run without the sanitizers, which do the same.
fn without_memory(test: &str) {
    without_memory_with("gss.default=yes", test);
}

fn without_memory_with(options: &str, test: &str) {
    let site = dummy_site(options);
    Library::ours().program("memory.c", Build::Plain).run(&site, &[test]);
}

fn on_threads(arguments: &[&str]) {
    let site = dummy_site("gss.default=yes");
    let library = Library::ours();
    for build in [Build::Plain, Build::Sanitized] {
        library.program("threads.c", build).run(&site, arguments);
    }
}

#[test]
fn an_export_without_memory_leaves_the_context_usable() {
    without_memory("export");
}

#[test]
fn an_export_that_fails_for_memory_after_the_mechanism_has_ended_the_context_puts_it_back() {
    for transfer in ["once", "portable"] {
        let site = CMechanism::whole().site(&format!("gss.default=yes,gss.transfer={transfer}"));
        let said = Library::ours().program("memory.c", Build::Plain).run(&site, &["c-export"]);
        assert_eq!(said, "failures in the mechanism and after it\n", "{transfer}");
    }
}

#[test]
fn a_claim_without_memory_is_none() {
    without_memory("claim");
}

#[test]
fn whatever_allocation_fails_all_happens_or_nothing() {
    let site = dummy_site("gss.default=yes");
    let store = site.store().to_str().expect("a name in UTF-8").to_owned();
    Library::ours().program("memory.c", Build::Plain).run(&site, &["anywhere", &store]);
    assert!(site.waiting().is_empty());
}

#[test]
fn an_import_without_memory_leaves_no_handle_and_a_good_token() {
    // The program fills the table of contexts from one token.
    without_memory_with("gss.default=yes,gss.transfer=portable", "import");
}

#[test]
fn a_first_leg_without_memory_makes_no_context() {
    without_memory("first-leg");
}

#[test]
fn a_name_without_memory_is_none() {
    without_memory("names");
}

#[test]
fn a_message_without_memory_was_never_sent_nor_seen() {
    without_memory("messages");
}

#[test]
fn two_threads_send_and_receive_on_one_context() {
    on_threads(&["messages"]);
}

#[test]
fn one_of_two_exports_wins_and_all_others_see_no_context() {
    on_threads(&["export", "50"]);
}
