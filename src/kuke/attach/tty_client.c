/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "clock.h"
#include "fd.h"
#include "mem.h"
#include "path.h"
#include "str.h"
#include "tty_client.h"
#include "tty_proto.h"

enum {
	CALL_MS = 1000,
	PING_MS = 3000,
	ATTACH_MS = 15000, /* it is answered once the program's first lines have been typed */
	LINK_MAX = 4096,
	REQUEST_TEXT_MAX = 1024,
	KILLED = 128 + 9, /* by SIGKILL, as shells have it */
};

/* A call that is under way. */
struct call {
	enum tty_method method;
	const char *param;
	int limit_ms;
	struct buf reply;
	const char *result; /* in reply */
	size_t n_result;
	int passed; /* a descriptor that came with it; -EBADF */
};

static void call_clear(struct call *c)
{
	buf_clear(&c->reply);
	fd_close_p(&c->passed);
}

void tty_client_init(struct tty_client *c, const char *path)
{
	uint32_t number = 0;

	if (getrandom(&number, sizeof(number), 0) != (ssize_t) sizeof(number))
		number = (uint32_t) getpid();
	c->path = path;
	(void) snprintf(c->id, sizeof(c->id), "%08x", number);
}

/*
 * The path is that of a socket, in a directory of the container, or kukeond's short link to
 * one. So a link is only followed where its name is not the socket's.
 */
static char *real_path(const char *path)
{
	char target[LINK_MAX];
	ssize_t n;

	if (streq(path_basename(path), TTY_FILE_SOCKET))
		return xstrdup(path);
	n = readlink(path, target, sizeof(target));
	return n > 0 && (size_t) n < sizeof(target) ? xstrndup(target, (size_t) n) : xstrdup(path);
}

/* Through a descriptor: what was looked at is what is used, and no path is too long. */
static int dial(const struct tty_client *c, struct kerr *err)
{
	cleanup_free char *path = real_path(c->path);
	cleanup_fd int at = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	cleanup_fd int fd = -EBADF;
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	struct stat st;

	if (at < 0)
		return kerr_set(err, -errno, "open '%s'", path);
	if (fstat(at, &st) < 0 || !S_ISSOCK(st.st_mode))
		return kerr_plain(
			err, -ENOTSOCK,
			"'%s' is not a socket: the container has put something else there; "
			"stop and start it",
			path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return kerr_set(err, -errno, "make a socket");
	(void) snprintf(to.sun_path, sizeof(to.sun_path), "/proc/self/fd/%d", at);
	if (connect(fd, (const struct sockaddr *) &to, sizeof(to)) < 0)
		return kerr_set(err, errno == EAGAIN ? -ECONNREFUSED : -errno, "connect to '%s'",
				path);
	return take_fd(fd);
}

/* Keep one of the descriptors that came; a terminal that is hostile may send any number. */
static void take_passed(struct msghdr *msg, int *ret)
{
	for (struct cmsghdr *h = CMSG_FIRSTHDR(msg); h != NULL; h = CMSG_NXTHDR(msg, h)) {
		if (h->cmsg_level != SOL_SOCKET || h->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t at = CMSG_LEN(0); at + sizeof(int) <= h->cmsg_len; at += sizeof(int)) {
			fd_close_p(ret);
			memcpy(ret, (const char *) h + at, sizeof(int));
		}
	}
}

/* One piece of the reply; the first may bring a descriptor. */
static int read_piece(int fd, struct call *call)
{
	union {
		struct cmsghdr align;
		char data[CMSG_SPACE(sizeof(int))];
	} control;
	char piece[4096];
	struct iovec iov = { piece, sizeof(piece) };
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = control.data,
			      .msg_controllen = sizeof(control.data) };
	ssize_t n = recvmsg(fd, &msg, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	take_passed(&msg, &call->passed);
	if (n == 0)
		return -EPIPE;
	buf_add(&call->reply, piece, (size_t) n);
	return call->reply.failed ? -E2BIG : 0;
}

static int read_reply(int fd, struct call *call, int64_t deadline, struct kerr *err)
{
	int r;

	while (memchr(buf_str(&call->reply), '\n', call->reply.len) == NULL) {
		r = fd_wait_readable(fd, clock_left(deadline));
		if (r == 0)
			return kerr_plain(err, -ETIME, "the terminal does not answer");
		if (r > 0)
			r = read_piece(fd, call);
		if (r < 0)
			return kerr_set(err, r, "read the terminal's answer");
	}
	return 0;
}

/* A connection with the request on its way. */
static int ask(const struct tty_client *c, enum tty_method method, const char *param,
	       struct kerr *err)
{
	cleanup_buf struct buf text = BUF_INIT(REQUEST_TEXT_MAX);
	cleanup_fd int fd = dial(c, err);

	if (fd < 0)
		return fd;
	tty_add_request(&text, method, param);
	/* it fits into the socket's buffer, which is empty */
	if (send(fd, buf_str(&text), text.len, MSG_NOSIGNAL) != (ssize_t) text.len)
		return kerr_set(err, -errno, "ask the terminal");
	return take_fd(fd);
}

static int take_answer(int fd, struct call *call, struct kerr *err)
{
	int64_t deadline = clock_ms() + call->limit_ms;
	char error[TTY_ERROR_MAX] = "";
	int r = read_reply(fd, call, deadline, err);

	if (r < 0)
		return r;
	r = tty_reply_parse(buf_str(&call->reply), call->reply.len, &call->result, &call->n_result,
			    error);
	if (r == -EREMOTEIO)
		return kerr_plain(err, r, "%s", error);
	return r < 0 ? kerr_plain(err, -EPROTO, "the terminal's answer makes no sense") : 0;
}

static void call_init(struct call *call)
{
	call->passed = -EBADF;
	buf_init(&call->reply, TTY_REPLY_MAX);
}

static int run(const struct tty_client *c, struct call *call, struct kerr *err)
{
	cleanup_fd int fd = -EBADF;

	call_init(call);
	fd = ask(c, call->method, call->param, err);
	return fd < 0 ? fd : take_answer(fd, call, err);
}

static int run_plain(const struct tty_client *c, enum tty_method method, const char *param,
		     int limit_ms, struct kerr *err)
{
	cleanup_(call_clear) struct call call = { .method = method,
						  .param = param,
						  .limit_ms = limit_ms };

	return run(c, &call, err);
}

int tty_client_ping(const struct tty_client *c, struct kerr *err)
{
	return run_plain(c, TTY_PING, "{\"Message\":\"PING\"}", PING_MS, err);
}

int tty_client_state(const struct tty_client *c, int64_t *ret, struct kerr *err)
{
	cleanup_(call_clear) struct call call = { .method = TTY_STATE,
						  .param = "{}",
						  .limit_ms = CALL_MS };
	cleanup_free char *digits = NULL;
	int r = run(c, &call, err);

	if (r < 0)
		return r;
	digits = xstrndup(call.result, call.n_result);
	if (str_to_i64(digits, 0, INT32_MAX, ret) < 0)
		return kerr_plain(err, -EPROTO, "the terminal's answer makes no sense");
	return 0;
}

int tty_client_resize(const struct tty_client *c, uint16_t cols, uint16_t rows, struct kerr *err)
{
	char param[64 + sizeof(c->id)];

	(void) snprintf(param, sizeof(param), "{\"Cols\":%d,\"Rows\":%d,\"ClientID\":\"%s\"}", cols,
			rows, c->id);
	return run_plain(c, TTY_RESIZE, param, CALL_MS, err);
}

int tty_client_detach(const struct tty_client *c, struct kerr *err)
{
	char param[sizeof(c->id) + 2];

	(void) snprintf(param, sizeof(param), "\"%s\"", c->id);
	return run_plain(c, TTY_DETACH, param, CALL_MS, err);
}

int tty_client_wait(const struct tty_client *c, struct kerr *err)
{
	return ask(c, TTY_WAIT, "{}", err);
}

int tty_client_waited(int fd, int *ret, struct kerr *err)
{
	static const char before[] = "{\"ExitCode\":";
	cleanup_(call_clear) struct call call = { .method = TTY_WAIT, .limit_ms = CALL_MS };
	cleanup_free char *digits = NULL;
	int64_t code;
	int r;

	call_init(&call);
	r = take_answer(fd, &call, err);
	if (r == -EPIPE || r == -ECONNRESET) {
		*ret = KILLED;
		return 0;
	}
	if (r < 0)
		return kerr_wrap(err, r, "the exit code of the program is not known");
	if (call.n_result > strlen(before) && memcmp(call.result, before, strlen(before)) == 0)
		digits = xstrndup(call.result + strlen(before), call.n_result - strlen(before) - 1);
	if (digits == NULL || str_to_i64(digits, 0, UINT8_MAX, &code) < 0)
		return kerr_plain(err, -EPROTO, "the terminal's answer makes no sense");
	*ret = (int) code;
	return 0;
}

/* What upstream's older terminals take, as they know no more. */
static bool wants_plain(int r, const struct kerr *err)
{
	return r == -EREMOTEIO && strncmp(err->msg, "json:", 5) == 0;
}

int tty_client_attach(const struct tty_client *c, const struct tty_attach *how, struct kerr *err)
{
	char param[sizeof(c->id) + 128];
	cleanup_(call_clear) struct call call = { .method = TTY_ATTACH,
						  .param = param,
						  .limit_ms = ATTACH_MS };
	struct kerr why = { 0 };
	struct stat st;
	int r;

	(void) snprintf(param, sizeof(param),
			"{\"ClientID\":\"%s\",\"FullCapture\":%s,\"ReadOnly\":%s,\"Cols\":%d,"
			"\"Rows\":%d}",
			c->id, how->replay ? "true" : "false", how->read_only ? "true" : "false",
			how->cols, how->rows);
	r = run(c, &call, &why);
	if (wants_plain(r, &why)) {
		call_clear(&call);
		(void) snprintf(param, sizeof(param), "\"%s\"", c->id);
		r = run(c, &call, &why);
	}
	if (r < 0 && err != NULL)
		*err = why;
	if (r < 0)
		return r;
	if (call.passed < 0 || fstat(call.passed, &st) < 0 || !S_ISSOCK(st.st_mode) ||
	    fcntl(call.passed, F_SETFL, O_RDWR | O_NONBLOCK) < 0)
		return kerr_plain(err, -EPROTO, "the terminal passed no connection");
	return take_fd(call.passed);
}

int tty_client_screenshot(const struct tty_client *c, struct buf *ret, struct kerr *err)
{
	cleanup_(call_clear) struct call call = { .method = TTY_SCREENSHOT,
						  .param = "{}",
						  .limit_ms = CALL_MS };
	int r = run(c, &call, err);

	if (r == 0)
		buf_add(ret, call.result, call.n_result);
	return r == 0 ? buf_check(ret, "the screen", err) : r;
}
