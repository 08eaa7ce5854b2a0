/* What the switch calls on messages; the faults around it. */
#include "exported.h"
#include <string.h>

static OM_uint32 wrap(struct call *call, OM_uint32 *minor, gss_ctx_id_t context, int confidential, gss_qop_t qop,
    gss_buffer_t associated, gss_buffer_t input, int *state, gss_buffer_t output)
{
	OM_uint32 major = qop == GSS_C_QOP_DEFAULT
	    ? message_wrap(minor, context, confidential, associated, input, output)
	    : refuse(minor, GSS_S_BAD_QOP, MINOR_ARGUMENT);
	if (!GSS_ERROR(major)) {
		if (state != NULL)
			*state = confidential != 0;
		spoil_buffer(call, output);
		spoil_flag(call, state);
	}
	return end(call, minor, major);
}

static OM_uint32 unwrap(struct call *call, OM_uint32 *minor, gss_ctx_id_t context, gss_buffer_t input,
    gss_buffer_t associated, gss_buffer_t output, int *state, gss_qop_t *qop)
{
	int confidential = 0;
	OM_uint32 major = message_unwrap(minor, context, input, associated, output, &confidential);
	if (!GSS_ERROR(major)) {
		if (state != NULL)
			*state = confidential;
		if (qop != NULL)
			*qop = GSS_C_QOP_DEFAULT;
		spoil_buffer(call, output);
		spoil_flag(call, state);
		spoil_number(call, qop);
	}
	return end(call, minor, major);
}

EXPORTED OM_uint32 gss_wrap(OM_uint32 *minor, gss_ctx_id_t context, int confidential, gss_qop_t qop,
    gss_buffer_t input, int *state, gss_buffer_t output)
{
	BEGIN(CONTEXT, context)
	return wrap(&call, minor, context, confidential, qop, GSS_C_NO_BUFFER, input, state, output);
}

EXPORTED OM_uint32 gss_unwrap(OM_uint32 *minor, gss_ctx_id_t context, gss_buffer_t input, gss_buffer_t output,
    int *state, gss_qop_t *qop)
{
	BEGIN(CONTEXT, context)
	return unwrap(&call, minor, context, input, GSS_C_NO_BUFFER, output, state, qop);
}

EXPORTED OM_uint32 gss_wrap_aead(OM_uint32 *minor, gss_ctx_id_t context, int confidential, gss_qop_t qop,
    gss_buffer_t associated, gss_buffer_t input, int *state, gss_buffer_t output)
{
	BEGIN(CONTEXT, context)
	return wrap(&call, minor, context, confidential, qop, associated, input, state, output);
}

EXPORTED OM_uint32 gss_unwrap_aead(OM_uint32 *minor, gss_ctx_id_t context, gss_buffer_t input,
    gss_buffer_t associated, gss_buffer_t output, int *state, gss_qop_t *qop)
{
	BEGIN(CONTEXT, context)
	return unwrap(&call, minor, context, input, associated, output, state, qop);
}

static OM_uint32 wrap_iov(struct call *call, OM_uint32 *minor, gss_ctx_id_t context, int confidential, gss_qop_t qop,
    int *state, gss_iov_buffer_desc *iov, int count, int only_lengths)
{
	OM_uint32 major = qop == GSS_C_QOP_DEFAULT
	    ? message_wrap_iov(minor, context, confidential, iov, count, only_lengths)
	    : refuse(minor, GSS_S_BAD_QOP, MINOR_ARGUMENT);
	if (!GSS_ERROR(major)) {
		if (state != NULL)
			*state = confidential != 0;
		spoil_flag(call, state);
		spoil_iov(call, iov, count);
	}
	return end(call, minor, major);
}

EXPORTED OM_uint32 gss_wrap_iov(OM_uint32 *minor, gss_ctx_id_t context, int confidential, gss_qop_t qop, int *state,
    gss_iov_buffer_desc *iov, int count)
{
	BEGIN(CONTEXT, context)
	return wrap_iov(&call, minor, context, confidential, qop, state, iov, count, 0);
}

EXPORTED OM_uint32 gss_wrap_iov_length(OM_uint32 *minor, gss_ctx_id_t context, int confidential, gss_qop_t qop,
    int *state, gss_iov_buffer_desc *iov, int count)
{
	BEGIN(CONTEXT, context)
	return wrap_iov(&call, minor, context, confidential, qop, state, iov, count, 1);
}

EXPORTED OM_uint32 gss_unwrap_iov(OM_uint32 *minor, gss_ctx_id_t context, int *state, gss_qop_t *qop,
    gss_iov_buffer_desc *iov, int count)
{
	int confidential = 0;
	OM_uint32 major;
	BEGIN(CONTEXT, context)
	major = message_unwrap_iov(minor, context, &confidential, iov, count);
	if (!GSS_ERROR(major)) {
		if (state != NULL)
			*state = confidential;
		if (qop != NULL)
			*qop = GSS_C_QOP_DEFAULT;
		spoil_flag(&call, state);
		spoil_number(&call, qop);
		spoil_iov(&call, iov, count);
	}
	return end(&call, minor, major);
}

EXPORTED OM_uint32 gss_wrap_size_limit(OM_uint32 *minor, gss_ctx_id_t context, int confidential, gss_qop_t qop,
    OM_uint32 output, OM_uint32 *input)
{
	OM_uint32 beside = HEADER_LENGTH + TRAILER_LENGTH;
	BEGIN(CONTEXT, context)
	(void)confidential;
	if (qop != GSS_C_QOP_DEFAULT)
		return end(&call, minor, refuse(minor, GSS_S_BAD_QOP, MINOR_ARGUMENT));
	/* Padding comes in whole blocks. */
	*input = output < beside ? 0 : (output - beside) / BLOCK * BLOCK;
	spoil_number(&call, input);
	return end(&call, minor, GSS_S_COMPLETE);
}

static OM_uint32 make(struct call *call, OM_uint32 *minor, gss_ctx_id_t context, gss_qop_t qop,
    gss_iov_buffer_desc *iov, int count, int only_lengths)
{
	OM_uint32 major = qop == GSS_C_QOP_DEFAULT ? mic_make(minor, context, iov, count, only_lengths)
	                                           : refuse(minor, GSS_S_BAD_QOP, MINOR_ARGUMENT);
	if (!GSS_ERROR(major))
		spoil_iov(call, iov, count);
	return end(call, minor, major);
}

static OM_uint32 check(struct call *call, OM_uint32 *minor, gss_ctx_id_t context, gss_qop_t *qop,
    gss_iov_buffer_desc *iov, int count)
{
	OM_uint32 major = mic_check(minor, context, iov, count);
	if (qop != NULL)
		*qop = GSS_C_QOP_DEFAULT;
	spoil_number(call, qop);
	return end(call, minor, major);
}

EXPORTED OM_uint32 gss_get_mic_iov(OM_uint32 *minor, gss_ctx_id_t context, gss_qop_t qop, gss_iov_buffer_desc *iov,
    int count)
{
	BEGIN(CONTEXT, context)
	return make(&call, minor, context, qop, iov, count, 0);
}

EXPORTED OM_uint32 gss_get_mic_iov_length(OM_uint32 *minor, gss_ctx_id_t context, gss_qop_t qop,
    gss_iov_buffer_desc *iov, int count)
{
	BEGIN(CONTEXT, context)
	return make(&call, minor, context, qop, iov, count, 1);
}

EXPORTED OM_uint32 gss_verify_mic_iov(OM_uint32 *minor, gss_ctx_id_t context, gss_qop_t *qop,
    gss_iov_buffer_desc *iov, int count)
{
	BEGIN(CONTEXT, context)
	return check(&call, minor, context, qop, iov, count);
}

EXPORTED OM_uint32 gss_get_mic(OM_uint32 *minor, gss_ctx_id_t context, gss_qop_t qop, gss_buffer_t message,
    gss_buffer_t output)
{
	gss_iov_buffer_desc iov[2] = {{GSS_IOV_BUFFER_TYPE_DATA, {0, NULL}},
	    {GSS_IOV_BUFFER_TYPE_MIC_TOKEN | GSS_IOV_BUFFER_FLAG_ALLOCATE, {0, NULL}}};
	OM_uint32 major;
	BEGIN(CONTEXT, context)
	iov[0].buffer = *message;
	major = qop == GSS_C_QOP_DEFAULT ? mic_make(minor, context, iov, 2, 0)
	                                 : refuse(minor, GSS_S_BAD_QOP, MINOR_ARGUMENT);
	if (!GSS_ERROR(major)) {
		*output = iov[1].buffer;
		spoil_buffer(&call, output);
	}
	return end(&call, minor, major);
}

EXPORTED OM_uint32 gss_verify_mic(OM_uint32 *minor, gss_ctx_id_t context, gss_buffer_t message, gss_buffer_t token,
    gss_qop_t *qop)
{
	gss_iov_buffer_desc iov[2] = {{GSS_IOV_BUFFER_TYPE_DATA, {0, NULL}}, {GSS_IOV_BUFFER_TYPE_MIC_TOKEN, {0, NULL}}};
	BEGIN(CONTEXT, context)
	iov[0].buffer = *message;
	iov[1].buffer = *token;
	return check(&call, minor, context, qop, iov, 2);
}
