/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "clock.h"
#include "fd.h"
#include "jscan.h"
#include "kuketty.h"
#include "str.h"

/* ---- the socket ---- */

int callers_listen(struct tty *t, struct kerr *err)
{
	const struct ttyconfig_file *f = &t->config.socket;
	cleanup_fd int fd = -EBADF;
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	mode_t before;
	int r;

	if (strlen(f->path) >= sizeof(at.sun_path))
		return kerr_plain(err, -ENAMETOOLONG, "the path of the socket is too long: '%s'",
				  f->path);
	(void) snprintf(at.sun_path, sizeof(at.sun_path), "%s", f->path);
	(void) unlink(f->path); /* of an earlier run */
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return kerr_set(err, -errno, "make a socket");
	before = umask(0777 & ~f->mode); /* it is born with its mode */
	r = bind(fd, (const struct sockaddr *) &at, sizeof(at)) < 0 ? -errno : 0;
	(void) umask(before);
	if (r < 0)
		return kerr_set(err, r, "bind '%s'", f->path);
	/* A directory with the set-group-ID bit has given it its group already. */
	if (f->gid >= 0 && lchown(f->path, (uid_t) -1, (gid_t) f->gid) < 0)
		say(t, "cannot give '%s' to group %lld", f->path, (long long) f->gid);
	if (listen(fd, CALLERS_MAX) < 0)
		return kerr_set(err, -errno, "listen at '%s'", f->path);
	t->listener = take_fd(fd);
	return 0;
}

void callers_close(struct caller *c)
{
	fd_close_p(&c->fd);
	fd_close_p(&c->pass);
	c->n_in = c->n_out = c->at_out = 0;
	c->ended = c->waits = c->waits_end = false;
}

bool callers_idle(const struct caller *c)
{
	return c->fd < 0 || (c->n_out == 0 && !c->waits);
}

/* A free place, made by closing the connection that has been idle longest. */
static struct caller *free_place(struct tty *t)
{
	struct caller *oldest = NULL;

	for (size_t i = 0; i < CALLERS_MAX; i++) {
		struct caller *c = &t->caller[i];

		if (c->fd < 0)
			return c;
		if (callers_idle(c) && (oldest == NULL || c->used_ms < oldest->used_ms))
			oldest = c;
	}
	if (oldest == NULL)
		oldest = &t->caller[0]; /* it does not read its reply, or waits with others */
	callers_close(oldest);
	return oldest;
}

void callers_accept(struct tty *t)
{
	int fd = accept4(t->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct caller *c;

	if (fd < 0)
		return; /* it has gone again */
	c = free_place(t);
	c->fd = fd;
	c->used_ms = clock_ms();
}

/* ---- replies ---- */

/* A buffer over the memory of a reply: what does not fit fails, nothing is allocated. */
static struct buf reply_buf(struct caller *c)
{
	c->out[0] = '\0';
	return (struct buf){ .data = c->out, .cap = sizeof(c->out), .max = sizeof(c->out) - 1 };
}

static void reply_done(struct caller *c, const struct tty_request *req, struct buf *out)
{
	if (out->failed) {
		*out = reply_buf(c);
		tty_add_error(out, req, "the reply is too long");
	}
	c->n_out = out->len;
	c->at_out = 0;
}

static void reply_error(struct caller *c, const struct tty_request *req, const char *error)
{
	struct buf out = reply_buf(c);

	tty_add_error(&out, req, error);
	reply_done(c, req, &out);
}

static void reply_result(struct caller *c, const struct tty_request *req, const char *result)
{
	struct buf out = reply_buf(c);

	tty_add_result(&out, req, result);
	reply_done(c, req, &out);
}

/* A result that is written piece by piece. */
static void reply_document(struct tty *t, struct caller *c, const struct tty_request *req,
			   void (*add)(struct buf *out, const struct tty *t))
{
	struct buf out = reply_buf(c);

	buf_adds(&out, "{\"id\":");
	buf_add(&out, req->id, req->n_id);
	buf_adds(&out, ",\"result\":");
	add(&out, t);
	buf_adds(&out, ",\"error\":null}\n");
	reply_done(c, req, &out);
}

/* ---- requests ---- */

static void do_stream(struct tty *t, struct caller *c, const struct tty_request *req)
{
	struct attached *a = attached_new(t);
	int pair[2];

	if (a == NULL) {
		reply_error(c, req, "too many clients are attached");
		return;
	}
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0) {
		reply_error(c, req, "cannot make a connection");
		return;
	}
	attached_begin(t, a, req, pair[0]);
	c->pass = pair[1];
	reply_result(c, req, "{\"ok\":true}");
}

static void do_write(struct tty *t, struct caller *c, struct tty_request *req)
{
	/* the request is in our memory, and is read no more */
	char *data = (char *) (uintptr_t) req->data;
	size_t n = req->n_data == 0 ? 0 : jscan_unescape(data, data, req->n_data);
	ssize_t k = tty_base64(data, data, n);

	if (k < 0)
		reply_error(c, req, "illegal base64 data at input byte 0");
	else if (t->master < 0)
		reply_error(c, req, "terminal stdin is closed");
	else if ((size_t) k > pty_room(t))
		reply_error(c, req, "write to pty: the program does not read what is typed");
	else {
		pty_put(t, data, (size_t) k);
		reply_result(c, req, "{}");
	}
}

static void do_detach(struct tty *t, struct caller *c, const struct tty_request *req)
{
	char text[TTY_CLIENT_MAX + 64];

	if (attached_detach(t, req->client)) {
		reply_result(c, req, "{}");
		return;
	}
	(void) snprintf(text, sizeof(text), "client %s not found among clients", req->client);
	reply_error(c, req, text);
}

/* false: it can be answered later only. */
static bool handle(struct tty *t, struct caller *c, struct tty_request *req)
{
	char text[32];

	switch (req->method) {
	case TTY_PING:
		if (req->ping)
			reply_result(c, req, "{\"Message\":\"PONG\"}");
		else
			reply_error(c, req, "unexpected ping message");
		break;
	case TTY_STATE:
		(void) snprintf(text, sizeof(text), "%d", (int) t->state);
		reply_result(c, req, text);
		break;
	case TTY_METADATA:
		reply_document(t, c, req, metadata_add);
		break;
	case TTY_SCREENSHOT:
		reply_document(t, c, req, screenshot_add);
		break;
	case TTY_ATTACH:
	case TTY_SUBSCRIBE:
		if (t->state == TTY_EXITED)
			reply_error(c, req, "the terminal has ended");
		else if (req->method == TTY_ATTACH && t->state != TTY_READY)
			return false;
		else
			do_stream(t, c, req);
		break;
	case TTY_DETACH:
		do_detach(t, c, req);
		break;
	case TTY_RESIZE:
		attached_resize(t, req->client, req->cols, req->rows);
		reply_result(c, req, "{}");
		break;
	case TTY_WRITE:
		do_write(t, c, req);
		break;
	case TTY_STOP:
		reply_result(c, req, "{}");
		ending_begin(t);
		break;
	case TTY_WAIT:
		c->waits_end = t->state != TTY_EXITED;
		if (c->waits_end)
			return false;
		(void) snprintf(text, sizeof(text), "{\"ExitCode\":%d}", t->exit_code);
		reply_result(c, req, text);
		break;
	case _TTY_METHOD_MAX:
		break;
	}
	return true;
}

static size_t skip_space(const char *p, size_t n)
{
	size_t i = 0;

	while (i < n && (p[i] == ' ' || p[i] == '\t' || p[i] == '\r' || p[i] == '\n'))
		i++;
	return i;
}

/* The descriptor goes with the first byte of its reply. */
static ssize_t send_reply(struct caller *c)
{
	union {
		struct cmsghdr align;
		char data[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	struct iovec iov = { c->out + c->at_out, c->n_out - c->at_out };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct cmsghdr *head;
	ssize_t n;

	if (c->pass >= 0) {
		msg.msg_control = control.data;
		msg.msg_controllen = sizeof(control.data);
		head = CMSG_FIRSTHDR(&msg);
		head->cmsg_level = SOL_SOCKET;
		head->cmsg_type = SCM_RIGHTS;
		head->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(head), &c->pass, sizeof(int));
	}
	n = sendmsg(c->fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (n > 0)
		fd_close_p(&c->pass); /* the message holds it open */
	return n;
}

static void write_reply(struct caller *c)
{
	ssize_t n;

	while (c->fd >= 0 && c->at_out < c->n_out) {
		n = send_reply(c);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return;
		if (n < 0) {
			callers_close(c);
			return;
		}
		c->at_out += (size_t) n;
	}
	c->n_out = c->at_out = 0;
}

/* The next request that is there in full: its first byte and how many it has; 0: none. */
static size_t next_request(struct caller *c, size_t *ret_from)
{
	size_t from = skip_space(c->in, c->n_in), used = 0;
	enum jscan_result r;
	struct jscan s;

	if (from == c->n_in) {
		c->n_in = 0;
		return 0;
	}
	jscan_init(&s, NULL, NULL);
	r = jscan_feed(&s, c->in + from, c->n_in - from, &used);
	if (r == JSCAN_MORE && c->n_in < sizeof(c->in))
		return 0;
	if (r != JSCAN_DONE) { /* no request, or too long a one */
		callers_close(c);
		return 0;
	}
	*ret_from = from;
	return used;
}

/* Handle requests as long as each can be answered at once. */
static void take_requests(struct tty *t, struct caller *c)
{
	struct tty_request req;
	size_t from = 0, n;

	while (c->fd >= 0 && c->n_out == 0) {
		n = next_request(c, &from);
		if (n == 0)
			break;
		if (tty_request_parse(c->in + from, n, &req) < 0) {
			callers_close(c);
			break;
		}
		c->waits = c->waits_end = false;
		if (req.error[0] != '\0') {
			reply_error(c, &req, req.error);
		} else if (!handle(t, c, &req)) {
			c->waits = true;
			break;
		}
		c->n_in -= from + n;
		memmove(c->in, c->in + from + n, c->n_in);
		write_reply(c);
	}
	if (c->fd >= 0 && c->ended && callers_idle(c))
		callers_close(c);
}

void callers_read(struct tty *t, struct caller *c)
{
	ssize_t n = recv(c->fd, c->in + c->n_in, sizeof(c->in) - c->n_in, MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n < 0) {
		callers_close(c);
		return;
	}
	c->ended = n == 0;
	c->n_in += (size_t) n;
	c->used_ms = clock_ms();
	take_requests(t, c);
}

void callers_turn(struct tty *t, struct caller *c)
{
	if (c->n_out > 0)
		write_reply(c);
	if (c->n_out == 0)
		take_requests(t, c);
}
