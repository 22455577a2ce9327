/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_MOUNT_COMPOSE_H
#define KUKEON_MOUNT_COMPOSE_H

#include "mount_plan.h"

/*
 * Mount and fill the composed trees in an open mount namespace, where the runtime will
 * find them; -1: the current one. Sources are those of the current one. root as in
 * prepare.
 */
int mount_plan_compose(struct mount_plan *p, int root, int ns, struct kerr *err);

/* Remove the directories of the composed trees, after the container was started or not. */
void mount_plan_remove_dirs(struct mount_plan *p);

#endif
