/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_CELL_NAMES_H
#define KUKEON_CELL_NAMES_H

#include "lease.h"

/*
 * By which names a cell is found in its space. Its document says them, its lease has them
 * for all others, and the hosts files are made from the leases.
 */

/* A cell as the holder of leases. own.cell is borrowed from the document. */
struct cell_names {
	struct strlist aliases, networks;
	struct lease_holder own; /* of the address in the cell's own space */
};

void cell_names_of(const struct cell_doc *doc, struct cell_names *ret);
void cell_names_clear(struct cell_names *n);
#define cleanup_cell_names cleanup_(cell_names_clear)

/*
 * After the document of a cell has changed: make its lease and the hosts files say what the
 * document says. Does nothing for a cell that has no address.
 */
int cell_names_keep_locked(struct engine *e, const struct cell_doc *doc, struct kerr *err);

#endif
