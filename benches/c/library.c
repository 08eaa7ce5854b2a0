/*
 * What calls of a GSS-API library cost. One source, compiled against each library that is compared; the driver lets their
 * processes take turns.
 *
 *     library MECHANISM TARGET    reads lines "OPERATION THREADS COUNT", answers each with the nanoseconds that COUNT
 *                                 calls took, on the slowest thread
 *     library first               says when the process has had its first answer from the library
 *
 * MECHANISM is "krb5" or "dummy"; its contexts are established by the initiator's only leg.
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
#include <time.h>
#include <unistd.h>

#ifdef NO_LIBRARY
/* What it costs to start a process at all. */
int main(void)
{
    return write(1, "\n", 1) != 1;
}
#else

/* Known by their octets: what the libraries call them differs. */
static gss_OID_desc krb5 = { 9, (void *)"\x2a\x86\x48\x86\xf7\x12\x01\x02\x02" };
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

/* A thread's own objects. */
struct objects {
    gss_ctx_id_t context;
    gss_name_t name, same_name;
};

static gss_name_t import(const char *text, gss_OID type)
{
    gss_buffer_desc buffer = { strlen(text), (void *)text };
    gss_name_t name = GSS_C_NO_NAME;
    OM_uint32 minor, major = gss_import_name(&minor, &buffer, type, &name);

    check("gss_import_name", major, minor);
    return name;
}

static void prepare(struct objects *objects, gss_OID mechanism, const char *target)
{
    gss_name_t name = import(target, mechanism == &krb5 ? &principal : GSS_C_NT_HOSTBASED_SERVICE);
    gss_buffer_desc token = { 0, NULL };
    OM_uint32 minor, major, lifetime;
    int open = 0;

    objects->context = GSS_C_NO_CONTEXT;
    major = gss_init_sec_context(&minor, GSS_C_NO_CREDENTIAL, &objects->context, name, mechanism,
                                 GSS_C_REPLAY_FLAG | GSS_C_SEQUENCE_FLAG, 0, GSS_C_NO_CHANNEL_BINDINGS, GSS_C_NO_BUFFER,
                                 NULL, &token, NULL, NULL);
    check("gss_init_sec_context", major, minor);
    gss_release_buffer(&minor, &token);
    gss_release_name(&minor, &name);
    major = gss_inquire_context(&minor, objects->context, NULL, NULL, &lifetime, NULL, NULL, NULL, &open);
    check("gss_inquire_context", major, minor);
    if (!open || lifetime < 60)
        fail("the context is not what it should be", open, lifetime);
    objects->name = import("someone", GSS_C_NT_USER_NAME);
    objects->same_name = import("someone", GSS_C_NT_USER_NAME);
}

/* ---- Operations ------------------------------------------------------------------------------------------------- */

static OM_uint32 context_time(struct objects *objects)
{
    OM_uint32 minor, lifetime;

    return gss_context_time(&minor, objects->context, &lifetime);
}

static OM_uint32 inquire_context(struct objects *objects)
{
    OM_uint32 minor, lifetime, flags;
    gss_OID mechanism;
    int initiator, open;

    return gss_inquire_context(&minor, objects->context, NULL, NULL, &lifetime, &mechanism, &flags, &initiator, &open);
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

static const struct {
    const char *name;
    OM_uint32 (*run)(struct objects *);
} operations[] = {
    { "context_time", context_time },
    { "inquire_context", inquire_context },
    { "compare_name", compare_name },
    { "import_name", import_name },
    { "indicate_mechs", indicate_mechs },
};
#define OPERATIONS (sizeof(operations) / sizeof(operations[0]))

/* ---- Timing ----------------------------------------------------------------------------------------------------- */

struct job {
    OM_uint32 (*run)(struct objects *);
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
    unsigned long index;
    uint64_t start;

    pthread_barrier_wait(job->start);
    start = now();
    for (index = 0; index < job->count; index++)
        major |= job->run(job->objects);
    job->took = now() - start;
    check("the call that is measured", major, 0);
    return NULL;
}

#define MOST_THREADS 2

static uint64_t measure(OM_uint32 (*run)(struct objects *), struct objects *objects, unsigned threads, unsigned long count)
{
    pthread_t ids[MOST_THREADS];
    struct job jobs[MOST_THREADS];
    pthread_barrier_t start;
    uint64_t longest = 0;
    unsigned index;

    pthread_barrier_init(&start, NULL, threads);
    for (index = 0; index < threads; index++) {
        jobs[index] = (struct job){ run, &objects[index], &start, count, 0 };
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
    static struct objects objects[MOST_THREADS];
    char operation[32];
    unsigned threads;
    unsigned long calls;
    size_t index;

    if (count == 2) {
        gss_OID_set set;
        OM_uint32 minor;

        check("gss_indicate_mechs", gss_indicate_mechs(&minor, &set), 0);
        return write(1, "\n", 1) != 1;
    }
    if (count != 3)
        return 2;
    for (index = 0; index < MOST_THREADS; index++)
        prepare(&objects[index], strcmp(arguments[1], "krb5") == 0 ? &krb5 : &dummy, arguments[2]);
    while (scanf("%31s %u %lu", operation, &threads, &calls) == 3 && threads >= 1 && threads <= MOST_THREADS) {
        for (index = 0; index < OPERATIONS && strcmp(operations[index].name, operation) != 0; index++)
            ;
        if (index == OPERATIONS)
            return 2;
        printf("%llu\n", (unsigned long long)measure(operations[index].run, objects, threads, calls));
        fflush(stdout);
    }
    return 0;
}
#endif
