//! Messages in pieces: our elements as C's array over the same buffers, and what the mechanism did with each.

use super::ffi::{BufferDesc, IovDesc};
use super::memory::{self, Buffer, lie};
use gss_plugin_abi::{Iov, IovKind, IovResult, Major, MechError, Result};
use std::ffi::c_int;

/// `GSS_IOV_BUFFER_FLAG_ALLOCATE`: the mechanism is to make the buffer.
const ALLOCATE: u32 = 0x0001_0000;
/// `GSS_IOV_BUFFER_FLAG_ALLOCATED`: it did.
const ALLOCATED: u32 = 0x0002_0000;

/// Runs a call over the elements. `lengths` says that it answers lengths alone.
pub(super) fn with(
    iov: &mut [Iov<'_>],
    lengths: bool,
    call: impl FnOnce(*mut IovDesc, c_int) -> Result<Major>,
) -> Result<Major> {
    let count = c_int::try_from(iov.len()).map_err(|_| MechError::failure("too many elements"))?;
    let mut descs: Vec<IovDesc> = iov.iter_mut().map(desc).collect();
    let before: Vec<BufferDesc> = descs.iter().map(|desc| desc.buffer).collect();
    let answer = call(descs.as_mut_ptr(), count);
    // What was allocated is freed in any case.
    let allocated: Vec<Option<Buffer>> = descs.iter().map(|desc| allocation(desc, lengths)).collect();
    let major = answer?;
    let stream = iov.iter().zip(&before).find(|(element, _)| element.kind == IovKind::Stream);
    let stream = stream.map(|(_, buffer)| *buffer);
    let results = descs.iter().zip(&before).zip(&allocated);
    let results = results.map(|((desc, before), allocated)| match allocated {
        Some(buffer) => Ok(IovResult::Allocated(buffer.to_vec()?)),
        None => in_place(desc.buffer, *before, stream, lengths),
    });
    let results = results.collect::<Result<Vec<_>>>()?;
    for (element, result) in iov.iter_mut().zip(results) {
        element.result = result;
    }
    Ok(major)
}

fn desc(element: &mut Iov<'_>) -> IovDesc {
    let length = element.buffer.len();
    let value = if length == 0 { std::ptr::null_mut() } else { element.buffer.as_mut_ptr().cast() };
    let kind = element.kind as u32 | if element.allocate { ALLOCATE } else { 0 };
    IovDesc { kind, buffer: BufferDesc { length, value } }
}

/// The buffer that the mechanism allocated for an element.
fn allocation(desc: &IovDesc, lengths: bool) -> Option<Buffer> {
    (!lengths && desc.kind & ALLOCATED != 0).then(|| memory::adopt(desc.buffer))
}

/// What became of an element without an allocation: its own buffer or a part of it, or a part of the stream.
fn in_place(after: BufferDesc, before: BufferDesc, stream: Option<BufferDesc>, lengths: bool) -> Result<IovResult> {
    if lengths {
        return Ok(IovResult::Length(after.length));
    }
    if after.value == before.value || after.length == 0 {
        if after.length > before.length {
            return Err(lie(format_args!("{} bytes in a buffer of {}", after.length, before.length)));
        }
        return Ok(if after.length == before.length { IovResult::InPlace } else { IovResult::Length(after.length) });
    }
    let place = stream.and_then(|stream| {
        let start = after.value.addr().checked_sub(stream.value.addr())?;
        let end = start.checked_add(after.length).filter(|end| *end <= stream.length)?;
        Some(start..end)
    });
    place.map(IovResult::InStream).ok_or_else(|| lie("an element that lies elsewhere"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn buffer(address: usize, length: usize) -> BufferDesc {
        BufferDesc { length, value: std::ptr::without_provenance_mut(address) }
    }

    #[test]
    fn only_places_that_the_caller_knows_are_believed() {
        let (own, stream) = (buffer(1000, 10), Some(buffer(2000, 20)));
        assert_eq!(in_place(own, own, stream, false), Ok(IovResult::InPlace));
        assert_eq!(in_place(buffer(1000, 4), own, stream, false), Ok(IovResult::Length(4)));
        assert_eq!(in_place(buffer(2005, 15), own, stream, false), Ok(IovResult::InStream(5..20)));
        assert_eq!(in_place(buffer(0, 77), own, stream, true), Ok(IovResult::Length(77)));
        for wrong in [buffer(1000, 11), buffer(2005, 16), buffer(1999, 2), buffer(3000, 1), buffer(2005, usize::MAX)] {
            assert!(in_place(wrong, own, stream, false).is_err(), "{wrong:?}");
        }
        assert!(in_place(buffer(2000, 1), own, None, false).is_err());
    }
}
