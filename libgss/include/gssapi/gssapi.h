/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The Generic Security Service API, version 2 (RFC 2743; in C: RFC 2744), with the pseudo-random function (RFC 4401),
 * the mechanisms for SPNEGO (RFC 4178), mechanism attributes (RFC 5587), storing credentials (RFC 5588) and SASL names
 * (RFC 5801). More is in <gssapi/gssapi_ext.h>. The functions have manual pages.
 *
 * Types, layouts and values are those of MIT krb5 on 64-bit Linux: an object file compiled with either header means the
 * same.
 */

#ifndef GSS_SWITCH_GSSAPI_GSSAPI_H
#define GSS_SWITCH_GSSAPI_GSSAPI_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h> /* ssize_t; uid_t for gssapi_ext.h */

/* Empty here. Mechanisms and programs written for MIT krb5 name them in declarations of their own. */
#ifndef KRB5_CALLCONV
#define KRB5_CALLCONV
#define KRB5_CALLCONV_C
#endif
#ifndef GSS_DLLIMP
#define GSS_DLLIMP
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Types (RFC 2744 section 3) ------------------------------------------------------------------------------- */

typedef uint32_t gss_uint32;
typedef int32_t gss_int32;
typedef gss_uint32 OM_uint32;

/* Handles. They are not addresses: never look behind one. */
typedef struct gss_name_struct *gss_name_t;
typedef struct gss_cred_id_struct *gss_cred_id_t;
typedef struct gss_ctx_id_struct *gss_ctx_id_t;

/* An object identifier: the content octets of its DER encoding, without tag and length. */
typedef struct gss_OID_desc_struct {
    OM_uint32 length;
    void *elements;
} gss_OID_desc, *gss_OID;

typedef struct gss_OID_set_desc_struct {
    size_t count;
    gss_OID elements;
} gss_OID_set_desc, *gss_OID_set;

/* Bytes. What a function fills is freed with gss_release_buffer. */
typedef struct gss_buffer_desc_struct {
    size_t length;
    void *value;
} gss_buffer_desc, *gss_buffer_t;

typedef struct gss_channel_bindings_struct {
    OM_uint32 initiator_addrtype;
    gss_buffer_desc initiator_address;
    OM_uint32 acceptor_addrtype;
    gss_buffer_desc acceptor_address;
    gss_buffer_desc application_data;
} *gss_channel_bindings_t;

typedef OM_uint32 gss_qop_t;
typedef int gss_cred_usage_t;

/* Pointers to what is only read (RFC 5587). `const gss_OID` is something else: a constant pointer. */
typedef const struct gss_name_struct *gss_const_name_t;
typedef const struct gss_cred_id_struct *gss_const_cred_id_t;
typedef const struct gss_ctx_id_struct *gss_const_ctx_id_t;
typedef const struct gss_channel_bindings_struct *gss_const_channel_bindings_t;
typedef const gss_OID_desc *gss_const_OID;
typedef const gss_OID_set_desc *gss_const_OID_set;
typedef const gss_buffer_desc *gss_const_buffer_t;

/* ---- Values (RFC 2744 appendix A) ----------------------------------------------------------------------------- */

/* Nothing of a type. */
#define GSS_C_NO_NAME ((gss_name_t)0)
#define GSS_C_NO_CREDENTIAL ((gss_cred_id_t)0)
#define GSS_C_NO_CONTEXT ((gss_ctx_id_t)0)
#define GSS_C_NO_OID ((gss_OID)0)
#define GSS_C_NO_OID_SET ((gss_OID_set)0)
#define GSS_C_NO_BUFFER ((gss_buffer_t)0)
#define GSS_C_NO_CHANNEL_BINDINGS ((gss_channel_bindings_t)0)
#define GSS_C_EMPTY_BUFFER {0, NULL}
/* The same, as version 1 had it. */
#define GSS_C_NULL_OID GSS_C_NO_OID
#define GSS_C_NULL_OID_SET GSS_C_NO_OID_SET

/* What a context is asked for, and what it offers. */
#define GSS_C_DELEG_FLAG 1
#define GSS_C_MUTUAL_FLAG 2
#define GSS_C_REPLAY_FLAG 4
#define GSS_C_SEQUENCE_FLAG 8
#define GSS_C_CONF_FLAG 16
#define GSS_C_INTEG_FLAG 32
#define GSS_C_ANON_FLAG 64
#define GSS_C_PROT_READY_FLAG 128
#define GSS_C_TRANS_FLAG 256
#define GSS_C_DELEG_POLICY_FLAG 32768 /* RFC 5896 */

/* What a credential is for. */
#define GSS_C_BOTH 0
#define GSS_C_INITIATE 1
#define GSS_C_ACCEPT 2

/* Which code gss_display_status shall explain. */
#define GSS_C_GSS_CODE 1
#define GSS_C_MECH_CODE 2

#define GSS_C_QOP_DEFAULT 0

/* A lifetime without an end. */
#define GSS_C_INDEFINITE ((OM_uint32)0xffffffff)

/* Families of addresses in channel bindings. They are not those of <sys/socket.h>. */
#define GSS_C_AF_UNSPEC 0
#define GSS_C_AF_LOCAL 1
#define GSS_C_AF_INET 2
#define GSS_C_AF_IMPLINK 3
#define GSS_C_AF_PUP 4
#define GSS_C_AF_CHAOS 5
#define GSS_C_AF_NS 6
#define GSS_C_AF_NBS 7
#define GSS_C_AF_ECMA 8
#define GSS_C_AF_DATAKIT 9
#define GSS_C_AF_CCITT 10
#define GSS_C_AF_SNA 11
#define GSS_C_AF_DECnet 12
#define GSS_C_AF_DLI 13
#define GSS_C_AF_LAT 14
#define GSS_C_AF_HYLINK 15
#define GSS_C_AF_APPLETALK 16
#define GSS_C_AF_BSC 17
#define GSS_C_AF_DSS 18
#define GSS_C_AF_OSI 19
#define GSS_C_AF_NETBIOS 20
#define GSS_C_AF_X25 21
#define GSS_C_AF_NULLADDR 255

/* How much of the context's key the pseudo-random function uses (RFC 4401 section 3). */
#define GSS_C_PRF_KEY_FULL 0
#define GSS_C_PRF_KEY_PARTIAL 1

/* ---- Major status (RFC 2744 section 3.9.1) -------------------------------------------------------------------- */

/* Three fields in one code. */
#define GSS_C_CALLING_ERROR_OFFSET 24
#define GSS_C_ROUTINE_ERROR_OFFSET 16
#define GSS_C_SUPPLEMENTARY_OFFSET 0
#define GSS_C_CALLING_ERROR_MASK ((OM_uint32)0xff)
#define GSS_C_ROUTINE_ERROR_MASK ((OM_uint32)0xff)
#define GSS_C_SUPPLEMENTARY_MASK ((OM_uint32)0xffff)

/* A field in its place: not zero if something is set there. */
#define GSS_CALLING_ERROR(status) ((status) & (GSS_C_CALLING_ERROR_MASK << GSS_C_CALLING_ERROR_OFFSET))
#define GSS_ROUTINE_ERROR(status) ((status) & (GSS_C_ROUTINE_ERROR_MASK << GSS_C_ROUTINE_ERROR_OFFSET))
#define GSS_SUPPLEMENTARY_INFO(status) ((status) & (GSS_C_SUPPLEMENTARY_MASK << GSS_C_SUPPLEMENTARY_OFFSET))

/* Not zero if the call failed. */
#define GSS_ERROR(status)                                                                                            \
    ((status) & (GSS_C_CALLING_ERROR_MASK << GSS_C_CALLING_ERROR_OFFSET                                              \
                 | GSS_C_ROUTINE_ERROR_MASK << GSS_C_ROUTINE_ERROR_OFFSET))

/* A field as a small number. */
#define GSS_CALLING_ERROR_FIELD(status) (((status) >> GSS_C_CALLING_ERROR_OFFSET) & GSS_C_CALLING_ERROR_MASK)
#define GSS_ROUTINE_ERROR_FIELD(status) (((status) >> GSS_C_ROUTINE_ERROR_OFFSET) & GSS_C_ROUTINE_ERROR_MASK)
#define GSS_SUPPLEMENTARY_INFO_FIELD(status) (((status) >> GSS_C_SUPPLEMENTARY_OFFSET) & GSS_C_SUPPLEMENTARY_MASK)

#define GSS_S_COMPLETE 0

/* Calling errors: the call itself is wrong. */
#define GSS_S_CALL_INACCESSIBLE_READ ((OM_uint32)1 << GSS_C_CALLING_ERROR_OFFSET)
#define GSS_S_CALL_INACCESSIBLE_WRITE ((OM_uint32)2 << GSS_C_CALLING_ERROR_OFFSET)
#define GSS_S_CALL_BAD_STRUCTURE ((OM_uint32)3 << GSS_C_CALLING_ERROR_OFFSET)

/* Routine errors: the call was right, and failed. */
#define GSS_S_BAD_MECH ((OM_uint32)1 << GSS_C_ROUTINE_ERROR_OFFSET)
#define GSS_S_BAD_NAME ((OM_uint32)2 << GSS_C_ROUTINE_ERROR_OFFSET)
#define GSS_S_BAD_NAMETYPE ((OM_uint32)3 << GSS_C_ROUTINE_ERROR_OFFSET)
#define GSS_S_BAD_BINDINGS ((OM_uint32)4 << GSS_C_ROUTINE_ERROR_OFFSET)
#define GSS_S_BAD_STATUS ((OM_uint32)5 << GSS_C_ROUTINE_ERROR_OFFSET)
#define GSS_S_BAD_SIG ((OM_uint32)6 << GSS_C_ROUTINE_ERROR_OFFSET)
#define GSS_S_BAD_MIC GSS_S_BAD_SIG
#define GSS_S_NO_CRED ((OM_uint32)7 << GSS_C_ROUTINE_ERROR_OFFSET)
#define GSS_S_NO_CONTEXT ((OM_uint32)8 << GSS_C_ROUTINE_ERROR_OFFSET)
#define GSS_S_DEFECTIVE_TOKEN ((OM_uint32)9 << GSS_C_ROUTINE_ERROR_OFFSET)
#define GSS_S_DEFECTIVE_CREDENTIAL ((OM_uint32)10 << GSS_C_ROUTINE_ERROR_OFFSET)
#define GSS_S_CREDENTIALS_EXPIRED ((OM_uint32)11 << GSS_C_ROUTINE_ERROR_OFFSET)
#define GSS_S_CONTEXT_EXPIRED ((OM_uint32)12 << GSS_C_ROUTINE_ERROR_OFFSET)
#define GSS_S_FAILURE ((OM_uint32)13 << GSS_C_ROUTINE_ERROR_OFFSET)
#define GSS_S_BAD_QOP ((OM_uint32)14 << GSS_C_ROUTINE_ERROR_OFFSET)
#define GSS_S_UNAUTHORIZED ((OM_uint32)15 << GSS_C_ROUTINE_ERROR_OFFSET)
#define GSS_S_UNAVAILABLE ((OM_uint32)16 << GSS_C_ROUTINE_ERROR_OFFSET)
#define GSS_S_DUPLICATE_ELEMENT ((OM_uint32)17 << GSS_C_ROUTINE_ERROR_OFFSET)
#define GSS_S_NAME_NOT_MN ((OM_uint32)18 << GSS_C_ROUTINE_ERROR_OFFSET)
#define GSS_S_BAD_MECH_ATTR ((OM_uint32)19 << GSS_C_ROUTINE_ERROR_OFFSET) /* RFC 5587 */
/* An old name without a code of its own. */
#define GSS_S_CRED_UNAVAIL GSS_S_FAILURE

/* Supplementary bits: the call succeeded, and there is more to know. */
#define GSS_S_CONTINUE_NEEDED (1 << (GSS_C_SUPPLEMENTARY_OFFSET + 0))
#define GSS_S_DUPLICATE_TOKEN (1 << (GSS_C_SUPPLEMENTARY_OFFSET + 1))
#define GSS_S_OLD_TOKEN (1 << (GSS_C_SUPPLEMENTARY_OFFSET + 2))
#define GSS_S_UNSEQ_TOKEN (1 << (GSS_C_SUPPLEMENTARY_OFFSET + 3))
#define GSS_S_GAP_TOKEN (1 << (GSS_C_SUPPLEMENTARY_OFFSET + 4))

/* ---- Objects -------------------------------------------------------------------------------------------------- */

/* Types of names (RFC 2744 section 3.10 and appendix A). */
GSS_DLLIMP extern gss_OID GSS_C_NT_USER_NAME;           /* 1.2.840.113554.1.2.1.1 */
GSS_DLLIMP extern gss_OID GSS_C_NT_MACHINE_UID_NAME;    /* 1.2.840.113554.1.2.1.2 */
GSS_DLLIMP extern gss_OID GSS_C_NT_STRING_UID_NAME;     /* 1.2.840.113554.1.2.1.3 */
GSS_DLLIMP extern gss_OID GSS_C_NT_HOSTBASED_SERVICE;   /* 1.2.840.113554.1.2.1.4 */
GSS_DLLIMP extern gss_OID GSS_C_NT_HOSTBASED_SERVICE_X; /* 1.3.6.1.5.6.2: another, old one for the same */
GSS_DLLIMP extern gss_OID GSS_C_NT_ANONYMOUS;           /* 1.3.6.1.5.6.3 */
GSS_DLLIMP extern gss_OID GSS_C_NT_EXPORT_NAME;         /* 1.3.6.1.5.6.4 */

/* Attributes of mechanisms (RFC 5587 section 3): 1.3.6.1.5.5.13.1 to .27. */
GSS_DLLIMP extern gss_const_OID GSS_C_MA_MECH_CONCRETE;
GSS_DLLIMP extern gss_const_OID GSS_C_MA_MECH_PSEUDO;
GSS_DLLIMP extern gss_const_OID GSS_C_MA_MECH_COMPOSITE;
GSS_DLLIMP extern gss_const_OID GSS_C_MA_MECH_NEGO;
GSS_DLLIMP extern gss_const_OID GSS_C_MA_MECH_GLUE;
GSS_DLLIMP extern gss_const_OID GSS_C_MA_NOT_MECH;
GSS_DLLIMP extern gss_const_OID GSS_C_MA_DEPRECATED;
GSS_DLLIMP extern gss_const_OID GSS_C_MA_NOT_DFLT_MECH;
GSS_DLLIMP extern gss_const_OID GSS_C_MA_ITOK_FRAMED;
GSS_DLLIMP extern gss_const_OID GSS_C_MA_AUTH_INIT;
GSS_DLLIMP extern gss_const_OID GSS_C_MA_AUTH_TARG;
GSS_DLLIMP extern gss_const_OID GSS_C_MA_AUTH_INIT_INIT;
GSS_DLLIMP extern gss_const_OID GSS_C_MA_AUTH_TARG_INIT;
GSS_DLLIMP extern gss_const_OID GSS_C_MA_AUTH_INIT_ANON;
GSS_DLLIMP extern gss_const_OID GSS_C_MA_AUTH_TARG_ANON;
GSS_DLLIMP extern gss_const_OID GSS_C_MA_DELEG_CRED;
GSS_DLLIMP extern gss_const_OID GSS_C_MA_INTEG_PROT;
GSS_DLLIMP extern gss_const_OID GSS_C_MA_CONF_PROT;
GSS_DLLIMP extern gss_const_OID GSS_C_MA_MIC;
GSS_DLLIMP extern gss_const_OID GSS_C_MA_WRAP;
GSS_DLLIMP extern gss_const_OID GSS_C_MA_PROT_READY;
GSS_DLLIMP extern gss_const_OID GSS_C_MA_REPLAY_DET;
GSS_DLLIMP extern gss_const_OID GSS_C_MA_OOS_DET;
GSS_DLLIMP extern gss_const_OID GSS_C_MA_CBINDINGS;
GSS_DLLIMP extern gss_const_OID GSS_C_MA_PFS;
GSS_DLLIMP extern gss_const_OID GSS_C_MA_COMPRESS;
GSS_DLLIMP extern gss_const_OID GSS_C_MA_CTX_TRANS;

/* ---- Credentials ---------------------------------------------------------------------------------------------- */

/* RFC 2744 section 5.2 */
OM_uint32 gss_acquire_cred(OM_uint32 *minor_status, gss_name_t desired_name, OM_uint32 time_req,
                           gss_OID_set desired_mechs, gss_cred_usage_t cred_usage, gss_cred_id_t *output_cred_handle,
                           gss_OID_set *actual_mechs, OM_uint32 *time_rec);

/* RFC 2744 section 5.3 */
OM_uint32 gss_add_cred(OM_uint32 *minor_status, gss_cred_id_t input_cred_handle, gss_name_t desired_name,
                       gss_OID desired_mech, gss_cred_usage_t cred_usage, OM_uint32 initiator_time_req,
                       OM_uint32 acceptor_time_req, gss_cred_id_t *output_cred_handle, gss_OID_set *actual_mechs,
                       OM_uint32 *initiator_time_rec, OM_uint32 *acceptor_time_rec);

/* RFC 2744 section 5.21 */
OM_uint32 gss_inquire_cred(OM_uint32 *minor_status, gss_cred_id_t cred_handle, gss_name_t *name, OM_uint32 *lifetime,
                           gss_cred_usage_t *cred_usage, gss_OID_set *mechanisms);

/* RFC 2744 section 5.22 */
OM_uint32 gss_inquire_cred_by_mech(OM_uint32 *minor_status, gss_cred_id_t cred_handle, gss_OID mech_type,
                                   gss_name_t *name, OM_uint32 *initiator_lifetime, OM_uint32 *acceptor_lifetime,
                                   gss_cred_usage_t *cred_usage);

/* RFC 2744 section 5.27 */
OM_uint32 gss_release_cred(OM_uint32 *minor_status, gss_cred_id_t *cred_handle);

/* RFC 5588 section 3 */
OM_uint32 gss_store_cred(OM_uint32 *minor_status, gss_cred_id_t input_cred_handle, gss_cred_usage_t input_usage,
                         gss_OID desired_mech, OM_uint32 overwrite_cred, OM_uint32 default_cred,
                         gss_OID_set *elements_stored, gss_cred_usage_t *cred_usage_stored);

/* RFC 4178: the mechanisms that SPNEGO may choose from */
OM_uint32 gss_set_neg_mechs(OM_uint32 *minor_status, gss_cred_id_t cred_handle, gss_OID_set mech_set);

/* ---- Contexts ------------------------------------------------------------------------------------------------- */

/* RFC 2744 section 5.19 */
OM_uint32 gss_init_sec_context(OM_uint32 *minor_status, gss_cred_id_t initiator_cred_handle,
                               gss_ctx_id_t *context_handle, gss_name_t target_name, gss_OID mech_type,
                               OM_uint32 req_flags, OM_uint32 time_req, gss_channel_bindings_t input_chan_bindings,
                               gss_buffer_t input_token, gss_OID *actual_mech_type, gss_buffer_t output_token,
                               OM_uint32 *ret_flags, OM_uint32 *time_rec);

/* RFC 2744 section 5.1 */
OM_uint32 gss_accept_sec_context(OM_uint32 *minor_status, gss_ctx_id_t *context_handle,
                                 gss_cred_id_t acceptor_cred_handle, gss_buffer_t input_token,
                                 gss_channel_bindings_t input_chan_bindings, gss_name_t *src_name, gss_OID *mech_type,
                                 gss_buffer_t output_token, OM_uint32 *ret_flags, OM_uint32 *time_rec,
                                 gss_cred_id_t *delegated_cred_handle);

/* RFC 2744 section 5.9 */
OM_uint32 gss_delete_sec_context(OM_uint32 *minor_status, gss_ctx_id_t *context_handle, gss_buffer_t output_token);

/* RFC 2744 section 5.25 */
OM_uint32 gss_process_context_token(OM_uint32 *minor_status, gss_ctx_id_t context_handle, gss_buffer_t token_buffer);

/* RFC 2744 section 5.7 */
OM_uint32 gss_context_time(OM_uint32 *minor_status, gss_ctx_id_t context_handle, OM_uint32 *time_rec);

/* RFC 2744 section 5.20 */
OM_uint32 gss_inquire_context(OM_uint32 *minor_status, gss_ctx_id_t context_handle, gss_name_t *src_name,
                              gss_name_t *targ_name, OM_uint32 *lifetime_rec, gss_OID *mech_type, OM_uint32 *ctx_flags,
                              int *locally_initiated, int *open);

/* RFC 2744 section 5.14: hands the context to another process; it is gone here */
OM_uint32 gss_export_sec_context(OM_uint32 *minor_status, gss_ctx_id_t *context_handle,
                                 gss_buffer_t interprocess_token);

/* RFC 2744 section 5.17: takes over a context; a token can be imported once */
OM_uint32 gss_import_sec_context(OM_uint32 *minor_status, gss_buffer_t interprocess_token,
                                 gss_ctx_id_t *context_handle);

/* RFC 4401 section 3 */
OM_uint32 gss_pseudo_random(OM_uint32 *minor_status, gss_ctx_id_t context_handle, int prf_key, gss_buffer_t prf_in,
                            ssize_t desired_output_len, gss_buffer_t prf_out);

/* ---- Messages ------------------------------------------------------------------------------------------------- */

/* RFC 2744 section 5.33 */
OM_uint32 gss_wrap(OM_uint32 *minor_status, gss_ctx_id_t context_handle, int conf_req_flag, gss_qop_t qop_req,
                   gss_buffer_t input_message, int *conf_state, gss_buffer_t output_message);

/* RFC 2744 section 5.31 */
OM_uint32 gss_unwrap(OM_uint32 *minor_status, gss_ctx_id_t context_handle, gss_buffer_t input_message,
                     gss_buffer_t output_message, int *conf_state, gss_qop_t *qop_state);

/* RFC 2744 section 5.15 */
OM_uint32 gss_get_mic(OM_uint32 *minor_status, gss_ctx_id_t context_handle, gss_qop_t qop_req, gss_buffer_t message,
                      gss_buffer_t message_token);

/* RFC 2744 section 5.32 */
OM_uint32 gss_verify_mic(OM_uint32 *minor_status, gss_ctx_id_t context_handle, gss_buffer_t message,
                         gss_buffer_t message_token, gss_qop_t *qop_state);

/* RFC 2744 section 5.34 */
OM_uint32 gss_wrap_size_limit(OM_uint32 *minor_status, gss_ctx_id_t context_handle, int conf_req_flag,
                              gss_qop_t qop_req, OM_uint32 req_output_size, OM_uint32 *max_input_size);

/* The same under their names of version 1 (RFC 1509), with int for gss_qop_t. */
OM_uint32 gss_seal(OM_uint32 *minor_status, gss_ctx_id_t context_handle, int conf_req_flag, int qop_req,
                   gss_buffer_t input_message, int *conf_state, gss_buffer_t output_message);
OM_uint32 gss_unseal(OM_uint32 *minor_status, gss_ctx_id_t context_handle, gss_buffer_t input_message,
                     gss_buffer_t output_message, int *conf_state, int *qop_state);
OM_uint32 gss_sign(OM_uint32 *minor_status, gss_ctx_id_t context_handle, int qop_req, gss_buffer_t message,
                   gss_buffer_t message_token);
OM_uint32 gss_verify(OM_uint32 *minor_status, gss_ctx_id_t context_handle, gss_buffer_t message,
                     gss_buffer_t message_token, int *qop_state);

/* ---- Names ---------------------------------------------------------------------------------------------------- */

/* RFC 2744 section 5.16 */
OM_uint32 gss_import_name(OM_uint32 *minor_status, gss_buffer_t input_name_buffer, gss_OID input_name_type,
                          gss_name_t *output_name);

/* RFC 2744 section 5.10 */
OM_uint32 gss_display_name(OM_uint32 *minor_status, gss_name_t input_name, gss_buffer_t output_name_buffer,
                           gss_OID *output_name_type);

/* RFC 2744 section 5.6 */
OM_uint32 gss_compare_name(OM_uint32 *minor_status, gss_name_t name1, gss_name_t name2, int *name_equal);

/* RFC 2744 section 5.28 */
OM_uint32 gss_release_name(OM_uint32 *minor_status, gss_name_t *input_name);

/* RFC 2744 section 5.5 */
OM_uint32 gss_canonicalize_name(OM_uint32 *minor_status, gss_name_t input_name, gss_OID mech_type,
                                gss_name_t *output_name);

/* RFC 2744 section 5.13 */
OM_uint32 gss_export_name(OM_uint32 *minor_status, gss_name_t input_name, gss_buffer_t exported_name);

/* RFC 2744 section 5.12 */
OM_uint32 gss_duplicate_name(OM_uint32 *minor_status, gss_name_t src_name, gss_name_t *dest_name);

/* RFC 2744 section 5.24 */
OM_uint32 gss_inquire_names_for_mech(OM_uint32 *minor_status, gss_OID mechanism, gss_OID_set *name_types);

/* RFC 2744 section 5.23 */
OM_uint32 gss_inquire_mechs_for_name(OM_uint32 *minor_status, gss_name_t input_name, gss_OID_set *mech_types);

/* ---- Mechanisms ----------------------------------------------------------------------------------------------- */

/* RFC 2744 section 5.18 */
OM_uint32 gss_indicate_mechs(OM_uint32 *minor_status, gss_OID_set *mech_set);

/* RFC 5587 section 3.4 */
OM_uint32 gss_indicate_mechs_by_attrs(OM_uint32 *minor_status, gss_const_OID_set desired_mech_attrs,
                                      gss_const_OID_set except_mech_attrs, gss_const_OID_set critical_mech_attrs,
                                      gss_OID_set *mechs);

/* RFC 5587 section 3.4 */
OM_uint32 gss_inquire_attrs_for_mech(OM_uint32 *minor_status, gss_const_OID mech, gss_OID_set *mech_attrs,
                                     gss_OID_set *known_mech_attrs);

/* RFC 5587 section 3.4 */
OM_uint32 gss_display_mech_attr(OM_uint32 *minor_status, gss_const_OID mech_attr, gss_buffer_t name,
                                gss_buffer_t short_desc, gss_buffer_t long_desc);

/* RFC 5801 */
OM_uint32 gss_inquire_saslname_for_mech(OM_uint32 *minor_status, gss_OID desired_mech, gss_buffer_t sasl_mech_name,
                                        gss_buffer_t mech_name, gss_buffer_t mech_description);

/* RFC 5801 */
OM_uint32 gss_inquire_mech_for_saslname(OM_uint32 *minor_status, gss_buffer_t sasl_mech_name, gss_OID *mech_type);

/* ---- Status, OIDs, sets and buffers --------------------------------------------------------------------------- */

/* RFC 2744 section 5.11 */
OM_uint32 gss_display_status(OM_uint32 *minor_status, OM_uint32 status_value, int status_type, gss_OID mech_type,
                             OM_uint32 *message_context, gss_buffer_t status_string);

/* RFC 2744 section 5.26 */
OM_uint32 gss_release_buffer(OM_uint32 *minor_status, gss_buffer_t buffer);

/* RFC 2744 section 5.8 */
OM_uint32 gss_create_empty_oid_set(OM_uint32 *minor_status, gss_OID_set *oid_set);

/* RFC 2744 section 5.4 */
OM_uint32 gss_add_oid_set_member(OM_uint32 *minor_status, gss_OID member_oid, gss_OID_set *oid_set);

/* RFC 2744 section 5.30 */
OM_uint32 gss_test_oid_set_member(OM_uint32 *minor_status, gss_OID member, gss_OID_set set, int *present);

/* RFC 2744 section 5.29 */
OM_uint32 gss_release_oid_set(OM_uint32 *minor_status, gss_OID_set *set);

/* Older than RFC 2744: an OID to text, "{ 1 2 840 }", and back; and what the latter made to nothing */
OM_uint32 gss_oid_to_str(OM_uint32 *minor_status, gss_OID oid, gss_buffer_t oid_str);
OM_uint32 gss_str_to_oid(OM_uint32 *minor_status, gss_buffer_t oid_str, gss_OID *oid);
OM_uint32 gss_release_oid(OM_uint32 *minor_status, gss_OID *oid);

#ifdef __cplusplus
}
#endif

#endif
