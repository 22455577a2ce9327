/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <unistd.h>

#include "atomic.h"
#include "cell_names.h"
#include "cell_ports.h"
#include "cell_run.h"
#include "cell_sandbox.h"
#include "cellnet.h"
#include "cgroup_kill.h"
#include "cni.h"
#include "cni_record.h"
#include "container.h"
#include "convert.h"
#include "copy.h"
#include "dir.h"
#include "fd.h"
#include "image_gc.h"
#include "images.h"
#include "imgstore.h"
#include "lease.h"
#include "log.h"
#include "mem.h"
#include "net_bridge.h"
#include "network.h"
#include "path.h"
#include "pins.h"
#include "published.h"
#include "scope.h"
#include "shim.h"
#include "shim_state.h"
#include "snapshot.h"
#include "str.h"
#include "sweep.h"
#include "sweep_files.h"
#include "unknown.h"

#define SWEEP_INTERVAL_S 300
#define CGROUP_WAIT_MS 100
#define MONITORS "_monitors"

static void log_failed(const char *what, const char *name, const struct kerr *err)
{
	char text[KERR_TEXT_MAX];

	log_wrn("cannot remove leftovers", "what", what, "name", name, "error",
		kerr_text(err, text, sizeof(text)));
}

/* Return whether the object has no document, not even an unreadable one, and no processes. */
static bool object_gone(struct engine *e, const struct addr *a)
{
	cleanup_free char *cgroup = NULL;
	int r;

	if (store_exists(&e->layout, a, NULL) != 0)
		return false;
	cgroup = scope_cgroup(e, a);
	r = cgroup_populated(e->cgroups, cgroup);
	if (r > 0)
		unknown_note(e, cgroup, "orphaned cgroup still has processes");
	return r == 0;
}

/* ---- containers ---- */

struct claim {
	const char *id; /* runtime id */
	bool claimed;
};

static int claim_cell(void *ctx, struct engine *e, const struct addr *a, struct kerr *err)
{
	struct claim *c = ctx;
	struct cell_doc d = { 0 };
	int r = store_load(&e->layout, a, 0, &d, NULL);

	(void) err;
	if (r < 0 && r != -ENOENT) /* unreadable: it may list any container */
		c->claimed = true;
	for (size_t i = 0; i < d.spec.containers.n && !c->claimed; i++) {
		cleanup_free char *id = container_runtime_id(&d.spec, &d.spec.containers.v[i]);

		c->claimed = streq(id, c->id);
	}
	model_clear(&cell_doc_type, &d);
	return 0;
}

/*
 * Return whether a cell of the stack lists a container of that id. Try the cell of the
 * matching name first.
 */
static bool is_claimed(struct engine *e, const struct addr *cell, const char *id)
{
	struct addr stack = addr_parent(cell);
	struct claim c = { .id = id };

	(void) claim_cell(&c, e, cell, NULL);
	if (!c.claimed && scope_each(e, ADDR_CELL, &stack, claim_cell, &c, NULL) < 0)
		return true;
	return c.claimed;
}

/*
 * A container that no cell lists. Remove it if its create never finished, or if it
 * exists only in the runtime directory and does not run. Any other belonged to a cell,
 * whose document may be restored.
 */
static void sweep_unclaimed(struct engine *e, const char *ns, const struct addr *cell,
			    const char *name, const char *id)
{
	cleanup_container_run struct container_run run = { 0 };
	struct image_store s = { .layout = &e->layout, .ns = (char *) (uintptr_t) ns };
	struct shim_status st;
	struct kerr err = { 0 };
	bool stored, unfinished;
	int r;

	container_run_name(&run, e, ns, cell, name, id);
	unfinished = snapshot_unfinished(&s, id);
	stored = faccessat(AT_FDCWD, run.data_dir, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
	r = shim_state(&run.how.place, &st, NULL);
	if (r < 0 || st.monitor_alive || cgroup_populated(e->cgroups, run.cgroup) != 0) {
		unknown_note(e, run.run_dir, "running container that no cell lists");
		return;
	}
	if (stored && !unfinished) {
		unknown_note(e, run.data_dir, "container that no cell lists");
		return;
	}
	r = stored ? container_remove(&run, &err) : container_clear(&run, &err);
	if (r < 0)
		log_failed("container", id, &err);
	else
		log_inf("removed leftovers of an interrupted start", "container", id);
}

/* The stack's lock excludes changes to all its cells. */
static void sweep_container(struct engine *e, const char *ns, const char *realm, const char *id)
{
	cleanup_free char *copy = xstrdup(id);
	char *at = copy;
	const char *name;
	struct addr a = { .realm = realm };
	struct addr stack;

	a.space = strsep(&at, "_");
	a.stack = strsep(&at, "_");
	a.cell = strsep(&at, "_");
	name = at;
	if (str_empty(name) || strchr(name, '_') || scope_check(&a, ADDR_CELL, 0, NULL) < 0) {
		cleanup_free char *path = layout_ns(&e->layout, ns, NS_CONTAINERS, id);

		/* kukeon never creates such an id. */
		if (faccessat(AT_FDCWD, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
			unknown_note(e, path, "not created by kukeon");
		return;
	}
	stack = addr_parent(&a);
	if (is_claimed(e, &a, id) || locks_take_path(e->locks, &stack, LOCKS_TRY, NULL) < 0)
		return;
	if (!is_claimed(e, &a, id))
		sweep_unclaimed(e, ns, &a, name, id);
	locks_drop_path(e->locks, &stack);
}

static int sweep_realm(void *ctx, struct engine *e, const struct addr *a, struct kerr *unused)
{
	cleanup_image_store struct image_store s = { 0 };
	cleanup_strlist struct strlist ids = { 0 }, strange = { 0 };
	cleanup_free char *ns = NULL;
	cleanup_free char *runs = NULL, *data = NULL, *runc = NULL;
	struct kerr err = { 0 };
	int r;

	(void) ctx;
	(void) unused;
	if (scope_namespace(e, a->realm, &ns, NULL) < 0)
		return 0;
	runs = layout_rt_container(&e->layout, ns, NULL, RTC_DIR);
	data = layout_ns(&e->layout, ns, NS_CONTAINERS, NULL);
	runc = layout_runc_root(&e->layout, ns);
	dir_names(runs, &ids);
	dir_names(data, &ids);
	dir_names(runc, &ids);
	for (size_t i = 0; i < ids.n; i++)
		sweep_container(e, ns, a->realm, ids.v[i]);
	r = images_store_open(e, ns, &s, &err);
	s.strange = &strange;
	if (r == 0)
		r = image_store_repair(&s, &err);
	if (r < 0)
		log_failed("images", ns, &err);
	for (size_t i = 0; i < strange.n; i++)
		unknown_note(e, strange.v[i], "images");
	return 0;
}

/* ---- namespaces without a realm ---- */

static int find_namespace(void *ctx, struct engine *e, const struct addr *a, struct kerr *err)
{
	struct claim *c = ctx;
	cleanup_free char *ns = NULL;
	int r = scope_namespace(e, a->realm, &ns, NULL);

	(void) err;
	if (r == 0 ? streq(ns, c->id) : r != -ENOENT)
		c->claimed = true;
	return 0;
}

static bool has_realm(struct engine *e, const char *ns)
{
	struct claim c = { .id = ns };
	struct addr all = { 0 };

	return scope_each(e, ADDR_REALM, &all, find_namespace, &c, NULL) < 0 || c.claimed;
}

/*
 * A create claims its namespace under the same lock (realm.c). Remove the namespace of
 * an unfinished create. Any other belonged to a realm or was not created by kukeon.
 */
static void sweep_namespace(struct engine *e, const char *ns)
{
	struct lock_id lock = lock_id_image(ns, "");
	cleanup_free char *dir = layout_ns(&e->layout, ns, NS_DIR, NULL);
	struct kerr err = { 0 };

	if (has_realm(e, ns))
		return;
	if (!scope_namespace_unfinished(e, ns)) {
		unknown_note(e, dir, "namespace without a realm");
		return;
	}
	if (locks_take(e->locks, &lock, LOCKS_TRY, NULL) < 0)
		return;
	if (!has_realm(e, ns)) {
		if (remove_tree_at(AT_FDCWD, dir, REMOVE_TREE_SAME_FS, &err) < 0)
			log_failed("namespace", ns, &err);
		else
			log_inf("removed an orphaned namespace", "namespace", ns);
	}
	locks_drop(e->locks, &lock);
}

static void sweep_namespaces(struct engine *e)
{
	cleanup_free char *dir = layout_namespaces(&e->layout);
	cleanup_strlist struct strlist names = { 0 };

	dir_names(dir, &names);
	for (size_t i = 0; i < names.n; i++)
		sweep_namespace(e, names.v[i]);
}

/* ---- directory trees of the objects: starts in the runtime directory, cgroups ---- */

typedef void object_fn(struct engine *e, const struct addr *a);

/* The object's lock is held. It has no document and no processes. */
static void end_start(struct engine *e, const struct addr *a)
{
	cleanup_free char *dir = layout_start(&e->layout, a, NULL, NULL);
	struct kerr err = { 0 };

	if (addr_level(a) != ADDR_CELL)
		(void) rmdir(dir); /* succeeds only if empty */
	else if (cell_run_end(e, a, &err) < 0)
		log_failed("start", a->cell, &err);
	else
		log_inf("removed an interrupted start of a deleted cell", "cell", a->cell);
}

static void remove_group(struct engine *e, const struct addr *a)
{
	cleanup_free char *cgroup = scope_cgroup(e, a);
	struct kerr err = { 0 };

	if (cgroup_remove(e->cgroups, cgroup, 0, CGROUP_WAIT_MS, &err) < 0)
		log_failed("cgroup", cgroup, &err);
}

static void with_lock(struct engine *e, const struct addr *a, object_fn *fn)
{
	if (!object_gone(e, a) || locks_take_path(e->locks, a, LOCKS_TRY, NULL) < 0)
		return;
	if (object_gone(e, a))
		fn(e, a);
	locks_drop_path(e->locks, a);
}

/* dir has a directory for each object below a. Children are removed first. */
static void sweep_tree(struct engine *e, const char *dir, const struct addr *a, object_fn *fn)
{
	cleanup_strlist struct strlist names = { 0 };

	dir_names(dir, &names);
	for (size_t i = 0; i < names.n; i++) {
		cleanup_free char *below = path_join(dir, names.v[i], NULL);
		struct addr child = addr_child(a, names.v[i]);
		DIR *d;

		if (strchr(names.v[i], '_')) /* of kukeon itself: _monitors */
			continue;
		d = opendir(below);
		if (!d)
			continue; /* not a directory */
		(void) closedir(d);
		if (addr_level(&child) != ADDR_CELL)
			sweep_tree(e, below, &child, fn);
		with_lock(e, &child, fn);
	}
}

static void sweep_starts(struct engine *e)
{
	cleanup_free char *dir = layout_rt(&e->layout, RT_CELLS);

	sweep_tree(e, dir, &(struct addr){ 0 }, end_start);
}

/* Pins whose directory of starts is gone as well. */
static void sweep_pins(struct engine *e)
{
	cleanup_strlist struct strlist names = { 0 };
	struct kerr err = { 0 };

	if (pins_list(e, PINS_CELLS, &names, &err) < 0)
		log_failed("pins", "", &err);
	for (size_t i = 0; i < names.n; i++) {
		char *at = names.v[i];
		struct addr a = { 0 };

		a.realm = strsep(&at, "_");
		a.space = strsep(&at, "_");
		a.stack = strsep(&at, "_");
		a.cell = at;
		if (scope_check(&a, ADDR_CELL, 0, NULL) == 0)
			with_lock(e, &a, end_start);
	}
}

static void sweep_cgroups(struct engine *e)
{
	for (size_t i = 0; i < e->cgroups->n; i++) {
		cleanup_free char *dir = path_join(e->cgroups->v[i].mount, e->cgroup_root, NULL);

		sweep_tree(e, dir, &(struct addr){ 0 }, remove_group);
	}
}

/* ---- leases and bridges ---- */

struct lease_holders {
	const struct addr *space;
	LIST_OF(struct addr_copy) cells;
};

static void add_holder(void *ctx, const struct lease *l)
{
	struct lease_holders *h = ctx;
	struct addr a = { .realm = h->space->realm,
			  .space = l->space ? l->space : h->space->space,
			  .stack = l->stack,
			  .cell = l->cell };

	if (scope_check(&a, ADDR_CELL, 0, NULL) == 0)
		addr_copy_set(vec_grow(&h->cells.v, &h->cells.n, sizeof(*h->cells.v)), &a);
}

static void drop_lease(struct engine *e, const struct addr *a, const char *space)
{
	struct lease_holder h = { .cell = *a, .space = space };
	struct kerr err = { 0 };

	if (lease_drop(e, &h, &err) < 0)
		log_failed("lease", a->cell, &err);
}

/* Whether the cell is or will be in a space that is not its own. What is unknown counts as yes. */
static bool is_joined(struct engine *e, const struct addr *a, const char *space)
{
	cleanup_cell_names struct cell_names names = { 0 };
	struct cell_doc doc = { 0 };
	struct cell_run run = { 0 };
	bool joined = true;
	int r = cell_run_load(e, a, &run, NULL);

	if ((r == 0 || r == -ENOENT) && store_load(&e->layout, a, 0, &doc, NULL) == 0) {
		cell_names_of(&doc, &run, &names);
		joined = !cell_host_network(&doc.spec) && strlist_has(&names.networks, space);
	}
	model_clear(&cell_doc_type, &doc);
	return joined;
}

/* A cell that left the space while its own lease was lost. */
static void sweep_left(struct engine *e, const struct addr *a, const char *space)
{
	if (is_joined(e, a, space) || locks_take_path(e->locks, a, LOCKS_TRY, NULL) < 0)
		return;
	if (!is_joined(e, a, space))
		drop_lease(e, a, space);
	locks_drop_path(e->locks, a);
}

static void sweep_lease(struct engine *e, const struct addr *a, const char *space)
{
	if (object_gone(e, a)) {
		if (locks_take_path(e->locks, a, LOCKS_TRY, NULL) < 0)
			return;
		if (object_gone(e, a))
			drop_lease(e, a, space);
		locks_drop_path(e->locks, a);
	} else if (!streq(a->space, space)) {
		sweep_left(e, a, space);
	}
}

static int sweep_leases(void *ctx, struct engine *e, const struct addr *space, struct kerr *unused)
{
	struct lease_holders h = { .space = space };
	int r = lease_each(e, space, add_holder, &h, NULL);

	(void) ctx;
	(void) unused;
	for (size_t i = 0; i < h.cells.n; i++) {
		if (r == 0)
			sweep_lease(e, &h.cells.v[i].a, space->space);
		addr_copy_clear(&h.cells.v[i]);
	}
	free(h.cells.v);
	return 0;
}

/* ---- attachments by plugins ---- */

/* Whether the attachment is of no start that there is; an unreadable record may be of any. */
static bool is_left(struct engine *e, const struct addr *cell, const char *start_id)
{
	struct cell_run run = { 0 };
	int r = cell_run_load(e, cell, &run, NULL);

	return r == -ENOENT || (r == 0 && !streq(run.start_id, start_id));
}

/* 1: done. With the cell's lock, which a start holds from before its attachment is made. */
static int retry_detach(struct engine *e, const struct addr *cell, const char *start_id,
			struct kerr *err)
{
	int r = 0;

	if (!is_left(e, cell, start_id) || locks_take_path(e->locks, cell, LOCKS_TRY, NULL) < 0)
		return 0;
	if (is_left(e, cell, start_id))
		r = cni_detach_start(e, cell, start_id, err) < 0 ? -EIO : 1;
	locks_drop_path(e->locks, cell);
	return r;
}

/*
 * Undo what plugins could not undo when its cell was stopped. After a failure the others of
 * the space have to wait for the next sweep: each may take as long as a plugin may hang.
 */
static int sweep_attachments(void *ctx, struct engine *e, const struct addr *space,
			     struct kerr *unused)
{
	cleanup_cni_refs struct cni_refs refs = { 0 };
	struct kerr err = { 0 };
	int r = cni_refs_list(e, space, &refs, &err);

	(void) ctx;
	(void) unused;
	for (size_t i = 0; r >= 0 && i < refs.n; i++) {
		struct addr cell = cni_ref_cell(space, &refs.v[i]);

		r = retry_detach(e, &cell, refs.v[i].start_id, &err);
		if (r > 0)
			log_inf("undid a network attachment that was left", "cell", cell.cell);
	}
	if (r >= 0)
		r = cni_collect(e, space, &err);
	if (r < 0)
		log_failed("network attachments", space->space, &err);
	return 0;
}

/* Ports of a cell that has no start any more, whether or not the cell is there. */
static void sweep_published(struct engine *e)
{
	cleanup_(published_list_clear) struct published_list all = { 0 };
	struct kerr err = { 0 };

	if (published_read_all(e, &all, &err) < 0)
		log_failed("ports", "", &err);
	for (size_t i = 0; i < all.n; i++) {
		const struct addr *a = &all.v[i].cell.a;

		if (!published_is_stale(e, a) || locks_take_path(e->locks, a, LOCKS_TRY, NULL) < 0)
			continue;
		if (published_is_stale(e, a) && cell_ports_close(e, a, &err) < 0)
			log_failed("ports", a->cell, &err);
		locks_drop_path(e->locks, a);
	}
}

static void drop_network(struct engine *e, const struct addr *space)
{
	struct kerr err = { 0 };

	if (net_bridge_delete(e, space, &err) < 0)
		log_failed("network", space->space, &err);
	else
		log_inf("removed an orphaned bridge", "space", space->space);
}

/*
 * Whether a device is a bridge of this instance, and of which space: its alias names that,
 * its name depends on the instance. *st keeps what *ret borrows.
 */
static bool is_our_bridge(struct engine *e, const char *name, struct link_bridge_state *st,
			  struct addr *ret)
{
	char expected[LINK_NAME_MAX];
	char *at = st->owner;

	if (!str_has_prefix(name, LINK_BRIDGE_PREFIX) || link_bridge_query(name, st, NULL) < 0 ||
	    !st->is_bridge)
		return false;
	*ret = (struct addr){ 0 };
	ret->realm = strsep(&at, "/");
	ret->space = at;
	if (scope_check(ret, ADDR_SPACE, 0, NULL) < 0)
		return false;
	link_bridge_name(ret->realm, ret->space, e->instance, expected);
	return streq(name, expected);
}

typedef void bridge_fn(void *ctx, struct engine *e, const char *name, const struct addr *space);

static void each_bridge(struct engine *e, bridge_fn *fn, void *ctx)
{
	cleanup_free struct link_port *links = NULL;
	struct link_bridge_state st;
	struct addr space;
	size_t n = 0;

	if (link_list_ports(&links, &n, NULL) < 0)
		return;
	for (size_t i = 0; i < n; i++)
		if (is_our_bridge(e, links[i].name, &st, &space))
			fn(ctx, e, links[i].name, &space);
}

static void sweep_bridge(void *ctx, struct engine *e, const char *name, const struct addr *space)
{
	(void) ctx;
	(void) name;
	with_lock(e, space, drop_network);
}

/* ---- what would be removed ---- */

struct strays {
	struct engine *e;
	const struct addr *space;
	sweep_stray_fn *fn;
	void *ctx;
};

static void tell_bridge(void *ctx, struct engine *e, const char *name, const struct addr *space)
{
	const struct strays *s = ctx;

	if (object_gone(e, space))
		s->fn(s->ctx, "bridge", name, space);
}

static void tell_lease(void *ctx, const struct lease *l)
{
	const struct strays *s = ctx;
	struct addr cell = { .realm = s->space->realm, .space = s->space->space };
	char ip[IPV4_TEXT_MAX];

	if (l->space)
		cell.space = l->space;
	cell.stack = l->stack;
	cell.cell = l->cell;
	if (scope_check(&cell, ADDR_CELL, 0, NULL) == 0 && object_gone(s->e, &cell))
		s->fn(s->ctx, "lease", ipv4_text(l->addr, ip), &cell);
}

static int tell_leases(void *ctx, struct engine *e, const struct addr *space, struct kerr *unused)
{
	struct strays *s = ctx;

	(void) unused;
	s->space = space;
	(void) lease_each(e, space, tell_lease, s, NULL);
	return 0;
}

static int tell_attachments(void *ctx, struct engine *e, const struct addr *space,
			    struct kerr *unused)
{
	cleanup_cni_refs struct cni_refs refs = { 0 };
	const struct strays *s = ctx;

	(void) unused;
	(void) cni_refs_list(e, space, &refs, NULL);
	for (size_t i = 0; i < refs.n; i++) {
		struct addr cell = cni_ref_cell(space, &refs.v[i]);

		if (is_left(e, &cell, refs.v[i].start_id))
			s->fn(s->ctx, "attachment", refs.v[i].start_id, &cell);
	}
	return 0;
}

void sweep_each_stray(struct engine *e, sweep_stray_fn *fn, void *ctx)
{
	struct strays s = { .e = e, .fn = fn, .ctx = ctx };
	struct addr all = { 0 };

	each_bridge(e, tell_bridge, &s);
	(void) scope_each(e, ADDR_SPACE, &all, tell_leases, &s, NULL);
	(void) scope_each(e, ADDR_SPACE, &all, tell_attachments, &s, NULL);
}

/* ---- all of it ---- */

static char *stamp_file(const struct engine *e)
{
	return path_join(e->layout.runtime_dir, ".swept", NULL);
}

bool sweep_is_due(struct engine *e)
{
	cleanup_free char *file = stamp_file(e);
	struct timespec now;
	struct stat st;

	if (lstat(file, &st) < 0 || clock_gettime(CLOCK_REALTIME, &now) < 0)
		return true;
	return now.tv_sec < st.st_mtime || now.tv_sec - st.st_mtime >= SWEEP_INTERVAL_S;
}

void sweep(struct engine *e)
{
	cleanup_free char *file = stamp_file(e);
	struct addr all = { 0 };

	(void) scope_each(e, ADDR_REALM, &all, sweep_realm, NULL, NULL);
	sweep_namespaces(e);
	sweep_starts(e);
	sweep_pins(e);
	sweep_published(e);
	(void) scope_each(e, ADDR_SPACE, &all, sweep_leases, NULL, NULL);
	(void) scope_each(e, ADDR_SPACE, &all, sweep_attachments, NULL, NULL);
	each_bridge(e, sweep_bridge, NULL);
	sweep_cgroups(e);
	sweep_data(e);
	sweep_temporaries(e);
	unknown_tell(e);
	(void) atomic_write_at(AT_FDCWD, file, "", 0, 0600, ATOMIC_WRITE_NOSYNC, NULL);
}
