/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>

#include "cgroup_kill.h"
#include "daemon_cell.h"
#include "errkind.h"
#include "lease.h"
#include "mem.h"
#include "overlay.h"
#include "plan_delete.h"

void delete_plan_clear(struct delete_plan *p)
{
	for (size_t i = 0; i < p->n; i++)
		addr_copy_clear(&p->v[i]);
	free(p->v);
	*p = (struct delete_plan){ 0 };
}

static void add(struct delete_plan *p, const struct addr *a)
{
	addr_copy_set(vec_grow(&p->v, &p->n, sizeof(*p->v)), a);
}

int plan_delete_error(const struct addr *a, int r, struct kerr *err)
{
	return kerr_wrap(err, r, "failed to delete %s", level_words[addr_level(a)]);
}

void plan_delete_tell(const struct addr *a, const struct addr *step, struct strlist *ret)
{
	if (addr_level(step) == addr_level(a) + 1)
		strlist_addf(ret, "%s:%s", level_words[addr_level(step)], addr_name(step));
}

/* Add all objects below a, children before parents. */
static int add_below(struct engine *e, const struct addr *a, struct delete_plan *p,
		     struct kerr *err)
{
	cleanup_strlist struct strlist names = { 0 };
	int r = store_list(&e->layout, a, &names, err);

	for (size_t i = 0; r == 0 && i < names.n; i++) {
		struct addr child = addr_child(a, names.v[i]);

		if (addr_level(&child) < ADDR_CELL)
			r = add_below(e, &child, p, err);
		if (r == 0)
			add(p, &child);
	}
	return r;
}

static int refuse_children(struct engine *e, const struct addr *a, struct kerr *err)
{
	cleanup_strlist struct strlist names = { 0 };
	int r = store_list(&e->layout, a, &names, err);

	if (r < 0 || names.n == 0)
		return r;
	return kerr_setk(err, ERR_HAS_DEPENDENCIES, -ENOTEMPTY,
			 "resource has child resources: %s \"%s\" has %zu %s(s). Use --cascade to "
			 "delete them or --force to skip validation",
			 level_words[addr_level(a)], addr_name(a), names.n,
			 level_words[addr_level(a) + 1]);
}

enum {
	GUESTS_TOLD = 8 /* names in a message */
};

/* The cells of other spaces that have joined one. */
struct guests {
	struct engine *e;
	const struct addr *space;
	struct strlist names; /* "<space>/<stack>/<cell>" */
};

/* A lease that a deleted cell has left behind is swept; it keeps no space. */
static void add_guest(void *ctx, const struct lease *l)
{
	struct guests *g = ctx;
	struct addr cell = {
		.realm = g->space->realm, .space = l->space, .stack = l->stack, .cell = l->cell
	};

	if (l->space && store_exists(&g->e->layout, &cell, NULL) != 0)
		strlist_addf(&g->names, "%s/%s/%s", l->space, l->stack, l->cell);
}

int plan_delete_refuse_joined(struct engine *e, const struct addr *a, struct kerr *err)
{
	struct guests g = { .e = e, .space = a };
	cleanup_buf struct buf names = BUF_INIT(4096);
	int r = lease_each(e, a, add_guest, &g, err);

	strlist_sort(&g.names);
	for (size_t i = 0; r == 0 && i < g.names.n && i < GUESTS_TOLD; i++)
		buf_addf(&names, "%s%s", i ? ", " : "", g.names.v[i]);
	if (r == 0 && g.names.n > GUESTS_TOLD)
		buf_addf(&names, " and %zu more", g.names.n - GUESTS_TOLD);
	if (r == 0 && g.names.n > 0)
		r = kerr_setk(err, ERR_HAS_DEPENDENCIES, -EBUSY,
			      "cells of other spaces have joined the network of space \"%s\": %s; "
			      "delete them first, or take it out of their networks",
			      a->space, buf_str(&names));
	strlist_clear(&g.names);
	return r;
}

/*
 * A cgroup with processes cannot be deleted: refuse before anything is changed. Not where
 * cells below are deleted first: their processes end with them.
 */
static int refuse_processes(struct engine *e, const struct addr *a, struct kerr *err)
{
	cleanup_free char *cgroup = scope_cgroup(e, a);

	if (overlay_removed_below(e->layout.overlay, a) ||
	    cgroup_populated(e->cgroups, cgroup) <= 0)
		return 0;
	return kerr_plain(err, -EBUSY,
			  "cgroup '%s' still has processes; stop the cells of %s \"%s\" first, or "
			  "delete them with it by --cascade",
			  cgroup, level_words[addr_level(a)], addr_name(a));
}

/* A space cannot go before the cells that have joined it, which may be in another one. */
static void cells_first(struct delete_plan *p)
{
	struct addr_copy *sorted = xcalloc(p->n + 1, sizeof(*sorted));
	size_t n = 0;

	for (int cells = 1; cells >= 0; cells--)
		for (size_t i = 0; i < p->n; i++)
			if ((addr_level(&p->v[i].a) == ADDR_CELL) == cells)
				sorted[n++] = p->v[i];
	free(p->v);
	p->v = sorted;
}

int plan_delete(struct engine *e, const struct addr *a, enum delete_flags flags,
		struct delete_plan *ret, struct kerr *err)
{
	int r;

	delete_plan_clear(ret);
	r = store_exists(&e->layout, a, err);
	if (r == 0)
		return scope_not_found(a, err);
	if (r > 0)
		r = daemon_cell_refuse_parent(a, err);
	if (r == 0 && flags & DELETE_CASCADE)
		r = add_below(e, a, ret, err);
	else if (r == 0 && !(flags & DELETE_FORCE))
		r = refuse_children(e, a, err);
	if (r == 0 && addr_level(a) == ADDR_SPACE && !(flags & DELETE_FORCE))
		r = plan_delete_refuse_joined(e, a, err);
	if (r == 0 && ret->n == 0)
		r = refuse_processes(e, a, err);
	if (r == 0)
		add(ret, a);
	cells_first(ret);
	return r;
}
