//! Security contexts. Each lives in a slot of one table; a [`Context`] is the right to that slot. Calls on messages
//! share the slot and run concurrently, legs and export have it alone.

use crate::error::{Error, NoContext, Result};
use crate::loader::{Kind, Loaded};
use crate::name::Name;
use crate::slots::{Access, ExclusiveGuard, ForkGuard, Handle, LookupError, Slots};
use gss_plugin_abi::host::{LegResult, PluginContext};
use gss_plugin_abi::{ContextInfo, Flags, Iov, Lifetime, MessageInfo, Oid, PrfKey, Sink, Want};
use std::fmt;
use std::mem::ManuallyDrop;
use std::sync::Arc;

/// All contexts of this process.
static CONTEXTS: Slots<State> = Slots::new();

pub(crate) fn before_fork() -> ForkGuard<'static, State> {
    CONTEXTS.before_fork()
}

/// What the core knows of a context.
pub(crate) struct State {
    pub(crate) mechanism: Arc<Loaded>,
    pub(crate) plugin: PluginContext,
    /// Whether it is the initiator's; `None` where the mechanism of an imported context could not say.
    pub(crate) initiator: Option<bool>,
    pub(crate) established: bool,
    /// A leg has failed: only delete works (RFC 2744 sections 5.1 and 5.19).
    pub(crate) failed: bool,
}

impl State {
    /// A call of the mechanism on this context.
    #[inline]
    pub(crate) fn call<R>(&self, call: impl FnOnce(&PluginContext) -> gss_plugin_abi::Result<R>) -> Result<R> {
        if self.failed {
            return Err(Error::NoContext(NoContext::HandshakeFailed));
        }
        call(&self.plugin).map_err(|error| self.mechanism.error(error))
    }

    /// The mechanism's flags, with the one that is the core's to say.
    pub(crate) fn flags(&self, flags: Flags) -> Flags {
        flags.with_trans(self.plugin.transferable())
    }
}

/// A security context (RFC 2744 section 3.8).
///
/// Calls take `&self` and may come from several threads. After [`Context::export`], and after a failed leg, every call
/// from any thread is [`Error::NoContext`].
#[derive(PartialEq, Eq)]
pub struct Context {
    handle: Handle,
}

/// What a context says of itself (`gss_inquire_context`, RFC 2744 section 5.20).
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ContextInquiry {
    /// The initiator's name, if wanted and known.
    pub source: Option<Name>,
    /// The acceptor's name, if wanted and known.
    pub target: Option<Name>,
    /// The remaining lifetime, if wanted.
    pub lifetime: Lifetime,
    /// The mechanism in use.
    pub mechanism: Oid,
    /// The flags in force; [`Flags::TRANS`] says that it can be exported at this stage.
    pub flags: Flags,
    /// Whether this side is the initiator.
    pub initiator: bool,
    /// Whether it is established.
    pub open: bool,
}

/// A message that came in (RFC 2744 section 5.31).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Message {
    /// The bytes that the peer protected.
    pub bytes: Vec<u8>,
    /// Confidentiality, quality of protection, and whether it is a duplicate or out of sequence.
    pub info: MessageInfo,
}

impl Context {
    pub(crate) fn new(state: State) -> Result<Self> {
        // The contexts of C mechanisms rely on it that this is the one place where contexts are put.
        let inserted = match state.mechanism.kind {
            Kind::CMechanism => CONTEXTS.insert_alone(state),
            Kind::RustPlugin => CONTEXTS.insert(state),
        };
        match inserted {
            Ok(handle) => Ok(Self { handle }),
            // The state's drop runs the mechanism's code, here, where no lock is held.
            Err(_state) => Err(Error::OutOfMemory("a context")),
        }
    }

    /// Gives the context up to whoever holds the handle (a C program): it lives until it is deleted.
    pub fn into_handle(self) -> Handle {
        ManuallyDrop::new(self).handle
    }

    /// The context of a handle, for calls on it; dropping it leaves the context alone. Whether there is such a context
    /// shows when it is used: any handle may be asked.
    #[inline]
    pub fn by_handle(handle: Handle) -> ManuallyDrop<Self> {
        ManuallyDrop::new(Self { handle })
    }

    #[inline]
    fn read(&self) -> Result<Access<'static, State>> {
        Ok(CONTEXTS.access(self.handle)?)
    }

    pub(crate) fn exclusive(&self) -> Result<ExclusiveGuard<'static, State>> {
        Ok(CONTEXTS.exclusive(self.handle)?)
    }

    #[inline]
    fn call<R>(&self, call: impl FnOnce(&PluginContext) -> gss_plugin_abi::Result<R>) -> Result<R> {
        // As `read`, without an object that stands for either kind of guard: a short call is over sooner.
        if !CONTEXTS.is_alone(self.handle) {
            match CONTEXTS.read(self.handle) {
                Ok(state) => return state.call(call),
                Err(LookupError::NotShared) => {}
                Err(error) => return Err(error.into()),
            }
        }
        match CONTEXTS.exclusive(self.handle) {
            Ok(state) => state.call(call),
            Err(error) => Err(error.into()),
        }
    }

    /// A call that changes the context, alone.
    fn change<R>(&self, change: impl FnOnce(&mut PluginContext) -> gss_plugin_abi::Result<R>) -> Result<R> {
        let state = &mut *self.exclusive()?;
        if state.failed {
            return Err(Error::NoContext(NoContext::HandshakeFailed));
        }
        change(&mut state.plugin).map_err(|error| state.mechanism.error(error))
    }

    /// A further leg of the handshake. A failure leaves a context on which only delete works.
    pub(crate) fn leg(
        &self,
        initiator: bool,
        leg: impl FnOnce(&Arc<Loaded>, &mut PluginContext) -> Result<LegResult>,
    ) -> Result<(Arc<Loaded>, LegResult)> {
        let state = &mut *self.exclusive()?;
        if state.failed {
            return Err(Error::NoContext(NoContext::HandshakeFailed));
        }
        if state.established {
            return Err(Error::AlreadyEstablished);
        }
        if state.initiator.is_some_and(|own| own != initiator) {
            return Err(Error::WrongRole(if initiator { "acceptor" } else { "initiator" }));
        }
        match leg(&state.mechanism, &mut state.plugin) {
            Ok(mut result) => {
                state.established = result.complete;
                result.flags = state.flags(result.flags);
                Ok((Arc::clone(&state.mechanism), result))
            }
            Err(error) => {
                // What the mechanism never saw (a credential or name that is of no use to it) cost nothing.
                state.failed = matches!(error, Error::Mechanism { .. });
                Err(error)
            }
        }
    }

    /// Gives a handshake up whose last token the caller has lost: from now on only delete works, as after a failed leg.
    pub fn abandon(&self) {
        if let Ok(mut state) = self.exclusive() {
            state.failed = !state.established;
        }
    }

    /// Whether the handshake is complete.
    ///
    /// # Errors
    /// [`Error::NoContext`].
    pub fn is_established(&self) -> Result<bool> {
        let state = self.read()?;
        if state.failed { Err(Error::NoContext(NoContext::HandshakeFailed)) } else { Ok(state.established) }
    }

    /// The configured mechanism that the context belongs to.
    ///
    /// # Errors
    /// [`Error::NoContext`].
    pub fn mechanism(&self) -> Result<Oid> {
        Ok(self.read()?.mechanism.oid.clone())
    }

    /// The remaining lifetime (`gss_context_time`, RFC 2744 section 5.7).
    ///
    /// # Errors
    /// `CONTEXT_EXPIRED`; [`Error::NoContext`].
    #[inline]
    pub fn time(&self) -> Result<Lifetime> {
        self.call(PluginContext::context_time)
    }

    /// What the context says of itself, as far as it is wanted.
    ///
    /// # Errors
    /// [`Error::NoContext`]; what the mechanism says.
    #[inline]
    pub fn inquire(&self, want: Want) -> Result<ContextInquiry> {
        let state = self.read()?;
        let mut info = ContextInfo::default();
        state.call(|plugin| plugin.inquire(want, &mut info))?;
        let name = |name| Name::of_mechanism(&state.mechanism, name);
        Ok(ContextInquiry {
            source: info.source.map(name),
            target: info.target.map(name),
            lifetime: info.lifetime,
            mechanism: info.mechanism.unwrap_or_else(|| state.mechanism.oid.clone()),
            flags: info.flags,
            initiator: info.initiator,
            open: info.open,
        })
    }

    /// Protects a message with the default quality of protection (`gss_wrap`, RFC 2744 section 5.33). The mechanism
    /// encrypts it if it can and `confidential` asks for it; [`Context::wrap_into`] tells whether it did.
    ///
    /// # Errors
    /// [`Error::NoContext`]; `CONTEXT_EXPIRED`; what else the mechanism says.
    pub fn wrap(&self, confidential: bool, message: &[u8]) -> Result<Vec<u8>> {
        let mut token = Vec::new();
        self.wrap_into(confidential, 0, message, &mut token)?;
        Ok(token)
    }

    /// As [`Context::wrap`], to the end of the caller's buffer. Answers whether the message is encrypted.
    ///
    /// # Errors
    /// As [`Context::wrap`]; `BAD_QOP`.
    #[inline]
    pub fn wrap_into<S: Sink>(&self, confidential: bool, qop: u32, message: &[u8], out: &mut S) -> Result<bool> {
        self.call(|plugin| plugin.wrap(confidential, qop, message, out))
    }

    /// Checks and unprotects a message (`gss_unwrap`, RFC 2744 section 5.31).
    ///
    /// # Errors
    /// `DEFECTIVE_TOKEN`, `BAD_MIC`, `CONTEXT_EXPIRED`; [`Error::NoContext`].
    pub fn unwrap(&self, token: &[u8]) -> Result<Message> {
        let mut bytes = Vec::new();
        let info = self.unwrap_into(token, &mut bytes)?;
        Ok(Message { bytes, info })
    }

    /// As [`Context::unwrap`], to the end of the caller's buffer.
    ///
    /// # Errors
    /// As [`Context::unwrap`].
    #[inline]
    pub fn unwrap_into<S: Sink>(&self, token: &[u8], out: &mut S) -> Result<MessageInfo> {
        self.call(|plugin| plugin.unwrap(token, out))
    }

    /// Makes a MIC with the default quality of protection (`gss_get_mic`, RFC 2744 section 5.15).
    ///
    /// # Errors
    /// [`Error::NoContext`]; `CONTEXT_EXPIRED`; what else the mechanism says.
    pub fn get_mic(&self, message: &[u8]) -> Result<Vec<u8>> {
        let mut mic = Vec::new();
        self.get_mic_into(0, message, &mut mic)?;
        Ok(mic)
    }

    /// As [`Context::get_mic`], to the end of the caller's buffer.
    ///
    /// # Errors
    /// As [`Context::get_mic`]; `BAD_QOP`.
    #[inline]
    pub fn get_mic_into<S: Sink>(&self, qop: u32, message: &[u8], out: &mut S) -> Result<()> {
        self.call(|plugin| plugin.get_mic(qop, message, out))
    }

    /// Checks a MIC (`gss_verify_mic`, RFC 2744 section 5.32).
    ///
    /// # Errors
    /// `DEFECTIVE_TOKEN`, `BAD_MIC`, `CONTEXT_EXPIRED`; [`Error::NoContext`].
    #[inline]
    pub fn verify_mic(&self, message: &[u8], mic: &[u8]) -> Result<MessageInfo> {
        self.call(|plugin| plugin.verify_mic(message, mic))
    }

    /// The longest message, in bytes, whose token has at most `output` bytes (`gss_wrap_size_limit`).
    ///
    /// # Errors
    /// [`Error::NoContext`]; `BAD_QOP`.
    pub fn wrap_size_limit(&self, confidential: bool, qop: u32, output: u32) -> Result<u32> {
        self.call(|plugin| plugin.wrap_size_limit(confidential, qop, output))
    }

    /// Protects a message in pieces, in place. Answers whether it is encrypted.
    ///
    /// # Errors
    /// As [`Context::wrap`].
    pub fn wrap_iov(&self, confidential: bool, qop: u32, iov: &mut [Iov<'_>]) -> Result<bool> {
        self.call(|plugin| plugin.wrap_iov(confidential, qop, iov))
    }

    /// Checks and unprotects a message in pieces, in place.
    ///
    /// # Errors
    /// As [`Context::unwrap`].
    pub fn unwrap_iov(&self, iov: &mut [Iov<'_>]) -> Result<MessageInfo> {
        self.call(|plugin| plugin.unwrap_iov(iov))
    }

    /// How long header, trailer and padding will be.
    ///
    /// # Errors
    /// As [`Context::wrap`].
    pub fn wrap_iov_length(&self, confidential: bool, qop: u32, iov: &mut [Iov<'_>]) -> Result<bool> {
        self.call(|plugin| plugin.wrap_iov_length(confidential, qop, iov))
    }

    /// Makes a MIC over pieces.
    ///
    /// # Errors
    /// As [`Context::get_mic`].
    pub fn get_mic_iov(&self, qop: u32, iov: &mut [Iov<'_>]) -> Result<()> {
        self.call(|plugin| plugin.get_mic_iov(qop, iov))
    }

    /// Checks a MIC over pieces.
    ///
    /// # Errors
    /// As [`Context::verify_mic`].
    pub fn verify_mic_iov(&self, iov: &mut [Iov<'_>]) -> Result<MessageInfo> {
        self.call(|plugin| plugin.verify_mic_iov(iov))
    }

    /// How long the MIC will be.
    ///
    /// # Errors
    /// As [`Context::get_mic`].
    pub fn get_mic_iov_length(&self, qop: u32, iov: &mut [Iov<'_>]) -> Result<()> {
        self.call(|plugin| plugin.get_mic_iov_length(qop, iov))
    }

    /// Protects a message with associated data, which is not part of the token.
    ///
    /// # Errors
    /// As [`Context::wrap`].
    pub fn wrap_aead(&self, confidential: bool, associated: &[u8], message: &[u8]) -> Result<Vec<u8>> {
        let mut token = Vec::new();
        self.wrap_aead_into(confidential, 0, associated, message, &mut token)?;
        Ok(token)
    }

    /// As [`Context::wrap_aead`], to the end of the caller's buffer. Answers whether the message is encrypted.
    ///
    /// # Errors
    /// As [`Context::wrap`]; `BAD_QOP`.
    pub fn wrap_aead_into<S: Sink>(
        &self,
        confidential: bool,
        qop: u32,
        associated: &[u8],
        message: &[u8],
        out: &mut S,
    ) -> Result<bool> {
        self.call(|plugin| plugin.wrap_aead(confidential, qop, associated, message, out))
    }

    /// Checks and unprotects a message with associated data.
    ///
    /// # Errors
    /// As [`Context::unwrap`].
    pub fn unwrap_aead(&self, token: &[u8], associated: &[u8]) -> Result<Message> {
        let mut bytes = Vec::new();
        let info = self.unwrap_aead_into(token, associated, &mut bytes)?;
        Ok(Message { bytes, info })
    }

    /// As [`Context::unwrap_aead`], to the end of the caller's buffer.
    ///
    /// # Errors
    /// As [`Context::unwrap`].
    pub fn unwrap_aead_into<S: Sink>(&self, token: &[u8], associated: &[u8], out: &mut S) -> Result<MessageInfo> {
        self.call(|plugin| plugin.unwrap_aead(token, associated, out))
    }

    /// `length` bytes from the context's pseudo-random function (RFC 4401).
    ///
    /// # Errors
    /// [`Error::NoContext`]; `UNAVAILABLE`.
    pub fn pseudo_random(&self, key: PrfKey, seed: &[u8], length: usize) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.pseudo_random_into(key, seed, length, &mut bytes)?;
        Ok(bytes)
    }

    /// As [`Context::pseudo_random`], to the end of the caller's buffer.
    ///
    /// # Errors
    /// As [`Context::pseudo_random`].
    pub fn pseudo_random_into<S: Sink>(&self, key: PrfKey, seed: &[u8], length: usize, out: &mut S) -> Result<()> {
        self.call(|plugin| plugin.pseudo_random(key, seed, length, out))
    }

    /// Takes a token of the peer that is no message (`gss_process_context_token`).
    ///
    /// # Errors
    /// [`Error::NoContext`]; `DEFECTIVE_TOKEN`, `UNAVAILABLE`.
    pub fn process_token(&self, token: &[u8]) -> Result<()> {
        self.change(|plugin| plugin.process_token(token))
    }

    /// An inquiry by OID (`gss_inquire_sec_context_by_oid`).
    ///
    /// # Errors
    /// [`Error::NoContext`]; `UNAVAILABLE`.
    pub fn inquire_by_oid(&self, object: &Oid) -> Result<Vec<Vec<u8>>> {
        self.call(|plugin| plugin.inquire_by_oid(object))
    }

    /// Sets an option (`gss_set_sec_context_option`).
    ///
    /// # Errors
    /// [`Error::NoContext`]; `UNAVAILABLE`.
    pub fn set_option(&self, option: &Oid, value: &[u8]) -> Result<()> {
        self.change(|plugin| plugin.set_option(option, value))
    }

    /// Takes what a protocol without tokens of its own has left over (`gss_complete_auth_token`).
    ///
    /// # Errors
    /// [`Error::NoContext`]; `DEFECTIVE_TOKEN`.
    pub fn complete_auth_token(&self, input: &[u8]) -> Result<()> {
        self.call(|plugin| plugin.complete_auth_token(input))
    }

    /// Ends the context (`gss_delete_sec_context`, RFC 2744 section 5.9) and answers the mechanism's token for the
    /// peer, empty since version 2 of the API. Dropping a context frees it as well, without asking for a token.
    ///
    /// # Errors
    /// [`Error::NoContext`]. What the mechanism says is logged: the context is gone in any case.
    pub fn delete(self) -> Result<Vec<u8>> {
        let mut state = self.exclusive()?.remove();
        // From here on nobody else can reach it, and no lock is held.
        match state.plugin.delete() {
            Ok(token) => Ok(token),
            Err(error) => {
                tracing::debug!(mechanism = %state.mechanism.name, "delete: {error}");
                Ok(Vec::new())
            }
        }
    }
}

impl Drop for Context {
    fn drop(&mut self) {
        // Gone already if it was exported or deleted.
        if let Ok(state) = CONTEXTS.exclusive(self.handle) {
            drop(state.remove());
        }
    }
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Context({:#x})", self.handle.to_bits())
    }
}
