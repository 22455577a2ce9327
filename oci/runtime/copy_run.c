/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "copy_run.h"
#include "fd.h"
#include "helper.h"
#include "mem.h"
#include "proc.h"
#include "procinfo.h"
#include "shim_state.h"
#include "vec.h"

enum {
	ANSWER_MS = 60000,
};

/* The descriptors that the program inherits. */
struct kept {
	int fds[8 + 2 * EXEC_CGROUPS_MAX];
	size_t n;
};

static int32_t keep(struct kept *k, int fd)
{
	if (fd < 0)
		return -1;
	k->fds[k->n++] = fd;
	return fd;
}

static void keep_groups(struct kept *k, const struct exec_groups *g, struct copy_head *ret)
{
	ret->cgroup = keep(k, g->cgroup);
	ret->monitors = keep(k, g->monitors);
	for (size_t i = 0; i < g->n_procs; i++)
		ret->procs[i] = keep(k, g->procs[i]);
	for (size_t i = 0; i < g->n_monitor_procs; i++)
		ret->monitor_procs[i] = keep(k, g->monitor_procs[i]);
	ret->n_procs = (uint32_t) g->n_procs;
	ret->n_monitor_procs = (uint32_t) g->n_monitor_procs;
}

static int spawn(const struct kept *k, int channel, struct kerr *err)
{
	cleanup_strlist struct strlist argv = { 0 }, env = { 0 };
	struct proc_spawn spawn = PROC_SPAWN_INIT;
	cleanup_free char *program = NULL;
	pid_t pid;
	int r = helper_path("kukecp", &program, err);

	if (r < 0)
		return r;
	strlist_add(&argv, "kukecp");
	strlist_addf(&argv, "--protocol=%d", COPY_PROTOCOL);
	strlist_addf(&argv, "--channel=%d", channel);
	strlist_make_empty(&env);
	spawn.path = program;
	spawn.argv = argv.v;
	spawn.envp = env.v;
	spawn.cwd = "/";
	spawn.keep_fds = k->fds;
	spawn.n_keep_fds = k->n;
	spawn.flags = PROC_DOUBLE_FORK | PROC_SETSID | PROC_NULL_STDIN | PROC_NULL_OUTPUT;
	return proc_spawn(&spawn, &pid, err);
}

static int talk(const struct copy_head *h, const struct copy_job *job, int channel,
		struct kerr *err)
{
	struct exec_answer a;
	int r = fd_write_all(channel, h, sizeof(*h));

	if (r == 0)
		r = fd_write_all(channel, job->path, h->path);
	if (r == 0)
		r = fd_write_all(channel, job->name, h->name);
	if (r == 0)
		r = fd_wait_readable(channel, ANSWER_MS);
	if (r == 0)
		return kerr_plain(err, -ETIME, "the process that copies does not answer");
	if (r > 0)
		r = fd_read_all(channel, &a, sizeof(a));
	if (r < 0)
		return kerr_plain(err, -EPIPE, "the process that copies was killed");
	a.err.msg[sizeof(a.err.msg) - 1] = '\0';
	if (a.result < 0 && err != NULL)
		*err = a.err;
	return a.result;
}

int copy_run(const struct copy_how *how, int *ret_channel, struct kerr *err)
{
	cleanup_exec_groups struct exec_groups groups = EXEC_GROUPS_INIT;
	struct copy_head h = { .protocol = COPY_PROTOCOL };
	cleanup_fd int ours = -EBADF;
	cleanup_fd int theirs = -EBADF;
	cleanup_fd int init = -EBADF;
	struct kept k = { 0 };
	int pair[2];
	int r;

	if (how->run) {
		init = shim_open_init(how->run);
		if (init < 0)
			return kerr_plain(err, -ESRCH, "the container has ended");
	}
	r = exec_groups_open(how->cgroups, how->cgroup, how->monitors, how->run ? how->run->pid : 0,
			     &groups, err);
	if (r < 0)
		return r;
	/* the cgroup that was found is that of this run as long as its init lives */
	if (how->run && pidfd_wait(init, 0) != 0)
		return kerr_plain(err, -ESRCH, "the container has ended");
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return kerr_set(err, -errno, "make a socket");
	ours = pair[0];
	theirs = pair[1];
	h.flags = (uint32_t) how->job.flags;
	h.path = (uint32_t) strlen(how->job.path) + 1;
	h.name = (uint32_t) strlen(how->job.name) + 1;
	h.connection = keep(&k, how->connection);
	h.init = keep(&k, init);
	h.stage = keep(&k, how->run ? -1 : how->stage);
	h.root = keep(&k, how->run ? -1 : how->root);
	h.lock = keep(&k, how->lock);
	h.stall_ms = how->lock >= 0 ? COPY_STALL_MS : 0;
	keep_groups(&k, &groups, &h);
	(void) keep(&k, theirs);
	r = spawn(&k, theirs, err);
	fd_close_p(&theirs);
	if (r == 0)
		r = talk(&h, &how->job, ours, err);
	if (r == 0)
		*ret_channel = take_fd(ours);
	return r;
}
