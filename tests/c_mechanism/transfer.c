/* A context as octets, at any stage: what a mechanism's export token holds. The session key is in clear. */
#include "faults.h"
#include <stdlib.h>
#include <string.h>

static void put_optional(struct octets *octets, const char *text)
{
	put_number(octets, text != NULL);
	if (text != NULL)
		put_counted(octets, text, strlen(text));
}

static char *take_optional(struct octets *octets)
{
	uint32_t there = take_number(octets);
	octets->failed |= there > 1;
	return there == 1 ? take_text(octets) : NULL;
}

OM_uint32 context_export(OM_uint32 *minor, gss_ctx_id_t context, gss_buffer_t output)
{
	struct octets octets = {0};
	unsigned char sum[8];
	put(&octets, "CTX1", 4);
	put_number(&octets, context->mechanism == &mechanisms[1]);
	put_number(&octets, (uint32_t)context->initiator);
	put_number(&octets, context->legs);
	put_number(&octets, (uint32_t)context->open);
	put_number(&octets, context->flags);
	put_number(&octets, (uint32_t)context->end);
	put_number(&octets, context->send);
	put_number(&octets, context->receive);
	put(&octets, context->key, KEY_LENGTH);
	put_optional(&octets, context->source);
	put_optional(&octets, context->target);
	put_optional(&octets, context->delegated);
	put_optional(&octets, context->option);
	put_sum(sum, checksum(CHECKSUM_START, octets.value, octets.length));
	put(&octets, sum, 8);
	return give(minor, &octets, output);
}

OM_uint32 context_import(OM_uint32 *minor, gss_buffer_t input, gss_ctx_id_t *output)
{
	struct octets octets = {input->value, input->length, 0, 0};
	const unsigned char *magic = take(&octets, 4), *key;
	uint32_t which = take_number(&octets);
	unsigned char sum[8];
	gss_ctx_id_t context;
	if (octets.failed || memcmp(magic, "CTX1", 4) != 0 || which > 1 || octets.length < 12)
		return refuse(minor, GSS_S_DEFECTIVE_TOKEN, MINOR_TOKEN);
	octets.length -= 8;
	put_sum(sum, checksum(CHECKSUM_START, octets.value, octets.length));
	if (memcmp(sum, octets.value + octets.length, 8) != 0)
		return refuse(minor, GSS_S_DEFECTIVE_TOKEN, MINOR_CHECKSUM);
	context = context_new(&mechanisms[which], 0);
	if (context == NULL)
		return refuse(minor, GSS_S_FAILURE, MINOR_MEMORY);
	context->initiator = (int)take_number(&octets);
	context->legs = take_number(&octets);
	context->open = (int)take_number(&octets);
	context->flags = take_number(&octets);
	context->end = take_number(&octets);
	context->send = take_number(&octets);
	context->receive = take_number(&octets);
	key = take(&octets, KEY_LENGTH);
	if (key != NULL)
		memcpy(context->key, key, KEY_LENGTH);
	context->source = take_optional(&octets);
	context->target = take_optional(&octets);
	context->delegated = take_optional(&octets);
	context->option = take_optional(&octets);
	if (octets.failed || octets.at != octets.length) {
		context_free(context);
		return refuse(minor, GSS_S_DEFECTIVE_TOKEN, MINOR_TOKEN);
	}
	*output = context;
	return GSS_S_COMPLETE;
}
