/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>

#include "atomic.h"
#include "cell_names.h"
#include "cell_ports.h"
#include "cell_run.h"
#include "cell_sandbox.h"
#include "cell_start.h"
#include "cell_status.h"
#include "cell_stop.h"
#include "cellnet.h"
#include "cgroup.h"
#include "container.h"
#include "container_check.h"
#include "convert.h"
#include "image.h"
#include "log.h"
#include "mem.h"
#include "path.h"
#include "restart.h"
#include "scope.h"
#include "shim.h"
#include "shim_state.h"
#include "status.h"
#include "str.h"

/* Fields of a container's status that a failed start restores. */
struct before {
	container_state state;
	struct ktime start_time;
	struct ktime restart_time;
	int64_t restart_count;
};

/* State passed between the phases of a start. */
struct start {
	struct engine *e;
	const char *ns;
	struct cell_doc *doc;
	struct addr a;
	struct cell_run run;
	char *dir;
	char *hosts, *hostname, *resolv;
	struct cell_mounts mounts;
	struct container_run *runs; /* one per container of the spec */
	struct image *images;
	struct before *before;
	const char *only; /* start this container only; NULL: all */
	int64_t restart; /* number of this automatic restart; 0: started on request */
	bool fresh; /* the document has not been synced yet */
	bool durable;
	bool begun; /* start of one container: from here on, a failure sets the cell's state */
	bool ready_observed; /* values before make_durable */
	struct ktime ready_at;
};

static void start_clear(struct start *s)
{
	for (size_t i = 0; s->runs && i < s->doc->spec.containers.n; i++) {
		container_run_clear(&s->runs[i]);
		image_clear(&s->images[i]);
	}
	free(s->runs);
	free(s->images);
	free(s->before);
	free(s->dir);
	free(s->hosts);
	free(s->hostname);
	free(s->resolv);
}

static int make_cgroup(struct start *s, struct kerr *err)
{
	cleanup_free char *cgroup = scope_cgroup(s->e, &s->a);
	enum cgroup_ensure_flags flags = CGROUP_ENSURE_TOLERANT;
	int r;

	if (s->doc->spec.nested_cgroup_runtime)
		flags |= CGROUP_ENSURE_NESTED;
	r = cgroup_ensure(s->e->cgroups, cgroup, flags, NULL, err);
	engine_trace_step(s->e, "cgroup");
	return r < 0 ? kerr_wrap(err, r, "failed to create cell cgroup") : 0;
}

static void fill_mounts(struct start *s)
{
	bool host = cell_host_network(&s->doc->spec);

	s->dir = cell_run_dir(s->e, &s->a, &s->run);
	s->hosts = layout_object(&s->e->layout, &s->a, CELL_ETC_HOSTS);
	s->hostname = layout_object(&s->e->layout, &s->a, CELL_ETC_HOSTNAME);
	s->resolv = path_join(s->dir, "resolv.conf", NULL);
	s->mounts = (struct cell_mounts){
		.dir = s->dir,
		.start_id = s->run.start_id,
		.hosts = s->hosts,
		.hostname = s->hostname,
		.resolv = s->resolv,
		.host_network = host,
	};
}

static bool runs(const struct cell_doc *doc, size_t i)
{
	return container_state_is_up(doc->status.containers.v[i].state);
}

static bool stands(struct start *s)
{
	return cell_run_load(s->e, &s->a, &s->run, NULL) == 0 && s->run.complete;
}

/* Return whether the cell is already started. */
static bool is_up(struct start *s)
{
	if (!stands(s))
		return false;
	for (size_t i = 0; i < s->doc->spec.containers.n; i++)
		if (!container_is_synthesized(&s->doc->spec.containers.v[i]) && !runs(s->doc, i))
			return false;
	return true;
}

/*
 * Keep the start of a Ready cell, even if its containers are stopped; otherwise begin a
 * new one, also if the root has ended: workloads still running in the old start are
 * being stopped.
 */
static int make_run(struct start *s, struct kerr *err)
{
	int r;

	if (s->doc->status.state == CELL_STATE_READY && stands(s)) {
		fill_mounts(s);
		return restarts_drop(s->e, &s->a, err);
	}
	r = cell_run_load(s->e, &s->a, &s->run, NULL);
	if (r == -ENOENT)
		r = cell_run_end(s->e, &s->a, err);
	else
		r = cell_stop_locked(s->e, s->ns, s->doc, CELL_STOP_KILL, err);
	if (r == 0)
		r = cell_run_begin(s->e, &s->a, &s->run, err);
	if (r < 0)
		return r;
	fill_mounts(s);
	return cell_run_connect(s->e, s->doc, &s->run, err);
}

static bool to_start(const struct start *s, size_t i)
{
	const struct container_spec *c = &s->doc->spec.containers.v[i];

	if (container_is_synthesized(c) || (s->only && !streq_null(c->id, s->only)))
		return false;
	return !runs(s->doc, i);
}

/* Create images, records and root file systems of all containers before any is started. */
static int create_containers(struct start *s, struct kerr *err)
{
	size_t n = s->doc->spec.containers.n;
	bool exits = false; /* stored only in the records that this start replaces */
	int r = 0;

	s->runs = xcalloc(n + 1, sizeof(*s->runs));
	s->images = xcalloc(n + 1, sizeof(*s->images));
	s->before = xcalloc(n + 1, sizeof(*s->before));
	for (size_t i = 0; i < n; i++) {
		if (!to_start(s, i))
			continue;
		container_run_init(&s->runs[i], s->e, s->ns, s->doc, &s->doc->spec.containers.v[i]);
		s->before[i].state = s->doc->status.containers.v[i].state;
		s->before[i].start_time = s->doc->status.containers.v[i].start_time;
		s->before[i].restart_time = s->doc->status.containers.v[i].restart_time;
		s->before[i].restart_count = s->doc->status.containers.v[i].restart_count;
		exits |= container_exit_is_volatile(&s->runs[i]);
	}
	if (exits)
		r = cell_save(s->e, s->doc, 0, err);
	for (size_t i = 0; r == 0 && i < n; i++)
		if (s->runs[i].e)
			r = container_create(&s->runs[i], &s->mounts, &s->images[i], err);
	return r;
}

/*
 * Make the start durable while runc works: sync the records and store the document with
 * the states of a successful start. Details of the run (start time, whether it still
 * runs) are in the monitor's record; status is derived from there and the next
 * reconcile pass saves differences. So nothing has to be written at the end of the
 * start, and after a crash the cell counts as started.
 */
static int make_durable(struct start *s, struct kerr *err)
{
	int r = 0;

	if (s->durable)
		return 0;
	for (size_t i = 0; r == 0 && i < s->doc->spec.containers.n; i++) {
		struct container_status *status = &s->doc->status.containers.v[i];

		if (!s->runs[i].e)
			continue;
		status->state = CONTAINER_STATE_READY;
		status->start_time = ktime_now();
		status->restart_count = s->restart;
		status->restart_time = s->restart ? status->start_time : (struct ktime){ 0 };
		r = container_sync(&s->runs[i], err);
	}
	cell_set_state(s->doc, CELL_STATE_READY, NULL, NULL);
	cell_observe_network(s->e, s->doc, &s->run);
	if (r == 0)
		r = cell_save(s->e, s->doc, STORE_SAVE_NOT_YET, err);
	s->durable = r == 0;
	engine_trace_step(s->e, "save");
	return r;
}

/* Begin all containers of a kind, then wait for all that were begun, even on error. */
static int start_kind(struct start *s, bool root, struct kerr *err)
{
	struct kerr why = { 0 };
	bool begun = false;
	int k, r = 0;

	for (size_t i = 0; r == 0 && i < s->doc->spec.containers.n; i++) {
		if (!s->runs[i].e || s->doc->spec.containers.v[i].root != root)
			continue;
		r = container_begin(&s->runs[i], s->doc, &s->mounts, &s->images[i], &why);
		begun |= r == 0;
	}
	if (r == 0 && (begun || !root))
		r = make_durable(s, &why);
	for (size_t i = 0; i < s->doc->spec.containers.n; i++) {
		if (!s->runs[i].e || s->runs[i].pending.status_fd < 0)
			continue;
		k = container_finish(&s->runs[i], r < 0 ? NULL : &why);
		r = r < 0 ? r : k;
	}
	if (r < 0 && err)
		*err = why;
	return r;
}

/* Undo: the container counts as not started, even if it ran briefly. */
static void undo_container(struct start *s, size_t i)
{
	struct container_status *status = &s->doc->status.containers.v[i];
	struct kerr err = { 0 };
	char text[KERR_TEXT_MAX];

	status->state = s->before[i].state;
	status->start_time = s->before[i].start_time;
	status->restart_time = s->before[i].restart_time;
	status->restart_count = s->before[i].restart_count;
	if (s->runs[i].begun && container_undo(&s->runs[i], &err) < 0)
		log_wrn("cannot clean up after a failed start", "container", s->runs[i].id, "error",
			kerr_text(&err, text, sizeof(text)));
}

/* Start the root first: when it ends, the cell ends. */
static int start_containers(struct start *s, struct kerr *err)
{
	int r;

	r = start_kind(s, true, err);
	if (r == 0)
		r = start_kind(s, false, err);
	if (r < 0) { /* roll back: Ready was stored before the start was confirmed */
		s->doc->status.ready_observed = s->ready_observed;
		s->doc->status.ready_at = s->ready_at;
	}
	for (size_t i = 0; r < 0 && i < s->doc->spec.containers.n; i++)
		if (s->runs[i].e)
			undo_container(s, i);
	engine_trace_step(s->e, "runc");
	if (r == 0)
		r = cell_run_complete(s->e, &s->a, &s->run, err);
	return r < 0 ? r : cell_observe(s->e, s->ns, s->doc, NULL, err);
}

/* All containers run: set Ready and clear the error of an earlier failure. */
static int leave_up(struct start *s, struct kerr *err)
{
	int r;

	cell_set_state(s->doc, CELL_STATE_READY, NULL, NULL);
	r = cell_observe(s->e, s->ns, s->doc, NULL, err);
	return r < 0 ? r : cell_save(s->e, s->doc, 0, err);
}

struct phase {
	int (*run)(struct start *s, struct kerr *err);
	bool create; /* on an early failure, report CreateCellFailed */
};

int cell_start_locked(struct engine *e, const char *ns, struct cell_doc *doc,
		      enum cell_start_flags flags, struct kerr *err)
{
	static const struct phase phases[] = {
		{ make_cgroup, true },
		{ make_run, true },
		{ create_containers, true },
		{ start_containers, false },
	};
	const char *reason = flags & CELL_START_NEW ? "CreateCellFailed" : "StartCellFailed";
	cleanup_(start_clear) struct start s = { .e = e, .ns = ns, .doc = doc };
	struct kerr why = { 0 };
	int r;

	s.a = addr_of_cell(doc);
	s.ready_observed = doc->status.ready_observed;
	s.ready_at = doc->status.ready_at;
	s.fresh = flags & CELL_START_NEW;
	if (is_up(&s)) /* the cell is up: leave it unchanged */
		return leave_up(&s, err);
	/* Errors up to here are the host's and leave the cell's state unchanged. */
	r = scope_refuse_deleting(e, &s.a, &why);
	if (r == 0)
		r = container_check_cell(e, doc, &why);
	if (r == 0)
		r = cell_networks_check(e, doc, &why);
	if (r == 0)
		r = cell_ports_check(e, doc, NULL, &why);
	if (r < 0 && !(flags & CELL_START_NEW)) {
		if (err)
			*err = why;
		return r;
	}
	if (r == 0)
		r = scope_prepare_trees(e, &why);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(phases); i++) {
		r = phases[i].run(&s, &why);
		if (r < 0 && !phases[i].create)
			reason = "StartCellFailed";
	}
	if (r == 0)
		return 0;
	cell_fail(e, ns, doc, reason, &why);
	if (err)
		*err = why;
	return r;
}

static int join_run(struct start *s, struct kerr *err)
{
	int r = cell_run_load(s->e, &s->a, &s->run, err);

	if (r == -ENOENT)
		return kerr_plain(
			err, r,
			"cell \"%s\" is not started, start the cell first using 'kuke start "
			"cell %s'",
			s->a.cell, s->a.cell);
	if (r == 0)
		fill_mounts(s);
	return r;
}

/*
 * Start one container of a started cell. Host errors before anything changed are
 * returned in *err.
 */
static int start_one(struct start *s, struct kerr *err)
{
	int r;

	s->a = addr_of_cell(s->doc);
	s->ready_observed = s->doc->status.ready_observed;
	s->ready_at = s->doc->status.ready_at;
	r = join_run(s, err);
	if (r == 0 && !s->restart)
		r = scope_refuse_deleting(s->e, &s->a, err);
	if (r == 0)
		r = container_check_cell(s->e, s->doc, err);
	if (r < 0)
		return r;
	s->begun = true;
	r = create_containers(s, err);
	return r < 0 ? r : start_containers(s, err);
}

int cell_start_one_locked(struct engine *e, const char *ns, struct cell_doc *doc, const char *id,
			  struct kerr *err)
{
	cleanup_(start_clear) struct start s = { .e = e, .ns = ns, .doc = doc, .only = id };
	struct kerr why = { 0 };
	int r = start_one(&s, &why);

	if (r == 0)
		return restarts_forget(e, &s.a, id, err);
	if (s.begun)
		cell_fail(e, ns, doc, "StartContainerFailed", &why);
	if (err)
		*err = why;
	return r;
}

/* Return whether an operator stopped it. */
static bool is_held(struct engine *e, const char *ns, const struct cell_doc *doc, const char *id)
{
	cleanup_container_run struct container_run run = { 0 };
	struct shim_status st;

	container_run_init(&run, e, ns, doc, cell_container(&doc->spec, id));
	/* If the record is unreadable, assume so: no automatic restart. */
	return shim_state(&run.how.place, &st, NULL) == 0 &&
	       container_was_stopped(&run, &st, NULL) != 0;
}

static void keep_held(struct start *s)
{
	cleanup_container_run struct container_run run = { 0 };
	struct kerr err = { 0 };
	char text[KERR_TEXT_MAX];

	container_run_init(&run, s->e, s->ns, s->doc, cell_container(&s->doc->spec, s->only));
	if (container_keep_stopped(&run, &err) < 0)
		log_wrn("cannot clean up after a failed start", "container", run.id, "error",
			kerr_text(&err, text, sizeof(text)));
}

int cell_restart_one_locked(struct engine *e, const char *ns, struct cell_doc *doc, const char *id,
			    int64_t count, struct kerr *err)
{
	struct start s cleanup_(
		start_clear) = { .e = e, .ns = ns, .doc = doc, .only = id, .restart = count };
	bool held = count == 0 && is_held(e, ns, doc, id);
	int r = start_one(&s, err);

	if (r < 0 && held && s.begun)
		keep_held(&s);
	if (r < 0 && s.durable) /* roll back: Ready was stored before the start was confirmed */
		(void) cell_save(e, doc, 0, NULL);
	if (r == 0 && count > 0) {
		struct container_status *status = cell_container_status(doc, id);

		status->restart_time = status->start_time;
	}
	return r < 0 || count > 0 ? r : restarts_forget(e, &s.a, id, err);
}
