//! Kerberos 5 without a KDC: the initiator issues its own service ticket from a keytab that it shares with the acceptor.
//! Everything after that is Kerberos as specified (RFC 4120, RFC 4121).
//!
//! Whoever can read the keytab can be any client: it stands for a KDC's database.
//!
//! Where to begin: here is the [`Mechanism`] itself; `name.rs`, `credential.rs` and `context.rs` implement the other
//! three traits, `options.rs` reads the config line. `initiator.rs`, `acceptor.rs` and `issue.rs` are the handshake,
//! `permessage.rs` is what comes after it, `state.rs` contexts as bytes. They stand on `messages.rs`, `token.rs`,
//! `keytab.rs`, `principal.rs` and `crypto.rs`, which know nothing of GSS-API.
#![forbid(unsafe_code)]

mod acceptor;
mod clock;
mod context;
mod credential;
pub mod crypto;
mod initiator;
mod issue;
mod keysource;
pub mod keytab;
pub mod messages;
pub mod minor;
mod name;
pub mod oids;
mod options;
pub mod permessage;
pub mod principal;
mod replay;
pub mod sequence;
mod state;
#[cfg(test)]
mod testing;
pub mod token;
mod wire;

pub use context::Krb5Context;
pub use credential::Krb5Credential;
pub use name::Krb5Name;

use gss_plugin::{AcceptorLeg, AcquireRequest, Description, InitiatorLeg, Line, Mechanism, Oid, Result, Step, attr};
use keysource::KeySource;
use minor::Error;
use options::Options;
use principal::Realm;
use replay::ReplayCache;
use std::sync::Arc;

#[cfg(feature = "plugin")]
gss_plugin::export_mechanism!(Krb5Sim);

/// The mechanism, as a line of the config has it. Cheap to clone: contexts hold one.
#[derive(Clone, Debug)]
pub struct Krb5Sim(Arc<Instance>);

#[derive(Debug)]
struct Instance {
    /// The configured OID, which initial tokens name.
    oid: Oid,
    /// Others that a peer's tokens may name.
    aliases: Vec<Oid>,
    options: Options,
    /// The realm in the options, as names hold it.
    home: Option<Arc<Realm>>,
    keys: Option<Arc<KeySource>>,
    replays: ReplayCache,
}

impl Krb5Sim {
    pub(crate) fn oid(&self) -> &Oid {
        &self.0.oid
    }

    /// Whether a token with this OID (content octets) is for us.
    pub(crate) fn answers_to(&self, oid: &[u8]) -> bool {
        self.0.oid.as_bytes() == oid || self.0.aliases.iter().any(|alias| alias.as_bytes() == oid)
    }

    pub(crate) fn options(&self) -> &Options {
        &self.0.options
    }

    pub(crate) fn home(&self) -> Option<&Arc<Realm>> {
        self.0.home.as_ref()
    }

    /// The configured keytab.
    pub(crate) fn keys(&self) -> Option<&Arc<KeySource>> {
        self.0.keys.as_ref()
    }

    pub(crate) fn replays(&self) -> &ReplayCache {
        &self.0.replays
    }

    /// The name with its realm, as far as config and keytab tell.
    pub(crate) fn completed(&self, name: &Krb5Name) -> std::result::Result<Krb5Name, Error> {
        let mut name = name.clone();
        name.home = self.0.home.clone();
        if name.realm.is_none() {
            name.realm.clone_from(&self.options().realm);
        }
        if name.realm.is_none()
            // A keytab that cannot be read is the business of who needs its keys.
            && let Some(Ok(keytab)) = self.keys().map(|keys| keys.keytab())
            && let [realm] = keytab.realms_of(&name.name)[..]
        {
            name.realm = Some(realm.clone());
        }
        if let Some(realm) = &name.realm {
            principal::Principal::new(name.name.clone(), realm.clone())?;
        }
        Ok(name)
    }
}

impl Mechanism for Krb5Sim {
    type Name = Krb5Name;
    type Credential = Krb5Credential;
    type Context = Krb5Context;

    fn open(line: &Line<'_>) -> Result<Self> {
        let options = Options::read(line)?;
        tracing::debug!(name = line.name, place = line.place, ?options, "mechanism opened");
        Ok(Self(Arc::new(Instance {
            oid: line.oid.clone(),
            aliases: line.aliases.to_vec(),
            home: options.realm.clone().map(Arc::new),
            keys: options.keytab.clone().map(|path| Arc::new(KeySource::new(path))),
            replays: ReplayCache::new(&options.replay_cache, options.clockskew),
            options,
        })))
    }

    fn describe(&self) -> Description {
        Description {
            attributes: vec![
                attr::MECH_CONCRETE,
                attr::ITOK_FRAMED,
                attr::AUTH_INIT,
                attr::AUTH_TARG,
                // From the keytab, without anything that was there before.
                attr::AUTH_INIT_INIT,
                attr::INTEG_PROT,
                attr::CONF_PROT,
                attr::MIC,
                attr::WRAP,
                attr::REPLAY_DET,
                attr::OOS_DET,
                attr::CBINDINGS,
                attr::CTX_TRANS,
            ],
            known_attributes: Vec::new(),
            name_types: Krb5Name::TYPES.to_vec(),
            // RFC 5802's is for the mechanism under its own OID; under any other the algorithmic one is right.
            sasl_name: if *self.oid() == oids::KERBEROS { "GS2-KRB5".to_owned() } else { String::new() },
            display_name: "Kerberos 5 (simulated KDC)".to_owned(),
            summary: "Kerberos 5 from a shared keytab, without a KDC: whoever reads the keytab can be any client."
                .to_owned(),
        }
    }

    fn import_name(&self, name: &[u8], name_type: Option<&Oid>) -> Result<Krb5Name> {
        Ok(self.completed(&Krb5Name::import(name, name_type)?)?)
    }

    /// The printed form of a principal (RFC 1964 section 2.1.3). There are no attributes, so that a composite one is the
    /// same.
    fn import_exported_name(&self, name: &[u8], _composite: bool) -> Result<Krb5Name> {
        Ok(self.completed(&Krb5Name::import(name, None)?)?)
    }

    fn canonicalize_name(&self, name: &Krb5Name) -> Result<Krb5Name> {
        Ok(self.completed(name)?)
    }

    fn acquire_credential(&self, request: &AcquireRequest<'_, Self>) -> Result<Krb5Credential> {
        Ok(Krb5Credential::acquire(self, request)?)
    }

    fn import_credential(&self, token: &[u8]) -> Result<Krb5Credential> {
        Ok(Krb5Credential::import(self, token)?)
    }

    fn initiate(&self, leg: InitiatorLeg<'_, Self>) -> Result<(Krb5Context, Step<Self>)> {
        Krb5Context::initiate(self, &leg)
    }

    fn accept(&self, leg: AcceptorLeg<'_, Self>) -> Result<(Krb5Context, Step<Self>)> {
        Krb5Context::accept(self, &leg)
    }

    fn import_context(&self, state: &[u8]) -> Result<Krb5Context> {
        Ok(state::read(self, state)?)
    }

    fn display_status(&self, minor: u32) -> Option<String> {
        minor::text(minor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Realms, line};
    use gss_plugin::{Name, name_type};

    fn shown(name: &Krb5Name) -> String {
        String::from_utf8(name.display().unwrap().0).unwrap()
    }

    #[test]
    fn names_get_the_realm_of_the_line_or_of_the_only_entry() {
        let realms = Realms::new();
        let service = name_type::HOSTBASED_SERVICE;
        let import = |options: &str, text: &[u8]| {
            let mechanism = realms.open(options);
            shown(&mechanism.import_name(text, Some(&service)).unwrap())
        };
        assert_eq!(import("realm=S", b"host@Server.Example"), "host/server.example@S");
        assert_eq!(import("", b"host@server.example"), "host/server.example@R");
        assert_eq!(import("", b"nfs@server.example"), "nfs/server.example@");
    }

    #[test]
    fn exported_names_come_back() {
        let mechanism = Realms::new().open("realm=R");
        for text in ["alice", "a\\/b@S", "host/h@R"] {
            let name = mechanism.import_name(text.as_bytes(), None).unwrap();
            let again = mechanism.import_exported_name(&name.export().unwrap(), false).unwrap();
            assert!(name.compare(&again).unwrap(), "{text}");
        }
    }

    #[test]
    fn what_it_describes_is_there() {
        let mechanism = Realms::new().open("");
        let description = mechanism.describe();
        for name_type in &description.name_types {
            let text: &[u8] = if *name_type == name_type::MACHINE_UID_NAME { &[0; 4] } else { b"0" };
            assert!(mechanism.import_name(text, Some(name_type)).is_ok(), "{name_type}");
        }
        for absent in [attr::NOT_DFLT_MECH, attr::DELEG_CRED, attr::AUTH_INIT_ANON, attr::PFS, attr::PROT_READY] {
            assert!(!description.attributes.contains(&absent), "{absent}");
        }
        assert_eq!(description.sasl_name, "", "under its own OID");
        let line = Line { oid: &oids::KERBEROS, ..line("") };
        assert_eq!(Krb5Sim::open(&line).unwrap().describe().sasl_name, "GS2-KRB5");
    }
}
