//! Security contexts of C mechanisms: the handshake, what a context says of itself, and its export, by which a C mechanism
//! ends its context. Until the switch has committed to an export, the context can be had back.

use super::ffi::{Handle, OidDesc, input, oid_desc, pointer};
use super::held::{Held, LOST_IN_EXPORT, delete, give, gone, import};
use super::legs::{acceptor_leg, initiator_leg, kept, leg_lifetime};
use super::memory::{BufferSet, lie, other_oid};
use super::names::Name;
use super::quirks::HalfBuilt;
use super::status::call;
use super::{Binding, CMechanism, messages, mit};
use gss_plugin_abi::{
    AcceptorLeg, ContextInfo, Flags, InitiatorLeg, Iov, Lifetime, Major, MechError, MessageInfo, Oid, Output, PrfKey,
    Result, SecurityContext, Step, Want, fallback,
};
use std::cell::UnsafeCell;
use std::ffi::c_int;
use std::ptr;

/// A security context. Calls on one are made one after the other; different ones run in parallel.
///
/// The contract lets threads share it, and the core does not let them: it puts the contexts of C mechanisms into its
/// table with `Slots::insert_alone`, so that each access is the only one. A lock here would cost as much as a short call,
/// to say the same once more.
pub(super) struct Context {
    binding: &'static Binding,
    held: UnsafeCell<Held>,
    /// Whether it is the initiator's; `None` for an imported one.
    initiator: Option<bool>,
    /// Whether the handshake is complete, as far as is known: an imported one is taken for established.
    established: bool,
}

// SAFETY: no two threads use the context at once: see above.
unsafe impl Sync for Context {}

impl Drop for Context {
    fn drop(&mut self) {
        if let Held::Live(handle) = self.held.get_mut() {
            delete(self.binding, *handle);
        }
    }
}

impl Context {
    fn new(binding: &'static Binding, handle: Handle, initiator: Option<bool>, established: bool) -> Self {
        Self { binding, held: UnsafeCell::new(Held::Live(handle)), initiator, established }
    }

    /// The context after a first leg. One of a leg that failed is deleted.
    fn begun(
        binding: &'static Binding,
        initiator: bool,
        handle: Handle,
        step: Result<Step<CMechanism>>,
    ) -> Result<(Self, Step<CMechanism>)> {
        let context = (!handle.is_null()).then(|| Self::new(binding, handle, Some(initiator), false));
        let step = step?;
        let mut context = context.ok_or_else(|| lie("success, and no context"))?;
        context.established = step.complete;
        Ok((context, step))
    }

    /// The initiator's first leg.
    pub(super) fn initiate(
        binding: &'static Binding,
        leg: &InitiatorLeg<'_, CMechanism>,
    ) -> Result<(Self, Step<CMechanism>)> {
        let mut handle = ptr::null_mut();
        let step = initiator_leg(binding, &mut handle, leg);
        Self::begun(binding, true, handle, step)
    }

    /// The acceptor's first leg.
    pub(super) fn accept(
        binding: &'static Binding,
        leg: &AcceptorLeg<'_, CMechanism>,
    ) -> Result<(Self, Step<CMechanism>)> {
        let mut handle = ptr::null_mut();
        let step = acceptor_leg(binding, &mut handle, leg);
        Self::begun(binding, false, handle, step)
    }

    /// Builds a context from its serialized state.
    pub(super) fn import(binding: &'static Binding, state: &[u8]) -> Result<Self> {
        let handle = if binding.mit.is_some() {
            let token = mit::context_token(&binding.oid, state)?;
            import(binding, token.as_bytes())?
        } else {
            import(binding, state)?
        };
        Ok(Self::new(binding, handle, None, true))
    }

    /// Runs `body` on what there is of the context, which nothing else touches meanwhile.
    #[inline]
    fn with_held<R>(&self, body: impl FnOnce(&mut Held) -> R) -> R {
        // SAFETY: this thread alone has the context, and no other reference to the cell is alive: one lives as long as
        // `body`, and the bodies in this file call the mechanism and nothing of this object.
        body(unsafe { &mut *self.held.get() })
    }

    /// A call on the context, alone.
    #[inline]
    fn alone<R>(&self, call: impl FnOnce(Handle) -> Result<R>) -> Result<R> {
        let handle = self.with_held(|held| held.live(self.binding))?;
        call(handle)
    }

    /// A call that may replace or end the context.
    fn change<R>(&mut self, call: impl FnOnce(&'static Binding, &mut Handle) -> Result<R>) -> Result<R> {
        let binding = self.binding;
        let held = self.held.get_mut();
        let mut handle = held.live(binding)?;
        let result = call(binding, &mut handle);
        held.settle(handle);
        result
    }

    /// Whether it is the initiator's.
    fn is_initiator(&self, handle: Handle) -> Result<bool> {
        if let Some(initiator) = self.initiator {
            return Ok(initiator);
        }
        let mut local: c_int = 0;
        call!(
            self.binding,
            inquire_context,
            "inquiries",
            handle,
            ptr::null_mut(),
            ptr::null_mut(),
            ptr::null_mut(),
            ptr::null_mut(),
            ptr::null_mut(),
            &raw mut local,
            ptr::null_mut(),
        )?;
        Ok(local != 0)
    }

    /// The remaining lifetime where an inquiry said 0.
    fn lifetime_after_zero(&self, handle: Handle) -> Lifetime {
        let mut lifetime = 0;
        match call!(self.binding, context_time, "lifetimes", handle, &raw mut lifetime) {
            Ok(_) => leg_lifetime(lifetime),
            Err(error) if error.major.routine() == Major::CONTEXT_EXPIRED => Lifetime(0),
            Err(_) => Lifetime::INDEFINITE,
        }
    }
}

impl SecurityContext for Context {
    type Mechanism = CMechanism;

    fn initiate_leg(&mut self, leg: InitiatorLeg<'_, CMechanism>) -> Result<Step<CMechanism>> {
        let step = self.change(|binding, handle| kept(initiator_leg(binding, handle, &leg), *handle))?;
        self.initiator = Some(true);
        self.established = step.complete;
        Ok(step)
    }

    fn accept_leg(&mut self, leg: AcceptorLeg<'_, CMechanism>) -> Result<Step<CMechanism>> {
        let step = self.change(|binding, handle| kept(acceptor_leg(binding, handle, &leg), *handle))?;
        self.initiator = Some(false);
        self.established = step.complete;
        Ok(step)
    }

    #[inline]
    fn context_time(&self) -> Result<Lifetime> {
        self.alone(|handle| {
            let mut lifetime = 0;
            call!(self.binding, context_time, "lifetimes", handle, &raw mut lifetime)?;
            Ok(Lifetime(lifetime))
        })
    }

    fn inquire(&self, want: Want) -> Result<ContextInfo<Name>> {
        let binding = self.binding;
        self.alone(|handle| {
            let target_wanted =
                want.target && (!binding.quirks.acceptors_have_no_target || self.is_initiator(handle)?);
            let mut source = want.source.then_some(ptr::null_mut::<std::ffi::c_void>());
            let mut target = target_wanted.then_some(ptr::null_mut::<std::ffi::c_void>());
            let mut lifetime = want.lifetime.then_some(0_u32);
            let (mut mechanism, mut flags): (*mut OidDesc, u32) = (ptr::null_mut(), 0);
            let (mut local, mut open): (c_int, c_int) = (0, 0);
            let answer = call!(
                binding,
                inquire_context,
                "inquiries",
                handle,
                pointer(&mut source),
                pointer(&mut target),
                pointer(&mut lifetime),
                &raw mut mechanism,
                &raw mut flags,
                &raw mut local,
                &raw mut open,
            );
            let source = source.and_then(|name| Name::adopt(binding, name));
            let target = target.and_then(|name| Name::adopt(binding, name));
            if let (Err(error), false, Some(initiator)) = (&answer, self.established, self.initiator)
                && error.major.routine() == Major::NO_CONTEXT
            {
                // Kerberos says so of every half-built context, of which this much is known here (RFC 2744 5.20).
                return Ok(ContextInfo { initiator, ..ContextInfo::default() });
            }
            answer?;
            let lifetime = match lifetime {
                Some(0) if binding.quirks.lifetime_zero_is_unknown => self.lifetime_after_zero(handle),
                lifetime => Lifetime(lifetime.unwrap_or(0)),
            };
            Ok(ContextInfo {
                source,
                target,
                lifetime,
                flags: Flags(flags),
                initiator: local != 0,
                open: open != 0,
                // SAFETY: the mechanism's own, and it stays: so C has it.
                mechanism: unsafe { other_oid(mechanism, &binding.oid) }?,
            })
        })
    }

    fn wrap(&self, confidential: bool, qop: u32, message: &[u8], out: &mut Output<'_>) -> Result<bool> {
        if self.binding.slots.wrap.is_none() {
            return self.wrap_aead(confidential, qop, &[], message, out);
        }
        self.alone(|handle| messages::wrap(self.binding, handle, confidential, qop, message, out))
    }

    fn unwrap(&self, token: &[u8], out: &mut Output<'_>) -> Result<MessageInfo> {
        if self.binding.slots.unwrap.is_none() {
            return self.unwrap_aead(token, &[], out);
        }
        self.alone(|handle| messages::unwrap(self.binding, handle, token, out))
    }

    fn get_mic(&self, qop: u32, message: &[u8], out: &mut Output<'_>) -> Result<()> {
        self.alone(|handle| messages::get_mic(self.binding, handle, qop, message, out))
    }

    fn verify_mic(&self, message: &[u8], mic: &[u8]) -> Result<MessageInfo> {
        self.alone(|handle| messages::verify_mic(self.binding, handle, message, mic))
    }

    /// Exports the context, which the mechanism ends by that. The bytes are kept until the switch drops the context; if it
    /// goes on with it instead, the next call imports them back.
    fn serialize(&self, out: &mut Output<'_>) -> Result<()> {
        if !self.binding.slots.imports_contexts() {
            // Neither an importer nor this process could have it back.
            return Err(MechError::unavailable("export of contexts"));
        }
        self.with_held(|held| {
            held.export(self.binding)?;
            match held {
                Held::Exported(token) => give(self.binding, token, out),
                _ => Err(gone(LOST_IN_EXPORT)),
            }
        })
    }

    fn transferable(&self) -> bool {
        let slots = &self.binding.slots;
        let offered = match self.binding.quirks.half_built {
            HalfBuilt::All => true,
            HalfBuilt::Acceptors => self.established || self.initiator != Some(true),
            HalfBuilt::None => self.established,
        };
        slots.export_sec_context.is_some() && slots.imports_contexts() && offered
    }

    fn delete(&mut self) -> Result<Vec<u8>> {
        let held = self.held.get_mut();
        if let Held::Live(mut handle) = std::mem::replace(held, Held::Gone("the context was deleted")) {
            call!(self.binding, delete_sec_context, "deletion of contexts", &raw mut handle, ptr::null_mut(),)?;
        }
        Ok(Vec::new())
    }

    fn process_token(&mut self, token: &[u8]) -> Result<()> {
        let mut token = input(token);
        self.change(|binding, handle| {
            call!(binding, process_context_token, "processing of context tokens", *handle, &raw mut token).map(drop)
        })
    }

    fn wrap_size_limit(&self, confidential: bool, qop: u32, output: u32) -> Result<u32> {
        if self.binding.slots.wrap_size_limit.is_none() {
            return fallback::wrap_size_limit(self, confidential, qop, output);
        }
        self.alone(|handle| messages::wrap_size_limit(self.binding, handle, confidential, qop, output))
    }

    fn wrap_iov(&self, confidential: bool, qop: u32, iov: &mut [Iov<'_>]) -> Result<bool> {
        self.alone(|handle| messages::wrap_iov(self.binding, handle, confidential, qop, iov))
    }

    fn unwrap_iov(&self, iov: &mut [Iov<'_>]) -> Result<MessageInfo> {
        self.alone(|handle| messages::unwrap_iov(self.binding, handle, iov))
    }

    fn wrap_iov_length(&self, confidential: bool, qop: u32, iov: &mut [Iov<'_>]) -> Result<bool> {
        self.alone(|handle| messages::wrap_iov_length(self.binding, handle, confidential, qop, iov))
    }

    fn get_mic_iov(&self, qop: u32, iov: &mut [Iov<'_>]) -> Result<()> {
        if self.binding.slots.get_mic_iov.is_none() {
            return fallback::get_mic_iov(self, qop, iov);
        }
        self.alone(|handle| messages::get_mic_iov(self.binding, handle, qop, iov))
    }

    fn verify_mic_iov(&self, iov: &mut [Iov<'_>]) -> Result<MessageInfo> {
        if self.binding.slots.verify_mic_iov.is_none() {
            return fallback::verify_mic_iov(self, iov);
        }
        self.alone(|handle| messages::verify_mic_iov(self.binding, handle, iov))
    }

    fn get_mic_iov_length(&self, qop: u32, iov: &mut [Iov<'_>]) -> Result<()> {
        self.alone(|handle| messages::get_mic_iov_length(self.binding, handle, qop, iov))
    }

    fn wrap_aead(
        &self,
        confidential: bool,
        qop: u32,
        associated: &[u8],
        message: &[u8],
        out: &mut Output<'_>,
    ) -> Result<bool> {
        if self.binding.slots.wrap_aead.is_none() {
            return fallback::wrap_aead(self, confidential, qop, associated, message, out);
        }
        self.alone(|handle| messages::wrap_aead(self.binding, handle, confidential, qop, associated, message, out))
    }

    fn unwrap_aead(&self, token: &[u8], associated: &[u8], out: &mut Output<'_>) -> Result<MessageInfo> {
        if self.binding.slots.unwrap_aead.is_none() {
            return fallback::unwrap_aead(self, token, associated, out);
        }
        self.alone(|handle| messages::unwrap_aead(self.binding, handle, token, associated, out))
    }

    fn pseudo_random(&self, key: PrfKey, seed: &[u8], length: usize, out: &mut Output<'_>) -> Result<()> {
        self.alone(|handle| messages::pseudo_random(self.binding, handle, key, seed, length, out))
    }

    fn inquire_by_oid(&self, object: &Oid) -> Result<Vec<Vec<u8>>> {
        self.alone(|handle| {
            let (mut object, mut answers) = (oid_desc(object), BufferSet::new());
            call!(
                self.binding,
                inquire_sec_context_by_oid,
                "this context inquiry",
                handle,
                &raw mut object,
                answers.output(),
            )?;
            answers.into_vec()
        })
    }

    fn set_option(&mut self, option: &Oid, value: &[u8]) -> Result<()> {
        let (mut option, mut value) = (oid_desc(option), input(value));
        self.change(|binding, handle| {
            call!(
                binding,
                set_sec_context_option,
                "this context option",
                ptr::from_mut(handle),
                &raw mut option,
                &raw mut value,
            )
            .map(drop)
        })
    }

    fn complete_auth_token(&self, token: &[u8]) -> Result<()> {
        if self.binding.slots.complete_auth_token.is_none() {
            return Ok(());
        }
        self.alone(|handle| {
            let mut token = input(token);
            call!(self.binding, complete_auth_token, "completion", handle, &raw mut token).map(drop)
        })
    }
}
