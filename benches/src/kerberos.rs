//! A Kerberos ticket without a KDC. An initiator that asks for no answer never learns whether the acceptor could read its
//! ticket, so that a credential cache with any ticket in it gives real contexts of MIT's and Heimdal's libraries to measure.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

const REALM: &str = "BENCH.TEST";
const CLIENT: &[&str] = &["someone"];
const SERVICE: &[&str] = &["service", "machine"];
/// What programs pass as the target's name, of the principal type.
pub(crate) const TARGET: &str = "service/machine@BENCH.TEST";

/// aes256-cts-hmac-sha1-96 (RFC 3962), which both libraries have.
const ENCRYPTION: u8 = 18;
const KEY: [u8; 32] = [0x6b; 32];
const LIFETIME: u32 = 24 * 3600;

/// Writes `krb5.conf` and the cache `ccache`.
pub(crate) fn write(folder: &Path) {
    let config = format!(
        "[libdefaults]\n default_realm = {REALM}\n dns_lookup_kdc = false\n dns_canonicalize_hostname = false\n"
    );
    fs::write(folder.join("krb5.conf"), config).expect("a temporary folder");
    let path = folder.join("ccache");
    fs::write(&path, cache()).expect("a temporary folder");
    // Heimdal opens no cache that others can read.
    fs::set_permissions(path, Permissions::from_mode(0o600)).expect("our own file");
}

/// A cache file of version 4 with one ticket.
fn cache() -> Vec<u8> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock").as_secs();
    let now = u32::try_from(now).expect("a cache has 32 bits for it");
    let mut cache = vec![5, 4, 0, 0];
    principal(&mut cache, CLIENT);
    principal(&mut cache, CLIENT);
    principal(&mut cache, SERVICE);
    cache.extend([0, ENCRYPTION]);
    counted(&mut cache, &KEY);
    // Of authentication, start, end, and the end of renewals.
    for time in [now, now, now + LIFETIME, 0] {
        cache.extend(time.to_be_bytes());
    }
    // No user-to-user ticket; flags, addresses, authorization data.
    cache.push(0);
    cache.extend([0; 12]);
    counted(&mut cache, &ticket());
    counted(&mut cache, b"");
    cache
}

fn principal(cache: &mut Vec<u8>, components: &[&str]) {
    const NT_PRINCIPAL: u32 = 1;
    cache.extend(NT_PRINCIPAL.to_be_bytes());
    cache.extend(u32::try_from(components.len()).expect("few").to_be_bytes());
    counted(cache, REALM.as_bytes());
    for component in components {
        counted(cache, component.as_bytes());
    }
}

fn counted(cache: &mut Vec<u8>, bytes: &[u8]) {
    cache.extend(u32::try_from(bytes.len()).expect("short").to_be_bytes());
    cache.extend(bytes);
}

/// A ticket (RFC 4120 section 5.3) that nobody can decrypt.
fn ticket() -> Vec<u8> {
    let strings: Vec<u8> = SERVICE.iter().flat_map(|part| der(GENERAL_STRING, &[part.as_bytes()])).collect();
    let name = der(SEQUENCE, &[&field(0, &integer(1)), &field(1, &der(SEQUENCE, &[&strings]))]);
    let sealed = der(SEQUENCE, &[&field(0, &integer(ENCRYPTION)), &field(2, &der(OCTET_STRING, &[&[0x2e; 100]]))]);
    let realm = der(GENERAL_STRING, &[REALM.as_bytes()]);
    let parts = [field(0, &integer(5)), field(1, &realm), field(2, &name), field(3, &sealed)].concat();
    der(APPLICATION_1, &[&der(SEQUENCE, &[&parts])])
}

const INTEGER: u8 = 0x02;
const OCTET_STRING: u8 = 0x04;
const GENERAL_STRING: u8 = 0x1b;
const SEQUENCE: u8 = 0x30;
const APPLICATION_1: u8 = 0x61;

fn integer(value: u8) -> Vec<u8> {
    der(INTEGER, &[&[value]])
}

fn field(number: u8, content: &[u8]) -> Vec<u8> {
    der(0xa0 | number, &[content])
}

fn der(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let length = u8::try_from(content.len()).expect("short");
    let mut encoded = if length < 0x80 { vec![tag, length] } else { vec![tag, 0x81, length] };
    encoded.extend(content);
    encoded
}
