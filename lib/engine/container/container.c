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
#include "convert.h"
#include "emit.h"
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
#include "mount.h"
#include "path.h"
#include "proc.h"
#include "pull_failures.h"
#include "runc.h"
#include "scope.h"
#include "seccomp_filter.h"
#include "secrets.h"
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
static void find_memory_cgroup(struct container_run *r)
{
	const struct cgroup_host *h = r->e->cgroups;

	for (size_t i = 0; i < h->n && !r->memory_cgroup; i++) {
		char *probe cleanup_free = path_join(h->v[i].mount, "memory.oom_control", NULL);

		if (h->mode == CGROUP_MODE_V2 ? h->v[i].v2 : access(probe, F_OK) == 0)
			r->memory_cgroup = path_join(h->v[i].mount, r->cgroup, NULL);
	}
	r->how.memory_cgroup = r->memory_cgroup;
}

void container_run_name(struct container_run *r, struct engine *e, const char *ns,
			const struct addr *cell, const char *container, const char *runtime_id)
{
	char *cell_cgroup cleanup_free = scope_cgroup(e, cell);

	*r = (struct container_run){ .e = e, .cell = *cell };
	r->pending.status_fd = -EBADF;
	r->ns = xstrdup(ns);
	r->id = xstrdup(runtime_id);
	r->runc_id = runc_id(runtime_id);
	r->name = xstrdup(container);
	r->run_dir = layout_rt_container(&e->layout, ns, r->id, RTC_DIR);
	r->data_dir = layout_ns(&e->layout, ns, NS_CONTAINERS, r->id);
	r->log_dir = layout_container(&e->layout, &r->cell, container, CONTAINER_DIR);
	r->cgroup = path_join(cell_cgroup, r->id, NULL);
	r->runc_root = layout_runc_root(&e->layout, ns);
	r->wake_key = wake_key(&r->cell);
	r->how = (struct shim_start){
		.place = { .run_dir = r->run_dir, .data_dir = r->data_dir },
		.id = r->runc_id,
		.runc_root = r->runc_root,
		.cgroups = e->cgroups,
		.cgroup = r->cgroup,
		.log_dir = r->log_dir,
		.runtime_dir = e->layout.runtime_dir,
		.wake_key = r->wake_key,
	};
}

void container_run_init(struct container_run *r, struct engine *e, const char *ns,
			const struct cell_doc *cell, const struct container_spec *spec)
{
	struct addr a = addr_of_cell(cell);
	char *id cleanup_free = container_runtime_id(&cell->spec, spec);

	container_run_name(r, e, ns, &a, spec->id, id);
	r->spec = spec;
}

static void drop_pins(struct container_run *r)
{
	for (size_t i = 0; i < ARRAY_SIZE(r->pins); i++)
		if (r->pins[i] > 0)
			(void) close(r->pins[i]);
	memset(r->pins, 0, sizeof(r->pins));
}

void container_run_clear(struct container_run *r)
{
	cgroup_close_procs(r->monitor_fds, r->n_monitor_fds);
	free(r->id);
	free(r->runc_id);
	free(r->name);
	free(r->ns);
	free(r->run_dir);
	free(r->data_dir);
	free(r->log_dir);
	free(r->cgroup);
	free(r->runc_root);
	free(r->runc);
	free(r->memory_cgroup);
	free(r->wake_key);
	free(r->seccomp);
	mount_plan_clear(&r->mounts);
	drop_pins(r);
	*r = (struct container_run){ 0 };
}

int container_run_ready(struct container_run *r, struct kerr *err)
{
	char *monitors cleanup_free = path_join(r->e->cgroup_root, "_monitors", NULL);
	int k;

	if (r->runc)
		return 0;
	find_memory_cgroup(r);
	k = runc_find(r->e->runtime, &r->runc, err);
	if (k < 0)
		return k;
	k = cgroup_ensure(r->e->cgroups, monitors, CGROUP_ENSURE_LEAF, NULL, err);
	if (k >= 0)
		k = cgroup_open_procs(r->e->cgroups, monitors, r->monitor_fds, &r->n_monitor_fds,
				      err);
	if (k < 0)
		return k;
	r->how.runc = r->runc;
	r->how.monitor_procs_fds = r->monitor_fds;
	r->how.n_monitor_procs_fds = r->n_monitor_fds;
	return 0;
}

char *container_rootfs(const struct container_run *r, const char *dir)
{
	return xasprintf("%s/root.%s", dir, r->name);
}

/* ---- record and root file system ---- */

static int read_record(const char *data_dir, struct buf *ret)
{
	char *file cleanup_free = path_join(data_dir, RECORD_FILE, NULL);

	return state_read_at(AT_FDCWD, file, RECORD_MAX, ret, NULL);
}

/* The record can be rebuilt, so a damaged one is rewritten. */
static bool have_record(const struct container_run *r)
{
	struct buf text cleanup_buf = BUF_INIT(RECORD_MAX);
	char id[256];

	return read_record(r->data_dir, &text) == 0 &&
	       jscan_get_str(buf_str(&text), text.len, "id", id, sizeof(id)) == 0 &&
	       streq(id, r->id);
}

/* Not synced: container_sync does that. */
static int write_record(struct container_run *r, struct image_store *s, const struct image *image,
			struct kerr *err)
{
	char *file cleanup_free = path_join(r->data_dir, RECORD_FILE, NULL);
	struct buf text cleanup_buf = BUF_INIT(RECORD_MAX);
	struct jemit j;
	int k;

	r->record_unsynced = snapshot_unfinished(s, r->id);
	if (have_record(r))
		return 0;
	jemit_init(&j, &text, EMIT_INDENT);
	jemit_object(&j);
	jemit_key(&j, "id");
	jemit_str(&j, r->id);
	jemit_key(&j, "image");
	jemit_str(&j, r->spec->image);
	jemit_key(&j, "stopSignal");
	jemit_str(&j, image->config.stop_signal);
	jemit_object_end(&j);
	buf_addc(&text, '\n');
	r->record_unsynced = true;
	k = remove_tree_at(AT_FDCWD, file, REMOVE_TREE_SAME_FS,
			   err); /* whatever was in its place */
	return k < 0 ? k
		     : atomic_write_at(AT_FDCWD, file, text.data, text.len, 0600,
				       ATOMIC_WRITE_NOSYNC | ATOMIC_WRITE_SUM, err);
}

int container_sync(struct container_run *r, struct kerr *err)
{
	char *file cleanup_free = path_join(r->data_dir, RECORD_FILE, NULL);
	struct image_store s = { .layout = &r->e->layout, .ns = r->ns };
	int fd cleanup_fd = -EBADF;
	int k;

	if (!r->record_unsynced)
		return 0;
	fd = open(file, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fsync(fd) < 0)
		return kerr_set(err, -errno, "sync '%s'", file);
	k = snapshot_finish(&s, r->id, err);
	if (k == 0)
		k = fsync_parent(AT_FDCWD, file, err);
	if (k == 0)
		r->record_unsynced = false;
	return k;
}

static int resolve_named(const struct container_run *r, struct image_store *s, struct image *ret,
			 struct kerr *err)
{
	int k = image_resolve(s, r->spec->image, ret, err);

	if (k != -ENOENT)
		return k;
	(void) kerr_wrap(err, k, "image \"%s\" in realm \"%s\"", r->spec->image, r->cell.realm);
	return pull_failures_explain(r->e, r->spec->image, k, err);
}

static bool is_missing(struct image_store *s, const char *ref)
{
	struct image_info info cleanup_image_info = { 0 };

	return image_get(s, ref, &info, NULL) == -ENOENT;
}

int container_resolve_image(const struct container_run *r, struct image_store *s,
			    enum container_image_flags flags, struct image *ret, struct kerr *err)
{
	struct digest manifest;
	int k;

	k = flags & CONTAINER_IMAGE_MADE ? snapshot_image(s, r->id, &manifest, err) : -ENOENT;
	if (k == 0)
		return image_resolve_digest(s, &manifest, ret, err);
	if (k != -ENOENT)
		return k;
	if (flags & CONTAINER_IMAGE_LATER && is_missing(s, r->spec->image))
		return 1;
	return resolve_named(r, s, ret, err);
}

static void close_all(int *fds, size_t n)
{
	for (size_t i = 0; i < n; i++)
		fd_close_p(&fds[i]);
}

static int open_below(int dirfd, const char *path, struct kerr *err)
{
	int fd = openat(dirfd, path, O_PATH | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);

	return fd < 0 ? kerr_set(err, -errno, "open '%s'", path) : fd;
}

static int mount_root(const struct container_run *r, struct image_store *s,
		      const struct image *image, const char *target, struct kerr *err)
{
	struct strlist lower cleanup_strlist = { 0 };
	char *upper cleanup_free = path_join("containers", r->id, "upper", NULL);
	char *work cleanup_free = path_join("containers", r->id, "work", NULL);
	int *fds cleanup_free = NULL;
	int dirfd cleanup_fd = -EBADF;
	int upper_fd cleanup_fd = -EBADF, work_fd cleanup_fd = -EBADF;
	struct mount_overlay how;
	size_t n = 0;
	int k;

	k = snapshot_lower(s, r->id, image, &lower, err);
	if (k >= 0)
		dirfd = k = open_below(AT_FDCWD, s->dir, err);
	if (k < 0)
		return k;
	fds = xcalloc(lower.n + 1, sizeof(*fds));
	for (n = 0; n < lower.n; n++) {
		fds[n] = k = open_below(dirfd, lower.v[n], err);
		if (k < 0)
			goto out;
	}
	upper_fd = k = open_below(dirfd, upper, err);
	if (k >= 0)
		work_fd = k = open_below(dirfd, work, err);
	if (k < 0)
		goto out;
	how = (struct mount_overlay){ .lower_fds = fds,
				      .n_lower = lower.n,
				      .upper_fd = upper_fd,
				      .work_fd = work_fd,
				      .target = target };
	k = mount_overlay(&how, err);
out:
	close_all(fds, n);
	return k;
}

static int create_held(struct container_run *r, const struct cell_mounts *m, struct image_store *s,
		       struct image *ret_image, struct kerr *err)
{
	char *root cleanup_free = container_rootfs(r, m->dir);
	int k;

	k = container_resolve_image(r, s, CONTAINER_IMAGE_MADE, ret_image, err);
	if (k < 0)
		return k;
	k = snapshot_prepare(s, r->id, ret_image, err);
	if (k == 0)
		k = write_record(r, s, ret_image, err);
	engine_trace_step(r->e, "image and record");
	if (k < 0)
		return k;
	if (mkdir(root, 0700) < 0 && errno != EEXIST)
		return kerr_set(err, -errno, "mkdir '%s'", root);
	if (mount_is_point(root) > 0)
		return 0;
	k = snapshot_clean_work(s, r->id, err);
	if (k == 0)
		k = mount_root(r, s, ret_image, root, err);
	engine_trace_step(r->e, "overlay");
	return k;
}

int container_check_image(const struct container_run *r, struct kerr *err)
{
	struct image_store s cleanup_image_store = { 0 };
	struct image image = { 0 };
	int k = images_store_open(r->e, r->ns, &s, err);

	if (k == 0)
		k = resolve_named(r, &s, &image, err);
	image_clear(&image);
	return k < 0 ? kerr_wrap(err, k, "failed to create container %s", r->id) : 0;
}

int container_create(struct container_run *r, const struct cell_mounts *m, struct image *ret_image,
		     struct kerr *err)
{
	struct image_store s cleanup_image_store = { 0 };
	int held;
	int k;

	k = images_store_open(r->e, r->ns, &s, err);
	if (k < 0)
		return kerr_wrap(err, k, "failed to create container %s", r->id);
	held = k = image_store_hold(&s, err);
	if (k >= 0)
		k = create_held(r, m, &s, ret_image, err);
	if (held > 0)
		image_store_release(&s);
	if (k < 0)
		return kerr_wrap(err, k, "failed to create container %s", r->id);
	return 0;
}

/* ---- running ---- */

/*
 * Remove leftovers of the last run before preparing the root: with hostPID a process
 * can outlive its init and could change the root meanwhile.
 */
static int clear_before(struct container_run *r, struct kerr *err)
{
	int k = container_run_ready(r, err);

	return k == 0 && access(r->run_dir, F_OK) == 0 ? shim_clear(&r->how, 0, err) : k;
}

/* Nothing runs in this root yet, so checked paths cannot change before they are mounted. */
static int prepare_mounts(struct container_run *r, const struct cell_mounts *m,
			  struct spec_input *in, int root, struct kerr *err)
{
	char *dir cleanup_free = xasprintf("%s/mounts.%s", m->dir, r->name);
	int k;

	mount_plan_clear(&r->mounts);
	k = mount_plan_make(in, dir, &r->mounts, err);
	if (k == 0)
		k = mount_plan_prepare(&r->mounts, root, err);
	in->mounts = &r->mounts;
	return k;
}

/*
 * Return a namespace path for the runtime. runc takes namespace paths as a
 * comma-separated list: a path with a comma is replaced by that of a descriptor, which
 * stays open until container_finish.
 */
static int pin_path(struct container_run *r, const char *dir, size_t i, char **ret,
		    struct kerr *err)
{
	static const char *const names[] = { "net", "ipc", "uts" };
	char *path cleanup_free = path_join(dir, names[i], NULL);

	if (!strchr(path, ',')) {
		*ret = take_ptr(path);
		return 0;
	}
	r->pins[i] = open(path, O_RDONLY | O_CLOEXEC);
	if (r->pins[i] < 0)
		return kerr_set(err, -errno, "open '%s'", path);
	*ret = xasprintf("/proc/%d/fd/%d", (int) getpid(), r->pins[i]);
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

int container_begin(struct container_run *r, const struct cell_doc *cell,
		    const struct cell_mounts *m, const struct image *image, struct kerr *err)
{
	char *root cleanup_free = container_rootfs(r, m->dir);
	char *net cleanup_free = NULL, *ipc cleanup_free = NULL, *uts cleanup_free = NULL;
	char *cell_cgroup cleanup_free = scope_cgroup(r->e, &r->cell);
	char *secrets_dir cleanup_free =
		layout_rt_container(&r->e->layout, r->ns, r->id, RTC_SECRETS);
	struct secrets secrets cleanup_secrets = { 0 };
	char *payload cleanup_free = NULL, *program cleanup_free = NULL;
	struct spec_result built cleanup_spec_result = { 0 };
	struct buf json cleanup_buf = BUF_INIT(SPEC_MAX);
	int rootfd cleanup_fd = -EBADF;
	struct spec_input in = {
		.cell = cell,
		.c = r->spec,
		.image = &image->config,
		.profile = strmap_get(&cell->head.metadata.labels, "kukeon.io/profile"),
		.rootfs = root,
		.hosts = m->hosts,
		.hostname = m->hostname,
		.resolv = m->resolv,
		.cell_cgroup = cell_cgroup,
		.cgroups_path = r->cgroup,
		.flags = (r->spec->root ? SPEC_ROOT : 0) |
			 (m->host_network ? SPEC_HOST_NETWORK : 0) |
			 (r->e->seccomp_default ? SPEC_SECCOMP : 0) |
			 (mount_has_recursive_ro() ? SPEC_RO_RECURSIVE : 0),
		.files_max = files_max(),
	};
	int k;

	if (cell->spec.nested_cgroup_runtime && !r->spec->host_cgroup) {
		payload = cgroup_v2_dir(r->e->cgroups, r->cgroup);
		k = helper_path("kukeshim", &program, err);
		if (k < 0)
			return k;
		in.payload = payload;
		in.payload_program = program;
	}
	k = m->host_network ? 0 : pin_path(r, m->dir, 0, &net, err);
	if (k == 0)
		k = pin_path(r, m->dir, 1, &ipc, err);
	if (k == 0)
		k = pin_path(r, m->dir, 2, &uts, err);
	in.netns = net;
	in.ipcns = ipc;
	in.utsns = uts;
	if (k == 0)
		k = secrets_resolve(r->spec, secrets_dir, &secrets, err);
	in.secrets = secrets.v;
	in.n_secrets = secrets.n;
	if (k == 0)
		k = clear_before(r, err);
	if (k == 0)
		rootfd = k = open_below(AT_FDCWD, root, err);
	if (k >= 0)
		k = prepare_mounts(r, m, &in, rootfd, err);
	engine_trace_step(r->e, "mount points");
	if (k == 0)
		k = spec_build(&in, &json, &built, err);
	engine_trace_step(r->e, "spec");
	if (k == 0)
		k = shim_prepare(&r->how, &json, err);
	if (k == 0)
		k = secrets_stage(&secrets, secrets_dir, &built.user, err);
	if (k == 0)
		k = mount_plan_compose(&r->mounts, rootfd, err);
	engine_trace_step(r->e, "mounts");
	if (k == 0)
		k = shim_begin(&r->how, &r->pending, err);
	engine_trace_step(r->e, "bundle and shim");
	if (k < 0)
		mount_plan_detach(&r->mounts);
	if (k < 0)
		return kerr_wrap(err, k, "failed to start container %s", r->id);
	r->begun = true;
	free(r->seccomp);
	r->seccomp = take_ptr(built.seccomp);
	return 0;
}

/*
 * Store the compiled filter beside the bundle for processes that join the container
 * later. The runtime compiles its own filter at the same time. Best effort: without the
 * file, a join compiles it.
 */
static void keep_filter(struct container_run *r)
{
	char *dir cleanup_free = layout_rt(&r->e->layout, RT_SECCOMP);
	char *file cleanup_free = layout_rt_container(&r->e->layout, r->ns, r->id, RTC_SECCOMP);
	struct kerr err;
	char text[KERR_TEXT_MAX];

	if (r->seccomp && seccomp_filter_keep(dir, r->seccomp, file, &err) < 0)
		log_wrn("compiled seccomp filter not kept; the next start compiles it again",
			"container", r->id, "error", kerr_text(&err, text, sizeof(text)));
	engine_trace_step(r->e, "seccomp filter");
}

int container_finish(struct container_run *r, struct kerr *err)
{
	struct shim_started started;
	int k;

	keep_filter(r);
	k = shim_finish(&r->how, &r->pending, &started, err);
	mount_plan_detach(&r->mounts);
	drop_pins(r);
	if (k < 0)
		return kerr_wrap(err, k, "failed to start container %s", r->id);
	return 0;
}

int container_mark_stopped(const struct container_run *r, const struct shim_status *st,
			   struct kerr *err)
{
	char *file cleanup_free = path_join(r->run_dir, STOPPED_FILE, NULL);
	char *text cleanup_free = xasprintf("%s\n", st->run_id[0] ? st->run_id : STOPPED_NO_RUN);

	return atomic_write_at(AT_FDCWD, file, text, strlen(text), 0600,
			       ATOMIC_WRITE_NOSYNC | ATOMIC_WRITE_SUM | ATOMIC_WRITE_OVER_DIR, err);
}

bool container_exit_is_volatile(const struct container_run *r)
{
	char *file cleanup_free = path_join(r->run_dir, SHIM_FILE_EXIT, NULL);

	return faccessat(AT_FDCWD, file, F_OK, 0) == 0;
}

int container_undo(struct container_run *r, struct kerr *err)
{
	char *file cleanup_free = path_join(r->data_dir, SHIM_FILE_EXIT, NULL);
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

int container_keep_stopped(struct container_run *r, struct kerr *err)
{
	static const struct shim_status none = { .state = SHIM_NEVER };
	int k = mkdir_p(r->run_dir, 0700, err);

	return k < 0 ? k : container_mark_stopped(r, &none, err);
}

/*
 * Read the id of the run that an operator stopped; "" if its start failed. -ENOENT if
 * not stopped.
 */
static int read_stopped(const struct container_run *r, char ret[SHIM_RUN_ID_SIZE], struct kerr *err)
{
	char *file cleanup_free = path_join(r->run_dir, STOPPED_FILE, NULL);
	struct buf text cleanup_buf = BUF_INIT(STOPPED_MAX);
	char *id cleanup_free = NULL;
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

int container_was_stopped(const struct container_run *r, const struct shim_status *st,
			  struct kerr *err)
{
	char id[SHIM_RUN_ID_SIZE];
	int k;

	if (st->state != SHIM_ENDED && st->state != SHIM_NEVER)
		return 0;
	k = read_stopped(r, id, err);
	if (k == -ENOENT || k == -ENOTDIR)
		return 0;
	return k < 0 ? k : streq(id, st->run_id);
}

void container_thaw(const struct container_run *r)
{
	char *cell cleanup_free = scope_cgroup(r->e, &r->cell);

	cgroup_thaw_one(r->e->cgroups, cell);
	cgroup_thaw(r->e->cgroups, r->cgroup);
}

int container_stop_signal(const struct container_run *r)
{
	struct buf text cleanup_buf = BUF_INIT(RECORD_MAX);
	char name[32];
	int sig;

	if (read_record(r->data_dir, &text) < 0 ||
	    jscan_get_str(buf_str(&text), text.len, "stopSignal", name, sizeof(name)) < 0)
		return SIGTERM;
	sig = signal_from_name(name);
	return sig > 0 ? sig : SIGTERM;
}

int container_update(struct container_run *r, const struct container_resources *limits,
		     struct kerr *err)
{
	struct runc_limits l = { 0 };
	int k = container_run_ready(r, err);

	if (k < 0)
		return k;
	if (limits) {
		l.memory = limits->memory_limit_bytes;
		l.cpu_shares = limits->cpu_shares;
		l.pids = limits->pids_limit;
	}
	k = runc_update(r->runc, r->runc_root, r->runc_id, &l, err);
	if (k == 0 && (!l.cpu_shares.set || l.cpu_shares.v == 0))
		k = cgroup_reset_weight(r->e->cgroups, r->cgroup, err);
	return k < 0 ? kerr_wrap(err, k, "failed to update container %s", r->id) : 0;
}

int container_clear(struct container_run *r, struct kerr *err)
{
	return shim_clear(&r->how, SHIM_CLEAR_KILL, err);
}

int container_remove(struct container_run *r, struct kerr *err)
{
	struct image_store s cleanup_image_store = { 0 };
	int k;

	k = container_clear(r, err);
	if (k == 0)
		k = image_store_open(&r->e->layout, r->e->locks, r->ns, 0, &s, err);
	if (k == 0)
		k = snapshot_remove(&s, r->id, err);
	if (k > 0)
		k = image_gc(&s, NULL, err);
	if (k == 0)
		k = remove_tree_at(AT_FDCWD, r->data_dir, 0, err);
	if (k < 0)
		return kerr_wrap(err, k, "failed to delete container %s", r->id);
	return 0;
}
