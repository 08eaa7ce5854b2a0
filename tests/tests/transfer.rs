//! Export and import: all or nothing, whatever fails, and a dead exporter.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

use gss_core::config::Sources;
use gss_core::{Context, Error, Gss, Iov, IovKind, Major, NoContext, Oid, PrfKey, TransferError, Want, name_type};
use gss_tests::{DUMMY, converse, dummy_site, establish};
use std::path::PathBuf;

/// Every call of the API on a context.
fn every_call(context: &Context) -> Vec<(&'static str, Result<(), Error>)> {
    let object: Oid = "1.2.3".parse().unwrap();
    let mut data = *b"data";
    let mut iov = [Iov::new(IovKind::Data, &mut data)];
    vec![
        ("is_established", context.is_established().map(drop)),
        ("mechanism", context.mechanism().map(drop)),
        ("time", context.time().map(drop)),
        ("inquire", context.inquire(Want::ALL).map(drop)),
        ("wrap", context.wrap(true, b"x").map(drop)),
        ("unwrap", context.unwrap(b"x").map(drop)),
        ("get_mic", context.get_mic(b"x").map(drop)),
        ("verify_mic", context.verify_mic(b"x", b"x").map(drop)),
        ("wrap_size_limit", context.wrap_size_limit(true, 0, 100).map(drop)),
        ("wrap_iov", context.wrap_iov(true, 0, &mut iov).map(drop)),
        ("unwrap_iov", context.unwrap_iov(&mut iov).map(drop)),
        ("wrap_iov_length", context.wrap_iov_length(true, 0, &mut iov).map(drop)),
        ("get_mic_iov", context.get_mic_iov(0, &mut iov)),
        ("verify_mic_iov", context.verify_mic_iov(&mut iov).map(drop)),
        ("get_mic_iov_length", context.get_mic_iov_length(0, &mut iov)),
        ("wrap_aead", context.wrap_aead(true, b"a", b"x").map(drop)),
        ("unwrap_aead", context.unwrap_aead(b"x", b"a").map(drop)),
        ("pseudo_random", context.pseudo_random(PrfKey::Full, b"seed", 8).map(drop)),
        ("process_token", context.process_token(b"x")),
        ("inquire_by_oid", context.inquire_by_oid(&object).map(drop)),
        ("set_option", context.set_option(&object, b"x")),
        ("complete_auth_token", context.complete_auth_token(b"x")),
        ("prepare_export", context.prepare_export().map(drop)),
        ("export", context.export().map(drop)),
    ]
}

#[test]
fn after_export_every_call_from_every_thread_is_no_context() {
    let site = dummy_site("");
    let gss = site.gss();
    let (_peer, exporter) = establish(&gss, &DUMMY).unwrap();
    exporter.export().unwrap();
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                for (call, result) in every_call(&exporter) {
                    let error = result.expect_err(call);
                    assert!(matches!(error, Error::NoContext(NoContext::Gone)), "{call}: {error}");
                    assert_eq!(error.major(), Major::NO_CONTEXT, "{call}");
                }
            });
        }
    });
    assert_eq!(exporter.delete().unwrap_err().major(), Major::NO_CONTEXT);
}

#[test]
fn an_imported_context_goes_on_where_the_exporter_stopped() {
    let site = dummy_site("");
    let (first, second) = (site.gss(), site.gss());
    let (peer, exporter) = establish(&first, &DUMMY).unwrap();
    converse(&peer, &exporter);
    let token = exporter.export().unwrap();
    let imported = second.import_context(token.as_bytes()).unwrap();
    assert_eq!(imported.mechanism().unwrap(), DUMMY);
    converse(&peer, &imported);
    let inquiry = imported.inquire(Want::ALL).unwrap();
    assert!(inquiry.open && !inquiry.initiator);
    assert!(inquiry.source.is_some());
    // And once more.
    let token = imported.export().unwrap();
    converse(&peer, &first.import_context(token.as_bytes()).unwrap());
}

#[test]
fn half_built_contexts_of_both_sides_move_at_every_leg() {
    for legs in 2..=5 {
        let site = dummy_site(&format!("legs={legs}"));
        let gss = site.gss();
        let target = gss.name(b"service@localhost", Some(&name_type::HOSTBASED_SERVICE));
        let credential = gss.credential().mechanism(&DUMMY).acquire().unwrap();
        let (mut ours, mut theirs): (Option<Context>, Option<Context>) = (None, None);
        let mut token = Vec::new();
        for leg in 0..legs {
            let initiates = leg % 2 == 0;
            let context = if initiates { &mut ours } else { &mut theirs };
            let before = context.take().map(|context| {
                let token = context.export().unwrap();
                gss.import_context(token.as_bytes()).unwrap()
            });
            // The caller's arguments come anew: the imported context has none.
            let (progress, after) = if initiates {
                let mut initiator = gss.initiator(&target).mechanism(&DUMMY);
                if let Some(before) = before {
                    initiator = initiator.resume(before);
                }
                let progress = initiator.step(&token).unwrap();
                (progress, initiator.suspend().ok())
            } else {
                let mut acceptor = gss.acceptor().credential(&credential);
                if let Some(before) = before {
                    acceptor = acceptor.resume(before);
                }
                let progress = acceptor.step(&token).unwrap();
                (progress, acceptor.suspend().ok())
            };
            *context = after;
            token = progress.token;
        }
        let last_is_initiator = legs % 2 == 1;
        let (waiting, resumed) = if last_is_initiator { (&mut theirs, false) } else { (&mut ours, true) };
        if let Some(context) = waiting.take() {
            let moved = gss.import_context(context.export().unwrap().as_bytes()).unwrap();
            let done = if resumed {
                let mut initiator = gss.initiator(&target).mechanism(&DUMMY).resume(moved);
                assert!(initiator.step(&token).unwrap().complete);
                initiator.into_context().unwrap()
            } else {
                let mut acceptor = gss.acceptor().credential(&credential).resume(moved);
                assert!(acceptor.step(&token).unwrap().complete);
                acceptor.into_context().unwrap()
            };
            *waiting = Some(done);
        }
        converse(&ours.unwrap(), &theirs.unwrap());
    }
}

/// Exports must fail with this status, and leave the context as it was.
fn export_fails(options: &str, major: Major, words: &str) {
    let site = dummy_site(options);
    let gss = site.gss();
    let (peer, exporter) = establish(&gss, &DUMMY).unwrap();
    converse(&peer, &exporter);
    let error = exporter.export().unwrap_err();
    assert_eq!(error.major(), major, "{options}: {error}");
    assert!(error.to_string().contains(words), "{options}: {error}");
    converse(&peer, &exporter);
}

#[test]
fn a_mechanism_that_cannot_serialize_keeps_its_context() {
    export_fails("fail=serialize", Major::FAILURE, "fault injected");
    export_fails("fail=serialize:UNAVAILABLE", Major::UNAVAILABLE, "fault injected");
    export_fails("fail=serialize:CONTEXT_EXPIRED", Major::CONTEXT_EXPIRED, "fault injected");
    export_fails("lie=serialize", Major::FAILURE, "no bytes");
    export_fails("panic=serialize", Major::FAILURE, "panicked");
}

#[test]
fn the_mechanisms_minor_survives_a_failed_export() {
    let site = dummy_site("fail=serialize:UNAVAILABLE");
    let gss = site.gss();
    let (_peer, exporter) = establish(&gss, &DUMMY).unwrap();
    let error = exporter.export().unwrap_err();
    assert_eq!(error.status().minor, 1234);
    assert_eq!(error.mechanism(), Some(&DUMMY));
}

#[test]
fn an_exporter_whose_own_allocation_fails_still_has_its_context() {
    let site = dummy_site("");
    let gss = site.gss();
    let (peer, exporter) = establish(&gss, &DUMMY).unwrap();
    let pending = exporter.prepare_export().unwrap();
    // The caller needs a buffer for the token, and gets none.
    let mut buffer: Vec<u8> = Vec::new();
    assert!(buffer.try_reserve_exact(pending.token().len() << 55).is_err());
    drop(pending);
    converse(&peer, &exporter);
    // The next attempt succeeds, with a token that is good.
    let token = exporter.export().unwrap();
    converse(&peer, &gss.import_context(token.as_bytes()).unwrap());
}

#[test]
fn an_importer_whose_own_allocation_fails_leaves_the_token_good() {
    let site = dummy_site("");
    let gss = site.gss();
    let (peer, exporter) = establish(&gss, &DUMMY).unwrap();
    let token = exporter.export().unwrap();
    let pending = gss.prepare_import(token.as_bytes()).unwrap();
    // The caller needs a place for the handle, and gets none.
    let mut handles: Vec<u64> = Vec::new();
    assert!(handles.try_reserve_exact(usize::MAX / 16).is_err());
    drop(pending);
    converse(&peer, &gss.prepare_import(token.as_bytes()).unwrap().commit().unwrap());
}

#[test]
fn a_failed_import_has_the_mechanisms_status() {
    for (options, major) in [
        ("fail=import_context", Major::FAILURE),
        ("fail=import_context:DEFECTIVE_TOKEN", Major::DEFECTIVE_TOKEN),
        ("fail=import_context:UNAVAILABLE", Major::UNAVAILABLE),
        ("panic=import_context", Major::FAILURE),
    ] {
        let good = dummy_site("");
        let (peer, exporter) = establish(&good.gss(), &DUMMY).unwrap();
        let token = exporter.export().unwrap();
        // The same store, and another instance of the mechanism.
        let text = format!("dummy {DUMMY} libgss_mech_dummy.so [{options}]\n{}", good.settings());
        let bad = Gss::with(Sources::text("bad.conf", text).plugin_dir(good.plugins()));
        let error = bad.import_context(token.as_bytes()).unwrap_err();
        assert_eq!(error.major(), major, "{options}: {error}");
        converse(&peer, &good.gss().import_context(token.as_bytes()).unwrap());
    }
}

#[test]
fn an_expired_context_is_not_exported_and_stays() {
    let site = dummy_site("lifetime=1");
    let gss = site.gss();
    let (_peer, exporter) = establish(&gss, &DUMMY).unwrap();
    while exporter.time().is_ok() {
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    let error = exporter.export().unwrap_err();
    assert!(matches!(error, Error::Expired { .. }), "{error}");
    assert_eq!(error.major(), Major::CONTEXT_EXPIRED);
    assert!(!exporter.inquire(Want::NOTHING).unwrap().initiator);
    exporter.delete().unwrap();
}

#[test]
fn a_failing_context_time_is_no_expiry() {
    let failures = ["fail=context_time", "fail=context_time:NO_CONTEXT", "panic=context_time"];
    for options in failures {
        let site = dummy_site(options);
        let gss = site.gss();
        let (peer, exporter) = establish(&gss, &DUMMY).unwrap();
        let token = exporter.export().unwrap();
        converse(&peer, &gss.import_context(token.as_bytes()).unwrap());
    }
}

#[test]
fn a_defective_token_is_named_and_reaches_no_mechanism() {
    let site = dummy_site("panic=import_context");
    let gss = site.gss();
    let structure = Major::CALL_BAD_STRUCTURE.with(Major::DEFECTIVE_TOKEN);
    for (token, major) in [
        (&b""[..], Major::CALL_INACCESSIBLE_READ.with(Major::DEFECTIVE_TOKEN)),
        (b"\0", structure),
        (b"\0\0\0\0", structure),
        (b"\x7f\xff\xff\xff\x2a", structure),
        (b"\0\0\0\x0a\x2b\x06\x01\x04\x01\x2a\x02\x1a\x01\x02", structure),
        (b"\0\0\0\x02\x2a\x03body", Major::BAD_MECH),
    ] {
        assert_eq!(gss.import_context(token).unwrap_err().major(), major, "{token:?}");
    }
}

/// Every token that differs in one octet, or is cut off after it.
fn altered(token: &[u8]) -> impl Iterator<Item = (usize, Vec<u8>)> + '_ {
    (0..token.len()).flat_map(|at| {
        let flipped = [0x01, 0x55, 0xff].map(|bits| {
            let mut flipped = token.to_vec();
            flipped[at] ^= bits;
            (at, flipped)
        });
        flipped.into_iter().chain([(at, token[..at].to_vec())])
    })
}

#[test]
fn an_altered_portable_token_is_defective_or_another_good_state_and_never_a_panic() {
    let site = dummy_site("gss.transfer=portable");
    let gss = site.gss();
    let (_peer, exporter) = establish(&gss, &DUMMY).unwrap();
    let token = exporter.export().unwrap().as_bytes().to_vec();
    for (at, altered) in altered(&token) {
        if let Err(error) = gss.import_context(&altered) {
            let major = error.major();
            let expected = major.contains(Major::DEFECTIVE_TOKEN) || major.routine() == Major::BAD_MECH;
            assert!(expected, "octet {at}: {error}");
            assert!(!error.to_string().contains("panicked"), "octet {at}: {error}");
        }
    }
    let mut longer = token;
    longer.push(0);
    assert_eq!(gss.import_context(&longer).unwrap_err().major(), Major::DEFECTIVE_TOKEN);
}

#[test]
fn an_altered_claim_is_nothing_and_leaves_the_context_claimable() {
    let site = dummy_site("");
    let gss = site.gss();
    let (peer, exporter) = establish(&gss, &DUMMY).unwrap();
    let token = exporter.export().unwrap().as_bytes().to_vec();
    for (at, altered) in altered(&token) {
        let error = gss.import_context(&altered).expect_err("an altered token");
        let major = error.major();
        let routine = major.routine();
        let expected = [Major::DEFECTIVE_TOKEN, Major::NO_CONTEXT, Major::UNAUTHORIZED, Major::BAD_MECH];
        assert!(expected.contains(&routine), "octet {at}: {error}");
        assert!(!error.to_string().contains("panicked"), "octet {at}: {error}");
    }
    let mut longer = token.clone();
    longer.push(0);
    assert_eq!(gss.import_context(&longer).unwrap_err().major().routine(), Major::DEFECTIVE_TOKEN);
    converse(&peer, &gss.import_context(&token).unwrap());
}

#[test]
fn the_trans_flag_says_what_export_will_do() {
    let able = dummy_site("");
    let (peer, _acceptor) = establish(&able.gss(), &DUMMY).unwrap();
    assert!(peer.inquire(Want::NOTHING).unwrap().flags.contains(gss_core::Flags::TRANS));
    let unable = dummy_site("lie=transferable");
    let gss = unable.gss();
    let (peer, acceptor) = establish(&gss, &DUMMY).unwrap();
    assert!(!peer.inquire(Want::NOTHING).unwrap().flags.contains(gss_core::Flags::TRANS));
    // Export is never gated on the flag.
    acceptor.export().unwrap();
}

#[test]
fn a_token_is_good_for_one_import() {
    let site = dummy_site("");
    let (first, second) = (site.gss(), site.gss());
    let (peer, exporter) = establish(&first, &DUMMY).unwrap();
    let token = exporter.export().unwrap();
    assert_eq!(site.waiting().len(), 1);
    let imported = second.import_context(token.as_bytes()).unwrap();
    assert_eq!(site.waiting(), Vec::<PathBuf>::new());
    for gss in [&first, &second] {
        let error = gss.import_context(token.as_bytes()).unwrap_err();
        assert!(matches!(error, Error::Transfer(TransferError::NotWaiting { .. })), "{error}");
        assert_eq!(error.major(), Major::NO_CONTEXT);
    }
    converse(&peer, &imported);
}

#[test]
fn a_pending_export_that_is_dropped_leaves_the_context_and_nothing_else() {
    let site = dummy_site("");
    let gss = site.gss();
    let (peer, exporter) = establish(&gss, &DUMMY).unwrap();
    let pending = exporter.prepare_export().unwrap();
    let token = pending.token().to_vec();
    assert_eq!(site.waiting().len(), 1);
    drop(pending);
    assert_eq!(site.waiting(), Vec::<PathBuf>::new());
    assert_eq!(gss.import_context(&token).unwrap_err().major(), Major::NO_CONTEXT);
    converse(&peer, &exporter);
}

#[test]
fn a_context_that_is_imported_before_its_export_is_complete_lives_once() {
    let site = dummy_site("");
    let gss = site.gss();
    let (peer, exporter) = establish(&gss, &DUMMY).unwrap();
    let pending = exporter.prepare_export().unwrap();
    let imported = gss.import_context(pending.token()).unwrap();
    drop(pending);
    assert_eq!(exporter.time().unwrap_err().major(), Major::NO_CONTEXT);
    converse(&peer, &imported);
}

#[test]
fn of_two_pending_imports_one_gets_the_context() {
    let site = dummy_site("");
    let gss = site.gss();
    let (peer, exporter) = establish(&gss, &DUMMY).unwrap();
    let token = exporter.export().unwrap();
    let pending = [(); 3].map(|()| gss.prepare_import(token.as_bytes()).unwrap());
    let [given_up, first, second] = pending;
    drop(given_up);
    let imported = first.commit().unwrap();
    assert_eq!(second.commit().unwrap_err().major(), Major::NO_CONTEXT);
    converse(&peer, &imported);
}

#[test]
fn each_kind_refuses_the_others_tokens() {
    let sites = ["gss.transfer=once", "gss.transfer=portable"].map(dummy_site);
    let switches = [sites[0].gss(), sites[1].gss()];
    for (own, other) in [(0, 1), (1, 0)] {
        let (peer, exporter) = establish(&switches[own], &DUMMY).unwrap();
        let token = exporter.export().unwrap();
        let error = switches[other].import_context(token.as_bytes()).unwrap_err();
        assert_eq!(error.major(), Major::UNAUTHORIZED, "{error}");
        // Nobody has claimed it by that.
        converse(&peer, &switches[own].import_context(token.as_bytes()).unwrap());
    }
}

#[test]
fn the_kind_is_that_of_the_line_else_that_of_all_else_once() {
    for (all, line, length) in
        [("", "", 94), ("gss.transfer=portable", "", 0), ("gss.transfer=portable", "gss.transfer=once", 94)]
    {
        let site = dummy_site(line);
        site.write("plugins.conf", &format!("{}{all}\n", site.settings()));
        let gss = site.gss();
        assert!(gss.diagnostics().is_empty(), "{:?}", gss.diagnostics());
        let (_peer, exporter) = establish(&gss, &DUMMY).unwrap();
        let token = exporter.export().unwrap();
        assert_eq!(token.as_bytes().get(14..21) == Some(&b"gssonce"[..]), length > 0, "{all} {line}");
        assert!(length == 0 || token.as_bytes().len() == length);
    }
}
