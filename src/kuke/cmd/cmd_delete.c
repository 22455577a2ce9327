/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>

#include "delete.h"
#include "manifest.h"
#include "model.h"
#include "names.h"
#include "report.h"
#include "str.h"
#include "subject.h"
#include "verbs.h"

static const struct opt delete_opts[] = {
	{ "cascade", 0, OPT_BOOL, NULL, "delete children first" },
	{ "force", 0, OPT_BOOL, NULL, "delete the object without looking for children" },
	OPT_ROW_TIMEOUT("10s"),
	OPT_ROW_SELECTOR,
	{ "dry-run", 0, OPT_BOOL, NULL, "print what would be done and do nothing" },
	{ 0 },
};

static const struct opt file_opts[] = {
	OPT_ROW_FILE,
	OPT_ROW_STRICT,
	OPT_ROW_REPORT,
	{ 0 },
};

static int plan_one(struct cli *c, enum kind kind, const struct scope *s, const char *name,
		    struct kerr *err)
{
	struct rpc_plan_delete_args args = { 0 };
	struct rpc_plan_delete_reply reply = { 0 };
	int r;

	delete_plan_target(&args, kind, s, name);
	r = delete_plan(c, &args, &reply, err);
	if (r == 0 && !streq(reply.result.planned.v[0].action, "deleted"))
		r = cli_fail(c, -EIO, reply.result.planned.v[0].error, err);
	cli_free_reply(RPC_X_PLAN_DELETE, &reply);
	return r;
}

static void print_deleted(enum kind kind, const char *name, const struct scope *s, const char *mark)
{
	if (kind == KIND_REALM)
		cli_printf("Deleted realm \"%s\"%s\n", name, mark);
	else if (kind == KIND_SPACE)
		cli_printf("Deleted space \"%s\" from realm \"%s\"%s\n", name, s->realm, mark);
	else if (kind == KIND_STACK)
		cli_printf("Deleted stack \"%s\" from space \"%s\"%s\n", name, s->space, mark);
	else if (kind == KIND_CELL)
		cli_printf("Deleted cell \"%s\" from stack \"%s\"%s\n", name, s->stack, mark);
	else
		cli_printf("Deleted container \"%s\" from cell \"%s\"%s\n", name, s->cell, mark);
}

/* The deletion of one object after the other. */
struct deletes {
	enum kind kind;
	struct scope scope;
};

static int delete_one(struct cli *c, const char *name, void *ctx, struct kerr *err)
{
	const struct deletes *d = ctx;
	bool dry = cli_bool(c, "dry-run");
	union subject_args args = { 0 };
	int r;

	if (dry) {
		r = plan_one(c, d->kind, &d->scope, name, err);
	} else {
		scope_fill_doc(&d->scope, d->kind, name, &args);
		r = delete_subject(c, d->kind, &args, NULL, err);
	}
	if (r == 0)
		print_deleted(d->kind, name, &d->scope, dry ? DRY_RUN_MARK : "");
	return r;
}

static void delete_begin(struct cli *c, const char *name, void *ctx)
{
	const struct deletes *d = ctx;
	const struct rpc_method *m = rpc_method_get(delete_method(d->kind));
	union subject_args args = { 0 };

	scope_fill_doc(&d->scope, d->kind, name, &args);
	if (delete_fill_flags(c, m, &args, NULL) == 0)
		cli_call_early(c, m->id, &args);
	cli_free_args(m->id, &args);
}

/*
 * More than are under way at a time: all get their stop signal before the first is waited for.
 * If this fails, so does the deletion, which reports it; or the daemon is of an older version,
 * and they have their graces a few at a time.
 */
static void ask_to_end(struct cli *c, const struct deletes *d, const struct strlist *names)
{
	struct rpc_plan_delete_args args = { 0 };
	struct rpc_plan_delete_reply reply = { 0 };

	for (size_t i = 0; i < names->n; i++)
		delete_plan_target(&args, d->kind, &d->scope, names->v[i]);
	if (scope_fill_grace(c, rpc_method_get(RPC_X_PREPARE_DELETE), &args, NULL) == 0)
		(void) cli_call(c, RPC_X_PREPARE_DELETE, &args, &reply, NULL);
	cli_free_args(RPC_X_PREPARE_DELETE, &args);
	cli_free_reply(RPC_X_PREPARE_DELETE, &reply);
}

static int run_delete_kind(struct cli *c, enum kind kind, struct kerr *err)
{
	struct deletes d = { .kind = kind };
	cleanup_strlist struct strlist names = { 0 };
	/* Cells and containers end at once, within one common grace period; parents one by one. */
	bool at_once = kind >= KIND_CELL && !cli_bool(c, "dry-run");
	int r;

	r = names_given(c, err);
	if (r == 0)
		r = scope_read(c, kind, 0, &d.scope, err);
	if (r == 0)
		r = names_wanted(c, kind, &d.scope, &names, err);
	if (r == 0 && at_once && names.n > CLI_MAX_EARLY)
		ask_to_end(c, &d, &names);
	if (r == 0)
		r = names_each(c, &names, at_once ? delete_begin : NULL, delete_one, &d, err);
	scope_clear(&d.scope);
	return r;
}

static int delete_realm(struct cli *c, struct kerr *err)
{
	return run_delete_kind(c, KIND_REALM, err);
}

static int delete_space(struct cli *c, struct kerr *err)
{
	return run_delete_kind(c, KIND_SPACE, err);
}

static int delete_stack(struct cli *c, struct kerr *err)
{
	return run_delete_kind(c, KIND_STACK, err);
}

static int delete_cell(struct cli *c, struct kerr *err)
{
	return run_delete_kind(c, KIND_CELL, err);
}

static int delete_container(struct cli *c, struct kerr *err)
{
	return run_delete_kind(c, KIND_CONTAINER, err);
}

#define DELETE_ROW(kind, KIND, alias, options, text)                                        \
	{                                                                                   \
		.name = #kind, .aliases = #kind "s " alias, .args = "NAME...",              \
		.max_args = NAMES_MAX, .help = text, .opts = options, .run = delete_##kind, \
		.subject = KIND_##KIND,                                                     \
	}

static const struct cmd cmd_delete_realm = DELETE_ROW(realm, REALM, "r", NULL, "delete a realm");
static const struct cmd cmd_delete_space =
	DELETE_ROW(space, SPACE, "sp", scope_opts_space, "delete a space and its network");
static const struct cmd cmd_delete_stack =
	DELETE_ROW(stack, STACK, "st", scope_opts_stack, "delete a stack");
static const struct cmd cmd_delete_cell = DELETE_ROW(
	cell, CELL, "ce", scope_opts_cell, "stop a cell and delete it with its containers");
static const struct cmd cmd_delete_container =
	DELETE_ROW(container, CONTAINER, "co", scope_opts_container,
		   "stop a container and delete it from its cell");

static const struct cmd *const delete_subs[] = {
	&cmd_delete_realm, &cmd_delete_space,	  &cmd_delete_stack,
	&cmd_delete_cell,  &cmd_delete_container, NULL,
};

const struct cmd cmd_delete = {
	.name = "delete",
	.aliases = "d",
	.help = "delete objects",
	.about = "Delete an object, or with -f all objects a file describes, children before "
		 "parents.",
	.opts = delete_opts,
	.local = file_opts,
	.subs = delete_subs,
	.run = delete_file,
};
