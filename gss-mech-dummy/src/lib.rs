//! The dummy mechanism: the smallest whole GSS-API mechanism, and the template for authors of others.
//!
//! It authenticates nobody and hides nothing. Everything else is real: a handshake of as many legs as one likes,
//! lifetimes, sequence numbers, a checksum over each message, contexts that move between processes at any stage.
//!
//! Where to begin: here is the [`Mechanism`] itself; `name.rs`, `credential.rs` and `context.rs` implement the other
//! three traits; `options.rs` reads the config line. The rest is what these stand on: `handshake.rs` and `message.rs`
//! (the tokens), `iov.rs` (messages in pieces), `state.rs` (contexts as bytes), `window.rs` (replays), `wire.rs`
//! (strict reading and writing), `checksum.rs`, `lifetime.rs`, `status.rs` (minor status codes), `oids.rs`.
//!
//! `faults.rs` is no part of the template: it wraps any mechanism and makes it fail on demand, for the switch's tests.
//! That is why the exported mechanism is `Faulty<Dummy>`; yours will be exported as it is.
#![forbid(unsafe_code)]

mod checksum;
mod context;
mod credential;
pub mod faults;
mod handshake;
mod iov;
mod lifetime;
mod message;
mod name;
pub mod oids;
mod options;
mod state;
mod status;
#[cfg(test)]
mod testing;
mod window;
mod wire;

pub use context::DummyContext;
pub use credential::DummyCredential;
pub use faults::Faulty;
pub use name::DummyName;
pub use status::Minor;

use credential::Store;
use gss_plugin::{
    AcceptorLeg, AcquireRequest, CredentialUsage, Description, InitiatorLeg, Lifetime, Line, Mechanism, Oid, Result,
    Step, attr,
};
use options::Options;
use std::sync::Arc;

#[cfg(feature = "plugin")]
gss_plugin::export_mechanism!(Faulty<Dummy>);

/// The mechanism, as a line of the config has it.
#[derive(Debug)]
pub struct Dummy {
    /// The configured OID: the initial token names it, and an acceptor takes no other.
    oid: Oid,
    options: Options,
    /// Whose the default credential is.
    identity: DummyName,
    store: Arc<Store>,
}

impl Dummy {
    pub(crate) fn oid(&self) -> &Oid {
        &self.oid
    }

    pub(crate) fn options(&self) -> &Options {
        &self.options
    }

    pub(crate) fn store(&self) -> &Arc<Store> {
        &self.store
    }
}

impl Mechanism for Dummy {
    type Name = DummyName;
    type Credential = DummyCredential;
    type Context = DummyContext;

    fn open(line: &Line<'_>) -> Result<Self> {
        let options = Options::read(line)?;
        let identity = DummyName::user(options.identity.as_bytes())?;
        tracing::debug!(name = line.name, place = line.place, ?options, "mechanism opened");
        Ok(Self { oid: line.oid.clone(), options, identity, store: Arc::default() })
    }

    fn describe(&self) -> Description {
        Description {
            // Only what is true. No AUTH_INIT or AUTH_TARG: nobody is authenticated. No INTEG_PROT: a checksum without
            // a key stops no attacker. No PROT_READY: messages come after the handshake.
            attributes: vec![
                attr::MECH_CONCRETE,
                attr::NOT_DFLT_MECH,
                attr::ITOK_FRAMED,
                attr::AUTH_INIT_ANON,
                attr::DELEG_CRED,
                attr::MIC,
                attr::WRAP,
                attr::REPLAY_DET,
                attr::OOS_DET,
                attr::CBINDINGS,
                attr::CTX_TRANS,
            ],
            known_attributes: Vec::new(),
            name_types: DummyName::TYPES.to_vec(),
            // The algorithmic one, which follows from whatever OID the line gives.
            sasl_name: String::new(),
            display_name: "Dummy".to_owned(),
            summary: "Authenticates nobody and hides nothing: for tests, and a template for authors.".to_owned(),
        }
    }

    fn import_name(&self, name: &[u8], name_type: Option<&Oid>) -> Result<DummyName> {
        DummyName::import(name, name_type)
    }

    fn import_exported_name(&self, name: &[u8], composite: bool) -> Result<DummyName> {
        DummyName::import_exported(name, composite)
    }

    fn canonicalize_name(&self, name: &DummyName) -> Result<DummyName> {
        Ok(name.canonical())
    }

    fn acquire_credential(&self, request: &AcquireRequest<'_, Self>) -> Result<DummyCredential> {
        DummyCredential::acquire(request, &self.identity, &self.store)
    }

    fn import_credential(&self, token: &[u8]) -> Result<DummyCredential> {
        DummyCredential::import(token, &self.store)
    }

    fn credential_from_option(&self, option: &Oid, value: &[u8]) -> Result<DummyCredential> {
        if *option != oids::CREDENTIAL_FOR_USER {
            return Err(Minor::NoSuchOption.error());
        }
        Ok(DummyCredential::of(DummyName::user(value)?, CredentialUsage::Both, &self.store))
    }

    fn initiate(&self, leg: InitiatorLeg<'_, Self>) -> Result<(DummyContext, Step<Self>)> {
        match leg.credential {
            Some(credential) => DummyContext::initiate(self, credential, &leg),
            None => DummyContext::initiate(self, &self.default_credential(CredentialUsage::Initiate)?, &leg),
        }
    }

    fn accept(&self, leg: AcceptorLeg<'_, Self>) -> Result<(DummyContext, Step<Self>)> {
        // Without a credential it accepts for any name.
        DummyContext::accept(self, &leg)
    }

    fn import_context(&self, state: &[u8]) -> Result<DummyContext> {
        state::read(state, &self.store)
    }

    fn display_status(&self, minor: u32) -> Option<String> {
        Minor::from_code(minor).map(|minor| minor.text().to_owned())
    }

    fn invoke(&self, operation: &Oid, value: &[u8]) -> Result<Vec<u8>> {
        if *operation == oids::INVOKE_ECHO {
            Ok(value.to_vec())
        } else if *operation == oids::INVOKE_OPTIONS {
            let Options { legs, lifetime, identity } = &self.options;
            Ok(format!("legs={legs},lifetime={},identity={identity}", lifetime.0).into_bytes())
        } else {
            Err(Minor::NoSuchOption.error())
        }
    }
}

impl Dummy {
    fn default_credential(&self, usage: CredentialUsage) -> Result<DummyCredential> {
        let (name, lifetime) = (None, Lifetime::DEFAULT);
        let request = AcquireRequest { name, lifetime, usage, password: None, store: &[], impersonator: None };
        DummyCredential::acquire(&request, &self.identity, &self.store)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::open;
    use gss_plugin::{Major, name_type};

    #[test]
    fn it_claims_no_protection() {
        let description = open("").describe();
        for absent in [attr::AUTH_INIT, attr::AUTH_TARG, attr::INTEG_PROT, attr::CONF_PROT, attr::PROT_READY, attr::PFS]
        {
            assert!(!description.attributes.contains(&absent), "{absent}");
        }
        assert!(description.attributes.contains(&attr::NOT_DFLT_MECH));
        assert!(description.summary.contains("nobody"));
        for name_type in &description.name_types {
            let text: &[u8] = if *name_type == name_type::MACHINE_UID_NAME { &[0; 4] } else { b"1" };
            assert!(open("").import_name(text, Some(name_type)).is_ok(), "{name_type}");
        }
    }

    #[test]
    fn operations_go_by_oid() {
        let mechanism = open("legs=3,identity=alice");
        assert_eq!(mechanism.invoke(&oids::INVOKE_ECHO, b"hello").unwrap(), b"hello");
        let options = mechanism.invoke(&oids::INVOKE_OPTIONS, b"").unwrap();
        assert_eq!(options, b"legs=3,lifetime=4294967295,identity=alice");
        assert_eq!(mechanism.invoke(&oids::MECHANISM, b"").unwrap_err().major, Major::UNAVAILABLE);
        assert_eq!(mechanism.display_status(Minor::Expired as u32).unwrap(), Minor::Expired.text());
        assert_eq!(mechanism.display_status(0), None);
    }
}
