//! What can be wrong with a config: where, what was found and what was expected.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use gss_plugin_abi::{Oid, OidError};

use super::{MAX_DEPTH, MAX_DIAGNOSTICS, MAX_FILE, MAX_FILES, MAX_LINE, MAX_MECHANISMS, Place};
use crate::trust::{Finding, TrustError};

/// The order of the fields, for messages.
const LINE: &str = "name OID library [kernel-module] [options] <type>";

/// Something wrong or doubtful, and where. Shows as `file:line:column: message`, or as `file: message` where it is not
/// about one line.
#[derive(Debug)]
#[non_exhaustive]
pub struct Diagnostic {
    /// The file, as the config or its reader named it.
    pub file: Arc<Path>,
    /// Where in the file; `None` if it is about the whole file.
    pub position: Option<Position>,
    /// What it is.
    pub defect: Defect,
}

impl Diagnostic {
    /// How bad it is.
    pub fn severity(&self) -> Severity {
        self.defect.severity()
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.file.display())?;
        if let Some(Position { line, column }) = self.position {
            write!(f, "{line}:{column}:")?;
        }
        write!(f, " {}", self.defect)
    }
}

/// A place in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// The line, from 1.
    pub line: usize,
    /// The byte of the line, from 1; a byte order mark at the file's start does not count.
    pub column: usize,
}

/// How bad a defect is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Severity {
    /// Everything that was said is in use; somebody should look all the same.
    Warning,
    /// A line or a file is not in use.
    Error,
}

/// A field that every mechanism line needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Field {
    /// The first.
    Name,
    /// The second.
    Oid,
    /// The third.
    Library,
    /// The fourth, which may be left out.
    KernelModule,
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Name => "name",
            Self::Oid => "OID",
            Self::Library => "library",
            Self::KernelModule => "kernel module",
        })
    }
}

/// What is wrong.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Defect {
    /// More than [`MAX_LINE`] bytes.
    #[error("a line of {length} bytes, expected at most {MAX_LINE}")]
    LineTooLong {
        /// Its length in bytes.
        length: usize,
    },
    /// The line is not UTF-8.
    #[error("found the byte 0x{byte:02x}, expected UTF-8 text")]
    NotUtf8 {
        /// The first byte that is not.
        byte: u8,
    },
    /// A NUL, an escape, a carriage return inside the line.
    #[error("found the control character {0:?}, expected text, blanks and tabs")]
    ControlCharacter(char),
    /// The line ends too early.
    #[error("the {0} is missing, expected: {LINE}")]
    MissingField(Field),
    /// A bracket inside a field, as in `lib.so[option]`.
    #[error("found {found:?} in the {field}, expected a blank before options and type")]
    BracketInField {
        /// The field.
        field: Field,
        /// The bracket.
        found: char,
    },
    /// The OID, or that of an alias, is none.
    #[error("not an OID: {0}")]
    NotAnOid(#[source] OidError),
    /// The library's name is not allowed.
    #[error("library {found:?} {why}")]
    Library {
        /// The name.
        found: String,
        /// Why not.
        why: LibraryDefect,
    },
    /// A bracket that is not closed on its line.
    #[error("{open:?} is not closed, expected {close:?} before the end of the line")]
    Unterminated {
        /// The bracket.
        open: char,
        /// The missing one.
        close: char,
    },
    /// A `<type>` that is not known.
    #[error("unknown type {found:?}, expected \"interposer\" or no type")]
    UnknownType {
        /// The text between the angle brackets.
        found: String,
    },
    /// Text after the last field.
    #[error("found {found:?}, expected the end of the line")]
    TrailingText {
        /// The text.
        found: String,
    },
    /// An option such as `=value`.
    #[error("option {found:?} has no key, expected key=value")]
    OptionWithoutKey {
        /// The option.
        found: String,
    },
    /// A `gss.` key that is not known.
    #[error(
        "unknown option {key:?}, expected one of gss.transfer, gss.import-group, gss.import-from, gss.default, \
         gss.alias"
    )]
    UnknownOption {
        /// The key.
        key: String,
    },
    /// A setting of the whole config in the options of one line.
    #[error("{key} holds for all mechanisms, expected it on a line of its own")]
    SettingInLine {
        /// The key.
        key: String,
    },
    /// A word that is no setting on a line of settings.
    #[error("unknown setting {found:?}, expected one of {}", super::settings::SETTINGS.join(", "))]
    UnknownSetting {
        /// The word.
        found: String,
    },
    /// A setting that an earlier line has.
    #[error("{key} is set already, by {first}")]
    RepeatedSetting {
        /// The key.
        key: &'static str,
        /// The line that counts.
        first: super::Place,
    },
    /// A `gss.` key without a value, or with one that is not allowed.
    #[error("option {key} has the value {found:?}, expected {expected}")]
    OptionValue {
        /// The key.
        key: &'static str,
        /// Its value; empty if there is none.
        found: String,
        /// What may stand there.
        expected: &'static str,
    },
    /// A `gss.` key that may stand once.
    #[error("option {key} is given twice, expected once")]
    RepeatedOption {
        /// The key.
        key: &'static str,
    },
    /// `include` alone.
    #[error("include without a file, expected: include /absolute/path/*.conf")]
    IncludeWithoutPattern,
    /// `include` with a relative path.
    #[error("include of {found:?}, expected an absolute path")]
    IncludeRelative {
        /// The path.
        found: String,
    },
    /// `include` of a directory.
    #[error("include of {found:?}, expected the path of a file, or a pattern of files, at its end")]
    IncludeDirectory {
        /// The path.
        found: String,
    },
    /// A wildcard in a directory's name.
    #[error("include of {found:?}: {wildcard:?} in a directory's name, expected * and ? in the last component only")]
    IncludeWildcard {
        /// The path.
        found: String,
        /// The first wildcard.
        wildcard: char,
    },
    /// Includes nested deeper than [`MAX_DEPTH`].
    #[error("{} is included over more than {MAX_DEPTH} levels", path.display())]
    IncludeDepth {
        /// The file that is not read.
        path: PathBuf,
    },
    /// A file that includes itself, directly or by others.
    #[error("{} includes itself", path.display())]
    IncludeCycle {
        /// The file.
        path: PathBuf,
    },
    /// A file that has been read before; its lines count once, where they stood first.
    #[error("{} has been read already as {}", path.display(), first.display())]
    AlreadyRead {
        /// The file.
        path: PathBuf,
        /// The name that it was read under.
        first: Arc<Path>,
    },
    /// A file that cannot be opened, or is not to be trusted.
    #[error(transparent)]
    File(#[from] TrustError),
    /// A file that was opened and cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        #[source]
        source: io::Error,
    },
    /// A file of more than [`MAX_FILE`] bytes.
    #[error("{} is larger than {MAX_FILE} bytes, none of it is used", path.display())]
    FileTooLarge {
        /// The file.
        path: PathBuf,
    },
    /// A directory that cannot be listed.
    #[error("cannot list {}: {source}", path.display())]
    Directory {
        /// The directory.
        path: PathBuf,
        /// The system's reason.
        #[source]
        source: io::Error,
    },
    /// A file that is used although others could have changed it.
    #[error("used, but programs of root would refuse it: {0}")]
    Untrusted(Finding),
    /// An OID, or alias, that an earlier line has.
    #[error("OID {oid} is configured already at {first}, the first line stays")]
    DuplicateOid {
        /// The OID.
        oid: Oid,
        /// Where it stands first.
        first: Place,
    },
    /// A name that an earlier line has.
    #[error("name {name:?} is configured already at {first}, the first line stays")]
    DuplicateName {
        /// The name.
        name: String,
        /// Where it stands first.
        first: Place,
    },
    /// More than [`MAX_MECHANISMS`].
    #[error("more than {MAX_MECHANISMS} mechanisms, this line is not used")]
    TooManyMechanisms,
    /// More than [`MAX_FILES`].
    #[error("more than {MAX_FILES} config files, {} is not read", path.display())]
    TooManyFiles {
        /// The file that is not read.
        path: PathBuf,
    },
    /// More than [`MAX_DIAGNOSTICS`].
    #[error("more than {MAX_DIAGNOSTICS} defects, later ones are not listed")]
    TooManyDefects,
    /// There is no config file at all.
    #[error("there is no config file, and so no mechanism; expected {} or {}", file.display(), pattern.display())]
    NoConfiguration {
        /// The main file.
        file: PathBuf,
        /// The pattern of the others.
        pattern: PathBuf,
    },
}

impl Defect {
    /// How bad it is.
    pub fn severity(&self) -> Severity {
        match self {
            Self::AlreadyRead { .. } | Self::Untrusted(_) | Self::NoConfiguration { .. } => Severity::Warning,
            _ => Severity::Error,
        }
    }
}

/// Why a library's name is not allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum LibraryDefect {
    /// `..` somewhere in it.
    Parent,
    /// `.` as a component of a relative name, as in `./lib.so`.
    Dot,
    /// A slash at its end, or two together in a relative name.
    EmptyComponent,
}

impl fmt::Display for LibraryDefect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Parent => "contains \"..\", expected a path without it",
            Self::Dot => "contains \".\", expected an absolute path or a name in the plugin directory",
            Self::EmptyComponent => "has an empty component, expected the path of a file",
        })
    }
}
