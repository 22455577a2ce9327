/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_ENDING_H
#define KUKEON_ENDING_H

#include "context.h"

/* Processes in their grace period, for which a verb waits without holding a lock. */
struct ending {
	int *pidfds;
	size_t n;
	int64_t due_ms; /* clock_ms */
};

void ending_clear(struct ending *w);
#define cleanup_ending cleanup_(ending_clear)

void ending_add(struct ending *w, int owned_pidfd);

/*
 * Wait until all have ended or the grace period is over; clears w. -ECANCELED: the
 * caller disconnected, or the daemon is stopping; the stop itself continues.
 */
enum ending_flags {
	ENDING_STAY = 1 << 0, /* wait even if the caller disconnects; for short waits */
};
int ending_wait(struct engine *e, struct ending *w, enum ending_flags flags, struct kerr *err);

#endif
