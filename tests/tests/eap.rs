//! EAP, Debian's package moonshot-gss-eap, as a mechanism. A whole handshake needs a RADIUS server; what can be had without
//! one is here.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

use gss_core::{CredentialUsage, Flags, Gss, Kind, Major, Oid, State, attr, name_type};
use gss_tests::Site;
use gss_tests::c::{Build, Library, bindings};
use gss_tests::environment::inside;
use std::ffi::OsString;
use std::path::Path;

const LIBRARY: &str = "/usr/lib/x86_64-linux-gnu/gss/mech_eap.so";
static AES128: Oid = Oid::from_static(b"\x2b\x06\x01\x05\x05\x0f\x01\x01\x11");
static AES256: Oid = Oid::from_static(b"\x2b\x06\x01\x05\x05\x0f\x01\x01\x12");

/// Both lines of the package, and an OID that it does not have.
fn site() -> Site {
    assert!(Path::new(LIBRARY).exists(), "moonshot-gss-eap is missing; run tests/setup-system.sh");
    let site = Site::new();
    site.configure("eap", &format!("eap-aes128 {AES128} {LIBRARY}\neap-aes256 {AES256} {LIBRARY}"));
    site
}

/// EAP looks for configuration in the home directory.
fn at_home(test: &str, body: impl FnOnce()) {
    let home = tempfile::tempdir().unwrap();
    let variables = || vec![("HOME", OsString::from(home.path())), ("XDG_DATA_HOME", OsString::from(home.path()))];
    if inside(test, variables) {
        body();
    }
}

#[test]
fn one_library_serves_both_oids() {
    at_home("one_library_serves_both_oids", || {
        let site = site();
        let gss = site.gss();
        for oid in [&AES128, &AES256] {
            let mechanism = gss.mechanism(oid).unwrap();
            mechanism.open().unwrap();
            let State::Loaded { description, kind, .. } = mechanism.state() else { panic!("not loaded") };
            assert_eq!(kind, Kind::CMechanism);
            for expected in [attr::MECH_CONCRETE, attr::ITOK_FRAMED, attr::CBINDINGS, attr::CTX_TRANS, attr::WRAP] {
                assert!(description.attributes.contains(&expected), "{oid}: {expected}");
            }
            assert!(description.name_types.contains(&name_type::USER_NAME), "{:?}", description.name_types);
        }
        let sasl = |oid| gss.mechanism(oid).unwrap().description().unwrap().sasl_name.clone();
        assert_eq!((sasl(&AES128), sasl(&AES256)), ("EAP-AES128".to_owned(), "EAP-AES256".to_owned()));
    });
}

fn first_token(gss: &Gss, mechanism: &Oid) -> Vec<u8> {
    let target = gss.name(b"host@server.test", Some(&name_type::HOSTBASED_SERVICE));
    let name = gss.name(b"alice@home.test", Some(&name_type::USER_NAME));
    let request = gss.credential().mechanism(mechanism).name(&name).usage(CredentialUsage::Initiate);
    let credential = request.password(b"secret").acquire().unwrap();
    let inquiry = credential.inquire().unwrap();
    assert_eq!(inquiry[0].name.as_ref().unwrap().display().unwrap().0.as_ref(), b"alice@home.test");
    let mut initiator = gss.initiator(&target).mechanism(mechanism).credential(&credential).flags(Flags::MUTUAL);
    let first = initiator.step(b"").unwrap();
    // Its half-built initiator cannot be exported, and does not offer it.
    assert!(!first.complete && !first.flags.contains(Flags::TRANS));
    let half = initiator.context().unwrap();
    assert_eq!(half.export().unwrap_err().major().routine(), Major::NO_CONTEXT);
    assert!(half.inquire(gss_core::Want::NOTHING).is_ok(), "the context is as it was");
    first.token
}

#[test]
fn the_first_token_and_what_its_acceptor_needs() {
    at_home("the_first_token_and_what_its_acceptor_needs", || {
        let site = site();
        let gss = site.gss();
        for mechanism in [&AES128, &AES256] {
            let token = first_token(&gss, mechanism);
            let (oid, _) = gss_core::framing::decapsulate(&token).unwrap();
            assert_eq!(oid, *mechanism);
            let accepts = gss.credential().mechanism(mechanism).usage(CredentialUsage::Accept).acquire();
            let error = match accepts {
                Ok(credential) => gss.acceptor().credential(&credential).step(&token).unwrap_err(),
                Err(error) => error,
            };
            assert_eq!(error.mechanism(), Some(mechanism));
            assert!(error.to_string().contains("nable to open configuration file"), "{error}");
        }
    });
}

#[test]
fn names_are_compared_exported_and_read_again() {
    at_home("names_are_compared_exported_and_read_again", || {
        let site = site();
        let gss = site.gss();
        let name = |text: &[u8]| gss.canonicalize(&gss.name(text, Some(&name_type::USER_NAME)), &AES128).unwrap();
        let alice = name(b"alice@home.test");
        assert!(alice.compare(&name(b"alice@home.test")).unwrap());
        assert!(!alice.compare(&name(b"bob@home.test")).unwrap());
        let copy = gss.exported_name(&alice.export().unwrap()).unwrap();
        assert!(alice.compare(&copy).unwrap());
        // An error of the mechanism's own, with its text.
        let error = alice.local_name().unwrap_err();
        assert_eq!(error.major().routine(), Major::UNAVAILABLE, "{error}");
    });
}

/// Its calls ask `gss_display_status` of the program's library about their own codes, to log them.
#[test]
fn its_questions_to_our_display_status_leave_its_text_alone() {
    at_home("its_questions_to_our_display_status_leave_its_text_alone", || {
        let site = site();
        let program = Library::ours().program("calls_back.c", Build::Plain);
        let (said, bound) = bindings(&mut program.command(&site, &["eap"]), &site);
        assert!(said.contains("nable to open configuration file"), "{said}");
        let to_ours = |line: &str| {
            line.contains("mech_eap.so [0] to ") && line.contains("libgss.so.1 ") && line.contains("gss_display_status")
        };
        assert!(bound.lines().any(to_ours), "it does not call ours any more: then this test shows nothing");
        let taken =
            |line: &&str| line.contains(&format!("to {LIBRARY} ")) && !line.contains(&format!("file {LIBRARY} "));
        let taken: Vec<_> = bound.lines().filter(taken).collect();
        assert!(taken.is_empty(), "{taken:#?}");
    });
}
