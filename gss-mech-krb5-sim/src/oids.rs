//! The object identifiers that the mechanism knows.

use gss_plugin::Oid;

/// The mechanism's own OID, the one in the shipped `plugins.conf`: 2.25.333408798203062771534613329954957484479, from a
/// random UUID (ITU-T X.667). It is a default only: the OID in use is that of the config line.
pub const MECHANISM: Oid = Oid::from_static(&[
    0x69, 0x83, 0xf5, 0xd4, 0x99, 0xb9, 0xb7, 0xef, 0x92, 0x86, 0x9d, 0xbe, 0x8b, 0x98, 0xfa, 0x94, 0xde, 0xc3, 0xc3,
    0x3f,
]);

/// That of Kerberos 5 (RFC 4121 section 1): 1.2.840.113554.1.2.2. Configured under it, the mechanism talks to others.
pub const KERBEROS: Oid = Oid::from_static(b"\x2a\x86\x48\x86\xf7\x12\x01\x02\x02");

/// `GSS_KRB5_NT_PRINCIPAL_NAME` (RFC 1964 section 2.1.1): the printed form of a principal.
pub const PRINCIPAL_NAME: Oid = Oid::from_static(b"\x2a\x86\x48\x86\xf7\x12\x01\x02\x02\x01");

/// `GSS_KRB5_NT_ENTERPRISE_NAME`: one component that may hold `@`, and a realm.
pub const ENTERPRISE_NAME: Oid = Oid::from_static(b"\x2a\x86\x48\x86\xf7\x12\x01\x02\x02\x06");

/// `GSS_KRB5_GET_TKT_FLAGS`: the ticket's flags, 4 bytes in the host's order.
pub const TICKET_FLAGS: Oid = Oid::from_static(b"\x2a\x86\x48\x86\xf7\x12\x01\x02\x02\x05\x01");

/// `GSS_C_INQ_SSPI_SESSION_KEY`: the context's key, and its encryption type as an OID.
pub const SESSION_KEY: Oid = Oid::from_static(b"\x2a\x86\x48\x86\xf7\x12\x01\x02\x02\x05\x05");

/// `GSS_KRB5_EXTRACT_AUTHTIME_FROM_SEC_CONTEXT`: when the client was authenticated, 4 bytes in the host's order.
pub const AUTH_TIME: Oid = Oid::from_static(b"\x2a\x86\x48\x86\xf7\x12\x01\x02\x02\x05\x0c");

/// `GSS_C_SEC_CONTEXT_SASL_SSF`: the strength of the context's encryption in bits, 4 bytes, big endian.
pub const SASL_SSF: Oid = Oid::from_static(b"\x2a\x86\x48\x86\xf7\x12\x01\x02\x02\x05\x0f");

/// `GSS_KRB5_SESSION_KEY_ENCTYPE_OID`: the encryption type follows as one more arc.
pub(crate) const SESSION_KEY_ENCTYPE: &[u8] = b"\x2a\x86\x48\x86\xf7\x12\x01\x02\x02\x04";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constants_are_the_numbers_that_they_stand_for() {
        for (oid, text) in [
            (MECHANISM, "2.25.333408798203062771534613329954957484479"),
            (KERBEROS, "1.2.840.113554.1.2.2"),
            (PRINCIPAL_NAME, "1.2.840.113554.1.2.2.1"),
            (ENTERPRISE_NAME, "1.2.840.113554.1.2.2.6"),
            (TICKET_FLAGS, "1.2.840.113554.1.2.2.5.1"),
            (SESSION_KEY, "1.2.840.113554.1.2.2.5.5"),
            (AUTH_TIME, "1.2.840.113554.1.2.2.5.12"),
            (SASL_SSF, "1.2.840.113554.1.2.2.5.15"),
        ] {
            assert_eq!(text.parse::<Oid>().unwrap(), oid, "{text}");
        }
    }
}
