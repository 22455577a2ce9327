/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "get.h"
#include "mem.h"
#include "str.h"
#include "subject.h"

static const char *dash(const char *s)
{
	return str_empty(s) ? "-" : s;
}

static const char *nn(const char *s)
{
	return s ? s : "";
}

/* table_row() ends a row at NULL: an optional last cell comes for free. */
void get_table_header(struct table *t, enum kind kind, enum get_table_flags flags)
{
	const char *last = flags & GET_TABLE_CONTROLLERS ? "CONTROLLERS" : NULL;

	if (kind == KIND_REALM)
		table_row(t, "NAME", "NAMESPACE", "STATE", "CGROUP", last, NULL);
	else if (kind == KIND_SPACE)
		table_row(t, "NAME", "REALM", "STATE", "CGROUP", last, NULL);
	else if (kind == KIND_STACK)
		table_row(t, "NAME", "REALM", "SPACE", "STATE", "CGROUP", last, NULL);
	else if (kind == KIND_CELL)
		table_row(t, "NAME", "REALM", "SPACE", "STACK", "STATE", "CGROUP", last, NULL);
	else if (kind == KIND_CONTAINER)
		table_row(t, "NAME", "REALM", "SPACE", "STACK", "CELL", "ROOT", "IMAGE", "STATE",
			  NULL);
}

static char *controllers_text(const struct strlist *l)
{
	struct buf b = BUF_INIT(4096);

	for (size_t i = 0; i < l->n; i++)
		buf_addf(&b, "%s%s", i ? "," : "", l->v[i]);
	if (l->n == 0)
		buf_addc(&b, '-');
	return buf_take(&b);
}

static void realm_row(struct table *t, const struct realm_doc *d, const char *last)
{
	table_row(t, nn(d->head.metadata.name), nn(d->spec.namespace),
		  state_label(realm_state_labels, d->status.state), dash(d->status.cgroup_path),
		  last, NULL);
}

static void space_row(struct table *t, const struct space_doc *d, const char *last)
{
	table_row(t, nn(d->head.metadata.name), nn(d->spec.realm_id),
		  state_label(space_state_labels, d->status.state), dash(d->status.cgroup_path),
		  last, NULL);
}

static void stack_row(struct table *t, const struct stack_doc *d, const char *last)
{
	table_row(t, nn(d->head.metadata.name), nn(d->spec.realm_id), nn(d->spec.space_id),
		  state_label(stack_state_labels, d->status.state), dash(d->status.cgroup_path),
		  last, NULL);
}

static void cell_row(struct table *t, const struct cell_doc *d, const char *last)
{
	table_row(t, nn(d->head.metadata.name), nn(d->spec.realm_id), nn(d->spec.space_id),
		  nn(d->spec.stack_id), state_label(cell_state_labels, d->status.state),
		  dash(d->status.cgroup_path), last, NULL);
}

/* The status of every kind that has a row here lists its controllers. */
static const struct strlist *controllers_of(enum kind kind, const void *doc)
{
	if (kind == KIND_REALM)
		return &((const struct realm_doc *) doc)->status.subtree_controllers;
	if (kind == KIND_SPACE)
		return &((const struct space_doc *) doc)->status.subtree_controllers;
	if (kind == KIND_STACK)
		return &((const struct stack_doc *) doc)->status.subtree_controllers;
	return &((const struct cell_doc *) doc)->status.subtree_controllers;
}

void get_table_doc(struct table *t, enum kind kind, const void *doc, enum get_table_flags flags)
{
	char *last cleanup_free =
		flags & GET_TABLE_CONTROLLERS ? controllers_text(controllers_of(kind, doc)) : NULL;

	if (kind == KIND_REALM)
		realm_row(t, doc, last);
	else if (kind == KIND_SPACE)
		space_row(t, doc, last);
	else if (kind == KIND_STACK)
		stack_row(t, doc, last);
	else if (kind == KIND_CELL)
		cell_row(t, doc, last);
}

void get_table_container(struct table *t, const struct container_spec *spec, const char *state)
{
	table_row(t, spec->root ? "root" : dash(spec->id), nn(spec->realm_id), nn(spec->space_id),
		  nn(spec->stack_id), nn(spec->cell_id), spec->root ? "true" : "false",
		  nn(spec->image), state, NULL);
}

void get_no_containers(struct buf *out, const struct scope *asked)
{
	const char *const parts[][2] = {
		{ "cell", asked->cell },
		{ "stack", asked->stack },
		{ "space", asked->space },
		{ "realm", asked->realm },
	};
	bool any = false;

	buf_adds(out, "No containers found");
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		if (!*parts[i][1])
			continue;
		buf_addf(out, "%s %s \"%s\"", any ? "" : " for", parts[i][0], parts[i][1]);
		any = true;
	}
	buf_adds(out, ".\n");
}

/* Where the container's cell, stack or space is; NULL when it is not the one asked for. */
static char *location(const struct scope *asked, const struct container_spec *c)
{
	if (*asked->cell)
		return streq(nn(c->cell_id), asked->cell)
			       ? xasprintf("realm \"%s\" space \"%s\" stack \"%s\"",
					   nn(c->realm_id), nn(c->space_id), nn(c->stack_id))
			       : NULL;
	if (*asked->stack)
		return streq(nn(c->stack_id), asked->stack)
			       ? xasprintf("realm \"%s\" space \"%s\"", nn(c->realm_id),
					   nn(c->space_id))
			       : NULL;
	return streq(nn(c->space_id), asked->space) ? xasprintf("realm \"%s\"", nn(c->realm_id))
						    : NULL;
}

void get_container_hint(struct buf *out, const struct scope *asked,
			const struct rpc_list_containers_reply *all)
{
	const char *kind = *asked->cell ? "cell" : *asked->stack ? "stack" : "space";
	const char *name = *asked->cell ? asked->cell : *asked->stack ? asked->stack : asked->space;
	struct strlist found cleanup_strlist = { 0 };

	if (!*name)
		return;
	for (size_t i = 0; i < all->containers.n; i++) {
		char *text cleanup_free = location(asked, &all->containers.v[i]);

		if (text && !strlist_has(&found, text))
			strlist_add_owned(&found, take_ptr(text));
	}
	if (found.n == 0)
		return;
	strlist_sort(&found);
	buf_addf(out, "Hint: %s \"%s\" exists in ", kind, name);
	for (size_t i = 0; i < found.n; i++)
		buf_addf(out, "%s%s", i ? "; " : "", found.v[i]);
	buf_adds(out, " — pass --realm/--space/--stack to filter there.\n");
}
