//! The host's side: a plugin's objects as plain Rust, with the answers checked. What a plugin cannot have meant (a
//! length beyond a buffer, an OID that is none) is `FAILURE` with a text that says so.

use crate::Oid;
mod context;
mod credential;
mod mechanism;
mod name;

use crate::abi::{
    AbiAcceptorLeg, AbiAcquire, AbiContextInfo, AbiInitiatorLeg, AbiIov, AbiLine, AbiStep, AbiStore, ContextObject,
    CredentialObject, MechanismObject, NameObject, WANT_LIFETIME, WANT_SOURCE, WANT_TARGET,
};
use crate::contract::Mechanism;
use crate::convert::{
    byte_strings, iov_answers, iov_back, iov_out, lie, message_info, octets_of, octets_of_all, oid, oids, optional_oid,
    pairs_out, plain,
};
use crate::export::{HostServicesRef, MechModuleRef};
use crate::guard::mechanism_object;
use crate::output::{Output, Sink};
use crate::status::Result;
use crate::types::{
    ChannelBindings, ContextInfo, CredentialInfo, CredentialUsage, Description, Flags, Iov, Lifetime, Line,
    MessageInfo, NameAttribute, PrfKey, StoreRequest, Want,
};
use abi_stable::std_types::{ROption, RSlice, RSliceMut, RStr, RVec};
use std::fmt;

/// A mechanism of a plugin.
pub struct PluginMechanism(MechanismObject);
/// A mechanism name of a plugin.
pub struct PluginName(NameObject);
/// A credential element of a plugin.
pub struct PluginCredential(CredentialObject);
/// A security context of a plugin.
pub struct PluginContext(ContextObject);

macro_rules! opaque_debug {
    ($($type:ident),*) => {
        $(impl fmt::Debug for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(stringify!($type))
            }
        })*
    };
}
opaque_debug!(PluginMechanism, PluginName, PluginCredential, PluginContext);

/// The arguments of an initiator's leg; see [`InitiatorLeg`](crate::InitiatorLeg).
#[derive(Debug, Clone, Copy)]
pub struct Initiate<'a> {
    /// The credential, or `None` for the default one.
    pub credential: Option<&'a PluginCredential>,
    /// The acceptor's name.
    pub target: &'a PluginName,
    /// The OID that the caller asked for.
    pub mechanism: &'a Oid,
    /// Wanted flags.
    pub flags: Flags,
    /// Wanted lifetime.
    pub lifetime: Lifetime,
    /// Channel bindings.
    pub bindings: Option<ChannelBindings<'a>>,
    /// The peer's token, or empty.
    pub input: &'a [u8],
}

/// The arguments of an acceptor's leg; see [`AcceptorLeg`](crate::AcceptorLeg).
#[derive(Debug, Clone, Copy)]
pub struct Accept<'a> {
    /// The credential, or `None` for the default one.
    pub credential: Option<&'a PluginCredential>,
    /// Channel bindings.
    pub bindings: Option<ChannelBindings<'a>>,
    /// The peer's token.
    pub input: &'a [u8],
}

/// What is asked of [`PluginMechanism::acquire_credential`]; see [`AcquireRequest`](crate::AcquireRequest).
#[derive(Debug, Clone, Copy)]
pub struct Acquire<'a> {
    /// Whose credential; `None` for the default identity.
    pub name: Option<&'a PluginName>,
    /// Wanted lifetime.
    pub lifetime: Lifetime,
    /// What for.
    pub usage: CredentialUsage,
    /// A password.
    pub password: Option<&'a [u8]>,
    /// Keys and values of the credential store.
    pub store: &'a [(&'a str, &'a str)],
    /// Whose credential acts for `name`.
    pub impersonator: Option<&'a PluginCredential>,
}

/// What a leg achieved; see [`Step`](crate::Step).
#[derive(Debug)]
pub struct LegResult {
    /// Whether the context is established.
    pub complete: bool,
    /// A token for the peer, or empty.
    pub token: Vec<u8>,
    /// The flags granted so far.
    pub flags: Flags,
    /// How long the context will live, where known.
    pub lifetime: Lifetime,
    /// The mechanism in use where it is another than the configured one.
    pub mechanism: Option<Oid>,
    /// The initiator's name.
    pub source: Option<PluginName>,
    /// The credential that the initiator delegated.
    pub delegated: Option<PluginCredential>,
}

fn leg_result(step: AbiStep) -> Result<LegResult> {
    Ok(LegResult {
        complete: step.complete,
        token: step.token.into_vec(),
        flags: Flags(step.flags),
        lifetime: Lifetime(step.lifetime),
        mechanism: optional_oid(&step.mechanism)?,
        source: step.source.into_option().map(PluginName),
        delegated: step.delegated.into_option().map(PluginCredential),
    })
}

fn credential_out(credential: Option<&PluginCredential>) -> ROption<&CredentialObject> {
    credential.map(|credential| &credential.0).into()
}

fn initiate_out<'a>(leg: &Initiate<'a>) -> AbiInitiatorLeg<'a> {
    AbiInitiatorLeg {
        credential: credential_out(leg.credential),
        target: &leg.target.0,
        mechanism: leg.mechanism.as_bytes().into(),
        flags: leg.flags.0,
        lifetime: leg.lifetime.0,
        bindings: leg.bindings.map(Into::into).into(),
        input: leg.input.into(),
        extra: RSlice::EMPTY,
    }
}

fn accept_out<'a>(leg: &Accept<'a>) -> AbiAcceptorLeg<'a> {
    AbiAcceptorLeg {
        credential: credential_out(leg.credential),
        bindings: leg.bindings.map(Into::into).into(),
        input: leg.input.into(),
        extra: RSlice::EMPTY,
    }
}

/// The end of a sink: what stood in it before the call is the caller's, and out of a mechanism's reach.
struct Tail<'a, S> {
    sink: &'a mut S,
    start: usize,
}

impl<S: Sink> Sink for Tail<'_, S> {
    fn append(&mut self, count: usize) -> Option<&mut [u8]> {
        self.sink.append(count)
    }

    fn len(&self) -> usize {
        self.sink.len().saturating_sub(self.start)
    }

    fn truncate(&mut self, length: usize) {
        self.sink.truncate(self.start.saturating_add(length));
    }
}

/// A call that writes output: on an error, what it wrote is taken back.
fn with_output<S: Sink, R>(sink: &mut S, call: impl FnOnce(Output<'_>) -> Result<R>) -> Result<R> {
    let start = sink.len();
    let result = call(Output::over(&mut Tail { sink, start }));
    if result.is_err() {
        sink.truncate(start);
    }
    result
}
