/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_HOSTS_H
#define KUKEON_HOSTS_H

#include "context.h"
#include "network.h"

/*
 * What containers see as /etc/hosts, /etc/hostname and /etc/resolv.conf.
 *
 * Each space has one hosts file with names and addresses of all its cells; the
 * etc-hosts of each cell is a hard link to it. A cell that joins other spaces has a file of
 * its own, with the cells of all its networks. Files are rewritten in place, by one pwrite
 * and then ftruncate, so that running containers see changes and no reader sees them
 * empty.
 */

/*
 * Update the hosts file of a space from its leases, and those of cells that are in it and in
 * other spaces; not written if unchanged. Success if there is no such space.
 */
int hosts_update(struct engine *e, const struct addr *space, struct kerr *err);

/* Check that the hosts file is readable, if it exists. */
int hosts_check(struct engine *e, const struct addr *space, struct kerr *err);

enum hosts_flags {
	HOSTS_OF_HOST = 1 << 0, /* the cell uses the host's network: copy the host's files */
	HOSTS_IPV6 = 1 << 1, /* the cell has IPv6, and so reaches such resolvers */
};

/*
 * Create the cell's etc-hosts: a hard link to the space's hosts file, a file of its own if
 * the cell joins networks, or a copy of the host's; and its etc-hostname.
 */
int hosts_prepare_cell(struct engine *e, const struct addr *cell, const struct strlist *networks,
		       enum hosts_flags flags, struct kerr *err);

/*
 * What cells of a space are to ask for names: the gateway, where its policy denies (kukedns
 * answers there); nothing else: then they ask whom the host asks.
 */
void hosts_resolvers(struct engine *e, const struct addr *space, const struct space_net *net,
		     struct strlist *ret);

/* Whom the host asks, in that order: addresses with a comma between. */
void hosts_resolvers_of_host(struct buf *out);

/*
 * Write a resolv.conf for a cell to path: the host's, with those resolvers, or without any
 * reduced to resolvers that the cell can reach. If none is left, use the upstream file of
 * systemd-resolved in the same way.
 */
int hosts_write_resolv(const char *path, enum hosts_flags flags, const struct strlist *resolvers,
		       struct kerr *err);
/* The same for a file that containers have mounted: in place. None there: success. */
int hosts_rewrite_resolv(const char *path, enum hosts_flags flags, const struct strlist *resolvers,
			 struct kerr *err);

/*
 * Copy the text of a resolv.conf with at most three resolvers, leaving out loopback addresses,
 * and IPv6 ones unless the cell has IPv6. Returns the number of resolvers kept.
 */
size_t hosts_filter_resolv(struct buf *out, const char *text, enum hosts_flags flags);

#endif
