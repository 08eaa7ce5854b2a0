//! Credentials: acquiring them by each way there is, adding elements, inquiry, release.

pub(crate) mod option;
pub(crate) mod store;

use crate::boundary::*;
use gss_core::{Credential, CredentialInquiry, CredentialRequest, CredentialUsage, Error, Lifetime, Major, Name, Oid};

/// What is asked of the mechanisms, whichever they are.
#[derive(Default)]
struct Wanted<'a> {
    name: Option<&'a Name>,
    usage: CredentialUsage,
    lifetime: u32,
    password: Option<&'a [u8]>,
    store: &'a [(&'a str, &'a str)],
    impersonator: Option<&'a Credential>,
}

impl<'a> Wanted<'a> {
    /// The request, to these mechanisms; to all that may serve by default if there are none.
    fn request(&self, mechanisms: &'a [Oid]) -> CredentialRequest<'a> {
        let mut request = switch().credential().usage(self.usage).lifetime(Lifetime(self.lifetime)).store(self.store);
        for mechanism in mechanisms {
            request = request.mechanism(mechanism);
        }
        if let Some(name) = self.name {
            request = request.name(name);
        }
        if let Some(password) = self.password {
            request = request.password(password);
        }
        if let Some(impersonator) = self.impersonator {
            request = request.impersonator(impersonator);
        }
        request
    }
}

fn usage_of(code: i32) -> Partial<CredentialUsage> {
    let wrong = Error::Argument("the credential usage is none of GSS_C_BOTH, GSS_C_INITIATE and GSS_C_ACCEPT");
    u32::try_from(code).ok().and_then(CredentialUsage::from_code).ok_or(Failure::Core(wrong))
}

/// The mechanisms that the caller names, none for `GSS_C_NO_OID_SET`. A set without any is a mistake.
fn desired(mechanisms: &OidSetIn) -> Partial<&[Oid]> {
    match mechanisms.optional(Major::BAD_MECH)? {
        None => Ok(&[]),
        Some([]) => Err(Failure::Call(Major::BAD_MECH)),
        Some(mechanisms) => Ok(mechanisms),
    }
}

/// The mechanism that the caller names, or the default one.
fn one_mechanism(mechanism: &OidIn) -> Partial<Oid> {
    match mechanism.optional(Major::BAD_MECH)? {
        Some(oid) => Ok(oid.clone()),
        None => Ok(switch().default_mechanism()?),
    }
}

/// A password that has to be there, and to be one.
fn given<'a>(password: &BytesIn<'a>) -> Partial<&'a [u8]> {
    let none = Failure::Core(Error::Argument("there is no password"));
    password.optional().filter(|password| !password.is_empty()).ok_or(none)
}

/// How long an element serves for what it is meant for.
fn remaining(element: &CredentialInquiry) -> Lifetime {
    match element.usage {
        CredentialUsage::Initiate => element.initiator_lifetime,
        CredentialUsage::Accept => element.acceptor_lifetime,
        CredentialUsage::Both => element.initiator_lifetime.min(element.acceptor_lifetime),
    }
}

/// How long all elements serve.
fn shortest(elements: &[CredentialInquiry]) -> Lifetime {
    elements.iter().map(remaining).min().unwrap_or(Lifetime(0))
}

/// Where a credential goes, and the mechanisms of its elements.
struct Places {
    credential: CredentialOut,
    mechanisms: OidSetOut,
}

impl Places {
    /// Gives both, or neither: `last` is what can still fail when the mechanisms are given.
    fn give(mut self, mechanisms: &[Oid], last: impl FnOnce(&mut CredentialOut) -> Partial<()>) -> Outcome {
        self.mechanisms.put(mechanisms)?;
        if let Err(failure) = last(&mut self.credential) {
            self.mechanisms.take_back();
            return Err(failure);
        }
        COMPLETE
    }
}

fn mechanisms_of(credential: &Credential) -> Vec<Oid> {
    credential.mechanisms().cloned().collect()
}

fn acquire_wanted(wanted: &Wanted<'_>, mechanisms: &OidSetIn, places: Places, mut time_rec: Out<u32>) -> Outcome {
    let credential = wanted.request(desired(mechanisms)?).acquire()?;
    if time_rec.is_wanted() {
        time_rec.set(shortest(&credential.inquire()?).0);
    }
    places.give(&mechanisms_of(&credential), |output| output.put(credential))
}

/// `gss_acquire_cred` (RFC 2744 section 5.2).
pub(crate) fn acquire(
    name: NameIn,
    lifetime: u32,
    mechanisms: OidSetIn,
    usage: i32,
    output: CredentialOut,
    actual: OidSetOut,
    time_rec: Out<u32>,
) -> Outcome {
    acquire_from(name, lifetime, mechanisms, usage, CredentialStoreIn::none(), output, actual, time_rec)
}

/// `gss_acquire_cred_from`: as [`acquire`], from a store that the caller describes.
#[allow(clippy::too_many_arguments, reason = "the C signature")]
pub(crate) fn acquire_from(
    name: NameIn,
    lifetime: u32,
    mechanisms: OidSetIn,
    usage: i32,
    store: CredentialStoreIn<'_>,
    output: CredentialOut,
    actual: OidSetOut,
    time_rec: Out<u32>,
) -> Outcome {
    output.required()?;
    let usage = usage_of(usage)?;
    let name = name.optional()?;
    let store = store.optional()?.unwrap_or_default();
    let wanted = Wanted { name: name.as_deref(), usage, lifetime, store, ..Wanted::default() };
    acquire_wanted(&wanted, &mechanisms, Places { credential: output, mechanisms: actual }, time_rec)
}

/// `gss_acquire_cred_with_password`.
#[allow(clippy::too_many_arguments, reason = "the C signature")]
pub(crate) fn acquire_with_password(
    name: NameIn,
    password: BytesIn<'_>,
    lifetime: u32,
    mechanisms: OidSetIn,
    usage: i32,
    output: CredentialOut,
    actual: OidSetOut,
    time_rec: Out<u32>,
) -> Outcome {
    output.required()?;
    let name = name.optional()?.ok_or(Failure::Call(Major::BAD_NAME))?;
    let password = Some(given(&password)?);
    let wanted = Wanted { name: Some(&name), usage: usage_of(usage)?, lifetime, password, ..Wanted::default() };
    acquire_wanted(&wanted, &mechanisms, Places { credential: output, mechanisms: actual }, time_rec)
}

/// `gss_acquire_cred_impersonate_name`.
#[allow(clippy::too_many_arguments, reason = "the C signature")]
pub(crate) fn acquire_impersonating(
    impersonator: CredentialIn,
    name: NameIn,
    lifetime: u32,
    mechanisms: OidSetIn,
    usage: i32,
    output: CredentialOut,
    actual: OidSetOut,
    time_rec: Out<u32>,
) -> Outcome {
    let impersonator = impersonator.required()?.clone();
    let name = name.required()?;
    output.required()?;
    let usage = usage_of(usage)?;
    let impersonator = Some(&impersonator);
    let wanted = Wanted { name: Some(&name), usage, lifetime, impersonator, ..Wanted::default() };
    acquire_wanted(&wanted, &mechanisms, Places { credential: output, mechanisms: actual }, time_rec)
}

/// What a new element is added to, and what for.
struct Addition {
    input: CredentialIn,
    mechanism: OidIn,
    /// Wanted lifetimes of the two halves.
    initiator: u32,
    acceptor: u32,
    places: Places,
    initiator_rec: Out<u32>,
    acceptor_rec: Out<u32>,
}

impl Addition {
    /// What there is so far; nothing for `GSS_C_NO_CREDENTIAL`, which needs a place for the new credential.
    fn base(&self) -> Partial<Option<Credential>> {
        let base = self.input.optional()?.map(|credential| credential.clone());
        if base.is_none() && !self.places.credential.is_wanted() {
            return Err(Failure::Call(Major::CALL_INACCESSIBLE_WRITE.with(Major::NO_CRED)));
        }
        Ok(base)
    }

    /// Acquires the element and adds it: to a new credential that shares the others, or in place.
    fn add(mut self, base: Option<Credential>, mut wanted: Wanted<'_>) -> Outcome {
        let mut whole = base.unwrap_or_default();
        let mechanism = one_mechanism(&self.mechanism)?;
        let configured = switch().mechanism(&mechanism)?;
        let line = configured.line();
        if whole.mechanisms().any(|own| *own == line.oid) {
            return Err(Failure::Core(Error::DuplicateElement(line.name.as_str().into())));
        }
        wanted.lifetime = match wanted.usage {
            CredentialUsage::Initiate => self.initiator,
            CredentialUsage::Accept => self.acceptor,
            CredentialUsage::Both => self.initiator.max(self.acceptor),
        };
        let element = wanted.request(std::slice::from_ref(&mechanism)).acquire()?;
        if self.initiator_rec.is_wanted() || self.acceptor_rec.is_wanted() {
            for inquiry in element.inquire()? {
                self.initiator_rec.set(inquiry.initiator_lifetime.0);
                self.acceptor_rec.set(inquiry.acceptor_lifetime.0);
            }
        }
        whole.add(&element)?;
        let input = self.input;
        self.places.give(&mechanisms_of(&whole), |output| {
            if output.is_wanted() {
                return output.put(whole);
            }
            // Nothing of a mechanism runs while the credential is held alone.
            Ok(input.exclusive()?.add(&element)?)
        })
    }
}

/// `gss_add_cred` (RFC 2744 section 5.3).
#[allow(clippy::too_many_arguments, reason = "the C signature")]
pub(crate) fn add(
    input: CredentialIn,
    name: NameIn,
    mechanism: OidIn,
    usage: i32,
    initiator: u32,
    acceptor: u32,
    output: CredentialOut,
    actual: OidSetOut,
    initiator_rec: Out<u32>,
    acceptor_rec: Out<u32>,
) -> Outcome {
    let store = CredentialStoreIn::none();
    add_from(input, name, mechanism, usage, initiator, acceptor, store, output, actual, initiator_rec, acceptor_rec)
}

/// `gss_add_cred_from`: as [`add`], from a store that the caller describes.
#[allow(clippy::too_many_arguments, reason = "the C signature")]
pub(crate) fn add_from(
    input: CredentialIn,
    name: NameIn,
    mechanism: OidIn,
    usage: i32,
    initiator: u32,
    acceptor: u32,
    store: CredentialStoreIn<'_>,
    output: CredentialOut,
    actual: OidSetOut,
    initiator_rec: Out<u32>,
    acceptor_rec: Out<u32>,
) -> Outcome {
    let places = Places { credential: output, mechanisms: actual };
    let addition = Addition { input, mechanism, initiator, acceptor, places, initiator_rec, acceptor_rec };
    let base = addition.base()?;
    let usage = usage_of(usage)?;
    let name = name.optional()?;
    let store = store.optional()?.unwrap_or_default();
    addition.add(base, Wanted { name: name.as_deref(), usage, store, ..Wanted::default() })
}

/// `gss_add_cred_with_password`.
#[allow(clippy::too_many_arguments, reason = "the C signature")]
pub(crate) fn add_with_password(
    input: CredentialIn,
    name: NameIn,
    mechanism: OidIn,
    password: BytesIn<'_>,
    usage: i32,
    initiator: u32,
    acceptor: u32,
    output: CredentialOut,
    actual: OidSetOut,
    initiator_rec: Out<u32>,
    acceptor_rec: Out<u32>,
) -> Outcome {
    let places = Places { credential: output, mechanisms: actual };
    let addition = Addition { input, mechanism, initiator, acceptor, places, initiator_rec, acceptor_rec };
    let base = addition.base()?;
    let name = name.optional()?.ok_or(Failure::Call(Major::BAD_NAME))?;
    let password = Some(given(&password)?);
    addition.add(base, Wanted { name: Some(&name), usage: usage_of(usage)?, password, ..Wanted::default() })
}

/// `gss_add_cred_impersonate_name`.
#[allow(clippy::too_many_arguments, reason = "the C signature")]
pub(crate) fn add_impersonating(
    input: CredentialIn,
    impersonator: CredentialIn,
    name: NameIn,
    mechanism: OidIn,
    usage: i32,
    initiator: u32,
    acceptor: u32,
    output: CredentialOut,
    actual: OidSetOut,
    initiator_rec: Out<u32>,
    acceptor_rec: Out<u32>,
) -> Outcome {
    // A copy, since the impersonator may be the credential that is changed.
    let impersonator = impersonator.required()?.clone();
    let name = name.required()?;
    let places = Places { credential: output, mechanisms: actual };
    let addition = Addition { input, mechanism, initiator, acceptor, places, initiator_rec, acceptor_rec };
    let base = addition.base()?;
    let impersonator = Some(&impersonator);
    addition.add(base, Wanted { name: Some(&name), usage: usage_of(usage)?, impersonator, ..Wanted::default() })
}

/// The default initiator's credential: what inquiries without a credential are about.
fn default_initiator(mechanisms: &[Oid]) -> Partial<Credential> {
    let wanted = Wanted { usage: CredentialUsage::Initiate, ..Wanted::default() };
    Ok(wanted.request(mechanisms).acquire()?)
}

/// `gss_inquire_cred` (RFC 2744 section 5.21): the name of the first element that has one, the shortest lifetime, and
/// what some element can do.
pub(crate) fn inquire(
    credential: CredentialIn,
    mut name: NameOut,
    mut lifetime: Out<u32>,
    mut usage: Out<i32>,
    mut mechanisms: OidSetOut,
) -> Outcome {
    let credential = match credential.optional()? {
        Some(credential) => credential.clone(),
        None => default_initiator(&[])?,
    };
    let elements =
        if name.is_wanted() || lifetime.is_wanted() || usage.is_wanted() { credential.inquire()? } else { Vec::new() };
    mechanisms.put(&mechanisms_of(&credential))?;
    if let Some(first) = elements.iter().find_map(|element| element.name.clone())
        && let Err(failure) = name.put(first)
    {
        mechanisms.take_back();
        return Err(failure);
    }
    lifetime.set(shortest(&elements).0);
    let able = |can: fn(CredentialUsage) -> bool| elements.iter().any(|element| can(element.usage));
    usage.set(match (able(CredentialUsage::initiates), able(CredentialUsage::accepts)) {
        (true, false) => CredentialUsage::Initiate,
        (false, true) => CredentialUsage::Accept,
        _ => CredentialUsage::Both,
    } as i32);
    COMPLETE
}

/// `gss_inquire_cred_by_mech` (RFC 2744 section 5.22). Without a mechanism: the default one's element.
pub(crate) fn inquire_by_mechanism(
    credential: CredentialIn,
    mechanism: OidIn,
    mut name: NameOut,
    mut initiator: Out<u32>,
    mut acceptor: Out<u32>,
    mut usage: Out<i32>,
) -> Outcome {
    let mechanism = one_mechanism(&mechanism)?;
    let credential = credential.optional()?.map(|credential| credential.clone());
    let element = match credential {
        Some(credential) => switch().credential_element(&credential, &mechanism)?,
        None => default_initiator(&[mechanism])?,
    };
    for inquiry in element.inquire()? {
        if let Some(own) = inquiry.name {
            name.put(own)?;
        }
        initiator.set(inquiry.initiator_lifetime.0);
        acceptor.set(inquiry.acceptor_lifetime.0);
        usage.set(inquiry.usage as i32);
    }
    COMPLETE
}

/// `gss_release_cred` (RFC 2744 section 5.27).
pub(crate) fn release(mut variable: HandleVariable) -> Outcome {
    variable.required(Major::CALL_INACCESSIBLE_READ.with(Major::NO_CRED))?;
    if !variable.value().is_null() {
        // Dropped here, where no lock is held: it may run a mechanism's code.
        drop(variable.take_credential()?);
    }
    COMPLETE
}
