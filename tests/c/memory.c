/*
 * Memory runs out in the middle of a call: malloc is this program's own, and fails when it is told to. Whatever was to
 * happen has happened as a whole, or not at all.
 *
 *     memory NAME [STORE]    one of the tests at the end; where contexts wait
 */
#include "common.h"
#include <errno.h>
#include <glob.h>
#include <sys/stat.h>

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *old, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);

/* Allocations of this many bytes and more fail, after so many that do not. */
static size_t smallest = SIZE_MAX, largest = SIZE_MAX;
static int spared, failed;

static int fails(size_t size)
{
	if (size < smallest || size > largest || spared-- > 0)
		return 0;
	failed++;
	errno = ENOMEM;
	return 1;
}

void *malloc(size_t size)
{
	return fails(size) ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
	return fails(count * size) ? NULL : __libc_calloc(count, size);
}

void *realloc(void *old, size_t size)
{
	return fails(size) ? NULL : __libc_realloc(old, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
	return fails(size) ? NULL : __libc_memalign(alignment, size);
}

int posix_memalign(void **result, size_t alignment, size_t size)
{
	if (fails(size))
		return ENOMEM;
	*result = __libc_memalign(alignment, size);
	return *result ? 0 : ENOMEM;
}

/* What is smaller is not tried for: a program that cannot get that many bytes has nothing to go on with. */
enum { SMALLEST = 1024 };

static void fail_from(size_t size, int after)
{
	smallest = size;
	largest = SIZE_MAX;
	spared = after;
	failed = 0;
}

static void fail_at(size_t size)
{
	smallest = largest = size;
	spared = failed = 0;
}

static void work_again(void)
{
	smallest = SIZE_MAX;
	largest = SIZE_MAX;
}

/* What the library says when memory runs out: its own code number 23, with a text. */
static void check_out_of_memory(OM_uint32 major, OM_uint32 minor)
{
	OM_uint32 ignored, more = 0;
	gss_buffer_desc text;
	work_again();
	CHECK_MAJOR(major, GSS_S_FAILURE);
	CHECK(failed == 1);
	CHECK_MAJOR(gss_display_status(&ignored, minor, GSS_C_MECH_CODE, GSS_C_NO_OID, &more, &text), GSS_S_COMPLETE);
	CHECK(memmem(text.value, text.length, "out of memory", 13) != NULL);
	free_buffer(&text);
}

/* The export's own buffer is the last thing that can fail. */
static void export(void)
{
	OM_uint32 minor, major;
	gss_ctx_id_t ours, theirs, before;
	gss_buffer_desc token;
	establish(&ours, &theirs);
	token = export_of(&theirs);
	size_t length = token.length;
	free_buffer(&token);
	delete(ours);

	establish(&ours, &theirs);
	before = theirs;
	for (int from = 0; from < 2; from++) {
		token = garbage_buffer();
		if (from)
			fail_from(1024, 0);
		else
			fail_at(length);
		major = gss_export_sec_context(&minor, &theirs, &token);
		check_out_of_memory(major, minor);
		CHECK(theirs == before && is_cleared(&token));
		CHECK(converse(ours, theirs));
	}
	token = export_of(&theirs);
	CHECK(token.length == length);
	CHECK_MAJOR(gss_import_sec_context(&minor, &token, &theirs), GSS_S_COMPLETE);
	CHECK(converse(ours, theirs));
	free_buffer(&token);
	delete(ours);
	delete(theirs);
}

/*
 * The C mechanism ends its context by exporting it. Whichever allocation fails, before that, in it or after it: the
 * context lives on. Its state is longer than anything that is reserved before the length is known.
 */
static void export_of_c_mechanism(void)
{
	enum { LONG = 200000 };
	OM_uint32 minor, major;
	gss_ctx_id_t ours, theirs, before;
	gss_buffer_desc token, value = {LONG, calloc(1, LONG)};
	int failures = 0;
	dummy = c_mechanism;
	memset(value.value, 'x', LONG);
	establish(&ours, &theirs);
	CHECK_MAJOR(gss_set_sec_context_option(&minor, &theirs, &dummy, &value), GSS_S_COMPLETE);
	before = theirs;
	for (;;) {
		token = garbage_buffer();
		fail_from(LONG, failures);
		major = gss_export_sec_context(&minor, &theirs, &token);
		work_again();
		if (major == GSS_S_COMPLETE)
			break;
		CHECK_MAJOR(major, GSS_S_FAILURE);
		CHECK(failed == 1 && theirs == before && is_cleared(&token));
		CHECK(converse(ours, theirs));
		failures++;
	}
	printf("failures %s\n", failures > 2 ? "in the mechanism and after it" : "too few");
	CHECK(theirs == GSS_C_NO_CONTEXT);
	CHECK_MAJOR(gss_import_sec_context(&minor, &token, &theirs), GSS_S_COMPLETE);
	CHECK(converse(ours, theirs));
	free_buffer(&token);
	free_buffer(&value);
	delete(ours);
	delete(theirs);
}

/* The table of contexts cannot grow. */
static void import(void)
{
	enum { MANY = 200 };
	OM_uint32 minor, major;
	gss_ctx_id_t ours, theirs, imported[MANY];
	gss_buffer_desc token;
	int failures = 0, count = 0;
	establish(&ours, &theirs);
	token = export_of(&theirs);
	while (count < MANY) {
		imported[count] = GARBAGE;
		fail_from(4096, 0);
		major = gss_import_sec_context(&minor, &token, &imported[count]);
		work_again();
		if (major != GSS_S_COMPLETE) {
			check_out_of_memory(major, minor);
			CHECK(imported[count] == GSS_C_NO_CONTEXT);
			failures++;
			/* The token is as good as before. */
			CHECK_MAJOR(gss_import_sec_context(&minor, &token, &imported[count]), GSS_S_COMPLETE);
		}
		CHECK_MAJOR(gss_context_time(&minor, imported[count], &(OM_uint32){0}), GSS_S_COMPLETE);
		/* Only now: a handle that came from a failed call would be found here. */
		count++;
	}
	CHECK(failures > 0);
	while (count > 0)
		delete(imported[--count]);
	free_buffer(&token);
	delete(ours);
}

/* Contexts that wait for their importers, so that the table of contexts has no room for them. */
enum { MANY = 150 };
static gss_ctx_id_t peers[MANY];
static gss_buffer_desc waiting[MANY];

static void let_many_wait(void)
{
	for (int i = 0; i < MANY; i++) {
		gss_ctx_id_t theirs;
		establish(&peers[i], &theirs);
		waiting[i] = export_of(&theirs);
	}
}

/* The same for contexts that can be claimed once: what gets no handle is not claimed. */
static void claim(void)
{
	OM_uint32 minor, major;
	gss_ctx_id_t imported[MANY];
	int failures = 0;
	let_many_wait();
	for (int i = 0; i < MANY; i++) {
		imported[i] = GARBAGE;
		fail_from(4096, 0);
		major = gss_import_sec_context(&minor, &waiting[i], &imported[i]);
		work_again();
		if (major != GSS_S_COMPLETE) {
			check_out_of_memory(major, minor);
			CHECK(imported[i] == GSS_C_NO_CONTEXT);
			failures++;
			/* The token is as good as before. */
			CHECK_MAJOR(gss_import_sec_context(&minor, &waiting[i], &imported[i]), GSS_S_COMPLETE);
		}
		/* Only now: a handle that came from a failed call would be found here. */
		CHECK(converse(peers[i], imported[i]));
	}
	CHECK(failures > 0);
	for (int i = 0; i < MANY; i++) {
		free_buffer(&waiting[i]);
		delete(peers[i]);
		delete(imported[i]);
	}
}

static const char *store;

/* The size of the one entry that waits; 0 if there is none. */
static size_t size_of_entry(void)
{
	char pattern[4096];
	glob_t found;
	struct stat file = {0};
	snprintf(pattern, sizeof pattern, "%s/u*/*/*", store);
	if (glob(pattern, 0, NULL, &found) == 0) {
		CHECK(found.gl_pathc == 1 && stat(found.gl_pathv[0], &file) == 0);
	}
	globfree(&found);
	return file.st_size;
}

/* Each larger allocation of an export fails once, whatever it is for, and that of an import that depends on its token:
 * either all happens or nothing. */
static void anywhere(void)
{
	OM_uint32 minor, major;
	gss_ctx_id_t ours, theirs, before;
	gss_buffer_desc token;
	int failures = 0;
	CHECK(store != NULL);
	establish(&ours, &theirs);
	for (;;) {
		before = theirs;
		token = garbage_buffer();
		fail_from(SMALLEST, failures);
		major = gss_export_sec_context(&minor, &theirs, &token);
		work_again();
		if (failed == 0)
			break;
		failures++;
		check_out_of_memory(major, minor);
		CHECK(theirs == before && is_cleared(&token));
		CHECK(converse(ours, theirs));
		CHECK(size_of_entry() == 0);
	}
	CHECK_MAJOR(major, GSS_S_COMPLETE);
	CHECK(failures > 0 && size_of_entry() > 0);
	theirs = GARBAGE;
	fail_at(size_of_entry());
	major = gss_import_sec_context(&minor, &token, &theirs);
	work_again();
	CHECK_MAJOR(major, GSS_S_FAILURE);
	CHECK(failed == 1 && theirs == GSS_C_NO_CONTEXT && size_of_entry() > 0);
	CHECK_MAJOR(gss_import_sec_context(&minor, &token, &theirs), GSS_S_COMPLETE);
	CHECK(converse(ours, theirs));
	free_buffer(&token);
	delete(ours);
	delete(theirs);
}

/* A first leg whose context has no room makes none. */
static void first_leg(void)
{
	enum { MANY = 200 };
	OM_uint32 minor, major;
	gss_ctx_id_t context[MANY];
	gss_buffer_desc token;
	gss_name_t target = name_of("service@localhost", GSS_C_NT_HOSTBASED_SERVICE);
	int failures = 0;
	/* Loads the mechanism. */
	establish(&context[0], &context[1]);
	delete(context[0]);
	delete(context[1]);
	for (int i = 0; i < MANY; i++) {
		token = garbage_buffer();
		context[i] = GSS_C_NO_CONTEXT;
		fail_from(4096, 0);
		major = gss_init_sec_context(&minor, GSS_C_NO_CREDENTIAL, &context[i], target, &dummy, 0, 0, NULL, NULL, NULL,
		    &token, NULL, NULL);
		work_again();
		if (GSS_ERROR(major)) {
			check_out_of_memory(major, minor);
			CHECK(context[i] == GSS_C_NO_CONTEXT && is_cleared(&token));
			failures++;
			CHECK_MAJOR(gss_init_sec_context(&minor, GSS_C_NO_CREDENTIAL, &context[i], target, &dummy, 0, 0, NULL, NULL,
			    NULL, &token, NULL, NULL), GSS_S_CONTINUE_NEEDED);
		}
		free_buffer(&token);
	}
	CHECK(failures > 0);
	for (int i = 0; i < MANY; i++)
		delete(context[i]);
	CHECK_MAJOR(gss_release_name(&minor, &target), GSS_S_COMPLETE);
}

static void names(void)
{
	enum { MANY = 200 };
	OM_uint32 minor, major;
	gss_name_t name[MANY];
	gss_buffer_desc text = {5, "alice"};
	int failures = 0;
	/* Reads the config. */
	name[0] = name_of("alice", GSS_C_NT_USER_NAME);
	CHECK_MAJOR(gss_release_name(&minor, &name[0]), GSS_S_COMPLETE);
	for (int i = 0; i < MANY; i++) {
		name[i] = GARBAGE;
		fail_from(4096, 0);
		major = gss_import_name(&minor, &text, GSS_C_NT_USER_NAME, &name[i]);
		work_again();
		if (major != GSS_S_COMPLETE) {
			check_out_of_memory(major, minor);
			CHECK(name[i] == GSS_C_NO_NAME);
			failures++;
			name[i] = name_of("alice", GSS_C_NT_USER_NAME);
		}
	}
	CHECK(failures > 0);
	for (int i = 0; i < MANY; i++)
		CHECK_MAJOR(gss_release_name(&minor, &name[i]), GSS_S_COMPLETE);
}

/* A message that there is no room for was never sent, and one that could not be read can be read later. */
static void messages(void)
{
	OM_uint32 minor, major;
	gss_ctx_id_t ours, theirs;
	gss_buffer_desc message = {1 << 20, malloc(1 << 20)}, token, back;
	int confidential, open;
	memset(message.value, 'x', message.length);
	establish(&ours, &theirs);
	token = garbage_buffer();
	confidential = -1;
	fail_from(1 << 20, 0);
	major = gss_wrap(&minor, ours, 1, 0, &message, &confidential, &token);
	work_again();
	CHECK_MAJOR(major, GSS_S_FAILURE);
	CHECK(is_cleared(&token) && confidential == 0);
	CHECK_MAJOR(gss_wrap(&minor, ours, 1, 0, &message, NULL, &token), GSS_S_COMPLETE);

	back = garbage_buffer();
	fail_from(1 << 20, 0);
	major = gss_unwrap(&minor, theirs, &token, &back, NULL, NULL);
	work_again();
	CHECK_MAJOR(major, GSS_S_FAILURE);
	CHECK(is_cleared(&back));
	CHECK_MAJOR(gss_unwrap(&minor, theirs, &token, &back, NULL, NULL), GSS_S_COMPLETE);
	CHECK(back.length == message.length && memcmp(back.value, message.value, message.length) == 0);
	CHECK_MAJOR(gss_inquire_context(&minor, ours, NULL, NULL, NULL, NULL, NULL, NULL, &open), GSS_S_COMPLETE);
	CHECK(open && converse(ours, theirs));
	free_buffer(&token);
	free_buffer(&back);
	free_buffer(&message);
	delete(ours);
	delete(theirs);
}

static const struct {
	const char *name;
	void (*run)(void);
} tests[] = {{"export", export}, {"c-export", export_of_c_mechanism}, {"import", import}, {"claim", claim},
    {"anywhere", anywhere}, {"first-leg", first_leg}, {"names", names}, {"messages", messages}};

int main(int count, char **arguments)
{
	CHECK(count == 2 || count == 3);
	store = arguments[2];
	for (size_t i = 0; i < sizeof tests / sizeof *tests; i++)
		if (strcmp(tests[i].name, arguments[1]) == 0) {
			tests[i].run();
			return 0;
		}
	CHECK(!"a test of this name");
	return 1;
}
