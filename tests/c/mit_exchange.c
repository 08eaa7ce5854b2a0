/*
 * A program of MIT's library that hands contexts to ours and takes ours, through standard input and output.
 *   mit_exchange export OID   establishes a pair, writes the acceptor's token and a message of the initiator's
 *   mit_exchange import       reads a token and a message, and prints what the message says
 * Each piece is preceded by its length, 4 bytes in this machine's order.
 */
#include <gssapi/gssapi.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static OM_uint32 minor;

static void check(OM_uint32 major, const char *what)
{
	OM_uint32 more = 0, ignored;
	gss_buffer_desc text;
	if (!GSS_ERROR(major))
		return;
	fprintf(stderr, "%s: %08x", what, major);
	do {
		gss_display_status(&ignored, minor, GSS_C_MECH_CODE, GSS_C_NO_OID, &more, &text);
		fprintf(stderr, " %.*s", (int)text.length, (const char *)text.value);
		gss_release_buffer(&ignored, &text);
	} while (more != 0);
	fprintf(stderr, "\n");
	exit(1);
}

static void put(gss_buffer_t buffer)
{
	uint32_t length = buffer->length;
	if (fwrite(&length, sizeof length, 1, stdout) != 1 || fwrite(buffer->value, length, 1, stdout) != 1)
		exit(2);
	gss_release_buffer(&minor, buffer);
}

static gss_buffer_desc get(void)
{
	uint32_t length;
	gss_buffer_desc buffer;
	if (fread(&length, sizeof length, 1, stdin) != 1)
		exit(2);
	buffer.length = length;
	buffer.value = malloc(length);
	if (buffer.value == NULL || fread(buffer.value, length, 1, stdin) != 1)
		exit(2);
	return buffer;
}

static void export(gss_OID mechanism)
{
	gss_buffer_desc service = {16, "host@server.test"}, ours = GSS_C_EMPTY_BUFFER, theirs = GSS_C_EMPTY_BUFFER;
	gss_buffer_desc message = {12, "from MIT's  "}, wrapped;
	gss_ctx_id_t initiator = GSS_C_NO_CONTEXT, acceptor = GSS_C_NO_CONTEXT;
	gss_name_t target;
	OM_uint32 major;

	check(gss_import_name(&minor, &service, GSS_C_NT_HOSTBASED_SERVICE, &target), "gss_import_name");
	do {
		major = gss_init_sec_context(&minor, GSS_C_NO_CREDENTIAL, &initiator, target, mechanism,
		    GSS_C_MUTUAL_FLAG | GSS_C_CONF_FLAG | GSS_C_INTEG_FLAG, 0, GSS_C_NO_CHANNEL_BINDINGS, &theirs, NULL, &ours,
		    NULL, NULL);
		check(major, "gss_init_sec_context");
		gss_release_buffer(&minor, &theirs);
		if (ours.length != 0)
			check(gss_accept_sec_context(&minor, &acceptor, GSS_C_NO_CREDENTIAL, &ours, GSS_C_NO_CHANNEL_BINDINGS,
			    NULL, NULL, &theirs, NULL, NULL, NULL), "gss_accept_sec_context");
		gss_release_buffer(&minor, &ours);
	} while (major & GSS_S_CONTINUE_NEEDED || theirs.length != 0);
	check(gss_export_sec_context(&minor, &acceptor, &ours), "gss_export_sec_context");
	put(&ours);
	check(gss_wrap(&minor, initiator, 1, GSS_C_QOP_DEFAULT, &message, NULL, &wrapped), "gss_wrap");
	put(&wrapped);
	gss_delete_sec_context(&minor, &initiator, GSS_C_NO_BUFFER);
	gss_release_name(&minor, &target);
}

static void import(void)
{
	gss_buffer_desc token = get(), wrapped = get(), message;
	gss_ctx_id_t context = GSS_C_NO_CONTEXT;

	check(gss_import_sec_context(&minor, &token, &context), "gss_import_sec_context");
	check(gss_unwrap(&minor, context, &wrapped, &message, NULL, NULL), "gss_unwrap");
	printf("%.*s", (int)message.length, (const char *)message.value);
	gss_release_buffer(&minor, &message);
	gss_delete_sec_context(&minor, &context, GSS_C_NO_BUFFER);
	free(token.value);
	free(wrapped.value);
}

int main(int count, char **arguments)
{
	gss_OID mechanism;
	if (count == 3 && strcmp(arguments[1], "export") == 0) {
		gss_buffer_desc text = {strlen(arguments[2]), arguments[2]};
		check(gss_str_to_oid(&minor, &text, &mechanism), "gss_str_to_oid");
		export(mechanism);
		gss_release_oid(&minor, &mechanism);
		return 0;
	}
	if (count == 2 && strcmp(arguments[1], "import") == 0) {
		import();
		return 0;
	}
	return 2;
}
