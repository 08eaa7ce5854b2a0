//! Who may import what: processes of several users, and folders of the store for each user and for a group. The kernel
//! enforces it, and the importer checks it before it opens anything.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

use gss_core::Major;
use gss_core::config::{Config, Settings};
use gss_core::transfer::admin;
use gss_tests::peer::{Peer, Start, needs_root};
use gss_tests::{Site, dummy_site};
use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

const NOBODY: u32 = 65534;
/// Ids that nobody has on this host. Nothing looks their names up.
const OTHER: u32 = 54_320;
const GROUP: u32 = 54_321;

/// A site that other users can read, with the dummy under these options.
fn site(options: &str) -> Site {
    needs_root("processes become other users");
    let site = dummy_site(options);
    site.open_to_others();
    site
}

/// Makes a folder of the store as an administrator would.
fn folder(site: &Site, name: &str, uid: u32, gid: u32, mode: u32) -> PathBuf {
    let path = site.store().join(name);
    fs::create_dir(&path).unwrap();
    chown(&path, Some(uid), Some(gid)).unwrap();
    // Afterwards: chown takes the set-group-id bit away.
    fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
    path
}

fn group_folder(site: &Site) -> PathBuf {
    folder(site, &format!("g{GROUP}"), 0, GROUP, 0o2770)
}

fn user_folder(site: &Site, uid: u32) -> PathBuf {
    folder(site, &format!("u{uid}"), uid, uid, 0o700)
}

/// A process that has read the config and loaded the mechanism, and then became another user.
fn user(site: &Site, uid: u32, groups: &[u32]) -> Peer {
    user_of(Start::new(site), uid, groups)
}

fn user_of(start: Start<'_>, uid: u32, groups: &[u32]) -> Peer {
    let mut peer = start.start();
    peer.done("load");
    peer.becomes(uid, uid, groups);
    peer
}

/// Root, with a pair of contexts, in the group that may import.
fn acceptor(site: &Site) -> Peer {
    let mut acceptor = user(site, 0, &[0, GROUP]);
    acceptor.done("establish ours theirs");
    acceptor
}

const IN_GROUP: &str = "gss.import-group=54321";

#[test]
fn an_acceptor_that_is_root_hands_to_a_worker_in_the_group() {
    let site = site(IN_GROUP);
    group_folder(&site);
    let mut acceptor = acceptor(&site);
    // As a supplementary group, and as the worker's own.
    for worker in [user(&site, NOBODY, &[GROUP]), {
        let mut worker = Peer::new(&site);
        worker.done("load");
        worker.becomes(NOBODY, GROUP, &[]);
        worker
    }] {
        let mut worker = worker;
        let token = acceptor.done("export theirs");
        let entry = site.waiting().pop().unwrap();
        let of = |path: &Path| fs::metadata(path).map(|stat| (stat.uid(), stat.gid(), stat.mode() & 0o7777)).unwrap();
        assert_eq!(of(&entry), (0, GROUP, 0o640));
        assert_eq!(of(entry.parent().unwrap()), (0, GROUP, 0o2770));
        worker.import("theirs", &token);
        acceptor.converse_with("ours", &mut worker, "theirs");
        assert_eq!(site.waiting(), Vec::<PathBuf>::new());
        acceptor.import_fails(&token, Major::NO_CONTEXT, "no context waits under the token");
        acceptor.done("establish ours theirs");
    }
}

#[test]
fn the_umask_keeps_nothing_from_the_group() {
    for umask in ["077", "0777"] {
        let site = site(IN_GROUP);
        group_folder(&site);
        let mut acceptor = acceptor(&site);
        acceptor.done(&format!("umask {umask}"));
        let token = acceptor.done("export theirs");
        let mut worker = user(&site, NOBODY, &[GROUP]);
        worker.import("theirs", &token);
        acceptor.converse_with("ours", &mut worker, "theirs");
    }
}

#[test]
fn outside_the_group_it_is_unauthorized() {
    let site = site(IN_GROUP);
    group_folder(&site);
    let mut acceptor = acceptor(&site);
    let token = acceptor.done("export theirs");
    let words = "only processes in the group with gid 54321 may import the context";
    for (uid, groups) in [(NOBODY, &[][..]), (NOBODY, &[OTHER]), (0, &[0])] {
        user(&site, uid, groups).import_fails(&token, Major::UNAUTHORIZED, words);
    }
    // With a token that says otherwise the kernel keeps the folder shut, or there is nothing.
    let mut forged = token.clone();
    forged[14 + 8] = 0;
    forged[14 + 12..14 + 16].copy_from_slice(&NOBODY.to_be_bytes());
    user(&site, NOBODY, &[]).import_fails(&forged, Major::NO_CONTEXT, "no context waits under the token");
    user(&site, NOBODY, &[GROUP]).import("theirs", &token);
}

/// The folder is the policy: whoever is in the group by the token but not by the kernel gets nothing.
#[test]
fn the_kernel_has_the_last_word() {
    let site = site(IN_GROUP);
    let path = group_folder(&site);
    let mut acceptor = acceptor(&site);
    let token = acceptor.done("export theirs");
    let mut worker = user(&site, NOBODY, &[GROUP]);
    // The folder of the minute, which no rule of ours looks at.
    let minute = site.waiting().pop().unwrap().parent().unwrap().to_owned();
    fs::set_permissions(&minute, Permissions::from_mode(0o700)).unwrap();
    worker.import_fails(&token, Major::UNAUTHORIZED, "Permission denied");
    fs::set_permissions(&minute, Permissions::from_mode(0o2770)).unwrap();
    chown(&path, None, Some(OTHER)).unwrap();
    worker.import_fails(&token, Major::UNAUTHORIZED, "gid 54320, expected 54321");
    chown(&path, None, Some(GROUP)).unwrap();
    fs::set_permissions(&path, Permissions::from_mode(0o2770)).unwrap();
    worker.import("theirs", &token);
    acceptor.converse_with("ours", &mut worker, "theirs");
}

#[test]
fn a_stolen_token_is_of_no_use_to_another_user() {
    let site = site("");
    for exporter in [0, OTHER] {
        if exporter == OTHER {
            user_folder(&site, OTHER);
        }
        let mut owner = user(&site, exporter, &[]);
        owner.done("establish ours theirs");
        let token = owner.done("export theirs");
        let words = format!("only processes of uid {exporter} may import the context");
        for by in [NOBODY, 0, OTHER].into_iter().filter(|uid| *uid != exporter) {
            let mut thief = user(&site, by, &[]);
            thief.import_fails(&token, Major::UNAUTHORIZED, &words);
            // Neither with a token that calls it his: it names no path, only his own folder.
            let mut forged = token.clone();
            forged[14 + 12..14 + 16].copy_from_slice(&by.to_be_bytes());
            thief.import_fails(&forged, Major::NO_CONTEXT, "no context waits under the token");
        }
        owner.import("theirs", &token);
        owner.done("converse ours theirs");
    }
}

#[test]
fn a_group_folder_of_any_other_owner_or_mode_is_not_exported_to() {
    for (uid, gid, mode, words) in [
        (NOBODY, GROUP, 0o2770, "g54321 belongs to uid 65534, expected root"),
        (0, OTHER, 0o2770, "g54321 belongs to gid 54320, expected 54321"),
        (0, GROUP, 0o0770, "g54321 is 0770, expected 2770"),
        (0, GROUP, 0o2775, "g54321 is 2775, expected 2770"),
        (0, GROUP, 0o2777, "g54321 is 2777, expected 2770"),
        (0, GROUP, 0o2750, "g54321 is 2750, expected 2770"),
        // The sticky bit would keep the importer from claiming what root wrote.
        (0, GROUP, 0o3770, "g54321 is 3770, expected 2770"),
    ] {
        let site = site(IN_GROUP);
        let path = folder(&site, &format!("g{GROUP}"), uid, gid, mode);
        let mut acceptor = acceptor(&site);
        acceptor.fails("export theirs", Major::FAILURE, words);
        acceptor.done("converse ours theirs");
        assert_eq!(site.waiting(), Vec::<PathBuf>::new());
        chown(&path, Some(0), Some(GROUP)).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o2770)).unwrap();
        let token = acceptor.done("export theirs");
        acceptor.import("theirs", &token);
        acceptor.done("converse ours theirs");
    }
}

#[test]
fn a_group_without_a_folder_or_without_a_name_on_this_host_is_named() {
    let site_without = site(IN_GROUP);
    acceptor(&site_without).fails("export theirs", Major::FAILURE, "there is no folder g54321 in it");
    let site_unknown = site("gss.import-group=nobody-is-called-this");
    let mut acceptor = acceptor(&site_unknown);
    let words = "gss.import-group=nobody-is-called-this is no group of this host";
    acceptor.fails("export theirs", Major::FAILURE, words);
    acceptor.done("converse ours theirs");
}

/// A member of the group can put into its folder what he likes. Root does not even ask the mechanism about it.
#[test]
fn an_entry_that_a_member_planted_reaches_no_mechanism() {
    let site = site(IN_GROUP);
    let path = group_folder(&site);
    let mut member = user(&site, NOBODY, &[GROUP]);
    member.done("establish ours theirs");
    let token = member.done("export theirs");
    let entry = site.waiting().pop().unwrap();
    assert!(entry.starts_with(&path) && fs::metadata(&entry).unwrap().uid() == NOBODY);

    let panics = format!("{IN_GROUP} panic=import_context");
    let refusing = site.other_dummy("refusing.conf", &panics);
    let mut root = user_of(Start::new(&site).conf(refusing), 0, &[0, GROUP]);
    let words = "it was written by uid 65534, which gss.import-from does not name";
    root.import_fails(&token, Major::UNAUTHORIZED, words);
    // Where the line names him, the mechanism is asked: so the panic would have been seen.
    let asking = site.other_dummy("asking.conf", &format!("{panics} gss.import-from=65534"));
    let mut asking = user_of(Start::new(&site).conf(asking), 0, &[0, GROUP]);
    asking.import_fails(&token, Major::FAILURE, "panicked");

    // The other members are no more credulous than root; he himself, and who names him, imports it.
    user(&site, OTHER, &[GROUP]).import_fails(&token, Major::UNAUTHORIZED, words);
    let naming = site.other_dummy("naming.conf", &format!("{IN_GROUP} gss.import-from=1 gss.import-from=65534"));
    let mut naming = user_of(Start::new(&site).conf(naming), 0, &[0, GROUP]);
    naming.import("theirs", &token);
    member.converse_with("ours", &mut naming, "theirs");
    member.done("establish ours theirs");
    let token = member.done("export theirs");
    member.import("theirs", &token);
    member.done("converse ours theirs");
}

#[test]
fn an_entry_that_was_given_away_is_not_what_was_sealed() {
    let site = site(&format!("{IN_GROUP} gss.import-from=65534"));
    group_folder(&site);
    let mut acceptor = acceptor(&site);
    let token = acceptor.done("export theirs");
    let entry = site.waiting().pop().unwrap();
    chown(&entry, Some(NOBODY), None).unwrap();
    acceptor.import_fails(&token, Major::DEFECTIVE_TOKEN, "do not belong together");
    chown(&entry, Some(0), None).unwrap();
    acceptor.import("theirs", &token);
}

#[test]
fn accounts_are_found_by_name_too() {
    let site = site(&format!("{IN_GROUP} gss.import-from=nobody"));
    group_folder(&site);
    let mut member = user(&site, NOBODY, &[GROUP]);
    member.done("establish ours theirs");
    let token = member.done("export theirs");
    let mut root = user(&site, 0, &[0, GROUP]);
    root.import("theirs", &token);
    member.converse_with("ours", &mut root, "theirs");
}

fn settings(site: &Site) -> Arc<Settings> {
    Config::load(&site.sources()).settings
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

/// Puts entries into a folder of the store that expired so many minutes ago.
fn expired(folder: &Path, minutes: u64, count: u32) -> PathBuf {
    let path = folder.join(format!("{}.0", now() / 60 - minutes));
    fs::create_dir(&path).unwrap();
    for number in 0..count {
        fs::write(path.join(format!("{number:032x}")), "old").unwrap();
    }
    path
}

#[test]
fn exports_remove_expired_entries_a_bounded_number_each_and_sweep_all() {
    let site = dummy_site("");
    let mut first = Peer::new(&site);
    first.done("establish ours theirs");
    let token = first.done("export theirs");
    let entry = site.waiting().pop().unwrap();
    let folder = entry.ancestors().nth(2).unwrap().to_owned();
    let (old, older) = (expired(&folder, 100, 300), expired(&folder, 200, 300));
    let fresh = expired(&folder, 1, 5);
    let entries = |path: &Path| fs::read_dir(path).map_or(0, Iterator::count);
    // A process looks once a minute.
    first.done("establish a b");
    let again = first.done("export b");
    assert_eq!(site.waiting().len(), 607);
    first.import("b", &again);
    for left in [600 - 256, 600 - 512, 0] {
        let mut exporter = Peer::new(&site);
        exporter.done("establish ours theirs");
        let token = exporter.done("export theirs");
        exporter.import("theirs", &token);
        assert_eq!(entries(&old) + entries(&older), left);
    }
    assert!(!old.exists() && !older.exists());
    assert_eq!(entries(&fresh), 5, "an export that was held up may be at work there");

    expired(&folder, 100, 700);
    let swept = admin::sweep(&settings(&site));
    assert_eq!((swept.removed, swept.unseen.len()), (700, 0));
    assert_eq!(site.waiting().len(), 6);
    // What waits is none of that.
    first.import("theirs", &token);
    first.done("converse ours theirs");
}

#[test]
fn a_sweep_of_root_takes_the_entries_of_all_users_and_a_users_only_his() {
    let site = site("");
    let (theirs, own) = (user_folder(&site, OTHER), user_folder(&site, NOBODY));
    let old = [expired(&theirs, 100, 3), expired(&own, 100, 3)];
    for path in &old {
        let owner = fs::metadata(path.parent().unwrap()).unwrap().uid();
        chown(path, Some(owner), None).unwrap();
    }
    let mut nobody = user(&site, NOBODY, &[]);
    nobody.done("establish ours theirs");
    let token = nobody.done("export theirs");
    assert_eq!(old.clone().map(|path| path.exists()), [true, false]);
    let swept = admin::sweep(&settings(&site));
    assert_eq!(swept.removed, 3);
    nobody.import("theirs", &token);
}
