/*
 * The handshake. One token from the initiator; with GSS_C_MUTUAL_FLAG one back; with GSS_C_DCE_STYLE a third. Each is
 * 0x60, its length, the mechanism's OID (RFC 2743 section 3.1), and then a number, 1 to 3, with:
 *
 *     1   flags, lifetime, channel bindings, nonce, source, target, and the delegated name, or none
 *     2   nonce, and a checksum under the key that both nonces make
 *     3   a checksum
 */
#include "faults.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

gss_ctx_id_t context_new(gss_OID mechanism, int initiator)
{
	gss_ctx_id_t context = calloc(1, sizeof *context);
	if (context != NULL) {
		context->mechanism = mechanism;
		context->initiator = initiator;
		enter(CONTEXT, context);
	}
	return context;
}

void context_free(gss_ctx_id_t context)
{
	leave(CONTEXT, context);
	free(context->source);
	free(context->target);
	free(context->delegated);
	free(context->option);
	free(context);
}

OM_uint32 context_ready(OM_uint32 *minor, gss_ctx_id_t context)
{
	if (!context->open)
		return refuse(minor, GSS_S_NO_CONTEXT, MINOR_STAGE);
	if (lifetime_of(context->end) == 0)
		return refuse(minor, GSS_S_CONTEXT_EXPIRED, MINOR_EXPIRED);
	return GSS_S_COMPLETE;
}

static void make_nonce(unsigned char nonce[8])
{
	static uint64_t number;
	uint64_t mine[4] = {__atomic_add_fetch(&number, 1, __ATOMIC_RELAXED), (uint64_t)getpid(), (uint64_t)time(NULL), 0};
	struct timespec now = {0, 0};
	clock_gettime(CLOCK_MONOTONIC, &now);
	mine[3] = (uint64_t)now.tv_nsec;
	put_sum(nonce, checksum(CHECKSUM_START, mine, sizeof mine));
}

static uint64_t proof(gss_ctx_id_t context, uint32_t leg)
{
	return checksum(checksum(CHECKSUM_START, context->key, KEY_LENGTH), &leg, sizeof leg);
}

static uint32_t sum_of_bindings(gss_channel_bindings_t bindings)
{
	uint64_t sum = CHECKSUM_START;
	if (bindings == GSS_C_NO_CHANNEL_BINDINGS)
		return 0;
	sum = checksum(sum, bindings->application_data.value, bindings->application_data.length);
	sum = checksum(sum, bindings->initiator_address.value, bindings->initiator_address.length);
	sum = checksum(sum, bindings->acceptor_address.value, bindings->acceptor_address.length);
	return (uint32_t)sum | 1;
}

/* With the framing. The context keeps its key. */
static OM_uint32 give_token(OM_uint32 *minor, gss_ctx_id_t context, struct octets *body, gss_buffer_t output)
{
	struct octets token = {0};
	gss_OID oid = context->mechanism;
	size_t length = body->length + oid->length + 2;
	unsigned char head[6] = {0x60, 0x82, (unsigned char)(length >> 8), (unsigned char)length, 6,
	    (unsigned char)oid->length};
	size_t skipped = length < 128 ? 2 : length < 256 ? 1 : 0;
	/* DER: lengths below 128 in one octet, below 256 in two. */
	head[skipped] = 0x60;
	if (skipped == 1)
		head[2] = 0x81;
	put(&token, head + skipped, sizeof head - skipped);
	put(&token, oid->elements, oid->length);
	put(&token, body->value, body->length);
	token.failed |= body->failed || length > 0xffff;
	free(body->value);
	return give(minor, &token, output);
}

/* Past the framing; answers which mechanism's, or NULL. */
static gss_OID take_frame(struct octets *token)
{
	const unsigned char *tag = take(token, 2);
	gss_OID_desc oid;
	if (tag == NULL || tag[0] != 0x60 || tag[1] > 0x82)
		return NULL;
	if (tag[1] >= 0x80)
		take(token, tag[1] & 3u);
	tag = take(token, 2);
	if (tag == NULL || tag[0] != 6)
		return NULL;
	oid.length = tag[1];
	oid.elements = (void *)(uintptr_t)take(token, oid.length);
	return token->failed ? NULL : mechanism_of(&oid);
}

static OM_uint32 first_leg(OM_uint32 *minor, gss_cred_id_t credential, gss_ctx_id_t context, gss_name_t target,
    OM_uint32 flags, OM_uint32 lifetime, gss_channel_bindings_t bindings, gss_buffer_t output)
{
	struct octets body = {0};
	const char *source = flags & GSS_C_ANON_FLAG ? "ANONYMOUS" : credential != NULL ? credential->name : "somebody";
	context->flags = flags & (GSS_C_DELEG_FLAG | GSS_C_MUTUAL_FLAG | GSS_C_ANON_FLAG | GSS_C_DCE_STYLE);
	context->flags |= GSS_C_REPLAY_FLAG | GSS_C_SEQUENCE_FLAG | GSS_C_CONF_FLAG | GSS_C_INTEG_FLAG;
	context->source = text_of(source, strlen(source));
	context->target = text_of(target->text, strlen(target->text));
	context->end = end_after(lifetime);
	make_nonce(context->key);
	if (context->source == NULL || context->target == NULL)
		return refuse(minor, GSS_S_FAILURE, MINOR_MEMORY);
	put_number(&body, 1);
	put_number(&body, context->flags);
	put_number(&body, lifetime);
	put_number(&body, sum_of_bindings(bindings));
	put(&body, context->key, 8);
	put_counted(&body, source, strlen(source));
	put_counted(&body, context->target, strlen(context->target));
	if (flags & GSS_C_DELEG_FLAG)
		put_counted(&body, source, strlen(source));
	return give_token(minor, context, &body, output);
}

static OM_uint32 check_proof(OM_uint32 *minor, gss_ctx_id_t context, uint32_t leg, struct octets *token)
{
	unsigned char expected[8];
	const unsigned char *given = take(token, 8);
	put_sum(expected, proof(context, leg));
	if (given == NULL || token->at != token->length || memcmp(given, expected, 8) != 0)
		return refuse(minor, GSS_S_DEFECTIVE_TOKEN, MINOR_CHECKSUM);
	return GSS_S_COMPLETE;
}

static OM_uint32 second_leg(OM_uint32 *minor, gss_ctx_id_t context, gss_buffer_t input, gss_buffer_t output)
{
	struct octets token = {input->value, input->length, 0, 0}, body = {0};
	const unsigned char *nonce;
	unsigned char sum[8];
	OM_uint32 major;
	if (context->legs != 1 || context->open)
		return refuse(minor, GSS_S_FAILURE, MINOR_STAGE);
	if (take_frame(&token) != context->mechanism || take_number(&token) != 2 || (nonce = take(&token, 8)) == NULL)
		return refuse(minor, GSS_S_DEFECTIVE_TOKEN, MINOR_TOKEN);
	memcpy(context->key + 8, nonce, 8);
	major = check_proof(minor, context, 2, &token);
	if (major != GSS_S_COMPLETE || !(context->flags & GSS_C_DCE_STYLE))
		return major;
	put_number(&body, 3);
	put_sum(sum, proof(context, 3));
	put(&body, sum, 8);
	return give_token(minor, context, &body, output);
}

OM_uint32 context_initiate(OM_uint32 *minor, gss_cred_id_t credential, gss_ctx_id_t *context, gss_name_t target,
    gss_OID mechanism, OM_uint32 flags, OM_uint32 lifetime, gss_channel_bindings_t bindings, gss_buffer_t input,
    gss_buffer_t output)
{
	OM_uint32 major;
	int first = *context == GSS_C_NO_CONTEXT;
	gss_ctx_id_t mine = *context;
	if (first) {
		if (mechanism == NULL)
			return refuse(minor, GSS_S_BAD_MECH, MINOR_ARGUMENT);
		if (target == GSS_C_NO_NAME)
			return refuse(minor, GSS_S_BAD_NAME, MINOR_NAME);
		mine = context_new(mechanism, 1);
		if (mine == NULL)
			return refuse(minor, GSS_S_FAILURE, MINOR_MEMORY);
		major = first_leg(minor, credential, mine, target, flags, lifetime, bindings, output);
	} else if (!mine->initiator || input == GSS_C_NO_BUFFER) {
		return refuse(minor, GSS_S_FAILURE, MINOR_STAGE);
	} else {
		major = second_leg(minor, mine, input, output);
	}
	if (major != GSS_S_COMPLETE) {
		if (first)
			context_free(mine);
		return major;
	}
	mine->legs++;
	mine->open = mine->legs > 1 || !(mine->flags & (GSS_C_MUTUAL_FLAG | GSS_C_DCE_STYLE));
	*context = mine;
	return mine->open ? GSS_S_COMPLETE : GSS_S_CONTINUE_NEEDED;
}

static OM_uint32 read_first(OM_uint32 *minor, gss_ctx_id_t context, struct octets *token,
    gss_channel_bindings_t bindings)
{
	const unsigned char *nonce;
	uint32_t lifetime, bound;
	if (take_number(token) != 1)
		return refuse(minor, GSS_S_DEFECTIVE_TOKEN, MINOR_TOKEN);
	context->flags = take_number(token);
	lifetime = take_number(token);
	bound = take_number(token);
	nonce = take(token, 8);
	context->source = take_text(token);
	context->target = take_text(token);
	if (context->flags & GSS_C_DELEG_FLAG)
		context->delegated = take_text(token);
	if (token->failed || token->at != token->length)
		return refuse(minor, GSS_S_DEFECTIVE_TOKEN, MINOR_TOKEN);
	if (bindings != GSS_C_NO_CHANNEL_BINDINGS && bound != sum_of_bindings(bindings))
		return refuse(minor, GSS_S_BAD_BINDINGS, MINOR_CHECKSUM);
	memcpy(context->key, nonce, 8);
	context->end = end_after(lifetime);
	return GSS_S_COMPLETE;
}

OM_uint32 context_accept(OM_uint32 *minor, gss_ctx_id_t *context, gss_cred_id_t credential, gss_buffer_t input,
    gss_channel_bindings_t bindings, gss_buffer_t output)
{
	struct octets token = {input->value, input->length, 0, 0}, body = {0};
	gss_OID mechanism = take_frame(&token);
	gss_ctx_id_t mine = *context;
	int back;
	OM_uint32 major;
	unsigned char sum[8];
	(void)credential;
	if (mechanism == NULL)
		return refuse(minor, GSS_S_DEFECTIVE_TOKEN, MINOR_TOKEN);
	if (mine != GSS_C_NO_CONTEXT) {
		if (mine->initiator || mine->open || mine->legs != 1)
			return refuse(minor, GSS_S_FAILURE, MINOR_STAGE);
		if (take_number(&token) != 3)
			return refuse(minor, GSS_S_DEFECTIVE_TOKEN, MINOR_TOKEN);
		major = check_proof(minor, mine, 3, &token);
		mine->open = major == GSS_S_COMPLETE;
		mine->legs += mine->open;
		return major;
	}
	mine = context_new(mechanism, 0);
	if (mine == NULL)
		return refuse(minor, GSS_S_FAILURE, MINOR_MEMORY);
	major = read_first(minor, mine, &token, bindings);
	back = major == GSS_S_COMPLETE && (mine->flags & (GSS_C_MUTUAL_FLAG | GSS_C_DCE_STYLE));
	if (back) {
		make_nonce(mine->key + 8);
		put_number(&body, 2);
		put(&body, mine->key + 8, 8);
		put_sum(sum, proof(mine, 2));
		put(&body, sum, 8);
		major = give_token(minor, mine, &body, output);
	}
	if (major != GSS_S_COMPLETE) {
		context_free(mine);
		return major;
	}
	mine->legs = 1;
	mine->open = !(mine->flags & GSS_C_DCE_STYLE);
	*context = mine;
	return mine->open ? GSS_S_COMPLETE : GSS_S_CONTINUE_NEEDED;
}
