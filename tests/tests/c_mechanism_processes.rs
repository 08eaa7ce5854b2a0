//! Contexts of C mechanisms that exist go from process to process: NTLMSSP's at every leg, MIT Kerberos' as far as it
//! allows, through the Rust API, through the C library, and from one to the other.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

use gss_core::{Context, CredentialUsage, Error, Flags, Gss, TransferError, name_type};
use gss_tests::c::{Build, Library, Program, finished};
use gss_tests::holder::{Cast, EXPORT, Holder, IMPORT, NO_CONTEXT, STEP, Side, WRAP, converse, establish};
use gss_tests::mit::{KERBEROS, in_realm};
use gss_tests::ntlmssp::{NTLMSSP, USER, with_users};
use gss_tests::{Site, mit, ntlmssp};
use std::fs;
use std::path::PathBuf;

const ONCE: &str = "[gss.transfer=once]";
const PORTABLE: &str = "[gss.transfer=portable]";

fn rust() -> PathBuf {
    PathBuf::from(env!("CARGO_BIN_EXE_context-holder"))
}

fn c() -> Program {
    Library::ours().program("context_holder.c", Build::Plain)
}

fn of_ntlmssp(site: &Site, programs: Vec<PathBuf>) -> Cast<'_> {
    Cast { site, mechanism: NTLMSSP.to_string(), service: "HTTP@testhost", user: USER, programs }
}

fn of_kerberos(site: &Site, programs: Vec<PathBuf>) -> Cast<'_> {
    Cast { site, mechanism: KERBEROS.to_string(), service: "host@server.test", user: "", programs }
}

/// The context in another process, which had no part in it so far.
fn moved(cast: &Cast<'_>, mut from: Holder, once: bool) -> Holder {
    let token = from.done(EXPORT, b"");
    let mut to = cast.successor(&from);
    to.done(IMPORT, &token);
    if once {
        // Neither its exporter nor anybody else gets it a second time.
        for replayed in [&mut from, &mut cast.successor(&to)] {
            let (kind, text) = replayed.ask(IMPORT, &token);
            assert_eq!(char::from(kind), char::from(NO_CONTEXT), "{}", String::from_utf8_lossy(&text));
        }
        assert_eq!(cast.site.waiting(), Vec::<PathBuf>::new());
    }
    from.dismiss();
    to
}

/// At every leg, and several times once established; with the peers' messages between the moves.
fn contexts_move(cast: &Cast<'_>, once: bool) {
    let mut moves = 0;
    let (mut ours, mut theirs) = establish(cast, |holder| {
        moves += 1;
        moved(cast, holder, once)
    });
    assert!(moves >= 3, "{moves} moves");
    converse(&mut ours, &mut theirs);
    theirs = moved(cast, theirs, once);
    converse(&mut ours, &mut theirs);
    ours = moved(cast, ours, once);
    converse(&mut theirs, &mut ours);
    ours.dismiss();
    theirs.dismiss();
}

/// With holders of the Rust API, of the C library, and of each in turn.
fn contexts_move_between_all(mut cast: Cast<'_>, once: bool) {
    let c = c();
    for programs in [vec![rust()], vec![c.path().to_owned()], vec![c.path().to_owned(), rust()]] {
        cast.programs = programs;
        contexts_move(&cast, once);
    }
}

#[test]
fn ntlmssp_moves_between_processes_at_every_leg() {
    with_users("ntlmssp_moves_between_processes_at_every_leg", || {
        for options in [ONCE, PORTABLE] {
            let site = ntlmssp::site(options);
            contexts_move_between_all(of_ntlmssp(&site, Vec::new()), options == ONCE);
        }
    });
}

#[test]
fn kerberos_moves_between_processes_at_every_leg() {
    in_realm("kerberos_moves_between_processes_at_every_leg", |_| {
        for options in [ONCE, PORTABLE] {
            let site = mit::site(options);
            contexts_move_between_all(of_kerberos(&site, Vec::new()), options == ONCE);
        }
    });
}

/// The program as an administrator would try it: all in one command.
fn handed_over(cast: &Cast<'_>, options: &str) {
    let program = c();
    let arguments = ["hand-over", &cast.mechanism, cast.service, cast.user];
    let said = finished(&mut program.command(cast.site, &arguments));
    let expected = "handed to a worker\nthe worker unwraps\nthe worker wraps\nMICs both ways\nthe token again: ";
    assert_eq!(said, format!("{expected}{}\n", if options == ONCE { "NO_CONTEXT" } else { "imported" }));
}

#[test]
fn a_c_program_hands_a_context_of_ntlmssp_to_a_worker() {
    with_users("a_c_program_hands_a_context_of_ntlmssp_to_a_worker", || {
        for options in [ONCE, PORTABLE] {
            handed_over(&of_ntlmssp(&ntlmssp::site(options), Vec::new()), options);
        }
    });
}

#[test]
fn a_c_program_hands_a_context_of_kerberos_to_a_worker() {
    in_realm("a_c_program_hands_a_context_of_kerberos_to_a_worker", |_| {
        for options in [ONCE, PORTABLE] {
            handed_over(&of_kerberos(&mit::site(options), Vec::new()), options);
        }
    });
}

// ---- Exports that fail ----------------------------------------------------------------------------------------------

/// A limit that the contexts which wait already have reached: that it is too low shows once the mechanism has exported.
const LOW: &str = "gss.transfer-limit=64K";

/// Fills the store of a site with tokens of contexts that are established here, until one more is too many.
fn fill(site: &Site, pair: impl Fn(&Gss) -> (Context, Context)) -> Vec<Vec<u8>> {
    let gss = site.gss();
    let mut tokens = Vec::new();
    loop {
        let (ours, theirs) = pair(&gss);
        match theirs.export() {
            Ok(token) => tokens.push(token.as_bytes().to_vec()),
            Err(Error::Transfer(TransferError::Full { .. })) => {
                // The mechanism, which has ended the context, has taken it back.
                gss_tests::converse(&ours, &theirs);
                return tokens;
            }
            Err(error) => panic!("{error}"),
        }
        assert!(tokens.len() < 100, "the store never fills");
    }
}

/// An export that cannot succeed, for whatever reason that has this text, and the next one that cannot either.
fn cannot_export(holder: &mut Holder, reason: &str) {
    for _ in 0..2 {
        let text = holder.refused(EXPORT, b"");
        assert!(text.contains(reason), "{text}");
    }
}

/// Exports fail at every leg, after the mechanism has ended its context by it and before; each time the context goes on.
fn failed_exports_change_nothing(cast: &Cast<'_>, full: &[Vec<u8>]) {
    // On the same file system, beside it.
    let unusable = cast.site.store().with_extension("away");
    let fail = |holder: &mut Holder| {
        cannot_export(holder, "gss.transfer-limit");
        fs::rename(cast.site.store(), &unusable).unwrap();
        fs::write(cast.site.store(), "no folder").unwrap();
        cannot_export(holder, &cast.site.store().display().to_string());
        fs::remove_file(cast.site.store()).unwrap();
        fs::rename(&unusable, cast.site.store()).unwrap();
        cannot_export(holder, "gss.transfer-limit");
    };
    let (mut ours, mut theirs) = establish(cast, |mut holder| {
        fail(&mut holder);
        holder
    });
    converse(&mut ours, &mut theirs);
    fail(&mut theirs);
    converse(&mut ours, &mut theirs);
    // Room for one: now it is exported, in step with the messages since.
    let mut importer = cast.first(Side::Worker);
    importer.done(IMPORT, &full[0]);
    importer.dismiss();
    theirs = moved_into_last_place(cast, theirs);
    converse(&mut ours, &mut theirs);
    ours.dismiss();
    theirs.dismiss();
}

fn moved_into_last_place(cast: &Cast<'_>, mut from: Holder) -> Holder {
    let token = from.done(EXPORT, b"");
    let (kind, _) = from.ask(WRAP, b"");
    assert_eq!(char::from(kind), char::from(NO_CONTEXT));
    let mut to = cast.successor(&from);
    to.done(IMPORT, &token);
    from.dismiss();
    to
}

fn with_each_program(mut cast: Cast<'_>, pair: impl Fn(&Gss) -> (Context, Context)) {
    let c = c();
    for program in [rust(), c.path().to_owned()] {
        cast.programs = vec![program];
        let full = fill(cast.site, &pair);
        failed_exports_change_nothing(&cast, &full);
    }
}

fn low(site: Site) -> Site {
    let settings = site.settings();
    site.write("plugins.conf", &format!("{settings}{LOW}\n"));
    site
}

#[test]
fn an_export_of_ntlmssp_that_fails_leaves_a_context_that_goes_on() {
    with_users("an_export_of_ntlmssp_that_fails_leaves_a_context_that_goes_on", || {
        let site = low(ntlmssp::site(ONCE));
        with_each_program(of_ntlmssp(&site, Vec::new()), |gss| {
            let user = gss.name(USER.as_bytes(), Some(&name_type::USER_NAME));
            let target = gss.name(b"HTTP@testhost", Some(&name_type::HOSTBASED_SERVICE));
            let request = || gss.credential().mechanism(&NTLMSSP);
            let initiates = request().name(&user).usage(CredentialUsage::Initiate).acquire().unwrap();
            let accepts = request().usage(CredentialUsage::Accept).acquire().unwrap();
            let flags = Flags::CONF | Flags::INTEG | Flags::SEQUENCE | Flags::REPLAY | Flags::MUTUAL;
            let mut ours = gss.initiator(&target).mechanism(&NTLMSSP).credential(&initiates).flags(flags);
            let mut theirs = gss.acceptor().credential(&accepts);
            let challenge = theirs.step(&ours.step(b"").unwrap().token).unwrap().token;
            theirs.step(&ours.step(&challenge).unwrap().token).unwrap();
            (ours.into_context().unwrap(), theirs.into_context().unwrap())
        });
    });
}

#[test]
fn an_export_of_kerberos_that_fails_leaves_a_context_that_goes_on() {
    in_realm("an_export_of_kerberos_that_fails_leaves_a_context_that_goes_on", |_| {
        let site = low(mit::site(ONCE));
        with_each_program(of_kerberos(&site, Vec::new()), |gss| {
            let target = gss.name(b"host@server.test", Some(&name_type::HOSTBASED_SERVICE));
            let accepts = gss.credential().mechanism(&KERBEROS).usage(CredentialUsage::Accept).acquire().unwrap();
            let flags = Flags::CONF | Flags::INTEG | Flags::SEQUENCE | Flags::REPLAY | Flags::MUTUAL;
            let mut ours = gss.initiator(&target).mechanism(&KERBEROS).flags(flags);
            let mut theirs = gss.acceptor().credential(&accepts);
            let answer = theirs.step(&ours.step(b"").unwrap().token).unwrap().token;
            assert!(ours.step(&answer).unwrap().complete);
            (ours.into_context().unwrap(), theirs.into_context().unwrap())
        });
    });
}

/// The worker has neither users nor tickets; the context is all it gets.
#[test]
fn a_worker_without_credentials_talks_and_takes_no_leg() {
    with_users("a_worker_without_credentials_talks_and_takes_no_leg", || {
        let site = ntlmssp::site(ONCE);
        let c = c();
        let cast = of_ntlmssp(&site, vec![c.path().to_owned()]);
        let (mut ours, mut theirs) = establish(&cast, |holder| holder);
        let mut worker = cast.first(Side::Worker);
        worker.done(IMPORT, &theirs.done(EXPORT, b""));
        theirs.dismiss();
        converse(&mut ours, &mut worker);
        worker.refused(STEP, b"no token");
    });
}
