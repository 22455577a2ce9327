/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_SYSTEM_H
#define KUKEON_SYSTEM_H

#include "context.h"

/*
 * kukeond as the cell kuke-system/kukeon/kukeon/kukeond: a host process under its own
 * kukeshim, without image and network. It counts as running if the instance lock is
 * held, however the daemon was started.
 */

/* How to start the daemon. Strings are borrowed. */
struct system_daemon {
	const char *socket;
	const char *configuration; /* NULL: none */
	int64_t socket_gid; /* > 0: passed on */
};

/* Store the cell's document if missing. 1 created, 0 it existed. */
int system_create(struct engine *e, const struct system_daemon *d, struct kerr *err);
/* Check that the document exists, else `kukeon host is not initialized: …`. */
int system_check(struct engine *e, struct kerr *err);

/*
 * Start the daemon as the stored document says; it may not listen yet. 1 started, 0 it is
 * already running. Unless ret_socket is NULL, *ret_socket is where the document lets it
 * listen, owned by the caller, or NULL if that is not known.
 */
int system_start(struct engine *e, char **ret_socket, struct kerr *err);
/*
 * Send SIGTERM to the listener; after grace_ms kill it and its monitor. 1 stopped, 2
 * killed, 0 it was not running.
 */
int system_stop(struct engine *e, int grace_ms, struct kerr *err);

#endif
