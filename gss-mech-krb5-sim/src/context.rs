//! The security context: legs, questions, and messages, which `permessage.rs` protects.

use crate::credential::Krb5Credential;
use crate::crypto::{Enctype, Key};
use crate::messages::{TicketFlags, Timestamp};
use crate::minor::Error;
use crate::name::Krb5Name;
use crate::permessage::{Parts, Protection, Role};
use crate::principal::Principal;
use crate::{Krb5Sim, acceptor, initiator, oids, state};
use gss_plugin::{
    AcceptorLeg, ContextInfo, CredentialUsage, Deadline, Flags, InitiatorLeg, Iov, Lifetime, MessageInfo, Oid, Output,
    PrfKey, Result, SecurityContext, Step, Want,
};
use std::fmt;

/// A security context of this mechanism.
#[derive(Debug)]
pub struct Krb5Context {
    pub(crate) role: Role,
    pub(crate) flags: Flags,
    /// The client.
    pub(crate) source: Principal,
    /// The service: whose key the ticket is under.
    pub(crate) target: Principal,
    pub(crate) deadline: Deadline,
    pub(crate) ticket_flags: TicketFlags,
    /// In seconds since 1970.
    pub(crate) authtime: u64,
    /// The instance that it belongs to, which is not part of its state.
    pub(crate) mechanism: Krb5Sim,
    pub(crate) stage: Stage,
}

/// How far the handshake has come.
#[derive(Debug)]
pub(crate) enum Stage {
    AwaitReply(AwaitReply),
    AwaitThird(AwaitThird),
    Established(Protection),
}

/// An initiator that waits for the AP-REP.
pub(crate) struct AwaitReply {
    /// The ticket's session key.
    pub(crate) session: Key,
    /// The initiator's subkey.
    pub(crate) subkey: Key,
    /// That of the authenticator, which the AP-REP repeats.
    pub(crate) time: Timestamp,
    /// Of the initiator's first message.
    pub(crate) number: u32,
}

/// An acceptor that waits for the third token of a DCE-style handshake.
pub(crate) struct AwaitThird {
    /// The ticket's session key.
    pub(crate) session: Key,
    /// Of the acceptor's first message, which the third token repeats.
    pub(crate) number: u32,
    pub(crate) parts: Parts,
}

/// Shows no keys.
impl fmt::Debug for AwaitReply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AwaitReply").field("time", &self.time).finish_non_exhaustive()
    }
}

/// Shows no keys.
impl fmt::Debug for AwaitThird {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AwaitThird").field("parts", &self.parts).finish_non_exhaustive()
    }
}

impl Krb5Context {
    pub(crate) fn initiate(mechanism: &Krb5Sim, leg: &InitiatorLeg<'_, Krb5Sim>) -> Result<(Self, Step<Krb5Sim>)> {
        let default;
        let credential = match leg.credential {
            Some(credential) => credential,
            None => {
                default = Krb5Credential::default_for(mechanism, CredentialUsage::Initiate);
                &default
            }
        };
        let (context, token) = initiator::begin(mechanism, credential, leg)?;
        let step = context.step(token);
        Ok((context, step))
    }

    pub(crate) fn accept(mechanism: &Krb5Sim, leg: &AcceptorLeg<'_, Krb5Sim>) -> Result<(Self, Step<Krb5Sim>)> {
        let default;
        let credential = match leg.credential {
            Some(credential) => credential,
            None => {
                default = Krb5Credential::default_for(mechanism, CredentialUsage::Accept);
                &default
            }
        };
        let (context, token) = acceptor::begin(mechanism, credential, leg)?;
        let step = context.step(token);
        Ok((context, step))
    }

    fn step(&self, token: Vec<u8>) -> Step<Krb5Sim> {
        let step = if self.established() { Step::complete(token) } else { Step::more(token) };
        let step = step.flags(self.granted_flags()).lifetime(self.deadline.remaining());
        // A client's name is told with the end of the handshake: before that it may be a replayed one.
        if self.role == Role::Acceptor && self.established() { step.source(self.name(&self.source)) } else { step }
    }

    fn established(&self) -> bool {
        matches!(self.stage, Stage::Established(_))
    }

    fn granted_flags(&self) -> Flags {
        if self.established() { self.flags | Flags::PROT_READY } else { self.flags }
    }

    fn name(&self, principal: &Principal) -> Krb5Name {
        Krb5Name { home: self.mechanism.home().cloned(), ..Krb5Name::of(principal) }
    }

    /// What protects messages, unless the context is not established or has expired. Comes before every message.
    #[inline]
    fn ready(&self) -> std::result::Result<&Protection, Error> {
        let Stage::Established(protection) = &self.stage else { return Err(Error::NotEstablished) };
        if self.deadline.passed() { Err(Error::ContextExpired) } else { Ok(protection) }
    }
}

impl SecurityContext for Krb5Context {
    type Mechanism = Krb5Sim;

    fn initiate_leg(&mut self, leg: InitiatorLeg<'_, Krb5Sim>) -> Result<Step<Krb5Sim>> {
        let waiting = match (&self.stage, self.role) {
            (_, Role::Acceptor) => return Err(Error::Role.into()),
            (Stage::AwaitReply(waiting), _) => waiting,
            _ => return Err(Error::Established.into()),
        };
        let (stage, token) = initiator::finish(&self.mechanism, self.flags, waiting, leg.input)?;
        self.stage = stage;
        Ok(self.step(token))
    }

    fn accept_leg(&mut self, leg: AcceptorLeg<'_, Krb5Sim>) -> Result<Step<Krb5Sim>> {
        let waiting = match (&self.stage, self.role) {
            (_, Role::Initiator) => return Err(Error::Role.into()),
            (Stage::AwaitThird(waiting), _) => waiting,
            _ => return Err(Error::Established.into()),
        };
        self.stage = acceptor::finish(&self.mechanism, waiting, leg.input)?;
        Ok(self.step(Vec::new()))
    }

    fn context_time(&self) -> Result<Lifetime> {
        if !self.established() {
            return Err(Error::NotEstablished.into());
        }
        match self.deadline.remaining() {
            Lifetime(0) => Err(Error::ContextExpired.into()),
            lifetime => Ok(lifetime),
        }
    }

    fn inquire(&self, want: Want) -> Result<ContextInfo<Krb5Name>> {
        Ok(ContextInfo {
            source: want.source.then(|| self.name(&self.source)),
            target: want.target.then(|| self.name(&self.target)),
            lifetime: if want.lifetime { self.deadline.remaining() } else { Lifetime(0) },
            flags: self.granted_flags(),
            initiator: self.role == Role::Initiator,
            open: self.established(),
            mechanism: None,
        })
    }

    fn wrap(&self, confidential: bool, qop: u32, message: &[u8], out: &mut Output<'_>) -> Result<bool> {
        Ok(self.ready()?.wrap(confidential, qop, message, out)?)
    }

    fn unwrap(&self, token: &[u8], out: &mut Output<'_>) -> Result<MessageInfo> {
        Ok(self.ready()?.unwrap(token, out)?)
    }

    fn get_mic(&self, qop: u32, message: &[u8], out: &mut Output<'_>) -> Result<()> {
        Ok(self.ready()?.get_mic(qop, message, out)?)
    }

    fn verify_mic(&self, message: &[u8], mic: &[u8]) -> Result<MessageInfo> {
        Ok(self.ready()?.verify_mic(message, mic)?)
    }

    fn serialize(&self, out: &mut Output<'_>) -> Result<()> {
        out.extend(&state::write(self))
    }

    fn transferable(&self) -> bool {
        true
    }

    fn wrap_size_limit(&self, confidential: bool, qop: u32, output: u32) -> Result<u32> {
        Ok(self.ready()?.wrap_size_limit(confidential, qop, output)?)
    }

    fn wrap_iov(&self, confidential: bool, qop: u32, iov: &mut [Iov<'_>]) -> Result<bool> {
        Ok(self.ready()?.wrap_iov(confidential, qop, iov)?)
    }

    fn unwrap_iov(&self, iov: &mut [Iov<'_>]) -> Result<MessageInfo> {
        Ok(self.ready()?.unwrap_iov(iov)?)
    }

    fn wrap_iov_length(&self, confidential: bool, qop: u32, iov: &mut [Iov<'_>]) -> Result<bool> {
        Ok(self.ready()?.wrap_iov_length(confidential, qop, iov)?)
    }

    fn get_mic_iov(&self, qop: u32, iov: &mut [Iov<'_>]) -> Result<()> {
        Ok(self.ready()?.get_mic_iov(qop, iov)?)
    }

    fn verify_mic_iov(&self, iov: &mut [Iov<'_>]) -> Result<MessageInfo> {
        Ok(self.ready()?.verify_mic_iov(iov)?)
    }

    fn get_mic_iov_length(&self, qop: u32, iov: &mut [Iov<'_>]) -> Result<()> {
        Ok(self.ready()?.get_mic_iov_length(qop, iov)?)
    }

    fn wrap_aead(
        &self,
        confidential: bool,
        qop: u32,
        associated: &[u8],
        message: &[u8],
        out: &mut Output<'_>,
    ) -> Result<bool> {
        Ok(self.ready()?.wrap_aead(confidential, qop, associated, message, out)?)
    }

    fn unwrap_aead(&self, token: &[u8], associated: &[u8], out: &mut Output<'_>) -> Result<MessageInfo> {
        Ok(self.ready()?.unwrap_aead(token, associated, out)?)
    }

    fn pseudo_random(&self, key: PrfKey, seed: &[u8], length: usize, out: &mut Output<'_>) -> Result<()> {
        Ok(self.ready()?.pseudo_random(key, seed, length, out)?)
    }

    fn inquire_by_oid(&self, object: &Oid) -> Result<Vec<Vec<u8>>> {
        if *object == oids::TICKET_FLAGS {
            return Ok(vec![self.ticket_flags.0.to_ne_bytes().to_vec()]);
        }
        if *object == oids::AUTH_TIME {
            // MIT's type for times has 32 bits, read as unsigned.
            return Ok(vec![u32::try_from(self.authtime).unwrap_or(u32::MAX).to_ne_bytes().to_vec()]);
        }
        if *object != oids::SESSION_KEY && *object != oids::SASL_SSF {
            return Err(Error::NoSuchInquiry.into());
        }
        let Stage::Established(protection) = &self.stage else { return Err(Error::NotEstablished.into()) };
        let key = protection.key();
        if *object == oids::SASL_SSF {
            return Ok(vec![strength(key.enctype()).to_be_bytes().to_vec()]);
        }
        let mut kind = oids::SESSION_KEY_ENCTYPE.to_vec();
        // All types are below 128: an arc of one octet.
        kind.extend(u8::try_from(key.enctype().number()));
        Ok(vec![key.bytes().to_vec(), kind])
    }
}

/// The cipher's key length, in bits.
fn strength(enctype: Enctype) -> u32 {
    match enctype {
        Enctype::Aes128Sha1 | Enctype::Aes128Sha256 => 128,
        Enctype::Aes256Sha1 | Enctype::Aes256Sha384 => 256,
    }
}

#[cfg(test)]
mod tests;
