/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_LEASE_H
#define KUKEON_LEASE_H

#include "network.h"

/* Allocate an address for a cell, which keeps it until it is deleted. */
int lease_take(struct engine *e, const struct addr *cell, const struct space_net *net,
	       uint32_t *ret, struct kerr *err);

/* Get the address of a cell; -ENOENT without a message if it has none. */
int lease_find(struct engine *e, const struct addr *cell, uint32_t *ret);

/* Whether a cell has the lease of that address: one look, however many leases there are. */
bool lease_holds(struct engine *e, const struct addr *cell, uint32_t addr);

/* Recreate the lost lease of a running cell with its address. 1 created, 0 it has one. */
int lease_keep(struct engine *e, const struct addr *cell, uint32_t addr, struct kerr *err);

/* Release the lease. Success if there is none. */
int lease_drop(struct engine *e, const struct addr *cell, struct kerr *err);

/* Call fn for each lease, in the order of addresses. */
typedef void lease_fn(void *ctx, uint32_t addr, const char *stack, const char *cell);
int lease_each(struct engine *e, const struct addr *space, lease_fn *fn, void *ctx,
	       struct kerr *err);

#endif
