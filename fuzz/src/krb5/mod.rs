//! The parsers of krb5-sim: keytabs, Kerberos messages, tokens of the handshake and of messages, states, names, options.

pub mod handshake;
pub mod parsers;
pub mod permessage;
pub mod replay;

use crate::harness::Target;
use gss_mech_krb5_sim::crypto::{Enctype, Key};
use gss_mech_krb5_sim::keytab::{self, KeytabEntry, KeytabError};
use gss_mech_krb5_sim::messages::EncryptionKey;
use gss_mech_krb5_sim::principal::Principal;
use gss_mech_krb5_sim::{Krb5Context, Krb5Sim, oids};
use gss_plugin::{Line, Mechanism, Oid, Output, SecurityContext};
use std::path::Path;
use std::sync::LazyLock;

/// The targets of this folder.
pub const TARGETS: &[Target] = &[
    ("krb5_keytab", parsers::keytab),
    ("krb5_messages", parsers::messages),
    ("krb5_token", parsers::token),
    ("krb5_checksum", parsers::checksum),
    ("krb5_state", parsers::state),
    ("krb5_credential", parsers::credential),
    ("krb5_name", parsers::name),
    ("krb5_options", parsers::options),
    ("krb5_acceptor", handshake::acceptor),
    ("krb5_acceptor_inside", handshake::acceptor_inside),
    ("krb5_initiator", handshake::initiator),
    ("krb5_third_leg", handshake::third_leg),
    ("krb5_replay_cache", replay::replay_cache),
    ("krb5_wrap", permessage::any_token),
    ("krb5_wrap_altered", permessage::altered_token),
    ("krb5_wrap_iov", permessage::pieces),
];

/// Inputs to begin with, for each target.
pub fn seeds() -> Vec<(&'static str, Vec<u8>)> {
    [parsers::seeds(), handshake::seeds(), permessage::seeds(), replay::seeds()].concat()
}

static OID: Oid = oids::MECHANISM;

const SERVICE: &str = "host/server.example@R";
const KVNO: u32 = 3;

/// The mechanism with a keytab of known keys.
struct Site {
    mechanism: Krb5Sim,
    folder: tempfile::TempDir,
}

impl Site {
    fn new(options: impl FnOnce(&Path) -> String) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keytab");
        keytab::update::<_, KeytabError>(&path, |keytab| {
            Enctype::ALL.into_iter().try_for_each(|enctype| keytab.add(entry(enctype)))
        })
        .unwrap();
        let own = options(folder.path());
        let options = format!("keytab={} realm=R principal=alice {own}", path.display());
        Self { mechanism: Krb5Sim::open(&line(&options)).unwrap(), folder }
    }
}

static SITE: LazyLock<Site> = LazyLock::new(|| Site::new(|_| "replay-cache=off".to_owned()));

fn mechanism() -> &'static Krb5Sim {
    &SITE.mechanism
}

fn line(options: &str) -> Line<'_> {
    Line { name: "krb5-sim", oid: &OID, aliases: &[], options, place: "fuzz:1" }
}

fn entry(enctype: Enctype) -> KeytabEntry {
    KeytabEntry {
        principal: principal(SERVICE),
        timestamp: 0,
        kvno: KVNO,
        key: EncryptionKey::new(enctype.number(), service_key(enctype).bytes()),
    }
}

fn principal(text: &str) -> Principal {
    Principal::parse(text.as_bytes(), None).unwrap()
}

fn service_key(enctype: Enctype) -> Key {
    key(enctype, 1)
}

fn key(enctype: Enctype, number: u8) -> Key {
    Key::new(enctype, &vec![number; enctype.key_len()]).unwrap()
}

fn enctype(choice: u8) -> Enctype {
    Enctype::ALL[usize::from(choice % 4)]
}

fn imported(state: &[u8]) -> Krb5Context {
    mechanism().import_context(state).unwrap()
}

fn serialized(context: &Krb5Context) -> Vec<u8> {
    written(|out| context.serialize(out)).unwrap()
}

/// The bytes that a call writes. One that fails writes none.
fn written<T, E>(call: impl FnOnce(&mut Output<'_>) -> Result<T, E>) -> Result<Vec<u8>, E> {
    let mut bytes = Vec::new();
    let outcome = call(&mut Output::over(&mut bytes));
    assert!(outcome.is_ok() || bytes.is_empty(), "a failure leaves the output as it was");
    outcome.map(|_| bytes)
}

/// The bytes with every occurrence of `from` replaced by `to`, of the same length.
fn replaced(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    assert_eq!(from.len(), to.len());
    let mut bytes = bytes.to_vec();
    let mut at = 0;
    while let Some(next) = bytes.get(at..at + from.len()) {
        if next == from {
            bytes[at..at + from.len()].copy_from_slice(to);
            at += from.len();
        } else {
            at += 1;
        }
    }
    bytes
}
