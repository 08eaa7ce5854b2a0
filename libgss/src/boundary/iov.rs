//! Messages in pieces: C's array of buffers as the core's elements, and what became of them back into the array.

use super::{Arg, Failure, Partial, UNREADABLE, out_of_memory};
use crate::memory::{self, MallocBuf};
use crate::types::*;
use gss_core::{Iov, IovKind, IovResult, Major};
use std::ffi::c_void;
use std::ptr;

/// `GSS_IOV_BUFFER_FLAG_MASK`.
const FLAGS: OM_uint32 = 0xffff_0000;
/// `GSS_IOV_BUFFER_FLAG_ALLOCATE`: the mechanism is to make the buffer.
const ALLOCATE: OM_uint32 = 0x0001_0000;
/// `GSS_IOV_BUFFER_FLAG_ALLOCATED`: the buffer is to be released.
const ALLOCATED: OM_uint32 = 0x0002_0000;

const MALFORMED: Failure = Failure::Call(Major::CALL_BAD_STRUCTURE.with(Major::FAILURE));

/// What a call makes of the array. It decides which elements have nothing in them yet, whatever their buffers say.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Use {
    /// Header, padding and trailer are made, or a MIC.
    Protect,
    /// Their lengths are asked for. Data may have a length and no bytes.
    Lengths,
    /// Data is made where there is a stream; all else is there.
    Unprotect,
}

impl Use {
    /// Whether an element is output alone.
    fn makes(self, kind: IovKind, allocate: bool, stream: bool) -> bool {
        let around = matches!(kind, IovKind::Header | IovKind::Padding | IovKind::Trailer | IovKind::MicToken);
        match self {
            Self::Protect => around && allocate,
            Self::Lengths => around,
            Self::Unprotect => kind == IovKind::Data && stream,
        }
    }
}

/// The caller's array. How long it is, the next argument says.
pub(crate) struct IovArray(gss_iov_buffer_t);

impl Arg for IovArray {
    type C = gss_iov_buffer_t;
    unsafe fn from_c(value: gss_iov_buffer_t) -> Self {
        Self(value)
    }
}

/// An element as it was given.
struct Given {
    descriptor: gss_iov_buffer_desc,
    kind: IovKind,
    allocate: bool,
    /// Nothing in its buffer counts: it is made by the call.
    made: bool,
    /// Where its bytes are.
    start: *mut u8,
    length: usize,
    /// Zeroes in place of bytes that only have a length.
    _stand_in: Option<Freed>,
}

/// Memory that is freed when it is no longer needed.
struct Freed(*mut u8);

impl Drop for Freed {
    fn drop(&mut self) {
        // SAFETY: from malloc, and used by nobody else.
        unsafe { memory::free(self.0) };
    }
}

impl Given {
    /// The mechanism's view of the element.
    ///
    /// # Safety
    /// The bytes are good, and nobody else's for as long as `'a`.
    unsafe fn element<'a>(&self) -> Iov<'a> {
        let buffer = match self.length {
            0 => &mut [],
            // SAFETY: as demanded.
            length => unsafe { std::slice::from_raw_parts_mut(self.start, length) },
        };
        Iov { kind: self.kind, allocate: self.allocate, buffer, result: IovResult::InPlace }
    }
}

impl IovArray {
    /// Runs a call on the elements, and if it succeeds, tells the caller what became of them.
    pub(crate) fn with<R>(
        &mut self,
        count: i32,
        use_: Use,
        call: impl FnOnce(&mut [Iov<'_>]) -> gss_core::Result<R>,
    ) -> Partial<R> {
        let given = self.read(count, use_)?;
        check_apart(&given)?;
        // SAFETY: the caller's buffers are good for their lengths; no two share a byte, as was checked just now.
        let mut elements: Vec<Iov<'_>> = given.iter().map(|given| unsafe { given.element() }).collect();
        let answer = call(&mut elements)?;
        let results: Vec<IovResult> = elements.into_iter().map(|element| element.result).collect();
        let stream = given.iter().find(|given| given.kind == IovKind::Stream).map(|given| (given.start, given.length));
        let changes = given.iter().zip(results).map(|(given, result)| Change::of(given, result, stream, use_));
        // All that can fail comes before the first change.
        let changes: Vec<Change> = changes.collect::<Partial<_>>()?;
        for (index, (change, given)) in changes.into_iter().zip(&given).enumerate() {
            // SAFETY: `index` is below the array's count.
            let place = unsafe { self.0.add(index) };
            // SAFETY: an element of the caller's array.
            unsafe { place.write(change.apply(given.descriptor)) };
        }
        Ok(answer)
    }

    fn read(&self, count: i32, use_: Use) -> Partial<Vec<Given>> {
        if self.0.is_null() {
            return Err(UNREADABLE);
        }
        let count = usize::try_from(count).map_err(|_| MALFORMED)?;
        let descriptors = (0..count).map(|index| {
            // SAFETY: `index` is below the array's count.
            let place = unsafe { self.0.add(index) };
            // SAFETY: an element of the caller's array.
            let descriptor = unsafe { place.read() };
            let kind = IovKind::from_code(descriptor.kind & !FLAGS).ok_or(MALFORMED)?;
            Ok((descriptor, kind))
        });
        let descriptors: Vec<_> = descriptors.collect::<Partial<_>>()?;
        let stream = descriptors.iter().any(|(_, kind)| *kind == IovKind::Stream);
        let given = |(descriptor, kind): (gss_iov_buffer_desc, IovKind)| {
            let allocate = descriptor.kind & ALLOCATE != 0;
            let made = use_.makes(kind, allocate, stream);
            let gss_buffer_desc { mut length, value } = descriptor.buffer;
            let mut start = value.cast::<u8>();
            let mut stand_in = None;
            if made || kind == IovKind::Empty {
                length = 0;
            } else if length > isize::MAX as usize {
                return Err(MALFORMED);
            } else if length > 0 && start.is_null() {
                if use_ != Use::Lengths {
                    return Err(UNREADABLE);
                }
                start = memory::array(length).ok_or_else(|| out_of_memory("a message's length"))?.as_ptr();
                stand_in = Some(Freed(start));
            }
            Ok(Given { descriptor, kind, allocate: made && allocate, made, start, length, _stand_in: stand_in })
        };
        descriptors.into_iter().map(given).collect()
    }

    /// Frees the buffers that were made for the caller, and leaves them empty.
    pub(crate) fn release(&mut self, count: i32) {
        let count = if self.0.is_null() { 0 } else { usize::try_from(count).unwrap_or(0) };
        for index in 0..count {
            // SAFETY: `index` is below the array's count.
            let place = unsafe { self.0.add(index) };
            // SAFETY: an element of the caller's array.
            let descriptor = unsafe { &mut *place };
            if descriptor.kind & ALLOCATED != 0 {
                // SAFETY: made by this library or another with malloc, and given up by the caller.
                unsafe { memory::free(descriptor.buffer.value) };
                descriptor.kind &= !ALLOCATED;
                descriptor.buffer = gss_buffer_desc { length: 0, value: ptr::null_mut() };
            }
        }
    }
}

/// Fails if two buffers share a byte: a mechanism may take each for its own.
fn check_apart(given: &[Given]) -> Partial<()> {
    let mut ranges: Vec<(usize, usize)> =
        given.iter().filter(|given| given.length > 0).map(|given| (given.start.addr(), given.length)).collect();
    ranges.sort_unstable();
    let apart = |pair: &[(usize, usize)]| matches!(pair, [one, two] if two.0 - one.0 >= one.1);
    if ranges.windows(2).all(apart) { Ok(()) } else { Err(MALFORMED) }
}

/// What the caller is told of an element.
enum Change {
    Nothing,
    Length(usize),
    Buffer { length: usize, value: *mut c_void },
    Allocated(MallocBuf),
}

impl Change {
    fn of(given: &Given, result: IovResult, stream: Option<(*mut u8, usize)>, use_: Use) -> Partial<Self> {
        Ok(match result {
            // What was not made is not there.
            IovResult::InPlace if given.made && use_ == Use::Lengths => Self::Length(0),
            IovResult::InPlace if given.made => Self::Buffer { length: 0, value: ptr::null_mut() },
            IovResult::InPlace => Self::Nothing,
            IovResult::Length(0) if given.made && use_ != Use::Lengths => {
                Self::Buffer { length: 0, value: ptr::null_mut() }
            }
            IovResult::Length(length) => Self::Length(length),
            IovResult::Allocated(bytes) => {
                Self::Allocated(MallocBuf::copy_of(&bytes).ok_or_else(|| out_of_memory("a piece of a message"))?)
            }
            IovResult::InStream(range) => match stream {
                Some((start, length)) if range.start <= range.end && range.end <= length => {
                    Self::Buffer { length: range.len(), value: start.wrapping_add(range.start).cast() }
                }
                // The core has checked it.
                _ => return Err(MALFORMED),
            },
        })
    }

    fn apply(self, before: gss_iov_buffer_desc) -> gss_iov_buffer_desc {
        let mut after = before;
        match self {
            Self::Nothing => {}
            Self::Length(length) => after.buffer.length = length,
            Self::Buffer { length, value } => {
                // Whatever the flag stood for is not in the buffer any more: it must not be freed.
                after.kind &= !ALLOCATED;
                after.buffer = gss_buffer_desc { length, value };
            }
            Self::Allocated(bytes) => {
                let (value, length) = bytes.into_c();
                after.kind |= ALLOCATED;
                after.buffer = gss_buffer_desc { length, value };
            }
        }
        after
    }
}
