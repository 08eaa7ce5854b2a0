//! A C mechanism that fails, lies, deletes or keeps its contexts, seen through the Rust API: what cannot be is
//! `FAILURE` with a text, a context is whole or gone, and nothing is left behind. The same through libgss: c_faults.rs
//! and c_matrix.rs.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use gss_core::{Context, Flags, Gss, Major, Name, Result, State, Want, name_type};
use gss_tests::c_mechanism::{C_MECHANISM, C_MECHANISM_TOO, CMechanism, Counts, FAULT, reset_counts, set_faults};
use gss_tests::{Site, converse, establish};
use std::sync::Barrier;
use std::thread;

const PORTABLE: &str = "gss.transfer=portable";
const ONCE: &str = "gss.transfer=once";

/// The switch over a site with the whole mechanism.
struct Scene {
    gss: Gss,
    site: Site,
}

impl Scene {
    fn new(options: &str) -> Self {
        Self::of(&CMechanism::whole(), options)
    }

    fn of(mechanism: &CMechanism, options: &str) -> Self {
        let site = mechanism.site(options);
        let gss = site.gss();
        assert!(gss.diagnostics().is_empty(), "{:?}", gss.diagnostics());
        Self { gss, site }
    }

    fn faults(&self, settings: &str) {
        set_faults(&self.gss, settings);
    }

    fn pair(&self) -> (Context, Context) {
        establish(&self.gss, &C_MECHANISM).unwrap()
    }

    fn name(&self) -> Result<Name> {
        self.gss.canonicalize(&self.gss.name(b"alice", Some(&name_type::USER_NAME)), &C_MECHANISM)
    }

    /// How many contexts the mechanism has.
    fn contexts(&self) -> u64 {
        Counts::of(&self.gss).get("contexts")
    }

    /// Everything has been given back, and the mechanism was never called on what it had not given out.
    fn end(&self) {
        self.faults("");
        let counts = Counts::of(&self.gss);
        assert_eq!((counts.alive(), counts.get("strays"), counts.get("overlaps")), ([0, 0, 0], 0, 0), "{counts:?}");
    }
}

#[track_caller]
fn assert_fails<R: std::fmt::Debug>(result: Result<R>, major: Major, words: &str) {
    let error = result.expect_err("an error");
    assert!(error.major() == major && error.to_string().contains(words), "{:?}: {error}", error.major());
}

// ---- As it should be ---------------------------------------------------------------------------------------------

#[test]
fn both_oids_of_the_library_are_mechanisms_beside_each_other() {
    let site = CMechanism::whole().site(PORTABLE);
    site.configure("51-c", &format!("c-mechanism-too {C_MECHANISM_TOO} c_mechanism.so [{PORTABLE}]"));
    let gss = site.gss();
    for oid in [&C_MECHANISM, &C_MECHANISM_TOO] {
        let (initiator, acceptor) = establish(&gss, oid).unwrap();
        converse(&initiator, &acceptor);
        assert_eq!(acceptor.mechanism().unwrap(), *oid);
        let imported = gss.import_context(acceptor.export().unwrap().as_bytes()).unwrap();
        converse(&initiator, &imported);
        assert_eq!(imported.inquire(Want::ALL).unwrap().mechanism, *oid);
    }
    assert_eq!(Counts::of(&gss).alive(), [0, 0, 0]);
}

#[test]
fn an_oid_that_the_mechanism_takes_back_is_ours_by_then() {
    let scene = Scene::new(PORTABLE);
    scene.faults("*=oid-borrowed");
    let (initiator, acceptor) = scene.pair();
    let inquiry = initiator.inquire(Want::ALL).unwrap();
    let source = inquiry.source.unwrap();
    let (text, kind) = source.display().unwrap();
    converse(&initiator, &acceptor);
    assert_eq!((inquiry.mechanism, &*text, kind), (C_MECHANISM.clone(), &b"somebody"[..], Some(name_type::USER_NAME)));
    drop((initiator, acceptor));
}

#[test]
fn an_oid_that_nobody_knows_is_given_out_as_the_mechanism_said_it() {
    let scene = Scene::new(PORTABLE);
    scene.faults("gss_display_name=oid-unknown,gss_inquire_context=oid-unknown");
    let (initiator, acceptor) = scene.pair();
    let inquiry = acceptor.inquire(Want::ALL).unwrap();
    assert_eq!(inquiry.mechanism.to_string(), "1.2.3.4.5");
    assert_eq!(inquiry.source.unwrap().display().unwrap().1.unwrap().to_string(), "1.2.3.4.5");
    // What it belongs to is the core's to say.
    assert_eq!(acceptor.mechanism().unwrap(), C_MECHANISM);
    drop((initiator, acceptor, inquiry.target));
    scene.end();
}

// ---- Export and import -------------------------------------------------------------------------------------------

/// A fault of the export; the major and minor status, and words of the text; whether the context lives on.
const EXPORTS: &[(&str, Major, u32, &str, bool)] = &[
    ("fail", Major::FAILURE, FAULT, "the fault that was asked for", true),
    ("fail:0xc0000:77", Major::CONTEXT_EXPIRED, 77, "the context has expired", true),
    ("fail:0x100000", Major::UNAVAILABLE, FAULT, "the fault that was asked for", true),
    ("empty+keep", Major::FAILURE, LIE, "success, and an empty token", true),
    ("hollow+keep", Major::FAILURE, LIE, "a buffer of length 100 without anything in it", true),
    ("unset", Major::FAILURE, LIE, "success, and an empty token", true),
    ("fail+delete", Major::NO_CONTEXT, ENDED, "the fault that was asked for", false),
    ("say", Major::NO_CONTEXT, ENDED, "the mechanism ended the context in a call that failed", false),
    ("empty", Major::FAILURE, ENDED, "answered no usable token", false),
    ("hollow", Major::FAILURE, ENDED, "answered no usable token", false),
    ("huge", Major::FAILURE, ENDED, "answered no usable token", false),
    ("long", Major::FAILURE, ENDED, "answered no usable token", false),
];
/// The switch's own minors: an answer that cannot be, and a context that the mechanism has ended.
const LIE: u32 = 0x4753_5380;
const ENDED: u32 = 0x4753_5381;

#[test]
fn a_failed_export_leaves_the_context_as_it_was_or_says_that_it_is_gone() {
    for options in [PORTABLE, ONCE] {
        let scene = Scene::new(options);
        for (fault, major, minor, words, lives) in EXPORTS {
            let (initiator, acceptor) = scene.pair();
            scene.faults(&format!("gss_export_sec_context={fault}"));
            let error = acceptor.export().unwrap_err();
            scene.faults("");
            let status = error.status();
            assert_eq!((status.major, status.minor), (*major, *minor), "{fault}, {options}: {error}");
            assert!(error.to_string().contains(words), "{fault}: {error}");
            assert_eq!(error.has_ended_context(), !lives, "{fault}");
            assert_eq!(scene.contexts(), 1 + u64::from(*lives), "{fault}: the mechanism's contexts");
            if *lives {
                converse(&initiator, &acceptor);
                let imported = scene.gss.import_context(acceptor.export().unwrap().as_bytes()).unwrap();
                converse(&initiator, &imported);
            } else {
                for error in [acceptor.wrap(true, b"?").unwrap_err(), acceptor.export().unwrap_err()] {
                    assert!(error.major() == Major::NO_CONTEXT && error.to_string().contains("the mechanism ended"));
                }
            }
            assert_eq!(scene.site.waiting(), [] as [std::path::PathBuf; 0], "{fault}: left in the store");
        }
        scene.end();
    }
}

#[test]
fn a_context_that_the_mechanism_keeps_after_its_export_is_deleted() {
    for options in [PORTABLE, ONCE] {
        let scene = Scene::new(options);
        let (initiator, acceptor) = scene.pair();
        scene.faults("gss_export_sec_context=keep");
        let token = acceptor.export().unwrap();
        assert_eq!(scene.contexts(), 1);
        assert_fails(acceptor.wrap(true, b"?"), Major::NO_CONTEXT, "");
        let imported = scene.gss.import_context(token.as_bytes()).unwrap();
        converse(&initiator, &imported);
        drop((initiator, imported));
        scene.end();
    }
}

#[test]
fn an_export_that_is_given_up_puts_the_context_back() {
    for options in [PORTABLE, ONCE] {
        let scene = Scene::new(options);
        let (initiator, acceptor) = scene.pair();
        let pending = acceptor.prepare_export().unwrap();
        assert!(pending.token().len() > 14);
        drop(pending);
        converse(&initiator, &acceptor);
        assert_eq!(scene.contexts(), 2);
        // And again, for good.
        let imported = scene.gss.import_context(acceptor.export().unwrap().as_bytes()).unwrap();
        converse(&initiator, &imported);
        drop((initiator, imported));
        scene.end();
    }
}

#[test]
fn a_context_that_cannot_be_put_back_is_no_context_and_says_why() {
    for (fault, words) in [("fail", "the fault that was asked for"), ("none", "no context"), ("unset", "no context")] {
        let scene = Scene::new(PORTABLE);
        let (initiator, acceptor) = scene.pair();
        scene.faults(&format!("gssspi_import_sec_context_by_mech={fault}"));
        drop(acceptor.prepare_export().unwrap());
        let error = acceptor.wrap(true, b"?").unwrap_err();
        let text = error.to_string();
        assert!(error.major() == Major::NO_CONTEXT && error.has_ended_context(), "{text}");
        assert!(text.contains("did not take the context back") && text.contains(words), "{text}");
        // It stays so, even if the mechanism would by now.
        scene.faults("");
        assert_fails(acceptor.time(), Major::NO_CONTEXT, "did not take the context back");
        assert_eq!(scene.contexts(), 1);
        drop((initiator, acceptor));
        scene.end();
    }
}

#[test]
fn a_failed_import_leaves_nothing_and_a_good_token() {
    for options in [PORTABLE, ONCE] {
        let scene = Scene::new(options);
        for (fault, major, words) in [
            ("fail", Major::FAILURE, "the fault that was asked for"),
            ("fail:0xf0000", Major::UNAUTHORIZED, "the fault that was asked for"),
            ("say", Major::FAILURE, "the fault that was asked for"),
            ("none", Major::FAILURE, "success, and no context"),
            ("unset", Major::FAILURE, "success, and no context"),
        ] {
            let (initiator, acceptor) = scene.pair();
            let token = acceptor.export().unwrap();
            scene.faults(&format!("gssspi_import_sec_context_by_mech={fault}"));
            assert_fails(scene.gss.import_context(token.as_bytes()), major, words);
            assert_eq!(scene.contexts(), 1, "{fault}");
            scene.faults("");
            converse(&initiator, &scene.gss.import_context(token.as_bytes()).unwrap());
        }
        scene.end();
    }
}

// ---- Handshakes --------------------------------------------------------------------------------------------------

#[test]
fn a_failed_first_leg_leaves_no_context() {
    let scene = Scene::new(PORTABLE);
    for function in ["gss_init_sec_context", "gss_accept_sec_context"] {
        for (fault, major, words) in [
            ("fail:0x70000", Major::NO_CRED, "the fault that was asked for"),
            // With a context and a token beside the failure.
            ("say", Major::FAILURE, "the fault that was asked for"),
            ("fail+delete", Major::FAILURE, "the fault that was asked for"),
            ("none", Major::FAILURE, "success, and no context"),
            ("unset", Major::FAILURE, "success, and no context"),
            ("hollow", Major::FAILURE, "a buffer of length 100"),
            ("oid-hollow", Major::FAILURE, "an OID of 10 octets"),
        ] {
            scene.faults(&format!("{function}={fault}"));
            assert_fails(establish(&scene.gss, &C_MECHANISM).map(drop), major, words);
            scene.faults("");
            assert_eq!(Counts::of(&scene.gss).alive(), [0, 0, 0], "{function}={fault}");
        }
    }
    scene.end();
}

#[test]
fn a_failed_later_leg_leaves_a_handle_on_which_only_delete_works() {
    let scene = Scene::new(PORTABLE);
    let target = scene.gss.name(b"service@localhost", Some(&name_type::HOSTBASED_SERVICE));
    let credential = scene.gss.credential().mechanism(&C_MECHANISM).acquire().unwrap();
    for fault in ["fail", "say", "fail+delete", "delete", "none", "hollow"] {
        let mut initiator = scene.gss.initiator(&target).mechanism(&C_MECHANISM).flags(Flags::MUTUAL);
        let first = initiator.step(b"").unwrap();
        let mut acceptor = scene.gss.acceptor().credential(&credential);
        let second = acceptor.step(&first.token).unwrap();
        scene.faults(&format!("gss_init_sec_context={fault}"));
        assert_fails(initiator.step(&second.token).map(drop), Major::FAILURE, "");
        scene.faults("");
        assert_fails(initiator.step(&second.token).map(drop), Major::NO_CONTEXT, "");
        let context = initiator.suspend().unwrap();
        assert_fails(context.wrap(true, b"?"), Major::NO_CONTEXT, "");
        assert_fails(context.prepare_export(), Major::NO_CONTEXT, "");
        context.delete().unwrap();
        drop(acceptor);
        assert_eq!(scene.contexts(), 0, "{fault}");
    }
    drop(credential);
    scene.end();
}

// ---- Threads -----------------------------------------------------------------------------------------------------

#[test]
fn calls_on_one_context_come_one_after_the_other() {
    let scene = Scene::new(PORTABLE);
    let (initiator, acceptor) = scene.pair();
    scene.faults("gss_wrap=slow:20,gss_context_time=slow:20,gss_inquire_context=slow:20");
    reset_counts(&scene.gss);
    let start = Barrier::new(3);
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                start.wait();
                for _ in 0..3 {
                    initiator.wrap(true, b"message").unwrap();
                    initiator.time().unwrap();
                    initiator.inquire(Want::NOTHING).unwrap();
                }
            });
        }
    });
    let counts = Counts::of(&scene.gss);
    assert!(counts.get("calls") >= 27, "{counts:?}");
    assert_eq!((counts.get("overlaps"), counts.get("parallel")), (0, 1), "{counts:?}");
    // Nine messages, each with a number of its own.
    scene.faults("");
    let message = acceptor.unwrap(&initiator.wrap(true, b"tenth").unwrap()).unwrap();
    assert_eq!(message.info.supplementary, Major::GAP_TOKEN);
    drop((initiator, acceptor));
    scene.end();
}

#[test]
fn calls_on_different_contexts_run_in_parallel() {
    let scene = Scene::new(PORTABLE);
    let contexts = [scene.pair(), scene.pair(), scene.pair()];
    scene.faults("gss_wrap=slow:300");
    reset_counts(&scene.gss);
    let start = Barrier::new(contexts.len());
    thread::scope(|scope| {
        for (initiator, _) in &contexts {
            scope.spawn(|| {
                start.wait();
                initiator.wrap(true, b"message").unwrap();
            });
        }
    });
    let counts = Counts::of(&scene.gss);
    assert_eq!((counts.get("parallel"), counts.get("overlaps")), (3, 0), "{counts:?}");
    drop(contexts);
    scene.end();
}

#[test]
fn an_export_waits_for_the_calls_and_ends_them() {
    let scene = Scene::new(PORTABLE);
    for _ in 0..5 {
        let (initiator, acceptor) = scene.pair();
        scene.faults("gss_wrap=slow:2,gss_export_sec_context=slow:5");
        reset_counts(&scene.gss);
        let start = Barrier::new(3);
        let (token, sent) = thread::scope(|scope| {
            let wrap = || {
                start.wait();
                let mut sent = 0;
                let error = loop {
                    match initiator.wrap(true, b"message") {
                        Ok(_) => sent += 1,
                        Err(error) => break error,
                    }
                };
                assert_eq!(error.major(), Major::NO_CONTEXT, "{error}");
                sent
            };
            let wrappers = [scope.spawn(wrap), scope.spawn(wrap)];
            start.wait();
            thread::sleep(std::time::Duration::from_millis(10));
            let token = initiator.export().unwrap();
            (token, wrappers.into_iter().map(|thread| thread.join().unwrap()).sum::<u32>())
        });
        scene.faults("");
        let imported = scene.gss.import_context(token.as_bytes()).unwrap();
        let message = acceptor.unwrap(&imported.wrap(true, b"next").unwrap()).unwrap();
        assert_eq!(message.info.supplementary == Major::GAP_TOKEN, sent > 0);
        drop((acceptor, imported));
        scene.end();
    }
}

// ---- What a mechanism need not have ------------------------------------------------------------------------------

#[test]
fn without_export_contexts_stay_where_they_are() {
    for missing in [
        &["gss_export_sec_context"][..],
        // What nobody could import is not exported.
        &["gss_import_sec_context", "gssspi_import_sec_context_by_mech"],
    ] {
        let scene = Scene::of(&CMechanism::without(missing), PORTABLE);
        let (initiator, acceptor) = scene.pair();
        assert!(!acceptor.inquire(Want::ALL).unwrap().flags.contains(Flags::TRANS));
        assert_fails(acceptor.export(), Major::UNAVAILABLE, "");
        converse(&initiator, &acceptor);
        drop((initiator, acceptor));
        scene.end();
    }
}

#[test]
fn messages_go_by_whichever_functions_there_are() {
    let whole = ["gss_wrap", "gss_unwrap", "gss_wrap_size_limit"];
    let aead = ["gss_wrap_aead", "gss_unwrap_aead"];
    let pieces = ["gss_wrap_iov", "gss_unwrap_iov", "gss_wrap_iov_length"];
    for missing in [&whole[..], &[&whole[..], &aead].concat(), &[&aead[..], &pieces].concat()] {
        let scene = Scene::of(&CMechanism::without(missing), PORTABLE);
        let (initiator, acceptor) = scene.pair();
        for length in [0, 1, 4, 1000] {
            let text = vec![7; length];
            let token = initiator.wrap(true, &text).unwrap();
            assert!(length == 0 || !token.windows(length.min(16)).any(|part| part == &text[..length.min(16)]));
            assert_eq!(acceptor.unwrap(&token).unwrap().bytes, text, "without {missing:?}");
        }
        let limit = initiator.wrap_size_limit(true, 0, 100).unwrap();
        assert!((1..=80).contains(&limit), "{limit}");
        assert!(initiator.wrap(true, &vec![1; limit as usize]).unwrap().len() <= 100);
        drop((initiator, acceptor));
        scene.end();
    }
    let scene = Scene::of(&CMechanism::without(&[&whole[..], &aead, &pieces].concat()), PORTABLE);
    let (initiator, _acceptor) = scene.pair();
    assert_fails(initiator.wrap(true, b"?"), Major::UNAVAILABLE, "");
    initiator.get_mic(b"MICs are there still").unwrap();
}

#[test]
fn older_forms_of_functions_serve_where_newer_ones_are_missing() {
    let scene = Scene::of(
        &CMechanism::without(&[
            "gss_acquire_cred_from",
            "gss_store_cred_into",
            "gss_inquire_cred_by_mech",
            "gssspi_import_sec_context_by_mech",
            "gssspi_import_name_by_mech",
            "gssspi_import_cred_by_mech",
            "gss_duplicate_name",
            "gss_display_name_ext",
            "gss_get_mic_iov",
            "gss_verify_mic_iov",
        ]),
        PORTABLE,
    );
    let (initiator, acceptor) = scene.pair();
    converse(&initiator, &acceptor);
    converse(&initiator, &scene.gss.import_context(acceptor.export().unwrap().as_bytes()).unwrap());
    let name = scene.name().unwrap();
    let mut copy = name.clone();
    copy.set_attribute(true, b"colour", b"green").unwrap();
    assert_eq!(copy.display_as(&name_type::USER_NAME).unwrap(), b"alice");
    let credential = scene.gss.credential().mechanism(&C_MECHANISM).acquire().unwrap();
    assert_eq!(credential.inquire().unwrap()[0].mechanism, C_MECHANISM);
    let exported = credential.export().unwrap();
    scene.gss.import_credential(&C_MECHANISM, exported[0].1.as_bytes()).unwrap();
    drop((initiator, name, copy, credential));
    scene.end();
}

#[test]
fn a_library_without_functions_of_a_mechanism_is_refused_in_words() {
    for (what, words) in [
        ("ONLY_TABLE", "gss_mech_initialize"),
        ("ONLY_INTERPOSER", "an interposer, and these are not supported"),
        ("NOTHING", "is no mechanism plugin"),
    ] {
        let site = CMechanism::only(what).site(PORTABLE);
        let gss = site.gss();
        let mechanism = gss.mechanism(&C_MECHANISM).unwrap();
        assert_fails(mechanism.open().map(drop), Major::BAD_MECH, words);
        assert!(matches!(mechanism.state(), State::Failed(_)));
        assert_fails(establish(&gss, &C_MECHANISM).map(drop), Major::BAD_MECH, "c_mechanism.so");
    }
}
