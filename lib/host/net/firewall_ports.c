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

static struct ipnet address(uint32_t addr)
{
	return ipnet_of_ipv4((struct ipv4_net){ .addr = addr, .prefix = 32 });
}

bool firewall_port_on_loopback(const struct firewall_port *port)
{
	return port->host == 0 || port->host >> 24 == 127;
}

static bool is_of(const struct firewall_port *port, const struct firewall_space *s)
{
	return ipv4_contains(s->subnet, port->cell);
}

static bool space_has_ports(const struct firewall_input *in, const struct firewall_space *s)
{
	for (size_t i = 0; i < in->n_ports; i++)
		if (is_of(&in->ports[i], s))
			return true;
	return false;
}

static bool space_has_loopback(const struct firewall_input *in, const struct firewall_space *s)
{
	for (size_t i = 0; i < in->n_ports; i++)
		if (is_of(&in->ports[i], s) && firewall_port_on_loopback(&in->ports[i]))
			return true;
	return false;
}

static void add_port(struct firewall_chain *c, const struct firewall_port *port)
{
	struct firewall_rule *r = firewall_add_rule(c, FIREWALL_DNAT);

	if (port->host)
		r->dst = address(port->host);
	r->proto = port->udp ? FIREWALL_UDP : FIREWALL_TCP;
	r->dport = (struct firewall_ports){ .first = port->first, .last = port->last };
	r->to = address(port->cell);
	r->to_port = port->to;
	r->comment = xasprintf("kukeon:%s:publish", port->owner);
}

/* A top chain of nat; its last rule leads to the ports where there are any. */
static struct firewall_chain *add_top(struct firewall_plan *p, const struct firewall_input *in,
				      enum firewall_builtin builtin, const char *group)
{
	char name[FIREWALL_CHAIN_MAX];

	firewall_top_chain(group, in->instance, name);
	(void) firewall_add_hook(p, FIREWALL_NAT, FIREWALL_IPV4, builtin, group, name);
	return firewall_add_chain(p, FIREWALL_NAT, FIREWALL_IPV4, name);
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
	struct firewall_rule *r;
	char ports[FIREWALL_CHAIN_MAX];

	firewall_top_chain(PORTS, in->instance, ports);
	c = add_top(p, in, FIREWALL_PREROUTING, PREROUTING);
	if (in->n_ports > 0) {
		r = firewall_add_rule(c, FIREWALL_RETURN);
		r->dst = loopback;
		r->comment = xstrdup("kukeon-ports:loopback");
		add_jump(c, ports);
	}
	c = add_top(p, in, FIREWALL_OUTPUT, OUTPUT);
	if (in->n_ports == 0)
		return;
	add_jump(c, ports);
	c = firewall_add_chain(p, FIREWALL_NAT, FIREWALL_IPV4, ports);
	for (size_t i = 0; i < in->n_ports; i++)
		add_port(c, &in->ports[i]);
}

void firewall_ports_masquerade(struct firewall_chain *postrouting, const struct firewall_input *in,
			       const struct firewall_space *s)
{
	struct firewall_rule *r;

	if (!space_has_ports(in, s))
		return;
	r = firewall_add_rule(postrouting, FIREWALL_MASQUERADE);
	r->src = r->dst = ipnet_of_ipv4(ipv4_subnet(s->subnet));
	r->ct = FIREWALL_CT_DNAT;
	r->comment = xasprintf("kukeon:%s:%s:hairpin", s->realm, s->space);
	if (!space_has_loopback(in, s))
		return;
	r = firewall_add_rule(postrouting, FIREWALL_MASQUERADE);
	r->src = loopback;
	r->dst = ipnet_of_ipv4(ipv4_subnet(s->subnet));
	r->comment = xasprintf("kukeon:%s:%s:loopback", s->realm, s->space);
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
