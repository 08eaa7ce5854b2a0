/*
 * Threads that share contexts: each message counts once, and of an export and the calls beside it one wins.
 *
 *     threads messages      two threads send on one context, two receive on its peer
 *     threads export N      one exports while three wrap, N times
 */
#include "common.h"
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

static gss_ctx_id_t ours, theirs;

/* ---- Messages ----------------------------------------------------------------------------------------------------- */

#define EACH 2000
static gss_buffer_desc sent[2][EACH];
static atomic_int received;
static pthread_mutex_t order = PTHREAD_MUTEX_INITIALIZER;

/* Both at once: nothing but the context itself keeps them apart. */
static void *sender(void *argument)
{
	OM_uint32 minor;
	uintptr_t self = (uintptr_t)argument;
	for (uintptr_t i = 0; i < EACH; i++) {
		uintptr_t text[2] = {self, i};
		gss_buffer_desc message = {sizeof text, text};
		CHECK_MAJOR(gss_wrap(&minor, ours, 1, 0, &message, NULL, &sent[self][i]), GSS_S_COMPLETE);
		if (i % 16 == 0)
			CHECK_MAJOR(gss_context_time(&minor, ours, &(OM_uint32){0}), GSS_S_COMPLETE);
	}
	return NULL;
}

static void *receiver(void *argument)
{
	OM_uint32 minor;
	uintptr_t self = (uintptr_t)argument;
	for (uintptr_t i = 0; i < EACH; i++) {
		gss_buffer_desc message;
		OM_uint32 major = gss_unwrap(&minor, theirs, &sent[self][i], &message, NULL, NULL);
		/* Two receivers overtake each other, and what is late may be too old to tell; but nothing comes twice. */
		CHECK(!GSS_ERROR(major) && !(major & GSS_S_DUPLICATE_TOKEN));
		CHECK(message.length == 2 * sizeof i && memcmp(message.value, (uintptr_t[]){self, i}, message.length) == 0);
		received++;
		free_buffer(&message);
		/* A second time it is a replay, or too old to tell. */
		major = gss_unwrap(&minor, theirs, &sent[self][i], &message, NULL, NULL);
		CHECK(!GSS_ERROR(major) && (major & (GSS_S_DUPLICATE_TOKEN | GSS_S_OLD_TOKEN)));
		free_buffer(&message);
	}
	return NULL;
}

static void both(void *(*work)(void *))
{
	pthread_t threads[2];
	for (uintptr_t i = 0; i < 2; i++)
		CHECK(pthread_create(&threads[i], NULL, work, (void *)i) == 0);
	for (int i = 0; i < 2; i++)
		CHECK(pthread_join(threads[i], NULL) == 0);
}

static void messages(void)
{
	establish(&ours, &theirs);
	both(sender);
	both(receiver);
	CHECK(received == 2 * EACH);
	/* Each message had a number of its own, and no number is missing: the next one is in sequence. */
	CHECK(converse(ours, theirs));
	for (int i = 0; i < 2 * EACH; i++)
		free_buffer(&sent[i / EACH][i % EACH]);
	delete(ours);
	delete(theirs);
}

/* ---- Export beside messages --------------------------------------------------------------------------------------- */

#define WRAPPERS 3
static gss_ctx_id_t exported;
static pthread_barrier_t barrier;
static struct list {
	gss_buffer_desc token;
	struct list *next;
} *tokens;

static void *wrapper(void *unused)
{
	OM_uint32 minor, major;
	gss_ctx_id_t context = exported;
	gss_buffer_desc message = {7, "message"};
	pthread_barrier_wait(&barrier);
	for (;;) {
		gss_buffer_desc token = garbage_buffer();
		major = gss_wrap(&minor, context, 1, 0, &message, NULL, &token);
		if (major != GSS_S_COMPLETE)
			break;
		struct list *element = malloc(sizeof *element);
		pthread_mutex_lock(&order);
		*element = (struct list){token, tokens};
		tokens = element;
		pthread_mutex_unlock(&order);
	}
	CHECK_MAJOR(major, GSS_S_NO_CONTEXT);
	/* And it stays so. */
	CHECK_MAJOR(gss_context_time(&minor, context, &(OM_uint32){0}), GSS_S_NO_CONTEXT);
	CHECK_MAJOR(gss_delete_sec_context(&minor, &context, GSS_C_NO_BUFFER), GSS_S_NO_CONTEXT);
	return unused;
}

static void *second_exporter(void *result)
{
	OM_uint32 minor;
	gss_ctx_id_t copy = exported;
	gss_buffer_desc token = garbage_buffer();
	pthread_barrier_wait(&barrier);
	usleep(500);
	OM_uint32 major = gss_export_sec_context(&minor, &copy, &token);
	CHECK(major == GSS_S_COMPLETE ? copy == GSS_C_NO_CONTEXT : major == GSS_S_NO_CONTEXT && is_cleared(&token));
	*(gss_buffer_desc *)result = token;
	return NULL;
}

static void export(int rounds)
{
	OM_uint32 minor;
	CHECK(pthread_barrier_init(&barrier, NULL, WRAPPERS + 2) == 0);
	for (int round = 0; round < rounds; round++) {
		pthread_t threads[WRAPPERS], second;
		gss_buffer_desc token[2];
		establish(&ours, &exported);
		for (int i = 0; i < WRAPPERS; i++)
			CHECK(pthread_create(&threads[i], NULL, wrapper, NULL) == 0);
		CHECK(pthread_create(&second, NULL, second_exporter, &token[1]) == 0);
		second_exporter(&token[0]);
		CHECK(pthread_join(second, NULL) == 0);
		for (int i = 0; i < WRAPPERS; i++)
			CHECK(pthread_join(threads[i], NULL) == 0);
		/* One of the two has it. */
		CHECK(is_cleared(&token[0]) != is_cleared(&token[1]));
		CHECK_MAJOR(gss_import_sec_context(&minor, &token[is_cleared(&token[0])], &exported), GSS_S_COMPLETE);
		free_buffer(&token[0]);
		free_buffer(&token[1]);
		/* The importer goes on after the last message that was given out. */
		while (tokens) {
			struct list *first = tokens;
			gss_buffer_desc message;
			CHECK(!GSS_ERROR(gss_unwrap(&minor, ours, &first->token, &message, NULL, NULL)));
			free_buffer(&message);
			free_buffer(&first->token);
			tokens = first->next;
			free(first);
		}
		CHECK(converse(exported, ours));
		delete(ours);
		delete(exported);
	}
	pthread_barrier_destroy(&barrier);
}

int main(int count, char **arguments)
{
	alarm(120);
	CHECK(count > 1);
	if (strcmp(arguments[1], "messages") == 0)
		messages();
	else
		export(atoi(arguments[2]));
	return 0;
}
