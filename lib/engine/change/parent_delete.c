/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <unistd.h>

#include "cell_verbs.h"
#include "cgroup_kill.h"
#include "copy.h"
#include "damaged.h"
#include "errkind.h"
#include "fd.h"
#include "log.h"
#include "mem.h"
#include "model.h"
#include "net_rules.h"
#include "net_bridge.h"
#include "network.h"
#include "parent_delete.h"
#include "path.h"
#include "scope.h"
#include "str.h"
#include "workers.h"

#define CGROUP_WAIT_MS 2000
/* Tries of a cascade while other clients keep creating children; then -EBUSY. */
#define CASCADE_ROUNDS_MAX 20

void deleted_clear(struct deleted *d)
{
	strlist_clear(&d->parts);
}

static int delete_cell_child(struct engine *e, const struct addr *a, struct kerr *err)
{
	struct rpc_delete_cell_result res = { 0 };
	int r = cell_delete(e, a, &res, err);

	model_clear(&cell_doc_type, &res.cell);
	return r == -ENOENT ? 0 : r;
}

static int delete_parent_child(struct engine *e, const struct addr *a, struct kerr *err)
{
	union {
		struct realm_doc realm;
		struct space_doc space;
		struct stack_doc stack;
	} doc = { 0 };
	const struct model_type *type =
		addr_level(a) == ADDR_SPACE ? &space_doc_type : &stack_doc_type;
	struct deleted d = { 0 };
	int r = parent_delete(e, a, DELETE_CASCADE, &doc, &d, err);

	deleted_clear(&d);
	model_clear(type, &doc);
	return r == -ENOENT ? 0 : r;
}

/* Wrap the error in "failed to delete …" of each level between step and a. */
static int delete_error(const struct addr *step, const struct addr *a, int r, struct kerr *err)
{
	for (struct addr up = addr_parent(step); addr_level(&up) > addr_level(a);
	     up = addr_parent(&up))
		(void) plan_delete_error(&up, r, err);
	return r;
}

/* The children of an object that are deleted. */
struct children {
	const struct delete_plan *plan; /* the object itself comes last */
	struct child_end {
		bool ended;
		int r;
		struct kerr err;
	} * ends; /* one for each child */
};

/* A parent goes after what is in it, a space after cells, which may have joined it. */
static bool clash(const void *ctx, size_t earlier, size_t task)
{
	const struct children *c = ctx;
	const struct addr *before = &c->plan->v[earlier].a, *a = &c->plan->v[task].a;

	return addr_within(before, a) ||
	       (addr_level(before) == ADDR_CELL && addr_level(a) == ADDR_SPACE);
}

static void delete_child(void *ctx, struct engine *e, size_t task, struct buf *result)
{
	const struct children *c = ctx;
	const struct addr *a = &c->plan->v[task].a;
	struct child_end end = { .ended = true };

	end.r = addr_level(a) == ADDR_CELL ? delete_cell_child(e, a, &end.err)
					   : delete_parent_child(e, a, &end.err);
	buf_add(result, &end, sizeof(end));
}

/* After a failure no further children are deleted. */
static bool child_ended(void *ctx, size_t task, const struct buf *result, const struct kerr *why)
{
	const struct children *c = ctx;
	struct child_end *end = &c->ends[task];

	if (result && result->len == sizeof(*end))
		memcpy(end, result->data, sizeof(*end));
	else
		*end = (struct child_end){ .ended = true, .r = -EPIPE, .err = *why };
	return end->r == 0;
}

/*
 * Children side by side (workers.h), without the object's lock: deleting a child takes it
 * shared. When one fails, those that have begun still end, and the first failure in the
 * order of the plan is reported.
 */
static int delete_children(struct engine *e, const struct addr *a, const struct delete_plan *plan,
			   struct deleted *ret, struct kerr *err)
{
	cleanup_free struct child_end *ends = xcalloc(plan->n, sizeof(*ends));
	struct children c = { .plan = plan, .ends = ends };
	struct workers w = { .ctx = &c,
			     .n = plan->n - 1,
			     .clash = clash,
			     .work = delete_child,
			     .ended = child_ended };
	int r = workers_run(e, &w, err);

	for (size_t i = 0; i < w.n && ends[i].ended; i++) {
		const struct addr *step = &plan->v[i].a;

		if (ends[i].r < 0) {
			if (err)
				*err = ends[i].err;
			return delete_error(step, a, ends[i].r, err);
		}
		plan_delete_tell(a, step, &ret->parts);
	}
	return r;
}

struct other_realm {
	const char *ns, *realm;
	bool found;
};

static int find_other(void *ctx, struct engine *e, const struct addr *a, struct kerr *err)
{
	struct other_realm *o = ctx;
	cleanup_free char *ns = NULL;

	(void) err;
	if (!streq(a->realm, o->realm) && scope_namespace(e, a->realm, &ns, NULL) == 0)
		o->found |= streq(ns, o->ns);
	return 0;
}

/*
 * Whether another realm uses the namespace: that of a realm whose document is damaged is only
 * a guess.
 */
static bool used_by_other_realm(struct engine *e, const struct addr *realm, const char *ns)
{
	struct other_realm o = { .ns = ns, .realm = realm->realm };
	struct addr all = { 0 };

	return scope_each(e, ADDR_REALM, &all, find_other, &o, NULL) < 0 || o.found;
}

static int refuse_busy(const char *ns, struct kerr *err)
{
	return kerr_plain(err, -EBUSY, "namespace \"%s\" is in use: an image is being loaded", ns);
}

/*
 * Lock the namespace for a deletion. 1: locked; 0: nothing to delete. -EBUSY while an image
 * is being loaded into it.
 */
static int take_namespace(struct engine *e, const struct addr *a, const char *ns, struct kerr *err)
{
	cleanup_free char *dir = layout_ns(&e->layout, ns, NS_DIR, NULL);
	struct lock_id lock = lock_id_image(ns, "");
	int r;

	if (access(dir, F_OK) < 0)
		return 0;
	if (used_by_other_realm(e, a, ns)) {
		log_wrn("namespace not deleted: another realm uses it", "namespace", ns);
		return 0;
	}
	r = locks_take(e->locks, &lock, LOCKS_TRY, err);
	if (r == -EWOULDBLOCK)
		return refuse_busy(ns, err);
	return r < 0 ? r : 1;
}

int parent_check_namespace(struct engine *e, const struct addr *a, struct kerr *err)
{
	cleanup_free char *ns = NULL;
	struct lock_id lock;
	int r = addr_level(a) == ADDR_REALM ? damaged_namespace(e, a->realm, &ns, err) : 0;

	if (r < 0 || !ns || !scope_namespace_ready(e, ns) || used_by_other_realm(e, a, ns))
		return r;
	lock = lock_id_image(ns, "");
	return locks_held_elsewhere(&e->layout, &lock) > 0 ? refuse_busy(ns, err) : 0;
}

static void drop_namespace(struct engine *e, const char *ns)
{
	struct lock_id lock = lock_id_image(ns, "");

	if (!str_empty(ns) && locks_held(e->locks, &lock))
		locks_drop(e->locks, &lock);
}

/* Delete the namespace with its content if take_namespace locked it. */
static int delete_namespace(struct engine *e, const char *ns, struct deleted *ret, struct kerr *err)
{
	cleanup_free char *dir = layout_ns(&e->layout, ns, NS_DIR, NULL);
	struct lock_id lock = lock_id_image(ns, "");
	int r;

	if (!locks_held(e->locks, &lock))
		return 0;
	r = remove_tree_at(AT_FDCWD, dir, REMOVE_TREE_SAME_FS, err);
	if (r < 0)
		return r;
	strlist_add(&ret->parts, "namespace");
	ret->extra = true;
	return 0;
}

static int delete_document(struct engine *e, const struct addr *a, struct deleted *ret,
			   struct kerr *err)
{
	int r = store_delete(&e->layout, a, 0, err);

	if (r == 0) {
		strlist_add(&ret->parts, "metadata");
		ret->metadata = true;
	}
	return r;
}

static int delete_cgroup(struct engine *e, const struct addr *a, struct deleted *ret,
			 struct kerr *err)
{
	cleanup_free char *cgroup = scope_cgroup(e, a);
	int r = cgroup_remove(e->cgroups, cgroup, 0, CGROUP_WAIT_MS, err);

	if (r < 0)
		return r;
	strlist_add(&ret->parts, "cgroup");
	ret->cgroup = true;
	return 0;
}

/* Remove the object's directories of this boot; they are empty by now. */
static int delete_runtime(struct engine *e, const struct addr *a, const void *doc, struct kerr *err)
{
	cleanup_free char *cells = layout_start(&e->layout, a, NULL, NULL);
	int r = remove_tree_at(AT_FDCWD, cells, REMOVE_TREE_SAME_FS, err);

	if (r == 0 && addr_level(a) == ADDR_REALM) {
		const char *ns = ((const struct realm_doc *) doc)->spec.namespace;
		cleanup_free char *runs = layout_rt_container(&e->layout, ns, NULL, RTC_DIR);
		cleanup_free char *runc = layout_runc_root(&e->layout, ns);

		r = remove_tree_at(AT_FDCWD, runs, REMOVE_TREE_SAME_FS, err);
		if (r == 0)
			r = remove_tree_at(AT_FDCWD, runc, REMOVE_TREE_SAME_FS, err);
	}
	return r;
}

/*
 * The document is deleted last, so that an interrupted deletion can be repeated; the result
 * still lists "metadata" first, as the protocol has it.
 */
static int delete_self(struct engine *e, const struct addr *a, const void *doc, struct deleted *ret,
		       struct kerr *err)
{
	struct deleted parts = { 0 };
	int r = delete_cgroup(e, a, &parts, err);

	if (r == 0 && addr_level(a) == ADDR_REALM)
		r = delete_namespace(e, ((const struct realm_doc *) doc)->spec.namespace, &parts,
				     err);
	if (r == 0 && addr_level(a) == ADDR_SPACE) {
		r = net_bridge_delete(e, a, err);
		if (r == 0) {
			strlist_add(&parts.parts, "network");
			parts.extra = true;
		}
		if (r == 0 && net_rules_sync(e, NULL) < 0)
			log_wrn("firewall rules not updated; the next reconcile pass retries",
				"space", a->space);
	}
	if (r == 0)
		r = delete_runtime(e, a, doc, err);
	if (r == 0)
		r = delete_document(e, a, ret, err);
	for (size_t i = 0; i < parts.parts.n; i++)
		strlist_add(&ret->parts, parts.parts.v[i]);
	ret->cgroup = parts.cgroup;
	ret->extra = parts.extra;
	deleted_clear(&parts);
	return r;
}

/* Under the lock of its leases no cell joins it from now on; afterwards it does not exist. */
static int delete_space(struct engine *e, const struct addr *a, enum delete_flags flags,
			const void *doc, struct deleted *ret, struct kerr *err)
{
	struct lock_id lock = lock_id_leases(a);
	int r = locks_take(e->locks, &lock, 0, err);

	if (r < 0)
		return r;
	if (!(flags & DELETE_FORCE))
		r = plan_delete_refuse_joined(e, a, err);
	if (r == 0)
		r = delete_self(e, a, doc, ret, err);
	locks_drop(e->locks, &lock);
	return r;
}

/*
 * Store a realm's state: Deleting before the first destructive step, so that an interrupted
 * deletion can be distinguished from damage; the former state again if nothing was destroyed.
 * A damaged document cannot hold a state and is left alone.
 */
static int store_state(struct engine *e, const struct addr *a, realm_state state,
		       realm_state *ret_before, struct kerr *err)
{
	struct kerr why = { 0 };
	struct realm_doc d = { 0 };
	int r;

	if (addr_level(a) != ADDR_REALM)
		return 0;
	r = store_load(&e->layout, a, STORE_LOAD_PASSWORDS, &d, &why);
	if (r == 0) {
		if (ret_before)
			*ret_before = d.status.state;
		d.status.state = state;
		r = store_save(&e->layout, a, 0, &d, err);
	} else {
		r = r == -ENOENT ? scope_not_found(a, err) : 0;
	}
	model_clear(&realm_doc_type, &d);
	return r;
}

/* A realm that was Deleting before stays so: an earlier deletion was interrupted. */
static void restore_state(struct engine *e, const struct addr *a, realm_state before)
{
	struct kerr err = { 0 };
	char text[KERR_TEXT_MAX];

	if (before != REALM_STATE_DELETING && store_state(e, a, before, NULL, &err) < 0)
		log_wrn("cannot restore a realm's state; it stays Deleting", "realm", a->realm,
			"error", kerr_text(&err, text, sizeof(text)));
}

/* Errors are ignored: deleting the cell meets and reports them again. */
static int signal_cell(void *ctx, struct engine *e, const struct addr *a, struct kerr *err)
{
	(void) ctx;
	(void) err;
	(void) cell_signal(e, a, NULL, NULL);
	return 0;
}

void parent_signal_cells(struct engine *e, const struct addr *a)
{
	if (e->grace_ms != 0) /* else there is no grace to share */
		(void) workers_each_cell(e, a, signal_cell, NULL, NULL);
}

/* Children that were created before the object is locked are deleted in another round. */
static int delete_rounds(struct engine *e, const struct addr *a, struct deleted *ret,
			 struct kerr *err)
{
	cleanup_(delete_plan_clear) struct delete_plan plan = { 0 };
	int r = plan_delete(e, a, DELETE_CASCADE, &plan, err);

	for (unsigned round = 0; r == 0 && round < CASCADE_ROUNDS_MAX; round++) {
		parent_signal_cells(e, a);
		r = delete_children(e, a, &plan, ret, err);
		if (r == 0)
			r = locks_take_path(e->locks, a, 0, err);
		if (r < 0)
			return r;
		r = plan_delete(e, a, DELETE_CASCADE, &plan, err);
		if (r == 0 && plan.n == 1)
			return 0;
		locks_drop_path(e->locks, a);
	}
	return r < 0 ? r
		     : kerr_plain(err, -EBUSY, "%s \"%s\": children keep being created; try again",
				  level_words[addr_level(a)], addr_name(a));
}

/*
 * Delete all children. On success the object's lock is held; on failure the realm's state is
 * restored.
 */
static int delete_below(struct engine *e, const struct addr *a, realm_state *ret_before,
			struct deleted *ret, struct kerr *err)
{
	cleanup_free char *ns = NULL;
	int r;

	if (addr_level(a) != ADDR_REALM)
		return delete_rounds(e, a, ret, err);
	r = locks_take_path(e->locks, a, 0, err);
	if (r < 0)
		return r;
	r = damaged_namespace(e, a->realm, &ns, err);
	if (r == 0)
		r = take_namespace(e, a, ns, err);
	if (r >= 0) {
		drop_namespace(e, ns);
		r = store_state(e, a, REALM_STATE_DELETING, ret_before, err);
	}
	locks_drop_path(e->locks, a);
	if (r < 0)
		return r;
	r = delete_rounds(e, a, ret, err);
	if (r < 0 && r != -ENOENT && locks_take_path(e->locks, a, 0, NULL) == 0) {
		restore_state(e, a, *ret_before);
		locks_drop_path(e->locks, a);
	}
	return r;
}

/* The object's lock is held. before: the realm's state before it was set to Deleting. */
static int delete_locked(struct engine *e, const struct addr *a, enum delete_flags flags,
			 realm_state before, void *ret_doc, struct deleted *ret, struct kerr *err)
{
	cleanup_(delete_plan_clear) struct delete_plan plan = { 0 };
	bool realm = addr_level(a) == ADDR_REALM;
	struct kerr damage;
	const char *ns = "";
	int r;

	r = damaged_load(e, a, ret_doc, &damage);
	if (r == -ENOENT)
		return scope_not_found(a, err);
	/* Plan again: the object may have changed before the lock was taken. */
	r = plan_delete(e, a, flags & DELETE_FORCE, &plan, err);
	if (r == 0 && realm) {
		ns = ((struct realm_doc *) ret_doc)->spec.namespace;
		r = take_namespace(e, a, ns, err);
	}
	if (r >= 0 && realm) {
		((struct realm_doc *) ret_doc)->status.state = REALM_STATE_DELETING;
		r = store_state(e, a, REALM_STATE_DELETING, flags & DELETE_CASCADE ? NULL : &before,
				err);
	}
	if (r >= 0)
		r = addr_level(a) == ADDR_SPACE ? delete_space(e, a, flags, ret_doc, ret, err)
						: delete_self(e, a, ret_doc, ret, err);
	/* The cgroup is deleted first: while it exists, nothing of the realm itself is lost. */
	if (r < 0 && realm && !ret->cgroup)
		restore_state(e, a, before);
	if (realm)
		drop_namespace(e, ns);
	return r;
}

/* Remove the directory left by a deletion that was killed after deleting the document. */
static void remove_leftover_dir(struct engine *e, const struct addr *a)
{
	cleanup_free char *dir = layout_object(&e->layout, a, OBJECT_DIR);

	if (access(dir, F_OK) < 0 || locks_take_path(e->locks, a, 0, NULL) < 0)
		return;
	if (store_exists(&e->layout, a, NULL) == 0)
		(void) store_delete(&e->layout, a, 0, NULL);
	locks_drop_path(e->locks, a);
}

int parent_delete(struct engine *e, const struct addr *a, enum delete_flags flags, void *ret_doc,
		  struct deleted *ret, struct kerr *err)
{
	cleanup_(delete_plan_clear) struct delete_plan plan = { 0 };
	realm_state before = REALM_STATE_DELETING; /* not changed by this deletion */
	int r;

	/* Before locking: the lock would leave a file for an object that does not exist. */
	r = plan_delete(e, a, flags, &plan, err);
	if (r == -ENOENT) {
		remove_leftover_dir(e, a);
		return r;
	}
	if (r == 0)
		r = scope_prepare_trees(e, err);
	if (r == 0)
		r = flags & DELETE_CASCADE ? delete_below(e, a, &before, ret, err)
					   : locks_take_path(e->locks, a, 0, err);
	if (r < 0) /* -ENOENT: deleted by another process in the meantime */
		return r == -ENOENT ? r : plan_delete_error(a, r, err);
	r = delete_locked(e, a, flags, before, ret_doc, ret, err);
	locks_drop_path(e->locks, a);
	return r < 0 && r != -ENOENT ? plan_delete_error(a, r, err) : r;
}
