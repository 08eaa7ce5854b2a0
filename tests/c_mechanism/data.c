/* Octets, OIDs and sets: what every part of the mechanism is made of. */
#include "mechanism.h"
#include <stdlib.h>
#include <string.h>

void put(struct octets *octets, const void *value, size_t length)
{
	unsigned char *longer;
	if (octets->failed || length == 0)
		return;
	longer = realloc(octets->value, octets->length + length);
	if (longer == NULL) {
		octets->failed = 1;
		return;
	}
	memcpy(longer + octets->length, value, length);
	octets->value = longer;
	octets->length += length;
}

void put_number(struct octets *octets, uint32_t number)
{
	unsigned char bytes[4];
	for (int i = 0; i < 4; i++)
		bytes[i] = (unsigned char)(number >> (24 - 8 * i));
	put(octets, bytes, 4);
}

void put_counted(struct octets *octets, const void *value, size_t length)
{
	put_number(octets, (uint32_t)length);
	put(octets, value, length);
}

const unsigned char *take(struct octets *octets, size_t length)
{
	const unsigned char *here = octets->value == NULL ? NULL : octets->value + octets->at;
	if (octets->failed || length > octets->length - octets->at) {
		octets->failed = 1;
		return NULL;
	}
	octets->at += length;
	return here;
}

uint32_t take_number(struct octets *octets)
{
	const unsigned char *bytes = take(octets, 4);
	if (bytes == NULL)
		return 0;
	return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

char *text_of(const void *value, size_t length)
{
	char *text = malloc(length + 1);
	if (text != NULL) {
		if (length > 0)
			memcpy(text, value, length);
		text[length] = '\0';
	}
	return text;
}

char *take_text(struct octets *octets)
{
	uint32_t length = take_number(octets);
	const unsigned char *bytes = take(octets, length);
	char *text = bytes == NULL ? NULL : text_of(bytes, length);
	octets->failed |= text == NULL;
	return text;
}

OM_uint32 give(OM_uint32 *minor, struct octets *octets, gss_buffer_t output)
{
	if (octets->failed) {
		free(octets->value);
		return refuse(minor, GSS_S_FAILURE, MINOR_MEMORY);
	}
	output->length = octets->length;
	output->value = octets->value;
	return GSS_S_COMPLETE;
}

OM_uint32 give_text(OM_uint32 *minor, const char *text, gss_buffer_t output)
{
	struct octets octets = {0};
	if (output == NULL)
		return GSS_S_COMPLETE;
	put(&octets, text, strlen(text));
	return give(minor, &octets, output);
}

/* 1.3.6.1.4.1.42.2.26.1.3 and .4 */
gss_OID_desc mechanisms[2] = {{10, "\x2b\x06\x01\x04\x01\x2a\x02\x1a\x01\x03"},
    {10, "\x2b\x06\x01\x04\x01\x2a\x02\x1a\x01\x04"}};
gss_OID_desc nt_user = {10, "\x2a\x86\x48\x86\xf7\x12\x01\x02\x01\x01"};
gss_OID_desc nt_hostbased = {10, "\x2a\x86\x48\x86\xf7\x12\x01\x02\x01\x04"};
gss_OID_desc nt_anonymous = {6, "\x2b\x06\x01\x05\x06\x03"};
gss_OID_desc nt_exported = {6, "\x2b\x06\x01\x05\x06\x04"};
gss_OID_desc nt_composite = {6, "\x2b\x06\x01\x05\x06\x06"};

int same_oid(gss_const_OID one, gss_const_OID other)
{
	return one == other || (one != NULL && other != NULL && one->length == other->length
	    && memcmp(one->elements, other->elements, one->length) == 0);
}

/* Our own object of this OID; NULL for another's. */
gss_OID mechanism_of(gss_const_OID oid)
{
	if (oid == GSS_C_NO_OID || same_oid(oid, &mechanisms[0]))
		return &mechanisms[0];
	return same_oid(oid, &mechanisms[1]) ? &mechanisms[1] : NULL;
}

void free_oid_set(gss_OID_set *set)
{
	if (*set == NULL)
		return;
	for (size_t i = 0; i < (*set)->count; i++)
		free((*set)->elements[i].elements);
	free((*set)->elements);
	free(*set);
	*set = NULL;
}

void free_buffer_set(gss_buffer_set_t *set)
{
	if (*set == NULL)
		return;
	for (size_t i = 0; i < (*set)->count; i++)
		free((*set)->elements[i].value);
	free((*set)->elements);
	free(*set);
	*set = NULL;
}

OM_uint32 oid_set_of(OM_uint32 *minor, const gss_OID_desc *const *oids, size_t count, gss_OID_set *set)
{
	if (set == NULL)
		return GSS_S_COMPLETE;
	*set = calloc(1, sizeof **set);
	if (*set == NULL || ((*set)->elements = calloc(count + 1, sizeof *(*set)->elements)) == NULL) {
		free(*set);
		*set = NULL;
		return refuse(minor, GSS_S_FAILURE, MINOR_MEMORY);
	}
	for (size_t i = 0; i < count; i++) {
		gss_OID element = &(*set)->elements[i];
		element->elements = text_of(oids[i]->elements, oids[i]->length);
		if (element->elements == NULL) {
			free_oid_set(set);
			return refuse(minor, GSS_S_FAILURE, MINOR_MEMORY);
		}
		element->length = oids[i]->length;
		(*set)->count++;
	}
	return GSS_S_COMPLETE;
}

OM_uint32 buffer_set_of(OM_uint32 *minor, const char *const *texts, size_t count, gss_buffer_set_t *set)
{
	if (set == NULL)
		return GSS_S_COMPLETE;
	*set = calloc(1, sizeof **set);
	if (*set == NULL || ((*set)->elements = calloc(count + 1, sizeof *(*set)->elements)) == NULL) {
		free(*set);
		*set = NULL;
		return refuse(minor, GSS_S_FAILURE, MINOR_MEMORY);
	}
	for (size_t i = 0; i < count; i++) {
		if (give_text(minor, texts[i], &(*set)->elements[i]) != GSS_S_COMPLETE) {
			free_buffer_set(set);
			return GSS_S_FAILURE;
		}
		(*set)->count++;
	}
	return GSS_S_COMPLETE;
}

uint64_t checksum(uint64_t sum, const void *value, size_t length)
{
	for (size_t i = 0; i < length; i++)
		sum = (sum ^ ((const unsigned char *)value)[i]) * UINT64_C(0x100000001b3);
	return sum;
}

void put_sum(unsigned char *octets, uint64_t sum)
{
	for (int i = 0; i < 8; i++)
		octets[i] = (unsigned char)(sum >> (56 - 8 * i));
}

OM_uint32 lifetime_of(time_t end)
{
	time_t now = time(NULL);
	return end == 0 ? GSS_C_INDEFINITE : end <= now ? 0 : (OM_uint32)(end - now);
}

time_t end_after(OM_uint32 lifetime)
{
	return lifetime == 0 || lifetime == GSS_C_INDEFINITE ? 0 : time(NULL) + (time_t)lifetime;
}
