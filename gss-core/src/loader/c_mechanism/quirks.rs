//! Faults of existing mechanisms that can be gone round, by OID. Each stands in docs/c-mechanisms.md.

use crate::framing::{NTLMSSP, SPNEGO};
use gss_plugin_abi::Oid;

/// IAKERB.
const IAKERB: Oid = Oid::from_static(b"\x2b\x06\x01\x05\x02\x05");
/// EAP: the arc under which each encryption type has its own OID (RFC 7055).
const EAP: &[u8] = b"\x2b\x06\x01\x05\x05\x0f\x01\x01";

/// Which half-built contexts a mechanism can export.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum HalfBuilt {
    /// As far as is known, all.
    All,
    /// The acceptor's.
    Acceptors,
    /// None.
    None,
}

/// What to mind with a mechanism.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Quirks {
    /// NTLMSSP 1.2.0 crashes when an acceptor's context is asked for its target, which it does not have.
    pub(super) acceptors_have_no_target: bool,
    /// It gives an acceptor's credential that was not asked for by name one whose display crashes.
    pub(super) acceptors_have_no_name: bool,
    /// NTLMSSP counts the NUL at the end of a displayed name.
    pub(super) names_end_in_nul: bool,
    /// NTLMSSP says 0 for the lifetime of a live context; its `gss_context_time` knows better.
    pub(super) lifetime_zero_is_unknown: bool,
    /// `gss_unwrap` leaves its input as it was. EAP decrypts parts of it in place, and of a mechanism that is not known
    /// nothing else can be assumed.
    pub(super) unwrap_keeps_input: bool,
    /// What cannot be exported is not offered for export.
    pub(super) half_built: HalfBuilt,
}

impl Quirks {
    /// Those of the mechanism with this OID.
    pub(super) fn of(oid: &Oid, in_mit: bool) -> Self {
        let ntlmssp = *oid == NTLMSSP;
        let half_built = if in_mit && (*oid == SPNEGO || *oid == IAKERB) {
            HalfBuilt::None
        } else if oid.as_bytes().starts_with(EAP) {
            HalfBuilt::Acceptors
        } else {
            HalfBuilt::All
        };
        Self {
            acceptors_have_no_target: ntlmssp,
            acceptors_have_no_name: ntlmssp,
            names_end_in_nul: ntlmssp,
            lifetime_zero_is_unknown: ntlmssp,
            unwrap_keeps_input: ntlmssp || in_mit,
            half_built,
        }
    }
}
