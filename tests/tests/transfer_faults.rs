//! The transfer store where something is wrong with it, with the process, or with the mechanism: a clear status and text
//! each, an exported context that is still usable, a token that is still good, nothing left behind.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

use gss_core::Major;
use gss_tests::dummy_site;
use gss_tests::exporter::{Exporter, FORGOTTEN, files, instead_of};
use gss_tests::peer::{Start, hex, needs_root};
use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{SystemTime, UNIX_EPOCH};

#[test]
fn a_full_store_fails_the_export_and_takes_it_once_there_is_room() {
    let mut exporter = Exporter::with_store(",size=64k");
    // The folders are there before there is no room for what goes into them.
    exporter.moves();
    let fill = exporter.site.store().join("fill").display().to_string();
    exporter.peer.shell(&format!("head -c 1M /dev/zero > {fill} 2>/dev/null || test -s {fill}"));
    exporter.peer.fails("export theirs", Major::FAILURE, "No space left on device");
    exporter.peer.done("converse ours theirs");
    assert_eq!(exporter.waiting().len(), 1, "only what fills it");
    exporter.peer.shell(&format!("rm {fill}"));
    exporter.moves();
}

#[test]
fn a_store_without_inodes_fails_the_export_and_takes_it_once_there_are_some() {
    let mut exporter = Exporter::with_store(",nr_inodes=8");
    exporter.moves();
    let store = exporter.site.store().display().to_string();
    exporter.peer.shell(&format!("for n in 1 2 3 4 5 6 7 8; do mkdir {store}/d$n 2>/dev/null || break; done"));
    exporter.export_fails(Major::FAILURE, "cannot make a file in");
    exporter.export_fails(Major::FAILURE, "No space left on device");
    exporter.peer.shell(&format!("rmdir {store}/d*"));
    exporter.moves();
}

#[test]
fn a_store_without_inodes_for_its_folders_says_so() {
    // For the root of the file system alone.
    let mut exporter = Exporter::with_store(",nr_inodes=1");
    exporter.export_fails(Major::FAILURE, "No space left on device");
    exporter
        .peer
        .shell(&format!("mount --options-source=disable -o remount,nr_inodes=100 {}", exporter.site.store().display()));
    exporter.moves();
}

#[test]
fn a_read_only_store_takes_nothing_and_gives_nothing() {
    let mut exporter = Exporter::with_store("");
    let store = exporter.site.store().display().to_string();
    let remount = |exporter: &Exporter, how: &str| exporter.peer.shell(&format!("mount -o remount,bind,{how} {store}"));
    remount(&exporter, "ro");
    exporter.export_fails(Major::FAILURE, "Read-only file system");
    remount(&exporter, "rw");
    exporter.moves();
    remount(&exporter, "ro");
    exporter.export_fails(Major::FAILURE, "Read-only file system");
    remount(&exporter, "rw");
    let token = exporter.export();
    remount(&exporter, "ro");
    exporter.import_fails(&token, Major::UNAUTHORIZED, "Read-only file system");
    remount(&exporter, "rw");
    exporter.imports(&token);
}

#[test]
fn a_missing_directory_is_named_by_export_and_import() {
    let mut exporter = Exporter::new();
    let store = exporter.site.store().to_owned();
    let named = store.display().to_string();
    for _ in 0..2 {
        instead_of(
            &store,
            |_| {},
            || {
                exporter.peer.fails("export theirs", Major::FAILURE, &format!("{named}: there is no such directory"));
                exporter.peer.done("converse ours theirs");
            },
        );
        exporter.moves();
    }
    let token = exporter.export();
    instead_of(
        &store,
        |_| {},
        || {
            let words = format!("it was imported or revoked, or never here (looked in {named})");
            exporter.peer.import_fails(&token, Major::NO_CONTEXT, &words);
        },
    );
    exporter.imports(&token);
}

#[test]
fn what_is_no_directory_is_named() {
    let mut exporter = Exporter::new();
    let store = exporter.site.store().to_owned();
    instead_of(
        &store,
        |_| fs::write(&store, "").unwrap(),
        || {
            exporter.peer.fails("export theirs", Major::FAILURE, "it is not a directory");
            exporter.peer.done("converse ours theirs");
        },
    );
    exporter.moves();
}

#[test]
fn a_directory_of_another_owner_or_mode_is_not_used() {
    needs_root("a directory is given to another user");
    let refused = |change: &dyn Fn(&Path), mend: &dyn Fn(&Path), of_folder: bool, words: &str| {
        let mut exporter = Exporter::new();
        let store = exporter.site.store().to_owned();
        let path = if of_folder {
            exporter.moves();
            exporter.folder()
        } else {
            store
        };
        sleep(FORGOTTEN);
        change(&path);
        exporter.export_fails(Major::FAILURE, words);
        mend(&path);
        exporter.moves();
        let token = exporter.export();
        sleep(FORGOTTEN);
        change(&path);
        exporter.import_fails(&token, Major::UNAUTHORIZED, words);
        mend(&path);
        exporter.imports(&token);
    };
    let give = |uid: u32| move |path: &Path| std::os::unix::fs::chown(path, Some(uid), None).unwrap();
    let mode = |mode: u32| move |path: &Path| fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    refused(&give(12345), &give(0), false, "it belongs to uid 12345, expected root or uid 0");
    refused(&mode(0o757), &mode(0o755), false, "others than its owner may write to it (mode 0757), expected 0755");
    refused(&mode(0o1777), &mode(0o755), false, "others than its owner may write to it (mode 1777), expected 0755");
    refused(&give(12345), &give(0), true, "u0 belongs to uid 12345, expected 0");
    refused(&mode(0o710), &mode(0o700), true, "u0 is 0710, expected 0700");
}

#[test]
fn a_link_in_place_of_a_folder_is_never_followed() {
    for at_folder in [false, true] {
        let mut exporter = Exporter::new();
        exporter.moves();
        let path = if at_folder { exporter.folder() } else { exporter.site.store().to_owned() };
        sleep(FORGOTTEN);
        instead_of(
            &path,
            |aside| symlink(aside, &path).unwrap(),
            || {
                exporter.peer.fails("export theirs", Major::FAILURE, "it is not a directory");
                exporter.peer.done("converse ours theirs");
            },
        );
        exporter.moves();
        let token = exporter.export();
        sleep(FORGOTTEN);
        instead_of(
            &path,
            |aside| symlink(aside, &path).unwrap(),
            || {
                exporter.peer.import_fails(&token, Major::UNAUTHORIZED, "it is not a directory");
            },
        );
        exporter.imports(&token);
    }
}

#[test]
fn a_link_in_place_of_a_minutes_folder_is_never_followed() {
    let mut exporter = Exporter::new();
    exporter.moves();
    let elsewhere = tempfile::tempdir_in("/dev/shm").unwrap();
    // Ten hours from now, and a while later, in each size that there is.
    let minute = (SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() + 36_000) / 60;
    let links: Vec<PathBuf> = (0..30)
        .flat_map(|late| [0, 1].map(|class| format!("{}.{class}", minute + late)))
        .map(|name| exporter.folder().join(name))
        .collect();
    for link in &links {
        if link.exists() {
            fs::remove_dir(link).unwrap();
        }
        symlink(elsewhere.path(), link).unwrap();
    }
    exporter.peer.fails("export theirs", Major::FAILURE, "cannot open a folder in");
    exporter.peer.done("converse ours theirs");
    assert_eq!(files(elsewhere.path()), Vec::<PathBuf>::new());
    assert_eq!(exporter.waiting().len(), links.len());
    for link in &links {
        fs::remove_file(link).unwrap();
    }
    let token = exporter.export();
    let folder = exporter.entry().parent().unwrap().to_owned();
    instead_of(
        &folder,
        |aside| symlink(aside, &folder).unwrap(),
        || {
            exporter.peer.import_fails(&token, Major::UNAUTHORIZED, "is not to be used: Not a directory");
        },
    );
    exporter.imports(&token);
}

#[test]
fn a_permission_that_is_revoked_between_put_and_take_is_unauthorized() {
    needs_root("the exporter becomes another user, for whom permissions count");
    let site = dummy_site("");
    site.open_to_others();
    let mut exporter = Exporter::over(site);
    let folder = exporter.site.store().join("u65534");
    fs::create_dir(&folder).unwrap();
    std::os::unix::fs::chown(&folder, Some(65534), Some(65534)).unwrap();
    let mode = |mode: u32| fs::set_permissions(&folder, Permissions::from_mode(mode)).unwrap();
    mode(0o700);
    exporter.peer.becomes(65534, 65534, &[]);
    let token = exporter.export();
    mode(0o000);
    exporter.import_fails(&token, Major::UNAUTHORIZED, "Permission denied");
    mode(0o500);
    // The folder of the minute is what must be writable.
    let minute = exporter.entry().parent().unwrap().to_owned();
    fs::set_permissions(&minute, Permissions::from_mode(0o500)).unwrap();
    exporter.import_fails(&token, Major::UNAUTHORIZED, "Permission denied");
    fs::set_permissions(&minute, Permissions::from_mode(0o700)).unwrap();
    mode(0o700);
    exporter.imports(&token);
    // And for exports: where there is nothing to be put.
    mode(0o500);
    fs::remove_dir(&minute).unwrap();
    exporter.export_fails(Major::FAILURE, "Permission denied");
    mode(0o000);
    sleep(FORGOTTEN);
    exporter.export_fails(Major::FAILURE, "Permission denied");
    mode(0o700);
    exporter.moves();
}

#[test]
fn the_umask_changes_nothing() {
    for umask in ["077", "0777", "0"] {
        let mut exporter = Exporter::new();
        exporter.peer.done(&format!("umask {umask}"));
        let token = exporter.export();
        let entry = exporter.entry();
        let mode = |path: &Path| fs::metadata(path).unwrap().mode() & 0o7777;
        assert_eq!(mode(&entry), 0o600, "umask {umask}");
        for folder in entry.ancestors().skip(1).take(2) {
            assert_eq!(mode(folder), 0o700, "umask {umask}, {}", folder.display());
        }
        exporter.imports(&token);
    }
}

#[test]
fn exporter_and_importer_need_no_environment_in_common() {
    let mut exporter = Exporter::new();
    let elsewhere = tempfile::tempdir().unwrap();
    let mut importer = Start::new(&exporter.site)
        .variable("HOME", elsewhere.path())
        .variable("TMPDIR", &elsewhere.path().join("nowhere"))
        .variable("XDG_RUNTIME_DIR", elsewhere.path())
        .variable("LANG", Path::new("tlh_KX"))
        .folder(elsewhere.path())
        .start();
    let token = exporter.export();
    importer.import("theirs", &token);
    exporter.peer.converse_with("ours", &mut importer, "theirs");
    let token = importer.done("export theirs");
    exporter.imports(&token);
    assert_eq!(files(elsewhere.path()), Vec::<PathBuf>::new());
}

#[test]
fn a_limit_on_the_size_of_files_fails_the_export_and_kills_nobody() {
    let mut exporter = Exporter::new();
    for limit in ["0", "1", "100"] {
        exporter.peer.limit("fsize", limit);
        exporter.export_fails(Major::FAILURE, "File too large");
    }
    exporter.peer.limit("fsize", "unlimited");
    exporter.moves();
}

#[test]
fn without_file_descriptors_each_step_fails_and_leaves_all_as_it_was() {
    let mut exporter = Exporter::new();
    exporter.moves();
    let limits = exporter.peer.free_descriptors();
    let mut failures = 0;
    for limit in &limits {
        // A folder that is new each time, so that the last step has something to do, too.
        for folder in fs::read_dir(exporter.folder()).unwrap() {
            fs::remove_dir(folder.unwrap().path()).unwrap();
        }
        exporter.peer.limit("nofile", &limit.to_string());
        match exporter.peer.ask("export theirs") {
            Err(failure) => {
                assert_eq!(failure.major, Major::FAILURE, "{failure:?}");
                assert!(failure.text.contains("Too many open files"), "{failure:?}");
                exporter.peer.done("converse ours theirs");
                assert_eq!(exporter.waiting(), Vec::<PathBuf>::new());
                failures += 1;
            }
            Ok(token) => {
                exporter.peer.limit("nofile", "1024");
                exporter.imports(&token);
                break;
            }
        }
    }
    // The file, and the folder that it goes into.
    assert!(failures >= 2, "{failures}");

    let token = exporter.export();
    let mut failures = 0;
    for limit in &limits {
        exporter.peer.limit("nofile", &limit.to_string());
        let imported = exporter.peer.ask(&format!("import theirs {}", hex(&token)));
        exporter.peer.limit("nofile", "1024");
        match imported {
            Err(failure) => {
                assert_eq!(failure.major, Major::FAILURE, "{failure:?}");
                assert!(failure.text.contains("Too many open files"), "{failure:?}");
                assert_eq!(exporter.waiting().len(), 1);
                failures += 1;
            }
            Ok(_) => {
                exporter.peer.done("converse ours theirs");
                assert_eq!(exporter.waiting(), Vec::<PathBuf>::new());
                break;
            }
        }
    }
    assert!(failures >= 2, "{failures}");
    exporter.moves();
}

#[test]
fn a_reached_limit_fails_the_export_until_something_is_claimed() {
    let site = dummy_site("");
    site.write("plugins.conf", &format!("{}gss.transfer-limit=64K\n", site.settings()));
    let mut exporter = Exporter::over(site);
    let mut tokens = Vec::new();
    for number in 0..16 {
        exporter.peer.done(&format!("establish ours{number} theirs{number}"));
        tokens.push(exporter.peer.done(&format!("export theirs{number}")));
    }
    for _ in 0..2 {
        let words = "those that wait count as 65536 bytes, and 65536 are allowed";
        exporter.peer.fails("export theirs", Major::FAILURE, words);
        exporter.peer.fails("export theirs", Major::FAILURE, "65536 are allowed (gss.transfer-limit)");
        exporter.peer.done("converse ours theirs");
    }
    assert_eq!(exporter.waiting().len(), 16);
    exporter.peer.import("theirs3", &tokens[3]);
    exporter.peer.done("converse ours3 theirs3");
    let token = exporter.export();
    exporter.peer.import("theirs", &token);
    exporter.peer.done("converse ours theirs");
    for (number, token) in tokens.iter().enumerate().filter(|(number, _)| *number != 3) {
        exporter.peer.import(&format!("theirs{number}"), token);
    }
    assert_eq!(exporter.waiting(), Vec::<PathBuf>::new());
}

/// A call that fails in one process leaves the token good for another, whose config asks for no fault.
#[test]
fn a_mechanism_that_fails_to_import_leaves_the_token_good() {
    let mut exporter = Exporter::new();
    let mut token = exporter.export();
    for (number, (options, major, words)) in [
        ("fail=import_context", Major::FAILURE, "fault injected"),
        ("fail=import_context:DEFECTIVE_TOKEN", Major::DEFECTIVE_TOKEN, "fault injected"),
        ("fail=import_context:UNAVAILABLE", Major::UNAVAILABLE, "fault injected"),
        ("fail=import_context:NO_CONTEXT", Major::NO_CONTEXT, "fault injected"),
        ("panic=import_context", Major::FAILURE, "panicked"),
        ("lie=import_context", Major::FAILURE, "an error that is none"),
    ]
    .into_iter()
    .enumerate()
    {
        let conf = exporter.site.other_dummy(&format!("faulty{number}.conf"), options);
        let mut importer = Start::new(&exporter.site).conf(conf).start();
        importer.import_fails(&token, major, words);
        assert_eq!(exporter.waiting().len(), 1, "{options}");
        drop(importer);
        exporter.imports(&token);
        token = exporter.export();
    }
    exporter.imports(&token);
}

#[test]
fn a_mechanism_that_fails_to_serialize_keeps_its_context_and_leaves_nothing() {
    for (options, major, words) in [
        ("fail=serialize", Major::FAILURE, "fault injected"),
        ("fail=serialize:NO_CONTEXT", Major::NO_CONTEXT, "fault injected"),
        ("fail=serialize:UNAVAILABLE", Major::UNAVAILABLE, "fault injected"),
        ("lie=serialize", Major::FAILURE, "no bytes"),
        ("panic=serialize", Major::FAILURE, "panicked"),
    ] {
        let mut exporter = Exporter::over(dummy_site(options));
        exporter.export_fails(major, words);
        exporter.export_fails(major, words);
    }
}
