//! KRB-CRED (RFC 4120 section 5.8.1): credentials that the initiator delegates. Only what is outside the encryption.

use super::der::{Asn1, Element, Fields, Node, list, nested};
use super::parts::{check_head, version_node};
use super::{EncryptedData, MessageError, Ticket};

const KRB_CRED: i32 = 22;

/// `KRB-CRED`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KrbCred {
    /// `tickets`.
    pub tickets: Vec<Ticket>,
    /// `enc-part`: the keys and names that go with them.
    pub enc_part: EncryptedData,
}

impl Asn1 for KrbCred {
    const NAME: &'static str = "KRB-CRED";

    fn read(element: Element<'_>) -> Result<Self, MessageError> {
        let mut fields = Fields::of_application(Self::NAME, 22, element)?;
        check_head(Self::NAME, &mut fields, KRB_CRED)?;
        let cred = Self {
            tickets: fields.required(2, "tickets", list(nested))?,
            enc_part: fields.required(3, "enc-part", nested)?,
        };
        fields.end()?;
        Ok(cred)
    }

    fn node(&self) -> Node<'_> {
        Node::application(
            22,
            [
                (0, version_node()),
                (1, Some(Node::integer(KRB_CRED))),
                (2, Some(Node::list(self.tickets.iter().map(Asn1::node)))),
                (3, Some(self.enc_part.node())),
            ],
        )
    }
}
