//! OIDs, sets of them, buffers and sets of those (RFC 2744 sections 5.4, 5.8, 5.26, 5.29 and
//! 5.30; RFC 6339; gssapi_ext.h).

use crate::boundary::*;
use crate::memory::MallocBuf;
use crate::oid_text;
use crate::status;
use gss_core::{Major, Oid, framing};

const NO_OID: Failure = Failure::Call(Major::CALL_BAD_STRUCTURE.with(Major::FAILURE));

/// `gss_create_empty_oid_set` (RFC 2744 section 5.8).
pub(crate) fn create(mut set: OidSetOut) -> Outcome {
    set.required()?;
    set.put(&[])?;
    COMPLETE
}

/// `gss_add_oid_set_member` (RFC 2744 section 5.4).
pub(crate) fn add(member: OctetsIn<'_>, mut set: OidSetVariable) -> Outcome {
    set.add(member.required()?)
}

/// `gss_test_oid_set_member` (RFC 2744 section 5.30).
pub(crate) fn test(member: OctetsIn<'_>, set: SearchedSet, mut present: Out<i32>) -> Outcome {
    let member = member.optional().ok_or(UNREADABLE)?;
    present.required()?;
    present.set(set.contains(member)?.into());
    COMPLETE
}

/// `gss_release_oid_set` (RFC 2744 section 5.29).
pub(crate) fn release(mut set: OidSetVariable) -> Outcome {
    set.release();
    COMPLETE
}

/// `gss_release_buffer` (RFC 2744 section 5.26).
pub(crate) fn release_buffer(mut buffer: ReleasedBuffer) -> Outcome {
    buffer.release();
    COMPLETE
}

/// `gss_release_oid`: frees what [`from_text`] made, and nothing that stays for ever.
pub(crate) fn release_oid(mut oid: OidVariable) -> Outcome {
    oid.release()
}

/// `gss_oid_to_str`: `{ 1 2 840 }`. The NUL is counted, as programs have come to expect.
pub(crate) fn to_text(oid: OctetsIn<'_>, mut output: BufferOut) -> Outcome {
    let oid = Oid::from_content(oid.required()?).map_err(|_| NO_OID)?;
    output.required()?;
    output.put(format!("{}\0", oid_text::written(&oid)).as_bytes())?;
    COMPLETE
}

/// `gss_str_to_oid`: an OID that the caller releases.
pub(crate) fn from_text(text: BytesIn<'_>, mut oid: OidOut) -> Outcome {
    let text = text.not_empty(Major::COMPLETE)?;
    oid.required()?;
    oid.put_own(&oid_text::read(text).ok_or(Failure::Call(Major::FAILURE))?)?;
    COMPLETE
}

/// `gss_oid_equal` (RFC 6339): 1 or 0. `GSS_C_NO_OID` equals nothing.
pub(crate) fn equal(first: OctetsIn<'_>, second: OctetsIn<'_>) -> i32 {
    first.optional().is_some_and(|first| second.optional() == Some(first)).into()
}

/// `gss_encapsulate_token` (RFC 6339).
pub(crate) fn encapsulate(input: BytesIn<'_>, oid: OidIn, mut output: BufferOut) -> u32 {
    status::major(|| {
        let token = input.required(Major::COMPLETE)?;
        let oid = oid.required(Major::COMPLETE)?;
        output.required()?;
        let mut framed = MallocBuf::new();
        framing::encapsulate(oid, token, &mut framed).ok_or_else(|| out_of_memory("a framed token"))?;
        output.give(framed);
        COMPLETE
    })
}

/// `gss_decapsulate_token` (RFC 6339).
pub(crate) fn decapsulate(input: BytesIn<'_>, oid: OidIn, mut output: BufferOut) -> u32 {
    status::major(|| {
        let token = input.required(Major::COMPLETE)?;
        let oid = oid.required(Major::COMPLETE)?;
        output.required()?;
        match framing::decapsulate(token) {
            Ok((framed, inner)) if framed == *oid => output.put(inner)?,
            _ => return Err(Failure::Call(Major::DEFECTIVE_TOKEN)),
        }
        COMPLETE
    })
}

/// `gss_create_empty_buffer_set` (gssapi_ext.h).
pub(crate) fn create_buffers(mut set: BufferSetOut) -> Outcome {
    set.required()?;
    set.put(&[])?;
    COMPLETE
}

/// `gss_add_buffer_set_member` (gssapi_ext.h).
pub(crate) fn add_buffer(member: BytesIn<'_>, mut set: BufferSetVariable) -> Outcome {
    set.add(member.required(Major::COMPLETE)?)
}

/// `gss_release_buffer_set` (gssapi_ext.h).
pub(crate) fn release_buffers(mut set: BufferSetVariable) -> Outcome {
    set.release();
    COMPLETE
}

/// `gss_release_iov_buffer` (gssapi_ext.h).
pub(crate) fn release_iov(mut iov: IovArray, count: i32) -> Outcome {
    iov.release(count);
    COMPLETE
}
