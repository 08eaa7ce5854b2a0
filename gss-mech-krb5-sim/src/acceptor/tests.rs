//! What the acceptor takes and refuses, with tokens that no initiator of ours would send.

use super::*;
use crate::keytab;
use crate::messages::{AuthorizationElement, Checksum, EncryptedData, TransitedEncoding, error_code};
use crate::minor::kerberos;
use crate::principal::Realm;
use crate::testing::{Realms, SERVICE, Side, Wish, accept, entry, handshake, initiate, unwrapped, wrapped};
use crate::{Krb5Context, oids};
use gss_plugin::{
    AcquireRequest, CredentialUsage, Lifetime, Major, Mechanism, Name, PrfKey, SecurityContext, Want, name_type,
};

/// The parts of an AP-REQ before they are encrypted.
struct Draft {
    key: Key,
    session: Key,
    service: Principal,
    ticket: EncTicketPart,
    authenticator: Authenticator,
    options: ApOptions,
    framed: bool,
}

fn principal(text: &str) -> Principal {
    Principal::parse(text.as_bytes(), None).unwrap()
}

impl Draft {
    /// A request that is right in every way, with mutual authentication.
    fn new(realms: &Realms) -> Self {
        let keytab = keytab::load(realms.keytab()).unwrap();
        let service = principal("host/server.example@R");
        let key = Key::new(Enctype::Aes256Sha1, keytab.newest(&service, &[18]).unwrap().key.value()).unwrap();
        let session = Key::random(Enctype::Aes256Sha1).unwrap();
        let time = timestamp();
        let checksum = GssChecksum { bindings: None, flags: Flags::MUTUAL.0 | Flags::INTEG.0, delegation: None };
        Self {
            ticket: EncTicketPart {
                flags: TicketFlags::INITIAL,
                key: EncryptionKey::new(18, session.bytes()),
                client: principal("alice@R"),
                transited: TransitedEncoding::none(),
                authtime: time.seconds,
                starttime: None,
                endtime: time.seconds + 600,
                renew_till: None,
                caddr: None,
                authorization_data: None,
            },
            authenticator: Authenticator {
                client: principal("alice@R"),
                cksum: Some(Checksum { cksumtype: GSS_CHECKSUM_TYPE, checksum: checksum.to_bytes().unwrap() }),
                time,
                subkey: None,
                seq_number: Some(7),
                authorization_data: None,
            },
            key,
            session,
            service,
            options: ApOptions::default(),
            framed: true,
        }
    }

    fn token(&self) -> Vec<u8> {
        let sealed = |key: &Key, usage, part: &[u8]| EncryptedData {
            etype: key.enctype().number(),
            kvno: None,
            cipher: key.encrypt(usage, part).unwrap(),
        };
        let enc_part = sealed(&self.key, TICKET_USAGE, &self.ticket.encode().unwrap());
        let request = ApReq {
            options: self.options,
            ticket: Ticket { service: self.service.clone(), enc_part },
            authenticator: sealed(&self.session, AUTHENTICATOR_USAGE, &self.authenticator.encode().unwrap()),
        };
        framed(Some(&oids::MECHANISM).filter(|_| self.framed), TokenId::ApReq, &request.encode().unwrap())
    }
}

/// The outcome of a request that was changed so, by an acceptor with these options.
fn outcome(options: &str, wish: &Wish<'_>, change: impl FnOnce(&mut Draft)) -> gss_plugin::Result<Side> {
    let realms = Realms::new();
    let mut draft = Draft::new(&realms);
    change(&mut draft);
    super::super::testing::accept(&realms.open(options), None, wish, &draft.token())
}

fn accepted(change: impl FnOnce(&mut Draft)) -> Side {
    outcome("", &Wish::default(), change).unwrap()
}

/// The statuses of the refusal, whose KRB-ERROR says the same.
fn refused(change: impl FnOnce(&mut Draft)) -> (Major, i32) {
    statuses(outcome("", &Wish::default(), change))
}

fn statuses(outcome: gss_plugin::Result<Side>) -> (Major, i32) {
    let error = outcome.map(|_| ()).unwrap_err();
    assert!(!error.text.is_empty());
    let told = KrbError::decode(ContextToken::parse(&error.token).unwrap().message).unwrap();
    if error.minor == kerberos(told.code) || told.code == error_code::GENERIC {
        return (error.major, told.code);
    }
    panic!("{error}: the peer is told {}", told.code);
}

#[test]
fn the_draft_is_right() {
    let (context, step) = accepted(|_| ());
    assert!(step.complete);
    assert_eq!(step.flags, Flags::MUTUAL | Flags::INTEG | Flags::PROT_READY);
    assert_eq!(step.source.unwrap().display().unwrap().0, b"alice@R");
    assert_eq!(context.inquire(Want::ALL).unwrap().target.unwrap().display().unwrap().0, b"host/server.example@R");
    // The ticket's end and the clock skew.
    assert!((898..=900).contains(&step.lifetime.0), "{:?}", step.lifetime);
}

#[test]
fn times_may_differ_by_the_clock_skew_and_no_more() {
    let early = |seconds| move |draft: &mut Draft| draft.authenticator.time.seconds -= seconds;
    let late = |seconds| move |draft: &mut Draft| draft.authenticator.time.seconds += seconds;
    accepted(early(290));
    accepted(late(290));
    let old = Major::FAILURE.with(Major::OLD_TOKEN);
    assert_eq!(refused(early(310)), (old, error_code::SKEW));
    assert_eq!(refused(late(310)), (Major::FAILURE, error_code::SKEW));
    assert_eq!(statuses(outcome("clockskew=5", &Wish::default(), early(20))), (old, error_code::SKEW));
}

#[test]
fn a_ticket_has_its_time() {
    accepted(|draft| draft.ticket.endtime = draft.ticket.authtime - 290);
    let expired = refused(|draft| draft.ticket.endtime = draft.ticket.authtime - 310);
    assert_eq!(expired, (Major::CREDENTIALS_EXPIRED, error_code::TKT_EXPIRED));
    accepted(|draft| draft.ticket.starttime = Some(draft.ticket.authtime + 290));
    let not_yet = (Major::FAILURE, error_code::TKT_NYV);
    assert_eq!(refused(|draft| draft.ticket.starttime = Some(draft.ticket.authtime + 310)), not_yet);
    assert_eq!(refused(|draft| draft.ticket.authtime += 310), not_yet, "without a start time");
    assert_eq!(refused(|draft| draft.ticket.flags = TicketFlags::INVALID), not_yet);
}

#[test]
fn realms_in_between_must_have_been_checked() {
    let transited = || TransitedEncoding { tr_type: 1, contents: b"A,B".to_vec() };
    let outcome = refused(|draft| draft.ticket.transited = transited());
    assert_eq!(outcome, (Major::UNAUTHORIZED, error_code::PATH_NOT_ACCEPTED));
    accepted(|draft| {
        draft.ticket.transited = transited();
        draft.ticket.flags = TicketFlags::TRANSITED_POLICY_CHECKED;
    });
}

#[test]
fn only_what_is_not_relevant_may_be_unknown() {
    let element = |ad_type| AuthorizationElement { ad_type, data: b"?".to_vec() };
    accepted(|draft| {
        let data = AuthorizationData::if_relevant(vec![element(128), element(-7)]).unwrap();
        draft.ticket.authorization_data = Some(data.clone());
        draft.authenticator.authorization_data = Some(data);
    });
    for ad_type in [128, 4, 5, -7, 512] {
        let data = || Some(AuthorizationData(vec![element(ad_type)]));
        let unauthorized = (Major::UNAUTHORIZED, POLICY);
        assert_eq!(refused(|draft| draft.ticket.authorization_data = data()), unauthorized, "{ad_type}");
        assert_eq!(refused(|draft| draft.authenticator.authorization_data = data()), unauthorized, "{ad_type}");
    }
    accepted(|draft| draft.ticket.authorization_data = Some(AuthorizationData(vec![element(8)])));
    accepted(|draft| {
        let offer = AuthorizationElement::etype_negotiation(&[20, 18]).unwrap();
        draft.authenticator.authorization_data = Some(AuthorizationData(vec![offer]));
    });
}

/// `KDC_ERR_POLICY`.
const POLICY: i32 = 12;

#[test]
fn the_authenticator_is_the_tickets() {
    let mismatch = refused(|draft| draft.authenticator.client = principal("bob@R"));
    assert_eq!(mismatch, (Major::DEFECTIVE_TOKEN, error_code::BADMATCH));
    let mismatch = refused(|draft| draft.authenticator.client = principal("alice@S"));
    assert_eq!(mismatch, (Major::DEFECTIVE_TOKEN, error_code::BADMATCH));
    let other = refused(|draft| draft.session = Key::random(Enctype::Aes256Sha1).unwrap());
    assert_eq!(other, (Major::BAD_MIC, error_code::BAD_INTEGRITY));
}

#[test]
fn encryption_types_are_those_of_the_line() {
    let wish = Wish::default();
    assert_eq!(
        statuses(outcome("enctypes=17:20", &wish, |_| ())),
        (Major::FAILURE, error_code::ETYPE_NOSUPP),
        "the ticket's"
    );
    let session = |draft: &mut Draft| {
        draft.session = Key::random(Enctype::Aes128Sha1).unwrap();
        draft.ticket.key = EncryptionKey::new(17, draft.session.bytes());
    };
    accepted(session);
    assert_eq!(statuses(outcome("enctypes=18", &wish, session)), (Major::FAILURE, error_code::ETYPE_NOSUPP));
    let subkey = |draft: &mut Draft| draft.authenticator.subkey = Some(EncryptionKey::new(23, &[1; 16]));
    assert_eq!(refused(subkey), (Major::FAILURE, error_code::ETYPE_NOSUPP));
}

#[test]
fn a_ticket_under_another_key_is_refused() {
    let wrong = refused(|draft| draft.key = Key::random(Enctype::Aes256Sha1).unwrap());
    assert_eq!(wrong, (Major::BAD_MIC, error_code::BAD_INTEGRITY));
    // The name outside is nobody's word: it is the key that tells the service.
    let (context, _) = accepted(|draft| draft.service = principal("imap/elsewhere@S"));
    assert_eq!(context.inquire(Want::ALL).unwrap().target.unwrap().display().unwrap().0, b"host/server.example@R");
}

#[test]
fn a_user_to_user_ticket_is_refused() {
    assert_eq!(refused(|draft| draft.options = ApOptions::USE_SESSION_KEY).0, Major::FAILURE);
}

#[test]
fn a_request_needs_no_frame() {
    let (_, step) = accepted(|draft| draft.framed = false);
    assert_eq!(step.token[0], 0x6f, "nor has the answer one");
    let (_, step) = accepted(|_| ());
    assert_eq!(step.token[0], 0x60);
}

#[test]
fn who_sends_no_flags_has_none() {
    for options in [ApOptions::default(), ApOptions::MUTUAL_REQUIRED] {
        let (_, step) = accepted(|draft| {
            draft.authenticator.cksum = None;
            draft.options = options;
        });
        assert_eq!((step.complete, step.flags, step.token.len()), (true, Flags::PROT_READY, 0));
    }
}

#[test]
fn a_plain_checksum_is_that_of_nothing() {
    let plain = |key: &Key, usage, of: &[u8]| {
        let checksum = key.checksum_key(usage).unwrap().sign([of]).to_vec();
        Some(Checksum { cksumtype: key.enctype().checksum_type(), checksum })
    };
    let (_, step) = accepted(|draft| draft.authenticator.cksum = plain(&draft.session, CHECKSUM_USAGE, b""));
    assert_eq!(step.flags, Flags::REPLAY | Flags::SEQUENCE | Flags::PROT_READY);
    let (_, step) = accepted(|draft| {
        draft.authenticator.cksum = plain(&draft.session, CHECKSUM_USAGE, b"");
        draft.options = ApOptions::MUTUAL_REQUIRED;
    });
    assert!(step.flags.contains(Flags::MUTUAL) && !step.token.is_empty());
    let something = refused(|draft| draft.authenticator.cksum = plain(&draft.session, CHECKSUM_USAGE, b"x"));
    assert_eq!(something, (Major::BAD_MIC, error_code::MODIFIED));
    let other = refused(|draft| draft.authenticator.cksum = plain(&draft.session, 6, b""));
    assert_eq!(other, (Major::BAD_MIC, error_code::MODIFIED));
    let unknown = refused(|draft| {
        draft.authenticator.cksum = Some(Checksum { cksumtype: 7, checksum: vec![0; 16] });
    });
    assert_eq!(unknown, (Major::DEFECTIVE_TOKEN, error_code::INAPP_CKSUM));
}

#[test]
fn the_gss_checksum_is_read_to_its_end() {
    let checksum = |checksum: GssChecksum, more: &[u8]| {
        let checksum = [&checksum.to_bytes().unwrap()[..], more].concat();
        move |draft: &mut Draft| draft.authenticator.cksum = Some(Checksum { cksumtype: GSS_CHECKSUM_TYPE, checksum })
    };
    let cred =
        KrbCred { tickets: Vec::new(), enc_part: EncryptedData { etype: 0, kvno: None, cipher: b"anything".to_vec() } };
    let delegation = Some(cred.encode().unwrap());
    let (_, step) = accepted(checksum(GssChecksum { flags: 0x3e, delegation, ..GssChecksum::default() }, b"extension"));
    assert!(!step.flags.contains(Flags::DELEG) && step.delegated.is_none());
    let junk = GssChecksum { delegation: Some(b"junk".to_vec()), ..GssChecksum::default() };
    assert_eq!(refused(checksum(junk, b"")).0, Major::DEFECTIVE_TOKEN);
    let short = refused(|draft| {
        draft.authenticator.cksum = Some(Checksum { cksumtype: GSS_CHECKSUM_TYPE, checksum: vec![16, 0, 0, 0] });
    });
    assert_eq!(short, (Major::DEFECTIVE_TOKEN, error_code::INAPP_CKSUM));
    // Flags that are not the initiator's to give.
    let (_, step) = accepted(checksum(GssChecksum { flags: !0x1002, ..GssChecksum::default() }, b""));
    assert_eq!(step.flags, (REQUESTABLE & !Flags(0x1002)) | Flags::PROT_READY);
}

fn bindings(data: &[u8]) -> Option<ChannelBindings<'_>> {
    Some(ChannelBindings { application_data: data, ..ChannelBindings::default() })
}

#[test]
fn channel_bindings_must_agree_where_both_sides_have_them() {
    let realms = Realms::new();
    let mechanism = realms.open("");
    let aware = Flags::CHANNEL_BOUND;
    for (initiator, acceptor, more, bound) in [
        (None, None, Flags::NONE, Some(false)),
        (bindings(b"one"), None, Flags::NONE, Some(false)),
        (None, bindings(b"one"), Flags::NONE, Some(false)),
        (bindings(b"one"), bindings(b"one"), Flags::NONE, Some(true)),
        (bindings(b""), bindings(b""), Flags::NONE, Some(true)),
        (bindings(b"one"), bindings(b"two"), Flags::NONE, None),
        (None, bindings(b"one"), aware, None),
        (bindings(b"one"), bindings(b"one"), aware, Some(true)),
        (None, None, aware, Some(false)),
    ] {
        let flags = Wish::default().flags | more;
        let wish = Wish { flags, initiator_bindings: initiator, acceptor_bindings: acceptor, ..Wish::default() };
        match handshake(&mechanism, &wish, |context| context) {
            Ok((_, (_, step))) => assert_eq!(Some(step.flags.contains(Flags::CHANNEL_BOUND)), bound),
            Err(error) => assert_eq!((error.major, bound), (Major::BAD_BINDINGS, None)),
        }
    }
}

#[test]
fn a_token_is_accepted_once() {
    let realms = Realms::new();
    let token = Draft::new(&realms).token();
    assert!(accept(&realms.open(""), None, &Wish::default(), &token).is_ok());
    let replay = statuses(accept(&realms.open(""), None, &Wish::default(), &token));
    assert_eq!(replay, (Major::FAILURE.with(Major::DUPLICATE_TOKEN), error_code::REPEAT));
    assert!(accept(&realms.open("replay-cache=off"), None, &Wish::default(), &token).is_ok());
}

#[test]
fn a_credential_with_a_name_answers_to_no_other() {
    let realms = Realms::new();
    keytab::update(realms.keytab(), |keytab| keytab.add(entry("imap/server.example@R", 1, 18))).unwrap();
    let mechanism = realms.open("realm=R");
    let acquired = |service: &str| {
        let name = mechanism.import_name(service.as_bytes(), Some(&name_type::HOSTBASED_SERVICE)).unwrap();
        let usage = CredentialUsage::Accept;
        let (name, lifetime) = (Some(&name), Lifetime::DEFAULT);
        mechanism.acquire_credential(&AcquireRequest {
            name,
            lifetime,
            usage,
            password: None,
            store: &[],
            impersonator: None,
        })
    };
    let (host, imap) = (acquired(SERVICE).unwrap(), acquired("imap@server.example").unwrap());
    assert_eq!(acquired("nfs@server.example").unwrap_err().major, Major::NO_CRED);
    let wish = |acceptor| Wish { acceptor: Some(acceptor), ..Wish::default() };
    assert!(handshake(&mechanism, &wish(&host), |context| context).is_ok());
    let (_, step) = initiate(&mechanism, None, &Wish::default(), b"").unwrap();
    let wrong = statuses(accept(&mechanism, None, &wish(&imap), &step.token));
    assert_eq!(wrong, (Major::NO_CRED, error_code::NOT_US));
    // A name that says otherwise does not help.
    let draft = Draft { service: principal("imap/server.example@R"), ..Draft::new(&realms) };
    let wrong = statuses(accept(&mechanism, None, &wish(&imap), &draft.token()));
    assert_eq!(wrong, (Major::BAD_MIC, error_code::BAD_INTEGRITY));
}

#[test]
fn an_anonymous_client_is_told_as_one() {
    let (context, step) = accepted(|draft| {
        let nobody = principal("WELLKNOWN/ANONYMOUS@WELLKNOWN:ANONYMOUS");
        (draft.ticket.client, draft.authenticator.client) = (nobody.clone(), nobody);
    });
    assert!(step.flags.contains(Flags::ANON));
    assert_eq!(step.source.unwrap().display().unwrap().1, name_type::ANONYMOUS);
    let again = crate::state::read(&context.mechanism, &crate::testing::serialized(&context)).unwrap();
    assert!(again.flags.contains(Flags::ANON));
}

/// All that a context is to its user: names, flags and keys.
#[derive(PartialEq, Debug)]
struct Seen {
    source: Vec<u8>,
    target: Vec<u8>,
    flags: Flags,
    keys: Option<Vec<Vec<u8>>>,
    partial: Option<Vec<u8>>,
}

fn seen(context: &Krb5Context) -> Seen {
    let info = context.inquire(Want::ALL).unwrap();
    let mut partial = Vec::new();
    let prf = context.pseudo_random(PrfKey::Partial, b"", 32, &mut gss_plugin::Output::over(&mut partial));
    let keys = context.inquire_by_oid(&oids::SESSION_KEY).ok();
    Seen {
        source: info.source.unwrap().display().unwrap().0,
        target: info.target.unwrap().display().unwrap().0,
        flags: info.flags,
        // The acceptor chooses its subkey anew each time; what it had before is the ticket's and the initiator's.
        keys: keys.filter(|_| context.role == Role::Initiator),
        partial: prf.ok().map(|()| partial),
    }
}

/// What a leg makes of each altered token: an error, or what the unaltered one led to. Answers which bytes did not count.
fn alter(token: &[u8], unaltered: &Seen, take: impl Fn(&[u8]) -> gss_plugin::Result<Krb5Context>) -> Vec<usize> {
    let mut ignored = Vec::new();
    for position in 0..token.len() {
        for value in [token[position] ^ 1, token[position] ^ 0x80, !token[position]] {
            let mut altered = token.to_vec();
            altered[position] = value;
            match take(&altered) {
                Err(error) => assert!(error.major.is_error() && !error.text.is_empty()),
                Ok(context) => {
                    assert_eq!(seen(&context), *unaltered, "byte {position} altered to {value:#04x}");
                    ignored.push(position);
                }
            }
        }
    }
    ignored.dedup();
    ignored
}

/// Where these bytes are in the token, once.
fn position(token: &[u8], part: &[u8]) -> std::ops::Range<usize> {
    let mut found = (0..=token.len() - part.len()).filter(|at| token[*at..].starts_with(part));
    let at = found.next().unwrap();
    assert_eq!(found.next(), None);
    at..at + part.len()
}

/// The fields that nothing protects, and that change nothing: the reserved and the other bits of `ap-options` (RFC 4120
/// section 5.5.1), `kvno` (5.2.9), `realm` and `sname` of the ticket (5.3), since the key tells whose it is.
#[test]
fn no_altered_byte_of_a_request_gets_through_unless_it_says_nothing() {
    let realms = Realms::new();
    let [mutual, dce] = [Wish::default().flags, Wish::default().flags | Flags::DCE_STYLE];
    for (etype, flags) in [(18, mutual), (17, mutual), (20, mutual), (19, mutual), (18, Flags::REPLAY), (20, dce)] {
        let mechanism = realms.open(&format!("realm=R principal=alice@R replay-cache=off enctypes={etype}"));
        let wish = Wish { flags, ..Wish::default() };
        let (_, step) = initiate(&mechanism, None, &wish, b"").unwrap();
        let token = step.token;
        let take = |token: &[u8]| accept(&mechanism, None, &wish, token).map(|(context, _)| context);
        let ignored = alter(&token, &seen(&take(&token).unwrap()), take);

        let parsed = ContextToken::parse(&token).unwrap();
        let request = ApReq::decode(parsed.message).unwrap();
        let ticket = &request.ticket;
        let mut free = Vec::new();
        let options = [&[0xa2, 7, 3, 5, 0][..], &request.options.0.to_be_bytes()].concat();
        free.extend(position(&token, &options).skip(5));
        // The realm's string, then the name's type and strings.
        let realm = [&[0xa1, 3, 0x1b, 1][..], ticket.service.realm().as_bytes()].concat();
        free.extend(position(&token, &realm).skip(4));
        free.extend(position(&token, &[0xa0, 3, 2, 1, 3, 0xa1]).skip(4).take(1));
        for component in ticket.service.name().components() {
            free.extend(position(&token, component));
        }
        let kvno = [0xa1, 3, 2, 1, u8::try_from(ticket.enc_part.kvno.unwrap()).unwrap()];
        free.extend(position(&token, &kvno).skip(4));
        for ignored in ignored {
            assert!(free.contains(&ignored), "byte {ignored} of {token:02x?}");
        }
    }
}

#[test]
fn no_altered_byte_of_an_answer_gets_through() {
    let realms = Realms::new();
    let [mutual, dce] = [Wish::default().flags, Wish::default().flags | Flags::DCE_STYLE];
    for (etype, flags) in [(18, mutual), (17, mutual), (20, mutual), (19, mutual), (18, dce), (20, dce)] {
        let mechanism = realms.open(&format!("realm=R principal=alice@R enctypes={etype}"));
        let wish = Wish { flags, ..Wish::default() };
        let (initiator, step) = initiate(&mechanism, None, &wish, b"").unwrap();
        let (acceptor, step) = accept(&mechanism, None, &wish, &step.token).unwrap();
        let waiting = crate::testing::serialized(&initiator);
        let take = |token: &[u8]| {
            let context = mechanism.import_context(&waiting).unwrap();
            initiate(&mechanism, Some(context), &wish, token)
        };
        let (established, last) = take(&step.token).unwrap();
        let ignored = alter(&step.token, &seen(&established), |token| take(token).map(|(context, _)| context));
        assert!(ignored.is_empty(), "bytes {ignored:?} of the AP-REP");
        if !last.token.is_empty() {
            let waiting = crate::testing::serialized(&acceptor);
            let take = |token: &[u8]| {
                let context = mechanism.import_context(&waiting).unwrap();
                accept(&mechanism, Some(context), &wish, token).map(|(context, _)| context)
            };
            let acceptor = take(&last.token).unwrap();
            let ignored = alter(&last.token, &seen(&acceptor), take);
            assert!(ignored.is_empty(), "bytes {ignored:?} of the third token");
            assert_eq!(unwrapped(&acceptor, &wrapped(&established, b"hello")).unwrap(), b"hello");
        }
    }
}

#[test]
fn only_the_token_of_this_leg_is_taken() {
    let realms = Realms::new();
    let mechanism = realms.open("realm=R principal=alice@R replay-cache=off");
    let wish = Wish { flags: Wish::default().flags | Flags::DCE_STYLE, ..Wish::default() };
    let (initiator, first) = initiate(&mechanism, None, &wish, b"").unwrap();
    let (acceptor, second) = accept(&mechanism, None, &wish, &first.token).unwrap();
    let state = crate::testing::serialized(&initiator);
    let again = || mechanism.import_context(&state).unwrap();
    let (_, third) = initiate(&mechanism, Some(again()), &wish, &second.token).unwrap();
    for wrong in [&first.token, &third.token] {
        let error = initiate(&mechanism, Some(again()), &wish, wrong).unwrap_err();
        assert!(error.major.is_error());
    }
    // The acceptor's own answer, sent back to it, repeats its number, and the initiator's time besides.
    for wrong in [&first.token, &second.token] {
        let state = crate::testing::serialized(&acceptor);
        let error = accept(&mechanism, Some(mechanism.import_context(&state).unwrap()), &wish, wrong);
        assert!(error.is_err());
    }
    assert!(accept(&mechanism, None, &wish, &second.token).is_err());
    assert_eq!(initiate(&mechanism, None, &wish, &first.token).unwrap_err().major, Major::DEFECTIVE_TOKEN);
    let role = accept(&mechanism, Some(again()), &wish, &second.token).unwrap_err();
    assert_eq!(role.major, Major::FAILURE);
}

#[test]
fn a_token_for_another_mechanism_is_refused() {
    let realms = Realms::new();
    let draft = Draft::new(&realms);
    let token = draft.token();
    let message = ContextToken::parse(&token).unwrap().message;
    let token = framed(Some(&oids::KERBEROS), TokenId::ApReq, message);
    let error = accept(&realms.open(""), None, &Wish::default(), &token).unwrap_err();
    assert_eq!((error.major, error.token.len()), (Major::DEFECTIVE_TOKEN, 0));
}

#[test]
fn without_keys_there_is_no_credential() {
    let realms = Realms::new();
    let token = Draft::new(&realms).token();
    std::fs::remove_file(realms.keytab()).unwrap();
    let error = accept(&realms.open(""), None, &Wish::default(), &token).unwrap_err();
    assert_eq!(error.major, Major::NO_CRED);
    let draft = Draft::new(&Realms::new());
    let other = Realms::new();
    keytab::update(other.keytab(), |keytab| {
        keytab.remove(&principal("host/server.example@R"), None, Some(18));
        Ok::<_, keytab::KeytabError>(())
    })
    .unwrap();
    let missing = statuses(accept(&other.open(""), None, &Wish::default(), &draft.token()));
    assert_eq!(missing, (Major::NO_CRED, error_code::NOKEY));
    assert_eq!(draft.service.realm(), &Realm::new(*b"R").unwrap());
}

#[test]
fn any_token_is_refused_with_a_text() {
    let realms = Realms::new();
    let mechanism = realms.open("realm=R principal=alice replay-cache=off");
    let (initiator, _) = initiate(&mechanism, None, &Wish::default(), b"").unwrap();
    let waiting = crate::testing::serialized(&initiator);
    let octets = proptest::collection::vec(proptest::prelude::any::<u8>(), 0..200);
    proptest::proptest!(|(token in octets, in_frame: bool)| {
        let token = if in_frame { framed(Some(&oids::MECHANISM), TokenId::ApReq, &token) } else { token };
        let error = accept(&mechanism, None, &Wish::default(), &token).unwrap_err();
        assert!(error.major == Major::DEFECTIVE_TOKEN && !error.text.is_empty());
        let initiator = mechanism.import_context(&waiting).unwrap();
        let error = initiate(&mechanism, Some(initiator), &Wish::default(), &token).unwrap_err();
        assert!(error.major.is_error() && !error.text.is_empty());
    });
}
