//! Which mechanism serves where none is named. One that authenticates nobody never does, unless it is admitted.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

use gss_core::{Credential, Error, Flags, Gss, LoadError, Major, Oid, name_type};
use gss_tests::{DUMMY, Site, build_apart, here};

static ACME: Oid = Oid::from_static(b"\x2b\x06\x01\x04\x01\x86\x8d\x1f\x01");

/// A site with these lines, and the dummy and the stranger's mechanism in its plugin directory.
fn site(lines: &[&str]) -> Site {
    let site = Site::new();
    site.install_dummy();
    let target = build_apart(&here().join("third-party/Cargo.toml"), "third-party", &[]);
    site.install(&target.join("debug/libacme_mech.so"));
    site.write("plugins.conf", &lines.join("\n"));
    site
}

const DUMMY_LINE: &str = "dummy 1.3.6.1.4.1.42.2.26.1.2 libgss_mech_dummy.so";
const ACME_LINE: &str = "acme 1.3.6.1.4.1.99999.1 libacme_mech.so";

/// A token of the dummy for an acceptor.
fn initial_token(gss: &Gss) -> Vec<u8> {
    let target = gss.name(b"service@localhost", Some(&name_type::HOSTBASED_SERVICE));
    gss.initiator(&target).mechanism(&DUMMY).flags(Flags::MUTUAL).step(b"").unwrap().token
}

#[test]
fn a_mechanism_that_authenticates_nobody_is_reached_by_name_only() {
    let site = site(&[DUMMY_LINE, ACME_LINE]);
    let gss = site.gss();
    let target = gss.name(b"service@localhost", None);
    assert!(matches!(gss.default_mechanism(), Err(Error::NoDefaultMechanism)));
    assert_eq!(gss.initiator(&target).step(b"").unwrap_err().major(), Major::BAD_MECH);
    assert_eq!(gss.credential().acquire().unwrap_err().major(), Major::NO_CRED);
    let refused = gss.acceptor().step(&initial_token(&gss)).unwrap_err();
    assert!(matches!(refused, Error::NotByDefault(_)), "{refused}");
    assert_eq!(refused.major(), Major::NO_CRED);

    let named = gss.credential().mechanism(&DUMMY).acquire().unwrap();
    gss.acceptor().credential(&named).step(&initial_token(&gss)).unwrap();
}

#[test]
fn its_line_may_admit_it_or_keep_one_out() {
    let admitted = format!("{DUMMY_LINE} [gss.default=yes]");
    let site_admitted = site(&[ACME_LINE, &admitted]);
    let gss = site_admitted.gss();
    assert_eq!(gss.default_mechanism().unwrap(), DUMMY);
    let credential = gss.credential().acquire().unwrap();
    assert_eq!(credential.mechanisms().collect::<Vec<_>>(), [&DUMMY]);
    gss.acceptor().step(&initial_token(&gss)).unwrap();

    let kept_out = site(&[&format!("{DUMMY_LINE} [gss.default=no]")]);
    assert!(kept_out.gss().default_mechanism().is_err());
}

#[test]
fn order_is_preference_and_a_broken_default_is_not_passed_over() {
    let first = site(&[&format!("{ACME_LINE} [gss.default=yes]"), &format!("{DUMMY_LINE} [gss.default=yes]")]);
    assert_eq!(first.gss().default_mechanism().unwrap(), ACME);

    let broken = site(&["broken 1.2.3 missing.so", &format!("{DUMMY_LINE} [gss.default=yes]")]);
    let gss = broken.gss();
    let target = gss.name(b"service@localhost", None);
    let error = gss.initiator(&target).step(b"").unwrap_err();
    assert_eq!(error.major(), Major::BAD_MECH);
    let Error::CannotLoad { reason, .. } = &error else { panic!("{error}") };
    assert!(matches!(**reason, LoadError::File(_)));
    assert!(error.to_string().contains("missing.so"), "{error}");
}

#[test]
fn a_credential_without_an_element_for_the_mechanism_is_none() {
    let site = site(&[DUMMY_LINE, ACME_LINE]);
    let gss = site.gss();
    let target = gss.name(b"service@localhost", None);
    let acme: Credential = gss.credential().mechanism(&ACME).acquire().unwrap();
    let error = gss.initiator(&target).mechanism(&DUMMY).credential(&acme).step(b"").unwrap_err();
    assert!(matches!(error, Error::NoElement(_)), "{error}");
    assert_eq!(error.major(), Major::NO_CRED);
    let error = gss.acceptor().credential(&acme).step(&initial_token(&gss)).unwrap_err();
    assert_eq!(error.major(), Major::NO_CRED);

    let mut both = acme.clone();
    both.add(&gss.credential().mechanism(&DUMMY).acquire().unwrap()).unwrap();
    assert_eq!(both.add(&acme).unwrap_err().major(), Major::DUPLICATE_ELEMENT);
    gss.acceptor().credential(&both).step(&initial_token(&gss)).unwrap();
}

#[test]
fn indicating_mechanisms_opens_none_of_them() {
    let site = site(&[DUMMY_LINE, "broken 1.2.3 missing.so", ACME_LINE]);
    let gss = site.gss();
    let broken: Oid = "1.2.3".parse().unwrap();
    assert_eq!(gss.indicate_mechanisms(), [DUMMY.clone(), broken.clone(), ACME.clone()]);
    assert!(gss.mechanisms().iter().all(|mechanism| matches!(mechanism.state(), gss_core::State::NotLoaded)));
    gss.mechanism(&broken).unwrap().open().unwrap_err();
    assert_eq!(gss.indicate_mechanisms(), [DUMMY.clone(), ACME.clone()], "known not to load");
}

#[test]
fn a_mended_mechanism_works_without_a_restart() {
    let site = Site::new();
    site.write("plugins.conf", DUMMY_LINE);
    let gss = site.gss();
    let target = gss.name(b"service@localhost", None);
    let mechanism = gss.mechanism(&DUMMY).unwrap();
    assert_eq!(mechanism.open().unwrap_err().major(), Major::BAD_MECH);
    site.install_dummy();
    while mechanism.open().is_err() {
        // A failure stands for a second.
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    gss.initiator(&target).mechanism(&DUMMY).step(b"").unwrap();
}

#[test]
fn names_of_one_mechanism_are_of_no_use_to_another() {
    let site = site(&[DUMMY_LINE, ACME_LINE]);
    let gss = site.gss();
    let text = gss.name(b"alice", Some(&name_type::USER_NAME));
    let (of_dummy, of_acme) = (gss.canonicalize(&text, &DUMMY).unwrap(), gss.canonicalize(&text, &ACME).unwrap());
    assert_eq!(text.export().unwrap_err().major(), Major::NAME_NOT_MN);
    assert!(of_dummy.compare(&text).unwrap() && text.compare(&of_acme).unwrap());
    assert!(matches!(of_dummy.compare(&of_acme), Err(Error::ForeignName { .. })));
    // The stranger's mechanism has no export of its own: its display text serves.
    for name in [&of_dummy, &of_acme] {
        let back = gss.exported_name(&name.export().unwrap()).unwrap();
        assert_eq!(back.mechanism(), name.mechanism());
        assert!(back.compare(name).unwrap());
    }
    assert_eq!(gss.exported_name(b"\x04\x01\x00").unwrap_err().major(), Major::BAD_NAME);
}
