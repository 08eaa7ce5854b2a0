//! A mechanism that panics in any call, or gives answers that cannot be, hurts only itself: each ends in a status with
//! a text, nothing is printed, and the process and the other mechanisms go on.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod neighbour;

use gss_core::{
    Context, Credential, CredentialUsage, Flags, Iov, IovKind, IovResult, Major, Name, Oid, PrfKey, Result, State,
    StoreRequest, Want, name_type,
};
use gss_tests::{Site, here};
use neighbour::{ACME, BAD, Scene, assert_says, oid, plugins, site, whole_life, works};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::process::Command;
use std::{env, fs, thread};

/// A site with the faulty mechanism once for each of the options, and the good one.
fn faulty_site<'a>(options: impl Iterator<Item = &'a str>) -> Site {
    let site = site();
    site.install(&plugins().join("libfaulty.so"));
    let line = |(number, options): (usize, &str)| format!("faulty-{number} {BAD}.{number} libfaulty.so [{options}]\n");
    site.write("plugins.d/20-faulty.conf", &options.enumerate().map(line).collect::<String>());
    site
}

/// Runs `each` with the mechanism of each line in turn; the good one works before and after each.
fn for_each_line(site: &Site, mut each: impl FnMut(usize, &Scene<'_>)) {
    let gss = site.gss();
    assert!(gss.diagnostics().is_empty(), "{:?}", gss.diagnostics());
    works(&gss, &oid(ACME));
    for number in 0..gss.mechanisms().len() - 1 {
        each(number, &Scene { gss: &gss, oid: oid(&format!("{BAD}.{number}")) });
        works(&gss, &oid(ACME));
    }
}

// ---- Panics ----------------------------------------------------------------------------------------------------

/// A call that can be made to panic: on a mechanism, or on an object that then can only be released.
#[derive(Clone, Copy)]
enum Call {
    Mechanism(fn(&Scene<'_>) -> Result<()>),
    Name(fn(&mut Name) -> Result<()>),
    Credential(fn(&Credential) -> Result<()>),
    Context(fn(&Context) -> Result<()>),
}

const SOME: Oid = name_type::USER_NAME;

fn store(credential: &Credential) -> Result<()> {
    let usage = CredentialUsage::Both;
    let request = StoreRequest { usage, overwrite: false, make_default: false, store: &[] };
    credential.store(&request).map(drop)
}

fn pieces<R>(call: impl FnOnce(&mut [Iov<'_>]) -> Result<R>) -> Result<()> {
    let mut data = *b"data";
    call(&mut [Iov::new(IovKind::Data, &mut data), Iov::allocated(IovKind::MicToken)]).map(drop)
}

/// The calls of the contract that the core makes on behalf of its users.
const CALLS: &[(&str, Call)] = &[
    ("Mechanism.import_name", Call::Mechanism(|scene| scene.name().map(drop))),
    (
        "Mechanism.import_exported_name",
        Call::Mechanism(|scene| scene.gss.exported_name(&scene.name()?.export()?).map(drop)),
    ),
    ("Mechanism.canonicalize_name", Call::Mechanism(|scene| scene.name().map(drop))),
    ("Mechanism.acquire_credential", Call::Mechanism(|scene| scene.credential().map(drop))),
    (
        "Mechanism.import_credential",
        Call::Mechanism(|scene| scene.gss.import_credential(&scene.oid, b"bytes").map(drop)),
    ),
    ("Mechanism.initiate", Call::Mechanism(|scene| scene.contexts().map(drop))),
    ("Mechanism.accept", Call::Mechanism(|scene| scene.contexts().map(drop))),
    (
        "Mechanism.import_context",
        Call::Mechanism(|scene| scene.gss.import_context(scene.contexts()?.0.export()?.as_bytes()).map(drop)),
    ),
    ("Mechanism.invoke", Call::Mechanism(|scene| scene.gss.invoke(&scene.oid, &SOME, b"value").map(drop))),
    ("Name.map_to_any", Call::Name(|name| name.map_to_any(true, b"type").map(drop))),
    ("Name.release_any", Call::Name(|name| name.release_any(b"type", 1))),
    ("Name.display", Call::Name(|name| name.display().map(drop))),
    ("Name.compare", Call::Name(|name| name.compare(&name.clone()).map(drop))),
    ("Name.export", Call::Name(|name| name.export().map(drop))),
    ("Name.display_as", Call::Name(|name| name.display_as(&SOME).map(drop))),
    ("Name.inquire", Call::Name(|name| name.inquire().map(drop))),
    ("Name.attribute", Call::Name(|name| name.attribute(b"attribute", -1).map(drop))),
    ("Name.set_attribute", Call::Name(|name| name.set_attribute(true, b"attribute", b"value"))),
    ("Name.delete_attribute", Call::Name(|name| name.delete_attribute(b"attribute"))),
    ("Name.export_composite", Call::Name(|name| name.export_composite().map(drop))),
    ("Name.local_name", Call::Name(|name| name.local_name().map(drop))),
    ("Name.authorize_local_name", Call::Name(|name| name.authorize_local_name(b"alice", &SOME))),
    // A clone of a name is copied before it is changed.
    ("Name.duplicate", Call::Name(|name| name.clone().set_attribute(true, b"attribute", b"value"))),
    ("Credential.inquire", Call::Credential(|credential| credential.inquire().map(drop))),
    ("Credential.export", Call::Credential(|credential| credential.export().map(drop))),
    ("Credential.store", Call::Credential(store)),
    ("Credential.inquire_by_oid", Call::Credential(|credential| credential.inquire_by_oid(&SOME).map(drop))),
    ("Credential.set_option", Call::Credential(|credential| credential.set_option(&SOME, b"value"))),
    (
        "Credential.set_negotiable_mechanisms",
        Call::Credential(|credential| credential.set_negotiable_mechanisms(&[SOME])),
    ),
    ("Context.context_time", Call::Context(|context| context.time().map(drop))),
    ("Context.inquire", Call::Context(|context| context.inquire(Want::ALL).map(drop))),
    ("Context.wrap", Call::Context(|context| context.wrap(true, b"message").map(drop))),
    ("Context.unwrap", Call::Context(|context| context.unwrap(b":message").map(drop))),
    ("Context.get_mic", Call::Context(|context| context.get_mic(b"message").map(drop))),
    ("Context.verify_mic", Call::Context(|context| context.verify_mic(b"message", b"mic").map(drop))),
    ("Context.serialize", Call::Context(|context| context.prepare_export().map(drop))),
    ("Context.process_token", Call::Context(|context| context.process_token(b"token"))),
    ("Context.wrap_size_limit", Call::Context(|context| context.wrap_size_limit(true, 0, 1000).map(drop))),
    ("Context.wrap_iov", Call::Context(|context| pieces(|iov| context.wrap_iov(true, 0, iov)))),
    ("Context.unwrap_iov", Call::Context(|context| pieces(|iov| context.unwrap_iov(iov)))),
    ("Context.wrap_iov_length", Call::Context(|context| pieces(|iov| context.wrap_iov_length(true, 0, iov)))),
    ("Context.get_mic_iov", Call::Context(|context| pieces(|iov| context.get_mic_iov(0, iov)))),
    ("Context.verify_mic_iov", Call::Context(|context| pieces(|iov| context.verify_mic_iov(iov)))),
    ("Context.get_mic_iov_length", Call::Context(|context| pieces(|iov| context.get_mic_iov_length(0, iov)))),
    ("Context.wrap_aead", Call::Context(|context| context.wrap_aead(true, b"data", b"message").map(drop))),
    ("Context.unwrap_aead", Call::Context(|context| context.unwrap_aead(b":message", b"data").map(drop))),
    ("Context.pseudo_random", Call::Context(|context| context.pseudo_random(PrfKey::Full, b"seed", 16).map(drop))),
    ("Context.inquire_by_oid", Call::Context(|context| context.inquire_by_oid(&SOME).map(drop))),
    ("Context.set_option", Call::Context(|context| context.set_option(&SOME, b"value"))),
    ("Context.complete_auth_token", Call::Context(|context| context.complete_auth_token(b"rest"))),
];

/// The calls that change nothing: a panic in them costs nothing but the call.
const OBSERVING: &[&str] = &["Context.context_time", "Context.inquire", "Context.serialize"];

/// The calls that have a test of their own, for what is special about them.
const APART: &[&str] = &[
    "Mechanism.open",
    "Mechanism.describe",
    "Mechanism.display_status",
    "Mechanism.credential_from_option",
    "Context.initiate_leg",
    "Context.accept_leg",
    "Context.transferable",
    "Context.delete",
];

#[test]
fn every_call_of_the_contract_is_made_to_panic() {
    let contract = fs::read_to_string(here().join("../gss-plugin-abi/src/contract.rs")).unwrap();
    let mut expected = Vec::new();
    let mut object = "";
    for line in contract.lines() {
        if let Some(rest) = line.strip_prefix("pub trait ") {
            object = rest.split(':').next().unwrap();
            object = object.strip_prefix("Security").unwrap_or(object);
        } else if let Some(rest) = line.strip_prefix("    fn ") {
            expected.push(format!("{object}.{}", rest.split('(').next().unwrap()));
        }
    }
    let mut covered: Vec<_> = CALLS.iter().map(|(call, _)| *call).chain(APART.iter().copied()).collect();
    expected.sort();
    covered.sort_unstable();
    assert!(expected.len() > 50, "the contract is not read any more: {expected:?}");
    assert_eq!(covered, expected);
}

/// All mechanisms are asked for a credential from an option, so the one that panics is not alone.
#[test]
fn a_panic_in_one_mechanism_costs_the_others_no_credential() {
    let alone = faulty_site(["panic=Mechanism.credential_from_option"].into_iter());
    let error = alone.gss().credential_from_option(&SOME, b"value").unwrap_err();
    assert_eq!(error.major(), Major::FAILURE, "{error}");
    assert_says(&error.to_string(), &["panicked: no luck in Mechanism.credential_from_option"]);
    let both = faulty_site(["panic=Mechanism.credential_from_option", ""].into_iter());
    assert_eq!(both.gss().credential_from_option(&SOME, b"value").unwrap().mechanisms().count(), 1);
}

/// Runs a scenario in a process of its own, which must end well and say nothing on standard error.
fn in_a_quiet_process(test: &str, scenario: impl FnOnce()) {
    const MARK: &str = "GSS_TEST_SCENARIO";
    if env::var_os(MARK).is_some() {
        return scenario();
    }
    let output = Command::new(env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env(MARK, test)
        .env_remove("RUST_BACKTRACE")
        .output()
        .unwrap();
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{}\n{stdout}\n{stderr}", output.status);
    assert!(stdout.contains("1 passed"), "{stdout}");
    assert_eq!(stderr, "");
}

#[track_caller]
fn assert_failure(result: Result<()>, words: &str) {
    let error = result.expect_err(words);
    assert_eq!(error.major(), Major::FAILURE, "{error}");
    assert_says(&error.to_string(), &["mechanism faulty-", words]);
}

/// What a panic's text must contain; a payload that is no text has none.
fn words(call: &str, bomb: bool) -> String {
    if bomb { "panicked: a panic without a text".to_owned() } else { format!("panicked: no luck in {call}") }
}

const POISONED: &str = "panicked in an earlier call on this object, which can only be released";

/// Makes one call panic, and sees what is left afterwards.
fn panic_in(scene: &Scene<'_>, name: &str, call: Call, bomb: bool) {
    let words = &words(name, bomb);
    match call {
        Call::Mechanism(call) => {
            assert_failure(call(scene), words);
            // The mechanism itself goes on: it fails anew, and its other calls work.
            assert_failure(call(scene), words);
            assert_eq!(scene.gss.display_minor(&scene.oid, 3).unwrap().unwrap(), "minor 3");
        }
        Call::Name(call) => {
            let (mut name, other) = (scene.name().unwrap(), scene.name().unwrap());
            assert_failure(call(&mut name), words);
            for (_, other_call) in CALLS {
                if let Call::Name(other_call) = other_call {
                    assert_failure(other_call(&mut name), POISONED);
                }
            }
            let mut initiator = scene.gss.initiator(&name).mechanism(&scene.oid);
            assert_failure(initiator.step(b"").map(drop), POISONED);
            scene.gss.initiator(&other).mechanism(&scene.oid).step(b"").unwrap();
        }
        Call::Credential(call) => {
            let (credential, other) = (scene.credential().unwrap(), scene.credential().unwrap());
            assert_failure(call(&credential), words);
            for (_, other_call) in CALLS {
                if let Call::Credential(other_call) = other_call {
                    assert_failure(other_call(&credential), POISONED);
                }
            }
            let service = scene.gss.name(b"service", None);
            let initiator = scene.gss.initiator(&service).mechanism(&scene.oid);
            assert_failure(initiator.credential(&credential).step(b"").map(drop), POISONED);
            let initiator = scene.gss.initiator(&service).mechanism(&scene.oid);
            initiator.credential(&other).step(b"").unwrap();
        }
        Call::Context(call) => {
            let (context, other) = scene.contexts().unwrap();
            assert_failure(call(&context), words);
            for (other, other_call) in CALLS {
                let Call::Context(other_call) = other_call else { continue };
                match (OBSERVING.contains(&name), *other == name) {
                    (false, _) => assert_failure(other_call(&context), POISONED),
                    (true, true) => assert_failure(other_call(&context), words),
                    (true, false) => other_call(&context).unwrap(),
                }
            }
            assert!(context.is_established().unwrap());
            assert_eq!(context.delete().unwrap(), b"");
            // Another context of the same mechanism. It is dropped after its panic; the first one was deleted.
            assert_eq!(other.mechanism().unwrap(), scene.oid);
            assert_failure(call(&other), words);
        }
    }
}

fn every_call_panics(bomb: bool) {
    let suffix = if bomb { " bomb" } else { "" };
    let options: Vec<_> = CALLS.iter().map(|(call, _)| format!("panic={call}{suffix}")).collect();
    let site = faulty_site(options.iter().map(String::as_str));
    for_each_line(&site, |number, scene| {
        let (name, call) = CALLS[number];
        panic_in(scene, name, call, bomb);
    });
}

#[test]
fn a_panic_in_any_call_is_failure_with_its_message_and_nothing_is_printed() {
    in_a_quiet_process("a_panic_in_any_call_is_failure_with_its_message_and_nothing_is_printed", || {
        every_call_panics(false);
    });
}

#[test]
fn a_panic_whose_payload_panics_too_is_failure() {
    in_a_quiet_process("a_panic_whose_payload_panics_too_is_failure", || every_call_panics(true));
}

#[test]
fn a_panic_while_a_mechanism_is_opened_is_the_reason_why_it_cannot_be_used() {
    in_a_quiet_process("a_panic_while_a_mechanism_is_opened_is_the_reason_why_it_cannot_be_used", || {
        let options = ["panic=Mechanism.open", "panic=Mechanism.open bomb", "panic=Mechanism.describe"];
        let site = faulty_site(options.into_iter());
        for_each_line(&site, |number, scene| {
            let error = scene.gss.mechanism(&scene.oid).unwrap().open().unwrap_err();
            assert_eq!(error.major(), Major::BAD_MECH);
            let words = [
                "panicked in open: no luck in Mechanism.open",
                "panicked in open: a panic without a text",
                "panicked: no luck in Mechanism.describe",
            ];
            assert_says(&error.to_string(), &["libfaulty.so refuses its line", words[number]]);
            assert!(matches!(scene.gss.mechanism(&scene.oid).unwrap().state(), State::Failed(_)));
        });
    });
}

#[test]
fn a_panic_where_no_status_can_be_answered_changes_nothing_else() {
    in_a_quiet_process("a_panic_where_no_status_can_be_answered_changes_nothing_else", || {
        let options = ["panic=Mechanism.display_status", "panic=Context.delete", "panic=Context.transferable"];
        let site = faulty_site(options.into_iter());
        for_each_line(&site, |number, scene| match number {
            0 => assert_eq!(scene.gss.display_minor(&scene.oid, 3).unwrap(), None),
            1 => {
                let (initiator, acceptor) = scene.contexts().unwrap();
                assert_eq!(initiator.delete().unwrap(), b"");
                acceptor.wrap(true, b"message").unwrap();
            }
            _ => {
                let (initiator, _) = scene.contexts().unwrap();
                let flags = initiator.inquire(Want::NOTHING).unwrap().flags;
                assert!(!flags.contains(Flags::TRANS), "promised by a panic: {flags:?}");
                scene.gss.import_context(initiator.export().unwrap().as_bytes()).unwrap();
            }
        });
    });
}

#[test]
fn after_a_panic_in_a_later_leg_there_is_no_context_and_delete_works() {
    in_a_quiet_process("after_a_panic_in_a_later_leg_there_is_no_context_and_delete_works", || {
        let site = faulty_site(["panic=Context.initiate_leg", "panic=Context.accept_leg"].into_iter());
        for_each_line(&site, |number, scene| {
            let service = scene.gss.name(b"service", None);
            let credential = scene.credential().unwrap();
            let mut initiator = scene.gss.initiator(&service).mechanism(&scene.oid);
            let mut acceptor = scene.gss.acceptor().credential(&credential);
            let first = initiator.step(b"").unwrap();
            let second = acceptor.step(&first.token).unwrap();
            let context = if number == 0 {
                assert_failure(initiator.step(&second.token).map(drop), &words("Context.initiate_leg", false));
                assert_eq!(initiator.step(&second.token).unwrap_err().major(), Major::NO_CONTEXT);
                initiator.context().unwrap()
            } else {
                let third = initiator.step(&second.token).unwrap();
                assert_failure(acceptor.step(&third.token).map(drop), &words("Context.accept_leg", false));
                assert_eq!(acceptor.step(&third.token).unwrap_err().major(), Major::NO_CONTEXT);
                acceptor.context().unwrap()
            };
            for (call, run) in CALLS {
                if let Call::Context(run) = run {
                    assert_eq!(run(context).unwrap_err().major(), Major::NO_CONTEXT, "{call}");
                }
            }
        });
    });
}

const DROPS: [&str; 8] = [
    "panic=Mechanism.drop",
    "panic=Name.drop",
    "panic=Credential.drop",
    "panic=Context.drop",
    "panic=Mechanism.drop bomb",
    "panic=Name.drop bomb",
    "panic=Credential.drop bomb",
    "panic=Context.drop bomb",
];

#[test]
fn a_panic_in_any_drop_is_kept_in_the_plugin() {
    in_a_quiet_process("a_panic_in_any_drop_is_kept_in_the_plugin", || {
        let site = faulty_site(DROPS.into_iter());
        for_each_line(&site, |_, scene| {
            whole_life(scene);
            whole_life(scene);
        });
        // The mechanisms themselves were dropped with the switch.
        works(&site.gss(), &oid(ACME));
    });
}

#[test]
fn a_panic_in_a_drop_while_the_application_unwinds_is_kept_in_the_plugin() {
    in_a_quiet_process("a_panic_in_a_drop_while_the_application_unwinds_is_kept_in_the_plugin", || {
        let site = faulty_site(DROPS.into_iter());
        for_each_line(&site, |_, scene| {
            let (contexts, name, credential) =
                (scene.contexts().unwrap(), scene.name().unwrap(), scene.credential().unwrap());
            let unwound = catch_unwind(AssertUnwindSafe(move || {
                let _held = (contexts, name, credential);
                resume_unwind(Box::new("the application's own"));
            }));
            assert_eq!(unwound.unwrap_err().downcast_ref(), Some(&"the application's own"));
        });
    });
}

#[test]
fn threads_that_share_a_context_all_get_a_status_when_a_call_panics() {
    in_a_quiet_process("threads_that_share_a_context_all_get_a_status_when_a_call_panics", || {
        let site = faulty_site(["panic=Context.wrap", "panic=Context.get_mic bomb"].into_iter());
        for_each_line(&site, |_, scene| {
            let (context, _) = scene.contexts().unwrap();
            thread::scope(|scope| {
                for _ in 0..4 {
                    scope.spawn(|| {
                        for _ in 0..50 {
                            let results = [context.wrap(true, b"message"), context.get_mic(b"message")];
                            for error in results.into_iter().filter_map(Result::err) {
                                assert_says(&error.to_string(), &["panicked"]);
                            }
                        }
                    });
                }
            });
            assert_failure(context.time().map(drop), POISONED);
        });
    });
}

// ---- Answers that cannot be ------------------------------------------------------------------------------------

/// A lie and the call that meets it; what the error says.
type Lie = (&'static str, fn(&Scene<'_>) -> Result<()>, &'static str);

fn contexts(scene: &Scene<'_>) -> (Context, Context) {
    scene.contexts().unwrap()
}

/// The data element is the only one with a buffer.
fn lying_pieces<R>(call: impl FnOnce(&mut [Iov<'_>]) -> Result<R>) -> Result<()> {
    let (mut header, mut data) = (*b"head", *b"data");
    let mut iov = [Iov::new(IovKind::Header, &mut header), Iov::new(IovKind::Data, &mut data)];
    let result = call(&mut iov).map(drop);
    if result.is_err() {
        let untouched = iov.iter().all(|element| element.result == IovResult::InPlace && element.buffer.len() == 4);
        assert!(untouched, "results beside an error: {iov:?}");
    }
    result
}

/// What is before the output is the caller's, whatever the call does.
fn into_a_buffer<R>(call: impl FnOnce(&mut Vec<u8>) -> Result<R>) -> Result<()> {
    let mut out = b"the caller's".to_vec();
    let result = call(&mut out).map(drop);
    assert!(out.starts_with(b"the caller's"), "{}", String::from_utf8_lossy(&out));
    if result.is_err() {
        assert_eq!(out, b"the caller's");
    }
    result
}

const LIES: &[Lie] = &[
    ("limit", |scene| contexts(scene).0.wrap_size_limit(true, 0, 100).map(drop), "101 bytes fit into a token of 100"),
    ("iov-too-long", |scene| lying_pieces(|iov| contexts(scene).0.wrap_iov(true, 0, iov)), "5 bytes in a buffer of 4"),
    ("iov-too-long", |scene| lying_pieces(|iov| contexts(scene).0.unwrap_iov(iov)), "5 bytes in a buffer of 4"),
    (
        "iov-allocated",
        |scene| lying_pieces(|iov| contexts(scene).0.wrap_iov(true, 0, iov)),
        "a buffer of its own where none was asked for",
    ),
    ("iov-outside", |scene| lying_pieces(|iov| contexts(scene).0.unwrap_iov(iov)), "a range outside the stream"),
    ("iov-outside", |scene| lying_pieces(|iov| contexts(scene).0.get_mic_iov(0, iov)), "a range outside the stream"),
    (
        "prf-short",
        |scene| contexts(scene).0.pseudo_random(PrfKey::Full, b"seed", 16).map(drop),
        "15 pseudo-random bytes where 16 were asked for",
    ),
    (
        "prf-long",
        |scene| contexts(scene).0.pseudo_random(PrfKey::Partial, b"seed", 16).map(drop),
        "17 pseudo-random bytes where 16 were asked for",
    ),
    (
        "serialize-nothing",
        |scene| {
            let (context, _) = contexts(scene);
            let result = context.export().map(drop);
            // All or nothing.
            context.wrap(true, b"still alive").unwrap();
            result
        },
        "no bytes for the serialized context",
    ),
    (
        "success-as-error",
        |scene| into_a_buffer(|out| contexts(scene).0.wrap_into(true, 0, b"message", out)),
        "failed with the major status COMPLETE: all is well",
    ),
    (
        "duplicate-as-error",
        |scene| into_a_buffer(|out| contexts(scene).0.get_mic_into(0, b"message", out)),
        "failed with the major status DUPLICATE_TOKEN: seen before",
    ),
    (
        "endless-output",
        |scene| into_a_buffer(|out| contexts(scene).0.wrap_into(true, 0, b"message", out)),
        "out of memory for 18446744073709551615 bytes",
    ),
    ("oid-name", |scene| scene.name().unwrap().display().map(drop), "an OID that is none"),
    ("oid-step", |scene| scene.contexts().map(drop), "an OID that is none"),
    ("oid-context", |scene| contexts(scene).0.inquire(Want::ALL).map(drop), "an OID that is none"),
    (
        "error-as-supplementary",
        |scene| into_a_buffer(|out| contexts(scene).0.unwrap_into(b":message", out)),
        "the status BAD_MIC|GAP_TOKEN as supplementary information",
    ),
    (
        "error-as-supplementary",
        |scene| contexts(scene).0.unwrap_aead(b":message", b"data").map(drop),
        "the status BAD_MIC|GAP_TOKEN as supplementary information",
    ),
    (
        "error-as-supplementary",
        |scene| contexts(scene).0.verify_mic(b"message", b"mic").map(drop),
        "the status BAD_MIC|GAP_TOKEN as supplementary information",
    ),
    (
        "error-as-supplementary",
        |scene| lying_pieces(|iov| contexts(scene).0.unwrap_iov(iov)),
        "the status BAD_MIC|GAP_TOKEN as supplementary information",
    ),
    (
        "error-as-supplementary",
        |scene| lying_pieces(|iov| contexts(scene).0.verify_mic_iov(iov)),
        "the status BAD_MIC|GAP_TOKEN as supplementary information",
    ),
];

#[test]
fn an_answer_that_cannot_be_is_failure_and_leaves_outputs_as_they_were() {
    in_a_quiet_process("an_answer_that_cannot_be_is_failure_and_leaves_outputs_as_they_were", || {
        let options: Vec<_> = LIES.iter().map(|(lie, ..)| format!("lie={lie}")).collect();
        let site = faulty_site(options.iter().map(String::as_str));
        for_each_line(&site, |number, scene| {
            let (_, call, words) = LIES[number];
            assert_failure(call(scene), words);
        });
    });
}

#[test]
fn a_description_with_an_oid_that_is_none_is_the_reason_why_it_cannot_be_used() {
    let site = faulty_site(["lie=oid-description"].into_iter());
    for_each_line(&site, |_, scene| {
        let error = scene.gss.mechanism(&scene.oid).unwrap().open().unwrap_err();
        assert_eq!(error.major(), Major::BAD_MECH);
        assert_says(&error.to_string(), &["libfaulty.so refuses its line", "an OID that is none"]);
    });
}

#[test]
fn what_stood_in_an_output_before_the_call_is_not_the_mechanisms() {
    let site = faulty_site(["lie=shorter-output"].into_iter());
    for_each_line(&site, |_, scene| {
        let (initiator, acceptor) = scene.contexts().unwrap();
        into_a_buffer(|out| initiator.wrap_into(true, 0, b"message", out)).unwrap();
        into_a_buffer(|out| initiator.get_mic_into(0, b"message", out)).unwrap();
        // The prefix of the interprocess token is the core's: it says whose context it is.
        let token = acceptor.export().unwrap();
        let parts = gss_core::token::parse(token.as_bytes()).unwrap();
        assert_eq!(parts.mechanism, scene.oid);
        scene.gss.import_context(token.as_bytes()).unwrap();
    });
}
