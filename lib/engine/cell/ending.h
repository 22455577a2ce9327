/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_ENDING_H
#define KUKEON_ENDING_H

#include "context.h"

/*
 * Processes that have been asked to end, and the time they have for it: what a verb
 * waits for while it holds no lock.
 */
struct ending {
	int *pidfds;
	size_t n;
	int64_t due_ms; /* clock_ms */
};

void ending_clear(struct ending *w);
#define cleanup_ending cleanup_(ending_clear)

void ending_add(struct ending *w, int owned_pidfd);

/*
 * Wait until all have ended or their time is over; w is cleared. -ECANCELED: the
 * caller has hung up, or the daemon is being stopped; what was asked for goes on.
 */
enum ending_flags {
	ENDING_STAY = 1 << 0, /* for a short wait: whatever the caller does */
};
int ending_wait(struct engine *e, struct ending *w, enum ending_flags flags, struct kerr *err);

#endif
