//! The one list of exported functions. Each line is the C signature, by the argument types of `boundary`, and the
//! function behind it. A test compares this list with the ELF symbols and with the headers.

use crate::boundary::*;
use crate::types::*;
use crate::{context, credential, display, extension, iov, krb5, mechanism, message, name, naming, sets};
use gss_core::Major;
use std::arch::global_asm;
use std::ffi::c_void;

macro_rules! exports {
    ($(fn $name:ident($($argument:ident: $type:ty),*) = $body:path;)*) => {
        $(
            /// See the manual page.
            ///
            /// # Safety
            /// Pointers are NULL or good for what the header says of them, for as long as the call lasts.
            #[unsafe(no_mangle)]
            pub(crate) unsafe extern "C" fn $name(
                minor: *mut OM_uint32,
                $($argument: <$type as Arg>::C),*
            ) -> OM_uint32 {
                $(
                    // SAFETY: as demanded of the caller.
                    let $argument = unsafe { <$type as Arg>::from_c($argument) };
                )*
                run(minor, move || $body($($argument),*))
            }
            global_asm!(concat!(".symver ", stringify!($name), ", ", stringify!($name), "@@GSS_1.0"));
        )*
    };
}

/// The few that have no minor status, each with its answer for the case that it panics.
macro_rules! plain_exports {
    ($(fn $name:ident($($argument:ident: $type:ty),*) -> $answer:ty = $body:path, or $on_panic:expr;)*) => {
        $(
            /// See the manual page.
            ///
            /// # Safety
            /// Pointers are NULL or good for what the header says of them, for as long as the call lasts.
            #[unsafe(no_mangle)]
            pub(crate) unsafe extern "C" fn $name($($argument: <$type as Arg>::C),*) -> $answer {
                $(
                    // SAFETY: as demanded of the caller.
                    let $argument = unsafe { <$type as Arg>::from_c($argument) };
                )*
                run_plain($on_panic, move || $body($($argument),*))
            }
            global_asm!(concat!(".symver ", stringify!($name), ", ", stringify!($name), "@@GSS_1.0"));
        )*
    };
}

exports! {
    // Contexts (RFC 2744 section 5).
    fn gss_init_sec_context(credential: CredentialIn, context: HandleVariable, target: NameIn, mechanism: OidIn,
        flags: u32, lifetime: u32, bindings: BindingsIn<'_>, input: BytesIn<'_>, actual_mechanism: OidOut,
        output: BufferOut, ret_flags: Out<u32>, time_rec: Out<u32>) = context::init;
    fn gss_accept_sec_context(context: HandleVariable, credential: CredentialIn, input: BytesIn<'_>,
        bindings: BindingsIn<'_>, source: NameOut, mechanism: OidOut, output: BufferOut, ret_flags: Out<u32>,
        time_rec: Out<u32>, delegated: CredentialOut) = context::accept;
    fn gss_delete_sec_context(context: HandleVariable, output: BufferOut) = context::delete;
    fn gss_process_context_token(context: ContextIn, token: BytesIn<'_>) = context::process_token;
    fn gss_context_time(context: ContextIn, time_rec: Out<u32>) = context::time;
    fn gss_inquire_context(context: ContextIn, source: NameOut, target: NameOut, lifetime: Out<u32>,
        mechanism: OidOut, flags: Out<u32>, locally_initiated: Out<i32>, open: Out<i32>) = context::inquire;
    fn gss_export_sec_context(context: HandleVariable, token: BufferOut) = context::export;
    fn gss_import_sec_context(token: BytesIn<'_>, context: ContextOut) = context::import;
    // Messages.
    fn gss_wrap(context: ContextIn, confidential: i32, qop: u32, input: BytesIn<'_>, conf_state: Out<i32>,
        output: BufferOut) = message::wrap;
    fn gss_unwrap(context: ContextIn, input: BytesIn<'_>, output: BufferOut, conf_state: Out<i32>,
        qop_state: Out<u32>) = message::unwrap;
    fn gss_get_mic(context: ContextIn, qop: u32, message: BytesIn<'_>, output: BufferOut) = message::get_mic;
    fn gss_verify_mic(context: ContextIn, message: BytesIn<'_>, mic: BytesIn<'_>, qop_state: Out<u32>)
        = message::verify_mic;
    fn gss_wrap_size_limit(context: ContextIn, confidential: i32, qop: u32, output_size: u32,
        input_size: Out<u32>) = message::wrap_size_limit;
    // Messages in pieces, with associated data (gssapi_ext.h).
    fn gss_wrap_iov(context: ContextIn, confidential: i32, qop: u32, conf_state: Out<i32>, iov: IovArray, count: i32)
        = iov::wrap;
    fn gss_wrap_iov_length(context: ContextIn, confidential: i32, qop: u32, conf_state: Out<i32>, iov: IovArray,
        count: i32) = iov::wrap_length;
    fn gss_unwrap_iov(context: ContextIn, conf_state: Out<i32>, qop_state: Out<u32>, iov: IovArray, count: i32)
        = iov::unwrap;
    fn gss_get_mic_iov(context: ContextIn, qop: u32, iov: IovArray, count: i32) = iov::get_mic;
    fn gss_get_mic_iov_length(context: ContextIn, qop: u32, iov: IovArray, count: i32) = iov::mic_length;
    fn gss_verify_mic_iov(context: ContextIn, qop_state: Out<u32>, iov: IovArray, count: i32) = iov::verify_mic;
    fn gss_wrap_aead(context: ContextIn, confidential: i32, qop: u32, associated: BytesIn<'_>, input: BytesIn<'_>,
        conf_state: Out<i32>, output: BufferOut) = iov::wrap_aead;
    fn gss_unwrap_aead(context: ContextIn, input: BytesIn<'_>, associated: BytesIn<'_>, output: BufferOut,
        conf_state: Out<i32>, qop_state: Out<u32>) = iov::unwrap_aead;
    // The old names of calls on messages.
    fn gss_seal(context: ContextIn, confidential: i32, qop: i32, input: BytesIn<'_>, conf_state: Out<i32>,
        output: BufferOut) = extension::seal;
    fn gss_unseal(context: ContextIn, input: BytesIn<'_>, output: BufferOut, conf_state: Out<i32>,
        qop_state: Out<i32>) = extension::unseal;
    fn gss_sign(context: ContextIn, qop: i32, message: BytesIn<'_>, output: BufferOut) = extension::sign;
    fn gss_verify(context: ContextIn, message: BytesIn<'_>, mic: BytesIn<'_>, qop_state: Out<i32>)
        = extension::verify;

    // Inquiries and options by OID, pseudo-random function, the krb5 covers.
    fn gss_pseudo_random(context: ContextIn, key: i32, input: BytesIn<'_>, length: isize, output: BufferOut)
        = extension::pseudo_random;
    fn gss_inquire_sec_context_by_oid(context: ContextIn, object: OidIn, answers: BufferSetOut)
        = extension::inquire_by_oid;
    fn gss_set_sec_context_option(context: HandleVariable, option: OidIn, value: BytesIn<'_>)
        = extension::set_option;
    fn gss_complete_auth_token(context: ContextIn, input: BytesIn<'_>) = extension::complete_auth_token;
    fn gss_krb5_get_tkt_flags(context: ContextIn, flags: Out<i32>) = krb5::ticket_flags;
    fn gsskrb5_extract_authtime_from_sec_context(context: ContextIn, time: Out<i32>) = krb5::authentication_time;
    fn gsskrb5_extract_authz_data_from_sec_context(context: ContextIn, kind: i32, output: BufferOut)
        = krb5::authorization_data;
    fn gss_krb5_export_lucid_sec_context(context: HandleVariable, version: u32, output: OpaqueOut)
        = krb5::export_lucid;
    fn gss_krb5_free_lucid_sec_context(object: OpaqueIn) = krb5::free_lucid;
    fn gss_krb5_set_allowable_enctypes(credential: CredentialIn, count: u32, enctypes: OpaqueIn)
        = krb5::set_enctypes;
    fn gss_krb5_copy_ccache(credential: CredentialIn, ccache: OpaqueIn) = krb5::copy_ccache;
    fn gss_krb5_set_cred_rcache(credential: CredentialIn, rcache: OpaqueIn) = krb5::set_rcache;
    fn gss_krb5_import_cred(ccache: OpaqueIn, principal: OpaqueIn, keytab: OpaqueIn, output: CredentialOut)
        = krb5::import_cred;
    fn gss_krb5_ccache_name(name: OpaqueIn, old_name: OpaqueOut) = krb5::ccache_name;

    // Names.
    fn gss_import_name(text: BytesIn<'_>, name_type: OidIn, name: NameOut) = name::import;
    fn gss_display_name(name: NameIn, output: BufferOut, name_type: OidOut) = name::display;
    fn gss_compare_name(first: NameIn, second: NameIn, equal: Out<i32>) = name::compare;
    fn gss_canonicalize_name(name: NameIn, mechanism: OidIn, output: NameOut) = name::canonicalize;
    fn gss_duplicate_name(name: NameIn, output: NameOut) = name::duplicate;
    fn gss_export_name(name: NameIn, output: BufferOut) = name::export;
    fn gss_inquire_names_for_mech(mechanism: OidIn, name_types: OidSetOut) = name::names_for_mechanism;
    fn gss_inquire_mechs_for_name(name: NameIn, mechanisms: OidSetOut) = name::mechanisms_for_name;
    fn gss_release_name(name: HandleVariable) = name::release;

    // Naming attributes and local names (RFC 6680).
    fn gss_display_name_ext(name: NameIn, name_type: OidIn, output: BufferOut) = naming::display_as;
    fn gss_inquire_name(name: NameIn, is_mechanism_name: Out<i32>, mechanism: OidOut, attributes: BufferSetOut)
        = naming::inquire;
    fn gss_get_name_attribute(name: NameIn, attribute: BytesIn<'_>, authenticated: Out<i32>, complete: Out<i32>,
        value: BufferOut, display_value: BufferOut, more: InOut<i32>) = naming::get_attribute;
    fn gss_set_name_attribute(name: NameIn, complete: i32, attribute: BytesIn<'_>, value: BytesIn<'_>)
        = naming::set_attribute;
    fn gss_delete_name_attribute(name: NameIn, attribute: BytesIn<'_>) = naming::delete_attribute;
    fn gss_export_name_composite(name: NameIn, output: BufferOut) = naming::export_composite;
    fn gss_map_name_to_any(name: NameIn, authenticated: i32, type_id: BytesIn<'_>, output: Out<*mut c_void>)
        = naming::map_to_any;
    fn gss_release_any_name_mapping(name: NameIn, type_id: BytesIn<'_>, input: HandleVariable)
        = naming::release_any;
    fn gss_localname(name: NameIn, mechanism: OidIn, output: BufferOut) = naming::localname;
    fn gss_authorize_localname(name: NameIn, user: NameIn) = naming::authorize_localname;
    fn gss_pname_to_uid(name: NameIn, mechanism: OidIn, uid: UidOut) = naming::to_uid;

    // Credentials.
    fn gss_acquire_cred(name: NameIn, lifetime: u32, mechanisms: OidSetIn, usage: i32, output: CredentialOut,
        actual_mechanisms: OidSetOut, time_rec: Out<u32>) = credential::acquire;
    fn gss_acquire_cred_from(name: NameIn, lifetime: u32, mechanisms: OidSetIn, usage: i32,
        store: CredentialStoreIn<'_>, output: CredentialOut, actual_mechanisms: OidSetOut, time_rec: Out<u32>)
        = credential::acquire_from;
    fn gss_acquire_cred_with_password(name: NameIn, password: BytesIn<'_>, lifetime: u32, mechanisms: OidSetIn,
        usage: i32, output: CredentialOut, actual_mechanisms: OidSetOut, time_rec: Out<u32>)
        = credential::acquire_with_password;
    fn gss_acquire_cred_impersonate_name(impersonator: CredentialIn, name: NameIn, lifetime: u32,
        mechanisms: OidSetIn, usage: i32, output: CredentialOut, actual_mechanisms: OidSetOut, time_rec: Out<u32>)
        = credential::acquire_impersonating;
    fn gss_add_cred(input: CredentialIn, name: NameIn, mechanism: OidIn, usage: i32, initiator_time: u32,
        acceptor_time: u32, output: CredentialOut, actual_mechanisms: OidSetOut, initiator_time_rec: Out<u32>,
        acceptor_time_rec: Out<u32>) = credential::add;
    fn gss_add_cred_from(input: CredentialIn, name: NameIn, mechanism: OidIn, usage: i32, initiator_time: u32,
        acceptor_time: u32, store: CredentialStoreIn<'_>, output: CredentialOut, actual_mechanisms: OidSetOut,
        initiator_time_rec: Out<u32>, acceptor_time_rec: Out<u32>) = credential::add_from;
    fn gss_add_cred_with_password(input: CredentialIn, name: NameIn, mechanism: OidIn, password: BytesIn<'_>,
        usage: i32, initiator_time: u32, acceptor_time: u32, output: CredentialOut, actual_mechanisms: OidSetOut,
        initiator_time_rec: Out<u32>, acceptor_time_rec: Out<u32>) = credential::add_with_password;
    fn gss_add_cred_impersonate_name(input: CredentialIn, impersonator: CredentialIn, name: NameIn,
        mechanism: OidIn, usage: i32, initiator_time: u32, acceptor_time: u32, output: CredentialOut,
        actual_mechanisms: OidSetOut, initiator_time_rec: Out<u32>, acceptor_time_rec: Out<u32>)
        = credential::add_impersonating;
    fn gss_inquire_cred(credential: CredentialIn, name: NameOut, lifetime: Out<u32>, usage: Out<i32>,
        mechanisms: OidSetOut) = credential::inquire;
    fn gss_inquire_cred_by_mech(credential: CredentialIn, mechanism: OidIn, name: NameOut,
        initiator_lifetime: Out<u32>, acceptor_lifetime: Out<u32>, usage: Out<i32>)
        = credential::inquire_by_mechanism;
    fn gss_release_cred(credential: HandleVariable) = credential::release;
    fn gss_store_cred(credential: CredentialIn, usage: i32, mechanism: OidIn, overwrite: u32, make_default: u32,
        elements: OidSetOut, usage_stored: Out<i32>) = credential::store::store;
    fn gss_store_cred_into(credential: CredentialIn, usage: i32, mechanism: OidIn, overwrite: u32,
        make_default: u32, store: CredentialStoreIn<'_>, elements: OidSetOut, usage_stored: Out<i32>)
        = credential::store::store_into;
    fn gss_export_cred(credential: CredentialIn, output: BufferOut) = credential::store::export;
    fn gss_import_cred(token: BytesIn<'_>, output: CredentialOut) = credential::store::import;
    fn gss_set_cred_option(credential: HandleVariable, option: OidIn, value: BytesIn<'_>)
        = credential::option::set;
    fn gss_inquire_cred_by_oid(credential: CredentialIn, object: OidIn, answers: BufferSetOut)
        = credential::option::inquire;
    fn gss_set_neg_mechs(credential: CredentialIn, mechanisms: OidSetIn) = credential::option::set_negotiable;

    // Mechanisms, their attributes and SASL names.
    fn gss_indicate_mechs(mechanisms: OidSetOut) = mechanism::indicate;
    fn gss_indicate_mechs_by_attrs(desired: OidSetIn, except: OidSetIn, critical: OidSetIn, mechanisms: OidSetOut)
        = mechanism::indicate_by_attributes;
    fn gss_inquire_attrs_for_mech(mechanism: OidIn, attributes: OidSetOut, known: OidSetOut)
        = mechanism::inquire_attributes;
    fn gss_display_mech_attr(attribute: OidIn, name: BufferOut, short: BufferOut, long: BufferOut)
        = display::display_attribute;
    fn gss_inquire_saslname_for_mech(mechanism: OidIn, sasl: BufferOut, name: BufferOut, description: BufferOut)
        = mechanism::inquire_sasl_name;
    fn gss_inquire_mech_for_saslname(sasl: BytesIn<'_>, mechanism: OidOut) = mechanism::inquire_by_sasl_name;
    fn gssspi_mech_invoke(mechanism: OidIn, operation: OidIn, value: BufferInOut<'_>) = mechanism::invoke;

    // Status, OIDs, sets and buffers.
    fn gss_display_status(value: u32, kind: i32, mechanism: OidIn, message_context: InOut<u32>, output: BufferOut)
        = display::display_status;
    fn gss_create_empty_oid_set(set: OidSetOut) = sets::create;
    fn gss_add_oid_set_member(member: OctetsIn<'_>, set: OidSetVariable) = sets::add;
    fn gss_test_oid_set_member(member: OctetsIn<'_>, set: SearchedSet, present: Out<i32>) = sets::test;
    fn gss_release_oid_set(set: OidSetVariable) = sets::release;
    fn gss_release_oid(oid: OidVariable) = sets::release_oid;
    fn gss_oid_to_str(oid: OctetsIn<'_>, output: BufferOut) = sets::to_text;
    fn gss_str_to_oid(text: BytesIn<'_>, oid: OidOut) = sets::from_text;
    fn gss_release_buffer(buffer: ReleasedBuffer) = sets::release_buffer;
    fn gss_create_empty_buffer_set(set: BufferSetOut) = sets::create_buffers;
    fn gss_add_buffer_set_member(member: BytesIn<'_>, set: BufferSetVariable) = sets::add_buffer;
    fn gss_release_buffer_set(set: BufferSetVariable) = sets::release_buffers;
    fn gss_release_iov_buffer(iov: IovArray, count: i32) = sets::release_iov;

}

plain_exports! {
    // Framing of tokens, and OIDs (RFC 6339).
    fn gss_encapsulate_token(input: BytesIn<'_>, oid: OidIn, output: BufferOut) -> u32 = sets::encapsulate,
        or Major::FAILURE.0;
    fn gss_decapsulate_token(input: BytesIn<'_>, oid: OidIn, output: BufferOut) -> u32 = sets::decapsulate,
        or Major::FAILURE.0;
    fn gss_oid_equal(first: OctetsIn<'_>, second: OctetsIn<'_>) -> i32 = sets::equal, or 0;
    fn krb5_gss_register_acceptor_identity(keytab: TextIn<'_>) -> u32 = krb5::register_identity,
        or Major::FAILURE.0;
    // Local names.
    fn gss_userok(name: NameIn, user: TextIn<'_>) -> i32 = naming::user_ok, or 0;
}
