/* What programs load and unload: a module that uses libgss, as a web server's does. See reload.c. */
#include "common.h"

/* The first time it makes a pair of contexts, and later it uses the one there is. */
int module_work(void **one, void **other)
{
	if (*one == NULL)
		establish((gss_ctx_id_t *)one, (gss_ctx_id_t *)other);
	return converse(*one, *other);
}

void module_end(void *one, void *other)
{
	delete(one);
	delete(other);
}
