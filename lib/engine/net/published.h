/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_PUBLISHED_H
#define KUKEON_PUBLISHED_H

#include "context.h"
#include "ports.h"
#include "scope.h"

/*
 * What started cells publish: a symbolic link for each in published/ of the runtime
 * directory, named by the cell's key (wake.h), to "10.88.0.2 0.0.0.0:8080:80/tcp …", where
 * "plugins" stands for the address if CNI plugins publish the ports (cni_ports.h). Making,
 * replacing and reading one is atomic, and one directory has all that the rules and the
 * search for conflicts need. A link exists while its cell may have rules.
 *
 * Reading takes no lock; changes hold that of the firewall.
 */
struct published {
	struct addr_copy cell;
	uint32_t addr; /* the cell's; 0: plugins publish the ports, or it is not known */
	struct port_list ports;
};

struct published_list {
	struct published *v; /* in the order of the cells' keys */
	size_t n;
};

void published_clear(struct published *p);
void published_list_clear(struct published_list *l);

/*
 * Read the record of one cell. -ENOENT without a message if it publishes nothing, -EBADMSG
 * if the record is damaged.
 */
int published_read(struct engine *e, const struct addr *cell, struct published *ret,
		   struct kerr *err);

/*
 * Read all records. Instead of a damaged one, which the next reconcile pass replaces, the
 * ports in its cell's document are taken, and the address of its lease.
 */
int published_read_all(struct engine *e, struct published_list *ret, struct kerr *err);

/*
 * Whether a record was left by a crash: its cell has no start and nothing that plugins have to
 * undo, and so publishes nothing.
 */
bool published_is_stale(struct engine *e, const struct addr *cell);

const struct published *published_find(const struct published_list *l, const struct addr *cell);

/* In memory: replace what a cell publishes; ports NULL or empty: nothing. */
void published_set(struct published_list *l, const struct addr *cell, uint32_t addr,
		   const struct port_list *ports);

/* Write the record of a cell, or remove it if ports is empty. addr 0: plugins publish them. */
int published_write(struct engine *e, const struct addr *cell, uint32_t addr,
		    const struct port_list *ports, struct kerr *err);

/*
 * Whether a cell can publish these ports beside what others do: no other cell publishes
 * one of them, and what the cell does not publish already is an address of this host on
 * which nothing listens. The error names the port and its holder.
 */
int published_check(struct engine *e, const struct published_list *all, const struct addr *cell,
		    const struct port_list *want, struct kerr *err);

#endif
