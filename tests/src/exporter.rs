//! A process whose transfers go wrong, and its transfer store, which is made to be wrong.

use crate::peer::{Peer, Start};
use crate::{Site, dummy_site};
use gss_core::Major;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Longer than a folder of the store is taken for what it was.
pub const FORGOTTEN: Duration = Duration::from_millis(1200);

/// A process with a pair of contexts, whose exports and imports are to fail.
#[derive(Debug)]
pub struct Exporter {
    /// Its config and its store.
    pub site: Site,
    /// The process, with the contexts `ours` and `theirs`.
    pub peer: Peer,
}

impl Exporter {
    /// Over a site of its own.
    pub fn new() -> Self {
        Self::over(dummy_site(""))
    }

    /// Over this site.
    pub fn over(site: Site) -> Self {
        let peer = Peer::new(&site);
        Self { site, peer }.with_context()
    }

    /// The process has mounts of its own, and its store is a tmpfs of its own with these options.
    pub fn with_store(options: &str) -> Self {
        let site = dummy_site("");
        let mount = format!("mount -t tmpfs -o mode=755{options} none {}", site.store().display());
        let peer = Start::new(&site).mounts(&mount).start();
        Self { site, peer }.with_context()
    }

    /// Makes the contexts.
    pub fn with_context(mut self) -> Self {
        self.peer.done("establish ours theirs");
        self
    }

    /// The export fails like this; the context is as it was, and nothing is left.
    pub fn export_fails(&mut self, major: Major, words: &str) {
        self.peer.fails("export theirs", major, words);
        self.peer.done("converse ours theirs");
        assert_eq!(self.waiting(), Vec::<PathBuf>::new());
    }

    /// Exports, which succeeds, and answers the token.
    pub fn export(&mut self) -> Vec<u8> {
        self.peer.done("export theirs")
    }

    /// The import fails like this, and the context still waits.
    pub fn import_fails(&mut self, token: &[u8], major: Major, words: &str) {
        self.peer.import_fails(token, major, words);
    }

    /// What was wrong has been mended: the token is good.
    pub fn imports(&mut self, token: &[u8]) {
        self.peer.import("theirs", token);
        self.peer.done("converse ours theirs");
        assert_eq!(self.waiting(), Vec::<PathBuf>::new());
    }

    /// What was wrong has been mended: the same context goes out and comes back.
    pub fn moves(&mut self) {
        let token = self.export();
        self.imports(&token);
    }

    /// The store, as the process sees it.
    pub fn store(&self) -> PathBuf {
        self.peer.sees(self.site.store())
    }

    /// Everything in the store that is no folder.
    pub fn waiting(&self) -> Vec<PathBuf> {
        files(&self.store())
    }

    /// The one entry that waits.
    pub fn entry(&self) -> PathBuf {
        let waiting = self.waiting();
        assert_eq!(waiting.len(), 1, "{waiting:?}");
        waiting.into_iter().next().expect("the store can be used")
    }

    /// The folder of the user who exports.
    pub fn folder(&self) -> PathBuf {
        let uid = fs::metadata(format!("/proc/{}", self.peer.id())).expect("the store can be used").uid();
        self.site.store().join(format!("u{uid}"))
    }
}

/// Whatever lies below a folder and is no folder itself.
pub fn files(folder: &Path) -> Vec<PathBuf> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let entry = entry.expect("the store can be used");
        if entry.file_type().expect("the store can be used").is_dir() {
            all.extend(files(&entry.path()));
        } else {
            all.push(entry.path());
        }
    }
    all
}

/// Something else takes the place of a path, and it is put back at the end.
pub fn instead_of(path: &Path, put: impl FnOnce(&Path), then: impl FnOnce()) {
    let aside = path.with_extension("aside");
    fs::rename(path, &aside).expect("the store can be used");
    put(&aside);
    then();
    if fs::symlink_metadata(path).is_ok() {
        fs::remove_file(path).expect("the store can be used");
    }
    fs::rename(&aside, path).expect("the store can be used");
}

impl Default for Exporter {
    fn default() -> Self {
        Self::new()
    }
}
