//! Credentials: one element for each mechanism that has something to offer (RFC 2744 section 3.7).

use crate::error::{Error, Result};
use crate::loader::Loaded;
use crate::name::Name;
use crate::registry::Mechanism;
use crate::slots::{ForkGuard, Handle, LookupError, ReadGuard, Slots};
use crate::{Gss, secret::SecretBuf};
use gss_plugin_abi::host::{Acquire, PluginCredential};
use gss_plugin_abi::{CredentialUsage, Lifetime, Major, Oid, StoreRequest};
use std::fmt;
use std::sync::Arc;

/// A credential. Clones share the elements: an option set through one is seen through all.
#[derive(Clone, Default)]
pub struct Credential {
    elements: Vec<Arc<Element>>,
}

/// All credential elements of this process: shared with calls that use one, exclusive while an option is set.
static ELEMENTS: Slots<PluginCredential> = Slots::new();

pub(crate) fn before_fork() -> ForkGuard<'static, PluginCredential> {
    ELEMENTS.before_fork()
}

struct Element {
    mechanism: Arc<Loaded>,
    handle: Handle,
}

impl Element {
    fn new(mechanism: &Arc<Loaded>, plugin: PluginCredential) -> Result<Self> {
        let handle = ELEMENTS.insert(plugin).map_err(|_| Error::OutOfMemory("a credential"))?;
        Ok(Self { mechanism: Arc::clone(mechanism), handle })
    }

    fn read(&self) -> Result<ReadGuard<'static, PluginCredential>> {
        ELEMENTS.read(self.handle).map_err(|error| self.lost(error))
    }

    /// An element is only lost to a fork while another thread was changing it.
    fn lost(&self, error: LookupError) -> Error {
        match error {
            LookupError::Gone => Error::NoElement(Arc::clone(&self.mechanism.name)),
            other => other.into(),
        }
    }

    fn call<R>(&self, call: impl FnOnce(&PluginCredential) -> gss_plugin_abi::Result<R>) -> Result<R> {
        call(&*self.read()?).map_err(|error| self.mechanism.error(error))
    }

    fn change<R>(&self, change: impl FnOnce(&mut PluginCredential) -> gss_plugin_abi::Result<R>) -> Result<R> {
        let mut plugin = ELEMENTS.exclusive(self.handle).map_err(|error| self.lost(error))?;
        change(&mut plugin).map_err(|error| self.mechanism.error(error))
    }
}

impl Drop for Element {
    fn drop(&mut self) {
        if let Ok(plugin) = ELEMENTS.exclusive(self.handle) {
            // Its drop runs the mechanism's code, when no lock is held any more.
            drop(plugin.remove());
        }
    }
}

/// What a credential says of one of its elements (`gss_inquire_cred_by_mech`, RFC 2744 section 5.22).
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct CredentialInquiry {
    /// The element's mechanism.
    pub mechanism: Oid,
    /// Whose, where known.
    pub name: Option<Name>,
    /// How long it can initiate.
    pub initiator_lifetime: Lifetime,
    /// How long it can accept.
    pub acceptor_lifetime: Lifetime,
    /// What for.
    pub usage: CredentialUsage,
}

impl Credential {
    pub(crate) fn of_element(mechanism: &Arc<Loaded>, plugin: PluginCredential) -> Result<Self> {
        Ok(Self { elements: vec![Arc::new(Element::new(mechanism, plugin)?)] })
    }

    fn element(&self, mechanism: &Loaded) -> Result<&Arc<Element>> {
        let same = |element: &&Arc<Element>| std::ptr::eq(&*element.mechanism, mechanism);
        self.elements.iter().find(same).ok_or_else(|| Error::NoElement(Arc::clone(&mechanism.name)))
    }

    /// Runs a call that uses the element of a mechanism.
    pub(crate) fn with_element<R>(
        credential: Option<&Credential>,
        mechanism: &Loaded,
        body: impl FnOnce(Option<&PluginCredential>) -> R,
    ) -> Result<R> {
        match credential {
            None => Ok(body(None)),
            Some(credential) => Ok(body(Some(&*credential.element(mechanism)?.read()?))),
        }
    }

    /// The mechanisms that have an element.
    pub fn mechanisms(&self) -> impl Iterator<Item = &Oid> {
        self.elements.iter().map(|element| &element.mechanism.oid)
    }

    /// Puts the elements of `other` to this credential's (`gss_add_cred`, RFC 2744 section 5.3).
    ///
    /// # Errors
    /// [`Error::DuplicateElement`] if both have one for the same mechanism; then nothing is added.
    pub fn add(&mut self, other: &Credential) -> Result<()> {
        for element in &other.elements {
            if self.element(&element.mechanism).is_ok() {
                return Err(Error::DuplicateElement(Arc::clone(&element.mechanism.name)));
            }
        }
        self.elements.extend(other.elements.iter().cloned());
        Ok(())
    }

    /// What each element says of itself.
    ///
    /// # Errors
    /// What the first failing mechanism says.
    pub fn inquire(&self) -> Result<Vec<CredentialInquiry>> {
        let inquire = |element: &Arc<Element>| {
            let info = element.call(PluginCredential::inquire)?;
            Ok(CredentialInquiry {
                mechanism: element.mechanism.oid.clone(),
                name: info.name.map(|name| Name::of_mechanism(&element.mechanism, name)),
                initiator_lifetime: info.initiator_lifetime,
                acceptor_lifetime: info.acceptor_lifetime,
                usage: info.usage,
            })
        };
        self.elements.iter().map(inquire).collect()
    }

    /// The elements as bytes, each with its mechanism (`gss_export_cred`).
    ///
    /// # Errors
    /// What the first failing mechanism says.
    pub fn export(&self) -> Result<Vec<(Oid, SecretBuf)>> {
        let export = |element: &Arc<Element>| {
            let mut bytes = SecretBuf::default();
            element.call(|plugin| plugin.export(&mut bytes))?;
            Ok((element.mechanism.oid.clone(), bytes))
        };
        self.elements.iter().map(export).collect()
    }

    /// Stores each element (RFC 5588 section 4) and answers the mechanisms whose was stored.
    ///
    /// # Errors
    /// What the first mechanism that offers it says, if none was stored.
    pub fn store(&self, request: &StoreRequest<'_>) -> Result<Vec<Oid>> {
        successes(self.elements.iter().map(|element| {
            element.call(|plugin| plugin.store(request))?;
            Ok(element.mechanism.oid.clone())
        }))
    }

    /// The answers of all elements that know the object (`gss_inquire_cred_by_oid`).
    ///
    /// # Errors
    /// What the first mechanism that offers it says, if none succeeds.
    pub fn inquire_by_oid(&self, object: &Oid) -> Result<Vec<Vec<u8>>> {
        let answers = self.elements.iter().map(|element| element.call(|plugin| plugin.inquire_by_oid(object)));
        Ok(successes(answers)?.into_iter().flatten().collect())
    }

    /// Sets an option on every element that knows it (`gss_set_cred_option`).
    ///
    /// # Errors
    /// What the first mechanism that offers it says, if none succeeds.
    pub fn set_option(&self, option: &Oid, value: &[u8]) -> Result<()> {
        successes(self.elements.iter().map(|element| element.change(|plugin| plugin.set_option(option, value))))?;
        Ok(())
    }

    /// Limits what negotiating mechanisms offer (`gss_set_neg_mechs`, RFC 4178 appendix B.1).
    ///
    /// # Errors
    /// What the first mechanism that offers it says, if none succeeds.
    pub fn set_negotiable_mechanisms(&self, mechanisms: &[Oid]) -> Result<()> {
        successes(
            self.elements.iter().map(|element| element.change(|plugin| plugin.set_negotiable_mechanisms(mechanisms))),
        )?;
        Ok(())
    }
}

/// All successes. If there are none: the error of the first mechanism, preferably one that offers the call.
fn successes<R>(answers: impl Iterator<Item = Result<R>>) -> Result<Vec<R>> {
    let mut successes = Vec::new();
    let mut first: Option<Error> = None;
    for answer in answers {
        match answer {
            Ok(success) => successes.push(success),
            Err(error) => match &first {
                Some(known) if known.major() != Major::UNAVAILABLE || error.major() == Major::UNAVAILABLE => {}
                _ => first = Some(error),
            },
        }
    }
    if successes.is_empty() { Err(first.unwrap_or(Error::NoCredential)) } else { Ok(successes) }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.elements.iter().map(|element| &element.mechanism.name)).finish()
    }
}

/// A request for a credential, made by [`Gss::credential`].
#[must_use = "nothing happens before `acquire`"]
pub struct CredentialRequest<'a> {
    gss: &'a Gss,
    mechanisms: Vec<&'a Oid>,
    name: Option<&'a Name>,
    lifetime: Lifetime,
    usage: CredentialUsage,
    password: Option<&'a [u8]>,
    store: &'a [(&'a str, &'a str)],
    impersonator: Option<&'a Credential>,
}

impl<'a> CredentialRequest<'a> {
    pub(crate) fn new(gss: &'a Gss) -> Self {
        Self {
            gss,
            mechanisms: Vec::new(),
            name: None,
            lifetime: Lifetime::DEFAULT,
            usage: CredentialUsage::Both,
            password: None,
            store: &[],
            impersonator: None,
        }
    }

    /// Asks this mechanism; may be called several times. Without, all that may serve by default are asked.
    pub fn mechanism(mut self, oid: &'a Oid) -> Self {
        self.mechanisms.push(oid);
        self
    }

    /// Whose credential; the default identity's if not called.
    pub fn name(mut self, name: &'a Name) -> Self {
        self.name = Some(name);
        self
    }

    /// Wanted lifetime.
    pub fn lifetime(mut self, lifetime: Lifetime) -> Self {
        self.lifetime = lifetime;
        self
    }

    /// What for; both if not called.
    pub fn usage(mut self, usage: CredentialUsage) -> Self {
        self.usage = usage;
        self
    }

    /// A password to obtain it with.
    pub fn password(mut self, password: &'a [u8]) -> Self {
        self.password = Some(password);
        self
    }

    /// Keys and values that say where the credential lies.
    pub fn store(mut self, store: &'a [(&'a str, &'a str)]) -> Self {
        self.store = store;
        self
    }

    /// The credential that acts for the name.
    pub fn impersonator(mut self, credential: &'a Credential) -> Self {
        self.impersonator = Some(credential);
        self
    }

    /// Asks the mechanisms (`gss_acquire_cred` and its relatives, RFC 2744 section 5.2). Of several named ones, those
    /// that are not configured are passed over.
    ///
    /// # Errors
    /// [`Error::NotConfigured`] if none of the named ones is configured. If no mechanism has a credential: what the
    /// first one said.
    pub fn acquire(self) -> Result<Credential> {
        let mechanisms = if self.mechanisms.is_empty() {
            let all = self.gss.registry().all();
            all.into_iter().filter(|mechanism| mechanism.serves_by_default().unwrap_or(false)).collect()
        } else {
            self.named()?
        };
        let elements = successes(mechanisms.iter().map(|mechanism| self.acquire_from(mechanism)))?;
        let mut credential = Credential::default();
        for element in &elements {
            credential.add(element)?;
        }
        Ok(credential)
    }

    /// The named mechanisms that are configured, each once: two of the names may be aliases of one.
    fn named(&self) -> Result<Vec<Arc<Mechanism>>> {
        let mut found: Vec<Arc<Mechanism>> = Vec::new();
        let mut missing = None;
        for oid in &self.mechanisms {
            match self.gss.registry().get(oid) {
                Ok(mechanism) if found.iter().any(|known| known.line().oid == mechanism.line().oid) => {}
                Ok(mechanism) => found.push(mechanism),
                Err(error) => missing = missing.or(Some(error)),
            }
        }
        match missing {
            Some(error) if found.is_empty() => Err(error),
            _ => Ok(found),
        }
    }

    fn acquire_from(&self, mechanism: &Mechanism) -> Result<Credential> {
        let mechanism = mechanism.load()?;
        let name = self.name.map(|name| name.element(mechanism)).transpose()?;
        let plugin = Credential::with_element(self.impersonator, mechanism, |impersonator| {
            mechanism.plugin.acquire_credential(&Acquire {
                name: name.as_ref().map(crate::name::Element::get),
                lifetime: self.lifetime,
                usage: self.usage,
                password: self.password,
                store: self.store,
                impersonator,
            })
        })?;
        Credential::of_element(mechanism, plugin.map_err(|error| mechanism.error(error))?)
    }
}

impl fmt::Debug for CredentialRequest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { mechanisms, name, usage, .. } = self;
        write!(f, "CredentialRequest({mechanisms:?}, {name:?}, {usage:?})")
    }
}

impl Gss {
    /// The element of one mechanism, named by its OID or an alias, as a credential of its own that shares it.
    ///
    /// # Errors
    /// [`Error::NotConfigured`], [`Error::NoElement`].
    pub fn credential_element(&self, credential: &Credential, mechanism: &Oid) -> Result<Credential> {
        let mechanism = self.registry().get(mechanism)?;
        let line = mechanism.line();
        let element = credential.elements.iter().find(|element| element.mechanism.oid == line.oid);
        let element = element.ok_or_else(|| Error::NoElement(line.name.as_str().into()))?;
        Ok(Credential { elements: vec![Arc::clone(element)] })
    }

    /// A credential that begins with an option (`gss_set_cred_option` without a credential): an element of each
    /// configured mechanism that makes one from it.
    ///
    /// # Errors
    /// `UNAVAILABLE` if no mechanism knows the option; what the first one that does says, if none succeeds;
    /// [`Error::NoCredential`] if none loads.
    pub fn credential_from_option(&self, option: &Oid, value: &[u8]) -> Result<Credential> {
        let all = self.registry().all();
        // One that does not load says nothing of the option.
        let mechanisms = all.iter().filter_map(|mechanism| mechanism.load().ok());
        let make = |mechanism: &Arc<Loaded>| {
            let plugin = mechanism.plugin.credential_from_option(option, value);
            Credential::of_element(mechanism, plugin.map_err(|error| mechanism.error(error))?)
        };
        let elements = successes(mechanisms.map(make))?;
        let mut credential = Credential::default();
        for element in &elements {
            credential.add(element)?;
        }
        Ok(credential)
    }

    /// A credential from an element that [`Credential::export`] gave.
    ///
    /// # Errors
    /// [`Error::NotConfigured`]; what the mechanism says.
    pub fn import_credential(&self, mechanism: &Oid, token: &[u8]) -> Result<Credential> {
        let mechanism = self.registry().get(mechanism)?;
        let mechanism = mechanism.load()?;
        let plugin = mechanism.plugin.import_credential(token).map_err(|error| {
            // A mechanism without this call cannot have made the token.
            let defective = error.major == Major::UNAVAILABLE;
            mechanism.error(if defective {
                gss_plugin_abi::MechError { major: Major::DEFECTIVE_TOKEN, ..error }
            } else {
                error
            })
        })?;
        Credential::of_element(mechanism, plugin)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gss_plugin_abi::MechError;
    use gss_plugin_abi::oid::attr;

    #[test]
    fn of_failures_the_first_that_is_not_unavailable_counts() {
        let unavailable = || {
            Err(Error::Mechanism { mechanism: "m".into(), oid: attr::DEPRECATED, error: MechError::unavailable("it") })
        };
        let fail = |answers: Vec<Result<()>>| successes(answers.into_iter()).unwrap_err();
        assert!(matches!(fail(vec![]), Error::NoCredential));
        assert!(matches!(fail(vec![unavailable()]), Error::Mechanism { .. }));
        assert!(matches!(fail(vec![unavailable(), Err(Error::NameNotMn), unavailable()]), Error::NameNotMn));
        assert!(matches!(fail(vec![Err(Error::NameNotMn), Err(Error::Reentrant)]), Error::NameNotMn));
        assert_eq!(successes([Err(Error::NameNotMn), Ok(1), Ok(2)].into_iter()).unwrap(), [1, 2]);
    }
}
