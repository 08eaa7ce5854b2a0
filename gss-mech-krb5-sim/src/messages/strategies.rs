//! Property tests: whatever we write is read back the same, and any bytes are read or refused.

use super::*;
use crate::principal::{Principal, PrincipalName, Realm};
use proptest::option::of;
use proptest::prelude::*;
use std::fmt::Debug;

fn octets() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![9 => prop::collection::vec(any::<u8>(), 0..40), 1 => prop::collection::vec(any::<u8>(), 120..300)]
}

fn time() -> impl Strategy<Value = u64> {
    0..=253_402_300_799u64
}

fn timestamp() -> impl Strategy<Value = Timestamp> {
    (time(), 0..1_000_000u32).prop_map(|(seconds, micros)| Timestamp { seconds, micros })
}

fn realm() -> impl Strategy<Value = Realm> {
    prop::collection::vec(any::<u8>(), 0..20).prop_map(|realm| Realm::new(realm).unwrap())
}

fn name() -> impl Strategy<Value = PrincipalName> {
    (any::<i32>(), prop::collection::vec(prop::collection::vec(any::<u8>(), 0..20), 1..4))
        .prop_map(|(name_type, components)| PrincipalName::new(name_type, components).unwrap())
}

fn principal() -> impl Strategy<Value = Principal> {
    (name(), realm()).prop_map(|(name, realm)| Principal::new(name, realm).unwrap())
}

fn key() -> impl Strategy<Value = EncryptionKey> {
    (any::<i32>(), octets()).prop_map(|(etype, value)| EncryptionKey::new(etype, &value))
}

fn encrypted() -> impl Strategy<Value = EncryptedData> {
    (any::<i32>(), of(any::<u32>()), octets()).prop_map(|(etype, kvno, cipher)| EncryptedData { etype, kvno, cipher })
}

fn authorization() -> impl Strategy<Value = AuthorizationData> {
    let element = (any::<i32>(), octets()).prop_map(|(ad_type, data)| AuthorizationElement { ad_type, data });
    prop::collection::vec(element, 0..4).prop_map(AuthorizationData)
}

fn ticket() -> impl Strategy<Value = Ticket> {
    (principal(), encrypted()).prop_map(|(service, enc_part)| Ticket { service, enc_part })
}

fn ticket_part() -> impl Strategy<Value = EncTicketPart> {
    let address = (any::<i32>(), octets()).prop_map(|(addr_type, address)| HostAddress { addr_type, address });
    let transited = (any::<i32>(), octets()).prop_map(|(tr_type, contents)| TransitedEncoding { tr_type, contents });
    let times = (time(), of(time()), time(), of(time()));
    let rest = (of(prop::collection::vec(address, 0..3)), of(authorization()));
    (any::<u32>(), key(), principal(), transited, times, rest).prop_map(
        |(flags, key, client, transited, times, rest)| EncTicketPart {
            flags: TicketFlags(flags),
            key,
            client,
            transited,
            authtime: times.0,
            starttime: times.1,
            endtime: times.2,
            renew_till: times.3,
            caddr: rest.0,
            authorization_data: rest.1,
        },
    )
}

fn authenticator() -> impl Strategy<Value = Authenticator> {
    let checksum = (any::<i32>(), octets()).prop_map(|(cksumtype, checksum)| Checksum { cksumtype, checksum });
    (principal(), of(checksum), timestamp(), of(key()), of(any::<u32>()), of(authorization())).prop_map(
        |(client, cksum, time, subkey, seq_number, authorization_data)| Authenticator {
            client,
            cksum,
            time,
            subkey,
            seq_number,
            authorization_data,
        },
    )
}

fn error() -> impl Strategy<Value = KrbError> {
    let client = (of(realm()), of(name()), principal());
    let times = (of(time()), of(0..1_000_000u32), timestamp());
    (times, any::<i32>(), client, of(octets()), of(octets())).prop_map(|(times, code, names, text, data)| KrbError {
        ctime: times.0,
        cusec: times.1,
        time: times.2,
        code,
        crealm: names.0,
        cname: names.1,
        service: names.2,
        text,
        data,
    })
}

/// Writes a value, reads it, and then reads it with some bytes altered, cut off or added.
fn holds<T: der::Asn1 + PartialEq + Debug>(value: &T, damage: &Damage) -> Result<(), TestCaseError> {
    let bytes = der::encode(value)?;
    prop_assert_eq!(bytes.len(), bytes.capacity());
    prop_assert_eq!(&der::decode::<T>(&bytes)?, value);
    let mut damaged = bytes.to_vec();
    for (index, byte) in &damage.changes {
        *index.get_mut(&mut damaged) = *byte;
    }
    damaged.extend_from_slice(&damage.added);
    damaged.truncate(damage.end.index(2 * damaged.len()) + 1);
    if let Ok(read) = der::decode::<T>(&damaged) {
        let again = der::encode(&read)?;
        prop_assert_eq!(&der::decode::<T>(&again)?, &read);
        // What was passed over or spelled differently makes it longer or shorter; otherwise one value has one form.
        if again.len() == damaged.len() {
            prop_assert_eq!(again.as_slice(), damaged);
        }
    }
    Ok(())
}

#[derive(Debug)]
struct Damage {
    changes: Vec<(prop::sample::Index, u8)>,
    added: Vec<u8>,
    end: prop::sample::Index,
}

fn damage() -> impl Strategy<Value = Damage> {
    let changes = prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4);
    let added = prop_oneof![4 => Just(Vec::new()), 1 => prop::collection::vec(any::<u8>(), 0..6)];
    (changes, added, any::<prop::sample::Index>()).prop_map(|(changes, added, end)| Damage { changes, added, end })
}

proptest! {
    #[test]
    fn requests_hold(
        options: u32, ticket in ticket(), authenticator in encrypted(), damage in damage(),
    ) {
        holds(&ApReq { options: ApOptions(options), ticket, authenticator }, &damage)?;
    }

    #[test]
    fn ticket_parts_hold(part in ticket_part(), damage in damage()) {
        holds(&part, &damage)?;
    }

    #[test]
    fn authenticators_hold(authenticator in authenticator(), damage in damage()) {
        holds(&authenticator, &damage)?;
    }

    #[test]
    fn replies_hold(
        enc_part in encrypted(), time in timestamp(), subkey in of(key()), seq_number: Option<u32>, damage in damage(),
    ) {
        holds(&ApRep { enc_part }, &damage)?;
        holds(&EncApRepPart { time, subkey, seq_number }, &damage)?;
    }

    #[test]
    fn errors_hold(error in error(), damage in damage()) {
        holds(&error, &damage)?;
    }

    #[test]
    fn delegated_credentials_hold(
        tickets in prop::collection::vec(ticket(), 0..3), enc_part in encrypted(), damage in damage(),
    ) {
        holds(&KrbCred { tickets, enc_part }, &damage)?;
    }

    #[test]
    fn authorization_data_hold(data in authorization(), damage in damage()) {
        holds(&data, &damage)?;
        let _ = data.flatten();
    }

    #[test]
    fn what_has_no_form_is_not_written(micros in 1_000_000u32.., seconds in 253_402_300_800u64..) {
        for time in [Timestamp { seconds: 0, micros }, Timestamp { seconds, micros: 0 }] {
            let part = EncApRepPart { time, subkey: None, seq_number: None };
            prop_assert!(part.encode().is_err());
        }
    }
}
