//! Tests of keytabs against MIT's.

use super::*;
use proptest::prelude::*;
use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead, BufReader, Seek, SeekFrom, Write};
use std::os::unix::fs::{PermissionsExt, symlink};

/// Made by `ktutil` and `kadmin.local` of MIT krb5 1.20.1, with a hole where an entry was removed.
const MIT: &[u8] = include_bytes!("../../tests/data/mit.keytab");

fn principal(text: &str) -> Principal {
    Principal::parse(text.as_bytes(), None).unwrap()
}

fn entry(text: &str, kvno: u32, etype: i32, key: &[u8]) -> KeytabEntry {
    KeytabEntry { principal: principal(text), timestamp: 1_700_000_000, kvno, key: EncryptionKey::new(etype, key) }
}

fn keytab(entries: impl IntoIterator<Item = KeytabEntry>) -> Keytab {
    let mut keytab = Keytab::default();
    entries.into_iter().for_each(|entry| keytab.add(entry).unwrap());
    keytab
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn mits_keytab_is_read_as_klist_lists_it() {
    let keytab = Keytab::parse(MIT).unwrap();
    let list: Vec<_> = keytab
        .entries()
        .iter()
        .map(|entry| (entry.kvno, entry.principal.to_string(), entry.key.etype(), hex(entry.key.value())))
        .collect();
    let line = |kvno, principal: &str, etype, key: &str| (kvno, principal.to_owned(), etype, key.to_owned());
    let alice = "3b706c009fd6fcf684a7c7806a3127f051208bdd757a334cfc2dbe7564ff889d";
    assert_eq!(
        list,
        [
            line(3, "alice@EXAMPLE.TEST", 18, alice),
            line(300, "HTTP/web.example.test@EXAMPLE.TEST", 19, "bc78780a4805335444bfe3e52f3bb53c"),
            line(1, "a\\/b\\@c@EXAMPLE.TEST", 17, "cee1c93c97ee43865bb3fe02f6e4ae56"),
            line(1, "s17/localhost@EXAMPLE.TEST", 17, "f878722abc50161be3a2a6a2d25b0d61"),
        ]
    );
}

#[test]
fn records_are_written_as_mit_writes_them() {
    let mut keytab = Keytab::parse(MIT).unwrap();
    keytab.remove(&principal("s17/localhost@EXAMPLE.TEST"), None, None);
    let ours = keytab.to_bytes().unwrap();
    assert_eq!(*ours, MIT[..ours.len()], "up to the hole");
    assert_eq!(Keytab::parse(&ours).unwrap(), keytab);
}

#[test]
fn other_versions_and_files_are_named() {
    assert!(matches!(Keytab::parse(b"\x05\x01rest"), Err(KeytabError::Version1)));
    for bytes in [&b""[..], b"\x05", b"\x05\x03", b"\x04\x02", b"[libdefaults]"] {
        assert!(matches!(Keytab::parse(bytes), Err(KeytabError::NotAKeytab)));
    }
    assert_eq!(Keytab::parse(&VERSION).unwrap(), Keytab::default());
    assert!(matches!(Keytab::parse(&vec![5; MAX_BYTES + 1]), Err(KeytabError::TooLarge)));
}

#[test]
fn a_file_that_ends_early_is_refused() {
    let whole = keytab([entry("a@R", 1, 18, &[7; 32]), entry("b@R", 1, 18, &[7; 32])]).to_bytes().unwrap();
    let second = 2 + (whole.len() - 2) / 2;
    for end in 2..whole.len() {
        let parsed = Keytab::parse(&whole[..end]);
        match end {
            2 => assert!(parsed.unwrap().entries().is_empty()),
            _ if end == second => assert_eq!(parsed.unwrap().entries().len(), 1),
            _ => {
                let expected = if end < second { 2 } else { second };
                assert!(matches!(parsed, Err(KeytabError::Truncated { offset }) if offset == expected), "{end}");
            }
        }
    }
    let hole = |size: i32| [&VERSION[..], &size.to_be_bytes(), &[0; 5]].concat();
    assert_eq!(Keytab::parse(&hole(-5)).unwrap(), Keytab::default());
    assert_eq!(Keytab::parse(&hole(0)).unwrap(), Keytab::default(), "the end");
    assert!(Keytab::parse(&hole(-6)).is_err());
    assert!(Keytab::parse(&hole(i32::MIN)).is_err());
    assert!(Keytab::parse(&hole(i32::MAX)).is_err());
}

#[test]
fn the_long_version_counts_unless_it_is_missing_or_zero() {
    let bytes = keytab([entry("a@R", 0x1_02, 18, &[7; 16])]).to_bytes().unwrap();
    let kvno = |cut: usize, tail: &[u8]| {
        let mut record = bytes[6..bytes.len() - cut].to_vec();
        record.extend_from_slice(tail);
        let file = [&VERSION[..], &(record.len() as u32).to_be_bytes(), &record].concat();
        Keytab::parse(&file).unwrap().entries()[0].kvno
    };
    assert_eq!(kvno(0, &[]), 0x102);
    assert_eq!(kvno(0, &[1; 9]), 0x102, "the rest of a hole");
    assert_eq!(kvno(4, &[]), 2);
    assert_eq!(kvno(4, &[0; 4]), 2);
    assert_eq!(kvno(1, &[]), 2);
}

#[test]
fn limits_hold() {
    let mut keytab = Keytab::default();
    let long = EncryptionKey::new(18, &[0; MAX_KEY + 1]);
    let refused = keytab.add(KeytabEntry { key: long, ..entry("a@R", 1, 18, &[]) });
    assert!(matches!(refused, Err(KeytabError::KeyLength { length: 257, .. })));
    assert!(matches!(keytab.add(entry("a@R", 1, 40_000, &[])), Err(KeytabError::EncryptionType(40_000))));
    keytab.add(entry("a@R", 1, -5, &[1])).unwrap();
    assert!(matches!(keytab.add(entry("a@R", 1, -5, &[2])), Err(KeytabError::Exists { kvno: 1, etype: -5, .. })));
    assert_eq!(Keytab::parse(&keytab.to_bytes().unwrap()).unwrap(), keytab);
}

#[test]
fn the_newest_permitted_key_is_taken() {
    let keytab = keytab([
        entry("s/h@R", 4, 17, &[1]),
        entry("s/h@R", 4, 18, &[2]),
        entry("s/h@R", 5, 20, &[3]),
        entry("s/h@R", 5, 17, &[4]),
        entry("s/h@S", 9, 18, &[5]),
    ]);
    let newest = |permitted: &[i32]| keytab.newest(&principal("s/h@R"), permitted).map(|entry| entry.key.value()[0]);
    assert_eq!(newest(&[18, 17, 20, 19]), Some(4));
    assert_eq!(newest(&[20, 17]), Some(3));
    assert_eq!(newest(&[18]), Some(2));
    assert_eq!(newest(&[19]), None);
    assert_eq!(newest(&[]), None);
    let order = |principal: Option<&Principal>, kvno| {
        let candidates = keytab.candidates(principal, kvno, 17);
        candidates.iter().map(|entry| entry.key.value()[0]).collect::<Vec<_>>()
    };
    assert_eq!(order(None, Some(4)), [1, 4]);
    assert_eq!(order(None, None), [4, 1]);
    assert_eq!(order(Some(&principal("s/h@S")), None), [0; 0]);
    let realms: Vec<_> = keytab.realms_of(principal("s/h@X").name()).iter().map(ToString::to_string).collect();
    assert_eq!(realms, ["R", "S"]);
}

#[test]
fn debug_shows_no_key() {
    let text = format!("{:?}", keytab([entry("a@R", 1, 18, &[0xab; 32])]));
    assert!(text.contains("32 bytes") && !text.contains("171") && !text.contains("ab, "), "{text}");
}

#[test]
fn a_file_is_replaced_whole_and_keeps_its_mode() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keytab");
    let add = |name: &str| update(&path, |keytab| keytab.add(entry(name, 1, 18, &[7; 32])));
    add("a@R").unwrap();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    let link = folder.path().join("link");
    symlink(&path, &link).unwrap();
    let old = load(&path).unwrap();
    update(&link, |keytab| keytab.add(entry("b@R", 1, 18, &[7; 32]))).unwrap();
    assert!(link.is_symlink());
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o640);
    assert_eq!(load(&path).unwrap().entries().len(), 2);
    assert!(matches!(add("b@R"), Err(KeytabError::Exists { .. })));
    assert_eq!(load(&path).unwrap().entries()[..1], *old.entries());
    let removed = update(&path, |keytab| Ok::<_, KeytabError>(keytab.remove(&principal("a@R"), Some(1), None)));
    assert_eq!(removed.unwrap(), 1);
    let names: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|file| file.unwrap().file_name()).collect();
    assert_eq!(names.len(), 2, "no temporary file is left: {names:?}");
}

#[test]
fn changes_at_the_same_time_all_count() {
    // The second program is this test, too.
    if let Some(path) = std::env::var_os("GSS_TEST_KEYTAB") {
        return add_in_place(&path);
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keytab");
    update(&path, |keytab| keytab.add(entry("first@R", 1, 18, &[7; 32]))).unwrap();
    // Locks of fcntl belong to processes: threads do not exclude one another.
    let mut other = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "keytab::tests::changes_at_the_same_time_all_count", "--nocapture"])
        .env("GSS_TEST_KEYTAB", &path)
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(other.stdout.take().unwrap()).lines().map(Result::unwrap);
    // Not consumed, lest the other one writes into a closed pipe.
    assert!(lines.by_ref().any(|line| line.contains("locked")));
    update(&path, |keytab| keytab.add(entry("third@R", 1, 18, &[7; 32]))).unwrap();
    assert!(other.wait().unwrap().success());
    let names: Vec<_> = load(&path).unwrap().entries().iter().map(|entry| entry.principal.to_string()).collect();
    assert_eq!(names, ["first@R", "second@R", "third@R"]);
}

/// Adds an entry as MIT does: at the end of the file that is there, under its lock.
fn add_in_place(path: &OsStr) {
    let mut file = fs::OpenOptions::new().read(true).write(true).open(path).unwrap();
    rustix::fs::fcntl_lock(&file, rustix::fs::FlockOperation::LockExclusive).unwrap();
    println!("locked");
    std::thread::sleep(std::time::Duration::from_millis(300));
    file.seek(SeekFrom::End(0)).unwrap();
    file.write_all(&keytab([entry("second@R", 1, 18, &[7; 32])]).to_bytes().unwrap()[2..]).unwrap();
}

#[test]
fn what_cannot_be_read_names_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("missing");
    let error = load(&missing).unwrap_err().to_string();
    assert!(error.contains("missing") && error.contains("No such file"), "{error}");
    let text = folder.path().join("text");
    fs::write(&text, "no keytab").unwrap();
    let untouched = update(&text, |keytab| keytab.add(entry("a@R", 1, 18, &[])));
    assert!(matches!(untouched, Err(KeytabError::NotAKeytab)));
    assert_eq!(fs::read(&text).unwrap(), b"no keytab");
    fs::write(&text, "").unwrap();
    assert!(matches!(load(&text), Err(KeytabError::NotAKeytab)));
    update(&text, |keytab| keytab.add(entry("a@R", 1, 18, &[]))).unwrap();
    assert_eq!(load(&text).unwrap().entries().len(), 1);
}

/// `klist` of MIT lists what we write.
#[test]
fn mits_klist_reads_ours() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keytab");
    update(&path, |keytab| {
        keytab.add(entry("HTTP/web.example.test@EXAMPLE.TEST", 300, 20, &[0x5a; 32]))?;
        keytab.add(entry("a\\/b\\@c@EXAMPLE.TEST", 1, 17, &[0xa5; 16]))
    })
    .unwrap();
    let klist = std::process::Command::new("klist").arg("-kKe").arg(&path).env("TZ", "UTC").output();
    let klist = klist.expect("klist: install krb5-user");
    let list = String::from_utf8(klist.stdout).unwrap();
    let expected = format!(
        " 300 HTTP/web.example.test@EXAMPLE.TEST (aes256-cts-hmac-sha384-192)  (0x{})\n   1 a\\/b\\@c@EXAMPLE.TEST \
         (aes128-cts-hmac-sha1-96)  (0x{})\n",
        "5a".repeat(32),
        "a5".repeat(16)
    );
    assert!(list.ends_with(&expected), "{list}");
}

fn any_entry() -> impl Strategy<Value = KeytabEntry> {
    let octets = |length| prop::collection::vec(any::<u8>(), 0..length);
    let parts = (any::<i32>(), prop::collection::vec(octets(9), 1..5), octets(9));
    (parts, any::<u32>(), 1..u32::MAX, any::<i16>(), octets(40)).prop_map(|(parts, timestamp, kvno, etype, key)| {
        let name = PrincipalName::new(parts.0, parts.1).unwrap();
        let principal = Principal::new(name, Realm::new(parts.2).unwrap()).unwrap();
        KeytabEntry { principal, timestamp, kvno, key: EncryptionKey::new(etype.into(), &key) }
    })
}

proptest! {
    #[test]
    fn whatever_is_written_is_read_back(entries in prop::collection::vec(any_entry(), 0..5)) {
        let keytab = Keytab { entries };
        let bytes = keytab.to_bytes().unwrap();
        prop_assert_eq!(bytes.len(), bytes.capacity());
        prop_assert_eq!(Keytab::parse(&bytes).unwrap(), keytab);
    }

    #[test]
    fn any_bytes_are_read_or_refused(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
        end in any::<prop::sample::Index>(),
    ) {
        let mut bytes = MIT.to_vec();
        for (index, byte) in changes {
            *index.get_mut(&mut bytes) = byte;
        }
        for bytes in [&bytes[..], &bytes[..end.index(bytes.len())]] {
            if let Ok(keytab) = Keytab::parse(bytes) {
                // A version of 0 in the long field has no other form than that in the short one.
                let again = Keytab::parse(&keytab.to_bytes().unwrap()).unwrap();
                prop_assert_eq!(again, keytab);
            }
        }
    }
}
