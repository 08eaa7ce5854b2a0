//! `gssctl krb5-sim keytab` on keytabs of its own and of MIT's tools (Debian: krb5-user).
#![allow(clippy::unwrap_used, clippy::panic, reason = "the tests' own helpers")]

use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

const SERVICE: &str = "HTTP/www.example.test@EXAMPLE.TEST";

fn run(program: &str, arguments: &[&str], input: &str) -> Output {
    let mut command = Command::new(program);
    command.args(arguments).env("TZ", "UTC").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap_or_else(|error| panic!("{program}: {error}; install krb5-user"));
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

/// The tool's output, of a command on a keytab that succeeds.
fn told(command: &str, keytab: &Path, arguments: &[&str], input: &str) -> String {
    let output = tool(command, keytab, arguments, input);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn tool(command: &str, keytab: &Path, arguments: &[&str], input: &str) -> Output {
    let arguments = [&["keytab", command, keytab.to_str().unwrap()], arguments].concat();
    run(env!("CARGO_BIN_EXE_gssctl-krb5-sim"), &arguments, input)
}

/// Key version, principal, encryption type and key of each entry, as MIT lists them.
fn klist(keytab: &Path) -> Vec<String> {
    let output = run("klist", &["-kKe", keytab.to_str().unwrap()], "");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let list = String::from_utf8(output.stdout).unwrap();
    let lines = list.lines().skip_while(|line| !line.starts_with("---")).skip(1);
    lines.map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
}

#[test]
fn mits_klist_lists_what_was_added_and_what_was_not_removed() {
    let folder = tempfile::tempdir().unwrap();
    let keytab = folder.path().join("keytab");
    told("add", &keytab, &[SERVICE], "");
    told("add", &keytab, &[SERVICE, "--enctypes", "aes256-cts-hmac-sha1-96"], "");
    let list = klist(&keytab);
    let etypes = [
        "aes256-cts-hmac-sha1-96",
        "aes128-cts-hmac-sha1-96",
        "aes256-cts-hmac-sha384-192",
        "aes128-cts-hmac-sha256-128",
    ];
    let added = etypes.iter().map(|etype| (1, *etype)).chain([(2, etypes[0])]);
    assert_eq!(list.len(), 5, "{list:?}");
    for (line, (kvno, etype)) in list.iter().zip(added) {
        assert!(line.starts_with(&format!("{kvno} {SERVICE} ({etype}) (0x")), "{line}");
    }
    let keys: std::collections::HashSet<_> = list.iter().map(|line| line.rsplit(' ').next()).collect();
    assert_eq!(keys.len(), list.len(), "keys are random");

    told("remove", &keytab, &[SERVICE, "--kvno", "1", "--enctype", "18"], "");
    assert_eq!(klist(&keytab), list[1..]);
    told("remove", &keytab, &[SERVICE], "");
    assert_eq!(klist(&keytab), Vec::<String>::new());
    let nothing = tool("remove", &keytab, &[SERVICE], "");
    assert_eq!(nothing.status.code(), Some(1));
}

#[test]
fn a_keytab_of_mits_ktutil_is_listed_and_has_the_keys_that_the_password_gives_us() {
    let folder = tempfile::tempdir().unwrap();
    let (theirs, ours) = (folder.path().join("theirs"), folder.path().join("ours"));
    let script = format!(
        "addent -password -p {SERVICE} -k 7 -e aes256-cts-hmac-sha1-96\nopen sesame\nwkt {}\nquit\n",
        theirs.display()
    );
    assert!(run("ktutil", &[], &script).status.success());
    let list = told("list", &theirs, &[], "");
    let lines: Vec<_> = list.lines().map(|line| line.split_whitespace().collect::<Vec<_>>()).collect();
    assert_eq!(lines[1..], [["7", "aes256-cts-hmac-sha1-96", SERVICE]]);
    told("add", &ours, &[SERVICE, "--kvno", "7", "--enctypes", "18", "--password-from", "-"], "open sesame\n");
    assert_eq!(klist(&ours), klist(&theirs));
    assert!(!list.contains("0x"), "no keys are shown");
}

#[test]
fn what_cannot_be_done_is_said_and_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let keytab = folder.path().join("keytab");
    for (command, arguments, input) in [
        ("list", &[][..], ""),
        ("remove", &[SERVICE], ""),
        ("add", &["no-realm"], ""),
        ("add", &[SERVICE, "--password-from", "-"], "\n"),
    ] {
        let output = tool(command, &keytab, arguments, input);
        let text = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{command} {arguments:?}: {text}");
        assert!(text.starts_with("gssctl krb5-sim: ") && output.stdout.is_empty(), "{text}");
        assert!(!keytab.exists(), "{command} {arguments:?}");
    }
    assert_eq!(tool("add", &keytab, &[SERVICE, "--enctypes", "des"], "").status.code(), Some(2));
}
