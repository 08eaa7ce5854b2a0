//! A ticket without a KDC, for MIT's and Heimdal's libraries: in a credential cache, under a key in a keytab.

use gss_mech_krb5_sim::crypto::{Enctype, Key};
use gss_mech_krb5_sim::keytab::{self, KeytabEntry, KeytabError};
use gss_mech_krb5_sim::messages::{
    EncTicketPart, EncryptedData, EncryptionKey, Ticket, TicketFlags, TransitedEncoding,
};
use gss_mech_krb5_sim::principal::Principal;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

pub(crate) const REALM: &str = "BENCH.TEST";
pub(crate) const CLIENT: &str = "someone";
/// What programs pass as the target's name, of the principal type.
pub(crate) const TARGET: &str = "service/machine@BENCH.TEST";

/// RFC 3962's, which both libraries have.
const ENCRYPTION: Enctype = Enctype::Aes256Sha1;
const VERSION: u32 = 1;
const LIFETIME: u32 = 24 * 3600;
/// Key usage of the encrypted part of a ticket (RFC 4120 section 7.5.1).
const TICKET_USAGE: u32 = 2;

/// Writes `krb5.conf`, the keytab `keytab` and the cache `ccache`.
pub(crate) fn write(folder: &Path) {
    let config = format!(
        "[libdefaults]\n default_realm = {REALM}\n dns_lookup_kdc = false\n dns_canonicalize_hostname = false\n"
    );
    fs::write(folder.join("krb5.conf"), config).expect("a temporary folder");
    let [service, session] = [(); 2].map(|()| Key::random(ENCRYPTION).expect("random numbers"));
    keytab::update(&folder.join("keytab"), |keytab| {
        let key = EncryptionKey::new(ENCRYPTION.number(), service.bytes());
        keytab.add(KeytabEntry { principal: principal(TARGET), timestamp: 0, kvno: VERSION, key })?;
        Ok::<_, KeytabError>(())
    })
    .expect("a temporary folder");
    let path = folder.join("ccache");
    fs::write(&path, cache(&service, &session)).expect("a temporary folder");
    // Heimdal opens no cache that others can read.
    fs::set_permissions(path, Permissions::from_mode(0o600)).expect("our own file");
}

fn principal(text: &str) -> Principal {
    Principal::parse(text.as_bytes(), None).expect("a good name")
}

/// A cache file of version 4 with one ticket.
fn cache(service: &Key, session: &Key) -> Vec<u8> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock").as_secs();
    let now = u32::try_from(now).expect("a cache has 32 bits for it");
    let end = now + LIFETIME;
    let client = principal(&format!("{CLIENT}@{REALM}"));
    let mut cache = vec![5, 4, 0, 0];
    for name in [&client, &client, &principal(TARGET)] {
        put_principal(&mut cache, name);
    }
    cache.extend([0, u8::try_from(ENCRYPTION.number()).expect("18")]);
    counted(&mut cache, session.bytes());
    // Of authentication, start, end, and the end of renewals.
    for time in [now, now, end, 0] {
        cache.extend(time.to_be_bytes());
    }
    // No user-to-user ticket; flags, addresses, authorization data.
    cache.extend([0; 13]);
    let part = EncTicketPart {
        flags: TicketFlags::INITIAL,
        key: EncryptionKey::new(ENCRYPTION.number(), session.bytes()),
        client,
        transited: TransitedEncoding::none(),
        authtime: now.into(),
        starttime: Some(now.into()),
        endtime: end.into(),
        renew_till: None,
        caddr: None,
        authorization_data: None,
    };
    let part = part.encode().expect("a ticket like any other");
    let cipher = service.encrypt(TICKET_USAGE, &part).expect("a good key");
    let enc_part = EncryptedData { etype: ENCRYPTION.number(), kvno: Some(VERSION), cipher };
    let ticket = Ticket { service: principal(TARGET), enc_part };
    counted(&mut cache, &ticket.encode().expect("a ticket like any other"));
    counted(&mut cache, b"");
    cache
}

fn put_principal(cache: &mut Vec<u8>, principal: &Principal) {
    const NT_PRINCIPAL: u32 = 1;
    let components = principal.name().components();
    cache.extend(NT_PRINCIPAL.to_be_bytes());
    cache.extend(u32::try_from(components.len()).expect("few").to_be_bytes());
    counted(cache, principal.realm().as_bytes());
    for component in components {
        counted(cache, component);
    }
}

fn counted(cache: &mut Vec<u8>, bytes: &[u8]) {
    cache.extend(u32::try_from(bytes.len()).expect("short").to_be_bytes());
    cache.extend(bytes);
}
