//! A mechanism of a stranger: built apart, dropped into a plugin directory with one line in `plugins.d`.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

use gss_core::{Major, Oid, State, name_type};
use gss_tests::{Site, build_apart, here};

const OID: &str = "1.3.6.1.4.1.99999.1";

fn site() -> Site {
    let target = build_apart(&here().join("third-party/Cargo.toml"), "third-party", &[]);
    let site = Site::new();
    site.install(&target.join("debug/libacme_mech.so"));
    site.configure("acme", &format!("acme {OID} libacme_mech.so [greeting=salut gss.alias=1.3.6.1.4.1.99999.2]"));
    site
}

#[test]
fn a_dropped_in_mechanism_works_from_handshake_to_import() {
    let site = site();
    let gss = site.gss();
    let oid: Oid = OID.parse().unwrap();
    let mechanism = gss.mechanism(&oid).unwrap();
    assert!(matches!(mechanism.state(), State::NotLoaded), "opened before it was used");

    let user = gss.name(b"alice", Some(&name_type::USER_NAME));
    let service = gss.name(b"service", None);
    let alice = gss.credential().mechanism(&oid).name(&user).acquire().unwrap();
    let mut initiator = gss.initiator(&service).mechanism(&oid).credential(&alice);
    let first = initiator.step(b"").unwrap();
    assert!(first.complete);
    let State::Loaded { description, .. } = mechanism.state() else { panic!("not loaded after use") };
    assert_eq!(description.summary, "protects nothing and says salut");

    let acceptor_credential = gss.credential().mechanism(&oid).acquire().unwrap();
    let mut acceptor = gss.acceptor().credential(&acceptor_credential);
    let last = acceptor.step(&first.token).unwrap();
    assert_eq!(last.source.unwrap().display().unwrap().0, &b"alice"[..]);

    let ours = initiator.into_context().unwrap();
    let exporter = acceptor.into_context().unwrap();
    let token = exporter.export().unwrap();
    assert_eq!(exporter.wrap(false, b"late").unwrap_err().major(), Major::NO_CONTEXT);
    let theirs = gss.import_context(token.as_bytes()).unwrap();
    assert_eq!(theirs.unwrap(&ours.wrap(true, b"ping").unwrap()).unwrap().bytes, b"ping");
}

#[test]
fn an_alias_leads_to_it_and_the_own_oid_is_reported() {
    let site = site();
    let gss = site.gss();
    let alias: Oid = "1.3.6.1.4.1.99999.2".parse().unwrap();
    let service = gss.name(b"service", None);
    let mut initiator = gss.initiator(&service).mechanism(&alias);
    assert_eq!(initiator.step(b"").unwrap().mechanism.to_string(), OID);
}

#[test]
fn a_line_added_later_is_found_without_a_restart() {
    let target = build_apart(&here().join("third-party/Cargo.toml"), "third-party", &[]);
    let site = Site::new();
    let gss = site.gss();
    let oid: Oid = OID.parse().unwrap();
    assert_eq!(gss.mechanism(&oid).unwrap_err().major(), Major::BAD_MECH);
    site.install(&target.join("debug/libacme_mech.so"));
    site.configure("acme", &format!("acme {OID} libacme_mech.so"));
    gss.mechanism(&oid).unwrap().open().unwrap();
}
