use super::*;
use crate::testing::{Wish, accept, handshake, initiate, open, pair, pair_with, serialized, wrap, written};
use gss_plugin::{Credential, Major, Mechanism, name_type};

#[test]
fn before_the_end_of_the_handshake_there_is_no_context_for_messages() {
    let mechanism = open("legs=3");
    let (initiator, step) = initiate(&mechanism, None, &Wish::default(), &[]).unwrap();
    assert!(!step.complete && !step.flags.contains(Flags::PROT_READY));
    let no_context = |error: gss_plugin::MechError| assert_eq!(error.major, Major::NO_CONTEXT);
    no_context(initiator.context_time().unwrap_err());
    no_context(written(|out| initiator.wrap(false, 0, b"early", out)).unwrap_err());
    no_context(written(|out| initiator.unwrap(b"early", out)).unwrap_err());
    no_context(written(|out| initiator.get_mic(0, b"early", out)).unwrap_err());
    no_context(initiator.verify_mic(b"early", b"mic").unwrap_err());
    no_context(initiator.wrap_size_limit(false, 0, 100).unwrap_err());
    no_context(written(|out| initiator.pseudo_random(PrfKey::Full, b"", 1, out)).unwrap_err());
    let info = initiator.inquire(Want::ALL).unwrap();
    assert!(info.initiator && !info.open);
}

#[test]
fn a_further_leg_needs_the_right_side_and_an_open_handshake() {
    let (mut initiator, mut acceptor) = pair("");
    let error = initiator.further_leg(Role::Acceptor, b"").err().unwrap();
    assert_eq!(error.minor, Minor::Role as u32);
    let error = acceptor.further_leg(Role::Acceptor, b"").err().unwrap();
    assert_eq!(error.minor, Minor::Established as u32);
    let error = initiate(&open(""), None, &Wish::default(), b"a token").err().unwrap();
    assert_eq!(error.major, Major::DEFECTIVE_TOKEN);
}

#[test]
fn lifetimes_are_the_shortest_that_anyone_wants() {
    for (line, wanted, expected) in
        [("", 0, u32::MAX), ("", 50, 50), ("lifetime=60", 0, 60), ("lifetime=60", 50, 50), ("lifetime=60", 70, 60)]
    {
        let wish = Wish { lifetime: Lifetime(wanted), ..Wish::default() };
        let (initiator, acceptor) = pair_with(line, &wish);
        for context in [&initiator, &acceptor] {
            let Lifetime(seconds) = context.context_time().unwrap();
            assert!(seconds <= expected && seconds >= expected - 2, "{line} {wanted}: {seconds}");
            assert_eq!(context.inquire(Want::NOTHING).unwrap().lifetime, Lifetime(0));
        }
    }
    // Each side has a line of its own; the shorter one holds for both.
    let (one, two) = (open("lifetime=30"), open("lifetime=20"));
    let (initiator, step) = initiate(&one, None, &Wish::default(), &[]).unwrap();
    let (acceptor, step) = accept(&two, None, &Wish::default(), &step.token).unwrap();
    let (initiator, _) = initiate(&one, Some(initiator), &Wish::default(), &step.token).unwrap();
    assert!(initiator.context_time().unwrap() <= Lifetime(20) && acceptor.context_time().unwrap() <= Lifetime(20));
}

#[test]
fn an_expired_context_says_so_to_every_message() {
    let (mut initiator, acceptor) = pair("");
    let (token, mic) = (wrap(&acceptor, b"m"), written(|out| acceptor.get_mic(0, b"m", out)).unwrap());
    initiator.set_option(&oids::CONTEXT_LIFETIME, &0u32.to_be_bytes()).unwrap();
    let expired = |error: gss_plugin::MechError| assert_eq!(error.major, Major::CONTEXT_EXPIRED);
    expired(initiator.context_time().unwrap_err());
    expired(written(|out| initiator.wrap(false, 0, b"late", out)).unwrap_err());
    expired(written(|out| initiator.unwrap(&token, out)).unwrap_err());
    expired(written(|out| initiator.get_mic(0, b"late", out)).unwrap_err());
    expired(initiator.verify_mic(b"m", &mic).unwrap_err());
    expired(written(|out| initiator.pseudo_random(PrfKey::Full, b"", 1, out)).unwrap_err());
    assert_eq!(initiator.inquire(Want::ALL).unwrap().lifetime, Lifetime(0));
    // Born expired, by the line; the handshake itself still works.
    let (initiator, acceptor) = pair("lifetime=0,legs=3");
    expired(initiator.context_time().unwrap_err());
    expired(acceptor.context_time().unwrap_err());
}

#[test]
fn an_anonymous_initiator_stays_unnamed_and_delegates_nothing() {
    let wish = Wish { flags: Flags::ANON | Flags::DELEG, ..Wish::default() };
    let ((initiator, _), (acceptor, step)) = handshake(&open("identity=alice"), &wish, |context| context).unwrap();
    assert!(step.flags.contains(Flags::ANON) && !step.flags.contains(Flags::DELEG));
    assert!(step.delegated.is_none());
    assert!(step.source.unwrap().is_anonymous());
    for context in [initiator, acceptor] {
        assert!(context.inquire(Want::ALL).unwrap().source.unwrap().is_anonymous());
        assert!(!serialized(&context).windows(5).any(|part| part == b"alice"));
    }
}

#[test]
fn a_delegated_credential_is_the_initiators() {
    for legs in 1..=4 {
        let wish = Wish { flags: Flags::DELEG, ..Wish::default() };
        let mechanism = open(&format!("identity=alice,legs={legs}"));
        let (_, (_, step)) = handshake(&mechanism, &wish, |context| context).unwrap();
        let info = step.delegated.unwrap().inquire().unwrap();
        assert_eq!(info.name, Some(DummyName::user(b"alice").unwrap()));
        assert_eq!(info.usage, CredentialUsage::Initiate);
    }
}

#[test]
fn both_sides_name_both_sides() {
    let (initiator, acceptor) = pair("identity=alice");
    let target = open("").import_name(b"service@host.example", Some(&name_type::HOSTBASED_SERVICE)).unwrap();
    for (context, initiates) in [(initiator, true), (acceptor, false)] {
        let info = context.inquire(Want::ALL).unwrap();
        assert_eq!(info.source, Some(DummyName::user(b"alice").unwrap()));
        assert!(info.target.unwrap().same(&target));
        assert_eq!((info.initiator, info.open, info.mechanism), (initiates, true, None));
        let nothing = context.inquire(Want::NOTHING).unwrap();
        assert!(nothing.source.is_none() && nothing.target.is_none());
    }
}

#[test]
fn a_close_notice_ends_the_peers_context() {
    let (initiator, mut acceptor) = pair("");
    let notice = initiator.inquire_by_oid(&oids::CONTEXT_CLOSE_NOTICE).unwrap().remove(0);
    let own = acceptor.inquire_by_oid(&oids::CONTEXT_CLOSE_NOTICE).unwrap().remove(0);
    assert_eq!(acceptor.process_token(&own).unwrap_err().major, Major::BAD_MIC, "its own one, reflected");
    assert_eq!(acceptor.process_token(b"").unwrap_err().major, Major::DEFECTIVE_TOKEN);
    assert!(acceptor.context_time().is_ok());
    acceptor.process_token(&notice).unwrap();
    assert_eq!(acceptor.context_time().unwrap_err().major, Major::NO_CONTEXT);
    assert!(!acceptor.inquire(Want::NOTHING).unwrap().open);
    assert!(initiator.context_time().is_ok());
}

#[test]
fn the_pseudo_random_function_agrees_on_both_sides_only() {
    let bytes = |context: &DummyContext, key, seed: &[u8], length| {
        written(|out| context.pseudo_random(key, seed, length, out)).unwrap()
    };
    let (initiator, acceptor) = pair("");
    let (other, _) = pair("");
    let own = bytes(&initiator, PrfKey::Full, b"seed", 100);
    assert_eq!(own.len(), 100);
    assert_eq!(own, bytes(&acceptor, PrfKey::Full, b"seed", 100));
    assert_eq!(own[..13], bytes(&acceptor, PrfKey::Full, b"seed", 13));
    assert_ne!(own, bytes(&initiator, PrfKey::Partial, b"seed", 100));
    assert_ne!(own, bytes(&initiator, PrfKey::Full, b"seee", 100));
    assert_ne!(own, bytes(&other, PrfKey::Full, b"seed", 100));
    assert!(bytes(&initiator, PrfKey::Full, b"", 0).is_empty());
}

#[test]
fn options_and_inquiries_go_by_oid() {
    let (mut initiator, acceptor) = pair("");
    initiator.set_option(&oids::CONTEXT_LABEL, b"mine").unwrap();
    assert_eq!(initiator.inquire_by_oid(&oids::CONTEXT_LABEL).unwrap(), [b"mine"]);
    assert!(initiator.set_option(&oids::CONTEXT_LABEL, &[0; MAX_LABEL + 1]).is_err());
    assert!(initiator.set_option(&oids::CONTEXT_LIFETIME, &[0; 3]).is_err());
    let session = initiator.inquire_by_oid(&oids::CONTEXT_SESSION).unwrap();
    assert_eq!(session, acceptor.inquire_by_oid(&oids::CONTEXT_SESSION).unwrap());
    wrap(&initiator, b"one");
    let numbers = initiator.inquire_by_oid(&oids::CONTEXT_SEQUENCE).unwrap();
    assert_eq!(numbers, [1u64.to_be_bytes(), 0u64.to_be_bytes()]);
    for unknown in [&oids::MECHANISM, &oids::INVOKE_ECHO] {
        assert_eq!(initiator.inquire_by_oid(unknown).unwrap_err().major, Major::UNAVAILABLE);
        assert_eq!(initiator.set_option(unknown, b"").unwrap_err().major, Major::UNAVAILABLE);
    }
    assert!(initiator.complete_auth_token(b"").is_ok());
    assert_eq!(initiator.complete_auth_token(b"x").unwrap_err().major, Major::DEFECTIVE_TOKEN);
    assert!(initiator.delete().unwrap().is_empty());
}
