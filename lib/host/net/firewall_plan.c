/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "firewall.h"
#include "firewall_plan.h"
#include "firewall_ports.h"
#include "mem.h"
#include "str.h"

#define EGRESS "KUKEON-EGRESS"
#define FORWARD "KUKEON-FORWARD"
#define INPUT "KUKEON-INPUT"
#define POSTROUTING "KUKEON-POSTROUTING"
#define ANY_BRIDGE "k-+"

static const struct ipnet multicast[] = {
	{ .family = IPNET_V4, .prefix = 4, .addr = { 0xe0 } },
	{ .family = IPNET_V6, .prefix = 8, .addr = { 0xff } },
};

/* ---- names ---- */

void firewall_space_chain(const char *realm, const char *space, const char *instance,
			  enum firewall_builtin builtin, char ret[FIREWALL_CHAIN_MAX])
{
	cleanup_free char *text = NULL;

	if (str_empty(instance))
		text = xasprintf("%s/%s", realm, space);
	else
		text = xasprintf("%s/%s\n%s", realm, space, instance);
	(void) snprintf(ret, FIREWALL_CHAIN_MAX, FIREWALL_INNER "%s-%08x",
			builtin == FIREWALL_INPUT ? "INP" : "EGR", fnv1a32(text, strlen(text)));
}

void firewall_space_set(const char *realm, const char *space, const char *instance,
			const char *names, enum ipnet_family family, char ret[FIREWALL_CHAIN_MAX])
{
	char chain[FIREWALL_CHAIN_MAX];

	firewall_space_chain(realm, space, instance, FIREWALL_FORWARD, chain);
	firewall_set_name(chain, names, family, ret);
}

bool firewall_allow_has(const struct firewall_allow *a, const struct ipnet *addr)
{
	for (size_t i = 0; i < a->n_addrs; i++)
		if (ipnet_eq(&a->addrs[i].addr, addr))
			return true;
	return !a->names && ipnet_contains(&a->dst, addr);
}

struct ipnet firewall_gateway6(const struct firewall_space *s)
{
	struct ipnet addr = ipnet_host(s->subnet6, 1);

	addr.prefix = ipnet_bits(addr.family);
	return addr;
}

/* ---- the chains ---- */

static void set_device(char to[FIREWALL_DEVICE_MAX], const char *name)
{
	(void) snprintf(to, FIREWALL_DEVICE_MAX, "%s", name);
}

static char *space_tag(const struct firewall_space *s, const char *role)
{
	return xasprintf("kukeon:%s:%s:%s", s->realm, s->space, role);
}

static struct firewall_rule *add_established(struct firewall_chain *c,
					     enum firewall_verdict verdict)
{
	struct firewall_rule *r = firewall_add_rule(c, verdict);

	r->ct = FIREWALL_CT_RELATED | FIREWALL_CT_ESTABLISHED;
	return r;
}

static struct firewall_rule *add_allow_port(struct firewall_chain *c,
					    const struct firewall_space *s,
					    const struct firewall_allow *allow, size_t i,
					    enum firewall_verdict verdict)
{
	struct firewall_rule *r = firewall_add_rule(c, verdict);

	r->dst = allow->dst;
	if (allow->n_ports > 0) {
		r->proto = FIREWALL_TCP;
		r->dport = (struct firewall_ports){ allow->ports[i], allow->ports[i] };
	}
	r->comment = space_tag(s, allow->tag);
	return r;
}

/* One rule per destination and port. */
static void add_allow(struct firewall_chain *c, const struct firewall_space *s,
		      const struct firewall_allow *allow, enum firewall_verdict verdict)
{
	for (size_t i = 0; i == 0 || i < allow->n_ports; i++)
		(void) add_allow_port(c, s, allow, i, verdict);
}

/* One rule per family and port, about what is in a set. */
static void add_names(struct firewall_plan *p, struct firewall_chain *c,
		      const struct firewall_space *s, const struct firewall_allow *allow)
{
	static const enum ipnet_family families[] = { IPNET_V4, IPNET_V6 };

	for (size_t k = 0; k < ARRAY_SIZE(families); k++) {
		struct firewall_set *set;
		struct firewall_rule *r;
		char name[FIREWALL_CHAIN_MAX];

		firewall_set_name(c->name, allow->names, families[k], name);
		set = firewall_add_set(p, name, families[k]);
		for (size_t i = 0; i < allow->n_addrs; i++) {
			cleanup_free char *tag = space_tag(s, allow->addrs[i].tag);

			if (allow->addrs[i].addr.family == families[k])
				firewall_add_member(set, &allow->addrs[i].addr,
						    allow->addrs[i].until_ms, tag);
		}
		for (size_t i = 0; i == 0 || i < allow->n_ports; i++) {
			r = add_allow_port(c, s, allow, i, FIREWALL_ACCEPT);
			(void) snprintf(r->set, sizeof(r->set), "%s", name);
			r->set_family = families[k];
		}
	}
}

static void add_default(struct firewall_chain *c, const struct firewall_space *s,
			enum firewall_verdict open)
{
	c->keep = s->policy == FIREWALL_DEFAULT_UNKNOWN;
	firewall_add_rule(c, s->policy == FIREWALL_DEFAULT_ALLOW ? open : FIREWALL_DROP)->comment =
		space_tag(s, "default");
}

/* What leaves the bridge of a space. */
static void add_space_egress(struct firewall_plan *p, struct firewall_chain *c,
			     const struct firewall_space *s)
{
	struct firewall_rule *r;

	add_established(c, FIREWALL_ACCEPT)->comment = space_tag(s, "established");
	r = firewall_add_rule(c, FIREWALL_ACCEPT); /* only matches with br_netfilter */
	set_device(r->out, s->bridge);
	r->comment = space_tag(s, "own");
	if (s->policy == FIREWALL_DEFAULT_ALLOW) {
		r = firewall_add_rule(c, FIREWALL_ACCEPT);
		set_device(r->out, ANY_BRIDGE);
		r->ct = FIREWALL_CT_DNAT;
		r->comment = space_tag(s, "published");
	}
	r = firewall_add_rule(c, FIREWALL_DROP);
	set_device(r->out, ANY_BRIDGE);
	r->comment = space_tag(s, "isolation");
	for (size_t i = 0; i < s->n_allow; i++)
		if (s->allow[i].names)
			add_names(p, c, s, &s->allow[i]);
		else
			add_allow(c, s, &s->allow[i], FIREWALL_ACCEPT);
	add_default(c, s, FIREWALL_ACCEPT);
}

/* Queries for names, to the gateway of either family. */
static void add_dns(struct firewall_chain *c, const struct firewall_space *s)
{
	static const enum firewall_proto protos[] = { FIREWALL_UDP, FIREWALL_TCP };
	const struct ipnet gateways[] = { ipnet_of_ipv4((struct ipv4_net){ s->gateway, 32 }),
					  firewall_gateway6(s) };
	struct firewall_rule *r;

	for (size_t i = 0; i < 4; i++) {
		if (gateways[i / 2].family == IPNET_NONE)
			continue;
		r = firewall_add_rule(c, FIREWALL_ACCEPT); /* the host's rules may drop the rest */
		r->dst = gateways[i / 2];
		r->proto = protos[i % 2];
		r->dport = (struct firewall_ports){ FIREWALL_DNS_PORT, FIREWALL_DNS_PORT };
		r->comment = space_tag(s, "dns");
	}
}

/*
 * What a space sends to the host's own addresses. Where IPv6 is on, ICMPv6 is how
 * neighbours find each other (RFC 4861), so all of it is excepted.
 */
static void add_space_input(struct firewall_chain *c, const struct firewall_space *s)
{
	struct firewall_rule *r;

	if (s->policy != FIREWALL_DEFAULT_ALLOW) {
		add_established(c, FIREWALL_RETURN)->comment = space_tag(s, "established");
		r = firewall_add_rule(c, FIREWALL_RETURN);
		r->dst = ipnet_of_ipv4((struct ipv4_net){ s->gateway, 32 });
		r->proto = FIREWALL_ICMP;
		r->comment = space_tag(s, "gateway");
		r = firewall_add_rule(c, FIREWALL_RETURN);
		r->proto = FIREWALL_ICMPV6;
		r->comment = space_tag(s, "gateway");
		if (s->dns)
			add_dns(c, s);
		for (size_t i = 0; i < s->n_allow; i++)
			if (!s->allow[i].names)
				add_allow(c, s, &s->allow[i], FIREWALL_RETURN);
	}
	add_default(c, s, FIREWALL_RETURN);
}

/* The top of a built-in chain, which tells the spaces apart by their bridges. */
static void add_dispatch(struct firewall_plan *p, const struct firewall_input *in,
			 enum firewall_builtin builtin, const char *group)
{
	struct firewall_chain *c;
	struct firewall_rule *r;
	char top[FIREWALL_CHAIN_MAX], name[FIREWALL_CHAIN_MAX];

	firewall_top_chain(group, in->instance, top);
	c = firewall_add_chain(p, FIREWALL_FILTER, FIREWALL_BOTH, top);
	r = firewall_add_rule(c, FIREWALL_RETURN); /* the rest is not walked for others */
	set_device(r->in, ANY_BRIDGE);
	r->invert = FIREWALL_NOT_IN;
	r->comment = xstrdup("kukeon:others");
	if (builtin == FIREWALL_INPUT)
		firewall_ports_protect(c, in);
	for (size_t i = 0; i < in->n_spaces; i++) {
		firewall_space_chain(in->spaces[i].realm, in->spaces[i].space, in->instance,
				     builtin, name);
		r = firewall_add_rule(c, FIREWALL_JUMP);
		set_device(r->in, in->spaces[i].bridge);
		r->comment = space_tag(&in->spaces[i], "dispatch");
		r->jump = xstrdup(name);
	}
	for (size_t i = 0; i < in->n_spaces; i++) {
		firewall_space_chain(in->spaces[i].realm, in->spaces[i].space, in->instance,
				     builtin, name);
		c = firewall_add_chain(p, FIREWALL_FILTER, FIREWALL_BOTH, name);
		if (builtin == FIREWALL_INPUT)
			add_space_input(c, &in->spaces[i]);
		else
			add_space_egress(p, c, &in->spaces[i]);
	}
	firewall_add_hook(p, FIREWALL_FILTER, FIREWALL_BOTH, builtin, group, top)->first = true;
}

static void add_forward(struct firewall_plan *p, const struct firewall_input *in)
{
	struct firewall_chain *c;
	struct firewall_rule *r;
	char top[FIREWALL_CHAIN_MAX];

	firewall_top_chain(FORWARD, in->instance, top);
	c = firewall_add_chain(p, FIREWALL_FILTER, FIREWALL_BOTH, top);
	add_established(c, FIREWALL_ACCEPT)->comment = xstrdup("kukeon-forward:established");
	r = firewall_add_rule(c, FIREWALL_ACCEPT);
	set_device(r->in, ANY_BRIDGE);
	set_device(r->out, ANY_BRIDGE);
	r->invert = FIREWALL_NOT_IN;
	r->comment = xstrdup("kukeon-forward:ingress");
	r = firewall_add_rule(c, FIREWALL_DROP);
	set_device(r->in, ANY_BRIDGE);
	r->comment = xstrdup("kukeon-forward:unclaimed");
	firewall_add_hook(p, FIREWALL_FILTER, FIREWALL_BOTH, FIREWALL_FORWARD, FORWARD, top)
		->comment = xstrdup("kukeon-forward:jump");
}

static void add_masquerade(struct firewall_chain *c, const struct firewall_space *s,
			   struct ipnet subnet)
{
	struct firewall_rule *r;

	if (subnet.family == IPNET_NONE)
		return;
	r = firewall_add_rule(c, FIREWALL_MASQUERADE);
	r->src = r->dst = subnet;
	r->invert = FIREWALL_NOT_DST;
	r->comment = space_tag(s, "masquerade");
}

static void add_nat(struct firewall_plan *p, const struct firewall_input *in)
{
	unsigned families = firewall_nat_families(in);
	struct firewall_chain *c;
	struct firewall_rule *r;
	char top[FIREWALL_CHAIN_MAX];

	firewall_top_chain(POSTROUTING, in->instance, top);
	c = firewall_add_chain(p, FIREWALL_NAT, families, top);
	for (size_t i = 0; i < (families == FIREWALL_BOTH ? 2 : 1); i++) {
		r = firewall_add_rule(c, FIREWALL_RETURN);
		r->dst = multicast[i];
		r->comment = xstrdup("kukeon-nat:multicast");
	}
	for (size_t i = 0; i < in->n_spaces; i++) {
		const struct firewall_space *s = &in->spaces[i];

		firewall_ports_masquerade(c, in, s);
		add_masquerade(c, s, ipnet_of_ipv4(ipv4_subnet(s->subnet)));
		add_masquerade(c, s, s->subnet6);
	}
	(void) firewall_add_hook(p, FIREWALL_NAT, families, FIREWALL_POSTROUTING, POSTROUTING, top);
}

void firewall_plan_make(const struct firewall_input *in, struct firewall_plan *ret)
{
	*ret = (struct firewall_plan){ 0 };
	firewall_tag(in->instance, ret->tag);
	add_dispatch(ret, in, FIREWALL_FORWARD, EGRESS);
	add_forward(ret, in);
	add_dispatch(ret, in, FIREWALL_INPUT, INPUT);
	add_nat(ret, in);
	firewall_ports_translate(ret, in);
}

void firewall_plan_opening(const struct firewall_plan *p, struct firewall_plan *ret)
{
	struct firewall_chain *c;
	struct firewall_rule *r;
	char top[FIREWALL_CHAIN_MAX];

	*ret = (struct firewall_plan){ 0 };
	memcpy(ret->tag, p->tag, sizeof(ret->tag));
	(void) snprintf(top, sizeof(top), FORWARD "%s%s", p->tag[0] ? "-" : "", p->tag);
	c = firewall_add_chain(ret, FIREWALL_FILTER, FIREWALL_BOTH, top);
	r = firewall_add_rule(c, FIREWALL_ACCEPT);
	set_device(r->in, ANY_BRIDGE);
	r->comment = xstrdup("kukeon-forward:egress");
	r = firewall_add_rule(c, FIREWALL_ACCEPT);
	set_device(r->out, ANY_BRIDGE);
	r->comment = xstrdup("kukeon-forward:ingress");
	firewall_add_hook(ret, FIREWALL_FILTER, FIREWALL_BOTH, FIREWALL_FORWARD, FORWARD, top)
		->comment = xstrdup("kukeon-forward:jump");
}
