/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cgroup.h"
#include "exec.h"
#include "exec_groups.h"
#include "exec_spec.h"
#include "fd.h"
#include "helper.h"
#include "mem.h"
#include "path.h"
#include "proc.h"
#include "procinfo.h"
#include "seccomp_filter.h"
#include "shim_state.h"
#include "spec.h"
#include "str.h"

#ifndef MFD_EXEC
#define MFD_EXEC 0x10U
#endif

enum {
	ANSWER_MS = 60000,
	FILTER_MAX = 4096 * 8,
	SEAL_TRIES = 20,
	SEAL_PAUSE_NS = 2000000,
};

/* What is open for one start. */
struct start {
	const struct exec_how *how;
	struct exec_spec spec;
	struct exec_head head;
	struct buf body;
	int program; /* kukeexec, sealed */
	int init;
	struct exec_groups groups;
};

static void start_clear(struct start *s)
{
	exec_spec_clear(&s->spec);
	buf_clear(&s->body);
	fd_close_p(&s->program);
	fd_close_p(&s->init);
	exec_groups_clear(&s->groups);
}

/* ---- the program ---- */

static int copy_all(int from, int to)
{
	struct stat st;
	off_t at = 0;

	if (fstat(from, &st) < 0)
		return -errno;
	while (at < st.st_size)
		if (sendfile(to, from, &at, (size_t) (st.st_size - at)) <= 0)
			return -EIO;
	return 0;
}

/* The kernel refuses a seal (EBUSY) while it moves a page, as it does when memory is short. */
static int seal(int fd)
{
	static const struct timespec pause = { .tv_nsec = SEAL_PAUSE_NS };

	for (int i = 0; i < SEAL_TRIES; i++) {
		if (fcntl(fd, F_ADD_SEALS,
			  F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) == 0)
			return 0;
		if (errno != EBUSY)
			break;
		(void) nanosleep(&pause, NULL);
	}
	return -errno;
}

/*
 * A copy of kukeexec in memory that cannot be written to, for the moment in which a process
 * of the container can open it as /proc/PID/exe.
 */
static int open_program(int *ret, struct kerr *err)
{
	cleanup_free char *path = NULL;
	cleanup_fd int file = -EBADF;
	cleanup_fd int fd = -EBADF;
	int r = helper_path("kukeexec", &path, err);

	if (r < 0)
		return r;
	file = open(path, O_RDONLY | O_CLOEXEC);
	if (file < 0)
		return kerr_set(err, -errno, "open '%s'", path);
	fd = memfd_create("kukeexec", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_EXEC);
	if (fd < 0 && errno == EINVAL) /* before Linux 6.3 */
		fd = memfd_create("kukeexec", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd < 0 && errno == EACCES)
		return kerr_plain(err, -EACCES,
				  "the host forbids programs in memory, which exec needs "
				  "(set sysctl vm.memfd_noexec below 2)");
	if (fd < 0)
		return kerr_set(err, -errno, "make a file in memory");
	r = copy_all(file, fd);
	if (r == 0)
		r = seal(fd);
	if (r < 0)
		return kerr_set(err, r, "copy '%s' to memory", path);
	*ret = take_fd(fd);
	return 0;
}

/* ---- the container ---- */

static int ended(struct kerr *err)
{
	return kerr_plain(err, -ESRCH, "the container has ended");
}

static int read_spec(struct start *s, struct kerr *err)
{
	cleanup_free char *file = path_join(s->how->run_dir, SHIM_FILE_BUNDLE "/config.json", NULL);
	cleanup_buf struct buf text = BUF_INIT(SPEC_MAX);
	int r = file_read_at(AT_FDCWD, file, SPEC_MAX, &text, err);

	if (r == -ENOENT)
		return ended(err);
	return r < 0 ? r : exec_spec_read(buf_str(&text), text.len, &s->spec, err);
}

/* The filter that was kept when the container started; compiled now if that failed. */
static int read_filter(const struct start *s, struct buf *ret, struct kerr *err)
{
	int r;

	if (s->spec.seccomp == NULL)
		return 0;
	r = file_read_at(AT_FDCWD, s->how->filter, FILTER_MAX, ret, err);
	if (r == -ENOENT)
		r = seccomp_filter_keep(s->how->filters_dir, s->spec.seccomp, s->how->filter, err);
	else
		return r;
	if (r == 0)
		r = file_read_at(AT_FDCWD, s->how->filter, FILTER_MAX, ret, err);
	return r == -ENOENT ? ended(err) : r;
}

/* User, and HOME as the runtime sets it for the first process where the spec does not. */
static int set_user(struct start *s, struct kerr *err)
{
	cleanup_free char *path = xasprintf("/proc/%d/root", (int) s->how->run->pid);
	cleanup_fd int root = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	cleanup_user_ids struct user_ids ids = { 0 };
	cleanup_free char *home = NULL;
	cleanup_free char *entry = NULL;
	int r = 0;

	/* as long as init lives, the path was its own */
	if (root < 0 || pidfd_wait(s->init, 0) != 0)
		return ended(err);
	if (!str_empty(s->how->user)) {
		r = user_resolve(root, s->how->user, USER_EXACT_GROUP, &ids, err);
		if (r < 0)
			return r;
		user_ids_clear(&s->spec.user);
		s->spec.user = take_struct(ids);
	}
	if (exec_env_has(&s->spec.env, "HOME"))
		return 0;
	/* a container that has spoiled its passwd file can still be entered */
	if (user_home(root, s->spec.user.uid, &home, NULL) < 0)
		home = xstrdup("/");
	entry = xasprintf("HOME=%s", home);
	exec_env_set(&s->spec.env, entry);
	return 0;
}

/* Ambient capabilities are for users other than root: see spec.c. */
static void set_caps(struct exec_head *h, const struct exec_spec *spec)
{
	memcpy(h->caps, spec->caps, sizeof(h->caps));
	if (spec->user.uid == 0)
		h->caps[EXEC_CAPS_INHERITABLE] = h->caps[EXEC_CAPS_AMBIENT] = 0;
}

static int describe(struct start *s, struct kerr *err)
{
	const struct exec_how *how = s->how;
	cleanup_buf struct buf filter = BUF_INIT(FILTER_MAX);
	struct exec_head *h = &s->head;
	int r;

	if ((how->flags & EXEC_TTY) != 0 && !exec_env_has(&s->spec.env, "TERM"))
		exec_env_set(&s->spec.env, "TERM=xterm");
	for (size_t i = 0; i < how->env->n; i++)
		exec_env_set(&s->spec.env, how->env->v[i]);
	r = set_user(s, err);
	if (r == 0)
		r = read_filter(s, &filter, err);
	if (r < 0)
		return r;
	h->protocol = EXEC_PROTOCOL;
	h->flags = (uint32_t) how->flags | (s->spec.no_new_privs ? EXEC_NO_NEW_PRIVS : 0);
	set_caps(h, &s->spec);
	h->uid = s->spec.user.uid;
	h->gid = s->spec.user.gid;
	h->rows = how->rows;
	h->cols = how->cols;
	h->oom_score_adj = s->spec.oom_score_adj;
	memcpy(h->limits, s->spec.limits, sizeof(h->limits));
	h->n_limits = s->spec.n_limits;
	h->n_groups = (uint32_t) s->spec.user.n_groups;
	h->filter_bytes = (uint32_t) filter.len;
	h->filter_flags = s->spec.filter_flags;
	h->n_args = (uint32_t) how->args->n;
	h->n_env = (uint32_t) s->spec.env.n;
	buf_add(&s->body, s->spec.user.groups, s->spec.user.n_groups * sizeof(uint32_t));
	buf_add(&s->body, filter.data, filter.len);
	for (size_t i = 0; i < how->args->n; i++)
		buf_add(&s->body, how->args->v[i], strlen(how->args->v[i]) + 1);
	for (size_t i = 0; i < s->spec.env.n; i++)
		buf_add(&s->body, s->spec.env.v[i], strlen(s->spec.env.v[i]) + 1);
	buf_adds(&s->body, str_empty(how->cwd) ? s->spec.cwd : how->cwd);
	buf_add(&s->body, "", 1);
	buf_adds(&s->body, s->spec.apparmor);
	buf_add(&s->body, "", 1);
	h->body = (uint32_t) s->body.len;
	return buf_check(&s->body, "the arguments and the environment", err);
}

/* ---- the monitor ---- */

static void keep(int keep_fds[], size_t *n, int32_t *ret, int fd)
{
	*ret = fd < 0 ? -1 : fd;
	if (fd >= 0)
		keep_fds[(*n)++] = fd;
}

static int spawn(struct start *s, int theirs, struct kerr *err)
{
	const struct exec_how *how = s->how;
	cleanup_strlist struct strlist argv = { 0 }, env = { 0 };
	cleanup_free char *path = xasprintf("/proc/self/fd/%d", s->program);
	struct proc_spawn spawn = PROC_SPAWN_INIT;
	int keep_fds[8 + 2 * EXEC_CGROUPS_MAX];
	size_t n = 0;
	int32_t channel;
	pid_t pid;

	strlist_add(&argv, "kukeexec");
	strlist_addf(&argv, "--protocol=%d", EXEC_PROTOCOL);
	strlist_addf(&argv, "--channel=%d", theirs);
	strlist_make_empty(&env);
	keep(keep_fds, &n, &channel, theirs);
	keep(keep_fds, &n, &s->head.connection, how->connection);
	for (int i = 0; i < 3; i++)
		keep(keep_fds, &n, &s->head.stdio[i], how->stdio[i]);
	keep(keep_fds, &n, &s->head.init, s->init);
	keep(keep_fds, &n, &s->head.cgroup, s->groups.cgroup);
	keep(keep_fds, &n, &s->head.monitors, s->groups.monitors);
	for (size_t i = 0; i < s->groups.n_procs; i++)
		keep(keep_fds, &n, &s->head.procs[i], s->groups.procs[i]);
	for (size_t i = 0; i < s->groups.n_monitor_procs; i++)
		keep(keep_fds, &n, &s->head.monitor_procs[i], s->groups.monitor_procs[i]);
	s->head.n_procs = (uint32_t) s->groups.n_procs;
	s->head.n_monitor_procs = (uint32_t) s->groups.n_monitor_procs;
	spawn.path = path;
	spawn.argv = argv.v;
	spawn.envp = env.v;
	spawn.cwd = "/";
	spawn.keep_fds = keep_fds;
	spawn.n_keep_fds = n;
	spawn.flags = PROC_DOUBLE_FORK | PROC_SETSID | PROC_NULL_STDIN | PROC_NULL_OUTPUT;
	return proc_spawn(&spawn, &pid, err);
}

static int talk(struct start *s, int channel, int *ret_status, struct kerr *err)
{
	struct exec_answer a;
	int r = fd_write_all(channel, &s->head, sizeof(s->head));

	if (r == 0)
		r = fd_write_all(channel, s->body.data, s->body.len);
	if (r == 0)
		r = fd_wait_readable(channel, ANSWER_MS);
	if (r == 0)
		return kerr_plain(err, -ETIME, "the monitor of the new process does not answer");
	if (r > 0)
		r = fd_read_all(channel, &a, sizeof(a));
	if (r < 0)
		return kerr_plain(err, -EPIPE, "the monitor of the new process was killed");
	a.err.msg[sizeof(a.err.msg) - 1] = '\0';
	*ret_status = a.status;
	if (a.result < 0 && err != NULL)
		*err = a.err;
	return a.result;
}

static int start(struct start *s, struct exec_started *ret, int *ret_status, struct kerr *err)
{
	cleanup_fd int ours = -EBADF;
	cleanup_fd int theirs = -EBADF;
	int pair[2];
	int r;

	s->init = shim_open_init(s->how->run);
	if (s->init < 0)
		return ended(err);
	r = read_spec(s, err);
	if (r == 0)
		r = describe(s, err);
	if (r == 0)
		r = exec_groups_open(s->how->cgroups, s->how->cgroup, s->how->monitors,
				     s->how->run->pid, &s->groups, err);
	if (r == 0 && pidfd_wait(s->init, 0) != 0)
		return ended(err);
	if (r == 0)
		r = open_program(&s->program, err);
	if (r < 0)
		return r;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return kerr_set(err, -errno, "make a socket");
	ours = pair[0];
	theirs = pair[1];
	/* the bundle that was read is that of this run as long as its init lives */
	if (pidfd_wait(s->init, 0) != 0)
		return ended(err);
	r = spawn(s, theirs, err);
	fd_close_p(&theirs);
	if (r == 0)
		r = talk(s, ours, ret_status, err);
	if (r < 0)
		return r;
	ret->channel = take_fd(ours);
	return 0;
}

int exec_start(const struct exec_how *how, struct exec_started *ret, int *ret_status,
	       struct kerr *err)
{
	cleanup_(start_clear) struct start s = {
		.how = how,
		.body = BUF_INIT(EXEC_BODY_MAX),
		.program = -EBADF,
		.init = -EBADF,
		.groups = EXEC_GROUPS_INIT,
	};

	assert(how->args->n > 0);
	*ret_status = 0;
	return start(&s, ret, ret_status, err);
}
