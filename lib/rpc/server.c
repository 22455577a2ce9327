/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>

#include "copy.h"
#include "decode.h"
#include "emit.h"
#include "emit_json.h"
#include "fd.h"
#include "mem.h"
#include "model.h"
#include "node.h"
#include "server.h"
#include "str.h"

enum {
	SERVE_MORE = 100, /* no rpc_served: the connection can have another request */
};

/* A request that is being handled. */
struct call {
	const struct rpc_server *server;
	const struct wire_pace *pace;
	const struct peer *peer;
	struct wire_frame *frame;
	struct wire_span id;
	const struct rpc_method *method;
	void *args;
	void *reply;
	struct rpc_link link;
};

static void call_clear(struct call *c)
{
	fd_close_p(&c->link.taken);
	if (!c->method)
		return;
	model_clear(c->method->args, c->args);
	model_clear(c->method->reply, c->reply);
	free_p(&c->args);
	free_p(&c->reply);
}

/*
 * The text of the method member, "" if it is null or missing. -EPROTO for another type,
 * which upstream's server treats as a broken stream.
 */
static int method_text(const struct wire_frame *f, char **ret, struct kerr *err)
{
	struct wire_span span = wire_member(f->text.data, f->text.len, "method");
	cleanup_node struct node *n = NULL;
	const char *s;
	int r;

	if (!span.p) {
		*ret = xstrdup("");
		return 0;
	}
	r = node_read_json(span.p, span.n, "method", &n, err);
	if (r < 0)
		return kerr_wrap(err, -EPROTO, "invalid request");
	s = node_is_null(n) ? "" : node_str(n);
	if (!s)
		return kerr_plain(err, -EPROTO, "invalid request: method is not a string");
	*ret = xstrdup(s);
	return 0;
}

/* The messages are those of Go's net/rpc. */
static int find_method(struct call *c, const char *text, struct kerr *err)
{
	cleanup_free char *service = NULL;
	const char *dot = strrchr(text, '.');

	if (!dot)
		return kerr_plain(err, -EINVAL, "rpc: service/method request ill-formed: %s", text);
	service = xstrndup(text, (size_t) (dot - text));
	if (!rpc_service_known(service))
		return kerr_plain(err, -EINVAL, "rpc: can't find service %s", text);
	c->method = rpc_method_find(service, dot + 1);
	if (c->method && c->method->private && !c->server->private)
		c->method = NULL;
	if (!c->method)
		return kerr_plain(err, -EINVAL, "rpc: can't find method %s", text);
	c->args = xcalloc(1, c->method->args->size);
	c->reply = xcalloc(1, c->method->reply->size);
	return 0;
}

static const char *json_type(char c)
{
	switch (c) {
	case '{':
		return "object";
	case '"':
		return "string";
	case 't':
	case 'f':
		return "bool";
	default:
		return "number";
	}
}

static int decode_args(struct call *c, struct kerr *err)
{
	struct wire_span params = wire_member(c->frame->text.data, c->frame->text.len, "params");
	struct wire_span arg;

	if (!params.p || *params.p == 'n')
		return kerr_plain(err, -EINVAL, "jsonrpc: request body missing params");
	if (*params.p != '[')
		return kerr_plain(err, -EINVAL,
				  "json: cannot unmarshal %s into Go value of type [1]interface {}",
				  json_type(*params.p));
	if (c->frame->refused.msg[0]) {
		if (err)
			*err = c->frame->refused;
		return -EINVAL;
	}
	arg = wire_element(params, 0);
	if (!arg.p)
		return 0;
	return model_read_json(c->method->args, arg.p, arg.n, c->args, err);
}

static bool wants_events(const struct call *c)
{
	const struct wire_frame *f = c->frame;
	struct wire_span span = wire_member(f->text.data, f->text.len, "events");

	return span.p && span.n == 4 && memcmp(span.p, "true", 4) == 0;
}

/* Does not block: locks may be held while events are sent. */
static bool may_write(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLOUT };

	return poll(&p, 1, 0) == 1 && p.revents == POLLOUT;
}

static void send_event(struct rpc_link *l, const struct rpc_event *event)
{
	const struct call *c =
		(const struct call *) (void *) ((char *) l - offsetof(struct call, link));
	cleanup_buf struct buf out = BUF_INIT(KUKE_MAX_REQUEST);

	if (!wants_events(c) || !may_write(l->fd))
		return; /* drop the event: a later write error of the reply is reported */
	buf_adds(&out, "{\"id\":");
	buf_add(&out, c->id.p ? c->id.p : "null", c->id.p ? c->id.n : 4);
	buf_adds(&out, ",\"event\":");
	model_emit_json(&out, &rpc_event_type, event, EMIT_REDACT);
	buf_adds(&out, "}\n");
	if (!out.failed)
		(void) wire_write(l->fd, out.data, out.len, NULL, 0, c->pace);
}

static void dispatch(struct call *c)
{
	struct wire_frame *f = c->frame;
	struct rpc_fds fds = { .link = &c->link, .n = f->n_fds, .stream = -EBADF };
	struct kerr err = { 0 };
	int r;

	if (f->n_fds > c->method->max_fds) {
		(void) kerr_plain(&err, -EINVAL, "%s takes at most %u descriptors", c->method->name,
				  c->method->max_fds);
		rpc_reply_fail(c->method, c->reply, &err);
		return;
	}
	/* The handler may take descriptors; the others are closed with the frame. */
	memcpy(fds.v, f->fds, sizeof(fds.v));
	if (c->method->streamed) {
		fds.stream = take_fd(f->stream_fd);
		fds.stream_size = f->stream_size;
	}
	r = c->server->dispatch(c->server->ctx, c->method, c->peer, c->args, c->reply, &fds);
	memcpy(f->fds, fds.v, sizeof(fds.v));
	f->stream_fd = take_fd(fds.stream);
	if (r < 0 && !rpc_reply_err(c->method, c->reply)) {
		(void) kerr_set(&err, r, "%s", c->method->name);
		rpc_reply_fail(c->method, c->reply, &err);
	}
}

/* The reply as JSON, of which a list may have been written already, from that place on. */
static void emit_reply(const struct call *c, size_t from, struct buf *out)
{
	enum emit_flags flags = c->link.emit;

	if (c->method->list && !rpc_reply_err(c->method, c->reply)) {
		model_emit_json_close(out, c->method->reply, c->reply, flags);
		return;
	}
	buf_cut(out, from);
	model_emit_json(out, c->method->reply, c->reply, flags);
}

/* Handle the call and append the reply as JSON to out. Returns only transport errors. */
static int answer(struct call *c, struct buf *out, struct kerr *err)
{
	cleanup_free char *text = NULL;
	size_t from = out->len;
	int r;

	r = method_text(c->frame, &text, err);
	if (r < 0)
		return r;
	assert(text);
	r = find_method(c, text, err);
	if (r < 0)
		return r;
	assert(c->method);
	r = decode_args(c, err);
	if (r < 0)
		return r;
	if (c->method->list) {
		model_emit_json_open(out, c->method->reply);
		c->link.items = out;
	}
	dispatch(c);
	emit_reply(c, from, out);
	if (out->failed || out->len - from > KUKE_MAX_REPLY)
		return kerr_plain(err, -E2BIG, "reply is larger than %d bytes", KUKE_MAX_REPLY);
	return 0;
}

static int send_response(const struct call *c, const struct buf *out, struct kerr *err)
{
	int r = buf_check(out, "reply", err);

	if (r < 0)
		return r;
	r = wire_write(c->link.fd, out->data, out->len, NULL, 0, c->pace);
	if (r == -ETIMEDOUT)
		return kerr_plain(err, r, "the client did not read its reply");
	return r < 0 ? kerr_set(err, r, "write the reply") : 0;
}

static int serve_one(struct call *c, struct kerr *err)
{
	cleanup_buf struct buf out = BUF_INIT(KUKE_MAX_REPLY + KUKE_MAX_REQUEST);
	struct kerr why = { 0 };
	char text[KERR_TEXT_MAX];
	int r;

	c->id = wire_member(c->frame->text.data, c->frame->text.len, "id");
	if (c->frame->too_large) {
		wire_response_error(&out, c->id, c->frame->refused.msg);
		return send_response(c, &out, err);
	}
	wire_response_begin(&out, c->id);
	r = answer(c, &out, &why);
	c->link.items = NULL;
	if (r == -EPROTO) {
		if (err)
			*err = why;
		return r;
	}
	if (r < 0) {
		buf_cut(&out, 0);
		wire_response_error(&out, c->id, kerr_text(&why, text, sizeof(text)));
	} else {
		wire_response_end(&out, NULL);
	}
	return send_response(c, &out, err);
}

/*
 * The id of an incomplete request is unknown, so the reply has a null id, which Go's
 * client matches with its first call. No write timeout: the client has already used up
 * its time.
 */
static void send_late(int fd, const struct kerr *why)
{
	cleanup_buf struct buf out = BUF_INIT(4096);

	wire_response_error(&out, (struct wire_span){ 0 }, why->msg);
	if (!out.failed && may_write(fd))
		(void) wire_write(fd, out.data, out.len, NULL, 0, NULL);
}

/* Read the next request and reply to it. The result of rpc_serve, or SERVE_MORE. */
static int serve_next(const struct rpc_server *s, int fd, const struct peer *peer,
		      const struct wire_limits *limits, struct kerr *err)
{
	cleanup_(wire_frame_clear) struct wire_frame frame;
	cleanup_(call_clear) struct call c = {
		.server = s,
		.pace = limits->pace,
		.peer = peer,
		.frame = &frame,
		.link = { .fd = fd,
			  .stop_fd = s->stop_fd,
			  .event = send_event,
			  .taken = -EBADF,
			  /* Only root may see registry passwords. */
			  .emit = peer->uid == 0 ? 0 : EMIT_REDACT },
	};
	struct kerr why = { 0 };
	int r;

	wire_frame_init(&frame);
	r = wire_read(fd, limits, &frame, &why);
	if (r == -ETIMEDOUT)
		send_late(fd, &why);
	if (r < 0 && err)
		*err = why;
	if (r <= 0)
		return r;
	r = serve_one(&c, err);
	if (r < 0)
		return r;
	return c.link.taken >= 0 ? RPC_SERVED_TAKEN : SERVE_MORE;
}

int rpc_serve(const struct rpc_server *s, int fd, const struct peer *peer, struct kerr *err)
{
	const struct wire_pace pace = {
		.frame_ms = s->private	      ? 0
			    : s->frame_ms > 0 ? s->frame_ms
					      : WIRE_FRAME_MS,
		.write_ms = s->private	      ? 0
			    : s->write_ms > 0 ? s->write_ms
					      : WIRE_WRITE_MS,
		.stop_fd = s->stop_fd,
	};
	const struct wire_limits limits = {
		.pace = &pace,
		.what = "request",
		.max_frame = KUKE_MAX_REQUEST,
		.max_stream = KUKE_MAX_TARBALL,
		.stream_key = rpc_method_get(RPC_LOAD_IMAGE)->streamed,
		.spool_dir = s->spool_dir,
	};
	unsigned n = 0;
	int r;

	assert(s->dispatch && s->spool_dir);
	for (;;) {
		r = wire_wait(fd, s->stop_fd, s->idle_ms);
		if (r == -ETIMEDOUT)
			return RPC_SERVED_IDLE;
		if (r < 0)
			return kerr_set(err, r, "wait for a request");
		if (r == 0)
			return RPC_SERVED_END;
		r = serve_next(s, fd, peer, &limits, err);
		if (r != SERVE_MORE)
			return r;
		if (++n == s->max_requests)
			return RPC_SERVED_IDLE;
	}
}
