//! May this file be used? Config files and plugins, and every directory through which their name resolves, must
//! belong to root or the effective user and be writable by nobody else. A file is opened first and checked on the
//! open descriptor, so that what was checked is what is used.

use std::collections::VecDeque;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::fs::{File, Metadata, OpenOptions};
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt};
use std::path::{Component, Path, PathBuf};

/// As many symbolic links as the kernel follows in one name (path_resolution(7)).
const MAX_LINKS: usize = 40;

/// How often a file is looked up again that was replaced while it was being checked.
const MAX_ATTEMPTS: usize = 3;

const GROUP_WRITE: u32 = 0o020;
const OTHER_WRITE: u32 = 0o002;
const STICKY: u32 = 0o1000;

/// What a [`Finding`] leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Policy {
    /// The file is used, and the findings are reported.
    Warn,
    /// The file is not used.
    Refuse,
}

impl Policy {
    /// The policy of this process: [`Policy::Refuse`] under effective uid 0 or AT_SECURE, where using somebody else's
    /// file would lend him rights that he does not have.
    pub fn of_process() -> Self {
        if effective_uid() == 0 || at_secure() { Self::Refuse } else { Self::Warn }
    }
}

/// Whether the kernel started this program with rights that its caller lacks (set-uid, set-gid, file capabilities;
/// getauxval(3)). The environment is the caller's then, and not to be trusted.
#[allow(unsafe_code)] // Neither std nor rustix has a safe way to ask.
pub fn at_secure() -> bool {
    // SAFETY: getauxval takes any number, reads only what the kernel left for this process, and keeps no pointer.
    unsafe { libc::getauxval(libc::AT_SECURE) != 0 }
}

fn effective_uid() -> u32 {
    rustix::process::geteuid().as_raw()
}

/// Something about a file or directory because of which others could have put their own in its place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Finding {
    /// It belongs to a user who is neither root nor the effective one.
    #[error("{} belongs to uid {uid}, expected {}", path.display(), Owners(*expected))]
    Owner {
        /// The file or directory.
        path: PathBuf,
        /// Its owner.
        uid: u32,
        /// The effective uid, the one owner allowed beside root.
        expected: u32,
    },
    /// Its group, or everybody, may write to it. A sticky directory (`/tmp`) is excused where the name goes on to a
    /// directory in it: that one cannot be moved away by others, and its owner is checked. It is not excused for a
    /// file or a symbolic link in it, which anyone may add.
    #[error(
        "{} is writable by {} (mode {:04o}), expected to be writable by its owner only",
        path.display(), Writers(*mode), mode
    )]
    Writable {
        /// The file or directory.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
}

impl Finding {
    /// The file or directory that the finding is about.
    pub fn path(&self) -> &Path {
        match self {
            Self::Owner { path, .. } | Self::Writable { path, .. } => path,
        }
    }
}

struct Owners(u32);

impl fmt::Display for Owners {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            0 => f.write_str("root"),
            uid => write!(f, "root or uid {uid}"),
        }
    }
}

struct Writers(u32);

impl fmt::Display for Writers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match (self.0 & GROUP_WRITE != 0, self.0 & OTHER_WRITE != 0) {
            (true, true) => "its group and others",
            (true, false) => "its group",
            (false, _) => "others",
        })
    }
}

/// Why a file cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TrustError {
    /// It is missing, or this process may not read it.
    #[error("cannot open {}: {source}", path.display())]
    Open {
        /// The file as it was named.
        path: PathBuf,
        /// The system's reason.
        #[source]
        source: io::Error,
    },
    /// It is a directory, a FIFO, a device.
    #[error("{} is {kind}, expected a regular file", path.display())]
    NotRegular {
        /// The file as it was named.
        path: PathBuf,
        /// What it is instead.
        kind: &'static str,
    },
    /// Its name led to another file than the opened one, several times over.
    #[error("{} was replaced again and again while it was being checked", path.display())]
    Replaced {
        /// The file as it was named.
        path: PathBuf,
    },
    /// There are findings, and the policy is [`Policy::Refuse`].
    #[error("{} is not to be trusted: {}", path.display(), Listed(findings))]
    Untrusted {
        /// The file as it was named.
        path: PathBuf,
        /// At least one.
        findings: Vec<Finding>,
    },
}

impl TrustError {
    /// Whether there is no such file, as against one that is there and cannot be used.
    pub fn is_missing(&self) -> bool {
        matches!(self, Self::Open { source, .. } if source.kind() == io::ErrorKind::NotFound)
    }

    /// The findings behind [`TrustError::Untrusted`]; none for the others.
    pub fn findings(&self) -> &[Finding] {
        match self {
            Self::Untrusted { findings, .. } => findings,
            _ => &[],
        }
    }
}

struct Listed<'a>(&'a [Finding]);

impl fmt::Display for Listed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, finding) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { "; " };
            write!(f, "{separator}{finding}")?;
        }
        Ok(())
    }
}

/// A regular file, opened for reading and checked.
#[derive(Debug)]
pub struct Opened {
    file: File,
    metadata: Metadata,
    path: PathBuf,
    findings: Vec<Finding>,
}

impl Opened {
    /// The open file, at its start.
    pub fn file(&self) -> &File {
        &self.file
    }

    /// The open file, for its new owner.
    pub fn into_file(self) -> File {
        self.file
    }

    /// What `fstat` said of the open file before anything was read from it.
    pub fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    /// Its absolute path without symbolic links.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What speaks against it; empty under [`Policy::Refuse`]. The outermost directory comes first, the file last.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }
}

/// Opens a regular file for reading and checks it: owner and mode on the open descriptor, then those of each directory
/// through which its name resolves (the parents of its canonical path, and those that hold symbolic links on the way).
/// Symbolic links are followed; a FIFO does not block.
///
/// POSIX access lists need no look of their own: their mask stands in the group's permission bits.
///
/// # Errors
/// A [`TrustError`]; [`TrustError::Untrusted`] only under [`Policy::Refuse`].
pub fn open(path: &Path, policy: Policy) -> Result<Opened, TrustError> {
    open_as(path, policy, effective_uid())
}

fn open_as(path: &Path, policy: Policy, euid: u32) -> Result<Opened, TrustError> {
    let failed = |source| TrustError::Open { path: path.to_owned(), source };
    for _ in 0..MAX_ATTEMPTS {
        // Without O_NONBLOCK a FIFO would hold us until somebody writes; O_NOCTTY for terminals.
        let file =
            OpenOptions::new().read(true).custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY).open(path).map_err(failed)?;
        let metadata = file.metadata().map_err(failed)?;
        if !metadata.is_file() {
            return Err(TrustError::NotRegular { path: path.to_owned(), kind: kind(&metadata) });
        }
        let walk = match Walk::along(path) {
            Ok(walk) => walk,
            // Removed since it was opened: opening it again tells why.
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(failed(error)),
        };
        if (walk.end.dev(), walk.end.ino()) != (metadata.dev(), metadata.ino()) {
            continue;
        }
        let mut findings = Vec::new();
        for directory in &walk.directories {
            let excused = directory.only_to_directories && directory.metadata.mode() & STICKY != 0;
            check(&directory.path, &directory.metadata, euid, excused, &mut findings);
        }
        check(&walk.canonical, &metadata, euid, false, &mut findings);
        if policy == Policy::Refuse && !findings.is_empty() {
            return Err(TrustError::Untrusted { path: path.to_owned(), findings });
        }
        return Ok(Opened { file, metadata, path: walk.canonical, findings });
    }
    Err(TrustError::Replaced { path: path.to_owned() })
}

fn check(path: &Path, metadata: &Metadata, euid: u32, may_be_writable: bool, findings: &mut Vec<Finding>) {
    if metadata.uid() != 0 && metadata.uid() != euid {
        findings.push(Finding::Owner { path: path.to_owned(), uid: metadata.uid(), expected: euid });
    }
    let mode = metadata.mode() & 0o7777;
    if mode & (GROUP_WRITE | OTHER_WRITE) != 0 && !may_be_writable {
        findings.push(Finding::Writable { path: path.to_owned(), mode });
    }
}

fn kind(metadata: &Metadata) -> &'static str {
    let kind = metadata.file_type();
    if kind.is_dir() {
        "a directory"
    } else if kind.is_fifo() {
        "a FIFO"
    } else if kind.is_socket() {
        "a socket"
    } else {
        "a device"
    }
}

/// A name resolved one component after the other, from the root. `canonicalize` would give the same path, but hide the
/// directories that hold the links: whoever writes there chooses among all trusted files.
///
/// The order makes it sound: if nobody else can write to the directories so far, nobody else can change what the next
/// component is.
struct Walk {
    canonical: PathBuf,
    end: Metadata,
    directories: Vec<Passed>,
}

/// A directory that a name leads through.
struct Passed {
    path: PathBuf,
    metadata: Metadata,
    /// Whether everything that was looked up in it was a directory itself.
    only_to_directories: bool,
}

impl Walk {
    fn along(path: &Path) -> io::Result<Self> {
        let absolute = std::path::absolute(path)?;
        let mut pending: VecDeque<OsString> = VecDeque::new();
        put_before(&mut pending, &absolute);
        let mut canonical = PathBuf::from("/");
        let mut end = canonical.symlink_metadata()?;
        let mut directories: Vec<Passed> = Vec::new();
        let mut links = 0;
        while let Some(component) = pending.pop_front() {
            let known = directories.iter().position(|known| known.path == canonical);
            let here = known.unwrap_or(directories.len());
            if known.is_none() {
                let (path, metadata) = (canonical.clone(), end.clone());
                directories.push(Passed { path, metadata, only_to_directories: true });
            }
            if component == OsStr::new("..") {
                canonical.pop();
                end = canonical.symlink_metadata()?;
                continue;
            }
            let next = canonical.join(&component);
            let metadata = next.symlink_metadata()?;
            if let Some(passed) = directories.get_mut(here) {
                passed.only_to_directories &= metadata.is_dir();
            }
            if !metadata.is_symlink() {
                canonical = next;
                end = metadata;
                continue;
            }
            // Opening the file has met the limit before; this is for links that change meanwhile.
            links += 1;
            if links > MAX_LINKS {
                return Err(io::Error::from_raw_os_error(libc::ELOOP));
            }
            let target = next.read_link()?;
            if target.is_absolute() {
                canonical = PathBuf::from("/");
                end = canonical.symlink_metadata()?;
            }
            put_before(&mut pending, &target);
        }
        Ok(Self { canonical, end, directories })
    }
}

fn put_before(pending: &mut VecDeque<OsString>, path: &Path) {
    for component in path.components().rev() {
        if matches!(component, Component::Normal(_) | Component::ParentDir) {
            pending.push_front(component.as_os_str().to_owned());
        }
    }
}

#[cfg(test)]
mod tests;
