/*
 * A process that forks. The child finds its contexts as they were, and never a lock that nobody holds any more.
 *
 *     forks transfer        after export, and after import
 *     forks busy ROUNDS     while 4 threads create, wrap and export
 *     forks exporting       while an export is under way in another thread, which takes its time
 *     forks confounders     with Kerberos contexts: the same message in the same place of the sequence, in each process
 */
#include "common.h"
#include <pthread.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Runs in a child, which has a second. */
static void in_child(void (*work)(void))
{
	int status;
	fflush(NULL);
	pid_t child = fork();
	CHECK(child >= 0);
	if (child == 0) {
		alarm(1);
		work();
		_exit(0);
	}
	CHECK(waitpid(child, &status, 0) == child);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		fprintf(stderr, "the child ends with %s %d\n", WIFSIGNALED(status) ? "signal" : "status",
		    WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static gss_ctx_id_t ours, theirs;
static gss_buffer_desc token;

static void import_it(void)
{
	OM_uint32 minor;
	CHECK_MAJOR(gss_context_time(&minor, theirs, &(OM_uint32){0}), GSS_S_CALL_INACCESSIBLE_READ | GSS_S_NO_CONTEXT);
	CHECK_MAJOR(gss_import_sec_context(&minor, &token, &theirs), GSS_S_COMPLETE);
	CHECK(converse(ours, theirs));
}

static void whole_life(void)
{
	OM_uint32 minor;
	gss_ctx_id_t one, other;
	establish(&one, &other);
	CHECK(converse(one, other));
	gss_buffer_desc moved = export_of(&other);
	CHECK_MAJOR(gss_import_sec_context(&minor, &moved, &other), GSS_S_COMPLETE);
	free_buffer(&moved);
	CHECK(converse(other, one));
	delete(one);
	delete(other);
}

static void use_it(void)
{
	CHECK(converse(ours, theirs));
	whole_life();
	delete(ours);
	delete(theirs);
}

static void transfer(void)
{
	OM_uint32 minor;
	establish(&ours, &theirs);
	CHECK(converse(ours, theirs));
	token = export_of(&theirs);
	/* The importer is the child of the exporter. What it has had, its parent cannot have as well. */
	in_child(import_it);
	CHECK_MAJOR(gss_import_sec_context(&minor, &token, &theirs), GSS_S_NO_CONTEXT);
	free_buffer(&token);
	delete(ours);
	establish(&ours, &theirs);
	token = export_of(&theirs);
	import_it();
	/* And what its parent has imported, a child has by being forked. */
	in_child(use_it);
	use_it();
	free_buffer(&token);
}

/* ---- While threads are at work ------------------------------------------------------------------------------------ */

#define THREADS 4
static atomic_int over;
/* What the threads work on: their own, for the child to look at. */
static _Atomic(gss_ctx_id_t) theirs_of[THREADS][2];
static atomic_ulong done[THREADS];

static void *work(void *argument)
{
	uintptr_t self = (uintptr_t)argument;
	OM_uint32 minor;
	gss_ctx_id_t one, other;
	establish(&one, &other);
	for (; !over; done[self]++) {
		theirs_of[self][0] = one;
		theirs_of[self][1] = other;
		if (self % 2)
			for (int i = 0; i < 20; i++)
				CHECK(converse(one, other));
		gss_buffer_desc moved = export_of(&other);
		CHECK_MAJOR(gss_import_sec_context(&minor, &moved, &other), GSS_S_COMPLETE);
		free_buffer(&moved);
		CHECK(converse(one, other));
		if (self < 2) {
			delete(one);
			delete(other);
			establish(&one, &other);
		}
	}
	delete(one);
	delete(other);
	return NULL;
}

static void look_at_all(void)
{
	OM_uint32 minor;
	/* Nobody else used this pair: as good as ever. */
	CHECK(converse(ours, theirs));
	/*
	 * Those that were inside a call are gone, with what the mechanism had locked in it. All others can do everything;
	 * a lock that is held for ever would show by the alarm.
	 */
	for (int thread = 0; thread < THREADS; thread++)
		for (int side = 0; side < 2; side++) {
			gss_ctx_id_t context = theirs_of[thread][side];
			OM_uint32 major = gss_context_time(&minor, context, &(OM_uint32){0});
			CHECK(major == GSS_S_COMPLETE || major == GSS_S_NO_CONTEXT);
			if (major == GSS_S_NO_CONTEXT)
				continue;
			gss_buffer_desc message = {5, "hello"}, wrapped;
			CHECK_MAJOR(gss_wrap(&minor, context, 1, 0, &message, NULL, &wrapped), GSS_S_COMPLETE);
			free_buffer(&wrapped);
			gss_buffer_desc token = export_of(&context);
			CHECK_MAJOR(gss_import_sec_context(&minor, &token, &context), GSS_S_COMPLETE);
			free_buffer(&token);
			delete(context);
		}
	whole_life();
	delete(ours);
	delete(theirs);
}

static void busy(int rounds)
{
	pthread_t threads[THREADS];
	establish(&ours, &theirs);
	for (uintptr_t i = 0; i < THREADS; i++)
		CHECK(pthread_create(&threads[i], NULL, work, (void *)i) == 0);
	for (int i = 0; i < THREADS; i++)
		while (done[i] == 0)
			usleep(1000);
	for (int round = 0; round < rounds; round++) {
		in_child(look_at_all);
		/* Between two forks every thread gets on with its work. */
		for (int i = 0; i < THREADS; i++)
			for (unsigned long before = done[i]; done[i] == before;)
				usleep(100);
	}
	over = 1;
	for (int i = 0; i < THREADS; i++)
		CHECK(pthread_join(threads[i], NULL) == 0);
	CHECK(converse(ours, theirs));
	use_it();
}

static atomic_int exported;

static void *export_slowly(void *argument)
{
	(void)argument;
	token = export_of(&theirs);
	exported = 1;
	return NULL;
}

/* In the child: nobody will ever finish that export, so the context is gone. Everything else is as good as ever. 2 if the
 * export had not begun. */
static int find_it_gone(void)
{
	OM_uint32 minor, major;
	gss_ctx_id_t one, other;
	major = gss_context_time(&minor, theirs, &(OM_uint32){0});
	if (major == GSS_S_COMPLETE)
		return 2;
	CHECK_MAJOR(major, GSS_S_NO_CONTEXT);
	CHECK_MAJOR(gss_delete_sec_context(&minor, &theirs, GSS_C_NO_BUFFER), GSS_S_NO_CONTEXT);
	CHECK_MAJOR(gss_context_time(&minor, ours, &(OM_uint32){0}), GSS_S_COMPLETE);
	establish(&one, &other);
	CHECK(converse(one, other));
	delete(one);
	delete(other);
	return 0;
}

static void exporting(void)
{
	pthread_t thread;
	OM_uint32 minor;
	int status = 2 << 8;
	establish(&ours, &theirs);
	CHECK(pthread_create(&thread, NULL, export_slowly, NULL) == 0);
	while (WIFEXITED(status) && WEXITSTATUS(status) == 2) {
		usleep(10000);
		CHECK(!exported);
		pid_t child = fork();
		CHECK(child >= 0);
		if (child == 0) {
			alarm(60);
			_exit(find_it_gone());
		}
		CHECK(waitpid(child, &status, 0) == child);
	}
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	CHECK(pthread_join(thread, NULL) == 0);
	CHECK_MAJOR(gss_import_sec_context(&minor, &token, &theirs), GSS_S_COMPLETE);
	CHECK(converse(ours, theirs));
	free_buffer(&token);
	delete(ours);
	delete(theirs);
}

/* ---- Random numbers ----------------------------------------------------------------------------------------------- */

/* RFC 4121 section 4.2.6.2: what precedes the ciphertext; its first block is that of the confounder, where RRC is 0. */
#define HEADER 16
#define BLOCK 16
#define TOKEN (HEADER + BLOCK + 5 + HEADER + 12)

static void wrap_hello(unsigned char wrapped[TOKEN])
{
	OM_uint32 minor;
	gss_buffer_desc message = {5, "hello"}, made = garbage_buffer();
	CHECK_MAJOR(gss_wrap(&minor, ours, 1, GSS_C_QOP_DEFAULT, &message, NULL, &made), GSS_S_COMPLETE);
	CHECK(made.length == TOKEN);
	memcpy(wrapped, made.value, TOKEN);
	free_buffer(&made);
}

/* A process has contexts, key and sequence number of its parent's. Only the confounder makes its message another one. */
static void confounders(void)
{
	enum { CHILDREN = 2, ROUNDS = 40 };
	static unsigned char wrapped[CHILDREN + 1][ROUNDS][TOKEN];
	establish(&ours, &theirs);
	/* As if for the whole library: whatever it keeps for later is there before the fork. */
	wrap_hello(wrapped[0][0]);
	CHECK(wrapped[0][0][6] == 0 && wrapped[0][0][7] == 0);
	for (int child = 0; child < CHILDREN; child++) {
		int ends[2], status;
		CHECK(pipe(ends) == 0);
		pid_t process = fork();
		CHECK(process >= 0);
		if (process == 0) {
			alarm(10);
			for (int i = 0; i < ROUNDS; i++) {
				wrap_hello(wrapped[child][i]);
				CHECK(write(ends[1], wrapped[child][i], TOKEN) == TOKEN);
			}
			_exit(0);
		}
		close(ends[1]);
		for (int i = 0; i < ROUNDS; i++)
			CHECK(read(ends[0], wrapped[child][i], TOKEN) == TOKEN);
		close(ends[0]);
		CHECK(waitpid(process, &status, 0) == process && WIFEXITED(status) && WEXITSTATUS(status) == 0);
	}
	for (int i = 0; i < ROUNDS; i++)
		wrap_hello(wrapped[CHILDREN][i]);
	for (int i = 0; i < ROUNDS; i++)
		for (int one = 0; one <= CHILDREN; one++) {
			CHECK(memcmp(wrapped[one][i], wrapped[0][i], HEADER) == 0);
			for (int other = 0; other < one; other++)
				for (int j = 0; j < ROUNDS; j++)
					CHECK(memcmp(wrapped[one][i] + HEADER, wrapped[other][j] + HEADER, BLOCK) != 0);
			for (int j = 0; j < i; j++)
				CHECK(memcmp(wrapped[one][i] + HEADER, wrapped[one][j] + HEADER, BLOCK) != 0);
		}
	delete(ours);
	delete(theirs);
}

int main(int count, char **arguments)
{
	alarm(120);
	CHECK(count > 1);
	if (strcmp(arguments[1], "transfer") == 0)
		transfer();
	else if (strcmp(arguments[1], "exporting") == 0)
		exporting();
	else if (strcmp(arguments[1], "confounders") == 0)
		confounders();
	else
		busy(atoi(arguments[2]));
	return 0;
}
