/* Prints the sizes and offsets in the headers. Compiled with ours and with others', it has to print the same. HEIMDAL
 * leaves out what that one does not have. */
#ifndef HEIMDAL
#include <gssapi/gssapi_ext.h>
#else
#include <gssapi/gssapi.h>
#endif
#include <gssapi/gssapi_krb5.h>
#include <stdalign.h>
#include <stddef.h>
#include <stdio.h>

#define TYPE(type)                                                                                                    \
    printf("%s: %zu bytes, aligned at %zu, %s\n", #type, sizeof(type), alignof(type),                                 \
           _Generic((type)0, int: "int", unsigned: "unsigned"))
#define STRUCT(type) printf("%s: %zu bytes, aligned at %zu\n", #type, sizeof(type), alignof(type))
#define FIELD(type, field)                                                                                            \
    printf("%s.%s: %zu bytes at %zu, %s\n", #type, #field, sizeof(((type *)0)->field), offsetof(type, field),          \
           KIND(((type *)0)->field))
#define KIND(x)                                                                                                       \
    _Generic((x), OM_uint32: "OM_uint32", size_t: "size_t", void *: "void *", const char *: "const char *",            \
             gss_OID: "gss_OID", gss_buffer_t: "gss_buffer_t", gss_buffer_desc: "gss_buffer_desc",                    \
             ELEMENTS gss_krb5_lucid_key_t: "key",                                   \
             gss_krb5_rfc1964_keydata_t: "rfc1964", gss_krb5_cfx_keydata_t: "cfx")

#ifndef HEIMDAL
#define ELEMENTS gss_key_value_element_desc *: "elements",
#else
#define ELEMENTS
#endif

typedef struct gss_channel_bindings_struct bindings;

int main(void)
{
    TYPE(OM_uint32);
    TYPE(gss_uint32);
    TYPE(gss_qop_t);
    TYPE(gss_cred_usage_t);
    STRUCT(gss_name_t);
    STRUCT(gss_cred_id_t);
    STRUCT(gss_ctx_id_t);

    STRUCT(gss_OID_desc);
    FIELD(gss_OID_desc, length);
    FIELD(gss_OID_desc, elements);
    STRUCT(gss_OID_set_desc);
    FIELD(gss_OID_set_desc, count);
    FIELD(gss_OID_set_desc, elements);
    STRUCT(gss_buffer_desc);
    FIELD(gss_buffer_desc, length);
    FIELD(gss_buffer_desc, value);
    STRUCT(bindings);
    FIELD(bindings, initiator_addrtype);
    FIELD(bindings, initiator_address);
    FIELD(bindings, acceptor_addrtype);
    FIELD(bindings, acceptor_address);
    FIELD(bindings, application_data);

    STRUCT(gss_buffer_set_desc);
    FIELD(gss_buffer_set_desc, count);
    FIELD(gss_buffer_set_desc, elements);
    STRUCT(gss_iov_buffer_desc);
    FIELD(gss_iov_buffer_desc, type);
    FIELD(gss_iov_buffer_desc, buffer);
    STRUCT(gss_krb5_lucid_key_t);
    FIELD(gss_krb5_lucid_key_t, type);
    FIELD(gss_krb5_lucid_key_t, length);
    FIELD(gss_krb5_lucid_key_t, data);
    STRUCT(gss_krb5_rfc1964_keydata_t);
    FIELD(gss_krb5_rfc1964_keydata_t, sign_alg);
    FIELD(gss_krb5_rfc1964_keydata_t, seal_alg);
    FIELD(gss_krb5_rfc1964_keydata_t, ctx_key);
    STRUCT(gss_krb5_cfx_keydata_t);
    FIELD(gss_krb5_cfx_keydata_t, have_acceptor_subkey);
    FIELD(gss_krb5_cfx_keydata_t, ctx_key);
    FIELD(gss_krb5_cfx_keydata_t, acceptor_subkey);
    STRUCT(gss_krb5_lucid_context_v1_t);
    FIELD(gss_krb5_lucid_context_v1_t, version);
    FIELD(gss_krb5_lucid_context_v1_t, initiate);
    FIELD(gss_krb5_lucid_context_v1_t, endtime);
    FIELD(gss_krb5_lucid_context_v1_t, send_seq);
    FIELD(gss_krb5_lucid_context_v1_t, recv_seq);
    FIELD(gss_krb5_lucid_context_v1_t, protocol);
    FIELD(gss_krb5_lucid_context_v1_t, rfc1964_kd);
    FIELD(gss_krb5_lucid_context_v1_t, cfx_kd);
    STRUCT(gss_krb5_lucid_context_version_t);
    FIELD(gss_krb5_lucid_context_version_t, version);

#ifndef HEIMDAL
    TYPE(gss_int32);
    STRUCT(gss_any_t);
    STRUCT(gss_key_value_element_desc);
    FIELD(gss_key_value_element_desc, key);
    FIELD(gss_key_value_element_desc, value);
    STRUCT(gss_key_value_set_desc);
    FIELD(gss_key_value_set_desc, count);
    FIELD(gss_key_value_set_desc, elements);
#endif
    return 0;
}
