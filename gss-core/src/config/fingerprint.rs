//! What a file or directory looked like when the config was read, so that a change shows without reading it again.

use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

/// What one name of the file system led to when it was looked at.
#[derive(Debug)]
pub struct Fingerprint {
    path: PathBuf,
    seen: Seen,
    /// Changed so shortly before that a second change could bear the same time.
    unsettled: bool,
}

#[derive(Debug, PartialEq, Eq)]
enum Seen {
    /// Device, inode, size, and in nanoseconds the times of modification and of status change. The latter shows what
    /// keeps the former: a mode that was put right, a file copied with its old time.
    Content(Option<Contents>),
    /// Owner, group and mode of a directory that findings are about. Its content is not of interest.
    Access(Option<(u32, u32, u32)>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Contents {
    device: u64,
    inode: u64,
    size: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Fingerprint {
    /// Longer than the clock tick (at most 10 ms) in which file systems count.
    const UNSETTLED_NANOSECONDS: u128 = 20_000_000;

    /// The file or directory.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether it was there.
    pub fn is_present(&self) -> bool {
        matches!(self.seen, Seen::Content(Some(_)) | Seen::Access(Some(_)))
    }

    pub(super) fn content(path: &Path, metadata: Option<&Metadata>) -> Self {
        let contents = metadata.map(Contents::of);
        let unsettled = contents.is_some_and(|contents| {
            let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
            let changed = i128::from(contents.changed.0) * 1_000_000_000 + i128::from(contents.changed.1);
            u128::try_from(changed).unwrap_or_default().abs_diff(now) < Self::UNSETTLED_NANOSECONDS
        });
        // A relative name must lead to the same place when the working directory has changed.
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        Self { path, seen: Seen::Content(contents), unsettled }
    }

    pub(super) fn access(path: &Path) -> Self {
        Self { path: path.to_owned(), seen: Seen::Access(access(path)), unsettled: false }
    }

    pub(super) fn changed_since(&self) -> bool {
        self.unsettled
            || match &self.seen {
                Seen::Content(before) => *before != fs::metadata(&self.path).ok().as_ref().map(Contents::of),
                Seen::Access(before) => *before != access(&self.path),
            }
    }
}

impl Contents {
    fn of(metadata: &Metadata) -> Self {
        Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            size: metadata.size(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        }
    }
}

fn access(path: &Path) -> Option<(u32, u32, u32)> {
    fs::metadata(path).ok().map(|metadata| (metadata.uid(), metadata.gid(), metadata.mode()))
}
