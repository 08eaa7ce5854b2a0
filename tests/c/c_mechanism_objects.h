/* The calls on names, on credentials and on the mechanism itself: as c_mechanism_contexts.h has them. */
#ifndef C_MECHANISM_OBJECTS_H
#define C_MECHANISM_OBJECTS_H

#include "c_mechanism_scene.h"

static OM_uint32 call_canonicalize_name(OM_uint32 *minor)
{
	gss_name_t any = name_of("bob", GSS_C_NT_USER_NAME), own = GARBAGE;
	OM_uint32 major = gss_canonicalize_name(minor, any, &mechanism, &own);
	take_name(major, own);
	forget(&any);
	return major;
}

static OM_uint32 call_display_name(OM_uint32 *minor)
{
	gss_buffer_desc output = garbage_buffer();
	gss_OID type = GARBAGE;
	OM_uint32 major = gss_display_name(minor, name, &output, &type);
	if (!GSS_ERROR(major))
		take_oid(type);
	take(major, &output);
	return major;
}

static OM_uint32 call_compare_name(OM_uint32 *minor)
{
	int equal = 0;
	OM_uint32 major = gss_compare_name(minor, name, target, &equal);
	CHECK(equal == 0 || equal == 1);
	return major;
}

static OM_uint32 call_duplicate_name(OM_uint32 *minor)
{
	gss_name_t copy = GARBAGE;
	OM_uint32 m, major = gss_duplicate_name(minor, name, &copy);
	gss_buffer_desc key = buffer_of("colour"), value = buffer_of("red");
	if (major == GSS_S_COMPLETE) {
		/* A library may copy it only now. */
		major = gss_set_name_attribute(minor, copy, 1, &key, &value);
		CHECK_MAJOR(gss_release_name(&m, &copy), GSS_S_COMPLETE);
	} else {
		CHECK(copy == GSS_C_NO_NAME);
	}
	return major;
}

static OM_uint32 call_export_name(OM_uint32 *minor)
{
	gss_buffer_desc output = garbage_buffer();
	OM_uint32 major = gss_export_name(minor, name, &output);
	take(major, &output);
	return major;
}

static OM_uint32 call_import_exported_name(OM_uint32 *minor)
{
	OM_uint32 m;
	gss_buffer_desc exported;
	gss_name_t copy = GARBAGE;
	CHECK_MAJOR(gss_export_name(&m, name, &exported), GSS_S_COMPLETE);
	OM_uint32 major = gss_import_name(minor, &exported, GSS_C_NT_EXPORT_NAME, &copy);
	free_buffer(&exported);
	take_name(major, copy);
	return major;
}

static OM_uint32 call_display_name_ext(OM_uint32 *minor)
{
	gss_buffer_desc output = garbage_buffer();
	OM_uint32 major = gss_display_name_ext(minor, name, GSS_C_NT_USER_NAME, &output);
	take(major, &output);
	return major;
}

static OM_uint32 call_inquire_name(OM_uint32 *minor)
{
	int is_mn = 0;
	gss_OID of = GARBAGE;
	gss_buffer_set_t set = GARBAGE;
	OM_uint32 major = gss_inquire_name(minor, name, &is_mn, &of, &set);
	if (!GSS_ERROR(major))
		take_oid(of);
	take_set(major, set);
	return major;
}

static OM_uint32 call_get_name_attribute(OM_uint32 *minor)
{
	gss_buffer_desc key = buffer_of("urn:c-mechanism:kind"), value = garbage_buffer(), shown = garbage_buffer();
	int authenticated, complete, more = -1, values = 0;
	OM_uint32 major;
	do {
		major = gss_get_name_attribute(minor, name, &key, &authenticated, &complete, &value, &shown, &more);
		take(major, &value);
		take(major, &shown);
	} while (!GSS_ERROR(major) && more != 0 && ++values < 5);
	return major;
}

static OM_uint32 call_set_name_attribute(OM_uint32 *minor)
{
	gss_buffer_desc key = buffer_of("colour"), value = buffer_of("green");
	return gss_set_name_attribute(minor, name, 1, &key, &value);
}

static OM_uint32 call_export_name_composite(OM_uint32 *minor)
{
	gss_buffer_desc output = garbage_buffer();
	OM_uint32 major = gss_export_name_composite(minor, name, &output);
	take(major, &output);
	return major;
}

static OM_uint32 call_delete_name_attribute(OM_uint32 *minor)
{
	OM_uint32 m;
	gss_buffer_desc key = buffer_of("colour"), value = buffer_of("green");
	CHECK_MAJOR(gss_set_name_attribute(&m, name, 1, &key, &value), GSS_S_COMPLETE);
	return gss_delete_name_attribute(minor, name, &key);
}

static OM_uint32 call_localname(OM_uint32 *minor)
{
	gss_buffer_desc output = garbage_buffer();
	OM_uint32 major = gss_localname(minor, name, &mechanism, &output);
	take(major, &output);
	return major;
}

static OM_uint32 call_authorize_localname(OM_uint32 *minor)
{
	gss_name_t user = name_of("alice", GSS_C_NT_USER_NAME);
	OM_uint32 major = gss_authorize_localname(minor, name, user);
	forget(&user);
	return major;
}

static OM_uint32 call_acquire_cred(OM_uint32 *minor)
{
	gss_cred_id_t it = GARBAGE;
	gss_OID_set actual = GARBAGE;
	OM_uint32 lifetime;
	OM_uint32 major = gss_acquire_cred(minor, name, 0, &only_mechanism, GSS_C_BOTH, &it, &actual, &lifetime);
	take_credential(major, it);
	take_oids(major, actual);
	return major;
}

static OM_uint32 call_acquire_cred_from(OM_uint32 *minor)
{
	gss_key_value_element_desc element = {"name", "carol"};
	gss_key_value_set_desc store = {1, &element};
	gss_cred_id_t it = GARBAGE;
	gss_OID_set actual = GARBAGE;
	OM_uint32 lifetime;
	OM_uint32 major = gss_acquire_cred_from(minor, GSS_C_NO_NAME, 0, &only_mechanism, GSS_C_BOTH, &store, &it, &actual,
	    &lifetime);
	take_credential(major, it);
	take_oids(major, actual);
	return major;
}

static OM_uint32 call_acquire_cred_with_password(OM_uint32 *minor)
{
	gss_buffer_desc password = buffer_of("secret");
	gss_cred_id_t it = GARBAGE;
	gss_OID_set actual = GARBAGE;
	OM_uint32 lifetime;
	OM_uint32 major = gss_acquire_cred_with_password(minor, name, &password, 0, &only_mechanism, GSS_C_INITIATE, &it,
	    &actual, &lifetime);
	take_credential(major, it);
	take_oids(major, actual);
	return major;
}

static OM_uint32 call_acquire_cred_impersonate_name(OM_uint32 *minor)
{
	gss_cred_id_t it = GARBAGE;
	gss_OID_set actual = GARBAGE;
	OM_uint32 lifetime;
	OM_uint32 major = gss_acquire_cred_impersonate_name(minor, credential, target, 0, &only_mechanism, GSS_C_INITIATE,
	    &it, &actual, &lifetime);
	take_credential(major, it);
	take_oids(major, actual);
	return major;
}

static OM_uint32 call_inquire_cred(OM_uint32 *minor)
{
	gss_name_t whose = GARBAGE;
	gss_OID_set of = GARBAGE;
	OM_uint32 lifetime;
	gss_cred_usage_t usage;
	OM_uint32 major = gss_inquire_cred(minor, credential, &whose, &lifetime, &usage, &of);
	take_name(major, whose);
	take_oids(major, of);
	return major;
}

static OM_uint32 call_inquire_cred_by_mech(OM_uint32 *minor)
{
	gss_name_t whose = GARBAGE;
	OM_uint32 lifetimes[2];
	gss_cred_usage_t usage;
	OM_uint32 major = gss_inquire_cred_by_mech(minor, credential, &mechanism, &whose, &lifetimes[0], &lifetimes[1],
	    &usage);
	take_name(major, whose);
	return major;
}

static OM_uint32 call_store_cred_into(OM_uint32 *minor)
{
	gss_key_value_element_desc element = {"name", "x"};
	gss_key_value_set_desc store = {1, &element};
	gss_OID_set stored = GARBAGE;
	gss_cred_usage_t usage;
	OM_uint32 major = gss_store_cred_into(minor, credential, GSS_C_INITIATE, &mechanism, 1, 1, &store, &stored, &usage);
	take_oids(major, stored);
	return major;
}

static OM_uint32 call_export_cred(OM_uint32 *minor)
{
	gss_buffer_desc output = garbage_buffer();
	OM_uint32 major = gss_export_cred(minor, credential, &output);
	take(major, &output);
	return major;
}

static OM_uint32 call_import_cred(OM_uint32 *minor)
{
	OM_uint32 m;
	gss_buffer_desc token;
	gss_cred_id_t it = GARBAGE;
	CHECK_MAJOR(gss_export_cred(&m, credential, &token), GSS_S_COMPLETE);
	OM_uint32 major = gss_import_cred(minor, &token, &it);
	free_buffer(&token);
	take_credential(major, it);
	return major;
}

static OM_uint32 call_set_cred_option(OM_uint32 *minor)
{
	gss_buffer_desc value = buffer_of("option");
	return gss_set_cred_option(minor, &credential, &mechanism, &value);
}

static OM_uint32 call_inquire_cred_by_oid(OM_uint32 *minor)
{
	OM_uint32 m;
	gss_buffer_desc value = buffer_of("option");
	gss_buffer_set_t set = GARBAGE;
	CHECK_MAJOR(gss_set_cred_option(&m, &credential, &mechanism, &value), GSS_S_COMPLETE);
	OM_uint32 major = gss_inquire_cred_by_oid(minor, credential, &mechanism, &set);
	take_set(major, set);
	return major;
}

static OM_uint32 call_set_neg_mechs(OM_uint32 *minor)
{
	return gss_set_neg_mechs(minor, credential, &only_mechanism);
}

static OM_uint32 call_display_status(OM_uint32 *minor)
{
	/* A code that no call has answered yet would be unknown. */
	gss_buffer_desc key = buffer_of("no such attribute"), output = garbage_buffer();
	OM_uint32 code = 0, more = 0, rounds = 0, major;
	int values = -1;
	CHECK_MAJOR(gss_get_name_attribute(&code, name, &key, NULL, NULL, &output, NULL, &values), GSS_S_UNAVAILABLE);
	CHECK(code == 7005);
	do {
		output = garbage_buffer();
		major = gss_display_status(minor, code, GSS_C_MECH_CODE, &mechanism, &more, &output);
		if (major == GSS_S_COMPLETE && !faulty)
			printf("text: %.*s\n", (int)output.length, (char *)output.value);
		take(major, &output);
	} while (!GSS_ERROR(major) && more != 0 && ++rounds < 100);
	CHECK(rounds < 100);
	return major;
}

static OM_uint32 call_inquire_names_for_mech(OM_uint32 *minor)
{
	gss_OID_set set = GARBAGE;
	OM_uint32 major = gss_inquire_names_for_mech(minor, &mechanism, &set);
	take_oids(major, set);
	return major;
}

static OM_uint32 call_inquire_attrs_for_mech(OM_uint32 *minor)
{
	gss_OID_set set = GARBAGE, known = GARBAGE;
	OM_uint32 major = gss_inquire_attrs_for_mech(minor, &mechanism, &set, &known);
	take_oids(major, set);
	take_oids(major, known);
	return major;
}

static OM_uint32 call_inquire_saslname_for_mech(OM_uint32 *minor)
{
	gss_buffer_desc outputs[3] = {garbage_buffer(), garbage_buffer(), garbage_buffer()};
	OM_uint32 major = gss_inquire_saslname_for_mech(minor, &mechanism, &outputs[0], &outputs[1], &outputs[2]);
	if (!GSS_ERROR(major) && !faulty)
		printf("SASL %.*s\n", (int)outputs[0].length, (char *)outputs[0].value);
	for (int i = 0; i < 3; i++)
		take(major, &outputs[i]);
	return major;
}

static OM_uint32 call_inquire_mech_for_saslname(OM_uint32 *minor)
{
	gss_buffer_desc sasl = buffer_of("C-TOY");
	gss_OID found = GARBAGE;
	OM_uint32 major = gss_inquire_mech_for_saslname(minor, &sasl, &found);
	if (!GSS_ERROR(major))
		take_oid(found);
	return major;
}

static OM_uint32 call_mech_invoke(OM_uint32 *minor)
{
	char text[] = "shout";
	gss_buffer_desc value = {5, text};
	OM_uint32 major = gssspi_mech_invoke(minor, &mechanism, &control[3], &value);
	if (value.value != text)
		take(GSS_S_COMPLETE, &value);
	return major;
}

#endif
