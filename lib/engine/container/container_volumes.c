/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>

#include "container_volumes.h"
#include "fd.h"
#include "mntns.h"
#include "mountfd.h"
#include "rootfs_guard.h"
#include "spec.h"

static bool is_volume(const struct mount_entry *e)
{
	return !e->skip && e->host && e->type == MOUNT_ENTRY_BIND;
}

/* Sources are the host's, so they are opened before the stage is entered. */
static int open_sources(struct mount_plan *p, struct kerr *err)
{
	for (size_t i = 0; i < p->n; i++) {
		struct mount_entry *e = &p->v[i];

		if (!is_volume(e))
			continue;
		e->fd = mountfd_clone(e->source, err);
		if (e->fd < 0)
			return kerr_wrap(err, e->fd, "%s", e->what);
	}
	return 0;
}

/* A volume may be shared with a container that changes it just now: no link in it is followed. */
static int attach(const struct mount_entry *e, int root, struct kerr *err)
{
	cleanup_fd int at = guard_below(root, e->target, e->file ? GUARD_FILE : 0, e->what, err);
	int r = at < 0 ? at : mountfd_attach(e->fd, at, "", err);

	if (r >= 0 && e->read_only)
		r = mountfd_readonly(e->fd, MOUNTFD_RECURSIVE, err);
	return r < 0 ? kerr_wrap(err, r, "%s", e->what) : 0;
}

static int attach_all(struct container_run *run, struct mount_plan *p, struct kerr *err)
{
	cleanup_mntns_visit struct mntns_visit visit = MNTNS_VISIT_INIT;
	int r = mntns_enter(run->stage, &visit, err);

	for (size_t i = 0; r == 0 && i < p->n; i++)
		if (is_volume(&p->v[i]))
			r = attach(&p->v[i], run->root, err);
	if (r == 0 && run->spec->read_only_root_filesystem)
		r = mountfd_readonly(run->root, 0, err);
	return r;
}

int container_mount_volumes(struct container_run *run, const struct cell_doc *cell,
			    const struct image *image, struct kerr *err)
{
	cleanup_mount_plan struct mount_plan plan = { 0 };
	const struct spec_input in = {
		.cell = cell,
		.c = run->spec,
		.image = &image->config,
		.root = run->root,
	};
	int r = mount_plan_make(&in, "", &plan, err); /* nothing is composed */

	if (r == 0)
		r = mount_plan_prepare(&plan, run->root, err);
	if (r == 0)
		r = open_sources(&plan, err);
	return r == 0 ? attach_all(run, &plan, err) : r;
}
