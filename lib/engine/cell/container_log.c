/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>

#include "clock.h"
#include "container_log.h"
#include "container_verbs.h"
#include "copy.h"
#include "log_follow.h"
#include "mem.h"
#include "model.h"
#include "scope.h"
#include "server.h"
#include "str.h"

enum {
	PAGE = 1 << 20, /* bytes of a reply, about */
	PIECE = 128, /* what the members of a piece take besides its data */
	CURSOR_MAX = 1 << 20,
	PLACE_PARTS = 6, /* numbers of a place in a cursor */
};

struct reading {
	struct engine *e;
	const struct rpc_read_log_args *args;
	struct rpc_read_log_result *ret;
	struct log_follow *follow;
	size_t bytes; /* of the reply so far */
};

static void reading_clear(struct reading *r)
{
	log_follow_free(r->follow);
}

/* ---- the cursor: a place per container, in their order, as numbers ---- */

static void add_place(struct buf *out, const struct log_place *p)
{
	buf_addf(out, "%" PRIu64 ".%" PRIu64 ".%" PRIu64 ".%d.%" PRIu64 ".%d;", p->ino, p->born,
		 p->offset, (p->mid_line ? 1 : 0) | (p->hidden ? 2 : 0), p->mark.us,
		 (int) p->mark.stream);
}

static int read_place(char *text, struct log_place *ret)
{
	uint64_t v[PLACE_PARTS] = { 0 };
	const char *part;
	size_t n = 0;

	while ((part = strsep(&text, ".")) != NULL) {
		if (n == ARRAY_SIZE(v) || str_to_u64(part, 0, INT64_MAX, &v[n]) < 0)
			return -EINVAL;
		n++;
	}
	*ret = (struct log_place){ .ino = v[0],
				   .born = v[1],
				   .offset = v[2],
				   .mid_line = v[3] & 1,
				   .hidden = v[3] & 2,
				   .mark = { v[4],
					     (enum log_stream_bits)(v[5] & (LOG_OUT | LOG_ERR)) } };
	return n == ARRAY_SIZE(v) ? 0 : -EINVAL;
}

/* Into n places; all zero where the request has no cursor. */
static int read_cursor(const char *cursor, struct log_place *places, size_t n, struct kerr *err)
{
	cleanup_free char *copy = xstrdup(cursor ? cursor : "");
	char *rest = copy, *text;

	for (size_t i = 0; !str_empty(cursor) && i < n; i++) {
		text = strsep(&rest, ";");
		if (!text || read_place(text, &places[i]) < 0)
			return kerr_plain(err, -EINVAL, "After is not what a reply had as Next");
	}
	return 0;
}

static int write_cursor(struct reading *r, struct kerr *err)
{
	cleanup_buf struct buf out = BUF_INIT(CURSOR_MAX);
	struct log_place p;

	for (size_t i = 0; i < log_follow_count(r->follow); i++) {
		log_follow_place(r->follow, i, &p);
		add_place(&out, &p);
	}
	if (buf_check(&out, "the cursor of a log", err) < 0)
		return -E2BIG;
	r->ret->next = buf_take(&out);
	return 0;
}

/* ---- what is wanted ---- */

static int read_time(const char *text, uint64_t *ret, struct kerr *err)
{
	struct ktime t = { 0 };

	if (str_empty(text))
		return 0;
	if (ktime_parse(text, &t) < 0 || t.sec < 0)
		return kerr_plain(err, -EINVAL, "\"%s\" is not a time (RFC 3339)", text);
	*ret = (uint64_t) t.sec * 1000000 + (uint64_t) t.nsec / 1000;
	return 0;
}

static int read_wanted(const struct rpc_read_log_args *args, struct log_want *ret, struct kerr *err)
{
	int r;

	*ret = (struct log_want){ .tail = args->tail.set ? args->tail.v : LOG_ALL, .marks = true };
	if (args->tail.set && args->tail.v < 0)
		return kerr_plain(err, -EINVAL, "Tail must not be negative");
	if (streq_null(args->stream, "stdout"))
		ret->streams = LOG_OUT;
	else if (streq_null(args->stream, "stderr"))
		ret->streams = LOG_ERR;
	else if (!str_empty(args->stream))
		return kerr_plain(err, -EINVAL, "Stream must be stdout or stderr");
	r = read_time(args->since, &ret->since, err);
	return r < 0 ? r : read_time(args->until, &ret->until, err);
}

/* ---- the containers ---- */

static int ask(const struct reading *r, size_t i, struct rpc_log_result *ret, struct kerr *err)
{
	/* borrowed from the request */
	struct container_doc d = { .head.metadata.name = r->args->containers.v[i],
				   .spec.id = r->args->containers.v[i],
				   .spec.realm_id = r->args->realm_name,
				   .spec.space_id = r->args->space_name,
				   .spec.stack_id = r->args->stack_name,
				   .spec.cell_id = r->args->cell_name };

	return container_verb_log(r->e, &d, ret, err);
}

static void log_result_clear(struct rpc_log_result *l)
{
	free(l->host_capture_path);
	free(l->host_log_path);
	free(l->writer);
}

static enum log_writer writer_of(void *ctx, size_t which)
{
	cleanup_(log_result_clear) struct rpc_log_result log = { 0 };
	int r = ask(ctx, which, &log, NULL);

	if (r < 0)
		return r == -ENOENT ? LOG_ENDED : LOG_WAITS;
	if (!log.writer)
		return LOG_WRITES;
	return streq(log.writer, RPC_LOG_WAITS) ? LOG_WAITS : LOG_ENDED;
}

/* Who goes on with a list has seen the container: it was deleted meanwhile. */
static int open_log(struct reading *r, size_t i, const struct log_place *from, struct kerr *err)
{
	cleanup_(log_result_clear) struct rpc_log_result log = { 0 };
	int k = ask(r, i, &log, err);

	if (k == -ENOENT && !str_empty(r->args->after)) {
		log_follow_add_gone(r->follow);
		return 0;
	}
	if (k == 0)
		k = log_follow_add(r->follow,
				   str_empty(log.host_capture_path) ? log.host_log_path
								    : log.host_capture_path,
				   from, err);
	return k == -ENOENT && log.host_log_path ? 0 : k;
}

static int open_logs(struct reading *r, struct kerr *err)
{
	const struct strlist *ids = &r->args->containers;
	const struct addr a = { r->args->realm_name, r->args->space_name, r->args->stack_name,
				r->args->cell_name };
	cleanup_free struct log_place *places = xcalloc(ids->n + 1, sizeof(*places));
	cleanup_free char *cell_dir = NULL;
	struct log_follow_opts opts = { .ctx = r,
					.writer = r->args->wait_ms > 0 ? writer_of : NULL };
	int k = scope_check(&a, ADDR_CELL, 0, err);

	if (k == 0)
		k = read_wanted(r->args, &opts.want, err);
	if (k == 0)
		k = read_cursor(r->args->after, places, ids->n, err);
	if (k < 0)
		return k;
	opts.want.whole_lines = ids->n > 1 && r->args->wait_ms > 0;
	if (!str_empty(r->args->after))
		opts.want.tail = LOG_ALL; /* also of a log that was made since */
	cell_dir = layout_object(&r->e->layout, &a, OBJECT_DIR);
	opts.cell_dir = cell_dir;
	k = log_follow_new(&opts, &r->follow, err);
	for (size_t i = 0; i < ids->n && k == 0; i++)
		k = open_log(r, i, &places[i], err);
	return k;
}

/* ---- the page ---- */

static void add_piece(struct reading *r, const struct log_piece *p, size_t which)
{
	struct rpc_log_piece *to =
		vec_grow(&r->ret->pieces.v, &r->ret->pieces.n, sizeof(*r->ret->pieces.v));

	to->container = (int64_t) which;
	if (p->mark.us)
		to->time = (struct ktime){ .sec = (int64_t) (p->mark.us / 1000000),
					   .nsec = (int32_t) (p->mark.us % 1000000 * 1000),
					   .set = true };
	to->stream = xstrdup(p->mark.stream == LOG_OUT	 ? "stdout"
			     : p->mark.stream == LOG_ERR ? "stderr"
							 : "");
	to->begins = p->begins;
	buf_init(&to->data, p->n);
	buf_add(&to->data, p->p, p->n);
	r->bytes += p->n + PIECE;
}

static int read_page(struct reading *r, struct kerr *err)
{
	struct log_piece piece;
	size_t which;
	int k = 0;

	while (r->bytes < PAGE && (k = log_follow_next(r->follow, &piece, &which, err)) > 0)
		add_piece(r, &piece, which);
	r->ret->more = r->bytes >= PAGE;
	return k < 0 ? k : 0;
}

/* 0: there is something, or nothing will come, or not in time. */
static int wait_for_page(struct reading *r, struct kerr *err)
{
	const struct rpc_link *link = r->e->link;
	struct pollfd others[] = { { .fd = link ? link->fd : -1, .events = POLLRDHUP },
				   { .fd = link ? link->stop_fd : -1, .events = POLLIN } };
	int64_t wait = r->args->wait_ms < RPC_LOG_WAIT_MS ? r->args->wait_ms : RPC_LOG_WAIT_MS;
	int64_t deadline = clock_ms() + wait;
	int k;

	for (;;) {
		k = read_page(r, err);
		if (k < 0 || r->ret->pieces.n > 0)
			return k;
		k = log_follow_wait(r->follow, others, ARRAY_SIZE(others), deadline, err);
		r->ret->ended = k == 0;
		if (k <= 0)
			return k == -ETIME || k == -ECANCELED ? 0 : k;
	}
}

static void say_what_is_not_there(struct reading *r)
{
	for (size_t i = 0; i < r->args->containers.n; i++)
		if (!log_follow_found(r->follow, i))
			strlist_add(&r->ret->missing, r->args->containers.v[i]);
		else if (log_follow_empty(r->follow, i))
			strlist_add(&r->ret->empty, r->args->containers.v[i]);
}

int container_read_log(struct engine *e, const struct rpc_read_log_args *args,
		       struct rpc_read_log_result *ret, struct kerr *err)
{
	cleanup_(reading_clear) struct reading r = { .e = e, .args = args, .ret = ret };
	int k;

	if (args->containers.n == 0)
		return kerr_plain(err, -EINVAL, "Containers must not be empty");
	k = open_logs(&r, err);
	if (k == 0)
		k = args->wait_ms > 0 ? wait_for_page(&r, err) : read_page(&r, err);
	if (k == 0)
		say_what_is_not_there(&r);
	return k == 0 ? write_cursor(&r, err) : k;
}
