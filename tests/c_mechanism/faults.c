/*
 * What each call is told to do wrong. The settings are a text, from GSS_TEST_FAULTS or, once given, from
 * c_mechanism_set_faults (which gssspi_mech_invoke calls, too):
 *
 *     FUNCTION=WHAT+WHAT...[,FUNCTION=...]      FUNCTION as it is exported, or *
 *
 *     fail[:MAJOR[:MINOR]]   fails before it does anything (FAILURE, 1234)
 *     say[:MAJOR[:MINOR]]    does everything, sets its outputs, and answers this status
 *     delete                 frees the context and clears its handle; beside fail, before it fails
 *     keep                   an export leaves its context alive
 *     unset                  does nothing, sets no output, and succeeds
 *     none                   succeeds, with NULL for each handle and set
 *     empty                  succeeds, with empty buffers, sets and attributes
 *     hollow                 a length or count, and no value
 *     huge, long             a length or count that cannot be: of SIZE_MAX - 15, of 2^62
 *     element                a set whose first element is hollow
 *     odd                    numbers and flags with every bit set
 *     oid-unknown, oid-borrowed (freed with the next call), oid-hollow, oid-huge, oid-empty, oid-none
 *     callback               calls the library's gss_release_name and gss_display_status with what is its own
 *     slow:MILLISECONDS      sleeps first
 *     after:N, times:N       not for the first N calls; only for so many
 */
#include "faults.h"
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct setting {
	char function[48];
	struct call call;
	unsigned milliseconds, after, times;
};

#define MOST 64
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct setting settings[MOST];
static size_t settings_count;
/* The text of the environment that they are from; NULL once they were set by a call. */
static char environment[1024];
static int set_by_call;

static struct object {
	enum kind kind;
	const void *address;
	unsigned inside; /* calls that are */
	struct object *next;
} *objects;
static unsigned long live[KINDS], strays, overlaps, calls, callbacks;
static unsigned active, most_active;
static OM_uint32 released, displayed;

/* ---- Settings -------------------------------------------------------------------------------------------------- */

static const struct {
	const char *word;
	unsigned does;
} WORDS[] = {
    {"fail", FAIL}, {"say", SAY}, {"delete", DELETE}, {"keep", KEEP}, {"unset", UNSET}, {"none", NONE},
    {"empty", EMPTY}, {"hollow", HOLLOW}, {"huge", HUGE_LENGTH}, {"long", LONG_LENGTH}, {"oid-unknown", OID_UNKNOWN},
    {"oid-borrowed", OID_BORROWED}, {"oid-hollow", OID_HOLLOW}, {"oid-huge", OID_HUGE}, {"oid-empty", OID_EMPTY},
    {"oid-none", OID_NONE}, {"odd", ODD}, {"callback", CALLBACK}, {"element", ELEMENT},
};

static int parse_what(struct setting *setting, char *what)
{
	unsigned long numbers[2] = {0, 0};
	int given = 0;
	char *rest = strchr(what, ':');
	if (rest != NULL)
		*rest++ = '\0';
	for (; rest != NULL && given < 2; given++) {
		numbers[given] = strtoul(rest, &rest, 0);
		if (*rest != ':' && *rest != '\0')
			return 0;
		rest = *rest == ':' ? rest + 1 : NULL;
	}
	if (strcmp(what, "slow") == 0)
		return setting->milliseconds = (unsigned)numbers[0], given == 1;
	if (strcmp(what, "after") == 0)
		return setting->after = (unsigned)numbers[0], given == 1;
	if (strcmp(what, "times") == 0)
		return setting->times = (unsigned)numbers[0], given == 1;
	for (size_t i = 0; i < sizeof WORDS / sizeof *WORDS; i++) {
		if (strcmp(what, WORDS[i].word) != 0)
			continue;
		setting->call.does |= WORDS[i].does;
		if (given > 0)
			setting->call.major = (OM_uint32)numbers[0];
		if (given > 1)
			setting->call.minor = (OM_uint32)numbers[1];
		return 1;
	}
	return 0;
}

/* The lock is held. */
static int parse(const char *text)
{
	char copy[sizeof environment], *item, *more_items = NULL;
	settings_count = 0;
	if (strlen(text) >= sizeof copy)
		return 0;
	strcpy(copy, text);
	for (item = strtok_r(copy, ", ", &more_items); item != NULL; item = strtok_r(NULL, ", ", &more_items)) {
		struct setting *setting = &settings[settings_count];
		char *is = strchr(item, '='), *what, *more = NULL;
		if (is == NULL || settings_count == MOST || (size_t)(is - item) >= sizeof setting->function)
			return 0;
		*is = '\0';
		*setting = (struct setting){.times = UINT32_MAX, .call = {.major = GSS_S_FAILURE, .minor = MINOR_FAULT}};
		strcpy(setting->function, item);
		for (what = strtok_r(is + 1, "+", &more); what != NULL; what = strtok_r(NULL, "+", &more))
			if (!parse_what(setting, what))
				return 0;
		settings_count++;
	}
	return 1;
}

int c_mechanism_set_faults(const char *text)
{
	int good;
	pthread_mutex_lock(&lock);
	set_by_call = 1;
	good = parse(text);
	if (!good)
		settings_count = 0;
	pthread_mutex_unlock(&lock);
	return good;
}

/* The lock is held. A text that is no setting would make a test pass that tests nothing. */
static void look_at_the_environment(void)
{
	const char *text = getenv("GSS_TEST_FAULTS");
	if (set_by_call || (text = text != NULL ? text : "", strcmp(text, environment) == 0))
		return;
	if (!parse(text)) {
		fprintf(stderr, "GSS_TEST_FAULTS is no setting: %s\n", text);
		abort();
	}
	strcpy(environment, text);
}

/* ---- Objects and counts ---------------------------------------------------------------------------------------- */

static struct object *find(enum kind kind, const void *address)
{
	struct object *object = objects;
	while (object != NULL && (object->kind != kind || object->address != address))
		object = object->next;
	return object;
}

void enter(enum kind kind, const void *address)
{
	struct object *object = malloc(sizeof *object);
	if (object == NULL)
		abort();
	pthread_mutex_lock(&lock);
	*object = (struct object){kind, address, 0, objects};
	objects = object;
	live[kind]++;
	pthread_mutex_unlock(&lock);
}

void leave(enum kind kind, const void *address)
{
	struct object **place = &objects, *object;
	pthread_mutex_lock(&lock);
	while (*place != NULL && ((*place)->kind != kind || (*place)->address != address))
		place = &(*place)->next;
	object = *place;
	if (object != NULL) {
		*place = object->next;
		live[kind]--;
		/* The call that frees it was the only one inside, or the others have no place to count. */
		active -= object->inside > 0;
	}
	pthread_mutex_unlock(&lock);
	free(object);
}

int alive(enum kind kind, const void *address)
{
	int found;
	pthread_mutex_lock(&lock);
	found = find(kind, address) != NULL;
	pthread_mutex_unlock(&lock);
	return found;
}

void c_mechanism_count(char *text, size_t size)
{
	pthread_mutex_lock(&lock);
	snprintf(text, size,
	    "contexts=%lu names=%lu credentials=%lu strays=%lu overlaps=%lu parallel=%u calls=%lu callbacks=%lu "
	    "released=%u displayed=%u",
	    live[CONTEXT], live[NAME], live[CREDENTIAL], strays, overlaps, most_active, calls, callbacks,
	    (unsigned)released, (unsigned)displayed);
	pthread_mutex_unlock(&lock);
}

void c_mechanism_reset(void)
{
	pthread_mutex_lock(&lock);
	strays = overlaps = calls = callbacks = 0;
	most_active = 0;
	released = displayed = 0;
	pthread_mutex_unlock(&lock);
}

void note_callback(OM_uint32 release, OM_uint32 display)
{
	pthread_mutex_lock(&lock);
	callbacks++;
	released = release;
	displayed = display;
	pthread_mutex_unlock(&lock);
}

/* ---- Calls ----------------------------------------------------------------------------------------------------- */

/* Memory for an OID that is not the mechanism's for ever: gone with the next call. */
static struct borrowed {
	gss_OID_desc oid;
	unsigned char octets[64];
} *borrowed;

/* The lock is held. */
static void free_borrowed(void)
{
	free(borrowed);
	borrowed = NULL;
}

int begin(struct call *call, const char *name, OM_uint32 *minor, enum kind kind, const void *address)
{
	struct object *object = NULL;
	unsigned milliseconds = 0;
	*call = (struct call){0, GSS_S_COMPLETE, 0, NULL};
	pthread_mutex_lock(&lock);
	calls++;
	free_borrowed();
	look_at_the_environment();
	for (size_t i = 0; i < settings_count; i++) {
		struct setting *setting = &settings[i];
		if (strcmp(setting->function, "*") != 0 && strcmp(setting->function, name) != 0)
			continue;
		if (setting->after > 0) {
			setting->after--;
		} else if (setting->times > 0) {
			setting->times--;
			milliseconds += setting->milliseconds;
			setting->call.does |= call->does;
			*call = setting->call;
		}
	}
	if (kind != NOTHING && (object = find(kind, address)) == NULL) {
		strays++;
		*call = (struct call){FAIL, kind == CONTEXT ? GSS_S_NO_CONTEXT : kind == NAME ? GSS_S_BAD_NAME : GSS_S_NO_CRED,
		    MINOR_HANDLE, NULL};
	}
	if (object != NULL && kind == CONTEXT) {
		call->object = (void *)(uintptr_t)address;
		if (object->inside++ > 0)
			overlaps++;
		else if (++active > most_active)
			most_active = active;
	}
	pthread_mutex_unlock(&lock);
	*minor = 0;
	if (milliseconds > 0)
		nanosleep(&(struct timespec){milliseconds / 1000, milliseconds % 1000 * 1000000L}, NULL);
	if (call->does & CALLBACK)
		call_back();
	if ((call->does & (FAIL | DELETE)) == FAIL || (call->does & UNSET)) {
		call->does &= ~(unsigned)SAY;
		call->major = end(call, minor, GSS_S_COMPLETE);
		return 0;
	}
	return 1;
}

OM_uint32 end(struct call *call, OM_uint32 *minor, OM_uint32 major)
{
	struct object *object;
	pthread_mutex_lock(&lock);
	if (call->object != NULL && (object = find(CONTEXT, call->object)) != NULL && object->inside > 0
	    && --object->inside == 0)
		active--;
	pthread_mutex_unlock(&lock);
	if ((call->does & FAIL) || ((call->does & SAY) && !GSS_ERROR(major))) {
		*minor = call->minor;
		return call->major;
	}
	return major;
}

/* ---- Outputs --------------------------------------------------------------------------------------------------- */

void spoil_buffer(const struct call *call, gss_buffer_t output)
{
	if (output == NULL)
		return;
	if (call->does & (EMPTY | HOLLOW)) {
		free(output->value);
		output->value = NULL;
		output->length = call->does & HOLLOW ? 100 : 0;
	}
	if (call->does & HUGE_LENGTH)
		output->length = SIZE_MAX - 15;
	if (call->does & LONG_LENGTH)
		output->length = (size_t)1 << 62;
}

void spoil_oid(const struct call *call, gss_OID *output)
{
	static gss_OID_desc unknown = {4, "\x2a\x03\x04\x05"}, hollow = {10, NULL}, huge = {UINT32_MAX, "\x2a\x03\x04\x05"},
	                    empty = {0, "\x2a"};
	if (output == NULL)
		return;
	if (call->does & OID_UNKNOWN)
		*output = &unknown;
	if (call->does & OID_HOLLOW)
		*output = &hollow;
	if (call->does & OID_HUGE)
		*output = &huge;
	if (call->does & OID_EMPTY)
		*output = &empty;
	if (call->does & OID_NONE)
		*output = GSS_C_NO_OID;
	if ((call->does & OID_BORROWED) && *output != GSS_C_NO_OID) {
		pthread_mutex_lock(&lock);
		free_borrowed();
		borrowed = malloc(sizeof *borrowed);
		if (borrowed != NULL && (*output)->length <= sizeof borrowed->octets) {
			memcpy(borrowed->octets, (*output)->elements, (*output)->length);
			borrowed->oid = (gss_OID_desc){(*output)->length, borrowed->octets};
			*output = &borrowed->oid;
		}
		pthread_mutex_unlock(&lock);
	}
}

/* A set of OIDs and one of buffers have the same form, but for what an element is. */
#define SPOIL_SET(set, element_value, free_set)                                                                        \
	do {                                                                                                               \
		if ((set) == NULL || *(set) == NULL)                                                                           \
			break;                                                                                                     \
		if (call->does & NONE)                                                                                         \
			free_set(set);                                                                                             \
		else if (call->does & (EMPTY | HOLLOW)) {                                                                      \
			for (size_t i = 0; i < (*(set))->count; i++)                                                               \
				free((*(set))->elements[i].element_value);                                                             \
			free((*(set))->elements);                                                                                  \
			(*(set))->elements = NULL;                                                                                 \
			(*(set))->count = call->does & HOLLOW ? 3 : 0;                                                             \
		} else if (call->does & (HUGE_LENGTH | LONG_LENGTH))                                                           \
			(*(set))->count = call->does & HUGE_LENGTH ? SIZE_MAX - 15 : (size_t)1 << 62;                              \
		else if ((call->does & ELEMENT) && (*(set))->count > 0) {                                                      \
			free((*(set))->elements[0].element_value);                                                                 \
			(*(set))->elements[0].element_value = NULL;                                                                \
		}                                                                                                              \
	} while (0)

void spoil_oid_set(const struct call *call, gss_OID_set *output)
{
	SPOIL_SET(output, elements, free_oid_set);
}

void spoil_buffer_set(const struct call *call, gss_buffer_set_t *output)
{
	SPOIL_SET(output, value, free_buffer_set);
}

void spoil_number(const struct call *call, OM_uint32 *output)
{
	if (output != NULL && (call->does & ODD))
		*output = UINT32_MAX;
}

void spoil_flag(const struct call *call, int *output)
{
	if (output != NULL && (call->does & ODD))
		*output = -1;
}

/* Of pieces: their lengths, and the flag that says who frees them. */
void spoil_iov(const struct call *call, gss_iov_buffer_desc *iov, int count)
{
	for (int i = 0; i < count; i++) {
		gss_buffer_t buffer = &iov[i].buffer;
		if (call->does & HUGE_LENGTH)
			buffer->length = SIZE_MAX - 15;
		if (call->does & LONG_LENGTH)
			buffer->length = (size_t)1 << 62;
		/* What it allocated itself is lost: it frees it. What is the caller's is left alone. */
		if ((call->does & HOLLOW) && (iov[i].type & GSS_IOV_BUFFER_FLAG_ALLOCATED))
			free(buffer->value);
		if (call->does & HOLLOW)
			*buffer = (gss_buffer_desc){100, NULL};
	}
}

void spoil_context(const struct call *call, gss_ctx_id_t *output)
{
	if ((call->does & (NONE | DELETE)) && output != NULL && *output != GSS_C_NO_CONTEXT) {
		context_free(*output);
		*output = GSS_C_NO_CONTEXT;
	}
}

void spoil_name(const struct call *call, gss_name_t *output)
{
	if ((call->does & NONE) && output != NULL && *output != GSS_C_NO_NAME) {
		name_free(*output);
		*output = GSS_C_NO_NAME;
	}
}

void spoil_credential(const struct call *call, gss_cred_id_t *output)
{
	if ((call->does & NONE) && output != NULL && *output != GSS_C_NO_CREDENTIAL) {
		credential_free(*output);
		*output = GSS_C_NO_CREDENTIAL;
	}
}
