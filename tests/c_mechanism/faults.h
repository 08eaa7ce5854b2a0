/* What a call is told to do wrong, and which objects are alive: see faults.c. */
#ifndef FAULTS_H
#define FAULTS_H

#include "mechanism.h"

/* What a call can be told to do; faults.c has the words. */
enum {
	FAIL = 1 << 0,
	SAY = 1 << 1,
	DELETE = 1 << 2,
	KEEP = 1 << 3,
	UNSET = 1 << 4,
	NONE = 1 << 5,
	EMPTY = 1 << 6,
	HOLLOW = 1 << 7,
	HUGE_LENGTH = 1 << 8,
	LONG_LENGTH = 1 << 9,
	OID_UNKNOWN = 1 << 10,
	OID_BORROWED = 1 << 11,
	OID_HOLLOW = 1 << 12,
	OID_HUGE = 1 << 13,
	OID_EMPTY = 1 << 14,
	OID_NONE = 1 << 15,
	ODD = 1 << 16,
	CALLBACK = 1 << 17,
	ELEMENT = 1 << 18
};

enum kind { NOTHING, CONTEXT, NAME, CREDENTIAL, KINDS };

struct call {
	unsigned does;
	OM_uint32 major, minor; /* of FAIL, SAY and DELETE; what begin() answers if the call is over already */
	void *object; /* that the call is inside of */
};

/*
 * Begins a call on an object, or on NOTHING. A call on an object that is not alive is over, and counts as a stray one.
 * 0 if the call is over: its status is in `call`.
 */
int begin(struct call *call, const char *name, OM_uint32 *minor, enum kind kind, const void *object);
/* Ends it, with the status that it has or is told to have. */
OM_uint32 end(struct call *call, OM_uint32 *minor, OM_uint32 major);

/* Makes outputs of a call that went well what they are told to be. */
void spoil_buffer(const struct call *call, gss_buffer_t output);
void spoil_oid(const struct call *call, gss_OID *output);
void spoil_oid_set(const struct call *call, gss_OID_set *output);
void spoil_buffer_set(const struct call *call, gss_buffer_set_t *output);
void spoil_number(const struct call *call, OM_uint32 *output);
void spoil_flag(const struct call *call, int *output);
void spoil_iov(const struct call *call, gss_iov_buffer_desc *iov, int count);
/* Of handles: the object is freed, so that the answer is all there is of it. */
void spoil_context(const struct call *call, gss_ctx_id_t *output);
void spoil_name(const struct call *call, gss_name_t *output);
void spoil_credential(const struct call *call, gss_cred_id_t *output);

/* Objects are entered where they are made, and leave where they are freed. */
void enter(enum kind kind, const void *object);
void leave(enum kind kind, const void *object);
int alive(enum kind kind, const void *object);

/* The settings, as faults.c describes them; 0 for a text that is no setting. */
EXPORTED int c_mechanism_set_faults(const char *settings);
/* What was counted, as "contexts=0 names=0 ..." */
EXPORTED void c_mechanism_count(char *text, size_t size);
/* The counts of what went on, not of what is alive, begin again. */
EXPORTED void c_mechanism_reset(void);

/* The mechanism's own names and codes, given to the library's public functions: libgss's, where there is one. */
void call_back(void);
void note_callback(OM_uint32 release, OM_uint32 display);

#endif
