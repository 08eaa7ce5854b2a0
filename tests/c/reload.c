/*
 * A program that is not linked with libgss, and loads and unloads what is.
 *
 *     reload MODULE LIBRARY    module.c as a shared object, and the libgss that it has to find
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECK(condition)                                                                                               \
	do {                                                                                                               \
		if (!(condition)) {                                                                                            \
			const char *error = dlerror();                                                                             \
			fprintf(stderr, "%s:%d: not so: %s (%s)\n", __FILE__, __LINE__, #condition, error ? error : "");           \
			exit(1);                                                                                                   \
		}                                                                                                              \
	} while (0)

/* Whether this very file is mapped, and no other GSS-API library. */
static int is_mapped(const char *library)
{
	char line[4200];
	int found = 0;
	char *real = realpath(library, NULL);
	CHECK(real != NULL);
	FILE *maps = fopen("/proc/self/maps", "r");
	CHECK(maps != NULL);
	while (fgets(line, sizeof line, maps)) {
		found |= strstr(line, real) != NULL;
		CHECK(strstr(line, "libgssapi") == NULL);
		CHECK(strstr(line, "/libgss.so") == NULL || strstr(line, real) != NULL);
	}
	fclose(maps);
	free(real);
	return found;
}

static void *one, *other;
static int (*work)(void **, void **);

/* On a thread that is gone when the module is closed: a thread that has used a library may keep it by that alone. */
static void *use(void *unused)
{
	CHECK(work(&one, &other));
	return unused;
}

int main(int count, char **arguments)
{
	void *address = NULL;
	CHECK(count == 3);
	const char *module = arguments[1], *library = arguments[2];
	CHECK(!is_mapped(library));
	for (int round = 0; round < 20; round++) {
		void *handle = dlopen(module, RTLD_NOW | RTLD_LOCAL);
		CHECK(handle != NULL);
		CHECK(is_mapped(library));
		work = (int (*)(void **, void **))dlsym(handle, "module_work");
		CHECK(work != NULL);
		/* The contexts of the second round go on, whatever was unloaded meanwhile. */
		if (round > 0) {
			pthread_t thread;
			CHECK(pthread_create(&thread, NULL, use, NULL) == 0);
			CHECK(pthread_join(thread, NULL) == 0);
		}
		if (round == 19)
			((void (*)(void *, void *))dlsym(handle, "module_end"))(one, other);
		CHECK(dlclose(handle) == 0);
		CHECK(dlopen(module, RTLD_NOW | RTLD_NOLOAD) == NULL);
		/* The module is gone, we stay. */
		CHECK(is_mapped(library));
	}
	for (int round = 0; round < 20; round++) {
		Dl_info info;
		void *handle = dlopen(library, RTLD_NOW | RTLD_LOCAL);
		CHECK(handle != NULL);
		void *symbol = dlsym(handle, "gss_export_sec_context");
		CHECK(symbol != NULL && (address == NULL || symbol == address));
		address = symbol;
		CHECK(dladdr(symbol, &info) != 0 && strstr(info.dli_fname, "libgss.so") != NULL);
		CHECK(dlclose(handle) == 0);
	}
	return 0;
}
