/* A program that uses our library for itself, and MIT's by way of a library that is linked or, as argument 1, loaded. */
#include "neighbours.h"

#ifdef LINKED
gss_name_t mit_side(void);
#endif

int main(int count, char **arguments)
{
    gss_name_t (*mit)(void);
    gss_name_t foreign, name;
    OM_uint32 minor;

#ifdef LINKED
    (void)count;
    (void)arguments;
    mit = mit_side;
#else
    void *helper = count == 2 ? dlopen(arguments[1], RTLD_NOW | RTLD_LOCAL) : NULL;

    if (helper == NULL || (*(void **)&mit = dlsym(helper, "mit_side")) == NULL) {
        fprintf(stderr, "%s\n", dlerror());
        return 1;
    }
#endif
    print_owners("ours");
    name = work("ours");
    foreign = mit();
    /* Both at work in turn, and a handle of theirs in our hands. */
    work("ours");
    printf("ours foreign name %08x\n", gss_release_name(&minor, &foreign));
    printf("ours own name %08x\n", gss_release_name(&minor, &name));
    return 0;
}
