/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>

#include "cell_look.h"
#include "cell_ports.h"
#include "cell_run.h"
#include "cell_status.h"
#include "cgroup_freeze.h"
#include "cgroup_kill.h"
#include "container.h"
#include "convert.h"
#include "copy.h"
#include "daemon_cell.h"
#include "damaged.h"
#include "log.h"
#include "mem.h"
#include "restart.h"
#include "scope.h"
#include "shim.h"
#include "shim_state.h"
#include "status.h"
#include "stops.h"
#include "str.h"

struct container_status *cell_container_status(struct cell_doc *doc, const char *id)
{
	for (size_t i = 0; i < doc->status.containers.n; i++)
		if (streq_null(doc->status.containers.v[i].name, id))
			return &doc->status.containers.v[i];
	return NULL;
}

/* Set whether the restart policy restarts a container that ended in a running cell. */
static void observe_restart(const struct container_spec *c, const struct restarts *restarts,
			    const struct shim_status *st, bool stopped, int64_t count,
			    struct container_fact *ret)
{
	const struct restart *known = restarts_find(restarts, c->id);
	struct ktime wall = ktime_now();
	struct restart plan = { 0 };

	if (!restart_is_owed(c->restart_policy, known, st, stopped))
		return;
	restart_plan(known, st, count, clock_ms(), &wall, &plan);
	ret->restart_ms = plan.delay_ms;
	ret->why = known && plan.why[0] ? known->why : NULL;
}

/* A running container must have a record: it existed at the start. */
static int check_record(const struct container_run *run, const struct shim_status *st,
			struct kerr *err)
{
	if (st->run_id[0] || cgroup_populated(run->e->cgroups, run->cgroup) <= 0)
		return 0;
	return kerr_plain(err, -EBADMSG, "'%s/" SHIM_FILE_MONITOR "' is missing or empty",
			  run->run_dir);
}

/* What the files and the kernel say of a container. */
struct seen {
	int r; /* -errno: its files are unreadable */
	struct shim_status st;
	bool stopped; /* by an operator */
	enum cgroup_frozen frozen;
};

static bool is_running(const struct seen *s)
{
	return s->r == 0 && (s->st.state == SHIM_RUNNING || s->st.state == SHIM_LOST);
}

/*
 * kuketty ends with 128 and the number of the signal that ended the workload: the first
 * process of a container cannot die of most of them.
 */
static void map_exit(const struct container_spec *spec, struct shim_exit *x)
{
	const int base = 128, signals = 64;

	if (spec->attachable && x->signal == 0 && x->code > base && x->code <= base + signals)
		x->signal = x->code - base;
}

/* *why: error of the first unreadable container. */
static void read_container(const struct container_run *run, struct seen *ret, struct kerr *why)
{
	struct kerr err = { 0 };
	int stopped = 0;

	*ret = (struct seen){ .frozen = CGROUP_THAWED };
	ret->r = shim_state(&run->how.place, &ret->st, &err);
	if (ret->r == 0)
		ret->r = check_record(run, &ret->st, &err);
	if (ret->r == 0)
		stopped =
			container_was_stopped(run, &ret->st, ret->st.exit_unreadable ? NULL : &err);
	if (stopped < 0)
		ret->r = stopped;
	ret->stopped = stopped > 0;
	if (ret->r < 0 || ret->st.exit_unreadable) {
		char text[KERR_TEXT_MAX];

		log_wrn("cannot read the state of a container", "container", run->id, "error",
			kerr_text(&err, text, sizeof(text)));
		if (!why->msg[0])
			*why = err;
	}
	if (is_running(ret) && !ret->st.exit_unreadable)
		ret->frozen = cgroup_frozen(run->e->cgroups, run->cgroup);
}

/* restarts NULL: the cell is not started. */
static void derive_container(const struct container_spec *spec, const struct seen *seen,
			     const struct restarts *restarts, struct container_status *status,
			     struct container_fact *ret)
{
	status_container(seen->r < 0 ? NULL : &seen->st, seen->stopped, status, ret);
	if (ret->live)
		status_frozen(seen->frozen, status);
	if (seen->r == 0 && restarts)
		observe_restart(spec, restarts, &seen->st, seen->stopped, status->restart_count,
				ret);
}

/* Only for an operator's stop; if the root has ended, the cell ends by itself. */
static int is_being_stopped(struct engine *e, const struct addr *a, const struct cell_run *run,
			    struct kerr *err)
{
	cleanup_stops struct stops list = { 0 };
	const struct stop_order *o;
	int r = stops_load(e, a, &list, err);

	if (r < 0)
		return r;
	o = stops_find(&list, STOP_CELL);
	return o && !o->ended && streq(o->run_id, run->start_id);
}

/* Pending stops and restarts count as part of a start. 1 the cell is being stopped. */
static int observe_due(struct engine *e, struct cell_look *look, const struct addr *a,
		       const struct cell_run *run, struct restarts *ret_restarts, struct kerr *err)
{
	int ending = 0;
	int r = 0;

	if (!look || cell_look_may_stop(look, a))
		r = ending = is_being_stopped(e, a, run, err);
	if (r >= 0 && (!look || cell_look_may_restart(look, a)))
		r = restarts_load(e, a, ret_restarts, err);
	return r < 0 ? r : ending;
}

/* *ret: the record of the start, all zero if none. look: may be NULL. */
static enum run_phase observe_run(struct engine *e, struct cell_look *look, const struct addr *a,
				  struct cell_run *ret, struct restarts *ret_restarts,
				  struct kerr *why)
{
	struct kerr err = { 0 };
	char text[KERR_TEXT_MAX];
	int r;

	*ret = (struct cell_run){ 0 };
	r = cell_run_load(e, a, ret, &err);
	if (r == 0 && !ret->complete)
		return RUN_BEGUN;
	if (r == 0)
		r = observe_due(e, look, a, ret, ret_restarts, &err);
	if (r >= 0)
		return r > 0 ? RUN_ENDING : RUN_COMPLETE;
	if (r == -ENOENT)
		return RUN_NONE;
	log_wrn("cannot read the record of a start", "cell", a->cell, "error",
		kerr_text(&err, text, sizeof(text)));
	*why = err;
	return RUN_UNREADABLE;
}

/* NULL for none; owned by the caller. */
static char *addr6_text(const struct ipnet *addr)
{
	char text[IPNET_TEXT_MAX];

	return addr->family == IPNET_NONE ? NULL : xstrdup(ipnet_addr_text(addr, text));
}

static void observe_joined(const struct engine *e, struct cell_doc *doc, const struct cell_run *run)
{
	struct cell_network_status *st = &doc->status.network;
	struct addr a = addr_of_cell(doc);
	char text[IPV4_TEXT_MAX], bridge[LINK_NAME_MAX];

	for (size_t i = 0; i < st->networks.n; i++)
		model_clear(&cell_joined_network_type, &st->networks.v[i]);
	free_p(&st->networks.v);
	st->networks.n = 0;
	for (size_t i = 0; i < run->n_joined; i++) {
		const struct cell_port *p = &run->joined[i];
		struct addr space = { .realm = a.realm, .space = (char *) (uintptr_t) p->space };
		struct cell_joined_network *n;

		if (store_exists(&e->layout, &space, NULL) == 0) /* deleted by force */
			continue;
		n = vec_grow(&st->networks.v, &st->networks.n, sizeof(*n));
		link_bridge_name(a.realm, p->space, e->instance, bridge);
		n->name = xstrdup(p->space);
		n->bridge_name = xstrdup(bridge);
		n->device = xasprintf("eth%zu", i + 1);
		n->address = xstrdup(ipv4_text(p->addr, text));
		n->address_v6 = addr6_text(&p->addr6);
	}
}

void cell_observe_network(struct engine *e, struct cell_doc *doc, const struct cell_run *run)
{
	char ip[IPV4_TEXT_MAX];

	observe_joined(e, doc, run);
	free(doc->status.network.address);
	doc->status.network.address = run->addr ? xstrdup(ipv4_text(run->addr, ip)) : NULL;
	free(doc->status.network.address_v6);
	doc->status.network.address_v6 = addr6_text(&run->addr6);
	cell_ports_observe(e, doc, run);
	if (run->trouble[0] && doc->status.state == CELL_STATE_READY) {
		cleanup_free char *before = take_ptr(doc->status.message);

		doc->status.message =
			xasprintf("NetworkFailed: %s%s%s", run->trouble,
				  str_empty(before) ? "" : "; ", str_empty(before) ? "" : before);
	}
}

/* Keep the state derived without the file; the reason of a failed cell takes precedence. */
static void set_unreadable(struct cell_doc *doc, const struct kerr *why)
{
	cleanup_buf struct buf line = BUF_INIT(STATUS_MESSAGE_MAX + 8);
	char text[KERR_TEXT_MAX];

	if (doc->status.state == CELL_STATE_FAILED)
		return;
	str_one_line(&line, kerr_text(why, text, sizeof(text)), STATUS_MESSAGE_MAX);
	cell_set_state(doc, doc->status.state, REASON_STATE_DAMAGED, buf_str(&line));
}

/* What a cell's status is derived from. */
struct sight {
	enum run_phase phase;
	struct cell_run start;
	struct restarts restarts;
	struct seen *containers; /* in the order of the spec; synthesized ones are left out */
	struct kerr why; /* error of the first unreadable file */
};

static void sight_clear(struct sight *s)
{
	restarts_clear(&s->restarts);
	free(s->containers);
}

static void read_sight(struct engine *e, struct cell_look *look, const char *ns,
		       const struct addr *a, const struct cell_doc *doc, struct sight *ret)
{
	sight_clear(ret);
	*ret = (struct sight){
		.containers = xcalloc(doc->spec.containers.n + 1, sizeof(*ret->containers)),
	};
	ret->phase = observe_run(e, look, a, &ret->start, &ret->restarts, &ret->why);
	for (size_t i = 0; i < doc->spec.containers.n; i++) {
		cleanup_container_run struct container_run run = { 0 };

		if (container_is_synthesized(&doc->spec.containers.v[i]))
			continue;
		container_run_init(&run, e, ns, doc, &doc->spec.containers.v[i]);
		read_container(&run, &ret->containers[i], &ret->why);
		map_exit(run.spec, &ret->containers[i].st.exit);
	}
}

static bool all_running(const struct cell_doc *doc, const struct sight *s)
{
	for (size_t i = 0; i < doc->spec.containers.n; i++)
		if (!container_is_synthesized(&doc->spec.containers.v[i]) &&
		    !is_running(&s->containers[i]))
			return false;
	return true;
}

static unsigned derive(struct engine *e, struct cell_doc *doc, const struct sight *s)
{
	cleanup_free struct container_fact *facts =
		xcalloc(doc->spec.containers.n + 1, sizeof(*facts));
	unsigned need;

	for (size_t i = 0; i < doc->spec.containers.n; i++)
		if (!container_is_synthesized(&doc->spec.containers.v[i]))
			derive_container(&doc->spec.containers.v[i], &s->containers[i],
					 s->phase == RUN_COMPLETE ? &s->restarts : NULL,
					 &doc->status.containers.v[i], &facts[i]);
	need = status_cell(doc, s->phase, facts);
	if (!doc->status.ready_at
		     .set) /* unknown when Ready was stored, before the start was complete */
		doc->status.ready_at = s->start.ready_at;
	cell_observe_network(e, doc, &s->start);
	if (s->why.msg[0])
		set_unreadable(doc, &s->why);
	return need;
}

static int observe(struct engine *e, struct cell_look *look, const char *ns, struct cell_doc *doc,
		   struct cell_seen *ret, struct kerr *err)
{
	cleanup_(sight_clear) struct sight sight = { 0 };
	struct addr a = addr_of_cell(doc);
	unsigned need;

	status_align(doc);
	if (ret)
		*ret = (struct cell_seen){ 0 };
	if (daemon_cell_is(&a)) {
		if (ret && daemon_cell_is_alone(e, ns, doc))
			ret->need = CELL_NEED_ADOPT;
		return daemon_cell_observe(e, doc, err);
	}
	read_sight(e, look, ns, &a, doc, &sight);
	/*
	 * What a look knows of stops and restarts is older than what was seen of the
	 * containers. That is well while all of them run; one that has ended may have
	 * been stopped in between.
	 */
	if (look && sight.phase == RUN_COMPLETE && !all_running(doc, &sight))
		read_sight(e, NULL, ns, &a, doc, &sight);
	need = derive(e, doc, &sight);
	if (ret)
		*ret = (struct cell_seen){ .need = need, .run = sight.start };
	return 0;
}

int cell_observe(struct engine *e, const char *ns, struct cell_doc *doc, struct cell_seen *ret,
		 struct kerr *err)
{
	return observe(e, NULL, ns, doc, ret, err);
}

int cell_observe_look(struct cell_look *look, const char *ns, struct cell_doc *doc,
		      struct cell_seen *ret, struct kerr *err)
{
	return observe(look->e, look, ns, doc, ret, err);
}

int cell_save(struct engine *e, struct cell_doc *doc, enum store_save_flags flags, struct kerr *err)
{
	struct addr a = addr_of_cell(doc);
	cleanup_free char *cgroup = scope_cgroup(e, &a);

	free(doc->status.cgroup_path);
	doc->status.cgroup_path = xstrdup(cgroup);
	cell_observe_cgroup(e, doc, cgroup);
	return store_save(&e->layout, &a, flags, doc, err);
}

bool cell_any_running(const struct cell_doc *d)
{
	for (size_t i = 0; i < d->status.containers.n; i++)
		if (!container_is_synthesized(&d->spec.containers.v[i]) &&
		    container_state_is_up(d->status.containers.v[i].state))
			return true;
	return false;
}
