/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <signal.h>

#include "cell.h"
#include "clock.h"
#include "container.h"
#include "convert.h"
#include "fd.h"
#include "log.h"
#include "mem.h"
#include "mount.h"
#include "path.h"
#include "proc.h"
#include "restart.h"
#include "str.h"
#include "wake.h"

/* How long a killed process may take to be gone, and its monitor to clean up. */
#define KILL_WAIT_MS 5000
#define SETTLE_WAIT_MS 10000

/* One container on its way down. */
struct stopping {
	struct container_run run;
	struct shim_status st;
	int pidfd; /* of init while it runs, else -1 */
};

static void stopping_clear(struct stopping *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		container_run_clear(&v[i].run);
		fd_close_p(&v[i].pidfd);
	}
	free(v);
}

/* Records that cannot be read tell nothing; what they were about is killed by its cgroup. */
static int settle(struct stopping *s, struct kerr *err)
{
	struct kerr why = { 0 };
	int r = shim_settle(&s->run.how.place, SETTLE_WAIT_MS, &s->st, &why);

	if (r == -EBADMSG) {
		s->st = (struct shim_status){ .state = SHIM_NEVER };
		return 0;
	}
	if (r < 0 && err)
		*err = why;
	return r;
}

/*
 * Before a container without a monitor is ended, a new monitor: somebody should
 * see how it ends. Where that cannot be had it is ended all the same.
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
		log_wrn("nobody sees how a container ends", "container", s->run.id, "error",
			kerr_text(&why, text, sizeof(text)));
	else
		(void) shim_state(&s->run.how.place, &s->st, NULL); /* as it was, at worst */
}

/* It ended before it was stopped, and its policy would bring it back. */
static bool stays_down(const struct stopping *s, enum cell_stop_flags flags)
{
	return !(flags & CELL_STOP_ENDED) && s->st.state == SHIM_ENDED &&
	       restart_wanted(s->run.spec->restart_policy, s->st.exit.code);
}

static int signal_one(struct stopping *s, enum cell_stop_flags flags, struct kerr *err)
{
	struct kerr why = { 0 };
	char text[KERR_TEXT_MAX];
	int sig;
	int r;

	r = settle(s, err);
	if (r < 0)
		return r;
	adopt_if_lost(s);
	s->pidfd = shim_open_init(&s->st);
	if (s->pidfd < 0 && !stays_down(s, flags))
		return 0;
	r = container_mark_stopped(&s->run, &s->st, &why);
	if (r < 0) /* on a full disk too: it ends, and looks as if it had failed */
		log_wrn("a stop is not recorded", "container", s->run.id, "error",
			kerr_text(&why, text, sizeof(text)));
	if (s->pidfd < 0)
		return 0;
	sig = flags & CELL_STOP_KILL ? SIGKILL : container_stop_signal(&s->run);
	(void) pidfd_signal(s->pidfd, sig); /* it may have just ended */
	return 0;
}

/* Wait for all until the deadline, kill what is left, wait for the monitors. */
static int await_all(struct stopping *v, size_t n, int64_t deadline, struct kerr *err)
{
	int r = 0;

	for (size_t i = 0; i < n; i++) {
		if (v[i].pidfd < 0 || pidfd_wait(v[i].pidfd, clock_left(deadline)) != 0)
			continue;
		(void) pidfd_signal(v[i].pidfd, SIGKILL);
	}
	deadline = clock_ms() + KILL_WAIT_MS;
	for (size_t i = 0; i < n; i++) {
		if (v[i].pidfd >= 0 && pidfd_wait(v[i].pidfd, clock_left(deadline)) == 0)
			return kerr_plain(err, -ETIME,
					  "container %s does not end: process %d ignores SIGKILL",
					  v[i].run.id, (int) v[i].st.pid);
		r = settle(&v[i], err);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Who is to stop: the workloads, the explicit root, or the container of that id. */
struct who {
	bool roots;
	const char *only;
};

static bool is_meant(const struct who *w, const struct container_spec *c)
{
	if (container_is_synthesized(c))
		return false;
	return w->only ? streq_null(c->id, w->only) : c->root == w->roots;
}

static int stop_group(struct engine *e, const char *ns, const struct cell_doc *doc,
		      const struct who *who, int grace_ms, enum cell_stop_flags flags,
		      struct kerr *err)
{
	size_t max = doc->spec.containers.n, n = 0;
	struct stopping *v = xcalloc(max + 1, sizeof(*v));
	int64_t deadline = clock_ms() + (flags & CELL_STOP_KILL ? KILL_WAIT_MS : grace_ms);
	int r = 0;

	for (size_t i = 0; r == 0 && i < max; i++) {
		const struct container_spec *c = &doc->spec.containers.v[i];

		if (!is_meant(who, c))
			continue;
		v[n].pidfd = -EBADF;
		container_run_init(&v[n].run, e, ns, doc, c);
		r = signal_one(&v[n++], flags, err);
	}
	if (r == 0 && !(flags & CELL_STOP_ASK))
		r = await_all(v, n, deadline, err);
	stopping_clear(v, n);
	return r;
}

/* Everything has ended: what the monitors left, then what the start made. */
static int take_away(struct engine *e, const char *ns, const struct cell_doc *doc,
		     const struct addr *a, struct kerr *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < doc->spec.containers.n; i++) {
		struct container_run run cleanup_container_run = { 0 };

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

int cell_stop_locked(struct engine *e, const char *ns, struct cell_doc *doc, int grace_ms,
		     enum cell_stop_flags flags, struct kerr *err)
{
	struct addr a = addr_of_cell(doc);
	bool ended = flags & CELL_STOP_ENDED;
	cell_state before;
	int r;

	r = stop_group(e, ns, doc, &(struct who){ .roots = false }, grace_ms, flags, err);
	if (r == 0)
		r = stop_group(e, ns, doc, &(struct who){ .roots = true }, grace_ms, flags, err);
	if (r == 0) /* before the records that say who was stopped go */
		r = restarts_drop(e, &a, err);
	/* The exits are read before their records are cleared. */
	before = doc->status.state;
	if (r == 0)
		r = cell_observe(e, ns, doc, NULL, err);
	if (r == 0)
		r = take_away(e, ns, doc, &a, err);
	if (r < 0)
		return r;
	if (!ended && before != CELL_STATE_FAILED)
		cell_set_state(doc, CELL_STATE_STOPPED, NULL, NULL);
	r = cell_observe(e, ns, doc, NULL, err);
	if (r == 0 && !(flags & CELL_STOP_NO_SAVE))
		r = cell_save(e, doc, 0, err);
	if (r == 0 && doc->spec.auto_delete && !(flags & (CELL_STOP_NO_SAVE | CELL_STOP_ENDED)))
		wake_ask(e, &a); /* no monitor does where nothing ran */
	return r;
}

int cell_ask_locked(struct engine *e, const char *ns, struct cell_doc *doc, struct kerr *err)
{
	return stop_group(e, ns, doc, &(struct who){ .roots = false }, 0,
			  CELL_STOP_ENDED | CELL_STOP_ASK, err);
}

int cell_stop_one_locked(struct engine *e, const char *ns, struct cell_doc *doc, const char *id,
			 int grace_ms, enum cell_stop_flags flags, struct kerr *err)
{
	struct addr a = addr_of_cell(doc);
	struct who who = { .only = id };
	unsigned need;
	int r;

	r = stop_group(e, ns, doc, &who, grace_ms, flags, err);
	if (r == 0)
		r = restarts_forget(e, &a, id, err);
	if (r == 0)
		r = cell_observe(e, ns, doc, &need, err);
	if (r == 0 && need & CELL_NEED_WIND_DOWN && !(flags & CELL_STOP_KEEP_RUN))
		return cell_stop_locked(e, ns, doc, 0, flags, err);
	return r < 0 || flags & CELL_STOP_NO_SAVE ? r : cell_save(e, doc, 0, err);
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
	struct container_run run cleanup_container_run = { 0 };
	struct addr a = addr_of_cell(doc);
	struct cell_run cell_run;
	size_t i = container_index(doc, id);
	int r;

	if (i == doc->spec.containers.n || container_is_synthesized(&doc->spec.containers.v[i]))
		return 0;
	r = cell_stop_one_locked(e, ns, doc, id, cell_grace(e, CELL_DELETE_GRACE_MS),
				 CELL_STOP_NO_SAVE | CELL_STOP_KEEP_RUN, err);
	if (r < 0)
		return r;
	container_run_init(&run, e, ns, doc, &doc->spec.containers.v[i]);
	if (cell_run_load(e, &a, &cell_run, NULL) == 0) {
		char *dir cleanup_free = cell_run_dir(e, &a, &cell_run);
		char *root cleanup_free = container_rootfs(&run, dir);

		r = mount_detach_rmdir(root, err);
	}
	return r < 0 ? r : container_remove(&run, err);
}

int cell_drop_container_locked(struct engine *e, const char *ns, struct cell_doc *doc,
			       const char *id, struct kerr *err)
{
	struct addr a = addr_of_cell(doc);
	char *dir cleanup_free = layout_container(&e->layout, &a, id, CONTAINER_DIR);
	size_t i = container_index(doc, id);
	int r;

	if (i == doc->spec.containers.n)
		return 0;
	r = cell_reset_container_locked(e, ns, doc, id, err);
	if (r == 0)
		r = remove_tree_at(AT_FDCWD, dir, 0, err);
	if (r < 0)
		return r;
	model_clear(&container_spec_type, &doc->spec.containers.v[i]);
	doc->spec.containers.n--;
	memmove(&doc->spec.containers.v[i], &doc->spec.containers.v[i + 1],
		(doc->spec.containers.n - i) * sizeof(doc->spec.containers.v[0]));
	r = cell_observe(e, ns, doc, NULL, err);
	return r < 0 ? r : cell_save(e, doc, 0, err);
}
