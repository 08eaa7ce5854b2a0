/*
 * MIT's library, or with -DHEIMDAL Heimdal's, as the other side of a context. Each line of input is a command with its
 * words; each line of output is its answer. Octets are hexadecimal, "-" stands for none.
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
 *   make     KINDS FROM TO                 binary: the tokens of all messages of FROM to TO - 1 bytes, of each kind
 *   take     KINDS FROM TO                 binary, on the input: the same tokens. "ok", or what is wrong
 *   reset                                  forgets the context
 *
 * A kind is a letter: e and s for gss_wrap and gss_unwrap, encrypted or only signed, E and S for the same with
 * gss_wrap_iov and gss_unwrap_iov, m for a MIC. Both sides know the messages: those of `message_of`. In binary a token is
 * its length in 4 bytes, big endian, and its bytes.
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

static unsigned digit(char c)
{
    return c <= '9' ? (unsigned)(c - '0') : (unsigned)(c - 'a') + 10;
}

static gss_buffer_desc octets(const char *hex)
{
    gss_buffer_desc buffer = { 0, NULL };
    size_t length = strcmp(hex, "-") == 0 ? 0 : strlen(hex) / 2;
    unsigned char *bytes = malloc(length + 1);
    for (size_t i = 0; i < length; i++)
        bytes[i] = (unsigned char)(digit(hex[2 * i]) << 4 | digit(hex[2 * i + 1]));
    buffer.length = length;
    buffer.value = bytes;
    return buffer;
}

static void print(const void *value, size_t length)
{
    const unsigned char *bytes = value;
    if (length == 0)
        putchar('-');
    for (size_t i = 0; i < length; i++) {
        putchar("0123456789abcdef"[bytes[i] >> 4]);
        putchar("0123456789abcdef"[bytes[i] & 15]);
    }
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

/* Header, data, padding and trailer, of which all but the data are to be released. */
static OM_uint32 wrap_in_pieces(int conf, gss_buffer_desc message, gss_iov_buffer_desc iov[4])
{
    static const OM_uint32 kinds[4] = {
        GSS_IOV_BUFFER_TYPE_HEADER | GSS_IOV_BUFFER_FLAG_ALLOCATE,
        GSS_IOV_BUFFER_TYPE_DATA,
        GSS_IOV_BUFFER_TYPE_PADDING | GSS_IOV_BUFFER_FLAG_ALLOCATE,
        GSS_IOV_BUFFER_TYPE_TRAILER | GSS_IOV_BUFFER_FLAG_ALLOCATE,
    };
    OM_uint32 minor;

    for (int i = 0; i < 4; i++)
        iov[i] = (gss_iov_buffer_desc){ kinds[i], { 0, NULL } };
    iov[1].buffer = message;
    return gss_wrap_iov(&minor, context, conf, GSS_C_QOP_DEFAULT, NULL, iov, 4);
}

static void wrap_iov(int conf, gss_buffer_desc message)
{
    OM_uint32 minor, major;
    gss_iov_buffer_desc iov[4];

    major = wrap_in_pieces(conf, message, iov);
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

/* ---- Many messages at once ---- */

#define LONGEST 70000

static gss_buffer_desc message_of(size_t length)
{
    static unsigned char text[LONGEST + 1];
    gss_buffer_desc message = { length, text };

    if (text[1] == 0)
        for (size_t i = 0; i <= LONGEST; i++)
            text[i] = (unsigned char)(i * 7 + (i >> 8));
    return message;
}

static void put_token(const gss_iov_buffer_desc *pieces, int count)
{
    size_t length = 0;

    for (int i = 0; i < count; i++)
        length += pieces[i].buffer.length;
    for (int shift = 24; shift >= 0; shift -= 8)
        putchar((int)(length >> shift & 255));
    for (int i = 0; i < count; i++)
        fwrite(pieces[i].buffer.value, 1, pieces[i].buffer.length, stdout);
}

static void make(char kind, size_t length)
{
    OM_uint32 minor, major;
    gss_buffer_desc message = message_of(length);
    gss_iov_buffer_desc token[4] = { { 0, { 0, NULL } } };

    if (kind == 'E' || kind == 'S') {
        /* It is encrypted where it lies. */
        gss_buffer_desc copy = { length, malloc(length + 1) };
        memcpy(copy.value, message.value, length);
        major = wrap_in_pieces(kind == 'E', copy, token);
        if (major == GSS_S_COMPLETE)
            put_token(token, 4);
        gss_release_iov_buffer(&minor, token, 4);
        free(copy.value);
    } else {
        gss_buffer_t out = &token[0].buffer;
        if (kind == 'm')
            major = gss_get_mic(&minor, context, GSS_C_QOP_DEFAULT, &message, out);
        else
            major = gss_wrap(&minor, context, kind == 'e', GSS_C_QOP_DEFAULT, &message, NULL, out);
        if (major == GSS_S_COMPLETE)
            put_token(token, 1);
        gss_release_buffer(&minor, out);
    }
    if (major != GSS_S_COMPLETE) {
        fprintf(stderr, "%c of %zu bytes: %#x\n", kind, length, major);
        exit(1);
    }
}

/* Whether a token is understood: 0, or the status, or 1 where it was another message or not protected as it should be. */
static OM_uint32 take(char kind, size_t length, gss_buffer_desc token)
{
    OM_uint32 minor, major;
    gss_buffer_desc message = message_of(length);
    gss_iov_buffer_desc iov[2] = {
        { GSS_IOV_BUFFER_TYPE_STREAM, token },
        { GSS_IOV_BUFFER_TYPE_DATA, { 0, NULL } },
    };
    gss_buffer_t out = &iov[1].buffer;
    int confidential = 0;

    if (kind == 'm')
        return gss_verify_mic(&minor, context, &message, &token, NULL);
    if (kind == 'E' || kind == 'S')
        major = gss_unwrap_iov(&minor, context, &confidential, NULL, iov, 2);
    else
        major = gss_unwrap(&minor, context, &token, out, &confidential, NULL);
    if (major == GSS_S_COMPLETE && (out->length != length || memcmp(out->value, message.value, length) != 0 ||
                                    confidential != (kind == 'e' || kind == 'E')))
        major = 1;
    if (kind == 'e' || kind == 's')
        gss_release_buffer(&minor, out);
    return major;
}

static void run_many(const char *command, char **words)
{
    static unsigned char token[LONGEST + 200];
    size_t first = strtoul(words[1], NULL, 10), end = strtoul(words[2], NULL, 10);
    char wrong[100] = "ok";

    for (size_t length = first; length < end; length++)
        for (const char *kind = words[0]; *kind != 0; kind++) {
            unsigned char head[4];
            gss_buffer_desc buffer = { 0, token };
            OM_uint32 major;

            if (strcmp(command, "make") == 0) {
                make(*kind, length);
                continue;
            }
            if (fread(head, 1, 4, stdin) != 4)
                exit(1);
            for (int i = 0; i < 4; i++)
                buffer.length = buffer.length << 8 | head[i];
            if (buffer.length > sizeof(token) || fread(token, 1, buffer.length, stdin) != buffer.length)
                exit(1);
            major = take(*kind, length, buffer);
            if (major != GSS_S_COMPLETE && strcmp(wrong, "ok") == 0)
                snprintf(wrong, sizeof(wrong), "%c of %zu bytes: %#x", *kind, length, major);
        }
    if (strcmp(command, "take") == 0)
        puts(wrong);
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
    if (strcmp(command, "make") == 0 || strcmp(command, "take") == 0) {
        run_many(command, words);
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
