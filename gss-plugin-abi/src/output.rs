//! Where a call's output bytes go: into a buffer that the caller owns, grown by its owner, with no copy between.

use crate::abi::{OutputObject, RawOutput, RawOutput_TO};
use crate::guard::caught;
use crate::status::{MechError, Result};
use abi_stable::sabi_trait::prelude::TD_Opaque;
use abi_stable::std_types::{ROption, RSliceMut};
use std::fmt;

/// A buffer of the host that a plugin may fill. Implementations must not panic; if one does, the call fails.
pub trait Sink {
    /// Makes `count` more bytes at the end, zeroed, and answers them; `None` when memory runs out.
    fn append(&mut self, count: usize) -> Option<&mut [u8]>;
    /// Makes room for `count` more bytes, so that appending them cannot fail; `None` when memory runs out. By default
    /// it is seen when they are appended.
    fn reserve(&mut self, count: usize) -> Option<()> {
        let _ = count;
        Some(())
    }
    /// The length in bytes.
    fn len(&self) -> usize;
    /// Whether there are no bytes.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// Cuts the buffer to `length` bytes, if it is longer.
    fn truncate(&mut self, length: usize);
}

impl Sink for Vec<u8> {
    fn reserve(&mut self, count: usize) -> Option<()> {
        self.try_reserve(count).ok()
    }

    fn append(&mut self, count: usize) -> Option<&mut [u8]> {
        self.try_reserve(count).ok()?;
        let start = Vec::len(self);
        self.resize(start + count, 0);
        self.get_mut(start..)
    }

    fn len(&self) -> usize {
        Vec::len(self)
    }

    fn truncate(&mut self, length: usize) {
        Vec::truncate(self, length);
    }
}

impl<S: Sink> RawOutput for S {
    fn raw_append(&mut self, count: usize) -> ROption<RSliceMut<'_, u8>> {
        let bytes = caught(move || self.append(count));
        bytes.ok().flatten().map(RSliceMut::from_mut_slice).into()
    }

    fn raw_len(&self) -> usize {
        caught(|| self.len()).unwrap_or(0)
    }

    fn raw_truncate(&mut self, length: usize) {
        // A sink that panics here is left as it is.
        let _ = caught(|| self.truncate(length));
    }
}

/// The caller's output buffer, as a mechanism sees it.
pub struct Output<'a>(pub(crate) OutputObject<'a>);

impl<'a> Output<'a> {
    /// Output into a sink of this process, such as a `Vec<u8>`.
    pub fn over<S: Sink>(sink: &'a mut S) -> Self {
        Self(RawOutput_TO::from_ptr(sink, TD_Opaque))
    }

    /// Makes `count` more bytes at the end, zeroed, for the mechanism to fill in place.
    ///
    /// # Errors
    /// `FAILURE` when the host cannot get the memory.
    pub fn append(&mut self, count: usize) -> Result<&mut [u8]> {
        match self.0.raw_append(count) {
            ROption::RSome(bytes) if bytes.len() == count => Ok(bytes.into_mut_slice()),
            _ => Err(MechError::failure(format!("out of memory for {count} bytes of output"))),
        }
    }

    /// Puts bytes at the end.
    ///
    /// # Errors
    /// `FAILURE` when the host cannot get the memory.
    pub fn extend(&mut self, bytes: &[u8]) -> Result<()> {
        if !bytes.is_empty() {
            self.append(bytes.len())?.copy_from_slice(bytes);
        }
        Ok(())
    }

    /// The length in bytes.
    pub fn len(&self) -> usize {
        self.0.raw_len()
    }

    /// Whether there are no bytes.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Cuts the output to `length` bytes, if it is longer.
    pub fn truncate(&mut self, length: usize) {
        self.0.raw_truncate(length);
    }
}

impl fmt::Debug for Output<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Output({} bytes)", self.len())
    }
}
