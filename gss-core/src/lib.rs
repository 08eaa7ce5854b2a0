//! The GSS-API mechanism switch: it reads which mechanisms are configured, loads them when they are needed, and routes
//! each call to the one that owns it.
//!
//! A server accepts a connection, establishes a context, and hands the context to a worker process:
//!
//! ```no_run
//! use gss_core::{Gss, name_type};
//! # fn receive() -> Vec<u8> { Vec::new() }
//! # fn send(_: &[u8]) {}
//! # fn main() -> gss_core::Result<()> {
//! let gss = Gss::system();
//! let service = gss.name(b"imap@mail.example.org", Some(&name_type::HOSTBASED_SERVICE));
//! let credential = gss.credential().name(&service).acquire()?;
//! let mut acceptor = gss.acceptor().credential(&credential);
//! while !acceptor.step(&receive()).inspect(|leg| send(&leg.token))?.complete {}
//! let token = acceptor.into_context()?.export()?;
//! // In the worker, with the token:
//! let context = gss.import_context(token.as_bytes())?;
//! send(&context.wrap(true, b"hello")?);
//! # Ok(()) }
//! ```
#![deny(unsafe_code)]

mod clock;
pub mod config;
mod context;
mod credential;
mod error;
pub mod fork;
pub mod framing;
mod handshake;
// The dynamic linker's objects cannot be had without.
#[allow(unsafe_code)]
mod loader;
mod name;
// What the kernel wipes in a forked child is no memory that an allocator gives.
#[allow(unsafe_code)]
mod random;
mod registry;
mod sasl;
mod secret;
// The one concurrency primitive of our own, checked with loom.
#[allow(unsafe_code)]
pub mod slots;
pub mod token;
pub mod transfer;
pub mod trust;

pub use context::{Context, ContextInquiry, Message};
pub use credential::{Credential, CredentialInquiry, CredentialRequest};
pub use error::{Error, NoContext, Result, Status};
pub use gss_plugin_abi::oid::{attr, name_type};
pub use gss_plugin_abi::{
    ChannelBindings, CredentialUsage, Description, Flags, Iov, IovKind, IovResult, Lifetime, MAX_OID_OCTETS, Major,
    MechError, MessageInfo, NameAttribute, Oid, OidError, PrfKey, Sink, StoreRequest, Want,
};
pub use handshake::{Acceptor, Initiator, Progress};
pub use loader::{Kind, LoadError};
pub use name::{Name, NameInquiry};
pub use registry::{Mechanism, State};
pub use sasl::gs2_name;
pub use secret::SecretBuf;
pub use transfer::{PendingExport, PendingImport, TransferError};

use config::{Diagnostic, Sources};
use framing::ExportedName;
use registry::Registry;
use std::fmt;
use std::sync::Arc;

/// The switch: the configured mechanisms, loaded as they are used. Cheap to clone.
#[derive(Clone)]
pub struct Gss(Arc<Registry>);

impl Gss {
    /// The switch over the system's config: `GSS_PLUGINS_CONF`, or `/etc/gss/plugins.conf` and
    /// `/etc/gss/plugins.d/*.conf`. Reading it cannot fail: see [`Gss::diagnostics`].
    pub fn system() -> Self {
        Self::with(Sources::system())
    }

    /// The switch over other sources.
    pub fn with(sources: Sources) -> Self {
        Self(Arc::new(Registry::new(sources)))
    }

    fn registry(&self) -> &Registry {
        &self.0
    }

    /// What is wrong with the config: each defect with its place.
    pub fn diagnostics(&self) -> Arc<[Diagnostic]> {
        self.registry().diagnostics()
    }

    /// The configured mechanisms in order of preference, those that do not load included.
    pub fn mechanisms(&self) -> Vec<Arc<Mechanism>> {
        self.registry().all()
    }

    /// The mechanism with this OID or alias.
    ///
    /// # Errors
    /// [`Error::NotConfigured`].
    pub fn mechanism(&self, oid: &Oid) -> Result<Arc<Mechanism>> {
        self.registry().get(oid)
    }

    /// The OIDs of the configured mechanisms but for those known not to load and deprecated ones
    /// (`gss_indicate_mechs`, RFC 2744 section 5.18). Opens nothing.
    pub fn indicate_mechanisms(&self) -> Vec<Oid> {
        self.registry().indicated()
    }

    /// The mechanism that serves where none is named: the first line whose mechanism has neither
    /// [`attr::NOT_DFLT_MECH`] nor [`attr::DEPRECATED`], or is admitted by `gss.default=yes`.
    ///
    /// # Errors
    /// [`Error::NoDefaultMechanism`]; [`Error::CannotLoad`] if that one does not load.
    pub fn default_mechanism(&self) -> Result<Oid> {
        self.registry().default_mechanism().map(|mechanism| mechanism.line().oid.clone())
    }

    /// A name as text (`gss_import_name`, RFC 2744 section 5.16). It is read by a mechanism when one needs it; a bad one
    /// shows then. For the types of exported names see [`Gss::exported_name`].
    pub fn name(&self, text: &[u8], name_type: Option<&Oid>) -> Name {
        Name::text(text, name_type)
    }

    /// A mechanism name from what [`Name::export`] or [`Name::export_composite`] gave.
    ///
    /// # Errors
    /// [`Error::ExportedName`], [`Error::NotConfigured`], [`Error::CannotLoad`]; what the mechanism says.
    pub fn exported_name(&self, octets: &[u8]) -> Result<Name> {
        let parts = ExportedName::parse(octets).map_err(Error::ExportedName)?;
        Name::exported(self.registry().get(&parts.mechanism)?.load()?, &parts)
    }

    /// The name as a mechanism's (`gss_canonicalize_name`, RFC 2744 section 5.5).
    ///
    /// # Errors
    /// [`Error::NotConfigured`], [`Error::CannotLoad`]; `BAD_NAME`, `BAD_NAMETYPE`.
    pub fn canonicalize(&self, name: &Name, mechanism: &Oid) -> Result<Name> {
        name.canonicalize(self.registry().get(mechanism)?.load()?)
    }

    /// A request for a credential.
    pub fn credential(&self) -> CredentialRequest<'_> {
        CredentialRequest::new(self)
    }

    /// The initiator's side of a handshake with the acceptor of this name.
    pub fn initiator<'a>(&'a self, target: &'a Name) -> Initiator<'a> {
        Initiator::new(self, target)
    }

    /// The acceptor's side of a handshake.
    pub fn acceptor(&self) -> Acceptor<'_> {
        Acceptor::new(self)
    }

    /// The text of a mechanism's minor status.
    ///
    /// # Errors
    /// [`Error::NotConfigured`], [`Error::CannotLoad`].
    pub fn display_minor(&self, mechanism: &Oid, minor: u32) -> Result<Option<String>> {
        Ok(self.registry().get(mechanism)?.load()?.plugin.display_status(minor))
    }

    /// Runs a mechanism-specific operation (`gssspi_mech_invoke`).
    ///
    /// # Errors
    /// [`Error::NotConfigured`], [`Error::CannotLoad`]; what the mechanism says.
    pub fn invoke(&self, mechanism: &Oid, operation: &Oid, value: &[u8]) -> Result<Vec<u8>> {
        let mechanism = self.registry().get(mechanism)?;
        let mechanism = mechanism.load()?;
        mechanism.plugin.invoke(operation, value).map_err(|error| mechanism.error(error))
    }
}

impl fmt::Debug for Gss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.mechanisms().iter().map(|mechanism| mechanism.line().name.clone())).finish()
    }
}
