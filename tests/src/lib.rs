//! What the tests share: plugins built the way a stranger builds them, and a folder to drop them into.
#![allow(clippy::expect_used, clippy::panic, reason = "a test that cannot be set up has failed")]

pub mod c;
pub mod c_mechanism;
pub mod environment;
pub mod exporter;
pub mod gssctl;
pub mod holder;
pub mod memory;
pub mod mit;
pub mod ntlmssp;
pub mod party;
pub mod peer;

use gss_core::config::Sources;
use gss_core::{Context, Flags, Gss, Oid, Result, name_type};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// The folder that cargo builds this workspace into, for the profile of this test.
pub fn built() -> PathBuf {
    let test = std::env::current_exe().expect("the path of the running test");
    // …/target/debug/deps/test-hash
    let profile = test.parent().and_then(Path::parent).expect("a test lies in target/PROFILE/deps");
    profile.to_owned()
}

/// A program or plugin of this workspace, built from the sources as they are: cargo alone builds it for a test only where
/// the test's package depends on it, and a stale one would be tested in silence.
pub fn product(package: &str, file: &str) -> PathBuf {
    let built = built();
    let profile = if built.ends_with("release") { "release" } else { "dev" };
    let manifest = here().join("../Cargo.toml");
    cargo(&manifest, built.parent().expect("target"), &["--package", package, "--profile", profile]);
    built.join(file)
}

/// The folder of this package.
pub fn here() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Builds a workspace of its own with cargo, and answers the folder with what was built.
pub fn build_apart(manifest: &Path, target: &str, arguments: &[&str]) -> PathBuf {
    let target = built().join("apart").join(target);
    cargo(manifest, &target, arguments);
    target
}

/// Cargo's own lock keeps tests that run at once apart.
fn cargo(manifest: &Path, target: &Path, arguments: &[&str]) {
    let output = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--manifest-path"])
        .arg(manifest)
        .args(arguments)
        .env("CARGO_TARGET_DIR", target)
        // What the outer cargo sets for this package is not meant for that one.
        .env_remove("RUSTFLAGS")
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .output()
        .expect("cargo runs");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{} {arguments:?} does not build:\n{errors}", manifest.display());
}

/// A plugin directory and a config of the test's own.
#[derive(Debug)]
pub struct Site {
    folder: TempDir,
    /// In memory, as a transfer store should be.
    store: TempDir,
}

impl Site {
    /// An empty one.
    pub fn new() -> Self {
        let folder = tempfile::Builder::new().prefix("gss-test-").tempdir().expect("a temporary folder");
        fs::create_dir(folder.path().join("plugins")).expect("a plugin directory");
        fs::create_dir(folder.path().join("plugins.d")).expect("plugins.d");
        let store = tempfile::Builder::new().prefix("gss-test-").tempdir_in("/dev/shm").expect("a folder in memory");
        let site = Self { folder, store };
        site.write("plugins.conf", &site.settings());
        site
    }

    /// The lines of the config that are not about mechanisms.
    pub fn settings(&self) -> String {
        let (files, store) = (self.path("plugins.d/*.conf"), self.store());
        format!("include {}\ngss.transfer-directory={}\n", files.display(), store.display())
    }

    /// The site's transfer store.
    pub fn store(&self) -> &Path {
        self.store.path()
    }

    /// Every entry that waits in the store.
    pub fn waiting(&self) -> Vec<PathBuf> {
        fn files(folder: &Path, all: &mut Vec<PathBuf>) {
            for entry in fs::read_dir(folder).expect("the store can be read") {
                let path = entry.expect("the store can be read").path();
                if path.is_dir() { files(&path, all) } else { all.push(path) }
            }
        }
        let mut all = Vec::new();
        files(self.store(), &mut all);
        all
    }

    /// A path in the site.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The plugin directory.
    pub fn plugins(&self) -> PathBuf {
        self.path("plugins")
    }

    /// Writes a file, whole or not at all.
    pub fn write(&self, name: &str, text: &str) {
        let new = self.path(".new");
        fs::write(&new, text).expect("the site is writable");
        fs::rename(&new, self.path(name)).expect("the site is writable");
    }

    /// Drops a library into the plugin directory.
    pub fn install(&self, library: &Path) {
        let name = library.file_name().expect("a library has a name");
        fs::copy(library, self.plugins().join(name)).expect("the library was built");
    }

    /// Drops the dummy mechanism into the plugin directory.
    pub fn install_dummy(&self) {
        self.install(&product("gss-mech-dummy", "libgss_mech_dummy.so"));
    }

    /// Adds a file with one line to `plugins.d`.
    pub fn configure(&self, file: &str, line: &str) {
        self.write(&format!("plugins.d/{file}.conf"), &format!("{line}\n"));
    }

    /// Lets other users read the site, and go through its store.
    pub fn open_to_others(&self) {
        for folder in [self.folder.path(), self.store.path()] {
            fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).expect("the site is ours");
        }
    }

    /// Writes another config, with the same settings and plugins, and the dummy under these options; answers its path.
    pub fn other_dummy(&self, name: &str, options: &str) -> PathBuf {
        let settings = self.settings();
        let (_, settings) = settings.split_once('\n').expect("the first line includes the others");
        self.write(name, &format!("{settings}dummy {DUMMY} libgss_mech_dummy.so [{options}]\n"));
        self.path(name)
    }

    /// The switch over this site.
    pub fn gss(&self) -> Gss {
        Gss::with(self.sources())
    }

    /// The sources of this site, under the policy of the process.
    pub fn sources(&self) -> Sources {
        Sources::file(self.path("plugins.conf")).plugin_dir(self.plugins())
    }
}

impl Default for Site {
    fn default() -> Self {
        Self::new()
    }
}

/// The dummy mechanism's OID.
pub static DUMMY: Oid = Oid::from_static(b"\x2b\x06\x01\x04\x01\x2a\x02\x1a\x01\x02");

/// A site with the dummy mechanism under these options.
pub fn dummy_site(options: &str) -> Site {
    let site = Site::new();
    site.install_dummy();
    site.configure("dummy", &format!("dummy {DUMMY} libgss_mech_dummy.so [{options}]"));
    site
}

/// An established pair of contexts: the initiator's and the acceptor's.
pub fn establish(gss: &Gss, mechanism: &Oid) -> Result<(Context, Context)> {
    let target = gss.name(b"service@localhost", Some(&name_type::HOSTBASED_SERVICE));
    let credential = gss.credential().mechanism(mechanism).acquire()?;
    let flags = Flags::MUTUAL | Flags::REPLAY | Flags::SEQUENCE | Flags::INTEG;
    let mut initiator = gss.initiator(&target).mechanism(mechanism).flags(flags);
    let mut acceptor = gss.acceptor().credential(&credential);
    let mut token = initiator.step(b"")?.token;
    while !token.is_empty() {
        token = acceptor.step(&token)?.token;
        if !token.is_empty() {
            token = initiator.step(&token)?.token;
        }
    }
    Ok((initiator.into_context()?, acceptor.into_context()?))
}

/// Proves that a pair of contexts is alive and in step, by messages both ways.
pub fn converse(ours: &Context, theirs: &Context) {
    for (from, to) in [(ours, theirs), (theirs, ours)] {
        let message = to.unwrap(&from.wrap(true, b"are you there?").expect("wrap")).expect("unwrap");
        assert_eq!(message.bytes, b"are you there?");
        assert_eq!(message.info.supplementary.0, 0, "out of sequence");
        let mic = from.get_mic(b"signed").expect("get_mic");
        assert_eq!(to.verify_mic(b"signed", &mic).expect("verify_mic").supplementary.0, 0, "out of sequence");
    }
}
