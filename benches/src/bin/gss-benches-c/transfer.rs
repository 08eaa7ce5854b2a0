//! What it costs to hand a context over, by each kind of token, beside MIT and Heimdal; and whether that grows with what
//! waits in the store.

use crate::direct::Direct;
use crate::site::Site;
use gss_benches::harness::{compare, per_second, table};
use gss_benches::library::Running;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// How many contexts are on their way at once: the batch of c/library.c. Two processes at work are disturbed more often
/// than one, the less so the shorter a round is.
const BATCH: u32 = 16;
/// How many contexts wait while it is measured whether that matters.
const WAITING: u32 = 100_000;
/// Over how many minutes those spread that go on waiting for ten hours at most, as the default has it.
const MINUTES: u64 = 600;

/// `kerberos`: ours with portable tokens, MIT, Heimdal.
pub(crate) fn measure(site: &Site, kerberos: &[Running], direct: &Direct) {
    let stores = Stores::new();
    let once = site.once("libgss, krb5-sim, once", &stores.make("empty")).measuring();
    let names = ["libgss, krb5-sim, once", "libgss, krb5-sim, portable", "MIT, krb5", "Heimdal, krb5"];
    let libraries = |operation| {
        let all = std::iter::once(&once).chain(kerberos).zip(names);
        all.map(|(library, name)| library.variant(operation, 1).named(name)).collect::<Vec<_>>()
    };
    for (operation, title, acceptor) in [
        ("transfer_acceptor", "gss_export_sec_context + gss_import_sec_context, acceptor (goal: once below MIT)", true),
        ("transfer_initiator", "gss_export_sec_context + gss_import_sec_context, initiator", false),
    ] {
        let mut variants = libraries(operation);
        variants.push(direct.transfer(acceptor));
        table(title, &compare(&variants));
    }
    per_second(
        "contexts from process to process: exported, sent, imported, and acknowledged with a wrapped byte",
        &compare(&libraries("handover").into_iter().map(|variant| variant.rounds_of(BATCH)).collect::<Vec<_>>()),
    );
    waiting(site, &stores, &once);
}

/// The same with many contexts in the store.
fn waiting(site: &Site, stores: &Stores, empty: &Running) {
    let crowd = stores.make("crowd");
    let crowded = site.once("100 000 waiting in one minute", &crowd).measuring();
    // The folder of a minute stays when nothing waits in it any more: so it is known where this process's contexts wait.
    crowded.run("transfer_acceptor", 1, 1);
    let minute = folders(&crowd).pop().expect("a context has waited");
    crowded.run("leave", 1, WAITING);
    gather(&crowd, &minute).expect("a temporary folder");
    let spread = stores.make("spread");
    scatter(&minute, &spread).expect("a temporary folder");
    let spread = site.once("100 000 waiting, over 600 minutes", &spread).measuring();
    let variants = [
        ("nothing waiting", empty),
        ("100 000 waiting, over 600 minutes", &spread),
        ("100 000 in one minute", &crowded),
    ]
    .map(|(name, library)| library.variant("transfer_acceptor", 1).named(name));
    table("export + import, acceptor, once (goal: within x1.20, however many wait)", &compare(&variants));
}

/// The folders of minutes in a store.
fn folders(store: &Path) -> Vec<PathBuf> {
    let audience = fs::read_dir(store).expect("a temporary folder").next().expect("one audience").expect("its folder");
    let minutes = fs::read_dir(audience.path()).expect("a temporary folder");
    minutes.map(|minute| minute.expect("a folder").path()).collect()
}

/// Has everything wait in one minute.
fn gather(store: &Path, minute: &Path) -> io::Result<()> {
    for folder in folders(store).iter().filter(|folder| *folder != minute) {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            fs::rename(entry.path(), minute.join(entry.file_name()))?;
        }
    }
    let waiting = fs::read_dir(minute)?.count();
    assert_eq!(waiting, WAITING as usize, "contexts that were exported, and wait");
    Ok(())
}

/// Copies what waits in one minute to another store, over many minutes.
fn scatter(minute: &Path, store: &Path) -> io::Result<()> {
    let name = minute.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let (first, class) = name.split_once('.').expect("a minute and a class");
    let first: u64 = first.parse().expect("a minute");
    let audience = minute.parent().and_then(Path::file_name).expect("an audience's folder");
    let folder = |number: u64| store.join(audience).join(format!("{}.{class}", first + number));
    for number in 0..MINUTES {
        private(&folder(number))?;
    }
    for (entry, number) in fs::read_dir(minute)?.zip((0..MINUTES).cycle()) {
        let entry = entry?;
        fs::copy(entry.path(), folder(number).join(entry.file_name()))?;
    }
    Ok(())
}

/// Makes a folder that only its owner can enter.
fn private(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// Transfer stores of our own, in memory as the usual ones are; removed with all that waits there.
struct Stores(TempDir);

impl Stores {
    fn new() -> Self {
        Self(tempfile::tempdir_in("/dev/shm").expect("a tmpfs at /dev/shm"))
    }

    fn make(&self, name: &str) -> PathBuf {
        let path = self.0.path().join(name);
        private(&path).expect("a temporary folder");
        path
    }
}
