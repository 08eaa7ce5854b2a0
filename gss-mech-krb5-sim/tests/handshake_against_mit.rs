//! Contexts between our mechanism and MIT's (Debian: libkrb5-dev, krb5-user, krb5-kdc, krb5-admin-server).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "the tests' own helpers")]

mod mit_peer;

use gss_mech_krb5_sim::crypto::{Enctype, Key};
use gss_mech_krb5_sim::keytab::{self, KeytabEntry, KeytabError};
use gss_mech_krb5_sim::messages::EncryptionKey;
use gss_mech_krb5_sim::minor::kerberos;
use gss_mech_krb5_sim::principal::Principal;
use gss_plugin::{Flags, Major, SecurityContext, Want};
use mit_peer::kdc::Kdc;
use mit_peer::{Library, Mit, accept, exchange, initiate, many, moved, open, same_keys, shown};
use std::path::PathBuf;
use tempfile::TempDir;

const WANTED: Flags = Flags(Flags::MUTUAL.0 | Flags::REPLAY.0 | Flags::SEQUENCE.0 | Flags::CONF.0 | Flags::INTEG.0);

/// A keytab of ours with keys of all types, and a krb5.conf for MIT's acceptor.
struct Shared {
    folder: TempDir,
}

impl Shared {
    fn new() -> Self {
        let shared = Self { folder: tempfile::tempdir().unwrap() };
        keytab::update(&shared.path("keytab"), |keytab| {
            for enctype in Enctype::ALL {
                let key = Key::random(enctype).unwrap();
                let principal = Principal::parse(b"host/server.test@HOME.TEST", None).unwrap();
                let key = EncryptionKey::new(enctype.number(), key.bytes());
                keytab.add(KeytabEntry { principal, timestamp: 0, kvno: 2, key })?;
            }
            Ok::<_, KeytabError>(())
        })
        .unwrap();
        let config = "[libdefaults]\n default_realm = HOME.TEST\n dns_canonicalize_hostname = false\n rdns = false\n";
        std::fs::write(shared.path("krb5.conf"), config).unwrap();
        shared
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn options(&self, more: &str) -> String {
        format!("keytab={} replay-cache={} {more}", self.path("keytab").display(), self.folder.path().display())
    }

    fn acceptor(&self) -> Mit {
        Mit::start(&self.path("krb5.conf"), "KRB5_KTNAME", &self.path("keytab"))
    }
}

#[test]
fn mit_accepts_our_initiator_with_every_encryption_type() {
    let shared = Shared::new();
    for enctype in Enctype::ALL {
        let mechanism = open(&shared.options(&format!("principal=alice@HOME.TEST enctypes={}", enctype.number())));
        let mut mit = shared.acceptor();
        let (ours, step) = initiate(&mechanism, None, WANTED, b"", b"").unwrap();
        let leg = mit.accept(b"", &step.token);
        assert!(leg.complete, "{enctype}: {leg:?}");
        assert_eq!(leg.name, "alice@HOME.TEST");
        assert!(leg.flags.contains(WANTED) && !leg.delegated, "{:?}", leg.flags);
        // A half-established context survives the move, too.
        let ours = moved(&mechanism, &ours);
        let (ours, step) = initiate(&mechanism, Some(ours), WANTED, b"", &leg.token).unwrap();
        assert!(step.complete && step.token.is_empty());
        assert!(step.flags.contains(WANTED | Flags::PROT_READY));
        same_keys(&ours, &mut mit);
        exchange(&mechanism, ours, &mut mit);
    }
}

/// In the direction in which the tokens are ours. The other one is below.
#[test]
fn mit_takes_our_messages_of_all_sizes() {
    let shared = Shared::new();
    let mechanism = open(&shared.options("principal=alice@HOME.TEST"));
    let mut mit = shared.acceptor();
    let (ours, step) = initiate(&mechanism, None, WANTED, b"", b"").unwrap();
    let leg = mit.accept(b"", &step.token);
    let (ours, _) = initiate(&mechanism, Some(ours), WANTED, b"", &leg.token).unwrap();
    many::exchange(&mechanism, ours, &mut mit, many::From::Us, many::all_sizes());
}

#[test]
fn we_take_mits_messages_of_all_sizes() {
    let kdc = Kdc::start();
    let mechanism = open(&format!("keytab={} replay-cache={}", kdc.keytab().display(), kdc.folder().display()));
    let config = kdc.config(Enctype::Aes256Sha1.name());
    let mut mit = Mit::start(&config, "KRB5CCNAME", &kdc.login(&config, "alice@HOME.TEST"));
    let leg = mit.initiate(WANTED, b"", b"");
    let (ours, step) = accept(&mechanism, None, b"", &leg.token).unwrap();
    assert!(mit.initiate(WANTED, b"", &step.token).complete);
    many::exchange(&mechanism, ours, &mut mit, many::From::Them, many::all_sizes());
}

#[test]
fn mit_accepts_one_leg_and_three() {
    let shared = Shared::new();
    let mechanism = open(&shared.options("principal=alice@HOME.TEST"));
    let one_way = Flags::REPLAY | Flags::SEQUENCE;
    let mut mit = shared.acceptor();
    let (ours, step) = initiate(&mechanism, None, one_way, b"", b"").unwrap();
    assert!(step.complete);
    let leg = mit.accept(b"", &step.token);
    assert!(leg.complete && leg.token.is_empty(), "{leg:?}");
    same_keys(&ours, &mut mit);
    exchange(&mechanism, ours, &mut mit);

    let mut mit = shared.acceptor();
    let dce = WANTED | Flags::DCE_STYLE;
    let (ours, step) = initiate(&mechanism, None, dce, b"", b"").unwrap();
    let leg = mit.accept(b"", &step.token);
    assert_eq!(leg.major, Major::CONTINUE_NEEDED.0, "{leg:?}");
    let (ours, step) = initiate(&mechanism, Some(ours), dce, b"", &leg.token).unwrap();
    assert!(step.complete && !step.token.is_empty());
    let leg = mit.accept(b"", &step.token);
    assert!(leg.complete && leg.flags.contains(Flags::DCE_STYLE), "{leg:?}");
    same_keys(&ours, &mut mit);
}

#[test]
fn mit_compares_our_channel_bindings() {
    let shared = Shared::new();
    let mechanism = open(&shared.options("principal=alice@HOME.TEST"));
    let mut mit = shared.acceptor();
    let (_, step) = initiate(&mechanism, None, WANTED, b"channel", b"").unwrap();
    let leg = mit.accept(b"channel", &step.token);
    assert!(leg.complete && leg.flags.contains(Flags::CHANNEL_BOUND), "{leg:?}");
    mit.reset();
    let (_, step) = initiate(&mechanism, None, WANTED, b"other", b"").unwrap();
    assert_eq!(mit.accept(b"channel", &step.token).major, Major::BAD_BINDINGS.0);
    mit.reset();
    // Aware of channel bindings, and without any: MIT must not let it pass.
    let (_, step) = initiate(&mechanism, None, WANTED | Flags::CHANNEL_BOUND, b"", b"").unwrap();
    assert_eq!(mit.accept(b"channel", &step.token).major, Major::BAD_BINDINGS.0);
}

#[test]
fn mit_refuses_us_and_we_know_why() {
    let (shared, strange) = (Shared::new(), Shared::new());
    let mechanism = open(&strange.options("principal=alice@HOME.TEST"));
    let (ours, step) = initiate(&mechanism, None, WANTED, b"", b"").unwrap();
    let leg = shared.acceptor().accept(b"", &step.token);
    assert_eq!(leg.major, Major::FAILURE.0);
    let told = initiate(&mechanism, Some(ours), WANTED, b"", &leg.token).unwrap_err();
    assert_eq!((told.major, told.minor), (Major::FAILURE, leg.minor));
}

#[test]
fn we_accept_mit_with_a_ticket_from_its_kdc() {
    let kdc = Kdc::start();
    let options = format!("keytab={} replay-cache={}", kdc.keytab().display(), kdc.folder().display());
    let mechanism = open(&options);
    for enctype in Enctype::ALL {
        let config = kdc.config(enctype.name());
        for client in ["alice@HOME.TEST", "bob@ABROAD.TEST"] {
            let mut mit = Mit::start(&config, "KRB5CCNAME", &kdc.login(&config, client));
            let leg = mit.initiate(WANTED, b"", b"");
            assert_eq!(leg.major, Major::CONTINUE_NEEDED.0, "{enctype}: {leg:?}");
            let (ours, step) = accept(&mechanism, None, b"", &leg.token).unwrap();
            assert!(step.complete && step.flags.contains(WANTED));
            assert_eq!(shown(&step.source.unwrap()), client);
            let info = ours.inquire(Want::ALL).unwrap();
            assert_eq!(shown(&info.target.unwrap()), "host/server.test@HOME.TEST");
            let leg = mit.initiate(WANTED, b"", &step.token);
            assert!(leg.complete && leg.name == client, "{leg:?}");
            same_keys(&ours, &mut mit);
            exchange(&mechanism, ours, &mut mit);
        }
    }
    let replayed = || {
        let config = kdc.config_with("");
        let mut mit = Mit::start(&config, "KRB5CCNAME", &kdc.login(&config, "alice@HOME.TEST"));
        mit.initiate(WANTED, b"", b"").token
    };
    let token = replayed();
    assert!(accept(&mechanism, None, b"", &token).is_ok());
    let refused = accept(&open(&options), None, b"", &token).unwrap_err();
    assert_eq!(refused.minor, kerberos(34));
}

#[test]
fn we_accept_what_else_mit_sends() {
    let kdc = Kdc::start();
    let mechanism = open(&format!("keytab={} replay-cache={}", kdc.keytab().display(), kdc.folder().display()));
    let config = kdc.config_with("");
    let mut mit = Mit::start(&config, "KRB5CCNAME", &kdc.login(&config, "alice@HOME.TEST"));

    // Delegated credentials, which are not kept, with channel bindings.
    let flags = WANTED | Flags::DELEG;
    let leg = mit.initiate(flags, b"channel", b"");
    assert!(leg.flags.contains(Flags::DELEG), "{:?}", leg.flags);
    let (ours, step) = accept(&mechanism, None, b"channel", &leg.token).unwrap();
    assert!(step.flags.contains(WANTED | Flags::CHANNEL_BOUND) && !step.flags.contains(Flags::DELEG));
    assert!(step.delegated.is_none());
    assert!(mit.initiate(flags, b"channel", &step.token).complete);
    exchange(&mechanism, ours, &mut mit);

    // Channel bindings of another channel, of none, and none from who is aware of them.
    let config = kdc.config_with("client_aware_channel_bindings = true");
    let mut aware = Mit::start(&config, "KRB5CCNAME", &kdc.login(&config, "alice@HOME.TEST"));
    for (is_aware, theirs, ours, outcome) in [
        (false, &b"other"[..], &b"channel"[..], Err(Major::BAD_BINDINGS)),
        (false, b"", b"channel", Ok(Flags::NONE)),
        (false, b"channel", b"", Ok(Flags::NONE)),
        (true, b"channel", b"channel", Ok(Flags::CHANNEL_BOUND)),
        (true, b"", b"channel", Err(Major::BAD_BINDINGS)),
    ] {
        let mit = if is_aware { &mut aware } else { &mut mit };
        mit.reset();
        let leg = mit.initiate(WANTED, theirs, b"");
        let accepted = accept(&mechanism, None, ours, &leg.token);
        match accepted {
            Ok((_, step)) => assert_eq!(Ok(step.flags & Flags::CHANNEL_BOUND), outcome),
            Err(error) => {
                assert_eq!(Err(error.major), outcome);
                let told = mit.initiate(WANTED, theirs, &error.token);
                assert_eq!((told.major, told.minor), (Major::FAILURE.0, kerberos(60)));
            }
        }
    }

    // One leg.
    mit.reset();
    let leg = mit.initiate(Flags::REPLAY | Flags::SEQUENCE, b"", b"");
    assert!(leg.complete);
    let (ours, step) = accept(&mechanism, None, b"", &leg.token).unwrap();
    assert!(step.complete && step.token.is_empty() && !step.flags.contains(Flags::MUTUAL));
    same_keys(&ours, &mut mit);
    exchange(&mechanism, ours, &mut mit);

    // Three legs without frames; our side is moved while it waits for the third.
    mit.reset();
    let dce = WANTED | Flags::DCE_STYLE;
    let leg = mit.initiate(dce, b"", b"");
    assert_eq!(leg.token[0], 0x6e);
    let (ours, step) = accept(&mechanism, None, b"", &leg.token).unwrap();
    assert!(!step.complete && step.token[0] == 0x6f);
    let leg = mit.initiate(dce, b"", &step.token);
    assert!(leg.complete, "{leg:?}");
    let (ours, step) = accept(&mechanism, Some(moved(&mechanism, &ours)), b"", &leg.token).unwrap();
    assert!(step.complete && step.source.is_some());
    same_keys(&ours, &mut mit);
}

#[test]
fn a_refusal_of_ours_is_understood_by_mit() {
    let kdc = Kdc::start();
    let strange = Shared::new();
    let mechanism = open(&strange.options(""));
    let config = kdc.config_with("");
    let mut mit = Mit::start(&config, "KRB5CCNAME", &kdc.login(&config, "alice@HOME.TEST"));
    let leg = mit.initiate(WANTED, b"", b"");
    let refused = accept(&mechanism, None, b"", &leg.token).unwrap_err();
    assert_eq!((refused.major, refused.minor), (Major::BAD_MIC, kerberos(31)));
    let told = mit.initiate(WANTED, b"", &refused.token);
    assert_eq!((told.major, told.minor), (Major::FAILURE.0, kerberos(31)));
}

#[test]
fn heimdal_accepts_our_initiator_with_every_encryption_type() {
    let shared = Shared::new();
    for enctype in Enctype::ALL {
        let mechanism = open(&shared.options(&format!("principal=alice@HOME.TEST enctypes={}", enctype.number())));
        let (config, keytab) = (shared.path("krb5.conf"), shared.path("keytab"));
        let mut heimdal = Mit::start_library(Library::Heimdal, &config, "KRB5_KTNAME", &keytab);
        let (ours, step) = initiate(&mechanism, None, WANTED, b"channel", b"").unwrap();
        let leg = heimdal.accept(b"channel", &step.token);
        assert!(leg.complete, "{enctype}: {leg:?}");
        assert_eq!(leg.name, "alice@HOME.TEST");
        let (ours, step) = initiate(&mechanism, Some(ours), WANTED, b"", &leg.token).unwrap();
        assert!(step.complete);
        exchange(&mechanism, ours, &mut heimdal);
    }
}

#[test]
fn we_accept_heimdal_with_a_ticket_from_mits_kdc() {
    let kdc = Kdc::start();
    let mechanism = open(&format!("keytab={} replay-cache={}", kdc.keytab().display(), kdc.folder().display()));
    for enctype in Enctype::ALL {
        let config = kdc.config(enctype.name());
        let cache = kdc.login(&config, "alice@HOME.TEST");
        let config = kdc.config_with(&format!("default_etypes = {}", enctype.name()));
        let mut heimdal = Mit::start_library(Library::Heimdal, &config, "KRB5CCNAME", &cache);
        // One leg without sequence detection: where the acceptor's numbers begin is then written nowhere. We follow MIT;
        // Heimdal takes the first one for a gap.
        for flags in [WANTED, WANTED | Flags::DELEG, Flags::CONF] {
            let leg = heimdal.initiate(flags, b"channel", b"");
            let (ours, step) = accept(&mechanism, None, b"channel", &leg.token)
                .unwrap_or_else(|error| panic!("{enctype}, {flags:?}: {leg:?} {error}"));
            assert!(step.complete && step.flags.contains(Flags::CHANNEL_BOUND));
            assert_eq!(shown(&step.source.unwrap()), "alice@HOME.TEST");
            if flags.contains(Flags::MUTUAL) {
                assert!(heimdal.initiate(flags, b"channel", &step.token).complete);
            }
            exchange(&mechanism, ours, &mut heimdal);
            heimdal.reset();
        }
    }
}
