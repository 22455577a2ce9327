/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

#include "exec_proto.h"
#include "execview.h"
#include "fd.h"

enum {
	/* a pipe that poll(2) calls writable takes so much without waiting (pipe(7)) */
	OUTPUT_STEP = 4096,
};

struct view {
	int fd;
	enum execview_flags flags;
	int signals;
	uint32_t credit; /* bytes of input that may be sent */
	bool input; /* there may be more */
	struct exec_reader reader;
	const char *out; /* output that was not written yet, in reader */
	size_t n_out;
	int to; /* where it goes */
	bool ended;
	int status;
	struct termios before; /* our terminal */
	bool raw;
};

void execview_size(int64_t *ret_rows, int64_t *ret_columns)
{
	struct winsize size = { 0 };

	(void) ioctl(STDIN_FILENO, TIOCGWINSZ, &size);
	*ret_rows = size.ws_row;
	*ret_columns = size.ws_col;
}

/* ---- our terminal ---- */

static void terminal_raw(struct view *v)
{
	struct termios t;

	if ((v->flags & EXECVIEW_TTY) == 0)
		return;
	if (!v->raw && tcgetattr(STDIN_FILENO, &v->before) < 0)
		return;
	t = v->before;
	cfmakeraw(&t);
	v->raw = tcsetattr(STDIN_FILENO, TCSADRAIN, &t) == 0;
}

static void view_clear(struct view *v)
{
	if (v->raw)
		(void) tcsetattr(STDIN_FILENO, TCSADRAIN, &v->before);
	fd_close_p(&v->signals);
}

/* ---- to the program ---- */

static int send_all(int fd, const char *p, size_t n)
{
	ssize_t put;

	while (n > 0) {
		put = send(fd, p, n, MSG_NOSIGNAL);
		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return -errno;
		p += put;
		n -= (size_t) put;
	}
	return 0;
}

/* data has room for the head in front. Frames are small, and the monitor reads them at once. */
static int send_frame(struct view *v, enum exec_frame_type type, char *data, uint32_t n)
{
	exec_frame_head(data, type, n);
	return send_all(v->fd, data, EXEC_FRAME_HEAD + (size_t) n);
}

static int send_size(struct view *v)
{
	char frame[EXEC_FRAME_HEAD + 4];
	int64_t rows, columns;

	if ((v->flags & EXECVIEW_TTY) == 0)
		return 0;
	execview_size(&rows, &columns);
	exec_put_u16(frame + EXEC_FRAME_HEAD, (uint32_t) rows);
	exec_put_u16(frame + EXEC_FRAME_HEAD + 2, (uint32_t) columns);
	return send_frame(v, EXEC_FRAME_RESIZE, frame, 4);
}

static int send_input(struct view *v)
{
	char frame[EXEC_FRAME_HEAD + EXEC_FRAME_DATA_MAX];
	size_t max = v->credit < EXEC_FRAME_DATA_MAX ? v->credit : EXEC_FRAME_DATA_MAX;
	ssize_t n = read(STDIN_FILENO, frame + EXEC_FRAME_HEAD, max);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n <= 0) {
		n = 0; /* an error ends the input as well: there is no more of it */
		v->input = false;
	}
	v->credit -= (uint32_t) n;
	return send_frame(v, EXEC_FRAME_STDIN, frame, (uint32_t) n);
}

static int forward_signals(struct view *v)
{
	char frame[EXEC_FRAME_HEAD + 1];
	struct signalfd_siginfo info;
	int r = 0;

	while (r == 0 && read(v->signals, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo == SIGCONT) /* the shell may have changed the terminal */
			terminal_raw(v);
		if (info.ssi_signo == SIGCONT || info.ssi_signo == SIGWINCH) {
			r = send_size(v);
			continue;
		}
		frame[EXEC_FRAME_HEAD] = (char) info.ssi_signo;
		r = send_frame(v, EXEC_FRAME_SIGNAL, frame, 1);
	}
	return r;
}

/* ---- from the program ---- */

static int take_frame(struct view *v, const struct exec_frame *f)
{
	switch (f->type) {
	case EXEC_FRAME_STDOUT:
	case EXEC_FRAME_STDERR:
		v->out = f->data;
		v->n_out = f->n;
		v->to = f->type == EXEC_FRAME_STDOUT ? STDOUT_FILENO : STDERR_FILENO;
		return 0;
	case EXEC_FRAME_CREDIT:
		if (f->n != 4 || exec_get_u32(f->data) > EXEC_WINDOW - v->credit)
			return -EPROTO;
		v->credit += exec_get_u32(f->data);
		return 0;
	case EXEC_FRAME_EXIT:
		if (f->n != 2)
			return -EPROTO;
		v->status = (unsigned char) f->data[0];
		v->ended = true;
		return 0;
	case EXEC_FRAME_STDIN:
	case EXEC_FRAME_RESIZE:
	case EXEC_FRAME_SIGNAL:
	case _EXEC_FRAME_MAX:
		break;
	}
	return -EPROTO;
}

/* Frames up to one with output, which is written before more is read. */
static int receive(struct view *v)
{
	struct exec_frame f;
	int r = 1;

	while (r > 0 && v->n_out == 0 && !v->ended) {
		r = exec_read_frame(v->fd, &v->reader, &f);
		if (r > 0 && take_frame(v, &f) < 0)
			r = -EPROTO;
	}
	return r < 0 ? r : 0;
}

/* -EPIPE: the reader of our output has gone. */
static int write_output(struct view *v)
{
	ssize_t put = write(v->to, v->out, v->n_out < OUTPUT_STEP ? v->n_out : OUTPUT_STEP);

	if (put < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	v->out += put;
	v->n_out -= (size_t) put;
	return 0;
}

/* ---- the loop ---- */

static int catch_signals(struct view *v, struct kerr *err)
{
	static const int forwarded[] = { SIGHUP,  SIGINT,  SIGQUIT,  SIGTERM,
					 SIGUSR1, SIGUSR2, SIGWINCH, SIGCONT };
	sigset_t set;

	(void) sigemptyset(&set);
	for (size_t i = 0; i < ARRAY_SIZE(forwarded); i++)
		(void) sigaddset(&set, forwarded[i]);
	(void) sigprocmask(SIG_BLOCK, &set, NULL);
	v->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return v->signals < 0 ? kerr_set(err, -errno, "make a signalfd") : 0;
}

static int connection_lost(int r, struct kerr *err)
{
	if (r == -EPIPE || r == -ECONNRESET)
		return kerr_plain(err, -EPIPE,
				  "the monitor of the program has ended: how the program ended is "
				  "not known");
	return kerr_set(err, r, "the stream of the program");
}

static int turn(struct view *v, struct kerr *err)
{
	bool asks = v->input && v->credit > 0;
	struct pollfd p[] = {
		{ .fd = v->n_out == 0 ? v->fd : -1, .events = POLLIN },
		{ .fd = v->signals, .events = POLLIN },
		{ .fd = asks ? STDIN_FILENO : -1, .events = POLLIN },
		{ .fd = v->n_out > 0 ? v->to : -1, .events = POLLOUT },
	};
	int r = 0;

	if (poll(p, ARRAY_SIZE(p), -1) < 0 && errno != EINTR)
		return kerr_set(err, -errno, "poll");
	if (p[3].revents != 0) {
		r = write_output(v);
		if (r == -EPIPE) { /* as if the signal had ended us, which we ignore */
			v->n_out = 0;
			v->status = 128 + SIGPIPE;
			v->ended = true;
			return 0;
		}
		if (r < 0)
			return kerr_set(err, r, "write the program's output");
	}
	if (p[0].revents != 0)
		r = receive(v);
	if (r == 0 && !v->ended && p[1].revents != 0)
		r = forward_signals(v);
	if (r == 0 && !v->ended && p[2].revents != 0)
		r = send_input(v);
	/* What it sent before it ended is still there, its exit status above all. */
	if (r == -EPIPE || r == -ECONNRESET)
		r = v->n_out > 0 || v->ended ? 0 : receive(v);
	return r < 0 ? connection_lost(r, err) : 0;
}

int execview(int fd, enum execview_flags flags, int *ret_status, struct kerr *err)
{
	cleanup_(view_clear) struct view v = {
		.fd = fd,
		.flags = flags,
		.signals = -EBADF,
		.credit = EXEC_WINDOW,
		.input = (flags & EXECVIEW_STDIN) != 0,
	};
	int r = catch_signals(&v, err);

	if (r < 0)
		return r;
	terminal_raw(&v);
	r = send_size(&v); /* it may have changed since the request */
	if (r < 0 && r != -EPIPE)
		return connection_lost(r, err);
	for (r = 0; r == 0 && !(v.ended && v.n_out == 0);)
		r = turn(&v, err);
	if (r == 0)
		*ret_status = v.status;
	return r;
}
