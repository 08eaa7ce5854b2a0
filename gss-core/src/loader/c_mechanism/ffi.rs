//! The structs that cross to C mechanisms, with the layouts of RFC 2744 section 2 as MIT, Heimdal and illumos have them
//! on 64-bit Linux, and inputs as such structs.

use gss_plugin_abi::{ChannelBindings, Oid};
use std::ffi::{c_char, c_void};
use std::ptr;

/// `gss_OID_desc`.
#[repr(C)]
#[derive(Clone, Copy)]
pub(super) struct OidDesc {
    pub(super) length: u32,
    pub(super) elements: *mut c_void,
}

/// `gss_OID_set_desc`.
#[repr(C)]
pub(super) struct OidSetDesc {
    pub(super) count: usize,
    pub(super) elements: *mut OidDesc,
}

/// `gss_buffer_desc`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub(super) struct BufferDesc {
    pub(super) length: usize,
    pub(super) value: *mut c_void,
}

/// `gss_buffer_set_desc`.
#[repr(C)]
pub(super) struct BufferSetDesc {
    pub(super) count: usize,
    pub(super) elements: *mut BufferDesc,
}

/// `gss_iov_buffer_desc`.
#[repr(C)]
pub(super) struct IovDesc {
    pub(super) kind: u32,
    pub(super) buffer: BufferDesc,
}

/// `struct gss_channel_bindings_struct`.
#[repr(C)]
pub(super) struct BindingsDesc {
    pub(super) initiator_address_type: u32,
    pub(super) initiator_address: BufferDesc,
    pub(super) acceptor_address_type: u32,
    pub(super) acceptor_address: BufferDesc,
    pub(super) application_data: BufferDesc,
}

/// `gss_key_value_element_desc`.
#[repr(C)]
pub(super) struct KeyValueDesc {
    pub(super) key: *const c_char,
    pub(super) value: *const c_char,
}

/// `gss_key_value_set_desc`.
#[repr(C)]
pub(super) struct KeyValueSetDesc {
    pub(super) count: u32,
    pub(super) elements: *mut KeyValueDesc,
}

/// A handle of the mechanism's: `gss_ctx_id_t`, `gss_cred_id_t` or `gss_name_t`, whatever it points to.
pub(super) type Handle = *mut c_void;

impl BufferDesc {
    /// An output before the call.
    pub(super) const EMPTY: Self = Self { length: 0, value: ptr::null_mut() };
}

/// Bytes as an input. C has no `const` here; mechanisms do not write to their inputs.
pub(super) fn input(bytes: &[u8]) -> BufferDesc {
    // Code that copies no bytes from a null pointer would be undefined; from this address it is not.
    static NOTHING: [u8; 1] = [0];
    let bytes = if bytes.is_empty() { &NOTHING[..0] } else { bytes };
    BufferDesc { length: bytes.len(), value: bytes.as_ptr().cast_mut().cast() }
}

/// Bytes as an input that the mechanism may write to.
pub(super) fn scratch(bytes: &mut [u8]) -> BufferDesc {
    if bytes.is_empty() { input(bytes) } else { BufferDesc { length: bytes.len(), value: bytes.as_mut_ptr().cast() } }
}

/// An OID as an input, good for as long as the OID.
pub(super) fn oid_desc(oid: &Oid) -> OidDesc {
    let content = oid.as_bytes();
    // At most MAX_OID_OCTETS.
    OidDesc { length: content.len() as u32, elements: content.as_ptr().cast_mut().cast() }
}

/// Channel bindings as an input.
pub(super) fn bindings_desc(bindings: &ChannelBindings<'_>) -> BindingsDesc {
    BindingsDesc {
        initiator_address_type: bindings.initiator_address_type,
        initiator_address: input(bindings.initiator_address),
        acceptor_address_type: bindings.acceptor_address_type,
        acceptor_address: input(bindings.acceptor_address),
        application_data: input(bindings.application_data),
    }
}

/// The pointer to an optional argument, or null.
pub(super) fn pointer<T>(argument: &mut Option<T>) -> *mut T {
    argument.as_mut().map_or(ptr::null_mut(), ptr::from_mut)
}
