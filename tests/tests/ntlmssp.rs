//! NTLMSSP, Debian's package gss-ntlmssp, as a mechanism: what works with MIT's switch works with ours, and its contexts
//! can be moved at every leg.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

use gss_core::{Context, Credential, CredentialUsage, Flags, Gss, Major, Name, State, Want, attr, name_type};
use gss_tests::c::{Build, Library, bindings, compile_with_mit, finished};
use gss_tests::ntlmssp::{LIBRARY, NTLMSSP, USER, site, with_users};
use gss_tests::{converse, here};
use std::process::Command;

struct Parties {
    target: Name,
    initiates: Credential,
    accepts: Credential,
}

impl Parties {
    fn new(gss: &Gss) -> Self {
        let user = gss.name(USER.as_bytes(), Some(&name_type::USER_NAME));
        let request = || gss.credential().mechanism(&NTLMSSP);
        Self {
            target: gss.name(b"HTTP@testhost", Some(&name_type::HOSTBASED_SERVICE)),
            initiates: request().name(&user).usage(CredentialUsage::Initiate).acquire().unwrap(),
            accepts: request().usage(CredentialUsage::Accept).acquire().unwrap(),
        }
    }
}

fn shown(name: &Name) -> String {
    String::from_utf8(name.display().unwrap().0.to_vec()).unwrap()
}

const FLAGS: Flags = Flags(Flags::REPLAY.0 | Flags::SEQUENCE.0 | Flags::CONF.0 | Flags::INTEG.0 | Flags::MUTUAL.0);

/// The three legs. Between any two, each side's context is what `moved` makes of it.
fn establish(gss: &Gss, moved: impl Fn(&Gss, Context) -> Context) -> (Context, Context) {
    let parties = Parties::new(gss);
    let initiator = || gss.initiator(&parties.target).mechanism(&NTLMSSP).credential(&parties.initiates).flags(FLAGS);
    let mut ours = initiator();
    let negotiate = ours.step(b"").unwrap();
    assert!(negotiate.flags.contains(Flags::TRANS));
    let ours = moved(gss, ours.suspend().unwrap());
    let mut theirs = gss.acceptor().credential(&parties.accepts);
    let challenge = theirs.step(&negotiate.token).unwrap();
    assert!(!challenge.complete);
    let theirs = moved(gss, theirs.suspend().unwrap());
    let mut ours = initiator().resume(ours);
    let authenticate = ours.step(&challenge.token).unwrap();
    assert!(authenticate.complete);
    let ours = moved(gss, ours.into_context().unwrap());
    let mut theirs = gss.acceptor().credential(&parties.accepts).resume(theirs);
    let last = theirs.step(&authenticate.token).unwrap();
    assert!(last.complete && last.token.is_empty());
    assert_eq!(shown(&last.source.unwrap()), "TESTDOM\\alice");
    (ours, moved(gss, theirs.into_context().unwrap()))
}

#[test]
fn a_handshake_and_messages_both_ways() {
    with_users("a_handshake_and_messages_both_ways", || {
        let gss = site("").gss();
        let (ours, theirs) = establish(&gss, |_, context| context);
        converse(&ours, &theirs);
        let token = ours.wrap(true, b"attack at dawn").unwrap();
        assert!(!token.windows(6).any(|window| window == b"attack"));
        assert_eq!(theirs.unwrap(&token).unwrap().bytes, b"attack at dawn");
        let mut altered = theirs.wrap(true, b"retreat").unwrap();
        *altered.last_mut().unwrap() ^= 1;
        let error = ours.unwrap(&altered).unwrap_err();
        assert!(error.major().is_error() && error.mechanism() == Some(&NTLMSSP), "{error}");
    });
}

#[test]
fn contexts_of_both_sides_move_at_every_leg() {
    with_users("contexts_of_both_sides_move_at_every_leg", || {
        for options in ["[gss.transfer=portable]", "[gss.transfer=once]"] {
            let site = site(options);
            let gss = site.gss();
            let importer = site.gss();
            let (ours, theirs) = establish(&gss, |gss, context| {
                let token = context.export().unwrap();
                assert_eq!(context.time().unwrap_err().major(), Major::NO_CONTEXT);
                // The next leg is made by the switch that has the credentials.
                gss.import_context(token.as_bytes()).unwrap()
            });
            converse(&ours, &theirs);
            let moved = importer.import_context(theirs.export().unwrap().as_bytes()).unwrap();
            converse(&ours, &moved);
        }
    });
}

/// NTLMSSP 1.2.0 crashes when its acceptor is asked for the target.
#[test]
fn an_acceptor_is_never_asked_for_its_target() {
    with_users("an_acceptor_is_never_asked_for_its_target", || {
        let gss = site("[gss.transfer=portable]").gss();
        let (ours, theirs) = establish(&gss, |_, context| context);
        let inquiry = ours.inquire(Want::ALL).unwrap();
        assert!(inquiry.open && inquiry.initiator && inquiry.source.is_some());
        assert_eq!(shown(&inquiry.target.unwrap()), "HTTP/testhost");
        for theirs in [&theirs, &gss.import_context(theirs.export().unwrap().as_bytes()).unwrap()] {
            if theirs.time().is_err() {
                continue;
            }
            let inquiry = theirs.inquire(Want::ALL).unwrap();
            assert!(inquiry.open && !inquiry.initiator && inquiry.target.is_none());
            assert!(inquiry.lifetime.0 > 0, "a live context has time left");
            assert!(theirs.time().unwrap().0 > 0);
        }
    });
}

#[test]
fn what_it_says_of_itself_reaches_the_caller() {
    with_users("what_it_says_of_itself_reaches_the_caller", || {
        let gss = site("").gss();
        let mechanism = gss.mechanism(&NTLMSSP).unwrap();
        mechanism.open().unwrap();
        let State::Loaded { description, kind, .. } = mechanism.state() else { panic!("not loaded") };
        assert_eq!(kind, gss_core::Kind::CMechanism);
        assert!(description.attributes.contains(&attr::CTX_TRANS) && description.attributes.contains(&attr::WRAP));
        // Of its own functions alone: that it has no comparison of names, for one, is made good.
        let name = |text: &[u8]| gss.canonicalize(&gss.name(text, Some(&name_type::USER_NAME)), &NTLMSSP).unwrap();
        assert!(name(b"D\\alice").compare(&name(b"D\\alice")).unwrap());
        assert!(!name(b"D\\alice").compare(&name(b"D\\bob")).unwrap());
        let copy = gss.exported_name(&name(b"D\\alice").export().unwrap()).unwrap();
        assert_eq!(shown(&copy), "D\\alice");
        let credential = Parties::new(&gss).initiates;
        let inquiry = credential.inquire().unwrap();
        assert_eq!(inquiry[0].usage, CredentialUsage::Initiate);
        assert_eq!(shown(inquiry[0].name.as_ref().unwrap()), "TESTDOM\\alice");
        // An acceptor's has a name if it was asked for by that. It would answer another one, which cannot be displayed.
        let inquiry = Parties::new(&gss).accepts.inquire().unwrap();
        assert_eq!((inquiry[0].usage, inquiry[0].name.is_none()), (CredentialUsage::Accept, true));
        let service = gss.name(b"HTTP@testhost", Some(&name_type::HOSTBASED_SERVICE));
        let named = gss.credential().mechanism(&NTLMSSP).name(&service).usage(CredentialUsage::Accept);
        let inquiry = named.acquire().unwrap().inquire().unwrap();
        assert_eq!(shown(inquiry[0].name.as_ref().unwrap()), "HTTP/testhost");
        let both = gss.credential().mechanism(&NTLMSSP).usage(CredentialUsage::Both).acquire().unwrap();
        assert!(both.inquire().unwrap()[0].name.is_none());
        // It does not take back what it exports, under MIT's switch neither; its own words for that arrive.
        let exported = credential.export().unwrap();
        let error = gss.import_credential(&NTLMSSP, exported[0].1.as_bytes()).unwrap_err();
        assert_eq!((error.status().minor, error.mechanism()), (0x4e54_0005, Some(&NTLMSSP)));
        assert!(error.to_string().contains("Invalid value in argument"), "{error}");
        let (ours, _theirs) = establish(&gss, |_, context| context);
        let error = ours.pseudo_random(gss_core::PrfKey::Full, b"seed", 16).unwrap_err();
        assert_eq!(error.major(), Major::UNAVAILABLE, "MIT's function must not be taken for the mechanism's own");
        let error = ours.wrap_iov(true, 0, &mut []).unwrap_err();
        assert_eq!(error.major(), Major::UNAVAILABLE);
    });
}

/// The program that is linked with MIT's library hands its acceptor's context to us.
#[test]
fn a_context_of_mits_program_is_imported() {
    with_users("a_context_of_mits_program_is_imported", || {
        let site = site("[gss.transfer=portable]");
        let program = site.path("mit_exchange");
        compile_with_mit(&program, &[here().join("c/mit_exchange.c")], &["-Wall", "-Wextra", "-Werror"]);
        site.write("mech", &format!("ntlmssp {NTLMSSP} {LIBRARY}\n"));
        let mut export = Command::new(&program);
        let output = export.args(["export", &NTLMSSP.to_string()]).env("GSS_MECH_CONFIG", site.path("mech")).output();
        let output = output.unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        // Each piece after its length.
        let (length, rest) = output.stdout.split_first_chunk::<4>().unwrap();
        let (token, rest) = rest.split_at(u32::from_ne_bytes(*length) as usize);
        let context = site.gss().import_context(token).unwrap();
        assert_eq!(context.unwrap(&rest[4..]).unwrap().bytes, b"from MIT's  ");
    });
}

#[test]
fn damaged_states_are_refused_with_the_mechanisms_status() {
    with_users("damaged_states_are_refused_with_the_mechanisms_status", || {
        let gss = site("[gss.transfer=portable]").gss();
        let (ours, _theirs) = establish(&gss, |_, context| context);
        let token = ours.export().unwrap();
        for length in [15, 20, 60, token.as_bytes().len() - 1] {
            let error = gss.import_context(&token.as_bytes()[..length]).unwrap_err();
            assert_eq!(error.major().routine(), Major::DEFECTIVE_TOKEN, "{length}: {error}");
            assert_eq!(error.mechanism(), Some(&NTLMSSP));
        }
        gss.import_context(token.as_bytes()).unwrap();
    });
}

/// Where its `gss_inquire_cred` fails, it calls `gss_release_name` of the program's library with a name of its own.
#[test]
fn its_own_name_in_our_release_gets_a_status() {
    with_users("its_own_name_in_our_release_gets_a_status", || {
        let site = site("");
        let program = Library::ours().program("calls_back.c", Build::Plain);
        let (said, bound) = bindings(&mut program.command(&site, &["ntlmssp", LIBRARY]), &site);
        assert_eq!(said, "a status, and the name is whole\n");
        let to_ours = |line: &str| {
            line.contains("gssntlmssp.so [0] to ") && line.contains("libgss.so.1 ") && line.contains("gss_release_name")
        };
        assert!(bound.lines().any(to_ours), "it does not call ours any more: then this test shows nothing");
        // The libraries that it needs take nothing of it for their own.
        let taken =
            |line: &&str| line.contains(&format!("to {LIBRARY} ")) && !line.contains(&format!("file {LIBRARY} "));
        let taken: Vec<_> = bound.lines().filter(taken).collect();
        assert!(taken.is_empty(), "{taken:#?}");
    });
}

/// Handshake, messages, export, and import in another process, of both kinds.
#[test]
fn a_context_handed_to_a_worker_is_clean_under_valgrind() {
    with_users("a_context_handed_to_a_worker_is_clean_under_valgrind", || {
        let program = Library::ours().program("context_holder.c", Build::Plain);
        let suppressions = format!("--suppressions={}", here().join("c/ntlmssp.supp").display());
        // The worker too; and as many frames as lead through OpenSSL.
        let options = ["--trace-children=yes", "--num-callers=40", &suppressions];
        for transfer in ["once", "portable"] {
            let site = site(&format!("[gss.transfer={transfer}]"));
            let arguments = ["hand-over", &NTLMSSP.to_string(), "HTTP@testhost", USER];
            let said = finished(&mut program.valgrind_command_with(&site, &options, &arguments));
            assert!(said.contains("MICs both ways"), "{said}");
        }
    });
}
