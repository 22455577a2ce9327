/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_DAEMON_H
#define KUKEON_DAEMON_H

#include "defs.h"
#include "engine_config.h"
#include "err.h"

/*
 * Held by a daemon while it runs. Besides the lock, the instance file has confirmed
 * that run path, suffix and cgroup root belong together.
 */
struct daemon_claim {
	int lock_fd; /* locked as long as it is open; forked children close it first */
	int64_t socket_gid; /* as recorded by init; -1: not recorded */
	char *pid_file;
	char *wake_dir;
	char *wake_socket;
	char *spool_dir; /* on the file system of the run path */
};

/*
 * Claim the instance that a configuration names. Creates the run path, and the instance
 * file if missing. -EBUSY "already running (pid N)" if another daemon holds the
 * instance, -EINVAL if the instance file disagrees or cells run in another runtime
 * directory.
 */
int daemon_claim(const struct engine_config *config, struct daemon_claim *ret, struct kerr *err);
void daemon_release(struct daemon_claim *c);

/*
 * Return whether a process holds the instance of this run path: 1 and its pid (0 if the
 * pid file has none), 0 if no daemon runs, -errno.
 */
int daemon_running(const char *run_path, const char *runtime_dir, pid_t *ret_pid);

#endif
