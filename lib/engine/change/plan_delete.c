/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>

#include "cgroup_kill.h"
#include "daemon_cell.h"
#include "errkind.h"
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
	if (r == 0 && ret->n == 0)
		r = refuse_processes(e, a, err);
	if (r == 0)
		add(ret, a);
	return r;
}
