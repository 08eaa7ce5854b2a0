use super::*;
use crate::keytab::{self, KeytabEntry};
use crate::messages::EncryptionKey;
use crate::testing::{Realms, SERVICE, Wish, handshake, initiate};
use gss_plugin::{Major, Mechanism, Name, name_type};

fn request<'a>(usage: CredentialUsage) -> AcquireRequest<'a, Krb5Sim> {
    AcquireRequest { name: None, lifetime: Lifetime::DEFAULT, usage, password: None, store: &[], impersonator: None }
}

fn user(mechanism: &Krb5Sim, name: &str) -> Krb5Name {
    mechanism.import_name(name.as_bytes(), Some(&name_type::USER_NAME)).unwrap()
}

fn shown_name(name: Option<Krb5Name>) -> String {
    String::from_utf8(name.unwrap().display().unwrap().0).unwrap()
}

#[test]
fn the_client_is_who_was_asked_for_or_configured_or_runs_the_process() {
    let realms = Realms::new();
    let client = |options: &str, name: Option<&str>| {
        let mechanism = realms.open(options);
        let name = name.map(|name| user(&mechanism, name));
        let credential = mechanism
            .acquire_credential(&AcquireRequest { name: name.as_ref(), ..request(CredentialUsage::Initiate) })
            .unwrap();
        shown_name(credential.inquire().unwrap().name)
    };
    assert_eq!(client("realm=R principal=bob", Some("carol")), "carol@R");
    assert_eq!(client("realm=R principal=bob", Some("carol@S")), "carol@S");
    assert_eq!(client("realm=R principal=bob", None), "bob@R");
    let login = login_name(rustix::process::geteuid().as_raw()).unwrap();
    assert_eq!(client("realm=R", None), format!("{}@R", String::from_utf8(login).unwrap()));
}

#[test]
fn the_context_names_the_credentials_client_and_ends_with_it() {
    let realms = Realms::new();
    let mechanism = realms.open("realm=R");
    let name = user(&mechanism, "alice");
    let asked = AcquireRequest { name: Some(&name), lifetime: Lifetime(60), ..request(CredentialUsage::Initiate) };
    let credential = mechanism.acquire_credential(&asked).unwrap();
    let info = credential.inquire().unwrap();
    assert!((58..=60).contains(&info.initiator_lifetime.0));
    assert_eq!(info.acceptor_lifetime, Lifetime(0));
    let wish = Wish { initiator: Some(&credential), ..Wish::default() };
    let ((_, step), acceptor) = handshake(&mechanism, &wish, |context| context).unwrap();
    assert!((58..=60).contains(&step.lifetime.0));
    assert_eq!(shown_name(acceptor.1.source), "alice@R");
}

#[test]
fn a_half_that_was_not_asked_for_is_missing() {
    let realms = Realms::new();
    let mechanism = realms.open("realm=R principal=alice");
    let initiator = mechanism.acquire_credential(&request(CredentialUsage::Initiate)).unwrap();
    let acceptor = mechanism.acquire_credential(&request(CredentialUsage::Accept)).unwrap();
    assert!(acceptor.inquire().unwrap().name.is_none());
    let wish = Wish { initiator: Some(&initiator), acceptor: Some(&acceptor), ..Wish::default() };
    assert!(handshake(&mechanism, &wish, |context| context).is_ok());
    let swapped = Wish { initiator: Some(&acceptor), ..wish };
    assert_eq!(initiate(&mechanism, None, &swapped, b"").unwrap_err().major, Major::NO_CRED);
    let swapped = Wish { acceptor: Some(&initiator), ..wish };
    assert_eq!(handshake(&mechanism, &swapped, |context| context).err().unwrap().major, Major::NO_CRED);
}

#[test]
fn an_expired_credential_starts_and_accepts_nothing() {
    let realms = Realms::new();
    let mechanism = realms.open("realm=R principal=alice");
    let mut credential = mechanism.acquire_credential(&request(CredentialUsage::Both)).unwrap();
    credential.deadline = Deadline(1);
    let wish = Wish { initiator: Some(&credential), ..Wish::default() };
    let error = handshake(&mechanism, &wish, |context| context).err().unwrap();
    assert_eq!(error.major, Major::CREDENTIALS_EXPIRED);
    let wish = Wish { acceptor: Some(&credential), ..Wish::default() };
    let error = handshake(&mechanism, &wish, |context| context).err().unwrap();
    assert_eq!(error.major, Major::CREDENTIALS_EXPIRED);
}

#[test]
fn a_credential_store_names_keytabs_for_either_side() {
    let (realms, other) = (Realms::new(), Realms::new());
    let mechanism = realms.open("realm=R principal=alice");
    let path = format!("FILE:{}", other.keytab().display());
    let acquired = |key: &'static str, usage| {
        let store = [("ccache", "MEMORY:"), (key, &path[..])];
        mechanism.acquire_credential(&AcquireRequest { store: &store, ..request(usage) }).unwrap()
    };
    let issuing = acquired("client_keytab", CredentialUsage::Both);
    let accepting = acquired("keytab", CredentialUsage::Accept);
    let established = |initiator, acceptor| {
        let wish = Wish { initiator, acceptor, ..Wish::default() };
        handshake(&mechanism, &wish, |context| context).is_ok()
    };
    assert!(established(Some(&issuing), Some(&accepting)));
    assert!(!established(Some(&issuing), None) && !established(None, Some(&accepting)));
    assert!(established(None, Some(&issuing)), "the other half is the config's");
    for (key, value, minor) in [("keytab", "relative", 106), ("keytab", "/nowhere/keytab", crate::minor::kerberos(184))]
    {
        let asked = AcquireRequest { store: &[(key, value)], ..request(CredentialUsage::Accept) };
        let error = mechanism.acquire_credential(&asked).unwrap_err();
        assert_eq!((error.major, error.minor), (Major::NO_CRED, minor), "{error}");
    }
}

#[test]
fn a_password_is_that_of_a_key_in_the_keytab() {
    let realms = Realms::new();
    let alice = Principal::parse(b"alice@R", None).unwrap();
    for etype in [18, 20] {
        keytab::update(realms.keytab(), |keytab| {
            let enctype = Enctype::from_number(etype).unwrap();
            let key = Key::from_password(enctype, b"open sesame", b"Ralice", None).unwrap();
            let key = EncryptionKey::new(etype, key.bytes());
            keytab.add(KeytabEntry { principal: alice.clone(), timestamp: 0, kvno: 1, key })
        })
        .unwrap();
    }
    for options in ["realm=R", "", "enctypes=20"] {
        let mechanism = realms.open(options);
        let acquired = |name: &str, password: &'static [u8]| {
            let name = user(&mechanism, name);
            let (name, password) = (Some(&name), Some(password));
            mechanism.acquire_credential(&AcquireRequest { name, password, ..request(CredentialUsage::Initiate) })
        };
        assert!(acquired("alice", b"open sesame").is_ok(), "{options}");
        let error = acquired("alice", b"open barley").unwrap_err();
        assert_eq!((error.major, error.minor), (Major::NO_CRED, crate::minor::kerberos(24)));
        let error = acquired("bob@R", b"open sesame").unwrap_err();
        assert_eq!((error.major, error.minor), (Major::NO_CRED, crate::minor::kerberos(6)));
    }
    let nameless = AcquireRequest { password: Some(b"open sesame"), ..request(CredentialUsage::Initiate) };
    assert_eq!(realms.open("realm=R").acquire_credential(&nameless).unwrap_err().major, Major::NO_CRED);
}

#[test]
fn without_a_keytab_there_is_no_credential() {
    let mechanism = Krb5Sim::open(&crate::testing::line("realm=R replay-cache=off")).unwrap();
    for usage in [CredentialUsage::Initiate, CredentialUsage::Accept] {
        let error = mechanism.acquire_credential(&request(usage)).unwrap_err();
        assert_eq!(error.major, Major::NO_CRED);
        assert!(error.text.contains("keytab="), "{}", error.text);
    }
    let realms = Realms::new();
    std::fs::write(realms.keytab(), [5, 2]).unwrap();
    let error = realms.open("").acquire_credential(&request(CredentialUsage::Accept)).unwrap_err();
    assert_eq!(error.major, Major::NO_CRED);
    let wish = Wish { target: SERVICE, ..Wish::default() };
    let error = initiate(&realms.open("realm=R"), None, &wish, b"").unwrap_err();
    assert_eq!(error.minor, crate::minor::kerberos(7), "a service without a key");
}

#[test]
fn nobody_acts_for_another() {
    let realms = Realms::new();
    let mechanism = realms.open("realm=R principal=alice");
    let credential = mechanism.acquire_credential(&request(CredentialUsage::Initiate)).unwrap();
    let asked = AcquireRequest { impersonator: Some(&credential), ..request(CredentialUsage::Initiate) };
    assert_eq!(mechanism.acquire_credential(&asked).unwrap_err().major, Major::UNAVAILABLE);
}

#[test]
fn a_credential_keeps_its_ticket_until_half_of_its_life_is_over() {
    let realms = Realms::new();
    let mechanism = realms.open("realm=R principal=alice");
    let credential = mechanism.acquire_credential(&request(CredentialUsage::Initiate)).unwrap();
    let service = |name: &str| mechanism.import_name(name.as_bytes(), Some(&name_type::HOSTBASED_SERVICE)).unwrap();
    let host = service(SERVICE);
    let ticket = |name: &Krb5Name, now, lifetime| credential.ticket(&mechanism, name, now, lifetime).unwrap();
    let first = ticket(&host, 1_000, 100);
    assert!(Arc::ptr_eq(&first, &ticket(&host, 1_049, 100)));
    // Of another life, before its time, after half of it.
    for (now, lifetime) in [(1_000, 101), (999, 100), (1_050, 100)] {
        ticket(&host, 1_000, 100);
        let kept = ticket(&host, 1_000, 100);
        let fresh = ticket(&host, now, lifetime);
        assert!(!Arc::ptr_eq(&kept, &fresh) && fresh.session.bytes() != kept.session.bytes());
        assert_eq!((fresh.authtime, fresh.endtime), (now, now + u64::from(lifetime)));
    }
    // For another service, and from another state of the keytab.
    keytab::update(realms.keytab(), |keytab| keytab.add(crate::testing::entry("nfs/server.example@R", 1, 18))).unwrap();
    let before = ticket(&host, 1_000, 100);
    let nfs = ticket(&service("nfs@server.example"), 1_000, 100);
    assert_eq!(nfs.ticket.service.to_string(), "nfs/server.example@R");
    let kept = ticket(&host, 1_000, 100);
    assert!(!Arc::ptr_eq(&before, &kept));
    keytab::update(realms.keytab(), |keytab| keytab.add(crate::testing::entry("host/server.example@R", 4, 18)))
        .unwrap();
    assert_eq!(ticket(&host, 1_000, 100).ticket.enc_part.kvno, Some(4));
}

#[test]
fn contexts_of_one_credential_share_a_ticket_and_others_have_their_own() {
    let realms = Realms::new();
    let mechanism = realms.open("realm=R principal=alice");
    let credential = mechanism.acquire_credential(&request(CredentialUsage::Initiate)).unwrap();
    let ticket = |credential: Option<&Krb5Credential>| {
        let wish = Wish { initiator: credential, ..Wish::default() };
        let (_, step) = initiate(&mechanism, None, &wish, b"").unwrap();
        let token = crate::token::ContextToken::parse(&step.token).unwrap();
        crate::messages::ApReq::decode(token.message).unwrap().ticket
    };
    assert_eq!(ticket(Some(&credential)), ticket(Some(&credential)));
    assert_ne!(ticket(None), ticket(None));
    let wish = Wish { initiator: Some(&credential), ..Wish::default() };
    for _ in 0..2 {
        handshake(&mechanism, &wish, |context| context).unwrap();
    }
}

fn exported(credential: &Krb5Credential) -> Vec<u8> {
    crate::testing::written(|out| credential.export(out)).unwrap()
}

#[test]
fn exported_credentials_come_back() {
    let realms = Realms::new();
    let mechanism = realms.open("realm=R");
    let name = user(&mechanism, "al\\/ice@S");
    let store = [("client_keytab", realms.keytab().to_str().unwrap())];
    let asked = AcquireRequest {
        name: Some(&name),
        lifetime: Lifetime(60),
        store: &store,
        ..request(CredentialUsage::Initiate)
    };
    for asked in [asked, request(CredentialUsage::Both), request(CredentialUsage::Accept)] {
        let credential = mechanism.acquire_credential(&asked).unwrap();
        let bytes = exported(&credential);
        let imported = mechanism.import_credential(&bytes).unwrap();
        assert_eq!(exported(&imported), bytes);
        let (before, after) = (credential.inquire().unwrap(), imported.inquire().unwrap());
        assert_eq!((before.usage, before.name), (after.usage, after.name));
        if asked.usage.initiates() {
            let wish = Wish { initiator: Some(&imported), ..Wish::default() };
            handshake(&mechanism, &wish, |context| context).unwrap();
        }
    }
}

#[test]
fn what_export_did_not_write_is_refused_or_is_what_it_says() {
    let realms = Realms::new();
    let mechanism = realms.open("realm=R principal=alice");
    let bytes = exported(&mechanism.acquire_credential(&request(CredentialUsage::Both)).unwrap());
    for position in 0..bytes.len() {
        for value in [0, 1, 2, 0x7f, 0xff, bytes[position] ^ 1] {
            let mut altered = bytes.clone();
            altered[position] = value;
            match mechanism.import_credential(&altered) {
                Ok(credential) => assert_eq!(exported(&credential), altered),
                Err(error) => assert_eq!(error.major, Major::DEFECTIVE_TOKEN),
            }
        }
        assert!(mechanism.import_credential(&bytes[..position]).is_err());
    }
    assert!(mechanism.import_credential(&[&bytes[..], &[0]].concat()).is_err());
}
