/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cgroup_freeze.h"
#include "cgroup_host.h"
#include "cgroup_kill.h"
#include "clock.h"
#include "fd.h"
#include "mem.h"
#include "path.h"
#include "procinfo.h"
#include "str.h"

#define PROCS_TEXT_MAX ((size_t) 16 << 20)
#define KILL_CHUNK 256 /* pidfds held at a time */
#define POLL_STEP_MS 2 /* there is no event for "empty" on v1, nor for a busy group */
#define MOVE_ROUNDS_MAX 100 /* bound for a group that forks while it is moved */

struct pid_list {
	pid_t *v;
	size_t n;
};

static void pid_list_clear(struct pid_list *l)
{
	free(l->v);
	*l = (struct pid_list){ 0 };
}

static int pid_cmp(const void *a, const void *b)
{
	const pid_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static void step_sleep(int ms)
{
	const struct timespec ts = { .tv_nsec = (long) ms * 1000000 };

	(void) nanosleep(&ts, NULL);
}

/* ---- processes of a group ---- */

static int add_procs(int dirfd, struct pid_list *ret)
{
	cleanup_buf struct buf text = BUF_INIT(PROCS_TEXT_MAX);
	char word[16];
	uint64_t pid;
	size_t n;
	int r;

	r = sys_read(dirfd, "cgroup.procs", &text);
	if (r == -ENODEV || r == -ENOENT || r == -EOPNOTSUPP) /* removed meanwhile, or threaded */
		return 0;
	if (r < 0)
		return r;
	for (const char *p = buf_str(&text); *p; p += n + (p[n] == '\n')) {
		n = strcspn(p, "\n");
		if (n == 0 || n >= sizeof(word))
			continue;
		memcpy(word, p, n);
		word[n] = '\0';
		/* 0: the process is not visible in our pid namespace */
		if (str_to_u64(word, 1, INT32_MAX, &pid) == 0)
			*(pid_t *) vec_grow(&ret->v, &ret->n, sizeof(*ret->v)) = (pid_t) pid;
	}
	return 0;
}

/* Every process in a group of one hierarchy and below it, sorted. No such group: none. */
static int list_procs(const struct cgroup_hierarchy *hi, const char *path, struct pid_list *ret)
{
	cleanup_free char *dir = path_join(hi->mount, path + 1, NULL);
	cleanup_strlist struct strlist subdirs = { 0 };
	cleanup_fd int top = -EBADF;
	int r;

	top = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (top < 0)
		return errno == ENOENT ? 0 : -errno;
	r = add_procs(top, ret);
	if (r == 0)
		r = cgroup_list_subdirs(top, &subdirs);
	for (size_t i = 0; i < subdirs.n && r == 0; i++) {
		cleanup_fd int fd = openat(top, subdirs.v[i], O_PATH | O_DIRECTORY | O_CLOEXEC);

		if (fd >= 0)
			r = add_procs(fd, ret);
	}
	if (r == 0 && ret->n > 0)
		qsort(ret->v, ret->n, sizeof(*ret->v), pid_cmp);
	return r;
}

static int hierarchy_populated(const struct cgroup_hierarchy *hi, const char *path)
{
	cleanup_(pid_list_clear) struct pid_list pids = { 0 };
	uint64_t populated;
	int r;

	if (hi->v2) {
		cleanup_free char *dir = path_join(hi->mount, path + 1, NULL);

		r = cgroup_read_key(dir, "cgroup.events", "populated", &populated);
		if (r == -ENOENT || r == -ENODEV)
			return 0;
		return r < 0 ? r : populated != 0;
	}
	r = list_procs(hi, path, &pids);
	return r < 0 ? r : pids.n > 0;
}

int cgroup_populated(const struct cgroup_host *h, const char *path)
{
	int r;

	for (size_t i = 0; i < h->n; i++) {
		r = hierarchy_populated(&h->v[i], path);
		if (r != 0)
			return r;
	}
	return 0;
}

/* ---- kill ---- */

/*
 * A pid may be reused between reading and signalling. So open pidfds first, then read
 * the group again, and signal only those that are still in it.
 */
static int kill_chunk(const struct cgroup_hierarchy *hi, const char *path, const pid_t *pids,
		      size_t n)
{
	cleanup_(pid_list_clear) struct pid_list now = { 0 };
	int fds[KILL_CHUNK];
	int r;

	for (size_t i = 0; i < n; i++)
		fds[i] = pidfd_open_(pids[i]);
	r = list_procs(hi, path, &now);
	for (size_t i = 0; i < n; i++) {
		if (fds[i] >= 0 && now.n > 0 &&
		    bsearch(&pids[i], now.v, now.n, sizeof(*now.v), pid_cmp))
			(void) pidfd_signal(fds[i], SIGKILL); /* it may have ended */
		fd_close_p(&fds[i]);
	}
	return r;
}

static int kill_listed(const struct cgroup_hierarchy *hi, const char *path)
{
	cleanup_(pid_list_clear) struct pid_list pids = { 0 };
	size_t n;
	int r;

	r = list_procs(hi, path, &pids);
	for (size_t i = 0; i < pids.n && r == 0; i += n) {
		n = pids.n - i < KILL_CHUNK ? pids.n - i : KILL_CHUNK;
		r = kill_chunk(hi, path, pids.v + i, n);
	}
	return r;
}

/* cgroup.kill (kernel 5.14) kills all processes at once, including those being forked. */
static int kill_hierarchy(const struct cgroup_hierarchy *hi, const char *path)
{
	int r;

	if (hi->v2) {
		cleanup_free char *file = path_join(hi->mount, path + 1, "cgroup.kill", NULL);

		r = sys_write(AT_FDCWD, file, "1");
		if (r >= 0)
			return 0;
	}
	return kill_listed(hi, path);
}

/* Wait for a change of cgroup.events, at most ms; without the file just for ms. */
static void wait_events(const struct cgroup_host *h, const char *path, int ms)
{
	const struct cgroup_hierarchy *v2 = cgroup_v2(h);
	struct pollfd pfd = { .fd = -1, .events = POLLPRI };
	char text[256];

	if (h->mode == CGROUP_MODE_V2 && v2) {
		cleanup_free char *file = path_join(v2->mount, path + 1, "cgroup.events", NULL);

		pfd.fd = open(file, O_RDONLY | O_CLOEXEC);
	}
	if (pfd.fd < 0) {
		step_sleep(ms < POLL_STEP_MS ? ms : POLL_STEP_MS);
		return;
	}
	/* Reading arms the event. A change before that is found when the caller checks again. */
	if (read(pfd.fd, text, sizeof(text)) > 0)
		(void) poll(&pfd, 1, ms < 20 ? ms : 20);
	fd_close_p(&pfd.fd);
}

int cgroup_kill(const struct cgroup_host *h, const char *path, int deadline_ms, struct kerr *err)
{
	int64_t deadline = clock_ms() + deadline_ms;
	int left;
	int r;

	r = cgroup_path_check(path, err);
	if (r < 0)
		return r;
	for (;;) {
		r = cgroup_populated(h, path);
		if (r < 0)
			return kerr_set(err, r, "look into the cgroup '%s'", path);
		if (r == 0)
			return 0;
		cgroup_v1_freeze(h, path);
		for (size_t i = 0; i < h->n && r >= 0; i++)
			r = kill_hierarchy(&h->v[i], path);
		cgroup_thaw(h, path); /* frozen processes do not die */
		if (r < 0)
			return kerr_set(err, r, "kill the cgroup '%s'", path);
		left = clock_left(deadline);
		if (left == 0)
			return kerr_plain(err, -ETIME,
					  "the cgroup '%s' still has processes after %d ms", path,
					  deadline_ms);
		wait_events(h, path, left);
	}
}

/* ---- remove ---- */

/* The first directory in dirfd. 1 and its name, 0 none, -errno. Owned by the caller. */
static int first_subdir(int dirfd, char **ret)
{
	struct dirent *e;
	DIR *d;
	int fd;

	fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	d = fd >= 0 ? fdopendir(fd) : NULL;
	if (!d)
		return kerr_negative(-errno);
	while ((e = readdir(d)) != NULL)
		if (e->d_type == DT_DIR && !streq(e->d_name, ".") && !streq(e->d_name, ".."))
			break;
	if (e)
		*ret = xstrdup(e->d_name);
	(void) closedir(d);
	return e != NULL;
}

static bool is_busy(int e)
{
	return e == EBUSY || e == ENOTEMPTY;
}

/*
 * Remove all groups below top, deepest first. Walks up by ".." instead of a stack of
 * descriptors or paths: a container may nest groups deeper than either limit.
 */
static int remove_below(int top)
{
	cleanup_fd int cur = -EBADF;
	size_t depth = 0;
	int next;
	int r;

	cur = openat(top, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (cur < 0)
		return -errno;
	for (;;) {
		cleanup_free char *name = NULL;
		cleanup_free char *below = NULL;

		r = first_subdir(cur, &name);
		if (r < 0)
			return r;
		if (r == 0 && depth == 0)
			return 0;
		assert(r == 0 || name != NULL);
		if (r > 0 && (unlinkat(cur, name, AT_REMOVEDIR) == 0 || errno == ENOENT))
			continue;
		if (r > 0 && !is_busy(errno))
			return -errno;
		next = openat(cur, r > 0 ? name : "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (next < 0)
			return -errno;
		depth += r > 0 ? 1 : (size_t) -1;
		fd_close_p(&cur);
		cur = next;
		if (r == 0)
			continue;
		r = first_subdir(cur, &below);
		if (r < 0)
			return r;
		if (r == 0) /* no children left, so processes keep it busy */
			return -EBUSY;
	}
}

static int remove_hierarchy(const struct cgroup_hierarchy *hi, const char *path)
{
	cleanup_free char *dir = path_join(hi->mount, path + 1, NULL);
	cleanup_fd int top = -EBADF;
	int r;

	if (rmdir(dir) == 0 || errno == ENOENT)
		return 0;
	if (!is_busy(errno))
		return -errno;
	top = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (top < 0)
		return errno == ENOENT ? 0 : -errno;
	r = remove_below(top);
	if (r < 0)
		return r;
	if (rmdir(dir) < 0 && errno != ENOENT)
		return is_busy(errno) ? -EBUSY : -errno;
	return 0;
}

static int remove_all(const struct cgroup_host *h, const char *path)
{
	int ret = 0;
	int r;

	for (size_t i = 0; i < h->n; i++) {
		r = remove_hierarchy(&h->v[i], path);
		if (r < 0 && (ret == 0 || ret == -EBUSY))
			ret = r;
	}
	return ret;
}

int cgroup_remove(const struct cgroup_host *h, const char *path, enum cgroup_remove_flags flags,
		  int deadline_ms, struct kerr *err)
{
	int64_t deadline = clock_ms() + deadline_ms;
	int r;

	r = cgroup_path_check(path, err);
	if (r < 0)
		return r;
	r = remove_all(h, path); /* usually everything is gone or empty already */
	if (r == -EBUSY && (flags & CGROUP_REMOVE_KILL)) {
		r = cgroup_kill(h, path, deadline_ms, err);
		if (r < 0)
			return r;
		r = remove_all(h, path);
	}
	while (r == -EBUSY && clock_left(deadline) > 0) {
		step_sleep(POLL_STEP_MS);
		r = remove_all(h, path);
	}
	if (r == -EBUSY)
		return kerr_plain(err, r, "the cgroup '%s' still has processes", path);
	if (r < 0)
		return kerr_set(err, r, "remove the cgroup '%s'", path);
	return 0;
}

/* ---- move ---- */

int cgroup_move_procs(const struct cgroup_host *h, const char *from, const char *to,
		      struct kerr *err)
{
	const struct cgroup_hierarchy *hi = cgroup_v2(h);
	cleanup_free char *dir = NULL, *procs = NULL;
	cleanup_fd int fd = -EBADF;
	char word[16];
	int kept;
	int r;

	if (h->mode != CGROUP_MODE_V2)
		return 0;
	dir = path_join(hi->mount, from + 1, NULL);
	procs = path_join(hi->mount, to + 1, "cgroup.procs", NULL);
	r = cgroup_mkdirs(hi->mount, to, err);
	if (r < 0)
		return r;
	fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return kerr_set(err, -errno, "open the cgroup '%s'", from);
	for (int round = 0; round < MOVE_ROUNDS_MAX; round++) {
		cleanup_(pid_list_clear) struct pid_list pids = { 0 };

		r = add_procs(fd, &pids);
		if (r < 0)
			return kerr_set(err, r, "read the processes of the cgroup '%s'", from);
		kept = 0;
		for (size_t i = 0; i < pids.n; i++) {
			(void) snprintf(word, sizeof(word), "%d", (int) pids.v[i]);
			r = sys_write(AT_FDCWD, procs, word);
			if (r < 0 && r != -ESRCH && r != -EINVAL) /* kernel threads stay */
				return kerr_set(err, r, "move process %s to the cgroup '%s'", word,
						to);
			kept += r == -EINVAL;
		}
		if (pids.n == (size_t) kept)
			return 0;
	}
	return kerr_plain(err, -EBUSY, "the cgroup '%s': processes keep being created; try again",
			  from);
}
