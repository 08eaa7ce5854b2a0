//! A bad plugin hurts only itself, and it can be found out why: files that are no plugins, plugins that call back while
//! they are being loaded, and plugins that take their time. What a loaded one can do: `faulty_mechanism`.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod neighbour;

use gss_core::{Error, Gss, Major, State};
use gss_tests::Site;
use neighbour::{ACME, BAD, Scene, acme_library, assert_says, oid, plugins, refusal, run, site, whole_life, works};
use std::cell::RefCell;
use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;
use std::{fs, thread};

// ---- Files that are no plugins ---------------------------------------------------------------------------------

#[test]
fn a_missing_file_is_named() {
    assert_says(&refusal(&site(), Path::new("nowhere.so")), &["cannot open", "No such file"]);
}

#[test]
fn a_text_file_is_no_library() {
    let site = site();
    fs::write(site.plugins().join("notes.so"), "Not a library, but long enough for the header of one. ".repeat(9))
        .unwrap();
    assert_says(&refusal(&site, Path::new("notes.so")), &["the dynamic linker cannot load", "invalid ELF header"]);
}

#[test]
fn an_empty_file_is_no_library() {
    let site = site();
    fs::write(site.plugins().join("empty.so"), "").unwrap();
    assert_says(&refusal(&site, Path::new("empty.so")), &["the dynamic linker cannot load", "file too short"]);
}

/// The dynamic linker itself would end the process with SIGBUS.
#[test]
fn a_library_that_was_cut_off_is_incomplete() {
    let whole = fs::read(acme_library()).unwrap();
    for length in [64, 65, 600, whole.len() / 8, whole.len() / 4, whole.len() / 2] {
        let site = site();
        fs::write(site.plugins().join("cut.so"), &whole[..length]).unwrap();
        let text = refusal(&site, Path::new("cut.so"));
        assert_says(&text, &[&format!("cut.so is incomplete: it has {length} bytes and needs")]);
    }
}

#[test]
fn a_directory_is_no_library() {
    let site = site();
    fs::create_dir(site.plugins().join("folder.so")).unwrap();
    assert_says(&refusal(&site, Path::new("folder.so")), &["is a directory, expected a regular file"]);
}

#[test]
fn a_fifo_is_no_library_and_nobody_waits_for_its_writer() {
    let site = site();
    run("mkfifo", &[site.plugins().join("pipe.so").as_os_str()]);
    assert_says(&refusal(&site, Path::new("pipe.so")), &["FIFO, expected a regular file"]);
}

/// Where the dynamic linker finds a library of the system.
fn system_library(name: &str, package: &str) -> PathBuf {
    let output = Command::new("/sbin/ldconfig").arg("-p").output().unwrap();
    let known = String::from_utf8(output.stdout).unwrap();
    let line = known.lines().find(|line| line.trim().starts_with(name) && line.contains("x86-64"));
    // Elsewhere there is one architecture only.
    let line = line.or_else(|| known.lines().find(|line| line.trim().starts_with(name)));
    let line = line.unwrap_or_else(|| panic!("{name} is missing: install {package} (tests/setup-system.sh does)"));
    PathBuf::from(line.rsplit(" => ").next().unwrap())
}

#[test]
fn a_library_of_another_purpose_is_no_plugin() {
    let site = site();
    fs::copy(system_library("libz.so.1", "zlib1g"), site.plugins().join("libz.so.1")).unwrap();
    let text = refusal(&site, Path::new("libz.so.1"));
    assert_says(&text, &["is no mechanism plugin", "does not export _1as_0lib_1header"]);
}

#[test]
fn a_library_that_is_loaded_already_is_no_plugin() {
    let text = refusal(&site(), &system_library("libc.so.6", "libc6"));
    assert_says(&text, &["is no mechanism plugin"]);
}

/// Compiles a C source to a library in the plugin directory.
fn compile(site: &Site, library: &str, source: &str, arguments: &[&OsStr]) {
    site.write("source.c", source);
    let (output, source) = (site.plugins().join(library), site.path("source.c"));
    let mut all = vec![OsStr::new("-shared"), OsStr::new("-fPIC"), OsStr::new("-o"), output.as_os_str()];
    all.push(source.as_os_str());
    all.extend(arguments);
    run("cc", &all);
}

/// `dlsym` finds a dependency's symbol too.
#[test]
fn a_library_that_merely_links_a_plugin_is_none() {
    let site = site();
    let mut search = OsString::from("-L");
    search.push(site.plugins());
    let arguments = ["-Wl,--no-as-needed", "-Wl,-rpath,$ORIGIN", "-l:libacme_mech.so"].map(OsStr::new);
    compile(&site, "wrapper.so", "int wraps(void) { return 1; }\n", &[&[search.as_os_str()], &arguments[..]].concat());
    assert_says(&refusal(&site, Path::new("wrapper.so")), &["is no mechanism plugin"]);
}

#[test]
fn a_library_that_needs_what_is_not_there_says_what() {
    let site = site();
    compile(&site, "needy.so", "int gss_no_such_thing(void);\nint needs(void) { return gss_no_such_thing(); }\n", &[]);
    let text = refusal(&site, Path::new("needy.so"));
    assert_says(&text, &["the dynamic linker cannot load", "undefined symbol: gss_no_such_thing"]);
}

/// What every version of abi_stable puts at the beginning of its root symbol.
fn header_of_abi_stable(magic: &str, major: u32, minor: u32) -> String {
    format!(
        "const struct {{ char magic[32]; unsigned major, minor; void *rest[64]; }}\n\
         _1as_0lib_1header_0root_bmodule_bloader = {{ \"{magic}\", {major}, {minor}, {{ 0 }} }};\n"
    )
}

#[test]
fn a_plugin_of_another_abi_stable_is_refused_with_both_versions() {
    let site = site();
    compile(&site, "old.so", &header_of_abi_stable("abi stable library for Rust     ", 0, 10), &[]);
    assert_says(&refusal(&site, Path::new("old.so")), &["was built for another ABI", "0.10", "0.11"]);
}

#[test]
fn a_symbol_of_the_right_name_with_something_else_in_it_is_refused() {
    let site = site();
    compile(&site, "odd.so", &header_of_abi_stable("nothing of that kind", 0, 11), &[]);
    assert_says(&refusal(&site, Path::new("odd.so")), &["was built for another ABI"]);
}

#[test]
fn of_two_lines_with_one_oid_the_first_counts_and_the_second_is_reported() {
    let site = site();
    site.install(&plugins().join("libfaulty.so"));
    site.configure("20-thief", &format!("thief {ACME} libfaulty.so"));
    let gss = site.gss();
    let diagnostics = gss.diagnostics();
    assert_eq!(diagnostics.len(), 1, "{diagnostics:?}");
    assert_says(&diagnostics[0].to_string(), &["20-thief.conf:1", ACME, "10-acme.conf:1"]);
    assert_eq!(gss.mechanism(&oid(ACME)).unwrap().line().name, "acme");
    works(&gss, &oid(ACME));
}

// ---- Plugins that call back, and slow ones ---------------------------------------------------------------------

type Callback = Arc<dyn Fn() + Send + Sync>;

/// By number, for a mechanism's `open`.
static CALLBACKS: Mutex<Option<HashMap<u32, Callback>>> = Mutex::new(None);

thread_local! {
    /// For a constructor, which has no number: it runs on the thread that loads.
    static IN_CONSTRUCTOR: RefCell<Option<Callback>> = const { RefCell::new(None) };
}

/// What the plugin `constructor` finds in this process, and calls: with 0 from its constructor.
#[unsafe(no_mangle)]
extern "C" fn gss_test_callback(number: u32) {
    let callback = match number {
        0 => IN_CONSTRUCTOR.take(),
        _ => CALLBACKS.lock().unwrap().as_ref().and_then(|all| all.get(&number).cloned()),
    };
    if let Some(callback) = callback {
        callback();
    }
}

fn on_callback(number: u32, callback: impl Fn() + Send + Sync + 'static) {
    CALLBACKS.lock().unwrap().get_or_insert_default().insert(number, Arc::new(callback));
}

/// A site with the plugin that calls back.
fn calling_site(number: u32) -> Site {
    let site = site();
    site.install(&plugins().join("libconstructor.so"));
    site.configure("20-calling", &format!("calling {BAD} libconstructor.so [callback={number}]"));
    site
}

/// Calls back into the switch, and keeps what it said.
fn ask_for_itself(gss: Gss, answers: &Arc<Mutex<Vec<Error>>>) -> impl Fn() + Send + Sync + 'static {
    let answers = Arc::clone(answers);
    move || {
        let mechanism = gss.mechanism(&oid(BAD)).unwrap();
        answers.lock().unwrap().push(mechanism.open().unwrap_err());
        // Any other mechanism can be loaded and used meanwhile.
        works(&gss, &oid(ACME));
    }
}

#[test]
fn a_plugin_that_asks_for_itself_while_it_is_loaded_is_told_so_and_loads() {
    let site = calling_site(1);
    let gss = site.gss();
    let answers = Arc::default();
    IN_CONSTRUCTOR.set(Some(Arc::new(ask_for_itself(gss.clone(), &answers))));
    on_callback(1, ask_for_itself(gss.clone(), &answers));
    gss.mechanism(&oid(BAD)).unwrap().open().unwrap();
    let answers = std::mem::take(&mut *answers.lock().unwrap());
    assert_eq!(answers.len(), 2, "from the constructor and from open: {answers:?}");
    for error in answers {
        assert_eq!(error.major(), Major::BAD_MECH);
        assert_says(&error.to_string(), &["mechanism calling", "20-calling.conf:1", "being loaded by this thread"]);
    }
    let scene = Scene { gss: &gss, oid: oid(BAD) };
    whole_life(&scene);
}

/// Threads that have come so far.
#[derive(Default)]
struct Gathering {
    here: Mutex<usize>,
    changed: Condvar,
}

impl Gathering {
    /// Waits until `count` threads are here, this one included; long enough for a slow machine.
    #[track_caller]
    fn wait_for(&self, count: usize) {
        let mut here = self.here.lock().unwrap();
        *here += 1;
        self.changed.notify_all();
        let waited = self.changed.wait_timeout_while(here, Duration::from_secs(30), |here| *here < count).unwrap();
        assert!(!waited.1.timed_out(), "{} of {count} threads came", *waited.0);
    }
}

#[test]
fn while_two_threads_load_a_slow_plugin_others_wait_for_nothing() {
    let site = calling_site(2);
    let gss = site.gss();
    // Two threads are in the plugin's `open` at once, and do not leave it before the third is done with its work.
    let done = Arc::new(Gathering::default());
    let loading = Arc::new(Gathering::default());
    on_callback(2, {
        let (loading, done) = (Arc::clone(&loading), Arc::clone(&done));
        move || {
            loading.wait_for(3);
            done.wait_for(3);
        }
    });
    thread::scope(|scope| {
        let load = || gss.mechanism(&oid(BAD)).unwrap().open();
        let threads = [scope.spawn(load), scope.spawn(load)];
        loading.wait_for(3);
        // Reads the config, loads and uses another mechanism, and asks how the slow one stands.
        works(&site.gss(), &oid(ACME));
        works(&gss, &oid(ACME));
        assert!(matches!(gss.mechanism(&oid(BAD)).unwrap().state(), State::NotLoaded));
        assert_eq!(gss.indicate_mechanisms().len(), 2);
        assert!(gss.diagnostics().is_empty(), "{:?}", gss.diagnostics());
        done.wait_for(3);
        for thread in threads {
            thread.join().unwrap().unwrap();
        }
    });
    whole_life(&Scene { gss: &gss, oid: oid(BAD) });
}
