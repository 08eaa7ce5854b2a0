//! The host's side: a plugin's objects as plain Rust, with the answers checked. What a plugin cannot have meant (a
//! length beyond a buffer, an OID that is none) is `FAILURE` with a text that says so.

use crate::Oid;
use crate::abi::{
    AbiAcceptorLeg, AbiAcquire, AbiInitiatorLeg, AbiIov, AbiLine, AbiStep, AbiStore, ContextObject, CredentialObject,
    MechanismObject, NameObject, WANT_LIFETIME, WANT_SOURCE, WANT_TARGET,
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

impl PluginMechanism {
    /// A mechanism that is compiled into this process, behind the same guard as a plugin's.
    pub fn new<M: Mechanism>(mechanism: M) -> Self {
        Self(mechanism_object(mechanism))
    }

    /// Makes the mechanism of a line of the config.
    ///
    /// # Errors
    /// What the mechanism's `open` says.
    pub fn open(module: MechModuleRef, line: &Line<'_>, host: HostServicesRef) -> Result<Self> {
        let aliases = octets_of_all(line.aliases);
        let line = AbiLine {
            name: RStr::from_str(line.name),
            oid: line.oid.as_bytes().into(),
            aliases: RSlice::from_slice(&aliases),
            options: RStr::from_str(line.options),
            place: RStr::from_str(line.place),
            extra: RSlice::EMPTY,
        };
        plain(module.open()(&line, host)).map(Self)
    }

    /// Attributes, name types and names.
    ///
    /// # Errors
    /// `FAILURE` after a panic, or for an answer that cannot be.
    pub fn describe(&self) -> Result<Description> {
        let description = plain(self.0.describe())?;
        Ok(Description {
            attributes: oids(&description.attributes)?,
            known_attributes: oids(&description.known_attributes)?,
            name_types: oids(&description.name_types)?,
            sasl_name: description.sasl_name.into(),
            display_name: description.display_name.into(),
            summary: description.summary.into(),
        })
    }

    /// Reads a name.
    ///
    /// # Errors
    /// `BAD_NAMETYPE`, `BAD_NAME`.
    pub fn import_name(&self, name: &[u8], name_type: Option<&Oid>) -> Result<PluginName> {
        plain(self.0.import_name(name.into(), octets_of(name_type))).map(PluginName)
    }

    /// Reads an exported name without its header.
    ///
    /// # Errors
    /// `BAD_NAME`, `UNAVAILABLE`.
    pub fn import_exported_name(&self, name: &[u8], composite: bool) -> Result<PluginName> {
        plain(self.0.import_exported_name(name.into(), composite)).map(PluginName)
    }

    /// Canonicalizes a mechanism name.
    ///
    /// # Errors
    /// `BAD_NAME`.
    pub fn canonicalize_name(&self, name: &PluginName) -> Result<PluginName> {
        plain(self.0.canonicalize_name(&name.0)).map(PluginName)
    }

    /// Finds a credential.
    ///
    /// # Errors
    /// `NO_CRED`, `CREDENTIALS_EXPIRED`, `BAD_NAME`, `UNAVAILABLE`.
    pub fn acquire_credential(&self, request: &Acquire<'_>) -> Result<PluginCredential> {
        let store = pairs_out(request.store);
        let request = AbiAcquire {
            name: request.name.map(|name| &name.0).into(),
            lifetime: request.lifetime.0,
            usage: request.usage as u32,
            password: request.password.map(RSlice::from_slice).into(),
            store: RSlice::from_slice(&store),
            impersonator: credential_out(request.impersonator),
            extra: RSlice::EMPTY,
        };
        plain(self.0.acquire_credential(&request)).map(PluginCredential)
    }

    /// Reads an exported credential.
    ///
    /// # Errors
    /// `DEFECTIVE_TOKEN`, `UNAVAILABLE`.
    pub fn import_credential(&self, token: &[u8]) -> Result<PluginCredential> {
        plain(self.0.import_credential(token.into())).map(PluginCredential)
    }

    /// Makes a credential from an option.
    ///
    /// # Errors
    /// `UNAVAILABLE`.
    pub fn credential_from_option(&self, option: &Oid, value: &[u8]) -> Result<PluginCredential> {
        plain(self.0.credential_from_option(octets_of(Some(option)), value.into())).map(PluginCredential)
    }

    /// The initiator's first leg.
    ///
    /// # Errors
    /// Those of RFC 2744 section 5.19.
    pub fn initiate(&self, leg: &Initiate<'_>) -> Result<(PluginContext, LegResult)> {
        let first = plain(self.0.initiate(&initiate_out(leg)))?;
        Ok((PluginContext(first.context), leg_result(first.step)?))
    }

    /// The acceptor's first leg.
    ///
    /// # Errors
    /// Those of RFC 2744 section 5.1.
    pub fn accept(&self, leg: &Accept<'_>) -> Result<(PluginContext, LegResult)> {
        let first = plain(self.0.accept(&accept_out(leg)))?;
        Ok((PluginContext(first.context), leg_result(first.step)?))
    }

    /// Builds a context from its serialized state.
    ///
    /// # Errors
    /// `DEFECTIVE_TOKEN`, `UNAVAILABLE`.
    pub fn import_context(&self, state: &[u8]) -> Result<PluginContext> {
        plain(self.0.import_context(state.into())).map(PluginContext)
    }

    /// The text of a minor status.
    pub fn display_status(&self, minor: u32) -> Option<String> {
        self.0.display_status(minor).into_option().map(Into::into)
    }

    /// Runs a mechanism-specific operation.
    ///
    /// # Errors
    /// `UNAVAILABLE`.
    pub fn invoke(&self, operation: &Oid, value: &[u8]) -> Result<Vec<u8>> {
        plain(self.0.invoke(octets_of(Some(operation)), value.into())).map(RVec::into_vec)
    }
}

impl PluginName {
    /// The text for people and its name type.
    ///
    /// # Errors
    /// `BAD_NAME`.
    pub fn display(&self) -> Result<(Vec<u8>, Oid)> {
        let answer = plain(self.0.display())?;
        Ok((answer.text.into_vec(), oid(&answer.name_type)?))
    }

    /// Whether both denote one entity.
    ///
    /// # Errors
    /// `BAD_NAMETYPE`.
    pub fn compare(&self, other: &PluginName) -> Result<bool> {
        plain(self.0.compare(&other.0))
    }

    /// A copy.
    ///
    /// # Errors
    /// `FAILURE`.
    pub fn duplicate(&self) -> Result<PluginName> {
        plain(self.0.duplicate()).map(PluginName)
    }

    /// The canonical bytes, without header.
    ///
    /// # Errors
    /// `UNAVAILABLE` where the display text is all there is.
    pub fn export(&self) -> Result<Vec<u8>> {
        plain(self.0.export()).map(RVec::into_vec)
    }

    /// The text in another form.
    ///
    /// # Errors
    /// `UNAVAILABLE`.
    pub fn display_as(&self, name_type: &Oid) -> Result<Vec<u8>> {
        plain(self.0.display_as(octets_of(Some(name_type)))).map(RVec::into_vec)
    }

    /// The names of the name's attributes.
    ///
    /// # Errors
    /// `UNAVAILABLE`.
    pub fn attributes(&self) -> Result<Vec<Vec<u8>>> {
        plain(self.0.inquire()).map(byte_strings)
    }

    /// A value of an attribute.
    ///
    /// # Errors
    /// `UNAVAILABLE`.
    pub fn attribute(&self, attribute: &[u8], more: i32) -> Result<NameAttribute> {
        let value = plain(self.0.attribute(attribute.into(), more))?;
        Ok(NameAttribute {
            authenticated: value.authenticated,
            complete: value.complete,
            value: value.value.into_vec(),
            display_value: value.display_value.into_vec(),
            more: value.more,
        })
    }

    /// Sets an attribute.
    ///
    /// # Errors
    /// `UNAVAILABLE`.
    pub fn set_attribute(&mut self, complete: bool, attribute: &[u8], value: &[u8]) -> Result<()> {
        plain(self.0.set_attribute(complete, attribute.into(), value.into()))
    }

    /// Removes an attribute.
    ///
    /// # Errors
    /// `UNAVAILABLE`.
    pub fn delete_attribute(&mut self, attribute: &[u8]) -> Result<()> {
        plain(self.0.delete_attribute(attribute.into()))
    }

    /// The name with its attributes, without header.
    ///
    /// # Errors
    /// `UNAVAILABLE`.
    pub fn export_composite(&self) -> Result<Vec<u8>> {
        plain(self.0.export_composite()).map(RVec::into_vec)
    }

    /// The name as an object of another library.
    ///
    /// # Errors
    /// `UNAVAILABLE`.
    pub fn map_to_any(&self, authenticated: bool, type_id: &[u8]) -> Result<usize> {
        plain(self.0.map_to_any(authenticated, type_id.into()))
    }

    /// Releases what [`PluginName::map_to_any`] gave.
    ///
    /// # Errors
    /// `UNAVAILABLE`.
    pub fn release_any(&self, type_id: &[u8], object: usize) -> Result<()> {
        plain(self.0.release_any(type_id.into(), object))
    }

    /// The local user that the name stands for.
    ///
    /// # Errors
    /// `UNAVAILABLE`.
    pub fn local_name(&self) -> Result<Vec<u8>> {
        plain(self.0.local_name()).map(RVec::into_vec)
    }

    /// Whether the name may act as a local user.
    ///
    /// # Errors
    /// `UNAUTHORIZED`, `UNAVAILABLE`.
    pub fn authorize_local_name(&self, user: &[u8], name_type: &Oid) -> Result<()> {
        plain(self.0.authorize_local_name(user.into(), octets_of(Some(name_type))))
    }
}

impl PluginCredential {
    /// Name, lifetimes and usage.
    ///
    /// # Errors
    /// `DEFECTIVE_CREDENTIAL`.
    pub fn inquire(&self) -> Result<CredentialInfo<PluginName>> {
        let info = plain(self.0.inquire())?;
        let usage = CredentialUsage::from_code(info.usage);
        Ok(CredentialInfo {
            name: info.name.into_option().map(PluginName),
            initiator_lifetime: Lifetime(info.initiator_lifetime),
            acceptor_lifetime: Lifetime(info.acceptor_lifetime),
            usage: usage.ok_or_else(|| lie(format_args!("the unknown credential usage {}", info.usage)))?,
        })
    }

    /// The credential as bytes for another process.
    ///
    /// # Errors
    /// `UNAVAILABLE`.
    pub fn export<S: Sink>(&self, out: &mut S) -> Result<()> {
        with_output(out, |out| plain(self.0.export(out.0)))
    }

    /// Stores the credential.
    ///
    /// # Errors
    /// `DUPLICATE_ELEMENT`, `UNAVAILABLE`.
    pub fn store(&self, request: &StoreRequest<'_>) -> Result<()> {
        let store = pairs_out(request.store);
        plain(self.0.store(&AbiStore {
            usage: request.usage as u32,
            overwrite: request.overwrite,
            make_default: request.make_default,
            store: RSlice::from_slice(&store),
        }))
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

    /// Limits what a negotiating mechanism offers.
    ///
    /// # Errors
    /// `UNAVAILABLE`.
    pub fn set_negotiable_mechanisms(&mut self, mechanisms: &[Oid]) -> Result<()> {
        let contents = octets_of_all(mechanisms);
        plain(self.0.set_negotiable_mechanisms(RSlice::from_slice(&contents)))
    }
}

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

    /// What the context says of itself, as far as it is wanted.
    ///
    /// # Errors
    /// `FAILURE`.
    #[inline]
    pub fn inquire(&self, want: Want) -> Result<ContextInfo<PluginName>> {
        let bit = |wanted, bit| if wanted { bit } else { 0 };
        let want = bit(want.source, WANT_SOURCE) | bit(want.target, WANT_TARGET) | bit(want.lifetime, WANT_LIFETIME);
        let info = plain(self.0.inquire(want))?;
        Ok(ContextInfo {
            source: info.source.into_option().map(PluginName),
            target: info.target.into_option().map(PluginName),
            lifetime: Lifetime(info.lifetime),
            flags: Flags(info.flags),
            initiator: info.initiator,
            open: info.open,
            mechanism: optional_oid(&info.mechanism)?,
        })
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
