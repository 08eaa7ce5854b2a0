//! The wrapper around mechanisms, names and credentials: each call, with the line's faults before it.

use super::{Call, Faults, Kind, MINOR};
use gss_plugin::{
    AcceptorLeg, AcquireRequest, Credential, CredentialInfo, Description, InitiatorLeg, Line, Mechanism, Name,
    NameAttribute, NameInfo, Oid, Output, Result, Step, StoreRequest,
};

/// Something of a mechanism, with faults on demand.
///
/// The lies: `describe`, `display`, `context.inquire` and the legs answer octets that are no OID; `wrap`, `wrap_aead`
/// and `wrap_iov_length` say that all is encrypted, and `wrap_iov_length` that the header has 4 GiB; `wrap_iov` and
/// `get_mic_iov` name more bytes than the buffers have, `unwrap_iov` a range outside the stream, `wrap_size_limit` more
/// than the output; `pseudo_random` writes a byte too many, `serialize` none; `unwrap`, `unwrap_aead`, `verify_mic` and
/// `verify_mic_iov` set errors among the supplementary bits; `attribute` always has another value; `compare` says the
/// contrary, and so does `transferable`; `context_time` answers 0 for a live context. Every other call answers an error
/// whose major status is `COMPLETE`.
#[derive(Debug)]
pub struct Faulty<T> {
    pub(super) inner: T,
    pub(super) faults: Faults,
    kind: Kind,
}

impl<T> Drop for Faulty<T> {
    fn drop(&mut self) {
        self.faults.before_drop(self.kind);
    }
}

impl Faults {
    pub(super) fn around<T>(&self, kind: Kind, inner: T) -> Faulty<T> {
        Faulty { inner, faults: self.clone(), kind }
    }

    pub(super) fn around_step<M: Mechanism>(&self, step: Step<M>, lie: bool) -> Step<Faulty<M>> {
        Step {
            complete: step.complete,
            token: step.token,
            flags: step.flags,
            lifetime: step.lifetime,
            mechanism: if lie { Some(no_oid()) } else { step.mechanism },
            source: step.source.map(|name| self.around(Kind::Name, name)),
            delegated: step.delegated.map(|credential| self.around(Kind::Credential, credential)),
        }
    }
}

/// Octets whose last arc does not end.
pub(super) fn no_oid() -> Oid {
    Oid::from_static(b"\x2a\x86")
}

pub(super) fn initiator_leg<'a, M: Mechanism>(leg: InitiatorLeg<'a, Faulty<M>>) -> InitiatorLeg<'a, M> {
    InitiatorLeg {
        credential: leg.credential.map(|credential| &credential.inner),
        target: &leg.target.inner,
        mechanism: leg.mechanism,
        flags: leg.flags,
        lifetime: leg.lifetime,
        bindings: leg.bindings,
        input: leg.input,
    }
}

pub(super) fn acceptor_leg<'a, M: Mechanism>(leg: AcceptorLeg<'a, Faulty<M>>) -> AcceptorLeg<'a, M> {
    AcceptorLeg {
        credential: leg.credential.map(|credential| &credential.inner),
        bindings: leg.bindings,
        input: leg.input,
    }
}

impl<M: Mechanism> Mechanism for Faulty<M> {
    type Name = Faulty<M::Name>;
    type Credential = Faulty<M::Credential>;
    type Context = Faulty<M::Context>;

    fn open(line: &Line<'_>) -> Result<Self> {
        let (faults, options) = Faults::read(line)?;
        faults.before_plain(Call::Open)?;
        let inner = M::open(&Line { options: &options, ..*line })?;
        Ok(faults.around(Kind::Mechanism, inner))
    }

    fn describe(&self) -> Description {
        let mut description = self.inner.describe();
        if self.faults.before(Call::Describe).unwrap_or(false) {
            description.attributes.push(no_oid());
        }
        description
    }

    fn import_name(&self, name: &[u8], name_type: Option<&Oid>) -> Result<Self::Name> {
        self.faults.before_plain(Call::ImportName)?;
        self.inner.import_name(name, name_type).map(|name| self.faults.around(Kind::Name, name))
    }

    fn import_exported_name(&self, name: &[u8], composite: bool) -> Result<Self::Name> {
        self.faults.before_plain(Call::ImportExportedName)?;
        self.inner.import_exported_name(name, composite).map(|name| self.faults.around(Kind::Name, name))
    }

    fn canonicalize_name(&self, name: &Self::Name) -> Result<Self::Name> {
        self.faults.before_plain(Call::CanonicalizeName)?;
        self.inner.canonicalize_name(&name.inner).map(|name| self.faults.around(Kind::Name, name))
    }

    fn acquire_credential(&self, request: &AcquireRequest<'_, Self>) -> Result<Self::Credential> {
        self.faults.before_plain(Call::AcquireCredential)?;
        let credential = self.inner.acquire_credential(&AcquireRequest {
            name: request.name.map(|name| &name.inner),
            lifetime: request.lifetime,
            usage: request.usage,
            password: request.password,
            store: request.store,
            impersonator: request.impersonator.map(|credential| &credential.inner),
        })?;
        Ok(self.faults.around(Kind::Credential, credential))
    }

    fn import_credential(&self, token: &[u8]) -> Result<Self::Credential> {
        self.faults.before_plain(Call::ImportCredential)?;
        self.inner.import_credential(token).map(|credential| self.faults.around(Kind::Credential, credential))
    }

    fn credential_from_option(&self, option: &Oid, value: &[u8]) -> Result<Self::Credential> {
        self.faults.before_plain(Call::CredentialFromOption)?;
        let credential = self.inner.credential_from_option(option, value)?;
        Ok(self.faults.around(Kind::Credential, credential))
    }

    fn initiate(&self, leg: InitiatorLeg<'_, Self>) -> Result<(Self::Context, Step<Self>)> {
        let lie = self.faults.before(Call::Initiate)?;
        let (context, step) = self.inner.initiate(initiator_leg(leg))?;
        Ok((self.faults.around(Kind::Context, context), self.faults.around_step(step, lie)))
    }

    fn accept(&self, leg: AcceptorLeg<'_, Self>) -> Result<(Self::Context, Step<Self>)> {
        let lie = self.faults.before(Call::Accept)?;
        let (context, step) = self.inner.accept(acceptor_leg(leg))?;
        Ok((self.faults.around(Kind::Context, context), self.faults.around_step(step, lie)))
    }

    fn import_context(&self, state: &[u8]) -> Result<Self::Context> {
        self.faults.before_plain(Call::ImportContext)?;
        self.inner.import_context(state).map(|context| self.faults.around(Kind::Context, context))
    }

    fn display_status(&self, minor: u32) -> Option<String> {
        self.faults.before_plain(Call::DisplayStatus).ok()?;
        if minor == MINOR {
            return Some("a fault on demand".to_owned());
        }
        self.inner.display_status(minor)
    }

    fn invoke(&self, operation: &Oid, value: &[u8]) -> Result<Vec<u8>> {
        self.faults.before_plain(Call::Invoke)?;
        self.inner.invoke(operation, value)
    }
}

impl<N: Name> Name for Faulty<N> {
    fn display(&self) -> Result<(Vec<u8>, Oid)> {
        let lie = self.faults.before(Call::Display)?;
        let (text, name_type) = self.inner.display()?;
        Ok((text, if lie { no_oid() } else { name_type }))
    }

    fn compare(&self, other: &Self) -> Result<bool> {
        let lie = self.faults.before(Call::Compare)?;
        Ok(self.inner.compare(&other.inner)? != lie)
    }

    fn duplicate(&self) -> Result<Self> {
        self.faults.before_plain(Call::Duplicate)?;
        self.inner.duplicate().map(|name| self.faults.around(Kind::Name, name))
    }

    fn export(&self) -> Result<Vec<u8>> {
        self.faults.before_plain(Call::ExportName)?;
        self.inner.export()
    }

    fn display_as(&self, name_type: &Oid) -> Result<Vec<u8>> {
        self.faults.before_plain(Call::DisplayAs)?;
        self.inner.display_as(name_type)
    }

    fn inquire(&self) -> Result<NameInfo> {
        self.faults.before_plain(Call::InquireName)?;
        self.inner.inquire()
    }

    fn attribute(&self, attribute: &[u8], more: i32) -> Result<NameAttribute> {
        match self.faults.before(Call::Attribute)? {
            false => self.inner.attribute(attribute, more),
            true => Ok(NameAttribute { more: 1, ..self.inner.attribute(attribute, -1)? }),
        }
    }

    fn set_attribute(&mut self, complete: bool, attribute: &[u8], value: &[u8]) -> Result<()> {
        self.faults.before_plain(Call::SetAttribute)?;
        self.inner.set_attribute(complete, attribute, value)
    }

    fn delete_attribute(&mut self, attribute: &[u8]) -> Result<()> {
        self.faults.before_plain(Call::DeleteAttribute)?;
        self.inner.delete_attribute(attribute)
    }

    fn export_composite(&self) -> Result<Vec<u8>> {
        self.faults.before_plain(Call::ExportComposite)?;
        self.inner.export_composite()
    }

    fn map_to_any(&self, authenticated: bool, type_id: &[u8]) -> Result<usize> {
        self.faults.before_plain(Call::MapToAny)?;
        self.inner.map_to_any(authenticated, type_id)
    }

    fn release_any(&self, type_id: &[u8], object: usize) -> Result<()> {
        self.faults.before_plain(Call::ReleaseAny)?;
        self.inner.release_any(type_id, object)
    }

    fn local_name(&self) -> Result<Vec<u8>> {
        self.faults.before_plain(Call::LocalName)?;
        self.inner.local_name()
    }

    fn authorize_local_name(&self, user: &[u8], name_type: &Oid) -> Result<()> {
        self.faults.before_plain(Call::AuthorizeLocalName)?;
        self.inner.authorize_local_name(user, name_type)
    }
}

impl<C: Credential> Credential for Faulty<C> {
    type Mechanism = Faulty<C::Mechanism>;

    fn inquire(&self) -> Result<CredentialInfo<<Self::Mechanism as Mechanism>::Name>> {
        self.faults.before_plain(Call::InquireCredential)?;
        let CredentialInfo { name, initiator_lifetime, acceptor_lifetime, usage } = self.inner.inquire()?;
        let name = name.map(|name| self.faults.around(Kind::Name, name));
        Ok(CredentialInfo { name, initiator_lifetime, acceptor_lifetime, usage })
    }

    fn export(&self, out: &mut Output<'_>) -> Result<()> {
        self.faults.before_plain(Call::ExportCredential)?;
        self.inner.export(out)
    }

    fn store(&self, request: &StoreRequest<'_>) -> Result<()> {
        self.faults.before_plain(Call::Store)?;
        self.inner.store(request)
    }

    fn inquire_by_oid(&self, object: &Oid) -> Result<Vec<Vec<u8>>> {
        self.faults.before_plain(Call::InquireCredentialByOid)?;
        self.inner.inquire_by_oid(object)
    }

    fn set_option(&mut self, option: &Oid, value: &[u8]) -> Result<()> {
        self.faults.before_plain(Call::SetCredentialOption)?;
        self.inner.set_option(option, value)
    }

    fn set_negotiable_mechanisms(&mut self, mechanisms: &[Oid]) -> Result<()> {
        self.faults.before_plain(Call::SetNegotiableMechanisms)?;
        self.inner.set_negotiable_mechanisms(mechanisms)
    }
}
