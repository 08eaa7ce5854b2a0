/* The calls on contexts and messages. Each answers its status, has checked its outputs and given them back. */
#ifndef C_MECHANISM_CONTEXTS_H
#define C_MECHANISM_CONTEXTS_H

#include "c_mechanism_scene.h"

static OM_uint32 call_init(OM_uint32 *minor)
{
	gss_ctx_id_t context = GSS_C_NO_CONTEXT;
	gss_OID actual = GARBAGE;
	gss_buffer_desc token = garbage_buffer();
	OM_uint32 flags, lifetime;
	OM_uint32 major = gss_init_sec_context(minor, credential, &context, target, &mechanism, ALL_FLAGS, 0,
	    GSS_C_NO_CHANNEL_BINDINGS, GSS_C_NO_BUFFER, &actual, &token, &flags, &lifetime);
	if (GSS_ERROR(major))
		CHECK(context == GSS_C_NO_CONTEXT);
	else
		take_oid(actual);
	/* An error may come with a token for the peer. */
	take(GSS_S_COMPLETE, &token);
	delete(context);
	return major;
}

static gss_buffer_desc first_token;

static OM_uint32 call_accept(OM_uint32 *minor)
{
	gss_ctx_id_t context = GSS_C_NO_CONTEXT;
	gss_buffer_desc token = garbage_buffer();
	gss_name_t source = GARBAGE;
	gss_OID actual = GARBAGE;
	gss_cred_id_t delegated = GARBAGE;
	OM_uint32 flags, lifetime;
	OM_uint32 major = gss_accept_sec_context(minor, &context, credential, &first_token, GSS_C_NO_CHANNEL_BINDINGS,
	    &source, &actual, &token, &flags, &lifetime, &delegated);
	if (GSS_ERROR(major))
		CHECK(context == GSS_C_NO_CONTEXT);
	else
		take_oid(actual);
	take(GSS_S_COMPLETE, &token);
	take_name(major, source);
	take_credential(major, delegated);
	delete(context);
	return major;
}

static OM_uint32 call_later_init(OM_uint32 *minor)
{
	gss_ctx_id_t initiator = GSS_C_NO_CONTEXT, acceptor = GSS_C_NO_CONTEXT;
	gss_buffer_desc ours, theirs, token = garbage_buffer();
	OM_uint32 m, major = gss_init_sec_context(minor, credential, &initiator, target, &mechanism, ALL_FLAGS, 0,
	    GSS_C_NO_CHANNEL_BINDINGS, GSS_C_NO_BUFFER, NULL, &ours, NULL, NULL);
	CHECK_MAJOR(major, GSS_S_CONTINUE_NEEDED);
	major = gss_accept_sec_context(&m, &acceptor, credential, &ours, GSS_C_NO_CHANNEL_BINDINGS, NULL, NULL, &theirs,
	    NULL, NULL, NULL);
	CHECK_MAJOR(major, GSS_S_COMPLETE);
	major = gss_init_sec_context(minor, credential, &initiator, target, &mechanism, ALL_FLAGS, 0,
	    GSS_C_NO_CHANNEL_BINDINGS, &theirs, NULL, &token, NULL, NULL);
	if (GSS_ERROR(major) && initiator != GSS_C_NO_CONTEXT)
		CHECK_MAJOR(gss_context_time(&m, initiator, &(OM_uint32){0}), GSS_S_NO_CONTEXT);
	free_buffer(&ours);
	free_buffer(&theirs);
	take(GSS_S_COMPLETE, &token);
	delete(initiator);
	delete(acceptor);
	return major;
}

/* On contexts of its own; what is left of them has to be usable as far as there is something left. */
static OM_uint32 call_export(OM_uint32 *minor)
{
	gss_ctx_id_t left, right, copy;
	gss_buffer_desc token = garbage_buffer();
	OM_uint32 m;
	make_pair(&left, &right, ALL_FLAGS, NULL);
	copy = right;
	OM_uint32 major = gss_export_sec_context(minor, &right, &token);
	CHECK(GSS_ERROR(major) ? is_cleared(&token) : token.length > 0 && right == GSS_C_NO_CONTEXT);
	if (right == GSS_C_NO_CONTEXT && faulty)
		/* A copy of the handle is good for nothing. */
		CHECK_MAJOR(gss_delete_sec_context(&m, &copy, GSS_C_NO_BUFFER), GSS_S_NO_CONTEXT);
	if (right != GSS_C_NO_CONTEXT)
		CHECK(converse(left, right)
		    || gss_context_time(&m, right, &(OM_uint32){0}) == GSS_S_NO_CONTEXT);
	free_buffer(&token);
	delete(left);
	delete(right);
	return major;
}

static OM_uint32 call_import(OM_uint32 *minor)
{
	gss_ctx_id_t left, right;
	make_pair(&left, &right, ALL_FLAGS, NULL);
	gss_buffer_desc token = export_of(&right);
	right = GARBAGE;
	OM_uint32 major = gss_import_sec_context(minor, &token, &right);
	CHECK(GSS_ERROR(major) ? right == GSS_C_NO_CONTEXT : converse(left, right));
	free_buffer(&token);
	delete(left);
	delete(right);
	return major;
}

static OM_uint32 call_delete(OM_uint32 *minor)
{
	gss_ctx_id_t left, right;
	gss_buffer_desc token = garbage_buffer();
	make_pair(&left, &right, ALL_FLAGS, NULL);
	OM_uint32 major = gss_delete_sec_context(minor, &right, &token);
	take(major, &token);
	delete(left);
	if (right != GSS_C_NO_CONTEXT)
		gss_delete_sec_context(minor, &right, GSS_C_NO_BUFFER);
	return major;
}

static OM_uint32 call_context_time(OM_uint32 *minor)
{
	OM_uint32 lifetime;
	return gss_context_time(minor, one, &lifetime);
}

static OM_uint32 call_inquire_context(OM_uint32 *minor)
{
	gss_name_t source = GARBAGE, to = GARBAGE;
	gss_OID actual = GARBAGE;
	OM_uint32 lifetime, flags;
	int local, open;
	OM_uint32 major = gss_inquire_context(minor, one, &source, &to, &lifetime, &actual, &flags, &local, &open);
	if (!GSS_ERROR(major))
		take_oid(actual);
	take_name(major, source);
	take_name(major, to);
	return major;
}

static OM_uint32 call_process_context_token(OM_uint32 *minor)
{
	gss_ctx_id_t left, right;
	gss_buffer_desc token = buffer_of("end");
	make_pair(&left, &right, ALL_FLAGS, NULL);
	OM_uint32 major = gss_process_context_token(minor, right, &token);
	delete(left);
	delete(right);
	return major;
}

static OM_uint32 call_inquire_sec_context_by_oid(OM_uint32 *minor)
{
	gss_buffer_set_t set = GARBAGE;
	OM_uint32 major = gss_inquire_sec_context_by_oid(minor, one, GSS_C_INQ_SSPI_SESSION_KEY, &set);
	take_set(major, set);
	return major;
}

static OM_uint32 call_set_sec_context_option(OM_uint32 *minor)
{
	gss_ctx_id_t left, right;
	gss_buffer_desc value = buffer_of("option");
	make_pair(&left, &right, ALL_FLAGS, NULL);
	OM_uint32 major = gss_set_sec_context_option(minor, &right, &mechanism, &value);
	delete(left);
	delete(right);
	return major;
}

static OM_uint32 call_pseudo_random(OM_uint32 *minor)
{
	gss_buffer_desc seed = buffer_of("seed"), output = garbage_buffer();
	OM_uint32 major = gss_pseudo_random(minor, one, GSS_C_PRF_KEY_FULL, &seed, 16, &output);
	CHECK(GSS_ERROR(major) || output.length == 16);
	take(major, &output);
	return major;
}

static OM_uint32 call_complete_auth_token(OM_uint32 *minor)
{
	gss_buffer_desc token = buffer_of("rest");
	return gss_complete_auth_token(minor, one, &token);
}

static OM_uint32 call_wrap(OM_uint32 *minor)
{
	gss_buffer_desc message = buffer_of("hello"), output = garbage_buffer();
	OM_uint32 major = gss_wrap(minor, one, 1, GSS_C_QOP_DEFAULT, &message, &(int){0}, &output);
	take(major, &output);
	return major;
}

static OM_uint32 call_unwrap(OM_uint32 *minor)
{
	OM_uint32 m;
	gss_buffer_desc message = buffer_of("hello"), token, output = garbage_buffer();
	CHECK_MAJOR(gss_wrap(&m, one, 1, GSS_C_QOP_DEFAULT, &message, NULL, &token), GSS_S_COMPLETE);
	OM_uint32 major = gss_unwrap(minor, other, &token, &output, &(int){0}, &(gss_qop_t){0});
	take(major, &output);
	free_buffer(&token);
	return GSS_ERROR(major) ? major : GSS_S_COMPLETE;
}

static OM_uint32 call_get_mic(OM_uint32 *minor)
{
	gss_buffer_desc message = buffer_of("hello"), output = garbage_buffer();
	OM_uint32 major = gss_get_mic(minor, one, GSS_C_QOP_DEFAULT, &message, &output);
	take(major, &output);
	return major;
}

static OM_uint32 call_verify_mic(OM_uint32 *minor)
{
	OM_uint32 m;
	gss_buffer_desc message = buffer_of("hello"), token;
	CHECK_MAJOR(gss_get_mic(&m, one, GSS_C_QOP_DEFAULT, &message, &token), GSS_S_COMPLETE);
	OM_uint32 major = gss_verify_mic(minor, other, &message, &token, &(gss_qop_t){0});
	free_buffer(&token);
	return GSS_ERROR(major) ? major : GSS_S_COMPLETE;
}

static OM_uint32 call_wrap_size_limit(OM_uint32 *minor)
{
	OM_uint32 most;
	return gss_wrap_size_limit(minor, one, 1, GSS_C_QOP_DEFAULT, 1000, &most);
}

static OM_uint32 call_wrap_aead(OM_uint32 *minor)
{
	gss_buffer_desc message = buffer_of("hello"), beside = buffer_of("beside"), output = garbage_buffer();
	OM_uint32 major = gss_wrap_aead(minor, one, 1, GSS_C_QOP_DEFAULT, &beside, &message, &(int){0}, &output);
	take(major, &output);
	return major;
}

static OM_uint32 call_unwrap_aead(OM_uint32 *minor)
{
	OM_uint32 m;
	gss_buffer_desc message = buffer_of("hello"), beside = buffer_of("beside"), token, output = garbage_buffer();
	CHECK_MAJOR(gss_wrap_aead(&m, one, 1, GSS_C_QOP_DEFAULT, &beside, &message, NULL, &token), GSS_S_COMPLETE);
	OM_uint32 major = gss_unwrap_aead(minor, other, &token, &beside, &output, &(int){0}, &(gss_qop_t){0});
	take(major, &output);
	free_buffer(&token);
	return GSS_ERROR(major) ? major : GSS_S_COMPLETE;
}

enum { PIECES = 5 };
#define ALLOCATE(kind) {GSS_IOV_BUFFER_TYPE_##kind | GSS_IOV_BUFFER_FLAG_ALLOCATE, {0, NULL}}

static OM_uint32 call_wrap_iov(OM_uint32 *minor)
{
	OM_uint32 m;
	char data[] = "hello", beside[] = "beside";
	gss_iov_buffer_desc iov[PIECES] = {ALLOCATE(HEADER), {GSS_IOV_BUFFER_TYPE_SIGN_ONLY, {6, beside}},
	    {GSS_IOV_BUFFER_TYPE_DATA, {5, data}}, ALLOCATE(PADDING), ALLOCATE(TRAILER)};
	OM_uint32 major = gss_wrap_iov(minor, one, 1, GSS_C_QOP_DEFAULT, &(int){0}, iov, PIECES);
	CHECK_MAJOR(gss_release_iov_buffer(&m, iov, PIECES), GSS_S_COMPLETE);
	return major;
}

static OM_uint32 call_unwrap_iov(OM_uint32 *minor)
{
	OM_uint32 m;
	char data[] = "hello";
	gss_iov_buffer_desc iov[4] = {ALLOCATE(HEADER), {GSS_IOV_BUFFER_TYPE_DATA, {5, data}}, ALLOCATE(PADDING),
	    ALLOCATE(TRAILER)};
	CHECK_MAJOR(gss_wrap_iov(&m, one, 1, GSS_C_QOP_DEFAULT, NULL, iov, 4), GSS_S_COMPLETE);
	gss_iov_buffer_desc same[4] = {iov[0], iov[1], iov[2], iov[3]};
	OM_uint32 major = gss_unwrap_iov(minor, other, &(int){0}, &(gss_qop_t){0}, same, 4);
	if (major == GSS_S_COMPLETE && !faulty)
		CHECK(memcmp(data, "hello", 5) == 0);
	CHECK_MAJOR(gss_release_iov_buffer(&m, iov, 4), GSS_S_COMPLETE);
	return GSS_ERROR(major) ? major : GSS_S_COMPLETE;
}

static OM_uint32 call_unwrap_stream(OM_uint32 *minor)
{
	OM_uint32 m;
	gss_buffer_desc message = buffer_of("hello"), token;
	CHECK_MAJOR(gss_wrap(&m, one, 1, GSS_C_QOP_DEFAULT, &message, NULL, &token), GSS_S_COMPLETE);
	gss_iov_buffer_desc iov[2] = {{GSS_IOV_BUFFER_TYPE_STREAM, token}, ALLOCATE(DATA)};
	OM_uint32 major = gss_unwrap_iov(minor, other, &(int){0}, &(gss_qop_t){0}, iov, 2);
	if (major == GSS_S_COMPLETE && !faulty)
		CHECK(iov[1].buffer.length == 5 && memcmp(iov[1].buffer.value, "hello", 5) == 0);
	CHECK_MAJOR(gss_release_iov_buffer(&m, iov, 2), GSS_S_COMPLETE);
	free_buffer(&token);
	return GSS_ERROR(major) ? major : GSS_S_COMPLETE;
}

static OM_uint32 call_wrap_iov_length(OM_uint32 *minor)
{
	char data[] = "hello";
	gss_iov_buffer_desc iov[4] = {{GSS_IOV_BUFFER_TYPE_HEADER, {0, NULL}}, {GSS_IOV_BUFFER_TYPE_DATA, {5, data}},
	    {GSS_IOV_BUFFER_TYPE_PADDING, {0, NULL}}, {GSS_IOV_BUFFER_TYPE_TRAILER, {0, NULL}}};
	OM_uint32 major = gss_wrap_iov_length(minor, one, 1, GSS_C_QOP_DEFAULT, &(int){0}, iov, 4);
	if (major == GSS_S_COMPLETE && !faulty)
		printf("lengths %zu %zu %zu\n", iov[0].buffer.length, iov[2].buffer.length, iov[3].buffer.length);
	return major;
}

static OM_uint32 call_get_mic_iov(OM_uint32 *minor)
{
	OM_uint32 m;
	char data[] = "hello";
	gss_iov_buffer_desc iov[2] = {{GSS_IOV_BUFFER_TYPE_DATA, {5, data}}, ALLOCATE(MIC_TOKEN)};
	OM_uint32 major = gss_get_mic_iov(minor, one, GSS_C_QOP_DEFAULT, iov, 2);
	CHECK_MAJOR(gss_release_iov_buffer(&m, iov, 2), GSS_S_COMPLETE);
	return major;
}

static OM_uint32 call_verify_mic_iov(OM_uint32 *minor)
{
	OM_uint32 m;
	char data[] = "hello";
	gss_iov_buffer_desc iov[2] = {{GSS_IOV_BUFFER_TYPE_DATA, {5, data}}, ALLOCATE(MIC_TOKEN)};
	CHECK_MAJOR(gss_get_mic_iov(&m, one, GSS_C_QOP_DEFAULT, iov, 2), GSS_S_COMPLETE);
	OM_uint32 major = gss_verify_mic_iov(minor, other, &(gss_qop_t){0}, iov, 2);
	CHECK_MAJOR(gss_release_iov_buffer(&m, iov, 2), GSS_S_COMPLETE);
	return GSS_ERROR(major) ? major : GSS_S_COMPLETE;
}

static OM_uint32 call_get_mic_iov_length(OM_uint32 *minor)
{
	char data[] = "hello";
	gss_iov_buffer_desc iov[2] = {{GSS_IOV_BUFFER_TYPE_DATA, {5, data}}, {GSS_IOV_BUFFER_TYPE_MIC_TOKEN, {0, NULL}}};
	OM_uint32 major = gss_get_mic_iov_length(minor, one, GSS_C_QOP_DEFAULT, iov, 2);
	if (major == GSS_S_COMPLETE && !faulty)
		printf("length %zu\n", iov[1].buffer.length);
	return major;
}

#endif
