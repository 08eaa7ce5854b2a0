//! The mechanism's minor status codes: each stands for one cause, with its major status and a text.

use gss_plugin::{Major, MechError};

macro_rules! minors {
    ($($name:ident = $code:literal, $major:ident, $text:literal;)*) => {
        /// A cause. The number is the minor status.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        #[repr(u32)]
        pub enum Minor {
            $(
                #[doc = concat!("`", stringify!($major), "`: ", $text, ".")]
                $name = $code,
            )*
        }

        impl Minor {
            /// The cause of a minor status.
            pub fn from_code(code: u32) -> Option<Self> {
                match code {
                    $($code => Some(Self::$name),)*
                    _ => None,
                }
            }

            /// The major status that goes with it.
            pub fn major(self) -> Major {
                match self {
                    $(Self::$name => Major::$major,)*
                }
            }

            /// The text for people.
            pub fn text(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                }
            }
        }
    };
}

minors! {
    NameText = 1, BAD_NAME, "a name is empty, longer than 1024 bytes, or has a NUL byte";
    ServiceName = 2, BAD_NAME, "a host-based service is written service@host, or service alone";
    UserId = 3, BAD_NAME, "a user id is a decimal number below 2^32";
    ExportedName = 4, BAD_NAME, "the exported name was not made by this mechanism";
    NameType = 5, BAD_NAMETYPE, "the mechanism has user, user id, host-based service and anonymous names";
    UnknownAttribute = 6, UNAVAILABLE, "the name has no such attribute";
    AttributeText = 7, FAILURE, "an attribute without a name, or more attributes than the 64 KiB that fit into a name";
    AttributePosition = 8, FAILURE, "the attribute has no such value: begin with -1, go on with what came back";
    NoLocalName = 9, UNAVAILABLE, "only a user name stands for a local user";
    NotThatUser = 10, UNAUTHORIZED, "the name is not that of the local user";
    Password = 11, NO_CRED, "an empty password";
    OtherName = 12, NO_CRED, "the credential store names another identity than the caller";
    NoImpersonation = 13, NO_CRED, "impersonation needs a name, and a credential that can initiate";
    MissingHalf = 14, NO_CRED, "the credential was not acquired for this usage";
    StoredAlready = 15, DUPLICATE_ELEMENT, "a credential of that name is stored already";
    CredentialExpired = 16, CREDENTIALS_EXPIRED, "the credential has expired";
    CredentialToken = 17, DEFECTIVE_TOKEN, "the token is no credential that this mechanism exported";
    NoSuchOption = 18, UNAVAILABLE, "the mechanism has no such option, inquiry or operation";
    OptionValue = 19, FAILURE, "the option's value has a wrong length";
    HandshakeToken = 20, DEFECTIVE_TOKEN, "the token is not the one that this leg of the handshake expects";
    Bindings = 21, BAD_BINDINGS, "initiator and acceptor have different channel bindings";
    OtherTarget = 22, NO_CRED, "the initiator wants another acceptor than the credential's";
    Role = 23, FAILURE, "an initiator's context was used as an acceptor, or the other way round";
    Established = 24, FAILURE, "the context is established: there are no further legs";
    NotEstablished = 25, NO_CONTEXT, "the context is not established, or the peer has closed it";
    Expired = 26, CONTEXT_EXPIRED, "the context has expired";
    Qop = 27, BAD_QOP, "the only quality of protection is 0";
    MessageToken = 28, DEFECTIVE_TOKEN, "the token is no message token of this kind";
    Checksum = 29, BAD_MIC, "the checksum differs: the message was altered, or belongs elsewhere";
    Pieces = 30, FAILURE, "a message in pieces has one header, or one stream and one data element";
    HeaderRoom = 31, FAILURE, "the header element has less room than the 18 bytes that a header needs";
    State = 32, DEFECTIVE_TOKEN, "the bytes are no context that this mechanism serialized";
    Leftover = 33, DEFECTIVE_TOKEN, "bytes were left over where the handshake has none";
    Refused = 34, FAILURE, "the peer refused the handshake";
    NameForm = 35, UNAVAILABLE, "the name has no such form";
}

impl Minor {
    /// The answer of a call that fails for this cause.
    #[cold]
    pub(crate) fn error(self) -> MechError {
        MechError::new(self.major(), self.text()).minor(self as u32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_leads_back_to_its_cause() {
        for code in 1..=35 {
            let minor = Minor::from_code(code).unwrap();
            let error = minor.error();
            assert!(error.major.is_error());
            assert_eq!((error.minor, error.text.as_str()), (code, minor.text()));
        }
        assert_eq!(Minor::from_code(0), None);
        assert_eq!(Minor::from_code(36), None);
    }
}
