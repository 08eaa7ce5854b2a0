//! Keytab files: read whole, changed by putting a new file in the old one's place.
//!
//! A reader therefore sees the old keytab or the new one, never half of it, and a removed key's bytes go with the old
//! file. Programs that change a keytab in place, as MIT's do, are waited for by the lock that they use themselves. One
//! that waits for ours instead will change the old file, and that change is lost.

use super::{Keytab, KeytabError, MAX_BYTES};
use rustix::fs::{FlockOperation, fcntl_lock};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use zeroize::Zeroizing;

/// How often the file may be replaced by others while its lock is waited for.
const ATTEMPTS: usize = 16;

/// Reads a keytab file.
///
/// # Errors
/// [`KeytabError`].
pub fn load(path: &Path) -> Result<Keytab, KeytabError> {
    let file = File::open(path).map_err(io(path))?;
    Keytab::parse(&read(&file, path)?)
}

/// Reads a keytab file, lets `change` change its entries, and puts the outcome in its place, synchronized to disk.
///
/// A file that is empty or not there is a keytab without entries; a new one gets mode 0600. One that is there keeps its
/// mode and owner; if it is a symbolic link, what it points to is replaced.
///
/// # Errors
/// What `change` answers, and [`KeytabError`]. The file is then as it was.
pub fn update<T, E: From<KeytabError>>(path: &Path, change: impl FnOnce(&mut Keytab) -> Result<T, E>) -> Result<T, E> {
    let path = resolve(path)?;
    let old = open_locked(&path)?;
    let bytes = old.as_ref().map(|file| read(file, &path)).transpose()?;
    let mut keytab = match bytes {
        Some(bytes) if !bytes.is_empty() => Keytab::parse(&bytes)?,
        _ => Keytab::default(),
    };
    let answer = change(&mut keytab)?;
    replace(&path, old.as_ref(), &keytab.to_bytes()?)?;
    Ok(answer)
}

fn io(path: &Path) -> impl Fn(io::Error) -> KeytabError {
    move |source| KeytabError::Io { path: path.to_owned(), source }
}

/// The path without symbolic links, of a file that need not be there.
fn resolve(path: &Path) -> Result<PathBuf, KeytabError> {
    match path.canonicalize() {
        Err(error) if error.kind() == io::ErrorKind::NotFound && !path.is_symlink() => {
            let name = path.file_name().ok_or_else(|| KeytabError::NoFileName(path.to_owned()))?;
            let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
            Ok(parent.canonicalize().map_err(io(path))?.join(name))
        }
        other => other.map_err(io(path)),
    }
}

/// The file's contents, never more than its size said, so that no key is left in a buffer that was outgrown.
fn read(file: &File, path: &Path) -> Result<Zeroizing<Vec<u8>>, KeytabError> {
    let size = usize::try_from(file.metadata().map_err(io(path))?.len()).unwrap_or(usize::MAX);
    if size > MAX_BYTES {
        return Err(KeytabError::TooLarge);
    }
    let mut bytes = Zeroizing::new(vec![0; size]);
    let mut file = file;
    match file.read_exact(&mut bytes) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Err(KeytabError::Changed(path.to_owned())),
        other => other.map(|()| bytes).map_err(io(path)),
    }
}

/// The file under an exclusive lock, if there is one.
fn open_locked(path: &Path) -> Result<Option<File>, KeytabError> {
    for _ in 0..ATTEMPTS {
        let file = match OpenOptions::new().read(true).write(true).open(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            other => other.map_err(io(path))?,
        };
        // MIT and Heimdal lock the file itself, with fcntl, for as long as they write.
        fcntl_lock(&file, FlockOperation::LockExclusive).map_err(|errno| io(path)(errno.into()))?;
        let locked = file.metadata().map_err(io(path))?;
        match fs::metadata(path) {
            Ok(there) if (there.dev(), there.ino()) == (locked.dev(), locked.ino()) => return Ok(Some(file)),
            // Replaced while we waited: the lock is on what is no longer the keytab.
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(io(path)(error)),
        }
    }
    Err(KeytabError::Changed(path.to_owned()))
}

fn replace(path: &Path, old: Option<&File>, bytes: &[u8]) -> Result<(), KeytabError> {
    let (temporary, mut file) = create_beside(path)?;
    let written = (|| {
        file.write_all(bytes)?;
        if let Some(old) = old {
            let old = old.metadata()?;
            let new = file.metadata()?;
            if (old.uid(), old.gid()) != (new.uid(), new.gid()) {
                fchown(&file, Some(old.uid()), Some(old.gid()))?;
            }
            file.set_permissions(fs::Permissions::from_mode(old.mode() & 0o777))?;
        }
        file.sync_all()?;
        match old {
            Some(_) => fs::rename(&temporary, path),
            // Two who make the first keytab at once: the second must not undo what the first has done.
            None => fs::hard_link(&temporary, path).and_then(|()| fs::remove_file(&temporary)),
        }
    })();
    if let Err(error) = written {
        // Nothing more can be done about it if this fails, too.
        let _ = fs::remove_file(&temporary);
        return Err(io(path)(error));
    }
    // The new name must survive a crash as well.
    let parent = path.parent().unwrap_or(Path::new("/"));
    File::open(parent).and_then(|parent| parent.sync_all()).map_err(io(path))
}

/// A new file of mode 0600 in the same folder.
fn create_beside(path: &Path) -> Result<(PathBuf, File), KeytabError> {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let name = path.file_name().ok_or_else(|| KeytabError::NoFileName(path.to_owned()))?;
    loop {
        let mut temporary = std::ffi::OsString::from(".");
        temporary.push(name);
        temporary.push(format!(".{}.{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed)));
        let temporary = path.with_file_name(temporary);
        // Never through a link, never over what is there.
        match OpenOptions::new().write(true).create_new(true).mode(0o600).open(&temporary) {
            // Left behind by a process that had our number.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            other => return Ok((temporary, other.map_err(io(path))?)),
        }
    }
}
