//! Where contexts wait when the config does not say: in the first of three directories that is usable, and importers look
//! in each. With mounts of the test's own, so that the host is left alone.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

use gss_core::Major;
use gss_tests::exporter::{Exporter, FORGOTTEN, files};
use gss_tests::peer::{Peer, Start};
use gss_tests::{Site, dummy_site};
use std::path::Path;
use std::thread::sleep;

/// Where exports go when the config does not say.
struct Defaults {
    peer: Peer,
    _site: Site,
}

impl Defaults {
    /// In a process whose `/run` and `/dev/shm` are its own, and where these commands have been run.
    fn new(commands: &str) -> Self {
        let site = dummy_site("");
        let include = site.path("plugins.d/*.conf");
        site.write("plugins.conf", &format!("include {}\n", include.display()));
        let mounts = "mount -t tmpfs none /run; mount -t tmpfs -o mode=1777 none /dev/shm";
        let mut peer = Start::new(&site).mounts(&format!("{mounts}\n{commands}")).start();
        peer.done("establish ours theirs");
        Self { peer, _site: site }
    }

    /// Exports, and the entry lies here.
    fn exports_to(&mut self, place: &str) -> Vec<u8> {
        let token = self.peer.done("export theirs");
        let everything = ["/run", "/dev/shm"].map(|root| files(&self.peer.sees(Path::new(root)))).concat();
        let entries: Vec<_> = everything.iter().filter(|path| !path.is_symlink()).collect();
        assert_eq!(entries.len(), 1, "{entries:?}");
        assert!(entries[0].starts_with(self.peer.sees(Path::new(place))), "{entries:?}");
        token
    }

    fn imports(&mut self, token: &[u8]) {
        self.peer.import("theirs", token);
        self.peer.done("converse ours theirs");
    }
}

const SYSTEM: &str = "/run/gss/transfer";
const USER: &str = "/run/user/0/gss-transfer";
const SHARED: &str = "/dev/shm/gss-transfer-0";

#[test]
fn without_a_configured_directory_the_first_usable_one_is_used_and_any_is_looked_in() {
    let mut defaults = Defaults::new("");
    let in_shared = defaults.exports_to(SHARED);
    defaults.imports(&in_shared);
    for (commands, place) in [("mkdir -p -m 755 /run/user/0", USER), ("mkdir -p -m 755 /run/gss/transfer", SYSTEM)] {
        // What waits in a later one is found when there is an earlier one.
        let before = defaults.exports_to(if place == USER { SHARED } else { USER });
        defaults.peer.shell(commands);
        sleep(FORGOTTEN);
        defaults.imports(&before);
        sleep(FORGOTTEN);
        let token = defaults.exports_to(place);
        defaults.imports(&token);
    }
}

#[test]
fn a_default_directory_must_be_in_memory_and_its_owners() {
    for (commands, place) in [
        ("mkdir -p -m 755 /run/gss/transfer; mount -t ramfs none /run/gss/transfer", SHARED),
        ("mkdir -p /run/gss/transfer; chmod 777 /run/gss/transfer; mkdir -p -m 755 /run/user/0", USER),
        ("mkdir -p /run/gss; ln -s /dev/shm /run/gss/transfer; mkdir -p -m 755 /run/user/0", USER),
        ("mkdir -p /run/user/0; mkdir -m 755 /run/user/0/gss-transfer", SHARED),
    ] {
        let mut defaults = Defaults::new(commands);
        let token = defaults.exports_to(place);
        defaults.imports(&token);
    }
}

#[test]
fn where_no_default_directory_is_usable_the_export_names_each_with_its_reason() {
    let commands = "mkdir -p -m 755 /run/gss/transfer; mount -t ramfs none /run/gss/transfer
        ln -s /run /dev/shm/gss-transfer-0";
    let mut defaults = Defaults::new(commands);
    for words in [
        "no directory to let the context wait in",
        "/run/gss/transfer: it is not on a tmpfs",
        "/run/user/0/gss-transfer: there is no such directory",
        "/dev/shm/gss-transfer-0: it is not a directory",
    ] {
        defaults.peer.fails("export theirs", Major::FAILURE, words);
    }
    defaults.peer.done("converse ours theirs");
    defaults.peer.shell("rm /dev/shm/gss-transfer-0");
    let token = defaults.exports_to(SHARED);
    defaults.imports(&token);
}

#[test]
fn a_configured_directory_may_lie_anywhere() {
    let site = dummy_site("");
    let ramfs = format!("mount -t ramfs none {}", site.store().display());
    let peer = Start::new(&site).mounts(&ramfs).start();
    let mut exporter = Exporter { site, peer }.with_context();
    exporter.moves();
}
