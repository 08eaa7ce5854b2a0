/* A library such as curl's: it uses MIT's for itself, and says nothing of it. */
#include "neighbours.h"

gss_name_t mit_side(void);

gss_name_t mit_side(void)
{
    print_owners("mit");
    return work("mit");
}
