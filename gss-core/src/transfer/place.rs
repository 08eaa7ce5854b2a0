//! Where contexts may wait: the directories of the transfer store, the folder of an audience in each, and whether they
//! are what they have to be.

use crate::config::Settings;
use crate::token::Audience;
use rustix::fs::{CWD, Mode, OFlags, Stat, chmod, fstat, fstatfs, mkdirat, openat};
use rustix::io::Errno;
use rustix::process::geteuid;
use std::fmt;
use std::io;
use std::os::fd::{AsFd as _, AsRawFd as _, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};

/// `f_type` of tmpfs (statfs(2)).
pub(super) const TMPFS: u64 = 0x0102_1994;
const PERMISSIONS: u32 = 0o7777;
const OTHERS: u32 = 0o077;
const OTHERS_WRITE: u32 = 0o022;
/// What a group's folder must have: set-group-id, so that the group owns what is made in it.
const GROUP_FOLDER: u32 = 0o2770;
const PRIVATE: Mode = Mode::RWXU;

/// A directory of the transfer store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) path: PathBuf,
    /// One of the effective user's own, which an export makes if it is missing.
    own: bool,
    /// Whether it may lie on disk.
    any_file_system: bool,
}

/// Why a directory cannot be used.
#[derive(Debug)]
pub(super) enum Unusable {
    Missing,
    /// The directory is there, and the audience's folder is not.
    NoFolder(Audience),
    /// This process may not use it, or nobody should.
    Refused(String),
    /// The system could not look.
    System(io::Error),
}

impl fmt::Display for Unusable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("there is no such directory"),
            Self::NoFolder(audience) => write!(f, "there is no folder {audience} in it"),
            Self::Refused(reason) => f.write_str(reason),
            Self::System(error) => error.fmt(f),
        }
    }
}

impl From<Errno> for Unusable {
    fn from(error: Errno) -> Self {
        match error {
            Errno::NOENT => Self::Missing,
            Errno::NOTDIR | Errno::LOOP => Self::Refused("it is not a directory".to_owned()),
            Errno::ACCESS | Errno::PERM | Errno::ROFS => Self::Refused(io::Error::from(error).to_string()),
            error => Self::System(error.into()),
        }
    }
}

/// The directories, in the order in which an export tries them. They follow from the config and the effective uid, never
/// from the environment, so that exporter and importer meet.
pub(super) fn places(settings: &Settings, audience: Audience, euid: u32) -> Vec<Place> {
    if let Some(path) = &settings.transfer_directory {
        return vec![Place { path: path.clone(), own: false, any_file_system: true }];
    }
    let mut places = vec![Place { path: "/run/gss/transfer".into(), own: false, any_file_system: false }];
    // Nobody else can come to the effective user's own.
    if matches!(audience, Audience::User(_)) {
        let own = |path: String| Place { path: path.into(), own: true, any_file_system: false };
        places.push(own(format!("/run/user/{euid}/gss-transfer")));
        places.push(own(format!("/dev/shm/gss-transfer-{euid}")));
    }
    places
}

impl Place {
    /// The audience's folder here, checked. With `make`, what the effective user may make himself is made.
    pub(super) fn folder(&self, audience: Audience, euid: u32, make: bool) -> Result<PathBuf, Unusable> {
        let base = match directory(CWD, &self.path) {
            Err(Errno::NOENT) if make && self.own => make_directory(CWD, &self.path, PRIVATE)?,
            base => base?,
        };
        self.check_base(&base, euid)?;
        let name = audience.to_string();
        let folder = match directory(&base, Path::new(&name)) {
            Err(Errno::NOENT) if make && audience == Audience::User(euid) => {
                match make_directory(base.as_fd(), Path::new(&name), PRIVATE) {
                    // The administrator makes it, or nobody does.
                    Err(Errno::ACCESS) => return Err(Unusable::NoFolder(audience)),
                    folder => folder?,
                }
            }
            Err(Errno::NOENT) => return Err(Unusable::NoFolder(audience)),
            folder => folder?,
        };
        let path = self.path.join(name);
        check_folder(&path, &fstat(&folder)?, audience)?;
        Ok(path)
    }

    /// Whether an export would make what is missing.
    pub(super) fn can_be_made(&self, euid: u32) -> bool {
        let parent = self.path.parent().unwrap_or(&self.path);
        match directory(CWD, &self.path) {
            Err(Errno::NOENT) => {
                self.own
                    && rustix::fs::access(parent, rustix::fs::Access::WRITE_OK | rustix::fs::Access::EXEC_OK).is_ok()
            }
            Err(_) => false,
            // The folder is missing in it.
            Ok(base) => fstat(&base).is_ok_and(|stat| stat.st_uid == euid || euid == 0),
        }
    }

    fn check_base(&self, base: &OwnedFd, euid: u32) -> Result<(), Unusable> {
        let stat = fstat(base)?;
        let mode = stat.st_mode & PERMISSIONS;
        if self.own {
            expect(stat.st_uid == euid, || format!("it belongs to uid {}, expected {euid}", stat.st_uid))?;
            expect(mode & OTHERS == 0, || format!("its mode is {mode:04o}, expected 0700"))?;
        } else {
            expect(stat.st_uid == 0 || stat.st_uid == euid, || {
                format!("it belongs to uid {}, expected root or uid {euid}", stat.st_uid)
            })?;
            expect(mode & OTHERS_WRITE == 0, || {
                format!("others than its owner may write to it (mode {mode:04o}), expected 0755")
            })?;
        }
        let in_memory = self.any_file_system || u64::try_from(fstatfs(base)?.f_type) == Ok(TMPFS);
        expect(in_memory, || "it is not on a tmpfs".to_owned())
    }
}

/// The folder's permissions are the whole policy, so they must be those that the audience's name says.
fn check_folder(path: &Path, stat: &Stat, audience: Audience) -> Result<(), Unusable> {
    let mode = stat.st_mode & PERMISSIONS;
    let folder = path.display();
    match audience {
        Audience::User(uid) => {
            expect(stat.st_uid == uid, || format!("{folder} belongs to uid {}, expected {uid}", stat.st_uid))?;
            expect(mode & OTHERS == 0, || format!("the mode of {folder} is {mode:04o}, expected 0700"))
        }
        Audience::Group(gid) => {
            expect(stat.st_uid == 0, || format!("{folder} belongs to uid {}, expected root", stat.st_uid))?;
            expect(stat.st_gid == gid, || format!("{folder} belongs to gid {}, expected {gid}", stat.st_gid))?;
            expect(mode == GROUP_FOLDER, || format!("the mode of {folder} is {mode:04o}, expected {GROUP_FOLDER:04o}"))
        }
    }
}

fn expect(condition: bool, reason: impl FnOnce() -> String) -> Result<(), Unusable> {
    if condition { Ok(()) } else { Err(Unusable::Refused(reason())) }
}

/// A directory, never through a link in its last component.
pub(super) fn directory(at: impl rustix::fd::AsFd, path: &Path) -> Result<OwnedFd, Errno> {
    openat(at, path, OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty())
}

/// Makes a directory with this mode whatever the umask, if there is none, and opens it.
pub(super) fn make_directory(at: BorrowedFd<'_>, path: &Path, mode: Mode) -> Result<OwnedFd, Errno> {
    match mkdirat(at, path, mode) {
        Ok(()) | Err(Errno::EXIST) => {}
        Err(error) => return Err(error),
    }
    let made = directory(at, path)?;
    set_mode(&made, mode)?;
    Ok(made)
}

/// Gives a directory of the effective user's the mode that he meant when he made it: the umask took from it, and whoever
/// made it may have been killed before this. By descriptor: in a group's folder a member could put a link in its place.
pub(super) fn set_mode(directory: &OwnedFd, mode: Mode) -> Result<(), Errno> {
    let stat = fstat(directory)?;
    if stat.st_mode & PERMISSIONS == mode.as_raw_mode() || stat.st_uid != geteuid().as_raw() {
        return Ok(());
    }
    // The descriptor has O_PATH, by which fchmod(2) changes nothing.
    chmod(format!("/proc/self/fd/{}", directory.as_raw_fd()), mode)
}
