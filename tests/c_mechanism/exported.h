/* What exported_*.c share: how a call of the switch begins, and functions that no header has. */
#ifndef EXPORTED_H
#define EXPORTED_H

#include "faults.h"

/* Goes on if the call is neither told to fail nor on what is not alive. */
#define BEGIN(kind, object)                                                                                            \
	struct call call;                                                                                                  \
	if (!begin(&call, __func__, minor, kind, object))                                                                  \
		return call.major;

/* Of an object that need not be there. */
#define IF_THERE(kind, object) ((object) == NULL ? NOTHING : (kind))

/* Theirs that no header of MIT's installs: the switch looks them up. */
EXPORTED OM_uint32 gss_internal_release_oid(OM_uint32 *minor, gss_OID *oid);
EXPORTED OM_uint32 gssspi_authorize_localname(OM_uint32 *minor, const gss_name_t name, gss_const_buffer_t user,
    gss_const_OID type);
EXPORTED OM_uint32 gssspi_set_cred_option(OM_uint32 *minor, gss_cred_id_t *credential, const gss_OID object,
    const gss_buffer_t value);
EXPORTED OM_uint32 gssspi_acquire_cred_with_password(OM_uint32 *minor, const gss_name_t name,
    const gss_buffer_t password, OM_uint32 lifetime, const gss_OID_set desired, int usage, gss_cred_id_t *output,
    gss_OID_set *actual, OM_uint32 *lifetime_out);
EXPORTED OM_uint32 gssspi_import_sec_context_by_mech(OM_uint32 *minor, gss_OID mechanism, gss_buffer_t token,
    gss_ctx_id_t *context);
EXPORTED OM_uint32 gssspi_import_name_by_mech(OM_uint32 *minor, gss_OID mechanism, gss_buffer_t input, gss_OID type,
    gss_name_t *output);
EXPORTED OM_uint32 gssspi_import_cred_by_mech(OM_uint32 *minor, gss_OID mechanism, gss_buffer_t token,
    gss_cred_id_t *output);

#endif
