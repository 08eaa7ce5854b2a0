//! Keys in memory: found where a context lives, and nowhere once it has been exported. A parent looks through its
//! children's memory while they do nothing.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod derived;

use derived::{Derived, derived};
use gss_core::config::Sources;
use gss_core::{Context, Flags, Gss, Major, Oid, name_type};
use gss_tests::memory::{Hit, Secret, search};
use gss_tests::peer::{Peer, Start, hex, run};
use gss_tests::{Site, build_apart, here, product};
use rustix::process::{Pid, Signal, kill_process};
use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// The OID of krb5-sim in the shipped `plugins.conf`.
const KRB5_SIM: &str = "2.25.333408798203062771534613329954957484479";
/// A process that does not get this far has failed.
const PATIENCE: Duration = Duration::from_secs(120);

/// A test with krb5-sim: this process is the initiator, whose tokens are portable, and tells what the keys are.
struct Kerberos {
    site: Site,
    gss: Gss,
    oid: Oid,
    /// With which importers wait in the midst of an import.
    pausing: PathBuf,
}

impl Kerberos {
    fn new(enctype: &str) -> Self {
        let site = Site::new();
        let library = product("gss-mech-krb5-sim", "libgss_mech_krb5_sim.so");
        site.install(&library);
        let built = build_apart(&here().join("plugins/Cargo.toml"), "plugins", &["--package", "pausing"]);
        site.install(&built.join("debug/libpausing.so"));
        let keytab = site.path("keytab");
        let tool = product("gssctl-krb5-sim", "gssctl-krb5-sim");
        run(Command::new(tool).args(["keytab", "add"]).arg(&keytab).arg("service/localhost@EXAMPLE.ORG"));
        let options = format!(
            "gss.alias=1.2.840.113554.1.2.2 realm=EXAMPLE.ORG keytab={} replay-cache={} enctypes={enctype}",
            keytab.display(),
            site.path("").display()
        );
        let settings = site.settings();
        let (_, settings) = settings.split_once('\n').unwrap();
        let line = |library: &str, more: &str| format!("{settings}krb5-sim {KRB5_SIM} {library} [{options} {more}]\n");
        site.write("plugins.conf", &line("libgss_mech_krb5_sim.so", ""));
        site.write("pausing.conf", &line("libpausing.so", "delay=import_context:1"));
        site.write("portable.conf", &line("libgss_mech_krb5_sim.so", "gss.transfer=portable"));
        let sources = Sources::file(site.path("portable.conf")).plugin_dir(site.plugins());
        let gss = Gss::with(sources);
        let pausing = site.path("pausing.conf");
        Self { site, gss, oid: KRB5_SIM.parse().unwrap(), pausing }
    }

    fn peer(&self) -> Peer {
        Start::new(&self.site).mechanism(&self.oid).start()
    }

    fn importer(&self) -> Peer {
        Start::new(&self.site).mechanism(&self.oid).conf(self.pausing.clone()).start()
    }

    /// A leg of this process's side.
    fn leg(&self, flags: Flags, before: Option<Context>, token: &[u8]) -> (Context, Vec<u8>) {
        let target = self.gss.name(b"service@localhost", Some(&name_type::HOSTBASED_SERVICE));
        let mut initiator = self.gss.initiator(&target).mechanism(&self.oid).flags(flags);
        if let Some(before) = before {
            initiator = initiator.resume(before);
        }
        let progress = initiator.step(token).unwrap();
        let context = if progress.complete { initiator.into_context() } else { initiator.suspend() };
        (context.unwrap(), progress.token)
    }

    /// The state of a context of this process, which goes on as another object.
    fn state(&self, context: Context) -> (State, Context) {
        let token = context.export().unwrap();
        let body = token.as_bytes().get(4 + self.oid.as_bytes().len()..).unwrap();
        (State::read(body), self.gss.import_context(token.as_bytes()).unwrap())
    }

    /// A handshake with an acceptor in another process, up to its last leg but one or to its end.
    fn establish(&self, acceptor: &mut Peer, flags: Flags) -> Handshake {
        let (context, token) = self.leg(flags, None, b"");
        let (half, context) = self.state(context);
        let reply = acceptor.done(&format!("accept theirs {}", hex(&token)));
        let (context, last) = self.leg(flags, Some(context), &reply);
        let (whole, context) = self.state(context);
        let [session, initiators] = half.keys.try_into().unwrap();
        let [first, acceptors] = whole.keys.try_into().unwrap();
        assert!(first == initiators && session != initiators && initiators != acceptors);
        Handshake { context, last, enctype: whole.enctype, session, initiators, acceptors, sample: whole.sample }
    }
}

/// This process's side, and what it knows of both.
struct Handshake {
    context: Context,
    /// The token that is still to be sent, if there is one.
    last: Vec<u8>,
    enctype: i32,
    session: Vec<u8>,
    initiators: Vec<u8>,
    acceptors: Vec<u8>,
    sample: Vec<u8>,
}

const SAMPLE: &str = "32 bytes of the state";
const TRANSFER: &str = "the transfer key";

impl Handshake {
    fn session(&self) -> Secret {
        Secret::new("the session key", &self.session)
    }

    fn subkeys(&self) -> Vec<Secret> {
        vec![
            Secret::new("the initiator's subkey", &self.initiators),
            Secret::new("the acceptor's subkey", &self.acceptors),
        ]
    }

    /// Of the key that protects messages.
    fn derived(&self) -> Derived {
        derived(self.enctype, &self.acceptors)
    }

    fn sample(&self) -> Secret {
        Secret::new(SAMPLE, &self.sample)
    }

    /// Whatever must be nowhere in the end.
    fn everything(&self, token: &[u8]) -> Vec<Secret> {
        let Derived { kept, passing } = self.derived();
        [vec![self.session(), self.sample(), transfer_key(token)], self.subkeys(), kept, passing].concat()
    }

    /// Messages of each kind both ways, so that each derived key is there.
    fn converse(&self, peer: &mut Peer, name: &str) {
        for confidential in [true, false] {
            let token = token_of(&self.context, confidential);
            assert_eq!(peer.done(&format!("unwrap {name} {}", hex(&token))), b"message");
            let call = if confidential { "wrap" } else { "sign" };
            let token = peer.done(&format!("{call} {name} {}", hex(b"message")));
            assert_eq!(self.context.unwrap(&token).unwrap().bytes, b"message");
        }
        let mic = self.context.get_mic(b"message").unwrap();
        peer.done(&format!("verify {name} {} {}", hex(b"message"), hex(&mic)));
        let mic = peer.done(&format!("mic {name} {}", hex(b"message")));
        self.context.verify_mic(b"message", &mic).unwrap();
    }
}

fn token_of(context: &Context, confidential: bool) -> Vec<u8> {
    context.wrap(confidential, b"message").unwrap()
}

/// It ends the token.
fn transfer_key(token: &[u8]) -> Secret {
    Secret::new(TRANSFER, token.last_chunk::<32>().unwrap())
}

/// A serialized context, as far as it tells of keys: what `gss-mech-krb5-sim/src/state.rs` writes.
#[derive(Default)]
struct State {
    enctype: i32,
    /// In the order in which they stand there.
    keys: Vec<Vec<u8>>,
    /// 32 bytes that stand nowhere else, some of them a key's. The same on both sides.
    sample: Vec<u8>,
}

impl State {
    fn read(bytes: &[u8]) -> Self {
        let mut reader = Reader { bytes, at: 0 };
        assert_eq!(reader.take(5), b"K5SX\x01");
        reader.take(1 + 4 + 8 + 4 + 8);
        for _principal in 0..2 {
            reader.counted();
            reader.take(4);
            for _component in 0..reader.number(1) {
                reader.counted();
            }
        }
        let stage = reader.number(1);
        let mut state = Self::default();
        state.key(&mut reader);
        // The end of the name before it, the stage, the type and length of the key, and its beginning.
        let end = reader.at - state.keys[0].len() + 9;
        state.sample = bytes[end - 32..end].to_vec();
        // An established context may have no second key.
        if stage != 2 || reader.number(1) == 1 {
            state.key(&mut reader);
        }
        state
    }

    fn key(&mut self, reader: &mut Reader<'_>) {
        self.enctype = i32::try_from(reader.number(4)).unwrap();
        self.keys.push(reader.counted().to_vec());
    }
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> &'a [u8] {
        self.at += count;
        &self.bytes[self.at - count..self.at]
    }

    fn number(&mut self, count: usize) -> usize {
        self.take(count).iter().fold(0, |all, byte| all << 8 | usize::from(*byte))
    }

    fn counted(&mut self) -> &'a [u8] {
        let length = self.number(2);
        self.take(length)
    }
}

/// Each of these is there.
fn all_found(peer: &Peer, secrets: &[Secret]) {
    let hits = search(peer.id(), secrets);
    let found: BTreeSet<&str> = hits.iter().map(|hit| hit.name.as_str()).collect();
    let missing: Vec<&str> =
        secrets.iter().map(|secret| secret.name.as_str()).filter(|name| !found.contains(name)).collect();
    // Without AES instructions the mechanism's cipher keeps its keys in another form, and this search says nothing.
    assert!(missing.is_empty(), "not found where the context lives: {missing:?}");
}

/// None of these is there, but for the transfer key in the token that the caller has.
fn none_found(peer: &mut Peer, secrets: &[Secret]) {
    let places = peer.done("token-places");
    let number = |bytes: &[u8]| bytes.iter().fold(0, |all, byte| all << 8 | u64::from(*byte));
    let places: Vec<_> = places
        .chunks(16)
        .map(|place| number(&place[..8])..number(&place[..8]) + number(&place[8..]))
        .filter(|place| !place.is_empty())
        .collect();
    assert!(!places.is_empty(), "a token is there, at least");
    let hits = search(peer.id(), secrets);
    let (own, left): (Vec<Hit>, Vec<Hit>) = hits
        .into_iter()
        .partition(|hit| hit.name == TRANSFER && places.iter().any(|place| place.contains(&hit.address)));
    assert!(left.is_empty(), "left behind: {left:#x?}");
    if secrets.iter().any(|secret| secret.name == TRANSFER) {
        assert!(!own.is_empty(), "the search finds what is there");
    }
}

/// A tracer that stops a process when it makes a system call for the first time from now on.
struct Stop {
    tracer: Child,
    log: PathBuf,
}

impl Stop {
    fn at(peer: &Peer, site: &Site, call: &str) -> Self {
        let log = site.path(&format!("strace.{}", peer.id()));
        let mut tracer = Command::new("strace")
            .args(["-e", &format!("trace={call}"), "-e", &format!("inject={call}:signal=STOP:when=1")])
            .args(["-p", &peer.id().to_string(), "-o"])
            .arg(&log)
            .stderr(Stdio::piped())
            .spawn()
            .expect("strace is there; run tests/setup-system.sh");
        let mut line = String::new();
        BufReader::new(tracer.stderr.take().unwrap()).read_line(&mut line).unwrap();
        assert!(line.contains("attached"), "{line}");
        Self { tracer, log }
    }

    /// Does something while the process stands still, and lets it go on.
    fn meanwhile(mut self, peer: &Peer, then: impl FnOnce()) {
        let start = Instant::now();
        while !fs::read_to_string(&self.log).unwrap_or_default().contains("stopped by SIGSTOP") {
            assert!(start.elapsed() < PATIENCE, "the process never came to the call: {}", shown(&self.log));
            sleep(Duration::from_millis(20));
        }
        then();
        signal(peer.id(), Signal::CONT);
        // It lets the process go before it ends.
        signal(self.tracer.id(), Signal::TERM);
        self.tracer.wait().unwrap();
    }
}

fn shown(log: &Path) -> String {
    fs::read_to_string(log).unwrap_or_default()
}

fn signal(process: u32, signal: Signal) {
    let process = Pid::from_raw(process.cast_signed()).unwrap();
    kill_process(process, signal).unwrap();
}

const MUTUAL: Flags = Flags(Flags::MUTUAL.0 | Flags::REPLAY.0 | Flags::SEQUENCE.0 | Flags::INTEG.0 | Flags::CONF.0);

/// Exports a context of a peer. Its state is in clear while it is serialized, and nothing of it is left when it is gone.
fn exports(site: &Site, peer: &mut Peer, handshake: &Handshake, live: &[Secret]) -> Vec<u8> {
    all_found(peer, live);
    // The store is looked at once the state is there, and before it is sealed.
    let stop = Stop::at(peer, site, "getdents64");
    peer.tell("prepare-export theirs");
    stop.meanwhile(peer, || all_found(peer, &[live, &[handshake.sample()]].concat()));
    let token = peer.answer().unwrap();
    all_found(peer, &[live, &[transfer_key(&token)]].concat());
    peer.done("commit-export");
    none_found(peer, &handshake.everything(&token));
    token
}

fn an_established_context_leaves_nothing(enctype: &str) {
    let kerberos = Kerberos::new(enctype);
    let mut exporter = kerberos.peer();
    let handshake = kerberos.establish(&mut exporter, MUTUAL);
    assert!(handshake.last.is_empty());
    handshake.converse(&mut exporter, "theirs");
    let live = [handshake.subkeys(), handshake.derived().kept].concat();
    let token = exports(&kerberos.site, &mut exporter, &handshake, &live);

    // Two prepare the same import; one gets the context.
    let everything = handshake.everything(&token);
    let mut importers = [kerberos.importer(), kerberos.importer()];
    for importer in &mut importers {
        let stop = Stop::at(importer, &kerberos.site, "clock_nanosleep");
        importer.tell(&format!("prepare-import {}", hex(&token)));
        stop.meanwhile(importer, || all_found(importer, &[handshake.sample()]));
        importer.answer().unwrap();
        all_found(importer, &handshake.subkeys());
        none_found(importer, &[handshake.sample(), handshake.session(), transfer_key(&token)]);
    }
    let [winner, loser] = &mut importers;
    winner.done("commit-import theirs");
    loser.fails("commit-import theirs", Major::NO_CONTEXT, "no context waits under the token");
    none_found(loser, &everything);
    none_found(winner, &[handshake.sample(), handshake.session(), transfer_key(&token)]);
    handshake.converse(winner, "theirs");
    all_found(winner, &live);
    // And when it is exported again.
    exports(&kerberos.site, winner, &handshake, &live);
}

#[test]
fn aes256_sha1_leaves_nothing() {
    an_established_context_leaves_nothing("aes256-cts-hmac-sha1-96");
}

#[test]
fn aes128_sha1_leaves_nothing() {
    an_established_context_leaves_nothing("aes128-cts-hmac-sha1-96");
}

#[test]
fn aes256_sha384_leaves_nothing() {
    an_established_context_leaves_nothing("aes256-cts-hmac-sha384-192");
}

#[test]
fn aes128_sha256_leaves_nothing() {
    an_established_context_leaves_nothing("aes128-cts-hmac-sha256-128");
}

/// The session key is there while the handshake lasts: an acceptor that waits for the third leg.
#[test]
fn a_half_built_context_leaves_nothing() {
    let kerberos = Kerberos::new("aes256-cts-hmac-sha1-96");
    let mut exporter = kerberos.peer();
    let flags = Flags(MUTUAL.0 | Flags::DCE_STYLE.0);
    let mut handshake = kerberos.establish(&mut exporter, flags);
    // This side knows the target and the initiator's subkey of its state; there the session key comes first.
    let start = handshake.sample.len() - 9;
    handshake.sample[start - 7] = 1;
    handshake.sample[start..].copy_from_slice(&handshake.session[..9]);
    let live = [vec![handshake.session()], handshake.subkeys()].concat();
    let token = exports(&kerberos.site, &mut exporter, &handshake, &live);
    let mut importer = kerberos.importer();
    importer.import("theirs", &token);
    importer.done(&format!("accept theirs {}", hex(&handshake.last)));
    handshake.converse(&mut importer, "theirs");
}
