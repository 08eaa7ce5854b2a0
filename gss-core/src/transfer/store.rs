//! Putting a context into the store and taking it out again. An entry appears whole or not at all, and who removes its
//! name owns it.

use super::entry::{self, Origin};
use super::error::TransferError;
use super::minute::Minute;
use super::place::{Unusable, directory, make_directory, places, set_mode};
use super::rules::{self, Rules};
use super::{host, known};
use crate::clock::now;
use crate::random;
use crate::secret::SecretBuf;
use crate::token::{Audience, Claim, TransferId};
use gss_plugin_abi::{Oid, Sink};
use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags, fallocate, fchmod, fstat, ftruncate, linkat, openat, unlinkat};
use rustix::io::Errno;
use rustix::process::{Resource, getrlimit};
use std::io;
use std::ops::Range;
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use zeroize::Zeroizing;

const PERMISSIONS: u32 = 0o7777;
/// How much room is made for the state of a mechanism that loses its context by exporting it, in bytes. Those that exist
/// need 1 to 3 KiB; what needs more finds its room as everybody does, after the export.
const RESERVE: u64 = 16 << 10;

/// A file without a name, in which a context will wait.
pub(super) struct Reserved {
    file: OwnedFd,
    folder: Arc<Path>,
    claim: Claim,
    origin: Origin,
    limit: u64,
    filled: bool,
}

/// Makes everything ready for an entry but the entry. With `fill`, its room is taken already.
pub(super) fn reserve(rules: &Rules, lifetime: Option<u32>, fill: bool) -> Result<Reserved, TransferError> {
    let settings = &*rules.settings;
    let euid = rustix::process::geteuid().as_raw();
    let audience = rules.audience(euid)?;
    let mut folder = known::for_export(settings, audience, euid)?;
    let flags = OFlags::TMPFILE | OFlags::WRONLY | OFlags::CLOEXEC;
    let file = match openat(CWD, &*folder, flags, mode_of(audience)) {
        Err(Errno::NOENT) => {
            // Gone within the second for which it was known.
            known::forget(&folder);
            folder = known::for_export(settings, audience, euid)?;
            openat(CWD, &*folder, flags, mode_of(audience))
        }
        file => file,
    };
    let failed = |action: &'static str| {
        let folder = Arc::clone(&folder);
        move |error: Errno| TransferError::System { action, path: folder, source: Arc::new(error.into()) }
    };
    let file = file.map_err(failed("make a file in"))?;
    let stat = fstat(&file).map_err(failed("look at a file in"))?;
    if stat.st_mode & PERMISSIONS != mode_of(audience).as_raw_mode() {
        fchmod(&file, mode_of(audience)).map_err(failed("change the mode of a file in"))?;
    }
    if let Audience::Group(gid) = audience
        && stat.st_gid != gid
    {
        return Err(TransferError::refused(&*folder, format!("files in it belong to gid {}", stat.st_gid)));
    }
    if fill {
        within_limit(RESERVE, &folder)?;
        fallocate(&file, rustix::fs::FallocateFlags::empty(), 0, RESERVE).map_err(failed("reserve room in"))?;
    }
    let mut fresh = Zeroizing::new([0; 48]);
    // Not from a batch: the key has to stay secret, and must be nobody else's, even if the machine is copied.
    random::from_system(fresh.as_mut_slice()).map_err(failed("get random numbers for"))?;
    let (id, key) = fresh.split_at(16);
    let wait = settings.transfer_wait.as_secs();
    let mut claim = Claim {
        id: TransferId([0; 16]),
        audience,
        not_after: now().saturating_add(lifetime.map_or(wait, |left| wait.min(left.into()))),
        boot: host::boot(),
        class: 0,
        key: Zeroizing::new([0; 32]),
    };
    claim.id.0.copy_from_slice(id);
    claim.key.copy_from_slice(key);
    let origin = Origin { owner: stat.st_uid, inode: stat.st_ino };
    Ok(Reserved { file, folder, claim, origin, limit: settings.transfer_limit, filled: fill })
}

/// Whoever is in a group must be able to read what waits for it.
fn mode_of(audience: Audience) -> Mode {
    Mode::from_raw_mode(match audience {
        Audience::User(_) => 0o600,
        Audience::Group(_) => 0o640,
    })
}

fn folder_mode(audience: Audience) -> Mode {
    Mode::from_raw_mode(match audience {
        Audience::User(_) => 0o700,
        Audience::Group(_) => 0o2770,
    })
}

/// Past `RLIMIT_FSIZE` the kernel would not only refuse but send SIGXFSZ, which ends most programs (setrlimit(2)).
fn within_limit(size: u64, path: &Path) -> Result<(), TransferError> {
    match getrlimit(Resource::Fsize).current {
        Some(limit) if size > limit => Err(TransferError::system("write to", path, Errno::FBIG)),
        _ => Ok(()),
    }
}

impl Reserved {
    /// Seals the state, which follows the header, and lets it wait.
    pub(super) fn publish(mut self, mut bytes: SecretBuf, mechanism: &Oid) -> Result<Waiting, TransferError> {
        let header = entry::header(mechanism);
        let size = (bytes.len() + entry::TAG) as u64;
        let folder = Arc::clone(&self.folder);
        let failed = |action: &'static str| {
            let folder = Arc::clone(&folder);
            move |error: Errno| TransferError::System { action, path: folder, source: Arc::new(error.into()) }
        };
        let too_large = || TransferError::system("keep that much in", &*folder, Errno::FBIG);
        self.claim.class = Claim::class_of(size).ok_or_else(too_large)?;
        known::count(&self.folder, Claim::class_size(self.claim.class), self.limit)?;
        within_limit(size, &self.folder)?;
        entry::seal(&mut bytes, &header, &self.claim, self.origin)
            .ok_or_else(|| failed("get memory for")(Errno::NOMEM))?;
        write_all(&self.file, bytes.as_bytes()).map_err(failed("write to"))?;
        if self.filled {
            ftruncate(&self.file, size).map_err(failed("write to"))?;
        }
        let minute = self.folder.join(Minute::of(&self.claim).to_string());
        let mode = folder_mode(self.claim.audience);
        let directory = match directory(CWD, &minute) {
            Err(Errno::NOENT) => make_directory(CWD, &minute, mode).map_err(failed("make a folder in"))?,
            directory => directory.map_err(failed("open a folder in"))?,
        };
        // Others may not have got to this yet, or never will. A user's own is good with any usual umask.
        if matches!(self.claim.audience, Audience::Group(_)) {
            set_mode(&directory, mode).map_err(failed("change the mode of a folder in"))?;
        }
        link(&self.file, &directory, &self.claim.id.to_string()).map_err(failed("put a file into"))?;
        Ok(Waiting { claim: self.claim, directory })
    }
}

fn write_all(file: &OwnedFd, mut bytes: &[u8]) -> Result<(), Errno> {
    while !bytes.is_empty() {
        match rustix::io::write(file, bytes) {
            Ok(0) => return Err(Errno::NOSPC),
            Ok(count) => bytes = bytes.get(count..).unwrap_or_default(),
            Err(Errno::INTR) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Gives the file its name.
fn link(file: &OwnedFd, directory: &OwnedFd, name: &str) -> Result<(), Errno> {
    match linkat(file, "", directory, name, AtFlags::EMPTY_PATH) {
        // Older kernels let only CAP_DAC_READ_SEARCH do this (linkat(2)).
        Err(Errno::NOENT | Errno::INVAL | Errno::PERM) => {
            let path = format!("/proc/self/fd/{}", file.as_raw_fd());
            linkat(CWD, path, directory, name, AtFlags::SYMLINK_FOLLOW)
        }
        result => result,
    }
}

/// An entry that waits, and that nobody knows of yet.
pub(super) struct Waiting {
    pub(super) claim: Claim,
    directory: OwnedFd,
}

impl Waiting {
    /// Takes it back. False if it is not there any more: then somebody else has it.
    pub(super) fn withdraw(&self) -> bool {
        match unlinkat(&self.directory, self.claim.id.to_string(), AtFlags::empty()) {
            Ok(()) => true,
            Err(Errno::NOENT) => false,
            Err(error) => {
                // Its key is in no token that anybody has, so it can only wait until it expires.
                tracing::debug!(id = %self.claim.id, "a context that was not exported stays behind: {error}");
                true
            }
        }
    }
}

/// An entry that was found, and not claimed yet.
#[derive(Debug)]
pub(super) struct Found {
    path: Arc<Path>,
    file: OwnedFd,
    directory: OwnedFd,
    name: String,
    origin: Origin,
    size: u64,
}

/// Finds the entry of a claim, once it is known that this process is in its audience.
pub(super) fn find(claim: &Claim, rules: &Rules) -> Result<Found, TransferError> {
    let euid = rustix::process::geteuid().as_raw();
    if !rules::is_in(claim.audience, euid) {
        return Err(TransferError::NotInAudience(claim.audience));
    }
    host::check(claim)?;
    let settings = &*rules.settings;
    if let Some(folder) = known::recent(settings, claim.audience, euid)
        && let Ok(Some(found)) = find_in(&folder, claim, rules, euid)
    {
        return Ok(found);
    }
    // Before the answer is no, every directory is looked at, whatever was known.
    let mut looked = Vec::new();
    let mut refusal = None;
    for place in places(settings, claim.audience, euid) {
        match place.folder(claim.audience, euid, false) {
            Ok(folder) => match find_in(&folder, claim, rules, euid) {
                Ok(Some(found)) => {
                    known::remember(settings, claim.audience, euid, &folder);
                    return Ok(found);
                }
                Ok(None) => {}
                Err(error @ TransferError::Refused { .. }) => refusal = Some(error),
                Err(error) => return Err(error),
            },
            Err(Unusable::Missing | Unusable::NoFolder(_)) => {}
            Err(Unusable::Refused(reason)) => refusal = Some(TransferError::refused(&place.path, reason)),
            Err(Unusable::System(error)) => return Err(TransferError::system("look into", &place.path, error)),
        }
        looked.push(place.path.display().to_string());
    }
    Err(refusal.unwrap_or_else(|| TransferError::NotWaiting { looked: looked.join(", ").into() }))
}

fn find_in(folder: &Path, claim: &Claim, rules: &Rules, euid: u32) -> Result<Option<Found>, TransferError> {
    let minute = folder.join(Minute::of(claim).to_string());
    let name = claim.id.to_string();
    let path = || -> PathBuf { minute.join(&name) };
    let failed = |error: Errno| match error {
        Errno::NOENT => Ok(None),
        Errno::ACCESS | Errno::PERM | Errno::LOOP | Errno::NOTDIR => {
            Err(TransferError::refused(path(), io::Error::from(error).to_string()))
        }
        error => Err(TransferError::system("open", path(), error)),
    };
    let directory = match directory(CWD, &minute) {
        Ok(directory) => directory,
        Err(error) => return failed(error),
    };
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let file = match openat(&directory, name.as_str(), flags, Mode::empty()) {
        Ok(file) => file,
        Err(error) => return failed(error),
    };
    let stat = fstat(&file).map_err(|error| TransferError::system("look at", path(), error))?;
    if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
        return Err(TransferError::refused(path(), "it is no regular file"));
    }
    match stat.st_nlink {
        // Claimed between the two calls.
        0 => return Ok(None),
        1 => {}
        links => return Err(TransferError::refused(path(), format!("it has {links} links, expected 1"))),
    }
    if !rules.accepts_from(stat.st_uid, euid)? {
        let reason = format!("it was written by uid {}, which gss.import-from does not name", stat.st_uid);
        return Err(TransferError::refused(path(), reason));
    }
    let size = u64::try_from(stat.st_size).unwrap_or(0);
    if Claim::class_of(size) != Some(claim.class) {
        return Err(TransferError::Altered { path: path().into() });
    }
    let origin = Origin { owner: stat.st_uid, inode: stat.st_ino };
    Ok(Some(Found { path: path().into(), file, directory, name, origin, size }))
}

impl Found {
    /// The entry, unsealed, and where in it the mechanism's state is. The file stays where it is.
    pub(super) fn read(&self, claim: &Claim, mechanism: &Oid) -> Result<(SecretBuf, Range<usize>), TransferError> {
        let system = |error: Errno| TransferError::System {
            action: "read",
            path: Arc::clone(&self.path),
            source: Arc::new(error.into()),
        };
        // At most what the class allows, which was compared with what the file has.
        let size = usize::try_from(self.size).map_err(|_| system(Errno::FBIG))?;
        let mut bytes = SecretBuf::with_capacity(size).map_err(|_| system(Errno::NOMEM))?;
        let mut rest = bytes.append(size).ok_or_else(|| system(Errno::NOMEM))?;
        let altered = || TransferError::Altered { path: Arc::clone(&self.path) };
        while !rest.is_empty() {
            match rustix::io::read(&self.file, &mut *rest) {
                Ok(0) => return Err(altered()),
                Ok(count) => rest = rest.get_mut(count..).unwrap_or_default(),
                Err(Errno::INTR) => {}
                Err(error) => return Err(system(error)),
            }
        }
        let state = entry::unseal(&mut bytes, mechanism, claim, self.origin).ok_or_else(altered)?;
        Ok((bytes, state))
    }

    /// Claims the context: of all who found it, one gets it.
    pub(super) fn claim(&self) -> Result<(), TransferError> {
        match unlinkat(&self.directory, self.name.as_str(), AtFlags::empty()) {
            Ok(()) => {}
            Err(Errno::NOENT) => {
                let looked = self.path.parent().unwrap_or(&self.path).display().to_string();
                return Err(TransferError::NotWaiting { looked: looked.into() });
            }
            Err(error @ (Errno::ACCESS | Errno::PERM | Errno::ROFS)) => {
                return Err(TransferError::refused(&*self.path, io::Error::from(error).to_string()));
            }
            Err(error) => return Err(TransferError::system("claim", &*self.path, error)),
        }
        // A name that was given to the file meanwhile could be put in the place of the one that is gone.
        match fstat(&self.file) {
            Ok(stat) if stat.st_nlink == 0 => Ok(()),
            Ok(_) => Err(TransferError::refused(
                &*self.path,
                "it was linked under another name while it was claimed, and is void",
            )),
            Err(error) => Err(TransferError::system("look at", &*self.path, error)),
        }
    }
}
