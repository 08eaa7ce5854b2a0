//! From a line of the config to a mechanism that works, or to the reason why there is none.

mod c_mechanism;
mod elf;
mod library;
mod needed;
mod rust_plugin;
mod services;

use crate::config::{MechanismKind, MechanismLine};
use crate::transfer::Rules;
use crate::trust::{self, Policy, TrustError};
use gss_plugin_abi::host::PluginMechanism;
use gss_plugin_abi::{Description, MechError, Oid};
use std::path::PathBuf;
use std::sync::Arc;

/// Why a configured mechanism cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// The line is of type `<interposer>`.
    #[error("interposers are not supported")]
    Interposer,
    /// The library is missing, or not to be trusted.
    #[error(transparent)]
    File(#[from] TrustError),
    /// The library was cut off.
    #[error("{} is incomplete: it has {length} bytes and needs {needed}; copy it again", .path.display())]
    Incomplete {
        /// The library.
        path: PathBuf,
        /// The file's length in bytes.
        length: u64,
        /// The length in bytes up to which its segments reach.
        needed: u64,
    },
    /// The dynamic linker refused the library.
    #[error("the dynamic linker cannot load it: {0}")]
    Dlopen(String),
    /// The library exports no mechanism.
    #[error(
        "{} is no mechanism plugin: it does not export {symbol}, as Rust plugins do, nor gss_init_sec_context, \
         gss_accept_sec_context or another function of its own of that kind, as C mechanisms do",
        .path.display()
    )]
    NotAPlugin {
        /// The library.
        path: PathBuf,
        /// What it would have to export.
        symbol: &'static str,
    },
    /// The library is of a kind that is known and not supported.
    #[error("{} cannot be used: it is {reason}", .path.display())]
    Unsupported {
        /// The library.
        path: PathBuf,
        /// What it is, and why that is not supported.
        reason: &'static str,
    },
    /// The library speaks another version of the ABI.
    #[error("{} was built for another ABI: {reason}", .path.display())]
    Abi {
        /// The library.
        path: PathBuf,
        /// The gist of the comparison.
        reason: String,
    },
    /// The library was built so that a panic would end the host.
    #[error("{} was built with panic=abort: a panic in it would end this process; build it with panic=unwind",
        .path.display())]
    PanicAbort {
        /// The library.
        path: PathBuf,
    },
    /// The mechanism itself refused.
    #[error("{} refuses its line: {error}", .path.display())]
    Refused {
        /// The library.
        path: PathBuf,
        /// What it said.
        #[source]
        error: MechError,
    },
    /// A constructor in the library, or its `open`, asked for the mechanism that is being loaded.
    #[error("it is being loaded by this thread")]
    Recursive,
}

/// What kind of library a mechanism comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// A plugin written with `gss-plugin`.
    RustPlugin,
    /// A C mechanism, made for MIT's switch. Exporting a context ends it at once: if the export fails afterwards, the
    /// context has to be imported back.
    CMechanism,
}

/// A mechanism that works.
#[derive(Debug)]
pub(crate) struct Loaded {
    /// The name in the config.
    pub(crate) name: Arc<str>,
    /// The configured OID.
    pub(crate) oid: Oid,
    /// The mechanism itself.
    pub(crate) plugin: PluginMechanism,
    /// What it says of itself.
    pub(crate) description: Description,
    /// What kind of library it comes from.
    pub(crate) kind: Kind,
    /// The version of the SDK that the plugin was built with; empty for a C mechanism.
    pub(crate) sdk_version: String,
    /// How the line wants contexts handed over.
    pub(crate) transfer: Rules,
}

impl Loaded {
    /// An error of this mechanism.
    #[cold]
    pub(crate) fn error(&self, error: MechError) -> crate::Error {
        crate::Error::Mechanism { mechanism: Arc::clone(&self.name), oid: self.oid.clone(), error }
    }
}

/// Loads the mechanism of a line. Holds no lock; may be called by several threads for one line.
pub(crate) fn load(line: &MechanismLine, policy: Policy) -> Result<Loaded, LoadError> {
    if line.kind == MechanismKind::Interposer {
        return Err(LoadError::Interposer);
    }
    let opened = trust::open(&line.library, policy)?;
    for finding in opened.findings() {
        tracing::warn!(mechanism = line.name, "{finding}");
    }
    let length = opened.metadata().len();
    if let Some(needed) = elf::needed_length(opened.file()).filter(|needed| *needed > length) {
        return Err(LoadError::Incomplete { path: line.library.clone(), length, needed });
    }
    if let Some(names) = needed::names(opened.file()) {
        library::Library::open_needed(&names);
    }
    let library = library::Library::open(&line.library)?;
    match rust_plugin::header(&library) {
        Some(header) => rust_plugin::load(line, header),
        None => c_mechanism::load(line, &library),
    }
}
