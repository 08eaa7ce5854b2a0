/*
 * Two GSS-API libraries in one process: each side says which library its calls and its variables really mean, and then
 * works with it. A line is "SIDE WHAT NAME ANSWER".
 */
#ifndef NEIGHBOURS_H
#define NEIGHBOURS_H

#define _GNU_SOURCE
#include <dlfcn.h>
#include <gssapi/gssapi.h>
#include <gssapi/gssapi_ext.h>
#include <gssapi/gssapi_generic.h>
#include <gssapi/gssapi_krb5.h>
#include <stdio.h>
#include <string.h>

/* Functions of each kind, those included that libraries call among themselves. */
#define FUNCTIONS(DO) \
    DO(gss_import_name) DO(gss_display_name) DO(gss_compare_name) DO(gss_release_name) DO(gss_duplicate_name) \
    DO(gss_canonicalize_name) DO(gss_export_name) DO(gss_acquire_cred) DO(gss_acquire_cred_from) DO(gss_release_cred) \
    DO(gss_inquire_cred) DO(gss_init_sec_context) DO(gss_accept_sec_context) DO(gss_delete_sec_context) \
    DO(gss_export_sec_context) DO(gss_import_sec_context) DO(gss_inquire_context) DO(gss_context_time) DO(gss_wrap) \
    DO(gss_unwrap) DO(gss_get_mic) DO(gss_verify_mic) DO(gss_wrap_iov) DO(gss_unwrap_iov) DO(gss_release_iov_buffer) \
    DO(gss_indicate_mechs) DO(gss_inquire_attrs_for_mech) DO(gss_display_status) DO(gss_release_buffer) \
    DO(gss_create_empty_oid_set) DO(gss_add_oid_set_member) DO(gss_release_oid_set) DO(gss_str_to_oid) \
    DO(gss_oid_to_str) DO(gss_release_oid) DO(gss_oid_equal) DO(gss_create_empty_buffer_set) \
    DO(gss_add_buffer_set_member) DO(gss_release_buffer_set) DO(gss_inquire_sec_context_by_oid) \
    DO(gss_encapsulate_token) DO(gss_krb5_get_tkt_flags)

#define VARIABLES(DO) \
    DO(GSS_C_NT_USER_NAME) DO(GSS_C_NT_HOSTBASED_SERVICE) DO(GSS_C_NT_ANONYMOUS) DO(GSS_C_NT_EXPORT_NAME) \
    DO(GSS_C_MA_MECH_CONCRETE) DO(gss_mech_krb5) DO(gss_nt_service_name) DO(GSS_KRB5_NT_PRINCIPAL_NAME)

static const char *owner(const void *address)
{
    Dl_info found;

    return dladdr(address, &found) != 0 ? found.dli_fname : "nobody";
}

#define PRINT_FUNCTION(name) printf("%s function %s %s\n", side, #name, owner((const void *)(size_t)name));
/* Not the variable, of which a program may hold a copy: the object that it points to. */
#define PRINT_VARIABLE(name) printf("%s variable %s %s\n", side, #name, owner((const void *)name));

static void print_owners(const char *side)
{
    FUNCTIONS(PRINT_FUNCTION)
    VARIABLES(PRINT_VARIABLE)
}

/* A name, a set and an OID through this side's library. The name is left to the caller. */
static gss_name_t work(const char *side)
{
    gss_buffer_desc text = { 7, (void *)"someone" }, shown = GSS_C_EMPTY_BUFFER, dotted = { 7, (void *)"1.2.3.4" };
    gss_name_t name = GSS_C_NO_NAME;
    gss_OID type = GSS_C_NO_OID, oid = GSS_C_NO_OID;
    gss_OID_set set = GSS_C_NO_OID_SET, mechanisms = GSS_C_NO_OID_SET;
    OM_uint32 minor, major;
    size_t index;
    int present = 0;

    major = gss_import_name(&minor, &text, GSS_C_NT_USER_NAME, &name);
    major |= gss_display_name(&minor, name, &shown, &type);
    printf("%s work name %.*s\n", side, (int)shown.length, (char *)shown.value);
    printf("%s work type %s\n", side, type == GSS_C_NT_USER_NAME ? "own" : "foreign");
    major |= gss_release_buffer(&minor, &shown);
    major |= gss_create_empty_oid_set(&minor, &set);
    major |= gss_add_oid_set_member(&minor, GSS_C_NT_USER_NAME, &set);
    major |= gss_test_oid_set_member(&minor, GSS_C_NT_USER_NAME, set, &present);
    major |= gss_release_oid_set(&minor, &set);
    major |= gss_str_to_oid(&minor, &dotted, &oid);
    major |= gss_release_oid(&minor, &oid);
    printf("%s work status %08x\n", side, major);
    gss_indicate_mechs(&minor, &mechanisms);
    for (index = 0; mechanisms != GSS_C_NO_OID_SET && index < mechanisms->count; index++) {
        gss_oid_to_str(&minor, &mechanisms->elements[index], &shown);
        printf("%s mechanism %s .\n", side, (char *)shown.value);
        gss_release_buffer(&minor, &shown);
    }
    gss_release_oid_set(&minor, &mechanisms);
    return name;
}

#endif
