/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "cell_ports.h"
#include "dry_run.h"
#include "mem.h"
#include "model.h"
#include "network.h"
#include "overlay.h"
#include "parents.h"
#include "ports.h"
#include "published.h"
#include "realm.h"
#include "scope.h"
#include "space.h"
#include "stack.h"
#include "str.h"

/* The network of a space that exists only in the dry run. */
struct planned_net {
	struct addr_copy space;
	struct space_net net;
};

struct planned_labels {
	char *where; /* address of the cell, as text */
	char *id;
	struct strmap labels;
};

struct dry_run {
	struct engine *e;
	struct overlay *docs;
	LIST_OF(struct planned_net) nets;
	LIST_OF(struct planned_labels) labels;
	bool ports_known;
	struct published_list ports; /* what would be published */
};

struct dry_run *dry_run_begin(struct engine *e)
{
	struct dry_run *d = xcalloc(1, sizeof(*d));

	d->e = e;
	d->docs = overlay_new();
	e->layout.overlay = d->docs;
	return d;
}

struct dry_run *dry_run_end(struct dry_run *d)
{
	if (!d)
		return NULL;
	d->e->layout.overlay = NULL;
	d->docs = overlay_free(d->docs);
	for (size_t i = 0; i < d->nets.n; i++)
		addr_copy_clear(&d->nets.v[i].space);
	free(d->nets.v);
	for (size_t i = 0; i < d->labels.n; i++) {
		free(d->labels.v[i].where);
		free(d->labels.v[i].id);
		strmap_clear(&d->labels.v[i].labels);
	}
	free(d->labels.v);
	published_list_clear(&d->ports);
	free(d);
	return NULL;
}

void dry_run_store(struct dry_run *d, const struct addr *a, const void *doc)
{
	overlay_put(d->docs, a, kind_info(store_kind(a))->type, doc);
}

void dry_run_delete(struct dry_run *d, const struct addr *a)
{
	overlay_remove(d->docs, a);
}

/* ---- parents ---- */

static int check_space(struct dry_run *d, struct space_doc *want, struct kerr *err)
{
	struct network_list others = { 0 };
	struct addr a = addr_of_space(want);
	struct space_net net;
	int r;

	for (size_t i = 0; i < d->nets.n; i++)
		*(struct network_planned *) vec_grow(&others.v, &others.n, sizeof(*others.v)) =
			(struct network_planned){ .space = d->nets.v[i].space.a,
						  .net = d->nets.v[i].net };
	r = space_check_create(d->e, want, &others, &net, err);
	free(others.v);
	if (r > 0) {
		struct planned_net *n = vec_grow(&d->nets.v, &d->nets.n, sizeof(*n));

		a = addr_of_space(want); /* the check may have reallocated the names */
		addr_copy_set(&n->space, &a);
		n->net = net;
	}
	return r < 0 ? r : 0;
}

int dry_run_create_parent(struct dry_run *d, enum kind kind, void *doc, struct kerr *err)
{
	struct addr a;
	int r;

	if (kind == KIND_REALM)
		r = realm_check_create(d->e, doc, err);
	else if (kind == KIND_SPACE)
		r = check_space(d, doc, err);
	else
		r = stack_check_create(d->e, doc, err);
	a = addr_of_doc(kind, doc);
	if (r == 0)
		dry_run_store(d, &a, doc);
	return r;
}

static int create_missing(void *ctx, struct engine *e, enum kind kind, void *doc, struct kerr *err)
{
	(void) e;
	return dry_run_create_parent(ctx, kind, doc, err);
}

int dry_run_create_parents(struct dry_run *d, const struct addr *a, struct kerr *err)
{
	return parents_each_missing(d->e, a, create_missing, d, err);
}

/* ---- labels of containers ---- */

static struct planned_labels *find_labels(const struct dry_run *d, const char *where,
					  const char *id)
{
	for (size_t i = 0; i < d->labels.n; i++)
		if (streq(d->labels.v[i].where, where) && streq(d->labels.v[i].id, id))
			return &d->labels.v[i];
	return NULL;
}

void dry_run_set_labels(struct dry_run *d, const struct addr *cell, const char *id,
			const struct strmap *labels)
{
	cleanup_free char *where = addr_text(cell);
	struct planned_labels *l = find_labels(d, where, id);

	if (!l) {
		l = vec_grow(&d->labels.v, &d->labels.n, sizeof(*l));
		l->where = take_ptr(where);
		l->id = xstrdup(id);
	}
	strmap_copy(&l->labels, labels);
}

const struct strmap *dry_run_labels(const struct dry_run *d, const struct addr *cell,
				    const char *id)
{
	cleanup_free char *where = addr_text(cell);
	const struct planned_labels *l = find_labels(d, where, id);

	return l ? &l->labels : NULL;
}

/* ---- published ports ---- */

int dry_run_claim_ports(struct dry_run *d, const struct cell_doc *cell, struct kerr *err)
{
	cleanup_port_list struct port_list want = { 0 };
	struct addr a = addr_of_cell(cell);
	int r = 0;

	if (!d->ports_known)
		r = published_read_all(d->e, &d->ports, err);
	d->ports_known = r == 0;
	if (r == 0)
		r = cell_ports_check(d->e, cell, &d->ports, err);
	if (r < 0)
		return r;
	ports_of_cell(&cell->spec, &want);
	published_set(&d->ports, &a, 0, &want);
	return 0;
}
