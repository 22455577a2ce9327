/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_CONTAINER_VOLUMES_H
#define KUKEON_CONTAINER_VOLUMES_H

#include "container.h"

/*
 * The root of a stopped container as its files are found by who copies them. After
 * container_create without cell_mounts: volumes from the host are mounted in it, and it is
 * made read-only if the container's is. What a start makes anew (tmpfs, /run, the cell's files
 * in /etc, secrets) is not there.
 */
int container_mount_volumes(struct container_run *r, const struct cell_doc *cell,
			    const struct image *image, struct kerr *err);

#endif
