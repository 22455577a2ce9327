/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "buf.h"
#include "cgroup_freeze.h"
#include "clock.h"
#include "convert.h"
#include "copy.h"
#include "mem.h"
#include "procinfo.h"
#include "shim.h"
#include "status.h"
#include "str.h"

#define WHY_MAX 4096

static void set_str(char **p, const char *s)
{
	char *copy = xstrdup_null(s);

	free(*p);
	*p = copy;
}

void cell_set_state(struct cell_doc *doc, cell_state state, const char *reason, const char *message)
{
	doc->status.state = state;
	set_str(&doc->status.reason, reason);
	set_str(&doc->status.message, message);
	if (state == CELL_STATE_READY)
		doc->status.ready_observed = true;
}

bool cell_failed_sticky(const struct cell_doc *doc)
{
	static const char *const reasons[] = { "CreateCellFailed", "StartCellFailed",
					       "StartContainerFailed" };

	for (size_t i = 0; i < ARRAY_SIZE(reasons); i++)
		if (doc->status.state == CELL_STATE_FAILED &&
		    streq_null(doc->status.reason, reasons[i]))
			return true;
	return false;
}

/* Move the status of that container out of the list; empty if there is none. */
static struct container_status take_status(struct cell_status *old, const char *id)
{
	struct container_status taken = { 0 };

	for (size_t k = 0; k < old->containers.n; k++) {
		if (!streq_null(old->containers.v[k].name, id))
			continue;
		taken = old->containers.v[k];
		old->containers.v[k] = (struct container_status){ 0 };
		break;
	}
	return taken;
}

void status_align(struct cell_doc *doc)
{
	struct cell_status *st = &doc->status;
	struct cell_status old = { .containers = { st->containers.v, st->containers.n } };

	st->containers.v = NULL;
	st->containers.n = 0;
	for (size_t i = 0; i < doc->spec.containers.n; i++) {
		const char *id = doc->spec.containers.v[i].id;
		struct container_status *to =
			vec_grow(&st->containers.v, &st->containers.n, sizeof(*to));

		*to = take_status(&old, id);
		if (!to->name)
			to->name = xstrdup_null(id);
		if (!to->id)
			to->id = xstrdup_null(id);
	}
	for (size_t k = 0; k < old.containers.n; k++)
		model_clear(&container_status_type, &old.containers.v[k]);
	free(old.containers.v);
}

/* ---- one container ---- */

static void take_exit(const struct shim_exit *x, struct container_status *status)
{
	char name[16];
	const char *sig = x->signal ? signal_name(x->signal, name, sizeof(name)) : NULL;

	status->finish_time = x->finished_at;
	status->exit_code = x->code;
	set_str(&status->exit_signal, sig ? sig : "");
}

static bool is_before(const struct ktime *a, const struct ktime *b)
{
	return a->sec < b->sec || (a->sec == b->sec && a->nsec < b->nsec);
}

/* Return whether the recorded exit belongs to the latest run in the document. */
static bool is_last_exit(const struct shim_status *st, const struct container_status *status)
{
	return st && st->have_exit && status->start_time.set &&
	       is_before(&status->start_time, &st->exit.finished_at);
}

/*
 * No record of a run, because of a reboot or a clear: keep the last state unless it was
 * "running".
 */
static void not_running(const struct shim_status *st, struct container_status *status,
			struct container_fact *ret)
{
	switch (status->state) {
	case CONTAINER_STATE_READY:
	case CONTAINER_STATE_PAUSED:
	case CONTAINER_STATE_PAUSING:
	case CONTAINER_STATE_UNKNOWN:
		ret->ended = is_last_exit(st, status);
		status->state = ret->ended && st->exit.code != 0 ? CONTAINER_STATE_FAILED
								 : CONTAINER_STATE_STOPPED;
		break;
	case CONTAINER_STATE_PENDING:
	case CONTAINER_STATE_STOPPED:
	case CONTAINER_STATE_FAILED:
	case _CONTAINER_STATE_MAX:
		break;
	}
}

void status_container(const struct shim_status *st, bool stopped, struct container_status *status,
		      struct container_fact *ret)
{
	*ret = (struct container_fact){ 0 };
	if (!st) {
		status->state = CONTAINER_STATE_UNKNOWN;
		return;
	}
	if (st->have_exit)
		take_exit(&st->exit, status);
	switch (st->state) {
	case SHIM_STARTING:
		if (st->monitor_alive) {
			status->state = CONTAINER_STATE_PENDING;
			ret->live = true;
		} else {
			not_running(st, status, ret);
		}
		break;
	case SHIM_RUNNING:
	case SHIM_LOST:
		status->state =
			st->exit_unreadable ? CONTAINER_STATE_UNKNOWN : CONTAINER_STATE_READY;
		status->start_time = st->started_at;
		ret->live = true;
		ret->lost = st->state == SHIM_LOST;
		/*
		 * Exit of the previous run. Not reported after an operator's start,
		 * which resets restart_count.
		 */
		ret->oom = status->restart_count > 0 && st->have_exit && st->exit.oom_killed;
		break;
	case SHIM_ENDED:
		status->start_time = st->started_at;
		status->state = st->exit.code == 0 || stopped ? CONTAINER_STATE_STOPPED
							      : CONTAINER_STATE_FAILED;
		ret->oom = status->state == CONTAINER_STATE_FAILED && st->exit.oom_killed;
		ret->held = stopped;
		break;
	case SHIM_NEVER:
	case _SHIM_RUN_STATE_MAX:
		not_running(st, status, ret);
		ret->held = stopped;
		break;
	}
}

void status_frozen(enum cgroup_frozen frozen, struct container_status *status)
{
	if (status->state != CONTAINER_STATE_READY)
		return;
	if (frozen == CGROUP_FROZEN)
		status->state = CONTAINER_STATE_PAUSED;
	else if (frozen == CGROUP_FREEZING)
		status->state = CONTAINER_STATE_PAUSING;
}

bool container_state_is_up(container_state state)
{
	return state == CONTAINER_STATE_READY || state == CONTAINER_STATE_PAUSED ||
	       state == CONTAINER_STATE_PAUSING;
}

/* ---- the cell ---- */

static void describe_exit(struct buf *out, const struct container_status *s,
			  const struct container_fact *fact)
{
	if (out->len)
		buf_adds(out, "; ");
	buf_addf(out, "container \"%s\" ", s->name);
	if (fact->oom)
		buf_adds(out, "was killed by the OOM killer");
	else if (!str_empty(s->exit_signal))
		buf_addf(out, "was killed by %s", s->exit_signal);
	else
		buf_addf(out, "exited with code %lld", (long long) s->exit_code);
	if (fact->restart_ms && !str_empty(fact->why))
		buf_addf(out, ", its restart failed (%s)", fact->why);
	if (fact->restart_ms) {
		buf_adds(out, fact->why && fact->why[0] ? " and is tried again after "
							: ", it is restarted after ");
		duration_text(out, fact->restart_ms * 1000000);
	} else if (fact->live) {
		buf_adds(out, ", and was restarted");
	}
}

struct sums {
	size_t workloads, ended, live, held, unknown, failed, owed;
	const struct container_status *root; /* of an explicit root */
	struct container_status *synthesized;
	bool root_live; /* or a restart is pending */
	bool root_ended; /* see container_fact.ended */
	unsigned need;
	struct buf why; /* reason: exits of all failed containers */
	struct buf note; /* message of a running cell: pending restarts, OOM kills */
};

static void add_container(struct sums *s, const struct container_spec *c,
			  struct container_status *status, const struct container_fact *fact)
{
	if (container_is_synthesized(c)) {
		s->synthesized = status;
		return;
	}
	if (fact->lost)
		s->need |= CELL_NEED_ADOPT;
	if (status->state == CONTAINER_STATE_FAILED) /* reason if the cell ends: without restarts */
		describe_exit(&s->why, status, &(struct container_fact){ .oom = fact->oom });
	if (fact->oom || fact->restart_ms)
		describe_exit(&s->note, status, fact);
	s->owed += fact->restart_ms > 0;
	s->unknown += status->state == CONTAINER_STATE_UNKNOWN;
	if (c->root) {
		s->root_ended = fact->ended;
		s->root = status;
		s->root_live = fact->live || fact->restart_ms;
		return;
	}
	s->workloads++;
	s->ended += fact->ended;
	s->live += fact->live;
	s->held += fact->held;
	s->failed += status->state == CONTAINER_STATE_FAILED;
}

/*
 * The state of a started cell. A cell without a root has ended when its workloads have
 * ended by themselves; a stopped workload may be started again in the same cell. With
 * autoDelete, any end counts.
 */
static unsigned derive_up(struct cell_doc *doc, const struct sums *s)
{
	bool root_ended = s->root && !s->root_live && s->root->state != CONTAINER_STATE_UNKNOWN;
	bool held = s->held && !doc->spec.auto_delete;
	bool may_go_on = s->live || held || s->unknown || s->owed;

	if (root_ended || (!s->root && s->workloads && !may_go_on)) {
		bool failed = s->root ? s->root->state == CONTAINER_STATE_FAILED : s->failed > 0;

		if (failed)
			cell_set_state(doc, CELL_STATE_FAILED, "WorkloadFailed", buf_str(&s->why));
		else
			cell_set_state(doc, CELL_STATE_STOPPED, NULL, NULL);
		return s->live ? CELL_NEED_END : CELL_NEED_WIND_DOWN;
	}
	if (s->unknown && !s->live && !s->root_live && !s->owed)
		cell_set_state(doc, CELL_STATE_UNKNOWN, NULL, NULL);
	else
		cell_set_state(doc, CELL_STATE_READY, NULL, s->note.len ? buf_str(&s->note) : NULL);
	return s->owed ? CELL_NEED_RESTART : 0;
}

/* An operator is stopping the cell: Stopped once nothing runs, regardless of exit codes. */
static unsigned derive_ending(struct cell_doc *doc, const struct sums *s)
{
	if (s->live || s->root_live) {
		cell_set_state(doc, CELL_STATE_READY, NULL, STATUS_BEING_STOPPED);
		return 0;
	}
	if (doc->status.state != CELL_STATE_FAILED)
		cell_set_state(doc, CELL_STATE_STOPPED, NULL, NULL);
	return CELL_NEED_WIND_DOWN;
}

/*
 * Not started in this boot. If all containers ended before the reboot and the document
 * was not updated, their recorded exits decide between Failed and Stopped.
 */
static void derive_down(struct cell_doc *doc, const struct sums *s)
{
	bool failed = s->root ? s->root_ended && s->root->state == CONTAINER_STATE_FAILED
			      : s->workloads && s->ended == s->workloads && s->failed;

	if (doc->status.state != CELL_STATE_READY &&
	    (doc->status.state != CELL_STATE_UNKNOWN || !doc->status.ready_observed))
		return;
	if (failed)
		cell_set_state(doc, CELL_STATE_FAILED, "WorkloadFailed", buf_str(&s->why));
	else
		cell_set_state(doc, CELL_STATE_STOPPED, NULL, NULL);
}

static unsigned derive(struct cell_doc *doc, enum run_phase phase, const struct sums *s)
{
	bool sticky = cell_failed_sticky(doc);

	switch (phase) {
	case RUN_NONE:
		derive_down(doc, s);
		return 0;
	case RUN_BEGUN:
		/* Ready is stored before the start is complete; until then the cell is Pending. */
		if (doc->status.state == CELL_STATE_READY)
			cell_set_state(doc, CELL_STATE_PENDING, NULL, NULL);
		return CELL_NEED_UNDO;
	case RUN_UNREADABLE:
		if (!sticky)
			cell_set_state(doc, CELL_STATE_UNKNOWN, NULL, NULL);
		return 0;
	case RUN_COMPLETE:
		/* A failed start is cleaned up at once; if that was incomplete, try again. */
		return sticky ? CELL_NEED_WIND_DOWN : derive_up(doc, s);
	case RUN_ENDING:
		return sticky ? CELL_NEED_WIND_DOWN : derive_ending(doc, s);
	}
	return 0;
}

/* autoDelete is due: the cell was Ready and has ended, by itself or stopped by an operator. */
static bool delete_is_due(const struct cell_doc *doc, enum run_phase phase, unsigned need)
{
	if (!doc->spec.auto_delete || !doc->status.ready_observed || cell_failed_sticky(doc))
		return false;
	if (phase == RUN_NONE)
		return doc->status.state == CELL_STATE_STOPPED ||
		       doc->status.state == CELL_STATE_FAILED;
	return (need & CELL_NEED_WIND_DOWN) != 0; /* not with CELL_NEED_END: that stops first */
}

static void set_synthesized(struct container_status *status, const struct cell_doc *doc,
			    enum run_phase phase, unsigned need)
{
	if ((phase == RUN_COMPLETE || phase == RUN_ENDING) && !(need & CELL_NEED_WIND_DOWN))
		status->state = CONTAINER_STATE_READY;
	else if (phase != RUN_BEGUN && doc->status.ready_observed)
		status->state = CONTAINER_STATE_STOPPED;
}

unsigned status_cell(struct cell_doc *doc, enum run_phase phase, const struct container_fact *facts)
{
	struct sums s = { .why = BUF_INIT(WHY_MAX), .note = BUF_INIT(WHY_MAX) };
	unsigned need;

	for (size_t i = 0; i < doc->spec.containers.n; i++)
		add_container(&s, &doc->spec.containers.v[i], &doc->status.containers.v[i],
			      &facts[i]);
	need = s.need | derive(doc, phase, &s);
	if (s.synthesized)
		set_synthesized(s.synthesized, doc, phase, need);
	if (delete_is_due(doc, phase, need))
		need |= CELL_NEED_DELETE;
	buf_clear(&s.why);
	buf_clear(&s.note);
	return need;
}
