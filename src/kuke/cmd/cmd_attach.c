/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>

#include "attach_to.h"
#include "mem.h"
#include "str.h"
#include "verbs.h"

#define IDS_MAX (1 << 20)

static const struct opt attach_opts[] = {
	OPT_ROWS_CELL("default"),
	{ "container", 'c', OPT_STRING, NULL,
	  "container; needed when the cell has several that are attachable" },
	OPT_ROW_DETACH_KEYS,
	{ "read-only", 0, OPT_BOOL, NULL, "look on only: nothing is typed, the size stays" },
	{ 0 },
};

static int choose(const struct rpc_list_containers_reply *all, const struct scope *s, char **ret,
		  struct kerr *err)
{
	cleanup_strlist struct strlist ids = { 0 };
	cleanup_buf struct buf text = BUF_INIT(IDS_MAX);

	for (size_t i = 0; i < all->containers.n; i++)
		if (all->containers.v[i].attachable && !all->containers.v[i].root)
			strlist_add(&ids, all->containers.v[i].id);
	if (ids.n == 0)
		return kerr_plain(err, -ENOENT, "no attachable container in cell (cell \"%s\")",
				  s->cell);
	strlist_sort(&ids);
	for (size_t i = 0; i < ids.n; i++)
		buf_addf(&text, "%s%s", i ? ", " : "", ids.v[i]);
	if (ids.n > 1)
		return kerr_plain(err, -EINVAL,
				  "multiple attachable containers in cell; specify --container "
				  "(cell \"%s\"): candidates: %s",
				  s->cell, buf_str(&text));
	*ret = xstrdup(ids.v[0]);
	return 0;
}

/* The container from --container, else the only attachable one beside the root. */
static int pick(struct cli *c, const struct scope *s, char **ret, struct kerr *err)
{
	struct rpc_list_args args = { s->realm, s->space, s->stack, s->cell };
	struct rpc_list_containers_reply reply = { 0 };
	int r;

	*ret = str_trim(cli_str(c, "container"));
	if (**ret)
		return 0;
	free_p(ret);
	r = cli_call(c, RPC_LIST_CONTAINERS, &args, &reply, err);
	if (r == 0)
		r = choose(&reply, s, ret, err);
	cli_free_reply(RPC_LIST_CONTAINERS, &reply);
	return r;
}

static int run_attach(struct cli *c, struct kerr *err)
{
	cleanup_scope struct scope s = { 0 };
	cleanup_free char *id = NULL;
	struct session_opts o = { .read_only = cli_bool(c, "read-only") };
	enum session_end end;
	int r;

	r = attach_keys(c, &o.keys, err);
	if (r == 0)
		r = scope_read(c, KIND_CELL, 0, &s, err);
	if (r < 0)
		return r;
	free(s.cell);
	s.cell = cli_arg(c, 0);
	if (!*s.cell)
		return kerr_plain(err, -EINVAL, "cell name is required (positional cell)");
	r = pick(c, &s, &id, err);
	return r < 0 ? r : attach_to(c, &s, id, &o, &end, err);
}

const struct cmd cmd_attach = {
	.name = "attach",
	.aliases = "att",
	.args = "CELL",
	.min_args = 1,
	.max_args = 1,
	.help = "show the terminal of a container and type in it",
	.about = "Show the terminal of an attachable container, from what it has shown last, and "
		 "hand on what is typed. Any number of people can do so at a time. Pressing ^] "
		 "twice leaves it, and the program goes on; a paste that has these keys does not. "
		 "It ends when the program does.",
	.opts = attach_opts,
	.subject = KIND_CELL,
	.run = run_attach,
};
