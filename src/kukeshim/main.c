/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fd.h"
#include "kukeshim.h"
#include "proc.h"
#include "procinfo.h"
#include "str.h"

enum {
	EXIT_USAGE = 64,
};

/* Options have the form --name=value; the value is a string or a number. */
static const struct option_row {
	const char *name;
	size_t offset;
	int64_t max; /* largest number; 0: a string */
} option_rows[] = {
	{ "run-dir", offsetof(struct options, run_dir), 0 },
	{ "data-dir", offsetof(struct options, data_dir), 0 },
	{ "id", offsetof(struct options, id), 0 },
	{ "run-id", offsetof(struct options, run_id), 0 },
	{ "runc", offsetof(struct options, runc), 0 },
	{ "runc-root", offsetof(struct options, runc_root), 0 },
	{ "log-dir", offsetof(struct options, log_dir), 0 },
	{ "memory-cgroup", offsetof(struct options, memory_cgroup), 0 },
	{ "runtime-dir", offsetof(struct options, runtime_dir), 0 },
	{ "wake-key", offsetof(struct options, wake_key), 0 },
	{ "log-max-bytes", offsetof(struct options, log_max_bytes), INT64_MAX },
	{ "log-files", offsetof(struct options, log_files), 1000 },
	{ "payload", offsetof(struct options, payload), 0 },
	{ "deadline-ms", offsetof(struct options, deadline_ms), INT32_MAX },
	{ "status-fd", offsetof(struct options, status_fd), INT32_MAX },
	{ "mount-ns-fd", offsetof(struct options, mount_ns_fd), INT32_MAX },
	{ "root-fd", offsetof(struct options, root_fd), INT32_MAX },
};

static int usage(const char *what)
{
	static const char text[] = "kukeshim: started by kukeond, not by hand: ";

	(void) fd_write_all(STDERR_FILENO, text, sizeof(text) - 1);
	(void) fd_write_all(STDERR_FILENO, what, strlen(what));
	(void) fd_write_all(STDERR_FILENO, "\n", 1);
	return EXIT_USAGE;
}

static int parse_option(struct options *o, const char *arg)
{
	const struct option_row *row;
	const char *value = strchr(arg, '=');
	int64_t fd = -1;
	size_t n;

	if (value == NULL || !str_has_prefix(arg, "--"))
		return -EINVAL;
	arg += 2;
	n = (size_t) (value - arg);
	value++;
	if (str_has_prefix(arg, "cgroup-fd=")) {
		if (o->n_cgroup_fds == ARRAY_SIZE(o->cgroup_fds) ||
		    str_to_i64(value, 0, INT32_MAX, &fd) < 0)
			return -EINVAL;
		o->cgroup_fds[o->n_cgroup_fds++] = (int) fd;
		return 0;
	}
	for (size_t i = 0; i < ARRAY_SIZE(option_rows); i++) {
		row = &option_rows[i];
		if (strlen(row->name) != n || strncmp(row->name, arg, n) != 0)
			continue;
		if (row->max != 0)
			return str_to_i64(value, 0, row->max,
					  (int64_t *) (void *) ((char *) o + row->offset));
		*(const char **) (void *) ((char *) o + row->offset) = value;
		return 0;
	}
	return -EINVAL;
}

static const char *parse_args(struct options *o, int argc, char **argv)
{
	int64_t protocol = 0;

	*o = (struct options){
		.log_max_bytes = 10 << 20, .log_files = 3, .deadline_ms = 60000, .status_fd = -1
	};
	if (argc < 2 || !str_has_prefix(argv[1], "--protocol=") ||
	    str_to_i64(argv[1] + strlen("--protocol="), 0, INT32_MAX, &protocol) < 0 ||
	    protocol != SHIM_PROTOCOL)
		return "protocol";
	for (int i = 2; i < argc && o->process == NULL; i++) {
		if (streq(argv[i], "--") && i + 1 < argc)
			o->process = &argv[i + 1];
		else if (streq(argv[i], "--adopt"))
			o->adopt = true;
		else if (parse_option(o, argv[i]) < 0)
			return argv[i];
	}
	if (o->payload != NULL)
		return NULL;
	if (o->run_dir == NULL || o->data_dir == NULL || o->id == NULL ||
	    (o->process == NULL && (o->runc == NULL || o->runc_root == NULL)) ||
	    o->log_max_bytes == 0 || o->log_files == 0 || (o->run_id == NULL) != o->adopt ||
	    (o->run_id != NULL && strlen(o->run_id) != SHIM_RUN_ID_SIZE - 1))
		return "an option is missing";
	return NULL;
}

/*
 * Protect the monitor from the OOM killer and signals. The container gets its own OOM
 * score from its spec.
 */
static void harden(void)
{
	sigset_t all;

	/* includes SIGPIPE: the process waiting for the answer may have gone */
	(void) sigfillset(&all);
	(void) sigprocmask(SIG_SETMASK, &all, NULL);
	/* ignored if not permitted */
	(void) sys_write(AT_FDCWD, "/proc/self/oom_score_adj", "-999");
	(void) prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	(void) umask(022);
}

static int open_dir(const char *path, struct kerr *err)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? kerr_set(err, -errno, "open '%s'", path) : fd;
}

static int open_places(struct shim *s, struct kerr *err)
{
	s->run_dir = open_dir(s->opt.run_dir, err);
	if (s->run_dir < 0)
		return s->run_dir;
	s->data_dir = open_dir(s->opt.data_dir, err);
	if (s->data_dir < 0)
		return s->data_dir;
	if (s->opt.runtime_dir == NULL)
		return 0;
	s->runtime_dir = open_dir(s->opt.runtime_dir, err);
	return s->runtime_dir < 0 ? s->runtime_dir : 0;
}

static int begin(struct shim *s, struct kerr *err)
{
	int r;

	s->record.starting = true;
	s->record.shim_pid = getpid();
	s->record.started_at = ktime_now();
	if (s->opt.run_id != NULL)
		memcpy(s->record.run_id, s->opt.run_id, sizeof(s->record.run_id));
	r = proc_start_time(getpid(), &s->record.shim_start);
	if (r < 0)
		return kerr_set(err, r, "read the monitor's own start time");
	r = boot_id(s->record.boot_id, err);
	if (r < 0)
		return r;
	r = open_places(s, err);
	if (r < 0)
		return r;
	r = record_lock(s, err);
	if (r < 0)
		return r;
	r = logfile_open(&s->log, s->opt.log_dir, s->opt.log_max_bytes, (int) s->opt.log_files,
			 err);
	if (r < 0 && !s->opt.adopt)
		return r; /* an adopted container is monitored even without a log */
	r = supervise_open(s, err);
	if (r < 0)
		return r;
	if (s->opt.adopt || s->opt.process != NULL) {
		r = join_cgroups(s, err);
		if (r < 0)
			return r;
	}
	if (s->opt.adopt)
		return record_adopt(s, err);
	return s->opt.process != NULL ? process_start(s, err) : start_container(s, err);
}

static void answer(struct shim *s, int result, const struct kerr *err)
{
	struct shim_answer a = {
		.result = result,
		.exec_failed = s->exec_failed,
		.pid = s->record.pid,
		.pid_start = s->record.pid_start,
		.started_at = s->record.started_at,
		.err = *err,
	};

	if (s->opt.status_fd < 0)
		return;
	/* the process waiting for it may have gone */
	(void) fd_write_all((int) s->opt.status_fd, &a, sizeof(a));
	(void) close((int) s->opt.status_fd);
}

int main(int argc, char **argv)
{
	static struct shim s = {
		.run_dir = -EBADF,
		.data_dir = -EBADF,
		.runtime_dir = -EBADF,
		.lock = -EBADF,
		.out = { -EBADF, -EBADF },
		.signals = -EBADF,
		.pidfd = -EBADF,
	};
	struct kerr err = { 0 };
	const char *wrong;
	int r;

	wrong = parse_args(&s.opt, argc, argv);
	if (wrong != NULL)
		return usage(wrong);
	if (s.opt.payload != NULL)
		return payload_move(s.opt.payload);
	harden();
	/* Inherited descriptors must not reach runc. */
	if (s.opt.status_fd >= 0)
		(void) fcntl((int) s.opt.status_fd, F_SETFD, FD_CLOEXEC);
	for (size_t i = 0; i < s.opt.n_cgroup_fds; i++)
		(void) fcntl(s.opt.cgroup_fds[i], F_SETFD, FD_CLOEXEC);
	if (s.opt.mount_ns_fd > 0)
		(void) fcntl((int) s.opt.mount_ns_fd, F_SETFD, FD_CLOEXEC);
	if (s.opt.root_fd > 0)
		(void) fcntl((int) s.opt.root_fd, F_SETFD, FD_CLOEXEC);
	r = begin(&s, &err);
	if (r < 0)
		fd_close_p(&s.lock); /* release the lock, so that the caller can clean up */
	answer(&s, r, &err);
	if (s.opt.mount_ns_fd > 0)
		(void) close((int) s.opt.mount_ns_fd); /* unmounts what runc needed */
	s.opt.mount_ns_fd = 0;
	if (r < 0)
		return EXIT_FAILURE;
	supervise_run(&s);
	return EXIT_SUCCESS;
}
