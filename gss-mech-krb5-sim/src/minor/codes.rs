//! Kerberos' own error codes (RFC 4120 section 7.5.9) and the numbers that MIT and Heimdal make of them, with a few words
//! on each.

use crate::messages::error_code;

/// `ERROR_TABLE_BASE_krb5`, -1765328384: protocol codes are added to it (RFC 4120 section 7.5.9), library codes from 128
/// on as well.
pub const KRB5_BASE: u32 = 0x96c7_3a00;

/// `KRB5_PARSE_MALFORMED`.
pub(super) const PARSE_MALFORMED: i32 = 134;
/// `KRB5_KT_NOTFOUND`.
pub(super) const KT_NOTFOUND: i32 = 181;
/// `KRB5_KT_IOERR`.
pub(super) const KT_IOERR: i32 = 184;
/// `KRB5_RC_IO`.
pub(super) const RC_IO: i32 = 164;
/// `KDC_ERR_C_PRINCIPAL_UNKNOWN`.
pub(super) const CLIENT_UNKNOWN: i32 = 6;
/// `KDC_ERR_S_PRINCIPAL_UNKNOWN`.
pub(super) const SERVICE_UNKNOWN: i32 = 7;
/// `KDC_ERR_PREAUTH_FAILED`.
pub(super) const PREAUTH_FAILED: i32 = 24;
/// `KDC_ERR_POLICY`.
pub(super) const POLICY: i32 = 12;
/// `KRB_AP_ERR_NO_TGT`.
pub(super) const NO_TGT: i32 = 67;

/// The minor status of a Kerberos code.
pub const fn kerberos(code: i32) -> u32 {
    KRB5_BASE.wrapping_add_signed(code)
}

/// The words for a Kerberos code, or its number.
pub(super) fn code_text(code: i32) -> String {
    CODES
        .iter()
        .find(|(known, _)| *known == code)
        .map_or_else(|| format!("error {code}"), |(_, text)| (*text).to_owned())
}

pub(super) const CODES: &[(i32, &str)] = &[
    (CLIENT_UNKNOWN, "the client is not known"),
    (SERVICE_UNKNOWN, "the service is not known"),
    (POLICY, "policy does not allow it"),
    (error_code::ETYPE_NOSUPP, "the encryption type is not supported"),
    (PREAUTH_FAILED, "the password is wrong"),
    (error_code::PATH_NOT_ACCEPTED, "the realms in between are not trusted"),
    (error_code::BAD_INTEGRITY, "decryption failed: altered, or another key"),
    (error_code::TKT_EXPIRED, "the ticket has expired"),
    (error_code::TKT_NYV, "the ticket is not yet valid"),
    (error_code::REPEAT, "the token is a replay"),
    (error_code::NOT_US, "the ticket is for another service"),
    (error_code::BADMATCH, "ticket and authenticator name different clients"),
    (error_code::SKEW, "the clocks differ too much"),
    (error_code::BADADDR, "the address is not one of the ticket's"),
    (error_code::BADVERSION, "the protocol version is not 5"),
    (error_code::MSG_TYPE, "the message is of another type than is due"),
    (error_code::MODIFIED, "the message was modified"),
    (error_code::BADKEYVER, "no key of this version"),
    (error_code::NOKEY, "no key for the service"),
    (error_code::MUT_FAIL, "mutual authentication failed"),
    (error_code::INAPP_CKSUM, "the checksum's type does not fit its use"),
    (error_code::GENERIC, "failure without a code of its own"),
    (NO_TGT, "the acceptor has no ticket-granting ticket"),
    (PARSE_MALFORMED, "the name is malformed"),
    (RC_IO, "the replay cache cannot be used"),
    (KT_NOTFOUND, "the keytab has no such key"),
    (KT_IOERR, "the keytab cannot be read"),
];
