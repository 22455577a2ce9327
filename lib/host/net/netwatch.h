/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_NETWATCH_H
#define KUKEON_NETWATCH_H

#include "defs.h"

/*
 * Notice that others have changed the network of this host: a bridge of ours that was
 * deleted, switched off or lost its address; forwarding that was switched off; packet
 * filter rules. Three sources, each for poll(2):
 *
 * links	rtnetlink(7): links, IPv4 addresses, IPv4 configuration
 * rules	nf_tables: a transaction of a program other than kukeond
 * xtables	inotify(7): ip_tables reports no changes, but iptables(8) takes its lock file.
 *		It opens it for reading only; our back end opens it for writing too, so its
 *		own use can be told apart.
 *
 * What none of them reports (a program that changes ip_tables without the lock, a veth that
 * was deleted) has to be found by looking.
 */
struct netwatch {
	int links, rules, xtables; /* -EBADF: not watched */
};

#define NETWATCH_INIT                  \
	{                              \
		-EBADF, -EBADF, -EBADF \
	}

/* Bits of what may have changed. */
enum netwatch_seen {
	NETWATCH_LINKS = 1 << 0,
	NETWATCH_RULES = 1 << 1,
};

/*
 * Open what this kernel has of the sources. Watches the network namespace and the lock
 * file of the caller. Returns the bits of what cannot be noticed, 0: all can.
 */
unsigned netwatch_open(struct netwatch *ret);

/*
 * Read all that has arrived, without waiting. Returns bits of enum netwatch_seen. Uses
 * the stack only.
 */
unsigned netwatch_read(const struct netwatch *w);

void netwatch_close(struct netwatch *w);

#endif
