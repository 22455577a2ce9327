/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_FENCE_CAPTURE_H
#define KUKEON_FENCE_CAPTURE_H

#include "err.h"
#include "fence.h"

/*
 * A packet socket (packet(7)) that gets the head of each Ethernet frame that a bridge hands
 * to its host and that a fence drops: what a space tried and may not. It sees frames ahead of
 * the fence and of the packet filter, whether those stand or not.
 */

/* Returns the socket, non-blocking, which gets nothing yet; -errno with a message. */
int fence_capture_open(const char *bridge, struct kerr *err);

/*
 * From now on it gets what that fence drops; also for a socket that another process reads.
 * -E2BIG, without a message, for a fence that is too long for a filter, another error where the
 * host's limit on that memory (net.core.optmem_max) is in the way: it gets nothing then.
 */
int fence_capture_set(int fd, const struct fence *f, struct kerr *err);

#endif
