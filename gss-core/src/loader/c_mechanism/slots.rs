//! The functions of a C mechanism: one slot for each, bound by its one exact name and only where the library itself
//! defines it. The list is that of MIT's switch (`gssapi/mechglue/mglueP.h`), 71 names; the eight that have no call in
//! our contract are there for recognition alone.

use super::ffi::{BindingsDesc, BufferDesc, BufferSetDesc, Handle, IovDesc, KeyValueSetDesc, OidDesc, OidSetDesc};
use crate::loader::library::Library;
use std::ffi::{CStr, c_int, c_void};

macro_rules! slots {
    ($($slot:ident = $symbol:literal ($($argument:ty),* $(,)?);)*) => {
        /// The functions that a mechanism has. Each takes the minor status first and answers the major status.
        pub(super) struct Slots {
            $(pub(super) $slot: Option<unsafe extern "C" fn(*mut u32, $($argument),*) -> u32>,)*
        }

        impl Slots {
            /// Binds what the library itself defines.
            pub(super) fn bind(library: &Library) -> Self {
                Self {
                    $($slot: library.own($symbol).map(|address| {
                        // SAFETY: a function of this name has this signature: that is the interface of C mechanisms,
                        // and a library that breaks it cannot be told from one that keeps it.
                        unsafe { std::mem::transmute::<*mut c_void, _>(address.as_ptr()) }
                    }),)*
                }
            }
        }

        const CALLED: &[&CStr] = &[$($symbol),*];
    };
}

impl Slots {
    /// Whether a context can be had back from its token.
    pub(super) fn imports_contexts(&self) -> bool {
        self.import_sec_context_by_mech.is_some() || self.import_sec_context.is_some()
    }
}

slots! {
    acquire_cred = c"gss_acquire_cred" (Handle, u32, *mut OidSetDesc, c_int, *mut Handle, *mut *mut OidSetDesc, *mut u32);
    release_cred = c"gss_release_cred" (*mut Handle);
    init_sec_context = c"gss_init_sec_context" (Handle, *mut Handle, Handle, *mut OidDesc, u32, u32, *mut BindingsDesc,
        *mut BufferDesc, *mut *mut OidDesc, *mut BufferDesc, *mut u32, *mut u32);
    accept_sec_context = c"gss_accept_sec_context" (*mut Handle, Handle, *mut BufferDesc, *mut BindingsDesc, *mut Handle,
        *mut *mut OidDesc, *mut BufferDesc, *mut u32, *mut u32, *mut Handle);
    process_context_token = c"gss_process_context_token" (Handle, *mut BufferDesc);
    delete_sec_context = c"gss_delete_sec_context" (*mut Handle, *mut BufferDesc);
    context_time = c"gss_context_time" (Handle, *mut u32);
    get_mic = c"gss_get_mic" (Handle, u32, *mut BufferDesc, *mut BufferDesc);
    verify_mic = c"gss_verify_mic" (Handle, *mut BufferDesc, *mut BufferDesc, *mut u32);
    wrap = c"gss_wrap" (Handle, c_int, u32, *mut BufferDesc, *mut c_int, *mut BufferDesc);
    unwrap = c"gss_unwrap" (Handle, *mut BufferDesc, *mut BufferDesc, *mut c_int, *mut u32);
    display_status = c"gss_display_status" (u32, c_int, *mut OidDesc, *mut u32, *mut BufferDesc);
    compare_name = c"gss_compare_name" (Handle, Handle, *mut c_int);
    display_name = c"gss_display_name" (Handle, *mut BufferDesc, *mut *mut OidDesc);
    import_name = c"gss_import_name" (*mut BufferDesc, *mut OidDesc, *mut Handle);
    release_name = c"gss_release_name" (*mut Handle);
    inquire_cred = c"gss_inquire_cred" (Handle, *mut Handle, *mut u32, *mut c_int, *mut *mut OidSetDesc);
    export_sec_context = c"gss_export_sec_context" (*mut Handle, *mut BufferDesc);
    import_sec_context = c"gss_import_sec_context" (*mut BufferDesc, *mut Handle);
    inquire_cred_by_mech = c"gss_inquire_cred_by_mech" (Handle, *mut OidDesc, *mut Handle, *mut u32, *mut u32,
        *mut c_int);
    inquire_names_for_mech = c"gss_inquire_names_for_mech" (*mut OidDesc, *mut *mut OidSetDesc);
    inquire_context = c"gss_inquire_context" (Handle, *mut Handle, *mut Handle, *mut u32, *mut *mut OidDesc, *mut u32,
        *mut c_int, *mut c_int);
    wrap_size_limit = c"gss_wrap_size_limit" (Handle, c_int, u32, u32, *mut u32);
    localname = c"gss_localname" (Handle, *mut OidDesc, *mut BufferDesc);
    authorize_localname = c"gssspi_authorize_localname" (Handle, *mut BufferDesc, *mut OidDesc);
    export_name = c"gss_export_name" (Handle, *mut BufferDesc);
    duplicate_name = c"gss_duplicate_name" (Handle, *mut Handle);
    store_cred = c"gss_store_cred" (Handle, c_int, *mut OidDesc, u32, u32, *mut *mut OidSetDesc, *mut c_int);
    inquire_sec_context_by_oid = c"gss_inquire_sec_context_by_oid" (Handle, *mut OidDesc, *mut *mut BufferSetDesc);
    inquire_cred_by_oid = c"gss_inquire_cred_by_oid" (Handle, *mut OidDesc, *mut *mut BufferSetDesc);
    set_sec_context_option = c"gss_set_sec_context_option" (*mut Handle, *mut OidDesc, *mut BufferDesc);
    set_cred_option = c"gssspi_set_cred_option" (*mut Handle, *mut OidDesc, *mut BufferDesc);
    mech_invoke = c"gssspi_mech_invoke" (*mut OidDesc, *mut OidDesc, *mut BufferDesc);
    wrap_aead = c"gss_wrap_aead" (Handle, c_int, u32, *mut BufferDesc, *mut BufferDesc, *mut c_int, *mut BufferDesc);
    unwrap_aead = c"gss_unwrap_aead" (Handle, *mut BufferDesc, *mut BufferDesc, *mut BufferDesc, *mut c_int, *mut u32);
    wrap_iov = c"gss_wrap_iov" (Handle, c_int, u32, *mut c_int, *mut IovDesc, c_int);
    unwrap_iov = c"gss_unwrap_iov" (Handle, *mut c_int, *mut u32, *mut IovDesc, c_int);
    wrap_iov_length = c"gss_wrap_iov_length" (Handle, c_int, u32, *mut c_int, *mut IovDesc, c_int);
    complete_auth_token = c"gss_complete_auth_token" (Handle, *mut BufferDesc);
    acquire_cred_impersonate_name = c"gss_acquire_cred_impersonate_name" (Handle, Handle, u32, *mut OidSetDesc, c_int,
        *mut Handle, *mut *mut OidSetDesc, *mut u32);
    display_name_ext = c"gss_display_name_ext" (Handle, *mut OidDesc, *mut BufferDesc);
    inquire_name = c"gss_inquire_name" (Handle, *mut c_int, *mut *mut OidDesc, *mut *mut BufferSetDesc);
    get_name_attribute = c"gss_get_name_attribute" (Handle, *mut BufferDesc, *mut c_int, *mut c_int, *mut BufferDesc,
        *mut BufferDesc, *mut c_int);
    set_name_attribute = c"gss_set_name_attribute" (Handle, c_int, *mut BufferDesc, *mut BufferDesc);
    delete_name_attribute = c"gss_delete_name_attribute" (Handle, *mut BufferDesc);
    export_name_composite = c"gss_export_name_composite" (Handle, *mut BufferDesc);
    map_name_to_any = c"gss_map_name_to_any" (Handle, c_int, *mut BufferDesc, *mut *mut c_void);
    release_any_name_mapping = c"gss_release_any_name_mapping" (Handle, *mut BufferDesc, *mut *mut c_void);
    pseudo_random = c"gss_pseudo_random" (Handle, c_int, *mut BufferDesc, isize, *mut BufferDesc);
    set_neg_mechs = c"gss_set_neg_mechs" (Handle, *mut OidSetDesc);
    inquire_saslname_for_mech = c"gss_inquire_saslname_for_mech" (*mut OidDesc, *mut BufferDesc, *mut BufferDesc,
        *mut BufferDesc);
    inquire_attrs_for_mech = c"gss_inquire_attrs_for_mech" (*mut OidDesc, *mut *mut OidSetDesc, *mut *mut OidSetDesc);
    acquire_cred_from = c"gss_acquire_cred_from" (Handle, u32, *mut OidSetDesc, c_int, *mut KeyValueSetDesc, *mut Handle,
        *mut *mut OidSetDesc, *mut u32);
    store_cred_into = c"gss_store_cred_into" (Handle, c_int, *mut OidDesc, u32, u32, *mut KeyValueSetDesc,
        *mut *mut OidSetDesc, *mut c_int);
    acquire_cred_with_password = c"gssspi_acquire_cred_with_password" (Handle, *mut BufferDesc, u32, *mut OidSetDesc,
        c_int, *mut Handle, *mut *mut OidSetDesc, *mut u32);
    export_cred = c"gss_export_cred" (Handle, *mut BufferDesc);
    import_cred = c"gss_import_cred" (*mut BufferDesc, *mut Handle);
    import_sec_context_by_mech = c"gssspi_import_sec_context_by_mech" (*mut OidDesc, *mut BufferDesc, *mut Handle);
    import_name_by_mech = c"gssspi_import_name_by_mech" (*mut OidDesc, *mut BufferDesc, *mut OidDesc, *mut Handle);
    import_cred_by_mech = c"gssspi_import_cred_by_mech" (*mut OidDesc, *mut BufferDesc, *mut Handle);
    get_mic_iov = c"gss_get_mic_iov" (Handle, u32, *mut IovDesc, c_int);
    verify_mic_iov = c"gss_verify_mic_iov" (Handle, *mut u32, *mut IovDesc, c_int);
    get_mic_iov_length = c"gss_get_mic_iov_length" (Handle, u32, *mut IovDesc, c_int);
}

/// Slots of MIT's list that no call here needs: MIT's switch never calls the first three either, OIDs of mechanisms are
/// copied and never released, a SASL name is looked up in the descriptions, and NegoEx is part of a negotiation.
const NOT_CALLED: &[&CStr] = &[
    c"gss_indicate_mechs",
    c"gss_add_cred",
    c"gss_add_cred_impersonate_name",
    c"gss_internal_release_oid",
    c"gss_inquire_mech_for_saslname",
    c"gssspi_query_meta_data",
    c"gssspi_exchange_meta_data",
    c"gssspi_query_mechanism_info",
];

/// Whether the library defines any function of a mechanism.
pub(super) fn any(library: &Library) -> bool {
    CALLED.iter().chain(NOT_CALLED).any(|symbol| library.own(symbol).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_that_of_mits_switch() {
        let mut all: Vec<_> = CALLED.iter().chain(NOT_CALLED).collect();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), 71);
    }
}
