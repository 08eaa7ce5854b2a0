//! What parses by itself: keytabs, messages, frames, states, names, options.

use super::{entry, handshake, line, mechanism, serialized, written};
use crate::harness::{Choices, bounded};
use gss_mech_krb5_sim::Krb5Sim;
use gss_mech_krb5_sim::crypto::Enctype;
use gss_mech_krb5_sim::keytab::Keytab;
use gss_mech_krb5_sim::messages::{
    ApRep, ApReq, Authenticator, AuthorizationData, AuthorizationElement, EncApRepPart, EncTicketPart, EncryptedData,
    KrbCred, KrbError, MessageError, Ticket,
};
use gss_mech_krb5_sim::principal::{MAX_BYTES, Principal};
use gss_mech_krb5_sim::token::{ContextToken, GssChecksum};
use gss_plugin::{AcquireRequest, Credential, CredentialUsage, Lifetime, Mechanism, Name};

/// A keytab file.
pub fn keytab(data: &[u8]) {
    // The smallest entry has 27 bytes.
    let Ok(keytab) = bounded(data, 16, || Keytab::parse(data)) else { return };
    let bytes = keytab.to_bytes().unwrap();
    assert_eq!(Keytab::parse(&bytes).unwrap(), keytab);
    for entry in keytab.entries() {
        assert!(keytab.newest(&entry.principal, &[entry.key.etype()]).is_some());
        assert!(keytab.candidates(Some(&entry.principal), Some(entry.kvno), entry.key.etype()).contains(&entry));
        assert!(keytab.realms_of(entry.principal.name()).contains(&entry.principal.realm()));
    }
}

/// Each message and each encrypted part, as the first byte says.
pub fn messages(data: &[u8]) {
    let mut choices = Choices(data);
    let kind = choices.byte() % 10;
    let bytes = choices.0;
    match kind {
        0 => again(bytes, ApReq::decode, ApReq::encode),
        1 => again(bytes, ApRep::decode, ApRep::encode),
        2 => again(bytes, KrbError::decode, KrbError::encode),
        3 => again(bytes, Ticket::decode, Ticket::encode),
        4 => again(bytes, KrbCred::decode, KrbCred::encode),
        5 => again(bytes, EncryptedData::decode, EncryptedData::encode),
        6 => {
            again(bytes, AuthorizationData::decode, AuthorizationData::encode);
            if let Ok(data) = AuthorizationData::decode(bytes)
                && let Ok(flat) = bounded(bytes, 32, || data.flatten())
            {
                for element in flat {
                    let _ = element.element.as_etype_negotiation();
                    let _ = element.element.supports_channel_bindings();
                }
            }
        }
        7 => again(bytes, EncTicketPart::decode, |part| part.encode().map(|bytes| bytes.to_vec())),
        8 => again(bytes, Authenticator::decode, |part| part.encode().map(|bytes| bytes.to_vec())),
        _ => again(bytes, EncApRepPart::decode, |part| part.encode().map(|bytes| bytes.to_vec())),
    }
}

/// What is read is written in one form, which says the same. It is the form that was read, unless something was left
/// out or spelt otherwise that must be put up with: fields of a later time, more than 32 flags, negative numbers.
fn again<T: PartialEq + std::fmt::Debug>(
    bytes: &[u8],
    decode: impl Fn(&[u8]) -> Result<T, MessageError>,
    encode: impl Fn(&T) -> Result<Vec<u8>, MessageError>,
) {
    let Ok(message) = bounded(bytes, 32, || decode(bytes)) else { return };
    let first = encode(&message).unwrap();
    let same = decode(&first).unwrap();
    assert_eq!(same, message);
    assert_eq!(encode(&same).unwrap(), first);
}

/// The frame of a context token.
pub fn token(data: &[u8]) {
    if let Ok(token) = bounded(data, 0, || ContextToken::parse(data)) {
        assert_eq!(token.to_bytes(), data);
    }
}

/// The checksum of type 0x8003.
pub fn checksum(data: &[u8]) {
    if let Ok(checksum) = bounded(data, 1, || GssChecksum::parse(data)) {
        let bytes = checksum.to_bytes().unwrap();
        // Behind it there may be extensions.
        assert_eq!(bytes, data[..bytes.len()]);
    }
}

/// A serialized context.
pub fn state(data: &[u8]) {
    if let Ok(context) = bounded(data, 16, || mechanism().import_context(data)) {
        assert_eq!(serialized(&context), data);
    }
}

/// An exported credential. The path of the configured keytab may have been spelt in another way (`//`, `/` at the end).
pub fn credential(data: &[u8]) {
    if let Ok(credential) = bounded(data, 16, || mechanism().import_credential(data)) {
        let first = written(|out| credential.export(out)).unwrap();
        assert!(first.len() <= data.len());
        let same = mechanism().import_credential(&first).unwrap();
        assert_eq!(written(|out| same.export(out)).unwrap(), first);
    }
}

/// Principals, and names of each type.
pub fn name(data: &[u8]) {
    if let Ok(principal) = bounded(data, 32, || Principal::parse(data, None)) {
        assert_eq!(Principal::parse(&principal.to_bytes(), None).unwrap(), principal);
    }
    let mut choices = Choices(data);
    let types = &mechanism().describe().name_types;
    let kind = usize::from(choices.byte()) % (types.len() + 2);
    let text = choices.0;
    // Names of uids are looked up in /etc/passwd.
    let name = match kind.checked_sub(types.len()) {
        None => mechanism().import_name(text, Some(&types[kind])),
        Some(0) => mechanism().import_name(text, None),
        Some(_) => mechanism().import_exported_name(text, false),
    };
    if let Ok(name) = name {
        let exported = name.export().unwrap();
        assert!(exported.len() <= 2 * MAX_BYTES + 64);
        let again = mechanism().import_exported_name(&exported, false).unwrap();
        assert!(name.compare(&again).unwrap());
        assert_eq!(again.export().unwrap(), exported);
        let _ = (name.display().unwrap(), name.local_name());
    }
}

/// The options of a line.
pub fn options(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Err(error) = bounded(data, 64, || Krb5Sim::open(&line(text))) {
        assert!(error.text.contains("fuzz:1"), "{}", error.text);
    }
}

pub(super) fn seeds() -> Vec<(&'static str, Vec<u8>)> {
    let mut keytab = Keytab::default();
    Enctype::ALL.into_iter().for_each(|enctype| keytab.add(entry(enctype)).unwrap());
    let mut seeds = vec![
        ("krb5_keytab", keytab.to_bytes().unwrap().to_vec()),
        // With a hole, and an entry without the long key version.
        (
            "krb5_keytab",
            b"\x05\x02\xff\xff\xff\xfe\0\0\0\0\0\x1e\0\x01\0\x01R\0\x01a\0\0\0\x01\0\0\0\0\x02\0\x11\0\x04abcd\0\0\0\0\0\0\0"
                .to_vec(),
        ),
        ("krb5_checksum", GssChecksum { bindings: Some([7; 16]), flags: 0x3e, delegation: None }.to_bytes().unwrap()),
        (
            "krb5_checksum",
            GssChecksum { bindings: None, flags: 2, delegation: Some(vec![1; 9]) }.to_bytes().unwrap(),
        ),
        ("krb5_options", b"realm=R,keytab=/x/keytab,principal=a/b@R enctypes=aes256-cts:17 clockskew=300".to_vec()),
        ("krb5_options", b"ticket-lifetime=36000 replay-cache=off keytab=FILE:/x\treplay-cache=/var/tmp".to_vec()),
    ];
    for (kind, text) in [
        (0, &b"alice"[..]),
        (1, b"host@Server.example"),
        (3, b"\0\0\0\0"),
        (4, b"0"),
        (6, b"a@b"),
        (5, b"a\\/b/c@R\\n"),
    ] {
        seeds.push(("krb5_name", [&[kind], text].concat()));
    }
    for (kind, message) in handshake::samples() {
        seeds.push(("krb5_messages", [&[kind], &message[..]].concat()));
    }
    let nested = AuthorizationData::if_relevant(vec![AuthorizationElement::channel_bindings_supported()]).unwrap();
    let offered = AuthorizationElement::etype_negotiation(&[20, 18]).unwrap();
    let data = AuthorizationData([nested.0, vec![offered]].concat());
    seeds.push(("krb5_messages", [&[6], &data.encode().unwrap()[..]].concat()));
    for (token, state) in handshake::tokens() {
        seeds.push(("krb5_token", token));
        seeds.push(("krb5_state", state));
    }
    let name = mechanism().import_name(b"alice@R", None).unwrap();
    for (name, usage) in [(None, CredentialUsage::Accept), (Some(&name), CredentialUsage::Initiate)] {
        let request = AcquireRequest {
            name,
            lifetime: Lifetime(60),
            usage,
            password: None,
            store: &[("client_keytab", "/nowhere/keytab")][..usize::from(name.is_none())],
            impersonator: None,
        };
        let credential = mechanism().acquire_credential(&request).unwrap();
        seeds.push(("krb5_credential", written(|out| credential.export(out)).unwrap()));
    }
    seeds
}
