//! The wrapper around security contexts: each call, with the line's faults before it.

use super::wrapper::{Faulty, acceptor_leg, initiator_leg, no_oid};
use super::{Call, Kind};
use gss_plugin::{
    AcceptorLeg, ContextInfo, InitiatorLeg, Iov, IovKind, IovResult, Lifetime, Major, Mechanism, MessageInfo, Oid,
    Output, PrfKey, Result, SecurityContext, Step, Want,
};

impl<C: SecurityContext> SecurityContext for Faulty<C> {
    type Mechanism = Faulty<C::Mechanism>;

    fn initiate_leg(&mut self, leg: InitiatorLeg<'_, Self::Mechanism>) -> Result<Step<Self::Mechanism>> {
        let lie = self.faults.before(Call::InitiateLeg)?;
        let step = self.inner.initiate_leg(initiator_leg(leg))?;
        Ok(self.faults.around_step(step, lie))
    }

    fn accept_leg(&mut self, leg: AcceptorLeg<'_, Self::Mechanism>) -> Result<Step<Self::Mechanism>> {
        let lie = self.faults.before(Call::AcceptLeg)?;
        let step = self.inner.accept_leg(acceptor_leg(leg))?;
        Ok(self.faults.around_step(step, lie))
    }

    #[inline]
    fn context_time(&self) -> Result<Lifetime> {
        match self.faults.before(Call::ContextTime)? {
            false => self.inner.context_time(),
            true => Ok(Lifetime(0)),
        }
    }

    fn inquire(&self, want: Want) -> Result<ContextInfo<<Self::Mechanism as Mechanism>::Name>> {
        let lie = self.faults.before(Call::InquireContext)?;
        let info = self.inner.inquire(want)?;
        let around = |name| self.faults.around(Kind::Name, name);
        Ok(ContextInfo {
            source: info.source.map(around),
            target: info.target.map(around),
            lifetime: info.lifetime,
            flags: info.flags,
            initiator: info.initiator,
            open: info.open,
            mechanism: if lie { Some(no_oid()) } else { info.mechanism },
        })
    }

    fn wrap(&self, confidential: bool, qop: u32, message: &[u8], out: &mut Output<'_>) -> Result<bool> {
        let lie = self.faults.before(Call::Wrap)?;
        Ok(self.inner.wrap(confidential, qop, message, out)? || lie)
    }

    fn unwrap(&self, token: &[u8], out: &mut Output<'_>) -> Result<MessageInfo> {
        let lie = self.faults.before(Call::Unwrap)?;
        let info = self.inner.unwrap(token, out)?;
        Ok(if lie { impossible(info) } else { info })
    }

    fn get_mic(&self, qop: u32, message: &[u8], out: &mut Output<'_>) -> Result<()> {
        self.faults.before_plain(Call::GetMic)?;
        self.inner.get_mic(qop, message, out)
    }

    fn verify_mic(&self, message: &[u8], mic: &[u8]) -> Result<MessageInfo> {
        let lie = self.faults.before(Call::VerifyMic)?;
        let info = self.inner.verify_mic(message, mic)?;
        Ok(if lie { impossible(info) } else { info })
    }

    fn serialize(&self, out: &mut Output<'_>) -> Result<()> {
        match self.faults.before(Call::Serialize)? {
            false => self.inner.serialize(out),
            true => Ok(()),
        }
    }

    fn transferable(&self) -> bool {
        match self.faults.before(Call::Transferable) {
            Ok(lie) => self.inner.transferable() != lie,
            Err(_) => false,
        }
    }

    fn delete(&mut self) -> Result<Vec<u8>> {
        self.faults.before_plain(Call::Delete)?;
        self.inner.delete()
    }

    fn process_token(&mut self, token: &[u8]) -> Result<()> {
        self.faults.before_plain(Call::ProcessToken)?;
        self.inner.process_token(token)
    }

    fn wrap_size_limit(&self, confidential: bool, qop: u32, output: u32) -> Result<u32> {
        let lie = self.faults.before(Call::WrapSizeLimit)?;
        let limit = self.inner.wrap_size_limit(confidential, qop, output)?;
        Ok(if lie { output.saturating_add(1) } else { limit })
    }

    fn wrap_iov(&self, confidential: bool, qop: u32, iov: &mut [Iov<'_>]) -> Result<bool> {
        let lie = self.faults.before(Call::WrapIov)?;
        let encrypted = self.inner.wrap_iov(confidential, qop, iov)?;
        if lie {
            overstate(iov, &[IovKind::Header, IovKind::Padding, IovKind::Trailer]);
        }
        Ok(encrypted)
    }

    fn unwrap_iov(&self, iov: &mut [Iov<'_>]) -> Result<MessageInfo> {
        let lie = self.faults.before(Call::UnwrapIov)?;
        let info = self.inner.unwrap_iov(iov)?;
        if lie {
            let stream = iov.iter().find(|element| element.kind == IovKind::Stream);
            let end = stream.map_or(0, |stream| stream.buffer.len());
            for element in iov.iter_mut().filter(|element| element.kind == IovKind::Data) {
                element.result = IovResult::InStream(end..end + 1);
            }
        }
        Ok(info)
    }

    fn wrap_iov_length(&self, confidential: bool, qop: u32, iov: &mut [Iov<'_>]) -> Result<bool> {
        let lie = self.faults.before(Call::WrapIovLength)?;
        let encrypted = self.inner.wrap_iov_length(confidential, qop, iov)?;
        if lie {
            for element in iov.iter_mut().filter(|element| element.kind == IovKind::Header) {
                element.result = IovResult::Length(u32::MAX as usize);
            }
        }
        Ok(encrypted || lie)
    }

    fn get_mic_iov(&self, qop: u32, iov: &mut [Iov<'_>]) -> Result<()> {
        let lie = self.faults.before(Call::GetMicIov)?;
        self.inner.get_mic_iov(qop, iov)?;
        if lie {
            overstate(iov, &[IovKind::MicToken]);
        }
        Ok(())
    }

    fn verify_mic_iov(&self, iov: &mut [Iov<'_>]) -> Result<MessageInfo> {
        let lie = self.faults.before(Call::VerifyMicIov)?;
        let info = self.inner.verify_mic_iov(iov)?;
        Ok(if lie { impossible(info) } else { info })
    }

    fn get_mic_iov_length(&self, qop: u32, iov: &mut [Iov<'_>]) -> Result<()> {
        self.faults.before_plain(Call::GetMicIovLength)?;
        self.inner.get_mic_iov_length(qop, iov)
    }

    fn wrap_aead(
        &self,
        confidential: bool,
        qop: u32,
        associated: &[u8],
        message: &[u8],
        out: &mut Output<'_>,
    ) -> Result<bool> {
        let lie = self.faults.before(Call::WrapAead)?;
        Ok(self.inner.wrap_aead(confidential, qop, associated, message, out)? || lie)
    }

    fn unwrap_aead(&self, token: &[u8], associated: &[u8], out: &mut Output<'_>) -> Result<MessageInfo> {
        let lie = self.faults.before(Call::UnwrapAead)?;
        let info = self.inner.unwrap_aead(token, associated, out)?;
        Ok(if lie { impossible(info) } else { info })
    }

    fn pseudo_random(&self, key: PrfKey, seed: &[u8], length: usize, out: &mut Output<'_>) -> Result<()> {
        let lie = self.faults.before(Call::PseudoRandom)?;
        self.inner.pseudo_random(key, seed, length, out)?;
        if lie { out.extend(&[0]) } else { Ok(()) }
    }

    fn inquire_by_oid(&self, object: &Oid) -> Result<Vec<Vec<u8>>> {
        self.faults.before_plain(Call::InquireContextByOid)?;
        self.inner.inquire_by_oid(object)
    }

    fn set_option(&mut self, option: &Oid, value: &[u8]) -> Result<()> {
        self.faults.before_plain(Call::SetContextOption)?;
        self.inner.set_option(option, value)
    }

    fn complete_auth_token(&self, input: &[u8]) -> Result<()> {
        self.faults.before_plain(Call::CompleteAuthToken)?;
        self.inner.complete_auth_token(input)
    }
}

/// Names one byte more than the buffers have.
fn overstate(iov: &mut [Iov<'_>], kinds: &[IovKind]) {
    for element in iov.iter_mut().filter(|element| kinds.contains(&element.kind)) {
        element.result = IovResult::Length(element.buffer.len() + 1);
    }
}

/// Errors where only supplementary bits may be, for a message that was not encrypted.
fn impossible(info: MessageInfo) -> MessageInfo {
    MessageInfo { supplementary: Major(u32::MAX), confidential: true, ..info }
}
