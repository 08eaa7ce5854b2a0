/*
 * Libraries that export one entry point of another kind, and no function of a mechanism: ONLY_TABLE what illumos has,
 * ONLY_INTERPOSER what gssproxy's has; without either, nothing at all.
 */
#include "mechanism.h"

#ifdef ONLY_TABLE
EXPORTED void *gss_mech_initialize(const gss_OID mechanism);
EXPORTED void *gss_mech_initialize(const gss_OID mechanism)
{
	(void)mechanism;
	return NULL;
}
#endif

#ifdef ONLY_INTERPOSER
EXPORTED gss_OID_set gss_mech_interposer(gss_OID mechanism);
EXPORTED gss_OID_set gss_mech_interposer(gss_OID mechanism)
{
	(void)mechanism;
	return GSS_C_NO_OID_SET;
}
#endif

int c_mechanism_has_nothing_else(void);
int c_mechanism_has_nothing_else(void)
{
	return 1;
}
