/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_PORTUSE_H
#define KUKEON_PORTUSE_H

#include "defs.h"
#include "err.h"

/*
 * Sockets of this network namespace that receive what is sent to a port, from
 * /proc/net/{tcp,udp}{,6} (proc(5)): TCP ones that listen, UDP ones that are bound and
 * not connected.
 */
struct portuse_range {
	bool udp;
	uint32_t addr; /* 0: every address */
	uint16_t first, last;
};

struct portuse {
	bool udp;
	bool ipv6; /* on [::], for IPv4 as well; addr is 0 */
	uint32_t addr;
	uint16_t port;
	uint64_t inode;
};

/*
 * Find a socket that IPv4 packets to one of the ranges reach. 1 found, 0 none, -errno with
 * a message.
 */
int portuse_find(const struct portuse_range *ranges, size_t n, struct portuse *ret,
		 struct kerr *err);

/*
 * "nginx (pid 12)", owned by the caller; NULL if no process that can be looked at has the
 * socket. Looks through the descriptors of all processes.
 */
char *portuse_process(const struct portuse *l);

/* "0.0.0.0:80" or "[::]:80"; owned by the caller. */
char *portuse_text(const struct portuse *l) __attribute__((returns_nonnull));

/* Whether a socket can be bound to that IPv4 address: it is one of this host's. */
bool portuse_may_bind(uint32_t addr);

#endif
