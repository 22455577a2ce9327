/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>

#include "cell.h"
#include "container.h"
#include "convert.h"
#include "log.h"
#include "mem.h"
#include "str.h"
#include "system.h"

#define MESSAGE_MAX 256

static void set_str(char **p, const char *s)
{
	char *copy = xstrdup_null(s);

	free(*p);
	*p = copy;
}

struct container_status *cell_container_status(struct cell_doc *doc, const char *id)
{
	for (size_t i = 0; i < doc->status.containers.n; i++)
		if (streq_null(doc->status.containers.v[i].name, id))
			return &doc->status.containers.v[i];
	return NULL;
}

/* One status per container of the spec, in its order; what is known of each is kept. */
static void align_statuses(struct cell_doc *doc)
{
	struct cell_status *st = &doc->status;
	struct cell_status old = { .containers = { st->containers.v, st->containers.n } };

	st->containers.v = NULL;
	st->containers.n = 0;
	for (size_t i = 0; i < doc->spec.containers.n; i++) {
		const struct container_spec *c = &doc->spec.containers.v[i];
		struct container_status *to =
			vec_grow(&st->containers.v, &st->containers.n, sizeof(*to));

		for (size_t k = 0; k < old.containers.n; k++) {
			struct container_status *from = &old.containers.v[k];

			if (!streq_null(from->name, c->id))
				continue;
			*to = *from;
			*from = (struct container_status){ 0 };
			break;
		}
		set_str(&to->name, c->id);
		set_str(&to->id, c->id);
	}
	for (size_t k = 0; k < old.containers.n; k++)
		model_clear(&container_status_type, &old.containers.v[k]);
	free(old.containers.v);
}

static bool is_active(container_state s)
{
	return s == CONTAINER_STATE_PENDING || s == CONTAINER_STATE_READY ||
	       s == CONTAINER_STATE_PAUSED || s == CONTAINER_STATE_PAUSING;
}

static bool failed_sticky(const struct cell_doc *doc)
{
	static const char *const reasons[] = { "CreateCellFailed", "StartCellFailed",
					       "StartContainerFailed" };

	for (size_t i = 0; i < ARRAY_SIZE(reasons); i++)
		if (doc->status.state == CELL_STATE_FAILED &&
		    streq_null(doc->status.reason, reasons[i]))
			return true;
	return false;
}

void cell_set_state(struct cell_doc *doc, cell_state state, const char *reason, const char *message)
{
	doc->status.state = state;
	set_str(&doc->status.reason, reason);
	set_str(&doc->status.message, message);
	if (state == CELL_STATE_READY)
		doc->status.ready_observed = true;
}

static void say_exit(struct buf *out, const struct container_status *s, bool oom)
{
	if (out->len)
		buf_adds(out, "; ");
	buf_addf(out, "container \"%s\" ", s->name);
	if (oom)
		buf_adds(out, "was killed for want of memory");
	else if (!str_empty(s->exit_signal))
		buf_addf(out, "was killed by %s", s->exit_signal);
	else
		buf_addf(out, "exited with code %lld", (long long) s->exit_code);
}

struct sums {
	size_t workloads, active, unknown, failed;
	const struct container_status *root; /* of an explicit root */
	struct buf why;
};

/* The cell's state while its start stands: decisions.md section 3. */
static unsigned derive_up(struct cell_doc *doc, const struct sums *s)
{
	bool root_ended = s->root && !is_active(s->root->state);

	if (root_ended || (!s->root && s->workloads && !s->active && !s->unknown)) {
		bool failed = s->root ? s->root->state == CONTAINER_STATE_FAILED : s->failed > 0;

		if (failed)
			cell_set_state(doc, CELL_STATE_FAILED, "WorkloadFailed", buf_str(&s->why));
		else
			cell_set_state(doc, CELL_STATE_STOPPED, NULL, NULL);
		return s->active ? CELL_NEED_END : CELL_NEED_WIND_DOWN;
	}
	if (s->unknown && !s->active)
		cell_set_state(doc, CELL_STATE_UNKNOWN, NULL, NULL);
	else
		cell_set_state(doc, CELL_STATE_READY, NULL, NULL);
	return 0;
}

/* Not started, as far as this boot knows. */
static void derive_down(struct cell_doc *doc)
{
	if (doc->status.state == CELL_STATE_READY ||
	    (doc->status.state == CELL_STATE_UNKNOWN && doc->status.ready_observed))
		cell_set_state(doc, CELL_STATE_STOPPED, NULL, NULL);
}

static int observe_container(struct engine *e, const char *ns, const struct cell_doc *doc,
			     const struct container_spec *c, struct container_status *status,
			     struct sums *sums)
{
	struct container_run run cleanup_container_run = { 0 };
	struct shim_status st;
	struct kerr err;
	unsigned need = 0;

	container_run_init(&run, e, ns, doc, c);
	if (shim_state(&run.how.place, &st, &err) < 0) {
		char text[KERR_TEXT_MAX];

		log_wrn("cannot read the state of a container", "container", run.id, "error",
			kerr_text(&err, text, sizeof(text)));
		status->state = CONTAINER_STATE_UNKNOWN;
	} else {
		container_observe(&run, &st, status);
		if (st.state == SHIM_LOST)
			need = CELL_NEED_ADOPT;
	}
	if (status->state == CONTAINER_STATE_FAILED)
		say_exit(&sums->why, status, st.exit.oom_killed);
	if (c->root) {
		sums->root = status;
	} else {
		sums->workloads++;
		sums->failed += status->state == CONTAINER_STATE_FAILED;
	}
	sums->active += !c->root && is_active(status->state);
	sums->unknown += status->state == CONTAINER_STATE_UNKNOWN;
	return (int) need;
}

int cell_observe(struct engine *e, const char *ns, struct cell_doc *doc, unsigned *ret_need,
		 struct kerr *err)
{
	struct addr a = addr_of_cell(doc);
	struct container_status *synthesized = NULL;
	struct sums sums = { .why = BUF_INIT(4096) };
	struct cell_run run;
	unsigned need = 0;
	bool up;
	int r;

	align_statuses(doc);
	if (ret_need)
		*ret_need = 0;
	if (system_is_cell(&a))
		return system_observe(e, doc, err);
	r = cell_run_load(e, &a, &run, err);
	if (r < 0 && r != -ENOENT)
		return r;
	up = r == 0;
	for (size_t i = 0; i < doc->spec.containers.n; i++) {
		const struct container_spec *c = &doc->spec.containers.v[i];
		struct container_status *status = &doc->status.containers.v[i];

		if (container_is_synthesized(c))
			synthesized = status;
		else
			need |= (unsigned) observe_container(e, ns, doc, c, status, &sums);
	}
	if (failed_sticky(doc))
		need &= CELL_NEED_ADOPT;
	else if (up)
		need |= derive_up(doc, &sums);
	else
		derive_down(doc);
	if (synthesized && (up || doc->status.ready_observed))
		synthesized->state = up && !(need & CELL_NEED_WIND_DOWN) ? CONTAINER_STATE_READY
									 : CONTAINER_STATE_STOPPED;
	if (doc->spec.auto_delete && (need & (CELL_NEED_WIND_DOWN | CELL_NEED_END)) &&
	    doc->status.ready_observed)
		need |= CELL_NEED_DELETE;
	buf_clear(&sums.why);
	if (ret_need)
		*ret_need = need;
	return 0;
}

int cell_save(struct engine *e, struct cell_doc *doc, enum store_save_flags flags, struct kerr *err)
{
	struct addr a = addr_of_cell(doc);
	char *cgroup cleanup_free = scope_cgroup(e, &a);

	set_str(&doc->status.cgroup_path, cgroup);
	scope_observe_cgroup(e, cgroup, &doc->status.cgroup_ready,
			     &doc->status.subtree_controllers);
	return store_save(&e->layout, &a, flags, doc, err);
}

void cell_fail(struct engine *e, const char *ns, struct cell_doc *doc, const char *reason,
	       const struct kerr *why)
{
	struct buf line cleanup_buf = BUF_INIT(MESSAGE_MAX + 8);
	char text[KERR_TEXT_MAX];
	struct kerr err = { 0 };

	str_one_line(&line, kerr_text(why, text, sizeof(text)), MESSAGE_MAX);
	/* First the verdict, then the killing: a pass in between must not take it for a stop. */
	cell_set_state(doc, CELL_STATE_FAILED, reason, buf_str(&line));
	(void) cell_save(e, doc, 0, NULL);
	if (cell_stop_locked(e, ns, doc, 0, CELL_STOP_KILL | CELL_STOP_NO_SAVE, &err) < 0)
		log_wrn("clean-up after a failure", "cell", doc->head.metadata.name, "error",
			kerr_text(&err, text, sizeof(text)));
	cell_set_state(doc, CELL_STATE_FAILED, reason, buf_str(&line));
	(void) cell_save(e, doc, 0, NULL);
}
