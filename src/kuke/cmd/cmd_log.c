/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>

#include "convert.h"
#include "errkind.h"
#include "logview.h"
#include "mem.h"
#include "model.h"
#include "str.h"
#include "subject.h"
#include "verbs.h"

static const struct opt log_opts[] = {
	OPT_ROWS_CELL("default"),
	{ "container", 0, OPT_STRING, NULL, "container; needed when the cell has several" },
	{ "follow", 'f', OPT_BOOL, NULL,
	  "go on with what is written later, until the container has ended for good" },
	{ "raw", 0, OPT_BOOL, NULL, "leave control characters as they are on a terminal too" },
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
		return kerr_plain(err, -EINVAL,
				  "multiple attachable containers in cell; specify --container "
				  "(cell \"%s\"): candidates: %s",
				  s->cell, buf_str(&text));
	*ret = xstrdup(ids.v[0]);
	return 0;
}

/* The container does not exist: hint at those that do. */
static void hint_containers(struct cli *c, const struct scope *s, const char *missing)
{
	struct rpc_list_args args = { s->realm, s->space, s->stack, s->cell };
	struct rpc_list_containers_reply reply = { 0 };
	cleanup_strlist struct strlist ids = { 0 };
	cleanup_buf struct buf text = BUF_INIT(1 << 20);

	if (cli_call(c, RPC_LIST_CONTAINERS, &args, &reply, NULL) == 0)
		for (size_t i = 0; i < reply.containers.n; i++)
			if (!container_is_synthesized(&reply.containers.v[i]))
				strlist_add(&ids, reply.containers.v[i].id);
	join(&text, &ids);
	if (ids.n > 0 && !strlist_has(&ids, missing))
		cli_hint(c, "containers of cell \"%s\": %s", s->cell, buf_str(&text));
	cli_free_reply(RPC_LIST_CONTAINERS, &reply);
}

/* The container from --container, else the cell's only one beside the root. */
static int pick(struct cli *c, const struct scope *s, char **ret, struct kerr *err)
{
	struct rpc_list_args args = { s->realm, s->space, s->stack, s->cell };
	struct rpc_list_containers_reply reply = { 0 };
	int r;

	*ret = str_trim(cli_str(c, "container"));
	if (**ret)
		return 0;
	free(*ret);
	*ret = NULL;
	r = cli_call(c, RPC_LIST_CONTAINERS, &args, &reply, err);
	if (r == 0)
		r = choose(c, &reply, s, ret, err);
	cli_free_reply(RPC_LIST_CONTAINERS, &reply);
	return r;
}

/* The container whose log is read. */
struct source {
	struct cli *c;
	const struct scope *s;
	const char *id;
};

static int call_log(const struct source *from, struct rpc_log_reply *ret, struct kerr *err)
{
	struct rpc_container_args args = { 0 };
	int r;

	scope_fill_doc(from->s, KIND_CONTAINER, from->id, &args.doc);
	r = cli_call(from->c, RPC_LOG_CONTAINER, &args, ret, err);
	cli_free_args(RPC_LOG_CONTAINER, &args);
	return r;
}

static int ask_path(const struct source *from, char **ret, struct kerr *err)
{
	struct rpc_log_reply reply = { 0 };
	int r = call_log(from, &reply, err);

	if (r == 0 && !str_empty(reply.result.host_capture_path))
		*ret = xstrdup(reply.result.host_capture_path);
	else if (r == 0 && !str_empty(reply.result.host_log_path))
		*ret = xstrdup(reply.result.host_log_path);
	else if (r == 0)
		r = kerr_plain(err, -EPROTO, "daemon returned no log path for container \"%s\"",
			       from->id);
	cli_free_reply(RPC_LOG_CONTAINER, &reply);
	if (r < 0 && err && err->kind == ERR_CELL_NOT_FOUND)
		return no_cell(from->s, err);
	if (r < 0)
		hint_containers(from->c, from->s, from->id);
	return r;
}

/* A daemon that cannot be reached may come back; an older daemon does not send the state. */
static enum logview_writer ask_writer(void *ctx)
{
	const struct source *from = ctx;
	struct rpc_log_reply reply = { 0 };
	enum logview_writer writer = LOGVIEW_WRITES;
	int r = call_log(from, &reply, NULL);

	if (r == -ENOENT || (r == 0 && streq_null(reply.result.writer, RPC_LOG_ENDED)))
		writer = LOGVIEW_ENDED;
	else if (r < 0 || streq_null(reply.result.writer, RPC_LOG_WAITS))
		writer = LOGVIEW_WAITS;
	cli_free_reply(RPC_LOG_CONTAINER, &reply);
	cli_hang_up(
		from->c); /* following may take long, and the daemon has a process per connection */
	return writer;
}

static int run_log(struct cli *c, struct kerr *err)
{
	cleanup_scope struct scope s = { 0 };
	cleanup_free char *id = NULL, *path = NULL;
	struct source from = { .c = c, .s = &s };
	struct logview_opts opts = { .writer = ask_writer, .ctx = &from };
	int r;

	opts.flags |= cli_bool(c, "follow") ? LOGVIEW_FOLLOW : 0;
	opts.flags |= cli_bool(c, "raw") ? LOGVIEW_RAW : 0;
	r = scope_read(c, KIND_CELL, 0, &s, err);
	if (r < 0)
		return r;
	free(s.cell);
	s.cell = cli_arg(c, 0);
	if (!*s.cell)
		return kerr_plain(err, -EINVAL, "cell name is required (positional cell)");
	r = pick(c, &s, &id, err);
	from.id = id;
	if (r == 0)
		r = ask_path(&from, &path, err);
	cli_hang_up(c);
	if (r == 0)
		r = logview(path, &opts, err);
	if (r == -ENOENT && path)
		return kerr_plain(err, r,
				  "cell \"%s\" container \"%s\" has no log file at %s (the runtime "
				  "shim has not opened it yet — try again after the container "
				  "produces output)",
				  s.cell, id, path);
	return r;
}

const struct cmd cmd_log = {
	.name = "log",
	.aliases = "logs",
	.args = "CELL",
	.min_args = 1,
	.max_args = 1,
	.help = "print the output of a container",
	.opts = log_opts,
	.subject = KIND_CELL,
	.run = run_log,
};
