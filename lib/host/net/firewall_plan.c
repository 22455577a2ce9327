/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "firewall.h"
#include "firewall_plan.h"
#include "mem.h"
#include "str.h"

#define EGRESS "KUKEON-EGRESS"
#define FORWARD "KUKEON-FORWARD"
#define POSTROUTING "KUKEON-POSTROUTING"
#define ANY_BRIDGE "k-+"

static const struct ipnet multicast = { .family = IPNET_V4, .prefix = 4, .addr = { 0xe0 } };

/* ---- names ---- */

void firewall_space_chain(const char *realm, const char *space, const char *instance,
			  char ret[FIREWALL_CHAIN_MAX])
{
	cleanup_free char *text = NULL;

	if (str_empty(instance))
		text = xasprintf("%s/%s", realm, space);
	else
		text = xasprintf("%s/%s\n%s", realm, space, instance);
	(void) snprintf(ret, FIREWALL_CHAIN_MAX, FIREWALL_INNER "EGR-%08x",
			fnv1a32(text, strlen(text)));
}

/* Name of a top chain: plain, or with a hash of the instance if it is not the default one. */
static void top_chain(const char *name, const char *instance, char ret[FIREWALL_CHAIN_MAX])
{
	if (str_empty(instance))
		(void) snprintf(ret, FIREWALL_CHAIN_MAX, "%s", name);
	else
		(void) snprintf(ret, FIREWALL_CHAIN_MAX, "%s-%08x", name,
				fnv1a32(instance, strlen(instance)));
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

/*
 * Rules for traffic that leaves the bridge of a space. They precede every ACCEPT,
 * because the jump to EGRESS precedes that to FORWARD.
 */
static void add_space(struct firewall_plan *p, const struct firewall_input *in,
		      const struct firewall_space *s)
{
	struct firewall_chain *c;
	struct firewall_rule *r;
	char name[FIREWALL_CHAIN_MAX];

	firewall_space_chain(s->realm, s->space, in->instance, name);
	c = firewall_add_chain(p, FIREWALL_FILTER, FIREWALL_BOTH, name);
	r = firewall_add_rule(c, FIREWALL_RETURN);
	r->ct = FIREWALL_CT_RELATED | FIREWALL_CT_ESTABLISHED;
	r->comment = space_tag(s, "established");
	r = firewall_add_rule(c, FIREWALL_RETURN); /* only matches with br_netfilter */
	set_device(r->out, s->bridge);
	r->comment = space_tag(s, "own");
	r = firewall_add_rule(c, FIREWALL_DROP);
	set_device(r->out, ANY_BRIDGE);
	r->comment = space_tag(s, "isolation");
	r = firewall_add_rule(c, FIREWALL_RETURN);
	r->comment = space_tag(s, "default");
}

static void add_egress(struct firewall_plan *p, const char *top, const struct firewall_input *in)
{
	struct firewall_chain *c;
	struct firewall_rule *r;
	char name[FIREWALL_CHAIN_MAX];

	c = firewall_add_chain(p, FIREWALL_FILTER, FIREWALL_BOTH, top);
	for (size_t i = 0; i < in->n_spaces; i++) {
		firewall_space_chain(in->spaces[i].realm, in->spaces[i].space, in->instance, name);
		r = firewall_add_rule(c, FIREWALL_JUMP);
		set_device(r->in, in->spaces[i].bridge);
		r->comment = space_tag(&in->spaces[i], "dispatch");
		r->jump = xstrdup(name);
	}
	for (size_t i = 0; i < in->n_spaces; i++)
		add_space(p, in, &in->spaces[i]);
}

static void add_forward(struct firewall_plan *p, const char *name)
{
	struct firewall_chain *c = firewall_add_chain(p, FIREWALL_FILTER, FIREWALL_BOTH, name);
	struct firewall_rule *r;

	r = firewall_add_rule(c, FIREWALL_ACCEPT);
	r->ct = FIREWALL_CT_RELATED | FIREWALL_CT_ESTABLISHED;
	r->comment = xstrdup("kukeon-forward:established");
	r = firewall_add_rule(c, FIREWALL_ACCEPT);
	set_device(r->in, ANY_BRIDGE);
	r->comment = xstrdup("kukeon-forward:egress");
	r = firewall_add_rule(c, FIREWALL_ACCEPT);
	set_device(r->out, ANY_BRIDGE);
	r->comment = xstrdup("kukeon-forward:ingress");
}

static void add_nat(struct firewall_plan *p, const char *name, const struct firewall_input *in)
{
	struct firewall_chain *c = firewall_add_chain(p, FIREWALL_NAT, FIREWALL_IPV4, name);
	struct firewall_rule *r;

	r = firewall_add_rule(c, FIREWALL_RETURN);
	r->dst = multicast;
	r->comment = xstrdup("kukeon-nat:multicast");
	for (size_t i = 0; i < in->n_spaces; i++) {
		r = firewall_add_rule(c, FIREWALL_MASQUERADE);
		r->src = ipnet_of_ipv4(ipv4_subnet(in->spaces[i].subnet));
		r->dst = r->src;
		r->invert = FIREWALL_NOT_DST;
		r->comment = space_tag(&in->spaces[i], "masquerade");
	}
}

void firewall_plan_make(const struct firewall_input *in, struct firewall_plan *ret)
{
	char egress[FIREWALL_CHAIN_MAX], forward[FIREWALL_CHAIN_MAX], nat[FIREWALL_CHAIN_MAX];

	*ret = (struct firewall_plan){ 0 };
	top_chain(EGRESS, in->instance, egress);
	top_chain(FORWARD, in->instance, forward);
	top_chain(POSTROUTING, in->instance, nat);
	add_egress(ret, egress, in);
	add_forward(ret, forward);
	add_nat(ret, nat, in);
	firewall_add_hook(ret, FIREWALL_FILTER, FIREWALL_BOTH, FIREWALL_FORWARD, EGRESS, egress)
		->first = true;
	firewall_add_hook(ret, FIREWALL_FILTER, FIREWALL_BOTH, FIREWALL_FORWARD, FORWARD, forward)
		->comment = xstrdup("kukeon-forward:jump");
	(void) firewall_add_hook(ret, FIREWALL_NAT, FIREWALL_IPV4, FIREWALL_POSTROUTING,
				 POSTROUTING, nat);
}
