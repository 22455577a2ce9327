/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "atomic.h"
#include "encode.h"
#include "fd.h"
#include "helper.h"
#include "mem.h"
#include "path.h"
#include "proc.h"
#include "runc.h"
#include "shim.h"
#include "shim_state.h"
#include "str.h"
#include "vec.h"

enum {
	RUNC_DEADLINE_MS = 60000,
	ANSWER_EXTRA_MS = 30000, /* added to runc's deadline for the work of the monitor itself */
};

/* kukeshim and runc need nothing else, and our own environment may contain secrets. */
#define SHIM_PATH "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

static int make_fifo(int dir, const char *name, struct kerr *err)
{
	return mkfifoat(dir, name, 0600) < 0 ? kerr_set(err, -errno, "make fifo '%s'", name) : 0;
}

int shim_prepare(const struct shim_start *how, const struct buf *config, struct kerr *err)
{
	cleanup_fd int dir = -EBADF;
	int r;

	r = shim_clear(how, 0, err);
	if (r < 0)
		return r;
	r = mkdir_p(how->place.run_dir, 0700, err);
	if (r < 0)
		return r;
	dir = open(how->place.run_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return kerr_set(err, -errno, "open '%s'", how->place.run_dir);
	if (mkdirat(dir, SHIM_FILE_BUNDLE, 0700) < 0)
		return kerr_set(err, -errno, "make '%s/" SHIM_FILE_BUNDLE "'", how->place.run_dir);
	r = make_fifo(dir, SHIM_FILE_STDOUT, err);
	if (r < 0)
		return r;
	r = make_fifo(dir, SHIM_FILE_STDERR, err);
	if (r < 0)
		return r;
	if (config == NULL)
		return 0;
	return atomic_write_at(dir, SHIM_FILE_BUNDLE "/config.json", buf_str(config), config->len,
			       0600, ATOMIC_WRITE_NOSYNC, err);
}

static void add_option(struct strlist *argv, const char *name, const char *value)
{
	if (value != NULL)
		strlist_addf(argv, "--%s=%s", name, value);
}

static void build_argv(const struct shim_start *how, const char *run_id, int status_fd,
		       struct strlist *argv)
{
	strlist_add(argv, "kukeshim");
	strlist_addf(argv, "--protocol=%d", SHIM_PROTOCOL);
	if (run_id == NULL)
		strlist_add(argv, "--adopt");
	add_option(argv, "id", how->id);
	add_option(argv, "run-id", run_id);
	add_option(argv, "run-dir", how->place.run_dir);
	add_option(argv, "data-dir", how->place.data_dir);
	add_option(argv, "runc", how->runc);
	add_option(argv, "runc-root", how->runc_root);
	add_option(argv, "log-dir", how->log_dir);
	add_option(argv, "memory-cgroup", how->memory_cgroup);
	add_option(argv, "runtime-dir", how->runtime_dir);
	add_option(argv, "wake-key", how->wake_key);
	if (how->log_max_bytes > 0)
		strlist_addf(argv, "--log-max-bytes=%lld", (long long) how->log_max_bytes);
	if (how->log_files > 0)
		strlist_addf(argv, "--log-files=%d", how->log_files);
	if (how->deadline_ms > 0)
		strlist_addf(argv, "--deadline-ms=%d", how->deadline_ms);
	strlist_addf(argv, "--status-fd=%d", status_fd);
	if (run_id != NULL && how->mount_ns > 0)
		strlist_addf(argv, "--mount-ns-fd=%d", how->mount_ns);
	if (run_id != NULL && how->root > 0)
		strlist_addf(argv, "--root-fd=%d", how->root);
	for (size_t i = 0; i < how->n_monitor_procs_fds; i++)
		strlist_addf(argv, "--cgroup-fd=%d", how->monitor_procs_fds[i]);
	if (how->process == NULL)
		return;
	strlist_add(argv, "--");
	for (size_t i = 0; how->process[i] != NULL; i++)
		strlist_add(argv, how->process[i]);
}

/* Execute kukeshim in the background. *ret_status: the reading end of the status pipe. */
static int spawn_shim(const struct shim_start *how, const char *run_id, int *ret_status,
		      struct kerr *err)
{
	cleanup_fd int in = -EBADF;
	cleanup_fd int out = -EBADF;
	cleanup_free char *path = NULL;
	cleanup_strlist struct strlist argv = { 0 }, env = { 0 };
	struct proc_spawn spawn = PROC_SPAWN_INIT;
	int keep[3 + SHIM_CGROUPS_MAX];
	size_t i, n_keep = 0;
	int fds[2];
	pid_t pid;
	int r;

	assert(how->n_monitor_procs_fds <= SHIM_CGROUPS_MAX);
	r = helper_path("kukeshim", &path, err);
	if (r < 0)
		return r;
	if (pipe2(fds, O_CLOEXEC) < 0)
		return kerr_set(err, -errno, "make a pipe");
	in = fds[0];
	out = fds[1];
	build_argv(how, run_id, out, &argv);
	spawn.path = path;
	spawn.argv = argv.v;
	strlist_add(&env, SHIM_PATH);
	if (how->process != NULL) /* the process is kukeond, which pulls images */
		helper_environment(&env);
	spawn.envp = env.v;
	spawn.cwd = "/";
	keep[n_keep++] = out;
	if (run_id != NULL && how->mount_ns > 0)
		keep[n_keep++] = how->mount_ns;
	if (run_id != NULL && how->root > 0)
		keep[n_keep++] = how->root;
	for (i = 0; i < how->n_monitor_procs_fds; i++)
		keep[n_keep++] = how->monitor_procs_fds[i];
	spawn.keep_fds = keep;
	spawn.n_keep_fds = n_keep;
	spawn.flags = PROC_DOUBLE_FORK | PROC_SETSID | PROC_NULL_STDIN | PROC_NULL_OUTPUT;
	r = proc_spawn(&spawn, &pid, err);
	if (r < 0)
		return r;
	*ret_status = take_fd(in);
	return 0;
}

/* Read the monitor's answer. Returns 0 when there is one, also if it reports a failure. */
static int read_answer(const struct shim_start *how, int status_fd, struct shim_answer *ret,
		       struct kerr *err)
{
	int deadline = how->deadline_ms > 0 ? how->deadline_ms : RUNC_DEADLINE_MS;
	int r;

	r = fd_wait_readable(status_fd, deadline + ANSWER_EXTRA_MS);
	if (r == 0)
		return kerr_plain(err, -ETIME, "the monitor of container '%s' does not answer",
				  how->id);
	if (r > 0)
		r = fd_read_all(status_fd, ret, sizeof(*ret));
	if (r < 0)
		return kerr_plain(err, -EPIPE, "the monitor of container '%s' ended while starting",
				  how->id);
	ret->err.msg[sizeof(ret->err.msg) - 1] = '\0';
	return 0;
}

/* Why the start failed: the runtime's message if there is one. */
static int start_error(const struct shim_start *how, const struct shim_answer *a, struct kerr *err)
{
	cleanup_free char *log = path_join(how->place.run_dir, SHIM_FILE_RUNC_LOG, NULL);
	cleanup_buf struct buf text = BUF_INIT(64 << 10);

	if (!a->exec_failed && a->result != -ETIME && runc_last_error(log, &text) == 0)
		return kerr_plain(err, a->result, "%s", buf_str(&text));
	if (err != NULL)
		*err = a->err;
	return a->result;
}

static void new_run_id(char ret[SHIM_RUN_ID_SIZE])
{
	uint8_t random[(SHIM_RUN_ID_SIZE - 1) / 2];
	ssize_t n;

	do {
		n = getrandom(random, sizeof(random), 0);
	} while (n != (ssize_t) sizeof(random)); /* so few bytes are always returned at once */
	hex_encode(ret, random, sizeof(random));
}

int shim_begin(const struct shim_start *how, struct shim_pending *ret, struct kerr *err)
{
	struct shim_pending p = { .status_fd = -EBADF };
	int r;

	new_run_id(p.run_id);
	r = mkdir_p(how->place.data_dir, 0700, err);
	if (r < 0)
		return r;
	r = spawn_shim(how, p.run_id, &p.status_fd, err);
	if (r < 0)
		return r;
	*ret = p;
	return 0;
}

int shim_finish(const struct shim_start *how, struct shim_pending *p, struct shim_started *ret,
		struct kerr *err)
{
	cleanup_fd int status = take_fd(p->status_fd);
	struct shim_started started = { 0 };
	struct shim_answer answer = { 0 };
	int r;

	memcpy(started.run_id, p->run_id, sizeof(started.run_id));
	r = read_answer(how, status, &answer, err);
	if (r == 0 && answer.result < 0)
		r = start_error(how, &answer, err);
	if (r < 0) {
		/* the first error is the one to report */
		(void) shim_clear(how, SHIM_CLEAR_KILL, NULL);
		return r;
	}
	started.pid = answer.pid;
	started.pid_start = answer.pid_start;
	started.started_at = answer.started_at;
	*ret = started;
	return 0;
}

int shim_start(const struct shim_start *how, struct shim_started *ret, struct kerr *err)
{
	struct shim_pending p;
	int r;

	r = shim_begin(how, &p, err);
	return r < 0 ? r : shim_finish(how, &p, ret, err);
}

int shim_adopt(const struct shim_start *how, struct kerr *err)
{
	cleanup_fd int status = -EBADF;
	struct shim_answer answer = { 0 };
	int r;

	r = spawn_shim(how, NULL, &status, err);
	if (r < 0)
		return r;
	r = read_answer(how, status, &answer, err);
	if (r < 0)
		return r;
	if (answer.result < 0 && err != NULL)
		*err = answer.err;
	return answer.result;
}
