/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "cni_exec.h"
#include "cni_result.h"
#include "dir.h"
#include "fd.h"
#include "mem.h"
#include "proc.h"
#include "procinfo.h"
#include "str.h"
#include "vec.h"

enum {
	ERR_OUT_MAX = 64 << 10, /* bytes of standard error that are kept */
	ENVIRON_MAX = 1 << 20,
	KILL_ROUNDS = 16,
	KILL_WAIT_MS = 2000,
	CHUNK = 16384,
};

/* ---- finding it ---- */

static bool is_program(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode) && (st.st_mode & 0111) != 0;
}

int cni_find(const char *type, char **ret, struct kerr *err)
{
	size_t n;

	for (const char *dirs = CNI_PATH; *dirs; dirs += n + (dirs[n] == ':')) {
		cleanup_free char *path = NULL;

		n = strcspn(dirs, ":");
		path = xasprintf("%.*s/%s", (int) n, dirs, type);
		if (!is_program(path))
			continue;
		*ret = take_ptr(path);
		return 0;
	}
	return kerr_plain(err, -ENOENT,
			  "cni plugin not found: \"%s\" is not in " CNI_PATH
			  "; install the standard CNI plugins",
			  type);
}

/* ---- what is left of one ---- */

/* Whether the environment that a process was started with has this entry. */
static bool has_entry(const char *pid, const char *entry)
{
	cleanup_free char *path = xasprintf("/proc/%s/environ", pid);
	cleanup_buf struct buf text = BUF_INIT(ENVIRON_MAX);
	size_t n;

	if (sys_read(AT_FDCWD, path, &text) < 0)
		return false;
	for (const char *p = buf_str(&text), *end = p + text.len; p < end; p += n + 1) {
		n = strnlen(p, (size_t) (end - p));
		if (n == strlen(entry) && memcmp(p, entry, n) == 0)
			return true;
	}
	return false;
}

/* By pidfd: a pid may be another process's by the time of the signal. */
static bool kill_if(const char *pid, const char *entry)
{
	cleanup_fd int pidfd = -EBADF;
	int64_t v;

	if (str_to_i64(pid, 1, INT32_MAX, &v) < 0 || v == getpid())
		return false;
	pidfd = pidfd_open_((pid_t) v);
	if (pidfd < 0 || !has_entry(pid, entry))
		return false;
	(void) pidfd_signal(pidfd, SIGKILL); /* fails if it has just ended */
	(void) pidfd_wait(pidfd, KILL_WAIT_MS);
	return true;
}

void cni_kill_left(const char *container_id)
{
	cleanup_free char *entry = xasprintf("CNI_CONTAINERID=%s", container_id);
	bool any = true;

	/* Again, as long as one had the time to start another. */
	for (int i = 0; any && i < KILL_ROUNDS; i++) {
		cleanup_strlist struct strlist pids = { 0 };

		any = false;
		dir_names("/proc", &pids);
		for (size_t k = 0; k < pids.n; k++)
			any |= kill_if(pids.v[k], entry);
	}
}

/* ---- the guard ---- */

/* How it ended, as the guard tells: followed by what was printed. */
struct report {
	int r;
	int status;
	size_t n_out, n_err;
};

/* The guard's view of its plugin. */
struct guard {
	const struct cni_call *call;
	struct cni_end end;
	int out[2], err_out[2]; /* pipes; we read [0] */
	int input, pidfd;
	int parent; /* hangs up when our parent ends, or gives up */
	pid_t pid;
	int64_t deadline;
};

void cni_end_init(struct cni_end *end)
{
	*end = (struct cni_end){ 0 };
	buf_init(&end->out, CNI_RESULT_MAX);
	buf_init(&end->err_out, ERR_OUT_MAX);
}

void cni_end_clear(struct cni_end *end)
{
	buf_clear(&end->out);
	buf_clear(&end->err_out);
}

static int input_file(const struct buf *in)
{
	cleanup_fd int fd = memfd_create("request", MFD_CLOEXEC);
	int r = fd < 0 ? -errno : fd_write_all(fd, buf_str(in), in->len);

	if (r == 0 && lseek(fd, 0, SEEK_SET) < 0)
		r = -errno;
	return r < 0 ? r : take_fd(fd);
}

static void add_variable(struct strlist *env, const char *name, const char *value)
{
	if (value)
		strlist_addf(env, "%s=%s", name, value);
}

static int spawn(struct guard *g, struct kerr *err)
{
	const struct cni_call *c = g->call;
	struct proc_spawn how = PROC_SPAWN_INIT;
	cleanup_strlist struct strlist env = { 0 };
	char *argv[] = { (char *) (uintptr_t) c->program, NULL };

	strlist_add(&env, "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
	add_variable(&env, "CNI_COMMAND", c->command);
	add_variable(&env, "CNI_CONTAINERID", c->container_id);
	add_variable(&env, "CNI_NETNS", c->netns);
	add_variable(&env, "CNI_IFNAME", c->ifname);
	add_variable(&env, "CNI_ARGS", c->args);
	add_variable(&env, "CNI_PATH", CNI_PATH);
	how.path = c->program;
	how.argv = argv;
	how.envp = env.v;
	how.cwd = "/";
	how.fd_stdio[0] = g->input;
	how.fd_stdio[1] = g->out[1];
	how.fd_stdio[2] = g->err_out[1];
	how.flags = PROC_SETSID | PROC_DIE_WITH_PARENT;
	return proc_spawn(&how, &g->pid, err);
}

/* Read what has been printed; *fd is closed at the end of the stream. -E2BIG: more than fits. */
static int drain(int *fd, struct buf *to)
{
	char chunk[CHUNK];
	ssize_t n;

	while (*fd >= 0) {
		n = read(*fd, chunk, sizeof(chunk));
		if (n > 0)
			buf_add(to, chunk, (size_t) n);
		else if (n < 0 && errno == EAGAIN)
			break;
		else if (n == 0 || errno != EINTR)
			fd_close_p(fd);
		if (to->failed)
			return -E2BIG;
	}
	return 0;
}

static int watch(struct guard *g)
{
	for (;;) {
		struct pollfd p[] = {
			{ .fd = g->out[0], .events = POLLIN },
			{ .fd = g->err_out[0], .events = POLLIN },
			{ .fd = g->pidfd, .events = POLLIN },
			{ .fd = g->parent, .events = POLLIN },
		};
		int r = poll(p, ARRAY_SIZE(p), clock_left(g->deadline));

		if (r < 0 && errno != EINTR)
			return -errno;
		if (r < 0)
			continue;
		if (r == 0)
			return -ETIME;
		if (p[3].revents)
			return -ECANCELED;
		r = drain(&g->out[0], &g->end.out);
		if (r == 0 && drain(&g->err_out[0], &g->end.err_out) < 0)
			fd_close_p(&g->err_out[0]); /* what is kept is enough; SIGPIPE is its own */
		if (r < 0 || p[2].revents)
			return r;
	}
}

static void kill_all(const struct guard *g)
{
	(void) kill(-g->pid, SIGKILL);
	if (g->call->container_id)
		cni_kill_left(g->call->container_id);
}

static int run(struct guard *g)
{
	int r = spawn(g, NULL);

	if (r < 0)
		return r;
	fd_close_p(&g->out[1]);
	fd_close_p(&g->err_out[1]);
	g->pidfd = pidfd_open_(g->pid);
	r = g->pidfd < 0 ? g->pidfd : watch(g);
	/* Before it is reaped: until then the number of its group is not another's. */
	if (r < 0)
		kill_all(g);
	(void) proc_wait(g->pid, -1, &g->end.status, NULL);
	if (r == 0 && (!WIFEXITED(g->end.status) || WEXITSTATUS(g->end.status) != 0) &&
	    g->call->container_id)
		cni_kill_left(g->call->container_id);
	return r;
}

static _Noreturn void guard_main(struct guard *g, int to)
{
	struct report rep = { 0 };
	int r;

	rep.r = run(g);
	rep.status = g->end.status;
	rep.n_out = g->end.out.len;
	rep.n_err = g->end.err_out.len;
	r = fd_write_all(to, &rep, sizeof(rep));
	if (r == 0)
		r = fd_write_all(to, buf_str(&g->end.out), rep.n_out);
	if (r == 0)
		r = fd_write_all(to, buf_str(&g->end.err_out), rep.n_err);
	_exit(r < 0);
}

/* ---- this process ---- */

static void close_pair(int (*fds)[2])
{
	fd_close_p(&(*fds)[0]);
	fd_close_p(&(*fds)[1]);
}

static void guard_clear(struct guard *g)
{
	close_pair(&g->out);
	close_pair(&g->err_out);
	fd_close_p(&g->input);
	fd_close_p(&g->pidfd);
	cni_end_clear(&g->end);
}

static int open_streams(struct guard *g, const struct buf *in, struct kerr *err)
{
	g->input = input_file(in);
	if (g->input < 0)
		return kerr_set(err, g->input, "cannot be run: prepare its input");
	if (pipe2(g->out, O_CLOEXEC) < 0 || pipe2(g->err_out, O_CLOEXEC) < 0 ||
	    fcntl(g->out[0], F_SETFL, O_NONBLOCK) < 0 ||
	    fcntl(g->err_out[0], F_SETFL, O_NONBLOCK) < 0)
		return kerr_set(err, -errno, "cannot be run: make a pipe");
	return 0;
}

/* Wait until the guard reports, or the caller is gone: then *alive is closed. */
static void await(int from, int *alive, int caller_fd)
{
	struct pollfd p[] = { { .fd = from, .events = POLLIN },
			      { .fd = caller_fd } }; /* hung up, not only half closed */

	for (;;) {
		int r = poll(p, ARRAY_SIZE(p), -1);

		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0 || p[0].revents)
			return;
		p[1].fd = -1;
		fd_close_p(alive);
	}
}

static int take_part(int from, struct buf *to, size_t n)
{
	char *room;
	int r;

	buf_clear(to);
	if (n == 0)
		return 0;
	room = buf_room(to, n);
	r = room ? fd_read_all(from, room, n) : -E2BIG;
	if (r == 0)
		buf_commit(to, n);
	return r;
}

static int take_report(int from, struct cni_end *ret, const struct cni_call *c, struct kerr *err)
{
	struct report rep;
	int r = fd_read_all(from, &rep, sizeof(rep));

	if (r == 0)
		r = take_part(from, &ret->out, rep.n_out);
	if (r == 0)
		r = take_part(from, &ret->err_out, rep.n_err);
	if (r < 0)
		return kerr_plain(err, -EPIPE, "was killed with the process that watched it");
	ret->status = rep.status;
	switch (rep.r) {
	case 0:
		return 0;
	case -ETIME:
		return kerr_plain(err, rep.r, "did not end within %d s and was killed",
				  (c->deadline_ms + 999) / 1000);
	case -E2BIG:
		return kerr_plain(err, rep.r, "printed more than %d bytes and was killed",
				  CNI_RESULT_MAX);
	case -ECANCELED:
		return kerr_plain(err, rep.r, "was ended because the caller disconnected");
	default:
		return kerr_set(err, rep.r, "cannot be run");
	}
}

int cni_exec(const struct cni_call *call, const struct buf *in, struct cni_end *ret,
	     struct kerr *err)
{
	cleanup_(guard_clear) struct guard g = { .call = call,
						 .out = { -EBADF, -EBADF },
						 .err_out = { -EBADF, -EBADF },
						 .input = -EBADF,
						 .pidfd = -EBADF };
	cleanup_(close_pair) int alive[2] = { -EBADF, -EBADF }, told[2] = { -EBADF, -EBADF };
	pid_t pid;
	int r, status;

	cni_end_init(&g.end);
	g.deadline = clock_ms() + call->deadline_ms;
	r = open_streams(&g, in, err);
	if (r < 0)
		return r;
	if (pipe2(alive, O_CLOEXEC) < 0 || pipe2(told, O_CLOEXEC) < 0)
		return kerr_set(err, -errno, "cannot be run: make a pipe");
	/*
	 * The guard keeps the locks that this process holds: when this process is killed,
	 * no other begins before the plugin has ended.
	 */
	pid = proc_fork(PROC_SETSID);
	if (pid == 0) {
		fd_close_p(&alive[1]);
		fd_close_p(&told[0]);
		g.parent = alive[0];
		guard_main(&g, told[1]);
	}
	if (pid < 0)
		return kerr_set(err, pid, "cannot be run: start a process");
	fd_close_p(&alive[0]);
	fd_close_p(&told[1]);
	await(told[0], &alive[1], call->caller_fd);
	r = take_report(told[0], ret, call, err);
	(void) proc_wait(pid, -1, &status, NULL);
	if (r == -EPIPE && call->container_id)
		cni_kill_left(call->container_id);
	return r;
}
