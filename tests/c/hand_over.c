/* Establishes a pair of contexts with the default mechanism, hands the initiator's to a child process by
 * gss_export_sec_context and gss_import_sec_context, and lets the child send a message to the acceptor's. */
#include <gssapi/gssapi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static OM_uint32 major, minor, ignored;

static void check(const char *what)
{
    OM_uint32 more = 0;
    gss_buffer_desc text;
    if (!GSS_ERROR(major))
        return;
    do {
        gss_display_status(&ignored, major, GSS_C_GSS_CODE, GSS_C_NO_OID, &more, &text);
        fprintf(stderr, "%s: %.*s\n", what, (int)text.length, (const char *)text.value);
        gss_release_buffer(&ignored, &text);
    } while (more != 0);
    exit(1);
}

static void transmit(int pipe, gss_buffer_t token)
{
    if (write(pipe, &token->length, sizeof token->length) != sizeof token->length
        || write(pipe, token->value, token->length) != (ssize_t)token->length)
        exit(2);
    gss_release_buffer(&minor, token);
}

static gss_buffer_desc receive(int pipe)
{
    gss_buffer_desc token;
    if (read(pipe, &token.length, sizeof token.length) != sizeof token.length
        || (token.value = malloc(token.length)) == NULL
        || read(pipe, token.value, token.length) != (ssize_t)token.length)
        exit(2);
    return token;
}

static void child(int from_parent, int to_parent)
{
    gss_ctx_id_t context = GSS_C_NO_CONTEXT;
    gss_buffer_desc token = receive(from_parent), message = {5, "hello"}, wrapped;

    major = gss_import_sec_context(&minor, &token, &context);
    check("gss_import_sec_context");
    memset(token.value, 0, token.length);
    free(token.value);
    major = gss_wrap(&minor, context, 1, GSS_C_QOP_DEFAULT, &message, NULL, &wrapped);
    check("gss_wrap");
    transmit(to_parent, &wrapped);
    gss_delete_sec_context(&minor, &context, GSS_C_NO_BUFFER);
    exit(0);
}

int main(void)
{
    gss_ctx_id_t initiator = GSS_C_NO_CONTEXT, acceptor = GSS_C_NO_CONTEXT;
    gss_name_t target = GSS_C_NO_NAME;
    gss_buffer_desc service = {17, "service@localhost"}, token = GSS_C_EMPTY_BUFFER, answer = GSS_C_EMPTY_BUFFER;
    gss_buffer_desc wrapped, message;
    int to_child[2], to_parent[2], status;

    if (pipe(to_child) != 0 || pipe(to_parent) != 0)
        return 2;
    if (fork() == 0)
        child(to_child[0], to_parent[1]);

    major = gss_import_name(&minor, &service, GSS_C_NT_HOSTBASED_SERVICE, &target);
    check("gss_import_name");
    do {
        major = gss_init_sec_context(&minor, GSS_C_NO_CREDENTIAL, &initiator, target, GSS_C_NO_OID,
                                     GSS_C_MUTUAL_FLAG | GSS_C_CONF_FLAG, 0, GSS_C_NO_CHANNEL_BINDINGS, &answer, NULL,
                                     &token, NULL, NULL);
        check("gss_init_sec_context");
        gss_release_buffer(&ignored, &answer);
        if (token.length != 0) {
            OM_uint32 accepted = gss_accept_sec_context(&minor, &acceptor, GSS_C_NO_CREDENTIAL, &token,
                                                        GSS_C_NO_CHANNEL_BINDINGS, NULL, NULL, &answer, NULL, NULL,
                                                        NULL);
            gss_release_buffer(&ignored, &token);
            if (GSS_ERROR(accepted))
                major = accepted;
            check("gss_accept_sec_context");
        }
    } while (major & GSS_S_CONTINUE_NEEDED || answer.length != 0);
    gss_release_name(&minor, &target);

    major = gss_export_sec_context(&minor, &initiator, &token);
    check("gss_export_sec_context");
    printf("exported: %s\n", initiator == GSS_C_NO_CONTEXT ? "gone here" : "still here");
    transmit(to_child[1], &token);

    wrapped = receive(to_parent[0]);
    major = gss_unwrap(&minor, acceptor, &wrapped, &message, NULL, NULL);
    check("gss_unwrap");
    printf("from the child: %.*s\n", (int)message.length, (const char *)message.value);
    gss_release_buffer(&minor, &message);
    free(wrapped.value);
    gss_delete_sec_context(&minor, &acceptor, GSS_C_NO_BUFFER);
    return wait(&status) < 0 || !WIFEXITED(status) || WEXITSTATUS(status) != 0;
}
