//! `make install`: what it puts where, beside the packages of the distribution, and that a program is built and run
//! with it as its author would.
#![allow(clippy::expect_used, clippy::panic, reason = "tests")]

mod headers;

use gss_tests::{Site, built, dummy_site, here};
use headers::{Headers, Work, run};
use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Packages with a gssapi.h, a libgss.so or manual pages of the functions.
const OTHERS: &[&str] = &["libkrb5-dev", "krb5-multidev", "heimdal-multidev", "libgss-dev", "libgss3"];

/// Both in one test: they share a target folder, and only the first one builds.
#[test]
fn install_serves_programs_and_replaces_nobodys_files() {
    let site = dummy_site("gss.default=yes");
    let triplet = run(Command::new("gcc").arg("-print-multiarch"));
    let libraries = format!("/usr/lib/{}", triplet.trim());

    let among_packages = Tree::install("/usr", &[]);
    among_packages.holds(&[
        "/usr/bin/gssctl",
        &format!("{libraries}/libgss.so.1"),
        &format!("{libraries}/gss-switch/libgss.so"),
        &format!("{libraries}/gss/libgss_mech_dummy.so"),
        &format!("{libraries}/pkgconfig/libgss.pc"),
        "/usr/include/gss-switch/gssapi.h",
        "/usr/include/gss-switch/gssapi/gssapi_krb5.h",
        "/usr/share/man/man1/gssctl.1",
        "/usr/share/man/man5/plugins.conf.5",
        "/usr/share/doc/gss-switch/security.md",
        "/usr/lib/tmpfiles.d/gss-switch.conf",
        "/etc/gss/plugins.conf",
    ]);
    among_packages.holds_nothing_of_others();
    among_packages.explains_each_function("/usr/share/man/man3", "3gss");
    among_packages.builds_a_program(&site, &libraries);
    let library = fs::read(among_packages.path(&format!("{libraries}/libgss.so.1"))).expect("the library");
    let built_in = format!("{libraries}/gss");
    assert!(library.windows(built_in.len()).any(|text| text == built_in.as_bytes()), "not built for {built_in}");

    let own_prefix = Tree::install("/usr/local", &["--assume-old=build"]);
    own_prefix.holds(&[
        "/usr/local/bin/gssctl",
        "/usr/local/lib/libgss.so.1",
        "/usr/local/lib/libgss.so",
        "/usr/local/lib/pkgconfig/libgss.pc",
        "/usr/local/include/gssapi.h",
        "/usr/local/include/gssapi/gssapi_ext.h",
        "/usr/local/lib/tmpfiles.d/gss-switch.conf",
        "/etc/gss/plugins.conf",
    ]);
    own_prefix.makes_the_store("/usr/local/lib/tmpfiles.d/gss-switch.conf");
    own_prefix.explains_each_function("/usr/local/share/man/man3", "3");
    own_prefix.builds_a_program(&site, "/usr/local/lib");

    // The same files but for their places, and none of the dummy's lines.
    assert_eq!(among_packages.files().len(), own_prefix.files().len());
    let config = fs::read_to_string(own_prefix.path("/etc/gss/plugins.conf")).expect("the config");
    assert!(!config.contains("libgss_mech_dummy"), "{config}");
}

/// What `make install` wrote below a folder.
struct Tree {
    work: Work,
    destination: PathBuf,
}

impl Tree {
    fn install(prefix: &str, arguments: &[&str]) -> Self {
        let work = Work::new();
        let destination = work.path("destination");
        let mut make = Command::new("make");
        // What the make that runs the tests was told is not meant for this one.
        for inherited in ["MAKEFLAGS", "MFLAGS", "MAKELEVEL", "RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "SYSCONFDIR"] {
            make.env_remove(inherited);
        }
        make.arg("--directory").arg(here().join("..")).args(arguments).args(["install", "PROFILE=dev"]);
        make.arg(format!("PREFIX={prefix}")).arg(format!("DESTDIR={}", destination.display()));
        // Apart, since the paths are built in: the workspace's own folder would be built anew each time.
        make.env("CARGO_TARGET_DIR", built().join("apart/install"));
        run(&mut make);
        Self { work, destination }
    }

    fn path(&self, installed: &str) -> PathBuf {
        self.destination.join(installed.trim_start_matches('/'))
    }

    /// Each installed file, as it is called once it is in its place.
    fn files(&self) -> BTreeSet<String> {
        let mut files = BTreeSet::new();
        let mut folders = vec![self.destination.clone()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).expect("a folder of the test's") {
                let path = entry.expect("a folder of the test's").path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    let place = path.strip_prefix(&self.destination).expect("below the destination");
                    files.insert(Path::new("/").join(place).display().to_string());
                }
            }
        }
        files
    }

    fn holds(&self, files: &[&str]) {
        let installed = self.files();
        for file in files {
            assert!(installed.contains(*file), "{file} is not among {installed:#?}");
            assert!(self.path(file).exists(), "{file} is a link that leads nowhere");
        }
    }

    fn holds_nothing_of_others(&self) {
        let ours = self.files();
        for package in OTHERS {
            let theirs = run(Command::new("dpkg-query").args(["--listfiles", package]));
            assert!(theirs.lines().count() > 3, "{package}: {theirs}");
            for file in theirs.lines() {
                // Packages compress their manual pages.
                assert!(!ours.contains(file) && !ours.contains(file.trim_end_matches(".gz")), "{package} has {file}");
            }
        }
        // Nor of any other package that happens to be here.
        let owned = Command::new("dpkg-query").arg("--search").args(&ours).output().expect("dpkg-query runs");
        assert_eq!(String::from_utf8_lossy(&owned.stdout), "");
    }

    /// Each function of the headers that is exported has a manual page, in a section that says its name.
    fn explains_each_function(&self, folder: &str, section: &str) {
        let functions = Headers::ours().functions();
        for function in functions.keys().filter(|name| !headers::DECLARED_ONLY.contains(&name.as_str())) {
            let page = format!("{folder}/{function}.{section}");
            let text = fs::read_to_string(self.path(&page)).unwrap_or_else(|error| panic!("{page}: {error}"));
            let title = text.lines().find_map(|line| line.strip_prefix(".Dt ")).unwrap_or_default();
            assert!(title.ends_with(&format!(" {section}")), "{page}: {title}");
            assert!(text.contains(&format!(".Fo {function}\n")), "{page} does not show how {function} is called");
        }
    }

    /// What is installed for systemd-tmpfiles makes the transfer store's directory, and its comments make the folders
    /// that they say, with the owner and mode that the switch asks of them.
    fn makes_the_store(&self, file: &str) {
        let text = fs::read_to_string(self.path(file)).expect("the file for systemd-tmpfiles");
        let root = self.work.path("root");
        for folder in ["run", "etc"] {
            fs::create_dir_all(root.join(folder)).expect("a folder of the test's");
        }
        fs::write(root.join("etc/passwd"), "root:x:0:0::/:/bin/sh\nwww-data:x:33:33::/:/bin/sh\n").expect("passwd");
        fs::write(root.join("etc/group"), "root:x:0:\nwww-data:x:33:\n").expect("group");
        // The examples as an administrator would take them from the comments.
        let example = |line: &str| line.strip_prefix("#   ").filter(|line| line.starts_with("d ")).map(str::to_owned);
        let examples: Vec<_> = text.lines().filter_map(example).collect();
        let lines: Vec<_> = text.lines().filter(|line| line.starts_with("d ")).map(str::to_owned).collect();
        let expected = [
            ("run/gss", 0o755, 0, 0),
            ("run/gss/transfer", 0o755, 0, 0),
            ("run/gss/transfer/g33", 0o2770, 0, 33),
            ("run/gss/transfer/u33", 0o700, 33, 33),
        ];
        let all = [lines, examples].concat();
        assert_eq!(all.len(), expected.len(), "{all:#?}");
        for (line, (path, mode, uid, _)) in all.iter().zip(expected) {
            let fields: Vec<_> = line.split_whitespace().collect();
            let owner = if uid == 0 { "root" } else { "www-data" };
            let mode = format!("{mode:04o}");
            assert_eq!(fields[..4], ["d", &format!("/{path}"), &mode, owner], "{line}");
            assert_eq!((fields.len(), fields[5]), (6, "-"), "{line}");
        }
        let config = self.work.path("tmpfiles.conf");
        fs::write(&config, all.join("\n") + "\n").expect("a file of the test's");
        // To give files to others takes root.
        if fs::metadata("/proc/self").expect("procfs").uid() != 0 {
            return;
        }
        run(Command::new("systemd-tmpfiles").arg(format!("--root={}", root.display())).arg("--create").arg(&config));
        for (path, mode, uid, gid) in expected {
            let found = fs::metadata(root.join(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
            assert_eq!((found.mode() & 0o7777, found.uid(), found.gid()), (mode, uid, gid), "{path}");
        }
    }

    /// Builds a program with what `libgss.pc` says, and runs it.
    fn builds_a_program(&self, site: &Site, libraries: &str) {
        let mut pkg_config = Command::new("pkg-config");
        pkg_config.args(["--cflags", "--libs", "libgss"]);
        pkg_config.env("PKG_CONFIG_SYSROOT_DIR", &self.destination);
        pkg_config.env("PKG_CONFIG_LIBDIR", self.path(&format!("{libraries}/pkgconfig")));
        let flags = run(&mut pkg_config);
        let program = self.work.path("program");
        run(Command::new("gcc")
            .args(["-std=gnu11", "-Wall", "-Wextra", "-Werror"])
            .arg(here().join("c/hand_over.c"))
            .args(flags.split_whitespace())
            .arg("-o")
            .arg(&program));
        let needed = run(Command::new("readelf").args(["--wide", "--dynamic"]).arg(&program));
        assert!(needed.contains("[libgss.so.1]"), "{flags}\n{needed}");
        let mut program = Command::new(program);
        program.env("LD_LIBRARY_PATH", self.path(libraries));
        program.env("GSS_PLUGINS_CONF", site.path("plugins.conf")).env("GSS_PLUGIN_DIR", site.plugins());
        assert_eq!(run(&mut program), "exported: gone here\nfrom the child: hello\n");
    }
}
