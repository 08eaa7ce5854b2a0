/* Both sides of a context of MIT's library, asked line by line. Begins with the keys, so that another implementation
 * can take the place of either side. Bytes are hexadecimal, "-" for none.
 *
 *   mit_permessage TARGET [mutual] [dce]
 *
 * First two lines, initiator and acceptor:  SENDS RECEIVES TYPE KEY [TYPE SUBKEY]   the next numbers, and the keys
 *
 *   wrap SIDE CONF MESSAGE                  the token
 *   unwrap SIDE TOKEN                       MAJOR CONF MESSAGE
 *   mic SIDE MESSAGE                        the token
 *   verify SIDE MESSAGE MIC                 MAJOR
 *   limit SIDE CONF SIZE                    the longest message
 *   wrapi SIDE CONF PIECE...                CONF, then each piece
 *   unwrapi SIDE PIECE...                   MAJOR CONF, then each piece
 *   mici SIDE PIECE...                      each piece
 *   verifyi SIDE PIECE...                   MAJOR
 *   wrapa SIDE CONF ASSOCIATED MESSAGE      the token
 *   unwrapa SIDE ASSOCIATED TOKEN           MAJOR CONF MESSAGE
 *   prf SIDE full|partial LENGTH SEED       the output
 *
 * SIDE is i or a, CONF 0 or 1. A PIECE is a letter and bytes: h header, d data, s signed only, t trailer, p padding,
 * m MIC, w a whole token. Where h, t, p and m are to be made they have no bytes. A call that fails answers
 * "error MAJOR". */
#include <gssapi/gssapi.h>
#include <gssapi/gssapi_ext.h>
#include <gssapi/gssapi_krb5.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_PIECES 16

static void die(const char *why, OM_uint32 major, OM_uint32 minor)
{
    OM_uint32 ignored, more = 0;
    gss_buffer_desc text;
    fprintf(stderr, "%s: %#x\n", why, major);
    if (minor != 0 && gss_display_status(&ignored, minor, GSS_C_MECH_CODE, (gss_OID)gss_mech_krb5, &more, &text) == 0)
        fprintf(stderr, "%.*s\n", (int)text.length, (char *)text.value);
    exit(1);
}

static char *word(void)
{
    char *found = strtok(NULL, " \n");
    if (found == NULL)
        die("a word is missing", 0, 0);
    return found;
}

static unsigned int digit(char c)
{
    return c <= '9' ? (unsigned int)(c - '0') : (unsigned int)(c - 'a') + 10;
}

static gss_buffer_desc bytes(const char *hex)
{
    gss_buffer_desc buffer = { strcmp(hex, "-") == 0 ? 0 : strlen(hex) / 2, NULL };
    unsigned char *to = calloc(1, buffer.length + 1);
    size_t i;
    if (to == NULL)
        die("no memory", 0, 0);
    for (i = 0; i < buffer.length; i++)
        to[i] = (unsigned char)(digit(hex[2 * i]) << 4 | digit(hex[2 * i + 1]));
    buffer.value = to;
    return buffer;
}

static void show(const void *data, size_t length)
{
    static const char digits[] = "0123456789abcdef";
    const unsigned char *byte = data;
    size_t i;
    if (length == 0)
        putchar('-');
    for (i = 0; i < length; i++) {
        putchar(digits[byte[i] >> 4]);
        putchar(digits[byte[i] & 15]);
    }
    putchar(' ');
}

static gss_ctx_id_t sides[2];

static gss_ctx_id_t side(void)
{
    return sides[*word() == 'a'];
}

static void establish(const char *target, OM_uint32 flags)
{
    OM_uint32 major, minor, ignored;
    gss_buffer_desc name_text = { strlen(target), (void *)target };
    gss_buffer_desc there = GSS_C_EMPTY_BUFFER, back = GSS_C_EMPTY_BUFFER;
    gss_name_t name;
    int initiator_waits = 1, acceptor_waits = 1;
    major = gss_import_name(&minor, &name_text, (gss_OID)GSS_KRB5_NT_PRINCIPAL_NAME, &name);
    if (major != GSS_S_COMPLETE)
        die("the target's name", major, minor);
    while (initiator_waits || acceptor_waits) {
        if (initiator_waits) {
            major = gss_init_sec_context(&minor, GSS_C_NO_CREDENTIAL, &sides[0], name, (gss_OID)gss_mech_krb5, flags, 0,
                                         GSS_C_NO_CHANNEL_BINDINGS, &back, NULL, &there, NULL, NULL);
            if (GSS_ERROR(major))
                die("gss_init_sec_context", major, minor);
            initiator_waits = major == GSS_S_CONTINUE_NEEDED;
        }
        if (acceptor_waits) {
            major = gss_accept_sec_context(&minor, &sides[1], GSS_C_NO_CREDENTIAL, &there, GSS_C_NO_CHANNEL_BINDINGS,
                                           NULL, NULL, &back, NULL, NULL, NULL);
            if (GSS_ERROR(major))
                die("gss_accept_sec_context", major, minor);
            acceptor_waits = major == GSS_S_CONTINUE_NEEDED;
        }
    }
    gss_release_name(&ignored, &name);
}

/* Shows a side's keys. To export them ends a context: it is done to a copy. */
static void reveal(gss_ctx_id_t *context)
{
    OM_uint32 major, minor;
    gss_buffer_desc token;
    gss_ctx_id_t copy = GSS_C_NO_CONTEXT;
    gss_krb5_lucid_context_v1_t *lucid;
    void *exported = NULL;
    major = gss_export_sec_context(&minor, context, &token);
    if (major == GSS_S_COMPLETE)
        major = gss_import_sec_context(&minor, &token, context);
    if (major == GSS_S_COMPLETE)
        major = gss_import_sec_context(&minor, &token, &copy);
    if (major == GSS_S_COMPLETE)
        major = gss_krb5_export_lucid_sec_context(&minor, &copy, 1, &exported);
    if (major != GSS_S_COMPLETE)
        die("the keys", major, minor);
    lucid = exported;
    if (lucid->protocol != 1)
        die("not a context of RFC 4121", 0, 0);
    printf("%llu %llu %u ", (unsigned long long)lucid->send_seq, (unsigned long long)lucid->recv_seq,
           lucid->cfx_kd.ctx_key.type);
    show(lucid->cfx_kd.ctx_key.data, lucid->cfx_kd.ctx_key.length);
    if (lucid->cfx_kd.have_acceptor_subkey) {
        printf("%u ", lucid->cfx_kd.acceptor_subkey.type);
        show(lucid->cfx_kd.acceptor_subkey.data, lucid->cfx_kd.acceptor_subkey.length);
    }
    putchar('\n');
    gss_krb5_free_lucid_sec_context(&minor, exported);
}

static int pieces(gss_iov_buffer_desc *iov, int to_make)
{
    int count = 0;
    char *piece;
    while ((piece = strtok(NULL, " \n")) != NULL) {
        gss_iov_buffer_desc *element = &iov[count++];
        if (count > MOST_PIECES)
            die("too many pieces", 0, 0);
        element->buffer = bytes(piece + 1);
        switch (*piece) {
        case 'h': element->type = GSS_IOV_BUFFER_TYPE_HEADER; break;
        case 'd': element->type = GSS_IOV_BUFFER_TYPE_DATA; break;
        case 's': element->type = GSS_IOV_BUFFER_TYPE_SIGN_ONLY; break;
        case 't': element->type = GSS_IOV_BUFFER_TYPE_TRAILER; break;
        case 'p': element->type = GSS_IOV_BUFFER_TYPE_PADDING; break;
        case 'm': element->type = GSS_IOV_BUFFER_TYPE_MIC_TOKEN; break;
        case 'w': element->type = GSS_IOV_BUFFER_TYPE_STREAM; break;
        default: die("what piece is that", 0, 0);
        }
        if (to_make && strchr("htpm", *piece) != NULL)
            element->type |= GSS_IOV_BUFFER_FLAG_ALLOCATE;
    }
    return count;
}

static void show_all(const gss_iov_buffer_desc *iov, int count)
{
    int i;
    for (i = 0; i < count; i++)
        show(iov[i].buffer.value, iov[i].buffer.length);
}

static void answer(char *command)
{
    gss_iov_buffer_desc iov[MOST_PIECES];
    gss_buffer_desc one, two, made = GSS_C_EMPTY_BUFFER;
    OM_uint32 major, minor, limit;
    gss_ctx_id_t context = side();
    int conf, count, state = 0;

    if (strcmp(command, "wrap") == 0) {
        conf = atoi(word());
        one = bytes(word());
        major = gss_wrap(&minor, context, conf, GSS_C_QOP_DEFAULT, &one, &state, &made);
        if (!GSS_ERROR(major))
            show(made.value, made.length);
    } else if (strcmp(command, "unwrap") == 0) {
        one = bytes(word());
        major = gss_unwrap(&minor, context, &one, &made, &state, NULL);
        if (!GSS_ERROR(major)) {
            printf("%u %d ", major, state);
            show(made.value, made.length);
        }
    } else if (strcmp(command, "mic") == 0) {
        one = bytes(word());
        major = gss_get_mic(&minor, context, GSS_C_QOP_DEFAULT, &one, &made);
        if (!GSS_ERROR(major))
            show(made.value, made.length);
    } else if (strcmp(command, "verify") == 0) {
        one = bytes(word());
        two = bytes(word());
        major = gss_verify_mic(&minor, context, &one, &two, NULL);
        if (!GSS_ERROR(major))
            printf("%u", major);
    } else if (strcmp(command, "limit") == 0) {
        conf = atoi(word());
        major = gss_wrap_size_limit(&minor, context, conf, GSS_C_QOP_DEFAULT, (OM_uint32)atol(word()), &limit);
        if (!GSS_ERROR(major))
            printf("%u", limit);
    } else if (strcmp(command, "wrapi") == 0) {
        conf = atoi(word());
        count = pieces(iov, 1);
        major = gss_wrap_iov(&minor, context, conf, GSS_C_QOP_DEFAULT, &state, iov, count);
        if (!GSS_ERROR(major)) {
            printf("%d ", state);
            show_all(iov, count);
        }
    } else if (strcmp(command, "unwrapi") == 0) {
        count = pieces(iov, 0);
        major = gss_unwrap_iov(&minor, context, &state, NULL, iov, count);
        if (!GSS_ERROR(major)) {
            printf("%u %d ", major, state);
            show_all(iov, count);
        }
    } else if (strcmp(command, "mici") == 0) {
        count = pieces(iov, 1);
        major = gss_get_mic_iov(&minor, context, GSS_C_QOP_DEFAULT, iov, count);
        if (!GSS_ERROR(major))
            show_all(iov, count);
    } else if (strcmp(command, "verifyi") == 0) {
        count = pieces(iov, 0);
        major = gss_verify_mic_iov(&minor, context, NULL, iov, count);
        if (!GSS_ERROR(major))
            printf("%u", major);
    } else if (strcmp(command, "wrapa") == 0) {
        conf = atoi(word());
        one = bytes(word());
        two = bytes(word());
        major = gss_wrap_aead(&minor, context, conf, GSS_C_QOP_DEFAULT, &one, &two, &state, &made);
        if (!GSS_ERROR(major))
            show(made.value, made.length);
    } else if (strcmp(command, "unwrapa") == 0) {
        one = bytes(word());
        two = bytes(word());
        major = gss_unwrap_aead(&minor, context, &two, &one, &made, &state, NULL);
        if (!GSS_ERROR(major)) {
            printf("%u %d ", major, state);
            show(made.value, made.length);
        }
    } else if (strcmp(command, "prf") == 0) {
        int key = strcmp(word(), "full") == 0 ? GSS_C_PRF_KEY_FULL : GSS_C_PRF_KEY_PARTIAL;
        count = atoi(word());
        one = bytes(word());
        major = gss_pseudo_random(&minor, context, key, &one, count, &made);
        if (!GSS_ERROR(major))
            show(made.value, made.length);
    } else {
        die(command, 0, 0);
        return;
    }
    if (GSS_ERROR(major))
        printf("error %u", major);
    putchar('\n');
    fflush(stdout);
}

int main(int argc, char **argv)
{
    OM_uint32 flags = GSS_C_REPLAY_FLAG | GSS_C_SEQUENCE_FLAG | GSS_C_CONF_FLAG | GSS_C_INTEG_FLAG;
    char *line = NULL;
    size_t room = 0;
    int i;
    for (i = 2; i < argc; i++)
        flags |= strcmp(argv[i], "dce") == 0 ? GSS_C_DCE_STYLE : GSS_C_MUTUAL_FLAG;
    if (argc < 2)
        die("usage: mit_permessage TARGET [mutual] [dce]", 0, 0);
    establish(argv[1], flags);
    reveal(&sides[0]);
    reveal(&sides[1]);
    fflush(stdout);
    /* What a line's words were turned into is not freed: the program serves one test. */
    while (getline(&line, &room, stdin) > 0) {
        char *command = strtok(line, " \n");
        if (command != NULL)
            answer(command);
    }
    free(line);
    return 0;
}
