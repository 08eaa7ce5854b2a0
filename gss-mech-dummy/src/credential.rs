//! Credentials: anyone gets one for any name. What `gss_store_cred` stores is kept in the mechanism's instance, for
//! this process and no longer.

use crate::Dummy;
use crate::name::DummyName;
use crate::oids;
use crate::status::Minor;
use crate::wire::{Reader, Writer};
use gss_plugin::{
    AcquireRequest, Credential, CredentialInfo, CredentialUsage, Deadline, Lifetime, Oid, Output, Result, StoreRequest,
};
use std::sync::{Arc, PoisonError, RwLock, RwLockWriteGuard};

/// The longest label of a credential or a context, in bytes.
pub(crate) const MAX_LABEL: usize = 1024;
const MAGIC: &[u8] = b"DMYK\x01";

/// A credential of this mechanism.
#[derive(Clone, Debug)]
pub struct DummyCredential {
    facts: Facts,
    store: Arc<Store>,
}

/// What there is to know of a credential.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Facts {
    name: DummyName,
    /// The caller chose the name: as an acceptor it answers to no other. The default credential answers to all.
    chosen: bool,
    usage: CredentialUsage,
    deadline: Deadline,
    impersonator: Option<DummyName>,
    label: Vec<u8>,
}

/// The credentials that were stored. Every handshake without a credential looks here, so those that look do not hold
/// each other up; and a child forked while another thread did so can look on.
#[derive(Default, Debug)]
pub(crate) struct Store(RwLock<Shelf>);

#[derive(Default, Debug)]
struct Shelf {
    stored: Vec<Facts>,
    default: Option<DummyName>,
}

impl Store {
    // Nothing panics while it is locked; if it did, the shelf would still be whole.
    fn shelf(&self) -> RwLockWriteGuard<'_, Shelf> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is stored under the name, or without one as the default, if it serves this usage.
    fn find(&self, name: Option<&DummyName>, usage: CredentialUsage) -> Option<Facts> {
        let shelf = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let name = name.or(shelf.default.as_ref())?;
        shelf.stored.iter().find(|facts| facts.name.same(name) && serves(facts.usage, usage)).cloned()
    }
}

/// Whether a credential of usage `has` can do all that `wanted` asks for.
fn serves(has: CredentialUsage, wanted: CredentialUsage) -> bool {
    has == CredentialUsage::Both || has == wanted
}

impl DummyCredential {
    pub(crate) fn acquire(
        request: &AcquireRequest<'_, Dummy>,
        identity: &DummyName,
        store: &Arc<Store>,
    ) -> Result<Self> {
        // Keys of other mechanisms (`keytab`, `ccache`) are none of ours.
        let from_store = request.store.iter().rev().find(|(key, _)| *key == "name");
        let from_store = from_store.map(|(_, text)| DummyName::user(text.as_bytes())).transpose()?;
        let name = match (request.name, &from_store) {
            (Some(name), Some(other)) if !name.same(other) => return Err(Minor::OtherName.error()),
            (Some(name), _) => Some(name),
            (None, other) => other.as_ref(),
        };
        // Every password is right, save none; none is kept.
        if request.password.is_some_and(<[u8]>::is_empty) {
            return Err(Minor::Password.error());
        }
        let impersonator = match (request.impersonator, name) {
            (None, _) => None,
            (Some(impersonator), Some(_)) if impersonator.facts.usage.initiates() => {
                impersonator.unexpired()?;
                Some(impersonator.facts.name.clone())
            }
            _ => return Err(Minor::NoImpersonation.error()),
        };
        let stored = store.find(name, request.usage).filter(|_| impersonator.is_none());
        let mut facts = stored.unwrap_or_else(|| Facts {
            name: name.unwrap_or(identity).clone(),
            chosen: name.is_some(),
            usage: request.usage,
            deadline: Deadline::NEVER,
            impersonator,
            label: Vec::new(),
        });
        facts.usage = request.usage;
        if request.lifetime != Lifetime::DEFAULT {
            facts.deadline = facts.deadline.min(Deadline::after(request.lifetime));
        }
        let credential = Self { facts, store: store.clone() };
        credential.unexpired()?;
        Ok(credential)
    }

    /// A credential without an end that names someone.
    pub(crate) fn of(name: DummyName, usage: CredentialUsage, store: &Arc<Store>) -> Self {
        let (deadline, label) = (Deadline::NEVER, Vec::new());
        let facts = Facts { name, chosen: true, usage, deadline, impersonator: None, label };
        Self { facts, store: store.clone() }
    }

    pub(crate) fn name(&self) -> &DummyName {
        &self.facts.name
    }

    pub(crate) fn deadline(&self) -> Deadline {
        self.facts.deadline
    }

    /// Fails unless it can start contexts now.
    pub(crate) fn can_initiate(&self) -> Result<()> {
        self.unexpired()?;
        if self.facts.usage.initiates() { Ok(()) } else { Err(Minor::MissingHalf.error()) }
    }

    /// Fails unless it can accept contexts for this target now.
    pub(crate) fn can_accept(&self, target: &DummyName) -> Result<()> {
        self.unexpired()?;
        match self.facts.usage.accepts() {
            false => Err(Minor::MissingHalf.error()),
            true if self.facts.chosen && !self.facts.name.same(target) => Err(Minor::OtherTarget.error()),
            true => Ok(()),
        }
    }

    fn unexpired(&self) -> Result<()> {
        if self.facts.deadline.passed() { Err(Minor::CredentialExpired.error()) } else { Ok(()) }
    }

    pub(crate) fn import(token: &[u8], store: &Arc<Store>) -> Result<Self> {
        let facts = read(token).ok_or_else(|| Minor::CredentialToken.error())?;
        Ok(Self { facts, store: store.clone() })
    }
}

fn read(token: &[u8]) -> Option<Facts> {
    let mut reader = Reader::sealed(token)?;
    reader.literal(MAGIC)?;
    let usage = CredentialUsage::from_code(u32::from(reader.u8()?))?;
    let chosen = reader.flag()?;
    let deadline = Deadline(reader.u64()?);
    let name = DummyName::decode(reader.bytes()?)?;
    let impersonator = if reader.flag()? { Some(DummyName::decode(reader.bytes()?)?) } else { None };
    let label = reader.bytes().filter(|label| label.len() <= MAX_LABEL)?.to_vec();
    reader.end()?;
    Some(Facts { name, chosen, usage, deadline, impersonator, label })
}

impl Credential for DummyCredential {
    type Mechanism = Dummy;

    fn inquire(&self) -> Result<CredentialInfo<DummyName>> {
        let usage = self.facts.usage;
        let lifetime = |able| {
            if able { self.facts.deadline.remaining() } else { Lifetime(0) }
        };
        Ok(CredentialInfo {
            name: Some(self.facts.name.clone()),
            initiator_lifetime: lifetime(usage.initiates()),
            acceptor_lifetime: lifetime(usage.accepts()),
            usage,
        })
    }

    fn export(&self, out: &mut Output<'_>) -> Result<()> {
        let Facts { name, chosen, usage, deadline, impersonator, label } = &self.facts;
        let mut writer = Writer::default();
        writer.raw(MAGIC).u8(*usage as u8).flag(*chosen).u64(deadline.0).bytes(&name.encode());
        writer.flag(impersonator.is_some());
        if let Some(impersonator) = impersonator {
            writer.bytes(&impersonator.encode());
        }
        writer.bytes(label);
        out.extend(&writer.sealed())
    }

    fn store(&self, request: &StoreRequest<'_>) -> Result<()> {
        self.unexpired()?;
        if !serves(self.facts.usage, request.usage) {
            return Err(Minor::MissingHalf.error());
        }
        let mut facts = Facts { usage: request.usage, ..self.facts.clone() };
        if let Some((_, text)) = request.store.iter().rev().find(|(key, _)| *key == "name") {
            facts.name = DummyName::user(text.as_bytes())?;
        }
        let mut shelf = self.store.shelf();
        match shelf.stored.iter_mut().find(|stored| stored.name.same(&facts.name)) {
            Some(_) if !request.overwrite => return Err(Minor::StoredAlready.error()),
            Some(stored) => stored.clone_from(&facts),
            None => shelf.stored.push(facts.clone()),
        }
        if request.make_default || shelf.default.is_none() {
            shelf.default = Some(facts.name);
        }
        Ok(())
    }

    fn inquire_by_oid(&self, object: &Oid) -> Result<Vec<Vec<u8>>> {
        if *object == oids::CREDENTIAL_LABEL {
            Ok(vec![self.facts.label.clone()])
        } else if *object == oids::CREDENTIAL_IMPERSONATOR {
            Ok(self.facts.impersonator.iter().map(DummyName::encode).collect())
        } else {
            Err(Minor::NoSuchOption.error())
        }
    }

    fn set_option(&mut self, option: &Oid, value: &[u8]) -> Result<()> {
        if *option != oids::CREDENTIAL_LABEL {
            return Err(Minor::NoSuchOption.error());
        }
        if value.len() > MAX_LABEL {
            return Err(Minor::OptionValue.error());
        }
        self.facts.label = value.to_vec();
        Ok(())
    }
    // `set_negotiable_mechanisms` stays UNAVAILABLE: this mechanism does not negotiate.
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{OID, open, written};
    use gss_plugin::{AcceptorLeg, Flags, InitiatorLeg, Major, Mechanism};

    fn request<'a>(name: Option<&'a DummyName>, usage: CredentialUsage) -> AcquireRequest<'a, Dummy> {
        AcquireRequest { name, lifetime: Lifetime::DEFAULT, usage, password: None, store: &[], impersonator: None }
    }

    fn user(name: &[u8]) -> DummyName {
        DummyName::user(name).unwrap()
    }

    const STORE: StoreRequest<'_> =
        StoreRequest { usage: CredentialUsage::Both, overwrite: false, make_default: false, store: &[] };

    #[test]
    fn anyone_gets_a_credential_for_any_name() {
        let mechanism = open("identity=alice");
        for usage in [CredentialUsage::Both, CredentialUsage::Initiate, CredentialUsage::Accept] {
            let info = mechanism.acquire_credential(&request(None, usage)).unwrap().inquire().unwrap();
            assert_eq!((info.name, info.usage), (Some(user(b"alice")), usage));
            assert_eq!(info.initiator_lifetime == Lifetime::INDEFINITE, usage.initiates());
            assert_eq!(info.acceptor_lifetime == Lifetime::INDEFINITE, usage.accepts());
        }
        let bob = user(b"bob");
        let mut asked = request(Some(&bob), CredentialUsage::Both);
        asked.lifetime = Lifetime(100);
        let info = mechanism.acquire_credential(&asked).unwrap().inquire().unwrap();
        assert_eq!(info.name, Some(bob));
        assert!((98..=100).contains(&info.acceptor_lifetime.0));
    }

    #[test]
    fn passwords_and_store_keys_are_looked_at() {
        let mechanism = open("");
        let bob = user(b"bob");
        let mut asked = request(Some(&bob), CredentialUsage::Initiate);
        asked.password = Some(b"any");
        assert!(mechanism.acquire_credential(&asked).is_ok());
        asked.password = Some(b"");
        assert_eq!(mechanism.acquire_credential(&asked).unwrap_err().major, Major::NO_CRED);
        let mut asked = request(None, CredentialUsage::Initiate);
        asked.store = &[("keytab", "/nowhere"), ("name", "carol")];
        assert_eq!(mechanism.acquire_credential(&asked).unwrap().name(), &user(b"carol"));
        asked.name = Some(&bob);
        assert_eq!(mechanism.acquire_credential(&asked).unwrap_err().major, Major::NO_CRED);
        asked.store = &[("name", "")];
        assert_eq!(mechanism.acquire_credential(&asked).unwrap_err().major, Major::BAD_NAME);
    }

    #[test]
    fn impersonation_needs_a_name_and_an_initiator() {
        let mechanism = open("");
        let service = mechanism.acquire_credential(&request(None, CredentialUsage::Both)).unwrap();
        let acceptor = mechanism.acquire_credential(&request(None, CredentialUsage::Accept)).unwrap();
        let bob = user(b"bob");
        let mut asked = request(Some(&bob), CredentialUsage::Initiate);
        asked.impersonator = Some(&service);
        let credential = mechanism.acquire_credential(&asked).unwrap();
        assert_eq!(credential.name(), &bob);
        let by = credential.inquire_by_oid(&oids::CREDENTIAL_IMPERSONATOR).unwrap();
        assert_eq!(by, [service.name().encode()]);
        assert!(service.inquire_by_oid(&oids::CREDENTIAL_IMPERSONATOR).unwrap().is_empty());
        asked.impersonator = Some(&acceptor);
        assert_eq!(mechanism.acquire_credential(&asked).unwrap_err().major, Major::NO_CRED);
        asked = request(None, CredentialUsage::Initiate);
        asked.impersonator = Some(&service);
        assert_eq!(mechanism.acquire_credential(&asked).unwrap_err().major, Major::NO_CRED);
    }

    #[test]
    fn what_is_stored_is_found_again() {
        let mechanism = open("identity=alice");
        let bob = user(b"bob");
        let mut credential = mechanism.acquire_credential(&request(Some(&bob), CredentialUsage::Both)).unwrap();
        credential.set_option(&oids::CREDENTIAL_LABEL, b"stored").unwrap();
        credential.store(&STORE).unwrap();
        assert_eq!(credential.store(&STORE).unwrap_err().major, Major::DUPLICATE_ELEMENT);
        credential.store(&StoreRequest { overwrite: true, ..STORE }).unwrap();
        // The first that is stored is the default one.
        for name in [None, Some(&bob)] {
            let found = mechanism.acquire_credential(&request(name, CredentialUsage::Initiate)).unwrap();
            assert_eq!(found.name(), &bob);
            assert_eq!(found.inquire_by_oid(&oids::CREDENTIAL_LABEL).unwrap(), [b"stored"]);
            assert_eq!(found.facts.usage, CredentialUsage::Initiate);
        }
        let carol = user(b"carol");
        let other = mechanism.acquire_credential(&request(Some(&carol), CredentialUsage::Both)).unwrap();
        other.store(&STORE).unwrap();
        assert_eq!(mechanism.acquire_credential(&request(None, CredentialUsage::Both)).unwrap().name(), &bob);
        other.store(&StoreRequest { overwrite: true, make_default: true, ..STORE }).unwrap();
        assert_eq!(mechanism.acquire_credential(&request(None, CredentialUsage::Both)).unwrap().name(), &carol);
        // Another instance knows nothing of it.
        let elsewhere = open("identity=alice");
        assert_eq!(
            elsewhere.acquire_credential(&request(None, CredentialUsage::Both)).unwrap().name(),
            &user(b"alice")
        );
    }

    #[test]
    fn only_the_half_that_is_there_can_be_stored() {
        let mechanism = open("");
        let initiator = mechanism.acquire_credential(&request(None, CredentialUsage::Initiate)).unwrap();
        assert_eq!(initiator.store(&STORE).unwrap_err().major, Major::NO_CRED);
        initiator
            .store(&StoreRequest { usage: CredentialUsage::Initiate, store: &[("name", "dave")], ..STORE })
            .unwrap();
        assert!(mechanism.store().find(Some(&user(b"dave")), CredentialUsage::Initiate).is_some());
        assert!(mechanism.store().find(Some(&user(b"dave")), CredentialUsage::Accept).is_none());
    }

    #[test]
    fn exported_credentials_come_back() {
        let mechanism = open("");
        let bob = user(b"bob");
        let service = mechanism.acquire_credential(&request(None, CredentialUsage::Both)).unwrap();
        let mut asked = request(Some(&bob), CredentialUsage::Initiate);
        asked.impersonator = Some(&service);
        asked.lifetime = Lifetime(1000);
        let mut credential = mechanism.acquire_credential(&asked).unwrap();
        credential.set_option(&oids::CREDENTIAL_LABEL, b"label").unwrap();
        let token = written(|out| credential.export(out)).unwrap();
        assert_eq!(mechanism.import_credential(&token).unwrap().facts, credential.facts);
        for position in 0..token.len() {
            let mut altered = token.clone();
            altered[position] ^= 1;
            assert_eq!(mechanism.import_credential(&altered).unwrap_err().major, Major::DEFECTIVE_TOKEN);
            assert!(mechanism.import_credential(&token[..position]).is_err());
        }
    }

    #[test]
    fn unknown_options_are_unavailable() {
        let mechanism = open("");
        let mut credential = mechanism.credential_from_option(&oids::CREDENTIAL_FOR_USER, b"erin").unwrap();
        assert_eq!(credential.name(), &user(b"erin"));
        let unknown = oids::CONTEXT_LABEL;
        assert_eq!(mechanism.credential_from_option(&unknown, b"erin").unwrap_err().major, Major::UNAVAILABLE);
        assert_eq!(credential.set_option(&unknown, b"").unwrap_err().major, Major::UNAVAILABLE);
        assert_eq!(credential.inquire_by_oid(&unknown).unwrap_err().major, Major::UNAVAILABLE);
        assert_eq!(credential.set_negotiable_mechanisms(&[]).unwrap_err().major, Major::UNAVAILABLE);
        assert!(credential.set_option(&oids::CREDENTIAL_LABEL, &[0; MAX_LABEL + 1]).is_err());
    }

    #[test]
    fn a_handshake_asks_the_credential() {
        let mechanism = open("");
        let target = user(b"server");
        let start = |credential: &DummyCredential| {
            mechanism.initiate(InitiatorLeg {
                credential: Some(credential),
                target: &target,
                mechanism: &OID,
                flags: Flags::NONE,
                lifetime: Lifetime::DEFAULT,
                bindings: None,
                input: b"",
            })
        };
        let acquire = |name, usage| mechanism.acquire_credential(&request(name, usage)).unwrap();
        let initiator = acquire(None, CredentialUsage::Initiate);
        let token = start(&initiator).ok().unwrap().1.token;
        let take = |credential: &DummyCredential| {
            mechanism.accept(AcceptorLeg { credential: Some(credential), bindings: None, input: &token }).map(|_| ())
        };
        assert_eq!(start(&acquire(None, CredentialUsage::Accept)).err().unwrap().major, Major::NO_CRED);
        assert_eq!(take(&initiator).unwrap_err().major, Major::NO_CRED);
        take(&acquire(None, CredentialUsage::Accept)).unwrap();
        take(&acquire(Some(&target), CredentialUsage::Accept)).unwrap();
        let other = user(b"another");
        let refused = take(&acquire(Some(&other), CredentialUsage::Accept)).unwrap_err();
        assert_eq!((refused.major, refused.token.is_empty()), (Major::NO_CRED, false));

        let mut expired = initiator.clone();
        expired.facts.deadline = Deadline(1);
        assert_eq!(start(&expired).err().unwrap().major, Major::CREDENTIALS_EXPIRED);
        assert_eq!(expired.store(&STORE).unwrap_err().major, Major::CREDENTIALS_EXPIRED);
        assert_eq!(expired.inquire().unwrap().initiator_lifetime, Lifetime(0));
    }
}
