//! Mechanisms: which there are, what they say of themselves, their SASL names (RFC 2744 section 5.18, RFC 5587,
//! RFC 5801).

use crate::boundary::*;
use crate::memory::MallocBuf;
use gss_core::{Error, Major, Mechanism, Oid, attr, gs2_name};
use std::sync::Arc;

/// `gss_indicate_mechs` (RFC 2744 section 5.18). Opens nothing.
pub(crate) fn indicate(mut mechanisms: OidSetOut) -> Outcome {
    mechanisms.required()?;
    mechanisms.put(&switch().indicate_mechanisms())?;
    COMPLETE
}

/// A mechanism, the default one for `GSS_C_NO_OID`.
fn named(mechanism: &OidIn) -> Partial<Arc<Mechanism>> {
    let oid = match mechanism.optional(Major::BAD_MECH)? {
        Some(oid) => oid.clone(),
        None => switch().default_mechanism()?,
    };
    Ok(switch().mechanism(&oid)?)
}

/// The attributes that a mechanism knows of: all of RFC 5587 unless it says otherwise.
fn known_attributes(own: &[Oid]) -> Vec<Oid> {
    if own.is_empty() { attr::ALL.iter().map(|(oid, ..)| oid.clone()).collect() } else { own.to_vec() }
}

/// `gss_indicate_mechs_by_attrs` (RFC 5587 section 3.4): the mechanisms that have all of the first attributes, none
/// of the second, and know all of the third. Mechanisms that do not load have none and are left out; deprecated ones
/// are indicated only if that is what is asked for.
pub(crate) fn indicate_by_attributes(
    desired: OidSetIn,
    except: OidSetIn,
    critical: OidSetIn,
    mut mechanisms: OidSetOut,
) -> Outcome {
    mechanisms.required()?;
    let desired = desired.optional(Major::FAILURE)?.unwrap_or_default();
    let except = except.optional(Major::FAILURE)?.unwrap_or_default();
    let critical = critical.optional(Major::FAILURE)?.unwrap_or_default();
    let fits = |mechanism: &Arc<Mechanism>| {
        let Ok(description) = mechanism.description() else { return false };
        let known = known_attributes(&description.known_attributes);
        let has = |attribute: &Oid| description.attributes.contains(attribute);
        desired.iter().all(has)
            && !except.iter().any(has)
            && critical.iter().all(|attribute| known.contains(attribute))
            && (!has(&attr::DEPRECATED) || desired.contains(&attr::DEPRECATED))
    };
    let found: Vec<Oid> = switch()
        .mechanisms()
        .iter()
        .filter(|mechanism| fits(mechanism))
        .map(|mechanism| mechanism.line().oid.clone())
        .collect();
    mechanisms.put(&found)?;
    COMPLETE
}

/// `gss_inquire_attrs_for_mech` (RFC 5587 section 3.4).
pub(crate) fn inquire_attributes(mechanism: OidIn, mut attributes: OidSetOut, mut known: OidSetOut) -> Outcome {
    let mechanism = named(&mechanism)?;
    let description = mechanism.description()?;
    attributes.put(&description.attributes)?;
    if let Err(failure) = known.put(&known_attributes(&description.known_attributes)) {
        attributes.take_back();
        return Err(failure);
    }
    COMPLETE
}

/// The SASL name of a mechanism: its own, or the one that RFC 5801 makes from its OID.
fn sasl_name(mechanism: &Mechanism) -> Result<String, Error> {
    let own = &mechanism.description()?.sasl_name;
    Ok(if own.is_empty() { gs2_name(&mechanism.line().oid) } else { own.clone() })
}

/// `gss_inquire_saslname_for_mech` (RFC 5801 section 10).
pub(crate) fn inquire_sasl_name(
    mechanism: OidIn,
    mut sasl: BufferOut,
    mut name: BufferOut,
    mut description: BufferOut,
) -> Outcome {
    let mechanism = named(&mechanism)?;
    let said = mechanism.description()?;
    BufferOut::put_all([
        (&mut sasl, sasl_name(&mechanism)?.as_bytes()),
        (&mut name, said.display_name.as_bytes()),
        (&mut description, said.summary.as_bytes()),
    ])?;
    COMPLETE
}

/// `gss_inquire_mech_for_saslname` (RFC 5801 section 11). Mechanisms are asked in the order of preference; one that
/// does not load has no name.
pub(crate) fn inquire_by_sasl_name(sasl: BytesIn<'_>, mut mechanism: OidOut) -> Outcome {
    let wanted = sasl.required(Major::BAD_MECH)?;
    let is_it = |mechanism: &&Arc<Mechanism>| sasl_name(mechanism).is_ok_and(|name| name.as_bytes() == wanted);
    let mechanisms = switch().mechanisms();
    let found = mechanisms.iter().find(is_it).ok_or(Failure::Call(Major::BAD_MECH))?;
    mechanism.put(&found.line().oid);
    COMPLETE
}

/// `gssspi_mech_invoke` (gssapi_ext.h): runs a mechanism's own operation. Where it answers with bytes, they take the
/// place of the caller's, for the caller to release; what was in the buffer remains the caller's.
pub(crate) fn invoke(mechanism: OidIn, operation: OidIn, mut value: BufferInOut<'_>) -> Outcome {
    let operation = operation.required(Major::COMPLETE)?;
    let mechanism = named(&mechanism)?;
    let answer = switch().invoke(&mechanism.line().oid, operation, value.bytes()?)?;
    if !answer.is_empty() {
        value.give(MallocBuf::copy_of(&answer).ok_or_else(|| out_of_memory("an output buffer"))?);
    }
    COMPLETE
}
