//! The folders that this process has found usable, and how much waits in them. A folder is checked once a second, and
//! looked at once a minute, so that neither costs the transfers between anything.

use super::error::TransferError;
use super::minute;
use super::place::places;
use crate::clock::{monotonic_ms, now};
use crate::config::Settings;
use crate::token::Audience;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// For how long a folder is taken as what it was, in milliseconds.
const STANDS_FOR_MS: u64 = 1000;
/// How often the waiting entries are counted and expired ones removed, in milliseconds.
const LOOK_EVERY_MS: u64 = 60_000;
/// How many expired entries an export removes at most.
const SWEEP_AT_ONCE: usize = 256;
/// How many folders are known at most; a process has one or two.
const MOST: usize = 16;

pub(crate) struct Known {
    audience: Audience,
    euid: u32,
    configured: Option<PathBuf>,
    folder: Arc<Path>,
    checked_ms: u64,
    looked_ms: Option<u64>,
    /// What waited at the last look, and what was added since.
    waiting: u64,
}

/// One lock for all, so that a fork has but one to hold. No system call and no plugin code runs under it.
static KNOWN: Mutex<Vec<Known>> = Mutex::new(Vec::new());

pub(crate) fn lock() -> MutexGuard<'static, Vec<Known>> {
    KNOWN.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Known {
    fn is(&self, settings: &Settings, audience: Audience, euid: u32) -> bool {
        self.audience == audience && self.euid == euid && self.configured == settings.transfer_directory
    }
}

/// The folder that an export or import of this process used last, if it was checked within the last second.
pub(super) fn recent(settings: &Settings, audience: Audience, euid: u32) -> Option<Arc<Path>> {
    let now = monotonic_ms();
    let known = lock();
    let known = known.iter().find(|known| known.is(settings, audience, euid))?;
    (now.saturating_sub(known.checked_ms) < STANDS_FOR_MS).then(|| Arc::clone(&known.folder))
}

/// Remembers a folder that was checked just now.
pub(super) fn remember(settings: &Settings, audience: Audience, euid: u32, folder: &Path) -> Arc<Path> {
    let checked_ms = monotonic_ms();
    let mut all = lock();
    if let Some(known) = all.iter_mut().find(|known| known.is(settings, audience, euid)) {
        known.checked_ms = checked_ms;
        if *known.folder != *folder {
            known.folder = folder.into();
            known.looked_ms = None;
        }
        return Arc::clone(&known.folder);
    }
    if all.len() >= MOST {
        all.remove(0);
    }
    let folder: Arc<Path> = folder.into();
    all.push(Known {
        audience,
        euid,
        configured: settings.transfer_directory.clone(),
        folder: Arc::clone(&folder),
        checked_ms,
        looked_ms: None,
        waiting: 0,
    });
    folder
}

/// Takes the folder as unknown: it is not what it was.
pub(super) fn forget(folder: &Path) {
    lock().retain(|known| *known.folder != *folder);
}

/// The first usable folder for what this process exports.
pub(super) fn for_export(settings: &Settings, audience: Audience, euid: u32) -> Result<Arc<Path>, TransferError> {
    if let Some(folder) = recent(settings, audience, euid) {
        return Ok(folder);
    }
    let mut reasons = Vec::new();
    for place in places(settings, audience, euid) {
        match place.folder(audience, euid, true) {
            Ok(folder) => return Ok(remember(settings, audience, euid, &folder)),
            Err(unusable) => reasons.push(format!("{}: {unusable}", place.path.display())),
        }
    }
    Err(TransferError::NoPlace { reasons: reasons.join("; ").into() })
}

/// Counts an entry of `size` bytes that is about to wait, if there is room for it. Once a minute, and before the answer
/// is no, the folder is looked at.
pub(super) fn count(folder: &Arc<Path>, size: u64, limit: u64) -> Result<(), TransferError> {
    let at = monotonic_ms();
    let due = {
        let mut all = lock();
        // Forgotten meanwhile: then it is counted when it is found again.
        let Some(known) = all.iter_mut().find(|known| known.folder == *folder) else {
            return Ok(());
        };
        let fits = known.waiting.saturating_add(size) <= limit;
        let stale = known.looked_ms.is_none_or(|looked| at.saturating_sub(looked) >= LOOK_EVERY_MS);
        if fits && !stale {
            known.waiting += size;
            return Ok(());
        }
        // Others need not look as well.
        known.looked_ms = Some(at);
        fits
    };
    let waiting = match minute::look(folder, now(), SWEEP_AT_ONCE) {
        Ok(look) => look.waiting,
        // An export must not fail for that; where nothing can be put shows by itself.
        Err(_) if due => return Ok(()),
        Err(error) => return Err(TransferError::system("look at", &**folder, error)),
    };
    let total = waiting.saturating_add(size);
    if let Some(known) = lock().iter_mut().find(|known| known.folder == *folder) {
        known.waiting = if total <= limit { total } else { waiting };
    }
    if total <= limit { Ok(()) } else { Err(TransferError::Full { folder: Arc::clone(folder), waiting, limit }) }
}
