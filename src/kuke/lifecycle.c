/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>

#include "lifecycle.h"
#include "mem.h"
#include "subject.h"

static int call(struct cli *c, enum rpc_method_id method, enum kind kind, const char *name,
		const struct scope *s, struct kerr *err)
{
	union {
		struct rpc_cell_done_reply cell;
		struct rpc_container_done_reply container;
	} reply = { 0 };
	union subject_args args = { 0 };
	int r;

	scope_fill_doc(s, kind, name, &args);
	r = scope_fill_grace(c, rpc_method_get(method), &args, err);
	if (r == 0)
		r = cli_call(c, method, &args, &reply, err);
	cli_free_args(method, &args);
	cli_free_reply(method, &reply);
	return r;
}

int lifecycle_cell(struct cli *c, enum rpc_method_id method, const char *past, struct kerr *err)
{
	struct scope s cleanup_scope = { 0 };
	char *name cleanup_free = cli_arg(c, 0);
	int r;

	if (!*name)
		return kerr_plain(err, -EINVAL, "cell name is required");
	r = scope_read(c, KIND_CELL, SCOPE_CHECK, &s, err);
	if (r == 0)
		r = call(c, method, KIND_CELL, name, &s, err);
	if (r == 0)
		cli_printf("%s cell \"%s\" from stack \"%s\"\n", past, name, s.stack);
	return r;
}

int lifecycle_container(struct cli *c, enum rpc_method_id method, const char *past,
			struct kerr *err)
{
	struct scope s cleanup_scope = { 0 };
	char *name cleanup_free = cli_arg(c, 0);
	int r;

	if (!*name)
		return kerr_plain(err, -EINVAL, "container name is required");
	r = scope_read(c, KIND_CONTAINER, SCOPE_CHECK, &s, err);
	if (r == 0)
		r = call(c, method, KIND_CONTAINER, name, &s, err);
	if (r == 0)
		cli_printf("%s container \"%s\" from cell \"%s\"\n", past, name, s.cell);
	return r;
}
