//! Names: principals, and what applications write that becomes one (RFC 4121 section 6, RFC 1964 section 2.1).

use crate::minor::Error;
use crate::oids;
use crate::principal::{Principal, PrincipalName, Realm, name_type};
use gss_plugin::{Name, NameInfo, Oid, Result, name_type as gss_name_type};
use std::sync::Arc;

/// A mechanism name: a principal, whose realm may still be open.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Krb5Name {
    pub(crate) name: PrincipalName,
    /// `None` where neither the application nor the config says. A ticket that is issued settles it.
    pub(crate) realm: Option<Realm>,
    /// The realm whose users are this host's.
    pub(crate) home: Option<Arc<Realm>>,
}

impl Krb5Name {
    /// The name types that [`Krb5Name::import`] reads.
    pub(crate) const TYPES: [Oid; 7] = [
        gss_name_type::USER_NAME,
        gss_name_type::HOSTBASED_SERVICE,
        gss_name_type::HOSTBASED_SERVICE_X,
        gss_name_type::MACHINE_UID_NAME,
        gss_name_type::STRING_UID_NAME,
        oids::PRINCIPAL_NAME,
        oids::ENTERPRISE_NAME,
    ];

    /// Reads a name; without a type it is the printed form of a principal.
    pub(crate) fn import(text: &[u8], kind: Option<&Oid>) -> std::result::Result<Self, Error> {
        let principal = oids::PRINCIPAL_NAME;
        let kind = kind.unwrap_or(&principal);
        if *kind == principal || *kind == gss_name_type::USER_NAME {
            Self::printed(text)
        } else if *kind == gss_name_type::HOSTBASED_SERVICE || *kind == gss_name_type::HOSTBASED_SERVICE_X {
            Self::host_based(text)
        } else if *kind == gss_name_type::STRING_UID_NAME {
            let text = String::from_utf8_lossy(text);
            let uid = text.parse().ok().filter(|_| !text.starts_with('+'));
            Self::user_id(uid.ok_or_else(|| Error::UserId(text.into_owned()))?)
        } else if *kind == gss_name_type::MACHINE_UID_NAME {
            let uid = text.try_into().map_err(|_| Error::UserId(String::from_utf8_lossy(text).into_owned()))?;
            Self::user_id(u32::from_ne_bytes(uid))
        } else if *kind == oids::ENTERPRISE_NAME {
            let name = PrincipalName::new(name_type::ENTERPRISE, [text])?;
            Ok(Self::open(name, None))
        } else {
            Err(Error::NameType)
        }
    }

    fn open(name: PrincipalName, realm: Option<Realm>) -> Self {
        Self { name, realm, home: None }
    }

    fn printed(text: &[u8]) -> std::result::Result<Self, Error> {
        let (name, realm) = PrincipalName::parse(text)?;
        if let Some(realm) = &realm {
            Principal::new(name.clone(), realm.clone())?;
        }
        // `host/h@` leaves the realm open, as MIT prints a name whose realm is not known.
        let realm = realm.filter(|realm| !realm.as_bytes().is_empty());
        Ok(Self::open(name, realm))
    }

    /// `service@host` is `service/host`, the host in lower case; without a host it is this one.
    fn host_based(text: &[u8]) -> std::result::Result<Self, Error> {
        let mut parts = text.splitn(2, |octet| *octet == b'@');
        let service = parts.next().filter(|service| !service.is_empty() && !service.contains(&b'/'));
        let service = service.ok_or(Error::ServiceName)?;
        let host = match parts.next() {
            Some([]) => return Err(Error::ServiceName),
            Some(host) => host.to_ascii_lowercase(),
            None => rustix::system::uname().nodename().to_bytes().to_ascii_lowercase(),
        };
        let name = PrincipalName::new(name_type::SRV_HST, [service.to_vec(), host])?;
        Ok(Self::open(name, None))
    }

    fn user_id(uid: u32) -> std::result::Result<Self, Error> {
        let login = login_name(uid).ok_or_else(|| Error::UserId(uid.to_string()))?;
        let name = PrincipalName::new(name_type::PRINCIPAL, [login])?;
        Ok(Self::open(name, None))
    }

    /// The name of a principal that came with a ticket.
    pub(crate) fn of(principal: &Principal) -> Self {
        Self::open(principal.name().clone(), Some(principal.realm().clone()))
    }

    /// The principal, in `realm` if its own is open.
    pub(crate) fn in_realm(&self, realm: Option<&Realm>) -> std::result::Result<Principal, Error> {
        let realm = self.realm.as_ref().or(realm).ok_or_else(|| Error::NoRealm(self.name.to_string()))?;
        Ok(Principal::new(self.name.clone(), realm.clone())?)
    }

    /// Whether the principal may be meant by the name.
    pub(crate) fn admits(&self, principal: &Principal) -> bool {
        self.name.same(principal.name()) && self.realm.as_ref().is_none_or(|realm| realm == principal.realm())
    }

    /// `WELLKNOWN/ANONYMOUS` (RFC 8062): whoever it is, it is nobody in particular.
    pub(crate) fn is_anonymous(&self) -> bool {
        matches!(self.name.components(), [first, second] if **first == *b"WELLKNOWN" && **second == *b"ANONYMOUS")
    }

    fn text(&self) -> Vec<u8> {
        match self.in_realm(Some(&Realm::default())) {
            Ok(principal) => principal.to_bytes(),
            // An open realm has no bytes, so that the length is within the limit: never reached.
            Err(_) => self.name.to_bytes(),
        }
    }

    /// The local user whose principal this is.
    fn local_user(&self) -> Option<&[u8]> {
        let [user] = self.name.components() else { return None };
        match (&self.realm, &self.home) {
            (Some(realm), Some(home)) if *realm == **home => Some(user),
            _ => None,
        }
    }
}

impl Name for Krb5Name {
    fn display(&self) -> Result<(Vec<u8>, Oid)> {
        let kind = if self.is_anonymous() { gss_name_type::ANONYMOUS } else { oids::PRINCIPAL_NAME };
        Ok((self.text(), kind))
    }

    fn compare(&self, other: &Self) -> Result<bool> {
        Ok(!self.is_anonymous() && self.realm == other.realm && self.name.same(&other.name))
    }

    fn duplicate(&self) -> Result<Self> {
        Ok(self.clone())
    }

    /// The printed form with its escapes (RFC 1964 section 2.1.3).
    fn export(&self) -> Result<Vec<u8>> {
        Ok(self.text())
    }

    /// There are no attributes: what tickets carry besides names is not read (RFC 6680 section 7.4).
    fn inquire(&self) -> Result<NameInfo> {
        Ok(NameInfo::default())
    }

    /// With all its attributes, of which there are none.
    fn export_composite(&self) -> Result<Vec<u8>> {
        self.export()
    }

    fn display_as(&self, kind: &Oid) -> Result<Vec<u8>> {
        if *kind == oids::PRINCIPAL_NAME || *kind == gss_name_type::USER_NAME || *kind == self.display()?.1 {
            return Ok(self.text());
        }
        Err(Error::NameType.into())
    }

    fn local_name(&self) -> Result<Vec<u8>> {
        self.local_user().map(<[u8]>::to_vec).ok_or_else(|| {
            gss_plugin::MechError::unavailable("a local name for principals other than users of the realm in realm=")
        })
    }

    fn authorize_local_name(&self, user: &[u8], _kind: &Oid) -> Result<()> {
        if self.local_user() == Some(user) {
            return Ok(());
        }
        let text = format!("{} is not the principal of that user", String::from_utf8_lossy(&self.text()));
        Err(gss_plugin::MechError::new(gss_plugin::Major::UNAUTHORIZED, text))
    }
}

/// The user's name in /etc/passwd. The system's own lookup, with its name services, has no safe face.
pub(crate) fn login_name(uid: u32) -> Option<Vec<u8>> {
    let users = std::fs::read("/etc/passwd").ok()?;
    users.split(|octet| *octet == b'\n').find_map(|line| {
        let mut fields = line.split(|octet| *octet == b':');
        let name = fields.next().filter(|name| !name.is_empty())?;
        let id = std::str::from_utf8(fields.nth(1)?).ok()?;
        (id.parse() == Ok(uid)).then(|| name.to_vec())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use gss_plugin::Major;

    fn import(text: &str, kind: &Oid) -> Krb5Name {
        Krb5Name::import(text.as_bytes(), Some(kind)).unwrap()
    }

    fn shown(name: &Krb5Name) -> String {
        String::from_utf8(name.display().unwrap().0).unwrap()
    }

    #[test]
    fn hosts_are_in_lower_case_and_services_are_not() {
        let name = import("HTTP@Www.Example.COM", &gss_name_type::HOSTBASED_SERVICE);
        assert_eq!(shown(&name), "HTTP/www.example.com@");
        assert_eq!(name.name.name_type(), name_type::SRV_HST);
        let here = import("host", &gss_name_type::HOSTBASED_SERVICE_X);
        let node = rustix::system::uname().nodename().to_string_lossy().to_lowercase();
        assert_eq!(shown(&here), format!("host/{node}@"));
        for wrong in ["", "@h", "s@", "s/t@h"] {
            let refused = Krb5Name::import(wrong.as_bytes(), Some(&gss_name_type::HOSTBASED_SERVICE)).unwrap_err();
            assert_eq!(refused.major(), Major::BAD_NAME, "{wrong:?}");
        }
    }

    #[test]
    fn principals_keep_their_escapes_through_export() {
        let name = import("a\\/b\\@c@R", &oids::PRINCIPAL_NAME);
        assert_eq!(name.name.components().len(), 1);
        assert_eq!(name.export().unwrap(), b"a\\/b\\@c@R");
        let again = Krb5Name::import(&name.export().unwrap(), None).unwrap();
        assert!(name.compare(&again).unwrap());
        assert_eq!(name.display().unwrap().1, oids::PRINCIPAL_NAME);
    }

    #[test]
    fn a_name_has_no_attributes() {
        let name = import("alice@R", &oids::PRINCIPAL_NAME);
        assert_eq!(name.inquire().unwrap(), NameInfo::default());
        assert_eq!(name.attribute(b"urn:any", -1).unwrap_err().major, Major::UNAVAILABLE);
        assert_eq!(name.export_composite().unwrap(), name.export().unwrap());
    }

    #[test]
    fn users_come_by_name_and_by_number() {
        let root = import("root", &gss_name_type::USER_NAME);
        assert!(root.compare(&import("0", &gss_name_type::STRING_UID_NAME)).unwrap());
        let number = Krb5Name::import(&0u32.to_ne_bytes(), Some(&gss_name_type::MACHINE_UID_NAME)).unwrap();
        assert!(root.compare(&number).unwrap());
        for wrong in ["", "+0", "x", "4294967296", "4294967294"] {
            assert!(Krb5Name::import(wrong.as_bytes(), Some(&gss_name_type::STRING_UID_NAME)).is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_enterprise_name_is_one_component() {
        let name = import("alice@example.com", &oids::ENTERPRISE_NAME);
        assert_eq!(shown(&name), "alice\\@example.com@");
    }

    #[test]
    fn other_types_are_refused() {
        for kind in [gss_name_type::ANONYMOUS, gss_name_type::EXPORT_NAME, oids::SESSION_KEY] {
            assert_eq!(Krb5Name::import(b"x", Some(&kind)).unwrap_err().major(), Major::BAD_NAMETYPE);
        }
        assert_eq!(Krb5Name::import(b"a@b@c", None).unwrap_err().major(), Major::BAD_NAME);
    }

    #[test]
    fn nobody_in_particular_equals_nothing() {
        let nobody = import("WELLKNOWN/ANONYMOUS@WELLKNOWN:ANONYMOUS", &oids::PRINCIPAL_NAME);
        assert!(!nobody.compare(&nobody).unwrap());
        assert_eq!(nobody.display().unwrap().1, gss_name_type::ANONYMOUS);
    }

    #[test]
    fn only_the_home_realm_has_local_users() {
        let mut name = import("alice@R", &oids::PRINCIPAL_NAME);
        assert_eq!(name.local_name().unwrap_err().major, Major::UNAVAILABLE);
        name.home = Some(Arc::new(Realm::new(*b"R").unwrap()));
        assert_eq!(name.local_name().unwrap(), b"alice");
        assert!(name.authorize_local_name(b"alice", &gss_name_type::USER_NAME).is_ok());
        let refused = name.authorize_local_name(b"root", &gss_name_type::USER_NAME).unwrap_err();
        assert_eq!(refused.major, Major::UNAUTHORIZED);
        name.home = Some(Arc::new(Realm::new(*b"S").unwrap()));
        assert!(name.authorize_local_name(b"alice", &gss_name_type::USER_NAME).is_err());
    }
}
