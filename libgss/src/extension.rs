//! Calls on contexts beyond RFC 2744 (RFC 4401, gssapi_ext.h), and the old names of calls on messages (RFC 2744
//! section 1).

use crate::boundary::*;
use crate::memory::MallocBuf;
use crate::message;
use gss_core::{Error, Major, PrfKey};

/// `gss_pseudo_random` (RFC 4401 section 3).
pub(crate) fn pseudo_random(
    context: ContextIn,
    key: i32,
    input: BytesIn<'_>,
    length: isize,
    mut output: BufferOut,
) -> Outcome {
    let context = context.get()?;
    let input = input.required(Major::COMPLETE)?;
    output.required()?;
    let key = match key {
        0 => PrfKey::Full,
        1 => PrfKey::Partial,
        _ => return Err(Error::Argument("there is no such key of the pseudo-random function").into()),
    };
    let length = usize::try_from(length).map_err(|_| Error::Argument("a length cannot be negative"))?;
    let mut bytes = MallocBuf::new();
    context.pseudo_random_into(key, input, length, &mut bytes)?;
    output.give(bytes);
    COMPLETE
}

/// `gss_inquire_sec_context_by_oid` (gssapi_ext.h).
pub(crate) fn inquire_by_oid(context: ContextIn, object: OidIn, mut answers: BufferSetOut) -> Outcome {
    answers.required()?;
    let context = context.get()?;
    answers.put(&context.inquire_by_oid(object.required(Major::COMPLETE)?)?)?;
    COMPLETE
}

/// `gss_set_sec_context_option` (gssapi_ext.h).
pub(crate) fn set_option(variable: HandleVariable, option: OidIn, value: BytesIn<'_>) -> Outcome {
    variable.required(Major::CALL_INACCESSIBLE_WRITE)?;
    let context = variable.context()?;
    context.set_option(option.required(Major::COMPLETE)?, value.or_empty()?)?;
    COMPLETE
}

/// `gss_complete_auth_token` (gssapi_ext.h).
pub(crate) fn complete_auth_token(context: ContextIn, input: BytesIn<'_>) -> Outcome {
    let context = context.get()?;
    context.complete_auth_token(input.required(Major::COMPLETE)?)?;
    COMPLETE
}

/// `gss_seal`: the old name of `gss_wrap`.
pub(crate) fn seal(
    context: ContextIn,
    confidential: i32,
    qop: i32,
    input: BytesIn<'_>,
    conf_state: Out<i32>,
    output: BufferOut,
) -> Outcome {
    message::wrap(context, confidential, qop.cast_unsigned(), input, conf_state, output)
}

/// `gss_unseal`: the old name of `gss_unwrap`.
pub(crate) fn unseal(
    context: ContextIn,
    input: BytesIn<'_>,
    output: BufferOut,
    conf_state: Out<i32>,
    qop_state: Out<i32>,
) -> Outcome {
    message::unwrap(context, input, output, conf_state, qop_state.unsigned())
}

/// `gss_sign`: the old name of `gss_get_mic`.
pub(crate) fn sign(context: ContextIn, qop: i32, message: BytesIn<'_>, output: BufferOut) -> Outcome {
    message::get_mic(context, qop.cast_unsigned(), message, output)
}

/// `gss_verify`: the old name of `gss_verify_mic`.
pub(crate) fn verify(context: ContextIn, message: BytesIn<'_>, mic: BytesIn<'_>, qop_state: Out<i32>) -> Outcome {
    message::verify_mic(context, message, mic, qop_state.unsigned())
}
