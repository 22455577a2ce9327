/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_SWEEP_H
#define KUKEON_SWEEP_H

#include "context.h"

/*
 * Garbage collection. Remove orphans that kukeon is known to have created: starts,
 * leases, cgroups and bridges without an object, and leftovers of interrupted creates,
 * deletes, image stores and writers. Content (writable layers, namespaces, directories
 * of documents) is removed only if a mark shows that its creation never finished.
 * Anything else is logged once (unknown.h) and left alone. Each item is checked again
 * under the lock of the object it would belong to; busy ones are left to the next
 * sweep. Failures are logged.
 */
void sweep(struct engine *e);

/*
 * Call fn for each bridge, lease and attachment by plugins that sweep would remove; name is
 * the device, the address or the id of the start. Nothing is locked or changed.
 */
typedef void sweep_stray_fn(void *ctx, const char *what, const char *name,
			    const struct addr *owner);
void sweep_each_stray(struct engine *e, sweep_stray_fn *fn, void *ctx);

/* Return whether the last sweep of this boot was some minutes ago. */
bool sweep_is_due(struct engine *e);

#endif
