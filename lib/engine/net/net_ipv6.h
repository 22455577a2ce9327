/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_NET_IPV6_H
#define KUKEON_NET_IPV6_H

#include "context.h"
#include "link_ipv6.h"
#include "ports.h"

/*
 * IPv6 of spaces and cells, where podSubnetCIDRv6 is set. Nothing about it is stored: a space
 * has the /64 of that prefix whose number is the last bits of its IPv4 subnet's address, and a
 * cell the address in it whose last bits are those of its IPv4 address. So both are as unique
 * and as lasting as the IPv4 ones, which are:
 *
 *     podSubnetCIDRv6 fd6b:756b:656f::/48, space 10.88.3.0/24, cell 10.88.3.7
 *     space fd6b:756b:656f:300::/64, gateway …:300::1, cell …:300::7
 */

/* The /64 of a space; no family if cells have no IPv6. Pure, like the next one. */
struct ipnet net_ipv6_subnet(const struct engine *e, struct ipv4_net subnet);
/* The address in it of what has that IPv4 address; no family of a subnet without. */
struct ipnet net_ipv6_addr(const struct ipnet *subnet6, struct ipv4_net subnet, uint32_t addr);

/* podSubnetCIDRv6 in its normal form; "" if cells have no IPv6. */
const char *net_ipv6_prefix(const struct engine *e, char buf[IPNET_TEXT_MAX]);

/* The host's address of a port that is published for IPv6; no family: each of them. */
struct ipnet net_ipv6_of_host(const struct port_map *m);

/* -EOPNOTSUPP with a message if podSubnetCIDRv6 is set and this kernel has no IPv6. */
int net_ipv6_check(const struct engine *e, struct kerr *err);

/* Subnets that are in use: what a new space cannot have. */
struct net_ipv6_used {
	struct ipnet *v;
	size_t n;
};

void net_ipv6_used_clear(struct net_ipv6_used *u);
void net_ipv6_used_add(struct net_ipv6_used *u, const struct ipnet *net);
/*
 * By the host; all but what that bridge has, and what is as wide as podSubnetCIDRv6 or wider.
 * Nothing if cells have no IPv6.
 */
int net_ipv6_used_by_host(const struct engine *e, const char *bridge, struct net_ipv6_used *ret,
			  struct kerr *err);
bool net_ipv6_is_used(const struct engine *e, const struct net_ipv6_used *u,
		      struct ipv4_net subnet);

#endif
