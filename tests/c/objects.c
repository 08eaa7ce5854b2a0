/* Prints what each exported variable points to, and which other ones point to the same or to an element of it. */
#include <gssapi/gssapi_ext.h>
#include <gssapi/gssapi_generic.h>
#include <gssapi/gssapi_krb5.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    const void *variable;
} objects[] = {
/* OBJECTS */
};

static void print_oid(gss_const_OID oid)
{
    OM_uint32 i;
    for (i = 0; i < oid->length; i++)
        printf("%02x", ((const unsigned char *)oid->elements)[i]);
}

int main(void)
{
    size_t i, j, count = sizeof objects / sizeof objects[0];
    for (i = 0; i < count; i++) {
        const void *object = *(const void *const *)objects[i].variable;
        const gss_OID_set_desc *set = NULL;
        printf("%s: ", objects[i].name);
        if (strcmp(objects[i].name, "GSS_C_ATTR_LOCAL_LOGIN_USER") == 0) {
            const gss_buffer_desc *buffer = object;
            printf("%.*s", (int)buffer->length, (const char *)buffer->value);
        } else if (strncmp(objects[i].name, "gss_mech_set_", 13) == 0) {
            set = object;
            for (j = 0; j < set->count; j++) {
                printf("%s", j == 0 ? "" : ",");
                print_oid(&set->elements[j]);
            }
        } else {
            print_oid(object);
        }
        for (j = 0; j < count; j++) {
            const char *other = *(const char *const *)objects[j].variable;
            const char *elements = set == NULL ? NULL : (const char *)set->elements;
            if (j != i && other == object)
                printf(" = %s", objects[j].name);
            if (set != NULL && other >= elements && other < (const char *)(set->elements + set->count))
                printf(" = %s at %d", objects[j].name, (int)(other - elements));
        }
        printf("\n");
    }
    return 0;
}
