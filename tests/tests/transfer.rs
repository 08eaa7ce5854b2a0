//! Export and import: all or nothing, whatever fails, and a dead exporter.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

use gss_core::{Context, Error, Gss, Iov, IovKind, Major, NoContext, Oid, PrfKey, Want, name_type};
use gss_tests::{DUMMY, Site, converse, dummy_site, establish};

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
        let bad = dummy_site(options);
        let error = bad.gss().import_context(token.as_bytes()).unwrap_err();
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

#[test]
fn an_altered_token_is_defective_or_another_good_state_and_never_a_panic() {
    let site = dummy_site("");
    let gss = site.gss();
    let (_peer, exporter) = establish(&gss, &DUMMY).unwrap();
    let token = exporter.export().unwrap().as_bytes().to_vec();
    for at in 0..token.len() {
        for cut in [true, false] {
            let mut altered = token.clone();
            if cut {
                altered.truncate(at);
            } else {
                altered[at] ^= 0x55;
            }
            if let Err(error) = gss.import_context(&altered) {
                let major = error.major();
                let expected = major.contains(Major::DEFECTIVE_TOKEN) || major.routine() == Major::BAD_MECH;
                assert!(expected, "octet {at}: {error}");
                assert!(!error.to_string().contains("panicked"), "octet {at}: {error}");
            }
        }
    }
    let mut longer = token;
    longer.push(0);
    assert_eq!(gss.import_context(&longer).unwrap_err().major(), Major::DEFECTIVE_TOKEN);
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
fn a_line_that_wants_single_use_gets_nothing_weaker() {
    let site: Site = dummy_site("gss.transfer=once");
    let gss: Gss = site.gss();
    let (peer, exporter) = establish(&gss, &DUMMY).unwrap();
    assert_eq!(exporter.export().unwrap_err().major(), Major::UNAVAILABLE);
    converse(&peer, &exporter);
}
