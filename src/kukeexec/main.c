/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "exec_session.h"
#include "fd.h"
#include "kukeexec.h"
#include "mem.h"
#include "str.h"

enum {
	EXIT_USAGE = 64,
};

static int usage(void)
{
	static const char text[] = "kukeexec: started by kukeond, not by hand\n";

	(void) fd_write_all(STDERR_FILENO, text, sizeof(text) - 1);
	return EXIT_USAGE;
}

static int parse_args(int argc, char **argv, int64_t *ret_channel)
{
	int64_t protocol = 0;

	if (argc != 3 || !str_has_prefix(argv[1], "--protocol=") ||
	    str_to_i64(argv[1] + strlen("--protocol="), 0, INT32_MAX, &protocol) < 0 ||
	    protocol != EXEC_PROTOCOL || !str_has_prefix(argv[2], "--channel="))
		return -EINVAL;
	return str_to_i64(argv[2] + strlen("--channel="), 3, INT32_MAX, ret_channel);
}

static int read_request(int channel, struct exec_request *q)
{
	int r = fd_read_all(channel, &q->head, sizeof(q->head));

	if (r == 0 && (q->head.protocol != EXEC_PROTOCOL || q->head.body > EXEC_BODY_MAX))
		r = -EBADMSG;
	if (r < 0)
		return r;
	q->text = xmalloc(q->head.body + (size_t) 1);
	r = fd_read_all(channel, q->text, q->head.body);
	return r < 0 ? r : exec_body_parse(&q->head, q->text, &q->body);
}

/* The streams of the process: its ends in stdio, ours in the session. */
static int open_streams(const struct exec_head *h, struct exec_session *s, int stdio[3],
			struct kerr *err)
{
	int p[2];

	for (int i = 0; i < 3; i++) {
		bool wanted = (h->flags & EXEC_DETACH) == 0 &&
			      (i != STDIN_FILENO || (h->flags & EXEC_STDIN) != 0);

		stdio[i] = h->stdio[i];
		if (stdio[i] >= 0)
			continue;
		if (!wanted) {
			stdio[i] = open("/dev/null", O_RDWR | O_CLOEXEC);
			if (stdio[i] < 0)
				return kerr_set(err, -errno, "open '/dev/null'");
			continue;
		}
		if (pipe2(p, O_CLOEXEC) < 0)
			return kerr_set(err, -errno, "make a pipe");
		stdio[i] = p[i == STDIN_FILENO ? 0 : 1];
		if (i == STDIN_FILENO)
			s->in = p[1];
		else
			s->out[i - 1] = p[0];
	}
	return 0;
}

static void close_all(const int32_t *fds, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		(void) close(fds[i]);
}

/* Keep only what the session needs: a passed pipe must end with the process. */
static void close_start(const struct exec_head *h, const int stdio[3])
{
	for (int i = 0; i < 3; i++)
		if (stdio[i] >= 0)
			(void) close(stdio[i]);
	(void) close(h->init);
	if (h->cgroup >= 0)
		(void) close(h->cgroup);
	close_all(h->procs, h->n_procs);
}

static void not_blocking(int fd)
{
	if (fd >= 0)
		(void) fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
}

static int start(const struct exec_request *q, struct exec_session *s, struct exec_answer *a)
{
	struct enter_result begun = { .master = -EBADF };
	int stdio[3] = { -1, -1, -1 };
	int status = 0;
	int r = 0;

	s->tty = (q->head.flags & EXEC_TTY) != 0;
	if (!s->tty)
		r = open_streams(&q->head, s, stdio, &a->err);
	if (r == 0)
		r = enter_start(q, stdio, &begun, &status, &a->err);
	a->status = status;
	close_start(&q->head, stdio);
	if (r < 0)
		return r;
	s->pid = begun.pid;
	s->connection = q->head.connection;
	if (s->tty) {
		s->out[0] = begun.master;
		if ((q->head.flags & EXEC_STDIN) != 0)
			s->in = fcntl(begun.master, F_DUPFD_CLOEXEC, 0);
	}
	not_blocking(s->in);
	not_blocking(s->out[0]);
	not_blocking(s->out[1]);
	return 0;
}

int main(int argc, char **argv)
{
	static struct exec_request q;
	struct exec_session s = {
		.connection = -EBADF, .in = -EBADF, .out = { -EBADF, -EBADF }, .signals = -EBADF
	};
	struct exec_answer a = { 0 };
	int64_t channel = -1;
	int r;

	if (parse_args(argc, argv, &channel) < 0)
		return usage();
	if (syscall(SYS_close_range, 3U, ~0U, 1U << 2 /* CLOSE_RANGE_CLOEXEC */) < 0)
		return EXIT_FAILURE;
	r = exec_monitor_begin("kukeexec", &s.signals);
	if (r == 0)
		r = read_request((int) channel, &q);
	if (r == 0)
		r = exec_monitor_settle(q.head.monitors);
	if (r < 0)
		a.result = kerr_set(&a.err, r, "prepare the monitor");
	else
		a.result = start(&q, &s, &a);
	/* Only now, beside the process that begins: it may take an RCU grace period. */
	(void) fd_write_all((int) channel, &a, sizeof(a)); /* the engine may have ended */
	if (a.result < 0)
		return EXIT_FAILURE;
	exec_monitor_rest(q.head.monitor_procs, q.head.n_monitor_procs);
	(void) fd_wait_readable((int) channel, -1);
	(void) close((int) channel);
	exec_session_serve(&s);
	return EXIT_SUCCESS;
}
