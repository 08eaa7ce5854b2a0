use super::*;
use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::sync::mpsc;
use std::time::Duration;

/// A folder for one test. Where it lies is not ours to choose (/tmp is writable by others), so a test looks only
/// at the findings inside it, and proves the policy with a finding of its own.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
        Self(folder)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().canonicalize().unwrap().join(name)
    }

    fn file(&self, name: &str, mode: u32) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, "x").unwrap();
        fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        path
    }

    fn directory(&self, name: &str, mode: u32) -> PathBuf {
        let path = self.path(name);
        fs::create_dir(&path).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        path
    }

    fn findings_inside(&self, all: &[Finding]) -> Vec<Finding> {
        all.iter().filter(|finding| finding.path().starts_with(self.path(""))).cloned().collect()
    }

    /// Opens under both policies, and proves that they find the same and differ only in what they make of it.
    fn findings(&self, path: &Path) -> Vec<Finding> {
        let opened = open(path, Policy::Warn).unwrap();
        match open(path, Policy::Refuse) {
            Ok(same) => {
                assert_eq!(opened.findings(), []);
                assert_eq!(same.path(), opened.path());
            }
            Err(TrustError::Untrusted { path: named, findings }) => {
                assert_eq!(named, path);
                assert_eq!(findings, opened.findings());
            }
            Err(other) => panic!("{other}"),
        }
        self.findings_inside(opened.findings())
    }
}

#[test]
fn a_file_of_ones_own_has_no_finding() {
    let folder = Folder::new();
    let path = folder.file("plugins.conf", 0o644);
    assert_eq!(folder.findings(&path), []);
    let opened = open(&path, Policy::Warn).unwrap();
    assert_eq!(opened.path(), path);
    assert_eq!(opened.metadata().len(), 1);
    assert_eq!(io::read_to_string(opened.into_file()).unwrap(), "x");
}

#[test]
fn a_file_that_others_may_write_is_a_finding() {
    let folder = Folder::new();
    for (mode, who) in [(0o664, "its group"), (0o646, "others"), (0o666, "its group and others")] {
        let path = folder.file(&format!("{mode:o}"), mode);
        assert_eq!(folder.findings(&path), [Finding::Writable { path: path.clone(), mode }]);
        let text = open(&path, Policy::Refuse).unwrap_err().to_string();
        let expected = format!(
            "{} is writable by {who} (mode 0{mode:o}), expected to be writable by its owner only",
            path.display()
        );
        assert!(text.ends_with(&expected), "{text}");
    }
}

#[test]
fn a_directory_that_others_may_write_is_a_finding() {
    let folder = Folder::new();
    for mode in [0o775, 0o757, 0o1777] {
        let directory = folder.directory(&format!("{mode:o}"), mode);
        let path = folder.file(&format!("{mode:o}/plugins.conf"), 0o644);
        assert_eq!(folder.findings(&path), [Finding::Writable { path: directory, mode }]);
    }
}

#[test]
fn a_sticky_directory_is_excused_for_directories_in_it_alone() {
    let folder = Folder::new();
    let sticky = folder.directory("sticky", 0o1777);
    let inner = folder.directory("sticky/inner", 0o755);
    let safe = folder.file("sticky/inner/file", 0o644);
    assert_eq!(folder.findings(&safe), []);
    let finding = [Finding::Writable { path: sticky.clone(), mode: 0o1777 }];
    assert_eq!(folder.findings(&folder.file("sticky/file", 0o644)), finding);
    symlink(&inner, sticky.join("link")).unwrap();
    assert_eq!(folder.findings(&sticky.join("link/file")), finding);
}

#[test]
fn a_foreign_owner_is_a_finding() {
    let folder = Folder::new();
    let path = folder.file("plugins.conf", 0o644);
    let mine = effective_uid();
    if mine == 0 {
        std::os::unix::fs::chown(&path, Some(65534), None).unwrap();
        assert_eq!(folder.findings(&path), [Finding::Owner { path: path.clone(), uid: 65534, expected: 0 }]);
        let text = open(&path, Policy::Refuse).unwrap_err().to_string();
        assert!(text.ends_with("plugins.conf belongs to uid 65534, expected root"), "{text}");
    } else {
        // Nobody but root can give a file away, but the check can be asked on behalf of somebody else.
        let other = mine + 1;
        let opened = open_as(&path, Policy::Warn, other).unwrap();
        let expected = Finding::Owner { path: path.clone(), uid: mine, expected: other };
        assert!(opened.findings().contains(&expected));
        assert!(matches!(open_as(&path, Policy::Refuse, other), Err(TrustError::Untrusted { .. })));
    }
}

#[test]
fn roots_files_are_everybodys() {
    let opened = open_as(Path::new("/etc/passwd"), Policy::Warn, 4_000_000_000).unwrap();
    assert!(opened.findings().iter().all(|finding| finding.path() != Path::new("/etc/passwd")));
}

#[test]
fn a_link_is_followed_and_its_target_checked() {
    let folder = Folder::new();
    let target = folder.file("target", 0o664);
    for (name, to) in [("absolute", target.clone()), ("relative", PathBuf::from("target"))] {
        let link = folder.path(name);
        symlink(to, &link).unwrap();
        assert_eq!(folder.findings(&link), [Finding::Writable { path: target.clone(), mode: 0o664 }]);
        assert_eq!(open(&link, Policy::Warn).unwrap().path(), target);
    }
}

#[test]
fn a_link_where_others_may_write_is_a_finding() {
    let folder = Folder::new();
    let target = folder.file("target", 0o644);
    let open_to_all = folder.directory("open", 0o777);
    symlink(&target, open_to_all.join("second")).unwrap();
    symlink("open/second", folder.path("first")).unwrap();
    assert_eq!(folder.findings(&folder.path("first")), [Finding::Writable { path: open_to_all, mode: 0o777 }]);
}

#[test]
fn what_is_checked_is_what_was_opened() {
    let folder = Folder::new();
    for (name, mode) in [("good", 0o644), ("bad", 0o666)] {
        fs::write(folder.file(name, mode), name).unwrap();
        symlink(name, folder.path(&format!("to-{name}"))).unwrap();
    }
    let link = folder.path("link");
    let swap = |name: &str| {
        symlink(name, folder.path("new")).unwrap();
        fs::rename(folder.path("new"), &link).unwrap();
    };
    swap("good");
    std::thread::scope(|scope| {
        let swapping = scope.spawn(|| {
            for _ in 0..1000 {
                swap("bad");
                swap("good");
            }
        });
        while !swapping.is_finished() {
            match open(&link, Policy::Warn) {
                Ok(opened) => {
                    let found = !folder.findings_inside(opened.findings()).is_empty();
                    let path = opened.path().to_owned();
                    let text = io::read_to_string(opened.into_file()).unwrap();
                    assert_eq!((path.ends_with(&text), found), (true, text == "bad"), "{text}");
                }
                Err(TrustError::Replaced { .. }) => {}
                Err(other) => panic!("{other}"),
            }
        }
    });
}

#[test]
fn dots_in_a_name_lead_nowhere_else() {
    let folder = Folder::new();
    let target = folder.file("target", 0o644);
    folder.directory("a", 0o755);
    folder.directory("a/b", 0o755);
    symlink("a/b", folder.path("link")).unwrap();
    let through_link = folder.path("link/../../target");
    assert_eq!(open(&through_link, Policy::Warn).unwrap().path(), target);
    assert_eq!(open(&folder.path("./a/.//../target"), Policy::Warn).unwrap().path(), target);
}

#[test]
fn missing_and_circular_names_are_errors() {
    let folder = Folder::new();
    let missing = open(&folder.path("missing"), Policy::Warn).unwrap_err();
    assert!(missing.is_missing());
    assert!(missing.to_string().contains("No such file"), "{missing}");
    symlink("loop", folder.path("loop")).unwrap();
    let circular = open(&folder.path("loop"), Policy::Warn).unwrap_err();
    assert!(matches!(circular, TrustError::Open { .. }) && !circular.is_missing(), "{circular}");
    symlink("nowhere", folder.path("dangling")).unwrap();
    assert!(open(&folder.path("dangling"), Policy::Warn).unwrap_err().is_missing());
    assert!(open(Path::new(""), Policy::Warn).unwrap_err().is_missing());
}

#[test]
fn what_is_no_regular_file_is_named() {
    let folder = Folder::new();
    let directory = folder.directory("directory", 0o755);
    let text = open(&directory, Policy::Warn).unwrap_err().to_string();
    assert_eq!(text, format!("{} is a directory, expected a regular file", directory.display()));
    let text = open(Path::new("/dev/null"), Policy::Warn).unwrap_err().to_string();
    assert_eq!(text, "/dev/null is a device, expected a regular file");
}

#[test]
fn a_fifo_does_not_block() {
    let folder = Folder::new();
    let path = folder.path("fifo");
    let mode = rustix::fs::Mode::from_raw_mode(0o644);
    rustix::fs::mknodat(rustix::fs::CWD, &path, rustix::fs::FileType::Fifo, mode, 0).unwrap();
    let (tell, told) = mpsc::channel();
    let named = path.clone();
    std::thread::spawn(move || tell.send(open(&named, Policy::Warn).map(drop)));
    let error = told.recv_timeout(Duration::from_secs(10)).expect("blocked on a FIFO").unwrap_err();
    assert_eq!(error.to_string(), format!("{} is a FIFO, expected a regular file", path.display()));
}

#[test]
fn an_unreadable_file_is_an_error() {
    let folder = Folder::new();
    let path = folder.file("secret", 0o000);
    let result = open(&path, Policy::Warn);
    if effective_uid() == 0 {
        // Root reads it all the same.
        assert!(result.is_ok());
    } else {
        let error = result.unwrap_err();
        assert!(matches!(error, TrustError::Open { .. }) && !error.is_missing());
        assert!(error.to_string().contains("Permission denied"), "{error}");
    }
}

#[test]
fn a_test_does_not_run_under_at_secure() {
    assert!(!at_secure());
    let expected = if effective_uid() == 0 { Policy::Refuse } else { Policy::Warn };
    assert_eq!(Policy::of_process(), expected);
}
