/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_SHIM_STATE_H
#define KUKEON_SHIM_STATE_H

#include "shim.h"

/*
 * Read the state. Takes no lock and changes nothing. Records are replaced in one step,
 * so a reader sees the old one or the new one. Unreadable files are errors.
 */
int shim_state(const struct shim_place *place, struct shim_status *ret, struct kerr *err);

/*
 * Wait while a monitor starts a container or cleans up, that is while it is alive and
 * the state is SHIM_STARTING or SHIM_ENDED. -ETIME after timeout_ms.
 */
int shim_settle(const struct shim_place *place, int timeout_ms, struct shim_status *ret,
		struct kerr *err);

/* Open a pidfd of the container's init, for sending signals; -ESRCH when it has ended. */
int shim_open_init(const struct shim_status *st);

/*
 * Remove what a run has left: kill the processes in its cgroups, remove the cgroups,
 * runc's state and run_dir. exit.json in data_dir stays. -EBUSY when a monitor is alive,
 * unless SHIM_CLEAR_KILL is set, which ends container and monitor first. May be
 * repeated; a container that never ran is success.
 */
enum shim_clear_flags {
	SHIM_CLEAR_KILL = 1 << 0,
};
int shim_clear(const struct shim_start *how, enum shim_clear_flags flags, struct kerr *err);

#endif
