/* What the switch calls on credentials; the faults around it. */
#include "exported.h"
#include <stdlib.h>
#include <string.h>

static OM_uint32 acquired(struct call *call, OM_uint32 *minor, OM_uint32 major, gss_cred_id_t *output,
    gss_OID_set *actual, OM_uint32 *lifetime)
{
	if (!GSS_ERROR(major)) {
		const gss_OID_desc *mechanism = (*output)->mechanism;
		if (lifetime != NULL)
			*lifetime = lifetime_of((*output)->end);
		major = oid_set_of(minor, &mechanism, 1, actual);
		spoil_oid_set(call, actual);
		spoil_number(call, lifetime);
		spoil_credential(call, output);
	}
	return end(call, minor, major);
}

EXPORTED OM_uint32 gss_acquire_cred(OM_uint32 *minor, gss_name_t name, OM_uint32 lifetime, gss_OID_set desired,
    gss_cred_usage_t usage, gss_cred_id_t *output, gss_OID_set *actual, OM_uint32 *lifetime_out)
{
	BEGIN(IF_THERE(NAME, name), name)
	return acquired(&call, minor, credential_acquire(minor, name, lifetime, desired, usage, NULL, output), output,
	    actual, lifetime_out);
}

EXPORTED OM_uint32 gss_acquire_cred_from(OM_uint32 *minor, gss_name_t name, OM_uint32 lifetime, gss_OID_set desired,
    gss_cred_usage_t usage, gss_const_key_value_set_t store, gss_cred_id_t *output, gss_OID_set *actual,
    OM_uint32 *lifetime_out)
{
	BEGIN(IF_THERE(NAME, name), name)
	return acquired(&call, minor, credential_acquire(minor, name, lifetime, desired, usage, store, output), output,
	    actual, lifetime_out);
}

/* There is one password for all: "secret". */
OM_uint32 gssspi_acquire_cred_with_password(OM_uint32 *minor, const gss_name_t name, const gss_buffer_t password,
    OM_uint32 lifetime, const gss_OID_set desired, int usage, gss_cred_id_t *output, gss_OID_set *actual,
    OM_uint32 *lifetime_out)
{
	OM_uint32 major;
	BEGIN(IF_THERE(NAME, name), name)
	major = password->length == 6 && memcmp(password->value, "secret", 6) == 0
	    ? credential_acquire(minor, name, lifetime, desired, usage, NULL, output)
	    : refuse(minor, GSS_S_NO_CRED, MINOR_PASSWORD);
	return acquired(&call, minor, major, output, actual, lifetime_out);
}

EXPORTED OM_uint32 gss_acquire_cred_impersonate_name(OM_uint32 *minor, const gss_cred_id_t impersonator,
    const gss_name_t name, OM_uint32 lifetime, const gss_OID_set desired, gss_cred_usage_t usage,
    gss_cred_id_t *output, gss_OID_set *actual, OM_uint32 *lifetime_out)
{
	OM_uint32 major;
	BEGIN(CREDENTIAL, impersonator)
	major = alive(NAME, name) ? credential_acquire(minor, name, lifetime, desired, usage, NULL, output)
	                          : refuse(minor, GSS_S_BAD_NAME, MINOR_HANDLE);
	return acquired(&call, minor, major, output, actual, lifetime_out);
}

EXPORTED OM_uint32 gss_release_cred(OM_uint32 *minor, gss_cred_id_t *credential)
{
	BEGIN(CREDENTIAL, *credential)
	credential_free(*credential);
	*credential = GSS_C_NO_CREDENTIAL;
	return end(&call, minor, GSS_S_COMPLETE);
}

static OM_uint32 inquire(struct call *call, OM_uint32 *minor, gss_cred_id_t credential, gss_name_t *name,
    OM_uint32 *lifetime, OM_uint32 *other_lifetime, int *usage)
{
	if (name != NULL)
		*name = name_new(&mechanisms[0], &nt_user, credential == NULL ? "somebody" : credential->name);
	if (lifetime != NULL)
		*lifetime = credential == NULL ? GSS_C_INDEFINITE : lifetime_of(credential->end);
	if (other_lifetime != NULL)
		*other_lifetime = credential == NULL ? GSS_C_INDEFINITE : lifetime_of(credential->end);
	if (usage != NULL)
		*usage = credential == NULL ? GSS_C_BOTH : credential->usage;
	spoil_name(call, name);
	spoil_number(call, lifetime);
	spoil_number(call, other_lifetime);
	spoil_flag(call, usage);
	return end(call, minor, GSS_S_COMPLETE);
}

EXPORTED OM_uint32 gss_inquire_cred(OM_uint32 *minor, gss_cred_id_t credential, gss_name_t *name, OM_uint32 *lifetime,
    gss_cred_usage_t *usage, gss_OID_set *mechanisms_out)
{
	const gss_OID_desc *mechanism = credential == NULL ? &mechanisms[0] : credential->mechanism;
	BEGIN(IF_THERE(CREDENTIAL, credential), credential)
	if (oid_set_of(minor, &mechanism, 1, mechanisms_out) != GSS_S_COMPLETE)
		return end(&call, minor, GSS_S_FAILURE);
	spoil_oid_set(&call, mechanisms_out);
	return inquire(&call, minor, credential, name, lifetime, NULL, usage);
}

EXPORTED OM_uint32 gss_inquire_cred_by_mech(OM_uint32 *minor, gss_cred_id_t credential, gss_OID mechanism,
    gss_name_t *name, OM_uint32 *initiator_lifetime, OM_uint32 *acceptor_lifetime, gss_cred_usage_t *usage)
{
	BEGIN(IF_THERE(CREDENTIAL, credential), credential)
	if (mechanism_of(mechanism) == NULL)
		return end(&call, minor, refuse(minor, GSS_S_BAD_MECH, MINOR_ARGUMENT));
	return inquire(&call, minor, credential, name, initiator_lifetime, acceptor_lifetime, usage);
}

/* Nothing is kept anywhere. */
static OM_uint32 store(struct call *call, OM_uint32 *minor, gss_cred_id_t credential, gss_cred_usage_t usage,
    gss_OID_set *elements, gss_cred_usage_t *stored)
{
	const gss_OID_desc *mechanism = credential->mechanism;
	OM_uint32 major = oid_set_of(minor, &mechanism, 1, elements);
	if (!GSS_ERROR(major)) {
		if (stored != NULL)
			*stored = usage;
		spoil_oid_set(call, elements);
		spoil_flag(call, stored);
	}
	return end(call, minor, major);
}

EXPORTED OM_uint32 gss_store_cred(OM_uint32 *minor, const gss_cred_id_t credential, gss_cred_usage_t usage,
    const gss_OID mechanism, OM_uint32 overwrite, OM_uint32 by_default, gss_OID_set *elements,
    gss_cred_usage_t *stored)
{
	BEGIN(CREDENTIAL, credential)
	(void)mechanism, (void)overwrite, (void)by_default;
	return store(&call, minor, credential, usage, elements, stored);
}

EXPORTED OM_uint32 gss_store_cred_into(OM_uint32 *minor, gss_cred_id_t credential, gss_cred_usage_t usage,
    gss_OID mechanism, OM_uint32 overwrite, OM_uint32 by_default, gss_const_key_value_set_t into,
    gss_OID_set *elements, gss_cred_usage_t *stored)
{
	BEGIN(CREDENTIAL, credential)
	(void)mechanism, (void)overwrite, (void)by_default;
	if (into != NULL && into->count > 0 && strcmp(into->elements[0].key, "name") != 0)
		return end(&call, minor, refuse(minor, GSS_S_FAILURE, MINOR_STORE));
	return store(&call, minor, credential, usage, elements, stored);
}

EXPORTED OM_uint32 gss_export_cred(OM_uint32 *minor, gss_cred_id_t credential, gss_buffer_t output)
{
	OM_uint32 major;
	BEGIN(CREDENTIAL, credential)
	major = credential_export(minor, credential, output);
	if (!GSS_ERROR(major))
		spoil_buffer(&call, output);
	return end(&call, minor, major);
}

static OM_uint32 import_credential(struct call *call, OM_uint32 *minor, gss_buffer_t token, gss_cred_id_t *output)
{
	OM_uint32 major = credential_import(minor, token, output);
	if (!GSS_ERROR(major))
		spoil_credential(call, output);
	return end(call, minor, major);
}

EXPORTED OM_uint32 gss_import_cred(OM_uint32 *minor, gss_buffer_t token, gss_cred_id_t *output)
{
	BEGIN(NOTHING, NULL)
	return import_credential(&call, minor, token, output);
}

OM_uint32 gssspi_import_cred_by_mech(OM_uint32 *minor, gss_OID mechanism, gss_buffer_t token, gss_cred_id_t *output)
{
	BEGIN(NOTHING, NULL)
	if (mechanism_of(mechanism) == NULL)
		return end(&call, minor, refuse(minor, GSS_S_BAD_MECH, MINOR_ARGUMENT));
	return import_credential(&call, minor, token, output);
}

/* Under the mechanism's own OID: what the option was set to. */
EXPORTED OM_uint32 gss_inquire_cred_by_oid(OM_uint32 *minor, const gss_cred_id_t credential, const gss_OID object,
    gss_buffer_set_t *set)
{
	const char *text;
	OM_uint32 major;
	BEGIN(CREDENTIAL, credential)
	if (!same_oid(object, credential->mechanism) || credential->option == NULL)
		return end(&call, minor, refuse(minor, GSS_S_UNAVAILABLE, MINOR_ARGUMENT));
	text = credential->option;
	major = buffer_set_of(minor, &text, 1, set);
	if (!GSS_ERROR(major))
		spoil_buffer_set(&call, set);
	return end(&call, minor, major);
}

/* Where there is no credential, it makes one. */
OM_uint32 gssspi_set_cred_option(OM_uint32 *minor, gss_cred_id_t *credential, const gss_OID object,
    const gss_buffer_t value)
{
	BEGIN(IF_THERE(CREDENTIAL, *credential), *credential)
	if (mechanism_of(object) == NULL)
		return end(&call, minor, refuse(minor, GSS_S_UNAVAILABLE, MINOR_ARGUMENT));
	if (*credential == GSS_C_NO_CREDENTIAL)
		*credential = credential_new(mechanism_of(object), "from-option", GSS_C_BOTH, 0);
	if (*credential == GSS_C_NO_CREDENTIAL)
		return end(&call, minor, refuse(minor, GSS_S_FAILURE, MINOR_MEMORY));
	free((*credential)->option);
	(*credential)->option = value == GSS_C_NO_BUFFER ? text_of("", 0) : text_of(value->value, value->length);
	spoil_credential(&call, credential);
	return end(&call, minor, GSS_S_COMPLETE);
}

EXPORTED OM_uint32 gss_set_neg_mechs(OM_uint32 *minor, gss_cred_id_t credential, const gss_OID_set set)
{
	BEGIN(CREDENTIAL, credential)
	(void)set;
	return end(&call, minor, GSS_S_COMPLETE);
}

/* The switch adds elements itself: these two are never called. */
EXPORTED OM_uint32 gss_add_cred(OM_uint32 *minor, gss_cred_id_t input, gss_name_t name, gss_OID mechanism,
    gss_cred_usage_t usage, OM_uint32 initiator_time, OM_uint32 acceptor_time, gss_cred_id_t *output,
    gss_OID_set *actual, OM_uint32 *initiator_time_out, OM_uint32 *acceptor_time_out)
{
	BEGIN(NOTHING, NULL)
	(void)input, (void)name, (void)mechanism, (void)usage, (void)initiator_time, (void)acceptor_time;
	(void)output, (void)actual, (void)initiator_time_out, (void)acceptor_time_out;
	return end(&call, minor, refuse(minor, GSS_S_UNAVAILABLE, MINOR_ARGUMENT));
}

EXPORTED OM_uint32 gss_add_cred_impersonate_name(OM_uint32 *minor, gss_cred_id_t input,
    const gss_cred_id_t impersonator, const gss_name_t name, const gss_OID mechanism, gss_cred_usage_t usage,
    OM_uint32 initiator_time, OM_uint32 acceptor_time, gss_cred_id_t *output, gss_OID_set *actual,
    OM_uint32 *initiator_time_out, OM_uint32 *acceptor_time_out)
{
	BEGIN(NOTHING, NULL)
	(void)input, (void)impersonator, (void)name, (void)mechanism, (void)usage, (void)initiator_time;
	(void)acceptor_time, (void)output, (void)actual, (void)initiator_time_out, (void)acceptor_time_out;
	return end(&call, minor, refuse(minor, GSS_S_UNAVAILABLE, MINOR_ARGUMENT));
}
