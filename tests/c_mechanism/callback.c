/*
 * Mechanisms call the library's public functions with objects of their own, by accident: gss-ntlmssp does so with
 * gss_release_name, moonshot-gss-eap with gss_display_status. Unversioned references: they reach whichever library came
 * first, libgss where the program is linked with it, and the mechanism's own function otherwise.
 */
#include "exported.h"
#include <stdlib.h>

void call_back(void)
{
	static __thread int called_back;
	OM_uint32 minor = 0, released, displayed, message_context = 0;
	gss_buffer_desc text = {0, NULL};
	gss_name_t name, copy;
	if (called_back)
		return;
	called_back = 1;
	name = copy = name_new(&mechanisms[0], &nt_user, "the mechanism's own");
	released = gss_release_name(&minor, &copy);
	if (alive(NAME, name))
		name_free(name);
	displayed = gss_display_status(&minor, MINOR_TWO_TEXTS, GSS_C_MECH_CODE, &mechanisms[0], &message_context, &text);
	free(text.value);
	note_callback(released, displayed);
	called_back = 0;
}
