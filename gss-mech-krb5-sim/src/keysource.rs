//! A keytab that is used again and again: read when it has changed, and kept in between.

use crate::keytab::{self, Keytab};
use crate::minor::Error;
use gss_plugin::now;
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, TryLockError};

/// A keytab file, by path.
#[derive(Debug)]
pub(crate) struct KeySource {
    path: PathBuf,
    kept: Mutex<Option<(Stamp, Arc<Keytab>)>>,
}

/// What tells one state of a file from the next.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Stamp {
    file: (u64, u64),
    size: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Stamp {
    fn of(metadata: &Metadata) -> Self {
        Self {
            file: (metadata.dev(), metadata.ino()),
            size: metadata.size(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        }
    }

    /// A file that was changed just now may be changed once more within the same tick of the file system's clock.
    fn settled(&self) -> bool {
        u64::try_from(self.changed.0).is_ok_and(|changed| changed.saturating_add(2) <= now())
    }
}

impl KeySource {
    pub(crate) fn new(path: PathBuf) -> Self {
        Self { path, kept: Mutex::new(None) }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The keytab as it is now.
    pub(crate) fn keytab(&self) -> Result<Arc<Keytab>, Error> {
        let stamp = std::fs::metadata(&self.path).ok().map(|metadata| Stamp::of(&metadata));
        // Never waited for: a process that forks while another thread is here leaves the lock taken in the child.
        let mut kept = match self.kept.try_lock() {
            Ok(kept) => Some(kept),
            Err(TryLockError::Poisoned(poisoned)) => Some(PoisonError::into_inner(poisoned)),
            Err(TryLockError::WouldBlock) => None,
        };
        if let Some(Some((known, keytab))) = kept.as_deref()
            && Some(*known) == stamp
        {
            return Ok(keytab.clone());
        }
        let keytab = Arc::new(keytab::load(&self.path)?);
        // The stamp is older than what was read. If the file has changed in between, the next look will tell.
        if let (Some(kept), Some(stamp)) = (kept.as_deref_mut(), stamp.filter(Stamp::settled)) {
            *kept = Some((stamp, keytab.clone()));
        }
        Ok(keytab)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Realms, entry};
    use std::time::{Duration, SystemTime};

    #[test]
    fn a_change_is_seen_at_once() {
        let realms = Realms::new();
        let source = KeySource::new(realms.keytab().to_owned());
        let before = source.keytab().unwrap();
        keytab::update(realms.keytab(), |keytab| keytab.add(entry("new/one@R", 1, 18))).unwrap();
        assert_eq!(source.keytab().unwrap().entries().len(), before.entries().len() + 1);
    }

    #[test]
    fn what_has_settled_is_kept() {
        let realms = Realms::new();
        let source = KeySource::new(realms.keytab().to_owned());
        let fresh = source.keytab().unwrap();
        assert!(!Arc::ptr_eq(&fresh, &source.keytab().unwrap()), "changed within the last two seconds");
        // The time of the last change cannot be set; wait for it.
        let changed = std::fs::metadata(realms.keytab()).unwrap().ctime();
        let settled = SystemTime::UNIX_EPOCH + Duration::from_secs(u64::try_from(changed).unwrap() + 3);
        std::thread::sleep(settled.duration_since(SystemTime::now()).unwrap_or_default());
        let kept = source.keytab().unwrap();
        assert!(Arc::ptr_eq(&kept, &source.keytab().unwrap()));
        std::fs::remove_file(realms.keytab()).unwrap();
        assert!(source.keytab().is_err());
    }
}
