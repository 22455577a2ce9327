/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "clock.h"
#include "fd.h"
#include "helper.h"
#include "mem.h"
#include "names_helper.h"
#include "proc.h"
#include "vec.h"

enum {
	SEND_MS = 500,
	ANSWER_MS = 1000,
};

static int spawn(const char *path, int theirs, pid_t *ret_pid, struct kerr *err)
{
	cleanup_strlist struct strlist args = { 0 }, env = { 0 };
	struct proc_spawn how = PROC_SPAWN_INIT;

	strlist_add(&args, "kukedns");
	strlist_addf(&args, "%d", DNS_PROTO_VERSION);
	strlist_addf(&args, "control=%d", theirs);
	strlist_make_empty(&env);
	how.path = path;
	how.argv = args.v;
	how.envp = env.v;
	how.keep_fds = &theirs;
	how.n_keep_fds = 1;
	how.flags = PROC_DIE_WITH_PARENT | PROC_NULL_STDIN;
	return proc_spawn(&how, ret_pid, err);
}

int names_helper_start(struct names_helper *h, struct kerr *err)
{
	const struct timeval patience = { .tv_usec = SEND_MS * 1000 };
	cleanup_fd int ours = -EBADF, theirs = -EBADF;
	cleanup_free char *path = NULL;
	pid_t pid;
	int fds[2], r;

	r = helper_path("kukedns", &path, err);
	if (r < 0)
		return r;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0)
		return kerr_set(err, -errno, "make a pair of sockets");
	ours = fds[0];
	theirs = fds[1];
	if (setsockopt(ours, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)) < 0)
		return kerr_set(err, -errno, "limit the time to send");
	r = spawn(path, theirs, &pid, err);
	if (r < 0)
		return r;
	*h = (struct names_helper){ .pid = pid,
				    .control = take_fd(ours),
				    .started_ms = clock_ms() };
	return 0;
}

void names_helper_stop(struct names_helper *h)
{
	fd_close_p(&h->control);
	if (h->pid > 0)
		proc_kill_wait(h->pid);
	h->pid = 0;
}

int names_helper_send(struct names_helper *h, const struct proto_msg *m, int fd)
{
	return h->pid > 0 ? proto_msg_send(m, h->control, fd, 0) : -EPIPE;
}

bool names_helper_ping(struct names_helper *h)
{
	cleanup_proto_msg struct proto_msg m = PROTO_MSG_INIT;

	if (h->asked > h->answered)
		return clock_ms() - h->asked_ms < ANSWER_MS;
	h->asked_ms = clock_ms();
	proto_msg_start(&m, "ping");
	proto_msg_add_i64(&m, "n", ++h->asked);
	return names_helper_send(h, &m, -1) == 0;
}

bool names_helper_pong(struct names_helper *h, const struct proto_msg *m)
{
	int64_t n = proto_msg_get_i64(m, "n", 0);

	if (n <= h->answered || n > h->asked)
		return false;
	h->answered = n;
	return true;
}
