/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <unistd.h>

#include "clock.h"
#include "convert.h"
#include "errkind.h"
#include "logview.h"
#include "mem.h"
#include "model.h"
#include "str.h"
#include "term.h"
#include "verbs.h"

static const struct opt log_opts[] = {
	OPT_ROWS_CELL("default"),
	{ "container", 'c', OPT_LIST, NULL, "container; needed when the cell has several" },
	{ "all-containers", 0, OPT_BOOL, NULL, "all containers of the cell" },
	{ "follow", 'f', OPT_BOOL, NULL,
	  "go on with what is written later, until the containers have ended for good" },
	{ "tail", 'n', OPT_STRING, "all", "the last lines of each log" },
	{ "since", 0, OPT_STRING, NULL,
	  "lines from then on: how long ago, such as 10m, or a time (RFC 3339)" },
	{ "until", 0, OPT_STRING, NULL, "lines up to then: the same" },
	{ "stream", 0, OPT_STRING, NULL, "what was written to stdout or stderr alone" },
	{ "timestamps", 't', OPT_BOOL, NULL, "the time before each line" },
	{ "prefix", 0, OPT_BOOL, NULL,
	  "the container before each line; without the flag where there are several" },
	{ "raw", 0, OPT_BOOL, NULL, "leave control characters as they are on a terminal too" },
	{ "plain", 0, OPT_BOOL, NULL, "without control sequences of terminals" },
	{ 0 },
};

static int no_cell(const struct scope *s, struct kerr *err)
{
	return kerr_setk(err, ERR_CELL_NOT_FOUND, -ENOENT,
			 "cell \"%s\" not found in realm \"%s\", space \"%s\", stack \"%s\"",
			 s->cell, s->realm, s->space, s->stack);
}

static void join(struct buf *out, struct strlist *ids)
{
	strlist_sort(ids);
	for (size_t i = 0; i < ids->n; i++)
		buf_addf(out, "%s%s", i ? ", " : "", ids->v[i]);
}

/* Only root containers: one given in the manifest has a log; a synthesized one has none. */
static int no_candidate(struct cli *c, const struct rpc_list_containers_reply *all,
			const struct scope *s, struct kerr *err)
{
	for (size_t i = 0; i < all->containers.n; i++)
		if (!container_is_synthesized(&all->containers.v[i]))
			cli_hint(c, "for its root container pass --container %s",
				 all->containers.v[i].id);
	if (!c->hint)
		cli_hint(c, "the cell has no containers; kuke create container NAME --cell %s",
			 s->cell);
	return kerr_plain(err, -ENOENT, "no attachable container in cell (cell \"%s\")", s->cell);
}

static int choose(struct cli *c, const struct rpc_list_containers_reply *all, const struct scope *s,
		  char **ret, struct kerr *err)
{
	cleanup_strlist struct strlist ids = { 0 };
	cleanup_buf struct buf text = BUF_INIT(1 << 20);

	if (all->containers.n == 0) /* every cell has a root container, so there is no such cell */
		return no_cell(s, err);
	for (size_t i = 0; i < all->containers.n; i++)
		if (!all->containers.v[i].root)
			strlist_add(&ids, all->containers.v[i].id);
	if (ids.n == 0)
		return no_candidate(c, all, s, err);
	join(&text, &ids);
	if (ids.n > 1)
		cli_hint(c, "for all of them pass --all-containers");
	if (ids.n > 1)
		return kerr_plain(err, -EINVAL,
				  "multiple attachable containers in cell; specify --container "
				  "(cell \"%s\"): candidates: %s",
				  s->cell, buf_str(&text));
	*ret = xstrdup(ids.v[0]);
	return 0;
}

/* The container does not exist: hint at those that do. */
static void hint_containers(struct cli *c, const struct scope *s, const struct strlist *wanted)
{
	struct rpc_list_args args = { s->realm, s->space, s->stack, s->cell };
	struct rpc_list_containers_reply reply = { 0 };
	cleanup_strlist struct strlist ids = { 0 };
	cleanup_buf struct buf text = BUF_INIT(1 << 20);
	bool missing = false;

	if (cli_call(c, RPC_LIST_CONTAINERS, &args, &reply, NULL) == 0)
		for (size_t i = 0; i < reply.containers.n; i++)
			if (!container_is_synthesized(&reply.containers.v[i]))
				strlist_add(&ids, reply.containers.v[i].id);
	join(&text, &ids);
	for (size_t i = 0; i < wanted->n; i++)
		missing |= !strlist_has(&ids, wanted->v[i]);
	if (ids.n > 0 && missing)
		cli_hint(c, "containers of cell \"%s\": %s", s->cell, buf_str(&text));
	cli_free_reply(RPC_LIST_CONTAINERS, &reply);
}

/* Containers named by arguments and by --container, in their order. */
static int named(const struct cli *c, struct strlist *ret, struct kerr *err)
{
	const struct strlist *flags = cli_list(c, "container");

	for (size_t i = 1; i < c->args.n; i++)
		strlist_add_owned(ret, cli_arg(c, i));
	for (size_t i = 0; flags && i < flags->n; i++)
		strlist_add_owned(ret, str_trim(flags->v[i]));
	for (size_t i = ret->n; i > 0; i--) {
		if (!*ret->v[i - 1])
			strlist_remove(ret, i - 1); /* as if it was not given */
		else if (i > 1)
			for (size_t k = 0; k < i - 1; k++)
				if (streq(ret->v[k], ret->v[i - 1]))
					return kerr_plain(err, -EINVAL,
							  "container \"%s\" is named twice",
							  ret->v[k]);
	}
	if (ret->n > 0 && cli_bool(c, "all-containers"))
		return kerr_plain(err, -EINVAL,
				  "name containers or give --all-containers, not both");
	return 0;
}

static int all_of(const struct rpc_list_containers_reply *all, const struct scope *s,
		  struct strlist *ret, struct kerr *err)
{
	if (all->containers.n == 0)
		return no_cell(s, err);
	for (size_t i = 0; i < all->containers.n; i++)
		if (!container_is_synthesized(&all->containers.v[i]))
			strlist_add(ret, all->containers.v[i].id);
	return ret->n > 0 ? 0
			  : kerr_plain(err, -ENOENT,
				       "cell \"%s\" has no containers that write logs", s->cell);
}

/* Those that are named, else all or the cell's only one beside the root. */
static int pick(struct cli *c, const struct scope *s, struct strlist *ret, struct kerr *err)
{
	struct rpc_list_args args = { s->realm, s->space, s->stack, s->cell };
	struct rpc_list_containers_reply reply = { 0 };
	char *id = NULL;
	int r = named(c, ret, err);

	if (r < 0 || ret->n > 0)
		return r;
	r = cli_call(c, RPC_LIST_CONTAINERS, &args, &reply, err);
	if (r == 0 && cli_bool(c, "all-containers"))
		r = all_of(&reply, s, ret, err);
	else if (r == 0)
		r = choose(c, &reply, s, &id, err);
	if (id)
		strlist_add_owned(ret, id);
	cli_free_reply(RPC_LIST_CONTAINERS, &reply);
	return r;
}

/* ---- what is wanted of them ---- */

/* A time, or how long ago; 0: the flag was not given. Microseconds since 1970. */
static int read_time(const struct cli *c, const char *flag, uint64_t *ret, struct kerr *err)
{
	cleanup_free char *text = str_trim(cli_str(c, flag));
	struct ktime t = ktime_now();
	int64_t ns = 0, us;
	int r;

	if (!cli_given(c, flag))
		return 0;
	r = duration_parse(text, &ns);
	if (r < 0)
		r = ktime_parse(text, &t);
	us = t.sec * 1000000 + t.nsec / 1000 - ns / 1000;
	if (r < 0 || ns < 0 || !t.set)
		return kerr_plain(err, -EINVAL,
				  "invalid --%s \"%s\": give how long ago, such as 10m, or a time, "
				  "such as 2026-01-31T12:00:00Z",
				  flag, text);
	*ret = us > 0 ? (uint64_t) us : 1;
	return 0;
}

static int read_tail(const struct cli *c, int64_t *ret, struct kerr *err)
{
	cleanup_free char *text = str_trim(cli_str(c, "tail"));

	*ret = LOG_ALL;
	if (!cli_given(c, "tail") || streq(text, "all") || streq(text, "-1"))
		return 0;
	if (str_to_i64(text, 0, INT64_MAX, ret) < 0)
		return kerr_plain(err, -EINVAL,
				  "invalid --tail \"%s\": give a number of lines, or all", text);
	return 0;
}

static int read_stream(const struct cli *c, unsigned *ret, struct kerr *err)
{
	const char *text = cli_str(c, "stream");

	*ret = streq(text, "stdout") ? LOG_OUT : streq(text, "stderr") ? LOG_ERR : 0;
	if (*ret == 0 && cli_given(c, "stream"))
		return kerr_plain(err, -EINVAL,
				  "invalid --stream \"%s\" (supported: stdout, stderr)", text);
	return 0;
}

static int read_wanted(const struct cli *c, struct log_request *q, struct kerr *err)
{
	int r = read_tail(c, &q->want.tail, err);

	if (r == 0)
		r = read_time(c, "since", &q->want.since, err);
	if (r == 0)
		r = read_time(c, "until", &q->want.until, err);
	if (r == 0)
		r = read_stream(c, &q->want.streams, err);
	if (r == 0 && q->want.since && q->want.until && q->want.since > q->want.until)
		r = kerr_plain(err, -EINVAL, "--since is after --until");
	if (r == 0 && cli_bool(c, "raw") && cli_bool(c, "plain"))
		r = kerr_plain(err, -EINVAL, "--raw and --plain exclude each other");
	q->follow = cli_bool(c, "follow");
	q->want.marks = cli_bool(c, "timestamps");
	return r;
}

/* https://no-color.org */
static bool wants_colours(void)
{
	return isatty(STDOUT_FILENO) == 1 && str_empty(getenv("NO_COLOR")) &&
	       !streq_null(getenv("TERM"), "dumb");
}

static unsigned view_flags(const struct cli *c, const struct log_request *q)
{
	bool names = cli_given(c, "prefix") ? cli_bool(c, "prefix") : q->containers.n > 1;

	return (cli_bool(c, "raw") ? LOGVIEW_RAW : 0) | (cli_bool(c, "plain") ? LOGVIEW_PLAIN : 0) |
	       (cli_bool(c, "timestamps") ? LOGVIEW_TIMES : 0) | (names ? LOGVIEW_NAMES : 0) |
	       (wants_colours() ? LOGVIEW_COLOURS : 0) | (q->follow ? LOGVIEW_FOLLOW : 0);
}

/* ---- why there is nothing ---- */

static void log_doc_clear(struct rpc_get_container_reply *reply)
{
	cli_free_reply(RPC_GET_CONTAINER, reply);
}

/* Whether it ran at some time, as far as the daemon can tell. */
static bool was_started(struct cli *c, const struct scope *s, const char *id)
{
	cleanup_(log_doc_clear) struct rpc_get_container_reply reply = { 0 };
	struct rpc_container_args args = { 0 };
	int r;

	scope_fill_doc(s, KIND_CONTAINER, id, &args.doc);
	r = cli_call(c, RPC_GET_CONTAINER, &args, &reply, NULL);
	cli_free_args(RPC_GET_CONTAINER, &args);
	return r < 0 || reply.result.container.status.start_time.set;
}

static int no_log(struct cli *c, const struct log_request *q, const char *path, struct kerr *err)
{
	const char *id = q->containers.v[0];

	if (!was_started(c, q->scope, id))
		cli_hint(c, "it was never started; kuke start cell %s", q->scope->cell);
	return kerr_plain(err, -ENOENT,
			  "cell \"%s\" container \"%s\" has no log file at %s (the runtime shim "
			  "has not opened it yet — try again after the container produces output)",
			  q->scope->cell, id, path);
}

/* For a person: on a terminal, silence may be taken for a failure. */
static void say_what_is_empty(struct cli *c, const struct log_request *q, const struct log_feed *f)
{
	if (isatty(STDOUT_FILENO) != 1)
		return;
	for (size_t i = 0; i < q->containers.n; i++) {
		const char *id = q->containers.v[i];
		enum log_feed_state state = log_feed_state(f, i);

		if (state == LOG_FEED_EMPTY)
			term_err("container \"%s\" has written nothing\n", id);
		else if (state == LOG_FEED_MISSING)
			term_err("container \"%s\" %s\n", id,
				 was_started(c, q->scope, id) ? "has no log file"
							      : "was never started");
	}
}

/* ---- the verb ---- */

static int print_logs(struct cli *c, const struct log_request *q, struct kerr *err)
{
	cleanup_(log_feed_freep) struct log_feed *feed = NULL;
	cleanup_free char *path = NULL;
	struct logview_opts opts = { .flags = view_flags(c, q),
				     .names = &q->containers,
				     .until = q->want.until };
	int r = log_feed_open(c, q, &feed, &path, err);

	if (r < 0 && path)
		return no_log(c, q, path, err);
	if (r < 0 && err && err->kind == ERR_CELL_NOT_FOUND)
		return no_cell(q->scope, err);
	if (r < 0 && q->containers.n > 0)
		hint_containers(c, q->scope, &q->containers);
	if (r == 0)
		r = logview(feed, &opts, err);
	if (r == 0)
		say_what_is_empty(c, q, feed);
	return r;
}

static void request_clear(struct log_request *q)
{
	strlist_clear(&q->containers);
}

static int run_log(struct cli *c, struct kerr *err)
{
	cleanup_scope struct scope s = { 0 };
	cleanup_(request_clear) struct log_request q = { .scope = &s };
	int r;

	r = scope_read(c, KIND_CELL, 0, &s, err);
	if (r < 0)
		return r;
	free(s.cell);
	s.cell = cli_arg(c, 0);
	if (!*s.cell)
		return kerr_plain(err, -EINVAL, "cell name is required (positional cell)");
	r = read_wanted(c, &q, err);
	if (r == 0)
		r = pick(c, &s, &q.containers, err);
	if (r < 0)
		return r;
	q.want.marks |= q.containers.n > 1;
	return print_logs(c, &q, err);
}

const struct cmd cmd_log = {
	.name = "log",
	.aliases = "logs",
	.args = "CELL [CONTAINER...]",
	.min_args = 1,
	.max_args = KUKE_MAX_CONTAINERS,
	.help = "print the output of containers",
	.about =
		"Print what containers of a cell wrote to their standard output and standard error: "
		"of the only one beside the root, of those that are named, or of all. Lines of "
		"several are put into the order of their times, and each has the container's name "
		"before it. On a terminal control characters are shown as \\x1b and the like.",
	.opts = log_opts,
	.subject = KIND_CELL,
	.others = KIND_CONTAINER,
	.run = run_log,
};
