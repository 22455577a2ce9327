/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
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
	cleanup_free struct link_net6 *host = NULL;
	size_t n = 0;
	int r = is_on(e) ? link_ipv6_list_nets(&host, &n, err) : 0;

	for (size_t i = 0; r == 0 && i < n; i++)
		if (!streq(host[i].device, bridge) && host[i].net.prefix > e->pod_net6.prefix)
			net_ipv6_used_add(ret, &host[i].net);
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

/* ---- warnings ---- */

static bool is_ours(const struct link_net6 *n)
{
	return str_has_prefix(n->device, LINK_BRIDGE_PREFIX);
}

static void warn_overlap(const struct link_net6 *route, const struct link_net6 *v, size_t n)
{
	char theirs[IPNET_TEXT_MAX], mine[IPNET_TEXT_MAX];

	for (size_t i = 0; i < n; i++) {
		if (!is_ours(&v[i]) || !ipnet_overlap(&v[i].net, &route->net))
			continue;
		log_wrn("a route of the host overlaps the IPv6 subnet of a space", "route",
			ipnet_text(&route->net, theirs), "device", route->device, "bridge",
			v[i].device, "subnet", ipnet_text(&v[i].net, mine));
		return;
	}
}

void net_ipv6_warn_overlaps(const struct engine *e)
{
	cleanup_free struct link_net6 *nets = NULL;
	size_t n = 0;

	if (!is_on(e) || link_ipv6_list_nets(&nets, &n, NULL) < 0)
		return;
	for (size_t i = 0; i < n; i++) {
		bool told = is_ours(&nets[i]) || !ipnet_overlap(&nets[i].net, &e->pod_net6);

		for (size_t k = 0; !told && k < i; k++) /* an address and its route are one */
			told = ipnet_eq(&nets[k].net, &nets[i].net) &&
			       streq(nets[k].device, nets[i].device);
		if (!told)
			warn_overlap(&nets[i], nets, n);
	}
}
