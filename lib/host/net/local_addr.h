/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_LOCAL_ADDR_H
#define KUKEON_LOCAL_ADDR_H

#include "ipnet.h"
#include "rt.h"

/*
 * Whether packets to an address are for this host itself: what the kernel would do with one
 * (RTM_GETROUTE, rtnetlink(7)), so that net.ipv4.ip_nonlocal_bind and the like do not matter.
 * True if the kernel cannot be asked.
 */
bool local_addr_is(const struct ipnet *addr);

/* The same, asked with an open socket of rtnetlink: 1 or 0, -errno if it cannot be asked. */
int local_addr_ask(struct rt_sock *sk, const struct ipnet *addr);

#endif
