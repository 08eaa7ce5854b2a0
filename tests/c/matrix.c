/*
 * The cases in which other switches fall over, one line of output each: the case, the major status, the minor one where
 * a mechanism gave it, and what became of the handle and the outputs. c_matrix.rs says what has to come out.
 *
 *     matrix SET...    sets of cases; which faults the mechanism has is the config's to say
 *     matrix c-mechanism SET...    the same with the C mechanism, and what is left of its contexts
 */
#include "common.h"

/* A mechanism's minor status as it is; the switch's own ones and 0 are not compared. */
static const char *minor_text(OM_uint32 minor)
{
	static char text[32];
	if (minor == 0 || minor >> 8 == 0x475353)
		return "";
	snprintf(text, sizeof text, ", minor %u", minor);
	return text;
}

static gss_ctx_id_t initiator, acceptor;

/* What became of the acceptor's context. */
static const char *state(void)
{
	OM_uint32 minor;
	if (acceptor == GSS_C_NO_CONTEXT)
		return "NO_CONTEXT";
	if (converse(initiator, acceptor))
		return "kept";
	switch (gss_context_time(&minor, acceptor, &(OM_uint32){0})) {
	case GSS_S_NO_CONTEXT:
		return "dead";
	case GSS_S_CONTEXT_EXPIRED:
		return "kept, expired";
	default:
		return "out of step";
	}
}

static void fresh(void)
{
	delete(initiator);
	delete(acceptor);
	establish(&initiator, &acceptor);
}

static void done(void)
{
	delete(initiator);
	delete(acceptor);
	initiator = acceptor = GSS_C_NO_CONTEXT;
}

/* Exports the acceptor's context. */
static void export(const char *name)
{
	gss_buffer_desc token = garbage_buffer();
	OM_uint32 minor = 0xaaaaaaaa;
	gss_ctx_id_t copy = acceptor;
	OM_uint32 major = gss_export_sec_context(&minor, &acceptor, &token);
	printf("%s: %s%s, handle %s, ", name, major_text(major), minor_text(minor), state());
	if (is_cleared(&token))
		printf("no token\n");
	else if (token.length > 14 && memcmp(token.value, "\0\0\0\x0a", 4) == 0
	    && memcmp((char *)token.value + 4, dummy.elements, 10) == 0)
		printf("token 0000000a || oid || %s\n", token.length > 14 ? "state" : "nothing");
	else
		printf("token of another form\n");
	if (acceptor == GSS_C_NO_CONTEXT) {
		/* A copy of the handle is good for nothing. */
		CHECK_MAJOR(gss_context_time(&minor, copy, &(OM_uint32){0}), GSS_S_NO_CONTEXT);
		CHECK_MAJOR(gss_delete_sec_context(&minor, &copy, GSS_C_NO_BUFFER), GSS_S_NO_CONTEXT);
	}
	free_buffer(&token);
}

/* Imports a token, to be the acceptor's context. */
static void import(const char *name, const void *bytes, size_t length)
{
	gss_buffer_desc token = {length, (void *)bytes};
	OM_uint32 minor = 0xaaaaaaaa;
	gss_ctx_id_t context = GARBAGE;
	OM_uint32 major = gss_import_sec_context(&minor, &token, &context);
	printf("%s: %s%s, handle ", name, major_text(major), minor_text(minor));
	if (context == GSS_C_NO_CONTEXT)
		printf("NO_CONTEXT\n");
	else if (context == (gss_ctx_id_t)GARBAGE)
		printf("untouched garbage\n");
	else
		printf("%s\n", initiator == GSS_C_NO_CONTEXT || passes(context, initiator) ? "alive" : "out of step");
	if (context != (gss_ctx_id_t)GARBAGE)
		delete(context);
}

static void say(const char *name, OM_uint32 major, const char *more)
{
	printf("%s: %s%s\n", name, major_text(major), more);
}

/* The C mechanism in the dummy one's place. */
static void use_c_mechanism(void)
{
	dummy = c_mechanism;
}

/* Of the contexts that the C mechanism has: the initiator's, which is one, and more. */
static void print_left(void)
{
	OM_uint32 minor;
	gss_buffer_desc value = {0, NULL};
	if (dummy.elements != c_mechanism.elements)
		return;
	CHECK_MAJOR(gssspi_mech_invoke(&minor, &c_mechanism, &c_mechanism_counts, &value), GSS_S_COMPLETE);
	int length = (int)strcspn(value.value, " ");
	printf("the mechanism has %.*s\n", length, (char *)value.value);
	free_buffer(&value);
}

/* The faults that the mechanism has show at export. */
static void at_export(void)
{
	fresh();
	export("export");
	print_left();
	done();
}

/* The faults that the mechanism has show at import. */
static void at_import(void)
{
	fresh();
	gss_buffer_desc token = export_of(&acceptor);
	import("import", token.value, token.length);
	print_left();
	free_buffer(&token);
	done();
}

/* The mechanism does as it should. */
static void exports(void)
{
	OM_uint32 minor = 0xaaaaaaaa, major;
	gss_buffer_desc token;
	gss_ctx_id_t none = GSS_C_NO_CONTEXT;

	fresh();
	export("export");

	fresh();
	token = garbage_buffer();
	major = gss_export_sec_context(&minor, NULL, &token);
	say("export, NULL handle pointer", major, is_cleared(&token) ? ", no token" : ", garbage");
	token = garbage_buffer();
	major = gss_export_sec_context(&minor, &none, &token);
	say("export, NO_CONTEXT", major, is_cleared(&token) ? ", no token" : ", garbage");
	CHECK(none == GSS_C_NO_CONTEXT);

	major = gss_export_sec_context(&minor, &acceptor, NULL);
	printf("export, NULL token pointer: %s, handle %s\n", major_text(major), state());

	token = garbage_buffer();
	major = gss_export_sec_context(NULL, &acceptor, &token);
	printf("export, NULL minor pointer: %s, handle %s, %s\n", major_text(major), state(),
	    is_cleared(&token) ? "no token" : "garbage");
	done();
}

static void imports(void)
{
	OM_uint32 minor, major;
	gss_ctx_id_t context;
	fresh();
	gss_buffer_desc token = export_of(&acceptor);

	gss_ctx_id_t first = GARBAGE, second = GARBAGE;
	CHECK_MAJOR(gss_import_sec_context(&minor, &token, &first), GSS_S_COMPLETE);
	CHECK(passes(first, initiator));
	major = gss_import_sec_context(&minor, &token, &second);
	printf("import, the same token twice: COMPLETE, then %s\n", major_text(major));
	delete(first);
	delete(second);
	done();

	import("import, empty", "", 0);
	import("import, empty, NULL value", NULL, 0);
	import("import, NULL value", NULL, 5);
	import("import, 1 byte", "\0", 1);
	import("import, 3 bytes", "\0\0\0", 3);
	import("import, OID length 0", "\0\0\0\0STATE", 9);
	import("import, OID length 0x7fffffff", "\x7f\xff\xff\xff" DUMMY_OCTETS "STATE", 19);
	import("import, OID length 0xffffffff", "\xff\xff\xff\xff" DUMMY_OCTETS "STATE", 19);
	import("import, OID longer than the token", "\0\0\0\x20" DUMMY_OCTETS "STATE", 19);
	import("import, OID of bad octets", "\0\0\0\x02\x2a\x86STATE", 11);
	import("import, unknown OID", "\0\0\0\x03\x2a\x03\x04STATE", 12);
	import("import, nothing after the OID", "\0\0\0\x0a" DUMMY_OCTETS, 14);
	import("import, nonsense after the OID", "\0\0\0\x0a" DUMMY_OCTETS "STATE", 19);
	import("import, Heimdal 7.8's form", "\0\x0a" DUMMY_OCTETS "STATE", 17);
	import("import, later Heimdal's form", "\x08\x0a" DUMMY_OCTETS "\x05STATE", 18);

	char *longer = malloc(token.length + 1);
	memcpy(longer, token.value, token.length);
	longer[token.length] = 'x';
	import("import, 1 byte more", longer, token.length + 1);
	/* At the very end of an allocation, where AddressSanitizer sees who reads on. */
	int refused = 0;
	for (size_t length = 0; length < token.length; length++) {
		char *part = malloc(length ? length : 1);
		memcpy(part, token.value, length);
		gss_buffer_desc buffer = {length, part};
		context = GARBAGE;
		major = gss_import_sec_context(&minor, &buffer, &context);
		refused += GSS_ROUTINE_ERROR(major) == GSS_S_DEFECTIVE_TOKEN && context == GSS_C_NO_CONTEXT;
		free(part);
	}
	printf("import, the first N bytes: %s\n", refused == (int)token.length ? "DEFECTIVE_TOKEN each" : "not refused");
	free(longer);

	context = GARBAGE;
	major = gss_import_sec_context(&minor, NULL, &context);
	say("import, NULL buffer pointer", major, context == GSS_C_NO_CONTEXT ? ", handle NO_CONTEXT" : ", garbage");
	say("import, NULL handle pointer", gss_import_sec_context(&minor, &token, NULL), "");
	context = GARBAGE;
	major = gss_import_sec_context(NULL, &token, &context);
	say("import, NULL minor pointer", major, "");
	if (major == GSS_S_COMPLETE)
		delete(context);
	free_buffer(&token);
}

static void others(void)
{
	OM_uint32 minor = 0xaaaaaaaa, major, time = 0xaaaaaaaa;
	gss_ctx_id_t none = GSS_C_NO_CONTEXT, copy;
	gss_buffer_desc token = garbage_buffer();

	major = gss_delete_sec_context(&minor, &none, &token);
	say("delete, NO_CONTEXT", major, is_cleared(&token) ? ", no token" : ", garbage");
	say("delete, NULL handle pointer", gss_delete_sec_context(&minor, NULL, GSS_C_NO_BUFFER), "");
	fresh();
	copy = acceptor;
	delete(acceptor);
	acceptor = GSS_C_NO_CONTEXT;
	major = gss_delete_sec_context(&minor, &copy, GSS_C_NO_BUFFER);
	say("delete, twice", major, copy == GSS_C_NO_CONTEXT ? ", handle cleared" : ", handle as it was");
	done();

	major = gss_context_time(&minor, GSS_C_NO_CONTEXT, &time);
	say("context_time, NO_CONTEXT", major, time == 0 ? ", no time" : ", garbage");
	gss_buffer_desc some = {4, "some"};
	say("process_context_token, NO_CONTEXT", gss_process_context_token(&minor, GSS_C_NO_CONTEXT, &some), "");
	fresh();
	say("process_context_token, NULL buffer", gss_process_context_token(&minor, acceptor, NULL), "");
	done();
}

/* The config has a line for 1.2.3.4 whose library is missing. */
static void bad_line(void)
{
	OM_uint32 minor = 0, major;
	static gss_OID_desc missing = {3, "\x2a\x03\x04"};
	gss_ctx_id_t context = GSS_C_NO_CONTEXT;
	gss_name_t target = name_of("service@localhost", GSS_C_NT_HOSTBASED_SERVICE);
	gss_buffer_desc token = garbage_buffer();
	fresh();
	printf("a missing library, the other mechanism: %s\n", state());
	major = gss_init_sec_context(&minor, GSS_C_NO_CREDENTIAL, &context, target, &missing, 0, 0,
	    GSS_C_NO_CHANNEL_BINDINGS, GSS_C_NO_BUFFER, NULL, &token, NULL, NULL);
	printf("a missing library, init: %s, handle %s, %s\n", major_text(major),
	    context == GSS_C_NO_CONTEXT ? "NO_CONTEXT" : "made", is_cleared(&token) ? "no token" : "garbage");
	OM_uint32 more = 0, ignored;
	gss_buffer_desc text = garbage_buffer();
	CHECK_MAJOR(gss_display_status(&ignored, minor, GSS_C_MECH_CODE, &missing, &more, &text), GSS_S_COMPLETE);
	printf("a missing library, why: %s\n", text.length && memmem(text.value, text.length, "libmissing.so", 13)
	    ? "libmissing.so is named" : "unknown");
	free_buffer(&text);
	import("a missing library, import", "\0\0\0\x03\x2a\x03\x04STATE", 12);
	gss_release_name(&ignored, &target);
	done();
}

static const struct {
	const char *name;
	void (*run)(void);
} sets[] = {{"at-export", at_export}, {"at-import", at_import}, {"exports", exports}, {"imports", imports},
    {"others", others}, {"bad-line", bad_line}, {"c-mechanism", use_c_mechanism}};

int main(int count, char **arguments)
{
	for (int i = 1; i < count; i++) {
		size_t set = 0;
		while (set < sizeof sets / sizeof *sets && strcmp(sets[set].name, arguments[i]) != 0)
			set++;
		CHECK(set < sizeof sets / sizeof *sets);
		sets[set].run();
	}
	return 0;
}
