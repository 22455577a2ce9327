/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "link_nets.h"
#include "mem.h"
#include "net_ipv6.h"
#include "str.h"
#include "vec.h"

static bool is_on(const struct engine *e)
{
	return e->pod_net6.family != IPNET_NONE;
}

struct ipnet net_ipv6_subnet(const struct engine *e, struct ipv4_net subnet)
{
	const struct ipnet none = { 0 };

	return is_on(e) ? ipnet_numbered(&e->pod_net6, ipv4_first(subnet)) : none;
}

struct ipnet net_ipv6_addr(const struct ipnet *subnet6, struct ipv4_net subnet, uint32_t addr)
{
	return ipnet_host(*subnet6, addr & ~ipv4_mask(subnet.prefix));
}

const char *net_ipv6_prefix(const struct engine *e, char buf[IPNET_TEXT_MAX])
{
	buf[0] = '\0';
	return is_on(e) ? ipnet_text(&e->pod_net6, buf) : buf;
}

struct ipnet net_ipv6_of_host(const struct port_map *m)
{
	struct ipnet to = { .family = IPNET_V6, .prefix = 128 };

	memcpy(to.addr, m->host6, sizeof(to.addr));
	return port_is_for_all(m) ? (struct ipnet){ 0 } : to;
}

int net_ipv6_check(const struct engine *e, struct kerr *err)
{
	return e->lacks_ipv6 ? kerr_plain(err, -EOPNOTSUPP,
					  "podSubnetCIDRv6 is set, but this kernel has no IPv6: "
					  "cells have IPv4 alone")
			     : 0;
}

/* ---- what is in use ---- */

void net_ipv6_used_clear(struct net_ipv6_used *u)
{
	free(u->v);
	*u = (struct net_ipv6_used){ 0 };
}

void net_ipv6_used_add(struct net_ipv6_used *u, const struct ipnet *net)
{
	if (net->family != IPNET_NONE)
		*(struct ipnet *) vec_grow(&u->v, &u->n, sizeof(*u->v)) = *net;
}

int net_ipv6_used_by_host(const struct engine *e, const char *bridge, struct net_ipv6_used *ret,
			  struct kerr *err)
{
	cleanup_link_nets struct link_nets host = { 0 };
	int r = is_on(e) ? link_list_nets(IPNET_V6, &host, err) : 0;

	for (size_t i = 0; r == 0 && i < host.n; i++)
		if (!streq(host.v[i].device, bridge) && host.v[i].net.prefix > e->pod_net6.prefix)
			net_ipv6_used_add(ret, &host.v[i].net);
	return r;
}

bool net_ipv6_is_used(const struct engine *e, const struct net_ipv6_used *u, struct ipv4_net subnet)
{
	struct ipnet net = net_ipv6_subnet(e, subnet);

	for (size_t i = 0; i < u->n; i++)
		if (ipnet_overlap(&u->v[i], &net))
			return true;
	return false;
}
