/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>

#include "cell_look.h"
#include "container_labels.h"
#include "damaged.h"
#include "dir.h"
#include "intent.h"
#include "mem.h"
#include "path.h"
#include "scope.h"
#include "str.h"
#include "wake.h"

enum {
	/*
	 * Of the cells below one cgroup: how many are looked at one by one, in each
	 * hierarchy, before the hierarchies are asked for all of them.
	 */
	CGROUPS_ONE_BY_ONE = 8,
};

static void names_clear(struct cell_look_names *n)
{
	free(n->dir);
	strlist_clear(&n->names);
	*n = (struct cell_look_names){ 0 };
}

void cell_look_clear(struct cell_look *l)
{
	free_p(&l->realm);
	free_p(&l->ns);
	names_clear(&l->stops);
	names_clear(&l->restarts);
	names_clear(&l->intents);
	names_clear(&l->cgroups);
}

/* Whether these are the names of another directory: then forget them. dir is consumed. */
static bool is_new(struct cell_look_names *n, char *owned_dir)
{
	if (n->dir && streq(n->dir, owned_dir)) {
		free(owned_dir);
		return false;
	}
	names_clear(n);
	n->dir = owned_dir;
	return true;
}

/* Whether the directory may have that name. */
static bool may_have(struct cell_look_names *n, char *owned_dir, const char *name)
{
	if (is_new(n, owned_dir))
		n->r = dir_list(n->dir, &n->names);
	return n->r < 0 || strlist_find(&n->names, name);
}

int cell_look_namespace(struct cell_look *l, const char *realm, const char **ret, struct kerr *err)
{
	int r;

	if (!l->realm || !streq(l->realm, realm)) {
		free_p(&l->realm);
		free_p(&l->ns);
		r = scope_namespace(l->e, realm, &l->ns, err);
		if (r < 0)
			return r;
		l->realm = xstrdup(realm);
	}
	*ret = l->ns;
	return 0;
}

static bool may_be_due(struct cell_look *l, struct cell_look_names *n, enum rt_file dir,
		       const struct addr *cell)
{
	cleanup_free char *key = wake_key(cell);

	return !(l->flags & CELL_LOOK_MANY) || may_have(n, layout_rt(&l->e->layout, dir), key);
}

bool cell_look_may_stop(struct cell_look *l, const struct addr *cell)
{
	return may_be_due(l, &l->stops, RT_STOPS, cell);
}

bool cell_look_may_restart(struct cell_look *l, const struct addr *cell)
{
	return may_be_due(l, &l->restarts, RT_RESTARTS, cell);
}

int cell_look_intent(struct cell_look *l, const struct addr *cell, struct kerr *err)
{
	struct lock_id lock = lock_id_object(cell);
	struct addr stack = addr_parent(cell);
	cleanup_free char *locks = layout_lock(&l->e->layout, &stack, "");
	struct intent i = { 0 };
	int r;

	/* Those of the runtime are below one directory for all cells of a stack. */
	if (!(l->flags & CELL_LOOK_MANY) ||
	    may_have(&l->intents, layout_lock_to_rt(&l->e->layout, locks), cell->cell))
		r = intent_load(&l->e->layout, &lock, &i, err);
	else
		r = intent_load_durable(&l->e->layout, &lock, &i, err);
	intent_clear(&i);
	return r < 0 ? (r == -ENOENT ? 0 : r) : 1;
}

void cell_look_sides(struct cell_look *l, const struct addr *cell, struct cell_doc *doc)
{
	struct kerr why = { 0 };

	if (cell_look_intent(l, cell, &why) < 0)
		damaged_side(cell, doc, &why);
	if (l->flags & CELL_LOOK_NO_LABELS)
		return;
	for (size_t i = 0; i < doc->spec.containers.n; i++) {
		cleanup_strmap struct strmap labels = { 0 };

		if (container_labels_load(l->e, cell, doc->spec.containers.v[i].id, &labels, &why) <
		    0)
			damaged_side(cell, doc, &why);
	}
}

void cell_observe_cgroup(struct engine *e, struct cell_doc *doc, const char *cgroup)
{
	(doc->spec.nested_cgroup_runtime ? scope_observe_nested : scope_observe_cgroup)(
		e, cgroup, &doc->status.cgroup_ready, &doc->status.subtree_controllers);
}

/* Whether the cells of a stack are known from one reading of each hierarchy. */
static bool knows_groups(struct cell_look *l, const struct addr *cell)
{
	struct cell_look_names *n = &l->cgroups;
	struct addr stack = addr_parent(cell);

	if (!(l->flags & CELL_LOOK_MANY) || l->e->cgroups->mode == CGROUP_MODE_V2)
		return false;
	(void) is_new(n, scope_cgroup(l->e, &stack));
	if (++n->asked == CGROUPS_ONE_BY_ONE)
		n->r = cgroup_children(l->e->cgroups, n->dir, &n->names);
	return n->asked >= CGROUPS_ONE_BY_ONE && n->r == 0;
}

int cell_look_has_cgroup(struct cell_look *l, const struct addr *cell)
{
	cleanup_free char *cgroup = NULL;

	if (knows_groups(l, cell))
		return strlist_find(&l->cgroups.names, cell->cell);
	cgroup = scope_cgroup(l->e, cell);
	return cgroup_exists(l->e->cgroups, cgroup);
}

void cell_look_cgroup(struct cell_look *l, const struct addr *cell, struct cell_doc *doc)
{
	cleanup_free char *cgroup = NULL;

	if (l->flags & CELL_LOOK_NO_CGROUP)
		return;
	if (knows_groups(l, cell)) {
		doc->status.cgroup_ready = strlist_find(&l->cgroups.names, cell->cell);
		strlist_clear(&doc->status.subtree_controllers);
		return;
	}
	cgroup = scope_cgroup(l->e, cell);
	cell_observe_cgroup(l->e, doc, cgroup);
}
