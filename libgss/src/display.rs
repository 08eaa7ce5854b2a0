//! Status codes and mechanism attributes as text (RFC 2744 section 5.11, RFC 5587 section 3.4).

use crate::boundary::*;
use crate::status;
use gss_core::{Major, Oid, attr};

/// `GSS_C_GSS_CODE`: a major status.
const MAJOR: i32 = 1;
/// `GSS_C_MECH_CODE`: a minor status.
const MINOR: i32 = 2;

/// The texts are the ones that users know from MIT's library.
const COMPLETED: &str = "The routine completed successfully";
const UNKNOWN: &str = "An invalid status code was supplied";
const CALLING: [&str; 3] = [
    "A required input parameter could not be read",
    "A required output parameter could not be written",
    "A parameter was malformed",
];
const ROUTINE: [&str; 19] = [
    "An unsupported mechanism was requested",
    "An invalid name was supplied",
    "A supplied name was of an unsupported type",
    "Incorrect channel bindings were supplied",
    UNKNOWN,
    "A token had an invalid Message Integrity Check (MIC)",
    "No credentials were supplied, or the credentials were unavailable or inaccessible",
    "No context has been established",
    "Invalid token was supplied",
    "Invalid credential was supplied",
    "The referenced credential has expired",
    "The referenced context has expired",
    "Unspecified GSS failure.  Minor code may provide more information",
    "The quality-of-protection (QOP) requested could not be provided",
    "The operation is forbidden by local security policy",
    "The operation or option is not available or unsupported",
    "The requested credential element already exists",
    "The provided name was not mechanism specific (MN)",
    // MIT's library has no text for this one.
    "An unknown mechanism attribute was supplied",
];
const SUPPLEMENTARY: [&str; 5] = [
    "The routine must be called again to complete its function",
    "The token was a duplicate of an earlier token",
    "The token's validity period has expired",
    "A later token has already been processed",
    "An expected per-message token was not received",
];

/// Minor status 0.
const NOTHING_MORE: &str = "No further information";
const NO_TEXT: &str = "The mechanism has no text for this code";

/// The messages of a major status, most important first: at least one.
fn messages(value: u32) -> Vec<&'static str> {
    // A number counts from 1.
    let text = |texts: &[&'static str], number: u32| {
        (number > 0).then(|| texts.get(number as usize - 1).copied().unwrap_or(UNKNOWN))
    };
    let mut messages: Vec<_> =
        [text(&CALLING, value >> 24), text(&ROUTINE, value >> 16 & 0xff)].into_iter().flatten().collect();
    messages.extend((0..16).filter(|bit| value & 1 << bit != 0).filter_map(|bit| text(&SUPPLEMENTARY, bit + 1)));
    if messages.is_empty() {
        messages.push(COMPLETED);
    }
    messages
}

/// `gss_display_status` (RFC 2744 section 5.11).
pub(crate) fn display_status(
    value: u32,
    kind: i32,
    mechanism: OidIn,
    mut message_context: InOut<u32>,
    mut output: BufferOut,
) -> Outcome {
    let given = message_context.required()?;
    // Whatever happens, a caller's loop ends, unless there is a message left.
    message_context.set(0);
    output.required()?;
    match kind {
        MAJOR => {
            // The message context counts the messages that were given.
            let messages = messages(value);
            let message = messages.get(given as usize).ok_or(Failure::Call(Major::BAD_STATUS))?;
            output.put(message.as_bytes())?;
            if messages.len() > given as usize + 1 {
                message_context.set(given + 1);
            }
        }
        MINOR if value == 0 => output.put(NOTHING_MORE.as_bytes())?,
        MINOR => {
            // Some programs pass the OID of another mechanism, or rubbish: the value decides.
            let mechanism = mechanism.optional(Major::BAD_MECH).ok().flatten();
            let text = status::text(value, mechanism).ok_or(Failure::Call(Major::BAD_STATUS))?;
            output.put(if text.is_empty() { NO_TEXT } else { &text }.as_bytes())?;
        }
        _ => return Err(Failure::Call(Major::BAD_STATUS)),
    }
    COMPLETE
}

/// The attributes' names under their arc in RFC 5587, in the order of their numbers.
const ARC_NAMES: [&str; 27] = [
    "concrete-mech",
    "pseudo-mech",
    "composite-mech",
    "mech-negotiation-mech",
    "mech-glue",
    "not-mech",
    "mech-deprecated",
    "mech-not-default",
    "initial-is-framed",
    "auth-init-princ",
    "auth-targ-princ",
    "auth-init-princ-initial",
    "auth-target-princ-initial",
    "auth-init-princ-anon",
    "auth-targ-princ-anon",
    "deleg-cred",
    "integ-prot",
    "conf-prot",
    "mic",
    "wrap",
    "prot-ready",
    "replay-detection",
    "oos-detection",
    "channel-bindings",
    "pfs",
    "compress",
    "context-transfer",
];
const _: () = assert!(ARC_NAMES.len() == attr::ALL.len());

/// `GSS_C_MA_NEGOEX_AND_SPNEGO`, which no RFC has.
const NEGOEX_AND_SPNEGO: Oid = Oid::from_static(b"\x2a\x86\x48\x86\xf7\x12\x01\x02\x02\x05\x12");

/// Name, short and long description of an attribute.
fn attribute(oid: &Oid) -> Option<(String, &'static str, String)> {
    if *oid == NEGOEX_AND_SPNEGO {
        let long = "A NegoEx mechanism that SPNEGO negotiates as well.".to_owned();
        return Some(("GSS_C_MA_NEGOEX_AND_SPNEGO".to_owned(), "negoex-and-spnego", long));
    }
    let ((_, name, text), short) = attr::ALL.iter().zip(ARC_NAMES).find(|((known, _, _), _)| known == oid)?;
    let mut letters = text.chars();
    let capital = letters.next().map(|letter| letter.to_ascii_uppercase());
    Some((format!("GSS_C_MA_{name}"), short, capital.into_iter().chain(letters).chain(['.']).collect()))
}

/// `gss_display_mech_attr` (RFC 5587 section 3.4).
pub(crate) fn display_attribute(oid: OidIn, mut name: BufferOut, mut short: BufferOut, mut long: BufferOut) -> Outcome {
    let oid = oid.required(Major::BAD_MECH_ATTR)?;
    let (name_text, short_text, long_text) = attribute(oid).ok_or(Failure::Call(Major::BAD_MECH_ATTR))?;
    BufferOut::put_all([
        (&mut name, name_text.as_bytes()),
        (&mut short, short_text.as_bytes()),
        (&mut long, long_text.as_bytes()),
    ])?;
    COMPLETE
}
