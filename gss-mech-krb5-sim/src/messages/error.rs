//! KRB-ERROR (RFC 4120 section 5.9.1): why the peer refused. Nothing protects it: it is news, not evidence.

use super::der::{Asn1, Element, Fields, Node, int32, microseconds, nested, octets, string, time};
use super::parts::{check_head, principal, realm, realm_node, version_node};
use super::{MessageError, Timestamp};
use crate::principal::{Principal, PrincipalName, Realm};

const KRB_ERROR: i32 = 30;

/// The error codes that an AP exchange has a use for (RFC 4120 section 7.5.9).
pub mod error_code {
    /// `KDC_ERR_ETYPE_NOSUPP`: the encryption type is not supported.
    pub const ETYPE_NOSUPP: i32 = 14;
    /// `KDC_ERR_PATH_NOT_ACCEPTED`: the realms between client and service are not trusted.
    pub const PATH_NOT_ACCEPTED: i32 = 28;
    /// `KRB_AP_ERR_BAD_INTEGRITY`: decryption failed.
    pub const BAD_INTEGRITY: i32 = 31;
    /// `KRB_AP_ERR_TKT_EXPIRED`.
    pub const TKT_EXPIRED: i32 = 32;
    /// `KRB_AP_ERR_TKT_NYV`: the ticket is not yet valid.
    pub const TKT_NYV: i32 = 33;
    /// `KRB_AP_ERR_REPEAT`: a replay.
    pub const REPEAT: i32 = 34;
    /// `KRB_AP_ERR_NOT_US`: the ticket is for another service.
    pub const NOT_US: i32 = 35;
    /// `KRB_AP_ERR_BADMATCH`: ticket and authenticator name different clients.
    pub const BADMATCH: i32 = 36;
    /// `KRB_AP_ERR_SKEW`: the clocks differ too much.
    pub const SKEW: i32 = 37;
    /// `KRB_AP_ERR_BADADDR`.
    pub const BADADDR: i32 = 38;
    /// `KRB_AP_ERR_BADVERSION`.
    pub const BADVERSION: i32 = 39;
    /// `KRB_AP_ERR_MSG_TYPE`.
    pub const MSG_TYPE: i32 = 40;
    /// `KRB_AP_ERR_MODIFIED`.
    pub const MODIFIED: i32 = 41;
    /// `KRB_AP_ERR_BADKEYVER`: no key of this version.
    pub const BADKEYVER: i32 = 44;
    /// `KRB_AP_ERR_NOKEY`: no key for this service.
    pub const NOKEY: i32 = 45;
    /// `KRB_AP_ERR_MUT_FAIL`: mutual authentication failed.
    pub const MUT_FAIL: i32 = 46;
    /// `KRB_AP_ERR_INAPP_CKSUM`: the checksum type is not fit for its use.
    pub const INAPP_CKSUM: i32 = 50;
    /// `KRB_ERR_GENERIC`: see the text.
    pub const GENERIC: i32 = 60;
}

/// `KRB-ERROR`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KrbError {
    /// `ctime`: the initiator's clock, in seconds since 1970.
    pub ctime: Option<u64>,
    /// `cusec`: its microseconds.
    pub cusec: Option<u32>,
    /// `stime` and `susec`: the sender's clock. Missing microseconds count as 0.
    pub time: Timestamp,
    /// `error-code`, one of [`error_code`] or another.
    pub code: i32,
    /// `crealm`.
    pub crealm: Option<Realm>,
    /// `cname`.
    pub cname: Option<PrincipalName>,
    /// `realm` and `sname`: the service.
    pub service: Principal,
    /// `e-text`: for people, as octets from a stranger.
    pub text: Option<Vec<u8>>,
    /// `e-data`.
    pub data: Option<Vec<u8>>,
}

impl Asn1 for KrbError {
    const NAME: &'static str = "KRB-ERROR";

    fn read(element: Element<'_>) -> Result<Self, MessageError> {
        let mut fields = Fields::of_application(Self::NAME, 30, element)?;
        check_head(Self::NAME, &mut fields, KRB_ERROR)?;
        let (ctime, cusec) = (fields.optional(2, time)?, fields.optional(3, microseconds)?);
        let seconds = fields.required(4, "stime", time)?;
        let micros = fields.optional(5, microseconds)?.unwrap_or(0);
        let error = Self {
            ctime,
            cusec,
            time: Timestamp { seconds, micros },
            code: fields.required(6, "error-code", int32)?,
            crealm: fields.optional(7, realm)?,
            cname: fields.optional(8, nested)?,
            service: principal(Self::NAME, &mut fields, 9, ["realm", "sname"])?,
            text: fields.optional(11, string)?.map(<[u8]>::to_vec),
            data: fields.optional(12, octets)?,
        };
        fields.end()?;
        Ok(error)
    }

    fn node(&self) -> Node<'_> {
        Node::application(
            30,
            [
                (0, version_node()),
                (1, Some(Node::integer(KRB_ERROR))),
                (2, self.ctime.map(Node::time)),
                (3, self.cusec.map(Node::microseconds)),
                (4, Some(Node::time(self.time.seconds))),
                (5, Some(Node::microseconds(self.time.micros))),
                (6, Some(Node::integer(self.code))),
                (7, self.crealm.as_ref().map(realm_node)),
                (8, self.cname.as_ref().map(Asn1::node)),
                (9, Some(realm_node(self.service.realm()))),
                (10, Some(self.service.name().node())),
                (11, self.text.as_deref().map(Node::string)),
                (12, self.data.as_deref().map(Node::octets)),
            ],
        )
    }
}
