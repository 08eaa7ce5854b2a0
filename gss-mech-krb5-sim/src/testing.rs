//! What the tests share: a keytab in a folder of its own, a config line, and handshakes between two sides.

use crate::crypto::{Enctype, Key};
use crate::keytab::{self, KeytabEntry};
use crate::messages::EncryptionKey;
use crate::principal::Principal;
use crate::{Krb5Context, Krb5Credential, Krb5Sim, oids};
use gss_plugin::{
    AcceptorLeg, ChannelBindings, Flags, InitiatorLeg, Lifetime, Line, Mechanism, Oid, Output, SecurityContext, Step,
    name_type,
};
use std::path::{Path, PathBuf};

pub(crate) static OID: Oid = oids::MECHANISM;

/// The service that handshakes are with.
pub(crate) const SERVICE: &str = "host@server.example";

pub(crate) fn line(options: &str) -> Line<'_> {
    Line { name: "krb5-sim", oid: &OID, aliases: &[], options, place: "test.conf:7" }
}

/// A keytab entry with a random key.
pub(crate) fn entry(principal: &str, kvno: u32, etype: i32) -> KeytabEntry {
    let key = Key::random(Enctype::from_number(etype).unwrap()).unwrap();
    KeytabEntry {
        principal: Principal::parse(principal.as_bytes(), None).unwrap(),
        timestamp: 0,
        kvno,
        key: EncryptionKey::new(etype, key.bytes()),
    }
}

/// A folder with a keytab that has `host/server.example@R` in all four types, and room for a replay cache.
pub(crate) struct Realms {
    folder: tempfile::TempDir,
    keytab: PathBuf,
}

impl Realms {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let keytab = folder.path().join("keytab");
        keytab::update(&keytab, |keytab| {
            [18, 17, 20, 19].into_iter().try_for_each(|etype| keytab.add(entry("host/server.example@R", 3, etype)))
        })
        .unwrap();
        Self { folder, keytab }
    }

    pub(crate) fn keytab(&self) -> &Path {
        &self.keytab
    }

    /// The mechanism with this keytab and these options.
    pub(crate) fn open(&self, options: &str) -> Krb5Sim {
        let (keytab, folder) = (self.keytab.display(), self.folder.path().display());
        Krb5Sim::open(&line(&format!("keytab={keytab} replay-cache={folder} {options}"))).unwrap()
    }
}

/// One side of a handshake after a leg.
pub(crate) type Side = (Krb5Context, Step<Krb5Sim>);

/// What the callers of a handshake choose.
#[derive(Clone, Copy)]
pub(crate) struct Wish<'a> {
    pub(crate) target: &'a str,
    pub(crate) flags: Flags,
    pub(crate) lifetime: Lifetime,
    pub(crate) initiator_bindings: Option<ChannelBindings<'a>>,
    pub(crate) acceptor_bindings: Option<ChannelBindings<'a>>,
    pub(crate) initiator: Option<&'a Krb5Credential>,
    pub(crate) acceptor: Option<&'a Krb5Credential>,
}

impl Default for Wish<'_> {
    fn default() -> Self {
        Self {
            target: SERVICE,
            flags: Flags::MUTUAL | Flags::REPLAY | Flags::SEQUENCE | Flags::CONF,
            lifetime: Lifetime::DEFAULT,
            initiator_bindings: None,
            acceptor_bindings: None,
            initiator: None,
            acceptor: None,
        }
    }
}

pub(crate) fn initiate(
    mechanism: &Krb5Sim,
    context: Option<Krb5Context>,
    wish: &Wish<'_>,
    input: &[u8],
) -> gss_plugin::Result<Side> {
    let target = mechanism.import_name(wish.target.as_bytes(), Some(&name_type::HOSTBASED_SERVICE))?;
    let leg = InitiatorLeg {
        credential: wish.initiator,
        target: &target,
        mechanism: &OID,
        flags: wish.flags,
        lifetime: wish.lifetime,
        bindings: wish.initiator_bindings,
        input,
    };
    match context {
        None => mechanism.initiate(leg),
        Some(mut context) => context.initiate_leg(leg).map(|step| (context, step)),
    }
}

pub(crate) fn accept(
    mechanism: &Krb5Sim,
    context: Option<Krb5Context>,
    wish: &Wish<'_>,
    input: &[u8],
) -> gss_plugin::Result<Side> {
    let leg = AcceptorLeg { credential: wish.acceptor, bindings: wish.acceptor_bindings, input };
    match context {
        None => mechanism.accept(leg),
        Some(mut context) => context.accept_leg(leg).map(|step| (context, step)),
    }
}

/// Both sides after the handshake, with their last steps. `between` sees every context after each of its legs, and may
/// put another in its place.
pub(crate) fn handshake(
    mechanism: &Krb5Sim,
    wish: &Wish<'_>,
    mut between: impl FnMut(Krb5Context) -> Krb5Context,
) -> gss_plugin::Result<(Side, Side)> {
    let mut initiator = initiate(mechanism, None, wish, &[])?;
    initiator.0 = between(initiator.0);
    let mut acceptor = accept(mechanism, None, wish, &initiator.1.token)?;
    acceptor.0 = between(acceptor.0);
    while !(initiator.1.complete && acceptor.1.complete) {
        if !initiator.1.complete {
            initiator = initiate(mechanism, Some(initiator.0), wish, &acceptor.1.token)?;
            initiator.0 = between(initiator.0);
        }
        if !acceptor.1.complete {
            acceptor = accept(mechanism, Some(acceptor.0), wish, &initiator.1.token)?;
            acceptor.0 = between(acceptor.0);
        }
    }
    Ok((initiator, acceptor))
}

/// Both sides of an established context.
pub(crate) struct Pair {
    pub(crate) initiator: Krb5Context,
    pub(crate) acceptor: Krb5Context,
}

impl Pair {
    pub(crate) fn new(mechanism: &Krb5Sim) -> Self {
        Self::with(mechanism, &Wish::default(), |context| context).unwrap()
    }

    pub(crate) fn with(
        mechanism: &Krb5Sim,
        wish: &Wish<'_>,
        between: impl FnMut(Krb5Context) -> Krb5Context,
    ) -> gss_plugin::Result<Self> {
        let (initiator, acceptor) = handshake(mechanism, wish, between)?;
        Ok(Self { initiator: initiator.0, acceptor: acceptor.0 })
    }
}

/// The bytes that a call writes.
pub(crate) fn written<R>(call: impl FnOnce(&mut Output<'_>) -> gss_plugin::Result<R>) -> gss_plugin::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    call(&mut Output::over(&mut bytes))?;
    Ok(bytes)
}

pub(crate) fn serialized(context: &Krb5Context) -> Vec<u8> {
    written(|out| context.serialize(out)).unwrap()
}

pub(crate) fn wrapped(context: &Krb5Context, message: &[u8]) -> Vec<u8> {
    written(|out| context.wrap(true, 0, message, out)).unwrap()
}

pub(crate) fn unwrapped(context: &Krb5Context, token: &[u8]) -> gss_plugin::Result<Vec<u8>> {
    written(|out| context.unwrap(token, out))
}
