//! Tickets (RFC 4120 section 5.3).

use super::der::{Asn1, Element, Fields, Node, flags, int32, list, nested, time};
use super::parts::{check_version, principal, realm_node, version_node};
use super::{AuthorizationData, EncryptedData, EncryptionKey, HostAddress, MessageError, TransitedEncoding};
use crate::principal::Principal;

type Result<T> = std::result::Result<T, MessageError>;

/// `Ticket`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Ticket {
    /// `realm` and `sname`: the service. Nothing protects them; only the key says whom the ticket is for.
    pub service: Principal,
    /// The [`EncTicketPart`], under the service's key.
    pub enc_part: EncryptedData,
}

impl Asn1 for Ticket {
    const NAME: &'static str = "Ticket";

    fn read(element: Element<'_>) -> Result<Self> {
        let mut fields = Fields::of_application(Self::NAME, 1, element)?;
        check_version(Self::NAME, fields.required(0, "tkt-vno", int32)?)?;
        let ticket = Self {
            service: principal(Self::NAME, &mut fields, 1, ["realm", "sname"])?,
            enc_part: fields.required(3, "enc-part", nested)?,
        };
        fields.end()?;
        Ok(ticket)
    }

    fn node(&self) -> Node<'_> {
        Node::application(
            1,
            [
                (0, version_node()),
                (1, Some(realm_node(self.service.realm()))),
                (2, Some(self.service.name().node())),
                (3, Some(self.enc_part.node())),
            ],
        )
    }
}

/// `TicketFlags` (RFC 4120 section 5.3). Bit 0 of the RFC is the highest one.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct TicketFlags(pub u32);

impl TicketFlags {
    /// `forwardable(1)`.
    pub const FORWARDABLE: Self = Self::bit(1);
    /// `forwarded(2)`.
    pub const FORWARDED: Self = Self::bit(2);
    /// `proxiable(3)`.
    pub const PROXIABLE: Self = Self::bit(3);
    /// `proxy(4)`.
    pub const PROXY: Self = Self::bit(4);
    /// `postdated(6)`.
    pub const POSTDATED: Self = Self::bit(6);
    /// `invalid(7)`: not to be accepted before a KDC has validated the ticket.
    pub const INVALID: Self = Self::bit(7);
    /// `renewable(8)`.
    pub const RENEWABLE: Self = Self::bit(8);
    /// `initial(9)`: issued by the AS exchange.
    pub const INITIAL: Self = Self::bit(9);
    /// `pre-authent(10)`.
    pub const PRE_AUTHENT: Self = Self::bit(10);
    /// `hw-authent(11)`.
    pub const HW_AUTHENT: Self = Self::bit(11);
    /// `transited-policy-checked(12)`: a KDC has checked the realms in between.
    pub const TRANSITED_POLICY_CHECKED: Self = Self::bit(12);
    /// `ok-as-delegate(13)`.
    pub const OK_AS_DELEGATE: Self = Self::bit(13);
    /// `anonymous(16)` (RFC 8062).
    pub const ANONYMOUS: Self = Self::bit(16);

    const fn bit(number: u32) -> Self {
        Self(1 << (31 - number))
    }

    /// Both.
    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether all flags of `other` are set.
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

/// `EncTicketPart`: what the issuer tells the service.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct EncTicketPart {
    /// `flags`.
    pub flags: TicketFlags,
    /// `key`: the session key.
    pub key: EncryptionKey,
    /// `crealm` and `cname`.
    pub client: Principal,
    /// `transited`.
    pub transited: TransitedEncoding,
    /// `authtime`, in seconds since 1970 as the other times.
    pub authtime: u64,
    /// `starttime`; the same as `authtime` where there is none.
    pub starttime: Option<u64>,
    /// `endtime`.
    pub endtime: u64,
    /// `renew-till`.
    pub renew_till: Option<u64>,
    /// `caddr`: the addresses that the ticket may be used from; any where there are none.
    pub caddr: Option<Vec<HostAddress>>,
    /// `authorization-data`.
    pub authorization_data: Option<AuthorizationData>,
}

impl Asn1 for EncTicketPart {
    const NAME: &'static str = "EncTicketPart";

    fn read(element: Element<'_>) -> Result<Self> {
        let mut fields = Fields::of_application(Self::NAME, 3, element)?;
        let part = Self {
            flags: TicketFlags(fields.required(0, "flags", flags)?),
            key: fields.required(1, "key", nested)?,
            client: principal(Self::NAME, &mut fields, 2, ["crealm", "cname"])?,
            transited: fields.required(4, "transited", nested)?,
            authtime: fields.required(5, "authtime", time)?,
            starttime: fields.optional(6, time)?,
            endtime: fields.required(7, "endtime", time)?,
            renew_till: fields.optional(8, time)?,
            caddr: fields.optional(9, list(nested))?,
            authorization_data: fields.optional(10, nested)?,
        };
        fields.end()?;
        Ok(part)
    }

    fn node(&self) -> Node<'_> {
        Node::application(
            3,
            [
                (0, Some(Node::flags(self.flags.0))),
                (1, Some(self.key.node())),
                (2, Some(realm_node(self.client.realm()))),
                (3, Some(self.client.name().node())),
                (4, Some(self.transited.node())),
                (5, Some(Node::time(self.authtime))),
                (6, self.starttime.map(Node::time)),
                (7, Some(Node::time(self.endtime))),
                (8, self.renew_till.map(Node::time)),
                (9, self.caddr.as_ref().map(|addresses| Node::list(addresses.iter().map(Asn1::node)))),
                (10, self.authorization_data.as_ref().map(Asn1::node)),
            ],
        )
    }
}
