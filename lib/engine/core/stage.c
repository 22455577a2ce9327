/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "crc32c.h"
#include "fd.h"
#include "helper.h"
#include "lock.h"
#include "mem.h"
#include "path.h"
#include "pins.h"
#include "runc.h"
#include "stage.h"

/*
 * Paths that a runtime and its helpers use, apart from those of the container itself,
 * whose mounts are given to it as descriptors.
 */
static void needed_paths(struct engine *e, struct strlist *ret)
{
	static const char *const always[] = { "/",     "/dev", "/etc", "/lib",	  "/lib64",
					      "/proc", "/sys", "/usr", "/usr/lib" };
	cleanup_free char *data = layout_run(&e->layout, RUN_DATA);
	cleanup_free char *namespaces = layout_namespaces(&e->layout);
	cleanup_free char *runc = NULL, *shim = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(always); i++)
		strlist_add(ret, always[i]);
	strlist_add(ret, e->layout.runtime_dir);
	strlist_add(ret, data);
	strlist_add(ret, namespaces);
	if (runc_find(e->runtime, &runc, NULL) == 0)
		strlist_add(ret, runc);
	if (helper_path("kukeshim", &shim, NULL) == 0) /* a hook of some cells */
		strlist_add(ret, shim);
}

/*
 * The name of the base for what is mounted at these paths now: a name that does not
 * exist yet means that the host's mounts have changed.
 */
static char *base_name(const struct strlist *paths)
{
	uint32_t crc = 0;

	for (size_t i = 0; i < paths->n; i++) {
		struct statx stx = { 0 };
		uint64_t id[2] = { 0 };

		if (statx(AT_FDCWD, paths->v[i], 0, STATX_TYPE | STATX_MNT_ID, &stx) == 0) {
			id[0] = stx.stx_mask & STATX_MNT_ID ? stx.stx_mnt_id : 0; /* 5.8 */
			id[1] = (uint64_t) stx.stx_dev_major << 32 | stx.stx_dev_minor;
		}
		crc = crc32c_add(crc, paths->v[i], strlen(paths->v[i]) + 1);
		crc = crc32c_add(crc, id, sizeof(id));
	}
	return xasprintf("base.%08x", crc);
}

/* A copy of the host's table without what no runtime needs. Returns its descriptor. */
static int make_base(const struct strlist *paths, struct kerr *err)
{
	static const char *const types[] = { "cgroup", "cgroup2", "selinuxfs", NULL };
	cleanup_mntns_visit struct mntns_visit visit = MNTNS_VISIT_INIT;
	cleanup_fd int ns = -EBADF;
	int r = mntns_enter(-1, &visit, err);

	if (r == 0)
		ns = r = mntns_copy(err);
	if (r >= 0)
		r = mntns_keep_only(paths, types, err);
	return r < 0 ? r : take_fd(ns);
}

/* Stages that were made of the old ones are not affected. */
static int replace_bases(struct engine *e, const char *name, int ns, struct kerr *err)
{
	cleanup_mntns_visit struct mntns_visit visit = MNTNS_VISIT_INIT;
	cleanup_strlist struct strlist old = { 0 };
	int r = pins_list(e, PINS_BASES, &old, err);

	if (r == 0)
		r = mntns_enter(e->pins_ns, &visit, err);
	for (size_t i = 0; r == 0 && i < old.n; i++)
		r = mntns_unpin(e->pins_root, old.v[i], err);
	return r < 0 ? r : mntns_pin(e->pins_root, name, ns, err);
}

struct new_base {
	struct engine *e;
	const struct strlist *paths;
	const char *name;
};

/* Returns the descriptor of a new base that has been pinned. */
static int make_and_pin(void *ctx, struct kerr *err)
{
	const struct new_base *b = ctx;
	cleanup_fd int ns = make_base(b->paths, err);
	int r = ns;

	if (r >= 0)
		r = replace_bases(b->e, b->name, ns, err);
	return r < 0 ? r : take_fd(ns);
}

/* Open the base, which is made if there is none for the host's mounts as they are now. */
static int open_base(struct engine *e, struct kerr *err)
{
	cleanup_free char *dir = layout_rt(&e->layout, RT_MOUNTS);
	cleanup_free char *file = path_join(dir, PINS_LOCK, NULL);
	cleanup_strlist struct strlist paths = { 0 };
	cleanup_free char *name = NULL;
	cleanup_fd int lock = -EBADF;
	int r = pins_prepare(e, err);

	if (r < 0)
		return r;
	needed_paths(e, &paths);
	name = base_name(&paths);
	r = mntns_open(e->pins_root, name, err);
	if (r != -ENOENT)
		return r;
	lock = lock_file_at(AT_FDCWD, file, LOCK_FILE_WAIT, err);
	if (lock < 0)
		return lock;
	r = mntns_open(e->pins_root, name, err);
	if (r != -ENOENT)
		return r;
	return mntns_pin_new(make_and_pin, &(struct new_base){ e, &paths, name }, err);
}

int stage_prepare(struct engine *e, struct kerr *err)
{
	cleanup_fd int base = open_base(e, err);

	return base < 0 ? base : 0;
}

int stage_make(struct engine *e, struct mntns_visit *visit, struct kerr *err)
{
	cleanup_fd int base = open_base(e, err);
	int r;

	if (base < 0)
		return kerr_wrap(err, base, "prepare mounts for the runtime");
	r = mntns_enter(base, visit, err);
	if (r < 0)
		return r;
	r = mntns_copy(err);
	if (r < 0)
		mntns_leave(visit);
	return r;
}
