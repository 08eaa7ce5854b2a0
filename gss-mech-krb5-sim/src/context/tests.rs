use super::*;
use crate::testing::{Pair, Realms, Wish, handshake, initiate, unwrapped, wrapped, written};
use gss_plugin::Major;

#[test]
fn both_sides_are_told_what_they_have() {
    let realms = Realms::new();
    for enctype in Enctype::ALL {
        let mechanism = realms.open(&format!("realm=R principal=alice enctypes={}", enctype.number()));
        let ((initiator, first), (acceptor, second)) =
            handshake(&mechanism, &Wish::default(), |context| context).unwrap();
        let granted = Wish::default().flags | Flags::INTEG | Flags::PROT_READY;
        assert_eq!((first.flags, second.flags), (granted, granted));
        assert!(first.source.is_none() && second.source.is_some());
        // The initiator's is the ticket's; the acceptor's has the clock skew beyond it.
        assert!((35_998..=36_000).contains(&first.lifetime.0) && (36_298..=36_300).contains(&second.lifetime.0));
        for context in [&initiator, &acceptor] {
            let info = context.inquire(Want::ALL).unwrap();
            assert!(info.open && info.initiator == (context.role == Role::Initiator));
            assert!(info.source.unwrap().admits(&Principal::parse(b"alice@R", None).unwrap()));
            assert!(info.target.unwrap().admits(&Principal::parse(b"host/server.example@R", None).unwrap()));
            assert_eq!(context.inquire_by_oid(&oids::TICKET_FLAGS).unwrap(), [0x0068_0000u32.to_ne_bytes()]);
            let ssf = if enctype.key_len() == 16 { 128u32 } else { 256 };
            assert_eq!(context.inquire_by_oid(&oids::SASL_SSF).unwrap(), [ssf.to_be_bytes()]);
            assert_eq!(context.inquire_by_oid(&oids::AUTH_TIME).unwrap()[0].len(), 4);
            assert_eq!(context.inquire_by_oid(&oids::KERBEROS).unwrap_err().major, Major::UNAVAILABLE);
        }
        let keys = initiator.inquire_by_oid(&oids::SESSION_KEY).unwrap();
        assert_eq!(keys, acceptor.inquire_by_oid(&oids::SESSION_KEY).unwrap());
        let kind = Oid::from_content(&keys[1]).unwrap();
        assert_eq!(kind.to_string(), format!("1.2.840.113554.1.2.2.4.{}", enctype.number()));
        assert_eq!(keys[0].len(), enctype.key_len());
        let token = wrapped(&acceptor, b"hello");
        assert_eq!(unwrapped(&initiator, &token).unwrap(), b"hello");
    }
}

#[test]
fn nothing_is_protected_before_the_end_of_the_handshake() {
    let realms = Realms::new();
    let mechanism = realms.open("realm=R principal=alice");
    let (context, step) = initiate(&mechanism, None, &Wish::default(), b"").unwrap();
    assert!(!step.complete && !step.flags.contains(Flags::PROT_READY));
    assert_eq!(context.context_time().unwrap_err().major, Major::NO_CONTEXT);
    let error = written(|out| context.wrap(true, 0, b"early", out)).unwrap_err();
    assert_eq!(error.major, Major::NO_CONTEXT);
    assert_eq!(context.inquire_by_oid(&oids::SESSION_KEY).unwrap_err().major, Major::NO_CONTEXT);
    assert!(!context.inquire(Want::NOTHING).unwrap().open);
}

#[test]
fn an_expired_context_protects_nothing() {
    let realms = Realms::new();
    let Pair { mut initiator, acceptor } = Pair::new(&realms.open("realm=R principal=alice"));
    let token = wrapped(&acceptor, b"late");
    initiator.deadline = Deadline(1);
    assert_eq!(initiator.context_time().unwrap_err().major, Major::CONTEXT_EXPIRED);
    assert_eq!(unwrapped(&initiator, &token).unwrap_err().major, Major::CONTEXT_EXPIRED);
    assert_eq!(written(|out| initiator.get_mic(0, b"", out)).unwrap_err().major, Major::CONTEXT_EXPIRED);
    let info = initiator.inquire(Want::ALL).unwrap();
    assert_eq!((info.lifetime, info.open), (Lifetime(0), true));
}

#[test]
fn a_request_shortens_a_tickets_life_and_never_lengthens_it() {
    let realms = Realms::new();
    let mechanism = realms.open("realm=R principal=alice ticket-lifetime=100");
    for (lifetime, granted) in [(Lifetime::DEFAULT, 100), (Lifetime(30), 30), (Lifetime::INDEFINITE, 100)] {
        let (_, step) = initiate(&mechanism, None, &Wish { lifetime, ..Wish::default() }, b"").unwrap();
        assert!((granted - 2..=granted).contains(&step.lifetime.0), "{:?}", step.lifetime);
    }
}

#[test]
fn two_threads_wrap_at_once_and_every_message_arrives() {
    let realms = Realms::new();
    let Pair { initiator, acceptor } = Pair::new(&realms.open("realm=R principal=alice"));
    let mut tokens: Vec<Vec<u8>> = std::thread::scope(|scope| {
        let wrapping = || (0..500).map(|_| wrapped(&initiator, b"message")).collect::<Vec<_>>();
        let threads = [scope.spawn(wrapping), scope.spawn(wrapping)];
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    tokens.sort_by_key(|token| token[8..16].to_vec());
    for token in tokens {
        let mut out = Vec::new();
        let info = acceptor.unwrap(&token, &mut Output::over(&mut out)).unwrap();
        assert_eq!((&out[..], info.supplementary), (&b"message"[..], Major::COMPLETE));
    }
}

#[test]
fn debug_shows_no_keys() {
    let realms = Realms::new();
    let Pair { initiator, .. } = Pair::new(&realms.open("realm=R principal=alice"));
    let key = initiator.inquire_by_oid(&oids::SESSION_KEY).unwrap().remove(0);
    let shown = format!("{initiator:?}");
    assert!(!shown.contains(&format!("{key:?}")) && !shown.contains(&format!("{:?}", &key[..4])), "{shown}");
}
