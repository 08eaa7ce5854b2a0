//! What `gssctl transfer` and `gssctl token inspect` tell of contexts that wait, and do to them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on has failed")]

use gss_core::token::{Claim, parse};
use gss_core::{Context, Gss, Major, Oid};
use gss_tests::gssctl::{Answer, answer, gssctl, json, run, run_with_input};
use gss_tests::{DUMMY, Site, converse, dummy_site, establish};
use serde_json::Value;
use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown, symlink};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A second OID for the dummy.
const OTHER: &str = "1.2.3.4.5";
/// Someone who is not the one that runs the tests.
const NOBODY: u32 = 65534;

fn euid() -> u32 {
    fs::metadata("/proc/self").expect("procfs").uid()
}

fn egid() -> u32 {
    fs::metadata("/proc/self").expect("procfs").gid()
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// Exports the acceptor's context of a new pair. Answers the initiator's, and the token.
fn exported(gss: &Gss, mechanism: &Oid) -> (Context, Vec<u8>) {
    let (peer, exporter) = establish(gss, mechanism).unwrap();
    (peer, exporter.export().unwrap().as_bytes().to_vec())
}

fn claim(token: &[u8]) -> Claim {
    Claim::parse(parse(token).unwrap().body).unwrap().expect("a claim")
}

fn id(token: &[u8]) -> String {
    claim(token).id().to_string()
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// No eight octets of the token's key show in any form that a program would print them in.
fn assert_no_key(answer: &Answer, token: &[u8]) {
    let all = answer.out.clone() + &answer.err;
    let (numbers, text) = (all.replace([' ', '\n'], ""), all.to_lowercase());
    let key = &token[token.len() - 32..];
    for part in key.windows(8) {
        let list = part.iter().map(u8::to_string).collect::<Vec<_>>().join(",");
        assert!(!text.contains(&hexadecimal(part)) && !numbers.contains(&list), "the key shows: {all}");
        assert!(!all.as_bytes().windows(8).any(|bytes| bytes == part), "the key shows: {all}");
    }
}

/// The row of the list for an id, by columns.
fn row(answer: &Answer, id: &str) -> Vec<String> {
    let row = answer.out.lines().find(|line| line.starts_with(id));
    let row = row.unwrap_or_else(|| panic!("{id}: {}{}", answer.out, answer.err));
    row.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).map(str::to_owned).collect()
}

#[test]
fn an_empty_store_says_where_exports_would_wait() {
    let site = dummy_site("");
    let answer = run(&site, &["transfer", "list"]);
    assert_eq!((answer.code, answer.err.as_str()), (Some(0), ""), "{}", answer.out);
    let place = format!("this user's exports for uid {} wait in {}\n", euid(), site.store().display());
    assert_eq!(answer.out, format!("0 contexts wait\n{place}"));
    let report = json(&run(&site, &["transfer", "list", "--json"]));
    assert_eq!(report["waiting"], Value::Array(Vec::new()));
    assert_eq!(report["exports"][0]["directories"][0]["directory"], site.store().to_str().unwrap());
    assert_eq!(fs::read_dir(site.store()).unwrap().count(), 0, "looking has made something");
}

#[test]
fn list_shows_what_waits_and_no_secret() {
    let site = dummy_site("");
    let gss = site.gss();
    let (peer, token) = exported(&gss, &DUMMY);
    let human = run(&site, &["-vvv", "transfer", "list"]);
    assert_eq!(human.code, Some(0), "{}", human.err);
    let row = row(&human, &id(&token));
    let me = format!("uid {}", euid());
    assert_eq!((&*row[1], &*row[4], &*row[5]), ("dummy", &*me, &*me), "{row:?}");
    // To the end of its minute, and the default is ten hours.
    assert!(["9h", "10h"].contains(&&*row[3]), "{row:?}");
    let entry = site.waiting().remove(0);
    let bytes = fs::read(&entry).unwrap();
    assert_eq!(row[6], bytes.len().to_string());
    assert!(human.out.contains("1 context waits\n"), "{}", human.out);

    let machine = run(&site, &["transfer", "list", "--json"]);
    let report = json(&machine);
    let [waiting] = &report["waiting"].as_array().unwrap()[..] else { panic!("{report}") };
    assert_eq!((&waiting["id"], &waiting["mechanism"]), (&id(&token).into(), &"dummy".into()));
    assert_eq!((&waiting["oid"], &waiting["owner_uid"]), (&DUMMY.to_string().into(), &euid().into()));
    assert_eq!((&waiting["audience"], &waiting["size"]), (&me.into(), &bytes.len().into()));
    assert_eq!(waiting["path"], entry.to_str().unwrap());
    let (age, left) = (waiting["age"].as_u64().unwrap(), waiting["left"].as_i64().unwrap());
    assert!(age < 3600 && left > 9 * 3600 - 60 && left <= 36_060, "{waiting}");
    for answer in [&human, &machine] {
        assert_no_key(answer, &token);
        let text = answer.out.to_lowercase() + &answer.err.to_lowercase();
        // The header names the mechanism; after it comes the state.
        let sealed = bytes[parse(&bytes[8..]).map_or(0, |parts| bytes.len() - parts.body.len())..].windows(8);
        assert!(sealed.len() > 100 && !sealed.map(hexadecimal).any(|part| text.contains(&part)), "{text}");
    }
    converse(&peer, &gss.import_context(&token).unwrap());
    assert!(run(&site, &["transfer", "list"]).out.starts_with("0 contexts wait\n"));
}

/// Makes the folder in which contexts for a group wait, as an administrator would.
fn make_group_folder(site: &Site, gid: u32) -> PathBuf {
    let folder = site.store().join(format!("g{gid}"));
    fs::create_dir(&folder).unwrap();
    chown(&folder, None, Some(gid)).unwrap();
    set_mode(&folder, 0o2770);
    folder
}

#[test]
fn list_tells_mechanisms_and_audiences_apart() {
    let site = dummy_site("");
    let gid = egid();
    site.configure("grouped", &format!("grouped {OTHER} libgss_mech_dummy.so [gss.import-group={gid}]"));
    // The system's own files are readable, so that its directory may be.
    set_mode(site.store(), 0o755);
    let before = run(&site, &["transfer", "list"]);
    assert_eq!(before.code, Some(1), "{}", before.out);
    let missing = format!(
        "this user's exports for gid {gid} have no place to wait in: they fail\n  not used: {}: there is no folder g{gid} in it\n",
        site.store().display()
    );
    assert!(before.out.ends_with(&missing), "{}", before.out);

    make_group_folder(&site, gid);
    let gss = site.gss();
    let (peer, own) = exported(&gss, &DUMMY);
    if euid() != 0 {
        // Only root's folder counts, so that no member of the group could have made it.
        let reason = format!("g{gid} belongs to uid {}, expected root", euid());
        let answer = run(&site, &["transfer", "list"]);
        assert!(answer.code == Some(1) && answer.out.contains(&reason), "{}", answer.out);
        let (_peer, exporter) = establish(&gss, &OTHER.parse().unwrap()).unwrap();
        assert!(exporter.export().unwrap_err().to_string().contains(&reason));
        return;
    }
    let (other_peer, grouped) = exported(&gss, &OTHER.parse().unwrap());
    let answer = run(&site, &["transfer", "list"]);
    assert_eq!(answer.code, Some(0), "{}{}", answer.out, answer.err);
    let columns = |token: &[u8]| row(&answer, &id(token)).into_iter().skip(1).step_by(4).collect::<Vec<_>>();
    assert_eq!(columns(&own), ["dummy", "uid 0"]);
    assert_eq!(columns(&grouped), ["grouped", &format!("gid {gid}")]);
    assert!(answer.out.contains("\n2 contexts wait\n"), "{}", answer.out);
    assert!(answer.out.contains(&format!("exports for gid {gid} wait in ")), "{}", answer.out);

    // A config that knows neither shows their OIDs.
    let stranger = Site::new();
    stranger.write("plugins.conf", &format!("gss.transfer-directory={}\n", site.store().display()));
    let answer = run(&stranger, &["transfer", "list"]);
    assert_eq!(row(&answer, &id(&grouped))[1], OTHER);
    assert!(answer.out.contains("no configured mechanism uses the store"), "{}", answer.out);
    converse(&peer, &gss.import_context(&own).unwrap());
    converse(&other_peer, &gss.import_context(&grouped).unwrap());
}

#[test]
fn list_and_export_say_why_a_directory_cannot_be_used() {
    let site = dummy_site("");
    let gss = site.gss();
    let folder = |name: &str, mode: u32| {
        let path = site.store().join(name);
        fs::create_dir(&path).unwrap();
        set_mode(&path, mode);
        path
    };
    let own_folder = |mode: u32| {
        let base = folder(&format!("base-{mode:o}"), 0o755);
        fs::create_dir(base.join(format!("u{}", euid()))).unwrap();
        set_mode(&base.join(format!("u{}", euid())), mode);
        base
    };
    let file = site.store().join("file");
    fs::write(&file, "").unwrap();
    let link = site.store().join("link");
    symlink(folder("behind-the-link", 0o700), &link).unwrap();
    let mut cases = vec![
        (site.store().join("missing"), "there is no such directory".to_owned()),
        (file, "it is not a directory".to_owned()),
        (link, "it is not a directory".to_owned()),
        (folder("open", 0o775), "others than its owner may write to it (mode 0775), expected 0755".to_owned()),
        (own_folder(0o750), format!("u{} is 0750, expected 0700", euid())),
    ];
    if euid() == 0 {
        let base = own_folder(0o701);
        chown(&base, Some(NOBODY), None).unwrap();
        cases.push((base, format!("it belongs to uid {NOBODY}, expected root or uid 0")));
    }
    for (directory, reason) in cases {
        site.write(
            "plugins.conf",
            &site.settings().replace(site.store().to_str().unwrap(), directory.to_str().unwrap()),
        );
        let answer = run(&site, &["transfer", "list"]);
        assert_eq!(answer.code, Some(1), "{reason}: {}", answer.out);
        assert!(answer.out.contains("have no place to wait in: they fail"), "{}", answer.out);
        let line = answer.out.lines().find(|line| line.contains("not used: ")).unwrap();
        assert!(line.contains(directory.to_str().unwrap()) && line.contains(&reason), "{reason}: {line}");
        let report = json(&run(&site, &["transfer", "list", "--json"]));
        let said = &report["exports"][0]["directories"][0]["unusable"];
        assert!(said.as_str().unwrap().contains(&reason), "{reason}: {report}");

        // What the list says is what an exporter gets, in the same words; and its context lives on.
        let other = site.gss();
        let (peer, exporter) = establish(&other, &DUMMY).unwrap();
        let error = exporter.export().unwrap_err();
        assert_eq!(error.major(), Major::FAILURE, "{error}");
        assert!(error.to_string().contains(&reason), "{reason}: {error}");
        converse(&peer, &exporter);
    }
    drop(gss);
}

#[test]
fn list_names_a_group_that_is_none() {
    let site = dummy_site("gss.import-group=gss-no-such-group");
    let answer = run(&site, &["transfer", "list"]);
    assert_eq!(answer.code, Some(1), "{}", answer.out);
    let line = "exports of dummy fail: gss.import-group=gss-no-such-group is no group of this host\n";
    assert!(answer.out.ends_with(line), "{}", answer.out);
}

#[test]
fn list_warns_of_a_directory_on_a_disk() {
    let site = dummy_site("");
    let directory = site.path("store");
    fs::create_dir(&directory).unwrap();
    set_mode(&directory, 0o755);
    site.write("plugins.conf", &site.settings().replace(site.store().to_str().unwrap(), directory.to_str().unwrap()));
    let stat = Command::new("stat").args(["--file-system", "--format=%T"]).arg(&directory).output().unwrap();
    let in_memory = String::from_utf8(stat.stdout).unwrap().trim() == "tmpfs";
    let answer = run(&site, &["transfer", "list"]);
    assert_eq!(answer.code, Some(0), "{}", answer.out);
    assert_eq!(answer.out.contains("warning: that is not a tmpfs"), !in_memory, "{}", answer.out);
    let report = json(&run(&site, &["transfer", "list", "--json"]));
    assert_eq!(report["exports"][0]["directories"][0]["on_disk"], !in_memory);
}

/// Runs gssctl as a user who is not root.
fn run_unprivileged(site: &Site, arguments: &[&str]) -> Answer {
    let program = site.path("gssctl");
    fs::copy(gssctl(site).get_program(), &program).unwrap();
    set_mode(&site.path(""), 0o755);
    set_mode(site.store(), 0o755);
    let mut command = Command::new(&program);
    command.arg("--conf").arg(site.path("plugins.conf")).args(arguments);
    if euid() == 0 {
        command.uid(NOBODY).gid(NOBODY);
    }
    answer(command.output().unwrap())
}

/// Someone else runs the list. Folders of others are no business of his; one of his own that he cannot look into is.
#[test]
fn list_minds_only_folders_that_concern_its_user() {
    let site = dummy_site("");
    let user = if euid() == 0 { NOBODY } else { euid() };
    let others = site.store().join("u1");
    let own = site.store().join(format!("u{user}"));
    for folder in [&others, &own] {
        fs::create_dir(folder).unwrap();
    }
    set_mode(&others, 0);
    set_mode(&own, 0o700);
    chown(&own, Some(user), None).unwrap();
    let list = || run_unprivileged(&site, &["transfer", "list"]);
    let without = list();
    assert_eq!(without.code, Some(0), "{}{}", without.out, without.err);
    assert!(!without.out.contains("cannot look"), "{}", without.out);
    set_mode(&own, 0);
    let with = list();
    assert_eq!(with.code, Some(1), "{}{}", with.out, with.err);
    let complaint = format!("cannot look into {}: Permission denied", own.display());
    assert!(with.out.contains(&complaint) && !with.out.contains(others.to_str().unwrap()), "{}", with.out);
    // So that the site can be removed again.
    set_mode(&own, 0o700);
    set_mode(&others, 0o700);
}

#[test]
fn sweep_removes_what_has_expired_and_nothing_else() {
    let site = dummy_site("");
    let gss = site.gss();
    let (peer, token) = exported(&gss, &DUMMY);
    // As they would lie there from 1970 on.
    let own = site.store().join(format!("u{}", euid()));
    for (folder, count) in [("100.0", 2), ("101.3", 1)] {
        fs::create_dir(own.join(folder)).unwrap();
        for number in 0..count {
            fs::write(own.join(folder).join(format!("{number:032x}")), "leftover").unwrap();
        }
    }
    let listed = run(&site, &["transfer", "list"]);
    let leftover = row(&listed, &format!("{:032x}", 1));
    assert_eq!((&*leftover[1], &*leftover[3]), ("?", "expired"), "{}", listed.out);
    let swept = run(&site, &["transfer", "sweep"]);
    assert_eq!((swept.code, &*swept.out, &*swept.err), (Some(0), "3 expired contexts removed\n", ""));
    assert!(!own.join("100.0").exists() && !own.join("101.3").exists());
    let swept = run(&site, &["transfer", "sweep"]);
    assert_eq!((swept.code, &*swept.out), (Some(0), "0 expired contexts removed\n"));
    converse(&peer, &gss.import_context(&token).unwrap());
}

#[test]
fn a_revoked_context_is_no_context() {
    let site = dummy_site("");
    let gss = site.gss();
    let ((_, token), (peer, kept)) = (exported(&gss, &DUMMY), exported(&gss, &DUMMY));
    let id = id(&token);
    let revoked = run(&site, &["transfer", "revoke", &id]);
    let expected = format!("{id} revoked: a context of dummy\n");
    assert_eq!((revoked.code, revoked.out, revoked.err.as_str()), (Some(0), expected, ""));
    assert_eq!(gss.import_context(&token).unwrap_err().major(), Major::NO_CONTEXT);
    let again = run(&site, &["transfer", "revoke", &id]);
    assert_eq!((again.code, again.out.as_str()), (Some(1), ""));
    assert!(again.err.contains(&format!("gssctl: {id} waits nowhere")), "{}", again.err);
    for wrong in ["", "1", &id.to_uppercase().replace(|c: char| c.is_ascii_digit(), "A"), "../../etc/passwd"] {
        let answer = run(&site, &["transfer", "revoke", wrong]);
        assert_eq!((answer.code, answer.out.as_str()), (Some(2), ""), "{wrong:?}");
        assert!(answer.err.contains("not an id"), "{}", answer.err);
    }
    converse(&peer, &gss.import_context(&kept).unwrap());
}

/// What `inspect` reports of a token, after it was seen to show no key.
fn inspect(site: &Site, token: &[u8]) -> Value {
    let human = run_with_input(site, &["-vvv", "token", "inspect"], token);
    let machine = run_with_input(site, &["token", "inspect", "--json"], token);
    let report = json(&machine);
    for answer in [&human, &machine] {
        assert_eq!(answer.code, Some(0), "{}", answer.err);
        assert_no_key(answer, token);
    }
    let state = report["claim"]["state"].as_str().unwrap_or_default();
    assert!(human.out.contains(&format!("state       {state}")) || report["claim"].is_null(), "{}", human.out);
    report
}

#[test]
fn inspect_tells_what_has_become_of_a_token_and_claims_nothing() {
    let site = dummy_site("");
    let gss = site.gss();
    let (peer, token) = exported(&gss, &DUMMY);
    for _ in 0..3 {
        let report = inspect(&site, &token);
        assert_eq!((&report["kind"], &report["configured"]["admitted"]), (&"once".into(), &true.into()));
        let claim = &report["claim"];
        assert_eq!((&claim["state"], &claim["id"]), (&"waiting".into(), &id(&token).into()));
        assert_eq!(claim["audience"], format!("uid {}", euid()));
        assert_eq!(claim["not_after"], self::claim(&token).not_after());
        assert!((1..=36_000).contains(&claim["left"].as_i64().unwrap()), "{claim}");
        assert!(claim["words"].as_str().unwrap().contains(site.store().to_str().unwrap()), "{claim}");
    }
    converse(&peer, &gss.import_context(&token).unwrap());
    assert_eq!(inspect(&site, &token)["claim"]["state"], "gone");
}

#[test]
fn inspect_says_where_it_may_not_look() {
    let site = dummy_site("");
    let (_peer, token) = exported(&site.gss(), &DUMMY);
    let own = site.store().join(format!("u{}", euid()));
    fs::write(site.path("token"), &token).unwrap();
    set_mode(&own, 0);
    let answer = run_unprivileged(&site, &["token", "inspect", site.path("token").to_str().unwrap()]);
    set_mode(&own, 0o700);
    assert_eq!(answer.code, Some(0), "{}", answer.err);
    let words = format!("state       unseen: not known: this user may not look into {}", own.display());
    assert!(answer.out.contains(&words), "{}", answer.out);
    assert_no_key(&answer, &token);
}

#[test]
fn inspect_knows_an_expired_token_and_one_of_another_boot() {
    let site = dummy_site("");
    site.write("plugins.conf", &format!("{}gss.transfer-wait=1s\n", site.settings()));
    let gss = site.gss();
    let (_peer, token) = exported(&gss, &DUMMY);
    let mut other_boot = token.clone();
    let body = token.len() - Claim::LENGTH;
    other_boot[body + 24] ^= 1;
    let report = inspect(&site, &other_boot);
    assert_eq!(report["claim"]["state"], "other boot");
    assert_eq!(gss.import_context(&other_boot).unwrap_err().major(), Major::NO_CONTEXT);

    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(120);
    let state = || json(&run_with_input(&site, &["token", "inspect", "--json"], &token))["claim"]["state"] == "waiting";
    while state() {
        assert!(std::time::Instant::now() < deadline, "it does not expire");
    }
    let report = inspect(&site, &token);
    assert_eq!(report["claim"]["state"], "expired");
    assert!(report["claim"]["left"].as_i64().unwrap() < 0, "{report}");
    let error = gss.import_context(&token).unwrap_err();
    assert!(error.major() == Major::NO_CONTEXT && error.to_string().contains("could be imported until"), "{error}");
}

#[test]
fn inspect_says_which_kind_the_line_admits_and_what_is_no_claim() {
    let site = dummy_site("");
    let (_peer, token) = exported(&site.gss(), &DUMMY);
    let portable = dummy_site("gss.transfer=portable");
    let (_peer, open) = exported(&portable.gss(), &DUMMY);
    let report = inspect(&portable, &open);
    assert_eq!((&report["kind"], &report["claim"]), (&"portable".into(), &Value::Null));
    for (site, token) in [(&site, &open), (&portable, &token)] {
        assert_eq!(inspect(site, token)["configured"]["admitted"], false);
        let human = run_with_input(site, &["token", "inspect"], token);
        assert!(human.out.contains(", which its line does not admit (gss.transfer)"), "{}", human.out);
        assert_eq!(site.gss().import_context(token).unwrap_err().major(), Major::UNAUTHORIZED);
    }
    // A token cut off within its claim, and one of a later version.
    for (altered, words) in [
        (token[..token.len() - 1].to_vec(), "has 79 bytes, expected 80"),
        ([&token[..token.len() - 73], &[2], &token[token.len() - 72..]].concat(), "a claim of version 2"),
    ] {
        let answer = run_with_input(&site, &["token", "inspect"], &altered);
        assert_eq!((answer.code, answer.out.as_str()), (Some(1), ""), "{words}");
        assert!(answer.err.contains(words), "{}", answer.err);
        assert_no_key(&answer, &token);
    }
}
