//! Channel bindings.

use super::*;

/// Channel bindings, or `GSS_C_NO_CHANNEL_BINDINGS`.
pub(crate) struct BindingsIn<'a>(Option<Option<ChannelBindings<'a>>>);

impl Arg for BindingsIn<'_> {
    type C = gss_channel_bindings_t;
    unsafe fn from_c(value: gss_channel_bindings_t) -> Self {
        if value.is_null() {
            return Self(Some(None));
        }
        // SAFETY: not NULL, so bindings of the caller's.
        let bindings = unsafe { &*value };
        let read = || {
            Some(ChannelBindings {
                initiator_address_type: bindings.initiator_addrtype,
                // SAFETY: the caller's buffers are good for their lengths.
                initiator_address: unsafe { bytes_of(bindings.initiator_address) }?,
                acceptor_address_type: bindings.acceptor_addrtype,
                // SAFETY: as above.
                acceptor_address: unsafe { bytes_of(bindings.acceptor_address) }?,
                // SAFETY: as above.
                application_data: unsafe { bytes_of(bindings.application_data) }?,
            })
        };
        Self(read().map(Some))
    }
}

impl<'a> BindingsIn<'a> {
    pub(crate) fn get(&self) -> Partial<Option<ChannelBindings<'a>>> {
        self.0.ok_or(Failure::Call(Major::CALL_BAD_STRUCTURE.with(Major::BAD_BINDINGS)))
    }
}
