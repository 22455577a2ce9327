/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_DAMAGED_H
#define KUKEON_DAMAGED_H

#include "context.h"

/*
 * Documents that exist but cannot be read. Only that object is affected: it is listed
 * as Unknown with the reason, and can only be deleted.
 */
#define REASON_DAMAGED STATUS_REASON_DAMAGED
#define REASON_STATE_DAMAGED "StateUnreadable" /* for a file beside the document */

/*
 * Load a document. If it is damaged, return a substitute: names, state Unknown, reason
 * and message; for a cell also the containers the runtime knows, so that they can be
 * stopped and removed. 0 read, 1 damaged, -ENOENT without a message. With why NULL the
 * damage is logged.
 */
int damaged_load(struct engine *e, const struct addr *a, void *ret_doc, struct kerr *why);

/*
 * Set state Unknown and the reason if a file that belongs to a loaded document is
 * unreadable: passwords of a realm, subnet or hosts file of a space, a cell's operation
 * in progress.
 */
void damaged_sides(struct engine *e, const struct addr *a, void *doc);
/* Likewise for damage found by the caller. */
void damaged_side(const struct addr *a, void *doc, const struct kerr *why);

/*
 * Get the namespace of a realm; if its document is damaged, assume the default one.
 * Only for stopping and removing cells. -ENOENT if there is no such realm.
 */
int damaged_namespace(struct engine *e, const char *realm, char **ret, struct kerr *err);

#endif
