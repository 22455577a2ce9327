/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <sched.h>
#include <stddef.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cellnet.h"
#include "container.h"
#include "container_root.h"
#include "container_trial.h"
#include "fd.h"
#include "image.h"
#include "images.h"
#include "imgstore.h"
#include "mem.h"
#include "path.h"
#include "proc.h"
#include "scope.h"
#include "snapshot.h"
#include "spec.h"

/*
 * Try whether a container can be created from its spec and image, before an existing
 * one is replaced: build its runtime spec in a child, whose mounts end with it, and
 * discard it.
 */

/* The child's result, sent over the pipe. */
struct trial_result {
	int r;
	struct kerr err;
};

struct trial {
	const struct container_run *run;
	const struct cell_doc *cell;
	const struct image *image;
	struct image_store *store;
};

static int build(const struct trial *t, const char *root, struct kerr *err)
{
	const struct container_run *run = t->run;
	bool host_network = cell_host_network(&t->cell->spec);
	cleanup_free char *cell_cgroup = scope_cgroup(run->e, &run->cell);
	cleanup_buf struct buf json = BUF_INIT(SPEC_MAX);
	static const struct spec_tty tty; /* its files are not looked at without mounts */
	const struct spec_input in = {
		.tty = run->spec->attachable ? &tty : NULL,
		.cell = t->cell,
		.c = run->spec,
		.image = &t->image->config,
		.rootfs = root,
		.cell_cgroup = cell_cgroup,
		.cgroups_path = run->cgroup,
		.flags = (run->spec->root ? SPEC_ROOT : 0) |
			 (host_network ? SPEC_HOST_NETWORK : 0) |
			 (run->e->seccomp_default ? SPEC_SECCOMP : 0),
	};

	return spec_build(&in, &json, NULL, err);
}

/* Runs in the child. If the image cannot be mounted, the start will report it. */
static void run_trial(const struct trial *t, struct trial_result *result)
{
	cleanup_free char *root = NULL;

	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    container_root_layers(t->store, t->image, t->store->dir, &root, NULL) < 0)
		return;
	result->r = build(t, root, &result->err);
}

static int run_child(const struct trial *t, struct kerr *err)
{
	cleanup_fd int in = -EBADF, out = -EBADF;
	struct trial_result v = { 0 };
	int pair[2], status;
	pid_t pid;
	int r;

	if (pipe2(pair, O_CLOEXEC) < 0)
		return kerr_set(err, -errno, "pipe");
	in = pair[0];
	out = pair[1];
	pid = proc_fork(PROC_DIE_WITH_PARENT);
	if (pid < 0)
		return kerr_set(err, pid, "fork");
	if (pid == 0) {
		run_trial(t, &v);
		_exit(fd_write_all(out, &v, sizeof(v)) < 0);
	}
	fd_close_p(&out);
	r = fd_read_all(in, &v, sizeof(v));
	if (r < 0)
		v = (struct trial_result){ 0 }; /* the child died without a result */
	r = proc_wait(pid, -1, &status, err);
	if (r < 0 || v.r == 0)
		return r < 0 ? r : 0;
	if (err)
		*err = v.err;
	return v.r;
}

int container_try(const struct container_run *run, const struct cell_doc *cell,
		  enum container_image_flags flags, struct kerr *err)
{
	cleanup_image_store struct image_store s = { 0 };
	struct image image = { 0 };
	struct trial t = { .run = run, .cell = cell, .image = &image, .store = &s };
	int r = images_store_open(run->e, run->ns, &s, err);

	if (r == 0)
		r = container_resolve_image(run, &s, flags, &image, err);
	if (r < 0)
		return kerr_wrap(err, r, "failed to create container %s", run->id);
	if (r > 0)
		return r;
	r = run_child(&t, err);
	image_clear(&image);
	/* same message as a failed start */
	return r < 0 ? kerr_wrap(err, r, "failed to start container %s", run->id) : 0;
}
