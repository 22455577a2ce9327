/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_STAGE_H
#define KUKEON_STAGE_H

#include "context.h"
#include "mntns.h"

/*
 * A stage is a mount namespace made for one start of a container: its root and volumes are
 * mounted there and the runtime is executed there, so no other process has them in its
 * mount table. It is a copy of the base, which is pinned beside the namespaces of the cells
 * and has only those mounts of the host that a runtime needs; the base is made anew when
 * these have changed. A stage goes with the last process or descriptor that refers to it,
 * so whatever dies leaves no mount behind.
 */

/*
 * Make a stage and enter it; the visit must be left. Returns the descriptor that keeps
 * it. The run path, the runtime directory, the runtime's program, /proc, /sys with the
 * cgroups, /dev and the system's libraries are at the same paths there as on the host;
 * other paths need not exist.
 */
int stage_make(struct engine *e, struct mntns_visit *visit, struct kerr *err);

/* Make the base for the host's mounts as they are now, so that no start has to. */
int stage_prepare(struct engine *e, struct kerr *err);

#endif
