/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>

#include "clock.h"
#include "fd.h"
#include "log_follow.h"
#include "log_watch.h"
#include "mem.h"
#include "path.h"
#include "vec.h"

enum {
	HOLD_MS = 250, /* how long the rest of a line is waited for before its beginning is given */
	ASK_MS = 10000, /* of who waits to be restarted: for where its cell cannot be watched */
};

struct followed {
	char *dir;
	char *path;
	enum log_writer writer;
	bool ask; /* its writer may have ended */
	bool gone; /* its directory was removed */
};

struct log_follow {
	struct log_follow_opts opts;
	struct log_merge *merge;
	struct log_watch watch; /* the directories of logs, in their order; then that of the cell */
	char *cell_dir;
	struct followed *v;
	size_t n;
	int64_t hold_until; /* clock_ms; 0: nothing is held back */
};

struct log_follow *log_follow_free(struct log_follow *f)
{
	if (!f)
		return NULL;
	log_merge_free(f->merge);
	log_watch_clear(&f->watch);
	for (size_t i = 0; i < f->n; i++) {
		free(f->v[i].dir);
		free(f->v[i].path);
	}
	free(f->v);
	free(f->cell_dir);
	free(f);
	return NULL;
}

int log_follow_new(const struct log_follow_opts *opts, struct log_follow **ret, struct kerr *err)
{
	struct log_follow *f = xcalloc(1, sizeof(*f));
	int r = 0;

	f->opts = *opts;
	f->merge = log_merge_new();
	f->watch.fd = -EBADF;
	if (opts->writer) {
		f->cell_dir = xstrdup(opts->cell_dir);
		r = log_watch_init(&f->watch, err);
		if (r == 0)
			r = log_watch_add(&f->watch, f->cell_dir, LOG_WATCH_NAMES, err);
	}
	if (r < 0)
		log_follow_free(f);
	else
		*ret = f;
	return r;
}

static int open_reader(const struct followed *l, const struct log_want *want,
		       const struct log_place *from, struct log_reader **ret, struct kerr *err)
{
	int dir = open(l->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (dir < 0 && errno == ENOENT)
		return -ENOENT;
	if (dir < 0)
		return kerr_set(err, -errno, "open '%s'", l->dir);
	return log_reader_new(dir, path_basename(l->path), l->path, want, from, ret, err);
}

int log_follow_add(struct log_follow *f, const char *path, const struct log_place *from,
		   struct kerr *err)
{
	struct followed *l = vec_grow(&f->v, &f->n, sizeof(*l));
	struct log_reader *reader = NULL;
	int r = 0;

	*l = (struct followed){
		.dir = path_dirname(path), .path = xstrdup(path), .writer = LOG_WAITS, .ask = true
	};
	if (f->opts.writer)
		r = log_watch_add(&f->watch, l->dir, 0, err);
	/* Watched first, so that nothing is written unseen between the two. */
	if (r == 0)
		r = open_reader(l, &f->opts.want, from, &reader, err);
	(void) log_merge_add(f->merge, reader);
	return r;
}

void log_follow_add_gone(struct log_follow *f)
{
	struct followed *l = vec_grow(&f->v, &f->n, sizeof(*l));

	*l = (struct followed){ .writer = LOG_ENDED, .gone = true };
	(void) log_merge_add(f->merge, NULL);
	if (f->opts.writer)
		*(int *) vec_grow(&f->watch.wd, &f->watch.n, sizeof(int)) = -1;
}

int log_follow_next(struct log_follow *f, struct log_piece *ret, size_t *ret_which,
		    struct kerr *err)
{
	return log_merge_next(f->merge, ret, ret_which, err);
}

/* ---- waiting ---- */

/* The directory or the log of a container may have been made by now. */
static int look_for_log(struct log_follow *f, size_t i, struct kerr *err)
{
	struct log_want all = f->opts.want;
	struct log_reader *reader = NULL;
	int r = log_watch_again(&f->watch, i + 1, f->v[i].dir, err);

	all.tail = LOG_ALL; /* it is all new */
	if (r == 0)
		r = open_reader(&f->v[i], &all, NULL, &reader, err);
	if (r == -ENOENT)
		return 0;
	if (r == 0)
		log_merge_set(f->merge, i, reader);
	return r;
}

/*
 * Something happened in the cell's directory: a state was stored, or the directory of a container
 * was made or removed. (The reader has that one open, so it does not tell itself.)
 */
static void on_cell_event(struct log_follow *f)
{
	for (size_t i = 0; i < f->n; i++) {
		struct followed *l = &f->v[i];
		const struct log_reader *r = log_merge_reader(f->merge, i);

		l->gone |= r && log_reader_gone(r);
		l->ask |= l->gone || !r || l->writer != LOG_WRITES;
	}
}

static void on_event(void *ctx, size_t which, enum log_event e)
{
	struct log_follow *f = ctx;

	if (which == 0) {
		on_cell_event(f);
		return;
	}
	which--;
	f->v[which].ask |= (e & LOG_EVENT_CLOSE) || !log_merge_reader(f->merge, which);
	log_merge_wake(f->merge, which);
}

/* 1: there may be more to read. */
static int ask_writers(struct log_follow *f, struct kerr *err)
{
	int again = 0, r;

	for (size_t i = 0; i < f->n; i++) {
		struct followed *l = &f->v[i];

		if (!l->ask)
			continue;
		l->ask = false;
		if (l->gone) {
			again |= l->writer != LOG_ENDED;
			l->writer = LOG_ENDED;
			continue;
		}
		if (!log_merge_reader(f->merge, i)) {
			r = look_for_log(f, i, err);
			if (r < 0)
				return r;
		}
		l->writer = f->opts.writer(f->opts.ctx, i);
		log_merge_wake(f->merge, i); /* with what it wrote before it ended */
		again = 1;
	}
	return again;
}

static bool all_ended(const struct log_follow *f)
{
	for (size_t i = 0; i < f->n; i++)
		if (f->v[i].writer != LOG_ENDED)
			return false;
	return true;
}

static bool one_waits(const struct log_follow *f)
{
	for (size_t i = 0; i < f->n; i++)
		if (f->v[i].writer == LOG_WAITS)
			return true;
	return false;
}

/* How long to sleep; 0: not at all. */
static int64_t sleep_until(const struct log_follow *f, int64_t deadline, int64_t now)
{
	int64_t until = deadline;

	if (f->hold_until && (until < 0 || f->hold_until < until))
		until = f->hold_until;
	if (one_waits(f) && (until < 0 || now + ASK_MS < until))
		until = now + ASK_MS;
	return until;
}

/* 1: parts of lines are given now, as nothing completed them in time, or nothing can. */
static int flush_held(struct log_follow *f, bool at_once)
{
	int64_t now = clock_ms();

	if (!log_merge_holds(f->merge)) {
		f->hold_until = 0;
		return 0;
	}
	if (!f->hold_until)
		f->hold_until = now + HOLD_MS;
	if (!at_once && now < f->hold_until)
		return 0;
	f->hold_until = 0;
	log_merge_flush(f->merge);
	return 1;
}

static int sleep_for_events(struct log_follow *f, const struct pollfd *others, size_t n,
			    int64_t deadline, struct kerr *err)
{
	struct pollfd p[LOG_FOLLOW_OTHERS + 1] = { { .fd = f->watch.fd, .events = POLLIN } };
	int64_t now = clock_ms(), until = sleep_until(f, deadline, now);
	int k;

	assert(n <= LOG_FOLLOW_OTHERS);
	if (n > 0)
		memcpy(&p[1], others, n * sizeof(*p));
	k = poll(p, n + 1, clock_left(until));
	if (k < 0 && errno != EINTR)
		return kerr_set(err, -errno, "poll");
	for (size_t i = 1; k > 0 && i <= n; i++)
		if (p[i].revents)
			return -ECANCELED;
	log_watch_read(&f->watch, on_event, f);
	now = clock_ms();
	for (size_t i = 0; k == 0 && i < f->n && until >= 0 && now >= until; i++)
		f->v[i].ask |= f->v[i].writer == LOG_WAITS;
	return deadline >= 0 && now >= deadline ? -ETIME : 1;
}

int log_follow_wait(struct log_follow *f, const struct pollfd *others, size_t n,
		    int64_t deadline_ms, struct kerr *err)
{
	int r = ask_writers(f, err);

	if (r == 0)
		r = flush_held(f, all_ended(f));
	if (r != 0)
		return r;
	if (all_ended(f))
		return 0;
	return sleep_for_events(f, others, n, deadline_ms, err);
}

/* ---- what was found ---- */

size_t log_follow_count(const struct log_follow *f)
{
	return f->n;
}

void log_follow_place(const struct log_follow *f, size_t which, struct log_place *ret)
{
	log_merge_place(f->merge, which, ret);
}

bool log_follow_found(const struct log_follow *f, size_t which)
{
	return log_merge_reader(f->merge, which) != NULL;
}

bool log_follow_empty(const struct log_follow *f, size_t which)
{
	const struct log_reader *r = log_merge_reader(f->merge, which);

	return !r || log_reader_empty(r);
}
