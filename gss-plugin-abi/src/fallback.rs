//! Calls done by other calls, where a mechanism does not do them itself. The same that MIT's switch falls back to.

use crate::output::Output;
use crate::status::{IMPOSSIBLE_ANSWER, Major, MechError, Result};
use crate::types::{Iov, IovKind, IovResult, MessageInfo};
use crate::{Name, Oid, SecurityContext};

/// [`Name::display_as`] by [`Name::display`].
///
/// # Errors
/// As the call that does it.
pub fn display_as<N: Name>(name: &N, name_type: &Oid) -> Result<Vec<u8>> {
    let (text, own) = name.display()?;
    if own == *name_type {
        return Ok(text);
    }
    Err(MechError::unavailable("this form of the name"))
}

/// [`SecurityContext::wrap`] by [`SecurityContext::wrap_iov`].
///
/// # Errors
/// As the call that does it.
pub fn wrap<C: SecurityContext>(
    context: &C,
    confidential: bool,
    qop: u32,
    message: &[u8],
    out: &mut Output<'_>,
) -> Result<bool> {
    wrap_aead(context, confidential, qop, &[], message, out)
}

/// [`SecurityContext::wrap_aead`] by [`SecurityContext::wrap_iov`].
/// Header, associated data, data, padding,
/// trailer; the token is all of it without the associated data.
///
/// # Errors
/// As the call that does it.
pub fn wrap_aead<C: SecurityContext>(
    context: &C,
    confidential: bool,
    qop: u32,
    associated: &[u8],
    message: &[u8],
    out: &mut Output<'_>,
) -> Result<bool> {
    let mut associated = associated.to_vec();
    let mut data = message.to_vec();
    let mut iov = [
        Iov::allocated(IovKind::Header),
        Iov::new(IovKind::SignOnly, &mut associated),
        Iov::new(IovKind::Data, &mut data),
        Iov::allocated(IovKind::Padding),
        Iov::allocated(IovKind::Trailer),
    ];
    let confidential = context.wrap_iov(confidential, qop, &mut iov)?;
    for element in iov.iter().filter(|element| element.kind != IovKind::SignOnly) {
        out.extend(element.bytes()?)?;
    }
    Ok(confidential)
}

/// [`SecurityContext::unwrap`] by [`SecurityContext::unwrap_iov`].
///
/// # Errors
/// As the call that does it.
pub fn unwrap<C: SecurityContext>(context: &C, token: &[u8], out: &mut Output<'_>) -> Result<MessageInfo> {
    unwrap_aead(context, token, &[], out)
}

/// [`SecurityContext::unwrap_aead`] by [`SecurityContext::unwrap_iov`].
///
/// # Errors
/// As the call that does it.
pub fn unwrap_aead<C: SecurityContext>(
    context: &C,
    token: &[u8],
    associated: &[u8],
    out: &mut Output<'_>,
) -> Result<MessageInfo> {
    let mut stream = token.to_vec();
    let mut associated = associated.to_vec();
    let mut iov = [
        Iov::new(IovKind::Stream, &mut stream),
        Iov::new(IovKind::SignOnly, &mut associated),
        Iov::allocated(IovKind::Data),
    ];
    let info = context.unwrap_iov(&mut iov)?;
    let [stream, _, data] = &iov;
    match &data.result {
        IovResult::InStream(range) => {
            let message = stream.buffer.get(range.clone());
            out.extend(message.ok_or_else(|| lie("a range outside the stream"))?)?;
        }
        _ => out.extend(data.bytes()?)?,
    }
    Ok(info)
}

/// [`SecurityContext::wrap_size_limit`] by [`SecurityContext::wrap_iov_length`].
///
/// # Errors
/// As the call that does it.
pub fn wrap_size_limit<C: SecurityContext>(context: &C, confidential: bool, qop: u32, output: u32) -> Result<u32> {
    // A message of the limit's size is what a mechanism would be asked for; the overhead never shrinks with size.
    let mut data = vec![0; usize::try_from(output.min(1 << 20)).unwrap_or(0)];
    let mut iov = [
        Iov::allocated(IovKind::Header),
        Iov::new(IovKind::Data, &mut data),
        Iov::allocated(IovKind::Padding),
        Iov::allocated(IovKind::Trailer),
    ];
    context.wrap_iov_length(confidential, qop, &mut iov)?;
    let mut overhead: usize = 0;
    for element in iov.iter().filter(|element| element.kind != IovKind::Data) {
        if let IovResult::Length(length) = element.result {
            overhead = overhead.saturating_add(length);
        }
    }
    Ok(output.saturating_sub(u32::try_from(overhead).unwrap_or(u32::MAX)))
}

/// What a MIC over pieces is made over: data and sign-only elements, one after the other.
fn signed_bytes(iov: &[Iov<'_>]) -> Vec<u8> {
    let signed = iov.iter().filter(|element| matches!(element.kind, IovKind::Data | IovKind::SignOnly));
    signed.flat_map(|element| element.buffer.iter().copied()).collect()
}

/// [`SecurityContext::get_mic_iov`] by [`SecurityContext::get_mic`].
///
/// # Errors
/// As the call that does it.
pub fn get_mic_iov<C: SecurityContext>(context: &C, qop: u32, iov: &mut [Iov<'_>]) -> Result<()> {
    let message = signed_bytes(iov);
    let mut mic = Vec::new();
    context.get_mic(qop, &message, &mut Output::over(&mut mic))?;
    let element = mic_element(iov)?;
    element.put(mic)
}

/// [`SecurityContext::verify_mic_iov`] by [`SecurityContext::verify_mic`].
///
/// # Errors
/// As the call that does it.
pub fn verify_mic_iov<C: SecurityContext>(context: &C, iov: &mut [Iov<'_>]) -> Result<MessageInfo> {
    let message = signed_bytes(iov);
    context.verify_mic(&message, mic_element(iov)?.buffer)
}

fn mic_element<'i, 'a>(iov: &'i mut [Iov<'a>]) -> Result<&'i mut Iov<'a>> {
    let mut elements = iov.iter_mut().filter(|element| element.kind == IovKind::MicToken);
    match (elements.next(), elements.next()) {
        (Some(element), None) => Ok(element),
        _ => Err(MechError::failure("expected exactly one element for the MIC token")),
    }
}

fn lie(what: &str) -> MechError {
    MechError::failure(format!("the mechanism answered {what}")).minor(IMPOSSIBLE_ANSWER)
}

impl Iov<'_> {
    /// The bytes after a call: in the caller's buffer, or the mechanism's own.
    ///
    /// # Errors
    /// `FAILURE` for an answer that cannot be: longer than the buffer, or bytes elsewhere.
    pub fn bytes(&self) -> Result<&[u8]> {
        match &self.result {
            IovResult::InPlace => Ok(self.buffer),
            IovResult::Length(length) => self.buffer.get(..*length).ok_or_else(|| lie("a length beyond the buffer")),
            IovResult::Allocated(bytes) => Ok(bytes),
            IovResult::InStream(_) => Err(lie("a place in a stream for an element outside it")),
        }
    }

    /// Puts bytes into the caller's buffer, or hands them over where that is allowed.
    ///
    /// # Errors
    /// [`Major::FAILURE`] where the buffer is too short and the caller did not ask for one.
    pub fn put(&mut self, bytes: Vec<u8>) -> Result<()> {
        if self.allocate {
            self.result = IovResult::Allocated(bytes);
            return Ok(());
        }
        let room = self.buffer.len();
        let Some(place) = self.buffer.get_mut(..bytes.len()) else {
            let text = format!("the {:?} element needs {} bytes and has {room}", self.kind, bytes.len());
            return Err(MechError::new(Major::FAILURE, text));
        };
        place.copy_from_slice(&bytes);
        self.result = IovResult::Length(bytes.len());
        Ok(())
    }
}
