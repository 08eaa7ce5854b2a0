//! Which mechanisms are configured, and where (file, line) each fact came from. Reading never fails: each defect is a
//! [`Diagnostic`] with its place and costs its line only.

mod diagnostic;
mod fingerprint;
mod load;
mod options;
mod parse;
mod pattern;
mod settings;
mod sources;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use gss_plugin_abi::Oid;

pub use diagnostic::{Defect, Diagnostic, Field, LibraryDefect, Position, Severity};
pub use fingerprint::Fingerprint;
pub use options::Options;
pub use settings::Settings;
pub use sources::Sources;

/// The longest line, in bytes, without its end; MIT's, which cuts longer ones in two.
pub const MAX_LINE: usize = 8192;
/// The largest config file, in bytes.
pub const MAX_FILE: u64 = 1024 * 1024;
/// The most mechanisms that all files together may name.
pub const MAX_MECHANISMS: usize = 4096;
/// The most files that are read.
pub const MAX_FILES: usize = 1024;
/// How deep files may include one another.
pub const MAX_DEPTH: usize = 8;
/// The most diagnostics that are kept; the last one says that there were more.
pub const MAX_DIAGNOSTICS: usize = 1000;

/// What the config says.
///
/// A duplicate is a defect of the later line: the first line of a name or OID stays, unlike in MIT's and illumos's
/// switches, where a later line silently takes the place of one that is not loaded yet.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Config {
    /// The good lines in order of preference, those of interposers included.
    pub mechanisms: Vec<MechanismLine>,
    /// What holds for all mechanisms.
    pub settings: Arc<Settings>,
    /// What is wrong or doubtful, in the order of reading.
    pub diagnostics: Vec<Diagnostic>,
    /// Each file and directory that was looked at, as it was then.
    pub sources: Vec<Fingerprint>,
}

impl Config {
    /// Reads all sources.
    pub fn load(sources: &Sources) -> Self {
        load::load(sources)
    }

    /// Whether a file or directory has changed since, appeared or vanished: one `stat` for each of
    /// [`Config::sources`]. One that was changed within the file system's clock tick before it was read counts as
    /// changed, because a second change in the same tick would not show.
    pub fn changed_since(&self) -> bool {
        self.sources.iter().any(Fingerprint::changed_since)
    }
}

/// One line of the config that names a mechanism.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct MechanismLine {
    /// The name that people call it by.
    pub name: String,
    /// Its OID.
    pub oid: Oid,
    /// Further OIDs that lead to it (`gss.alias`).
    pub aliases: Vec<Oid>,
    /// Its library: an absolute path, or one in the plugin directory.
    pub library: PathBuf,
    /// The kernel module of illumos's lines; nothing here uses it.
    pub kernel_module: Option<String>,
    /// The options that the mechanism gets.
    pub options: Options,
    /// How contexts are handed over (`gss.transfer`); `None` if the line does not say.
    pub transfer: Option<TransferKind>,
    /// What the config says for all mechanisms.
    pub settings: Arc<Settings>,
    /// The group that may import its contexts (`gss.import-group`).
    pub import_group: Option<Account>,
    /// Whose exported contexts may be imported, beside one's own and root's (`gss.import-from`).
    pub import_from: Vec<Account>,
    /// `gss.default`: `Some(true)` admits the mechanism as the default one whatever its attributes, `Some(false)` keeps
    /// it out, `None` leaves it to the attributes.
    pub default: Option<bool>,
    /// What kind of line it is.
    pub kind: MechanismKind,
    /// Where it stands.
    pub place: Place,
}

impl MechanismLine {
    /// How its contexts are handed over: as the line says, else as the config says for all, else once.
    pub fn transfer_kind(&self) -> TransferKind {
        self.transfer.or(self.settings.transfer).unwrap_or(TransferKind::Once)
    }
}

/// What kind of line names a mechanism.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum MechanismKind {
    /// A plugin.
    Plugin,
    /// A line of type `<interposer>`, which MIT's switch would put before other mechanisms. It is listed and never
    /// opened: interposers are not supported.
    Interposer,
}

/// How an exported context travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum TransferKind {
    /// The token holds the mechanism's own bytes, as MIT's does.
    Portable,
    /// The token is a claim, good for one import on this host.
    Once,
}

/// A user or a group, as the config names it. Looking it up is for those who use it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Account {
    /// A uid or gid.
    Id(u32),
    /// A name.
    Name(String),
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id(id) => write!(f, "{id}"),
            Self::Name(name) => f.write_str(name),
        }
    }
}

/// A line of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The file, as the config or its reader named it.
    pub file: Arc<Path>,
    /// The line, from 1.
    pub line: usize,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file.display(), self.line)
    }
}

#[cfg(test)]
mod tests;
