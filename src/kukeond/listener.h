/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_LISTENER_H
#define KUKEON_LISTENER_H

#include "err.h"
#include "peer.h"

/*
 * The listener: accepts connections, forks a child for each that has a request and for each
 * reconcile pass, and reaps them. It never touches state, blocks only in poll(2), and
 * allocates no memory while it runs.
 */
enum listener_pass {
	LISTENER_PASS_WAKES = 1, /* for a wake-up, or asked for by the last pass */
	LISTENER_PASS_RULES, /* also the packet filter: others changed it */
	LISTENER_PASS_TIMER, /* the reconcile interval is over */
	LISTENER_PASS_START, /* the first pass of this daemon */
};

enum listener_served {
	LISTENER_SERVED_END = 0, /* the connection is finished */
	LISTENER_SERVED_IDLE = 1, /* no child is needed until the next request */
	LISTENER_SERVED_TAKEN = 2, /* another process has the connection now */
};

enum listener_serve_flags {
	LISTENER_SERVE_ONE = 1 << 0, /* serve only the request that has arrived */
};

struct listener_ops {
	void *ctx;
	void (*prepare)(void *ctx); /* once, when clients can connect and wait; NULL: nothing */
	/*
	 * In a child: serve the connection until its end, or until it is idle.
	 * stop_fd hangs up when the daemon stops.
	 */
	enum listener_served (*serve)(void *ctx, int fd, const struct peer *peer, int stop_fd,
				      enum listener_serve_flags flags);
	/* In a child: one pass. *ret_next_ms: clock_ms at which it wants a PASS_WAKES, or -1. */
	int (*reconcile)(void *ctx, enum listener_pass kind, int64_t *ret_next_ms);
	/*
	 * A process that runs beside requests and passes while it is wanted, and is started
	 * again when it ends. wanted is asked after each event and may not wait; keep runs in
	 * a child until stop_fd hangs up. NULL: none.
	 */
	bool (*wanted)(void *ctx);
	void (*keep)(void *ctx, int stop_fd);
	/*
	 * One of watch_fds is readable: read them. Returns the pass that is called for, 0:
	 * none. Neither waits nor allocates.
	 */
	enum listener_pass (*changed)(void *ctx);
};

struct listener_config {
	const char *socket;
	gid_t gid; /* > 0: root:gid 0660, else 0600 */
	const char *pid_file;
	const char *wake_dir;
	const char *wake_socket;
	const int *watch_fds; /* LISTENER_WATCH_FDS of them; NULL: none */
	int64_t reconcile_ms; /* <= 0: passes on wake-ups only */
	unsigned max_children; /* of requests; 0: LISTENER_MAX_CHILDREN */
	unsigned max_per_uid; /* of one user that is not root; 0: a quarter of max_children */
	int grace_ms; /* for running requests at a stop; 0: LISTENER_GRACE_MS */
};

/*
 * Limits per user. A user other than root gets at most a quarter of the children and of the
 * connections. The extra slots beside max_children are for root and for Ping when all others
 * are taken, so that both always get a reply.
 */
enum {
	LISTENER_MAX_CHILDREN = 64,
	LISTENER_ROOT_SLOTS = 16,
	LISTENER_PING_SLOTS = 4,
	LISTENER_MAX_CONNECTIONS = 256, /* not with a child: idle, or waiting for a slot */
	LISTENER_WATCH_FDS = 3,
	LISTENER_IDLE_MS = 500, /* how long a child waits for another request */
	LISTENER_GRACE_MS = 10000,
};

/*
 * Make the sockets and the pid file, run until SIGTERM or SIGINT, remove them.
 * 0 after a regular end. Never touches a workload.
 */
int listener_run(const struct listener_config *config, const struct listener_ops *ops,
		 struct kerr *err);

#endif
