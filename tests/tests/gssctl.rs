//! `gssctl` as administrators and scripts see it: the built program, on configs and plugins of the test's own.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot be set up has failed")]

use gss_core::{Gss, Oid, name_type};
use gss_tests::gssctl::{answer, gssctl, json, run, run_with_input};
use gss_tests::{Site, build_apart, dummy_site, here, product};
use serde_json::Value;
use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

const ACME: &str = "1.3.6.1.4.1.99999.1";
const DUMMY: &str = "1.3.6.1.4.1.42.2.26.1.2";

/// A site with the stranger's mechanism.
fn acme_site() -> Site {
    let target = build_apart(&here().join("third-party/Cargo.toml"), "third-party", &[]);
    let site = Site::new();
    site.install(&target.join("debug/libacme_mech.so"));
    site.configure("acme", &format!("acme {ACME} libacme_mech.so [greeting=salut gss.alias=1.3.6.1.4.1.99999.2]"));
    site
}

#[test]
fn mechs_shows_what_became_of_each_line() {
    let site = acme_site();
    site.configure("broken", "broken 1.2.3.4 libmissing.so");
    let answer = run(&site, &["mechs"]);
    assert_eq!(answer.code, Some(1), "{}", answer.err);
    let lines: Vec<_> = answer.out.lines().collect();
    assert!(lines[0].starts_with("NAME") && lines[0].contains("STATE"), "{}", answer.out);
    let acme_place = format!("{}:1", site.path("plugins.d/acme.conf").display());
    assert!(lines[1].contains(ACME) && lines[1].contains("loaded") && lines[1].ends_with(&acme_place), "{}", lines[1]);
    assert!(lines[2].contains("protects nothing and says salut"));
    assert!(lines[3].starts_with("broken") && lines[3].contains("failed"));
    assert!(lines[4].contains("libmissing.so") && lines[4].contains("No such file"));
    assert!(answer.out.contains("SPNEGO"));
    assert_eq!(run(&site, &["mechs", "acme"]).code, Some(0));
}

#[test]
fn mechs_as_json_holds_all_that_is_known() {
    let site = acme_site();
    site.configure("other", "other 1.2.3.4 /usr/lib/proxymech.so <interposer>");
    let report = json(&run(&site, &["mechs", "--json"]));
    let [acme, other] = &report["mechanisms"].as_array().unwrap()[..] else { panic!("{report}") };
    assert_eq!(acme["name"], "acme");
    assert_eq!(acme["oid"], ACME);
    assert_eq!(acme["aliases"][0], "1.3.6.1.4.1.99999.2");
    assert_eq!(acme["line"], 1);
    assert_eq!(acme["state"], "loaded");
    assert_eq!(acme["reason"], Value::Null);
    assert_eq!(acme["transfer"], "once");
    assert_eq!(acme["serves_by_default"], false);
    let attributes = acme["description"]["attributes"].as_array().unwrap();
    assert!(attributes.iter().any(|name| name == "NOT_DFLT_MECH"), "{attributes:?}");
    assert_eq!(acme["description"]["name_types"][0], "USER_NAME");
    assert_eq!(other["state"], "unsupported");
    assert!(other["reason"].as_str().unwrap().contains("interposers"));
    assert_eq!(report["default_mechanism"], Value::Null);
}

#[test]
fn mechs_without_loading_opens_nothing() {
    let site = Site::new();
    site.configure("broken", "broken 1.2.3.4 libmissing.so");
    let report = run(&site, &["mechs", "--no-load", "--json"]);
    assert_eq!(report.code, Some(0), "{}", report.err);
    assert_eq!(json(&report)["mechanisms"][0]["state"], "not loaded");
}

#[test]
fn what_cannot_be_looked_at_is_exit_code_2() {
    let site = Site::new();
    assert_eq!(run(&site, &["mechs", "nobody"]).code, Some(2));
    assert_eq!(run(&site, &["nonsense"]).code, Some(2));
    let missing = site.path("missing.conf");
    for arguments in [
        &["mechs", "--conf"][..],
        &["config", "check"],
        &["config", "show", "--conf"],
        &["transfer", "list", "--conf"],
        &["transfer", "sweep", "--conf"],
        &["transfer", "revoke", "00112233445566778899aabbccddeeff", "--conf"],
    ] {
        let mut arguments = arguments.to_vec();
        arguments.push(missing.to_str().unwrap());
        let answer = answer(Command::new(product("gssctl", "gssctl")).args(&arguments).output().unwrap());
        assert_eq!((answer.code, answer.out.as_str()), (Some(2), ""), "{arguments:?}");
        assert!(answer.err.contains("missing.conf"), "{}", answer.err);
    }
}

#[test]
fn config_check_names_each_place() {
    let site = Site::new();
    site.write(
        "bad.conf",
        "# a comment\n\
         good 1.2.3 libgood.so\n\
         bad 1.2.x libbad.so\n\
         good 1.2.4 libgood.so [gss.default=yes]\n\
         late 1.2.5 liblate.so [gss.transfer=often]\n",
    );
    let file = site.path("bad.conf");
    let answer = run(&site, &["config", "check", file.to_str().unwrap()]);
    assert_eq!(answer.code, Some(1));
    let places: Vec<_> = answer.err.lines().map(|line| line.rsplit_once(": error: ").unwrap_or((line, "")).0).collect();
    assert_eq!(places, ["3:5", "4:1", "5:37"].map(|place| format!("{}:{place}", file.display())), "{}", answer.err);
    assert_eq!(answer.out, format!("{}: 1 mechanism, 3 errors, 0 warnings\n", file.display()));

    let answer = run(&site, &["config", "check", "--json", file.to_str().unwrap()]);
    assert_eq!((answer.code, answer.err.as_str()), (Some(1), ""));
    let report = json(&answer);
    assert_eq!((&report["errors"], &report["mechanisms"]), (&Value::from(3), &Value::from(1)));
    assert_eq!(report["diagnostics"][2]["line"], 5);
    assert_eq!(report["diagnostics"][2]["column"], 37);
}

#[test]
fn config_check_is_strict_about_warnings_only_if_asked() {
    let site = Site::new();
    site.configure("one", "one 1.2.3 libone.so");
    let include = format!("include {}\n", site.path("plugins.d/one.conf").display());
    site.write("plugins.conf", &include.repeat(2));
    let answer = run(&site, &["config", "check"]);
    assert_eq!(answer.code, Some(0));
    assert!(answer.err.contains(": warning: "), "{}", answer.err);
    assert!(answer.out.ends_with("2 files: 1 mechanism, 0 errors, 1 warning\n"), "{}", answer.out);
    assert_eq!(run(&site, &["config", "check", "--strict"]).code, Some(1));
}

#[test]
fn config_show_is_a_config_again() {
    let site = acme_site();
    site.configure("other", "other 2.25.7 /usr/lib/x.so kernel [a=b c gss.default=no] <interposer>");
    let shown = run(&site, &["config", "show"]);
    assert_eq!(shown.code, Some(0), "{}", shown.err);
    site.write("again.conf", &shown.out);
    let lines = |text: &str| text.lines().filter(|line| !line.starts_with('#')).map(str::to_owned).collect::<Vec<_>>();
    let again = run(&site, &["config", "show", "--conf", site.path("again.conf").to_str().unwrap()]);
    assert_eq!(lines(&again.out), lines(&shown.out));
    assert!(shown.out.contains(&format!("# {}:1", site.path("plugins.d/acme.conf").display())), "{}", shown.out);
}

#[test]
fn config_show_has_the_settings_and_what_stands_for_those_that_are_missing() {
    let site = Site::new();
    let settings = |site: &Site| {
        let shown = run(site, &["config", "show"]).out;
        shown.lines().filter(|line| line.starts_with("gss.")).map(str::to_owned).collect::<Vec<_>>()
    };
    let directory = format!("gss.transfer-directory={}", site.store().display());
    assert_eq!(
        settings(&site),
        ["gss.transfer=once", &directory, "gss.transfer-wait=36000", "gss.transfer-limit=67108864"]
    );
    site.write("plugins.conf", "gss.transfer=portable gss.transfer-wait=2m\ngss.transfer-limit=1M\n");
    assert_eq!(settings(&site), ["gss.transfer=portable", "gss.transfer-wait=120", "gss.transfer-limit=1048576"]);
}

/// A site where the stranger's contexts travel in their tokens.
fn portable_site() -> Site {
    let site = acme_site();
    site.write("plugins.conf", &format!("{}gss.transfer=portable\n", site.settings()));
    site
}

/// An interprocess token of the stranger's mechanism, whose body holds the name alice where it is portable.
fn acme_token(gss: &Gss) -> Vec<u8> {
    let oid: Oid = ACME.parse().unwrap();
    let (user, service) = (gss.name(b"alice", Some(&name_type::USER_NAME)), gss.name(b"service", None));
    let alice = gss.credential().mechanism(&oid).name(&user).acquire().unwrap();
    let credential = gss.credential().mechanism(&oid).acquire().unwrap();
    let first = gss.initiator(&service).mechanism(&oid).credential(&alice).step(b"").unwrap();
    let mut acceptor = gss.acceptor().credential(&credential);
    assert!(acceptor.step(&first.token).unwrap().complete);
    acceptor.into_context().unwrap().export().unwrap().as_bytes().to_vec()
}

#[test]
fn token_inspect_shows_mechanism_and_sizes_and_never_the_body() {
    let site = portable_site();
    let token = acme_token(&site.gss());
    assert!(token.windows(5).any(|bytes| bytes == b"alice"), "nothing to be seen: {token:?}");
    let hex: String = token.iter().map(|byte| format!("{byte:02x}")).collect();
    fs::write(site.path("token"), &token).unwrap();
    fs::write(site.path("token.hex"), &hex).unwrap();
    let prefix = 4 + ACME.parse::<Oid>().unwrap().as_bytes().len();
    let file = site.path("token");
    let hex_file = site.path("token.hex");
    let by_file = run(&site, &["token", "inspect", "--json", file.to_str().unwrap()]);
    let by_stdin = run_with_input(&site, &["token", "inspect", "--json"], &token);
    let by_text = run(&site, &["token", "inspect", "--json", hex_file.to_str().unwrap()]);
    for (answer, encoding) in [(by_file, "binary"), (by_stdin, "binary"), (by_text, "hexadecimal")] {
        assert_eq!(answer.code, Some(0), "{}", answer.err);
        let report = json(&answer);
        assert_eq!(report["oid"], ACME);
        assert_eq!(report["configured"]["name"], "acme");
        assert_eq!(report["configured"]["line"], 1);
        assert_eq!(report["kind"], "portable");
        assert_eq!((&report["claim"], &report["configured"]["admitted"]), (&Value::Null, &Value::Bool(true)));
        assert_eq!(report["prefix"], prefix);
        assert_eq!(report["body"], token.len() - prefix);
        assert_eq!(report["total"], token.len());
        assert_eq!(report["encoding"], encoding);
    }
    let human = run(&site, &["-vvv", "token", "inspect", file.to_str().unwrap()]);
    let all = human.out.clone() + &human.err;
    assert!(human.out.contains(&format!("acme ({ACME})")), "{}", human.out);
    assert!(!all.contains("alice") && !all.contains(&hex[2 * prefix..]), "the body shows: {all}");
}

#[test]
fn token_inspect_tells_of_a_mechanism_that_is_not_configured() {
    let site = acme_site();
    let token = acme_token(&site.gss());
    let answer = run_with_input(&Site::new(), &["token", "inspect", "-"], &token);
    assert_eq!(answer.code, Some(0));
    assert!(answer.out.contains("BAD_MECH"), "{}", answer.out);
}

#[test]
fn token_inspect_refuses_what_is_no_token() {
    let site = Site::new();
    for (input, words) in [
        (&b""[..], "empty"),
        (b"\0\0\0\x09\x2a", "within its prefix"),
        (b"\0\0\0\x03\x2a\x03\x04", "no body"),
        (b"\xff\xff\xff\xff\xff", "names no mechanism"),
        (b"AAAAAyoDB", "incomplete"),
        (b"hello, world", "names no mechanism"),
    ] {
        let answer = run_with_input(&site, &["token", "inspect"], input);
        assert_eq!((answer.code, answer.out.as_str()), (Some(1), ""), "{input:?}");
        assert!(answer.err.contains("standard input") && answer.err.contains(words), "{input:?}: {}", answer.err);
    }
    let long = run_with_input(&site, &["token", "inspect"], &vec![0; gss_core::token::MAX_TOKEN + 4096]);
    assert_eq!(long.code, Some(1));
    assert!(long.err.contains("longer than"), "{}", long.err);
}

/// The rows of the demo's table for a mechanism, by their heads.
fn table(out: &str) -> HashMap<String, String> {
    let mut lines = out.lines().skip_while(|line| !line.trim_start().starts_with("legs"));
    // Two blanks part the columns; a head may have one in it.
    let cells =
        |line: &str| line.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).map(str::to_owned).collect();
    let (heads, row): (Vec<String>, Vec<String>) = (cells(lines.next().unwrap()), cells(lines.next().unwrap()));
    heads.into_iter().zip(row).collect()
}

#[test]
fn demo_moves_contexts_of_a_strangers_mechanism() {
    let site = acme_site();
    let answer = run(&site, &["demo", "--messages", "7"]);
    assert_eq!(answer.code, Some(0), "{}{}", answer.out, answer.err);
    assert_eq!(answer.err, "");
    let table = table(&answer.out);
    assert_eq!((table["legs"].as_str(), table["messages"].as_str()), ("1", "7"));
    let pids: std::collections::HashSet<_> =
        ["client", "acceptor", "worker 1", "worker 2"].map(|who| &table[who]).into();
    assert_eq!(pids.len(), 4, "four processes: {table:?}");
    let answered = format!("answered: 3 by {}, 4 by {}", table["worker 1"], table["worker 2"]);
    assert!(answer.out.contains(&answered), "{}", answer.out);
    for (what, status) in [
        ("acceptor", "NO_CONTEXT"),
        (&*format!("worker {} uses", table["worker 1"]), "NO_CONTEXT"),
        (&*format!("worker {} imports the token that worker {}", table["worker 2"], table["worker 1"]), "NO_CONTEXT"),
        ("a token cut off", "CALL_BAD_STRUCTURE|DEFECTIVE_TOKEN"),
        ("a token of an unknown", "BAD_MECH"),
        // It protects nothing, and the demo has to say so.
        ("a message altered", "accepted: acme protects no integrity, and claims none"),
    ] {
        let must_fail = answer.out.lines().skip_while(|line| !line.contains("what must fail"));
        let line = must_fail.skip(1).find(|line| line.trim_start().starts_with(what)).unwrap();
        assert!(line.ends_with(&format!("  {status}")), "{line}");
    }
    assert!(answer.out.contains("transfer store: nothing is left"), "{}", answer.out);
    assert_eq!(site.waiting(), Vec::<PathBuf>::new());
    assert!(answer.out.ends_with("demo: 1 mechanism passed\n"), "{}", answer.out);
}

#[test]
fn demo_says_that_a_portable_token_can_be_imported_again() {
    let answer = run(&portable_site(), &["demo"]);
    assert_eq!(answer.code, Some(0), "{}{}", answer.out, answer.err);
    assert!(answer.out.contains("accepted: a portable token can be imported again"), "{}", answer.out);
    assert!(!answer.out.contains("transfer store"), "{}", answer.out);
}

#[test]
fn demo_passes_with_any_number_of_legs() {
    for legs in 1..=4 {
        let answer = run(&dummy_site(&format!("legs={legs}")), &["demo"]);
        assert_eq!(answer.code, Some(0), "{}{}", answer.out, answer.err);
        assert_eq!(table(&answer.out)["legs"], legs.to_string());
        assert!(answer.out.contains("MICs: checked both ways"), "{}", answer.out);
        assert!(!answer.out.contains("accepted"), "an altered message passed: {}", answer.out);
    }
}

#[test]
fn demo_goes_on_after_a_mechanism_that_does_not_load() {
    let site = acme_site();
    site.configure("a-first", "broken 1.2.3.4 libmissing.so");
    site.install_dummy();
    site.configure("dummy", &format!("dummy {DUMMY} libgss_mech_dummy.so"));
    let answer = run(&site, &["demo"]);
    assert_eq!(answer.code, Some(1), "{}{}", answer.out, answer.err);
    assert!(answer.out.contains("cannot be shown: ") && answer.out.contains("libmissing.so"), "{}", answer.out);
    assert!(answer.out.ends_with("demo: FAILED: 2 passed, 1 could not be shown\n"), "{}", answer.out);
    let answer = run(&site, &["demo", "--mech", "acme", "--mech", DUMMY]);
    assert_eq!(answer.code, Some(0), "{}{}", answer.out, answer.err);
    assert!(answer.out.ends_with("demo: all 2 mechanisms passed\n"), "{}", answer.out);
}

#[test]
fn demo_fails_with_the_mechanisms_reason_and_goes_on() {
    let site = dummy_site("fail=serialize");
    site.configure("second", "second 1.2.3.5 libgss_mech_dummy.so");
    let answer = run(&site, &["demo"]);
    assert_eq!(answer.code, Some(1));
    assert!(answer.out.contains("export failed, and the context is still usable"), "{}", answer.out);
    assert!(answer.out.contains("fault injected into context.serialize"), "{}", answer.out);
    assert!(answer.out.ends_with("demo: FAILED: 1 passed, 1 failed\n"), "{}", answer.out);
}

#[test]
fn demo_fails_wherever_the_mechanism_does() {
    for option in ["fail=import_context", "fail=wrap", "fail=unwrap", "fail=initiate", "fail=accept", "panic=wrap"] {
        let answer = run(&dummy_site(option), &["demo"]);
        assert_eq!(answer.code, Some(1), "{option}: {}", answer.out);
        assert!(answer.out.contains("  FAILED: "), "{option}: {}", answer.out);
        assert!(answer.out.ends_with("demo: FAILED: 0 passed, 1 failed\n"), "{option}: {}", answer.out);
    }
}

#[test]
fn demo_ends_in_time_when_a_mechanism_hangs() {
    let hang = |call| {
        let site = dummy_site(&format!("delay={call}:60000"));
        let begin = Instant::now();
        let answer = run(&site, &["demo", "--timeout", "1"]);
        assert_eq!(answer.code, Some(1), "{call}: {}", answer.out);
        assert!(begin.elapsed() < Duration::from_secs(10), "{call}: {:?}", begin.elapsed());
        assert!((answer.out.clone() + &answer.err).contains("does not answer"), "{call}: {}{}", answer.out, answer.err);
    };
    // Side by side: they do nothing but wait.
    std::thread::scope(|scope| {
        for call in ["mechanism.open", "initiate", "accept", "serialize", "import_context", "unwrap"] {
            scope.spawn(move || hang(call));
        }
    });
}

/// Each process below another that plays a part in the demo, with its part.
fn parts(demo: u32) -> Vec<(u32, String)> {
    let mut parents: HashMap<u32, u32> = HashMap::new();
    let mut parts = Vec::new();
    for entry in fs::read_dir("/proc").unwrap().flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
        let Ok(stat) = fs::read_to_string(entry.path().join("stat")) else { continue };
        // The name in brackets may hold anything.
        let after_name = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
        if let Some(parent) = after_name.split_whitespace().nth(1).and_then(|field| field.parse().ok()) {
            parents.insert(pid, parent);
        }
        if let Some(part) = part(&entry.path()) {
            parts.push((pid, part));
        }
    }
    parts.retain(|(pid, _)| {
        let mut ancestors = std::iter::successors(Some(*pid), |pid| parents.get(pid).copied());
        ancestors.any(|ancestor| ancestor == demo)
    });
    parts.sort();
    parts
}

/// What a process with this folder in /proc plays.
fn part(process: &Path) -> Option<String> {
    let command = fs::read(process.join("cmdline")).ok()?;
    let command: Vec<_> = command.split(|byte| *byte == 0).map(String::from_utf8_lossy).collect();
    let role = command.iter().position(|argument| argument == "demo-role")?;
    Some(command.get(role + 1)?.to_string())
}

/// A demo that has long to do, and its processes once all are there.
fn long_demo(site: &Site) -> (Child, Vec<(u32, String)>) {
    let mut command = gssctl(site);
    command.args(["demo", "--messages", "1000000"]).stdout(Stdio::piped()).stderr(Stdio::piped());
    let demo = command.spawn().expect("gssctl was built");
    let parts = all_parts(demo.id());
    (demo, parts)
}

/// The four processes of a demo, once all are there.
fn all_parts(demo: u32) -> Vec<(u32, String)> {
    let deadline = Instant::now() + Duration::from_secs(10);
    loop {
        let parts = parts(demo);
        if parts.len() == 4 {
            return parts;
        }
        assert!(Instant::now() < deadline, "the processes of the demo do not appear: {parts:?}");
        sleep(Duration::from_millis(5));
    }
}

fn kill(pid: u32) {
    let status = Command::new("sh").args(["-c", &format!("kill -9 {pid}")]).status().unwrap();
    assert!(status.success());
}

/// Waits until none of these processes plays its part any more.
fn assert_gone(parts: &[(u32, String)]) {
    let deadline = Instant::now() + Duration::from_secs(5);
    while let Some((pid, part)) = parts.iter().find(|(pid, _)| part(Path::new(&format!("/proc/{pid}"))).is_some()) {
        assert!(Instant::now() < deadline, "{part} {pid} is left behind");
        sleep(Duration::from_millis(5));
    }
}

#[test]
fn demo_fails_soon_when_a_process_is_killed() {
    let site = acme_site();
    for (role, which) in [("worker", 0), ("worker", 1), ("acceptor", 0), ("client", 0)] {
        let (demo, parts) = long_demo(&site);
        let victim = parts.iter().filter(|(_, part)| part == role).nth(which).unwrap().0;
        sleep(Duration::from_millis(50));
        let begin = Instant::now();
        kill(victim);
        let answer = answer(demo.wait_with_output().unwrap());
        assert!(begin.elapsed() < Duration::from_secs(5), "{role}: {:?}", begin.elapsed());
        assert_eq!(answer.code, Some(1), "{role}: {}{}", answer.out, answer.err);
        let all = answer.out.clone() + &answer.err;
        assert!(all.contains(&format!("(pid {victim}) was killed by signal 9")), "{role}: {all}");
        assert!(answer.out.contains("demo: FAILED") && answer.out.contains("stopped before the end"), "{}", answer.out);
        assert_gone(&parts);
    }
}

#[test]
fn demo_leaves_nothing_behind_when_it_is_killed_itself() {
    let site = acme_site();
    let (mut demo, parts) = long_demo(&site);
    // The last process is there, and soon after all connections.
    sleep(Duration::from_millis(200));
    kill(demo.id());
    demo.wait().unwrap();
    assert_gone(&parts);
    let own = format!("gssctl-demo-{}-", demo.id());
    let left = fs::read_dir(std::env::temp_dir()).unwrap().flatten();
    assert_eq!(left.filter(|entry| entry.file_name().to_string_lossy().starts_with(&own)).count(), 0);
}

#[test]
fn a_reader_who_has_seen_enough_is_no_error() {
    let site = acme_site();
    let mut command = gssctl(&site);
    command.args(["mechs", "--long"]).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    drop(child.stdout.take());
    let answer = answer(child.wait_with_output().unwrap());
    assert_eq!((answer.code, answer.err.as_str()), (Some(0), ""));
}

#[test]
fn help_tells_of_exit_codes_files_and_environment() {
    let answer = run(&Site::new(), &["--help"]);
    assert_eq!(answer.code, Some(0));
    for part in
        ["Examples:", "Exit codes:", "/etc/gss/plugins.conf", "GSS_PLUGINS_CONF", "gssctl demo", "gssctl transfer list"]
    {
        assert!(answer.out.contains(part), "{part}: {}", answer.out);
    }
    assert!(!answer.out.contains("demo-role"), "{}", answer.out);
}
