//! The folders of an audience: one for each minute in which entries expire and each size class. What waits is counted,
//! and what has expired is found, by looking at their names and sizes, not at the entries.

use crate::token::{Claim, TransferId};
use rustix::fs::{AtFlags, Mode, OFlags, RawDir, openat, statat, unlinkat};
use rustix::io::Errno;
use std::fmt;
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::str::FromStr;

/// Seconds in a minute.
const MINUTE: u64 = 60;
/// For so many seconds an expired entry stays: an export that was held up may still be at work in its folder.
const GRACE: u64 = 120;
/// What tmpfs adds to a directory's size for each name in it, with the two that each has (`BOGO_DIRENT_SIZE` in the
/// kernel's mm/shmem.c).
const NAME_SIZE: u64 = 20;
const OWN_NAMES: u64 = 2;

/// How much of a directory is read at once, in bytes: some sixty names.
const READ_AT_ONCE: usize = 4096;

/// A folder of entries, named `MINUTE.CLASS`: the minutes since 1970 and the size class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Minute {
    pub(super) minute: u64,
    pub(super) class: u8,
}

impl fmt::Display for Minute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.minute, self.class)
    }
}

impl FromStr for Minute {
    type Err = ();

    fn from_str(name: &str) -> Result<Self, ()> {
        let (minute, class) = name.split_once('.').ok_or(())?;
        let folder = Self { minute: minute.parse().map_err(|_| ())?, class: class.parse().map_err(|_| ())? };
        if folder.to_string() == name { Ok(folder) } else { Err(()) }
    }
}

impl Minute {
    pub(super) fn of(claim: &Claim) -> Self {
        Self { minute: claim.not_after / MINUTE, class: claim.class }
    }

    /// When it begins, in seconds since 1970.
    pub(super) fn begins(self) -> u64 {
        self.minute.saturating_mul(MINUTE)
    }

    /// Whether everything in it has expired for so long that nobody can be at work in it.
    pub(super) fn is_over(self, now: u64) -> bool {
        self.minute.saturating_add(1).saturating_mul(MINUTE).saturating_add(GRACE) < now
    }
}

/// What a look at an audience's folder found.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Look {
    /// What waits, in bytes, each entry counted as its class's largest.
    pub(super) waiting: u64,
    /// How many expired entries were removed.
    pub(super) removed: usize,
}

/// Looks at an audience's folder and removes at most `most` expired entries.
pub(super) fn look(folder: &Path, now: u64, most: usize) -> Result<Look, Errno> {
    look_in(&open(rustix::fs::CWD, folder)?, now, most)
}

/// The same in a folder that is open.
pub(super) fn look_in(folder: &OwnedFd, now: u64, most: usize) -> Result<Look, Errno> {
    let mut look = Look::default();
    for minute in names::<Minute>(folder)? {
        let name = minute.to_string();
        if minute.is_over(now) && look.removed < most {
            look.removed += empty(folder, &name, most - look.removed);
        }
        if let Ok(stat) = statat(folder, &name, AtFlags::SYMLINK_NOFOLLOW) {
            let names = u64::try_from(stat.st_size).unwrap_or(0) / NAME_SIZE;
            let entries = names.saturating_sub(OWN_NAMES);
            look.waiting = look.waiting.saturating_add(entries.saturating_mul(Claim::class_size(minute.class)));
        }
    }
    Ok(look)
}

/// Removes at most `most` entries, and the folder once nothing is in it.
fn empty(parent: &OwnedFd, name: &str, most: usize) -> usize {
    let mut removed = 0;
    let Ok(folder) = open(parent, Path::new(name)) else {
        return 0;
    };
    if let Ok(entries) = names::<TransferId>(&folder) {
        for id in entries.into_iter().take(most) {
            removed += usize::from(unlinkat(&folder, id.to_string(), AtFlags::empty()).is_ok());
        }
    }
    // Fails while something is in it.
    let _ = unlinkat(parent, name, AtFlags::REMOVEDIR);
    removed
}

/// A directory for reading, never through a link in its last component.
pub(super) fn open(at: impl rustix::fd::AsFd, path: &Path) -> Result<OwnedFd, Errno> {
    openat(at, path, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty())
}

/// The names in a directory that are of one kind; others are nobody's business here. Reads on from where the descriptor
/// is. Without memory it fails, while the readers of the standard library and of rustix would end the process.
pub(super) fn names<T: FromStr>(directory: &OwnedFd) -> Result<Vec<T>, Errno> {
    let mut names = Vec::new();
    let mut buffer = [const { MaybeUninit::uninit() }; READ_AT_ONCE];
    let mut entries = RawDir::new(directory, &mut buffer);
    while let Some(entry) = entries.next() {
        if let Some(name) = entry?.file_name().to_str().ok().and_then(|name| name.parse().ok()) {
            names.try_reserve(1).map_err(|_| Errno::NOMEM)?;
            names.push(name);
        }
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_one_form() {
        let name = "29412345.0";
        assert_eq!(name.parse::<Minute>().unwrap().to_string(), name);
        for name in ["", ".", "1", "1.", ".1", "01.1", "1.01", "+1.1", "1.256", "1.1.1"] {
            assert!(name.parse::<Minute>().is_err(), "{name:?}");
        }
    }

    #[test]
    fn a_look_counts_what_waits_and_removes_what_has_expired() {
        let place = tempfile::tempdir_in("/dev/shm").unwrap();
        let write = |folder: &str, count: u8| {
            std::fs::create_dir(place.path().join(folder)).unwrap();
            for number in 0..count {
                std::fs::write(place.path().join(folder).join(TransferId([number; 16]).to_string()), "x").unwrap();
            }
        };
        write("100.0", 3);
        write("100.2", 1);
        write("90.0", 5);
        write("somebody's", 1);
        let now = 100 * MINUTE;
        let folders = || std::fs::read_dir(place.path()).unwrap().count();
        assert_eq!(look(place.path(), now, 2), Ok(Look { waiting: (3 + 4 + 3) * 4096, removed: 2 }));
        assert_eq!(folders(), 4);
        assert_eq!(look(place.path(), now, 100), Ok(Look { waiting: (3 + 4) * 4096, removed: 3 }));
        assert_eq!(folders(), 3);
        // Within the grace nothing goes.
        assert_eq!(look(place.path(), 101 * MINUTE + GRACE, 100).unwrap().removed, 0);
        assert_eq!(look(place.path(), 101 * MINUTE + GRACE + 1, 100).unwrap().removed, 4);
        assert_eq!(look(&place.path().join("nowhere"), now, 1), Err(Errno::NOENT));
    }
}
