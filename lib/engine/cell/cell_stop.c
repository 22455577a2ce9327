/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <signal.h>

#include "cell_names.h"
#include "cell_ports.h"
#include "cell_run.h"
#include "cell_sandbox.h"
#include "cell_status.h"
#include "cell_stop.h"
#include "cgroup_kill.h"
#include "clock.h"
#include "container.h"
#include "convert.h"
#include "copy.h"
#include "ending.h"
#include "fd.h"
#include "log.h"
#include "mem.h"
#include "path.h"
#include "procinfo.h"
#include "restart.h"
#include "scope.h"
#include "shim.h"
#include "shim_state.h"
#include "status.h"
#include "stops.h"
#include "str.h"
#include "wake.h"

/* Time for a killed process to end and its monitor to clean up. */
#define KILL_WAIT_MS 5000
#define SETTLE_WAIT_MS 10000

/* A container being stopped. */
struct stopping {
	struct container_run run;
	struct shim_status st;
	int pidfd; /* pidfd of its init while it runs, else -1 */
};

static void stopping_clear(struct stopping *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		container_run_clear(&v[i].run);
		fd_close_p(&v[i].pidfd);
	}
	free(v);
}

/* The record says that the start has not finished, but processes exist: it is out of date. */
static bool has_lost_record(const struct container_run *run)
{
	struct shim_status st;

	return shim_state(&run->how.place, &st, NULL) == 0 && st.state == SHIM_STARTING &&
	       cgroup_populated(run->e->cgroups, run->cgroup) > 0;
}

/* If the record is unreadable, kill all processes in the container's cgroup. */
static int settle(struct stopping *s, struct kerr *err)
{
	struct kerr why = { 0 };
	int r = has_lost_record(&s->run)
			? -EBADMSG
			: shim_settle(&s->run.how.place, SETTLE_WAIT_MS, &s->st, &why);

	if (r == -EBADMSG) {
		s->st = (struct shim_status){ .state = SHIM_NEVER };
		return 0;
	}
	if (r < 0 && err)
		*err = why;
	return r;
}

/* Its init has ended: wait until the monitor has stored the exit and exited. */
static int settle_ended(struct stopping *s, struct kerr *err)
{
	cleanup_fd int shim = -EBADF;

	if (s->st.state == SHIM_RUNNING)
		shim = proc_open_same(s->st.shim_pid, s->st.shim_start);
	if (shim >= 0)
		(void) pidfd_wait(shim, SETTLE_WAIT_MS);
	return settle(s, err);
}

/*
 * If the monitor died, start a new one first, to record the exit status. On failure,
 * stop the container anyway.
 */
static void adopt_if_lost(struct stopping *s)
{
	struct kerr why = { 0 };
	char text[KERR_TEXT_MAX];
	int r;

	if (s->st.state != SHIM_LOST)
		return;
	r = container_run_ready(&s->run, &why);
	if (r == 0)
		r = shim_adopt(&s->run.how, &why);
	if (r < 0 && r != -EBUSY)
		log_wrn("container has no monitor; its exit status will be lost", "container",
			s->run.id, "error", kerr_text(&why, text, sizeof(text)));
	else
		(void) shim_state(&s->run.how.place, &s->st, NULL); /* else keep the old one */
}

/* It had ended by itself, and would be restarted by its policy. */
static bool stays_down(const struct stopping *s, enum cell_stop_flags flags)
{
	return !(flags & CELL_STOP_ENDED) && s->st.state == SHIM_ENDED &&
	       restart_wanted(s->run.spec->restart_policy, s->st.exit.code);
}

/*
 * Open a pidfd if it runs. sig: send it, and record that an operator stops the
 * container; 0: this was done before.
 */
static int open_one(struct stopping *s, int sig, enum cell_stop_flags flags, struct kerr *err)
{
	struct kerr why = { 0 };
	char text[KERR_TEXT_MAX];
	int r;

	r = settle(s, err);
	if (r < 0)
		return r;
	adopt_if_lost(s);
	s->pidfd = shim_open_init(&s->st);
	if (s->pidfd < 0) {
		r = settle_ended(s, err);
		if (r < 0)
			return r;
	}
	if (!sig || (s->pidfd < 0 && !stays_down(s, flags)))
		return 0;
	r = container_mark_stopped(&s->run, &s->st, &why);
	if (r < 0) /* stop anyway, even if the disk is full: the container will count as failed */
		log_wrn("cannot record that a container was stopped", "container", s->run.id,
			"error", kerr_text(&why, text, sizeof(text)));
	if (s->pidfd < 0)
		return 0;
	(void) pidfd_signal(s->pidfd, sig); /* fails if it has just ended */
	container_thaw(&s->run);
	return 0;
}

static int signal_for(const struct stopping *s, bool ask, enum cell_stop_flags flags)
{
	if (!ask)
		return 0;
	return flags & CELL_STOP_KILL ? SIGKILL : container_stop_signal(&s->run);
}

/* The grace period is over: kill the remaining processes and wait for their monitors. */
static int kill_rest(struct stopping *v, size_t n, struct kerr *err)
{
	int64_t deadline = clock_ms() + KILL_WAIT_MS;

	for (size_t i = 0; i < n; i++) {
		if (v[i].pidfd < 0)
			continue;
		(void) pidfd_signal(v[i].pidfd, SIGKILL);
		container_thaw(&v[i].run);
	}
	for (size_t i = 0; i < n; i++) {
		int r;

		if (v[i].pidfd >= 0 && pidfd_wait(v[i].pidfd, clock_left(deadline)) == 0)
			return kerr_plain(err, -ETIME,
					  "container %s does not end: process %d ignores SIGKILL",
					  v[i].run.id, (int) v[i].st.pid);
		r = settle_ended(&v[i], err);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Containers to stop: all workloads, the explicit root, or the one with that id. */
struct stop_target {
	bool roots;
	const char *only;
};

static bool is_target(const struct stop_target *w, const struct container_spec *c)
{
	if (container_is_synthesized(c))
		return false;
	return w->only ? streq_null(c->id, w->only) : c->root == w->roots;
}

/* One step of a stop, of a cell or one of its containers. */
struct step {
	struct engine *e;
	const char *ns;
	const struct cell_doc *doc;
	enum cell_stop_flags flags;
	bool ask; /* send the signal; otherwise it was sent before */
	int64_t due_ms;
	struct ending *wait; /* receives the processes still in their grace period */
};

/* 0: all have ended. 1: some are in their grace period. */
static int stop_group(const struct step *p, const struct stop_target *target, struct kerr *err)
{
	size_t max = p->doc->spec.containers.n, n = 0, live = 0;
	struct stopping *v = xcalloc(max + 1, sizeof(*v));
	int r = 0;

	for (size_t i = 0; r == 0 && i < max; i++) {
		const struct container_spec *c = &p->doc->spec.containers.v[i];

		if (!is_target(target, c))
			continue;
		v[n].pidfd = -EBADF;
		container_run_init(&v[n].run, p->e, p->ns, p->doc, c);
		r = open_one(&v[n], signal_for(&v[n], p->ask, p->flags), p->flags, err);
		live += v[n++].pidfd >= 0;
	}
	if (r == 0 && live && p->wait && clock_left(p->due_ms) > 0) {
		if (p->wait->n == 0 || p->due_ms < p->wait->due_ms)
			p->wait->due_ms = p->due_ms;
		for (size_t i = 0; i < n; i++)
			if (v[i].pidfd >= 0)
				ending_add(p->wait, take_fd(v[i].pidfd));
		r = 1;
	} else if (r == 0) {
		r = kill_rest(v, n, err);
	}
	stopping_clear(v, n);
	return r;
}

/* Everything has ended: clean up after the monitors, then after the start. */
static int teardown(struct engine *e, const char *ns, const struct cell_doc *doc,
		    const struct addr *a, struct kerr *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < doc->spec.containers.n; i++) {
		cleanup_container_run struct container_run run = { 0 };

		if (container_is_synthesized(&doc->spec.containers.v[i]))
			continue;
		container_run_init(&run, e, ns, doc, &doc->spec.containers.v[i]);
		r = container_clear(&run, err);
	}
	return r < 0 ? r : cell_run_end(e, a, err);
}

int cell_grace(const struct engine *e, int def_ms)
{
	return e->grace_ms >= 0 ? e->grace_ms : def_ms;
}

/*
 * Get the order to continue: the pending one, with the earlier of both deadlines, or a
 * new one. NULL: the pending one was for an earlier run, and is done. *ret_ask: signals
 * have to be sent.
 */
static struct stop_order *place_order(struct stops *l, const char *container, const char *run,
				      const struct stop_how *how, bool *ret_ask)
{
	struct stop_order *o = stops_find(l, container);
	int64_t grace = how->flags & CELL_STOP_KILL ? 0 : how->grace_ms;
	int64_t due = clock_ms() + grace;

	*ret_ask = !(how->flags & CELL_STOP_GO_ON);
	if (o && !streq(o->run_id, run)) {
		stops_remove(l, container);
		o = NULL;
		if (!*ret_ask)
			return NULL;
	}
	if (o && !*ret_ask)
		return o;
	if (!o) {
		o = stops_get(l, container);
		(void) snprintf(o->run_id, sizeof(o->run_id), "%s", run);
		o->grace_ms = grace;
		o->due_ms = due;
		o->ended = how->flags & CELL_STOP_ENDED;
		return o;
	}
	o->ended = o->ended && how->flags & CELL_STOP_ENDED;
	if (grace < o->grace_ms)
		o->grace_ms = grace;
	if (due < o->due_ms)
		o->due_ms = due;
	return o;
}

/* If the disk is full, the stop lasts only as long as its caller waits. */
static void save_orders(struct engine *e, const struct addr *a, const struct stops *l)
{
	struct kerr why = { 0 };
	char text[KERR_TEXT_MAX];

	if (stops_save(e, a, l, &why) < 0)
		log_wrn("cannot record a stop in progress", "cell", a->cell, "error",
			kerr_text(&why, text, sizeof(text)));
}

static void observe_down(struct engine *e, struct cell_doc *doc)
{
	cell_observe_network(e, doc, &(struct cell_run){ 0 });
	for (size_t i = 0; i < doc->spec.containers.n; i++)
		if (container_is_synthesized(&doc->spec.containers.v[i]) &&
		    doc->status.ready_observed)
			doc->status.containers.v[i].state = CONTAINER_STATE_STOPPED;
}

/*
 * Everything has ended. Store the exits before removing the records they derive from:
 * if saving fails, keep the start, and the next reconcile pass tries again.
 */
static int finish_stop(struct engine *e, const char *ns, struct cell_doc *doc,
		       enum cell_stop_flags flags, struct kerr *err)
{
	struct addr a = addr_of_cell(doc);
	bool by_operator = !(flags & CELL_STOP_ENDED);
	cell_state before = doc->status.state;
	int r;

	r = cell_observe(e, ns, doc, NULL, err);
	if (r < 0)
		return r;
	if (by_operator && before != CELL_STATE_FAILED)
		cell_set_state(doc, CELL_STATE_STOPPED, NULL, NULL);
	observe_down(e, doc);
	if (!(flags & CELL_STOP_NO_SAVE))
		r = cell_save(e, doc, 0, err);
	if (r == 0)
		r = teardown(e, ns, doc, &a, err);
	if (r == 0 && doc->spec.auto_delete && by_operator && !(flags & CELL_STOP_NO_SAVE))
		wake_ask(e, &a); /* no monitor does so if nothing ran */
	return r;
}

static bool has_root(const struct cell_doc *doc)
{
	const struct container_spec *root = cell_root(&doc->spec);

	return root && !container_is_synthesized(root);
}

int cell_end_locked(struct engine *e, const char *ns, struct cell_doc *doc,
		    const struct stop_how *how, struct ending *ret_wait, struct kerr *err)
{
	struct addr a = addr_of_cell(doc);
	cleanup_stops struct stops list = { 0 };
	struct cell_run run = { 0 };
	struct step p = { .e = e, .ns = ns, .doc = doc, .flags = how->flags, .wait = ret_wait };
	struct stop_order *o;
	int r;

	(void) cell_run_load(e, &a, &run, NULL); /* unreadable: the containers tell what runs */
	/* A new order for the whole cell replaces an unreadable file. */
	r = stops_load(e, &a, &list, how->flags & CELL_STOP_GO_ON ? err : NULL);
	if (r < 0 && how->flags & CELL_STOP_GO_ON)
		return r;
	o = place_order(&list, STOP_CELL, run.start_id, how, &p.ask);
	if (!o)
		return stops_save(e, &a, &list, err);
	p.due_ms = o->due_ms;
	if (o->ended)
		p.flags |= CELL_STOP_ENDED;
	if (p.ask) {
		save_orders(e, &a, &list);
		r = restarts_drop(e, &a, err); /* cancel pending restarts */
		if (r < 0)
			return r;
	}
	r = o->root ? 0 : stop_group(&p, &(struct stop_target){ .roots = false }, err);
	if (r == 0 && has_root(doc)) {
		if (!o->root) {
			o->root = p.ask = true;
			p.due_ms = o->due_ms = clock_ms() + o->grace_ms;
			save_orders(e, &a, &list);
		}
		r = stop_group(&p, &(struct stop_target){ .roots = true }, err);
	}
	if (r == 1 && p.ask)
		wake_ask(e, &a); /* tell the daemon about the deadline */
	if (r != 0)
		return r;
	r = finish_stop(e, ns, doc, p.flags, err);
	if (r < 0 && o->due_ms >= 0) {
		o->due_ms = -1; /* nothing to wait for: the next full reconcile pass continues */
		save_orders(e, &a, &list);
	}
	return r;
}

int cell_stop_locked(struct engine *e, const char *ns, struct cell_doc *doc,
		     enum cell_stop_flags flags, struct kerr *err)
{
	struct stop_how how = { .grace_ms = 0, .flags = flags };

	return cell_end_locked(e, ns, doc, &how, NULL, err);
}

char *cell_stop_warning(int r, const char *what, const struct kerr *why)
{
	char text[KERR_TEXT_MAX];

	if (r != -ENOSPC && r != -EDQUOT && r != -EROFS && r != -EIO)
		return NULL;
	return xasprintf("%s was stopped, but its new state cannot be stored: %s", what,
			 kerr_text(why, text, sizeof(text)));
}

bool cell_has_ended(struct engine *e, const struct addr *a)
{
	cleanup_stops struct stops list = { 0 };
	const struct stop_order *o;

	(void) stops_load(e, a, &list, NULL); /* unreadable: cannot be continued */
	o = stops_find(&list, STOP_CELL);
	return o && o->due_ms < 0;
}

bool cell_is_ending(struct engine *e, const struct addr *a, const char *container)
{
	cleanup_stops struct stops list = { 0 };
	struct cell_run run = { 0 };
	const struct stop_order *o;

	(void) stops_load(e, a, &list, NULL); /* unreadable: cannot be continued */
	o = stops_find(&list, container);
	if (!o || !streq(container, STOP_CELL))
		return o != NULL;
	(void) cell_run_load(e, a, &run, NULL);
	return streq(o->run_id, run.start_id);
}

void cell_find_run(struct engine *e, const char *ns, const struct cell_doc *doc, const char *id,
		   char ret[SHIM_RUN_ID_SIZE])
{
	const struct container_spec *c = cell_container(&doc->spec, id);
	cleanup_container_run struct container_run run = { 0 };
	struct shim_status st = { 0 };

	ret[0] = '\0';
	if (!c)
		return;
	container_run_init(&run, e, ns, doc, c);
	(void) shim_state(&run.how.place, &st, NULL);
	memcpy(ret, st.run_id, sizeof(st.run_id));
}

int cell_end_one_locked(struct engine *e, const char *ns, struct cell_doc *doc,
			const struct stop_how *how, struct ending *ret_wait, struct kerr *err)
{
	struct addr a = addr_of_cell(doc);
	cleanup_stops struct stops list = { 0 };
	const char *id = how->only;
	char run_id[SHIM_RUN_ID_SIZE];
	struct step p = { .e = e, .ns = ns, .doc = doc, .flags = how->flags, .wait = ret_wait };
	const struct stop_order *o;
	int r;

	cell_find_run(e, ns, doc, id, run_id);
	r = stops_load(e, &a, &list, err);
	if (r < 0) /* the file may have orders for other containers */
		return kerr_wrap(err, r, "stop or kill the whole cell");
	o = place_order(&list, id, run_id, how, &p.ask);
	if (!o)
		return stops_save(e, &a, &list, err);
	p.due_ms = o->due_ms;
	if (p.ask)
		save_orders(e, &a, &list);
	r = stop_group(&p, &(struct stop_target){ .only = id }, err);
	if (r == 1 && p.ask)
		wake_ask(e, &a);
	if (r != 0)
		return r;
	stops_remove(&list, id);
	save_orders(e, &a, &list);
	r = restarts_forget(e, &a, id, err);
	if (r == 0)
		r = cell_observe(e, ns, doc, NULL, err);
	return r < 0 || how->flags & CELL_STOP_NO_SAVE ? r : cell_save(e, doc, 0, err);
}

static size_t container_index(const struct cell_doc *doc, const char *id)
{
	size_t i = 0;

	while (i < doc->spec.containers.n && !streq_null(doc->spec.containers.v[i].id, id))
		i++;
	return i;
}

int cell_reset_container_locked(struct engine *e, const char *ns, struct cell_doc *doc,
				const char *id, struct kerr *err)
{
	struct stop_how kill_now = { .only = id, .flags = CELL_STOP_KILL | CELL_STOP_NO_SAVE };
	cleanup_container_run struct container_run run = { 0 };
	size_t i = container_index(doc, id);
	int r;

	if (i == doc->spec.containers.n || container_is_synthesized(&doc->spec.containers.v[i]))
		return 0;
	r = cell_end_one_locked(e, ns, doc, &kill_now, NULL, err);
	if (r < 0)
		return r;
	container_run_init(&run, e, ns, doc, &doc->spec.containers.v[i]);
	return container_remove(&run, err);
}

void cell_take_out(struct cell_doc *doc, const char *id)
{
	size_t i = container_index(doc, id);

	if (i == doc->spec.containers.n)
		return;
	model_clear(&container_spec_type, &doc->spec.containers.v[i]);
	doc->spec.containers.n--;
	memmove(&doc->spec.containers.v[i], &doc->spec.containers.v[i + 1],
		(doc->spec.containers.n - i) * sizeof(doc->spec.containers.v[0]));
}

int cell_drop_container_locked(struct engine *e, const char *ns, struct cell_doc *doc,
			       const char *id, struct kerr *err)
{
	struct addr a = addr_of_cell(doc);
	cleanup_free char *dir = layout_container(&e->layout, &a, id, CONTAINER_DIR);
	struct cell_seen seen;
	int r;

	if (container_index(doc, id) == doc->spec.containers.n)
		return 0;
	r = cell_reset_container_locked(e, ns, doc, id, err);
	if (r == 0)
		r = remove_tree_at(AT_FDCWD, dir, 0, err);
	if (r < 0)
		return r;
	cell_take_out(doc, id);
	r = cell_observe(e, ns, doc, &seen, err);
	if (r == 0 && seen.run.complete) /* its ports go with it */
		r = cell_ports_open(e, doc, &seen.run, err);
	if (r > 0)
		r = cell_observe(e, ns, doc, NULL, err);
	if (r == 0)
		r = cell_save(e, doc, 0, err);
	return r < 0 ? r : cell_names_keep_locked(e, doc, err);
}

void cell_fail(struct engine *e, const char *ns, struct cell_doc *doc, const char *reason,
	       const struct kerr *why)
{
	cleanup_buf struct buf line = BUF_INIT(STATUS_MESSAGE_MAX + 8);
	char text[KERR_TEXT_MAX];
	struct kerr err = { 0 };

	str_one_line(&line, kerr_text(why, text, sizeof(text)), STATUS_MESSAGE_MAX);
	/* Store Failed before killing: a concurrent reconcile pass must not take it for a stop. */
	cell_set_state(doc, CELL_STATE_FAILED, reason, buf_str(&line));
	(void) cell_save(e, doc, 0, NULL);
	if (cell_stop_locked(e, ns, doc, CELL_STOP_KILL | CELL_STOP_NO_SAVE, &err) < 0)
		log_wrn("cannot clean up after a failed start", "cell", doc->head.metadata.name,
			"error", kerr_text(&err, text, sizeof(text)));
	cell_set_state(doc, CELL_STATE_FAILED, reason, buf_str(&line));
	(void) cell_save(e, doc, 0, NULL);
}
