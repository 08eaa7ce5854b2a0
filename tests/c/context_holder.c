/*
 * A process that holds one context and does what it is told, through the C library: as tests/src/bin/context-holder.rs.
 * Orders and answers stand in tests/src/holder.rs.
 *
 *     context_holder initiator|acceptor|worker MECHANISM SERVICE USER
 *     context_holder hand-over MECHANISM SERVICE USER
 *
 * The last is the whole story in one command: it establishes a pair of contexts, starts itself again as a worker, hands
 * the acceptor's context to that, and talks to it as the initiator.
 */
#include "common.h"
#include "mechanism_oids.h"
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static gss_OID mechanism;
static gss_name_t target = GSS_C_NO_NAME;
static gss_buffer_desc signed_text = {16, "signed, and seen"};

/* ---- Frames ------------------------------------------------------------------------------------------------------ */

static int read_all(int from, void *bytes, size_t length)
{
	size_t done = 0;
	while (done < length) {
		ssize_t count = read(from, (char *)bytes + done, length - done);
		CHECK(count >= 0);
		if (count == 0)
			return 0;
		done += (size_t)count;
	}
	return 1;
}

static void write_all(int to, const void *bytes, size_t length)
{
	size_t done = 0;
	while (done < length) {
		ssize_t count = write(to, (const char *)bytes + done, length - done);
		CHECK(count > 0);
		done += (size_t)count;
	}
}

static void send_frame(int to, char kind, const gss_buffer_desc *bytes)
{
	unsigned char head[5] = {(unsigned char)kind};
	for (int i = 0; i < 4; i++)
		head[1 + i] = (unsigned char)(bytes->length >> (24 - 8 * i));
	write_all(to, head, sizeof head);
	write_all(to, bytes->value, bytes->length);
}

/* The kind, and bytes from malloc; 0 at the end. */
static char receive_frame(int from, gss_buffer_t bytes)
{
	unsigned char head[5];
	*bytes = (gss_buffer_desc){0, NULL};
	if (!read_all(from, head, sizeof head))
		return 0;
	bytes->length = (size_t)head[1] << 24 | (size_t)head[2] << 16 | (size_t)head[3] << 8 | head[4];
	bytes->value = malloc(bytes->length + 1);
	CHECK(bytes->value != NULL && read_all(from, bytes->value, bytes->length));
	return (char)head[0];
}

/* ---- What is done with a context --------------------------------------------------------------------------------- */

static gss_cred_id_t credential_of(const char *side, char *user)
{
	OM_uint32 minor;
	gss_cred_id_t credential = GARBAGE;
	gss_OID_set_desc wanted = {1, mechanism};
	gss_name_t name = GSS_C_NO_NAME;
	int initiates = strcmp(side, "initiator") == 0;
	if (!initiates && strcmp(side, "acceptor") != 0)
		return GSS_C_NO_CREDENTIAL;
	if (initiates && *user != '\0')
		name = name_of(user, GSS_C_NT_USER_NAME);
	CHECK_MAJOR(gss_acquire_cred(&minor, name, GSS_C_INDEFINITE, &wanted, initiates ? GSS_C_INITIATE : GSS_C_ACCEPT,
	                &credential, NULL, NULL), GSS_S_COMPLETE);
	CHECK_MAJOR(gss_release_name(&minor, &name), GSS_S_COMPLETE);
	check_credential(credential, mechanism);
	return credential;
}

static OM_uint32 take_leg(OM_uint32 *minor, int initiates, gss_cred_id_t credential, gss_ctx_id_t *context,
    gss_buffer_t input, gss_buffer_t output)
{
	OM_uint32 major;
	gss_OID actual = GARBAGE;
	gss_name_t source = GARBAGE;
	*output = garbage_buffer();
	if (initiates)
		major = gss_init_sec_context(minor, credential, context, target, mechanism, ALL_FLAGS, 0,
		    GSS_C_NO_CHANNEL_BINDINGS, input->length == 0 ? GSS_C_NO_BUFFER : input, &actual, output, NULL, NULL);
	else
		major = gss_accept_sec_context(minor, context, credential, input, GSS_C_NO_CHANNEL_BINDINGS, &source, &actual,
		    output, NULL, NULL, NULL);
	if (!GSS_ERROR(major))
		check_mechanism(actual, mechanism);
	if (!initiates && source != GSS_C_NO_NAME) {
		OM_uint32 ignored;
		check_name(source, mechanism);
		CHECK_MAJOR(gss_release_name(&ignored, &source), GSS_S_COMPLETE);
	}
	return major;
}

/* A copy of a handle, after the export. */
static void check_dead(gss_ctx_id_t copy)
{
	OM_uint32 minor, lifetime;
	gss_buffer_desc message = {5, "hello"}, out;
	gss_ctx_id_t again = copy;
	CHECK_MAJOR(gss_context_time(&minor, copy, &lifetime), GSS_S_NO_CONTEXT);
	CHECK_MAJOR(gss_wrap(&minor, copy, 1, GSS_C_QOP_DEFAULT, &message, NULL, &out), GSS_S_NO_CONTEXT);
	CHECK_MAJOR(gss_unwrap(&minor, copy, &message, &out, NULL, NULL), GSS_S_NO_CONTEXT);
	CHECK_MAJOR(gss_get_mic(&minor, copy, GSS_C_QOP_DEFAULT, &message, &out), GSS_S_NO_CONTEXT);
	CHECK_MAJOR(gss_verify_mic(&minor, copy, &message, &message, NULL), GSS_S_NO_CONTEXT);
	CHECK_MAJOR(gss_inquire_context(&minor, copy, NULL, NULL, NULL, NULL, NULL, NULL, NULL), GSS_S_NO_CONTEXT);
	CHECK_MAJOR(gss_export_sec_context(&minor, &again, &out), GSS_S_NO_CONTEXT);
	CHECK_MAJOR(gss_process_context_token(&minor, copy, &message), GSS_S_NO_CONTEXT);
	CHECK_MAJOR(gss_delete_sec_context(&minor, &again, GSS_C_NO_BUFFER), GSS_S_NO_CONTEXT);
}

static OM_uint32 obey(OM_uint32 *minor, char order, int initiates, gss_cred_id_t credential, gss_ctx_id_t *context,
    gss_buffer_t input, gss_buffer_t output)
{
	OM_uint32 major;
	gss_ctx_id_t before = *context;
	int confidential = 0;
	switch (order) {
	case 's':
		return take_leg(minor, initiates, credential, context, input, output);
	case 'i':
		major = gss_import_sec_context(minor, input, context);
		CHECK((*context == GSS_C_NO_CONTEXT) == (major != GSS_S_COMPLETE));
		return major;
	case 'x':
		major = gss_export_sec_context(minor, context, output);
		CHECK(*context == (major == GSS_S_COMPLETE ? GSS_C_NO_CONTEXT : before));
		if (major == GSS_S_COMPLETE)
			check_dead(before);
		return major;
	case 'w':
		if (*context != GSS_C_NO_CONTEXT)
			check_context(*context, mechanism);
		return gss_wrap(minor, *context, 1, GSS_C_QOP_DEFAULT, input, NULL, output);
	case 'u':
		major = gss_unwrap(minor, *context, input, output, &confidential, NULL);
		CHECK(GSS_ERROR(major) || confidential);
		return major;
	case 'm':
		return gss_get_mic(minor, *context, GSS_C_QOP_DEFAULT, &signed_text, output);
	case 'v':
		return gss_verify_mic(minor, *context, &signed_text, input, NULL);
	}
	CHECK(!"an order that there is");
	return GSS_S_FAILURE;
}

/* What the two codes say, together. */
static gss_buffer_desc texts(OM_uint32 major, OM_uint32 minor)
{
	OM_uint32 ignored, more = 0;
	gss_buffer_desc text, all = {0, NULL};
	char *joined;
	CHECK_MAJOR(gss_display_status(&ignored, minor, GSS_C_MECH_CODE, mechanism, &more, &text), GSS_S_COMPLETE);
	CHECK(asprintf(&joined, "%s: %.*s", major_text(major), (int)text.length, (char *)text.value) > 0);
	free_buffer(&text);
	all.length = strlen(joined);
	all.value = joined;
	return all;
}

static void hold(const char *side, char *user)
{
	OM_uint32 minor = 0;
	gss_buffer_desc input;
	gss_ctx_id_t context = GSS_C_NO_CONTEXT;
	gss_cred_id_t credential = credential_of(side, user);
	char order, kind;
	while ((order = receive_frame(0, &input)) != 0) {
		gss_buffer_desc output = {0, NULL};
		OM_uint32 major = obey(&minor, order, strcmp(side, "initiator") == 0, credential, &context, &input, &output);
		if (major == GSS_S_COMPLETE) {
			kind = 'k';
		} else if (major == GSS_S_CONTINUE_NEEDED && order == 's') {
			kind = 'g';
		} else {
			free_buffer(&output);
			output = texts(major, minor);
			kind = GSS_ROUTINE_ERROR(major) == GSS_S_NO_CONTEXT ? 'n' : 'f';
		}
		send_frame(1, kind, &output);
		free_buffer(&output);
		free_buffer(&input);
	}
	free_buffer(&input);
	delete(context);
	CHECK_MAJOR(gss_release_cred(&minor, &credential), GSS_S_COMPLETE);
}

/* ---- The whole story --------------------------------------------------------------------------------------------- */

static pid_t start_worker(char **arguments, int *channel)
{
	int ends[2];
	pid_t worker;
	posix_spawn_file_actions_t actions;
	char *words[] = {arguments[0], "worker", arguments[2], arguments[3], arguments[4], NULL};
	CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
	CHECK(posix_spawn_file_actions_init(&actions) == 0);
	CHECK(posix_spawn_file_actions_adddup2(&actions, ends[1], 0) == 0);
	CHECK(posix_spawn_file_actions_adddup2(&actions, ends[1], 1) == 0);
	CHECK(posix_spawn(&worker, arguments[0], &actions, NULL, words, environ) == 0);
	CHECK(posix_spawn_file_actions_destroy(&actions) == 0);
	close(ends[1]);
	*channel = ends[0];
	return worker;
}

static gss_buffer_desc ask(int channel, char order, const gss_buffer_desc *input, char expected)
{
	gss_buffer_desc answer;
	char kind;
	send_frame(channel, order, input);
	kind = receive_frame(channel, &answer);
	if (kind != expected)
		fprintf(stderr, "order %c: %c, expected %c: %.*s\n", order, kind, expected, (int)answer.length,
		    (char *)answer.value);
	CHECK(kind == expected);
	return answer;
}

static void hand_over(char **arguments)
{
	OM_uint32 minor, ours_major, theirs_major = GSS_S_CONTINUE_NEEDED;
	gss_ctx_id_t ours = GSS_C_NO_CONTEXT, theirs = GSS_C_NO_CONTEXT;
	gss_cred_id_t initiates = credential_of("initiator", arguments[4]), accepts = credential_of("acceptor", "");
	gss_buffer_desc token = {0, NULL}, next, text = {5, "hello"}, message, wrapped, mic;
	int channel, status, again_channel;
	pid_t worker, again;

	do {
		ours_major = take_leg(&minor, 1, initiates, &ours, &token, &next);
		CHECK(!GSS_ERROR(ours_major));
		free_buffer(&token);
		token = next;
		if (theirs_major == GSS_S_CONTINUE_NEEDED) {
			theirs_major = take_leg(&minor, 0, accepts, &theirs, &token, &next);
			CHECK(!GSS_ERROR(theirs_major));
			free_buffer(&token);
			token = next;
		}
	} while (ours_major == GSS_S_CONTINUE_NEEDED);
	CHECK_MAJOR(theirs_major, GSS_S_COMPLETE);
	free_buffer(&token);
	check_context(ours, mechanism);
	check_context(theirs, mechanism);
	CHECK(converse(ours, theirs));

	worker = start_worker(arguments, &channel);
	gss_ctx_id_t copy = theirs;
	token = export_of(&theirs);
	check_dead(copy);
	message = ask(channel, 'i', &token, 'k');
	free_buffer(&message);
	puts("handed to a worker");

	CHECK_MAJOR(gss_wrap(&minor, ours, 1, GSS_C_QOP_DEFAULT, &text, NULL, &wrapped), GSS_S_COMPLETE);
	message = ask(channel, 'u', &wrapped, 'k');
	CHECK(message.length == 5 && memcmp(message.value, "hello", 5) == 0);
	free_buffer(&message);
	free_buffer(&wrapped);
	puts("the worker unwraps");

	wrapped = ask(channel, 'w', &text, 'k');
	CHECK_MAJOR(gss_unwrap(&minor, ours, &wrapped, &message, NULL, NULL), GSS_S_COMPLETE);
	CHECK(message.length == 5 && memcmp(message.value, "hello", 5) == 0);
	free_buffer(&message);
	free_buffer(&wrapped);
	puts("the worker wraps");

	CHECK_MAJOR(gss_get_mic(&minor, ours, GSS_C_QOP_DEFAULT, &signed_text, &mic), GSS_S_COMPLETE);
	message = ask(channel, 'v', &mic, 'k');
	free_buffer(&message);
	free_buffer(&mic);
	mic = ask(channel, 'm', &text, 'k');
	CHECK_MAJOR(gss_verify_mic(&minor, ours, &signed_text, &mic, NULL), GSS_S_COMPLETE);
	free_buffer(&mic);
	puts("MICs both ways");

	/* The token once more, in another worker and here. */
	again = start_worker(arguments, &again_channel);
	send_frame(again_channel, 'i', &token);
	printf("the token again: %s\n", receive_frame(again_channel, &message) == 'k' ? "imported" : "NO_CONTEXT");
	free_buffer(&message);
	close(again_channel);
	CHECK(waitpid(again, &status, 0) == again && status == 0);
	free_buffer(&token);

	close(channel);
	CHECK(waitpid(worker, &status, 0) == worker && status == 0);
	delete(ours);
	CHECK_MAJOR(gss_release_cred(&minor, &initiates), GSS_S_COMPLETE);
	CHECK_MAJOR(gss_release_cred(&minor, &accepts), GSS_S_COMPLETE);
}

int main(int count, char **arguments)
{
	OM_uint32 minor;
	gss_buffer_desc dotted;
	CHECK(count == 5);
	dotted = (gss_buffer_desc){strlen(arguments[2]), arguments[2]};
	CHECK_MAJOR(gss_str_to_oid(&minor, &dotted, &mechanism), GSS_S_COMPLETE);
	target = name_of(arguments[3], GSS_C_NT_HOSTBASED_SERVICE);
	if (strcmp(arguments[1], "hand-over") == 0)
		hand_over(arguments);
	else
		hold(arguments[1], arguments[4]);
	CHECK_MAJOR(gss_release_name(&minor, &target), GSS_S_COMPLETE);
	CHECK_MAJOR(gss_release_oid(&minor, &mechanism), GSS_S_COMPLETE);
	return 0;
}
