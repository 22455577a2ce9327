/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_CONTAINER_ROOT_H
#define KUKEON_CONTAINER_ROOT_H

#include "container.h"

/* The root of a container while it is started: its overlay, mounted in a stage (stage.h). */

/* Where the root is mounted in the stage; owned by the caller. */
char *container_root_path(const struct container_run *run, const struct cell_mounts *m)
	__attribute__((returns_nonnull));

/*
 * Make a stage and mount the container's layers there. run->stage and run->root are open
 * until container_root_close; nothing of the last run may be left. m NULL: not for a start, and
 * no directory is made for it.
 */
int container_root_mount(struct container_run *run, const struct cell_mounts *m,
			 struct image_store *s, const struct image *image, struct kerr *err);

/*
 * Mount the image's layers read-only at target, or, as a single layer needs no mount,
 * return its directory. *ret is owned by the caller.
 */
int container_root_layers(struct image_store *s, const struct image *image, const char *target,
			  char **ret, struct kerr *err);

void container_root_close(struct container_run *run);

#endif
