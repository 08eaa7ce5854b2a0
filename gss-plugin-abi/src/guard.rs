//! Turns a mechanism of plain Rust into the objects of the ABI. Every object that crosses is wrapped here, its drop
//! included: a panic that left the plugin would end the host, since no other copy of std can catch it.

use crate::abi::{
    AbiAcceptorLeg, AbiAcquire, AbiContextInfo, AbiCredentialInfo, AbiDescription, AbiFirstStep, AbiInitiatorLeg,
    AbiIov, AbiMessageInfo, AbiNameAttribute, AbiResult, AbiStep, AbiStore, AbiText, ContextObject, CredentialObject,
    MechanismObject, NameObject, OutputObject, RawContext, RawContext_TO, RawCredential, RawCredential_TO,
    RawMechanism, RawMechanism_TO, RawName, RawName_TO, WANT_LIFETIME, WANT_SOURCE, WANT_TARGET,
};
use crate::contract::{Credential, Mechanism, Name, SecurityContext};
use crate::convert::{byte_strings_out, iov_in, iov_results, octets_of, oid, oids_in, oids_out, optional_oid};
use crate::output::Output;
use crate::status::{MechError, PANICKED, Result};
use crate::types::{
    AcceptorLeg, AcquireRequest, ContextInfo, CredentialInfo, CredentialUsage, Flags, InitiatorLeg, Iov, Lifetime,
    PrfKey, Step, StoreRequest, Want,
};
use abi_stable::sabi_trait::prelude::TD_CanDowncast;
use abi_stable::std_types::{ROption, RResult, RSlice, RSliceMut, RStr, RString, RVec, Tuple2};
use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};

/// Runs `body`; a panic becomes its message.
pub(crate) fn caught<R>(body: impl FnOnce() -> R) -> std::result::Result<R, String> {
    catch_unwind(AssertUnwindSafe(body)).map_err(message_of)
}

fn message_of(payload: Box<dyn Any + Send>) -> String {
    let message = match (payload.downcast_ref::<&str>(), payload.downcast_ref::<String>()) {
        (Some(text), _) => (*text).to_owned(),
        (_, Some(text)) => text.clone(),
        _ => "a panic without a text".to_owned(),
    };
    // The payload is the author's too: its drop may panic, and so may the drop of that panic's payload.
    if let Err(second) = catch_unwind(AssertUnwindSafe(move || drop(payload))) {
        std::mem::forget(second);
    }
    message
}

/// An author's object behind the boundary.
pub(crate) struct Guarded<T> {
    /// `None` only while it is being dropped.
    inner: Option<T>,
    /// A call that may change the object has panicked.
    poisoned: AtomicBool,
}

impl<T> Guarded<T> {
    fn new(inner: T) -> Self {
        Self { inner: Some(inner), poisoned: AtomicBool::new(false) }
    }

    fn inner(&self) -> Result<&T> {
        match &self.inner {
            Some(inner) if !self.poisoned.load(Ordering::Relaxed) => Ok(inner),
            _ => Err(poisoned()),
        }
    }

    /// A call that by contract changes nothing, so that a panic in it leaves the object as it was: an export that
    /// fails, for one, must not cost the context.
    fn observe<R>(&self, body: impl FnOnce(&T) -> Result<R>) -> AbiResult<R> {
        let inner = match self.inner() {
            Ok(inner) => inner,
            Err(error) => return RResult::RErr(error.into()),
        };
        match caught(|| body(inner)) {
            Ok(Ok(value)) => RResult::ROk(value),
            Ok(Err(error)) => RResult::RErr(error.into()),
            Err(message) => RResult::RErr(panicked(&message).into()),
        }
    }

    /// A call; a panic poisons the object.
    fn call<R>(&self, body: impl FnOnce(&T) -> Result<R>) -> AbiResult<R> {
        let inner = match self.inner() {
            Ok(inner) => inner,
            Err(error) => return RResult::RErr(error.into()),
        };
        let result = caught(|| body(inner));
        self.settle(result)
    }

    /// A call that changes the object; a panic poisons it.
    fn call_mut<R>(&mut self, body: impl FnOnce(&mut T) -> Result<R>) -> AbiResult<R> {
        let result = match &mut self.inner {
            Some(inner) if !*self.poisoned.get_mut() => caught(|| body(inner)),
            _ => return RResult::RErr(poisoned().into()),
        };
        self.settle(result)
    }

    fn settle<R>(&self, result: std::result::Result<Result<R>, String>) -> AbiResult<R> {
        match result {
            Ok(Ok(value)) => RResult::ROk(value),
            Ok(Err(error)) => RResult::RErr(error.into()),
            Err(message) => {
                self.poisoned.store(true, Ordering::Relaxed);
                RResult::RErr(panicked(&message).into())
            }
        }
    }
}

impl<T> Drop for Guarded<T> {
    fn drop(&mut self) {
        let inner = self.inner.take();
        // Nobody can be told here; the plugin's panic hook has logged it.
        let _ = caught(move || drop(inner));
    }
}

#[cold]
fn poisoned() -> MechError {
    MechError::failure("the mechanism panicked in an earlier call on this object, which can only be released")
        .minor(PANICKED)
}

#[cold]
fn panicked(message: &str) -> MechError {
    MechError::failure(format!("the mechanism panicked: {message}")).minor(PANICKED)
}

pub(crate) fn mechanism_object<M: Mechanism>(mechanism: M) -> MechanismObject {
    RawMechanism_TO::from_value(Guarded::new(mechanism), TD_CanDowncast)
}

fn name_object<N: Name>(name: N) -> NameObject {
    RawName_TO::from_value(Guarded::new(name), TD_CanDowncast)
}

fn credential_object<C: Credential>(credential: C) -> CredentialObject {
    RawCredential_TO::from_value(Guarded::new(credential), TD_CanDowncast)
}

fn context_object<C: SecurityContext>(context: C) -> ContextObject {
    RawContext_TO::from_value(Guarded::new(context), TD_CanDowncast)
}

fn name_of<N: Name>(object: &NameObject) -> Result<&N> {
    match object.obj.downcast_as::<Guarded<N>>() {
        Ok(guarded) => guarded.inner(),
        Err(_) => Err(MechError::new(crate::Major::BAD_NAME, "a name of another mechanism")),
    }
}

fn credential_of<C: Credential>(object: ROption<&CredentialObject>) -> Result<Option<&C>> {
    let ROption::RSome(object) = object else {
        return Ok(None);
    };
    match object.obj.downcast_as::<Guarded<C>>() {
        Ok(guarded) => guarded.inner().map(Some),
        Err(_) => Err(MechError::new(crate::Major::DEFECTIVE_CREDENTIAL, "a credential of another mechanism")),
    }
}

fn usage_of(code: u32) -> Result<CredentialUsage> {
    CredentialUsage::from_code(code).ok_or_else(|| MechError::failure(format!("unknown credential usage {code}")))
}

fn store_pairs<'a>(pairs: &'a [Tuple2<RStr<'a>, RStr<'a>>]) -> Vec<(&'a str, &'a str)> {
    pairs.iter().map(|pair| (pair.0.as_str(), pair.1.as_str())).collect()
}

fn with_initiator_leg<M: Mechanism, R>(
    leg: &AbiInitiatorLeg<'_>,
    body: impl FnOnce(InitiatorLeg<'_, M>) -> Result<R>,
) -> Result<R> {
    let mechanism = oid(&leg.mechanism)?;
    body(InitiatorLeg {
        credential: credential_of(leg.credential)?,
        target: name_of(leg.target)?,
        mechanism: &mechanism,
        flags: Flags(leg.flags),
        lifetime: Lifetime(leg.lifetime),
        bindings: leg.bindings.into_option().map(Into::into),
        input: leg.input.as_slice(),
    })
}

fn acceptor_leg<'a, M: Mechanism>(leg: &AbiAcceptorLeg<'a>) -> Result<AcceptorLeg<'a, M>> {
    Ok(AcceptorLeg {
        credential: credential_of(leg.credential)?,
        bindings: leg.bindings.into_option().map(Into::into),
        input: leg.input.as_slice(),
    })
}

fn step_out<M: Mechanism>(step: Step<M>) -> AbiStep {
    AbiStep {
        complete: step.complete,
        flags: step.flags.0,
        lifetime: step.lifetime.0,
        token: step.token.into(),
        mechanism: RVec::from(octets_of(step.mechanism.as_ref()).to_vec()),
        source: step.source.map(name_object).into(),
        delegated: step.delegated.map(credential_object).into(),
    }
}

fn first_step_out<M: Mechanism>((context, step): (M::Context, Step<M>)) -> AbiFirstStep {
    AbiFirstStep { context: context_object(context), step: step_out(step) }
}

impl<M: Mechanism> RawMechanism for Guarded<M> {
    fn describe(&self) -> AbiResult<AbiDescription> {
        self.observe(|mechanism| {
            let description = mechanism.describe();
            Ok(AbiDescription {
                attributes: oids_out(&description.attributes),
                known_attributes: oids_out(&description.known_attributes),
                name_types: oids_out(&description.name_types),
                sasl_name: description.sasl_name.into(),
                display_name: description.display_name.into(),
                summary: description.summary.into(),
                extra: RVec::new(),
            })
        })
    }

    fn import_name(&self, name: RSlice<'_, u8>, name_type: RSlice<'_, u8>) -> AbiResult<NameObject> {
        self.observe(|mechanism| {
            let name_type = optional_oid(&name_type)?;
            mechanism.import_name(&name, name_type.as_ref()).map(name_object)
        })
    }

    fn acquire_credential(&self, request: &AbiAcquire<'_>) -> AbiResult<CredentialObject> {
        self.observe(|mechanism| {
            let store = store_pairs(&request.store);
            let name = match request.name {
                ROption::RSome(name) => Some(name_of(name)?),
                ROption::RNone => None,
            };
            let request = AcquireRequest {
                name,
                lifetime: Lifetime(request.lifetime),
                usage: usage_of(request.usage)?,
                password: request.password.into_option().map(|password| password.as_slice()),
                store: &store,
                impersonator: credential_of(request.impersonator)?,
            };
            mechanism.acquire_credential(&request).map(credential_object)
        })
    }

    fn initiate(&self, leg: &AbiInitiatorLeg<'_>) -> AbiResult<AbiFirstStep> {
        self.observe(|mechanism| with_initiator_leg(leg, |leg| mechanism.initiate(leg)).map(first_step_out))
    }

    fn accept(&self, leg: &AbiAcceptorLeg<'_>) -> AbiResult<AbiFirstStep> {
        self.observe(|mechanism| mechanism.accept(acceptor_leg(leg)?).map(first_step_out))
    }

    fn import_context(&self, state: RSlice<'_, u8>) -> AbiResult<ContextObject> {
        self.observe(|mechanism| mechanism.import_context(&state).map(context_object))
    }

    fn import_exported_name(&self, name: RSlice<'_, u8>, composite: bool) -> AbiResult<NameObject> {
        self.observe(|mechanism| mechanism.import_exported_name(&name, composite).map(name_object))
    }

    fn canonicalize_name(&self, name: &NameObject) -> AbiResult<NameObject> {
        self.observe(|mechanism| mechanism.canonicalize_name(name_of(name)?).map(name_object))
    }

    fn import_credential(&self, token: RSlice<'_, u8>) -> AbiResult<CredentialObject> {
        self.observe(|mechanism| mechanism.import_credential(&token).map(credential_object))
    }

    fn credential_from_option(&self, option: RSlice<'_, u8>, value: RSlice<'_, u8>) -> AbiResult<CredentialObject> {
        self.observe(|mechanism| mechanism.credential_from_option(&oid(&option)?, &value).map(credential_object))
    }

    fn display_status(&self, minor: u32) -> ROption<RString> {
        let text = self.observe(|mechanism| Ok(mechanism.display_status(minor)));
        text.ok().into_option().flatten().map(RString::from).into()
    }

    fn invoke(&self, operation: RSlice<'_, u8>, value: RSlice<'_, u8>) -> AbiResult<RVec<u8>> {
        self.observe(|mechanism| mechanism.invoke(&oid(&operation)?, &value).map(RVec::from))
    }
}

impl<N: Name> RawName for Guarded<N> {
    fn display(&self) -> AbiResult<AbiText> {
        self.call(|name| {
            let (text, name_type) = name.display()?;
            Ok(AbiText { text: text.into(), name_type: RVec::from(name_type.as_bytes().to_vec()) })
        })
    }

    fn compare(&self, other: &NameObject) -> AbiResult<bool> {
        self.call(|name| name.compare(name_of(other)?))
    }

    fn duplicate(&self) -> AbiResult<NameObject> {
        self.call(|name| name.duplicate().map(name_object))
    }

    fn export(&self) -> AbiResult<RVec<u8>> {
        self.call(|name| name.export().map(RVec::from))
    }

    fn display_as(&self, name_type: RSlice<'_, u8>) -> AbiResult<RVec<u8>> {
        self.call(|name| name.display_as(&oid(&name_type)?).map(RVec::from))
    }

    fn inquire(&self) -> AbiResult<RVec<RVec<u8>>> {
        self.call(|name| name.inquire().map(|info| byte_strings_out(info.attributes)))
    }

    fn attribute(&self, attribute: RSlice<'_, u8>, more: i32) -> AbiResult<AbiNameAttribute> {
        self.call(|name| {
            let value = name.attribute(&attribute, more)?;
            Ok(AbiNameAttribute {
                authenticated: value.authenticated,
                complete: value.complete,
                more: value.more,
                value: value.value.into(),
                display_value: value.display_value.into(),
            })
        })
    }

    fn set_attribute(&mut self, complete: bool, attribute: RSlice<'_, u8>, value: RSlice<'_, u8>) -> AbiResult<()> {
        self.call_mut(|name| name.set_attribute(complete, &attribute, &value))
    }

    fn delete_attribute(&mut self, attribute: RSlice<'_, u8>) -> AbiResult<()> {
        self.call_mut(|name| name.delete_attribute(&attribute))
    }

    fn export_composite(&self) -> AbiResult<RVec<u8>> {
        self.call(|name| name.export_composite().map(RVec::from))
    }

    fn map_to_any(&self, authenticated: bool, type_id: RSlice<'_, u8>) -> AbiResult<usize> {
        self.call(|name| name.map_to_any(authenticated, &type_id))
    }

    fn release_any(&self, type_id: RSlice<'_, u8>, object: usize) -> AbiResult<()> {
        self.call(|name| name.release_any(&type_id, object))
    }

    fn local_name(&self) -> AbiResult<RVec<u8>> {
        self.call(|name| name.local_name().map(RVec::from))
    }

    fn authorize_local_name(&self, user: RSlice<'_, u8>, name_type: RSlice<'_, u8>) -> AbiResult<()> {
        self.call(|name| name.authorize_local_name(&user, &oid(&name_type)?))
    }
}

impl<C: Credential> RawCredential for Guarded<C> {
    fn inquire(&self) -> AbiResult<AbiCredentialInfo> {
        self.call(|credential| {
            let CredentialInfo { name, initiator_lifetime, acceptor_lifetime, usage } = credential.inquire()?;
            Ok(AbiCredentialInfo {
                name: name.map(name_object).into(),
                initiator_lifetime: initiator_lifetime.0,
                acceptor_lifetime: acceptor_lifetime.0,
                usage: usage as u32,
            })
        })
    }

    fn export(&self, out: OutputObject<'_>) -> AbiResult<()> {
        self.call(|credential| credential.export(&mut Output(out)))
    }

    fn store(&self, request: &AbiStore<'_>) -> AbiResult<()> {
        self.call(|credential| {
            let store = store_pairs(&request.store);
            let usage = usage_of(request.usage)?;
            let (overwrite, make_default) = (request.overwrite, request.make_default);
            credential.store(&StoreRequest { usage, overwrite, make_default, store: &store })
        })
    }

    fn inquire_by_oid(&self, object: RSlice<'_, u8>) -> AbiResult<RVec<RVec<u8>>> {
        self.call(|credential| credential.inquire_by_oid(&oid(&object)?).map(byte_strings_out))
    }

    fn set_option(&mut self, option: RSlice<'_, u8>, value: RSlice<'_, u8>) -> AbiResult<()> {
        self.call_mut(|credential| credential.set_option(&oid(&option)?, &value))
    }

    fn set_negotiable_mechanisms(&mut self, mechanisms: RSlice<'_, RSlice<'_, u8>>) -> AbiResult<()> {
        self.call_mut(|credential| credential.set_negotiable_mechanisms(&oids_in(&mechanisms)?))
    }
}

/// A call over pieces: plain elements in, results back.
fn pieces<R>(mut crossed: RSliceMut<'_, AbiIov<'_>>, body: impl FnOnce(&mut [Iov<'_>]) -> Result<R>) -> Result<R> {
    let mut iov = iov_in(crossed.as_mut_slice())?;
    let answer = body(&mut iov)?;
    let results = iov.into_iter().map(|element| element.result).collect();
    iov_results(results, crossed.as_mut_slice());
    Ok(answer)
}

impl<C: SecurityContext> RawContext for Guarded<C> {
    fn context_time(&self) -> AbiResult<u32> {
        self.observe(|context| context.context_time().map(|lifetime| lifetime.0))
    }

    fn wrap(&self, confidential: bool, qop: u32, message: RSlice<'_, u8>, out: OutputObject<'_>) -> AbiResult<bool> {
        self.call(|context| context.wrap(confidential, qop, message.as_slice(), &mut Output(out)))
    }

    fn unwrap(&self, token: RSlice<'_, u8>, out: OutputObject<'_>) -> AbiResult<AbiMessageInfo> {
        self.call(|context| context.unwrap(token.as_slice(), &mut Output(out)).map(Into::into))
    }

    fn get_mic(&self, qop: u32, message: RSlice<'_, u8>, out: OutputObject<'_>) -> AbiResult<()> {
        self.call(|context| context.get_mic(qop, message.as_slice(), &mut Output(out)))
    }

    fn verify_mic(&self, message: RSlice<'_, u8>, mic: RSlice<'_, u8>) -> AbiResult<AbiMessageInfo> {
        self.call(|context| context.verify_mic(message.as_slice(), mic.as_slice()).map(Into::into))
    }

    fn inquire(&self, want: u32, info: &mut AbiContextInfo) -> AbiResult<()> {
        let transferable = RawContext::transferable(self);
        self.observe(|context| {
            let ContextInfo { source, target, lifetime, flags, initiator, open, mechanism } =
                context.inquire(Want {
                    source: want & WANT_SOURCE != 0,
                    target: want & WANT_TARGET != 0,
                    lifetime: want & WANT_LIFETIME != 0,
                })?;
            info.source = source.map(name_object).into();
            info.target = target.map(name_object).into();
            info.mechanism = mechanism.map(|oid| RVec::from(oid.as_bytes().to_vec())).into();
            info.lifetime = lifetime.0;
            info.flags = flags.with_trans(transferable).0;
            info.initiator = initiator;
            info.open = open;
            Ok(())
        })
    }

    fn initiate_leg(&mut self, leg: &AbiInitiatorLeg<'_>) -> AbiResult<AbiStep> {
        self.call_mut(|context| with_initiator_leg(leg, |leg| context.initiate_leg(leg)).map(step_out))
    }

    fn accept_leg(&mut self, leg: &AbiAcceptorLeg<'_>) -> AbiResult<AbiStep> {
        self.call_mut(|context| context.accept_leg(acceptor_leg(leg)?).map(step_out))
    }

    fn serialize(&self, out: OutputObject<'_>) -> AbiResult<()> {
        self.observe(|context| context.serialize(&mut Output(out)))
    }

    fn transferable(&self) -> bool {
        self.observe(|context| Ok(context.transferable())).unwrap_or(false)
    }

    fn delete(&mut self) -> AbiResult<RVec<u8>> {
        self.call_mut(|context| context.delete().map(RVec::from))
    }

    fn process_token(&mut self, token: RSlice<'_, u8>) -> AbiResult<()> {
        self.call_mut(|context| context.process_token(&token))
    }

    fn wrap_size_limit(&self, confidential: bool, qop: u32, output: u32) -> AbiResult<u32> {
        self.call(|context| context.wrap_size_limit(confidential, qop, output))
    }

    fn wrap_iov(&self, confidential: bool, qop: u32, iov: RSliceMut<'_, AbiIov<'_>>) -> AbiResult<bool> {
        self.call(|context| pieces(iov, |iov| context.wrap_iov(confidential, qop, iov)))
    }

    fn unwrap_iov(&self, iov: RSliceMut<'_, AbiIov<'_>>) -> AbiResult<AbiMessageInfo> {
        self.call(|context| pieces(iov, |iov| context.unwrap_iov(iov)).map(Into::into))
    }

    fn wrap_iov_length(&self, confidential: bool, qop: u32, iov: RSliceMut<'_, AbiIov<'_>>) -> AbiResult<bool> {
        self.call(|context| pieces(iov, |iov| context.wrap_iov_length(confidential, qop, iov)))
    }

    fn get_mic_iov(&self, qop: u32, iov: RSliceMut<'_, AbiIov<'_>>) -> AbiResult<()> {
        self.call(|context| pieces(iov, |iov| context.get_mic_iov(qop, iov)))
    }

    fn verify_mic_iov(&self, iov: RSliceMut<'_, AbiIov<'_>>) -> AbiResult<AbiMessageInfo> {
        self.call(|context| pieces(iov, |iov| context.verify_mic_iov(iov)).map(Into::into))
    }

    fn get_mic_iov_length(&self, qop: u32, iov: RSliceMut<'_, AbiIov<'_>>) -> AbiResult<()> {
        self.call(|context| pieces(iov, |iov| context.get_mic_iov_length(qop, iov)))
    }

    fn wrap_aead(
        &self,
        confidential: bool,
        qop: u32,
        associated: RSlice<'_, u8>,
        message: RSlice<'_, u8>,
        out: OutputObject<'_>,
    ) -> AbiResult<bool> {
        self.call(|context| context.wrap_aead(confidential, qop, &associated, &message, &mut Output(out)))
    }

    fn unwrap_aead(
        &self,
        token: RSlice<'_, u8>,
        associated: RSlice<'_, u8>,
        out: OutputObject<'_>,
    ) -> AbiResult<AbiMessageInfo> {
        self.call(|context| context.unwrap_aead(&token, &associated, &mut Output(out)).map(Into::into))
    }

    fn pseudo_random(&self, key: u32, seed: RSlice<'_, u8>, length: usize, out: OutputObject<'_>) -> AbiResult<()> {
        self.call(|context| {
            let key = match key {
                0 => PrfKey::Full,
                1 => PrfKey::Partial,
                _ => return Err(MechError::failure(format!("unknown PRF key {key}"))),
            };
            context.pseudo_random(key, &seed, length, &mut Output(out))
        })
    }

    fn inquire_by_oid(&self, object: RSlice<'_, u8>) -> AbiResult<RVec<RVec<u8>>> {
        self.call(|context| context.inquire_by_oid(&oid(&object)?).map(byte_strings_out))
    }

    fn set_option(&mut self, option: RSlice<'_, u8>, value: RSlice<'_, u8>) -> AbiResult<()> {
        self.call_mut(|context| context.set_option(&oid(&option)?, &value))
    }

    fn complete_auth_token(&self, input: RSlice<'_, u8>) -> AbiResult<()> {
        self.call(|context| context.complete_auth_token(&input))
    }
}
