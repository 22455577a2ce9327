/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_HOSTS_H
#define KUKEON_HOSTS_H

#include "engine_priv.h"

/*
 * What containers see as /etc/hosts, /etc/hostname and /etc/resolv.conf.
 *
 * One inode a space is every cell's etc-hosts: names and addresses of all its
 * cells. It is rewritten in place, by one pwrite and then ftruncate, so that
 * running containers see the change and no reader sees it empty.
 */

/* Write the space's names as the leases are now; nothing is written when nothing changed. */
int hosts_update(struct engine *e, const struct addr *space, struct kerr *err);

/* The cell's etc-hosts is a hard link to that inode, and etc-hostname names the cell. */
int hosts_prepare_cell(struct engine *e, const struct addr *cell, bool managed_hosts,
		       struct kerr *err);

/*
 * Write a resolv.conf for a cell to path: the host's, without loopback
 * resolvers; when none is left, systemd-resolved's upstream file likewise.
 */
int hosts_write_resolv(const char *path, struct kerr *err);

/*
 * The pure half: text of a resolv.conf without its loopback resolvers. Returns
 * how many are left.
 */
size_t hosts_filter_resolv(struct buf *out, const char *text);

#endif
