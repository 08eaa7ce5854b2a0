//! The handshake: whole tokens of any bytes, and tokens whose encrypted parts are the input, encrypted as their sender
//! would, so that the fuzzer gets behind the decryption.
//!
//! What is different in each handshake stands in the inputs as a placeholder of the same length.

use super::{
    KVNO, OID, SERVICE, enctype, imported, key, mechanism, principal, replaced, serialized, service_key, written,
};
use crate::harness::{Choices, bounded};
use gss_mech_krb5_sim::crypto::{Enctype, Key};
use gss_mech_krb5_sim::messages::{
    ApOptions, ApRep, ApReq, Authenticator, AuthorizationData, AuthorizationElement, Checksum, EncApRepPart,
    EncTicketPart, EncryptedData, EncryptionKey, KrbCred, KrbError, Ticket, TicketFlags, Timestamp, TransitedEncoding,
};
use gss_mech_krb5_sim::principal::Principal;
use gss_mech_krb5_sim::token::{ContextToken, GSS_CHECKSUM_TYPE, GssChecksum, TokenId, hash_channel_bindings};
use gss_mech_krb5_sim::{Krb5Context, Krb5Name, Krb5Sim};
use gss_plugin::{
    AcceptorLeg, ChannelBindings, Flags, InitiatorLeg, Lifetime, Mechanism, Name, SecurityContext, Step, Want,
    name_type,
};
use std::sync::LazyLock;

/// Key usages (RFC 4120 section 7.5.1).
const TICKET_USAGE: u32 = 2;
const AUTHENTICATOR_USAGE: u32 = 11;
const REPLY_USAGE: u32 = 12;

/// The default of `clockskew`, in seconds.
const SKEW: u64 = 300;

/// Stands for now: the 9th of September 2009.
const NOW: u64 = 1_252_487_349;
/// Stands for an hour later.
const LATER: u64 = NOW + 3600;
/// Stands for the microseconds of the authenticator.
const MICROS: u32 = 987_654;
/// Stands for the acceptor's first sequence number.
const NUMBER: u32 = 0x1122_3344;

const BINDINGS: ChannelBindings<'_> = ChannelBindings {
    initiator_address_type: 0,
    initiator_address: b"",
    acceptor_address_type: 0,
    acceptor_address: b"",
    application_data: b"binding",
};

/// A time as DER has it.
fn der_time(seconds: u64) -> Vec<u8> {
    let part = EncApRepPart { time: Timestamp { seconds, micros: 0 }, subkey: None, seq_number: None };
    let part = part.encode().unwrap();
    let at = part.windows(2).position(|window| window == [0x18, 15]).unwrap();
    part[at..at + 17].to_vec()
}

fn der_integer(value: u32) -> Vec<u8> {
    let bytes = value.to_be_bytes();
    let digits = &bytes[value.leading_zeros() as usize / 8..];
    [&[2, u8::try_from(digits.len()).unwrap()], digits].concat()
}

/// The bytes with the placeholders of times replaced by those of this moment.
fn dated(bytes: &[u8]) -> Vec<u8> {
    let now = gss_plugin::now();
    let bytes = replaced(bytes, &der_time(NOW), &der_time(now));
    replaced(&bytes, &der_time(LATER), &der_time(now + 3600))
}

fn accept(input: &[u8], bindings: Option<ChannelBindings<'_>>) -> gss_plugin::Result<(Krb5Context, Step<Krb5Sim>)> {
    mechanism().accept(AcceptorLeg { credential: None, bindings, input })
}

fn target() -> Krb5Name {
    mechanism().import_name(b"host@server.example", Some(&name_type::HOSTBASED_SERVICE)).unwrap()
}

fn initiator_leg<'a>(target: &'a Krb5Name, flags: Flags, input: &'a [u8]) -> InitiatorLeg<'a, Krb5Sim> {
    let lifetime = Lifetime::DEFAULT;
    InitiatorLeg { credential: None, target, mechanism: &OID, flags, lifetime, bindings: None, input }
}

fn initiate(flags: Flags) -> (Krb5Context, Vec<u8>) {
    let (context, step) = mechanism().initiate(initiator_leg(&target(), flags, b"")).unwrap();
    (context, step.token)
}

/// What holds of every context, whatever led to it.
fn check(context: &Krb5Context, step: &Step<Krb5Sim>) {
    let state = serialized(context);
    assert_eq!(serialized(&imported(&state)), state);
    let info = context.inquire(Want::ALL).unwrap();
    assert_eq!((info.open, info.flags), (step.complete, step.flags));
    info.source.unwrap().display().unwrap();
    let message = written(|out| context.wrap(true, 0, b"a message", out));
    assert_eq!(message.is_ok(), step.complete);
}

/// Any bytes as an initiator's first token. Nobody can make a ticket without the key.
pub fn acceptor(data: &[u8]) {
    let mut choices = Choices(data);
    let bindings = (choices.byte() & 1 != 0).then_some(BINDINGS);
    if let Err(error) = bounded(choices.0, 32, || accept(choices.0, bindings)) {
        assert!(error.major.is_error());
        if !error.token.is_empty() {
            let token = ContextToken::parse(&error.token).unwrap();
            assert_eq!(token.id, TokenId::Error);
            KrbError::decode(token.message).unwrap();
        }
    }
}

/// An AP-REQ under the right keys, whose ticket and authenticator are the input.
pub fn acceptor_inside(data: &[u8]) {
    let mut choices = Choices(data);
    let choice = choices.byte();
    let length = choices.short();
    let ticket = dated(choices.take(length));
    let authenticator = dated(choices.0);
    let bindings = (choice & 4 != 0).then_some(BINDINGS);
    let part = EncTicketPart::decode(&ticket);
    let session = part.as_ref().ok().and_then(|part| of(&part.key)).unwrap_or_else(|| key(Enctype::Aes256Sha1, 2));
    let enctype = enctype(choice);
    let sealed = |etype: Enctype, kvno, cipher| EncryptedData { etype: etype.number(), kvno, cipher };
    let request = ApReq {
        options: if choice & 8 == 0 { ApOptions::default() } else { ApOptions::MUTUAL_REQUIRED },
        ticket: Ticket {
            service: principal(SERVICE),
            enc_part: sealed(enctype, Some(KVNO), service_key(enctype).encrypt(TICKET_USAGE, &ticket).unwrap()),
        },
        authenticator: sealed(session.enctype(), None, session.encrypt(AUTHENTICATOR_USAGE, &authenticator).unwrap()),
    };
    let token = framed(choice & 16 == 0, TokenId::ApReq, &request.encode().unwrap());
    let Ok((context, step)) = bounded(&token, 32, || accept(&token, bindings)) else { return };
    // What an acceptor must have seen in it, taken once more from the beginning.
    let (part, authenticator) = (part.unwrap(), Authenticator::decode(&authenticator).unwrap());
    let now = gss_plugin::now();
    assert!(part.client.same(&authenticator.client));
    assert!(!part.flags.contains(TicketFlags::INVALID));
    assert!(now.abs_diff(authenticator.time.seconds) <= SKEW + 1);
    assert!(part.endtime + SKEW + 1 >= now && part.starttime.unwrap_or(part.authtime) <= now + SKEW);
    assert!(part.transited.contents.is_empty() || part.flags.contains(TicketFlags::TRANSITED_POLICY_CHECKED));
    assert_eq!(part.key.etype(), session.enctype().number());
    if step.flags.contains(Flags::CHANNEL_BOUND) {
        let checksum = GssChecksum::parse(&authenticator.cksum.unwrap().checksum).unwrap();
        assert!(choice & 4 != 0 && checksum.bindings == Some(hash_channel_bindings(&BINDINGS).unwrap()));
    }
    if let Some(source) = &step.source {
        let (found, expected) = (source.export().unwrap(), part.client.to_bytes());
        assert_eq!(found, expected);
    }
    assert_eq!(step.token.is_empty(), !step.flags.contains(Flags::MUTUAL));
    check(&context, &step);
}

fn of(key: &EncryptionKey) -> Option<Key> {
    Key::new(Enctype::from_number(key.etype()).ok()?, key.value()).ok()
}

fn framed(with: bool, id: TokenId, message: &[u8]) -> Vec<u8> {
    ContextToken { oid: with.then_some(OID.as_bytes()), id, message }.to_bytes()
}

/// A side that waits for a token, and what its peer knows.
struct Waiting {
    state: Vec<u8>,
    session: Key,
    time: Timestamp,
    number: u32,
}

impl Waiting {
    /// One initiator with mutual authentication, or in DCE's style.
    fn initiator(flags: Flags) -> Self {
        loop {
            let (context, token) = initiate(flags);
            let (session, authenticator) = opened(&token);
            let time = authenticator.time;
            // As many bytes in DER as the placeholder has.
            if time.micros >= 1 << 16 {
                return Self { state: serialized(&context), session, time, number: 0 };
            }
        }
    }

    /// An acceptor in DCE's style that waits for the third token.
    fn acceptor() -> Self {
        loop {
            let (_, token) = initiate(Flags::DCE_STYLE);
            let (session, authenticator) = opened(&token);
            let (context, step) = accept(&token, None).unwrap();
            let reply = ApRep::decode(ContextToken::parse(&step.token).unwrap().message).unwrap();
            let part = session.decrypt(REPLY_USAGE, &reply.enc_part.cipher).unwrap();
            let number = EncApRepPart::decode(&part).unwrap().seq_number.unwrap();
            if number >= 1 << 24 {
                return Self { state: serialized(&context), session, time: authenticator.time, number };
            }
        }
    }

    /// An AP-REP with the input for its encrypted part.
    fn reply(&self, part: &[u8]) -> Vec<u8> {
        let part = replaced(part, &der_time(NOW), &der_time(self.time.seconds));
        let part = replaced(&part, &der_integer(MICROS), &der_integer(self.time.micros.max(1 << 16)));
        let part = replaced(&part, &der_integer(NUMBER), &der_integer(self.number.max(1 << 24)));
        let cipher = self.session.encrypt(REPLY_USAGE, &part).unwrap();
        ApRep { enc_part: EncryptedData { etype: self.session.enctype().number(), kvno: None, cipher } }
            .encode()
            .unwrap()
    }
}

/// What an acceptor finds in an AP-REQ: the session key and the authenticator.
fn opened(token: &[u8]) -> (Key, Authenticator) {
    let request = ApReq::decode(ContextToken::parse(token).unwrap().message).unwrap();
    let enctype = Enctype::from_number(request.ticket.enc_part.etype).unwrap();
    let ticket = service_key(enctype).decrypt(TICKET_USAGE, &request.ticket.enc_part.cipher).unwrap();
    let session = of(&EncTicketPart::decode(&ticket).unwrap().key).unwrap();
    let authenticator = session.decrypt(AUTHENTICATOR_USAGE, &request.authenticator.cipher).unwrap();
    (session, Authenticator::decode(&authenticator).unwrap())
}

static INITIATOR: LazyLock<[Waiting; 2]> =
    LazyLock::new(|| [Waiting::initiator(Flags::MUTUAL), Waiting::initiator(Flags::DCE_STYLE)]);
static ACCEPTOR: LazyLock<Waiting> = LazyLock::new(Waiting::acceptor);

/// The initiator's second leg: any bytes, or an AP-REP whose encrypted part is the input.
pub fn initiator(data: &[u8]) {
    let mut choices = Choices(data);
    let choice = choices.byte();
    let waiting = &INITIATOR[usize::from(choice & 1)];
    let (inside, dce) = (choice & 2 != 0, choice & 1 != 0);
    let token = if inside { framed(!dce, TokenId::ApRep, &waiting.reply(choices.0)) } else { choices.0.to_vec() };
    let (mut context, target) = (imported(&waiting.state), target());
    match bounded(&token, 32, || context.initiate_leg(initiator_leg(&target, Flags::MUTUAL, &token))) {
        Err(error) => {
            assert!(error.major.is_error());
            assert_eq!(serialized(&context), waiting.state, "a refused token changes nothing");
        }
        Ok(step) => {
            assert!(inside && step.complete, "nobody answers without the session key");
            let part = dated_for(waiting, choices.0);
            assert_eq!(part.time, waiting.time);
            check(&context, &step);
            if dce {
                let token = ContextToken::parse(&step.token).unwrap();
                let third = ApRep::decode(token.message).unwrap();
                let third = waiting.session.decrypt(REPLY_USAGE, &third.enc_part.cipher).unwrap();
                assert_eq!(EncApRepPart::decode(&third).unwrap().seq_number, Some(part.seq_number.unwrap_or(0)));
            }
        }
    }
}

fn dated_for(waiting: &Waiting, part: &[u8]) -> EncApRepPart {
    let reply = ApRep::decode(&waiting.reply(part)).unwrap();
    EncApRepPart::decode(&waiting.session.decrypt(REPLY_USAGE, &reply.enc_part.cipher).unwrap()).unwrap()
}

/// The third token of DCE's style: any bytes, or an AP-REP whose encrypted part is the input.
pub fn third_leg(data: &[u8]) {
    let mut choices = Choices(data);
    let (inside, waiting) = (choices.byte() & 1 != 0, &*ACCEPTOR);
    let token = if inside { waiting.reply(choices.0) } else { choices.0.to_vec() };
    let mut context = imported(&waiting.state);
    match bounded(&token, 32, || context.accept_leg(AcceptorLeg { credential: None, bindings: None, input: &token })) {
        Err(error) => {
            assert!(error.major.is_error());
            assert_eq!(serialized(&context), waiting.state, "a refused token changes nothing");
        }
        Ok(step) => {
            assert!(inside && step.complete && step.token.is_empty());
            assert_eq!(dated_for(waiting, choices.0).seq_number, Some(waiting.number));
            check(&context, &step);
        }
    }
}

fn alice() -> Principal {
    principal("alice@R")
}

fn ticket_part(authorization_data: Option<AuthorizationData>) -> EncTicketPart {
    EncTicketPart {
        flags: TicketFlags::INITIAL.with(TicketFlags::TRANSITED_POLICY_CHECKED),
        key: EncryptionKey::new(18, &[2; 32]),
        client: alice(),
        transited: TransitedEncoding::none(),
        authtime: NOW,
        starttime: Some(NOW),
        endtime: LATER,
        renew_till: None,
        caddr: None,
        authorization_data,
    }
}

fn authenticator(cksum: Option<Checksum>, authorization_data: Option<AuthorizationData>) -> Authenticator {
    Authenticator {
        client: alice(),
        cksum,
        time: Timestamp { seconds: NOW, micros: MICROS },
        subkey: Some(EncryptionKey::new(18, &[3; 32])),
        seq_number: Some(77),
        authorization_data,
    }
}

fn gss_checksum(flags: Flags, bound: bool, delegation: Option<Vec<u8>>) -> Option<Checksum> {
    let bindings = bound.then(|| hash_channel_bindings(&BINDINGS).unwrap());
    let checksum = GssChecksum { bindings, flags: flags.0, delegation }.to_bytes().unwrap();
    Some(Checksum { cksumtype: GSS_CHECKSUM_TYPE, checksum })
}

fn cred() -> Vec<u8> {
    let enc_part = EncryptedData { etype: 18, kvno: None, cipher: vec![5; 40] };
    let ticket = Ticket { service: principal("krbtgt/R@R"), enc_part: enc_part.clone() };
    KrbCred { tickets: vec![ticket], enc_part }.encode().unwrap()
}

/// One of each message, with the number that the target for messages knows it by.
pub(super) fn samples() -> Vec<(u8, Vec<u8>)> {
    let token = initiate(Flags::MUTUAL).1;
    let request = ContextToken::parse(&token).unwrap().message.to_vec();
    let ticket = ApReq::decode(&request).unwrap().ticket;
    let error = accept(&token[..token.len() - 40], None).map(|_| ()).unwrap_err();
    let refusal = KrbError {
        ctime: Some(NOW),
        cusec: Some(1),
        time: Timestamp { seconds: NOW, micros: 5 },
        code: 37,
        crealm: None,
        cname: None,
        service: principal(SERVICE),
        text: Some(error.text.into_bytes()),
        data: Some(vec![1, 2]),
    };
    let relevant = AuthorizationData::if_relevant(vec![AuthorizationElement { ad_type: 128, data: vec![9; 30] }]);
    vec![
        (0, request),
        (1, INITIATOR[0].reply(b"a part")),
        (2, refusal.encode().unwrap()),
        (3, ticket.encode().unwrap()),
        (4, cred()),
        (5, ticket.enc_part.encode().unwrap()),
        (7, ticket_part(Some(relevant.unwrap())).encode().unwrap().to_vec()),
        (8, authenticator(gss_checksum(Flags::MUTUAL, true, None), None).encode().unwrap().to_vec()),
        (9, reply_part(Some(EncryptionKey::new(17, &[4; 16])), Some(NUMBER))),
    ]
}

fn reply_part(subkey: Option<EncryptionKey>, seq_number: Option<u32>) -> Vec<u8> {
    let part = EncApRepPart { time: Timestamp { seconds: NOW, micros: MICROS }, subkey, seq_number };
    part.encode().unwrap().to_vec()
}

/// Tokens of the handshake with the state of the context afterwards.
pub(super) fn tokens() -> Vec<(Vec<u8>, Vec<u8>)> {
    let mut tokens = Vec::new();
    for flags in [Flags::NONE, Flags::MUTUAL, Flags::DCE_STYLE] {
        let (context, token) = initiate(flags | Flags::REPLAY);
        tokens.push((token.clone(), serialized(&context)));
        let (context, step) = accept(&token, None).unwrap();
        tokens.push((step.token, serialized(&context)));
    }
    tokens
}

pub(super) fn seeds() -> Vec<(&'static str, Vec<u8>)> {
    let mut seeds = Vec::new();
    for (token, _) in tokens() {
        seeds.push(("krb5_acceptor", [&[0], &token[..]].concat()));
    }
    let inside = |choice: u8, ticket: &EncTicketPart, authenticator: &Authenticator| {
        let ticket = ticket.encode().unwrap();
        let length = u16::try_from(ticket.len()).unwrap().to_be_bytes();
        [&[choice], &length[..], &ticket, &authenticator.encode().unwrap()].concat()
    };
    let relevant =
        |ad_type, data| AuthorizationData::if_relevant(vec![AuthorizationElement { ad_type, data }]).unwrap();
    let offer = AuthorizationData(vec![AuthorizationElement::etype_negotiation(&[20, 18]).unwrap()]);
    let aware = AuthorizationData::if_relevant(vec![AuthorizationElement::channel_bindings_supported()]).unwrap();
    let plain = ticket_part(None);
    let all = Flags::MUTUAL | Flags::REPLAY | Flags::SEQUENCE | Flags::CONF | Flags::INTEG;
    for (choice, ticket, authenticator) in [
        (0, &plain, authenticator(gss_checksum(all, false, None), None)),
        (1, &plain, authenticator(gss_checksum(Flags::NONE, false, None), Some(offer))),
        (2 + 4, &plain, authenticator(gss_checksum(all, true, None), None)),
        (3 + 4, &plain, authenticator(gss_checksum(all, true, None), Some(aware))),
        (8, &plain, authenticator(None, None)),
        (16, &plain, authenticator(gss_checksum(Flags::DCE_STYLE, false, None), None)),
        (0, &plain, authenticator(gss_checksum(all, false, Some(cred())), None)),
        (0, &ticket_part(Some(relevant(128, vec![9; 30]))), authenticator(gss_checksum(all, false, None), None)),
    ] {
        seeds.push(("krb5_acceptor_inside", inside(choice, ticket, &authenticator)));
    }
    let subkey = || Some(EncryptionKey::new(18, &[4; 32]));
    for (choice, part) in [
        (2, reply_part(subkey(), Some(77))),
        (3, reply_part(None, None)),
        (3, reply_part(subkey(), Some(77))),
        (0, samples().swap_remove(2).1),
        (1, framed(true, TokenId::Error, &samples()[2].1)),
        (0, framed(true, TokenId::ApRep, &INITIATOR[0].reply(b"x"))),
    ] {
        seeds.push(("krb5_initiator", [&[choice], &part[..]].concat()));
    }
    for part in [reply_part(None, Some(NUMBER)), reply_part(subkey(), Some(NUMBER))] {
        seeds.push(("krb5_third_leg", [&[1], &part[..]].concat()));
    }
    seeds.push(("krb5_third_leg", [&[0], &ACCEPTOR.reply(b"x")[..]].concat()));
    seeds
}
