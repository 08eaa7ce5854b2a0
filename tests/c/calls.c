/*
 * Calls every function of the library with every value that an argument may have: NULL, good ones, garbage, handles that
 * are stale, forged or of another kind, pointers to something else. Each call has to answer a status that is one, to set
 * its outputs if it fails, and to leave alone what is not its business.
 *
 *     calls                     each function with all combinations, or all pairs where these are too many
 *     calls SECONDS             the same values at random, from 4 threads, while 2 others create and delete
 *
 * functions.h is made from the library's list of exports: see c_handles.rs.
 */
#include "common.h"
#include <gssapi/gssapi_krb5.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <time.h>
#include <unistd.h>

enum kind {
	NUMBER, /* also of other widths than int */
	COUNT,  /* how many elements the array before it has, or how many bytes are wanted: no large ones */
	CONTEXT, /* handles: each of these gets those of the other kinds, too */
	NAME,
	CREDENTIAL,
	VARIABLE, /* of a handle, which the call may change */
	OID,
	OCTETS, /* an OID that is copied or compared as it is */
	OID_SET,
	OCTETS_SET,
	BYTES,
	BINDINGS,
	TEXT,
	STORE,
	IOV, /* the argument after it says how many */
	OPAQUE,
	WORD_OUT,
	WORD_IN_OUT,
	UID_OUT,
	BUFFER_OUT,
	BUFFER_IN_OUT, /* replaced by the call */
	BUFFER_RELEASED,
	OID_RELEASED,
	OID_OUT,
	POINTER_OUT,
	OID_SET_OUT,
	OID_SET_IN_OUT,
	BUFFER_SET_OUT,
	BUFFER_SET_IN_OUT,
	CONTEXT_OUT,
	NAME_OUT,
	CREDENTIAL_OUT,
	KINDS
};

#define MOST_ARGUMENTS 14
struct function {
	const char *name;
	OM_uint32 (*call)(OM_uint32 *minor, const uintptr_t *arguments);
	int has_minor;
	int has_major; /* else the answer is yes or no */
	int count;
	enum kind kinds[MOST_ARGUMENTS];
};
#include "functions.h"
#define FUNCTIONS (sizeof functions / sizeof *functions)

struct argument {
	enum kind kind;
	int choice;
	uintptr_t value;
	/* What the value may point to. */
	union {
		void *pointer;
		OM_uint32 word;
		gss_buffer_desc buffer;
		gss_iov_buffer_desc iov[4];
	} place;
	void *before;
	/* What pieces of a message point to. */
	char room[4][64];
};

/* What a thread is calling, for the message if it goes wrong. */
static _Thread_local struct call {
	const struct function *function;
	struct argument arguments[MOST_ARGUMENTS];
	int without_minor;
	OM_uint32 major, minor;
} call;

static void describe(void)
{
	char text[1000];
	int length = snprintf(text, sizeof text, "%s(", call.function ? call.function->name : "nothing");
	if (call.function)
		for (int i = 0; i < call.function->count; i++)
			length += snprintf(text + length, sizeof text - length, "%s#%d=%#lx", i ? ", " : "",
			    call.arguments[i].choice, (unsigned long)call.arguments[i].value);
	length += snprintf(text + length, sizeof text - length, ")%s = 0x%08x, minor %#x\n",
	    call.without_minor ? " without minor" : "", call.major, call.minor);
	(void)!write(2, text, length);
}

#define EXPECT(condition)                                                                                              \
	do {                                                                                                               \
		if (!(condition)) {                                                                                            \
			fprintf(stderr, "%s:%d: not so: %s, argument %d, in ", __FILE__, __LINE__, #condition, argument);          \
			describe();                                                                                                \
			_exit(1);                                                                                                  \
		}                                                                                                              \
	} while (0)

static void on_signal(int number)
{
	char text[60];
	(void)!write(2, text, snprintf(text, sizeof text, "signal %d in ", number));
	describe();
	_exit(1);
}

/* ---- Objects that the calls use ----------------------------------------------------------------------------------- */

enum { AN_ACCEPTOR, AN_INITIATOR, A_HALF, A_NAME, A_MECHANISM_NAME, A_CREDENTIAL, OBJECTS };
#define COPIES 8
/* With one thread only the first of each is used, and it is always alive. */
static _Atomic(void *) objects[OBJECTS][COPIES];
static int copies = 1;
/* Deleted, and never coming back. */
static void *stale[3];
static struct {
	int something[32];
} foreign;

/* What calls take; the context's are those of the first acceptor. */
static gss_buffer_desc initial_token, wrapped, mic, close_notice, moved, exported_name, exported_credential, sasl_name;

static gss_ctx_id_t half(gss_buffer_t token)
{
	OM_uint32 minor;
	gss_ctx_id_t context = GSS_C_NO_CONTEXT;
	gss_buffer_desc unwanted = {0, NULL};
	gss_name_t target = name_of("service@localhost", GSS_C_NT_HOSTBASED_SERVICE);
	CHECK_MAJOR(gss_init_sec_context(&minor, GSS_C_NO_CREDENTIAL, &context, target, &dummy, ALL_FLAGS, 0,
	    GSS_C_NO_CHANNEL_BINDINGS, GSS_C_NO_BUFFER, NULL, token ? token : &unwanted, NULL, NULL),
	    GSS_S_CONTINUE_NEEDED);
	free_buffer(&unwanted);
	CHECK_MAJOR(gss_release_name(&minor, &target), GSS_S_COMPLETE);
	return context;
}

static gss_buffer_desc root = {4, "root"};

static void *new_object(int object)
{
	OM_uint32 minor;
	gss_ctx_id_t one, other;
	gss_name_t name, canonical;
	gss_cred_id_t credential;
	switch (object) {
	case AN_ACCEPTOR:
		establish(&one, &other);
		delete(one);
		return other;
	case AN_INITIATOR:
		establish(&one, &other);
		delete(other);
		return one;
	case A_HALF:
		return half(NULL);
	case A_NAME:
		return name_of("root", GSS_C_NT_USER_NAME);
	case A_MECHANISM_NAME:
		name = name_of("root", GSS_C_NT_USER_NAME);
		CHECK_MAJOR(gss_canonicalize_name(&minor, name, &dummy, &canonical), GSS_S_COMPLETE);
		CHECK_MAJOR(gss_release_name(&minor, &name), GSS_S_COMPLETE);
		CHECK_MAJOR(gss_set_name_attribute(&minor, canonical, 1, &root, &root), GSS_S_COMPLETE);
		return canonical;
	case A_CREDENTIAL:
		CHECK_MAJOR(gss_acquire_cred(&minor, GSS_C_NO_NAME, 0, GSS_C_NO_OID_SET, GSS_C_BOTH, &credential, NULL, NULL),
		    GSS_S_COMPLETE);
		return credential;
	}
	abort();
}

/* What another thread was quicker to delete is no error. */
static void delete_object(int object, void *value)
{
	OM_uint32 minor;
	if (value == NULL)
		return;
	if (object <= A_HALF)
		gss_delete_sec_context(&minor, (gss_ctx_id_t *)&value, GSS_C_NO_BUFFER);
	else if (object <= A_MECHANISM_NAME)
		gss_release_name(&minor, (gss_name_t *)&value);
	else
		gss_release_cred(&minor, (gss_cred_id_t *)&value);
}

static int is_good(int object)
{
	OM_uint32 minor, major;
	void *value = objects[object][0];
	gss_buffer_desc text;
	int more = -1;
	switch (object) {
	case AN_ACCEPTOR:
	case AN_INITIATOR:
		return gss_context_time(&minor, value, &(OM_uint32){0}) == GSS_S_COMPLETE;
	case A_HALF:
		return gss_inquire_context(&minor, value, NULL, NULL, NULL, NULL, NULL, NULL, NULL) == GSS_S_COMPLETE;
	case A_NAME:
		major = gss_display_name(&minor, value, &text, NULL);
		free_buffer(&text);
		return major == GSS_S_COMPLETE;
	case A_MECHANISM_NAME:
		major = gss_get_name_attribute(&minor, value, &root, NULL, NULL, &text, NULL, &more);
		free_buffer(&text);
		return major == GSS_S_COMPLETE;
	default:
		return gss_inquire_cred(&minor, value, NULL, NULL, NULL, NULL) == GSS_S_COMPLETE;
	}
}

static void free_tokens(void)
{
	free_buffer(&wrapped);
	free_buffer(&mic);
	free_buffer(&close_notice);
}

/* A pair of contexts, and tokens for the acceptor from the initiator. */
static void new_pair(void)
{
	static gss_OID_desc close_notice_of = {12, DUMMY_OCTETS "\2\5"};
	OM_uint32 minor;
	gss_ctx_id_t one, other;
	gss_buffer_set_t set;
	free_tokens();
	delete_object(AN_INITIATOR, objects[AN_INITIATOR][0]);
	delete_object(AN_ACCEPTOR, objects[AN_ACCEPTOR][0]);
	establish(&one, &other);
	CHECK_MAJOR(gss_wrap(&minor, one, 1, 0, &root, NULL, &wrapped), GSS_S_COMPLETE);
	CHECK_MAJOR(gss_get_mic(&minor, one, 0, &root, &mic), GSS_S_COMPLETE);
	CHECK_MAJOR(gss_inquire_sec_context_by_oid(&minor, one, &close_notice_of, &set), GSS_S_COMPLETE);
	CHECK(set->count == 1);
	close_notice = set->elements[0];
	set->elements[0] = (gss_buffer_desc){0, NULL};
	CHECK_MAJOR(gss_release_buffer_set(&minor, &set), GSS_S_COMPLETE);
	objects[AN_INITIATOR][0] = one;
	objects[AN_ACCEPTOR][0] = other;
}

/* Replaces what the last call has taken away or spoilt. */
static void refresh(void)
{
	if (!is_good(AN_ACCEPTOR) || !is_good(AN_INITIATOR))
		new_pair();
	for (int object = A_HALF; object < OBJECTS; object++)
		if (!is_good(object)) {
			delete_object(object, objects[object][0]);
			objects[object][0] = new_object(object);
		}
}

static void prepare(void)
{
	OM_uint32 minor;
	gss_ctx_id_t one, other;
	for (int object = 0; object < OBJECTS; object++)
		for (int copy = 0; copy < copies; copy++)
			objects[object][copy] = new_object(object);
	new_pair();
	for (int i = 0; i < 3; i++) {
		int object = (int[]){AN_ACCEPTOR, A_NAME, A_CREDENTIAL}[i];
		stale[i] = new_object(object);
		delete_object(object, stale[i]);
	}
	delete(half(&initial_token));
	establish(&one, &other);
	moved = export_of(&one);
	delete(other);
	CHECK_MAJOR(gss_export_name(&minor, objects[A_MECHANISM_NAME][0], &exported_name), GSS_S_COMPLETE);
	CHECK_MAJOR(gss_export_cred(&minor, objects[A_CREDENTIAL][0], &exported_credential), GSS_S_COMPLETE);
	CHECK_MAJOR(gss_inquire_saslname_for_mech(&minor, &dummy, &sasl_name, NULL, NULL), GSS_S_COMPLETE);
}

static void finish(void)
{
	for (int object = 0; object < OBJECTS; object++)
		for (int copy = 0; copy < copies; copy++)
			delete_object(object, objects[object][copy]);
	free_tokens();
	free_buffer(&initial_token);
	free_buffer(&moved);
	free_buffer(&exported_name);
	free_buffer(&exported_credential);
	free_buffer(&sasl_name);
}

/* ---- Values ------------------------------------------------------------------------------------------------------- */

static _Thread_local uint64_t random_state = 1;
static unsigned random_below(unsigned limit)
{
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return (random_state * 0x2545f4914f6cdd1d >> 33) % limit;
}

#define HANDLES (1 + OBJECTS + 3 + 8)
static void *handle_of(int choice)
{
	if (choice == 0)
		return NULL;
	choice--;
	if (choice < OBJECTS)
		return objects[choice][copies == 1 ? 0 : random_below(copies)];
	choice -= OBJECTS;
	if (choice < 3)
		return stale[choice];
	switch (choice - 3) {
	case 0:
		return (void *)1;
	case 1:
		return (void *)UINTPTR_MAX;
	case 2:
		return GARBAGE;
	case 3:
		/* As close as it gets without being one: another generation, no kind, another tag, no such slot. */
		return (void *)((uintptr_t)objects[AN_ACCEPTOR][0] ^ (uintptr_t)1 << 45);
	case 4:
		return (void *)((uintptr_t)objects[AN_ACCEPTOR][0] ^ (uintptr_t)1 << 46);
	case 5:
		return (void *)((uintptr_t)objects[A_NAME][0] ^ (uintptr_t)1 << 50);
	case 6:
		return (void *)((uintptr_t)objects[A_NAME][0] | ((1 << 22) - 1));
	default:
		return &foreign;
	}
}

#define LENGTH(array) (int)(sizeof array / sizeof *array)

static gss_OID_desc oids[] = {
    {0, NULL}, {5, NULL}, {0, "x"}, {3, "\x80\x80\x80"}, {2, "\x2a\x86"}, {3, "\x2a\x03\x04"}, {0x7fffffff, "x"},
    {200, "\x2a" "ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFGHIJKLMNOPQRSTUVWXYZ"
             "ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFGHIJKLMNOPQRSTUV"},
    {9, "\x2a\x86\x48\x86\xf7\x12\x01\x02\x02"}, {10, DUMMY_OCTETS},
    /* Options, inquiries and operations of the dummy mechanism. */
    {12, DUMMY_OCTETS "\1\1"}, {12, DUMMY_OCTETS "\1\2"}, {12, DUMMY_OCTETS "\2\1"}, {12, DUMMY_OCTETS "\3\1"}};
/* Whose elements are not as long as it says. */
#define LYING_OID 6
#define FIRST_GOOD_OID 8
#define OWN_OIDS LENGTH(oids)
static gss_OID_set_desc oid_sets[] = {{10, oids}, {0, NULL}, {2, NULL}, {0, oids}, {1, &oids[9]}, {2, &oids[8]}};
#define FIRST_GOOD_SET 4

static gss_buffer_desc buffers[] = {{0, NULL}, {0, "x"}, {5, NULL}, {1, "\0"}, {SIZE_MAX, "x"},
    {8, "\xff\xff\xff\xff\xff\xff\xff\xff"}, {15, "\0\0\0\x0a" DUMMY_OCTETS "x"}, {4, "\0\0\0\0"}, {5, "root"},
    {17, "service@localhost"}, {13, "{ 1 3 6 1 4 }"}, {4, "root"}};
#define FIRST_GOOD_BUFFER 7
#define OWN_BUFFERS LENGTH(buffers)
static const gss_buffer_t tokens[] = {&initial_token, &wrapped, &mic, &close_notice, &moved, &exported_name,
    &exported_credential, &sasl_name};

static struct gss_channel_bindings_struct bindings[] = {{0, {0, NULL}, 0, {0, NULL}, {0, NULL}},
    {2, {4, "\x7f\0\0\1"}, 2, {4, "\x7f\0\0\1"}, {4, "data"}}, {2, {4, NULL}, 2, {4, "\x7f\0\0\1"}, {4, "data"}},
    {2, {4, "\x7f\0\0\1"}, 2, {4, "\x7f\0\0\1"}, {SIZE_MAX, "data"}}};

static gss_key_value_element_desc pairs[] = {{"ccache", "FILE:/nowhere"}, {"keytab", NULL}, {NULL, NULL}, {"a", "\xff"}};
static gss_key_value_set_desc stores[] = {{0, NULL}, {1, NULL}, {1, pairs}, {3, pairs}, {1, &pairs[3]}};

static const uintptr_t numbers[] = {0, 1, 2, 3, 0x7fffffff, (uintptr_t)-1};
static const uintptr_t counts[] = {0, 1, 4, (uintptr_t)-1};
static const char *const texts[] = {NULL, "", "root", "\xff\xfe", "FILE:/nowhere"};

#define ALLOCATE GSS_IOV_BUFFER_FLAG_ALLOCATE
static const OM_uint32 pieces[][4] = {
    /* To be protected, to have a MIC, to be unwrapped, with a MIC, and what makes no sense. */
    {GSS_IOV_BUFFER_TYPE_HEADER | ALLOCATE, GSS_IOV_BUFFER_TYPE_DATA, GSS_IOV_BUFFER_TYPE_PADDING | ALLOCATE,
        GSS_IOV_BUFFER_TYPE_TRAILER | ALLOCATE},
    {GSS_IOV_BUFFER_TYPE_DATA, GSS_IOV_BUFFER_TYPE_SIGN_ONLY, GSS_IOV_BUFFER_TYPE_MIC_TOKEN | ALLOCATE,
        GSS_IOV_BUFFER_TYPE_EMPTY},
    {GSS_IOV_BUFFER_TYPE_STREAM, GSS_IOV_BUFFER_TYPE_DATA, GSS_IOV_BUFFER_TYPE_EMPTY, GSS_IOV_BUFFER_TYPE_EMPTY},
    {GSS_IOV_BUFFER_TYPE_DATA, GSS_IOV_BUFFER_TYPE_MIC_TOKEN, GSS_IOV_BUFFER_TYPE_EMPTY, GSS_IOV_BUFFER_TYPE_EMPTY},
    {GSS_IOV_BUFFER_TYPE_STREAM, GSS_IOV_BUFFER_TYPE_DATA | ALLOCATE, 0x77, 0xffffffff & ~GSS_IOV_BUFFER_FLAG_ALLOCATED},
    {GSS_IOV_BUFFER_TYPE_HEADER, GSS_IOV_BUFFER_TYPE_HEADER, GSS_IOV_BUFFER_TYPE_DATA, GSS_IOV_BUFFER_TYPE_DATA}};

static int choices(enum kind kind)
{
	switch (kind) {
	case NUMBER:
		return LENGTH(numbers);
	case COUNT:
		return LENGTH(counts);
	case CONTEXT:
	case NAME:
	case CREDENTIAL:
		return HANDLES;
	case VARIABLE:
		return 1 + HANDLES;
	case OID:
	case OCTETS:
		return 1 + OWN_OIDS + 4;
	case OID_SET:
	case OCTETS_SET:
		return 1 + LENGTH(oid_sets);
	case BYTES:
		return 1 + OWN_BUFFERS + LENGTH(tokens);
	case BINDINGS:
		return 1 + LENGTH(bindings);
	case TEXT:
		return LENGTH(texts);
	case STORE:
		return 1 + LENGTH(stores);
	case WORD_IN_OUT:
		return 1 + 4;
	case BUFFER_IN_OUT:
		return 1 + OWN_BUFFERS;
	case BUFFER_RELEASED:
		return 4;
	case IOV:
		return 1 + LENGTH(pieces);
	case OID_RELEASED:
		return 4;
	case OID_SET_IN_OUT:
	case BUFFER_SET_IN_OUT:
		return 3;
	default:
		/* An output: wanted or not. */
		return 2;
	}
}

/* One that the call may like. */
static int good_choice(enum kind kind)
{
	switch (kind) {
	case NUMBER:
		return random_below(4);
	case CONTEXT:
		return 1 + AN_ACCEPTOR + random_below(2);
	case NAME:
		return random_below(6) ? 1 + A_NAME + random_below(2) : 0;
	case CREDENTIAL:
		return random_below(2) ? 1 + A_CREDENTIAL : 0;
	case VARIABLE:
		return 1 + random_below(1 + OBJECTS);
	case OID:
	case OCTETS:
		return random_below(4) ? 1 + FIRST_GOOD_OID + random_below(choices(kind) - 1 - FIRST_GOOD_OID) : 0;
	case OID_SET:
	case OCTETS_SET:
		return random_below(2) ? 1 + FIRST_GOOD_SET : 0;
	case BYTES:
		return random_below(8) ? 1 + FIRST_GOOD_BUFFER + random_below(choices(kind) - 1 - FIRST_GOOD_BUFFER) : 0;
	case BINDINGS:
		return random_below(3);
	case STORE:
		return random_below(2);
	case IOV:
		return 1 + random_below(4);
	case COUNT:
		return 2;
	case BUFFER_IN_OUT:
		return 1 + FIRST_GOOD_BUFFER + random_below(choices(kind) - 1 - FIRST_GOOD_BUFFER);
	case WORD_IN_OUT:
		return 1;
	default:
		return kind >= WORD_OUT ? 1 : (int)random_below(choices(kind));
	}
}

/* An OID that is the caller's to release. */
static gss_OID new_oid(void)
{
	OM_uint32 minor;
	gss_OID oid;
	gss_buffer_desc text = {13, "{ 1 3 6 1 4 }"};
	CHECK_MAJOR(gss_str_to_oid(&minor, &text, &oid), GSS_S_COMPLETE);
	return oid;
}

static void choose_iov(struct argument *argument, int choice)
{
	for (int i = 0; i < 4; i++) {
		gss_iov_buffer_desc *piece = &argument->place.iov[i];
		OM_uint32 type = GSS_IOV_BUFFER_TYPE(pieces[choice][i]);
		piece->type = pieces[choice][i];
		const gss_buffer_desc *from = type == GSS_IOV_BUFFER_TYPE_STREAM ? &wrapped
		    : type == GSS_IOV_BUFFER_TYPE_MIC_TOKEN                         ? &mic
		                                                                    : &root;
		CHECK(from->length <= sizeof argument->room[i]);
		piece->buffer = (gss_buffer_desc){from->length, argument->room[i]};
		memcpy(argument->room[i], from->value, from->length);
		/* What is to be made counts as nothing; where it is read instead it is not there. */
		if (piece->type & ALLOCATE)
			piece->buffer.value = NULL;
	}
	/* One claims to have something, and two share it. */
	if (choice == 5) {
		argument->place.iov[0].buffer.value = NULL;
		argument->place.iov[3].buffer.value = argument->room[2] + 2;
	}
}

static void choose(struct argument *argument, enum kind kind, int choice)
{
	OM_uint32 minor;
	argument->kind = kind;
	argument->choice = choice;
	argument->value = 0;
	argument->before = NULL;
	switch (kind) {
	case NUMBER:
		argument->value = numbers[choice];
		return;
	case COUNT:
		argument->value = counts[choice];
		return;
	case TEXT:
		argument->value = (uintptr_t)texts[choice];
		return;
	case CONTEXT:
	case NAME:
	case CREDENTIAL:
		argument->value = (uintptr_t)handle_of(choice);
		return;
	default:
		break;
	}
	if (kind == OCTETS && choice == 1 + LYING_OID)
		choice = 0;
	if (kind == OCTETS_SET && choice == 1)
		choice = 0;
	/* For all others the first choice is NULL. */
	if (choice == 0)
		return;
	choice--;
	argument->value = (uintptr_t)&argument->place;
	switch (kind) {
	case VARIABLE:
		argument->place.pointer = argument->before = handle_of(choice);
		break;
	case OID:
	case OCTETS:
		argument->value = (uintptr_t)(choice < OWN_OIDS ? &oids[choice]
		    : choice == OWN_OIDS                        ? GSS_C_NT_USER_NAME
		    : choice == OWN_OIDS + 1                    ? GSS_C_NT_EXPORT_NAME
		    : choice == OWN_OIDS + 2                    ? (gss_OID)GSS_C_MA_MECH_CONCRETE
		                                                : GSS_C_NT_MACHINE_UID_NAME);
		break;
	case OID_SET:
	case OCTETS_SET:
		argument->value = (uintptr_t)&oid_sets[choice];
		break;
	case BYTES:
		argument->value = (uintptr_t)(choice < OWN_BUFFERS ? &buffers[choice] : tokens[choice - OWN_BUFFERS]);
		break;
	case BINDINGS:
		argument->value = (uintptr_t)&bindings[choice];
		break;
	case STORE:
		argument->value = (uintptr_t)&stores[choice];
		break;
	case WORD_IN_OUT:
		argument->place.word = (OM_uint32[]){0, 1, 0x7fffffff, 0xffffffff}[choice];
		break;
	case UID_OUT:
	case WORD_OUT:
		argument->place.word = 0xaaaaaaaa;
		break;
	case BUFFER_OUT:
		argument->place.buffer = garbage_buffer();
		break;
	case OPAQUE:
		argument->value = (uintptr_t)&foreign;
		break;
	case IOV:
		choose_iov(argument, choice);
		break;
	case BUFFER_IN_OUT:
		argument->place.buffer = buffers[choice];
		break;
	case OID_RELEASED:
		argument->place.pointer = choice == 0 ? NULL : choice == 1 ? (void *)GSS_C_NT_USER_NAME : new_oid();
		break;
	case BUFFER_RELEASED:
		argument->place.buffer = (gss_buffer_desc){0, NULL};
		if (choice > 0)
			argument->place.buffer = (gss_buffer_desc){choice == 1 ? 0 : 5, malloc(5)};
		break;
	case OID_SET_IN_OUT:
		argument->place.pointer = NULL;
		if (choice > 0)
			CHECK_MAJOR(gss_create_empty_oid_set(&minor, (gss_OID_set *)&argument->place.pointer), 0);
		break;
	case BUFFER_SET_IN_OUT:
		argument->place.pointer = NULL;
		if (choice > 0)
			CHECK_MAJOR(gss_create_empty_buffer_set(&minor, (gss_buffer_set_t *)&argument->place.pointer), 0);
		break;
	default:
		argument->place.pointer = GARBAGE;
	}
}

/* Whether an argument is a handle that this call must not take: of another kind, stale, or none at all. */
static int is_bad_handle(const struct argument *argument)
{
	const char *name = call.function->name;
	enum kind kind = argument->kind;
	int object = argument->choice - 1;
	if (kind == VARIABLE) {
		kind = strstr(name, "sec_context") ? CONTEXT : strstr(name, "cred") ? CREDENTIAL : NAME;
		object--;
	}
	if (object < 0)
		return 0;
	switch (kind) {
	case CONTEXT:
		return object > A_HALF;
	case NAME:
		return object != A_NAME && object != A_MECHANISM_NAME;
	case CREDENTIAL:
		return object != A_CREDENTIAL;
	default:
		return 0;
	}
}

/* After the call: looks at what it left, and releases what it gave. */
static void settle(int argument, struct argument *it)
{
	OM_uint32 minor;
	int failed = GSS_ERROR(call.major) != 0;
	/* A failing leg may have a token that tells the peer. */
	int leg = strcmp(call.function->name, "gss_init_sec_context") == 0
	    || strcmp(call.function->name, "gss_accept_sec_context") == 0;
	if (it->value != (uintptr_t)&it->place)
		return;
	switch (it->kind) {
	case VARIABLE:
		if (it->place.pointer == it->before)
			return;
		if (failed)
			EXPECT(it->before != NULL && it->place.pointer == NULL);
		EXPECT(it->place.pointer != GARBAGE);
		if (it->place.pointer == NULL)
			return;
		/* Only where there was none one is made. */
		EXPECT(it->before == NULL);
		delete_object(strstr(call.function->name, "sec_context") ? AN_ACCEPTOR
		        : strstr(call.function->name, "cred")            ? A_CREDENTIAL
		                                                         : A_NAME,
		    it->place.pointer);
		return;
	case WORD_OUT:
		EXPECT(failed ? it->place.word == 0 : it->place.word != 0xaaaaaaaa);
		return;
	case UID_OUT:
		EXPECT(failed ? it->place.word == (OM_uint32)-1 : it->place.word != 0xaaaaaaaa);
		return;
	case BUFFER_OUT:
		if (failed && !leg)
			EXPECT(is_cleared(&it->place.buffer));
		EXPECT(it->place.buffer.value != GARBAGE);
		EXPECT(it->place.buffer.length == 0 || it->place.buffer.value != NULL);
		free_buffer(&it->place.buffer);
		return;
	case BUFFER_IN_OUT:
		if (it->place.buffer.value != buffers[it->choice - 1].value) {
			EXPECT(!failed);
			free_buffer(&it->place.buffer);
		}
		return;
	case BUFFER_RELEASED:
		if (!failed)
			EXPECT(is_cleared(&it->place.buffer));
		free_buffer(&it->place.buffer);
		return;
	case OID_RELEASED:
		EXPECT(failed || it->place.pointer == NULL);
		gss_release_oid(&minor, (gss_OID *)&it->place.pointer);
		return;
	case IOV:
		CHECK_MAJOR(gss_release_iov_buffer(&minor, it->place.iov, 4), GSS_S_COMPLETE);
		return;
	case OID_OUT:
	case POINTER_OUT:
	case OID_SET_OUT:
	case BUFFER_SET_OUT:
	case CONTEXT_OUT:
	case NAME_OUT:
	case CREDENTIAL_OUT:
		if (failed)
			EXPECT(it->place.pointer == NULL);
		EXPECT(it->place.pointer != GARBAGE);
		break;
	case OID_SET_IN_OUT:
	case BUFFER_SET_IN_OUT:
		break;
	default:
		return;
	}
	switch (it->kind) {
	case OID_OUT:
		/* Does nothing to those that stay for ever. */
		gss_release_oid(&minor, (gss_OID *)&it->place.pointer);
		return;
	case OID_SET_OUT:
	case OID_SET_IN_OUT:
		gss_release_oid_set(&minor, (gss_OID_set *)&it->place.pointer);
		return;
	case BUFFER_SET_OUT:
	case BUFFER_SET_IN_OUT:
		gss_release_buffer_set(&minor, (gss_buffer_set_t *)&it->place.pointer);
		return;
	case CONTEXT_OUT:
		delete_object(AN_ACCEPTOR, it->place.pointer);
		return;
	case NAME_OUT:
		delete_object(A_NAME, it->place.pointer);
		return;
	case CREDENTIAL_OUT:
		delete_object(A_CREDENTIAL, it->place.pointer);
		return;
	default:
		return;
	}
}

/* The minor status that says that the library itself panicked. */
#define PANICKED 0x475353ff

static int finished_call(void)
{
	const struct function *function = call.function;
	uintptr_t values[MOST_ARGUMENTS];
	int argument = -1;
	/* Whether it may have taken an object away. */
	int takes = strstr(function->name, "process_context_token") || strstr(function->name, "delete_name_attribute");
	for (int i = 0; i < function->count; i++) {
		values[i] = call.arguments[i].value;
		takes |= call.arguments[i].kind == VARIABLE;
	}
	call.minor = 0xaaaaaaaa;
	call.major = 0xdeadbeef;
	call.major = function->call(call.without_minor ? NULL : &call.minor, values);
	if (!function->has_major) {
		EXPECT(call.major <= 1);
		call.major = call.major ? GSS_S_COMPLETE : GSS_S_FAILURE;
	}
	EXPECT(call.major >> 24 <= 3 && (call.major >> 16 & 0xff) <= 19 && (call.major & 0xffff) <= 0x1f);
	if (!function->has_minor) {
		/* Nothing more to see. */
	} else if (call.without_minor) {
		EXPECT(GSS_CALLING_ERROR(call.major) == GSS_S_CALL_INACCESSIBLE_WRITE);
		EXPECT(call.minor == 0xaaaaaaaa);
	} else {
		EXPECT(call.minor != 0xaaaaaaaa && call.minor != PANICKED);
		EXPECT(GSS_ERROR(call.major) || call.minor == 0);
	}
	for (argument = 0; argument < function->count; argument++)
		EXPECT(!is_bad_handle(&call.arguments[argument]) || GSS_ERROR(call.major));
	for (argument = 0; argument < function->count; argument++)
		settle(argument, &call.arguments[argument]);
	if (copies == 1 && takes)
		refresh();
	return !GSS_ERROR(call.major);
}

/* ---- All combinations --------------------------------------------------------------------------------------------- */

#define MOST_COMBINATIONS 30000

static void set(int index, int choice)
{
	choose(&call.arguments[index], call.function->kinds[index], choice);
}

/* The choices of the last call, all over again: it may have used up what they pointed to. */
static int again(const int *chosen)
{
	for (int i = 0; i < call.function->count; i++)
		set(i, chosen[i]);
	return finished_call();
}

static void call_with_all(const struct function *function)
{
	int chosen[MOST_ARGUMENTS] = {0};
	int count = function->count, calls = 0, good = 0;
	double product = 1;
	call.function = function;
	for (int i = 0; i < count; i++)
		product *= choices(function->kinds[i]);
	for (call.without_minor = 0; call.without_minor < 1 + function->has_minor; call.without_minor++) {
		if (product <= MOST_COMBINATIONS) {
			int next;
			do {
				good += again(chosen);
				calls++;
				for (next = 0; next < count; next++) {
					if (++chosen[next] < choices(function->kinds[next]))
						break;
					chosen[next] = 0;
				}
			} while (next < count);
			continue;
		}
		/* Every pair of values, with the others NULL, good, and at random. */
		for (int rest = 0; rest < 3; rest++)
			for (int i = 0; i < count; i++)
				for (int j = 0; j < i; j++)
					for (int a = 0; a < choices(function->kinds[i]); a++)
						for (int b = 0; b < choices(function->kinds[j]); b++) {
							for (int k = 0; k < count; k++) {
								enum kind kind = function->kinds[k];
								chosen[k] = rest == 0 ? 0 : rest == 1 ? good_choice(kind) : (int)random_below(choices(kind));
							}
							chosen[i] = a;
							chosen[j] = b;
							good += again(chosen);
							calls++;
						}
	}
	/* Good ones only. */
	for (call.without_minor = 0; calls % 1000; calls++) {
		for (int k = 0; k < count; k++)
			chosen[k] = good_choice(function->kinds[k]);
		good += again(chosen);
	}
	printf("%s %d %d\n", function->name, calls, good);
}

/* ---- At random, on many threads ----------------------------------------------------------------------------------- */

static atomic_int over;

static void *creator(void *seed)
{
	random_state = (uintptr_t)seed;
	while (!over) {
		int object = random_below(OBJECTS);
		delete_object(object, atomic_exchange(&objects[object][random_below(copies)], new_object(object)));
	}
	return NULL;
}

static void *caller(void *seed)
{
	/* Nobody else knows these. */
	gss_ctx_id_t one, other;
	int argument = -1;
	random_state = (uintptr_t)seed;
	establish(&one, &other);
	for (int round = 0; !over; round++) {
		call.function = &functions[random_below(FUNCTIONS)];
		for (int i = 0; i < call.function->count; i++)
			set(i, random_below(choices(call.function->kinds[i])));
		call.without_minor = call.function->has_minor && random_below(50) == 0;
		finished_call();
		if (round % 16 == 0)
			EXPECT(converse(one, other));
	}
	delete(one);
	delete(other);
	return NULL;
}

static void at_random(int seconds)
{
	pthread_t threads[6];
	for (uintptr_t i = 0; i < 6; i++)
		CHECK(pthread_create(&threads[i], NULL, i < 4 ? caller : creator, (void *)(i * 7919 + 1)) == 0);
	sleep(seconds);
	over = 1;
	for (int i = 0; i < 6; i++)
		CHECK(pthread_join(threads[i], NULL) == 0);
}

int main(int count, char **arguments)
{
	/* A call that never comes back is a failure, too. */
	alarm(300);
	for (int i = 0; i < 5; i++)
		signal((int[]){SIGSEGV, SIGBUS, SIGABRT, SIGILL, SIGALRM}[i], on_signal);
	copies = count > 1 ? COPIES : 1;
	prepare();
	if (count > 1)
		at_random(atoi(arguments[1]));
	else
		for (size_t i = 0; i < FUNCTIONS; i++)
			call_with_all(&functions[i]);
	finish();
	return 0;
}
