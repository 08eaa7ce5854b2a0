/* What the switch calls on contexts, but for messages; the faults around it. */
#include "exported.h"
#include <stdlib.h>
#include <string.h>

EXPORTED OM_uint32 gss_init_sec_context(OM_uint32 *minor, gss_cred_id_t credential, gss_ctx_id_t *context,
    gss_name_t target, gss_OID mechanism, OM_uint32 flags, OM_uint32 lifetime, gss_channel_bindings_t bindings,
    gss_buffer_t input, gss_OID *actual, gss_buffer_t output, OM_uint32 *flags_out, OM_uint32 *lifetime_out)
{
	OM_uint32 major;
	BEGIN(IF_THERE(CONTEXT, *context), *context)
	if (credential != GSS_C_NO_CREDENTIAL && !alive(CREDENTIAL, credential))
		return end(&call, minor, refuse(minor, GSS_S_NO_CRED, MINOR_HANDLE));
	if (target != GSS_C_NO_NAME && !alive(NAME, target))
		return end(&call, minor, refuse(minor, GSS_S_BAD_NAME, MINOR_HANDLE));
	major = context_initiate(minor, credential, context, target, mechanism_of(mechanism), flags, lifetime, bindings,
	    input, output);
	if (!GSS_ERROR(major)) {
		if (actual != NULL)
			*actual = (*context)->mechanism;
		if (flags_out != NULL)
			*flags_out = (*context)->flags;
		if (lifetime_out != NULL)
			*lifetime_out = lifetime_of((*context)->end);
		spoil_buffer(&call, output);
		spoil_oid(&call, actual);
		spoil_number(&call, flags_out);
		spoil_number(&call, lifetime_out);
		spoil_context(&call, context);
	}
	return end(&call, minor, major);
}

EXPORTED OM_uint32 gss_accept_sec_context(OM_uint32 *minor, gss_ctx_id_t *context, gss_cred_id_t credential,
    gss_buffer_t input, gss_channel_bindings_t bindings, gss_name_t *source, gss_OID *mechanism, gss_buffer_t output,
    OM_uint32 *flags_out, OM_uint32 *lifetime_out, gss_cred_id_t *delegated)
{
	OM_uint32 major;
	BEGIN(IF_THERE(CONTEXT, *context), *context)
	if (credential != GSS_C_NO_CREDENTIAL && !alive(CREDENTIAL, credential))
		return end(&call, minor, refuse(minor, GSS_S_NO_CRED, MINOR_HANDLE));
	major = context_accept(minor, context, credential, input, bindings, output);
	if (!GSS_ERROR(major)) {
		gss_ctx_id_t made = *context;
		if (source != NULL && made->open)
			*source = name_new(made->mechanism, made->flags & GSS_C_ANON_FLAG ? &nt_anonymous : &nt_user, made->source);
		if (mechanism != NULL)
			*mechanism = made->mechanism;
		if (flags_out != NULL)
			*flags_out = made->flags;
		if (lifetime_out != NULL)
			*lifetime_out = lifetime_of(made->end);
		if (delegated != NULL && made->open && made->delegated != NULL)
			*delegated = credential_new(made->mechanism, made->delegated, GSS_C_INITIATE, 0);
		spoil_buffer(&call, output);
		spoil_name(&call, source);
		spoil_oid(&call, mechanism);
		spoil_number(&call, flags_out);
		spoil_number(&call, lifetime_out);
		spoil_credential(&call, delegated);
		spoil_context(&call, context);
	}
	return end(&call, minor, major);
}

EXPORTED OM_uint32 gss_delete_sec_context(OM_uint32 *minor, gss_ctx_id_t *context, gss_buffer_t output)
{
	BEGIN(CONTEXT, *context)
	context_free(*context);
	*context = GSS_C_NO_CONTEXT;
	if (output != GSS_C_NO_BUFFER)
		*output = (gss_buffer_desc){0, NULL};
	return end(&call, minor, GSS_S_COMPLETE);
}

EXPORTED OM_uint32 gss_export_sec_context(OM_uint32 *minor, gss_ctx_id_t *context, gss_buffer_t output)
{
	OM_uint32 major = GSS_S_COMPLETE;
	BEGIN(CONTEXT, *context)
	/* With `fail` beside `delete` there is no token. */
	if (!(call.does & FAIL))
		major = context_export(minor, *context, output);
	if (GSS_ERROR(major))
		return end(&call, minor, major);
	if (!(call.does & FAIL))
		spoil_buffer(&call, output);
	if (!(call.does & KEEP)) {
		context_free(*context);
		*context = GSS_C_NO_CONTEXT;
	}
	return end(&call, minor, major);
}

static OM_uint32 import(struct call *call, OM_uint32 *minor, gss_buffer_t token, gss_ctx_id_t *context)
{
	OM_uint32 major = context_import(minor, token, context);
	if (!GSS_ERROR(major))
		spoil_context(call, context);
	return end(call, minor, major);
}

EXPORTED OM_uint32 gss_import_sec_context(OM_uint32 *minor, gss_buffer_t token, gss_ctx_id_t *context)
{
	BEGIN(NOTHING, NULL)
	return import(&call, minor, token, context);
}

OM_uint32 gssspi_import_sec_context_by_mech(OM_uint32 *minor, gss_OID mechanism, gss_buffer_t token,
    gss_ctx_id_t *context)
{
	BEGIN(NOTHING, NULL)
	if (mechanism_of(mechanism) == NULL)
		return end(&call, minor, refuse(minor, GSS_S_BAD_MECH, MINOR_ARGUMENT));
	return import(&call, minor, token, context);
}

EXPORTED OM_uint32 gss_context_time(OM_uint32 *minor, gss_ctx_id_t context, OM_uint32 *lifetime)
{
	OM_uint32 major;
	BEGIN(CONTEXT, context)
	major = context_ready(minor, context);
	*lifetime = lifetime_of(context->end);
	spoil_number(&call, lifetime);
	return end(&call, minor, major);
}

EXPORTED OM_uint32 gss_inquire_context(OM_uint32 *minor, gss_ctx_id_t context, gss_name_t *source, gss_name_t *target,
    OM_uint32 *lifetime, gss_OID *mechanism, OM_uint32 *flags, int *local, int *open)
{
	BEGIN(CONTEXT, context)
	if (source != NULL && context->source != NULL)
		*source = name_new(context->mechanism, context->flags & GSS_C_ANON_FLAG ? &nt_anonymous : &nt_user,
		    context->source);
	if (target != NULL && context->target != NULL)
		*target = name_new(context->mechanism, &nt_user, context->target);
	if (lifetime != NULL)
		*lifetime = lifetime_of(context->end);
	if (mechanism != NULL)
		*mechanism = context->mechanism;
	if (flags != NULL)
		*flags = context->flags;
	if (local != NULL)
		*local = context->initiator;
	if (open != NULL)
		*open = context->open;
	spoil_name(&call, source);
	spoil_name(&call, target);
	spoil_number(&call, lifetime);
	spoil_oid(&call, mechanism);
	spoil_number(&call, flags);
	spoil_flag(&call, local);
	spoil_flag(&call, open);
	return end(&call, minor, GSS_S_COMPLETE);
}

/* A token that is no message: "end", or a defective one. */
EXPORTED OM_uint32 gss_process_context_token(OM_uint32 *minor, gss_ctx_id_t context, gss_buffer_t token)
{
	BEGIN(CONTEXT, context)
	if (token->length != 3 || memcmp(token->value, "end", 3) != 0)
		return end(&call, minor, refuse(minor, GSS_S_DEFECTIVE_TOKEN, MINOR_TOKEN));
	context->open = 0;
	return end(&call, minor, GSS_S_COMPLETE);
}

/* The session key for SSPI; and under the mechanism's own OID what the option was set to. */
EXPORTED OM_uint32 gss_inquire_sec_context_by_oid(OM_uint32 *minor, const gss_ctx_id_t context, const gss_OID object,
    gss_buffer_set_t *set)
{
	static gss_OID_desc session_key = {11, "\x2a\x86\x48\x86\xf7\x12\x01\x02\x02\x05\x05"};
	const char *texts[2];
	char key[2 * KEY_LENGTH + 1];
	OM_uint32 major;
	BEGIN(CONTEXT, context)
	if (same_oid(object, &session_key)) {
		for (int i = 0; i < 2 * KEY_LENGTH; i++)
			key[i] = "0123456789abcdef"[context->key[i / 2] >> (i % 2 ? 0 : 4) & 15];
		key[2 * KEY_LENGTH] = '\0';
		texts[0] = key;
		texts[1] = "1.3.6.1.4.1.42.2.26.1.3.9";
	} else if (same_oid(object, context->mechanism) && context->option != NULL) {
		texts[0] = context->option;
		texts[1] = "";
	} else {
		return end(&call, minor, refuse(minor, GSS_S_UNAVAILABLE, MINOR_ARGUMENT));
	}
	major = buffer_set_of(minor, texts, 2, set);
	if (!GSS_ERROR(major))
		spoil_buffer_set(&call, set);
	return end(&call, minor, major);
}

EXPORTED OM_uint32 gss_set_sec_context_option(OM_uint32 *minor, gss_ctx_id_t *context, const gss_OID object,
    const gss_buffer_t value)
{
	char *option;
	BEGIN(IF_THERE(CONTEXT, *context), *context)
	if (*context == GSS_C_NO_CONTEXT || !same_oid(object, (*context)->mechanism))
		return end(&call, minor, refuse(minor, GSS_S_UNAVAILABLE, MINOR_ARGUMENT));
	option = value == GSS_C_NO_BUFFER ? text_of("", 0) : text_of(value->value, value->length);
	free((*context)->option);
	(*context)->option = option;
	spoil_context(&call, context);
	return end(&call, minor, GSS_S_COMPLETE);
}

EXPORTED OM_uint32 gss_complete_auth_token(OM_uint32 *minor, const gss_ctx_id_t context, gss_buffer_t token)
{
	BEGIN(CONTEXT, context)
	(void)token;
	return end(&call, minor, GSS_S_COMPLETE);
}

EXPORTED OM_uint32 gss_pseudo_random(OM_uint32 *minor, gss_ctx_id_t context, int key, const gss_buffer_t seed,
    ssize_t length, gss_buffer_t output)
{
	OM_uint32 major;
	BEGIN(CONTEXT, context)
	major = random_of(minor, context, key, seed, length, output);
	if (!GSS_ERROR(major))
		spoil_buffer(&call, output);
	return end(&call, minor, major);
}

/* NegoEx: the metadata is the name of the target. */
EXPORTED OM_uint32 gssspi_query_meta_data(OM_uint32 *minor, gss_const_OID mechanism, gss_cred_id_t credential,
    gss_ctx_id_t *context, const gss_name_t target, OM_uint32 flags, gss_buffer_t output)
{
	OM_uint32 major;
	BEGIN(IF_THERE(NAME, target), target)
	(void)mechanism, (void)credential, (void)context, (void)flags;
	major = give_text(minor, target == GSS_C_NO_NAME ? "" : target->text, output);
	if (!GSS_ERROR(major))
		spoil_buffer(&call, output);
	return end(&call, minor, major);
}

EXPORTED OM_uint32 gssspi_exchange_meta_data(OM_uint32 *minor, gss_const_OID mechanism, gss_cred_id_t credential,
    gss_ctx_id_t *context, const gss_name_t target, OM_uint32 flags, gss_const_buffer_t input)
{
	BEGIN(IF_THERE(NAME, target), target)
	(void)mechanism, (void)credential, (void)context, (void)flags, (void)input;
	return end(&call, minor, GSS_S_COMPLETE);
}

EXPORTED OM_uint32 gssspi_query_mechanism_info(OM_uint32 *minor, gss_const_OID mechanism, unsigned char scheme[16])
{
	BEGIN(NOTHING, NULL)
	(void)mechanism;
	memcpy(scheme, "a test mechanism", 16);
	return end(&call, minor, GSS_S_COMPLETE);
}
