//! The initiator's legs: AP-REQ, then with mutual authentication the AP-REP, and the third token that DCE wants
//! (RFC 4121 section 4.1).

use crate::Krb5Sim;
use crate::clock::timestamp;
use crate::context::{AwaitReply, Krb5Context, Stage};
use crate::credential::Krb5Credential;
use crate::crypto::{self, Enctype, Key};
use crate::issue::Issued;
use crate::messages::{
    ApOptions, ApRep, ApReq, Authenticator, AuthorizationData, AuthorizationElement, Checksum, EncApRepPart,
    EncryptedData, EncryptionKey, KrbError, Timestamp,
};
use crate::minor::Error;
use crate::permessage::{Parts, Protection, Role};
use crate::sequence::Window;
use crate::token::{ContextToken, GSS_CHECKSUM_TYPE, GssChecksum, TokenId, hash_channel_bindings};
use gss_plugin::{ChannelBindings, Deadline, Flags, InitiatorLeg, Lifetime, Oid};

type Result<T> = std::result::Result<T, Error>;

/// Key usage of the authenticator of an AP-REQ (RFC 4120 section 7.5.1).
pub(crate) const AUTHENTICATOR_USAGE: u32 = 11;
/// Key usage of the encrypted part of an AP-REP.
pub(crate) const REPLY_USAGE: u32 = 12;

/// What an initiator may have for the asking. `INTEG` and `CONF` it has in any case.
pub(crate) const REQUESTABLE: Flags = Flags(
    Flags::MUTUAL.0
        | Flags::REPLAY.0
        | Flags::SEQUENCE.0
        | Flags::CONF.0
        | Flags::INTEG.0
        | Flags::DCE_STYLE.0
        | Flags::IDENTIFY.0
        | Flags::EXTENDED_ERROR.0,
);

/// The first leg: issues a ticket and makes the AP-REQ.
pub(crate) fn begin(
    mechanism: &Krb5Sim,
    credential: &Krb5Credential,
    leg: &InitiatorLeg<'_, Krb5Sim>,
) -> Result<(Krb5Context, Vec<u8>)> {
    if !leg.input.is_empty() {
        return Err(Error::Leftover);
    }
    credential.can_initiate()?;
    let mut flags = (leg.flags & REQUESTABLE) | Flags::CONF | Flags::INTEG;
    if flags.contains(Flags::DCE_STYLE) {
        flags |= Flags::MUTUAL;
    }
    let time = timestamp();
    let longest = mechanism.options().ticket_lifetime;
    let lifetime = if leg.lifetime == Lifetime::DEFAULT { longest } else { leg.lifetime.0.min(longest) };
    let issued = credential.ticket(mechanism, leg.target, time.seconds, lifetime)?;
    let subkey = Key::random(issued.session.enctype())?;
    let number = random_number()?;
    let opening = Opening { time, subkey: &subkey, number, flags };
    let request = request_message(&issued, &opening, leg.bindings.as_ref(), leg.flags.contains(Flags::CHANNEL_BOUND))?;
    // DCE has its own frame around the tokens (MS-KILE section 3.4.5.1).
    let token = framed(Some(mechanism.oid()).filter(|_| !flags.contains(Flags::DCE_STYLE)), TokenId::ApReq, &request);
    let stage = if flags.contains(Flags::MUTUAL) {
        Stage::AwaitReply(AwaitReply { session: issued.session.clone(), subkey, time, number })
    } else {
        // Nothing is known of the acceptor's numbers: they begin where ours do.
        Stage::Established(Protection::new(Parts {
            role: Role::Initiator,
            flags,
            key: subkey,
            acceptor_subkey: None,
            next_number: number.into(),
            window: Window::expecting(number.into()),
        }))
    };
    let context = Krb5Context {
        role: Role::Initiator,
        flags,
        source: issued.client.clone(),
        target: issued.ticket.service.clone(),
        deadline: Deadline(issued.endtime),
        ticket_flags: issued.flags,
        authtime: issued.authtime,
        mechanism: mechanism.clone(),
        stage,
    };
    Ok((context, token))
}

/// What the initiator chooses for its authenticator.
struct Opening<'a> {
    time: Timestamp,
    subkey: &'a Key,
    number: u32,
    flags: Flags,
}

fn request_message(
    issued: &Issued,
    opening: &Opening<'_>,
    bindings: Option<&ChannelBindings<'_>>,
    aware: bool,
) -> Result<Vec<u8>> {
    let bindings = bindings.map(hash_channel_bindings).transpose()?;
    let checksum = GssChecksum { bindings, flags: opening.flags.0, delegation: None };
    // The caller wants to be told that the channel is bound: an acceptor must then not do without (MS-KILE 3.2.5.8).
    let aware = aware.then(|| AuthorizationData::if_relevant(vec![AuthorizationElement::channel_bindings_supported()]));
    let authenticator = Authenticator {
        client: issued.client.clone(),
        cksum: Some(Checksum { cksumtype: GSS_CHECKSUM_TYPE, checksum: checksum.to_bytes()? }),
        time: opening.time,
        subkey: Some(EncryptionKey::new(opening.subkey.enctype().number(), opening.subkey.bytes())),
        seq_number: Some(opening.number),
        authorization_data: aware.transpose()?,
    };
    let cipher = issued.session.encrypt(AUTHENTICATOR_USAGE, &authenticator.encode()?)?;
    let mutual = opening.flags.contains(Flags::MUTUAL);
    let request = ApReq {
        options: if mutual { ApOptions::MUTUAL_REQUIRED } else { ApOptions::default() },
        ticket: issued.ticket.clone(),
        authenticator: EncryptedData { etype: issued.session.enctype().number(), kvno: None, cipher },
    };
    Ok(request.encode()?)
}

/// The acceptor's AP-REP. Answers the stage that follows, and the third token where there is one.
pub(crate) fn finish(
    mechanism: &Krb5Sim,
    flags: Flags,
    waiting: &AwaitReply,
    input: &[u8],
) -> Result<(Stage, Vec<u8>)> {
    let token = ContextToken::parse(input)?;
    if token.oid.is_some_and(|oid| !mechanism.answers_to(oid)) {
        return Err(Error::OtherMechanism);
    }
    match token.id {
        TokenId::ApRep => {}
        TokenId::Error => return Err(refused(token.message)?),
        other => return Err(Error::UnexpectedToken(other)),
    }
    let reply = open_reply(&waiting.session, token.message)?;
    if reply.time != waiting.time {
        return Err(Error::MutualFailed);
    }
    let acceptor_subkey = reply.subkey.as_ref().map(|subkey| permitted_key(mechanism, subkey)).transpose()?;
    // RFC 4121 section 4.1.2 has a number in every AP-REP. Where there is none, it counts as 0, as in MIT.
    let peer = reply.seq_number.unwrap_or(0);
    let third = if flags.contains(Flags::DCE_STYLE) {
        let part = EncApRepPart { time: timestamp(), subkey: None, seq_number: Some(peer) };
        framed(None, TokenId::ApRep, &seal_reply(&waiting.session, &part)?)
    } else {
        Vec::new()
    };
    let parts = Parts {
        role: Role::Initiator,
        flags,
        key: waiting.subkey.clone(),
        acceptor_subkey,
        next_number: waiting.number.into(),
        window: Window::expecting(peer.into()),
    };
    Ok((Stage::Established(Protection::new(parts)), third))
}

fn refused(message: &[u8]) -> Result<Error> {
    let error = KrbError::decode(message)?;
    // Of a stranger's text so much as fits on a line, and nothing that moves a terminal's cursor.
    let text = error.text.map(|text| {
        let text = String::from_utf8_lossy(&text);
        text.chars().filter(|c| !c.is_control()).take(200).collect::<String>()
    });
    Ok(Error::Refused { code: error.code, text: text.filter(|text| !text.is_empty()) })
}

/// Decrypts an AP-REP, of either side.
pub(crate) fn open_reply(session: &Key, message: &[u8]) -> Result<EncApRepPart> {
    let reply = ApRep::decode(message)?;
    if reply.enc_part.etype != session.enctype().number() {
        return Err(Error::ReplyIntegrity);
    }
    let part = match session.decrypt(REPLY_USAGE, &reply.enc_part.cipher) {
        Ok(part) => part,
        Err(crypto::Error::Integrity | crypto::Error::TooShort { .. }) => return Err(Error::ReplyIntegrity),
        Err(error) => return Err(error.into()),
    };
    Ok(EncApRepPart::decode(&part)?)
}

/// Makes an AP-REP, of either side.
pub(crate) fn seal_reply(session: &Key, part: &EncApRepPart) -> Result<Vec<u8>> {
    let cipher = session.encrypt(REPLY_USAGE, &part.encode()?)?;
    let enc_part = EncryptedData { etype: session.enctype().number(), kvno: None, cipher };
    Ok(ApRep { enc_part }.encode()?)
}

/// A key that came with a message, if its type is permitted.
pub(crate) fn permitted_key(mechanism: &Krb5Sim, key: &EncryptionKey) -> Result<Key> {
    if !mechanism.options().permits(key.etype()) {
        return Err(Error::EncryptionType(key.etype()));
    }
    Ok(Key::new(Enctype::from_number(key.etype())?, key.value())?)
}

pub(crate) fn framed(oid: Option<&Oid>, id: TokenId, message: &[u8]) -> Vec<u8> {
    ContextToken { oid: oid.map(Oid::as_bytes), id, message }.to_bytes()
}

/// The first sequence number. Of 30 bits: there are peers that mistake those of 32 for negative ones.
pub(crate) fn random_number() -> Result<u32> {
    let mut bytes = [0; 4];
    crypto::random(&mut bytes)?;
    Ok(u32::from_be_bytes(bytes) & 0x3fff_ffff)
}
