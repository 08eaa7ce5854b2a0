/* What the switch asks the mechanism itself; the faults around it. And how tests reach the faults. */
#include "exported.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A code can have a second text. */
EXPORTED OM_uint32 gss_display_status(OM_uint32 *minor, OM_uint32 value, int type, gss_OID mechanism,
    OM_uint32 *message_context, gss_buffer_t output)
{
	static const char *const TEXTS[MINOR_END - MINOR_HANDLE] = {
	    [MINOR_HANDLE - MINOR_HANDLE] = "c-mechanism: there is no such object",
	    [MINOR_MEMORY - MINOR_HANDLE] = "c-mechanism: out of memory",
	    [MINOR_TOKEN - MINOR_HANDLE] = "c-mechanism: this is no token",
	    [MINOR_CHECKSUM - MINOR_HANDLE] = "c-mechanism: wrong checksum",
	    [MINOR_STAGE - MINOR_HANDLE] = "c-mechanism: not at this stage",
	    [MINOR_NAME - MINOR_HANDLE] = "c-mechanism: no such name",
	    [MINOR_ARGUMENT - MINOR_HANDLE] = "c-mechanism: an argument is wrong",
	    [MINOR_EXPIRED - MINOR_HANDLE] = "c-mechanism: expired",
	    [MINOR_PASSWORD - MINOR_HANDLE] = "c-mechanism: wrong password",
	    [MINOR_STORE - MINOR_HANDLE] = "c-mechanism: no such key of a store",
	    [MINOR_TWO_TEXTS - MINOR_HANDLE] = "c-mechanism: the first text",
	};
	const char *text = value == MINOR_FAULT ? "c-mechanism: the fault that was asked for" : NULL;
	OM_uint32 major;
	BEGIN(NOTHING, NULL)
	if (value >= MINOR_HANDLE && value < MINOR_END)
		text = TEXTS[value - MINOR_HANDLE];
	if (type != GSS_C_MECH_CODE || text == NULL || mechanism_of(mechanism) == NULL)
		return end(&call, minor, GSS_S_BAD_STATUS);
	if (value == MINOR_TWO_TEXTS && *message_context == 1)
		text = "c-mechanism: the second text";
	*message_context = value == MINOR_TWO_TEXTS && *message_context == 0;
	major = give_text(minor, text, output);
	if (!GSS_ERROR(major))
		spoil_buffer(&call, output);
	/* There is always more to say. */
	spoil_number(&call, message_context);
	return end(&call, minor, major);
}

static OM_uint32 give_oids(struct call *call, OM_uint32 *minor, const gss_OID_desc *const *oids, size_t count,
    gss_OID_set *output)
{
	OM_uint32 major = oid_set_of(minor, oids, count, output);
	if (!GSS_ERROR(major))
		spoil_oid_set(call, output);
	return major;
}

EXPORTED OM_uint32 gss_indicate_mechs(OM_uint32 *minor, gss_OID_set *output)
{
	const gss_OID_desc *const both[] = {&mechanisms[0], &mechanisms[1]};
	BEGIN(NOTHING, NULL)
	return end(&call, minor, give_oids(&call, minor, both, 2, output));
}

EXPORTED OM_uint32 gss_inquire_names_for_mech(OM_uint32 *minor, gss_OID mechanism, gss_OID_set *output)
{
	const gss_OID_desc *const types[] = {&nt_user, &nt_hostbased, &nt_anonymous, &nt_exported, &nt_composite};
	BEGIN(NOTHING, NULL)
	(void)mechanism;
	return end(&call, minor, give_oids(&call, minor, types, 5, output));
}

/*
 * Of RFC 5587: MECH_CONCRETE, ITOK_FRAMED, AUTH_INIT, DELEG_CRED, INTEG_PROT, CONF_PROT, MIC, WRAP, REPLAY_DET,
 * OOS_DET, CTX_TRANS.
 */
EXPORTED OM_uint32 gss_inquire_attrs_for_mech(OM_uint32 *minor, gss_const_OID mechanism, gss_OID_set *attributes,
    gss_OID_set *known)
{
	static const unsigned char LAST[] = {1, 9, 10, 16, 17, 18, 19, 20, 22, 23, 27};
	enum { COUNT = sizeof LAST };
	gss_OID_desc oids[COUNT];
	const gss_OID_desc *pointers[COUNT];
	unsigned char octets[COUNT][7];
	OM_uint32 major;
	BEGIN(NOTHING, NULL)
	(void)mechanism;
	for (int i = 0; i < COUNT; i++) {
		memcpy(octets[i], "\x2b\x06\x01\x05\x05\x0d", 6);
		octets[i][6] = LAST[i];
		oids[i] = (gss_OID_desc){7, octets[i]};
		pointers[i] = &oids[i];
	}
	major = give_oids(&call, minor, pointers, COUNT, attributes);
	if (!GSS_ERROR(major))
		major = give_oids(&call, minor, pointers, COUNT, known);
	return end(&call, minor, major);
}

EXPORTED OM_uint32 gss_inquire_saslname_for_mech(OM_uint32 *minor, const gss_OID mechanism, gss_buffer_t sasl,
    gss_buffer_t name, gss_buffer_t description)
{
	gss_OID own = mechanism_of(mechanism);
	OM_uint32 major;
	BEGIN(NOTHING, NULL)
	if (own == NULL)
		return end(&call, minor, refuse(minor, GSS_S_BAD_MECH, MINOR_ARGUMENT));
	major = give_text(minor, own == &mechanisms[0] ? "C-TOY" : "C-TOY-TWO", sasl);
	if (!GSS_ERROR(major))
		major = give_text(minor, "c-mechanism", name);
	if (!GSS_ERROR(major))
		major = give_text(minor, "A mechanism for tests, in C", description);
	spoil_buffer(&call, sasl);
	spoil_buffer(&call, name);
	spoil_buffer(&call, description);
	return end(&call, minor, major);
}

EXPORTED OM_uint32 gss_inquire_mech_for_saslname(OM_uint32 *minor, const gss_buffer_t sasl, gss_OID *output)
{
	BEGIN(NOTHING, NULL)
	if (sasl->length == 5 && memcmp(sasl->value, "C-TOY", 5) == 0)
		*output = &mechanisms[0];
	else if (sasl->length == 9 && memcmp(sasl->value, "C-TOY-TWO", 9) == 0)
		*output = &mechanisms[1];
	else
		return end(&call, minor, refuse(minor, GSS_S_BAD_MECH, MINOR_ARGUMENT));
	spoil_oid(&call, output);
	return end(&call, minor, GSS_S_COMPLETE);
}

/* COMPLETE for an OID that is this mechanism's own, and static: MIT frees others that a mechanism gave it. */
OM_uint32 gss_internal_release_oid(OM_uint32 *minor, gss_OID *oid)
{
	const gss_OID_desc *const own[] = {&mechanisms[0], &mechanisms[1], &nt_user, &nt_hostbased, &nt_anonymous};
	BEGIN(NOTHING, NULL)
	for (size_t i = 0; i < sizeof own / sizeof *own; i++)
		if (*oid == own[i]) {
			*oid = GSS_C_NO_OID;
			return end(&call, minor, GSS_S_COMPLETE);
		}
	return end(&call, minor, GSS_S_CONTINUE_NEEDED);
}

/*
 * Objects under the mechanism's OID: .1 sets the faults (a text), .2 answers the counts, .3 starts counting anew; these
 * three have no faults of their own. .4 answers the value in capitals.
 */
EXPORTED OM_uint32 gssspi_mech_invoke(OM_uint32 *minor, const gss_OID mechanism, const gss_OID object,
    gss_buffer_t value)
{
	unsigned char what = 0;
	char text[1024];
	size_t length = value == GSS_C_NO_BUFFER ? 0 : value->length;
	OM_uint32 major;
	*minor = 0;
	if (mechanism_of(mechanism) != NULL && object != GSS_C_NO_OID && object->length == mechanisms[0].length + 1
	    && memcmp(object->elements, mechanisms[0].elements, mechanisms[0].length) == 0)
		what = ((const unsigned char *)object->elements)[object->length - 1];
	if (what == 1) {
		if (length >= sizeof text)
			return refuse(minor, GSS_S_FAILURE, MINOR_ARGUMENT);
		if (length > 0)
			memcpy(text, value->value, length);
		text[length] = '\0';
		return c_mechanism_set_faults(text) ? (OM_uint32)GSS_S_COMPLETE
		                                    : refuse(minor, GSS_S_FAILURE, MINOR_ARGUMENT);
	}
	if (what == 2) {
		c_mechanism_count(text, sizeof text);
		return give_text(minor, text, value);
	}
	if (what == 3) {
		c_mechanism_reset();
		return GSS_S_COMPLETE;
	}
	BEGIN(NOTHING, NULL)
	if (what != 4 || length >= sizeof text)
		return end(&call, minor, refuse(minor, GSS_S_UNAVAILABLE, MINOR_ARGUMENT));
	for (size_t i = 0; i < length; i++) {
		char letter = ((const char *)value->value)[i];
		text[i] = (char)(letter >= 'a' && letter <= 'z' ? letter - 'a' + 'A' : letter);
	}
	text[length] = '\0';
	major = give_text(minor, text, value);
	if (!GSS_ERROR(major))
		spoil_buffer(&call, value);
	return end(&call, minor, major);
}
