/*
 * Mechanisms that call the program's GSS-API library with objects and codes of their own, which here is libgss:
 *
 *     calls_back ntlmssp LIBRARY   its gss_inquire_cred releases its own name with gss_release_name where it fails
 *     calls_back eap               its calls ask gss_display_status about its own codes
 *
 * The first needs the mechanism to fail for want of memory. Where it asks for an OID set, this program is asked first.
 */
#include "common.h"
#include <dlfcn.h>

static gss_OID_desc ntlmssp = {10, "\x2b\x06\x01\x04\x01\x82\x37\x02\x02\x0a"};
static gss_OID_desc eap = {9, "\x2b\x06\x01\x05\x05\x0f\x01\x01\x11"};

/* ---- In place of the library's ----------------------------------------------------------------------------------- */

static int refuses, asked;

OM_uint32 gss_create_empty_oid_set(OM_uint32 *minor, gss_OID_set *set)
{
	if (!refuses) {
		__typeof__(&gss_create_empty_oid_set) next = dlsym(RTLD_NEXT, "gss_create_empty_oid_set");
		return next(minor, set);
	}
	asked++;
	*minor = 12;
	*set = GSS_C_NO_OID_SET;
	return GSS_S_FAILURE;
}

/* ------------------------------------------------------------------------------------------------------------------ */

static gss_cred_id_t acquire(gss_OID mechanism, gss_name_t name, gss_cred_usage_t usage)
{
	OM_uint32 minor;
	gss_cred_id_t credential = GARBAGE;
	gss_OID_set_desc wanted = {1, mechanism};
	CHECK_MAJOR(gss_acquire_cred(&minor, name, GSS_C_INDEFINITE, &wanted, usage, &credential, NULL, NULL),
	    GSS_S_COMPLETE);
	return credential;
}

#define OWN(function) __typeof__(&gss_##function) own_##function = dlsym(library, "gss_" #function)

static void releases_its_name(const char *path)
{
	OM_uint32 minor, ignored;
	gss_name_t user = name_of("TESTDOM\\alice", GSS_C_NT_USER_NAME), name = GSS_C_NO_NAME;
	/* The switch has it loaded. */
	gss_cred_id_t credential = acquire(&ntlmssp, user, GSS_C_INITIATE), own = GSS_C_NO_CREDENTIAL;
	void *library = dlopen(path, RTLD_NOW | RTLD_NOLOAD);
	gss_buffer_desc text = {13, "TESTDOM\\alice"};
	gss_OID_set_desc wanted = {1, &ntlmssp};
	gss_OID_set mechanisms = NULL;
	CHECK(library != NULL);
	OWN(import_name);
	OWN(acquire_cred);
	OWN(inquire_cred);
	OWN(display_name);
	OWN(release_name);
	OWN(release_cred);

	CHECK_MAJOR(own_import_name(&minor, &text, GSS_C_NT_USER_NAME, &name), GSS_S_COMPLETE);
	CHECK_MAJOR(own_acquire_cred(&minor, name, GSS_C_INDEFINITE, &wanted, GSS_C_INITIATE, &own, NULL, NULL),
	    GSS_S_COMPLETE);
	CHECK_MAJOR(own_release_name(&minor, &name), GSS_S_COMPLETE);

	/* Nothing that we can be asked for leads there; the mechanism's own function does. */
	name = GSS_C_NO_NAME;
	refuses = 1;
	CHECK_MAJOR(own_inquire_cred(&minor, own, &name, NULL, NULL, &mechanisms), GSS_S_FAILURE);
	refuses = 0;
	CHECK(asked == 1);
	/* It was called with that name, and left it as it was: not freed, and not followed. */
	CHECK(name != GSS_C_NO_NAME);
	CHECK_MAJOR(own_display_name(&minor, name, &text, NULL), GSS_S_COMPLETE);
	CHECK(strcmp(text.value, "TESTDOM\\alice") == 0);
	free_buffer(&text);
	/* As the mechanism does it. */
	gss_name_t same = name;
	CHECK_MAJOR(gss_release_name(&ignored, &same), GSS_S_BAD_NAME);
	CHECK_MAJOR(own_release_name(&minor, &name), GSS_S_COMPLETE);
	CHECK_MAJOR(own_release_cred(&minor, &own), GSS_S_COMPLETE);

	CHECK_MAJOR(gss_release_cred(&minor, &credential), GSS_S_COMPLETE);
	CHECK_MAJOR(gss_release_name(&minor, &user), GSS_S_COMPLETE);
	puts("a status, and the name is whole");
}

static void asks_for_texts(void)
{
	OM_uint32 minor, inner, major, more = 0;
	gss_cred_id_t credential = GARBAGE;
	gss_ctx_id_t context = GSS_C_NO_CONTEXT;
	gss_OID_set_desc wanted = {1, &eap};
	gss_buffer_desc first, answer = {0, NULL}, text;
	gss_name_t target = name_of("host@server.test", GSS_C_NT_HOSTBASED_SERVICE);
	gss_name_t user = name_of("alice@home.test", GSS_C_NT_USER_NAME);
	gss_buffer_desc password = {6, "secret"};
	gss_cred_id_t initiates = GARBAGE;

	CHECK_MAJOR(gss_acquire_cred_with_password(&minor, user, &password, GSS_C_INDEFINITE, &wanted, GSS_C_INITIATE,
	                &initiates, NULL, NULL), GSS_S_COMPLETE);
	CHECK_MAJOR(gss_init_sec_context(&minor, initiates, &context, target, &eap, GSS_C_MUTUAL_FLAG, 0, NULL, NULL, NULL,
	                &first, NULL, NULL), GSS_S_CONTINUE_NEEDED);
	delete(context);
	context = GSS_C_NO_CONTEXT;
	major = gss_acquire_cred(&minor, GSS_C_NO_NAME, GSS_C_INDEFINITE, &wanted, GSS_C_ACCEPT, &credential, NULL, NULL);
	if (major == GSS_S_COMPLETE)
		major = gss_accept_sec_context(&minor, &context, credential, &first, NULL, NULL, NULL, &answer, NULL, NULL, NULL);
	CHECK(GSS_ERROR(major) && minor != 0 && context == GSS_C_NO_CONTEXT);
	/* What the mechanism has asked meanwhile has put nothing in the place of its text. */
	CHECK_MAJOR(gss_display_status(&inner, minor, GSS_C_MECH_CODE, &eap, &more, &text), GSS_S_COMPLETE);
	printf("%.*s\n", (int)text.length, (char *)text.value);
	free_buffer(&text);
	free_buffer(&first);
	free_buffer(&answer);
	gss_release_cred(&minor, &credential);
	gss_release_cred(&minor, &initiates);
	gss_release_name(&minor, &target);
	gss_release_name(&minor, &user);
}

int main(int count, char **arguments)
{
	if (count == 3 && strcmp(arguments[1], "ntlmssp") == 0)
		releases_its_name(arguments[2]);
	else if (count == 2 && strcmp(arguments[1], "eap") == 0)
		asks_for_texts();
	else
		CHECK(!"a mechanism that is known");
	return 0;
}
