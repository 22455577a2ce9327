/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>

#include "cgroup.h"
#include "configuration.h"
#include "convert.h"
#include "daemon.h"
#include "daemon_cell.h"
#include "mem.h"
#include "scope.h"
#include "shim.h"
#include "shim_state.h"
#include "status.h"
#include "str.h"

bool daemon_cell_is(const struct addr *a)
{
	return a->cell && streq(a->cell, SYSTEM_CELL) && streq_null(a->stack, SYSTEM_STACK) &&
	       streq_null(a->space, SYSTEM_SPACE) && streq_null(a->realm, SYSTEM_REALM);
}

int daemon_cell_refuse(const struct addr *a, const char *verb, struct kerr *err)
{
	if (!daemon_cell_is(a))
		return 0;
	return kerr_plain(err, -EPERM, "cell \"%s\" is the daemon's own: use kuke daemon %s",
			  a->cell, verb);
}

int daemon_cell_refuse_parent(const struct addr *a, struct kerr *err)
{
	enum addr_level level = addr_level(a);

	if (level == ADDR_ROOT || level == ADDR_CELL || !streq(a->realm, SYSTEM_REALM) ||
	    (level >= ADDR_SPACE && !streq(a->space, SYSTEM_SPACE)) ||
	    (level >= ADDR_STACK && !streq(a->stack, SYSTEM_STACK)))
		return 0;
	return kerr_plain(err, -EPERM, "%s \"%s\" holds the daemon's own cell and is never deleted",
			  level_words[level], addr_name(a));
}

/* ---- its monitor ---- */

static char **daemon_argv(const struct container_spec *c)
{
	char **argv = xcalloc(c->args.n + 2, sizeof(*argv));

	argv[0] = c->command;
	for (size_t i = 0; i < c->args.n; i++)
		argv[i + 1] = c->args.v[i];
	return argv;
}

/* The monitor and the daemon live in <cell>/<id>; workloads are moved out before they run. */
static int with_monitor(struct engine *e, struct container_run *run,
			int (*begin)(const struct shim_start *how, struct kerr *err),
			struct kerr *err)
{
	cleanup_free char **argv = daemon_argv(run->spec);
	int fds[CGROUP_FDS_MAX];
	size_t n = 0;
	int r;

	r = cgroup_ensure(e->cgroups, run->cgroup, CGROUP_ENSURE_LEAF, NULL, err);
	if (r >= 0)
		r = cgroup_open_procs(e->cgroups, run->cgroup, fds, &n, err);
	if (r < 0)
		return r;
	run->how.monitor_procs_fds = fds;
	run->how.n_monitor_procs_fds = n;
	run->how.process = argv;
	r = begin(&run->how, err);
	cgroup_close_procs(fds, n);
	run->how.monitor_procs_fds = NULL;
	run->how.n_monitor_procs_fds = 0;
	run->how.process = NULL;
	return r;
}

static int start(const struct shim_start *how, struct kerr *err)
{
	struct shim_started started;

	return shim_start(how, &started, err);
}

int daemon_cell_start(struct engine *e, struct container_run *run, struct kerr *err)
{
	return with_monitor(e, run, start, err);
}

/* The record of another daemon, started by hand since, is not this one's. */
static bool is_alone(struct engine *e, const struct container_run *run)
{
	struct shim_status st;
	pid_t pid;

	return shim_state(&run->how.place, &st, NULL) == 0 && st.state == SHIM_LOST &&
	       daemon_running(e->layout.run_path, e->layout.runtime_dir, &pid) == 1 &&
	       pid == st.pid;
}

bool daemon_cell_is_alone(struct engine *e, const char *ns, const struct cell_doc *doc)
{
	cleanup_container_run struct container_run run = { 0 };
	const struct container_spec *spec = cell_container(&doc->spec, SYSTEM_CELL);

	if (!spec)
		return false;
	container_run_init(&run, e, ns, doc, spec);
	return is_alone(e, &run);
}

int daemon_cell_adopt(struct engine *e, const char *ns, const struct cell_doc *doc,
		      struct kerr *err)
{
	cleanup_container_run struct container_run run = { 0 };
	const struct container_spec *spec = cell_container(&doc->spec, SYSTEM_CELL);
	int r;

	if (!spec)
		return 0;
	container_run_init(&run, e, ns, doc, spec);
	if (!is_alone(e, &run))
		return 0;
	r = with_monitor(e, &run, shim_adopt, err);
	if (r == -EBUSY || r == -ESRCH) /* there is one by now; or the daemon has ended */
		return 0;
	return r < 0 ? r : 1;
}

int daemon_cell_observe(struct engine *e, struct cell_doc *doc, struct kerr *err)
{
	pid_t pid;
	int r = daemon_running(e->layout.run_path, e->layout.runtime_dir, &pid);

	if (r < 0)
		return kerr_set(err, r, "look for kukeond");
	for (size_t i = 0; i < doc->status.containers.n; i++)
		doc->status.containers.v[i].state =
			r ? CONTAINER_STATE_READY : CONTAINER_STATE_STOPPED;
	if (r)
		cell_set_state(doc, CELL_STATE_READY, NULL, NULL);
	else if (doc->status.ready_observed)
		cell_set_state(doc, CELL_STATE_STOPPED, NULL, NULL);
	return 0;
}
