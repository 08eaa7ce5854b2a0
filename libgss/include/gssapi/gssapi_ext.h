/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What the GSS-API has beyond <gssapi/gssapi.h>: buffer sets, inquiries and options by OID, messages in pieces and with
 * associated data, naming attributes (RFC 6680), token framing (RFC 6339), credential stores, and local names. The
 * functions have manual pages.
 */

#ifndef GSS_SWITCH_GSSAPI_EXT_H
#define GSS_SWITCH_GSSAPI_EXT_H

#include <gssapi/gssapi.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Types ---------------------------------------------------------------------------------------------------- */

/* Any number of buffers. What a function makes is freed with gss_release_buffer_set. */
typedef struct gss_buffer_set_desc_struct {
    size_t count;
    gss_buffer_desc *elements;
} gss_buffer_set_desc, *gss_buffer_set_t;

#define GSS_C_NO_BUFFER_SET ((gss_buffer_set_t)0)

/* A piece of a message: what it is, with flags, and where. */
typedef struct gss_iov_buffer_desc_struct {
    OM_uint32 type;
    gss_buffer_desc buffer;
} gss_iov_buffer_desc, *gss_iov_buffer_t;

#define GSS_C_NO_IOV_BUFFER ((gss_iov_buffer_t)0)

/* Where credentials come from or go to, for mechanisms to interpret: "keytab", "ccache", "client_keytab" ... */
typedef struct gss_key_value_element_struct {
    const char *key;
    const char *value;
} gss_key_value_element_desc;

typedef struct gss_key_value_set_struct {
    OM_uint32 count;
    gss_key_value_element_desc *elements;
} gss_key_value_set_desc;

typedef const gss_key_value_set_desc *gss_const_key_value_set_t;

#define GSS_C_NO_CRED_STORE ((gss_const_key_value_set_t)0)

/* What an attribute of a name stands for in its mechanism (RFC 6680). */
typedef struct gss_any *gss_any_t;

/* ---- Values --------------------------------------------------------------------------------------------------- */

/* More of what a context is asked for, and offers. */
#define GSS_C_CHANNEL_BOUND_FLAG 2048 /* both sides gave channel bindings, and they matched */
#define GSS_C_DCE_STYLE 0x1000        /* a third leg, and message headers apart from their data */
#define GSS_C_IDENTIFY_FLAG 0x2000    /* the acceptor may learn who, and not act as them */
#define GSS_C_EXTENDED_ERROR_FLAG 0x4000

/* What a piece of a message is: the low half of its type. */
#define GSS_IOV_BUFFER_TYPE_EMPTY 0
#define GSS_IOV_BUFFER_TYPE_DATA 1 /* wrapped in place */
#define GSS_IOV_BUFFER_TYPE_HEADER 2
#define GSS_IOV_BUFFER_TYPE_MECH_PARAMS 3
#define GSS_IOV_BUFFER_TYPE_TRAILER 7
#define GSS_IOV_BUFFER_TYPE_PADDING 9
#define GSS_IOV_BUFFER_TYPE_STREAM 10    /* a whole token, to be unwrapped */
#define GSS_IOV_BUFFER_TYPE_SIGN_ONLY 11 /* protected, but not encrypted */
#define GSS_IOV_BUFFER_TYPE_MIC_TOKEN 12

/* Flags: the high half. */
#define GSS_IOV_BUFFER_FLAG_MASK 0xFFFF0000
#define GSS_IOV_BUFFER_FLAG_ALLOCATE 0x00010000  /* set by the caller: the function shall allocate it */
#define GSS_IOV_BUFFER_FLAG_ALLOCATED 0x00020000 /* set by the function: gss_release_iov_buffer shall free it */

#define GSS_IOV_BUFFER_TYPE(type) ((type) & ~(GSS_IOV_BUFFER_FLAG_MASK))
#define GSS_IOV_BUFFER_FLAGS(type) ((type) & GSS_IOV_BUFFER_FLAG_MASK)

/* ---- Objects -------------------------------------------------------------------------------------------------- */

/* For gss_inquire_sec_context_by_oid: the session key, then the OID of its type. */
GSS_DLLIMP extern gss_OID GSS_C_INQ_SSPI_SESSION_KEY; /* 1.2.840.113554.1.2.2.5.5 */
/* The same, what NegoEx asks: a key, then its encryption type in 4 bytes, little endian. */
GSS_DLLIMP extern gss_OID GSS_C_INQ_NEGOEX_KEY;        /* 1.2.840.113554.1.2.2.5.16 */
GSS_DLLIMP extern gss_OID GSS_C_INQ_NEGOEX_VERIFY_KEY; /* 1.2.840.113554.1.2.2.5.17 */
/* The same: how strong the protection is by SASL's measure, in 4 bytes, big endian. */
GSS_DLLIMP extern gss_OID GSS_C_SEC_CONTEXT_SASL_SSF; /* 1.2.840.113554.1.2.2.5.15 */

/* An attribute of mechanisms: NegoEx may choose it, and SPNEGO directly too. */
GSS_DLLIMP extern gss_const_OID GSS_C_MA_NEGOEX_AND_SPNEGO; /* 1.2.840.113554.1.2.2.5.18 */

/* A type of names: exported with their attributes (RFC 6680 section 7.8). */
GSS_DLLIMP extern gss_OID GSS_C_NT_COMPOSITE_EXPORT; /* 1.3.6.1.5.6.6 */

/* An attribute of names: the account on this host, "local-login-user". */
GSS_DLLIMP extern gss_buffer_t GSS_C_ATTR_LOCAL_LOGIN_USER;

/* ---- Buffer sets ---------------------------------------------------------------------------------------------- */

OM_uint32 gss_create_empty_buffer_set(OM_uint32 *minor_status, gss_buffer_set_t *buffer_set);
/* Adds a copy. */
OM_uint32 gss_add_buffer_set_member(OM_uint32 *minor_status, gss_buffer_t member_buffer, gss_buffer_set_t *buffer_set);
OM_uint32 gss_release_buffer_set(OM_uint32 *minor_status, gss_buffer_set_t *buffer_set);

/* ---- Inquiries and options by OID: what the OIDs mean is up to the mechanism ---------------------------------- */

OM_uint32 gss_inquire_sec_context_by_oid(OM_uint32 *minor_status, gss_ctx_id_t context_handle, gss_OID desired_object,
                                         gss_buffer_set_t *data_set);
OM_uint32 gss_inquire_cred_by_oid(OM_uint32 *minor_status, gss_cred_id_t cred_handle, gss_OID desired_object,
                                  gss_buffer_set_t *data_set);
OM_uint32 gss_set_sec_context_option(OM_uint32 *minor_status, gss_ctx_id_t *context_handle, gss_OID desired_object,
                                     gss_buffer_t value);
OM_uint32 gss_set_cred_option(OM_uint32 *minor_status, gss_cred_id_t *cred_handle, gss_OID desired_object,
                              gss_buffer_t value);
/* Calls the mechanism itself, without a context or credential. */
OM_uint32 gssspi_mech_invoke(OM_uint32 *minor_status, gss_OID desired_mech, gss_OID desired_object,
                             gss_buffer_t value);

/* ---- Credentials ---------------------------------------------------------------------------------------------- */

/* To another process and back. */
OM_uint32 gss_export_cred(OM_uint32 *minor_status, gss_cred_id_t cred_handle, gss_buffer_t token);
OM_uint32 gss_import_cred(OM_uint32 *minor_status, gss_buffer_t token, gss_cred_id_t *cred_handle);

/* gss_acquire_cred, gss_add_cred and gss_store_cred, with a place to take credentials from or put them into. */
OM_uint32 gss_acquire_cred_from(OM_uint32 *minor_status, gss_name_t desired_name, OM_uint32 time_req,
                                gss_OID_set desired_mechs, gss_cred_usage_t cred_usage,
                                gss_const_key_value_set_t cred_store, gss_cred_id_t *output_cred_handle,
                                gss_OID_set *actual_mechs, OM_uint32 *time_rec);
OM_uint32 gss_add_cred_from(OM_uint32 *minor_status, gss_cred_id_t input_cred_handle, gss_name_t desired_name,
                            gss_OID desired_mech, gss_cred_usage_t cred_usage, OM_uint32 initiator_time_req,
                            OM_uint32 acceptor_time_req, gss_const_key_value_set_t cred_store,
                            gss_cred_id_t *output_cred_handle, gss_OID_set *actual_mechs,
                            OM_uint32 *initiator_time_rec, OM_uint32 *acceptor_time_rec);
OM_uint32 gss_store_cred_into(OM_uint32 *minor_status, gss_cred_id_t input_cred_handle, gss_cred_usage_t input_usage,
                              gss_OID desired_mech, OM_uint32 overwrite_cred, OM_uint32 default_cred,
                              gss_const_key_value_set_t cred_store, gss_OID_set *elements_stored,
                              gss_cred_usage_t *cred_usage_stored);

/* By a password. */
OM_uint32 gss_acquire_cred_with_password(OM_uint32 *minor_status, gss_name_t desired_name, gss_buffer_t password,
                                         OM_uint32 time_req, gss_OID_set desired_mechs, gss_cred_usage_t cred_usage,
                                         gss_cred_id_t *output_cred_handle, gss_OID_set *actual_mechs,
                                         OM_uint32 *time_rec);
OM_uint32 gss_add_cred_with_password(OM_uint32 *minor_status, gss_cred_id_t input_cred_handle, gss_name_t desired_name,
                                     gss_OID desired_mech, gss_buffer_t password, gss_cred_usage_t cred_usage,
                                     OM_uint32 initiator_time_req, OM_uint32 acceptor_time_req,
                                     gss_cred_id_t *output_cred_handle, gss_OID_set *actual_mechs,
                                     OM_uint32 *initiator_time_rec, OM_uint32 *acceptor_time_rec);

/* For somebody else, by a service that may do so. */
OM_uint32 gss_acquire_cred_impersonate_name(OM_uint32 *minor_status, gss_cred_id_t impersonator_cred_handle,
                                            gss_name_t desired_name, OM_uint32 time_req, gss_OID_set desired_mechs,
                                            gss_cred_usage_t cred_usage, gss_cred_id_t *output_cred_handle,
                                            gss_OID_set *actual_mechs, OM_uint32 *time_rec);
OM_uint32 gss_add_cred_impersonate_name(OM_uint32 *minor_status, gss_cred_id_t input_cred_handle,
                                        gss_cred_id_t impersonator_cred_handle, gss_name_t desired_name,
                                        gss_OID desired_mech, gss_cred_usage_t cred_usage,
                                        OM_uint32 initiator_time_req, OM_uint32 acceptor_time_req,
                                        gss_cred_id_t *output_cred_handle, gss_OID_set *actual_mechs,
                                        OM_uint32 *initiator_time_rec, OM_uint32 *acceptor_time_rec);

/* ---- Contexts ------------------------------------------------------------------------------------------------- */

/* Gives an established context the data that was exchanged beside its tokens, as SSPI's call of that name does. */
OM_uint32 gss_complete_auth_token(OM_uint32 *minor_status, gss_ctx_id_t context_handle, gss_buffer_t input_message);

/* ---- Messages in pieces --------------------------------------------------------------------------------------- */

/*
 * The pieces stand in the order HEADER, SIGN_ONLY and DATA as they come, PADDING, TRAILER. Data are protected where
 * they lie. The other pieces have their sizes from gss_wrap_iov_length or gss_get_mic_iov_length, or carry the flag
 * ALLOCATE. HEADER, DATA, PADDING and TRAILER together are what gss_wrap would have made.
 */
OM_uint32 gss_wrap_iov(OM_uint32 *minor_status, gss_ctx_id_t context_handle, int conf_req_flag, gss_qop_t qop_req,
                       int *conf_state, gss_iov_buffer_desc *iov, int iov_count);
OM_uint32 gss_wrap_iov_length(OM_uint32 *minor_status, gss_ctx_id_t context_handle, int conf_req_flag,
                              gss_qop_t qop_req, int *conf_state, gss_iov_buffer_desc *iov, int iov_count);
/* The same pieces; or STREAM with a whole token, and DATA, which then points into it unless it carries ALLOCATE. */
OM_uint32 gss_unwrap_iov(OM_uint32 *minor_status, gss_ctx_id_t context_handle, int *conf_state, gss_qop_t *qop_state,
                         gss_iov_buffer_desc *iov, int iov_count);

/* A MIC_TOKEN over the DATA and SIGN_ONLY pieces. */
OM_uint32 gss_get_mic_iov(OM_uint32 *minor_status, gss_ctx_id_t context_handle, gss_qop_t qop_req,
                          gss_iov_buffer_desc *iov, int iov_count);
OM_uint32 gss_get_mic_iov_length(OM_uint32 *minor_status, gss_ctx_id_t context_handle, gss_qop_t qop_req,
                                 gss_iov_buffer_desc *iov, int iov_count);
OM_uint32 gss_verify_mic_iov(OM_uint32 *minor_status, gss_ctx_id_t context_handle, gss_qop_t *qop_state,
                             gss_iov_buffer_desc *iov, int iov_count);

/* Frees the pieces that carry the flag ALLOCATED. */
OM_uint32 gss_release_iov_buffer(OM_uint32 *minor_status, gss_iov_buffer_desc *iov, int iov_count);

/* With associated data, which are protected and not sent. */
OM_uint32 gss_wrap_aead(OM_uint32 *minor_status, gss_ctx_id_t context_handle, int conf_req_flag, gss_qop_t qop_req,
                        gss_buffer_t input_assoc, gss_buffer_t input_payload, int *conf_state,
                        gss_buffer_t output_message);
OM_uint32 gss_unwrap_aead(OM_uint32 *minor_status, gss_ctx_id_t context_handle, gss_buffer_t input_message,
                          gss_buffer_t input_assoc, gss_buffer_t output_payload, int *conf_state,
                          gss_qop_t *qop_state);

/* ---- Names ---------------------------------------------------------------------------------------------------- */

/* RFC 6680 section 7.3 */
OM_uint32 gss_display_name_ext(OM_uint32 *minor_status, gss_name_t name, gss_OID display_as_name_type,
                               gss_buffer_t display_name);

/* RFC 6680 section 7.4 */
OM_uint32 gss_inquire_name(OM_uint32 *minor_status, gss_name_t name, int *name_is_MN, gss_OID *MN_mech,
                           gss_buffer_set_t *attrs);

/* RFC 6680 section 7.5: *more is -1 for the first value, and 0 after the last */
OM_uint32 gss_get_name_attribute(OM_uint32 *minor_status, gss_name_t name, gss_buffer_t attr, int *authenticated,
                                 int *complete, gss_buffer_t value, gss_buffer_t display_value, int *more);

/* RFC 6680 section 7.6 */
OM_uint32 gss_set_name_attribute(OM_uint32 *minor_status, gss_name_t name, int complete, gss_buffer_t attr,
                                 gss_buffer_t value);

/* RFC 6680 section 7.7 */
OM_uint32 gss_delete_name_attribute(OM_uint32 *minor_status, gss_name_t name, gss_buffer_t attr);

/* RFC 6680 section 7.8 */
OM_uint32 gss_export_name_composite(OM_uint32 *minor_status, gss_name_t name, gss_buffer_t exp_composite_name);

/* From drafts of RFC 6680: an attribute as the mechanism's own object */
OM_uint32 gss_map_name_to_any(OM_uint32 *minor_status, gss_name_t name, int authenticated, gss_buffer_t type_id,
                              gss_any_t *output);
OM_uint32 gss_release_any_name_mapping(OM_uint32 *minor_status, gss_name_t name, gss_buffer_t type_id,
                                       gss_any_t *input);

/* Which account of this host a mechanism's name stands for */
OM_uint32 gss_localname(OM_uint32 *minor_status, gss_name_t name, gss_const_OID mech_type, gss_buffer_t localname);
OM_uint32 gss_pname_to_uid(OM_uint32 *minor_status, gss_name_t name, gss_OID mech_type, uid_t *uid);

/* Whether it may act as an account: GSS_S_COMPLETE, or GSS_S_UNAUTHORIZED */
OM_uint32 gss_authorize_localname(OM_uint32 *minor_status, gss_name_t name, gss_name_t user);
/* The same: 1, or 0 whatever the reason */
int gss_userok(gss_name_t name, const char *username);

/* ---- Tokens and OIDs (RFC 6339) ------------------------------------------------------------------------------- */

/* The framing of RFC 2743 section 3.1, around a token and off. They have no minor status. */
OM_uint32 gss_encapsulate_token(gss_const_buffer_t input_token, gss_const_OID token_oid, gss_buffer_t output_token);
OM_uint32 gss_decapsulate_token(gss_const_buffer_t input_token, gss_const_OID token_oid, gss_buffer_t output_token);

/* 1 if both are the same OID */
int gss_oid_equal(gss_const_OID first_oid, gss_const_OID second_oid);

/* ---- For C mechanisms that NegoEx may choose: theirs to export. libgss has none of them --------------------- */

OM_uint32 gssspi_query_meta_data(OM_uint32 *minor_status, gss_const_OID mech_oid, gss_cred_id_t cred_handle,
                                 gss_ctx_id_t *context_handle, gss_name_t targ_name, OM_uint32 req_flags,
                                 gss_buffer_t meta_data);
OM_uint32 gssspi_exchange_meta_data(OM_uint32 *minor_status, gss_const_OID mech_oid, gss_cred_id_t cred_handle,
                                    gss_ctx_id_t *context_handle, gss_name_t targ_name, OM_uint32 req_flags,
                                    gss_const_buffer_t meta_data);
OM_uint32 gssspi_query_mechanism_info(OM_uint32 *minor_status, gss_const_OID mech_oid, unsigned char auth_scheme[16]);

#ifdef __cplusplus
}
#endif

#endif
