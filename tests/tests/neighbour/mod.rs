//! The mechanism next door: whatever another plugin does, this one goes on working in the same process. And what else
//! the tests of bad plugins share.
#![allow(dead_code, unreachable_pub, reason = "no test uses all of it")]

use gss_core::{Context, Credential, Gss, Major, Name, Oid, Result, State, Want};
use gss_tests::{Site, build_apart, here};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Its OID.
pub const ACME: &str = "1.3.6.1.4.1.99999.1";
/// The OID of the plugin that misbehaves.
pub const BAD: &str = "1.3.6.1.4.1.99999.66";

/// The target folder of all plugins of the tests: one for all, so that their dependencies are built once.
pub const TARGET: &str = "third-party";

/// The library of the good mechanism.
pub fn acme_library() -> PathBuf {
    build_apart(&here().join("third-party/Cargo.toml"), TARGET, &[]).join("debug/libacme_mech.so")
}

/// A site with the good mechanism.
pub fn site() -> Site {
    let site = Site::new();
    site.install(&acme_library());
    site.configure("10-acme", &format!("acme {ACME} libacme_mech.so"));
    site
}

/// An OID in dots.
pub fn oid(dots: &str) -> Oid {
    dots.parse().unwrap()
}

/// An initiator's and an acceptor's context of a mechanism that needs one leg of each.
pub fn established(gss: &Gss, oid: &Oid) -> Result<(Context, Context)> {
    let service = gss.name(b"service", None);
    let mut initiator = gss.initiator(&service).mechanism(oid);
    let token = initiator.step(b"")?.token;
    let credential = gss.credential().mechanism(oid).acquire()?;
    let mut acceptor = gss.acceptor().credential(&credential);
    acceptor.step(&token)?;
    Ok((initiator.into_context()?, acceptor.into_context()?))
}

/// From handshake to import.
pub fn works(gss: &Gss, oid: &Oid) {
    let (initiator, acceptor) = established(gss, oid).unwrap();
    assert_eq!(acceptor.unwrap(&initiator.wrap(true, b"ping").unwrap()).unwrap().bytes, b"ping");
    let token = acceptor.export().unwrap();
    assert_eq!(acceptor.wrap(true, b"late").unwrap_err().major(), Major::NO_CONTEXT);
    let imported = gss.import_context(token.as_bytes()).unwrap();
    assert_eq!(initiator.unwrap(&imported.wrap(true, b"pong").unwrap()).unwrap().bytes, b"pong");
}

/// Uses a library as a plugin, which must be refused, and answers with which words. The good mechanism works before
/// and after.
pub fn refusal(site: &Site, library: &Path) -> String {
    refusal_with(site, library, "")
}

/// The same with options in the line.
pub fn refusal_with(site: &Site, library: &Path, options: &str) -> String {
    site.configure("20-bad", &format!("bad {BAD} {} [{options}]", library.display()));
    let gss = site.gss();
    let (acme, bad) = (oid(ACME), oid(BAD));
    works(&gss, &acme);

    let mechanism = gss.mechanism(&bad).unwrap();
    assert!(matches!(mechanism.state(), State::NotLoaded), "opened before it was used");
    let error = mechanism.open().unwrap_err();
    assert_eq!(error.major(), Major::BAD_MECH);
    let text = error.to_string();
    assert!(text.contains("mechanism bad") && text.contains("20-bad.conf:1"), "whose and where: {text}");
    assert!(text.contains(&*site.plugins().join(library).to_string_lossy()), "which file: {text}");
    assert!(text.len() < 900, "{} bytes: {text}", text.len());
    assert!(!text.contains('\n'), "one line: {text}");

    // Every way to it says the same.
    let State::Failed(reason) = mechanism.state() else { panic!("not failed") };
    assert!(text.ends_with(&reason.to_string()), "{reason}");
    let service = gss.name(b"service", None);
    let other = gss.initiator(&service).mechanism(&bad).step(b"").unwrap_err();
    assert_eq!(other.to_string(), text);
    let other = gss.credential().mechanism(&bad).acquire().unwrap_err();
    assert_eq!(other.to_string(), text);
    assert!(!gss.indicate_mechanisms().contains(&bad), "offered still");

    works(&gss, &acme);
    text
}

/// A mechanism of the plugins `faulty` and `constructor`.
pub struct Scene<'a> {
    pub gss: &'a Gss,
    pub oid: Oid,
}

impl Scene<'_> {
    pub fn name(&self) -> Result<Name> {
        self.gss.canonicalize(&self.gss.name(b"alice", None), &self.oid)
    }

    pub fn credential(&self) -> Result<Credential> {
        self.gss.credential().mechanism(&self.oid).acquire()
    }

    /// Initiator and acceptor, after two legs of each.
    pub fn contexts(&self) -> Result<(Context, Context)> {
        let service = self.gss.name(b"service", None);
        let credential = self.credential()?;
        let mut initiator = self.gss.initiator(&service).mechanism(&self.oid);
        let mut acceptor = self.gss.acceptor().credential(&credential);
        let first = initiator.step(b"")?;
        let second = acceptor.step(&first.token)?;
        let third = initiator.step(&second.token)?;
        acceptor.step(&third.token)?;
        Ok((initiator.into_context()?, acceptor.into_context()?))
    }
}

/// Every object of the mechanism comes to life once, and is dropped.
pub fn whole_life(scene: &Scene<'_>) {
    let (initiator, acceptor) = scene.contexts().unwrap();
    assert_eq!(acceptor.unwrap(&initiator.wrap(true, b"ping").unwrap()).unwrap().bytes, b"ping");
    let imported = scene.gss.import_context(acceptor.export().unwrap().as_bytes()).unwrap();
    assert_eq!(imported.unwrap(b":pong").unwrap().bytes, b"pong");
    imported.inquire(Want::ALL).unwrap();
    assert_eq!(imported.delete().unwrap(), b"");
    let mut name = scene.name().unwrap();
    name.clone().set_attribute(true, b"attribute", b"value").unwrap();
    name.delete_attribute(b"attribute").unwrap();
    scene.gss.exported_name(&name.export().unwrap()).unwrap();
    let credential = scene.credential().unwrap();
    credential.inquire().unwrap();
    let bytes = credential.export().unwrap();
    scene.gss.import_credential(&scene.oid, bytes[0].1.as_bytes()).unwrap();
}

/// The plugins of the workspace `plugins`.
pub fn plugins() -> PathBuf {
    build_apart(&here().join("plugins/Cargo.toml"), TARGET, &[]).join("debug")
}

/// Runs a program of the system.
pub fn run(program: &str, arguments: &[&OsStr]) {
    let status = Command::new(program).args(arguments).status();
    let status = status.unwrap_or_else(|error| panic!("{program}: {error}; run tests/setup-system.sh"));
    assert!(status.success(), "{program} {arguments:?}: {status}");
}

#[track_caller]
pub fn assert_says(text: &str, words: &[&str]) {
    for word in words {
        assert!(text.contains(word), "expected {word:?} in: {text}");
    }
}
