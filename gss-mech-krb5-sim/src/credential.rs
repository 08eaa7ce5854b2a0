//! Credentials: who may start contexts, or whose contexts may be accepted, and the keytabs that this rests on.

mod export;
mod tickets;

use crate::crypto::{Enctype, Key};
use crate::issue::{Issued, Request, issue};
use crate::keysource::KeySource;
use crate::minor::Error;
use crate::name::{Krb5Name, login_name};
use crate::principal::{Principal, PrincipalName, name_type};
use crate::{Krb5Sim, keytab::Keytab};
use gss_plugin::{AcquireRequest, Credential, CredentialInfo, CredentialUsage, Deadline, Lifetime, Output, Result};
use std::path::PathBuf;
use std::sync::Arc;
use subtle::ConstantTimeEq;
use tickets::{Tickets, Wanted};

/// A credential of this mechanism.
#[derive(Clone, Debug)]
pub struct Krb5Credential {
    usage: CredentialUsage,
    /// What the caller chose. As an acceptor: the only service to accept for, unless it is `None`.
    name: Option<Krb5Name>,
    /// As an initiator: the client.
    client: Option<Krb5Name>,
    /// What tickets are issued from.
    issuing: Option<Arc<KeySource>>,
    /// What tickets are accepted with.
    accepting: Option<Arc<KeySource>>,
    deadline: Deadline,
    tickets: Arc<Tickets>,
}

impl Krb5Credential {
    /// Reads what [`Credential::export`] gave.
    pub(crate) fn import(mechanism: &Krb5Sim, bytes: &[u8]) -> std::result::Result<Self, Error> {
        export::read(mechanism, bytes).ok_or(Error::CredentialState)
    }

    pub(crate) fn acquire(
        mechanism: &Krb5Sim,
        request: &AcquireRequest<'_, Krb5Sim>,
    ) -> std::result::Result<Self, Error> {
        if request.impersonator.is_some() {
            return Err(Error::NoImpersonation);
        }
        let stored = |wanted: &str| request.store.iter().rev().find(|(key, _)| *key == wanted).map(|(_, value)| *value);
        // Other keys (`ccache`, `rcache`) are other mechanisms' business.
        let accepting = stored("keytab").map(|value| source(mechanism, value)).transpose()?;
        let accepting = accepting.or_else(|| mechanism.keys().cloned());
        let issuing = stored("client_keytab").map(|value| source(mechanism, value)).transpose()?;
        let issuing = issuing.or_else(|| accepting.clone());
        let deadline = match request.lifetime {
            Lifetime::DEFAULT => Deadline::NEVER,
            lifetime => Deadline::after(lifetime),
        };
        let name = request.name.map(|name| mechanism.completed(name)).transpose()?;
        let tickets = Arc::default();
        let mut credential = Self { usage: request.usage, name, client: None, issuing, accepting, deadline, tickets };
        if request.usage.initiates() {
            // Readable now, rather than with the first context.
            let keytab = credential.issuing()?.keytab()?;
            credential.client = Some(credential.client(mechanism)?);
            if let Some(password) = request.password {
                credential.check_password(mechanism, &keytab, password)?;
            }
        }
        if request.usage.accepts() {
            credential.check_acceptor(mechanism)?;
        }
        Ok(credential)
    }

    /// What a call without a credential uses.
    pub(crate) fn default_for(mechanism: &Krb5Sim, usage: CredentialUsage) -> Self {
        let keys = mechanism.keys().cloned();
        Self {
            usage,
            name: None,
            client: None,
            issuing: keys.clone(),
            accepting: keys,
            deadline: Deadline::NEVER,
            tickets: Arc::default(),
        }
    }

    /// The client: the credential's name, else `principal=`, else the user who runs the process.
    pub(crate) fn client(&self, mechanism: &Krb5Sim) -> std::result::Result<Krb5Name, Error> {
        if let Some(name) = self.client.as_ref().or(self.name.as_ref()) {
            return Ok(name.clone());
        }
        if let Some(principal) = &mechanism.options().principal {
            return Ok(Krb5Name { home: mechanism.home().cloned(), ..Krb5Name::of(principal) });
        }
        let uid = rustix::process::geteuid().as_raw();
        let login = login_name(uid).ok_or(Error::NoLoginName(uid))?;
        let name = PrincipalName::new(name_type::PRINCIPAL, [login])?;
        Ok(Krb5Name { name, realm: mechanism.options().realm.clone(), home: mechanism.home().cloned() })
    }

    /// A ticket for the service, from `now` on and for at most `lifetime` seconds: the one of the last context, if that
    /// was for the same and has more than half of its life before it.
    pub(crate) fn ticket(
        &self,
        mechanism: &Krb5Sim,
        service: &Krb5Name,
        now: u64,
        lifetime: u32,
    ) -> std::result::Result<Arc<Issued>, Error> {
        let source = self.issuing()?;
        let keytab = source.keytab()?;
        let wanted = Wanted { client: self.client(mechanism)?, service: service.clone(), lifetime, keytab };
        if let Some(issued) = self.tickets.kept(&wanted, now) {
            return Ok(issued);
        }
        let endtime = now.saturating_add(lifetime.into()).min(self.deadline.0);
        let request = Request { client: &wanted.client, service, now, endtime };
        let issued = Arc::new(issue(&wanted.keytab, source.path(), mechanism.options(), &request)?);
        self.tickets.keep(wanted, issued.clone());
        Ok(issued)
    }

    /// The only name that it accepts for, if it was acquired with one.
    pub(crate) fn acceptor_name(&self) -> Option<&Krb5Name> {
        self.name.as_ref()
    }

    pub(crate) fn issuing(&self) -> std::result::Result<&Arc<KeySource>, Error> {
        self.issuing.as_ref().ok_or(Error::NoKeytab)
    }

    pub(crate) fn accepting(&self) -> std::result::Result<&Arc<KeySource>, Error> {
        self.accepting.as_ref().ok_or(Error::NoKeytab)
    }

    pub(crate) fn can_initiate(&self) -> std::result::Result<(), Error> {
        self.can(self.usage.initiates())
    }

    pub(crate) fn can_accept(&self) -> std::result::Result<(), Error> {
        self.can(self.usage.accepts())
    }

    fn can(&self, usage: bool) -> std::result::Result<(), Error> {
        if self.deadline.passed() {
            return Err(Error::CredentialExpired);
        }
        if usage { Ok(()) } else { Err(Error::MissingHalf) }
    }

    /// An acceptor needs a key that it could be addressed by.
    fn check_acceptor(&self, mechanism: &Krb5Sim) -> std::result::Result<(), Error> {
        let source = self.accepting()?;
        let keytab = source.keytab()?;
        let permitted = |entry: &&crate::keytab::KeytabEntry| mechanism.options().permits(entry.key.etype());
        let mut usable = keytab.entries().iter().filter(permitted);
        match &self.name {
            // With usage BOTH the name is the client's first of all, whose key an acceptor may well lack.
            Some(_) if self.usage == CredentialUsage::Both => Ok(()),
            Some(name) if !usable.any(|entry| name.admits(&entry.principal)) => {
                Err(Error::NoKey { keytab: source.path().to_owned(), principal: shown(name) })
            }
            None if usable.next().is_none() => Err(Error::EmptyKeytab(source.path().to_owned())),
            _ => Ok(()),
        }
    }

    /// The keytab stands for the KDC's database: the password must make one of the client's newest keys there.
    fn check_password(&self, mechanism: &Krb5Sim, keytab: &Keytab, password: &[u8]) -> std::result::Result<(), Error> {
        let name = self.name.as_ref().ok_or(Error::PasswordWithoutName)?;
        let realm = crate::issue::service_realm(keytab, mechanism.options(), name)?;
        let client = name.in_realm(realm.as_ref())?;
        let etypes = mechanism.options().etypes();
        let entry = keytab
            .newest(&client, &etypes)
            .ok_or_else(|| Error::ClientUnknown { keytab: self.issuing_path(), client: client.clone() })?;
        let enctype = Enctype::from_number(entry.key.etype())?;
        let key = Key::from_password(enctype, password, &salt(&client), None)?;
        if bool::from(key.bytes().ct_eq(entry.key.value())) { Ok(()) } else { Err(Error::Password(client)) }
    }

    fn issuing_path(&self) -> PathBuf {
        self.issuing.as_ref().map(|source| source.path().to_owned()).unwrap_or_default()
    }
}

fn shown(name: &Krb5Name) -> String {
    match name.in_realm(None) {
        Ok(principal) => principal.to_string(),
        Err(_) => name.name.to_string(),
    }
}

/// The default salt (RFC 4120 section 4), from names that need not be UTF-8.
fn salt(principal: &Principal) -> Vec<u8> {
    let mut salt = principal.realm().as_bytes().to_vec();
    for component in principal.name().components() {
        salt.extend_from_slice(component);
    }
    salt
}

/// The keytab that a credential store names. That of the config is shared, with what is kept of it.
fn source(mechanism: &Krb5Sim, value: &str) -> std::result::Result<Arc<KeySource>, Error> {
    source_at(mechanism, PathBuf::from(value.strip_prefix("FILE:").unwrap_or(value)))
}

fn source_at(mechanism: &Krb5Sim, path: PathBuf) -> std::result::Result<Arc<KeySource>, Error> {
    if !path.is_absolute() {
        return Err(Error::RelativeKeytab(path));
    }
    match mechanism.keys() {
        Some(keys) if keys.path() == path => Ok(keys.clone()),
        _ => Ok(Arc::new(KeySource::new(path))),
    }
}

impl Credential for Krb5Credential {
    type Mechanism = Krb5Sim;

    fn inquire(&self) -> Result<CredentialInfo<Krb5Name>> {
        let lifetime = |able| if able { self.deadline.remaining() } else { Lifetime(0) };
        Ok(CredentialInfo {
            name: self.client.as_ref().or(self.name.as_ref()).cloned(),
            initiator_lifetime: lifetime(self.usage.initiates()),
            acceptor_lifetime: lifetime(self.usage.accepts()),
            usage: self.usage,
        })
    }

    fn export(&self, out: &mut Output<'_>) -> Result<()> {
        out.extend(&export::write(self))
    }
}

#[cfg(test)]
mod tests;
