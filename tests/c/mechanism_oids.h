/*
 * OIDs that come from a C mechanism are given out as the library's own objects, known ones as the exported variables:
 * checks of everything that answers one. Link with -ldl where the C library does not have dladdr itself.
 */
#ifndef MECHANISM_OIDS_H
#define MECHANISM_OIDS_H

#include <dlfcn.h>
#include <gssapi/gssapi_krb5.h>

/* What lies in a library is libgss's: a mechanism's object of the same value would have passed by value alone. */
static inline void check_object(gss_OID given)
{
	Dl_info found;
	if (dladdr(given, &found) != 0 && found.dli_sname != NULL)
		CHECK(strstr(found.dli_fname, "libgss.so") != NULL);
}

static inline void check_mechanism(gss_OID given, gss_OID asked)
{
	static gss_OID first;
	CHECK(given != asked && gss_oid_equal(given, asked));
	if (gss_oid_equal(asked, gss_mech_krb5))
		CHECK(given == gss_mech_krb5);
	check_object(given);
	CHECK(first == NULL || first == given);
	first = given;
}

static inline void check_name(gss_name_t name, gss_OID asked)
{
	OM_uint32 minor;
	gss_OID type = GARBAGE, of_name = GARBAGE;
	gss_buffer_desc text;
	CHECK_MAJOR(gss_display_name(&minor, name, &text, &type), GSS_S_COMPLETE);
	CHECK(type == (gss_oid_equal(asked, gss_mech_krb5) ? GSS_KRB5_NT_PRINCIPAL_NAME : GSS_C_NT_USER_NAME));
	free_buffer(&text);
	CHECK_MAJOR(gss_inquire_name(&minor, name, NULL, &of_name, NULL), GSS_S_COMPLETE);
	check_mechanism(of_name, asked);
}

static inline void check_context(gss_ctx_id_t context, gss_OID asked)
{
	OM_uint32 minor;
	gss_OID of_context = GARBAGE;
	CHECK_MAJOR(gss_inquire_context(&minor, context, NULL, NULL, NULL, &of_context, NULL, NULL, NULL), GSS_S_COMPLETE);
	check_mechanism(of_context, asked);
}

/* The elements of sets are copies, since whoever gets the set frees them. */
static inline void check_credential(gss_cred_id_t credential, gss_OID asked)
{
	OM_uint32 minor;
	gss_OID_set mechanisms = GARBAGE;
	gss_name_t name = GARBAGE;
	CHECK_MAJOR(gss_inquire_cred(&minor, credential, &name, NULL, NULL, &mechanisms), GSS_S_COMPLETE);
	CHECK(mechanisms->count == 1 && gss_oid_equal(&mechanisms->elements[0], asked));
	CHECK_MAJOR(gss_release_oid_set(&minor, &mechanisms), GSS_S_COMPLETE);
	if (name != GSS_C_NO_NAME) {
		check_name(name, asked);
		CHECK_MAJOR(gss_release_name(&minor, &name), GSS_S_COMPLETE);
	}
}

#endif
