/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "atomic.h"
#include "cgroup.h"
#include "cgroup_freeze.h"
#include "cgroup_host.h"
#include "container.h"
#include "container_root.h"
#include "container_tty.h"
#include "convert.h"
#include "emit.h"
#include "emit_json.h"
#include "fd.h"
#include "helper.h"
#include "image.h"
#include "image_gc.h"
#include "image_hold.h"
#include "images.h"
#include "imgstore.h"
#include "jscan.h"
#include "log.h"
#include "mem.h"
#include "mount_compose.h"
#include "mount_plan.h"
#include "path.h"
#include "pins.h"
#include "procinfo.h"
#include "pull_failures.h"
#include "runc.h"
#include "scope.h"
#include "seccomp_filter.h"
#include "secrets.h"
#include "shim.h"
#include "shim_state.h"
#include "snapshot.h"
#include "spec.h"
#include "spec_tables.h"
#include "statefile.h"
#include "str.h"
#include "wake.h"

#define RECORD_FILE "record.json"
#define STOPPED_FILE "stopped"
#define RECORD_MAX 65536
#define STOPPED_MAX 64
#define STOPPED_NO_RUN "-" /* marks as stopped a container whose start failed and left no run */

/* ---- where things are ---- */

/*
 * The cgroup whose OOM kills are counted: on v2 the container's, on v1 that of the
 * memory hierarchy.
 */
static void find_memory_cgroup(struct container_run *run)
{
	const struct cgroup_host *h = run->e->cgroups;

	for (size_t i = 0; i < h->n && !run->memory_cgroup; i++) {
		cleanup_free char *probe = path_join(h->v[i].mount, "memory.oom_control", NULL);

		if (h->mode == CGROUP_MODE_V2 ? h->v[i].v2 : access(probe, F_OK) == 0)
			run->memory_cgroup = path_join(h->v[i].mount, run->cgroup, NULL);
	}
	run->how.memory_cgroup = run->memory_cgroup;
}

void container_run_name(struct container_run *run, struct engine *e, const char *ns,
			const struct addr *cell, const char *container, const char *runtime_id)
{
	cleanup_free char *cell_cgroup = scope_cgroup(e, cell);

	*run = (struct container_run){ .e = e, .cell = *cell };
	run->pending.status_fd = -EBADF;
	run->ns = xstrdup(ns);
	run->id = xstrdup(runtime_id);
	run->runc_id = runc_id(runtime_id);
	run->name = xstrdup(container);
	run->run_dir = layout_rt_container(&e->layout, ns, run->id, RTC_DIR);
	run->data_dir = layout_ns(&e->layout, ns, NS_CONTAINERS, run->id);
	run->log_dir = layout_container(&e->layout, &run->cell, container, CONTAINER_DIR);
	run->cgroup = path_join(cell_cgroup, run->id, NULL);
	run->runc_root = layout_runc_root(&e->layout, ns);
	run->wake_key = wake_key(&run->cell);
	run->how = (struct shim_start){
		.place = { .run_dir = run->run_dir, .data_dir = run->data_dir, .boot = e->boot },
		.id = run->runc_id,
		.runc_root = run->runc_root,
		.cgroups = e->cgroups,
		.cgroup = run->cgroup,
		.log_dir = run->log_dir,
		.runtime_dir = e->layout.runtime_dir,
		.wake_key = run->wake_key,
	};
}

void container_run_init(struct container_run *run, struct engine *e, const char *ns,
			const struct cell_doc *cell, const struct container_spec *spec)
{
	struct addr a = addr_of_cell(cell);
	cleanup_free char *id = container_runtime_id(&cell->spec, spec);

	container_run_name(run, e, ns, &a, spec->id, id);
	run->spec = spec;
}

/* What is only needed until the runtime has started the container. */
static void close_start(struct container_run *run)
{
	mount_plan_remove_dirs(&run->mounts);
	container_root_close(run);
	for (size_t i = 0; i < ARRAY_SIZE(run->pins); i++)
		if (run->pins[i] > 0)
			(void) close(run->pins[i]);
	memset(run->pins, 0, sizeof(run->pins));
}

void container_run_clear(struct container_run *run)
{
	cgroup_close_procs(run->monitor_fds, run->n_monitor_fds);
	free(run->id);
	free(run->runc_id);
	free(run->name);
	free(run->ns);
	free(run->run_dir);
	free(run->data_dir);
	free(run->log_dir);
	free(run->cgroup);
	free(run->runc_root);
	free(run->runc);
	free(run->memory_cgroup);
	free(run->wake_key);
	free(run->seccomp);
	close_start(run);
	mount_plan_clear(&run->mounts);
	*run = (struct container_run){ 0 };
}

int container_run_ready(struct container_run *run, struct kerr *err)
{
	cleanup_free char *monitors = path_join(run->e->cgroup_root, "_monitors", NULL);
	int r;

	if (run->runc)
		return 0;
	find_memory_cgroup(run);
	r = runc_find(run->e->runtime, &run->runc, err);
	if (r < 0)
		return r;
	r = cgroup_ensure(run->e->cgroups, monitors, CGROUP_ENSURE_LEAF, NULL, err);
	if (r >= 0)
		r = cgroup_open_procs(run->e->cgroups, monitors, run->monitor_fds,
				      &run->n_monitor_fds, err);
	if (r < 0)
		return r;
	run->how.runc = run->runc;
	run->how.monitor_procs_fds = run->monitor_fds;
	run->how.n_monitor_procs_fds = run->n_monitor_fds;
	return 0;
}

/* ---- record and root file system ---- */

static int read_record(const char *data_dir, struct buf *ret)
{
	cleanup_free char *file = path_join(data_dir, RECORD_FILE, NULL);

	return state_read_at(AT_FDCWD, file, RECORD_MAX, ret, NULL);
}

/* The record can be rebuilt, so a damaged one is rewritten. */
static bool have_record(const struct container_run *run)
{
	cleanup_buf struct buf text = BUF_INIT(RECORD_MAX);
	char id[256];

	return read_record(run->data_dir, &text) == 0 &&
	       jscan_get_str(buf_str(&text), text.len, "id", id, sizeof(id)) == 0 &&
	       streq(id, run->id);
}

/* Not synced: container_sync does that. */
static int write_record(struct container_run *run, struct image_store *s, const struct image *image,
			struct kerr *err)
{
	cleanup_free char *file = path_join(run->data_dir, RECORD_FILE, NULL);
	cleanup_buf struct buf text = BUF_INIT(RECORD_MAX);
	struct jemit j;
	int r;

	run->record_unsynced = snapshot_unfinished(s, run->id);
	if (have_record(run))
		return 0;
	jemit_init(&j, &text, EMIT_INDENT);
	jemit_object(&j);
	jemit_key(&j, "id");
	jemit_str(&j, run->id);
	jemit_key(&j, "image");
	jemit_str(&j, run->spec->image);
	jemit_key(&j, "stopSignal");
	jemit_str(&j, image->config.stop_signal);
	jemit_object_end(&j);
	buf_addc(&text, '\n');
	run->record_unsynced = true;
	r = remove_tree_at(AT_FDCWD, file, REMOVE_TREE_SAME_FS,
			   err); /* whatever was in its place */
	return r < 0 ? r
		     : atomic_write_at(AT_FDCWD, file, text.data, text.len, 0600,
				       ATOMIC_WRITE_NOSYNC | ATOMIC_WRITE_SUM, err);
}

int container_sync(struct container_run *run, struct kerr *err)
{
	cleanup_free char *file = path_join(run->data_dir, RECORD_FILE, NULL);
	struct image_store s = { .layout = &run->e->layout, .ns = run->ns };
	cleanup_fd int fd = -EBADF;
	int r;

	if (!run->record_unsynced)
		return 0;
	fd = open(file, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fsync(fd) < 0)
		return kerr_set(err, -errno, "sync '%s'", file);
	r = snapshot_finish(&s, run->id, err);
	if (r == 0)
		r = fsync_parent(AT_FDCWD, file, err);
	if (r == 0)
		run->record_unsynced = false;
	return r;
}

static int resolve_named(const struct container_run *run, struct image_store *s, struct image *ret,
			 struct kerr *err)
{
	int k = image_resolve(s, run->spec->image, ret, err);

	if (k != -ENOENT)
		return k;
	(void) kerr_wrap(err, k, "image \"%s\" in realm \"%s\"", run->spec->image, run->cell.realm);
	return pull_failures_explain(run->e, run->spec->image, k, err);
}

static bool is_missing(struct image_store *s, const char *ref)
{
	cleanup_image_info struct image_info info = { 0 };

	return image_get(s, ref, &info, NULL) == -ENOENT;
}

int container_resolve_image(const struct container_run *run, struct image_store *s,
			    enum container_image_flags flags, struct image *ret, struct kerr *err)
{
	struct digest manifest;
	int r;

	r = flags & CONTAINER_IMAGE_MADE ? snapshot_image(s, run->id, &manifest, err) : -ENOENT;
	if (r == 0)
		return image_resolve_digest(s, &manifest, ret, err);
	if (r != -ENOENT)
		return r;
	if (flags & CONTAINER_IMAGE_LATER && is_missing(s, run->spec->image))
		return 1;
	return resolve_named(run, s, ret, err);
}

int container_check_image(const struct container_run *run, struct kerr *err)
{
	cleanup_image_store struct image_store s = { 0 };
	struct image image = { 0 };
	int k = images_store_open(run->e, run->ns, &s, err);

	if (k == 0)
		k = resolve_named(run, &s, &image, err);
	image_clear(&image);
	return k < 0 ? kerr_wrap(err, k, "failed to create container %s", run->id) : 0;
}

static int create_held(struct container_run *run, const struct cell_mounts *m,
		       struct image_store *s, struct image *ret_image, struct kerr *err)
{
	int r = container_resolve_image(run, s, CONTAINER_IMAGE_MADE, ret_image, err);

	if (r < 0)
		return r;
	r = snapshot_prepare(s, run->id, ret_image, err);
	if (r == 0)
		r = write_record(run, s, ret_image, err);
	engine_trace_step(run->e, "image and record");
	/*
	 * Leftovers of the last run go before the root is used: with hostPID a process can
	 * outlive its init and could change the root meanwhile.
	 */
	if (r == 0 && m && access(run->run_dir, F_OK) == 0)
		r = shim_clear(&run->how, 0, err);
	if (r == 0)
		r = container_root_mount(run, m, s, ret_image, err);
	engine_trace_step(run->e, "overlay");
	return r;
}

int container_create(struct container_run *run, const struct cell_mounts *m,
		     struct image *ret_image, struct kerr *err)
{
	cleanup_image_store struct image_store s = { 0 };
	int held;
	int r;

	r = images_store_open(run->e, run->ns, &s, err);
	if (r < 0)
		return kerr_wrap(err, r, "failed to create container %s", run->id);
	held = r = image_store_hold(&s, err);
	if (r >= 0)
		r = create_held(run, m, &s, ret_image, err);
	if (held > 0)
		image_store_release(&s);
	if (r < 0)
		return kerr_wrap(err, r, "failed to create container %s", run->id);
	return 0;
}

/* ---- running ---- */

/* Nothing runs in this root yet, so checked paths cannot change before they are mounted. */
static int prepare_mounts(struct container_run *run, const struct cell_mounts *m,
			  struct spec_input *in, struct kerr *err)
{
	cleanup_free char *dir = xasprintf("%s/mounts.%s", m->dir, run->name);
	int r;

	mount_plan_clear(&run->mounts);
	r = mount_plan_make(in, dir, &run->mounts, err);
	if (r == 0)
		r = mount_plan_prepare(&run->mounts, run->root, err);
	in->mounts = &run->mounts;
	return r;
}

/*
 * Return the path of a namespace for the runtime: that of a descriptor of this process,
 * which waits for the runtime in container_finish.
 */
static int pin_path(struct container_run *run, const struct cell_mounts *m, size_t i, char **ret,
		    struct kerr *err)
{
	static const enum ns_kind kinds[] = { NS_NET, NS_IPC, NS_UTS };

	run->pins[i] = pins_open(run->e, &run->cell, m->start_id, kinds[i], err);
	if (run->pins[i] == -ENOENT)
		return kerr_plain(err, -ENOENT, "the cell's %s namespace is not pinned",
				  ns_name(kinds[i]));
	if (run->pins[i] < 0)
		return run->pins[i];
	*ret = xasprintf("/proc/%d/fd/%d", (int) getpid(), run->pins[i]);
	return 0;
}

/*
 * The highest RLIMIT_NOFILE a container can get: not more than our own hard limit
 * (setrlimit(2)).
 */
static int64_t files_max(void)
{
	struct rlimit own;

	if (getrlimit(RLIMIT_NOFILE, &own) < 0 || own.rlim_max >= SPEC_FILES_HARD)
		return 0;
	if (own.rlim_max < SPEC_FILES_SOFT)
		log_wrn("containers get fewer open files than they expect: raise the limit of "
			"kukeond (ulimit -Hn, LimitNOFILE=)",
			"limit", "RLIMIT_NOFILE");
	return (int64_t) own.rlim_max;
}

/* The cell's namespaces; paths are owned by the caller. */
struct pin_paths {
	char *net, *ipc, *uts;
};

static void pin_paths_clear(struct pin_paths *p)
{
	free(p->net);
	free(p->ipc);
	free(p->uts);
}

static int find_pins(struct container_run *run, const struct cell_mounts *m, struct pin_paths *ret,
		     struct kerr *err)
{
	int r = m->host_network ? 0 : pin_path(run, m, 0, &ret->net, err);

	if (r == 0)
		r = pin_path(run, m, 1, &ret->ipc, err);
	return r == 0 ? pin_path(run, m, 2, &ret->uts, err) : r;
}

/* What the user of the workload has to own can be made once that is known. */
static int make_for_user(struct container_run *run, const struct spec_input *in,
			 const struct secrets *secrets, const char *secrets_dir,
			 const struct user_ids *user, struct kerr *err)
{
	int r = secrets_stage(secrets, secrets_dir, user, err);

	return r == 0 && in->tty ? container_tty_make(run, in, user, err) : r;
}

int container_begin(struct container_run *run, const struct cell_doc *cell,
		    const struct cell_mounts *m, const struct image *image, struct kerr *err)
{
	cleanup_free char *root = container_root_path(run, m);
	cleanup_(pin_paths_clear) struct pin_paths pins = { 0 };
	cleanup_spec_tty struct spec_tty tty = { 0 };
	cleanup_free char *cell_cgroup = scope_cgroup(run->e, &run->cell);
	cleanup_free char *secrets_dir =
		layout_rt_container(&run->e->layout, run->ns, run->id, RTC_SECRETS);
	cleanup_secrets struct secrets secrets = { 0 };
	cleanup_free char *payload = NULL, *program = NULL;
	cleanup_spec_result struct spec_result built = { 0 };
	cleanup_buf struct buf json = BUF_INIT(SPEC_MAX);
	struct spec_input in = {
		.cell = cell,
		.c = run->spec,
		.image = &image->config,
		.profile = strmap_get(&cell->head.metadata.labels, "kukeon.io/profile"),
		.rootfs = root,
		.root = run->root,
		.hosts = m->hosts,
		.hostname = m->hostname,
		.resolv = m->resolv,
		.cell_cgroup = cell_cgroup,
		.cgroups_path = run->cgroup,
		.flags = (run->spec->root ? SPEC_ROOT : 0) |
			 (m->host_network ? SPEC_HOST_NETWORK : 0) |
			 (run->e->seccomp_default ? SPEC_SECCOMP : 0),
		.files_max = files_max(),
	};
	int r;

	if (cell->spec.nested_cgroup_runtime && !run->spec->host_cgroup) {
		payload = cgroup_v2_dir(run->e->cgroups, run->cgroup);
		r = helper_path("kukeshim", &program, err);
		if (r < 0)
			return r;
		in.payload = payload;
		in.payload_program = program;
	}
	r = find_pins(run, m, &pins, err);
	in.netns = pins.net;
	in.ipcns = pins.ipc;
	in.utsns = pins.uts;
	if (r == 0 && run->spec->attachable) {
		r = container_tty_find(run, &tty, err);
		in.tty = &tty;
	}
	if (r == 0)
		r = secrets_resolve(run->spec, secrets_dir, &secrets, err);
	in.secrets = secrets.v;
	in.n_secrets = secrets.n;
	if (r == 0)
		r = container_run_ready(run, err);
	if (r == 0)
		r = prepare_mounts(run, m, &in, err);
	engine_trace_step(run->e, "mount points");
	if (r == 0)
		r = spec_build(&in, &json, &built, err);
	engine_trace_step(run->e, "spec");
	if (r == 0)
		r = shim_prepare(&run->how, &json, err);
	if (r == 0)
		r = make_for_user(run, &in, &secrets, secrets_dir, &built.user, err);
	if (r == 0)
		r = mount_plan_compose(&run->mounts, run->root, run->stage, err);
	engine_trace_step(run->e, "mounts");
	run->how.mount_ns = run->stage;
	run->how.root = run->root;
	if (r == 0)
		r = shim_begin(&run->how, &run->pending, err);
	engine_trace_step(run->e, "bundle and shim");
	if (r < 0)
		close_start(run);
	if (r < 0)
		return kerr_wrap(err, r, "failed to start container %s", run->id);
	run->begun = true;
	free(run->seccomp);
	run->seccomp = take_ptr(built.seccomp);
	return 0;
}

/*
 * Store the compiled filter beside the bundle for processes that join the container
 * later. The runtime compiles its own filter at the same time. Best effort: without the
 * file, a join compiles it.
 */
static void keep_filter(struct container_run *run)
{
	cleanup_free char *dir = layout_rt(&run->e->layout, RT_SECCOMP);
	cleanup_free char *file =
		layout_rt_container(&run->e->layout, run->ns, run->id, RTC_SECCOMP);
	struct kerr err;
	char text[KERR_TEXT_MAX];

	if (run->seccomp && seccomp_filter_keep(dir, run->seccomp, file, &err) < 0)
		log_wrn("compiled seccomp filter not kept; the next start compiles it again",
			"container", run->id, "error", kerr_text(&err, text, sizeof(text)));
	engine_trace_step(run->e, "seccomp filter");
}

int container_finish(struct container_run *run, struct kerr *err)
{
	struct shim_started started;
	int r;

	keep_filter(run);
	r = shim_finish(&run->how, &run->pending, &started, err);
	close_start(run);
	if (r < 0)
		return kerr_wrap(err, r, "failed to start container %s", run->id);
	return 0;
}

int container_mark_stopped(const struct container_run *run, const struct shim_status *st,
			   struct kerr *err)
{
	cleanup_free char *file = path_join(run->run_dir, STOPPED_FILE, NULL);
	cleanup_free char *text = xasprintf("%s\n", st->run_id[0] ? st->run_id : STOPPED_NO_RUN);

	return atomic_write_at(AT_FDCWD, file, text, strlen(text), 0600,
			       ATOMIC_WRITE_NOSYNC | ATOMIC_WRITE_SUM | ATOMIC_WRITE_OVER_DIR, err);
}

bool container_exit_is_volatile(const struct container_run *run)
{
	cleanup_free char *file = path_join(run->run_dir, SHIM_FILE_EXIT, NULL);

	return faccessat(AT_FDCWD, file, F_OK, 0) == 0;
}

int container_undo(struct container_run *r, struct kerr *err)
{
	cleanup_free char *file = path_join(r->data_dir, SHIM_FILE_EXIT, NULL);
	struct shim_status run = { 0 }, after = { 0 };
	int k = shim_state(&r->how.place, &run, err);

	if (k == 0)
		k = container_clear(r, err);
	if (k == 0)
		k = shim_state(&r->how.place, &after, err);
	if (k < 0 || !run.run_id[0] || !after.have_exit || !streq(after.exit.run_id, run.run_id))
		return k;
	k = atomic_unlink_at(AT_FDCWD, file, err);
	return k == -ENOENT ? 0 : k;
}

int container_keep_stopped(struct container_run *run, struct kerr *err)
{
	static const struct shim_status none = { .state = SHIM_NEVER };
	int k = mkdir_p(run->run_dir, 0700, err);

	return k < 0 ? k : container_mark_stopped(run, &none, err);
}

/*
 * Read the id of the run that an operator stopped; "" if its start failed. -ENOENT if
 * not stopped.
 */
static int read_stopped(const struct container_run *run, char ret[SHIM_RUN_ID_SIZE],
			struct kerr *err)
{
	cleanup_free char *file = path_join(run->run_dir, STOPPED_FILE, NULL);
	cleanup_buf struct buf text = BUF_INIT(STOPPED_MAX);
	cleanup_free char *id = NULL;
	int k = state_read_at(AT_FDCWD, file, STOPPED_MAX, &text, err);

	if (k < 0)
		return k;
	id = xstrndup(buf_str(&text), strcspn(buf_str(&text), "\n"));
	if (streq(id, STOPPED_NO_RUN))
		id[0] = '\0';
	else if (strlen(id) != SHIM_RUN_ID_SIZE - 1 ||
		 strspn(id, "0123456789abcdef") != SHIM_RUN_ID_SIZE - 1)
		return kerr_plain(err, -EBADMSG, "'%s' is damaged", file);
	(void) snprintf(ret, SHIM_RUN_ID_SIZE, "%s", id);
	return 0;
}

int container_was_stopped(const struct container_run *run, const struct shim_status *st,
			  struct kerr *err)
{
	char id[SHIM_RUN_ID_SIZE];
	int r;

	if (st->state != SHIM_ENDED && st->state != SHIM_NEVER)
		return 0;
	r = read_stopped(run, id, err);
	if (r == -ENOENT || r == -ENOTDIR)
		return 0;
	return r < 0 ? r : streq(id, st->run_id);
}

void container_thaw(const struct container_run *run)
{
	cleanup_free char *cell = scope_cgroup(run->e, &run->cell);

	cgroup_thaw_one(run->e->cgroups, cell);
	cgroup_thaw(run->e->cgroups, run->cgroup);
}

int container_stop_signal(const struct container_run *run)
{
	cleanup_buf struct buf text = BUF_INIT(RECORD_MAX);
	char name[32];
	int sig;

	if (read_record(run->data_dir, &text) < 0 ||
	    jscan_get_str(buf_str(&text), text.len, "stopSignal", name, sizeof(name)) < 0)
		return SIGTERM;
	sig = signal_from_name(name);
	return sig > 0 ? sig : SIGTERM;
}

int container_update(struct container_run *run, const struct container_resources *limits,
		     struct kerr *err)
{
	struct runc_limits l = { 0 };
	int k = container_run_ready(run, err);

	if (k < 0)
		return k;
	if (limits) {
		l.memory = limits->memory_limit_bytes;
		l.cpu_shares = limits->cpu_shares;
		l.pids = limits->pids_limit;
	}
	k = runc_update(run->runc, run->runc_root, run->runc_id, &l, err);
	if (k == 0 && (!l.cpu_shares.set || l.cpu_shares.v == 0))
		k = cgroup_reset_weight(run->e->cgroups, run->cgroup, err);
	return k < 0 ? kerr_wrap(err, k, "failed to update container %s", run->id) : 0;
}

int container_clear(struct container_run *run, struct kerr *err)
{
	return shim_clear(&run->how, SHIM_CLEAR_KILL, err);
}

int container_remove(struct container_run *run, struct kerr *err)
{
	cleanup_image_store struct image_store s = { 0 };
	int r;

	r = container_clear(run, err);
	if (r == 0)
		container_tty_forget(run);
	if (r == 0)
		r = image_store_open(&run->e->layout, run->e->locks, run->ns, 0, &s, err);
	if (r == 0)
		r = snapshot_remove(&s, run->id, err);
	if (r > 0)
		r = image_gc(&s, NULL, err);
	if (r == 0)
		r = remove_tree_at(AT_FDCWD, run->data_dir, 0, err);
	if (r < 0)
		return kerr_wrap(err, r, "failed to delete container %s", run->id);
	return 0;
}
