//! The replay cache (RFC 4120 section 3.2.3): one file for each user and host, in which every process of the user notes
//! the authenticators that it has accepted, for as long as their time would be accepted again.
//!
//! ```text
//! offset 0    8 bytes    magic and version
//! offset 8    16 bytes   seed: random, so that nobody can choose where an entry goes
//! offset 24   tables: the first of 128 buckets, each further one of twice as many as the one before
//! a bucket    8 entries
//! an entry    16 bytes   the beginning of the SHA-256 of the authenticator's ciphertext
//!             u64        the time until which the entry counts, in seconds since 1970, big endian; 0 for an empty entry
//! ```
//!
//! An entry goes into the first table whose bucket has room, and overwrites one that counts no more. So the file is
//! searched with one read for each table, and grows with the busiest minutes that it has seen, up to a limit. The file
//! is opened and locked anew for each token: a lock goes with the opened file, and a file that was opened before a fork
//! would be locked for parent and child at once.

use crate::minor::Error;
use crate::options::ReplayOption;
use rustix::fs::{FlockOperation, Mode, OFlags, flock};
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::PathBuf;

const MAGIC: [u8; 8] = *b"K5SRC\0\0\x01";
const SEED: usize = 16;
const HEADER: u64 = 24;
const TAG: usize = 16;
const ENTRY: usize = TAG + 8;
const BUCKET: usize = 8 * ENTRY;
const FIRST_BUCKETS: u64 = 128;
/// With all tables the file has 100 MB and some four million entries.
const TABLES: u32 = 12;

/// The replay cache of this process's user.
#[derive(Debug)]
pub(crate) struct ReplayCache {
    /// `None` if replays are not looked for.
    path: Option<PathBuf>,
    /// For how many seconds before and after its time an authenticator is accepted.
    skew: u64,
}

impl ReplayCache {
    pub(crate) fn new(option: &ReplayOption, skew: u64) -> Self {
        let path = match option {
            ReplayOption::Off => None,
            // Named after who may use it: a folder such as /var/tmp is everybody's.
            ReplayOption::Folder(folder) => {
                Some(folder.join(format!("krb5-sim-{}.rcache", rustix::process::geteuid().as_raw())))
            }
        };
        Self { path, skew }
    }

    /// Notes an authenticator of time `time`, or fails if it was noted before.
    pub(crate) fn check(&self, ciphertext: &[u8], time: u64, now: u64) -> Result<(), Error> {
        let Some(path) = &self.path else { return Ok(()) };
        let failed = |source: io::Error| Error::ReplayCache { path: path.clone(), source };
        let wrong = |problem| Error::ReplayCacheFile { path: path.clone(), problem };
        // Never through a link, and never blocked by a FIFO that someone has put there.
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
        let file = rustix::fs::open(path, flags, Mode::RUSR | Mode::WUSR).map_err(|errno| failed(errno.into()))?;
        let file = File::from(file);
        let metadata = file.metadata().map_err(failed)?;
        if !metadata.is_file() || metadata.nlink() != 1 {
            return Err(wrong("it is no file, or has a second name"));
        }
        if metadata.uid() != rustix::process::geteuid().as_raw() || metadata.mode() & 0o077 != 0 {
            return Err(wrong("it belongs to another user, or others may use it"));
        }
        flock(&file, FlockOperation::LockExclusive).map_err(|errno| failed(errno.into()))?;
        let seed = seed(&file).map_err(failed)?.ok_or_else(|| wrong("it is no replay cache of this version"))?;
        let digest = Sha256::digest(ciphertext);
        let tag = digest.first_chunk::<TAG>().copied().unwrap_or_default();
        let until = time.saturating_add(self.skew).max(1);
        match note(&file, &seed, &tag, until, now).map_err(failed)? {
            Outcome::Noted => Ok(()),
            Outcome::Known => Err(Error::Replay),
            Outcome::Full => Err(Error::ReplayCacheFull(path.clone())),
        }
    }
}

enum Outcome {
    Noted,
    Known,
    Full,
}

/// The file's seed; a new file gets one. `None` for a file that is something else.
fn seed(file: &File) -> io::Result<Option<[u8; SEED]>> {
    let mut header = [0; HEADER as usize];
    match read_up_to(file, &mut header, 0)? {
        0 => {}
        count if count < header.len() => return Ok(None),
        _ => {
            let (magic, seed) = header.split_at(MAGIC.len());
            return Ok((magic == MAGIC).then(|| seed.try_into().unwrap_or_default()));
        }
    }
    let mut seed = [0; SEED];
    getrandom::fill(&mut seed).map_err(io::Error::other)?;
    file.write_all_at(&[&MAGIC[..], &seed].concat(), 0)?;
    Ok(Some(seed))
}

fn note(file: &File, seed: &[u8; SEED], tag: &[u8; TAG], until: u64, now: u64) -> io::Result<Outcome> {
    let mut table = HEADER;
    let mut room = None;
    for number in 0..TABLES {
        let buckets = FIRST_BUCKETS << number;
        let offset = table + bucket(seed, tag, number, buckets) * BUCKET as u64;
        table += buckets * BUCKET as u64;
        // What is beyond the end of the file is empty.
        let mut entries = [0; BUCKET];
        read_up_to(file, &mut entries, offset)?;
        for (place, entry) in (0u64..).zip(entries.as_chunks::<ENTRY>().0) {
            let (entry_tag, entry_until) = entry.split_at(TAG);
            let counts = u64::from_be_bytes(entry_until.try_into().unwrap_or_default()) >= now;
            if counts && entry_tag == tag {
                return Ok(Outcome::Known);
            }
            if !counts {
                room = room.or(Some(offset + place * ENTRY as u64));
            }
        }
        // Only a full bucket sends an entry on to the next table. One that has room may have been full when our tag was
        // noted, but not if its last place was never taken: places are taken from the first on.
        if entries.ends_with(&[0; ENTRY]) {
            break;
        }
    }
    let Some(room) = room else { return Ok(Outcome::Full) };
    let mut entry = [0; ENTRY];
    entry[..TAG].copy_from_slice(tag);
    entry[TAG..].copy_from_slice(&until.to_be_bytes());
    file.write_all_at(&entry, room)?;
    Ok(Outcome::Noted)
}

fn bucket(seed: &[u8; SEED], tag: &[u8; TAG], table: u32, buckets: u64) -> u64 {
    let digest = Sha256::new().chain_update(seed).chain_update(tag).chain_update(table.to_be_bytes()).finalize();
    u64::from_be_bytes(digest.first_chunk().copied().unwrap_or_default()) % buckets
}

/// Fills the buffer as far as the file reaches.
fn read_up_to(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    let mut done = 0;
    while let Some(rest) = buffer.get_mut(done..).filter(|rest| !rest.is_empty()) {
        match file.read_at(rest, offset + done as u64) {
            Ok(0) => break,
            Ok(count) => done += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(done)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt, symlink};
    use std::path::Path;

    fn cache(folder: &Path) -> ReplayCache {
        ReplayCache::new(&ReplayOption::Folder(folder.to_owned()), 300)
    }

    fn is_replay(outcome: Result<(), Error>) -> bool {
        match outcome {
            Ok(()) => false,
            Err(Error::Replay) => true,
            Err(error) => panic!("{error}"),
        }
    }

    #[test]
    fn a_second_time_is_a_replay_for_as_long_as_its_time_is_accepted() {
        let folder = tempfile::tempdir().unwrap();
        let (one, other) = (cache(folder.path()), cache(folder.path()));
        assert!(!is_replay(one.check(b"a", 1_000, 1_000)));
        assert!(is_replay(one.check(b"a", 1_000, 1_000)));
        assert!(is_replay(other.check(b"a", 1_000, 1_300)), "in any process");
        assert!(!is_replay(one.check(b"b", 1_000, 1_000)));
        assert!(!is_replay(one.check(b"a", 1_000, 1_301)), "the skew is checked elsewhere");
    }

    #[test]
    fn no_entry_is_lost_among_many_and_old_ones_make_room() {
        let folder = tempfile::tempdir().unwrap();
        let cache = cache(folder.path());
        let path = cache.path.clone().unwrap();
        for number in 0..3_000u32 {
            assert!(!is_replay(cache.check(&number.to_be_bytes(), 1_000, 1_000)), "{number}");
        }
        let size = std::fs::metadata(&path).unwrap().len();
        for number in 0..3_000u32 {
            assert!(is_replay(cache.check(&number.to_be_bytes(), 1_000, 1_200)), "{number}");
        }
        for number in 3_000..6_000u32 {
            assert!(!is_replay(cache.check(&number.to_be_bytes(), 2_000, 2_000)), "{number}");
        }
        assert!(std::fs::metadata(&path).unwrap().len() <= size * 2, "no more than a table more");
    }

    #[test]
    fn an_entry_is_found_though_room_has_come_before_it() {
        let folder = tempfile::tempdir().unwrap();
        let cache = cache(folder.path());
        // Fills the first tables with what ends soon, then notes what ends later, then lets the former end.
        for number in 0..2_000u32 {
            cache.check(&number.to_be_bytes(), 1_000, 1_000).unwrap();
        }
        for number in 2_000..4_000u32 {
            cache.check(&number.to_be_bytes(), 1_200, 1_200).unwrap();
        }
        for number in 2_000..4_000u32 {
            assert!(is_replay(cache.check(&number.to_be_bytes(), 1_200, 1_400)), "{number}");
        }
    }

    #[test]
    fn threads_let_one_through() {
        let folder = tempfile::tempdir().unwrap();
        for round in 0..50u32 {
            let accepted: usize = std::thread::scope(|scope| {
                let threads: Vec<_> = (0..4)
                    .map(|_| scope.spawn(|| cache(folder.path()).check(&round.to_be_bytes(), 1_000, 1_000).is_ok()))
                    .collect();
                threads.into_iter().map(|thread| usize::from(thread.join().unwrap())).sum()
            });
            assert_eq!(accepted, 1);
        }
    }

    /// What each process of the test below does. The variable names the folder.
    #[test]
    fn one_of_many_processes() {
        let Some(folder) = std::env::var_os("KRB5_SIM_REPLAY_FOLDER") else { return };
        let cache = cache(Path::new(&folder));
        let accepted: Vec<_> =
            (0..200u32).filter(|number| !is_replay(cache.check(&number.to_be_bytes(), 1_000, 1_000))).collect();
        println!("accepted {accepted:?}");
    }

    #[test]
    fn processes_let_each_token_through_once() {
        let folder = tempfile::tempdir().unwrap();
        let start = || {
            std::process::Command::new(std::env::current_exe().unwrap())
                .args(["--exact", "replay::tests::one_of_many_processes", "--nocapture"])
                .env("KRB5_SIM_REPLAY_FOLDER", folder.path())
                .stdout(std::process::Stdio::piped())
                .spawn()
                .unwrap()
        };
        let children: Vec<_> = (0..4).map(|_| start()).collect();
        let mut accepted: Vec<u32> = Vec::new();
        for child in children {
            let output = child.wait_with_output().unwrap();
            assert!(output.status.success());
            let text = String::from_utf8(output.stdout).unwrap();
            let (_, list) = text.split_once("accepted [").unwrap();
            let (list, _) = list.split_once(']').unwrap();
            accepted.extend(list.split(", ").filter(|number| !number.is_empty()).map(|n| n.parse::<u32>().unwrap()));
        }
        accepted.sort_unstable();
        assert_eq!(accepted, (0..200).collect::<Vec<_>>());
    }

    #[test]
    fn a_file_that_is_not_ours_alone_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let cache = cache(folder.path());
        let path = cache.path.clone().unwrap();
        let target = folder.path().join("target");
        std::fs::write(&target, b"").unwrap();
        symlink(&target, &path).unwrap();
        assert!(matches!(cache.check(b"a", 1, 1), Err(Error::ReplayCache { .. })));
        std::fs::remove_file(&path).unwrap();
        std::fs::write(&path, b"something else that is long enough").unwrap();
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).unwrap();
        assert!(matches!(cache.check(b"a", 1, 1), Err(Error::ReplayCacheFile { .. })));
        std::fs::write(&path, b"").unwrap();
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o660)).unwrap();
        assert!(matches!(cache.check(b"a", 1, 1), Err(Error::ReplayCacheFile { .. })));
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).unwrap();
        std::fs::hard_link(&path, folder.path().join("second")).unwrap();
        assert!(matches!(cache.check(b"a", 1, 1), Err(Error::ReplayCacheFile { .. })));
        std::fs::remove_file(folder.path().join("second")).unwrap();
        assert!(!is_replay(cache.check(b"a", 1, 1)));
        std::fs::remove_file(&path).unwrap();
        std::fs::create_dir(&path).unwrap();
        assert!(cache.check(b"a", 1, 1).is_err());
    }

    #[test]
    fn it_can_be_switched_off() {
        let cache = ReplayCache::new(&ReplayOption::Off, 300);
        assert!(!is_replay(cache.check(b"a", 1, 1)) && !is_replay(cache.check(b"a", 1, 1)));
    }
}
