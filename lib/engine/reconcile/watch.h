/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_WATCH_H
#define KUKEON_WATCH_H

#include "reconcile.h"

/*
 * What tells a waiting daemon that others changed the network under it (netwatch), so
 * that it need not wait for its timer to repair that.
 */
enum {
	WATCH_FDS = 3
};
struct watch {
	int fds[WATCH_FDS]; /* for poll(2); -EBADF: not there */
};

/* What this host cannot tell is logged: it is left to the timer. */
void watch_open(struct watch *ret);
void watch_close(struct watch *w);

/*
 * Read what has arrived, without waiting or allocating. Returns the pass that is called
 * for: ENGINE_PASS_RULES or ENGINE_PASS_ALL; 0: none.
 */
enum engine_pass watch_read(const struct watch *w);

#endif
