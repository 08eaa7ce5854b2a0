//! Messages: wrap, unwrap, MIC, size limit.

use crate::boundary::*;
use crate::memory::MallocBuf;
use gss_core::{Major, MessageInfo};

/// Writes what was found out about a message, and answers its supplementary bits.
pub(crate) fn found(info: MessageInfo, conf_state: &mut Out<i32>, qop_state: &mut Out<u32>) -> Major {
    conf_state.set(info.confidential.into());
    qop_state.set(info.qop);
    info.supplementary
}

/// `gss_wrap` (RFC 2744 section 5.33).
pub(crate) fn wrap(
    context: ContextIn,
    confidential: i32,
    qop: u32,
    input: BytesIn<'_>,
    mut conf_state: Out<i32>,
    mut output: BufferOut,
) -> Outcome {
    let context = context.get()?;
    let message = input.required(Major::COMPLETE)?;
    output.required()?;
    let mut token = MallocBuf::new();
    let encrypted = context.wrap_into(confidential != 0, qop, message, &mut token)?;
    conf_state.set(encrypted.into());
    output.give(token);
    COMPLETE
}

/// `gss_unwrap` (RFC 2744 section 5.31).
pub(crate) fn unwrap(
    context: ContextIn,
    input: BytesIn<'_>,
    mut output: BufferOut,
    mut conf_state: Out<i32>,
    mut qop_state: Out<u32>,
) -> Outcome {
    let context = context.get()?;
    let token = input.not_empty(Major::DEFECTIVE_TOKEN)?;
    output.required()?;
    let mut message = MallocBuf::new();
    let info = context.unwrap_into(token, &mut message)?;
    output.give(message);
    Ok(found(info, &mut conf_state, &mut qop_state))
}

/// `gss_get_mic` (RFC 2744 section 5.15).
pub(crate) fn get_mic(context: ContextIn, qop: u32, message: BytesIn<'_>, mut output: BufferOut) -> Outcome {
    let context = context.get()?;
    let message = message.required(Major::COMPLETE)?;
    output.required()?;
    let mut mic = MallocBuf::new();
    context.get_mic_into(qop, message, &mut mic)?;
    output.give(mic);
    COMPLETE
}

/// `gss_verify_mic` (RFC 2744 section 5.32).
pub(crate) fn verify_mic(
    context: ContextIn,
    message: BytesIn<'_>,
    mic: BytesIn<'_>,
    mut qop_state: Out<u32>,
) -> Outcome {
    let context = context.get()?;
    let message = message.required(Major::COMPLETE)?;
    let info = context.verify_mic(message, mic.not_empty(Major::DEFECTIVE_TOKEN)?)?;
    qop_state.set(info.qop);
    Ok(info.supplementary)
}

/// `gss_wrap_size_limit` (RFC 2744 section 5.34).
pub(crate) fn wrap_size_limit(
    context: ContextIn,
    confidential: i32,
    qop: u32,
    output_size: u32,
    mut input_size: Out<u32>,
) -> Outcome {
    let context = context.get()?;
    input_size.required()?;
    input_size.set(context.wrap_size_limit(confidential != 0, qop, output_size)?);
    COMPLETE
}
