/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <inttypes.h>

#include "field.h"
#include "get.h"
#include "mem.h"
#include "model.h"
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

/* ---- columns ---- */

static const char *state_of(enum kind kind, const void *doc)
{
	if (kind == KIND_REALM)
		return state_label(realm_state_labels,
				   ((const struct realm_doc *) doc)->status.state);
	if (kind == KIND_SPACE)
		return state_label(space_state_labels,
				   ((const struct space_doc *) doc)->status.state);
	if (kind == KIND_STACK)
		return state_label(stack_state_labels,
				   ((const struct stack_doc *) doc)->status.state);
	if (kind == KIND_CELL)
		return state_label(cell_state_labels,
				   ((const struct cell_doc *) doc)->status.state);
	return state_label(container_state_labels,
			   ((const struct container_doc *) doc)->status.state);
}

/* The member outer.inner of a document; NULL if its kind has none. */
static const void *member(enum kind kind, const void *doc, const char *outer, const char *inner)
{
	const struct field *f = model_find(kind_info(kind)->type, outer, NULL);
	size_t base = 0;
	const struct field *g = f ? model_find(f->obj, inner, &base) : NULL;

	return g ? field_cptr(g, (const char *) field_cptr(f, doc) + base) : NULL;
}

static const char *string_at(enum kind kind, const void *doc, const char *outer, const char *inner)
{
	char *const *s = member(kind, doc, outer, inner);

	return s ? *s : NULL;
}

static void add_controllers(struct buf *out, enum kind kind, const void *doc)
{
	const struct strlist *l = member(kind, doc, "status", "subtreeControllers");

	for (size_t i = 0; l && i < l->n; i++)
		buf_addf(out, "%s%s", i ? "," : "", l->v[i]);
}

/* One unit only: 4s, 3m, 2h, 5d. */
void get_age(struct buf *out, const struct ktime *since)
{
	int64_t s = ktime_now().sec - since->sec;

	if (!since->set)
		return;
	if (s < 0)
		s = 0;
	if (s < 60)
		buf_addf(out, "%" PRId64 "s", s);
	else if (s < 3600)
		buf_addf(out, "%" PRId64 "m", s / 60);
	else if (s < 86400)
		buf_addf(out, "%" PRId64 "h", s / 3600);
	else
		buf_addf(out, "%" PRId64 "d", s / 86400);
}

static void add_age(struct buf *out, enum kind kind, const void *doc)
{
	const char *key = kind == KIND_CONTAINER ? "startTime" : "createdAt";
	const struct ktime *t = member(kind, doc, "status", key);

	if (t)
		get_age(out, t);
}

/* As docker ps: "0.0.0.0:8080->80/tcp, 127.0.0.1:53->53/udp". */
static void add_ports(struct buf *out, const struct cell_doc *d)
{
	const struct strlist *l = &d->status.network.ports;

	for (size_t i = 0; i < l->n; i++)
		buf_addf(out, "%s%s", i ? ", " : "", l->v[i]);
}

static void add_addresses(struct buf *out, const struct cell_doc *d)
{
	const struct cell_network_status *n = &d->status.network;

	buf_adds(out, nn(n->address));
	if (!str_empty(n->address_v6))
		buf_addf(out, ", %s", n->address_v6);
}

/* Running and all containers of the cell: "1/2". */
static void add_ready(struct buf *out, const struct cell_doc *d)
{
	size_t ready = 0;

	for (size_t i = 0; i < d->status.containers.n; i++)
		ready += d->status.containers.v[i].state == CONTAINER_STATE_READY;
	buf_addf(out, "%zu/%zu", ready, d->spec.containers.n);
}

static void add_exit(struct buf *out, const struct container_status *s)
{
	if (!str_empty(s->exit_signal))
		buf_adds(out, s->exit_signal);
	else if (s->finish_time.set)
		buf_addf(out, "%" PRId64, s->exit_code);
}

enum column {
	COLUMN_NAME = 1,
	COLUMN_NAMESPACE,
	COLUMN_REALM,
	COLUMN_SPACE,
	COLUMN_STACK,
	COLUMN_CELL,
	COLUMN_ROOT,
	COLUMN_IMAGE,
	COLUMN_STATE,
	COLUMN_CGROUP,
	COLUMN_CONTROLLERS,
	COLUMN_PORTS,
	COLUMN_ADDRESS,
	COLUMN_CONTAINERS,
	COLUMN_RESTARTS,
	COLUMN_EXIT,
	COLUMN_AGE,
	_COLUMN_MAX,
};

/* dash: print "-" for an empty value. fields: the members of a document it is made from. */
static const struct {
	const char *title;
	bool dash;
	const char *fields[3];
} columns[_COLUMN_MAX] = {
	[COLUMN_NAME] = { "NAME", false, { "metadata.name" } },
	[COLUMN_NAMESPACE] = { "NAMESPACE", false, { "spec.namespace" } },
	[COLUMN_REALM] = { "REALM", false, { "spec.realmId" } },
	[COLUMN_SPACE] = { "SPACE", false, { "spec.spaceId" } },
	[COLUMN_STACK] = { "STACK", false, { "spec.stackId" } },
	[COLUMN_CELL] = { "CELL", false, { "spec.cellId" } },
	[COLUMN_ROOT] = { "ROOT", false, { "spec.root" } },
	[COLUMN_IMAGE] = { "IMAGE", false, { "spec.image" } },
	[COLUMN_STATE] = { "STATE", false, { "status.state" } },
	[COLUMN_CGROUP] = { "CGROUP", true, { "status.cgroupPath" } },
	[COLUMN_CONTROLLERS] = { "CONTROLLERS", true, { "status.subtreeControllers" } },
	[COLUMN_PORTS] = { "PORTS", true, { "status.network.ports" } },
	[COLUMN_ADDRESS] = { "ADDRESS",
			     true,
			     { "status.network.address", "status.network.addressV6" } },
	[COLUMN_CONTAINERS] = { "CONTAINERS",
				true,
				{ "spec.containers.id", "status.containers.state" } },
	[COLUMN_RESTARTS] = { "RESTARTS", true, { "status.restartCount" } },
	[COLUMN_EXIT] = { "EXIT",
			  true,
			  { "status.exitSignal", "status.exitCode", "status.finishTime" } },
	/* of a container its start */
	[COLUMN_AGE] = { "AGE", true, { "status.createdAt", "status.startTime" } },
};

/* The usual columns of each kind, and those of -o wide, which follow --show-controllers' ones. */
static const struct {
	enum column usual[10], wide[5];
} layouts[] = {
	[KIND_REALM] = { { COLUMN_NAME, COLUMN_NAMESPACE, COLUMN_STATE, COLUMN_CGROUP },
			 { COLUMN_AGE } },
	[KIND_SPACE] = { { COLUMN_NAME, COLUMN_REALM, COLUMN_STATE, COLUMN_CGROUP },
			 { COLUMN_AGE } },
	[KIND_STACK] = { { COLUMN_NAME, COLUMN_REALM, COLUMN_SPACE, COLUMN_STATE, COLUMN_CGROUP },
			 { COLUMN_AGE } },
	[KIND_CELL] = { { COLUMN_NAME, COLUMN_REALM, COLUMN_SPACE, COLUMN_STACK, COLUMN_STATE,
			  COLUMN_CGROUP, COLUMN_PORTS },
			{ COLUMN_ADDRESS, COLUMN_CONTAINERS, COLUMN_AGE } },
	[KIND_CONTAINER] = { { COLUMN_NAME, COLUMN_REALM, COLUMN_SPACE, COLUMN_STACK, COLUMN_CELL,
			       COLUMN_ROOT, COLUMN_IMAGE, COLUMN_STATE },
			     { COLUMN_RESTARTS, COLUMN_EXIT, COLUMN_AGE } },
};

static const char *name_of(enum kind kind, const void *doc)
{
	const struct container_spec *c = &((const struct container_doc *) doc)->spec;

	if (kind == KIND_CONTAINER)
		return c->root ? "root" : dash(c->id);
	return nn(((const struct doc_head *) doc)->metadata.name);
}

static void add_text(struct buf *out, enum column column, enum kind kind, const void *doc)
{
	const struct container_doc *c = doc;
	static const char *const spec_keys[_COLUMN_MAX] = {
		[COLUMN_NAMESPACE] = "namespace", [COLUMN_REALM] = "realmId",
		[COLUMN_SPACE] = "spaceId",	  [COLUMN_STACK] = "stackId",
		[COLUMN_CELL] = "cellId",	  [COLUMN_IMAGE] = "image",
	};

	if (spec_keys[column])
		buf_adds(out, nn(string_at(kind, doc, "spec", spec_keys[column])));
	else if (column == COLUMN_NAME)
		buf_adds(out, name_of(kind, doc));
	else if (column == COLUMN_ROOT)
		buf_adds(out, c->spec.root ? "true" : "false");
	else if (column == COLUMN_STATE)
		buf_adds(out, state_of(kind, doc));
	else if (column == COLUMN_CGROUP)
		buf_adds(out, nn(string_at(kind, doc, "status", "cgroupPath")));
	else if (column == COLUMN_CONTROLLERS)
		add_controllers(out, kind, doc);
	else if (column == COLUMN_PORTS)
		add_ports(out, doc);
	else if (column == COLUMN_ADDRESS)
		add_addresses(out, doc);
	else if (column == COLUMN_CONTAINERS)
		add_ready(out, doc);
	else if (column == COLUMN_RESTARTS)
		buf_addf(out, "%" PRId64, c->status.restart_count);
	else if (column == COLUMN_EXIT)
		add_exit(out, &c->status);
	else if (column == COLUMN_AGE)
		add_age(out, kind, doc);
}

/* doc NULL: add the column's title. */
static void add_cell(struct strlist *row, enum column column, enum kind kind, const void *doc)
{
	cleanup_buf struct buf text = BUF_INIT(1 << 20);

	if (doc)
		add_text(&text, column, kind, doc);
	if (!doc)
		strlist_add(row, columns[column].title);
	else
		strlist_add(row, columns[column].dash ? dash(buf_str(&text)) : buf_str(&text));
}

static void add_row(struct table *t, enum kind kind, const void *doc, enum get_table_flags flags)
{
	cleanup_strlist struct strlist row = { 0 };
	const enum column *c;

	for (c = layouts[kind].usual; *c; c++)
		add_cell(&row, *c, kind, doc);
	if (flags & GET_TABLE_CONTROLLERS && kind != KIND_CONTAINER)
		add_cell(&row, COLUMN_CONTROLLERS, kind, doc);
	for (c = layouts[kind].wide; flags & GET_TABLE_WIDE && *c; c++)
		add_cell(&row, *c, kind, doc);
	table_add(t, &row);
}

void get_table_header(struct table *t, enum kind kind, enum get_table_flags flags)
{
	add_row(t, kind, NULL, flags);
}

void get_table_doc(struct table *t, enum kind kind, const void *doc, enum get_table_flags flags)
{
	add_row(t, kind, doc, flags);
}

void get_name_fields(enum kind kind, struct strlist *ret)
{
	strlist_add(ret, "metadata.name");
	if (kind != KIND_CONTAINER)
		return;
	strlist_add(ret, "spec.id");
	strlist_add(ret, "spec.root");
	strlist_add(ret, "spec.image");
}

static void add_fields(struct strlist *ret, enum column column, enum kind kind)
{
	if (column == COLUMN_NAME)
		get_name_fields(kind, ret);
	for (size_t i = 0; i < ARRAY_SIZE(columns[column].fields); i++)
		if (columns[column].fields[i])
			strlist_add(ret, columns[column].fields[i]);
}

void get_table_fields(enum kind kind, enum get_table_flags flags, struct strlist *ret)
{
	const enum column *c;

	for (c = layouts[kind].usual; *c; c++)
		add_fields(ret, *c, kind);
	if (flags & GET_TABLE_CONTROLLERS && kind != KIND_CONTAINER)
		add_fields(ret, COLUMN_CONTROLLERS, kind);
	for (c = layouts[kind].wide; flags & GET_TABLE_WIDE && *c; c++)
		add_fields(ret, *c, kind);
}

const char *get_name(enum kind kind, const void *doc)
{
	if (kind == KIND_CONTAINER)
		return nn(((const struct container_doc *) doc)->spec.id);
	return name_of(kind, doc);
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

/* The location of the container's cell, stack or space; NULL if it is not the one asked for. */
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
	cleanup_strlist struct strlist found = { 0 };

	if (!*name)
		return;
	for (size_t i = 0; i < all->containers.n; i++) {
		cleanup_free char *text = location(asked, &all->containers.v[i]);

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
