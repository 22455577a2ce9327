/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "complete.h"
#include "convert.h"
#include "explain.h"
#include "get.h"
#include "mem.h"
#include "model.h"
#include "names.h"
#include "pages.h"
#include "profiles.h"
#include "str.h"
#include "subject.h"

static bool has_line(const char *text, const char *line)
{
	size_t n = strlen(line);

	for (const char *p = text; *p; p += strcspn(p, "\n") + 1)
		if (strncmp(p, line, n) == 0 && p[n] == '\n')
			return true;
	return false;
}

/* Duplicates and names with control characters are left out. */
static void add(struct buf *out, const char *candidate, const char *begun)
{
	cleanup_buf struct buf safe = BUF_INIT(1 << 16);

	if (!candidate || !str_has_prefix(candidate, begun))
		return;
	str_vis(&safe, candidate, strlen(candidate));
	if (streq(buf_str(&safe), candidate) && !has_line(buf_str(out), candidate))
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
		cleanup_free char *flag = xasprintf("--%s", o->v[i].opt->name);

		if (o->v[i].opt->help)
			add(out, flag, begun);
	}
}

/* ---- names ---- */

/* Where candidates are collected. */
struct candidates {
	struct buf *out;
	const char *begun;
	enum kind kind;
};

static int add_object(void *ctx, const void *doc)
{
	const struct candidates *to = ctx;
	const struct container_doc *c = doc;

	if (to->kind != KIND_CONTAINER || !container_is_synthesized(&c->spec))
		add(to->out, get_name(to->kind, doc), to->begun);
	return 0;
}

/* Use an engine of our own: completion must never wait for the daemon. */
static bool use_own_engine(struct cli *c)
{
	if (c->settings.run_path == NULL && cli_settings(c, NULL) < 0)
		return false;
	c->settings.no_daemon = true;
	return true;
}

static void add_names(struct cli *c, enum kind kind, struct buf *out, const char *begun)
{
	struct candidates to = { out, begun, kind };
	cleanup_strlist struct strlist fields = { 0 };
	cleanup_scope struct scope s = { 0 };
	const struct pages all = { .kind = kind, .scope = &s, .fields = &fields };

	/* For containers without --cell: those of all cells of the stack. */
	if (scope_read(c, kind == KIND_CONTAINER ? KIND_CELL : kind, 0, &s, NULL) < 0)
		return;
	if (kind == KIND_CONTAINER) {
		free(s.cell);
		s.cell =
			c->cmd->subject == KIND_CELL ? cli_arg(c, 0) : str_trim(cli_str(c, "cell"));
	}
	get_name_fields(kind, &fields);
	if (use_own_engine(c)) /* errors are ignored: then there are no candidates */
		(void) pages_each(c, &all, add_object, &to, NULL);
}

static void add_images(struct cli *c, struct buf *out, const char *begun)
{
	cleanup_free char *realm = str_trim(cli_str_or(c, "realm", "default"));
	struct rpc_image_args args = { .realm = xstrdup(realm) };
	struct rpc_list_images_reply reply = { 0 };

	if (use_own_engine(c) && cli_call(c, RPC_LIST_IMAGES, &args, &reply, NULL) == 0)
		for (size_t i = 0; i < reply.result.images.n; i++)
			add(out, reply.result.images.v[i].name, begun);
	cli_free_args(RPC_LIST_IMAGES, &args);
	cli_free_reply(RPC_LIST_IMAGES, &reply);
}

static void add_fields(struct buf *out, const char *begun)
{
	cleanup_strlist struct strlist paths = { 0 };

	explain_complete(begun, &paths);
	for (size_t i = 0; i < paths.n; i++)
		add(out, paths.v[i], begun);
}

/* For `help get ce`: walk down the tree of commands. */
static void add_help(const struct cli *c, struct buf *out, const char *begun)
{
	const struct cmd *cmd = c->chain[0];

	for (size_t i = 0; cmd && i < c->args.n; i++)
		cmd = cmd_find_sub(cmd, c->args.v[i]);
	if (cmd && cmd->subs)
		add_subs(out, cmd, begun);
}

static void add_subject(struct cli *c, struct buf *out, const char *begun)
{
	int subject = c->cmd->subject;

	if (subject == CMD_SUBJECT_FIELD && cli_bool(c, "why-denied"))
		subject = KIND_CELL;
	if (subject == CMD_SUBJECT_COMMAND)
		add_help(c, out, begun);
	else if (c->args.n > 0 && c->cmd->others)
		add_names(c, (enum kind) c->cmd->others, out, begun);
	else if (c->args.n > 0 && c->cmd->max_args < NAMES_MAX)
		return;
	else if (subject == CMD_SUBJECT_IMAGE)
		add_images(c, out, begun);
	else if (subject == CMD_SUBJECT_FIELD ||
		 (subject == CMD_SUBJECT_KIND && !strchr(begun, '.')))
		add_fields(out, begun); /* a path without a dot is a kind */
	else if (subject)
		add_names(c, (enum kind) subject, out, begun);
}

/* The flag whose value comes next, if the word before is a flag that takes one. */
static const struct opt *awaits_value(const struct opt_values *o, const char *word)
{
	const struct opt_value *v = NULL;

	if (str_has_prefix(word, "--") && !strchr(word, '='))
		v = opt_find(o, word + 2);
	else if (word[0] == '-' && word[1] && word[1] != '-' && !word[2])
		v = opt_find_letter(o, word[1]);
	return v && v->opt->type != OPT_BOOL ? v->opt : NULL;
}

/* Names of the profiles; their parameters are not resolved here. */
static void add_profiles(struct buf *out, const char *begun)
{
	cleanup_strlist struct strlist names = { 0 };
	cleanup_free char *dir = profiles_dir(NULL);

	if (dir)
		cellprofile_names(dir, &names);
	for (size_t i = 0; i < names.n; i++)
		add(out, names.v[i], begun);
}

/* KEY= for each parameter of the profile on the command line. */
static void add_params(const struct cli *c, struct buf *out, const char *begun)
{
	cleanup_cellprofile struct cellprofile p = { 0 };
	cleanup_free char *dir = profiles_dir(NULL);

	if (!dir || cellprofile_find(dir, cli_str(c, "profile"), 0, &p, NULL, NULL) < 0)
		return;
	for (size_t i = 0; i < p.doc.spec.parameters.n; i++) {
		cleanup_free char *key = xasprintf("%s=", p.doc.spec.parameters.v[i].name);

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
	} else if (streq(o->name, "image")) {
		add_images(c, out, begun);
	} else if (streq(o->name, "stream")) {
		add(out, "stderr", begun);
		add(out, "stdout", begun);
	} else if (streq(o->name, "log-level")) {
		add(out, "debug", begun);
		add(out, "error", begun);
		add(out, "info", begun);
		add(out, "warn", begun);
	} else if (kind >= KIND_REALM && kind <= KIND_CONTAINER) {
		add_names(c, kind, out, begun);
	}
}

void complete(const struct cmd *root, const struct strlist *words, struct buf *out)
{
	cleanup_(cli_clear) struct cli c = { 0 };
	cleanup_strlist struct strlist argv = { 0 };
	const char *begun = words->n ? words->v[words->n - 1] : "";
	const struct opt *due = NULL;
	size_t n = words->n ? words->n - 1 : 0;

	strlist_add(&argv, "kuke");
	for (size_t i = 0; i < n; i++)
		strlist_add(&argv, words->v[i]);
	/* Words that end in a flag without its value do not parse. */
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
	else
		add_subject(&c, out, begun);
}
