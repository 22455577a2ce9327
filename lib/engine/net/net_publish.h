/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_NET_PUBLISH_H
#define KUKEON_NET_PUBLISH_H

#include "context.h"
#include "ports.h"

/* Ports of cells that are reachable at addresses of the host. */

/*
 * Publish ports of a started cell with that address, instead of those it publishes; none
 * if the list is empty. Rules are committed before the record (published.h) is written,
 * and connections that were made under other rules are forgotten. 1 changed, 0 it does
 * publish them; an error, with nothing changed, if a port is taken (published_check) or,
 * -EOPNOTSUPP, the host's packets cannot be filtered.
 */
int net_publish(struct engine *e, const struct addr *cell, uint32_t addr,
		const struct port_list *ports, struct kerr *err);

/* Whether the record says just that; one look, without a lock. */
bool net_publishes(struct engine *e, const struct addr *cell, uint32_t addr,
		   const struct port_list *ports);

#endif
