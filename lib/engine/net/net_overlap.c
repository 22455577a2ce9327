/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>

#include "link_nets.h"
#include "log.h"
#include "mem.h"
#include "net_overlap.h"
#include "network.h"
#include "str.h"

/* Spaces that a route overlaps: the first, and how many. */
struct overlaps {
	const struct link_net *route;
	char *space;
	struct ipnet subnet;
	size_t n;
};

static int count(void *ctx, struct engine *e, const struct addr *space)
{
	struct overlaps *o = ctx;
	struct space_net net = { 0 };
	struct ipnet subnet;

	if (network_load_record(e, space, &net, NULL) < 0 || streq(net.bridge, o->route->device))
		return 0;
	subnet = o->route->net.family == IPNET_V4 ? ipnet_of_ipv4(net.subnet) : net.subnet6;
	if (!ipnet_overlap(&subnet, &o->route->net))
		return 0;
	if (o->n++ == 0) {
		o->space = addr_text(space);
		o->subnet = subnet;
	}
	return 0;
}

static void warn_of(struct engine *e, const struct link_net *route)
{
	struct overlaps o = { .route = route };
	char theirs[IPNET_TEXT_MAX], ours[IPNET_TEXT_MAX], more[32];

	if (network_each_space(e, count, &o, NULL) == 0 && o.n > 0) {
		(void) snprintf(more, sizeof(more), "%zu", o.n - 1);
		log_wrn("a route of the host overlaps the subnet of a space", "route",
			ipnet_text(&route->net, theirs), "device", route->device, "space", o.space,
			"subnet", ipnet_text(&o.subnet, ours), "more spaces", more);
	}
	free(o.space);
}

/* An address and the route that comes with it are one. */
static bool is_repeated(const struct link_nets *l, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (ipnet_eq(&l->v[k].net, &l->v[i].net) && streq(l->v[k].device, l->v[i].device))
			return true;
	return false;
}

/* pods: where the subnets of spaces are from. */
static void warn_family(struct engine *e, const struct ipnet *pods)
{
	cleanup_link_nets struct link_nets nets = { 0 };

	if (pods->family == IPNET_NONE || link_list_nets(pods->family, &nets, NULL) < 0)
		return;
	for (size_t i = 0; i < nets.n; i++)
		if (ipnet_overlap(&nets.v[i].net, pods) &&
		    !str_has_prefix(nets.v[i].device, LINK_BRIDGE_PREFIX) && !is_repeated(&nets, i))
			warn_of(e, &nets.v[i]);
}

void net_overlap_warn(struct engine *e)
{
	const struct ipnet pods = ipnet_of_ipv4(e->pod_net);

	warn_family(e, &pods);
	warn_family(e, &e->pod_net6);
}
