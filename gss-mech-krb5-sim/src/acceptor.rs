//! The acceptor's legs: what is checked of an AP-REQ, and in which order (RFC 4120 section 3.2.3, RFC 4121 section 4.1).

use crate::Krb5Sim;
use crate::clock::timestamp;
use crate::context::{AwaitThird, Krb5Context, Stage};
use crate::credential::Krb5Credential;
use crate::crypto::{self, Enctype, Key};
use crate::initiator::{
    AUTHENTICATOR_USAGE, REQUESTABLE, framed, open_reply, permitted_key, random_number, seal_reply,
};
use crate::issue::TICKET_USAGE;
use crate::keytab::KeytabEntry;
use crate::messages::{
    ApOptions, ApReq, Authenticator, AuthorizationData, EncApRepPart, EncTicketPart, EncryptionKey, KrbCred, KrbError,
    Ticket, TicketFlags, Timestamp, ad_type,
};
use crate::minor::Error;
use crate::permessage::{Parts, Protection, Role};
use crate::principal::Principal;
use crate::sequence::Window;
use crate::token::{ContextToken, GSS_CHECKSUM_TYPE, GssChecksum, TokenId, hash_channel_bindings};
use gss_plugin::{AcceptorLeg, ChannelBindings, Deadline, Flags, MechError, Oid};
use subtle::ConstantTimeEq;

type Result<T> = std::result::Result<T, Error>;

/// Key usage of a plain checksum in the authenticator of an AP-REQ (RFC 4120 section 7.5.1).
const CHECKSUM_USAGE: u32 = 10;

/// Every flag that a context can hold.
pub(crate) const POSSIBLE: Flags = Flags(REQUESTABLE.0 | Flags::CHANNEL_BOUND.0 | Flags::ANON.0);

/// The first leg. A refusal carries a KRB-ERROR for the peer, once the token was found to be an AP-REQ.
pub(crate) fn begin(
    mechanism: &Krb5Sim,
    credential: &Krb5Credential,
    leg: &AcceptorLeg<'_, Krb5Sim>,
) -> std::result::Result<(Krb5Context, Vec<u8>), MechError> {
    let token = ContextToken::parse(leg.input).map_err(Error::from)?;
    let oid = match token.oid {
        None => None,
        Some(oid) if mechanism.answers_to(oid) => Oid::from_content(oid).ok(),
        Some(_) => return Err(Error::OtherMechanism.into()),
    };
    if token.id != TokenId::ApReq {
        return Err(Error::UnexpectedToken(token.id).into());
    }
    let request = ApReq::decode(token.message).map_err(Error::from)?;
    let now = timestamp();
    accept(mechanism, credential, leg, &request, now, oid.as_ref()).map_err(|error| {
        let refusal = krb_error(&request.ticket.service, now, &error);
        let token = refusal.map(|refusal| framed(oid.as_ref(), TokenId::Error, &refusal));
        MechError::from(error).token(token.unwrap_or_default())
    })
}

fn krb_error(service: &Principal, time: Timestamp, error: &Error) -> Option<Vec<u8>> {
    let refusal = KrbError {
        ctime: None,
        cusec: None,
        time,
        code: error.protocol_code(),
        crealm: None,
        cname: None,
        service: service.clone(),
        text: told(error).map(|text| text.as_bytes().to_vec()),
        data: None,
    };
    refusal.encode().ok()
}

/// What a stranger is told beyond the code. Nothing of files and keys.
fn told(error: &Error) -> Option<&'static str> {
    match error {
        Error::Bindings | Error::MissingBindings => Some("channel bindings differ"),
        Error::AuthorizationData(_) => Some("authorization data is not known"),
        _ => None,
    }
}

fn accept(
    mechanism: &Krb5Sim,
    credential: &Krb5Credential,
    leg: &AcceptorLeg<'_, Krb5Sim>,
    request: &ApReq,
    now: Timestamp,
    oid: Option<&Oid>,
) -> Result<(Krb5Context, Vec<u8>)> {
    credential.can_accept()?;
    if request.options.contains(ApOptions::USE_SESSION_KEY) {
        return Err(Error::UserToUser);
    }
    let (service, ticket) = open_ticket(mechanism, credential, &request.ticket)?;
    let session = permitted_key(mechanism, &ticket.key)?;
    let authenticator = open_authenticator(&session, request)?;
    if !authenticator.client.same(&ticket.client) {
        return Err(Error::BadMatch);
    }
    let allowed = mechanism.options().clockskew;
    check_skew(authenticator.time.seconds, now.seconds, allowed)?;
    check_times(&ticket, now.seconds, allowed)?;
    check_ticket(&ticket)?;
    let aware = check_authenticator_data(&authenticator)?;
    let mut flags = read_checksum(&session, request, &authenticator, leg.bindings.as_ref(), aware)?;
    if crate::name::Krb5Name::of(&ticket.client).is_anonymous() {
        flags |= Flags::ANON;
    }
    let subkey = authenticator.subkey.as_ref().map(|key| permitted_key(mechanism, key)).transpose()?;
    // Last: a token that is refused for any other reason leaves no trace.
    mechanism.replays().check(&request.authenticator.cipher, authenticator.time.seconds, now.seconds)?;

    let key = subkey.unwrap_or_else(|| session.clone());
    let peer = authenticator.seq_number.unwrap_or(0);
    let (stage, token) = if flags.contains(Flags::MUTUAL) {
        answer(&session, key, &authenticator, flags, peer, oid)?
    } else {
        // The initiator does not hear of a number of ours: ours begin where its own do.
        (Stage::Established(Protection::new(parts(flags, key, None, peer, peer))), Vec::new())
    };
    let context = Krb5Context {
        role: Role::Acceptor,
        flags,
        source: ticket.client,
        target: service,
        // A ticket is good for the clock skew beyond its end; so is the context, which otherwise began expired.
        deadline: Deadline(ticket.endtime.saturating_add(allowed)),
        ticket_flags: ticket.flags,
        authtime: ticket.authtime,
        mechanism: mechanism.clone(),
        stage,
    };
    Ok((context, token))
}

fn parts(flags: Flags, key: Key, acceptor_subkey: Option<Key>, own: u32, peer: u32) -> Parts {
    Parts {
        role: Role::Acceptor,
        flags,
        key,
        acceptor_subkey,
        next_number: own.into(),
        window: Window::expecting(peer.into()),
    }
}

/// The AP-REP with the acceptor's subkey and first number.
fn answer(
    session: &Key,
    key: Key,
    authenticator: &Authenticator,
    flags: Flags,
    peer: u32,
    oid: Option<&Oid>,
) -> Result<(Stage, Vec<u8>)> {
    let subkey = Key::random(key.enctype())?;
    let own = random_number()?;
    let part = EncApRepPart {
        time: authenticator.time,
        subkey: Some(EncryptionKey::new(subkey.enctype().number(), subkey.bytes())),
        seq_number: Some(own),
    };
    // In the frame that the request had.
    let token = framed(oid, TokenId::ApRep, &seal_reply(session, &part)?);
    let parts = parts(flags, key, Some(subkey), own, peer);
    let stage = if flags.contains(Flags::DCE_STYLE) {
        Stage::AwaitThird(AwaitThird { session: session.clone(), number: own, parts })
    } else {
        Stage::Established(Protection::new(parts))
    };
    Ok((stage, token))
}

/// The initiator's third token of a DCE-style handshake, which repeats our number (MS-KILE section 3.4.5.1).
pub(crate) fn finish(mechanism: &Krb5Sim, waiting: &AwaitThird, input: &[u8]) -> Result<Stage> {
    let token = ContextToken::parse(input)?;
    if token.oid.is_some_and(|oid| !mechanism.answers_to(oid)) {
        return Err(Error::OtherMechanism);
    }
    if token.id != TokenId::ApRep {
        return Err(Error::UnexpectedToken(token.id));
    }
    let part = open_reply(&waiting.session, token.message)?;
    // Our own answer, sent back to us, repeats our number as well. Unlike the initiator's it has our subkey.
    let ours = waiting.parts.acceptor_subkey.as_ref();
    let reflected = part.subkey.zip(ours).is_some_and(|(theirs, ours)| bool::from(theirs.value().ct_eq(ours.bytes())));
    if reflected || part.seq_number != Some(waiting.number) {
        return Err(Error::ThirdLeg);
    }
    Ok(Stage::Established(Protection::new(waiting.parts.clone())))
}

/// Decrypts the ticket with whichever key does it: its own name and key version are not protected. Answers whose key it
/// was.
fn open_ticket(
    mechanism: &Krb5Sim,
    credential: &Krb5Credential,
    ticket: &Ticket,
) -> Result<(Principal, EncTicketPart)> {
    let Ticket { service, enc_part } = ticket;
    let source = credential.accepting()?;
    let keytab = source.keytab()?;
    if !mechanism.options().permits(enc_part.etype) {
        return Err(Error::EncryptionType(enc_part.etype));
    }
    let enctype = Enctype::from_number(enc_part.etype)?;
    let mut candidates = keytab.candidates(None, enc_part.kvno, enc_part.etype);
    // The name is a good hint: most keytabs have several services, and most tickets are unaltered.
    candidates.sort_by_key(|entry| !entry.principal.same(service));
    let admitted = |entry: &&KeytabEntry| credential.acceptor_name().is_none_or(|name| name.admits(&entry.principal));
    let (mine, others): (Vec<_>, Vec<_>) = candidates.into_iter().partition(admitted);
    if mine.is_empty() && others.is_empty() {
        let (service, kvno, etype) = (service.clone(), enc_part.kvno, enc_part.etype);
        return Err(Error::NoTicketKey { service, kvno, etype });
    }
    for entry in mine {
        // A keytab may hold keys of a wrong length; they fit no ticket.
        let Ok(key) = Key::new(enctype, entry.key.value()) else { continue };
        match key.decrypt(TICKET_USAGE, &enc_part.cipher) {
            Ok(part) => return Ok((entry.principal.clone(), EncTicketPart::decode(&part)?)),
            Err(crypto::Error::Integrity | crypto::Error::TooShort { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    // For the text alone: the ticket is refused in any case.
    if credential.acceptor_name().is_some_and(|name| !name.admits(service)) {
        return Err(Error::NotUs(service.clone()));
    }
    Err(Error::TicketIntegrity(service.clone()))
}

fn open_authenticator(session: &Key, request: &ApReq) -> Result<Authenticator> {
    if request.authenticator.etype != session.enctype().number() {
        return Err(Error::AuthenticatorIntegrity);
    }
    match session.decrypt(AUTHENTICATOR_USAGE, &request.authenticator.cipher) {
        Ok(part) => Ok(Authenticator::decode(&part)?),
        Err(crypto::Error::Integrity | crypto::Error::TooShort { .. }) => Err(Error::AuthenticatorIntegrity),
        Err(error) => Err(error.into()),
    }
}

fn check_skew(theirs: u64, ours: u64, allowed: u64) -> Result<()> {
    let seconds = theirs.abs_diff(ours);
    if seconds > allowed { Err(Error::Skew { seconds, ahead: theirs > ours, allowed }) } else { Ok(()) }
}

fn check_times(ticket: &EncTicketPart, now: u64, allowed: u64) -> Result<()> {
    let starttime = ticket.starttime.unwrap_or(ticket.authtime);
    if ticket.flags.contains(TicketFlags::INVALID) || starttime > now.saturating_add(allowed) {
        return Err(Error::TicketNotYetValid);
    }
    if ticket.endtime.saturating_add(allowed) < now { Err(Error::TicketExpired) } else { Ok(()) }
}

/// The realms on the way, and what the issuer wants to be understood.
fn check_ticket(ticket: &EncTicketPart) -> Result<()> {
    if !ticket.transited.contents.is_empty() && !ticket.flags.contains(TicketFlags::TRANSITED_POLICY_CHECKED) {
        return Err(Error::Transited);
    }
    check_data(ticket.authorization_data.as_ref(), &[ad_type::MANDATORY_FOR_KDC]).map(|_| ())
}

/// Whether the initiator says that it knows of channel bindings. Its list of encryption types (RFC 4537) is an offer
/// that we do not take up.
fn check_authenticator_data(authenticator: &Authenticator) -> Result<bool> {
    check_data(authenticator.authorization_data.as_ref(), &[ad_type::ETYPE_NEGOTIATION, ad_type::AP_OPTIONS])
}

/// Refuses elements outside `AD-IF-RELEVANT` that are not known (RFC 4120 section 5.2.6). Answers whether channel
/// bindings are supported.
fn check_data(data: Option<&AuthorizationData>, known: &[i32]) -> Result<bool> {
    let Some(data) = data else { return Ok(false) };
    let mut aware = false;
    for flat in data.flatten()? {
        if !flat.if_relevant && !known.contains(&flat.element.ad_type) {
            return Err(Error::AuthorizationData(flat.element.ad_type));
        }
        aware |= flat.element.supports_channel_bindings();
    }
    Ok(aware)
}

/// The flags that the authenticator's checksum gives, and those that its channel bindings earn.
fn read_checksum(
    session: &Key,
    request: &ApReq,
    authenticator: &Authenticator,
    bindings: Option<&ChannelBindings<'_>>,
    aware: bool,
) -> Result<Flags> {
    let mut theirs = None;
    let mut flags = match &authenticator.cksum {
        // As MIT and Windows have it: whoever sends none has no flags, whatever the options say (MS-KILE section 3.4.5).
        None => Flags::NONE,
        Some(checksum) if checksum.cksumtype == GSS_CHECKSUM_TYPE => {
            let checksum = GssChecksum::parse(&checksum.checksum)?;
            if let Some(delegation) = &checksum.delegation {
                // Whoever delegates must do it right; what comes is not kept, since there is no KDC to use it with.
                KrbCred::decode(delegation)?;
            }
            theirs = checksum.bindings;
            Flags(checksum.flags) & REQUESTABLE
        }
        Some(checksum) => {
            session.verify(CHECKSUM_USAGE, checksum.cksumtype, [], &checksum.checksum).map_err(Error::PlainChecksum)?;
            // This has no flags to say that an answer is waited for. The options, which nothing protects, count here only.
            let mutual = if request.options.contains(ApOptions::MUTUAL_REQUIRED) { Flags::MUTUAL } else { Flags::NONE };
            mutual | Flags::REPLAY | Flags::SEQUENCE
        }
    };
    if flags.contains(Flags::DCE_STYLE) {
        flags |= Flags::MUTUAL;
    }
    let Some(bindings) = bindings else { return Ok(flags) };
    match theirs {
        Some(theirs) if bool::from(theirs.ct_eq(&hash_channel_bindings(bindings)?)) => Ok(flags | Flags::CHANNEL_BOUND),
        Some(_) => Err(Error::Bindings),
        None if aware => Err(Error::MissingBindings),
        None => Ok(flags),
    }
}

#[cfg(test)]
mod tests;
