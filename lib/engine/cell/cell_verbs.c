/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>

#include "cell_delete.h"
#include "cell_load.h"
#include "cell_look.h"
#include "cell_run.h"
#include "cell_start.h"
#include "cell_status.h"
#include "cell_stop.h"
#include "cell_verbs.h"
#include "cgroup.h"
#include "convert.h"
#include "copy.h"
#include "daemon_cell.h"
#include "damaged.h"
#include "ending.h"
#include "images.h"
#include "mem.h"
#include "page.h"
#include "scope.h"
#include "status.h"
#include "str.h"

/* Without the cell's lock: a snapshot, derived in memory. */
static int read_status(struct cell_look *l, const struct addr *a, struct cell_doc *doc,
		       struct kerr *err)
{
	const char *ns = NULL;
	int r;

	r = cell_look_namespace(l, a->realm, &ns, err);
	if (r == 0)
		r = cell_observe_look(l, ns, doc, NULL, err);
	if (r == 0) {
		cell_look_cgroup(l, a, doc);
		cell_look_sides(l, a, doc);
	}
	return r;
}

/* If the document of the cell or its realm is damaged, report Unknown with the reason. */
int cell_describe(struct cell_look *l, const struct addr *a, struct cell_doc *ret)
{
	struct kerr why = { 0 };
	char text[KERR_TEXT_MAX];
	int damaged = damaged_load(l->e, a, ret, &why);
	int r = damaged < 0 ? damaged : read_status(l, a, ret, damaged ? NULL : &why);

	if (r == -ENOENT && damaged <= 0) { /* the cell or its realm was deleted meanwhile */
		model_clear(&cell_doc_type, ret);
		return r;
	}
	if (r < 0 || damaged)
		cell_set_state(ret, CELL_STATE_UNKNOWN, REASON_DAMAGED,
			       kerr_text(&why, text, sizeof(text)));
	return 0;
}

int cell_get(struct engine *e, const struct addr *a, struct rpc_get_cell_result *ret,
	     struct kerr *err)
{
	cleanup_(cell_look_clear) struct cell_look look = { .e = e };
	cleanup_free char *cgroup = NULL;
	struct cell_run start;
	int r;

	r = scope_check(a, ADDR_CELL, 0, err);
	if (r < 0)
		return r;
	r = cell_describe(&look, a, &ret->cell);
	ret->metadata_exists = r == 0;
	cgroup = scope_cgroup(e, a);
	ret->cgroup_exists = cgroup_exists(e->cgroups, cgroup) > 0;
	ret->root_exists = r == 0 && cell_root(&ret->cell.spec) != NULL;
	ret->root_running = r == 0 && cell_run_load(e, a, &start, NULL) == 0 && start.complete;
	return 0;
}

struct cell_walk {
	struct cell_look look;
	struct page *page;
};

static int list_cell(void *ctx, struct engine *e, const struct addr *a, struct kerr *err)
{
	struct cell_walk *w = ctx;
	struct page *page = w->page;
	cleanup_free char *name = page_name(a);
	struct cell_doc d = { 0 };

	(void) e;
	(void) err;
	if (page_skips(page, name, 0) || cell_describe(&w->look, a, &d) < 0)
		return 0;
	page_put(page, name, 0, &cell_doc_type, &d);
	return 0;
}

int cell_list(struct engine *e, const struct addr *filter, struct page *page, struct kerr *err)
{
	bool cgroup = pick_wants(page->pick, "status.cgroupReady") ||
		      pick_wants(page->pick, "status.subtreeControllers");
	struct cell_walk w = {
		.look = { .e = e, .flags = CELL_LOOK_MANY | (cgroup ? 0 : CELL_LOOK_NO_CGROUP) },
		.page = page,
	};
	int r = scope_each_name(e, ADDR_CELL, filter, list_cell, &w, err);

	cell_look_clear(&w.look);
	return r;
}

static int check_startable(const struct cell_doc *d, struct kerr *err)
{
	const char *name = d->head.metadata.name;

	if (cell_any_running(d))
		return kerr_plain(err, -EBUSY,
				  "cell \"%s\" has running containers and must first be stopped",
				  name);
	if (d->status.state == CELL_STATE_READY)
		return kerr_plain(err, -EBUSY,
				  "cell \"%s\" is already in Ready state and must first be stopped",
				  name);
	return 0;
}

int cell_start(struct engine *e, const struct addr *a, struct rpc_cell_done_result *ret,
	       struct kerr *err)
{
	cleanup_free char *ns = NULL;
	int r;

	r = daemon_cell_refuse(a, "start", err);
	if (r == 0) {
		images_ensure(e, a, NULL, NULL);
		r = cell_take(e, a, 0, &ret->cell, &ns, err);
	}
	if (r < 0)
		return r;
	r = cell_observe(e, ns, &ret->cell, NULL, err);
	if (r == 0)
		r = check_startable(&ret->cell, err);
	if (r == 0)
		r = cell_start_locked(e, ns, &ret->cell, 0, err);
	ret->done = r == 0;
	locks_drop_path(e->locks, a);
	return r;
}

int cell_stop(struct engine *e, const struct addr *a, enum cell_stop_flags flags,
	      struct rpc_cell_done_result *ret, struct kerr *err)
{
	struct stop_how how = { .grace_ms = cell_grace(e, CELL_STOP_GRACE_MS), .flags = flags };
	cleanup_free char *ns = NULL;
	struct kerr why = { 0 };
	int r;

	r = daemon_cell_refuse(a, "stop", err);
	if (r == 0)
		r = cell_take(e, a, CELL_TAKE_ENDING, &ret->cell, &ns, err);
	if (r < 0)
		return r;
	if (str_empty(ret->cell.spec.root_container_id))
		r = kerr_plain(&why, -EINVAL, "cell \"%s\" has no RootContainerID set", a->cell);
	if (r == 0)
		r = cell_observe(e, ns, &ret->cell, NULL, &why);
	if (r == 0)
		r = cell_end(e, a, 0, &how, &ret->cell, &ns, &why);
	if (r == 0) /* if a deletion was in progress, it can continue now */
		r = cell_recover_locked(e, a, NULL, &why);
	if (r == -ENOENT) /* deleted meanwhile, so it is stopped */
		r = 0;
	if (r < 0 && cell_has_ended(e, a)) {
		cleanup_free char *what = xasprintf("cell \"%s\"", a->cell);

		ret->warning = cell_stop_warning(r, what, &why);
		r = ret->warning ? 0 : r;
	}
	ret->done = r == 0;
	cell_release(e, a);
	if (r < 0 && err)
		*err = why;
	return r;
}

int cell_check_delete(struct engine *e, const struct addr *a, struct kerr *err)
{
	int r = daemon_cell_refuse(a, "stop", err);

	if (r == 0)
		r = scope_check(a, ADDR_CELL, 0, err);
	if (r == 0)
		r = store_exists(&e->layout, a, err);
	if (r == 0)
		return scope_not_found(a, err);
	return r < 0 ? r : 0;
}

int cell_delete(struct engine *e, const struct addr *a, struct rpc_delete_cell_result *ret,
		struct kerr *err)
{
	struct stop_how how = { .grace_ms = cell_grace(e, CELL_DELETE_GRACE_MS),
				.flags = CELL_STOP_NO_SAVE };
	cleanup_free char *ns = NULL;
	struct cell_doc doc = { 0 };
	int r;

	r = cell_check_delete(e, a, err);
	if (r == 0)
		r = cell_take(e, a, CELL_TAKE_ANY | CELL_TAKE_ENDING, &doc, &ns, err);
	if (r < 0)
		return r;
	model_copy(&cell_doc_type, &ret->cell, &doc);
	r = cell_delete_intend(e, a, ns, err);
	if (r == 0)
		r = cell_end(e, a, CELL_TAKE_ANY, &how, &doc, &ns, err);
	if (r == -ENOENT) /* cell_take has finished a pending deletion */
		r = 0;
	else if (r == 0)
		r = cell_delete_locked(e, ns, &doc, err);
	else
		(void) kerr_wrap(err, r, "failed to delete cell");
	ret->containers_deleted = ret->cgroup_deleted = ret->metadata_deleted = r == 0;
	model_clear(&cell_doc_type, &doc);
	cell_release(e, a);
	return r;
}

int cell_signal(struct engine *e, const struct addr *a, const char *only, struct kerr *err)
{
	struct stop_how how = { .only = only, .grace_ms = cell_grace(e, CELL_DELETE_GRACE_MS) };
	cleanup_ending struct ending later = { 0 };
	cleanup_free char *ns = NULL;
	struct cell_doc doc = { 0 };
	struct cell_run run;
	int r;

	if (daemon_cell_is(a) || cell_run_load(e, a, &run, NULL) == -ENOENT)
		return 0;
	r = cell_take(e, a, CELL_TAKE_ANY | CELL_TAKE_ENDING, &doc, &ns, err);
	if (r < 0)
		return r;
	r = cell_observe(e, ns, &doc, NULL, err);
	if (r == 0 && !only)
		r = cell_end_locked(e, ns, &doc, &how, &later, err);
	else if (r == 0 && cell_container(&doc.spec, only) &&
		 !cell_container(&doc.spec, only)->root)
		r = cell_end_one_locked(e, ns, &doc, &how, &later, err);
	cell_release(e, a);
	model_clear(&cell_doc_type, &doc);
	return r < 0 ? r : 0;
}
