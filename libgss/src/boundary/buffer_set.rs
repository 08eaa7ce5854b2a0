//! Buffer sets that are given out, for the caller to release.

use super::{Arg, Out, Partial, out_of_memory};
use crate::memory::{self, MallocBuf};
use crate::types::*;

/// A buffer set that is given out: the set, its elements and the bytes of each are allocations of their own.
pub(crate) struct BufferSetOut(Out<gss_buffer_set_t>);

impl Arg for BufferSetOut {
    type C = *mut gss_buffer_set_t;
    unsafe fn from_c(value: *mut gss_buffer_set_t) -> Self {
        // SAFETY: as demanded of the caller.
        Self(unsafe { Out::from_c(value) })
    }
}

impl BufferSetOut {
    pub(crate) fn is_wanted(&self) -> bool {
        self.0.is_wanted()
    }

    pub(crate) fn required(&self) -> Partial<()> {
        self.0.required()
    }

    /// Gives copies.
    pub(crate) fn put(&mut self, buffers: &[Vec<u8>]) -> Partial<()> {
        if self.is_wanted() {
            self.0.set(new_set(buffers).ok_or_else(|| out_of_memory("a buffer set"))?);
        }
        Ok(())
    }
}

/// A set of copies; `None` when memory runs out.
fn new_set(buffers: &[Vec<u8>]) -> Option<gss_buffer_set_t> {
    // All that can fail comes first, and is freed by its own drop.
    let copies: Vec<MallocBuf> = buffers.iter().map(|bytes| MallocBuf::copy_of(bytes)).collect::<Option<_>>()?;
    let set = memory::array::<gss_buffer_set_desc>(1)?.as_ptr();
    let Some(elements) = memory::array::<gss_buffer_desc>(copies.len()) else {
        // SAFETY: allocated above; nobody else knows it.
        unsafe { memory::free(set) };
        return None;
    };
    let elements = elements.as_ptr();
    let count = copies.len();
    for (index, copy) in copies.into_iter().enumerate() {
        let (value, length) = copy.into_c();
        // SAFETY: `index` is below the count that was allocated.
        let element = unsafe { elements.add(index) };
        // SAFETY: as above.
        unsafe { element.write(gss_buffer_desc { length, value }) };
    }
    // SAFETY: allocated above.
    unsafe { set.write(gss_buffer_set_desc { count, elements }) };
    Some(set)
}
