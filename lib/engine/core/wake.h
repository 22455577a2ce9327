/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_WAKE_H
#define KUKEON_WAKE_H

#include "context.h"

/*
 * Asking for a look at a cell, by level: a file of the cell's key in the runtime
 * directory's wake/, then an empty datagram whose loss does no harm. Monitors do
 * the same (kukeshim).
 */

/* "<realm>_<space>_<stack>_<cell>"; owned by the caller. */
char *wake_key(const struct addr *cell) __attribute__((returns_nonnull));
/* The other way. No name has a '_'; key is cut in place. -EINVAL: not written by us. */
int wake_parse(char *key, struct addr *ret);

/* Best effort: without a daemon the next one looks at every cell. */
void wake_ask(struct engine *e, const struct addr *cell);

/*
 * The keys of all that asked, sorted. What is cleared here is seen by the pass
 * that takes it, what comes later makes another.
 */
void wake_take(struct engine *e, struct strlist *ret);

#endif
