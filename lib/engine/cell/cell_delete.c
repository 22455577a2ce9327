/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>

#include "cell_delete.h"
#include "cell_id.h"
#include "cell_names.h"
#include "cell_stop.h"
#include "cellnet.h"
#include "cgroup_kill.h"
#include "container.h"
#include "convert.h"
#include "copy.h"
#include "damaged.h"
#include "ending.h"
#include "hosts.h"
#include "intent.h"
#include "log.h"
#include "mem.h"
#include "scope.h"
#include "stops.h"

#define CGROUP_WAIT_MS 2000
#define OP_DELETE "cell-delete"

/*
 * The intent file exists from the first destructive step until the document is gone: a
 * half-deleted cell is never started again; the next holder of the lock finishes the
 * deletion.
 */
int cell_delete_intend(struct engine *e, const struct addr *a, const char *ns, struct kerr *err)
{
	struct lock_id lock = lock_id_object(a);
	struct intent i = { .op = xstrdup(OP_DELETE), .step = xstrdup("") };
	int r;

	strmap_set(&i.data, "namespace", ns);
	r = intent_write(&e->layout, e->locks, &lock, &i, 0, err);
	/* Deleting must work on a full disk: then the intent goes to the runtime directory. */
	if (r == -ENOSPC || r == -EDQUOT)
		r = intent_write(&e->layout, e->locks, &lock, &i, INTENT_RUNTIME, err);
	intent_clear(&i);
	if (r != -ENOSPC && r != -EDQUOT)
		return r;
	/*
	 * Deleting must work on a full disk. The document is removed last, so it
	 * remains if this is interrupted.
	 */
	log_wrn("no space to record a deletion before it starts; a crash now leaves it half done",
		"cell", a->cell);
	return 0;
}

static int remove_containers(struct engine *e, const char *ns, const struct cell_doc *doc,
			     struct kerr *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < doc->spec.containers.n; i++) {
		cleanup_container_run struct container_run run = { 0 };

		if (container_is_synthesized(&doc->spec.containers.v[i]))
			continue;
		container_run_init(&run, e, ns, doc, &doc->spec.containers.v[i]);
		r = container_remove(&run, err);
	}
	return r;
}

/*
 * Every step can be repeated; the document is removed last. wait NULL: kill without
 * grace period. 1: processes are still in their grace period.
 */
static int finish_delete(struct engine *e, const char *ns, struct cell_doc *doc,
			 struct ending *wait, struct kerr *err)
{
	struct stop_how how = { .grace_ms = cell_grace(e, CELL_DELETE_GRACE_MS),
				.flags = CELL_STOP_NO_SAVE };
	struct addr a = addr_of_cell(doc);
	struct addr space = { .realm = a.realm, .space = a.space };
	struct lock_id lock = lock_id_object(&a);
	cleanup_free char *cgroup = scope_cgroup(e, &a);
	int r;

	if (cell_is_ending(e, &a, STOP_CELL))
		how.flags |= CELL_STOP_GO_ON;
	r = cell_end_locked(e, ns, doc, &how, wait, err);
	if (r == 0)
		r = remove_containers(e, ns, doc, err);
	if (r == 0)
		r = cgroup_remove(e->cgroups, cgroup, CGROUP_REMOVE_KILL, CGROUP_WAIT_MS, err);
	if (r == 0)
		r = cell_names_drop_locked(e, doc, err);
	if (r == 0)
		r = store_delete(&e->layout, &a, STORE_DELETE_TREE, err);
	if (r == 0)
		cell_id_release(e, &a, doc->spec.id);
	if (r == 0)
		r = intent_remove(&e->layout, e->locks, &lock, err);
	if (r == 0 && !cell_host_network(&doc->spec) && hosts_update(e, &space, NULL) < 0)
		log_wrn("hosts files of the space not updated; the next reconcile pass retries",
			"space", a.space);
	return r;
}

int cell_delete_locked(struct engine *e, const char *ns, struct cell_doc *doc, struct kerr *err)
{
	struct addr a = addr_of_cell(doc);
	int r;

	r = cell_delete_intend(e, &a, ns, err);
	if (r == 0)
		r = finish_delete(e, ns, doc, NULL, err);
	return r < 0 ? kerr_wrap(err, r, "failed to delete cell") : 0;
}

int cell_recover_locked(struct engine *e, const struct addr *a, struct ending *ret_wait,
			struct kerr *err)
{
	struct lock_id lock = lock_id_object(a);
	struct intent i = { 0 };
	struct cell_doc doc = { 0 };
	struct kerr damage;
	int r;

	r = intent_load(&e->layout, &lock, &i, err);
	if (r == -ENOENT)
		return 0;
	if (r == 0) {
		const char *ns = strmap_get(&i.data, "namespace");

		r = damaged_load(e, a, &doc, &damage);
		if (r >= 0 && !ns)
			r = 0;
		else if (r >= 0)
			r = finish_delete(e, ns, &doc, ret_wait, err);
		else if (r == -ENOENT) /* only the last steps were missing */
			r = store_delete(&e->layout, a, STORE_DELETE_TREE, err);
		if (r == 0 && ns)
			r = intent_remove(&e->layout, e->locks, &lock, err);
	}
	model_clear(&cell_doc_type, &doc);
	intent_clear(&i);
	return r < 0 ? kerr_wrap(err, r, "finish an interrupted deletion") : r;
}
