//! Options and inquiries of credentials, by OID, and what a negotiating mechanism may offer.

use crate::boundary::*;
use gss_core::{Error, Major};

/// `gss_set_cred_option`. Without a credential, mechanisms that know the option make one from it.
pub(crate) fn set(mut variable: HandleVariable, option: OidIn, value: BytesIn<'_>) -> Outcome {
    variable.required(Major::CALL_INACCESSIBLE_WRITE)?;
    let option = option.required(Major::COMPLETE)?;
    let value = value.or_empty()?;
    if variable.value().is_null() {
        let credential = switch().credential_from_option(option, value).map_err(|error| match error {
            Error::NoCredential => Failure::Call(Major::UNAVAILABLE),
            other => other.into(),
        })?;
        variable.put_credential(credential)?;
    } else {
        let credential = variable.credential().required()?.clone();
        credential.set_option(option, value)?;
    }
    COMPLETE
}

/// `gss_inquire_cred_by_oid`.
pub(crate) fn inquire(credential: CredentialIn, object: OidIn, mut answers: BufferSetOut) -> Outcome {
    answers.required()?;
    let credential = credential.required()?.clone();
    answers.put(&credential.inquire_by_oid(object.required(Major::COMPLETE)?)?)?;
    COMPLETE
}

/// `gss_set_neg_mechs` (RFC 4178 appendix B.1).
pub(crate) fn set_negotiable(credential: CredentialIn, mechanisms: OidSetIn) -> Outcome {
    let credential = credential.required()?.clone();
    let mechanisms = mechanisms.optional(Major::BAD_MECH)?.ok_or(UNREADABLE)?;
    credential.set_negotiable_mechanisms(mechanisms)?;
    COMPLETE
}
