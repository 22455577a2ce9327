/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_HOSTS_H
#define KUKEON_HOSTS_H

#include "context.h"

/*
 * What containers see as /etc/hosts, /etc/hostname and /etc/resolv.conf.
 *
 * One inode a space is every cell's etc-hosts: names and addresses of all its
 * cells. It is rewritten in place, by one pwrite and then ftruncate, so that
 * running containers see the change and no reader sees it empty.
 */

/* Write the space's names as the leases are now; nothing is written when nothing changed. */
int hosts_update(struct engine *e, const struct addr *space, struct kerr *err);

/* Whether the file can be read, if it is there. */
int hosts_check(struct engine *e, const struct addr *space, struct kerr *err);

enum hosts_flags {
	HOSTS_OF_HOST = 1 << 0, /* a cell on the host's network: what the host itself has */
};

/*
 * The cell's etc-hosts is a hard link to that inode, or a copy of the host's, and
 * etc-hostname names the cell.
 */
int hosts_prepare_cell(struct engine *e, const struct addr *cell, enum hosts_flags flags,
		       struct kerr *err);

/*
 * Write a resolv.conf for a cell to path: the host's, with the resolvers that the
 * cell can reach; when none is left, systemd-resolved's upstream file likewise.
 */
int hosts_write_resolv(const char *path, enum hosts_flags flags, struct kerr *err);

/*
 * The pure half: text of a resolv.conf with at most three resolvers, none that is
 * loopback or has no IPv4 address. Returns how many are left.
 */
size_t hosts_filter_resolv(struct buf *out, const char *text);

#endif
