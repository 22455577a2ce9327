/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "container_root.h"
#include "fd.h"
#include "mem.h"
#include "mount.h"
#include "path.h"
#include "snapshot.h"
#include "stage.h"

/* The open directories of an overlay. */
struct layers {
	int *fds; /* the topmost first */
	size_t n;
	int upper, work;
};

static void layers_close(struct layers *l)
{
	for (size_t i = 0; i < l->n; i++)
		fd_close_p(&l->fds[i]);
	free(l->fds);
	fd_close_p(&l->upper);
	fd_close_p(&l->work);
}

static int open_below(int dirfd, const char *path, struct kerr *err)
{
	int fd = openat(dirfd, path, O_PATH | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);

	return fd < 0 ? kerr_set(err, -errno, "open '%s'", path) : fd;
}

static int open_lower(int dirfd, const struct strlist *lower, struct layers *ret, struct kerr *err)
{
	ret->fds = xcalloc(lower->n + 1, sizeof(*ret->fds));
	for (; ret->n < lower->n; ret->n++) {
		int fd = open_below(dirfd, lower->v[ret->n], err);

		if (fd < 0)
			return fd;
		ret->fds[ret->n] = fd;
	}
	return 0;
}

/* id NULL: no writable layer. */
static int open_layers(struct image_store *s, const char *id, const struct strlist *lower,
		       struct layers *ret, struct kerr *err)
{
	cleanup_free char *upper = id ? path_join("containers", id, "upper", NULL) : NULL;
	cleanup_free char *work = id ? path_join("containers", id, "work", NULL) : NULL;
	cleanup_fd int dirfd = open_below(AT_FDCWD, s->dir, err);
	int r = dirfd < 0 ? dirfd : open_lower(dirfd, lower, ret, err);

	if (r == 0 && id) {
		ret->upper = r = open_below(dirfd, upper, err);
		if (r >= 0)
			ret->work = r = open_below(dirfd, work, err);
	}
	return r < 0 ? r : 0;
}

static int mount_layers(struct image_store *s, const char *id, const struct strlist *lower,
			const char *target, struct kerr *err)
{
	cleanup_(layers_close) struct layers l = { .upper = -EBADF, .work = -EBADF };
	struct mount_overlay how;
	int r = open_layers(s, id, lower, &l, err);

	if (r < 0)
		return r;
	how = (struct mount_overlay){ .lower_fds = l.fds,
				      .n_lower = l.n,
				      .upper_fd = id ? l.upper : -1,
				      .work_fd = id ? l.work : -1,
				      .target = target };
	return mount_overlay(&how, err);
}

char *container_root_path(const struct container_run *run, const struct cell_mounts *m)
{
	return xasprintf("%s/root.%s", m->dir, run->name);
}

int container_root_mount(struct container_run *run, const struct cell_mounts *m,
			 struct image_store *s, const struct image *image, struct kerr *err)
{
	cleanup_mntns_visit struct mntns_visit visit = MNTNS_VISIT_INIT;
	/* in a stage, a directory that is there can be hidden: the layer itself, which is open */
	cleanup_free char *target = m ? container_root_path(run, m)
				      : path_join(s->dir, "containers", run->id, "upper", NULL);
	cleanup_strlist struct strlist lower = { 0 };
	int r;

	if (m && mkdir(target, 0700) < 0 && errno != EEXIST)
		return kerr_set(err, -errno, "mkdir '%s'", target);
	r = snapshot_clean_work(s, run->id, err);
	if (r == 0)
		r = snapshot_lower(s, run->id, image, &lower, err);
	if (r == 0)
		run->stage = r = stage_make(run->e, &visit, err);
	/* Layers must be opened in the namespace in which they are mounted. */
	if (r >= 0)
		r = mount_layers(s, run->id, &lower, target, err);
	if (r >= 0)
		run->root = r = open_below(AT_FDCWD, target, err);
	if (r < 0)
		container_root_close(run);
	return r < 0 ? r : 0;
}

int container_root_layers(struct image_store *s, const struct image *image, const char *target,
			  char **ret, struct kerr *err)
{
	cleanup_strlist struct strlist lower = { 0 };
	int r = snapshot_lower(s, NULL, image, &lower, err);

	if (r < 0)
		return r;
	if (lower.n == 1) {
		*ret = path_join(s->dir, lower.v[0], NULL);
		return 0;
	}
	r = mount_layers(s, NULL, &lower, target, err);
	if (r == 0)
		*ret = xstrdup(target);
	return r;
}

void container_root_close(struct container_run *run)
{
	if (run->stage > 0)
		(void) close(run->stage);
	if (run->root > 0)
		(void) close(run->root);
	run->stage = run->root = 0;
}
