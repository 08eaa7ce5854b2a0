//! What a context of a C mechanism does with messages: protects and checks them, whole, in pieces and with associated
//! data, and makes pseudo-random bytes. Whoever calls has the context alone; what a mechanism lacks was gone round before.

use super::ffi::{Handle, input, scratch};
use super::memory::{Buffer, SecretBuffer, lie, made};
use super::status::call;
use super::{Binding, iov};
use gss_plugin_abi::{Iov, MechError, MessageInfo, Output, PrfKey, Result};
use std::ffi::c_int;

pub(super) fn wrap(
    binding: &Binding,
    handle: Handle,
    confidential: bool,
    qop: u32,
    message: &[u8],
    out: &mut Output<'_>,
) -> Result<bool> {
    let (mut message, mut state, mut token) = (input(message), 0, Buffer::new());
    call!(
        binding,
        wrap,
        "wrapping",
        handle,
        confidential.into(),
        qop,
        &raw mut message,
        &raw mut state,
        token.output(),
    )?;
    out.extend(made(&token)?)?;
    Ok(state != 0)
}

pub(super) fn unwrap(binding: &Binding, handle: Handle, token: &[u8], out: &mut Output<'_>) -> Result<MessageInfo> {
    let mut copy = (!binding.quirks.unwrap_keeps_input).then(|| token.to_vec());
    let mut token = copy.as_mut().map_or_else(|| input(token), |copy| scratch(copy));
    let (mut message, mut state, mut qop) = (Buffer::new(), 0, 0);
    let major =
        call!(binding, unwrap, "unwrapping", handle, &raw mut token, message.output(), &raw mut state, &raw mut qop,)?;
    out.extend(message.bytes()?)?;
    Ok(MessageInfo { confidential: state != 0, qop, supplementary: major.supplementary() })
}

pub(super) fn get_mic(binding: &Binding, handle: Handle, qop: u32, message: &[u8], out: &mut Output<'_>) -> Result<()> {
    let (mut message, mut mic) = (input(message), Buffer::new());
    call!(binding, get_mic, "MICs", handle, qop, &raw mut message, mic.output())?;
    out.extend(made(&mic)?)
}

pub(super) fn verify_mic(binding: &Binding, handle: Handle, message: &[u8], mic: &[u8]) -> Result<MessageInfo> {
    let (mut message, mut mic, mut qop) = (input(message), input(mic), 0);
    let major = call!(binding, verify_mic, "MICs", handle, &raw mut message, &raw mut mic, &raw mut qop)?;
    Ok(MessageInfo { confidential: false, qop, supplementary: major.supplementary() })
}

pub(super) fn wrap_size_limit(
    binding: &Binding,
    handle: Handle,
    confidential: bool,
    qop: u32,
    output: u32,
) -> Result<u32> {
    let mut limit = 0;
    call!(binding, wrap_size_limit, "size limits", handle, confidential.into(), qop, output, &raw mut limit)?;
    Ok(limit)
}

pub(super) fn wrap_iov(
    binding: &Binding,
    handle: Handle,
    confidential: bool,
    qop: u32,
    iov: &mut [Iov<'_>],
) -> Result<bool> {
    let mut state = 0;
    iov::with(iov, false, |descs, count| {
        call!(binding, wrap_iov, "wrapping in pieces", handle, confidential.into(), qop, &raw mut state, descs, count)
    })?;
    Ok(state != 0)
}

pub(super) fn unwrap_iov(binding: &Binding, handle: Handle, iov: &mut [Iov<'_>]) -> Result<MessageInfo> {
    let (mut state, mut qop) = (0, 0);
    let major = iov::with(iov, false, |descs, count| {
        call!(binding, unwrap_iov, "unwrapping in pieces", handle, &raw mut state, &raw mut qop, descs, count)
    })?;
    Ok(MessageInfo { confidential: state != 0, qop, supplementary: major.supplementary() })
}

pub(super) fn wrap_iov_length(
    binding: &Binding,
    handle: Handle,
    confidential: bool,
    qop: u32,
    iov: &mut [Iov<'_>],
) -> Result<bool> {
    let mut state = 0;
    iov::with(iov, true, |descs, count| {
        call!(
            binding,
            wrap_iov_length,
            "wrapping in pieces",
            handle,
            confidential.into(),
            qop,
            &raw mut state,
            descs,
            count,
        )
    })?;
    Ok(state != 0)
}

pub(super) fn get_mic_iov(binding: &Binding, handle: Handle, qop: u32, iov: &mut [Iov<'_>]) -> Result<()> {
    iov::with(iov, false, |descs, count| call!(binding, get_mic_iov, "MICs over pieces", handle, qop, descs, count))
        .map(drop)
}

pub(super) fn verify_mic_iov(binding: &Binding, handle: Handle, iov: &mut [Iov<'_>]) -> Result<MessageInfo> {
    let mut qop = 0;
    let major = iov::with(iov, false, |descs, count| {
        call!(binding, verify_mic_iov, "MICs over pieces", handle, &raw mut qop, descs, count)
    })?;
    Ok(MessageInfo { confidential: false, qop, supplementary: major.supplementary() })
}

pub(super) fn get_mic_iov_length(binding: &Binding, handle: Handle, qop: u32, iov: &mut [Iov<'_>]) -> Result<()> {
    iov::with(iov, true, |descs, count| {
        call!(binding, get_mic_iov_length, "MICs over pieces", handle, qop, descs, count)
    })
    .map(drop)
}

pub(super) fn wrap_aead(
    binding: &Binding,
    handle: Handle,
    confidential: bool,
    qop: u32,
    associated: &[u8],
    message: &[u8],
    out: &mut Output<'_>,
) -> Result<bool> {
    let (mut associated, mut message) = (input(associated), input(message));
    let (mut state, mut token) = (0, Buffer::new());
    call!(
        binding,
        wrap_aead,
        "associated data",
        handle,
        confidential.into(),
        qop,
        &raw mut associated,
        &raw mut message,
        &raw mut state,
        token.output(),
    )?;
    out.extend(made(&token)?)?;
    Ok(state != 0)
}

pub(super) fn unwrap_aead(
    binding: &Binding,
    handle: Handle,
    token: &[u8],
    associated: &[u8],
    out: &mut Output<'_>,
) -> Result<MessageInfo> {
    // MIT's switch decrypts in place.
    let mut token = token.to_vec();
    let (mut token, mut associated, mut message) = (scratch(&mut token), input(associated), Buffer::new());
    let (mut state, mut qop) = (0, 0);
    let major = call!(
        binding,
        unwrap_aead,
        "associated data",
        handle,
        &raw mut token,
        &raw mut associated,
        message.output(),
        &raw mut state,
        &raw mut qop,
    )?;
    out.extend(message.bytes()?)?;
    Ok(MessageInfo { confidential: state != 0, qop, supplementary: major.supplementary() })
}

pub(super) fn pseudo_random(
    binding: &Binding,
    handle: Handle,
    key: PrfKey,
    seed: &[u8],
    length: usize,
    out: &mut Output<'_>,
) -> Result<()> {
    let wanted = isize::try_from(length).map_err(|_| MechError::failure("more pseudo-random bytes than can be"))?;
    let (mut seed, mut bytes) = (input(seed), SecretBuffer(Buffer::new()));
    call!(
        binding,
        pseudo_random,
        "a pseudo-random function",
        handle,
        key as c_int,
        &raw mut seed,
        wanted,
        bytes.0.output(),
    )?;
    let bytes = bytes.0.bytes()?;
    if bytes.len() != length {
        return Err(lie(format_args!("{} pseudo-random bytes in place of {length}", bytes.len())));
    }
    out.extend(bytes)
}
