//! The AP exchange (RFC 4120 sections 5.5.1 and 5.5.2).

use super::der::{Asn1, Element, Fields, Node, flags, int32, microseconds, nested, time, uint32};
use super::parts::{check_head, check_version, principal, realm_node, version_node};
use super::{AuthorizationData, Checksum, EncryptedData, EncryptionKey, MessageError, Ticket, Timestamp};
use crate::principal::Principal;

type Result<T> = std::result::Result<T, MessageError>;

const AP_REQ: i32 = 14;
const AP_REP: i32 = 15;

/// `APOptions`. Bit 0 of the RFC is the highest one. Reserved bits may be set, and nothing protects any of them.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct ApOptions(pub u32);

impl ApOptions {
    /// `use-session-key(1)`: the ticket is under the session key of the acceptor's own ticket.
    pub const USE_SESSION_KEY: Self = Self(1 << 30);
    /// `mutual-required(2)`: the initiator wants an AP-REP.
    pub const MUTUAL_REQUIRED: Self = Self(1 << 29);

    /// Whether all options of `other` are set.
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

/// `AP-REQ`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ApReq {
    /// `ap-options`.
    pub options: ApOptions,
    /// `ticket`.
    pub ticket: Ticket,
    /// The [`Authenticator`], under the ticket's session key.
    pub authenticator: EncryptedData,
}

impl Asn1 for ApReq {
    const NAME: &'static str = "AP-REQ";

    fn read(element: Element<'_>) -> Result<Self> {
        let mut fields = Fields::of_application(Self::NAME, 14, element)?;
        check_head(Self::NAME, &mut fields, AP_REQ)?;
        let request = Self {
            options: ApOptions(fields.required(2, "ap-options", flags)?),
            ticket: fields.required(3, "ticket", nested)?,
            authenticator: fields.required(4, "authenticator", nested)?,
        };
        fields.end()?;
        Ok(request)
    }

    fn node(&self) -> Node<'_> {
        Node::application(
            14,
            [
                (0, version_node()),
                (1, Some(Node::integer(AP_REQ))),
                (2, Some(Node::flags(self.options.0))),
                (3, Some(self.ticket.node())),
                (4, Some(self.authenticator.node())),
            ],
        )
    }
}

/// `Authenticator`: what shows that the initiator knows the session key.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Authenticator {
    /// `crealm` and `cname`: the client, as in the ticket.
    pub client: Principal,
    /// `cksum`: for a GSS-API context see [`crate::token::GssChecksum`].
    pub cksum: Option<Checksum>,
    /// `ctime` and `cusec`: the initiator's clock. Missing microseconds count as 0.
    pub time: Timestamp,
    /// `subkey`: the initiator's choice of a key for this context.
    pub subkey: Option<EncryptionKey>,
    /// `seq-number`: of the initiator's first message.
    pub seq_number: Option<u32>,
    /// `authorization-data`.
    pub authorization_data: Option<AuthorizationData>,
}

impl Asn1 for Authenticator {
    const NAME: &'static str = "Authenticator";

    fn read(element: Element<'_>) -> Result<Self> {
        let mut fields = Fields::of_application(Self::NAME, 2, element)?;
        check_version(Self::NAME, fields.required(0, "authenticator-vno", int32)?)?;
        let client = principal(Self::NAME, &mut fields, 1, ["crealm", "cname"])?;
        let cksum = fields.optional(3, nested)?;
        let micros = fields.optional(4, microseconds)?.unwrap_or(0);
        let authenticator = Self {
            client,
            cksum,
            time: Timestamp { seconds: fields.required(5, "ctime", time)?, micros },
            subkey: fields.optional(6, nested)?,
            seq_number: fields.optional(7, uint32)?,
            authorization_data: fields.optional(8, nested)?,
        };
        fields.end()?;
        Ok(authenticator)
    }

    fn node(&self) -> Node<'_> {
        Node::application(
            2,
            [
                (0, version_node()),
                (1, Some(realm_node(self.client.realm()))),
                (2, Some(self.client.name().node())),
                (3, self.cksum.as_ref().map(Asn1::node)),
                (4, Some(Node::microseconds(self.time.micros))),
                (5, Some(Node::time(self.time.seconds))),
                (6, self.subkey.as_ref().map(Asn1::node)),
                (7, self.seq_number.map(Node::integer)),
                (8, self.authorization_data.as_ref().map(Asn1::node)),
            ],
        )
    }
}

/// `AP-REP`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ApRep {
    /// The [`EncApRepPart`], under the ticket's session key.
    pub enc_part: EncryptedData,
}

impl Asn1 for ApRep {
    const NAME: &'static str = "AP-REP";

    fn read(element: Element<'_>) -> Result<Self> {
        let mut fields = Fields::of_application(Self::NAME, 15, element)?;
        check_head(Self::NAME, &mut fields, AP_REP)?;
        let reply = Self { enc_part: fields.required(2, "enc-part", nested)? };
        fields.end()?;
        Ok(reply)
    }

    fn node(&self) -> Node<'_> {
        Node::application(15, [(0, version_node()), (1, Some(Node::integer(AP_REP))), (2, Some(self.enc_part.node()))])
    }
}

/// `EncAPRepPart`: what shows that the acceptor could read the authenticator.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct EncApRepPart {
    /// `ctime` and `cusec`: those of the authenticator.
    pub time: Timestamp,
    /// `subkey`: the acceptor's choice of a key for this context.
    pub subkey: Option<EncryptionKey>,
    /// `seq-number`: of the acceptor's first message.
    pub seq_number: Option<u32>,
}

impl Asn1 for EncApRepPart {
    const NAME: &'static str = "EncAPRepPart";

    fn read(element: Element<'_>) -> Result<Self> {
        let mut fields = Fields::of_application(Self::NAME, 27, element)?;
        let seconds = fields.required(0, "ctime", time)?;
        let micros = fields.required(1, "cusec", microseconds)?;
        let part = Self {
            time: Timestamp { seconds, micros },
            subkey: fields.optional(2, nested)?,
            seq_number: fields.optional(3, uint32)?,
        };
        fields.end()?;
        Ok(part)
    }

    fn node(&self) -> Node<'_> {
        Node::application(
            27,
            [
                (0, Some(Node::time(self.time.seconds))),
                (1, Some(Node::microseconds(self.time.micros))),
                (2, self.subkey.as_ref().map(Asn1::node)),
                (3, self.seq_number.map(Node::integer)),
            ],
        )
    }
}
