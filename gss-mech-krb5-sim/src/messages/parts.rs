//! What the messages are made of (RFC 4120 section 5.2).

use super::der::{Asn1, Element, Fields, Node, int32, list, nested, octets, octets_ref, string, uint32};
use super::{MessageError, VERSION};
use crate::principal::{Principal, PrincipalName, Realm};
use std::fmt;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

type Result<T> = std::result::Result<T, MessageError>;

/// `EncryptionKey` (RFC 4120 section 5.2.9): a key and what it is for.
///
/// Zeroized on drop; compared in constant time.
#[derive(Clone)]
pub struct EncryptionKey {
    etype: i32,
    value: Zeroizing<Box<[u8]>>,
}

impl EncryptionKey {
    /// A key of an encryption type (RFC 3961), whose length is not checked.
    pub fn new(etype: i32, value: &[u8]) -> Self {
        Self { etype, value: Zeroizing::new(value.into()) }
    }

    /// The encryption type.
    pub fn etype(&self) -> i32 {
        self.etype
    }

    /// The key.
    pub fn value(&self) -> &[u8] {
        &self.value
    }
}

impl PartialEq for EncryptionKey {
    fn eq(&self, other: &Self) -> bool {
        self.etype == other.etype && bool::from(self.value.ct_eq(&other.value))
    }
}

impl Eq for EncryptionKey {}

impl fmt::Debug for EncryptionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EncryptionKey(type {}, {} bytes)", self.etype, self.value.len())
    }
}

impl Asn1 for EncryptionKey {
    const NAME: &'static str = "EncryptionKey";

    fn read(element: Element<'_>) -> Result<Self> {
        let mut fields = Fields::of(Self::NAME, element)?;
        let etype = fields.required(0, "keytype", int32)?;
        let key = Self::new(etype, fields.required(1, "keyvalue", octets_ref)?);
        fields.end()?;
        Ok(key)
    }

    fn node(&self) -> Node<'_> {
        Node::sequence([(0, Some(Node::integer(self.etype))), (1, Some(Node::octets(&self.value)))])
    }
}

/// `EncryptedData` (RFC 4120 section 5.2.9).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct EncryptedData {
    /// The encryption type (RFC 3961).
    pub etype: i32,
    /// The version of the long-term key, where it is one.
    pub kvno: Option<u32>,
    /// The ciphertext.
    pub cipher: Vec<u8>,
}

impl Asn1 for EncryptedData {
    const NAME: &'static str = "EncryptedData";

    fn read(element: Element<'_>) -> Result<Self> {
        let mut fields = Fields::of(Self::NAME, element)?;
        let data = Self {
            etype: fields.required(0, "etype", int32)?,
            kvno: fields.optional(1, uint32)?,
            cipher: fields.required(2, "cipher", octets)?,
        };
        fields.end()?;
        Ok(data)
    }

    fn node(&self) -> Node<'_> {
        Node::sequence([
            (0, Some(Node::integer(self.etype))),
            (1, self.kvno.map(Node::integer)),
            (2, Some(Node::octets(&self.cipher))),
        ])
    }
}

/// `Checksum` (RFC 4120 section 5.2.9).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Checksum {
    /// The checksum type (RFC 3961), or 0x8003 (RFC 4121 section 4.1.1).
    pub cksumtype: i32,
    /// The checksum.
    pub checksum: Vec<u8>,
}

impl Asn1 for Checksum {
    const NAME: &'static str = "Checksum";

    fn read(element: Element<'_>) -> Result<Self> {
        let mut fields = Fields::of(Self::NAME, element)?;
        let checksum = Self {
            cksumtype: fields.required(0, "cksumtype", int32)?,
            checksum: fields.required(1, "checksum", octets)?,
        };
        fields.end()?;
        Ok(checksum)
    }

    fn node(&self) -> Node<'_> {
        Node::sequence([(0, Some(Node::integer(self.cksumtype))), (1, Some(Node::octets(&self.checksum)))])
    }
}

/// `HostAddress` (RFC 4120 sections 5.2.5 and 7.5.3).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HostAddress {
    /// The address type; 2 is IPv4, 24 is IPv6.
    pub addr_type: i32,
    /// The address, in network order.
    pub address: Vec<u8>,
}

impl Asn1 for HostAddress {
    const NAME: &'static str = "HostAddress";

    fn read(element: Element<'_>) -> Result<Self> {
        let mut fields = Fields::of(Self::NAME, element)?;
        let address = Self {
            addr_type: fields.required(0, "addr-type", int32)?,
            address: fields.required(1, "address", octets)?,
        };
        fields.end()?;
        Ok(address)
    }

    fn node(&self) -> Node<'_> {
        Node::sequence([(0, Some(Node::integer(self.addr_type))), (1, Some(Node::octets(&self.address)))])
    }
}

/// `TransitedEncoding` (RFC 4120 section 5.3): the realms between the client's and the service's.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TransitedEncoding {
    /// The encoding; 1 is `DOMAIN-X500-COMPRESS`.
    pub tr_type: i32,
    /// The realms; empty for none.
    pub contents: Vec<u8>,
}

impl TransitedEncoding {
    /// No realm in between.
    pub fn none() -> Self {
        Self { tr_type: 1, contents: Vec::new() }
    }
}

impl Asn1 for TransitedEncoding {
    const NAME: &'static str = "TransitedEncoding";

    fn read(element: Element<'_>) -> Result<Self> {
        let mut fields = Fields::of(Self::NAME, element)?;
        let transited =
            Self { tr_type: fields.required(0, "tr-type", int32)?, contents: fields.required(1, "contents", octets)? };
        fields.end()?;
        Ok(transited)
    }

    fn node(&self) -> Node<'_> {
        Node::sequence([(0, Some(Node::integer(self.tr_type))), (1, Some(Node::octets(&self.contents)))])
    }
}

/// A `KerberosTime` and its `Microseconds` (RFC 4120 sections 5.2.3 and 5.2.4).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Timestamp {
    /// Seconds since 1970, in UTC.
    pub seconds: u64,
    /// 0 to 999 999.
    pub micros: u32,
}

impl Asn1 for PrincipalName {
    const NAME: &'static str = "PrincipalName";

    fn read(element: Element<'_>) -> Result<Self> {
        let mut fields = Fields::of(Self::NAME, element)?;
        let name_type = fields.required(0, "name-type", int32)?;
        let components = fields.required(1, "name-string", list(string))?;
        fields.end()?;
        Self::new(name_type, components).map_err(|source| MessageError::Principal { message: Self::NAME, source })
    }

    fn node(&self) -> Node<'_> {
        let components = self.components().iter().map(|component| Node::string(component));
        Node::sequence([(0, Some(Node::integer(self.name_type()))), (1, Some(Node::list(components)))])
    }
}

/// `Realm`.
pub(super) fn realm(message: &'static str, element: Element<'_>) -> Result<Realm> {
    Realm::new(string(message, element)?).map_err(|source| MessageError::Principal { message, source })
}

pub(super) fn realm_node(realm: &Realm) -> Node<'_> {
    Node::string(realm.as_bytes())
}

/// A realm and, in the field after it, a name.
pub(super) fn principal(
    message: &'static str,
    fields: &mut Fields<'_>,
    number: u32,
    names: [&'static str; 2],
) -> Result<Principal> {
    let realm = fields.required(number, names[0], realm)?;
    let name = fields.required(number + 1, names[1], nested)?;
    Principal::new(name, realm).map_err(|source| MessageError::Principal { message, source })
}

/// `pvno` and its like.
pub(super) fn check_version(message: &'static str, found: i32) -> Result<()> {
    if found == VERSION { Ok(()) } else { Err(MessageError::Version { message, found }) }
}

/// `pvno` and `msg-type`, the first two fields of a message.
pub(super) fn check_head(message: &'static str, fields: &mut Fields<'_>, message_type: i32) -> Result<()> {
    check_version(message, fields.required(0, "pvno", int32)?)?;
    match fields.required(1, "msg-type", int32)? {
        found if found == message_type => Ok(()),
        found => Err(MessageError::MessageType { message, found }),
    }
}

pub(super) fn version_node() -> Option<Node<'static>> {
    Some(Node::integer(VERSION))
}
