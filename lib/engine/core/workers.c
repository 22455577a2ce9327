/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fd.h"
#include "log.h"
#include "mem.h"
#include "proc.h"
#include "procinfo.h"
#include "server.h"
#include "vec.h"
#include "workers.h"

/*
 * Starting and deleting cells is work for the processor, with short waits for the disk, for
 * monitors and for locks in between, which two workers more than there are processors fill.
 * Past a few, they wait for each other in the kernel (network devices, mounts, control groups).
 *
 * A worker with tasks of its own, as one that deletes a stack with its cells, has two at a
 * time: the others run beside it.
 */
enum {
	WORKERS_MAX = 8,
	WORKERS_MORE = 2, /* than processors */
	WORKERS_OF_WORKER = 2,
	READ_CHUNK = 16384
};

struct worker {
	pid_t pid;
	int fd; /* its result */
	size_t task;
	struct buf result;
};

struct crew {
	struct engine *e;
	const struct workers *w;
	struct worker v[WORKERS_MAX];
	size_t n, max;
	bool stop; /* begin no more */
};

static size_t crew_size(const struct engine *e)
{
	cpu_set_t cpus;
	size_t n;

	if (e->is_worker)
		return WORKERS_OF_WORKER;
	CPU_ZERO(&cpus);
	n = sched_getaffinity(0, sizeof(cpus), &cpus) == 0 ? (size_t) CPU_COUNT(&cpus) : 1;
	return n + WORKERS_MORE < WORKERS_MAX ? n + WORKERS_MORE : WORKERS_MAX;
}

/* A client that only closed its sending half still waits for the reply. */
static bool caller_gone(const struct engine *e)
{
	struct pollfd p = { .fd = e->link ? e->link->fd : -1 };

	return poll(&p, 1, 0) > 0 && (p.revents & (POLLHUP | POLLERR)) != 0;
}

static void tell_ended(struct crew *c, size_t task, const struct buf *result,
		       const struct kerr *why)
{
	if (c->w->ended && !c->w->ended(c->w->ctx, task, result, why))
		c->stop = true;
}

static void work_here(struct crew *c, size_t task)
{
	cleanup_buf struct buf result = BUF_INIT(KUKE_MAX_REPLY);

	c->w->work(c->w->ctx, c->e, task, &result);
	locks_drop_all(c->e->locks);
	tell_ended(c, task, &result, NULL);
}

static _Noreturn void worker_main(struct crew *c, size_t task, int fd)
{
	cleanup_buf struct buf result = BUF_INIT(KUKE_MAX_REPLY);

	locks_forget(c->e->locks);
	c->e->is_worker = true;
	c->w->work(c->w->ctx, c->e, task, &result);
	_exit(result.failed || fd_write_all(fd, buf_str(&result), result.len) < 0);
}

/* -errno: no process could be had. */
static int begin(struct crew *c, size_t task)
{
	struct worker *v = &c->v[c->n];
	int fds[2];
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	pid = proc_fork(PROC_DIE_WITH_PARENT | PROC_KEEP_IGNORED);
	if (pid == 0)
		worker_main(c, task, fds[1]);
	/* Later workers must not have it: its end tells that this one has ended. */
	fd_close_p(&fds[1]);
	if (pid < 0) {
		fd_close_p(&fds[0]);
		return pid;
	}
	*v = (struct worker){ .pid = pid, .fd = fds[0], .task = task };
	buf_init(&v->result, KUKE_MAX_REPLY);
	c->n++;
	return 0;
}

static bool clashes(const struct crew *c, size_t task)
{
	bool found = false;

	for (size_t i = 0; c->w->clash && i < c->n; i++)
		found |= c->w->clash(c->w->ctx, c->v[i].task, task);
	return found;
}

/* The worker has closed its end of the pipe. */
static void reap(struct crew *c, size_t i)
{
	struct worker v = c->v[i];
	struct kerr why = { 0 };
	char name[16];
	int status, r;

	c->v[i] = c->v[--c->n];
	fd_close_p(&v.fd);
	r = proc_wait(v.pid, -1, &status, &why);
	if (r == 0 && WIFSIGNALED(status))
		r = kerr_plain(&why, -EPIPE, "its process was ended by %s",
			       signal_name(WTERMSIG(status), name, sizeof(name)));
	else if (r == 0 && (WEXITSTATUS(status) != 0 || v.result.failed))
		r = kerr_plain(&why, -EPIPE, "its process could not tell the result");
	tell_ended(c, v.task, r == 0 ? &v.result : NULL, &why);
	buf_clear(&v.result);
}

/* Read what has come; true at the end of the stream. */
static bool take_output(struct worker *v)
{
	char chunk[READ_CHUNK];
	ssize_t n;

	do {
		n = read(v->fd, chunk, sizeof(chunk));
	} while (n < 0 && errno == EINTR);
	if (n > 0)
		buf_add(&v->result, chunk, (size_t) n);
	return n <= 0;
}

/* Wait for output of a worker. */
static void turn(struct crew *c)
{
	struct pollfd p[WORKERS_MAX];

	for (size_t i = 0; i < c->n; i++)
		p[i] = (struct pollfd){ .fd = c->v[i].fd, .events = POLLIN };
	if (poll(p, c->n, -1) < 0)
		return; /* EINTR */
	for (size_t i = c->n; i > 0; i--)
		if (p[i - 1].revents != 0 && take_output(&c->v[i - 1]))
			reap(c, i - 1);
}

int workers_run(struct engine *e, const struct workers *w, struct kerr *err)
{
	struct crew c = { .e = e, .w = w, .max = crew_size(e) };
	size_t next = 0;
	bool done, gone = false;

	if (w->n == 1) {
		work_here(&c, 0);
		return 0;
	}
	while ((next < w->n && !c.stop) || c.n > 0) {
		if (next == w->n || c.stop || c.n == c.max || clashes(&c, next)) {
			turn(&c);
			continue;
		}
		done = w->prepare && w->prepare(w->ctx, e, next);
		gone = caller_gone(e);
		if (gone)
			c.stop = true;
		else if (!done && begin(&c, next) < 0)
			work_here(&c, next);
		next++;
	}
	return gone ? kerr_plain(err, -ECANCELED, "the caller disconnected") : 0;
}

/* ---- cells ---- */

struct cells {
	struct addr_copy *v;
	size_t n;
	scope_fn *fn;
	void *ctx;
};

static void cells_clear(struct cells *c)
{
	for (size_t i = 0; i < c->n; i++)
		addr_copy_clear(&c->v[i]);
	free(c->v);
}

static int add_cell(void *ctx, struct engine *e, const struct addr *a, struct kerr *err)
{
	struct cells *c = ctx;

	(void) e;
	(void) err;
	addr_copy_set(vec_grow(&c->v, &c->n, sizeof(*c->v)), a);
	return 0;
}

static void cell_work(void *ctx, struct engine *e, size_t task, struct buf *result)
{
	const struct cells *c = ctx;
	struct kerr err = { 0 };

	(void) result;
	(void) c->fn(c->ctx, e, &c->v[task].a, &err);
}

static bool cell_ended(void *ctx, size_t task, const struct buf *result, const struct kerr *why)
{
	const struct cells *c = ctx;
	cleanup_free char *where = addr_text(&c->v[task].a);

	if (!result)
		log_wrn("work on a cell was interrupted", "cell", where, "error", why->msg);
	return true;
}

int workers_each_cell(struct engine *e, const struct addr *above, scope_fn *fn, void *ctx,
		      struct kerr *err)
{
	cleanup_(cells_clear) struct cells c = { .fn = fn, .ctx = ctx };
	struct workers w = { .ctx = &c, .work = cell_work, .ended = cell_ended };
	struct kerr why = { 0 };
	int listed = scope_each(e, ADDR_CELL, above, add_cell, &c, err);
	int r;

	w.n = c.n;
	r = workers_run(e, &w, &why);
	if (listed == 0 && r < 0 && err)
		*err = why;
	return listed < 0 ? listed : r;
}
