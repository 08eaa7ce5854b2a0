/*
 * What the C programs of the tests share: checks that end the program with a message, words for status codes, and pairs
 * of contexts of the dummy mechanism. The mechanism has to be the default one of the site ([gss.default=yes]).
 */
#ifndef COMMON_H
#define COMMON_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <gssapi/gssapi.h>
#include <gssapi/gssapi_ext.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECK(condition)                                                                                               \
	do {                                                                                                               \
		if (!(condition)) {                                                                                            \
			fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);                                    \
			abort();                                                                                                   \
		}                                                                                                              \
	} while (0)

#define CHECK_MAJOR(call, expected)                                                                                    \
	do {                                                                                                               \
		OM_uint32 got_ = (call);                                                                                       \
		if (got_ != (OM_uint32)(expected)) {                                                                           \
			fprintf(stderr, "%s:%d: %s: %s, expected %s\n", __FILE__, __LINE__, #call, major_text(got_),               \
			        major_text(expected));                                                                             \
			abort();                                                                                                   \
		}                                                                                                              \
	} while (0)

#define DUMMY_OCTETS "\x2b\x06\x01\x04\x01\x2a\x02\x1a\x01\x02"
static gss_OID_desc dummy __attribute__((unused)) = {10, DUMMY_OCTETS};
/* The C mechanism of tests/c_mechanism, which answers what it has counted under an OID of its own. */
#define C_OCTETS "\x2b\x06\x01\x04\x01\x2a\x02\x1a\x01\x03"
static gss_OID_desc c_mechanism __attribute__((unused)) = {10, C_OCTETS};
static gss_OID_desc c_mechanism_counts __attribute__((unused)) = {11, C_OCTETS "\x02"};

/* The words of a major status, without GSS_S_; one of two texts that alternate. */
static inline const char *major_text(OM_uint32 major)
{
	static const char *const calling[] = {"", "CALL_INACCESSIBLE_READ|", "CALL_INACCESSIBLE_WRITE|", "CALL_BAD_STRUCTURE|"};
	static const char *const routine[] = {"", "BAD_MECH|", "BAD_NAME|", "BAD_NAMETYPE|", "BAD_BINDINGS|", "BAD_STATUS|",
	    "BAD_MIC|", "NO_CRED|", "NO_CONTEXT|", "DEFECTIVE_TOKEN|", "DEFECTIVE_CREDENTIAL|", "CREDENTIALS_EXPIRED|",
	    "CONTEXT_EXPIRED|", "FAILURE|", "BAD_QOP|", "UNAUTHORIZED|", "UNAVAILABLE|", "DUPLICATE_ELEMENT|",
	    "NAME_NOT_MN|", "BAD_MECH_ATTR|"};
	static const char *const supplementary[] = {"CONTINUE_NEEDED|", "DUPLICATE_TOKEN|", "OLD_TOKEN|", "UNSEQ_TOKEN|",
	    "GAP_TOKEN|"};
	static _Thread_local char texts[2][160];
	static _Thread_local int which;
	char *text = texts[which ^= 1];
	if (major == GSS_S_COMPLETE)
		return "COMPLETE";
	if (major >> 24 > 3 || (major >> 16 & 0xff) > 19 || (major & 0xffff) > 0x1f) {
		snprintf(text, sizeof texts[0], "no major status: 0x%08x", major);
		return text;
	}
	strcpy(text, calling[major >> 24]);
	strcat(text, routine[major >> 16 & 0xff]);
	for (int bit = 0; bit < 5; bit++)
		if (major & 1u << bit)
			strcat(text, supplementary[bit]);
	text[strlen(text) - 1] = '\0';
	return text;
}

/* An output before a call: what it holds must not matter, and must not stay. */
#define GARBAGE ((void *)0xaaaaaaaaaaaaaaaa)
static inline gss_buffer_desc garbage_buffer(void)
{
	return (gss_buffer_desc){0xaaaaaaaa, GARBAGE};
}
static inline int is_cleared(const gss_buffer_desc *buffer)
{
	return buffer->length == 0 && buffer->value == NULL;
}

/* Buffers that we were given are from malloc. */
static inline void free_buffer(gss_buffer_t buffer)
{
	free(buffer->value);
	*buffer = (gss_buffer_desc){0, NULL};
}

static inline gss_name_t name_of(const char *text, gss_OID type)
{
	OM_uint32 minor;
	gss_name_t name = GARBAGE;
	gss_buffer_desc buffer = {strlen(text), (void *)text};
	CHECK_MAJOR(gss_import_name(&minor, &buffer, type, &name), GSS_S_COMPLETE);
	return name;
}

#define ALL_FLAGS (GSS_C_MUTUAL_FLAG | GSS_C_REPLAY_FLAG | GSS_C_SEQUENCE_FLAG | GSS_C_INTEG_FLAG | GSS_C_CONF_FLAG)

/* Establishes the initiator's and the acceptor's context. */
static inline void establish(gss_ctx_id_t *initiator, gss_ctx_id_t *acceptor)
{
	OM_uint32 minor, major, other = GSS_S_CONTINUE_NEEDED;
	gss_name_t target = name_of("service@localhost", GSS_C_NT_HOSTBASED_SERVICE);
	gss_buffer_desc ours = {0, NULL}, theirs = {0, NULL};
	*initiator = *acceptor = GSS_C_NO_CONTEXT;
	do {
		major = gss_init_sec_context(&minor, GSS_C_NO_CREDENTIAL, initiator, target, &dummy, ALL_FLAGS, 0,
		    GSS_C_NO_CHANNEL_BINDINGS, theirs.length ? &theirs : GSS_C_NO_BUFFER, NULL, &ours, NULL, NULL);
		CHECK(!GSS_ERROR(major));
		free_buffer(&theirs);
		if (ours.length == 0)
			break;
		other = gss_accept_sec_context(&minor, acceptor, GSS_C_NO_CREDENTIAL, &ours, GSS_C_NO_CHANNEL_BINDINGS, NULL,
		    NULL, &theirs, NULL, NULL, NULL);
		CHECK(!GSS_ERROR(other));
		free_buffer(&ours);
	} while (major == GSS_S_CONTINUE_NEEDED);
	free_buffer(&theirs);
	CHECK_MAJOR(major, GSS_S_COMPLETE);
	CHECK_MAJOR(other, GSS_S_COMPLETE);
	CHECK_MAJOR(gss_release_name(&minor, &target), GSS_S_COMPLETE);
}

/* One message; 1 if it came out as it went in, and in sequence. */
static inline int passes(gss_ctx_id_t from, gss_ctx_id_t to)
{
	OM_uint32 minor;
	gss_buffer_desc message = {5, "hello"}, token = garbage_buffer(), back = {0, NULL};
	int good = gss_wrap(&minor, from, 1, GSS_C_QOP_DEFAULT, &message, NULL, &token) == GSS_S_COMPLETE
	    && gss_unwrap(&minor, to, &token, &back, NULL, NULL) == GSS_S_COMPLETE
	    && back.length == 5 && memcmp(back.value, "hello", 5) == 0;
	free_buffer(&token);
	free_buffer(&back);
	return good;
}

/* Whether a pair of contexts is alive and in step. */
static inline int converse(gss_ctx_id_t one, gss_ctx_id_t other)
{
	return passes(one, other) && passes(other, one);
}

static inline void delete(gss_ctx_id_t context)
{
	OM_uint32 minor = 0xaaaaaaaa;
	if (context != GSS_C_NO_CONTEXT) {
		CHECK_MAJOR(gss_delete_sec_context(&minor, &context, GSS_C_NO_BUFFER), GSS_S_COMPLETE);
		CHECK(context == GSS_C_NO_CONTEXT && minor == 0);
	}
}

static inline gss_buffer_desc export_of(gss_ctx_id_t *context)
{
	OM_uint32 minor;
	gss_buffer_desc token = garbage_buffer();
	CHECK_MAJOR(gss_export_sec_context(&minor, context, &token), GSS_S_COMPLETE);
	CHECK(*context == GSS_C_NO_CONTEXT && token.length > 14);
	return token;
}

#endif
