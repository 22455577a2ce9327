/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "copy.h"
#include "egress.h"
#include "egress_hosts.h"
#include "mem.h"
#include "model.h"
#include "net_input.h"
#include "net_ipv6.h"
#include "network.h"
#include "str.h"
#include "vec.h"

/* A policy without its record of addresses admits no host name. */
static void read_policy(struct net_input *in, struct engine *e, const struct addr *space,
			const struct space_doc *d, struct firewall_space *s)
{
	const struct egress_policy *p = egress_of(d);
	struct net_egress_rules *allow = vec_grow(&in->allow, &in->n_allow, sizeof(*in->allow));
	cleanup_egress_hosts struct egress_hosts hosts = { 0 };
	cleanup_opened struct opened opened = { 0 };
	const struct net_egress_names names = {
		.policy = p,
		.n_temporary = d->status.network ? d->status.network->temporary_rules.n : 0,
		.hosts = &hosts,
		.now = in->now,
	};

	(void) egress_hosts_load(e, space, &hosts, NULL); /* told when it is next written */
	net_egress_rules_make(p, names.n_temporary, &hosts, in->now.sec, allow);
	s->policy = egress_denies(p) ? FIREWALL_DEFAULT_DENY : FIREWALL_DEFAULT_ALLOW;
	if (egress_denies(p)) {
		opened_load(e, s->bridge, &opened);
		net_egress_rules_add_opened(&names, &opened, allow);
		s->dns = names_serves(&in->served, s->bridge);
		in->denies = true;
	}
	s->allow = allow->v;
	s->n_allow = allow->n;
}

static bool is_as(const struct net_input_as *as, const struct addr *space)
{
	return as && streq(as->space->realm, space->realm) && streq(as->space->space, space->space);
}

static int read_space(void *ctx, struct engine *e, const struct addr *space)
{
	struct net_input *in = ctx;
	struct space_doc d = { 0 };
	struct firewall_space *s;
	struct space_net net;
	int r;

	if (network_load(e, space, &net, NULL) < 0)
		return 0;
	s = vec_grow(&in->v, &in->n, sizeof(*in->v));
	s->realm = xstrdup(space->realm);
	s->space = xstrdup(space->space);
	s->bridge = xstrdup(net.bridge);
	s->subnet = net.subnet;
	s->subnet6 = net.subnet6;
	s->gateway = net.gateway;
	s->policy = FIREWALL_DEFAULT_ALLOW;
	if (is_as(in->as, space)) {
		in->as->seen = true;
		model_copy(&space_doc_type, &d, in->as->doc);
		net_egress_add_temporary(e, space, &d);
		read_policy(in, e, space, &d, s);
		model_clear(&space_doc_type, &d);
		return 0;
	}
	r = net_egress_load(e, space, &d, NULL);
	if (r < 0) {
		s->policy = FIREWALL_DEFAULT_UNKNOWN;
		in->unknown = true;
	}
	if (r > 0)
		read_policy(in, e, space, &d, s);
	model_clear(&space_doc_type, &d);
	return 0;
}

void net_input_clear(struct net_input *in)
{
	for (size_t i = 0; i < in->n; i++) {
		free((void *) (uintptr_t) in->v[i].realm);
		free((void *) (uintptr_t) in->v[i].space);
		free((void *) (uintptr_t) in->v[i].bridge);
	}
	for (size_t i = 0; i < in->n_ports; i++)
		free((void *) (uintptr_t) in->ports[i].owner);
	for (size_t i = 0; i < in->n_allow; i++)
		net_egress_rules_clear(&in->allow[i]);
	free(in->v);
	free(in->allow);
	free(in->ports);
	names_served_clear(&in->served);
	*in = (struct net_input){ 0 };
}

static void init(struct net_input *in, const struct engine *e, struct net_input_as *as)
{
	*in = (struct net_input){ .as = as,
				  .fi = { .instance = e->instance },
				  .now = { .sec = ktime_now().sec, .ms = clock_ms() } };
	names_served_load(e, &in->served);
}

/* The address of IPv6 that belongs to one of IPv4; no family if there is none. */
static struct ipnet addr6_of(const struct net_input *in, uint32_t addr)
{
	const struct ipnet none = { 0 };

	for (size_t i = 0; i < in->n; i++)
		if (ipv4_contains(in->v[i].subnet, addr))
			return net_ipv6_addr(&in->v[i].subnet6, in->v[i].subnet, addr);
	return none;
}

static struct firewall_port *add_port(struct net_input *in, const struct addr *a,
				      const struct port_map *m)
{
	struct firewall_port *port = vec_grow(&in->ports, &in->n_ports, sizeof(*in->ports));

	port->owner = xasprintf("%s:%s:%s:%s", a->realm, a->space, a->stack, a->cell);
	port->first = m->host_first;
	port->last = m->host_last;
	port->to = m->first;
	port->udp = m->proto == PORT_UDP;
	return port;
}

/* The order of a walk over all that is stored, so that no pass finds the rules in another. */
static int by_name(const void *a, const void *b)
{
	const struct firewall_space *x = a, *y = b;
	int r = strcmp(x->realm, y->realm);

	return r ? r : strcmp(x->space, y->space);
}

/* What is for all addresses of the host comes after what is for one of them. */
static void add_ports(struct net_input *in, const struct published *p)
{
	const struct ipnet addr6 = addr6_of(in, p->addr);
	struct firewall_port *port;

	for (size_t i = 0; p->addr && i < p->ports.n; i++) {
		const struct port_map *m = &p->ports.v[i];

		if (m->ipv6 && addr6.family == IPNET_NONE)
			continue;
		port = add_port(in, &p->cell.a, m);
		if (m->ipv6) {
			port->cell6 = addr6;
			port->host6 = net_ipv6_of_host(m);
		} else {
			port->cell = p->addr;
			port->host = m->host;
		}
	}
	for (size_t i = 0; p->addr && addr6.family != IPNET_NONE && i < p->ports.n; i++)
		if (!p->ports.v[i].ipv6 && p->ports.v[i].host == 0)
			add_port(in, &p->cell.a, &p->ports.v[i])->cell6 = addr6;
}

static void finish(struct net_input *in, const struct published_list *ports)
{
	if (in->n > 0)
		qsort(in->v, in->n, sizeof(*in->v), by_name);
	for (size_t i = 0; i < ports->n; i++)
		add_ports(in, &ports->v[i]);
	in->fi.spaces = in->v;
	in->fi.n_spaces = in->n;
	in->fi.ports = in->ports;
	in->fi.n_ports = in->n_ports;
}

int net_input_read(struct engine *e, struct net_input_as *as, const struct published_list *ports,
		   struct net_input *ret, struct kerr *err)
{
	int r;

	init(ret, e, as);
	r = network_each_space(e, read_space, ret, err);
	if (r == 0 && as && !as->seen) /* it is being created and not listed yet */
		r = read_space(ret, e, as->space);
	if (r == 0)
		finish(ret, ports);
	else
		net_input_clear(ret);
	return r;
}

int net_input_read_one(struct engine *e, const struct addr *space, struct net_input_as *as,
		       struct net_input *ret, struct kerr *err)
{
	cleanup_(published_list_clear) struct published_list ports = { 0 };
	int r = published_read_all(e, &ports, err);

	*ret = (struct net_input){ 0 };
	if (r < 0)
		return r;
	init(ret, e, as);
	(void) read_space(ret, e, space);
	finish(ret, &ports);
	return 0;
}
