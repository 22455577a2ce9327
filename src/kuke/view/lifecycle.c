/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>

#include "lifecycle.h"
#include "mem.h"
#include "model.h"
#include "names.h"
#include "subject.h"
#include "term.h"

static int call(struct cli *c, enum rpc_method_id method, enum kind kind, const char *name,
		const struct scope *s, struct kerr *err)
{
	union {
		struct rpc_cell_done_reply cell;
		struct rpc_container_done_reply container;
	} reply = { 0 };
	union subject_args args = { 0 };
	const char *warning;
	int r;

	scope_fill_doc(s, kind, name, &args);
	r = scope_fill_grace(c, rpc_method_get(method), &args, err);
	if (r == 0)
		r = cli_call(c, method, &args, &reply, err);
	warning = kind == KIND_CELL ? reply.cell.result.warning : reply.container.result.warning;
	if (r == 0 && warning)
		term_err("warning: %s\n", warning);
	cli_free_args(method, &args);
	cli_free_reply(method, &reply);
	return r;
}

/* One verb on several objects. */
struct verb_args {
	enum rpc_method_id method;
	enum kind kind;
	const char *past;
	struct scope scope;
};

static int run_one(struct cli *c, const char *name, void *ctx, struct kerr *err)
{
	const struct verb_args *e = ctx;
	int r = call(c, e->method, e->kind, name, &e->scope, err);

	if (r == 0 && e->kind == KIND_CELL)
		cli_printf("%s cell \"%s\" from stack \"%s\"\n", e->past, name, e->scope.stack);
	else if (r == 0)
		cli_printf("%s container \"%s\" from cell \"%s\"\n", e->past, name, e->scope.cell);
	return r;
}

static void begin(struct cli *c, const char *name, void *ctx)
{
	const struct verb_args *e = ctx;
	union subject_args args = { 0 };

	scope_fill_doc(&e->scope, e->kind, name, &args);
	if (scope_fill_grace(c, rpc_method_get(e->method), &args, NULL) == 0)
		cli_call_early(c, e->method, &args);
	cli_free_args(e->method, &args);
}

/* Stops run at once, within one common grace period; starts one by one, as each may show a pull. */
static bool at_once(enum rpc_method_id method)
{
	return method != RPC_START_CELL && method != RPC_START_CONTAINER;
}

static int run_verb(struct cli *c, struct verb_args *e, struct kerr *err)
{
	cleanup_strlist struct strlist names = { 0 };
	int r;

	r = names_given(c, err);
	if (r == 0)
		r = scope_read(c, e->kind, SCOPE_CHECK, &e->scope, err);
	if (r == 0)
		r = names_wanted(c, e->kind, &e->scope, &names, err);
	return r < 0 ? r
		     : names_each(c, &names, at_once(e->method) ? begin : NULL, run_one, e, err);
}

int lifecycle_cell(struct cli *c, enum rpc_method_id method, const char *past, struct kerr *err)
{
	struct verb_args e = { .method = method, .kind = KIND_CELL, .past = past };
	int r = run_verb(c, &e, err);

	scope_clear(&e.scope);
	return r;
}

int lifecycle_container(struct cli *c, enum rpc_method_id method, const char *past,
			struct kerr *err)
{
	struct verb_args e = { .method = method, .kind = KIND_CONTAINER, .past = past };
	int r = run_verb(c, &e, err);

	scope_clear(&e.scope);
	return r;
}
