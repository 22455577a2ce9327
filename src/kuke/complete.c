/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "complete.h"
#include "mem.h"
#include "profiles.h"
#include "str.h"
#include "subject.h"

static void add(struct buf *out, const char *candidate, const char *begun)
{
	if (candidate && str_has_prefix(candidate, begun))
		buf_addf(out, "%s\n", candidate);
}

static void add_subs(struct buf *out, const struct cmd *group, const char *begun)
{
	for (size_t i = 0; group->subs[i]; i++)
		if (!(group->subs[i]->flags & CMD_HIDDEN))
			add(out, group->subs[i]->name, begun);
}

static void add_flags(struct buf *out, const struct opt_values *o, const char *begun)
{
	for (size_t i = 0; i < o->n; i++) {
		char *flag cleanup_free = xasprintf("--%s", o->v[i].opt->name);

		if (o->v[i].opt->help)
			add(out, flag, begun);
	}
}

/* ---- names ---- */

union list_reply {
	struct rpc_list_realms_reply realms;
	struct rpc_list_spaces_reply spaces;
	struct rpc_list_stacks_reply stacks;
	struct rpc_list_cells_reply cells;
	struct rpc_list_containers_reply containers;
};

/* Every document begins with its head. */
static void add_heads(struct buf *out, struct list_view items, size_t size, const char *begun)
{
	for (size_t i = 0; i < items.n; i++)
		add(out, ((struct doc_head *) (items.v + i * size))->metadata.name, begun);
}

static void add_names(struct cli *c, enum kind kind, struct buf *out, const char *begun)
{
	static const enum rpc_method_id methods[] = {
		[KIND_REALM] = RPC_LIST_REALMS,		[KIND_SPACE] = RPC_LIST_SPACES,
		[KIND_STACK] = RPC_LIST_STACKS,		[KIND_CELL] = RPC_LIST_CELLS,
		[KIND_CONTAINER] = RPC_LIST_CONTAINERS,
	};
	struct scope s cleanup_scope = { 0 };
	union list_reply reply = { 0 };
	struct rpc_list_args args;

	if (scope_read(c, kind, 0, &s, NULL) < 0)
		return;
	args = (struct rpc_list_args){ s.realm, s.space, s.stack, s.cell };
	if (cli_settings(c, NULL) == 0) {
		c->settings.no_daemon = true;
		if (cli_call(c, methods[kind], &args, &reply, NULL) == 0 && kind != KIND_CONTAINER)
			add_heads(out, list_view(&reply), kind_info(kind)->type->size, begun);
		else if (kind == KIND_CONTAINER)
			for (size_t i = 0; i < reply.containers.containers.n; i++)
				if (!reply.containers.containers.v[i].root)
					add(out, reply.containers.containers.v[i].id, begun);
	}
	cli_free_reply(methods[kind], &reply);
}

/* The flag a value is due for: the word before is a flag that takes one. */
static const struct opt *awaits_value(const struct opt_values *o, const char *word)
{
	const struct opt_value *v = NULL;

	if (str_has_prefix(word, "--") && !strchr(word, '='))
		v = opt_find(o, word + 2);
	else if (word[0] == '-' && word[1] && word[1] != '-' && !word[2])
		v = opt_find_letter(o, word[1]);
	return v && v->opt->type != OPT_BOOL ? v->opt : NULL;
}

/* Load checks alone: the environment gives no parameters here. */
static void add_profiles(struct buf *out, const char *begun)
{
	struct strlist names cleanup_strlist = { 0 };
	char *dir cleanup_free = profiles_dir(NULL);

	if (dir)
		cellprofile_names(dir, &names);
	for (size_t i = 0; i < names.n; i++)
		add(out, names.v[i], begun);
}

/* KEY= of what the profile on the command line declares. */
static void add_params(const struct cli *c, struct buf *out, const char *begun)
{
	struct cellprofile p cleanup_cellprofile = { 0 };
	char *dir cleanup_free = profiles_dir(NULL);

	if (!dir || cellprofile_find(dir, cli_str(c, "profile"), 0, &p, NULL, NULL) < 0)
		return;
	for (size_t i = 0; i < p.doc.spec.parameters.n; i++) {
		char *key cleanup_free = xasprintf("%s=", p.doc.spec.parameters.v[i].name);

		add(out, key, begun);
	}
}

static void add_values(struct cli *c, const struct opt *o, struct buf *out, const char *begun)
{
	enum kind kind = kind_from_word(o->name);

	if (streq(o->name, "output")) {
		add(out, "json", begun);
		add(out, "table", begun);
		add(out, "yaml", begun);
	} else if (streq(o->name, "profile")) {
		add_profiles(out, begun);
	} else if (streq(o->name, "param")) {
		add_params(c, out, begun);
	} else if (kind >= KIND_REALM && kind <= KIND_CELL) {
		add_names(c, kind, out, begun);
	}
}

void complete(const struct cmd *root, const struct strlist *words, struct buf *out)
{
	struct cli c cleanup_(cli_clear) = { 0 };
	struct strlist argv cleanup_strlist = { 0 };
	const char *begun = words->n ? words->v[words->n - 1] : "";
	const struct opt *due = NULL;
	size_t n = words->n ? words->n - 1 : 0;

	strlist_add(&argv, "kuke");
	for (size_t i = 0; i < n; i++)
		strlist_add(&argv, words->v[i]);
	/* Where the words before end in a flag that waits for its value, they do not parse. */
	if (cmd_parse(&c, root, (int) argv.n, argv.v, NULL) != 0) {
		cli_clear(&c);
		c = (struct cli){ 0 };
		if (n == 0 || cmd_parse(&c, root, (int) n, argv.v, NULL) != 0)
			return;
		due = awaits_value(&c.opts, argv.v[n]);
		if (!due)
			return;
	}
	if (due)
		add_values(&c, due, out, begun);
	else if (begun[0] == '-')
		add_flags(out, &c.opts, begun);
	else if (c.cmd->subs && c.args.n == 0)
		add_subs(out, c.cmd, begun);
	else if (c.cmd->subject && c.args.n == 0)
		add_names(&c, c.cmd->subject, out, begun);
}
