//! Messages in pieces, and with associated data (gssapi_ext.h).

use crate::boundary::*;
use crate::memory::MallocBuf;
use crate::message::found;
use gss_core::Major;

/// `gss_wrap_iov`.
pub(crate) fn wrap(
    context: ContextIn,
    confidential: i32,
    qop: u32,
    mut conf_state: Out<i32>,
    mut iov: IovArray,
    count: i32,
) -> Outcome {
    let context = context.get()?;
    let encrypted = iov.with(count, Use::Protect, |iov| context.wrap_iov(confidential != 0, qop, iov))?;
    conf_state.set(encrypted.into());
    COMPLETE
}

/// `gss_wrap_iov_length`.
pub(crate) fn wrap_length(
    context: ContextIn,
    confidential: i32,
    qop: u32,
    mut conf_state: Out<i32>,
    mut iov: IovArray,
    count: i32,
) -> Outcome {
    let context = context.get()?;
    let encrypted = iov.with(count, Use::Lengths, |iov| context.wrap_iov_length(confidential != 0, qop, iov))?;
    conf_state.set(encrypted.into());
    COMPLETE
}

/// `gss_unwrap_iov`.
pub(crate) fn unwrap(
    context: ContextIn,
    mut conf_state: Out<i32>,
    mut qop_state: Out<u32>,
    mut iov: IovArray,
    count: i32,
) -> Outcome {
    let context = context.get()?;
    let info = iov.with(count, Use::Unprotect, |iov| context.unwrap_iov(iov))?;
    Ok(found(info, &mut conf_state, &mut qop_state))
}

/// `gss_get_mic_iov`.
pub(crate) fn get_mic(context: ContextIn, qop: u32, mut iov: IovArray, count: i32) -> Outcome {
    let context = context.get()?;
    iov.with(count, Use::Protect, |iov| context.get_mic_iov(qop, iov))?;
    COMPLETE
}

/// `gss_get_mic_iov_length`.
pub(crate) fn mic_length(context: ContextIn, qop: u32, mut iov: IovArray, count: i32) -> Outcome {
    let context = context.get()?;
    iov.with(count, Use::Lengths, |iov| context.get_mic_iov_length(qop, iov))?;
    COMPLETE
}

/// `gss_verify_mic_iov`.
pub(crate) fn verify_mic(context: ContextIn, mut qop_state: Out<u32>, mut iov: IovArray, count: i32) -> Outcome {
    let context = context.get()?;
    let info = iov.with(count, Use::Unprotect, |iov| context.verify_mic_iov(iov))?;
    qop_state.set(info.qop);
    Ok(info.supplementary)
}

/// `gss_wrap_aead`.
pub(crate) fn wrap_aead(
    context: ContextIn,
    confidential: i32,
    qop: u32,
    associated: BytesIn<'_>,
    input: BytesIn<'_>,
    mut conf_state: Out<i32>,
    mut output: BufferOut,
) -> Outcome {
    let context = context.get()?;
    let message = input.required(Major::COMPLETE)?;
    output.required()?;
    let associated = associated.or_empty()?;
    let mut token = MallocBuf::new();
    let encrypted = context.wrap_aead_into(confidential != 0, qop, associated, message, &mut token)?;
    conf_state.set(encrypted.into());
    output.give(token);
    COMPLETE
}

/// `gss_unwrap_aead`.
pub(crate) fn unwrap_aead(
    context: ContextIn,
    input: BytesIn<'_>,
    associated: BytesIn<'_>,
    mut output: BufferOut,
    mut conf_state: Out<i32>,
    mut qop_state: Out<u32>,
) -> Outcome {
    let context = context.get()?;
    let token = input.not_empty(Major::DEFECTIVE_TOKEN)?;
    output.required()?;
    let mut message = MallocBuf::new();
    let info = context.unwrap_aead_into(token, associated.or_empty()?, &mut message)?;
    output.give(message);
    Ok(found(info, &mut conf_state, &mut qop_state))
}
