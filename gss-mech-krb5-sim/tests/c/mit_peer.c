/*
 * MIT's library, or with -DHEIMDAL Heimdal's, as the other side of a context. Each line of input is a command with its words; each line of output is
 * its answer. Octets are hexadecimal, "-" stands for none.
 *
 *   initiate TARGET FLAGS BINDINGS TOKEN   a leg: MAJOR MINOR COMPLETE FLAGS TOKEN NAME
 *   accept   BINDINGS TOKEN                a leg, likewise; NAME is the client, and then whether it delegated
 *   wrap     CONF MESSAGE                  "error", or the token
 *   unwrap   TOKEN                         "error", or the message
 *   wrapiov  CONF MESSAGE                  the token, from header, data, padding and trailer
 *   unwrapiov TOKEN                        the message, from a stream
 *   mic      MESSAGE                       the token
 *   verify   MESSAGE MIC                   "error", or "ok"
 *   key                                    the session key
 *   prf      SEED                          64 bytes of the pseudo-random function
 *   reset                                  forgets the context
 */
#include <gssapi/gssapi.h>
#ifdef HEIMDAL
#define gss_mech_krb5 GSS_KRB5_MECHANISM
#else
#include <gssapi/gssapi_ext.h>
#include <gssapi/gssapi_krb5.h>
#endif
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* GSS_C_INQ_SSPI_SESSION_KEY, which Heimdal declares and does not export. */
static gss_OID_desc session_key = { 11, "\x2a\x86\x48\x86\xf7\x12\x01\x02\x02\x05\x05" };

static gss_ctx_id_t context = GSS_C_NO_CONTEXT;

static gss_buffer_desc octets(const char *hex)
{
    gss_buffer_desc buffer = { 0, NULL };
    size_t length = strcmp(hex, "-") == 0 ? 0 : strlen(hex) / 2;
    unsigned char *bytes = malloc(length + 1);
    for (size_t i = 0; i < length; i++) {
        unsigned byte;
        sscanf(hex + 2 * i, "%2x", &byte);
        bytes[i] = (unsigned char)byte;
    }
    buffer.length = length;
    buffer.value = bytes;
    return buffer;
}

static void print(const void *value, size_t length)
{
    const unsigned char *bytes = value;
    if (length == 0)
        putchar('-');
    for (size_t i = 0; i < length; i++)
        printf("%02x", bytes[i]);
}

static void print_name(gss_name_t name)
{
    OM_uint32 minor;
    gss_buffer_desc text = GSS_C_EMPTY_BUFFER;
    if (name != GSS_C_NO_NAME)
        gss_display_name(&minor, name, &text, NULL);
    print(text.value, text.length);
    gss_release_buffer(&minor, &text);
    gss_release_name(&minor, &name);
}

static void print_step(OM_uint32 major, OM_uint32 minor, OM_uint32 flags, gss_buffer_t token)
{
    OM_uint32 ignored;
    printf("%u %u %d %u ", major, minor, major == GSS_S_COMPLETE, flags);
    print(token->value, token->length);
    putchar(' ');
    gss_release_buffer(&ignored, token);
}

static void initiate(char **words)
{
    OM_uint32 major, minor, ignored, flags = 0;
    gss_buffer_desc text = { strlen(words[0]), words[0] }, token = octets(words[3]), out = GSS_C_EMPTY_BUFFER;
    struct gss_channel_bindings_struct bindings = { 0 };
    gss_name_t target, source = GSS_C_NO_NAME;

    bindings.application_data = octets(words[2]);
    gss_import_name(&ignored, &text, GSS_C_NT_HOSTBASED_SERVICE, &target);
    major = gss_init_sec_context(&minor, GSS_C_NO_CREDENTIAL, &context, target, (gss_OID)gss_mech_krb5,
                                 (OM_uint32)strtoul(words[1], NULL, 10), 0,
                                 bindings.application_data.length ? &bindings : GSS_C_NO_CHANNEL_BINDINGS, &token, NULL,
                                 &out, &flags, NULL);
    print_step(major, minor, flags, &out);
    if (major == GSS_S_COMPLETE)
        gss_inquire_context(&ignored, context, &source, NULL, NULL, NULL, NULL, NULL, NULL);
    print_name(source);
    putchar('\n');
    gss_release_name(&ignored, &target);
    free(token.value);
    free(bindings.application_data.value);
}

static void accept_leg(char **words)
{
    OM_uint32 major, minor, ignored, flags = 0;
    gss_buffer_desc token = octets(words[1]), out = GSS_C_EMPTY_BUFFER;
    struct gss_channel_bindings_struct bindings = { 0 };
    gss_name_t source = GSS_C_NO_NAME;
    gss_cred_id_t delegated = GSS_C_NO_CREDENTIAL;

    bindings.application_data = octets(words[0]);
    major = gss_accept_sec_context(&minor, &context, GSS_C_NO_CREDENTIAL, &token,
                                   bindings.application_data.length ? &bindings : GSS_C_NO_CHANNEL_BINDINGS, &source,
                                   NULL, &out, &flags, NULL, &delegated);
    print_step(major, minor, flags, &out);
    print_name(source);
    printf(" %d\n", delegated != GSS_C_NO_CREDENTIAL);
    gss_release_cred(&ignored, &delegated);
    free(token.value);
    free(bindings.application_data.value);
}

static void answer(OM_uint32 major, gss_buffer_t buffer)
{
    OM_uint32 minor;
    if (major != GSS_S_COMPLETE)
        printf("error %u", major);
    else
        print(buffer->value, buffer->length);
    putchar('\n');
    gss_release_buffer(&minor, buffer);
}

static void wrap_iov(int conf, gss_buffer_desc message)
{
    OM_uint32 minor, major;
    gss_iov_buffer_desc iov[4] = {
        { GSS_IOV_BUFFER_TYPE_HEADER | GSS_IOV_BUFFER_FLAG_ALLOCATE, { 0, NULL } },
        { GSS_IOV_BUFFER_TYPE_DATA, message },
        { GSS_IOV_BUFFER_TYPE_PADDING | GSS_IOV_BUFFER_FLAG_ALLOCATE, { 0, NULL } },
        { GSS_IOV_BUFFER_TYPE_TRAILER | GSS_IOV_BUFFER_FLAG_ALLOCATE, { 0, NULL } },
    };
    major = gss_wrap_iov(&minor, context, conf, GSS_C_QOP_DEFAULT, NULL, iov, 4);
    if (major != GSS_S_COMPLETE) {
        printf("error %u\n", major);
        return;
    }
    for (int i = 0; i < 4; i++)
        if (iov[i].buffer.length > 0)
            print(iov[i].buffer.value, iov[i].buffer.length);
    putchar('\n');
    gss_release_iov_buffer(&minor, iov, 4);
}

static void unwrap_iov(gss_buffer_desc token)
{
    OM_uint32 minor, major;
    gss_iov_buffer_desc iov[2] = {
        { GSS_IOV_BUFFER_TYPE_STREAM, token },
        { GSS_IOV_BUFFER_TYPE_DATA, { 0, NULL } },
    };
    major = gss_unwrap_iov(&minor, context, NULL, NULL, iov, 2);
    if (major != GSS_S_COMPLETE)
        printf("error %u", major);
    else
        print(iov[1].buffer.value, iov[1].buffer.length);
    putchar('\n');
    gss_release_iov_buffer(&minor, iov, 2);
}

static void run(const char *command, char **words)
{
    OM_uint32 minor;
    gss_buffer_desc out = GSS_C_EMPTY_BUFFER, first = GSS_C_EMPTY_BUFFER, second = GSS_C_EMPTY_BUFFER;
    int conf;

    if (strcmp(command, "initiate") == 0) {
        initiate(words);
        return;
    }
    if (strcmp(command, "accept") == 0) {
        accept_leg(words);
        return;
    }
    if (strcmp(command, "reset") == 0) {
        gss_delete_sec_context(&minor, &context, GSS_C_NO_BUFFER);
        puts("ok");
        return;
    }
    if (strcmp(command, "key") == 0) {
        gss_buffer_set_t set = GSS_C_NO_BUFFER_SET;
        OM_uint32 major = gss_inquire_sec_context_by_oid(&minor, context, &session_key, &set);
        if (major != GSS_S_COMPLETE || set == GSS_C_NO_BUFFER_SET) {
            printf("error %u\n", major);
        } else {
            for (size_t i = 0; i < set->count; i++) {
                print(set->elements[i].value, set->elements[i].length);
                putchar(i + 1 < set->count ? ' ' : '\n');
            }
        }
        gss_release_buffer_set(&minor, &set);
        return;
    }
    conf = words[0] != NULL && strcmp(words[0], "1") == 0;
    first = octets(words[0] ? words[0] : "-");
    second = octets(words[0] && words[1] ? words[1] : "-");
    if (strcmp(command, "wrap") == 0)
        answer(gss_wrap(&minor, context, conf, GSS_C_QOP_DEFAULT, &second, NULL, &out), &out);
    else if (strcmp(command, "unwrap") == 0)
        answer(gss_unwrap(&minor, context, &first, &out, NULL, NULL), &out);
    else if (strcmp(command, "wrapiov") == 0)
        wrap_iov(conf, second);
    else if (strcmp(command, "unwrapiov") == 0)
        unwrap_iov(first);
    else if (strcmp(command, "mic") == 0)
        answer(gss_get_mic(&minor, context, GSS_C_QOP_DEFAULT, &first, &out), &out);
    else if (strcmp(command, "verify") == 0)
        puts(gss_verify_mic(&minor, context, &first, &second, NULL) == GSS_S_COMPLETE ? "ok" : "error");
    else if (strcmp(command, "prf") == 0)
        answer(gss_pseudo_random(&minor, context, GSS_C_PRF_KEY_FULL, &first, 64, &out), &out);
    else
        puts("error");
    free(first.value);
    free(second.value);
}

int main(void)
{
    char *line = NULL;
    size_t size = 0;
    ssize_t length;

    while ((length = getline(&line, &size, stdin)) > 0) {
        char *words[6] = { NULL }, *rest = line, *word, *command = strtok_r(line, " \n", &rest);
        for (int i = 0; i < 5 && (word = strtok_r(NULL, " \n", &rest)) != NULL; i++)
            words[i] = word;
        if (command != NULL)
            run(command, words);
        fflush(stdout);
    }
    free(line);
    return 0;
}
