//! A side of a transfer that is killed at each of its system calls: there is never more than one context, a token that
//! got out is good for one import or has had it, and the store shows no secret.
//!
//! A reference run under strace lists the calls between the two marks that `transfer-party` writes. Then, for each of
//! them and for the mark at the end, one run is killed as it enters that call, which is not executed any more. strace
//! counts calls by name from the start of the process, so that a call more or less before the first mark (of the
//! allocator, which the layout of memory drives) moves the point. Each run is therefore judged by its own trace: from
//! the mark to its death it has to have made the reference's calls up to the intended one. A run that has not is made
//! anew, a few times, before the test fails.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on has failed")]
#![allow(clippy::print_stdout, reason = "what was done is part of the result")]

use gss_core::{Context, Flags, Gss, name_type};
use gss_tests::c::{Build, Library};
use gss_tests::party::{BEGINS, ENDS, Outcome, Worker, prove};
use gss_tests::{DUMMY, Site, dummy_site};
use std::cell::Cell;
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// How often a run is made before one that dies elsewhere fails the test.
const ATTEMPTS: usize = 10;
const SIGKILL: i32 = 9;

/// With one leg the initiator's only token makes both contexts, and the acceptor's follows from it alone.
const ONE_LEG: &str = "legs=1,gss.default=yes";

// ---- Traces -------------------------------------------------------------------------------------------------------

/// What strace saw of a process: its calls from the first on, and those of the transfer among them.
struct Trace {
    calls: Vec<Call>,
    /// The first call after the mark at the beginning.
    begins: usize,
}

#[derive(Debug)]
struct Call {
    name: String,
    line: String,
}

/// What a process left.
struct Run {
    trace: Trace,
    killed: bool,
    output: Vec<u8>,
}

impl Trace {
    fn read(path: &Path) -> Self {
        let text = fs::read_to_string(path).unwrap();
        let mut processes: Vec<&str> = text.lines().filter_map(|line| line.split(' ').next()).collect();
        processes.dedup();
        assert_eq!(processes.len(), 1, "a second process or thread makes calls, too:\n{text}");
        let call = |line: &str| {
            // 4711  openat(AT_FDCWD, …
            let line = line.split_once(' ')?.1.trim_start();
            let name = line.split_once('(')?.0;
            let is_call = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
            is_call.then(|| Call { name: name.to_owned(), line: line.to_owned() })
        };
        let calls: Vec<Call> = text.lines().filter_map(call).collect();
        let mark = calls.iter().position(|call| call.is_mark(BEGINS));
        Self { begins: mark.map_or(calls.len(), |mark| mark + 1), calls }
    }

    fn transfer(&self) -> &[Call] {
        &self.calls[self.begins..]
    }

    fn names(calls: &[Call]) -> Vec<&str> {
        calls.iter().map(|call| call.name.as_str()).collect()
    }

    /// As which call of its name, from the start of the process, a call of the transfer is made.
    fn occurrence(&self, point: usize) -> usize {
        let name = &self.transfer()[point].name;
        self.calls[..=self.begins + point].iter().filter(|call| call.name == *name).count()
    }

    /// The place in the transfer of the one call that did this and succeeded.
    fn place_of(&self, what: impl Fn(&Call) -> bool) -> usize {
        let found: Vec<usize> = (0..self.transfer().len()).filter(|at| what(&self.transfer()[*at])).collect();
        let [place] = found[..] else {
            panic!("not one such call, but {}: {:#?}", found.len(), self.transfer());
        };
        place
    }
}

impl Call {
    fn is_mark(&self, words: &str) -> bool {
        self.line.starts_with(&format!("write(2, \"{words}\""))
    }

    fn is_output(&self) -> bool {
        self.line.starts_with("write(1, ")
    }

    fn succeeded(&self) -> bool {
        self.line.ends_with(" = 0")
    }
}

/// Runs a side under strace, to its end or to where it is killed.
fn run(program: &Path, side: &str, site: &Site, input: &[u8], kill: Option<(&str, usize)>) -> Run {
    let trace = site.path("trace");
    let mut command: Command = site.command(Path::new("strace"));
    command.arg("-f").arg("-o").arg(&trace);
    if let Some((call, occurrence)) = kill {
        command.arg(format!("--inject={call}:signal=KILL:when={occurrence}"));
    }
    command.arg("--").arg(program).arg(side);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut process = command.spawn().expect("strace is there; run tests/setup-system.sh");
    // One that is killed too early does not read it.
    let _ = process.stdin.take().unwrap().write_all(input);
    let output = process.wait_with_output().unwrap();
    // strace ends as the traced process did.
    let killed = output.status.signal() == Some(SIGKILL);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() || (killed && kill.is_some()), "{side}: {errors}");
    Run { trace: Trace::read(&trace), killed, output: output.stdout }
}

// ---- Secrets ------------------------------------------------------------------------------------------------------

/// How many bytes in a row show a secret.
const TELLING: usize = 8;

/// Whether any eight bytes of the secret stand in the bytes.
fn shows(bytes: &[u8], secret: &[u8]) -> bool {
    secret.windows(TELLING).any(|part| bytes.windows(TELLING).any(|found| found == part))
}

/// No file of the store may show a secret, in its contents or in its name.
fn assert_hidden(site: &Site, secrets: &[&[u8]]) {
    for path in site.waiting() {
        let contents = fs::read(&path).unwrap();
        for secret in secrets {
            assert!(!shows(&contents, secret), "{} shows a secret", path.display());
            assert!(!shows(path.as_os_str().as_encoded_bytes(), secret), "the name {} does", path.display());
        }
    }
}

// ---- The scene ----------------------------------------------------------------------------------------------------

/// A site in which transfers are made, and all who take part in them.
struct Scene {
    program: PathBuf,
    site: Site,
    /// Whether contexts wait for this process's group.
    group: bool,
    gss: Gss,
    /// The same mechanism with portable tokens: the state of a context stands in them as it is.
    open_gss: Gss,
    /// Others who try the token afterwards.
    others: [Worker; 2],
    /// How many runs died elsewhere and were made anew.
    anew: Cell<usize>,
    _open_site: Site,
}

/// A handshake's token, the initiator's context, and the state that each acceptor of the token has.
struct Handshake {
    token: Vec<u8>,
    peer: Context,
    state: Vec<u8>,
}

impl Scene {
    fn new(program: &Path, group: bool) -> Self {
        let gid = rustix::process::getegid().as_raw();
        if group {
            let user = rustix::process::geteuid();
            assert!(user.is_root(), "run this as root: the folder of a group in a transfer store has to be root's");
        }
        let site = dummy_site(&if group { format!("{ONE_LEG},gss.import-group={gid}") } else { ONE_LEG.to_owned() });
        let open_site = dummy_site(&format!("{ONE_LEG},gss.transfer=portable"));
        let gate = site.path("gate");
        fs::write(&gate, "").unwrap();
        let others = [(); 2].map(|()| Worker::start(program, &site, &gate));
        let (gss, open_gss) = (site.gss(), open_site.gss());
        Self {
            program: program.to_owned(),
            site,
            group,
            gss,
            open_gss,
            others,
            anew: Cell::new(0),
            _open_site: open_site,
        }
    }

    /// An empty store, so that each run makes the same calls.
    fn clear(&self) {
        for entry in fs::read_dir(self.site.store()).unwrap() {
            fs::remove_dir_all(entry.unwrap().path()).unwrap();
        }
        if self.group {
            // As an administrator makes it; made by root, it is root's.
            let folder = self.site.store().join(format!("g{}", rustix::process::getegid().as_raw()));
            fs::create_dir(&folder).unwrap();
            fs::set_permissions(&folder, fs::Permissions::from_mode(0o2770)).unwrap();
        }
    }

    fn handshake(&self) -> Handshake {
        let target = self.gss.name(b"service@localhost", Some(&name_type::HOSTBASED_SERVICE));
        let flags = Flags::REPLAY | Flags::SEQUENCE | Flags::INTEG;
        let mut initiator = self.gss.initiator(&target).mechanism(&DUMMY).flags(flags);
        let progress = initiator.step(b"").unwrap();
        assert!(progress.complete);
        let token = progress.token;
        let state = self.state(&token);
        // What is looked for is what the side has: of the handshake's token nothing else is left to chance.
        assert_eq!(state, self.state(&token));
        Handshake { token, peer: initiator.into_context().unwrap(), state }
    }

    /// The serialized state of an acceptor of this token.
    fn state(&self, token: &[u8]) -> Vec<u8> {
        let exported = accept(&self.open_gss, token).export().unwrap();
        let prefix = 4 + DUMMY.as_bytes().len();
        let state = exported.as_bytes()[prefix..].to_vec();
        assert!(state.len() > 50 && shows(exported.as_bytes(), &state), "the search finds what is there");
        state
    }

    /// Lets both others import the token, one after the other.
    fn try_twice(&mut self, token: &[u8]) -> [Outcome; 2] {
        self.others.each_mut().map(|other| other.import(token))
    }

    /// The one of two attempts that may succeed has to, and the context has to be the peer's.
    fn assert_good_once(&mut self, token: &[u8], peer: &Context) {
        match self.try_twice(token) {
            [Outcome::Claimed(message), Outcome::NoContext] => prove(peer, &message),
            outcomes => panic!("expected one context and then NO_CONTEXT: {outcomes:?}"),
        }
    }

    /// The same for the only token.
    fn assert_claimable_once(&mut self, token: &[u8], peer: &Context) {
        self.assert_good_once(token, peer);
        assert_eq!(self.site.waiting().len(), 0);
    }

    fn assert_gone(&mut self, token: &[u8]) {
        assert_eq!(self.try_twice(token), [Outcome::NoContext, Outcome::NoContext]);
        assert_eq!(self.site.waiting().len(), 0);
    }

    /// What a dead exporter left is in nobody's way: the next context waits where its audience can come to it.
    fn assert_next_is_good(&mut self) {
        let before = self.site.waiting();
        let handshake = self.handshake();
        let token = accept(&self.gss, &handshake.token).export().unwrap();
        let mut entries = self.site.waiting();
        entries.retain(|path| !before.contains(path));
        let [entry] = &entries[..] else {
            panic!("one entry was added: {entries:?}");
        };
        let expected = if self.group { ["2770", "640"] } else { ["700", "600"] };
        let mode = |path: &Path| format!("{:o}", fs::metadata(path).unwrap().permissions().mode() & 0o7777);
        assert_eq!([mode(entry.parent().unwrap()), mode(entry)], expected, "{}", entry.display());
        self.assert_good_once(token.as_bytes(), &handshake.peer);
        assert_eq!(self.site.waiting(), before);
    }

    /// A whole run. Its transfer ends with the mark, which is the last point.
    fn reference(&self, side: &str, input: &[u8]) -> Run {
        let mut run = run(&self.program, side, &self.site, input, None);
        let end = run.trace.place_of(|call| call.is_mark(ENDS));
        run.trace.calls.truncate(run.trace.begins + end + 1);
        run
    }

    /// A run that dies as it enters the call at this point of the reference; each attempt with a scene of its own.
    fn killed_at<T>(&self, side: &str, reference: &Trace, point: usize, set: impl Fn() -> (Vec<u8>, T)) -> (Run, T) {
        let intended = &reference.transfer()[..=point];
        let kill = (intended[point].name.as_str(), reference.occurrence(point));
        let mut elsewhere = Vec::new();
        for _ in 0..ATTEMPTS {
            self.clear();
            let (input, scene) = set();
            let run = run(&self.program, side, &self.site, &input, Some(kill));
            let made = run.trace.transfer();
            if Trace::names(made) == Trace::names(intended) {
                let last = &made[point].line;
                assert!(run.killed && (last.ends_with("= ?") || last.ends_with("<unfinished ...>")), "{last}");
                return (run, scene);
            }
            self.anew.set(self.anew.get() + 1);
            elsewhere.push(run.trace.calls.last().map(|call| call.line.clone()));
        }
        panic!("{side}: no run died at call {point} of the transfer, {:?}, but at {elsewhere:#?}", intended[point]);
    }
}

fn accept(gss: &Gss, token: &[u8]) -> Context {
    let mut acceptor = gss.acceptor();
    assert!(acceptor.step(token).unwrap().complete);
    acceptor.into_context().unwrap()
}

/// What is reported, and what was promised: as many runs as the reference has points.
fn report(scene: &Scene, side: &str, reference: &Trace, killed: usize) {
    let (points, anew) = (reference.transfer(), scene.anew.take());
    println!("{side} killed at {killed} points, {anew} runs made anew: {}", Trace::names(points).join(" "));
    assert!(killed == points.len() && killed > 10, "{killed} of {} points", points.len());
}

// ---- The two sides ------------------------------------------------------------------------------------------------

fn kill_exporters(scene: &mut Scene) {
    scene.clear();
    let handshake = scene.handshake();
    let whole = scene.reference("exporter", &handshake.token);
    assert_eq!(scene.site.waiting().len(), 1);
    scene.assert_claimable_once(&whole.output, &handshake.peer);
    let reference = whole.trace;
    // Older kernels refuse the first way to do it.
    let waits = reference.place_of(|call| call.name == "linkat" && call.succeeded());
    let goes_out = reference.place_of(Call::is_output);
    assert!(waits < goes_out);
    let mut killed = 0;
    for point in 0..reference.transfer().len() {
        let (run, handshake) = scene.killed_at("exporter", &reference, point, || {
            let handshake = scene.handshake();
            (handshake.token.clone(), handshake)
        });
        // An entry is there whole or not at all, and without its token nobody can do anything with it.
        assert_eq!(scene.site.waiting().len(), usize::from(point > waits), "{:?}", run.trace.transfer().last());
        assert_hidden(&scene.site, &[&handshake.state]);
        if point > goes_out {
            let key = run.output.split_at(run.output.len() - 32).1;
            assert_hidden(&scene.site, &[key]);
            scene.assert_claimable_once(&run.output, &handshake.peer);
        } else {
            assert_eq!(run.output, b"");
        }
        scene.assert_next_is_good();
        killed += 1;
    }
    report(scene, "exporter", &reference, killed);
}

fn kill_importers(scene: &mut Scene) {
    let exported = |scene: &Scene| {
        let handshake = scene.handshake();
        let token = accept(&scene.gss, &handshake.token).export().unwrap().as_bytes().to_vec();
        (token.clone(), (handshake, token))
    };
    scene.clear();
    let (_, (handshake, token)) = exported(scene);
    let whole = scene.reference("importer", &token);
    prove(&handshake.peer, &whole.output);
    scene.assert_gone(&token);
    let reference = whole.trace;
    let claims = reference.place_of(|call| call.name == "unlinkat" && call.succeeded());
    let goes_out = reference.place_of(Call::is_output);
    assert!(claims < goes_out);
    let mut killed = 0;
    for point in 0..reference.transfer().len() {
        let (run, (handshake, token)) = scene.killed_at("importer", &reference, point, || exported(scene));
        let waits = point <= claims;
        assert_eq!(scene.site.waiting().len(), usize::from(waits), "{:?}", run.trace.transfer().last());
        let key = token.split_at(token.len() - 32).1;
        assert_hidden(&scene.site, &[&handshake.state, key]);
        if point > goes_out {
            prove(&handshake.peer, &run.output);
        } else {
            assert_eq!(run.output, b"");
        }
        if waits {
            scene.assert_claimable_once(&token, &handshake.peer);
        } else {
            scene.assert_gone(&token);
        }
        killed += 1;
    }
    report(scene, "importer", &reference, killed);
}

fn party() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_transfer-party"))
}

#[test]
fn an_exporter_killed_at_any_call_leaves_its_token_good_or_untold() {
    kill_exporters(&mut Scene::new(party(), false));
}

#[test]
fn an_importer_killed_at_any_call_leaves_the_token_good_or_void() {
    kill_importers(&mut Scene::new(party(), false));
}

#[test]
fn nor_does_it_matter_who_dies_where_contexts_wait_for_a_group() {
    let mut scene = Scene::new(party(), true);
    kill_exporters(&mut scene);
    kill_importers(&mut scene);
}

#[test]
fn nor_in_programs_of_the_c_library() {
    let program = Library::ours().program("transfer_party.c", Build::Plain);
    let mut scene = Scene::new(program.path(), false);
    kill_exporters(&mut scene);
    kill_importers(&mut scene);
}
