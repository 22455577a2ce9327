/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "exec_proto.h"
#include "exec_session.h"
#include "fd.h"

#ifndef CLONE_INTO_CGROUP
#define CLONE_INTO_CGROUP 0x200000000ULL
#endif

/* ---- cgroups ---- */

/* The kernel's struct clone_args (clone(2)) up to the member that is used last. */
struct clone_how {
	uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls, set_tid,
		set_tid_size, cgroup;
};

pid_t exec_fork(int cgroup, uint64_t flags)
{
	struct clone_how how = {
		.flags = flags | (cgroup >= 0 ? CLONE_INTO_CGROUP : 0),
		/* a sibling sends what this process would (clone(2)) */
		.exit_signal = (flags & CLONE_PARENT) != 0 ? 0 : SIGCHLD,
		.cgroup = cgroup >= 0 ? (uint64_t) cgroup : 0,
	};
	long pid = syscall(SYS_clone3, &how, sizeof(how));

	return pid < 0 ? -errno : (pid_t) pid;
}

int exec_join_cgroups(const int32_t *procs, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		if (write(procs[i], "0", 1) != 1)
			return -errno;
	return 0;
}

/* ---- a monitor ---- */

int exec_monitor_begin(const char *name, int *ret_signals)
{
	sigset_t all, child;
	int fd;

	/* it would be the number of the descriptor that was executed */
	(void) prctl(PR_SET_NAME, name, 0, 0, 0);
	/* in every process that comes of this one, until it executes a program */
	(void) prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	(void) sigfillset(&all);
	(void) sigprocmask(SIG_SETMASK, &all, NULL);
	(void) sigemptyset(&child);
	(void) sigaddset(&child, SIGCHLD);
	fd = signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0)
		return -errno;
	*ret_signals = fd;
	return 0;
}

int exec_monitor_settle(int monitors)
{
	pid_t pid;

	if (monitors < 0)
		return 0;
	pid = exec_fork(monitors, 0);
	if (pid > 0)
		_exit(EXIT_SUCCESS);
	(void) close(monitors);
	return pid;
}

void exec_monitor_rest(const int32_t *procs, uint32_t n)
{
	(void) exec_join_cgroups(procs, n);
	for (uint32_t i = 0; i < n; i++)
		(void) close(procs[i]);
	(void) sys_write(AT_FDCWD, "/proc/self/oom_score_adj", "-999"); /* if permitted */
}

/* ---- streams ---- */

/*
 * One loop without allocation. What the client sends as standard input waits in a ring until
 * the process reads it; the client may not send more than it has credit for, so the frames
 * behind it (signals, sizes) are never held up. Output is read only when the connection has
 * taken all of the frame before.
 */
enum {
	TAIL_MAX = 4 << 20, /* of output after the end, which others may go on writing */
	CREDIT_STEP = EXEC_WINDOW / 4, /* bytes read by the process per CREDIT */
	FRAMES_PER_TURN = 64,
	SIGNALS_END = 65,
};

static struct exec_reader reader_;
static struct {
	char data[EXEC_WINDOW];
	size_t start, n;
	bool end; /* the client has no more */
	uint32_t read; /* by the process, not yet given back as credit */
} in_;
static struct {
	char data[EXEC_FRAME_HEAD + EXEC_FRAME_DATA_MAX];
	size_t sent, n;
} out_;

/* The process, in a state that it can be told from. */
struct life {
	bool ended;
	int status; /* as of waitpid */
	size_t tail; /* bytes of output since then */
	bool told; /* EXIT is in out_ */
};

/*
 * The client is gone: what a terminal does that goes away. A stopped process is continued, so
 * that it notices. Its process group is its own. Pipes stay open and what comes is dropped, so
 * that SIGPIPE does not end what the program does about SIGHUP.
 */
static void hang_up(struct exec_session *s, const struct life *l)
{
	fd_close_p(&s->connection);
	fd_close_p(&s->in);
	if (s->tty)
		fd_close_p(&s->out[0]);
	out_.n = out_.sent = 0;
	if (l->ended)
		return;
	(void) kill(-s->pid, SIGHUP);
	(void) kill(-s->pid, SIGCONT);
}

/* ---- from the client ---- */

static int take_input(struct exec_session *s, const struct exec_frame *f)
{
	size_t at, first;

	if (in_.end || f->n > sizeof(in_.data) - in_.n)
		return -EPROTO;
	in_.end = f->n == 0;
	if (s->in < 0) {
		in_.read += f->n; /* the process has closed it */
		return 0;
	}
	at = (in_.start + in_.n) % sizeof(in_.data);
	first = sizeof(in_.data) - at;
	if (first > f->n)
		first = f->n;
	memcpy(in_.data + at, f->data, first);
	memcpy(in_.data, f->data + first, f->n - first);
	in_.n += f->n;
	return 0;
}

static int take_resize(const struct exec_session *s, const struct exec_frame *f)
{
	struct winsize size = { 0 };

	if (f->n != 4)
		return -EPROTO;
	size.ws_row = (unsigned short) exec_get_u16(f->data);
	size.ws_col = (unsigned short) exec_get_u16(f->data + 2);
	if (s->tty && s->out[0] >= 0)
		(void) ioctl(s->out[0], TIOCSWINSZ, &size);
	return 0;
}

static int take_signal(const struct exec_session *s, const struct exec_frame *f,
		       const struct life *l)
{
	int sig = f->n == 1 ? (unsigned char) f->data[0] : 0;

	if (sig < 1 || sig >= SIGNALS_END)
		return -EPROTO;
	if (!l->ended) /* and not reaped, so the pid is still its own */
		(void) kill(s->pid, sig);
	return 0;
}

static int take_frame(struct exec_session *s, const struct exec_frame *f, const struct life *l)
{
	switch (f->type) {
	case EXEC_FRAME_STDIN:
		return take_input(s, f);
	case EXEC_FRAME_RESIZE:
		return take_resize(s, f);
	case EXEC_FRAME_SIGNAL:
		return take_signal(s, f, l);
	case EXEC_FRAME_STDOUT:
	case EXEC_FRAME_STDERR:
	case EXEC_FRAME_CREDIT:
	case EXEC_FRAME_EXIT:
	case _EXEC_FRAME_MAX:
		break;
	}
	return -EPROTO;
}

static void read_connection(struct exec_session *s, const struct life *l)
{
	struct exec_frame f;
	int r = 1;

	for (int i = 0; r > 0 && i < FRAMES_PER_TURN; i++) {
		r = exec_read_frame(s->connection, &reader_, &f);
		if (r > 0 && take_frame(s, &f, l) < 0)
			r = -EPROTO;
	}
	if (r < 0)
		hang_up(s, l);
}

/* ---- to the process ---- */

static void close_input(struct exec_session *s)
{
	in_.read += (uint32_t) in_.n;
	in_.start = in_.n = 0;
	fd_close_p(&s->in);
}

/* The end of what was typed: a terminal has no other than its end-of-file character. */
static void end_input(struct exec_session *s)
{
	struct termios t;
	bool lines = s->tty && tcgetattr(s->in, &t) == 0 && (t.c_lflag & (tcflag_t) ICANON) != 0;

	/* Else it would be an ordinary one. A terminal that takes no more is closed untold. */
	ssize_t put = lines ? write(s->in, &t.c_cc[VEOF], 1) : 0;

	(void) put;
	close_input(s);
}

static void write_input(struct exec_session *s)
{
	size_t first = sizeof(in_.data) - in_.start;
	ssize_t put;

	if (first > in_.n)
		first = in_.n;
	put = first == 0 ? 0 : write(s->in, in_.data + in_.start, first);
	if (put < 0 && errno != EAGAIN && errno != EINTR) {
		close_input(s);
		return;
	}
	if (put > 0) {
		in_.start = (in_.start + (size_t) put) % sizeof(in_.data);
		in_.n -= (size_t) put;
		in_.read += (uint32_t) put;
	}
	if (in_.n == 0 && in_.end)
		end_input(s);
}

/* ---- to the client ---- */

static char *frame_data(void)
{
	return out_.data + EXEC_FRAME_HEAD;
}

static void put_frame(enum exec_frame_type type, uint32_t n)
{
	exec_frame_head(out_.data, type, n);
	out_.n = EXEC_FRAME_HEAD + n;
	out_.sent = 0;
}

/* Send what waits. true: all of it was taken. */
static bool flush(struct exec_session *s, const struct life *l)
{
	ssize_t put;

	while (out_.sent < out_.n) {
		put = send(s->connection, out_.data + out_.sent, out_.n - out_.sent,
			   MSG_DONTWAIT | MSG_NOSIGNAL);
		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0 && errno == EAGAIN)
			return false;
		if (put < 0) {
			hang_up(s, l);
			return false;
		}
		out_.sent += (size_t) put;
	}
	out_.n = out_.sent = 0;
	return true;
}

/* Read one stream into a frame. false: nothing is there now. */
static bool read_output(struct exec_session *s, int i, struct life *l)
{
	ssize_t n;

	if (s->out[i] < 0)
		return false;
	n = read(s->out[i], frame_data(), EXEC_FRAME_DATA_MAX);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (n <= 0) { /* EIO: the last process has closed its terminal */
		fd_close_p(&s->out[i]);
		return false;
	}
	if (l->ended)
		l->tail += (size_t) n;
	put_frame(i == 0 ? EXEC_FRAME_STDOUT : EXEC_FRAME_STDERR, (uint32_t) n);
	return true;
}

static void put_exit(struct life *l)
{
	int sig = WIFSIGNALED(l->status) ? WTERMSIG(l->status) : 0;

	frame_data()[0] = (char) (sig != 0 ? 128 + sig : WEXITSTATUS(l->status));
	frame_data()[1] = (char) sig;
	put_frame(EXEC_FRAME_EXIT, 2);
	l->told = true;
}

/* The next frame for the client, if there is one. */
static bool next_frame(struct exec_session *s, struct life *l)
{
	if (in_.read >= CREDIT_STEP) {
		exec_put_u32(frame_data(), in_.read);
		put_frame(EXEC_FRAME_CREDIT, 4);
		in_.read = 0;
		return true;
	}
	if (l->tail < TAIL_MAX && (read_output(s, 1, l) || read_output(s, 0, l)))
		return true;
	if (!l->ended || l->told)
		return false;
	put_exit(l);
	return true;
}

static void serve_client(struct exec_session *s, struct life *l)
{
	if (s->connection < 0) {
		(void) read_output(s, 0, l);
		(void) read_output(s, 1, l);
		out_.n = 0;
		return;
	}
	for (int i = 0; i < FRAMES_PER_TURN && s->connection >= 0; i++)
		if (!flush(s, l) || !next_frame(s, l))
			return;
}

/* ---- the loop ---- */

static void end_with_other(struct exec_session *s, const struct life *l)
{
	fd_close_p(&s->bound);
	if (!l->ended) /* and not reaped, so the pid is still its own */
		(void) kill(s->pid, SIGKILL);
}

static void read_signals(const struct exec_session *s, struct life *l)
{
	struct signalfd_siginfo info;
	pid_t pid;
	int status;

	while (read(s->signals, &info, sizeof(info)) > 0)
		;
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		if (pid == s->pid) {
			l->ended = true;
			l->status = status;
		}
}

static bool is_over(const struct exec_session *s, const struct life *l)
{
	return l->ended && (s->connection < 0 || (l->told && out_.n == 0));
}

void exec_session_serve(struct exec_session *s)
{
	struct life l = { 0 };

	if (s->stall_ms == 0)
		s->stall_ms = -1;
	for (;;) {
		int wait_ms = l.ended || s->connection < 0 ? -1 : s->stall_ms;
		bool idle = out_.n == 0;
		struct pollfd p[] = {
			{ .fd = s->connection, .events = (short) (POLLIN | (idle ? 0 : POLLOUT)) },
			{ .fd = s->signals, .events = POLLIN },
			{ .fd = in_.n > 0 ? s->in : -1, .events = POLLOUT },
			{ .fd = idle ? s->out[0] : -1, .events = POLLIN },
			{ .fd = idle ? s->out[1] : -1, .events = POLLIN },
			{ .fd = s->bound > 0 ? s->bound : -1, .events = POLLIN },
		};

		if (poll(p, ARRAY_SIZE(p), wait_ms) == 0)
			hang_up(s, &l);
		if (p[5].revents != 0)
			end_with_other(s, &l);
		if (p[1].revents != 0)
			read_signals(s, &l);
		if (p[0].revents != 0)
			read_connection(s, &l);
		if (s->in >= 0)
			write_input(s);
		serve_client(s, &l);
		if (is_over(s, &l))
			return;
	}
}
