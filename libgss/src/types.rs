//! The types of the C headers, with their layouts (RFC 2744 section 2 as MIT, Heimdal and illumos have it on 64-bit
//! Linux).
#![allow(non_camel_case_types)]

use std::ffi::{c_char, c_void};

/// `OM_uint32`.
pub(crate) type OM_uint32 = u32;

/// A handle of a context as C holds it: not an address, but a value of `handle`.
pub(crate) type gss_ctx_id_t = *mut c_void;
/// A handle of a name.
pub(crate) type gss_name_t = *mut c_void;
/// A handle of a credential.
pub(crate) type gss_cred_id_t = *mut c_void;

#[repr(C)]
#[derive(Clone, Copy)]
pub(crate) struct gss_OID_desc {
    pub(crate) length: OM_uint32,
    pub(crate) elements: *mut c_void,
}
pub(crate) type gss_OID = *mut gss_OID_desc;

#[repr(C)]
pub(crate) struct gss_OID_set_desc {
    pub(crate) count: usize,
    pub(crate) elements: gss_OID,
}
pub(crate) type gss_OID_set = *mut gss_OID_set_desc;

#[repr(C)]
#[derive(Clone, Copy)]
pub(crate) struct gss_buffer_desc {
    pub(crate) length: usize,
    pub(crate) value: *mut c_void,
}
pub(crate) type gss_buffer_t = *mut gss_buffer_desc;

#[repr(C)]
pub(crate) struct gss_channel_bindings_desc {
    pub(crate) initiator_addrtype: OM_uint32,
    pub(crate) initiator_address: gss_buffer_desc,
    pub(crate) acceptor_addrtype: OM_uint32,
    pub(crate) acceptor_address: gss_buffer_desc,
    pub(crate) application_data: gss_buffer_desc,
}
pub(crate) type gss_channel_bindings_t = *mut gss_channel_bindings_desc;

#[repr(C)]
pub(crate) struct gss_buffer_set_desc {
    pub(crate) count: usize,
    pub(crate) elements: *mut gss_buffer_desc,
}
pub(crate) type gss_buffer_set_t = *mut gss_buffer_set_desc;

#[repr(C)]
#[derive(Clone, Copy)]
pub(crate) struct gss_iov_buffer_desc {
    pub(crate) kind: OM_uint32,
    pub(crate) buffer: gss_buffer_desc,
}
pub(crate) type gss_iov_buffer_t = *mut gss_iov_buffer_desc;

#[repr(C)]
pub(crate) struct gss_key_value_element_desc {
    pub(crate) key: *const c_char,
    pub(crate) value: *const c_char,
}

#[repr(C)]
pub(crate) struct gss_key_value_set_desc {
    pub(crate) count: OM_uint32,
    pub(crate) elements: *mut gss_key_value_element_desc,
}
pub(crate) type gss_const_key_value_set_t = *const gss_key_value_set_desc;
