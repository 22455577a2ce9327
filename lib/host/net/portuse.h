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
	bool ipv6; /* IPv6 packets, to addr6; all zero: to every address */
	uint8_t addr6[16];
};

struct portuse {
	bool udp;
	bool ipv6; /* at addr6; on [::] it may be for IPv4 as well */
	uint32_t addr;
	uint8_t addr6[16];
	uint16_t port;
	uint64_t inode;
};

/*
 * Find a socket that packets to one of the ranges reach. 1 found, 0 none, -errno with
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

/* Whether a socket can be bound to that address: it is one of this host's. */
bool portuse_may_bind(uint32_t addr);
bool portuse_may_bind6(const uint8_t addr[16]);

#endif
