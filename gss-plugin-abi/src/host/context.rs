//! Calls on a security context.

use super::*;

impl PluginContext {
    /// A further leg of the initiator.
    ///
    /// # Errors
    /// Those of RFC 2744 section 5.19.
    pub fn initiate_leg(&mut self, leg: &Initiate<'_>) -> Result<LegResult> {
        plain(self.0.initiate_leg(&initiate_out(leg))).and_then(leg_result)
    }

    /// A further leg of the acceptor.
    ///
    /// # Errors
    /// Those of RFC 2744 section 5.1.
    pub fn accept_leg(&mut self, leg: &Accept<'_>) -> Result<LegResult> {
        plain(self.0.accept_leg(&accept_out(leg))).and_then(leg_result)
    }

    /// The remaining lifetime.
    ///
    /// # Errors
    /// `CONTEXT_EXPIRED`, `NO_CONTEXT`.
    #[inline]
    pub fn context_time(&self) -> Result<Lifetime> {
        plain(self.0.context_time()).map(Lifetime)
    }

    /// What the context says of itself, as far as it is wanted: into `info`, which a failure may leave half filled.
    ///
    /// # Errors
    /// `FAILURE`.
    #[inline]
    pub fn inquire(&self, want: Want, info: &mut ContextInfo<PluginName>) -> Result<()> {
        let bit = |wanted, bit| if wanted { bit } else { 0 };
        let want = bit(want.source, WANT_SOURCE) | bit(want.target, WANT_TARGET) | bit(want.lifetime, WANT_LIFETIME);
        let mut answer = AbiContextInfo::default();
        plain(self.0.inquire(want, &mut answer))?;
        info.source = answer.source.into_option().map(PluginName);
        info.target = answer.target.into_option().map(PluginName);
        info.lifetime = Lifetime(answer.lifetime);
        info.flags = Flags(answer.flags);
        info.initiator = answer.initiator;
        info.open = answer.open;
        if let ROption::RSome(mechanism) = answer.mechanism {
            info.mechanism = Some(oid(&mechanism)?);
        }
        Ok(())
    }

    /// Protects a message; answers whether it is encrypted.
    ///
    /// # Errors
    /// `CONTEXT_EXPIRED`, `NO_CONTEXT`, `BAD_QOP`.
    #[inline]
    pub fn wrap<S: Sink>(&self, confidential: bool, qop: u32, message: &[u8], out: &mut S) -> Result<bool> {
        with_output(out, |out| plain(self.0.wrap(confidential, qop, message.into(), out.0)))
    }

    /// Checks and unprotects a message.
    ///
    /// # Errors
    /// `DEFECTIVE_TOKEN`, `BAD_MIC`, `CONTEXT_EXPIRED`, `NO_CONTEXT`.
    #[inline]
    pub fn unwrap<S: Sink>(&self, token: &[u8], out: &mut S) -> Result<MessageInfo> {
        with_output(out, |out| plain(self.0.unwrap(token.into(), out.0)).and_then(message_info))
    }

    /// Makes a MIC.
    ///
    /// # Errors
    /// `CONTEXT_EXPIRED`, `NO_CONTEXT`, `BAD_QOP`.
    #[inline]
    pub fn get_mic<S: Sink>(&self, qop: u32, message: &[u8], out: &mut S) -> Result<()> {
        with_output(out, |out| plain(self.0.get_mic(qop, message.into(), out.0)))
    }

    /// Checks a MIC.
    ///
    /// # Errors
    /// `DEFECTIVE_TOKEN`, `BAD_MIC`, `CONTEXT_EXPIRED`, `NO_CONTEXT`.
    #[inline]
    pub fn verify_mic(&self, message: &[u8], mic: &[u8]) -> Result<MessageInfo> {
        plain(self.0.verify_mic(message.into(), mic.into())).and_then(message_info)
    }

    /// The context as bytes.
    ///
    /// # Errors
    /// `UNAVAILABLE`; `FAILURE` where the mechanism says that it worked and answers no bytes, which would lose the
    /// context.
    pub fn serialize<S: Sink>(&self, out: &mut S) -> Result<()> {
        let before = out.len();
        with_output(out, |out| plain(self.0.serialize(out.0)))?;
        if out.len() <= before {
            return Err(lie("no bytes for the serialized context"));
        }
        Ok(())
    }

    /// Whether [`PluginContext::serialize`] would work at this stage.
    pub fn transferable(&self) -> bool {
        self.0.transferable()
    }

    /// Ends the context; to be dropped afterwards.
    ///
    /// # Errors
    /// Any.
    pub fn delete(&mut self) -> Result<Vec<u8>> {
        plain(self.0.delete()).map(RVec::into_vec)
    }

    /// Takes a token of the peer that is no message.
    ///
    /// # Errors
    /// `DEFECTIVE_TOKEN`, `UNAVAILABLE`.
    pub fn process_token(&mut self, token: &[u8]) -> Result<()> {
        plain(self.0.process_token(token.into()))
    }

    /// The longest message whose token has at most `output` bytes.
    ///
    /// # Errors
    /// `BAD_QOP`, `NO_CONTEXT`.
    pub fn wrap_size_limit(&self, confidential: bool, qop: u32, output: u32) -> Result<u32> {
        let limit = plain(self.0.wrap_size_limit(confidential, qop, output))?;
        if limit > output {
            return Err(lie(format_args!("that {limit} bytes fit into a token of {output}")));
        }
        Ok(limit)
    }

    fn pieces<R>(
        iov: &mut [Iov<'_>],
        lengths: bool,
        call: impl FnOnce(RSliceMut<'_, AbiIov<'_>>) -> Result<R>,
    ) -> Result<R> {
        let mut crossed = iov_out(iov);
        let answer = call(RSliceMut::from_mut_slice(&mut crossed))?;
        let answers = iov_answers(crossed);
        iov_back(iov, answers, lengths)?;
        Ok(answer)
    }

    /// Protects a message in pieces; answers whether it is encrypted.
    ///
    /// # Errors
    /// As [`PluginContext::wrap`].
    pub fn wrap_iov(&self, confidential: bool, qop: u32, iov: &mut [Iov<'_>]) -> Result<bool> {
        Self::pieces(iov, false, |iov| plain(self.0.wrap_iov(confidential, qop, iov)))
    }

    /// Checks and unprotects a message in pieces.
    ///
    /// # Errors
    /// As [`PluginContext::unwrap`].
    pub fn unwrap_iov(&self, iov: &mut [Iov<'_>]) -> Result<MessageInfo> {
        Self::pieces(iov, false, |iov| plain(self.0.unwrap_iov(iov)).and_then(message_info))
    }

    /// How long header, trailer and padding will be.
    ///
    /// # Errors
    /// As [`PluginContext::wrap`].
    pub fn wrap_iov_length(&self, confidential: bool, qop: u32, iov: &mut [Iov<'_>]) -> Result<bool> {
        Self::pieces(iov, true, |iov| plain(self.0.wrap_iov_length(confidential, qop, iov)))
    }

    /// Makes a MIC over pieces.
    ///
    /// # Errors
    /// As [`PluginContext::get_mic`].
    pub fn get_mic_iov(&self, qop: u32, iov: &mut [Iov<'_>]) -> Result<()> {
        Self::pieces(iov, false, |iov| plain(self.0.get_mic_iov(qop, iov)))
    }

    /// Checks a MIC over pieces.
    ///
    /// # Errors
    /// As [`PluginContext::verify_mic`].
    pub fn verify_mic_iov(&self, iov: &mut [Iov<'_>]) -> Result<MessageInfo> {
        Self::pieces(iov, false, |iov| plain(self.0.verify_mic_iov(iov)).and_then(message_info))
    }

    /// How long the MIC will be.
    ///
    /// # Errors
    /// As [`PluginContext::get_mic`].
    pub fn get_mic_iov_length(&self, qop: u32, iov: &mut [Iov<'_>]) -> Result<()> {
        Self::pieces(iov, true, |iov| plain(self.0.get_mic_iov_length(qop, iov)))
    }

    /// Protects a message with associated data.
    ///
    /// # Errors
    /// As [`PluginContext::wrap`].
    pub fn wrap_aead<S: Sink>(
        &self,
        confidential: bool,
        qop: u32,
        associated: &[u8],
        message: &[u8],
        out: &mut S,
    ) -> Result<bool> {
        with_output(out, |out| plain(self.0.wrap_aead(confidential, qop, associated.into(), message.into(), out.0)))
    }

    /// Checks and unprotects a message with associated data.
    ///
    /// # Errors
    /// As [`PluginContext::unwrap`].
    pub fn unwrap_aead<S: Sink>(&self, token: &[u8], associated: &[u8], out: &mut S) -> Result<MessageInfo> {
        with_output(out, |out| plain(self.0.unwrap_aead(token.into(), associated.into(), out.0)).and_then(message_info))
    }

    /// `length` bytes from the pseudo-random function.
    ///
    /// # Errors
    /// `UNAVAILABLE`.
    pub fn pseudo_random<S: Sink>(&self, key: PrfKey, seed: &[u8], length: usize, out: &mut S) -> Result<()> {
        let before = out.len();
        with_output(out, |out| plain(self.0.pseudo_random(key as u32, seed.into(), length, out.0)))?;
        let got = out.len().saturating_sub(before);
        if got != length {
            out.truncate(before);
            return Err(lie(format_args!("{got} pseudo-random bytes where {length} were asked for")));
        }
        Ok(())
    }

    /// An inquiry by OID.
    ///
    /// # Errors
    /// `UNAVAILABLE`.
    pub fn inquire_by_oid(&self, object: &Oid) -> Result<Vec<Vec<u8>>> {
        plain(self.0.inquire_by_oid(octets_of(Some(object)))).map(byte_strings)
    }

    /// Sets an option.
    ///
    /// # Errors
    /// `UNAVAILABLE`.
    pub fn set_option(&mut self, option: &Oid, value: &[u8]) -> Result<()> {
        plain(self.0.set_option(octets_of(Some(option)), value.into()))
    }

    /// Takes what a protocol without tokens of its own has left over.
    ///
    /// # Errors
    /// `DEFECTIVE_TOKEN`.
    pub fn complete_auth_token(&self, input: &[u8]) -> Result<()> {
        plain(self.0.complete_auth_token(input.into()))
    }
}
