/* What the calls of c_mechanism.c are made on, how the mechanism is reached, and what an output may be. */
#ifndef C_MECHANISM_SCENE_H
#define C_MECHANISM_SCENE_H

#include "common.h"

static gss_OID_desc mechanism = {10, C_OCTETS};
static gss_OID_set_desc only_mechanism = {1, &mechanism};
static gss_OID_desc control[4] = {{11, C_OCTETS "\x01"}, {11, C_OCTETS "\x02"}, {11, C_OCTETS "\x03"},
    {11, C_OCTETS "\x04"}};

/* ---- Reaching the mechanism ------------------------------------------------------------------------------------- */

static void set_faults(const char *settings)
{
	OM_uint32 minor;
	gss_buffer_desc value = {strlen(settings), (void *)settings};
	CHECK_MAJOR(gssspi_mech_invoke(&minor, &mechanism, &control[0], &value), GSS_S_COMPLETE);
	/* The mechanism has answered nothing, so that there is nothing to free. */
	CHECK(value.value == settings && value.length == strlen(settings));
}

static void print_counts(void)
{
	OM_uint32 minor;
	gss_buffer_desc value = {0, NULL};
	CHECK_MAJOR(gssspi_mech_invoke(&minor, &mechanism, &control[1], &value), GSS_S_COMPLETE);
	/* How many calls it were, and how many at once, is not the same each time. */
	char *text = strndup(value.value, value.length), *end = strstr(text, " parallel");
	if (end != NULL)
		*end = '\0';
	printf("the mechanism: %s\n", text);
	free(text);
	free_buffer(&value);
}

static unsigned long count_of(const char *what)
{
	OM_uint32 minor;
	gss_buffer_desc value = {0, NULL};
	CHECK_MAJOR(gssspi_mech_invoke(&minor, &mechanism, &control[1], &value), GSS_S_COMPLETE);
	char *text = strndup(value.value, value.length), *at = strstr(text, what);
	CHECK(at != NULL);
	unsigned long count = strtoul(at + strlen(what) + 1, NULL, 10);
	free(text);
	free_buffer(&value);
	return count;
}

/* ---- The scene -------------------------------------------------------------------------------------------------- */

static gss_ctx_id_t one = GSS_C_NO_CONTEXT, other = GSS_C_NO_CONTEXT;
static gss_name_t name = GSS_C_NO_NAME, target = GSS_C_NO_NAME;
static gss_cred_id_t credential = GSS_C_NO_CREDENTIAL;

static gss_name_t mechanism_name(const char *text, gss_OID type)
{
	OM_uint32 minor;
	gss_name_t any = name_of(text, type), own = GSS_C_NO_NAME;
	CHECK_MAJOR(gss_canonicalize_name(&minor, any, &mechanism, &own), GSS_S_COMPLETE);
	CHECK_MAJOR(gss_release_name(&minor, &any), GSS_S_COMPLETE);
	return own;
}

static void forget(gss_name_t *it)
{
	OM_uint32 minor;
	CHECK_MAJOR(gss_release_name(&minor, it), GSS_S_COMPLETE);
}

/* A pair with these flags; after each leg `between` may replace the context that had it. */
static void make_pair(gss_ctx_id_t *initiator, gss_ctx_id_t *acceptor, OM_uint32 flags, void (*between)(gss_ctx_id_t *))
{
	OM_uint32 minor, first, second = GSS_S_CONTINUE_NEEDED;
	gss_buffer_desc ours = {0, NULL}, theirs = {0, NULL};
	*initiator = *acceptor = GSS_C_NO_CONTEXT;
	do {
		first = gss_init_sec_context(&minor, credential, initiator, target, &mechanism, flags, 0,
		    GSS_C_NO_CHANNEL_BINDINGS, theirs.length ? &theirs : GSS_C_NO_BUFFER, NULL, &ours, NULL, NULL);
		CHECK(!GSS_ERROR(first));
		free_buffer(&theirs);
		if (between)
			between(initiator);
		if (ours.length == 0)
			break;
		second = gss_accept_sec_context(&minor, acceptor, credential, &ours, GSS_C_NO_CHANNEL_BINDINGS, NULL, NULL,
		    &theirs, NULL, NULL, NULL);
		CHECK(!GSS_ERROR(second));
		free_buffer(&ours);
		if (between)
			between(acceptor);
	} while (first == GSS_S_CONTINUE_NEEDED);
	free_buffer(&theirs);
	CHECK_MAJOR(first, GSS_S_COMPLETE);
	CHECK_MAJOR(second, GSS_S_COMPLETE);
}

static void set_scene(void)
{
	OM_uint32 minor;
	target = mechanism_name("service@localhost", GSS_C_NT_HOSTBASED_SERVICE);
	name = mechanism_name("alice", GSS_C_NT_USER_NAME);
	CHECK_MAJOR(gss_acquire_cred(&minor, name, 3600, &only_mechanism, GSS_C_BOTH, &credential, NULL, NULL),
	    GSS_S_COMPLETE);
	make_pair(&one, &other, ALL_FLAGS, NULL);
}

static void clear_scene(void)
{
	OM_uint32 minor;
	delete(one);
	delete(other);
	one = other = GSS_C_NO_CONTEXT;
	forget(&name);
	forget(&target);
	CHECK_MAJOR(gss_release_cred(&minor, &credential), GSS_S_COMPLETE);
}

/* ---- What comes out of a call ----------------------------------------------------------------------------------- */

/* Faults come, and it is our library that meets them: outputs are not printed, and handles may be dead. */
static int faulty;

static gss_buffer_desc buffer_of(const char *text)
{
	return (gss_buffer_desc){strlen(text), (void *)text};
}

/* An output: nothing beside an error, and something that can be freed beside success. */
static void take(OM_uint32 major, gss_buffer_t output)
{
	if (GSS_ERROR(major))
		CHECK(is_cleared(output));
	CHECK(output->length < 100000 && (output->length == 0 || output->value != NULL));
	/* Each byte is there. */
	unsigned char sum = 0;
	for (size_t i = 0; i < output->length; i++)
		sum ^= ((unsigned char *)output->value)[i];
	*(volatile unsigned char *)&sum;
	free_buffer(output);
}

static void take_set(OM_uint32 major, gss_buffer_set_t set)
{
	OM_uint32 minor;
	if (GSS_ERROR(major))
		CHECK(set == GSS_C_NO_BUFFER_SET);
	for (size_t i = 0; set && i < set->count; i++)
		CHECK(set->elements[i].length == 0 || set->elements[i].value != NULL);
	CHECK_MAJOR(gss_release_buffer_set(&minor, &set), GSS_S_COMPLETE);
}

static void take_oids(OM_uint32 major, gss_OID_set set)
{
	OM_uint32 minor;
	if (GSS_ERROR(major))
		CHECK(set == GSS_C_NO_OID_SET);
	for (size_t i = 0; set && i < set->count; i++)
		CHECK(set->elements[i].length == 0 || set->elements[i].elements != NULL);
	CHECK_MAJOR(gss_release_oid_set(&minor, &set), GSS_S_COMPLETE);
}

static void take_name(OM_uint32 major, gss_name_t it)
{
	if (GSS_ERROR(major))
		CHECK(it == GSS_C_NO_NAME);
	if (it != GSS_C_NO_NAME)
		forget(&it);
}

static void take_credential(OM_uint32 major, gss_cred_id_t it)
{
	OM_uint32 minor;
	if (GSS_ERROR(major))
		CHECK(it == GSS_C_NO_CREDENTIAL);
	CHECK_MAJOR(gss_release_cred(&minor, &it), GSS_S_COMPLETE);
}

/* An OID that was given out is the library's, for ever. */
static void take_oid(gss_OID oid)
{
	OM_uint32 minor;
	gss_buffer_desc text;
	if (oid == GSS_C_NO_OID)
		return;
	CHECK_MAJOR(gss_oid_to_str(&minor, oid, &text), GSS_S_COMPLETE);
	free_buffer(&text);
}

#endif
