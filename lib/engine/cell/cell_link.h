/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_CELL_LINK_H
#define KUKEON_CELL_LINK_H

#include "cell_run.h"
#include "network.h"

/*
 * The network links of a started cell: veth pairs between its network namespace and the
 * bridges of its space (eth0) and of those that it joins (eth1, eth2, …). Bridges and
 * devices can be deleted under a running cell, by hand or by another program; the reconcile
 * pass repairs the links.
 */

/*
 * Dump all network devices of the host once; cell_link_mend_locked uses the dump until
 * cell_links_forget. Without a dump it asks the kernel for each cell.
 */
int cell_links_look(struct engine *e, struct kerr *err);
void cell_links_forget(struct engine *e);

/*
 * Delete the devices of that dump that stopped cells have left. Usually the kernel does so at
 * once; not while something keeps the namespace of the cell.
 */
void cell_links_sweep(struct engine *e);

/*
 * Create a link for a cell whose namespaces are pinned, with the address and host device
 * name of *run: the one to its own space (port 0), or to the network joined as eth<port>.
 * Creates the bridge if missing.
 */
int cell_link_make(struct engine *e, const struct addr *cell, const struct cell_run *run,
		   size_t port, const struct space_net *net, struct kerr *err);

/*
 * When plugins are to be asked for the next time whether their link is in order: soon,
 * where it was not.
 */
int64_t cell_link_next_check(bool in_trouble);

/*
 * Whether cell_link_mend_locked would find nothing to do for a started cell with that
 * record, according to the dump. Without the lock: a snapshot.
 */
bool cell_link_in_order(struct engine *e, const struct cell_doc *doc, const struct cell_run *run);

/*
 * Repair the links of a started cell, whose record is *run: reattach a port to its bridge,
 * recreate a lost pair with the same address, and a lease that is lost or does not say what
 * the document says; publish its ports. A link that plugins made is not repaired, they are
 * asked about it now and then. If something stays wrong, the reason is stored in the record
 * (cell_run.trouble), from where cell_observe reports it. 1 something changed, 0 in order or
 * no link.
 */
int cell_link_mend_locked(struct engine *e, const struct cell_doc *doc, struct cell_run *run,
			  struct kerr *err);

#endif
