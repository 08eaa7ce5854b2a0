/* What the switch calls on names; the faults around it. */
#include "exported.h"
#include <stdlib.h>
#include <string.h>

static OM_uint32 import(struct call *call, OM_uint32 *minor, gss_OID mechanism, gss_buffer_t input, gss_OID type,
    gss_name_t *output)
{
	OM_uint32 major = name_import(minor, mechanism, input, type, output);
	if (!GSS_ERROR(major))
		spoil_name(call, output);
	return end(call, minor, major);
}

EXPORTED OM_uint32 gss_import_name(OM_uint32 *minor, gss_buffer_t input, gss_OID type, gss_name_t *output)
{
	BEGIN(NOTHING, NULL)
	return import(&call, minor, &mechanisms[0], input, type, output);
}

OM_uint32 gssspi_import_name_by_mech(OM_uint32 *minor, gss_OID mechanism, gss_buffer_t input, gss_OID type,
    gss_name_t *output)
{
	BEGIN(NOTHING, NULL)
	if (mechanism_of(mechanism) == NULL)
		return end(&call, minor, refuse(minor, GSS_S_BAD_MECH, MINOR_ARGUMENT));
	return import(&call, minor, mechanism_of(mechanism), input, type, output);
}

EXPORTED OM_uint32 gss_release_name(OM_uint32 *minor, gss_name_t *name)
{
	BEGIN(NAME, *name)
	name_free(*name);
	*name = GSS_C_NO_NAME;
	return end(&call, minor, GSS_S_COMPLETE);
}

EXPORTED OM_uint32 gss_duplicate_name(OM_uint32 *minor, const gss_name_t name, gss_name_t *output)
{
	OM_uint32 major;
	BEGIN(NAME, name)
	major = name_duplicate(minor, name, output);
	if (!GSS_ERROR(major))
		spoil_name(&call, output);
	return end(&call, minor, major);
}

EXPORTED OM_uint32 gss_compare_name(OM_uint32 *minor, gss_name_t one, gss_name_t other, int *equal)
{
	BEGIN(NAME, one)
	if (!alive(NAME, other))
		return end(&call, minor, refuse(minor, GSS_S_BAD_NAME, MINOR_HANDLE));
	*equal = one->type != &nt_anonymous && other->type != &nt_anonymous && strcmp(one->text, other->text) == 0;
	spoil_flag(&call, equal);
	return end(&call, minor, GSS_S_COMPLETE);
}

EXPORTED OM_uint32 gss_display_name(OM_uint32 *minor, gss_name_t name, gss_buffer_t output, gss_OID *type)
{
	OM_uint32 major;
	BEGIN(NAME, name)
	major = give_text(minor, name->text, output);
	if (!GSS_ERROR(major)) {
		if (type != NULL)
			*type = name->type;
		spoil_buffer(&call, output);
		spoil_oid(&call, type);
	}
	return end(&call, minor, major);
}

EXPORTED OM_uint32 gss_display_name_ext(OM_uint32 *minor, gss_name_t name, gss_OID type, gss_buffer_t output)
{
	OM_uint32 major;
	BEGIN(NAME, name)
	major = same_oid(type, name->type) ? give_text(minor, name->text, output)
	                                   : refuse(minor, GSS_S_UNAVAILABLE, MINOR_NAME);
	if (!GSS_ERROR(major))
		spoil_buffer(&call, output);
	return end(&call, minor, major);
}

static OM_uint32 export(struct call *call, OM_uint32 *minor, gss_name_t name, int composite, gss_buffer_t output)
{
	OM_uint32 major = name_export(minor, name, composite, output);
	if (!GSS_ERROR(major))
		spoil_buffer(call, output);
	return end(call, minor, major);
}

EXPORTED OM_uint32 gss_export_name(OM_uint32 *minor, const gss_name_t name, gss_buffer_t output)
{
	BEGIN(NAME, name)
	return export(&call, minor, name, 0, output);
}

EXPORTED OM_uint32 gss_export_name_composite(OM_uint32 *minor, gss_name_t name, gss_buffer_t output)
{
	BEGIN(NAME, name)
	return export(&call, minor, name, 1, output);
}

EXPORTED OM_uint32 gss_inquire_name(OM_uint32 *minor, gss_name_t name, int *is_mn, gss_OID *mechanism,
    gss_buffer_set_t *attributes)
{
	OM_uint32 major;
	BEGIN(NAME, name)
	major = name_inquire(minor, name, attributes);
	if (!GSS_ERROR(major)) {
		if (is_mn != NULL)
			*is_mn = 1;
		if (mechanism != NULL)
			*mechanism = name->mechanism;
		spoil_flag(&call, is_mn);
		spoil_oid(&call, mechanism);
		spoil_buffer_set(&call, attributes);
	}
	return end(&call, minor, major);
}

EXPORTED OM_uint32 gss_get_name_attribute(OM_uint32 *minor, gss_name_t name, gss_buffer_t key, int *authenticated,
    int *complete, gss_buffer_t value, gss_buffer_t shown, int *more)
{
	OM_uint32 major;
	BEGIN(NAME, name)
	major = name_get(minor, name, key, authenticated, complete, value, shown, more);
	if (!GSS_ERROR(major)) {
		spoil_buffer(&call, value);
		spoil_buffer(&call, shown);
		spoil_flag(&call, more);
	}
	return end(&call, minor, major);
}

EXPORTED OM_uint32 gss_set_name_attribute(OM_uint32 *minor, gss_name_t name, int complete, gss_buffer_t key,
    gss_buffer_t value)
{
	BEGIN(NAME, name)
	(void)complete;
	return end(&call, minor, name_set(minor, name, key, value));
}

EXPORTED OM_uint32 gss_delete_name_attribute(OM_uint32 *minor, gss_name_t name, gss_buffer_t key)
{
	BEGIN(NAME, name)
	return end(&call, minor, name_delete(minor, name, key));
}

/* The object is the name's text. */
EXPORTED OM_uint32 gss_map_name_to_any(OM_uint32 *minor, gss_name_t name, int authenticated, gss_buffer_t type,
    gss_any_t *output)
{
	BEGIN(NAME, name)
	(void)authenticated, (void)type;
	*output = (gss_any_t)(void *)text_of(name->text, strlen(name->text));
	return end(&call, minor, *output == NULL ? (OM_uint32)GSS_S_FAILURE : (OM_uint32)GSS_S_COMPLETE);
}

EXPORTED OM_uint32 gss_release_any_name_mapping(OM_uint32 *minor, gss_name_t name, gss_buffer_t type, gss_any_t *any)
{
	BEGIN(NAME, name)
	(void)type;
	free((void *)*any);
	*any = NULL;
	return end(&call, minor, GSS_S_COMPLETE);
}

EXPORTED OM_uint32 gss_localname(OM_uint32 *minor, const gss_name_t name, gss_const_OID mechanism, gss_buffer_t output)
{
	OM_uint32 major;
	BEGIN(NAME, name)
	(void)mechanism;
	major = give_text(minor, name->text, output);
	if (!GSS_ERROR(major))
		spoil_buffer(&call, output);
	return end(&call, minor, major);
}

OM_uint32 gssspi_authorize_localname(OM_uint32 *minor, const gss_name_t name, gss_const_buffer_t user,
    gss_const_OID type)
{
	BEGIN(NAME, name)
	(void)type;
	if (user->length != strlen(name->text) || memcmp(user->value, name->text, user->length) != 0)
		return end(&call, minor, refuse(minor, GSS_S_UNAUTHORIZED, MINOR_NAME));
	return end(&call, minor, GSS_S_COMPLETE);
}
