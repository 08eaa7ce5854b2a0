/*
 * A GSS-API mechanism in the form that MIT's switch loads: a shared object that exports gss_* and gssspi_* functions.
 * A toy for tests: its checksums and its cipher protect nothing.
 *
 * Every exported function can be told to misbehave: faults.c. The true mechanism (names.c, credentials.c, contexts.c,
 * transfer.c, messages.c) knows nothing of that; exported_*.c puts the faults around it.
 */
#ifndef MECHANISM_H
#define MECHANISM_H

#define _POSIX_C_SOURCE 200809L
#include <gssapi/gssapi.h>
#include <gssapi/gssapi_ext.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

/* Only what the switch is to find is visible. */
#define EXPORTED __attribute__((visibility("default")))

/* ---- Codes: display_status has a text for each ---------------------------------------------------------------- */

enum {
	MINOR_FAULT = 1234, /* a fault that was asked for */
	MINOR_HANDLE = 7000, /* no such context, name or credential */
	MINOR_MEMORY,
	MINOR_TOKEN,
	MINOR_CHECKSUM,
	MINOR_STAGE, /* not at this stage of the handshake */
	MINOR_NAME,
	MINOR_ARGUMENT,
	MINOR_EXPIRED,
	MINOR_PASSWORD,
	MINOR_STORE,
	MINOR_TWO_TEXTS, /* has two */
	MINOR_END
};

static inline OM_uint32 refuse(OM_uint32 *minor, OM_uint32 major, OM_uint32 code)
{
	*minor = code;
	return major;
}

/* ---- Octets that grow ------------------------------------------------------------------------------------------ */

struct octets {
	unsigned char *value;
	size_t length;
	int failed; /* no memory, or read past the end */
	size_t at; /* where reading is */
};

void put(struct octets *octets, const void *value, size_t length);
void put_number(struct octets *octets, uint32_t number);
/* A number that says how many, and then that many octets. */
void put_counted(struct octets *octets, const void *value, size_t length);
const unsigned char *take(struct octets *octets, size_t length);
uint32_t take_number(struct octets *octets);
/* As a string of its own, from malloc. */
char *take_text(struct octets *octets);
OM_uint32 give(OM_uint32 *minor, struct octets *octets, gss_buffer_t output);
OM_uint32 give_text(OM_uint32 *minor, const char *text, gss_buffer_t output);
char *text_of(const void *value, size_t length);

/* ---- OIDs, sets of them and of buffers: each set, array and element is from malloc, by itself ------------------- */

/* The mechanism serves two OIDs. */
extern gss_OID_desc mechanisms[2];
gss_OID mechanism_of(gss_const_OID oid);
extern gss_OID_desc nt_user, nt_hostbased, nt_anonymous, nt_exported, nt_composite;
int same_oid(gss_const_OID one, gss_const_OID other);
OM_uint32 oid_set_of(OM_uint32 *minor, const gss_OID_desc *const *oids, size_t count, gss_OID_set *set);
OM_uint32 buffer_set_of(OM_uint32 *minor, const char *const *texts, size_t count, gss_buffer_set_t *set);
void free_oid_set(gss_OID_set *set);
void free_buffer_set(gss_buffer_set_t *set);

/* ---- Objects --------------------------------------------------------------------------------------------------- */

struct attribute {
	char *key, *value;
	struct attribute *next;
};

struct gss_name_struct {
	gss_OID mechanism;
	gss_OID type;
	char *text;
	struct attribute *attributes;
};

struct gss_cred_id_struct {
	gss_OID mechanism;
	char *name;
	int usage;
	time_t end; /* 0: never */
	char *option;
};

#define KEY_LENGTH 16
struct gss_ctx_id_struct {
	gss_OID mechanism;
	int initiator;
	unsigned legs; /* that this side has had */
	int open;
	OM_uint32 flags;
	time_t end; /* 0: never */
	char *source, *target, *delegated, *option;
	unsigned char key[KEY_LENGTH];
	uint32_t send, receive; /* numbers of the next messages */
};

gss_name_t name_new(gss_OID mechanism, gss_OID type, const char *text);
void name_free(gss_name_t name);
gss_cred_id_t credential_new(gss_OID mechanism, const char *name, int usage, OM_uint32 lifetime);
void credential_free(gss_cred_id_t credential);
gss_ctx_id_t context_new(gss_OID mechanism, int initiator);
void context_free(gss_ctx_id_t context);
/* Seconds; GSS_C_INDEFINITE for an end that is none. */
OM_uint32 lifetime_of(time_t end);
time_t end_after(OM_uint32 lifetime);

/* ---- The mechanism: the functions of the same names, without faults -------------------------------------------- */

OM_uint32 name_import(OM_uint32 *minor, gss_OID mechanism, gss_buffer_t input, gss_OID type, gss_name_t *output);
OM_uint32 name_export(OM_uint32 *minor, gss_name_t name, int composite, gss_buffer_t output);
OM_uint32 name_duplicate(OM_uint32 *minor, gss_name_t name, gss_name_t *output);
OM_uint32 name_inquire(OM_uint32 *minor, gss_name_t name, gss_buffer_set_t *attributes);
OM_uint32 name_get(OM_uint32 *minor, gss_name_t name, gss_buffer_t key, int *authenticated, int *complete,
    gss_buffer_t value, gss_buffer_t shown, int *more);
OM_uint32 name_set(OM_uint32 *minor, gss_name_t name, gss_buffer_t key, gss_buffer_t value);
OM_uint32 name_delete(OM_uint32 *minor, gss_name_t name, gss_buffer_t key);

OM_uint32 credential_acquire(OM_uint32 *minor, gss_name_t name, OM_uint32 lifetime, gss_OID_set desired, int usage,
    gss_const_key_value_set_t store, gss_cred_id_t *output);
OM_uint32 credential_export(OM_uint32 *minor, gss_cred_id_t credential, gss_buffer_t output);
OM_uint32 credential_import(OM_uint32 *minor, gss_buffer_t input, gss_cred_id_t *output);

OM_uint32 context_initiate(OM_uint32 *minor, gss_cred_id_t credential, gss_ctx_id_t *context, gss_name_t target,
    gss_OID mechanism, OM_uint32 flags, OM_uint32 lifetime, gss_channel_bindings_t bindings, gss_buffer_t input,
    gss_buffer_t output);
OM_uint32 context_accept(OM_uint32 *minor, gss_ctx_id_t *context, gss_cred_id_t credential, gss_buffer_t input,
    gss_channel_bindings_t bindings, gss_buffer_t output);
OM_uint32 context_export(OM_uint32 *minor, gss_ctx_id_t context, gss_buffer_t output);
OM_uint32 context_import(OM_uint32 *minor, gss_buffer_t input, gss_ctx_id_t *output);
/* COMPLETE if messages may pass. */
OM_uint32 context_ready(OM_uint32 *minor, gss_ctx_id_t context);

OM_uint32 message_wrap(OM_uint32 *minor, gss_ctx_id_t context, int confidential, gss_buffer_t associated,
    gss_buffer_t input, gss_buffer_t output);
OM_uint32 message_unwrap(OM_uint32 *minor, gss_ctx_id_t context, gss_buffer_t input, gss_buffer_t associated,
    gss_buffer_t output, int *confidential);
OM_uint32 message_wrap_iov(OM_uint32 *minor, gss_ctx_id_t context, int confidential, gss_iov_buffer_desc *iov,
    int count, int only_lengths);
OM_uint32 message_unwrap_iov(OM_uint32 *minor, gss_ctx_id_t context, int *confidential, gss_iov_buffer_desc *iov,
    int count);
OM_uint32 mic_make(OM_uint32 *minor, gss_ctx_id_t context, gss_iov_buffer_desc *iov, int count, int only_lengths);
OM_uint32 mic_check(OM_uint32 *minor, gss_ctx_id_t context, gss_iov_buffer_desc *iov, int count);
OM_uint32 random_of(OM_uint32 *minor, gss_ctx_id_t context, int key, gss_buffer_t seed, ssize_t length,
    gss_buffer_t output);
/* How long a token's parts are beside its data. */
enum { HEADER_LENGTH = 16, TRAILER_LENGTH = 4, BLOCK = 4 };

/* FNV-1a, and the number that it starts from. Keeps no secret. */
#define CHECKSUM_START UINT64_C(0xcbf29ce484222325)
uint64_t checksum(uint64_t sum, const void *value, size_t length);
/* 8 octets. */
void put_sum(unsigned char *octets, uint64_t sum);

#endif
