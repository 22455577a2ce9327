/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_DAMAGED_H
#define KUKEON_DAMAGED_H

#include "context.h"

/*
 * Documents that are there and cannot be read. One hurts its own object only: that is
 * listed as Unknown, with the reason, and can be deleted; nothing else is done to it.
 */
#define REASON_DAMAGED STATUS_REASON_DAMAGED
#define REASON_STATE_DAMAGED "StateUnreadable" /* a file beside the document */

/*
 * Load a document, or what stands for a damaged one: names, state Unknown, reason
 * and message; of a cell also the containers the runtime knows, so that they can
 * be ended and removed. 0 read, 1 damaged, -ENOENT without a message. With why
 * NULL the damage is told in the log.
 */
int damaged_load(struct engine *e, const struct addr *a, void *ret_doc, struct kerr *why);

/*
 * Of a loaded document: where a file that belongs to it cannot be read (a realm's
 * passwords, a space's subnet or names, what is under way with a cell), the state is
 * Unknown, with the reason.
 */
void damaged_sides(struct engine *e, const struct addr *a, void *doc);
/* The same of one that was found elsewhere, and why. */
void damaged_side(const struct addr *a, void *doc, const struct kerr *why);

/*
 * The namespace of a realm, by guess where its document is damaged: that of a realm
 * without one of its own. For taking cells away only. -ENOENT: no such realm.
 */
int damaged_namespace(struct engine *e, const char *realm, char **ret, struct kerr *err);

#endif
