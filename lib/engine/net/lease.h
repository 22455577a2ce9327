/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_LEASE_H
#define KUKEON_LEASE_H

#include "network.h"

/*
 * Addresses of a space and the cells that hold them: its own, and cells of other spaces of
 * the realm that have joined it. A cell keeps a lease until it is deleted or leaves the
 * space, so its address survives stop and start. A lease also says by which names the cell
 * is found and which spaces it joins, so that hosts files are made from leases alone.
 */

/* A cell that takes or has a lease, and what the lease says of it. Strings are borrowed. */
struct lease_holder {
	struct addr cell;
	const char *space; /* that the address is of; NULL: the cell's own */
	const struct strlist *aliases; /* further names; NULL: none */
	const struct strlist *networks; /* spaces that the cell joins; NULL: none */
};

/*
 * Allocate an address for a cell, or return the one that it has; the lease says what *h has
 * from then on. -EINVAL if the space that a cell joins does not exist.
 */
int lease_take(struct engine *e, const struct lease_holder *h, const struct space_net *net,
	       uint32_t *ret, struct kerr *err);

/* Get the address of a cell; -ENOENT without a message if it has none. */
int lease_find(struct engine *e, const struct lease_holder *h, uint32_t *ret);

/*
 * Whether a cell has the lease of that address and it says what *h has: one look, however
 * many leases there are.
 */
bool lease_stands(struct engine *e, const struct lease_holder *h, uint32_t addr);

/*
 * Recreate the lost lease of a running cell with its address, or correct what it says.
 * 1 changed, 0 in order, or the address is another's.
 */
int lease_keep(struct engine *e, const struct lease_holder *h, uint32_t addr, struct kerr *err);

/* Make the lease of a cell say what *h has. 1 changed, 0 it says so, or there is none. */
int lease_tell(struct engine *e, const struct lease_holder *h, struct kerr *err);

/*
 * The spaces that a cell has joined according to the lease in its own; none if it has no
 * lease. *ret is cleared first.
 */
int lease_joined(struct engine *e, const struct addr *cell, struct strlist *ret, struct kerr *err);

/* Release the lease. Success if there is none. */
int lease_drop(struct engine *e, const struct lease_holder *h, struct kerr *err);

struct lease {
	uint32_t addr;
	const char *space; /* the cell's, which has joined this one; NULL: this one */
	const char *stack, *cell;
	struct strlist aliases, networks;
};

/* Call fn for each lease of the space, in the order of addresses. */
typedef void lease_fn(void *ctx, const struct lease *l);
int lease_each(struct engine *e, const struct addr *space, lease_fn *fn, void *ctx,
	       struct kerr *err);

#endif
