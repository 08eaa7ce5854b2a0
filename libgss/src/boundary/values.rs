//! Numbers and buffers, in and out.

use super::*;

/// A value that an output has before the call knows better.
pub(crate) trait Cleared: Copy {
    const CLEARED: Self;
}
impl Cleared for u32 {
    const CLEARED: Self = 0;
}
impl Cleared for i32 {
    const CLEARED: Self = 0;
}
impl<T> Cleared for *mut T {
    const CLEARED: Self = ptr::null_mut();
}

/// An output that the caller may not want.
pub(crate) struct Out<T>(pub(super) *mut T);

impl<T: Cleared> Arg for Out<T> {
    type C = *mut T;
    unsafe fn from_c(value: *mut T) -> Self {
        let mut out = Self(value);
        out.set(T::CLEARED);
        out
    }
}

impl<T: Copy> Out<T> {
    pub(crate) fn is_wanted(&self) -> bool {
        !self.0.is_null()
    }

    /// Fails if the caller gave no place for an output that it has to take.
    pub(crate) fn required(&self) -> Partial<()> {
        if self.is_wanted() { Ok(()) } else { Err(UNWRITABLE) }
    }

    pub(crate) fn set(&mut self, value: T) {
        if self.is_wanted() {
            // SAFETY: not NULL, so the caller's to write to while the call lasts.
            unsafe { *self.0 = value };
        }
    }
}

impl Out<i32> {
    /// The same place for a number of the other type: the old names of calls have `int` where the new ones do not.
    pub(crate) fn unsigned(self) -> Out<u32> {
        Out(self.0.cast())
    }
}

/// A number that the call reads and may change; a failing one leaves it.
pub(crate) struct InOut<T>(*mut T);

impl<T: Copy> Arg for InOut<T> {
    type C = *mut T;
    unsafe fn from_c(value: *mut T) -> Self {
        Self(value)
    }
}

impl<T: Copy> InOut<T> {
    /// What it holds; fails if the caller gave no place for it.
    pub(crate) fn required(&self) -> Partial<T> {
        // SAFETY: not NULL, so the caller's to read while the call lasts.
        if self.0.is_null() { Err(UNWRITABLE) } else { Ok(unsafe { *self.0 }) }
    }

    pub(crate) fn set(&mut self, value: T) {
        if !self.0.is_null() {
            // SAFETY: not NULL, so the caller's to write to while the call lasts.
            unsafe { *self.0 = value };
        }
    }
}

/// A buffer that is read.
pub(crate) struct BytesIn<'a> {
    bytes: Option<&'a [u8]>,
    /// It says that it has some.
    claimed: bool,
}

impl Arg for BytesIn<'_> {
    type C = gss_buffer_t;
    unsafe fn from_c(value: gss_buffer_t) -> Self {
        if value.is_null() {
            return Self { bytes: None, claimed: false };
        }
        // SAFETY: not NULL, so a buffer of the caller's.
        let buffer = unsafe { *value };
        // SAFETY: a value that is not NULL is good for its length.
        Self { bytes: unsafe { bytes_of(buffer) }, claimed: buffer.length > 0 }
    }
}

/// The bytes of a buffer; `None` where it claims some and has none.
///
/// # Safety
/// A value that is not NULL is good for `length` bytes.
pub(crate) unsafe fn bytes_of<'a>(buffer: gss_buffer_desc) -> Option<&'a [u8]> {
    match (buffer.value.is_null(), buffer.length) {
        (_, 0) => Some(&[]),
        (true, _) => None,
        (false, length) if length > isize::MAX as usize => None,
        // SAFETY: as demanded; the length was checked just now.
        (false, length) => Some(unsafe { std::slice::from_raw_parts(buffer.value.cast::<u8>(), length) }),
    }
}

impl<'a> BytesIn<'a> {
    /// The bytes, none for `GSS_C_NO_BUFFER`.
    pub(crate) fn optional(&self) -> Option<&'a [u8]> {
        self.bytes
    }

    /// The bytes, none for `GSS_C_NO_BUFFER`; but a buffer that claims some and has none is not taken for an empty one.
    pub(crate) fn or_empty(&self) -> Partial<&'a [u8]> {
        match self.bytes {
            Some(bytes) => Ok(bytes),
            None if self.claimed => Err(UNREADABLE),
            None => Ok(&[]),
        }
    }

    /// The bytes of a buffer that has to be there; it may be empty.
    pub(crate) fn required(&self, routine: Major) -> Partial<&'a [u8]> {
        self.bytes.ok_or(missing(routine))
    }

    /// The bytes of a buffer that has to hold some.
    pub(crate) fn not_empty(&self, routine: Major) -> Partial<&'a [u8]> {
        self.bytes.filter(|bytes| !bytes.is_empty()).ok_or(missing(routine))
    }
}

/// A buffer that is filled, with memory that the caller frees.
pub(crate) struct BufferOut(*mut gss_buffer_desc);

impl Arg for BufferOut {
    type C = gss_buffer_t;
    unsafe fn from_c(value: gss_buffer_t) -> Self {
        let mut out = Self(value);
        out.set(ptr::null_mut(), 0);
        out
    }
}

impl BufferOut {
    pub(crate) fn is_wanted(&self) -> bool {
        !self.0.is_null()
    }

    pub(crate) fn required(&self) -> Partial<()> {
        if self.is_wanted() { Ok(()) } else { Err(UNWRITABLE) }
    }

    fn set(&mut self, value: *mut c_void, length: usize) {
        if self.is_wanted() {
            // SAFETY: not NULL, so the caller's to write to while the call lasts.
            unsafe { *self.0 = gss_buffer_desc { length, value } };
        }
    }

    /// Gives the bytes away.
    pub(crate) fn give(&mut self, bytes: MallocBuf) {
        if self.is_wanted() {
            let (value, length) = bytes.into_c();
            self.set(value, length);
        }
    }

    /// Gives copies, each to its buffer; either all of those that are wanted or none.
    pub(crate) fn put_all<const N: usize>(outputs: [(&mut Self, &[u8]); N]) -> Partial<()> {
        let copies = outputs.map(|(output, bytes)| {
            let copy = if output.is_wanted() { MallocBuf::copy_of(bytes) } else { Some(MallocBuf::new()) };
            (output, copy)
        });
        if copies.iter().any(|(_, copy)| copy.is_none()) {
            return Err(out_of_memory("an output buffer"));
        }
        for (output, copy) in copies {
            output.give(copy.unwrap_or_else(MallocBuf::new));
        }
        Ok(())
    }

    /// Gives a copy.
    pub(crate) fn put(&mut self, bytes: &[u8]) -> Partial<()> {
        if self.is_wanted() {
            self.give(MallocBuf::copy_of(bytes).ok_or_else(|| out_of_memory("an output buffer"))?);
        }
        Ok(())
    }
}

/// A buffer that is read, and whose bytes others may take the place of.
pub(crate) struct BufferInOut<'a> {
    bytes: BytesIn<'a>,
    place: BufferOut,
}

impl Arg for BufferInOut<'_> {
    type C = gss_buffer_t;
    unsafe fn from_c(value: gss_buffer_t) -> Self {
        // SAFETY: as demanded of the caller.
        Self { bytes: unsafe { BytesIn::from_c(value) }, place: BufferOut(value) }
    }
}

impl<'a> BufferInOut<'a> {
    /// The bytes, none for `GSS_C_NO_BUFFER`.
    pub(crate) fn bytes(&self) -> Partial<&'a [u8]> {
        if self.place.is_wanted() { self.bytes.required(Major::COMPLETE) } else { Ok(&[]) }
    }

    /// Gives bytes away in place of those that were there, which stay the caller's.
    pub(crate) fn give(&mut self, bytes: MallocBuf) {
        self.place.give(bytes);
    }
}
