/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>

#include "field.h"
#include "mem.h"
#include "model.h"
#include "str.h"
#include "subject.h"

#define DEFAULT_NAME "default"

const struct opt scope_opts_space[] = { OPT_ROWS_SPACE(DEFAULT_NAME), { 0 } };
const struct opt scope_opts_stack[] = { OPT_ROWS_STACK(DEFAULT_NAME), { 0 } };
const struct opt scope_opts_cell[] = { OPT_ROWS_CELL(DEFAULT_NAME), { 0 } };
const struct opt scope_opts_container[] = { OPT_ROWS_CONTAINER(DEFAULT_NAME), { 0 } };

void scope_clear(struct scope *s)
{
	free(s->realm);
	free(s->space);
	free(s->stack);
	free(s->cell);
	*s = (struct scope){ 0 };
}

static int read_part(const struct cli *c, const char *flag, const char *def, enum scope_flags flags,
		     char **ret, struct kerr *err)
{
	free(*ret);
	*ret = str_trim(cli_str_or(c, flag, def));
	if (flags & SCOPE_CHECK && str_empty(*ret))
		return kerr_plain(err, -EINVAL, "%s name is required (--%s)", flag, flag);
	return 0;
}

int scope_read(const struct cli *c, enum kind kind, enum scope_flags flags, struct scope *ret,
	       struct kerr *err)
{
	const char *def = flags & SCOPE_LIST ? "" : DEFAULT_NAME;
	int r = 0;

	*ret = (struct scope){ xstrdup(""), xstrdup(""), xstrdup(""), xstrdup("") };
	if (kind > KIND_REALM)
		r = read_part(c, "realm", def, flags, &ret->realm, err);
	if (r == 0 && kind > KIND_SPACE)
		r = read_part(c, "space", def, flags, &ret->space, err);
	if (r == 0 && kind > KIND_STACK)
		r = read_part(c, "stack", def, flags, &ret->stack, err);
	/* There is no default cell. */
	if (r == 0 && kind > KIND_CELL)
		r = read_part(c, "cell", "", flags & SCOPE_LIST ? flags : flags | SCOPE_CHECK,
			      &ret->cell, err);
	return r;
}

void scope_fill_doc(const struct scope *s, enum kind kind, const char *name, void *doc)
{
	struct doc_head *head = doc;

	head->api_version = xstrdup("v1beta1");
	head->kind = xstrdup(kind_info(kind)->name);
	head->metadata.name = xstrdup(name);
	if (kind == KIND_SPACE) {
		struct space_doc *d = doc;

		d->spec.realm_id = xstrdup(s->realm);
	} else if (kind == KIND_STACK) {
		struct stack_doc *d = doc;

		d->spec.id = xstrdup(name);
		d->spec.realm_id = xstrdup(s->realm);
		d->spec.space_id = xstrdup(s->space);
	} else if (kind == KIND_CELL) {
		struct cell_doc *d = doc;

		d->spec.id = xstrdup(name);
		d->spec.realm_id = xstrdup(s->realm);
		d->spec.space_id = xstrdup(s->space);
		d->spec.stack_id = xstrdup(s->stack);
	} else if (kind == KIND_CONTAINER) {
		struct container_doc *d = doc;

		d->spec.id = xstrdup(name);
		d->spec.realm_id = xstrdup(s->realm);
		d->spec.space_id = xstrdup(s->space);
		d->spec.stack_id = xstrdup(s->stack);
		d->spec.cell_id = xstrdup(s->cell);
	}
}

int scope_fill_grace(const struct cli *c, const struct rpc_method *m, void *args, struct kerr *err)
{
	const struct field *f = model_find(m->args, RPC_GRACE_KEY, NULL);
	const struct opt_value *v = opt_find(&c->opts, "timeout");

	if (!f || !v || !v->set)
		return 0;
	if (v->number < 0)
		return kerr_plain(err, -EINVAL, "--timeout must not be negative");
	*(struct nint *) field_ptr(f, args) =
		(struct nint){ .set = true, .v = v->number / 1000000 };
	return 0;
}
