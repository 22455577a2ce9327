/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>

#include "clock.h"
#include "copy.h"
#include "errkind.h"
#include "log_feed.h"
#include "mem.h"
#include "path.h"
#include "str.h"

enum {
	RETRY_MS = 1000, /* pause before a daemon that went away is looked for again */
};

struct log_feed {
	struct cli *c;
	const struct log_request *q;
	struct log_follow *local; /* NULL: the daemon reads */
	/* the page of the daemon */
	struct rpc_read_log_reply page;
	size_t at;
};

struct log_feed *log_feed_of(struct log_follow *owned_f, const struct log_request *q)
{
	struct log_feed *f = xcalloc(1, sizeof(*f));

	f->local = owned_f;
	f->q = q;
	return f;
}

struct log_feed *log_feed_free(struct log_feed *f)
{
	if (!f)
		return NULL;
	log_follow_free(f->local);
	cli_free_reply(RPC_X_READ_LOG, &f->page);
	free(f);
	return NULL;
}

/* ---- files ---- */

static int call_log(const struct log_feed *f, size_t i, struct rpc_log_reply *ret, struct kerr *err)
{
	struct rpc_container_args args = { 0 };
	int r;

	scope_fill_doc(f->q->scope, KIND_CONTAINER, f->q->containers.v[i], &args.doc);
	r = cli_call(f->c, RPC_LOG_CONTAINER, &args, ret, err);
	cli_free_args(RPC_LOG_CONTAINER, &args);
	return r;
}

/* A daemon that cannot be reached may come back; an older daemon does not send the state. */
static enum log_writer ask_writer(void *ctx, size_t which)
{
	const struct log_feed *f = ctx;
	struct rpc_log_reply reply = { 0 };
	enum log_writer writer = LOG_WRITES;
	int r = call_log(f, which, &reply, NULL);

	if ((r == -ENOENT && reply.err) ||
	    (r == 0 && streq_null(reply.result.writer, RPC_LOG_ENDED)))
		writer = LOG_ENDED;
	else if (r < 0 || streq_null(reply.result.writer, RPC_LOG_WAITS))
		writer = LOG_WAITS;
	cli_free_reply(RPC_LOG_CONTAINER, &reply);
	/* following may take long, and the daemon has a process per connection */
	cli_hang_up(f->c);
	return writer;
}

static int ask_path(const struct log_feed *f, size_t i, char **ret, struct kerr *err)
{
	struct rpc_log_reply reply = { 0 };
	int r = call_log(f, i, &reply, err);

	if (r == 0 && !str_empty(reply.result.host_capture_path))
		*ret = xstrdup(reply.result.host_capture_path);
	else if (r == 0 && !str_empty(reply.result.host_log_path))
		*ret = xstrdup(reply.result.host_log_path);
	else if (r == 0)
		r = kerr_plain(err, -EPROTO, "daemon returned no log path for container \"%s\"",
			       f->q->containers.v[i]);
	cli_free_reply(RPC_LOG_CONTAINER, &reply);
	return r;
}

static int open_local(struct log_feed *f, const struct strlist *paths, struct kerr *err)
{
	cleanup_free char *dir = path_dirname(paths->v[0]);
	cleanup_free char *cell_dir = path_dirname(dir);
	struct log_follow_opts opts = { .want = f->q->want,
					.writer = f->q->follow ? ask_writer : NULL,
					.ctx = f,
					.cell_dir = cell_dir };
	bool found = false;
	int r;

	opts.want.whole_lines = f->q->follow && paths->n > 1;
	r = log_follow_new(&opts, &f->local, err);
	for (size_t i = 0; i < paths->n && (r == 0 || r == -ENOENT); i++) {
		r = log_follow_add(f->local, paths->v[i], NULL, err);
		found |= r == 0;
	}
	return r == -ENOENT && found ? 0 : r;
}

/* ---- the daemon ---- */

static void set_time(char text[KTIME_TEXT_MAX], uint64_t us)
{
	const struct ktime t = { .sec = (int64_t) (us / 1000000),
				 .nsec = (int32_t) (us % 1000000 * 1000),
				 .set = true };

	text[0] = '\0';
	if (us)
		(void) ktime_text(&t, text);
}

static int fetch(struct log_feed *f, int64_t wait_ms, const struct pollfd *others, size_t n,
		 struct kerr *err)
{
	const struct log_want *w = &f->q->want;
	char since[KTIME_TEXT_MAX], until[KTIME_TEXT_MAX];
	cleanup_free char *after = xstrdup(f->page.result.next ? f->page.result.next : "");
	struct rpc_read_log_args args = {
		.realm_name = f->q->scope->realm,
		.space_name = f->q->scope->space,
		.stack_name = f->q->scope->stack,
		.cell_name = f->q->scope->cell,
		.containers = f->q->containers, /* args borrows: not freed */
		.tail = { w->tail != LOG_ALL, w->tail },
		.since = since,
		.until = until,
		.stream = (char *) (uintptr_t) (w->streams == LOG_OUT	? "stdout"
						: w->streams == LOG_ERR ? "stderr"
									: ""),
		.after = after,
		.wait_ms = wait_ms,
	};
	struct rpc_read_log_reply reply = { 0 };
	int r;

	set_time(since, w->since);
	set_time(until, w->until);
	r = cli_call_polled(f->c, RPC_X_READ_LOG, &args, &reply, others, n, err);
	if (r < 0) {
		bool said = reply.err;

		cli_free_reply(RPC_X_READ_LOG, &reply);
		if (said || r == -ECANCELED)
			return r;
		cli_hang_up(f->c);
		return -EHOSTDOWN;
	}
	cli_free_reply(RPC_X_READ_LOG, &f->page);
	f->page = take_struct(reply);
	f->at = 0;
	return 0;
}

static int next_of_page(struct log_feed *f, struct log_piece *ret, size_t *ret_which)
{
	const struct rpc_log_piece *p;

	do {
		if (f->at == f->page.result.pieces.n)
			return 0;
		p = &f->page.result.pieces.v[f->at++];
	} while (p->data.len == 0 || p->container < 0 ||
		 (uint64_t) p->container >= f->q->containers.n);
	*ret = (struct log_piece){ .p = p->data.data,
				   .n = p->data.len,
				   .begins = p->begins,
				   .ends = p->data.data[p->data.len - 1] == '\n' };
	if (p->time.set && p->time.sec >= 0)
		ret->mark.us = (uint64_t) p->time.sec * 1000000 + (uint64_t) p->time.nsec / 1000;
	ret->mark.stream = streq_null(p->stream, "stdout")   ? LOG_OUT
			   : streq_null(p->stream, "stderr") ? LOG_ERR
							     : 0;
	*ret_which = (size_t) p->container;
	return 1;
}

static int wait_for_page(struct log_feed *f, const struct pollfd *others, size_t n,
			 int64_t deadline, struct kerr *err)
{
	int64_t wait = RPC_LOG_WAIT_MS;
	int r;

	if (!f->page.result.more && (!f->q->follow || f->page.result.ended))
		return 0;
	if (deadline >= 0 && clock_left(deadline) < wait)
		wait = clock_left(deadline);
	if (wait == 0)
		return -ETIME;
	r = fetch(f, f->q->follow ? wait : 0, others, n, err);
	if (r == -EHOSTDOWN && f->q->follow) {
		struct pollfd p[CLI_MAX_POLLED];

		memcpy(p, others, n * sizeof(*p));
		return poll(p, n, RETRY_MS) > 0 ? -ECANCELED : 1;
	}
	return r < 0 ? r : 1;
}

/* ---- either ---- */

/* The right to use the socket is not the right to open the files. */
static bool may_not(int r)
{
	return r == -EACCES || r == -EPERM;
}

int log_feed_open(struct cli *c, const struct log_request *q, struct log_feed **ret,
		  char **ret_path, struct kerr *err)
{
	cleanup_(log_feed_freep) struct log_feed *f = xcalloc(1, sizeof(*f));
	cleanup_strlist struct strlist paths = { 0 };
	bool missing;
	int r = 0;

	f->c = c;
	f->q = q;
	*ret_path = NULL;
	for (size_t i = 0; i < q->containers.n && r == 0; i++) {
		char *path = NULL;

		r = ask_path(f, i, &path, err);
		if (r == 0)
			strlist_add_owned(&paths, path);
	}
	if (r < 0)
		return r;
	if (paths.n == 0)
		return kerr_plain(err, -EINVAL, "the log of no container was asked for");
	r = open_local(f, &paths, err);
	missing = r == -ENOENT;
	if (may_not(r)) {
		f->local = log_follow_free(f->local);
		/* also the first of following waits, by which it gives whole lines */
		r = fetch(f, q->follow ? 1 : 0, NULL, 0, err);
		missing = r == 0 && f->page.result.missing.n == q->containers.n;
	} else {
		cli_hang_up(c);
	}
	if (missing) {
		*ret_path = xstrdup(paths.v[0]);
		return -ENOENT;
	}
	if (r == 0)
		*ret = take_ptr(f);
	return r;
}

int log_feed_next(struct log_feed *f, struct log_piece *ret, size_t *ret_which, struct kerr *err)
{
	return f->local ? log_follow_next(f->local, ret, ret_which, err)
			: next_of_page(f, ret, ret_which);
}

int log_feed_wait(struct log_feed *f, const struct pollfd *others, size_t n, int64_t deadline_ms,
		  struct kerr *err)
{
	if (!f->local)
		return wait_for_page(f, others, n, deadline_ms, err);
	return f->q->follow ? log_follow_wait(f->local, others, n, deadline_ms, err) : 0;
}

enum log_feed_state log_feed_state(const struct log_feed *f, size_t which)
{
	const char *id = f->q->containers.v[which];

	if (f->local ? !log_follow_found(f->local, which)
		     : strlist_has(&f->page.result.missing, id))
		return LOG_FEED_MISSING;
	if (f->local ? log_follow_empty(f->local, which) : strlist_has(&f->page.result.empty, id))
		return LOG_FEED_EMPTY;
	return LOG_FEED_SOME;
}
