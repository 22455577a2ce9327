/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_CELL_NAMES_H
#define KUKEON_CELL_NAMES_H

#include "cell_run.h"
#include "lease.h"

/*
 * By which names a cell is found, and in which spaces. Its document says it, its leases have
 * it for all others, and the hosts files are made from the leases.
 */

/*
 * A cell as the holder of leases. The names are borrowed from the document and, of networks
 * that only a start has, from its record.
 */
struct cell_names {
	struct strlist aliases, networks;
	struct lease_holder own; /* of the address in the cell's own space */
};

/* run: the cell's start, which may be connected to networks that the document has lost; or NULL. */
void cell_names_of(const struct cell_doc *doc, const struct cell_run *run, struct cell_names *ret);
void cell_names_clear(struct cell_names *n);
#define cleanup_cell_names cleanup_(cell_names_clear)

/* The cell as the holder of the lease in a space that it joins. Strings are borrowed. */
struct lease_holder cell_names_in(const struct cell_names *n, const char *space);

/* Fail if a space that the cell joins does not exist; the message names it. */
int cell_networks_check(struct engine *e, const struct cell_doc *doc, struct kerr *err);

/*
 * Release the leases in spaces that the cell joined before and does not join any more. Call
 * it before its own lease is written anew: only that one tells which they are.
 */
int cell_names_leave_locked(struct engine *e, const struct cell_names *n, struct kerr *err);

/* Release all leases of a cell, its own last. */
int cell_names_drop_locked(struct engine *e, const struct cell_doc *doc, struct kerr *err);

/*
 * After the document of a cell has changed: make its leases and the hosts files say what the
 * document says. Does nothing for a cell that has no address; one that is on the host's
 * network from now on gives up those that it has.
 */
int cell_names_keep_locked(struct engine *e, const struct cell_doc *doc, struct kerr *err);

/* Write the hosts files of all spaces of the cell. All are tried; the first error is returned. */
int cell_names_publish(struct engine *e, const struct cell_names *n, struct kerr *err);

#endif
