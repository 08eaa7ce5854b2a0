//! Members of a group may write to the group's folder in a transfer store. What one of them puts in the place of a
//! folder that an exporter has just made there must not be followed: root exports to groups.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on has failed")]

use gss_core::{Gss, name_type};
use gss_tests::{DUMMY, dummy_site};
use rustix::process::{Pid, Signal, getegid, geteuid, kill_process};
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::Duration;

/// The only token of a handshake with one leg.
fn handshake(gss: &Gss) -> Vec<u8> {
    let target = gss.name(b"service@localhost", Some(&name_type::HOSTBASED_SERVICE));
    gss.initiator(&target).mechanism(&DUMMY).step(b"").unwrap().token
}

/// The process that strace has stopped, once it has.
fn stopped(strace: &mut Child, trace: &Path) -> Pid {
    loop {
        let lines = fs::read_to_string(trace).unwrap_or_default();
        if let Some(line) = lines.lines().find(|line| line.ends_with("--- stopped by SIGSTOP ---")) {
            return Pid::from_raw(line.split(' ').next().unwrap().parse().unwrap()).unwrap();
        }
        assert_eq!(strace.try_wait().unwrap(), None, "it ended without a stop:\n{lines}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// strace stops the exporter at the end of the call that makes the folder, so that this is no race.
#[test]
fn a_link_in_the_place_of_a_new_folder_is_not_followed() {
    assert!(geteuid().is_root(), "run this as root: the folder of a group in a transfer store has to be root's");
    let gid = getegid().as_raw();
    let site = dummy_site(&format!("legs=1,gss.default=yes,gss.import-group={gid}"));
    let folder = site.store().join(format!("g{gid}"));
    fs::create_dir(&folder).unwrap();
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o2770)).unwrap();
    let victim = site.path("victim");
    fs::create_dir(&victim).unwrap();
    fs::set_permissions(&victim, fs::Permissions::from_mode(0o700)).unwrap();

    let trace = site.path("trace");
    let mut strace = site.command(Path::new("strace"));
    strace.arg("-f").arg("-o").arg(&trace).arg("--inject=mkdirat:signal=STOP");
    strace.arg("--").arg(env!("CARGO_BIN_EXE_transfer-party")).arg("exporter");
    strace.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut strace = strace.spawn().expect("strace is there; run tests/setup-system.sh");
    strace.stdin.take().unwrap().write_all(&handshake(&site.gss())).unwrap();
    let exporter = stopped(&mut strace, &trace);

    let made: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    let [minute] = &made[..] else {
        panic!("the exporter made one folder: {made:?}");
    };
    fs::rename(minute, folder.join("moved")).unwrap();
    symlink(&victim, minute).unwrap();
    kill_process(exporter, Signal::CONT).unwrap();

    let output = strace.wait_with_output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && errors.contains("Not a directory"), "{errors}");
    assert_eq!(output.stdout, b"");
    assert_eq!(fs::metadata(&victim).unwrap().permissions().mode() & 0o7777, 0o700);
    assert_eq!(fs::read_dir(&victim).unwrap().count(), 0);
}
