/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "copy_in.h"
#include "fd.h"
#include "mem.h"
#include "mntns.h"
#include "mount_compose.h"
#include "mount_plan.h"
#include "mountfd.h"
#include "path.h"
#include "rootfs_guard.h"
#include "str.h"

/*
 * Create the empty directory for composed trees. What an interrupted start has left
 * there is removed.
 */
static int make_dir(const char *dir, struct kerr *err)
{
	int r;

	if (mkdir(dir, 0700) == 0)
		return 0;
	if (errno != EEXIST)
		return kerr_set(err, -errno, "make '%s'", dir);
	r = remove_tree_at(AT_FDCWD, dir, REMOVE_TREE_SAME_FS, err);
	if (r == 0 && mkdir(dir, 0700) < 0)
		r = kerr_set(err, -errno, "make '%s'", dir);
	return r;
}

static int make_mount_point(const struct mount_entry *e, struct kerr *err)
{
	cleanup_fd int fd = -EBADF;

	if (!e->file)
		return mkdir(e->composed, 0700) < 0
			       ? kerr_set(err, -errno, "make '%s'", e->composed)
			       : 0;
	fd = open(e->composed, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	return fd < 0 ? kerr_set(err, -errno, "make '%s'", e->composed) : 0;
}

static int attach_top(struct mount_entry *e, struct kerr *err)
{
	int r = make_mount_point(e, err);

	return r < 0 ? r : mountfd_attach(e->fd, AT_FDCWD, e->composed, err);
}

static int attach_inside(const struct mount_plan *p, struct mount_entry *e, struct kerr *err)
{
	const struct mount_entry *in = &p->v[e->parent];
	cleanup_fd int at = -EBADF;

	at = guard_below(in->fd, e->target + strlen(in->target), e->file ? GUARD_FILE : 0, in->what,
			 err);
	return at < 0 ? at : mountfd_attach(e->fd, at, "", err);
}

static int copy_image_content(const struct mount_entry *e, int root, struct kerr *err)
{
	cleanup_fd int from = open_no_links(root, e->target + 1, O_RDONLY | O_DIRECTORY, 0);
	int r;

	if (from < 0)
		return kerr_set(err, from, "open '%s' of the container", e->target);
	r = copy_in(from, e->fd, err);
	if (r != -ENOSPC)
		return r;
	return kerr_plain(err, r,
			  "what the image has below '%s' does not fit into the tmpfs there; give "
			  "it more with a tmpfs of your own: {path: %s, sizeBytes: ..., options: "
			  "[tmpcopyup, mode=755]}",
			  e->asked, e->asked);
}

static int open_entry(struct mount_entry *e, struct kerr *err)
{
	e->fd = e->type == MOUNT_ENTRY_TMPFS ? mountfd_tmpfs(&e->options, err)
					     : mountfd_clone(e->source, err);
	return e->fd < 0 ? kerr_wrap(err, e->fd, "%s", e->what) : 0;
}

static int compose_entry(const struct mount_plan *p, struct mount_entry *e, int root,
			 struct kerr *err)
{
	int r;

	r = e->composed != NULL ? attach_top(e, err) : attach_inside(p, e, err);
	if (r >= 0 && e->type == MOUNT_ENTRY_BIND && e->read_only)
		r = mountfd_readonly(e->fd, MOUNTFD_RECURSIVE, err);
	if (r >= 0 && e->copy)
		r = copy_image_content(e, root, err);
	return r < 0 ? kerr_wrap(err, r, "%s", e->what) : 0;
}

static bool is_composed(const struct mount_entry *e)
{
	return !e->skip && (e->composed != NULL || e->parent != MOUNT_PLAN_NONE);
}

/* Everything is mounted inside the namespace; the sources are open. */
static int compose_all(struct mount_plan *p, int root, struct kerr *err)
{
	int r = make_dir(p->dir, err);

	for (size_t i = 0; r == 0 && i < p->n; i++)
		if (is_composed(&p->v[i]))
			r = compose_entry(p, &p->v[i], root, err);
	/* Last, because mount points had to be created in them. */
	for (size_t i = 0; r == 0 && i < p->n; i++)
		if (p->v[i].fd >= 0 && p->v[i].type == MOUNT_ENTRY_TMPFS && p->v[i].read_only)
			r = mountfd_readonly(p->v[i].fd, 0, err);
	return r;
}

int mount_plan_compose(struct mount_plan *p, int root, int ns, struct kerr *err)
{
	cleanup_mntns_visit struct mntns_visit visit = MNTNS_VISIT_INIT;
	bool any = false;
	int r = 0;

	for (size_t i = 0; r == 0 && i < p->n; i++) {
		if (!is_composed(&p->v[i]))
			continue;
		any = true;
		r = open_entry(&p->v[i], err);
	}
	if (r == 0 && any)
		r = mntns_enter(ns, &visit, err);
	if (r == 0 && any)
		r = compose_all(p, root, err);
	for (size_t i = 0; i < p->n; i++)
		fd_close_p(&p->v[i].fd);
	return r;
}

/* If something cannot be removed here, it is removed with the cell's runtime directory. */
void mount_plan_remove_dirs(struct mount_plan *p)
{
	if (p->dir == NULL)
		return;
	for (size_t i = 0; i < p->n; i++)
		if (p->v[i].composed != NULL)
			(void) (p->v[i].file ? unlink(p->v[i].composed) : rmdir(p->v[i].composed));
	(void) rmdir(p->dir);
	free_p(&p->dir);
}
