/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Names of name types from before RFC 2744. They point to the same objects as the newer names. */

#ifndef GSS_SWITCH_GSSAPI_GENERIC_H
#define GSS_SWITCH_GSSAPI_GENERIC_H

#include <gssapi/gssapi.h>

/* Not zero for a buffer that holds nothing, or is none. */
#define GSS_EMPTY_BUFFER(buffer) ((buffer) == NULL || (buffer)->value == NULL || (buffer)->length == 0)

#ifdef __cplusplus
extern "C" {
#endif

GSS_DLLIMP extern gss_OID gss_nt_user_name;        /* GSS_C_NT_USER_NAME */
GSS_DLLIMP extern gss_OID gss_nt_machine_uid_name; /* GSS_C_NT_MACHINE_UID_NAME */
GSS_DLLIMP extern gss_OID gss_nt_string_uid_name;  /* GSS_C_NT_STRING_UID_NAME */
GSS_DLLIMP extern gss_OID gss_nt_service_name;     /* GSS_C_NT_HOSTBASED_SERVICE */
GSS_DLLIMP extern gss_OID gss_nt_service_name_v2;  /* GSS_C_NT_HOSTBASED_SERVICE_X */
GSS_DLLIMP extern gss_OID gss_nt_exported_name;    /* GSS_C_NT_EXPORT_NAME */

#ifdef __cplusplus
}
#endif

#endif
