//! Entries of the transfer store that are not what was put there, and tokens that are not what they were: refused, each with
//! its status and text, and good again once they are as they were.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

use gss_core::Major;
use gss_tests::dummy_site;
use gss_tests::exporter::{Exporter, instead_of};
use gss_tests::peer::hex;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::thread::sleep;
use std::time::Duration;

#[test]
fn what_is_no_regular_file_is_no_entry() {
    let mut exporter = Exporter::new();
    let token = exporter.export();
    let entry = exporter.entry();
    instead_of(
        &entry,
        |aside| symlink(aside, &entry).unwrap(),
        || {
            exporter.peer.import_fails(&token, Major::UNAUTHORIZED, "Too many levels of symbolic links");
        },
    );
    // A pipe that nobody writes to must not hold up the importer either.
    let pipe = || rustix::fs::mknodat(rustix::fs::CWD, &entry, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
    instead_of(
        &entry,
        |_| pipe(),
        || {
            exporter.peer.import_fails(&token, Major::UNAUTHORIZED, "it is no regular file");
        },
    );
    exporter.imports(&token);
}

#[test]
fn a_truncated_or_longer_entry_is_defective_and_good_again_when_mended() {
    let mut exporter = Exporter::new();
    let token = exporter.export();
    let entry = exporter.entry();
    let whole = fs::read(&entry).unwrap();
    let mut longer = whole.clone();
    longer.push(0);
    let lengths = (0..whole.len()).map(|length| whole[..length].to_vec());
    for altered in lengths.chain([longer, vec![0; 4096], vec![0; 1 << 20]]) {
        fs::write(&entry, &altered).unwrap();
        let words = "do not belong together, or one of them was altered";
        exporter.import_fails(&token, Major::DEFECTIVE_TOKEN, words);
    }
    fs::write(&entry, &whole).unwrap();
    exporter.imports(&token);
}

#[test]
fn an_entry_with_any_byte_altered_is_defective_and_good_again_when_mended() {
    let mut exporter = Exporter::new();
    let token = exporter.export();
    let entry = exporter.entry();
    let whole = fs::read(&entry).unwrap();
    for at in 0..whole.len() {
        for bits in [0x01, 0x55, 0xff] {
            let mut altered = whole.clone();
            altered[at] ^= bits;
            fs::write(&entry, &altered).unwrap();
            exporter.import_fails(&token, Major::DEFECTIVE_TOKEN, "altered");
        }
    }
    fs::write(&entry, &whole).unwrap();
    exporter.imports(&token);
}

#[test]
fn a_copy_of_an_entry_is_none() {
    let mut exporter = Exporter::new();
    let token = exporter.export();
    let entry = exporter.entry();
    let copy = exporter.site.path("copy");
    fs::copy(&entry, &copy).unwrap();
    // The copy in the entry's place, and then after the entry was claimed.
    instead_of(
        &entry,
        |_| assert!(fs::copy(&copy, &entry).unwrap() > 0),
        || {
            exporter.peer.import_fails(&token, Major::DEFECTIVE_TOKEN, "do not belong together");
        },
    );
    exporter.imports(&token);
    exporter.import_fails(&token, Major::NO_CONTEXT, "no context waits under the token");
    fs::copy(&copy, &entry).unwrap();
    exporter.import_fails(&token, Major::DEFECTIVE_TOKEN, "do not belong together");
}

#[test]
fn an_entry_that_was_moved_away_is_gone_until_it_is_back() {
    let mut exporter = Exporter::new();
    let token = exporter.export();
    let entry = exporter.entry();
    instead_of(
        &entry,
        |_| {},
        || {
            exporter.peer.import_fails(&token, Major::NO_CONTEXT, "no context waits under the token");
        },
    );
    exporter.imports(&token);
}

#[test]
fn an_entry_with_two_names_is_not_used() {
    let mut exporter = Exporter::new();
    let token = exporter.export();
    let entry = exporter.entry();
    let second = entry.with_extension("second");
    fs::hard_link(&entry, &second).unwrap();
    exporter.import_fails(&token, Major::UNAUTHORIZED, "it has 2 links, expected 1");
    fs::remove_file(&second).unwrap();
    exporter.imports(&token);
}

#[test]
fn an_entry_that_gets_a_second_name_while_it_is_claimed_makes_no_context() {
    let mut exporter = Exporter::new();
    let token = exporter.export();
    let entry = exporter.entry();
    let second = entry.with_extension("second");
    exporter.peer.done(&format!("prepare-import {}", hex(&token)));
    fs::hard_link(&entry, &second).unwrap();
    exporter.peer.fails("commit-import theirs", Major::UNAUTHORIZED, "it was linked under another name");
    assert!(second.exists() && exporter.waiting().len() == 1);
    // Whoever did that could have kept the entry from being claimed at all. One context comes of it at most.
    fs::rename(&second, &entry).unwrap();
    exporter.imports(&token);
    exporter.import_fails(&token, Major::NO_CONTEXT, "no context waits under the token");
}

#[test]
fn the_entry_of_another_token_is_none() {
    let mut exporter = Exporter::new();
    let first = exporter.export();
    let place = exporter.entry();
    let entry = fs::read(&place).unwrap();
    exporter.peer.done("establish hers his");
    let second = exporter.peer.done("export his");
    let other = exporter.waiting().into_iter().find(|path| *path != place).unwrap();
    let words = "do not belong together";
    instead_of(
        &place,
        |_| fs::rename(&other, &place).unwrap(),
        || {
            exporter.peer.import_fails(&first, Major::DEFECTIVE_TOKEN, words);
            exporter.peer.import_fails(&second, Major::NO_CONTEXT, "no context waits under the token");
            // The other's bytes under the owner and inode that belong to the token.
            fs::rename(&place, &other).unwrap();
        },
    );
    let others = fs::read(&other).unwrap();
    fs::write(&place, &others).unwrap();
    exporter.peer.import_fails(&first, Major::DEFECTIVE_TOKEN, words);
    fs::write(&place, &entry).unwrap();
    exporter.peer.import("theirs", &first);
    exporter.peer.done("converse ours theirs");
    exporter.peer.import("his", &second);
    exporter.peer.done("converse hers his");
    assert_eq!(exporter.waiting(), Vec::<PathBuf>::new());
}

#[test]
fn a_token_that_waited_too_long_says_so() {
    let site = dummy_site("");
    site.write("plugins.conf", &format!("{}gss.transfer-wait=1s\n", site.settings()));
    let mut exporter = Exporter::over(site);
    let token = exporter.export();
    sleep(Duration::from_millis(2500));
    exporter.import_fails(&token, Major::NO_CONTEXT, "the token could be imported until ");
    exporter.import_fails(&token, Major::NO_CONTEXT, " s ago, and is void now");
}

#[test]
fn a_context_that_ends_sooner_takes_its_token_with_it() {
    let site = dummy_site("lifetime=2");
    let mut exporter = Exporter::over(site);
    let token = exporter.export();
    sleep(Duration::from_millis(3500));
    exporter.import_fails(&token, Major::NO_CONTEXT, " s ago, and is void now");
}

#[test]
fn a_token_of_another_boot_says_so_and_the_true_one_is_good() {
    let mut exporter = Exporter::new();
    let token = exporter.export();
    for at in 14 + 24..14 + 32 {
        let mut other = token.clone();
        other[at] ^= 0x80;
        exporter.import_fails(&other, Major::NO_CONTEXT, "the token was made on another host, or before");
    }
    exporter.imports(&token);
}
