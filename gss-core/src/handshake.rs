//! Establishing contexts: the initiator's and the acceptor's legs, with the caller's arguments at each.

use crate::Gss;
use crate::context::{Context, State};
use crate::credential::Credential;
use crate::error::{Error, NoContext, Result};
use crate::framing;
use crate::loader::Loaded;
use crate::name::Name;
use gss_plugin_abi::host::{Accept, Initiate, LegResult, PluginContext};
use gss_plugin_abi::{ChannelBindings, Flags, Lifetime, Oid};
use std::fmt;
use std::sync::Arc;

/// What a leg achieved (RFC 2744 sections 5.1 and 5.19).
#[derive(Debug)]
#[non_exhaustive]
pub struct Progress {
    /// Whether the context is established; otherwise a token of the peer is needed.
    pub complete: bool,
    /// The token for the peer; where it is empty, there is none to send.
    pub token: Vec<u8>,
    /// The flags granted so far; [`Flags::TRANS`] says that the context can be exported at this stage.
    pub flags: Flags,
    /// How long the context will live, where known.
    pub lifetime: Lifetime,
    /// The mechanism in use.
    pub mechanism: Oid,
    /// Acceptor: the initiator's name, once known.
    pub source: Option<Name>,
    /// Acceptor: the credential that the initiator delegated.
    pub delegated: Option<Credential>,
}

impl Progress {
    fn new(mechanism: &Arc<Loaded>, result: LegResult) -> Result<Self> {
        let delegated = result.delegated.map(|credential| Credential::of_element(mechanism, credential));
        Ok(Self {
            complete: result.complete,
            token: result.token,
            flags: result.flags,
            lifetime: result.lifetime,
            mechanism: result.mechanism.unwrap_or_else(|| mechanism.oid.clone()),
            source: result.source.map(|name| Name::of_mechanism(mechanism, name)),
            delegated: delegated.transpose()?,
        })
    }
}

/// The context after its first leg, and what the leg achieved.
fn begun(
    mechanism: &Arc<Loaded>,
    initiator: bool,
    (plugin, mut result): (PluginContext, LegResult),
) -> Result<(Context, Progress)> {
    let mechanism_kept = Arc::clone(mechanism);
    let established = result.complete;
    let state = State { mechanism: mechanism_kept, plugin, initiator: Some(initiator), established, failed: false };
    result.flags = state.flags(result.flags);
    Ok((Context::new(state)?, Progress::new(mechanism, result)?))
}

fn established(context: Option<Context>) -> Result<Context> {
    let context = context.ok_or(Error::NoContext(NoContext::NotBegun))?;
    if context.is_established()? { Ok(context) } else { Err(Error::NoContext(NoContext::NotEstablished)) }
}

/// The initiator's side of a handshake (`gss_init_sec_context`, RFC 2744 section 5.19), made by [`Gss::initiator`].
#[must_use = "nothing happens before `step`"]
pub struct Initiator<'a> {
    gss: &'a Gss,
    target: &'a Name,
    mechanism: Option<&'a Oid>,
    credential: Option<&'a Credential>,
    flags: Flags,
    lifetime: Lifetime,
    bindings: Option<ChannelBindings<'a>>,
    context: Option<Context>,
}

impl<'a> Initiator<'a> {
    pub(crate) fn new(gss: &'a Gss, target: &'a Name) -> Self {
        Self {
            gss,
            target,
            mechanism: None,
            credential: None,
            flags: Flags::NONE,
            lifetime: Lifetime::DEFAULT,
            bindings: None,
            context: None,
        }
    }

    /// Which mechanism, by its OID or an alias; the default one if not called.
    pub fn mechanism(mut self, oid: &'a Oid) -> Self {
        self.mechanism = Some(oid);
        self
    }

    /// Whose credential; the default one if not called.
    pub fn credential(mut self, credential: &'a Credential) -> Self {
        self.credential = Some(credential);
        self
    }

    /// Wanted flags.
    pub fn flags(mut self, flags: Flags) -> Self {
        self.flags = flags;
        self
    }

    /// Wanted lifetime.
    pub fn lifetime(mut self, lifetime: Lifetime) -> Self {
        self.lifetime = lifetime;
        self
    }

    /// Channel bindings.
    pub fn bindings(mut self, bindings: ChannelBindings<'a>) -> Self {
        self.bindings = Some(bindings);
        self
    }

    /// Goes on with a half-built context, such as an imported one.
    pub fn resume(mut self, context: Context) -> Self {
        self.context = Some(context);
        self
    }

    /// A leg: takes the peer's token, empty at first, and gives one for the peer.
    ///
    /// # Errors
    /// [`Error::NotConfigured`], [`Error::CannotLoad`]; what the mechanism says, perhaps with a token for the peer
    /// ([`Error::peer_token`]). A failed first leg creates no context; after a failed later leg, only delete works.
    pub fn step(&mut self, input: &[u8]) -> Result<Progress> {
        match &self.context {
            Some(context) => {
                let (mechanism, result) = context.leg(true, |mechanism, plugin| {
                    self.with_arguments(mechanism, input, |leg| plugin.initiate_leg(leg))
                })?;
                Progress::new(&mechanism, result)
            }
            None => {
                let mechanism = match self.mechanism {
                    Some(oid) => self.gss.registry().get(oid)?,
                    None => self.gss.registry().default_mechanism()?,
                };
                let mechanism = mechanism.load()?;
                let first = self.with_arguments(mechanism, input, |leg| mechanism.plugin.initiate(leg))?;
                let (context, progress) = begun(mechanism, true, first)?;
                self.context = Some(context);
                Ok(progress)
            }
        }
    }

    fn with_arguments<R>(
        &self,
        mechanism: &Arc<Loaded>,
        input: &[u8],
        leg: impl FnOnce(&Initiate<'_>) -> gss_plugin_abi::Result<R>,
    ) -> Result<R> {
        let target = self.target.element(mechanism)?;
        let result = Credential::with_element(self.credential, mechanism, |credential| {
            leg(&Initiate {
                credential,
                target: target.get(),
                mechanism: self.mechanism.unwrap_or(&mechanism.oid),
                flags: self.flags,
                lifetime: self.lifetime,
                bindings: self.bindings,
                input,
            })
        })?;
        result.map_err(|error| mechanism.error(error))
    }

    /// The context so far: half-built, or established.
    ///
    /// # Errors
    /// [`Error::NoContext`] before the first leg has succeeded.
    pub fn context(&self) -> Result<&Context> {
        self.context.as_ref().ok_or(Error::NoContext(NoContext::NotBegun))
    }

    /// The context as it is, to be moved to another process or gone on with by `resume`.
    ///
    /// # Errors
    /// [`Error::NoContext`] before the first leg has succeeded.
    pub fn suspend(self) -> Result<Context> {
        self.context.ok_or(Error::NoContext(NoContext::NotBegun))
    }

    /// The established context.
    ///
    /// # Errors
    /// [`Error::NoContext`] if the handshake is not complete.
    pub fn into_context(self) -> Result<Context> {
        established(self.context)
    }
}

impl fmt::Debug for Initiator<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Initiator({:?}, {:?}, {:?})", self.target, self.mechanism, self.context)
    }
}

/// The acceptor's side of a handshake (`gss_accept_sec_context`, RFC 2744 section 5.1), made by [`Gss::acceptor`].
#[must_use = "nothing happens before `step`"]
pub struct Acceptor<'a> {
    gss: &'a Gss,
    credential: Option<&'a Credential>,
    bindings: Option<ChannelBindings<'a>>,
    context: Option<Context>,
}

impl<'a> Acceptor<'a> {
    pub(crate) fn new(gss: &'a Gss) -> Self {
        Self { gss, credential: None, bindings: None, context: None }
    }

    /// With which credential; if not called, mechanisms that may serve by default use their own.
    pub fn credential(mut self, credential: &'a Credential) -> Self {
        self.credential = Some(credential);
        self
    }

    /// Channel bindings.
    pub fn bindings(mut self, bindings: ChannelBindings<'a>) -> Self {
        self.bindings = Some(bindings);
        self
    }

    /// Goes on with a half-built context, such as an imported one.
    pub fn resume(mut self, context: Context) -> Self {
        self.context = Some(context);
        self
    }

    /// A leg: takes the peer's token and gives one for the peer. The first token says which mechanism it is for.
    ///
    /// # Errors
    /// [`Error::InitialToken`] for a token that belongs to no mechanism, [`Error::NotConfigured`],
    /// [`Error::CannotLoad`], [`Error::NotByDefault`], [`Error::NoElement`]; what the mechanism says, perhaps with a
    /// token for the peer ([`Error::peer_token`]). A failed first leg creates no context; after a failed later leg,
    /// only delete works.
    pub fn step(&mut self, input: &[u8]) -> Result<Progress> {
        match &self.context {
            Some(context) => {
                let (mechanism, result) = context.leg(false, |mechanism, plugin| {
                    self.with_arguments(mechanism, input, |leg| plugin.accept_leg(leg))
                })?;
                Progress::new(&mechanism, result)
            }
            None => {
                let oid = framing::mechanism_of(input).map_err(Error::InitialToken)?;
                let mechanism = self.gss.registry().get(&oid)?;
                if self.credential.is_none() && !mechanism.serves_by_default()? {
                    return Err(Error::NotByDefault(mechanism.line().name.as_str().into()));
                }
                let mechanism = mechanism.load()?;
                let first = self.with_arguments(mechanism, input, |leg| mechanism.plugin.accept(leg))?;
                let (context, progress) = begun(mechanism, false, first)?;
                self.context = Some(context);
                Ok(progress)
            }
        }
    }

    fn with_arguments<R>(
        &self,
        mechanism: &Arc<Loaded>,
        input: &[u8],
        leg: impl FnOnce(&Accept<'_>) -> gss_plugin_abi::Result<R>,
    ) -> Result<R> {
        let result = Credential::with_element(self.credential, mechanism, |credential| {
            leg(&Accept { credential, bindings: self.bindings, input })
        })?;
        result.map_err(|error| mechanism.error(error))
    }

    /// The context so far: half-built, or established.
    ///
    /// # Errors
    /// [`Error::NoContext`] before the first leg has succeeded.
    pub fn context(&self) -> Result<&Context> {
        self.context.as_ref().ok_or(Error::NoContext(NoContext::NotBegun))
    }

    /// The context as it is, to be moved to another process or gone on with by `resume`.
    ///
    /// # Errors
    /// [`Error::NoContext`] before the first leg has succeeded.
    pub fn suspend(self) -> Result<Context> {
        self.context.ok_or(Error::NoContext(NoContext::NotBegun))
    }

    /// The established context.
    ///
    /// # Errors
    /// [`Error::NoContext`] if the handshake is not complete.
    pub fn into_context(self) -> Result<Context> {
        established(self.context)
    }
}

impl fmt::Debug for Acceptor<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Acceptor({:?}, {:?})", self.credential, self.context)
    }
}
