/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_MOUNT_COMPOSE_H
#define KUKEON_MOUNT_COMPOSE_H

#include "mount_plan.h"

/* Mount and fill the composed trees, after the sources exist. root as in prepare. */
int mount_plan_compose(struct mount_plan *p, int root, struct kerr *err);

/*
 * Unmount and remove the composed trees, after the container was started or the start
 * failed.
 */
void mount_plan_detach(struct mount_plan *p);

#endif
