//! A ticket without a KDC: MIT's initiator takes it from a cache, MIT's acceptor reads it with the keytab.

use super::REALM;
use gss_mech_krb5_sim::crypto::Key;

const CLIENT: &[&str] = &["someone"];
const SERVICE: &[&str] = &["service", "machine"];
/// What programs pass as the acceptor's name.
pub(super) const TARGET: &str = "service/machine@PERMESSAGE.TEST";
/// From the year 2020 to 2037, in seconds since 1970 and as GeneralizedTime.
const START: (u32, &[u8]) = (1_577_836_800, b"20200101000000Z");
const END: (u32, &[u8]) = (2_114_380_800, b"20370101000000Z");
/// Key usage of tickets (RFC 4120 section 7.5.1).
const TICKET: u32 = 2;

/// A cache file of version 4.
pub(super) fn cache(service: &Key, session: &Key) -> Vec<u8> {
    let mut cache = vec![5, 4, 0, 0];
    for name in [CLIENT, CLIENT, SERVICE] {
        cache.extend(1_u32.to_be_bytes());
        cache.extend((name.len() as u32).to_be_bytes());
        counted(&mut cache, REALM.as_bytes());
        name.iter().for_each(|component| counted(&mut cache, component.as_bytes()));
    }
    cache.extend([0, session.enctype().number() as u8]);
    counted(&mut cache, session.bytes());
    // Of authentication, start, end, and the end of renewals.
    for time in [START.0, START.0, END.0, 0] {
        cache.extend(time.to_be_bytes());
    }
    // No user-to-user ticket; flags, addresses, authorization data.
    cache.extend([0; 13]);
    counted(&mut cache, &ticket(service, session));
    counted(&mut cache, b"");
    cache
}

fn counted(to: &mut Vec<u8>, bytes: &[u8]) {
    to.extend((bytes.len() as u32).to_be_bytes());
    to.extend(bytes);
}

/// A keytab of version 2 with one key.
pub(super) fn keytab(service: &Key) -> Vec<u8> {
    let mut entry = (SERVICE.len() as u16).to_be_bytes().to_vec();
    let mut short = |bytes: &[u8]| {
        entry.extend((bytes.len() as u16).to_be_bytes());
        entry.extend(bytes);
    };
    short(REALM.as_bytes());
    SERVICE.iter().for_each(|component| short(component.as_bytes()));
    // Name type, time, version.
    entry.extend([0, 0, 0, 1, 0, 0, 0, 0, 1, 0, service.enctype().number() as u8]);
    entry.extend((service.bytes().len() as u16).to_be_bytes());
    entry.extend(service.bytes());
    [&[5, 2][..], &(entry.len() as u32).to_be_bytes(), &entry].concat()
}

/// RFC 4120 section 5.3.
fn ticket(service: &Key, session: &Key) -> Vec<u8> {
    let part = [
        field(0, &der(0x03, &[&[0, 0, 0x20, 0, 0]])),
        field(1, &sequence(&[&field(0, &integer(session)), &field(1, &der(0x04, &[session.bytes()]))])),
        field(2, &der(0x1b, &[REALM.as_bytes()])),
        field(3, &name(CLIENT)),
        field(4, &sequence(&[&field(0, &der(0x02, &[&[1]])), &field(1, &der(0x04, &[]))])),
        field(5, &der(0x18, &[START.1])),
        field(7, &der(0x18, &[END.1])),
    ];
    let part = der(0x63, &[&sequence(&[&part.concat()])]);
    let cipher = der(0x04, &[&service.encrypt(TICKET, &part).unwrap()]);
    let version = field(1, &der(0x02, &[&[1]]));
    let ticket = [
        field(0, &der(0x02, &[&[5]])),
        field(1, &der(0x1b, &[REALM.as_bytes()])),
        field(2, &name(SERVICE)),
        field(3, &sequence(&[&field(0, &integer(service)), &version, &field(2, &cipher)])),
    ];
    der(0x61, &[&sequence(&[&ticket.concat()])])
}

fn integer(key: &Key) -> Vec<u8> {
    der(0x02, &[&[key.enctype().number() as u8]])
}

fn name(components: &[&str]) -> Vec<u8> {
    let strings: Vec<u8> = components.iter().flat_map(|part| der(0x1b, &[part.as_bytes()])).collect();
    sequence(&[&field(0, &der(0x02, &[&[1]])), &field(1, &sequence(&[&strings]))])
}

fn sequence(parts: &[&[u8]]) -> Vec<u8> {
    der(0x30, parts)
}

fn field(number: u8, content: &[u8]) -> Vec<u8> {
    der(0xa0 | number, &[content])
}

fn der(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let length = content.len() as u16;
    let mut encoded = match length {
        0..0x80 => vec![tag, length as u8],
        0x80..0x100 => vec![tag, 0x81, length as u8],
        _ => vec![tag, 0x82, (length >> 8) as u8, length as u8],
    };
    encoded.extend(content);
    encoded
}
