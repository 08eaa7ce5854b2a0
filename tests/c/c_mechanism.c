/*
 * Every call that reaches the C mechanism of tests/c_mechanism, through whichever library this is linked with: MIT's,
 * to see that it is a mechanism as MIT's switch loads them, or ours.
 *
 *     c_mechanism tour                each call once, and what it answers
 *     c_mechanism legs                contexts exported and imported after every leg, of handshakes with 1 to 3
 *     c_mechanism faults WORD...      each call again and again, while its function has this fault
 *     c_mechanism callback            the mechanism gives the library objects of its own
 *     c_mechanism refusal             why the mechanism cannot be used
 *
 * A line for each call: its name and its status, or what came out. With faults only the calls that are not COMPLETE
 * then, with their text where it is not the mechanism's. At the end, what the mechanism has left.
 */
#include "c_mechanism_contexts.h"
#include "c_mechanism_objects.h"

/* Which functions of the mechanism have the fault; "" if that is the call's own name. */
static const struct {
	const char *name;
	OM_uint32 (*call)(OM_uint32 *minor);
	const char *functions;
} CALLS[] = {
    {"gss_init_sec_context", call_init, ""},
    {"gss_init_sec_context, later leg", call_later_init, "gss_init_sec_context=after:1"},
    {"gss_accept_sec_context", call_accept, ""},
    {"gss_export_sec_context", call_export, ""},
    {"gss_import_sec_context", call_import, "gssspi_import_sec_context_by_mech gss_import_sec_context"},
    {"gss_delete_sec_context", call_delete, ""},
    {"gss_context_time", call_context_time, ""},
    {"gss_inquire_context", call_inquire_context, ""},
    {"gss_process_context_token", call_process_context_token, ""},
    {"gss_inquire_sec_context_by_oid", call_inquire_sec_context_by_oid, ""},
    {"gss_set_sec_context_option", call_set_sec_context_option, ""},
    {"gss_pseudo_random", call_pseudo_random, ""},
    {"gss_complete_auth_token", call_complete_auth_token, ""},
    {"gss_wrap", call_wrap, ""},
    {"gss_unwrap", call_unwrap, ""},
    {"gss_get_mic", call_get_mic, ""},
    {"gss_verify_mic", call_verify_mic, ""},
    {"gss_wrap_size_limit", call_wrap_size_limit, ""},
    {"gss_wrap_aead", call_wrap_aead, ""},
    {"gss_unwrap_aead", call_unwrap_aead, ""},
    {"gss_wrap_iov", call_wrap_iov, ""},
    {"gss_unwrap_iov", call_unwrap_iov, ""},
    {"gss_unwrap_iov, stream", call_unwrap_stream, "gss_unwrap_iov"},
    {"gss_wrap_iov_length", call_wrap_iov_length, ""},
    {"gss_get_mic_iov", call_get_mic_iov, ""},
    {"gss_verify_mic_iov", call_verify_mic_iov, ""},
    {"gss_get_mic_iov_length", call_get_mic_iov_length, ""},
    {"gss_canonicalize_name", call_canonicalize_name, "gssspi_import_name_by_mech gss_import_name"},
    {"gss_display_name", call_display_name, ""},
    {"gss_compare_name", call_compare_name, ""},
    {"gss_duplicate_name", call_duplicate_name, ""},
    {"gss_export_name", call_export_name, ""},
    {"gss_import_name", call_import_exported_name, "gssspi_import_name_by_mech gss_import_name"},
    {"gss_display_name_ext", call_display_name_ext, ""},
    {"gss_inquire_name", call_inquire_name, ""},
    {"gss_get_name_attribute", call_get_name_attribute, ""},
    {"gss_set_name_attribute", call_set_name_attribute, ""},
    {"gss_export_name_composite", call_export_name_composite, ""},
    {"gss_delete_name_attribute", call_delete_name_attribute, ""},
    {"gss_localname", call_localname, ""},
    {"gss_authorize_localname", call_authorize_localname, "gssspi_authorize_localname"},
    {"gss_acquire_cred", call_acquire_cred, "gss_acquire_cred gss_acquire_cred_from"},
    {"gss_acquire_cred_from", call_acquire_cred_from, ""},
    {"gss_acquire_cred_with_password", call_acquire_cred_with_password, "gssspi_acquire_cred_with_password"},
    {"gss_acquire_cred_impersonate_name", call_acquire_cred_impersonate_name, ""},
    {"gss_inquire_cred", call_inquire_cred, "gss_inquire_cred gss_inquire_cred_by_mech"},
    {"gss_inquire_cred_by_mech", call_inquire_cred_by_mech, ""},
    {"gss_store_cred_into", call_store_cred_into, ""},
    {"gss_export_cred", call_export_cred, ""},
    {"gss_import_cred", call_import_cred, "gssspi_import_cred_by_mech gss_import_cred"},
    {"gss_set_cred_option", call_set_cred_option, "gssspi_set_cred_option"},
    {"gss_inquire_cred_by_oid", call_inquire_cred_by_oid, ""},
    {"gss_set_neg_mechs", call_set_neg_mechs, ""},
    {"gss_display_status", call_display_status, ""},
    {"gss_inquire_names_for_mech", call_inquire_names_for_mech, ""},
    {"gss_inquire_attrs_for_mech", call_inquire_attrs_for_mech, ""},
    {"gss_inquire_saslname_for_mech", call_inquire_saslname_for_mech, ""},
    {"gss_inquire_mech_for_saslname", call_inquire_mech_for_saslname, ""},
    {"gssspi_mech_invoke", call_mech_invoke, ""},
};
enum { COUNT = sizeof CALLS / sizeof *CALLS };

static OM_uint32 minor_of_call;

static OM_uint32 call(int which)
{
	minor_of_call = 0xaaaaaaaa;
	OM_uint32 major = CALLS[which].call(&minor_of_call);
	CHECK(minor_of_call != 0xaaaaaaaa);
	return major;
}

/* ---- What is done with them ------------------------------------------------------------------------------------- */

static void begin(void)
{
	OM_uint32 minor;
	gss_ctx_id_t context = GSS_C_NO_CONTEXT;
	set_scene();
	CHECK_MAJOR(gss_init_sec_context(&minor, credential, &context, target, &mechanism, ALL_FLAGS | GSS_C_DELEG_FLAG, 0,
	    GSS_C_NO_CHANNEL_BINDINGS, GSS_C_NO_BUFFER, NULL, &first_token, NULL, NULL), GSS_S_CONTINUE_NEEDED);
	delete(context);
}

static void end(void)
{
	free_buffer(&first_token);
	clear_scene();
	print_counts();
}

static void tour(void)
{
	begin();
	for (int i = 0; i < COUNT; i++) {
		OM_uint32 major = call(i);
		printf("%s: %s\n", CALLS[i].name, major_text(major));
	}
	/* Messages went one way only. */
	CHECK(passes(other, one));
	end();
}

/* "A B" and "fail" are "A=fail,B=fail"; "A=after:1" and "fail" are "A=after:1+fail". */
static void give_fault(int which, const char *word)
{
	char all[256] = "", names[256];
	char *more = NULL;
	strcpy(names, *CALLS[which].functions ? CALLS[which].functions : CALLS[which].name);
	for (char *it = strtok_r(names, " ", &more); it; it = strtok_r(NULL, " ", &more)) {
		size_t length = strlen(all);
		snprintf(all + length, sizeof all - length, "%s%s%s", it, strchr(it, '=') ? "+" : "=", word);
		length = strlen(all);
		snprintf(all + length, sizeof all - length, ",");
	}
	set_faults(all);
}

/* An error has a text, whoever it is from. That of a fault is the mechanism's. */
static void print_text(void)
{
	static const char of_fault[] = "c-mechanism: the fault that was asked for";
	OM_uint32 minor, more = 0;
	gss_buffer_desc text = garbage_buffer();
	if (minor_of_call == 0) {
		printf("        no text\n");
		return;
	}
	CHECK_MAJOR(gss_display_status(&minor, minor_of_call, GSS_C_MECH_CODE, &mechanism, &more, &text), GSS_S_COMPLETE);
	if (minor_of_call == 1234)
		CHECK(text.length == strlen(of_fault) && memcmp(text.value, of_fault, text.length) == 0);
	else
		printf("        %.*s\n", (int)text.length, (char *)text.value);
	free_buffer(&text);
}

static void faults(char **words)
{
	begin();
	faulty = 1;
	for (; *words; words++) {
		printf("%s:\n", *words);
		for (int i = 0; i < COUNT; i++) {
			unsigned long contexts = count_of("contexts"), names = count_of("names"),
			              credentials = count_of("credentials");
			give_fault(i, *words);
			OM_uint32 major = call(i);
			set_faults("");
			if (major != GSS_S_COMPLETE)
				printf("    %s: %s\n", CALLS[i].name, major_text(major));
			if (GSS_ERROR(major))
				print_text();
			if (count_of("contexts") != contexts || count_of("names") != names
			    || count_of("credentials") != credentials)
				printf("    %s: left %+ld contexts, %+ld names, %+ld credentials\n", CALLS[i].name,
				    (long)(count_of("contexts") - contexts), (long)(count_of("names") - names),
				    (long)(count_of("credentials") - credentials));
			/* The scene is as it was, but that messages may not have come. */
			passes(one, other);
			CHECK(passes(one, other));
		}
	}
	end();
}

static void hand_over(gss_ctx_id_t *context)
{
	OM_uint32 minor;
	gss_buffer_desc token = export_of(context);
	CHECK_MAJOR(gss_import_sec_context(&minor, &token, context), GSS_S_COMPLETE);
	free_buffer(&token);
}

static void legs(void)
{
	static const struct {
		int count;
		OM_uint32 flags;
	} HANDSHAKES[] = {{1, 0}, {2, GSS_C_MUTUAL_FLAG}, {3, GSS_C_MUTUAL_FLAG | GSS_C_DCE_STYLE}};
	set_scene();
	for (int i = 0; i < 3; i++) {
		gss_ctx_id_t left, right;
		make_pair(&left, &right, HANDSHAKES[i].flags, hand_over);
		CHECK(converse(left, right));
		hand_over(&left);
		hand_over(&right);
		printf("%d legs: %s\n", HANDSHAKES[i].count, converse(left, right) ? "alive" : "out of step");
		delete(left);
		delete(right);
	}
	clear_scene();
	print_counts();
}

static void callback(void)
{
	begin();
	set_faults("*=callback");
	for (int i = 0; i < COUNT; i++)
		CHECK(!GSS_ERROR(call(i)));
	set_faults("");
	OM_uint32 released = (OM_uint32)count_of("released"), displayed = (OM_uint32)count_of("displayed");
	CHECK(count_of("callbacks") > COUNT);
	printf("gss_release_name: %s\n", major_text(released));
	printf("gss_display_status: %s\n", major_text(displayed));
	CHECK(passes(other, one));
	end();
}

static void refusal(void)
{
	OM_uint32 minor, ignored, more = 0;
	gss_name_t any = name_of("alice", GSS_C_NT_USER_NAME), own = GARBAGE;
	gss_buffer_desc text = garbage_buffer();
	OM_uint32 major = gss_canonicalize_name(&minor, any, &mechanism, &own);
	CHECK(GSS_ERROR(major) && own == GSS_C_NO_NAME);
	CHECK_MAJOR(gss_display_status(&ignored, minor, GSS_C_MECH_CODE, &mechanism, &more, &text), GSS_S_COMPLETE);
	printf("%s: %.*s\n", major_text(major), (int)text.length, (char *)text.value);
	free_buffer(&text);
	forget(&any);
}

int main(int count, char **arguments)
{
	CHECK(count > 1);
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (strcmp(arguments[1], "tour") == 0)
		tour();
	else if (strcmp(arguments[1], "legs") == 0)
		legs();
	else if (strcmp(arguments[1], "callback") == 0)
		callback();
	else if (strcmp(arguments[1], "refusal") == 0)
		refusal();
	else
		faults(arguments + 2);
	return 0;
}
