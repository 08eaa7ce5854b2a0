/*
 * What calls of a GSS-API library cost. One source, compiled against each library that is compared; the driver lets their
 * processes take turns.
 *
 *     library MECHANISM TARGET    reads lines "OPERATION THREADS COUNT", answers each with the nanoseconds that COUNT
 *                                 calls took, on the slowest thread
 *     library first               says when the process has had its first answer from the library
 *     library import FD           imports the contexts that come through a socket; "handover" starts it
 *
 * MECHANISM is "krb5", "ntlmssp" or "dummy". Both sides of its contexts are in this process; with "krb5" their
 * authentication is mutual. With DIRECT, the path of a mechanism's library, that library is called without any switch.
 */
#define _GNU_SOURCE
#ifndef NO_LIBRARY
#include <gssapi/gssapi.h>
#endif
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#ifdef NO_LIBRARY
/* What it costs to start a process at all. */
int main(void)
{
    return write(1, "\n", 1) != 1;
}
#else

#ifdef DIRECT
#include <dlfcn.h>

/* What a mechanism has of its own. The rest (buffers, OIDs, texts) is the library's that this is linked with. */
#define OF_THE_MECHANISM(each) \
    each(import_name) each(acquire_cred) each(init_sec_context) each(accept_sec_context) each(delete_sec_context) \
    each(context_time) each(inquire_context) each(wrap) each(unwrap) each(export_sec_context) each(import_sec_context)

#define DECLARE(name) static __typeof__(gss_##name) *direct_##name;
OF_THE_MECHANISM(DECLARE)

static void load(void)
{
    void *library = dlopen(DIRECT, RTLD_NOW | RTLD_LOCAL);

    if (library == NULL)
        exit(1);
#define LOAD(name) \
    direct_##name = (__typeof__(direct_##name))dlsym(library, "gss_" #name); \
    if (direct_##name == NULL) \
        exit(1);
    OF_THE_MECHANISM(LOAD)
}

#define gss_import_name direct_import_name
#define gss_acquire_cred direct_acquire_cred
#define gss_init_sec_context direct_init_sec_context
#define gss_accept_sec_context direct_accept_sec_context
#define gss_delete_sec_context direct_delete_sec_context
#define gss_context_time direct_context_time
#define gss_inquire_context direct_inquire_context
#define gss_wrap direct_wrap
#define gss_unwrap direct_unwrap
#define gss_export_sec_context direct_export_sec_context
#define gss_import_sec_context direct_import_sec_context
#else
static void load(void)
{
}
#endif

/* Known by their octets: what the libraries call them differs. */
static gss_OID_desc krb5 = { 9, (void *)"\x2a\x86\x48\x86\xf7\x12\x01\x02\x02" };
static gss_OID_desc ntlmssp = { 10, (void *)"\x2b\x06\x01\x04\x01\x82\x37\x02\x02\x0a" };
static gss_OID_desc dummy = { 10, (void *)"\x2b\x06\x01\x04\x01\x2a\x02\x1a\x01\x02" };
static gss_OID_desc principal = { 10, (void *)"\x2a\x86\x48\x86\xf7\x12\x01\x02\x02\x01" };

static void fail(const char *what, OM_uint32 major, OM_uint32 minor)
{
    int type;

    fprintf(stderr, "%s: %08x, %u", what, major, minor);
    for (type = GSS_C_GSS_CODE; type <= GSS_C_MECH_CODE; type++) {
        gss_buffer_desc text = { 0, NULL };
        OM_uint32 ignored, more = 0;

        gss_display_status(&ignored, type == GSS_C_GSS_CODE ? major : minor, type, GSS_C_NO_OID, &more, &text);
        fprintf(stderr, ": %.*s", (int)text.length, (char *)text.value);
    }
    fprintf(stderr, "\n");
    exit(1);
}

static void check(const char *what, OM_uint32 major, OM_uint32 minor)
{
    if (major != GSS_S_COMPLETE)
        fail(what, major, minor);
}

/* Tokens are made for so many calls at a time, outside the time that counts. */
#define BATCH 16

/* A thread's own objects. */
struct objects {
    gss_OID mechanism;
    gss_name_t name, same_name, target;
    gss_cred_id_t initiating, accepting;
    gss_ctx_id_t initiator, acceptor;
    /* A pair whose every token arrives. */
    gss_ctx_id_t sender, receiver;
    gss_buffer_desc tokens[BATCH];
    unsigned next;
    /* Contexts that are to be exported, and their peers, if anybody asks for these. */
    gss_ctx_id_t fresh[BATCH], peers[BATCH];
    unsigned batch;
    /* The socket to the process that imports, once there is one. */
    int importer;
};

static gss_name_t import(const char *text, gss_OID type)
{
    gss_buffer_desc buffer = { strlen(text), (void *)text };
    gss_name_t name = GSS_C_NO_NAME;
    OM_uint32 minor, major = gss_import_name(&minor, &buffer, type, &name);

    check("gss_import_name", major, minor);
    return name;
}

static gss_cred_id_t acquire(gss_OID mechanism, gss_cred_usage_t usage, gss_name_t name)
{
    gss_OID_set_desc mechanisms = { 1, mechanism };
    gss_cred_id_t credential = GSS_C_NO_CREDENTIAL;
    OM_uint32 minor, major;

    major = gss_acquire_cred(&minor, name, GSS_C_INDEFINITE, &mechanisms, usage, &credential, NULL, NULL);
    check("gss_acquire_cred", major, minor);
    return credential;
}

static void establish(struct objects *objects, gss_ctx_id_t *initiator, gss_ctx_id_t *acceptor)
{
    const OM_uint32 flags = GSS_C_MUTUAL_FLAG | GSS_C_REPLAY_FLAG | GSS_C_SEQUENCE_FLAG | GSS_C_CONF_FLAG |
                            GSS_C_INTEG_FLAG;
    gss_buffer_desc there = { 0, NULL }, back = { 0, NULL };
    OM_uint32 minor, ignored, initiates = GSS_S_CONTINUE_NEEDED, accepts = GSS_S_CONTINUE_NEEDED;

    *initiator = *acceptor = GSS_C_NO_CONTEXT;
    while (initiates == GSS_S_CONTINUE_NEEDED || accepts == GSS_S_CONTINUE_NEEDED) {
        if (initiates == GSS_S_CONTINUE_NEEDED) {
            initiates = gss_init_sec_context(&minor, objects->initiating, initiator, objects->target, objects->mechanism,
                                             flags, 0, GSS_C_NO_CHANNEL_BINDINGS, &back, NULL, &there, NULL, NULL);
            gss_release_buffer(&ignored, &back);
            if (GSS_ERROR(initiates))
                fail("gss_init_sec_context", initiates, minor);
        }
        if (accepts == GSS_S_CONTINUE_NEEDED) {
            accepts = gss_accept_sec_context(&minor, acceptor, objects->accepting, &there, GSS_C_NO_CHANNEL_BINDINGS, NULL,
                                             NULL, &back, NULL, NULL, NULL);
            gss_release_buffer(&ignored, &there);
            if (GSS_ERROR(accepts))
                fail("gss_accept_sec_context", accepts, minor);
        }
    }
}

static void prepare(struct objects *objects, gss_OID mechanism, const char *target)
{
    gss_name_t user = mechanism == &ntlmssp ? import("BENCH\\someone", GSS_C_NT_USER_NAME) : GSS_C_NO_NAME;
    OM_uint32 minor, major, lifetime;
    int open = 0;

    objects->mechanism = mechanism;
    objects->importer = -1;
    objects->target = import(target, mechanism == &krb5 ? &principal : GSS_C_NT_HOSTBASED_SERVICE);
    objects->initiating = acquire(mechanism, GSS_C_INITIATE, user);
    objects->accepting = acquire(mechanism, GSS_C_ACCEPT, GSS_C_NO_NAME);
    establish(objects, &objects->initiator, &objects->acceptor);
    establish(objects, &objects->sender, &objects->receiver);
    major = gss_inquire_context(&minor, objects->initiator, NULL, NULL, &lifetime, NULL, NULL, NULL, &open);
    check("gss_inquire_context", major, minor);
    /* NTLMSSP says 0 of what lives. */
    if (!open || (lifetime < 60 && mechanism != &ntlmssp))
        fail("the context is not what it should be", open, lifetime);
    objects->name = import("someone", GSS_C_NT_USER_NAME);
    objects->same_name = import("someone", GSS_C_NT_USER_NAME);
}

/* ---- Operations ------------------------------------------------------------------------------------------------- */

static OM_uint32 context_time(struct objects *objects)
{
    OM_uint32 minor, lifetime;

    return gss_context_time(&minor, objects->initiator, &lifetime);
}

static OM_uint32 inquire_context(struct objects *objects)
{
    OM_uint32 minor, lifetime, flags;
    gss_OID mechanism;
    int initiator, open;

    return gss_inquire_context(&minor, objects->initiator, NULL, NULL, &lifetime, &mechanism, &flags, &initiator, &open);
}

static OM_uint32 compare_name(struct objects *objects)
{
    OM_uint32 minor, major;
    int equal = 0;

    major = gss_compare_name(&minor, objects->name, objects->same_name, &equal);
    return equal ? major : GSS_S_FAILURE;
}

static OM_uint32 import_name(struct objects *objects)
{
    gss_buffer_desc text = { 15, (void *)"service@machine" };
    gss_name_t name;
    OM_uint32 minor, major = gss_import_name(&minor, &text, GSS_C_NT_HOSTBASED_SERVICE, &name);

    (void)objects;
    return major | gss_release_name(&minor, &name);
}

static OM_uint32 indicate_mechs(struct objects *objects)
{
    gss_OID_set set;
    OM_uint32 minor, major = gss_indicate_mechs(&minor, &set);

    (void)objects;
    return major | gss_release_oid_set(&minor, &set);
}

/* ---- Messages ---- */

#define LONGEST 65536

/* The same bytes each time: neither ciphers nor checksums depend on them. */
static unsigned char text[LONGEST];

static OM_uint32 wrap(gss_ctx_id_t context, size_t length, gss_buffer_t token)
{
    gss_buffer_desc message = { length, text };
    OM_uint32 minor;
    int confidential;

    return gss_wrap(&minor, context, 1, GSS_C_QOP_DEFAULT, &message, &confidential, token);
}

static OM_uint32 wrap_and_release(struct objects *objects, size_t length)
{
    gss_buffer_desc token = { 0, NULL };
    OM_uint32 minor, major = wrap(objects->initiator, length, &token);

    return major | gss_release_buffer(&minor, &token);
}

static OM_uint32 wrap_64(struct objects *objects)
{
    return wrap_and_release(objects, 64);
}

static OM_uint32 wrap_1k(struct objects *objects)
{
    return wrap_and_release(objects, 1024);
}

static OM_uint32 wrap_64k(struct objects *objects)
{
    return wrap_and_release(objects, LONGEST);
}

static OM_uint32 mic_64(struct objects *objects)
{
    gss_buffer_desc message = { 64, text }, token = { 0, NULL };
    OM_uint32 minor, major = gss_get_mic(&minor, objects->initiator, GSS_C_QOP_DEFAULT, &message, &token);

    return major | gss_release_buffer(&minor, &token);
}

static void tokens(struct objects *objects, unsigned count, size_t length)
{
    OM_uint32 minor;

    for (objects->next = 0; objects->next < count; objects->next++) {
        gss_release_buffer(&minor, &objects->tokens[objects->next]);
        check("gss_wrap", wrap(objects->sender, length, &objects->tokens[objects->next]), 0);
    }
    objects->next = 0;
}

static void tokens_64(struct objects *objects, unsigned count)
{
    tokens(objects, count, 64);
}

static void tokens_64k(struct objects *objects, unsigned count)
{
    tokens(objects, count, LONGEST);
}

static OM_uint32 unwrap(struct objects *objects)
{
    gss_buffer_desc message = { 0, NULL };
    OM_uint32 minor, major;
    int confidential;

    major = gss_unwrap(&minor, objects->receiver, &objects->tokens[objects->next++], &message, &confidential, NULL);
    return major | gss_release_buffer(&minor, &message);
}

/* ---- Contexts ---- */

static OM_uint32 transfer(gss_ctx_id_t *context)
{
    gss_buffer_desc token = { 0, NULL };
    OM_uint32 minor, major = gss_export_sec_context(&minor, context, &token);

    if (major == GSS_S_COMPLETE)
        major = gss_import_sec_context(&minor, &token, context);
    return major | gss_release_buffer(&minor, &token);
}

static OM_uint32 transfer_initiator(struct objects *objects)
{
    return transfer(&objects->initiator);
}

static OM_uint32 transfer_acceptor(struct objects *objects)
{
    return transfer(&objects->acceptor);
}

/* So many fresh contexts; with peers, acceptors that have them. */
static void freshen(struct objects *objects, unsigned count, int with_peers)
{
    gss_ctx_id_t peer;
    OM_uint32 minor;
    unsigned index;

    objects->next = 0;
    objects->batch = count;
    for (index = 0; index < count; index++) {
        establish(objects, &peer, &objects->fresh[index]);
        if (with_peers)
            objects->peers[index] = peer;
        else if (++index < count)
            objects->fresh[index] = peer;
        else
            gss_delete_sec_context(&minor, &peer, GSS_C_NO_BUFFER);
    }
}

static void fresh(struct objects *objects, unsigned count)
{
    freshen(objects, count, 0);
}

/* Exports a context that nobody will import. */
static OM_uint32 leave(struct objects *objects)
{
    gss_buffer_desc token = { 0, NULL };
    OM_uint32 minor, major = gss_export_sec_context(&minor, &objects->fresh[objects->next++], &token);

    return major | gss_release_buffer(&minor, &token);
}

/* The process that imports: takes tokens from a socket, and acknowledges each with a message of one byte. */
static int import_contexts(int from)
{
    static unsigned char bytes[LONGEST];
    gss_ctx_id_t context;
    ssize_t length;

    while ((length = recv(from, bytes, sizeof(bytes), 0)) > 0) {
        gss_buffer_desc token = { (size_t)length, bytes }, message = { 0, NULL };
        OM_uint32 minor, major = gss_import_sec_context(&minor, &token, &context);

        check("gss_import_sec_context", major, minor);
        check("gss_wrap", wrap(context, 1, &message), 0);
        if (send(from, message.value, message.length, 0) != (ssize_t)message.length)
            return 1;
        gss_release_buffer(&minor, &message);
        gss_delete_sec_context(&minor, &context, GSS_C_NO_BUFFER);
    }
    return 0;
}

static int start_importer(void)
{
    int ends[2];
    char end[16];

    if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends) != 0)
        exit(1);
    switch (fork()) {
    case -1:
        exit(1);
    case 0:
        close(ends[0]);
        snprintf(end, sizeof(end), "%d", ends[1]);
        execl("/proc/self/exe", "library", "import", end, (char *)NULL);
        _exit(1);
    }
    close(ends[1]);
    return ends[0];
}

static void fresh_pairs(struct objects *objects, unsigned count)
{
    if (objects->importer < 0)
        objects->importer = start_importer();
    freshen(objects, count, 1);
}

/* Sends a context away; the last of a batch waits until all have been acknowledged. */
static OM_uint32 handover(struct objects *objects)
{
    static unsigned char bytes[LONGEST];
    gss_buffer_desc token = { 0, NULL };
    OM_uint32 minor, major = gss_export_sec_context(&minor, &objects->fresh[objects->next++], &token);
    unsigned index;

    if (major != GSS_S_COMPLETE || send(objects->importer, token.value, token.length, 0) != (ssize_t)token.length)
        return GSS_S_FAILURE;
    major = gss_release_buffer(&minor, &token);
    for (index = 0; objects->next == objects->batch && index < objects->batch; index++) {
        ssize_t length = recv(objects->importer, bytes, sizeof(bytes), 0);

        if (length <= 0 || (objects->tokens[index].value = malloc((size_t)length)) == NULL)
            return GSS_S_FAILURE;
        memcpy(objects->tokens[index].value, bytes, (size_t)length);
        objects->tokens[index].length = (size_t)length;
    }
    return major;
}

/* What the importer sent is from the contexts that it was given. */
static void acknowledged(struct objects *objects)
{
    unsigned index;

    for (index = 0; index < objects->batch; index++) {
        gss_buffer_desc message = { 0, NULL };
        OM_uint32 minor, major;

        major = gss_unwrap(&minor, objects->peers[index], &objects->tokens[index], &message, NULL, NULL);
        check("gss_unwrap", major, minor);
        if (message.length != 1)
            fail("not the byte that was sent", GSS_S_FAILURE, 0);
        gss_release_buffer(&minor, &message);
        gss_release_buffer(&minor, &objects->tokens[index]);
        gss_delete_sec_context(&minor, &objects->peers[index], GSS_C_NO_BUFFER);
    }
}

static OM_uint32 pair(struct objects *objects)
{
    gss_ctx_id_t initiator, acceptor;
    OM_uint32 minor, major;

    establish(objects, &initiator, &acceptor);
    major = gss_delete_sec_context(&minor, &initiator, GSS_C_NO_BUFFER);
    return major | gss_delete_sec_context(&minor, &acceptor, GSS_C_NO_BUFFER);
}

static const struct operation {
    const char *name;
    OM_uint32 (*run)(struct objects *);
    /* What is done before each batch and after it, where something is. */
    void (*before)(struct objects *, unsigned count);
    void (*after)(struct objects *);
} operations[] = {
    { "context_time", context_time, NULL, NULL },
    { "inquire_context", inquire_context, NULL, NULL },
    { "compare_name", compare_name, NULL, NULL },
    { "import_name", import_name, NULL, NULL },
    { "indicate_mechs", indicate_mechs, NULL, NULL },
    { "wrap_64", wrap_64, NULL, NULL },
    { "wrap_1k", wrap_1k, NULL, NULL },
    { "wrap_64k", wrap_64k, NULL, NULL },
    { "mic_64", mic_64, NULL, NULL },
    { "unwrap_64", unwrap, tokens_64, NULL },
    { "unwrap_64k", unwrap, tokens_64k, NULL },
    { "transfer_initiator", transfer_initiator, NULL, NULL },
    { "transfer_acceptor", transfer_acceptor, NULL, NULL },
    { "leave", leave, fresh, NULL },
    { "handover", handover, fresh_pairs, acknowledged },
    { "pair", pair, NULL, NULL },
};
#define OPERATIONS (sizeof(operations) / sizeof(operations[0]))

/* ---- Timing ----------------------------------------------------------------------------------------------------- */

struct job {
    const struct operation *operation;
    struct objects *objects;
    pthread_barrier_t *start;
    unsigned long count;
    uint64_t took;
};

static uint64_t now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

static void *work(void *argument)
{
    struct job *job = argument;
    OM_uint32 major = GSS_S_COMPLETE;
    unsigned long left = job->count, batch;
    uint64_t start;

    pthread_barrier_wait(job->start);
    while (left > 0) {
        batch = left;
        if (job->operation->before != NULL) {
            batch = left < BATCH ? left : BATCH;
            job->operation->before(job->objects, (unsigned)batch);
        }
        left -= batch;
        start = now();
        for (; batch > 0; batch--)
            major |= job->operation->run(job->objects);
        job->took += now() - start;
        check("the call that is measured", major, 0);
        if (job->operation->after != NULL)
            job->operation->after(job->objects);
    }
    return NULL;
}

#define MOST_THREADS 2

static uint64_t measure(const struct operation *operation, struct objects *objects, unsigned threads,
                        unsigned long count)
{
    pthread_t ids[MOST_THREADS];
    struct job jobs[MOST_THREADS];
    pthread_barrier_t start;
    uint64_t longest = 0;
    unsigned index;

    pthread_barrier_init(&start, NULL, threads);
    for (index = 0; index < threads; index++) {
        jobs[index] = (struct job){ operation, &objects[index], &start, count, 0 };
        /* With one thread in the process, as most programs are, the C library's malloc and locks are cheaper. */
        if (threads == 1)
            work(&jobs[index]);
        else if (pthread_create(&ids[index], NULL, work, &jobs[index]) != 0)
            exit(1);
    }
    for (index = 0; index < threads; index++) {
        if (threads > 1)
            pthread_join(ids[index], NULL);
        if (jobs[index].took > longest)
            longest = jobs[index].took;
    }
    pthread_barrier_destroy(&start);
    return longest;
}

int main(int count, char **arguments)
{
    static const struct { const char *name; gss_OID mechanism; } mechanisms[] = {
        { "krb5", &krb5 }, { "ntlmssp", &ntlmssp }, { "dummy", &dummy }
    };
    static struct objects objects[MOST_THREADS];
    char operation[32];
    unsigned threads;
    unsigned long calls;
    size_t index, which;

    load();
    if (count == 2) {
        gss_OID_set set;
        OM_uint32 minor;

        check("gss_indicate_mechs", gss_indicate_mechs(&minor, &set), 0);
        return write(1, "\n", 1) != 1;
    }
    if (count != 3)
        return 2;
    if (strcmp(arguments[1], "import") == 0)
        return import_contexts(atoi(arguments[2]));
    for (which = 0; strcmp(mechanisms[which].name, arguments[1]) != 0; which++)
        if (which + 1 == sizeof(mechanisms) / sizeof(mechanisms[0]))
            return 2;
    for (index = 0; index < MOST_THREADS; index++)
        prepare(&objects[index], mechanisms[which].mechanism, arguments[2]);
    while (scanf("%31s %u %lu", operation, &threads, &calls) == 3 && threads >= 1 && threads <= MOST_THREADS) {
        for (index = 0; index < OPERATIONS && strcmp(operations[index].name, operation) != 0; index++)
            ;
        if (index == OPERATIONS)
            return 2;
        printf("%llu\n", (unsigned long long)measure(&operations[index], objects, threads, calls));
        fflush(stdout);
    }
    return 0;
}
#endif
