/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "cell_load.h"
#include "cell_status.h"
#include "cgroup.h"
#include "cgroup_host.h"
#include "clock.h"
#include "container.h"
#include "convert.h"
#include "copy.h"
#include "daemon.h"
#include "daemon_cell.h"
#include "fd.h"
#include "log.h"
#include "mem.h"
#include "model.h"
#include "path.h"
#include "pins.h"
#include "procinfo.h"
#include "scope.h"
#include "shim.h"
#include "shim_state.h"
#include "status.h"
#include "str.h"
#include "system.h"

/* time for a daemon to release the instance lock after a signal */
#define KILL_WAIT_MS 5000

static const struct addr system_addr = {
	.realm = SYSTEM_REALM, .space = SYSTEM_SPACE, .stack = SYSTEM_STACK, .cell = SYSTEM_CELL
};

/* ---- the document ---- */

static int daemon_program(char **ret, struct kerr *err)
{
	cleanup_free char *dir = NULL;
	int r = self_exe_dir(&dir, err);

	if (r < 0)
		return r;
	*ret = path_join(dir, "kukeond", NULL);
	if (faccessat(AT_FDCWD, *ret, F_OK, 0) < 0) {
		r = kerr_set(err, -errno, "execute '%s'", *ret);
		free(*ret);
		*ret = NULL;
	}
	return r;
}

static void add_arg(struct strlist *args, const char *flag, const char *value)
{
	strlist_add(args, flag);
	strlist_add(args, value);
}

static int fill_container(struct engine *e, const struct system_daemon *d, struct container_spec *c,
			  struct kerr *err)
{
	int r = daemon_program(&c->command, err);

	if (r < 0)
		return r;
	c->id = xstrdup(SYSTEM_CELL);
	c->image = xstrdup(SYSTEM_IMAGE);
	c->host_network = c->host_pid = c->host_cgroup = c->privileged = true;
	strlist_add(&c->args, "serve");
	add_arg(&c->args, "--socket", d->socket);
	if (d->configuration)
		add_arg(&c->args, "--configuration", d->configuration);
	add_arg(&c->args, "--run-path", e->layout.run_path);
	add_arg(&c->args, "--containerd-namespace-suffix", e->suffix);
	add_arg(&c->args, "--cgroup-root", e->cgroup_root);
	if (d->socket_gid > 0) {
		strlist_add(&c->args, "--socket-gid");
		strlist_addf(&c->args, "%lld", (long long) d->socket_gid);
	}
	return 0;
}

static int store_document(struct engine *e, const struct system_daemon *d, struct kerr *err)
{
	struct cell_doc doc = { 0 };
	struct container_spec *c;
	int r;

	doc.head.metadata.name = xstrdup(SYSTEM_CELL);
	doc.spec.realm_id = xstrdup(SYSTEM_REALM);
	doc.spec.space_id = xstrdup(SYSTEM_SPACE);
	doc.spec.stack_id = xstrdup(SYSTEM_STACK);
	c = vec_grow(&doc.spec.containers.v, &doc.spec.containers.n, sizeof(*c));
	r = fill_container(e, d, c, err);
	if (r == 0)
		r = cell_normalise(&doc, NULL, err);
	if (r == 0) {
		cell_add_root(&doc);
		doc_add_managed_labels(KIND_CELL, &doc);
		doc.status.state = CELL_STATE_PENDING;
		r = cell_save(e, &doc, 0, err);
	}
	model_clear(&cell_doc_type, &doc);
	return r;
}

int system_create(struct engine *e, const struct system_daemon *d, struct kerr *err)
{
	cleanup_free char *cgroup = scope_cgroup(e, &system_addr);
	int made = 0;
	int r;

	r = locks_take_path(e->locks, &system_addr, 0, err);
	if (r < 0)
		return r;
	r = store_exists(&e->layout, &system_addr, err);
	if (r == 0) {
		r = cgroup_ensure(e->cgroups, cgroup, CGROUP_ENSURE_TOLERANT, NULL, err);
		if (r >= 0)
			r = store_document(e, d, err);
		made = r == 0;
	}
	locks_drop_path(e->locks, &system_addr);
	return r < 0 ? r : made;
}

int system_check(struct engine *e, struct kerr *err)
{
	int r = store_exists(&e->layout, &system_addr, err);

	if (r == 0)
		return kerr_plain(err, -ENOENT,
				  "kukeon host is not initialized: kukeond cell metadata is "
				  "missing; run `kuke init` first");
	return r < 0 ? r : 0;
}

/* ---- running ---- */

static struct container_spec *daemon_spec(struct cell_doc *doc)
{
	return cell_container(&doc->spec, SYSTEM_CELL);
}

static int start_process(struct engine *e, struct container_run *run, struct kerr *err)
{
	int r = shim_clear(&run->how, SHIM_CLEAR_KILL, err); /* also the cgroup */

	if (r == 0)
		r = shim_prepare(&run->how, NULL, err);
	return r < 0 ? r : daemon_cell_start(e, run, err);
}

static int load(struct engine *e, struct cell_doc *doc, char **ret_ns, struct kerr *err)
{
	int r = system_check(e, err);

	return r < 0 ? r : cell_load_locked(e, &system_addr, doc, ret_ns, err);
}

/* Without the daemon and without cells, nothing is to stay mounted. */
static void release_mounts(struct engine *e)
{
	struct kerr err = { 0 };
	char text[KERR_TEXT_MAX];

	if (pins_release(e, &err) < 0)
		log_wrn("cannot unmount what cells needed", "error",
			kerr_text(&err, text, sizeof(text)));
}

/* Return the socket in the daemon's arguments, owned by the caller; NULL if there is none. */
static char *daemon_socket(struct cell_doc *doc)
{
	const struct container_spec *c = daemon_spec(doc);

	for (size_t i = 0; c && i + 1 < c->args.n; i++)
		if (streq(c->args.v[i], "--socket"))
			return xstrdup(c->args.v[i + 1]);
	return NULL;
}

static int start_locked(struct engine *e, const char *ns, struct cell_doc *doc, struct kerr *err)
{
	cleanup_container_run struct container_run run = { 0 };
	int r;

	container_run_init(&run, e, ns, doc, daemon_spec(doc));
	r = start_process(e, &run, err);
	if (r == 0) {
		cell_set_state(doc, CELL_STATE_READY, NULL, NULL);
		r = daemon_cell_observe(e, doc, err);
	}
	if (r == 0)
		r = cell_save(e, doc, 0, err);
	return r < 0 ? r : 1;
}

int system_start(struct engine *e, char **ret_socket, struct kerr *err)
{
	cleanup_free char *ns = NULL;
	struct cell_doc doc = { 0 };
	int running, r;
	pid_t pid;

	r = scope_prepare_trees(e, err);
	if (r == 0)
		r = locks_take_path(e->locks, &system_addr, 0, err);
	if (r < 0)
		return r;
	running = daemon_running(e->layout.run_path, e->layout.runtime_dir, &pid);
	/* A document that is damaged is no trouble of a daemon that runs. */
	r = running < 0 ? running : load(e, &doc, &ns, running ? NULL : err);
	if (r == 0 && ret_socket)
		*ret_socket = daemon_socket(&doc);
	if (running == 0 && r == 0)
		r = start_locked(e, ns, &doc, err);
	else if (running > 0 && r == 0 && daemon_cell_adopt(e, ns, &doc, NULL) < 0)
		log_wrn("the daemon has no monitor, and none could be started");
	if (running == 0 && r < 0)
		(void) kerr_wrap(err, r, "start kukeond");
	locks_drop_path(e->locks, &system_addr);
	model_clear(&cell_doc_type, &doc);
	return running > 0 ? 0 : r;
}

/* Wait until the instance lock is free; the pidfd tells when the daemon has ended. */
static int await_release(struct engine *e, int pidfd, int timeout_ms)
{
	pid_t pid;

	if (pidfd >= 0 && pidfd_wait(pidfd, timeout_ms) == 0)
		return -ETIME;
	return daemon_running(e->layout.run_path, e->layout.runtime_dir, &pid) == 1 ? -EBUSY : 0;
}

/*
 * Send SIGTERM and wait, with the lock released so that another stop can shorten the
 * grace period. The lock is taken again.
 */
static int ask_process(struct engine *e, pid_t pid, int grace_ms, struct kerr *err)
{
	cleanup_fd int pidfd = pidfd_open_(pid);

	if (pidfd >= 0)
		(void) pidfd_signal(pidfd, SIGTERM);
	locks_drop_path(e->locks, &system_addr);
	if (pidfd >= 0)
		(void) await_release(e, pidfd, grace_ms);
	return locks_take_path(e->locks, &system_addr, 0, err);
}

static int kill_process(struct engine *e, struct container_run *run, pid_t pid, struct kerr *err)
{
	cleanup_fd int pidfd = pidfd_open_(pid);

	/* Kill the monitor first: it would restart the daemon. */
	(void) shim_clear(&run->how, SHIM_CLEAR_KILL, NULL);
	if (pidfd >= 0)
		(void) pidfd_signal(pidfd, SIGKILL); /* fails if it has ended */
	if (await_release(e, pidfd, KILL_WAIT_MS) < 0)
		return kerr_plain(err, -ETIME, "kukeond (pid %d) does not end", (int) pid);
	return 0;
}

/*
 * The monitor records the end of the daemon. It runs in the cgroup that is removed
 * next, so wait for it.
 */
static void await_monitor(const struct container_run *run)
{
	struct shim_status st;
	struct kerr ignored;
	cleanup_fd int shim = -EBADF;

	if (shim_state(&run->how.place, &st, &ignored) < 0 || !st.monitor_alive)
		return;
	shim = proc_open_same(st.shim_pid, st.shim_start);
	if (shim >= 0)
		(void) pidfd_wait(shim, KILL_WAIT_MS);
}

/* Return the pid of the running daemon, 0 if none, -errno. The cell's lock is held. */
static pid_t running(struct engine *e, struct kerr *err)
{
	pid_t pid = 0;
	int r = daemon_running(e->layout.run_path, e->layout.runtime_dir, &pid);

	if (r < 0)
		return kerr_set(err, r, "look for kukeond");
	if (r == 1 && pid <= 0)
		return kerr_plain(err, -ESRCH, "kukeond runs, but its pid is not known");
	return r == 1 ? pid : 0;
}

/* Store the daemon's end in the document. The cell's lock is held. Returns how. */
static int stop_locked(struct engine *e, pid_t pid, int how, struct kerr *err)
{
	cleanup_container_run struct container_run run = { 0 };
	struct cell_doc doc = { 0 };
	cleanup_free char *ns = NULL;
	int r = load(e, &doc, &ns, err);

	if (r < 0)
		return r;
	container_run_init(&run, e, ns, &doc, daemon_spec(&doc));
	if (pid > 0)
		r = kill_process(e, &run, pid, err);
	else if (how == 1)
		await_monitor(&run);
	if (r == 0)
		r = shim_clear(&run.how, SHIM_CLEAR_KILL, err);
	if (r == 0) {
		cell_set_state(&doc, CELL_STATE_STOPPED, NULL, NULL);
		r = daemon_cell_observe(e, &doc, err);
	}
	if (r == 0)
		r = cell_save(e, &doc, 0, err);
	model_clear(&cell_doc_type, &doc);
	return r < 0 ? r : how;
}

int system_stop(struct engine *e, int grace_ms, struct kerr *err)
{
	pid_t asked, left;
	int r;

	r = locks_take_path(e->locks, &system_addr, 0, err);
	if (r < 0)
		return r;
	r = left = asked = running(e, err);
	if (asked > 0 && grace_ms > 0) {
		r = ask_process(e, asked, grace_ms, err);
		if (r < 0)
			return r;
		r = left = running(e, err);
	}
	if (r >= 0 && left > 0 && left != asked)
		r = 1; /* a new daemon was started meanwhile */
	else if (r >= 0)
		r = stop_locked(e, left, left > 0 ? 2 : asked > 0, err);
	locks_drop_path(e->locks, &system_addr);
	release_mounts(e);
	return r;
}
