/* Credentials: a name that nobody checks, and until when. */
#include "faults.h"
#include <stdlib.h>
#include <string.h>

gss_cred_id_t credential_new(gss_OID mechanism, const char *name, int usage, OM_uint32 lifetime)
{
	gss_cred_id_t credential = calloc(1, sizeof *credential);
	if (credential == NULL || (credential->name = text_of(name, strlen(name))) == NULL) {
		free(credential);
		return NULL;
	}
	credential->mechanism = mechanism;
	credential->usage = usage;
	credential->end = end_after(lifetime);
	enter(CREDENTIAL, credential);
	return credential;
}

void credential_free(gss_cred_id_t credential)
{
	leave(CREDENTIAL, credential);
	free(credential->name);
	free(credential->option);
	free(credential);
}

/* A store may say whose credential it is ("name"); any other key is one too many. */
OM_uint32 credential_acquire(OM_uint32 *minor, gss_name_t name, OM_uint32 lifetime, gss_OID_set desired, int usage,
    gss_const_key_value_set_t store, gss_cred_id_t *output)
{
	const char *text = name == GSS_C_NO_NAME ? "somebody" : name->text;
	gss_OID mechanism = &mechanisms[0];
	if (desired != GSS_C_NO_OID_SET) {
		mechanism = NULL;
		for (size_t i = 0; i < desired->count && mechanism == NULL; i++)
			mechanism = mechanism_of(&desired->elements[i]);
		if (mechanism == NULL)
			return refuse(minor, GSS_S_BAD_MECH, MINOR_ARGUMENT);
	}
	for (OM_uint32 i = 0; store != NULL && i < store->count; i++) {
		if (strcmp(store->elements[i].key, "name") != 0)
			return refuse(minor, GSS_S_NO_CRED, MINOR_STORE);
		text = store->elements[i].value;
	}
	*output = credential_new(mechanism, text, usage, lifetime);
	return *output == NULL ? refuse(minor, GSS_S_FAILURE, MINOR_MEMORY) : (OM_uint32)GSS_S_COMPLETE;
}

OM_uint32 credential_export(OM_uint32 *minor, gss_cred_id_t credential, gss_buffer_t output)
{
	struct octets octets = {0};
	put(&octets, "CRED", 4);
	put_number(&octets, credential->mechanism == &mechanisms[1]);
	put_number(&octets, (uint32_t)credential->usage);
	put_number(&octets, (uint32_t)credential->end);
	put_counted(&octets, credential->name, strlen(credential->name));
	return give(minor, &octets, output);
}

OM_uint32 credential_import(OM_uint32 *minor, gss_buffer_t input, gss_cred_id_t *output)
{
	struct octets octets = {input->value, input->length, 0, 0};
	const unsigned char *magic = take(&octets, 4);
	uint32_t which = take_number(&octets), usage = take_number(&octets), end = take_number(&octets);
	char *name = take_text(&octets);
	if (octets.failed || memcmp(magic, "CRED", 4) != 0 || octets.at != octets.length || which > 1) {
		free(name);
		return refuse(minor, GSS_S_DEFECTIVE_TOKEN, MINOR_TOKEN);
	}
	*output = credential_new(&mechanisms[which], name, (int)usage, 0);
	free(name);
	if (*output == NULL)
		return refuse(minor, GSS_S_FAILURE, MINOR_MEMORY);
	(*output)->end = end;
	return GSS_S_COMPLETE;
}
