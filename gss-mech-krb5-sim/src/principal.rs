//! Principals (RFC 4120 section 6): a name of components, and the realm that knows it.
//!
//! Components and realms are octets, not text: the field promises ASCII, and peers send UTF-8. The printed form, with
//! its escapes, is MIT's.

use std::fmt;

/// The most bytes that a principal's realm and components may have together.
pub const MAX_BYTES: usize = 1024;
/// The most components of a principal.
pub const MAX_COMPONENTS: usize = 64;

/// The name types of RFC 4120 section 6.2 and RFC 6111 that a mechanism meets. A type is a hint: it does not tell two
/// principals apart.
pub mod name_type {
    /// `NT-UNKNOWN`.
    pub const UNKNOWN: i32 = 0;
    /// `NT-PRINCIPAL`: a user, or anything that is nothing else.
    pub const PRINCIPAL: i32 = 1;
    /// `NT-SRV-INST`: a service and an instance, above all `krbtgt/REALM`.
    pub const SRV_INST: i32 = 2;
    /// `NT-SRV-HST`: a service and its host.
    pub const SRV_HST: i32 = 3;
    /// `NT-ENTERPRISE`: one component that may hold `@`.
    pub const ENTERPRISE: i32 = 10;
    /// `NT-WELLKNOWN` (RFC 6111): the first component is `WELLKNOWN`.
    pub const WELLKNOWN: i32 = 11;
}

/// Why something is no principal.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PrincipalError {
    /// Realm and components have more than [`MAX_BYTES`] bytes.
    #[error("a principal has at most {MAX_BYTES} bytes, this one has {0}")]
    TooLong(usize),
    /// More than [`MAX_COMPONENTS`] components.
    #[error("a principal has at most {MAX_COMPONENTS} components, this one has {0}")]
    TooManyComponents(usize),
    /// No component at all.
    #[error("a principal has at least one component")]
    NoComponent,
    /// A backslash is the last character.
    #[error("a principal cannot end in a single backslash")]
    UnfinishedEscape,
    /// An unescaped `@` or `/` in the realm.
    #[error("'{0}' in a realm must be written '\\{0}'")]
    SeparatorInRealm(char),
    /// There is no realm, and none to take for it.
    #[error("the principal has no realm, and there is no default one")]
    NoRealm,
}

/// A realm (RFC 4120 section 6.1): octets, compared exactly.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Realm(Box<[u8]>);

impl Realm {
    /// A realm of at most [`MAX_BYTES`] bytes.
    ///
    /// # Errors
    /// [`PrincipalError::TooLong`].
    pub fn new(bytes: impl Into<Box<[u8]>>) -> Result<Self, PrincipalError> {
        let bytes = bytes.into();
        if bytes.len() > MAX_BYTES { Err(PrincipalError::TooLong(bytes.len())) } else { Ok(Self(bytes)) }
    }

    /// The octets.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// A principal's name without its realm (RFC 4120 section 5.2.2). It has between one and [`MAX_COMPONENTS`] components.
///
/// `==` is exact. Whether two names mean the same is what [`PrincipalName::same`] tells.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct PrincipalName {
    name_type: i32,
    components: Box<[Box<[u8]>]>,
}

impl PrincipalName {
    /// A name of these components.
    ///
    /// # Errors
    /// [`PrincipalError::NoComponent`], [`PrincipalError::TooManyComponents`], [`PrincipalError::TooLong`].
    pub fn new<C: Into<Box<[u8]>>>(
        name_type: i32,
        components: impl IntoIterator<Item = C>,
    ) -> Result<Self, PrincipalError> {
        let components: Box<[Box<[u8]>]> = components.into_iter().map(Into::into).collect();
        let name = Self { name_type, components };
        match name.components.len() {
            0 => Err(PrincipalError::NoComponent),
            count if count > MAX_COMPONENTS => Err(PrincipalError::TooManyComponents(count)),
            _ if name.byte_count() > MAX_BYTES => Err(PrincipalError::TooLong(name.byte_count())),
            _ => Ok(name),
        }
    }

    /// Reads the printed form: components between `/`, then a realm after `@` if there is one. A backslash takes the
    /// meaning from the character after it, except that `\n`, `\t`, `\b`, `\0` are newline, tab, backspace, NUL.
    ///
    /// The name's type is [`name_type::PRINCIPAL`], with MIT's exceptions `krbtgt/REALM` and `WELLKNOWN/…`.
    ///
    /// # Errors
    /// [`PrincipalError`].
    pub fn parse(text: &[u8]) -> Result<(Self, Option<Realm>), PrincipalError> {
        // With every octet escaped, and all separators: before anything is allocated for a text without end.
        const LONGEST: usize = 2 * (MAX_BYTES + MAX_COMPONENTS) + 1;
        if text.len() > LONGEST {
            return Err(PrincipalError::TooLong(text.len()));
        }
        let mut components = vec![Vec::new()];
        let mut realm: Option<Vec<u8>> = None;
        let mut octets = text.iter().copied();
        while let Some(octet) = octets.next() {
            let octet = match (octet, &realm) {
                (b'\\', _) => match octets.next() {
                    None => return Err(PrincipalError::UnfinishedEscape),
                    Some(b'n') => b'\n',
                    Some(b't') => b'\t',
                    Some(b'b') => 8,
                    Some(b'0') => 0,
                    Some(other) => other,
                },
                (b'@' | b'/', Some(_)) => return Err(PrincipalError::SeparatorInRealm(octet.into())),
                (b'/', None) if components.len() == MAX_COMPONENTS => {
                    return Err(PrincipalError::TooManyComponents(MAX_COMPONENTS + 1));
                }
                (b'/', None) => {
                    components.push(Vec::new());
                    continue;
                }
                (b'@', None) => {
                    realm = Some(Vec::new());
                    continue;
                }
                _ => octet,
            };
            // There is always a last component.
            if let Some(part) = realm.as_mut().or(components.last_mut()) {
                part.push(octet);
            }
        }
        let name = Self::new(inferred_type(&components), components)?;
        let realm = realm.map(Realm::new).transpose()?;
        Ok((name, realm))
    }

    /// The name's type, one of [`name_type`] or another.
    pub fn name_type(&self) -> i32 {
        self.name_type
    }

    /// The components, at least one.
    pub fn components(&self) -> &[Box<[u8]>] {
        &self.components
    }

    /// Whether both have the same components. The type does not count (RFC 4120 section 6.2).
    pub fn same(&self, other: &Self) -> bool {
        self.components == other.components
    }

    fn byte_count(&self) -> usize {
        self.components.iter().map(|component| component.len()).sum()
    }

    /// The printed form without a realm.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.byte_count() + self.components.len());
        for (index, component) in self.components.iter().enumerate() {
            if index > 0 {
                out.push(b'/');
            }
            escape(component, &mut out);
        }
        out
    }
}

/// A principal: a name and its realm, of at most [`MAX_BYTES`] bytes together.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Principal {
    name: PrincipalName,
    realm: Realm,
}

impl Principal {
    /// A principal of these parts.
    ///
    /// # Errors
    /// [`PrincipalError::TooLong`].
    pub fn new(name: PrincipalName, realm: Realm) -> Result<Self, PrincipalError> {
        let count = name.byte_count().saturating_add(realm.0.len());
        if count > MAX_BYTES { Err(PrincipalError::TooLong(count)) } else { Ok(Self { name, realm }) }
    }

    /// Reads the printed form as [`PrincipalName::parse`] does. Without a realm it is in `default_realm`.
    ///
    /// # Errors
    /// [`PrincipalError`].
    pub fn parse(text: &[u8], default_realm: Option<&Realm>) -> Result<Self, PrincipalError> {
        let (name, realm) = PrincipalName::parse(text)?;
        Self::new(name, realm.or_else(|| default_realm.cloned()).ok_or(PrincipalError::NoRealm)?)
    }

    /// The name.
    pub fn name(&self) -> &PrincipalName {
        &self.name
    }

    /// The realm.
    pub fn realm(&self) -> &Realm {
        &self.realm
    }

    /// Whether both are the same principal, whatever their name types.
    pub fn same(&self, other: &Self) -> bool {
        self.realm == other.realm && self.name.same(&other.name)
    }

    /// The printed form, which [`Principal::parse`] reads back.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = self.name.to_bytes();
        out.push(b'@');
        escape(&self.realm.0, &mut out);
        out
    }
}

/// What MIT takes for the type of a printed name.
fn inferred_type(components: &[Vec<u8>]) -> i32 {
    match components {
        [first, _] if first == b"krbtgt" => name_type::SRV_INST,
        [first, _, ..] if first == b"WELLKNOWN" => name_type::WELLKNOWN,
        _ => name_type::PRINCIPAL,
    }
}

fn escape(octets: &[u8], out: &mut Vec<u8>) {
    for &octet in octets {
        match octet {
            b'\\' | b'/' | b'@' => out.extend_from_slice(&[b'\\', octet]),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\t' => out.extend_from_slice(b"\\t"),
            8 => out.extend_from_slice(b"\\b"),
            0 => out.extend_from_slice(b"\\0"),
            _ => out.push(octet),
        }
    }
}

impl fmt::Display for Realm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = Vec::new();
        escape(&self.0, &mut out);
        f.write_str(&String::from_utf8_lossy(&out))
    }
}

impl fmt::Display for PrincipalName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(&self.to_bytes()))
    }
}

impl fmt::Display for Principal {
    /// For people: octets that are not UTF-8 are replaced. [`Principal::to_bytes`] has them all.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(&self.to_bytes()))
    }
}

impl fmt::Debug for Realm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Realm({self})")
    }
}

impl fmt::Debug for PrincipalName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PrincipalName({self}, type {})", self.name_type)
    }
}

impl fmt::Debug for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Principal({self}, type {})", self.name.name_type)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parse(text: &str) -> Result<Principal, PrincipalError> {
        Principal::parse(text.as_bytes(), Some(&Realm::new(*b"DEFAULT").unwrap()))
    }

    /// What `krb5_parse_name` and `krb5_unparse_name` of MIT krb5 1.20.1 make of these: type, components, printed form.
    const MIT: &[(&str, i32, usize, &str)] = &[
        ("alice", 1, 1, "alice@DEFAULT"),
        ("alice@R", 1, 1, "alice@R"),
        ("host/h@R", 1, 2, "host/h@R"),
        ("a\\/b@R", 1, 1, "a\\/b@R"),
        ("a\\@b@R", 1, 1, "a\\@b@R"),
        ("a\\\\b@R", 1, 1, "a\\\\b@R"),
        ("a\\nb\\tc\\bd\\0e@R", 1, 1, "a\\nb\\tc\\bd\\0e@R"),
        ("a\\xb@R", 1, 1, "axb@R"),
        ("a@", 1, 1, "a@"),
        ("@R", 1, 1, "@R"),
        ("", 1, 1, "@DEFAULT"),
        ("a/", 1, 2, "a/@DEFAULT"),
        ("/a", 1, 2, "/a@DEFAULT"),
        ("a//b@R", 1, 3, "a//b@R"),
        ("a@R\\@S", 1, 1, "a@R\\@S"),
        ("a@R\\/S", 1, 1, "a@R\\/S"),
        ("krbtgt/R@R", 2, 2, "krbtgt/R@R"),
        ("krbtgt/R/x@R", 1, 3, "krbtgt/R/x@R"),
        ("krbtgt@R", 1, 1, "krbtgt@R"),
        ("WELLKNOWN/ANONYMOUS@WELLKNOWN:ANONYMOUS", 11, 2, "WELLKNOWN/ANONYMOUS@WELLKNOWN:ANONYMOUS"),
        ("WELLKNOWN@R", 1, 1, "WELLKNOWN@R"),
        ("a b@R S", 1, 1, "a b@R S"),
        ("ä@R", 1, 1, "ä@R"),
    ];

    #[test]
    fn names_are_read_and_printed_as_mit_does() {
        for (text, name_type, count, printed) in MIT {
            let principal = parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(principal.name().name_type(), *name_type, "{text}");
            assert_eq!(principal.name().components().len(), *count, "{text}");
            assert_eq!(principal.to_string(), *printed, "{text}");
        }
        assert_eq!(&*parse("a\\nb\\tc\\bd\\0e").unwrap().name().components()[0], b"a\nb\tc\x08d\0e");
    }

    #[test]
    fn what_mit_calls_malformed_is_refused() {
        assert_eq!(parse("a@R@S"), Err(PrincipalError::SeparatorInRealm('@')));
        assert_eq!(parse("a@R/S"), Err(PrincipalError::SeparatorInRealm('/')));
        assert_eq!(parse("a\\"), Err(PrincipalError::UnfinishedEscape));
        assert_eq!(parse("a@R\\"), Err(PrincipalError::UnfinishedEscape));
        assert_eq!(Principal::parse(b"a", None), Err(PrincipalError::NoRealm));
    }

    #[test]
    fn sizes_have_limits() {
        assert!(parse(&"a/".repeat(MAX_COMPONENTS - 1)).is_ok());
        assert_eq!(parse(&"a/".repeat(MAX_COMPONENTS)), Err(PrincipalError::TooManyComponents(MAX_COMPONENTS + 1)));
        let longest = format!("{}@R", "a".repeat(MAX_BYTES - 1));
        assert!(parse(&longest).is_ok());
        assert_eq!(parse(&format!("{longest}S")), Err(PrincipalError::TooLong(MAX_BYTES + 1)));
        assert_eq!(PrincipalName::new::<Box<[u8]>>(1, []), Err(PrincipalError::NoComponent));
    }

    #[test]
    fn the_type_does_not_tell_principals_apart() {
        let host = PrincipalName::new(name_type::SRV_HST, [*b"host", *b"name"]).unwrap();
        let host = Principal::new(host, Realm::new(*b"R").unwrap()).unwrap();
        assert!(host.same(&parse("host/name@R").unwrap()));
        assert!(!host.same(&parse("host/name@r").unwrap()));
        assert!(!host.same(&parse("host/Name@R").unwrap()));
        assert!(!host.same(&parse("host\\/name@R").unwrap()));
    }

    proptest! {
        #[test]
        fn whatever_is_printed_is_read_back(
            components in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..8), 1..5),
            realm in prop::collection::vec(any::<u8>(), 0..8),
        ) {
            let name = PrincipalName::new(inferred_type(&components), components).unwrap();
            let principal = Principal::new(name, Realm::new(realm).unwrap()).unwrap();
            prop_assert_eq!(Principal::parse(&principal.to_bytes(), None).unwrap(), principal);
        }

        #[test]
        fn any_octets_are_read_or_refused(text in prop::collection::vec(any::<u8>(), 0..40)) {
            if let Ok(principal) = Principal::parse(&text, Some(&Realm::default())) {
                let again = Principal::parse(&principal.to_bytes(), None).unwrap();
                prop_assert_eq!(again, principal);
            }
        }
    }
}
