//! Names: users, user ids, host-based services, and nobody in particular; with attributes that anyone may set.

use crate::status::Minor;
use crate::wire::{Reader, Writer};
use gss_plugin::{Name, NameAttribute, NameInfo, Oid, Result, name_type};

/// The longest name, in bytes.
const MAX_TEXT: usize = 1024;
/// The longest name with its attributes, encoded.
const MAX_ENCODED: usize = 64 * 1024;

/// A name of this mechanism.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DummyName {
    kind: Kind,
    text: Vec<u8>,
    attributes: Vec<Attribute>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
enum Kind {
    User = 1,
    UserId = 2,
    Service = 3,
    Anonymous = 4,
}

#[derive(Clone, PartialEq, Eq, Debug)]
struct Attribute {
    name: Vec<u8>,
    complete: bool,
    values: Vec<Vec<u8>>,
}

impl DummyName {
    /// The name types that [`DummyName::import`] reads.
    pub(crate) const TYPES: [Oid; 6] = [
        name_type::USER_NAME,
        name_type::HOSTBASED_SERVICE,
        name_type::HOSTBASED_SERVICE_X,
        name_type::STRING_UID_NAME,
        name_type::MACHINE_UID_NAME,
        name_type::ANONYMOUS,
    ];

    /// Reads a name; without a type it is a user's.
    pub(crate) fn import(text: &[u8], name_type: Option<&Oid>) -> Result<Self> {
        let user = name_type::USER_NAME;
        let name_type = name_type.unwrap_or(&user);
        if *name_type == user {
            Self::new(Kind::User, text)
        } else if *name_type == name_type::HOSTBASED_SERVICE || *name_type == name_type::HOSTBASED_SERVICE_X {
            Self::new(Kind::Service, text)
        } else if *name_type == name_type::STRING_UID_NAME {
            Self::new(Kind::UserId, text)
        } else if *name_type == name_type::MACHINE_UID_NAME {
            let uid = text.try_into().map_err(|_| Minor::UserId.error())?;
            Self::new(Kind::UserId, u32::from_ne_bytes(uid).to_string().as_bytes())
        } else if *name_type == name_type::ANONYMOUS {
            Ok(Self::anonymous())
        } else {
            Err(Minor::NameType.error())
        }
    }

    /// A user's name.
    pub(crate) fn user(text: &[u8]) -> Result<Self> {
        Self::new(Kind::User, text)
    }

    /// Nobody in particular.
    pub(crate) fn anonymous() -> Self {
        Self { kind: Kind::Anonymous, text: b"anonymous".to_vec(), attributes: Vec::new() }
    }

    pub(crate) fn is_anonymous(&self) -> bool {
        self.kind == Kind::Anonymous
    }

    fn new(kind: Kind, text: &[u8]) -> Result<Self> {
        if text.is_empty() || text.len() > MAX_TEXT || text.contains(&0) {
            return Err(Minor::NameText.error());
        }
        let right = match kind {
            Kind::User => Ok(()),
            Kind::Anonymous if text == b"anonymous" => Ok(()),
            Kind::Anonymous => Err(Minor::NameText),
            Kind::UserId => match std::str::from_utf8(text).ok().filter(|text| !text.starts_with('+')) {
                Some(text) if text.parse::<u32>().is_ok() => Ok(()),
                _ => Err(Minor::UserId),
            },
            Kind::Service => match text.iter().position(|byte| *byte == b'@') {
                Some(at) if at == 0 || at + 1 == text.len() => Err(Minor::ServiceName),
                _ => Ok(()),
            },
        };
        right.map_err(Minor::error)?;
        Ok(Self { kind, text: text.to_vec(), attributes: Vec::new() })
    }

    /// The one form of all names that denote the same: hosts in lower case, numbers without zeros in front.
    pub(crate) fn canonical(&self) -> Self {
        let mut name = self.clone();
        match name.kind {
            Kind::User | Kind::Anonymous => {}
            Kind::UserId => {
                let zeros = name.text.iter().take_while(|byte| **byte == b'0').count();
                name.text.drain(..zeros.min(name.text.len() - 1));
            }
            Kind::Service => {
                if let Some(at) = name.text.iter().position(|byte| *byte == b'@') {
                    name.text[at..].make_ascii_lowercase();
                }
            }
        }
        name
    }

    /// Whether both denote one entity; whatever their attributes are.
    pub(crate) fn same(&self, other: &Self) -> bool {
        !self.is_anonymous() && self.kind == other.kind && self.canonical().text == other.canonical().text
    }

    /// The name with its attributes. This is what tokens, credentials and states hold.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut out = Writer::default();
        out.u8(self.kind as u8).bytes(&self.text).count(self.attributes.len());
        for attribute in &self.attributes {
            out.bytes(&attribute.name).flag(attribute.complete).count(attribute.values.len());
            for value in &attribute.values {
                out.bytes(value);
            }
        }
        out.finish()
    }

    /// Reads what [`DummyName::encode`] gave.
    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        if bytes.len() > MAX_ENCODED {
            return None;
        }
        let mut reader = Reader::new(bytes);
        let kind = Self::kind_of(reader.u8()?)?;
        let mut name = Self::new(kind, reader.bytes()?).ok()?;
        // Nothing is allocated from a count that a stranger wrote: each element costs bytes that must be there.
        for _ in 0..reader.u32()? {
            let attribute = reader.bytes()?;
            if attribute.is_empty() || name.find(attribute).is_some() {
                return None;
            }
            let mut attribute = Attribute { name: attribute.to_vec(), complete: reader.flag()?, values: Vec::new() };
            for _ in 0..reader.u32()? {
                attribute.values.push(reader.bytes()?.to_vec());
            }
            if attribute.values.is_empty() {
                return None;
            }
            name.attributes.push(attribute);
        }
        reader.end()?;
        Some(name)
    }

    /// Reads an exported name, without the switch's header.
    pub(crate) fn import_exported(bytes: &[u8], composite: bool) -> Result<Self> {
        if composite {
            return Self::decode(bytes).ok_or_else(|| Minor::ExportedName.error());
        }
        let (kind, text) = bytes.split_first().ok_or_else(|| Minor::ExportedName.error())?;
        let kind = Self::kind_of(*kind).ok_or_else(|| Minor::ExportedName.error())?;
        Self::new(kind, text)
    }

    fn kind_of(code: u8) -> Option<Kind> {
        [Kind::User, Kind::UserId, Kind::Service, Kind::Anonymous].into_iter().find(|kind| *kind as u8 == code)
    }

    fn find(&self, attribute: &[u8]) -> Option<usize> {
        self.attributes.iter().position(|known| known.name == attribute)
    }
}

impl Name for DummyName {
    fn display(&self) -> Result<(Vec<u8>, Oid)> {
        let name_type = match self.kind {
            Kind::User => name_type::USER_NAME,
            Kind::UserId => name_type::STRING_UID_NAME,
            Kind::Service => name_type::HOSTBASED_SERVICE,
            Kind::Anonymous => name_type::ANONYMOUS,
        };
        Ok((self.text.clone(), name_type))
    }

    fn compare(&self, other: &Self) -> Result<bool> {
        Ok(self.same(other))
    }

    fn duplicate(&self) -> Result<Self> {
        Ok(self.clone())
    }

    fn export(&self) -> Result<Vec<u8>> {
        let mut bytes = vec![self.kind as u8];
        bytes.extend_from_slice(&self.canonical().text);
        Ok(bytes)
    }

    fn inquire(&self) -> Result<NameInfo> {
        Ok(NameInfo { attributes: self.attributes.iter().map(|attribute| attribute.name.clone()).collect() })
    }

    fn attribute(&self, attribute: &[u8], more: i32) -> Result<NameAttribute> {
        let index = self.find(attribute).ok_or_else(|| Minor::UnknownAttribute.error())?;
        let Attribute { complete, values, .. } = &self.attributes[index];
        // -1 asks for the first value; then comes the position that the answer before gave, which is never 0.
        let position = match more {
            -1 => Some(0),
            1.. => usize::try_from(more).ok(),
            _ => None,
        };
        let position = position.filter(|position| *position < values.len());
        let position = position.ok_or_else(|| Minor::AttributePosition.error())?;
        let value = values[position].clone();
        let next = position + 1;
        Ok(NameAttribute {
            // Nobody vouches for it: whoever held the name may have set it.
            authenticated: false,
            complete: *complete,
            display_value: value.clone(),
            value,
            more: if next < values.len() { i32::try_from(next).unwrap_or(0) } else { 0 },
        })
    }

    /// Adds a value to those that the attribute has; [`Name::delete_attribute`] removes them all.
    fn set_attribute(&mut self, complete: bool, attribute: &[u8], value: &[u8]) -> Result<()> {
        // The sizes of four lengths and counts and a flag go with it.
        let size = self.encode().len().saturating_add(attribute.len()).saturating_add(value.len()).saturating_add(17);
        if attribute.is_empty() || size > MAX_ENCODED {
            return Err(Minor::AttributeText.error());
        }
        match self.find(attribute) {
            Some(index) => {
                let known = &mut self.attributes[index];
                known.complete = complete;
                known.values.push(value.to_vec());
            }
            None => {
                let (name, values) = (attribute.to_vec(), vec![value.to_vec()]);
                self.attributes.push(Attribute { name, complete, values });
            }
        }
        Ok(())
    }

    fn delete_attribute(&mut self, attribute: &[u8]) -> Result<()> {
        let index = self.find(attribute).ok_or_else(|| Minor::UnknownAttribute.error())?;
        self.attributes.remove(index);
        Ok(())
    }

    fn export_composite(&self) -> Result<Vec<u8>> {
        Ok(self.canonical().encode())
    }

    /// The service of a host-based name as a user's, and the other forms that a name has.
    fn display_as(&self, name_type: &Oid) -> Result<Vec<u8>> {
        let (text, own) = self.display()?;
        match self.kind {
            _ if *name_type == own => Ok(text),
            Kind::Service if *name_type == name_type::HOSTBASED_SERVICE_X => Ok(text),
            Kind::Service if *name_type == name_type::USER_NAME => {
                Ok(text.split(|byte| *byte == b'@').next().unwrap_or_default().to_vec())
            }
            _ => Err(Minor::NameForm.error()),
        }
    }

    fn local_name(&self) -> Result<Vec<u8>> {
        match self.kind {
            Kind::User => Ok(self.text.clone()),
            _ => Err(Minor::NoLocalName.error()),
        }
    }

    fn authorize_local_name(&self, user: &[u8], name_type: &Oid) -> Result<()> {
        let user = Self::import(user, Some(name_type))?;
        if self.same(&user) { Ok(()) } else { Err(Minor::NotThatUser.error()) }
    }
    // `map_to_any` and `release_any` stay UNAVAILABLE: there is no other library whose object a name could be.
}

#[cfg(test)]
mod tests {
    use super::*;
    use gss_plugin::Major;

    fn name(text: &[u8], name_type: &Oid) -> DummyName {
        DummyName::import(text, Some(name_type)).unwrap()
    }

    #[test]
    fn each_type_is_read_and_shown() {
        let uid = 1000u32.to_ne_bytes();
        for (text, given, shown, shown_type) in [
            (&b"alice"[..], name_type::USER_NAME, &b"alice"[..], name_type::USER_NAME),
            (b"1000", name_type::STRING_UID_NAME, b"1000", name_type::STRING_UID_NAME),
            (&uid, name_type::MACHINE_UID_NAME, b"1000", name_type::STRING_UID_NAME),
            (b"imap@Host", name_type::HOSTBASED_SERVICE, b"imap@Host", name_type::HOSTBASED_SERVICE),
            (b"imap", name_type::HOSTBASED_SERVICE_X, b"imap", name_type::HOSTBASED_SERVICE),
            (b"", name_type::ANONYMOUS, b"anonymous", name_type::ANONYMOUS),
        ] {
            assert_eq!(name(text, &given).display().unwrap(), (shown.to_vec(), shown_type));
        }
        assert_eq!(DummyName::import(b"alice", None).unwrap(), name(b"alice", &name_type::USER_NAME));
    }

    #[test]
    fn what_is_no_name_is_refused() {
        let long = [b'a'; MAX_TEXT + 1];
        for (text, name_type) in [
            (&b""[..], name_type::USER_NAME),
            (b"al\0ice", name_type::USER_NAME),
            (b"alice\0", name_type::USER_NAME),
            (&long, name_type::USER_NAME),
            (b"", name_type::HOSTBASED_SERVICE),
            (b"@host", name_type::HOSTBASED_SERVICE),
            (b"imap@", name_type::HOSTBASED_SERVICE),
            (b"ten", name_type::STRING_UID_NAME),
            (b"+10", name_type::STRING_UID_NAME),
            (b"-1", name_type::STRING_UID_NAME),
            (b"4294967296", name_type::STRING_UID_NAME),
            (b"123", name_type::MACHINE_UID_NAME),
        ] {
            assert_eq!(DummyName::import(text, Some(&name_type)).unwrap_err().major, Major::BAD_NAME, "{text:?}");
        }
        let error = DummyName::import(b"alice", Some(&name_type::EXPORT_NAME)).unwrap_err();
        assert_eq!(error.major, Major::BAD_NAMETYPE);
        assert!(DummyName::import(&long[1..], None).is_ok());
    }

    #[test]
    fn comparison_is_of_canonical_forms() {
        let service = |text: &[u8]| name(text, &name_type::HOSTBASED_SERVICE);
        assert!(service(b"imap@HOST").compare(&service(b"imap@host")).unwrap());
        assert!(!service(b"IMAP@host").compare(&service(b"imap@host")).unwrap());
        assert!(!service(b"imap").compare(&service(b"imap@host")).unwrap());
        let uid = |text: &[u8]| name(text, &name_type::STRING_UID_NAME);
        assert!(uid(b"0010").compare(&uid(b"10")).unwrap());
        assert!(uid(b"000").compare(&uid(b"0")).unwrap());
        assert!(!uid(b"10").compare(&DummyName::user(b"10").unwrap()).unwrap());
        let nobody = DummyName::anonymous();
        assert!(!nobody.compare(&nobody).unwrap(), "anonymous names equal nothing");
        assert_eq!(service(b"imap@HOST").canonical().display().unwrap().0, b"imap@host");
    }

    #[test]
    fn exported_names_come_back_and_are_equal_bytes_for_equal_names() {
        let mut names = vec![DummyName::anonymous(), DummyName::user(b"alice").unwrap()];
        names.push(name(b"imap@host", &name_type::HOSTBASED_SERVICE));
        names.push(name(b"10", &name_type::STRING_UID_NAME));
        names[1].set_attribute(true, b"mail", b"alice@example").unwrap();
        for name in &names {
            let plain = DummyName::import_exported(&name.export().unwrap(), false).unwrap();
            assert_eq!((plain.kind, &plain.text), (name.kind, &name.text));
            let composite = DummyName::import_exported(&name.export_composite().unwrap(), true).unwrap();
            assert_eq!(composite, *name);
        }
        let upper = name(b"imap@HOST", &name_type::HOSTBASED_SERVICE);
        assert_eq!(upper.export().unwrap(), names[2].export().unwrap());
        for wrong in [&b""[..], b"\x01", b"\x00alice", b"\x09alice", b"\x03@x", b"\x04nobody"] {
            assert_eq!(DummyName::import_exported(wrong, false).unwrap_err().major, Major::BAD_NAME);
        }
    }

    #[test]
    fn altered_encodings_are_refused_or_are_what_they_say() {
        let mut name = DummyName::user(b"alice").unwrap();
        name.set_attribute(true, b"mail", b"alice@example").unwrap();
        name.set_attribute(false, b"group", b"staff").unwrap();
        let bytes = name.encode();
        for position in 0..bytes.len() {
            for value in 0..=255 {
                let mut altered = bytes.clone();
                altered[position] = value;
                if let Some(name) = DummyName::decode(&altered) {
                    assert_eq!(name.encode(), altered);
                }
            }
            assert_eq!(DummyName::decode(&bytes[..position]), None);
        }
        assert_eq!(DummyName::decode(&[&bytes[..], &[0]].concat()), None);
    }

    #[test]
    fn attributes_are_set_read_and_removed() {
        let mut name = DummyName::user(b"alice").unwrap();
        for group in [&b"staff"[..], b"wheel", b"audio"] {
            name.set_attribute(group == b"audio", b"group", group).unwrap();
        }
        name.set_attribute(true, b"mail", b"a@b").unwrap();
        assert_eq!(name.inquire().unwrap().attributes, [&b"group"[..], b"mail"]);
        let (mut more, mut groups) = (-1, Vec::new());
        while more != 0 {
            let value = name.attribute(b"group", more).unwrap();
            assert!(value.complete && !value.authenticated, "nobody vouches for it");
            groups.push(value.value);
            more = value.more;
        }
        assert_eq!(groups, [&b"staff"[..], b"wheel", b"audio"]);
        for wrong in [0, -2, 3, i32::MAX, i32::MIN] {
            assert_eq!(name.attribute(b"group", wrong).unwrap_err().major, Major::FAILURE, "{wrong}");
        }
        name.delete_attribute(b"group").unwrap();
        assert_eq!(name.attribute(b"group", -1).unwrap_err().major, Major::UNAVAILABLE);
        assert_eq!(name.delete_attribute(b"group").unwrap_err().major, Major::UNAVAILABLE);
        assert!(name.set_attribute(true, b"", b"x").is_err());
        assert!(name.set_attribute(true, b"big", &[0; MAX_ENCODED]).is_err());
        // What can be set can always be read back.
        while name.set_attribute(true, b"more", &[0; 1000]).is_ok() {}
        assert_eq!(DummyName::decode(&name.encode()), Some(name));
    }

    #[test]
    fn local_users_are_user_names() {
        let alice = DummyName::user(b"alice").unwrap();
        assert_eq!(alice.local_name().unwrap(), b"alice");
        assert!(alice.authorize_local_name(b"alice", &name_type::USER_NAME).is_ok());
        let error = alice.authorize_local_name(b"bob", &name_type::USER_NAME).unwrap_err();
        assert_eq!(error.major, Major::UNAUTHORIZED);
        let ten = name(b"10", &name_type::STRING_UID_NAME);
        assert_eq!(ten.local_name().unwrap_err().major, Major::UNAVAILABLE);
        assert!(ten.authorize_local_name(b"10", &name_type::STRING_UID_NAME).is_ok());
        assert!(ten.authorize_local_name(&10u32.to_ne_bytes(), &name_type::MACHINE_UID_NAME).is_ok());
        let nobody = DummyName::anonymous();
        let error = nobody.authorize_local_name(b"anonymous", &name_type::ANONYMOUS).unwrap_err();
        assert_eq!(error.major, Major::UNAUTHORIZED, "anonymous is nobody's name");
    }

    #[test]
    fn a_service_can_be_shown_as_a_user() {
        let imap = name(b"imap@host", &name_type::HOSTBASED_SERVICE);
        assert_eq!(imap.display_as(&name_type::USER_NAME).unwrap(), b"imap");
        assert_eq!(imap.display_as(&name_type::HOSTBASED_SERVICE_X).unwrap(), b"imap@host");
        let error = DummyName::user(b"alice").unwrap().display_as(&name_type::HOSTBASED_SERVICE).unwrap_err();
        assert_eq!(error.major, Major::UNAVAILABLE);
    }
}
