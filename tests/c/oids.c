/*
 * The OIDs that calls give out are the library's own objects, always the same ones: programs compare them by address.
 * The site has the dummy mechanism under its own OID, and a second time under that of Kerberos.
 */
#include "common.h"
#include <gssapi/gssapi_krb5.h>

/* Copies in this program's memory: none of them may come back. */
static gss_OID_desc kerberos = {9, "\x2a\x86\x48\x86\xf7\x12\x01\x02\x02"};

static gss_OID mechanism_of(gss_OID asked)
{
	OM_uint32 minor;
	gss_ctx_id_t ours = GSS_C_NO_CONTEXT, theirs = GSS_C_NO_CONTEXT;
	gss_name_t target = name_of("service@localhost", GSS_C_NT_HOSTBASED_SERVICE), source, mechanism_name;
	gss_buffer_desc token, answer;
	gss_OID initiators = GARBAGE, acceptors = GARBAGE, of_context = GARBAGE, of_name = GARBAGE, last = GARBAGE;

	CHECK_MAJOR(gss_init_sec_context(&minor, GSS_C_NO_CREDENTIAL, &ours, target, asked, ALL_FLAGS, 0, NULL, NULL,
	    &initiators, &token, NULL, NULL), GSS_S_CONTINUE_NEEDED);
	CHECK_MAJOR(gss_accept_sec_context(&minor, &theirs, GSS_C_NO_CREDENTIAL, &token, NULL, &source, &acceptors,
	    &answer, NULL, NULL, NULL), GSS_S_COMPLETE);
	CHECK_MAJOR(gss_init_sec_context(&minor, GSS_C_NO_CREDENTIAL, &ours, target, asked, ALL_FLAGS, 0, NULL, &answer,
	    &last, NULL, NULL, NULL), GSS_S_CALL_INACCESSIBLE_WRITE);
	CHECK(last == NULL);
	free_buffer(&token);
	CHECK_MAJOR(gss_init_sec_context(&minor, GSS_C_NO_CREDENTIAL, &ours, target, asked, ALL_FLAGS, 0, NULL, &answer,
	    &last, &token, NULL, NULL), GSS_S_COMPLETE);
	CHECK_MAJOR(gss_inquire_context(&minor, ours, NULL, NULL, NULL, &of_context, NULL, NULL, NULL), GSS_S_COMPLETE);
	CHECK_MAJOR(gss_canonicalize_name(&minor, target, asked, &mechanism_name), GSS_S_COMPLETE);
	CHECK_MAJOR(gss_inquire_name(&minor, mechanism_name, NULL, &of_name, NULL), GSS_S_COMPLETE);
	CHECK(initiators != asked);
	CHECK(initiators == acceptors && initiators == last && initiators == of_context && initiators == of_name);
	CHECK(gss_oid_equal(initiators, asked));

	/* And so it is for the context that came from elsewhere. */
	free_buffer(&token);
	token = export_of(&theirs);
	CHECK_MAJOR(gss_import_sec_context(&minor, &token, &theirs), GSS_S_COMPLETE);
	CHECK_MAJOR(gss_inquire_context(&minor, theirs, NULL, NULL, NULL, &of_context, NULL, NULL, NULL), GSS_S_COMPLETE);
	CHECK(of_context == initiators);

	/* Freeing it is allowed, and does nothing. */
	gss_OID freed = initiators;
	CHECK_MAJOR(gss_release_oid(&minor, &freed), GSS_S_COMPLETE);
	CHECK(gss_oid_equal(initiators, asked));

	free_buffer(&token);
	free_buffer(&answer);
	gss_release_name(&minor, &target);
	gss_release_name(&minor, &source);
	gss_release_name(&minor, &mechanism_name);
	delete(ours);
	delete(theirs);
	return initiators;
}

static void name_types(void)
{
	const struct {
		gss_OID type;
		const char *text;
	} types[] = {{GSS_C_NT_USER_NAME, "root"}, {GSS_C_NT_HOSTBASED_SERVICE, "service@localhost"},
	    {GSS_C_NT_STRING_UID_NAME, "0"}, {GSS_C_NT_MACHINE_UID_NAME, "\1\1\1\1"},
	    {GSS_KRB5_NT_PRINCIPAL_NAME, "root@EXAMPLE.ORG"}, {GSS_KRB5_NT_ENTERPRISE_NAME, "root@example.org"}};
	for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
		OM_uint32 minor;
		/* As a program would that has OIDs of its own. */
		char octets[32];
		CHECK(types[i].type->length <= sizeof octets);
		memcpy(octets, types[i].type->elements, types[i].type->length);
		gss_OID_desc copy = {types[i].type->length, octets};
		gss_name_t name = name_of(types[i].text, &copy), twin;
		gss_buffer_desc text;
		gss_OID type = GARBAGE;
		CHECK_MAJOR(gss_display_name(&minor, name, &text, &type), GSS_S_COMPLETE);
		CHECK(type == types[i].type);
		free_buffer(&text);
		CHECK_MAJOR(gss_duplicate_name(&minor, name, &twin), GSS_S_COMPLETE);
		CHECK_MAJOR(gss_display_name(&minor, twin, &text, &type), GSS_S_COMPLETE);
		CHECK(type == types[i].type);
		free_buffer(&text);
		gss_release_name(&minor, &name);
		gss_release_name(&minor, &twin);
	}
	/* Two names for one object (kadmind compares the display type with the one, libkrb5 calls it the other). */
	CHECK(gss_nt_krb5_name == GSS_KRB5_NT_PRINCIPAL_NAME);
}

int main(void)
{
	gss_OID own = mechanism_of(&dummy);
	CHECK(mechanism_of(&dummy) == own);
	CHECK(mechanism_of(&kerberos) == gss_mech_krb5);
	name_types();
	return 0;
}
