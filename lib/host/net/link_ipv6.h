/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_LINK_IPV6_H
#define KUKEON_LINK_IPV6_H

#include "link.h"
#include "rt.h"

/*
 * What links have of IPv6: settings of devices (ip-sysctl), addresses, routes. Addresses are
 * given, never made up by the kernel: no router advertisement is heard, and no address is
 * derived from a MAC. Calls block only until the kernel answers.
 */

bool link_ipv6_in_kernel(void); /* it is built in or loaded, and not disabled at boot */

/*
 * Settings of a device of the caller's namespace, or of its future ones ("default"): none of
 * IPv6, or just what it is given. proc as for sysctl_set. 1 changed, 0 they were so.
 */
int link_ipv6_off(int proc, const char *device, struct kerr *err);
int link_ipv6_on(int proc, const char *device, struct kerr *err);

/* The link-local address with the same last 64 bits, /64. NONE of NONE. */
struct ipnet link_ipv6_local(const struct ipnet *addr);

/* Requests: give a device an address without asking who else has it; a default route. */
struct rt_msg *link_ipv6_addr_msg(unsigned ifindex, const struct ipnet *addr);
struct rt_msg *link_ipv6_route_msg(unsigned ifindex, const struct ipnet *gateway);

/*
 * Bring a bridge, which is up, to these addresses, the second one link-local, and to no
 * others. The settings are the caller's. 1 changed, 0 it has them; -EEXIST with a message if
 * another device of the host has an address or a route within the subnet.
 */
int link_ipv6_gateway(struct rt_sock *sk, const char *bridge, const struct ipnet *gateway,
		      struct kerr *err);

/* Whether a bridge has these addresses, or none if gateway has no family. -errno, message. */
int link_ipv6_has_gateway(const char *bridge, const struct ipnet *gateway, struct kerr *err);

int link_ipv6_forwarding(struct kerr *err); /* net.ipv6.conf.all.forwarding: 1 on, 0 off */
/*
 * Turn it on. A host that forwards hears no router advertisements on devices with accept_ra 1,
 * and would lose its own address and default route: devices that hear them now, and future
 * ones, go on hearing them (accept_ra 2). 1 changed, 0 it was on.
 */
int link_ipv6_forwarding_on(struct kerr *err);

#endif
