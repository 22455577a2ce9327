/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_SWEEP_H
#define KUKEON_SWEEP_H

#include "context.h"

/*
 * What nothing accounts for and is known to be ours goes: starts, leases, cgroups and
 * bridges without an object, what creates, deletes, image stores and writers left
 * half-done. Content (writable layers, namespaces, documents' directories) goes only when
 * its own mark says that it was never finished; all else that is found is named once
 * (unknown.h) and left alone. Each thing is looked at again under the lock of the object
 * it would belong to; what is busy stays until the next time. Failures are logged.
 */
void sweep(struct engine *e);

/* The last sweep of this boot is some minutes ago. */
bool sweep_is_due(struct engine *e);

#endif
