//! MIT's own library as a mechanism, against a real KDC: Kerberos, SPNEGO and IAKERB, and contexts that go to MIT's programs
//! and come from them.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

use gss_core::{
    Context, Credential, CredentialUsage, Flags, Gss, Iov, IovKind, Major, Oid, PrfKey, Progress, StoreRequest, Want,
    name_type,
};
use gss_tests::c::compile_with_mit;
use gss_tests::mit::{IAKERB, KERBEROS, SPNEGO, in_realm, site};
use gss_tests::{converse, here, ntlmssp};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const FLAGS: Flags = Flags(Flags::MUTUAL.0 | Flags::REPLAY.0 | Flags::SEQUENCE.0 | Flags::CONF.0 | Flags::INTEG.0);

/// Both contexts, and the acceptor's last leg.
fn establish_with(
    gss: &Gss,
    mechanism: &Oid,
    credential: Option<&Credential>,
    flags: Flags,
) -> (Context, Context, Progress) {
    let target = gss.name(b"host@server.test", Some(&name_type::HOSTBASED_SERVICE));
    let accepts = gss.credential().mechanism(mechanism).usage(CredentialUsage::Accept).acquire().unwrap();
    let mut initiator = gss.initiator(&target).mechanism(mechanism).flags(flags);
    if let Some(credential) = credential {
        initiator = initiator.credential(credential);
    }
    let mut acceptor = gss.acceptor().credential(&accepts);
    let mut ours = initiator.step(b"").unwrap();
    loop {
        let theirs = acceptor.step(&ours.token).unwrap();
        if !ours.complete {
            ours = initiator.step(&theirs.token).unwrap();
        }
        if theirs.complete {
            assert!(ours.complete);
            return (initiator.into_context().unwrap(), acceptor.into_context().unwrap(), theirs);
        }
    }
}

fn establish(gss: &Gss, mechanism: &Oid) -> (Context, Context) {
    let (ours, theirs, _) = establish_with(gss, mechanism, None, FLAGS);
    (ours, theirs)
}

fn shown(name: &gss_core::Name) -> String {
    String::from_utf8(name.display().unwrap().0.to_vec()).unwrap()
}

#[test]
fn kerberos_handshakes_and_protects_messages() {
    in_realm("kerberos_handshakes_and_protects_messages", |_| {
        let gss = site("").gss();
        let (ours, theirs, last) = establish_with(&gss, &KERBEROS, None, FLAGS);
        assert_eq!(shown(&last.source.unwrap()), "alice@HOME.TEST");
        assert_eq!(last.mechanism, KERBEROS);
        converse(&ours, &theirs);
        let inquiry = theirs.inquire(Want::ALL).unwrap();
        assert!(inquiry.open && !inquiry.initiator && inquiry.flags.contains(FLAGS | Flags::TRANS));
        assert_eq!(shown(&inquiry.target.unwrap()), "host/server.test@HOME.TEST");
        assert!((1..=90_000).contains(&inquiry.lifetime.0), "{:?}", inquiry.lifetime);
        let random = ours.pseudo_random(PrfKey::Full, b"seed", 40).unwrap();
        assert_eq!(random, theirs.pseudo_random(PrfKey::Full, b"seed", 40).unwrap());
        assert_ne!(random, [0; 40]);
        // A message again is a duplicate, which is no error.
        let token = ours.wrap(true, b"once").unwrap();
        theirs.unwrap(&token).unwrap();
        let again = theirs.unwrap(&token).unwrap();
        assert!(again.info.supplementary.contains(Major::DUPLICATE_TOKEN));
        let limit = ours.wrap_size_limit(true, 0, 1000).unwrap();
        assert!(ours.wrap(true, &vec![7; limit as usize]).unwrap().len() <= 1000);
        assert!(ours.wrap(true, &vec![7; limit as usize + 1]).unwrap().len() > 1000);
        // Its errors have its words.
        let error = theirs.unwrap(b"no token at all").unwrap_err();
        assert_eq!((error.major().routine(), error.mechanism()), (Major::DEFECTIVE_TOKEN, Some(&KERBEROS)));
        // The key of the session, which answers by buffer set (GSS_C_INQ_SSPI_SESSION_KEY).
        let key: Oid = "1.2.840.113554.1.2.2.5.5".parse().unwrap();
        assert_eq!(ours.inquire_by_oid(&key).unwrap()[0], theirs.inquire_by_oid(&key).unwrap()[0]);
    });
}

#[test]
fn messages_in_pieces_and_with_associated_data() {
    in_realm("messages_in_pieces_and_with_associated_data", |_| {
        let gss = site("").gss();
        let (ours, theirs) = establish(&gss, &KERBEROS);
        // Header, padding and trailer of the caller's, whose lengths are asked for first.
        let (mut header, mut padding, mut trailer) = (vec![0; 100], vec![0; 100], vec![0; 100]);
        let (mut signed, mut data) = (*b"signed", *b"a message in pieces");
        let mut iov = [
            Iov::new(IovKind::Header, &mut header),
            Iov::new(IovKind::SignOnly, &mut signed),
            Iov::new(IovKind::Data, &mut data),
            Iov::new(IovKind::Padding, &mut padding),
            Iov::new(IovKind::Trailer, &mut trailer),
        ];
        assert!(ours.wrap_iov(true, 0, &mut iov).unwrap());
        let token: Vec<u8> = [0, 2, 3, 4].iter().flat_map(|index| iov[*index].bytes().unwrap().to_vec()).collect();
        assert_ne!(&data, b"a message in pieces");
        // Read back as a stream, in which the message lies.
        let mut stream = token;
        let mut iov = [
            Iov::new(IovKind::Stream, &mut stream),
            Iov::new(IovKind::SignOnly, &mut signed),
            Iov::new(IovKind::Data, &mut []),
        ];
        assert!(theirs.unwrap_iov(&mut iov).unwrap().confidential);
        let gss_core::IovResult::InStream(range) = iov[2].result.clone() else { panic!("{:?}", iov[2].result) };
        assert_eq!(&iov[0].buffer[range], b"a message in pieces");
        // Buffers that the mechanism allocates.
        let mut data = *b"allocated";
        let mut iov = [
            Iov::allocated(IovKind::Header),
            Iov::new(IovKind::Data, &mut data),
            Iov::allocated(IovKind::Padding),
            Iov::allocated(IovKind::Trailer),
        ];
        ours.wrap_iov(true, 0, &mut iov).unwrap();
        let token: Vec<u8> = iov.iter().flat_map(|element| element.bytes().unwrap().to_vec()).collect();
        assert_eq!(theirs.unwrap(&token).unwrap().bytes, b"allocated");
        let mut lengths = [Iov::allocated(IovKind::Header), Iov::new(IovKind::Data, &mut data)];
        lengths[0].allocate = false;
        ours.wrap_iov_length(true, 0, &mut lengths).unwrap();
        assert!(matches!(lengths[0].result, gss_core::IovResult::Length(length) if length >= 16));
        // MICs over pieces.
        let (mut one, mut two) = (*b"one", *b"two");
        let mut iov = [
            Iov::new(IovKind::Data, &mut one),
            Iov::new(IovKind::SignOnly, &mut two),
            Iov::allocated(IovKind::MicToken),
        ];
        ours.get_mic_iov(0, &mut iov).unwrap();
        let mic = iov[2].bytes().unwrap().to_vec();
        theirs.verify_mic(b"onetwo", &mic).unwrap();
        // And associated data, which are no part of the token.
        let token = ours.wrap_aead(true, b"header", b"body").unwrap();
        assert!(theirs.unwrap_aead(&token, b"other").is_err());
        assert_eq!(theirs.unwrap_aead(&token, b"header").unwrap().bytes, b"body");
    });
}

#[test]
fn names_are_the_mechanisms_own() {
    in_realm("names_are_the_mechanisms_own", |_| {
        let gss = site("").gss();
        for mechanism in [&KERBEROS, &IAKERB] {
            let name = gss.canonicalize(&gss.name(b"bob", Some(&name_type::USER_NAME)), mechanism).unwrap();
            assert_eq!(shown(&name), "bob@HOME.TEST");
            let same = gss.canonicalize(&gss.name(b"bob@HOME.TEST", None), mechanism).unwrap();
            assert!(name.compare(&same).unwrap());
            let copy = gss.exported_name(&name.export().unwrap()).unwrap();
            assert!(name.compare(&copy).unwrap());
            let other = gss.canonicalize(&gss.name(b"alice", Some(&name_type::USER_NAME)), mechanism).unwrap();
            assert!(!name.compare(&other).unwrap());
        }
        // As MIT's programs have it, byte for byte.
        let name = gss.canonicalize(&gss.name(b"bob", Some(&name_type::USER_NAME)), &KERBEROS).unwrap();
        let octets = [b"\x04\x01\0\x0b\x06\x09", KERBEROS.as_bytes(), b"\0\0\0\x0dbob@HOME.TEST"].concat();
        assert_eq!(name.export().unwrap(), octets);
        assert_eq!(name.local_name().unwrap(), b"bob");
        // Of the users of this machine, root is there.
        let root = gss.canonicalize(&gss.name(b"root", Some(&name_type::USER_NAME)), &KERBEROS).unwrap();
        root.authorize_local_name(b"root", &name_type::USER_NAME).unwrap();
        // MIT's switch turns the mechanism's UNAUTHORIZED into UNAVAILABLE, having asked the attributes as well.
        let error = name.authorize_local_name(b"root", &name_type::USER_NAME).unwrap_err();
        assert_eq!(error.major().routine(), Major::UNAVAILABLE);
    });
}

#[test]
fn attributes_of_a_ticket_are_those_of_the_name() {
    in_realm("attributes_of_a_ticket_are_those_of_the_name", |_| {
        let gss = site("").gss();
        let (_ours, _theirs, last) = establish_with(&gss, &KERBEROS, None, FLAGS);
        let name = last.source.unwrap();
        let attributes = name.inquire().unwrap().attributes;
        assert!(attributes.iter().any(|attribute| attribute.starts_with(b"urn:mspac:")), "the KDC signs a PAC");
        let error = name.attribute(b"no-such-attribute", -1).unwrap_err();
        assert_eq!(error.major().routine(), Major::UNAVAILABLE, "{error}");
        for attribute in &attributes {
            name.attribute(attribute, -1).unwrap();
        }
        let composite = name.export_composite().unwrap();
        let back = gss.exported_name(&composite).unwrap();
        assert_eq!(back.inquire().unwrap().attributes, attributes);
        assert_eq!(shown(&back), "alice@HOME.TEST");
    });
}

#[test]
fn a_delegated_credential_is_the_callers() {
    in_realm("a_delegated_credential_is_the_callers", |_| {
        let gss = site("").gss();
        for mechanism in [&KERBEROS, &SPNEGO] {
            let (_ours, _theirs, last) = establish_with(&gss, mechanism, None, FLAGS | Flags::DELEG);
            assert!(last.flags.contains(Flags::DELEG), "{mechanism}");
            let delegated = last.delegated.unwrap();
            assert_eq!(delegated.mechanisms().collect::<Vec<_>>(), [mechanism]);
            // It is used, and not the default one in its place.
            let inquiry = delegated.inquire().unwrap();
            assert_eq!(shown(inquiry[0].name.as_ref().unwrap()), "alice@HOME.TEST");
            assert_eq!(inquiry[0].usage, CredentialUsage::Initiate);
            let (ours, theirs, last) = establish_with(&gss, mechanism, Some(&delegated), FLAGS);
            assert_eq!(shown(&last.source.unwrap()), "alice@HOME.TEST");
            converse(&ours, &theirs);
        }
    });
}

#[test]
fn credentials_come_from_stores_and_passwords_and_go_to_stores() {
    in_realm("credentials_come_from_stores_and_passwords_and_go_to_stores", |folder| {
        let gss = site("").gss();
        let keytab = folder.join("keytab").display().to_string();
        let request = || gss.credential().mechanism(&KERBEROS);
        let store = [("keytab", keytab.as_str())];
        let accepts = request().usage(CredentialUsage::Accept).store(&store).acquire().unwrap();
        assert_eq!(accepts.inquire().unwrap()[0].usage, CredentialUsage::Accept);
        let nowhere = folder.join("nowhere").display().to_string();
        let store = [("keytab", nowhere.as_str())];
        let error = request().usage(CredentialUsage::Accept).store(&store).acquire().unwrap_err();
        assert!(error.to_string().contains("nowhere"), "{error}");
        let name = gss.name(b"alice", Some(&name_type::USER_NAME));
        let initiate = || request().name(&name).usage(CredentialUsage::Initiate);
        let by_password = initiate().password(b"open sesame").acquire().unwrap();
        let (_ours, _theirs, last) = establish_with(&gss, &KERBEROS, Some(&by_password), FLAGS);
        assert_eq!(shown(&last.source.unwrap()), "alice@HOME.TEST");
        let tickets = format!("FILE:{}", folder.join("stored").display());
        let store = [("ccache", tickets.as_str())];
        let request =
            StoreRequest { usage: CredentialUsage::Initiate, overwrite: true, make_default: true, store: &store };
        assert_eq!(by_password.store(&request).unwrap().as_slice(), std::slice::from_ref(&KERBEROS));
        let stored = initiate().store(&store).acquire().unwrap();
        let (_ours, _theirs, last) = establish_with(&gss, &KERBEROS, Some(&stored), FLAGS);
        assert_eq!(shown(&last.source.unwrap()), "alice@HOME.TEST");
        // Another name's store is none of alice's: nothing else is taken in its place.
        let bob = gss.name(b"bob", Some(&name_type::USER_NAME));
        assert!(gss.credential().mechanism(&KERBEROS).name(&bob).store(&store).acquire().is_err());
        // Exported and imported, by Kerberos and by SPNEGO.
        for mechanism in [&KERBEROS, &SPNEGO] {
            let credential = gss.credential().mechanism(mechanism).usage(CredentialUsage::Initiate).acquire().unwrap();
            let exported = credential.export().unwrap();
            let imported = gss.import_credential(mechanism, exported[0].1.as_bytes()).unwrap();
            let (_ours, _theirs, last) = establish_with(&gss, mechanism, Some(&imported), FLAGS);
            assert_eq!(shown(&last.source.unwrap()), "alice@HOME.TEST");
        }
    });
}

#[test]
fn contexts_move_and_the_first_leg_too_where_it_can() {
    in_realm("contexts_move_and_the_first_leg_too_where_it_can", |_| {
        for options in ["[gss.transfer=portable]", "[gss.transfer=once]"] {
            let site = site(options);
            let gss = site.gss();
            for mechanism in [&KERBEROS, &SPNEGO] {
                let (ours, theirs) = establish(&gss, mechanism);
                converse(&ours, &theirs);
                let importer = site.gss();
                let theirs = importer.import_context(theirs.export().unwrap().as_bytes()).unwrap();
                let ours = importer.import_context(ours.export().unwrap().as_bytes()).unwrap();
                converse(&ours, &theirs);
                assert!(theirs.inquire(Want::NOTHING).unwrap().open);
            }
        }
    });
}

/// NTLMSSP and EAP need MIT's library for small things, and define functions of the same names. A library that is loaded
/// on behalf of one of them must not take those for its own.
fn mits_library_is_whole_after(oid: &str, library: &str) {
    let site = site("[gss.transfer=portable]");
    site.configure("first", &format!("first {oid} {library}"));
    let gss = site.gss();
    gss.mechanism(&oid.parse().unwrap()).unwrap().open().unwrap();
    for mechanism in [&KERBEROS, &SPNEGO] {
        let (ours, theirs) = establish(&gss, mechanism);
        converse(&ours, &theirs);
        let theirs = gss.import_context(theirs.export().unwrap().as_bytes()).unwrap();
        converse(&ours, &theirs);
    }
}

#[test]
fn ntlmssp_leaves_mits_library_whole() {
    in_realm("ntlmssp_leaves_mits_library_whole", |_| {
        mits_library_is_whole_after("1.3.6.1.4.1.311.2.2.10", ntlmssp::LIBRARY);
    });
}

#[test]
fn eap_leaves_mits_library_whole() {
    in_realm("eap_leaves_mits_library_whole", |_| {
        mits_library_is_whole_after("1.3.6.1.5.5.15.1.1.17", "/usr/lib/x86_64-linux-gnu/gss/mech_eap.so");
    });
}

#[test]
fn what_cannot_be_exported_half_built_stays_usable() {
    in_realm("what_cannot_be_exported_half_built_stays_usable", |_| {
        let gss = site("[gss.transfer=portable]").gss();
        let target = gss.name(b"host@server.test", Some(&name_type::HOSTBASED_SERVICE));
        let mut initiator = gss.initiator(&target).mechanism(&SPNEGO).flags(FLAGS);
        let first = initiator.step(b"").unwrap();
        assert!(!first.complete && !first.flags.contains(Flags::TRANS));
        let error = initiator.context().unwrap().export().unwrap_err();
        assert_eq!(error.major().routine(), Major::UNAVAILABLE, "{error}");
        let accepts = gss.credential().mechanism(&SPNEGO).usage(CredentialUsage::Accept).acquire().unwrap();
        let mut acceptor = gss.acceptor().credential(&accepts);
        let answer = acceptor.step(&first.token).unwrap();
        assert!(initiator.step(&answer.token).unwrap().complete);
        let theirs = acceptor.into_context().unwrap();
        // The negotiated mechanism is reported.
        assert_eq!(theirs.inquire(Want::NOTHING).unwrap().mechanism, KERBEROS);
        converse(&initiator.into_context().unwrap(), &theirs);
    });
}

#[test]
fn kerberos_half_built_moves_and_goes_on() {
    in_realm("kerberos_half_built_moves_and_goes_on", |_| {
        let gss = site("[gss.transfer=portable]").gss();
        let target = gss.name(b"host@server.test", Some(&name_type::HOSTBASED_SERVICE));
        let mut initiator = gss.initiator(&target).mechanism(&KERBEROS).flags(FLAGS);
        let first = initiator.step(b"").unwrap();
        let half = initiator.suspend().unwrap();
        let inquiry = half.inquire(Want::ALL).unwrap();
        assert!(inquiry.initiator && !inquiry.open);
        let half = gss.import_context(half.export().unwrap().as_bytes()).unwrap();
        let accepts = gss.credential().mechanism(&KERBEROS).usage(CredentialUsage::Accept).acquire().unwrap();
        let mut acceptor = gss.acceptor().credential(&accepts);
        let answer = acceptor.step(&first.token).unwrap();
        let mut initiator = gss.initiator(&target).mechanism(&KERBEROS).flags(FLAGS).resume(half);
        assert!(initiator.step(&answer.token).unwrap().complete);
        converse(&initiator.into_context().unwrap(), &acceptor.into_context().unwrap());
    });
}

#[test]
fn iakerb_gets_its_tickets_through_the_acceptor() {
    in_realm("iakerb_gets_its_tickets_through_the_acceptor", |_| {
        let gss = site("[gss.transfer=portable]").gss();
        let name = gss.name(b"alice@HOME.TEST", None);
        let request = gss.credential().mechanism(&IAKERB).name(&name).usage(CredentialUsage::Initiate);
        let credential = request.password(b"open sesame").acquire().unwrap();
        let (ours, theirs, last) = establish_with(&gss, &IAKERB, Some(&credential), FLAGS);
        assert_eq!(shown(&last.source.unwrap()), "alice@HOME.TEST");
        converse(&ours, &theirs);
        let theirs = gss.import_context(theirs.export().unwrap().as_bytes()).unwrap();
        converse(&ours, &theirs);
    });
}

/// The program that is linked with MIT's library, in the folder.
fn exchange(folder: &Path) -> PathBuf {
    let program = folder.join("mit_exchange");
    compile_with_mit(&program, &[here().join("c/mit_exchange.c")], &["-Wall", "-Wextra", "-Werror"]);
    program
}

fn pieces(mut bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut pieces = Vec::new();
    while let Some((length, rest)) = bytes.split_first_chunk::<4>() {
        let (piece, rest) = rest.split_at(u32::from_ne_bytes(*length) as usize);
        pieces.push(piece.to_vec());
        bytes = rest;
    }
    pieces
}

#[test]
fn a_context_of_mits_program_is_imported() {
    in_realm("a_context_of_mits_program_is_imported", |folder| {
        let gss = site("[gss.transfer=portable]").gss();
        let program = exchange(folder);
        for mechanism in [&KERBEROS, &SPNEGO] {
            let output = Command::new(&program).arg("export").arg(mechanism.to_string()).output().unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            let [token, message] = pieces(&output.stdout).try_into().unwrap();
            let context = gss.import_context(&token).unwrap();
            assert_eq!(context.mechanism().unwrap(), *mechanism);
            assert_eq!(context.unwrap(&message).unwrap().bytes, b"from MIT's  ");
            // And what we make of it again is what it was, but for the message it has seen since.
            assert_eq!(context.export().unwrap().as_bytes().len(), token.len());
        }
    });
}

#[test]
fn a_context_of_ours_is_imported_by_mits_program() {
    in_realm("a_context_of_ours_is_imported_by_mits_program", |folder| {
        let gss = site("[gss.transfer=portable]").gss();
        let program = exchange(folder);
        for mechanism in [&KERBEROS, &SPNEGO] {
            let (ours, theirs) = establish(&gss, mechanism);
            let message = ours.wrap(true, b"from ours").unwrap();
            let mut child =
                Command::new(&program).arg("import").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
            let mut input = child.stdin.take().unwrap();
            for piece in [theirs.export().unwrap().as_bytes(), &message] {
                input.write_all(&u32::try_from(piece.len()).unwrap().to_ne_bytes()).unwrap();
                input.write_all(piece).unwrap();
            }
            drop(input);
            let output = child.wait_with_output().unwrap();
            assert!(output.status.success());
            assert_eq!(output.stdout, b"from ours", "{mechanism}");
        }
    });
}
