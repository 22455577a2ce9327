/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_WAKE_H
#define KUKEON_WAKE_H

#include "context.h"

/*
 * Ask the daemon to reconcile a cell: create a file named by the cell's key in wake/ of
 * the runtime directory, then send an empty datagram. If the datagram is lost, the file
 * remains. Monitors (kukeshim) do the same.
 */

/* Return "<realm>_<space>_<stack>_<cell>"; owned by the caller. */
char *wake_key(const struct addr *cell) __attribute__((returns_nonnull));
/*
 * Parse a key. Names contain no '_'. key is modified, and *ret points into it. -EINVAL
 * if the key is malformed.
 */
int wake_parse(char *key, struct addr *ret);

/* Best effort: a daemon that starts later reconciles all cells anyway. */
void wake_ask(struct engine *e, const struct addr *cell);

/* The same for what is in other files: ask the daemon to see what is due, and when. */
void wake_look(struct engine *e);

/*
 * Get and remove all pending keys, sorted. A request that arrives after its key was
 * removed creates a new file.
 */
void wake_take(struct engine *e, struct strlist *ret);

#endif
