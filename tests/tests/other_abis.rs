//! Plugins of other versions of the ABI: one function older or newer works in full, another layout is refused.
//!
//! Each is the ABI of today with a change, made while the test runs, so that it cannot grow stale: a change that does
//! not fit any more fails the test.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod neighbour;

use gss_core::{CredentialUsage, Gss, Iov, IovKind, Major};
use gss_tests::{Site, build_apart, built, here};
use neighbour::{ACME, BAD, Scene, TARGET, assert_says, oid, refusal, refusal_with, site, whole_life, works};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A copy of the ABI, the SDK and the mechanism `common`, as a workspace.
struct Copy {
    /// Part of every folder's name: cargo takes two crates for one if their versions and relative paths are equal.
    kind: &'static str,
    folder: PathBuf,
}

impl Copy {
    fn new(kind: &'static str) -> Self {
        let copy = Self { kind, folder: built().join("apart/copies").join(kind) };
        let root = here().join("..");

        let manifest = read(&root.join("Cargo.toml"));
        let (manifest, _) = manifest.split_once("[profile.dev]").expect("the profiles come last");
        let line = |line: &str| match line.split_once(" = ") {
            Some(("members", _)) => format!("members = [\"{kind}-gss-plugin-abi\", \"{kind}-gss-plugin\", \"mech\"]\n"),
            Some(("exclude", _)) => String::new(),
            _ => format!("{}\n", line.replace("{ path = \"gss-", &format!("{{ path = \"{kind}-gss-"))),
        };
        let manifest: String = manifest.lines().map(line).collect();
        // The profile of the other plugins.
        copy.write("Cargo.toml", &format!("{manifest}[profile.dev]\ndebug = false\n"));
        let lock = read(&here().join("plugins/Cargo.lock"));
        // The packages from the registry, with the same versions; cargo adds the others.
        let registry =
            lock.split_inclusive("\n\n").filter(|part| !part.contains("[[package]]") || part.contains("source"));
        copy.write("Cargo.lock", &registry.collect::<String>());

        for package in ["gss-plugin-abi", "gss-plugin"] {
            copy.take(&root.join(package), package, "Cargo.toml");
            copy.take_folder(&root.join(package), package, "src");
        }
        copy.write(
            "mech/Cargo.toml",
            &format!(
                "[package]\nname = \"mech-{kind}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n\
                 [lib]\ncrate-type = [\"cdylib\"]\n\n[dependencies]\ngss-plugin.workspace = true\n"
            ),
        );
        let mechanism = read(&here().join("plugins/common/src/lib.rs"));
        copy.write("mech/src/lib.rs", &format!("{mechanism}\ngss_plugin::export_mechanism!(Faulty);\n"));
        copy
    }

    fn take(&self, from: &Path, package: &str, file: &str) {
        self.write(&format!("{}-{package}/{file}", self.kind), &read(&from.join(file)));
    }

    fn take_folder(&self, from: &Path, package: &str, folder: &str) {
        for entry in fs::read_dir(from.join(folder)).unwrap().map(Result::unwrap) {
            let path = format!("{folder}/{}", entry.file_name().into_string().unwrap());
            if entry.file_type().unwrap().is_dir() {
                self.take_folder(from, package, &path);
            } else {
                self.take(from, package, &path);
            }
        }
    }

    /// Cargo looks at the time of a file, so what has not changed is not written.
    fn write(&self, file: &str, text: &str) {
        let path = self.folder.join(file);
        if fs::read_to_string(&path).is_ok_and(|old| old == text) {
            return;
        }
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// The changes, each of which must fit: after the one place with `anchor`, the next `from` becomes `to`.
    fn change(&self, changes: &[(&str, &str, &str, &str)]) {
        let mut files: Vec<_> = changes.iter().map(|(file, ..)| *file).collect();
        files.sort_unstable();
        files.dedup();
        for file in files {
            let (package, rest) = file.split_once('/').unwrap();
            let mut text = read(&here().join("..").join(package).join(rest));
            for (_, anchor, from, to) in changes.iter().filter(|change| change.0 == file) {
                assert_eq!(text.matches(anchor).count(), 1, "{file}: {anchor:?} must be there once");
                let start = text.find(anchor).unwrap();
                let at = text[start..].find(from).unwrap_or_else(|| panic!("{file}: no {from:?} after {anchor:?}"));
                text.replace_range(start + at..start + at + from.len(), to);
            }
            self.write(&format!("{}-{file}", self.kind), &text);
        }
    }

    /// The plugin, in a site with the good mechanism.
    fn install(&self) -> Site {
        let target = build_apart(&self.folder.join("Cargo.toml"), TARGET, &[]);
        let site = site();
        site.install(&target.join("debug").join(self.library()));
        site
    }

    fn library(&self) -> String {
        format!("libmech_{}.so", self.kind)
    }

    /// The plugin works in full, beside the good one.
    fn works(&self, options: &str, more: impl FnOnce(&Scene<'_>)) {
        let site = self.install();
        site.configure("20-other", &format!("other {BAD} {} [{options}]", self.library()));
        let gss: Gss = site.gss();
        works(&gss, &oid(ACME));
        let scene = Scene { gss: &gss, oid: oid(BAD) };
        whole_life(&scene);
        more(&scene);
        works(&gss, &oid(ACME));
    }

    /// The plugin is refused for its ABI; answers with which words.
    fn refused(&self) -> String {
        let text = refusal(&self.install(), Path::new(&self.library()));
        assert_says(&text, &["was built for another ABI: "]);
        text
    }
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

const ABI: &str = "gss-plugin-abi/src/abi.rs";
const EXPORT: &str = "gss-plugin-abi/src/export.rs";
const GUARD: &str = "gss-plugin-abi/src/guard.rs";
const HOST: &str = "gss-plugin-abi/src/host/context.rs";

#[test]
fn a_plugin_that_is_one_function_older_works() {
    let copy = Copy::new("older");
    let (abi, guard) = (read(&here().join("..").join(ABI)), read(&here().join("..").join(GUARD)));
    copy.change(&[
        // The last method of the trait.
        (ABI, "pub trait RawContext:", method(&abi, "    fn complete_auth_token("), ""),
        (GUARD, "RawContext for Guarded<", method(&guard, "    fn complete_auth_token("), ""),
        (HOST, "plain(self.0.complete_auth_token(input.into()))", "plain(", "Ok(drop(input)) // plain("),
        // The last service of the host.
        (EXPORT, "    /// Fills a buffer with", "    /// Fills a", "// Fills a"),
        (EXPORT, "    pub random: extern", "    pub random:", "// pub random:"),
        (EXPORT, "let errno = host.random()", "host.random()", "None::<fn(RSliceMut<'_, u8>) -> i32>"),
    ]);
    // The mechanism would panic in it, but is not asked: the call's default answers.
    copy.works("panic=Context.complete_auth_token", |scene| {
        let (initiator, acceptor) = scene.contexts().unwrap();
        initiator.complete_auth_token(b"rest").unwrap();
        acceptor.complete_auth_token(b"rest").unwrap();
    });
}

/// The text of a method, from its name to its end.
fn method<'a>(text: &'a str, start: &str) -> &'a str {
    let from = text.find(start).unwrap_or_else(|| panic!("no {start:?}"));
    let length = text[from..].find("\n    }\n").expect("a method ends") + "\n    }\n".len();
    &text[from..from + length]
}

/// Everything that can grow has grown: a trait, the plugin's module, and the services that the host lends, of which
/// this host has fewer.
#[test]
fn a_plugin_that_is_one_function_newer_works() {
    let copy = Copy::new("newer");
    copy.change(&[
        ("gss-plugin-abi/Cargo.toml", "name = \"gss-plugin-abi\"", "version = \"1.0.0\"", "version = \"1.1.0\""),
        (
            ABI,
            "    fn complete_auth_token(",
            "\n    }\n",
            "\n    }\n    fn later(&self, _flag: bool) -> AbiResult<u32> { RResult::ROk(7) }\n",
        ),
        (
            GUARD,
            "    fn complete_auth_token(",
            "\n    }\n",
            "\n    }\n    fn later(&self, _flag: bool) -> AbiResult<u32> { self.call(|_| Ok(8)) }\n",
        ),
        (EXPORT, "    pub(crate) open: extern", "\n", "\n    /// New.\n    pub later: extern \"C\" fn(u32) -> u32,\n"),
        (EXPORT, "        open: open::<P>,", "\n", "\n        later,\n"),
        (EXPORT, "struct Module<P>(P);", "struct", "extern \"C\" fn later(number: u32) -> u32 { number }\nstruct"),
        (
            EXPORT,
            "    pub random: extern",
            "\n",
            "\n    /// New.\n    pub later: extern \"C\" fn(RSliceMut<'_, u8>) -> i32,\n",
        ),
        // Asked for random bytes, this host is one that is older than the service.
        (EXPORT, "let errno = host.random()", "host.random()", "host.later()"),
        (
            "gss-plugin/src/bridge.rs",
            "    HOST.get_or_init(||",
            "    HOST",
            "    assert!(host.later().is_none(), \"this host is as new as the plugin\");\n    HOST",
        ),
        (
            "gss-plugin/src/bridge.rs",
            "std::panic::set_hook(",
            "    });\n",
            "    });\n    let mut random = [0; 16];\n    \
             assert!(self::host().is_some() && crate::random(&mut random).is_ok() && random != [0; 16]);\n",
        ),
    ]);
    copy.works("", |scene| {
        let (initiator, _) = scene.contexts().unwrap();
        initiator.complete_auth_token(b"rest").unwrap();
    });
}

#[test]
fn a_changed_argument_is_refused() {
    let copy = Copy::new("argument");
    copy.change(&[
        (ABI, "    fn wrap(", "confidential: bool", "confidential: u32"),
        (GUARD, "    fn wrap(", "confidential: bool", "confidential: u32"),
        (GUARD, "context.wrap(confidential,", "confidential", "confidential != 0"),
        (HOST, "self.0.wrap(confidential,", "confidential", "u32::from(confidential)"),
    ]);
    assert_says(&copy.refused(), &["mismatched type, expected bool, found u32, in ", ".wrap.param_1"]);
}

#[test]
fn an_inserted_field_is_refused() {
    let copy = Copy::new("field");
    copy.change(&[
        (ABI, "pub struct AbiStep {", "    pub lifetime", "    pub inserted: u32,\n    pub lifetime"),
        (GUARD, "    AbiStep {\n", "        lifetime:", "        inserted: 0,\n        lifetime:"),
    ]);
    assert_says(&copy.refused(), &["unexpected field, expected lifetime: u32, found inserted: u32, in "]);
}

#[test]
fn another_major_version_is_refused() {
    let copy = Copy::new("major");
    copy.change(&[(
        "gss-plugin-abi/Cargo.toml",
        "name = \"gss-plugin-abi\"",
        "version = \"1.0.0\"",
        "version = \"2.0.0\"",
    )]);
    let manifest = read(&copy.folder.join("Cargo.toml"));
    copy.write(
        "Cargo.toml",
        &manifest.replace("gss-plugin-abi\", version = \"1.0.0\"", "gss-plugin-abi\", version = \"2.0.0\""),
    );
    assert_says(&copy.refused(), &["incompatible package versions, expected 1.0.0, found 2.0.0"]);
}

/// Numbers that the SDK's types cannot hold, and a plugin that was not made with it can answer.
#[test]
fn numbers_that_mean_nothing_are_failure() {
    let copy = Copy::new("numbers");
    copy.change(&[
        (GUARD, "usage: usage as u32", "usage as u32", "if true { 77 } else { usage as u32 }"),
        ("gss-plugin-abi/src/convert.rs", "pub(crate) fn iov_results(", "= IOV_IN_PLACE", "= IOV_IN_PLACE + 99"),
    ]);
    let site = copy.install();
    site.configure("20-other", &format!("other {BAD} {}", copy.library()));
    let gss = site.gss();
    works(&gss, &oid(ACME));
    let scene = Scene { gss: &gss, oid: oid(BAD) };
    let error = scene.credential().unwrap().inquire().unwrap_err();
    assert_eq!(error.major(), Major::FAILURE);
    assert_says(&error.to_string(), &["mechanism other", "the unknown credential usage 77"]);
    let mut data = *b"data";
    let error = scene.contexts().unwrap().0.wrap_iov(true, 0, &mut [Iov::new(IovKind::Data, &mut data)]).unwrap_err();
    assert_eq!(error.major(), Major::FAILURE);
    assert_says(&error.to_string(), &["mechanism other", "an IOV result of unknown kind 99"]);
    assert!(gss.credential().mechanism(&scene.oid).usage(CredentialUsage::Accept).acquire().is_ok());
    works(&gss, &oid(ACME));
}

#[test]
fn a_plugin_that_would_end_the_process_by_its_panics_is_refused_by_name_and_not_opened() {
    let target =
        build_apart(&here().join("plugins/Cargo.toml"), TARGET, &["--profile", "abort", "--package", "faulty"]);
    let site = site();
    site.install(&target.join("abort/libfaulty.so"));
    // If it were opened, the process would end.
    let text = refusal_with(&site, Path::new("libfaulty.so"), "panic=Mechanism.open");
    assert_says(&text, &["built with panic=abort", "build it with panic=unwind"]);
}

/// The last crate that is linked decides how the library panics, and those before it do not see it.
#[test]
fn a_plugin_whose_last_crate_alone_has_panic_abort_is_refused_too() {
    let target = built().join("apart").join(TARGET);
    let output = Command::new(env!("CARGO"))
        .args(["rustc", "--quiet", "--package", "aborting", "--target-dir"])
        .arg(&target)
        .args(["--", "-Cpanic=abort"])
        .current_dir(here().join("plugins"))
        .env_remove("RUSTFLAGS")
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let site = site();
    site.install(&target.join("debug/libaborting.so"));
    let text = refusal_with(&site, Path::new("libaborting.so"), "panic=Mechanism.open");
    assert_says(&text, &["built with panic=abort"]);
}
