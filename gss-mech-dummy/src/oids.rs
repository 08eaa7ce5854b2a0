//! The mechanism's own object identifiers: options, inquiries and operations, numbered under its arc.

use gss_plugin::Oid;

/// 1.3.6.1.4.1.42.2.26.1.2, the OID that the mechanism has unless its line in the config gives another.
pub const MECHANISM: Oid = Oid::from_static(b"\x2b\x06\x01\x04\x01\x2a\x02\x1a\x01\x02");

macro_rules! own {
    ($($name:ident = ($kind:literal, $number:literal), $text:literal;)*) => {
        $(
            #[doc = concat!("Arc `", stringify!($kind), ".", stringify!($number), "`: ", $text, ".")]
            pub const $name: Oid =
                Oid::from_static(&[0x2b, 0x06, 0x01, 0x04, 0x01, 0x2a, 0x02, 0x1a, 0x01, 0x02, $kind, $number]);
        )*
    };
}

own! {
    CREDENTIAL_LABEL = (1, 1), "credential option and inquiry: a label of at most 1024 bytes";
    CREDENTIAL_FOR_USER = (1, 2), "option on no credential: makes one for the user that is named";
    CREDENTIAL_IMPERSONATOR = (1, 3), "credential inquiry: who acts for the name, or nothing";
    CONTEXT_LABEL = (2, 1), "context option and inquiry: a label of at most 1024 bytes";
    CONTEXT_LIFETIME = (2, 2), "context option: shortens the lifetime to so many seconds, 4 bytes, big endian";
    CONTEXT_SESSION = (2, 3), "context inquiry: the 16 bytes that both sides know the context by";
    CONTEXT_SEQUENCE = (2, 4), "context inquiry: the numbers of the next message out and in, 8 bytes each, big endian";
    CONTEXT_CLOSE_NOTICE = (2, 5), "context inquiry: a token for the peer's `gss_process_context_token` that ends the context";
    INVOKE_ECHO = (3, 1), "operation: answers its value";
    INVOKE_OPTIONS = (3, 2), "operation: answers the options in force, as text";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_oids_lie_under_the_mechanism() {
        assert_eq!(MECHANISM.to_string(), "1.3.6.1.4.1.42.2.26.1.2");
        assert_eq!(CONTEXT_CLOSE_NOTICE.to_string(), "1.3.6.1.4.1.42.2.26.1.2.2.5");
    }
}
