//! The legs of a handshake, as calls of the mechanism.

use super::ffi::{Handle, OidDesc, bindings_desc, input, pointer};
use super::memory::{Buffer, lie, other_oid};
use super::names::Name;
use super::status::call;
use super::{Binding, CMechanism, Credential, mit};
use gss_plugin_abi::{AcceptorLeg, Flags, InitiatorLeg, Lifetime, Major, Result, Step};
use std::ptr;

/// A lifetime that a leg answered. No context lives for 0 seconds from now on: mechanisms say it where they do not know.
pub(super) fn leg_lifetime(seconds: u32) -> Lifetime {
    if seconds == 0 { Lifetime::INDEFINITE } else { Lifetime(seconds) }
}

/// What a leg answered.
struct LegOutput {
    mechanism: *mut OidDesc,
    token: Buffer,
    flags: u32,
    lifetime: u32,
    source: Handle,
    delegated: Handle,
}

impl LegOutput {
    const fn new() -> Self {
        let (mechanism, none) = (ptr::null_mut(), ptr::null_mut());
        Self { mechanism, token: Buffer::new(), flags: 0, lifetime: 0, source: none, delegated: none }
    }

    /// What the leg achieved. Takes over what the call made, whatever it answered.
    fn step(self, binding: &'static Binding, answer: Result<Major>) -> Result<Step<CMechanism>> {
        let source = Name::adopt(binding, self.source);
        let delegated = Credential::adopt(binding, self.delegated);
        let major = answer.map_err(|error| {
            let token = self.token.to_vec().unwrap_or_default();
            error.token(token)
        })?;
        let token = self.token.to_vec()?;
        // SAFETY: the mechanism's own, and it stays: so C has it.
        let mechanism = unsafe { other_oid(self.mechanism, &binding.oid) }?;
        let complete = !major.contains(Major::CONTINUE_NEEDED);
        let delegated = delegated.filter(|_| complete);
        let delegated = match (&binding.mit, delegated) {
            (Some(_), Some(credential)) => Some(mit::delegated(credential, binding)?),
            (_, delegated) => delegated,
        };
        Ok(Step {
            complete,
            token,
            flags: Flags(self.flags),
            lifetime: leg_lifetime(self.lifetime),
            mechanism,
            source,
            delegated,
        })
    }
}

pub(super) fn initiator_leg(
    binding: &'static Binding,
    handle: &mut Handle,
    leg: &InitiatorLeg<'_, CMechanism>,
) -> Result<Step<CMechanism>> {
    let mut token = (!leg.input.is_empty() || !handle.is_null()).then(|| input(leg.input));
    let mut bindings = leg.bindings.as_ref().map(bindings_desc);
    let mut output = LegOutput::new();
    let answer = call!(
        binding,
        init_sec_context,
        "the initiator's side",
        Credential::handle_of(leg.credential),
        ptr::from_mut(handle),
        leg.target.handle(),
        binding.oid(),
        leg.flags.0,
        leg.lifetime.0,
        pointer(&mut bindings),
        pointer(&mut token),
        &raw mut output.mechanism,
        output.token.output(),
        &raw mut output.flags,
        &raw mut output.lifetime,
    );
    output.step(binding, answer)
}

pub(super) fn acceptor_leg(
    binding: &'static Binding,
    handle: &mut Handle,
    leg: &AcceptorLeg<'_, CMechanism>,
) -> Result<Step<CMechanism>> {
    let mut token = input(leg.input);
    let mut bindings = leg.bindings.as_ref().map(bindings_desc);
    let mut output = LegOutput::new();
    let answer = call!(
        binding,
        accept_sec_context,
        "the acceptor's side",
        ptr::from_mut(handle),
        Credential::handle_of(leg.credential),
        &raw mut token,
        pointer(&mut bindings),
        &raw mut output.source,
        &raw mut output.mechanism,
        output.token.output(),
        &raw mut output.flags,
        &raw mut output.lifetime,
        &raw mut output.delegated,
    );
    output.step(binding, answer)
}

/// A leg that succeeded leaves a context.
pub(super) fn kept(step: Result<Step<CMechanism>>, handle: Handle) -> Result<Step<CMechanism>> {
    if handle.is_null() && step.is_ok() { Err(lie("success, and no context")) } else { step }
}
