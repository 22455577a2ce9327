/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_LEASE_H
#define KUKEON_LEASE_H

#include "network.h"

/* The address of a cell; it keeps it until it is deleted. */
int lease_take(struct engine *e, const struct addr *cell, const struct space_net *net,
	       uint32_t *ret, struct kerr *err);

/* -ENOENT without a message when it has none. */
int lease_find(struct engine *e, const struct addr *cell, uint32_t *ret);

/* Make the lease of a cell that is up with that address and has lost it. 1 made. */
int lease_keep(struct engine *e, const struct addr *cell, uint32_t addr, struct kerr *err);

/* Give it back. None is success. */
int lease_drop(struct engine *e, const struct addr *cell, struct kerr *err);

/* One lease for each call of fn, in the order of addresses. */
typedef void lease_fn(void *ctx, uint32_t addr, const char *stack, const char *cell);
int lease_each(struct engine *e, const struct addr *space, lease_fn *fn, void *ctx,
	       struct kerr *err);

#endif
