/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>

#include "cell_names.h"
#include "cellnet.h"
#include "cni.h"
#include "cni_space.h"
#include "convert.h"
#include "hosts.h"
#include "mem.h"
#include "scope.h"
#include "str.h"

void cell_names_of(const struct cell_doc *doc, const struct cell_run *run, struct cell_names *ret)
{
	*ret = (struct cell_names){ 0 };
	cell_aliases(&doc->spec, &ret->aliases);
	cell_networks(&doc->spec, &ret->networks);
	for (size_t i = 0; run && i < run->n_joined; i++)
		if (!strlist_has(&ret->networks, run->joined[i].space))
			strlist_add(&ret->networks, run->joined[i].space);
	ret->own = (struct lease_holder){ .cell = addr_of_cell(doc),
					  .aliases = &ret->aliases,
					  .networks = &ret->networks };
}

void cell_names_clear(struct cell_names *n)
{
	strlist_clear(&n->aliases);
	strlist_clear(&n->networks);
}

struct lease_holder cell_names_in(const struct cell_names *n, const char *space)
{
	struct lease_holder h = n->own;

	h.space = space;
	return h;
}

/* Links of kukeon and of plugins in one cell: their addresses and routes may clash. */
static int refuse_own(struct engine *e, const struct addr *space, const struct container_spec *c,
		      size_t i, struct kerr *err)
{
	cleanup_free char *path = NULL;
	int r = cni_space_path(e, space, &path, err);

	if (r > 0)
		r = kerr_plain(
			err, -EINVAL,
			"container \"%s\": networks[%zu]: space \"%s\" has a network of its "
			"own (cniConfigPath) and cannot be joined, nor can its cells join others",
			c->id, i, space->space);
	return r;
}

static int check_container(struct engine *e, const struct addr *cell,
			   const struct container_spec *c, struct kerr *err)
{
	struct addr own = { .realm = cell->realm, .space = cell->space };
	int r = c->networks.n > 0 ? refuse_own(e, &own, c, 0, err) : 0;

	for (size_t i = 0; r == 0 && i < c->networks.n; i++) {
		struct addr space = { .realm = cell->realm, .space = c->networks.v[i] };
		r = store_exists(&e->layout, &space, err);
		if (r > 0)
			r = refuse_own(e, &space, c, i, err);
		else if (r == 0)
			r = kerr_plain(err, -EINVAL,
				       "container \"%s\": networks[%zu]: space \"%s\" not found in "
				       "realm \"%s\"; create it first",
				       c->id, i, space.space, space.realm);
	}
	return r < 0 ? r : 0;
}

int cell_networks_check(struct engine *e, const struct cell_doc *doc, struct kerr *err)
{
	struct addr a = addr_of_cell(doc);
	int r = 0;

	for (size_t i = 0; r == 0 && i < doc->spec.containers.n; i++)
		r = check_container(e, &a, &doc->spec.containers.v[i], err);
	return r;
}

static int publish_in(struct engine *e, const struct addr *cell, const char *space,
		      struct kerr *err)
{
	struct addr a = { .realm = cell->realm, .space = space };

	return hosts_update(e, &a, err);
}

int cell_names_publish(struct engine *e, const struct cell_names *n, struct kerr *err)
{
	int r = publish_in(e, &n->own.cell, n->own.cell.space, err);

	for (size_t i = 0; i < n->networks.n; i++) {
		int k = publish_in(e, &n->own.cell, n->networks.v[i], r < 0 ? NULL : err);

		r = r < 0 ? r : k;
	}
	return r;
}

/* Release a lease in a space that the cell joined. The next pass writes its hosts files too. */
static int leave(struct engine *e, const struct addr *cell, const char *space, struct kerr *err)
{
	struct lease_holder h = { .cell = *cell, .space = space };
	int r = lease_drop(e, &h, err);

	if (r == 0)
		(void) publish_in(e, cell, space, NULL);
	return r;
}

int cell_names_leave_locked(struct engine *e, const struct cell_names *n, struct kerr *err)
{
	cleanup_strlist struct strlist before = { 0 };
	int r = lease_joined(e, &n->own.cell, &before, err);

	for (size_t i = 0; r == 0 && i < before.n; i++)
		if (!strlist_has(&n->networks, before.v[i]))
			r = leave(e, &n->own.cell, before.v[i], err);
	return r;
}

int cell_names_drop_locked(struct engine *e, const struct cell_doc *doc, struct kerr *err)
{
	struct addr a = addr_of_cell(doc);
	struct lease_holder own = { .cell = a };
	cleanup_strlist struct strlist joined = { 0 }, wanted = { 0 };
	int r;

	cell_networks(&doc->spec, &wanted);
	(void) lease_joined(e, &a, &joined, NULL); /* what is left behind is swept */
	for (size_t i = 0; i < wanted.n; i++)
		if (!strlist_has(&joined, wanted.v[i]))
			strlist_add(&joined, wanted.v[i]);
	r = 0;
	for (size_t i = 0; r == 0 && i < joined.n; i++)
		r = leave(e, &a, joined.v[i], err);
	return r < 0 ? r : lease_drop(e, &own, err);
}

int cell_names_keep_locked(struct engine *e, const struct cell_doc *doc, struct kerr *err)
{
	cleanup_cell_names struct cell_names names = { 0 };
	struct addr a = addr_of_cell(doc);
	struct cell_run run = { 0 };
	int r, changed = 0;

	if (cell_host_network(&doc->spec)) {
		r = cell_names_drop_locked(e, doc, err);
		return r < 0 ? r : publish_in(e, &a, a.space, err);
	}
	r = cell_run_load(e, &a, &run, NULL);
	if (r < 0 && r != -ENOENT)
		return 0; /* the cell's status reports the record; its next start makes it good */
	cell_names_of(doc, &run, &names);
	r = r == -ENOENT ? cell_names_leave_locked(e, &names, err) : 0;
	if (r == 0)
		r = changed = lease_tell(e, &names.own, err);
	if (r == 0)
		r = changed = cni_tell(e, &a, &names.aliases, err);
	for (size_t i = 0; r >= 0 && i < names.networks.n; i++) {
		struct lease_holder h = cell_names_in(&names, names.networks.v[i]);

		r = lease_tell(e, &h, err);
		changed |= r > 0;
	}
	if (r < 0)
		return r;
	return changed ? cell_names_publish(e, &names, err) : 0;
}
