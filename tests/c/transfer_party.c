/*
 * One side of a transfer, as a process of its own, through the C library: as tests/src/bin/transfer-party.rs, which
 * tells what the sides do. What a worker is told and answers stands in tests/src/party.rs.
 *
 *     transfer_party worker GATE
 *     transfer_party exporter
 *     transfer_party importer
 */
#include "common.h"
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static gss_buffer_desc message = {9, "I have it"};

/* ---- What goes in and out ---------------------------------------------------------------------------------------- */

/* 0 at the end of the input. */
static int read_all(unsigned char *bytes, size_t length)
{
	size_t done = 0;
	while (done < length) {
		ssize_t count = read(0, bytes + done, length - done);
		CHECK(count >= 0);
		if (count == 0)
			return 0;
		done += (size_t)count;
	}
	return 1;
}

static void write_all(int to, const void *bytes, size_t length)
{
	CHECK(write(to, bytes, length) == (ssize_t)length);
}

static void answer(char kind, const gss_buffer_desc *bytes)
{
	static unsigned char frame[4096];
	CHECK(bytes->length <= sizeof frame - 5);
	frame[0] = (unsigned char)kind;
	for (int i = 0; i < 4; i++)
		frame[1 + i] = (unsigned char)(bytes->length >> (24 - 8 * i));
	if (bytes->length != 0)
		memcpy(frame + 5, bytes->value, bytes->length);
	write_all(1, frame, 5 + bytes->length);
}

static gss_buffer_desc whole_input(void)
{
	static unsigned char bytes[4096];
	size_t length = 0;
	ssize_t count;
	while ((count = read(0, bytes + length, sizeof bytes - length)) > 0)
		length += (size_t)count;
	CHECK(count == 0 && length != 0 && length < sizeof bytes);
	return (gss_buffer_desc){length, bytes};
}

static void mark(const char *words)
{
	write_all(2, words, strlen(words));
}

/* ---- The sides --------------------------------------------------------------------------------------------------- */

static void worker(const char *path)
{
	static unsigned char head[5], body[4096];
	const gss_buffer_desc nothing = {0, NULL};
	int gate = open(path, O_RDONLY | O_CLOEXEC);
	CHECK(gate >= 0);
	while (read_all(head, sizeof head)) {
		OM_uint32 major, minor;
		gss_ctx_id_t context = GSS_C_NO_CONTEXT;
		size_t length = (size_t)head[1] << 24 | (size_t)head[2] << 16 | (size_t)head[3] << 8 | head[4];
		gss_buffer_desc token = {length, body}, wrapped = {0, NULL};
		CHECK(head[0] == 'w' && length <= sizeof body && read_all(body, length));
		answer('r', &nothing);
		/* Held alone by the test: this waits with all others until it lets go. */
		CHECK(flock(gate, LOCK_SH) == 0);
		major = gss_import_sec_context(&minor, &token, &context);
		CHECK(flock(gate, LOCK_UN) == 0);
		if (major == GSS_S_COMPLETE) {
			CHECK_MAJOR(gss_wrap(&minor, context, 1, GSS_C_QOP_DEFAULT, &message, NULL, &wrapped), GSS_S_COMPLETE);
			answer('c', &wrapped);
			free_buffer(&wrapped);
			delete(context);
		} else {
			CHECK(context == GSS_C_NO_CONTEXT);
			wrapped = (gss_buffer_desc){strlen(major_text(major)), (void *)major_text(major)};
			answer(major == GSS_S_NO_CONTEXT ? 'n' : 'f', &wrapped);
		}
	}
}

static void exporter(void)
{
	OM_uint32 minor;
	gss_ctx_id_t context = GSS_C_NO_CONTEXT;
	gss_buffer_desc handshake = whole_input(), reply = {0, NULL}, token = {0, NULL};
	CHECK_MAJOR(gss_accept_sec_context(&minor, &context, GSS_C_NO_CREDENTIAL, &handshake, GSS_C_NO_CHANNEL_BINDINGS,
	                NULL, NULL, &reply, NULL, NULL, NULL), GSS_S_COMPLETE);
	CHECK(reply.length == 0);
	mark("the transfer begins");
	CHECK_MAJOR(gss_export_sec_context(&minor, &context, &token), GSS_S_COMPLETE);
	write_all(1, token.value, token.length);
	mark("the transfer ends");
}

static void importer(void)
{
	OM_uint32 minor;
	gss_ctx_id_t context = GSS_C_NO_CONTEXT;
	gss_cred_id_t credential = GSS_C_NO_CREDENTIAL;
	gss_buffer_desc token = whole_input(), wrapped = {0, NULL};
	gss_OID_set_desc mechanisms = {1, &dummy};
	/* A mechanism is loaded once; that belongs to no transfer. */
	CHECK_MAJOR(gss_acquire_cred(&minor, GSS_C_NO_NAME, GSS_C_INDEFINITE, &mechanisms, GSS_C_ACCEPT, &credential, NULL,
	                NULL), GSS_S_COMPLETE);
	mark("the transfer begins");
	CHECK_MAJOR(gss_import_sec_context(&minor, &token, &context), GSS_S_COMPLETE);
	CHECK_MAJOR(gss_wrap(&minor, context, 1, GSS_C_QOP_DEFAULT, &message, NULL, &wrapped), GSS_S_COMPLETE);
	write_all(1, wrapped.value, wrapped.length);
	mark("the transfer ends");
}

int main(int count, char **arguments)
{
	CHECK(count >= 2);
	/* A group's folders and files have modes that this umask forbids: to set them is part of the transfer. */
	umask(077);
	if (strcmp(arguments[1], "worker") == 0 && count == 3)
		worker(arguments[2]);
	else if (strcmp(arguments[1], "exporter") == 0)
		exporter();
	else if (strcmp(arguments[1], "importer") == 0)
		importer();
	else
		CHECK(!"one of the three sides");
	return 0;
}
