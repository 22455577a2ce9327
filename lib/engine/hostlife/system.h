/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_SYSTEM_H
#define KUKEON_SYSTEM_H

#include "context.h"

/*
 * kukeond as the cell kuke-system/kukeon/kukeon/kukeond: a process of the host
 * under a kukeshim of its own, with no image and no network. "Running" is the
 * instance lock, however the daemon was started.
 */

/* What the daemon is started with. Borrowed. */
struct system_daemon {
	const char *socket;
	const char *configuration; /* NULL: none */
	int64_t socket_gid; /* > 0: passed on */
};

/* Store the cell's document where it is missing. 1 made, 0 was there. */
int system_create(struct engine *e, const struct system_daemon *d, struct kerr *err);
/* `kukeon host is not initialized: …` when there is no such document. */
int system_check(struct engine *e, struct kerr *err);

/* Start it as the stored document says. 1 started, 0 it runs already. */
int system_start(struct engine *e, struct kerr *err);
/*
 * TERM to the listener, KILL (and its monitor) when it has not gone after
 * grace_ms. 1 stopped, 2 killed, 0 it did not run.
 */
int system_stop(struct engine *e, int grace_ms, struct kerr *err);

#endif
