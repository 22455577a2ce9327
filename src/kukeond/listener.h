/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_LISTENER_H
#define KUKEON_LISTENER_H

#include "err.h"
#include "peer.h"

/*
 * The listener: accepts, forks a child per connection that has something to
 * say, forks a child per reconcile pass, reaps. It never touches state, never
 * blocks but in poll, and allocates nothing while it runs.
 */
enum listener_pass {
	LISTENER_PASS_WAKES = 1, /* somebody asked, or the pass before did */
	LISTENER_PASS_TIMER, /* it is time */
	LISTENER_PASS_START, /* the first one */
};

struct listener_ops {
	void *ctx;
	/* In a child: serve the connection to its end. stop_fd hangs up when the daemon stops. */
	void (*serve)(void *ctx, int fd, const struct peer *peer, int stop_fd);
	/* In a child: one pass. *ret_next_ms: clock_ms of a LISTENER_PASS_WAKES it wants, or -1. */
	int (*reconcile)(void *ctx, enum listener_pass kind, int64_t *ret_next_ms);
};

struct listener_config {
	const char *socket;
	gid_t gid; /* > 0: root:gid 0660, else 0600 */
	const char *pid_file;
	const char *wake_dir;
	const char *wake_socket;
	int64_t reconcile_ms; /* <= 0: passes on wake-ups only */
	unsigned max_children; /* of requests; 0: LISTENER_MAX_CHILDREN */
	unsigned max_per_uid; /* of one user that is not root; 0: LISTENER_MAX_PER_UID */
	int grace_ms; /* for requests under way at the end; 0: LISTENER_GRACE_MS */
};

enum {
	LISTENER_MAX_CHILDREN = 64,
	LISTENER_MAX_PER_UID = 16,
	LISTENER_PING_SLOTS =
		4, /* beside max_children: somebody must be able to ask whether we live */
	LISTENER_MAX_CONNECTIONS = 256, /* accepted, no request yet or no slot */
	LISTENER_GRACE_MS = 10000,
};

/*
 * Make the sockets and the pid file, run until SIGTERM or SIGINT, remove them.
 * 0 after a regular end. Never touches a workload.
 */
int listener_run(const struct listener_config *config, const struct listener_ops *ops,
		 struct kerr *err);

#endif
