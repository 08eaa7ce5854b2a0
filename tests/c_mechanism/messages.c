/*
 * Messages: HEADER (16: 'W', encrypted, who sent it, how much padding, number, checksum) | DATA | PADDING up to a
 * multiple of 4 | TRAILER (4). A MIC is a header by itself, with 'M'. Checksums cover the first half of the header, the
 * data, and what is only signed.
 */
#include "mechanism.h"
#include <stdlib.h>
#include <string.h>

static const unsigned char TRAILER[TRAILER_LENGTH] = "tail";

static uint32_t kind_of(const gss_iov_buffer_desc *piece)
{
	return GSS_IOV_BUFFER_TYPE(piece->type);
}

static gss_iov_buffer_desc *only(gss_iov_buffer_desc *iov, int count, uint32_t kind)
{
	gss_iov_buffer_desc *found = NULL;
	for (int i = 0; i < count; i++)
		if (kind_of(&iov[i]) == kind)
			found = &iov[i];
	return found;
}

static int is_data(const gss_iov_buffer_desc *piece)
{
	return kind_of(piece) == GSS_IOV_BUFFER_TYPE_DATA;
}

static size_t data_length(const gss_iov_buffer_desc *iov, int count)
{
	size_t length = 0;
	for (int i = 0; i < count; i++)
		length += is_data(&iov[i]) ? iov[i].buffer.length : 0;
	return length;
}

static uint64_t sum_of(gss_ctx_id_t context, const unsigned char *header, const gss_iov_buffer_desc *iov, int count)
{
	uint64_t sum = checksum(checksum(CHECKSUM_START, context->key, KEY_LENGTH), header, 8);
	for (int i = 0; i < count; i++)
		if (is_data(&iov[i]) || kind_of(&iov[i]) == GSS_IOV_BUFFER_TYPE_SIGN_ONLY)
			sum = checksum(sum, iov[i].buffer.value, iov[i].buffer.length);
	return sum;
}

static void hide(gss_ctx_id_t context, uint32_t number, gss_iov_buffer_desc *iov, int count)
{
	size_t at = 0;
	for (int i = 0; i < count; i++) {
		unsigned char *data = iov[i].buffer.value;
		for (size_t j = 0; is_data(&iov[i]) && j < iov[i].buffer.length; j++, at++)
			data[j] ^= (unsigned char)(context->key[at % KEY_LENGTH] + number + at);
	}
}

static void fill_header(gss_ctx_id_t context, char kind, int confidential, size_t padding, unsigned char header[16])
{
	uint32_t number = context->send++;
	memset(header, 0, 16);
	header[0] = (unsigned char)kind;
	header[1] = confidential != 0;
	header[2] = (unsigned char)context->initiator;
	header[3] = (unsigned char)padding;
	for (int i = 0; i < 4; i++)
		header[4 + i] = (unsigned char)(number >> (24 - 8 * i));
}

static uint32_t number_of(const unsigned char *header)
{
	return (uint32_t)header[4] << 24 | (uint32_t)header[5] << 16 | (uint32_t)header[6] << 8 | header[7];
}

static OM_uint32 in_order(gss_ctx_id_t context, const unsigned char *header)
{
	uint32_t number = number_of(header), expected = context->receive;
	if (number < expected)
		return number + 1 == expected ? GSS_S_DUPLICATE_TOKEN : GSS_S_OLD_TOKEN;
	context->receive = number + 1;
	return number == expected ? GSS_S_COMPLETE : GSS_S_GAP_TOKEN;
}

/* Room for a piece that is not data: the caller's, or from malloc where it asks for that. */
static int place(gss_iov_buffer_desc *piece, size_t length, int only_lengths)
{
	if (piece == NULL)
		return length == 0;
	if (only_lengths || !(piece->type & GSS_IOV_BUFFER_FLAG_ALLOCATE)) {
		if (!only_lengths && piece->buffer.length < length)
			return 0;
		piece->buffer.length = length;
		return 1;
	}
	piece->buffer.value = malloc(length + 1);
	piece->buffer.length = length;
	if (piece->buffer.value == NULL)
		return 0;
	piece->type |= GSS_IOV_BUFFER_FLAG_ALLOCATED;
	return 1;
}

OM_uint32 message_wrap_iov(OM_uint32 *minor, gss_ctx_id_t context, int confidential, gss_iov_buffer_desc *iov,
    int count, int only_lengths)
{
	gss_iov_buffer_desc *header = only(iov, count, GSS_IOV_BUFFER_TYPE_HEADER);
	gss_iov_buffer_desc *padding = only(iov, count, GSS_IOV_BUFFER_TYPE_PADDING);
	gss_iov_buffer_desc *trailer = only(iov, count, GSS_IOV_BUFFER_TYPE_TRAILER);
	size_t missing = (BLOCK - data_length(iov, count) % BLOCK) % BLOCK;
	OM_uint32 major = context_ready(minor, context);
	if (major != GSS_S_COMPLETE)
		return major;
	if (header == NULL || trailer == NULL || !place(header, HEADER_LENGTH, only_lengths)
	    || !place(padding, missing, only_lengths) || !place(trailer, TRAILER_LENGTH, only_lengths))
		return refuse(minor, GSS_S_FAILURE, MINOR_ARGUMENT);
	if (only_lengths)
		return GSS_S_COMPLETE;
	fill_header(context, 'W', confidential, missing, header->buffer.value);
	put_sum((unsigned char *)header->buffer.value + 8, sum_of(context, header->buffer.value, iov, count));
	if (padding != NULL)
		memset(padding->buffer.value, 'p', missing);
	memcpy(trailer->buffer.value, TRAILER, TRAILER_LENGTH);
	if (confidential)
		hide(context, number_of(header->buffer.value), iov, count);
	return GSS_S_COMPLETE;
}

static OM_uint32 check(OM_uint32 *minor, gss_ctx_id_t context, const gss_buffer_desc *header, char kind,
    gss_iov_buffer_desc *iov, int count)
{
	const unsigned char *bytes = header->value;
	unsigned char sum[8];
	if (header->length != HEADER_LENGTH || bytes[0] != kind || bytes[2] == context->initiator)
		return refuse(minor, GSS_S_DEFECTIVE_TOKEN, MINOR_TOKEN);
	if (bytes[1])
		hide(context, number_of(bytes), iov, count);
	put_sum(sum, sum_of(context, bytes, iov, count));
	if (memcmp(sum, bytes + 8, 8) != 0)
		return refuse(minor, GSS_S_BAD_MIC, MINOR_CHECKSUM);
	return in_order(context, bytes);
}

static OM_uint32 unwrap_stream(OM_uint32 *minor, gss_ctx_id_t context, int *confidential, gss_iov_buffer_desc *stream,
    gss_iov_buffer_desc *iov, int count)
{
	unsigned char *bytes = stream->buffer.value;
	size_t length = stream->buffer.length, padding;
	gss_iov_buffer_desc *data = only(iov, count, GSS_IOV_BUFFER_TYPE_DATA);
	gss_buffer_desc header = {HEADER_LENGTH, bytes};
	gss_iov_buffer_desc kept;
	OM_uint32 major;
	if (length < HEADER_LENGTH + TRAILER_LENGTH || data == NULL)
		return refuse(minor, GSS_S_DEFECTIVE_TOKEN, MINOR_TOKEN);
	padding = bytes[3];
	if (padding >= BLOCK || padding > length - HEADER_LENGTH - TRAILER_LENGTH
	    || memcmp(bytes + length - TRAILER_LENGTH, TRAILER, TRAILER_LENGTH) != 0)
		return refuse(minor, GSS_S_DEFECTIVE_TOKEN, MINOR_TOKEN);
	*confidential = bytes[1];
	kept = *data;
	data->buffer.value = bytes + HEADER_LENGTH;
	data->buffer.length = length - HEADER_LENGTH - TRAILER_LENGTH - padding;
	major = check(minor, context, &header, 'W', iov, count);
	if (GSS_ERROR(major)) {
		*data = kept;
	} else if (data->type & GSS_IOV_BUFFER_FLAG_ALLOCATE) {
		data->buffer.value = text_of(data->buffer.value, data->buffer.length);
		data->type |= GSS_IOV_BUFFER_FLAG_ALLOCATED;
		if (data->buffer.value == NULL)
			return refuse(minor, GSS_S_FAILURE, MINOR_MEMORY);
	}
	return major;
}

OM_uint32 message_unwrap_iov(OM_uint32 *minor, gss_ctx_id_t context, int *confidential, gss_iov_buffer_desc *iov,
    int count)
{
	gss_iov_buffer_desc *stream = only(iov, count, GSS_IOV_BUFFER_TYPE_STREAM);
	gss_iov_buffer_desc *header = only(iov, count, GSS_IOV_BUFFER_TYPE_HEADER);
	gss_iov_buffer_desc *trailer = only(iov, count, GSS_IOV_BUFFER_TYPE_TRAILER);
	OM_uint32 major = context_ready(minor, context);
	if (major != GSS_S_COMPLETE)
		return major;
	if (stream != NULL)
		return unwrap_stream(minor, context, confidential, stream, iov, count);
	if (header == NULL || trailer == NULL || header->buffer.length != HEADER_LENGTH
	    || trailer->buffer.length != TRAILER_LENGTH || memcmp(trailer->buffer.value, TRAILER, TRAILER_LENGTH) != 0)
		return refuse(minor, GSS_S_DEFECTIVE_TOKEN, MINOR_TOKEN);
	*confidential = ((unsigned char *)header->buffer.value)[1];
	return check(minor, context, &header->buffer, 'W', iov, count);
}

OM_uint32 message_wrap(OM_uint32 *minor, gss_ctx_id_t context, int confidential, gss_buffer_t associated,
    gss_buffer_t input, gss_buffer_t output)
{
	size_t padding = (BLOCK - input->length % BLOCK) % BLOCK;
	size_t length = HEADER_LENGTH + input->length + padding + TRAILER_LENGTH;
	unsigned char *token = malloc(length);
	gss_iov_buffer_desc iov[5] = {
	    {GSS_IOV_BUFFER_TYPE_HEADER, {HEADER_LENGTH, token}},
	    {GSS_IOV_BUFFER_TYPE_EMPTY, {0, NULL}},
	    {GSS_IOV_BUFFER_TYPE_DATA, {input->length, NULL}},
	    {GSS_IOV_BUFFER_TYPE_PADDING, {padding, NULL}},
	    {GSS_IOV_BUFFER_TYPE_TRAILER, {TRAILER_LENGTH, NULL}},
	};
	OM_uint32 major;
	if (token == NULL)
		return refuse(minor, GSS_S_FAILURE, MINOR_MEMORY);
	if (associated != GSS_C_NO_BUFFER) {
		iov[1].type = GSS_IOV_BUFFER_TYPE_SIGN_ONLY;
		iov[1].buffer = *associated;
	}
	iov[2].buffer.value = token + HEADER_LENGTH;
	iov[3].buffer.value = token + HEADER_LENGTH + input->length;
	iov[4].buffer.value = token + HEADER_LENGTH + input->length + padding;
	if (input->length > 0)
		memcpy(iov[2].buffer.value, input->value, input->length);
	major = message_wrap_iov(minor, context, confidential, iov, 5, 0);
	if (major != GSS_S_COMPLETE) {
		free(token);
		return major;
	}
	output->length = length;
	output->value = token;
	return GSS_S_COMPLETE;
}

OM_uint32 message_unwrap(OM_uint32 *minor, gss_ctx_id_t context, gss_buffer_t input, gss_buffer_t associated,
    gss_buffer_t output, int *confidential)
{
	/* The token is the caller's, and not to be changed. */
	char *copy = text_of(input->value, input->length);
	gss_iov_buffer_desc iov[3] = {
	    {GSS_IOV_BUFFER_TYPE_STREAM, {input->length, NULL}},
	    {GSS_IOV_BUFFER_TYPE_EMPTY, {0, NULL}},
	    {GSS_IOV_BUFFER_TYPE_DATA | GSS_IOV_BUFFER_FLAG_ALLOCATE, {0, NULL}},
	};
	OM_uint32 major;
	if (copy == NULL)
		return refuse(minor, GSS_S_FAILURE, MINOR_MEMORY);
	iov[0].buffer.value = copy;
	if (associated != GSS_C_NO_BUFFER) {
		iov[1].type = GSS_IOV_BUFFER_TYPE_SIGN_ONLY;
		iov[1].buffer = *associated;
	}
	major = message_unwrap_iov(minor, context, confidential, iov, 3);
	free(copy);
	if (!GSS_ERROR(major))
		*output = iov[2].buffer;
	return major;
}

OM_uint32 mic_make(OM_uint32 *minor, gss_ctx_id_t context, gss_iov_buffer_desc *iov, int count, int only_lengths)
{
	gss_iov_buffer_desc *mic = only(iov, count, GSS_IOV_BUFFER_TYPE_MIC_TOKEN);
	OM_uint32 major = context_ready(minor, context);
	if (major != GSS_S_COMPLETE)
		return major;
	if (mic == NULL || !place(mic, HEADER_LENGTH, only_lengths))
		return refuse(minor, GSS_S_FAILURE, MINOR_ARGUMENT);
	if (only_lengths)
		return GSS_S_COMPLETE;
	fill_header(context, 'M', 0, 0, mic->buffer.value);
	put_sum((unsigned char *)mic->buffer.value + 8, sum_of(context, mic->buffer.value, iov, count));
	return GSS_S_COMPLETE;
}

OM_uint32 mic_check(OM_uint32 *minor, gss_ctx_id_t context, gss_iov_buffer_desc *iov, int count)
{
	gss_iov_buffer_desc *mic = only(iov, count, GSS_IOV_BUFFER_TYPE_MIC_TOKEN);
	OM_uint32 major = context_ready(minor, context);
	if (major != GSS_S_COMPLETE)
		return major;
	if (mic == NULL)
		return refuse(minor, GSS_S_FAILURE, MINOR_ARGUMENT);
	return check(minor, context, &mic->buffer, 'M', iov, count);
}

OM_uint32 random_of(OM_uint32 *minor, gss_ctx_id_t context, int key, gss_buffer_t seed, ssize_t length,
    gss_buffer_t output)
{
	uint64_t sum = checksum(checksum(CHECKSUM_START, context->key, KEY_LENGTH), &key, sizeof key);
	unsigned char *bytes;
	if (length < 0 || (key != GSS_C_PRF_KEY_FULL && key != GSS_C_PRF_KEY_PARTIAL))
		return refuse(minor, GSS_S_FAILURE, MINOR_ARGUMENT);
	if (!context->open)
		return refuse(minor, GSS_S_UNAVAILABLE, MINOR_STAGE);
	bytes = malloc((size_t)length + 1);
	if (bytes == NULL)
		return refuse(minor, GSS_S_FAILURE, MINOR_MEMORY);
	sum = checksum(sum, seed->value, seed->length);
	for (ssize_t i = 0; i < length; i++) {
		sum = checksum(sum, &i, sizeof i);
		bytes[i] = (unsigned char)(sum >> 32);
	}
	output->length = (size_t)length;
	output->value = bytes;
	return GSS_S_COMPLETE;
}
