/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>

#include "cell_delete.h"
#include "cell_load.h"
#include "cell_run.h"
#include "cell_status.h"
#include "cell_stop.h"
#include "clock.h"
#include "copy.h"
#include "daemon_cell.h"
#include "damaged.h"
#include "ending.h"
#include "log.h"
#include "mem.h"
#include "scope.h"
#include "status.h"
#include "stops.h"
#include "str.h"

/* A verb waits for a stop in progress that ends within this time, otherwise it fails at once. */
#define PATIENCE_MS 30000

/* An unfinished start was interrupted: its process would hold the lock that we hold. */
static void undo_start(struct engine *e, const struct addr *a, const char *ns, struct cell_doc *doc)
{
	const char *reason = doc->status.ready_observed ? "StartCellFailed" : "CreateCellFailed";
	struct cell_run run;
	struct kerr why = { 0 };

	if (daemon_cell_is(a) || cell_run_load(e, a, &run, NULL) < 0 || run.complete)
		return;
	(void) kerr_plain(&why, -EINTR, "the start was interrupted");
	if (!cell_failed_sticky(doc))
		cell_fail(e, ns, doc, reason, &why);
	else if (cell_stop_locked(e, ns, doc, CELL_STOP_KILL | CELL_STOP_NO_SAVE, NULL) < 0)
		log_wrn("cannot clean up an interrupted start; will retry", "cell", a->cell);
}

int cell_load_locked(struct engine *e, const struct addr *a, struct cell_doc *ret, char **ret_ns,
		     struct kerr *err)
{
	int r;

	r = store_load(&e->layout, a, 0, ret, err);
	if (r == -ENOENT)
		return scope_not_found(a, err);
	if (r < 0)
		return r;
	r = scope_namespace(e, a->realm, ret_ns, err);
	if (r < 0)
		model_clear(&cell_doc_type, ret);
	else
		undo_start(e, a, *ret_ns, ret);
	return r;
}

/* Load a cell, damaged or not; removing it finds out what runs. */
static int load_any(struct engine *e, const struct addr *a, struct cell_doc *ret, char **ret_ns,
		    struct kerr *err)
{
	struct kerr why = { 0 };
	int r = damaged_load(e, a, ret, &why);

	if (r == -ENOENT)
		return scope_not_found(a, err);
	r = damaged_namespace(e, a->realm, ret_ns, err);
	if (r < 0)
		model_clear(&cell_doc_type, ret);
	return r;
}

static int load(struct engine *e, const struct addr *a, enum cell_take_flags flags,
		struct cell_doc *ret, char **ret_ns, struct kerr *err)
{
	return flags & CELL_TAKE_ANY ? load_any(e, a, ret, ret_ns, err)
				     : cell_load_locked(e, a, ret, ret_ns, err);
}

int cell_settle_stop_locked(struct engine *e, const char *ns, struct cell_doc *doc,
			    struct ending *ret_wait, struct kerr *err)
{
	static const struct stop_how go_on = { .flags = CELL_STOP_GO_ON };
	cleanup_stops struct stops list = { 0 };
	struct addr a = addr_of_cell(doc);
	const struct stop_order *o;
	int r = stops_load(e, &a, &list, err);

	if (r < 0)
		return kerr_wrap(err, r, "stop or kill cell \"%s\"", a.cell);
	o = stops_find(&list, STOP_CELL);
	if (!o || o->ended)
		return 0;
	return cell_end_locked(e, ns, doc, &go_on, ret_wait, err);
}

/* Called with the lock. 1: the cell is being stopped; *w has the processes. */
static int load_at_rest(struct engine *e, const struct addr *a, enum cell_take_flags flags,
			struct cell_doc *ret, char **ret_ns, struct ending *w, struct kerr *err)
{
	int ending = cell_recover_locked(e, a, w, err);
	int r;

	/* For removal, the cell and the record of an earlier stop may be damaged. */
	if (ending < 0 && !(flags & CELL_TAKE_ANY))
		return ending;
	if (ending > 0 && !(flags & CELL_TAKE_ENDING))
		return ending;
	ending_clear(w);
	r = load(e, a, flags, ret, ret_ns, err);
	if (r < 0 || flags & CELL_TAKE_ENDING)
		return r;
	r = cell_settle_stop_locked(e, *ret_ns, ret, w, err);
	if (r == 0)
		return 0;
	model_clear(&cell_doc_type, ret);
	free(*ret_ns);
	*ret_ns = NULL;
	return r;
}

/* 0 if the remaining time is short enough to wait. */
static int refuse_ending(const struct addr *a, int64_t due_ms, struct kerr *err)
{
	cleanup_buf struct buf left = BUF_INIT(64);

	if (clock_left(due_ms) <= PATIENCE_MS)
		return 0;
	duration_text(&left, (int64_t) (clock_left(due_ms) / 1000) * INT64_C(1000000000));
	return kerr_plain(
		err, -EBUSY,
		"cell \"%s\" is being stopped and has %s left; 'kuke kill' ends it at once",
		a->cell, buf_str(&left));
}

int cell_await(struct engine *e, const struct addr *a, struct ending *w, struct kerr *err)
{
	int r = refuse_ending(a, w->due_ms, err);

	if (r == 0)
		return ending_wait(e, w, 0, err);
	ending_clear(w);
	return r;
}

int cell_check_rest(struct engine *e, const struct addr *a, struct kerr *err)
{
	cleanup_stops struct stops list = { 0 };
	const struct stop_order *o;
	int r;

	r = stops_load(e, a, &list, err);
	if (r < 0)
		return kerr_wrap(err, r, "stop or kill cell \"%s\"", a->cell);
	o = stops_find(&list, STOP_CELL);
	return o && !o->ended && o->due_ms >= 0 ? refuse_ending(a, o->due_ms, err) : 0;
}

static int take_once(struct engine *e, const struct addr *a, enum cell_take_flags flags,
		     struct cell_doc *ret, char **ret_ns, struct ending *w, struct kerr *err)
{
	int r;

	/* Before taking the lock, which would create a lock file for a missing cell. */
	r = store_exists(&e->layout, a, err);
	if (r == 0)
		return scope_not_found(a, err);
	if (r < 0)
		return r;
	r = scope_prepare_trees(e, err);
	if (r == 0)
		r = locks_take_path(e->locks, a, 0, err);
	if (r < 0)
		return r;
	r = load_at_rest(e, a, flags, ret, ret_ns, w, err);
	if (r != 0)
		locks_drop_path(e->locks, a);
	return r;
}

int cell_take(struct engine *e, const struct addr *a, enum cell_take_flags flags,
	      struct cell_doc *ret, char **ret_ns, struct kerr *err)
{
	cleanup_ending struct ending w = { 0 };
	int r;

	r = scope_check(a, ADDR_CELL, 0, err);
	if (r == 0)
		r = take_once(e, a, flags, ret, ret_ns, &w, err);
	while (r == 1) {
		r = cell_await(e, a, &w, err);
		if (r == 0)
			r = take_once(e, a, flags, ret, ret_ns, &w, err);
	}
	return r;
}

void cell_release(struct engine *e, const struct addr *a)
{
	struct lock_id id = lock_id_object(a);

	if (locks_held(e->locks, &id))
		locks_drop_path(e->locks, a);
}

/* ---- stopping, with the lock released while waiting ---- */

/* Set the id of the cell's start or of the container's run. */
static void identify(struct engine *e, const char *ns, const struct cell_doc *doc, const char *only,
		     char ret[SHIM_RUN_ID_SIZE])
{
	struct addr a = addr_of_cell(doc);
	struct cell_run run = { 0 };

	ret[0] = '\0';
	if (only)
		cell_find_run(e, ns, doc, only, ret);
	else if (cell_run_load(e, &a, &run, NULL) == 0)
		memcpy(ret, run.start_id, sizeof(run.start_id));
}

static int end_step(struct engine *e, const char *ns, struct cell_doc *doc,
		    const struct stop_how *how, struct ending *w, struct kerr *err)
{
	return how->only ? cell_end_one_locked(e, ns, doc, how, w, err)
			 : cell_end_locked(e, ns, doc, how, w, err);
}

/* Release the lock, wait, take it again and reload. On failure no lock is held. */
static int retake(struct engine *e, const struct addr *a, enum cell_take_flags flags,
		  struct ending *w, struct cell_doc *doc, char **ns, struct kerr *err)
{
	int r;

	locks_drop_path(e->locks, a);
	r = flags & CELL_TAKE_PATIENT ? cell_await(e, a, w, err) : ending_wait(e, w, 0, err);
	if (r < 0)
		return r;
	model_clear(&cell_doc_type, doc);
	free(*ns);
	*ns = NULL;
	r = cell_take(e, a, flags | CELL_TAKE_ENDING, doc, ns, err);
	if (r == 0) {
		r = cell_observe(e, *ns, doc, NULL, err);
		if (r < 0)
			locks_drop_path(e->locks, a);
	}
	return r;
}

int cell_end(struct engine *e, const struct addr *a, enum cell_take_flags flags,
	     const struct stop_how *how, struct cell_doc *doc, char **ns, struct kerr *err)
{
	cleanup_ending struct ending w = { 0 };
	char mine[SHIM_RUN_ID_SIZE], now[SHIM_RUN_ID_SIZE];
	struct stop_how h = *how;
	int64_t due;
	int r;

	identify(e, *ns, doc, h.only, mine);
	r = end_step(e, *ns, doc, &h, &w, err);
	while (r == 1) {
		due = w.due_ms;
		r = retake(e, a, flags, &w, doc, ns, err);
		if (r < 0)
			return r;
		identify(e, *ns, doc, h.only, now);
		if (!streq(mine, now)) /* it was stopped meanwhile, and possibly restarted */
			return 0;
		h.flags |= CELL_STOP_GO_ON;
		h.grace_ms = clock_left(due);
		r = end_step(e, *ns, doc, &h, &w, err);
	}
	return r;
}
