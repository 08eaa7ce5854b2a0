//! Authorization data (RFC 4120 section 5.2.6): restrictions and facts in a ticket or an authenticator.

use super::MessageError;
use super::der::{Asn1, Element, Fields, Node, decode, encode, int32, list, nested, octets};

type Result<T> = std::result::Result<T, MessageError>;

/// The deepest that containers are looked into.
const MAX_DEPTH: usize = 8;

/// The types that a mechanism looks at.
pub mod ad_type {
    /// `AD-IF-RELEVANT`: holds elements that may be ignored by who does not know them.
    pub const IF_RELEVANT: i32 = 1;
    /// `AD-KDCIssued`.
    pub const KDC_ISSUED: i32 = 4;
    /// `AD-AND-OR`.
    pub const AND_OR: i32 = 5;
    /// `AD-MANDATORY-FOR-KDC`: the KDC has dealt with it.
    pub const MANDATORY_FOR_KDC: i32 = 8;
    /// `AD-WIN2K-PAC`.
    pub const WIN2K_PAC: i32 = 128;
    /// `EtypeNegotiation` (RFC 4537).
    pub const ETYPE_NEGOTIATION: i32 = 129;
    /// `AD-AUTH-DATA-AP-OPTIONS` (MS-KILE section 3.2.5.8).
    pub const AP_OPTIONS: i32 = 143;
}

/// The bit of `AD-AUTH-DATA-AP-OPTIONS` with which an initiator says that it would have sent channel bindings if it had
/// any (`KERB_AP_OPTIONS_CBT`).
const CBT: u32 = 0x4000;

/// `AuthorizationData`.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct AuthorizationData(pub Vec<AuthorizationElement>);

/// An element of [`AuthorizationData`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AuthorizationElement {
    /// `ad-type`, one of [`ad_type`] or another.
    pub ad_type: i32,
    /// `ad-data`.
    pub data: Vec<u8>,
}

/// An element outside any `AD-IF-RELEVANT`, which are opened.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FlatElement {
    /// It lay in an `AD-IF-RELEVANT`: who does not know its type may ignore it. Otherwise its type must be known.
    pub if_relevant: bool,
    /// The element.
    pub element: AuthorizationElement,
}

impl AuthorizationData {
    /// Puts the elements into an `AD-IF-RELEVANT`.
    ///
    /// # Errors
    /// They have more than 4 GiB.
    pub fn if_relevant(elements: Vec<AuthorizationElement>) -> Result<Self> {
        let data = Self(elements).encode()?;
        Ok(Self(vec![AuthorizationElement { ad_type: ad_type::IF_RELEVANT, data }]))
    }

    /// All elements, those from within `AD-IF-RELEVANT` in its place. Other containers are left as they are.
    ///
    /// # Errors
    /// The contents of an `AD-IF-RELEVANT` are no authorization data, or [`MessageError::TooDeep`].
    pub fn flatten(&self) -> Result<Vec<FlatElement>> {
        let mut flat = Vec::new();
        self.flatten_into(&mut flat, 0)?;
        Ok(flat)
    }

    fn flatten_into(&self, flat: &mut Vec<FlatElement>, depth: usize) -> Result<()> {
        if depth > MAX_DEPTH {
            return Err(MessageError::TooDeep(MAX_DEPTH));
        }
        for element in &self.0 {
            if element.ad_type == ad_type::IF_RELEVANT {
                Self::decode(&element.data)?.flatten_into(flat, depth + 1)?;
            } else {
                flat.push(FlatElement { if_relevant: depth > 0, element: element.clone() });
            }
        }
        Ok(())
    }
}

impl AuthorizationElement {
    /// The list with which an initiator offers encryption types for the acceptor's subkey, best first (RFC 4537).
    ///
    /// # Errors
    /// More than 4 GiB of them.
    pub fn etype_negotiation(etypes: &[i32]) -> Result<Self> {
        let data = std::mem::take(&mut *encode(&EtypeList(etypes.to_vec()))?);
        Ok(Self { ad_type: ad_type::ETYPE_NEGOTIATION, data })
    }

    /// The encryption types, if this is such a list.
    ///
    /// # Errors
    /// It should be one and is not.
    pub fn as_etype_negotiation(&self) -> Result<Option<Vec<i32>>> {
        if self.ad_type != ad_type::ETYPE_NEGOTIATION {
            return Ok(None);
        }
        decode::<EtypeList>(&self.data).map(|EtypeList(etypes)| Some(etypes))
    }

    /// The element with which an initiator says that it knows of channel bindings.
    pub fn channel_bindings_supported() -> Self {
        Self { ad_type: ad_type::AP_OPTIONS, data: CBT.to_le_bytes().to_vec() }
    }

    /// Whether this is such an element. Then an acceptor with channel bindings must not take their absence for consent.
    pub fn supports_channel_bindings(&self) -> bool {
        self.ad_type == ad_type::AP_OPTIONS
            && self.data.first_chunk().is_some_and(|options| u32::from_le_bytes(*options) & CBT != 0)
    }
}

impl Asn1 for AuthorizationData {
    const NAME: &'static str = "AuthorizationData";

    fn read(element: Element<'_>) -> Result<Self> {
        list(nested)(Self::NAME, element).map(Self)
    }

    fn node(&self) -> Node<'_> {
        Node::list(self.0.iter().map(Asn1::node))
    }
}

impl Asn1 for AuthorizationElement {
    const NAME: &'static str = "AuthorizationData";

    fn read(element: Element<'_>) -> Result<Self> {
        let mut fields = Fields::of(Self::NAME, element)?;
        let element =
            Self { ad_type: fields.required(0, "ad-type", int32)?, data: fields.required(1, "ad-data", octets)? };
        fields.end()?;
        Ok(element)
    }

    fn node(&self) -> Node<'_> {
        Node::sequence([(0, Some(Node::integer(self.ad_type))), (1, Some(Node::octets(&self.data)))])
    }
}

struct EtypeList(Vec<i32>);

impl Asn1 for EtypeList {
    const NAME: &'static str = "EtypeList";

    fn read(element: Element<'_>) -> Result<Self> {
        list(int32)(Self::NAME, element).map(Self)
    }

    fn node(&self) -> Node<'_> {
        Node::list(self.0.iter().map(|etype| Node::integer(*etype)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn element(ad_type: i32, data: &[u8]) -> AuthorizationElement {
        AuthorizationElement { ad_type, data: data.to_vec() }
    }

    #[test]
    fn what_is_if_relevant_may_be_ignored_and_the_rest_not() {
        let mut data = AuthorizationData::if_relevant(vec![element(128, b"pac"), element(-5, b"")]).unwrap();
        data.0.push(element(77, b"restriction"));
        data.0.push(element(ad_type::AND_OR, b"anything"));
        let flat: Vec<_> =
            data.flatten().unwrap().iter().map(|flat| (flat.if_relevant, flat.element.ad_type)).collect();
        assert_eq!(flat, [(true, 128), (true, -5), (false, 77), (false, 5)]);
    }

    #[test]
    fn nesting_has_a_limit() {
        let nested = |depth: usize| {
            let mut data = AuthorizationData(vec![element(77, b"")]);
            for _ in 0..depth {
                data = AuthorizationData::if_relevant(data.0).unwrap();
            }
            data.flatten()
        };
        assert_eq!(nested(MAX_DEPTH).unwrap().len(), 1);
        assert_eq!(nested(MAX_DEPTH + 1), Err(MessageError::TooDeep(MAX_DEPTH)));
        assert!(AuthorizationData(vec![element(ad_type::IF_RELEVANT, b"not DER")]).flatten().is_err());
    }

    #[test]
    fn etypes_are_offered_in_order() {
        let offer = AuthorizationElement::etype_negotiation(&[20, 18, -128]).unwrap();
        assert_eq!(offer.as_etype_negotiation(), Ok(Some(vec![20, 18, -128])));
        assert_eq!(element(128, &offer.data).as_etype_negotiation(), Ok(None));
        assert!(element(ad_type::ETYPE_NEGOTIATION, b"\x30\x01\x02").as_etype_negotiation().is_err());
    }

    #[test]
    fn support_of_channel_bindings_is_one_bit() {
        assert!(AuthorizationElement::channel_bindings_supported().supports_channel_bindings());
        assert!(element(143, &[0xff, 0xff, 0, 0, 9]).supports_channel_bindings());
        assert!(!element(143, &[0, 0x80, 0, 0]).supports_channel_bindings());
        assert!(!element(143, &[0, 0x40, 0]).supports_channel_bindings());
        assert!(!element(128, &[0, 0x40, 0, 0]).supports_channel_bindings());
    }
}
