//! Credential elements of C mechanisms.

use super::ffi::{BufferDesc, Handle, KeyValueDesc, KeyValueSetDesc, OidSetDesc, input, oid_desc, pointer};
use super::memory::{Buffer, BufferSet, OidSet, SecretBuffer, made};
use super::names::Name;
use super::status::call;
use super::{Binding, CMechanism, lie, mit};
use gss_plugin_abi::{
    AcquireRequest, CredentialInfo, CredentialUsage, Lifetime, Major, MechError, Oid, Output, Result, StoreRequest,
};
use std::ffi::{CString, c_int};
use std::ptr;

/// A credential element. It is released with its object.
pub(super) struct Credential {
    binding: &'static Binding,
    handle: Handle,
    /// Whether it was asked for by name.
    named: bool,
}

// SAFETY: mechanisms must let credentials be used, shared and released on any thread: MIT's switch does.
unsafe impl Send for Credential {}
// SAFETY: as above.
unsafe impl Sync for Credential {}

impl Drop for Credential {
    fn drop(&mut self) {
        let _ = call!(self.binding, release_cred, "release of credentials", &raw mut self.handle);
    }
}

/// Keys and values of a credential store, as C has them.
struct Store {
    elements: Vec<KeyValueDesc>,
    _texts: Vec<CString>,
}

impl Store {
    fn new(pairs: &[(&str, &str)]) -> Result<Self> {
        let (mut elements, mut texts) = (Vec::new(), Vec::new());
        for (key, value) in pairs {
            let text = |text: &str| CString::new(text).map_err(|_| MechError::failure("a NUL in the credential store"));
            let (key, value) = (text(key)?, text(value)?);
            elements.push(KeyValueDesc { key: key.as_ptr(), value: value.as_ptr() });
            texts.extend([key, value]);
        }
        Ok(Self { elements, _texts: texts })
    }

    fn desc(&mut self) -> Result<KeyValueSetDesc> {
        let count =
            u32::try_from(self.elements.len()).map_err(|_| MechError::failure("the credential store is too long"));
        Ok(KeyValueSetDesc { count: count?, elements: self.elements.as_mut_ptr() })
    }
}

impl Credential {
    /// The credential that a call gave; `None` for none.
    pub(super) fn adopt(binding: &'static Binding, handle: Handle) -> Option<Self> {
        (!handle.is_null()).then(|| Self { binding, handle, named: false })
    }

    fn made(binding: &'static Binding, handle: Handle) -> Result<Self> {
        Self::adopt(binding, handle).ok_or_else(|| lie("success, and no credential"))
    }

    pub(super) fn handle(&self) -> Handle {
        self.handle
    }

    /// The handle of an optional credential; null is the default one.
    pub(super) fn handle_of(credential: Option<&Self>) -> Handle {
        credential.map_or(ptr::null_mut(), Self::handle)
    }

    /// Finds a credential, for the line's OID and no other.
    pub(super) fn acquire(binding: &'static Binding, request: &AcquireRequest<'_, CMechanism>) -> Result<Self> {
        let name = request.name.map_or(ptr::null_mut(), Name::handle);
        let mut mechanisms = OidSetDesc { count: 1, elements: binding.oid() };
        let (usage, lifetime) = (request.usage as c_int, request.lifetime.0);
        let (mut handle, mut granted) = (ptr::null_mut(), 0);
        let mut store = (!request.store.is_empty()).then(|| Store::new(request.store)).transpose()?;
        let mut store = store.as_mut().map(Store::desc).transpose()?;
        if [request.impersonator.is_some(), request.password.is_some(), store.is_some()].iter().filter(|x| **x).count()
            > 1
        {
            return Err(MechError::unavailable("this mixture of ways to acquire a credential"));
        }
        let answer = if let Some(impersonator) = request.impersonator {
            call!(
                binding,
                acquire_cred_impersonate_name,
                "credentials on behalf of others",
                impersonator.handle,
                name,
                lifetime,
                &raw mut mechanisms,
                usage,
                &raw mut handle,
                ptr::null_mut(),
                &raw mut granted,
            )
        } else if let Some(password) = request.password {
            let mut password = input(password);
            call!(
                binding,
                acquire_cred_with_password,
                "credentials by password",
                name,
                &raw mut password,
                lifetime,
                &raw mut mechanisms,
                usage,
                &raw mut handle,
                ptr::null_mut(),
                &raw mut granted,
            )
        } else if store.is_some() || binding.slots.acquire_cred_from.is_some() {
            call!(
                binding,
                acquire_cred_from,
                "credentials from a store",
                name,
                lifetime,
                &raw mut mechanisms,
                usage,
                pointer(&mut store),
                &raw mut handle,
                ptr::null_mut(),
                &raw mut granted,
            )
        } else {
            call!(
                binding,
                acquire_cred,
                "credentials",
                name,
                lifetime,
                &raw mut mechanisms,
                usage,
                &raw mut handle,
                ptr::null_mut(),
                &raw mut granted,
            )
        };
        // A failure that leaves something behind has it released.
        let credential = Self::made(binding, handle);
        answer?;
        let mut credential = credential?;
        credential.named = request.name.is_some();
        Ok(credential)
    }

    /// Reads an exported credential.
    pub(super) fn import(binding: &'static Binding, token: &[u8]) -> Result<Self> {
        let mut handle = ptr::null_mut();
        let answer = if binding.mit.is_some() {
            let token = mit::credential_token(&binding.oid, token)?;
            let mut token = input(token.as_bytes());
            call!(binding, import_cred, "import of credentials", &raw mut token, &raw mut handle)
        } else if binding.slots.import_cred_by_mech.is_some() {
            let mut token = input(token);
            let mechanism = binding.oid();
            call!(binding, import_cred_by_mech, "import of credentials", mechanism, &raw mut token, &raw mut handle)
        } else {
            let mut token = input(token);
            call!(binding, import_cred, "import of credentials", &raw mut token, &raw mut handle)
        };
        // A failure that leaves something behind has it released.
        let credential = Self::made(binding, handle);
        answer?;
        credential
    }

    /// Makes a credential from an option.
    pub(super) fn from_option(binding: &'static Binding, option: &Oid, value: &[u8]) -> Result<Self> {
        let (mut option, mut value) = (oid_desc(option), input(value));
        let mut handle = ptr::null_mut();
        let answer =
            call!(binding, set_cred_option, "this credential option", &raw mut handle, &raw mut option, &raw mut value);
        let credential = Self::adopt(binding, handle);
        answer?;
        let credential = credential.ok_or_else(|| lie("success, and no credential"))?;
        if binding.mit.is_some() && !credential.mechanisms()?.contains(&binding.oid) {
            return Err(MechError::unavailable("this credential option"));
        }
        Ok(credential)
    }

    /// The mechanisms that the credential has elements for.
    pub(super) fn mechanisms(&self) -> Result<Vec<Oid>> {
        let mut mechanisms = OidSet::new();
        let none = ptr::null_mut();
        call!(
            self.binding,
            inquire_cred,
            "credential inquiries",
            self.handle,
            none,
            ptr::null_mut(),
            ptr::null_mut(),
            mechanisms.output(),
        )?;
        mechanisms.oids()
    }

    /// What the mechanism says of the credential; of its name, where that is wanted.
    fn ask(&self, want_name: bool) -> Result<CredentialInfo<Name>> {
        let binding = self.binding;
        let mut name = want_name.then_some(ptr::null_mut::<std::ffi::c_void>());
        let (mut initiates, mut accepts, mut usage): (u32, u32, c_int) = (0, 0, 0);
        let mut answer = call!(
            binding,
            inquire_cred_by_mech,
            "credential inquiries",
            self.handle,
            binding.oid(),
            pointer(&mut name),
            &raw mut initiates,
            &raw mut accepts,
            &raw mut usage,
        );
        // MIT's switch answers BAD_BINDINGS for a mechanism that does not have the call, as SPNEGO.
        let missing = [Major::UNAVAILABLE, Major::BAD_BINDINGS];
        if answer.as_ref().is_err_and(|error| missing.contains(&error.major.routine())) {
            let mut lifetime = 0;
            answer = call!(
                binding,
                inquire_cred,
                "credential inquiries",
                self.handle,
                pointer(&mut name),
                &raw mut lifetime,
                &raw mut usage,
                ptr::null_mut(),
            );
            (initiates, accepts) = (lifetime, lifetime);
        }
        let name = name.and_then(|name| Name::adopt(binding, name));
        answer?;
        let usage = u32::try_from(usage).ok().and_then(CredentialUsage::from_code);
        Ok(CredentialInfo {
            name,
            initiator_lifetime: Lifetime(initiates),
            acceptor_lifetime: Lifetime(accepts),
            usage: usage.ok_or_else(|| lie("a credential usage that is none"))?,
        })
    }

    /// The token of the credential, as the library makes it.
    pub(super) fn token(&self) -> Result<SecretBuffer> {
        let mut token = SecretBuffer(Buffer::new());
        call!(self.binding, export_cred, "export of credentials", self.handle, token.0.output())?;
        Ok(token)
    }
}

impl gss_plugin_abi::Credential for Credential {
    type Mechanism = CMechanism;

    fn inquire(&self) -> Result<CredentialInfo<Name>> {
        if self.named || !self.binding.quirks.acceptors_have_no_name {
            return self.ask(true);
        }
        let nameless = self.ask(false)?;
        if nameless.usage == CredentialUsage::Initiate { self.ask(true) } else { Ok(nameless) }
    }

    fn export(&self, out: &mut Output<'_>) -> Result<()> {
        let token = self.token()?;
        let bytes = made(&token.0)?;
        out.extend(if self.binding.mit.is_some() { mit::element_of(&self.binding.oid, bytes)? } else { bytes })
    }

    fn store(&self, request: &StoreRequest<'_>) -> Result<()> {
        let binding = self.binding;
        let (usage, overwrite) = (request.usage as c_int, u32::from(request.overwrite));
        let default = u32::from(request.make_default);
        let mut store = (!request.store.is_empty()).then(|| Store::new(request.store)).transpose()?;
        let mut store = store.as_mut().map(Store::desc).transpose()?;
        if store.is_some() || binding.slots.store_cred_into.is_some() {
            call!(
                binding,
                store_cred_into,
                "storing of credentials",
                self.handle,
                usage,
                binding.oid(),
                overwrite,
                default,
                pointer(&mut store),
                ptr::null_mut(),
                ptr::null_mut(),
            )
            .map(drop)
        } else {
            call!(
                binding,
                store_cred,
                "storing of credentials",
                self.handle,
                usage,
                binding.oid(),
                overwrite,
                default,
                ptr::null_mut(),
                ptr::null_mut(),
            )
            .map(drop)
        }
    }

    fn inquire_by_oid(&self, object: &Oid) -> Result<Vec<Vec<u8>>> {
        let (mut object, mut answers) = (oid_desc(object), BufferSet::new());
        call!(
            self.binding,
            inquire_cred_by_oid,
            "this credential inquiry",
            self.handle,
            &raw mut object,
            answers.output(),
        )?;
        answers.into_vec()
    }

    fn set_option(&mut self, option: &Oid, value: &[u8]) -> Result<()> {
        let (mut option, mut value): (_, BufferDesc) = (oid_desc(option), input(value));
        // The mechanism may put another credential in its place. One that it took away is not released once more.
        call!(
            self.binding,
            set_cred_option,
            "this credential option",
            &raw mut self.handle,
            &raw mut option,
            &raw mut value,
        )
        .map(drop)
    }

    fn set_negotiable_mechanisms(&mut self, mechanisms: &[Oid]) -> Result<()> {
        let mut mechanisms: Vec<_> = mechanisms.iter().map(oid_desc).collect();
        let mut set = OidSetDesc { count: mechanisms.len(), elements: mechanisms.as_mut_ptr() };
        call!(self.binding, set_neg_mechs, "negotiation of mechanisms", self.handle, &raw mut set).map(drop)
    }
}
