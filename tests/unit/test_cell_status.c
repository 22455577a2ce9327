/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "convert.h"
#include "copy.h"
#include "mem.h"
#include "shim.h"
#include "status.h"
#include "str.h"
#include "unit.h"

#define EXITS_MAX 3

enum root_kind {
	ROOT_SYNTHESIZED = 1,
	ROOT_EXPLICIT
};

/* What is known of a container, in the shorthand of the table. */
enum look {
	LOOK_END = 0, /* no more containers */
	LOOK_NEVER,
	LOOK_STARTING, /* a monitor is at it */
	LOOK_DEAD_STARTER, /* it was, and died */
	LOOK_RUNNING,
	LOOK_LOST,
	LOOK_EXIT_0,
	LOOK_EXIT_7,
	LOOK_SEGV,
	LOOK_TERM_STOPPED, /* by an operator */
	LOOK_OOM,
	LOOK_UNREADABLE,
};

static struct shim_status look_status(enum look l)
{
	struct shim_status st = { .state = SHIM_ENDED, .have_exit = true };

	switch (l) {
	case LOOK_END:
	case LOOK_UNREADABLE:
	case LOOK_NEVER:
		return (struct shim_status){ .state = SHIM_NEVER };
	case LOOK_STARTING:
		return (struct shim_status){ .state = SHIM_STARTING, .monitor_alive = true };
	case LOOK_DEAD_STARTER:
		return (struct shim_status){ .state = SHIM_STARTING };
	case LOOK_RUNNING:
		return (struct shim_status){ .state = SHIM_RUNNING, .monitor_alive = true };
	case LOOK_LOST:
		return (struct shim_status){ .state = SHIM_LOST };
	case LOOK_EXIT_0:
		break;
	case LOOK_EXIT_7:
		st.exit.code = 7;
		break;
	case LOOK_SEGV:
		st.exit.code = 139;
		st.exit.signal = 11;
		break;
	case LOOK_TERM_STOPPED:
		st.exit.code = 143;
		st.exit.signal = 15;
		break;
	case LOOK_OOM:
		st.exit.code = 137;
		st.exit.signal = 9;
		st.exit.oom_killed = true;
		break;
	}
	return st;
}

struct row {
	const char *what;
	enum root_kind root;
	enum run_phase phase;
	cell_state before;
	const char *before_reason;
	bool auto_delete;
	enum look look[EXITS_MAX]; /* with an explicit root it is the first */
	cell_state after;
	const char *reason;
	const char *message; /* NULL: not looked at */
	unsigned need;
};

#define SYN ROOT_SYNTHESIZED
#define EXP ROOT_EXPLICIT
#define UP RUN_COMPLETE

static const struct row rows[] = {
	{ "nothing yet",
	  SYN,
	  RUN_NONE,
	  CELL_STATE_PENDING,
	  NULL,
	  false,
	  { LOOK_NEVER },
	  CELL_STATE_PENDING,
	  NULL,
	  NULL,
	  0 },
	{ "one runs",
	  SYN,
	  UP,
	  CELL_STATE_PENDING,
	  NULL,
	  false,
	  { LOOK_RUNNING },
	  CELL_STATE_READY,
	  NULL,
	  NULL,
	  0 },
	{ "a monitor is starting one",
	  SYN,
	  UP,
	  CELL_STATE_READY,
	  NULL,
	  false,
	  { LOOK_STARTING },
	  CELL_STATE_READY,
	  NULL,
	  NULL,
	  0 },
	{ "only a synthesized root",
	  SYN,
	  UP,
	  CELL_STATE_PENDING,
	  NULL,
	  false,
	  { LOOK_END },
	  CELL_STATE_READY,
	  NULL,
	  NULL,
	  0 },
	{ "one of two has ended",
	  SYN,
	  UP,
	  CELL_STATE_READY,
	  NULL,
	  false,
	  { LOOK_EXIT_7, LOOK_RUNNING },
	  CELL_STATE_READY,
	  NULL,
	  NULL,
	  0 },
	{ "all ended cleanly",
	  SYN,
	  UP,
	  CELL_STATE_READY,
	  NULL,
	  false,
	  { LOOK_EXIT_0, LOOK_EXIT_0 },
	  CELL_STATE_STOPPED,
	  NULL,
	  NULL,
	  CELL_NEED_WIND_DOWN },
	{ "one stopped by hand may be started again",
	  SYN,
	  UP,
	  CELL_STATE_READY,
	  NULL,
	  false,
	  { LOOK_TERM_STOPPED, LOOK_EXIT_0 },
	  CELL_STATE_READY,
	  NULL,
	  NULL,
	  0 },
	{ "but goes with a cell that is to be deleted",
	  SYN,
	  UP,
	  CELL_STATE_READY,
	  NULL,
	  true,
	  { LOOK_TERM_STOPPED },
	  CELL_STATE_STOPPED,
	  NULL,
	  NULL,
	  CELL_NEED_WIND_DOWN | CELL_NEED_DELETE },
	{ "a root stopped by hand ends the cell",
	  EXP,
	  UP,
	  CELL_STATE_READY,
	  NULL,
	  false,
	  { LOOK_TERM_STOPPED, LOOK_EXIT_0 },
	  CELL_STATE_STOPPED,
	  NULL,
	  NULL,
	  CELL_NEED_WIND_DOWN },
	{ "being stopped",
	  SYN,
	  RUN_ENDING,
	  CELL_STATE_READY,
	  NULL,
	  false,
	  { LOOK_TERM_STOPPED, LOOK_RUNNING },
	  CELL_STATE_READY,
	  NULL,
	  "it is being stopped",
	  0 },
	{ "being stopped, its root runs",
	  EXP,
	  RUN_ENDING,
	  CELL_STATE_READY,
	  NULL,
	  false,
	  { LOOK_RUNNING, LOOK_TERM_STOPPED },
	  CELL_STATE_READY,
	  NULL,
	  "it is being stopped",
	  0 },
	{ "being stopped, all ended",
	  SYN,
	  RUN_ENDING,
	  CELL_STATE_READY,
	  NULL,
	  false,
	  { LOOK_TERM_STOPPED, LOOK_EXIT_7 },
	  CELL_STATE_STOPPED,
	  NULL,
	  NULL,
	  CELL_NEED_WIND_DOWN },
	{ "one failed",
	  SYN,
	  UP,
	  CELL_STATE_READY,
	  NULL,
	  false,
	  { LOOK_EXIT_0, LOOK_EXIT_7 },
	  CELL_STATE_FAILED,
	  "WorkloadFailed",
	  "container \"c1\" exited with code 7",
	  CELL_NEED_WIND_DOWN },
	{ "two failed",
	  SYN,
	  UP,
	  CELL_STATE_READY,
	  NULL,
	  false,
	  { LOOK_SEGV, LOOK_EXIT_7 },
	  CELL_STATE_FAILED,
	  "WorkloadFailed",
	  "container \"c0\" was killed by SIGSEGV; container \"c1\" exited with code 7",
	  CELL_NEED_WIND_DOWN },
	{ "memory",
	  SYN,
	  UP,
	  CELL_STATE_READY,
	  NULL,
	  false,
	  { LOOK_OOM },
	  CELL_STATE_FAILED,
	  "WorkloadFailed",
	  "container \"c0\" was killed by the OOM killer",
	  CELL_NEED_WIND_DOWN },
	{ "memory, and another runs on",
	  SYN,
	  UP,
	  CELL_STATE_READY,
	  NULL,
	  false,
	  { LOOK_OOM, LOOK_RUNNING },
	  CELL_STATE_READY,
	  NULL,
	  "container \"c0\" was killed by the OOM killer",
	  0 },
	{ "a monitor died",
	  SYN,
	  UP,
	  CELL_STATE_READY,
	  NULL,
	  false,
	  { LOOK_LOST },
	  CELL_STATE_READY,
	  NULL,
	  NULL,
	  CELL_NEED_ADOPT },
	{ "unreadable",
	  SYN,
	  UP,
	  CELL_STATE_READY,
	  NULL,
	  false,
	  { LOOK_UNREADABLE },
	  CELL_STATE_UNKNOWN,
	  NULL,
	  NULL,
	  0 },
	{ "unreadable beside a running one",
	  SYN,
	  UP,
	  CELL_STATE_READY,
	  NULL,
	  false,
	  { LOOK_UNREADABLE, LOOK_RUNNING },
	  CELL_STATE_READY,
	  NULL,
	  NULL,
	  0 },
	{ "unreadable beside one that ended",
	  SYN,
	  UP,
	  CELL_STATE_READY,
	  NULL,
	  false,
	  { LOOK_UNREADABLE, LOOK_EXIT_0 },
	  CELL_STATE_UNKNOWN,
	  NULL,
	  NULL,
	  0 },
	{ "a start nobody is at, of the last container",
	  SYN,
	  UP,
	  CELL_STATE_READY,
	  NULL,
	  false,
	  { LOOK_DEAD_STARTER },
	  CELL_STATE_STOPPED,
	  NULL,
	  NULL,
	  CELL_NEED_WIND_DOWN },
	/* an explicit root */
	{ "root runs, workloads done",
	  EXP,
	  UP,
	  CELL_STATE_READY,
	  NULL,
	  false,
	  { LOOK_RUNNING, LOOK_EXIT_7 },
	  CELL_STATE_READY,
	  NULL,
	  NULL,
	  0 },
	{ "root ended, workload runs",
	  EXP,
	  UP,
	  CELL_STATE_READY,
	  NULL,
	  false,
	  { LOOK_EXIT_0, LOOK_RUNNING },
	  CELL_STATE_STOPPED,
	  NULL,
	  NULL,
	  CELL_NEED_END },
	{ "root failed, workload runs",
	  EXP,
	  UP,
	  CELL_STATE_READY,
	  NULL,
	  false,
	  { LOOK_EXIT_7, LOOK_RUNNING },
	  CELL_STATE_FAILED,
	  "WorkloadFailed",
	  "container \"c0\" exited with code 7",
	  CELL_NEED_END },
	{ "root clean, workload failed: the root decides",
	  EXP,
	  UP,
	  CELL_STATE_READY,
	  NULL,
	  false,
	  { LOOK_EXIT_0, LOOK_EXIT_7 },
	  CELL_STATE_STOPPED,
	  NULL,
	  NULL,
	  CELL_NEED_WIND_DOWN },
	{ "root unreadable is no ended root",
	  EXP,
	  UP,
	  CELL_STATE_READY,
	  NULL,
	  false,
	  { LOOK_UNREADABLE, LOOK_RUNNING },
	  CELL_STATE_READY,
	  NULL,
	  NULL,
	  0 },
	{ "root unreadable, nothing else",
	  EXP,
	  UP,
	  CELL_STATE_READY,
	  NULL,
	  false,
	  { LOOK_UNREADABLE },
	  CELL_STATE_UNKNOWN,
	  NULL,
	  NULL,
	  0 },
	{ "root lost its monitor",
	  EXP,
	  UP,
	  CELL_STATE_READY,
	  NULL,
	  false,
	  { LOOK_LOST, LOOK_EXIT_0 },
	  CELL_STATE_READY,
	  NULL,
	  NULL,
	  CELL_NEED_ADOPT },
	/* starts */
	{ "under way",
	  SYN,
	  RUN_BEGUN,
	  CELL_STATE_PENDING,
	  NULL,
	  false,
	  { LOOK_RUNNING },
	  CELL_STATE_PENDING,
	  NULL,
	  NULL,
	  CELL_NEED_UNDO },
	{ "under way, and said to be up in advance",
	  SYN,
	  RUN_BEGUN,
	  CELL_STATE_READY,
	  NULL,
	  false,
	  { LOOK_RUNNING },
	  CELL_STATE_PENDING,
	  NULL,
	  NULL,
	  CELL_NEED_UNDO },
	{ "under way after a stop",
	  SYN,
	  RUN_BEGUN,
	  CELL_STATE_STOPPED,
	  NULL,
	  false,
	  { LOOK_NEVER },
	  CELL_STATE_STOPPED,
	  NULL,
	  NULL,
	  CELL_NEED_UNDO },
	{ "its record is damaged",
	  SYN,
	  RUN_UNREADABLE,
	  CELL_STATE_READY,
	  NULL,
	  false,
	  { LOOK_RUNNING },
	  CELL_STATE_UNKNOWN,
	  NULL,
	  NULL,
	  0 },
	/* a reboot, or a stop */
	{ "ran before the reboot",
	  SYN,
	  RUN_NONE,
	  CELL_STATE_READY,
	  NULL,
	  false,
	  { LOOK_NEVER },
	  CELL_STATE_STOPPED,
	  NULL,
	  NULL,
	  0 },
	{ "stopped before it",
	  SYN,
	  RUN_NONE,
	  CELL_STATE_STOPPED,
	  NULL,
	  false,
	  { LOOK_NEVER },
	  CELL_STATE_STOPPED,
	  NULL,
	  NULL,
	  0 },
	{ "failed before it",
	  SYN,
	  RUN_NONE,
	  CELL_STATE_FAILED,
	  "WorkloadFailed",
	  false,
	  { LOOK_EXIT_7 },
	  CELL_STATE_FAILED,
	  "WorkloadFailed",
	  NULL,
	  0 },
	/* what is sticky stays */
	{ "a failed start",
	  SYN,
	  RUN_NONE,
	  CELL_STATE_FAILED,
	  "StartCellFailed",
	  true,
	  { LOOK_NEVER },
	  CELL_STATE_FAILED,
	  "StartCellFailed",
	  NULL,
	  0 },
	{ "a failed create that something is left of",
	  SYN,
	  UP,
	  CELL_STATE_FAILED,
	  "CreateCellFailed",
	  true,
	  { LOOK_RUNNING },
	  CELL_STATE_FAILED,
	  "CreateCellFailed",
	  NULL,
	  CELL_NEED_WIND_DOWN },
	{ "a failed container",
	  SYN,
	  RUN_UNREADABLE,
	  CELL_STATE_FAILED,
	  "StartContainerFailed",
	  true,
	  { LOOK_NEVER },
	  CELL_STATE_FAILED,
	  "StartContainerFailed",
	  NULL,
	  0 },
	/* autoDelete */
	{ "delete when done",
	  SYN,
	  UP,
	  CELL_STATE_READY,
	  NULL,
	  true,
	  { LOOK_EXIT_0 },
	  CELL_STATE_STOPPED,
	  NULL,
	  NULL,
	  CELL_NEED_WIND_DOWN | CELL_NEED_DELETE },
	{ "delete whatever the code",
	  SYN,
	  UP,
	  CELL_STATE_READY,
	  NULL,
	  true,
	  { LOOK_EXIT_7 },
	  CELL_STATE_FAILED,
	  "WorkloadFailed",
	  NULL,
	  CELL_NEED_WIND_DOWN | CELL_NEED_DELETE },
	{ "delete, but not before the workloads have ended",
	  EXP,
	  UP,
	  CELL_STATE_READY,
	  NULL,
	  true,
	  { LOOK_EXIT_0, LOOK_RUNNING },
	  CELL_STATE_STOPPED,
	  NULL,
	  NULL,
	  CELL_NEED_END },
	{ "delete after a stop",
	  SYN,
	  RUN_NONE,
	  CELL_STATE_STOPPED,
	  NULL,
	  true,
	  { LOOK_TERM_STOPPED },
	  CELL_STATE_STOPPED,
	  NULL,
	  NULL,
	  CELL_NEED_DELETE },
	{ "delete at boot",
	  SYN,
	  RUN_NONE,
	  CELL_STATE_READY,
	  NULL,
	  true,
	  { LOOK_NEVER },
	  CELL_STATE_STOPPED,
	  NULL,
	  NULL,
	  CELL_NEED_DELETE },
	{ "never while it runs",
	  SYN,
	  UP,
	  CELL_STATE_READY,
	  NULL,
	  true,
	  { LOOK_RUNNING, LOOK_EXIT_0 },
	  CELL_STATE_READY,
	  NULL,
	  NULL,
	  0 },
	{ "never before it was up",
	  SYN,
	  RUN_NONE,
	  CELL_STATE_PENDING,
	  NULL,
	  true,
	  { LOOK_NEVER },
	  CELL_STATE_PENDING,
	  NULL,
	  NULL,
	  0 },
};

static void make(const struct row *r, struct cell_doc *doc)
{
	doc->head.metadata.name = xstrdup("cell");
	doc->spec.auto_delete = r->auto_delete;
	for (size_t i = 0; i < EXITS_MAX && r->look[i] != LOOK_END; i++) {
		struct container_spec *c =
			vec_grow(&doc->spec.containers.v, &doc->spec.containers.n, sizeof(*c));

		c->id = xasprintf("c%zu", i);
		c->image = xstrdup("img");
		c->root = r->root == ROOT_EXPLICIT && i == 0;
	}
	if (r->root == ROOT_SYNTHESIZED)
		cell_add_root(doc);
	if (r->before == CELL_STATE_READY)
		cell_set_state(doc, CELL_STATE_READY, NULL, NULL);
	doc->status.ready_observed = r->before != CELL_STATE_PENDING;
	cell_set_state(doc, r->before, r->before_reason, r->before_reason);
	status_align(doc);
}

static void check_row(const struct row *r)
{
	struct cell_doc doc = { 0 };
	struct container_fact facts[EXITS_MAX + 1] = { 0 };
	unsigned need;

	make(r, &doc);
	for (size_t i = 0; i < doc.spec.containers.n; i++) {
		struct shim_status st;

		if (container_is_synthesized(&doc.spec.containers.v[i]))
			continue;
		st = look_status(r->look[i]);
		status_container(r->look[i] == LOOK_UNREADABLE ? NULL : &st,
				 r->look[i] == LOOK_TERM_STOPPED, &doc.status.containers.v[i],
				 &facts[i]);
	}
	need = status_cell(&doc, r->phase, facts);
	ck_assert_msg(doc.status.state == r->after, "%s: state %d, not %d", r->what,
		      (int) doc.status.state, (int) r->after);
	ck_assert_msg(streq_null(doc.status.reason, r->reason), "%s: reason %s", r->what,
		      doc.status.reason ? doc.status.reason : "none");
	ck_assert_msg(!r->message || streq_null(doc.status.message, r->message), "%s: message %s",
		      r->what, doc.status.message ? doc.status.message : "none");
	ck_assert_msg(need == r->need, "%s: need %#x, not %#x", r->what, need, r->need);
	model_clear(&cell_doc_type, &doc);
}

START_TEST(cells)
{
	check_row(&rows[_i]);
}
END_TEST

/* ---- one container ---- */

static const struct {
	enum look look;
	container_state before, after;
	int64_t code;
	const char *sig;
	bool live;
} containers[] = {
	{ LOOK_NEVER, CONTAINER_STATE_PENDING, CONTAINER_STATE_PENDING, 0, NULL, false },
	{ LOOK_NEVER, CONTAINER_STATE_READY, CONTAINER_STATE_STOPPED, 0, NULL, false },
	{ LOOK_NEVER, CONTAINER_STATE_PAUSED, CONTAINER_STATE_STOPPED, 0, NULL, false },
	{ LOOK_NEVER, CONTAINER_STATE_FAILED, CONTAINER_STATE_FAILED, 0, NULL, false },
	{ LOOK_NEVER, CONTAINER_STATE_UNKNOWN, CONTAINER_STATE_STOPPED, 0, NULL, false },
	{ LOOK_STARTING, CONTAINER_STATE_STOPPED, CONTAINER_STATE_PENDING, 0, NULL, true },
	{ LOOK_DEAD_STARTER, CONTAINER_STATE_PENDING, CONTAINER_STATE_PENDING, 0, NULL, false },
	{ LOOK_RUNNING, CONTAINER_STATE_FAILED, CONTAINER_STATE_READY, 0, NULL, true },
	{ LOOK_LOST, CONTAINER_STATE_READY, CONTAINER_STATE_READY, 0, NULL, true },
	{ LOOK_EXIT_0, CONTAINER_STATE_READY, CONTAINER_STATE_STOPPED, 0, "", false },
	{ LOOK_EXIT_7, CONTAINER_STATE_READY, CONTAINER_STATE_FAILED, 7, "", false },
	{ LOOK_SEGV, CONTAINER_STATE_READY, CONTAINER_STATE_FAILED, 139, "SIGSEGV", false },
	{ LOOK_TERM_STOPPED, CONTAINER_STATE_READY, CONTAINER_STATE_STOPPED, 143, "SIGTERM",
	  false },
	{ LOOK_UNREADABLE, CONTAINER_STATE_READY, CONTAINER_STATE_UNKNOWN, 0, NULL, false },
};

START_TEST(one_container)
{
	struct container_status status = { .state = containers[_i].before };
	struct shim_status st = look_status(containers[_i].look);
	struct container_fact fact;

	status_container(containers[_i].look == LOOK_UNREADABLE ? NULL : &st,
			 containers[_i].look == LOOK_TERM_STOPPED, &status, &fact);
	ck_assert_int_eq(status.state, containers[_i].after);
	ck_assert_int_eq(status.exit_code, containers[_i].code);
	ck_assert(streq_null(status.exit_signal, containers[_i].sig));
	ck_assert_int_eq(fact.live, containers[_i].live);
	ck_assert_int_eq(fact.lost, containers[_i].look == LOOK_LOST);
	model_clear(&container_status_type, &status);
}
END_TEST

/* The exit of the run before is told while the next one runs. */
START_TEST(the_last_exit_stays)
{
	struct container_status status = { 0 };
	struct shim_status st = { .state = SHIM_RUNNING, .monitor_alive = true, .have_exit = true };
	struct container_fact fact;

	st.exit.code = 3;
	status_container(&st, false, &status, &fact);
	ck_assert_int_eq(status.state, CONTAINER_STATE_READY);
	ck_assert_int_eq(status.exit_code, 3);
	model_clear(&container_status_type, &status);
}
END_TEST

START_TEST(the_synthesized_root)
{
	static const struct {
		enum run_phase phase;
		enum look look;
		bool seen;
		container_state after;
	} cases[] = {
		{ RUN_NONE, LOOK_NEVER, false, CONTAINER_STATE_PENDING },
		{ RUN_BEGUN, LOOK_NEVER, false, CONTAINER_STATE_PENDING },
		{ RUN_COMPLETE, LOOK_RUNNING, true, CONTAINER_STATE_READY },
		{ RUN_COMPLETE, LOOK_EXIT_0, true, CONTAINER_STATE_STOPPED },
		{ RUN_NONE, LOOK_EXIT_0, true, CONTAINER_STATE_STOPPED },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct row r = { .root = ROOT_SYNTHESIZED, .look = { cases[i].look } };
		struct container_fact facts[2] = { 0 };
		struct shim_status st = look_status(cases[i].look);
		struct cell_doc doc = { 0 };

		make(&r, &doc);
		doc.status.ready_observed = cases[i].seen;
		status_container(&st, false, &doc.status.containers.v[0], &facts[0]);
		(void) status_cell(&doc, cases[i].phase, facts);
		ck_assert_int_eq(doc.status.containers.v[1].state, cases[i].after);
		model_clear(&cell_doc_type, &doc);
	}
}
END_TEST

/* One that its policy brings back: the cell stays up, nothing is wound down or deleted. */
static const struct {
	enum root_kind root;
	enum look look[2];
	bool owed[2];
	cell_state after;
	const char *message;
	unsigned need;
} owing[] = {
	{ SYN,
	  { LOOK_EXIT_7 },
	  { true },
	  CELL_STATE_READY,
	  "container \"c0\" exited with code 7, it is restarted after 4s",
	  CELL_NEED_RESTART },
	{ SYN,
	  { LOOK_EXIT_0 },
	  { true },
	  CELL_STATE_READY,
	  "container \"c0\" exited with code 0, it is restarted after 4s",
	  CELL_NEED_RESTART },
	{ SYN,
	  { LOOK_EXIT_0, LOOK_OOM },
	  { false, true },
	  CELL_STATE_READY,
	  "container \"c1\" was killed by the OOM killer, it is restarted after 4s",
	  CELL_NEED_RESTART },
	{ SYN, { LOOK_EXIT_7, LOOK_RUNNING }, { false, false }, CELL_STATE_READY, NULL, 0 },
	{ EXP,
	  { LOOK_EXIT_0, LOOK_RUNNING },
	  { true, false },
	  CELL_STATE_READY,
	  "container \"c0\" exited with code 0, it is restarted after 4s",
	  CELL_NEED_RESTART },
	/* The root's end is the cell's, whatever is owed. */
	{ EXP,
	  { LOOK_EXIT_7, LOOK_EXIT_7 },
	  { false, true },
	  CELL_STATE_FAILED,
	  "container \"c0\" exited with code 7; container \"c1\" exited with code 7",
	  CELL_NEED_WIND_DOWN | CELL_NEED_DELETE },
};

START_TEST(a_restart_is_owed)
{
	struct row r = { .root = owing[_i].root,
			 .before = CELL_STATE_READY,
			 .auto_delete = true,
			 .look = { owing[_i].look[0], owing[_i].look[1] } };
	struct container_fact facts[EXITS_MAX + 1] = { 0 };
	struct cell_doc doc = { 0 };

	make(&r, &doc);
	for (size_t i = 0; i < ARRAY_SIZE(owing[_i].look) && owing[_i].look[i]; i++) {
		struct shim_status st = look_status(owing[_i].look[i]);

		status_container(&st, false, &doc.status.containers.v[i], &facts[i]);
		facts[i].restart_ms = owing[_i].owed[i] ? 4000 : 0;
	}
	ck_assert_uint_eq(status_cell(&doc, RUN_COMPLETE, facts), owing[_i].need);
	ck_assert_int_eq(doc.status.state, owing[_i].after);
	ck_assert_msg(streq_null(doc.status.message, owing[_i].message), "%d: %s", _i,
		      doc.status.message);
	model_clear(&cell_doc_type, &doc);
}
END_TEST

START_TEST(why_a_restart_failed)
{
	struct row r = { .root = SYN, .look = { LOOK_EXIT_7 } };
	struct container_fact facts[2] = { { 0 } };
	struct shim_status st = look_status(LOOK_EXIT_7);
	struct cell_doc doc = { 0 };

	make(&r, &doc);
	status_container(&st, false, &doc.status.containers.v[0], &facts[0]);
	facts[0].restart_ms = 2000;
	facts[0].why = "no image";
	(void) status_cell(&doc, RUN_COMPLETE, facts);
	ck_assert_str_eq(doc.status.message, "container \"c0\" exited with code 7, its restart "
					     "failed (no image) and is tried again after 2s");
	model_clear(&cell_doc_type, &doc);
}
END_TEST

/* What killed it is told after the restart too, but not after a start by hand. */
START_TEST(want_of_memory_is_remembered)
{
	struct row r = { .root = SYN, .look = { LOOK_RUNNING } };
	struct container_fact facts[2] = { { 0 } };
	struct shim_status st = look_status(LOOK_OOM);
	struct cell_doc doc = { 0 };

	st.state = SHIM_RUNNING;
	make(&r, &doc);
	status_container(&st, false, &doc.status.containers.v[0], &facts[0]);
	(void) status_cell(&doc, RUN_COMPLETE, facts);
	ck_assert_ptr_null(doc.status.message);
	doc.status.containers.v[0].restart_count = 1;
	status_container(&st, false, &doc.status.containers.v[0], &facts[0]);
	(void) status_cell(&doc, RUN_COMPLETE, facts);
	ck_assert_str_eq(doc.status.message,
			 "container \"c0\" was killed by the OOM killer, and was restarted");
	model_clear(&cell_doc_type, &doc);
}
END_TEST

/* Statuses follow their containers by name, whatever is added, removed or moved. */
START_TEST(statuses_follow_names)
{
	struct row r = { .root = ROOT_SYNTHESIZED, .look = { LOOK_NEVER, LOOK_NEVER } };
	struct cell_doc doc = { 0 };
	struct container_spec swap;

	make(&r, &doc);
	doc.status.containers.v[0].exit_code = 10;
	doc.status.containers.v[1].exit_code = 11;
	swap = doc.spec.containers.v[0];
	doc.spec.containers.v[0] = doc.spec.containers.v[1];
	doc.spec.containers.v[1] = swap;
	free(doc.spec.containers.v[1].id);
	doc.spec.containers.v[1].id = xstrdup("new");
	status_align(&doc);
	ck_assert_uint_eq(doc.status.containers.n, 3);
	ck_assert_str_eq(doc.status.containers.v[0].name, "c1");
	ck_assert_int_eq(doc.status.containers.v[0].exit_code, 11);
	ck_assert_str_eq(doc.status.containers.v[1].name, "new");
	ck_assert_int_eq(doc.status.containers.v[1].exit_code, 0);
	model_clear(&cell_doc_type, &doc);
}
END_TEST

static Suite *test_cell_status(void)
{
	Suite *s = suite_create("cell_status");
	TCase *t = tcase_create("all");

	tcase_add_loop_test(t, cells, 0, (int) ARRAY_SIZE(rows));
	tcase_add_loop_test(t, one_container, 0, (int) ARRAY_SIZE(containers));
	tcase_add_test(t, the_last_exit_stays);
	tcase_add_test(t, the_synthesized_root);
	tcase_add_loop_test(t, a_restart_is_owed, 0, (int) ARRAY_SIZE(owing));
	tcase_add_test(t, why_a_restart_failed);
	tcase_add_test(t, want_of_memory_is_remembered);
	tcase_add_test(t, statuses_follow_names);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(test_cell_status);
