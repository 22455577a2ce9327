/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_DAEMON_H
#define KUKEON_DAEMON_H

#include "defs.h"
#include "engine_config.h"
#include "err.h"

/*
 * What a daemon holds while it runs: the instance lock, and the word of the
 * instance file that run path, suffix and cgroup root belong together.
 */
struct daemon_claim {
	int lock_fd; /* the lock goes with it; children close it first */
	int64_t socket_gid; /* recorded by init; -1: none was */
	char *pid_file;
	char *wake_dir;
	char *wake_socket;
	char *spool_dir; /* on the disk of the run path */
};

/*
 * Claim the instance of a configuration. Makes the run path and writes the
 * instance file where there is none. -EBUSY "already running (pid N)" while another
 * daemon has it, -EINVAL on a mismatch or when cells run in another runtime dir.
 */
int daemon_claim(const struct engine_config *config, struct daemon_claim *ret, struct kerr *err);
void daemon_release(struct daemon_claim *c);

/*
 * Whether some process holds the instance of this run path: 1 and its pid (0 when
 * the pid file does not say), 0 no daemon, -errno.
 */
int daemon_running(const char *run_path, const char *runtime_dir, pid_t *ret_pid);

#endif
