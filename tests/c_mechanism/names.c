/* Names: a text of a type, and attributes that anybody may set. */
#include "faults.h"
#include <stdlib.h>
#include <string.h>

gss_name_t name_new(gss_OID mechanism, gss_OID type, const char *text)
{
	gss_name_t name = calloc(1, sizeof *name);
	if (name == NULL || (name->text = text_of(text, strlen(text))) == NULL) {
		free(name);
		return NULL;
	}
	name->mechanism = mechanism;
	name->type = type;
	enter(NAME, name);
	return name;
}

static void attribute_free(struct attribute *attribute)
{
	free(attribute->key);
	free(attribute->value);
	free(attribute);
}

void name_free(gss_name_t name)
{
	leave(NAME, name);
	while (name->attributes != NULL) {
		struct attribute *first = name->attributes;
		name->attributes = first->next;
		attribute_free(first);
	}
	free(name->text);
	free(name);
}

static int add(gss_name_t name, char *key, char *value)
{
	struct attribute *attribute = malloc(sizeof *attribute);
	if (attribute == NULL || key == NULL || value == NULL) {
		free(attribute);
		free(key);
		free(value);
		return 0;
	}
	*attribute = (struct attribute){key, value, name->attributes};
	name->attributes = attribute;
	return 1;
}

/* 04 01 (02 with attributes), the OID's DER with two octets of length, the body with four (RFC 2743 section 3.2). */
OM_uint32 name_export(OM_uint32 *minor, gss_name_t name, int composite, gss_buffer_t output)
{
	struct octets body = {0}, all = {0};
	gss_OID oid = name->mechanism;
	unsigned char head[6] = {4, composite ? 2 : 1, 0, (unsigned char)(oid->length + 2), 6, (unsigned char)oid->length};
	put_number(&body, name->type == &nt_hostbased ? 1 : name->type == &nt_anonymous ? 2 : 0);
	put_counted(&body, name->text, strlen(name->text));
	for (struct attribute *at = name->attributes; composite && at != NULL; at = at->next) {
		put_counted(&body, at->key, strlen(at->key));
		put_counted(&body, at->value, strlen(at->value));
	}
	put(&all, head, sizeof head);
	put(&all, oid->elements, oid->length);
	put_counted(&all, body.value, body.length);
	all.failed |= body.failed;
	free(body.value);
	return give(minor, &all, output);
}

static OM_uint32 import_exported(OM_uint32 *minor, gss_buffer_t input, gss_name_t *output)
{
	struct octets octets = {input->value, input->length, 0, 0};
	const unsigned char *head = take(&octets, 6);
	gss_OID_desc oid;
	gss_OID mechanism;
	gss_name_t name;
	uint32_t type;
	char *text;
	if (head == NULL || head[0] != 4 || (head[1] != 1 && head[1] != 2) || head[4] != 6)
		return refuse(minor, GSS_S_BAD_NAME, MINOR_NAME);
	oid.length = head[5];
	oid.elements = (void *)(uintptr_t)take(&octets, oid.length);
	if (octets.failed || (mechanism = mechanism_of(&oid)) == NULL
	    || take_number(&octets) != octets.length - octets.at)
		return refuse(minor, GSS_S_BAD_NAME, MINOR_NAME);
	type = take_number(&octets);
	text = take_text(&octets);
	if (text == NULL)
		return refuse(minor, GSS_S_BAD_NAME, MINOR_NAME);
	name = name_new(mechanism, type == 1 ? &nt_hostbased : type == 2 ? &nt_anonymous : &nt_user, text);
	free(text);
	if (name == NULL)
		return refuse(minor, GSS_S_FAILURE, MINOR_MEMORY);
	while (!octets.failed && octets.at < octets.length) {
		char *key = take_text(&octets), *value = take_text(&octets);
		octets.failed |= !add(name, key, value);
	}
	if (octets.failed) {
		name_free(name);
		return refuse(minor, GSS_S_BAD_NAME, MINOR_NAME);
	}
	*output = name;
	return GSS_S_COMPLETE;
}

OM_uint32 name_import(OM_uint32 *minor, gss_OID mechanism, gss_buffer_t input, gss_OID type, gss_name_t *output)
{
	gss_OID own = type == GSS_C_NO_OID || same_oid(type, &nt_user) ? &nt_user
	    : same_oid(type, &nt_hostbased)                            ? &nt_hostbased
	    : same_oid(type, &nt_anonymous)                            ? &nt_anonymous
	                                                               : NULL;
	char *text;
	if (same_oid(type, &nt_exported) || same_oid(type, &nt_composite))
		return import_exported(minor, input, output);
	if (own == NULL)
		return refuse(minor, GSS_S_BAD_NAMETYPE, MINOR_NAME);
	text = text_of(input->value, input->length);
	*output = text == NULL ? NULL : name_new(mechanism, own, own == &nt_anonymous ? "ANONYMOUS" : text);
	free(text);
	return *output == NULL ? refuse(minor, GSS_S_FAILURE, MINOR_MEMORY) : (OM_uint32)GSS_S_COMPLETE;
}

OM_uint32 name_duplicate(OM_uint32 *minor, gss_name_t name, gss_name_t *output)
{
	gss_name_t copy = name_new(name->mechanism, name->type, name->text);
	int good = copy != NULL;
	for (struct attribute *at = name->attributes; good && at != NULL; at = at->next)
		good = add(copy, text_of(at->key, strlen(at->key)), text_of(at->value, strlen(at->value)));
	if (!good) {
		if (copy != NULL)
			name_free(copy);
		return refuse(minor, GSS_S_FAILURE, MINOR_MEMORY);
	}
	*output = copy;
	return GSS_S_COMPLETE;
}

/* Each name has one attribute of the mechanism's, with two values. */
#define BUILT_IN "urn:c-mechanism:kind"

OM_uint32 name_inquire(OM_uint32 *minor, gss_name_t name, gss_buffer_set_t *attributes)
{
	const char *keys[64] = {BUILT_IN};
	size_t count = 1;
	for (struct attribute *at = name->attributes; at != NULL && count < 64; at = at->next)
		keys[count++] = at->key;
	return buffer_set_of(minor, keys, count, attributes);
}

static int is(gss_buffer_t buffer, const char *text)
{
	return buffer->length == strlen(text) && memcmp(buffer->value, text, buffer->length) == 0;
}

OM_uint32 name_get(OM_uint32 *minor, gss_name_t name, gss_buffer_t key, int *authenticated, int *complete,
    gss_buffer_t value, gss_buffer_t shown, int *more)
{
	const char *text = NULL;
	int built_in = is(key, BUILT_IN);
	if (built_in && *more != -1 && *more != 1)
		return refuse(minor, GSS_S_FAILURE, MINOR_ARGUMENT);
	if (built_in)
		text = *more == -1 ? "toy" : "test";
	for (struct attribute *at = name->attributes; text == NULL && at != NULL; at = at->next)
		if (is(key, at->key))
			text = at->value;
	if (text == NULL)
		return refuse(minor, GSS_S_UNAVAILABLE, MINOR_NAME);
	if (authenticated != NULL)
		*authenticated = built_in;
	if (complete != NULL)
		*complete = 1;
	*more = built_in && *more == -1;
	if (give_text(minor, text, value) != GSS_S_COMPLETE)
		return GSS_S_FAILURE;
	return give_text(minor, text, shown);
}

OM_uint32 name_delete(OM_uint32 *minor, gss_name_t name, gss_buffer_t key)
{
	for (struct attribute **place = &name->attributes; *place != NULL; place = &(*place)->next) {
		struct attribute *found = *place;
		if (is(key, found->key)) {
			*place = found->next;
			attribute_free(found);
			return GSS_S_COMPLETE;
		}
	}
	return refuse(minor, GSS_S_UNAVAILABLE, MINOR_NAME);
}

OM_uint32 name_set(OM_uint32 *minor, gss_name_t name, gss_buffer_t key, gss_buffer_t value)
{
	if (is(key, BUILT_IN))
		return refuse(minor, GSS_S_UNAUTHORIZED, MINOR_NAME);
	name_delete(minor, name, key);
	*minor = 0;
	if (!add(name, text_of(key->value, key->length), text_of(value->value, value->length)))
		return refuse(minor, GSS_S_FAILURE, MINOR_MEMORY);
	return GSS_S_COMPLETE;
}
