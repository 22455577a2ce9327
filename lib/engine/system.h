/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_SYSTEM_H
#define KUKEON_SYSTEM_H

#include "engine_priv.h"

/*
 * kukeond as the cell kuke-system/kukeon/kukeon/kukeond: a process of the host
 * under a kukeshim of its own, with no image and no network. "Running" is the
 * instance lock, however the daemon was started.
 */
#define SYSTEM_REALM "kuke-system"
#define SYSTEM_SPACE "kukeon"
#define SYSTEM_STACK "kukeon"
#define SYSTEM_CELL "kukeond"
#define SYSTEM_IMAGE "host"

bool system_is_cell(const struct addr *a);
/* -EPERM with `use kuke daemon …` for the daemon's own cell; 0 for any other. */
int system_refuse(const struct addr *a, const char *verb, struct kerr *err);
/* -EPERM for the realm, space and stack of the daemon's own cell, which are never deleted. */
int system_refuse_parent(const struct addr *a, struct kerr *err);

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

/* The cell's status as it is now, in memory. */
int system_observe(struct engine *e, struct cell_doc *doc, struct kerr *err);

#endif
