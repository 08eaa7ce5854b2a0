//! The security context: legs, questions, options. Messages are `message.rs`'s and `iov.rs`'s, its bytes `state.rs`'s.

use crate::credential::{DummyCredential, MAX_LABEL, Store};
use crate::handshake::{self, Hello, Progress, Role, Session, bindings_sum};
use crate::lifetime::granted;
use crate::message::{HEADER, Kind, Messages};
use crate::name::DummyName;
use crate::status::Minor;
use crate::window::Window;
use crate::{Dummy, iov, oids, state};
use gss_plugin::{
    AcceptorLeg, ContextInfo, CredentialUsage, Deadline, Flags, InitiatorLeg, Iov, IovKind, IovResult, Lifetime,
    MessageInfo, Oid, Output, PrfKey, Result, SecurityContext, Step, Want,
};
use std::sync::Arc;

/// What an initiator may have. No [`Flags::CONF`]: nothing is ever encrypted. [`Flags::PROT_READY`] comes with the
/// end of the handshake, [`Flags::CHANNEL_BOUND`] with equal channel bindings.
const REQUESTABLE: Flags = Flags(
    Flags::DELEG.0
        | Flags::MUTUAL.0
        | Flags::REPLAY.0
        | Flags::SEQUENCE.0
        | Flags::INTEG.0
        | Flags::ANON.0
        | Flags::IDENTIFY.0,
);

/// Every flag that a context can hold.
pub(crate) const POSSIBLE: Flags = Flags(REQUESTABLE.0 | Flags::CHANNEL_BOUND.0);

/// A security context of this mechanism.
#[derive(Debug)]
pub struct DummyContext {
    pub(crate) progress: Progress,
    /// The peer has said that it is gone.
    pub(crate) closed: bool,
    pub(crate) flags: Flags,
    pub(crate) deadline: Deadline,
    pub(crate) session: Session,
    pub(crate) source: DummyName,
    pub(crate) target: DummyName,
    pub(crate) label: Vec<u8>,
    pub(crate) messages: Messages,
    /// For the credential that the initiator delegates.
    pub(crate) store: Arc<Store>,
}

impl DummyContext {
    /// The initiator's first leg.
    pub(crate) fn initiate(
        mechanism: &Dummy,
        credential: &DummyCredential,
        leg: &InitiatorLeg<'_, Dummy>,
    ) -> Result<(Self, Step<Dummy>)> {
        if !leg.input.is_empty() {
            return Err(Minor::Leftover.error());
        }
        credential.can_initiate()?;
        let legs = mechanism.options().legs;
        let mut flags = (leg.flags & REQUESTABLE) | Flags::INTEG;
        if credential.name().is_anonymous() {
            flags |= Flags::ANON;
        }
        if flags.contains(Flags::ANON) {
            // Whoever got the credential would know the name.
            flags = flags & !Flags::DELEG;
        }
        if legs == 1 {
            flags = flags & !Flags::MUTUAL;
        }
        let anonymous = flags.contains(Flags::ANON);
        let lifetime = granted(leg.lifetime, mechanism.options().lifetime).min(credential.deadline().remaining());
        let hello = Hello {
            legs,
            session: handshake::new_session(),
            flags,
            lifetime,
            bindings: bindings_sum(leg.bindings.as_ref()),
            source: if anonymous { DummyName::anonymous() } else { credential.name().clone() },
            target: leg.target.clone(),
        };
        let token = hello.write(mechanism.oid());
        let context = Self::new(mechanism, Role::Initiator, hello);
        let step = context.step(token);
        Ok((context, step))
    }

    /// The acceptor's first leg.
    pub(crate) fn accept(mechanism: &Dummy, leg: &AcceptorLeg<'_, Dummy>) -> Result<(Self, Step<Dummy>)> {
        let mut hello = Hello::read(mechanism.oid(), leg.input)?;
        if !REQUESTABLE.contains(hello.flags) || hello.flags.contains(Flags::ANON) != hello.source.is_anonymous() {
            return Err(Minor::HandshakeToken.error());
        }
        let mut lifetime = mechanism.options().lifetime;
        if let Some(credential) = leg.credential {
            credential.can_accept(&hello.target).map_err(|error| handshake::refused(&hello, error))?;
            lifetime = lifetime.min(credential.deadline().remaining());
        }
        // An initiator without channel bindings is let in; the flag tells whether both had them.
        let own = bindings_sum(leg.bindings.as_ref());
        if own != 0 && hello.bindings != 0 {
            if own != hello.bindings {
                return Err(handshake::refused(&hello, Minor::Bindings.error()));
            }
            hello.flags |= Flags::CHANNEL_BOUND;
        }
        hello.lifetime = hello.lifetime.min(lifetime);
        let mut context = Self::new(mechanism, Role::Acceptor, hello);
        let token = context.answer();
        let step = context.step(token);
        Ok((context, step))
    }

    /// After leg 1.
    fn new(mechanism: &Dummy, role: Role, hello: Hello) -> Self {
        let Hello { legs, session, flags, lifetime, source, target, .. } = hello;
        Self {
            progress: Progress::first(role, legs),
            closed: false,
            flags,
            deadline: Deadline::after(lifetime),
            session,
            source,
            target,
            label: Vec::new(),
            messages: Messages::new(&session, role, 0, Window::default()),
            store: mechanism.store().clone(),
        }
    }

    /// A further leg of either side. Nothing is changed before the token has been found right.
    fn further_leg(&mut self, role: Role, input: &[u8]) -> Result<Step<Dummy>> {
        if self.progress.role() != role {
            return Err(Minor::Role.error());
        }
        if self.progress.established() {
            return Err(Minor::Established.error());
        }
        if let Some((flags, lifetime)) = handshake::read_leg(self.progress, &self.session, input)? {
            // The acceptor adds at most what its channel bindings tell.
            if flags & !Flags::CHANNEL_BOUND != self.flags {
                return Err(Minor::HandshakeToken.error());
            }
            self.flags = flags;
            self.deadline = self.deadline.min(Deadline::after(lifetime));
        }
        self.progress = self.progress.advanced();
        let token = self.answer();
        Ok(self.step(token))
    }

    /// This side's next token, if the handshake has not ended.
    fn answer(&mut self) -> Vec<u8> {
        if self.progress.established() {
            return Vec::new();
        }
        let token = handshake::write_leg(self.progress, &self.session, (self.flags, self.deadline.remaining()));
        self.progress = self.progress.advanced();
        token
    }

    fn step(&self, token: Vec<u8>) -> Step<Dummy> {
        let established = self.progress.established();
        let mut step = if established { Step::complete(token) } else { Step::more(token) };
        step = step.flags(self.granted_flags()).lifetime(self.deadline.remaining());
        if self.progress.role() == Role::Acceptor {
            step = step.source(self.source.clone());
            if established && self.flags.contains(Flags::DELEG) {
                step.delegated = Some(DummyCredential::of(self.source.clone(), CredentialUsage::Initiate, &self.store));
            }
        }
        step
    }

    fn granted_flags(&self) -> Flags {
        if self.progress.established() { self.flags | Flags::PROT_READY } else { self.flags }
    }

    /// Fails unless the context is established, not closed and not expired. Comes before every message.
    fn ready(&self) -> Result<()> {
        self.context_time().map(|_| ())
    }

    fn ready_for(&self, qop: u32) -> Result<()> {
        self.ready()?;
        if qop == 0 { Ok(()) } else { Err(Minor::Qop.error()) }
    }
}

impl SecurityContext for DummyContext {
    type Mechanism = Dummy;

    fn initiate_leg(&mut self, leg: InitiatorLeg<'_, Dummy>) -> Result<Step<Dummy>> {
        // The first leg has said all that the caller's arguments have to say.
        self.further_leg(Role::Initiator, leg.input)
    }

    fn accept_leg(&mut self, leg: AcceptorLeg<'_, Dummy>) -> Result<Step<Dummy>> {
        self.further_leg(Role::Acceptor, leg.input)
    }

    fn context_time(&self) -> Result<Lifetime> {
        if self.closed || !self.progress.established() {
            return Err(Minor::NotEstablished.error());
        }
        match self.deadline.remaining() {
            Lifetime(0) => Err(Minor::Expired.error()),
            lifetime => Ok(lifetime),
        }
    }

    fn inquire(&self, want: Want) -> Result<ContextInfo<DummyName>> {
        let lifetime = if want.lifetime { self.deadline.remaining() } else { Lifetime(0) };
        Ok(ContextInfo {
            lifetime,
            source: want.source.then(|| self.source.clone()),
            target: want.target.then(|| self.target.clone()),
            flags: self.granted_flags(),
            initiator: self.progress.role() == Role::Initiator,
            open: self.progress.established() && !self.closed,
            mechanism: None,
        })
    }

    fn wrap(&self, confidential: bool, qop: u32, message: &[u8], out: &mut Output<'_>) -> Result<bool> {
        self.wrap_aead(confidential, qop, &[], message, out)
    }

    fn unwrap(&self, token: &[u8], out: &mut Output<'_>) -> Result<MessageInfo> {
        self.unwrap_aead(token, &[], out)
    }

    fn get_mic(&self, qop: u32, message: &[u8], out: &mut Output<'_>) -> Result<()> {
        self.ready_for(qop)?;
        let token = out.append(HEADER)?;
        token.copy_from_slice(&self.messages.header(Kind::Mic, [], [message]));
        Ok(())
    }

    fn verify_mic(&self, message: &[u8], mic: &[u8]) -> Result<MessageInfo> {
        self.ready()?;
        let number = self.messages.check(Kind::Mic, mic, [], [message])?;
        let supplementary = self.messages.arrived(number, self.flags);
        Ok(MessageInfo { supplementary, ..MessageInfo::default() })
    }

    fn serialize(&self, out: &mut Output<'_>) -> Result<()> {
        out.extend(&state::write(self))
    }

    fn transferable(&self) -> bool {
        true
    }

    /// Takes the notice that [`oids::CONTEXT_CLOSE_NOTICE`] gives at the peer's side.
    fn process_token(&mut self, token: &[u8]) -> Result<()> {
        self.ready()?;
        self.messages.check(Kind::Close, token, [], [])?;
        self.closed = true;
        Ok(())
    }

    fn wrap_size_limit(&self, _confidential: bool, qop: u32, output: u32) -> Result<u32> {
        self.ready_for(qop)?;
        Ok(output.saturating_sub(HEADER as u32))
    }

    fn wrap_iov(&self, _confidential: bool, qop: u32, iov: &mut [Iov<'_>]) -> Result<bool> {
        self.ready_for(qop)?;
        iov::wrap(&self.messages, iov)?;
        Ok(false)
    }

    fn unwrap_iov(&self, iov: &mut [Iov<'_>]) -> Result<MessageInfo> {
        self.ready()?;
        let supplementary = iov::unwrap(&self.messages, self.flags, iov)?;
        Ok(MessageInfo { supplementary, ..MessageInfo::default() })
    }

    fn wrap_iov_length(&self, _confidential: bool, qop: u32, iov: &mut [Iov<'_>]) -> Result<bool> {
        self.ready_for(qop)?;
        iov::lengths(iov)?;
        Ok(false)
    }

    // `get_mic_iov` and `verify_mic_iov` are left to the contract: it makes one piece of all and calls the plain ones.

    fn get_mic_iov_length(&self, qop: u32, iov: &mut [Iov<'_>]) -> Result<()> {
        self.ready_for(qop)?;
        for element in iov.iter_mut().filter(|element| element.kind == IovKind::MicToken) {
            element.result = IovResult::Length(HEADER);
        }
        Ok(())
    }

    fn wrap_aead(
        &self,
        _confidential: bool,
        qop: u32,
        associated: &[u8],
        message: &[u8],
        out: &mut Output<'_>,
    ) -> Result<bool> {
        self.ready_for(qop)?;
        self.messages.wrap(associated, message, out)?;
        // Whatever was wanted: it is not encrypted, and the caller is told so.
        Ok(false)
    }

    fn unwrap_aead(&self, token: &[u8], associated: &[u8], out: &mut Output<'_>) -> Result<MessageInfo> {
        self.ready()?;
        let supplementary = self.messages.unwrap(self.flags, associated, token, out)?;
        Ok(MessageInfo { supplementary, ..MessageInfo::default() })
    }

    fn pseudo_random(&self, key: PrfKey, seed: &[u8], length: usize, out: &mut Output<'_>) -> Result<()> {
        self.ready()?;
        Messages::pseudo_random(&self.session, key as u64, seed, out.append(length)?);
        Ok(())
    }

    fn inquire_by_oid(&self, object: &Oid) -> Result<Vec<Vec<u8>>> {
        if *object == oids::CONTEXT_LABEL {
            Ok(vec![self.label.clone()])
        } else if *object == oids::CONTEXT_SESSION {
            Ok(vec![self.session.to_vec()])
        } else if *object == oids::CONTEXT_SEQUENCE {
            let (out, incoming) = (self.messages.next(), self.messages.window().next());
            Ok(vec![out.to_be_bytes().to_vec(), incoming.to_be_bytes().to_vec()])
        } else if *object == oids::CONTEXT_CLOSE_NOTICE {
            self.ready()?;
            Ok(vec![self.messages.close_notice()])
        } else {
            Err(Minor::NoSuchOption.error())
        }
    }

    fn set_option(&mut self, option: &Oid, value: &[u8]) -> Result<()> {
        if *option == oids::CONTEXT_LABEL {
            if value.len() > MAX_LABEL {
                return Err(Minor::OptionValue.error());
            }
            self.label = value.to_vec();
        } else if *option == oids::CONTEXT_LIFETIME {
            let seconds = value.try_into().map_err(|_| Minor::OptionValue.error())?;
            self.deadline = self.deadline.min(Deadline::after(Lifetime(u32::from_be_bytes(seconds))));
        } else {
            return Err(Minor::NoSuchOption.error());
        }
        Ok(())
    }

    fn complete_auth_token(&self, input: &[u8]) -> Result<()> {
        // The handshake takes every token whole.
        if input.is_empty() { Ok(()) } else { Err(Minor::Leftover.error()) }
    }
}

#[cfg(test)]
mod tests;
