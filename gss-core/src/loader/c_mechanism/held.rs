//! What there is of a context: the mechanism's handle, or what the mechanism exported it as, or nothing any more.

use super::ffi::{Handle, input};
use super::memory::{Buffer, SecretBuffer, lie, made};
use super::status::call;
use super::{Binding, mit};
use crate::error::CONTEXT_ENDED;
use gss_plugin_abi::{Major, MechError, Output, Result};
use std::ptr;

/// What there is of the context.
pub(super) enum Held {
    /// The mechanism's handle.
    Live(Handle),
    /// The mechanism has exported it, and ended it by that: the whole token.
    Exported(SecretBuffer),
    /// It is lost, and why.
    Gone(&'static str),
}

// SAFETY: a handle may be used on any thread, by one at a time.
unsafe impl Send for Held {}

const ENDED_BY_MECHANISM: &str = "the mechanism ended the context in a call that failed";
pub(super) const LOST_IN_EXPORT: &str = "the mechanism ended the context by exporting it, the export failed, and the \
    mechanism did not take the context back";
const EMPTY_EXPORT: &str = "the mechanism ended the context by exporting it, and answered no usable token";

impl Held {
    /// The handle; an exported context is imported back.
    pub(super) fn live(&mut self, binding: &Binding) -> Result<Handle> {
        match self {
            Self::Live(handle) => Ok(*handle),
            Self::Gone(why) => Err(gone(why)),
            Self::Exported(_) => self.take_back(binding),
        }
    }

    #[cold]
    fn take_back(&mut self, binding: &Binding) -> Result<Handle> {
        let Self::Exported(token) = std::mem::replace(self, Self::Gone(LOST_IN_EXPORT)) else {
            return Err(gone(LOST_IN_EXPORT));
        };
        match token.0.bytes().and_then(|token| import(binding, token)) {
            Ok(handle) => {
                *self = Self::Live(handle);
                Ok(handle)
            }
            Err(error) => Err(MechError { text: format!("{LOST_IN_EXPORT}: {error}"), ..gone(LOST_IN_EXPORT) }),
        }
    }

    /// Has the mechanism export the context, if it has not yet.
    pub(super) fn export(&mut self, binding: &Binding) -> Result<()> {
        if matches!(self, Self::Exported(_)) {
            return Ok(());
        }
        let mut handle = self.live(binding)?;
        let mut token = SecretBuffer(Buffer::new());
        let answer = call!(binding, export_sec_context, "export of contexts", &raw mut handle, token.0.output());
        if let Err(error) = answer {
            self.settle(handle);
            return Err(match self {
                Self::Live(_) => error,
                _ => MechError { text: format!("{ENDED_BY_MECHANISM}: {error}"), ..gone(ENDED_BY_MECHANISM) },
            });
        }
        if let Err(lie) = made(&token.0) {
            if handle.is_null() {
                *self = Self::Gone(EMPTY_EXPORT);
                return Err(MechError { text: format!("{EMPTY_EXPORT}: {}", lie.text), ..lie }.minor(CONTEXT_ENDED));
            }
            *self = Self::Live(handle);
            return Err(lie);
        }
        // A mechanism that left its context alive would go on with it beside the importer.
        delete(binding, handle);
        *self = Self::Exported(token);
        Ok(())
    }

    /// What a call has made of the handle.
    pub(super) fn settle(&mut self, handle: Handle) {
        *self = if handle.is_null() { Self::Gone(ENDED_BY_MECHANISM) } else { Self::Live(handle) };
    }
}

#[cold]
pub(super) fn gone(why: &str) -> MechError {
    MechError::new(Major::NO_CONTEXT, why).minor(CONTEXT_ENDED)
}

/// Imports what the mechanism's own function exported.
pub(super) fn import(binding: &Binding, token: &[u8]) -> Result<Handle> {
    let (mut token, mut handle) = (input(token), ptr::null_mut());
    let answer = if binding.slots.import_sec_context_by_mech.is_some() {
        let mechanism = binding.oid();
        call!(binding, import_sec_context_by_mech, "import of contexts", mechanism, &raw mut token, &raw mut handle)
    } else {
        call!(binding, import_sec_context, "import of contexts", &raw mut token, &raw mut handle)
    };
    match answer {
        Ok(_) if handle.is_null() => Err(lie("success, and no context")),
        Ok(_) => Ok(handle),
        Err(error) => {
            delete(binding, handle);
            Err(error)
        }
    }
}

/// Deletes a context; null is none.
pub(super) fn delete(binding: &Binding, mut handle: Handle) {
    if !handle.is_null() {
        let answer = call!(binding, delete_sec_context, "deletion of contexts", &raw mut handle, ptr::null_mut());
        if let Err(error) = answer {
            tracing::debug!(oid = %binding.oid, "delete: {error}");
        }
    }
}

/// Writes an exported context out, without the header that MIT's switch put before it.
pub(super) fn give(binding: &Binding, token: &SecretBuffer, out: &mut Output<'_>) -> Result<()> {
    let token = token.0.bytes()?;
    out.extend(if binding.mit.is_some() { mit::context_state(&binding.oid, token)? } else { token })
}
