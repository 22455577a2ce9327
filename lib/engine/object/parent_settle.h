/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_PARENT_SETTLE_H
#define KUKEON_PARENT_SETTLE_H

#include "context.h"

/* Reconcile an object: repair its resources, and store its state if it changed. */
int parent_settle_locked(struct engine *e, const struct addr *a, struct kerr *err);

#endif
