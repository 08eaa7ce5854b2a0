//! What MIT's acceptor makes of an authenticator without the checksum of RFC 4121, and ours makes of the same token.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "the tests' own helpers")]
#![allow(dead_code, reason = "the other side is shared with other tests")]

mod mit_peer;

use gss_mech_krb5_sim::crypto::{Enctype, Key};
use gss_mech_krb5_sim::keytab::{self, KeytabEntry, KeytabError};
use gss_mech_krb5_sim::messages::{
    ApOptions, ApReq, Authenticator, Checksum, EncTicketPart, EncryptedData, EncryptionKey, Ticket, TicketFlags,
    Timestamp, TransitedEncoding,
};
use gss_mech_krb5_sim::oids;
use gss_mech_krb5_sim::principal::Principal;
use gss_mech_krb5_sim::token::{ContextToken, TokenId};
use gss_plugin::Flags;
use mit_peer::{Mit, accept, open};
use std::time::SystemTime;

const ENCTYPE: Enctype = Enctype::Aes256Sha1;
/// Key usages (RFC 4120 section 7.5.1).
const TICKET: u32 = 2;
const CHECKSUM: u32 = 10;
const AUTHENTICATOR: u32 = 11;

fn principal(text: &str) -> Principal {
    Principal::parse(text.as_bytes(), None).unwrap()
}

/// A token of `alice@HOME.TEST` for the service with this key. The authenticator has a plain checksum over nothing, or
/// none.
fn token(service: &Key, options: ApOptions, plain: bool) -> Vec<u8> {
    let session = Key::random(ENCTYPE).unwrap();
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    let sealed = |key: &Key, usage, part: &[u8]| EncryptedData {
        etype: ENCTYPE.number(),
        kvno: None,
        cipher: key.encrypt(usage, part).unwrap(),
    };
    let ticket = EncTicketPart {
        flags: TicketFlags::INITIAL,
        key: EncryptionKey::new(ENCTYPE.number(), session.bytes()),
        client: principal("alice@HOME.TEST"),
        transited: TransitedEncoding::none(),
        authtime: now,
        starttime: None,
        endtime: now + 600,
        renew_till: None,
        caddr: None,
        authorization_data: None,
    };
    let checksum = session.checksum_key(CHECKSUM).unwrap().sign([&b""[..]]).to_vec();
    let authenticator = Authenticator {
        client: ticket.client.clone(),
        cksum: plain.then_some(Checksum { cksumtype: ENCTYPE.checksum_type(), checksum }),
        time: Timestamp { seconds: now, micros: 1 },
        subkey: None,
        seq_number: Some(7),
        authorization_data: None,
    };
    let ticket = sealed(service, TICKET, &ticket.encode().unwrap());
    let request = ApReq {
        options,
        ticket: Ticket { service: principal("host/server.test@HOME.TEST"), enc_part: ticket },
        authenticator: sealed(&session, AUTHENTICATOR, &authenticator.encode().unwrap()),
    };
    let message = request.encode().unwrap();
    ContextToken { oid: Some(oids::KERBEROS.as_bytes()), id: TokenId::ApReq, message: &message }.to_bytes()
}

#[test]
fn an_authenticator_without_flags_gives_the_flags_that_it_gives_with_mit() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let service = Key::random(ENCTYPE).unwrap();
    keytab::update(&path("keytab"), |keytab| {
        let key = EncryptionKey::new(ENCTYPE.number(), service.bytes());
        keytab.add(KeytabEntry { principal: principal("host/server.test@HOME.TEST"), timestamp: 0, kvno: 1, key })?;
        Ok::<_, KeytabError>(())
    })
    .unwrap();
    std::fs::write(path("krb5.conf"), "[libdefaults]\n default_realm = HOME.TEST\n").unwrap();
    let mechanism = open(&format!("keytab={} replay-cache=off", path("keytab").display()));
    let mut mit = Mit::start(&path("krb5.conf"), "KRB5_KTNAME", &path("keytab"));

    for plain in [false, true] {
        for options in [ApOptions::default(), ApOptions::MUTUAL_REQUIRED] {
            let token = token(&service, options, plain);
            let theirs = mit.accept(b"", &token);
            let (_, ours) = accept(&mechanism, None, b"", &token).unwrap();
            assert!(theirs.complete && ours.complete, "plain {plain}, {options:?}: {theirs:?}");
            // That a context can be moved is the switch's to say; MIT forgets that one without flags protects messages.
            let said = |flags: Flags| flags & !(Flags::TRANS | Flags::PROT_READY);
            assert_eq!(said(ours.flags), said(theirs.flags), "plain {plain}, {options:?}");
            assert_eq!(ours.token.is_empty(), theirs.token.is_empty(), "plain {plain}, {options:?}");
            mit.reset();
        }
    }
}
