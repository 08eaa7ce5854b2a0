//! The one thing that is simulated: a KDC's ticket for a service, made by who holds the service's key.

use crate::crypto::{Enctype, Key};
use crate::keytab::Keytab;
use crate::messages::{EncTicketPart, EncryptedData, Ticket, TicketFlags, TransitedEncoding};
use crate::minor::Error;
use crate::name::Krb5Name;
use crate::options::Options;
use crate::principal::{Principal, Realm};
use std::path::Path;

/// Key usage of the encrypted part of a ticket (RFC 4120 section 7.5.1).
pub(crate) const TICKET_USAGE: u32 = 2;

/// What a ticket is asked for.
pub(crate) struct Request<'a> {
    pub(crate) client: &'a Krb5Name,
    pub(crate) service: &'a Krb5Name,
    /// In seconds since 1970.
    pub(crate) now: u64,
    /// In seconds since 1970.
    pub(crate) endtime: u64,
}

/// A ticket, and what its issuer knows of it.
#[derive(Debug)]
pub(crate) struct Issued {
    pub(crate) ticket: Ticket,
    pub(crate) session: Key,
    pub(crate) client: Principal,
    pub(crate) flags: TicketFlags,
    pub(crate) authtime: u64,
    pub(crate) endtime: u64,
}

/// Issues a ticket under the service's newest key in the keytab, which was read from `path`.
pub(crate) fn issue(keytab: &Keytab, path: &Path, options: &Options, request: &Request<'_>) -> Result<Issued, Error> {
    let realm = service_realm(keytab, options, request.service)?;
    let service = request.service.in_realm(realm.as_ref())?;
    let entry = keytab
        .newest(&service, &options.etypes())
        .ok_or_else(|| Error::ServiceUnknown { keytab: path.to_owned(), service: service.to_string() })?;
    let enctype = Enctype::from_number(entry.key.etype())?;
    let key = Key::new(enctype, entry.key.value())?;
    let session = Key::random(enctype)?;
    let client = request.client.in_realm(options.realm.as_ref().or(Some(service.realm())))?;
    // As from an AS exchange with pre-authentication, within one realm.
    let flags = TicketFlags::INITIAL.with(TicketFlags::PRE_AUTHENT).with(TicketFlags::TRANSITED_POLICY_CHECKED);
    let part = EncTicketPart {
        flags,
        key: crate::messages::EncryptionKey::new(enctype.number(), session.bytes()),
        client: client.clone(),
        transited: TransitedEncoding::none(),
        authtime: request.now,
        starttime: Some(request.now),
        endtime: request.endtime,
        renew_till: None,
        caddr: None,
        authorization_data: None,
    };
    let cipher = key.encrypt(TICKET_USAGE, &part.encode()?)?;
    let enc_part = EncryptedData { etype: enctype.number(), kvno: Some(entry.kvno), cipher };
    let ticket = Ticket { service, enc_part };
    Ok(Issued { ticket, session, client, flags, authtime: request.now, endtime: request.endtime })
}

/// The service's realm: that of the config, else that of the only entry with its name.
pub(crate) fn service_realm(keytab: &Keytab, options: &Options, service: &Krb5Name) -> Result<Option<Realm>, Error> {
    if service.realm.is_some() {
        return Ok(None);
    }
    if let Some(realm) = &options.realm {
        return Ok(Some(realm.clone()));
    }
    match &keytab.realms_of(&service.name)[..] {
        [realm] => Ok(Some((*realm).clone())),
        _ => Err(Error::NoRealm(service.name.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keytab;
    use crate::principal::name_type;
    use crate::testing::{Realms, SERVICE, entry, line};

    fn asked(realms: &Realms, options: &str, client: &str, service: &str) -> Result<Issued, Error> {
        let options = Options::read(&line(options)).unwrap();
        let name = |text: &str| Krb5Name::import(text.as_bytes(), None).unwrap();
        let service = if service.contains('/') {
            name(service)
        } else {
            Krb5Name::import(service.as_bytes(), Some(&gss_plugin::name_type::HOSTBASED_SERVICE)).unwrap()
        };
        let request = Request { client: &name(client), service: &service, now: 1_000, endtime: 2_000 };
        issue(&keytab::load(realms.keytab())?, realms.keytab(), &options, &request)
    }

    #[test]
    fn the_ticket_says_what_the_issuer_knows() {
        let realms = Realms::new();
        let issued = asked(&realms, "realm=R", "alice", SERVICE).unwrap();
        let keytab = keytab::load(realms.keytab()).unwrap();
        let entry = keytab.newest(&issued.ticket.service, &[18]).unwrap();
        assert_eq!(issued.ticket.enc_part.kvno, Some(entry.kvno));
        let key = Key::new(Enctype::Aes256Sha1, entry.key.value()).unwrap();
        let part = EncTicketPart::decode(&key.decrypt(TICKET_USAGE, &issued.ticket.enc_part.cipher).unwrap()).unwrap();
        assert_eq!(part.client.to_string(), "alice@R");
        assert_eq!((part.authtime, part.starttime, part.endtime, part.renew_till), (1_000, Some(1_000), 2_000, None));
        assert_eq!((part.key.etype(), part.key.value()), (18, issued.session.bytes()));
        assert_eq!(part.flags.0, 0x0068_0000, "initial, pre-authent, transited-policy-checked");
        assert_eq!((part.transited, part.caddr, part.authorization_data), (TransitedEncoding::none(), None, None));
    }

    #[test]
    fn the_highest_version_then_the_first_permitted_type_is_taken() {
        let realms = Realms::new();
        keytab::update(realms.keytab(), |keytab| {
            keytab.add(entry("http/h@R", 1, 18))?;
            keytab.add(entry("http/h@R", 2, 20))?;
            keytab.add(entry("http/h@R", 2, 17))
        })
        .unwrap();
        let taken = |options: &str| {
            let issued = asked(&realms, options, "alice", "http/h@R").unwrap();
            assert_eq!(issued.session.enctype().number(), issued.ticket.enc_part.etype);
            (issued.ticket.enc_part.kvno, issued.ticket.enc_part.etype)
        };
        assert_eq!(taken(""), (Some(2), 17));
        assert_eq!(taken("enctypes=20:17"), (Some(2), 20));
        assert_eq!(taken("enctypes=18"), (Some(1), 18));
        let refused = asked(&realms, "enctypes=19", "alice", "http/h@R").unwrap_err();
        assert!(matches!(refused, Error::ServiceUnknown { .. }));
    }

    #[test]
    fn a_realm_that_nobody_gives_comes_from_the_only_entry() {
        let realms = Realms::new();
        let issued = asked(&realms, "", "alice", SERVICE).unwrap();
        assert_eq!(issued.ticket.service.to_string(), "host/server.example@R");
        assert_eq!(issued.ticket.service.name().name_type(), name_type::SRV_HST);
        assert_eq!(issued.client.to_string(), "alice@R", "the client's too");
        keytab::update(realms.keytab(), |keytab| keytab.add(entry("host/server.example@S", 1, 18))).unwrap();
        assert!(matches!(asked(&realms, "", "alice", SERVICE), Err(Error::NoRealm(_))));
        assert_eq!(asked(&realms, "realm=S", "alice@R", SERVICE).unwrap().client.to_string(), "alice@R");
        let unknown = asked(&realms, "realm=S", "alice", "nfs@server.example").unwrap_err();
        assert_eq!(unknown.minor(), crate::minor::kerberos(7));
    }
}
