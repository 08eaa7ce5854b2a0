//! The SASL names of mechanisms that have none of their own (RFC 5801 section 3.1).

use crate::framing;
use gss_plugin_abi::Oid;
use sha1::{Digest as _, Sha1};

const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// The name that RFC 5801 section 3.1 makes from an OID: `GS2-` and 55 bits of a SHA-1 in base 32.
pub fn gs2_name(mechanism: &Oid) -> String {
    let digest = Sha1::digest(framing::der_of(mechanism));
    let bits = digest.iter().take(8).fold(0_u64, |bits, octet| (bits << 8) | u64::from(*octet));
    let letter = |index: u32| char::from(BASE32[((bits >> (59 - 5 * index)) & 0x1f) as usize]);
    ["GS2-".to_owned(), (0..11).map(letter).collect()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_rfc_5801() {
        for (oid, name) in [("1.3.6.1.5.5.1.1", "GS2-DT4PIK22T6A"), ("1.2.840.113554.1.2.2", "GS2-QLJHGJLWNPL")] {
            assert_eq!(gs2_name(&oid.parse().unwrap()), name);
        }
    }
}
