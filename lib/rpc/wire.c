/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"
#include "emit_json.h"
#include "fd.h"
#include "jscan.h"
#include "mem.h"
#include "str.h"
#include "stream.h"
#include "wire.h"

enum {
	WIRE_CHUNK = 64 << 10,
	WIRE_BLANKS = 16 << 10, /* white space read at once */
	WIRE_KEY_MAX = 32, /* longer than any name we look for */
	WIRE_ID_MAX = 128, /* kept from a frame that is too large */
	/* in one frame: a parsed tree takes more memory than the text */
	WIRE_MAX_VALUES = KUKE_MAX_NODES,
};

/* State of reading one frame. Large, so it is on the heap. */
struct reader {
	struct jscan scan;
	const struct wire_limits *limits;
	struct wire_frame *frame;
	const char *from; /* start of the part of the current chunk that is not copied yet */
	char key[WIRE_KEY_MAX];
	size_t key_len;
	size_t values;
	size_t item; /* index of the element of params being read */
	bool in_params; /* the current member of the top object */
	bool streaming; /* the current member of params[0] is the streamed one */
	bool in_id; /* the current member of the top object */
	char id[WIRE_ID_MAX]; /* a string or literal, verbatim */
	size_t id_len; /* larger than id: the id is unknown */
	size_t body; /* characters of the streamed field in this step */
	int64_t deadline; /* clock_ms; -1: none */
	struct stream stream;
	char chunk[WIRE_CHUNK];
};

void wire_frame_init(struct wire_frame *f)
{
	*f = (struct wire_frame){ .stream_fd = -EBADF };
}

void wire_frame_clear(struct wire_frame *f)
{
	buf_clear(&f->text);
	for (size_t i = 0; i < f->n_fds; i++)
		fd_close_p(&f->fds[i]);
	fd_close_p(&f->stream_fd);
	wire_frame_init(f);
}

/* ---- waiting ---- */

static int64_t deadline_in(int ms)
{
	return ms > 0 ? clock_ms() + ms : -1;
}

/*
 * Wait until fd is ready for events: 1; 0 if stop_fd becomes ready, -ETIMEDOUT at the
 * deadline (-1: none).
 */
static int wait_until(int fd, short events, int stop_fd, int64_t deadline)
{
	struct pollfd p[] = {
		{ .fd = fd, .events = events },
		{ .fd = stop_fd, .events = POLLIN }, /* poll(2) ignores a negative descriptor */
	};
	int n;

	do {
		n = poll(p, ARRAY_SIZE(p), deadline < 0 ? -1 : clock_left(deadline));
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	if (n == 0)
		return -ETIMEDOUT;
	return p[1].revents == 0;
}

/* ---- reading ---- */

static int64_t frame_deadline(const struct reader *r)
{
	return r->limits->pace ? deadline_in(r->limits->pace->frame_ms) : -1;
}

static bool key_is(const struct reader *r, const char *name)
{
	return strlen(name) == r->key_len && strncasecmp(r->key, name, r->key_len) == 0;
}

static void on_key_end(struct reader *r, unsigned depth)
{
	if (depth == 1) {
		r->in_params = key_is(r, "params");
		r->in_id = key_is(r, "id");
		r->item = 0;
		if (r->in_id)
			r->id_len = 0; /* the last of several counts */
		if (r->in_params)
			stream_clear(&r->stream); /* the last of several counts */
	}
	if (depth == 3)
		r->streaming = r->in_params && r->item == 0 && r->scan.stack[1] == '[' &&
			       r->limits->stream_key && key_is(r, r->limits->stream_key);
	if (depth == 3 && r->streaming)
		/* null means empty; other types are refused by the decoder */
		stream_clear(&r->stream);
	r->key_len = 0;
}

static void add_id(struct reader *r, const char *p, size_t n)
{
	if (r->id_len + n <= sizeof(r->id))
		memcpy(r->id + r->id_len, p, n);
	r->id_len += n;
}

/* Keep the id verbatim: it is returned even if the rest of the frame is refused. */
static void on_id(struct reader *r, enum jscan_event ev, const char *p, size_t n)
{
	if ((ev == JSCAN_EV_STRING || ev == JSCAN_EV_STRING_END) && r->id_len == 0)
		add_id(r, "\"", 1);
	if (ev == JSCAN_EV_STRING || ev == JSCAN_EV_LITERAL)
		add_id(r, p, n);
	else if (ev == JSCAN_EV_STRING_END)
		add_id(r, "\"", 1);
}

static void on_stream_bytes(struct reader *r, const char *p, size_t n)
{
	r->body += n;
	if (r->body >= WIRE_BODY_STEP) {
		r->body = 0;
		r->deadline = frame_deadline(r);
	}
	if (r->stream.fd < 0 && !r->stream.failed.msg[0])
		stream_begin(&r->stream, r->limits->spool_dir);
	stream_add(&r->stream, p, n);
	/* Copy everything before these bytes into the frame's text. */
	buf_add(&r->frame->text, r->from, (size_t) (p - r->from));
	r->from = p + n;
}

static void on_event(void *ctx, enum jscan_event ev, unsigned depth, const char *p, size_t n)
{
	struct reader *r = ctx;

	if (r->in_id && depth == 1)
		on_id(r, ev, p, n);
	switch (ev) {
	case JSCAN_EV_KEY:
		if (r->key_len + n <= sizeof(r->key))
			memcpy(r->key + r->key_len, p, n);
		/* A longer key matches none of our names; key_len keeps its length. */
		r->key_len += n;
		return;
	case JSCAN_EV_KEY_END:
		if (r->key_len > sizeof(r->key))
			r->key_len = 0;
		on_key_end(r, depth);
		return;
	case JSCAN_EV_STRING:
		if (r->streaming && depth == 3)
			on_stream_bytes(r, p, n);
		return;
	case JSCAN_EV_STRING_END:
		if (r->streaming && depth == 3 && (r->stream.fd >= 0 || r->stream.failed.msg[0]))
			stream_end(&r->stream);
		break;
	case JSCAN_EV_LITERAL_END:
	case JSCAN_EV_OBJECT_END:
	case JSCAN_EV_ARRAY_END:
		break;
	case JSCAN_EV_OBJECT_BEGIN:
	case JSCAN_EV_ARRAY_BEGIN:
	case JSCAN_EV_LITERAL:
		return;
	}
	/* A value has ended. */
	r->values++;
	if (depth == 3)
		r->streaming = false;
	if (depth == 2 && r->in_params)
		r->item++;
}

/* Drop the frame's text; the frame is still read to its end to find its id. */
static void drop_text(struct reader *r)
{
	struct kerr *why = &r->frame->refused;

	if (r->values > WIRE_MAX_VALUES)
		(void) kerr_plain(why, -EMSGSIZE, "%s has more than %d values", r->limits->what,
				  WIRE_MAX_VALUES);
	else
		(void) kerr_plain(why, -EMSGSIZE, "%s is larger than %zu bytes", r->limits->what,
				  r->limits->max_frame);
	r->frame->too_large = true;
	buf_clear(&r->frame->text);
}

static enum jscan_result scan(struct reader *r, const char *p, size_t n, size_t *used)
{
	enum jscan_result res;

	r->from = p;
	res = jscan_feed(&r->scan, p, n, used);
	if (r->frame->too_large)
		return res;
	buf_add(&r->frame->text, r->from, (size_t) (p + *used - r->from));
	if (r->frame->text.failed || r->values > WIRE_MAX_VALUES)
		drop_text(r);
	return res;
}

/* Read the first byte of a frame and its descriptors. 1, 0 at the end of the stream, -errno. */
static int first_byte(int fd, struct wire_frame *f, char *ret)
{
	union {
		struct cmsghdr align;
		char space[CMSG_SPACE(sizeof(int) * WIRE_MAX_FDS)];
	} control;
	struct iovec iov = { .iov_base = ret, .iov_len = 1 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	ssize_t n;

	do {
		msg.msg_control = &control;
		msg.msg_controllen = sizeof(control);
		n = recvmsg(fd, &msg, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
	} while (n < 0 && errno == EINTR);
	if (n <= 0)
		return n < 0 ? -errno : 0;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&msg); c; c = CMSG_NXTHDR(&msg, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		f->n_fds = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		memcpy(f->fds, CMSG_DATA(c), f->n_fds * sizeof(int));
	}
	return 1;
}

static void drop_fds(struct wire_frame *f)
{
	while (f->n_fds > 0)
		fd_close_p(&f->fds[--f->n_fds]);
}

/* Read bytes that have been peeked at; descriptors that come with them are closed. */
static int take(int fd, char *buf, size_t n)
{
	while (n > 0) {
		ssize_t k = recv(fd, buf, n, 0);

		if (k < 0 && errno == EINTR)
			continue;
		if (k <= 0)
			return k < 0 ? -errno : -EPIPE;
		n -= (size_t) k;
	}
	return 0;
}

/* Peek at the available bytes: their number, 0 at the end of the stream, -EAGAIN. */
static ssize_t peek(int fd, char *buf, size_t n)
{
	ssize_t k;

	do {
		k = recv(fd, buf, n, MSG_PEEK | MSG_DONTWAIT);
	} while (k < 0 && errno == EINTR);
	return k < 0 ? -errno : k;
}

/* Check the deadline only when no bytes are available, so that our own delay does not count. */
static int wait_for_more(int fd, const struct reader *r)
{
	int k = wait_until(fd, POLLIN, r->limits->pace ? r->limits->pace->stop_fd : -1,
			   r->deadline);

	return k == 0 ? -ECANCELED : k;
}

/*
 * Peek, scan, and read only the bytes of this frame: the next byte may carry
 * descriptors of the next frame.
 */
static int next_chunk(int fd, struct reader *r, enum jscan_result *res)
{
	ssize_t n = peek(fd, r->chunk, sizeof(r->chunk));
	size_t used;
	int k;

	if (n == -EAGAIN) {
		k = wait_for_more(fd, r);
		return k < 0 ? k : 0;
	}
	if (n <= 0)
		return n < 0 ? (int) n : -EPIPE;
	*res = scan(r, r->chunk, (size_t) n, &used);
	return take(fd, r->chunk, used);
}

static int read_failed(const struct reader *r, int k, struct kerr *err)
{
	const char *what = r->limits->what;

	if (k == -EPIPE)
		return kerr_plain(err, k, "unexpected EOF");
	if (k == -ECANCELED)
		return kerr_plain(err, k, "%s was not complete when the daemon stopped", what);
	if (k == -ETIMEDOUT)
		return kerr_plain(err, k, "%s was not complete within %d s", what,
				  r->limits->pace->frame_ms / 1000);
	return kerr_set(err, k, "read from the socket");
}

static int bad_json(const struct reader *r, struct kerr *err)
{
	if (r->scan.depth == JSCAN_MAX_DEPTH)
		return kerr_plain(err, -EPROTO, "invalid JSON, or nested deeper than %d levels",
				  JSCAN_MAX_DEPTH);
	return kerr_plain(err, -EPROTO, "invalid JSON");
}

/* Replace a frame that is too large by one with only its id. */
static void keep_id(struct reader *r)
{
	struct buf *text = &r->frame->text;

	buf_init(text, WIRE_ID_MAX * 2);
	buf_adds(text, "{\"id\":");
	if (r->id_len > 0 && r->id_len <= sizeof(r->id))
		buf_add(text, r->id, r->id_len);
	else
		buf_adds(text, "null");
	buf_addc(text, '}');
}

static int read_rest(int fd, struct reader *r, char first, struct kerr *err)
{
	enum jscan_result res;
	size_t used;
	int k;

	r->deadline = frame_deadline(r);
	res = scan(r, &first, 1, &used);
	while (res == JSCAN_MORE) {
		k = next_chunk(fd, r, &res);
		if (k < 0)
			return read_failed(r, k, err);
	}
	if (res != JSCAN_DONE)
		return bad_json(r, err);
	if (r->frame->too_large) {
		keep_id(r);
		return 1;
	}
	if (r->stream.failed.msg[0])
		r->frame->refused = r->stream.failed;
	r->frame->stream_fd = take_fd(r->stream.fd);
	r->frame->stream_size = r->stream.size;
	return 1;
}

static bool is_space(char c)
{
	return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

/* Read available white space. 1 if it is followed by other bytes or the end of the stream. */
static int skip_blanks(int fd)
{
	char chunk[WIRE_BLANKS];
	ssize_t n;
	ssize_t k;
	int r;

	for (;;) {
		n = peek(fd, chunk, sizeof(chunk));
		if (n <= 0)
			return n < 0 ? (int) n : 1;
		for (k = 0; k < n && is_space(chunk[k]); k++)
			;
		r = take(fd, chunk, (size_t) k);
		if (r < 0 || k < n)
			return r < 0 ? r : 1;
	}
}

int wire_wait(int fd, int stop_fd, int ms)
{
	int64_t deadline = deadline_in(ms);
	int r;

	for (;;) {
		/*
		 * A newline after the last frame does not start a request, so it must
		 * not delay a stop.
		 */
		r = skip_blanks(fd);
		if (r != -EAGAIN)
			return r;
		r = wait_until(fd, POLLIN, stop_fd, deadline);
		if (r <= 0)
			return r;
	}
}

int wire_read(int fd, const struct wire_limits *limits, struct wire_frame *ret, struct kerr *err)
{
	struct reader *r;
	char first;
	int k;

	wire_frame_clear(ret);
	k = wire_wait(fd, limits->pace ? limits->pace->stop_fd : -1, 0);
	if (k == 0)
		return kerr_plain(err, -ECANCELED, "the daemon stopped");
	if (k > 0)
		k = first_byte(fd, ret, &first);
	if (k < 0)
		return kerr_set(err, k, "read from the socket");
	if (k == 0)
		return 0;
	if (first != '{') {
		drop_fds(ret);
		return kerr_plain(err, -EPROTO, "invalid JSON: not an object");
	}
	r = xcalloc(1, sizeof(*r));
	r->limits = limits;
	r->frame = ret;
	buf_init(&ret->text, limits->max_frame);
	jscan_init(&r->scan, on_event, r);
	stream_init(&r->stream, limits->max_stream);
	k = read_rest(fd, r, first, err);
	stream_clear(&r->stream);
	free(r);
	return k;
}

/* ---- writing ---- */

/* Wait until fd is writable; with a short limit when the daemon is stopping. */
static int wait_to_write(int fd, const struct wire_pace *pace)
{
	int64_t deadline = deadline_in(pace ? pace->write_ms : 0);
	int r = wait_until(fd, POLLOUT, pace ? pace->stop_fd : -1, deadline);

	return r == 0 ? wait_until(fd, POLLOUT, -1, deadline_in(WIRE_STOP_MS)) : r;
}

int wire_write(int fd, const void *p, size_t n, const int *fds, size_t n_fds,
	       const struct wire_pace *pace)
{
	union {
		struct cmsghdr align;
		char space[CMSG_SPACE(sizeof(int) * WIRE_MAX_FDS)];
	} control = { 0 };
	const char *at = p;
	int r;

	assert(n_fds <= WIRE_MAX_FDS && n > 0);
	while (n > 0) {
		struct iovec iov = { .iov_len = n };
		struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
		ssize_t k;

		memcpy(&iov.iov_base, &at, sizeof(at)); /* sendmsg does not write to it */
		if (n_fds > 0) {
			msg.msg_control = &control;
			msg.msg_controllen = CMSG_SPACE(sizeof(int) * n_fds);
			control.align.cmsg_level = SOL_SOCKET;
			control.align.cmsg_type = SCM_RIGHTS;
			control.align.cmsg_len = CMSG_LEN(sizeof(int) * n_fds);
			memcpy(CMSG_DATA(&control.align), fds, sizeof(int) * n_fds);
		}
		k = sendmsg(fd, &msg, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (k < 0 && errno == EINTR)
			continue;
		if (k < 0 && errno == EAGAIN) {
			r = wait_to_write(fd, pace);
			if (r < 0)
				return r;
			continue;
		}
		if (k < 0)
			return -errno;
		n_fds = 0;
		at += k;
		n -= (size_t) k;
	}
	return 0;
}

/* ---- pieces of a frame; its JSON syntax has been checked ---- */

static const char *skip_space(const char *p, const char *end)
{
	while (p < end && is_space(*p))
		p++;
	return p;
}

/* Returns the end of the string that starts at p. */
static const char *skip_string(const char *p, const char *end)
{
	const char *quote, *from;
	size_t n;

	for (p++; p < end; p = quote + 1) {
		quote = memchr(p, '"', (size_t) (end - p));
		if (!quote)
			return end;
		/* It ends the string unless an odd number of backslashes is before it. */
		for (n = 0, from = quote; from > p && from[-1] == '\\'; from--)
			n++;
		if (n % 2 == 0)
			return quote + 1;
	}
	return end;
}

/* Returns the end of the value that starts at p. */
static const char *skip_value(const char *p, const char *end)
{
	unsigned depth = 0;

	while (p < end) {
		if (*p == '"') {
			p = skip_string(p, end);
		} else if (*p == '{' || *p == '[') {
			depth++;
			p++;
		} else if (*p == '}' || *p == ']') {
			if (depth == 0)
				return p;
			depth--;
			p++;
		} else if (depth == 0 && (*p == ',' || is_space(*p))) {
			return p;
		} else {
			p++;
			if (depth == 0)
				continue;
		}
		if (depth == 0)
			return p;
	}
	return p;
}

void wire_members(const char *text, size_t n, struct wire_named *v, size_t n_named)
{
	const char *end = text + n;
	const char *p = skip_space(text, end);

	assert(p < end && *p == '{');
	for (size_t i = 0; i < n_named; i++)
		v[i].value = (struct wire_span){ 0 };
	p = skip_space(p + 1, end);
	while (p < end && *p == '"') {
		const char *name = p + 1;
		const char *value;
		size_t len;

		p = skip_string(p, end);
		len = (size_t) (p - 1 - name);
		value = skip_space(skip_space(p, end) + 1, end);
		p = skip_value(value, end);
		for (size_t i = 0; i < n_named; i++)
			if (len == strlen(v[i].key) && strncasecmp(name, v[i].key, len) == 0)
				v[i].value = (struct wire_span){ value, (size_t) (p - value) };
		p = skip_space(p, end);
		if (p < end && *p == ',')
			p = skip_space(p + 1, end);
	}
}

struct wire_span wire_member(const char *text, size_t n, const char *key)
{
	struct wire_named named = { .key = key };

	wire_members(text, n, &named, 1);
	return named.value;
}

struct wire_span wire_element(struct wire_span array, size_t i)
{
	const char *end;
	const char *p;

	if (!array.p || array.n == 0 || *array.p != '[')
		return (struct wire_span){ 0 };
	end = array.p + array.n;
	p = skip_space(array.p + 1, end);
	while (p < end && *p != ']') {
		const char *value = p;

		p = skip_value(value, end);
		if (i-- == 0)
			return (struct wire_span){ value, (size_t) (p - value) };
		p = skip_space(p, end);
		if (p < end && *p == ',')
			p = skip_space(p + 1, end);
	}
	return (struct wire_span){ 0 };
}

void wire_response_begin(struct buf *out, struct wire_span id)
{
	buf_adds(out, "{\"id\":");
	if (id.p)
		buf_add(out, id.p, id.n);
	else
		buf_adds(out, "null");
	buf_adds(out, ",\"result\":");
}

void wire_response_end(struct buf *out, const char *error)
{
	buf_adds(out, ",\"error\":");
	if (error)
		jemit_quote(out, error, strlen(error));
	else
		buf_adds(out, "null");
	buf_adds(out, "}\n");
}

void wire_response_error(struct buf *out, struct wire_span id, const char *error)
{
	wire_response_begin(out, id);
	buf_adds(out, "null");
	wire_response_end(out, error);
}
