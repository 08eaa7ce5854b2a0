//! What an administrator may ask of the transfer store: what waits, what has become of a token, where exports go. Nothing
//! here reads a state or a key.

use super::entry;
use super::error::TransferError;
use super::host;
use super::minute::{self, Minute, look_in, names};
use super::place::{Place, TMPFS, Unusable, places};
use super::rules::{Rules, is_in};
use crate::clock::now;
use crate::config::{MechanismLine, Settings};
use crate::token::{Audience, Claim, TransferId};
use gss_plugin_abi::{MAX_OID_OCTETS, Oid};
use rustix::fs::{Access, AtFlags, CWD, FileType, Mode, OFlags, accessat, fstat, openat, statfs, unlinkat};
use rustix::io::Errno;
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

/// As much of an entry as names its mechanism, in bytes.
const BEGINNING: usize = 16 + MAX_OID_OCTETS;

/// A context that waits for its importer.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct WaitingContext {
    /// By which [`revoke`] finds it.
    pub id: TransferId,
    /// Who may import it.
    pub audience: Audience,
    /// Whose context it is; `None` if the entry does not say, which no entry of ours does.
    pub mechanism: Option<Oid>,
    /// The uid of the process that exported it.
    pub owner: u32,
    /// The size of its sealed state in bytes.
    pub size: u64,
    /// When it was exported, in seconds since 1970.
    pub since: u64,
    /// It expires within the minute that begins then, in seconds since 1970.
    pub until: u64,
    /// Where it lies.
    pub path: PathBuf,
}

/// What was found in the store, and where nothing could be seen.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Listing {
    /// The waiting contexts, the oldest first.
    pub waiting: Vec<WaitingContext>,
    /// Directories that could not be looked into, and why.
    pub unseen: Vec<(PathBuf, io::Error)>,
}

/// What was removed from the store.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Swept {
    /// How many entries.
    pub removed: usize,
    /// Directories that could not be looked into, and why.
    pub unseen: Vec<(PathBuf, io::Error)>,
}

/// What has become of a token.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Standing {
    /// Its context waits.
    Waiting(WaitingContext),
    /// It can be imported no more, by so many seconds.
    Expired(u64),
    /// It is another host's, or from before this one was started.
    OtherBoot,
    /// It was imported or revoked, or never was here.
    Gone,
    /// This process may not look where it would wait.
    Unseen(PathBuf),
}

/// Where an export of this process would let its context wait.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Directory {
    /// The directory.
    pub path: PathBuf,
    /// Why it cannot be used; `None` if it can, or would be made.
    pub unusable: Option<String>,
    /// Whether it is on a file system that keeps deleted contents readable: any but tmpfs.
    pub on_disk: bool,
}

/// Who may import the contexts of a mechanism that this process exports.
///
/// # Errors
/// [`TransferError::NoAccount`].
pub fn audience(line: &MechanismLine) -> Result<Audience, TransferError> {
    Rules::of(line).audience(rustix::process::geteuid().as_raw())
}

/// The directories that an export of this process for an audience tries, in that order.
pub fn directories(settings: &Settings, audience: Audience) -> Vec<Directory> {
    let euid = rustix::process::geteuid().as_raw();
    let describe = |place: Place| {
        let unusable = match place.folder(audience, euid, false) {
            Ok(folder) => accessat(CWD, &folder, Access::WRITE_OK | Access::EXEC_OK, AtFlags::EACCESS)
                .err()
                .map(|error| format!("{}: {}", folder.display(), io::Error::from(error))),
            Err(Unusable::Missing) if place.can_be_made(euid) => None,
            Err(Unusable::NoFolder(Audience::User(_))) if place.can_be_made(euid) => None,
            Err(unusable) => Some(unusable.to_string()),
        };
        let on_disk = statfs(&place.path).is_ok_and(|found| u64::try_from(found.f_type) != Ok(TMPFS));
        Directory { path: place.path, unusable, on_disk }
    };
    places(settings, audience, euid).into_iter().map(describe).collect()
}

/// All that waits in the directories that this process may look into; for root, those of all users.
pub fn list(settings: &Settings) -> Listing {
    let mut listing = Listing::default();
    each_entry(settings, &mut listing.unseen, |_, waiting| listing.waiting.push(waiting));
    listing.waiting.sort_by_key(|waiting| (waiting.since, waiting.id));
    listing
}

/// Removes every expired entry from the directories that this process may write to; for root, those of all users. An entry
/// counts as expired three minutes after its time at the latest: an export that was held up may still be at work there.
pub fn sweep(settings: &Settings) -> Swept {
    let mut swept = Swept::default();
    let now = now();
    each_folder(settings, &mut swept.unseen, |folder, _, _| {
        swept.removed += look_in(folder, now, usize::MAX)?.removed;
        Ok(())
    });
    swept
}

/// Removes a waiting context, so that its token is void. `None` if it does not wait in any directory that this process may
/// look into.
///
/// # Errors
/// The system's, where it was found and could not be removed.
pub fn revoke(settings: &Settings, id: TransferId) -> io::Result<Option<WaitingContext>> {
    let mut revoked = Ok(None);
    each_entry(settings, &mut Vec::new(), |folder, waiting| {
        if waiting.id == id {
            // In the folder that it was found in, whatever has its path by now.
            match unlinkat(folder, id.to_string(), AtFlags::empty()) {
                Ok(()) => revoked = Ok(Some(waiting)),
                Err(Errno::NOENT) => {}
                Err(error) => revoked = Err(error.into()),
            }
        }
    });
    revoked
}

/// What has become of a claim. It is not claimed by that.
pub fn standing(settings: &Settings, claim: &Claim) -> Standing {
    match host::check(claim) {
        Ok(()) => {}
        Err(TransferError::Expired(ago)) => return Standing::Expired(ago),
        Err(_) => return Standing::OtherBoot,
    }
    let minute = Minute::of(claim);
    let mut unseen = None;
    // Where it would be imported, whoever asks.
    let importer = match claim.audience {
        Audience::User(uid) => uid,
        Audience::Group(_) => rustix::process::geteuid().as_raw(),
    };
    for place in places(settings, claim.audience, importer) {
        let path = place.path.join(claim.audience.to_string()).join(minute.to_string());
        match minute::open(CWD, &path) {
            Ok(folder) => {
                if let Some(waiting) = describe(&folder, &path, minute, claim.id, claim.audience) {
                    return Standing::Waiting(waiting);
                }
            }
            Err(Errno::NOENT) => {}
            Err(_) => unseen = Some(path),
        }
    }
    unseen.map_or(Standing::Gone, Standing::Unseen)
}

/// Does something for each entry, which lies in the folder that comes with it.
fn each_entry(
    settings: &Settings,
    unseen: &mut Vec<(PathBuf, io::Error)>,
    mut visit: impl FnMut(&OwnedFd, WaitingContext),
) {
    each_folder(settings, unseen, |folder, path, audience| {
        for minute in names::<Minute>(folder)? {
            let name = minute.to_string();
            // Gone between the two looks, or not ours to see.
            let Ok(entries) = minute::open(folder, Path::new(&name)) else { continue };
            let path = path.join(name);
            for id in names::<TransferId>(&entries)? {
                if let Some(waiting) = describe(&entries, &path, minute, id, audience) {
                    visit(&entries, waiting);
                }
            }
        }
        Ok(())
    });
}

/// Does something for each audience's folder. Each is opened from the one above it, so that nobody who may write to one of
/// them can lead root elsewhere.
fn each_folder(
    settings: &Settings,
    unseen: &mut Vec<(PathBuf, io::Error)>,
    mut visit: impl FnMut(&OwnedFd, &Path, Audience) -> Result<(), Errno>,
) {
    let euid = rustix::process::geteuid().as_raw();
    for path in bases(settings) {
        let opened = minute::open(CWD, &path).and_then(|base| names::<Audience>(&base).map(|names| (base, names)));
        let (base, audiences) = match opened {
            Ok(opened) => opened,
            Err(Errno::NOENT) => continue,
            Err(error) => {
                unseen.push((path, error.into()));
                continue;
            }
        };
        for audience in audiences {
            let name = audience.to_string();
            let path = path.join(&name);
            match minute::open(&base, Path::new(&name)).and_then(|folder| visit(&folder, &path, audience)) {
                Ok(()) | Err(Errno::NOENT) => {}
                // Others' are nobody's business.
                Err(Errno::ACCESS) if !is_in(audience, euid) => {}
                Err(error) => unseen.push((path, error.into())),
            }
        }
    }
}

/// The directories that there may be: those of this process, and for root those of all users.
fn bases(settings: &Settings) -> Vec<PathBuf> {
    let euid = rustix::process::geteuid();
    let own = places(settings, Audience::User(euid.as_raw()), euid.as_raw());
    let mut bases: Vec<PathBuf> = own.into_iter().map(|place| place.path).collect();
    if euid.is_root() && settings.transfer_directory.is_none() {
        let users = children("/run/user").into_iter().map(|user| user.join("gss-transfer"));
        let shared = children("/dev/shm").into_iter().filter(|path| {
            path.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.starts_with("gss-transfer-"))
        });
        for base in users.chain(shared) {
            if !bases.contains(&base) {
                bases.push(base);
            }
        }
    }
    bases
}

fn children(directory: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
    let mut children: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    children.sort();
    children
}

/// What an entry says of itself; `None` if it is not there, or no regular file.
fn describe(
    folder: &OwnedFd,
    path: &Path,
    minute: Minute,
    id: TransferId,
    audience: Audience,
) -> Option<WaitingContext> {
    let name = id.to_string();
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let file = openat(folder, name.as_str(), flags, Mode::empty()).ok()?;
    let stat = fstat(&file).ok()?;
    if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile || stat.st_nlink == 0 {
        return None;
    }
    let mut beginning = [0; BEGINNING];
    let length = rustix::io::pread(&file, &mut beginning, 0).unwrap_or(0);
    Some(WaitingContext {
        id,
        audience,
        mechanism: beginning.get(..length).and_then(entry::mechanism),
        owner: stat.st_uid,
        size: u64::try_from(stat.st_size).unwrap_or(0),
        since: u64::try_from(stat.st_mtime).unwrap_or(0),
        until: minute.begins(),
        path: path.join(name),
    })
}
