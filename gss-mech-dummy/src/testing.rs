//! What the tests share: a config line, mechanisms, and handshakes between two of them.

use crate::{Dummy, DummyContext, oids};
use gss_plugin::{
    AcceptorLeg, ChannelBindings, Flags, InitiatorLeg, Lifetime, Line, Mechanism, Oid, Output, SecurityContext, Step,
    name_type,
};

pub(crate) static OID: Oid = oids::MECHANISM;

pub(crate) fn line(options: &str) -> Line<'_> {
    Line { name: "dummy", oid: &OID, aliases: &[], options, place: "test.conf:7" }
}

pub(crate) fn open(options: &str) -> Dummy {
    Dummy::open(&line(options)).unwrap()
}

/// One side of a handshake after a leg.
pub(crate) type Side = (DummyContext, Step<Dummy>);

/// What the caller of a handshake chooses.
#[derive(Clone, Copy)]
pub(crate) struct Wish<'a> {
    pub(crate) flags: Flags,
    pub(crate) lifetime: Lifetime,
    pub(crate) initiator_bindings: Option<ChannelBindings<'a>>,
    pub(crate) acceptor_bindings: Option<ChannelBindings<'a>>,
}

impl Default for Wish<'_> {
    fn default() -> Self {
        let flags = Flags::MUTUAL | Flags::REPLAY | Flags::SEQUENCE | Flags::CONF;
        Self { flags, lifetime: Lifetime::DEFAULT, initiator_bindings: None, acceptor_bindings: None }
    }
}

pub(crate) fn initiate(
    mechanism: &Dummy,
    context: Option<DummyContext>,
    wish: &Wish<'_>,
    input: &[u8],
) -> gss_plugin::Result<Side> {
    let target = mechanism.import_name(b"service@Host.example", Some(&name_type::HOSTBASED_SERVICE))?;
    let (flags, lifetime, bindings) = (wish.flags, wish.lifetime, wish.initiator_bindings);
    let leg = InitiatorLeg { credential: None, target: &target, mechanism: &OID, flags, lifetime, bindings, input };
    match context {
        None => mechanism.initiate(leg),
        Some(mut context) => context.initiate_leg(leg).map(|step| (context, step)),
    }
}

pub(crate) fn accept(
    mechanism: &Dummy,
    context: Option<DummyContext>,
    wish: &Wish<'_>,
    input: &[u8],
) -> gss_plugin::Result<Side> {
    let leg = AcceptorLeg { credential: None, bindings: wish.acceptor_bindings, input };
    match context {
        None => mechanism.accept(leg),
        Some(mut context) => context.accept_leg(leg).map(|step| (context, step)),
    }
}

/// Both sides after the handshake, with their last steps. `between` sees every context after each of its legs, and may
/// put another in its place.
pub(crate) fn handshake(
    mechanism: &Dummy,
    wish: &Wish<'_>,
    mut between: impl FnMut(DummyContext) -> DummyContext,
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
pub(crate) fn pair(options: &str) -> (DummyContext, DummyContext) {
    pair_with(options, &Wish::default())
}

pub(crate) fn pair_with(options: &str, wish: &Wish<'_>) -> (DummyContext, DummyContext) {
    let (initiator, acceptor) = handshake(&open(options), wish, |context| context).unwrap();
    (initiator.0, acceptor.0)
}

/// The bytes that a call writes.
pub(crate) fn written<R>(call: impl FnOnce(&mut Output<'_>) -> gss_plugin::Result<R>) -> gss_plugin::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    call(&mut Output::over(&mut bytes))?;
    Ok(bytes)
}

pub(crate) fn wrap(context: &DummyContext, message: &[u8]) -> Vec<u8> {
    written(|out| context.wrap(false, 0, message, out)).unwrap()
}

pub(crate) fn serialized(context: &DummyContext) -> Vec<u8> {
    written(|out| context.serialize(out)).unwrap()
}
