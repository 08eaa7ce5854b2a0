//! The parsers of the dummy mechanism: its tokens, states, credentials and names.
//!
//! What it reads ends in a checksum that anyone can compute; the targets add it, to get behind it.

use crate::harness::{Choices, Target, bounded};
use gss_mech_dummy::{Dummy, DummyContext, DummyName, oids};
use gss_plugin::{
    AcceptorLeg, Credential, Flags, InitiatorLeg, Lifetime, Line, Mechanism, Name, Oid, Output, SecurityContext, Step,
    name_type,
};
use std::sync::LazyLock;

#[allow(dead_code, reason = "a part of it is used here")]
#[path = "../../gss-mech-dummy/src/checksum.rs"]
mod checksum;

/// The targets of this file.
pub const TARGETS: &[Target] = &[
    ("dummy_handshake", handshake),
    ("dummy_message", message),
    ("dummy_state", state),
    ("dummy_credential", credential),
    ("dummy_name", name),
];

static OID: Oid = oids::MECHANISM;

/// A mechanism whose handshakes have three legs.
static MECHANISM: LazyLock<Dummy> = LazyLock::new(|| {
    let line = Line { name: "dummy", oid: &OID, aliases: &[], options: "legs=3", place: "fuzz:1" };
    Dummy::open(&line).unwrap()
});

/// The serialized contexts of one handshake.
struct States {
    waiting_initiator: Vec<u8>,
    waiting_acceptor: Vec<u8>,
    initiator: Vec<u8>,
    acceptor: Vec<u8>,
    session: Vec<u8>,
}

static STATES: LazyLock<States> = LazyLock::new(|| {
    let (mut initiator, first) = initiate(b"").unwrap();
    let waiting_initiator = serialized(&initiator);
    let (mut acceptor, second) = accept(&first.token).unwrap();
    let waiting_acceptor = serialized(&acceptor);
    let third = initiator.initiate_leg(initiator_leg(&target(), &second.token)).unwrap();
    acceptor.accept_leg(acceptor_leg(&third.token)).unwrap();
    let session = initiator.inquire_by_oid(&oids::CONTEXT_SESSION).unwrap().remove(0);
    let (initiator, acceptor) = (serialized(&initiator), serialized(&acceptor));
    States { waiting_initiator, waiting_acceptor, initiator, acceptor, session }
});

/// Tokens of the handshake, on each side and at each leg.
pub fn handshake(data: &[u8]) {
    let mut choices = Choices(data);
    let (kind, states) = (choices.byte() % 4, &*STATES);
    let begin = choices.take(2);
    let rest = choices.0;
    let outcome = match kind {
        0 => bounded(data, 8, || accept(data.get(1..).unwrap_or_default())),
        1 => {
            let token = framed(&sealed(&[begin, rest].concat()));
            bounded(&token, 8, || accept(&token))
        }
        // The leg's number and that of legs, then the session.
        _ => {
            let token = sealed(&[begin, &states.session, rest].concat());
            let state = if kind == 2 { &states.waiting_initiator } else { &states.waiting_acceptor };
            let mut context = imported(state);
            let step = bounded(&token, 8, || match kind {
                2 => context.initiate_leg(initiator_leg(&target(), &token)),
                _ => context.accept_leg(acceptor_leg(&token)),
            });
            if step.is_err() {
                assert_eq!(serialized(&context), *state, "a refused token changes nothing");
            }
            step.map(|step| (context, step))
        }
    };
    if let Ok((context, step)) = outcome {
        assert!(!step.flags.contains(Flags::CONF));
        let state = serialized(&context);
        assert_eq!(serialized(&imported(&state)), state);
    }
}

/// Messages: any bytes, and valid tokens that were altered.
pub fn message(data: &[u8]) {
    let mut choices = Choices(data);
    let kind = choices.byte() % 3;
    let receiver = imported(&STATES.acceptor);
    if kind == 0 {
        let _ = bounded(data, 4, || opened(&receiver, choices.0));
        let _ = bounded(data, 4, || receiver.verify_mic(b"message", choices.0));
        let _ = bounded(data, 4, || imported(&STATES.acceptor).process_token(choices.0));
        return;
    }
    let mut edits = Choices(choices.take(29));
    let (sender, text) = (imported(&STATES.initiator), choices.0);
    let mut token = written(|out| match kind {
        1 => sender.wrap(false, 0, text, out).map(|_| ()),
        _ => sender.get_mic(0, text, out),
    })
    .unwrap();
    let original = token.clone();
    edits.alter(&mut token);
    let accepted = match kind {
        1 => opened(&receiver, &token).inspect(|message| assert_eq!(message, text)).is_ok(),
        _ => receiver.verify_mic(text, &token).is_ok(),
    };
    assert_eq!(accepted, token == original);
}

/// Serialized contexts.
pub fn state(data: &[u8]) {
    for state in [data.to_vec(), sealed(data)] {
        if let Ok(context) = bounded(&state, 8, || MECHANISM.import_context(&state)) {
            assert_eq!(serialized(&context), state);
        }
    }
}

/// Exported credentials.
pub fn credential(data: &[u8]) {
    for token in [data.to_vec(), sealed(data)] {
        if let Ok(credential) = bounded(&token, 8, || MECHANISM.import_credential(&token)) {
            assert_eq!(written(|out| credential.export(out)).unwrap(), token);
        }
    }
}

/// Names of each type, and exported ones.
pub fn name(data: &[u8]) {
    let mut choices = Choices(data);
    let types = &MECHANISM.describe().name_types;
    let kind = usize::from(choices.byte()) % (types.len() + 3);
    let text = choices.0;
    // An attribute or a value of some bytes is kept in a vector of its own.
    let name = bounded(text, 64, || match kind.checked_sub(types.len()) {
        None => MECHANISM.import_name(text, Some(&types[kind])),
        Some(0) => MECHANISM.import_name(text, None),
        Some(which) => MECHANISM.import_exported_name(text, which == 1),
    });
    if let Ok(name) = name {
        let canonical = MECHANISM.canonicalize_name(&name).unwrap();
        let exported = MECHANISM.import_exported_name(&name.export().unwrap(), false).unwrap();
        assert_eq!(exported.export().unwrap(), name.export().unwrap());
        assert_eq!(exported.compare(&canonical).unwrap(), name.display().unwrap().1 != name_type::ANONYMOUS);
        let composite = MECHANISM.import_exported_name(&name.export_composite().unwrap(), true).unwrap();
        assert_eq!(composite, canonical);
    }
}

fn target() -> DummyName {
    MECHANISM.import_name(b"service@host.example", Some(&name_type::HOSTBASED_SERVICE)).unwrap()
}

fn initiator_leg<'a>(target: &'a DummyName, input: &'a [u8]) -> InitiatorLeg<'a, Dummy> {
    let (flags, lifetime) = (Flags::MUTUAL | Flags::REPLAY | Flags::SEQUENCE, Lifetime::DEFAULT);
    InitiatorLeg { credential: None, target, mechanism: &OID, flags, lifetime, bindings: None, input }
}

fn acceptor_leg(input: &[u8]) -> AcceptorLeg<'_, Dummy> {
    AcceptorLeg { credential: None, bindings: None, input }
}

fn initiate(input: &[u8]) -> gss_plugin::Result<(DummyContext, Step<Dummy>)> {
    MECHANISM.initiate(initiator_leg(&target(), input))
}

fn accept(input: &[u8]) -> gss_plugin::Result<(DummyContext, Step<Dummy>)> {
    MECHANISM.accept(acceptor_leg(input))
}

fn imported(state: &[u8]) -> DummyContext {
    MECHANISM.import_context(state).unwrap()
}

fn serialized(context: &DummyContext) -> Vec<u8> {
    written(|out| context.serialize(out)).unwrap()
}

fn opened(context: &DummyContext, token: &[u8]) -> gss_plugin::Result<Vec<u8>> {
    written(|out| context.unwrap(token, out).map(|_| ()))
}

/// The bytes that a call writes.
fn written(call: impl FnOnce(&mut Output<'_>) -> gss_plugin::Result<()>) -> gss_plugin::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    call(&mut Output::over(&mut bytes))?;
    Ok(bytes)
}

/// The bytes with their checksum.
fn sealed(bytes: &[u8]) -> Vec<u8> {
    [bytes, &checksum::Checksum::of(bytes).to_be_bytes()].concat()
}

/// The bytes in the frame of an initial token.
fn framed(body: &[u8]) -> Vec<u8> {
    let oid = OID.as_bytes();
    let inner = [&[6, u8::try_from(oid.len()).unwrap()], oid, body].concat();
    let length = inner.len().to_be_bytes();
    match inner.len() {
        short @ 0..128 => [&[0x60, u8::try_from(short).unwrap()], &inner[..]].concat(),
        128..256 => [&[0x60, 0x81], &length[7..], &inner].concat(),
        _ => [&[0x60, 0x84], &length[4..], &inner].concat(),
    }
}

/// Inputs to begin with, for each target.
pub fn seeds() -> Vec<(&'static str, Vec<u8>)> {
    let unsealed = |bytes: &[u8]| bytes[..bytes.len() - 8].to_vec();
    let states = &*STATES;
    let (_, first) = initiate(b"").unwrap();
    let (_, second) = accept(&first.token).unwrap();
    // Without frame (2 + 2 + OID) and seal.
    let hello = unsealed(&first.token[3 + 2 + OID.as_bytes().len()..]);
    let mut seeds = vec![
        ("dummy_handshake", [&[0], &first.token[..]].concat()),
        ("dummy_handshake", [&[1], &hello[..]].concat()),
        ("dummy_handshake", [&[2, 2, 3], &unsealed(&second.token)[18..]].concat()),
        ("dummy_handshake", vec![2, 0, 3, 0, 13, 0, 0, 0, 0, 0, 7]),
        ("dummy_handshake", vec![3, 3, 3]),
        ("dummy_message", b"\0DW\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0text".to_vec()),
        ("dummy_message", [&[1, 1, 3, 0, 20, 1][..], &[0; 24], b"a message"].concat()),
        ("dummy_message", [&[2, 0][..], &[0; 28], b"a message"].concat()),
    ];
    for state in [&states.waiting_initiator, &states.waiting_acceptor, &states.initiator, &states.acceptor] {
        seeds.push(("dummy_state", state.clone()));
        seeds.push(("dummy_state", unsealed(state)));
    }
    let acquire = gss_plugin::AcquireRequest::<Dummy> {
        name: Some(&target()),
        lifetime: Lifetime(60),
        usage: gss_plugin::CredentialUsage::Both,
        password: None,
        store: &[],
        impersonator: None,
    };
    let credential = MECHANISM.acquire_credential(&acquire).unwrap();
    let token = written(|out| credential.export(out)).unwrap();
    seeds.push(("dummy_credential", token.clone()));
    seeds.push(("dummy_credential", unsealed(&token)));
    let mut name = target();
    name.set_attribute(true, b"urn:x", b"one").unwrap();
    name.set_attribute(true, b"urn:x", b"two").unwrap();
    for (kind, text) in [
        (0, &b"alice"[..]),
        (1, b"service@Host.example"),
        (3, b"0042"),
        (4, &[1, 2, 3, 4]),
        (5, b""),
        (8, &name.export().unwrap()),
        (7, &name.export_composite().unwrap()),
    ] {
        seeds.push(("dummy_name", [&[kind], text].concat()));
    }
    seeds
}
