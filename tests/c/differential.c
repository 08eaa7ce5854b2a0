/*
 * What a GSS-API library answers where no mechanism is needed, as text: one line for each case, "LABEL | ANSWER". The test
 * runs it over MIT's library and over ours, and compares. Each case runs in a process of its own, so that a crash is an
 * answer, too.
 */
#include <gssapi/gssapi.h>
#include <gssapi/gssapi_ext.h>
#include <gssapi/gssapi_generic.h>
#include <gssapi/gssapi_krb5.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const OM_uint32 UNSET = 0x5a5a5a5a;

/* ---- Cases ------------------------------------------------------------------------------------------------------ */

/* Begins a case; nonzero in the process that has to run it, which ends with `end`. */
static int begin(const char *format, ...)
{
    va_list arguments;
    int status;
    pid_t child;

    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
    printf(" |");
    fflush(stdout);
    child = fork();
    if (child == 0) {
        alarm(20);
        return 1;
    }
    if (child < 0 || waitpid(child, &status, 0) != child)
        exit(1);
    if (WIFSIGNALED(status))
        printf(" crashed\n");
    else if (WEXITSTATUS(status) != 0)
        printf(" exited\n");
    return 0;
}

static void end(void)
{
    printf("\n");
    fflush(stdout);
    _exit(0);
}

/* ---- Printing --------------------------------------------------------------------------------------------------- */

static void print_status(OM_uint32 major, OM_uint32 minor)
{
    printf(" %08x", major);
    /* Codes of a failure are each library's own; those of a success are not. MIT's does not always write one. */
    if (!GSS_ERROR(major) && minor != 0 && minor != UNSET)
        printf(" minor %08x", minor);
}

static void print_octets(const void *octets, size_t length)
{
    const unsigned char *at = octets;
    size_t index, shown = length > 64 ? 64 : length;

    printf(" %zu:", length);
    for (index = 0; index < shown; index++)
        printf(at[index] >= ' ' && at[index] < 0x7f && at[index] != '\\' ? "%c" : "\\%02x", at[index]);
    if (shown < length)
        printf("...");
}

static void print_buffer(const gss_buffer_desc *buffer)
{
    /* Whether no octets have an address is nobody's business. */
    if (buffer->value == NULL && buffer->length != 0)
        printf(" %zu:NULL", buffer->length);
    else
        print_octets(buffer->value, buffer->length);
}

static void print_oid(gss_const_OID oid)
{
    if (oid == GSS_C_NO_OID) {
        printf(" no OID");
        return;
    }
    print_octets(oid->elements, oid->length);
}

static void print_set(gss_OID_set set)
{
    size_t index;

    if (set == GSS_C_NO_OID_SET) {
        printf(" no set");
        return;
    }
    printf(" {");
    for (index = 0; index < set->count; index++)
        print_octets(set->elements[index].elements, set->elements[index].length);
    printf(" }");
}

static gss_buffer_desc text(const char *text)
{
    gss_buffer_desc buffer;

    buffer.length = strlen(text);
    buffer.value = (void *)text;
    return buffer;
}

/* ---- OIDs and sets ---------------------------------------------------------------------------------------------- */

#define OCTETS(literal) { sizeof(literal) - 1, (void *)literal }

/* 1.2.3.4, which no library knows. */
static gss_OID_desc unknown_oid = OCTETS("\x2a\x03\x04");

static void oids_from_strings(void)
{
    static const gss_buffer_desc strings[] = {
        OCTETS("1.2.3"), OCTETS("1 2 3"), OCTETS("{ 1 2 3 }"), OCTETS("{1 2 3}"), OCTETS("{1.2.3}"), OCTETS("{ 1.2.3 }"),
        OCTETS(" 1.2.3"), OCTETS("1.2.3 "), OCTETS("  {  1  2  3  }  "), OCTETS("1\t2\t3"), OCTETS("1\n2\n3\n"),
        OCTETS("1 .2. 3"), OCTETS("1..2"), OCTETS("1.2..3"), OCTETS(".1.2.3"), OCTETS("1.2."), OCTETS("1."), OCTETS("1"),
        OCTETS("1.2"), OCTETS("0"), OCTETS("0.0"), OCTETS("0.0.0"), OCTETS("0.39"), OCTETS("0.40"), OCTETS("1.0"),
        OCTETS("1.39"), OCTETS("1.40"), OCTETS("2.0"), OCTETS("2.39"), OCTETS("2.40"), OCTETS("2.47"), OCTETS("2.48"),
        OCTETS("2.999"), OCTETS("2.16303"), OCTETS("2.16304"), OCTETS("3.0"), OCTETS("3.1"), OCTETS("4.1"),
        OCTETS("40.1"), OCTETS("1.2.127"), OCTETS("1.2.128"), OCTETS("1.2.16383"), OCTETS("1.2.16384"),
        OCTETS("1.2.4294967295"), OCTETS("1.2.4294967296"), OCTETS("1.2.9223372036854775807"),
        OCTETS("1.2.9223372036854775808"), OCTETS("1.2.18446744073709551615"), OCTETS("2.18446744073709551535"),
        OCTETS("01.2.3"), OCTETS("1.02.3"), OCTETS("1.2.003"), OCTETS("1.2.0"), OCTETS("1.2.0.0.0"), OCTETS("1.2.-3"),
        OCTETS("-1.2.3"), OCTETS("+1.2.3"), OCTETS("1.+2.3"), OCTETS("0x1.2.3"), OCTETS("1.2.0x3"), OCTETS("1.2.3garbage"),
        OCTETS("1.2.3 garbage"), OCTETS("garbage"), OCTETS("a.b.c"), OCTETS("1,2,3"), OCTETS("1.2,3"), OCTETS("{1.2.3"),
        OCTETS("{ 1 2 3"), OCTETS("{ 1 2 3  "), OCTETS("1.2.3}"), OCTETS("{1.2.3} garbage"), OCTETS("{{1.2.3}}"),
        OCTETS("{}"), OCTETS("{ }"), OCTETS("{"), OCTETS("}"), OCTETS(" "), OCTETS("."), OCTETS(""),
        OCTETS("1.2.3\0"), OCTETS("{ 1 2 3 }\0"), OCTETS("1.2.3\0.4"), OCTETS("\0"), OCTETS("1.2.\xd9\xa3"),
        OCTETS("1.2.840.113554.1.2.2"), OCTETS("{ 1 2 840 113554 1 2 2 }"), OCTETS("1.3.6.1.5.5.2"),
        OCTETS("1.3.6.1.4.1.42.2.26.1.2"), OCTETS("2.16.840.1.113730.3.8.15.1"), OCTETS("1.2.840.113554.1.2.1.1"),
        OCTETS("1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1"),
    };
    static const gss_buffer_desc part = { 7, (void *)"1.2.3.4567" };
    size_t index;

    for (index = 0; index <= COUNT(strings); index++) {
        gss_buffer_desc string = index < COUNT(strings) ? strings[index] : part;

        printf("str_to_oid");
        print_octets(string.value, string.length);
        if (begin("")) {
            gss_OID oid = GSS_C_NO_OID;
            gss_buffer_desc back = GSS_C_EMPTY_BUFFER;
            OM_uint32 minor = UNSET, major = gss_str_to_oid(&minor, &string, &oid);

            print_status(major, minor);
            /* Not which object: MIT's is never one of its own here. */
            if (oid == GSS_C_NO_OID) {
                printf(" no OID");
            } else {
                print_octets(oid->elements, oid->length);
                major = gss_oid_to_str(&minor, oid, &back);
                print_status(major, minor);
                print_buffer(&back);
                print_status(gss_release_buffer(&minor, &back), minor);
                print_status(gss_release_oid(&minor, &oid), minor);
                print_oid(oid);
            }
            end();
        }
    }
}

static void oids_to_strings(void)
{
    static const gss_OID_desc oids[] = {
        OCTETS("\x00"), OCTETS("\x27"), OCTETS("\x28"), OCTETS("\x2a"), OCTETS("\x4f"), OCTETS("\x50"), OCTETS("\x78"),
        OCTETS("\x7f"), OCTETS("\x81\x00"), OCTETS("\x88\x37"), OCTETS("\x88\x37\x03"), OCTETS("\x2a\x03\x04"),
        OCTETS("\x2a\x86\x48\x86\xf7\x12\x01\x02\x02"), OCTETS("\x2b\x06\x01\x04\x01\x2a\x02\x1a\x01\x02"),
        OCTETS("\x2a\x00"), OCTETS("\x2a\x00\x00"), OCTETS("\x2a\x7f"), OCTETS("\x2a\x81\x00"), OCTETS("\x2a\xff\x7f"),
        OCTETS("\x2a\x8f\xff\xff\xff\x7f"), OCTETS("\x2a\x90\x80\x80\x80\x00"),
        OCTETS("\x2a\xff\xff\xff\xff\xff\xff\xff\xff\x7f"), OCTETS("\x2a\x81\x80\x80\x80\x80\x80\x80\x80\x80\x00"),
        OCTETS("\x2a\x81\xff\xff\xff\xff\xff\xff\xff\xff\x7f"), OCTETS("\x81\xff\xff\xff\xff\xff\xff\xff\xff\x7f"),
        /* No OIDs. */
        OCTETS(""), OCTETS("\x80"), OCTETS("\x86"), OCTETS("\x2a\x86"), OCTETS("\x2a\x80"), OCTETS("\x2a\x80\x01"),
        OCTETS("\x80\x01"), OCTETS("\x2a\x86\xff"),
    };
    size_t index;

    for (index = 0; index < COUNT(oids); index++) {
        gss_OID_desc oid = oids[index];

        printf("oid_to_str");
        print_octets(oid.elements, oid.length);
        if (begin("")) {
            gss_buffer_desc string = GSS_C_EMPTY_BUFFER, again;
            gss_OID back = GSS_C_NO_OID;
            OM_uint32 minor = UNSET, major = gss_oid_to_str(&minor, &oid, &string);

            print_status(major, minor);
            print_buffer(&string);
            if (major == GSS_S_COMPLETE) {
                /* Programs print it as a string; is there a NUL, counted or not? */
                again = string;
                print_status(gss_str_to_oid(&minor, &again, &back), minor);
                printf(" %s", gss_oid_equal(back, &oid) ? "same" : "another");
                printf(" %s", memchr(string.value, '}', string.length) ? "closed" : "open");
            }
            end();
        }
    }
}

static void oids_compared(void)
{
    gss_OID_desc krb5 = OCTETS("\x2a\x86\x48\x86\xf7\x12\x01\x02\x02");
    gss_OID_desc shorter = OCTETS("\x2a\x86\x48\x86\xf7\x12\x01\x02");
    gss_OID_desc empty = { 0, NULL }, other_empty = { 0, (void *)"" };
    const struct {
        const char *label;
        gss_OID first, second;
    } pairs[] = {
        { "NULL NULL", NULL, NULL },
        { "NULL krb5", NULL, &krb5 },
        { "krb5 NULL", &krb5, NULL },
        { "krb5 krb5", &krb5, &krb5 },
        { "krb5 exported", &krb5, (gss_OID)gss_mech_krb5 },
        { "krb5 shorter", &krb5, &shorter },
        { "shorter krb5", &shorter, &krb5 },
        { "krb5 unknown", &krb5, &unknown_oid },
        { "empty krb5", &empty, &krb5 },
        { "empty empty", &empty, &empty },
        { "empty other", &empty, &other_empty },
    };
    size_t index;

    for (index = 0; index < COUNT(pairs); index++)
        if (begin("oid_equal %s", pairs[index].label)) {
            printf(" %d", gss_oid_equal(pairs[index].first, pairs[index].second));
            end();
        }
}

static void oids_released(void)
{
    const struct {
        const char *label;
        gss_OID oid;
    } objects[] = {
        { "NULL", GSS_C_NO_OID },
        { "name type", GSS_C_NT_USER_NAME },
        { "service type", GSS_C_NT_HOSTBASED_SERVICE },
        { "mechanism", (gss_OID)gss_mech_krb5 },
        { "principal type", (gss_OID)GSS_KRB5_NT_PRINCIPAL_NAME },
        { "attribute", (gss_OID)GSS_C_MA_MECH_CONCRETE },
    };
    size_t index;

    for (index = 0; index < COUNT(objects); index++)
        if (begin("release_oid %s", objects[index].label)) {
            gss_OID oid = objects[index].oid;
            OM_uint32 minor = UNSET;

            print_status(gss_release_oid(&minor, &oid), minor);
            printf(" %s", oid == GSS_C_NO_OID ? "cleared" : "kept");
            if (objects[index].oid != GSS_C_NO_OID)
                print_octets(objects[index].oid->elements, objects[index].oid->length);
            end();
        }
}

static void sets(void)
{
    gss_OID_desc empty = { 0, NULL };

    if (begin("set built and searched")) {
        gss_OID members[] = { GSS_C_NT_USER_NAME, &unknown_oid, (gss_OID)gss_mech_krb5, GSS_C_NT_ANONYMOUS };
        gss_OID_set set = GSS_C_NO_OID_SET;
        OM_uint32 minor = UNSET;
        size_t index;

        print_status(gss_create_empty_oid_set(&minor, &set), minor);
        print_set(set);
        for (index = 0; index < COUNT(members); index++) {
            int present = -1;

            print_status(gss_test_oid_set_member(&minor, members[index], set, &present), minor);
            printf(" %d", present);
            print_status(gss_add_oid_set_member(&minor, members[index], &set), minor);
            print_status(gss_test_oid_set_member(&minor, members[index], set, &present), minor);
            printf(" %d", present);
        }
        print_set(set);
        printf(" %s", set->elements[1].elements == unknown_oid.elements ? "borrowed" : "copied");
        print_status(gss_release_oid_set(&minor, &set), minor);
        print_set(set);
        print_status(gss_release_oid_set(&minor, &set), minor);
        end();
    }
    if (begin("set with a member twice")) {
        gss_OID_set set = GSS_C_NO_OID_SET;
        OM_uint32 minor = UNSET;

        gss_create_empty_oid_set(&minor, &set);
        print_status(gss_add_oid_set_member(&minor, &unknown_oid, &set), minor);
        print_status(gss_add_oid_set_member(&minor, &unknown_oid, &set), minor);
        print_set(set);
        end();
    }
    if (begin("set of 200")) {
        gss_OID_set set = GSS_C_NO_OID_SET;
        OM_uint32 minor = UNSET, major = 0;
        unsigned char octets[] = { 0x2a, 0 };
        gss_OID_desc oid = { 2, octets };
        unsigned index;
        int present = -1;

        gss_create_empty_oid_set(&minor, &set);
        for (index = 0; index < 200; index++) {
            octets[1] = index % 100;
            major |= gss_add_oid_set_member(&minor, &oid, &set);
        }
        print_status(major, minor);
        print_status(gss_test_oid_set_member(&minor, &oid, set, &present), minor);
        printf(" %d %d", present, set->count >= 100);
        print_status(gss_release_oid_set(&minor, &set), minor);
        end();
    }
    if (begin("set given no set")) {
        gss_OID_set set = GSS_C_NO_OID_SET;
        OM_uint32 minor = UNSET;

        print_status(gss_add_oid_set_member(&minor, &unknown_oid, &set), minor);
        print_set(set);
        end();
    }
    if (begin("set given an empty member")) {
        gss_OID_set set = GSS_C_NO_OID_SET;
        OM_uint32 minor = UNSET;

        gss_create_empty_oid_set(&minor, &set);
        print_status(gss_add_oid_set_member(&minor, &empty, &set), minor);
        end();
    }
    if (begin("set searched for an empty member")) {
        gss_OID_set set = GSS_C_NO_OID_SET;
        OM_uint32 minor = UNSET;
        int present = -1;

        gss_create_empty_oid_set(&minor, &set);
        print_status(gss_test_oid_set_member(&minor, &empty, set, &present), minor);
        printf(" %d", present);
        end();
    }
    if (begin("set of the caller's searched")) {
        gss_OID_desc elements[2];
        gss_OID_set_desc set = { 2, elements };
        OM_uint32 minor = UNSET;
        int present = -1;

        elements[0] = *gss_mech_krb5;
        elements[1] = unknown_oid;
        print_status(gss_test_oid_set_member(&minor, &unknown_oid, &set, &present), minor);
        printf(" %d", present);
        print_status(gss_test_oid_set_member(&minor, GSS_C_NT_ANONYMOUS, &set, &present), minor);
        printf(" %d", present);
        end();
    }
}

/* ---- Names ------------------------------------------------------------------------------------------------------ */

struct name_case {
    const char *label;
    gss_OID type;
    gss_buffer_desc text;
};

/* The names that libraries can hold without a mechanism. */
static size_t name_cases(const struct name_case **cases)
{
    static struct name_case list[40];
    size_t count = 0;

#define NAME(label_, type_, literal) \
    do { \
        gss_buffer_desc octets = OCTETS(literal); \
        list[count].label = label_; \
        list[count].type = type_; \
        list[count++].text = octets; \
    } while (0)
    NAME("no type", GSS_C_NO_OID, "someone");
    NAME("no type, other", GSS_C_NO_OID, "someone else");
    NAME("user", GSS_C_NT_USER_NAME, "someone");
    NAME("user, other", GSS_C_NT_USER_NAME, "Someone");
    NAME("user, longer", GSS_C_NT_USER_NAME, "someone else");
    NAME("user, with blanks", GSS_C_NT_USER_NAME, "  someone  ");
    NAME("user, not ASCII", GSS_C_NT_USER_NAME, "some\xc3\xb6ne\xff");
    NAME("user, a byte", GSS_C_NT_USER_NAME, "x");
    NAME("user, NUL inside", GSS_C_NT_USER_NAME, "some\0one");
    NAME("service", GSS_C_NT_HOSTBASED_SERVICE, "host@example.org");
    NAME("service, other", GSS_C_NT_HOSTBASED_SERVICE, "http@example.org");
    NAME("service, upper case", GSS_C_NT_HOSTBASED_SERVICE, "host@EXAMPLE.ORG");
    NAME("service, alone", GSS_C_NT_HOSTBASED_SERVICE, "host");
    NAME("service, as a user", GSS_C_NT_USER_NAME, "host@example.org");
    NAME("service X", GSS_C_NT_HOSTBASED_SERVICE_X, "host@example.org");
    NAME("machine uid", GSS_C_NT_MACHINE_UID_NAME, "\x01\x02\x03\x04");
    NAME("machine uid, with NULs", GSS_C_NT_MACHINE_UID_NAME, "\x01\0\0\0");
    NAME("string uid", GSS_C_NT_STRING_UID_NAME, "1000");
    NAME("string uid, root", GSS_C_NT_STRING_UID_NAME, "0");
    NAME("anonymous", GSS_C_NT_ANONYMOUS, "WELLKNOWN");
    NAME("principal", (gss_OID)GSS_KRB5_NT_PRINCIPAL_NAME, "someone@EXAMPLE.ORG");
    NAME("enterprise", (gss_OID)GSS_KRB5_NT_ENTERPRISE_NAME, "someone@example.org");
    NAME("unknown type", &unknown_oid, "someone");
    /* What old clients do: the NUL is counted. */
    NAME("user, NUL counted", GSS_C_NT_USER_NAME, "someone\0");
    NAME("service, NUL counted", GSS_C_NT_HOSTBASED_SERVICE, "host@example.org\0");
    NAME("no type, NUL counted", GSS_C_NO_OID, "someone\0");
    *cases = list;
    return count;
}

static gss_name_t imported(const struct name_case *name)
{
    gss_buffer_desc copy = name->text;
    gss_name_t result = GSS_C_NO_NAME;
    OM_uint32 minor;

    if (gss_import_name(&minor, &copy, name->type, &result) != GSS_S_COMPLETE)
        printf(" not imported");
    return result;
}

static void print_name(gss_name_t name)
{
    gss_buffer_desc output = GSS_C_EMPTY_BUFFER;
    gss_OID type = &unknown_oid;
    OM_uint32 minor = UNSET, major = gss_display_name(&minor, name, &output, &type);

    print_status(major, minor);
    print_buffer(&output);
    print_oid(type);
    gss_release_buffer(&minor, &output);
}

static void names(void)
{
    const struct name_case *cases;
    size_t count = name_cases(&cases), index, other;

    for (index = 0; index < count; index++) {
        if (begin("name imported and displayed: %s", cases[index].label)) {
            gss_buffer_desc copy = cases[index].text;
            gss_name_t name = GSS_C_NO_NAME, duplicate = GSS_C_NO_NAME;
            OM_uint32 minor = UNSET, major = gss_import_name(&minor, &copy, cases[index].type, &name);
            int equal = -1;

            print_status(major, minor);
            if (major == GSS_S_COMPLETE) {
                print_name(name);
                print_status(gss_duplicate_name(&minor, name, &duplicate), minor);
                print_status(gss_release_name(&minor, &name), minor);
                printf(" %s", name == GSS_C_NO_NAME ? "cleared" : "kept");
                print_name(duplicate);
                name = imported(&cases[index]);
                print_status(gss_compare_name(&minor, name, duplicate, &equal), minor);
                printf(" %d", equal);
            }
            end();
        }
        if (begin("name asked for more: %s", cases[index].label)) {
            gss_name_t name = imported(&cases[index]);
            gss_buffer_desc output = GSS_C_EMPTY_BUFFER, attribute = text("urn:x"), value = text("v");
            gss_buffer_set_t attributes = GSS_C_NO_BUFFER_SET;
            gss_OID mechanism = &unknown_oid;
            OM_uint32 minor = UNSET;
            int is_mn = -1, authenticated = -1, complete = -1, more = -1;

            printf(" export");
            print_status(gss_export_name(&minor, name, &output), 0);
            print_buffer(&output);
            printf(" composite");
            print_status(gss_export_name_composite(&minor, name, &output), 0);
            printf(" inquire");
            print_status(gss_inquire_name(&minor, name, &is_mn, &mechanism, &attributes), 0);
            printf(" %d", is_mn);
            print_oid(mechanism);
            printf(attributes == GSS_C_NO_BUFFER_SET ? " no set" : " %zu", attributes ? attributes->count : 0);
            printf(" get");
            print_status(gss_get_name_attribute(&minor, name, &attribute, &authenticated, &complete, &output, &output,
                                                &more), 0);
            printf(" set");
            print_status(gss_set_name_attribute(&minor, name, 0, &attribute, &value), 0);
            printf(" delete");
            print_status(gss_delete_name_attribute(&minor, name, &attribute), 0);
            printf(" display as a user");
            print_status(gss_display_name_ext(&minor, name, GSS_C_NT_USER_NAME, &output), 0);
            end();
        }
        for (other = 0; other < count; other++)
            if (begin("names compared: %s, %s", cases[index].label, cases[other].label)) {
                gss_name_t first = imported(&cases[index]), second = imported(&cases[other]);
                OM_uint32 minor = UNSET;
                int equal = -1;

                print_status(gss_compare_name(&minor, first, second, &equal), minor);
                printf(" %d", equal);
                end();
            }
    }
}

static void bad_names(void)
{
    static gss_OID_desc empty_type = { 0, NULL };
    const struct {
        const char *label;
        gss_OID type;
        gss_buffer_desc text;
    } cases[] = {
        { "empty user", GSS_C_NT_USER_NAME, { 0, (void *)"x" } },
        { "no user", GSS_C_NT_USER_NAME, { 0, NULL } },
        { "empty, no type", GSS_C_NO_OID, { 0, (void *)"x" } },
        { "no text, no type", GSS_C_NO_OID, { 0, NULL } },
        { "empty service", GSS_C_NT_HOSTBASED_SERVICE, { 0, (void *)"x" } },
        { "empty anonymous", GSS_C_NT_ANONYMOUS, { 0, (void *)"x" } },
        { "no anonymous", GSS_C_NT_ANONYMOUS, { 0, NULL } },
        { "a NUL", GSS_C_NT_USER_NAME, OCTETS("\0") },
        { "empty exported", GSS_C_NT_EXPORT_NAME, { 0, (void *)"x" } },
        { "exported, 1 byte", GSS_C_NT_EXPORT_NAME, OCTETS("\x04") },
        { "exported, token id alone", GSS_C_NT_EXPORT_NAME, OCTETS("\x04\x01") },
        { "exported, wrong token id", GSS_C_NT_EXPORT_NAME, OCTETS("\x05\x01\0\x05\x06\x03\x2a\x03\x04\0\0\0\1x") },
        { "exported, unknown mechanism", GSS_C_NT_EXPORT_NAME, OCTETS("\x04\x01\0\x05\x06\x03\x2a\x03\x04\0\0\0\1x") },
        { "exported, unknown mechanism, empty", GSS_C_NT_EXPORT_NAME, OCTETS("\x04\x01\0\x05\x06\x03\x2a\x03\x04\0\0\0\0") },
        { "exported, no OID", GSS_C_NT_EXPORT_NAME, OCTETS("\x04\x01\0\0\0\0\0\1x") },
        { "exported, no tag", GSS_C_NT_EXPORT_NAME, OCTETS("\x04\x01\0\x05\x07\x03\x2a\x03\x04\0\0\0\1x") },
        { "exported, OID too long", GSS_C_NT_EXPORT_NAME, OCTETS("\x04\x01\0\x50\x06\x03\x2a\x03\x04\0\0\0\1x") },
        { "exported, lengths differ", GSS_C_NT_EXPORT_NAME, OCTETS("\x04\x01\0\x05\x06\x02\x2a\x03\x04\0\0\0\1x") },
        { "exported, name cut", GSS_C_NT_EXPORT_NAME, OCTETS("\x04\x01\0\x05\x06\x03\x2a\x03\x04\0\0\0\x05x") },
        { "exported, name longer", GSS_C_NT_EXPORT_NAME, OCTETS("\x04\x01\0\x05\x06\x03\x2a\x03\x04\0\0\0\1xyz") },
        { "exported, huge", GSS_C_NT_EXPORT_NAME, OCTETS("\x04\x01\0\x05\x06\x03\x2a\x03\x04\xff\xff\xff\xffx") },
        { "exported, no length", GSS_C_NT_EXPORT_NAME, OCTETS("\x04\x01\0\x05\x06\x03\x2a\x03\x04") },
        { "composite, unknown mechanism", GSS_C_NT_COMPOSITE_EXPORT, OCTETS("\x04\x02\0\x05\x06\x03\x2a\x03\x04\0\0\0\1x") },
        { "composite, as exported", GSS_C_NT_EXPORT_NAME, OCTETS("\x04\x02\0\x05\x06\x03\x2a\x03\x04\0\0\0\1x") },
        { "empty composite", GSS_C_NT_COMPOSITE_EXPORT, { 0, (void *)"x" } },
        { "empty type", &empty_type, OCTETS("someone") },
        { "text as exported", GSS_C_NT_EXPORT_NAME, OCTETS("someone at some place") },
    };
    size_t index;

    for (index = 0; index < COUNT(cases); index++)
        if (begin("bad name: %s", cases[index].label)) {
            gss_buffer_desc copy = cases[index].text;
            gss_name_t name = (gss_name_t)(uintptr_t)0x10;
            OM_uint32 minor = UNSET;

            print_status(gss_import_name(&minor, &copy, cases[index].type, &name), 0);
            if (name != (gss_name_t)(uintptr_t)0x10)
                printf(" %s", name == GSS_C_NO_NAME ? "cleared" : "a name");
            end();
        }
    if (begin("name types that need a mechanism are told by name")) {
        gss_buffer_desc string = text("someone");
        gss_name_t name = GSS_C_NO_NAME, canonical = GSS_C_NO_NAME;
        OM_uint32 minor = UNSET;

        gss_import_name(&minor, &string, GSS_C_NT_USER_NAME, &name);
        print_status(gss_canonicalize_name(&minor, name, &unknown_oid, &canonical), 0);
        printf(" %s", canonical == GSS_C_NO_NAME ? "cleared" : "a name");
        end();
    }
}

/* ---- Tokens ----------------------------------------------------------------------------------------------------- */

static void encapsulated(void)
{
    static const size_t lengths[] = { 0, 1, 2, 100, 121, 122, 123, 127, 128, 248, 249, 250, 255, 256, 65000, 65524,
                                      65525, 65526, 65536, 70000 };
    const struct {
        const char *label;
        gss_OID_desc oid;
    } oids[] = {
        { "short", OCTETS("\x2a\x03\x04") },
        { "krb5", OCTETS("\x2a\x86\x48\x86\xf7\x12\x01\x02\x02") },
        { "one octet", OCTETS("\x2a") },
    };
    size_t index, which;

    for (which = 0; which < COUNT(oids); which++)
        for (index = 0; index < COUNT(lengths); index++)
            if (begin("encapsulate %s %zu", oids[which].label, lengths[index])) {
                gss_OID_desc oid = oids[which].oid;
                gss_buffer_desc input, token = GSS_C_EMPTY_BUFFER, back = GSS_C_EMPTY_BUFFER;
                OM_uint32 major;

                input.length = lengths[index];
                input.value = memset(malloc(lengths[index] + 1), 'm', lengths[index] + 1);
                major = gss_encapsulate_token(&input, &oid, &token);
                print_status(major, 0);
                print_buffer(&token);
                major = gss_decapsulate_token(&token, &oid, &back);
                print_status(major, 0);
                printf(" %zu", back.length);
                printf(back.length == input.length && (back.length == 0 || memcmp(back.value, input.value, back.length) == 0)
                       ? " same" : " another");
                major = gss_decapsulate_token(&token, GSS_C_NT_USER_NAME, &back);
                print_status(major, 0);
                end();
            }
}

static void decapsulated(void)
{
    static const struct {
        const char *label;
        gss_buffer_desc token;
    } cases[] = {
        { "good", OCTETS("\x60\x09\x06\x03\x2a\x03\x04zzzz") },
        { "good, nothing inside", OCTETS("\x60\x05\x06\x03\x2a\x03\x04") },
        { "another OID", OCTETS("\x60\x09\x06\x03\x2a\x03\x05zzzz") },
        { "another OID, longer", OCTETS("\x60\x0a\x06\x04\x2a\x03\x04\x05zzzz") },
        { "another OID, shorter", OCTETS("\x60\x08\x06\x02\x2a\x03zzzz") },
        { "wrong tag", OCTETS("\x61\x09\x06\x03\x2a\x03\x04zzzz") },
        { "wrong inner tag", OCTETS("\x60\x09\x07\x03\x2a\x03\x04zzzz") },
        { "too short by one", OCTETS("\x60\x09\x06\x03\x2a\x03\x04zzz") },
        { "too long by one", OCTETS("\x60\x09\x06\x03\x2a\x03\x04zzzzz") },
        { "indefinite length", OCTETS("\x60\x80\x06\x03\x2a\x03\x04zzzz\0\0") },
        { "length not minimal", OCTETS("\x60\x81\x09\x06\x03\x2a\x03\x04zzzz") },
        { "length not minimal, 2", OCTETS("\x60\x82\0\x09\x06\x03\x2a\x03\x04zzzz") },
        { "length of 5 octets", OCTETS("\x60\x85\0\0\0\0\x09\x06\x03\x2a\x03\x04zzzz") },
        { "huge length", OCTETS("\x60\x84\xff\xff\xff\xff\x06\x03\x2a\x03\x04zzzz") },
        { "cut after the tag", OCTETS("\x60") },
        { "cut after the length", OCTETS("\x60\x09") },
        { "cut in the length", OCTETS("\x60\x82\x01") },
        { "cut in the OID", OCTETS("\x60\x09\x06\x03\x2a") },
        { "outer length too small for the OID", OCTETS("\x60\x03\x06\x03\x2a\x03\x04") },
        { "no octet", { 0, (void *)"x" } },
        { "text", OCTETS("hello there") },
    };
    size_t index;

    for (index = 0; index < COUNT(cases); index++)
        if (begin("decapsulate %s", cases[index].label)) {
            gss_buffer_desc inner = GSS_C_EMPTY_BUFFER;

            print_status(gss_decapsulate_token(&cases[index].token, &unknown_oid, &inner), 0);
            print_buffer(&inner);
            end();
        }
    if (begin("encapsulate with an empty OID")) {
        gss_OID_desc empty = { 0, NULL };
        gss_buffer_desc input = text("zzzz"), token = GSS_C_EMPTY_BUFFER;

        print_status(gss_encapsulate_token(&input, &empty, &token), 0);
        end();
    }
}

/* ---- Buffers ---------------------------------------------------------------------------------------------------- */

static void buffers(void)
{
    if (begin("buffer released twice")) {
        gss_buffer_desc buffer;
        OM_uint32 minor = UNSET;

        buffer.length = 5;
        buffer.value = malloc(5);
        print_status(gss_release_buffer(&minor, &buffer), minor);
        print_buffer(&buffer);
        print_status(gss_release_buffer(&minor, &buffer), minor);
        print_buffer(&buffer);
        end();
    }
    if (begin("buffer set built and released")) {
        gss_buffer_set_t set = GSS_C_NO_BUFFER_SET;
        gss_buffer_desc members[3];
        OM_uint32 minor = UNSET;
        size_t index;

        members[0] = text("first");
        members[1] = text("");
        members[2] = text("third one");
        print_status(gss_create_empty_buffer_set(&minor, &set), minor);
        printf(" %zu", set->count);
        for (index = 0; index < COUNT(members); index++)
            print_status(gss_add_buffer_set_member(&minor, &members[index], &set), minor);
        printf(" %zu", set->count);
        for (index = 0; index < set->count; index++)
            print_octets(set->elements[index].value, set->elements[index].length);
        printf(" %s", set->elements[0].value == members[0].value ? "borrowed" : "copied");
        print_status(gss_release_buffer_set(&minor, &set), minor);
        printf(" %s", set == GSS_C_NO_BUFFER_SET ? "cleared" : "kept");
        print_status(gss_release_buffer_set(&minor, &set), minor);
        end();
    }
    if (begin("buffer set made by its first member")) {
        gss_buffer_set_t set = GSS_C_NO_BUFFER_SET;
        gss_buffer_desc member = text("only");
        OM_uint32 minor = UNSET;

        print_status(gss_add_buffer_set_member(&minor, &member, &set), minor);
        printf(" %zu", set ? set->count : 99);
        end();
    }
    if (begin("IOV without an allocation released")) {
        gss_iov_buffer_desc iov[2];
        OM_uint32 minor = UNSET;

        memset(iov, 0, sizeof(iov));
        iov[0].type = GSS_IOV_BUFFER_TYPE_HEADER;
        iov[1].type = GSS_IOV_BUFFER_TYPE_DATA | GSS_IOV_BUFFER_FLAG_ALLOCATED;
        iov[1].buffer.value = malloc(9);
        iov[1].buffer.length = 9;
        print_status(gss_release_iov_buffer(&minor, iov, 2), minor);
        printf(" %x %zu %s", iov[1].type, iov[1].buffer.length, iov[1].buffer.value ? "kept" : "cleared");
        print_status(gss_release_iov_buffer(&minor, iov, 2), minor);
        end();
    }
}

/* ---- Status texts ----------------------------------------------------------------------------------------------- */

/* All texts of a code, as a program reads them. */
static void print_texts(OM_uint32 code, int type)
{
    OM_uint32 context = 0;
    int rounds = 0;

    do {
        gss_buffer_desc string = { 77, NULL };
        OM_uint32 minor = UNSET, major = gss_display_status(&minor, code, type, GSS_C_NO_OID, &context, &string);

        print_status(major, minor);
        print_buffer(&string);
        printf(context ? " more" : " last");
        if (GSS_ERROR(major))
            break;
        gss_release_buffer(&minor, &string);
    } while (context != 0 && ++rounds < 20);
}

static void statuses(void)
{
    static const OM_uint32 combined[] = {
        GSS_S_CALL_INACCESSIBLE_READ | GSS_S_NO_CONTEXT,
        GSS_S_CALL_BAD_STRUCTURE | GSS_S_DEFECTIVE_TOKEN,
        GSS_S_CALL_INACCESSIBLE_WRITE | GSS_S_FAILURE | GSS_S_OLD_TOKEN,
        GSS_S_BAD_MECH | GSS_S_CONTINUE_NEEDED,
        GSS_S_DUPLICATE_TOKEN | GSS_S_OLD_TOKEN,
        GSS_S_CONTINUE_NEEDED | GSS_S_DUPLICATE_TOKEN | GSS_S_OLD_TOKEN | GSS_S_UNSEQ_TOKEN | GSS_S_GAP_TOKEN,
        GSS_S_CALL_BAD_STRUCTURE | GSS_S_FAILURE | 0xffff,
        0x00ff0000, 0xff000000, 0xffffffff, 0x01ff0000, 0xff010000, 0x7fffffff, 0x0000ffff, 0x00008000,
    };
    static const int types[] = { 0, 3, 4, -1, 99 };
    size_t index;
    OM_uint32 code;

    for (code = 0; code <= 30; code++)
        if (begin("text of routine error %u", code)) {
            print_texts(code << GSS_C_ROUTINE_ERROR_OFFSET, GSS_C_GSS_CODE);
            end();
        }
    for (code = 1; code <= 6; code++)
        if (begin("text of calling error %u", code)) {
            print_texts(code << GSS_C_CALLING_ERROR_OFFSET, GSS_C_GSS_CODE);
            end();
        }
    for (code = 0; code < 16; code++)
        if (begin("text of supplementary bit %u", code)) {
            print_texts((OM_uint32)1 << code, GSS_C_GSS_CODE);
            end();
        }
    for (index = 0; index < COUNT(combined); index++)
        if (begin("text of %08x", combined[index])) {
            print_texts(combined[index], GSS_C_GSS_CODE);
            end();
        }
    for (index = 0; index < COUNT(types); index++)
        if (begin("text of a code of kind %d", types[index])) {
            print_texts(GSS_S_FAILURE, types[index]);
            end();
        }
    if (begin("text of minor 0")) {
        print_texts(0, GSS_C_MECH_CODE);
        end();
    }
    if (begin("text of a minor that was never given out")) {
        print_texts(0x12345678, GSS_C_MECH_CODE);
        end();
    }
}

/* ---- Calling errors --------------------------------------------------------------------------------------------- */

/*
 * Every function, with each of its pointers NULL in turn. The kinds of arguments:
 *   . number 0        m minor status          t text to read     T buffer to fill
 *   x no context      X variable with none    n generic name     N variable for a name    R variable with a name
 *   c no credential   C variable for one      o unknown OID      O variable for one
 *   s set of OIDs     S variable for one      A variable with one
 *   I number to fill  v array of IOV          q variable for a buffer set
 *   z C string        p variable for a pointer
 *   0 NULL in any case
 */
struct function {
    const char *name;
    void (*call)(void);
    const char *kinds;
};

#define FUNCTION(name, kinds) { #name, (void (*)(void))name, kinds }
static const struct function functions[] = {
    FUNCTION(gss_init_sec_context, "mcXno..0tOTII"),
    FUNCTION(gss_accept_sec_context, "mXct0NOTIIC"),
    FUNCTION(gss_process_context_token, "mxt"),
    FUNCTION(gss_delete_sec_context, "mXT"),
    FUNCTION(gss_context_time, "mxI"),
    FUNCTION(gss_inquire_context, "mxNNIOIII"),
    FUNCTION(gss_export_sec_context, "mXT"),
    FUNCTION(gss_import_sec_context, "mtX"),
    FUNCTION(gss_get_mic, "mx.tT"),
    FUNCTION(gss_verify_mic, "mxttI"),
    FUNCTION(gss_wrap, "mx..tIT"),
    FUNCTION(gss_unwrap, "mxtTII"),
    FUNCTION(gss_sign, "mx.tT"),
    FUNCTION(gss_verify, "mxttI"),
    FUNCTION(gss_seal, "mx..tIT"),
    FUNCTION(gss_unseal, "mxtTII"),
    FUNCTION(gss_wrap_size_limit, "mx...I"),
    FUNCTION(gss_wrap_aead, "mx..ttIT"),
    FUNCTION(gss_unwrap_aead, "mxttTII"),
    FUNCTION(gss_wrap_iov, "mx..Iv."),
    FUNCTION(gss_unwrap_iov, "mxIIv."),
    FUNCTION(gss_wrap_iov_length, "mx..Iv."),
    FUNCTION(gss_get_mic_iov, "mx.v."),
    FUNCTION(gss_get_mic_iov_length, "mx.v."),
    FUNCTION(gss_verify_mic_iov, "mxIv."),
    FUNCTION(gss_release_iov_buffer, "mv."),
    FUNCTION(gss_complete_auth_token, "mxt"),
    FUNCTION(gss_pseudo_random, "mx.t.T"),
    FUNCTION(gss_inquire_sec_context_by_oid, "mxoq"),
    FUNCTION(gss_set_sec_context_option, "mXot"),
    FUNCTION(gss_import_name, "mtoN"),
    FUNCTION(gss_display_name, "mnTO"),
    FUNCTION(gss_compare_name, "mnnI"),
    FUNCTION(gss_release_name, "mR"),
    FUNCTION(gss_duplicate_name, "mnN"),
    FUNCTION(gss_canonicalize_name, "mnoN"),
    FUNCTION(gss_export_name, "mnT"),
    FUNCTION(gss_export_name_composite, "mnT"),
    FUNCTION(gss_inquire_mechs_for_name, "mnS"),
    FUNCTION(gss_inquire_names_for_mech, "moS"),
    FUNCTION(gss_display_name_ext, "mnoT"),
    FUNCTION(gss_inquire_name, "mnIOq"),
    FUNCTION(gss_get_name_attribute, "mntIITTI"),
    FUNCTION(gss_set_name_attribute, "mn.tt"),
    FUNCTION(gss_delete_name_attribute, "mnt"),
    FUNCTION(gss_map_name_to_any, "mn.tp"),
    FUNCTION(gss_release_any_name_mapping, "mntp"),
    FUNCTION(gss_localname, "mnoT"),
    FUNCTION(gss_pname_to_uid, "mnoI"),
    FUNCTION(gss_authorize_localname, "mnn"),
    FUNCTION(gss_userok, "nz"),
    FUNCTION(gss_acquire_cred, "mn.s.CSI"),
    FUNCTION(gss_acquire_cred_from, "mn.s.0CSI"),
    FUNCTION(gss_acquire_cred_with_password, "mnt.s.CSI"),
    FUNCTION(gss_acquire_cred_impersonate_name, "mcn.s.CSI"),
    FUNCTION(gss_add_cred, "mcno...CSII"),
    FUNCTION(gss_add_cred_from, "mcno...0CSII"),
    FUNCTION(gss_add_cred_with_password, "mcnot...CSII"),
    FUNCTION(gss_add_cred_impersonate_name, "mccno...CSII"),
    FUNCTION(gss_release_cred, "mC"),
    FUNCTION(gss_inquire_cred, "mcNIIS"),
    FUNCTION(gss_inquire_cred_by_mech, "mcoNIII"),
    FUNCTION(gss_inquire_cred_by_oid, "mcoq"),
    FUNCTION(gss_set_cred_option, "mCot"),
    FUNCTION(gss_set_neg_mechs, "mcs"),
    FUNCTION(gss_store_cred, "mc.o..SI"),
    FUNCTION(gss_store_cred_into, "mc.o..0SI"),
    FUNCTION(gss_export_cred, "mcT"),
    FUNCTION(gss_import_cred, "mtC"),
    FUNCTION(gss_indicate_mechs, "mS"),
    FUNCTION(gss_indicate_mechs_by_attrs, "msssS"),
    FUNCTION(gss_inquire_attrs_for_mech, "moSS"),
    FUNCTION(gss_display_mech_attr, "moTTT"),
    FUNCTION(gss_inquire_saslname_for_mech, "moTTT"),
    FUNCTION(gss_inquire_mech_for_saslname, "mtO"),
    FUNCTION(gssspi_mech_invoke, "moot"),
    FUNCTION(gss_display_status, "m..oIT"),
    FUNCTION(gss_release_buffer, "mT"),
    FUNCTION(gss_create_empty_oid_set, "mS"),
    FUNCTION(gss_add_oid_set_member, "moA"),
    FUNCTION(gss_test_oid_set_member, "mosI"),
    FUNCTION(gss_release_oid_set, "mA"),
    FUNCTION(gss_str_to_oid, "mtO"),
    FUNCTION(gss_oid_to_str, "moT"),
    FUNCTION(gss_release_oid, "mO"),
    FUNCTION(gss_create_empty_buffer_set, "mq"),
    FUNCTION(gss_add_buffer_set_member, "mtq"),
    FUNCTION(gss_release_buffer_set, "mq"),
    FUNCTION(gss_encapsulate_token, "toT"),
    FUNCTION(gss_decapsulate_token, "toT"),
    FUNCTION(gss_oid_equal, "oo"),
    FUNCTION(gss_krb5_get_tkt_flags, "mxI"),
    FUNCTION(gss_krb5_copy_ccache, "mc0"),
    FUNCTION(gss_krb5_set_allowable_enctypes, "mc.0"),
    FUNCTION(gss_krb5_export_lucid_sec_context, "mX.p"),
    FUNCTION(gss_krb5_free_lucid_sec_context, "m0"),
    FUNCTION(gss_krb5_set_cred_rcache, "mc0"),
    FUNCTION(gsskrb5_extract_authz_data_from_sec_context, "mx.T"),
    FUNCTION(gsskrb5_extract_authtime_from_sec_context, "mxI"),
};

/* Arguments in registers and on the stack are the same for integers and pointers, and further ones do no harm. */
typedef OM_uint32 (*any_function)(uintptr_t, uintptr_t, uintptr_t, uintptr_t, uintptr_t, uintptr_t, uintptr_t, uintptr_t,
                                  uintptr_t, uintptr_t, uintptr_t, uintptr_t, uintptr_t);
#define MOST 13

static uintptr_t good_argument(char kind)
{
    static gss_OID_desc element;
    static gss_OID_set_desc set = { 1, &element };
    gss_buffer_desc string = text("someone");
    gss_buffer_desc *buffer;
    gss_name_t *name = calloc(1, sizeof(*name));
    gss_OID_set *given;
    OM_uint32 minor;

    switch (kind) {
    case 'm':
        return (uintptr_t)calloc(1, 8);
    case 't':
        buffer = malloc(sizeof(*buffer));
        *buffer = string;
        return (uintptr_t)buffer;
    case 'T':
        return (uintptr_t)calloc(1, sizeof(*buffer));
    case 'n':
    case 'R':
        gss_import_name(&minor, &string, GSS_C_NT_USER_NAME, name);
        return kind == 'n' ? (uintptr_t)*name : (uintptr_t)name;
    case 'o':
        return (uintptr_t)&unknown_oid;
    case 's':
        element = unknown_oid;
        return (uintptr_t)&set;
    case 'A':
        given = calloc(1, sizeof(*given));
        gss_create_empty_oid_set(&minor, given);
        return (uintptr_t)given;
    case 'v':
        return (uintptr_t)calloc(4, sizeof(gss_iov_buffer_desc));
    case 'X':
    case 'N':
    case 'C':
    case 'O':
    case 'S':
    case 'I':
    case 'q':
    case 'p':
        return (uintptr_t)calloc(1, sizeof(void *));
    case 'z':
        return (uintptr_t)"someone";
    default:
        return 0;
    }
}

static void call_without(const struct function *function, size_t missing)
{
    uintptr_t arguments[MOST] = { 0 };
    size_t index;
    OM_uint32 major;

    for (index = 0; function->kinds[index]; index++)
        if (index != missing)
            arguments[index] = good_argument(function->kinds[index]);
    major = ((any_function)function->call)(arguments[0], arguments[1], arguments[2], arguments[3], arguments[4],
                                           arguments[5], arguments[6], arguments[7], arguments[8], arguments[9],
                                           arguments[10], arguments[11], arguments[12]);
    /* What else is wrong depends on the mechanisms that there are. */
    if (GSS_CALLING_ERROR(major))
        printf(" %08x", major);
    else
        printf(" no calling error");
}

static void calling_errors(void)
{
    size_t which, index;

    for (which = 0; which < COUNT(functions); which++) {
        const struct function *function = &functions[which];

        if (begin("%s with all arguments", function->name)) {
            call_without(function, MOST);
            end();
        }
        for (index = 0; function->kinds[index]; index++)
            if (!strchr(".xc0", function->kinds[index]) && begin("%s without argument %zu (%c)", function->name, index,
                                                                 function->kinds[index])) {
                call_without(function, index);
                end();
            }
    }
}

int main(void)
{
    oids_from_strings();
    oids_to_strings();
    oids_compared();
    oids_released();
    sets();
    names();
    bad_names();
    encapsulated();
    decapsulated();
    buffers();
    statuses();
    calling_errors();
    return 0;
}
