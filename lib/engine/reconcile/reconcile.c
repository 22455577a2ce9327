/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "allow_pass.h"
#include "atomic.h"
#include "cell_delete.h"
#include "cell_id.h"
#include "cell_link.h"
#include "cell_load.h"
#include "cell_run.h"
#include "cell_start.h"
#include "cell_status.h"
#include "cell_stop.h"
#include "cgroup.h"
#include "clock.h"
#include "container.h"
#include "convert.h"
#include "copy.h"
#include "daemon_cell.h"
#include "egress_pass.h"
#include "ending.h"
#include "field.h"
#include "idle.h"
#include "intent.h"
#include "log.h"
#include "mem.h"
#include "net_overlap.h"
#include "net_rules.h"
#include "network.h"
#include "parent_settle.h"
#include "path.h"
#include "reconcile.h"
#include "restart.h"
#include "scope.h"
#include "shim.h"
#include "shim_state.h"
#include "stage.h"
#include "status.h"
#include "stops.h"
#include "str.h"
#include "sweep.h"
#include "wake.h"
#include "workers.h"

#define RESTART_RETRY_MS 5000 /* delay after a restart that could not even be tried */

static int adopt_lost(struct engine *e, const char *ns, const struct cell_doc *doc,
		      struct kerr *err)
{
	struct addr a = addr_of_cell(doc);
	int r = 0;

	if (daemon_cell_is(&a)) {
		r = daemon_cell_adopt(e, ns, doc, err);
		if (r > 0)
			log_inf("started a monitor for the daemon, whose own died");
		return r < 0 ? r : 0;
	}
	for (size_t i = 0; r == 0 && i < doc->spec.containers.n; i++) {
		cleanup_container_run struct container_run run = { 0 };
		struct shim_status st;

		if (container_is_synthesized(&doc->spec.containers.v[i]))
			continue;
		container_run_init(&run, e, ns, doc, &doc->spec.containers.v[i]);
		if (shim_state(&run.how.place, &st, NULL) < 0 || st.state != SHIM_LOST)
			continue;
		r = container_run_ready(&run, err);
		if (r == 0)
			r = shim_adopt(&run.how, err);
		if (r == 0)
			log_inf("took over a container whose monitor died", "container", run.id);
		if (r == -EBUSY)
			r = 0;
	}
	return r;
}

/* Recreate the cgroup of a cell that has been up. 1 recreated, 0 it existed. */
static int mend_cgroup(struct engine *e, const struct cell_doc *doc, struct kerr *err)
{
	struct addr a = addr_of_cell(doc);
	cleanup_free char *cgroup = scope_cgroup(e, &a);

	if (!doc->status.ready_observed || cgroup_exists(e->cgroups, cgroup) != 0)
		return 0;
	return cgroup_ensure(e->cgroups, cgroup, CGROUP_ENSURE_TOLERANT, NULL, err);
}

/* Restart one container by its policy. *ret_changed: its line changed and must be stored. */
static void restart_one(struct engine *e, const char *ns, struct cell_doc *doc,
			const struct container_spec *c, struct restarts *list, bool *ret_changed)
{
	cleanup_container_run struct container_run run = { 0 };
	struct restart *line = restarts_find(list, c->id);
	const struct container_status *status = cell_container_status(doc, c->id);
	struct ktime wall = ktime_now();
	struct addr a = addr_of_cell(doc);
	struct restart before;
	struct shim_status st;
	int stopped;
	struct kerr err = { 0 };
	char text[KERR_TEXT_MAX];

	container_run_init(&run, e, ns, doc, c);
	if (shim_state(&run.how.place, &st, NULL) < 0)
		return;
	stopped = container_was_stopped(&run, &st, NULL);
	if (stopped < 0) /* unknown: the container is Unknown and not restarted */
		return;
	if (!restart_is_owed(c->restart_policy, line, &st, stopped > 0)) {
		if (line &&
		    line->due_ms >= 0) { /* its policy changed, or it was started meanwhile */
			line->due_ms = -1;
			*ret_changed = true;
		}
		return;
	}
	line = restarts_get(list, c->id);
	before = *line;
	restart_plan(&before, &st, status->restart_count, clock_ms(), &wall, line);
	*ret_changed |= before.due_ms != line->due_ms;
	if (line->due_ms > clock_ms())
		return;
	/* Store the line before trying: an interrupted restart is tried again. */
	if (restarts_save(e, &a, list, &err) < 0 ||
	    cell_restart_one_locked(e, ns, doc, c->id, line->count + 1, &err) < 0) {
		log_wrn("automatic restart failed", "container", run.id, "error",
			kerr_text(&err, text, sizeof(text)));
		restart_failed(line, clock_ms(), &err);
	} else {
		log_inf("restarted", "container", run.id);
		line->due_ms = -1;
	}
	*ret_changed = true;
}

static int restart_owed(struct engine *e, const char *ns, struct cell_doc *doc, bool owed,
			struct kerr *err)
{
	cleanup_restarts struct restarts list = { 0 };
	struct addr a = addr_of_cell(doc);
	bool changed = false;
	int r;

	if (restarts_load(e, &a, &list, NULL) < 0)
		return 0; /* the cell's status reports the file; no restarts until it is readable */
	if (!owed && list.n == 0)
		return 0;
	for (size_t i = 0; i < doc->spec.containers.n; i++)
		if (!container_is_synthesized(&doc->spec.containers.v[i]))
			restart_one(e, ns, doc, &doc->spec.containers.v[i], &list, &changed);
	r = changed ? restarts_save(e, &a, &list, err) : 0;
	return r < 0 ? r : cell_observe(e, ns, doc, NULL, err);
}

enum asked {
	STOPPED = 0, /* and the document was saved */
	UP, /* no stop in progress */
	ASKED, /* up, with a stop in progress that was advanced */
};

/*
 * Continue the stops in progress, or begin to stop a cell whose root has ended. A
 * reconcile pass does not wait: it is run again when a workload ends or its grace period
 * is over. Returns enum asked, or -errno.
 */
static int end_asked(struct engine *e, const char *ns, struct cell_doc *doc, bool root_ended,
		     struct kerr *err)
{
	struct stop_how how = { .grace_ms = CELL_STOP_GRACE_MS, .flags = CELL_STOP_GO_ON };
	cleanup_ending struct ending unused = { 0 };
	cleanup_stops struct stops list = { 0 };
	struct addr a = addr_of_cell(doc);
	int r = 1;

	if (stops_load(e, &a, &list, NULL) < 0)
		return 1; /* the cell's status reports the file; nothing is stopped */
	if (stops_find(&list, STOP_CELL) && !cell_is_ending(e, &a, STOP_CELL))
		stops_remove(&list, STOP_CELL); /* left from an earlier start */
	if (stops_find(&list, STOP_CELL) || root_ended) {
		if (!stops_find(&list, STOP_CELL))
			how.flags = CELL_STOP_ENDED;
		r = cell_end_locked(e, ns, doc, &how, &unused, err);
		return r > 0 ? ASKED : r;
	}
	if (list.n == 0)
		return UP;
	how.flags |= CELL_STOP_NO_SAVE;
	for (size_t i = 0; r >= 0 && i < list.n; i++) {
		how.only = list.v[i].container;
		r = cell_end_one_locked(e, ns, doc, &how, &unused, err);
	}
	return r < 0 ? r : ASKED;
}

/* Recreate the claim of a cell's spec.id from its document. */
static void keep_id(struct engine *e, const struct cell_doc *doc)
{
	struct addr a = addr_of_cell(doc);
	cleanup_free char *where = addr_text(&a);
	struct kerr err = { 0 };
	char text[KERR_TEXT_MAX];
	int r = cell_id_keep(e, &a, doc->spec.id, &err);

	if (r > 0)
		log_wrn("recreated the lost claim of a spec.id", "cell", where, "id", doc->spec.id);
	else if (r < 0)
		log_wrn("cannot recreate the claim of a spec.id", "cell", where, "error",
			kerr_text(&err, text, sizeof(text)));
}

/* Perform the actions cell_observe found, and store changes. *ret_deleted: the cell was deleted. */
static int settle_locked(struct engine *e, const char *ns, struct cell_doc *doc, bool *ret_deleted,
			 struct kerr *err)
{
	struct cell_doc before = { 0 };
	struct cell_seen seen;
	int r, mended, link, up = UP;

	*ret_deleted = false;
	keep_id(e, doc);
	model_copy(&cell_doc_type, &before, doc);
	r = cell_observe(e, ns, doc, &seen, err);
	if (r == 0 && seen.need & CELL_NEED_ADOPT) {
		r = adopt_lost(e, ns, doc, err);
		if (r == 0)
			r = cell_observe(e, ns, doc, &seen, err);
	}
	if (r == 0)
		r = up = end_asked(e, ns, doc, seen.need & CELL_NEED_END, err);
	if (r == UP)
		r = 0; /* unchanged since cell_observe */
	else if (r >= 0)
		r = cell_observe(e, ns, doc, &seen, err);
	if (r == 0 && seen.need & CELL_NEED_DELETE) {
		r = cell_delete_locked(e, ns, doc, err);
		*ret_deleted = r == 0;
	} else if (r == 0 && up == STOPPED) {
		r = 0; /* stopped, and the document is saved */
	} else if (r == 0 && seen.need & CELL_NEED_WIND_DOWN) {
		r = cell_stop_locked(e, ns, doc, CELL_STOP_ENDED, err);
	} else if (r == 0) {
		mended = r = mend_cgroup(e, doc, err);
		if (r >= 0 && !(seen.need & CELL_NEED_END))
			r = restart_owed(e, ns, doc, seen.need & CELL_NEED_RESTART, err);
		link = r == 0 ? cell_link_mend_locked(e, doc, &seen.run, err) : 0;
		if (link != 0)
			r = link < 0 ? link : cell_observe(e, ns, doc, NULL, err);
		if (r == 0 && (mended > 0 || !model_eq(&cell_doc_type, &before, doc)))
			r = cell_save(e, doc, 0, err);
	}
	model_clear(&cell_doc_type, &before);
	return r;
}

static void log_cell(const struct addr *a, const struct kerr *err)
{
	cleanup_free char *where = addr_text(a);
	char text[KERR_TEXT_MAX];

	log_wrn("cell not reconciled", "cell", where, "error", kerr_text(err, text, sizeof(text)));
}

/*
 * Restart a whole cell that was up when the host went down, if a container has
 * restartPolicy always. If an operator stopped it, the document says so.
 */
static bool starts_with_host(struct engine *e, const struct addr *a, const struct cell_doc *doc)
{
	struct cell_run run;
	bool always = false;

	if (doc->status.state != CELL_STATE_READY || doc->spec.auto_delete || daemon_cell_is(a) ||
	    cell_run_load(e, a, &run, NULL) != -ENOENT)
		return false;
	for (size_t i = 0; i < doc->spec.containers.n; i++)
		always |= restart_is_always(doc->spec.containers.v[i].restart_policy);
	return always;
}

static int start_with_host(struct engine *e, const char *ns, struct cell_doc *doc, struct kerr *err)
{
	int r = cell_observe(e, ns, doc, NULL, err);

	if (r == 0)
		r = cell_start_locked(e, ns, doc, 0, err);
	if (r == 0)
		log_inf("started after a reboot", "cell", doc->head.metadata.name);
	else if (!cell_failed_sticky(doc)) /* the start failed early: report the error here */
		cell_fail(e, ns, doc, "StartCellFailed", err);
	return r;
}

enum settle_flags {
	SETTLE_TRY = 1 << 0, /* -EWOULDBLOCK if another process has the cell's lock */
	SETTLE_BOOT = 1 << 1, /* first reconcile pass since the boot */
};

/* A cell deleted meanwhile is not an error. */
static int settle_cell(struct engine *e, const struct addr *a, enum settle_flags flags,
		       struct kerr *err)
{
	cleanup_ending struct ending unused = { 0 };
	struct cell_doc doc = { 0 };
	cleanup_free char *ns = NULL;
	bool deleted;
	int r;

	r = store_exists(&e->layout, a, err);
	if (r <= 0) /* before taking the lock, which would create its file */
		return r;
	r = locks_take_path(e->locks, a, flags & SETTLE_TRY ? LOCKS_TRY : 0, err);
	if (r < 0)
		return r;
	r = cell_recover_locked(e, a, &unused, err);
	if (r == 0)
		r = cell_load_locked(e, a, &doc, &ns, err);
	if (r == 0 && flags & SETTLE_BOOT && starts_with_host(e, a, &doc))
		r = start_with_host(e, ns, &doc, err);
	else if (r == 0)
		r = settle_locked(e, ns, &doc, &deleted, err);
	locks_drop_path(e->locks, a);
	model_clear(&cell_doc_type, &doc);
	return r == -ENOENT || r > 0 ? 0 : r; /* 1: its deletion is still in progress */
}

struct cell_pass {
	struct cell_look look;
	bool boot;
};

/*
 * Skip busy cells, which the next reconcile pass handles, except in the first pass of a
 * boot, which starts cells. An error in one cell does not stop the pass.
 */
static int pass_cell(void *ctx, struct engine *e, const struct addr *a, struct kerr *unused)
{
	struct cell_pass *pass = ctx;
	struct kerr err = { 0 };
	int r;

	(void) unused;
	if (!pass->boot && cell_is_idle(&pass->look, a))
		return 0;
	r = settle_cell(e, a, pass->boot ? SETTLE_BOOT : SETTLE_TRY, &err);
	if (r < 0 && r != -EWOULDBLOCK)
		log_cell(a, &err);
	return 0;
}

static int pass_intent(void *ctx, const struct addr *a)
{
	cleanup_ending struct ending unused = { 0 };
	struct engine *e = ctx;
	struct kerr err = { 0 };
	int r;

	if (addr_level(a) != ADDR_CELL)
		return 0;
	r = locks_take_path(e->locks, a, LOCKS_TRY, &err);
	if (r < 0)
		return 0;
	r = cell_recover_locked(e, a, &unused, &err);
	locks_drop_path(e->locks, a);
	if (r < 0)
		log_cell(a, &err);
	return 0;
}

/* ---- wake-ups ---- */

/* Cells with a free lock first, so that a busy cell does not delay others. */
static void pass_wakes(struct engine *e, struct strlist *keys)
{
	cleanup_free struct addr *busy = xcalloc(keys->n + 1, sizeof(*busy));
	size_t n = 0;

	for (size_t i = 0; i < keys->n; i++) {
		struct addr a = { 0 };
		struct kerr err = { 0 };
		int r = wake_parse(keys->v[i], &a);

		if (r == 0)
			r = settle_cell(e, &a, SETTLE_TRY, &err);
		else
			continue; /* malformed: not a key of kukeon */
		if (r == -EWOULDBLOCK)
			busy[n++] = a;
		else if (r < 0)
			log_cell(&a, &err);
	}
	for (size_t i = 0; i < n; i++) {
		struct kerr err = { 0 };

		if (settle_cell(e, &busy[i], 0, &err) < 0)
			log_cell(&busy[i], &err);
	}
}

/* ---- all objects ---- */

static void log_step(const char *step, const struct kerr *err)
{
	char text[KERR_TEXT_MAX];

	log_wrn("reconcile step failed", "step", step, "error", kerr_text(err, text, sizeof(text)));
}

static int pass_parent(void *ctx, struct engine *e, const struct addr *a, struct kerr *unused)
{
	struct kerr err = { 0 };
	cleanup_free char *where = NULL;
	int r;

	(void) ctx;
	(void) unused;
	r = locks_take_path(e->locks, a, LOCKS_TRY, &err);
	if (r < 0)
		return 0;
	r = parent_settle_locked(e, a, &err);
	locks_drop_path(e->locks, a);
	if (r < 0 && r != -ENOENT) {
		where = addr_text(a);
		log_step(where, &err);
	}
	return 0;
}

/* Return whether the first reconcile pass of this boot is still to come. */
static bool is_first_of_boot(struct engine *e)
{
	cleanup_free char *file = layout_rt(&e->layout, RT_BOOTED);

	return faccessat(AT_FDCWD, file, F_OK, 0) < 0;
}

static void pass_all(struct engine *e, bool boot)
{
	static const enum addr_level parents[] = { ADDR_REALM, ADDR_SPACE, ADDR_STACK };
	struct cell_pass pass = { .look = { .e = e, .flags = CELL_LOOK_MANY }, .boot = boot };
	cleanup_(egress_pass_clear) struct egress_pass egress = { 0 };
	struct addr all = { 0 };
	struct kerr err = { 0 };
	int r;

	if (intent_list(&e->layout, pass_intent, e, &err) < 0)
		log_step("intents", &err);
	egress_pass_begin(e, &egress);
	if (net_rules_sync(e, &err) < 0) /* before spaces are looked at: they report it */
		log_step("firewall", &err);
	for (size_t i = 0; i < ARRAY_SIZE(parents); i++)
		if (scope_each(e, parents[i], &all, pass_parent, NULL, &err) < 0)
			log_step(level_words[parents[i]], &err);
	if (net_rules_sync(e, &err) < 0)
		log_step("firewall", &err);
	net_overlap_warn(e);
	if (cell_links_look(e, &err) < 0)
		log_step("links", &err);
	cell_links_sweep(e);
	/* At boot, cells are started: side by side. */
	r = boot ? workers_each_cell(e, &all, pass_cell, &pass, &err)
		 : scope_each_name(e, ADDR_CELL, &all, pass_cell, &pass, &err);
	if (r < 0)
		log_step("cells", &err);
	cell_look_clear(&pass.look);
	cell_links_forget(e);
	egress_pass_end(e, &egress);
}

/* The first pass of this boot is done: later passes start no cells. */
static void mark_booted(struct engine *e)
{
	cleanup_free char *file = layout_rt(&e->layout, RT_BOOTED);
	cleanup_free char *restarts = layout_rt(&e->layout, RT_RESTARTS);
	cleanup_free char *published = layout_rt(&e->layout, RT_PUBLISHED);
	cleanup_free char *allowed = layout_rt(&e->layout, RT_ALLOWED);
	struct kerr err = { 0 };

	if (mkdir_p(restarts, 0700, &err) < 0 || mkdir_p(published, 0700, &err) < 0 ||
	    mkdir_p(allowed, 0700, &err) < 0 ||
	    atomic_write_at(AT_FDCWD, file, "", 0, 0600, ATOMIC_WRITE_NOSYNC, &err) < 0)
		log_step("boot", &err);
}

static int64_t sooner(int64_t a, int64_t b)
{
	return a < 0 || (b >= 0 && b < a) ? b : a;
}

/*
 * Return when to look again: the next restart, end of a grace period or of a temporary rule,
 * or a retry of what was due and failed.
 */
static int64_t next_look(struct engine *e, int64_t looked_at)
{
	cleanup_strlist struct strlist late = { 0 };
	int64_t next = restarts_due(e, looked_at, &late);

	next = sooner(next, stops_due(e, looked_at, &late));
	next = sooner(next, allow_pass_next(e));
	return late.n ? sooner(next, clock_ms() + RESTART_RETRY_MS) : next;
}

static const char *const pass_words[] = { [ENGINE_PASS_WAKES] = "wakes",
					  [ENGINE_PASS_RULES] = "rules",
					  [ENGINE_PASS_ALL] = "all",
					  [ENGINE_PASS_START] = "start" };

int engine_reconcile(struct engine *e, enum engine_pass kind, int64_t *ret_next_ms)
{
	cleanup_strlist struct strlist keys = { 0 };
	int64_t now = clock_ms();
	struct kerr err = { 0 };
	bool boot;
	int r;

	*ret_next_ms = -1;
	r = scope_prepare_trees(e, &err);
	if (r < 0) {
		log_step("trees", &err);
		return r;
	}
	if (stage_prepare(e, &err) < 0) /* the next start tries it again, and reports it */
		log_step("mounts for the runtime", &err);
	boot = kind == ENGINE_PASS_START && is_first_of_boot(e);
	wake_take(e, &keys);
	(void) restarts_due(e, now, &keys);
	(void) stops_due(e, now, &keys);
	if (!boot) /* at boot, no wake-up can be pending yet */
		pass_wakes(e, &keys);
	if (kind == ENGINE_PASS_RULES && net_rules_sync(e, &err) < 0)
		log_step("firewall", &err);
	allow_pass(e);
	if (kind >= ENGINE_PASS_ALL)
		pass_all(e, boot);
	if (boot)
		mark_booted(e);
	if (kind == ENGINE_PASS_START || (kind == ENGINE_PASS_ALL && sweep_is_due(e)))
		sweep(e);
	*ret_next_ms = next_look(e, now);
	log_dbg("pass", "kind", pass_words[kind]);
	return 0;
}
