/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <string.h>

#include "firewall.h"
#include "firewall_plan.h"
#include "firewall_ports.h"
#include "mem.h"
#include "str.h"

#define PREROUTING "KUKEON-PREROUTING"
#define OUTPUT "KUKEON-OUTPUT"
#define PORTS FIREWALL_INNER "PORTS"

static const struct ipnet loopback = { .family = IPNET_V4, .prefix = 8, .addr = { 127 } };
static const struct ipnet loopback6 = { .family = IPNET_V6, .prefix = 128, .addr[15] = 1 };

static struct ipnet address(uint32_t addr)
{
	return ipnet_of_ipv4((struct ipv4_net){ .addr = addr, .prefix = 32 });
}

static bool is_ipv6(const struct firewall_port *port)
{
	return port->cell6.family != IPNET_NONE;
}

bool firewall_port_on_loopback(const struct firewall_port *port)
{
	return !is_ipv6(port) && (port->host == 0 || port->host >> 24 == 127);
}

bool firewall_port_is_of(const struct firewall_port *port, const struct firewall_space *s,
			 bool ipv6)
{
	if (is_ipv6(port) != ipv6)
		return false;
	return ipv6 ? ipnet_contains(&s->subnet6, &port->cell6)
		    : ipv4_contains(s->subnet, port->cell);
}

static bool space_has_ports(const struct firewall_input *in, const struct firewall_space *s,
			    bool ipv6)
{
	for (size_t i = 0; i < in->n_ports; i++)
		if (firewall_port_is_of(&in->ports[i], s, ipv6))
			return true;
	return false;
}

static bool space_has_loopback(const struct firewall_input *in, const struct firewall_space *s)
{
	for (size_t i = 0; i < in->n_ports; i++)
		if (firewall_port_is_of(&in->ports[i], s, false) &&
		    firewall_port_on_loopback(&in->ports[i]))
			return true;
	return false;
}

static bool has_ipv6(const struct firewall_input *in)
{
	for (size_t i = 0; i < in->n_ports; i++)
		if (is_ipv6(&in->ports[i]))
			return true;
	return false;
}

static void add_port(struct firewall_chain *c, const struct firewall_port *port)
{
	struct firewall_rule *r = firewall_add_rule(c, FIREWALL_DNAT);

	if (is_ipv6(port))
		r->dst = port->host6;
	else if (port->host)
		r->dst = address(port->host);
	r->proto = port->udp ? FIREWALL_UDP : FIREWALL_TCP;
	r->dport = (struct firewall_ports){ .first = port->first, .last = port->last };
	r->to = is_ipv6(port) ? port->cell6 : address(port->cell);
	r->to.prefix = ipnet_bits(r->to.family);
	r->to_port = port->to;
	r->comment = xasprintf("kukeon:%s:publish", port->owner);
}

unsigned firewall_nat_families(const struct firewall_input *in)
{
	for (size_t i = 0; i < in->n_spaces; i++)
		if (in->spaces[i].subnet6.family != IPNET_NONE)
			return FIREWALL_BOTH;
	return FIREWALL_IPV4;
}

/* A top chain of nat; its last rule leads to the ports where there are any. */
static struct firewall_chain *add_top(struct firewall_plan *p, const struct firewall_input *in,
				      enum firewall_builtin builtin, const char *group)
{
	unsigned families = firewall_nat_families(in);
	char name[FIREWALL_CHAIN_MAX];

	firewall_top_chain(group, in->instance, name);
	(void) firewall_add_hook(p, FIREWALL_NAT, families, builtin, group, name);
	return firewall_add_chain(p, FIREWALL_NAT, families, name);
}

static void spare(struct firewall_chain *c, const struct ipnet *loop)
{
	struct firewall_rule *r = firewall_add_rule(c, FIREWALL_RETURN);

	r->dst = *loop;
	r->comment = xstrdup("kukeon-ports:loopback");
}

static void add_jump(struct firewall_chain *c, const char *ports)
{
	struct firewall_rule *r = firewall_add_rule(c, FIREWALL_JUMP);

	r->dst_local = true;
	r->jump = xstrdup(ports);
	r->comment = xstrdup("kukeon-ports:dispatch");
}

void firewall_ports_translate(struct firewall_plan *p, const struct firewall_input *in)
{
	struct firewall_chain *c;
	char ports[FIREWALL_CHAIN_MAX];

	firewall_top_chain(PORTS, in->instance, ports);
	c = add_top(p, in, FIREWALL_PREROUTING, PREROUTING);
	if (in->n_ports > 0) {
		spare(c, &loopback);
		add_jump(c, ports);
	}
	c = add_top(p, in, FIREWALL_OUTPUT, OUTPUT);
	if (in->n_ports == 0)
		return;
	if (has_ipv6(in))
		spare(c, &loopback6);
	add_jump(c, ports);
	c = firewall_add_chain(p, FIREWALL_NAT, firewall_nat_families(in), ports);
	for (size_t i = 0; i < in->n_ports; i++)
		add_port(c, &in->ports[i]);
}

static void masquerade_family(struct firewall_chain *c, const struct firewall_input *in,
			      const struct firewall_space *s, bool ipv6)
{
	const struct ipnet subnet = ipv6 ? s->subnet6 : ipnet_of_ipv4(ipv4_subnet(s->subnet));
	struct firewall_rule *r;

	if (!space_has_ports(in, s, ipv6))
		return;
	r = firewall_add_rule(c, FIREWALL_MASQUERADE);
	r->src = r->dst = subnet;
	r->ct = FIREWALL_CT_DNAT;
	r->comment = xasprintf("kukeon:%s:%s:hairpin", s->realm, s->space);
	if (ipv6 || !space_has_loopback(in, s))
		return;
	r = firewall_add_rule(c, FIREWALL_MASQUERADE);
	r->src = loopback;
	r->dst = subnet;
	r->comment = xasprintf("kukeon:%s:%s:loopback", s->realm, s->space);
}

void firewall_ports_masquerade(struct firewall_chain *postrouting, const struct firewall_input *in,
			       const struct firewall_space *s)
{
	masquerade_family(postrouting, in, s, false);
	masquerade_family(postrouting, in, s, true);
}

void firewall_ports_protect(struct firewall_chain *input, const struct firewall_input *in)
{
	struct firewall_rule *r;

	if (in->n_ports == 0)
		return;
	r = firewall_add_rule(input, FIREWALL_DROP);
	r->src = loopback;
	r->comment = xstrdup("kukeon-ports:from-loopback");
	r = firewall_add_rule(input, FIREWALL_RETURN); /* answers to the host's own connections */
	r->dst = loopback;
	r->ct = FIREWALL_CT_RELATED | FIREWALL_CT_ESTABLISHED;
	r->comment = xstrdup("kukeon-ports:answers");
	r = firewall_add_rule(input, FIREWALL_DROP);
	r->dst = loopback;
	r->comment = xstrdup("kukeon-ports:to-loopback");
}
