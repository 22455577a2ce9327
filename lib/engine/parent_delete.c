/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <unistd.h>

#include "cell.h"
#include "damaged.h"
#include "errkind.h"
#include "fd.h"
#include "image.h"
#include "log.h"
#include "mem.h"
#include "network.h"
#include "parents.h"
#include "path.h"
#include "str.h"

#define CGROUP_WAIT_MS 2000
/* Who keeps filling what another empties is told so. */
#define CASCADE_ROUNDS_MAX 20

void deleted_clear(struct deleted *d)
{
	strlist_clear(&d->parts);
}

static int delete_wrap(const struct addr *a, int r, struct kerr *err)
{
	return kerr_wrap(err, r, "failed to delete %s", level_words[addr_level(a)]);
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

/* Children first, before the object's own lock: theirs share it. */
static int delete_children(struct engine *e, const struct addr *a, struct deleted *ret,
			   struct kerr *err)
{
	struct strlist names cleanup_strlist = { 0 };
	int r = store_list(&e->layout, a, &names, err);

	for (size_t i = 0; r == 0 && i < names.n; i++) {
		struct addr child = addr_child(a, names.v[i]);

		r = addr_level(&child) == ADDR_CELL ? delete_cell_child(e, &child, err)
						    : delete_parent_child(e, &child, err);
		if (r == 0)
			strlist_addf(&ret->parts, "%s:%s", level_words[addr_level(&child)],
				     names.v[i]);
	}
	return r;
}

int parent_has_children(const struct addr *a, size_t n, struct kerr *err)
{
	return kerr_setk(err, ERR_HAS_DEPENDENCIES, -ENOTEMPTY,
			 "resource has child resources: %s \"%s\" has %zu %s(s). Use --cascade to "
			 "delete them or --force to skip validation",
			 level_words[addr_level(a)], addr_name(a), n,
			 level_words[addr_level(a) + 1]);
}

static int check_children(struct engine *e, const struct addr *a, struct kerr *err)
{
	struct strlist names cleanup_strlist = { 0 };
	int r = store_list(&e->layout, a, &names, err);

	return r < 0 || names.n == 0 ? r : parent_has_children(a, names.n, err);
}

/*
 * What a realm's namespace holds goes with it; an image load into it just
 * now has its store.
 */
static int delete_namespace(struct engine *e, const char *ns, struct deleted *ret, struct kerr *err)
{
	char *dir cleanup_free = layout_ns(&e->layout, ns, NS_DIR, NULL);
	struct lock_id lock = lock_id_image(ns, "");
	int r;

	if (access(dir, F_OK) < 0)
		return 0;
	r = locks_take(e->locks, &lock, LOCKS_TRY, err);
	if (r == -EWOULDBLOCK)
		return kerr_plain(err, -EBUSY,
				  "namespace \"%s\" is in use: an image is being loaded", ns);
	if (r < 0)
		return r;
	r = remove_tree_at(AT_FDCWD, dir, REMOVE_TREE_SAME_FS, err);
	locks_drop(e->locks, &lock);
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
	char *cgroup cleanup_free = scope_cgroup(e, a);
	int r = cgroup_remove(e->cgroups, cgroup, 0, CGROUP_WAIT_MS, err);

	if (r < 0)
		return r;
	strlist_add(&ret->parts, "cgroup");
	ret->cgroup = true;
	return 0;
}

/* What only this boot knows of the object: empty directories by now. */
static int delete_runtime(struct engine *e, const struct addr *a, const void *doc, struct kerr *err)
{
	char *cells cleanup_free = layout_pin(&e->layout, a, NULL, NULL);
	int r = remove_tree_at(AT_FDCWD, cells, REMOVE_TREE_SAME_FS, err);

	if (r == 0 && addr_level(a) == ADDR_REALM) {
		const char *ns = ((const struct realm_doc *) doc)->spec.namespace;
		char *runs cleanup_free = layout_rt_container(&e->layout, ns, NULL, RTC_DIR);
		char *runc cleanup_free = layout_runc_root(&e->layout, ns);

		r = remove_tree_at(AT_FDCWD, runs, REMOVE_TREE_SAME_FS, err);
		if (r == 0)
			r = remove_tree_at(AT_FDCWD, runc, REMOVE_TREE_SAME_FS, err);
	}
	return r;
}

/*
 * The document goes last, so that a deletion that stopped half-way can be
 * repeated; the order of the words is that of the wire.
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
		r = network_delete(e, a, err);
		if (r == 0) {
			strlist_add(&parts.parts, "network");
			parts.extra = true;
		}
		if (r == 0 && network_sync_rules(e, NULL) < 0)
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

/* Before the first destructive step, so that a half-done deletion can be recognised. */
static int mark_deleting(struct engine *e, const struct addr *a, struct kerr *err)
{
	struct realm_doc d = { 0 };
	int r;

	struct kerr damage;

	r = damaged_load(e, a, &d, &damage);
	if (r > 0) { /* no place to say so */
		model_clear(&realm_doc_type, &d);
		return 0;
	}
	if (r == 0)
		r = store_load(&e->layout, a, STORE_LOAD_PASSWORDS, &d, err);
	if (r == 0) {
		d.status.state = REALM_STATE_DELETING;
		r = store_save(&e->layout, a, 0, &d, err);
	}
	model_clear(&realm_doc_type, &d);
	return r == -ENOENT ? scope_not_found(a, err) : r;
}

/* Children that are made before the object itself is locked are deleted in another round. */
static int delete_below(struct engine *e, const struct addr *a, struct deleted *ret,
			struct kerr *err)
{
	struct strlist left cleanup_strlist = { 0 };
	int r = 0;

	if (addr_level(a) == ADDR_REALM) {
		r = locks_take_path(e->locks, a, 0, err);
		if (r < 0)
			return r;
		r = mark_deleting(e, a, err);
		locks_drop_path(e->locks, a);
	}
	for (unsigned round = 0; r == 0 && round < CASCADE_ROUNDS_MAX; round++) {
		r = delete_children(e, a, ret, err);
		if (r == 0)
			r = locks_take_path(e->locks, a, 0, err);
		if (r < 0)
			return r;
		r = store_list(&e->layout, a, &left, err);
		if (r == 0 && left.n == 0)
			return 0;
		locks_drop_path(e->locks, a);
	}
	return r < 0 ? r
		     : kerr_plain(err, -EBUSY, "%s \"%s\": children keep being created; try again",
				  level_words[addr_level(a)], addr_name(a));
}

/* Its lock is held. */
static int delete_locked(struct engine *e, const struct addr *a, enum delete_flags flags,
			 void *ret_doc, struct deleted *ret, struct kerr *err)
{
	struct kerr damage;
	int r;

	r = damaged_load(e, a, ret_doc, &damage);
	if (r == -ENOENT)
		return scope_not_found(a, err);
	r = 0;
	if (!(flags & DELETE_FORCE))
		r = check_children(e, a, err);
	if (r == 0 && addr_level(a) == ADDR_REALM) {
		((struct realm_doc *) ret_doc)->status.state = REALM_STATE_DELETING;
		r = mark_deleting(e, a, err);
	}
	return r < 0 ? r : delete_self(e, a, ret_doc, ret, err);
}

/* The directory that a deletion left which was killed at its very end. */
static void sweep_rest(struct engine *e, const struct addr *a)
{
	char *dir cleanup_free = layout_object(&e->layout, a, OBJECT_DIR);

	if (access(dir, F_OK) < 0 || locks_take_path(e->locks, a, 0, NULL) < 0)
		return;
	if (store_exists(&e->layout, a, NULL) == 0)
		(void) store_delete(&e->layout, a, 0, NULL);
	locks_drop_path(e->locks, a);
}

int parent_delete(struct engine *e, const struct addr *a, enum delete_flags flags, void *ret_doc,
		  struct deleted *ret, struct kerr *err)
{
	int r;

	r = store_exists(&e->layout, a, err);
	if (r == 0) {
		sweep_rest(e, a);
		return scope_not_found(a, err);
	}
	if (r > 0)
		r = scope_prepare_trees(e, err);
	if (r == 0)
		r = flags & DELETE_CASCADE ? delete_below(e, a, ret, err)
					   : locks_take_path(e->locks, a, 0, err);
	if (r < 0)
		return delete_wrap(a, r, err);
	r = delete_locked(e, a, flags, ret_doc, ret, err);
	locks_drop_path(e->locks, a);
	return r < 0 && r != -ENOENT ? delete_wrap(a, r, err) : r;
}
