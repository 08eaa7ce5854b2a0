/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What Kerberos mechanisms have of their own (RFC 1964, RFC 4121). libgss passes it on to the mechanism by OID; one
 * that knows nothing of it answers GSS_S_UNAVAILABLE.
 *
 * Types of libkrb5 are named by their struct tags, so that this header needs no other. Include <krb5.h> yourself,
 * before or after it, to have such objects.
 */

#ifndef GSS_SWITCH_GSSAPI_KRB5_H
#define GSS_SWITCH_GSSAPI_KRB5_H

#include <gssapi/gssapi.h>
#include <gssapi/gssapi_ext.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Types ---------------------------------------------------------------------------------------------------- */

struct _krb5_ccache;        /* krb5_ccache points to it, */
struct _krb5_kt;            /* krb5_keytab, */
struct krb5_rc_st;          /* krb5_rcache */
struct krb5_principal_data; /* and krb5_principal. */

/* The insides of a context as gss_krb5_export_lucid_sec_context gives them out. */
typedef struct gss_krb5_lucid_key {
    OM_uint32 type; /* the encryption type */
    OM_uint32 length;
    void *data;
} gss_krb5_lucid_key_t;

typedef struct gss_krb5_rfc1964_keydata {
    OM_uint32 sign_alg;
    OM_uint32 seal_alg;
    gss_krb5_lucid_key_t ctx_key;
} gss_krb5_rfc1964_keydata_t;

typedef struct gss_krb5_cfx_keydata {
    OM_uint32 have_acceptor_subkey; /* 1, or 0 and no acceptor_subkey */
    gss_krb5_lucid_key_t ctx_key;
    gss_krb5_lucid_key_t acceptor_subkey;
} gss_krb5_cfx_keydata_t;

typedef struct gss_krb5_lucid_context_v1 {
    OM_uint32 version;  /* 1 */
    OM_uint32 initiate; /* 1 for an initiator's context */
    OM_uint32 endtime;  /* in seconds since 1970 */
    uint64_t send_seq;
    uint64_t recv_seq;
    OM_uint32 protocol; /* 0: rfc1964_kd counts; 1 (RFC 4121): cfx_kd does */
    gss_krb5_rfc1964_keydata_t rfc1964_kd;
    gss_krb5_cfx_keydata_t cfx_kd;
} gss_krb5_lucid_context_v1_t;

/* How each of them begins. */
typedef struct gss_krb5_lucid_context_version {
    OM_uint32 version;
} gss_krb5_lucid_context_version_t;

/* ---- Objects -------------------------------------------------------------------------------------------------- */

/* Mechanisms, and sets of them. */
GSS_DLLIMP extern const gss_OID gss_mech_krb5;       /* 1.2.840.113554.1.2.2 */
GSS_DLLIMP extern const gss_OID gss_mech_krb5_old;   /* 1.3.5.1.5.2: from before RFC 1964 */
GSS_DLLIMP extern const gss_OID gss_mech_krb5_wrong; /* 1.2.840.48018.1.2.2: what Windows 2000 said */
GSS_DLLIMP extern const gss_OID gss_mech_iakerb;     /* 1.3.6.1.5.2.5 */
GSS_DLLIMP extern const gss_OID_set gss_mech_set_krb5;
GSS_DLLIMP extern const gss_OID_set gss_mech_set_krb5_old;
GSS_DLLIMP extern const gss_OID_set gss_mech_set_krb5_both;

/* Types of names: NAME/INSTANCE@REALM, and the same under its older name. */
GSS_DLLIMP extern const gss_OID GSS_KRB5_NT_PRINCIPAL_NAME; /* 1.2.840.113554.1.2.2.1 */
GSS_DLLIMP extern const gss_OID gss_nt_krb5_name;
/* A krb5_principal in memory. */
GSS_DLLIMP extern const gss_OID gss_nt_krb5_principal; /* 1.2.840.113554.1.2.2.2 */
/* USER@DOMAIN in one component (RFC 6806). */
GSS_DLLIMP extern const gss_OID GSS_KRB5_NT_ENTERPRISE_NAME; /* 1.2.840.113554.1.2.2.6 */
/* The principal that a certificate stands for; in DER. */
GSS_DLLIMP extern const gss_OID GSS_KRB5_NT_X509_CERT; /* 1.2.840.113554.1.2.2.7 */

/* For gss_set_cred_option: contexts that do not ask for confidentiality and integrity by themselves. */
GSS_DLLIMP extern const gss_OID GSS_KRB5_CRED_NO_CI_FLAGS_X; /* 1.2.752.43.13.29 */
/* For gss_inquire_cred_by_oid: who holds this credential for somebody else. */
GSS_DLLIMP extern const gss_OID GSS_KRB5_GET_CRED_IMPERSONATOR; /* 1.2.840.113554.1.2.2.5.14 */

/* Names of RFC 1964 for the general types. */
#define GSS_KRB5_NT_HOSTBASED_SERVICE_NAME GSS_C_NT_HOSTBASED_SERVICE
#define GSS_KRB5_NT_USER_NAME GSS_C_NT_USER_NAME
#define GSS_KRB5_NT_MACHINE_UID_NAME GSS_C_NT_MACHINE_UID_NAME
#define GSS_KRB5_NT_STRING_UID_NAME GSS_C_NT_STRING_UID_NAME

/* Still older ones. The last four need <gssapi/gssapi_generic.h>. */
#define gss_krb5_nt_general_name gss_nt_krb5_name
#define gss_krb5_nt_principal gss_nt_krb5_principal
#define gss_krb5_nt_service_name gss_nt_service_name
#define gss_krb5_nt_user_name gss_nt_user_name
#define gss_krb5_nt_machine_uid_name gss_nt_machine_uid_name
#define gss_krb5_nt_string_uid_name gss_nt_string_uid_name

/* ---- Functions ------------------------------------------------------------------------------------------------ */

/* The keytab of acceptors without a credential. Major status only. */
OM_uint32 krb5_gss_register_acceptor_identity(const char *keytab);
/* As Heimdal calls it. */
#define gsskrb5_register_acceptor_identity krb5_gss_register_acceptor_identity

/* The credential cache that is used by default; NULL goes back to the environment's. *out_name is not to be freed. */
OM_uint32 gss_krb5_ccache_name(OM_uint32 *minor_status, const char *name, const char **out_name);
/* Copies a credential into a cache that is initialized already. gss_store_cred_into does it without libkrb5. */
OM_uint32 gss_krb5_copy_ccache(OM_uint32 *minor_status, gss_cred_id_t cred_handle, struct _krb5_ccache *out_ccache);
/* Makes a credential of a cache, or of a keytab with or without one of its principals. */
OM_uint32 gss_krb5_import_cred(OM_uint32 *minor_status, struct _krb5_ccache *ccache,
                               struct krb5_principal_data *keytab_principal, struct _krb5_kt *keytab,
                               gss_cred_id_t *cred_handle);
/* The encryption types that contexts of this credential may use. */
OM_uint32 gss_krb5_set_allowable_enctypes(OM_uint32 *minor_status, gss_cred_id_t cred_handle, OM_uint32 num_ktypes,
                                          int32_t *ktypes);
OM_uint32 gss_krb5_set_cred_rcache(OM_uint32 *minor_status, gss_cred_id_t cred_handle, struct krb5_rc_st *rcache);

OM_uint32 gss_krb5_get_tkt_flags(OM_uint32 *minor_status, gss_ctx_id_t context_handle, int32_t *ticket_flags);
/* When the initiator proved who they are, in seconds since 1970. */
OM_uint32 gsskrb5_extract_authtime_from_sec_context(OM_uint32 *minor_status, gss_ctx_id_t context_handle,
                                                    int32_t *authtime);
/* The authorization data of a type from the ticket, in DER. */
OM_uint32 gsskrb5_extract_authz_data_from_sec_context(OM_uint32 *minor_status, gss_ctx_id_t context_handle,
                                                      int ad_type, gss_buffer_t ad_data);

/* Turns a context into its insides, keys and all; the context is gone. *kctx is a gss_krb5_lucid_context_v1_t. */
OM_uint32 gss_krb5_export_lucid_sec_context(OM_uint32 *minor_status, gss_ctx_id_t *context_handle, OM_uint32 version,
                                            void **kctx);
OM_uint32 gss_krb5_free_lucid_sec_context(OM_uint32 *minor_status, void *kctx);

#ifdef __cplusplus
}
#endif

#endif
